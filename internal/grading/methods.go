package grading

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Methods are all rules, in the order in which they are offered.
var Methods = []Method{
	{"highest", "The highest score counts.", nil, plain(func(s []Score, _ []float64) float64 {
		return slices.Max(points(s))
	})},
	{"recent", "The most recent score counts.", nil, plain(func(s []Score, _ []float64) float64 {
		return s[len(s)-1].Points
	})},
	{"average", "The average of all scores counts.", nil, plain(func(s []Score, _ []float64) float64 {
		return stat.Mean(points(s), nil)
	})},
	{"weighted", "The average of all scores, each with its weight, counts.", nil, plain(func(s []Score, _ []float64) float64 {
		w := make([]float64, len(s))
		for i, x := range s {
			w[i] = cmp.Or(x.Weight, 1)
		}
		return stat.Mean(points(s), w)
	})},
	{"median", "The middle score counts.", nil, plain(func(s []Score, _ []float64) float64 {
		p := slices.Sorted(slices.Values(points(s)))
		n := len(p)
		return (p[(n-1)/2] + p[n/2]) / 2
	})},
	{"mode", "The most frequent score counts; of two that are equally frequent, the higher.", nil, plain(func(s []Score, _ []float64) float64 {
		return mode(s, func(a, b int) bool { return s[a].Points > s[b].Points })
	})},
	{"mode-recent", "The most frequent score counts; of two that are equally frequent, the one that came last.", nil, plain(func(s []Score, _ []float64) float64 {
		return mode(s, func(a, b int) bool { return a > b })
	})},
	// Canvas, "weighted average", formerly "decaying average": r·sₙ + (1−r)·mean(s₁…sₙ₋₁),
	// rounded to two decimals.
	{"canvas", "The newest score counts {newest}, the average of all others the rest.", []Parameter{{"newest", .65, .01, .99, false}},
		plain(func(s []Score, a []float64) float64 {
			p := points(s)
			n := len(p) - 1
			if n == 0 {
				return p[0]
			}
			return math.Round(100*(a[0]*p[n]+(1-a[0])*stat.Mean(p[:n], nil))) / 100
		})},
	// Standard decaying average: d₁ = s₁, dₖ = (1−r)·dₖ₋₁ + r·sₖ.
	{"decaying", "Each new score counts {newest}, what was before counts the rest.", []Parameter{{"newest", .65, .01, .99, false}},
		plain(func(s []Score, a []float64) float64 {
			d := s[0].Points
			for _, x := range s[1:] {
				d = (1-a[0])*d + a[0]*x.Points
			}
			return d
		})},
	// Canvas n_mastery: the mean of the scores that reach mastery, once there are enough.
	{"n-times", "{times} scores of {cut} or more are needed; their average counts.", []Parameter{{"times", 5, 1, 10, true}},
		func(s []Score, a []float64, cut float64) (float64, bool, bool) {
			var kept []float64
			for _, x := range s {
				if x.Points >= cut-near {
					kept = append(kept, x.Points)
				}
			}
			if len(kept) < int(a[0]) {
				return 0, false, false
			}
			return stat.Mean(kept, nil), true, true
		}},
	// Marzano's power law: ln s = ln a + b·ln i by least squares; a·nᵇ counts. It is not
	// defined for a score of 0: then the average counts.
	{"power-law", "A curve of growth is laid through all scores; where it ends counts.", nil, plain(func(s []Score, _ []float64) float64 {
		p := points(s)
		if len(p) == 1 {
			return p[0]
		}
		if slices.Min(p) <= 0 {
			return stat.Mean(p, nil)
		}
		x, y := make([]float64, len(p)), make([]float64, len(p))
		for i, v := range p {
			x[i], y[i] = math.Log(float64(i+1)), math.Log(v)
		}
		a, b := stat.LinearRegression(x, y, nil, false)
		return math.Exp(a + b*x[len(x)-1])
	})},
	{"last", "The average of the newest {scores} scores counts.", []Parameter{{"scores", 3, 1, 20, true}}, plain(func(s []Score, a []float64) float64 {
		return stat.Mean(points(newest(s, int(a[0]))), nil)
	})},
	{"best", "The average of the {scores} highest scores counts.", []Parameter{{"scores", 3, 1, 20, true}}, plain(func(s []Score, a []float64) float64 {
		p := slices.Sorted(slices.Values(points(s)))
		return stat.Mean(p[max(0, len(p)-int(a[0])):], nil)
	})},
	{"trend", "The average of the newest {scores} scores, rounded to a whole score, counts.", []Parameter{{"scores", 3, 1, 20, true}},
		plain(func(s []Score, a []float64) float64 {
			return math.Round(stat.Mean(points(newest(s, int(a[0]))), nil))
		})},
	// Kolibri's m of n.
	{"m-of-n", "{right} of the newest {of} scores must be {cut} or more.", []Parameter{{"right", 3, 1, 20, true}, {"of", 5, 1, 20, true}},
		func(s []Score, a []float64, cut float64) (float64, bool, bool) {
			n := 0
			last := newest(s, int(a[1]))
			for _, x := range last {
				if x.Points >= cut-near {
					n++
				}
			}
			return Scale * float64(n) / a[1], n >= int(a[0]), true
		}},
	// ASSISTments skill builder and its re-test: in a row; a later score below starts anew.
	{"in-a-row", "{right} scores in a row must be {cut} or more; one below starts anew.", []Parameter{{"right", 3, 1, 20, true}},
		func(s []Score, a []float64, cut float64) (float64, bool, bool) {
			run := 0
			for _, x := range s {
				run++
				if x.Points < cut-near {
					run = 0
				}
			}
			return Scale * math.Min(1, float64(run)/a[0]), run >= int(a[0]), true
		}},
	{"khan", "Exercises and quizzes move a level up or down: attempted, familiar, proficient, mastered.", nil, khan},
	// Bayesian knowledge tracing with the parameters given, mastered at 0.95 (OATutor).
	{"bkt", "Each right answer makes it likelier that it is known; 95 % must be reached.",
		[]Parameter{{"known", .1, 0, .99, false}, {"learn", .1, 0, .99, false}, {"slip", .1, 0, .5, false}, {"guess", .1, 0, .5, false}},
		func(s []Score, a []float64, cut float64) (float64, bool, bool) {
			p := a[0]
			for _, x := range s {
				yes, no := 1-a[2], a[3]
				if x.Points < cut-near {
					yes, no = a[2], 1-a[3]
				}
				if all := p*yes + (1-p)*no; all > 0 {
					p = p * yes / all
				}
				p += (1 - p) * a[1]
			}
			return Scale * p, p >= .95, true
		}},
	// Oppia: +0.1 for a right answer, −0.02 for each hint, −0.05 for a wrong one.
	{"additive", "Right answers add a tenth; hints and wrong answers take some away.", nil, func(s []Score, _ []float64, cut float64) (float64, bool, bool) {
		sum := 0.0
		for _, x := range s {
			step := -.05
			if x.Points >= cut-near {
				step = .1
			}
			sum += math.Max(-.1, step-.02*float64(x.Hints))
		}
		v := Scale * math.Max(0, math.Min(1, sum))
		return v, v >= cut-near, true
	}},
	// Lextures: m ← m·e^(−λ·days), then m ← m(1−α) + s·α, hints taking some credit.
	{"moving", "Each new score counts {newest}; what was before fades by {fade} a day.", []Parameter{{"newest", .3, .01, 1, false}, {"fade", .02, 0, 1, false}},
		plain(func(s []Score, a []float64) float64 {
			m := 0.0
			for i, x := range s {
				if i > 0 && !x.At.IsZero() {
					m *= math.Exp(-a[1] * math.Max(0, x.At.Sub(s[i-1].At).Hours()/24))
				}
				credit := math.Max(.35, 1/(1+.12*float64(x.Hints)))
				m = m*(1-a[0]) + x.Points*credit*a[0]
			}
			return m
		})},
	// Slate-CBL: the average of the best k ratings, once there are k, at half a level below.
	{"level", "The {ratings} best ratings are needed, and their average must come within half a level of {cut}.", []Parameter{{"ratings", 3, 1, 20, true}},
		func(s []Score, a []float64, cut float64) (float64, bool, bool) {
			k := int(a[0])
			if len(s) < k {
				return 0, false, false
			}
			p := slices.Sorted(slices.Values(points(s)))
			v := stat.Mean(p[len(p)-k:], nil)
			return v, v >= cut-.5-near, true
		}},
}

