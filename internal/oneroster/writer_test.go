package oneroster_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"waymark/internal/fault"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// random makes rosters whose references are right.
type random struct{ *rand.Rand }

func (r random) text() string {
	words := []string{"Ana", "O'Neil", "d'Açaí", `"Q"`, "a,b", "=1+1", "-5", "李", "x;y", "#", "\\.", "日本 語", "1e5", "{a:b}", "true", "@x", "ß"}
	s := words[r.IntN(len(words))]
	for range r.IntN(3) {
		s += " " + words[r.IntN(len(words))]
	}
	return s
}

func (r random) maybe(s string) string {
	if r.IntN(2) == 0 {
		return ""
	}
	return s
}

func (r random) list(from ...string) []string {
	var l []string
	for _, s := range from {
		if r.IntN(2) == 0 {
			l = append(l, s)
		}
	}
	return l
}

func (r random) date() roster.Date {
	return roster.Date(fmt.Sprintf("20%02d-%02d-%02d", 10+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28)))
}

func one[T any](r random, from []T) T { return from[r.IntN(len(from))] }

func (r random) score() *float64 {
	if r.IntN(3) == 0 {
		return nil
	}
	v := float64(r.IntN(2000)-1000) / 7
	return &v
}

func (r random) roster() *got {
	g := &got{}
	id := func(kind string, i int) string { return fmt.Sprintf("%s-%d/%x@x.y_Z", kind, i, r.Uint32()) }
	for i := range 1 + r.IntN(5) {
		o := roster.Org{ID: roster.OrgID(id("o", i)), Name: r.text(), Kind: one(r, []string{"district", "school", "ext:Campus"}), Identifier: r.maybe(r.text())}
		if i > 0 && r.IntN(2) == 0 {
			o.Parent = one(r, g.Orgs).ID
		}
		g.Orgs = append(g.Orgs, o)
	}
	for i := range 1 + r.IntN(4) {
		t := roster.Term{ID: roster.TermID(id("t", i)), Title: r.text(), Kind: one(r, []string{"term", "schoolYear"}), Start: r.date(), End: r.date(), SchoolYear: "2027"}
		if i > 0 {
			t.Parent = g.Terms[0].ID
		}
		g.Terms = append(g.Terms, t)
	}
	for i := range 1 + r.IntN(4) {
		c := roster.Course{ID: roster.CourseID(id("c", i)), Title: r.text(), Code: r.maybe(r.text()), Org: one(r, g.Orgs).ID, Grades: r.list("KG", "01", "12"), Subjects: r.list("Math", "Art & Craft")}
		if r.IntN(2) == 0 {
			c.Year = one(r, g.Terms).ID
		}
		g.Courses = append(g.Courses, c)
		g.Classes = append(g.Classes, roster.Class{ID: roster.ClassID(id("k", i)), Title: r.text(), Code: r.maybe("A 1"), Kind: one(r, []string{"homeroom", "scheduled"}),
			Course: c.ID, School: one(r, g.Orgs).ID, Terms: []roster.TermID{one(r, g.Terms).ID}, Grades: r.list("01", "02"), Periods: r.list("1", "2", "3"), Location: r.maybe(r.text())})
	}
	for i := range 1 + r.IntN(20) {
		u := roster.User{SourcedID: id("u", i), Enabled: r.IntN(2) == 0, Username: r.text(), GivenName: r.text(), FamilyName: r.text(), MiddleName: r.maybe(r.text()),
			PreferredGiven: r.maybe(r.text()), PreferredFamily: r.maybe(r.text()), Pronouns: r.maybe("they/them"), Email: r.maybe("a@b.c"), Identifier: r.maybe("7"),
			MasterIdentifier: r.maybe(r.text()), UserIDs: r.list("{State:1}", "{LDAP:cn=x,dc=y}"), Grades: r.list("09")}
		if r.IntN(2) == 0 {
			u.PrimaryOrg = one(r, g.Orgs).ID
		}
		if i > 0 && r.IntN(2) == 0 {
			u.Agents = []string{g.Users[0].SourcedID}
		}
		g.Users = append(g.Users, u)
		g.Roles = append(g.Roles, roster.RoleRecord{ID: id("r", i), User: u.SourcedID, Org: one(r, g.Orgs).ID, Role: one(r, []string{"student", "teacher", "ext:Coach"}), Primary: r.IntN(2) == 0, Begin: r.date()})
		g.Enrollments = append(g.Enrollments, roster.Enrollment{ID: roster.EnrollmentID(id("e", i)), Class: one(r, g.Classes).ID, School: one(r, g.Orgs).ID, User: u.SourcedID,
			Role: one(r, []string{"student", "teacher"}), Primary: r.IntN(2) == 0, End: r.date()})
		d := roster.Demographics{User: u.SourcedID, BirthDate: r.date(), Sex: r.maybe("female"), Race: r.list("asian", "white"), Hispanic: r.maybe("false"), Country: r.maybe("US")}
		for _, key := range []string{"homeLanguage", "englishLearner"} {
			if r.IntN(2) == 0 {
				if d.Extra == nil {
					d.Extra = make(map[string]string)
				}
				d.Extra[key] = r.text()
			}
		}
		g.Demographics = append(g.Demographics, d)
		g.Profiles = append(g.Profiles, roster.Profile{ID: id("p", i), User: u.SourcedID, Kind: "app", Vendor: "v", Username: r.text()})
	}
	for i := range r.IntN(4) {
		g.Categories = append(g.Categories, roster.Category{ID: id("cat", i), Title: r.text(), Weight: r.maybe("20")})
		g.LineItems = append(g.LineItems, roster.LineItem{ID: id("l", i), Title: r.text(), Class: one(r, g.Classes).ID, Category: g.Categories[i].ID, Term: g.Terms[0].ID,
			Assigned: r.date(), Due: r.date(), Max: float64(r.IntN(100)), Competencies: r.list("11111111-2222-3333-4444-555555555555", "CCSS.X,1")})
		for j := range r.IntN(5) {
			x := roster.Result{ID: id("x", i*10+j), LineItem: g.LineItems[i].ID, User: one(r, g.Users).SourcedID, Status: one(r, []string{"fully graded", "exempt"}), Score: r.score(), Text: r.maybe(r.text()), Date: r.date()}
			for range r.IntN(3) {
				x.Competencies = append(x.Competencies, roster.ObjectiveScore{Competency: one(r, []string{"A", "B"}), Score: r.score(), Text: r.maybe("met")})
			}
			g.Results = append(g.Results, x)
		}
	}
	return g
}

