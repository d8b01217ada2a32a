package tabular

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/evidence"
	"waymark/internal/fault"
)

// variant is one observation bound to the columns of a file: itself, or one of
// its repetitions or matching columns.
type variant struct {
	kind       evidence.Kind
	where      []test
	vector     *vector
	mark       string // sets it apart from others of its observation in the key
	scale      source
	competency source
	by         string
	title      source
	score      source
	max        source
	se         source
	percentile source
	label      source
	item       source
	attempt    source
	hints      source
	seconds    source
	note       source
	clock      *clock
}

// vector is a [Vector] bound to columns; parts[0] is the vector itself.
type vector struct {
	parts []vectorPart
}

type vectorPart struct {
	col       int
	field     string
	width     int
	separator string
}

// variants binds all observations. missing names the columns without which the
// file cannot be used.
func (b *binder) variants() (out []variant, missing []string) {
	var all []string
	for _, o := range b.m.Observations {
		sets := []map[string]string{{}}
		for _, r := range o.Repeat {
			var next []map[string]string
			for _, have := range sets {
				for _, add := range r.each() {
					both := maps.Clone(have)
					maps.Copy(both, add)
					next = append(next, both)
				}
			}
			sets = next
		}
		before := len(out)
		var lacking []string
		for _, statics := range sets {
			columns := b.matching(o.Wide)
			if len(columns) == 0 {
				lacking = append(lacking, o.Wide.Columns)
			}
			for _, column := range columns {
				b.missing = nil
				v := b.variant(o, statics, column)
				if len(b.missing) == 0 {
					out = append(out, v)
				} else {
					lacking = append(lacking, b.missing...)
				}
			}
		}
		all = append(all, lacking...)
		switch {
		case o.Optional || len(out) > before && len(o.Repeat) > 0:
		case len(lacking) > 0 && (len(out) == before || o.Wide == nil):
			missing = append(missing, lacking...)
		}
	}
	b.missing = nil
	if len(out) == 0 && len(missing) == 0 {
		missing = all // every observation is optional, and none is there
	}
	slices.Sort(missing)
	return out, slices.Compact(missing)
}

// matching returns the columns of a wide observation, or -1 for one that is not.
func (b *binder) matching(w *Wide) []int {
	if w == nil {
		return []int{-1}
	}
	columns := regexp.MustCompile(w.Columns) // checked
	var except *regexp.Regexp
	if w.Except != "" {
		except = regexp.MustCompile(w.Except)
	}
	var out []int
	for i, h := range b.header {
		if columns.MatchString(h) && (except == nil || !except.MatchString(h)) {
			out = append(out, i)
		}
	}
	return out
}

func (b *binder) variant(o Observation, statics map[string]string, column int) variant {
	v := variant{kind: o.Kind, by: "code"}
	score := o.Score
	if column >= 0 {
		statics = maps.Clone(statics)
		re := regexp.MustCompile(o.Wide.Columns)
		groups := re.FindStringSubmatch(b.header[column])
		for i, name := range re.SubexpNames() {
			if name != "" {
				statics[name] = groups[i]
			}
		}
		statics["column"] = b.header[column]
		v.mark = b.header[column]
	}
	var items map[string]int
	if o.Vector != nil {
		v.vector, items = b.vector(*o.Vector, statics)
	}
	v.score = b.value(score, "score", statics, items, true)
	if len(v.score.parts) == 0 {
		switch {
		case column >= 0:
			v.score.parts = []part{{kind: cell, at: column}}
			v.score.field = b.header[column]
		case v.vector != nil:
			v.score.parts = []part{{kind: item, at: 0}}
			v.score.field = v.vector.parts[0].field
		}
		if score.IsZero() {
			for _, w := range b.m.Empty {
				v.score.addEmpty(w)
			}
		}
	}
	v.where = b.tests(o.Where, statics)
	v.scale = b.value(o.Scale, "scale", statics, items, true)
	if c := o.Competency; c != nil {
		v.by = c.By
		v.competency = b.value(Value{Column: c.Column, Text: c.Text, Values: c.Values}, "competency", statics, items, true)
		v.title = b.value(c.Title, "title", statics, items, false)
	}
	for _, f := range []struct {
		to  *source
		key string
		v   Value
	}{{&v.max, "max", o.Max}, {&v.se, "se", o.SE}, {&v.percentile, "percentile", o.Percentile}, {&v.label, "label", o.Label}, {&v.item, "item", o.Item},
		{&v.attempt, "attempt", o.Attempt}, {&v.hints, "hints", o.Hints}, {&v.seconds, "seconds", o.Seconds}, {&v.note, "note", o.Note}} {
		*f.to = b.value(f.v, f.key, statics, items, false)
	}
	v.seconds.duration = true
	when := b.m.Time
	if o.Time != nil {
		when = *o.Time
	}
	v.clock = b.clock(when, statics)
	return v
}

func (b *binder) vector(o Vector, statics map[string]string) (*vector, map[string]int) {
	items := map[string]int{"value": 0, "position": 1}
	v := &vector{parts: []vectorPart{b.vectorPart(List{o.Column, o.Width, o.Separator}, statics)}}
	for i, name := range slices.Sorted(maps.Keys(o.Lists)) {
		v.parts = append(v.parts, b.vectorPart(o.Lists[name], statics))
		items[name] = i + 2
	}
	return v, items
}

func (b *binder) vectorPart(l List, statics map[string]string) vectorPart {
	p := vectorPart{col: b.need(l.Column, statics), width: l.Width, separator: l.Separator}
	if p.separator == "" {
		p.width = max(p.width, 1)
	}
	if p.col >= 0 {
		p.field = b.header[p.col]
	}
	return p
}

func (p vectorPart) split(row Row) []string {
	text := row.untrimmed(p.col)
	var out []string
	switch {
	case strings.TrimSpace(text) == "":
		return nil
	case p.separator != "":
		out = strings.Split(text, p.separator)
	default:
		runes := []rune(text)
		for i := 0; i < len(runes); i += p.width {
			out = append(out, string(runes[i:min(i+p.width, len(runes))]))
		}
	}
	for i, s := range out {
		out[i] = strings.TrimSpace(s)
	}
	return out
}

// split returns, for each item of a row's vector, its value, position and the
// lists' parts.
func (v *vector) split(row Row, file string) ([][]string, *fault.Problem) {
	values := v.parts[0].split(row)
	if len(values) == 0 {
		return nil, nil
	}
	columns := [][]string{values, nil}
	n := len(values)
	for _, p := range v.parts[1:] {
		list := p.split(row)
		for len(list) > 0 && list[len(list)-1] == "" {
			list = list[:len(list)-1]
		}
		for n > len(list) && values[n-1] == "" {
			n-- // blanks that pad the vector
		}
		if len(list) != n {
			return nil, &fault.Problem{Code: "row.vector_length", File: file, Line: row.Line, Field: p.field,
				Message: "The list has " + strconv.Itoa(len(list)) + " items, “" + v.parts[0].field + "” has " + strconv.Itoa(n) + ".",
				Cure:    "Export the file anew without cutting or trimming these cells; a spreadsheet may have changed them."}
		}
		columns = append(columns, list)
	}
	out := make([][]string, n)
	for i := range out {
		out[i] = make([]string, len(columns))
		for k, c := range columns {
			if k == 1 {
				out[i][k] = strconv.Itoa(i + 1)
			} else {
				out[i][k] = c[i]
			}
		}
	}
	return out, nil
}
