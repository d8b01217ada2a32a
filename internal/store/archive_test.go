package store_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
	"waymark/internal/study/dose"
)

// What is held and what for is said of every column of every table, and of no other.
func TestEveryColumnHasAPurpose(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		held, err := db.Inventory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]store.Held{}
		for _, h := range held {
			said[h.Table] = h
			if h.Purpose == "" || h.About != "student" && h.About != "person" && h.About != "nobody" || (h.About == "nobody") != (h.By == "") {
				t.Errorf("%s: about %q by %q, for %q", h.Table, h.About, h.By, h.Purpose)
			}
			switch h.Keep {
			case store.KeepRecord, store.KeepLog, store.KeepDerived, store.KeepAccess, store.KeepSchool, store.KeepPassing:
			default:
				t.Errorf("%s: kept %q", h.Table, h.Keep)
			}
			if _, ok := h.Columns[h.By]; h.By != "" && !ok {
				t.Errorf("%s has no column %s", h.Table, h.By)
			}
			for column, purpose := range h.Columns {
				if purpose == "" {
					t.Errorf("%s.%s: nobody says what it is for", h.Table, column)
				}
			}
		}
		tables, err := db.Tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range tables {
			if _, ok := said[strings.TrimSuffix(name, "_intake")]; !ok {
				t.Errorf("%s: nobody says what it is for", name)
			}
		}
	})
}

// A district leaves as one file and comes into an empty database, of either kind, as the same state.
func TestADistrictLeavesAndComesAsTheSameState(t *testing.T) {
	var archives [][]byte
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		if err := db.EnsureDistrict(ctx, roster.District{ID: "d1", Name: "Valley “District” 日本"}); err != nil {
			t.Fatal(err)
		}
		if err := db.AddPractice(ctx, "d1", dose.Practice{Name: "Talks\nwith <all>", Trace: dose.Talks, Unit: dose.Times, Recommended: []dose.Recommendation{{Least: 1}}, Weeks: 2, From: "2026-09-01"}, "a"); err != nil {
			t.Fatal(err)
		}
		if err := db.AddDoseReason(ctx, "d1", dose.Reason{Student: "s1", Why: "device", Since: "2026-09-01", Author: "a"}); err != nil {
			t.Fatal(err)
		}
		digest, err := db.Digest(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		a, err := db.WriteArchive(ctx, "d1", &file)
		if err != nil || a.Digest != digest {
			t.Fatalf("%v; digest %s, want %s", err, a.Digest, digest)
		}
		for _, secret := range []string{"session", "credential", "signin_link", "class_code"} {
			for _, table := range a.Tables {
				if table.Table == secret {
					t.Errorf("%s leaves with the district", secret)
				}
			}
		}
		archives = append(archives, file.Bytes())
		// Bringing it into a database that holds people would mix two districts.
		other := open(t, store.Config{Dir: t.TempDir(), Now: now})
		if _, err := other.ReadArchive(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), "a.zip"); err != nil {
			t.Fatal(err)
		}
		if got, err := other.Digest(ctx); err != nil || got != digest {
			t.Errorf("digest %s (%v), want %s", got, err, digest)
		}
		// A row that was changed, or cut off, is told; nothing is kept.
		for what, change := range map[string]func(string) string{"changed": func(s string) string { return strings.Replace(s, "2026-09-01", "2025-09-01", 1) }, "cut off": func(s string) string { return s[:len(s)/2] }} {
			empty := open(t, store.Config{Dir: t.TempDir(), Now: now})
			bad := rewritten(t, file.Bytes(), "dose_reason.ndjson", change)
			if _, err := empty.ReadArchive(ctx, bytes.NewReader(bad), int64(len(bad)), "a.zip"); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", what, err)
			}
			if n, _ := empty.Practices(ctx, "d1"); len(n) > 0 {
				t.Errorf("%s: half of it is there", what)
			}
		}
		if _, err := other.ReadArchive(ctx, strings.NewReader("no zip"), 6, "a.txt"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("no zip: %v", err)
		}
	})
	// Both kinds of database write the same rows.
	if len(archives) == 2 {
		for _, name := range []string{"practice.ndjson", "dose_reason.ndjson", "district.ndjson"} {
			if one, two := part(t, archives[0], name), part(t, archives[1], name); len(one) == 0 || len(one) != len(two) {
				t.Errorf("%s:\n%s\n%s", name, one, two)
			}
		}
	}
}

func open(t *testing.T, c store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func part(t *testing.T, file []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rewritten is a zip file with one of its files changed.
func rewritten(t *testing.T, file []byte, name string, change func(string) string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		text := part(t, file, f.Name)
		if f.Name == name {
			text = change(text)
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: time.Unix(0, 0)})
		if err == nil {
			_, err = io.WriteString(to, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
