package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/study/dose"
)

func filled(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{Dir: dir, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.EnsureDistrict(t.Context(), roster.District{ID: "d", Name: "Valley"}); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		p := dose.Practice{Name: "Talks", Trace: dose.Talks, Unit: dose.Times, Recommended: []dose.Recommendation{{Least: 1}}, Weeks: 1, From: "2026-09-01", Source: strings.Repeat("a", 250)}
		if err := db.AddPractice(t.Context(), "d", p, "a"); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// A backup is taken while others write, is of one moment, and proves itself; one that was damaged
// says so and is not restored.
func TestABackupProvesItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filled(t, filepath.Join(dir, "data"))
	stop, wrote := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				wrote <- nil
				return
			default:
				if err := db.RecordDeed(t.Context(), guard.Deed{District: "d", What: "sign in"}); err != nil {
					wrote <- err
					return
				}
			}
		}
	}()
	at := filepath.Join(dir, "backup")
	b, err := db.Backup(t.Context(), at, "")
	close(stop)
	if werr := <-wrote; err != nil || werr != nil {
		t.Fatal(err, werr)
	}
	if digest, err := db.Digest(t.Context()); err != nil || digest != b.Digest {
		t.Errorf("digest %s (%v), want %s", b.Digest, err, digest)
	}
	if _, err := CheckBackup(t.Context(), at, nil, time.Now); err != nil {
		t.Error(err)
	}
	to := filepath.Join(dir, "new")
	if _, err := Restore(t.Context(), at, to, nil, time.Now); err != nil {
		t.Fatal(err)
	}
	restored, err := Open(t.Context(), Config{Dir: to, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if v, err := restored.VerifyAudit(t.Context(), "d", nil); err != nil || len(v.Breaches) > 0 {
		t.Errorf("the log of the copy: %v %v", v.Breaches, err)
	}
	if _, err := Restore(t.Context(), at, to, nil, time.Now); fault.KindOf(err) != fault.Conflict {
		t.Errorf("over another database: %v", err)
	}
	if _, err := db.Backup(t.Context(), at, ""); fault.KindOf(err) != fault.Conflict {
		t.Errorf("over another backup: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("left behind: %v %v", left, err)
	}
	damage(t, filepath.Join(at, FileName))
	if _, err := CheckBackup(t.Context(), at, nil, time.Now); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a damaged backup: %v", err)
	}
	if _, err := Restore(t.Context(), at, filepath.Join(dir, "newer"), nil, time.Now); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a damaged backup is restored: %v", err)
	}
}

// damage overwrites pages in the middle of a file.
func damage(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(raw) / 3; i < 2*len(raw)/3; i++ {
		raw[i] = 0xa5
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A damaged database is not used as if it were whole, and the way back is said.
func TestADamagedDatabaseSaysTheWayBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filled(t, dir)
	if _, err := db.write.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, filepath.Join(dir, FileName))
	db, err := Open(t.Context(), Config{Dir: dir, Now: time.Now})
	if err == nil {
		defer db.Close()
		if _, err = db.Practices(t.Context(), "d"); err == nil {
			_, err = db.Digest(t.Context())
		}
	}
	if err == nil || !strings.Contains(err.Error(), "waymark restore BACKUP") {
		t.Errorf("a damaged database: %v", err)
	}
}

// A database that a newer version has changed is left alone.
func TestADowngradeIsRefused(t *testing.T) {
	t.Parallel()
	for kind, config := range map[string]Config{"sqlite": {Dir: t.TempDir(), Now: time.Now}, "postgres": {URL: testSchema(t), Now: time.Now}} {
		db, err := Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.exec(t.Context(), `INSERT INTO migration (name, at) VALUES ('9999_from_the_future', 0)`); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err = Open(t.Context(), config); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "newer version of Waymark") {
			t.Errorf("%s: %v", kind, err)
		}
		if err == nil {
			db.Close()
		}
	}
}
