package main

import (
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// held starts the program on a socket that this process holds open, as systemd does.
func held(t *testing.T, socket *os.File, flags ...string) *exec.Cmd {
	t.Helper()
	c := child(t, "waymark", append([]string{"serve"}, flags...)...)
	// The program is told its own number, which is known once it has one.
	sh := exec.Command("bash", append([]string{"-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec -a waymark "$0" "$@"`, c.Path}, c.Args[1:]...)...)
	sh.ExtraFiles = []*os.File{socket}
	return sh
}

// onEachSite runs a test on each database, with a school in it and who is observed there.
func onEachSite(t *testing.T, f func(t *testing.T, s crashSite, people []string)) {
	t.Helper()
	for _, s := range crashSites(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			fillSchool(t, s.config)
			f(t, s, schoolPeople(t, s.config))
		})
	}
}

// The program is started anew under load, on a socket that is held open for it: no request fails that
// comes over a connection of its own. Over one that is open already, a request may go out just when
// the connection is closed, and is sent again, as pages do: that is seldom, and nothing is lost.
func TestRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	onEachSite(t, func(t *testing.T, s crashSite, people []string) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		socket, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		ln.Close() // nobody accepts here
		p := started(t, held(t, socket, s.flags...))
		each := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
		kept := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: time.Minute}
		loads := []*load{underLoad(p.url, people, 4, 0, each), underLoad(p.url, people, 4, 1_000_000, kept)}
		reach := 0
		more := func() {
			reach += 50
			for _, l := range loads {
				l.reaches(t, reach)
				reach = max(reach, l.so())
			}
		}
		more()
		for range 2 {
			p.stop()
			p = started(t, held(t, socket, s.flags...))
			more()
		}
		for i, l := range loads {
			l.end()
			failed := 0
			for _, n := range l.refused {
				failed += n
			}
			if most := i * len(l.saved) / 20; failed > most {
				t.Errorf("of requests over %s, %d failed, want %d at most: %v", []string{"connections of their own", "open connections"}[i], failed, most, l.refused)
			}
			t.Logf("over %s: %d answered, %d cut", []string{"connections of their own", "open connections"}[i], len(l.saved), failed)
			maps.Copy(loads[0].saved, l.saved)
		}
		p.stop()
		lost(t, s.config, people, loads[0].saved)
	})
}

// The program is killed while it answers observations: none that it acknowledged is lost, whether
// on the way through the pages or below them.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	onEachSite(t, func(t *testing.T, s crashSite, people []string) {
		saved := map[int]bool{}
		for try := range 2 {
			p := served(t, s.flags...)
			l := underLoad(p.url, people, 8, try*1_000_000, http.DefaultClient)
			l.reaches(t, 100+50*try)
			p.command.Process.Kill()
			<-p.ended
			l.end()
			s.gone(t)
			maps.Copy(saved, l.saved)
		}
		lost(t, s.config, people, saved)
	})
}
