package irt

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/mat"

	"waymark/internal/fault"
)

// Options of a calibration. The zero Options are a 2PL on 61 points from −6 to 6, as
// common programs use, to a change of 1e-4.
type Options struct {
	Model      Model
	Points     int
	Most       float64 // the grid goes from −Most to Most
	Tolerance  float64 // largest change of a parameter in a round at which it ends
	Rounds     int     // at most
	Workers    int     // 0 means one for each processor; the result does not depend on it
	NoErrors   bool    // leave out standard errors
	GuessPrior float64 // 3PL: typical guessing, on which a normal prior of its log-odds with SD 0.5 lies
}

func (o Options) filled() Options {
	if o.Model == "" {
		o.Model = TwoPL
	}
	if o.Points == 0 {
		o.Points, o.Most = 61, 6
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-4
	}
	if o.Rounds == 0 {
		o.Rounds = 500
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.GuessPrior == 0 {
		o.GuessPrior = 0.2
	}
	return o
}

// Fit is a calibration.
type Fit struct {
	Model         Model
	Items         []Fitted
	Variance      float64 // of ability; 1 but for the 1PL, whose slopes are 1
	LogLikelihood float64
	Persons       int
	Rounds        int
	Converged     bool
}

// Fitted is an item with the standard errors of its parameters, from the cross-products
// of the persons' scores; zero where they were not asked for or cannot be had.
type Fitted struct {
	Item
	SlopeSE      float64
	DifficultySE []float64
	GuessSE      float64
	Answers      int
	Right        float64 // mean score as a share of the highest
}

// Calibrate estimates items from persons' answers (rows persons, columns items;
// categories from 0, [Missing] where none was given) by marginal maximum likelihood with
// the EM algorithm (Bock & Aitkin 1981), accelerated (Varadhan & Roland 2008, SQUAREM).
// Ability is normal with mean 0.
func Calibrate(answers [][]int8, o Options) (*Fit, error) {
	o = o.filled()
	e, err := newEstimator(answers, o)
	if err != nil {
		return nil, err
	}
	// A coarse grid brings the parameters near, the fine one to the end.
	coarse := *e
	coarse.grid = Grid(-o.Most, o.Most, max(15, o.Points/3))
	coarse.accelerate(10*o.Tolerance, o.Rounds)
	e.items, e.variance = coarse.items, coarse.variance
	rounds, done := e.accelerate(o.Tolerance, o.Rounds)
	f := &Fit{Model: o.Model, Persons: len(answers), Rounds: coarse.rounds + rounds, Converged: done, Variance: e.variance}
	f.LogLikelihood = e.expect().logLikelihood
	for j, it := range e.items {
		f.Items = append(f.Items, Fitted{Item: e.item(it), DifficultySE: make([]float64, len(it.d)), Answers: e.answered[j], Right: e.mean[j]})
	}
	if !o.NoErrors {
		e.errors(f)
	}
	return f, nil
}

// working is an item as it is estimated: slope, intercepts d = −a·b, and the log-odds of
// guessing.
type working struct {
	a float64
	d []float64
	g float64
}

type estimator struct {
	o        Options
	answers  [][]int8
	items    []working
	variance float64
	grid     []float64
	answered []int
	mean     []float64
	rounds   int
}

func newEstimator(answers [][]int8, o Options) (*estimator, error) {
	if len(answers) < 2 || len(answers[0]) < 2 {
		return nil, fault.New(fault.Invalid, "A calibration needs at least two persons and two items.")
	}
	n := len(answers[0])
	e := &estimator{o: o, answers: answers, variance: 1, grid: Grid(-o.Most, o.Most, o.Points), answered: make([]int, n), mean: make([]float64, n)}
	counts := make([][]float64, n)
	for i, row := range answers {
		if len(row) != n {
			return nil, fault.New(fault.Invalid, "Person %d has %d answers; the first has %d.", i+1, len(row), n)
		}
		for j, x := range row {
			if x == Missing {
				continue
			}
			if x < 0 || o.Model != Graded && x > 1 || x > 20 {
				return nil, fault.New(fault.Invalid, "Person %d, item %d: the answer %d is no category of the model %s.", i+1, j+1, x, o.Model)
			}
			for len(counts[j]) <= int(x) {
				counts[j] = append(counts[j], 0)
			}
			counts[j][x]++
			e.answered[j]++
		}
	}
	for j, c := range counts {
		n := float64(e.answered[j])
		empty, given := -1, 0
		for x, k := range c {
			if k > 0 {
				given++
			} else if empty < 0 {
				empty = x
			}
			e.mean[j] += float64(x) * k / max(1, n)
		}
		if given < 2 {
			return nil, fault.New(fault.Invalid, "Item %d: everybody gave the same answer, so it cannot be calibrated. Leave it out.", j+1)
		}
		if empty >= 0 {
			return nil, fault.New(fault.Invalid, "Item %d: nobody gave the answer %d. Leave the item out, or join its categories.", j+1, empty)
		}
		e.mean[j] /= float64(len(c) - 1)
		w := working{a: 1, g: math.Log(o.GuessPrior / (1 - o.GuessPrior))}
		above := n
		for x := 1; x < len(c); x++ {
			above -= c[x-1]
			p := above / n
			if o.Model == ThreePL {
				p = max(0.05, (p-o.GuessPrior)/(1-o.GuessPrior))
			}
			w.d = append(w.d, 1.2*math.Log(p/(1-p+1e-9)))
		}
		e.items = append(e.items, w)
	}
	return e, nil
}

func (e *estimator) item(w working) Item {
	it := Item{Slope: w.a}
	for _, d := range w.d {
		it.Difficulty = append(it.Difficulty, -d/w.a)
	}
	if e.o.Model == ThreePL {
		it.Guess = logistic(w.g)
	}
	return it
}

// expected is what the E step gives: for each item, category and point, how many persons.
type expected struct {
	counts        [][][]float64
	persons       []float64 // at each point
	logLikelihood float64
}

func (e *estimator) expected() *expected {
	x := &expected{counts: make([][][]float64, len(e.items)), persons: make([]float64, len(e.grid))}
	for j, it := range e.items {
		x.counts[j] = make([][]float64, len(it.d)+1)
		for c := range x.counts[j] {
			x.counts[j][c] = make([]float64, len(e.grid))
		}
	}
	return x
}

// tables returns the log-probability of each item's categories at each point.
func (e *estimator) tables() [][][]float64 {
	t := make([][][]float64, len(e.items))
	for j, w := range e.items {
		it := e.item(w)
		t[j] = make([][]float64, len(w.d)+1)
		for c := range t[j] {
			t[j][c] = make([]float64, len(e.grid))
			for k, theta := range e.grid {
				t[j][c][k] = math.Log(max(1e-300, it.Category(c, theta)))
			}
		}
	}
	return t
}

const parts = 8 // work on persons is cut into so many, put together in order

// expect is the E step.
func (e *estimator) expect() *expected {
	e.rounds++
	tables, prior := e.tables(), Normal(e.grid, 0, e.variance)
	results := make([]*expected, parts)
	var wg sync.WaitGroup
	free := make(chan struct{}, e.o.Workers)
	for i := range parts {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			results[i] = e.expectPart(e.answers[i*len(e.answers)/parts:(i+1)*len(e.answers)/parts], tables, prior)
		})
	}
	wg.Wait()
	all := results[0]
	for _, r := range results[1:] {
		all.logLikelihood += r.logLikelihood
		add(all.persons, r.persons)
		for j := range all.counts {
			for c := range all.counts[j] {
				add(all.counts[j][c], r.counts[j][c])
			}
		}
	}
	return all
}

