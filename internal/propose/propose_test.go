package propose_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// chain is k1 → k2 → k3 and, apart, other; each with three materials.
func chain() *propose.Catalogue {
	var items []competency.Competency
	var materials []material.Material
	for _, id := range []competency.ID{"k1", "k2", "k3", "other"} {
		subject := "Mathematics"
		if id == "other" {
			subject = "Reading"
		}
		items = append(items, competency.Competency{ID: id, Code: "C." + string(id), Short: "Thing " + string(id), Subject: subject, Assessable: true})
		for i, kind := range []string{"video", "game", "book"} {
			materials = append(materials, material.Material{ID: material.ID(fmt.Sprintf("%s-%d", id, i)), Title: kind, Kind: kind, Tier: material.Core, Competencies: []competency.ID{id}})
		}
	}
	items = append(items, competency.Competency{ID: "domain", Code: "D", Short: "A domain"})
	return propose.NewCatalogue(items, []competency.Edge{
		{From: "k1", To: "k2", Kind: competency.Prerequisite}, {From: "k2", To: "k3", Kind: competency.Prerequisite},
		{From: "k1", To: "gone", Kind: competency.Prerequisite}, {From: "k1", To: "other", Kind: competency.Related},
	}, materials)
}

func est(st mastery.Status, n int, days int) mastery.Estimate {
	value := map[mastery.Status]float64{mastery.Starting: .2, mastery.Learning: .5, mastery.Nearly: .65, mastery.Met: .85, mastery.Fading: .6}[st]
	age := time.Duration(days) * 24 * time.Hour
	return mastery.Estimate{Value: value, Low: value - .1, High: value + .1, N: n, Status: st, Age: age, Last: now.Add(-age)}
}

func learner(name string, e map[competency.ID]mastery.Estimate) propose.Learner {
	return propose.Learner{Person: roster.Person{ID: roster.PersonID(name), Given: name}, Estimates: e, LastSeen: now}
}

func competencies(options []propose.Option) []competency.ID {
	var out []competency.ID
	for _, o := range options {
		if !slices.Contains(out, o.Competency.ID) {
			out = append(out, o.Competency.ID)
		}
	}
	slices.Sort(out)
	return out
}

func TestOptionsAreReadyToLearn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		est  map[competency.ID]mastery.Estimate
		want []competency.ID
	}{
		{"nothing known: only what needs nothing", nil, []competency.ID{"k1", "other"}},
		{"first met: the next opens", map[competency.ID]mastery.Estimate{"k1": est(mastery.Met, 5, 1)}, []competency.ID{"k2", "other"}},
		{"first forgotten still opens", map[competency.ID]mastery.Estimate{"k1": est(mastery.Fading, 5, 99)}, []competency.ID{"k2", "other"}},
		{"second tried without the first: the first", map[competency.ID]mastery.Estimate{"k2": est(mastery.Starting, 4, 1)}, []competency.ID{"k1", "other"}},
		{"all met: nothing is forced", map[competency.ID]mastery.Estimate{"k1": est(mastery.Met, 5, 1), "k2": est(mastery.Met, 5, 1), "k3": est(mastery.Met, 5, 1), "other": est(mastery.Met, 5, 1)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			options := propose.Options(learner("a", c.est), chain(), nil, 4)
			if diff := cmp.Diff(c.want, competencies(options)); diff != "" {
				t.Errorf("offered (-want +got):\n%s", diff)
			}
			for _, o := range options {
				if o.Because == "" || o.Rule == "" || o.Material.ID == "" {
					t.Errorf("%+v lacks a because, a rule or a material", o)
				}
			}
		})
	}
}

func TestOptionsFollowTheGoal(t *testing.T) {
	t.Parallel()
	l := learner("a", nil)
	l.Goals = []plan.Goal{{Competency: "other"}}
	options := propose.Options(l, chain(), nil, 3)
	if options[0].Competency.ID != "other" || !strings.Contains(options[0].Because, "goal") {
		t.Errorf("first option = %s because %q; want what the goal is about", options[0].Competency.ID, options[0].Because)
	}
}

func TestTheSameMaterialDoesNotLoop(t *testing.T) {
	t.Parallel()
	l := learner("a", nil)
	seen := map[material.ID]int{}
	for range 4 {
		o := propose.Options(l, chain(), []competency.ID{"k1"}, 1)[0]
		seen[o.Material.ID]++
		l.Choices = append(l.Choices, plan.Choice{Material: o.Material.ID})
	}
	if len(seen) != 3 {
		t.Errorf("four choices gave %v; want all three materials before one comes again", seen)
	}
}

