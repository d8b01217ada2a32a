package effect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Balance is how far a baseline difference is acceptable (WWC, section II.C).
type Balance string

const (
	Satisfied Balance = "satisfied"        // at most .05 standard deviations
	Adjust    Balance = "needs adjustment" // above .05 and at most .25
	Fails     Balance = "fails"            // above .25
)

// BalanceOf judges a standardised baseline difference.
func BalanceOf(g float64) Balance {
	switch g = math.Abs(g); {
	case g <= .05:
		return Satisfied
	case g <= .25:
		return Adjust
	}
	return Fails // and what is not a number
}

// Attrition is how many of those assigned have an outcome.
type Attrition struct {
	Overall      float64 // share of all that is lost
	Differential float64 // difference of the groups' shares
	Cautious     bool    // within the boundary under cautious assumptions
	Optimistic   bool    // within that under optimistic ones
}

// Boundaries for differential attrition in percentage points at an overall attrition of 0 to
// 57 percent (WWC Standards Handbook, Version 5.0, table C.2).
var (
	cautious = [...]float64{5.7, 5.8, 5.9, 5.9, 6, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6, 5.9, 5.9, 5.8, 5.7, 5.5, 5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4,
		4.3, 4.1, 4, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1, 2.9, 2.8, 2.6, 2.5, 2.3, 2.1, 2, 1.8, 1.6, 1.5, 1.3, 1.2, 1, .9, .7, .6, .4, .3, .2, 0}
	optimistic = [...]float64{10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8, 10.7, 10.6, 10.5, 10.3, 10.2, 10, 9.9, 9.7, 9.5, 9.4, 9.2,
		9, 8.8, 8.6, 8.4, 8.2, 8, 7.8, 7.6, 7.4, 7.2, 7, 6.7, 6.5, 6.3, 6, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5, 3.2, 3, 2.8, 2.6, 2.3}
)

// Boundary is how much differential attrition, in percentage points, is allowed at an overall
// attrition in percent, rounded to a whole one; ok is false beyond the table.
func Boundary(overall float64) (cautiously, optimistically float64, ok bool) {
	i := int(math.Floor(overall + .5))
	if !(overall >= 0) || i >= len(cautious) {
		return 0, 0, false
	}
	return cautious[i], optimistic[i], true
}

// AttritionOf judges attrition: how many were assigned to each group, and how many of them
// have an outcome.
func AttritionOf(assignedT, outcomeT, assignedC, outcomeC int) (Attrition, error) {
	if assignedT <= 0 || assignedC <= 0 || outcomeT < 0 || outcomeC < 0 || outcomeT > assignedT || outcomeC > assignedC {
		return Attrition{}, fmt.Errorf("%d of %d and %d of %d: each group needs students, and no more outcomes than students", outcomeT, assignedT, outcomeC, assignedC)
	}
	a := Attrition{Overall: 1 - float64(outcomeT+outcomeC)/float64(assignedT+assignedC),
		Differential: math.Abs(float64(outcomeT)/float64(assignedT) - float64(outcomeC)/float64(assignedC))}
	if c, o, ok := Boundary(100 * a.Overall); ok {
		points := math.Round(1000*a.Differential) / 10 // as the table: to a tenth of a point
		a.Cautious, a.Optimistic = points <= c, points <= o
	}
	return a, nil
}

// BenjaminiHochberg adjusts p values for the rate of false discoveries (Benjamini & Hochberg,
// 1995): each is the smallest rate at which it would still be called significant. What is not
// a number is left out of the count.
func BenjaminiHochberg(p []float64) []float64 {
	return stepUp(p, func(m, rank float64) float64 { return m / rank })
}

// BenjaminiYekutieli adjusts them for any dependence between them (Benjamini & Yekutieli,
// 2001).
func BenjaminiYekutieli(p []float64) []float64 {
	sum, m := 0.0, 0
	for _, x := range p {
		if !math.IsNaN(x) {
			m++
			sum += 1 / float64(m)
		}
	}
	return stepUp(p, func(m, rank float64) float64 { return sum * m / rank })
}

func stepUp(p []float64, factor func(m, rank float64) float64) []float64 {
	out := make([]float64, len(p))
	var order []int
	for i, x := range p {
		out[i] = x
		if !math.IsNaN(x) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	least, m := 1.0, float64(len(order))
	for k, i := range order {
		least = min(least, p[i]*factor(m, m-float64(k)))
		out[i] = least
	}
	return out
}

// Holm adjusts p values for the chance of any false one (Holm, 1979).
func Holm(p []float64) []float64 {
	out := slices.Clone(p)
	var order []int
	for i, x := range p {
		if !math.IsNaN(x) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	most := 0.0
	for k, i := range order {
		most = max(most, min(1, p[i]*float64(len(order)-k)))
		out[i] = most
	}
	return out
}
