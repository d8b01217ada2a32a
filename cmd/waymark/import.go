package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/tabular"
)

func importCommand(e *env) *command {
	c := &command{name: "import", short: "Bring in rosters, frameworks, materials, items, attendance, use of products, courses and results; undo the latest import."}
	for _, k := range []struct {
		kind           intake.Kind
		short, example string
	}{
		{intake.OneRoster, "A OneRoster 1.1 or 1.2 CSV package (zip), bulk or delta.", "waymark import oneroster roster.zip --dry-run"},
		{intake.CASE, "A CASE 1.0 or 1.1 framework (CFPackage JSON).", "waymark import case mathematics.json"},
		{intake.Materials, "A CSV list of materials.", "waymark import materials materials.csv"},
		{intake.Items, "A CSV bank of questions for adaptive checks.", "waymark import items mathematics-items.csv"},
		{intake.Attended, "A CSV list of attendance: student, date, status.", "waymark import attendance november.csv"},
		{intake.Used, "How much students used products: student, product, date, minutes or lessons.", "waymark import use week-46.csv"},
		{intake.Courses, "How courses ended, virtual ones too: student, course, virtual, status, points.", "waymark import courses spring.csv"},
		{intake.Results, "Item responses, rubric scores or test scores, by a mapping.", "waymark import results fall-test.csv --map our-test.yaml"},
	} {
		c.sub = append(c.sub, importKind(e, k.kind, k.short, k.example))
	}
	c.sub = append(c.sub, importDistrictCommand(e), undoCommand(e))
	return c
}

