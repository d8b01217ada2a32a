package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// The program serves, and what it stands on is taken away: the disk, the database, the network, the
// program itself. What it acknowledged must be there, nothing may be half done, and it says in a
// sentence what is wrong, and goes on by itself.

// The school of one class that the program serves.
const (
	schoolStudents = 20
	teacherToken   = "the teacher's session"
	classPage      = "/classes/room"
)

// fillSchool writes the school into an empty store.
func fillSchool(t *testing.T, c store.Config) {
	t.Helper()
	opened(t, c, func(ctx context.Context, db *store.DB) {
		err := db.EnsureDistrict(ctx, roster.District{ID: "main", Name: "District"})
		if err != nil {
			t.Fatal(err)
		}
		st, err := db.Stage(ctx, "main", intake.OneRoster, "school.zip", "")
		if err != nil {
			t.Fatal(err)
		}
		errs := []error{
			st.Org(1, true, roster.Org{ID: "d", Name: "District", Kind: "district"}),
			st.Org(2, true, roster.Org{ID: "s", Name: "School", Kind: "school", Parent: "d"}),
			st.Class(1, true, roster.Class{ID: "room", Title: "Room", School: "s", Kind: "homeroom", Grades: []string{"04"}, Subjects: []string{"Mathematics"}}),
			st.Framework(competency.Framework{ID: "fw", Title: "Mathematics", Subject: "Mathematics"}),
		}
		for i := range 3 {
			id := fmt.Sprintf("c%d", i)
			errs = append(errs, st.Competency(i, competency.Competency{ID: competency.ID(id), Framework: "fw", Code: id, Statement: id, Short: id, Grades: []string{"04"}, Subject: "Mathematics", Position: i, Assessable: true}))
		}
		for i := range schoolStudents + 1 {
			id, role := fmt.Sprintf("u%d", i), "student"
			if i == schoolStudents {
				role = "teacher"
			}
			errs = append(errs, st.User(i, true, roster.User{SourcedID: id, Enabled: true, Username: id, GivenName: "Kid", FamilyName: id, PrimaryOrg: "s", Grades: []string{"04"}}),
				st.Role(i, true, roster.RoleRecord{ID: "r" + id, User: id, Org: "s", Role: role, Primary: true}),
				st.Enrollment(i, true, roster.Enrollment{ID: roster.EnrollmentID("e" + id), Class: "room", School: "s", User: id, Role: role, Primary: true}))
		}
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if _, err := st.Finish(ctx, intake.Summary{}, intake.Scope{}, func(*intake.Summary) {}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Apply(ctx, "main", st.ID()); err != nil {
			t.Fatal(err)
		}
		teacher, err := db.PersonBy(ctx, "main", fmt.Sprintf("u%d", schoolStudents))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.OpenSession(ctx, guard.Session{Hash: guard.TokenHash(teacherToken), Actor: guard.Actor{District: "main", Person: teacher.ID}, Expires: time.Now().Add(24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	})
}

// schoolPeople returns the ids of the school's students.
func schoolPeople(t *testing.T, c store.Config) (ids []string) {
	t.Helper()
	opened(t, c, func(ctx context.Context, db *store.DB) {
		people, err := db.People(ctx, "main", "room", roster.Student)
		if err != nil || len(people) != schoolStudents {
			t.Fatalf("%d students, %v", len(people), err)
		}
		for _, p := range people {
			ids = append(ids, string(p.ID))
		}
	})
	return ids
}

// program is the program, serving.
type program struct {
	t       *testing.T
	command *exec.Cmd
	url     string
	ended   chan error

	mu  sync.Mutex // guards log
	log strings.Builder
}

// started starts a command that serves, and returns once it does.
func started(t *testing.T, c *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, command: c, ended: make(chan error, 1)}
	c.Env = append(orOwn(c.Env), "TMPDIR="+t.TempDir())
	out, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			p.mu.Lock()
			p.log.WriteString(line)
			p.mu.Unlock()
			if url, ok := strings.CutPrefix(line, "Waymark serves on "); ok {
				ready <- strings.TrimSpace(url)
			}
			if err != nil {
				break
			}
		}
		p.ended <- c.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the program said:\n%s", p.said())
		}
	})
	select {
	case p.url = <-ready:
	case <-p.ended:
		t.Fatalf("the program does not serve: %s", p.said())
	case <-time.After(time.Minute):
		t.Fatal("the program does not serve within a minute")
	}
	return p
}

func orOwn(e []string) []string {
	if e == nil {
		return os.Environ()
	}
	return e
}

func served(t *testing.T, flags ...string) *program {
	t.Helper()
	return started(t, child(t, "waymark", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...))
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop ends the program as an operator does, and waits until it has.
func (p *program) stop() {
	p.t.Helper()
	p.command.Process.Signal(syscall.SIGTERM)
	if err := <-p.ended; err != nil {
		p.t.Errorf("the program ended with %v: %s", err, p.said())
	}
}

// ask sends a request of the teacher's and returns the answer's status, header and body.
func ask(client *http.Client, method, address string, form url.Values) (int, http.Header, string, error) {
	r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, "", err
	}
	r.AddCookie(&http.Cookie{Name: "waymark", Value: teacherToken})
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		// As browsers do, what went out over an open connection just when it was closed goes out again.
		r.Header.Set("Idempotency-Key", form.Get("key"))
	}
	a, err := client.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return a.StatusCode, a.Header, string(b), err
}

