package web

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/tabular"
)

func keepFile(t *testing.T, u *uploads, now time.Time, a guard.Actor) (token, path string) {
	t.Helper()
	dir, err := u.folder()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(dir, "x-*")
	if err != nil {
		t.Fatal(err)
	}
	token, err = u.keep(now, rand.Reader, a, &received{name: "x.csv", file: f}, tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return token, f.Name()
}

func TestUploadsGoWhenTheirTimeIsOver(t *testing.T) {
	t.Parallel()
	var u uploads
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	ada, bob := guard.Actor{District: "d", Person: "ada"}, guard.Actor{District: "d", Person: "bob"}
	old, oldPath := keepFile(t, &u, now, ada)
	if info, err := os.Stat(u.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v; want it closed to others", info.Mode(), err)
	}
	for _, a := range []guard.Actor{bob, {District: "other", Person: "ada"}} {
		if _, err := u.find(now, old, a); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s of %s finds Ada's file: %v", a.Person, a.District, err)
		}
	}
	later := now.Add(uploadLife + time.Second)
	fresh, freshPath := keepFile(t, &u, later, ada)
	if _, err := os.Stat(oldPath); !os.IsNotExist(err) {
		t.Errorf("an old file is still there: %v", err)
	}
	if _, err := u.find(later, fresh, ada); err != nil {
		t.Error(err)
	}
	dir := u.dir
	u.clear()
	for _, p := range []string{freshPath, dir} {
		if _, err := os.Stat(p); !os.IsNotExist(err) {
			t.Errorf("%s is still there after the end: %v", p, err)
		}
	}
	if _, err := u.folder(); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a stopped server takes files: %v", err)
	}
}
