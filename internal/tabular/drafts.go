package tabular

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"waymark/internal/evidence"
	"waymark/internal/fault"
)

// Draft is one piece of evidence as a file tells it, before anybody has looked
// up who the student and what the competency is.
type Draft struct {
	Line    int
	Student StudentRef
	Others  []StudentRef // further ways to know the student, in order of preference
	// CompetencyRef is a code, GUID or name as CompetencyBy says; empty for a
	// score on a scale only.
	CompetencyRef   string
	CompetencyBy    string
	CompetencyTitle string // the statement, where the file tells it
	// Piece lacks ID, Student, Competency, Recorded and Actor. Its Key depends
	// on what identifies the fact, not on the score or the line.
	Piece evidence.Piece
}

// StudentRef is one way in which a file names a student.
type StudentRef struct {
	By    string // any, identifier, sourcedId, username, email, userId or name
	Value string
}

// Summary counts what was read.
type Summary struct {
	Rows    int // after the header, unusable ones included
	Drafts  int
	Skipped int // rows that the mapping leaves out or that hold no score
	Bad     int // rows with at least one problem
}

// Drafts reads a file of results through the mapping, row by row. each gets what
// can be used, problem what cannot: a row without student or time is left out,
// of other rows only the observation with the problem is. The error is a fatal
// [fault.Problem], or what each returned, or an error of r.
func (m Mapping) Drafts(r io.Reader, name string, each func(Draft) error, problem func(fault.Problem)) (Summary, error) {
	opt := m.Format.Options()
	opt.spaces = slices.ContainsFunc(m.Observations, func(o Observation) bool { return o.Vector != nil })
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return Summary{}, err
	}
	d, err := m.bind(reader, name)
	if err != nil {
		return Summary{}, err
	}
	d.each, d.problem = each, problem
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return d.sum, nil
		}
		d.sum.Rows++
		if p, ok := errors.AsType[fault.Problem](err); ok && !p.Fatal {
			d.sum.Bad++
			problem(p)
			continue
		}
		if err != nil {
			return d.sum, fmt.Errorf("read %s: %w", name, err)
		}
		if err := d.row(row); err != nil {
			return d.sum, err
		}
	}
}

// drafter turns rows into drafts.
type drafter struct {
	file     string
	origin   string
	comma    bool
	repeats  bool
	ordered  bool
	where    []test
	students []source
	by       []string
	key      []int
	variants []variant

	seen   map[[16]byte]int // with repeats: how often a key occurred
	counts map[string]int   // with times by order: rows of each student
	buf    []byte

	each    func(Draft) error
	problem func(fault.Problem)
	sum     Summary
}

func (m Mapping) bind(r *Reader, file string) (*drafter, error) {
	b := newBinder(m, r.Header())
	d := &drafter{file: file, origin: m.Origin(), comma: m.Format.Decimal == "comma", repeats: m.Repeats == "allowed",
		seen: map[[16]byte]int{}, counts: map[string]int{}}
	for _, s := range append([]Student{m.Student}, m.Student.Also...) {
		b.missing = nil
		src := b.value(Value{Column: s.Column, Text: s.Text}, "student", nil, nil, true)
		if len(b.missing) == 0 {
			d.students = append(d.students, src)
			d.by = append(d.by, s.By)
		}
	}
	var missing []string
	if len(d.students) == 0 {
		missing = b.missing
	}
	b.missing = nil
	d.where = b.tests(m.Where, nil)
	for _, k := range m.Key {
		d.key = append(d.key, b.need(k, nil))
	}
	missing = append(missing, b.missing...)
	variants, more := b.variants()
	missing = append(missing, more...)
	if len(missing) > 0 {
		return nil, b.missingColumns(file, missing)
	}
	d.variants = variants
	for _, v := range variants {
		d.ordered = d.ordered || v.clock.ordered()
	}
	return d, nil
}

func (c *clock) ordered() bool {
	return c.order || c.orderWhen != "" || c.otherwise != nil && c.otherwise.ordered()
}

