package tabular

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"waymark/internal/fault"
)

// segment is a part of a text: a literal, or the name of a column or variable.
type segment struct {
	lit, name string
}

// template splits a text at its {names}; {{ and }} are braces.
func template(text string) ([]segment, error) {
	var out []segment
	var lit strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '{' && strings.HasPrefix(text[i:], "{{"), c == '}' && strings.HasPrefix(text[i:], "}}"):
			lit.WriteByte(c)
			i++
		case c == '}':
			return nil, errors.New("a closing brace stands alone")
		case c == '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 2 || strings.Contains(text[i+1:i+end], "{") {
				return nil, errors.New("an opening brace has no name and closing brace after it")
			}
			if lit.Len() > 0 {
				out = append(out, segment{lit: lit.String()})
				lit.Reset()
			}
			out = append(out, segment{name: text[i+1 : i+end]})
			i += end
		default:
			lit.WriteByte(c)
		}
	}
	if lit.Len() > 0 {
		out = append(out, segment{lit: lit.String()})
	}
	return out, nil
}

// fillIn replaces the variables of repetitions, which may stand within the
// {name} of a column too. Braces in what they stand for are left out.
func fillIn(text string, statics map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	for _, v := range slices.Sorted(maps.Keys(statics)) {
		text = strings.ReplaceAll(text, "{"+v+"}", noBraces.Replace(statics[v]))
	}
	return text
}

var noBraces = strings.NewReplacer("{", "", "}", "")

// fold makes column names comparable: case, kinds of spaces and their number
// do not count.
func fold(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// binder joins a mapping to the header of one file.
type binder struct {
	m       Mapping
	header  []string
	exact   map[string]int
	folded  map[string]int
	missing []string
}

func newBinder(m Mapping, header []string) *binder {
	b := &binder{m: m, header: header, exact: map[string]int{}, folded: map[string]int{}}
	for i, h := range slices.Backward(header) {
		b.exact[h] = i
		b.folded[fold(h)] = i
	}
	return b
}

// find returns a column's place, or -1. Variables of repetitions may stand in
// its name.
func (b *binder) find(name string, statics map[string]string) int {
	if i, ok := b.exact[name]; ok {
		return i
	}
	name = fillIn(name, statics)
	if i, ok := b.exact[name]; ok {
		return i
	}
	if i, ok := b.folded[fold(name)]; ok {
		return i
	}
	return -1
}

// need is find for a column that must be there.
func (b *binder) need(name string, statics map[string]string) int {
	i := b.find(name, statics)
	if i < 0 {
		name = fillIn(name, statics)
		if !slices.Contains(b.missing, name) {
			b.missing = append(b.missing, name)
		}
	}
	return i
}

// context is what the parts of a text are filled from.
type context struct {
	row    Row
	number string   // of the row among all rows, from 1
	items  []string // of a vector: value, position and lists
}

// part of a text: a literal, a cell (col from 0), an item of a vector or the
// row's number.
type part struct {
	lit  string
	kind partKind
	at   int
}

type partKind int

const (
	literal partKind = iota
	cell
	item
	rowNumber
)

// source is a [Value] bound to columns.
type source struct {
	parts  []part
	field  string // for problems: the column's name, or the key
	values map[string]string
	empty  map[string]bool
	deflt  string
	mode   string
	times  float64
	// duration says that 12:30 is understood too.
	duration bool
}

func (b *binder) value(v Value, key string, statics map[string]string, items map[string]int, needed bool) source {
	s := source{field: key, values: v.Values, deflt: v.Default, mode: v.Number, times: v.Times}
	for _, w := range v.Empty {
		s.addEmpty(w)
	}
	if !v.IsZero() {
		for _, w := range b.m.Empty {
			s.addEmpty(w)
		}
	}
	s.values = foldKeys(v.Values)
	needed = needed && v.Default == ""
	look := b.find
	if needed {
		look = b.need
	}
	if v.Column != "" {
		i := look(v.Column, statics)
		s.parts = []part{{kind: cell, at: i}}
		if i >= 0 {
			s.field = b.header[i]
		}
		return s
	}
	segments, _ := template(fillIn(v.Text, statics)) // checked
	for _, g := range segments {
		at, ofVector := items[g.name]
		switch {
		case g.name == "":
			s.parts = append(s.parts, part{lit: g.lit})
		case ofVector:
			s.parts = append(s.parts, part{kind: item, at: at})
		case g.name == "row" && b.find("row", nil) < 0:
			s.parts = append(s.parts, part{kind: rowNumber})
		default:
			i := look(g.name, nil)
			s.parts = append(s.parts, part{kind: cell, at: i})
			if i >= 0 {
				s.field = b.header[i]
			}
		}
	}
	return s
}

func (s *source) addEmpty(w string) {
	if s.empty == nil {
		s.empty = map[string]bool{}
	}
	s.empty[strings.ToLower(strings.TrimSpace(w))] = true
}

func foldKeys(in map[string]string) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, 2*len(in))
	for k, v := range in {
		out[strings.ToLower(strings.TrimSpace(k))] = v
	}
	maps.Copy(out, in)
	return out
}

