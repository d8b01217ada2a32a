package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// What is said of a student comes back as it was said, and an answer needs something that
// it answers.
func TestProfile(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, tea := id(t, db, "amy"), id(t, db, "tea")
		said, err := db.Say(ctx, d, profile.Event{Student: amy, Do: profile.Said, Kind: profile.Strength, Text: "Dibuja muy bien ✏️", Visibility: profile.ToStudent,
			Evidence: []evidence.ID{"e1", "e2"}, Author: tea, Voice: profile.Staff})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Say(ctx, d, profile.Event{Student: amy, Do: profile.Said, Kind: profile.Support, Code: "text-large", Visibility: profile.ToStudent, Author: amy, Voice: profile.Student}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Say(ctx, d, profile.Event{Student: amy, Entry: said.Entry, Do: profile.StillTrue, Author: amy, Voice: profile.Student}); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []profile.EntryID{"none", ""} {
			if _, err := db.Say(ctx, d, profile.Event{Student: amy, Entry: wrong, Do: profile.StillTrue, Author: amy}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("an answer to %q: %v", wrong, err)
			}
		}
		if _, err := db.Say(ctx, d, profile.Event{Student: id(t, db, "bob"), Entry: said.Entry, Do: profile.StillTrue, Author: amy}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an answer to what was said of somebody else: %v", err)
		}
		if _, err := db.Say(ctx, d, profile.Event{Student: amy, Do: profile.Said, Kind: "star sign", Text: "lion", Visibility: profile.ToStudent, Author: tea}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a kind that there is not: %v", err)
		}
		all, err := db.ProfileEvents(ctx, d, []roster.PersonID{amy, tea})
		if err != nil || len(all) != 3 {
			t.Fatalf("%d events, %v", len(all), err)
		}
		if diff := cmp.Diff(said, all[0]); diff != "" {
			t.Errorf("what was said comes back otherwise (-said +got):\n%s", diff)
		}
		if s, err := db.Supports(ctx, d, []roster.PersonID{amy}); err != nil || len(s) != 1 || s[0].Code != "text-large" {
			t.Errorf("supports %+v, %v", s, err)
		}
	})
}
