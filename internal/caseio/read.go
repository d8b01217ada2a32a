package caseio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/fault"
)

// Read reads one CASE package. The name stands for the file in what is reported.
//
// Problems are what was left out or assumed on the way: Field is the place in the
// JSON, such as "CFItems[3].fullStatement". If the package cannot be used at all,
// the error is a [fault.Problem] with Fatal set, which is also the last of problems;
// any other error comes from r.
//
// Items keep the file's order. Siblings keep their sequence numbers as Position if
// these tell them apart; else they are numbered from 1 in the order of sequence
// numbers, then of the file.
func Read(r io.Reader, name string) (competency.Framework, []fault.Problem, error) {
	rd := &reader{file: name, counts: map[string]int{}}
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return competency.Framework{}, nil, fmt.Errorf("read %s: %w", name, err)
	}
	if err := rd.read(raw); err != nil {
		if p, ok := errors.AsType[fault.Problem](err); ok {
			rd.problems = append(rd.problems, p)
		}
		return competency.Framework{}, rd.finish(), err
	}
	return rd.f, rd.finish(), nil
}

// perCode is how many problems of one code are told one by one; a framework with
// crosswalks may refer to thousands of items elsewhere.
const perCode = 100

type reader struct {
	file     string
	f        competency.Framework
	index    map[competency.ID]int // place of an item in f.Items
	problems []fault.Problem
	counts   map[string]int // problems by code
	codes    []string       // in order of first use
}

func (rd *reader) problem(code, field, value, message, cure string) {
	rd.counts[code]++
	switch n := rd.counts[code]; {
	case n == 1:
		rd.codes = append(rd.codes, code)
		fallthrough
	case n <= perCode:
		rd.problems = append(rd.problems, fault.Problem{Code: code, File: rd.file, Field: field, Value: value, Message: message, Cure: cure})
	}
}

func (rd *reader) fatal(code, field, value, message, cure string) error {
	return fault.Problem{Code: code, File: rd.file, Field: field, Value: value, Message: message, Cure: cure, Fatal: true}
}

// finish returns the problems, with one line for each code of which there were more.
func (rd *reader) finish() []fault.Problem {
	for _, code := range rd.codes {
		if more := rd.counts[code] - perCode; more > 0 {
			rd.problems = append(rd.problems, fault.Problem{Code: code, File: rd.file,
				Message: fmt.Sprintf("There are %d more places like the %d above.", more, perCode),
				Cure:    "They have the same cause and the same cure."})
		}
	}
	return rd.problems
}

