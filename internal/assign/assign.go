// Package assign solves the assignment problem with capacities exactly: rows (students,
// sessions) each to at most one column (sessions, rooms) that has so many seats.
package assign

import (
	"math"
	"slices"
)

// None is the column of a row that has none.
const None = -1

// Never is the value of a pair that must not be.
var Never = math.Inf(-1)

// Result is a best assignment and its proof.
type Result struct {
	Column []int     // of each row, or [None]
	Value  float64   // the sum of the values of the pairs chosen
	Price  []float64 // what one more seat of each column would add, at the margin
}

// Best returns an assignment of greatest value. value[r][c] is what row r is worth in column
// c, or [Never]; a row without a column is worth 0. seats[c] is how many rows column c takes.
//
// The prices are a dual solution: the value equals Σ seats·price + Σ over rows of the
// greatest max(0, value−price), which no assignment can exceed. A column with a free seat has
// price 0.
//
// It adds one row after the other along a shortest augmenting path, as Jonker and Volgenant
// (1987) do, but on the graph of columns: the length of an edge is the least that a row of
// one column loses by moving to the other. Rows are added in their order, so equal input gives
// equal output.
func Best(value [][]float64, seats []int) Result {
	cols := len(seats)
	s := solver{
		value: value, seats: seats, outside: cols,
		column:  make([]int, len(value)),
		price:   make([]float64, cols+1),
		members: make([][]int, cols+1),
		loss:    make([][]float64, cols),
		mover:   make([][]int, cols),
		dist:    make([]float64, cols+1),
		from:    make([]int, cols+1),
		settled: make([]bool, cols+1),
	}
	for r := range s.column {
		s.column[r] = cols
	}
	for c, n := range seats {
		if n <= 0 {
			s.fill(c)
		}
	}
	for r := range value {
		s.add(r)
	}
	out := Result{Column: s.column, Price: s.price[:cols]}
	for r, c := range s.column {
		if c == s.outside {
			out.Column[r] = None
		} else {
			out.Value += value[r][c]
		}
	}
	return out
}

// solver is the state while rows are added. The column after the last stands for having none.
type solver struct {
	value   [][]float64
	seats   []int
	outside int

	column  []int
	price   []float64
	members [][]int

	// For full columns: what a move to each other column would cost at least, and whose.
	loss  [][]float64
	mover [][]int

	dist    []float64
	from    []int
	settled []bool
}

func (s *solver) worth(r, c int) float64 {
	if c == s.outside {
		return 0
	}
	return s.value[r][c]
}

func (s *solver) full(c int) bool { return c != s.outside && len(s.members[c]) >= s.seats[c] }

// add gives a row its column, moving others where that is worth it.
func (s *solver) add(r int) {
	best := 0.0
	for c, v := range s.value[r] {
		best = max(best, v-s.price[c])
	}
	for c := range s.dist {
		s.dist[c], s.from[c], s.settled[c] = best-(s.worth(r, c)-s.price[c]), None, false
	}
	end := s.path()
	for c, done := range s.settled {
		if done {
			s.price[c] += s.dist[end] - s.dist[c]
		}
	}
	s.move(r, end)
}

// path settles columns, nearest first, until one that has a free seat, and returns that.
func (s *solver) path() int {
	for {
		at := None
		for c, d := range s.dist {
			if !s.settled[c] && (at == None || d < s.dist[at] || d == s.dist[at] && s.full(at) && !s.full(c)) {
				at = c
			}
		}
		if !s.full(at) {
			return at
		}
		s.settled[at] = true
		base := s.dist[at] - s.price[at]
		for c, l := range s.loss[at] {
			if d := base + l + s.price[c]; !s.settled[c] && d < s.dist[c] {
				s.dist[c], s.from[c] = d, at
			}
		}
	}
}

// move shifts one row along each edge of the path that ends there, and puts r at its start.
func (s *solver) move(r, end int) {
	for c := end; ; {
		before := s.from[c]
		if before == None {
			s.put(r, c)
			return
		}
		mover := s.mover[before][c]
		s.take(mover, before)
		s.put(mover, c)
		c = before
	}
}

func (s *solver) put(r, c int) {
	s.members[c] = append(s.members[c], r)
	s.column[r] = c
	switch {
	case c == s.outside:
	case s.loss[c] != nil:
		s.consider(r, c)
	case s.full(c):
		s.fill(c)
	}
}

// take removes a row from a full column; another takes its seat at once.
func (s *solver) take(r, c int) {
	i := slices.Index(s.members[c], r)
	s.members[c] = slices.Delete(s.members[c], i, i+1)
	for to, m := range s.mover[c] {
		if m != r {
			continue
		}
		s.loss[c][to], s.mover[c][to] = math.Inf(1), None
		for _, other := range s.members[c] {
			if l := s.value[other][c] - s.worth(other, to); l < s.loss[c][to] {
				s.loss[c][to], s.mover[c][to] = l, other
			}
		}
	}
}

// fill begins to keep the moves out of a column that has become full.
func (s *solver) fill(c int) {
	s.loss[c], s.mover[c] = make([]float64, s.outside+1), make([]int, s.outside+1)
	for to := range s.loss[c] {
		s.loss[c][to], s.mover[c][to] = math.Inf(1), None
	}
	for _, r := range s.members[c] {
		s.consider(r, c)
	}
}

func (s *solver) consider(r, c int) {
	for to := range s.loss[c] {
		if l := s.value[r][c] - s.worth(r, to); l < s.loss[c][to] {
			s.loss[c][to], s.mover[c][to] = l, r
		}
	}
}
