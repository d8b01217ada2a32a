package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"
)

// pages measures pages of the demo district as their readers get them, from the request to
// the last byte: families, students, teachers and leaders, a page after the other.
func (b *bench) pages(ctx context.Context, p place) (err error) {
	tries := b.sized(400, 60)
	cmd := exec.CommandContext(ctx, b.program, append([]string{"demo", "--listen", "127.0.0.1:0", "--json"}, p.flags...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if werr := cmd.Wait(); err == nil && werr != nil && ctx.Err() == nil {
			err = fmt.Errorf("the demo ended: %w", werr)
		}
	}()
	var at struct {
		URL   string
		Links map[string]string
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return fmt.Errorf("read the demo's links: %w", err)
	}
	readers := map[string]*http.Client{}
	for role, link := range at.Links {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return err
		}
		readers[role] = &http.Client{Jar: jar}
		answer, err := readers[role].Post(link, "application/x-www-form-urlencoded", nil)
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
	}
	// A page is a path, or the first link on one that looks like this, with what follows it.
	for _, x := range []struct{ name, role, path, link, then string }{
		{"family", "family", "/family", "", ""},
		{"plan", "family", "/family", `href="(/students/[^"/]+/plan)"`, ""},
		{"student's home", "student", "/me", "", ""},
		{"way to a goal", "student", "/me/goals", `href="(/students/[^"]+/goals/[^"/]+)"`, ""},
		{"teacher's home", "teacher", "/teach", "", ""},
		{"queue", "teacher", "/classes", `href="(/classes/[^"/?]+)"`, "/talks"},
		{"brief", "teacher", "/classes", `href="(/classes/[^"/?]+)"`, "/talks>brief"},
		{"plans of a class", "teacher", "/classes", `href="(/classes/[^"/?]+)"`, "/plans"},
		{"plans of a school", "leader", "/schools", `href="(/schools/[^"/]+)"`, "/plans"},
		{"choices of a school", "leader", "/schools", `href="(/schools/[^"/]+)"`, "/choices"},
	} {
		reader := readers[x.role]
		path := x.path
		if x.link != "" {
			if path, err = first(ctx, reader, at.URL+x.path, x.link); err != nil {
				return err
			}
			if x.then == "/talks>brief" {
				if path, err = first(ctx, reader, at.URL+path+"/talks", `href="(/students/[^"/]+/brief[^"]*)"`); err != nil {
					return err
				}
			} else {
				path += x.then
			}
		}
		var took times
		size := 0
		for range tries {
			begin := time.Now()
			body, err := get(ctx, reader, at.URL+path)
			if err != nil {
				return err
			}
			took, size = append(took, time.Since(begin)), len(body)
		}
		b.add("pages", p, x.name, "%v, %.0f KB of HTML", took, float64(size)/1000)
	}
	return nil
}

// first returns the first link of a page that looks like this.
func first(ctx context.Context, reader *http.Client, url, link string) (string, error) {
	body, err := get(ctx, reader, url)
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(link).FindSubmatch(body)
	if m == nil {
		return "", fmt.Errorf("%s has no link like %s", url, link)
	}
	return string(m[1]), nil
}

func get(ctx context.Context, reader *http.Client, url string) (body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := reader.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if body, err = io.ReadAll(answer.Body); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", url, answer.StatusCode)
	}
	return body, err
}
