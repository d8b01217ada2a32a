package match

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Rung is one step of a ladder of calipers: how wide each of a sample's calipers is there.
type Rung []float64

// Virtual is how virtual comparison groups are made (Kingsbury Center; RAND WR-1061): for each
// student, all are found who stand in the same strata, elsewhere, within calipers, and up to
// Most of them are drawn.
type Virtual struct {
	Most    int    // comparison students for each; 51 where 0
	Least   int    // below which the next rung is tried, and past the last one nobody is taken; 1 where 0
	Ladder  []Rung // of widths, the tightest first; the sample's own where empty
	Nearest bool   // the nearest by score instead of a draw
	Alone   bool   // no comparison student for two: each group gets one, then each a second
	Seed    uint64
}

// Group is how a virtual comparison group came about.
type Group struct {
	Eligible int // who could have been drawn, on the rung that was used
	Rung     int // −1 where no rung had enough
}

// VirtualGroups makes virtual comparison groups. The draw for a student depends on the seed and
// on the student's row alone, unless groups must not share students.
func VirtualGroups(s *Sample, v Virtual) (*Matching, []Group, error) {
	ladder, err := v.ready(s)
	if err != nil {
		return nil, nil, err
	}
	m, slot := s.newMatching()
	groups := make([]Group, len(m.Treated))
	for i := range groups {
		groups[i].Rung = -1
	}
	for _, st := range s.strata() {
		waiting := make([][]int32, len(st.treated)) // whom each may still get, where groups share nobody
		s.suiting(st, ladder, v.Least, func(k, rung int, found []int32) {
			t := st.treated[k]
			groups[slot[t]] = Group{len(found), rung}
			if v.Alone {
				waiting[k] = s.draw(nil, found, t, v, v.Seed, len(found))
			} else {
				m.Controls[slot[t]] = s.draw(nil, found, t, v, v.Seed, v.Most)
			}
		})
		if v.Alone {
			share(waiting, v.Most, func(k int, c int32) {
				i := slot[st.treated[k]]
				m.Controls[i] = append(m.Controls[i], c)
			})
		}
	}
	return m, groups, nil
}

// Redraws draws virtual comparison groups anew with each of some seeds, and returns what each
// student then counts, as [Matching.Weights] says. Who suits is looked for once.
func Redraws(s *Sample, v Virtual, seeds []uint64) ([][]float64, error) {
	ladder, err := v.ready(s)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(seeds))
	if v.Alone {
		for i, seed := range seeds {
			v.Seed = seed
			m, _, err := VirtualGroups(s, v)
			if err != nil {
				return nil, err
			}
			out[i] = m.Weights(len(s.Treated))
		}
		return out, nil
	}
	weights := make([]weighing, len(seeds))
	for i := range weights {
		weights[i].w = make([]float64, len(s.Treated))
	}
	var drawn []int32
	for _, st := range s.strata() {
		s.suiting(st, ladder, v.Least, func(k, _ int, found []int32) {
			for i, seed := range seeds {
				drawn = s.draw(drawn[:0], found, st.treated[k], v, seed, v.Most)
				weights[i].add(st.treated[k], drawn)
			}
		})
	}
	for i := range weights {
		out[i] = weights[i].finish()
	}
	return out, nil
}

// ready fills in what is left out and returns the ladder.
func (v *Virtual) ready(s *Sample) ([]Rung, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	v.Most, v.Least = cmp.Or(v.Most, 51), max(1, v.Least)
	if v.Nearest && s.Score == nil {
		return nil, fmt.Errorf("the nearest need a score")
	}
	ladder := v.Ladder
	if len(ladder) == 0 {
		own := make(Rung, len(s.Calipers))
		for k, c := range s.Calipers {
			own[k] = c.Width
		}
		ladder = []Rung{own}
	}
	for i, r := range ladder {
		if len(r) != len(s.Calipers) {
			return nil, fmt.Errorf("rung %d has %d widths for %d calipers", i+1, len(r), len(s.Calipers))
		}
	}
	return ladder, nil
}