func add(to, from []float64) {
	from = from[:len(to)]
	for k := range to {
		to[k] += from[k]
	}
}

func (e *estimator) expectPart(answers [][]int8, tables [][][]float64, prior []float64) *expected {
	x := e.expected()
	w := make([]float64, len(e.grid))
	logPrior := make([]float64, len(prior))
	for k, p := range prior {
		logPrior[k] = math.Log(max(1e-300, p))
	}
	for _, row := range answers {
		x.logLikelihood += posterior(w, row, tables, logPrior)
		add(x.persons, w)
		for j, c := range row {
			if c != Missing {
				add(x.counts[j][c], w)
			}
		}
	}
	return x
}

// posterior fills w with a person's weights on the grid and returns the log-likelihood of
// their answers.
func posterior(w []float64, row []int8, tables [][][]float64, logPrior []float64) float64 {
	copy(w, logPrior)
	for j, c := range row {
		if c != Missing {
			add(w, tables[j][c])
		}
	}
	most := w[0]
	for _, v := range w {
		most = max(most, v)
	}
	sum := 0.0
	for k, v := range w {
		if v -= most; v < -40 {
			w[k] = 0
			continue
		}
		w[k] = math.Exp(v)
		sum += w[k]
	}
	for k := range w {
		w[k] /= sum
	}
	return most + math.Log(sum)
}

