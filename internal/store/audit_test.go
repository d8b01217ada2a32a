package store

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"waymark/internal/guard"
	"waymark/internal/roster"
)

// Whoever can write into the database cannot change what was done unseen, on either kind of it.
func TestTamperingWithTheDatabaseIsFound(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for kind, config := range map[string]Config{"sqlite": {Dir: t.TempDir(), Now: time.Now}, "postgres": {URL: testSchema(t), Now: time.Now}} {
		ctx := t.Context()
		db, err := Open(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for i, c := range []struct {
			name, forge, kind string
			number            int64
		}{
			{"nothing", ``, "", 0},
			{"who did it", `UPDATE audit SET actor = 'somebody else' WHERE district = $1 AND number = 2`, "altered", 2},
			{"an entry is taken out", `DELETE FROM audit WHERE district = $1 AND number = 2`, "missing", 2},
			{"the log is cut off", `DELETE FROM audit WHERE district = $1 AND number > 3`, "cut off", 5},
			{"the log is emptied", `DELETE FROM audit WHERE district = $1`, "cut off", 5},
			{"a look is taken out", `DELETE FROM access_log WHERE district = $1 AND student = 's2'`, "reads altered", 4},
			{"a look is changed", `UPDATE access_log SET actor = 'somebody else' WHERE district = $1 AND student = 's2'`, "reads altered", 4},
			{"a look is put in", `INSERT INTO access_log (district, student, at, id, actor, relation, what, sealed) VALUES ($1, 's9', 5, 'x', 'a', 'teacher of', 'read record', 4)`, "reads altered", 4},
			{"a look is unsealed", `UPDATE access_log SET sealed = 0 WHERE district = $1`, "reads altered", 4},
		} {
			d := roster.DistrictID(fmt.Sprint("d", i))
			for _, what := range []string{"sign in", "import", "rules"} {
				if err := db.RecordDeed(ctx, guard.Deed{District: d, Actor: "a", What: what}); err != nil {
					t.Fatal(err)
				}
			}
			for _, student := range []roster.PersonID{"s1", "s2", "s3"} {
				if err := db.RecordAccess(ctx, guard.Access{At: time.Now(), District: d, Actor: "a", Relation: guard.TeacherOf, Student: student, What: guard.ReadRecord}); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.SealReads(ctx, d); err != nil {
				t.Fatal(err)
			}
			if err := db.RecordDeed(ctx, guard.Deed{District: d, What: "export"}); err != nil {
				t.Fatal(err)
			}
			kept, err := db.SignCheckpoint(ctx, d, key)
			if err != nil || kept.Check("") != nil {
				t.Fatal(err, kept.Check(""))
			}
			if c.forge != "" {
				if _, err := db.write.ExecContext(ctx, c.forge, d); err != nil {
					t.Fatal(err)
				}
			}
			v, err := db.VerifyAudit(ctx, d, []guard.Checkpoint{kept})
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(v.Breaches, func(b guard.Breach) bool { return b.Kind == c.kind && b.Number == c.number })
			if found != (c.kind != "") || c.kind == "" && len(v.Breaches) > 0 {
				t.Errorf("%s, %s: %v, want %s at %d", c.name, kind, v.Breaches, c.kind, c.number)
			}
		}
	}
}

// Many write at once, and the log stays one chain without gaps.
func TestManyWriteToOneLog(t *testing.T) {
	t.Parallel()
	for kind, config := range map[string]Config{"sqlite": {Dir: t.TempDir(), Now: time.Now}, "postgres": {URL: testSchema(t), Now: time.Now}} {
		db, err := Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		const writers, each = 40, 5
		failed := make(chan error, writers+1)
		go func() { // and looks are sealed all the while
			var err error
			for i := 0; i < 20 && err == nil; i++ {
				err = errors.Join(db.RecordAccess(t.Context(), guard.Access{At: time.Now(), District: "d", Actor: "a", Relation: guard.TeacherOf, Student: "s", What: guard.ReadRecord}), db.SealReads(t.Context(), "d"))
			}
			failed <- err
		}()
		for range writers {
			go func() {
				var err error
				for i := 0; i < each && err == nil; i++ {
					err = db.RecordDeed(t.Context(), guard.Deed{District: "d", Actor: "a", What: "sign in"})
				}
				failed <- err
			}()
		}
		for range writers + 1 {
			if err := <-failed; err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		v, err := db.VerifyAudit(t.Context(), "d", nil)
		if err != nil || v.Count <= writers*each || len(v.Breaches) > 0 {
			t.Errorf("%s: %d entries, %v, %v", kind, v.Count, v.Breaches, err)
		}
	}
}
