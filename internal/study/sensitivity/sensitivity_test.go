package sensitivity_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"waymark/internal/study/sensitivity"
)

func TestSensitivityIsThatOfTheReference(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../testdata/methods.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		EValue []struct {
			D     float64 `json:"d"`
			SE    float64 `json:"se"`
			Point float64 `json:"evalue_point"`
			CI    float64 `json:"evalue_ci"`
		} `json:"evalue"`
		Sensemakr struct {
			Stats struct {
				Estimate float64 `json:"estimate"`
				SE       float64 `json:"se"`
				T        float64 `json:"t_statistic"`
				R2       float64 `json:"r2yd.x"`
				RV       float64 `json:"rv_q"`
				RVA      float64 `json:"rv_qa"`
				DF       float64 `json:"dof"`
			} `json:"sensitivity_stats"`
		} `json:"sensemakr"`
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
			t.Errorf("%s = %.12g, want %.12g", what, got, want)
		}
	}
	for _, c := range ref.EValue {
		point, ci := sensitivity.EValue(c.D, c.SE)
		near("E-value", point, c.Point)
		near("its interval", ci, c.CI)
	}
	s := ref.Sensemakr.Stats
	r := sensitivity.RobustnessOf(s.T, s.DF, .05)
	near("partial R²", r.PartialR2, s.R2)
	near("robustness value", r.Value, s.RV)
	near("of the interval", r.ValueCI, s.RVA)
}

// Without hidden bias both bounds are the signed-rank test itself; bias widens them; and what
// no bias under a factor explains is told.
func TestHiddenBiasWidensTheTest(t *testing.T) {
	t.Parallel()
	d := []float64{1, 2, 3, -1, 4, 5, 6, 7, -2, 8, 9, 3, 2, 5}
	b := sensitivity.SignedRank(d, []float64{1, 1.5, 2, 3})
	if b[0].Lower != b[0].Upper {
		t.Errorf("without bias: %+v", b[0])
	}
	// By hand: ranks of |d|; T = 100.5 of 105, mean 52.5, variance Σrank²/4.
	if z := 0.0016; math.Abs(b[0].Upper-z) > .0004 {
		t.Errorf("p = %v, want about %v", b[0].Upper, z)
	}
	for i := 1; i < len(b); i++ {
		if !(b[i].Upper > b[i-1].Upper && b[i].Lower < b[i-1].Lower) {
			t.Errorf("bounds do not widen: %+v", b)
		}
	}
	g := sensitivity.Breaking(d, .05, 20)
	at := sensitivity.SignedRank(d, []float64{g - .001, g + .001})
	if !(at[0].Upper < .05 && at[1].Upper > .05) {
		t.Errorf("breaks at %v: %+v", g, at)
	}
	if sensitivity.Breaking([]float64{1, -1, 2, -2}, .05, 20) != 1 {
		t.Error("no effect is robust")
	}
}
