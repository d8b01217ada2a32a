package mastery

import (
	"math"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
)

// Model is a version of the learner model: how easy competencies and items are and how
// much students differ. It is fitted from a log, compared with the running one and
// adopted by a person; the built-in one serves until then. Do not change a Model.
type Model struct {
	// Version names the numbers. A stored estimate of another version or criterion is
	// replayed from the evidence, never converted.
	Version string `json:"version"`
	// Base is the log-odds of a middling student on a typical task of a competency of
	// which nothing is known.
	Base   float64 `json:"base"`
	Spread float64 `json:"spread"` // variance of ability between students
	Within float64 `json:"within"` // variance of one student's competencies around their ability
	Drift  float64 `json:"drift"`  // variance that comes with each piece, for what is learned from it

	Competencies map[competency.ID]Difficulty `json:"competencies,omitempty"`
	Kinds        map[evidence.Kind]Noise      `json:"kinds,omitempty"`
	Scales       map[string]Scale             `json:"scales,omitempty"` // norms of external tests, by scale

	Criterion Criterion `json:"-"` // chosen by the school, not fitted
}

// Difficulty is what is known of a competency.
type Difficulty struct {
	Easiness float64            `json:"easiness"` // log-odds of a middling student on a typical task
	Items    map[string]float64 `json:"items,omitempty"`
	// Before are the competencies that come before this one, frozen with the version so
	// that a changed framework does not change what is already estimated.
	Before []competency.ID `json:"before,omitempty"`
}

// Noise is how a kind of evidence differs, in this district, from what the model takes it
// for: by how much easier its scores come, and how much one piece is worth.
type Noise struct {
	Easier float64 `json:"easier"`
	Worth  float64 `json:"worth"`
}

func (m *Model) noise(k evidence.Kind) Noise {
	if n, ok := m.Kinds[k]; ok {
		return n
	}
	return Noise{0, 1}
}

// Scale is the norm of an external test: mean and standard deviation of its scores.
type Scale struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

var builtin = Model{Version: "waymark-2", Base: -0.3, Spread: 0.7, Within: 1.1, Drift: 0.02}

// Builtin returns the model that needs no data.
func Builtin() *Model {
	m := builtin
	return &m
}

// Name names model and criterion together, as estimates are stored under it.
func (m *Model) Name() string {
	if m.Criterion.Own() {
		return m.Version
	}
	return m.Version + " " + m.Criterion.String()
}

// easiness returns the log-odds of a middling student on a typical task of a competency.
func (m *Model) easiness(c competency.ID) float64 {
	if d, ok := m.Competencies[c]; ok {
		return d.Easiness
	}
	return m.Base
}

// easier returns by how much a piece is easier than a typical task of its competency.
// What was fitted to the district's own log goes before what the item's bank says.
func (m *Model) easier(p evidence.Piece) float64 {
	easier, fitted := m.Competencies[p.Competency].Items[p.Item]
	if !fitted {
		easier = p.Easier
	}
	return easier + m.noise(p.Kind).Easier
}

// A student's ability is remembered for long, and forgotten at this share a day.
const abilityFadePerDay = 0.0008

// carry is how much of what a student is better or worse at than usual in what comes
// before a competency is expected to show in the competency too, and at most by how much.
const (
	carry     = 0.5
	carryMost = 1.5
)

// expected is the belief about a competency before any evidence on it: the student's
// ability, how easy the competency is, and how the student stands on what comes before.
func (m *Model) expected(l *Learner, c competency.ID, now time.Time) gauss {
	g := m.ability(l, now)
	typical := m.easiness(c)
	shift, n := 0.0, 0
	for _, b := range m.Competencies[c].Before {
		if s, ok := l.States[b]; ok && s.N > 0 {
			is := s.after(now)
			sure := max(0, 1-is.variance/s.PriorVariance)
			shift += sure * (is.mean - m.easiness(b) - g.mean)
			n++
		}
	}
	if n > 0 {
		shift = max(-carryMost, min(carryMost, carry*shift/float64(n)))
	}
	return gauss{typical + g.mean + shift, g.variance + m.Within}
}

// ability returns the belief about a student's ability at a moment.
func (m *Model) ability(l *Learner, now time.Time) gauss {
	g := gauss{0, m.Spread}
	if l.Ability.N == 0 {
		return g
	}
	keep := math.Exp(-abilityFadePerDay * max(0, now.Sub(l.Ability.Last).Hours()/24))
	return g.times(keep*l.Ability.Precision, keep*l.Ability.Weighted)
}

// Expect returns what the model expects of a student on a competency at a moment. With
// evidence on the competency it is the estimate; without, what the student's other
// competencies tell, with Status [Unknown].
func (m *Model) Expect(l *Learner, c competency.ID, now time.Time) Estimate {
	if s, ok := l.States[c]; ok && s.N > 0 {
		return s.At(now)
	}
	return estimate(m.expected(l, c, now), State{}, now)
}

// Belief returns mean and variance of what is known of a student's log-odds of success on
// a typical task of a competency.
func (m *Model) Belief(l *Learner, c competency.ID, now time.Time) (mean, variance float64) {
	g := m.belief(l, c, now)
	return g.mean, g.variance
}

// Chance returns the probability that a student's next answer to an item of a competency
// is right. An item that is not known is taken for a typical one.
func (m *Model) Chance(l *Learner, c competency.ID, item string, now time.Time) float64 {
	p := evidence.Piece{Competency: c, Item: item, Kind: evidence.Response, Max: 1}
	g := m.belief(l, c, now)
	return expectedShare(p, (g.mean+m.easier(p))*g.soften())
}

// belief is what is known of a competency at a moment, from evidence on it or without.
func (m *Model) belief(l *Learner, c competency.ID, now time.Time) gauss {
	if s, ok := l.States[c]; ok && s.N > 0 {
		return s.after(now)
	}
	return m.expected(l, c, now)
}