// Whatever is known of a student, the offer keeps its promises.
func TestOptionsProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	cat := chain()
	for range 500 {
		e := map[competency.ID]mastery.Estimate{}
		for _, id := range cat.Order {
			if st := mastery.Status(rng.IntN(6)); st != mastery.Unknown {
				e[id] = est(st, 1+rng.IntN(6), rng.IntN(90))
			}
		}
		l := learner("a", e)
		most := 2 + rng.IntN(3)
		options := propose.Options(l, cat, nil, most)
		again := propose.Options(l, cat, nil, most)
		if !cmp.Equal(options, again, cmp.AllowUnexported(propose.Option{})) {
			t.Fatal("the same facts gave two offers")
		}
		if len(options) > most {
			t.Fatalf("%d options; want at most %d", len(options), most)
		}
		used := map[material.ID]bool{}
		for _, o := range options {
			if used[o.Material.ID] || !o.Competency.Assessable || e[o.Competency.ID].Status == mastery.Met {
				t.Fatalf("offered %+v", o)
			}
			used[o.Material.ID] = true
			for _, b := range cat.Before[o.Competency.ID] {
				if s := e[b].Status; s != mastery.Met && s != mastery.Fading && s != mastery.Nearly {
					t.Fatalf("offered %s although %s is %v", o.Competency.ID, b, s)
				}
			}
		}
	}
}

func TestGains(t *testing.T) {
	t.Parallel()
	l := learner("a", map[competency.ID]mastery.Estimate{
		"k1": est(mastery.Met, 6, 1), "k2": est(mastery.Learning, 4, 2), "k3": est(mastery.Starting, 4, 2), "other": est(mastery.Fading, 4, 80)})
	before := map[competency.ID]mastery.Estimate{"k1": est(mastery.Learning, 3, 30), "k2": est(mastery.Learning, 4, 30)}
	gains := propose.Gains(l, chain(), before, 3)
	if len(gains) != 1 || gains[0].Competency.ID != "k1" || !gains[0].Rose() {
		t.Errorf("gains = %+v; want k1 only: k2 has no new evidence, k3 is low, other is old", gains)
	}
	before["k1"] = est(mastery.Met, 6, 30)
	gains = propose.Gains(l, chain(), before, 3)
	if len(gains) != 1 || gains[0].Rose() {
		t.Errorf("gains = %+v; want k1 as something that is met, not as a gain", gains)
	}
}

