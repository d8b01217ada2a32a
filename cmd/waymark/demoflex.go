package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/flex"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/timetable"
)

// What adults of the demo district offer in flex time, in turn.
var demoOffers = []struct {
	title   string
	purpose flex.Purpose
	seats   int
}{
	{"Problem-solving workshop", flex.Workshop, 20}, {"Quiet study", flex.Study, 60}, {"Chess", flex.Club, 24}, {"Office hours", flex.OfficeHours, 16}, {"Science lab", flex.Lab, 18},
	{"Talks with me", flex.Conference, 4}, {"Reading circle", flex.SmallGroup, 10}, {"Quiet study, upstairs", flex.Study, 60}, {"Choir", flex.Club, 40}, {"Robots", flex.Lab, 16},
}

// weeksOfFlex is how many weeks of flex time are over.
const weeksOfFlex = 4

// flexTime gives a school of the demo district two blocks a week, sessions of its adults and
// wishes of its students; the weeks before that of a day were held, that of the day is planned and
// published, the one after it waits.
func flexTime(ctx context.Context, db *store.DB, c *clock, d roster.DistrictID, cat *propose.Catalogue, school roster.OrgID, seed uint64, today time.Time) error {
	defer func() { c.at = time.Time{} }()
	students, err := db.StudentsOf(ctx, d, school)
	if err != nil {
		return err
	}
	staff, err := db.StaffOf(ctx, d, school)
	if err != nil || len(staff) == 0 || len(students) == 0 {
		return err
	}
	calendar := timetable.Calendar{Periods: []timetable.Period{{ID: "flex-tuesday", Name: "Flex", Day: "Tuesday", Start: "10:20", End: "11:00"}, {ID: "flex-thursday", Name: "Flex", Day: "Thursday", Start: "13:10", End: "13:50"}}}
	if err := db.SetFlexCalendar(ctx, d, school, calendar, staff[0].ID); err != nil {
		return err
	}
	var rooms []timetable.Room
	for i := range len(staff) + 2 {
		r := timetable.Room{ID: fmt.Sprintf("room-%d", i+1), Name: fmt.Sprintf("Room %d", i+1), Seats: 32, Tags: []string{"step-free"}}
		if i%4 == 0 {
			r.Seats = 80
		}
		rooms = append(rooms, r)
	}
	if err := db.SetFlexRooms(ctx, d, school, rooms); err != nil {
		return err
	}
	this := timetable.Monday(today)
	var slots []timetable.SlotID
	for n := -weeksOfFlex; n <= 1; n++ {
		for _, s := range calendar.Week(timetable.WeeksAfter(this, n)) {
			slots = append(slots, s.ID())
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0x464c5821))
	hard, err := hardest(ctx, db, d, cat, students, today)
	if err != nil {
		return err
	}
	var offers []timetable.OfferID
	for i, p := range staff {
		if i%4 == 3 { // who is free: what lacks can still be offered
			continue
		}
		x := demoOffers[i%len(demoOffers)]
		o := timetable.Offer{School: school, Title: x.title, Purpose: x.purpose, Seats: x.seats, Door: flex.Open, Leader: p.ID, Author: p.ID, Slots: slots}
		if x.purpose == flex.Workshop || x.purpose == flex.SmallGroup || x.purpose == flex.Lab {
			for k := 2 * i; k < min(2*i+2, len(hard)); k++ {
				o.Competencies = append(o.Competencies, hard[k])
			}
		}
		id, err := db.AddFlexOffer(ctx, d, o)
		if err != nil {
			return err
		}
		offers = append(offers, id)
	}
	for n := -weeksOfFlex; n <= 1; n++ {
		week := timetable.WeeksAfter(this, n)
		c.at = week.Time().AddDate(0, 0, -3)
		for i, p := range students {
			if i%3 > 0 {
				continue
			}
			var wishes []timetable.OfferID
			for range rng.IntN(3) {
				if o := offers[rng.IntN(len(offers))]; !slices.Contains(wishes, o) {
					wishes = append(wishes, o)
				}
			}
			if len(wishes) > 0 {
				if err := db.AskForFlex(ctx, d, school, p.ID, week, wishes); err != nil {
					return err
				}
			}
		}
		if n == 1 {
			break // it waits to be planned
		}
		if err := holdWeek(ctx, db, d, timetable.Week{Monday: week, Calendar: calendar, Rooms: rooms}, school, students, staff[0].ID, seed); err != nil {
			return err
		}
		if n < 0 {
			c.at = timetable.WeeksAfter(week, 1).Time()
			if err := attend(ctx, db, d, school, week, rng, staff[0].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdWeek plans a week and publishes it.
func holdWeek(ctx context.Context, db *store.DB, d roster.DistrictID, w timetable.Week, school roster.OrgID, students []roster.Person, by roster.PersonID, seed uint64) error {
	var err error
	if w.Offers, err = db.FlexOffers(ctx, d, school); err != nil {
		return err
	}
	if w.Requests, err = db.FlexRequests(ctx, d, school, w.Monday); err != nil {
		return err
	}
	for _, p := range students {
		w.Students = append(w.Students, timetable.Student{ID: p.ID, Grade: p.Grade})
	}
	if err := db.DraftFlex(ctx, d, school, w.Monday, flex.Solve(ctx, w.Instance(), seed), by); err != nil {
		return err
	}
	week, err := db.FlexWeek(ctx, d, school, w.Monday)
	if err != nil {
		return err
	}
	var slots []timetable.SlotID
	for _, s := range w.Calendar.Week(w.Monday) {
		slots = append(slots, s.ID())
	}
	return db.PublishFlex(ctx, d, school, w.Monday, week.Solved, slots, by)
}

// attend writes down who came in a week: one of fifteen did not.
func attend(ctx context.Context, db *store.DB, d roster.DistrictID, school roster.OrgID, week roster.Date, rng *rand.Rand, by roster.PersonID) error {
	places, err := db.FlexPlaces(ctx, d, school, week, timetable.WeeksAfter(week, 1))
	if err != nil {
		return err
	}
	type session struct {
		slot  timetable.SlotID
		offer timetable.OfferID
	}
	marks := map[session]map[roster.PersonID]timetable.Attended{}
	for _, p := range places {
		at := session{p.Slot, p.Offer}
		if marks[at] == nil {
			marks[at] = map[roster.PersonID]timetable.Attended{}
		}
		marks[at][p.Student] = timetable.Here
		if rng.IntN(15) == 0 {
			marks[at][p.Student] = timetable.Missed
		}
	}
	for at, list := range marks {
		if err := db.MarkFlex(ctx, d, school, at.slot, at.offer, list, by); err != nil {
			return err
		}
	}
	return nil
}

// hardest returns what is hard for most students of a school, most first.
func hardest(ctx context.Context, db *store.DB, d roster.DistrictID, cat *propose.Catalogue, students []roster.Person, today time.Time) ([]competency.ID, error) {
	count := map[competency.ID]int{}
	for part := range slices.Chunk(students, 500) {
		var ids []roster.PersonID
		for _, p := range part {
			ids = append(ids, p.ID)
		}
		records, err := db.Mastery(ctx, d, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if st := r.At(today).Status; st == mastery.Starting || st == mastery.Learning {
				count[r.Competency]++
			}
		}
	}
	var hard []competency.ID
	for id := range count {
		if cat.Competencies[id].ID != "" {
			hard = append(hard, id)
		}
	}
	slices.SortFunc(hard, func(a, b competency.ID) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	return hard, nil
}
