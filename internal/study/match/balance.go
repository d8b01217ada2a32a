package match

import (
	"cmp"
	"math"
	"slices"

	"waymark/internal/stats"
	"waymark/internal/study/effect"
)

// Balance is how alike the two sides are in one respect.
type Balance struct {
	MeanTreated, MeanControl float64
	SMD                      float64 // standardised mean difference
	VarianceRatio            float64 // treated over comparison; NaN for what is 0 or 1
	ECDFMean, ECDFMax        float64 // distance of the distribution functions
	Class                    effect.Balance
}

// BalanceOf compares a column of the two sides, weighted; nil weights stand for all alike. The
// difference is over sd, which is that of the treated before matching for an ATT (Stuart, 2010);
// see [TreatedSD].
func BalanceOf(x []float64, treated []bool, weights []float64, sd float64) Balance {
	var sum, sum2, mean, ss [2]float64
	binary := true
	side := func(i int) int {
		if treated[i] {
			return 1
		}
		return 0
	}
	weight := func(i int) float64 {
		if weights == nil {
			return 1
		}
		return weights[i]
	}
	for i, v := range x {
		if w := weight(i); w != 0 {
			s := side(i)
			sum[s] += w
			sum2[s] += w * w
			mean[s] += w * v
			binary = binary && (v == 0 || v == 1)
		}
	}
	for s := range mean {
		mean[s] /= sum[s]
	}
	for i, v := range x {
		s := side(i)
		ss[s] += weight(i) * (v - mean[s]) * (v - mean[s])
	}
	b := Balance{MeanTreated: mean[1], MeanControl: mean[0], VarianceRatio: math.NaN()}
	if b.SMD = (mean[1] - mean[0]) / sd; mean[1] == mean[0] {
		b.SMD = 0
	}
	b.Class = effect.BalanceOf(b.SMD)
	if !binary {
		variance := func(s int) float64 { return ss[s] * sum[s] / (sum[s]*sum[s] - sum2[s]) } // unbiased for these weights
		b.VarianceRatio = variance(1) / variance(0)
	} else {
		b.ECDFMean, b.ECDFMax = math.Abs(mean[1]-mean[0]), math.Abs(mean[1]-mean[0])
		return b
	}
	order := make([]int, 0, len(x))
	for i := range x {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, c int) int { return cmp.Compare(x[a], x[c]) })
	gap, total, steps := 0.0, 0.0, 0
	for k, i := range order {
		if treated[i] {
			gap += weight(i) / sum[1]
		} else {
			gap -= weight(i) / sum[0]
		}
		if k+1 == len(order) || x[order[k+1]] != x[i] {
			total += math.Abs(gap)
			b.ECDFMax = max(b.ECDFMax, math.Abs(gap))
			steps++
		}
	}
	b.ECDFMean = total / float64(steps)
	return b
}

// TreatedSD is the standard deviation of a column among students with the practice: √p(1 − p)
// of a share.
func TreatedSD(x []float64, treated []bool) float64 {
	var on []float64
	binary := true
	for i, v := range x {
		if treated[i] {
			on = append(on, v)
			binary = binary && (v == 0 || v == 1)
		}
	}
	if binary {
		n := float64(len(on))
		return stats.SD(on) * math.Sqrt((n-1)/n)
	}
	return stats.SD(on)
}
