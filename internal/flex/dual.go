package flex

import (
	"context"
	"math"
	"slices"

	"waymark/internal/assign"
)

// dual proves a bound on the objective by two kinds of prices: of seats, and of meeting a claim in
// one block rather than in another. At prices of seats each student's week is a problem of its own
// ([week]); at prices of claims each block is one ([assign.From]). The two take turns, and neither
// raises the bound.
type dual struct {
	m     *model
	week  *week
	price []float64   // of claims that can be met in several blocks, from 0 to the claim's value
	seat  [][]float64 // of sessions: block, column; below 0 where a session lacks students
	least float64     // bound so far
	steps int

	// Prices of seats come from the sessions as the best known solution holds them, or from all
	// that could be held, as if rooms and adults were no limit: whichever proves more.
	held, loose *search
	lift        [][]float64
	byLoose     []bool // of each block
}

func newDual(s *search) *dual {
	d := &dual{m: s.model, week: newWeek(s.model), price: make([]float64, len(s.claims)), least: math.Inf(1),
		held: s.clone(), loose: newSearch(s.model), byLoose: make([]bool, len(s.blocks))}
	d.loose.loose, d.loose.soft, d.held.soft = true, true, true
	for b := range d.m.blocks {
		d.lift = append(d.lift, d.loose.loosen(b))
		d.seat = append(d.seat, d.seats(b, s.now))
	}
	return d
}

// value is what a claim is worth in one block at the prices.
func (d *dual) value(c int) float64 {
	if d.m.claims[c].many || d.m.claims[c].must {
		return d.price[c]
	}
	return d.m.claims[c].value
}

// evaluate returns what no solution exceeds at the prices of seats, and moves those of claims.
func (d *dual) evaluate() float64 {
	bound := 0.0
	for b, seat := range d.seat {
		bound += d.rooms(b, seat)
	}
	for i := range d.m.in.Students {
		bound += d.week.least(i, d.seat, d.price)
	}
	d.least = min(d.least, bound)
	return bound
}

// step lets students and blocks take their turns.
func (d *dual) step() {
	d.evaluate()
	for b := range d.seat {
		d.seat[b] = d.seats(b, d.value)
	}
	d.steps++
}

// slide moves prices of claims down the slope of the bound, as far as it is above what was gained
// (Polyak, 1969), and lets the turns go on from there: they may come to rest above the lowest bound,
// where several prices would have to move together.
func (d *dual) slide(ctx context.Context, gained float64) float64 {
	met := make([]float64, len(d.m.claims))
	pace, stuck, mark := 1.0, 0, d.least
	for n := range mostSlides {
		if n%5 == 4 {
			if mark-d.least < 1e-3*math.Abs(mark) {
				break // it costs more time than it is worth
			}
			mark = d.least
		}
		before := d.least
		if d.evaluate(); ctx.Err() != nil || d.least-gained <= target*math.Abs(d.least) {
			break
		}
		if d.least < before-atRest*math.Abs(before) {
			stuck = 0
		} else if stuck++; stuck == 3 {
			pace, stuck = pace*.7, 0
		}
		clear(met)
		for b := range d.seat {
			d.seat[b] = d.seats(b, d.value)
			s := d.held
			if d.byLoose[b] {
				s = d.loose
			}
			for r, c := range s.at[b] {
				if c != none {
					d.m.met(b, r, c, func(claim int) { met[claim]++ })
				}
			}
		}
		norm := 0.0
		for c, x := range d.m.claims {
			if met[c]--; !x.many && !x.must || d.price[c] <= 0 && met[c] > 0 || !x.must && d.price[c] >= x.value && met[c] < 0 {
				met[c] = 0
			}
			norm += met[c] * met[c]
		}
		if norm == 0 {
			break
		}
		length := pace * (d.least - gained) / norm
		for c, w := range met {
			if w != 0 {
				d.price[c] = max(0, d.price[c]-length*w)
				if !d.m.claims[c].must {
					d.price[c] = min(d.price[c], d.m.claims[c].value)
				}
			}
		}
		for b := range d.seat {
			d.seat[b] = d.seats(b, d.value)
		}
		d.steps++
	}
	return d.least
}

