package match

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"waymark/internal/stats"
)

// Mahalanobis turns columns into a space in which Euclidean distance is the Mahalanobis
// distance (Mahalanobis, 1936), by the covariance pooled within the two sides. Directions that
// hold no variance are left out.
func Mahalanobis(x [][]float64, treated []bool) ([][]float64, error) {
	return whiten(x, pooled(x, treated))
}

// RobustMahalanobis is that of ranks, whose covariance is scaled to the variance of ranks
// without ties, so that no rare value counts for more than it should (Rosenbaum, 2010, section
// 8.3).
func RobustMahalanobis(x [][]float64, treated []bool) ([][]float64, error) {
	n := float64(len(treated))
	untied := math.Sqrt((n*n - 1) / 12 * n / (n - 1)) // standard deviation of 1, 2 … n
	rank := make([][]float64, len(x))
	for k := range x {
		rank[k] = stats.Ranks(x[k])
	}
	cov := pooled(rank, make([]bool, len(treated)))
	for a := range x {
		for b := range a + 1 {
			sa, sb := 1.0, 1.0
			if v := stats.SD(rank[a]); v > 0 {
				sa = untied / v
			}
			if v := stats.SD(rank[b]); v > 0 {
				sb = untied / v
			}
			cov.SetSym(a, b, cov.At(a, b)*sa*sb)
		}
	}
	return whiten(rank, cov)
}

// pooled is the covariance of columns about the means of the two sides.
func pooled(x [][]float64, treated []bool) *mat.SymDense {
	p := len(x)
	mean := make([][2]float64, p)
	var n [2]float64
	side := func(i int) int {
		if treated[i] {
			return 1
		}
		return 0
	}
	for i := range treated {
		n[side(i)]++
	}
	for k, c := range x {
		for i, v := range c {
			mean[k][side(i)] += v / n[side(i)]
		}
	}
	free := n[0] + n[1]
	for _, m := range n {
		if m > 0 {
			free--
		}
	}
	cov := mat.NewSymDense(p, nil)
	for a := range p {
		for b := range a + 1 {
			s := 0.0
			for i := range treated {
				s += (x[a][i] - mean[a][side(i)]) * (x[b][i] - mean[b][side(i)])
			}
			cov.SetSym(a, b, s/free)
		}
	}
	return cov
}

// whiten multiplies columns by a root of the (generalised) inverse of a covariance.
func whiten(x [][]float64, cov *mat.SymDense) ([][]float64, error) {
	p := len(x)
	if p == 0 {
		return nil, fmt.Errorf("a space needs at least one column")
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(cov, true) {
		return nil, fmt.Errorf("a column is not a number somewhere")
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	most := slices.Max(values)
	var out [][]float64
	for k, v := range values {
		if v <= 1e-9*most {
			continue
		}
		c := make([]float64, len(x[0]))
		for a := range p {
			f := vectors.At(a, k) / math.Sqrt(v)
			for i, xv := range x[a] {
				c[i] += f * xv
			}
		}
		out = append(out, c)
	}
	return out, nil
}
