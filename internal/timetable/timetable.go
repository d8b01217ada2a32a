// Package timetable holds flex time as a school knows it: which blocks there are on which days,
// what is offered in them, who asked and who must come; and makes of it what package flex
// solves. It knows nothing of files, databases or clocks.
package timetable

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/roster"
)

// Calendar says on which days of a school which flex blocks are. Days turn in a cycle of named
// days, such as A and B, by school day or by week; without one there are weekdays only.
type Calendar struct {
	Cycle   []string      `json:"cycle,omitempty"` // names of the days or weeks, in their order
	By      Turn          `json:"by,omitempty"`
	From    roster.Date   `json:"from,omitempty"` // a day that has the first name
	Off     []roster.Date `json:"off,omitempty"`  // days without school
	Periods []Period      `json:"periods"`
	// Approve says that a wish counts once the student's mentor has said yes to it; of who has no
	// mentor, at once.
	Approve bool `json:"approve,omitempty"`
}

// Turn is how a cycle goes on.
type Turn string

const (
	ByDay  Turn = "day"  // each school day has the next name
	ByWeek Turn = "week" // each week has
)

// Period is one flex block as it repeats.
type Period struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Day is when it is: a weekday, a name of the cycle, both ("A Monday"), or empty for
	// every school day.
	Day   string `json:"day,omitempty"`
	Start string `json:"start"` // 10:20
	End   string `json:"end"`
}

// Slot is one block on one day.
type Slot struct {
	Date roster.Date
	Period
	Called string // what the cycle calls the day
}

// ID names a slot: its date and its period.
func (s Slot) ID() SlotID { return SlotID(string(s.Date) + "/" + s.Period.ID) }

// Begins is the time at which it begins, as the school's clock shows it; see [Clock].
func (s Slot) Begins() time.Time { return at(s.Date, s.Start) }

// Ends is the time at which it ends.
func (s Slot) Ends() time.Time { return at(s.Date, s.End) }

func at(d roster.Date, clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", string(d)+" "+clock)
	if err != nil {
		return d.Time()
	}
	return t
}

// Clock is what the school's clock shows at a time: the day and hour of its own time zone,
// written as if they were UTC, as slots are.
func Clock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// SlotID is the date and the period of a slot, as 2026-11-30/lunch.
type SlotID string

// Date is the day of a slot.
func (id SlotID) Date() roster.Date {
	day, _, _ := strings.Cut(string(id), "/")
	return roster.Date(day)
}

// Monday is the first day of the week of a day.
func Monday(d time.Time) roster.Date {
	back := (int(d.Weekday()) + 6) % 7
	return roster.Date(d.AddDate(0, 0, -back).Format(time.DateOnly))
}

// WeeksAfter is the Monday some weeks after another.
func WeeksAfter(monday roster.Date, weeks int) roster.Date {
	return roster.Date(monday.Time().AddDate(0, 0, 7*weeks).Format(time.DateOnly))
}

func (c Calendar) school(d time.Time) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !slices.Contains(c.Off, roster.Date(d.Format(time.DateOnly)))
}

// Minutes is how long a slot is; 0 where the calendar has no such period any more.
func (c Calendar) Minutes(id SlotID) int {
	_, period, _ := strings.Cut(string(id), "/")
	for _, p := range c.Periods {
		if p.ID == period {
			s := Slot{Date: id.Date(), Period: p}
			return int(s.Ends().Sub(s.Begins()).Minutes())
		}
	}
	return 0
}

// Open reports whether there is school on some day of the week that begins on a Monday.
func (c Calendar) Open(monday roster.Date) bool {
	for i := range 7 {
		if c.school(monday.Time().AddDate(0, 0, i)) {
			return true
		}
	}
	return false
}

// called is what the cycle calls a school day.
func (c Calendar) called(d time.Time) string {
	n := len(c.Cycle)
	if n == 0 || c.From.Time().IsZero() {
		return ""
	}
	turn := 0
	switch from := c.From.Time(); c.By {
	case ByWeek:
		a, b := Monday(from).Time(), Monday(d).Time()
		turn = int(b.Sub(a).Hours() / 24 / 7)
	default:
		for x := from; x.Before(d); x = x.AddDate(0, 0, 1) {
			if c.school(x) {
				turn++
			}
		}
		for x := d; x.Before(from); x = x.AddDate(0, 0, 1) {
			if c.school(x) {
				turn--
			}
		}
	}
	return c.Cycle[((turn%n)+n)%n]
}

