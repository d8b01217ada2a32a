// Package demo makes the demo district: Cedar Valley Public Schools, which does not
// exist. It writes files as a district's systems export them, to be loaded through the
// same importers that a user has; it touches no database, and is no test double
// of them. The same options give the same bytes.
package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"waymark/internal/fault"
)

// District is the name of the demo district.
const District = "Cedar Valley Public Schools"

// Options say which district is made.
type Options struct {
	Seed uint64
	// Today is the day on which the district is looked at: evidence ends before
	// this moment, and the school year lies around it.
	Today time.Time
	// Students is how many students the roster aims at, 0 for 1,200. The three
	// schools have 13 grades between them, so below about 260 classes are small.
	Students int
}

// Manifest lists what was written, in the order in which to load it, and whom to
// sign in as.
type Manifest struct {
	District string `json:"district"`
	Seed     uint64 `json:"seed"`
	Today    string `json:"today"`
	// School year, such as "2026–27".
	SchoolYear string   `json:"schoolYear"`
	Files      []File   `json:"files"`
	People     []Person `json:"people"`
	// Students counts those on the roster at any time of the year.
	Students  int `json:"students"`
	Staff     int `json:"staff"`
	Guardians int `json:"guardians"`
	Classes   int `json:"classes"`
	Evidence  int `json:"evidence"`
}

// File is one file of the district. Kind is that of the importer: oneroster, case,
// materials, items or results. Map is the file that maps results, empty if a mapping that
// ships recognises them.
type File struct {
	Path  string `json:"path"`
	Kind  string `json:"kind"`
	Map   string `json:"map,omitempty"`
	Rows  int    `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// Person is somebody to sign in as.
type Person struct {
	Role      string `json:"role"` // student, teacher, guardian, leader, administrator
	Username  string `json:"username"`
	SourcedID string `json:"sourcedId"`
	Name      string `json:"name"`
	School    string `json:"school"`
	Grade     string `json:"grade,omitempty"`
	About     string `json:"about"`              // what there is to see, in a few words
	Language  string `json:"language,omitempty"` // BCP 47, in which they read; empty is English
}

// Write makes the district and writes its files into dir, which is created if it
// does not exist. Files of the same names are replaced.
func Write(dir string, o Options) (Manifest, error) {
	if o.Students == 0 {
		o.Students = 1200
	}
	if o.Students < 50 || o.Students > 5000 {
		return Manifest{}, fault.Field("students", "The demo district can have 50 to 5,000 students, not %d.", o.Students)
	}
	if o.Today.IsZero() {
		return Manifest{}, fault.Field("today", "Say on which day the demo district is looked at.")
	}
	c, err := loadContent()
	if err != nil {
		return Manifest{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Manifest{}, fmt.Errorf("create demo folder: %w", err)
	}
	d := newDistrict(o, c)
	ev := observe(d)
	m := Manifest{
		District: District, Seed: o.Seed, Today: o.Today.Format(time.DateOnly), SchoolYear: d.yearTitle(),
		Students: len(d.students), Staff: len(d.staff), Guardians: len(d.guardians), Classes: len(d.classes),
	}
	out := &output{dir: dir}
	out.oneRoster(d)
	out.frameworks(c)
	out.materials(c)
	out.items(c)
	out.mapGrowth(d)
	out.use(d)
	out.courses(d)
	out.attendance(d)
	m.Evidence = out.results(ev)
	m.Files, m.People = out.files, d.people()
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Manifest{}, fmt.Errorf("write manifest: %w", err)
	}
	out.write("manifest.json", append(raw, '\n'))
	if out.err != nil {
		return Manifest{}, out.err
	}
	return m, nil
}

// output writes files until one cannot be written.
type output struct {
	dir   string
	files []File
	err   error
}

func (o *output) write(name string, data []byte) {
	if o.err != nil {
		return
	}
	if err := os.WriteFile(filepath.Join(o.dir, name), data, 0o644); err != nil {
		o.err = fmt.Errorf("write demo file: %w", err)
	}
}

// load writes a file and lists it among those to load.
func (o *output) load(f File, data []byte) {
	f.Bytes = int64(len(data))
	o.files = append(o.files, f)
	o.write(f.Path, data)
}
