package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// smallDisk mounts a disk of some megabytes in memory. A machine that does not allow that cannot run
// the test.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here, which takes root: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	return dir
}

// fill leaves so many bytes free on a disk, and returns what makes room again.
func fill(t *testing.T, disk string, free int64) (room func()) {
	t.Helper()
	file := filepath.Join(disk, "ballast")
	var st syscall.Statfs_t
	if err := syscall.Statfs(disk, &st); err != nil {
		t.Fatal(err)
	}
	err := os.WriteFile(file, make([]byte, max(0, int64(st.Bavail)*st.Bsize-free)), 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

// fullSites are a database of each kind on a small disk, whose folder is its name.
func fullSites(t *testing.T) []crashSite {
	disk := smallDisk(t, 48)
	tables := smallDisk(t, 48)
	return []crashSite{
		{name: disk, config: store.Config{Dir: disk, Now: time.Now}, flags: []string{"--data", disk}},
		tablesOn(t, tables),
	}
}

// tablesOn is a schema of PostgreSQL whose tables lie on a disk. The server must be on this machine.
func tablesOn(t *testing.T, disk string) crashSite {
	t.Helper()
	admin := connected(t, os.Getenv("WAYMARK_TEST_POSTGRES"))
	var data string
	if err := admin.QueryRow(`SHOW data_directory`).Scan(&data); err != nil {
		t.Fatal(err)
	}
	owner, err := os.Stat(data)
	if err != nil {
		t.Fatalf("the tests' PostgreSQL must lie on this machine (test/postgres starts one): %v", err)
	}
	who := owner.Sys().(*syscall.Stat_t)
	place := filepath.Join(disk, "tables")
	// A folder of a test's is not for others to pass, as the server must.
	for dir := disk; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(place, 0o700), os.Chown(place, int(who.Uid), int(who.Gid))); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("small%d", time.Now().UnixNano())
	if _, err := admin.Exec(`CREATE TABLESPACE ` + name + ` LOCATION '` + place + `'`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP TABLESPACE ` + name); err != nil {
			t.Error(err)
		}
	})
	if _, err := admin.Exec(`GRANT CREATE ON TABLESPACE ` + name + ` TO PUBLIC`); err != nil {
		t.Fatal(err)
	}
	u := parsed(t, storetest.Postgres(t))
	q := u.Query()
	q.Set("default_tablespace", name)
	u.RawQuery = q.Encode()
	return crashSite{name: disk, config: store.Config{URL: u.String(), Now: time.Now}, flags: []string{"--database-url", u.String()}}
}

const saysFull = "The disk that holds the database is full. Nothing was changed, and what is there can be read. Make room on that disk"

// On a full disk, writing is refused with the cure and reading goes on; once there is room, writing
// goes on by itself. An import that runs into it is not half applied.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	one, two := crashRoster(t, "one.zip", 600, false), crashRoster(t, "two.zip", 600, true)
	for i, s := range fullSites(t) {
		t.Run([]string{"sqlite", "postgres"}[i], func(t *testing.T) {
			t.Parallel()
			disk := s.name
			fillSchool(t, s.config)
			people := schoolPeople(t, s.config)
			p := served(t, s.flags...)
			saved := map[int]bool{}
			n := 0
			send := func() bool {
				ok, code, body, err := observe(http.DefaultClient, p.url, people, n)
				if ok {
					saved[n] = true
				} else if code != http.StatusServiceUnavailable || !strings.Contains(body, saysFull) {
					t.Fatalf("observation %d = %d %v; want it saved, or refused with the cure\n%s", n, code, err, body)
				}
				n++
				return ok
			}
			for range 10 {
				send()
			}
			for _, free := range []int64{200 << 10, 0} {
				room := fill(t, disk, free)
				before := len(saved)
				for send() && n < 20000 {
				}
				t.Logf("with %d kB free, %d more were saved before the disk was full", free>>10, len(saved)-before)
				p.reads(classPage)
				p.reads("/healthz")
				room()
				for range 5 {
					if !send() {
						t.Error("an observation is refused although there is room again")
					}
				}
			}
			p.stop()
			lost(t, s.config, people, saved)

			importFile(t, s.config, one)
			before := digest(t, s.config)
			fits := "" // the state after an import for which there was just room
			for _, free := range []int64{100 << 10, 900 << 10} {
				room := fill(t, disk, free)
				out, err := child(t, "waymark", append([]string{"import", "oneroster", two, "--max-endings", "1"}, s.flags...)...).CombinedOutput()
				room()
				found := digest(t, s.config)
				switch {
				case err == nil && free > 100<<10:
					fits = found
					undoImport(t, s.config)
				case err == nil || !strings.Contains(string(out), saysFull):
					t.Errorf("an import with %d kB free = %v; want it refused with the cure\n%s", free>>10, err, out)
				case found != before:
					t.Errorf("an import with %d kB free is half applied", free>>10)
				}
			}
			importFile(t, s.config, two)
			after := digest(t, s.config)
			if after == before {
				t.Error("an import changes nothing although there is room again")
			}
			if fits != "" && fits != after {
				t.Error("an import for which there was just room is half applied")
			}
		})
	}
}

// frozen makes a file or folder unchangeable and returns what makes it changeable again: by its
// permissions, or, to root, who passes those, by the file system's mark.
func frozen(t *testing.T, path string) (thaw func()) {
	t.Helper()
	if os.Getuid() != 0 {
		st, err := os.Stat(path)
		if err == nil {
			err = os.Chmod(path, st.Mode().Perm()&^0o222)
		}
		if err != nil {
			t.Fatal(err)
		}
		return func() { os.Chmod(path, st.Mode().Perm()) }
	}
	if out, err := exec.Command("chattr", "+i", path).CombinedOutput(); err != nil {
		t.Skipf("files cannot be marked as unchangeable on this file system: %v %s", err, out)
	}
	thaw = func() { exec.Command("chattr", "-i", path).Run() }
	t.Cleanup(thaw)
	return thaw
}

const saysUnwritable = "See that the data folder is there, that Waymark may write into it and to the files in it, and that the disk is whole and not read-only"

// A database that cannot be written to is told of at start; one that becomes so is read from, and
// written to again once it can be.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"folder", "file"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			config := store.Config{Dir: dir, Now: time.Now}
			fillSchool(t, config)
			thaw := frozen(t, map[string]string{"folder": dir, "file": filepath.Join(dir, store.FileName)}[what])
			out, err := child(t, "waymark", "serve", "--listen", "127.0.0.1:0", "--data", dir).CombinedOutput()
			thaw()
			if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() != exitFault || !strings.Contains(string(out), saysUnwritable) {
				t.Errorf("serving a read-only %s = %v; want it refused with the cure\n%s", what, err, out)
			}
			served(t, "--data", dir).reads(classPage)
		})
	}
	t.Run("while running", func(t *testing.T) {
		t.Parallel()
		if os.Getuid() != 0 {
			t.Skip("what is open already can only be made read-only by root")
		}
		dir := t.TempDir()
		config := store.Config{Dir: dir, Now: time.Now}
		fillSchool(t, config)
		people := schoolPeople(t, config)
		p := served(t, "--data", dir)
		p.saves(people, 0, "")
		thaw := frozen(t, filepath.Join(dir, store.FileName+"-wal"))
		for i := range 3 {
			p.saves(people, 10+i, saysUnwritable)
		}
		p.reads(classPage)
		thaw()
		for i := range 3 {
			p.saves(people, 1+i, "")
		}
		p.stop()
		lost(t, config, people, numbers(0, 4))
	})
}

// A database that is damaged while the program runs is told of with the way back, and the way back
// leads to where the backup was.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, backup, restored := filepath.Join(dir, "data"), filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	config := store.Config{Dir: data, Now: time.Now}
	fillSchool(t, config)
	var want store.Backup
	opened(t, config, func(ctx context.Context, db *store.DB) {
		var err error
		if want, err = db.Backup(ctx, backup, ""); err != nil {
			t.Fatal(err)
		}
	})
	file := filepath.Join(data, store.FileName)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 20 * 4096; i < len(raw); i++ { // the schema stays whole, so that the program starts
		raw[i] ^= 0xa5
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	const way = "The database file is damaged. Stop Waymark, keep the file, and bring back the latest backup: waymark restore BACKUP --data NEW-FOLDER"
	out, err := child(t, "waymark", "serve", "--listen", "127.0.0.1:0", "--data", data).CombinedOutput()
	if err == nil || !strings.Contains(string(out), way) {
		t.Errorf("serving a damaged database = %v; want it refused, with the way back\n%s", err, out)
	}
	if out, err := child(t, "waymark", "restore", backup, "--data", restored).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := digest(t, store.Config{Dir: restored, Now: time.Now}); got != want.Digest {
		t.Errorf("restored: %s; want %s", got, want.Digest)
	}
	served(t, "--data", restored).reads(classPage)
}
