package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// How long a week is solved, and how long what changed in a published one.
const (
	solveFor   = 15 * time.Second
	resolveFor = 2 * time.Second
	lookBack   = 56 // days whose requests count for fairness
)

func (s *Server) boardOf(r *http.Request) string {
	return flexHref(schoolID(r)) + "?week=" + string(s.monday(r, "week"))
}

// solveFlex plans a week; nobody sees it before it is published.
func (s *Server) solveFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.solveWeek(r, a, s.monday(r, "week")); err != nil {
		if fault.KindOf(err) == fault.Invalid {
			return s.renderFlexBoard(w, r, a, nil, err)
		}
		return err
	}
	return seeOther(w, r, s.boardOf(r)+"#draft", "")
}

func (s *Server) solveWeek(r *http.Request, a guard.Actor, monday roster.Date) error {
	ctx, school := r.Context(), schoolID(r)
	week, err := s.flexWeek(ctx, a.District, school, monday)
	if err != nil {
		return err
	}
	in := week.Instance()
	switch {
	case len(in.Blocks) == 0:
		return fault.Field("week", "There is no block in this week that has not begun. Look at the calendar, or choose another week.")
	case len(in.Sessions) == 0:
		return fault.Field("week", "Nothing is offered in this week yet.")
	}
	if err := in.Check(); err != nil {
		return err
	}
	limit := solveFor
	if len(in.Published) > 0 {
		limit = resolveFor
	}
	// The seed of a week is the same each time, so that planning it again changes nothing by chance.
	seed, _ := strconv.ParseUint(strings.ReplaceAll(string(monday), "-", ""), 10, 64)
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	solution := flex.Solve(limited, in, seed)
	if err := ctx.Err(); err != nil {
		return err
	}
	if report := flex.Verify(in, solution); !report.OK && solution.Status == flex.OK && len(report.Broken) > 0 {
		for _, x := range report.Broken {
			if x.Rule != "fixed" {
				return fmt.Errorf("the plan of %s %s breaks a rule: %v", school, monday, x)
			}
		}
	}
	return s.Store.DraftFlex(ctx, a.District, school, monday, solution, a.Person)
}

// publishFlex makes the plan that a person looked at what holds.
func (s *Server) publishFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, school, monday := r.Context(), schoolID(r), s.monday(r, "week")
	stamp, _ := strconv.ParseInt(r.PostForm.Get("stamp"), 10, 64)
	c, err := s.Store.FlexCalendar(ctx, a.District, school)
	if err != nil {
		return err
	}
	var open []timetable.SlotID
	for _, slot := range c.Week(monday) {
		if s.toCome(slot) {
			open = append(open, slot.ID())
		}
	}
	if err := s.Store.PublishFlex(ctx, a.District, school, monday, time.UnixMicro(stamp).UTC(), open, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, s.boardOf(r), "said")
}

// reportAway says that an adult is away on a day, or is there after all, and plans what is
// left of the week again around it. Everybody says it of themselves; who runs flex time, of all.
func (s *Server) reportAway(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, school := r.Context(), schoolID(r)
	day := roster.Date(r.PostForm.Get("day"))
	who := roster.PersonID(r.PostForm.Get("person"))
	rel, err := s.Store.ToSchool(ctx, a, school)
	if err != nil {
		return err
	}
	_, runs := guard.Allowed(guard.RunFlex, rel)
	again := func(wrong error) error { return s.renderFlexBoard(w, r, a, nil, wrong) }
	if !runs {
		if who != a.Person {
			return s.door.School(ctx, a, guard.RunFlex, school)
		}
		again = func(wrong error) error { return s.renderFlexTeach(w, r, a, newOffer, nil, wrong) }
	}
	staff, err := s.Store.StaffOf(ctx, a.District, school)
	if err != nil {
		return err
	}
	switch {
	case !slices.ContainsFunc(staff, func(p roster.Person) bool { return p.ID == who }):
		return again(fault.Field("person", "Choose who is away."))
	case day.Time().IsZero():
		return again(fault.Field("day", "Choose a day."))
	}
	monday := timetable.Monday(day.Time())
	c, err := s.Store.FlexCalendar(ctx, a.District, school)
	if err != nil {
		return err
	}
	var slots []timetable.SlotID
	if r.PostForm.Get("do") != "back" {
		for _, slot := range c.Week(monday) {
			if slot.Date == day && s.toCome(slot) {
				slots = append(slots, slot.ID())
			}
		}
		if len(slots) == 0 {
			return again(fault.Field("day", "There is no flex block on this day, or none that has not begun."))
		}
	}
	if err := s.Store.SetFlexAway(ctx, a.District, school, who, day, slots, a.Person); err != nil {
		return err
	}
	if err := s.resolve(r, a, monday); err != nil && fault.KindOf(err) == fault.Invalid {
		return again(err)
	} else if err != nil {
		return err
	}
	if !runs {
		return seeOther(w, r, "/teach/flex?school="+url.QueryEscape(string(school))+"&week="+string(monday), "said")
	}
	return seeOther(w, r, flexHref(school)+"?week="+string(monday)+"#draft", "")
}

// resolve plans what is left of a published week again; a week that is not published waits to be
// planned, and of one that is over nothing is left.
func (s *Server) resolve(r *http.Request, a guard.Actor, monday roster.Date) error {
	week, err := s.Store.FlexWeek(r.Context(), a.District, schoolID(r), monday)
	if err != nil || week.Published == nil {
		return err
	}
	c, err := s.Store.FlexCalendar(r.Context(), a.District, schoolID(r))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Week(monday), s.toCome) {
		return nil
	}
	return s.solveWeek(r, a, monday)
}

// substitute lets somebody else lead a session.
func (s *Server) substitute(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, school := r.Context(), schoolID(r)
	offer, slot := timetable.ParseSession(r.PostForm.Get("session"))
	if _, err := s.Store.FlexOffer(ctx, a.District, school, offer); err != nil {
		return s.renderFlexBoard(w, r, a, nil, fault.Field("session", "Choose a session."))
	}
	staff, err := s.Store.StaffOf(ctx, a.District, school)
	if err != nil {
		return err
	}
	x := timetable.Substitute{Offer: offer, Slot: slot, Person: roster.PersonID(r.PostForm.Get("substitute"))}
	if !slices.ContainsFunc(staff, func(p roster.Person) bool { return p.ID == x.Person }) {
		return s.renderFlexBoard(w, r, a, nil, fault.Field("substitute", "Choose who leads it instead."))
	}
	if err := s.Store.AddFlexInstead(ctx, a.District, school, x, a.Person); err != nil {
		return err
	}
	monday := timetable.Monday(slot.Date().Time())
	if err := s.resolve(r, a, monday); err != nil && fault.KindOf(err) == fault.Invalid {
		return s.renderFlexBoard(w, r, a, nil, err)
	} else if err != nil {
		return err
	}
	return seeOther(w, r, flexHref(school)+"?week="+string(monday)+"#draft", "")
}
