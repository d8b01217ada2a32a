package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

var clock = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

func now() time.Time { return clock }

const d = roster.DistrictID("d")

// fixture is a district with two schools, a class in each, and people in all roles.
func fixture(t *testing.T, db *store.DB) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.EnsureDistrict(ctx, roster.District{ID: d, Name: "D"}))
	st, err := db.Stage(ctx, d, intake.OneRoster, "fixture", "")
	must(err)
	must(st.Org(1, true, roster.Org{ID: "dist", Name: "Distrito Ñ", Kind: "district"}))
	must(st.Org(2, true, roster.Org{ID: "s1", Name: "One", Kind: "school", Parent: "dist"}))
	must(st.Org(3, true, roster.Org{ID: "s2", Name: "Two", Kind: "school", Parent: "dist"}))
	for i, c := range []string{"c1", "c2"} {
		must(st.Class(i, true, roster.Class{ID: roster.ClassID(c), Title: "Class " + c, Kind: "scheduled", School: roster.OrgID(fmt.Sprintf("s%d", i+1)), Subjects: []string{"Mathematics", "Art"}}))
	}
	people := []struct {
		id, given, family, role string
		org                     roster.OrgID
		class                   roster.ClassID
		agents                  []string
	}{
		{"amy", "Amy", "Zorn", "student", "s1", "c1", []string{"pam"}},
		{"bob", "Bob", "Ábel", "student", "s1", "c1", nil},
		{"cyd", "Cyd", "Young", "student", "s2", "c2", nil},
		{"tea", "Tea", "Cher", "teacher", "s1", "c1", nil},
		{"tom", "Tom", "Other", "teacher", "s2", "c2", nil},
		{"pam", "Pam", "Zorn", "parent", "s1", "", nil},
		{"lea", "Lea", "Der", "principal", "s1", "", nil},
		{"cou", "Cou", "Nsel", "counselor", "s1", "", nil},
		{"adm", "Adm", "In", "districtAdministrator", "dist", "", nil},
	}
	for i, p := range people {
		must(st.User(i, true, roster.User{SourcedID: p.id, Enabled: true, Username: p.id, GivenName: p.given, FamilyName: p.family, PrimaryOrg: p.org, Agents: p.agents}))
	}
	must(st.PeopleDone(ctx))
	for i, p := range people {
		must(st.Role(i, true, roster.RoleRecord{ID: "r" + p.id, User: p.id, Org: p.org, Role: p.role}))
		if p.class != "" {
			must(st.Enrollment(i, true, roster.Enrollment{ID: roster.EnrollmentID("e" + p.id), Class: p.class, School: p.org, User: p.id, Role: p.role}))
		}
	}
	must(st.Framework(competency.Framework{ID: "f", Title: "F", Subject: "Mathematics"}))
	for i, c := range []competency.ID{"k1", "k2", "k3"} {
		must(st.Competency(i, competency.Competency{ID: c, Framework: "f", Code: "C" + string(c), Statement: "Can " + string(c), Position: i, Assessable: true}))
	}
	must(st.Edge("f", competency.Edge{From: "k1", To: "k2", Kind: competency.Prerequisite}))
	must(st.Material(1, material.Material{ID: "m1", Title: "M", Location: "shelf", Kind: "book", Competencies: []competency.ID{"k1", "k2"}, Topics: []string{"a", "b"}}))
	sum, err := st.Finish(ctx, intake.Summary{}, intake.Scope{}, nil)
	must(err)
	_, err = db.Apply(ctx, d, sum.Run)
	must(err)
}

