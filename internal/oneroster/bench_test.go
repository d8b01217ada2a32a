package oneroster_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"waymark/internal/fault"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// counter is a sink that keeps nothing but the most heap in use.
type counter struct {
	rows, problems int
	peak           uint64
}

func (c *counter) count() error {
	if c.rows++; c.rows%20_000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.peak = max(c.peak, m.HeapAlloc)
	}
	return nil
}

func (c *counter) Org(int, oneroster.Status, roster.Org) error                   { return c.count() }
func (c *counter) Term(int, oneroster.Status, roster.Term) error                 { return c.count() }
func (c *counter) Course(int, oneroster.Status, roster.Course) error             { return c.count() }
func (c *counter) Class(int, oneroster.Status, roster.Class) error               { return c.count() }
func (c *counter) User(int, oneroster.Status, roster.User) error                 { return c.count() }
func (c *counter) Role(int, oneroster.Status, roster.RoleRecord) error           { return c.count() }
func (c *counter) Enrollment(int, oneroster.Status, roster.Enrollment) error     { return c.count() }
func (c *counter) Demographics(int, oneroster.Status, roster.Demographics) error { return c.count() }
func (c *counter) Profile(int, oneroster.Status, roster.Profile) error           { return c.count() }
func (c *counter) Category(int, oneroster.Status, roster.Category) error         { return c.count() }
func (c *counter) LineItem(int, oneroster.Status, roster.LineItem) error         { return c.count() }
func (c *counter) Result(int, oneroster.Status, roster.Result) error             { return c.count() }
func (c *counter) Problem(fault.Problem) error                                   { c.problems++; return nil }

// state writes a package of so many students, with ten enrollments each.
func state(t testing.TB, students int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := oneroster.NewWriter(&b, oneroster.WriteOptions{Metadata: []string{"homeLanguage"}})
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	schools, classes := max(students/500, 1), max(students/3, 10)
	school := func(i int) roster.OrgID { return roster.OrgID(fmt.Sprintf("school-%05d", i%schools)) }
	for i := range schools {
		must(w.Org(roster.Org{ID: school(i), Name: fmt.Sprintf("School %d", i), Kind: "school"}))
	}
	must(w.Term(roster.Term{ID: "y", Title: "2026", Kind: "schoolYear", Start: "2025-08-01", End: "2026-06-01", SchoolYear: "2026"}))
	must(w.Course(roster.Course{ID: "c", Title: "Algebra", Org: school(0)}))
	for i := range classes {
		must(w.Class(roster.Class{ID: roster.ClassID(fmt.Sprintf("class-%07d", i)), Title: "Algebra 1", Kind: "scheduled", Course: "c", School: school(i), Terms: []roster.TermID{"y"}}))
	}
	user := func(i int) string { return fmt.Sprintf("9f4283dc-f831-4437-a9a3-%012d", i) }
	for i := range students {
		must(w.User(roster.User{SourcedID: user(i), Enabled: true, Username: fmt.Sprintf("user%d", i), GivenName: "Given", FamilyName: fmt.Sprintf("Family%d", i), Grades: []string{"09"}, PrimaryOrg: school(i)}))
	}
	for i := range students {
		must(w.Role(roster.RoleRecord{ID: fmt.Sprintf("role-%d", i), User: user(i), Org: school(i), Role: "student", Primary: true}))
	}
	for i := range students * 10 {
		must(w.Enrollment(roster.Enrollment{ID: roster.EnrollmentID(fmt.Sprintf("1a2b3c4d-f831-4437-a9a3-%012d", i)), Class: roster.ClassID(fmt.Sprintf("class-%07d", i*7%classes)),
			School: school(i), User: user(i / 10), Role: "student", Begin: "2025-08-01"}))
	}
	for i := range students {
		must(w.Demographics(roster.Demographics{User: user(i), Sex: "female", BirthDate: "2012-01-01", Race: []string{"asian"}, Extra: map[string]string{"homeLanguage": "Spanish"}}))
	}
	must(w.Close())
	return b.Bytes()
}

func BenchmarkEach(b *testing.B) {
	for _, students := range []int{100_000, 200_000} {
		b.Run(fmt.Sprintf("enrollments=%d", students*10), func(b *testing.B) {
			data := state(b, students)
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			before := m.HeapAlloc
			b.ResetTimer()
			var c counter
			for range b.N {
				c = counter{}
				p, err := oneroster.Open(bytes.NewReader(data), int64(len(data)), "state.zip", oneroster.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Each(b.Context(), &c); err != nil || c.problems > 0 {
					b.Fatal(err, c.problems)
				}
			}
			b.ReportMetric(float64(c.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(c.peak-before)/(1<<20), "peak-MB")
			b.ReportMetric(float64(len(data))/(1<<20), "zip-MB")
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	for range b.N {
		state(b, 20_000)
	}
	b.ReportMetric(20_000*13.33*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
