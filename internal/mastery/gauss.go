package mastery

import "math"

// gauss is a Gaussian belief about log-odds.
type gauss struct{ mean, variance float64 }

// expect is the expected success: the logistic function averaged over the belief, by
// the probit approximation (MacKay 1992, eq. 16).
func (g gauss) expect() float64 { return sigmoid(g.mean * g.soften()) }

// soften is the factor by which a belief's width pulls its log-odds to even.
func (g gauss) soften() float64 { return 1 / math.Sqrt(1+math.Pi*g.variance/8) }

// interval holds the success probability with probability 0.9, and what is expected of it: very far
// from even odds that lies nearer to them than nine tenths of the belief.
func (g gauss) interval() (low, high float64) {
	sd, expected := math.Sqrt(g.variance), g.expect()
	return min(expected, sigmoid(g.mean-z90*sd)), max(expected, sigmoid(g.mean+z90*sd))
}

// moved returns the belief after a signal: slope is the derivative of its
// log-likelihood by the log-odds, and information what it tells about them, both where
// the belief expects to be (Glickman 1999, eqs. 9-10).
func (g gauss) moved(slope, information float64) gauss {
	v := g.variance / (1 + information*g.variance)
	return gauss{g.mean + v*slope, v}
}

// times combines two independent sources about the same quantity.
func (g gauss) times(precision, weighted float64) gauss {
	p := 1/g.variance + precision
	return gauss{(g.mean/g.variance + weighted) / p, 1 / p}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
