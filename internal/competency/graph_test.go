package competency_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
)

func items(ids ...competency.ID) []competency.Competency {
	var out []competency.Competency
	for _, id := range ids {
		out = append(out, competency.Competency{ID: id})
	}
	return out
}

func edges(pairs ...string) []competency.Edge {
	var out []competency.Edge
	for _, p := range pairs {
		out = append(out, competency.Edge{From: competency.ID(p[:1]), To: competency.ID(p[1:]), Kind: competency.Prerequisite})
	}
	return out
}

func TestGraph(t *testing.T) {
	t.Parallel()
	// d needs b and c, which both need a; e stands alone.
	es := append(edges("bd", "cd", "ab", "ac", "ab", "xa"),
		competency.Edge{From: "d", To: "a", Kind: competency.Related})
	g, err := competency.NewGraph(items("d", "c", "b", "a", "e"), es)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  []competency.ID
		want []competency.ID
	}{
		{"Order", g.Order(), []competency.ID{"a", "c", "b", "d", "e"}},
		{"Prerequisites(d)", g.Prerequisites("d"), []competency.ID{"c", "b"}},
		{"Unlocks(a)", g.Unlocks("a"), []competency.ID{"c", "b"}},
		{"Ancestors(d)", g.Ancestors("d"), []competency.ID{"a", "c", "b"}},
		{"Descendants(a)", g.Descendants("a"), []competency.ID{"c", "b", "d"}},
		{"Ancestors(a)", g.Ancestors("a"), nil},
		{"Prerequisites of an unknown item", g.Prerequisites("x"), nil},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestGraphNamesTheCycle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		edges []competency.Edge
		want  []competency.ID
	}{
		{edges("ab", "bc", "ca", "cd", "de"), []competency.ID{"a", "b", "c"}},
		{edges("ea", "ab", "dc", "cd", "db"), []competency.ID{"c", "d"}},
		{edges("bb"), []competency.ID{"b"}},
	} {
		_, err := competency.NewGraph(items("a", "b", "c", "d", "e"), c.edges)
		e, ok := errors.AsType[*competency.CycleError](err)
		if !ok {
			t.Fatalf("NewGraph(%v) = %v; want a CycleError", c.edges, err)
		}
		if diff := cmp.Diff(c.want, e.Path); diff != "" {
			t.Errorf("path (-want +got):\n%s", diff)
		}
	}
}

// TestGraphProperties checks random graphs: with edges along a hidden order there
// is an order that respects every edge and does not depend on the order of edges;
// any cycle that is named consists of edges that exist.
func TestGraphProperties(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + r.IntN(40)
		var its []competency.Competency
		for i := range n {
			its = append(its, competency.Competency{ID: competency.ID(fmt.Sprint(i))})
		}
		hidden := r.Perm(n)
		has := map[competency.Edge]bool{}
		var es []competency.Edge
		loops := r.IntN(2) == 0
		for range r.IntN(3 * n) {
			i, j := r.IntN(n), r.IntN(n)
			if !loops && hidden[i] >= hidden[j] {
				continue
			}
			e := competency.Edge{From: its[i].ID, To: its[j].ID, Kind: competency.Prerequisite}
			es = append(es, e)
			has[e] = true
		}
		g, err := competency.NewGraph(its, es)
		if err != nil {
			e, ok := errors.AsType[*competency.CycleError](err)
			if !ok || !loops || len(e.Path) == 0 {
				t.Fatalf("NewGraph = %v, loops allowed %v", err, loops)
			}
			for i, id := range e.Path {
				next := e.Path[(i+1)%len(e.Path)]
				if !has[competency.Edge{From: id, To: next, Kind: competency.Prerequisite}] {
					t.Fatalf("cycle %v: %s → %s is not an edge", e.Path, id, next)
				}
			}
			continue
		}
		order := g.Order()
		place := map[competency.ID]int{}
		for i, id := range order {
			place[id] = i
		}
		if len(place) != n {
			t.Fatalf("order has %d of %d items", len(place), n)
		}
		for e := range has {
			if place[e.From] >= place[e.To] {
				t.Fatalf("%s comes after %s", e.From, e.To)
			}
			if !slices.Contains(g.Ancestors(e.To), e.From) || !slices.Contains(g.Descendants(e.From), e.To) {
				t.Fatalf("%s is missing among what comes before %s", e.From, e.To)
			}
		}
		r.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		again, err := competency.NewGraph(its, es)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(order, again.Order()); diff != "" {
			t.Fatalf("order depends on the order of edges:\n%s", diff)
		}
	}
}
