package stats

import (
	"cmp"
	"maps"
	"slices"
)

// Suppressed says of groups that make up a whole which of them must not be shown: those with
// fewer than least members, and, if these together are fewer than that, the smallest of
// the others with them, since the whole less what is shown would give them away.
func Suppressed(sizes []int, least int) []bool {
	hide := make([]bool, len(sizes))
	hidden := 0
	for i, n := range sizes {
		if n < least {
			hide[i] = true
			hidden += n
		}
	}
	if hidden == 0 || hidden >= least {
		return hide
	}
	smallest := -1
	for i, n := range sizes {
		if !hide[i] && (smallest < 0 || n < sizes[smallest]) {
			smallest = i
		}
	}
	if smallest >= 0 {
		hide[smallest] = true
	}
	return hide
}

// SuppressedCounts says which of the counts of a whole must not be shown, as [Suppressed] does; a
// count of nobody hides nothing.
func SuppressedCounts(counts []int, least int) []bool {
	out := make([]bool, len(counts))
	var at, some []int
	for i, n := range counts {
		if n > 0 {
			at, some = append(at, i), append(some, n)
		}
	}
	for k, hide := range Suppressed(some, least) {
		out[at[k]] = hide
	}
	return out
}

// Cell is a group of a whole.
type Cell[T any] struct {
	Name       string
	Members    []T
	Suppressed bool // it must not be shown
}

// NotKnown is the name of the group of those whose group is not known.
const NotKnown = "not known"

// Cells sorts a whole into groups by a name, in the order in which people list grades: the
// shorter name first. See [Suppressed] for least.
func Cells[T any](whole []T, name func(T) string, least int) []Cell[T] {
	by := map[string][]T{}
	for _, x := range whole {
		n := cmp.Or(name(x), NotKnown)
		by[n] = append(by[n], x)
	}
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	cells, sizes := make([]Cell[T], len(names)), make([]int, len(names))
	for i, n := range names {
		cells[i], sizes[i] = Cell[T]{Name: n, Members: by[n]}, len(by[n])
	}
	for i, hide := range Suppressed(sizes, least) {
		cells[i].Suppressed = hide
	}
	return cells
}
