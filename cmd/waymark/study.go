package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/study"
	"waymark/internal/study/power"
	"waymark/internal/study/rollout"
)

func studyCommand() *command {
	return &command{
		name: "study", short: "Did it help, for whom, by how much, and how sure are we?",
		long: "Declarations and extracts are files; docs/study.md tells their form, the methods and how the verdict follows.",
		sub:  []*command{studyRunCommand(), studyBundleCommand(), studyWWCCommand(), studyPowerCommand(), studyAssignCommand(), studyRolloutCommand(), studyVirtualCommand(), studyBenchmarkCommand()},
	}
}

// declared reads a declaration and the extract that it asks for, or a bundle that holds both.
func declared(path, data string) (*study.Spec, *study.Frame, []byte, []byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, nil, nil, fault.New(fault.Invalid, "%s cannot be read: %v.", path, errors.Unwrap(err))
	}
	name := filepath.Base(data)
	var extract []byte
	if data == "" {
		if text, extract, err = study.ReadBundle(bytes.NewReader(text), int64(len(text))); err != nil {
			return nil, nil, nil, nil, fault.New(fault.Invalid, "%s %v. Name the extract with --data FILE.csv, or give a bundle that waymark study bundle made.", path, err)
		}
		name = "extract.csv"
	} else if extract, err = os.ReadFile(data); err != nil {
		return nil, nil, nil, nil, fault.New(fault.Invalid, "%s cannot be read: %v.", data, errors.Unwrap(err))
	}
	s, err := study.Read(bytes.NewReader(text))
	if err != nil {
		return nil, nil, nil, nil, fault.Field(fault.FieldOf(err), "%s: %s", filepath.Base(path), fault.Sentence(err))
	}
	f, err := study.ReadFrame(bytes.NewReader(extract), name, s.Columns())
	return s, f, text, extract, err
}

func studyRunCommand() *command {
	var o options
	var data, matches string
	return &command{
		name: "run", args: "SPEC.json --data FILE.csv [--matches FILE.csv] [--json] | BUNDLE.zip [--json]", short: "Run a declared study.", operands: 1,
		long:     "The same declaration and extract give the same bytes. A bundle holds both.",
		examples: []string{"waymark study run tutoring.json --data spring.csv --json > result.json", "waymark study run tutoring.zip"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&data, "data", "", "`file` of the extract (CSV); not for a bundle")
			fs.StringVar(&matches, "matches", "", "`file` (CSV) to write how each student counts and is compared with whom; must not be there yet")
			fs.BoolVar(&o.json, "json", false, "print the result as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			s, f, _, _, err := declared(args[0], data)
			if err != nil {
				return err
			}
			if matches != "" {
				if err := writeMatches(matches, s, f); err != nil {
					return err
				}
			}
			r, err := study.Run(s, f)
			if err != nil {
				return err
			}
			return o.print(e, r, func(w io.Writer) { writeStudy(w, r) })
		},
	}
}

