package tabular

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/visible"
)

// fill reads more into buf. It moves what is unused to the front first, so that
// buf stays as small as the longest row.
func (r *Reader) fill() {
	if r.pos > 0 {
		n := copy(r.buf, r.buf[r.pos:])
		r.buf, r.pos = r.buf[:n], 0
	}
	if len(r.buf) == cap(r.buf) {
		grown := make([]byte, len(r.buf), 2*cap(r.buf)+window)
		copy(grown, r.buf)
		r.buf = grown
	}
	for range 100 {
		n, err := r.in.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if err != nil {
			r.ended = true
			if err != io.EOF {
				r.err = err
			}
			return
		}
		if n > 0 {
			return
		}
	}
	r.ended, r.err = true, io.ErrNoProgress
}

// bad is a fault found while scanning a row.
type bad struct {
	code, message, cure string
	cell                int // from 0
}

// record returns the next row that is not empty, as it stands in the file.
func (r *Reader) record() (Row, error) {
	for {
		if r.pos == len(r.buf) {
			if r.ended {
				if r.err != nil {
					return Row{}, r.err
				}
				return Row{}, io.EOF
			}
			r.fill()
			continue
		}
		start := r.line
		n, lines, problem, more := r.scan()
		switch {
		case more && !r.ended && len(r.buf)-r.pos <= r.maxRec:
			// Twice as much each time, so that a long row is scanned few times.
			for want := 2 * (len(r.buf) - r.pos); len(r.buf)-r.pos < want && !r.ended; {
				r.fill()
			}
			continue
		case more && r.ended && r.err != nil:
			return Row{}, r.err
		case more && r.ended:
			problem = &bad{code: "csv.unclosed_quote", cell: len(r.ends), message: "A quote is opened and never closed.",
				cure: "Close the quote, or write a quote within a cell twice (\"\")."}
		case more:
			problem = &bad{code: "csv.row_too_long", cell: len(r.ends),
				message: fmt.Sprintf("The row is longer than %d bytes.", r.maxRec),
				cure:    "Check for a quote that is opened and never closed."}
		}
		if problem != nil {
			// A stray quote must not swallow the rows after it: go on with the
			// next line of the file, not after the next quote.
			if err := r.nextLine(); err != nil {
				return Row{}, err
			}
			return Row{}, r.at(start, *problem)
		}
		raw := r.buf[r.pos : r.pos+n]
		r.pos += n
		r.line += lines
		empty, problem := r.finish(raw)
		if problem != nil {
			return Row{}, r.at(start, *problem)
		}
		if empty {
			continue
		}
		return Row{Line: start, cells: r.cells, spaces: r.spaces}, nil
	}
}

func (r *Reader) at(line int, b bad) fault.Problem {
	p := fault.Problem{Code: b.code, File: r.name, Line: line, Message: b.message, Cure: b.cure}
	if b.cell >= 0 && b.cell < len(r.header) {
		p.Field = r.header[b.cell]
	}
	return p
}

// nextLine moves to the line after the one at pos, without keeping it.
func (r *Reader) nextLine() error {
	for {
		if i, ok := lineEnd(r.buf, r.pos, r.ended); ok || r.ended {
			r.pos = i
			r.line++
			return nil
		}
		if len(r.buf) > 0 && r.buf[len(r.buf)-1] == '\r' {
			r.pos = len(r.buf) - 1
		} else {
			r.pos = len(r.buf)
		}
		r.fill()
		if r.err != nil {
			return r.err
		}
	}
}

