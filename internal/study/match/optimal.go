package match

import (
	"fmt"
	"math"
)

// largeDense is up to how many pairs of a stratum are looked at one by one.
const largeDense = 60_000_000

// simple reports whether scores alone decide: then a line solves it.
func (s *Sample) simple() bool {
	return len(s.Space) == 0 && len(s.Calipers) == 0 && s.Apart == nil
}

// Optimal gives each student so many comparison students of their own that the sum of all
// distances is as small as can be (Rosenbaum, 1989). Where calipers or groups apart leave
// somebody without, as few as possible are. By one score alone it takes n log n steps; else
// strata must be small enough to look at every pair.
func Optimal(s *Sample, ratio int) (*Matching, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	ratio = max(1, ratio)
	m, slot := s.newMatching()
	for _, st := range s.strata() {
		if len(st.treated) == 0 || len(st.controls) == 0 {
			continue
		}
		if s.simple() && len(st.controls) >= ratio*len(st.treated) {
			rows, steps := s.steps(st)
			linkLine(steps, linePairs(steps, ratio), func(t, c int) {
				i := slot[rows[t]]
				m.Controls[i] = append(m.Controls[i], rows[c])
			})
			continue
		}
		if err := tooLarge(st); err != nil {
			return nil, err
		}
		s.assign(st, ratio, func(t, c int32) { m.Controls[slot[t]] = append(m.Controls[slot[t]], c) })
	}
	return m, nil
}

func tooLarge(st stratum) error {
	if len(st.treated)*len(st.controls) > largeDense {
		return fmt.Errorf("a stratum of %d and %d students is too large for this; match by score alone, or in smaller strata", len(st.treated), len(st.controls))
	}
	return nil
}

// steps are the students of a stratum along their score.
func (s *Sample) steps(st stratum) (rows []int32, steps []lineStep) {
	rows = s.byScore(append(append(make([]int32, 0, len(st.treated)+len(st.controls)), st.treated...), st.controls...))
	steps = make([]lineStep, len(rows))
	for i, r := range rows {
		steps[i].treated = s.Treated[r]
		if i+1 < len(rows) {
			steps[i].gap = s.Score[rows[i+1]] - s.Score[r]
		}
	}
	return rows, steps
}

// assign pairs by shortest augmenting paths; who cannot be paired costs more than any pairs.
func (s *Sample) assign(st stratum, ratio int, each func(t, c int32)) {
	most := 0.0
	cost := make([][]float64, 0, len(st.treated)*ratio)
	for _, t := range st.treated {
		row := make([]float64, len(st.controls))
		for j, c := range st.controls {
			if row[j] = math.Inf(1); s.may(t, c) {
				row[j] = s.distance(t, c)
				most = max(most, row[j])
			}
		}
		for range ratio {
			cost = append(cost, row)
		}
	}
	alone := (most + 1) * float64(len(cost)+1)
	for i, j := range assignment(cost, len(st.controls), alone) {
		if j >= 0 {
			each(st.treated[i/ratio], st.controls[j])
		}
	}
}

// assignment gives each row a column of its own at the least cost in all, or none at the cost
// of being alone (Kuhn, 1955; Jonker & Volgenant, 1987).
func assignment(cost [][]float64, columns int, alone float64) []int {
	n, m := len(cost), columns+len(cost) // each row may take a column of its own for nobody
	at := func(i, j int) float64 {
		switch {
		case j < columns:
			return cost[i][j]
		case j-columns == i:
			return alone
		}
		return math.Inf(1)
	}
	u, v := make([]float64, n+1), make([]float64, m+1)
	row, way := make([]int, m+1), make([]int, m+1)
	far, done := make([]float64, m+1), make([]bool, m+1)
	for i := 1; i <= n; i++ {
		row[0] = i
		for j := range far {
			far[j], done[j] = math.Inf(1), false
		}
		j0 := 0
		for {
			done[j0] = true
			i0, delta, j1 := row[j0], math.Inf(1), 0
			for j := 1; j <= m; j++ {
				if done[j] {
					continue
				}
				if j > columns && j-columns != i0 && math.IsInf(far[j], 1) {
					continue
				}
				if d := at(i0-1, j-1) - u[i0] - v[j]; d < far[j] {
					far[j], way[j] = d, j0
				}
				if far[j] < delta {
					delta, j1 = far[j], j
				}
			}
			for j := 0; j <= m; j++ {
				if done[j] {
					u[row[j]] += delta
					v[j] -= delta
				} else {
					far[j] -= delta
				}
			}
			j0 = j1
			if row[j0] == 0 {
				break
			}
		}
		for j0 != 0 {
			row[j0] = row[way[j0]]
			j0 = way[j0]
		}
	}
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	for j := 1; j <= columns; j++ {
		if row[j] > 0 {
			out[row[j]-1] = j - 1
		}
	}
	return out
}

