package tabular

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/assess"
	"waymark/internal/fault"
)

// ItemRow is one row of a bank of items. Its Competency is not set; Code holds what the
// file names: a code or GUID.
type ItemRow struct {
	assess.Question
	Code string
}

// names under which people know the columns of a bank of items.
var itemColumns = map[string][]string{
	"id":         {"id", "item", "itemid", "identifier", "questionid"},
	"competency": {"competency", "competencies", "standard", "code", "skill", "objective"},
	"question":   {"question", "stem", "text", "prompt", "task"},
	"choices":    {"choices", "options", "answers"},
	"answer":     {"answer", "rightanswer", "correctanswer", "key", "correct", "right"},
	"a":          {"a", "a1", "slope", "discrimination"},
	"b":          {"b", "difficulty"},
	"c":          {"c", "g", "guess", "guessing"},
}

// choiceLetters name columns of one choice each, and are how an answer may name a choice.
const choiceLetters = "ABCDEFGH"

// choiceHeads are the columns that hold one choice each, in the order of their letters.
func choiceHeads(header []string) (at []int) {
	for _, letter := range strings.ToLower(choiceLetters) {
		// A lone A, B or C is a parameter of the item.
		names := []string{"choice" + string(letter), "option" + string(letter), "answer" + string(letter)}
		i := slices.IndexFunc(header, func(h string) bool { return slices.Contains(names, bare(h)) })
		if i < 0 {
			break
		}
		at = append(at, i)
	}
	return at
}

// Items reads a bank of items, written as opt says: id, competency, question, the choices
// (one column "choices" with | between them, or "choice A", "choice B" …; none for a
// written answer), the answer (a letter, or the text; several with | between them) and,
// where they are known, the parameters a, b and c. each gets what can be used, with the
// line that it stands on; problem what cannot. The error is a fatal [fault.Problem], or
// what each returned, or an error of r.
func Items(r io.Reader, name string, opt Options, each func(line int, q ItemRow) error, problem func(fault.Problem)) error {
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return err
	}
	header := reader.Header()
	columns := columnsOf(header, itemColumns)
	for _, need := range []string{"id", "competency", "question", "answer"} {
		if _, ok := columns[need]; !ok {
			return fault.Problem{Code: "file.columns", File: name, Line: 1, Field: need, Fatal: true,
				Message: "A bank of items needs the columns id, competency, question and answer.",
				Cure:    "Name the columns so. The file has: " + quoteList(header[:min(len(header), 12)]) + "."}
		}
	}
	choices := choiceHeads(header)
	again := repeated{"This item stands in line %d already.", "Give each item an id of its own."}
	parse := func(row Row) (ItemRow, *fault.Problem) { return columns.item(row, choices) }
	return readList(reader, name, columns, parse, func(q ItemRow) string { return string(q.ID) }, again, each, problem)
}

func (t columnTable) item(row Row, choices []int) (ItemRow, *fault.Problem) {
	q := ItemRow{Code: t.get(row, "competency")}
	q.ID, q.Text = assess.ItemID(t.get(row, "id")), t.get(row, "question")
	switch {
	case q.ID == "" || len(q.ID) > 200:
		return q, &fault.Problem{Code: "row.no_id", Field: "id", Value: string(q.ID), Message: "The item has no id, or one of more than 200 bytes.", Cure: "Give each item an id of its own, such as nf2-07."}
	case q.Code == "":
		return q, &fault.Problem{Code: "row.no_competency", Field: "competency", Message: "Nothing says what the item is about.", Cure: "Fill in the code of one competency."}
	}
	for _, i := range choices {
		if c := row.At(i); c != "" {
			q.Choices = append(q.Choices, c)
		}
	}
	if len(choices) == 0 {
		q.Choices = parts(t.get(row, "choices"))
	}
	q.Right = parts(t.get(row, "answer"))
	for i, r := range q.Right {
		k := -1
		if len(r) == 1 {
			k = strings.Index(choiceLetters, strings.ToUpper(r))
		}
		if k >= 0 && k < len(q.Choices) && !slices.Contains(q.Choices, r) {
			q.Right[i] = q.Choices[k]
		}
	}
	q.Item = assess.Typical(len(q.Choices))
	for _, p := range []struct {
		field string
		to    *float64
	}{{"a", &q.Item.Slope}, {"b", &q.Item.Difficulty[0]}, {"c", &q.Item.Guess}} {
		text := t.get(row, p.field)
		if text == "" {
			continue
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return q, &fault.Problem{Code: "row.number", Field: p.field, Value: text, Message: "This is not a number.", Cure: "Write a number such as 0.85, or leave the cell empty."}
		}
		*p.to = f
		q.Calibrated = q.Calibrated || p.field == "b"
	}
	if err := q.Validate(); err != nil {
		return q, &fault.Problem{Code: "row.invalid_" + fault.FieldOf(err), Field: fault.FieldOf(err), Message: fault.Sentence(err), Cure: "Correct the cell."}
	}
	return q, nil
}

// parts splits a cell at | and drops what is empty.
func parts(cell string) (out []string) {
	for part := range strings.SplitSeq(cell, "|") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
