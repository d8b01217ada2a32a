package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// flexTeach is an adult's own flex time: what they lead, what they offer, who asked.
type flexTeach struct {
	Schools  []roster.Org
	School   roster.Org
	Base     string
	Monday   roster.Date
	Before   string
	Next     string
	Lead     []sessionView // published, this week
	Offers   []sessionView // own offers
	Slots    []slotChoice
	Rooms    []timetable.Room
	Purposes []flex.Purpose
	Subjects []competencyChoice
	Form     offerForm
	Come     []roster.Person // who is asked to come at once
	Waiting  []askedView     // requests, without an answer, of students that the reader mentors
	Answered []askedView     // and those with one
	Approve  bool            // a wish counts once the mentor has said yes
	Board    bool
	Staff    []roster.Person // for whom who runs flex time may offer
	Days     []boardDay      // on which a block is to come, to be away on
	Away     []awayView      // of the reader
	Me       roster.PersonID
	Errors   formErrors
}

type slotChoice struct {
	timetable.Slot
	Chosen bool
}

type competencyChoice struct {
	Value, Label string
}

// offerForm is what was written into the form of an offer.
type offerForm struct {
	Title, Purpose, Seats, Least, Door, Room, Materials, Grades, Equipment string
	Competencies, Supports, Students                                       []string
	Possible                                                               bool
	Leader                                                                 roster.PersonID
}

func offerFormOf(f url.Values) offerForm {
	return offerForm{f.Get("title"), f.Get("purpose"), f.Get("seats"), f.Get("least"), f.Get("door"), f.Get("room"), f.Get("materials"), f.Get("grades"), f.Get("equipment"),
		f["competency"], f["support"], f["student"], f.Get("possible") != "", roster.PersonID(f.Get("leader"))}
}

// IsAbout reports whether a session is to be about a competency.
func (f offerForm) IsAbout(c string) bool { return slices.Contains(f.Competencies, c) }

var newOffer = offerForm{Seats: "12", Door: "open"}

// competenciesMost is how many competencies a session can be about, studentsMost how many can be
// asked to come while it is offered.
const (
	competenciesMost = 12
	comeMost         = 60
)

// slotsOf are the blocks that a form names.
func slotsOf(f url.Values) (slots []timetable.SlotID) {
	for _, x := range f["slot"][:min(len(f["slot"]), slotsMost)] {
		if !slices.Contains(slots, timetable.SlotID(x)) {
			slots = append(slots, timetable.SlotID(x))
		}
	}
	return slots
}

// Gives are the supports that a session can give, and which of them are chosen.
func (f offerForm) Gives() (all []supportView) {
	for _, k := range profile.Supports {
		if k.Place() {
			all = append(all, supportView{k, slices.Contains(f.Supports, k.Code)})
		}
	}
	return all
}

// knownSupports keeps the codes that a place can give.
func knownSupports(codes []string) (known []string) {
	for _, k := range profile.Supports {
		if k.Place() && slices.Contains(codes, k.Code) {
			known = append(known, k.Code)
		}
	}
	return known
}

type askedView struct {
	timetable.Request
	Name, Title, Action string
}

// waitingMost is how many wishes without an answer are shown unasked.
const waitingMost = 10

func (v flexTeach) First() []askedView { return v.Waiting[:min(len(v.Waiting), waitingMost)] }
func (v flexTeach) Rest() []askedView  { return v.Waiting[min(len(v.Waiting), waitingMost):] }

func (s *Server) showFlexTeach(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	form := offerFormOf(r.URL.Query())
	form.Seats, form.Door = cmp.Or(form.Seats, newOffer.Seats), cmp.Or(form.Door, newOffer.Door)
	return s.renderFlexTeach(w, r, a, form, slotsOf(r.URL.Query()), nil)
}

// flexSchools are the schools at which somebody works.
func (s *Server) flexSchools(r *http.Request, a guard.Actor) ([]roster.Org, error) {
	return s.Store.SchoolsOf(r.Context(), a.District, a.Person, "teacher", "aide", "counselor", "principal", "siteAdministrator")
}