func (d *drafter) row(row Row) error {
	if !pass(d.where, row) {
		d.sum.Skipped++
		return nil
	}
	ctx := context{row: row, number: strconv.Itoa(d.sum.Rows)}
	var refs []StudentRef
	for i := range d.students {
		if text, _, hollow := d.students[i].text(&ctx); text != "" && !hollow {
			refs = append(refs, StudentRef{By: d.by[i], Value: text})
		}
	}
	before, bad := d.sum.Drafts, false
	report := func(p fault.Problem) {
		bad = true
		p.File, p.Line = d.file, row.Line
		d.problem(p)
	}
	if len(refs) == 0 {
		d.sum.Bad++
		report(fault.Problem{Code: "row.no_student", Field: d.students[0].field, Message: "The row names no student.",
			Cure: "Fill in the student's number, or delete the row."})
		return nil
	}
	ordinal := 0
	if d.ordered {
		ordinal = d.counts[refs[0].Value]
		d.counts[refs[0].Value]++
	}
	base := Draft{Line: row.Line, Student: refs[0], Others: refs[1:]}
	untimely := false
	for i := range d.variants {
		v := &d.variants[i]
		if !pass(v.where, row) {
			continue
		}
		n := 1
		var vectors [][]string
		if v.vector != nil {
			var p *fault.Problem
			if vectors, p = v.vector.split(row, d.file); p != nil {
				report(*p)
				continue
			}
			n = len(vectors)
		}
		for k := range n {
			mark := v.mark
			if vectors != nil {
				ctx.items = vectors[k]
				mark += "\x1f" + ctx.items[1]
			}
			dr, used, p := d.draft(base, v, &ctx, ordinal, mark)
			if p != nil {
				if p.Code != "row.time" || !untimely {
					report(*p) // one wrong date is one problem, however many scores hang on it
				}
				untimely = untimely || p.Code == "row.time"
				continue
			}
			if !used {
				continue
			}
			d.sum.Drafts++
			if err := d.each(dr); err != nil {
				return err
			}
		}
	}
	switch {
	case bad:
		d.sum.Bad++
	case d.sum.Drafts == before:
		d.sum.Skipped++
	}
	return nil
}

// draft makes one draft; used is false where the row holds no score for it.
func (d *drafter) draft(dr Draft, v *variant, ctx *context, ordinal int, mark string) (_ Draft, used bool, _ *fault.Problem) {
	text, raw, _ := v.score.text(ctx)
	if text == "" || text == "skip" {
		return dr, false, nil
	}
	p := &dr.Piece
	var ok bool
	most := math.NaN()
	if p.Score, ok = number(text, v.score.mode, d.comma); !ok {
		if p.Score, most, ok = fraction(text, v.score.mode, d.comma); !ok {
			return dr, false, notNumber(&v.score, raw)
		}
	}
	if v.score.times > 0 {
		p.Score *= v.score.times
	}
	for _, f := range []struct {
		to  *float64
		src *source
	}{{&p.Max, &v.max}, {&p.SE, &v.se}, {&p.Percentile, &v.percentile}, {&p.Seconds, &v.seconds}} {
		if f.src.given() {
			if problem := d.number(ctx, f.src, f.to); problem != nil {
				return dr, false, problem
			}
		}
	}
	if !math.IsNaN(most) {
		p.Max = most
	}
	var attempt, hints float64
	for _, f := range []struct {
		to  *float64
		src *source
	}{{&attempt, &v.attempt}, {&hints, &v.hints}} {
		if !f.src.given() {
			continue
		}
		if problem := d.number(ctx, f.src, f.to); problem != nil {
			return dr, false, problem
		}
		if *f.to < 0 || *f.to > 1e6 || *f.to != math.Trunc(*f.to) {
			return dr, false, &fault.Problem{Code: "row.number", Field: f.src.field, Message: "This is not a count.", Cure: "Write a whole number of 0 or more."}
		}
	}
	p.Attempt, p.Hints = int(attempt), int(hints)
	if problem := v.inRange(p, raw); problem != nil {
		return dr, false, problem
	}
	p.Kind, p.Source = v.kind, d.origin
	if v.scale.given() {
		var hollow bool
		if p.Scale, _, hollow = v.scale.text(ctx); hollow || p.Scale == "" {
			return dr, false, &fault.Problem{Code: "row.no_scale", Field: v.scale.field, Message: "There is a score, but the cell that says of what is empty.",
				Cure: "Fill in the cell, or delete the score."}
		}
	}
	if v.competency.given() {
		ref, _, hollow := v.competency.text(ctx)
		if hollow || ref == "" {
			if p.Scale == "" {
				return dr, false, &fault.Problem{Code: "row.no_competency", Field: v.competency.field, Message: "There is a score, but no competency.",
					Cure: "Fill in the competency, or delete the score."}
			}
			ref = ""
		}
		if ref != "" {
			dr.CompetencyRef, dr.CompetencyBy = ref, v.by
			dr.CompetencyTitle, _, _ = v.title.text(ctx)
		}
	}
	p.Label, _, _ = v.label.text(ctx)
	p.Item, _, _ = v.item.text(ctx)
	p.Note, _, _ = v.note.text(ctx)
	when, found, byOrder, ok := v.clock.at(ctx.row, ordinal)
	if !ok {
		return dr, false, v.clock.problem(found)
	}
	p.At = when
	p.Key = d.fact(dr, ctx.row, mark, byOrder)
	return dr, true, nil
}

