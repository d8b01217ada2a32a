// Package mixed fits linear mixed models of students in classes in schools, by restricted
// maximum likelihood, so that the effect of a practice can differ between schools and each
// school's own is told as far as its students tell it.
package mixed

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Model is y = X β + Z b + ε, where each group has its own intercept and slopes b, drawn from
// one normal distribution. All slices have one entry for each student.
type Model struct {
	Y      []float64
	X      [][]float64 // fixed columns, the intercept among them
	Group  []int32     // schools
	Slopes [][]float64 // columns whose coefficient differs between groups, beside the intercept
	Nested []int32     // classes, each within one group, with intercepts of their own; nil for none
	ML     bool        // maximum likelihood instead of the restricted one
}

// Fit is a fitted model.
type Fit struct {
	Coef, SE  []float64
	Between   [][]float64 // covariance of groups' intercepts and slopes
	Nested    float64     // variance of classes' intercepts
	Residual  float64     // variance of students
	Criterion float64     // −2 log (restricted) likelihood
	Steps     int         // evaluations of it

	Groups  []int32     // in the order of Effects
	Sizes   []int       // students of each
	Effects [][]float64 // each group's intercept and slopes, less the average (BLUP)
	SD      [][]float64 // of each, given the variances and the fixed coefficients

	v     *mat.SymDense // of Coef
	parts []kernel
	terms int
	of    *problem
	theta []float64
}

// kernel is what a group's own effects are made of: b = K (S_ty − S_tX β).
type kernel struct{ k, stx []float64 }

// sums are the cross products of [terms, X, y] in a group, and their sums in its classes.
type sums struct {
	all     []float64 // m × m, upper triangle by rows
	classes [][]float64
	sizes   []float64
}

// problem is a model in sufficient statistics, with slopes scaled to a deviation of 1.
type problem struct {
	r, p, m int // terms, fixed columns, all columns
	n       float64
	groups  []sums
	scale   []float64
	ml      bool
	nested  bool
}

// Estimate fits a model (Bates, Mächler, Bolker & Walker, 2015: the profiled criterion over
// relative covariance factors), from sums by group, so that its cost after one reading of the
// students does not depend on how many there are.
func Estimate(m Model) (*Fit, error) {
	n := len(m.Y)
	for _, c := range [][][]float64{m.X, m.Slopes} {
		for _, x := range c {
			if len(x) != n {
				return nil, fmt.Errorf("a column has %d entries for %d students", len(x), n)
			}
		}
	}
	if len(m.Group) != n || m.Nested != nil && len(m.Nested) != n {
		return nil, fmt.Errorf("groups have %d entries for %d students", len(m.Group), n)
	}
	p, groups, sizes, err := newProblem(m)
	if err != nil {
		return nil, err
	}
	if float64(p.p) >= p.n {
		return nil, fmt.Errorf("%d students do not tell %d coefficients", n, p.p)
	}
	w := p.work()
	if v, ok := p.criterion(p.start(), w); !ok {
		return nil, fmt.Errorf("the fixed columns tell each other, or are not numbers (%v)", v)
	}
	theta, steps := p.minimize(w)
	f := p.finish(theta, w)
	f.Groups, f.Sizes, f.Steps, f.of, f.theta = groups, sizes, steps, p, theta
	return f, nil
}

func newProblem(m Model) (*problem, []int32, []int, error) {
	r, q := 1+len(m.Slopes), len(m.X)
	p := &problem{r: r, p: q, m: r + q + 1, n: float64(len(m.Y)), scale: make([]float64, r), ml: m.ML, nested: m.Nested != nil}
	p.scale[0] = 1
	for k, x := range m.Slopes {
		mean, ss := 0.0, 0.0
		for i, v := range x {
			d := v - mean
			mean += d / float64(i+1)
			ss += d * (v - mean)
		}
		if p.scale[k+1] = math.Sqrt(ss / p.n); !(p.scale[k+1] > 0) {
			return nil, nil, nil, fmt.Errorf("slope %d is the same for all students", k)
		}
	}
	at, order := groupsOf(m.Group)
	p.groups = make([]sums, len(order))
	sizes := make([]int, len(order))
	for g := range p.groups {
		p.groups[g].all = make([]float64, p.m*(p.m+1)/2)
	}
	class := map[int32][2]int{}
	row := make([]float64, p.m)
	row[0] = 1
	for i := range m.Y {
		g := at(m.Group[i])
		sizes[g]++
		for k, x := range m.Slopes {
			row[k+1] = x[i] / p.scale[k+1]
		}
		for k, x := range m.X {
			row[r+k] = x[i]
		}
		row[p.m-1] = m.Y[i]
		s := &p.groups[g]
		j := 0
		for a, va := range row {
			for _, vb := range row[a:] {
				s.all[j] += va * vb
				j++
			}
		}
		if m.Nested != nil {
			c, ok := class[m.Nested[i]]
			if !ok {
				c = [2]int{g, len(s.classes)}
				class[m.Nested[i]] = c
				s.classes, s.sizes = append(s.classes, make([]float64, p.m)), append(s.sizes, 0)
			}
			if c[0] != g {
				return nil, nil, nil, fmt.Errorf("class %d is in two groups", m.Nested[i])
			}
			s.sizes[c[1]]++
			for a, v := range row {
				s.classes[c[1]][a] += v
			}
		}
	}
	return p, order, sizes, nil
}

