package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/plan"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// A goal keeps its steps and stages; the first step and the first one done move it on.
func TestGoalCycle(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, bob := id(t, db, "amy"), id(t, db, "bob")
		g, err := db.AddGoal(ctx, d, plan.Goal{Student: amy, What: "Swim", Proof: "one length", Area: plan.Personal, Term: plan.Long, Author: amy})
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"Find a pool", "Go twice"} {
			if err := db.AddStep(ctx, d, amy, g.ID, plan.Step{What: what, Author: amy}); err != nil {
				t.Fatal(err)
			}
		}
		read := func() plan.Goal {
			goals, err := db.Goals(ctx, d, []roster.PersonID{amy, bob})
			if err != nil || len(goals) != 1 {
				t.Fatalf("goals %v, %v", goals, err)
			}
			return goals[0]
		}
		if err := db.FinishStep(ctx, d, amy, g.ID, read().Steps[0].ID, amy); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			db.FinishStep(ctx, d, amy, g.ID, read().Steps[0].ID, amy), db.FinishStep(ctx, d, bob, g.ID, read().Steps[1].ID, amy),
			db.AddStep(ctx, d, bob, g.ID, plan.Step{What: "mine"}), db.PassStage(ctx, d, bob, g.ID, plan.Passed{Stage: plan.Learning}),
			db.ChangeGoal(ctx, d, plan.Goal{ID: g.ID, Student: bob, What: "x"}),
		} {
			if fault.KindOf(err) != fault.NotFound {
				t.Errorf("what is not there, or not theirs: %v", err)
			}
		}
		if err := db.FinishGoal(ctx, d, amy, g.ID); err != nil {
			t.Fatal(err)
		}
		if err := db.PassStage(ctx, d, amy, g.ID, plan.Passed{Stage: plan.Showing, Note: "x"}); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a reached goal is shown again: %v", err)
		}
		if err := db.PassStage(ctx, d, amy, g.ID, plan.Passed{Stage: plan.Reflecting, Note: "cold water", Author: amy}); err != nil {
			t.Error(err)
		}
		got := read()
		var stages []plan.Stage
		for _, s := range got.Stages {
			stages = append(stages, s.Stage)
		}
		if diff := cmp.Diff([]plan.Stage{plan.Planning, plan.Learning, plan.Reflecting}, stages); diff != "" {
			t.Errorf("stages (-want +got):\n%s", diff)
		}
		if got.Area != plan.Personal || got.Term != plan.Long || got.Proof != "one length" || len(got.Steps) != 2 || got.Steps[0].Done.IsZero() || !got.Steps[1].Done.IsZero() {
			t.Errorf("the goal comes back as %+v", got)
		}
	})
}

// What is signed comes back as it was signed, and nobody signs the same twice.
func TestPlanIsSigned(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, one := id(t, db, "amy"), []roster.PersonID{id(t, db, "amy")}
		if err := db.AddItem(ctx, d, plan.Item{Student: amy, Kind: plan.Internship, Title: "Bakery", State: plan.Planned, Begins: "2027-01-01", Author: amy}); err != nil {
			t.Fatal(err)
		}
		items, err := db.Pathway(ctx, d, one)
		if err != nil || len(items) != 1 {
			t.Fatalf("pathway %v, %v", items, err)
		}
		if err := db.MoveItem(ctx, d, amy, items[0].ID, plan.Through); err != nil {
			t.Error(err)
		}
		if err := db.MoveItem(ctx, d, id(t, db, "bob"), items[0].ID, plan.Dropped); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else's item moves: %v", err)
		}
		if items, _ = db.Pathway(ctx, d, one); items[0].State != plan.Through {
			t.Errorf("the item is %s", items[0].State)
		}
		doc := plan.Document{Student: amy, Name: "Amy ✏️", Goals: []plan.GoalText{{What: "Swim", Steps: []string{"a", "b"}}}, Pathway: []plan.ItemText{items[0].Text()}}
		for range 2 {
			if err := db.Sign(ctx, d, plan.Signature{Student: amy, Version: doc.Version(), Signer: amy, Party: plan.ByStudent, Name: "Amy"}, doc, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		signatures, err := db.Signatures(ctx, d, one)
		if err != nil || len(signatures) != 1 || signatures[0].Name != "Amy" || signatures[0].At.IsZero() {
			t.Errorf("signatures %+v, %v", signatures, err)
		}
		plans, err := db.SignedPlans(ctx, d, one)
		if diff := cmp.Diff(map[string]plan.Document{doc.Version(): doc}, plans); diff != "" || err != nil {
			t.Errorf("what was signed (-signed +kept), %v:\n%s", err, diff)
		}
		if err := db.AddParticipant(ctx, d, plan.Participant{Student: amy, Name: "Lee", Part: "coach", Author: amy}); err != nil {
			t.Fatal(err)
		}
		helpers, err := db.Participants(ctx, d, one)
		if err != nil || len(helpers) != 1 {
			t.Fatalf("helpers %v, %v", helpers, err)
		}
		if err := db.EndParticipant(ctx, d, amy, helpers[0].ID); err != nil {
			t.Error(err)
		}
		if helpers, _ := db.Participants(ctx, d, one); len(helpers) != 0 {
			t.Error("who helps no longer is still there")
		}
		for _, tag := range []string{"es", "ar"} {
			if err := db.SetLanguage(ctx, d, amy, tag); err != nil {
				t.Error(err)
			}
		}
		if tag, err := db.Language(ctx, d, amy); tag != "ar" || err != nil {
			t.Errorf("language %q, %v", tag, err)
		}
		if tag, err := db.Language(ctx, d, id(t, db, "bob")); tag != "" || err != nil {
			t.Errorf("nobody's language %q, %v", tag, err)
		}
	})
}