func id(t *testing.T, db *store.DB, ref string) roster.PersonID {
	t.Helper()
	p, err := db.PersonBy(t.Context(), d, ref)
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func TestRelations(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		want := map[string]map[string][]guard.Relation{
			"amy": {"amy": {guard.Self}},
			"tea": {"amy": {guard.TeacherOf}, "bob": {guard.TeacherOf}, "class c1": {guard.TeacherOf}, "school s1": {guard.StaffOf}},
			"tom": {"cyd": {guard.TeacherOf}, "class c2": {guard.TeacherOf}, "school s2": {guard.StaffOf}},
			"pam": {"amy": {guard.GuardianOf}},
			"lea": {"amy": {guard.LeaderOf}, "bob": {guard.LeaderOf}, "class c1": {guard.LeaderOf}, "school s1": {guard.LeaderOf}},
			"cou": {"school s1": {guard.CounselorOf}},
			"adm": {"school s1": {guard.AdministratorOf}, "school s2": {guard.AdministratorOf}, "district": {guard.AdministratorOf}},
		}
		for _, who := range []string{"amy", "bob", "tea", "tom", "pam", "lea", "cou", "adm"} {
			a := guard.Actor{District: d, Person: id(t, db, who)}
			got := map[string][]guard.Relation{}
			keep := func(what string, r []guard.Relation, err error) {
				if err != nil {
					t.Fatal(err)
				}
				if len(r) > 0 {
					got[what] = r
				}
			}
			for _, s := range []string{"amy", "bob", "cyd"} {
				r, err := db.ToStudent(ctx, a, id(t, db, s))
				keep(s, r, err)
			}
			for _, c := range []roster.ClassID{"c1", "c2"} {
				r, err := db.ToClass(ctx, a, c)
				keep("class "+string(c), r, err)
			}
			for _, s := range []roster.OrgID{"s1", "s2"} {
				r, err := db.ToSchool(ctx, a, s)
				keep("school "+string(s), r, err)
			}
			r, err := db.ToDistrict(ctx, a)
			keep("district", r, err)
			w := want[who]
			if who == "bob" {
				w = map[string][]guard.Relation{"bob": {guard.Self}}
			}
			if diff := cmp.Diff(w, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", who, diff)
			}
			// The same person in another district is nobody.
			a.District = "elsewhere"
			if r, err := db.ToStudent(ctx, a, id(t, db, "amy")); err != nil || len(r) != 0 {
				t.Errorf("%s from another district = %v, %v; want no relation", who, r, err)
			}
		}
	})
}

func TestPeopleAreListedByFamilyName(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		people, err := db.People(t.Context(), d, "c1", roster.Student)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range people {
			names = append(names, p.Name())
		}
		if diff := cmp.Diff([]string{"Bob Ábel", "Amy Zorn"}, names); diff != "" {
			t.Errorf("class list (-want +got):\n%s", diff)
		}
		found, err := db.FindPeople(t.Context(), d, " BOB ", 5)
		if err != nil || len(found) != 1 || found[0].Given != "Bob" {
			t.Errorf("FindPeople = %v, %v; want Bob", found, err)
		}
		kids, err := db.Children(t.Context(), d, id(t, db, "pam"))
		if err != nil || len(kids) != 1 || kids[0].Given != "Amy" {
			t.Errorf("Children = %v, %v; want Amy", kids, err)
		}
	})
}

