package oneroster

import (
	"slices"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/tabular"
)

// Status says what to do with a record.
type Status string

const (
	Active      Status = "active"
	ToBeDeleted Status = "tobedeleted" // in 1.1 also a bulk record called inactive
)

// record is one row, checked and in the specification's own words.
type record struct {
	t      *table
	line   int
	status Status
	cells  []string   // by column of the table
	lists  [][]string // items of the cells that are lists
	extra  map[string]string
	bad    []fault.Problem
}

// get returns the cell of a column, or "" where this version has no such column.
func (r *record) get(column string) string {
	if i, ok := r.t.index[column]; ok {
		return r.cells[i]
	}
	return ""
}

// list returns the items of a column. The caller may keep them.
func (r *record) list(column string) []string {
	if i, ok := r.t.index[column]; ok {
		return r.lists[i]
	}
	return nil
}

func (r *record) id() string { return r.cells[0] }

func (r *record) problem(column, code, value, message, cure string) {
	r.bad = append(r.bad, fault.Problem{Code: code, File: r.t.file(), Line: r.line, Field: column,
		Value: clip(value), Message: message, Cure: cure})
}

// rules are how a file is to be read.
type rules struct {
	t      *table
	mode   Mode
	strict bool
	layout *layout
}

// check reads row into r, which it reuses. What is wrong is in r.bad.
func (ru *rules) check(r *record, row tabular.Row) {
	r.reset(ru.t, row.Line)
	for i, c := range ru.t.columns {
		if at := ru.layout.at[i]; at >= 0 && c.kind != ignored {
			r.cells[i] = row.At(at)
		}
	}
	ru.checkCells(r)
	if len(ru.layout.metadata) > 0 && ru.t.name == "demographics" {
		r.extra = make(map[string]string, len(ru.layout.metadata))
		for _, m := range ru.layout.metadata {
			if v := row.At(m.at); v != "" {
				r.extra[m.name] = v
			}
		}
	}
}

func (r *record) reset(t *table, line int) {
	if r.t != t || r.cells == nil {
		r.cells = make([]string, len(t.columns))
		r.lists = make([][]string, len(t.columns))
	}
	r.t, r.line, r.status, r.bad, r.extra = t, line, Active, r.bad[:0], nil
	clear(r.lists)
	clear(r.cells)
}

// checkCells checks the cells of r and puts them into the specification's words.
func (ru *rules) checkCells(r *record) {
	ru.lifecycle(r)
	for i := range ru.t.columns {
		c := &ru.t.columns[i]
		v := r.cells[i]
		if v == "" {
			// Real systems delete a record by its id alone.
			if c.required && (ru.strict || i == 0 || r.status != ToBeDeleted) {
				r.problem(c.name, "row.missing_required_value", "", "The cell is empty, but must not be.",
					"Fill it in where the data is kept, and export again.")
			}
			continue
		}
		ru.cell(r, i, c, v)
	}
	ru.together(r)
}

// lifecycle reads status and dateLastModified.
func (ru *rules) lifecycle(r *record) {
	v, when := r.cells[1], r.cells[2]
	if !ru.strict {
		switch strings.ToLower(v) {
		case "active":
		case "inactive", "tobedeleted":
			r.status = ToBeDeleted
		case "":
			if ru.mode == Delta {
				r.problem("status", "row.field_required_in_delta", "", "A delta must say what happens to the record.", "Write active or tobedeleted.")
			}
		default:
			r.problem("status", "row.invalid_enum", v, "This status is not known.", "Write active or tobedeleted.")
		}
		return
	}
	if ru.mode == Bulk {
		for i, v := range []string{v, when} {
			if name := ru.t.columns[i+1].name; v != "" {
				r.problem(name, "row.field_forbidden_in_bulk", v, "In a bulk file this cell must be empty.",
					"Empty the cell, or declare the file as delta in manifest.csv.")
			}
		}
		return
	}
	switch v {
	case "active":
	case "tobedeleted":
		r.status = ToBeDeleted
	case "":
		r.problem("status", "row.field_required_in_delta", "", "A delta must say what happens to the record.", "Write active or tobedeleted.")
	default:
		r.problem("status", "row.invalid_enum", v, "This status is not known.", "Write active or tobedeleted.")
	}
	switch {
	case when == "":
		r.problem("dateLastModified", "row.field_required_in_delta", "", "A delta must say when the record changed.",
			"Write the moment in UTC, such as 2026-01-02T03:04:05.006Z.")
	case !isDateTime(when):
		r.problem("dateLastModified", "row.invalid_datetime", when, "This is not a moment in UTC with milliseconds.",
			"Write it like 2026-01-02T03:04:05.006Z.")
	}
}

