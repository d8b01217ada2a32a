package intake_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/mastery"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
	"waymark/internal/study"
	"waymark/internal/study/dose"
	"waymark/internal/tabular"
)

var clock = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func now() time.Time { return clock }

const district = roster.DistrictID("main")

// school is a small roster that tests change and write again.
type school struct {
	orgs        []roster.Org
	terms       []roster.Term
	courses     []roster.Course
	classes     []roster.Class
	users       []roster.User
	roles       []roster.RoleRecord
	enrollments []roster.Enrollment
}

func newSchool(students int) *school {
	s := &school{
		orgs:    []roster.Org{{ID: "d", Name: "Test District", Kind: "district"}, {ID: "s1", Name: "One", Kind: "school", Parent: "d"}, {ID: "s2", Name: "Two", Kind: "school", Parent: "d"}},
		terms:   []roster.Term{{ID: "y27", Title: "2026-27", Kind: "schoolYear", Start: "2026-08-01", End: "2027-06-30", SchoolYear: "2027"}},
		courses: []roster.Course{{ID: "m4", Title: "Mathematics 4", Org: "d", Year: "y27"}},
		classes: []roster.Class{{ID: "c1", Title: "Math 4A", Kind: "scheduled", Course: "m4", School: "s1", Terms: []roster.TermID{"y27"}},
			{ID: "c2", Title: "Math 4B", Kind: "scheduled", Course: "m4", School: "s2", Terms: []roster.TermID{"y27"}}},
	}
	s.person("t1", "Tess", "Teacher", "teacher", "s1", "c1")
	for i := range students {
		s.person(fmt.Sprintf("u%d", i), fmt.Sprintf("Kid%d", i), "Example", "student", "s1", "c1")
	}
	return s
}

func (s *school) person(id, given, family, role string, org roster.OrgID, class roster.ClassID) {
	s.users = append(s.users, roster.User{SourcedID: id, Enabled: true, Username: id, GivenName: given, FamilyName: family, Identifier: "N" + id, PrimaryOrg: org, Grades: []string{"04"}})
	s.roles = append(s.roles, roster.RoleRecord{ID: "r-" + id, User: id, Org: org, Role: role, Primary: true})
	s.enrollments = append(s.enrollments, roster.Enrollment{ID: roster.EnrollmentID("e-" + id), Class: class, School: org, User: id, Role: role})
}

