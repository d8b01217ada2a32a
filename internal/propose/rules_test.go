package propose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

func TestReadRulesNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	text := propose.ShippedRules().File
	for _, c := range []struct{ old, new, want string }{
		{"benefit: 3\n", "benifit: 3\n", "line"},
		{"{students} tried", "{pupils} tried", "{pupils}"},
		{"thresholds: {tries: 3, together: 2} #", "thresholds: {tries: 3} #", "together"},
		{"kind: forgotten", "kind: stuck", "twice"},
		{"kind: forgotten", "kind: lost", "no such kind"},
		{"minutes: 15", "minutes: 0", "minutes"},
		{"who: [teacher]", "who: [robot]", "robot"},
		{"schema: waymark-rules/1", "schema: other", "schema"},
		{"expires: 14", "expires: 9999", "expires"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("%q is not in the file", c.old)
		}
		_, err := propose.ReadRules(strings.NewReader(changed))
		if fault.FieldOf(err) != "rules" || !strings.Contains(fault.Sentence(err), c.want) {
			t.Errorf("%q for %q: %v; want a fault with %q", c.new, c.old, err, c.want)
		}
	}
	if _, err := propose.ReadRules(strings.NewReader("")); fault.FieldOf(err) != "rules" {
		t.Errorf("an empty file: %v", err)
	}
}

// one is a student in a situation, with what else a room has, and the kind that comes of it.
func TestEachRule(t *testing.T) {
	t.Parallel()
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	goal := func(set int, by string) []plan.Goal {
		return []plan.Goal{{ID: "g", What: "fly", Competency: "k3", Set: days(set), By: roster.Date(by)}}
	}
	many := func(st mastery.Status) map[competency.ID]mastery.Estimate {
		e := map[competency.ID]mastery.Estimate{}
		for _, id := range []competency.ID{"k1", "k2", "k3", "other"} {
			e[id] = est(st, 2, 3)
		}
		return e
	}
	for kind, c := range map[propose.StepKind]struct {
		change func(*propose.Learner, *propose.Room)
		says   string
	}{
		propose.OffPace:     {func(l *propose.Learner, _ *propose.Room) { l.Goals = goal(3, "2026-11-23") }, "The goal “fly” of a is for November 23, and “Thing k3” is not near yet."},
		propose.GoalStalled: {func(l *propose.Learner, _ *propose.Room) { l.Goals = goal(30, "") }, "Nothing has moved on the goal “fly” of a for 30 days."},
		propose.ProfileOld:  {func(l *propose.Learner, _ *propose.Room) { l.Situation.OldProfile = true }, "What is said of 1 student is older"},
		propose.Waiting: {func(l *propose.Learner, _ *propose.Room) {
			l.Situation.Waits, l.Situation.WaitsFor = days(5), "a talk"
		}, "1 student is waiting for an answer from you, the longest for 5 days: a talk."},
		propose.GroupEnds: {func(_ *propose.Learner, r *propose.Room) {
			r.Groups = []propose.Ending{{ID: "x", Name: "Fractions", Until: "2026-11-21", Students: []roster.PersonID{"a"}}}
		}, "The group “Fractions” ends on November 21."},
		propose.Disengaging: {func(l *propose.Learner, _ *propose.Room) {
			l.Situation.Stopped, l.Situation.LastWork = 3, days(20)
		}, "3 pieces of chosen work were stopped; 20 days without any work"},
		propose.Warning: {func(l *propose.Learner, _ *propose.Room) {
			l.Situation.Missed, l.Situation.Blocks, l.Estimates = 3, 20, many(mastery.Starting)
			l.Situation.Absent, l.Situation.Days, l.Situation.Suspended = 4.5, 30, 1
			l.Situation.Failed = []string{"Algebra I", "Biology", "Choir", "Drama"}
		}, "a missed 3 of 20 flex blocks and missed 4.5 of 30 days of school and was suspended on 1 day and did not pass Algebra I, Biology, Choir and 1 more and is just starting on 4 of 4 things that were tried."},
		propose.SameWrong: {func(_ *propose.Learner, r *propose.Room) {
			r.Students = append(r.Students, learner("b", nil), learner("c", nil))
			r.Alike = []propose.Alike{{Question: "1/2 + 1/3 = ?", Answer: "2/5", Competency: "k2", Students: []roster.PersonID{"a", "b", "c"}, Last: days(3)}}
		}, "3 students gave the same wrong answer to “1/2 + 1/3 = ?”: “2/5”."},
	} {
		room := propose.Room{Class: "c", Students: []propose.Learner{learner("a", nil)}, Catalogue: chain(), Focus: []competency.ID{"k1", "k2", "k3", "other"}, Now: now}
		c.change(&room.Students[0], &room)
		steps := propose.Steps(propose.ShippedRules(), room)
		i := slices.IndexFunc(steps, func(s propose.Step) bool { return s.Kind == kind })
		if i < 0 {
			t.Errorf("%s: not proposed among %v", kind, steps)
			continue
		}
		s := steps[i]
		if !strings.Contains(s.Because, c.says) || len(s.Playbook) == 0 || s.Minutes == 0 || len(s.Inputs) == 0 || len(s.Factors) != 3 || s.Rule != propose.Rule(string(kind)+"/1") {
			t.Errorf("%s: %+v", kind, s)
		}
		product := 1.0
		for _, f := range s.Factors {
			product *= f.Value
		}
		if d := product - s.Weight; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: factors multiply to %v; the weight is %v", kind, product, s.Weight)
		}
		if off := strings.Replace(propose.ShippedRules().File, fmt.Sprintf("kind: %s\n    on: true", kind), fmt.Sprintf("kind: %s\n    on: false", kind), 1); true {
			rules, err := propose.ReadRules(strings.NewReader(off))
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(propose.Steps(rules, room), func(s propose.Step) bool { return s.Kind == kind }) {
				t.Errorf("%s: is proposed though its rule is off", kind)
			}
		}
	}
}

func TestWithinFitsTheMinutes(t *testing.T) {
	t.Parallel()
	steps := []propose.Step{{Key: "a", Minutes: 15}, {Key: "b", Minutes: 15}, {Key: "c", Minutes: 5}}
	for minutes, want := range map[int]string{0: "abc", 35: "abc", 20: "ac", 15: "a", 14: "c", 4: ""} {
		got := ""
		for _, s := range propose.Within(steps, minutes, func(s propose.Step) int { return s.Minutes }) {
			got += s.Key
		}
		if got != want {
			t.Errorf("%d minutes: %q; want %q", minutes, got, want)
		}
	}
}

// Who got less of adults' time comes earlier, all else being equal.
func TestFairnessMovesWhoGotLess(t *testing.T) {
	t.Parallel()
	a, b := learner("a", nil), learner("b", nil)
	for _, l := range []*propose.Learner{&a, &b} {
		l.Goals = []plan.Goal{{ID: plan.GoalID("goal of " + l.Person.ID), What: "fly", Set: now.AddDate(0, 0, -40)}}
	}
	a.Situation.Minutes = 60
	steps := propose.Steps(propose.ShippedRules(), propose.Room{Class: "c", Students: []propose.Learner{a, b}, Catalogue: chain(), Now: now})
	if len(steps) != 2 || steps[0].Students[0].ID != "b" || steps[0].Weight <= steps[1].Weight {
		t.Errorf("%+v", steps)
	}
}
