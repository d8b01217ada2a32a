package grading_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/grading"
)

func parse(t *testing.T, s string) grading.Rule {
	t.Helper()
	r, err := grading.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Published and worked examples: JumpRope's power law, Otus's decaying average, and the
// products' own formulas.
func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		scores []float64
		want   float64
	}{
		{"decaying .65", []float64{1, 2, 3, 4}, 3.48},
		{"decaying .65", []float64{2, 3, 4}, 3.5275},
		{"power-law", []float64{1, 2, 3, 4}, 4.00},
		{"power-law", []float64{1, 3, 2, 4}, 3.66},
		{"power-law", []float64{2, 4, 1, 3}, 2.16},
		{"power-law", []float64{4, 3, 2, 1}, 1.28},
		{"power-law", []float64{1, 2, 4, 4}, 4.51},

		{"average", []float64{1, 3, 2, 4}, 2.5},
		{"median", []float64{1, 3, 2, 4}, 2.5},
		{"mode", []float64{1, 3, 2, 4}, 4},
		{"mode-recent", []float64{4, 1, 3, 2}, 2},
		{"highest", []float64{1, 3, 2, 4}, 4},
		{"recent", []float64{1, 3, 2, 4}, 4},
		{"n-times 2", []float64{1, 3, 2, 4}, 3.5},
		{"canvas .65", []float64{1, 3, 2, 4}, 3.30},
		{"decaying .65", []float64{1, 3, 2, 4}, 3.34},
		{"last 3", []float64{1, 3, 2, 4}, 3.0},

		{"average", []float64{4, 4, 3, 1}, 3.0},
		{"median", []float64{4, 4, 3, 1}, 3.5},
		{"mode", []float64{4, 4, 3, 1}, 4},
		{"recent", []float64{4, 4, 3, 1}, 1},
		{"n-times 2", []float64{4, 4, 3, 1}, 3.67},
		{"canvas .65", []float64{4, 4, 3, 1}, 1.93},
		{"decaying .65", []float64{4, 4, 3, 1}, 1.82},
		{"power-law", []float64{4, 4, 3, 1}, 1.60},
		{"last 3", []float64{4, 4, 3, 1}, 2.67},

		{"canvas", []float64{3}, 3},
		{"power-law", []float64{2}, 2},
		{"power-law", []float64{0, 4}, 2},
		{"best 3", []float64{4, 1, 3, 2}, 3},
		{"trend 3", []float64{1, 3, 2, 3}, 3},
		{"m-of-n 3 5", []float64{4, 1, 4, 4, 1}, 2.4},
		{"in-a-row 3", []float64{1, 3, 4}, 8. / 3},
		{"level 2", []float64{2, 3, 3}, 3},
	} {
		v := parse(t, c.rule).Apply(grading.Scores(c.scores...))
		if !v.Known || math.Abs(v.Value-c.want) > 0.005 {
			t.Errorf("%s of %v = %.4f (known %v); want %.4f", c.rule, c.scores, v.Value, v.Known, c.want)
		}
	}
}

// Lextures' moving average on its own scale from 0 to 1, laid onto 1 to 4.
func TestMovingAverage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scores []float64
		want   float64
	}{{[]float64{1, 3, 2, 4}, 2.40}, {[]float64{4, 4, 3, 1}, 2.17}} {
		var s []grading.Score
		for _, p := range c.scores {
			s = append(s, grading.Score{Points: (p - 1) / 3})
		}
		if got := 1 + 3*parse(t, "moving .3 .02").Apply(s).Value; math.Abs(got-c.want) > .005 {
			t.Errorf("moving average of %v = %.3f; want %.2f", c.scores, got, c.want)
		}
	}
	day := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	s := []grading.Score{{Points: 4, At: day}, {Points: 0, At: day.AddDate(0, 0, 10)}}
	if got, want := parse(t, "moving .5 .1").Apply(s).Value, 4*.5*math.Exp(-1)*.5; math.Abs(got-want) > 1e-9 {
		t.Errorf("after ten idle days = %.4f; want %.4f", got, want)
	}
	s = []grading.Score{{Points: 4, Hints: 3}}
	if got, want := parse(t, "moving 1 0").Apply(s).Value, 4/1.36; math.Abs(got-want) > 1e-9 {
		t.Errorf("with three hints = %.4f; want %.4f", got, want)
	}
}

func TestBKT(t *testing.T) {
	t.Parallel()
	// OATutor's parameters, all 0.1. After a right answer: .09/(.09+.09) = .5, then .5 + .5·.1 = .55.
	if got := parse(t, "bkt").Apply(grading.Scores(4)).Value / grading.Scale; math.Abs(got-.55) > 1e-12 {
		t.Errorf("known after one right answer = %.4f; want .55", got)
	}
	// Then .55·.9/(.55·.9 + .45·.1) = .916667, and .925; a third makes .9911 + … ≥ .95.
	r := parse(t, "bkt")
	if v := r.Apply(grading.Scores(4, 4)); v.Met || math.Abs(v.Value/grading.Scale-.925) > 1e-6 {
		t.Errorf("after two = %+v; want .925, not met", v)
	}
	if v := r.Apply(grading.Scores(4, 4, 4)); !v.Met {
		t.Errorf("after three = %+v; want met", v)
	}
	if v := r.Apply(grading.Scores(4, 4, 4, 0)); v.Met {
		t.Errorf("after a wrong one = %+v; want not met", v)
	}
}

