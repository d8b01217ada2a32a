package effect

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Pool is how the heterogeneity of several effects is estimated.
type Pool string

const (
	REML            Pool = "REML" // restricted maximum likelihood
	ML              Pool = "ML"
	DerSimonian     Pool = "DL" // DerSimonian & Laird, 1986
	PauleMandel     Pool = "PM" // Paule & Mandel, 1982
	EqualEffects    Pool = "EE"
	maxMetaSteps         = 10000
	metaConvergence      = 1e-12
)

// Summary is the pooled effect of several studies or schools.
type Summary struct {
	K           int
	Mean, SE    float64
	Low, High   float64 // 95 percent
	P           float64
	Tau2        float64 // variance of true effects
	I2          float64 // percent of the variance that is between effects
	Q, QP       float64 // Cochran's test of equal effects
	DF          float64 // of the interval; infinite for the normal one
	PredictLow  float64 // where the true effect of another one would lie, 95 percent
	PredictHigh float64
}

// Meta pools effects y with sampling variances v by a random-effects model. adjust makes the
// interval Knapp and Hartung's (2003), with t and K − 1 degrees of freedom: the right one for
// few studies.
func Meta(y, v []float64, pool Pool, adjust bool) Summary {
	k := float64(len(y))
	s := Summary{K: len(y), DF: math.Inf(1)}
	w := make([]float64, len(y))
	weigh := func(tau2 float64) (mean, sum float64) {
		for i := range y {
			w[i] = 1 / (v[i] + tau2)
			sum += w[i]
			mean += w[i] * y[i]
		}
		return mean / sum, sum
	}
	fixed, sum := weigh(0)
	sum2 := 0.0
	for i := range y {
		s.Q += w[i] * (y[i] - fixed) * (y[i] - fixed)
		sum2 += w[i] * w[i]
	}
	if k > 1 {
		s.QP = distuv.ChiSquared{K: k - 1}.Survival(s.Q)
	}
	dl := max(0, (s.Q-(k-1))/(sum-sum2/sum))
	typical := (k - 1) / (sum - sum2/sum)
	switch pool {
	case EqualEffects:
	case DerSimonian:
		s.Tau2 = dl
	case PauleMandel:
		s.Tau2 = pauleMandel(y, v, weigh)
	default:
		s.Tau2 = likelihood(y, v, w, weigh, dl, pool == REML)
	}
	s.Mean, sum = weigh(s.Tau2)
	s.SE = math.Sqrt(1 / sum)
	quantile := distuv.UnitNormal.Quantile(.975)
	if adjust && k > 1 {
		q := 0.0
		for i := range y {
			q += w[i] * (y[i] - s.Mean) * (y[i] - s.Mean)
		}
		s.SE *= math.Sqrt(q / (k - 1))
		s.DF = k - 1
		quantile = Quantile(.975, s.DF)
	}
	s.P = P(s.Mean/s.SE, s.DF)
	s.Low, s.High = s.Mean-quantile*s.SE, s.Mean+quantile*s.SE
	far := quantile * math.Sqrt(s.Tau2+s.SE*s.SE)
	s.PredictLow, s.PredictHigh = s.Mean-far, s.Mean+far
	if pool == EqualEffects || pool == DerSimonian {
		s.I2 = max(0, 100*(s.Q-(k-1))/s.Q)
	} else {
		s.I2 = 100 * s.Tau2 / (s.Tau2 + typical)
	}
	return s
}

// pauleMandel finds the heterogeneity at which Q equals its expectation.
func pauleMandel(y, v []float64, weigh func(float64) (float64, float64)) float64 {
	excess := func(tau2 float64) float64 {
		mean, _ := weigh(tau2)
		q := -float64(len(y) - 1)
		for i := range y {
			q += (y[i] - mean) * (y[i] - mean) / (v[i] + tau2)
		}
		return q
	}
	if excess(0) <= 0 {
		return 0
	}
	low, high := 0.0, 1.0
	for excess(high) > 0 {
		high *= 2
	}
	for range 200 {
		if mid := (low + high) / 2; excess(mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// likelihood maximises the (restricted) likelihood by Fisher's scoring (Viechtbauer, 2005).
func likelihood(y, v, w []float64, weigh func(float64) (float64, float64), tau2 float64, restricted bool) float64 {
	for range maxMetaSteps {
		mean, sum := weigh(tau2)
		var w2, w3, fit float64
		for i := range y {
			w2 += w[i] * w[i]
			w3 += w[i] * w[i] * w[i]
			fit += w[i] * w[i] * (y[i] - mean) * (y[i] - mean)
		}
		score, information := fit-sum, w2
		if restricted { // tr P and tr PP
			score += w2 / sum
			information += w2*w2/(sum*sum) - 2*w3/sum
		}
		next := max(0, tau2+score/information)
		done := math.Abs(next-tau2) <= metaConvergence*(1+tau2)
		tau2 = next
		if done {
			break
		}
	}
	return tau2
}

// Shrink returns the best linear unbiased predictions of the true effects and their standard
// errors (Raudenbush & Bryk, 1985), which count that the mean is estimated.
func Shrink(y, v []float64, s Summary) (effect, se []float64) {
	sum := 0.0
	for i := range v {
		sum += 1 / (v[i] + s.Tau2)
	}
	effect, se = make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		b := s.Tau2 / (s.Tau2 + v[i])
		effect[i] = b*y[i] + (1-b)*s.Mean
		se[i] = math.Sqrt(b*v[i] + (1-b)*(1-b)/sum)
	}
	return effect, se
}