// zip writes the roster as a OneRoster 1.2 bulk package.
func (s *school) zip(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := oneroster.NewWriter(&b, oneroster.WriteOptions{Version: "1.2", SourceSystem: "test"})
	var err error
	keep := func(e error) {
		if err == nil {
			err = e
		}
	}
	for _, x := range s.orgs {
		keep(w.Org(x))
	}
	for _, x := range s.terms {
		keep(w.Term(x))
	}
	for _, x := range s.courses {
		keep(w.Course(x))
	}
	for _, x := range s.classes {
		keep(w.Class(x))
	}
	for _, x := range s.users {
		keep(w.User(x))
	}
	for _, x := range s.roles {
		keep(w.Role(x))
	}
	for _, x := range s.enrollments {
		keep(w.Enrollment(x))
	}
	keep(w.Close())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type site struct {
	t  *testing.T
	db *store.DB
	im intake.Importer
}

func start(t *testing.T, db *store.DB) *site {
	t.Helper()
	if err := db.EnsureDistrict(t.Context(), roster.District{ID: district, Name: "x"}); err != nil {
		t.Fatal(err)
	}
	return &site{t, db, intake.Importer{Store: db, Now: now}}
}

func (s *site) check(kind intake.Kind, name string, data []byte, change func(*intake.Job)) (intake.Summary, error) {
	s.t.Helper()
	job := intake.Job{District: district, Kind: kind, Name: name, File: bytes.NewReader(data), Size: int64(len(data))}
	if change != nil {
		change(&job)
	}
	return s.im.Check(s.t.Context(), job)
}

// load checks and applies a file, which must be sound.
func (s *site) load(kind intake.Kind, name string, data []byte, change func(*intake.Job)) intake.Summary {
	s.t.Helper()
	sum, err := s.check(kind, name, data, change)
	if err != nil {
		s.t.Fatalf("check %s: %v %v", name, err, sum.Problems)
	}
	sum, err = s.im.Apply(s.t.Context(), district, sum.Run, true)
	if err != nil {
		s.t.Fatalf("apply %s: %v", name, err)
	}
	return sum
}

func (s *site) digest() string {
	s.t.Helper()
	d, err := s.db.Digest(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *site) names(class roster.ClassID) []string {
	s.t.Helper()
	people, err := s.db.People(s.t.Context(), district, class, roster.Student)
	if err != nil {
		s.t.Fatal(err)
	}
	out := []string{}
	for _, p := range people {
		out = append(out, p.Given)
	}
	return out
}

func (s *site) person(ref string) roster.Person {
	s.t.Helper()
	p, err := s.db.PersonBy(s.t.Context(), district, ref)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

const frameworkJSON = `{"CFDocument":{"identifier":"d0000000-0000-4000-8000-000000000000","uri":"https://x.example/d","title":"Maths","creator":"Test","lastChangeDateTime":"2026-01-01T00:00:00Z"},
"CFItems":[{"identifier":"a0000000-0000-4000-8000-000000000001","uri":"https://x.example/1","fullStatement":"Equal fractions","humanCodingScheme":"M.1","lastChangeDateTime":"2026-01-01T00:00:00Z"},
{"identifier":"a0000000-0000-4000-8000-000000000002","uri":"https://x.example/2","fullStatement":"Add fractions","humanCodingScheme":"M.2","lastChangeDateTime":"2026-01-01T00:00:00Z"}],
"CFAssociations":[{"identifier":"b0000000-0000-4000-8000-000000000001","uri":"https://x.example/3","associationType":"precedes","lastChangeDateTime":"2026-01-01T00:00:00Z",
"originNodeURI":{"title":"1","identifier":"a0000000-0000-4000-8000-000000000001","uri":"https://x.example/1"},"destinationNodeURI":{"title":"2","identifier":"a0000000-0000-4000-8000-000000000002","uri":"https://x.example/2"}}]}`

const resultsMap = `name: test results
version: 1
student: {column: student, by: identifier}
time: {columns: [date], layouts: ["2006-01-02"]}
observations:
  - kind: response
    competency: {column: code, by: code}
    item: "{item}"
    score: {column: score}
    max: 1
`

func (s *site) withMap(job *intake.Job) {
	m, err := tabular.ParseMapping("map.yaml", []byte(resultsMap))
	if err != nil {
		s.t.Fatal(err)
	}
	job.Mapping = &m
}

func TestRosterIsIdempotentAndUndone(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		before := s.digest()
		data := newSchool(12).zip(t)
		sum := s.load(intake.OneRoster, "r.zip", data, nil)
		if sum.Added == 0 || sum.Changed+sum.Ended+sum.Bad != 0 {
			t.Errorf("first load = %+v; want only additions", sum)
		}
		loaded := s.digest()
		again := s.load(intake.OneRoster, "r.zip", data, nil)
		if again.Added+again.Changed+again.Ended != 0 || again.Same != sum.Added {
			t.Errorf("the same file again: %d added, %d changed, %d ended, %d same; want 0, 0, 0, %d", again.Added, again.Changed, again.Ended, again.Same, sum.Added)
		}
		if got := s.digest(); got != loaded {
			t.Error("the same file again changed the state")
		}
		for range 2 {
			if _, err := s.im.Undo(t.Context(), district, ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.names("c1"); len(got) != 0 {
			t.Errorf("after undo the class still has %v", got)
		}
		if d, _ := db.Districts(t.Context()); d[0].Name == "x" && s.digest() != before {
			t.Error("undo did not bring the state back")
		}
		if _, err := s.im.Undo(t.Context(), district, ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a third undo = %v; want not found", err)
		}
	})
}

func TestHistorySurvivesWhatRostersDo(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		sch := newSchool(12)
		s.load(intake.OneRoster, "1.zip", sch.zip(t), nil)
		s.load(intake.CASE, "f.json", []byte(frameworkJSON), nil)
		var rows strings.Builder
		rows.WriteString("student,code,item,score,date\n")
		for i := range 6 {
			fmt.Fprintf(&rows, "Nu0,M.1,item %d,1,2026-10-%02d\n", i, i+1)
		}
		s.load(intake.Results, "r.csv", []byte(rows.String()), s.withMap)
		kid := s.person("Nu0").ID
		pieces := func() int {
			ps, err := db.Pieces(t.Context(), district, kid, "a0000000-0000-4000-8000-000000000001")
			if err != nil {
				t.Fatal(err)
			}
			return len(ps)
		}
		if pieces() != 6 {
			t.Fatalf("%d pieces; want 6", pieces())
		}
		// Rename, and transfer to the other school.
		sch.users[1].FamilyName = "Newname"
		sch.roles[1].Org, sch.users[1].PrimaryOrg = "s2", "s2"
		sch.enrollments[1] = roster.Enrollment{ID: "e-new", Class: "c2", School: "s2", User: "u0", Role: "student"}
		s.load(intake.OneRoster, "2.zip", sch.zip(t), nil)
		if p := s.person("Nu0"); p.ID != kid || p.Family != "Newname" || p.School != "s2" {
			t.Errorf("after transfer and rename: %+v; want the same person, renamed, at s2", p)
		}
		if diff := cmp.Diff([]string{"Kid0"}, s.names("c2")); diff != "" {
			t.Errorf("class c2 (-want +got):\n%s", diff)
		}
		// The system mints a new id for the same child.
		sch.users[1].SourcedID, sch.roles[1].User, sch.roles[1].ID, sch.enrollments[1].User = "u0-new", "u0-new", "r-u0-new", "u0-new"
		s.load(intake.OneRoster, "3.zip", sch.zip(t), nil)
		if p := s.person("Nu0"); p.ID != kid || !p.Active {
			t.Errorf("after a new sourcedId: %+v; want the same active person %s", p, kid)
		}
		// Leaves, then comes back.
		left := *sch
		left.users = append(append([]roster.User{}, sch.users[:1]...), sch.users[2:]...)
		left.roles = append(append([]roster.RoleRecord{}, sch.roles[:1]...), sch.roles[2:]...)
		left.enrollments = append(append([]roster.Enrollment{}, sch.enrollments[:1]...), sch.enrollments[2:]...)
		s.load(intake.OneRoster, "4.zip", left.zip(t), nil)
		if p, err := db.Person(t.Context(), district, kid); err != nil || p.Active {
			t.Errorf("after leaving: %+v, %v; want inactive", p, err)
		}
		s.load(intake.OneRoster, "5.zip", sch.zip(t), nil)
		// Year roll-over: all classes are new.
		sch.classes = []roster.Class{{ID: "c9", Title: "Math 5", Kind: "scheduled", Course: "m4", School: "s2", Terms: []roster.TermID{"y27"}}}
		for i := range sch.enrollments {
			sch.enrollments[i].ID += "-next"
			sch.enrollments[i].Class, sch.enrollments[i].School = "c9", "s2"
		}
		data := sch.zip(t)
		sum, err := s.check(intake.OneRoster, "6.zip", data, nil)
		if err != nil || sum.NeedsDecision == "" {
			t.Errorf("roll-over: %v, decision %q; want a person to decide", err, sum.NeedsDecision)
		}
		if _, err := s.im.Apply(t.Context(), district, sum.Run, false); fault.KindOf(err) != fault.Decision {
			t.Errorf("applying without a decision = %v; want a decision", err)
		}
		s.load(intake.OneRoster, "6.zip", data, nil)
		if p := s.person("Nu0"); p.ID != kid || !p.Active {
			t.Errorf("after roll-over: %+v", p)
		}
		if pieces() != 6 {
			t.Errorf("%d pieces at the end; want the 6 from the start", pieces())
		}
	})
}

func TestTwoUserRecordsOfOnePerson(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		sch := newSchool(11)
		// A teacher with a second record as a parent; a student with the same number
		// as a teacher is somebody else.
		sch.users = append(sch.users, roster.User{SourcedID: "t1-parent", Enabled: true, Username: "t1p", GivenName: "Tess", FamilyName: "Teacher", Identifier: "Nt1", PrimaryOrg: "s1", Agents: []string{"u3"}})
		sch.roles = append(sch.roles, roster.RoleRecord{ID: "r-t1p", User: "t1-parent", Org: "s1", Role: "parent", Primary: true})
		sch.users[5].Identifier = "Nt1"
		s.load(intake.OneRoster, "1.zip", sch.zip(t), nil)
		p, err := db.PersonBy(t.Context(), district, "t1")
		if err != nil {
			p, err = db.PersonBy(t.Context(), district, "t1p")
		}
		if err != nil {
			t.Fatal(err)
		}
		rel, err := db.ToStudent(t.Context(), guard.Actor{District: district, Person: p.ID}, s.person("Nu3").ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]guard.Relation{guard.GuardianOf, guard.TeacherOf}, rel); diff != "" {
			t.Errorf("what she is to her child in her class (-want +got):\n%s", diff)
		}
		if got := len(s.names("c1")); got != 11 {
			t.Errorf("%d students in the class; want 11: the number shared with a teacher must not merge people", got)
		}
	})
}

