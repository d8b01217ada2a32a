package oneroster

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"waymark/internal/roster"
)

// objectives holds what a file of learning objectives says of the records of
// another file, compactly, until that file is read: 32 bytes a row, plus each
// text once.
type objectives struct {
	rows   []objective
	sorted bool
	texts  []string
	number map[string]uint32
}

type objective struct {
	owner      uint64 // hash of the line item's or result's id
	competency uint32
	text       uint32
	score      float64 // NaN for none
}

func (o *objectives) intern(s string) uint32 {
	if n, ok := o.number[s]; ok {
		return n
	}
	if o.number == nil {
		o.number = make(map[string]uint32)
	}
	s = strings.Clone(s)
	n := uint32(len(o.texts))
	o.texts = append(o.texts, s)
	o.number[s] = n
	return n
}

func (o *objectives) add(owner, source, id, score, text string) {
	if source == "case" {
		id = strings.TrimPrefix(id, "urn:uuid:")
	}
	value, ok := number(score)
	if !ok {
		value = math.NaN()
	}
	o.rows = append(o.rows, objective{hash(owner), o.intern(id), o.intern(text), value})
}

// of returns the objectives of a record in the order of their file.
func (o *objectives) of(id string) []objective {
	if o == nil {
		return nil
	}
	by := func(a, b objective) int { return cmp.Compare(a.owner, b.owner) }
	if !o.sorted {
		slices.SortStableFunc(o.rows, by)
		o.sorted = true
	}
	from, ok := slices.BinarySearchFunc(o.rows, objective{owner: hash(id)}, by)
	if !ok {
		return nil
	}
	to := from
	for to < len(o.rows) && o.rows[to].owner == o.rows[from].owner {
		to++
	}
	return o.rows[from:to]
}

func (o *objectives) competencies(id string) []string {
	var list []string
	for _, row := range o.of(id) {
		list = append(list, o.texts[row.competency])
	}
	return list
}

func (o *objectives) scores(id string) []roster.ObjectiveScore {
	var list []roster.ObjectiveScore
	for _, row := range o.of(id) {
		s := roster.ObjectiveScore{Competency: o.texts[row.competency], Text: o.texts[row.text]}
		if !math.IsNaN(row.score) {
			s.Score = &row.score
		}
		list = append(list, s)
	}
	return list
}