func TestSessionsEndAndLinksWorkOnce(t *testing.T) {
	at := clock
	var mu sync.Mutex
	tick := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
	t.Parallel()
	for _, c := range []store.Config{{Dir: t.TempDir(), Now: tick}, {URL: storetest.Postgres(t), Now: tick}} {
		mu.Lock()
		at = clock
		mu.Unlock()
		db := storetest.Open(t, c)
		fixture(t, db)
		ctx := t.Context()
		amy := id(t, db, "amy")
		if err := db.OpenSession(ctx, guard.Session{Hash: "h", Actor: guard.Actor{District: d, Person: amy}, Expires: clock.Add(48 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		session, err := db.Session(ctx, "h", 24*time.Hour)
		a := session.Actor
		if err != nil || a.Person != amy || a.Name != "Amy Zorn" || !slices.Equal(a.Roles, []roster.Role{roster.Student}) {
			t.Errorf("actor = %+v, %v", a, err)
		}
		pass := func(by time.Duration) {
			mu.Lock()
			at = at.Add(by)
			mu.Unlock()
		}
		pass(23 * time.Hour)
		if _, err := db.Session(ctx, "h", 24*time.Hour); err != nil {
			t.Errorf("after 23 idle hours: %v", err)
		}
		pass(24*time.Hour + time.Minute)
		if _, err := db.Session(ctx, "h", 24*time.Hour); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("after a day without use: %v; want unauthenticated", err)
		}
		if err := db.AddLink(ctx, "l", d, amy, tick().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if acc, err := db.UseLink(ctx, "l"); err != nil || acc.Person != amy {
			t.Errorf("link = %+v, %v", acc, err)
		}
		if _, err := db.UseLink(ctx, "l"); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("the link a second time = %v; want unauthenticated", err)
		}
		for range 3 {
			if err := db.Failed(ctx, []string{"account:x", "address:y"}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := db.Failures(ctx, []string{"account:x", "account:z"}, tick().Add(-time.Hour)); err != nil || n != 3 {
			t.Errorf("failures = %d, %v; want 3", n, err)
		}
	}
}

func piece(student roster.PersonID, on competency.ID, key string, at time.Time, right bool) evidence.Piece {
	p := evidence.Piece{Student: student, Competency: on, Kind: evidence.Response, Max: 1, Item: "i", At: at, Source: "test", Key: key}
	if right {
		p.Score = 1
	}
	return p
}

func TestRecorder(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		var heard int
		r := db.NewRecorder(func(_ roster.DistrictID, ps []evidence.Piece) { heard += len(ps) })
		amy := id(t, db, "amy")
		record := func(p evidence.Piece) mastery.Recorded {
			t.Helper()
			out, err := r.Record(ctx, d, []evidence.Piece{p})
			if err != nil {
				t.Fatal(err)
			}
			return out[0]
		}
		first := record(piece(amy, "k1", "a", clock.Add(-72*time.Hour), true))
		if first.Known || first.State.N != 1 {
			t.Errorf("first = %+v", first)
		}
		if again := record(piece(amy, "k1", "a", clock.Add(-72*time.Hour), true)); !again.Known || again.State != first.State {
			t.Errorf("the same again = %+v; want it known and nothing changed", again)
		}
		late := record(piece(amy, "k1", "b", clock.Add(-96*time.Hour), false))
		want := mastery.Builtin().Fold([]evidence.Piece{
			{ID: "1", Competency: "k1", Kind: evidence.Response, Max: 1, At: clock.Add(-96 * time.Hour)},
			{ID: "2", Competency: "k1", Kind: evidence.Response, Score: 1, Max: 1, At: clock.Add(-72 * time.Hour)},
		}).States["k1"]
		if late.State != want {
			t.Errorf("late work = %+v; want it folded in its place: %+v", late.State, want)
		}
		corrected := record(piece(amy, "k1", "a", clock.Add(-72*time.Hour), false))
		if corrected.Known || corrected.State.N != 2 || corrected.State.Mean >= late.State.Mean || corrected.Piece.Replaces == "" {
			t.Errorf("corrected = %+v", corrected)
		}
		if old, err := db.Replaced(ctx, d, amy, "k1"); err != nil || len(old) != 1 || old[0].Score != 1 {
			t.Errorf("history = %+v, %v", old, err)
		}
		if _, err := r.Record(ctx, d, []evidence.Piece{{Student: amy, Competency: "k1", Key: "bad", Kind: evidence.Response, Score: 2, Max: 1, At: clock}}); fault.FieldOf(err) != "score" {
			t.Errorf("a score out of range = %v; want a fault that names the score", err)
		}
		r.Close()
		if heard != 3 {
			t.Errorf("%d pieces announced; want 3", heard)
		}
		if rep, err := db.CheckReplay(ctx, d, false); err != nil || rep.Wrong != 0 {
			t.Errorf("replay = %+v, %v", rep, err)
		}
	})
}

// Many writers at once, in no order, some repeated, some corrected: nothing acknowledged
// is lost, and the estimates are those of the log.
func TestRecorderConcurrently(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		r := db.NewRecorder(nil)
		students := []roster.PersonID{id(t, db, "amy"), id(t, db, "bob"), id(t, db, "cyd")}
		var wg sync.WaitGroup
		errs := make(chan error, 16)
		for w := range 8 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(1, uint64(w)))
				for i := range 40 {
					p := piece(students[rng.IntN(3)], competency.ID(fmt.Sprintf("k%d", 1+rng.IntN(3))), fmt.Sprintf("%d-%d", w, i),
						clock.Add(-time.Duration(rng.IntN(2000))*time.Hour), rng.IntN(2) == 0)
					if _, err := r.Record(context.Background(), d, []evidence.Piece{p}); err != nil {
						errs <- err
						return
					}
					if i%5 == 0 {
						p.Score = 1 - p.Score
						if _, err := r.Record(context.Background(), d, []evidence.Piece{p}); err != nil {
							errs <- err
							return
						}
					}
				}
			})
		}
		wg.Wait()
		r.Close()
		close(errs)
		if err := errors.Join(slices.Collect(func(yield func(error) bool) {
			for e := range errs {
				yield(e)
			}
		})...); err != nil {
			t.Fatal(err)
		}
		n, err := db.EvidenceCount(t.Context(), d)
		if err != nil || n != 320 {
			t.Errorf("%d pieces count, %v; want 320", n, err)
		}
		if rep, err := db.CheckReplay(t.Context(), d, false); err != nil || rep.Wrong != 0 || rep.Pieces != 320 {
			t.Errorf("replay = %+v, %v", rep, err)
		}
	})
}

