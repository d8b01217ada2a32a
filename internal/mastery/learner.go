package mastery

import (
	"math"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/recall"
)

// Learner is what the model remembers of one student.
type Learner struct {
	Ability Ability
	States  map[competency.ID]State
}

// Ability is what a student's evidence tells of them across competencies: the sum of
// what each competency tells, as precision and precision-weighted log-odds above a
// middling student's, at Last.
type Ability struct {
	Precision, Weighted float64
	N                   int
	Last                time.Time
	Manner
}

// tells is what a state tells of ability: its own evidence, taken apart from the prior,
// as far as a competency tells of a student.
func (m *Model) tells(c competency.ID, s State) (precision, weighted float64) {
	own := 1/s.Variance - 1/s.PriorVariance
	if own <= 1e-9 {
		return 0, 0
	}
	mean := (s.Mean/s.Variance - s.Prior/s.PriorVariance) / own
	typical := m.easiness(c)
	precision = 1 / (1/own + m.Within)
	return precision, precision * (mean - typical)
}

// Update folds one piece into a learner. Pieces must come in the order of [Order]. A
// piece that does not count changes nothing.
func (m *Model) Update(l *Learner, p evidence.Piece) {
	if !m.Counts(p) {
		return
	}
	if l.States == nil {
		l.States = map[competency.ID]State{}
	}
	a := &l.Ability
	if a.N > 0 {
		keep := math.Exp(-abilityFadePerDay * max(0, p.At.Sub(a.Last).Hours()/24))
		a.Precision, a.Weighted = a.Precision*keep, a.Weighted*keep
	}
	a.N++
	a.Last = p.At
	if p.Competency == "" {
		mean, variance, _ := m.norm(p)
		a.Precision += 1 / variance
		a.Weighted += mean / variance
		return
	}
	s := l.States[p.Competency]
	if s.N == 0 {
		g := m.expected(l, p.Competency, p.At)
		s = State{Mean: g.mean, Variance: g.variance, Prior: g.mean, PriorVariance: g.variance, First: p.At, Last: p.At}
	} else {
		precision, weighted := m.tells(p.Competency, s)
		keep := math.Exp(-abilityFadePerDay * max(0, p.At.Sub(s.Last).Hours()/24))
		a.Precision, a.Weighted = max(0, a.Precision-keep*precision), a.Weighted-keep*weighted
	}
	if p.Kind != evidence.Test {
		s.Progress, a.Manner = a.follow(s.Progress, s.N, p.Share(), p.At.Sub(s.Last).Hours()/24)
	}
	s = m.moved(s, p)
	precision, weighted := m.tells(p.Competency, s)
	a.Precision += precision
	a.Weighted += weighted
	l.States[p.Competency] = s
}

// Follows reports whether a piece can be folded on top of a learner that may lack the
// states of other competencies. If not, the student's log is to be folded anew.
func (m *Model) Follows(l *Learner, p evidence.Piece) bool {
	if l.Ability.N > 0 && !p.At.After(l.Ability.Last) || !m.Criterion.Own() {
		return false
	}
	return p.Competency == "" || l.States[p.Competency].N > 0 || len(m.Competencies[p.Competency].Before) == 0
}

// moved returns a state after a piece on its competency.
func (m *Model) moved(s State, p evidence.Piece) State {
	g := s.after(p.At)
	if s.N > 0 {
		g.variance = max(g.variance, min(s.PriorVariance, g.variance+m.Drift))
	}
	if p.Kind == evidence.Test {
		mean, variance, _ := m.norm(p)
		variance += m.Within
		g = g.times(1/variance, (m.easiness(p.Competency)+mean)/variance)
	} else {
		slope, information := signal(p, (g.mean+m.easier(p))*g.soften())
		worth := m.noise(p.Kind).Worth
		g = g.moved(worth*slope, worth*information)
	}
	s.Mean, s.Variance = g.mean, g.variance
	s.N++
	if p.Kind != evidence.Test {
		s.Recent += recentShare * (p.Share() - s.Recent)
	}
	s.Last = p.At
	if p.Kind == evidence.Observation || p.Kind == evidence.Rubric {
		s.Seen = p.At
	}
	s.Memory = recall.Review(s.Memory, p.Share(), p.At)
	return s
}

// Fold returns what all pieces of one student add up to. The pieces are put in order.
func (m *Model) Fold(pieces []evidence.Piece) Learner {
	l, _ := m.FoldWeekly(pieces)
	return l
}

// FoldWeekly folds like [Model.Fold] and also returns each competency's state at the end
// of each week that had evidence on it.
func (m *Model) FoldWeekly(pieces []evidence.Piece) (Learner, map[competency.ID][]Weekly) {
	var l Learner
	weeks := map[competency.ID][]Weekly{}
	g := m.Criterion.grader()
	slices.SortFunc(pieces, Order)
	for _, p := range pieces {
		m.Update(&l, p)
		if p.Competency == "" || !m.Counts(p) {
			continue
		}
		s := l.States[p.Competency]
		s.Grade = g.add(p)
		l.States[p.Competency] = s
		w := Week(p.At)
		list := weeks[p.Competency]
		if n := len(list); n > 0 && list[n-1].Week == w {
			list[n-1].State = s
		} else {
			weeks[p.Competency] = append(list, Weekly{w, s})
		}
	}
	return l, weeks
}

// Step is one piece with what it did to the estimate of its competency.
type Step struct {
	Piece         evidence.Piece
	Before, After Estimate // both at the time of the work
	Counts        bool     // the piece moves estimates at all
}

// Moved is by how much the piece moved the value, in probability.
func (s Step) Moved() float64 { return s.After.Value - s.Before.Value }

// Trace folds a student's pieces like [Model.Fold] and keeps what those on one
// competency did to its estimate.
func (m *Model) Trace(pieces []evidence.Piece, on competency.ID) []Step {
	var steps []Step
	var l Learner
	g := m.Criterion.grader()
	slices.SortFunc(pieces, Order)
	for _, p := range pieces {
		if p.Competency != on {
			m.Update(&l, p)
			continue
		}
		before := m.Expect(&l, on, p.At)
		m.Update(&l, p)
		if m.Counts(p) {
			s := l.States[on]
			s.Grade = g.add(p)
			l.States[on] = s
		}
		steps = append(steps, Step{p, before, m.Expect(&l, on, p.At), m.Counts(p)})
	}
	return steps
}

// Recorded is what became of a piece that was to be written down.
type Recorded struct {
	Piece evidence.Piece
	State State // of its student and competency, after it
	Known bool  // the same fact was there already; nothing was written
}
