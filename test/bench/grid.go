package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"waymark/internal/competency"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// grid measures reading the estimates of a class of 30 on 40 competencies, from a store
// with a long history.
func (b *bench) grid(ctx context.Context, p place) (err error) {
	const skills, pieces, shown, draws = 50, 5, 40, 500
	students := b.sized(39_990, 1_980)
	db, err := store.Open(ctx, p.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	d := district{schools: 1, classes: students / 30, students: students, each: 1}
	if err := b.history(ctx, "grid", p, db, d, skills, pieces); err != nil {
		return err
	}
	var on []competency.ID
	for i := range shown {
		on = append(on, skill(i))
	}
	var cells int
	var took times
	for i := range draws + 50 {
		people, err := db.People(ctx, districtID, class(i*7919%d.classes), roster.Student)
		if err != nil {
			return err
		}
		ids := make([]roster.PersonID, len(people))
		for j, x := range people {
			ids[j] = x.ID
		}
		begin := time.Now()
		states, err := db.MasteryGrid(ctx, districtID, ids, on)
		if err != nil {
			return err
		}
		if i >= 50 { // warm
			took = append(took, time.Since(begin))
			cells += len(states)
		}
	}
	if cells != draws*30*shown {
		return fmt.Errorf("%d cells, want %d", cells, draws*30*shown)
	}
	b.add("grid", p, fmt.Sprintf("30 × %d, %d draws", shown, draws), "%v", took)
	return nil
}
