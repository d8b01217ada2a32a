// Package sensitivity says how strong something unmeasured would have to be to explain an
// effect away.
package sensitivity

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"waymark/internal/stats"
	"waymark/internal/study/effect"
)

// EValue is how strongly, as a risk ratio, an unmeasured cause would have to go with both the
// practice and the outcome to explain a standardised difference d away, and to move the nearer
// end of its 95 percent interval to none (VanderWeele & Ding, 2017; d becomes a risk ratio by
// exp(.91 d), and the interval by ±1.78 SE, Chinn, 2000). 1 means: nothing is needed.
func EValue(d, se float64) (point, interval float64) {
	d = math.Abs(d)
	value := func(rr float64) float64 {
		if rr <= 1 {
			return 1
		}
		return rr + math.Sqrt(rr*(rr-1))
	}
	return value(math.Exp(.91 * d)), value(math.Exp(.91*d - 1.78*se))
}

// Bounds are p values of a one-sided signed-rank test of matched pairs, if a pair's two were
// unequally likely to get the practice by a factor of up to Gamma.
type Bounds struct {
	Gamma        float64
	Lower, Upper float64
}

// SignedRank bounds Wilcoxon's signed-rank test of pair differences, treated less comparison,
// against no effect, for each factor of hidden bias (Rosenbaum, 2002, section 4.3.3, normal
// approximation with average ranks; pairs without a difference are left out).
func SignedRank(differences []float64, gammas []float64) []Bounds {
	differences = slices.DeleteFunc(slices.Clone(differences), func(d float64) bool { return d == 0 })
	size := make([]float64, len(differences))
	for i, d := range differences {
		size[i] = math.Abs(d)
	}
	rank := stats.Ranks(size)
	t, sum, squares := 0.0, 0.0, 0.0
	for i, d := range differences {
		if d > 0 {
			t += rank[i]
		}
		sum += rank[i]
		squares += rank[i] * rank[i]
	}
	out := make([]Bounds, len(gammas))
	for i, g := range gammas {
		p := g / (1 + g)
		sd := math.Sqrt(squares * p * (1 - p))
		out[i] = Bounds{g, distuv.UnitNormal.Survival((t - (1-p)*sum) / sd), distuv.UnitNormal.Survival((t - p*sum) / sd)}
	}
	return out
}

// Breaking is the least factor of hidden bias at which the upper p value passes alpha, up to a
// most; 1 where the test is not significant without any.
func Breaking(differences []float64, alpha, most float64) float64 {
	upper := func(g float64) float64 { return SignedRank(differences, []float64{g})[0].Upper }
	if upper(1) >= alpha {
		return 1
	}
	if upper(most) < alpha {
		return most
	}
	low, high := 1.0, most
	for range 60 {
		if mid := (low + high) / 2; upper(mid) < alpha {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// Robustness says how much of what is left of practice and outcome an unmeasured cause would
// have to explain, both alike, in shares of variance (Cinelli & Hazlett, 2020).
type Robustness struct {
	PartialR2 float64 // of the practice with the outcome
	Value     float64 // to bring the estimate to nothing (RV, q = 1)
	ValueCI   float64 // to make it not significant at alpha
}

// RobustnessOf makes robustness values of a regression's t statistic and degrees of freedom
// (Cinelli & Hazlett, 2020, eq. 18 and 20).
func RobustnessOf(t, df, alpha float64) Robustness {
	f := math.Abs(t) / math.Sqrt(df)
	critical := effect.Quantile(1-alpha/2, df-1) / math.Sqrt(df-1)
	value := func(f float64) float64 { return (math.Sqrt(f*f*f*f+4*f*f) - f*f) / 2 }
	r := Robustness{PartialR2: t * t / (t*t + df), Value: value(f)}
	if left := f - critical; left > 0 {
		r.ValueCI = value(left)
		if f > 1/critical {
			r.ValueCI = (f*f - critical*critical) / (1 + f*f)
		}
	}
	return r
}