// writeNew writes a file that is not there yet; where it cannot be written whole, none is left.
func writeNew(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fault.New(fault.Conflict, "%s is there already. Choose another name, or take it away.", path)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func writeMatches(path string, s *study.Spec, f *study.Frame) error {
	all, err := study.Matches(s, f)
	if err != nil {
		return err
	}
	return writeNew(path, func(out io.Writer) error {
		w := csv.NewWriter(out)
		_ = w.Write([]string{"student", "treatment", "weight", "set", "eligible", "rung", "comparison"})
		for _, m := range all {
			t := "0"
			if m.Treated {
				t = "1"
			}
			_ = w.Write([]string{m.Student, t, strconv.FormatFloat(m.Weight, 'g', -1, 64), strconv.Itoa(int(m.Set)), strconv.Itoa(m.Eligible), strconv.Itoa(m.Rung), strings.Join(m.Comparison, ";")})
		}
		w.Flush()
		return w.Error()
	})
}

func writeStudy(w io.Writer, r *study.Result) {
	fmt.Fprintf(w, "%s\n%s\n\n", r.Question, strings.Repeat("=", len([]rune(r.Question))))
	for _, o := range r.Outcomes {
		fmt.Fprintf(w, "%s: %s\n  %s\n  %s\n", o.Name, strings.ToUpper(string(o.Verdict)), o.Answer, o.Because)
		fmt.Fprintf(w, "  Students: %d with the practice (%d compared), %d comparison students. Units: %d and %d.\n", o.Treated.Students, o.Matched, o.Control.Students, o.Treated.Units, o.Control.Units)
		fmt.Fprintf(w, "  Difference %.4g (SE %.3g, %.1f df, p %.3g; %s)\n  Design: %s. %s\n", float64(o.Effect.Difference), float64(o.Effect.SE), float64(o.Effect.DF), float64(o.Effect.P), o.Effect.Errors, o.Tier, o.TierWhy)
		fmt.Fprintf(w, "\n  %-28s %10s %10s %8s %8s  %s\n", "balance", "with", "without", "before", "after", "")
		for _, b := range o.Balance {
			fmt.Fprintf(w, "  %-28s %10.4g %10.4g %8.3f %8.3f  %s\n", b.Column, float64(b.Treated), float64(b.Control), float64(b.Before), float64(b.After), b.Class)
		}
		if len(o.Subgroups) > 0 {
			fmt.Fprintf(w, "\n  %-28s %10s %8s %8s %8s\n", "for whom", "students", "g", "from", "to")
		}
		for _, g := range o.Subgroups {
			if g.Hidden {
				fmt.Fprintf(w, "  %-28s too few to show\n", g.Column+" "+g.Value)
				continue
			}
			fmt.Fprintf(w, "  %-28s %10d %+8.2f %+8.2f %+8.2f\n", g.Column+" "+g.Value, g.Students, float64(g.Effect.G), float64(g.Effect.GLow), float64(g.Effect.GHigh))
		}
		if o.Pooled != nil {
			fmt.Fprintf(w, "\n  Across %d schools: %+.2f (%+.2f to %+.2f); true effects differ by about %.2f (%s).\n", o.Pooled.Schools, float64(o.Pooled.Mean), float64(o.Pooled.Low), float64(o.Pooled.High), float64(o.Pooled.Tau), o.Pooled.Method)
		}
		if len(o.Checks) > 0 {
			fmt.Fprintf(w, "\n  %-28s %8s %8s %8s\n", "done otherwise", "g", "from", "to")
		}
		for _, c := range o.Checks {
			g := ""
			if v := float64(c.G); !math.IsNaN(v) {
				g = fmt.Sprintf("%+.2f", v)
			}
			fmt.Fprintf(w, "  %-28s %8s %+8.2f %+8.2f  %s\n", c.Name, g, float64(c.GLow), float64(c.GHigh), c.Note)
		}
		fmt.Fprintf(w, "\n  Something unmeasured would explain it away with an E-value of %.2f (interval %.2f), or by explaining %.1f %% of what is left of both (interval %.1f %%).\n\n",
			float64(o.Hidden.EValue), float64(o.Hidden.EValueInterval), 100*float64(o.Hidden.Robustness), 100*float64(o.Hidden.RobustnessCI))
	}
	for _, m := range r.Methods {
		fmt.Fprintln(w, m)
	}
	for _, t := range r.Threats {
		fmt.Fprintf(w, "Cannot be ruled out: %s\n", t)
	}
	fmt.Fprintf(w, "Declaration %s, extract %s, seed %d.\n", r.Declaration, r.Extract[:12], r.Seed)
}

func studyBundleCommand() *command {
	var data, out string
	return &command{
		name: "bundle", args: "SPEC.json --data FILE.csv --out BUNDLE.zip", short: "Keep declaration and extract in one file, so that anybody can run it again.", operands: 1,
		long:     "The extract holds records of students: de-identify it before it leaves the school.",
		examples: []string{"waymark study bundle tutoring.json --data spring.csv --out tutoring.zip"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&data, "data", "", "`file` of the extract (CSV)")
			fs.StringVar(&out, "out", "", "`file` of the bundle; must not be there yet")
		},
		run: func(_ context.Context, e *env, args []string) error {
			if data == "" || out == "" {
				return usage("name the extract with --data FILE.csv and the bundle with --out FILE.zip")
			}
			_, _, spec, extract, err := declared(args[0], data)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := study.WriteBundle(&b, spec, extract, nil, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
				return err
			}
			n := b.Len()
			if err := writeNew(out, func(w io.Writer) error { _, err := b.WriteTo(w); return err }); err != nil {
				return err
			}
			fmt.Fprintf(e.stdout, "%s: %d bytes\n", out, n)
			return nil
		},
	}
}