// maximize is the M step: each item's expected log-likelihood climbs by a few steps of
// Fisher scoring.
func (e *estimator) maximize(x *expected) {
	if e.o.Model == OnePL {
		n, v := 0.0, 0.0
		for k, t := range e.grid {
			n += x.persons[k]
			v += x.persons[k] * t * t
		}
		e.variance = v / n
	}
	for j := range e.items {
		for range 3 {
			if e.step(&e.items[j], x.counts[j]) < 1e-6 {
				break
			}
		}
	}
}

// free returns an item's free parameters, and set puts them back.
func (e *estimator) free(w *working) []float64 {
	p := append([]float64{}, w.d...)
	if e.o.Model != OnePL {
		p = append(p, w.a)
	}
	if e.o.Model == ThreePL {
		p = append(p, w.g)
	}
	return p
}

func (e *estimator) set(w *working, p []float64) {
	w.d = append([]float64{}, p[:len(w.d)]...)
	for c := 1; c < len(w.d); c++ {
		w.d[c] = min(w.d[c], w.d[c-1]-1e-3) // categories stay in order
	}
	if e.o.Model != OnePL {
		w.a = max(0.02, min(20, p[len(w.d)]))
	}
	if e.o.Model == ThreePL {
		w.g = max(-8, min(1, p[len(w.d)+1]))
	}
}

const guessPriorPrecision = 4.0 // of the log-odds of guessing: SD 0.5

// slopes fills out[c] with the derivatives of category c's probability by the free
// parameters, and p with the probabilities.
func (e *estimator) slopes(w *working, theta float64, p []float64, out [][]float64) {
	n := len(w.d)
	for c := range out {
		clear(out[c])
	}
	if n == 1 {
		s := logistic(w.a*theta + w.d[0])
		guess := 0.0
		if e.o.Model == ThreePL {
			guess = logistic(w.g)
		}
		p[1] = guess + (1-guess)*s
		p[0] = 1 - p[1]
		d := (1 - guess) * s * (1 - s)
		out[1][0] = d
		if e.o.Model != OnePL {
			out[1][1] = d * theta
		}
		if e.o.Model == ThreePL {
			out[1][2] = (1 - s) * guess * (1 - guess)
		}
		for i, v := range out[1] {
			out[0][i] = -v
		}
		return
	}
	at, slopeAt := 1.0, 0.0
	for c := range n + 1 {
		above, slopeAbove := 0.0, 0.0
		if c < n {
			above = logistic(w.a*theta + w.d[c])
			slopeAbove = above * (1 - above)
		}
		p[c] = max(1e-12, at-above)
		if c > 0 {
			out[c][c-1] = slopeAt
		}
		if c < n {
			out[c][c] = -slopeAbove
		}
		out[c][n] = (slopeAt - slopeAbove) * theta
		at, slopeAt = above, slopeAbove
	}
}

