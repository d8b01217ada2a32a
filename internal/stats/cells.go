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

// Everybody is the dimension of a whole that is not cut.
const Everybody = "everybody"

// Subgroup names a part of a whole by a characteristic; figures of a suppressed one are zero.
type Subgroup struct {
	Dimension, Group string
	Suppressed       bool
}

// At returns the subgroup itself, for rows that hold one.
func (g Subgroup) At() Subgroup { return g }

// Subgroups makes a row of everybody and then of each part by each dimension; of is to which group of
// each dimension somebody belongs. A part of fewer than least is suppressed, with what would give it
// away (see [Suppressed]): row gets nobody then. Where everybody are fewer than least, there is no
// other row. rest are all who are not in the part.
func Subgroups[T, R any](whole []T, dimensions []string, of func(T) map[string]string, least int, row func(g Subgroup, members, rest []T) R) []R {
	all := Subgroup{Dimension: Everybody, Group: "Everybody", Suppressed: len(whole) < least}
	if all.Suppressed {
		return []R{row(all, nil, nil)}
	}
	out := []R{row(all, whole, nil)}
	for _, d := range dimensions {
		name := func(x T) string { return cmp.Or(of(x)[d], NotKnown) }
		for _, c := range Cells(whole, name, least) {
			g := Subgroup{Dimension: d, Group: c.Name, Suppressed: c.Suppressed}
			if c.Suppressed {
				out = append(out, row(g, nil, nil))
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(whole), func(x T) bool { return name(x) == c.Name })
			out = append(out, row(g, c.Members, rest))
		}
	}
	return out
}
