package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// flexBoard is a school's flex time in one week.
type flexBoard struct {
	School       roster.Org
	Base         string
	Monday       roster.Date
	Before, Next string
	May          bool // set up, solve and publish
	Offer        bool // offer sessions
	Fair         bool // see whom it serves
	Days         []boardDay
	None         bool // there is no calendar yet
	Set          setUpView
	Staff        []roster.Person
	Sessions     []sessionView // published, of adults who are away or could be
	Draft        *draftView
	Published    *draftView
	Away         []awayView
	Students     int
	Requests     int
	Errors       formErrors
}

type boardDay struct {
	Day    time.Time
	Called string
	Slots  []boardSlot
}

type boardSlot struct {
	timetable.Slot
	Sessions []sessionView
	Placed   int
}

// draftView is a solution in words.
type draftView struct {
	flex.Solution
	Stamp      string // the moment it was made, to publish what was seen
	At         time.Time
	Who        string
	Closed     []line
	Opened     []line
	Unmet      []line
	Refused    []line
	Unassigned []line
	Granted    int
}

type line struct{ Name, What, Because string }

type awayView struct {
	Name, Person, Day string
	Slots             int
}

func (s *Server) showFlexBoard(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderFlexBoard(w, r, a, nil, nil)
}

func (s *Server) renderFlexBoard(w http.ResponseWriter, r *http.Request, a guard.Actor, set *setUpView, wrong error) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	v := flexBoard{Base: flexHref(school), Monday: s.monday(r, "week")}
	v.Before, v.Next = string(timetable.WeeksAfter(v.Monday, -1)), string(timetable.WeeksAfter(v.Monday, 1))
	var err error
	if v.School, err = s.Store.Org(ctx, d, school); err != nil {
		return err
	}
	rel, err := s.Store.ToSchool(ctx, a, school)
	if err != nil {
		return err
	}
	_, v.May = guard.Allowed(guard.RunFlex, rel)
	_, v.Offer = guard.Allowed(guard.OfferFlex, rel)
	_, v.Fair = guard.Allowed(guard.ReadSchool, rel)
	b, err := s.book(ctx, d, school, v.Monday)
	if err != nil {
		return err
	}
	v.None = len(b.calendar.Periods) == 0
	v.Days = b.days()
	if v.May {
		v.Set = setUp(b.calendar, b.rooms)
		if set != nil {
			v.Set = *set
		}
		if v.Staff, err = s.Store.StaffOf(ctx, d, school); err != nil {
			return err
		}
		students, err := s.Store.StudentsOf(ctx, d, school)
		if err != nil {
			return err
		}
		v.Students = len(students)
		requests, err := s.Store.FlexRequests(ctx, d, school, v.Monday)
		if err != nil {
			return err
		}
		v.Requests = len(requests)
		for _, day := range v.Days {
			for _, slot := range day.Slots {
				for _, x := range slot.Sessions {
					if x.Held {
						v.Sessions = append(v.Sessions, x)
					}
				}
			}
		}
		if v.Away, err = s.awayIn(ctx, d, school, v.Monday); err != nil {
			return err
		}
		if err := s.boardSolutions(ctx, a, school, students, requests, b, &v); err != nil {
			return err
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "flexboard", v)
}

// awayIn tells which adults are away on which days of a week.
func (s *Server) awayIn(ctx context.Context, d roster.DistrictID, school roster.OrgID, monday roster.Date) (views []awayView, err error) {
	away, err := s.Store.FlexAway(ctx, d, school, monday)
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx, d)
	for _, x := range away {
		day := string(x.Slot.Date())
		if n := len(views); n > 0 && views[n-1].Person == string(x.Person) && views[n-1].Day == day {
			views[n-1].Slots++
			continue
		}
		name, err := names(x.Person)
		if err != nil {
			return nil, err
		}
		views = append(views, awayView{name, string(x.Person), day, 1})
	}
	return views, nil
}