func studyWWCCommand() *command {
	var o options
	var icc float64
	return &command{
		name: "wwc", args: "FILE.csv [--json]", short: "Effect sizes of a table of findings, as the What Works Clearinghouse reckons them.", operands: 1,
		long: `Columns: n_t, n_c and mean_t, mean_c, sd_t, sd_c, or p_t, p_c for shares, or g; where students were assigned in clusters also clusters (or clusters_t and
clusters_c) and icc, which is .20 for achievement and .10 for other domains where it is left out; assigned_t and assigned_c for attrition; id and domain.`,
		examples: []string{"waymark study wwc findings.csv --json"},
		flags: func(fs *flag.FlagSet) {
			fs.Float64Var(&icc, "icc", 0, "intraclass `correlation` where a row tells none")
			fs.BoolVar(&o.json, "json", false, "print the findings as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			if icc < 0 || icc >= 1 {
				return usage("--icc is a share from 0 to below 1")
			}
			all, err := readFile(args[0], func(r io.Reader) ([]study.Finding, error) { return study.Findings(r, filepath.Base(args[0]), icc) })
			if err != nil {
				return err
			}
			return o.print(e, all, func(w io.Writer) {
				fmt.Fprintf(w, "%6s  %-30s %8s %8s %8s %8s %10s  %s\n", "line", "finding", "n", "g", "index", "p", "p clusters", "")
				for _, f := range all {
					fmt.Fprintf(w, "%6d  %-30.30s %8.0f %8.3f %8.1f %8.4f %10.4f  %s\n", f.Line, f.ID, float64(f.N), float64(f.G), float64(f.Improvement), float64(f.P), float64(f.ClusterP), f.Note)
				}
			})
		},
	}
}

// planned is how small an effect a design could find.
type planned struct {
	Detectable float64 `json:"detectable"`
	Power      float64 `json:"power,omitempty"`
	Needed     float64 `json:"needed,omitempty"`
}

func studyPowerCommand() *command {
	var o options
	var d power.Design
	var unit string
	var at, size float64
	return &command{
		name: "power", args: "--unit U --students N [--clusters J] …", short: "How small an effect a pilot could find, before it begins.",
		long: `--unit: students (each assigned alone), "within blocks" (whose effect is one), "within random ones" (whose effects vary), clusters (classes or schools as
wholes) or schools (with classes between). --students is in all for students alone, else in each cluster or block. Shares and correlations are from 0 to 1.`,
		examples: []string{"waymark study power --unit clusters --students 60 --clusters 40 --icc .2 --r2 .5 --r2-cluster .6 --covariates 1 --effect .2"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&unit, "unit", "", "what is assigned")
			for _, x := range []struct {
				to   *float64
				name string
				is   string
			}{{&d.Students, "students", "students in all, or in each cluster"}, {&d.Clusters, "clusters", "clusters or blocks, or classes in each school"}, {&d.Schools, "schools", "schools, with classes between"},
				{&d.Share, "share", "of units that get the practice (½ if left out)"}, {&d.ICC, "icc", "intraclass correlation of clusters"}, {&d.ICC3, "icc-school", "of schools, with classes between"},
				{&d.R2, "r2", "of students that covariates explain"}, {&d.R2Cluster, "r2-cluster", "of clusters"}, {&d.R2School, "r2-school", "of schools"}, {&d.Vary, "vary", "variance of effects between blocks over that between blocks"},
				{&d.Covariates, "covariates", "at the level of assignment"}, {&d.Alpha, "alpha", "chance of a false alarm (.05 if left out)"}, {&size, "effect", "for which power and need are told"}} {
				fs.Float64Var(x.to, x.name, 0, "`number` "+x.is)
			}
			fs.Float64Var(&at, "power", .8, "`chance` to find it")
			fs.BoolVar(&o.json, "json", false, "print as JSON")
		},
		run: func(_ context.Context, e *env, _ []string) error {
			d.Unit = power.Unit(unit)
			if !(at > 0 && at < 1) {
				return usage("--power is a chance between 0 and 1")
			}
			var p planned
			var err error
			if p.Detectable, err = power.Detectable(d, at); err != nil {
				return fault.New(fault.Invalid, "%v.", err)
			}
			if size != 0 {
				if p.Power, err = power.Of(d, size); err == nil {
					p.Needed, err = power.Needed(d, size, at)
				}
				if err != nil {
					return fault.New(fault.Invalid, "%v.", err)
				}
			}
			return o.print(e, p, func(w io.Writer) {
				fmt.Fprintf(w, "An effect of %.3f standard deviations would be found %.0f times of 100.\n", p.Detectable, 100*at)
				if size != 0 {
					fmt.Fprintf(w, "One of %.3f would be found %.0f times of 100; for %.0f times it takes %.0f %s.\n", size, 100*p.Power, 100*at, math.Ceil(p.Needed), d.Unit)
				}
			})
		},
	}
}

