// Package stats measures how good predicted probabilities are: how well they rank,
// how far off they are, whether they mean what they say, and how sure one may be of
// that. It knows nothing of what is predicted.
package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// RMSE returns the root of the mean squared difference between the predictions p and
// the outcomes y (Brier, 1950, is its square); 0 for no predictions. p and y have one
// length.
func RMSE(p, y []float64) float64 {
	if len(p) == 0 {
		return 0
	}
	var sum float64
	for i, q := range p {
		d := q - y[i]
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(p)))
}

// clip keeps the logarithm of a predicted probability finite.
const clip = 1e-9

// LogLoss returns the mean negative log-likelihood, in nats, of the outcomes y in
// [0, 1] under the predicted probabilities p, which are clipped to [1e-9, 1−1e-9];
// 0 for no predictions (Good, 1952). p and y have one length.
func LogLoss(p, y []float64) float64 {
	if len(p) == 0 {
		return 0
	}
	var sum float64
	for i, q := range p {
		q = min(max(q, clip), 1-clip)
		sum -= y[i]*math.Log(q) + (1-y[i])*math.Log1p(-q)
	}
	return sum / float64(len(p))
}

// Bin is one bar of a calibration plot: the predictions in [Low, High).
type Bin struct {
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	N         int     `json:"n"`
	Predicted float64 `json:"predicted"` // mean prediction
	Observed  float64 `json:"observed"`  // mean outcome
}

// Calibration puts predictions into n bins of equal width (the last one includes 1)
// and returns for each what was predicted and what came: a reliability diagram
// (Murphy & Winkler, 1977). Empty bins have zero means.
func Calibration(p, y []float64, n int) []Bin {
	bins := make([]Bin, n)
	for i := range bins {
		bins[i].Low, bins[i].High = float64(i)/float64(n), float64(i+1)/float64(n)
	}
	for i, q := range p {
		b := &bins[min(max(int(q*float64(n)), 0), n-1)]
		b.N++
		b.Predicted += q
		b.Observed += y[i]
	}
	for i := range bins {
		if b := &bins[i]; b.N > 0 {
			b.Predicted /= float64(b.N)
			b.Observed /= float64(b.N)
		}
	}
	return bins
}

// ECE returns the expected calibration error: the mean difference between what was
// predicted and what came in each bin, weighted by its size (Naeini, Cooper &
// Hauskrecht, 2015, eq. 1); 0 where the bins are empty.
func ECE(bins []Bin) float64 {
	var sum float64
	var n int
	for _, b := range bins {
		sum += float64(b.N) * math.Abs(b.Predicted-b.Observed)
		n += b.N
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// ECEByChance returns about which [ECE] in n bins predictions p would be expected to have
// if each were exactly right and outcomes 0 or 1 were drawn from them: in a bin, the sum
// of outcomes is then nearly normal around that of predictions, with variance Σ p(1−p),
// and the mean distance of a normal variable is √(2/π) standard deviations.
func ECEByChance(p []float64, n int) float64 {
	if len(p) == 0 {
		return 0
	}
	variance := make([]float64, n)
	for _, q := range p {
		variance[min(max(int(q*float64(n)), 0), n-1)] += q * (1 - q)
	}
	sum := 0.0
	for _, v := range variance {
		sum += math.Sqrt(v)
	}
	return math.Sqrt(2/math.Pi) * sum / float64(len(p))
}

// Ranking holds predictions in order, so that the area under their curve can be had
// for many weightings of the clusters (students) that they come from.
type Ranking struct {
	y       []float64 // outcomes, by rising prediction
	cluster []int32
	last    []bool // the next prediction is another one: a tie ends here
	n       int    // clusters
}

// Rank sorts predictions p with outcomes y in [0, 1]; cluster numbers whom each is
// about, from 0, and may be nil where nobody asks for an interval. All have one length.
func Rank(p, y []float64, cluster []int32) *Ranking {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(p[a], p[b]), cmp.Compare(a, b)) })
	r := &Ranking{y: make([]float64, len(p)), cluster: make([]int32, len(p)), last: make([]bool, len(p))}
	for i, o := range order {
		r.y[i] = y[o]
		r.last[i] = i+1 == len(order) || p[order[i+1]] != p[o]
		if cluster != nil {
			r.cluster[i] = cluster[o]
			r.n = max(r.n, int(cluster[o])+1)
		}
	}
	return r
}

// AUC returns the area under the receiver operating characteristic: the chance that
// a right answer was predicted higher than a wrong one, ties counting half (Hanley &
// McNeil, 1982). A fractional outcome counts as that share of a right answer and the
// rest of a wrong one. It is .5 where all outcomes are the same.
func (r *Ranking) AUC() float64 { return r.auc(nil) }

func (r *Ranking) auc(weight []float64) float64 {
	var wrong, right, tieWrong, tieRight, area float64
	for i, y := range r.y {
		w := 1.0
		if weight != nil {
			w = weight[r.cluster[i]]
		}
		tieRight += w * y
		tieWrong += w * (1 - y)
		if r.last[i] {
			area += tieRight * (wrong + tieWrong/2)
			wrong, right = wrong+tieWrong, right+tieRight
			tieWrong, tieRight = 0, 0
		}
	}
	if wrong == 0 || right == 0 {
		return .5
	}
	return area / (wrong * right)
}

// AUCInterval returns the percentile bootstrap interval of the AUC that covers level
// (such as .95): clusters, not single predictions, are drawn with replacement, since
// the answers of one student hang together (Efron & Tibshirani, 1993, ch. 8 and 13;
// Field & Welsh, 2007). The same seed gives the same interval.
func (r *Ranking) AUCInterval(level float64, replicates int, seed uint64) (low, high float64) {
	if r.n == 0 || replicates < 1 {
		a := r.AUC()
		return a, a
	}
	rng := rand.New(rand.NewPCG(seed, 0x61756321))
	drawn := make([]float64, replicates)
	weight := make([]float64, r.n)
	for b := range drawn {
		clear(weight)
		for range r.n {
			weight[rng.IntN(r.n)]++
		}
		drawn[b] = r.auc(weight)
	}
	slices.Sort(drawn)
	tail := (1 - level) / 2
	return Quantile(drawn, tail), Quantile(drawn, 1-tail)
}

// Quantile returns the q-quantile of values that are sorted, by linear interpolation
// (Hyndman & Fan, 1996, definition 7); NaN never: 0 for no values.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := min(max(q, 0), 1) * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// SD returns the standard deviation (n − 1) of values; those that are not a number are left out
// (Welford, 1962).
func SD(x []float64) float64 {
	n, mean, ss := 0.0, 0.0, 0.0
	for _, v := range x {
		if !math.IsNaN(v) {
			n++
			d := v - mean
			mean += d / n
			ss += d * (v - mean)
		}
	}
	return math.Sqrt(ss / (n - 1))
}

// Ranks returns the ranks of values, from 1 on; equal values share the mean of theirs. NaN is
// below all, and equal to NaN.
func Ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && cmp.Compare(x[order[j]], x[order[i]]) == 0 {
			j++
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

// Gini returns the Gini coefficient of amounts of 0 or more: the mean difference between
// two of them, as a share of twice their mean (Gini 1912). It is 0 where all are equal or
// nothing was given.
func Gini(amounts []float64) float64 {
	x := slices.Clone(amounts)
	slices.Sort(x)
	var sum, weighted float64
	for i, v := range x {
		sum += v
		weighted += float64(i+1) * v
	}
	n := float64(len(x))
	if sum == 0 {
		return 0
	}
	return 2*weighted/(n*sum) - (n+1)/n
}
