package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"waymark/internal/store"
)

// dialed opens a connection to the program.
func (p *program) dialed() net.Conn {
	p.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	return c
}

// Clients that send a header or a body slowly, or take in an answer slowly, are cut off; meanwhile
// others are served.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	config := store.Config{Dir: t.TempDir(), Now: time.Now}
	fillSchool(t, config)
	people := schoolPeople(t, config)
	p := served(t, "--data", config.Dir, "--answer-within", "2s")
	const most = 2 * time.Minute // to wait for ever is to fail
	drip := func(c net.Conn, what string) {
		for {
			if _, err := io.WriteString(c, what); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	of := []struct {
		name string
		each int
		be   func(c net.Conn)
	}{
		{"says nothing", 50, func(net.Conn) {}},
		{"sends a header slowly", 50, func(c net.Conn) {
			io.WriteString(c, "GET /sign-in HTTP/1.1\r\nHost: x\r\n")
			go drip(c, "X-Slow: 1\r\n")
		}},
		{"sends a body slowly", 50, func(c net.Conn) {
			io.WriteString(c, "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n")
			go drip(c, "a")
		}},
		{"takes in answers slowly", 10, func(c net.Conn) {
			c.(*net.TCPConn).SetReadBuffer(4096)
		}},
	}
	start := time.Now()
	var all sync.WaitGroup
	for _, kind := range of {
		for i := range kind.each {
			c := p.dialed()
			kind.be(c)
			all.Go(func() {
				c.SetDeadline(start.Add(most))
				var err error
				if kind.name == "takes in answers slowly" {
					// It asks for more answers than the buffers between here and there hold, and takes none.
					for err == nil {
						_, err = io.WriteString(c, "GET /help HTTP/1.1\r\nHost: x\r\n\r\n")
					}
				} else {
					_, err = io.Copy(io.Discard, c)
				}
				if e, ok := err.(net.Error); ok && e.Timeout() {
					t.Errorf("client %d, who %s, is not cut off after %v", i, kind.name, most)
				}
			})
		}
	}
	slowest := time.Duration(0)
	n := 0
	for ; time.Since(start) < 8*time.Second; n++ {
		began := time.Now()
		p.saves(people, n, "")
		p.reads(classPage)
		slowest = max(slowest, time.Since(began))
		time.Sleep(50 * time.Millisecond)
	}
	all.Wait()
	t.Logf("160 slow clients were cut off within %v; meanwhile %d observations and pages of others, the slowest in %v", time.Since(start).Round(time.Second), n, slowest.Round(time.Millisecond))
	p.stop()
	lost(t, config, people, numbers(0, n))
}

// heap is how much memory the program says it uses, and resident what the system says.
func (p *program) heap() (heap, resident int) {
	p.t.Helper()
	_, _, body, err := ask(http.DefaultClient, "GET", p.url+"/metrics", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^waymark_heap_bytes (\d+)$`).FindStringSubmatch(body); m != nil {
		heap, _ = strconv.Atoi(m[1])
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid)); err == nil {
		if m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status); m != nil {
			resident, _ = strconv.Atoi(string(m[1]))
		}
	}
	return heap >> 20, resident >> 10
}

// Ten thousand connections that asked once and then say nothing: others are answered, and memory
// stays bounded.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	config := store.Config{Dir: t.TempDir(), Now: time.Now}
	fillSchool(t, config)
	people := schoolPeople(t, config)
	p := served(t, "--data", config.Dir)
	p.saves(people, 0, "")
	heap, resident := p.heap()
	// The runtime has raised the soft limit of open files to the hard one, here and there.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	many := 10_000
	if most := int(min(limit.Max, 1<<20)) - 1000; most < many {
		many = most
		t.Logf("scaled down: at most %d files may be open on this machine", limit.Max)
	}
	start := time.Now()
	var dialing sync.WaitGroup
	conns := make([]net.Conn, many)
	for part := range 8 {
		dialing.Go(func() {
			answer := make([]byte, 4096)
			for i := part; i < many; i += 8 {
				c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				if err != nil {
					t.Error(err)
					return
				}
				conns[i] = c
				io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
				if n, err := c.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 200") {
					t.Errorf("connection %d: %q, %v", i, answer[:n], err)
					return
				}
			}
		})
	}
	dialing.Wait()
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	took := time.Since(start)
	for i := range 20 {
		p.saves(people, i+1, "")
		p.reads(classPage)
	}
	heapNow, residentNow := p.heap()
	t.Logf("%d idle connections, opened in %v: heap %d MB, was %d; resident %d MB, was %d", many, took.Round(time.Millisecond), heapNow, heap, residentNow, resident)
	if most := resident + 50 + many*40/1024; residentNow > most {
		t.Errorf("the program takes %d MB with %d idle connections; want at most %d: 40 kB for each", residentNow, many, most)
	}
	stop := time.Now()
	p.stop()
	if d := time.Since(stop); d > 15*time.Second {
		t.Errorf("stopping took %v; idle connections are not waited for", d)
	}
	lost(t, config, people, numbers(0, 21))
}
