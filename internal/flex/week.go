package flex

import (
	"math"
	"math/bits"
	"slices"
)

// week solves what one student does in all blocks, at given prices of seats: a little problem
// of its own, since only the student's claims tie the blocks together.
type week struct {
	*model
	student int
	all     []option   // of all blocks
	options [][]option // of each block, a part of all
	idle    []bool     // of each block: the student may have no session there
	claims  []weekly
	low     []float64 // the prices of claims that proved the least bound
	pick    []int     // of each block: an option, or none
	met     []int     // of each claim: how often the pick meets it
}

// option is a session that a student could come to, or the cheapest of those that are alike.
type option struct {
	col  int
	own  float64 // what it is worth without claims
	meet uint64  // claims that it meets, a bit each
	sum  float64 // own, and the prices of claims
}

// weekly is a claim of the student that several blocks could meet.
type weekly struct {
	claim
	id    int
	price float64
}

// mostWeekly is how many claims of one student a week can tell apart. Others count in each block
// that meets them, and requirements not at all, which leaves the bound true.
const mostWeekly = 64

func newWeek(m *model) *week {
	return &week{model: m, options: make([][]option, len(m.blocks)), idle: make([]bool, len(m.blocks)), pick: make([]int, len(m.blocks))}
}

// least returns what a student's week is worth at most, and moves the prices of the student's
// claims to where that is least, or near. Prices go one after the other to where the claim is
// met in one block, and then, as long as a choice is worth less than the bound, down its slope
// to that (Polyak, 1969).
func (w *week) least(student int, seat [][]float64, price []float64) float64 {
	w.load(student, seat, price)
	w.settle()
	least, most := w.bound(), w.choose()
	w.keep()
	for round := range mostPolish {
		if least-most < 1e-3 || !w.slide(most, round) {
			break
		}
		most = max(most, w.choose())
		if v := w.bound(); v < least {
			least = v
			w.keep()
		}
	}
	for k, c := range w.claims {
		price[c.id] = w.low[k]
	}
	return least
}

const (
	mostPolish = 20
	mostSettle = 3
)

// plan says of each claim of a student in which block the best week found meets it first, or -1.
func (w *week) plan(student int, seat [][]float64, price []float64, planned []int) {
	w.load(student, seat, price)
	w.choose()
	for _, c := range w.claims {
		planned[c.id] = none
	}
	for b, at := range slices.Backward(w.pick) {
		if at == none {
			continue
		}
		for m := w.options[b][at].meet; m != 0; m &= m - 1 {
			planned[w.claims[bits.TrailingZeros64(m)].id] = b
		}
	}
}

func (w *week) load(student int, seat [][]float64, price []float64) {
	w.student, w.all, w.claims = student, w.all[:0], w.claims[:0]
	at := func(id int) uint64 { // the bit of a claim, if it has one
		c := w.model.claims[id]
		if !c.many && !c.must {
			return 0
		}
		for k := range w.claims {
			if w.claims[k].id == id {
				return 1 << k
			}
		}
		if len(w.claims) == mostWeekly {
			return 0
		}
		w.claims = append(w.claims, weekly{c, id, price[id]})
		return 1 << (len(w.claims) - 1)
	}
	start := make([]int, len(w.blocks)+1)
	for b := range w.blocks {
		start[b] = len(w.all)
		if r := w.blocks[b].rowOf[student]; r != none {
			w.loadBlock(b, r, seat[b], at)
		}
	}
	start[len(w.blocks)] = len(w.all)
	for b := range w.blocks {
		w.options[b] = w.all[start[b]:start[b+1]]
	}
	for i := range w.all {
		o := &w.all[i]
		o.sum = o.own
		for m := o.meet; m != 0; m &= m - 1 {
			o.sum += w.claims[bits.TrailingZeros64(m)].price
		}
	}
	w.low = slices.Grow(w.low[:0], len(w.claims))[:len(w.claims)]
	w.met = slices.Grow(w.met[:0], len(w.claims))[:len(w.claims)]
}

func (w *week) loadBlock(b, r int, seat []float64, at func(int) uint64) {
	blk := &w.blocks[b]
	only := blk.only[r]
	w.idle[b] = only == nil
	add := func(col int) *option {
		o := option{col: col, own: w.w.Place - seat[col]}
		if blk.keep[r] == col {
			o.own += w.w.Keep
		}
		id := w.variety(w.student, blk.sessions[col].purpose)
		if o.meet = at(id); o.meet == 0 {
			o.own += w.model.claims[id].value
		}
		w.all = append(w.all, o)
		return &w.all[len(w.all)-1]
	}
	if only == nil { // of those that meet no claim but to variety, the cheapest of each purpose will do
		cheapest := slices.Repeat([]int{none}, len(Purposes))
		for c, ok := range blk.can[r] {
			if p := blk.sessions[c].purpose; ok && (cheapest[p] == none || seat[c] < seat[cheapest[p]]) {
				cheapest[p] = c
			}
		}
		for _, c := range cheapest {
			if c != none {
				add(c)
			}
		}
		if k := blk.keep[r]; k != none {
			add(k)
		}
	} else {
		for _, c := range only {
			add(c)
		}
	}
	for links := blk.links[r]; len(links) > 0; {
		col, n := links[0].col, 1
		for n < len(links) && links[n].col == col {
			n++
		}
		if only == nil || slices.Contains(only, col) {
			o := add(col)
			for _, l := range links[:n] {
				bit := at(l.claim)
				if o.meet |= bit; bit == 0 && !w.model.claims[l.claim].must {
					o.own += w.model.claims[l.claim].value
				}
			}
		}
		links = links[n:]
	}
}

