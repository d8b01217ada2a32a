package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/stats"
)

// drawn returns predictions and outcomes drawn from them.
func drawn(rng *rand.Rand, n int) (p, y []float64) {
	for range n {
		q := rng.Float64()
		p = append(p, q)
		if rng.Float64() < q {
			y = append(y, 1)
		} else {
			y = append(y, 0)
		}
	}
	return p, y
}

// Predictions that are exactly right have, over many draws, the calibration error that is
// said to come by chance.
func TestECEByChance(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{300, 3000} {
		var is, said float64
		const draws = 400
		for range draws {
			p, y := drawn(rng, n)
			is += stats.ECE(stats.Calibration(p, y, 10)) / draws
			said += stats.ECEByChance(p, 10) / draws
		}
		if math.Abs(is-said) > .05*is {
			t.Errorf("of %d exact predictions the calibration error is %.4f on average; by chance %.4f", n, is, said)
		}
	}
	if stats.ECEByChance(nil, 10) != 0 || stats.ECEByChance([]float64{0, 1, 1}, 10) != 0 {
		t.Error("nothing, or what is certain, errs by chance")
	}
}

// The area under the curve is the share of pairs that are ranked rightly, ties counting
// half.
func TestAUCCountsPairs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	for range 20 {
		p, y := drawn(rng, 60)
		for i := range p {
			p[i] = math.Round(8*p[i]) / 8
		}
		var right, pairs float64
		for i := range p {
			for j := range p {
				if y[i] > y[j] {
					pairs++
					switch {
					case p[i] > p[j]:
						right++
					case p[i] == p[j]:
						right += .5
					}
				}
			}
		}
		if got := stats.Rank(p, y, nil).AUC(); math.Abs(got-right/pairs) > 1e-12 {
			t.Errorf("AUC = %v; of the pairs %v are ranked rightly", got, right/pairs)
		}
	}
}

// By hand: half the predictions are off by .2, half by .4.
func TestScoresByHand(t *testing.T) {
	t.Parallel()
	p, y := []float64{.8, .6}, []float64{1, 1}
	if got := stats.RMSE(p, y); math.Abs(got-math.Sqrt((.04+.16)/2)) > 1e-12 {
		t.Errorf("RMSE = %v", got)
	}
	if got := stats.LogLoss(p, y); math.Abs(got+(math.Log(.8)+math.Log(.6))/2) > 1e-12 {
		t.Errorf("LogLoss = %v", got)
	}
	if got := stats.ECE(stats.Calibration(p, y, 10)); math.Abs(got-.3) > 1e-12 {
		t.Errorf("ECE = %v; want .3", got)
	}
}

// By hand and by its definition.
func TestGini(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{3, 3, 3}, 0}, {[]float64{0, 0, 0, 8}, .75}, {[]float64{1, 2, 3, 4}, .25}, {nil, 0}, {[]float64{0, 0}, 0}} {
		if got := stats.Gini(c.x); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Gini(%v) = %v; want %v", c.x, got, c.want)
		}
		var all, sum float64
		for _, a := range c.x {
			sum += a
			for _, b := range c.x {
				all += math.Abs(a - b)
			}
		}
		if n := float64(len(c.x)); sum > 0 && math.Abs(stats.Gini(c.x)-all/(2*n*sum)) > 1e-12 {
			t.Errorf("Gini(%v) is not the mean difference", c.x)
		}
	}
}

func TestRanks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, want []float64 }{{nil, []float64{}}, {[]float64{3, 1, 2}, []float64{3, 1, 2}}, {[]float64{5, 5, 1}, []float64{2.5, 2.5, 1}}, {[]float64{math.NaN(), 0, math.NaN()}, []float64{1.5, 3, 1.5}}} {
		if diff := cmp.Diff(c.want, stats.Ranks(c.x)); diff != "" {
			t.Errorf("Ranks(%v): %s", c.x, diff)
		}
	}
}