func (s *Server) renderFlexTeach(w http.ResponseWriter, r *http.Request, a guard.Actor, form offerForm, chosen []timetable.SlotID, wrong error) error {
	ctx, d := r.Context(), a.District
	v := flexTeach{Monday: s.monday(r, "week"), Purposes: flex.Purposes, Form: form, Me: a.Person}
	v.Before, v.Next = string(timetable.WeeksAfter(v.Monday, -1)), string(timetable.WeeksAfter(v.Monday, 1))
	var err error
	if v.Schools, err = s.flexSchools(r, a); err != nil {
		return err
	}
	if len(v.Schools) == 0 {
		return s.render(w, r, a, http.StatusOK, "flexteach", v)
	}
	v.School = v.Schools[0]
	for _, x := range v.Schools {
		if string(x.ID) == asked(r, "school") || x.ID == schoolID(r) {
			v.School = x
		}
	}
	v.Base = flexHref(v.School.ID)
	rel, err := s.Store.ToSchool(ctx, a, v.School.ID)
	if err != nil {
		return err
	}
	if _, v.Board = guard.Allowed(guard.RunFlex, rel); v.Board {
		if v.Staff, err = s.Store.StaffOf(ctx, d, v.School.ID); err != nil {
			return err
		}
	}
	b, err := s.book(ctx, d, v.School.ID, v.Monday)
	if err != nil {
		return err
	}
	// Who names no week and prepares an offer wants one in which there is still a block.
	if asked(r, "week") == "" && form.Title != "" && !slices.ContainsFunc(b.slots, s.toCome) {
		v.Monday = timetable.WeeksAfter(v.Monday, 1)
		v.Before, v.Next = string(timetable.WeeksAfter(v.Monday, -1)), string(timetable.WeeksAfter(v.Monday, 1))
		if b, err = s.book(ctx, d, v.School.ID, v.Monday); err != nil {
			return err
		}
	}
	v.Rooms = b.rooms
	for _, slot := range b.slots {
		if s.toCome(slot) {
			v.Slots = append(v.Slots, slotChoice{slot, slices.Contains(chosen, slot.ID())})
		}
		for _, o := range b.offers {
			x := b.session(o, slot.ID())
			if h, ok := b.held[timetable.SessionID(o.ID, slot.ID())]; ok && h.Leader == a.Person {
				v.Lead = append(v.Lead, x)
			} else if !ok && o.Leader == a.Person && o.Ended.IsZero() && slices.Contains(o.Slots, slot.ID()) {
				v.Offers = append(v.Offers, x)
			}
		}
	}
	for _, day := range b.days() {
		if slices.ContainsFunc(day.Slots, func(slot boardSlot) bool { return s.toCome(slot.Slot) }) {
			v.Days = append(v.Days, day)
		}
	}
	away, err := s.awayIn(ctx, d, v.School.ID, v.Monday)
	if err != nil {
		return err
	}
	v.Away = slices.DeleteFunc(away, func(x awayView) bool { return x.Person != string(a.Person) })
	cat, err := s.Store.Catalogue(ctx, d)
	if err != nil {
		return err
	}
	classes, err := s.Store.Classes(ctx, d, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return err
	}
	if v.Come, err = s.mayCome(r, a, form.Students); err != nil {
		return err
	}
	seen := map[competency.ID]bool{}
	for _, id := range form.Competencies { // such as are needed, but nobody's class works on
		if c := cat.Competencies[competency.ID(id)]; c.ID != "" && !seen[c.ID] {
			seen[c.ID] = true
			v.Subjects = append(v.Subjects, competencyChoice{id, c.InShort()})
		}
	}
	for _, c := range classes {
		work, err := s.classWork(ctx, d, c)
		if err != nil {
			return err
		}
		for _, id := range work.offered(s.Now(), gridMost) {
			if x := cat.Competencies[id]; !seen[id] {
				seen[id] = true
				v.Subjects = append(v.Subjects, competencyChoice{string(id), x.InShort()})
			}
		}
	}
	wishes, err := s.mentees(r, a, v.School.ID, b)
	if err != nil {
		return err
	}
	v.Approve = b.calendar.Approve
	for _, q := range wishes {
		if q.Answer == "" {
			v.Waiting = append(v.Waiting, q)
		} else {
			v.Answered = append(v.Answered, q)
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "flexteach", v)
}

// mayCome returns those of some students whom the reader teaches or leads: others cannot be asked
// to come from a form.
func (s *Server) mayCome(r *http.Request, a guard.Actor, students []string) ([]roster.Person, error) {
	var ids []roster.PersonID
	for _, id := range students[:min(len(students), comeMost)] {
		rel, err := s.Store.ToStudent(r.Context(), a, roster.PersonID(id))
		if err != nil {
			return nil, err
		}
		if _, ok := guard.Allowed(guard.ReadRecord, rel); ok {
			ids = append(ids, roster.PersonID(id))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Store.PeopleByID(r.Context(), a.District, ids)
}

// mentees are the requests for weeks in which there is still something to plan, of students whose mentor
// the reader is.
func (s *Server) mentees(r *http.Request, a guard.Actor, school roster.OrgID, b *book) (views []askedView, err error) {
	ctx, d := r.Context(), a.District
	classes, err := s.Store.Classes(ctx, d, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return nil, err
	}
	var students []roster.PersonID
	for _, c := range classes {
		people, err := s.Store.People(ctx, d, c.ID, roster.Student)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			if !slices.Contains(students, p.ID) {
				students = append(students, p.ID)
			}
		}
	}
	if len(students) == 0 {
		return nil, nil
	}
	mentors, err := s.Store.Mentors(ctx, d, students)
	if err != nil {
		return nil, err
	}
	students = slices.DeleteFunc(students, func(p roster.PersonID) bool { return mentors[p] != a.Person })
	if len(students) == 0 {
		return nil, nil
	}
	requests, err := s.Store.FlexRequestsOf(ctx, d, students, timetable.Monday(timetable.Clock(s.Now())))
	if err != nil {
		return nil, err
	}
	calendar, err := s.Store.FlexCalendar(ctx, d, school)
	if err != nil {
		return nil, err
	}
	names, planned := s.namesOf(ctx, d), map[roster.Date]bool{}
	for _, q := range requests {
		if _, known := planned[q.Week]; !known {
			week, err := s.Store.FlexWeek(ctx, d, school, q.Week)
			if err != nil {
				return nil, err
			}
			slots := calendar.Week(q.Week)
			left := slices.ContainsFunc(slots, s.toCome)
			planned[q.Week] = week.Published != nil && len(slots) > 0 && !left
		}
		if planned[q.Week] {
			continue // an answer would change nothing
		}
		x := askedView{Request: q, Action: recordHref(q.Student) + "/flex/requests/" + urlPath(string(q.ID))}
		if b != nil {
			x.Title = b.offerTitle(q.Offer)
		}
		if x.Name, err = names(q.Student); err != nil {
			return nil, err
		}
		views = append(views, x)
	}
	return views, nil
}

// addOffer keeps what an adult offers. Who runs flex time may offer for somebody else.
func (s *Server) addOffer(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, school, f := r.Context(), schoolID(r), r.PostForm
	form := offerFormOf(f)
	o := timetable.Offer{School: school, Title: form.Title, Purpose: flex.Purpose(form.Purpose), Door: flex.Door(form.Door), Leader: a.Person, Room: form.Room, Materials: strings.TrimSpace(form.Materials),
		Grades: commas(form.Grades), Equipment: commas(form.Equipment), Supports: knownSupports(form.Supports), Possible: form.Possible, Author: a.Person}
	o.Seats, _ = strconv.Atoi(form.Seats)
	o.Least, _ = strconv.Atoi(form.Least)
	if o.Door != flex.Asked {
		o.Door = flex.Open
	}
	o.Slots = slotsOf(f)
	c, err := s.Store.FlexCalendar(ctx, a.District, school)
	if err != nil {
		return err
	}
	// What repeats is offered in the same blocks of the weeks to come.
	weeks, _ := strconv.Atoi(f.Get("weeks"))
	chosen := slices.Clone(o.Slots)
	for n := 1; n < min(max(weeks, 1), 20); n++ {
		for _, x := range chosen {
			first := x.Date().Time()
			_, period, _ := strings.Cut(string(x), "/")
			day := roster.Date(first.AddDate(0, 0, 7*n).Format(time.DateOnly))
			for _, slot := range c.Week(timetable.Monday(first.AddDate(0, 0, 7*n))) {
				if slot.Date == day && slot.Period.ID == period {
					o.Slots = append(o.Slots, slot.ID())
				}
			}
		}
	}
	var wrong error
	if form.Leader != "" && form.Leader != a.Person {
		if err := s.door.School(ctx, a, guard.RunFlex, school); err != nil {
			return err
		}
		staff, err := s.Store.StaffOf(ctx, a.District, school)
		if err != nil {
			return err
		}
		if o.Leader = form.Leader; !slices.ContainsFunc(staff, func(p roster.Person) bool { return p.ID == o.Leader }) {
			wrong = fault.Field("leader", "Choose who leads it from the list.")
		}
	}
	for _, x := range chosen {
		if !slices.ContainsFunc(c.Week(timetable.Monday(x.Date().Time())), func(slot timetable.Slot) bool { return slot.ID() == x }) {
			wrong = fault.Field("slots", "There is no such block. Choose among those shown.")
		}
		if slices.ContainsFunc(c.Week(timetable.Monday(x.Date().Time())), func(slot timetable.Slot) bool {
			return slot.ID() == x && !s.toCome(slot)
		}) {
			wrong = fault.Field("slots", "A block that you chose has begun. Choose one that is to come.")
		}
	}
	cat, err := s.Store.Catalogue(ctx, a.District)
	if err != nil {
		return err
	}
	for _, x := range form.Competencies {
		id := competency.ID(x)
		if _, ok := cat.Competencies[id]; !ok {
			wrong = fault.Field("competency", "Choose competencies from the list.")
		}
		if !slices.Contains(o.Competencies, id) {
			o.Competencies = append(o.Competencies, id)
		}
	}
	if len(o.Competencies) > competenciesMost {
		wrong = fault.Field("competency", "A session is about %d things at most.", competenciesMost)
	}
	come, err := s.mayCome(r, a, form.Students)
	if err != nil {
		return err
	}
	if wrong == nil {
		o.ID, wrong = s.Store.AddFlexOffer(ctx, a.District, o)
	}
	if wrong == nil && len(come) > 0 {
		wrong = s.Store.RequireFlex(ctx, a.District, school, timetable.Monday(o.Slots[0].Date().Time()), o.ID, idsOf(come), "You work on “"+clipText(o.Title, 120)+"” together.", a.Person)
	}
	if wrong != nil && fault.KindOf(wrong) == fault.Invalid {
		return s.renderFlexTeach(w, r, a, form, chosen, wrong)
	} else if wrong != nil {
		return wrong
	}
	if f.Get("back") == "needs" {
		return seeOther(w, r, flexHref(school)+"/needs?week="+string(s.monday(r, "week")), "said")
	}
	return seeOther(w, r, "/teach/flex?school="+url.QueryEscape(string(school))+"&week="+string(s.monday(r, "week")), "said")
}

// slotsMost is how many blocks of a week can be offered at once.
const slotsMost = 40

// endOffer takes an offer back: its own leader does, or who runs flex time.
func (s *Server) endOffer(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, school := r.Context(), schoolID(r)
	o, err := s.Store.FlexOffer(ctx, a.District, school, timetable.OfferID(r.PathValue("offer")))
	if err != nil {
		return err
	}
	if o.Leader != a.Person {
		if err := s.door.School(ctx, a, guard.RunFlex, school); err != nil {
			return err
		}
	}
	if err := s.Store.EndFlexOffer(ctx, a.District, school, o.ID); err != nil {
		return err
	}
	return seeOther(w, r, "/teach/flex?school="+url.QueryEscape(string(school))+"&week="+string(s.monday(r, "week")), "said")
}

// approveAll says yes to all that the reader's mentees wish for and that nobody has answered.
func (s *Server) approveAll(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	schools, err := s.flexSchools(r, a)
	if err != nil {
		return err
	}
	var open []askedView
	for _, school := range schools {
		here, err := s.mentees(r, a, school.ID, nil)
		if err != nil {
			return err
		}
		open = append(open, here...)
	}
	for _, q := range open {
		if q.Answer != "" {
			continue
		}
		if err := s.door.Student(r.Context(), a, guard.AnswerIdea, q.Student); err != nil {
			return err
		}
		if err := s.Store.AnswerFlex(r.Context(), a.District, q.Student, q.ID, "yes", "", a.Person); err != nil {
			return err
		}
	}
	return seeOther(w, r, "/teach/flex", "said")
}

// answerFlex is a mentor's yes or no to a request.
func (s *Server) answerFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	answer, why := r.PostForm.Get("answer"), strings.TrimSpace(r.PostForm.Get("why"))
	switch {
	case answer != "yes" && answer != "no":
		return fault.Field("answer", "Say yes or no.")
	case answer == "no" && why == "":
		return fault.Field("why", "Say why not. The student reads it.")
	case utf8.RuneCountInString(why) > maxReason:
		return fault.Field("why", "Please use at most %d characters.", maxReason)
	}
	if err := s.Store.AnswerFlex(r.Context(), a.District, studentID(r), timetable.RequestID(r.PathValue("request")), answer, why, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, "/teach/flex", "said")
}