func TestResultsAreIdempotentAndCorrected(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.load(intake.OneRoster, "1.zip", newSchool(12).zip(t), nil)
		s.load(intake.CASE, "f.json", []byte(frameworkJSON), nil)
		file := "student,code,item,score,date\nNu1,M.1,a,1,2026-10-01\nNu1,M.1,b,0,2026-10-02\nNu2,M.2,a,1,2026-10-03\nNobody,M.1,a,1,2026-10-03\nNu2,M.9,a,1,2026-10-03\nNu2,M.2,b,7,2026-10-03\n"
		sum := s.load(intake.Results, "r.csv", []byte(file), s.withMap)
		if sum.Good != 3 || sum.Bad != 3 || sum.Added != 3 {
			t.Errorf("good %d, bad %d, added %d; want 3, 3, 3: %v", sum.Good, sum.Bad, sum.Added, sum.Problems)
		}
		for i, want := range []struct {
			line  int
			field string
		}{{5, "student"}, {6, "competency"}, {7, "score"}} {
			if p := sum.Problems[i]; p.Line != want.line || p.Field != want.field || p.Cure == "" || p.File != "r.csv" {
				t.Errorf("problem %d = %+v; want line %d, field %s, with a cure", i, p, want.line, want.field)
			}
		}
		state := s.digest()
		sum = s.load(intake.Results, "r.csv", []byte(file), s.withMap)
		if sum.Same != 3 || sum.Added+sum.Changed != 0 || s.digest() != state {
			t.Errorf("the same file again: %+v; want nothing new", sum.Tables)
		}
		kid := s.person("Nu1").ID
		value := func() mastery.State {
			r, err := db.Mastery(t.Context(), district, []roster.PersonID{kid})
			if err != nil || len(r) != 1 {
				t.Fatalf("mastery = %v, %v", r, err)
			}
			return r[0].State
		}
		was := value()
		corrected := strings.Replace(file, "Nu1,M.1,b,0", "Nu1,M.1,b,1", 1)
		sum = s.load(intake.Results, "r2.csv", []byte(corrected), s.withMap)
		if sum.Changed != 1 || sum.Same != 2 {
			t.Errorf("corrected file: %d changed, %d same; want 1, 2", sum.Changed, sum.Same)
		}
		if value().Mean <= was.Mean {
			t.Errorf("a corrected answer did not move the estimate: %v then %v", was, value())
		}
		old, err := db.Replaced(t.Context(), district, kid, "a0000000-0000-4000-8000-000000000001")
		if err != nil || len(old) != 1 || old[0].Score != 0 {
			t.Errorf("history = %+v, %v; want the wrong answer kept", old, err)
		}
		if _, err := s.im.Undo(t.Context(), district, ""); err != nil {
			t.Fatal(err)
		}
		if value() != was {
			t.Errorf("after undo %+v; want %+v", value(), was)
		}
		sum = s.load(intake.Results, "r2.csv", []byte(corrected), s.withMap)
		if sum.Changed != 1 {
			t.Errorf("the correction after its undo: %+v; want 1 changed", sum.Tables)
		}
		r, err := db.CheckReplay(t.Context(), district, false)
		if err != nil || r.Wrong != 0 || r.Pairs != 2 {
			t.Errorf("replay = %+v, %v; want 2 pairs, none wrong", r, err)
		}
		sum, err = s.check(intake.Results, "r.csv", []byte(file), func(j *intake.Job) { s.withMap(j); j.Strict = true })
		if fault.KindOf(err) != fault.Invalid || sum.State != intake.Refused {
			t.Errorf("strict = %v, %v; want refused", sum.State, err)
		}
	})
}

