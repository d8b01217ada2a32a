package propose_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/propose"
)

// BenchmarkOptions is one student's offer out of a subject of 120 competencies, each with
// three materials.
func BenchmarkOptions(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	var items []competency.Competency
	var edges []competency.Edge
	var materials []material.Material
	known := map[competency.ID]mastery.Estimate{}
	for i := range 120 {
		id := competency.ID(fmt.Sprintf("k%03d", i))
		items = append(items, competency.Competency{ID: id, Code: string(id), Assessable: true})
		for k, kind := range []string{"video", "game", "book"} {
			materials = append(materials, material.Material{ID: material.ID(fmt.Sprintf("%s-%d", id, k)), Kind: kind, Topics: []string{kind}, Competencies: []competency.ID{id}})
		}
		if i >= 20 {
			edges = append(edges, competency.Edge{From: items[i-1-rng.IntN(19)].ID, To: id, Kind: competency.Prerequisite})
		}
		if st := mastery.Status(rng.IntN(6)); i < 60 && st != mastery.Unknown {
			e := est(st, 1+rng.IntN(9), rng.IntN(90))
			e.Progress = mastery.Progress{There: rng.Float64(), Spent: 3 * rng.Float64(), Level: rng.NormFloat64(), Spread: .3}
			known[id] = e
		}
	}
	cat := propose.NewCatalogue(items, edges, materials)
	l := learner("a", known)
	l.Manner.Sudden = -4 // both views count
	b.ReportAllocs()
	for b.Loop() {
		propose.Options(l, cat, nil, 3)
	}
}
