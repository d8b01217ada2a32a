package oneroster

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/csv"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// WriteOptions say what package a [Writer] writes.
type WriteOptions struct {
	Version      string // "1.2", or empty for the same
	SourceSystem string
	SourceCode   string
	// Metadata names the keys of [roster.Demographics].Extra that become
	// metadata columns of demographics.csv.
	Metadata []string
}

// Writer writes a bulk package. All records of one kind must follow each other,
// and the kinds must come in the order of the methods: orgs, terms, courses,
// classes, users, roles, enrollments, demographics, profiles, categories, line
// items, results. Nothing is kept but the school of each class and, compressed,
// the learning objectives of the kind being written. The same calls write the
// same bytes.
//
// Each record is checked as [Package.Each] checks it, except that what it refers
// to exists; the error then is a [fault.Problem] and the record is not written.
// Line breaks within a text become spaces, as OneRoster allows none, and spaces
// around it are lost; else texts are written as they are.
type Writer struct {
	zip     *zip.Writer
	opt     WriteOptions
	modes   map[string]Mode
	place   int // of the file being written among the edition's, or -1
	file    *rows
	aside   map[string]*packed // files that are written beside another
	schools map[roster.ClassID]roster.OrgID
	rec     record
	closed  bool
}

// rows writes the lines of one file.
type rows struct {
	*csv.Writer
	n     int
	cells []string
}

// packed is a file that is compressed in memory, since a zip archive takes one
// file at a time.
type packed struct {
	rows
	buf  bytes.Buffer
	zip  *flate.Writer
	size uint64
	crc  uint32
}

func (p *packed) Write(b []byte) (int, error) {
	p.crc = crc32.Update(p.crc, crc32.IEEETable, b)
	p.size += uint64(len(b))
	return p.zip.Write(b)
}

// NewWriter returns a writer of a package to w. Close completes the package; it
// does not close w.
func NewWriter(w io.Writer, opt WriteOptions) *Writer {
	opt.Metadata = slices.Clone(opt.Metadata)
	slices.Sort(opt.Metadata)
	opt.Metadata = slices.Compact(opt.Metadata)
	return &Writer{
		zip: zip.NewWriter(w), opt: opt, place: -1, modes: make(map[string]Mode),
		aside: make(map[string]*packed), schools: make(map[roster.ClassID]roster.OrgID),
	}
}

func fileHeader(name string) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// begin makes name the file being written and returns its table.
func (w *Writer) begin(name string) (*table, error) {
	if w.closed {
		return nil, fault.New(fault.Internal, "%s.csv written after Close", name)
	}
	if w.opt.Version != "" && w.opt.Version != edition12.version {
		return nil, fault.New(fault.Internal, "OneRoster %s cannot be written", w.opt.Version)
	}
	place := slices.IndexFunc(edition12.tables, func(t *table) bool { return t.name == name })
	t := edition12.tables[place]
	switch {
	case place == w.place:
		return t, nil
	case place < w.place:
		return nil, fault.New(fault.Internal, "%s.csv must be written before %s", name, edition12.tables[w.place].file())
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	out, err := w.zip.CreateHeader(fileHeader(t.file()))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", t.file(), err)
	}
	w.place, w.file = place, &rows{Writer: csv.NewWriter(out)}
	w.modes[name] = Bulk
	header := names(t)
	if name == "demographics" {
		for _, key := range w.opt.Metadata {
			header = append(header, metadataPrefix+key)
		}
	}
	return t, w.file.Write(header)
}

