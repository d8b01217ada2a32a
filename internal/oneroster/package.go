// Package oneroster reads and writes OneRoster CSV packages (1EdTech OneRoster
// 1.1 and 1.2, zip archives, bulk and delta) as the records of package roster.
//
// Use [Open] to check a package's shape and [Package.Each] to stream its records;
// [Writer] writes one. Version 1.2 is read as its specification is written;
// version 1.1 as school systems export it, with columns in any order, columns
// left out or added, and words in any letter case. Both are handed over in the
// shape of 1.2: a user's roles follow the users as records of their own.
//
// The package decides whether a record is sound in itself and refers to records
// that exist. It neither stores anything nor knows who a person is, and it never
// looks at passwords or telephone numbers.
package oneroster

import (
	"io"
	"slices"
	"strings"
)

// Package is a OneRoster package whose shape is sound. It is not safe for
// concurrent use, and reads from the r of [Open] until its last Each is done.
type Package struct {
	Version      string // "1.1" or "1.2"
	SourceSystem string // what the exporting system calls itself, or empty
	SourceCode   string
	// Modes says of each file, such as "users", what it holds. It names every
	// file of the version.
	Modes map[string]Mode
	// Ignored are files that OneRoster does not know (1.1 only).
	Ignored []string

	// Known, if set before Each, reports whether earlier imports brought a record
	// of the file, such as "users". It is asked about references that the package
	// itself cannot settle: to a file that is absent or a delta. If it is nil, a
	// reference to an absent file is a problem in a bulk file, and one in a delta
	// file is taken for good.
	Known func(file, id string) bool

	edition *edition
	archive *archive
	entries map[string]string // table name to archive name
	layouts map[string]*layout
}

// Open checks the shape of a package: that the archive is harmless, that the
// manifest agrees with the files, and that their columns are right. Its error
// is [Problems], all of them fatal. name is what problems call the archive.
func Open(r io.ReaderAt, size int64, name string, lim Limits) (*Package, error) {
	a, bad := openArchive(r, size, name, lim.filled())
	if len(bad) > 0 {
		return nil, bad
	}
	entry := manifestFile
	if a.files[entry] == nil {
		for _, n := range a.names {
			if strings.EqualFold(n, entry) {
				entry = n
			}
		}
	}
	if a.files[entry] == nil {
		bad.fatal("package.missing_manifest", name, "The archive holds no manifest.csv.",
			"Export OneRoster 1.1 or 1.2; version 1.0 had no manifest and cannot be read.")
		return nil, bad
	}
	m, bad := readManifest(a, entry)
	if len(bad) > 0 {
		return nil, bad
	}
	if m.edition.strict && entry != manifestFile {
		bad.fatal("package.missing_manifest", name, "The archive holds "+shown(entry)+", but no manifest.csv.", "Rename it to manifest.csv.")
		return nil, bad
	}
	p := &Package{
		Version: m.edition.version, SourceSystem: m.system, SourceCode: m.code, Modes: m.modes,
		edition: m.edition, archive: a,
		entries: make(map[string]string), layouts: make(map[string]*layout),
	}
	if bad := p.match(m, entry); len(bad) > 0 {
		return nil, bad
	}
	for _, t := range p.edition.tables {
		if p.Modes[t.name] != Absent {
			bad = append(bad, p.readHeader(t)...)
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return p, nil
}

// match compares the files that the manifest promises with those that are there.
func (p *Package) match(m *manifest, manifestEntry string) (bad Problems) {
	for _, n := range p.archive.names {
		if n == manifestEntry {
			continue
		}
		base, isCSV := strings.CutSuffix(n, ".csv")
		if !p.edition.strict && len(n) > 4 && strings.EqualFold(n[len(n)-4:], ".csv") {
			base, isCSV = n[:len(n)-4], true
		}
		i := slices.IndexFunc(p.edition.tables, func(t *table) bool {
			return isCSV && (t.name == base || !p.edition.strict && strings.EqualFold(t.name, base))
		})
		switch {
		case i < 0 && p.edition.strict:
			bad.fatal("package.unknown_file", shown(n), "OneRoster knows no file of this name.",
				"Leave it out of the archive, or correct its name; upper and lower case matter.")
		case i < 0:
			p.Ignored = append(p.Ignored, shown(n))
		default:
			p.entries[p.edition.tables[i].name] = n
		}
	}
	for _, t := range p.edition.tables {
		_, here := p.entries[t.name]
		switch mode := p.Modes[t.name]; {
		case mode != Absent && !here:
			bad.fatal("manifest.file_missing", t.file(), "The manifest says "+string(mode)+", but the file is not in the archive.",
				"Add the file, or write file."+t.name+",absent in manifest.csv.")
		case mode == Absent && here && !m.said[t.name]:
			bad.fatal("manifest.missing_property", t.file(), "The file is in the archive, but the manifest does not name it.",
				"Write file."+t.name+",bulk (or delta) in manifest.csv.")
		case mode == Absent && here:
			bad.fatal("manifest.file_unexpected", t.file(), "The file is in the archive, but the manifest says absent.",
				"Write file."+t.name+",bulk (or delta) in manifest.csv, or leave the file out.")
		}
	}
	return bad
}
