package linear

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Kind is how the errors of a regression are reckoned.
type Kind string

const (
	Classical Kind = "classical"
	// CR0 to CR2 hold where students of a cluster are alike in ways that the model does not
	// tell. CR0 is Liang & Zeger's (1986). CR1 adds G/(G−1) × (N−1)/(N−p). CR2 puts right what
	// leverage takes from residuals, and counts degrees of freedom by Satterthwaite (Bell &
	// McCaffrey, 2002; Pustejovsky & Tipton, 2018), which holds with few clusters. With every
	// student a cluster of their own, CR1 is HC1 and CR2 is HC2.
	CR0 Kind = "CR0"
	CR1 Kind = "CR1"
	CR2 Kind = "CR2"
)

// Errors are the variances of a fit's coefficients.
type Errors struct {
	Kind     Kind
	Clusters int

	fit   *Fit
	v     *mat.SymDense
	parts []*part // of CR2
}

// Errors reckons errors. cluster numbers the cluster of each student; nil lets every student
// be one. It is not read for the classical kind.
func (f *Fit) Errors(kind Kind, cluster []int32) *Errors {
	e := &Errors{Kind: kind, fit: f}
	q := len(f.kept)
	if q == 0 {
		return e
	}
	if kind == Classical {
		e.v = mat.NewSymDense(q, nil)
		e.v.ScaleSym(f.Sigma2, f.bread)
		return e
	}
	members := f.members(cluster)
	e.Clusters = len(members)
	meat := mat.NewSymDense(q, nil)
	score := mat.NewVecDense(q, nil)
	var all *whole
	if kind == CR2 {
		all = f.whole()
	}
	for _, rows := range members {
		var adjusted []float64
		if kind == CR2 {
			p := f.part(rows, all)
			e.parts = append(e.parts, p)
			adjusted = p.adjust(f.Residual)
		}
		for a := range q {
			s := 0.0
			for j, i := range rows {
				r := f.Residual[i]
				if adjusted != nil {
					r = adjusted[j]
				}
				s += f.weight(i) * f.x[a][i] * r
			}
			score.SetVec(a, s)
		}
		meat.SymRankOne(meat, 1, score)
	}
	if kind == CR1 {
		g, n := float64(len(members)), float64(f.N)
		meat.ScaleSym(g/(g-1)*(n-1)/(n-float64(f.Rank)), meat)
	}
	var whole mat.Dense
	whole.Product(f.bread, meat, f.bread)
	e.v = mat.NewSymDense(q, nil)
	for a := range q {
		for b := range a + 1 {
			e.v.SetSym(a, b, (whole.At(a, b)+whole.At(b, a))/2)
		}
	}
	return e
}

// manyClusters is from how many clusters on degrees of freedom no longer matter.
const manyClusters = 1000

