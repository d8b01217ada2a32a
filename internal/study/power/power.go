// Package power says before a pilot begins how small an effect it could find, and how likely
// it would find one of a given size.
package power

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"waymark/internal/study/effect"
)

// Design is how a pilot assigns and what is known before. Shares are from 0 to 1.
type Design struct {
	Unit       Unit
	Students   float64 // in each cluster or block; in all for assignment of students alone
	Clusters   float64 // classes or schools that are assigned, or blocks; sub-clusters each of Schools for three levels
	Schools    float64 // that are assigned, with Clusters classes in each
	Share      float64 // of units that get the practice; ½ where 0
	ICC        float64 // of the outcome between clusters
	ICC3       float64 // between schools, where classes lie between
	R2         float64 // of the outcome among students that covariates explain
	R2Cluster  float64 // among clusters
	R2School   float64 // among schools
	Vary       float64 // of effects between blocks: ω², the share of the variance between blocks
	Covariates float64 // at the level of assignment
	Alpha      float64 // .05 where 0
	OneSided   bool
}

// Unit is what is assigned.
type Unit string

const (
	Students          Unit = "students"           // each alone
	WithinFixed       Unit = "within blocks"      // students within blocks whose effects are one
	WithinRandom      Unit = "within random ones" // students within blocks whose effects vary
	Clusters          Unit = "clusters"           // classes or schools as wholes
	SchoolsAndClasses Unit = "schools"            // schools as wholes, with classes between
)

// test returns the standard error of the standardised effect and the degrees of freedom of
// its test (Dong & Maynard, 2013, tables 1 to 3; Bloom, 2006).
func (d Design) test() (se, df float64, err error) {
	p := d.Share
	if p == 0 {
		p = .5
	}
	n, j, k, g := d.Students, d.Clusters, d.Schools, d.Covariates
	spread := p * (1 - p)
	switch d.Unit {
	case Students:
		se, df = (1-d.R2)/(spread*n), n-g-2
	case WithinFixed:
		se, df = (1-d.R2)/(spread*j*n), j*(n-1)-g-1
	case WithinRandom:
		se, df = d.ICC*d.Vary/j+(1-d.ICC)*(1-d.R2)/(spread*j*n), j-g-1
	case Clusters:
		se, df = d.ICC*(1-d.R2Cluster)/(spread*j)+(1-d.ICC)*(1-d.R2)/(spread*j*n), j-g-2
	case SchoolsAndClasses:
		se = d.ICC3*(1-d.R2School)/(spread*k) + d.ICC*(1-d.R2Cluster)/(spread*j*k) + (1-d.ICC3-d.ICC)*(1-d.R2)/(spread*j*k*n)
		df = k - g - 2
	default:
		return 0, 0, fmt.Errorf("%q is no unit of assignment", d.Unit)
	}
	if !(df > 0) || !(se > 0) || !(p > 0 && p < 1) {
		return 0, 0, fmt.Errorf("%v: there are too few to assign", d.Unit)
	}
	return math.Sqrt(se), df, nil
}

func (d Design) tail() float64 {
	alpha := d.Alpha
	if alpha == 0 {
		alpha = .05
	}
	if d.OneSided {
		return alpha
	}
	return alpha / 2
}

// Detectable is the smallest effect, in standard deviations, that a design would call
// different from nothing with a power such as .8 (MDES; Bloom, 1995): (t_α/2 + t_power) SE.
func Detectable(d Design, power float64) (float64, error) {
	se, df, err := d.test()
	if err != nil {
		return 0, err
	}
	return se * (effect.Quantile(1-d.tail(), df) + effect.Quantile(power, df)), nil
}

// Of is the chance that a design calls an effect of some standard deviations different from
// nothing; the other tail counts where the test has two.
func Of(d Design, size float64) (float64, error) {
	se, df, err := d.test()
	if err != nil {
		return 0, err
	}
	critical, ncp := effect.Quantile(1-d.tail(), df), math.Abs(size)/se
	p := 1 - nonCentral(critical, df, ncp)
	if !d.OneSided {
		p += nonCentral(-critical, df, ncp)
	}
	return p, nil
}

// Needed is how many units of assignment a design needs to find an effect with a power:
// students, clusters or schools, as [Design.Unit] says. It is not rounded.
func Needed(d Design, size, power float64) (float64, error) {
	set := func(x float64) Design {
		e := d
		switch d.Unit {
		case Students:
			e.Students = x
		case SchoolsAndClasses:
			e.Schools = x
		default:
			e.Clusters = x
		}
		return e
	}
	least := d.Covariates + 2.01
	enough := func(x float64) bool {
		m, err := Detectable(set(x), power)
		return err == nil && m <= math.Abs(size)
	}
	low, high := least, least*2
	for !enough(high) {
		if high > 1e9 {
			return 0, fmt.Errorf("no number of units finds an effect of %v", size)
		}
		low, high = high, high*2
	}
	for high-low > 1e-9*high {
		if mid := (low + high) / 2; enough(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high, nil
}

// nonCentral is the distribution function of the noncentral t (Lenth, 1989, algorithm AS 243).
func nonCentral(t, df, delta float64) float64 {
	if t < 0 {
		return 1 - nonCentral(-t, df, -delta)
	}
	x := t * t / (t*t + df)
	out := distuv.UnitNormal.CDF(-delta)
	if x <= 0 {
		return out
	}
	half := delta * delta / 2
	// Terms are summed outwards from the largest, so that a large delta does not underflow.
	sum := 0.0
	add := func(j float64) float64 {
		lp := -half + j*math.Log(half) - lgamma(j+1)
		lq := -half + j*math.Log(half) - lgamma(j+1.5)
		if half == 0 {
			if j > 0 {
				return 0
			}
			lp, lq = 0, -lgamma(1.5)
		}
		p, q := math.Exp(lp), delta/math.Sqrt2*math.Exp(lq)
		return p*distuv.Beta{Alpha: j + .5, Beta: df / 2}.CDF(x) + q*distuv.Beta{Alpha: j + 1, Beta: df / 2}.CDF(x)
	}
	start := math.Floor(half)
	for j := start; j >= 0; j-- {
		s := add(j)
		sum += s
		if math.Abs(s) < 1e-16 && j < start {
			break
		}
	}
	for j := start + 1; j < start+10000; j++ {
		s := add(j)
		sum += s
		if math.Abs(s) < 1e-16 {
			break
		}
	}
	return min(1, max(0, out+sum/2))
}

func lgamma(x float64) float64 { v, _ := math.Lgamma(x); return v }
