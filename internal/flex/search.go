package flex

import (
	"cmp"
	"slices"

	"waymark/internal/assign"
)

// search is a solution in the making.
type search struct {
	*model
	held  [][]setting // block, column
	at    [][]int     // block, row: the column, or none
	count []int       // of each claim: how often it is met
	hints []hint      // of each block
	loose bool        // rooms and adults are no limit
	soft  bool        // requirements say where, not that; so that prices stay those of seats
}

// hint is what the last assignment of a block was like: the next one begins with it.
type hint struct {
	near []float64 // prices of seats
	few  []bool    // of each column: no more came than had to
}

// setting is how a session is held.
type setting struct {
	held        bool
	room, staff int // or none
}

// closed is how a session is that does not take place.
var closed = setting{room: none, staff: none}

func newSearch(m *model) *search {
	s := &search{model: m, count: make([]int, len(m.claims)), hints: make([]hint, len(m.blocks))}
	for b := range m.blocks {
		s.held = append(s.held, slices.Repeat([]setting{closed}, len(m.blocks[b].sessions)))
		s.at = append(s.at, slices.Repeat([]int{none}, len(m.blocks[b].students)))
	}
	return s
}

func (s *search) clone() *search {
	c := &search{model: s.model, count: slices.Clone(s.count), hints: slices.Clone(s.hints)}
	for b := range s.at {
		c.held = append(c.held, slices.Clone(s.held[b]))
		c.at = append(c.at, slices.Clone(s.at[b]))
	}
	return c
}

// seatsOf is how many may come to a session as it is held.
func (s *search) seatsOf(b, col int) int {
	h := s.held[b][col]
	switch {
	case !h.held:
		return 0
	case h.room == none:
		return s.blocks[b].sessions[col].seats
	}
	return min(s.blocks[b].sessions[col].Seats, s.rooms[h.room].Seats)
}

// supports reports whether a session, as it is held, gives what a student needs.
func (s *search) supports(b, row, col int) bool {
	want := s.in.Students[s.blocks[b].students[row]].Supports
	if len(want) == 0 || s.loose {
		return true
	}
	h := s.held[b][col]
	var room, adult []string
	if h.room != none {
		room = s.rooms[h.room].Tags
	}
	if h.staff != none {
		adult = s.staff[h.staff].Tags
	}
	return covers(want, s.blocks[b].sessions[col].Supports, room, adult)
}

// set puts a row into a column.
func (s *search) set(b, row, col int) {
	s.tally(b, row, -1)
	s.at[b][row] = col
	s.tally(b, row, 1)
}

func (s *search) tally(b, row, by int) {
	col := s.at[b][row]
	if col == none {
		return
	}
	s.met(b, row, col, func(claim int) { s.count[claim] += by })
}

// met calls f for every claim that a row meets in a column.
func (m *model) met(b, row, col int, f func(claim int)) {
	blk := &m.blocks[b]
	f(m.variety(blk.students[row], blk.sessions[col].purpose))
	for _, l := range linksOf(blk.links[row], col) {
		f(l.claim)
	}
}

// linksOf returns the links of one column.
func linksOf(all []link, col int) []link {
	from, _ := slices.BinarySearchFunc(all, col, func(l link, c int) int { return l.col - c })
	to := from
	for to < len(all) && all[to].col == col {
		to++
	}
	return all[from:to]
}

// worth is what a row is worth in each column, where a claim is worth what value says.
func (s *search) worth(b, row int, value func(claim int) float64, out []float64) {
	blk := &s.blocks[b]
	can := blk.can[row]
	var byPurpose [16]float64
	for p := range Purposes {
		byPurpose[p] = s.w.Place + value(s.variety(blk.students[row], p))
	}
	for c := range out {
		if can[c] {
			out[c] = byPurpose[blk.sessions[c].purpose]
		} else {
			out[c] = assign.Never
		}
	}
	if k := blk.keep[row]; k != none {
		out[k] += s.w.Keep
	}
	for _, l := range blk.links[row] {
		out[l.col] += value(l.claim)
	}
	if only := blk.only[row]; only != nil {
		for c := range out {
			if n := times(only, c); n > 0 {
				if !s.soft {
					out[c] += s.must * float64(n)
				}
			} else {
				out[c] = assign.Never
			}
		}
	}
}

