package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"waymark/internal/flex"
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

// flexTime gives a school of the demo district two blocks a week, sessions of its adults and
// wishes of its students; the week of a day is planned and published, the one after it waits.
func flexTime(ctx context.Context, db *store.DB, d roster.DistrictID, school roster.OrgID, seed uint64, today time.Time) error {
	students, err := db.StudentsOf(ctx, d, school)
	if err != nil {
		return err
	}
	staff, err := db.StaffOf(ctx, d, school)
	if err != nil || len(staff) == 0 || len(students) == 0 {
		return err
	}
	c := timetable.Calendar{Periods: []timetable.Period{{ID: "flex-tuesday", Name: "Flex", Day: "Tuesday", Start: "10:20", End: "11:00"}, {ID: "flex-thursday", Name: "Flex", Day: "Thursday", Start: "13:10", End: "13:50"}}}
	if err := db.SetFlexCalendar(ctx, d, school, c, staff[0].ID); err != nil {
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
	next := timetable.WeeksAfter(this, 1)
	var slots []timetable.SlotID
	for _, s := range slices.Concat(c.Week(this), c.Week(next)) {
		slots = append(slots, s.ID())
	}
	rng := rand.New(rand.NewPCG(seed, 0x464c5821))
	var offers []timetable.OfferID
	for i, p := range staff {
		x := demoOffers[i%len(demoOffers)]
		id, err := db.AddFlexOffer(ctx, d, timetable.Offer{School: school, Title: x.title, Purpose: x.purpose, Seats: x.seats, Door: flex.Open, Leader: p.ID, Author: p.ID, Slots: slots})
		if err != nil {
			return err
		}
		offers = append(offers, id)
	}
	for _, week := range []roster.Date{this, next} {
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
	}
	w := timetable.Week{Monday: this, Calendar: c, Rooms: rooms}
	if w.Offers, err = db.FlexOffers(ctx, d, school); err != nil {
		return err
	}
	if w.Requests, err = db.FlexRequests(ctx, d, school, this); err != nil {
		return err
	}
	for _, p := range students {
		w.Students = append(w.Students, timetable.Student{ID: p.ID, Grade: p.Grade})
	}
	solution := flex.Solve(ctx, w.Instance(), seed)
	if err := db.DraftFlex(ctx, d, school, this, solution, staff[0].ID); err != nil {
		return err
	}
	week, err := db.FlexWeek(ctx, d, school, this)
	if err != nil {
		return err
	}
	return db.PublishFlex(ctx, d, school, this, week.Solved, slots[:len(c.Week(this))], staff[0].ID)
}