// Week returns the slots of the week that begins on a Monday, in their order.
func (c Calendar) Week(monday roster.Date) (slots []Slot) {
	for i := range 7 {
		d := monday.Time().AddDate(0, 0, i)
		if !c.school(d) {
			continue
		}
		called := c.called(d)
		for _, p := range c.Periods {
			fits := true
			for word := range strings.FieldsSeq(p.Day) {
				fits = fits && (strings.EqualFold(word, called) || strings.EqualFold(word, d.Weekday().String()))
			}
			if fits {
				slots = append(slots, Slot{roster.Date(d.Format(time.DateOnly)), p, called})
			}
		}
	}
	slices.SortStableFunc(slots, func(a, b Slot) int { return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.Start, b.Start)) })
	return slots
}

// Check reports, as a fault that names the field, what makes a calendar unusable.
func (c Calendar) Check() error {
	if len(c.Periods) == 0 {
		return fault.Field("periods", "Write down at least one block, such as: Flex, Monday, 10:20, 11:00.")
	}
	if len(c.Cycle) > 0 {
		if c.By != ByDay && c.By != ByWeek {
			return fault.Field("by", "Say whether the names turn by day or by week.")
		}
		if d := c.From.Time(); d.IsZero() || !c.school(d) {
			return fault.Field("from", "Choose a school day that has the first name of the cycle.")
		}
	}
	seen := map[string]bool{}
	for i, p := range c.Periods {
		line := fmt.Sprintf("Line %d", i+1)
		for word := range strings.FieldsSeq(p.Day) {
			known := slices.ContainsFunc(c.Cycle, func(n string) bool { return strings.EqualFold(n, word) })
			for d := time.Monday; d <= time.Friday; d++ {
				known = known || strings.EqualFold(d.String(), word)
			}
			if !known {
				return fault.Field("periods", "%s: %q is no weekday and no name of the cycle %v.", line, word, c.Cycle)
			}
		}
		a, errA := time.Parse("15:04", p.Start)
		b, errB := time.Parse("15:04", p.End)
		if errA != nil || errB != nil || !b.After(a) || a.Format("15:04") != p.Start || b.Format("15:04") != p.End {
			return fault.Field("periods", "%s: it goes from %q to %q; write times as 09:20, the end after the beginning.", line, p.Start, p.End)
		}
		if p.ID == "" || seen[p.ID] {
			return fault.Field("periods", "%s: the block %q is there twice. Give each its own name.", line, p.Name)
		}
		seen[p.ID] = true
	}
	// Two blocks at once would ask a student to be in two places.
	for _, monday := range []roster.Date{"2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"} {
		week := c.Week(monday)
		for i := 1; i < len(week); i++ {
			if week[i].Date == week[i-1].Date && week[i].Start < week[i-1].End {
				return fault.Field("periods", "%s and %s are at the same time on %s.", week[i-1].Name, week[i].Name, week[i].Begins().Weekday())
			}
		}
	}
	return nil
}

// Room is where sessions can be.
type Room struct {
	ID    string
	Name  string
	Seats int
	Tags  []string
}

// OfferID identifies what is offered.
type OfferID string

// Offer is a session that an adult offers, in one slot or in several.
type Offer struct {
	ID           OfferID
	School       roster.OrgID
	Title        string
	Purpose      flex.Purpose
	Competencies []competency.ID
	Seats, Least int
	Door         flex.Door
	Grades       []string
	Leader       roster.PersonID
	Room         string // the only one it can be in; any where empty
	Equipment    []string
	Supports     []string // that it gives, such as an aide
	Materials    string   // what to bring
	Slots        []SlotID
	Possible     bool // opened only where enough would come
	Author       roster.PersonID
	Ended        time.Time
}

// Validate reports, as a fault that names the field, what makes an offer unusable.
func (o Offer) Validate(rooms []Room) error {
	switch {
	case strings.TrimSpace(o.Title) == "" || utf8.RuneCountInString(o.Title) > 120:
		return fault.Field("title", "Give it a name of at most 120 characters.")
	case !slices.Contains(flex.Purposes, o.Purpose):
		return fault.Field("purpose", "Choose what it is for.")
	case o.Seats < 1 || o.Seats > 500:
		return fault.Field("seats", "Say how many can come, from 1 to 500.")
	case o.Least < 0 || o.Least > o.Seats:
		return fault.Field("least", "It can be from 0 to the number of seats.")
	case len(o.Slots) == 0:
		return fault.Field("slots", "Choose at least one block.")
	case o.Leader == "":
		return fault.Field("leader", "Say who leads it.")
	case o.Room != "" && !slices.ContainsFunc(rooms, func(r Room) bool { return r.ID == o.Room }):
		return fault.Field("room", "Choose a room of the school.")
	}
	return nil
}

