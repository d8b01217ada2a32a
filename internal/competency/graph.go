package competency

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
)

// Graph is the prerequisite graph of a set of competencies: a directed graph
// without cycles. It is immutable once made, so that many may read it at once.
type Graph struct {
	ids    []ID
	index  map[ID]int
	before [][]int // direct prerequisites by position in ids, ascending
	after  [][]int // what each one unlocks, ascending
	order  []int   // positions in ids, prerequisites first
	rank   []int   // place of each position in order
}

// CycleError says that prerequisites go round in a circle: each item of Path is
// a prerequisite of the next one, and the last of the first.
type CycleError struct {
	Path []ID
}

func (e *CycleError) Error() string {
	var b strings.Builder
	b.WriteString("prerequisites form a cycle: ")
	for _, id := range e.Path {
		b.WriteString(string(id))
		b.WriteString(" → ")
	}
	if len(e.Path) > 0 {
		b.WriteString(string(e.Path[0]))
	}
	return b.String()
}

// NewGraph returns the graph of the edges of kind [Prerequisite] between items.
// Edges of other kinds, edges with an end outside items and repeated edges are
// left out. If the edges form a cycle, the error is a [*CycleError].
func NewGraph(items []Competency, edges []Edge) (*Graph, error) {
	g := &Graph{index: make(map[ID]int, len(items))}
	for _, it := range items {
		if _, twice := g.index[it.ID]; !twice {
			g.index[it.ID] = len(g.ids)
			g.ids = append(g.ids, it.ID)
		}
	}
	g.before = make([][]int, len(g.ids))
	g.after = make([][]int, len(g.ids))
	for _, e := range edges {
		from, ok1 := g.index[e.From]
		to, ok2 := g.index[e.To]
		if e.Kind == Prerequisite && ok1 && ok2 {
			g.before[to] = append(g.before[to], from)
			g.after[from] = append(g.after[from], to)
		}
	}
	for i := range g.ids {
		g.before[i] = sortedSet(g.before[i])
		g.after[i] = sortedSet(g.after[i])
	}
	if left := g.sort(); left != nil {
		return nil, &CycleError{Path: g.cycle(left)}
	}
	return g, nil
}

func sortedSet(s []int) []int {
	slices.Sort(s)
	return slices.Compact(s)
}

// sort fills order by Kahn's algorithm, taking of all that is ready what came
// first in items, so that the order does not depend on the order of edges. It
// returns how many prerequisites each item still waits for if there is a cycle.
func (g *Graph) sort() (waits []int) {
	waits = make([]int, len(g.ids))
	var ready intHeap
	for i := range g.ids {
		if waits[i] = len(g.before[i]); waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	heap.Init(&ready)
	g.order = make([]int, 0, len(g.ids))
	g.rank = make([]int, len(g.ids))
	for ready.Len() > 0 {
		i := heap.Pop(&ready).(int)
		g.rank[i] = len(g.order)
		g.order = append(g.order, i)
		for _, j := range g.after[i] {
			if waits[j]--; waits[j] == 0 {
				heap.Push(&ready, j)
			}
		}
	}
	if len(g.order) == len(g.ids) {
		return nil
	}
	return waits
}

// cycle walks back from the first item that still waits: each such item waits
// for another one, so the walk must come back to where it was.
func (g *Graph) cycle(waits []int) []ID {
	at := slices.IndexFunc(waits, func(n int) bool { return n > 0 })
	seen := map[int]int{}
	var walk []int
	for {
		if start, ok := seen[at]; ok {
			walk = walk[start:]
			break
		}
		seen[at] = len(walk)
		walk = append(walk, at)
		k := slices.IndexFunc(g.before[at], func(p int) bool { return waits[p] > 0 })
		at = g.before[at][k]
	}
	slices.Reverse(walk)
	first := slices.Index(walk, slices.Min(walk))
	path := make([]ID, 0, len(walk))
	for i := range walk {
		path = append(path, g.ids[walk[(first+i)%len(walk)]])
	}
	return path
}

// Prerequisites returns what comes directly before an item, in the items' order.
func (g *Graph) Prerequisites(id ID) []ID { return g.direct(id, g.before) }

// Unlocks returns what an item comes directly before, in the items' order.
func (g *Graph) Unlocks(id ID) []ID { return g.direct(id, g.after) }

func (g *Graph) direct(id ID, edges [][]int) []ID {
	i, ok := g.index[id]
	if !ok {
		return nil
	}
	return g.named(edges[i])
}

// Ancestors returns everything that comes before an item, directly or not,
// prerequisites first.
func (g *Graph) Ancestors(id ID) []ID { return g.reach(id, g.before) }

// Descendants returns everything that an item comes before, directly or not,
// prerequisites first.
func (g *Graph) Descendants(id ID) []ID { return g.reach(id, g.after) }

func (g *Graph) reach(id ID, edges [][]int) []ID {
	start, ok := g.index[id]
	if !ok {
		return nil
	}
	seen := map[int]bool{start: true}
	var found []int
	for todo := []int{start}; len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, j := range edges[i] {
			if !seen[j] {
				seen[j] = true
				found = append(found, j)
				todo = append(todo, j)
			}
		}
	}
	slices.SortFunc(found, func(a, b int) int { return cmp.Compare(g.rank[a], g.rank[b]) })
	return g.named(found)
}

// Order returns all items, every one after its prerequisites. Where the
// prerequisites leave a choice, the order of the items that the graph was made
// of decides, so the same items and edges always give the same order.
func (g *Graph) Order() []ID { return g.named(g.order) }

func (g *Graph) named(positions []int) []ID {
	if len(positions) == 0 {
		return nil
	}
	ids := make([]ID, len(positions))
	for k, i := range positions {
		ids[k] = g.ids[i]
	}
	return ids
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
