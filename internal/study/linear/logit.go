package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Logit is a fitted logistic regression.
type Logit struct {
	Coef     []float64 // NaN for a column that others already tell
	SE       []float64
	Fitted   []float64 // chances
	Deviance float64
	Steps    int
	// Separated says that some columns tell the outcome of some students for certain, so that
	// the coefficients are Firth's (1993), which stay finite.
	Separated bool
}

const (
	logitSteps = 50
	logitDone  = 1e-9 // change of the log-odds of any student
	certain    = 1e-9 // a chance that counts as told for certain
)

// Logistic fits the chance of y, which is 0 or 1, by iteratively reweighted least squares
// (Nelder & Wedderburn, 1972). Where columns separate the outcomes, it is fitted again with
// Firth's penalty.
func Logistic(x [][]float64, y []float64) (*Logit, error) {
	ones := 0
	for _, v := range y {
		if v != 0 && v != 1 {
			return nil, fmt.Errorf("an outcome is %v; it must be 0 or 1", v)
		}
		if v == 1 {
			ones++
		}
	}
	if ones == 0 || ones == len(y) {
		return nil, fmt.Errorf("%d of %d have the practice; some must have it, and some not", ones, len(y))
	}
	l, done, err := logistic(x, y, false)
	if err != nil {
		return nil, err
	}
	sure := false
	for _, p := range l.Fitted {
		sure = sure || p < certain || p > 1-certain
	}
	if !done || sure {
		if l, _, err = logistic(x, y, true); err != nil {
			return nil, err
		}
		l.Separated = true
	}
	return l, nil
}

func logistic(x [][]float64, y []float64, firth bool) (*Logit, bool, error) {
	n := len(y)
	l := &Logit{Fitted: make([]float64, n)}
	eta, z, w := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range y {
		l.Fitted[i] = (y[i] + .5) / 2
		eta[i] = math.Log(l.Fitted[i] / (1 - l.Fitted[i]))
	}
	done := false
	var fit *Fit
	var leverage []float64
	for l.Steps = 1; l.Steps <= logitSteps && !done; l.Steps++ {
		for i := range y {
			p := l.Fitted[i]
			w[i] = max(p*(1-p), 1e-300)
			toward := y[i] - p
			if leverage != nil {
				toward += leverage[i] * (.5 - p)
			}
			z[i] = eta[i] + toward/w[i]
		}
		var err error
		if fit, err = Regress(Model{Y: z, X: x, Weights: w}); err != nil {
			return nil, false, err
		}
		next := fit.predict(x, n)
		if firth { // no step longer than 5 on any student
			far := 0.0
			for i := range next {
				far = max(far, math.Abs(next[i]-eta[i]))
			}
			for i := range next {
				next[i] = eta[i] + (next[i]-eta[i])*min(1, 5/max(far, 1e-300))
			}
		}
		change := 0.0
		for i := range y {
			change = max(change, math.Abs(next[i]-eta[i]))
			eta[i] = next[i]
			l.Fitted[i] = 1 / (1 + math.Exp(-eta[i]))
		}
		l.Deviance = deviance(y, l.Fitted)
		if firth {
			leverage = fit.leverage(w)
		}
		done = change < logitDone
	}
	l.Steps--
	l.Coef = fit.Coef
	l.SE = make([]float64, len(x))
	for k := range l.SE {
		l.SE[k] = math.NaN()
	}
	for a, k := range fit.kept {
		l.SE[k] = math.Sqrt(fit.bread.At(a, a))
	}
	return l, done, nil
}

// leverage is the diagonal of the weighted hat matrix.
func (f *Fit) leverage(w []float64) []float64 {
	q := len(f.kept)
	out := make([]float64, len(w))
	row := mat.NewVecDense(max(q, 1), nil)
	for i := range out {
		for a := range q {
			row.SetVec(a, f.x[a][i])
		}
		out[i] = w[i] * mat.Inner(row, f.bread, row)
	}
	return out
}

func deviance(y, p []float64) float64 {
	d := 0.0
	for i := range y {
		if y[i] == 1 {
			d -= 2 * math.Log(max(p[i], 1e-300))
		} else {
			d -= 2 * math.Log(max(1-p[i], 1e-300))
		}
	}
	return d
}