func importKind(e *env, kind intake.Kind, short, example string) *command {
	var o options
	var dryRun, apply, strict bool
	var mapFile, encoding string
	var maxEndings float64
	return &command{
		name: string(kind), args: "FILE [--dry-run] [--apply] [--strict]", short: short, operands: 1,
		long: `The file is read and checked, then what it would change is shown and applied in one piece: all of it, or nothing.
Bad rows are left out and named, each with its cure; --strict refuses the file if there are any. A file that would end more than
10 % of what there is stops with exit code 3 until a person raises --max-endings.`,
		examples: []string{example, strings.Fields(example)[0] + " import undo"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.BoolVar(&dryRun, "dry-run", false, "show what would change and change nothing")
			fs.BoolVar(&apply, "apply", false, "apply what was checked (the default)")
			fs.BoolVar(&strict, "strict", false, "refuse the file if any row is bad")
			if kind == intake.Results {
				fs.StringVar(&mapFile, "map", "", "mapping `file` (YAML) or the name of one that ships; without it, the layout is recognised")
			}
			if kind != intake.OneRoster && kind != intake.CASE {
				fs.StringVar(&encoding, "encoding", "", "`name` of the text encoding: utf-8, windows-1252 or utf-16; without it, it is detected")
			}
			fs.Float64Var(&maxEndings, "max-endings", intake.DefaultMaxEndings, "`share` of enrollments, classes or people that may end without asking")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if dryRun && apply {
				return usage("give --dry-run or --apply, not both")
			}
			if maxEndings <= 0 || maxEndings > 1 {
				return usage("--max-endings is a share above 0 and up to 1")
			}
			f, size, err := readable(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			job := intake.Job{Kind: kind, Name: filepath.Base(args[0]), File: f, Size: size, Encoding: encoding, Strict: strict, MaxEndings: maxEndings}
			if mapFile != "" {
				if job.Mapping, err = mapping(mapFile); err != nil {
					return err
				}
			}
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			if job.District, err = o.theDistrict(ctx, db, true); err != nil {
				return err
			}
			return importJob(ctx, e, &o, db, job, dryRun)
		},
	}
}

// importGarbage makes the collector run twice as often as it would: a state's roster
// shares a school's old PC with whatever else runs there.
const importGarbage = 50

// importJob checks a file and applies it.
func importJob(ctx context.Context, e *env, o *options, db *store.DB, job intake.Job, dryRun bool) error {
	defer debug.SetGCPercent(debug.SetGCPercent(importGarbage))
	im := intake.Importer{Store: db, Now: e.now}
	if e.terminal {
		im.Progress = func(rows int) { fmt.Fprintf(e.stderr, "\r%d rows", rows) }
		defer fmt.Fprint(e.stderr, "\r              \r")
	}
	s, err := im.Check(ctx, job)
	switch {
	case err != nil:
	case dryRun:
		err = im.Discard(ctx, job.District, s.Run)
	default:
		var applied intake.Summary
		if applied, err = im.Apply(ctx, job.District, s.Run, false); err == nil {
			s = applied
			err = record(ctx, db, job.District, "import "+string(job.Kind), job.Name)
		} else if fault.KindOf(err) == fault.Decision {
			if derr := im.Discard(ctx, job.District, s.Run); derr != nil {
				return derr
			}
			s.State = intake.Refused
			err = fault.New(fault.Decision, "%s Nothing was changed. Look at the endings with --dry-run; if they are right, raise --max-endings.", fault.Sentence(err))
		}
	}
	if s.Kind != "" {
		if perr := o.print(e, s, func(w io.Writer) { writeSummary(w, s, dryRun) }); perr != nil {
			return perr
		}
	}
	return err
}

// mapping reads a mapping file, or finds one that ships by its name.
func mapping(name string) (*tabular.Mapping, error) {
	data, err := os.ReadFile(name)
	if err == nil {
		m, err := tabular.ParseMapping(filepath.Base(name), data)
		if err != nil {
			return nil, fault.New(fault.Invalid, "The mapping cannot be used: %v", err)
		}
		return &m, nil
	}
	shipped, serr := tabular.Shipped()
	if serr != nil {
		return nil, serr
	}
	var names []string
	for _, m := range shipped {
		if strings.EqualFold(m.Name, name) {
			return &m, nil
		}
		names = append(names, m.Name)
	}
	return nil, fault.New(fault.Invalid, "There is no mapping file %q, and no mapping of that name ships. These do: %s.", name, strings.Join(names, "; "))
}

// writeSummary tells a person what an import found and did.
func writeSummary(w io.Writer, s intake.Summary, dryRun bool) {
	fmt.Fprintf(w, "%s (%s)\n", s.File, s.Kind)
	for _, n := range s.Notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
	fmt.Fprintf(w, "  rows:    %d good, %d skipped, %d bad\n", s.Good, s.Skipped, s.Bad)
	if len(s.Tables) > 0 {
		fmt.Fprintf(w, "\n  %-18s %9s %9s %9s %9s\n", "", "added", "changed", "ended", "same")
		for _, t := range s.Tables {
			fmt.Fprintf(w, "  %-18s %9d %9d %9d %9d\n", t.Name, t.Added, t.Changed, t.Ended, t.Same)
		}
		fmt.Fprintln(w)
		for _, t := range s.Tables {
			for _, c := range t.Samples {
				if c.What == "added" {
					continue
				}
				fmt.Fprintf(w, "  %s %s %s", c.What, t.Name, c.ID)
				if c.Name != "" {
					fmt.Fprintf(w, " (%s)", c.Name)
				}
				for i, f := range c.Fields {
					sep := ": "
					if i > 0 {
						sep = "; "
					}
					fmt.Fprintf(w, "%s%s %q → %q", sep, f.Field, f.Before, f.After)
				}
				fmt.Fprintln(w)
			}
		}
	}
	const most = 50
	for i, p := range s.Problems {
		if i == most {
			fmt.Fprintf(w, "  … and %d more; --json lists them\n", len(s.Problems)-most+s.ProblemsLeftOut)
			break
		}
		fmt.Fprintf(w, "  %s\n", p.Error())
	}
	switch {
	case s.State == intake.Refused:
		fmt.Fprintln(w, "Refused; nothing was changed.")
	case dryRun:
		fmt.Fprintln(w, "Dry run; nothing was changed.")
		if s.NeedsDecision != "" {
			fmt.Fprintln(w, s.NeedsDecision)
		}
	case s.State == intake.Applied:
		fmt.Fprintf(w, "Applied: %d added, %d changed, %d ended, %d the same.\n", s.Added, s.Changed, s.Ended, s.Same)
	}
}

func undoCommand(e *env) *command {
	var o options
	return &command{
		name: "undo", args: "", short: "Undo the latest import.",
		long:     "Everything is as it was before it. What the import created and has been used since is ended, not removed.",
		examples: []string{"waymark import undo --data waymark-data"},
		flags:    func(fs *flag.FlagSet) { o.declare(fs, e) },
		run: func(ctx context.Context, e *env, _ []string) error {
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			var d roster.DistrictID
			if d, err = o.theDistrict(ctx, db, false); err != nil {
				return err
			}
			s, err := intake.Importer{Store: db, Now: e.now}.Undo(ctx, d, "")
			if err != nil {
				return err
			}
			if err := record(ctx, db, d, "import undo", s.File); err != nil {
				return err
			}
			return o.print(e, s, func(w io.Writer) { fmt.Fprintf(w, "Undone: %s (%s).\n", s.File, s.Kind) })
		},
	}
}