// groupsOf numbers groups in the order in which they come.
func groupsOf(ids []int32) (at func(int32) int, order []int32) {
	most := int32(0)
	for _, id := range ids {
		most = max(most, id)
	}
	if most >= 0 && int(most) < 4*len(ids)+1024 { // a table, where ids are small
		table := make([]int32, most+1)
		for _, id := range ids {
			if id >= 0 && table[id] == 0 {
				order = append(order, id)
				table[id] = int32(len(order))
			}
		}
		return func(id int32) int { return int(table[id]) - 1 }, order
	}
	index := map[int32]int{}
	for _, id := range ids {
		if _, ok := index[id]; !ok {
			index[id] = len(order)
			order = append(order, id)
		}
	}
	return func(id int32) int { return index[id] }, order
}

// start are relative covariance factors of 1, without correlation.
func (p *problem) start() []float64 {
	theta := make([]float64, p.r*(p.r+1)/2)
	j := 0
	for a := range p.r {
		theta[j+a] = 1
		j += a + 1
	}
	if p.nested {
		theta = append(theta, 1)
	}
	return theta
}

// factor is the lower triangle Λ of the terms, and the factor of classes.
func (p *problem) factor(theta []float64) (lambda []float64, class float64) {
	lambda = make([]float64, p.r*p.r)
	j := 0
	for a := range p.r {
		for b := range a + 1 {
			lambda[a*p.r+b] = theta[j]
			j++
		}
	}
	if p.nested {
		class = theta[j]
	}
	return lambda, class
}

// work is memory that evaluations share.
type work struct {
	square  []float64 // cross products of a group, m × m
	l       []float64 // Cholesky factor of M, r × r
	c       []float64 // r × (p + 1)
	reduced []float64 // (p + 1) × (p + 1)
	chol    []float64
}

func (p *problem) work() *work {
	return &work{make([]float64, p.m*p.m), make([]float64, p.r*p.r), make([]float64, p.r*(p.p+1)), make([]float64, (p.p+1)*(p.p+1)), make([]float64, (p.p+1)*(p.p+1))}
}

// reduce makes the cross products of a group with its classes taken out, and returns the log
// determinant of what that took.
func (p *problem) reduce(s *sums, class float64, w *work) (logdet float64) {
	j := 0
	for a := range p.m {
		for b := a; b < p.m; b++ {
			w.square[a*p.m+b] = s.all[j]
			j++
		}
	}
	for c, sum := range s.classes {
		k := class * class / (1 + s.sizes[c]*class*class)
		logdet += math.Log1p(s.sizes[c] * class * class)
		for a := range p.m {
			for b := a; b < p.m; b++ {
				w.square[a*p.m+b] -= k * sum[a] * sum[b]
			}
		}
	}
	for a := range p.m {
		for b := range a {
			w.square[a*p.m+b] = w.square[b*p.m+a]
		}
	}
	return logdet
}

// eliminate makes L = chol(Λ′SΛ + I) and C = L⁻¹Λ′S[X y] of a group, and returns the log
// determinant; ok is false if it cannot.
func (p *problem) eliminate(lambda []float64, w *work) (logdet float64, ok bool) {
	r, m := p.r, p.m
	// T = Λ′ S restricted to the rows of terms.
	t := make([]float64, r*m)
	for a := range r {
		for b := a; b < r; b++ {
			if f := lambda[b*r+a]; f != 0 {
				for k := range m {
					t[a*m+k] += f * w.square[b*m+k]
				}
			}
		}
	}
	for a := range r {
		for b := range a + 1 {
			v := 0.0
			for k := b; k < r; k++ {
				v += t[a*m+k] * lambda[k*r+b]
			}
			if a == b {
				v++
			}
			for k := range b {
				v -= w.l[a*r+k] * w.l[b*r+k]
			}
			if a == b {
				if !(v > 0) {
					return 0, false
				}
				w.l[a*r+a] = math.Sqrt(v)
				logdet += math.Log(v)
			} else {
				w.l[a*r+b] = v / w.l[b*r+b]
			}
		}
	}
	q := p.p + 1
	for a := range r {
		for k := range q {
			v := t[a*m+r+k]
			for b := range a {
				v -= w.l[a*r+b] * w.c[b*q+k]
			}
			w.c[a*q+k] = v / w.l[a*r+a]
		}
	}
	return logdet, true
}

