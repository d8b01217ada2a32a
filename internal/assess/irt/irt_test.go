package irt_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"

	"waymark/internal/assess/irt"
	"waymark/internal/fault"
)

// answers simulates persons of a standard normal ability times sd.
func answers(seed uint64, persons int, items []irt.Item, sd float64) [][]int8 {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([][]int8, persons)
	for i := range out {
		theta := rng.NormFloat64() * sd
		row := make([]int8, len(items))
		for j, it := range items {
			u := rng.Float64()
			for c := 0; c < len(it.Difficulty); c++ {
				if u -= it.Category(c, theta); u < 0 {
					break
				}
				row[j]++
			}
		}
		out[i] = row
	}
	return out
}

func bank(seed uint64, n int, model irt.Model) []irt.Item {
	rng := rand.New(rand.NewPCG(seed, 2))
	out := make([]irt.Item, n)
	for j := range out {
		it := irt.Dichotomous(math.Exp(.3*rng.NormFloat64()), 1.2*rng.NormFloat64(), 0)
		switch model {
		case irt.OnePL:
			it.Slope = 1
		case irt.ThreePL:
			it.Guess = .1 + .15*rng.Float64()
		case irt.Graded:
			b := it.Difficulty[0]
			it.Difficulty = []float64{b - 1.2, b, b + 1}
		}
		out[j] = it
	}
	return out
}

func TestRecovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		model        irt.Model
		offA, offB   float64 // root mean squared errors allowed
		persons, sdc float64
	}{
		{irt.OnePL, 0, .12, 2000, 1.3}, {irt.TwoPL, .12, .18, 2000, 1}, {irt.ThreePL, .35, .45, 3000, 1}, {irt.Graded, .12, .18, 1500, 1},
	} {
		truth := bank(1, 20, c.model)
		f, err := irt.Calibrate(answers(1, int(c.persons), truth, c.sdc), irt.Options{Model: c.model})
		if err != nil || !f.Converged {
			t.Fatalf("%s: %v, %+v", c.model, err, f)
		}
		var a, b, na, nb float64
		within, all := 0, 0
		for j, it := range f.Items {
			a += math.Pow(it.Slope-truth[j].Slope, 2)
			na++
			for x := range it.Difficulty {
				d := it.Difficulty[x] - truth[j].Difficulty[x]
				b += d * d
				nb++
				all++
				if math.Abs(d) <= 2.576*it.DifficultySE[x] {
					within++
				}
			}
		}
		if math.Sqrt(a/na) > c.offA || math.Sqrt(b/nb) > c.offB {
			t.Errorf("%s: slopes off by %.3f, difficulties by %.3f; want %.2f and %.2f", c.model, math.Sqrt(a/na), math.Sqrt(b/nb), c.offA, c.offB)
		}
		if share := float64(within) / float64(all); share < .85 {
			t.Errorf("%s: %.2f of the 99 %% intervals hold the true difficulty", c.model, share)
		}
		if c.model == irt.OnePL && math.Abs(math.Sqrt(f.Variance)-c.sdc) > .08 {
			t.Errorf("1pl: SD of ability %.3f; simulated with %.2f", math.Sqrt(f.Variance), c.sdc)
		}
	}
}

// EM ends where a general optimiser ends that knows nothing of EM.
func TestAgainstDirectMaximisation(t *testing.T) {
	t.Parallel()
	data := answers(3, 300, bank(3, 4, irt.TwoPL), 1)
	f, err := irt.Calibrate(data, irt.Options{Tolerance: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	grid := irt.Grid(-6, 6, 61)
	prior := irt.Normal(grid, 0, 1)
	minus := func(x []float64) float64 {
		items := make([]irt.Item, 4)
		for j := range items {
			items[j] = irt.Dichotomous(math.Exp(x[2*j]), x[2*j+1], 0)
		}
		sum := 0.0
		for _, row := range data {
			p := 0.0
			for k, theta := range grid {
				w := prior[k]
				for j, a := range row {
					w *= items[j].Category(int(a), theta)
				}
				p += w
			}
			sum -= math.Log(p)
		}
		return sum
	}
	r, err := optimize.Minimize(optimize.Problem{Func: minus}, make([]float64, 8), &optimize.Settings{FuncEvaluations: 20000}, &optimize.NelderMead{})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.F+f.LogLikelihood) > 1e-3 {
		t.Errorf("log-likelihood %.5f; direct maximisation reaches %.5f", f.LogLikelihood, -r.F)
	}
	for j, it := range f.Items {
		if math.Abs(math.Log(it.Slope)-r.X[2*j]) > .02 || math.Abs(it.Difficulty[0]-r.X[2*j+1]) > .02 {
			t.Errorf("item %d: a %.4f, b %.4f; directly %.4f, %.4f", j, it.Slope, it.Difficulty[0], math.Exp(r.X[2*j]), r.X[2*j+1])
		}
	}
}

func TestRepeatableAndMissing(t *testing.T) {
	t.Parallel()
	data := answers(4, 800, bank(4, 8, irt.TwoPL), 1)
	for i := range data {
		data[i][i%8] = irt.Missing
	}
	one, err1 := irt.Calibrate(data, irt.Options{Workers: 1})
	two, err2 := irt.Calibrate(data, irt.Options{Workers: 4})
	if err1 != nil || err2 != nil || !reflect.DeepEqual(one, two) {
		t.Errorf("the number of workers changed the calibration: %v, %v", err1, err2)
	}
	if one.Items[0].Answers != 700 {
		t.Errorf("%d answers to the first item; want 700", one.Items[0].Answers)
	}
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for what, data := range map[string][][]int8{
		"nobody":         {},
		"one item":       {{1}, {0}},
		"all right":      {{1, 1}, {1, 0}},
		"ragged":         {{1, 0}, {0}},
		"no category":    {{1, 0}, {2, 1}},
		"empty category": {{0, 2}, {1, 0}, {0, 2}},
	} {
		model := irt.TwoPL
		if what == "empty category" {
			model = irt.Graded
		}
		if _, err := irt.Calibrate(data, irt.Options{Model: model}); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: %v; want a fault", what, err)
		}
	}
}