// suiting finds for each student with the practice, by their place in a stratum, who could be in
// their group: on the first rung on which at least so many suit. Who has too few is left out.
// What is found is used again for the next.
func (s *Sample) suiting(st stratum, ladder []Rung, least int, each func(k, rung int, found []int32)) {
	if len(st.treated) == 0 || len(st.controls) == 0 {
		return
	}
	w := newWindow(s, st, ladder[0])
	for k, t := range st.treated {
		for r, widths := range ladder {
			if found := w.find(t, widths); len(found) >= least {
				each(k, r, found)
				break
			}
		}
	}
}

// share gives each in turn the first of those waiting for them whom nobody has.
func share(waiting [][]int32, most int, give func(k int, c int32)) {
	gone := map[int32]bool{}
	for range most {
		for k, list := range waiting {
			for len(list) > 0 && gone[list[0]] {
				list = list[1:]
			}
			if len(list) > 0 {
				gone[list[0]] = true
				give(k, list[0])
				list = list[1:]
			}
			waiting[k] = list
		}
	}
}

// draw adds to a list up to so many of those found, who stand in the same order afterwards unless
// the nearest are taken.
func (s *Sample) draw(to, found []int32, t int32, v Virtual, seed uint64, most int) []int32 {
	k := min(most, len(found))
	if to == nil {
		to = make([]int32, 0, k)
	}
	if v.Nearest {
		slices.SortFunc(found, func(a, b int32) int {
			return cmp.Or(cmp.Compare(s.distance(t, a), s.distance(t, b)), cmp.Compare(a, b))
		})
		return append(to, found[:k]...)
	}
	if k == len(found) && !v.Alone {
		return append(to, found...)
	}
	var rng rand.PCG
	rng.Seed(seed, uint64(t))
	r := rand.New(&rng)
	swapped := make([]int32, k)
	for i := range k { // the first steps of Fisher and Yates's shuffle
		j := i + r.IntN(len(found)-i)
		found[i], found[j] = found[j], found[i]
		swapped[i] = int32(j)
	}
	to = append(to, found[:k]...)
	for i := k - 1; i >= 0; i-- {
		found[i], found[swapped[i]] = found[swapped[i]], found[i]
	}
	return to
}

// window finds the comparison students of a stratum within calipers: they stand sorted by the
// caliper that leaves fewest, so that few others are looked at.
type window struct {
	s     *Sample
	rows  []int32
	first int         // the caliper that they are sorted by
	x     [][]float64 // of each caliper, in the order of rows
	apart []int32
	found []int32
}

func newWindow(s *Sample, st stratum, widths Rung) *window {
	w := &window{s: s, rows: slices.Clone(st.controls), first: -1}
	tightest := math.Inf(1)
	for k, c := range s.Calipers {
		low, high := math.Inf(1), math.Inf(-1)
		for _, r := range w.rows {
			low, high = min(low, c.X[r]), max(high, c.X[r])
		}
		if share := widths[k] / max(high-low, 1e-300); share < tightest {
			tightest, w.first = share, k
		}
	}
	if w.first >= 0 {
		x := s.Calipers[w.first].X
		slices.SortFunc(w.rows, func(a, b int32) int { return cmp.Or(cmp.Compare(x[a], x[b]), cmp.Compare(a, b)) })
	}
	w.x = make([][]float64, len(s.Calipers))
	for k, c := range s.Calipers {
		w.x[k] = make([]float64, len(w.rows))
		for i, r := range w.rows {
			w.x[k][i] = c.X[r]
		}
	}
	if s.Apart != nil {
		w.apart = make([]int32, len(w.rows))
		for i, r := range w.rows {
			w.apart[i] = s.Apart[r]
		}
	}
	return w
}

