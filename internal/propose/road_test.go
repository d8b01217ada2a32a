package propose_test

import (
	stdcmp "cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// roadWorld draws a catalogue of n competencies, each with up to three prerequisites among
// those before it, and a student who stands somewhere in it.
func roadWorld(rng *rand.Rand, n int) (*propose.Catalogue, propose.Learner) {
	var items []competency.Competency
	var edges []competency.Edge
	l := propose.Learner{Estimates: map[competency.ID]mastery.Estimate{}}
	for i := range n {
		id := competency.ID(fmt.Sprintf("c%03d", i))
		items = append(items, competency.Competency{ID: id, Short: "Thing " + string(id), Assessable: true})
		for range rng.IntN(4) {
			if i > 0 {
				edges = append(edges, competency.Edge{From: items[rng.IntN(i)].ID, To: id, Kind: competency.Prerequisite})
			}
		}
		if s := mastery.Status(rng.IntN(6)); s != mastery.Unknown {
			l.Estimates[id] = mastery.Estimate{Status: s, N: 3}
		}
	}
	return propose.NewCatalogue(items, edges, nil), l
}

// Whatever the graph, the record and the wishes: no step comes before one that it needs, no
// choice is lost, what is met is not asked again, and the same record gives the same road.
func TestRoadProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(11, 4))
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	pace := propose.NewPace(6, 12)
	for trial := range 400 {
		n := 3 + rng.IntN(40)
		cat, l := roadWorld(rng, n)
		goal := cat.Order[n-1]
		var wishes []propose.Wish
		for i := range rng.IntN(6) {
			wishes = append(wishes, propose.Wish{Competency: cat.Order[rng.IntN(n)], Want: []propose.Want{propose.First, propose.First, propose.Without, propose.Neither}[rng.IntN(4)],
				Author: roster.PersonID("x"), At: now.Add(time.Duration(i-10) * time.Hour)})
		}
		road := propose.Lay(goal, l, cat, wishes, pace, time.Time{}, now)
		if again := propose.Lay(goal, l, cat, slices.Clone(wishes), pace, time.Time{}, now); !cmp.Equal(road, again) {
			t.Fatalf("trial %d: the same record gives another road:\n%s", trial, cmp.Diff(road, again))
		}
		at := map[competency.ID]int{}
		for i, leg := range road.Legs {
			at[leg.Competency.ID] = i
			if leg.Status == mastery.Met {
				t.Errorf("trial %d: %s is met, and is a step", trial, leg.Competency.ID)
			}
			if i > 0 && leg.Begin.Before(road.Legs[i-1].Begin) || leg.End.Before(leg.Begin) {
				t.Errorf("trial %d: step %d runs from %v to %v", trial, i, leg.Begin, leg.End)
			}
		}
		if len(at) != len(road.Legs) {
			t.Errorf("trial %d: a step is there twice", trial)
		}
		latest := map[competency.ID]propose.Want{}
		for _, w := range wishes {
			latest[w.Competency] = w.Want
		}
		for _, leg := range road.Legs {
			if latest[leg.Competency.ID] == propose.Without {
				t.Errorf("trial %d: %s was left out by a person, and is a step", trial, leg.Competency.ID)
			}
			if leg.Status == mastery.Fading {
				continue
			}
			for _, b := range cat.Before[leg.Competency.ID] {
				before, there := at[b]
				switch {
				case there && before > at[leg.Competency.ID]:
					t.Errorf("trial %d: %s comes before %s, which it needs", trial, leg.Competency.ID, b)
				case !there && l.Estimates[b].Status != mastery.Met && latest[b] != propose.Without:
					t.Errorf("trial %d: %s needs %s, which is not met and not on the road", trial, leg.Competency.ID, b)
				}
			}
		}
		// What was wanted first, and what that needs, comes before everything else.
		serves := map[competency.ID]bool{}
		var mark func(competency.ID)
		mark = func(id competency.ID) {
			if _, on := at[id]; !on || serves[id] {
				return
			}
			serves[id] = true
			if l.Estimates[id].Status != mastery.Fading {
				for _, b := range cat.Before[id] {
					mark(b)
				}
			}
		}
		for id, w := range latest {
			if w == propose.First {
				mark(id)
			}
		}
		for i, leg := range road.Legs {
			if want := i < len(serves); serves[leg.Competency.ID] != want {
				t.Errorf("trial %d: step %d (%s) is out of the order that was wanted", trial, i, leg.Competency.ID)
			}
			if leg.Wanted != (latest[leg.Competency.ID] == propose.First) {
				t.Errorf("trial %d: the wish for %s is lost", trial, leg.Competency.ID)
			}
		}
	}
}

