package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/language"
	"waymark/internal/live"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// myFlex is a student's flex time in one week.
type myFlex struct {
	spoken
	Student      roster.Person
	Own          bool
	Base         string // of its forms
	Monday       roster.Date
	Before, Next string
	None         bool
	Published    bool
	Days         []myDay
	Wishes       []wishChoice
	Ranks        []int
	Requests     []myRequest
	Required     []line
	Errors       formErrors
	topics       []live.Topic
}

func (v myFlex) Topics() []live.Topic { return v.topics }

type myDay struct {
	Day   time.Time
	Slots []mySlot
}

// mySlot is one block: where the student is, and where there is a free seat.
type mySlot struct {
	timetable.Slot
	Place *sessionView
	How   timetable.How
	Free  []sessionView
	Over  bool
	Why   phrase // why there is no place
}

type wishChoice struct {
	timetable.Offer
	What string
	When string
	Lead string
	Rank int
}

type myRequest struct {
	timetable.Request
	Title   string
	Granted bool
	Because phrase // why not
	Mentor  bool   // somebody must say yes first
}

// wishesMost is how many wishes a student has for a week.
const wishesMost = 5

func (s *Server) showMyFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderMyFlex(w, r, a, a.Person, nil)
}

func (s *Server) showFlexOf(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderMyFlex(w, r, a, studentID(r), nil)
}

func (s *Server) renderMyFlex(w http.ResponseWriter, r *http.Request, a guard.Actor, student roster.PersonID, wrong error) error {
	ctx, d := r.Context(), a.District
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	v := myFlex{spoken: speech, Own: student == a.Person, Monday: s.monday(r, "week"), topics: []live.Topic{live.StudentTopic(string(d), string(student))}}
	v.Base = recordHref(student) + "/flex"
	if v.Own {
		v.Base = "/me/flex"
	}
	v.Before, v.Next = string(timetable.WeeksAfter(v.Monday, -1)), string(timetable.WeeksAfter(v.Monday, 1))
	if v.Student, err = s.Store.Person(ctx, d, student); err != nil {
		return err
	}
	school := v.Student.School
	b, err := s.book(ctx, d, school, v.Monday)
	if err != nil {
		return err
	}
	v.None = len(b.calendar.Periods) == 0
	v.Published = len(b.held) > 0
	places, err := s.Store.FlexPlacesOf(ctx, d, []roster.PersonID{student}, v.Monday, timetable.WeeksAfter(v.Monday, 1))
	if err != nil {
		return err
	}
	now := timetable.Clock(s.Now())
	in := map[timetable.SlotID]timetable.Place{}
	for _, p := range places {
		in[p.Slot] = p
	}
	requests, err := s.Store.FlexRequestsOf(ctx, d, []roster.PersonID{student}, v.Monday)
	if err != nil {
		return err
	}
	requests = slices.DeleteFunc(requests, func(q timetable.Request) bool { return q.Week != v.Monday })
	required, err := s.Store.FlexRequired(ctx, d, school, v.Monday)
	if err != nil {
		return err
	}
	week, err := s.Store.FlexWeek(ctx, d, school, v.Monday)
	if err != nil {
		return err
	}
	must, names := map[timetable.OfferID]bool{}, s.namesOf(ctx, d)
	for _, q := range required {
		if q.Student == student {
			must[q.Offer] = true
			by, err := names(q.By)
			if err != nil {
				return err
			}
			v.Required = append(v.Required, line{by, b.offerTitle(q.Offer), q.Why})
		}
	}
	for _, day := range b.days() {
		x := myDay{Day: day.Day}
		for _, slot := range day.Slots {
			y := mySlot{Slot: slot.Slot, Over: !slot.Begins().After(now)}
			p, placed := in[slot.ID()]
			if placed {
				if o, ok := b.offers[p.Offer]; ok {
					at := b.session(o, slot.ID())
					y.Place, y.How = &at, p.How
				}
			}
			if !placed && week.Published != nil {
				for _, u := range week.Published.Unassigned {
					if u.Student == string(student) && u.Block == string(slot.ID()) {
						if y.Why, err = v.whyNot(b, u.Reason, u.Because); err != nil {
							return err
						}
					}
				}
			}
			if !y.Over && !(placed && must[p.Offer]) {
				for _, f := range slot.Sessions {
					if f.Held && f.Free > 0 && f.Offer.ID != p.Offer && openTo(f.Offer, v.Student) {
						y.Free = append(y.Free, f)
					}
				}
			}
			x.Slots = append(x.Slots, y)
		}
		v.Days = append(v.Days, x)
	}
	if err := v.wishes(b, requests, now); err != nil {
		return err
	}
	mentors, err := s.Store.MentorsNow(ctx, d, []roster.PersonID{student})
	if err != nil {
		return err
	}
	if err := v.myRequests(requests, places, week, b, mentors[student] != ""); err != nil {
		return err
	}
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	if v.Errors = wrongs; v.inEnglish() {
		v.Errors, _ = answerTo(wrong) // which says it more closely
	}
	return s.render(w, r, a, code, "myflex", v)
}

