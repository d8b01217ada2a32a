package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/intake"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// What people make of proposals is counted by rule and by group; few are never shown.
func TestTheRegisterCountsWhatPeopleMakeOfRules(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		const d = roster.DistrictID("d1")
		st, err := db.Stage(ctx, d, intake.OneRoster, "r.zip", "")
		if err != nil {
			t.Fatal(err)
		}
		var all []roster.PersonID
		for i := range 25 {
			id, sex := fmt.Sprint("s", i), "female"
			if i < 11 {
				sex = "male"
			}
			if err := st.User(1, true, roster.User{SourcedID: id, GivenName: "G", FamilyName: "F" + id, Identifier: id, Enabled: true}); err != nil {
				t.Fatal(err)
			}
			if err := st.Demographics(1, true, roster.Demographics{User: id, Sex: sex}); err != nil {
				t.Fatal(err)
			}
			all = append(all, st.Person(id))
		}
		if _, err := st.Finish(ctx, intake.Summary{}, intake.Scope{}, func(*intake.Summary) {}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Apply(ctx, d, st.ID()); err != nil {
			t.Fatal(err)
		}
		for i, what := range []string{"done", "done", "declined"} {
			if err := db.Decide(ctx, d, propose.Decision{Class: "c", Step: fmt.Sprint(i), Rule: "stuck/1", Because: "b", Students: all[:20+i], What: what, Actor: "t", At: now(), Until: now()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Decide(ctx, d, propose.Decision{Class: "c", Step: "x", Rule: "not-seen/1", Because: "b", Students: all[:3], What: "done", Actor: "t", At: now(), Until: now()}); err != nil {
			t.Fatal(err)
		}
		uses, err := db.Register(ctx, d)
		if err != nil || len(uses) != 2 {
			t.Fatal(uses, err)
		}
		stuck := uses[1]
		if diff := cmp.Diff(map[string]int{"done": 2, "declined": 1}, stuck.Decisions); diff != "" || stuck.Rule != "stuck/1" {
			t.Errorf("%s: %s", stuck.Rule, diff)
		}
		want := []store.RuleGroup{{Dimension: "sex", Group: "male", Students: 11, Decisions: map[string]int{"done": 22, "declined": 11}}, {Dimension: "sex", Group: "female", Students: 11, Decisions: map[string]int{"done": 19, "declined": 11}}}
		if diff := cmp.Diff(want, stuck.Groups); diff != "" {
			t.Error(diff)
		}
		for _, g := range uses[0].Groups {
			if !g.Suppressed || g.Students != 0 || len(g.Decisions) > 0 {
				t.Errorf("three students are shown: %+v", g)
			}
		}
	})
}
