package web

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// How long a week is solved, and how long what changed in a published one.
const (
	solveFor   = 15 * time.Second
	resolveFor = 2 * time.Second
	lookBack   = 56 // days whose requests count for fairness
)

func flexHref(school roster.OrgID) string { return "/schools/" + urlPath(string(school)) + "/flex" }

// monday reads the week of a request; the next one with school where there is none.
func (s *Server) monday(r *http.Request, field string) roster.Date {
	now := timetable.Clock(s.Now())
	if d := roster.Date(r.FormValue(field)).Time(); !d.IsZero() && d.After(now.AddDate(-2, 0, 0)) && d.Before(now.AddDate(2, 0, 0)) {
		return timetable.Monday(d)
	}
	if now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		now = now.AddDate(0, 0, 2)
	}
	return timetable.Monday(now)
}

func weekAfter(monday roster.Date, weeks int) roster.Date {
	return roster.Date(monday.Time().AddDate(0, 0, 7*weeks).Format(time.DateOnly))
}

// flexWeek gathers all that is known of a school's week.
func (s *Server) flexWeek(ctx context.Context, d roster.DistrictID, school roster.OrgID, monday roster.Date) (w timetable.Week, err error) {
	w.Monday, w.NotBefore = monday, timetable.Clock(s.Now())
	next := weekAfter(monday, 1)
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
	talkOverdue = 56 * 24 * time.Hour // a talk with the mentor is needed fully by then
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
	ids := make([]roster.PersonID, len(people))
	out := make([]timetable.Student, len(people))
	needs := make([]map[string]float64, len(people))
	at := map[roster.PersonID]int{}
	for i, p := range people {
		ids[i], at[p.ID], needs[i] = p.ID, i, map[string]float64{}
		out[i] = timetable.Student{ID: p.ID, Grade: p.Grade, Asked: asked[p.ID][0], Granted: asked[p.ID][1]}
	}
	for chunk := range slices.Chunk(ids, 1000) {
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
			if err := s.talkNeeds(ctx, d, chunk, holds, func(p roster.PersonID, with roster.PersonID, n float64) {
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

// talkNeeds says whose mentor holds conferences, and how much a talk is due.
func (s *Server) talkNeeds(ctx context.Context, d roster.DistrictID, students []roster.PersonID, holds map[roster.PersonID]bool, need func(student, with roster.PersonID, n float64)) error {
	mentors, err := s.Store.Mentors(ctx, d, students)
	if err != nil {
		return err
	}
	held, err := s.Store.Conferences(ctx, d, students)
	if err != nil {
		return err
	}
	last := map[roster.PersonID]time.Time{}
	for _, c := range held {
		if c.Kind == conference.Talk && c.At.After(last[c.Student]) {
			last[c.Student] = c.At
		}
	}
	for student, mentor := range mentors {
		if holds[mentor] {
			if n := min(1, float64(s.Now().Sub(last[student]))/float64(talkOverdue)); n > .1 {
				need(student, mentor, n)
			}
		}
	}
	return nil
}

// flexBoard is a school's flex time in one week.
type flexBoard struct {
	School       roster.Org
	Base         string
	Monday       roster.Date
	Before, Next string
	May          bool // set up, solve and publish
	Offer        bool // offer sessions
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

// sessionView is one session, as it is held or offered.
type sessionView struct {
	timetable.Offer
	ID       string // of the session
	Slot     timetable.SlotID
	When     timetable.Slot
	LeadName string
	RoomName string
	Held     bool
	Taken    int
	Free     int
	Href     string
	Instead  bool // somebody else leads it than offered it
}

// setUpView is the set-up of flex time, as text to edit.
type setUpView struct{ Cycle, By, From, Off, Periods, Rooms string }

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
	Parts      flex.Parts
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
	v.Before, v.Next = string(weekAfter(v.Monday, -1)), string(weekAfter(v.Monday, 1))
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
		if err := s.boardAway(ctx, a, school, &v); err != nil {
			return err
		}
		if err := s.boardSolutions(ctx, a, school, students, requests, b, &v); err != nil {
			return err
		}
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "flexboard", v)
}

func (s *Server) boardAway(ctx context.Context, a guard.Actor, school roster.OrgID, v *flexBoard) error {
	away, err := s.Store.FlexAway(ctx, a.District, school, v.Monday)
	if err != nil {
		return err
	}
	names := s.namesOf(ctx, a.District)
	for _, x := range away {
		day := string(x.Slot.Date())
		if n := len(v.Away); n > 0 && v.Away[n-1].Person == string(x.Person) && v.Away[n-1].Day == day {
			v.Away[n-1].Slots++
			continue
		}
		name, err := names(x.Person)
		if err != nil {
			return err
		}
		v.Away = append(v.Away, awayView{name, string(x.Person), day, 1})
	}
	return nil
}

func (s *Server) boardSolutions(ctx context.Context, a guard.Actor, school roster.OrgID, students []roster.Person, requests []timetable.Request, b *book, v *flexBoard) error {
	week, err := s.Store.FlexWeek(ctx, a.District, school, v.Monday)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, p := range students {
		names[string(p.ID)] = p.Name()
	}
	tell := func(sol *flex.Solution, at time.Time, by roster.PersonID) (*draftView, error) {
		if sol == nil {
			return nil, nil
		}
		x := &draftView{Solution: *sol, At: at, Stamp: strconv.FormatInt(at.UnixMicro(), 10), Parts: sol.Parts, Granted: granted(sol, requests)}
		var err error
		if x.Who, err = s.namesOf(ctx, a.District)(by); err != nil {
			return nil, err
		}
		for _, c := range sol.Closed {
			x.Closed = append(x.Closed, line{What: b.title(c.ID), Because: b.words(c.Because)})
		}
		for _, id := range sol.Opened {
			x.Opened = append(x.Opened, line{What: b.title(id), Because: "Enough students need it or asked for it."})
		}
		for _, u := range sol.Unmet {
			x.Unmet = append(x.Unmet, line{names[u.Student], b.title(u.Sessions[0]), b.words(u.Because)})
		}
		for _, u := range sol.Refused {
			x.Refused = append(x.Refused, line{names[u.Student], b.offerTitle(timetable.OfferID(u.Offer)), b.words(u.Because)})
		}
		for _, u := range sol.Unassigned {
			x.Unassigned = append(x.Unassigned, line{names[u.Student], b.slotWords(timetable.SlotID(u.Block)), b.words(u.Because)})
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

// book is what pages know of a week's sessions.
type book struct {
	calendar timetable.Calendar
	rooms    []timetable.Room
	offers   map[timetable.OfferID]timetable.Offer
	slots    []timetable.Slot
	held     map[string]timetable.Held // by session
	places   map[string]int            // how many are in a session
	leaders  map[roster.PersonID]string
}

// book reads a week's sessions, with offers that have ended but are held.
func (s *Server) book(ctx context.Context, d roster.DistrictID, school roster.OrgID, monday roster.Date) (*book, error) {
	b := &book{offers: map[timetable.OfferID]timetable.Offer{}, held: map[string]timetable.Held{}, leaders: map[roster.PersonID]string{}}
	var err error
	if b.calendar, err = s.Store.FlexCalendar(ctx, d, school); err != nil {
		return nil, err
	}
	b.slots = b.calendar.Week(monday)
	if b.rooms, err = s.Store.FlexRooms(ctx, d, school); err != nil {
		return nil, err
	}
	offers, err := s.Store.FlexOffers(ctx, d, school)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		b.offers[o.ID] = o
	}
	next := weekAfter(monday, 1)
	held, err := s.Store.FlexHeld(ctx, d, school, monday, next)
	if err != nil {
		return nil, err
	}
	staff, err := s.Store.StaffOf(ctx, d, school)
	if err != nil {
		return nil, err
	}
	known := map[roster.PersonID]string{}
	for _, p := range staff {
		known[p.ID] = p.Name()
	}
	others := s.namesOf(ctx, d)
	names := func(id roster.PersonID) (string, error) {
		if name, ok := known[id]; ok {
			return name, nil
		}
		return others(id)
	}
	for _, h := range held {
		b.held[timetable.SessionID(h.Offer, h.Slot)] = h
		if _, ok := b.offers[h.Offer]; !ok {
			if b.offers[h.Offer], err = s.Store.FlexOffer(ctx, d, school, h.Offer); err != nil {
				return nil, err
			}
		}
		if b.leaders[h.Leader], err = names(h.Leader); err != nil {
			return nil, err
		}
	}
	for _, o := range b.offers {
		if b.leaders[o.Leader], err = names(o.Leader); err != nil {
			return nil, err
		}
	}
	b.places, err = s.Store.FlexTaken(ctx, d, school, monday, next)
	return b, err
}

func (b *book) room(id string) (timetable.Room, bool) {
	i := slices.IndexFunc(b.rooms, func(r timetable.Room) bool { return r.ID == id })
	if i < 0 {
		return timetable.Room{}, false
	}
	return b.rooms[i], true
}

func (b *book) slot(id timetable.SlotID) timetable.Slot {
	for _, x := range b.slots {
		if x.ID() == id {
			return x
		}
	}
	return timetable.Slot{Date: id.Date()}
}

// session is an offer in a slot, as it is held where it is.
func (b *book) session(o timetable.Offer, slot timetable.SlotID) sessionView {
	id := timetable.SessionID(o.ID, slot)
	h, held := b.held[id]
	v := sessionView{Offer: o, Slot: slot, When: b.slot(slot), Held: held, Taken: b.places[id], LeadName: b.leaders[o.Leader],
		ID: id, Href: sessionHref(o.School, o.ID, slot)}
	seats := o.Seats
	room := o.Room
	if held {
		room, v.LeadName, v.Instead = h.Room, b.leaders[h.Leader], h.Leader != o.Leader
	}
	if r, ok := b.room(room); ok {
		v.RoomName, seats = r.Name, min(seats, r.Seats)
	}
	v.Free = max(0, seats-v.Taken)
	return v
}

// days are the week's slots with what is held in them, or offered where nothing is held yet.
func (b *book) days() (days []boardDay) {
	for _, slot := range b.slots {
		x := boardSlot{Slot: slot}
		published := slices.ContainsFunc(slices.Collect(maps.Values(b.held)), func(h timetable.Held) bool { return h.Slot == slot.ID() })
		for _, o := range b.offers {
			v := b.session(o, slot.ID())
			if v.Held || !published && o.Ended.IsZero() && slices.Contains(o.Slots, slot.ID()) {
				x.Sessions = append(x.Sessions, v)
				x.Placed += v.Taken
			}
		}
		slices.SortFunc(x.Sessions, func(p, q sessionView) int {
			return cmp.Or(cmp.Compare(p.Title, q.Title), cmp.Compare(p.Offer.ID, q.Offer.ID))
		})
		if n := len(days); n == 0 || days[n-1].Day != slot.Date.Time() {
			days = append(days, boardDay{Day: slot.Date.Time(), Called: slot.Called})
		}
		last := &days[len(days)-1]
		last.Slots = append(last.Slots, x)
	}
	return days
}

func (b *book) offerTitle(id timetable.OfferID) string {
	if o, ok := b.offers[id]; ok {
		return o.Title
	}
	return "a session that is not offered any more"
}

func (b *book) slotWords(id timetable.SlotID) string {
	x := b.slot(id)
	return x.Begins().Format("Monday") + " " + cmp.Or(x.Start, string(id))
}

func (b *book) title(session string) string {
	o, slot := timetable.ParseSession(session)
	return b.offerTitle(o) + ", " + b.slotWords(slot)
}

var sessionInWords = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}@[0-9]{4}-[0-9]{2}-[0-9]{2}/[a-z0-9-]+`)

// words are a because with sessions by their names.
func (b *book) words(because string) string {
	return sessionInWords.ReplaceAllStringFunc(because, func(id string) string { return "“" + b.title(id) + "”" })
}

func setUp(c timetable.Calendar, rooms []timetable.Room) (v setUpView) {
	v.Cycle, v.By, v.From = strings.Join(c.Cycle, ", "), string(c.By), string(c.From)
	var off, periods, list []string
	for _, d := range c.Off {
		off = append(off, string(d))
	}
	for _, p := range c.Periods {
		periods = append(periods, strings.Join([]string{p.Name, p.Day, p.Start, p.End}, ", "))
	}
	for _, r := range rooms {
		list = append(list, strings.Join(append([]string{r.Name, strconv.Itoa(r.Seats)}, r.Tags...), ", "))
	}
	v.Off, v.Periods, v.Rooms = strings.Join(off, ", "), strings.Join(periods, "\n"), strings.Join(list, "\n")
	return v
}

// slug makes an id of a name.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

func commas(text string) (out []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func lines(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// read makes calendar and rooms of what was written. Blocks and rooms that have only been
// renamed keep their ids, and with them what is offered and published there.
func (v setUpView) read(was timetable.Calendar, had []timetable.Room) (c timetable.Calendar, rooms []timetable.Room, err error) {
	c.Cycle, c.By, c.From = commas(v.Cycle), timetable.Turn(v.By), roster.Date(v.From)
	for _, d := range commas(v.Off) {
		if roster.Date(d).Time().IsZero() {
			return c, nil, fault.Field("off", "%q is no day. Write days as 2026-11-26, with commas between.", d)
		}
		c.Off = append(c.Off, roster.Date(d))
	}
	for i, l := range lines(v.Periods) {
		parts := strings.Split(l, ",")
		if len(parts) != 4 {
			return c, nil, fault.Field("periods", "Line %d: write name, day, beginning and end, as: Flex, Monday, 10:20, 11:00. Leave the day empty for every school day: Flex, , 10:20, 11:00.", i+1)
		}
		for k := range parts {
			parts[k] = strings.TrimSpace(parts[k])
		}
		for _, k := range []int{2, 3} {
			if t, err := time.Parse("15:04", parts[k]); err == nil {
				parts[k] = t.Format("15:04")
			}
		}
		p := timetable.Period{ID: cmp.Or(slug(parts[0]+" "+parts[1]), fmt.Sprintf("block-%d", i+1)), Name: parts[0], Day: parts[1], Start: parts[2], End: parts[3]}
		for _, same := range []func(o timetable.Period) bool{
			func(o timetable.Period) bool { return o.Name == p.Name && o.Day == p.Day },
			func(o timetable.Period) bool { return o.Day == p.Day && o.Start == p.Start && o.End == p.End },
		} {
			if k := slices.IndexFunc(was.Periods, same); k >= 0 {
				p.ID = was.Periods[k].ID
				break
			}
		}
		c.Periods = append(c.Periods, p)
	}
	seen := map[string]bool{}
	for i, l := range lines(v.Rooms) {
		parts := commas(l)
		seats := -1
		if len(parts) >= 2 {
			if n, err := strconv.Atoi(parts[1]); err == nil {
				seats = n
			}
		}
		if seats < 0 || seats > 5000 {
			return c, nil, fault.Field("rooms", "Line %d: write name and seats, then what it has, as: Room 12, 30, lab, step-free.", i+1)
		}
		id := cmp.Or(slug(parts[0]), fmt.Sprintf("room-%d", i+1))
		if k := slices.IndexFunc(had, func(r timetable.Room) bool { return r.Name == parts[0] }); k >= 0 {
			id = had[k].ID
		} else if len(had) == len(lines(v.Rooms)) && !slices.ContainsFunc(lines(v.Rooms), func(l string) bool { return commas(l) != nil && commas(l)[0] == had[i].Name }) {
			id = had[i].ID // in its place, with another name
		}
		if seen[id] {
			return c, nil, fault.Field("rooms", "Line %d: %q is there twice.", i+1, parts[0])
		}
		seen[id] = true
		rooms = append(rooms, timetable.Room{ID: id, Name: parts[0], Seats: seats, Tags: parts[2:]})
	}
	return c, rooms, c.Check()
}

// setUpFlex keeps the calendar and the rooms of a school.
func (s *Server) setUpFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	f := r.PostForm
	set := setUpView{f.Get("cycle"), f.Get("by"), f.Get("from"), f.Get("off"), f.Get("periods"), f.Get("rooms")}
	was, err := s.Store.FlexCalendar(r.Context(), a.District, schoolID(r))
	if err != nil {
		return err
	}
	had, err := s.Store.FlexRooms(r.Context(), a.District, schoolID(r))
	if err != nil {
		return err
	}
	c, rooms, err := set.read(was, had)
	if err != nil {
		return s.renderFlexBoard(w, r, a, &set, err)
	}
	if err := s.Store.SetFlexCalendar(r.Context(), a.District, schoolID(r), c, a.Person); err != nil {
		return err
	}
	if err := s.Store.SetFlexRooms(r.Context(), a.District, schoolID(r), rooms); err != nil {
		return err
	}
	return seeOther(w, r, s.boardOf(r), "said")
}

func (s *Server) boardOf(r *http.Request) string {
	return flexHref(schoolID(r)) + "?week=" + string(s.monday(r, "week"))
}

// solveFlex plans a week; nobody sees it before it is published.
func (s *Server) solveFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
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
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, school, monday := r.Context(), schoolID(r), s.monday(r, "week")
	stamp, _ := strconv.ParseInt(r.PostForm.Get("stamp"), 10, 64)
	c, err := s.Store.FlexCalendar(ctx, a.District, school)
	if err != nil {
		return err
	}
	var open []timetable.SlotID
	for _, slot := range c.Week(monday) {
		if slot.Begins().After(timetable.Clock(s.Now())) {
			open = append(open, slot.ID())
		}
	}
	if err := s.Store.PublishFlex(ctx, a.District, school, monday, time.UnixMicro(stamp).UTC(), open, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, s.boardOf(r), "said")
}

// reportAway says that an adult is away on a day, or is there after all, and plans what is
// left of the week again around it.
func (s *Server) reportAway(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, school := r.Context(), schoolID(r)
	day := roster.Date(r.PostForm.Get("day"))
	staff, err := s.Store.StaffOf(ctx, a.District, school)
	if err != nil {
		return err
	}
	who := roster.PersonID(r.PostForm.Get("person"))
	switch {
	case !slices.ContainsFunc(staff, func(p roster.Person) bool { return p.ID == who }):
		return s.renderFlexBoard(w, r, a, nil, fault.Field("person", "Choose who is away."))
	case day.Time().IsZero():
		return s.renderFlexBoard(w, r, a, nil, fault.Field("day", "Choose a day."))
	}
	monday := timetable.Monday(day.Time())
	c, err := s.Store.FlexCalendar(ctx, a.District, school)
	if err != nil {
		return err
	}
	var slots []timetable.SlotID
	if r.PostForm.Get("do") != "back" {
		for _, slot := range c.Week(monday) {
			if slot.Date == day {
				slots = append(slots, slot.ID())
			}
		}
		if len(slots) == 0 {
			return s.renderFlexBoard(w, r, a, nil, fault.Field("day", "There is no flex block on this day."))
		}
	}
	if err := s.Store.SetFlexAway(ctx, a.District, school, who, day, slots, a.Person); err != nil {
		return err
	}
	if err := s.resolve(r, a, monday); err != nil && fault.KindOf(err) == fault.Invalid {
		return s.renderFlexBoard(w, r, a, nil, err)
	} else if err != nil {
		return err
	}
	return seeOther(w, r, flexHref(school)+"?week="+string(monday)+"#draft", "")
}

// resolve plans a published week again; a week that is not published waits to be planned.
func (s *Server) resolve(r *http.Request, a guard.Actor, monday roster.Date) error {
	week, err := s.Store.FlexWeek(r.Context(), a.District, schoolID(r), monday)
	if err != nil || week.Published == nil {
		return err
	}
	return s.solveWeek(r, a, monday)
}

// substitute lets somebody else lead a session.
func (s *Server) substitute(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
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

// corridorView is what hangs in the corridor: rooms and seats, no names of students.
type corridorView struct {
	School roster.Org
	Slots  []boardSlot // the next ones
	Doors  bool        // with lists of names, to print for the doors
	Lists  []doorList
}

func (v corridorView) BodyClass() string {
	if v.Doors {
		return "print-doors"
	}
	return "corridor"
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
		names := map[roster.PersonID]string{}
		for _, p := range people {
			names[p.ID] = p.Name()
		}
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