func TestFrameworkVersions(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.load(intake.CASE, "f.json", []byte(frameworkJSON), nil)
		cat, err := db.Catalogue(t.Context(), district)
		if err != nil {
			t.Fatal(err)
		}
		const one, two = competency.ID("a0000000-0000-4000-8000-000000000001"), competency.ID("a0000000-0000-4000-8000-000000000002")
		if diff := cmp.Diff([]competency.ID{one}, cat.Before[two]); diff != "" {
			t.Errorf("prerequisites (-want +got):\n%s", diff)
		}
		cycle := strings.Replace(frameworkJSON, `"CFAssociations":[`, `"CFAssociations":[{"identifier":"b0000000-0000-4000-8000-000000000002","uri":"https://x.example/4","associationType":"precedes","lastChangeDateTime":"2026-01-01T00:00:00Z",
"originNodeURI":{"title":"2","identifier":"a0000000-0000-4000-8000-000000000002","uri":"u"},"destinationNodeURI":{"title":"1","identifier":"a0000000-0000-4000-8000-000000000001","uri":"u"}},`, 1)
		sum, err := s.check(intake.CASE, "c.json", []byte(cycle), nil)
		if fault.KindOf(err) != fault.Invalid || len(sum.Problems) == 0 || !strings.Contains(sum.Problems[0].Message+sum.Problems[0].Value, "M.1") {
			t.Errorf("a cycle = %v, %+v; want it refused and named", err, sum.Problems)
		}
		materials := "title,link,location,kind,competencies\nFraction wall,,Blue box,game,M.1;M.2\nBad,javascript:alert(1),,video,M.1\n"
		sum = s.load(intake.Materials, "m.csv", []byte(materials), nil)
		if sum.Good != 1 || sum.Bad != 1 {
			t.Errorf("materials: good %d, bad %d; want 1, 1", sum.Good, sum.Bad)
		}
		if cat, err = db.Catalogue(t.Context(), district); err != nil || len(cat.Materials[two]) != 1 {
			t.Errorf("catalogue after materials: %v, %v", cat.Materials, err)
		}
	})
}