// cell checks one cell that is not empty.
func (ru *rules) cell(r *record, i int, c *column, v string) {
	ok := true
	switch c.kind {
	case guid:
		if !isGUID(v, ru.strict) {
			r.badGUID(c.name, v, ru.strict)
		}
	case date:
		if ok = isDate(v); !ok && !ru.strict {
			r.cells[i], ok = laxDate(v)
		}
		if !ok {
			r.problem(c.name, "row.invalid_date", v, "This is not a date.", "Write year, month and day like 2026-08-17.")
		}
	case year:
		if ok = len(v) == 4 && allDigits(v); !ok && !ru.strict {
			r.cells[i], ok = laxYear(v)
		}
		if !ok {
			r.problem(c.name, "row.invalid_year", v, "This is not a year.",
				"Write the year in which the school year ends, in four digits like 2027.")
		}
	case boolean:
		if ok = v == "true" || v == "false"; !ok && !ru.strict {
			r.cells[i], ok = laxBoolean(v)
		}
		if !ok {
			r.problem(c.name, "row.invalid_boolean", v, "This is neither true nor false.", "Write true or false, in lower case.")
		}
	case integer:
		if !isInteger(v) {
			r.problem(c.name, "row.invalid_integer", v, "This is not a whole number.", "Write digits only, such as 20.")
		}
	case float:
		if !isFloat(v) {
			r.problem(c.name, "row.invalid_float", v, "This is not a number.", "Write it with digits and a point, such as 95.5.")
		}
	case words:
		if r.cells[i], ok = matchWord(v, *c, ru.strict); !ok {
			r.badWord(c, v)
		}
	case guidList, textList, userIDs, scale, wordsList:
		ru.list(r, i, c, v)
	}
}

func (ru *rules) list(r *record, i int, c *column, v string) {
	items, ok := split(v, ru.strict)
	if !ok {
		r.problem(c.name, "row.invalid_list", v, "The list has an empty item.",
			"Separate the items by single commas, with none at either end.")
		return
	}
	r.lists[i] = items
	if len(items) == 0 && c.required && r.status != ToBeDeleted {
		r.problem(c.name, "row.missing_required_value", v, "The list is empty, but must not be.",
			"Fill it in where the data is kept, and export again.")
	}
	for k, item := range items {
		switch c.kind {
		case guidList:
			if !isGUID(item, ru.strict) {
				r.badGUID(c.name, item, ru.strict)
			}
		case wordsList:
			if items[k], ok = matchWord(item, *c, ru.strict); !ok {
				r.badWord(c, item)
			}
		case userIDs:
			if ru.strict && !isPair(item) {
				r.problem(c.name, "row.invalid_list", item, "This is not a pair of kind and number.",
					"Write each like {StateID:12345}, separated by commas.")
			}
		}
	}
}

func (r *record) badGUID(field, v string, strict bool) {
	cure := "Use an id without spaces and of at most 255 characters, the same in every file."
	if strict {
		cure = "Use 1 to 255 letters, digits and the signs . - _ / @, the same in every file."
	}
	r.problem(field, "row.invalid_guid", v, "This is not an id as OneRoster has them.", cure)
}

func (r *record) badWord(c *column, v string) {
	r.problem(c.name, "row.invalid_enum", v, "This word is not allowed here.", "Write "+among(c.words, c.ext)+".")
}

// together checks what cells say with each other.
func (ru *rules) together(r *record) {
	if v := r.get("learningObjectiveId"); v != "" && r.get("source") == "case" && !isCASE(v) {
		r.problem("learningObjectiveId", "semantic.invalid_case_learning_objective_id", v, "This does not name a CASE item.",
			"Write urn:uuid: and the item's identifier, or say unknown as source.")
	}
	if subjects, codes := r.list("subjects"), r.list("subjectCodes"); ru.strict &&
		len(subjects) > 0 && len(codes) > 0 && len(subjects) != len(codes) {
		r.problem("subjectCodes", "row.invalid_list", r.get("subjectCodes"), "There are not as many codes as subjects.",
			"Give one code for each subject, in the same order.")
	}
}

// soft reports what is wrong in cells that the record can do without, and takes
// these cells out. The record stays.
func (ru *rules) soft(r *record) (bad []fault.Problem) {
	held := r.bad
	r.bad = nil
	switch ru.t.name {
	case "lineItems":
		lo, hasLo := number(r.get("resultValueMin"))
		hi, hasHi := number(r.get("resultValueMax"))
		if hasLo && hasHi && lo > hi {
			r.problem("resultValueMin", "semantic.invalid_score_range", r.get("resultValueMin"),
				"The lowest score is above the highest. The gradebook column is read without its scores' range.",
				"Exchange resultValueMin and resultValueMax.")
			r.cells[r.t.index["resultValueMin"]], r.cells[r.t.index["resultValueMax"]] = "", ""
		}
	case "scoreScales":
		for _, item := range r.list("scoreScaleValue") {
			if !isScalePair(item) {
				r.problem("scoreScaleValue", "semantic.invalid_score_scale_mapping", item, "This is not a step of a scale.",
					"Write each step like {A:94}, separated by commas.")
			}
		}
	}
	bad, r.bad = r.bad, held
	return bad
}

// drop takes a reference out of r.
func (r *record) drop(i int, id string) {
	if r.t.columns[i].kind == guidList {
		r.lists[i] = slices.DeleteFunc(r.lists[i], func(s string) bool { return s == id })
		return
	}
	r.cells[i] = ""
}