func TestMasteryAtAPastWeek(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		r := db.NewRecorder(nil)
		defer r.Close()
		amy := id(t, db, "amy")
		var states []mastery.State
		for i, days := range []int{40, 20, 3} {
			out, err := r.Record(t.Context(), d, []evidence.Piece{piece(amy, "k1", fmt.Sprint(i), clock.AddDate(0, 0, -days), true)})
			if err != nil {
				t.Fatal(err)
			}
			states = append(states, out[0].State)
		}
		for _, c := range []struct {
			days int
			want int // index of the state, -1 for none
		}{{60, -1}, {30, 0}, {14, 1}, {0, 2}} {
			got, err := db.MasteryAt(t.Context(), d, []roster.PersonID{amy}, mastery.Week(clock.AddDate(0, 0, -c.days)))
			if err != nil {
				t.Fatal(err)
			}
			if (c.want < 0) != (len(got) == 0) || c.want >= 0 && (got[0].Mean != states[c.want].Mean || got[0].N != states[c.want].N) {
				t.Errorf("%d days ago = %+v; want state %d", c.days, got, c.want)
			}
		}
	})
}

func TestPlansAndDecisions(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, bob := id(t, db, "amy"), id(t, db, "bob")
		g, err := db.AddGoal(ctx, d, plan.Goal{Student: amy, What: "Read it all", Why: "because", Competency: "k1", By: "2027-01-31", Author: amy})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.FinishGoal(ctx, d, bob, g.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("finishing somebody else's goal = %v; want not found", err)
		}
		if err := db.FinishGoal(ctx, d, amy, g.ID); err != nil {
			t.Error(err)
		}
		goals, err := db.Goals(ctx, d, []roster.PersonID{amy})
		if err != nil || len(goals) != 1 || goals[0].Done.IsZero() || goals[0].What != "Read it all" {
			t.Errorf("goals = %+v, %v", goals, err)
		}
		for _, want := range []propose.Want{propose.First, propose.Neither} {
			if err := db.WishRoad(ctx, d, amy, propose.Wish{Competency: "k1", Want: want, Author: amy}); err != nil {
				t.Error(err)
			}
		}
		if w, err := db.RoadWishes(ctx, d, amy); err != nil || len(w) != 2 || w[0].Want != propose.First || w[1].Want != propose.Neither || w[1].At.IsZero() {
			t.Errorf("wishes = %+v, %v", w, err)
		}
		c, err := db.AddChoice(ctx, d, plan.Choice{Student: amy, Competency: "k1", Material: "m1", Because: "b", Rule: "r/1", Offered: []material.ID{"m1", "m2"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.FinishChoice(ctx, d, amy, c.ID, plan.Well); err != nil {
			t.Error(err)
		}
		choices, err := db.Choices(ctx, d, []roster.PersonID{amy, bob}, time.Time{})
		if err != nil || len(choices) != 1 || !slices.Equal(choices[0].Offered, []material.ID{"m1", "m2"}) {
			t.Errorf("choices = %+v, %v", choices, err)
		}
		for i, until := range []time.Duration{-time.Hour, time.Hour} {
			if err := db.Decide(ctx, d, propose.Decision{Class: "c1", Step: fmt.Sprint("s", i), What: "later", Actor: bob, At: clock, Until: clock.Add(until), Students: []roster.PersonID{amy}}); err != nil {
				t.Fatal(err)
			}
		}
		ds, err := db.Decisions(ctx, d, "c1")
		if err != nil || len(ds) != 1 || ds[0].Step != "s1" || !slices.Equal(ds[0].Students, []roster.PersonID{amy}) {
			t.Errorf("decisions that hold = %+v, %v; want s1", ds, err)
		}
		if err := db.RecordAccess(ctx, guard.Access{At: clock, District: d, Actor: id(t, db, "tea"), Relation: guard.TeacherOf, Student: amy, What: guard.ReadRecord}); err != nil {
			t.Fatal(err)
		}
		seen, err := db.Accesses(ctx, d, amy, 10)
		if err != nil || len(seen) != 1 || seen[0].Name != "Tea Cher" || seen[0].Relation != guard.TeacherOf {
			t.Errorf("who saw it = %+v, %v", seen, err)
		}
	})
}

func TestClassCodes(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		codes := []string{"fox 1", "fox 1", "owl 2"}
		next := func() (string, error) {
			c := codes[0]
			codes = codes[1:]
			return c, nil
		}
		one, err := db.ClassCode(ctx, d, "c1", next)
		if err != nil || one != "fox 1" {
			t.Fatalf("code = %q, %v", one, err)
		}
		if again, err := db.ClassCode(ctx, d, "c1", next); err != nil || again != one {
			t.Errorf("the same class again = %q, %v", again, err)
		}
		// The next draw is taken already; another one is drawn.
		if two, err := db.ClassCode(ctx, d, "c2", next); err != nil || two != "owl 2" {
			t.Errorf("code of the other class = %q, %v; want owl 2", two, err)
		}
		_, c, err := db.ClassByCode(ctx, "owl 2")
		if err != nil || c.ID != "c2" || !slices.Equal(c.Subjects, []string{"Mathematics", "Art"}) {
			t.Errorf("class of the code = %+v, %v", c, err)
		}
		if _, _, err := db.ClassByCode(ctx, "cat 3"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unknown code = %v; want not found", err)
		}
	})
}

func TestOpeningAgainKeepsEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []store.Config{{Dir: t.TempDir(), Now: now}, {URL: storetest.Postgres(t), Now: now}} {
		db, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		fixture(t, db)
		want, err := db.Digest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := storetest.Open(t, c).Digest(t.Context())
		if err != nil || got != want {
			t.Errorf("digest after opening again = %s, %v; want %s", got, err, want)
		}
	}
}

func TestListenHearsWhatOthersAnnounce(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, store.Config{URL: storetest.Postgres(t), Now: now})
	heard := make(chan string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- db.Listen(ctx, func(topic string) { heard <- topic }) }()
	deadline := time.After(20 * time.Second)
	for got := ""; got != "class:d/x"; {
		if err := db.Announce(t.Context(), "class:d/x"); err != nil {
			t.Fatal(err)
		}
		select {
		case got = <-heard:
		case <-time.After(100 * time.Millisecond): // the listener may not listen yet
		case <-deadline:
			t.Fatal("nothing heard")
		}
	}
	cancel()
	<-done
}

// Two processes on one PostgreSQL write about the same students at once: each reads,
// folds and writes what the other reads, and no piece may be lost.
func TestTwoProcessesRecord(t *testing.T) {
	t.Parallel()
	c := store.Config{URL: storetest.Postgres(t), Now: now}
	first, second := storetest.Open(t, c), storetest.Open(t, c)
	fixture(t, first)
	amy := id(t, first, "amy")
	var wg sync.WaitGroup
	for n, db := range []*store.DB{first, second} {
		r := db.NewRecorder(nil)
		wg.Go(func() {
			defer r.Close()
			for i := range 60 {
				p := piece(amy, "k1", fmt.Sprintf("%d-%d", n, i), clock.Add(-time.Duration(200-i)*time.Hour), i%3 > 0)
				if _, err := r.Record(context.Background(), d, []evidence.Piece{p}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	rep, err := first.CheckReplay(t.Context(), d, false)
	if err != nil || rep.Wrong != 0 || rep.Pieces != 120 {
		t.Errorf("replay = %+v, %v; want 120 pieces and nothing wrong", rep, err)
	}
}