// end completes the file being written and those beside it.
func (w *Writer) end() error {
	if w.file != nil {
		w.file.Flush()
		if err := w.file.Error(); err != nil {
			return fmt.Errorf("write package: %w", err)
		}
		w.file = nil
	}
	for _, t := range edition12.tables {
		p := w.aside[t.name]
		if p == nil {
			continue
		}
		delete(w.aside, t.name)
		p.Flush()
		if err := p.zip.Close(); err != nil {
			return fmt.Errorf("write %s: %w", t.file(), err)
		}
		h := fileHeader(t.file())
		h.CRC32, h.UncompressedSize64, h.CompressedSize64 = p.crc, p.size, uint64(p.buf.Len())
		out, err := w.zip.CreateRaw(h)
		if err == nil {
			_, err = p.buf.WriteTo(out)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", t.file(), err)
		}
	}
	return nil
}

// besides returns the writer of a file that is written beside another.
func (w *Writer) besides(name string) (*table, *packed, error) {
	t := edition12.table(name)
	p := w.aside[name]
	if p == nil {
		p = &packed{}
		p.zip, _ = flate.NewWriter(&p.buf, flate.DefaultCompression)
		p.rows.Writer = csv.NewWriter(p)
		w.aside[name] = p
		w.modes[name] = Bulk
		if err := p.rows.Writer.Write(names(t)); err != nil {
			return nil, nil, err
		}
	}
	return t, p, nil
}

// start prepares a record of t with its id.
func (w *Writer) start(t *table, id string) *record {
	w.rec.reset(t, 0)
	w.rec.cells[0] = id
	return &w.rec
}

func (r *record) set(column, v string) { r.cells[r.t.index[column]] = v }

// setList joins items. It is a problem if they could not be told apart again.
func (r *record) setList(column string, items []string) {
	s := strings.Join(items, ",")
	r.set(column, s)
	if len(items) == 0 {
		return
	}
	if back, ok := split(s, true); !ok || !slices.Equal(back, items) {
		r.problem(column, "row.invalid_list", s, "An item of the list has a comma, or is empty.", "Write items without commas.")
	}
}

// put checks the record and writes it with more cells after it.
func (w *Writer) put(out *rows, more ...string) error {
	r := &w.rec
	r.line = out.n + 2
	listed := len(r.bad) > 0
	for i, v := range r.cells {
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			r.problem(r.t.columns[i].name, "csv.encoding", "", "The text is not UTF-8.", "Write UTF-8 text.")
			listed = true
		}
		r.cells[i] = strings.TrimSpace(oneLine(v))
	}
	if !listed {
		ru := rules{t: r.t, mode: Bulk, strict: true}
		ru.checkCells(r)
		r.bad = append(r.bad, ru.soft(r)...)
	}
	if len(r.bad) > 0 {
		r.bad[0].Line = r.line
		return r.bad[0]
	}
	out.cells = append(append(out.cells[:0], r.cells...), more...)
	if err := out.Write(out.cells); err != nil {
		return fmt.Errorf("write %s: %w", r.t.file(), err)
	}
	out.n++
	return nil
}

func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == '\r' || c == '\n' }), " ")
}

// Close writes the manifest and completes the package.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	if err := w.end(); err != nil {
		return err
	}
	w.closed = true
	out, err := w.zip.CreateHeader(fileHeader(manifestFile))
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	lines := [][]string{
		{"propertyName", "value"},
		{"manifest.version", "1.0"},
		{"oneroster.version", edition12.version},
	}
	var tables []string
	for _, t := range edition12.tables {
		tables = append(tables, t.name)
	}
	slices.Sort(tables)
	for _, name := range tables {
		mode := w.modes[name]
		if mode == "" {
			mode = Absent
		}
		lines = append(lines, []string{"file." + name, string(mode)})
	}
	if w.opt.SourceSystem != "" {
		lines = append(lines, []string{"source.systemName", oneLine(w.opt.SourceSystem)})
	}
	if w.opt.SourceCode != "" {
		lines = append(lines, []string{"source.systemCode", oneLine(w.opt.SourceCode)})
	}
	if err := csv.NewWriter(out).WriteAll(lines); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := w.zip.Close(); err != nil {
		return fmt.Errorf("write package: %w", err)
	}
	return nil
}
