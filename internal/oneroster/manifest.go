package oneroster

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/tabular"
)

// Mode says what a file of a package holds.
type Mode string

const (
	Absent Mode = "absent"
	Bulk   Mode = "bulk"  // all records; what is missing is gone
	Delta  Mode = "delta" // what changed
)

const manifestFile = "manifest.csv"

// manifest is what manifest.csv says.
type manifest struct {
	edition      *edition
	system, code string
	modes        map[string]Mode // by table name
	said         map[string]bool // tables that it names at all
}

type property struct {
	value string
	line  int
}

// readManifest reads manifest.csv. In 1.1 it forgives what real systems do:
// other letter case, other properties, files that are not named.
func readManifest(a *archive, name string) (*manifest, Problems) {
	var bad Problems
	at := func(line int, code, value, message, cure string) {
		bad = append(bad, fault.Problem{Code: code, File: manifestFile, Line: line, Value: clip(value),
			Message: message, Cure: cure, Fatal: true})
	}
	e, err := a.open(name)
	if err != nil {
		return nil, Problems{asProblem(err, manifestFile)}
	}
	defer e.Close()
	r, err := tabular.NewReader(e, manifestFile, tabular.Options{Comma: ',', MaxCell: 4096, MaxColumns: 64})
	if err != nil {
		p := asProblem(firstError(e.err, err), manifestFile)
		if p.Code == "file.empty" {
			p.Code = "manifest.missing_header"
		}
		return nil, Problems{p}
	}
	header := r.Header()
	exact := slices.Equal(header, []string{"propertyName", "value"})
	folded := len(header) >= 2 && strings.EqualFold(header[0], "propertyName") && strings.EqualFold(header[1], "value")
	props := make(map[string]property)
	var order []string
	for len(order) < 1000 {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			p := asProblem(firstError(e.err, err), manifestFile)
			if p.Code == "csv.cells" {
				p.Code = "manifest.row_width_mismatch"
			}
			ended := p.Fatal
			p.Fatal = true
			bad = append(bad, p)
			if ended || len(bad) > 20 {
				return nil, bad
			}
			continue
		}
		key := row.At(0)
		if _, ok := props[key]; ok {
			at(row.Line, "manifest.duplicate_property", key, "The property is there twice.", "Keep one of the two lines.")
			continue
		}
		props[key] = property{row.At(1), row.Line}
		order = append(order, key)
	}

	m := &manifest{modes: make(map[string]Mode), said: make(map[string]bool)}
	version, ok := props["oneroster.version"]
	switch v := strings.TrimPrefix(strings.ToLower(version.value), "v"); {
	case version.value == "1.2":
		m.edition = edition12
	case v == "1.1" || strings.HasPrefix(v, "1.1."):
		m.edition = edition11
	}
	if !exact && (!folded || m.edition == edition12 || m.edition == nil) {
		at(1, "manifest.invalid_header", strings.Join(header, ","), "The first line must be propertyName,value.",
			"Write the first line exactly as propertyName,value.")
		return nil, bad
	}
	if m.edition == nil {
		if !ok {
			at(0, "manifest.missing_property", "", "The property oneroster.version is missing.",
				"Add the line oneroster.version,1.2 (or 1.1).")
		} else {
			at(version.line, "manifest.invalid_oneroster_version", version.value, "This version of OneRoster cannot be read.",
				"Export OneRoster 1.1 or 1.2; the property oneroster.version must say so.")
		}
		return nil, bad
	}
	m.system, m.code = props["source.systemName"].value, props["source.systemCode"].value
	if m.edition.strict {
		if v, ok := props["manifest.version"]; !ok {
			at(0, "manifest.missing_property", "", "The property manifest.version is missing.", "Add the line manifest.version,1.0.")
		} else if v.value != "1.0" {
			at(v.line, "manifest.invalid_manifest_version", v.value, "The version of the manifest must be 1.0.", "Write manifest.version,1.0.")
		}
	}
	for _, key := range order {
		p := props[key]
		t, isFile := strings.CutPrefix(key, "file.")
		known := isFile && m.edition.table(t) != nil
		if !known {
			if m.edition.strict && !slices.Contains([]string{
				"manifest.version", "oneroster.version", "source.systemName", "source.systemCode"}, key) {
				at(p.line, "manifest.unknown_property", key, "OneRoster knows no such property.", "Leave the line out.")
			}
			continue
		}
		mode := Mode(p.value)
		if !m.edition.strict {
			mode = Mode(strings.ToLower(p.value))
		}
		if mode != Absent && mode != Bulk && mode != Delta {
			at(p.line, "manifest.invalid_file_mode", p.value, "A file is absent, bulk or delta.",
				fmt.Sprintf("Write %s,bulk or %s,delta if %s.csv is in the package, else %s,absent.", key, key, t, key))
			continue
		}
		m.modes[t], m.said[t] = mode, true
	}
	for _, t := range m.edition.tables {
		if m.said[t.name] {
			continue
		}
		m.modes[t.name] = Absent
		if _, badMode := props["file."+t.name]; m.edition.strict && !badMode {
			at(0, "manifest.missing_property", "file."+t.name, "The manifest does not say whether "+t.file()+" is in the package.",
				"Add the line file."+t.name+",absent (or bulk, or delta).")
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return m, nil
}

// firstError returns the first error that is not nil: what the archive found
// wrong comes before what the table made of it.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// asProblem returns err as a problem of the file.
func asProblem(err error, file string) fault.Problem {
	if p, ok := errors.AsType[fault.Problem](err); ok {
		p.File = file
		return p
	}
	return damaged(file, err)
}
