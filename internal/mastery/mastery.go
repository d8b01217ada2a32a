// Package mastery is the learner model: it folds evidence into an estimate, with
// its interval and its age, of what a student can do on each competency.
//
// A student's log-odds of success on a typical task of a competency are Gaussian:
// precise after much evidence, vague after little, and vaguer with every idle day.
// Before the first piece, the estimate is what the student's other competencies and
// the ones that come before let expect (partial pooling); from then on it is moved by
// evidence on the competency itself. Pieces are folded by assumed-density filtering
// (Glickman 1999, eqs. 9-10, with the probit approximation of MacKay 1992), each with
// the noise of its kind.
//
// The package is pure: no clock, no storage, the same numbers for the same evidence
// in whatever order it was recorded.
package mastery

import (
	"math"
	"time"

	"waymark/internal/competency"
	"waymark/internal/recall"
	"waymark/internal/roster"
)

// State is what the model remembers of one student on one competency. The zero
// State means no evidence yet.
type State struct {
	Mean     float64 // log-odds of success on a typical task of the competency, at Last
	Variance float64
	// What was expected before the first piece, from the student's other competencies.
	// An estimate without new evidence moves back towards it.
	Prior, PriorVariance float64

	N      int           // pieces folded
	Recent float64       // how the latest pieces went, in [0, 1]: each counts recentShare, the ones before it the rest
	First  time.Time     // work time of the first piece
	Last   time.Time     // work time of the latest piece
	Seen   time.Time     // work time of the latest piece that a person saw with their own eyes
	Memory recall.Memory // when it was practised, for how long it may hold
	Grade  Grade         // what the school's grading rule makes of the pieces, if it uses one
	Progress
}

// Estimate is what the model says at one moment. Value, Low and High are
// probabilities of success on a typical task; Low to High holds it with
// probability 0.9.
type Estimate struct {
	Value, Low, High float64
	N                int
	Recent           float64       // how the latest pieces went; see [State]
	Last             time.Time     // work time of the latest evidence; zero if none
	Age              time.Duration // since Last
	Status           Status
	Grade            Grade
	// Refresh is how much a look back presses now ([recall.Memory.Pressing]); zero unless it
	// is fading.
	Refresh float64
	// Until is when a look back begins to pay ([recall.Target]); zero unless it is met.
	Until time.Time
	Progress
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

// The model's own criterion: met when success is likely and the interval leaves little
// doubt.
const (
	MetValue   = 0.70
	MetLow     = 0.50
	MetPieces  = 3
	StaleAfter = 56 * 24 * time.Hour // evidence older than this is too old to trust
)

// recentShare is how much the latest piece counts in how it goes lately: after three that
// went well, little is left of what was before.
const recentShare = 0.4

// z90 is the standard normal quantile of 0.95.
const z90 = 1.6448536269514722

// How a state changes in a day without evidence: the share of the distance to the prior
// that the mean takes, and the variance that comes, up to the prior's, for what is
// learned or forgotten meanwhile.
const (
	fadePerDay  = 0.004
	driftPerDay = 0.012
)

// after returns mean and variance at a later moment without new evidence.
func (s State) after(t time.Time) gauss {
	days := t.Sub(s.Last).Hours() / 24
	if days <= 0 {
		return gauss{s.Mean, s.Variance}
	}
	keep := math.Exp(-fadePerDay * days)
	return gauss{s.Prior + (s.Mean-s.Prior)*keep, max(s.Variance, min(s.PriorVariance, s.Variance+driftPerDay*days))}
}

// At returns the estimate at a moment. A state without evidence is what the built-in
// model expects of a student and a competency that it knows nothing of; see
// [Model.Expect] for what a student's other competencies tell.
func (s State) At(now time.Time) Estimate {
	if s.N == 0 {
		return estimate(gauss{builtin.Base, builtin.Spread + builtin.Within}, s, now)
	}
	return estimate(s.after(now), s, now)
}

func estimate(g gauss, s State, now time.Time) Estimate {
	e := Estimate{Value: g.expect(), N: s.N, Recent: s.Recent, Last: s.Last, Grade: s.Grade, Progress: s.Progress}
	e.Low, e.High = g.interval()
	if s.N > 0 {
		e.Age = max(0, now.Sub(s.Last))
	}
	switch e.Status = status(e, s); e.Status {
	case Fading:
		e.Refresh = s.Memory.Pressing(now)
	case Met:
		e.Until = s.Memory.Due(recall.Target)
	}
	return e
}

func status(e Estimate, s State) Status {
	fresh := e.Age <= StaleAfter
	switch s.Grade.Verdict {
	case RuleMet:
		if fresh {
			return Met
		}
		return Fading
	case RuleOpen:
		return Unknown
	case Ungraded:
		low, _ := gauss{s.Mean, s.Variance}.interval()
		switch {
		case fresh && s.N >= MetPieces && e.Value >= MetValue && e.Low >= MetLow:
			return Met
		case s.N >= MetPieces && s.level() >= MetValue && low >= MetLow:
			return Fading
		case s.N < 2:
			return Unknown
		}
	}
	switch {
	case e.Value >= 0.6:
		return Nearly
	case e.Value >= 0.35:
		return Learning
	}
	return Starting
}

// level is the expected success as it stood at the latest piece.
func (s State) level() float64 { return gauss{s.Mean, s.Variance}.expect() }

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
