package grading

import (
	"math"
	"math/rand/v2"
)

// Judge decides on scores; a [Rule]'s Apply is one, and a model's own criterion can be.
type Judge func(s []Score) Verdict

// Standing is what a judge makes of one sequence of scores.
type Standing struct {
	Verdict
	Since int // after how many scores it was first met, 0 if never
}

// Stand applies a judge to a sequence as it grows.
func Stand(s []Score, judge Judge) Standing {
	var st Standing
	for n := 1; n <= len(s); n++ {
		st.Verdict = judge(s[:n])
		if st.Met && st.Since == 0 {
			st.Since = n
		}
	}
	return st
}

// Trial is how often a rule was right about simulated learners whose level is known.
type Trial struct {
	Learners int     `json:"learners"`
	Right    float64 `json:"right"`         // share of all learners judged rightly
	False    float64 `json:"false_mastery"` // share of those below the level who are called met
	Missed   float64 `json:"missed"`        // share of those at the level who are not
	// Half widths of the 95 % intervals of the three (normal approximation).
	RightOff  float64 `json:"right_off"`
	FalseOff  float64 `json:"false_mastery_off"`
	MissedOff float64 `json:"missed_off"`
}

// Learner is a simulated learner: what was scored, and whether the level is truly there.
type Learner struct {
	Scores []Score
	Able   bool
}

// Learners draws learners whose level grows evenly from U(1.2, 3.0) by
// N(0.8, 0.6), never less than 0, over n scores; a score is the level with N(0, 0.6), rounded and kept within
// 1 to 4; the level is there if the last one is [DefaultCut] or more. The same seed
// draws the same learners.
func Learners(seed uint64, learners, n int) []Learner {
	rng := rand.New(rand.NewPCG(seed, 0x6772616465))
	out := make([]Learner, learners)
	for i := range out {
		start := 1.2 + 1.8*rng.Float64()
		growth := math.Max(0, .8+.6*rng.NormFloat64())
		s := make([]Score, n)
		level := start
		for k := range s {
			if n > 1 {
				level = start + growth*float64(k)/float64(n-1)
			}
			s[k].Points = math.Max(1, math.Min(4, math.Round(level+.6*rng.NormFloat64())))
		}
		out[i] = Learner{s, level >= DefaultCut}
	}
	return out
}

// Try judges learners and counts how often that was right.
func Try(learners []Learner, judge Judge) Trial {
	var right, able, wrongly, missed float64
	for _, l := range learners {
		v := judge(l.Scores)
		if v.Met == l.Able {
			right++
		}
		if l.Able {
			able++
		}
		switch {
		case v.Met && !l.Able:
			wrongly++
		case !v.Met && l.Able:
			missed++
		}
	}
	n := float64(len(learners))
	t := Trial{Learners: len(learners)}
	t.Right, t.RightOff = share(right, n)
	t.False, t.FalseOff = share(wrongly, n-able)
	t.Missed, t.MissedOff = share(missed, able)
	return t
}

func share(k, n float64) (p, off float64) {
	if n == 0 {
		return 0, 0
	}
	p = k / n
	return p, 1.96 * math.Sqrt(p*(1-p)/n)
}
