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

// Of a whole everybody comes first, then each part by each dimension with all who are not in it; of
// what must not be shown nobody is handed out.
func TestSubgroupsOfAWhole(t *testing.T) {
	t.Parallel()
	var whole []map[string]string
	for i := range 25 {
		x := map[string]string{"sex": "f"}
		if i >= 12 {
			x["sex"] = "m"
		}
		if i < 3 {
			x["home"] = "es"
		}
		whole = append(whole, x)
	}
	type row struct {
		stats.Subgroup
		members, rest int
	}
	make := func(g stats.Subgroup, members, rest []map[string]string) row { return row{g, len(members), len(rest)} }
	of := func(x map[string]string) map[string]string { return x }
	got := stats.Subgroups(whole, []string{"sex", "home"}, of, 10, make)
	want := []row{
		{stats.Subgroup{Dimension: stats.Everybody, Group: "Everybody"}, 25, 0},
		{stats.Subgroup{Dimension: "sex", Group: "f"}, 12, 13}, {stats.Subgroup{Dimension: "sex", Group: "m"}, 13, 12},
		{stats.Subgroup{Dimension: "home", Group: "es", Suppressed: true}, 0, 0}, {stats.Subgroup{Dimension: "home", Group: stats.NotKnown, Suppressed: true}, 0, 0},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
	if got := stats.Subgroups(whole[:9], []string{"sex"}, of, 10, make); len(got) != 1 || !got[0].Suppressed || got[0].members != 0 {
		t.Errorf("nine: %v", got)
	}
}
