package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"waymark/internal/fault"
	"waymark/internal/flex"
)

func flexCommand() *command {
	return &command{
		name: "flex", short: "Assign students to sessions, and sessions to rooms and staff, for flex time.",
		long: "Instances and solutions are JSON files; docs/flex.md tells their form, the rules and what counts how much.",
		sub:  []*command{flexSolveCommand(), flexVerifyCommand(), flexGenerateCommand()},
	}
}

// readFile reads a file that a person named; what is wrong with it is told with its name.
func readFile[T any](path string, read func(io.Reader) (T, error)) (v T, err error) {
	f, _, err := readable(path)
	if err != nil {
		return v, err
	}
	defer f.Close()
	if v, err = read(f); err != nil && fault.KindOf(err) == fault.Invalid {
		return v, fault.Field(fault.FieldOf(err), "%s: %s", path, fault.Sentence(err))
	}
	return v, err
}

func flexSolveCommand() *command {
	var o options
	var seed uint64
	var instance string
	var seconds float64
	return &command{
		name: "solve", args: "--instance FILE.json [--seconds N] [--seed S] [--json]", short: "Solve an instance.",
		long: `Prints the solution, with a bound that no solution can exceed and the gap to it. It stops when the gap is small, when nothing more is found, or when
the time is up. For one seed the solution is the same each time unless the time was up. Where requirements contradict each other it ends with 3 and
says which could not be kept; all others are.`,
		examples: []string{"waymark flex solve --instance week.json --seconds 30 --json > solution.json"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&instance, "instance", "", "`file` of the instance")
			fs.Float64Var(&seconds, "seconds", 30, "`seconds` after which it stops at the best found so far")
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws the lottery among equals")
			fs.BoolVar(&o.json, "json", false, "print the solution as JSON")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if instance == "" || !(seconds > 0 && seconds <= 86400) {
				return usage("name an instance with --instance FILE, and take above 0 and up to 86400 --seconds")
			}
			in, err := readFile(instance, flex.Read)
			if err != nil {
				return err
			}
			limited, stop := context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
			defer stop()
			s := flex.Solve(limited, in, seed)
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := o.print(e, s, func(w io.Writer) { writeFlex(w, s) }); err != nil {
				return err
			}
			if s.Status == flex.Conflict {
				return fault.New(fault.Decision, "%d requirements cannot be kept together with the others. Take some back, or add seats.", len(s.Unmet))
			}
			return nil
		},
	}
}

func writeFlex(w io.Writer, s *flex.Solution) {
	for _, h := range s.Sessions {
		fmt.Fprintf(w, "%-16s %-10s %-10s %3d students\n", h.ID, h.Room, h.Staff, len(h.Students))
	}
	for _, c := range s.Closed {
		fmt.Fprintf(w, "%-16s is not held. %s\n", c.ID, c.Because)
	}
	for _, u := range s.Unmet {
		fmt.Fprintf(w, "%s must be in one of %v and cannot. %s\n", u.Student, u.Sessions, u.Because)
	}
	fmt.Fprintf(w, "\nobjective %.2f, no solution exceeds %.2f (gap %.2f %%); %d sessions held, %d opened, %d requests refused, %d places missing", s.Objective, s.Bound, 100*s.Gap, len(s.Sessions), len(s.Opened), len(s.Refused), len(s.Unassigned))
	if s.Published > 0 {
		fmt.Fprintf(w, ", %d of %d published students moved", s.Moved, s.Published)
	}
	fmt.Fprintln(w, "; --json prints all, with each because")
}

func flexVerifyCommand() *command {
	c := verifyCommand(flex.Read, flex.ReadSolution, func(in *flex.Instance, s *flex.Solution) (any, bool, func(io.Writer)) {
		r := flex.Verify(in, s)
		return r, r.OK, func(w io.Writer) {
			for _, b := range r.Broken {
				fmt.Fprintf(w, "%s: %s: %s\n", b.Rule, b.Where, b.Message)
			}
			fmt.Fprintf(w, "objective %.6f; %d of %d places, %d of %d requests; %d rules broken\n", r.Objective, r.Placed, r.Slots, r.Granted, r.Wishes, len(r.Broken))
		}
	})
	c.short = "Judge a solution: its rules and its objective, from scratch."
	c.long = "Shares nothing with the solver. Ends with 1 where a rule is broken or the objective is not what the solution says."
	c.examples = []string{"waymark flex verify --instance week.json --solution solution.json"}
	return c
}

// verifyCommand judges a solution from the instance alone: judge returns a report, whether every
// rule holds, and the report in words.
func verifyCommand[I, S any](readInstance func(io.Reader) (I, error), readSolution func(io.Reader) (S, error), judge func(I, S) (report any, ok bool, text func(io.Writer))) *command {
	var o options
	var instance, solution string
	return &command{
		name: "verify", args: "--instance FILE.json --solution FILE.json",
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&instance, "instance", "", "`file` of the instance")
			fs.StringVar(&solution, "solution", "", "`file` of the solution")
			fs.BoolVar(&o.json, "json", false, "print the report as JSON")
		},
		run: func(_ context.Context, e *env, _ []string) error {
			if instance == "" || solution == "" {
				return usage("name both files: --instance FILE --solution FILE")
			}
			in, err := readFile(instance, readInstance)
			if err != nil {
				return err
			}
			s, err := readFile(solution, readSolution)
			if err != nil {
				return err
			}
			report, ok, text := judge(in, s)
			if err := o.print(e, report, text); err != nil {
				return err
			}
			if !ok {
				return errRefused
			}
			return nil
		},
	}
}

func flexGenerateCommand() *command {
	var size flex.Size
	var seed uint64
	return &command{
		name: "generate", args: "[--students N] [--blocks N] [--sessions N] [--seed S]", short: "Draw an instance to try.",
		examples: []string{"waymark flex generate --students 1200 --blocks 10 --sessions 60 > week.json"},
		flags: func(fs *flag.FlagSet) {
			fs.IntVar(&size.Students, "students", 300, "`number` of students")
			fs.IntVar(&size.Blocks, "blocks", 5, "`number` of blocks")
			fs.IntVar(&size.Sessions, "sessions", 20, "`number` of sessions in each block")
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws it")
		},
		run: func(_ context.Context, e *env, _ []string) error {
			if size.Students < 1 || size.Students > 20000 || size.Blocks < 1 || size.Blocks > 60 || size.Sessions < 1 || size.Sessions > 500 {
				return usage("take 1 to 20000 students, 1 to 60 blocks and 1 to 500 sessions in each")
			}
			return json.NewEncoder(e.stdout).Encode(flex.Generate(size, seed))
		},
	}
}
