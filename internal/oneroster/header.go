package oneroster

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/tabular"
)

const metadataPrefix = "metadata."

// layout says where in a file the columns stand.
type layout struct {
	at       []int // place in the file of each column of the table, or -1
	metadata []metadata
}

type metadata struct {
	name string // without the prefix
	at   int
}

// opened is a file that is being read.
type opened struct {
	*tabular.Reader
	entry *entry
	file  string
}

func (o *opened) close() { o.entry.Close() }

// read returns the next row, io.EOF, or a problem.
func (o *opened) read() (tabular.Row, error) {
	row, err := o.Read()
	if err == nil || err == io.EOF {
		return row, err
	}
	p := asProblem(firstError(o.entry.err, err), o.file)
	if p.Code == "csv.cells" {
		p.Code = "table.row_width_mismatch"
	}
	return row, p
}

func (p *Package) open(t *table) (*opened, error) {
	e, err := p.archive.open(p.entries[t.name])
	if err != nil {
		return nil, asProblem(err, t.file())
	}
	opt := tabular.Options{Comma: ',', MaxCell: p.archive.lim.Cell, MaxColumns: p.archive.lim.Columns}
	if p.edition.strict {
		opt.Encoding = "utf-8"
	}
	r, err := tabular.NewReader(e, t.file(), opt)
	if err != nil {
		e.Close()
		q := asProblem(firstError(e.err, err), t.file())
		if q.Code == "file.empty" {
			q.Code = "table.missing_header"
		}
		return nil, q
	}
	return &opened{Reader: r, entry: e, file: t.file()}, nil
}

// readHeader settles the layout of a file.
func (p *Package) readHeader(t *table) Problems {
	o, err := p.open(t)
	if err != nil {
		return Problems{asProblem(err, t.file())}
	}
	defer o.close()
	var bad Problems
	if p.edition.strict {
		p.layouts[t.name], bad = strictLayout(t, o.Header())
	} else {
		p.layouts[t.name], bad = laxLayout(t, o.Header())
	}
	if len(bad) == 0 {
		return p.noRows(t, o)
	}
	// Columns that do not fit may come from broken quoting, which then is what
	// has to be cured first.
	for {
		_, err := o.read()
		if err == io.EOF {
			return bad
		}
		if err != nil {
			if q := asProblem(err, t.file()); strings.HasPrefix(q.Code, "csv.") || q.Fatal {
				q.Fatal = true
				return Problems{q}
			}
		}
	}
}

// noRows refuses a file that has no rows. OneRoster 1.2 allows none; of 1.1, a
// bulk file without rows would end every record of its kind, which is more
// likely a torn export, so that only files of lesser weight may be empty.
func (p *Package) noRows(t *table, o *opened) Problems {
	if _, err := o.read(); err != io.EOF {
		return nil
	}
	weighty := p.Modes[t.name] == Bulk && slices.Contains(
		[]string{"orgs", "academicSessions", "courses", "classes", "users", "enrollments"}, t.name)
	if !p.edition.strict && !weighty {
		return nil
	}
	return Problems{{Code: "table.missing_data_rows", File: t.file(), Fatal: true,
		Message: "The file has no rows below its column names.",
		Cure:    "If there is nothing to send, leave the file out and write file." + t.name + ",absent in manifest.csv; else export again."}}
}

func inHeader(t *table, code, field, value, message, cure string) fault.Problem {
	return fault.Problem{Code: code, File: t.file(), Line: 1, Field: clip(field), Value: clip(value),
		Message: message, Cure: cure, Fatal: true}
}

// repeated returns problems for names that tabular had to make unique.
func repeated(t *table, header []string, matters func(string) bool) (bad Problems) {
	for i, h := range header {
		if h == "c"+strconv.Itoa(i+1) && matters("") {
			bad = append(bad, inHeader(t, "table.empty_header_name", "", "", "Column "+strconv.Itoa(i+1)+" has no name.",
				"Name the column or leave it out."))
		}
		if base, n, ok := strings.Cut(h, "#"); ok && slices.Contains(header[:i], base) && matters(base) {
			if k, err := strconv.Atoi(n); err == nil && k > 1 {
				bad = append(bad, inHeader(t, "table.duplicate_header", base, "", "The column is there twice.", "Keep one of the two columns."))
			}
		}
	}
	return bad
}

// strictLayout wants the columns of the specification in its order, and after
// them any number of metadata columns.
func strictLayout(t *table, header []string) (*layout, Problems) {
	if bad := repeated(t, header, func(string) bool { return true }); len(bad) > 0 {
		return nil, bad
	}
	var bad Problems
	l := &layout{}
	var plain []string // without metadata columns
	first := true
	for i, h := range header {
		name, ok := strings.CutPrefix(h, metadataPrefix)
		if ok && name != "" {
			l.metadata = append(l.metadata, metadata{name, i})
			if i < len(t.columns) && first {
				first = false
				bad = append(bad, inHeader(t, "schema.metadata_column_position", h, "",
					"A metadata column stands before a column of the specification.", "Move all metadata columns to the end."))
			}
			continue
		}
		plain = append(plain, h)
		if _, known := t.index[h]; !known {
			bad = append(bad, inHeader(t, "schema.invalid_metadata_header", h, "", "OneRoster 1.2 knows no such column here.",
				"Leave it out, correct its name (upper and lower case matter), or call it "+metadataPrefix+h+" and move it to the end."))
		}
	}
	for i, c := range t.columns {
		l.at = append(l.at, i)
		if i < len(plain) && plain[i] != c.name {
			bad = append(bad, inHeader(t, "schema.header_order_mismatch", c.name, plain[i],
				"Column "+strconv.Itoa(i+1)+" must be "+c.name+".",
				"Put the columns in this order: "+strings.Join(names(t), ", ")+"."))
			break
		}
	}
	for _, c := range t.columns {
		if !slices.Contains(plain, c.name) {
			bad = append(bad, inHeader(t, "schema.missing_header", c.name, "", "The column is missing.",
				"Add it in its place; where it is not required its cells may be empty."))
		}
	}
	return l, bad
}

func names(t *table) []string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = c.name
	}
	return list
}

// laxLayout finds the columns wherever they stand. Only those without which no
// record can be read must be there.
func laxLayout(t *table, header []string) (*layout, Problems) {
	l := &layout{}
	find := func(name string) int {
		if i := slices.Index(header, name); i >= 0 {
			return i
		}
		return slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(h, name) })
	}
	bad := repeated(t, header, func(base string) bool { _, known := t.index[base]; return known })
	for _, c := range t.columns {
		at := -1
		if c.alias != "" {
			at = find(c.alias)
		}
		if at < 0 {
			at = find(c.name)
		}
		l.at = append(l.at, at)
		if at < 0 && c.required {
			bad = append(bad, inHeader(t, "schema.missing_header", c.name, "", "The column is missing and cannot be done without.",
				"Tick this field in the export, or ask the vendor for OneRoster 1.1."))
		}
	}
	for i, h := range header {
		if len(h) > len(metadataPrefix) && strings.EqualFold(h[:len(metadataPrefix)], metadataPrefix) {
			l.metadata = append(l.metadata, metadata{h[len(metadataPrefix):], i})
		}
	}
	return l, bad
}
