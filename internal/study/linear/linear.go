// Package linear fits linear and logistic regressions to students in classes and schools, with
// errors that hold where students of a cluster are alike.
package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"waymark/internal/study/effect"
)

// Model is what is regressed on what. All slices have one entry for each student.
type Model struct {
	Y []float64
	X [][]float64 // columns; an intercept is one of them where it is wanted
	// Weights are how much each student counts, such as matching weights; nil for all alike.
	Weights []float64
	// Absorb numbers groups whose own levels are taken out, such as schools (fixed effects):
	// the same as a column for each, and no intercept. nil for none.
	Absorb []int32
	// Instruments replace columns of X that depend on the outcome, by two-stage least squares:
	// column k of X is regressed on all instruments and on the columns of X that are not
	// instrumented. nil for ordinary least squares.
	Instrumented []int
	Instruments  [][]float64
}

// Fit is a fitted regression.
type Fit struct {
	Coef     []float64 // NaN for a column that others already tell
	N        int
	Rank     int     // of columns and absorbed groups
	DF       float64 // N − Rank
	Sigma2   float64 // residual variance
	R2       float64 // of the outcome within absorbed groups
	Residual []float64

	kept    []int       // columns that have a coefficient
	x       [][]float64 // kept columns, as they were projected
	bread   *mat.SymDense
	weights []float64
	absorb  []int32
	groups  int
	levels  []float64 // sum of weights of each absorbed group
}

// collinear is the share of a column's own variation below which others already tell it.
const collinear = 1e-10

// Regress fits a model by (weighted, two-stage) least squares. Students with weight 0 count
// for nothing.
func Regress(m Model) (*Fit, error) {
	n := len(m.Y)
	if err := m.check(); err != nil {
		return nil, err
	}
	f := &Fit{N: n, weights: m.Weights, absorb: m.Absorb, Coef: make([]float64, len(m.X))}
	if m.Weights != nil {
		f.N = 0
		for _, w := range m.Weights {
			if w > 0 {
				f.N++
			}
		}
	}
	f.countGroups()
	y := f.within(m.Y)
	x := make([][]float64, len(m.X))
	for k := range m.X {
		x[k] = f.within(m.X[k])
	}
	used := x
	if len(m.Instrumented) > 0 {
		var err error
		if used, err = f.firstStage(m, x); err != nil {
			return nil, err
		}
	}
	f.solve(used, y, m.X)
	f.finish(m, x, y)
	return f, nil
}

func (m Model) check() error {
	n := len(m.Y)
	same := func(what string, got int) error {
		if got != n {
			return fmt.Errorf("%s has %d entries for %d students", what, got, n)
		}
		return nil
	}
	for k, x := range m.X {
		if err := same(fmt.Sprintf("column %d", k), len(x)); err != nil {
			return err
		}
	}
	for k, x := range m.Instruments {
		if err := same(fmt.Sprintf("instrument %d", k), len(x)); err != nil {
			return err
		}
	}
	if m.Weights != nil {
		if err := same("the weights", len(m.Weights)); err != nil {
			return err
		}
	}
	if m.Absorb != nil {
		if err := same("the groups", len(m.Absorb)); err != nil {
			return err
		}
	}
	if len(m.Instruments) < len(m.Instrumented) {
		return fmt.Errorf("%d columns need as many instruments; there are %d", len(m.Instrumented), len(m.Instruments))
	}
	return nil
}

func (f *Fit) weight(i int) float64 {
	if f.weights == nil {
		return 1
	}
	return f.weights[i]
}

func (f *Fit) countGroups() {
	for i, g := range f.absorb {
		for int(g) >= len(f.levels) {
			f.levels = append(f.levels, 0)
		}
		f.levels[g] += f.weight(i)
	}
	for _, w := range f.levels {
		if w > 0 {
			f.groups++
		}
	}
}

// within takes the weighted mean of each absorbed group out of a column.
func (f *Fit) within(col []float64) []float64 {
	if f.absorb == nil {
		return col
	}
	mean := make([]float64, len(f.levels))
	for i, v := range col {
		mean[f.absorb[i]] += f.weight(i) * v
	}
	for g := range mean {
		if f.levels[g] > 0 {
			mean[g] /= f.levels[g]
		}
	}
	out := make([]float64, len(col))
	for i, v := range col {
		out[i] = v - mean[f.absorb[i]]
	}
	return out
}

// firstStage replaces the instrumented columns by what instruments and other columns tell of
// them.
func (f *Fit) firstStage(m Model, x [][]float64) ([][]float64, error) {
	z := make([][]float64, 0, len(x)+len(m.Instruments))
	instrumented := map[int]bool{}
	for _, k := range m.Instrumented {
		instrumented[k] = true
	}
	for k := range x {
		if !instrumented[k] {
			z = append(z, x[k])
		}
	}
	for _, c := range m.Instruments {
		z = append(z, f.within(c))
	}
	used := append([][]float64(nil), x...)
	for _, k := range m.Instrumented {
		first := &Fit{N: f.N, weights: f.weights, Coef: make([]float64, len(z))}
		first.solve(z, x[k], z)
		used[k] = first.predict(z, len(m.Y))
	}
	return used, nil
}

func (f *Fit) predict(x [][]float64, n int) []float64 {
	out := make([]float64, n)
	for k, b := range f.Coef {
		if !math.IsNaN(b) {
			for i, v := range x[k] {
				out[i] += b * v
			}
		}
	}
	return out
}