// openTo reports whether a student may come without being asked to.
func openTo(o timetable.Offer, p roster.Person) bool {
	return (o.Door == "" || o.Door == flex.Open) && (len(o.Grades) == 0 || slices.ContainsFunc(o.Grades, func(g string) bool {
		return strings.TrimLeft(g, "0") == strings.TrimLeft(p.Grade, "0")
	}))
}

// wishes are what can be wished for in the week: each offer once.
func (v *myFlex) wishes(b *book, requests []timetable.Request, now time.Time) (err error) {
	for n := range wishesMost {
		v.Ranks = append(v.Ranks, n+1)
	}
	for _, o := range b.offers {
		if !o.Ended.IsZero() || len(o.Grades) > 0 && !openTo(timetable.Offer{Grades: o.Grades}, v.Student) {
			continue
		}
		var when []string
		for _, slot := range b.slots {
			if slices.Contains(o.Slots, slot.ID()) && slot.Begins().After(now) {
				when = append(when, v.Weekday(slot.Begins())+" "+slot.Start)
			}
		}
		if len(when) == 0 {
			continue
		}
		c := wishChoice{Offer: o, When: strings.Join(when, ", "), Lead: b.leaders[o.Leader]}
		if c.What, err = v.Say("flex.purpose." + string(o.Purpose)); err != nil {
			return err
		}
		for _, q := range requests {
			if q.Offer == o.ID {
				c.Rank = q.Rank
			}
		}
		v.Wishes = append(v.Wishes, c)
	}
	slices.SortFunc(v.Wishes, func(x, y wishChoice) int {
		return cmp.Or(cmp.Compare(x.Title, y.Title), cmp.Compare(x.ID, y.ID))
	})
	return nil
}

// whyNot says why somebody has no place, in the reader's language; closely in English.
func (v myFlex) whyNot(b *book, reason flex.Reason, because string) (phrase, error) {
	if v.inEnglish() || reason == "" { // older plans say it in no other way
		text := b.words(because)
		if v.Own {
			text = strings.NewReplacer("the student is", "you are", "The student is", "You are", "The student has", "You have", "The student may", "You may").Replace(text)
		}
		p := phrase{Text: text}
		if !v.inEnglish() {
			p.Lang = language.Source
		}
		return p, nil
	}
	text, err := v.Say("flex.why." + string(reason))
	return phrase{Text: text}, err
}

// myRequests says what became of each wish, once the week is published.
func (v *myFlex) myRequests(requests []timetable.Request, places []timetable.Place, week timetable.Solved, b *book, mentored bool) (err error) {
	for _, q := range requests {
		x := myRequest{Request: q, Title: b.offerTitle(q.Offer), Mentor: b.calendar.Approve && mentored && q.Answer == ""}
		x.Granted = slices.ContainsFunc(places, func(p timetable.Place) bool { return p.Offer == q.Offer })
		if !x.Granted && week.Published != nil {
			for _, f := range week.Published.Refused {
				if f.Student == string(q.Student) && f.Offer == string(q.Offer) {
					if x.Because, err = v.whyNot(b, f.Reason, f.Because); err != nil {
						return err
					}
				}
			}
		}
		v.Requests = append(v.Requests, x)
	}
	return nil
}

// askForFlex keeps a student's wishes for a week.
func (s *Server) askForFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, monday := r.Context(), s.monday(r, "week")
	p, err := s.Store.Person(ctx, a.District, a.Person)
	if err != nil {
		return err
	}
	offers, err := s.Store.FlexOffers(ctx, a.District, p.School)
	if err != nil {
		return err
	}
	wished := map[string]timetable.OfferID{}
	var wrong error
	c, err := s.Store.FlexCalendar(ctx, a.District, p.School)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Week(monday), s.toCome) {
		wrong = fault.Field("wishes", "This week is over. Wish for one that is to come.")
	}
	for _, o := range offers {
		rank := r.PostForm.Get("wish-" + string(o.ID))
		if rank == "" {
			continue
		}
		if len(rank) != 1 || rank < "1" || rank > "5" {
			wrong = fault.Field("wishes", "Choose a number from 1 to %d.", wishesMost)
		}
		if _, twice := wished[rank]; twice {
			wrong = fault.Field("wishes", "You have two wishes with the number %s. Give each its own.", rank)
		}
		wished[rank] = o.ID
	}
	if wrong != nil {
		return s.renderMyFlex(w, r, a, a.Person, wrong)
	}
	var list []timetable.OfferID
	for n := range wishesMost {
		if o, ok := wished[string(rune('1'+n))]; ok {
			list = append(list, o)
		}
	}
	if err := s.Store.AskForFlex(ctx, a.District, p.School, a.Person, monday, list); err != nil {
		return err
	}
	return seeOther(w, r, "/me/flex?week="+string(monday), "said")
}