func TestNotAPackage(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		before := s.digest()
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, _ := w.Create("../../etc/passwd")
		f.Write([]byte("x"))
		w.Close()
		for name, data := range map[string][]byte{"empty.zip": {}, "text.zip": []byte("hello"), "traversal.zip": b.Bytes()} {
			sum, err := s.check(intake.OneRoster, name, data, nil)
			if fault.KindOf(err) != fault.Invalid || len(sum.Problems) == 0 || sum.Problems[0].Cure == "" {
				t.Errorf("%s = %v, %+v; want a refusal with a cure", name, err, sum.Problems)
			}
		}
		if s.digest() != before {
			t.Error("a refused file changed the state")
		}
	})
}

func TestMergeOfTwoRecordsOfOneChild(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		sch := newSchool(12)
		s.load(intake.OneRoster, "1.zip", sch.zip(t), nil)
		s.load(intake.CASE, "f.json", []byte(frameworkJSON), nil)
		s.load(intake.Results, "r.csv", []byte("student,code,item,score,date\nNu1,M.1,a,1,2026-10-01\nNu2,M.1,a,0,2026-10-02\nNu2,M.2,b,1,2026-10-03\n"), s.withMap)
		keep, gone := s.person("Nu1").ID, s.person("Nu2").ID
		if _, err := db.Merge(t.Context(), district, keep, gone, ""); err != nil {
			t.Fatal(err)
		}
		count := func(p roster.PersonID) (n int) {
			r, err := db.Mastery(t.Context(), district, []roster.PersonID{p})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range r {
				n += x.N
			}
			return n
		}
		if count(keep) != 3 || count(gone) != 0 {
			t.Errorf("after the merge %d and %d pieces count; want 3 and 0", count(keep), count(gone))
		}
		if got := len(s.names("c1")); got != 11 {
			t.Errorf("%d students in the class; want 11", got)
		}
		if r, err := db.CheckReplay(t.Context(), district, false); err != nil || r.Wrong != 0 {
			t.Errorf("replay after the merge = %+v, %v", r, err)
		}
		// The roster system still sends both ids; they stay one child.
		s.load(intake.OneRoster, "2.zip", sch.zip(t), nil)
		if got := len(s.names("c1")); got != 11 || count(keep) != 3 {
			t.Errorf("after the next roster: %d students, %d pieces; want 11, 3", got, count(keep))
		}
		for range 2 {
			if _, err := s.im.Undo(t.Context(), district, ""); err != nil {
				t.Fatal(err)
			}
		}
		if count(keep) != 1 || count(gone) != 2 || len(s.names("c1")) != 12 {
			t.Errorf("after undo: %d and %d pieces, %d students; want 1, 2, 12", count(keep), count(gone), len(s.names("c1")))
		}
	})
}

