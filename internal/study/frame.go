package study

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
)

// Frame is an extract: a row for each student, columns as text. Frames of some of its rows share
// the columns.
type Frame struct {
	File    string
	Digest  string // of the bytes it was read from
	Names   []string
	Rows    int
	columns map[string]*column
	rows    []int32 // which of the columns' rows these are; nil for all
}

// column holds the cells of a column one after the other. What it says as numbers is reckoned
// once.
type column struct {
	text   []byte
	ends   []uint32
	values []float64 // NaN where nothing is known
	wrong  int       // the first row that is no number; −1 where all are
}

func (c *column) add(cell string) {
	c.text = append(c.text, cell...)
	c.ends = append(c.ends, uint32(len(c.text)))
}

func (c *column) bytes(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = c.ends[i-1]
	}
	return c.text[from:c.ends[i]]
}

// numbers reads the column as numbers.
func (c *column) numbers() (values []float64, wrong int) {
	if c.values != nil || len(c.ends) == 0 {
		return c.values, c.wrong
	}
	c.values, c.wrong = make([]float64, len(c.ends)), -1
	for i := range c.ends {
		cell := c.bytes(i)
		if missing(string(cell)) {
			c.values[i] = math.NaN()
			continue
		}
		v, err := strconv.ParseFloat(string(cell), 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			if c.wrong < 0 {
				c.wrong = i
			}
			v = math.NaN()
		}
		c.values[i] = v
	}
	return c.values, c.wrong
}

// row is where row i of a frame stands in its columns.
func (f *Frame) row(i int) int {
	if f.rows == nil {
		return i
	}
	return int(f.rows[i])
}

// has reports whether a column was read.
func (f *Frame) has(name string) bool { return f.columns[name] != nil }

// cell is what stands in a column.
func (f *Frame) cell(name string, i int) string { return string(f.bytes(name, i)) }

func (f *Frame) bytes(name string, i int) []byte { return f.columns[name].bytes(f.row(i)) }

// missing reports whether nothing is known in a cell.
func (f *Frame) missing(name string, i int) bool { return missing(string(f.bytes(name, i))) }

// line is where a row stands in the file.
func (f *Frame) line(i int) int { return f.row(i) + 2 }

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
	f := &Frame{File: file, columns: map[string]*column{}}
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
	kept := make([]*column, len(columns))
	for k, c := range columns {
		kept[k] = &column{}
		f.columns[c] = kept[k]
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := f.Rows + 2
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				line = bad.Line
			}
			return nil, wrong(line, "the row cannot be read (%v)", err)
		}
		for k, c := range columns {
			kept[k].add(strings.TrimSpace(row[at[c]]))
		}
		f.Rows++
	}
	f.Digest = hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

// missing reports whether a cell says that nothing is known.
func missing(cell string) bool {
	switch cell {
	case "", "NA", "N/A", "NULL", "null", ".", "NaN", "nan", "NAN":
		return true
	}
	return false
}

// numbers reads a column as numbers; NaN where nothing is known.
func (f *Frame) numbers(name string) ([]float64, error) {
	all, wrong := f.columns[name].numbers()
	out := make([]float64, f.Rows)
	for i := range out {
		at := f.row(i)
		out[i] = all[at]
		if wrong >= 0 && math.IsNaN(out[i]) && !f.missing(name, i) {
			return nil, fault.New(fault.Invalid, "%s, line %d, %s: %q is not a number. Write a number, or leave the cell empty.", f.File, f.line(i), name, f.cell(name, i))
		}
	}
	return out, nil
}

// codes numbers the values of a column in the order in which they come; −1 where nothing is
// known.
func (f *Frame) codes(name string) (codes []int32, values []string) {
	at := map[string]int32{}
	codes = make([]int32, f.Rows)
	for i := range codes {
		cell := f.bytes(name, i)
		if missing(string(cell)) {
			codes[i] = -1
			continue
		}
		k, ok := at[string(cell)]
		if !ok {
			k = int32(len(values))
			at[string(cell)] = k
			values = append(values, string(cell))
		}
		codes[i] = k
	}
	return codes, values
}

// numeric reports whether all that is known of a column are numbers.
func (f *Frame) numeric(name string) bool {
	_, wrong := f.columns[name].numbers()
	if wrong < 0 || f.rows == nil {
		return wrong < 0
	}
	_, err := f.numbers(name)
	return err == nil
}

// twice returns two rows with the same text in a column, and whether there are such.
func (f *Frame) twice(name string) (first, second int, found bool) {
	seed := maphash.MakeSeed()
	size := 1
	for size < 2*f.Rows {
		size *= 2
	}
	slots := make([]int32, size) // row + 1
	for i := range f.Rows {
		cell := f.bytes(name, i)
		for at := int(maphash.Bytes(seed, cell)) & (size - 1); ; at = (at + 1) & (size - 1) {
			if slots[at] == 0 {
				slots[at] = int32(i + 1)
				break
			}
			if other := int(slots[at] - 1); string(f.bytes(name, other)) == string(cell) {
				return other, i, true
			}
		}
	}
	return 0, 0, false
}

// keep makes a frame of some rows.
func (f *Frame) keep(rows []int32) *Frame {
	g := *f
	g.Rows, g.rows = len(rows), rows
	if f.rows != nil {
		g.rows = make([]int32, len(rows))
		for k, i := range rows {
			g.rows[k] = f.rows[i]
		}
	}
	return &g
}

// Columns are those that a declaration reads.
func (s *Spec) Columns() []string {
	all := []string{s.Student, s.Treatment, s.School, s.Class, s.Block, s.Received, s.Dose, s.Stayed, s.Baseline, s.Placebo}
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
