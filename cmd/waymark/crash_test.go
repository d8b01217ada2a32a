package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/intake"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// The program is killed, as by a power cut, while it imports and while it records.
// What it had acknowledged must be there; what it had not finished must not show.

// crashSite is a database in which the program is killed.
type crashSite struct {
	name   string
	config store.Config
	url    string             // by which a child is told of it, or empty
	flags  []string           // the same for the program
	gone   func(t *testing.T) // waits until nothing of a killed program is still at work
}

func crashSites(t *testing.T) []crashSite {
	dir, address := t.TempDir(), storetest.Postgres(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	name := "crash " + q.Get("search_path")
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	named := u.String()
	admin, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	return []crashSite{
		{"sqlite", store.Config{Dir: dir, Now: time.Now}, "", []string{"--data", dir}, func(*testing.T) {}},
		// PostgreSQL finishes the statement that a killed client sent.
		{"postgres", store.Config{URL: address, Now: time.Now}, named, []string{"--database-url", named}, func(t *testing.T) {
			for range 2000 {
				var n int
				if err := admin.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, name).Scan(&n); err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Fatal("the killed program's connections stay")
		}},
	}
}

// crashRoster writes a roster; the second edition renames some, moves some, ends some
// and adds some.
func crashRoster(t *testing.T, name string, students int, second bool) string {
	t.Helper()
	var b bytes.Buffer
	w := oneroster.NewWriter(&b, oneroster.WriteOptions{SourceSystem: "crash"})
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	keep(w.Org(roster.Org{ID: "d", Name: "District", Kind: "district"}))
	keep(w.Org(roster.Org{ID: "s", Name: "School", Kind: "school", Parent: "d"}))
	keep(w.Term(roster.Term{ID: "y", Title: "2026-27", Kind: "schoolYear", Start: "2026-08-01", End: "2027-07-31", SchoolYear: "2027"}))
	keep(w.Course(roster.Course{ID: "m", Title: "Mathematics", Org: "d", Year: "y"}))
	const classes = 50
	for i := range classes {
		keep(w.Class(roster.Class{ID: roster.ClassID(fmt.Sprintf("c%d", i)), Title: fmt.Sprintf("Class %d", i), Kind: "scheduled", Course: "m", School: "s", Terms: []roster.TermID{"y"}}))
	}
	first, end := 0, students
	if second {
		first, end = students/50, students+students/20
	}
	for i := first; i < end; i++ {
		id := fmt.Sprintf("u%d", i)
		u := roster.User{SourcedID: id, Enabled: true, Username: id, GivenName: fmt.Sprintf("Kid%d", i), FamilyName: "Example", Identifier: "N" + id, PrimaryOrg: "s"}
		if second && i%7 == 0 {
			u.FamilyName = "Renamed"
		}
		keep(w.User(u))
	}
	for i := first; i < end; i++ {
		keep(w.Role(roster.RoleRecord{ID: fmt.Sprintf("r%d", i), User: fmt.Sprintf("u%d", i), Org: "s", Role: "student", Primary: true}))
	}
	for i := first; i < end; i++ {
		for j := range 2 {
			c := i + j*17
			if second && i%11 == 0 {
				c++
			}
			keep(w.Enrollment(roster.Enrollment{ID: roster.EnrollmentID(fmt.Sprintf("e%d-%d", i, j)), Class: roster.ClassID(fmt.Sprintf("c%d", c%classes)), School: "s",
				User: fmt.Sprintf("u%d", i), Role: "student"}))
		}
	}
	keep(w.Close())
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// opened runs f on a store that is open only meanwhile.
func opened(t *testing.T, c store.Config, f func(ctx context.Context, db *store.DB)) {
	t.Helper()
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	f(t.Context(), db)
}

func digest(t *testing.T, c store.Config) (sum string) {
	t.Helper()
	opened(t, c, func(ctx context.Context, db *store.DB) {
		var err error
		if sum, err = db.Digest(ctx); err != nil {
			t.Fatal(err)
		}
	})
	return sum
}

func importFile(t *testing.T, c store.Config, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	opened(t, c, func(ctx context.Context, db *store.DB) {
		if err := db.EnsureDistrict(ctx, roster.District{ID: "main", Name: "District"}); err != nil {
			t.Fatal(err)
		}
		im := intake.Importer{Store: db, Now: time.Now}
		s, err := im.Check(ctx, intake.Job{District: "main", Kind: intake.OneRoster, Name: "roster.zip", File: f, Size: st.Size(), Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := im.Apply(ctx, "main", s.Run, true); err != nil {
			t.Fatal(err)
		}
	})
}

func undoImport(t *testing.T, c store.Config) {
	t.Helper()
	opened(t, c, func(ctx context.Context, db *store.DB) {
		if _, err := (intake.Importer{Store: db, Now: time.Now}).Undo(ctx, "main", ""); err != nil {
			t.Fatal(err)
		}
	})
}

// child returns one of TestMain's commands: this test binary, under another name.
func child(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Args = append([]string{name}, args...)
	return c
}

func TestKilledImport(t *testing.T) {
	t.Parallel()
	const students = 1200
	one, two := crashRoster(t, "one.zip", students, false), crashRoster(t, "two.zip", students, true)
	reference := store.Config{Dir: t.TempDir(), Now: time.Now}
	importFile(t, reference, one)
	before := digest(t, reference)
	importFile(t, reference, two)
	after := digest(t, reference)
	if before == after {
		t.Fatal("the import changes nothing")
	}
	for _, s := range crashSites(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			importFile(t, s.config, one)
			if digest(t, s.config) != before {
				t.Fatal("the first import gives another state than on the reference")
			}
			start := time.Now()
			if out, err := child(t, "waymark", append([]string{"import", "oneroster", two}, s.flags...)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			whole := time.Since(start)
			if digest(t, s.config) != after {
				t.Fatal("the second import gives another state than on the reference")
			}
			undoImport(t, s.config)
			random := rand.New(rand.NewPCG(1, 2))
			for try, from := range []float64{0.05, 0.35, 0.6, 0.8} {
				share := from + 0.2*random.Float64()
				c := child(t, "waymark", append([]string{"import", "oneroster", two}, s.flags...)...)
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(share * float64(whole)))
				killed := c.Process.Kill() == nil
				c.Wait()
				s.gone(t)
				found := digest(t, s.config)
				t.Logf("try %d: killed (%t) at %.0f %% of %v; applied: %t", try, killed, 100*share, whole.Round(time.Millisecond), found == after)
				switch found {
				case before:
					importFile(t, s.config, two)
					if digest(t, s.config) != after {
						t.Fatalf("try %d: an import after the killed one gives another state", try)
					}
				case after:
				default:
					t.Fatalf("try %d: half an import shows after a kill at %.0f %%", try, 100*share)
				}
				undoImport(t, s.config)
				if digest(t, s.config) != before {
					t.Fatalf("try %d: undo does not lead back", try)
				}
			}
		})
	}
}

// Where recordUntilKilled records, and the number of its first client; set by its
// parent.
const recordDir, recordURL, recordFrom = "WAYMARK_CRASH_DIR", "WAYMARK_CRASH_URL", "WAYMARK_CRASH_FROM"

const crashClients = 16

// crashPiece is the i-th piece of a client; it follows from its numbers, so that it can
// be recorded again.
func crashPiece(client, i int) evidence.Piece {
	n := i*31 + client
	return evidence.Piece{Student: roster.PersonID(fmt.Sprintf("student-%d", n%40)), Competency: competency.ID(fmt.Sprintf("competency-%d", n%5)), Kind: evidence.Observation,
		Score: float64(n%4) + 1, Max: 4, At: time.Date(2026, 9, 1, 0, 0, n, 0, time.UTC), Source: "observation", Key: fmt.Sprintf("%d/%d", client, i)}
}

const acknowledged = "acknowledged "

// recordUntilKilled is the program that TestKilledRecorder kills.
func recordUntilKilled() {
	fail := func(err error) {
		fmt.Fprintln(os.Stdout, err)
		os.Exit(exitFault)
	}
	from, err := strconv.Atoi(os.Getenv(recordFrom))
	if err != nil {
		fail(err)
	}
	db, err := store.Open(context.Background(), store.Config{Dir: os.Getenv(recordDir), URL: os.Getenv(recordURL), Now: time.Now})
	if err != nil {
		fail(err)
	}
	r := db.NewRecorder(nil)
	for client := from; client < from+crashClients; client++ {
		go func() {
			for i := 0; ; i++ {
				if _, err := r.Record(context.Background(), "main", []evidence.Piece{crashPiece(client, i)}); err != nil {
					fail(err)
				}
				fmt.Fprintf(os.Stdout, "%s%d %d\n", acknowledged, client, i)
			}
		}()
	}
	select {}
}

func TestKilledRecorder(t *testing.T) {
	t.Parallel()
	for _, s := range crashSites(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			opened(t, s.config, func(ctx context.Context, db *store.DB) {
				if err := db.EnsureDistrict(ctx, roster.District{ID: "main", Name: "District"}); err != nil {
					t.Fatal(err)
				}
			})
			random := rand.New(rand.NewPCG(3, 4))
			for try := range 3 {
				c := child(t, "record-until-killed")
				c.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), recordDir+"="+s.config.Dir, recordURL+"="+s.url, recordFrom+"="+strconv.Itoa(try*crashClients))
				out, err := c.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				keys := untilKilled(t, c, out, 200+random.IntN(600), time.Duration(random.IntN(20))*time.Millisecond)
				s.gone(t)
				opened(t, s.config, func(ctx context.Context, db *store.DB) {
					t.Logf("try %d: %d acknowledged, %d lost", try, len(keys), checkRecorded(ctx, t, db, keys))
				})
			}
		})
	}
}

