package flex

import (
	"cmp"
	"context"
	"math"
	"slices"

	"waymark/internal/assign"
)

// search is a solution in the making.
type search struct {
	*model
	held  [][]setting // block, column
	at    [][]int     // block, row: the column, or none
	count []int       // of each claim: how often it is met
	loose bool        // rooms and adults are no limit
}

// setting is how a session is held.
type setting struct {
	held        bool
	room, staff int // or none
}

// closed is how a session is that does not take place.
var closed = setting{room: none, staff: none}

func newSearch(m *model) *search {
	s := &search{model: m, count: make([]int, len(m.claims))}
	for b := range m.blocks {
		s.held = append(s.held, slices.Repeat([]setting{closed}, len(m.blocks[b].sessions)))
		s.at = append(s.at, slices.Repeat([]int{none}, len(m.blocks[b].students)))
	}
	return s
}

func (s *search) clone() *search {
	c := &search{model: s.model, count: slices.Clone(s.count)}
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
			if slices.Contains(only, c) {
				out[c] += must
			} else {
				out[c] = assign.Never
			}
		}
	}
}

// now is what a claim adds if it is met once more.
func (s *search) now(c int) float64 {
	switch {
	case s.count[c] > 0:
		return 0
	case s.claims[c].must:
		return must
	}
	return s.claims[c].value
}

// objective is what the solution is worth to the search: what is gained, and requirements
// above all.
func (s *search) objective() float64 { return s.gained() + must*float64(s.kept()) }

