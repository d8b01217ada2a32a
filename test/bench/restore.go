package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"waymark/internal/store"
)

// restore measures how long the records of a state take to be copied and brought back: as a backup,
// open and sealed, and as a district that moves into another database. What comes back must be the
// same state.
func (b *bench) restore(ctx context.Context, p place) error {
	const skills, pieces = 10, 2
	d := district{schools: b.sized(400, 20), classes: b.sized(20_000, 1_000), students: b.sized(200_000, 10_000), each: 1}
	if err := b.fillState(ctx, p, d, skills, pieces); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.dir, "kept-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	in := func(name string) string { return filepath.Join(dir, name) }
	want, err := b.digest(ctx, p.flags)
	if err != nil {
		return err
	}
	type step struct {
		name string
		args []string
		to   []string // where it must be the same state then
	}
	var steps []step
	if p.config.URL == "" {
		steps = append(steps,
			step{"backup", append([]string{"backup", "--out", in("open")}, p.flags...), nil},
			step{"restore --check", []string{"restore", in("open"), "--check"}, nil},
			step{"restore", []string{"restore", in("open"), "--data", in("back")}, []string{"--data", in("back")}},
			step{"sealed backup", append([]string{"backup", "--out", in("sealed"), "--keys", in("keys.json")}, p.flags...), nil},
			step{"restore of the sealed", []string{"restore", in("sealed"), "--keys", in("keys.json"), "--data", in("unsealed")}, []string{"--data", in("unsealed")}})
	}
	steps = append(steps,
		step{"export district", append([]string{"export", "district", "--out", in("district.zip")}, p.flags...), nil},
		step{"import district, SQLite", []string{"import", "district", in("district.zip"), "--data", in("moved")}, []string{"--data", in("moved")}})
	for _, s := range steps {
		var said any
		took, _, err := b.ran(ctx, &said, append(s.args, "--json")...)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		state := ""
		if s.to != nil {
			got, err := b.digest(ctx, s.to)
			if err != nil {
				return err
			}
			if state = ", the same state"; got != want {
				state = ", ANOTHER STATE"
			}
		}
		// How much memory it held cannot be told: this process is large, and Linux counts that too.
		b.add("restore", p, s.name, "%.1f s%s", took.Seconds(), state)
	}
	for _, name := range []string{"district.zip", "open/" + store.FileName, "sealed/" + store.FileName} {
		if st, err := os.Stat(in(name)); err == nil {
			b.add("restore", p, name, "%.0f MB", float64(st.Size())/1e6)
		}
	}
	return nil
}

// fillState gives a place the records of a state.
func (b *bench) fillState(ctx context.Context, p place, d district, skills, pieces int) (err error) {
	db, err := store.Open(ctx, p.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return b.history(ctx, "restore", p, db, d, skills, pieces)
}

func (b *bench) digest(ctx context.Context, flags []string) (string, error) {
	var said struct {
		Digest string `json:"digest"`
	}
	_, _, err := b.ran(ctx, &said, append([]string{"doctor", "--digest", "--json"}, flags...)...)
	if err == nil && said.Digest == "" {
		err = errors.New("doctor says no digest")
	}
	return said.Digest, err
}
