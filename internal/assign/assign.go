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
	return From(value, seats, nil, nil)
}

// From is [Best], beginning with prices that are near those of the result, such as the prices
// of a problem that differs little. The nearer they are, the sooner it ends. Rows take what is
// best at them; then prices of columns with free seats fall, along shortest paths of rows that
// would move there, until seat or price is gone. column, if not nil, is where each row was, or
// [None]: among what is equally good, that is taken.
func From(value [][]float64, seats []int, price []float64, column []int) Result {
	cols := len(seats)
	s := solver{
		value: value, seats: seats, outside: cols,
		column:  make([]int, len(value)),
		price:   make([]float64, cols+1),
		members: make([][]int, cols+1),
		loss:    make([][]float64, cols+1),
		mover:   make([][]int, cols+1),
		dist:    make([]float64, cols+1),
		from:    make([]int, cols+1),
		open:    make([]int, 0, cols+1),
	}
	copy(s.price, price)
	for r := range s.column {
		s.column[r] = cols
	}
	for c := range s.members {
		if price != nil || s.full(c) {
			s.fill(c)
		}
	}
	var rest []int
	for r := range value {
		if column == nil || !s.stay(r, column[r]) {
			rest = append(rest, r)
		}
	}
	for _, r := range rest {
		s.add(r)
	}
	if price != nil {
		if 8*s.lacking() > len(value) { // far off: from nothing is sooner
			return From(value, seats, nil, nil)
		}
		for c := range seats {
			for !s.full(c) && s.price[c] > 0 {
				s.pull(c)
			}
		}
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

	// For full columns, or for all where prices were given: what a move to each other column
	// would cost at least, and whose.
	loss  [][]float64
	mover [][]int

	dist []float64
	from []int
	open []int // columns that are not settled; the settled ones follow up to the capacity
}

func (s *solver) worth(r, c int) float64 {
	if c == s.outside {
		return 0
	}
	return s.value[r][c]
}

func (s *solver) full(c int) bool { return c != s.outside && len(s.members[c]) >= s.seats[c] }

// stay puts a row where it was, if nothing is better and there is a seat.
func (s *solver) stay(r, c int) bool {
	if c == None || s.full(c) {
		return false
	}
	own := s.value[r][c] - s.price[c]
	if own < -tied {
		return false
	}
	for to, v := range s.value[r] {
		if v-s.price[to] > own+tied {
			return false
		}
	}
	s.put(r, c)
	return true
}

// tied is how near two values are that count as one.
const tied = 1e-9

// add gives a row its column, moving others where that is worth it.
func (s *solver) add(r int) {
	best, at := 0.0, s.outside
	for c, v := range s.value[r] {
		if v -= s.price[c]; v > best {
			best, at = v, c
		}
	}
	if !s.full(at) {
		s.put(r, at)
		return
	}
	for c := range s.dist {
		s.dist[c], s.from[c] = best-(s.worth(r, c)-s.price[c]), None
	}
	end := s.path()
	for _, c := range s.settled() {
		s.price[c] += s.dist[end] - s.dist[c]
	}
	s.move(r, end)
}

// settled are the columns of the last path that are settled.
func (s *solver) settled() []int { return s.open[len(s.open):cap(s.open)] }

// nearest takes the nearest column out of those that are not settled; among equals one with a
// free seat.
func (s *solver) nearest() int {
	i := 0
	for k, c := range s.open {
		if at := s.open[i]; s.dist[c] < s.dist[at] || s.dist[c] == s.dist[at] && (c < at || s.full(at)) && (!s.full(c) || s.full(at)) {
			i = k
		}
	}
	at, last := s.open[i], len(s.open)-1
	s.open[i], s.open[last] = s.open[last], at
	s.open = s.open[:last]
	return at
}

func (s *solver) unsettle() {
	s.open = s.open[:cap(s.open)]
	for c := range s.open {
		s.open[c] = c
	}
}

// path settles columns, nearest first, until one that has a free seat, and returns that.
func (s *solver) path() int {
	s.unsettle()
	for {
		at := s.nearest()
		if !s.full(at) {
			s.open = s.open[:len(s.open)+1] // its price stays
			return at
		}
		base, loss := s.dist[at]-s.price[at], s.loss[at]
		for _, c := range s.open {
			if d := base + loss[c] + s.price[c]; d < s.dist[c] {
				s.dist[c], s.from[c] = d, at
			}
		}
	}
}

// lacking is how many seats are free though they have a price.
func (s *solver) lacking() (n int) {
	for c := range s.seats {
		if s.price[c] > 0 {
			n += max(0, s.seats[c]-len(s.members[c]))
		}
	}
	return n
}

// pull fills one free seat of a column that has a price: from the column that is nearest, the
// way being what rows lose by moving closer, and the end what its own price is. Prices on the
// way fall by what is left of it.
func (s *solver) pull(to int) {
	s.unsettle()
	for c := range s.dist {
		s.dist[c], s.from[c] = math.Inf(1), None
	}
	s.dist[to] = 0
	end, least := to, s.price[to]
	for len(s.open) > 0 {
		at := s.nearest()
		if s.dist[at] >= least {
			s.open = s.open[:len(s.open)+1]
			break
		}
		if d := s.dist[at] + s.price[at]; d < least {
			end, least = at, d
		}
		for _, c := range s.open {
			if d := s.dist[at] + max(0, s.loss[c][at]-s.price[c]+s.price[at]); d < s.dist[c] {
				s.dist[c], s.from[c] = d, at
			}
		}
	}
	for _, c := range s.settled() {
		s.price[c] = max(0, s.price[c]-(least-s.dist[c]))
	}
	s.price[end] = 0
	// From the column outwards, so that each row moves into a seat that is free.
	var way []int
	for c := end; c != None; c = s.from[c] {
		way = append(way, c)
	}
	for i := len(way) - 1; i > 0; i-- {
		row := s.mover[way[i-1]][way[i]]
		s.take(row, way[i-1])
		s.put(row, way[i])
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
	case s.loss[c] != nil:
		s.consider(r, c)
	case s.full(c):
		s.fill(c)
	}
}

// take removes a row from a column that keeps its moves.
func (s *solver) take(r, c int) {
	i := slices.Index(s.members[c], r)
	s.members[c] = slices.Delete(s.members[c], i, i+1)
	for to, m := range s.mover[c] {
		if m != r {
			continue
		}
		s.loss[c][to], s.mover[c][to] = math.Inf(1), None
		for _, other := range s.members[c] {
			if l := s.worth(other, c) - s.worth(other, to); l < s.loss[c][to] {
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
		if l := s.worth(r, c) - s.worth(r, to); l < s.loss[c][to] {
			s.loss[c][to], s.mover[c][to] = l, r
		}
	}
}