// A late result moves the road, and the student is told what moved and why.
func TestRoadReplansAfterALateResult(t *testing.T) {
	t.Parallel()
	var items []competency.Competency
	var edges []competency.Edge
	for i, id := range []string{"count", "add", "multiply", "area"} {
		items = append(items, competency.Competency{ID: competency.ID(id), Short: strings.ToUpper(id[:1]) + id[1:], Assessable: true})
		if i > 0 {
			edges = append(edges, competency.Edge{From: items[i-1].ID, To: items[i].ID, Kind: competency.Prerequisite})
		}
	}
	cat := propose.NewCatalogue(items, edges, nil)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	stands := func(s map[competency.ID]mastery.Status) propose.Learner {
		l := propose.Learner{Estimates: map[competency.ID]mastery.Estimate{}}
		for id, x := range s {
			l.Estimates[id] = mastery.Estimate{Status: x, N: 4}
		}
		return l
	}
	names := func(r propose.Road) (out []string) {
		for _, l := range r.Legs {
			out = append(out, l.Competency.Short)
		}
		return out
	}
	pace := propose.NewPace(12, 12) // one a week
	by := now.AddDate(0, 0, 35)
	was := propose.Lay("area", stands(map[competency.ID]mastery.Status{"add": mastery.Met, "multiply": mastery.Learning}), cat, nil, pace, by, now)
	if got := names(was); !slices.Equal(got, []string{"Multiply", "Area"}) || was.Line() != propose.Ahead {
		t.Fatalf("the road is %q, line %v; ends %v, between %v and %v", got, was.Line(), was.End, was.Early, was.Late)
	}
	if want := time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC); !was.End.Equal(want) {
		t.Errorf("1.7 competencies at one a week end on %v; want %v", was.End, want)
	}
	late := stands(map[competency.ID]mastery.Status{"add": mastery.Starting, "count": mastery.Fading, "multiply": mastery.Met})
	if got := names(propose.Lay("area", late, cat, nil, pace, by, now)); !slices.Equal(got, []string{"Area"}) {
		t.Errorf("what comes before something met is asked again: %q", got)
	}
	late.Estimates["multiply"] = mastery.Estimate{Status: mastery.Starting, N: 6}
	is := propose.Lay("area", late, cat, nil, pace, by, now)
	if got := names(is); !slices.Equal(got, []string{"Count", "Add", "Multiply", "Area"}) {
		t.Errorf("after the late result the road is %q", got)
	}
	said := strings.Join(propose.Moves(was, is, late), " ")
	for _, want := range []string{"New evidence shows that “Add” is not there yet", "You have not shown “Count” for long", "11 days later"} {
		if !strings.Contains(said, want) {
			t.Errorf("what moved: %q; want %q", said, want)
		}
	}
	without := propose.Lay("area", late, cat, []propose.Wish{{Competency: "add", Want: propose.Without, At: now}}, pace, by, now)
	if got := names(without); !slices.Equal(got, []string{"Multiply", "Area"}) || len(without.Without) != 1 {
		t.Errorf("left out by a person: %q, %v", got, without.Without)
	}
	if said := strings.Join(propose.Moves(is, without, late), " "); !strings.Contains(said, "“Add” is left out") || !strings.Contains(said, "earlier") {
		t.Errorf("what moved: %q", said)
	}
	late.Estimates["area"] = mastery.Estimate{Status: mastery.Met}
	if done := propose.Lay("area", late, cat, nil, pace, by, now); done.Line() != propose.Reached || !done.End.IsZero() {
		t.Errorf("a met goal has a road: %+v", done)
	}
}

// A pace lies between its limits with a chance of 0.8: the gamma distribution of a whole
// shape is a sum (Erlang), of which the limits must be the 10th and 90th percentiles.
func TestPace(t *testing.T) {
	t.Parallel()
	below := func(x float64, shape int) float64 {
		term, sum := 1.0, 0.0
		for k := range shape {
			if k > 0 {
				term *= x / float64(k)
			}
			sum += term
		}
		return 1 - math.Exp(-x)*sum
	}
	for _, c := range []struct{ gained, weeks int }{{0, 0}, {0, 12}, {1, 3}, {6, 12}, {40, 12}} {
		p := propose.NewPace(c.gained, c.weeks)
		shape, weight := c.gained+2, float64(c.weeks+2)
		if math.Abs(p.Rate-float64(shape)/weight) > 1e-12 {
			t.Errorf("%+v: the mean is %v", c, p.Rate)
		}
		if low, high := below(p.Slow*weight, shape), below(p.Quick*weight, shape); math.Abs(low-.1) > .005 || math.Abs(high-.9) > .005 {
			t.Errorf("%+v: %.4f of all paces are below %v and %.4f below %v", c, low, p.Slow, high, p.Quick)
		}
	}
}

// BenchmarkRoad lays a road anew in a graph of 500 competencies of which nothing is known,
// to the goal that is farthest away.
func BenchmarkRoad(b *testing.B) {
	cat, l := roadWorld(rand.New(rand.NewPCG(5, 5)), 500)
	clear(l.Estimates)
	pace, now := propose.NewPace(6, 12), time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	steps := func(goal competency.ID) int { return len(propose.Lay(goal, l, cat, nil, pace, time.Time{}, now).Legs) }
	goal := slices.MaxFunc(cat.Order, func(x, y competency.ID) int { return stdcmp.Compare(steps(x), steps(y)) })
	b.ReportAllocs()
	for b.Loop() {
		propose.Lay(goal, l, cat, nil, pace, time.Time{}, now)
	}
	b.ReportMetric(float64(steps(goal)), "steps")
}

// BenchmarkSchool lays the ways of a school's 1,200 students anew, each with a goal of their
// own and what they know.
func BenchmarkSchool(b *testing.B) {
	const students = 1200
	rng := rand.New(rand.NewPCG(6, 6))
	cat, one := roadWorld(rng, 500)
	pace, now := propose.NewPace(6, 12), time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	school, goals := make([]propose.Learner, students), make([]competency.ID, students)
	for i := range school {
		known := maps.Clone(one.Estimates)
		maps.DeleteFunc(known, func(competency.ID, mastery.Estimate) bool { return rng.Float64() < .5 })
		school[i] = propose.Learner{Estimates: known}
		goals[i] = cat.Order[rng.IntN(len(cat.Order))]
	}
	for b.Loop() {
		for i, l := range school {
			propose.Lay(goals[i], l, cat, nil, pace, time.Time{}, now)
		}
	}
}
