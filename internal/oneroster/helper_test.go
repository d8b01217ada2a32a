package oneroster_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"waymark/internal/fault"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// got is a sink that keeps everything.
type got struct {
	Orgs         []roster.Org
	Terms        []roster.Term
	Courses      []roster.Course
	Classes      []roster.Class
	Users        []roster.User
	Roles        []roster.RoleRecord
	Enrollments  []roster.Enrollment
	Demographics []roster.Demographics
	Profiles     []roster.Profile
	Categories   []roster.Category
	LineItems    []roster.LineItem
	Results      []roster.Result
	deleted      []string // "kind id" of records to be deleted
	order        []string // kinds, each once per run of calls
	problems     oneroster.Problems
}

func (g *got) note(kind, id string, st oneroster.Status) {
	if st == oneroster.ToBeDeleted {
		g.deleted = append(g.deleted, kind+" "+id)
	}
	if n := len(g.order); n == 0 || g.order[n-1] != kind {
		g.order = append(g.order, kind)
	}
}

// sink adapts got, whose fields bear the names of the methods.
type sink struct{ *got }

func (s sink) Org(_ int, st oneroster.Status, r roster.Org) error {
	s.note("org", string(r.ID), st)
	s.Orgs = append(s.Orgs, r)
	return nil
}
func (s sink) Term(_ int, st oneroster.Status, r roster.Term) error {
	s.note("term", string(r.ID), st)
	s.Terms = append(s.Terms, r)
	return nil
}
func (s sink) Course(_ int, st oneroster.Status, r roster.Course) error {
	s.note("course", string(r.ID), st)
	s.Courses = append(s.Courses, r)
	return nil
}
func (s sink) Class(_ int, st oneroster.Status, r roster.Class) error {
	s.note("class", string(r.ID), st)
	s.Classes = append(s.Classes, r)
	return nil
}
func (s sink) User(_ int, st oneroster.Status, r roster.User) error {
	s.note("user", r.SourcedID, st)
	s.Users = append(s.Users, r)
	return nil
}
func (s sink) Role(_ int, st oneroster.Status, r roster.RoleRecord) error {
	s.note("role", r.ID, st)
	s.Roles = append(s.Roles, r)
	return nil
}
func (s sink) Enrollment(_ int, st oneroster.Status, r roster.Enrollment) error {
	s.note("enrollment", string(r.ID), st)
	s.Enrollments = append(s.Enrollments, r)
	return nil
}
func (s sink) Demographics(_ int, st oneroster.Status, r roster.Demographics) error {
	s.note("demographics", r.User, st)
	s.got.Demographics = append(s.got.Demographics, r)
	return nil
}
func (s sink) Profile(_ int, st oneroster.Status, r roster.Profile) error {
	s.note("profile", r.ID, st)
	s.Profiles = append(s.Profiles, r)
	return nil
}
func (s sink) Category(_ int, st oneroster.Status, r roster.Category) error {
	s.note("category", r.ID, st)
	s.Categories = append(s.Categories, r)
	return nil
}
func (s sink) LineItem(_ int, st oneroster.Status, r roster.LineItem) error {
	s.note("line item", r.ID, st)
	s.LineItems = append(s.LineItems, r)
	return nil
}
func (s sink) Result(_ int, st oneroster.Status, r roster.Result) error {
	s.note("result", r.ID, st)
	s.Results = append(s.Results, r)
	return nil
}
func (s sink) Problem(p fault.Problem) error {
	s.problems = append(s.problems, p)
	return nil
}

// files are a package's files by name.
type files map[string]string

func (f files) zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var files12 = strings.Fields(`academicSessions categories classes classResources courseResources courses demographics
	enrollments lineItemLearningObjectiveIds lineItems lineItemScoreScales orgs resources resultLearningObjectiveIds
	results resultScoreScales roles scoreScales userProfiles userResources users`)

var files11 = strings.Fields(`academicSessions categories classes classResources courses courseResources demographics
	enrollments lineItems orgs resources results users`)

// with returns f with a manifest that declares its files in the given mode.
func (f files) with(version, mode string) files {
	all := files12
	if version == "1.1" {
		all = files11
	}
	g := maps.Clone(f)
	var b strings.Builder
	b.WriteString("propertyName,value\nmanifest.version,1.0\noneroster.version," + version + "\n")
	for _, name := range all {
		m := "absent"
		if _, ok := f[name+".csv"]; ok {
			m = mode
		}
		b.WriteString("file." + name + "," + m + "\n")
	}
	g["manifest.csv"] = b.String()
	return g
}

// read opens and reads a package. Problems of either are in got.problems.
func read(t testing.TB, data []byte, known func(file, id string) bool) (*got, oneroster.Summary) {
	t.Helper()
	p, err := oneroster.Open(bytes.NewReader(data), int64(len(data)), "package.zip", oneroster.Limits{})
	if err != nil {
		bad, ok := errors.AsType[oneroster.Problems](err)
		if !ok {
			t.Fatalf("Open returned %T %v, want Problems", err, err)
		}
		return &got{problems: bad}, nil
	}
	p.Known = known
	g := &got{}
	sum, err := p.Each(t.Context(), sink{g})
	if err != nil {
		t.Fatalf("Each: %v", err)
	}
	return g, sum
}
