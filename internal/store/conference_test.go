package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/conference"
	"waymark/internal/fault"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
)

// A talk is kept with all that belongs to it or not at all, answers what was asked for, and
// what was agreed in it stays until somebody keeps it or gives it up.
func TestConference(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, bob, tea := id(t, db, "amy"), id(t, db, "bob"), id(t, db, "tea")
		both := []roster.PersonID{amy, bob}
		wanted := time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC)
		asked, err := db.AskForTalk(ctx, d, conference.Request{Student: amy, Author: amy, Voice: profile.Student, Text: "Mi proyecto ✨", Wanted: wanted})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.AgreeOnTalk(ctx, d, amy, asked.ID, tea, wanted); err != nil {
			t.Fatal(err)
		}
		asked.Agreed, asked.With = wanted, tea
		if open, err := db.Requests(ctx, d, both); err != nil || !cmp.Equal(open, []conference.Request{asked}) {
			t.Errorf("open requests: %v\n%s", err, cmp.Diff([]conference.Request{asked}, open))
		}
		if err := db.WithdrawRequest(ctx, d, amy, asked.ID, tea); fault.KindOf(err) != fault.NotFound {
			t.Errorf("somebody else takes a request back: %v", err)
		}

		talk := conference.Conference{Student: amy, With: tea, Kind: conference.Talk, Minutes: 12, Notes: []conference.Note{
			{Text: "Is proud of the map.", Visibility: profile.ToStudent}, {Text: "Ask the nurse about glasses.", Visibility: profile.ToStaff}}}
		agreed := []conference.Commitment{
			{Student: amy, Who: profile.Student, What: "Read for ten minutes", By: "2026-12-08"},
			{Student: amy, Who: profile.Staff, Person: tea, What: "Bring the atlas"},
		}
		// One part is unusable: nothing of it is kept.
		for _, wrong := range []conference.Commitment{{What: "", Who: profile.Student}, {What: strings.Repeat("x", conference.MaxWhat+1), Who: profile.Student}} {
			if _, err := db.HoldConference(ctx, d, talk, append(agreed[:1:1], wrong), nil); fault.KindOf(err) != fault.Invalid {
				t.Errorf("an unusable commitment: %v", err)
			}
		}
		if _, err := db.HoldConference(ctx, d, talk, agreed, []plan.Goal{{Student: amy, What: ""}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an unusable goal: %v", err)
		}
		if held, err := db.Conferences(ctx, d, both); err != nil || len(held) != 0 {
			t.Fatalf("half a talk is kept: %+v, %v", held, err)
		}
		if _, err := db.HoldConference(ctx, d, conference.Conference{Student: amy, With: tea, Kind: conference.CheckIn, Minutes: 1}, nil, nil); err != nil {
			t.Fatal(err)
		}
		if open, err := db.Requests(ctx, d, both); err != nil || len(open) != 1 {
			t.Errorf("a check-in closes a request: %+v, %v", open, err)
		}
		talk, err = db.HoldConference(ctx, d, talk, agreed, []plan.Goal{{Student: amy, Author: tea, What: "Draw a map"}})
		if err != nil {
			t.Fatal(err)
		}
		if open, err := db.Requests(ctx, d, both); err != nil || len(open) != 0 {
			t.Errorf("after the talk %+v are open, %v", open, err)
		}
		if goals, err := db.Goals(ctx, d, both); err != nil || len(goals) != 1 || goals[0].What != "Draw a map" {
			t.Errorf("goals after the talk: %+v, %v", goals, err)
		}
		held, err := db.Conferences(ctx, d, both)
		if err != nil || len(held) != 2 {
			t.Fatalf("held: %+v, %v", held, err)
		}
		notes, err := db.ConferenceNotes(ctx, d, amy)
		if err != nil || !cmp.Equal(notes[talk.ID], talk.Notes) {
			t.Errorf("notes: %v\n%s", err, cmp.Diff(talk.Notes, notes[talk.ID]))
		}

		list, err := db.Commitments(ctx, d, both)
		if err != nil || len(list) != 2 || list[0].What != "Read for ten minutes" || list[0].Conference != talk.ID || list[0].Author != tea {
			t.Fatalf("commitments: %+v, %v", list, err)
		}
		if mine, err := db.CommitmentsOf(ctx, d, tea); err != nil || len(mine) != 1 || mine[0].What != "Bring the atlas" {
			t.Errorf("the teacher's: %+v, %v", mine, err)
		}
		if err := db.CloseCommitment(ctx, d, bob, list[0].ID, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("by another student's name: %v", err)
		}
		if err := db.CloseCommitment(ctx, d, amy, list[0].ID, false); err != nil {
			t.Fatal(err)
		}
		if err := db.CloseCommitment(ctx, d, amy, list[0].ID, true); fault.KindOf(err) != fault.NotFound {
			t.Errorf("twice: %v", err)
		}
		if list, err = db.Commitments(ctx, d, both); err != nil || !list[0].Open() || list[1].Open() || list[1].Dropped {
			t.Errorf("after one was kept: %+v, %v", list, err)
		}
	})
}

