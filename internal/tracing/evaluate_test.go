package tracing_test

import (
	"math"
	"testing"
	"time"

	"waymark/internal/tracing"
)

// parrot predicts .9 after a right answer, .2 after a wrong one and .6 at first, and
// foresees that half to all answers ahead are right.
type parrot struct{ p float64 }

func (f *parrot) Predict(_, _ int32, _ int64) float64            { return f.p }
func (f *parrot) Learn(_, _ int32, correct float32, _ int64)     { f.p = .2 + .7*float64(correct) }
func (f *parrot) Foresee() (low, high float64)                   { return .5, 1 }
func (f *parrot) ForeseeOn(_ int32, _ int64) (low, high float64) { return 0, .4 }

func TestEvaluate(t *testing.T) {
	t.Parallel()
	log := &tracing.Log{
		Student: []int32{0, 0, 0, 1, 1}, Item: []int32{0, 1, 2, 0, 1}, Skill: []int32{0, 0, 1, 0, 1},
		Correct: []float32{1, 1, 0, 0, 1}, At: make([]int64, 5),
		Students: []string{"a", "b"}, Items: []string{"1", "2", "3"}, Skills: []string{"k", "l"},
	}
	clock := time.Duration(0)
	r := tracing.Evaluate(log, func() tracing.Predictor { return &parrot{.6} }, tracing.Protocol{
		Clock:  func() time.Duration { clock += time.Microsecond; return clock },
		Groups: map[int32]string{0: "x", 1: "y"},
	})
	// Predictions .6 .9 .9 | .6 .2 for answers 1 1 0 | 0 1, by hand.
	// Of the 6 pairs of a right and a wrong answer, (.9, .6) is in order; (.6, .6) and
	// (.9, .9) are ties.
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"auc", r.AUC, 2.0 / 6},
		{"rmse", r.RMSE, math.Sqrt((.16 + .01 + .81 + .36 + .64) / 5)},
		{"logloss", r.LogLoss, -(math.Log(.6) + math.Log(.9) + math.Log(.1) + math.Log(.4) + math.Log(.2)) / 5},
		{"ece", r.ECE, (2*math.Abs(.6-.5) + 2*math.Abs(.9-.5) + math.Abs(.2-1)) / 5},
		// First on a skill: .6→1, .9→0, .6→0, .2→1; of the four pairs one is a tie.
		{"first_encounter_auc", r.FirstAUC, .5 / 4},
		{"students", float64(r.Students), 2},
		{"first_encounter_n", float64(r.FirstN), 4},
		{"ece of x", r.Groups[0].ECE, (math.Abs(.6-1) + 2*math.Abs(.9-.5)) / 3},
		{"update_median_us", r.MedianUS, 1},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s = %v; want %v", c.name, c.got, c.want)
		}
	}
}

// Windows of ten answers do not overlap, and count only when they are full.
func TestEvaluateIntervals(t *testing.T) {
	t.Parallel()
	log := &tracing.Log{Students: []string{"a"}, Items: []string{"1"}, Skills: []string{"k"}}
	for i := range 25 {
		right := float32(0)
		if i < 13 {
			right = 1
		}
		log.Student, log.Item, log.Skill = append(log.Student, 0), append(log.Item, 0), append(log.Skill, 0)
		log.Correct, log.At = append(log.Correct, right), append(log.At, 0)
	}
	r := tracing.Evaluate(log, func() tracing.Predictor { return &parrot{.6} }, tracing.Protocol{})
	if r.Windows != 2 || r.Coverage != .5 || r.SkillWindows != 2 || r.SkillCoverage != .5 || r.Width != .5 {
		t.Errorf("intervals: %d with %v held, width %v; on the skill %d with %v; want 2, .5, .5, 2, .5", r.Windows, r.Coverage, r.Width, r.SkillWindows, r.SkillCoverage)
	}
}
