// Package mastery is the learner model: it folds evidence into an estimate, with
// its interval and its age, of what a student can do on a competency.
//
// The model of this version is one Gaussian for each student and competency, on
// the log-odds scale, updated by assumed-density filtering (Glickman 1999, eqs.
// 9-10, with the probit approximation of MacKay 1992): precise after much
// evidence, vague after little, and vaguer with every idle day. It is pure:
// no clock, no storage, the same numbers for the same evidence in the same order.
package mastery

import (
	"cmp"
	"math"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/roster"
)

// Model names the mathematics behind an estimate. A stored estimate of another
// model is replayed from the evidence, never converted.
const Model = "gauss-logit/1"

const (
	priorMean     = -0.4 // log-odds before any evidence: a little less likely than not
	priorVariance = 2.25
	driftPerDay   = 0.012              // variance that an idle day adds, up to the prior's
	fadePerDay    = 0.002              // share of the distance to the prior that an idle day takes
	z90           = 1.6448536269514722 // standard normal quantile of 0.95
)

// State is what the model remembers of one student on one competency. The zero
// State means no evidence yet.
type State struct {
	Mean     float64 // log-odds of success on a typical task of the competency, at Last
	Variance float64
	N        int       // pieces folded
	First    time.Time // work time of the first piece
	Last     time.Time // work time of the latest piece
	Seen     time.Time // work time of the latest piece that a person saw with their own eyes
}

// Estimate is what the model says at one moment. Value, Low and High are
// probabilities of success on a typical task; Low to High holds it with
// probability 0.9.
type Estimate struct {
	Value, Low, High float64
	N                int
	Last             time.Time     // work time of the latest evidence; zero if none
	Age              time.Duration // since Last
	Status           Status
	Model            string
}

// Status is what an estimate means to a person.
type Status int

const (
	Unknown  Status = iota // too little evidence to say
	Starting               // not there yet
	Learning               // between
	Nearly                 // close: likely, but not yet sure
	Met                    // the criterion is met
	Fading                 // it was met, and the evidence is too old to rely on
)

func (s Status) String() string {
	return [...]string{"unknown", "starting", "learning", "nearly", "met", "fading"}[s]
}

// The criterion: met when success is likely and the interval leaves little doubt.
const (
	MetValue   = 0.70
	MetLow     = 0.50
	MetPieces  = 3
	StaleAfter = 56 * 24 * time.Hour // evidence older than this is too old to trust
)

// Criterion is the rule that turns an estimate into "met", in words for everyone.
const Criterion = "Met when success on a typical task is at least 70 % likely, the lower end of the interval is at least 50 %, and at least 3 pieces of evidence count."

// reading is what one piece of evidence says: the share of success y in [0, 1],
// worth weight answers to a typical item.
func reading(p evidence.Piece) (y, weight float64) {
	switch p.Kind {
	case evidence.Rubric, evidence.Observation:
		weight = 1.5
		if p.Kind == evidence.Rubric {
			weight = 2
		}
		if p.Max < 2 {
			return p.Share(), weight
		}
		// On a rubric the step below the top is what the competency asks for.
		asked := p.Max - 1
		if p.Score > asked {
			return 0.85 + 0.12*(p.Score-asked), weight
		}
		r := p.Score / asked
		return 0.85 * r * math.Sqrt(r), weight
	case evidence.Task:
		return p.Share(), 2
	case evidence.Response:
		weight = 1
		if p.Hints > 0 {
			weight = 1 / (1 + 0.5*float64(p.Hints))
		}
		return p.Share(), weight
	}
	return 0, 0 // a student's own judgement and an unaligned test move nothing
}

// Counts reports whether a piece moves an estimate at all.
func Counts(p evidence.Piece) bool {
	_, w := reading(p)
	return w > 0 && p.Competency != ""
}

// Update folds one piece into a state. Pieces must come in the order of [Order].
func Update(s State, p evidence.Piece) State {
	y, w := reading(p)
	if w == 0 {
		return s
	}
	if s.N == 0 {
		s = State{Mean: priorMean, Variance: priorVariance, First: p.At, Last: p.At}
	} else {
		s.Mean, s.Variance = s.after(p.At)
	}
	pr := squash(s.Mean, s.Variance)
	h := pr * (1 - pr)
	s.Variance /= 1 + w*h*s.Variance
	s.Mean += w * s.Variance * (y - pr)
	s.N++
	s.Last = p.At
	if p.Kind == evidence.Observation || p.Kind == evidence.Rubric {
		s.Seen = p.At
	}
	return s
}