func studyAssignCommand() *command {
	var o options
	var d study.Draw
	var unit, block, value string
	return &command{
		name: "assign", args: "FILE.csv --unit COLUMN [--block COLUMN] [--json]", short: "Assign students, classes or schools by lot.", operands: 1,
		long: `Each value of the unit's column is assigned once, within blocks. The same units and seed give the same lots, whatever the order of the file, so that anybody
can check them. Keep the seed with the declaration.`,
		examples: []string{"waymark study assign schools.csv --unit school --block district --seed 20261125", "waymark study assign classes.csv --unit class --pairs pretest --seed 7"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&unit, "unit", "", "`column` of what is assigned")
			fs.StringVar(&block, "block", "", "`column` within whose values lots are drawn")
			fs.StringVar(&value, "pairs", "", "`column` by which units are paired, such as a pretest")
			fs.Float64Var(&d.Share, "share", .5, "`share` that gets the practice")
			fs.IntVar(&d.Waves, "waves", 0, "`number` of waves of a stepped roll-out")
			fs.Uint64Var(&d.Seed, "seed", 0, "`number` that draws")
			fs.BoolVar(&o.json, "json", false, "print as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			if unit == "" || d.Seed == 0 {
				return usage("name the column with --unit COLUMN and the draw with --seed N")
			}
			lots, err := assignFile(args[0], unit, block, value, d)
			if err != nil {
				return err
			}
			return o.print(e, lots, func(w io.Writer) {
				c := csv.NewWriter(w)
				_ = c.Write([]string{unit, "block", "treatment", "wave"})
				for _, l := range lots {
					t, wave := "0", ""
					if l.Treated {
						t = "1"
					}
					if l.Wave > 0 {
						wave = strconv.Itoa(l.Wave)
					}
					_ = c.Write([]string{l.Unit, l.Block, t, wave})
				}
				c.Flush()
			})
		},
	}
}

