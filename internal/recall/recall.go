// Package recall says for how long something that was known stays known: memory of
// one thing as stability and difficulty, after FSRS-6 (Ye, Su & Cao 2022, "A
// Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition Scheduling", KDD;
// version 6 of the open algorithm with its published default weights). It knows nothing
// of students or competencies.
package recall

import (
	"math"
	"time"
)

// Memory is how firmly something is known. The zero Memory is of something never met.
type Memory struct {
	Stability  float64 // days until the chance of still knowing falls to 0.9
	Difficulty float64 // 1 (easy to keep) to 10
	Last       time.Time
}

// weights are the published defaults of FSRS-6, w0 to w20.
var weights = [21]float64{0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
	1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542}

// factor makes the chance of still knowing 0.9 when a stability has passed.
var factor = math.Pow(0.9, -1/weights[20]) - 1

// again and good are FSRS's grades of an answer that failed and one that went well; easy
// is only used for the difficulty that others are drawn to.
const again, good, easy = 1.0, 3.0, 4.0

// Stability is kept within these days.
const leastStability, mostStability = 0.001, 36500.0

// Review returns a memory after the thing was asked for. share is how well that went, in
// [0, 1]: partial success counts between failing and knowing. Reviews must come in the
// order of time; one that lies earlier is taken to come at once.
func Review(m Memory, share float64, at time.Time) Memory {
	share = max(0, min(1, share))
	if m.Stability <= 0 {
		return Memory{
			Stability:  mix(share, weights[0], weights[2]),
			Difficulty: bound(mix(share, startDifficulty(again), startDifficulty(good))),
			Last:       at,
		}
	}
	failed, knew := m, m
	if days := m.days(at); days < 1 {
		failed.Stability, knew.Stability = m.sameDay(again), m.sameDay(good)
	} else {
		r := m.At(at)
		failed.Stability, knew.Stability = m.forgotten(r), m.recalled(r)
	}
	return Memory{
		Stability:  max(leastStability, min(mostStability, mix(share, failed.Stability, knew.Stability))),
		Difficulty: bound(mix(share, m.harder(again), m.harder(good))),
		Last:       latest(m.Last, at),
	}
}

// mix goes from what failing gives to what knowing gives, on the scale of logarithms, so
// that half right lies between a day and a month.
func mix(share, failed, knew float64) float64 {
	switch share {
	case 0:
		return failed
	case 1:
		return knew
	}
	return math.Exp((1-share)*math.Log(failed) + share*math.Log(knew))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func bound(d float64) float64 { return max(1, min(10, d)) }

func startDifficulty(grade float64) float64 {
	return weights[4] - math.Exp(weights[5]*(grade-1)) + 1
}

// harder is the difficulty after a grade: linear damping, and reversion to the easiest
// start.
func (m Memory) harder(grade float64) float64 {
	d := m.Difficulty - weights[6]*(grade-3)*(10-m.Difficulty)/9
	return bound(weights[7]*startDifficulty(easy) + (1-weights[7])*d)
}

func (m Memory) recalled(r float64) float64 {
	return m.Stability * (1 + math.Exp(weights[8])*(11-m.Difficulty)*math.Pow(m.Stability, -weights[9])*(math.Exp(weights[10]*(1-r))-1))
}

func (m Memory) forgotten(r float64) float64 {
	s := weights[11] * math.Pow(m.Difficulty, -weights[12]) * (math.Pow(m.Stability+1, weights[13]) - 1) * math.Exp(weights[14]*(1-r))
	return min(s, m.Stability/math.Exp(weights[17]*weights[18]))
}

func (m Memory) sameDay(grade float64) float64 {
	grows := math.Exp(weights[17]*(grade-3+weights[18])) * math.Pow(m.Stability, -weights[19])
	if grade >= good {
		grows = max(1, grows)
	}
	return m.Stability * grows
}

func (m Memory) days(at time.Time) float64 { return max(0, at.Sub(m.Last).Hours()/24) }

// At returns the probability that the thing is still known at a moment, if it was known
// at the last review; 0 for the zero Memory. It falls as a power of time.
func (m Memory) At(t time.Time) float64 {
	if m.Stability <= 0 {
		return 0
	}
	return math.Pow(1+factor*m.days(t)/m.Stability, -weights[20])
}

// Due returns when the probability of still knowing falls to target, in (0, 1); the zero
// time for the zero Memory.
func (m Memory) Due(target float64) time.Time {
	if m.Stability <= 0 {
		return time.Time{}
	}
	days := m.Stability / factor * (math.Pow(max(1e-6, min(1, target)), -1/weights[20]) - 1)
	return m.Last.Add(time.Duration(min(days, mostStability) * 24 * float64(time.Hour)))
}

// Target is the chance of still knowing at which a look back pays: late enough to make
// memory firmer, early enough to succeed.
const Target = 0.85

// horizon is how many days ahead memory is meant to last.
const horizon = 56

// Worth is what a look back at a moment is worth: what it makes firmer, measured as the
// gain in the chance of still knowing eight weeks later, over what would be known then
// anyway. In [0, 1].
func (m Memory) Worth(at time.Time) float64 {
	if m.Stability <= 0 {
		return 0
	}
	r := m.At(at)
	later := at.Add(horizon * 24 * time.Hour)
	after := r*Review(m, 1, at).At(later) + (1-r)*Review(m, 0, at).At(later)
	return max(0, after-m.At(later))
}

// Pressing is how much a look back presses at a moment: what it is worth and, since a few
// pieces tell little of a memory, for how many horizons of eight weeks the thing was not
// seen. On simulated learners the two together keep more than either (package simulate).
func (m Memory) Pressing(at time.Time) float64 {
	if m.Stability <= 0 {
		return 0
	}
	return m.Worth(at) + m.days(at)/horizon
}