func TestKhan(t *testing.T) {
	t.Parallel()
	mixed := func(p float64) grading.Score { return grading.Score{Points: p, Mixed: true} }
	for _, c := range []struct {
		scores []grading.Score
		want   float64 // of 100
	}{
		{grading.Scores(2), 0},
		{grading.Scores(2.9), 50},
		{grading.Scores(4), 80},
		{grading.Scores(4, 4), 80},
		{append(grading.Scores(4), mixed(4)), 100},
		{append(grading.Scores(4), mixed(4), mixed(0)), 80},
		{append(grading.Scores(4), mixed(4), grading.Score{Points: 3}), 80},
		{append(grading.Scores(4), mixed(4), grading.Score{Points: 1}), 50},
		{grading.Scores(4, 3), 50},
		{[]grading.Score{mixed(4)}, 50},
	} {
		if got := parse(t, "khan").Apply(c.scores).Value * 25; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("khan of %v = %.0f; want %.0f", c.scores, got, c.want)
		}
	}
}

func TestCountingRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule       string
		scores     []float64
		met, known bool
	}{
		{"n-times 3", []float64{3, 4, 2}, false, false},
		{"n-times 3", []float64{3, 4, 2, 3}, true, true},
		{"m-of-n 3 5", []float64{4, 4, 4, 1, 1}, true, true},
		{"m-of-n 3 5", []float64{4, 4, 4, 1, 1, 1}, false, true},
		{"in-a-row 3", []float64{3, 3, 3}, true, true},
		{"in-a-row 3", []float64{3, 3, 3, 1}, false, true},
		{"level 3", []float64{4, 4}, false, false},
		{"level 3", []float64{2, 2.5, 3, 2.5, 1}, true, true},
		{"level 3", []float64{2, 2, 3}, false, true},
		{"average met 2.5", []float64{2, 3}, true, true},
		{"additive met .4", []float64{4}, true, true},
		{"additive met .4", []float64{4, 0}, false, true},
	} {
		if v := parse(t, c.rule).Apply(grading.Scores(c.scores...)); v.Met != c.met || v.Known != c.known {
			t.Errorf("%s of %v = %+v; want met %v, known %v", c.rule, c.scores, v, c.met, c.known)
		}
	}
	if v := parse(t, "highest").Apply(nil); v.Known {
		t.Errorf("no scores = %+v; want nothing known", v)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "nonsense", "decaying 2", "decaying x", "last 2.5", "average 3", "average met", "average met 0", "average met 5", "canvas NaN", "average met NaN"} {
		if r, err := grading.Parse(s); fault.FieldOf(err) != "rule" {
			t.Errorf("Parse(%q) = %v, %v; want a fault that names the rule", s, r, err)
		}
	}
	for _, m := range grading.Methods {
		r := m.Default()
		again, err := grading.Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Errorf("Parse(%q) = %v, %v", r, again, err)
		}
		if again.Words() == "" {
			t.Errorf("%s has no words", m.Name)
		}
	}
}

// Whatever the scores, a rule's value is a number within the scale; only the power law may
// leave it, by its formula.
func TestBounded(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		s := make([]grading.Score, 1+rng.IntN(12))
		for i := range s {
			s[i] = grading.Score{Points: float64(rng.IntN(9)) / 2, Hints: rng.IntN(4), Mixed: rng.IntN(2) == 0}
		}
		for _, m := range grading.Methods {
			v := m.Default().Apply(s)
			if math.IsNaN(v.Value) || v.Value < 0 || v.Value > grading.Scale+1e-9 && m.Name != "power-law" || v.Met && !v.Known {
				t.Fatalf("%s of %v = %+v", m.Name, s, v)
			}
		}
	}
}

// The simulation of "how often is 'proficient now' right?": accuracy, false mastery and
// missed mastery in per cent, with 20,000 learners for each length. The reference leaves
// open how the level grows between the first score and the last: hence the tolerance.
func TestSimulation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule string
		n    int
		want [3]float64
	}{
		{"highest", 3, [3]float64{65, 62, 1}}, {"highest", 8, [3]float64{54, 84, 0}},
		{"recent", 5, [3]float64{73, 45, 7}},
		{"n-times 2", 3, [3]float64{79, 26, 15}}, {"n-times 2", 8, [3]float64{65, 65, 0}},
		{"average", 5, [3]float64{80, 5, 36}},
		{"canvas", 8, [3]float64{84, 8, 26}},
		{"decaying", 5, [3]float64{83, 10, 25}},
		{"power-law", 8, [3]float64{86, 10, 20}},
		{"last 3", 5, [3]float64{85, 15, 16}},
	} {
		tr := grading.Try(grading.Learners(1, 20000, c.n), parse(t, c.rule).Apply)
		got := [3]float64{100 * tr.Right, 100 * tr.False, 100 * tr.Missed}
		for i, what := range []string{"right", "false mastery", "missed"} {
			if math.Abs(got[i]-c.want[i]) > 7 {
				t.Errorf("%s with %d scores: %s %.1f %%; want %.0f", c.rule, c.n, what, got[i], c.want[i])
			}
		}
	}
}

func TestStand(t *testing.T) {
	t.Parallel()
	st := grading.Stand(grading.Scores(1, 3, 4, 1), parse(t, "recent").Apply)
	if st.Met || st.Since != 2 || st.Value != 1 {
		t.Errorf("standing = %+v; want met first after 2 scores, and not now", st)
	}
}

func Example() {
	r, _ := grading.Parse("decaying 0.65 met 3")
	fmt.Println(r.Apply(grading.Scores(1, 2, 3, 4)))
	fmt.Println(r.Words())
	// Output:
	// {3.484625 true true}
	// Each new score counts 0.65, what was before counts the rest. Met from 3 of 4 on.
}
