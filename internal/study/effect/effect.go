// Package effect turns differences between two groups into effect sizes that studies can be
// compared by, as the What Works Clearinghouse does (Procedures Handbook, Version 5.0, 2022:
// "WWC"), and judges samples by its rules on balance and attrition.
package effect

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Group is an outcome in one group: its size, mean and standard deviation (n − 1).
type Group struct {
	N        float64
	Mean, SD float64
}

// Size is a standardised mean difference with its standard error.
type Size struct {
	D     float64 // the difference in pooled standard deviations (Cohen's d)
	Omega float64 // small-sample factor
	G     float64 // Hedges' g: Omega × D
	SE    float64
	SD    float64 // pooled
}

// Omega is the small-sample factor 1 − 3/(4N − 9) of a standardised difference of N subjects
// (Hedges, 1981; WWC, eq. E.1); 1 where N is too small for it.
func Omega(n float64) float64 {
	if 4*n <= 12 {
		return 1
	}
	return 1 - 3/(4*n-9)
}

// Pooled is the pooled standard deviation of two groups.
func Pooled(t, c Group) float64 {
	return math.Sqrt(((t.N-1)*t.SD*t.SD + (c.N-1)*c.SD*c.SD) / (t.N + c.N - 2))
}

// Hedges compares a treated group with a comparison group (WWC, eq. E.1 and E.2:
// SE² = N/(n_t n_c) + g²/(2N)).
func Hedges(t, c Group) Size {
	s := Size{SD: Pooled(t, c)}
	s.D = (t.Mean - c.Mean) / s.SD
	return s.finish(t.N, c.N)
}

func (s Size) finish(nt, nc float64) Size {
	n := nt + nc
	s.Omega = Omega(n)
	s.G = s.Omega * s.D
	s.SE = math.Sqrt(n/(nt*nc) + s.G*s.G/(2*n))
	return s
}

// Adjusted makes an effect size of a difference that a model has adjusted, over the
// unadjusted pooled standard deviation of the two groups.
func Adjusted(difference float64, t, c Group) Size {
	s := Size{SD: Pooled(t, c)}
	s.D = difference / s.SD
	return s.finish(t.N, c.N)
}

// Cox is the index ω [logit p_t − logit p_c]/1.65 of two shares (Cox, 1970; WWC, eq. E.5) of
// groups of so many. Shares of 0 or 1 are moved by half a subject.
func Cox(pt, pc, nt, nc float64) float64 {
	return Omega(nt+nc) * (logit(pt, nt) - logit(pc, nc)) / 1.65
}

func logit(p, n float64) float64 {
	if p <= 0 || p >= 1 {
		p = (p*n + .5) / (n + 1)
	}
	return math.Log(p / (1 - p))
}

// Improvement is the improvement index of an effect size: by how many percentile points the
// average comparison student would move, 100 (Φ(g) − ½) (WWC, section VI).
func Improvement(g float64) float64 { return 100 * (distuv.UnitNormal.CDF(g) - .5) }

// ImprovementFrom is by how many percentile points a student at a starting percentile p0,
// from 0 to 1, would move.
func ImprovementFrom(p0, g float64) float64 {
	return 100 * (distuv.UnitNormal.CDF(distuv.UnitNormal.Quantile(p0)+g) - p0)
}

// Clustered is a test that ignored clusters, put right for them.
type Clustered struct {
	T, DF, P float64
	G        float64 // the effect size, corrected for assignment by cluster
}

// CorrectClusters puts right the t statistic of a study of n subjects in equal clusters
// (students assigned by class or school, analysed as if alone) at an intraclass correlation:
// t × √{[(N−2) − 2(m−1)ρ] / [(N−2)(1+(m−1)ρ)]} with m = N/clusters, and its degrees of freedom
// (Hedges, 2007, eq. 15 and 16; WWC, eq. E.20 and E.21).
func CorrectClusters(t, g, n, clusters, rho float64) Clustered {
	m := n / clusters
	left := n - 2 - 2*(m-1)*rho
	if left <= 0 {
		return Clustered{T: 0, DF: 1, P: 1, G: g}
	}
	out := Clustered{T: t * math.Sqrt(left/((n-2)*(1+(m-1)*rho))), G: g * math.Sqrt(1-2*(m-1)*rho/(n-2))}
	out.DF = left * left / ((n-2)*(1-rho)*(1-rho) + m*(n-2*m)*rho*rho + 2*(n-2*m)*rho*(1-rho))
	out.P = P(out.T, out.DF)
	return out
}

// TOf is the t statistic of a standardised difference g of two groups that ignores clusters:
// g over its standard error.
func TOf(g, nt, nc float64) float64 {
	n := nt + nc
	return g / math.Sqrt(n/(nt*nc)+g*g/(2*n))
}

// P is the two-sided p value of a t statistic with df degrees of freedom; infinite df stand
// for the normal distribution.
func P(t, df float64) float64 {
	if math.IsNaN(t) || !(df > 0) {
		return math.NaN()
	}
	if math.IsInf(df, 1) || df > 1e7 {
		return 2 * distuv.UnitNormal.Survival(math.Abs(t))
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: df}.Survival(math.Abs(t))
}

// Quantile is the q-quantile of the t distribution with df degrees of freedom; not a number
// without any.
func Quantile(q, df float64) float64 {
	if !(df > 0) {
		return math.NaN()
	}
	if math.IsInf(df, 1) || df > 1e7 {
		return distuv.UnitNormal.Quantile(q)
	}
	// The library's quantile holds to about 1e-8; Newton's method takes it to the end.
	d := distuv.StudentsT{Sigma: 1, Nu: df}
	x := d.Quantile(q)
	for range 3 {
		x -= (d.CDF(x) - q) / d.Prob(x)
	}
	return x
}