func (rd *reader) read(raw []byte) error {
	if len(raw) > MaxBytes {
		return rd.fatal("case.too_large", "", "", fmt.Sprintf("The file is larger than %d MB.", MaxBytes>>20),
			"Export one framework per file.")
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if !utf8.Valid(raw) {
		return rd.fatal("case.not_utf8", "", "", "The file is not text in UTF-8.", "Export the framework again as CASE JSON in UTF-8.")
	}
	if depth(raw) > MaxDepth {
		return rd.fatal("case.too_deep", "", "", fmt.Sprintf("Values stand in one another more than %d deep.", MaxDepth),
			"Export the framework again; this is no CASE package.")
	}
	var pkg packageFile
	if err := json.Unmarshal(raw, &pkg); err != nil {
		return rd.notJSON(raw, err)
	}
	if pkg.CFDocument == nil && pkg.CFPackage != nil {
		wrapped := pkg.CFPackage
		pkg = packageFile{}
		if err := json.Unmarshal(wrapped, &pkg); err != nil {
			return rd.notJSON(wrapped, err)
		}
	}
	var doc document
	if pkg.CFDocument == nil || pkg.CFDocument[0] != '{' {
		return rd.fatal("case.no_document", "CFDocument", "", "The file holds no CFDocument.",
			"Export the whole framework as a CASE package (CFPackage), not a single item or a list of documents.")
	}
	if err := json.Unmarshal(pkg.CFDocument, &doc); err != nil {
		return rd.fatal("case.bad_document", "CFDocument", "", "The CFDocument cannot be read.", "Export the framework again.")
	}
	if len(pkg.CFItems) > MaxItems || len(pkg.CFAssociations) > MaxLinks {
		return rd.fatal("case.too_many", "CFItems", fmt.Sprint(len(pkg.CFItems)),
			fmt.Sprintf("The package holds more than %d items or %d associations.", MaxItems, MaxLinks), "Split the framework by subject.")
	}
	var defs definitions
	if len(pkg.CFDefinitions) > 0 && pkg.CFDefinitions[0] == '{' {
		if err := json.Unmarshal(pkg.CFDefinitions, &defs); err != nil {
			rd.problem("case.bad_definitions", "CFDefinitions", "", "The definitions cannot be read and were left out.", "Export the framework again.")
		}
	}
	if err := rd.document(doc, defs); err != nil {
		return err
	}
	flags := rd.items(pkg.CFItems, titles(defs.CFItemTypes))
	return rd.associations(pkg.CFAssociations, flags)
}

func (rd *reader) notJSON(raw []byte, err error) error {
	p := fault.Problem{Code: "case.not_json", File: rd.file, Fatal: true, Message: "The file is not JSON: " + err.Error() + ".",
		Cure: "Export the framework again as CASE JSON. If this is a spreadsheet, it is not the right file."}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		p.Line = 1 + bytes.Count(raw[:min(int(e.Offset), len(raw))], []byte("\n"))
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		p.Code, p.Field, p.Value = "case.bad_shape", e.Field, e.Value
		p.Message = "This is not what a CASE package holds here."
		p.Cure = "A package is one object with CFDocument, and with CFItems and CFAssociations as lists. Export the whole framework."
	}
	return p
}

