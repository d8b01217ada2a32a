// Package irt is item response theory for one ability: the one-, two- and
// three-parameter logistic models and the graded response model, their calibration from
// answers, and scores. Ability θ and difficulty are in log-odds (no factor 1.7).
package irt

import (
	"math"

	"waymark/internal/fault"
)

// Model is how an item's answers depend on ability.
type Model string

const (
	OnePL   Model = "1pl" // Rasch (1960): equal slopes of 1
	TwoPL   Model = "2pl" // Birnbaum (1968)
	ThreePL Model = "3pl" // Birnbaum (1968), with guessing
	Graded  Model = "grm" // Samejima (1969): ordered categories
)

// ParseModel reads a model's name.
func ParseModel(s string) (Model, error) {
	switch m := Model(s); m {
	case OnePL, TwoPL, ThreePL, Graded:
		return m, nil
	}
	return "", fault.Field("model", "There is no model %q. There are: 1pl, 2pl, 3pl, grm.", s)
}

// Item is a calibrated item.
type Item struct {
	Slope      float64   // a: how sharply success rises with ability; positive
	Difficulty []float64 // b: one, or for graded items the threshold of each category above the lowest, rising
	Guess      float64   // c: success without ability
	Careless   float64   // 1 − d: failure in spite of ability
}

// Dichotomous returns an item that is right or wrong.
func Dichotomous(a, b, c float64) Item { return Item{a, []float64{b}, c, 0} }

// Validate reports, as a fault that names the field, what makes an item unusable.
func (it Item) Validate() error {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	switch {
	case !(it.Slope > 0) || !finite(it.Slope):
		return fault.Field("a", "The slope must be above 0; it is %g.", it.Slope)
	case len(it.Difficulty) == 0:
		return fault.Field("b", "The item has no difficulty.")
	case !(it.Guess >= 0 && it.Guess < 1):
		return fault.Field("c", "Guessing must be from 0 to below 1; it is %g.", it.Guess)
	case !(it.Careless >= 0 && it.Careless < 1-it.Guess):
		return fault.Field("d", "The upper end must be above guessing and at most 1; it is %g.", 1-it.Careless)
	}
	for i, b := range it.Difficulty {
		if !finite(b) || i > 0 && b < it.Difficulty[i-1] {
			return fault.Field("b", "Difficulties must be numbers that rise; there is %g.", b)
		}
	}
	return nil
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// P returns the probability of a right answer, or of the highest category.
func (it Item) P(theta float64) float64 {
	b := it.Difficulty[len(it.Difficulty)-1]
	return it.Guess + (1-it.Guess-it.Careless)*logistic(it.Slope*(theta-b))
}

// Category returns the probability of a category, 0 the lowest.
func (it Item) Category(x int, theta float64) float64 {
	if len(it.Difficulty) == 1 {
		if x > 0 {
			return it.P(theta)
		}
		return 1 - it.P(theta)
	}
	at, above := 1.0, 0.0
	if x > 0 {
		at = logistic(it.Slope * (theta - it.Difficulty[x-1]))
	}
	if x < len(it.Difficulty) {
		above = logistic(it.Slope * (theta - it.Difficulty[x]))
	}
	return at - above
}

// Information returns Fisher's information about ability (Birnbaum 1968, eq. 20.2.3;
// Samejima 1969).
func (it Item) Information(theta float64) float64 {
	if len(it.Difficulty) == 1 {
		s := logistic(it.Slope * (theta - it.Difficulty[0]))
		p := it.Guess + (1-it.Guess-it.Careless)*s
		d := (1 - it.Guess - it.Careless) * it.Slope * s * (1 - s)
		if p <= 0 || p >= 1 {
			return 0
		}
		return d * d / (p * (1 - p))
	}
	sum, at := 0.0, 1.0
	slopeAt := 0.0
	for x := range len(it.Difficulty) + 1 {
		above, slopeAbove := 0.0, 0.0
		if x < len(it.Difficulty) {
			above = logistic(it.Slope * (theta - it.Difficulty[x]))
			slopeAbove = it.Slope * above * (1 - above)
		}
		if p := at - above; p > 1e-12 {
			d := slopeAt - slopeAbove
			sum += d * d / p
		}
		at, slopeAt = above, slopeAbove
	}
	return sum
}

// Missing marks an answer that was not given.
const Missing int8 = -1

// Grid returns n points of ability from low to high.
func Grid(low, high float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = low + (high-low)*float64(i)/float64(n-1)
	}
	return out
}

// Normal returns the weights of a normal distribution on grid points, adding up to 1.
func Normal(grid []float64, mean, variance float64) []float64 {
	out := make([]float64, len(grid))
	sum := 0.0
	for i, t := range grid {
		out[i] = math.Exp(-(t - mean) * (t - mean) / (2 * variance))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// Moments returns mean and standard deviation of weights on grid points.
func Moments(grid, weights []float64) (mean, sd float64) {
	var sum float64
	for i, w := range weights {
		sum += w
		mean += w * grid[i]
	}
	mean /= sum
	var v float64
	for i, w := range weights {
		v += w * (grid[i] - mean) * (grid[i] - mean)
	}
	return mean, math.Sqrt(v / sum)
}

// EAP returns the expected ability after answers, with its standard deviation (Bock &
// Mislevy 1982), under a prior on grid points.
func EAP(items []Item, answers []int8, grid, prior []float64) (theta, sd float64) {
	w := make([]float64, len(grid))
	copy(w, prior)
	for j, x := range answers {
		if x == Missing {
			continue
		}
		most := 0.0
		for k, t := range grid {
			w[k] *= items[j].Category(int(x), t)
			most = max(most, w[k])
		}
		if most > 0 && most < 1e-100 {
			for k := range w {
				w[k] /= most
			}
		}
	}
	return Moments(grid, w)
}