func times(cols []int, col int) (n int) {
	for _, c := range cols {
		if c == col {
			n++
		}
	}
	return n
}

// now is what a claim adds if it is met once more.
func (s *search) now(c int) float64 {
	switch {
	case s.count[c] > 0:
		return 0
	case s.claims[c].must:
		return s.must
	}
	return s.claims[c].value
}

// objective is what the solution is worth to the search: what is gained, and above all requirements
// and fixed sessions.
func (s *search) objective() float64 {
	n := 0
	for b := range s.held {
		for c, h := range s.held[b] {
			if h.held && s.blocks[b].sessions[c].State == Fixed {
				n++
			}
		}
	}
	return s.gained() + s.must*float64(s.kept()) + s.fixed*float64(n)
}

// kept counts the requirements that are kept.
func (s *search) kept() (n int) {
	for c, met := range s.count {
		if met > 0 && s.claims[c].must {
			n++
		}
	}
	for b := range s.blocks {
		for r, c := range s.at[b] {
			n += times(s.blocks[b].only[r], c)
		}
	}
	return n
}

// gained is the objective of docs/flex.md.
func (s *search) gained() float64 {
	sum := 0.0
	for c, n := range s.count {
		if n > 0 {
			sum += s.claims[c].value
		}
	}
	for b := range s.blocks {
		blk := &s.blocks[b]
		for r, c := range s.at[b] {
			if c == none {
				continue
			}
			sum += s.w.Place
			if blk.keep[r] == c {
				sum += s.w.Keep
			}
		}
		for c, h := range s.held[b] {
			sum -= s.cost(b, c, h.held)
		}
	}
	return sum
}

// cost is what holding a session, or not holding it, takes off.
func (s *search) cost(b, col int, held bool) float64 {
	switch state := s.blocks[b].sessions[col].State; {
	case held && state == Possible:
		return s.w.Opening
	case !held && (state == Offered || state == ""):
		return s.w.Closing
	}
	return 0
}

// base is what holding a session, whoever comes, is worth beside not holding it.
func (s *search) base(b, col int) float64 { return s.cost(b, col, false) - s.cost(b, col, true) }

// filled is what [search.best] found: what rows are worth in columns, and what a seat is, which is
// below 0 where a session may have to close for want of students.
type filled struct {
	worth [][]float64
	price []float64
}

// best assigns the students of one block anew, as well as can be for the sessions as they are
// held and the other blocks as they are. value says what a claim is worth. lift is added to
// every pair of a column, for search only.
//
// Where fewer come to a session than it must have, each up to that number brings a share of what
// the session is worth as such: its first seats are a column of their own.
func (s *search) best(b int, value func(claim int) float64, lift []float64) filled {
	blk := &s.blocks[b]
	was := slices.Clone(s.at[b])
	for r := range s.at[b] {
		s.set(b, r, none)
	}
	cols := len(blk.sessions)
	rows := table(len(blk.students), cols)
	for r := range rows {
		s.worth(b, r, value, rows[r])
		if len(s.in.Students[blk.students[r]].Supports) > 0 {
			for c := range rows[r] {
				if s.held[b][c].held && !s.supports(b, r, c) {
					rows[r][c] = assign.Never
				}
			}
		}
	}
	few := slices.Grow(slices.Clone(s.hints[b].few), cols)[:cols]
	first, lifted := make([]int, cols), make([]float64, cols) // the seats that bring a share, and what
	for c := range blk.sessions {
		if base, n := s.base(b, c), min(blk.sessions[c].least, s.seatsOf(b, c)); base > 0 && n > 0 {
			first[c], lifted[c] = n, base/float64(n)
		}
	}
	for {
		split := []int{}
		for c := range cols {
			if few[c] && first[c] > 0 {
				split = append(split, c)
			}
		}
		values, seats := rows, make([]int, cols+len(split))
		for c := range cols {
			seats[c] = s.seatsOf(b, c)
		}
		if len(split) > 0 || lift != nil {
			values = table(len(rows), cols+len(split))
			for r, row := range rows {
				copy(values[r], row)
				for c, l := range lift {
					values[r][c] += l
				}
				for k, c := range split {
					values[r][cols+k] = values[r][c]
					values[r][c] += lifted[c]
				}
			}
			for k, c := range split {
				seats[c], seats[cols+k] = first[c], seats[c]-first[c]
			}
		}
		found := assign.From(values, seats, s.hints[b].near, was)
		come := make([]int, cols)
		for r, c := range found.Column {
			if c >= cols {
				found.Column[r] = split[c-cols]
			}
			if c != none {
				come[found.Column[r]]++
			}
		}
		fewer := false
		for c, n := range come {
			if first[c] > 0 && n < first[c] && !few[c] {
				few[c], fewer = true, true
			}
		}
		if fewer {
			continue
		}
		price := slices.Clone(found.Price[:cols])
		for k, c := range split {
			price[c] = min(price[c]-lifted[c], found.Price[cols+k])
		}
		for c, l := range lift {
			price[c] -= l
		}
		for c, n := range come {
			few[c] = first[c] > 0 && n <= first[c]
		}
		s.hints[b] = hint{found.Price, few}
		for r, c := range found.Column {
			s.set(b, r, c)
		}
		return filled{rows, price}
	}
}