// Information is the expected square of the slope of the log-likelihood.
func TestInformation(t *testing.T) {
	t.Parallel()
	for _, it := range append(bank(5, 5, irt.ThreePL), bank(5, 5, irt.Graded)...) {
		for theta := -3.0; theta <= 3; theta += .5 {
			const h = 1e-4
			want := 0.0
			for c := range len(it.Difficulty) + 1 {
				d := (math.Log(it.Category(c, theta+h)) - math.Log(it.Category(c, theta-h))) / (2 * h)
				want += it.Category(c, theta) * d * d
			}
			if got := it.Information(theta); math.Abs(got-want) > 1e-5 {
				t.Errorf("information of %+v at %.1f = %.6f; want %.6f", it, theta, got, want)
			}
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	items := bank(6, 40, irt.TwoPL)
	rng := rand.New(rand.NewPCG(6, 1))
	grid := irt.Grid(-6, 6, 61)
	prior := irt.Normal(grid, 0, 1)
	var truth, got []float64
	inside := 0
	for range 500 {
		theta := rng.NormFloat64()
		row := make([]int8, len(items))
		for j, it := range items {
			if rng.Float64() < it.P(theta) {
				row[j] = 1
			}
		}
		row[0] = irt.Missing
		m, sd := irt.EAP(items, row, grid, prior)
		truth, got = append(truth, theta), append(got, m)
		if math.Abs(m-theta) < 1.645*sd {
			inside++
		}
	}
	if r := stat.Correlation(truth, got, nil); r < .92 {
		t.Errorf("scores correlate with ability by %.3f", r)
	}
	if inside < 425 || inside > 475 {
		t.Errorf("the 90 %% interval held %d of 500", inside)
	}
}

// An item that does not keep to the model stands out, the others do not.
func TestItemFit(t *testing.T) {
	t.Parallel()
	items := bank(7, 15, irt.TwoPL)
	data := answers(7, 2000, items, 1)
	rng := rand.New(rand.NewPCG(7, 3))
	for i := range data {
		data[i][4] = int8(rng.IntN(2)) // chance alone
	}
	fits := irt.Check(items, data, 1)
	low := 0
	for j, f := range fits {
		if j != 4 && (f.Infit < .8 || f.Infit > 1.2) {
			t.Errorf("infit of a fitting item %d = %.3f", j, f.Infit)
		}
		if j != 4 && f.P < .01 {
			low++
		}
	}
	if f := fits[4]; f.Infit < 1.2 || f.P > 1e-4 || f.DF < 5 {
		t.Errorf("an item answered by chance = %+v; want misfit", f)
	}
	if low > 3 {
		t.Errorf("%d of 14 fitting items are called misfitting at .01", low)
	}
}

func TestDIF(t *testing.T) {
	t.Parallel()
	items := bank(8, 20, irt.OnePL)
	data := answers(8, 3000, items, 1)
	harder := append([]irt.Item{}, items...)
	harder[3] = irt.Dichotomous(1, items[3].Difficulty[0]+1.2, 0)
	focal := make([]bool, 6000)
	for i := range 3000 {
		focal[3000+i] = true
	}
	data = append(data, answers(9, 3000, harder, 1)...)
	if d := irt.MantelHaenszel(data, 3, focal); d.Class != "C" || d.Delta > -1.5 {
		t.Errorf("an item that is harder for a group = %+v; want class C", d)
	}
	if d := irt.MantelHaenszel(data, 5, focal); d.Class != "A" {
		t.Errorf("an item that is the same for all = %+v; want class A", d)
	}
	if d := irt.MantelHaenszel(data[:3000], 5, focal[:3000]); d.Class != "" {
		t.Errorf("without a second group = %+v; want nothing", d)
	}
}

func BenchmarkCalibrate2PL(b *testing.B) {
	data := answers(1, 15000, bank(1, 30, irt.TwoPL), 1)
	for b.Loop() {
		if _, err := irt.Calibrate(data, irt.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
