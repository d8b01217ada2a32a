package linear_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"waymark/internal/study/linear"
)

// students reads the drawn students of ../testdata by column.
func students(t *testing.T) map[string][]float64 {
	t.Helper()
	f, err := os.Open("../testdata/students.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for _, row := range rows[1:] {
		for k, name := range rows[0] {
			v, err := strconv.ParseFloat(row[k], 64)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = append(out[name], v)
		}
	}
	return out
}

func codes(x []float64) []int32 {
	out := make([]int32, len(x))
	for i, v := range x {
		out[i] = int32(v)
	}
	return out
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(1e-6, math.Abs(want))) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

type reference struct {
	Coef                               map[string]float64
	Sigma, DF                          float64
	Classical, HC1, HC2, CR0, CR1, CR2 struct{ Estimate, SE, DF, P float64 }
}

func readReference(t *testing.T, to any) {
	t.Helper()
	b, err := os.ReadFile("../testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatal(err)
	}
}

func TestRegressionsAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	d := students(t)
	var ref map[string]json.RawMessage
	readReference(t, &ref)
	n := len(d["y"])
	crossed := make([]int32, n)
	for i := range crossed {
		crossed[i] = int32(d["grade"][i]*10 + d["frl"][i])
	}
	school, class := codes(d["school"]), codes(d["class"])
	for _, c := range []struct {
		name    string
		absorb  []int32
		cluster []int32
		weights []float64
	}{{"plain_school", nil, school, nil}, {"plain_class", nil, class, nil}, {"effects_school", school, school, nil}, {"effects_class", school, class, nil},
		{"weighted_class", nil, class, d["w"]}, {"weighted_effects_class", school, class, d["w"]}, {"crossed", school, crossed, nil}, {"weighted_crossed", school, crossed, d["w"]}} {
		var want reference
		if err := json.Unmarshal(ref[c.name], &want); err != nil {
			t.Fatal(err)
		}
		for _, absorbed := range []bool{true, false} { // groups absorbed, and as columns
			m := linear.Model{Y: d["y"], X: [][]float64{d["treat"], d["pre"], d["frl"]}, Weights: c.weights}
			what := c.name
			switch {
			case c.absorb == nil:
				m.X = append(m.X, ones(n))
			case absorbed:
				m.Absorb = c.absorb
			default:
				what += " by columns"
				for s := range 24 {
					col := make([]float64, n)
					for i := range col {
						if int(c.absorb[i]) == s+1 {
							col[i] = 1
						}
					}
					m.X = append(m.X, col)
				}
			}
			f, err := linear.Regress(m)
			if err != nil {
				t.Fatal(err)
			}
			near(t, what+" σ", math.Sqrt(f.Sigma2), want.Sigma, 1e-9)
			near(t, what+" df", f.DF, want.DF, 0)
			for k, name := range []string{"treat", "pre", "frl"} {
				near(t, what+" "+name, f.Coef[k], want.Coef[name], 1e-9)
			}
			near(t, what+" classical", f.Errors(linear.Classical, nil).Coef(0).SE, want.Classical.SE, 1e-9)
			near(t, what+" HC1", f.Errors(linear.CR1, nil).Coef(0).SE, want.HC1.SE, 1e-9)
			if c.weights == nil {
				near(t, what+" HC2", f.Errors(linear.CR2, nil).Coef(0).SE, want.HC2.SE, 1e-9)
			}
			near(t, what+" CR0", f.Errors(linear.CR0, c.cluster).Coef(0).SE, want.CR0.SE, 1e-9)
			near(t, what+" CR1", f.Errors(linear.CR1, c.cluster).Coef(0).SE, want.CR1.SE, 1e-9)
			e := f.Errors(linear.CR2, c.cluster).Coef(0)
			near(t, what+" CR2", e.SE, want.CR2.SE, 1e-8)
			near(t, what+" CR2 df", e.DF, want.CR2.DF, 1e-6)
			near(t, what+" CR2 p", e.P, want.CR2.P, 1e-6)
		}
	}
}

func TestTwoStagesAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	d := students(t)
	var ref struct {
		Two struct{ Estimate, SE float64 } `json:"two_stage"`
	}
	readReference(t, &ref)
	school := codes(d["school"])
	f, err := linear.Regress(linear.Model{Y: d["y"], X: [][]float64{d["dose"], d["pre"]}, Absorb: school, Instrumented: []int{0}, Instruments: [][]float64{d["z"]}})
	if err != nil {
		t.Fatal(err)
	}
	e := f.Errors(linear.CR1, school).Coef(0)
	near(t, "estimate", e.Value, ref.Two.Estimate, 1e-8)
	near(t, "SE", e.SE, ref.Two.SE, 1e-8)
	if _, err := linear.Regress(linear.Model{Y: d["y"], X: [][]float64{d["dose"]}, Instrumented: []int{0}}); err == nil {
		t.Error("an instrumented column without an instrument is fitted")
	}
}

func TestLogisticIsThatOfTheReference(t *testing.T) {
	t.Parallel()
	d := students(t)
	var ref struct {
		Logit struct {
			Coef, SE map[string]float64
			Deviance float64
		}
	}
	readReference(t, &ref)
	n := len(d["y"])
	l, err := linear.Logistic([][]float64{ones(n), d["pre"], d["frl"], d["female"]}, d["treat"])
	if err != nil || l.Separated {
		t.Fatal(l, err)
	}
	near(t, "deviance", l.Deviance, ref.Logit.Deviance, 1e-10)
	for k, name := range []string{"(Intercept)", "pre", "frl", "female"} {
		near(t, name, l.Coef[k], ref.Logit.Coef[name], 1e-8)
		near(t, "SE of "+name, l.SE[k], ref.Logit.SE[name], 1e-8)
	}
}

// Where a column tells the outcome for certain, chances stay between 0 and 1 and in order.
func TestSeparatedOutcomesHaveFiniteChances(t *testing.T) {
	t.Parallel()
	var x, y []float64
	for i := range 40 {
		x = append(x, float64(i))
		y = append(y, map[bool]float64{true: 1}[i >= 20])
	}
	l, err := linear.Logistic([][]float64{ones(40), x}, y)
	if err != nil || !l.Separated {
		t.Fatal(l, err)
	}
	for i := 1; i < 40; i++ {
		if !(l.Fitted[i] > l.Fitted[i-1]) || l.Fitted[i] <= 0 || l.Fitted[i] >= 1 {
			t.Errorf("chance %d = %v after %v", i, l.Fitted[i], l.Fitted[i-1])
		}
	}
	if math.Abs(l.Coef[1]) > 5 {
		t.Errorf("slope %v", l.Coef[1])
	}
	if _, err := linear.Logistic([][]float64{ones(3)}, []float64{1, 1, 1}); err == nil {
		t.Error("nobody without the practice is fitted")
	}
}

func TestACollinearColumnIsLeftOut(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var a, b, y []float64
	for range 50 {
		a = append(a, rng.NormFloat64())
		b = append(b, 3*a[len(a)-1]+2)
		y = append(y, rng.NormFloat64())
	}
	f, err := linear.Regress(linear.Model{Y: y, X: [][]float64{ones(50), a, b}})
	if err != nil || !math.IsNaN(f.Coef[2]) || f.Rank != 2 || !math.IsNaN(f.Errors(linear.CR1, nil).Coef(2).SE) {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := linear.Regress(linear.Model{Y: y, X: [][]float64{a[:3]}}); err == nil {
		t.Error("a short column is taken")
	}
}
