// Package assess asks what tells most: banks of items, adaptive checks that choose each
// next item by what the answers so far leave open, and what comes out of them. It is
// pure; items and answers come in, and the seed decides what is left to chance.
package assess

import (
	"math"
	"slices"

	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/fault"
)

// Rule chooses the next item.
type Rule string

const (
	// MaxInformation takes the item that tells most at the expected ability (Birnbaum 1968).
	MaxInformation Rule = "max-information"
	// PosteriorInformation weighs what an item tells by how likely each ability is (van der
	// Linden 1998): better while little is known.
	PosteriorInformation Rule = "posterior-information"
)

// Candidate is an item as a test sees it.
type Candidate struct {
	irt.Item
	Competency competency.ID
	Retired    bool // answered before, or not to be used
}

// Options of an adaptive test. The zero Options are maximum information from a standard
// normal prior on 33 points from −4 to 4, to the end of the bank.
type Options struct {
	Rule           Rule
	Mean, Variance float64 // prior of ability: what the learner model expects; zero variance means N(0, 1)
	Least, Most    int     // items; zero Most means all
	StopSE         float64 // stop when the standard error is this or less; zero means never
	Cut            *Cut    // stop when a decision is reached
	// Among is from how many of the best items the next is drawn (randomesque, Kingsbury &
	// Zara 1989), so that not everybody sees the same; 0 or 1 means the best.
	Among int
	Seed  uint64
	// Shares is how much of the test each competency should have; empty means whatever tells
	// most. The next item comes from the competency that is furthest behind its share.
	Shares map[competency.ID]float64
}

// Cut is a mastery decision with stated error rates: how often somebody who stands Apart
// above it may be called not met, and somebody as far below it met.
type Cut struct {
	Theta       float64 `json:"theta"`
	Apart       float64 `json:"apart"`         // half width of the zone where either decision is right
	FalseMet    float64 `json:"false_met"`     // α
	FalseNotMet float64 `json:"false_not_met"` // β
}

// Decision is what a check says of its cut.
type Decision string

const (
	Open   Decision = ""
	Met    Decision = "met"
	NotMet Decision = "not yet"
)

// points is the grid on which ability is reckoned.
const points = 33

var grid = irt.Grid(-4, 4, points)

// Test is one adaptive test under way. Make it with [New]; it is the same test whenever
// the same answers are added, so that it can be taken up again anywhere.
type Test struct {
	bank      []Candidate
	o         Options
	posterior [points]float64
	asked     []int
	answers   []int8
	used      []bool
	// log-likelihoods at both ends of the cut's zone (Wald 1947)
	above, below float64
	mean, sd     float64
	top          []int // the best items of a choice
}

// New starts a test.
func New(bank []Candidate, o Options) *Test {
	if o.Variance == 0 {
		o.Variance = 1
	}
	if o.Most == 0 || o.Most > len(bank) {
		o.Most = len(bank)
	}
	t := &Test{bank: bank, o: o, used: make([]bool, len(bank))}
	copy(t.posterior[:], irt.Normal(grid, o.Mean, o.Variance))
	for i, c := range bank {
		t.used[i] = c.Retired
	}
	t.mean, t.sd = irt.Moments(grid, t.posterior[:])
	if o.Variance == 1 && o.Mean == 0 {
		t.mean = 0
	}
	return t
}

// Asked returns the items that were answered, in order, by their position in the bank.
func (t *Test) Asked() []int { return t.asked }

// Estimate returns the expected ability and its standard deviation (EAP). It is for the
// machine: nobody is shown it.
func (t *Test) Estimate() (theta, sd float64) { return t.mean, t.sd }

// Passed returns the probability that ability lies above the cut.
func (t *Test) Passed(theta float64) float64 {
	sum, all := 0.0, 0.0
	for k, p := range t.posterior {
		all += p
		switch d := (grid[k] - theta) / (grid[1] - grid[0]); {
		case d >= .5:
			sum += p
		case d > -.5:
			sum += p * (d + .5)
		}
	}
	return sum / all
}

// Next returns the item to ask next, by its position in the bank; done says that the test
// is over.
func (t *Test) Next() (item int, done bool) {
	if t.over() {
		return -1, true
	}
	only, any := t.behind()
	i, ok := t.pick(func(c competency.ID) bool { return !any || c == only })
	return i, !ok
}

// best returns the item on a competency that tells most, whether the test is over or not.
func (t *Test) best(on competency.ID) (item int, ok bool) {
	return t.pick(func(c competency.ID) bool { return c == on })
}

