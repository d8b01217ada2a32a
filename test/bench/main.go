// Command bench measures Waymark on sizes that matter: the import of a state's roster,
// observations as they come in, the class grid over a long history, the time from an
// observation to an open page, pages as their readers get them, and how long a state's records take to be
// copied and brought back. It prints a table of figures and judges none.
package main

import (
	"cmp"
	"context"
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
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of some measurements on some databases.
type bench struct {
	quick   bool
	url     string // of a PostgreSQL server, or empty
	dir     string // for temporary files
	program string // the built waymark
	log     io.Writer
	figures []figure
}

// figure is one line of the table.
type figure struct{ of, database, name, value string }

func (b *bench) add(of string, p place, name, format string, args ...any) {
	f := figure{of, p.name, name, fmt.Sprintf(format, args...)}
	b.figures = append(b.figures, f)
	fmt.Fprintf(b.log, "%s  %-8s %-10s %-28s %s\n", time.Now().Format(time.TimeOnly), f.of, f.database, f.name, f.value)
}

// sized returns the full size, or the small one of a quick run.
func (b *bench) sized(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}

// measure is one of the things that can be measured.
type measure struct {
	name string
	run  func(context.Context, place) error
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	b := &bench{log: stderr}
	measures := []measure{{"import", b.imports}, {"observe", b.observe}, {"grid", b.grid}, {"live", b.live}, {"pages", b.pages}, {"restore", b.restore}}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var only, keep string
	fs.BoolVar(&b.quick, "quick", false, "about a twentieth of the size")
	fs.StringVar(&only, "only", "import,observe,grid,live,pages,restore", "which `measurements`")
	fs.StringVar(&b.url, "postgres", os.Getenv("WAYMARK_TEST_POSTGRES"), "`address` of a PostgreSQL server, measured too; each measurement has a schema of its own there")
	fs.StringVar(&keep, "dir", "", "`folder` for temporary files; some 15 GB at full size")
	if err := fs.Parse(args); err != nil {
		return err
	}
	wanted := strings.Split(only, ",")
	for _, w := range wanted {
		if !slices.ContainsFunc(measures, func(m measure) bool { return m.name == w }) {
			return fmt.Errorf("there is no measurement %q", w)
		}
	}
	if b.dir, err = os.MkdirTemp(keep, "waymark-bench-"); err != nil {
		return err
	}
	defer func() {
		if rerr := os.RemoveAll(b.dir); err == nil {
			err = rerr
		}
	}()
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
		if err := b.each(ctx, m.run); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return b.print(stdout)
}

func (b *bench) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "OF\tDATABASE\tWHAT\tFIGURE")
	for _, f := range b.figures {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.of, f.database, f.name, f.value)
	}
	return t.Flush()
}

// times are how long something took, each time.
type times []time.Duration

// at returns the time that a share of them do not exceed.
func (t times) at(share float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	s := slices.SortedFunc(slices.Values(t), cmp.Compare)
	return s[min(len(s)-1, int(share*float64(len(s))))]
}

func (t times) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, worst %.1f ms", ms(t.at(0.5)), ms(t.at(0.99)), ms(t.at(1)))
}