// swapFlex takes a free seat in another session of a block that has not begun.
func (s *Server) swapFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	p, err := s.Store.Person(ctx, d, a.Person)
	if err != nil {
		return err
	}
	offer, slot := timetable.ParseSession(r.PostForm.Get("session"))
	monday := timetable.Monday(slot.Date().Time())
	b, err := s.book(ctx, d, p.School, monday)
	if err != nil {
		return err
	}
	o, ok := b.offers[offer]
	at := b.slot(slot)
	places, err := s.Store.FlexPlacesOf(ctx, d, []roster.PersonID{a.Person}, slot.Date(), roster.Date(slot.Date().Time().AddDate(0, 0, 1).Format(time.DateOnly)))
	if err != nil {
		return err
	}
	required, err := s.Store.FlexRequired(ctx, d, p.School, monday)
	if err != nil {
		return err
	}
	var wrong error
	switch {
	case !ok || !openTo(o, p):
		wrong = fault.Field("session", "You cannot come to this session without being asked.")
	case at.Start == "" || !s.toCome(at):
		wrong = fault.Field("session", "This block has begun.")
	}
	for _, x := range places {
		if x.Slot == slot && slices.ContainsFunc(required, func(q timetable.Requirement) bool { return q.Student == a.Person && q.Offer == x.Offer }) {
			wrong = fault.Field("session", "Your teacher asked you to be in %s.", b.offerTitle(x.Offer))
		}
	}
	if wrong == nil {
		v := b.session(o, slot)
		wrong = s.Store.TakeFlexPlace(ctx, d, p.School, timetable.Place{Student: a.Person, Slot: slot, Offer: offer, How: timetable.Swapped}, v.Taken+v.Free)
	}
	if k := fault.KindOf(wrong); wrong != nil && (k == fault.Invalid || k == fault.Conflict || k == fault.NotFound) {
		return s.renderMyFlex(w, r, a, a.Person, fault.Field("session", "%s", fault.Sentence(wrong)))
	} else if wrong != nil {
		return wrong
	}
	return seeOther(w, r, "/me/flex?week="+string(monday), "said")
}

// flexCalendar gives a student their coming sessions for a calendar program (RFC 5545).
func (s *Server) flexCalendar(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	p, err := s.Store.Person(ctx, d, a.Person)
	if err != nil {
		return err
	}
	cal := ics.NewCalendarFor("Waymark")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName("Waymark: flex time")
	first := timetable.Monday(timetable.Clock(s.Now()))
	for n := range 4 {
		monday := timetable.WeeksAfter(first, n)
		b, err := s.book(ctx, d, p.School, monday)
		if err != nil {
			return err
		}
		places, err := s.Store.FlexPlacesOf(ctx, d, []roster.PersonID{a.Person}, monday, timetable.WeeksAfter(monday, 1))
		if err != nil {
			return err
		}
		for _, x := range places {
			if o, ok := b.offers[x.Offer]; ok {
				addFlexEvent(cal, b.session(o, x.Slot), s.Now())
			}
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="flex.ics"`)
	h.Set("Cache-Control", "private, no-store")
	return cal.SerializeTo(w, ics.WithNewLineWindows)
}

// addFlexEvent adds a session, without anybody's name but the adult's.
func addFlexEvent(cal *ics.Calendar, v sessionView, now time.Time) {
	if v.When.Start == "" {
		return // the block is not in the calendar any more
	}
	e := cal.AddEvent(timetable.SessionID(v.Offer.ID, v.Slot) + "@waymark")
	e.SetDtStampTime(now)
	const clock = "20060102T150405"
	e.SetProperty(ics.ComponentPropertyDtStart, v.When.Begins().Format(clock))
	e.SetProperty(ics.ComponentPropertyDtEnd, v.When.Ends().Format(clock))
	e.SetSummary(v.Title)
	if v.RoomName != "" {
		e.SetLocation(v.RoomName)
	}
	e.SetDescription("With " + v.LeadName)
}
