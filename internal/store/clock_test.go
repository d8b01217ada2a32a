package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// turned is a clock that a test sets.
type turned struct {
	mu sync.Mutex // guards at
	at time.Time
}

func (c *turned) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *turned) turn(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// A clock that was far ahead and is set right neither keeps a session alive for good nor locks
// anybody out; the audit log stays whole, the latest import is the last one made, and estimates are
// those of the log, in the order of the work.
func TestTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]store.Config{"sqlite": {Dir: t.TempDir()}, "postgres": {URL: storetest.Postgres(t)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ahead := 400 * 24 * time.Hour
			now := &turned{at: clock.Add(ahead)}
			c.Now = now.now
			db := storetest.Open(t, c)
			fixture(t, db)
			ctx := t.Context()
			amy := id(t, db, "amy")
			r := db.NewRecorder(nil)
			defer r.Close()
			do := func(errs ...error) {
				t.Helper()
				for _, err := range errs {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			record := func(key string, at time.Time, right bool) {
				t.Helper()
				_, err := r.Record(ctx, d, []evidence.Piece{piece(amy, "k1", key, at, right)})
				do(err)
			}
			importOrg := func(title string) intake.RunID {
				t.Helper()
				st, err := db.Stage(ctx, d, intake.OneRoster, title, "")
				do(err)
				do(st.Org(1, true, roster.Org{ID: "s1", Name: title, Kind: "school"}))
				_, err = st.Finish(ctx, intake.Summary{Run: st.ID()}, intake.Scope{}, func(*intake.Summary) {})
				do(err)
				_, err = db.Apply(ctx, d, st.ID())
				do(err)
				return st.ID()
			}
			deed := func() { do(db.RecordDeed(ctx, guard.Deed{District: d, Actor: amy, What: "sign in"})) }

			do(db.OpenSession(ctx, guard.Session{Hash: "of the future", Actor: guard.Actor{District: d, Person: amy}, Expires: now.now().Add(14 * 24 * time.Hour)}))
			for range 5 {
				do(db.Failed(ctx, []string{"account:amy"}))
			}
			deed()
			do(db.RecordAccess(ctx, guard.Access{At: now.now(), District: d, Actor: amy, Relation: guard.Self, Student: amy, What: guard.ReadRecord}), db.SealReads(ctx, d))
			importOrg("First")
			record("late", clock.Add(-2*time.Hour), true)

			now.turn(-ahead)
			if _, err := db.Session(ctx, "of the future", 24*time.Hour); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("a session of the future: %v; want it ended", err)
			}
			if n, err := db.Failures(ctx, []string{"account:amy"}, now.now().Add(-15*time.Minute)); err != nil || n != 0 {
				t.Errorf("%d failures of the future count, %v; want none", n, err)
			}
			do(db.Failed(ctx, []string{"account:amy"}))
			if n, err := db.Failures(ctx, []string{"account:amy"}, now.now().Add(-15*time.Minute)); err != nil || n != 1 {
				t.Errorf("%d failures, %v; want the one of now", n, err)
			}
			deed()
			do(db.RecordAccess(ctx, guard.Access{At: now.now(), District: d, Actor: amy, Relation: guard.Self, Student: amy, What: guard.ReadRecord}), db.SealReads(ctx, d))
			if v, err := db.VerifyAudit(ctx, d, nil); err != nil || len(v.Breaches) > 0 || v.Count != 4 {
				t.Errorf("audit: %d entries, %v, %v; want 4 that are whole", v.Count, v.Breaches, err)
			}
			second := importOrg("Second")
			if last, err := db.LastApplied(ctx, d); err != nil || last.Run != second {
				t.Errorf("the latest import is %s, %v; want the last one made", last.File, err)
			}
			if _, err := db.Undo(ctx, d, second); err != nil {
				t.Error(err)
			}
			record("early", clock.Add(-3*time.Hour), false)
			if rep, err := db.CheckReplay(ctx, d, false); err != nil || rep.Wrong != 0 || rep.Pieces != 2 {
				t.Errorf("replay = %+v, %v", rep, err)
			}
			pieces, err := db.Pieces(ctx, d, amy, "k1")
			if err != nil || len(pieces) != 2 || !pieces[0].At.Before(pieces[1].At) && !pieces[1].At.Before(pieces[0].At) {
				t.Errorf("pieces = %+v, %v; want two of different times", pieces, err)
			}
			do(db.OpenSession(ctx, guard.Session{Hash: "of now", Actor: guard.Actor{District: d, Person: amy}, Expires: now.now().Add(14 * 24 * time.Hour)}))
			now.turn(-time.Hour)
			if a, err := db.Session(ctx, "of now", 24*time.Hour); err != nil || a.Actor.Person != amy {
				t.Errorf("a session when the clock is set back by an hour: %v; want it to go on", err)
			}
		})
	}
}

// The same evidence, in order, or out of order, late, in parts and several times over, from many
// clients at once: the same state.
func TestOrderDoesNotMatter(t *testing.T) {
	const n = 300
	events := func(db *store.DB) (list []evidence.Piece) {
		random := rand.New(rand.NewPCG(7, 8))
		people := []roster.PersonID{id(t, db, "amy"), id(t, db, "bob"), id(t, db, "cyd")}
		for i := range n {
			list = append(list, piece(people[random.IntN(3)], []competency.ID{"k1", "k2"}[random.IntN(2)], fmt.Sprint("e", i), clock.Add(-time.Duration(n-i)*7*time.Hour), random.IntN(3) > 0))
		}
		return list
	}
	inOrder := storetest.SQLite(t, now)
	fixture(t, inOrder)
	r := inOrder.NewRecorder(nil)
	for _, p := range events(inOrder) {
		if _, err := r.Record(t.Context(), d, []evidence.Piece{p}); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	want, err := inOrder.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		list := events(db)
		random := rand.New(rand.NewPCG(9, 10))
		list = append(list, list[:n/3]...) // a third comes twice
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := db.NewRecorder(nil)
		var clients sync.WaitGroup
		for c := range 8 {
			clients.Go(func() {
				for i := c; i < len(list); i += 8 {
					if _, err := r.Record(t.Context(), d, []evidence.Piece{list[i]}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		clients.Wait()
		r.Close()
		if got, err := db.Digest(t.Context()); err != nil || got != want {
			t.Errorf("out of order, with repeats: %s, %v; want the state of the same in order, %s", got, err, want)
		}
		t.Logf("%d events, %d of them repeats, in no order: the same state", len(list), n/3)
	})
}
