package web_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/live"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/web"
)

// The fixture's world: Cedar with Room 12, its teacher, six students, a guardian and
// a leader; Juniper with one of each, who must not see anything of Cedar; and the
// district's administrator. It is Friday, 20 November 2026, 9:00.
const (
	district = roster.DistrictID("d1")
	cedar    = roster.OrgID("cedar")
	juniper  = roster.OrgID("juniper")
	room12   = roster.ClassID("room-12")
	room3    = roster.ClassID("room-3")

	equal   = competency.ID("nf-1")
	compare = competency.ID("nf-2")
	adding  = competency.ID("nf-3")
	times   = competency.ID("nf-4")
	place   = competency.ID("nbt-1")
	large   = competency.ID("nbt-2")
	sums    = competency.ID("nbt-4")
	area    = competency.ID("md-3")
)

var friday = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// cast are the people whom a test may be, by what they are to Maya, the student.
var cast = map[string]string{
	"student": "u-maya", "other student": "u-sam", "guardian": "u-ana", "other guardian": "u-lee", "teacher": "u-okafor",
	"other teacher": "u-brown", "leader": "u-reyes", "other leader": "u-stone", "administrator": "u-admin", "other administrator": "u-ruiz",
	"liam": "u-liam", "aaliyah": "u-aaliyah", "minh": "u-minh", "noah": "u-noah", "emma": "u-emma",
}

// Secrets of the fixture: everybody above has the password, Maya a word code, Liam a
// picture code; Room 12 has a class code.
const (
	password    = "seven quiet rivers"
	wordCode    = "otter maple 47"
	classCode   = "river-58"
	mayasToken  = "rabbit"
	liamsToken  = "turtle"
	sessionName = "waymark"
)

// liamsCode are four of the pictures, in order.
func liamsCode() []string {
	p := guard.Pictures
	return []string{p[2], p[5], p[5], p[0]}
}

// site is a server over a store of its own, filled with the fixture.
type site struct {
	t        *testing.T
	db       *store.DB
	recorder *store.Recorder
	hub      *live.Hub
	handler  http.Handler
	server   *web.Server
	log      *strings.Builder           // what the server logged; read it after the requests
	elapsed  *atomic.Int64              // nanoseconds since friday
	guests   map[string]roster.PersonID // whom a test adds to the cast
}

func (s *site) now() time.Time { return friday.Add(time.Duration(s.elapsed.Load())) }

// later lets time pass.
func (s *site) later(d time.Duration) { s.elapsed.Add(int64(d)) }

// signInAgainAfter lets so much time pass that everybody has to sign in again, and does so.
func (s *site) signInAgainAfter(d time.Duration) {
	s.t.Helper()
	s.later(d)
	for name := range cast {
		s.signIn(name, person(name))
	}
	for name, id := range s.guests {
		s.signIn(name, id)
	}
}

// signIn opens a new session for somebody.
func (s *site) signIn(name string, id roster.PersonID) {
	s.t.Helper()
	hash := guard.TokenHash("session of " + name)
	if err := errors.Join(s.db.CloseSession(s.t.Context(), hash), s.db.OpenSession(s.t.Context(), guard.Session{Hash: hash, Actor: guard.Actor{District: district, Person: id}, Expires: s.now().AddDate(0, 0, 14)})); err != nil {
		s.t.Fatal(err)
	}
}

// person is the id of one of the cast.
func person(name string) roster.PersonID {
	p, ok := template.ids[name]
	if !ok {
		panic("nobody is called " + name)
	}
	return p
}

// template is the filled database, made once for all tests.
var template struct {
	once sync.Once
	file []byte
	ids  map[string]roster.PersonID
	err  error
}

// filled makes the template, if no test has yet.
func filled(t *testing.T) {
	t.Helper()
	template.once.Do(func() { template.file, template.ids, template.err = fill() })
	if template.err != nil {
		t.Fatalf("make the fixture: %v", template.err)
	}
}

