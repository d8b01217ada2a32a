package match

import (
	"math"
	"slices"

	"waymark/internal/stats"
)

// Estimand is whom an effect is for.
type Estimand string

const (
	ATT Estimand = "ATT" // those who have the practice
	ATE Estimand = "ATE" // all
)

// Stratified weighs students of strata that hold both sides, so that the sides are alike in how
// many stand in each stratum: 1 and n_t/n_c for the effect on those who have the practice (ATT).
// Each side's weights are 1 on average. matched is false where a stratum lacks a side.
func Stratified(treated []bool, stratum []int32, e Estimand) (weights []float64, matched []bool) {
	type both struct{ t, c float64 }
	n := map[int32]both{}
	for i, k := range stratum {
		if k < 0 {
			continue
		}
		b := n[k]
		if treated[i] {
			b.t++
		} else {
			b.c++
		}
		n[k] = b
	}
	weights, matched = make([]float64, len(treated)), make([]bool, len(treated))
	var sum, count [2]float64
	for i, k := range stratum {
		b := n[k]
		if k < 0 || b.t == 0 || b.c == 0 {
			continue
		}
		matched[i] = true
		side := 0
		switch {
		case treated[i] && e == ATE:
			weights[i], side = (b.t+b.c)/b.t, 1
		case treated[i]:
			weights[i], side = 1, 1
		case e == ATE:
			weights[i] = (b.t + b.c) / b.c
		default:
			weights[i] = b.t / b.c
		}
		sum[side] += weights[i]
		count[side]++
	}
	for i := range weights {
		side := 0
		if treated[i] {
			side = 1
		}
		if matched[i] {
			weights[i] *= count[side] / sum[side]
		}
	}
	return weights, matched
}

// Bins says into which bin between cut points each value falls; values that are not a number
// fall into none (−1). A value on a cut point is in the bin above it.
func Bins(x []float64, cuts []float64) []int32 {
	cuts = slices.Sorted(slices.Values(cuts))
	out := make([]int32, len(x))
	for i, v := range x {
		if math.IsNaN(v) {
			out[i] = -1
			continue
		}
		k, _ := slices.BinarySearchFunc(cuts, v, func(cut, v float64) int {
			if cut <= v {
				return -1
			}
			return 1
		})
		out[i] = int32(k)
	}
	return out
}

// Sturges returns the inner cut points of so many bins of equal width as Sturges (1926) would
// take for n values: ⌈log₂ n⌉ + 1.
func Sturges(x []float64) []float64 {
	low, high, n := math.Inf(1), math.Inf(-1), 0.0
	for _, v := range x {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
			n++
		}
	}
	if !(high > low) {
		return nil
	}
	k := math.Ceil(math.Log2(n)) + 1
	var cuts []float64
	for i := 1.0; i < k; i++ {
		cuts = append(cuts, low+(high-low)*i/k)
	}
	return cuts
}

// Quantiles returns the inner cut points of k groups of equal size, by those of a few who
// count, such as the students with a practice.
func Quantiles(x []float64, count []bool, k int) []float64 {
	var sorted []float64
	for i, v := range x {
		if count[i] && !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	var cuts []float64
	for i := 1; i < k && len(sorted) > 0; i++ {
		cuts = append(cuts, stats.Quantile(sorted, float64(i)/float64(k)))
	}
	return cuts
}

// Cross numbers the combinations of several codes; −1 where one of them is below 0.
func Cross(codes ...[]int32) []int32 {
	if len(codes) == 0 {
		return nil
	}
	at := map[[2]int32]int32{}
	out := slices.Clone(codes[0])
	for _, more := range codes[1:] {
		clear(at)
		for i, k := range more {
			if out[i] < 0 || k < 0 {
				out[i] = -1
				continue
			}
			key := [2]int32{out[i], k}
			id, ok := at[key]
			if !ok {
				id = int32(len(at))
				at[key] = id
			}
			out[i] = id
		}
	}
	return out
}
