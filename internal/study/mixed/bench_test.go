package mixed_test

import (
	"math/rand/v2"
	"testing"

	"waymark/internal/study/mixed"
)

// Speed on students drawn like those of the reference: 12 fixed columns, 1,000 schools.
func benchmark(b *testing.B, slope bool) {
	const n, schools = 1_000_000, 1000
	rng := rand.New(rand.NewPCG(1, 1))
	m := mixed.Model{Y: make([]float64, n), Group: make([]int32, n), X: make([][]float64, 12)}
	for k := range m.X {
		m.X[k] = make([]float64, n)
	}
	level, own := make([]float64, schools), make([]float64, schools)
	for s := range level {
		level[s], own[s] = .12*rng.NormFloat64(), .07*rng.NormFloat64()
	}
	for i := range n {
		s := int32(rng.IntN(schools))
		m.Group[i] = s
		m.X[0][i] = 1
		for k := 1; k < 12; k++ {
			m.X[k][i] = rng.NormFloat64()
		}
		m.X[1][i] = float64(rng.IntN(2))
		m.Y[i] = level[s] + (.15+own[s])*m.X[1][i] + .9*m.X[2][i] + .35*rng.NormFloat64()
	}
	if slope {
		m.Slopes = m.X[1:2]
	}
	for b.Loop() {
		f, err := mixed.Estimate(m)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(f.Steps), "evaluations")
	}
}

func BenchmarkIntercept(b *testing.B)         { benchmark(b, false) }
func BenchmarkInterceptAndSlope(b *testing.B) { benchmark(b, true) }
