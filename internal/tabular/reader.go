// Package tabular reads what schools export as tables: CSV and TSV files of any
// common encoding and delimiter, the list of materials, and files of results
// through declared mappings. It reads row by row in constant memory and says for
// each row that it cannot use where it is, why, and how to cure it.
//
// It knows neither who a student is nor what a competency code stands for, and
// it stores nothing: callers resolve what it reads.
package tabular

import (
	"fmt"
	"io"
	"strings"

	"waymark/internal/fault"
)

// Limits that hold unless [Options] says otherwise.
const (
	DefaultMaxCell    = 1 << 20 // bytes
	DefaultMaxColumns = 4096
)

// Options say how a file is written. The zero value detects what it can.
type Options struct {
	// Encoding is "utf-8", "windows-1252" or "utf-16"; empty detects it: by the
	// byte order mark, else UTF-8 where the text is valid, else Windows-1252.
	Encoding string
	// Comma separates cells; 0 detects it among comma, semicolon, tab and bar.
	Comma rune
	// HeaderRow is the line, counted from 1, on which the column names stand; 0
	// is the first. What stands above it is skipped.
	HeaderRow int
	// HeaderRows is how many rows the names span, 0 means 1. Names that stand
	// below each other are joined by a space; an empty cell in an upper row
	// continues the one to its left, as merged cells do.
	HeaderRows int
	MaxCell    int  // longest cell in bytes, 0 for [DefaultMaxCell]
	MaxColumns int  // most columns, 0 for [DefaultMaxColumns]
	NoHeader   bool // the file has no names; columns are called c1, c2, …
	// Ragged lets a row end early where the last cell that it has is empty. It is
	// off by default: a file that was cut off must not pass for a whole one.
	Ragged bool

	spaces bool // keep spaces around cells for vectors of fixed width
}

// Reader reads a table row by row. It is not safe for concurrent use.
type Reader struct {
	in      io.Reader
	name    string
	comma   byte
	quoting bool // a quote inside a bare cell is an error; not so in tab-separated files
	enc     encoding
	maxCell int
	maxCols int
	maxRec  int

	buf   []byte // buf[pos:] has been read from in and not yet used
	pos   int
	line  int // physical line of buf[pos], from 1
	ended bool
	err   error // sticky, from in

	special [256]bool
	out     []byte // the cells of the row, one after the other
	ends    []int
	cells   []string

	header []string
	index  map[string]int
	spaces bool
	ragged bool
	first  bool // NoHeader: cells hold the first row, not yet returned
	firstL int
}

type encoding int

const (
	undecided encoding = iota // only ASCII so far
	utf8Text
	windows1252
)

// Row is one row of a table. It is valid until the next [Reader.Read].
type Row struct {
	Line  int // where the row starts; line breaks within quotes count
	cells []string
	index map[string]int
	// spaces says that cells still have the spaces around them.
	spaces bool
}

// Get returns the trimmed value in the named column, or "" without such a column.
func (w Row) Get(column string) string {
	if i, ok := w.index[column]; ok {
		return w.At(i)
	}
	return ""
}

// At returns the trimmed value of the i-th cell from 0, or "" beyond the last.
func (w Row) At(i int) string {
	if i < 0 || i >= len(w.cells) {
		return ""
	}
	if w.spaces {
		return strings.TrimSpace(w.cells[i])
	}
	return w.cells[i]
}

// untrimmed is At with the spaces around the value, where they were kept.
func (w Row) untrimmed(i int) string {
	if i < 0 || i >= len(w.cells) {
		return ""
	}
	return w.cells[i]
}

// Len returns the number of cells.
func (w Row) Len() int { return len(w.cells) }

// Header returns the trimmed column names. A name that occurs again is followed
// by #2, #3 and so on; a column without a name is called c and its number.
func (r *Reader) Header() []string { return r.header }

// Index returns the place of the named column from 0, or -1.
func (r *Reader) Index(column string) int {
	if i, ok := r.index[column]; ok {
		return i
	}
	return -1
}

// Format returns what the reader found out about the file.
func (r *Reader) Format() Options {
	o := Options{Comma: rune(r.comma), MaxCell: r.maxCell, MaxColumns: r.maxCols, Encoding: "utf-8"}
	if r.enc == windows1252 {
		o.Encoding = "windows-1252"
	}
	return o
}

const window = 64 << 10 // bytes that are looked at to find out encoding and delimiter

// NewReader reads the beginning of a table up to its header. Its error is a
// fatal [fault.Problem] when the file as a whole cannot be used.
func NewReader(in io.Reader, name string, opt Options) (*Reader, error) {
	r := &Reader{
		in: in, name: name, line: 1,
		maxCell: opt.MaxCell, maxCols: opt.MaxColumns, spaces: opt.spaces, ragged: opt.Ragged,
		buf: make([]byte, 0, 2*window),
	}
	if r.maxCell <= 0 {
		r.maxCell = DefaultMaxCell
	}
	if r.maxCols <= 0 {
		r.maxCols = DefaultMaxColumns
	}
	r.maxRec = 4*r.maxCell + window
	for len(r.buf) < window && !r.ended {
		r.fill()
	}
	if r.err != nil {
		return nil, r.fatal("file.unreadable", "The file could not be read to the end ("+r.err.Error()+").",
			"Try again; if it happens again, export the file anew.")
	}
	if err := r.decide(opt); err != nil {
		return nil, err
	}
	if err := r.delimiter(opt); err != nil {
		return nil, err
	}
	if err := r.readHeader(opt); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Reader) fatal(code, message, cure string) error {
	return fault.Problem{Code: code, File: r.name, Message: message, Cure: cure, Fatal: true}
}

// Read returns the next row, or [io.EOF]. After an error that is a
// [fault.Problem] and not fatal, the row it names is left out and Read may go on.
func (r *Reader) Read() (Row, error) {
	if r.first {
		r.first = false
		return Row{Line: r.firstL, cells: r.cells, index: r.index, spaces: r.spaces}, nil
	}
	row, err := r.record()
	if err != nil {
		return Row{}, err
	}
	want := len(r.header)
	for len(row.cells) > want && row.At(len(row.cells)-1) == "" {
		row.cells = row.cells[:len(row.cells)-1]
	}
	for r.ragged && len(row.cells) < want && row.At(len(row.cells)-1) == "" {
		row.cells = append(row.cells, "")
	}
	if len(row.cells) != want {
		return Row{}, fault.Problem{Code: "csv.cells", File: r.name, Line: row.Line,
			Message: fmt.Sprintf("The row has %d cells, the header has %d.", len(row.cells), want),
			Cure:    "Put quotes around a cell that contains the separator or a line break, and keep empty cells."}
	}
	row.index = r.index
	return row, nil
}
