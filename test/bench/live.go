package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// live measures, on the program as it serves, the time from a teacher's sending an
// observation until an open page has heard of it, and until it has read itself again.
func (b *bench) live(ctx context.Context, p place) (err error) {
	const skills, tries = 40, 200
	students := b.sized(20_000, 1_000)
	d := district{schools: students / 500, classes: students / 25, students: students, each: 1}
	client, class, err := b.school(ctx, p, d, skills)
	if err != nil {
		return err
	}
	server, base, err := b.serve(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server()) }()
	client.base = base
	events, err := client.open(ctx, "/events?topics="+url.QueryEscape(string(live.ClassTopic(string(districtID), string(class)))))
	if err != nil {
		return err
	}
	defer events.Close()
	heard := make(chan time.Time, 16)
	go func() {
		defer close(heard)
		for lines := bufio.NewScanner(events); lines.Scan(); {
			if lines.Text() == "event: change" {
				heard <- time.Now()
			}
		}
	}()
	var acknowledged, event, page times
	for i := range tries {
		// Let all that the last one caused come to rest.
		time.Sleep(100 * time.Millisecond)
		for len(heard) > 0 {
			<-heard
		}
		start := time.Now()
		if err := client.observe(ctx, class, i); err != nil {
			return err
		}
		acknowledged = append(acknowledged, time.Since(start))
		select {
		case at, ok := <-heard:
			if !ok {
				return errors.New("the stream of events ended")
			}
			event = append(event, at.Sub(start))
		case <-time.After(10 * time.Second):
			return errors.New("an observation was never heard of")
		}
		body, err := client.open(ctx, "/classes/"+string(class)+"?fragment=grid")
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return err
		}
		body.Close()
		page = append(page, time.Since(start))
	}
	b.add("live", p, "sent to acknowledged", "%v", acknowledged)
	b.add("live", p, "sent to event", "%v", event)
	b.add("live", p, "sent to page read again", "%v", page)
	return nil
}

// browser is a signed-in teacher's.
type browser struct {
	base     string
	token    string
	students []roster.PersonID
}

// school loads a district and signs in the teacher of its first class.
func (b *bench) school(ctx context.Context, p place, d district, skills int) (_ *browser, _ roster.ClassID, err error) {
	db, err := store.Open(ctx, p.config)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := load(ctx, db, d, skills, filepath.Join(b.dir, "live.zip")); err != nil {
		return nil, "", err
	}
	if err := fill(ctx, p, skills, 2); err != nil {
		return nil, "", err
	}
	teacher, err := db.PersonBy(ctx, districtID, "teacher-0000000")
	if err != nil {
		return nil, "", err
	}
	token, hash, err := guard.NewToken(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	if err := db.OpenSession(ctx, guard.Session{Hash: hash, Actor: guard.Actor{District: districtID, Person: teacher.ID}, Expires: time.Now().Add(time.Hour)}); err != nil {
		return nil, "", err
	}
	people, err := db.People(ctx, districtID, class(0), roster.Student)
	if err != nil {
		return nil, "", err
	}
	br := &browser{token: token}
	for _, x := range people {
		br.students = append(br.students, x.ID)
	}
	return br, class(0), nil
}

// serve starts the program and returns how to stop it, and its address.
func (b *bench) serve(ctx context.Context, p place) (stop func() error, base string, err error) {
	c := exec.CommandContext(ctx, b.program, append([]string{"serve", "--listen", "127.0.0.1:0"}, p.flags...)...)
	out, err := c.StderrPipe()
	if err != nil {
		return nil, "", err
	}
	if err := c.Start(); err != nil {
		return nil, "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "serves on "); ok {
			go func() {
				for lines.Scan() {
					fmt.Fprintln(b.log, lines.Text())
				}
			}()
			return func() error {
				return errors.Join(c.Process.Signal(syscall.SIGTERM), c.Wait())
			}, url, nil
		}
	}
	return nil, "", errors.Join(errors.New("the server did not start"), c.Wait())
}

func (br *browser) send(r *http.Request) (io.ReadCloser, error) {
	r.AddCookie(&http.Cookie{Name: "waymark", Value: br.token})
	r.Header.Set("X-Waymark", "1")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	if a.StatusCode != http.StatusOK {
		defer a.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(a.Body, 500))
		return nil, fmt.Errorf("%s %s: %s: %s", r.Method, r.URL.Path, a.Status, text)
	}
	return a.Body, nil
}

func (br *browser) open(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, br.base+path, nil)
	if err != nil {
		return nil, err
	}
	return br.send(r)
}

// observe sends the i-th form: one student, one competency.
func (br *browser) observe(ctx context.Context, class roster.ClassID, i int) error {
	form := url.Values{"key": {fmt.Sprintf("bench-%020d", i)}, "competency": {string(skill(i % 40))},
		"level:" + string(br.students[i%len(br.students)]): {fmt.Sprint(1 + i%4)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, br.base+"/classes/"+string(class)+"/observe", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, err := br.send(r)
	if err != nil {
		return err
	}
	return body.Close()
}
