// Package rollout estimates what a practice did that units took up one after the other without
// lots, by comparing each with units that have not begun yet. Two-way fixed effects would
// compare late beginners with early ones whose effect still grows, and can have the wrong sign.
package rollout

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"waymark/internal/study/linear"
)

// Panel is what units did at each time. Rows have one entry in each slice.
type Panel struct {
	Unit   []int32 // such as a school
	Time   []int
	Y      []float64
	Begins []int   // the unit's first time with the practice; 0 for never (within the panel)
	Group  []int32 // within which units are alike, such as a district; nil for each alone
}

// Event is the effect some times after the practice began; before it (−2 and less) it should be
// none.
type Event struct {
	At    int
	Units int
	linear.Estimate
}

// Result is what a roll-out did.
type Result struct {
	Events  []Event
	Overall linear.Estimate // mean of the effects from the beginning on, by how many units they rest on
	// PreTrend tests whether there was an effect before the practice began: a small P says that
	// units were on different ways already.
	PreTrend struct{ F, DF1, DF2, P float64 }
	// Placebo is the mean of the effects before the beginning.
	Placebo linear.Estimate
	Units   int
	Never   int
}

// change is the effect on one cohort at one time, with what each unit adds to its error.
type change struct {
	event, units int
	value        float64
	part         map[int32]float64 // influence of a unit's group
}

