package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// A sealed backup holds no name that can be read; with the key ring it comes back as the same state.
// Once somebody is erased and the key ring written again, no older backup gives them back, and all
// others come back from it.
func TestWhoIsErasedIsInNoSealedBackup(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	db, err := Open(ctx, Config{Dir: filepath.Join(dir, "data"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.EnsureDistrict(ctx, roster.District{ID: "d", Name: "Valley"}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"maya", "liam"} {
		if _, err := db.exec(ctx, `INSERT INTO person (district, id, source, given, middle, family, preferred_given, preferred_family, pronouns, username, email, identifier, master_identifier, user_ids, grade, school, enabled, name_fold, username_fold, active, ended, run_created, run_changed)
			VALUES ('d', $1, $1, $2, '', 'Quetzalcoatl', '', '', '', $1, '', '', '', '', '04', '', TRUE, $1, $1, TRUE, 0, '', '')`, p, strings.ToUpper(p)+"NAME"); err != nil {
			t.Fatal(err)
		}
		if err := db.SetConsent(ctx, "d", guard.Consent{Student: roster.PersonID(p), Purpose: guard.Studies, Author: roster.PersonID(p), Note: "NOTE-OF-" + p}); err != nil {
			t.Fatal(err)
		}
		if err := db.BreakGlass(ctx, "d", guard.Emergency{Student: roster.PersonID(p), Actor: "a", Because: "BECAUSE-OF-" + p, At: time.Now(), Until: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	ring := filepath.Join(dir, "keys.json")
	at := filepath.Join(dir, "old")
	b, err := db.Backup(ctx, at, ring)
	if err != nil || !b.Sealed {
		t.Fatalf("%+v %v", b, err)
	}
	for _, secret := range []string{"MAYANAME", "LIAMNAME", "Quetzalcoatl", "NOTE-OF-", "BECAUSE-OF-"} {
		raw, err := os.ReadFile(filepath.Join(at, FileName))
		if err != nil || bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s stands in the sealed backup (%v)", secret, err)
		}
	}
	keys := func() *KeyRing {
		r, err := ReadKeys(ring)
		if err != nil {
			t.Fatal(err)
		}
		return &r
	}
	if _, err := CheckBackup(ctx, at, nil, time.Now); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Sentence(err), "--keys") {
		t.Errorf("without keys: %v", err)
	}
	if c, err := CheckBackup(ctx, at, keys(), time.Now); err != nil || c.Gone != 0 {
		t.Errorf("with keys: %+v %v", c, err)
	}
	before, err := db.Digest(ctx)
	if err != nil || before != b.Digest {
		t.Errorf("digest %s, %v; want %s", before, err, b.Digest)
	}

	if _, err := db.Erase(ctx, "d", "maya", "asked by the family"); err != nil {
		t.Fatal(err)
	}
	if err := db.WriteKeys(ctx, ring); err != nil {
		t.Fatal(err)
	}
	if raw, _ := os.ReadFile(ring); bytes.Contains(raw, []byte("maya")) {
		t.Error("the key ring still names who was erased")
	}
	to := filepath.Join(dir, "back")
	r, err := Restore(ctx, at, to, keys(), time.Now)
	if err != nil || r.Gone != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	back, err := Open(ctx, Config{Dir: to, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if p, err := back.Person(ctx, "d", "liam"); err != nil || p.Given != "LIAMNAME" {
		t.Errorf("Liam: %+v %v", p, err)
	}
	if _, err := back.Person(ctx, "d", "maya"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Maya is back: %v", err)
	}
	if c, err := back.Consents(ctx, "d", "maya"); err != nil || len(c) != 0 {
		t.Errorf("what was said of Maya is back: %v %v", c, err)
	}
	// The next backup is sealed under the keys that came along.
	if _, err := back.Backup(ctx, filepath.Join(dir, "next"), filepath.Join(dir, "keys2.json")); err != nil {
		t.Error(err)
	}
}
