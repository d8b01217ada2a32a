// Package match finds comparison students for those who have a practice: by exact groups, by
// nearest neighbours within calipers, by virtual comparison groups, optimally in pairs or in
// full, and says how alike the two sides then are. Every matching can be checked against its
// rules by [Check], which shares no code with what made it.
package match

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Sample is who could be matched with whom. Slices have one entry for each student.
type Sample struct {
	Treated []bool
	Stratum []int32 // only students of the same one are matched; nil for one in all; below 0 is in none
	Apart   []int32 // students of the same one, such as a school, are never matched; nil for none
	// Score orders students, and how far two are apart is the difference of their scores, such
	// as propensities; unless there is a Space, whose Euclidean distance counts then.
	Score    []float64
	Space    [][]float64 // columns
	Calipers []Caliper
}

// Caliper is how far two students may be apart in one respect, in its own units.
type Caliper struct {
	X     []float64
	Width float64
}

// Matching is who is compared with whom.
type Matching struct {
	Treated  []int32   // rows of students with the practice, in the order of the sample
	Controls [][]int32 // rows of those whom each is compared with; none where nobody suits
}

func (s *Sample) check() error {
	n := len(s.Treated)
	wrong := func(what string, k int) error {
		return fmt.Errorf("%s has %d entries for %d students", what, k, n)
	}
	if s.Stratum != nil && len(s.Stratum) != n {
		return wrong("the strata", len(s.Stratum))
	}
	if s.Apart != nil && len(s.Apart) != n {
		return wrong("the groups apart", len(s.Apart))
	}
	if s.Score != nil && len(s.Score) != n {
		return wrong("the score", len(s.Score))
	}
	for k, x := range s.Space {
		if len(x) != n {
			return wrong(fmt.Sprintf("column %d", k), len(x))
		}
	}
	for k, c := range s.Calipers {
		if len(c.X) != n {
			return wrong(fmt.Sprintf("caliper %d", k), len(c.X))
		}
		if !(c.Width >= 0) {
			return fmt.Errorf("caliper %d has a width of %v", k, c.Width)
		}
	}
	return nil
}

// may reports whether two students may be compared.
func (s *Sample) may(t, c int32) bool {
	if s.Stratum != nil && (s.Stratum[t] != s.Stratum[c] || s.Stratum[t] < 0) {
		return false
	}
	if s.Apart != nil && s.Apart[t] == s.Apart[c] {
		return false
	}
	for _, k := range s.Calipers {
		if !(math.Abs(k.X[t]-k.X[c]) <= k.Width) {
			return false
		}
	}
	return true
}

// distance is how far two students are apart.
func (s *Sample) distance(t, c int32) float64 {
	if len(s.Space) == 0 {
		return math.Abs(s.Score[t] - s.Score[c])
	}
	d := 0.0
	for _, x := range s.Space {
		e := x[t] - x[c]
		d += e * e
	}
	return math.Sqrt(d)
}

// stratum is the students of one stratum, by row.
type stratum struct{ treated, controls []int32 }

// strata takes a sample apart. A student whose score or caliper is not a number is in none.
func (s *Sample) strata() []stratum {
	at := map[int32]int{}
	var out []stratum
	for i := range s.Treated {
		k := int32(0)
		if s.Stratum != nil {
			k = s.Stratum[i]
		}
		if k < 0 || s.unknown(i) {
			continue
		}
		j, ok := at[k]
		if !ok {
			j = len(out)
			at[k] = j
			out = append(out, stratum{})
		}
		if s.Treated[i] {
			out[j].treated = append(out[j].treated, int32(i))
		} else {
			out[j].controls = append(out[j].controls, int32(i))
		}
	}
	return out
}

func (s *Sample) unknown(i int) bool {
	if s.Score != nil && math.IsNaN(s.Score[i]) {
		return true
	}
	for _, x := range s.Space {
		if math.IsNaN(x[i]) {
			return true
		}
	}
	for _, c := range s.Calipers {
		if math.IsNaN(c.X[i]) {
			return true
		}
	}
	return false
}

// newMatching lists the students with the practice, with nobody yet; slot finds the place of a
// row among them.
func (s *Sample) newMatching() (m *Matching, slot []int32) {
	m = &Matching{}
	slot = make([]int32, len(s.Treated))
	for i, t := range s.Treated {
		slot[i] = -1
		if t {
			slot[i] = int32(len(m.Treated))
			m.Treated = append(m.Treated, int32(i))
		}
	}
	m.Controls = make([][]int32, len(m.Treated))
	return m, slot
}

// Weights are what each student counts: 1 with the practice and a comparison; a comparison
// student the sum of 1/k over those whom they are one of k for, scaled so that comparison
// students weigh 1 on average (Ho, Imai, King & Stuart, 2011).
func (m *Matching) Weights(n int) []float64 {
	w := weighing{w: make([]float64, n)}
	for i, t := range m.Treated {
		w.add(t, m.Controls[i])
	}
	return w.finish()
}

// weighing adds up weights; those of comparison students are below 0 until it is finished.
type weighing struct {
	w    []float64
	sum  float64
	used int
}

func (g *weighing) add(t int32, controls []int32) {
	if len(controls) == 0 {
		return
	}
	g.w[t] = 1
	part := 1 / float64(len(controls))
	for _, c := range controls {
		if g.w[c] == 0 {
			g.used++
		}
		g.w[c] -= part
		g.sum += part
	}
}

func (g *weighing) finish() []float64 {
	for i, v := range g.w {
		if v < 0 {
			g.w[i] = -v * float64(g.used) / g.sum
		}
	}
	return g.w
}

// Sets numbers the matched sets, where no comparison student is in two: the same number for a
// student and their comparison; −1 for who is in none.
func (m *Matching) Sets(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = -1
	}
	k := int32(0)
	for i, t := range m.Treated {
		if len(m.Controls[i]) == 0 {
			continue
		}
		out[t] = k
		for _, c := range m.Controls[i] {
			out[c] = k
		}
		k++
	}
	return out
}

// Matched counts the students with the practice who have a comparison, and the comparison
// students.
func (m *Matching) Matched(n int) (treated, controls int) {
	seen := make([]bool, n)
	for i := range m.Treated {
		if len(m.Controls[i]) > 0 {
			treated++
		}
		for _, c := range m.Controls[i] {
			if !seen[c] {
				seen[c] = true
				controls++
			}
		}
	}
	return treated, controls
}

// byScore sorts rows by score, those of one score by row.
func (s *Sample) byScore(rows []int32) []int32 {
	out := slices.Clone(rows)
	slices.SortFunc(out, func(a, b int32) int { return cmp.Or(cmp.Compare(s.Score[a], s.Score[b]), cmp.Compare(a, b)) })
	return out
}
