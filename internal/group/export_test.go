package group

import (
	"math/rand/v2"
)

// SwapSearch is the baseline of the benchmark, on the same sums as the search.
func SwapSearch(in *Instance, rng *rand.Rand) float64 {
	s := newSearch(in, in.numbers()[0], rng)
	s.begin()
	for better := true; better; {
		better = false
		for at, u := range s.free {
			for _, o := range s.free[:at] {
				if g, h := s.group[u], s.group[o]; g != h {
					better = s.keep([]int{u, o}, []int{h, g}, g, h) || better
				}
			}
		}
	}
	return s.score()
}
