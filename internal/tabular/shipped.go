package tabular

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"waymark/internal/fault"
)

//go:embed mappings/*.yaml
var shippedFiles embed.FS

// Shipped returns the mappings that come with the product, by file name.
func Shipped() ([]Mapping, error) {
	entries, err := shippedFiles.ReadDir("mappings")
	if err != nil {
		return nil, err
	}
	var out []Mapping
	for _, e := range entries {
		data, err := shippedFiles.ReadFile("mappings/" + e.Name())
		if err != nil {
			return nil, err
		}
		m, err := ParseMapping(e.Name(), data)
		if err != nil {
			return nil, fmt.Errorf("shipped mapping: %w", err)
		}
		out = append(out, m)
	}
	return out, nil
}

// Recognize returns the mapping made for files with this header: of those whose
// match columns and other needed columns are all there, the one with the most
// match columns; of equals the higher version, then the first by name.
func Recognize(header []string, in []Mapping) (best Mapping, ok bool) {
	have := make(map[string]bool, len(header))
	for _, h := range header {
		have[fold(h)] = true
	}
	for _, m := range in {
		if len(m.Match) == 0 || slices.ContainsFunc(m.Match, func(c string) bool { return !have[fold(c)] }) {
			continue
		}
		if (!ok || better(m, best)) && m.fits(header) {
			best, ok = m, true
		}
	}
	return best, ok
}

// fits reports whether a header has the columns that the mapping needs.
func (m Mapping) fits(header []string) bool {
	_, err := m.bind(&Reader{header: header}, "")
	return err == nil
}

func better(a, b Mapping) bool {
	switch {
	case len(a.Match) != len(b.Match):
		return len(a.Match) > len(b.Match)
	case a.Version != b.Version:
		return a.Version > b.Version
	}
	return strings.Compare(a.Name, b.Name) < 0
}

// Preview returns a file's column names and its first n usable rows, and what
// was found out about how it is written.
func Preview(r io.Reader, name string, opt Options, n int) (header []string, rows [][]string, guessed Options, err error) {
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return nil, nil, opt, err
	}
	for len(rows) < n {
		row, err := reader.Read()
		if err == io.EOF {
			break
		}
		if p, ok := errors.AsType[fault.Problem](err); ok && !p.Fatal {
			continue
		}
		if err != nil {
			return nil, nil, opt, err
		}
		cells := make([]string, row.Len())
		for i := range cells {
			cells[i] = row.At(i)
		}
		rows = append(rows, cells)
	}
	guessed = reader.Format()
	guessed.HeaderRow, guessed.HeaderRows, guessed.NoHeader = opt.HeaderRow, opt.HeaderRows, opt.NoHeader
	if opt.Encoding != "" {
		guessed.Encoding = opt.Encoding
	}
	return reader.Header(), rows, guessed, nil
}

// RecognizeMatrix returns the mapping for a matrix of item responses, which has no
// header to know it by: a column for each item, a row for each student, every cell
// right (1), wrong (0) or without an answer.
func RecognizeMatrix(header []string, rows [][]string, in []Mapping) (Mapping, bool) {
	scored := func(cells []string) bool {
		return !slices.ContainsFunc(cells, func(c string) bool { return !slices.Contains([]string{"0", "1", "", "NA"}, c) })
	}
	if len(header) < 3 || len(rows) < 2 || slices.ContainsFunc(rows, func(r []string) bool { return !scored(r) }) {
		return Mapping{}, false
	}
	names := make([]string, len(header))
	for i, h := range header {
		names[i], _, _ = strings.Cut(h, "#") // repeated names are numbered
	}
	for _, m := range in {
		if m.Format.NoHeader == scored(names) && len(m.Match) == 0 && slices.ContainsFunc(m.Observations, func(o Observation) bool { return o.Wide != nil }) {
			return m, true
		}
	}
	return Mapping{}, false
}