// criterion is −2 log (restricted) likelihood, profiled over β and σ (Bates et al., 2015, eq.
// 39 and 41).
func (p *problem) criterion(theta []float64, w *work) (float64, bool) {
	lambda, class := p.factor(theta)
	q := p.p + 1
	clear(w.reduced)
	logdet := 0.0
	for g := range p.groups {
		logdet += p.reduce(&p.groups[g], class, w)
		d, ok := p.eliminate(lambda, w)
		if !ok {
			return math.Inf(1), false
		}
		logdet += d
		for a := range q {
			row := w.reduced[a*q : a*q+q]
			own := w.square[(p.r+a)*p.m+p.r : (p.r+a)*p.m+p.m]
			for b := a; b < q; b++ {
				v := own[b]
				for k := range p.r {
					v -= w.c[k*q+a] * w.c[k*q+b]
				}
				row[b] += v
			}
		}
	}
	// The Cholesky factor of the reduced cross products: its last entry is the residual.
	fixed := 0.0
	for a := range q {
		for b := a; b < q; b++ {
			v := w.reduced[a*q+b]
			for k := range a {
				v -= w.chol[k*q+a] * w.chol[k*q+b]
			}
			if a == b {
				if !(v > 1e-11*w.reduced[a*q+a]) {
					return math.Inf(1), false
				}
				w.chol[a*q+a] = math.Sqrt(v)
				if a < p.p {
					fixed += math.Log(v)
				}
			} else {
				w.chol[a*q+b] = v / w.chol[a*q+a]
			}
		}
	}
	residual := w.chol[q*q-1] * w.chol[q*q-1]
	if p.ml {
		return logdet + p.n*(1+math.Log(2*math.Pi*residual/p.n)), true
	}
	df := p.n - float64(p.p)
	return logdet + fixed + df*(1+math.Log(2*math.Pi*residual/df)), true
}

// minimize finds the factors by Nelder and Mead's method (1965), begun again until nothing is
// gained.
func (p *problem) minimize(w *work) (theta []float64, steps int) {
	theta = p.start()
	best, _ := p.criterion(theta, w)
	for range 12 {
		result, err := optimize.Minimize(optimize.Problem{Func: func(x []float64) float64 {
			v, _ := p.criterion(x, w)
			return v
		}}, theta, &optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-10, Iterations: 30}, FuncEvaluations: 4000}, &optimize.NelderMead{SimplexSize: .1})
		if result == nil || err != nil && !(result.F < best) {
			break
		}
		steps += result.FuncEvaluations
		gain := best - result.F
		best, theta = result.F, result.X
		if gain < 1e-8 {
			break
		}
	}
	return theta, steps
}

func (p *problem) finish(theta []float64, w *work) *Fit {
	f := &Fit{terms: p.r}
	f.Criterion, _ = p.criterion(theta, w)
	q := p.p + 1
	df := p.n - float64(p.p)
	if p.ml {
		df = p.n
	}
	f.Residual = w.chol[q*q-1] * w.chol[q*q-1] / df
	f.Coef, f.SE = make([]float64, p.p), make([]float64, p.p)
	for a := p.p - 1; a >= 0; a-- {
		v := w.chol[a*q+p.p]
		for b := a + 1; b < p.p; b++ {
			v -= w.chol[a*q+b] * f.Coef[b]
		}
		f.Coef[a] = v / w.chol[a*q+a]
	}
	xx := mat.NewSymDense(max(1, p.p), nil)
	for a := range p.p {
		for b := a; b < p.p; b++ {
			xx.SetSym(a, b, w.reduced[a*q+b])
		}
	}
	f.v = mat.NewSymDense(max(1, p.p), nil)
	if p.p > 0 {
		var chol mat.Cholesky
		chol.Factorize(xx)
		_ = chol.InverseTo(f.v)
		f.v.ScaleSym(f.Residual, f.v)
	}
	for a := range f.SE {
		f.SE[a] = math.Sqrt(f.v.At(a, a))
	}
	lambda, class := p.factor(theta)
	f.Nested = f.Residual * class * class
	f.Between = make([][]float64, p.r)
	for a := range p.r {
		f.Between[a] = make([]float64, p.r)
		for b := range p.r {
			for k := range p.r {
				f.Between[a][b] += f.Residual * lambda[a*p.r+k] * lambda[b*p.r+k] / (p.scale[a] * p.scale[b])
			}
		}
	}
	for g := range p.groups {
		p.reduce(&p.groups[g], class, w)
		p.eliminate(lambda, w)
		f.group(p, lambda, w)
	}
	return f
}

