package tabular

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"waymark/internal/fault"
)

func (r *Reader) readHeader(opt Options) error {
	var rows [][]string
	want := max(opt.HeaderRows, 1)
	if opt.NoHeader {
		want = 1
	}
	for len(rows) < want {
		row, err := r.record()
		if err == io.EOF {
			break
		}
		if p, ok := errors.AsType[fault.Problem](err); ok {
			if p.Line < opt.HeaderRow && !p.Fatal {
				continue
			}
			p.Fatal = true
			p.Message = "The row of column names cannot be read. " + p.Message
			return p
		}
		if err != nil {
			return r.fatal("file.unreadable", "The file could not be read to the end ("+err.Error()+").",
				"Try again; if it happens again, export the file anew.")
		}
		if row.Line < opt.HeaderRow {
			continue
		}
		names := make([]string, row.Len())
		for i := range names {
			names[i] = row.At(i)
		}
		rows = append(rows, names)
		r.firstL = row.Line
	}
	if len(rows) < want {
		if opt.HeaderRow > 1 || want > 1 {
			return r.fatal("file.no_header", fmt.Sprintf("The file ends before the column names in line %d.", max(opt.HeaderRow, 1)),
				"Check the number of the header row.")
		}
		return r.fatal("file.empty", "The file is empty.", "Export it again and check that it has a row of column names.")
	}
	names := rows[len(rows)-1]
	if opt.NoHeader {
		r.first = true
		names = make([]string, len(names))
	} else {
		names = joinHeaders(rows)
		for len(names) > 1 && names[len(names)-1] == "" {
			names = names[:len(names)-1] // separators after the last name
		}
	}
	r.header, r.index = uniqueNames(names)
	return nil
}

func joinHeaders(rows [][]string) []string {
	last := rows[len(rows)-1]
	names := append([]string(nil), last...)
	for k := len(rows) - 2; k >= 0; k-- {
		upper := ""
		for i := range names {
			if i < len(rows[k]) && rows[k][i] != "" {
				upper = rows[k][i]
			}
			names[i] = strings.TrimSpace(upper + " " + names[i])
		}
	}
	return names
}

func uniqueNames(names []string) ([]string, map[string]int) {
	index := make(map[string]int, len(names))
	out := make([]string, len(names))
	seen := make(map[string]int, len(names))
	for i, n := range names {
		if n == "" {
			n = "c" + strconv.Itoa(i+1)
		}
		name := n
		for {
			seen[n]++
			if k := seen[n]; k > 1 {
				name = n + "#" + strconv.Itoa(k)
			}
			if _, taken := index[name]; !taken {
				break
			}
		}
		out[i], index[name] = name, i
	}
	return out, index
}