// kept counts the requirements that are kept.
func (s *search) kept() (n int) {
	for c, met := range s.count {
		if met > 0 && s.claims[c].must {
			n++
		}
	}
	for b := range s.blocks {
		for r, c := range s.at[b] {
			if c != none && slices.Contains(s.blocks[b].only[r], c) {
				n++
			}
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

// filled is what [search.best] found: what rows are worth in columns, and what a seat is.
type filled struct {
	worth [][]float64
	price []float64
}

// best assigns the students of one block anew, as well as can be for the sessions as they are
// held and the other blocks as they are. value says what a claim is worth. lift is added to
// every pair of a column, for search only.
func (s *search) best(b int, value func(claim int) float64, lift []float64) filled {
	blk := &s.blocks[b]
	for r := range s.at[b] {
		s.set(b, r, none)
	}
	rows := make([][]float64, len(blk.students))
	flat := make([]float64, len(blk.students)*len(blk.sessions))
	for r := range rows {
		rows[r] = flat[r*len(blk.sessions) : (r+1)*len(blk.sessions)]
		s.worth(b, r, value, rows[r])
		if len(s.in.Students[blk.students[r]].Supports) > 0 {
			for c := range rows[r] {
				if s.held[b][c].held && !s.supports(b, r, c) {
					rows[r][c] = assign.Never
				}
			}
		}
		for c, l := range lift {
			rows[r][c] += l
		}
	}
	seats := make([]int, len(blk.sessions))
	for c := range seats {
		seats[c] = s.seatsOf(b, c)
	}
	found := assign.From(rows, seats, blk.near)
	blk.near = found.Price
	for r, c := range found.Column {
		s.set(b, r, c)
	}
	return filled{rows, found.Price}
}

// Rounds of search.
const (
	target      = .002 // the gap between objective and bound at which the search stops
	dualRounds  = 25   // steps of the prices between two solutions
	mostRestart = 10   // solutions made from prices
	mostSweeps  = 8    // passes over the blocks, each of which cannot make it worse
	mostOpening = 8    // sessions that a pass opens in one block
	mostFailing = 2    // of them that bring nothing before it leaves off
)

// Solve returns the best solution found before ctx ends, and at least one that keeps every
// rule. in must have passed [Instance.Check]. For one seed it is the same each time, unless it
// was stopped by the time. The seed draws the lottery among equals.
//
// What counts once in the week is relaxed by prices (Lagrange; Fisher, 1981), which gives the
// bound, and followed at those prices to solutions: each block is solved exactly as an
// assignment problem while the others stand, over and over until nothing gains; rooms and
// staff are assigned by what their sessions are worth at those prices.
func Solve(ctx context.Context, in *Instance, seed uint64) *Solution {
	left := map[int]bool{}
	for {
		m := compile(in, seed, left)
		s, bound, stopped := m.solve(ctx)
		more := false
		for _, k := range s.unmet() {
			if !left[k] && (!more || ctx.Err() != nil) { // one at a time: without it the others may be kept
				more, left[k] = true, true
			}
		}
		if !more {
			return s.solution(seed, bound, stopped)
		}
	}
}

func (m *model) solve(ctx context.Context) (best *search, bound float64, stopped string) {
	best = newSearch(m)
	best.warm()
	best.improve(ctx)
	for b := range best.blocks { // even where the time is up
		if best.short(b) != nil {
			best.settle(b, best.best(b, best.now, nil))
		}
	}
	score, gained := best.objective(), best.gained()
	d := newDual(best)
	for range mostRestart {
		for range dualRounds {
			bound = d.step(gained)
			if bound-gained <= target*math.Abs(bound) {
				return best, bound, "done"
			}
			if ctx.Err() != nil {
				return best, bound, "time"
			}
		}
		next := newSearch(m)
		next.follow(d)
		next.improve(ctx)
		if v := next.objective(); v > score+1e-9 && next.lawful() {
			best, score, gained = next, v, next.gained()
			d.hold(best)
		}
	}
	return best, bound, "done"
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

// improve goes over the blocks until nothing gains.
func (s *search) improve(ctx context.Context) {
	score := s.objective()
	for sweep := range mostSweeps {
		before := score
		for b := range s.blocks {
			if ctx.Err() != nil {
				return
			}
			s.try(b, func() { s.settle(b, s.best(b, s.now, nil)) })
			if sweep < 2 {
				s.rearrange(b)
				s.reopen(ctx, b)
			}
		}
		if score = s.objective(); score <= before+1e-9*math.Abs(before) {
			return
		}
	}
}

// try changes one block and takes the change back where it made a solution that kept the
// rules worse. It reports whether the change stands.
func (s *search) try(b int, change func()) bool {
	held, at, score, kept := slices.Clone(s.held[b]), slices.Clone(s.at[b]), s.objective(), s.short(b) == nil
	change()
	if !kept || s.objective() > score+1e-9 {
		return true
	}
	copy(s.held[b], held)
	for r, c := range at {
		s.set(b, r, c)
	}
	return false
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

// settle fills sessions to which too few come, as far as that is worth it, and closes the
// others.
func (s *search) settle(b int, f filled) {
	for _, extra := range []float64{.5, 1, 2} {
		few := s.short(b)
		if few == nil {
			return
		}
		lift := make([]float64, len(s.held[b]))
		some := false
		for _, c := range few {
			if s.blocks[b].sessions[c].Least > 1 {
				lift[c], some = extra, true
			}
		}
		if !some {
			break
		}
		f = s.best(b, s.now, lift)
	}
	for {
		few := s.short(b)
		if few == nil {
			return
		}
		// The one that is worth least closes first: its students may fill the others.
		hold := s.holding(b, f)
		slices.SortFunc(few, func(x, y int) int { return cmp.Or(cmp.Compare(hold[x], hold[y]), x-y) })
		sent := false // somebody to another session
		for _, c := range few {
			if !slices.Contains(s.at[b], c) {
				s.held[b][c] = closed
				continue
			}
			if !sent {
				s.held[b][c], sent = closed, true
			}
		}
		f = s.best(b, s.now, nil)
	}
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

// reopen tries to hold what is not, where students would gain, and to close what was opened
// for too few.
func (s *search) reopen(ctx context.Context, b int) {
	blk := &s.blocks[b]
	tried := map[int]bool{}
	for range mostOpening {
		if ctx.Err() != nil || !slices.ContainsFunc(s.held[b], func(h setting) bool { return !h.held }) {
			break
		}
		f := s.priced(b)
		gain, which := 0.0, none
		var with setting
		for c := range blk.sessions {
			if s.held[b][c].held {
				continue
			}
			h, ok := s.free(b, c)
			if !ok {
				continue
			}
			if tried[c] {
				continue
			}
			if g := s.potential(b, c, f) + s.cost(b, c, false) - s.cost(b, c, true); g > gain+1e-9 {
				gain, which, with = g, c, h
			}
		}
		if which == none {
			break
		}
		if !s.try(b, func() { s.held[b][which] = with; s.settle(b, s.best(b, s.now, nil)) }) {
			if tried[which] = true; len(tried) == mostFailing {
				break
			}
		}
	}
	var hold []float64 // as long as nothing changes
	for c := range blk.sessions {
		if ctx.Err() != nil || !s.held[b][c].held || blk.sessions[c].State != Possible {
			continue
		}
		if hold == nil {
			hold = s.holding(b, s.priced(b))
		}
		if hold[c] < 1.5*s.w.Opening && s.try(b, func() { s.held[b][c] = closed; s.settle(b, s.best(b, s.now, nil)) }) {
			hold = nil
		}
	}
}

// rearrange tries other rooms and adults: by what the students gain by the sessions as they
// are, and would gain by those that are not held.
func (s *search) rearrange(b int) {
	f := s.priced(b)
	hold, come, limited := s.holding(b, f), s.come(b), false
	for c := range hold {
		x := &s.blocks[b].sessions[c]
		if !s.held[b][c].held {
			hold[c] = s.potential(b, c, f)
			limited = limited || s.could(x) && hold[c] > 0
		} else if f.price[c] > 0 && s.seatsOf(b, c) < x.seats {
			limited = true
		}
	}
	if limited {
		s.try(b, func() {
			s.arrange(b, hold, come, f.price)
			s.settle(b, s.best(b, s.now, nil))
		})
	}
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

// free finds a room and an adult that are free for a session.
func (s *search) free(b, col int) (setting, bool) {
	x := &s.blocks[b].sessions[col]
	h := setting{held: true, room: none, staff: none}
	if len(x.Staff) > 0 {
		i := slices.IndexFunc(x.staff, func(t int) bool {
			return !slices.ContainsFunc(s.held[b], func(o setting) bool { return o.held && o.staff == t })
		})
		if i < 0 {
			return h, false
		}
		h.staff = x.staff[i]
	}
	if len(s.rooms) == 0 {
		return h, true
	}
	for _, r := range x.rooms {
		if slices.ContainsFunc(s.held[b], func(o setting) bool { return o.held && o.room == r }) {
			continue
		}
		if h.room == none || better(s.rooms[r].Seats, s.rooms[h.room].Seats, x.Seats) {
			h.room = r
		}
	}
	return h, h.room != none
}

// better reports whether a room with a seats suits want better than one with b: as many of the
// seats as can be used, and no larger than it need be.
func better(a, b, want int) bool {
	if min(a, want) != min(b, want) {
		return a > b
	}
	return a < b
}
