package tracing

import (
	"math"
	"slices"
)

// foresight tells how the answers ahead spread around what is expected of them.
type foresight struct {
	Weight [3]float64 // of the expectation's log-odds, of what was recent, and 1
	Spread float64    // variance, log-odds², beside that of the ability
	Tail   float64    // probability left out at each end
}

// widestTail is the most that is left out at an end.
const widestTail = .45

// prospect is what is known of the answers ahead: the inputs of the regression and
// the variance of the ability.
type prospect struct {
	x [2]float32
	v float64
}

func (s *Student) prospect() prospect {
	return prospect{[2]float32{float32(s.usual + s.mu), s.recent[1]}, s.v}
}

func (s *Student) prospectOn(skill int32, at int64) prospect {
	s.fresh = false
	return s.look(-1, skill, at).prospect()
}

func (mo *moment) prospect() prospect {
	s, k := mo.s, mo.k
	return prospect{[2]float32{float32(mo.skillEase + s.mu + float64(k.mu)), k.recent + s.recent[1]}, s.v + float64(k.v)}
}

// stretch is a run of [Ahead] answers under way and the interval that was foreseen.
type stretch struct {
	n                int8
	right, low, high float32
}

// watch takes in an answer before which p was known, and once the stretch is full
// corrects the scale of the student's tails by whether the interval held (Gibbs & Candès,
// 2021, eq. 2): intervals are to hold nine times out of ten for everyone, not on average.
func (f foresight) watch(w *stretch, p func() prospect, scale *float64, correct float32) {
	if w.n == 0 {
		low, high := f.interval(p(), *scale)
		*w = stretch{low: float32(low * Ahead), high: float32(high * Ahead)}
	}
	w.n++
	w.right += correct
	if w.n < Ahead {
		return
	}
	w.n = 0
	missed := 0.0
	if w.right < w.low || w.right > w.high {
		missed = 1
	}
	*scale = min(*scale+watchRate*(.1-missed), widestTail/f.Tail)
}

// Foresee returns the interval in which the share of right answers among the
// student's next [Ahead] ones lies nine times out of ten, whatever the items.
func (s *Student) Foresee() (low, high float64) { return s.m.overall10.interval(s.prospect(), s.tail) }

// ForeseeOn is [Student.Foresee] for the next [Ahead] answers on one skill.
func (s *Student) ForeseeOn(skill int32, at int64) (low, high float64) {
	return s.m.skill10.interval(s.prospectOn(skill, at), s.skillTail)
}

func (f foresight) expect(p prospect) float64 {
	return min(max(logistic(dot(f.Weight[:], p.x[:])), 1e-4), 1-1e-4)
}

// chances returns the probabilities of at most 0, 1, … [Ahead] right answers: a
// beta-binomial distribution (Skellam, 1948) with mean mu whose probability varies as
// log-odds of variance v do, to the first order.
func chances(mu, v float64) (at [Ahead + 1]float64) {
	rho := min(max(mu*(1-mu)*v, 1e-3), .6)
	a, b := mu*(1-rho)/rho, (1-mu)*(1-rho)/rho
	p := 1.0
	for i := range Ahead {
		p *= (b + float64(i)) / (a + b + float64(i))
	}
	sum := 0.0
	for k := range at {
		sum += p
		at[k] = min(sum, 1)
		p *= float64(Ahead-k) / float64(k+1) * (a + float64(k)) / (b + float64(Ahead-k-1))
	}
	at[Ahead] = 1
	return at
}

// interval returns the interval of p with scale times the usual tails.
func (f foresight) interval(p prospect, scale float64) (low, high float64) {
	tail := f.Tail * scale // below 0, nothing is left out
	at := chances(f.expect(p), p.v+f.Spread)
	lo, hi := 0, 0
	for lo < Ahead && at[lo] <= tail {
		lo++
	}
	for hi < Ahead && at[hi] < 1-tail {
		hi++
	}
	return float64(lo) / Ahead, float64(hi) / Ahead
}

// ahead is a prospect and what came of it.
type ahead struct {
	prospect
	right float32 // of [Ahead] answers
}

// intervals fits what the intervals rest on to students of the sample, each followed
// with what the others tell.
func (f *fitting) intervals() {
	var all, onSkill []ahead
	run := map[int32]int{}     // answers on a skill
	var from int               // row of the student's first answer
	open := map[int32]*ahead{} // windows on a skill
	last, current := int32(-1), ahead{}
	workers := f.workers
	f.workers = 1 // windows are gathered in order
	f.follow(f.some(80_000), func(s *Student, row, i int) {
		if f.log.Student[i] != last || row == 0 {
			last, from = f.log.Student[i], row
			clear(run)
			clear(open)
		}
		skill, y := f.log.Skill[i], f.log.Correct[i]
		if (row-from)%Ahead == 0 {
			current = ahead{prospect: s.prospect()}
		}
		if run[skill]%Ahead == 0 {
			open[skill] = &ahead{prospect: s.prospectOn(skill, f.log.At[i])}
		}
		run[skill]++
		current.right += y
		open[skill].right += y
		if (row-from)%Ahead == Ahead-1 {
			all = append(all, current)
		}
		if run[skill]%Ahead == 0 {
			onSkill = append(onSkill, *open[skill])
		}
	})
	f.workers = workers
	f.m.overall10, f.m.skill10 = foreseen(all), foreseen(onSkill)
}

// foreseen fits the expectation by logistic regression, the spread by likelihood, and
// the tail so that nine of ten windows of the log lie within their intervals.
func foreseen(seen []ahead) foresight {
	f := foresight{Weight: [3]float64{1, 0, 0}, Spread: .5, Tail: .05}
	const least = 100
	if len(seen) < least {
		return f
	}
	var rows, y []float32
	for _, a := range seen {
		rows, y = append(rows, a.x[0], a.x[1]), append(y, a.right/Ahead)
	}
	copy(f.Weight[:], regress(rows, y, 2, 0, 1))
	best := math.Inf(-1)
	for _, spread := range []float64{.02, .05, .1, .2, .3, .45, .7, 1, 1.5, 2.2, 3.3} {
		var sum float64
		for _, a := range seen {
			at := chances(f.expect(a.prospect), a.v+spread)
			k := int(math.Round(float64(a.right)))
			p := at[k]
			if k > 0 {
				p -= at[k-1]
			}
			sum += math.Log(max(p, 1e-12))
		}
		if sum > best {
			best, f.Spread = sum, spread
		}
	}
	var tails []float64
	for _, a := range seen {
		at := chances(f.expect(a.prospect), a.v+f.Spread)
		below := 0.0
		if k := int(math.Ceil(float64(a.right))); k > 0 {
			below = at[k-1]
		}
		tails = append(tails, min(at[int(a.right)], 1-below))
	}
	slices.Sort(tails)
	f.Tail = min(max(tails[len(tails)/10], 1e-6), widestTail)
	return f
}