// members lists the rows of each cluster that count.
func (f *Fit) members(cluster []int32) [][]int {
	n := len(f.Residual)
	if cluster == nil {
		out := make([][]int, 0, n)
		for i := range n {
			if f.weight(i) > 0 {
				out = append(out, []int{i})
			}
		}
		return out
	}
	at := map[int32]int{}
	var out [][]int
	for i := range n {
		if f.weight(i) <= 0 {
			continue
		}
		k, ok := at[cluster[i]]
		if !ok {
			k = len(out)
			at[cluster[i]] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}

// Coef returns the estimate of a column's coefficient; NaN where it has none.
func (e *Errors) Coef(column int) Estimate {
	weights := make([]float64, len(e.fit.Coef))
	weights[column] = 1
	return e.Combine(weights)
}

// Combine returns the estimate of a weighted sum of coefficients, such as the effect in one
// subgroup.
func (e *Errors) Combine(weights []float64) Estimate {
	f := e.fit
	c := mat.NewVecDense(max(1, len(f.kept)), nil)
	value, known := 0.0, true
	for k, w := range weights {
		if w != 0 && math.IsNaN(f.Coef[k]) {
			known = false
		}
	}
	for a, k := range f.kept {
		c.SetVec(a, weights[k])
		value += weights[k] * f.Coef[k]
	}
	if !known || e.v == nil {
		nan := math.NaN()
		return Estimate{Value: nan, SE: nan, DF: nan, T: nan, P: nan, Low: nan, High: nan}
	}
	se := math.Sqrt(max(0, mat.Inner(c, e.v, c)))
	df := f.DF
	switch e.Kind {
	case CR0, CR1:
		if e.Clusters < f.N {
			df = float64(e.Clusters - 1)
		}
	case CR2:
		switch {
		case e.Clusters <= manyClusters:
			df = e.satterthwaite(c)
		case e.Clusters < f.N:
			df = float64(e.Clusters - 1)
		}
	}
	return NewEstimate(value, se, df)
}

// whole is what the adjustment of each cluster needs of all students. Of the columns with
// absorbed groups F, the hat matrix is K W with K = X M X′ + F D⁻¹ F′.
type whole struct {
	x2x   *mat.Dense // X′W²X
	x2f   [][]float64
	w2    []float64 // of each absorbed group, the sum of squared weights
	mx2xm *mat.Dense
}

func (f *Fit) whole() *whole {
	q := len(f.kept)
	w := &whole{x2x: mat.NewDense(q, q, nil), w2: make([]float64, len(f.levels))}
	w.x2f = make([][]float64, len(f.levels))
	for s := range w.x2f {
		w.x2f[s] = make([]float64, q)
	}
	for i := range f.Residual {
		w2 := f.weight(i) * f.weight(i)
		if w2 == 0 {
			continue
		}
		if f.absorb != nil {
			w.w2[f.absorb[i]] += w2
		}
		for a := range q {
			va := w2 * f.x[a][i]
			if f.absorb != nil {
				w.x2f[f.absorb[i]][a] += va
			}
			for b := range q {
				w.x2x.Set(a, b, w.x2x.At(a, b)+va*f.x[b][i])
			}
		}
	}
	w.mx2xm = &mat.Dense{}
	w.mx2xm.Product(f.bread, w.x2x, f.bread)
	return w
}

// part is one cluster: its adjustment A = I + Q (S^(−½) − I) Q′, where Q spans all that the
// hat matrix does there.
type part struct {
	rows []int
	q    [][]float64
	root *mat.Dense // S^(−½) − I
	fit  *Fit
	all  *whole
}

// least is below which a direction of a cluster counts as fitted exactly.
const least = 1e-12

func (f *Fit) part(rows []int, all *whole) *part {
	p := &part{rows: rows, fit: f, all: all}
	n := len(rows)
	var columns [][]float64
	add := func(of func(i int) float64) {
		plain, weighted := make([]float64, n), make([]float64, n)
		for j, i := range rows {
			plain[j] = of(i)
			weighted[j] = f.weight(i) * plain[j]
		}
		columns = append(columns, plain)
		if f.weights != nil {
			columns = append(columns, weighted)
		}
	}
	for a := range f.x {
		add(func(i int) float64 { return f.x[a][i] })
	}
	groups := p.groups()
	for _, s := range groups {
		add(func(i int) float64 {
			if f.absorb[i] == s {
				return 1
			}
			return 0
		})
	}
	p.q = orthonormal(columns)
	r := len(p.q)
	if r == 0 {
		return p
	}
	qx, qwx := p.project(len(f.x), func(a, i int) float64 { return f.x[a][i] })
	half := mat.NewDense(r, len(f.x), nil)
	half.Mul(qx, f.bread)
	s := mat.NewDense(r, r, nil)
	var h mat.Dense
	h.Mul(half, qwx.T())
	var k2 mat.Dense
	k2.Product(qx, all.mx2xm, qx.T())
	if len(groups) > 0 {
		qf, qwf := p.project(len(groups), func(a, i int) float64 {
			if f.absorb[i] == groups[a] {
				return 1
			}
			return 0
		})
		scaled := mat.DenseCopyOf(qf) // QF D⁻¹
		x2f := mat.NewDense(len(f.x), len(groups), nil)
		square := mat.NewDense(r, len(groups), nil)
		for a, g := range groups {
			for k := range r {
				scaled.Set(k, a, qf.At(k, a)/f.levels[g])
				square.Set(k, a, scaled.At(k, a)*all.w2[g])
			}
			for k := range f.x {
				x2f.Set(k, a, all.x2f[g][k])
			}
		}
		var t mat.Dense
		t.Mul(scaled, qwf.T())
		h.Add(&h, &t)
		var cross mat.Dense
		cross.Product(half, x2f, scaled.T())
		k2.Add(&k2, &cross)
		k2.Add(&k2, cross.T())
		var last mat.Dense
		last.Mul(square, scaled.T())
		k2.Add(&k2, &last)
	}
	sym := mat.NewSymDense(r, nil)
	for a := range r {
		for b := range a + 1 {
			v := -h.At(a, b) - h.At(b, a) + (k2.At(a, b)+k2.At(b, a))/2
			if a == b {
				v++
			}
			sym.SetSym(a, b, v)
		}
	}
	var eigen mat.EigenSym
	eigen.Factorize(sym, true)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	values := eigen.Values(nil)
	for k, v := range values {
		if values[k] = -1; v > least {
			values[k] = 1/math.Sqrt(v) - 1
		}
	}
	s.Mul(&vectors, mat.NewDiagDense(r, values))
	p.root = mat.NewDense(r, r, nil)
	p.root.Mul(s, vectors.T())
	return p
}

// groups are the absorbed groups that a cluster has students in.
func (p *part) groups() (out []int32) {
	if p.fit.absorb == nil {
		return nil
	}
	seen := map[int32]bool{}
	for _, i := range p.rows {
		if s := p.fit.absorb[i]; !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// project returns Q′C and Q′WC for columns C.
func (p *part) project(columns int, of func(a, i int) float64) (plain, weighted *mat.Dense) {
	plain, weighted = mat.NewDense(len(p.q), columns, nil), mat.NewDense(len(p.q), columns, nil)
	for k, q := range p.q {
		for a := range columns {
			x, w := 0.0, 0.0
			for j, i := range p.rows {
				v := q[j] * of(a, i)
				x += v
				w += v * p.fit.weight(i)
			}
			plain.Set(k, a, x)
			weighted.Set(k, a, w)
		}
	}
	return plain, weighted
}

// adjust returns A times the cluster's part of v.
func (p *part) adjust(v []float64) []float64 {
	out := make([]float64, len(p.rows))
	for j, i := range p.rows {
		out[j] = v[i]
	}
	return p.times(out)
}

func (p *part) times(v []float64) []float64 {
	r := len(p.q)
	if r == 0 {
		return v
	}
	inner := mat.NewVecDense(r, nil)
	for k, q := range p.q {
		s := 0.0
		for j := range v {
			s += q[j] * v[j]
		}
		inner.SetVec(k, s)
	}
	var back mat.VecDense
	back.MulVec(p.root, inner)
	for k, q := range p.q {
		for j := range v {
			v[j] += q[j] * back.AtVec(k)
		}
	}
	return v
}

// orthonormal is a basis of what columns span, by Gram and Schmidt, twice.
func orthonormal(columns [][]float64) (q [][]float64) {
	for _, c := range columns {
		own := norm(c)
		if own == 0 {
			continue
		}
		v := append([]float64(nil), c...)
		for range 2 {
			for _, u := range q {
				s := 0.0
				for j := range v {
					s += u[j] * v[j]
				}
				for j := range v {
					v[j] -= s * u[j]
				}
			}
		}
		left := norm(v)
		if left <= 1e-9*own {
			continue
		}
		for j := range v {
			v[j] /= left
		}
		q = append(q, v)
	}
	return q
}

func norm(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s)
}

// satterthwaite matches the first two moments of a contrast's variance, under independent
// errors of one variance (Pustejovsky & Tipton, 2018, eq. 11).
func (e *Errors) satterthwaite(c *mat.VecDense) float64 {
	f, q := e.fit, len(e.fit.kept)
	var mc mat.VecDense
	mc.MulVec(f.bread, c)
	g := len(e.parts)
	u, v := mat.NewDense(g, q, nil), mat.NewDense(g, q, nil) // X′a and X′Wa of each cluster
	own := make([]float64, g)
	type level struct {
		cluster int
		f, w    float64 // sums of a and Wa in one absorbed group
	}
	of := make([][]level, len(f.levels))
	for k, p := range e.parts {
		a := make([]float64, len(p.rows))
		for j, i := range p.rows {
			s := 0.0
			for b := range q {
				s += f.x[b][i] * mc.AtVec(b)
			}
			a[j] = f.weight(i) * s
		}
		a = p.times(a)
		for j, i := range p.rows {
			own[k] += a[j] * a[j]
			for b := range q {
				u.Set(k, b, u.At(k, b)+f.x[b][i]*a[j])
				v.Set(k, b, v.At(k, b)+f.x[b][i]*f.weight(i)*a[j])
			}
			if f.absorb != nil {
				s := f.absorb[i]
				if l := len(of[s]); l == 0 || of[s][l-1].cluster != k {
					of[s] = append(of[s], level{cluster: k})
				}
				x := &of[s][len(of[s])-1]
				x.f += a[j]
				x.w += a[j] * f.weight(i)
			}
		}
	}
	all := e.parts[0].all
	cross := mat.NewDense(g, g, nil) // P′P
	var vm, um, t mat.Dense
	vm.Mul(v, f.bread)
	t.Mul(&vm, u.T())
	cross.Sub(cross, &t)
	cross.Sub(cross, t.T())
	um.Mul(u, all.mx2xm)
	t.Reset()
	t.Mul(&um, u.T())
	cross.Add(cross, &t)
	if f.absorb != nil {
		var mu mat.Dense
		mu.Mul(u, f.bread)
		for s, clusters := range of {
			d := f.levels[s]
			for _, x := range clusters {
				for _, y := range clusters {
					cross.Set(x.cluster, y.cluster, cross.At(x.cluster, y.cluster)-x.w*y.f/d-x.f*y.w/d+x.f*y.f*all.w2[s]/(d*d))
				}
				// What columns and groups have in common: none where all weigh alike.
				if f.weights == nil {
					continue
				}
				for k := range g {
					both := 0.0
					for b := range q {
						both += mu.At(k, b) * all.x2f[s][b]
					}
					both *= x.f / d
					cross.Set(k, x.cluster, cross.At(k, x.cluster)+both)
					cross.Set(x.cluster, k, cross.At(x.cluster, k)+both)
				}
			}
		}
	}
	trace, squares := 0.0, 0.0
	for a := range g {
		cross.Set(a, a, cross.At(a, a)+own[a])
		trace += cross.At(a, a)
		for b := range g {
			squares += cross.At(a, b) * cross.At(a, b)
		}
	}
	return trace * trace / squares
}
