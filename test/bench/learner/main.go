// Command learner measures the learner model: how well answers are foreseen on given logs,
// how a fit grows, what an observation costs, calibration of items and adaptive tests, and
// policies and schedules on simulated learners. It prints tables and judges nothing.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of some measurements.
type bench struct {
	data    string // folder of given logs and answers, or empty
	dir     string // for temporary files
	program string // the built waymark
	out     io.Writer
	quick   bool
}

type measure struct {
	name string
	run  func(context.Context) error
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	b := &bench{out: stdout}
	measures := []measure{{"foresee", b.foresee}, {"grow", b.grow}, {"online", b.online}, {"items", b.items}, {"simulate", b.simulate}}
	fs := flag.NewFlagSet("learner", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var only string
	var child int
	fs.StringVar(&b.data, "data", os.Getenv("DATA"), "`folder` of logs (each a folder with train.tsv, test.tsv and, if known, q.tsv) and irt answers; without it, logs are drawn")
	fs.StringVar(&only, "only", "foresee,grow,online,items,simulate", "which `measurements`")
	fs.BoolVar(&b.quick, "quick", false, "about a tenth of the size")
	fs.IntVar(&child, "fit", 0, "fit to a drawn log of so many `answers`, print what it took, and stop (used by grow)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if child > 0 {
		return fitDrawn(child, stdout)
	}
	wanted := strings.Split(only, ",")
	for _, w := range wanted {
		if !slices.ContainsFunc(measures, func(m measure) bool { return m.name == w }) {
			return fmt.Errorf("there is no measurement %q", w)
		}
	}
	if b.dir, err = os.MkdirTemp("", "waymark-bench-"); err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(b.dir)) }()
	b.program = filepath.Join(b.dir, "waymark")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.program, "./cmd/waymark")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program (run this from the project's folder): %w", err)
	}
	for _, m := range measures {
		if !slices.Contains(wanted, m.name) {
			continue
		}
		if err := m.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// title begins a table.
func (b *bench) title(format string, args ...any) {
	fmt.Fprintf(b.out, "\n== "+format+"\n", args...)
}

// rows prints lines of cells, aligned.
func (b *bench) rows(rows [][]string) error {
	w := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

// waymark runs the program and reads its JSON, or, without into, passes its words on. It
// returns the processor seconds that it took.
func (b *bench) waymark(ctx context.Context, into any, args ...string) (cpu float64, err error) {
	c := exec.CommandContext(ctx, b.program, args...)
	c.Stderr = os.Stderr
	var out bytes.Buffer
	c.Stdout = &out
	if into == nil {
		c.Stdout = b.out
	} else {
		c.Args = append(c.Args, "--json")
	}
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("waymark %s: %w", strings.Join(args, " "), err)
	}
	cpu = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	if into == nil {
		return cpu, nil
	}
	return cpu, json.Unmarshal(out.Bytes(), into)
}

func f4(x float64) string { return fmt.Sprintf("%.4f", x) }
func f3(x float64) string { return fmt.Sprintf("%.3f", x) }
func f2(x float64) string { return fmt.Sprintf("%.2f", x) }