func writeAll[T any](t testing.TB, write func(T) error, list []T) {
	t.Helper()
	for _, v := range list {
		if err := write(v); err != nil {
			t.Fatalf("%+v: %v", v, err)
		}
	}
}

func (g *got) write(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := oneroster.NewWriter(&b, oneroster.WriteOptions{SourceSystem: "Test, Inc.", Metadata: []string{"homeLanguage", "englishLearner"}})
	writeAll(t, w.Org, g.Orgs)
	writeAll(t, w.Term, g.Terms)
	writeAll(t, w.Course, g.Courses)
	writeAll(t, w.Class, g.Classes)
	writeAll(t, w.User, g.Users)
	writeAll(t, w.Role, g.Roles)
	writeAll(t, w.Enrollment, g.Enrollments)
	writeAll(t, w.Demographics, g.Demographics)
	writeAll(t, w.Profile, g.Profiles)
	writeAll(t, w.Category, g.Categories)
	writeAll(t, w.LineItem, g.LineItems)
	writeAll(t, w.Result, g.Results)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		want := random{rand.New(rand.NewPCG(seed, 1))}.roster()
		data := want.write(t)
		g, _ := read(t, data, nil)
		if len(g.problems) > 0 {
			t.Fatalf("seed %d: %v", seed, g.problems)
		}
		if diff := cmp.Diff(want, g, cmpopts.IgnoreUnexported(got{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		if !bytes.Equal(data, want.write(t)) {
			t.Fatalf("seed %d: the same calls wrote other bytes", seed)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	newWriter := func() *oneroster.Writer { return oneroster.NewWriter(&bytes.Buffer{}, oneroster.WriteOptions{}) }
	org := roster.Org{ID: "o1", Name: "North", Kind: "school"}
	for _, tc := range []struct {
		name  string
		write func(w *oneroster.Writer) error
		field string
	}{
		{"id with a space", func(w *oneroster.Writer) error { return w.Org(roster.Org{ID: "o 1", Name: "N", Kind: "school"}) }, "sourcedId"},
		{"no name", func(w *oneroster.Writer) error { return w.Org(roster.Org{ID: "o1", Name: " \n", Kind: "school"}) }, "name"},
		{"not UTF-8", func(w *oneroster.Writer) error { return w.Org(roster.Org{ID: "o1", Name: "a\xff", Kind: "school"}) }, "name"},
		{"comma in a list", func(w *oneroster.Writer) error {
			return w.Course(roster.Course{ID: "c", Title: "x", Org: "o1", Subjects: []string{"Math, advanced"}})
		}, "subjects"},
		{"class not written", func(w *oneroster.Writer) error {
			return w.LineItem(roster.LineItem{ID: "l", Title: "x", Class: "k", Category: "c", Term: "t", Assigned: "2026-01-01", Due: "2026-01-01"})
		}, "schoolSourcedId"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, ok := errors.AsType[fault.Problem](tc.write(newWriter()))
			if !ok || p.Field != tc.field {
				t.Errorf("error = %+v, want a problem in %s", p, tc.field)
			}
		})
	}
	w := newWriter()
	if err := w.Term(roster.Term{ID: "t", Title: "x", Kind: "term", Start: "2026-01-01", End: "2026-02-01", SchoolYear: "2026"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Org(org); err == nil {
		t.Error("an org after a term was written")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Term(roster.Term{}); err == nil {
		t.Error("a term was written after Close")
	}
	w = newWriter()
	if err := w.Demographics(roster.Demographics{User: "u", Extra: map[string]string{"x": "y"}}); err == nil {
		t.Error("metadata without a column was dropped")
	}
}

func TestEmptyPackage(t *testing.T) {
	t.Parallel()
	g, sum := read(t, (&got{}).write(t), nil)
	if len(g.problems) > 0 || len(sum) > 0 {
		t.Errorf("problems %v, summary %v", g.problems, sum)
	}
}