// table is a matrix in one piece.
func table(rows, cols int) [][]float64 {
	flat, out := make([]float64, rows*cols), make([][]float64, rows)
	for r := range out {
		out[r] = flat[r*cols : (r+1)*cols]
	}
	return out
}

// short returns the held columns to which too few come.
func (s *search) short(b int) []int {
	blk := &s.blocks[b]
	n, free := make([]int, len(blk.sessions)), make([]bool, len(blk.sessions))
	for r, c := range s.at[b] {
		if c != none {
			n[c]++
			free[c] = free[c] || s.required(b, r, c)
		}
	}
	var out []int
	for c, h := range s.held[b] {
		if x := &blk.sessions[c]; h.held && x.State != Fixed && !free[c] && n[c] < max(1, x.Least) {
			out = append(out, c)
		}
	}
	return out
}

// required reports whether a row is required in a column.
func (s *search) required(b, row, col int) bool {
	blk := &s.blocks[b]
	return slices.Contains(blk.only[row], col) ||
		slices.ContainsFunc(linksOf(blk.links[row], col), func(l link) bool { return s.claims[l.claim].must })
}

// lawful reports whether enough come to every session that is held.
func (s *search) lawful() bool {
	for b := range s.blocks {
		if s.short(b) != nil {
			return false
		}
	}
	return true
}

// priced finds the prices of a block and leaves its students as they are.
func (s *search) priced(b int) filled {
	at := slices.Clone(s.at[b])
	f := s.best(b, s.now, nil)
	for r, c := range at {
		s.set(b, r, c)
	}
	return f
}

// holding is about what each column adds to a block: what its students would lose, at the
// prices, if they had to go to what is next best for them.
func (s *search) holding(b int, f filled) []float64 {
	out := make([]float64, len(f.price))
	for r, c := range s.at[b] {
		if c == none {
			continue
		}
		out[c] += max(0, f.worth[r][c]-s.next(b, r, f))
	}
	return out
}

// next is what a row would have at the prices if it could not be where it is.
func (s *search) next(b, row int, f filled) float64 {
	best := 0.0
	for c, v := range f.worth[row] {
		if c != s.at[b][row] && s.held[b][c].held {
			best = max(best, v-f.price[c])
		}
	}
	return best
}

// gains are what students would gain at the prices by being in a column, greatest first.
func (s *search) gains(b, col int, f filled) []float64 {
	var out []float64
	for r, c := range s.at[b] {
		net := 0.0
		if c != none {
			net = f.worth[r][c] - f.price[c]
		}
		if g := f.worth[r][col] - net; g > 0 {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b float64) int { return cmp.Compare(b, a) })
	return out
}

// potential is what students would gain by a column that is not held.
func (s *search) potential(b, col int, f filled) float64 {
	sum := 0.0
	for i, g := range s.gains(b, col, f) {
		if i == s.blocks[b].sessions[col].seats {
			break
		}
		sum += g
	}
	return sum
}