// plain is a method whose value alone decides.
func plain(f func(s []Score, a []float64) float64) func([]Score, []float64, float64) (float64, bool, bool) {
	return func(s []Score, a []float64, cut float64) (float64, bool, bool) {
		v := f(s, a)
		return v, v >= cut-near, true
	}
}

func points(s []Score) []float64 {
	out := make([]float64, len(s))
	for i, x := range s {
		out[i] = x.Points
	}
	return out
}

func newest(s []Score, k int) []Score { return s[max(0, len(s)-k):] }

// mode returns the most frequent score; before says which of two positions wins a tie.
func mode(s []Score, before func(a, b int) bool) float64 {
	count := map[float64]int{}
	for _, x := range s {
		count[x.Points]++
	}
	best := 0
	for i := range s {
		if n, most := count[s[i].Points], count[s[best].Points]; n > most || n == most && before(i, best) {
			best = i
		}
	}
	return s[best].Points
}

// Khan's levels and the points that they are worth.
const (
	attempted = iota
	familiar
	proficient
	mastered
)

var khanPoints = [...]float64{0, 50, 80, 100}

// khan follows Khan Academy's levels of 2018 and later: an exercise leads to familiar at
// 70 % and to proficient at 100 %, and can take away; in a mixed quiz or test each right
// answer moves one level up and each wrong one down.
func khan(s []Score, _ []float64, cut float64) (float64, bool, bool) {
	level := attempted
	for _, x := range s {
		share := x.Points / Scale
		right, most := share >= 1-near, share >= .7-near
		switch {
		case x.Mixed && right:
			level = min(mastered, level+1)
		case x.Mixed:
			level = max(attempted, level-1)
		case level == mastered && !most:
			level = familiar
		case level == mastered && !right:
			level = proficient
		case level == proficient && !right:
			level = familiar
		case right:
			level = max(level, proficient)
		case most:
			level = max(level, familiar)
		}
	}
	v := Scale * khanPoints[level] / 100
	return v, level >= proficient, true
}
