package mastery

import (
	"cmp"
	"math"

	"waymark/internal/evidence"
)

// What each kind of evidence tells. A response, of which one in many is guessed or
// slips, tells one answer's worth. A level on a rubric is an ordered category whose
// steps lie stepWidth apart in log-odds, the level that the competency asks for
// beginning where success is as likely as the criterion wants it; a steeper slope says
// that levels are given more exactly. A task with points is worth taskAnswers answers.
// An external test tells of the student's ability on its scale's norms, never better
// than testNoise.
const (
	guess       = 0.03
	slip        = 0.02
	stepWidth   = 1.8
	rubricSlope = 1.5
	seenSlope   = 1.2
	taskAnswers = 2.0
	hintCost    = 0.5 // answers' worth lost with each hint: 1/(1 + hintCost·hints)
	rapid       = 3.0 // seconds: who answers faster has not read the question (Wise & Kong 2005)
	rapidWorth  = 0.2 // answers' worth of such an answer
	testNoise   = 0.30
)

var askedLevel = logit(MetValue)

// Counts reports whether a piece can move an estimate at all. A student's own judgement
// moves nothing, nor does a test whose scale has no norms.
func (m *Model) Counts(p evidence.Piece) bool {
	switch p.Kind {
	case evidence.Response, evidence.Task, evidence.Rubric, evidence.Observation:
		return p.Competency != "" && p.Max > 0
	case evidence.Test:
		_, _, ok := m.norm(p)
		return ok
	}
	return false
}

// signal returns slope and information of a piece at log-odds z; see [gauss.moved].
func signal(p evidence.Piece, z float64) (slope, information float64) {
	switch p.Kind {
	case evidence.Rubric, evidence.Observation:
		return level(p, z, slopeOf(p.Kind))
	case evidence.Task:
		s := sigmoid(z)
		return taskAnswers * (p.Share() - s), taskAnswers * s * (1 - s)
	}
	// Four-parameter logistic response (Barton & Lord 1981) with a common guess and slip:
	// its bounds keep one lucky or careless answer from moving much.
	s, g := sigmoid(z), guessing(p)
	pr := g + (1-g-slip)*s
	d := (1 - g - slip) * s * (1 - s) / (pr * (1 - pr))
	worth := 1 / (1 + hintCost*float64(p.Hints))
	if p.Seconds > 0 && p.Seconds < rapid {
		worth *= rapidWorth
	}
	return worth * d * (p.Share() - pr), worth * d * d * pr * (1 - pr)
}

// guessing is the chance of a right answer without knowing.
func guessing(p evidence.Piece) float64 { return max(guess, min(.5, p.Guess)) }

// level is the signal of an ordered category under the graded response model
// (Samejima 1969).
func level(p evidence.Piece, z, slope float64) (gradient, information float64) {
	at, next := reached(p, p.Score, z, slope), reached(p, p.Score+1, z, slope)
	return slope * (1 - at - next), slope * slope * (at*(1-at) + next*(1-next))
}

// reached is the probability, at log-odds z, of a rubric's level or a higher one.
func reached(p evidence.Piece, l, z, slope float64) float64 {
	switch {
	case l <= 0:
		return 1
	case l > p.Max:
		return 0
	}
	asked := max(1, p.Max-1) // on a rubric the step below the top is what the competency asks for
	return sigmoid(slope * (z - askedLevel - stepWidth*(l-asked)))
}

// likelihood is the log-likelihood of what was observed at log-odds z.
func likelihood(p evidence.Piece, z float64) float64 {
	switch p.Kind {
	case evidence.Rubric, evidence.Observation:
		slope := slopeOf(p.Kind)
		return math.Log(max(1e-9, reached(p, p.Score, z, slope)-reached(p, p.Score+1, z, slope)))
	}
	y, e := p.Share(), expectedShare(p, z)
	return y*math.Log(e) + (1-y)*math.Log(1-e)
}

// expectedShare is the share of the score to be expected at log-odds z.
func expectedShare(p evidence.Piece, z float64) float64 {
	switch p.Kind {
	case evidence.Rubric, evidence.Observation:
		sum := 0.0
		for l := 1.0; l <= p.Max; l++ {
			sum += reached(p, l, z, slopeOf(p.Kind))
		}
		return sum / p.Max
	case evidence.Task:
		return sigmoid(z)
	}
	g := guessing(p)
	return g + (1-g-slip)*sigmoid(z)
}

func slopeOf(k evidence.Kind) float64 {
	if k == evidence.Rubric {
		return rubricSlope
	}
	return seenSlope
}

// norm places a test score on the scale of ability: mean and variance of the student's
// ability as the test alone tells it. Without norms, ok is false.
func (m *Model) norm(p evidence.Piece) (mean, variance float64, ok bool) {
	sd := math.Sqrt(m.Spread)
	if s, known := m.Scales[p.Scale]; known {
		se := p.SE / s.SD
		return sd * (p.Score - s.Mean) / s.SD, m.Spread * (testNoise + se*se), true
	}
	if p.Percentile > 0 && p.Percentile < 100 {
		return sd * probit(p.Percentile/100), m.Spread * 2 * testNoise, true
	}
	return 0, 0, false
}

// probit is the standard normal quantile.
func probit(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// Order sorts pieces by the time of the work, then by id, the order in which
// they are folded whatever the order in which they were recorded.
func Order(a, b evidence.Piece) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}
