package oneroster_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"waymark/internal/oneroster"
)

var tight = oneroster.Limits{Total: 8 << 20, Free: 1 << 20}

// check reads a package and fails where what it promises does not hold.
func check(t *testing.T, data []byte) {
	p, err := oneroster.Open(bytes.NewReader(data), int64(len(data)), "fuzz.zip", tight)
	if err != nil {
		bad, ok := errors.AsType[oneroster.Problems](err)
		if !ok || len(bad) == 0 {
			t.Fatalf("Open: %T %v", err, err)
		}
		for _, q := range bad {
			if !q.Fatal || q.Code == "" || q.File == "" || q.Message == "" || q.Cure == "" {
				t.Fatalf("problem does not say enough: %+v", q)
			}
		}
		return
	}
	g := &got{}
	sum, err := p.Each(t.Context(), sink{g})
	if _, ok := errors.AsType[oneroster.Problems](err); err != nil && !ok {
		t.Fatalf("Each: %T %v", err, err)
	}
	for _, f := range sum {
		if err == nil && f.Rows != f.Accepted+f.Refused+f.Orphaned {
			t.Fatalf("%+v does not add up", f)
		}
		if f.Refused+f.Orphaned > 0 && len(g.problems) == 0 {
			t.Fatalf("%+v without a problem", f)
		}
	}
	seen := make(map[string]bool)
	for _, u := range g.Users {
		if u.SourcedID == "" || seen[u.SourcedID] {
			t.Fatalf("user %q handed over twice or without id", u.SourcedID)
		}
		seen[u.SourcedID] = true
	}
	for _, e := range g.Enrollments {
		if e.ID == "" {
			t.Fatal("enrollment without id")
		}
		if p.Modes["users"] == oneroster.Bulk && !seen[e.User] && !slices.Contains(g.deleted, "enrollment "+string(e.ID)) {
			t.Fatalf("enrollment of %q, who was not handed over", e.User)
		}
	}
}

// raw returns a zip archive without compression and checksums, so that what
// fuzzing changes in it reaches the rows.
func (f files) raw(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		size := uint64(len(f[name]))
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, UncompressedSize64: size, CompressedSize64: size})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzOpen(f *testing.F) {
	for _, s := range scenarios(f) {
		data, err := os.ReadFile(filepath.Join("testdata/scenarios", s.File))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(edfi(f).raw(f))
	f.Add(small().with("1.2", "bulk").raw(f))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}

func FuzzRows(f *testing.F) {
	for name, text := range small() {
		f.Add(strings.TrimSuffix(name, ".csv"), text, false, false)
		f.Add(strings.TrimSuffix(name, ".csv"), text, true, true)
	}
	f.Add("users", edfi(f)["users.csv"], true, false)
	f.Add("demographics", "userSourcedId,sex\nu1,F\n", true, false)
	for name, text := range edfi(f) {
		f.Add(strings.TrimSuffix(name, ".csv"), text, true, false)
	}
	old11, new12 := edfi(f), small()
	f.Fuzz(func(t *testing.T, name, text string, old, delta bool) {
		all, version, mode := files12, "1.2", "bulk"
		if old {
			all, version = files11, "1.1"
		}
		if delta {
			mode = "delta"
		}
		known := false
		for _, n := range all {
			known = known || n == name
		}
		if !known {
			return
		}
		g := maps.Clone(new12)
		if old {
			g = maps.Clone(old11)
		}
		g[name+".csv"] = text
		check(t, g.with(version, mode).raw(t))
	})
}