// RequestID identifies a request.
type RequestID string

// Request asks for a place, for one week.
type Request struct {
	ID      RequestID
	Student roster.PersonID
	Offer   OfferID
	Week    roster.Date // its Monday
	Rank    int
	At      time.Time
	Answer  string // "", "yes" or "no", by a mentor
	Why     string
	By      roster.PersonID
}

// counts reports whether a request is looked at when a week is planned; waits says that somebody
// must have said yes to it first.
func (r Request) counts(waits bool) bool { return r.Answer == "yes" || r.Answer == "" && !waits }

// Requirement says that a student must come, in one of the slots of an offer in a week.
type Requirement struct {
	ID      string
	Student roster.PersonID
	Offer   OfferID
	Week    roster.Date
	Why     string
	By      roster.PersonID
}

// Away says that an adult is not there in a slot.
type Away struct {
	Person roster.PersonID
	Slot   SlotID
}

// Substitute says who can lead a session instead.
type Substitute struct {
	Offer  OfferID
	Slot   SlotID
	Person roster.PersonID
}

// Held is a session that is published.
type Held struct {
	Slot   SlotID
	Offer  OfferID
	Room   string
	Leader roster.PersonID
}

// Place is where a student is in a slot.
type Place struct {
	Student  roster.PersonID
	Slot     SlotID
	Offer    OfferID
	How      How
	Attended Attended
	MarkedBy roster.PersonID
	Marked   time.Time
}

// Spent is a place of which somebody wrote down who came, with what the session was for.
type Spent struct {
	Place
	Purpose flex.Purpose
}

// How a student came to a place.
type How string

const (
	Assigned How = "assigned"
	WalkedIn How = "walked-in"
	Swapped  How = "swapped"
)

// Attended is whether a student came.
type Attended string

const (
	Unmarked Attended = ""
	Here     Attended = "here"
	Missed   Attended = "missed"
)

// Week is what is known of a school's week, from which its instance is made.
type Week struct {
	Monday    roster.Date
	Calendar  Calendar
	Rooms     []Room
	Offers    []Offer
	Students  []Student
	Requests  []Request
	Required  []Requirement
	Away      []Away
	Instead   []Substitute
	Held      []Held    // as published before
	Places    []Place   // as published before, with what came after
	NotBefore time.Time // of the school's clock: what has begun by then stays as it is
}

// Student is one student of the week.
type Student struct {
	ID             roster.PersonID
	Grade          string
	Needs          []flex.Need
	Supports       []string // that must be given where they are
	Asked, Granted int      // requests of the weeks before
	Mentored       bool     // somebody can say yes to what they wish
}

// Talk is the need for a talk with an adult, as a competency of sessions for conferences.
func Talk(with roster.PersonID) string { return "talk with " + string(with) }

// SessionID names a session of an offer in a slot.
func SessionID(o OfferID, s SlotID) string { return string(o) + "@" + string(s) }

// ParseSession takes the id of a session apart.
func ParseSession(id string) (OfferID, SlotID) {
	o, s, _ := strings.Cut(id, "@")
	return OfferID(o), SlotID(s)
}

