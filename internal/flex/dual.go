package flex

import (
	"math"
	"slices"

	"waymark/internal/assign"
)

// dual is a set of prices: of meeting a claim in one block rather than in another. At such
// prices the blocks are independent, and each is an assignment problem with prices of its own
// for seats. Any prices prove a bound on the objective.
type dual struct {
	*search           // what the blocks do at the prices; its sessions stay as they are held
	price   []float64 // of claims that can be met in several blocks, from 0 to the claim's value
	way     []float64 // where the last steps went
	near    bool      // prices move after each block
	low     []float64 // the lowest that each was in a step
	least   float64   // bound so far
	stuck   int       // steps since it fell
	pace    float64
}

// newDual starts from a solution: a claim that is not met costs all that it is worth, one that
// is met twice nothing, and one that is met once what the student gives up for it.
func newDual(s *search) *dual {
	d := &dual{search: s.clone(), price: make([]float64, len(s.claims)), low: make([]float64, len(s.claims)), way: make([]float64, len(s.claims)), least: math.Inf(1), pace: 1}
	for c, x := range d.claims {
		switch {
		case x.must:
			d.price[c] = 5
		case s.count[c] == 0:
			d.price[c] = x.value
		}
	}
	for b := range d.blocks {
		f := s.priced(b)
		for r, c := range s.at[b] {
			if c == none {
				continue
			}
			margin := max(0, f.worth[r][c]-f.price[c]-s.next(b, r, f))
			s.met(b, r, c, func(claim int) {
				if x := d.claims[claim]; !x.must && s.count[claim] == 1 {
					d.price[claim] = max(0, x.value-margin)
				}
			})
		}
	}
	return d
}

// hold lets the dual work with the sessions as another solution holds them.
func (d *dual) hold(s *search) {
	for b := range d.held {
		copy(d.held[b], s.held[b])
	}
}

// value is what a claim is worth in one block at the prices.
func (d *dual) value(c int) float64 {
	if d.claims[c].many || d.claims[c].must {
		return d.price[c]
	}
	return d.claims[c].value
}

// step evaluates the bound and moves the prices along its slope towards a lower one. Once they
// are near, they move after each block, with what the others last did: such steps come
// sooner to the same prices (Zhao, Luh and Wang, 1999). target is the objective of the best
// solution known. It returns the least bound so far.
//
// A claim has had several prices by then. Whichever block meets it, its value is at most the
// price there and what is missing from the lowest price to the value; so the bound takes the
// lowest.
func (d *dual) step(target float64) float64 {
	copy(d.low, d.price)
	bound := 0.0
	for b := range d.blocks {
		bound += d.bound(b, d.best(b, d.value, nil))
		if d.near {
			d.move(target, 1.2*d.pace/float64(len(d.blocks)))
		}
	}
	for c, x := range d.claims {
		switch {
		case x.must:
			bound -= d.low[c]
		case x.many:
			bound += x.value - d.low[c]
		}
	}
	if bound < d.least-1e-4*math.Abs(d.least) {
		d.stuck = 0
	} else if d.stuck++; d.stuck >= 2 {
		d.pace, d.stuck = d.pace*.75, 0
	}
	d.least = min(d.least, bound)
	if !d.near {
		d.move(target, d.pace)
		d.near = d.least-target < near*math.Abs(d.least)
	}
	return d.least
}

// near is the gap from which on prices move after each block.
const near = .1

// move takes a share of the step of Polyak (1969) from what students do now, bent by the way of
// the steps before, which keeps prices from going to and fro (Camerini, Fratta and Maffioli, 1975).
func (d *dual) move(target, pace float64) {
	norm := 0.0
	for c, x := range d.claims {
		if !x.many && !x.must {
			continue
		}
		w := float64(d.count[c]-1) + bending*d.way[c]
		if d.price[c] <= 0 && w > 0 || !x.must && d.price[c] >= x.value && w < 0 {
			w = 0
		}
		d.way[c] = w
		norm += w * w
	}
	if norm == 0 {
		return
	}
	length := pace * max(d.least-target, 1e-4*math.Abs(d.least)) / norm
	for c, w := range d.way {
		if w != 0 {
			d.price[c] = max(0, d.price[c]-length*w)
			if !d.claims[c].must {
				d.price[c] = min(d.price[c], d.claims[c].value)
			}
			d.low[c] = min(d.low[c], d.price[c])
		}
	}
}

// bending is the share of the last way that a step keeps.
const bending = .5

// bound returns what no solution of one block exceeds at the prices.
func (d *dual) bound(b int, f filled) float64 {
	blk := &d.blocks[b]
	seat := slices.Clone(f.price)
	for c := range seat {
		if !d.held[b][c].held {
			seat[c] = d.keepOut(b, c, f)
		}
	}
	sum := d.rooms(b, seat)
	row := make([]float64, len(seat))
	for r := range blk.students {
		worth := f.worth[r]
		if len(d.in.Students[blk.students[r]].Supports) > 0 { // some other room or adult might do
			d.worth(b, r, d.value, row)
			worth = row
		}
		best := 0.0
		if blk.only[r] != nil {
			best = math.Inf(-1)
		}
		for c, v := range worth {
			best = max(best, v-seat[c])
		}
		if blk.only[r] != nil {
			best -= must
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
	price := max(0, s.cost(b, col, true)-s.cost(b, col, false)) / float64(seats)
	if len(gains) > seats {
		price = max(price, gains[seats])
	}
	return price
}

// rooms returns the most that the seats of a block can be worth at prices of seats, whoever
// leads and wherever they are, less what opening and closing takes off.
func (d *dual) rooms(b int, seat []float64) float64 {
	blk := &d.blocks[b]
	base, alone, free := 0.0, 0.0, 0.0
	byRoom, byStaff := make([][]float64, len(blk.sessions)), make([][]float64, len(blk.sessions))
	for c := range blk.sessions {
		x := &blk.sessions[c]
		base -= d.cost(b, c, false)
		byRoom[c], byStaff[c] = slices.Repeat(never, len(d.model.rooms)), slices.Repeat(never, len(d.staff))
		if !d.could(x) {
			continue
		}
		gain := func(seats int) float64 {
			return seat[c]*float64(seats) + d.cost(b, c, false) - d.cost(b, c, true)
		}
		for _, r := range x.rooms {
			byRoom[c][r] = gain(min(x.Seats, d.model.rooms[r].Seats))
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
	if len(d.model.rooms) > 0 {
		least = min(least, assign.Best(byRoom, slices.Repeat(one, len(d.model.rooms))).Value)
	}
	if len(d.staff) > 0 {
		least = min(least, free+assign.Best(byStaff, slices.Repeat(one, len(d.staff))).Value)
	}
	return base + least
}