// prove takes steps until the bound rests, or is near what is gained, or ctx ends; at least one.
func (d *dual) prove(ctx context.Context, gained float64) {
	for range dualRounds {
		before := d.least
		d.step()
		if before-d.least < atRest*math.Abs(d.least) || d.least-gained <= target*math.Abs(d.least) || ctx.Err() != nil {
			break
		}
	}
}

// seats returns prices of the seats of one block.
func (d *dual) seats(b int, value func(claim int) float64) []float64 {
	both := d.steps%8 == 0
	var out []float64
	least := math.Inf(1)
	for _, loose := range []bool{false, true} {
		if !both && loose != d.byLoose[b] {
			continue
		}
		s, lift := d.held, []float64(nil)
		if loose {
			s, lift = d.loose, d.lift[b]
		}
		f := s.best(b, value, lift)
		seat := slices.Clone(f.price)
		for c := range seat {
			switch {
			case !d.m.could(&d.m.blocks[b].sessions[c]):
				seat[c] = math.Inf(1)
			case !s.held[b][c].held:
				seat[c] = s.keepOut(b, c, f)
			}
		}
		if both {
			bound := d.bound(b, f, seat, value)
			if bound >= least {
				continue
			}
			least, d.byLoose[b] = bound, loose
		}
		out = seat
	}
	return out
}

// bound returns what no solution of one block exceeds at some prices of seats.
func (d *dual) bound(b int, f filled, seat []float64, value func(claim int) float64) float64 {
	blk := &d.m.blocks[b]
	sum := d.rooms(b, seat)
	row := make([]float64, len(seat))
	for r := range blk.students {
		worth := f.worth[r]
		if len(d.m.in.Students[blk.students[r]].Supports) > 0 { // some other room or adult might do
			d.held.worth(b, r, value, row)
			worth = row
		}
		best := 0.0
		if blk.only[r] != nil {
			best = math.Inf(-1)
		}
		for c, v := range worth {
			best = max(best, v-seat[c])
		}
		sum += best
	}
	return sum
}

// keepOut is the price of a session that is not held: the one at which as many would come as
// it has seats, or that pays for holding it.
func (s *search) keepOut(b, col int, f filled) float64 {
	seats := s.blocks[b].sessions[col].seats
	if seats == 0 {
		return 0
	}
	gains := s.gains(b, col, f)
	price := -s.base(b, col) / float64(seats)
	if least := s.blocks[b].sessions[col].least; price < 0 {
		price = -s.base(b, col) / float64(max(1, least))
	}
	if len(gains) > seats {
		price = max(price, gains[seats])
	}
	return price
}

// rooms returns the most that the seats of a block can be worth at prices of seats, whoever leads
// and wherever they are, less what opening and closing takes off.
func (d *dual) rooms(b int, seat []float64) float64 {
	blk := &d.m.blocks[b]
	base, alone, free := 0.0, 0.0, 0.0
	byRoom, byStaff := make([][]float64, len(blk.sessions)), make([][]float64, len(blk.sessions))
	for c := range blk.sessions {
		x := &blk.sessions[c]
		base -= d.held.cost(b, c, false)
		byRoom[c], byStaff[c] = slices.Repeat(never, len(d.m.rooms)), slices.Repeat(never, len(d.m.staff))
		if !d.m.could(x) {
			continue
		}
		gain := func(seats int) float64 { // at least the least come, who are paid for where the price is below 0
			return max(seat[c]*float64(seats), seat[c]*float64(min(x.least, seats))) + d.held.base(b, c)
		}
		for _, r := range x.rooms {
			byRoom[c][r] = gain(min(x.Seats, d.m.rooms[r].Seats))
		}
		for _, t := range x.staff {
			byStaff[c][t] = gain(x.seats)
		}
		if len(x.Staff) == 0 {
			free += max(0, gain(x.seats))
		}
		alone += max(0, gain(x.seats))
	}
	least := alone
	if len(d.m.rooms) > 0 {
		least = min(least, assign.Best(byRoom, slices.Repeat(one, len(d.m.rooms))).Value)
	}
	if len(d.m.staff) > 0 {
		least = min(least, free+assign.Best(byStaff, slices.Repeat(one, len(d.m.staff))).Value)
	}
	return base + least
}
