package irt

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ItemFit says how well an item keeps to its model. Infit and Outfit are mean squares of
// residuals (Wright & Masters 1982), near 1 where it fits; S is S-X² of Orlando & Thissen
// (2000) for items that are right or wrong, with degrees of freedom and p-value.
type ItemFit struct {
	Infit, Outfit float64
	S             float64
	DF            int
	P             float64
}

// leastExpected is the least expected count of a score group; smaller ones are joined.
const leastExpected = 1.0

// Check computes fit statistics of items, calibrated or not, on the answers of persons.
// Persons with missing answers count for infit and outfit only.
func Check(items []Item, answers [][]int8, variance float64) []ItemFit {
	grid := Grid(-6, 6, 61)
	prior := Normal(grid, 0, variance)
	out := make([]ItemFit, len(items))
	var squares, information, standard, n = make([]float64, len(items)), make([]float64, len(items)), make([]float64, len(items)), make([]float64, len(items))
	dichotomous := true
	for _, it := range items {
		dichotomous = dichotomous && len(it.Difficulty) == 1
	}
	right, group := make([][]float64, len(items)), make([]float64, len(items)+1)
	for j := range right {
		right[j] = make([]float64, len(items)+1)
	}
	for _, row := range answers {
		theta, _ := EAP(items, row, grid, prior)
		sum, complete := 0, true
		for j, x := range row {
			if x == Missing {
				complete = false
				continue
			}
			sum += int(x)
			mean, square := 0.0, 0.0
			for c := range len(items[j].Difficulty) + 1 {
				p := items[j].Category(c, theta)
				mean += float64(c) * p
				square += float64(c*c) * p
			}
			v := max(1e-6, square-mean*mean)
			r := float64(x) - mean
			squares[j] += r * r
			information[j] += v
			standard[j] += r * r / v
			n[j]++
		}
		if complete && dichotomous {
			group[sum]++
			for j, x := range row {
				right[j][sum] += float64(x)
			}
		}
	}
	for j := range items {
		if n[j] > 0 {
			out[j].Infit, out[j].Outfit = squares[j]/information[j], standard[j]/n[j]
		}
		if dichotomous && len(items) > 2 {
			out[j].scores(items, j, group, right[j], grid, prior)
		}
	}
	return out
}

// sums returns the probability of each sum score on the items but one (skip < 0: on all)
// at an ability, by the recursion of Lord & Wingersky (1984).
func sums(items []Item, skip int, theta float64) []float64 {
	p := make([]float64, len(items)+1)
	p[0] = 1
	n := 0
	for j, it := range items {
		if j == skip {
			continue
		}
		n++
		right := it.P(theta)
		for s := n; s > 0; s-- {
			p[s] = p[s]*(1-right) + p[s-1]*right
		}
		p[0] *= 1 - right
	}
	return p
}

func (f *ItemFit) scores(items []Item, j int, group, right, grid, prior []float64) {
	most := len(items)
	expected, all := make([]float64, most+1), make([]float64, most+1)
	for k, theta := range grid {
		p := items[j].P(theta)
		rest, whole := sums(items, j, theta), sums(items, -1, theta)
		for s := 1; s < most; s++ {
			expected[s] += prior[k] * p * rest[s-1]
			all[s] += prior[k] * whole[s]
		}
	}
	var persons, observed, e float64
	groups := 0
	// Neighbouring score groups are joined until both answers can be expected.
	flush := func() {
		if persons == 0 {
			return
		}
		share := e / persons
		d := observed/persons - share
		f.S += persons * d * d / (share * (1 - share))
		groups++
		persons, observed, e = 0, 0, 0
	}
	for s := 1; s < most; s++ {
		if all[s] <= 0 || group[s] == 0 {
			continue
		}
		persons += group[s]
		observed += right[s]
		e += group[s] * expected[s] / all[s]
		if e >= leastExpected && persons-e >= leastExpected {
			flush()
		}
	}
	if e >= leastExpected && persons-e >= leastExpected {
		flush()
	}
	parameters := 2
	if items[j].Guess > 0 {
		parameters = 3
	}
	if f.DF = groups - parameters; f.DF > 0 {
		f.P = distuv.ChiSquared{K: float64(f.DF)}.Survival(f.S)
	}
}

// DIF is how differently an item works for two groups of the same ability: the common
// odds ratio of Mantel & Haenszel (1959) on the scale of ETS, delta = −2.35·ln(ratio),
// negative where it is harder for the focal group. Class is ETS's A (negligible), B or C
// (large) (Zwick & Ercikan 1989).
type DIF struct {
	Delta, SE float64
	Class     string
}

// MantelHaenszel computes DIF of an item that is right or wrong, with sum scores to match
// on. Persons with a missing answer are left out. Without persons to compare, Class is
// empty.
func MantelHaenszel(answers [][]int8, item int, focal []bool) DIF {
	type table struct{ rightRef, wrongRef, rightFocal, wrongFocal float64 }
	by := map[int]*table{}
	top := 0
persons:
	for i, row := range answers {
		sum := 0
		for _, x := range row {
			if x == Missing {
				continue persons
			}
			sum += int(x)
		}
		t := by[sum]
		if t == nil {
			t = &table{}
			by[sum] = t
		}
		top = max(top, sum)
		switch {
		case focal[i] && row[item] > 0:
			t.rightFocal++
		case focal[i]:
			t.wrongFocal++
		case row[item] > 0:
			t.rightRef++
		default:
			t.wrongRef++
		}
	}
	// Variance of the log odds ratio by Robins, Breslow & Greenland (1986).
	var r, s, pr, ps, qs float64
	for sum := 0; sum <= top; sum++ {
		t := by[sum]
		if t == nil {
			continue
		}
		n := t.rightRef + t.wrongRef + t.rightFocal + t.wrongFocal
		a, b := t.rightRef*t.wrongFocal/n, t.wrongRef*t.rightFocal/n
		p, q := (t.rightRef+t.wrongFocal)/n, (t.wrongRef+t.rightFocal)/n
		r += a
		s += b
		pr += p * a
		ps += p*b + q*a
		qs += q * b
	}
	if r == 0 || s == 0 {
		return DIF{}
	}
	d := DIF{Delta: -2.35 * math.Log(r/s), SE: 2.35 * math.Sqrt(pr/(2*r*r)+ps/(2*r*s)+qs/(2*s*s))}
	size := math.Abs(d.Delta)
	switch {
	case size < 1 || size < 1.96*d.SE:
		d.Class = "A"
	case size >= 1.5 && size-1 > 1.645*d.SE:
		d.Class = "C"
	default:
		d.Class = "B"
	}
	return d
}
