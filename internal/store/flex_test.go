package store_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/group"
	"waymark/internal/motivation"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
	"waymark/internal/timetable"
)

// Publishing keeps what was recorded, drops what is planned otherwise, and knows an old plan.
func TestPublishedFlexTime(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, bob, tea := id(t, db, "amy"), id(t, db, "bob"), id(t, db, "tea")
		const week, slot = roster.Date("2026-11-23"), timetable.SlotID("2026-11-24/f")
		if err := errors.Join(
			db.SetFlexCalendar(ctx, d, "s1", timetable.Calendar{Periods: []timetable.Period{{ID: "f", Name: "Flex", Start: "10:00", End: "10:40"}}}, tea),
			db.SetFlexRooms(ctx, d, "s1", []timetable.Room{{ID: "r", Name: "Room", Seats: 9, Tags: []string{"lab"}}})); err != nil {
			t.Fatal(err)
		}
		var offers []timetable.OfferID
		for _, title := range []string{"A", "B"} {
			o, err := db.AddFlexOffer(ctx, d, timetable.Offer{School: "s1", Title: title, Purpose: flex.Club, Seats: 5, Door: flex.Open, Leader: tea, Author: tea, Slots: []timetable.SlotID{slot}})
			if err != nil {
				t.Fatal(err)
			}
			offers = append(offers, o)
		}
		publish := func(offer timetable.OfferID, students ...roster.PersonID) error {
			t.Helper()
			h := flex.Held{ID: timetable.SessionID(offer, slot), Room: "r", Staff: string(tea)}
			for _, p := range students {
				h.Students = append(h.Students, string(p))
			}
			if err := db.DraftFlex(ctx, d, "s1", week, &flex.Solution{Schema: flex.SolutionSchema, Sessions: []flex.Held{h}}, tea); err != nil {
				t.Fatal(err)
			}
			w, err := db.FlexWeek(ctx, d, "s1", week)
			if err != nil {
				t.Fatal(err)
			}
			return db.PublishFlex(ctx, d, "s1", week, w.Solved, []timetable.SlotID{slot}, tea)
		}
		where := func() map[roster.PersonID]timetable.OfferID {
			t.Helper()
			places, err := db.FlexPlaces(ctx, d, "s1", week, "2026-11-30")
			if err != nil {
				t.Fatal(err)
			}
			at := map[roster.PersonID]timetable.OfferID{}
			for _, p := range places {
				at[p.Student] = p.Offer
			}
			return at
		}
		if err := publish(offers[0], amy, bob); err != nil {
			t.Fatal(err)
		}
		if err := db.MarkFlex(ctx, d, "s1", slot, offers[0], map[roster.PersonID]timetable.Attended{amy: timetable.Missed}, tea); err != nil {
			t.Fatal(err)
		}
		if err := publish(offers[1], amy, bob); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[roster.PersonID]timetable.OfferID{amy: offers[0], bob: offers[1]}, where()); diff != "" {
			t.Errorf("what was recorded stays, the rest is as planned (-want +got):\n%s", diff)
		}
		if err := db.PublishFlex(ctx, d, "s1", week, now(), []timetable.SlotID{slot}, tea); fault.KindOf(err) != fault.Conflict {
			t.Errorf("published twice: %v", err)
		}
		// A free seat is taken once; a full session is full.
		p := timetable.Place{Student: amy, Slot: slot, Offer: offers[1], How: timetable.Swapped}
		if err := db.TakeFlexPlace(ctx, d, "s1", p, 1); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a seat that is not there: %v", err)
		}
		if err := db.TakeFlexPlace(ctx, d, "s1", p, 2); err != nil {
			t.Error(err)
		}
		if got := where()[amy]; got != offers[1] {
			t.Errorf("Amy is in %s", got)
		}
		// Requests of weeks gone by, and what came of them.
		if err := db.AskForFlex(ctx, d, "s1", amy, week, []timetable.OfferID{offers[1]}); err != nil {
			t.Fatal(err)
		}
		if err := db.AskForFlex(ctx, d, "s1", bob, week, []timetable.OfferID{offers[0]}); err != nil {
			t.Fatal(err)
		}
		asked, err := db.FlexAsked(ctx, d, "s1", "2026-11-01", "2026-12-01")
		if diff := cmp.Diff(map[roster.PersonID][2]int{amy: {1, 1}, bob: {1, 0}}, asked); diff != "" || err != nil {
			t.Errorf("asked and granted (-want +got):\n%s %v", diff, err)
		}
		// One person made of two keeps one place in a slot.
		if _, err := db.Merge(ctx, d, amy, bob, tea); err != nil {
			t.Fatal(err)
		}
		if got := where(); len(got) != 1 || got[amy] != offers[1] {
			t.Errorf("after the merge: %v", got)
		}
	})
}

