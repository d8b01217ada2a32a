package store_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// PostgreSQL keeps districts apart by itself: what asks for another district within one finds
// nothing, and writes nothing.
func TestTheDatabaseKeepsDistrictsApart(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	db := storetest.Open(t, store.Config{URL: url, Now: func() time.Time { return clock }})
	ctx := t.Context()
	if open, err := db.Unfenced(ctx); err != nil || open {
		t.Fatalf("unfenced: %v, %v; do the tests connect as a superuser?", open, err)
	}
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, d := range []roster.DistrictID{"one", "two"} {
		if err := errors.Join(db.EnsureDistrict(ctx, roster.District{ID: d, Name: string(d)}), db.SetSecret(ctx, d, "p", "password", "h", ""), db.RecordDeed(ctx, guard.Deed{District: d, Actor: "p", What: "sign in"}),
			db.RecordAccess(ctx, guard.Access{At: clock, District: d, Actor: "p", Student: "s"})); err != nil {
			t.Fatal(err)
		}
	}
	one := guard.Within(ctx, "one")
	for range 3 { // connections go from one to the other and back
		if all, err := db.Districts(ctx); err != nil || len(all) != 2 {
			t.Fatalf("all: %v %v", all, err)
		}
		if all, err := db.Districts(one); err != nil || len(all) != 1 || all[0].ID != "one" {
			t.Fatalf("within one: %v %v", all, err)
		}
	}
	if mine, err := db.Accesses(one, "one", "s", 9); err != nil || len(mine) != 1 {
		t.Errorf("its own looks: %v %v", mine, err)
	}
	if theirs, err := db.Accesses(one, "two", "s", 9); err != nil || len(theirs) != 0 {
		t.Errorf("looks of another district: %v %v", theirs, err)
	}
	if err := db.SetSecret(one, "two", "p", "password", "stolen", ""); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("writing into another district: %v", err)
	}
	// The wall stands around every table, also for who owns it, and a connection that was set to
	// nothing sees nothing.
	tables, err := db.Tables(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tables {
		if name == "migration" || name == "signin_failure" { // of no district
			continue
		}
		var forced bool
		if err := raw.QueryRowContext(ctx, `SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = $1::text::regclass`, name).Scan(&forced); err != nil || !forced {
			t.Errorf("%s: %v %v", name, forced, err)
		}
	}
	var n int
	if err := raw.QueryRowContext(ctx, `SELECT count(*) FROM access_log`).Scan(&n); err != nil || n != 0 {
		t.Errorf("a connection that was set to nothing sees %d rows, %v", n, err)
	}
}
