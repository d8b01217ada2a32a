package main

import (
	"database/sql"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// wire is what lies between the program and PostgreSQL; it can be cut, and stalled.
type wire struct {
	listener net.Listener
	to       string

	mu      sync.Mutex // guards the rest
	cut     bool
	stalled chan struct{} // closed when bytes pass
	open    map[net.Conn]bool
}

// wired lays a wire to a PostgreSQL server and returns the address of the database at its other end.
func wired(t *testing.T, address string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: ln, to: u.Host, stalled: make(chan struct{}), open: map[net.Conn]bool{}}
	close(w.stalled)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go w.pass(c)
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		w.flows(true)
		w.sever()
	})
	u.Host = ln.Addr().String()
	return w, u.String()
}

func (w *wire) pass(c net.Conn) {
	defer c.Close()
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		return
	}
	w.open[c], w.open[server] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	for _, d := range [][2]net.Conn{{c, server}, {server, c}} {
		both.Go(func() {
			io.Copy(d[1], slow{w, d[0]})
			d[0].Close()
			d[1].Close()
		})
	}
	both.Wait()
	w.mu.Lock()
	delete(w.open, c)
	delete(w.open, server)
	w.mu.Unlock()
}

// slow reads from a connection and passes on what came when the wire is not stalled.
type slow struct {
	*wire
	net.Conn
}

func (s slow) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.mu.Lock()
	passes := s.stalled
	s.mu.Unlock()
	<-passes
	return n, err
}

// sever breaks all connections; join lets new ones come about again.
func (w *wire) sever() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for c := range w.open {
		c.Close()
	}
}

func (w *wire) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

// flows says whether bytes pass.
func (w *wire) flows(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.stalled:
		if !yes {
			w.stalled = make(chan struct{})
		}
	default:
		if yes {
			close(w.stalled)
		}
	}
}

const (
	saysGone = "The database does not answer. What was being saved may be saved or not"
	saysLate = "That took too long"
)

// connected is a connection of a test's own to a database.
func connected(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The connection to PostgreSQL is cut and comes back, is cut for longer, stalls, and its server is
// made to end every session: who asks meanwhile gets a plain answer, and afterwards all goes on.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	admin, u := connected(t, address), parsed(t, address)
	name := "lost " + u.Query().Get("search_path")
	q := u.Query()
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	w, through := wired(t, u.String())
	config := store.Config{URL: address, Now: time.Now}
	fillSchool(t, config)
	people := schoolPeople(t, config)
	p := served(t, "--database-url", through, "--answer-within", "3s")
	saved := map[int]bool{}
	from := 0
	// A request may always be late, on a machine that has other work.
	during := func(what string, refusals []string, f func(l *load)) {
		t.Helper()
		refusals = append(refusals, saysLate)
		l := underLoad(p.url, people, 8, from, http.DefaultClient)
		from += 1_000_000
		l.reaches(t, 40)
		start := time.Now()
		f(l)
		l.reaches(t, l.so()+40) // goes on by itself
		l.end()
		t.Logf("%s, %v: %d acknowledged, answered otherwise: %v", what, time.Since(start).Round(time.Millisecond), len(l.saved), l.refused)
		for r := range l.refused {
			if !slices.ContainsFunc(refusals, func(s string) bool { return strings.HasPrefix(r, "503 "+s) }) {
				t.Errorf("%s: answered with %q; want one of %q", what, r, refusals)
			}
		}
		maps.Copy(saved, l.saved)
	}
	during("cut for an instant", []string{saysGone}, func(*load) {
		w.sever()
		w.join()
	})
	during("cut", []string{saysGone}, func(*load) {
		w.sever()
		if code, _, body, err := ask(http.DefaultClient, "GET", p.url+classPage, nil); code != http.StatusServiceUnavailable || err != nil || !strings.Contains(body, saysGone) {
			t.Errorf("a page while the database is lost = %d, %v; want it told\n%s", code, err, body)
		}
		if code, _, _, err := ask(http.DefaultClient, "GET", p.url+"/healthz", nil); code != http.StatusServiceUnavailable || err != nil {
			t.Errorf("healthz = %d, %v; want 503", code, err)
		}
		w.join()
	})
	during("stalled for a moment", nil, func(*load) {
		w.flows(false)
		time.Sleep(time.Second)
		w.flows(true)
	})
	during("stalled", []string{saysGone}, func(*load) {
		w.flows(false)
		start := time.Now()
		code, _, body, err := ask(http.DefaultClient, "GET", p.url+classPage, nil)
		if waited := time.Since(start); code != http.StatusServiceUnavailable || err != nil || waited > time.Minute {
			t.Errorf("a page while the database stalls = %d, %v after %v; want it given up after 3 s\n%s", code, err, waited, body)
		}
		w.flows(true)
	})
	during("sessions ended by the server", []string{saysGone}, func(l *load) {
		for range 3 {
			if _, err := admin.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, name); err != nil {
				t.Fatal(err)
			}
			l.reaches(t, l.so()+10)
		}
	})
	p.reads(classPage)
	p.stop()
	lost(t, config, people, saved)
}

// A PostgreSQL server that has become a copy of another takes no changes: that is told, what is there
// is read, and when it takes them again all goes on.
func TestReadOnlyServer(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	admin, u := connected(t, os.Getenv("WAYMARK_TEST_POSTGRES")), parsed(t, address)
	role := "r" + u.Query().Get("search_path")
	do := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := admin.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	do(`CREATE ROLE ` + role + ` SUPERUSER LOGIN`)
	t.Cleanup(func() { do(`DROP ROLE ` + role) })
	u.User = url.User(role)
	config := store.Config{URL: address, Now: time.Now}
	fillSchool(t, config)
	people := schoolPeople(t, config)
	p := served(t, "--database-url", u.String())
	p.saves(people, 0, "")
	turn := func(on string) {
		do(`ALTER ROLE `+role+` SET default_transaction_read_only = `+on,
			fmt.Sprintf(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'`, role))
	}
	turn("on")
	p.saves(people, 10, "The database takes no changes: it is read-only")
	p.reads(classPage)
	turn("off")
	p.saves(people, 1, "")
	p.stop()
	lost(t, config, people, numbers(0, 2))
}