// Groups in use have members; a pulse is said once.
func TestGroupsInUse(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, bob, tea := id(t, db, "amy"), id(t, db, "bob"), id(t, db, "tea")
		in := group.Instance{Schema: group.InstanceSchema, Purpose: group.Pace, Until: "2026-12-04", Least: 1, Most: 2, Number: 1, Students: []group.Student{{ID: string(amy)}, {ID: string(bob)}}}
		set := group.Set{Class: "c1", Title: "G", Instance: in, Solution: *group.Propose(ctx, &in, 1), Author: tea}
		var err error
		if set.ID, err = db.AddGroupSet(ctx, d, set); err != nil {
			t.Fatal(err)
		}
		if sets, _, err := db.GroupsOf(ctx, d, amy, 5); err != nil || len(sets) != 0 {
			t.Errorf("Amy sees groups that are not in use: %v, %v", sets, err)
		}
		set.Used = now()
		if err := db.ChangeGroupSet(ctx, d, set); err != nil {
			t.Fatal(err)
		}
		sets, answered, err := db.GroupsOf(ctx, d, amy, 5)
		if err != nil || len(sets) != 1 || answered[set.ID] || sets[0].Solution.Score != set.Solution.Score {
			t.Errorf("Amy's groups: %v, %v, %v", sets, answered, err)
		}
		p := group.Pulse{Relevance: 4, Inclusion: 3, Support: 2, Groups: map[string]string{"sex": "female"}}
		if err := db.SayPulse(ctx, d, amy, "c1", set.ID, p); err != nil {
			t.Fatal(err)
		}
		if err := db.SayPulse(ctx, d, amy, "c1", set.ID, p); fault.KindOf(err) != fault.Conflict {
			t.Errorf("said twice: %v", err)
		}
		if list, err := db.Pulses(ctx, d, "c1", now().AddDate(0, 0, -1)); err != nil || len(list) != 0 {
			t.Errorf("what is said can be read while it comes in: %v, %v", list, err)
		}
		set.Ended = now().AddDate(0, 0, -9)
		if err := db.ChangeGroupSet(ctx, d, set); err != nil {
			t.Fatal(err)
		}
		p.Set = set.ID
		if list, err := db.Pulses(ctx, d, "c1", now().AddDate(0, 0, -1)); err != nil || cmp.Diff([]group.Pulse{p}, list) != "" {
			t.Errorf("pulses %v, %v", list, err)
		}
	})
}

// Nothing tells when an answer came: what an archive holds of answers is in the order of lots, whatever
// the order was in which students answered.
func TestAnswersTellNoOrder(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		if err := db.AskClass(ctx, d, "c1", id(t, db, "tea")); err != nil {
			t.Fatal(err)
		}
		asks, err := db.Asks(ctx, d, "c1", now().AddDate(0, 0, -1))
		if err != nil || len(asks) != 1 {
			t.Fatal(asks, err)
		}
		for i := range 12 {
			who := roster.PersonID(fmt.Sprintf("student-%02d", i))
			if err := db.SayOfClass(ctx, d, "c1", who, motivation.Answer{Ask: asks[0].ID, Values: [4]int{1 + i%4, 1 + i/4, 1, 1}}); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if _, err := db.WriteArchive(ctx, d, &b); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Open("class_answer.ndjson")
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		dec := json.NewDecoder(f)
		for dec.More() {
			var row struct{ ID string }
			if err := dec.Decode(&row); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, row.ID)
		}
		if len(ids) != 12 || !slices.IsSorted(ids) {
			t.Errorf("answers stand in another order than that of their ids: %v", ids)
		}
	})
}
