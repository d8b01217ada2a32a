package study

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
)

// Frame is an extract: a row for each student, columns as text.
type Frame struct {
	File   string
	Digest string // of the bytes it was read from
	Names  []string
	Rows   int
	text   map[string][]string
}

// ReadFrame reads an extract from a CSV file with a header. Only the columns that are asked for
// are kept.
func ReadFrame(r io.Reader, file string, columns []string) (*Frame, error) {
	columns = slices.Compact(slices.Sorted(slices.Values(columns)))
	sum := sha256.New()
	in := csv.NewReader(io.TeeReader(r, sum))
	in.ReuseRecord = true
	wrong := func(line int, format string, args ...any) error {
		return fault.Wrap(fault.Invalid, fault.Problem{Code: "file.extract", File: file, Line: line, Message: fmt.Sprintf(format, args...), Cure: "Correct the extract, or the name in the declaration."}, "%s: "+format, append([]any{file}, args...)...)
	}
	head, err := in.Read()
	if err != nil {
		return nil, wrong(1, "it has no header (%v)", err)
	}
	f := &Frame{File: file, text: map[string][]string{}}
	at := map[string]int{}
	for k, name := range head {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if _, twice := at[name]; twice && slices.Contains(columns, name) {
			return nil, wrong(1, "the column %q is there twice", name)
		}
		at[name] = k
		f.Names = append(f.Names, name)
	}
	var missing []string
	for _, c := range columns {
		if _, ok := at[c]; !ok {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return nil, wrong(1, "there is no column %q; the file has %s", missing[0], strings.Join(f.Names[:min(len(f.Names), 20)], ", "))
	}
	values := map[string]string{} // each text once
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, _ := in.FieldPos(0)
			return nil, wrong(line, "the row cannot be read (%v)", err)
		}
		for _, c := range columns {
			cell := strings.TrimSpace(row[at[c]])
			kept, ok := values[cell]
			if !ok {
				kept = strings.Clone(cell)
				values[kept] = kept
			}
			f.text[c] = append(f.text[c], kept)
		}
		f.Rows++
	}
	f.Digest = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

// missing reports whether a cell says that nothing is known.
func missing(cell string) bool {
	switch cell {
	case "", "NA", "N/A", "NULL", "null", ".", "NaN":
		return true
	}
	return false
}

// numbers reads a column as numbers; NaN where nothing is known.
func (f *Frame) numbers(column string) ([]float64, error) {
	out := make([]float64, f.Rows)
	for i, cell := range f.text[column] {
		if missing(cell) {
			out[i] = math.NaN()
			continue
		}
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil || math.IsInf(v, 0) {
			return nil, fault.New(fault.Invalid, "%s, line %d, %s: %q is not a number. Write a number, or leave the cell empty.", f.File, i+2, column, cell)
		}
		out[i] = v
	}
	return out, nil
}

// codes numbers the values of a column in the order in which they come; −1 where nothing is
// known.
func (f *Frame) codes(column string) (codes []int32, values []string) {
	at := map[string]int32{}
	codes = make([]int32, f.Rows)
	for i, cell := range f.text[column] {
		if missing(cell) {
			codes[i] = -1
			continue
		}
		k, ok := at[cell]
		if !ok {
			k = int32(len(values))
			at[cell] = k
			values = append(values, cell)
		}
		codes[i] = k
	}
	return codes, values
}

// numeric reports whether all that is known of a column are numbers.
func (f *Frame) numeric(column string) bool {
	for _, cell := range f.text[column] {
		if _, err := strconv.ParseFloat(cell, 64); err != nil && !missing(cell) {
			return false
		}
	}
	return true
}

// keep makes a frame of some rows.
func (f *Frame) keep(rows []int) *Frame {
	g := &Frame{File: f.File, Digest: f.Digest, Names: f.Names, Rows: len(rows), text: map[string][]string{}}
	for name, cells := range f.text {
		kept := make([]string, len(rows))
		for k, i := range rows {
			kept[k] = cells[i]
		}
		g.text[name] = kept
	}
	return g
}

// Columns are those that a declaration reads.
func (s *Spec) Columns() []string {
	all := []string{s.Student, s.Treatment, s.School, s.Class, s.Block, s.Received, s.Dose, s.Baseline, s.Placebo}
	all = append(all, s.Covariate...)
	all = append(all, s.Method.Exact...)
	for _, g := range s.Subgroups {
		if g != "baseline" {
			all = append(all, g)
		}
	}
	for _, o := range s.Outcomes {
		all = append(all, o.Column)
	}
	for _, c := range s.Method.Calipers {
		if c.Column != "propensity" {
			all = append(all, c.Column)
		}
	}
	for _, r := range s.Sample {
		all = append(all, r.Column)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(c string) bool { return c == "" })
}