// scan splits the row at pos into out and ends. It returns the bytes and lines
// that the row takes; more is true if the row does not end within buf.
func (r *Reader) scan() (n, lines int, problem *bad, more bool) {
	b := r.buf[r.pos:]
	out, ends := r.out[:0], r.ends[:0]
	defer func() { r.out, r.ends = out, ends }()
	i := 0
	for {
		// One cell begins at i. Spaces before an opening quote do not count.
		cellStart := i
		q := i
		for q < len(b) && (b[q] == ' ' || b[q] == '\t' && r.comma != '\t') {
			q++
		}
		from := len(out)
		if q < len(b) && b[q] == '"' {
			i = q + 1
			for {
				k := bytes.IndexByte(b[i:], '"')
				if k < 0 {
					return 0, 0, nil, true
				}
				out = append(out, b[i:i+k]...)
				i += k + 1
				if i < len(b) && b[i] == '"' {
					out = append(out, '"')
					i++
					continue
				}
				break
			}
			if i == len(b) && !r.ended {
				return 0, 0, nil, true // a second quote may follow
			}
			if k := bytes.IndexAny(out[from:], "\r\n"); k >= 0 {
				breaks := 0
				out, breaks = unifyBreaks(out, from)
				lines += breaks
			}
			for i < len(b) && (b[i] == ' ' || b[i] == '\t' && r.comma != '\t') {
				i++
			}
			if i < len(b) && b[i] != r.comma && b[i] != '\r' && b[i] != '\n' {
				return 0, 0, &bad{code: "csv.unescaped_quote", cell: len(ends),
					message: "After the closing quote the cell goes on.",
					cure:    "Write a quote within a cell twice (\"\"), or close the quote at the end of the cell."}, false
			}
		} else {
			for {
				for i < len(b) && !r.special[b[i]] {
					i++
				}
				if i < len(b) && b[i] == '"' {
					if r.quoting {
						return 0, 0, &bad{code: "csv.unescaped_quote", cell: len(ends),
							message: "A quote stands within a cell that is not quoted.",
							cure:    "Put the whole cell in quotes and write the quote within twice (\"\")."}, false
					}
					i++
					continue
				}
				if i < len(b) && b[i] == 0 {
					return 0, 0, &bad{code: "csv.nul", cell: len(ends),
						message: "The cell holds a byte that no text has.", cure: "Export the file anew as “CSV UTF-8”."}, false
				}
				break
			}
			if i == len(b) && !r.ended {
				return 0, 0, nil, true
			}
			end := i
			if r.spaces {
				q = cellStart
			}
			for !r.spaces && end > q && (b[end-1] == ' ' || b[end-1] == '\t') {
				end--
			}
			out = append(out, b[min(q, end):end]...)
		}
		if len(out)-from > r.maxCell {
			return 0, 0, &bad{code: "csv.cell_too_long", cell: len(ends),
				message: fmt.Sprintf("The cell is longer than %d bytes.", r.maxCell), cure: "Shorten it, or check for a missing quote."}, false
		}
		ends = append(ends, len(out))
		if len(ends) > r.maxCols {
			return 0, 0, &bad{code: "csv.columns", cell: -1,
				message: fmt.Sprintf("The row has more than %d cells.", r.maxCols), cure: "Leave out columns that are not needed."}, false
		}
		switch {
		case i == len(b):
			return i, lines + 1, nil, false
		case b[i] == r.comma:
			i++
			continue
		case b[i] == '\n':
			return i + 1, lines + 1, nil, false
		case i+1 == len(b):
			if !r.ended {
				return 0, 0, nil, true // LF may follow CR
			}
			return i + 1, lines + 1, nil, false
		case b[i+1] == '\n':
			return i + 2, lines + 1, nil, false
		default: // an old Mac's CR
			return i + 1, lines + 1, nil, false
		}
	}
}

// unifyBreaks turns CRLF and CR in out[from:] into LF and counts the breaks.
func unifyBreaks(out []byte, from int) ([]byte, int) {
	n, w := 0, from
	for i := from; i < len(out); i++ {
		c := out[i]
		if c == '\r' {
			if i+1 < len(out) && out[i+1] == '\n' {
				i++
			}
			c = '\n'
		}
		if c == '\n' {
			n++
		}
		out[w] = c
		w++
	}
	return out[:w], n
}

// finish makes the scanned row's cells text.
func (r *Reader) finish(raw []byte) (empty bool, problem *bad) {
	if len(r.out) == 0 {
		return true, nil
	}
	ascii := true
	for _, c := range r.out {
		if c >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if !ascii {
		if r.enc == undecided {
			r.enc = guess(append(raw[:len(raw):len(raw)], r.buf[r.pos:]...))
		}
		switch {
		case r.enc == windows1252:
			r.from1252()
		case !utf8.Valid(r.out):
			return false, &bad{code: "csv.encoding", cell: r.badCell(),
				message: "The cell holds bytes that are not UTF-8 text.",
				cure:    "Save the file as “CSV UTF-8”, or say that it is Windows-1252."}
		}
	}
	if bytes.IndexByte(r.out, 0) >= 0 {
		return false, &bad{code: "csv.nul", cell: -1,
			message: "A cell holds a byte that no text has.", cure: "Export the file anew as “CSV UTF-8”."}
	}
	s := string(r.out)
	cells := r.cells[:0]
	from := 0
	for _, end := range r.ends {
		c := visible.Text(s[from:end])
		if !r.spaces && len(c) > 0 && (c[0] <= ' ' || c[len(c)-1] <= ' ' || !ascii) {
			c = strings.TrimSpace(c)
		}
		cells = append(cells, c)
		from = end
	}
	r.cells = cells
	for _, c := range cells {
		if c != "" && (!r.spaces || strings.TrimSpace(c) != "") {
			return false, nil
		}
	}
	return true, nil
}

func (r *Reader) badCell() int {
	from := 0
	for i, end := range r.ends {
		if !utf8.Valid(r.out[from:end]) {
			return i
		}
		from = end
	}
	return -1
}

func (r *Reader) from1252() {
	text := make([]byte, 0, len(r.out)+len(r.out)/4)
	from := 0
	for i, end := range r.ends {
		for _, c := range r.out[from:end] {
			if c < utf8.RuneSelf {
				text = append(text, c)
			} else {
				text = utf8.AppendRune(text, decode1252[c])
			}
		}
		from, r.ends[i] = end, len(text)
	}
	r.out = text
}
