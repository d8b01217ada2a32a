package assign_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"waymark/internal/assign"
)

// exhaust returns the greatest value by trying everything.
func exhaust(value [][]float64, seats []int) float64 {
	if len(value) == 0 {
		return 0
	}
	best := exhaust(value[1:], seats)
	for c, v := range value[0] {
		if seats[c] > 0 && !math.IsInf(v, -1) {
			seats[c]--
			best = max(best, v+exhaust(value[1:], seats))
			seats[c]++
		}
	}
	return best
}

func draw(rng *rand.Rand, rows, cols, most int) ([][]float64, []int) {
	value := make([][]float64, rows)
	for r := range value {
		value[r] = make([]float64, cols)
		for c := range value[r] {
			switch rng.IntN(4) {
			case 0:
				value[r][c] = assign.Never
			case 1:
				value[r][c] = float64(rng.IntN(4)) // ties
			default:
				value[r][c] = 6*rng.Float64() - 1
			}
		}
	}
	seats := make([]int, cols)
	for c := range seats {
		seats[c] = rng.IntN(most + 1)
	}
	return value, seats
}

// bound is what the prices prove.
func bound(value [][]float64, seats []int, price []float64) float64 {
	sum := 0.0
	for c, p := range price {
		sum += float64(seats[c]) * p
	}
	for _, row := range value {
		best := 0.0
		for c, v := range row {
			best = max(best, v-price[c])
		}
		sum += best
	}
	return sum
}

func TestBestAgainstAll(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		value, seats := draw(rng, rng.IntN(7), 1+rng.IntN(4), 3)
		got, want := assign.Best(value, seats), exhaust(value, seats)
		if math.Abs(got.Value-want) > 1e-9 {
			t.Fatalf("value %v, want %v, of %v with seats %v", got.Value, want, value, seats)
		}
		price := make([]float64, len(seats))
		for c := range price {
			price[c] = float64(rng.IntN(3)) * rng.Float64()
		}
		var was []int
		if rng.IntN(2) == 0 {
			for range value {
				was = append(was, rng.IntN(len(seats)+1)-1)
			}
		}
		if from := assign.From(value, seats, price, was); math.Abs(from.Value-want) > 1e-9 || math.Abs(bound(value, seats, from.Price)-want) > 1e-9 {
			t.Fatalf("from %v: value %v, want %v, of %v with seats %v, prices %v", price, from.Value, want, value, seats, from.Price)
		}
	}
}

// On larger problems the prices prove the value.
func TestBestProvesItself(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, size := range [][3]int{{200, 10, 20}, {300, 40, 9}, {60, 60, 1}, {100, 5, 200}} {
		value, seats := draw(rng, size[0], size[1], size[2])
		got := assign.Best(value, seats)
		moved := slices.Clone(got.Price)
		for c := range moved {
			moved[c] = max(0, moved[c]+.2*rng.NormFloat64())
		}
		if from := assign.From(value, seats, moved, got.Column); math.Abs(from.Value-got.Value) > 1e-6 || math.Abs(bound(value, seats, from.Price)-got.Value) > 1e-6 {
			t.Errorf("%v: from near prices %v, proved %v; want %v", size, from.Value, bound(value, seats, from.Price), got.Value)
		}
		used := make([]int, len(seats))
		sum := 0.0
		for r, c := range got.Column {
			if c != assign.None {
				used[c]++
				sum += value[r][c]
			}
		}
		for c := range seats {
			if used[c] > seats[c] {
				t.Errorf("%v: column %d holds %d, has %d seats", size, c, used[c], seats[c])
			}
			if got.Price[c] < 0 || used[c] < seats[c] && got.Price[c] > 1e-9 {
				t.Errorf("%v: column %d with %d of %d costs %v", size, c, used[c], seats[c], got.Price[c])
			}
		}
		if b := bound(value, seats, got.Price); math.Abs(sum-got.Value) > 1e-9 || math.Abs(b-got.Value) > 1e-6 {
			t.Errorf("%v: value %v, pairs add up to %v, prices prove %v", size, got.Value, sum, b)
		}
	}
}

func BenchmarkBest(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	value, seats := draw(rng, 3000, 150, 36)
	for b.Loop() {
		assign.Best(value, seats)
	}
}

// BenchmarkFrom begins at the prices of the problem before a tenth of its values changed.
func BenchmarkFrom(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	value, seats := draw(rng, 3000, 150, 36)
	before := assign.Best(value, seats)
	for range 3000 * 15 {
		value[rng.IntN(3000)][rng.IntN(150)] += .3 * rng.NormFloat64()
	}
	for b.Loop() {
		assign.From(value, seats, before.Price, before.Column)
	}
}
