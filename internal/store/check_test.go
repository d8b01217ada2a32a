package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// loadItems brings in n items on k1 and returns their run.
func loadItems(t *testing.T, db *store.DB, n int) intake.RunID {
	t.Helper()
	st, err := db.Stage(t.Context(), d, intake.Items, "items.csv", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		q := assess.Question{ID: assess.ItemID(fmt.Sprintf("q%d", i)), Competency: "k1", Text: "¿2 + 2?", Choices: []string{"3", "4"}, Right: []string{"4"}, Item: irt.Dichotomous(1.25, float64(i)/4, .5), Calibrated: i%2 == 0}
		if err := st.Item(i+2, q); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := st.Finish(t.Context(), intake.Summary{}, intake.Scope{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(t.Context(), d, sum.Run); err != nil {
		t.Fatal(err)
	}
	return sum.Run
}

// A check is given, sat once by each student, keeps its form and answers as they were, and
// counts each item once.
func TestChecks(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		loadItems(t, db, 6)
		amy, bob := id(t, db, "amy"), id(t, db, "bob")
		counts, err := db.QuestionCounts(ctx, d)
		must(err)
		if diff := cmp.Diff(map[competency.ID]int{"k1": 6}, counts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		bank, err := db.Questions(ctx, d, []competency.ID{"k1"})
		must(err)
		if len(bank) != 6 || bank[1].Item.Difficulty[0] != .25 || bank[0].Text != "¿2 + 2?" || !bank[0].Calibrated || bank[1].Calibrated {
			t.Errorf("the bank comes back as %+v", bank)
		}
		if _, err := db.GiveCheck(ctx, d, assess.Check{Class: "c1", Purpose: assess.CheckIn, Most: 8}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a check about nothing is given: %v", err)
		}
		given, err := db.GiveCheck(ctx, d, assess.Check{Class: "c1", Purpose: assess.CheckIn, Competencies: []competency.ID{"k1"}, Most: 8, Students: []roster.PersonID{amy}, By: id(t, db, "tea")})
		must(err)
		again, err := db.GivenCheck(ctx, d, "c1", given.ID)
		must(err)
		if diff := cmp.Diff(given, again); diff != "" {
			t.Errorf("the check comes back otherwise (-gave +got):\n%s", diff)
		}
		if _, err := db.GivenCheck(ctx, d, "c2", given.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another class has the check: %v", err)
		}

		form, err := assess.NewForm(assess.Wish{Purpose: given.Purpose, Targets: given.Competencies, Questions: bank, Met: .7, Most: 8, Seed: 5,
			Belief: func(competency.ID) assess.Belief { return assess.Belief{Mean: .1, Variance: 1.0 / 3} }})
		must(err)
		s, err := db.BeginSitting(ctx, d, assess.Sitting{Student: amy, Check: given.ID, Class: "c1", Purpose: given.Purpose, Form: form})
		must(err)
		if twice, err := db.BeginSitting(ctx, d, assess.Sitting{Student: amy, Check: given.ID, Class: "c1", Form: form}); err != nil || twice.ID != s.ID {
			t.Errorf("the check is begun twice: %v, %v", twice.ID, err)
		}
		if other, err := db.BeginSitting(ctx, d, assess.Sitting{Student: bob, Check: given.ID, Class: "c1", Form: form}); err != nil || other.ID == s.ID {
			t.Errorf("two students share a sitting: %v", err)
		}
		if _, err := db.Sitting(ctx, d, bob, s.ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else's sitting opens: %v", err)
		}
		// Answers to all items from several devices at once: each item counts once.
		var wg sync.WaitGroup
		for range 3 {
			for _, it := range form.Items {
				wg.Go(func() {
					if _, err := db.Answer(ctx, d, amy, s.ID, assess.Answer{Item: it.ID, Text: "4", Category: 1, At: clock}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		got, err := db.Sitting(ctx, d, amy, s.ID)
		must(err)
		if len(got.Answers) != len(form.Items) {
			t.Errorf("%d answers to %d items", len(got.Answers), len(form.Items))
		}
		if diff := cmp.Diff(form, got.Form); diff != "" {
			t.Errorf("the form comes back otherwise (-want +got):\n%s", diff)
		}
		must(db.FinishSitting(ctx, d, amy, s.ID))
		if _, err := db.Answer(ctx, d, amy, s.ID, assess.Answer{Item: form.Items[0].ID, Text: "3", At: clock}); err != nil {
			t.Errorf("an answer that is known, sent again at the end: %v", err)
		}
		if _, err := db.Answer(ctx, d, amy, s.ID, assess.Answer{Item: "other", Text: "3", At: clock}); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a new answer after the end: %v", err)
		}
		all, err := db.SittingsOf(ctx, d, given.ID)
		must(err)
		if len(all) != 2 {
			t.Errorf("%d sittings; want 2", len(all))
		}
		items, err := db.AnsweredItems(ctx, d, amy, clock.Add(-time.Hour))
		must(err)
		if late, err := db.AnsweredItems(ctx, d, amy, clock.Add(time.Hour)); err != nil || len(items) != len(form.Items) || len(late) != 0 {
			t.Errorf("answered lately: %v; later %v, %v", items, late, err)
		}
		stats, err := db.Bank(ctx, d)
		must(err)
		if len(stats) != 6 || stats[0].Answers != 1 || stats[0].AnsweredRight != 1 {
			t.Errorf("statistics: %+v", stats)
		}
		must(db.CloseCheck(ctx, d, "c1", given.ID))
		if closed, err := db.GivenChecks(ctx, d, []roster.ClassID{"c1"}, 9); err != nil || len(closed) != 1 || closed[0].Closed.IsZero() {
			t.Errorf("closed: %+v, %v", closed, err)
		}
	})
}

// Undoing an import of items takes them away; those that were answered stay on record and
// are asked no more.
func TestItemsAreUndone(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		run := loadItems(t, db, 5)
		amy := id(t, db, "amy")
		s, err := db.BeginSitting(ctx, d, assess.Sitting{Student: amy, Purpose: assess.TestOut, Form: assess.Form{Items: []assess.FormItem{{ID: "q1"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Answer(ctx, d, amy, s.ID, assess.Answer{Item: "q1", Text: "4", Category: 1, At: clock}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Undo(ctx, d, run); err != nil {
			t.Fatal(err)
		}
		if counts, err := db.QuestionCounts(ctx, d); err != nil || len(counts) != 0 {
			t.Errorf("after undo: %v, %v", counts, err)
		}
		kept, err := db.QuestionsNamed(ctx, d, []assess.ItemID{"q1", "q2"})
		if err != nil || len(kept) != 1 || kept[0].ID != "q1" {
			t.Errorf("what was answered is gone, or what was not stays: %+v, %v", kept, err)
		}
	})
}