// pick draws from the items that tell most, of those that are left.
func (t *Test) pick(among func(competency.ID) bool) (item int, ok bool) {
	t.top = t.top[:0]
	var worth []float64
	most := max(1, t.o.Among)
	for i := range t.bank {
		if t.used[i] || !among(t.bank[i].Competency) {
			continue
		}
		w := t.worth(i)
		at := len(worth)
		for at > 0 && worth[at-1] < w {
			at--
		}
		if at < most {
			worth = slices.Insert(worth, at, w)
			t.top = slices.Insert(t.top, at, i)
			if len(worth) > most {
				worth, t.top = worth[:most], t.top[:most]
			}
		}
	}
	if len(t.top) == 0 {
		return -1, false
	}
	return t.top[Draw(t.o.Seed, len(t.asked), len(t.top))], true
}

// Draw returns a number below n for the step-th choice of a seed, by a generator simple
// enough to run the same in a browser (Fowler, Noll & Vo's FNV-1a on 32 bits, then mixed).
func Draw(seed uint64, step, n int) int {
	if n <= 1 {
		return 0
	}
	h := uint32(2166136261)
	for _, w := range []uint32{uint32(seed), uint32(seed >> 32), uint32(step)} {
		h = (h ^ w) * 16777619
		h ^= h >> 15
	}
	h *= 2246822519
	h ^= h >> 13
	return int(h % uint32(n))
}

func (t *Test) worth(i int) float64 {
	it := t.bank[i].Item
	if t.o.Rule != PosteriorInformation {
		return it.Information(t.mean)
	}
	sum := 0.0
	for k, p := range t.posterior {
		if p > 1e-6 {
			sum += p * it.Information(grid[k])
		}
	}
	return sum
}

// behind returns the competency that is furthest behind its share of the test and still
// has items.
func (t *Test) behind() (competency.ID, bool) {
	if len(t.o.Shares) == 0 {
		return "", false
	}
	have := map[competency.ID]float64{}
	for _, i := range t.asked {
		have[t.bank[i].Competency]++
	}
	left := map[competency.ID]bool{}
	for i, c := range t.bank {
		if !t.used[i] {
			left[c.Competency] = true
		}
	}
	best, most := competency.ID(""), math.Inf(-1)
	n := float64(max(1, len(t.asked)))
	for c, share := range t.o.Shares {
		if gap := share - have[c]/n; left[c] && (gap > most || gap == most && c < best) {
			best, most = c, gap
		}
	}
	return best, !math.IsInf(most, -1)
}

// Add takes in the answer to an item: its category, 0 the lowest, 1 right.
func (t *Test) Add(item int, answer int8) error {
	if item < 0 || item >= len(t.bank) || t.used[item] {
		return fault.Field("item", "This item is not part of the test, or was answered before.")
	}
	it := t.bank[item].Item
	if answer < 0 || int(answer) > len(it.Difficulty) {
		return fault.Field("answer", "The answer %d is no category of the item.", answer)
	}
	t.used[item] = true
	t.asked = append(t.asked, item)
	t.answers = append(t.answers, answer)
	most := 0.0
	for k := range t.posterior {
		t.posterior[k] *= it.Category(int(answer), grid[k])
		most = max(most, t.posterior[k])
	}
	if most < 1e-100 {
		for k := range t.posterior {
			t.posterior[k] /= max(most, math.SmallestNonzeroFloat64)
		}
	}
	t.mean, t.sd = irt.Moments(grid, t.posterior[:])
	if c := t.o.Cut; c != nil {
		t.above += math.Log(max(1e-12, it.Category(int(answer), c.Theta+c.Apart)))
		t.below += math.Log(max(1e-12, it.Category(int(answer), c.Theta-c.Apart)))
	}
	return nil
}

func (t *Test) over() bool {
	n := len(t.asked)
	switch {
	case n >= t.o.Most:
		return true
	case n < t.o.Least:
		return false
	case t.o.StopSE > 0 && n > 0 && t.sd <= t.o.StopSE:
		return true
	}
	return t.sequential() != Open
}

// sequential is Wald's probability ratio test of the cut (Spray & Reckase 1996).
func (t *Test) sequential() Decision {
	c := t.o.Cut
	if c == nil || len(t.asked) == 0 {
		return Open
	}
	switch ratio := t.above - t.below; {
	case ratio >= math.Log((1-c.FalseNotMet)/c.FalseMet):
		return Met
	case ratio <= math.Log(c.FalseNotMet/(1-c.FalseMet)):
		return NotMet
	}
	return Open
}

// Decide returns what the test says of its cut: by the probability ratio where that was
// reached, else by the probability of standing above it, where the error rates allow; else
// it stays open.
func (t *Test) Decide() Decision {
	c := t.o.Cut
	if c == nil {
		return Open
	}
	if d := t.sequential(); d != Open {
		return d
	}
	switch p := t.Passed(c.Theta); {
	case p >= 1-c.FalseMet:
		return Met
	case p <= c.FalseNotMet:
		return NotMet
	}
	return Open
}
