package web

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"waymark/internal/conference"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// calendarView lists the talks that are agreed on, and makes an address for calendars.
type calendarView struct {
	Talks []requestView
	Link  string // a new address; it is shown only once
}

// talkLength is how long an agreed talk takes in a calendar.
const talkLength = 20 * time.Minute

func (s *Server) showCalendar(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderCalendar(w, r, a, "")
}

func (s *Server) renderCalendar(w http.ResponseWriter, r *http.Request, a guard.Actor, link string) error {
	talks, err := s.agreed(r, guard.Account{District: a.District, Person: a.Person})
	if err != nil {
		return err
	}
	v := calendarView{Link: link}
	if v.Talks, err = requestViews(talks, a, false, s.namesOf(r.Context(), a.District)); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "calendar", v)
}

// agreed returns the talks that somebody has agreed on, with students of whom they may
// still hold talks.
func (s *Server) agreed(r *http.Request, who guard.Account) (talks []conference.Request, err error) {
	all, err := s.Store.AgreedTalks(r.Context(), who.District, who.Person)
	if err != nil {
		return nil, err
	}
	for _, q := range all {
		rel, err := s.Store.ToStudent(r.Context(), guard.Actor{District: who.District, Person: who.Person}, q.Student)
		if err != nil {
			return nil, err
		}
		if _, ok := guard.Allowed(guard.Confer, rel); ok {
			talks = append(talks, q)
		}
	}
	return talks, nil
}

// makeCalendar makes a new address for calendars; the one before ends.
func (s *Server) makeCalendar(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	token, hash, err := guard.NewToken(s.Random)
	if err != nil {
		return err
	}
	if err := s.Store.SetCalendarLink(r.Context(), a.District, a.Person, hash); err != nil {
		return err
	}
	return s.renderCalendar(w, r, a, s.base(r)+"/calendar/"+token)
}

// serveCalendar gives a calendar program the agreed talks (RFC 5545). It goes to other
// companies' servers: there are initials in it, and no word of what the talk is about.
func (s *Server) serveCalendar(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	who, err := s.Store.CalendarOwner(r.Context(), guard.TokenHash(r.PathValue("calendar")))
	if err != nil {
		return err
	}
	talks, err := s.agreed(r, who)
	if err != nil {
		return err
	}
	cal := ics.NewCalendarFor("Waymark")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName("Waymark: talks and flex time")
	cal.SetRefreshInterval("PT1H")
	for _, q := range talks {
		p, err := s.Store.Person(r.Context(), who.District, q.Student)
		if err != nil {
			return err
		}
		e := cal.AddEvent(string(q.ID) + "@waymark")
		e.SetDtStampTime(q.At)
		// Days and times are those of the school's clock, wherever the calendar is.
		const clock = "20060102T150405"
		e.SetProperty(ics.ComponentPropertyDtStart, q.Agreed.Format(clock))
		e.SetProperty(ics.ComponentPropertyDtEnd, q.Agreed.Add(talkLength).Format(clock))
		e.SetSummary("Talk with " + initials(p))
		e.SetURL(s.base(r) + briefHref(q.Student))
	}
	held, schools, err := s.Store.FlexLed(r.Context(), who.District, who.Person, timetable.Monday(s.Now()))
	if err != nil {
		return err
	}
	books := map[string]*book{}
	for i, x := range held {
		monday := timetable.Monday(x.Slot.Date().Time())
		key := string(schools[i]) + " " + string(monday)
		if books[key] == nil {
			if books[key], err = s.book(r.Context(), who.District, schools[i], monday); err != nil {
				return err
			}
		}
		addFlexEvent(cal, books[key].session(books[key].offers[x.Offer], x.Slot), s.Now())
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Cache-Control", "private, no-store")
	return cal.SerializeTo(w, ics.WithNewLineWindows)
}

// initials are all that a calendar outside says of a student's name.
func initials(p roster.Person) string {
	var out []string
	for _, name := range strings.Fields(p.Name()) {
		r, _ := utf8.DecodeRuneInString(name)
		out = append(out, string(r)+".")
	}
	return strings.Join(out, " ")
}

// base is where this site is, as the request asked for it.
func (s *Server) base(r *http.Request) string {
	if s.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