func (e *estimator) step(w *working, counts [][]float64) (moved float64) {
	p0 := e.free(w)
	n := len(p0)
	gradient, information := mat.NewVecDense(n, nil), mat.NewSymDense(n, nil)
	p := make([]float64, len(counts))
	slopes := make([][]float64, len(counts))
	for c := range slopes {
		slopes[c] = make([]float64, n)
	}
	for k, theta := range e.grid {
		all := 0.0
		for c := range counts {
			all += counts[c][k]
		}
		if all < 1e-12 {
			continue
		}
		e.slopes(w, theta, p, slopes)
		for c := range counts {
			if p[c] < 1e-12 {
				continue
			}
			r := counts[c][k] / p[c]
			for i, s := range slopes[c] {
				gradient.SetVec(i, gradient.AtVec(i)+r*s)
				for h := i; h < n; h++ {
					information.SetSym(i, h, information.At(i, h)+all*s*slopes[c][h]/p[c])
				}
			}
		}
	}
	if e.o.Model == ThreePL {
		i := n - 1
		usual := math.Log(e.o.GuessPrior / (1 - e.o.GuessPrior))
		gradient.SetVec(i, gradient.AtVec(i)-guessPriorPrecision*(w.g-usual))
		information.SetSym(i, i, information.At(i, i)+guessPriorPrecision)
	}
	var chol mat.Cholesky
	var by mat.VecDense
	if !chol.Factorize(information) || chol.SolveVecTo(&by, gradient) != nil {
		return 0
	}
	was := *w
	reached := math.Inf(-1)
	if e.o.Model == ThreePL {
		reached = e.expects(w, counts)
	}
	for scale := 1.0; scale > 1e-4; scale /= 2 {
		to := append([]float64{}, p0...)
		moved = 0
		for i := range to {
			d := scale * max(-1, min(1, by.AtVec(i)))
			to[i] += d
			moved = max(moved, math.Abs(d))
		}
		if e.set(w, to); e.o.Model != ThreePL || e.expects(w, counts) >= reached {
			return moved
		}
	}
	*w = was
	return 0
}

// expects is what the M step climbs for one item. Guessing is far from quadratic, so that
// a step may go too far.
func (e *estimator) expects(w *working, counts [][]float64) float64 {
	usual := math.Log(e.o.GuessPrior / (1 - e.o.GuessPrior))
	sum := -guessPriorPrecision / 2 * (w.g - usual) * (w.g - usual)
	it := e.item(*w)
	for k, theta := range e.grid {
		p := it.P(theta)
		sum += counts[1][k]*math.Log(max(1e-300, p)) + counts[0][k]*math.Log(max(1e-300, 1-p))
	}
	return sum
}

// all returns every free parameter, the variance last.
func (e *estimator) all() []float64 {
	var out []float64
	for j := range e.items {
		out = append(out, e.free(&e.items[j])...)
	}
	return append(out, math.Log(e.variance))
}

func (e *estimator) setAll(p []float64) {
	for j := range e.items {
		n := len(e.free(&e.items[j]))
		e.set(&e.items[j], p[:n])
		p = p[n:]
	}
	if e.o.Model == OnePL {
		e.variance = math.Exp(max(-6, min(4, p[0])))
	}
}

// objective is what the rounds climb: the log-likelihood, and the prior of guessing.
func (e *estimator) objective(x *expected) float64 {
	l := x.logLikelihood
	if e.o.Model == ThreePL {
		usual := math.Log(e.o.GuessPrior / (1 - e.o.GuessPrior))
		for _, w := range e.items {
			l -= guessPriorPrecision / 2 * (w.g - usual) * (w.g - usual)
		}
	}
	return l
}

// accelerate runs EM rounds, and from every two of them leaps ahead (SQUAREM, scheme S3);
// a leap that lowers the likelihood is taken back.
func (e *estimator) accelerate(tolerance float64, most int) (rounds int, done bool) {
	start := e.rounds
	for e.rounds-start < most {
		p0 := e.all()
		e.maximize(e.expect())
		p1 := e.all()
		if change(p0, p1) < tolerance {
			return e.rounds - start, true
		}
		e.maximize(e.expect())
		p2 := e.all()
		if change(p1, p2) < tolerance {
			return e.rounds - start, true
		}
		var rr, vv float64
		for i := range p0 {
			r, v := p1[i]-p0[i], p2[i]-2*p1[i]+p0[i]
			rr += r * r
			vv += v * v
		}
		alpha := max(-20, -math.Sqrt(rr/max(vv, 1e-300)))
		if alpha > -1.01 {
			continue
		}
		leap := make([]float64, len(p0))
		for i := range p0 {
			r, v := p1[i]-p0[i], p2[i]-2*p1[i]+p0[i]
			leap[i] = p0[i] - 2*alpha*r + alpha*alpha*v
		}
		x := e.expect()
		reached := e.objective(x)
		e.setAll(leap)
		if l := e.expect(); e.objective(l) < reached {
			e.setAll(p2)
			e.maximize(x)
		} else {
			e.maximize(l)
		}
	}
	return e.rounds - start, false
}