// group predicts a group's own effects.
func (f *Fit) group(p *problem, lambda []float64, w *work) {
	r := p.r
	// K = Λ M⁻¹ Λ′ by the inverse of L: H = L⁻¹Λ′, K = H′H.
	h := make([]float64, r*r)
	for col := range r {
		for a := range r {
			v := lambda[col*r+a]
			for b := range a {
				v -= w.l[a*r+b] * h[b*r+col]
			}
			h[a*r+col] = v / w.l[a*r+a]
		}
	}
	k := kernel{make([]float64, r*r), make([]float64, r*p.p)}
	for a := range r {
		for b := range r {
			for c := range r {
				k.k[a*r+b] += h[c*r+a] * h[c*r+b] / (p.scale[a] * p.scale[b])
			}
		}
		for b := range p.p {
			k.stx[a*p.p+b] = w.square[a*p.m+r+b] * p.scale[a]
		}
	}
	effect, sd := make([]float64, r), make([]float64, r)
	for a := range r {
		for b := range r {
			left := w.square[b*p.m+p.m-1] * p.scale[b]
			for c, beta := range f.Coef {
				left -= k.stx[b*p.p+c] * beta
			}
			effect[a] += k.k[a*r+b] * left
		}
		sd[a] = math.Sqrt(f.Residual * k.k[a*r+a])
	}
	f.Effects, f.SD, f.parts = append(f.Effects, effect), append(f.SD, sd), append(f.parts, k)
}

// Own returns, of the group in some place, a fixed coefficient and the group's own part of it
// together, with the standard error of both: what a practice does in one school, shrunken
// toward what it does in all (Henderson, 1975). The error is given the variances: with few
// schools it is too small, see [Fit.OwnAll]. term is 0 for intercepts, 1 for the first
// slope.
func (f *Fit) Own(place, coef, term int) (value, se float64) {
	value = f.Coef[coef] + f.Effects[place][term]
	k, p := f.parts[place], len(f.Coef)
	c := mat.NewVecDense(p, nil)
	c.SetVec(coef, 1)
	for b := range p {
		v := c.AtVec(b)
		for a := range f.terms {
			v -= k.stx[a*p+b] * k.k[a*f.terms+term]
		}
		c.SetVec(b, v)
	}
	return value, math.Sqrt(f.Residual*k.k[term*f.terms+term] + mat.Inner(c, f.v, c))
}

// Steps of the numerical integral over how far groups differ, and over how that goes with where
// they began.
const (
	integralSteps = 30
	integralTurns = 9
)

// OwnAll returns what [Fit.Own] does of all groups, in the order of Groups, and counts that how
// far groups differ in the first slope, and how that goes with their intercepts, is itself only
// estimated: it integrates over standard deviation and correlation by the (restricted)
// likelihood with flat priors, holding the other parameters. Where few groups tell them, errors
// are much larger than those that are given the variances, also where an estimate is nothing or
// a correlation is one. coef is the fixed coefficient of the slope.
func (f *Fit) OwnAll(coef int) (values, ses []float64) {
	p, w := f.of, f.of.work()
	at := func(sd, turn float64) []float64 {
		theta := append([]float64(nil), f.theta...)
		theta[1], theta[2] = sd*turn, sd*math.Sqrt(1-turn*turn)
		return theta
	}
	best, _ := p.criterion(f.theta, w)
	high := max(math.Hypot(f.theta[1], f.theta[2]), .05)
	for range 40 { // to where it is a thousand times less likely
		if v, ok := p.criterion(at(high, 0), w); !ok || v-best > 14 {
			break
		}
		high *= 1.5
	}
	n := len(f.Groups)
	values, ses = make([]float64, n), make([]float64, n)
	squares, sum := make([]float64, n), 0.0
	for k := range integralSteps {
		sd := high * (float64(k) + .5) / integralSteps
		for turn := range integralTurns {
			g := p.finish(at(sd, 2*(float64(turn)+.5)/integralTurns-1), w)
			weight := math.Exp(-(g.Criterion - best) / 2)
			if !(weight > 1e-9) {
				continue
			}
			sum += weight
			for i := range n {
				v, se := g.Own(i, coef, 1)
				values[i] += weight * v
				squares[i] += weight * (se*se + v*v)
			}
		}
	}
	for i := range n {
		values[i] /= sum
		ses[i] = math.Sqrt(max(0, squares[i]/sum-values[i]*values[i]))
	}
	return values, ses
}