// Attention counts what lies in the window, and a mentor teaches the student.
func TestAttention(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, tea := id(t, db, "amy"), id(t, db, "tea")
		school, err := db.Person(ctx, d, amy)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []conference.Conference{{Student: amy, With: tea, Kind: conference.Talk, Minutes: 12}, {Student: amy, With: tea, Kind: conference.CheckIn, Minutes: 2}} {
			if _, err := db.HoldConference(ctx, d, c, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		find := func(since time.Time) (talked []conference.Attended) {
			all, dims, err := db.Attended(ctx, d, school.School, since)
			if err != nil || len(dims) == 0 || len(all) < 2 {
				t.Fatalf("%d students, dimensions %v, %v", len(all), dims, err)
			}
			for _, a := range all {
				if !a.Last.IsZero() {
					talked = append(talked, a)
				}
			}
			return talked
		}
		if got := find(time.Time{}); len(got) != 1 || got[0].Talks != 1 || got[0].Minutes != 14 || got[0].Mentor {
			t.Errorf("attention: %+v", got)
		}
		if got := find(time.Now().AddDate(10, 0, 0)); len(got) != 1 || got[0].Talks != 0 || got[0].Minutes != 0 {
			t.Errorf("outside the window: %+v", got)
		}
		without, err := db.WithoutMentor(ctx, d, school.School, 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.SetMentor(ctx, d, amy, id(t, db, "bob"), tea); fault.KindOf(err) != fault.Invalid {
			t.Errorf("somebody who does not teach is a mentor: %v", err)
		}
		for range 2 {
			if err := db.SetMentor(ctx, d, amy, tea, tea); err != nil {
				t.Fatal(err)
			}
		}
		if m, err := db.Mentors(ctx, d, []roster.PersonID{amy}); err != nil || m[amy] != tea {
			t.Errorf("mentors %v, %v", m, err)
		}
		if after, err := db.WithoutMentor(ctx, d, school.School, 100); err != nil || len(after) != len(without)-1 {
			t.Errorf("%d of %d are without a mentor, %v", len(after), len(without), err)
		}
		if got := find(time.Time{}); !got[0].Mentor {
			t.Errorf("attention does not know the mentor: %+v", got)
		}
	})
}

// A calendar's address leads to its owner until there is a newer one.
func TestCalendarLink(t *testing.T) {
	storetest.Each(t, now, func(t *testing.T, db *store.DB) {
		fixture(t, db)
		ctx := t.Context()
		amy, tea := id(t, db, "amy"), id(t, db, "tea")
		for _, hash := range []string{"one", "two"} {
			if err := db.SetCalendarLink(ctx, d, tea, hash); err != nil {
				t.Fatal(err)
			}
		}
		if who, err := db.CalendarOwner(ctx, "two"); err != nil || who.Person != tea || who.District != d {
			t.Errorf("owner %+v, %v", who, err)
		}
		for _, hash := range []string{"one", ""} {
			if _, err := db.CalendarOwner(ctx, hash); fault.KindOf(err) != fault.NotFound {
				t.Errorf("owner of %q: %v", hash, err)
			}
		}
		asked, err := db.AskForTalk(ctx, d, conference.Request{Student: amy, Author: amy, Voice: profile.Student, Text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if talks, err := db.AgreedTalks(ctx, d, tea); err != nil || len(talks) != 0 {
			t.Errorf("before a time is agreed: %+v, %v", talks, err)
		}
		if err := db.AgreeOnTalk(ctx, d, amy, asked.ID, tea, time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		if talks, err := db.AgreedTalks(ctx, d, tea); err != nil || len(talks) != 1 {
			t.Errorf("agreed: %+v, %v", talks, err)
		}
	})
}