// A bad row about somebody is no sign that they have left.
func TestABadRowEndsNobody(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		sch := newSchool(30)
		s.load(intake.OneRoster, "1.zip", sch.zip(t), nil)
		damaged := rewrite(t, sch.zip(t), "users.csv", func(text string) string {
			return strings.Replace(text, "true,u7,", "perhaps,u7,", 1)
		})
		sum := s.load(intake.OneRoster, "2.zip", damaged, nil)
		if sum.Bad == 0 || sum.Ended != 0 {
			t.Errorf("%d bad, %d ended; want a bad row and nothing ended", sum.Bad, sum.Ended)
		}
		if p := s.person("Nu7"); !p.Active {
			t.Error("the student of the bad row has been ended")
		}
		if got := len(s.names("c1")); got != 30 {
			t.Errorf("%d students in the class; want all 30", got)
		}
	})
}

// rewrite returns a package with one of its files changed.
func rewrite(t *testing.T, pkg []byte, name string, change func(string) string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			was := string(data)
			if data = []byte(change(was)); string(data) == was {
				t.Fatalf("%s is as it was", name)
			}
		}
		out, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Attendance is brought in, corrected and undone like other files.
func TestAttendanceIsBroughtInCorrectedAndUndone(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.load(intake.OneRoster, "1.zip", newSchool(3).zip(t), nil)
		file := "student,date,status\nNu1,2026-11-02,absent\nNu1,2026-11-03,P\nNu1,2026-11-04,OSS\nNu2,2026-11-02,half\nNobody,2026-11-02,P\nNu1,2027-11-05,P\n"
		sum := s.load(intake.Attended, "a.csv", []byte(file), nil)
		if sum.Added != 4 || sum.Bad != 2 || sum.Problems[0].Code != "reference.unknown_student" || sum.Problems[1].Code != "row.future" {
			t.Errorf("added %d, bad %d: %v", sum.Added, sum.Bad, sum.Problems)
		}
		one, two := s.person("Nu1").ID, s.person("Nu2").ID
		sums := func() map[roster.PersonID]roster.Attended {
			got, err := db.AttendanceOf(t.Context(), district, []roster.PersonID{one, two}, "2026-11-01", "2026-11-30")
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		before := map[roster.PersonID]roster.Attended{one: {Days: 3, Missed: 2, Suspended: 1}, two: {Days: 1, Missed: .5}}
		if diff := cmp.Diff(before, sums()); diff != "" {
			t.Error(diff)
		}
		if sum = s.load(intake.Attended, "a.csv", []byte(strings.Replace(file, "Nu1,2026-11-02,absent", "Nu1,2026-11-02,tardy", 1)), nil); sum.Changed != 1 || sum.Same != 3 {
			t.Errorf("changed %d, same %d", sum.Changed, sum.Same)
		}
		if got := sums()[one]; got.Missed != 1 {
			t.Errorf("corrected: %+v", got)
		}
		if _, err := s.im.Undo(t.Context(), district, ""); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, sums()); diff != "" {
			t.Error(diff)
		}
	})
}