// untilKilled reads what a child acknowledges, kills it a moment after it has
// acknowledged so many, and returns all that it acknowledged.
func untilKilled(t *testing.T, c *exec.Cmd, out io.Reader, most int, delay time.Duration) (keys [][2]int) {
	t.Helper()
	var rest strings.Builder
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			break // a line cut short is not an acknowledgement that anybody read
		}
		var k [2]int
		if n, _ := fmt.Sscanf(line, acknowledged+"%d %d\n", &k[0], &k[1]); n != 2 {
			rest.WriteString(line)
			continue
		}
		if keys = append(keys, k); len(keys) == most {
			time.AfterFunc(delay, func() { c.Process.Kill() })
		}
	}
	c.Wait()
	if len(keys) < most {
		t.Fatalf("the child ended by itself after %d: %s", len(keys), rest.String())
	}
	return keys
}

// checkRecorded finds every acknowledged piece in the log: recorded again, it is known. It returns
// how many are not.
func checkRecorded(ctx context.Context, t *testing.T, db *store.DB, keys [][2]int) (lost int) {
	t.Helper()
	replay, err := db.CheckReplay(ctx, "main", false)
	if err != nil {
		t.Fatal(err)
	}
	if replay.Wrong != 0 || replay.Pieces < len(keys) {
		t.Errorf("after the kill: %d pieces, %d estimates differ from the log; want at least %d pieces, none different", replay.Pieces, replay.Wrong, len(keys))
	}
	r := db.NewRecorder(nil)
	defer r.Close()
	var pieces []evidence.Piece
	for _, k := range keys {
		pieces = append(pieces, crashPiece(k[0], k[1]))
	}
	for len(pieces) > 0 {
		n := min(200, len(pieces))
		got, err := r.Record(ctx, "main", pieces[:n])
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range got {
			if !x.Known {
				lost++
			}
		}
		pieces = pieces[n:]
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged pieces are not in the log", lost, len(keys))
	}
	return lost
}