// find returns the rows within widths of a student; the list is used again by the next call.
func (w *window) find(t int32, widths Rung) []int32 {
	low, high := 0, len(w.rows)
	if w.first >= 0 {
		sorted, x := w.x[w.first], w.s.Calipers[w.first].X[t]
		// The ends are found by the difference itself, since x − width may round otherwise.
		low, _ = slices.BinarySearchFunc(sorted, widths[w.first], func(v, width float64) int {
			if v < x && x-v > width {
				return -1
			}
			return 1
		})
		high, _ = slices.BinarySearchFunc(sorted, widths[w.first], func(v, width float64) int {
			if v <= x || v-x <= width {
				return -1
			}
			return 1
		})
	}
	w.found = w.found[:0]
next:
	for i := low; i < high; i++ {
		for k, x := range w.x {
			if k != w.first && !(math.Abs(x[i]-w.s.Calipers[k].X[t]) <= widths[k]) {
				continue next
			}
		}
		if w.apart != nil && w.apart[i] == w.s.Apart[t] {
			continue
		}
		w.found = append(w.found, w.rows[i])
	}
	return w.found
}

// CheckVirtual judges virtual comparison groups from the sample alone: who is in a group, that
// a draw is as large as it can be, and that no tighter rung would have had enough.
func CheckVirtual(s *Sample, v Virtual, m *Matching, groups []Group) (broken []string) {
	v.Most, v.Least = cmp.Or(v.Most, 51), max(1, v.Least)
	ladder := v.Ladder
	if len(ladder) == 0 {
		own := Rung{}
		for _, c := range s.Calipers {
			own = append(own, c.Width)
		}
		ladder = []Rung{own}
	}
	used := map[int32]bool{}
	for k, t := range m.Treated {
		count := func(r Rung) (n int) {
			for c := range s.Treated {
				if !s.Treated[c] && s.within(t, int32(c), r) {
					n++
				}
			}
			return n
		}
		g := groups[k]
		top := len(ladder)
		if g.Rung >= 0 {
			top = g.Rung
			n := count(ladder[g.Rung])
			if full := len(m.Controls[k]) == min(n, v.Most); n != g.Eligible || n < v.Least || !full && !v.Alone || len(m.Controls[k]) > v.Most {
				broken = append(broken, fmt.Sprintf("student %d: %d of %d are drawn on rung %d, which holds %d", t, len(m.Controls[k]), g.Eligible, g.Rung, n))
			}
			for _, c := range m.Controls[k] {
				if s.Treated[c] || !s.within(t, c, ladder[g.Rung]) || v.Alone && used[c] {
					broken = append(broken, fmt.Sprintf("student %d is compared with %d, who does not suit", t, c))
				}
			}
		} else if len(m.Controls[k]) > 0 {
			broken = append(broken, fmt.Sprintf("student %d has a group and no rung", t))
		}
		for r := range top {
			if count(ladder[r]) >= v.Least {
				broken = append(broken, fmt.Sprintf("student %d: rung %d has enough", t, r))
			}
		}
		seen := map[int32]bool{}
		for _, c := range m.Controls[k] {
			if seen[c] {
				broken = append(broken, fmt.Sprintf("student %d is compared with %d twice", t, c))
			}
			seen[c], used[c] = true, true
		}
	}
	return broken
}

// within reports whether two students suit on a rung.
func (s *Sample) within(t, c int32, r Rung) bool {
	if s.unknown(int(t)) || s.unknown(int(c)) || s.Stratum != nil && (s.Stratum[t] != s.Stratum[c] || s.Stratum[t] < 0) || s.Apart != nil && s.Apart[t] == s.Apart[c] {
		return false
	}
	for k, caliper := range s.Calipers {
		if a, b := caliper.X[t], caliper.X[c]; !(max(a, b)-min(a, b) <= r[k]) {
			return false
		}
	}
	return true
}
