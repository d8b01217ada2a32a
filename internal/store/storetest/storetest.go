// Package storetest gives tests an empty store on each database. The databases are
// real; the clock is the caller's.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"waymark/internal/store"
)

// Each runs a test on an empty store of each database.
func Each(t *testing.T, now func() time.Time, f func(t *testing.T, db *store.DB)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t, now))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Open(t, store.Config{URL: Postgres(t), Now: now}))
	})
}

// SQLite returns an empty embedded store.
func SQLite(t testing.TB, now func() time.Time) *store.DB {
	t.Helper()
	file, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, store.FileName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(t, store.Config{Dir: dir, Now: now})
}

// empty is the file of an embedded store with all tables and no rows: making them takes longer
// than many a test.
var empty = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "waymark-empty")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := store.Open(context.Background(), store.Config{Dir: dir, Now: time.Now})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.FileName))
})

// Open opens a store and closes it when the test ends.
func Open(t testing.TB, c store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// owner is the role that owns the schemas of tests: no superuser, since rules that keep districts apart
// do not hold one.
const owner = "waymark_tests"

// Postgres returns the address of an empty schema of its own. The server must be
// there, and let us make roles: what is not run on both databases is not tested.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("WAYMARK_TEST_POSTGRES")
	if server == "" {
		t.Fatal("WAYMARK_TEST_POSTGRES is not set; make test starts a server, or: test/postgres start DIR")
	}
	name := make([]byte, 8)
	rand.Read(name)
	schema := "t" + hex.EncodeToString(name)
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	// Two who make the role at once both want it there.
	if _, err := admin.Exec(`DO $$ BEGIN CREATE ROLE ` + owner + ` LOGIN PASSWORD '` + owner + `'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec("CREATE SCHEMA " + schema + " AUTHORIZATION " + owner); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(owner, owner)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
