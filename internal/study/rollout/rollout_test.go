package rollout_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"waymark/internal/study/linear"
	"waymark/internal/study/rollout"
)

// With one cohort and two times it is the difference in differences, with the error of a
// regression of changes.
func TestTwoTimesAreADifferenceInDifferences(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var p rollout.Panel
	var change, with, one []float64
	for u := range int32(30) {
		begins, x := 0, 0.0
		if u%3 == 0 {
			begins, x = 2, 1
		}
		a, b := rng.NormFloat64(), rng.NormFloat64()+1+.7*x
		for time, y := range []float64{a, b} {
			p.Unit, p.Time, p.Y, p.Begins = append(p.Unit, u), append(p.Time, time+1), append(p.Y, y), append(p.Begins, begins)
		}
		change, with, one = append(change, b-a), append(with, x), append(one, 1)
	}
	r, err := rollout.Estimate(p)
	if err != nil {
		t.Fatal(err)
	}
	f, err := linear.Regress(linear.Model{Y: change, X: [][]float64{with, one}})
	if err != nil {
		t.Fatal(err)
	}
	want := f.Errors(linear.CR0, nil).Coef(0)
	if math.Abs(r.Overall.Value-want.Value) > 1e-12 || math.Abs(r.Overall.SE-want.SE*math.Sqrt(30./29)) > 1e-12 || len(r.Events) != 1 || r.Never != 20 {
		t.Errorf("%+v; the regression says %+v", r, want)
	}
}

// drawn is a staggered roll-out in which effects grow with time, so that two-way fixed effects
// would be wrong; drift lets those who begin be on another way before.
func drawn(rng *rand.Rand, grow, drift float64) rollout.Panel {
	var p rollout.Panel
	for u := range int32(60) {
		begins := []int{0, 4, 6, 8}[u%4]
		level := rng.NormFloat64()
		for time := 1; time <= 9; time++ {
			y := level + .3*float64(time) + .5*rng.NormFloat64()
			if begins > 0 {
				y += drift * float64(time)
			}
			if begins > 0 && time >= begins {
				y += grow * float64(time-begins+1)
			}
			p.Unit, p.Time, p.Y, p.Begins = append(p.Unit, u), append(p.Time, time), append(p.Y, y), append(p.Begins, begins)
		}
	}
	return p
}

func TestGrowingEffectsAreRecovered(t *testing.T) {
	t.Parallel()
	covered, alarms, all := 0, 0, 0
	for k := range uint64(300) {
		r, err := rollout.Estimate(drawn(rand.New(rand.NewPCG(k, 1)), .2, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.Events {
			truth := 0.0
			if e.At >= 0 {
				truth = .2 * float64(e.At+1)
			}
			all++
			if e.Low <= truth && truth <= e.High {
				covered++
			}
		}
		if r.PreTrend.P < .05 {
			alarms++
		}
	}
	if share := float64(covered) / float64(all); share < .93 || share > .97 {
		t.Errorf("intervals hold the truth in %.3f of %d", share, all)
	}
	if alarms > 27 { // .05 of 300 and three errors
		t.Errorf("%d of 300 false alarms of the pre-trend", alarms)
	}
}

func TestAPreTrendIsSeen(t *testing.T) {
	t.Parallel()
	seen := 0
	for k := range uint64(40) {
		r, err := rollout.Estimate(drawn(rand.New(rand.NewPCG(k, 2)), 0, .3))
		if err != nil {
			t.Fatal(err)
		}
		if r.PreTrend.P < .05 {
			seen++
		}
	}
	if seen < 38 {
		t.Errorf("a drift of .3 is seen in %d of 40", seen)
	}
	for what, p := range map[string]rollout.Panel{"two rows for a time": {Unit: []int32{1, 1}, Time: []int{1, 1}, Y: []float64{1, 2}, Begins: []int{0, 0}},
		"two beginnings": {Unit: []int32{1, 1}, Time: []int{1, 2}, Y: []float64{1, 2}, Begins: []int{0, 2}}, "nobody begins": {Unit: []int32{1, 2}, Time: []int{1, 1}, Y: []float64{1, 2}, Begins: []int{0, 0}}} {
		if _, err := rollout.Estimate(p); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
