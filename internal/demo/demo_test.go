package demo_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/caseio"
	"waymark/internal/competency"
	"waymark/internal/demo"
	"waymark/internal/fault"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

var today = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// written is one demo district on disk.
type written struct {
	dir string
	m   demo.Manifest
}

func write(t *testing.T, o demo.Options) written {
	t.Helper()
	dir := t.TempDir()
	m, err := demo.Write(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return written{dir, m}
}

func (w written) read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// rows returns the rows of a CSV file by column name.
func (w written) rows(t *testing.T, name string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(w.read(t, name))).ReadAll()
	if err != nil {
		t.Fatal(name, err)
	}
	var out []map[string]string
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, h := range all[0] {
			m[h] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func (w written) frameworks(t *testing.T) []competency.Framework {
	t.Helper()
	var out []competency.Framework
	for _, f := range w.m.Files {
		if f.Kind != "case" || strings.HasPrefix(f.Path, "words-") {
			continue
		}
		fw, ps, err := caseio.Read(bytes.NewReader(w.read(t, f.Path)), f.Path)
		if err != nil || len(ps) > 0 {
			t.Fatal(f.Path, err, ps)
		}
		out = append(out, fw)
	}
	return out
}

// town is what the roster holds.
type town struct {
	orgs        []roster.Org
	terms       []roster.Term
	classes     map[roster.ClassID]roster.Class
	users       map[string]roster.User
	roles       []roster.RoleRecord
	enrollments []roster.Enrollment
	demo        map[string]roster.Demographics
	problems    []fault.Problem
}

func (s *town) Org(_ int, _ oneroster.Status, r roster.Org) error {
	s.orgs = append(s.orgs, r)
	return nil
}
func (s *town) Term(_ int, _ oneroster.Status, r roster.Term) error {
	s.terms = append(s.terms, r)
	return nil
}
func (s *town) Course(int, oneroster.Status, roster.Course) error { return nil }
func (s *town) Class(_ int, _ oneroster.Status, r roster.Class) error {
	s.classes[r.ID] = r
	return nil
}
func (s *town) User(_ int, _ oneroster.Status, r roster.User) error {
	s.users[r.SourcedID] = r
	return nil
}
func (s *town) Role(_ int, _ oneroster.Status, r roster.RoleRecord) error {
	s.roles = append(s.roles, r)
	return nil
}
func (s *town) Enrollment(_ int, _ oneroster.Status, r roster.Enrollment) error {
	s.enrollments = append(s.enrollments, r)
	return nil
}
func (s *town) Demographics(_ int, _ oneroster.Status, r roster.Demographics) error {
	s.demo[r.User] = r
	return nil
}
func (s *town) Profile(int, oneroster.Status, roster.Profile) error   { return nil }
func (s *town) Category(int, oneroster.Status, roster.Category) error { return nil }
func (s *town) LineItem(int, oneroster.Status, roster.LineItem) error { return nil }
func (s *town) Result(int, oneroster.Status, roster.Result) error     { return nil }
func (s *town) Problem(p fault.Problem) error                         { s.problems = append(s.problems, p); return nil }

func (w written) town(t *testing.T) *town {
	t.Helper()
	raw := w.read(t, "oneroster.zip")
	p, err := oneroster.Open(bytes.NewReader(raw), int64(len(raw)), "oneroster.zip", oneroster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := &town{classes: map[roster.ClassID]roster.Class{}, users: map[string]roster.User{}, demo: map[string]roster.Demographics{}}
	if _, err := p.Each(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDistrict writes the district that ships once, and looks at it from all sides.
func TestDistrict(t *testing.T) {
	t.Parallel()
	w := write(t, demo.Options{Seed: 1, Today: today})
	t.Run("manifest", func(t *testing.T) { manifest(t, w) })
	t.Run("roster", func(t *testing.T) { rosterHolds(t, w) })
	t.Run("subgroups", func(t *testing.T) { subgroups(t, w) })
	t.Run("frameworks", func(t *testing.T) { frameworks(t, w) })
	t.Run("words", func(t *testing.T) { words(t, w) })
	t.Run("materials", func(t *testing.T) { materials(t, w) })
	t.Run("results", func(t *testing.T) { results(t, w) })
	t.Run("stuck", func(t *testing.T) { stuck(t, w) })
}

func manifest(t *testing.T, w written) {
	var m demo.Manifest
	if err := json.Unmarshal(w.read(t, "manifest.json"), &m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.m, m); diff != "" {
		t.Errorf("manifest.json (-returned +written):\n%s", diff)
	}
	for _, f := range m.Files {
		if n := int64(len(w.read(t, f.Path))); n != f.Bytes || f.Rows == 0 {
			t.Errorf("%s: %d bytes, %d rows; manifest says %d bytes", f.Path, n, f.Rows, f.Bytes)
		}
		if f.Map != "" {
			w.read(t, f.Map)
		}
	}
	if m.Evidence < 60_000 || m.Evidence > 130_000 {
		t.Errorf("%d pieces of evidence", m.Evidence)
	}
	users := w.town(t).users
	roles := map[string]int{}
	for _, p := range m.People {
		roles[p.Role]++
		u := users[p.SourcedID]
		if u.Username != p.Username || !u.Enabled {
			t.Errorf("%s %s is not on the roster as %s", p.Role, p.SourcedID, p.Username)
		}
	}
	if diff := cmp.Diff(map[string]int{"student": 4, "teacher": 1, "guardian": 1, "leader": 1, "administrator": 2}, roles); diff != "" {
		t.Errorf("people to sign in as (-want +got):\n%s", diff)
	}
}

func rosterHolds(t *testing.T, w written) {
	s := w.town(t)
	if len(s.problems) > 0 {
		t.Fatalf("%d problems, first: %v", len(s.problems), s.problems[0])
	}
	now := roster.Date(today.Format(time.DateOnly))
	size, taught := map[roster.ClassID]int{}, map[roster.ClassID]bool{}
	periods := map[string]map[string]bool{}
	late, ended, parted := 0, 0, map[string]bool{}
	for _, e := range s.enrollments {
		k := s.classes[e.Class]
		current := (e.End == "" || e.End > now) && e.Begin <= now
		switch {
		case e.Role == "teacher":
			taught[e.Class] = true
		case e.Role == "student" && current:
			size[e.Class]++
			for _, p := range k.Periods {
				if periods[e.User] == nil {
					periods[e.User] = map[string]bool{}
				}
				if periods[e.User][p] {
					t.Errorf("student %s has two classes in period %s", e.User, p)
				}
				periods[e.User][p] = true
			}
			if e.Begin > s.terms[0].Start {
				late++
			}
		case e.Role == "student":
			ended++
			parted[e.User] = true
		}
	}
	for id, k := range s.classes {
		if n := size[id]; n < 14 || n > 31 {
			t.Errorf("class %s (%s) has %d students", id, k.Title, n)
		}
		if !taught[id] {
			t.Errorf("class %s has no teacher", id)
		}
	}
	if late < 20 || ended < 20 || len(parted) < 10 {
		t.Errorf("%d late and %d ended enrollments of %d students; want mobility", late, ended, len(parted))
	}
	schools := map[string]map[roster.OrgID]bool{}
	usernames, renamed := map[string]bool{}, 0
	for _, r := range s.roles {
		if r.Role == "student" {
			if schools[r.User] == nil {
				schools[r.User] = map[roster.OrgID]bool{}
			}
			schools[r.User][r.Org] = true
		}
	}
	transfers := 0
	for _, at := range schools {
		if len(at) > 1 {
			transfers++
		}
	}
	agents := map[string]int{}
	for _, u := range s.users {
		if usernames[u.Username] || u.GivenName == "" || u.FamilyName == "" {
			t.Errorf("username %q is not unique, or its owner has no name", u.Username)
		}
		usernames[u.Username] = true
		if u.PreferredFamily != "" {
			renamed++
		}
		for _, a := range u.Agents {
			agents[a]++
		}
		if schools[u.SourcedID] != nil && len(u.Agents) == 0 {
			t.Errorf("student %s has no guardian", u.SourcedID)
		}
	}
	shared := 0
	for _, n := range agents {
		if n > 1 {
			shared++
		}
	}
	if transfers == 0 || renamed == 0 || shared < 100 {
		t.Errorf("%d transfers, %d renamed, %d guardians of more than one child", transfers, renamed, shared)
	}
}

func subgroups(t *testing.T, w written) {
	s := w.town(t)
	n := float64(len(s.demo))
	for _, c := range []struct {
		name     string
		is       func(roster.Demographics) bool
		from, to float64
	}{
		{"English learners", func(d roster.Demographics) bool { return d.Extra["englishLearner"] == "true" }, .11, .18},
		{"other home languages", func(d roster.Demographics) bool { return d.Extra["homeLanguage"] != "English" }, .20, .34},
		{"disabilities", func(d roster.Demographics) bool { return d.Extra["disability"] != "none" }, .12, .18},
		{"economic disadvantage", func(d roster.Demographics) bool { return d.Extra["economicDisadvantage"] == "true" }, .42, .54},
		{"gifted", func(d roster.Demographics) bool { return d.Extra["gifted"] == "true" }, .04, .10},
		{"section 504", func(d roster.Demographics) bool { return d.Extra["section504"] == "true" }, .02, .06},
		{"Hispanic", func(d roster.Demographics) bool { return d.Hispanic == "true" }, .18, .32},
		{"Black", func(d roster.Demographics) bool { return slices.Contains(d.Race, "blackOrAfricanAmerican") }, .12, .27},
		{"two or more races", func(d roster.Demographics) bool { return slices.Contains(d.Race, "demographicRaceTwoOrMoreRaces") }, .01, .08},
		{"girls", func(d roster.Demographics) bool { return d.Sex == "female" }, .45, .55},
	} {
		k := 0.0
		for _, d := range s.demo {
			if c.is(d) {
				k++
			}
		}
		if k/n < c.from || k/n > c.to {
			t.Errorf("%s: %.3f of %g; want %.2f to %.2f", c.name, k/n, n, c.from, c.to)
		}
	}
	for user, d := range s.demo {
		if d.Extra["disability"] != "none" && d.Extra["supports"] == "" {
			t.Errorf("%s has a disability without supports", user)
		}
	}
}

// stuck checks that the teacher to sign in as has at least three students in one class
// who fail one thing, while most of the class can do it.
func stuck(t *testing.T, w written) {
	var teacher string
	for _, p := range w.m.People {
		if p.Role == "teacher" {
			teacher = p.SourcedID
		}
	}
	s := w.town(t)
	classOf := map[string]roster.ClassID{}
	mine := map[roster.ClassID]bool{}
	for _, e := range s.enrollments {
		mine[e.Class] = mine[e.Class] || e.User == teacher
	}
	for _, e := range s.enrollments {
		if e.Role == "student" && e.End == "" && mine[e.Class] {
			classOf[s.users[e.User].Identifier] = e.Class
		}
	}
	since := today.AddDate(0, 0, -28).Format(time.DateOnly)
	type key struct {
		class   roster.ClassID
		code    string
		student string
	}
	right, tries := map[key]int{}, map[key]int{}
	for _, r := range w.rows(t, "results-practice-mathematics.csv") {
		if k := (key{classOf[r["student_id"]], r["competency"], r["student_id"]}); k.class != "" && r["date"] >= since {
			tries[k]++
			if r["correct"] == "1" {
				right[k]++
			}
		}
	}
	group := map[key]int{}
	for k, n := range tries {
		if n >= 4 && float64(right[k]) <= .35*float64(n) && !strings.HasPrefix(k.code, "MATH.7") {
			k.student = ""
			group[k]++
		}
	}
	most := 0
	for _, n := range group {
		most = max(most, n)
	}
	if most < 3 {
		t.Errorf("the largest group that is stuck on something from an earlier grade has %d students; want 3", most)
	}
}

func TestSameOptionsSameBytes(t *testing.T) {
	t.Parallel()
	o := demo.Options{Seed: 7, Today: today, Students: 300}
	a, b := write(t, o), write(t, o)
	o.Seed = 8
	c := write(t, o)
	names, err := os.ReadDir(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		x := a.read(t, n.Name())
		if !bytes.Equal(x, b.read(t, n.Name())) {
			t.Errorf("%s differs between two runs", n.Name())
		}
		seeded := n.Name() == "oneroster.zip" || strings.HasPrefix(n.Name(), "results-") && strings.HasSuffix(n.Name(), ".csv")
		if seeded && bytes.Equal(x, c.read(t, n.Name())) {
			t.Errorf("%s does not depend on the seed", n.Name())
		}
	}
}

// TestAnyDay checks that there is a living district on every day that people may
// look at it, also in summer and on the first day of school.
func TestAnyDay(t *testing.T) {
	t.Parallel()
	for _, d := range []string{"2026-08-11", "2026-09-01", "2027-01-02", "2027-02-28", "2027-07-15"} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			day, err := time.Parse(time.DateOnly, d)
			if err != nil {
				t.Fatal(err)
			}
			w := write(t, demo.Options{Seed: 3, Today: day, Students: 260})
			s := w.town(t)
			if len(s.problems) > 0 {
				t.Error(s.problems[0])
			}
			for _, term := range s.terms[:1] {
				if string(term.Start) > d || string(term.End) < d {
					t.Errorf("the year %s to %s is not around %s", term.Start, term.End, d)
				}
			}
			last := ""
			for _, r := range w.rows(t, "results-practice-mathematics.csv") {
				last = max(last, r["date"])
			}
			if at, _ := time.Parse(time.DateOnly, last); last > d || day.Sub(at) > 5*24*time.Hour {
				t.Errorf("the last evidence is of %s", last)
			}
			if len(w.m.People) < 7 {
				t.Errorf("only %d people to sign in as", len(w.m.People))
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]demo.Options{"no day": {Seed: 1}, "too few": {Today: today, Students: 5}, "too many": {Today: today, Students: 1 << 20}} {
		if _, err := demo.Write(t.TempDir(), o); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v; want a fault", name, err)
		}
	}
}
