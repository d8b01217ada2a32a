package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

func flexHref(school roster.OrgID) string { return "/schools/" + urlPath(string(school)) + "/flex" }

// asked is what a form says, where one was sent, and what the address says otherwise: never a mixture.
func asked(r *http.Request, field string) string {
	if r.Method == http.MethodPost {
		return r.PostForm.Get(field)
	}
	return r.URL.Query().Get(field)
}

// monday reads the week of a request; the next one with school where there is none.
func (s *Server) monday(r *http.Request, field string) roster.Date {
	now := timetable.Clock(s.Now())
	if d := roster.Date(asked(r, field)).Time(); !d.IsZero() && d.After(now.AddDate(-2, 0, 0)) && d.Before(now.AddDate(2, 0, 0)) {
		return timetable.Monday(d)
	}
	if now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		now = now.AddDate(0, 0, 2)
	}
	return timetable.Monday(now)
}

// toCome reports whether a block has not begun yet.
func (s *Server) toCome(slot timetable.Slot) bool {
	return slot.Begins().After(timetable.Clock(s.Now()))
}

// namesIn are the names of some people.
func namesIn(people []roster.Person) map[roster.PersonID]string {
	names := make(map[roster.PersonID]string, len(people))
	for _, p := range people {
		names[p.ID] = p.Name()
	}
	return names
}

// flexWeek gathers all that is known of a school's week.
func (s *Server) flexWeek(ctx context.Context, d roster.DistrictID, school roster.OrgID, monday roster.Date) (w timetable.Week, err error) {
	w.Monday, w.NotBefore = monday, timetable.Clock(s.Now())
	next := timetable.WeeksAfter(monday, 1)
	if w.Calendar, err = s.Store.FlexCalendar(ctx, d, school); err != nil {
		return w, err
	}
	if w.Rooms, err = s.Store.FlexRooms(ctx, d, school); err != nil {
		return w, err
	}
	if w.Offers, err = s.Store.FlexOffers(ctx, d, school); err != nil {
		return w, err
	}
	if w.Requests, err = s.Store.FlexRequests(ctx, d, school, monday); err != nil {
		return w, err
	}
	if w.Required, err = s.Store.FlexRequired(ctx, d, school, monday); err != nil {
		return w, err
	}
	if w.Away, err = s.Store.FlexAway(ctx, d, school, monday); err != nil {
		return w, err
	}
	if w.Instead, err = s.Store.FlexInstead(ctx, d, school, monday); err != nil {
		return w, err
	}
	if w.Held, err = s.Store.FlexHeld(ctx, d, school, monday, next); err != nil {
		return w, err
	}
	if w.Places, err = s.Store.FlexPlaces(ctx, d, school, monday, next); err != nil {
		return w, err
	}
	w.Students, err = s.flexStudents(ctx, d, school, w)
	return w, err
}

// How much a status counts as a need, beside a goal and a talk.
var needOf = map[mastery.Status]float64{mastery.Starting: .9, mastery.Learning: .6, mastery.Fading: .4}

const (
	goalNeed    = .7
	talkOverdue = 56.0 // days of waiting in the queue after which a talk with the mentor is needed fully
)

// flexStudents are the students of a school with what they need of what is offered: what is
// hard or forgotten, what a goal is about, and a talk with the mentor that is due.
func (s *Server) flexStudents(ctx context.Context, d roster.DistrictID, school roster.OrgID, w timetable.Week) ([]timetable.Student, error) {
	people, err := s.Store.StudentsOf(ctx, d, school)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	offered := map[competency.ID]bool{}
	holds := map[roster.PersonID]bool{}
	for _, o := range w.Offers {
		for _, c := range o.Competencies {
			offered[c] = true
		}
		if o.Purpose == flex.Conference {
			holds[o.Leader] = true
		}
	}
	asked, err := s.Store.FlexAsked(ctx, d, school, roster.Date(w.Monday.Time().AddDate(0, 0, -lookBack).Format(time.DateOnly)), w.Monday)
	if err != nil {
		return nil, err
	}
	out := make([]timetable.Student, len(people))
	needs := make([]map[string]float64, len(people))
	at := map[roster.PersonID]int{}
	for i, p := range people {
		at[p.ID], needs[i] = i, map[string]float64{}
		out[i] = timetable.Student{ID: p.ID, Grade: p.Grade, Asked: asked[p.ID][0], Granted: asked[p.ID][1]}
	}
	for part := range slices.Chunk(people, 1000) {
		chunk := idsOf(part)
		supports, err := s.placeSupports(ctx, d, chunk)
		if err != nil {
			return nil, err
		}
		mentors, err := s.Store.MentorsNow(ctx, d, chunk)
		if err != nil {
			return nil, err
		}
		for p := range mentors {
			out[at[p]].Mentored = true
		}
		for p, codes := range supports {
			out[at[p]].Supports = codes
		}
		if len(offered) > 0 {
			records, err := s.Store.MasteryGrid(ctx, d, chunk, slices.Collect(maps.Keys(offered)))
			if err != nil {
				return nil, err
			}
			for _, r := range records {
				if n := needOf[r.At(s.Now()).Status]; n > 0 {
					needs[at[r.Student]][string(r.Competency)] = n
				}
			}
			goals, err := s.Store.Goals(ctx, d, chunk)
			if err != nil {
				return nil, err
			}
			for _, g := range goals {
				if c := needs[at[g.Student]]; g.Done.IsZero() && offered[g.Competency] {
					c[string(g.Competency)] = max(c[string(g.Competency)], goalNeed)
				}
			}
		}
		if len(holds) > 0 {
			if err := s.talkNeeds(ctx, d, part, holds, func(p roster.PersonID, with roster.PersonID, n float64) {
				needs[at[p]][timetable.Talk(with)] = n
			}); err != nil {
				return nil, err
			}
		}
	}
	for i := range out {
		for _, c := range slices.Sorted(maps.Keys(needs[i])) {
			out[i].Needs = append(out[i].Needs, flex.Need{Competency: c, Weight: needs[i][c]})
		}
	}
	return out, nil
}

// talkNeeds says whose mentor holds conferences, and how much a talk is due: by the place in the
// queue of talks, which is told in days of waiting.
func (s *Server) talkNeeds(ctx context.Context, d roster.DistrictID, people []roster.Person, holds map[roster.PersonID]bool, need func(student, with roster.PersonID, n float64)) error {
	mentors, err := s.Store.Mentors(ctx, d, idsOf(people))
	if err != nil {
		return err
	}
	people = slices.DeleteFunc(slices.Clone(people), func(p roster.Person) bool { return !holds[mentors[p.ID]] })
	work, err := s.workOf(ctx, d, roster.Class{}, people)
	if err != nil || len(people) == 0 {
		return err
	}
	standings, _, err := s.standingsOf(ctx, guard.Actor{District: d}, work)
	if err != nil {
		return err
	}
	for _, t := range conference.Queue(standings, s.Now()) {
		if n := min(1, t.Score/talkOverdue); n > .1 {
			need(t.Person.ID, mentors[t.Person.ID], n)
		}
	}
	return nil
}

// placeSupports returns, of those of some students who need something where they are placed,
// the codes of it.
func (s *Server) placeSupports(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID][]string, error) {
	events, err := s.Store.Supports(ctx, d, students)
	if err != nil {
		return nil, err
	}
	need := map[roster.PersonID][]string{}
	for p, said := range byStudent(events) {
		if codes := profile.PlaceSupports(profile.Fold(said)); len(codes) > 0 {
			need[p] = codes
		}
	}
	return need, nil
}