// Instance makes what package flex solves. Slots that have begun are left as they are: they
// are not in it.
func (w Week) Instance() *flex.Instance {
	weights := flex.DefaultWeights
	weights.Place = 5 // nobody stands in the corridor so that two others have what they need
	in := &flex.Instance{Schema: flex.InstanceSchema, Weights: &weights}
	open := map[SlotID]bool{}
	for _, s := range w.Calendar.Week(w.Monday) {
		if s.Begins().After(w.NotBefore) {
			open[s.ID()] = true
			in.Blocks = append(in.Blocks, flex.Block{ID: string(s.ID())})
		}
	}
	for _, r := range w.Rooms {
		in.Rooms = append(in.Rooms, flex.Room{ID: r.ID, Seats: r.Seats, Tags: r.Tags})
	}
	staff := map[roster.PersonID]int{}
	adult := func(id roster.PersonID) string {
		if _, ok := staff[id]; !ok {
			staff[id] = len(in.Staff)
			in.Staff = append(in.Staff, flex.Staff{ID: string(id)})
		}
		return string(id)
	}
	rooms := map[string]bool{}
	for _, r := range w.Rooms {
		rooms[r.ID] = true
	}
	sessions := map[OfferID][]string{}
	for _, o := range w.Offers {
		for _, slot := range o.Slots {
			if !open[slot] || slices.Contains(sessions[o.ID], SessionID(o.ID, slot)) {
				continue
			}
			s := flex.Session{ID: SessionID(o.ID, slot), Block: string(slot), Offer: string(o.ID), Purpose: o.Purpose, Seats: o.Seats, Least: o.Least,
				Door: o.Door, Grades: grades(o.Grades), Equipment: o.Equipment, Supports: o.Supports, Staff: []string{adult(o.Leader)}}
			for _, c := range o.Competencies {
				s.Competencies = append(s.Competencies, string(c))
			}
			if o.Purpose == flex.Conference {
				s.Competencies = append(s.Competencies, Talk(o.Leader))
			}
			if o.Possible {
				s.State = flex.Possible
			}
			if rooms[o.Room] { // a room that is gone binds nobody
				s.Rooms = []string{o.Room}
			}
			for _, x := range w.Instead {
				if x.Offer == o.ID && x.Slot == slot { // the last one said leads it, and nobody else
					s.Staff = []string{adult(x.Person)}
				}
			}
			in.Sessions = append(in.Sessions, s)
			sessions[o.ID] = append(sessions[o.ID], s.ID)
		}
	}
	for _, a := range w.Away {
		if i, ok := staff[a.Person]; ok && open[a.Slot] {
			in.Staff[i].Away = append(in.Staff[i].Away, string(a.Slot))
		}
	}
	known, waits := map[roster.PersonID]bool{}, map[roster.PersonID]bool{}
	for _, s := range w.Students {
		known[s.ID], waits[s.ID] = true, w.Calendar.Approve && s.Mentored
		in.Students = append(in.Students, flex.Student{ID: string(s.ID), Grade: grade(s.Grade), Needs: s.Needs, Supports: s.Supports, Asked: s.Asked, Granted: s.Granted})
	}
	had := map[Place]bool{} // in what has begun
	for _, p := range w.Places {
		if !open[p.Slot] && p.Attended != Missed {
			had[Place{Student: p.Student, Offer: p.Offer}] = true
		}
	}
	done := map[Place]bool{}
	for _, r := range w.Requests {
		key := Place{Student: r.Student, Offer: r.Offer}
		if r.counts(waits[r.Student]) && known[r.Student] && len(sessions[r.Offer]) > 0 && !had[key] && !done[key] {
			done[key] = true
			in.Requests = append(in.Requests, flex.Request{Student: string(r.Student), Offer: string(r.Offer), Rank: r.Rank})
		}
	}
	for _, r := range w.Required {
		if known[r.Student] && len(sessions[r.Offer]) > 0 && !had[Place{Student: r.Student, Offer: r.Offer}] {
			in.Required = append(in.Required, flex.Requirement{Student: string(r.Student), Sessions: sessions[r.Offer], By: string(r.By)})
		}
	}
	for _, h := range w.Held {
		if !open[h.Slot] || !slices.Contains(sessions[h.Offer], SessionID(h.Offer, h.Slot)) {
			continue
		}
		p := flex.Held{ID: SessionID(h.Offer, h.Slot), Room: h.Room, Staff: string(h.Leader)}
		for _, x := range w.Places {
			if x.Offer == h.Offer && x.Slot == h.Slot && known[x.Student] {
				p.Students = append(p.Students, string(x.Student))
			}
		}
		in.Published = append(in.Published, p)
	}
	return in
}

// grade is a grade as it is compared: rosters write 09, people 9.
func grade(g string) string { return cmp.Or(strings.TrimLeft(g, "0"), g) }

func grades(all []string) (out []string) {
	for _, g := range all {
		out = append(out, grade(g))
	}
	return out
}

// Published takes a solution apart into sessions and places.
func Published(s *flex.Solution) (held []Held, places []Place) {
	for _, h := range s.Sessions {
		offer, slot := ParseSession(h.ID)
		held = append(held, Held{slot, offer, h.Room, roster.PersonID(h.Staff)})
		for _, id := range h.Students {
			places = append(places, Place{Student: roster.PersonID(id), Slot: slot, Offer: offer, How: Assigned})
		}
	}
	return held, places
}

// Solved is the latest plan of a week, and the one that is published.
type Solved struct {
	Seed        uint64
	Draft       *flex.Solution // nil where none waits to be published
	Solved      time.Time
	SolvedBy    roster.PersonID
	Published   *flex.Solution // nil where none is
	PublishedAt time.Time
	PublishedBy roster.PersonID
}