// A link says once whether somebody saw something, and only while it lasts.
func TestOutside(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy := id(t, db, "amy")
		if err := db.AddOutside(ctx, d, plan.Outside{Student: amy, What: "Built a boat", Kind: plan.AtHome, Day: "2026-11-01", Hours: 3, Competencies: []competency.ID{"k1", "k2"}, Author: amy}); err != nil {
			t.Fatal(err)
		}
		list, err := db.Outside(ctx, d, amy)
		if err != nil || len(list) != 1 || len(list[0].Competencies) != 2 {
			t.Fatalf("outside %+v, %v", list, err)
		}
		o := list[0]
		for hash, until := range map[string]time.Duration{"late": -time.Minute} {
			if err := db.AskWhoSaw(ctx, d, amy, o.ID, hash, amy, now().Add(until)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := db.AskedOutside(ctx, hash); fault.KindOf(err) != fault.NotFound {
				t.Errorf("a link that is over: %v", err)
			}
		}
		if err := db.AskWhoSaw(ctx, d, amy, o.ID, "good", amy, now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if where, got, err := db.AskedOutside(ctx, "good"); where != d || got.ID != o.ID || err != nil {
			t.Errorf("the link is about %v in %s, %v", got, where, err)
		}
		for _, hash := range []string{"", "late", "bad"} {
			if err := db.SaySeen(ctx, hash, plan.Yes, "X", ""); fault.KindOf(err) != fault.NotFound {
				t.Errorf("by %q: %v", hash, err)
			}
		}
		if err := db.SaySeen(ctx, "good", plan.Yes, "Lee", "nice"); err != nil {
			t.Fatal(err)
		}
		if err := db.SaySeen(ctx, "good", plan.No, "Lee", ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a link works twice: %v", err)
		}
		if list, _ := db.Outside(ctx, d, amy); list[0].Seen != plan.Yes || list[0].Verifier != "Lee" || list[0].Remark != "nice" {
			t.Errorf("what was said comes back as %+v", list[0])
		}
	})
}

// Declined offers, ideas and outcomes stay apart, and a school's counts hold them all.
func TestChoiceOutcomes(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, tea := id(t, db, "amy"), id(t, db, "tea")
		taken, err := db.AddChoice(ctx, d, plan.Choice{Student: amy, Competency: "k1", Material: "m1"})
		if err != nil {
			t.Fatal(err)
		}
		idea, err := db.AddChoice(ctx, d, plan.Choice{Student: amy, Competency: "k1", Own: "my way"})
		if err != nil {
			t.Fatal(err)
		}
		if declined, err := db.AddChoice(ctx, d, plan.Choice{Student: amy}); err != nil || declined.Done.IsZero() {
			t.Errorf("what is declined stays open: %+v, %v", declined, err)
		}
		if ideas, err := db.Ideas(ctx, d, []roster.PersonID{amy}); err != nil || len(ideas) != 1 || ideas[0].ID != idea.ID {
			t.Errorf("ideas %+v, %v", ideas, err)
		}
		answer := plan.Choice{ID: idea.ID, Student: amy, Answer: plan.Yes, Reply: "go", AnsweredBy: tea}
		if err := db.AnswerIdea(ctx, d, answer); err != nil {
			t.Fatal(err)
		}
		if err := db.AnswerIdea(ctx, d, answer); fault.KindOf(err) != fault.Conflict {
			t.Errorf("an idea is answered twice: %v", err)
		}
		answer.ID = taken.ID
		if err := db.AnswerIdea(ctx, d, answer); fault.KindOf(err) != fault.Conflict {
			t.Errorf("what is no idea is answered: %v", err)
		}
		for _, n := range []int{1, 0, 1} {
			if err := db.PassCheckpoint(ctx, d, amy, taken.ID, n); err != nil {
				t.Error(err)
			}
		}
		if err := db.FinishChoice(ctx, d, amy, taken.ID, plan.Hard); err != nil {
			t.Error(err)
		}
		if err := db.PassCheckpoint(ctx, d, amy, taken.ID, 2); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a checkpoint after the end: %v", err)
		}
		choices, err := db.Choices(ctx, d, []roster.PersonID{amy}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		want := plan.Tally{Offers: 3, Taken: 1, Declined: 1, Ideas: 1, Agreed: 1, Finished: 1, Hard: 1}
		if diff := cmp.Diff(want, plan.Count(choices)); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
		for _, c := range choices {
			if c.ID == taken.ID && !cmp.Equal(c.Passed, []int{0, 1}) {
				t.Errorf("passed %v", c.Passed)
			}
		}
	})
}