// text fills the parts. raw is what stands in the file; text is what it means.
// hollow says that a named cell is empty.
func (s *source) text(c *context) (text, raw string, hollow bool) {
	switch len(s.parts) {
	case 0:
		return s.deflt, "", false
	case 1:
		raw, hollow = s.parts[0].fill(c)
	default:
		var b strings.Builder
		for _, p := range s.parts {
			t, h := p.fill(c)
			hollow = hollow || h
			b.WriteString(t)
		}
		raw = b.String()
	}
	text = raw
	if s.values != nil || s.empty != nil {
		if v, ok := s.values[raw]; ok {
			return v, raw, hollow
		}
		low := strings.ToLower(raw)
		if v, ok := s.values[low]; ok {
			return v, raw, hollow
		}
		if s.empty[low] {
			text = ""
		}
	}
	if text == "" {
		return s.deflt, raw, s.deflt == ""
	}
	return text, raw, hollow
}

func (p part) fill(c *context) (text string, hollow bool) {
	switch p.kind {
	case cell:
		text = c.row.At(p.at)
		return text, text == ""
	case item:
		text = c.items[p.at]
		return text, text == ""
	case rowNumber:
		return c.number, false
	}
	return p.lit, false
}

func (s *source) given() bool { return len(s.parts) > 0 || s.deflt != "" }

// test is a [Condition] bound to its column.
type test struct {
	col     int
	filled  bool
	is, not map[string]bool
	matches *regexp.Regexp
}

func (b *binder) tests(where []Condition, statics map[string]string) []test {
	out := make([]test, 0, len(where))
	for _, w := range where {
		t := test{col: b.need(w.Column, statics), filled: w.NotEmpty, is: foldSet(w.Is), not: foldSet(w.Not)}
		if w.Matches != "" {
			t.matches = regexp.MustCompile(w.Matches) // checked
		}
		out = append(out, t)
	}
	return out
}

func foldSet(words []string) map[string]bool {
	if len(words) == 0 {
		return nil
	}
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[strings.ToLower(strings.TrimSpace(w))] = true
	}
	return out
}

func pass(tests []test, row Row) bool {
	for _, t := range tests {
		v := row.At(t.col)
		switch {
		case t.filled && v == "",
			t.is != nil && !t.is[strings.ToLower(v)],
			t.not != nil && t.not[strings.ToLower(v)],
			t.matches != nil && !t.matches.MatchString(v):
			return false
		}
	}
	return true
}

// missingColumns is the problem with a file that lacks columns.
func (b *binder) missingColumns(file string, missing []string) error {
	message := "The file has no column named " + quoteList(missing) + "."
	if len(missing) > 1 {
		message = "The file has no columns named " + quoteList(missing) + "."
	}
	return fault.Problem{Code: "file.columns", File: file, Line: 1, Field: missing[0], Fatal: true, Message: message,
		Cure: "Choose the mapping made for this layout, or name the file's columns in the mapping “" + b.m.Name + "”. The file has: " +
			quoteList(b.header[:min(len(b.header), 12)]) + ending(len(b.header) > 12) + "."}
}

func quoteList(names []string) string {
	return "“" + strings.Join(names, "”, “") + "”"
}

func ending(more bool) string {
	if more {
		return " and more"
	}
	return ""
}
