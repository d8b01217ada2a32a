package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"waymark/internal/intake"
)

// imports measures the program on a state's roster: the first load, the same file
// again, and the undo of both.
func (b *bench) imports(ctx context.Context, p place) error {
	d := district{schools: b.sized(400, 20), classes: b.sized(20_000, 1_000), students: b.sized(200_000, 10_000), each: 10}
	file := filepath.Join(b.dir, "roster.zip")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if err := d.file(file); err != nil {
			return err
		}
		packed, plain, err := sizes(file)
		if err != nil {
			return err
		}
		b.add("import", place{name: "-"}, "file", "%d students, %d enrollments, %d classes, %d schools; %.0f MB, unpacked %.0f MB",
			d.students, d.students*d.each+d.classes, d.classes, d.schools, packed, plain)
	}
	for _, step := range []struct {
		name string
		args []string
	}{
		{"first load", []string{"import", "oneroster", file}},
		{"same file again", []string{"import", "oneroster", file}},
		{"undo of the second", []string{"import", "undo"}},
		{"undo of the first", []string{"import", "undo"}},
	} {
		t, peak, s, err := b.measured(ctx, append(append(step.args, "--json"), p.flags...)...)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if s.State != intake.Undone {
			b.add("import", p, step.name, "%.1f s, %.0f rows/s, %.0f MB peak; %d rows: %d added, %d changed, %d the same, %d ended, %d bad",
				t.Seconds(), float64(s.Good)/t.Seconds(), peak, s.Good, s.Added, s.Changed, s.Same, s.Ended, s.Bad)
			continue
		}
		b.add("import", p, step.name, "%.1f s, %.0f MB peak", t.Seconds(), peak)
	}
	return nil
}

// measured runs the program and returns how long it took, the most memory that it
// held, in MB, and the summary that it printed.
func (b *bench) measured(ctx context.Context, args ...string) (time.Duration, float64, intake.Summary, error) {
	var s intake.Summary
	took, peak, err := b.ran(ctx, &s, args...)
	return took, peak, s, err
}

// ran runs the program, which prints JSON, and returns how long it took and the most memory that it
// held, in MB.
func (b *bench) ran(ctx context.Context, into any, args ...string) (time.Duration, float64, error) {
	c := exec.CommandContext(ctx, b.program, args...)
	c.Stderr = os.Stderr
	start := time.Now()
	out, err := c.Output()
	took := time.Since(start)
	if err != nil {
		return took, 0, fmt.Errorf("%w: %.2000s", err, out)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return took, 0, err
	}
	// Linux counts in KB, and what the child held before it became the program: this
	// process must stay small.
	return took, float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024, nil
}

// sizes returns a zip's size, and that of all that is in it, in MB.
func sizes(file string) (packed, plain float64, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return 0, 0, err
	}
	defer z.Close()
	for _, f := range z.File {
		plain += float64(f.UncompressedSize64)
	}
	st, err := os.Stat(file)
	if err != nil {
		return 0, 0, err
	}
	return float64(st.Size()) / 1e6, plain / 1e6, nil
}
