package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"waymark/internal/credit"
	"waymark/internal/fault"
	"waymark/internal/mastery"
	"waymark/internal/study"
	"waymark/internal/tabular"
)

func studyVirtualCommand() *command {
	var o options
	var passed string
	var least int
	return &command{
		name: "virtual", args: "FILE.csv [--passed STATUS,…] [--suppress N] [--json]", short: "The effectiveness report on virtual courses.", operands: 1,
		long: `Columns: student, course, status; and as far as they are there virtual (all are where it is missing), term, subject, provider, load, points (a percentage, or with
points possible), school, district, grade, sex, race, economic disadvantage, disability, English learner. CP, passed, pass and completed/passed count as passed.`,
		examples: []string{"waymark study virtual courses.csv --json", "waymark study virtual courses.csv --passed \"CS,tested out\""},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&passed, "passed", "", "more `statuses` that count as completed and passed")
			fs.IntVar(&least, "suppress", mastery.SmallCell, "below how many `students` a group is not shown")
			fs.BoolVar(&o.json, "json", false, "print the report as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			if least < 1 {
				return usage("--suppress is a number of students, from 1")
			}
			var problems []fault.Problem
			all, err := readFile(args[0], func(r io.Reader) (list []credit.Enrollment, err error) {
				err = tabular.Courses(r, filepath.Base(args[0]), tabular.Options{}, func(_ int, c tabular.CourseRow) error {
					x := credit.Enrollment{Student: c.Ref.Value, School: c.School, District: c.District, Course: c.Course, Subject: c.Subject, Virtual: c.Virtual, Provider: c.Provider, Load: c.Load, Status: c.Status, Points: math.NaN(), Groups: c.Groups}
					if c.Points != nil {
						x.Points = *c.Points
					}
					list = append(list, x)
					return nil
				}, func(p fault.Problem) { problems = append(problems, p) })
				return list, err
			})
			if err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintln(e.stderr, p.Error())
			}
			if len(problems) > 0 {
				return fault.New(fault.Invalid, "%d lines cannot be read. Correct them first: a report of the others would be of fewer enrollments than there were.", len(problems))
			}
			var also []string
			for s := range strings.SplitSeq(passed, ",") {
				if s = strings.TrimSpace(s); s != "" {
					also = append(also, s)
				}
			}
			r := credit.NewVirtual(all, also, least)
			return o.print(e, r, func(w io.Writer) { writeVirtual(w, r) })
		},
	}
}

func writeVirtual(w io.Writer, r credit.Virtual) {
	fmt.Fprintf(w, "%d virtual enrollments of %d students in %d schools: %.1f %% completed and passed (%d).\n", r.Enrollments, r.Students, r.Schools, 100*r.PassRate, r.Passed)
	share := func(s credit.Share) string {
		if s.Suppressed {
			return "not shown"
		}
		return fmt.Sprintf("%.1f %%", 100*s.Share)
	}
	fmt.Fprintf(w, "Students who passed all of their virtual courses: %s; some: %s; none: %s.\n", share(r.All), share(r.Some), share(r.None))
	if r.VirtualShare != nil {
		fmt.Fprintf(w, "%.2f %% of all enrollments are virtual; %d of %d schools have one.\n", 100*r.VirtualShare.Share, r.VirtualSchools.Count, r.VirtualSchools.Of)
	}
	if b := r.Both; b != nil {
		fmt.Fprintf(w, "%d students with virtual and other courses passed %.1f %% of the virtual and %.1f %% of the other ones.\n", b.Students, 100*b.Virtual, 100*b.Others)
	}
	fmt.Fprintf(w, "\n%-32s %12s  %s\n", "status", "enrollments", "counts as")
	for _, c := range r.Statuses {
		n, as := fmt.Sprint(c.Enrollments), "not passed"
		if c.Suppressed {
			n = "not shown"
		}
		if c.Passed {
			as = "passed"
		}
		fmt.Fprintf(w, "%-32.32s %12s  %s\n", c.Status, n, as)
	}
	for _, t := range r.Tables {
		fmt.Fprintf(w, "\n%-32.32s %12s %10s %10s\n", t.By, "enrollments", "students", "passed")
		for _, row := range t.Rows {
			if row.Suppressed {
				fmt.Fprintf(w, "%-32.32s %12s\n", row.Value, "not shown")
				continue
			}
			fmt.Fprintf(w, "%-32.32s %12d %10d %8.1f %%\n", row.Value, row.Enrollments, row.Students, 100*row.PassRate)
		}
	}
	fmt.Fprintf(w, "\n%-32s %12s %12s %16s\n", "course", "enrollments", "with points", "earned 60 %")
	for _, c := range r.Courses {
		if c.Suppressed {
			fmt.Fprintf(w, "%-32.32s %12s\n", c.Course, "not shown")
			continue
		}
		fmt.Fprintf(w, "%-32.32s %12d %12d %16d\n", c.Course, c.Enrollments, c.Known, c.Earned)
	}
}

func studyBenchmarkCommand() *command {
	var o options
	var file string
	return &command{
		name: "benchmark", args: "OWN.csv --benchmarks FILE.csv [--json]", short: "Compare own shares with published ones.", operands: 1,
		long: `OWN.csv: item, n, percent, cluster_size, icc (the last two may be empty). Benchmarks: item, population, year, n, percent, se, source, licence, verified_by. Waymark ships none: bring those
that you may use. One without a source, a licence or somebody who verified it is refused.`,
		examples: []string{"waymark study benchmark fall-survey.csv --benchmarks benchmarks.csv"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&file, "benchmarks", "", "`file` of published shares")
			fs.BoolVar(&o.json, "json", false, "print the comparison as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			if file == "" {
				return usage("--benchmarks is missing: there are none but those that you bring")
			}
			published, err := readFile(file, func(r io.Reader) ([]study.Benchmark, error) { return study.Benchmarks(r, filepath.Base(file)) })
			if err != nil {
				return err
			}
			all, err := readFile(args[0], func(r io.Reader) ([]study.Compared, error) {
				return study.Compare(r, filepath.Base(args[0]), published)
			})
			if err != nil {
				return err
			}
			return o.print(e, all, func(w io.Writer) {
				fmt.Fprintf(w, "%-24s %8s %8s %10s %18s %8s  %s\n", "item", "own", "theirs", "difference", "between", "p adj.", "source")
				for _, c := range all {
					fmt.Fprintf(w, "%-24.24s %7.1f%% %7.1f%% %+10.1f %+8.1f to %+6.1f %8.3f  %s, %s: %s (%s)\n", c.Item, float64(c.Percent), float64(c.Benchmark.Percent), float64(c.Difference), float64(c.Low), float64(c.High), float64(c.PAdjusted),
						c.Benchmark.Population, c.Benchmark.Year, c.Benchmark.Source, c.Benchmark.Licence)
				}
			})
		},
	}
}