func TestLookBacks(t *testing.T) {
	t.Parallel()
	l := learner("a", map[competency.ID]mastery.Estimate{"k1": est(mastery.Fading, 6, 70), "k3": est(mastery.Fading, 6, 60), "k2": est(mastery.Met, 6, 1)})
	got := propose.LookBacks(l, chain(), 3)
	if len(got) != 2 || got[0].Competency.ID != "k1" || got[0].Because == "" {
		t.Errorf("look-backs = %+v; want k1, which opens more, then k3", got)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	stuckOn2 := func(name string) propose.Learner {
		return learner(name, map[competency.ID]mastery.Estimate{"k1": est(mastery.Starting, 3, 5), "k2": est(mastery.Starting, 4, 2)})
	}
	ready := learner("ready", map[competency.ID]mastery.Estimate{"k1": est(mastery.Met, 5, 1), "k2": est(mastery.Met, 5, 1), "other": est(mastery.Met, 5, 1)})
	unseen := learner("unseen", nil)
	unseen.LastSeen = now.AddDate(0, 0, -20)
	class := []propose.Learner{stuckOn2("a"), stuckOn2("b"), ready, unseen,
		learner("old1", map[competency.ID]mastery.Estimate{"other": est(mastery.Fading, 5, 80)}), learner("old2", map[competency.ID]mastery.Estimate{"other": est(mastery.Fading, 5, 80)})}
	cat := chain()
	steps := propose.Steps(propose.ShippedRules(), propose.Room{Class: "c", Students: class, Catalogue: cat, Focus: cat.Order, Now: now})
	got := map[string][]string{}
	for _, s := range steps {
		key := string(s.Kind) + " " + string(s.Competency.ID)
		for _, p := range s.Students {
			got[key] = append(got[key], p.Given)
		}
		if s.Because == "" || s.Rule == "" || s.Key == "" {
			t.Errorf("%+v lacks a because, a rule or a key", s)
		}
	}
	want := map[string][]string{"missing-before k1": {"a", "b"}, "move-on k3": {"ready"}, "not-seen ": {"unseen"}, "forgotten other": {"old1", "old2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if !slices.IsSortedFunc(steps, func(a, b propose.Step) int {
		if a.Weight > b.Weight {
			return -1
		}
		if a.Weight < b.Weight {
			return 1
		}
		return 0
	}) {
		t.Error("steps are not ranked")
	}
	open := propose.Open(steps, []propose.Decision{{Step: steps[0].Key}})
	if len(open) != len(steps)-1 || slices.ContainsFunc(open, func(s propose.Step) bool { return s.Key == steps[0].Key }) {
		t.Error("a decided step is still open")
	}
}

func TestFocus(t *testing.T) {
	t.Parallel()
	cat := chain()
	class := []propose.Learner{
		learner("a", map[competency.ID]mastery.Estimate{"k1": est(mastery.Met, 5, 3), "other": est(mastery.Met, 5, 3)}),
		learner("b", map[competency.ID]mastery.Estimate{"k1": est(mastery.Learning, 5, 3)}),
	}
	if diff := cmp.Diff([]competency.ID{"k1", "k2"}, propose.Focus(class, cat, []string{"Math"}, now, 10)); diff != "" {
		t.Errorf("a mathematics class works on (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]competency.ID{"k1", "k2", "other"}, propose.Focus(class, cat, nil, now, 10)); diff != "" {
		t.Errorf("a class of every subject works on (-want +got):\n%s", diff)
	}
	if got := propose.Focus(class, cat, nil, now, 1); len(got) != 1 || got[0] != "k1" {
		t.Errorf("limited to one: %v; want what most have worked on", got)
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]string{0: "today", 1: "yesterday", 12: "12 days ago", 41: "6 weeks ago", 200: "7 months ago", 900: "2 years ago"} {
		if got := propose.Ago(time.Duration(days) * 24 * time.Hour); got != want {
			t.Errorf("Ago(%d days) = %q; want %q", days, got, want)
		}
	}
}

// TestWhatWasHardNeverLoops says that a material that was too hard is not offered again, that
// the form changes, and that what comes before is looked at.
func TestWhatWasHardNeverLoops(t *testing.T) {
	t.Parallel()
	items := []competency.Competency{{ID: "a", Short: "A", Assessable: true}, {ID: "b", Short: "B", Assessable: true}}
	materials := []material.Material{
		{ID: "a-text", Kind: "text", Title: "A", Competencies: []competency.ID{"a"}},
		{ID: "b-video", Kind: "video", Title: "B1", Competencies: []competency.ID{"b"}},
		{ID: "b-video-2", Kind: "video", Title: "B2", Competencies: []competency.ID{"b"}},
		{ID: "b-game", Kind: "game", Title: "B3", Competencies: []competency.ID{"b"}},
	}
	l := propose.Learner{Estimates: map[competency.ID]mastery.Estimate{
		"a": {Value: .55, Low: .3, High: .8, N: 3, Status: mastery.Learning},
		"b": {Value: .45, Low: .2, High: .7, N: 2, Status: mastery.Learning},
	}}
	l.Choices = []plan.Choice{{Competency: "b", Material: "b-video", Outcome: plan.Hard, Done: now}}
	offered := func(edges ...competency.Edge) (ids []string, because map[competency.ID]string) {
		because = map[competency.ID]string{}
		for _, o := range propose.Options(l, propose.NewCatalogue(items, edges, materials), nil, 4) {
			ids = append(ids, string(o.Material.ID))
			because[o.Competency.ID] = o.Because
		}
		return ids, because
	}
	ids, because := offered()
	if slices.Contains(ids, "b-video") {
		t.Errorf("what was too hard is offered again: %v", ids)
	}
	if game, video := slices.Index(ids, "b-game"), slices.Index(ids, "b-video-2"); game < 0 || video >= 0 && video < game {
		t.Errorf("the form of help does not change: %v", ids)
	}
	if got := because["b"]; got != "The last try was hard for you. This is another way in." {
		t.Errorf("b is offered because %q", got)
	}
	if _, because := offered(competency.Edge{From: "a", To: "b", Kind: competency.Prerequisite}); because["a"] != "It helps with what has been hard so far: B." {
		t.Errorf("what comes before is offered because %q", because["a"])
	}
	l.Choices[0].Outcome = plan.Stopped
	if _, because := offered(); because["b"] != "You stopped the last try. This is another way in." {
		t.Errorf("after stopping, b is offered because %q", because["b"])
	}
	// Ideas and what was declined are nothing that was tried.
	l.Choices = []plan.Choice{{Competency: "b", Own: "my way", Outcome: plan.Hard}, {Offered: []material.ID{"b-video"}}}
	if ids, because := offered(); !slices.Contains(ids, "b-video") || strings.Contains(because["b"], "hard") {
		t.Errorf("after an idea %v are offered, b because %q", ids, because["b"])
	}
}
