package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"waymark/internal/demo"
	"waymark/internal/fault"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// demoLinkLife is how long a demo link waits to be used.
const demoLinkLife = 7 * 24 * time.Hour

func demoCommand(e *env) *command {
	var o options
	var s serving
	var out, day string
	var loadOnly bool
	var seed uint64
	var students int
	return &command{
		name: "demo", args: "[--out DIR] [--load-only]", short: "Load the demo district and serve it, with a sign-in link for each role.",
		long: `The demo district is made as files, and loaded through the same importers that a school uses.
--out writes the files into a folder and does nothing else.`,
		examples: []string{"waymark demo", "waymark demo --out demo-files", "waymark demo --load-only --data waymark-data"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			s.declare(fs)
			fs.StringVar(&out, "out", "", "write the district's files into this `folder` and stop")
			fs.BoolVar(&loadOnly, "load-only", false, "load the district and stop")
			fs.Uint64Var(&seed, "seed", 1, "`number` from which the district is made")
			fs.IntVar(&students, "students", 1200, "`number` of students")
			fs.StringVar(&day, "day", "", "`date` on which the district is looked at (default today)")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if out != "" && loadOnly {
				return usage("give --out or --load-only, not both")
			}
			// The start of the day, so that all loads of one day give the same state.
			today := e.now().UTC().Truncate(24 * time.Hour)
			if day != "" {
				var err error
				if today, err = time.Parse(time.DateOnly, day); err != nil {
					return usage("--day is a date such as 2026-11-20")
				}
			}
			opt := demo.Options{Seed: seed, Today: today, Students: students}
			if out != "" {
				m, err := demo.Write(out, opt)
				if err != nil {
					return err
				}
				return o.print(e, m, func(w io.Writer) {
					fmt.Fprintf(w, "%s, %s: %d students, %d staff, %d guardians, %d pieces of evidence, in %s\n", m.District, m.SchoolYear, m.Students, m.Staff, m.Guardians, m.Evidence, out)
					for _, f := range m.Files {
						fmt.Fprintf(w, "  %-10s %s (%d rows)\n", f.Kind, f.Path, f.Rows)
					}
				})
			}
			if o.data == "" && o.url == "" {
				o.data = "waymark-demo"
			}
			turned := clock{now: e.now}
			past := *e
			past.now = turned.time
			db, err := o.open(ctx, &past)
			if err != nil {
				return err
			}
			defer db.Close()
			d, people, err := loadDemo(ctx, e, &o, db, opt)
			if err != nil {
				return err
			}
			if err := letLive(ctx, db, &turned, d, people, seed, today); err != nil {
				return fmt.Errorf("let the demo district live: %w", err)
			}
			if loadOnly {
				return o.print(e, struct {
					District roster.DistrictID `json:"district"`
					People   []demo.Person     `json:"people"`
				}{d, people}, func(w io.Writer) { fmt.Fprintln(w, "The demo district is loaded.") })
			}
			return serve(ctx, e, db, s, true, func(url string) error {
				return printLinks(ctx, e, &o, db, d, people, url)
			})
		},
	}
}

// loadDemo loads the demo district unless the store holds one already.
func loadDemo(ctx context.Context, e *env, o *options, db *store.DB, opt demo.Options) (roster.DistrictID, []demo.Person, error) {
	dir, err := os.MkdirTemp("", "waymark-demo-")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(dir)
	m, err := demo.Write(dir, opt)
	if err != nil {
		return "", nil, err
	}
	d, err := o.theDistrict(ctx, db, true)
	if err != nil {
		return "", nil, err
	}
	im := intake.Importer{Store: db, Now: e.now}
	runs, err := im.Runs(ctx, d, 100)
	if err != nil {
		return "", nil, err
	}
	applied := map[string]bool{}
	for _, r := range runs {
		if r.State == intake.Applied {
			applied[r.File] = true
		}
	}
	if len(applied) > 0 && !applied[m.Files[0].Path] {
		return "", nil, fault.New(fault.Invalid, "This store holds a district already. Load the demo into a folder of its own: waymark demo --data waymark-demo")
	}
	for _, f := range m.Files {
		if applied[f.Path] {
			continue
		}
		fmt.Fprintf(e.stderr, "loading %s (%d rows)\n", f.Path, f.Rows)
		if err := loadDemoFile(ctx, im, d, dir, f); err != nil {
			return "", nil, fmt.Errorf("load %s: %w", f.Path, err)
		}
	}
	return d, m.People, nil
}

func loadDemoFile(ctx context.Context, im intake.Importer, d roster.DistrictID, dir string, f demo.File) error {
	file, size, err := readable(filepath.Join(dir, f.Path))
	if err != nil {
		return err
	}
	defer file.Close()
	job := intake.Job{District: d, Kind: intake.Kind(f.Kind), Name: f.Path, File: file, Size: size, Strict: true, MaxEndings: 1}
	if f.Map != "" {
		if job.Mapping, err = mapping(filepath.Join(dir, f.Map)); err != nil {
			return err
		}
	}
	s, err := im.Check(ctx, job)
	if err != nil {
		if len(s.Problems) > 0 {
			err = fmt.Errorf("%w (%s)", err, s.Problems[0].Error())
		}
		return err
	}
	_, err = im.Apply(ctx, d, s.Run, true)
	return err
}

// printLinks prints one sign-in link for each role.
func printLinks(ctx context.Context, e *env, o *options, db *store.DB, d roster.DistrictID, people []demo.Person, url string) error {
	type entry struct {
		Role      string `json:"role"`
		Name      string `json:"name"`
		SourcedID string `json:"sourcedId"`
		Link      string `json:"link"`
	}
	var list []entry
	links := map[string]string{}
	for _, p := range people {
		path, err := link(ctx, db, d, p.SourcedID, e.now().Add(demoLinkLife))
		if err != nil {
			return err
		}
		role := p.Role
		if role == "guardian" {
			role = "family"
		}
		if _, ok := links[role]; !ok {
			links[role] = url + path
		}
		list = append(list, entry{role, fmt.Sprintf("%s, %s", p.Name, p.About), p.SourcedID, url + path})
	}
	return o.print(e, struct {
		URL    string            `json:"url"`
		Links  map[string]string `json:"links"`
		People []entry           `json:"people"`
	}{url, links, list}, func(w io.Writer) {
		fmt.Fprintf(w, "\nWaymark serves the demo district on %s\nEach link signs in once; ask for a new one with: waymark account link USERNAME --data DIR\n\n", url)
		for _, x := range list {
			fmt.Fprintf(w, "  %-14s %s\n                 %s\n", x.Role, x.Link, x.Name)
		}
		fmt.Fprintln(w, "\nStop with Ctrl-C.")
	})
}