// solve finds coefficients by the normal equations of columns scaled to unit length, refined
// once; a column that earlier ones tell is left out, as in R.
func (f *Fit) solve(x [][]float64, y []float64, original [][]float64) {
	p := len(x)
	gram := f.gram(x, y)
	scale := make([]float64, p)
	for k := range scale {
		own := 0.0 // before absorption, so that a column that is constant within groups is seen
		for i, v := range original[k] {
			own += f.weight(i) * v * v
		}
		if scale[k] = 1 / math.Sqrt(own); own == 0 {
			scale[k] = 0
		}
	}
	// A Cholesky decomposition by columns finds which are told by those before them.
	var l [][]float64
	f.kept = f.kept[:0]
	for k := range p {
		row := make([]float64, 0, len(f.kept)+1)
		pivot := gram[k][k] * scale[k] * scale[k]
		for a, j := range f.kept {
			s := gram[k][j] * scale[k] * scale[j]
			for b := range a {
				s -= row[b] * l[a][b]
			}
			s /= l[a][a]
			row = append(row, s)
			pivot -= s * s
		}
		f.Coef[k] = math.NaN()
		if pivot <= collinear {
			continue
		}
		l = append(l, append(row, math.Sqrt(pivot)))
		f.kept = append(f.kept, k)
	}
	q := len(f.kept)
	sym := mat.NewSymDense(max(q, 1), nil)
	for a, i := range f.kept {
		for b, j := range f.kept[:a+1] {
			sym.SetSym(a, b, gram[i][j]*scale[i]*scale[j])
		}
	}
	f.x = make([][]float64, q)
	for a, k := range f.kept {
		f.x[a] = x[k]
	}
	if q == 0 {
		f.bread = nil
		return
	}
	var chol mat.Cholesky
	chol.Factorize(sym)
	beta := mat.NewVecDense(q, nil)
	right := mat.NewVecDense(q, nil)
	for a, k := range f.kept {
		right.SetVec(a, gram[p][k]*scale[k])
	}
	_ = chol.SolveVecTo(beta, right)
	for range 2 { // what the rounding of the normal equations left
		res := f.residual(x, y, scale, beta)
		for a := range f.x {
			s := 0.0
			for i, v := range f.x[a] {
				s += f.weight(i) * v * res[i]
			}
			right.SetVec(a, s*scale[f.kept[a]])
		}
		var more mat.VecDense
		_ = chol.SolveVecTo(&more, right)
		beta.AddVec(beta, &more)
	}
	inverse := mat.NewSymDense(q, nil)
	_ = chol.InverseTo(inverse)
	f.bread = mat.NewSymDense(q, nil)
	for a, i := range f.kept {
		f.Coef[i] = beta.AtVec(a) * scale[i]
		for b, j := range f.kept[:a+1] {
			f.bread.SetSym(a, b, inverse.At(a, b)*scale[i]*scale[j])
		}
	}
}

func (f *Fit) residual(x [][]float64, y, scale []float64, beta *mat.VecDense) []float64 {
	res := append([]float64(nil), y...)
	for a, k := range f.kept {
		b := beta.AtVec(a) * scale[k]
		for i, v := range x[k] {
			res[i] -= b * v
		}
	}
	return res
}

// gram returns the weighted cross products of columns; the last row is that with y.
func (f *Fit) gram(x [][]float64, y []float64) [][]float64 {
	p := len(x)
	g := make([][]float64, p+1)
	for k := range g {
		g[k] = make([]float64, p)
	}
	const block = 1024 // rows that stay in the cache
	for from := 0; from < len(y); from += block {
		to := min(from+block, len(y))
		for a := range p {
			xa := x[a][from:to]
			for b := range a + 1 {
				xb, s := x[b][from:to], 0.0
				if f.weights == nil {
					for i, v := range xa {
						s += v * xb[i]
					}
				} else {
					w := f.weights[from:to]
					for i, v := range xa {
						s += w[i] * v * xb[i]
					}
				}
				g[a][b] += s
			}
			s := 0.0
			for i, v := range xa {
				s += f.weight(from+i) * v * y[from+i]
			}
			g[p][a] += s
		}
	}
	for a := range p {
		for b := range a {
			g[b][a] = g[a][b]
		}
	}
	return g
}

// finish reckons residuals from the columns as they are, and what follows from them.
func (f *Fit) finish(m Model, x [][]float64, y []float64) {
	fitted := f.predict(x, len(y))
	f.Residual = fitted
	rss, tss, mean, sum := 0.0, 0.0, 0.0, 0.0
	for i := range y {
		mean += f.weight(i) * y[i]
		sum += f.weight(i)
	}
	mean /= sum
	for i := range y {
		f.Residual[i] = y[i] - fitted[i]
		rss += f.weight(i) * f.Residual[i] * f.Residual[i]
		tss += f.weight(i) * (y[i] - mean) * (y[i] - mean)
	}
	f.Rank = len(f.kept) + f.groups
	f.DF = float64(f.N - f.Rank)
	f.Sigma2 = rss / f.DF
	f.R2 = 1 - rss/tss
}

// Estimate is a number with its error.
type Estimate struct {
	Value, SE, DF float64
	T, P          float64
	Low, High     float64 // 95 percent
}

// NewEstimate makes an estimate of a value, its standard error and degrees of freedom.
func NewEstimate(value, se, df float64) Estimate {
	e := Estimate{Value: value, SE: se, DF: df, T: value / se}
	e.P = effect.P(e.T, df)
	q := effect.Quantile(.975, df)
	e.Low, e.High = value-q*se, value+q*se
	return e
}
