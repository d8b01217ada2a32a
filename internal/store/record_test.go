package store

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/study/dose"
)

// What is held of a child can be taken out, and taken away so that no table knows them any more, not
// even one that could bring them back; others stay as they were, and a hold forbids it.
func TestAChildsRecordLeavesAndIsErased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for kind, config := range map[string]Config{"sqlite": {Dir: dir, Now: time.Now}, "postgres": {URL: testSchema(t), Now: time.Now}} {
		ctx := t.Context()
		db, err := Open(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		const d = roster.DistrictID("d1")
		st, err := db.Stage(ctx, d, intake.OneRoster, "r.zip", "")
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]roster.PersonID{}
		for _, name := range []string{"Maya", "Noah"} {
			for _, err := range []error{
				st.User(1, true, roster.User{SourcedID: name, GivenName: name, FamilyName: "Zimmer-" + name, Identifier: "n-" + name, Enabled: true}),
				st.Role(1, true, roster.RoleRecord{ID: "r-" + name, User: name, Org: "o", Role: "student", Primary: true}),
				st.Demographics(1, true, roster.Demographics{User: name, Sex: "female"}),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			ids[name] = st.Person(name)
		}
		if _, err := st.Finish(ctx, intake.Summary{}, intake.Scope{}, func(*intake.Summary) {}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Apply(ctx, d, st.ID()); err != nil {
			t.Fatal(err)
		}
		for name, id := range ids {
			if _, err := db.Say(ctx, d, profile.Event{Student: id, Do: profile.Said, Kind: profile.Strength, Text: "I am " + name, Visibility: profile.ToStudent, Author: id, Voice: profile.Student}); err != nil {
				t.Fatal(err)
			}
			if err := db.AddDoseReason(ctx, d, dose.Reason{Student: string(id), Why: "device", Since: "2026-09-01", Author: string(id)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range ids { // looks that are sealed already
			if err := db.RecordAccess(ctx, guard.Access{At: time.Now(), District: d, Actor: "teacher", Relation: guard.TeacherOf, Student: id, What: guard.ReadRecord}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.SealReads(ctx, d); err != nil {
			t.Fatal(err)
		}
		// A staging that was given up says nothing of itself.
		given, err := db.Stage(ctx, d, intake.OneRoster, "bad.zip", "")
		if err != nil || given.Abort(ctx) != nil {
			t.Fatal(err)
		}
		parts, err := db.RecordOf(ctx, d, ids["Maya"])
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(parts)
		if err != nil || !strings.Contains(string(text), "Zimmer-Maya") || !strings.Contains(string(text), "I am Maya") || strings.Contains(string(text), "Zimmer-Noah") || !strings.Contains(string(text), "to address them") {
			t.Errorf("%v: %s", err, text)
		}

		if err := db.SetHold(ctx, d, guard.Hold{Person: ids["Maya"], Because: "an open request", Author: "a"}, false); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Erase(ctx, d, ids["Maya"], "asked by the family"); fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "an open request") {
			t.Errorf("a record that is held: %v", err)
		}
		if err := db.SetHold(ctx, d, guard.Hold{Person: ids["Maya"]}, true); err != nil {
			t.Fatal(err)
		}
		e, err := db.Erase(ctx, d, ids["Maya"], "asked by the family")
		if err != nil || e.Rows["person"] != 1 || e.Rows["profile_event"] != 1 {
			t.Fatalf("%+v %v", e, err)
		}
		for _, name := range []string{"Maya", "Noah"} {
			known, err := mentions(ctx, db, "Zimmer-"+name)
			if err != nil || (len(known) > 0) != (name == "Noah") {
				t.Errorf("%s is known in %v (%v)", name, known, err)
			}
		}
		if parts, err = db.RecordOf(ctx, d, ids["Noah"]); err != nil || len(parts) < 4 {
			t.Errorf("Noah's record: %d parts, %v", len(parts), err)
		}
		if _, err := db.Erase(ctx, d, ids["Maya"], "again"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("erased twice: %v", err)
		}
		deeds, err := db.Deeds(ctx, d, 0, 10)
		if err != nil || len(deeds) != 2 || deeds[1].What != "erase" || deeds[1].On != string(ids["Maya"]) {
			t.Errorf("%+v %v", deeds, err)
		}
		if v, err := db.VerifyAudit(ctx, d, nil); err != nil || len(v.Breaches) > 0 {
			t.Errorf("%v %v", v.Breaches, err)
		}
		if left, err := db.LeftBefore(ctx, d, time.Now().Add(time.Hour)); err != nil || len(left) > 0 {
			t.Errorf("nobody has left: %v %v", left, err)
		}
		if kind == "sqlite" { // nor does the file
			if _, err := db.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(filepath.Join(dir, FileName))
			if err != nil || bytes.Contains(raw, []byte("Zimmer-Maya")) || !bytes.Contains(raw, []byte("Zimmer-Noah")) {
				t.Errorf("the file still holds the name (%v)", err)
			}
		}
	}
}

// mentions returns the tables that hold a text anywhere.
func mentions(ctx context.Context, db *DB, text string) (found []string, err error) {
	tables, err := db.Tables(ctx)
	for _, table := range tables {
		columns, err := db.columnsOf(ctx, table)
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			var n int
			if err := db.read.QueryRowContext(ctx, `SELECT count(*) FROM `+table+` WHERE CAST(`+c+` AS TEXT) LIKE '%`+text+`%'`).Scan(&n); err != nil {
				return nil, err
			}
			if n > 0 {
				found = append(found, table+"."+c)
			}
		}
	}
	return found, err
}

// Two records that were made one are erased as one, and who has left can still be held.
func TestBothRecordsOfOneChildAreErased(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := Open(ctx, Config{Dir: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const d = roster.DistrictID("d1")
	st, err := db.Stage(ctx, d, intake.OneRoster, "r.zip", "")
	if err != nil {
		t.Fatal(err)
	}
	var ids []roster.PersonID
	for _, name := range []string{"One", "Two"} {
		if err := st.User(1, true, roster.User{SourcedID: name, GivenName: "Maya", FamilyName: "Zimmer-" + name, Identifier: name, Enabled: true}); err != nil {
			t.Fatal(err)
		}
		if err := st.Demographics(1, true, roster.Demographics{User: name, Sex: "female"}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, st.Person(name))
	}
	if _, err := st.Finish(ctx, intake.Summary{}, intake.Scope{}, func(*intake.Summary) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(ctx, d, st.ID()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Merge(ctx, d, ids[0], ids[1], "a"); err != nil {
		t.Fatal(err)
	}
	if p, err := db.PersonEver(ctx, d, string(ids[1])); err != nil || p.Active {
		t.Errorf("who has left: %+v %v", p, err)
	}
	if _, err := db.Erase(ctx, d, ids[0], "asked"); err != nil {
		t.Fatal(err)
	}
	if known, err := mentions(ctx, db, "Zimmer-"); err != nil || len(known) > 0 {
		t.Errorf("still known in %v (%v)", known, err)
	}
}