// set moves the price of a claim.
func (w *week) set(k int, price float64) {
	by := price - w.claims[k].price
	if by == 0 {
		return
	}
	w.claims[k].price = price
	for i := range w.all {
		if w.all[i].meet>>k&1 != 0 {
			w.all[i].sum += by
		}
	}
}

// clip is a price that a claim could have. A claim that must be met has no highest.
func (c weekly) clip(price float64) float64 {
	if c.must {
		return max(0, price)
	}
	return min(max(0, price), c.value)
}

// settle moves each price to the middle of those at which one block would meet the claim.
func (w *week) settle() {
	for range mostSettle {
		changed := false
		for k, c := range w.claims {
			lowest, second := math.Inf(1), math.Inf(1) // the prices at which one block, and a second, would meet it
			for b, options := range w.options {
				with, without := math.Inf(-1), math.Inf(-1)
				if w.idle[b] {
					without = 0
				}
				for i := range options {
					if o := &options[i]; o.meet>>k&1 != 0 {
						with = max(with, o.sum)
					} else {
						without = max(without, o.sum)
					}
				}
				if math.IsInf(with, -1) {
					continue
				}
				switch p := without - with + c.price; {
				case p < lowest:
					lowest, second = p, lowest
				case p < second:
					second = p
				}
			}
			from, to := c.clip(lowest), c.clip(second)
			if math.IsInf(to, 1) {
				to = from
			}
			if p := (from + to) / 2; !math.IsInf(p, 1) && math.Abs(p-c.price) > 1e-9 {
				w.set(k, p)
				changed = true
			}
		}
		if !changed {
			return
		}
	}
}

// top returns the best option of a block at the prices, or none, and its worth.
func (w *week) top(b int) (at int, worth float64) {
	at, worth = none, math.Inf(-1)
	if w.idle[b] {
		worth = 0
	}
	for i := range w.options[b] {
		if v := w.options[b][i].sum; v > worth {
			at, worth = i, v
		}
	}
	return at, worth
}

// bound is what the week is worth at most, by the prices.
func (w *week) bound() float64 {
	sum := 0.0
	for _, c := range w.claims {
		if !c.must {
			sum += c.value
		}
		sum -= c.price
	}
	for b := range w.options {
		if at, worth := w.top(b); at != none {
			sum += worth
		}
	}
	return sum
}

func (w *week) keep() {
	for k, c := range w.claims {
		w.low[k] = c.price
	}
}

// slide moves the prices down the slope of the bound, as far as it is above a value that can be
// had. It reports whether there was a slope.
func (w *week) slide(most float64, round int) bool {
	clear(w.met)
	for b := range w.options {
		if at, _ := w.top(b); at != none {
			w.count(b, at, 1)
		}
	}
	norm := 0.0
	for k, c := range w.claims {
		g := float64(w.met[k] - 1)
		if c.clip(c.price-g) == c.price {
			g = 0
		}
		norm += g * g
	}
	if norm == 0 {
		return false
	}
	length := (w.bound() - most) / norm
	if round > mostPolish/2 {
		length /= 2
	}
	for k, c := range w.claims {
		w.set(k, c.clip(c.price-length*float64(w.met[k]-1)))
	}
	return true
}

func (w *week) count(b, option, by int) {
	if option == none {
		return
	}
	for m := w.options[b][option].meet; m != 0; m &= m - 1 {
		w.met[bits.TrailingZeros64(m)] += by
	}
}

// choose picks options, the best at the prices and then, block by block, the best beside those
// of the other blocks, and returns what they are worth.
func (w *week) choose() float64 {
	clear(w.met)
	for b := range w.options {
		w.pick[b], _ = w.top(b)
		w.count(b, w.pick[b], 1)
	}
	for range mostSettle {
		changed := false
		for b, options := range w.options {
			was := w.pick[b]
			w.count(b, was, -1)
			at, best := none, math.Inf(-1)
			if w.idle[b] {
				best = 0
			}
			for i := range options {
				v := options[i].own
				for m := options[i].meet; m != 0; m &= m - 1 {
					if k := bits.TrailingZeros64(m); w.met[k] == 0 {
						v += w.claims[k].value
						if w.claims[k].must {
							v += w.must
						}
					}
				}
				if v > best+1e-9 || i == was && v > best-1e-9 {
					at, best = i, v
				}
			}
			w.count(b, at, 1)
			w.pick[b] = at
			changed = changed || at != was
		}
		if !changed {
			break
		}
	}
	sum := 0.0
	for b, at := range w.pick {
		if at != none {
			sum += w.options[b][at].own
		}
	}
	for k, c := range w.claims {
		if w.met[k] > 0 && !c.must {
			sum += c.value
		}
	}
	return sum
}