func change(a, b []float64) float64 {
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(a[i]-b[i]))
	}
	return most
}

// errors fills in standard errors: the inverse of the sum over persons of the
// cross-products of their scores, which estimates the observed information (Louis 1982).
func (e *estimator) errors(f *Fit) {
	from := make([]int, len(e.items)+1)
	for j := range e.items {
		from[j+1] = from[j] + len(e.free(&e.items[j]))
	}
	n := from[len(e.items)]
	// Each item's score at each point and category: the derivative of the log-probability.
	scores := make([][][][]float64, len(e.items))
	for j := range e.items {
		w := &e.items[j]
		scores[j] = make([][][]float64, len(w.d)+1)
		for c := range scores[j] {
			scores[j][c] = make([][]float64, len(e.grid))
		}
		p := make([]float64, len(w.d)+1)
		for k, theta := range e.grid {
			slopes := make([][]float64, len(w.d)+1)
			for c := range slopes {
				slopes[c] = make([]float64, from[j+1]-from[j])
			}
			e.slopes(w, theta, p, slopes)
			for c := range slopes {
				for i := range slopes[c] {
					slopes[c][i] /= max(1e-12, p[c])
				}
				scores[j][c][k] = slopes[c]
			}
		}
	}
	tables, prior := e.tables(), Normal(e.grid, 0, e.variance)
	logPrior := make([]float64, len(prior))
	for k, p := range prior {
		logPrior[k] = math.Log(max(1e-300, p))
	}
	information := mat.NewSymDense(n, nil)
	w := make([]float64, len(e.grid))
	row := mat.NewVecDense(n, nil)
	for _, answers := range e.answers {
		posterior(w, answers, tables, logPrior)
		row.Zero()
		for j, c := range answers {
			if c == Missing {
				continue
			}
			for k, p := range w {
				if p > 1e-9 {
					for i, s := range scores[j][c][k] {
						row.SetVec(from[j]+i, row.AtVec(from[j]+i)+p*s)
					}
				}
			}
		}
		information.SymRankOne(information, 1, row)
	}
	if e.o.Model == ThreePL {
		for j := range e.items {
			i := from[j+1] - 1
			information.SetSym(i, i, information.At(i, i)+guessPriorPrecision)
		}
	}
	var chol mat.Cholesky
	var inverse mat.SymDense
	if !chol.Factorize(information) || chol.InverseTo(&inverse) != nil {
		return
	}
	for j, it := range e.items {
		o := from[j]
		a := o + len(it.d)
		for c, d := range it.d {
			if e.o.Model == OnePL {
				f.Items[j].DifficultySE[c] = math.Sqrt(inverse.At(o+c, o+c))
				continue
			}
			// b = −d/a, by the delta method.
			v := inverse.At(o+c, o+c)/(it.a*it.a) + d*d*inverse.At(a, a)/math.Pow(it.a, 4) - 2*d*inverse.At(o+c, a)/math.Pow(it.a, 3)
			f.Items[j].DifficultySE[c] = math.Sqrt(max(0, v))
		}
		if e.o.Model != OnePL {
			f.Items[j].SlopeSE = math.Sqrt(inverse.At(a, a))
		}
		if e.o.Model == ThreePL {
			c := logistic(it.g)
			f.Items[j].GuessSE = math.Sqrt(inverse.At(a+1, a+1)) * c * (1 - c)
		}
	}
}

func (f *Fit) String() string {
	return fmt.Sprintf("%s of %d items, %d persons, log-likelihood %.3f after %d rounds", f.Model, len(f.Items), f.Persons, f.LogLikelihood, f.Rounds)
}
