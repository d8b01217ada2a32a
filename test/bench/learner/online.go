package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/propose"
)

// online measures what one observation costs in process: the update of the estimates, and
// the offer that is made anew.
func (b *bench) online(context.Context) error {
	b.title("One observation in process: update of the estimate, and three options out of what the classes work on, three materials each")
	rows := [][]string{{"competencies", "update us, median", "p99", "allocations", "update and options us, median", "p99"}}
	for _, n := range []int{20, 40, 60, 120, 500} {
		rows = append(rows, observe(n))
	}
	return b.rows(rows)
}

func observe(n int) []string {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	var items []competency.Competency
	var edges []competency.Edge
	var materials []material.Material
	for i := range n {
		id := competency.ID(fmt.Sprintf("k%03d", i))
		items = append(items, competency.Competency{ID: id, Code: string(id), Assessable: true})
		for k, kind := range []string{"video", "game", "book"} {
			materials = append(materials, material.Material{ID: material.ID(fmt.Sprintf("%s-%d", id, k)), Kind: kind, Topics: []string{kind}, Competencies: []competency.ID{id}})
		}
		if i >= n/6 {
			edges = append(edges, competency.Edge{From: items[i-1-rng.IntN(max(1, n/6-1))].ID, To: id, Kind: competency.Prerequisite})
		}
	}
	cat := propose.NewCatalogue(items, edges, materials)
	model := mastery.Builtin()
	model.Competencies = map[competency.ID]mastery.Difficulty{}
	for _, it := range items {
		model.Competencies[it.ID] = mastery.Difficulty{Easiness: model.Base, Before: cat.Before[it.ID]}
	}
	now := time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)
	piece := func() evidence.Piece {
		now = now.Add(time.Hour)
		return evidence.Piece{Competency: items[rng.IntN(n/2)].ID, Kind: evidence.Response, Score: float64(rng.IntN(2)), Max: 1, At: now}
	}
	var l mastery.Learner
	for range 10 * n {
		model.Update(&l, piece())
	}
	const times = 20_000
	ps := make([]evidence.Piece, times)
	for i := range ps {
		ps[i] = piece()
	}
	var before, after runtime.MemStats
	update, both := make([]time.Duration, times), make([]time.Duration, times)
	runtime.ReadMemStats(&before)
	for i, p := range ps {
		began := time.Now()
		model.Update(&l, p)
		update[i] = time.Since(began)
	}
	runtime.ReadMemStats(&after)
	allocations := float64(after.Mallocs-before.Mallocs) / times
	learner := propose.Learner{Estimates: map[competency.ID]mastery.Estimate{}}
	for id, s := range l.States {
		learner.Estimates[id] = s.At(now)
	}
	for i := range both {
		p := piece()
		began := time.Now()
		model.Update(&l, p)
		learner.Estimates[p.Competency] = l.States[p.Competency].At(p.At)
		propose.Options(learner, cat, nil, 3)
		both[i] = time.Since(began)
	}
	us := func(d time.Duration) string { return f2(float64(d.Nanoseconds()) / 1000) }
	return []string{fmt.Sprint(n), us(quantile(update, .5)), us(quantile(update, .99)), f2(allocations), us(quantile(both, .5)), us(quantile(both, .99))}
}

func quantile(of []time.Duration, q float64) time.Duration {
	slices.Sort(of)
	return of[int(q*float64(len(of)-1))]
}

// simulate compares policies and schedules on simulated learners, drawn by seeds that
// nothing was chosen on.
func (b *bench) simulate(ctx context.Context) error {
	learners, seeds := "300", []string{"101", "102", "103"}
	if b.quick {
		learners, seeds = "60", seeds[:1]
	}
	for _, seed := range seeds {
		b.title("Policies of what is next, %s simulated learners of each kind, seed %s", learners, seed)
		if _, err := b.waymark(ctx, nil, "simulate", "--learners", learners, "--seed", seed); err != nil {
			return err
		}
	}
	b.title("Schedules of look-backs, %s simulated learners who forget", learners)
	_, err := b.waymark(ctx, nil, "simulate", "--look-backs", "--weeks", "24", "--learners", learners, "--seed", seeds[0])
	return err
}