// after returns mean and variance at a later moment without new evidence.
func (s State) after(t time.Time) (mean, variance float64) {
	days := t.Sub(s.Last).Hours() / 24
	if days <= 0 {
		return s.Mean, s.Variance
	}
	keep := math.Exp(-fadePerDay * days)
	mean = priorMean + (s.Mean-priorMean)*keep
	return mean, math.Max(s.Variance, math.Min(priorVariance, s.Variance+driftPerDay*days))
}

// At returns the estimate at a moment.
func (s State) At(now time.Time) Estimate {
	if s.N == 0 {
		return estimate(priorMean, priorVariance, s, now)
	}
	m, v := s.after(now)
	return estimate(m, v, s, now)
}

func estimate(m, v float64, s State, now time.Time) Estimate {
	sd := math.Sqrt(v)
	e := Estimate{
		Value: squash(m, v), Low: sigmoid(m - z90*sd), High: sigmoid(m + z90*sd),
		N: s.N, Last: s.Last, Model: Model,
	}
	if s.N > 0 {
		e.Age = max(0, now.Sub(s.Last))
	}
	e.Status = status(e, s)
	return e
}

func status(e Estimate, s State) Status {
	met := func(value, low float64) bool {
		return value >= MetValue && low >= MetLow && s.N >= MetPieces
	}
	sd := math.Sqrt(s.Variance)
	switch {
	case s.N == 0:
		return Unknown
	case met(e.Value, e.Low) && e.Age <= StaleAfter:
		return Met
	case met(squash(s.Mean, s.Variance), sigmoid(s.Mean-z90*sd)):
		return Fading
	case s.N < 2:
		return Unknown
	case e.Value >= 0.6:
		return Nearly
	case e.Value >= 0.35:
		return Learning
	}
	return Starting
}

// squash is the expected success over a Gaussian of log-odds.
func squash(m, v float64) float64 { return sigmoid(m / math.Sqrt(1+math.Pi*v/8)) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Order sorts pieces by the time of the work, then by id, the order in which
// they are folded whatever the order in which they were recorded.
func Order(a, b evidence.Piece) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}

// Fold returns the state after all pieces of one student on one competency.
func Fold(pieces []evidence.Piece) State {
	slices.SortFunc(pieces, Order)
	var s State
	for _, p := range pieces {
		s = Update(s, p)
	}
	return s
}

// Step is one piece with what it did to the estimate.
type Step struct {
	Piece         evidence.Piece
	Before, After Estimate // both at the time of the work
}

// Moved is by how much the piece moved the value, in probability.
func (s Step) Moved() float64 { return s.After.Value - s.Before.Value }

// Trace folds pieces like [Fold] and keeps what each of them did.
func Trace(pieces []evidence.Piece) []Step {
	slices.SortFunc(pieces, Order)
	steps := make([]Step, 0, len(pieces))
	var s State
	for _, p := range pieces {
		before := s.At(p.At)
		s = Update(s, p)
		steps = append(steps, Step{p, before, s.At(p.At)})
	}
	return steps
}

// Record is a stored state with whose and of what it is.
type Record struct {
	Student    roster.PersonID
	Competency competency.ID
	State
}

// Week numbers weeks from Monday 1970-01-05, UTC. States are also kept as they
// stood after the last evidence of each week, so that change over time can be shown.
func Week(t time.Time) int {
	return int((t.Unix() - 4*86400) / (7 * 86400))
}

// WeekStart returns the Monday that a week begins on.
func WeekStart(week int) time.Time {
	return time.Unix(int64(week)*7*86400+4*86400, 0).UTC()
}

// Weekly is a state as it stood after the last evidence of a week.
type Weekly struct {
	Week int
	State
}

// FoldWeekly folds like [Fold] and also returns the state at the end of each week
// that had evidence.
func FoldWeekly(pieces []evidence.Piece) (State, []Weekly) {
	slices.SortFunc(pieces, Order)
	var s State
	var weeks []Weekly
	for _, p := range pieces {
		if !Counts(p) {
			continue
		}
		s = Update(s, p)
		w := Week(p.At)
		if n := len(weeks); n > 0 && weeks[n-1].Week == w {
			weeks[n-1].State = s
		} else {
			weeks = append(weeks, Weekly{w, s})
		}
	}
	return s, weeks
}

// Recorded is what became of a piece that was to be written down.
type Recorded struct {
	Piece evidence.Piece
	State State // of its student and competency, after it
	Known bool  // the same fact was there already; nothing was written
}
