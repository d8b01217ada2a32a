package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// A fitted version changes nothing until a person adopts it; then every estimate is made
// anew with it, and going back gives what was there before.
func TestAdoptingAModel(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy := id(t, db, "amy")
		r := db.NewRecorder(nil)
		defer r.Close()
		record := func(key string, on competency.ID, days int) mastery.State {
			t.Helper()
			out, err := r.Record(ctx, d, []evidence.Piece{piece(amy, on, key, clock.AddDate(0, 0, -days), true)})
			if err != nil {
				t.Fatal(err)
			}
			return out[0].State
		}
		record("a", "k1", 30)
		before := record("b", "k1", 20)
		digest := func() string {
			t.Helper()
			list, err := db.Mastery(ctx, d, []roster.PersonID{amy})
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(list)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		builtin := digest()

		easy := mastery.Builtin()
		easy.Version = "fit-1"
		easy.Competencies = map[competency.ID]mastery.Difficulty{"k1": {Easiness: 2}, "k2": {Easiness: 0, Before: []competency.ID{"k1"}}}
		v := mastery.Version{Model: easy, Made: clock, By: amy, Seed: 7, Students: 3, Pieces: 99, Forecast: json.RawMessage(`{"a":1}`),
			Report: mastery.Report{Students: 2, Fitted: mastery.Score{Version: "fit-1", AUC: .7}}}
		if err := db.SaveVersion(ctx, d, v); err != nil {
			t.Fatal(err)
		}
		if m, err := db.Model(ctx, d); err != nil || m.Version != mastery.Builtin().Version || digest() != builtin {
			t.Errorf("a version that nobody adopted runs: %v, %v", m, err)
		}
		if got, err := db.Version(ctx, d, "fit-1"); err != nil || got.Model.Competencies["k1"].Easiness != 2 || got.Seed != 7 || got.Report.Fitted.AUC != .7 ||
			string(got.Forecast) != `{"a":1}` || !got.Made.Equal(clock) {
			t.Errorf("version read back = %+v, %v", got, err)
		}
		if list, err := db.Versions(ctx, d); err != nil || len(list) != 1 || list[0].Pieces != 99 {
			t.Errorf("versions = %+v, %v", list, err)
		}
		choice := mastery.Choice{Version: "fit-1", Actor: amy, Because: "It foretells better.", At: clock}
		for _, bad := range []mastery.Choice{{Version: "fit-1", At: clock}, {Because: "x", At: clock}, {Version: "none", Because: "x", At: clock}} {
			if err := db.Choose(ctx, d, bad); fault.KindOf(err) == fault.Internal || err == nil {
				t.Errorf("choosing %+v = %v; want a fault", bad, err)
			}
		}
		if err := db.Choose(ctx, d, choice); err != nil {
			t.Fatal(err)
		}
		if m, err := db.Model(ctx, d); err != nil || m.Version != "fit-1" {
			t.Errorf("running model = %+v, %v", m, err)
		}
		if digest() == builtin {
			t.Error("adopting a model left the estimates as they were")
		}
		// What comes next is expected from what came before, also when it comes alone.
		if s := record("c", "k2", 10); s.Prior <= 0 {
			t.Errorf("the first piece on k2 starts from %.3f; want what k1 lets expect", s.Prior)
		}
		late := record("d", "k1", 25)
		if late.N != 3 || late.Mean == before.Mean {
			t.Errorf("late piece = %+v", late)
		}
		if rep, err := db.CheckReplay(ctx, d, false); err != nil || rep.Wrong != 0 || rep.Pairs != 2 {
			t.Errorf("replay = %+v, %v", rep, err)
		}
		back := mastery.Choice{Version: mastery.Builtin().Version, Because: "Back.", At: clock.Add(time.Hour)}
		if err := db.Choose(ctx, d, back); err != nil {
			t.Fatal(err)
		}
		if rep, err := db.CheckReplay(ctx, d, false); err != nil || rep.Wrong != 0 {
			t.Errorf("replay after going back = %+v, %v", rep, err)
		}
		if list, err := db.LearnerChoices(ctx, d); err != nil || len(list) != 2 || list[0].Because != "Back." {
			t.Errorf("choices = %+v, %v", list, err)
		}
	})
}