// assignFile reads units, each with its block and the mean of its values, and draws.
func assignFile(path, unit, block, value string, d study.Draw) ([]study.Lot, error) {
	type row struct {
		block string
		sum   float64
		n     int
	}
	rows, err := readFile(path, func(r io.Reader) ([][]string, error) { return csv.NewReader(r).ReadAll() })
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s cannot be read: %v.", path, err)
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.Invalid, "%s is empty.", path)
	}
	at := map[string]int{}
	for k, h := range rows[0] {
		at[strings.TrimSpace(h)] = k
	}
	for _, c := range []string{unit, block, value} {
		if _, ok := at[c]; c != "" && !ok {
			return nil, fault.New(fault.Invalid, "%s, line 1: there is no column %q; it has %s.", path, c, strings.Join(rows[0], ", "))
		}
	}
	by := map[string]*row{}
	var units []string
	for i, r := range rows[1:] {
		u := strings.TrimSpace(r[at[unit]])
		if u == "" {
			return nil, fault.New(fault.Invalid, "%s, line %d, %s: it is empty. Fill it in, or take the row out.", path, i+2, unit)
		}
		x, ok := by[u]
		if !ok {
			x = &row{}
			by[u] = x
			units = append(units, u)
		}
		if block != "" {
			if b := strings.TrimSpace(r[at[block]]); ok && b != x.block {
				return nil, fault.New(fault.Invalid, "%s, line %d, %s: %q is in the block %q here and in %q before. A unit is in one block.", path, i+2, block, u, b, x.block)
			} else {
				x.block = b
			}
		}
		if value != "" {
			v, err := strconv.ParseFloat(strings.TrimSpace(r[at[value]]), 64)
			if err != nil {
				return nil, fault.New(fault.Invalid, "%s, line %d, %s: %q is not a number.", path, i+2, value, r[at[value]])
			}
			x.sum += v
			x.n++
		}
	}
	blocks := make([]string, len(units))
	var values []float64
	for i, u := range units {
		blocks[i] = by[u].block
		if value != "" {
			values = append(values, by[u].sum/float64(by[u].n))
		}
	}
	d.Pairs = value != ""
	return study.Assign(units, blocks, values, d)
}

func studyRolloutCommand() *command {
	var o options
	var unit, when, outcome, begins, group string
	return &command{
		name: "rollout", args: "FILE.csv --unit COLUMN --time COLUMN --outcome COLUMN --begins COLUMN [--group COLUMN] [--json]", operands: 1,
		short: "What a practice did that schools took up one after the other, without lots.",
		long: `One row for each unit and time. --begins is the unit's first time with the practice, empty or 0 for never. Each unit is compared with those that have not begun yet
(Callaway & Sant'Anna, 2021). What is seen before the beginning should be none: the pre-trend tests it, the placebo is its mean.`,
		examples: []string{"waymark study rollout terms.csv --unit school --time term --outcome score --begins first --group district"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&unit, "unit", "", "`column` of the unit, such as a school")
			fs.StringVar(&when, "time", "", "`column` of the time, a whole number")
			fs.StringVar(&outcome, "outcome", "", "`column` of the outcome")
			fs.StringVar(&begins, "begins", "", "`column` of the unit's first time with the practice")
			fs.StringVar(&group, "group", "", "`column` within whose values units are alike")
			fs.BoolVar(&o.json, "json", false, "print as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			if unit == "" || when == "" || outcome == "" || begins == "" {
				return usage("name the columns with --unit, --time, --outcome and --begins")
			}
			f, err := readFile(args[0], func(r io.Reader) (*study.Frame, error) {
				columns := []string{unit, when, outcome, begins}
				if group != "" {
					columns = append(columns, group)
				}
				return study.ReadFrame(r, filepath.Base(args[0]), columns)
			})
			if err != nil {
				return err
			}
			p, err := f.Panel(unit, when, outcome, begins, group)
			if err != nil {
				return err
			}
			r, err := rollout.Estimate(p)
			if err != nil {
				return fault.New(fault.Invalid, "%s: %v.", args[0], err)
			}
			out := study.RolledOut(r)
			return o.print(e, out, func(w io.Writer) {
				fmt.Fprintf(w, "%d units, %d of which never begin. Times since the beginning:\n\n%6s %6s %10s %10s %10s %8s\n", r.Units, r.Never, "time", "units", "effect", "from", "to", "p")
				for _, x := range r.Events {
					fmt.Fprintf(w, "%6d %6d %10.4f %10.4f %10.4f %8.4f\n", x.At, x.Units, x.Value, x.Low, x.High, x.P)
				}
				fmt.Fprintf(w, "\nOn average from the beginning on: %.4f (%.4f to %.4f, p %.4f).\n", r.Overall.Value, r.Overall.Low, r.Overall.High, r.Overall.P)
				if !math.IsNaN(r.PreTrend.P) {
					fmt.Fprintf(w, "Before it: %.4f (%.4f to %.4f); all of it none: p %.4f.\n", r.Placebo.Value, r.Placebo.Low, r.Placebo.High, r.PreTrend.P)
				}
			})
		},
	}
}