// Full puts every student who has anybody to be compared with into a set of one student with
// the practice and some without, or of one without and some with it, so that the sum of
// distances within sets is as small as can be (Rosenbaum, 1991; Hansen, 2004). It returns the
// number of each student's set, −1 for none, and that sum; [Stratified] weighs the sets. By one
// score alone it takes n log n steps; else strata must be small enough to look at every pair.
func Full(s *Sample) (sets []int32, distance float64, err error) {
	if err := s.check(); err != nil {
		return nil, 0, err
	}
	sets = make([]int32, len(s.Treated))
	for i := range sets {
		sets[i] = -1
	}
	next := int32(0)
	for _, st := range s.strata() {
		if len(st.treated) == 0 || len(st.controls) == 0 {
			continue
		}
		var edges [][2]int32
		if s.simple() {
			rows, steps := s.steps(st)
			linkLine(steps, lineCover(steps), func(t, c int) { edges = append(edges, [2]int32{rows[t], rows[c]}) })
		} else {
			if err := tooLarge(st); err != nil {
				return nil, 0, err
			}
			edges = s.cover(st)
		}
		for _, e := range stars(edges) {
			t, c := e[0], e[1]
			distance += s.distance(t, c)
			switch {
			case sets[t] >= 0:
				sets[c] = sets[t]
			case sets[c] >= 0:
				sets[t] = sets[c]
			default:
				sets[t], sets[c] = next, next
				next++
			}
		}
	}
	return sets, distance, nil
}

// stars leaves out pairs without which both students are still in another, and pairs told
// twice.
func stars(edges [][2]int32) (out [][2]int32) {
	degree := map[int32]int{}
	seen := map[[2]int32]bool{}
	for _, e := range edges {
		if !seen[e] {
			seen[e] = true
			degree[e[0]]++
			degree[e[1]]++
			out = append(out, e)
		}
	}
	kept := out[:0]
	for _, e := range out {
		if degree[e[0]] > 1 && degree[e[1]] > 1 {
			degree[e[0]]--
			degree[e[1]]--
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// cover is a least edge cover: a matching of what two students save by sharing a pair instead
// of each taking their nearest, and the nearest for all others.
func (s *Sample) cover(st stratum) (edges [][2]int32) {
	nt, nc := len(st.treated), len(st.controls)
	d := make([][]float64, nt)
	nearT, nearC := make([]int, nt), make([]int, nc)
	for j := range nearC {
		nearC[j] = -1
	}
	for i, t := range st.treated {
		d[i] = make([]float64, nc)
		nearT[i] = -1
		for j, c := range st.controls {
			if d[i][j] = math.Inf(1); s.may(t, c) {
				d[i][j] = s.distance(t, c)
				if nearT[i] < 0 || d[i][j] < d[i][nearT[i]] {
					nearT[i] = j
				}
				if nearC[j] < 0 || d[i][j] < d[nearC[j]][j] {
					nearC[j] = i
				}
			}
		}
	}
	small, transposed := nt, nt > nc
	if transposed {
		small = nc
	}
	cost := make([][]float64, small)
	for a := range cost {
		cost[a] = make([]float64, max(nt, nc))
		for b := range cost[a] {
			i, j := a, b
			if transposed {
				i, j = b, a
			}
			if !math.IsInf(d[i][j], 1) {
				cost[a][b] = min(0, d[i][j]-d[i][nearT[i]]-d[nearC[j]][j])
			}
		}
	}
	inT, inC := make([]bool, nt), make([]bool, nc)
	for a, b := range assignment(cost, max(nt, nc), 0) {
		if b < 0 || cost[a][b] >= 0 {
			continue
		}
		i, j := a, b
		if transposed {
			i, j = b, a
		}
		inT[i], inC[j] = true, true
		edges = append(edges, [2]int32{st.treated[i], st.controls[j]})
	}
	for i, j := range nearT {
		if j >= 0 && !inT[i] {
			edges = append(edges, [2]int32{st.treated[i], st.controls[j]})
		}
	}
	for j, i := range nearC {
		if i >= 0 && !inC[j] {
			edges = append(edges, [2]int32{st.treated[i], st.controls[j]})
		}
	}
	return edges
}