// start returns a server with the fixture; it ends with the test.
func start(t *testing.T) *site {
	t.Helper()
	filled(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, store.FileName), template.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, store.Config{Dir: dir})
}

// serve returns a server over a store; both end with the test.
func serve(t *testing.T, c store.Config) *site {
	t.Helper()
	s := &site{t: t, hub: &live.Hub{}, elapsed: &atomic.Int64{}, log: &strings.Builder{}}
	c.Now = s.now
	var err error
	if s.db, err = store.Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.recorder = s.db.NewRecorder(func(d roster.DistrictID, pieces []evidence.Piece) {
		for _, p := range pieces {
			s.hub.Publish(live.StudentTopic(string(d), string(p.Student)), live.ClassTopic(string(d), string(p.Class)))
		}
	})
	s.server, err = web.New(web.Config{PlanGrades: plan.Usual, Store: s.db, Recorder: s.recorder, Intake: intake.Importer{Store: s.db, Now: s.now}, Hub: s.hub, Now: s.now,
		Random: rand.Reader, Log: slog.New(slog.NewTextHandler(s.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = s.server.Handler()
	t.Cleanup(func() {
		s.server.Stop()
		s.recorder.Close()
		s.db.Close()
	})
	return s
}

// fill makes the fixture's database and returns the file's content.
func fill() (file []byte, ids map[string]roster.PersonID, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "waymark-web")
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := store.Open(ctx, store.Config{Dir: dir, Now: func() time.Time { return friday }})
	if err != nil {
		return nil, nil, err
	}
	ids = map[string]roster.PersonID{}
	if err := errors.Join(fillDistrict(ctx, db, ids), fillEvidence(ctx, db, ids), fillAccounts(ctx, db, ids), db.Close()); err != nil {
		return nil, nil, err
	}
	file, err = os.ReadFile(filepath.Join(dir, store.FileName))
	return file, ids, err
}

func fillDistrict(ctx context.Context, db *store.DB, ids map[string]roster.PersonID) error {
	if err := db.EnsureDistrict(ctx, roster.District{ID: district, Name: "Valley District"}); err != nil {
		return err
	}
	st, err := db.Stage(ctx, district, intake.OneRoster, "fixture.zip", "")
	if err != nil {
		return err
	}
	var errs []error
	do := func(err error) { errs = append(errs, err) }
	do(st.Org(1, true, roster.Org{ID: "valley", Name: "Valley District", Kind: "district"}))
	do(st.Org(2, true, roster.Org{ID: cedar, Name: "Cedar Elementary", Kind: "school", Parent: "valley"}))
	do(st.Org(3, true, roster.Org{ID: juniper, Name: "Juniper Elementary", Kind: "school", Parent: "valley"}))
	class := func(id roster.ClassID, title string, school roster.OrgID) {
		do(st.Class(1, true, roster.Class{ID: id, Title: title, School: school, Kind: "homeroom", Grades: []string{"04"}, Subjects: []string{"Mathematics"}, Location: "Room"}))
	}
	class(room12, "Room 12 Mathematics", cedar)
	class(room3, "Room 3 Mathematics", juniper)
	user := func(name, given, family, role string, org roster.OrgID, class roster.ClassID, agents ...string) {
		id := cast[name]
		u := roster.User{SourcedID: id, Enabled: true, Username: strings.TrimPrefix(id, "u-"), GivenName: given, FamilyName: family, PrimaryOrg: org, Agents: agents}
		if role == "student" {
			u.Grades = []string{"04"}
		}
		do(st.User(1, true, u))
		ids[name] = st.Person(id)
		do(st.Role(1, true, roster.RoleRecord{ID: "r-" + id, User: id, Org: org, Role: role, Primary: true}))
		if class != "" {
			do(st.Enrollment(1, true, roster.Enrollment{ID: roster.EnrollmentID("e-" + id), Class: class, School: org, User: id, Role: role, Primary: true}))
		}
	}
	user("student", "Maya", "Álvarez", "student", cedar, room12, "u-ana")
	user("liam", "Liam", "O’Connor", "student", cedar, room12)
	user("aaliyah", "Aaliyah", "Washington", "student", cedar, room12)
	user("minh", "Minh", "Nguyễn", "student", cedar, room12)
	user("noah", "Noah", "Begay", "student", cedar, room12)
	user("emma", "Emma", "Johansson", "student", cedar, room12)
	user("other student", "Sam", "Lee", "student", juniper, room3, "u-lee")
	user("guardian", "Ana", "Álvarez", "parent", cedar, "")
	user("other guardian", "Kim", "Lee", "parent", juniper, "")
	user("teacher", "Ngozi", "Okafor", "teacher", cedar, room12)
	user("other teacher", "Pat", "Brown", "teacher", juniper, room3)
	user("leader", "Rosa", "Reyes", "principal", cedar, "")
	user("other leader", "Sky", "Stone", "principal", juniper, "")
	user("administrator", "Ada", "Minh", "districtAdministrator", "valley", "")
	user("other administrator", "Theo", "Ruiz", "districtAdministrator", "valley", "")
	return errors.Join(append(errs, fillContent(st), finish(ctx, db, st))...)
}

func finish(ctx context.Context, db *store.DB, st intake.Stager) error {
	if _, err := st.Finish(ctx, intake.Summary{}, intake.Scope{}, func(*intake.Summary) {}); err != nil {
		return err
	}
	_, err := db.Apply(ctx, district, st.ID())
	return err
}

func fillContent(st intake.Stager) error {
	const fw = competency.FrameworkID("fw-math")
	errs := []error{st.Framework(competency.Framework{ID: fw, Title: "Mathematics, grade 4", Subject: "Mathematics"})}
	item := func(id, parent competency.ID, code, short, student string, assessable bool) {
		errs = append(errs, st.Competency(1, competency.Competency{ID: id, Framework: fw, Code: code, Statement: "The student understands: " + short + ".",
			Short: short, Student: student, Grades: []string{"04"}, Subject: "Mathematics", Parent: parent, Position: len(errs), Assessable: assessable}))
	}
	item("nf", "", "4.NF", "Fractions", "", false)
	item(equal, "nf", "4.NF.1", "Equal fractions", "I can find fractions that are equal", true)
	item(compare, "nf", "4.NF.2", "Compare fractions", "I can compare two fractions", true)
	item(adding, "nf", "4.NF.3", "Add fractions", "I can add fractions", true)
	item(times, "nf", "4.NF.4", "Multiply a fraction", "I can multiply a fraction by a whole number", true)
	item("nbt", "", "4.NBT", "Numbers in base ten", "", false)
	item(place, "nbt", "4.NBT.1", "Place value", "I can say what each digit is worth", true)
	item(large, "nbt", "4.NBT.2", "Read large numbers", "I can read and write large numbers", true)
	item(sums, "nbt", "4.NBT.4", "Add and subtract large numbers", "", true)
	item("md", "", "4.MD", "Measurement", "", false)
	item(area, "md", "4.MD.3", "Area and perimeter", "I can find the area of a rectangle", true)
	for _, e := range [][2]competency.ID{{equal, compare}, {equal, adding}, {adding, times}, {place, large}, {place, sums}} {
		errs = append(errs, st.Edge(fw, competency.Edge{From: e[0], To: e[1], Kind: competency.Prerequisite}))
	}
	mat := func(id material.ID, title, kind, link, where string, minutes int, on ...competency.ID) {
		errs = append(errs, st.Material(1, material.Material{ID: id, Title: title, Kind: kind, Link: link, Location: where, Minutes: minutes, Language: "en",
			Competencies: on, Tier: material.Core, Topics: []string{kind}}))
	}
	mat("m-strips", "Fraction strips", "paper", "", "Maths corner, blue box", 15, equal, compare)
	mat("m-wall", "Build a fraction wall", "project", "", "Maths corner", 30, equal, adding)
	mat("m-pizza", "Which pizza is bigger?", "game", "https://example.org/pizza", "", 10, compare)
	mat("m-talk", "Explain it to a friend", "person", "", "Round table", 10, compare, adding)
	mat("m-digits", "Digit cards", "paper", "", "Shelf 2", 10, place, large, sums)
	mat("m-news", "Large numbers in the news", "text", "https://example.org/news", "", 20, large)
	mat("m-check", "Check with the inverse", "video", "https://example.org/inverse", "", 5, sums)
	mat("m-garden", "Plan a garden", "project", "", "School garden", 40, area)
	mat("m-tiles", "Tiles on the floor", "place", "", "Hall", 15, area)
	mat("m-times", "Jumps on the number line", "practice", "https://example.org/jumps", "", 15, times)
	for _, on := range []competency.ID{equal, compare, adding} {
		for i := range 9 {
			a, b := i+2, i+3
			q := assess.Question{ID: assess.ItemID(fmt.Sprintf("%s-q%d", on, i)), Competency: on, Text: fmt.Sprintf("What is %d + %d?", a, b), Right: []string{fmt.Sprint(a + b)},
				Item: irt.Dichotomous(1.1, float64(i-4)/2, 0), Calibrated: true}
			if i%2 == 1 {
				q.Choices, q.Item.Guess = []string{fmt.Sprint(a), fmt.Sprint(a + b), fmt.Sprint(a * b)}, .33
			}
			errs = append(errs, st.Item(1, q))
		}
	}
	return errors.Join(errs...)
}

// fillEvidence writes what Room 12 has shown: Maya has met equal fractions, is near
// with comparing, was good at place value long ago and finds area hard; Liam and Noah
// are stuck on equal fractions; Aaliyah may move on; Emma needs a look back; nobody
// has seen Minh.
func fillEvidence(ctx context.Context, db *store.DB, ids map[string]roster.PersonID) error {
	r := db.NewRecorder(nil)
	defer r.Close()
	var pieces []evidence.Piece
	n := 0
	rubric := func(who string, on competency.ID, level float64, daysAgo int) {
		n++
		pieces = append(pieces, evidence.Piece{Student: ids[who], Competency: on, Kind: evidence.Rubric, Score: level, Max: 4, Item: "Exit ticket",
			At: friday.AddDate(0, 0, -daysAgo), Source: "observation", Actor: ids["teacher"], Class: room12, Key: fmt.Sprintf("fixture-%d", n)})
	}
	for _, x := range []struct {
		who   string
		on    competency.ID
		level float64
		days  []int
	}{
		{"student", equal, 2, []int{60, 50}}, {"student", equal, 4, []int{21, 12, 8, 3}}, {"student", compare, 3, []int{9, 2}},
		{"student", place, 4, []int{130, 120, 110, 100}}, {"student", area, 1, []int{20, 15, 6}}, {"student", adding, 2, []int{1}},
		{"liam", equal, 1, []int{18, 11, 4}}, {"noah", equal, 1, []int{17, 10, 3}}, {"noah", place, 4, []int{14, 9, 5}},
		{"aaliyah", equal, 4, []int{20, 13, 6}}, {"aaliyah", compare, 4, []int{19, 12, 5}}, {"aaliyah", place, 4, []int{18, 11, 4}},
		{"emma", place, 4, []int{120, 110, 100}}, {"emma", equal, 3, []int{30, 20}},
		{"other student", equal, 3, []int{8, 2}},
	} {
		for _, d := range x.days {
			rubric(x.who, x.on, x.level, d)
		}
	}
	pieces = append(pieces, evidence.Piece{Student: ids["student"], Kind: evidence.Test, Score: 208, SE: 3.1, Percentile: 62, Scale: "MAP Growth: Mathematics (RIT)",
		Item: "Fall 2026", At: friday.AddDate(0, 0, -55), Source: "map", Key: "fixture-test"})
	if _, err := r.Record(ctx, district, pieces); err != nil {
		return err
	}
	// A correction: the newest piece on comparing was first written down as a 1.
	wrong := evidence.Piece{Student: ids["student"], Competency: compare, Kind: evidence.Rubric, Score: 1, Max: 4, Item: "Exit ticket", Note: "mixed up two papers",
		At: friday.AddDate(0, 0, -5), Source: "observation", Actor: ids["teacher"], Class: room12, Key: "fixture-corrected"}
	if _, err := r.Record(ctx, district, []evidence.Piece{wrong}); err != nil {
		return err
	}
	wrong.Score, wrong.Note = 3, ""
	_, err := r.Record(ctx, district, []evidence.Piece{wrong})
	return err
}

// fillAccounts gives everybody the password and an open session.
func fillAccounts(ctx context.Context, db *store.DB, ids map[string]roster.PersonID) error {
	hash, err := guard.HashSecret(password, rand.Reader)
	if err != nil {
		return err
	}
	for name, p := range ids {
		if err := db.SetSecret(ctx, district, p, "password", hash, p); err != nil {
			return err
		}
		if err := db.OpenSession(ctx, guard.Session{Hash: guard.TokenHash("session of " + name), Actor: guard.Actor{District: district, Person: p}, Expires: friday.AddDate(0, 0, 14)}); err != nil {
			return err
		}
	}
	for name, code := range map[string]string{"student": wordCode, "liam": strings.Join(liamsCode(), " ")} {
		hash, err := guard.HashSecret(guard.FoldCode(code), rand.Reader)
		if err != nil {
			return err
		}
		kind := guard.WordCode
		if name == "liam" {
			kind = guard.PictureCode
		}
		if err := db.SetSecret(ctx, district, ids[name], string(kind), hash, ids["teacher"]); err != nil {
			return err
		}
	}
	_, err = db.ClassCode(ctx, district, room12, func() (string, error) { return classCode, nil })
	return errors.Join(err,
		db.SetClassToken(ctx, district, room12, ids["student"], mayasToken),
		db.SetClassToken(ctx, district, room12, ids["liam"], liamsToken))
}

// page is an answer with its parsed HTML.
type page struct {
	t      *testing.T
	Code   int
	Header http.Header
	Body   string
	Doc    *html.Node
}

// get asks for a path as one of the cast, or as nobody.
func (s *site) get(role, path string) *page {
	s.t.Helper()
	return s.do(httptest.NewRequest(http.MethodGet, path, nil), role)
}

// post sends a form as one of the cast, or as nobody.
func (s *site) post(role, path string, form url.Values) *page {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(r, role)
}

// do sends a request as one of the cast, or as nobody.
func (s *site) do(r *http.Request, role string) *page {
	s.t.Helper()
	if role != "" {
		if _, ok := s.guests[role]; !ok {
			person(role)
		}
		r.AddCookie(&http.Cookie{Name: sessionName, Value: "session of " + role})
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &page{t: s.t, Code: w.Code, Header: w.Header(), Body: string(body)}
	if w.Code == http.StatusInternalServerError {
		s.t.Errorf("%s %s as %q failed: %s", r.Method, r.URL, role, s.log)
	}
	redirect := w.Code >= 300 && w.Code < 400
	if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") && !redirect {
		if p.Doc, err = html.Parse(strings.NewReader(p.Body)); err != nil {
			s.t.Fatal(err)
		}
		for _, fault := range faultsOf(p) {
			s.t.Errorf("%s %s as %q: %s", r.Method, r.URL, role, fault)
		}
	}
	return p
}
