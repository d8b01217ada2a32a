package effect_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"waymark/internal/study/effect"
)

// read reads reference results; see ../testdata/README.md.
func read(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(1e-3, math.Abs(want))) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

func TestEffectSizesAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	var ref struct {
		Hedges []struct {
			NT float64 `json:"n_t"`
			NC float64 `json:"n_c"`
			MT float64 `json:"mean_t"`
			MC float64 `json:"mean_c"`
			ST float64 `json:"sd_t"`
			SC float64 `json:"sd_c"`
			G  float64 `json:"g_wwc"`
			SE float64 `json:"se_wwc"`
			II float64 `json:"improvement_index"`
		} `json:"hedges_g"`
		Cox []struct {
			PT   float64 `json:"p_t"`
			PC   float64 `json:"p_c"`
			NT   float64 `json:"n_t"`
			NC   float64 `json:"n_c"`
			Want float64 `json:"cox_small_sample"`
		} `json:"cox"`
		Clusters []struct {
			G        float64 `json:"g"`
			N        float64 `json:"N"`
			Clusters float64 `json:"clusters"`
			ICC      float64 `json:"icc"`
			NT       float64 `json:"n_t"`
			NC       float64 `json:"n_c"`
			T        float64 `json:"t_adj"`
			H        float64 `json:"df_h"`
			P        float64 `json:"p_adj"`
			Fixed    float64 `json:"g_cluster_corrected"`
		} `json:"cluster_correction"`
		Attrition struct {
			At   []float64 `json:"overall_pct"`
			Less []float64 `json:"cautious_pp"`
			More []float64 `json:"optimistic_pp"`
		} `json:"attrition_table"`
		BH struct {
			P    []float64 `json:"p"`
			BH   []float64 `json:"BH"`
			BY   []float64 `json:"BY"`
			Holm []float64 `json:"holm"`
		} `json:"bh"`
	}
	read(t, "methods.json", &ref)
	for _, c := range ref.Hedges {
		s := effect.Hedges(effect.Group{N: c.NT, Mean: c.MT, SD: c.ST}, effect.Group{N: c.NC, Mean: c.MC, SD: c.SC})
		near(t, "g", s.G, c.G, 1e-12)
		near(t, "SE", s.SE, c.SE, 1e-12)
		near(t, "improvement index", effect.Improvement(s.G), c.II, 1e-9)
	}
	for _, c := range ref.Cox {
		near(t, "Cox index", effect.Cox(c.PT, c.PC, c.NT, c.NC), c.Want, 1e-12)
	}
	for _, c := range ref.Clusters {
		got := effect.CorrectClusters(effect.TOf(c.G, c.NT, c.NC), c.G, c.N, c.Clusters, c.ICC)
		near(t, "t", got.T, c.T, 1e-10)
		near(t, "df", got.DF, c.H, 1e-10)
		near(t, "p", got.P, c.P, 1e-9)
		near(t, "g", got.G, c.Fixed, 1e-12)
	}
	for i, at := range ref.Attrition.At {
		less, more, ok := effect.Boundary(at)
		if !ok || less != ref.Attrition.Less[i] || more != ref.Attrition.More[i] {
			t.Errorf("boundary at %v = %v, %v", at, less, more)
		}
	}
	for i, x := range effect.BenjaminiHochberg(ref.BH.P) {
		near(t, "BH", x, ref.BH.BH[i], 1e-12)
		near(t, "BY", effect.BenjaminiYekutieli(ref.BH.P)[i], ref.BH.BY[i], 1e-12)
		near(t, "Holm", effect.Holm(ref.BH.P)[i], ref.BH.Holm[i], 1e-12)
	}
}

// The vectors of the percentile translation that the product promises.
func TestPercentilesAreTranslated(t *testing.T) {
	t.Parallel()
	for g, want := range map[float64]float64{.09: 3.59, .07: 2.79, .16: 6.36, .25: 9.87, .27: 10.64, .19: 7.53} {
		if got := effect.Improvement(g); math.Abs(got-want) > .005 {
			t.Errorf("improvement of %v = %v, want %v", g, got, want)
		}
	}
	for g, want := range map[float64]float64{.09: 3.20, .07: 2.48} {
		if got := effect.ImprovementFrom(.30, g); math.Abs(got-want) > .005 {
			t.Errorf("improvement of %v from .30 = %v, want %v", g, got, want)
		}
	}
}