func (s *Server) boardSolutions(ctx context.Context, a guard.Actor, school roster.OrgID, students []roster.Person, requests []timetable.Request, b *book, v *flexBoard) error {
	week, err := s.Store.FlexWeek(ctx, a.District, school, v.Monday)
	if err != nil {
		return err
	}
	all, by := namesIn(students), s.namesOf(ctx, a.District)
	names := func(id string) string { return all[roster.PersonID(id)] }
	tell := func(sol *flex.Solution, at time.Time, who roster.PersonID) (*draftView, error) {
		if sol == nil {
			return nil, nil
		}
		x := &draftView{Solution: *sol, At: at, Stamp: strconv.FormatInt(at.UnixMicro(), 10), Granted: granted(sol, requests)}
		var err error
		if x.Who, err = by(who); err != nil {
			return nil, err
		}
		for _, c := range sol.Closed {
			x.Closed = append(x.Closed, line{What: b.title(c.ID), Because: b.words(c.Because)})
		}
		for _, id := range sol.Opened {
			x.Opened = append(x.Opened, line{What: b.title(id), Because: "Enough students need it or asked for it."})
		}
		for _, u := range sol.Unmet {
			x.Unmet = append(x.Unmet, line{names(u.Student), b.title(u.Sessions[0]), b.words(u.Because)})
		}
		for _, u := range sol.Refused {
			x.Refused = append(x.Refused, line{names(u.Student), b.offerTitle(timetable.OfferID(u.Offer)), b.words(u.Because)})
		}
		for _, u := range sol.Unassigned {
			x.Unassigned = append(x.Unassigned, line{names(u.Student), b.slotWords(timetable.SlotID(u.Block)), b.words(u.Because)})
		}
		return x, nil
	}
	if v.Published, err = tell(week.Published, week.PublishedAt, week.PublishedBy); err != nil {
		return err
	}
	v.Draft, err = tell(week.Draft, week.Solved, week.SolvedBy)
	return err
}

// granted counts the requests for which a plan has a place.
func granted(sol *flex.Solution, requests []timetable.Request) (n int) {
	in := map[[2]string]bool{}
	for _, h := range sol.Sessions {
		offer, _ := timetable.ParseSession(h.ID)
		for _, p := range h.Students {
			in[[2]string{p, string(offer)}] = true
		}
	}
	for _, q := range requests {
		if in[[2]string{string(q.Student), string(q.Offer)}] {
			n++
		}
	}
	return n
}

// corridorView is what hangs in the corridor: rooms and seats, no names of students.
type corridorView struct {
	School roster.Org
	Slots  []boardSlot // the next ones
	Doors  bool        // with lists of names, to print for the doors
	Lists  []doorList
}

type doorList struct {
	sessionView
	Names []string
}

func (s *Server) showCorridor(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderCorridor(w, r, a, false)
}

func (s *Server) showDoors(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderCorridor(w, r, a, true)
}

func (s *Server) renderCorridor(w http.ResponseWriter, r *http.Request, a guard.Actor, doors bool) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	monday := s.monday(r, "week")
	b, err := s.book(ctx, d, school, monday)
	if err != nil {
		return err
	}
	v := corridorView{Doors: doors}
	if v.School, err = s.Store.Org(ctx, d, school); err != nil {
		return err
	}
	day := r.URL.Query().Get("day")
	for _, x := range b.days() {
		for _, slot := range x.Slots {
			if day != "" && string(slot.Date) != day || day == "" && slot.Ends().Before(timetable.Clock(s.Now())) {
				continue
			}
			slot.Sessions = slices.DeleteFunc(slot.Sessions, func(v sessionView) bool { return !v.Held })
			v.Slots = append(v.Slots, slot)
			break // of a day, the next one
		}
		if len(v.Slots) > 0 {
			break
		}
	}
	if doors {
		people, err := s.Store.StudentsOf(ctx, d, school)
		if err != nil {
			return err
		}
		names := namesIn(people)
		for _, slot := range v.Slots {
			for _, x := range slot.Sessions {
				l := doorList{sessionView: x}
				places, err := s.Store.FlexSession(ctx, d, school, x.Slot, x.Offer.ID)
				if err != nil {
					return err
				}
				for _, p := range places {
					l.Names = append(l.Names, cmp.Or(names[p.Student], "somebody who left"))
				}
				slices.Sort(l.Names)
				v.Lists = append(v.Lists, l)
			}
		}
	}
	return s.render(w, r, a, http.StatusOK, "corridor", v)
}
