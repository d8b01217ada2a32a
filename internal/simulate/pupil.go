// Package simulate lets simulated learners spend a term under different policies of what
// to do next, and counts what they truly know at the end. The learners are of four kinds
// that have nothing to do with the learner model: a policy that only works where its own
// assumptions hold shows it here.
package simulate

import (
	"math"
	"math/rand/v2"
)

// pupil is a simulated learner. Skills are numbered; days are counted from the first.
type pupil interface {
	// try answers one item of a skill on a day, and learns from it.
	try(skill int, day float64) (right bool)
	// knows says whether the skill is truly there on a day.
	knows(skill int, day float64) bool
}

// Simulators are the kinds of learners, by name.
var Simulators = []Simulator{
	{"bkt", "A skill is known or not; each try may make it known. Guesses, slips and learning differ by skill.", newSwitch(false)},
	{"growth", "Ability on each skill grows with tries, most where they are neither too easy nor too hard.", newGrower},
	{"forgetting", "What is learned fades as a power of time; spaced tries make it last.", newForgetter},
	{"gated", "A skill is learned slowly unless all that comes before it is truly known.", newSwitch(true)},
}

// Simulator is one kind of learner.
type Simulator struct {
	Name, Says string
	pupil      func(w *world, ability float64, rng *rand.Rand) pupil
}

// world is what all learners of a run share.
type world struct {
	before [][]int // prerequisites of each skill; skills come after theirs
	layer  []int
	// of each skill, drawn once
	learn, guess, slip, hard []float64
}

const (
	layers   = 6
	perLayer = 8
	skills   = layers * perLayer
)

// newWorld draws a graph of skills in layers, each building on one to three of the layer
// below.
func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 0x776f726c64))
	w := &world{}
	for s := range skills {
		layer := s / perLayer
		var before []int
		if layer > 0 {
			for _, k := range rng.Perm(perLayer)[:1+rng.IntN(3)] {
				before = append(before, (layer-1)*perLayer+k)
			}
		}
		w.before = append(w.before, before)
		w.layer = append(w.layer, layer)
		w.learn = append(w.learn, -1.7+.7*rng.NormFloat64())
		w.guess = append(w.guess, .08+.17*rng.Float64())
		w.slip = append(w.slip, .04+.08*rng.Float64())
		w.hard = append(w.hard, .5*rng.NormFloat64())
	}
	return w
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// switcher knows a skill or does not.
type switcher struct {
	w     *world
	rng   *rand.Rand
	known []bool
	learn []float64
	gated bool
}

func newSwitch(gated bool) func(*world, float64, *rand.Rand) pupil {
	return func(w *world, ability float64, rng *rand.Rand) pupil {
		p := &switcher{w: w, rng: rng, known: make([]bool, skills), learn: make([]float64, skills), gated: gated}
		for s := range skills {
			start := rng.Float64() < sigmoid(-1.2+1.3*ability-.5*float64(w.layer[s]))
			for _, b := range w.before[s] {
				start = start && p.known[b]
			}
			p.known[s] = start
			p.learn[s] = sigmoid(w.learn[s] + .5*ability + .3*rng.NormFloat64())
		}
		return p
	}
}

func (p *switcher) try(s int, _ float64) bool {
	u, v := p.rng.Float64(), p.rng.Float64()
	if p.known[s] {
		return u >= p.w.slip[s]
	}
	learn := p.learn[s]
	if p.gated {
		for _, b := range p.w.before[s] {
			if !p.known[b] {
				learn *= .1
				break
			}
		}
	}
	p.known[s] = v < learn
	return u < p.w.guess[s]
}

func (p *switcher) knows(s int, _ float64) bool { return p.known[s] }

// grower has an ability on each skill, in log-odds, which tries raise.
type grower struct {
	w       *world
	rng     *rand.Rand
	ability []float64
	pace    float64
}

func newGrower(w *world, ability float64, rng *rand.Rand) pupil {
	p := &grower{w: w, rng: rng, ability: make([]float64, skills), pace: .2 * math.Exp(.25*ability+.2*rng.NormFloat64())}
	for s := range skills {
		p.ability[s] = ability - .5 - .3*float64(w.layer[s]) - w.hard[s] + .5*rng.NormFloat64()
	}
	return p
}

func (p *grower) try(s int, _ float64) bool {
	item := .6 * p.rng.NormFloat64()
	chance := p.w.guess[s] + (1-p.w.guess[s])*sigmoid(1.3*(p.ability[s]-item))
	apart := (chance - .65) / .35
	p.ability[s] += p.pace * math.Exp(-apart*apart)
	return p.rng.Float64() < chance
}

const grown = 1.1 // ability from which on a skill is there

func (p *grower) knows(s int, _ float64) bool { return p.ability[s] >= grown }

// forgetter learns like a switcher and forgets as a power of time.
type forgetter struct {
	*switcher
	last, lasts []float64 // day of the latest try, and for how many days memory lasts
}

func newForgetter(w *world, ability float64, rng *rand.Rand) pupil {
	p := &forgetter{newSwitch(false)(w, ability, rng).(*switcher), make([]float64, skills), make([]float64, skills)}
	for s := range skills {
		p.learn[s] = math.Min(.9, 1.3*p.learn[s])
		p.lasts[s] = 12 * math.Exp(.3*ability+.3*rng.NormFloat64())
		if p.known[s] {
			p.lasts[s] *= 4
		}
	}
	return p
}

// recalls is the chance that something learned comes to mind.
func (p *forgetter) recalls(s int, day float64) float64 {
	return math.Pow(1+math.Max(0, day-p.last[s])/p.lasts[s], -.6)
}

func (p *forgetter) try(s int, day float64) bool {
	if !p.known[s] {
		right := p.switcher.try(s, day)
		p.last[s] = day
		return right
	}
	r := p.recalls(s, day)
	u, v := p.rng.Float64(), p.rng.Float64()
	p.last[s] = day
	if u < r {
		p.lasts[s] *= 1 + 1.5*(1-r)
		return v >= p.w.slip[s]
	}
	p.lasts[s] *= .8 + .6*(1-r)
	return v < p.w.guess[s]
}

func (p *forgetter) knows(s int, day float64) bool { return p.known[s] && p.recalls(s, day) >= .6 }