func TestRulesOfTheClearinghouse(t *testing.T) {
	t.Parallel()
	for g, want := range map[float64]effect.Balance{0: effect.Satisfied, -.05: effect.Satisfied, .051: effect.Adjust, -.25: effect.Adjust, .26: effect.Fails, math.NaN(): effect.Fails} {
		if got := effect.BalanceOf(g); got != want {
			t.Errorf("balance of %v: %s, want %s", g, got, want)
		}
	}
	// 44.11 percent in all and 2.18 points: too much for the cautious boundary, not for the other.
	a, err := effect.AttritionOf(10000, 5473, 10000, 5705)
	if err != nil || a.Cautious || !a.Optimistic {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = effect.AttritionOf(100, 95, 100, 93); err != nil || !a.Cautious || !a.Optimistic {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err = effect.AttritionOf(10, 11, 10, 1); err == nil {
		t.Error("more outcomes than students")
	}
	if a, err = effect.AttritionOf(100, 30, 100, 30); err != nil || a.Cautious || a.Optimistic {
		t.Errorf("70 percent lost: %+v, %v", a, err)
	}
}

func TestPooledEffectsAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	type pooled struct{ Mean, SE, P, Low, High, Tau2, I2, Q, QP float64 }
	var ref struct {
		Meta struct {
			Y, V                  []float64
			REML, ML, DL, PM, EE  pooled
			KnHa                  pooled
			Blup, BlupSE, Ignored []float64
		}
	}
	read(t, "reference.json", &ref)
	var blup struct {
		Meta struct {
			REML struct {
				Blup []float64 `json:"blup"`
				SE   []float64 `json:"blup_se"`
			}
		}
	}
	read(t, "reference.json", &blup)
	for _, c := range []struct {
		pool   effect.Pool
		adjust bool
		want   pooled
	}{{effect.REML, false, ref.Meta.REML}, {effect.ML, false, ref.Meta.ML}, {effect.DerSimonian, false, ref.Meta.DL}, {effect.PauleMandel, false, ref.Meta.PM},
		{effect.EqualEffects, false, ref.Meta.EE}, {effect.REML, true, ref.Meta.KnHa}} {
		s := effect.Meta(ref.Meta.Y, ref.Meta.V, c.pool, c.adjust)
		what := string(c.pool)
		tolerance := 1e-6
		if c.pool == effect.PauleMandel {
			tolerance = 1e-4 // the reference stops there
		}
		near(t, what+" mean", s.Mean, c.want.Mean, tolerance)
		near(t, what+" SE", s.SE, c.want.SE, tolerance)
		near(t, what+" p", s.P, c.want.P, tolerance)
		near(t, what+" low", s.Low, c.want.Low, tolerance)
		near(t, what+" high", s.High, c.want.High, tolerance)
		near(t, what+" τ²", s.Tau2, c.want.Tau2, tolerance)
		near(t, what+" I²", s.I2, c.want.I2, tolerance)
		near(t, what+" Q", s.Q, c.want.Q, 1e-9)
		if s.PredictLow > s.Low || s.PredictHigh < s.High {
			t.Errorf("%s: another effect would lie in %v to %v, the mean in %v to %v", what, s.PredictLow, s.PredictHigh, s.Low, s.High)
		}
	}
	s := effect.Meta(ref.Meta.Y, ref.Meta.V, effect.REML, false)
	e, se := effect.Shrink(ref.Meta.Y, ref.Meta.V, s)
	for i := range e {
		near(t, "shrunken effect", e[i], blup.Meta.REML.Blup[i], 1e-5)
		near(t, "its error", se[i], blup.Meta.REML.SE[i], 1e-5)
	}
}