// reads asks for a page and expects it.
func (p *program) reads(path string) {
	p.t.Helper()
	if code, _, body, err := ask(http.DefaultClient, "GET", p.url+path, nil); err != nil || code != http.StatusOK {
		p.t.Errorf("GET %s = %d, %v; want it answered\n%s", path, code, err, body)
	}
}

// observation is the n-th observation that a test sends: all that it says follows from its number.
func observation(people []string, n int) url.Values {
	return url.Values{"key": {fmt.Sprintf("observation-%08d", n)}, "competency": {fmt.Sprintf("c%d", n%3)}, "level:" + people[n%len(people)]: {fmt.Sprint(n%4 + 1)}, "note": {fmt.Sprint(n)}}
}

// observe sends the n-th observation; saved reports whether it was acknowledged.
func observe(client *http.Client, address string, people []string, n int) (saved bool, code int, body string, err error) {
	form := observation(people, n)
	code, header, body, err := ask(client, "POST", address+classPage+"/observe", form)
	return err == nil && code == http.StatusOK && header.Get("X-Saved") == form.Get("key"), code, body, err
}

// saves sends an observation and expects it to be acknowledged, or, where a sentence is given, to be
// refused with it.
func (p *program) saves(people []string, n int, refusal string) {
	p.t.Helper()
	saved, code, body, err := observe(http.DefaultClient, p.url, people, n)
	switch {
	case refusal == "" && !saved:
		p.t.Errorf("observation %d = %d %v; want it saved\n%s", n, code, err, body)
	case refusal != "" && (saved || code != http.StatusServiceUnavailable || !strings.Contains(body, refusal)):
		p.t.Errorf("observation %d = %d %v; want it refused with %q\n%s", n, code, err, refusal, body)
	}
}

// load is observations that some clients send one after the other.
type load struct {
	stop chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex // guards the rest
	address string
	saved   map[int]bool
	refused map[string]int // by what was answered instead
}

// underLoad begins to send observations, from a number on; each client has its own numbers.
func underLoad(address string, people []string, clients, from int, client *http.Client) *load {
	l := &load{stop: make(chan struct{}), address: address, saved: map[int]bool{}, refused: map[string]int{}}
	for c := range clients {
		l.done.Go(func() {
			for n := from + c; ; n += clients {
				select {
				case <-l.stop:
					return
				default:
				}
				saved, code, body, err := observe(client, address, people, n)
				l.mu.Lock()
				switch {
				case saved:
					l.saved[n] = true
				case err != nil:
					l.refused[fmt.Sprintf("%T %v", err, err)]++
				default:
					l.refused[fmt.Sprintf("%d %s", code, lead(body))]++
				}
				l.mu.Unlock()
				if !saved {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	return l
}

// lead is the sentence of a page that says what is wrong.
func lead(page string) string {
	_, s, _ := strings.Cut(page, `<p class="lead">`)
	s, _, _ = strings.Cut(s, "</p>")
	return s
}

// reaches waits until so many observations were acknowledged.
func (l *load) reaches(t *testing.T, n int) {
	t.Helper()
	for range 6000 {
		l.mu.Lock()
		got := len(l.saved)
		l.mu.Unlock()
		if got >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("fewer than %d observations were acknowledged within a minute; refused: %v", n, l.refused)
}

// so returns how many observations were acknowledged so far.
func (l *load) so() (acknowledged int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.saved)
}

// end stops sending.
func (l *load) end() {
	close(l.stop)
	l.done.Wait()
}

// lost counts what was acknowledged and is not in the log, once the program has ended; the database
// must be whole, and the estimates those of the log.
func lost(t *testing.T, c store.Config, people []string, saved map[int]bool) int {
	t.Helper()
	there := map[string]bool{}
	opened(t, c, func(ctx context.Context, db *store.DB) {
		for _, p := range people {
			for i := range 3 {
				pieces, err := db.Pieces(ctx, "main", roster.PersonID(p), competency.ID(fmt.Sprintf("c%d", i)))
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range pieces {
					if there[x.Note] {
						t.Errorf("observation %s is there twice", x.Note)
					}
					there[x.Note] = true
				}
			}
		}
		if replay, err := db.CheckReplay(ctx, "main", false); err != nil || replay.Wrong != 0 {
			t.Errorf("replay = %+v, %v; want no estimate that differs from the log", replay, err)
		}
		if found, err := db.Check(ctx); err != nil || len(found) > 0 {
			t.Errorf("the database is not whole: %v, %v", found, err)
		}
		if v, err := db.VerifyAudit(ctx, "main", nil); err != nil || len(v.Breaches) > 0 {
			t.Errorf("the audit log: %v, %v", v.Breaches, err)
		}
	})
	n := 0
	for _, i := range slices.Sorted(maps.Keys(saved)) {
		if !there[fmt.Sprint(i)] {
			n++
		}
	}
	t.Logf("%d acknowledged, %d lost", len(saved), n)
	if n > 0 {
		t.Errorf("%d of %d acknowledged observations are not there", n, len(saved))
	}
	return n
}

func numbers(from, to int) map[int]bool {
	out := map[int]bool{}
	for i := from; i < to; i++ {
		out[i] = true
	}
	return out
}