func (c *clock) problem(found string) *fault.Problem {
	if found == "" {
		return &fault.Problem{Code: "row.time", Field: c.field, Message: "The row does not say when the work was done.", Cure: "Fill in the date."}
	}
	return &fault.Problem{Code: "row.time", Field: c.field, Value: found, Message: "This is not a date in any of the layouts that the mapping lists.",
		Cure: "Correct the date, or add its layout to the mapping's time.layouts."}
}

func notNumber(s *source, raw string) *fault.Problem {
	cure := "Correct the cell, or say in the mapping what it means under values or empty."
	if s.mode == "" {
		cure = "Correct the cell, or say in the mapping what it means under values, empty or number."
	}
	return &fault.Problem{Code: "row.number", Field: s.field, Value: raw, Message: "This is not a number.", Cure: cure}
}

// number reads a value that may be empty.
func (d *drafter) number(ctx *context, s *source, to *float64) *fault.Problem {
	text, raw, hollow := s.text(ctx)
	if text == "" || text == "skip" || hollow {
		return nil
	}
	f, ok := number(text, s.mode, d.comma)
	if !ok {
		if f, ok = hms(text); !ok || !s.duration {
			return notNumber(s, raw)
		}
	}
	if s.times > 0 {
		f *= s.times
	}
	*to = f
	return nil
}

// hms reads a duration as 01:02:03 or 12:30 in seconds.
func hms(s string) (float64, bool) {
	total, groups, digit := 0, 1, 0
	part := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && digit < 3:
			part, digit = part*10+int(c-'0'), digit+1
		case c == ':' && digit > 0 && groups < 3:
			total, part, digit, groups = (total+part)*60, 0, 0, groups+1
		default:
			return 0, false
		}
	}
	return float64(total + part), groups > 1 && digit == 2 && part < 60
}

// inRange checks what no reader of the evidence could make sense of.
func (v *variant) inRange(p *evidence.Piece, raw string) *fault.Problem {
	switch {
	case p.Max < 0 || v.kind != evidence.Test && p.Max == 0:
		return &fault.Problem{Code: "row.max", Field: v.max.field, Message: "The highest possible score is missing or not above 0.",
			Cure: "Fill it in, or give a default in the mapping."}
	case v.kind != evidence.Test && (p.Score < 0 || p.Score > p.Max):
		return &fault.Problem{Code: "row.score_range", Field: v.score.field, Value: raw,
			Message: fmt.Sprintf("The score lies outside 0 to %g.", p.Max), Cure: "Correct the score, or the highest possible score."}
	case p.SE < 0:
		return &fault.Problem{Code: "row.se", Field: v.se.field, Message: "A standard error cannot be below 0.", Cure: "Correct it or leave it empty."}
	case p.Percentile < 0 || p.Percentile > 100:
		return &fault.Problem{Code: "row.percentile", Field: v.percentile.field, Value: strconv.FormatFloat(p.Percentile, 'g', -1, 64),
			Message: "A percentile lies between 0 and 100.", Cure: "Correct it or leave it empty."}
	case p.Seconds < 0:
		return &fault.Problem{Code: "row.seconds", Field: v.seconds.field, Message: "Time spent cannot be below 0.", Cure: "Correct it or leave it empty."}
	}
	return nil
}

// fact returns the key by which a fact is known again: equal for the same fact
// with another score or on another line.
func (d *drafter) fact(dr Draft, row Row, mark string, byOrder bool) string {
	b := d.buf[:0]
	field := func(s string) {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
	}
	p := &dr.Piece
	for _, s := range [...]string{d.origin, dr.Student.Value, string(p.Kind), p.Scale, dr.CompetencyRef, p.Item, mark} {
		field(s)
	}
	if len(d.key) > 0 {
		b = append(b, 'k')
		for _, col := range d.key {
			field(row.At(col))
		}
	} else {
		b = append(b, 't')
		if !byOrder {
			b = p.At.AppendFormat(b, "2006-01-02T15:04:05.999999999")
		}
		b = strconv.AppendInt(append(b, 'a'), int64(p.Attempt), 10)
	}
	d.buf = b
	sum := sha256.Sum256(b)
	id := [16]byte(sum[:16])
	key := hex.EncodeToString(id[:])
	if d.repeats {
		d.seen[id]++
		if n := d.seen[id]; n > 1 {
			key += "#" + strconv.Itoa(n)
		}
	}
	return key
}
