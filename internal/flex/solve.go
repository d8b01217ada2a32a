package flex

import (
	"cmp"
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// Rounds of search.
const (
	target      = .002 // the gap between objective and bound at which the search stops
	atRest      = 1e-5 // the share by which a step lowers the bound at which it has come to rest
	dualRounds  = 25   // steps of the bound, at most
	mostSlides  = 150  // moves of the bound down its slope
	wide        = .015 // the gap from which on that is worth its time
	mostSweeps  = 8    // passes over the blocks, each of which cannot make it worse
	mostOpening = 8    // sessions that a pass opens in one block
	mostInsist  = 40   // tries to keep one requirement
	mostUnmet   = 12   // requirements that are set aside one at a time; more, all at once
	mostFailed  = 300  // changes drawn that bring nothing, before the search ends
	mostFailing = 2    // of them that bring nothing before it leaves off
)

// Solve returns the best solution found before ctx ends, and at least one that keeps every
// rule. in must have passed [Instance.Check]. For one seed it is the same each time, unless it
// was stopped by the time. The seed draws the lottery among equals, and what is tried.
//
// What counts once in the week is relaxed by prices (Lagrange; Fisher, 1981), which gives the
// bound. Students plan their weeks at those prices, and each block is solved exactly as an
// assignment problem while the others stand; rooms and staff are assigned by what their sessions
// are worth. Then parts of it are decided anew, over and over, and kept where that is no worse
// (large neighbourhood search; Shaw, 1998).
func Solve(ctx context.Context, in *Instance, seed uint64) *Solution {
	rng := rand.New(rand.NewPCG(seed, 0x56415259))
	m := compile(in, seed, nil)
	s, d := m.solve(ctx)
	for {
		s.insist(ctx, s.open(), rng)
		unmet := s.open()
		if len(unmet) == 0 {
			break
		}
		left := maps.Clone(s.left)
		for i, k := range unmet {
			if i == 0 || ctx.Err() != nil || len(unmet) > mostUnmet { // one at a time: without it the others may be kept
				left[k] = true
			}
		}
		s = compile(in, seed, left).adopt(s)
		if s.open() == nil {
			d = newDual(s)
			d.prove(ctx, s.gained())
		}
	}
	bound, stopped := d.least, "done"
	if bound-s.gained() > wide*math.Abs(bound) {
		bound = d.slide(ctx, s.gained())
	}
	if bound-s.gained() > target*math.Abs(bound) {
		s.vary(ctx, rng)
	}
	if ctx.Err() != nil {
		stopped = "time"
	}
	return s.solution(seed, bound, stopped)
}

func (m *model) solve(ctx context.Context) (best *search, d *dual) {
	best = newSearch(m)
	best.warm()
	for b := range best.blocks { // even where the time is up
		if best.short(b) != nil {
			best.settle(b, best.best(b, best.now, nil))
		}
	}
	d = newDual(best)
	d.prove(ctx, best.gained())
	if len(m.in.Published) > 0 {
		best.improve(ctx)
	} else if next := newSearch(m); ctx.Err() == nil {
		next.follow(d)
		next.improve(ctx)
		if next.objective() > best.objective()+1e-9 && next.lawful() {
			best = next
		}
	}
	return best, d
}

// adopt makes another model's solution one of this, in which more requirements are set aside.
func (m *model) adopt(old *search) *search {
	s := newSearch(m)
	s.hints = old.hints
	for b := range m.blocks {
		copy(s.held[b], old.held[b])
		for r, c := range old.at[b] {
			if c != none {
				s.set(b, r, c)
			}
		}
	}
	for b := range m.blocks {
		s.try(func() { s.settle(b, s.best(b, s.now, nil)) }, b)
	}
	return s
}

// open returns the requirements that are not kept and not set aside, by index.
func (s *search) open() (out []int) {
	for _, k := range s.unmet() {
		if !s.left[k] {
			out = append(out, k)
		}
	}
	return out
}

// insist tries to keep requirements by holding one of their sessions, whoever gives way for it, in
// this block and, as drawn, in another.
func (s *search) insist(ctx context.Context, unmet []int, rng *rand.Rand) {
	for _, k := range unmet {
		at := s.choices(s.in.Required[k])
		for range mostInsist {
			if ctx.Err() != nil || s.inOne(s.studentAt[s.in.Required[k].Student], at) {
				break
			}
			session := at[rng.IntN(len(at))]
			blocks := []int{s.blockOf[session]}
			if other := rng.IntN(len(s.blocks)); other != blocks[0] && rng.IntN(2) == 0 {
				blocks = append(blocks, other)
			}
			s.try(func() {
				b, wait := blocks[0], rng.Float64()
				switch rng.IntN(4) {
				case 0:
				case 1:
					f := s.best(b, s.now, nil)
					s.arrange(b, s.holding(b, f), s.come(b), f.price)
				default:
					s.hold(b, s.colOf[session], rng)
				}
				for _, b := range blocks[1:] {
					if n := len(s.blocks[b].sessions); n > 0 {
						s.hold(b, rng.IntN(n), rng)
					}
					for r := range s.at[b] {
						s.set(b, r, none)
					}
				}
				s.best(b, func(c int) float64 { // who could be required elsewhere makes room
					v := s.now(c)
					if s.claims[c].must {
						v *= wait
					}
					return v
				}, nil)
				for _, b := range append(blocks[1:], blocks[0]) {
					s.settle(b, s.best(b, s.now, nil))
				}
			}, blocks...)
		}
	}
}

// hold holds a session, by whom and where as drawn; what stands in its way closes.
func (s *search) hold(b, c int, rng *rand.Rand) {
	x := &s.blocks[b].sessions[c]
	if !s.could(x) {
		return
	}
	h := setting{held: true, room: none, staff: none}
	draw := func(of []int, used func(setting) int) int {
		at := of[rng.IntN(len(of))]
		for d, o := range s.held[b] {
			if d != c && o.held && used(o) == at {
				s.held[b][d] = closed
			}
		}
		return at
	}
	if len(x.Staff) > 0 {
		h.staff = draw(x.staff, func(o setting) int { return o.staff })
	}
	if len(s.rooms) > 0 {
		h.room = draw(x.rooms, func(o setting) int { return o.room })
	}
	s.held[b][c] = h
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
			s.try(func() { s.settle(b, s.best(b, s.now, nil)) }, b)
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

// try changes some blocks and takes the change back where it made a solution that kept the
// rules worse. It reports whether the solution is better now.
func (s *search) try(change func(), blocks ...int) bool {
	score, kept := s.objective(), true
	held, at := make([][]setting, len(blocks)), make([][]int, len(blocks))
	for k, b := range blocks {
		held[k], at[k] = slices.Clone(s.held[b]), slices.Clone(s.at[b])
		kept = kept && s.short(b) == nil
	}
	change()
	after := s.objective()
	lawful := !slices.ContainsFunc(blocks, func(b int) bool { return s.short(b) != nil })
	if !kept || lawful && after >= score-1e-9 {
		return !kept || after > score+1e-9
	}
	for k, b := range blocks {
		copy(s.held[b], held[k])
		for r, c := range at[k] {
			s.set(b, r, c)
		}
	}
	return false
}

// vary looks for better solutions near this one until ctx ends or nothing was found for long: some
// blocks are decided anew together, or one block with other sessions, rooms and adults, as drawn.
func (s *search) vary(ctx context.Context, rng *rand.Rand) {
	for failed := 0; failed < mostFailed && ctx.Err() == nil; failed++ {
		change := s.otherwise
		if rng.IntN(2) == 0 {
			change = s.together
		}
		if change(rng) {
			failed = 0
		}
	}
}

// together decides some blocks anew, one after the other, and each once more beside the others.
// What can still be met in a later one of them counts less at first.
func (s *search) together(rng *rand.Rand) bool {
	chosen := rng.Perm(len(s.blocks))[:min(len(s.blocks), 2+rng.IntN(3))]
	wait := rng.Float64()
	return s.try(func() {
		for _, b := range chosen {
			for r := range s.at[b] {
				s.set(b, r, none)
			}
		}
		for k, b := range chosen {
			s.best(b, func(c int) float64 {
				v := s.now(c)
				if v > 0 && k < len(chosen)-1 && s.claims[c].many && !s.claims[c].must {
					v *= wait
				}
				return v
			}, nil)
		}
		for _, b := range chosen {
			s.settle(b, s.best(b, s.now, nil))
		}
	}, chosen...)
}

// otherwise holds other sessions of a block, or the same by other adults and in other rooms.
func (s *search) otherwise(rng *rand.Rand) bool {
	b := rng.IntN(len(s.blocks))
	if len(s.blocks[b].sessions) == 0 {
		return false
	}
	return s.try(func() {
		f := s.best(b, s.now, nil)
		switch blk := &s.blocks[b]; rng.IntN(3) {
		case 0: // all, by what each is about worth
			hold, come := s.holding(b, f), s.come(b)
			for c := range hold {
				if !s.held[b][c].held {
					hold[c] = s.potential(b, c, f)
				}
				hold[c] *= .5 + rng.Float64()
			}
			s.arrange(b, hold, come, f.price)
		case 1: // a session that is held closes
			if c := rng.IntN(len(blk.sessions)); s.held[b][c].held && blk.sessions[c].State != Fixed {
				s.held[b][c] = closed
			}
		default: // another is held, where and by whom somebody else may have been, and asks students to come
			c := rng.IntN(len(blk.sessions))
			if !s.held[b][c].held || rng.IntN(4) == 0 {
				h, ok := s.free(b, c)
				if ok && rng.IntN(2) == 0 {
					s.held[b][c] = h
				} else {
					s.hold(b, c, rng)
				}
			}
			if blk.sessions[c].least > 1 { // whom it draws may leave others empty
				lift := make([]float64, len(blk.sessions))
				lift[c] = 3 * rng.Float64() * max(s.w.Place, s.w.Variety, s.w.Closing, .1)
				s.best(b, s.now, lift)
				for d, n := range s.come(b) {
					if n == 0 && blk.sessions[d].State != Fixed {
						s.held[b][d] = closed
					}
				}
				if s.short(b) == nil {
					return
				}
			}
		}
		s.settle(b, s.best(b, s.now, nil))
	}, b)
}

// settle closes sessions to which too few come, one after the other: whom they send away may fill
// the others.
func (s *search) settle(b int, f filled) {
	for {
		few := s.short(b)
		if few == nil {
			return
		}
		come, hold := s.come(b), s.holding(b, f)
		if some := slices.DeleteFunc(slices.Clone(few), func(c int) bool { return come[c] == 0 }); len(some) > 0 {
			// The emptiest goes first, of those the one that is worth least to its students.
			lack := func(c int) float64 {
				least := float64(max(1, s.blocks[b].sessions[c].Least))
				return s.base(b, c)*float64(come[c])/least + hold[c]
			}
			slices.SortFunc(some, func(x, y int) int { return cmp.Or(cmp.Compare(lack(x), lack(y)), x-y) })
			few = some[:1+len(some)/8]
		}
		for _, c := range few {
			s.held[b][c] = closed
		}
		f = s.best(b, s.now, nil)
	}
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
			if g := s.potential(b, c, f) + s.base(b, c); g > gain+1e-9 {
				gain, which, with = g, c, h
			}
		}
		if which == none {
			break
		}
		if !s.try(func() { s.held[b][which] = with; s.settle(b, s.best(b, s.now, nil)) }, b) {
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
		if hold[c] < 1.5*s.w.Opening && s.try(func() { s.held[b][c] = closed; s.settle(b, s.best(b, s.now, nil)) }, b) {
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
		s.try(func() {
			s.arrange(b, hold, come, f.price)
			s.settle(b, s.best(b, s.now, nil))
		}, b)
	}
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
