package timetable_test

import (
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

func days(slots []timetable.Slot) string {
	var out []string
	for _, s := range slots {
		out = append(out, s.Begins().Format("Mon")+s.Called+" "+s.Start)
	}
	return strings.Join(out, ", ")
}

func TestWeeksOfACalendar(t *testing.T) {
	t.Parallel()
	flexTime := []timetable.Period{{ID: "f", Name: "Flex", Start: "10:20", End: "11:00"}}
	for name, c := range map[string]struct {
		calendar timetable.Calendar
		monday   roster.Date
		want     string
	}{
		"every day but a holiday": {timetable.Calendar{Periods: flexTime, Off: []roster.Date{"2026-11-26", "2026-11-27"}}, "2026-11-23", "Mon 10:20, Tue 10:20, Wed 10:20"},
		"weekdays": {timetable.Calendar{Periods: []timetable.Period{{ID: "f", Day: "tuesday", Start: "10:20", End: "11:00"}, {ID: "g", Day: "Tuesday", Start: "09:00", End: "09:30"}}},
			"2026-11-23", "Tue 09:00, Tue 10:20"},
		"A and B days turn over a weekend and a holiday": {timetable.Calendar{Cycle: []string{"A", "B"}, By: timetable.ByDay, From: "2026-11-23", Off: []roster.Date{"2026-11-26"},
			Periods: []timetable.Period{{ID: "f", Day: "A", Start: "10:20", End: "11:00"}}}, "2026-11-30", "MonA 10:20, WedA 10:20, FriA 10:20"},
		"days before the first one turn too": {timetable.Calendar{Cycle: []string{"A", "B", "C"}, By: timetable.ByDay, From: "2026-11-30",
			Periods: []timetable.Period{{ID: "f", Day: "C", Start: "10:20", End: "11:00"}}}, "2026-11-23", "TueC 10:20, FriC 10:20"},
		"A weeks": {timetable.Calendar{Cycle: []string{"A", "B"}, By: timetable.ByWeek, From: "2026-11-25",
			Periods: []timetable.Period{{ID: "f", Day: "A Monday", Start: "10:20", End: "11:00"}, {ID: "g", Day: "B", Start: "12:00", End: "12:30"}}}, "2026-12-07", "MonA 10:20"},
	} {
		if err := c.calendar.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := days(c.calendar.Week(c.monday)); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestCalendarsThatCannotBe(t *testing.T) {
	t.Parallel()
	p := func(day, start, end string) []timetable.Period {
		return []timetable.Period{{ID: "f", Name: "Flex", Day: day, Start: start, End: end}}
	}
	for field, c := range map[string]timetable.Calendar{
		"periods":     {},
		"periods ":    {Periods: p("Moonday", "10:00", "11:00")},
		"periods  ":   {Periods: p("", "11:00", "10:00")},
		"periods   ":  {Periods: append(p("", "10:00", "11:00"), p("", "12:00", "13:00")...)},
		"periods    ": {Periods: append(p("", "10:00", "11:00"), timetable.Period{ID: "g", Day: "Monday", Start: "10:30", End: "11:30"})},
		"by":          {Cycle: []string{"A"}, From: "2026-11-23", Periods: p("A", "10:00", "11:00")},
		"from":        {Cycle: []string{"A"}, By: timetable.ByDay, From: "2026-11-22", Periods: p("A", "10:00", "11:00")},
	} {
		if got := fault.FieldOf(c.Check()); got != strings.TrimSpace(field) {
			t.Errorf("%q: %v", field, c.Check())
		}
	}
}

// What a school knows becomes an instance that passes its own check, and what has begun stays.
func TestInstanceOfAWeek(t *testing.T) {
	t.Parallel()
	w := timetable.Week{
		Monday:   "2026-11-23",
		Calendar: timetable.Calendar{Periods: []timetable.Period{{ID: "f", Start: "10:20", End: "11:00"}}},
		Rooms:    []timetable.Room{{ID: "r1", Seats: 2}, {ID: "r2", Seats: 20}},
		Offers: []timetable.Offer{
			{ID: "lab", Purpose: flex.Lab, Seats: 12, Leader: "t1", Slots: []timetable.SlotID{"2026-11-23/f", "2026-11-24/f", "2026-12-24/f"}},
			{ID: "talk", Purpose: flex.Conference, Seats: 2, Leader: "t2", Door: flex.Asked, Slots: []timetable.SlotID{"2026-11-24/f"}},
		},
		Students: []timetable.Student{{ID: "a", Needs: []flex.Need{{Competency: timetable.Talk("t2"), Weight: .9}}}, {ID: "b"}, {ID: "c"}},
		Requests: []timetable.Request{{Student: "b", Offer: "talk", Rank: 1, Answer: "no"}, {Student: "c", Offer: "lab", Rank: 1}, {Student: "gone", Offer: "lab", Rank: 1}},
		Required: []timetable.Requirement{{Student: "b", Offer: "lab"}},
		Away:     []timetable.Away{{Person: "t2", Slot: "2026-11-24/f"}},
		Instead:  []timetable.Substitute{{Offer: "talk", Slot: "2026-11-24/f", Person: "t3"}},
		Held:     []timetable.Held{{Slot: "2026-11-24/f", Offer: "lab", Room: "r2", Leader: "t1"}, {Slot: "2026-11-23/f", Offer: "lab"}},
		Places:   []timetable.Place{{Student: "c", Slot: "2026-11-24/f", Offer: "lab"}},
	}
	w.NotBefore = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	in := w.Instance()
	if err := in.Check(); err != nil {
		t.Fatal(err)
	}
	if len(in.Blocks) != 4 || len(in.Sessions) != 2 || len(in.Requests) != 1 || len(in.Published) != 1 {
		t.Fatalf("%d blocks, %d sessions, %d requests, %d published", len(in.Blocks), len(in.Sessions), len(in.Requests), len(in.Published))
	}
	s := flex.Solve(t.Context(), in, 1)
	if r := flex.Verify(in, s); !r.OK {
		t.Fatal(r.Broken)
	}
	held, places := timetable.Published(s)
	// A clock in New York that shows 7:40 says 7:40 here, whatever UTC says.
	if got := timetable.Clock(time.Date(2026, 11, 24, 7, 40, 0, 0, time.FixedZone("", -5*3600))); !got.Equal(time.Date(2026, 11, 24, 7, 40, 0, 0, time.UTC)) {
		t.Errorf("the clock shows %v", got)
	}
	for _, h := range held {
		if h.Offer == "talk" && h.Leader != "t3" {
			t.Errorf("the talk is led by %s; want the substitute", h.Leader)
		}
	}
	at := map[roster.PersonID]timetable.OfferID{}
	for _, p := range places {
		at[p.Student] = p.Offer
	}
	if at["a"] != "talk" || at["b"] != "lab" || at["c"] != "lab" {
		t.Errorf("places %v", at)
	}
}
