package match

import (
	"container/heap"
	"math"
)

// A line is students sorted by score, each with the practice or not. Whatever pairs are made,
// and however often each student is in one, the sum of their distances is at least the sum
// over gaps between neighbours of the gap times how many more stubs of one side than of the
// other lie before it; pairing first come first served reaches it. So the best matching is the
// best sequence of these surpluses: a dynamic programme over a convex function, kept by its
// breakpoints, in n log n steps. Covering all students in this way is the many-to-many problem
// on a line (Colannino et al., 2007), and optimal full matching by one score (Rosenbaum, 1991).
type lineStep struct {
	treated bool
	gap     float64 // to the next student
}

// breakpoints of one side of a convex function: where its slope changes and by how much.
type breakpoints struct {
	at    []breakpoint
	shift int
	right bool // of the smallest first; else of the largest
}

type breakpoint struct {
	k      int
	change float64
}

func (b *breakpoints) Len() int { return len(b.at) }
func (b *breakpoints) Less(i, j int) bool {
	if b.right {
		return b.at[i].k < b.at[j].k
	}
	return b.at[i].k > b.at[j].k
}
func (b *breakpoints) Swap(i, j int) { b.at[i], b.at[j] = b.at[j], b.at[i] }
func (b *breakpoints) Push(x any)    { b.at = append(b.at, x.(breakpoint)) }
func (b *breakpoints) Pop() any {
	x := b.at[len(b.at)-1]
	b.at = b.at[:len(b.at)-1]
	return x
}

// unbounded stands for the end of a side without breakpoints.
const unbounded = math.MaxInt32 / 2

func (b *breakpoints) edge() int {
	switch {
	case len(b.at) > 0:
		return b.at[0].k + b.shift
	case b.right:
		return unbounded
	}
	return -unbounded
}

func (b *breakpoints) add(k int, change float64) { heap.Push(b, breakpoint{k - b.shift, change}) }

// move takes breakpoints nearest to the minimum away, of so much change in all, to another side.
func (b *breakpoints) move(change float64, to *breakpoints) {
	for change > 0 && len(b.at) > 0 {
		x := &b.at[0]
		part := min(change, x.change)
		to.add(x.k+b.shift, part)
		if x.change -= part; x.change <= 0 {
			heap.Pop(b)
		}
		change -= part
	}
}

// lineCover finds how often each student of a line is in a pair, at least once, so that the sum
// of distances is least.
func lineCover(steps []lineStep) (degrees []int) {
	return solveLine(steps, func(treated bool, left, right *breakpoints) {
		if treated { // min over j < k
			right.at = right.at[:0]
			left.shift++
		} else { // min over j > k
			left.at = left.at[:0]
			right.shift--
		}
	}, func(treated bool, k, l, r int) int {
		if treated {
			if k-1 <= l {
				return k - 1
			}
			return min(k-1, r)
		}
		if k+1 >= r {
			return k + 1
		}
		return max(k+1, l)
	})
}

// linePairs finds which comparison students are taken, ratio for each student with the
// practice, so that the sum of distances is least. There must be enough of them.
func linePairs(steps []lineStep, ratio int) (degrees []int) {
	return solveLine(steps, func(treated bool, left, right *breakpoints) {
		if treated {
			left.shift += ratio
			right.shift += ratio
		} else { // taken or not
			left.shift--
		}
	}, func(treated bool, k, l, _ int) int {
		switch {
		case treated:
			return k - ratio
		case k < l:
			return k + 1
		}
		return k
	})
}

// solveLine runs the programme: step changes the function, back says from which surplus one
// came, given where the function before it was least.
func solveLine(steps []lineStep, step func(treated bool, left, right *breakpoints), back func(treated bool, k, l, r int) int) []int {
	left, right := &breakpoints{}, &breakpoints{right: true}
	left.add(0, math.Inf(1))
	right.add(0, math.Inf(1))
	least := make([][2]int32, len(steps))
	for i, s := range steps {
		least[i] = [2]int32{int32(left.edge()), int32(right.edge())}
		step(s.treated, left, right)
		if s.gap > 0 {
			left.add(0, s.gap)
			left.move(s.gap, right)
			right.add(0, s.gap)
			right.move(s.gap, left)
		}
	}
	degrees := make([]int, len(steps))
	k := 0
	for i := len(steps) - 1; i >= 0; i-- {
		from := back(steps[i].treated, k, int(least[i][0]), int(least[i][1]))
		degrees[i] = max(k-from, from-k)
		k = from
	}
	return degrees
}

// linkLine pairs stubs first come first served: each says the places of a student with the
// practice and of a comparison student.
func linkLine(steps []lineStep, degrees []int, each func(t, c int)) {
	var open []int // places, one for each stub
	treated := true
	first := 0
	for i, s := range steps {
		for range degrees[i] {
			if first < len(open) && s.treated != treated {
				other := open[first]
				first++
				if s.treated {
					each(i, other)
				} else {
					each(other, i)
				}
				continue
			}
			if first == len(open) {
				open, first, treated = open[:0], 0, s.treated
			}
			open = append(open, i)
		}
	}
}
