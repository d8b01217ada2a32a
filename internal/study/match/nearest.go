package match

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Order is in which order students choose their nearest comparison.
type Order string

const (
	Largest  Order = "largest"  // by score, the highest first: who is hardest to match
	Smallest Order = "smallest" // the lowest first
	InData   Order = "data"     // as they stand
	Closest  Order = "closest"  // the closest pair of all first
	Random   Order = "random"   // drawn by the seed
)

// Neighbours is how nearest neighbours are found.
type Neighbours struct {
	Ratio   int // comparison students for each; 1 where 0
	Replace bool
	Order   Order // largest where empty
	Seed    uint64
}

// Nearest gives each student the nearest comparison students that are left, in turn: one each
// first, then a second, up to the ratio (Rubin, 1973; Stuart, 2010). Of several with one score,
// the first is taken where they are as high as the student or higher, else the last; in a
// space, the first of those that are as near. Ties are so those of MatchIt 4.7.
func Nearest(s *Sample, o Neighbours) (*Matching, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Score == nil && len(s.Space) == 0 {
		return nil, fmt.Errorf("nothing says how far students are apart")
	}
	if o.Order == "" {
		o.Order = Largest
	}
	if s.Score == nil && (o.Order == Largest || o.Order == Smallest) {
		return nil, fmt.Errorf("the order %q needs a score", o.Order)
	}
	o.Ratio = max(1, o.Ratio)
	m, slot := s.newMatching()
	for _, st := range s.strata() {
		if len(st.treated) == 0 || len(st.controls) == 0 {
			continue
		}
		n := &nearest{Sample: s, of: m, slot: slot, replace: o.Replace}
		if len(s.Space) == 0 {
			n.find = n.line(st.controls)
		} else {
			n.find = n.space(st.controls)
		}
		order := s.order(st.treated, o)
		for range o.Ratio {
			if o.Order == Closest && !o.Replace {
				n.closest(order)
				continue
			}
			for _, t := range order {
				if c := n.find(t); c >= 0 {
					n.take(t, c)
				}
			}
		}
	}
	return m, nil
}

func (s *Sample) order(rows []int32, o Neighbours) []int32 {
	out := slices.Clone(rows)
	switch o.Order {
	case Largest:
		slices.SortStableFunc(out, func(a, b int32) int { return cmp.Compare(s.Score[b], s.Score[a]) })
	case Smallest:
		slices.SortStableFunc(out, func(a, b int32) int { return cmp.Compare(s.Score[a], s.Score[b]) })
	case Random:
		rng := rand.New(rand.NewPCG(o.Seed, uint64(rows[0])))
		rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// nearest is the search in one stratum.
type nearest struct {
	*Sample
	of      *Matching
	slot    []int32
	replace bool
	find    func(t int32) int32 // the nearest that is left; below 0 for nobody
	drop    func(c int32)
}

func (n *nearest) take(t, c int32) {
	i := n.slot[t]
	n.of.Controls[i] = append(n.of.Controls[i], c)
	if !n.replace {
		n.drop(c)
	}
}

// has reports whether a student is compared with another already.
func (n *nearest) has(t, c int32) bool {
	return n.replace && slices.Contains(n.of.Controls[n.slot[t]], c)
}

// line looks left and right of a student among comparison students sorted by score; who is
// gone is stepped over at once.
func (n *nearest) line(controls []int32) func(int32) int32 {
	sorted := n.byScore(controls)
	k := int32(len(sorted))
	scores := make([]float64, k)
	place := make(map[int32]int32, k)
	up, down := make([]int32, k+2), make([]int32, k+2) // of place + 1; the ends stand for nobody
	for i, c := range sorted {
		scores[i], place[c] = n.Score[c], int32(i)+1
	}
	for i := range up {
		up[i], down[i] = int32(i), int32(i)
	}
	root := func(to []int32, i int32) int32 {
		for to[i] != i {
			to[i] = to[to[i]]
			i = to[i]
		}
		return i
	}
	n.drop = func(c int32) {
		i := place[c]
		up[i], down[i] = i+1, i-1
	}
	return func(t int32) int32 {
		x := n.Score[t]
		p, _ := slices.BinarySearch(scores, x)
		left, right := root(down, int32(p)), root(up, int32(p)+1)
		for left > 0 || right <= k {
			dl, dr := math.Inf(1), math.Inf(1)
			if left > 0 {
				dl = math.Abs(x - scores[left-1])
			}
			if right <= k {
				dr = math.Abs(scores[right-1] - x)
			}
			if n.beyond(min(dl, dr)) {
				break
			}
			var c int32
			if dl < dr {
				c, left = sorted[left-1], root(down, left-1)
			} else {
				c, right = sorted[right-1], root(up, right+1)
			}
			if n.may(t, c) && !n.has(t, c) {
				return c
			}
		}
		return -1
	}
}

// beyond reports whether a difference of scores is past a caliper on the score itself.
func (n *nearest) beyond(d float64) bool {
	for _, c := range n.Calipers {
		if len(c.X) > 0 && &c.X[0] == &n.Score[0] && d > c.Width {
			return true
		}
	}
	return false
}

// space looks at all comparison students that are left.
func (n *nearest) space(controls []int32) func(int32) int32 {
	left := slices.Clone(controls)
	n.drop = func(c int32) {
		i, _ := slices.BinarySearch(left, c)
		left = slices.Delete(left, i, i+1)
	}
	return func(t int32) int32 {
		best, far := int32(-1), math.Inf(1)
		for _, c := range left {
			if d := n.distance(t, c); d < far && n.may(t, c) && !n.has(t, c) {
				best, far = c, d
			}
		}
		return best
	}
}

// pair is a student and the nearest that was left when it was made.
type pair struct {
	t, c  int32
	far   float64
	order int
}

type pairs []pair

func (p pairs) Len() int { return len(p) }
func (p pairs) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(p[i].far, p[j].far), cmp.Compare(p[i].order, p[j].order)) < 0
}
func (p pairs) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *pairs) Push(x any)   { *p = append(*p, x.(pair)) }
func (p *pairs) Pop() any {
	old := *p
	x := old[len(old)-1]
	*p = old[:len(old)-1]
	return x
}

// closest takes the closest pair of all, again and again, until each has one more.
func (n *nearest) closest(order []int32) {
	var q pairs
	gone := map[int32]bool{}
	push := func(t int32, at int) {
		if c := n.find(t); c >= 0 {
			heap.Push(&q, pair{t, c, n.distance(t, c), at})
		}
	}
	for i, t := range order {
		push(t, i)
	}
	for len(q) > 0 {
		p := heap.Pop(&q).(pair)
		if gone[p.c] {
			push(p.t, p.order)
			continue
		}
		n.take(p.t, p.c)
		gone[p.c] = true
	}
}
