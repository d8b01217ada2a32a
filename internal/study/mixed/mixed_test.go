package mixed_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"waymark/internal/study/effect"
	"waymark/internal/study/mixed"
)

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

func TestModelsAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Mixed map[string]struct {
			Fixef, SE    map[string]float64
			Group        []string
			VCov         []float64
			Criterion    float64
			Term, School []string
			Value, SD    []float64
		}
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	d := students(t)
	ones := make([]float64, len(d["y"]))
	for i := range ones {
		ones[i] = 1
	}
	m := mixed.Model{Y: d["y"], X: [][]float64{ones, d["treat"], d["pre"], d["frl"]}, Group: codes(d["school"])}
	slope := m
	slope.Slopes = [][]float64{d["treat"]}
	class, both, ml := m, slope, m
	class.Nested, both.Nested, ml.ML = codes(d["class"]), codes(d["class"]), true
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance*math.Max(1, math.Abs(want))) {
			t.Errorf("%s = %.10g, want %.10g", what, got, want)
		}
	}
	for name, m := range map[string]mixed.Model{"intercept": m, "intercept_ML": ml, "slope": slope, "class": class, "slope_class": both} {
		want := ref.Mixed[name]
		f, err := mixed.Estimate(m)
		if err != nil {
			t.Fatal(name, err)
		}
		if f.Criterion > want.Criterion+1e-6 {
			t.Errorf("%s: criterion %.9f, the reference's is %.9f", name, f.Criterion, want.Criterion)
		}
		for k, c := range []string{"(Intercept)", "treat", "pre", "frl"} {
			near(name+" "+c, f.Coef[k], want.Fixef[c], 1e-4)
			near(name+" SE of "+c, f.SE[k], want.SE[c], 1e-4)
		}
		between := [][2]int{{0, 0}, {1, 1}, {0, 1}}
		for k, g := range want.Group {
			got := f.Residual
			switch g {
			case "s":
				got = f.Between[between[0][0]][between[0][1]]
				between = between[1:]
			case "k":
				got = f.Nested
			}
			near(name+" variance of "+g, got, want.VCov[k], 2e-3)
		}
		place := map[string]int{}
		for i, g := range f.Groups {
			place[fmt.Sprint(g)] = i
		}
		for i, school := range want.School {
			term := 0
			if want.Term[i] == "treat" {
				term = 1
			}
			near(name+" effect of school "+school, f.Effects[place[school]][term], want.Value[i], 2e-3)
			near(name+" its SD", f.SD[place[school]][term], want.SD[i], 2e-3)
		}
	}
}

// The interval of a school's own effect holds what is true as often as it says, with 80 schools
// and with 12, of which few tell how far schools differ.
func TestOwnEffectsCoverTheTruth(t *testing.T) {
	t.Parallel()
	for _, schools := range []int{80, 12} {
		rng := rand.New(rand.NewPCG(3, uint64(schools)))
		inside, all := 0, 0
		for range 3200 / schools {
			var y, x, one []float64
			var g []int32
			truth := make([]float64, schools)
			for s := range truth {
				level := 3 * rng.NormFloat64()
				truth[s] = 2 + 1.5*rng.NormFloat64()
				for i := range 20 + 10*(s%3) {
					treat := float64(i % 2)
					g, x, one = append(g, int32(s)), append(x, treat), append(one, 1)
					y = append(y, 50+level+truth[s]*treat+4*rng.NormFloat64())
				}
			}
			f, err := mixed.Estimate(mixed.Model{Y: y, X: [][]float64{one, x}, Group: g, Slopes: [][]float64{x}})
			if err != nil {
				t.Fatal(err)
			}
			values, ses := f.OwnAll(1)
			for i, s := range f.Groups {
				all++
				if math.Abs(values[i]-truth[s]) <= effect.Quantile(.975, float64(schools-1))*ses[i] {
					inside++
				}
			}
		}
		share := float64(inside) / float64(all)
		if t.Logf("%d schools: %.3f of %d", schools, share, all); share < .92 || share > .975 {
			t.Errorf("%d schools: 95 %% intervals hold the truth in %.3f of %d", schools, share, all)
		}
	}
}

func TestWhatCannotBeFittedIsSaid(t *testing.T) {
	t.Parallel()
	one := []float64{1, 1, 1, 1}
	for what, m := range map[string]mixed.Model{
		"a short column":       {Y: one, X: [][]float64{one[:2]}, Group: []int32{1, 1, 2, 2}},
		"the same column":      {Y: []float64{1, 2, 3, 5}, X: [][]float64{one, one}, Group: []int32{1, 1, 2, 2}},
		"a class in two":       {Y: []float64{1, 2, 3, 5}, X: [][]float64{one}, Group: []int32{1, 1, 2, 2}, Nested: []int32{1, 1, 1, 2}},
		"a slope that is flat": {Y: []float64{1, 2, 3, 5}, X: [][]float64{one}, Group: []int32{1, 1, 2, 2}, Slopes: [][]float64{one}},
	} {
		if f, err := mixed.Estimate(m); err == nil {
			t.Errorf("%s is fitted: %+v", what, f)
		}
	}
}
