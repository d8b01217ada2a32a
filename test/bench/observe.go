package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"waymark/internal/evidence"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// observe measures how many observations a store acknowledges, each written durably,
// and how long each waits.
func (b *bench) observe(ctx context.Context, p place) (err error) {
	const clients, skills = 64, 10
	lasting := time.Duration(b.sized(10, 5)) * time.Second
	students := b.sized(20_000, 1_000)
	db, err := store.Open(ctx, p.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	d := district{schools: students / 500, classes: students / 25, students: students, each: 4}
	if err := load(ctx, db, d, skills, filepath.Join(b.dir, "observe.zip")); err != nil {
		return err
	}
	if err := fill(ctx, p, skills, 2); err != nil {
		return err
	}
	ids, err := everybody(ctx, db, d)
	if err != nil {
		return err
	}
	for _, n := range []int{1, clients, 4 * clients} {
		r := db.NewRecorder(nil)
		all, err := b.stream(ctx, r, ids, n, lasting)
		r.Close()
		if err != nil {
			return err
		}
		b.add("observe", p, fmt.Sprintf("%d at a time", n), "%.0f/s acknowledged, %v", float64(len(all))/lasting.Seconds(), all)
	}
	replay, err := db.CheckReplay(ctx, districtID, false)
	if err != nil {
		return err
	}
	b.add("observe", p, "replay of the log after it", "%d pieces, %d estimates, %d differ", replay.Pieces, replay.Pairs, replay.Wrong)
	return nil
}

// stream lets n clients record for a while and returns how long each waited.
func (b *bench) stream(ctx context.Context, r *store.Recorder, students []roster.PersonID, n int, lasting time.Duration) (times, error) {
	waits, errs := make([]times, n), make([]error, n)
	start := time.Now()
	var wg sync.WaitGroup
	for c := range n {
		wg.Go(func() {
			for i := 0; time.Since(start) < lasting; i++ {
				k := i*n + c
				now := time.Now()
				piece := evidence.Piece{Student: students[k%len(students)], Competency: skill(k * 7 % 10), Kind: evidence.Observation, Score: float64(1 + k%4), Max: 4,
					At: now, Source: "observation", Key: fmt.Sprintf("bench|%d|%d|%d", start.UnixNano(), c, i)}
				if _, errs[c] = r.Record(ctx, districtID, []evidence.Piece{piece}); errs[c] != nil {
					return
				}
				waits[c] = append(waits[c], time.Since(now))
			}
		})
	}
	wg.Wait()
	var all times
	for _, w := range waits {
		all = append(all, w...)
	}
	return all, errors.Join(errs...)
}

// everybody returns the students of a district.
func everybody(ctx context.Context, db *store.DB, d district) ([]roster.PersonID, error) {
	var out []roster.PersonID
	seen := map[roster.PersonID]bool{}
	for i := range d.classes {
		people, err := db.People(ctx, districtID, class(i), roster.Student)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			if !seen[p.ID] {
				seen[p.ID] = true
				out = append(out, p.ID)
			}
		}
	}
	return out, nil
}
