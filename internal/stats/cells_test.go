package stats_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"waymark/internal/stats"
)

func TestSuppressed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sizes []int
		want  []bool
	}{
		{nil, []bool{}},
		{[]int{12, 30}, []bool{false, false}},
		{[]int{3, 30, 12}, []bool{true, false, true}},
		{[]int{6, 30, 7}, []bool{true, false, true}},
		{[]int{3, 4, 30, 12}, []bool{true, true, false, true}},
		{[]int{3}, []bool{true}},
		{[]int{0, 30}, []bool{true, false}},
	} {
		if got := stats.Suppressed(c.sizes, 10); !slices.Equal(got, c.want) {
			t.Errorf("Suppressed(%v) = %v; want %v", c.sizes, got, c.want)
		}
	}
	// Whatever the groups, what is hidden is nobody or at least ten, unless nothing is shown.
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		sizes := make([]int, r.IntN(7))
		for i := range sizes {
			sizes[i] = r.IntN(25)
		}
		hidden, shown := 0, 0
		for i, h := range stats.Suppressed(sizes, 10) {
			if h {
				hidden += sizes[i]
			} else {
				shown++
			}
		}
		if hidden > 0 && hidden < 10 && shown > 0 {
			t.Fatalf("of groups %v, %d people can be reckoned back", sizes, hidden)
		}
	}
}