// depth returns how deep arrays and objects stand in one another.
func depth(raw []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

func (rd *reader) document(doc document, defs definitions) error {
	id, ok := canonicalGUID(string(doc.Identifier))
	if !ok {
		id, ok = canonicalGUID(lastPart(string(doc.URI)))
	}
	if !ok {
		return rd.fatal("case.invalid_guid", "CFDocument.identifier", string(doc.Identifier),
			"The framework's identifier is not a GUID, so a later version could not be recognised.",
			"Give the CFDocument an identifier such as 6e9fbb1e-0f0c-4b3c-9a57-1f2f6f1e9c11.")
	}
	f := competency.Framework{
		ID:       competency.FrameworkID(id),
		Title:    cleanLine(string(doc.Title)),
		Creator:  cleanLine(string(doc.Creator)),
		Subject:  strings.Join(doc.Subject, ", "),
		Language: cleanLine(string(doc.Language)),
		Version:  cleanLine(string(doc.Version)),
		Status:   cleanLine(string(doc.AdoptionStatus)),
		Licence:  cleanLine(doc.LicenseURI.Title),
	}
	if f.Subject == "" {
		f.Subject = linkTitles(doc.SubjectURI, titles(defs.CFSubjects))
	}
	if t := titles(defs.CFLicenses)[doc.LicenseURI.id()]; t != "" && f.Licence == "" {
		f.Licence = t
	}
	if f.Licence == "" {
		f.Licence = cleanLine(doc.LicenseURI.URI)
	}
	if f.Title == "" {
		f.Title = string(f.ID)
		rd.problem("case.no_title", "CFDocument.title", "", "The framework has no title; its identifier stands in.", "Give the CFDocument a title.")
	}
	rd.f = f
	return nil
}

// linkTitles joins the titles of references, looked up where they carry none.
func linkTitles(ls links, defined map[string]string) string {
	var names []string
	for _, l := range ls {
		name := cleanLine(l.Title)
		if name == "" {
			name = defined[l.id()]
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// items reads the items; it returns what their extensions say of assessability.
func (rd *reader) items(raws []json.RawMessage, kinds map[string]string) map[competency.ID]bool {
	rd.index = make(map[competency.ID]int, len(raws))
	flags := map[competency.ID]bool{}
	firstPath := map[competency.ID]string{competency.ID(rd.f.ID): "CFDocument"}
	for i, raw := range raws {
		path := fmt.Sprintf("CFItems[%d]", i)
		var it item
		if raw[0] != '{' {
			rd.problem("case.bad_item", path, "", "This is not an item and was left out.", "Every entry of CFItems is an object with identifier and fullStatement.")
			continue
		}
		if err := json.Unmarshal(raw, &it); err != nil {
			rd.problem("case.bad_item", path, "", "This item cannot be read and was left out.", "Export the framework again.")
			continue
		}
		guid, ok := canonicalGUID(string(it.Identifier))
		if !ok && it.Identifier == "" {
			guid, ok = canonicalGUID(lastPart(string(it.URI)))
		}
		if !ok {
			rd.problem("case.invalid_guid", path+".identifier", string(it.Identifier), "The identifier is not a GUID; the item was left out.",
				"Give the item an identifier such as 6e9fbb1e-0f0c-4b3c-9a57-1f2f6f1e9c11, and use it in CFAssociations too.")
			continue
		}
		id := competency.ID(guid)
		if first, twice := firstPath[id]; twice {
			rd.problem("case.duplicate_identifier", path+".identifier", guid, "The identifier is already that of "+first+"; this item was left out.",
				"Give each item an identifier of its own.")
			continue
		}
		c := competency.Competency{
			ID: id, Framework: rd.f.ID,
			Code:      cleanLine(string(it.HumanCodingScheme)),
			Statement: clean(string(it.FullStatement)),
			Short:     clean(string(it.AbbreviatedStatement)),
			Kind:      rd.kind(it, kinds),
			Grades:    it.EducationLevel,
			Subject:   strings.Join(it.Subject, ", "),
		}
		if len(c.Grades) == 1 && strings.Contains(c.Grades[0], ",") {
			c.Grades = splitGrades(c.Grades[0])
		}
		if c.Subject == "" {
			c.Subject = linkTitles(it.SubjectURI, nil)
		}
		if c.Statement == "" && !rd.standIn(&c, it, path) {
			continue
		}
		if b, known := rd.extensions(&c, it.Extensions, path); known {
			flags[id] = b
		}
		firstPath[id] = path
		rd.index[id] = len(rd.f.Items)
		rd.f.Items = append(rd.f.Items, c)
	}
	if len(rd.f.Items) == 0 {
		rd.problem("case.no_items", "CFItems", "", "The framework holds no items.", "Check that the export includes the items, not only the document.")
	}
	return flags
}

// standIn gives an item without a statement the next best text that it has.
func (rd *reader) standIn(c *competency.Competency, it item, path string) bool {
	for _, s := range []string{c.Short, clean(string(it.AlternativeLabel)), c.Code} {
		if s != "" {
			c.Statement = s
			rd.problem("case.no_statement", path+".fullStatement", "", "The item has no statement; “"+s+"” stands in.", "Give the item a fullStatement.")
			return true
		}
	}
	rd.problem("case.no_statement", path+".fullStatement", string(c.ID), "The item has no statement, title or code and was left out.", "Give the item a fullStatement.")
	return false
}

func (rd *reader) kind(it item, kinds map[string]string) string {
	for _, s := range []string{cleanLine(string(it.CFItemType)), cleanLine(it.CFItemTypeURI.Title), kinds[it.CFItemTypeURI.id()]} {
		if s != "" {
			return s
		}
	}
	return ""
}

func (rd *reader) extensions(c *competency.Competency, raw json.RawMessage, path string) (assessable, known bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return false, false
	}
	var ext map[string]json.RawMessage
	if err := json.Unmarshal(raw, &ext); err != nil {
		rd.problem("case.bad_extensions", path+".extensions", "", "The extensions cannot be read and were left out.", "Export the framework again.")
		return false, false
	}
	var student text
	if v := ext[extStudent]; v != nil && json.Unmarshal(v, &student) == nil {
		c.Student = clean(string(student))
	}
	switch string(ext[extAssessable]) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func splitGrades(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