// Estimate compares, for each cohort g that begins at the same time and each time t, its change
// since g − 1 with that of units that have not begun by t (and not by g), and averages over
// cohorts by their size (Callaway & Sant'Anna, 2021, eq. 2.4 and 3.5, without covariates).
// Errors are clustered by group from influence functions, with as many degrees of freedom as
// groups less one; weights of cohorts count as given.
func Estimate(p Panel) (*Result, error) {
	n := len(p.Y)
	if len(p.Unit) != n || len(p.Time) != n || len(p.Begins) != n || p.Group != nil && len(p.Group) != n {
		return nil, fmt.Errorf("the columns of the panel have different lengths")
	}
	units, y, begins, group, err := p.index()
	if err != nil {
		return nil, err
	}
	times := slices.Compact(slices.Sorted(slices.Values(p.Time)))
	cohorts := map[int][]int32{}
	r := &Result{Units: len(units)}
	groups := map[int32]bool{}
	for _, u := range units {
		groups[group[u]] = true
		if begins[u] == 0 {
			r.Never++
		} else {
			cohorts[begins[u]] = append(cohorts[begins[u]], u)
		}
	}
	var all []change
	for _, g := range sortedKeys(cohorts) {
		base, ok := before(times, g)
		if !ok {
			continue // had the practice from the first time on: nothing to compare with
		}
		for k, t := range times {
			if t == base {
				continue
			}
			c, ok := compare(cohorts[g], units, y, begins, group, base, t, g)
			if !ok {
				continue
			}
			c.event = k - slices.Index(times, base) - 1
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no unit began while others had not: there is nothing to compare with")
	}
	df := float64(len(groups) - 1)
	by := map[int][]change{}
	for _, c := range all {
		by[c.event] = append(by[c.event], c)
	}
	var pre []change
	for _, e := range sortedKeys(by) {
		m := average(by[e])
		r.Events = append(r.Events, Event{e, m.units, m.estimate(df)})
		if e < -1 {
			pre = append(pre, m)
		}
	}
	var after, earlier []change
	for _, c := range all {
		switch {
		case c.event >= 0:
			after = append(after, c)
		case c.event < -1:
			earlier = append(earlier, c)
		}
	}
	nan := math.NaN()
	r.Overall, r.Placebo = linear.Estimate{Value: nan, SE: nan, P: nan, Low: nan, High: nan}, linear.Estimate{Value: nan, SE: nan, P: nan, Low: nan, High: nan}
	if len(after) > 0 {
		r.Overall = average(after).estimate(df)
	}
	r.PreTrend.F, r.PreTrend.P = nan, nan
	if len(earlier) > 0 {
		r.Placebo = average(earlier).estimate(df)
		r.preTrend(pre, df)
	}
	return r, nil
}

// index puts a panel into tables.
func (p Panel) index() (units []int32, y map[int32]map[int]float64, begins map[int32]int, group map[int32]int32, err error) {
	y, begins, group = map[int32]map[int]float64{}, map[int32]int{}, map[int32]int32{}
	for i, u := range p.Unit {
		g := u
		if p.Group != nil {
			g = p.Group[i]
		}
		if y[u] == nil {
			y[u], begins[u], group[u] = map[int]float64{}, p.Begins[i], g
			units = append(units, u)
		}
		if begins[u] != p.Begins[i] || group[u] != g {
			return nil, nil, nil, nil, fmt.Errorf("unit %d begins at %d in one row and at %d in another, or is in two groups", u, begins[u], p.Begins[i])
		}
		if _, twice := y[u][p.Time[i]]; twice {
			return nil, nil, nil, nil, fmt.Errorf("unit %d has two rows for the time %d", u, p.Time[i])
		}
		if !math.IsNaN(p.Y[i]) {
			y[u][p.Time[i]] = p.Y[i]
		}
	}
	return units, y, begins, group, nil
}

func sortedKeys[V any](m map[int]V) []int {
	var out []int
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// before is the last time before another.
func before(times []int, t int) (int, bool) {
	k, _ := slices.BinarySearch(times, t)
	if k == 0 {
		return 0, false
	}
	return times[k-1], true
}

// compare is the difference of changes between a cohort and units that have not begun.
func compare(cohort, units []int32, y map[int32]map[int]float64, begins map[int32]int, group map[int32]int32, base, t, g int) (change, bool) {
	delta := func(u int32) (float64, bool) {
		a, okA := y[u][base]
		b, okB := y[u][t]
		return b - a, okA && okB
	}
	gather := func(all []int32, keep func(int32) bool) (mean float64, kept []int32) {
		for _, u := range all {
			if d, ok := delta(u); ok && keep(u) {
				mean += d
				kept = append(kept, u)
			}
		}
		return mean / float64(len(kept)), kept
	}
	mt, with := gather(cohort, func(int32) bool { return true })
	mc, without := gather(units, func(u int32) bool { return begins[u] == 0 || begins[u] > max(t, g) })
	if len(with) == 0 || len(without) == 0 {
		return change{}, false
	}
	c := change{units: len(with), value: mt - mc, part: map[int32]float64{}}
	for _, u := range with {
		d, _ := delta(u)
		c.part[group[u]] += (d - mt) / float64(len(with))
	}
	for _, u := range without {
		d, _ := delta(u)
		c.part[group[u]] -= (d - mc) / float64(len(without))
	}
	return c, true
}

// average is the mean of changes by how many units they rest on.
func average(all []change) change {
	m := change{part: map[int32]float64{}}
	for _, c := range all {
		m.units += c.units
	}
	for _, c := range all {
		w := float64(c.units) / float64(m.units)
		m.value += w * c.value
		for g, v := range c.part {
			m.part[g] += w * v
		}
	}
	return m
}

// estimate is a change with its error.
func (c change) estimate(df float64) linear.Estimate {
	return linear.NewEstimate(c.value, math.Sqrt(covariance(c, c, df)), df)
}

// covariance of two changes over groups, with the factor of CR1, G/(G − 1).
func covariance(a, b change, df float64) float64 {
	keys := make([]int32, 0, len(a.part))
	for g := range a.part {
		keys = append(keys, g)
	}
	slices.Sort(keys)
	sum := 0.0
	for _, g := range keys {
		sum += a.part[g] * b.part[g]
	}
	if df <= 0 {
		return math.NaN()
	}
	return sum * (df + 1) / df
}

// preTrend is a joint test that nothing was before, by Wald's F.
func (r *Result) preTrend(pre []change, df float64) {
	k := len(pre)
	v, x := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for i := range pre {
		x.SetVec(i, pre[i].value)
		for j := range i + 1 {
			v.SetSym(i, j, covariance(pre[i], pre[j], df))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(v) {
		return
	}
	var solved mat.VecDense
	if chol.SolveVecTo(&solved, x) != nil {
		return
	}
	r.PreTrend.F, r.PreTrend.DF1, r.PreTrend.DF2 = mat.Dot(x, &solved)/float64(k), float64(k), df-float64(k)+1
	if r.PreTrend.DF2 > 0 { // Hotelling's T², as an F
		r.PreTrend.F *= r.PreTrend.DF2 / df
		r.PreTrend.P = distuv.F{D1: r.PreTrend.DF1, D2: r.PreTrend.DF2}.Survival(r.PreTrend.F)
	}
}