// A product's use is brought in, corrected and undone like other files.
func TestUseIsBroughtInCorrectedAndUndone(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.load(intake.OneRoster, "1.zip", newSchool(3).zip(t), nil)
		file := "student,product,date,minutes,lessons\nNu1,Trails,2026-11-02,45,2\nNu1,Trails,2026-11-09,20,1\nNu2,Trails,2026-11-02,5,\nNobody,Trails,2026-11-02,5,\nNu1,Trails,2027-11-05,5,\n"
		sum := s.load(intake.Used, "use.csv", []byte(file), nil)
		if sum.Added != 3 || sum.Bad != 2 || sum.Problems[0].Code != "reference.unknown_student" || sum.Problems[1].Code != "row.future" {
			t.Errorf("added %d, bad %d: %v", sum.Added, sum.Bad, sum.Problems)
		}
		one, two := s.person("Nu1").ID, s.person("Nu2").ID
		plan := study.Plan{Trace: dose.Product, Product: "Trails", Scale: "MAP", During: study.Days{From: "2026-11-01", To: "2026-11-30"}, Before: study.Days{From: "2026-10-01", To: "2026-10-02"}, After: study.Days{From: "2026-11-01", To: "2026-11-30"}}
		minutes := func() map[string]int {
			facts, err := db.StudyFacts(t.Context(), district, "", plan)
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]int{}
			for _, f := range facts {
				if f.Dose > 0 {
					out[f.Student] = f.Dose
				}
			}
			return out
		}
		before := map[string]int{string(one): 65, string(two): 5}
		if diff := cmp.Diff(before, minutes()); diff != "" {
			t.Error(diff)
		}
		if sum = s.load(intake.Used, "use.csv", []byte(strings.Replace(file, "2026-11-02,45,2", "2026-11-02,40,2", 1)), nil); sum.Changed != 1 || sum.Same != 2 {
			t.Errorf("changed %d, same %d", sum.Changed, sum.Same)
		}
		if got := minutes()[string(one)]; got != 60 {
			t.Errorf("corrected: %d", got)
		}
		if _, err := s.im.Undo(t.Context(), district, ""); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, minutes()); diff != "" {
			t.Error(diff)
		}
	})
}
