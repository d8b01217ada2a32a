package tabular

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"waymark/internal/fault"
)

// columnTable says where the columns of a list stand, by what they mean.
type columnTable map[string]int

// columnsOf finds the columns of a list by the names that people give them.
func columnsOf(header []string, known map[string][]string) columnTable {
	t := columnTable{}
	for key, names := range known {
		best := len(names)
		for i, h := range header {
			// The first of the known names wins, whatever the order of columns.
			if k := slices.Index(names, bare(h)); k >= 0 && k < best {
				best, t[key] = k, i
			}
		}
	}
	return t
}

func (t columnTable) get(row Row, key string) string {
	if i, ok := t[key]; ok {
		return row.At(i)
	}
	return ""
}

// repeated says what is wrong with a row whose id stands in a line (%d) before, and the cure.
type repeated struct{ message, cure string }

// readList reads a list with an id in each row, which no two may share. parse makes a record
// of a row, or says what is wrong by the meaning of a column; id returns a record's id. each
// gets what can be used, with its line; problem what cannot. The error is what the reader or
// each returned.
func readList[T any](reader *Reader, name string, columns columnTable, parse func(Row) (T, *fault.Problem), id func(T) string, again repeated,
	each func(line int, v T) error, problem func(fault.Problem)) error {
	lines := map[string]int{}
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return nil
		}
		if p, ok := errors.AsType[fault.Problem](err); ok && !p.Fatal {
			problem(p)
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		v, bad := parse(row)
		if bad == nil && lines[id(v)] > 0 {
			bad = &fault.Problem{Code: "row.duplicate", Field: "id", Value: id(v), Message: fmt.Sprintf(again.message, lines[id(v)]), Cure: again.cure}
		}
		if bad != nil {
			bad.File, bad.Line = name, row.Line
			if i, ok := columns[bad.Field]; ok {
				bad.Field = reader.Header()[i]
			}
			problem(*bad)
			continue
		}
		lines[id(v)] = row.Line
		if err := each(row.Line, v); err != nil {
			return err
		}
	}
}
