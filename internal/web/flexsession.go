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
	Asked    []askedView // requests of students that the reader mentors
	Board    bool
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
	Title, Purpose, Seats, Least, Door, Room, Materials, Competency, Grades, Equipment string
	Possible                                                                           bool
}

type askedView struct {
	timetable.Request
	Name, Title, Action string
}

func (s *Server) showFlexTeach(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderFlexTeach(w, r, a, offerForm{Seats: "12", Door: "open"}, nil, nil)
}

// flexSchools are the schools at which somebody works.
func (s *Server) flexSchools(r *http.Request, a guard.Actor) ([]roster.Org, error) {
	return s.Store.SchoolsOf(r.Context(), a.District, a.Person, "teacher", "aide", "counselor")
}

func (s *Server) renderFlexTeach(w http.ResponseWriter, r *http.Request, a guard.Actor, form offerForm, chosen []timetable.SlotID, wrong error) error {
	ctx, d := r.Context(), a.District
	v := flexTeach{Monday: s.monday(r, "week"), Purposes: flex.Purposes, Form: form}
	v.Before, v.Next = string(weekAfter(v.Monday, -1)), string(weekAfter(v.Monday, 1))
	var err error
	if v.Schools, err = s.flexSchools(r, a); err != nil {
		return err
	}
	if len(v.Schools) == 0 {
		return s.render(w, r, a, http.StatusOK, "flexteach", v)
	}
	v.School = v.Schools[0]
	for _, x := range v.Schools {
		if string(x.ID) == r.FormValue("school") || x.ID == schoolID(r) {
			v.School = x
		}
	}
	v.Base = flexHref(v.School.ID)
	rel, err := s.Store.ToSchool(ctx, a, v.School.ID)
	if err != nil {
		return err
	}
	_, v.Board = guard.Allowed(guard.RunFlex, rel)
	b, err := s.book(ctx, d, v.School.ID, v.Monday)
	if err != nil {
		return err
	}
	v.Rooms = b.rooms
	for _, slot := range b.slots {
		v.Slots = append(v.Slots, slotChoice{slot, slices.Contains(chosen, slot.ID())})
		for _, o := range b.offers {
			x := b.session(o, slot.ID())
			if h, ok := b.held[timetable.SessionID(o.ID, slot.ID())]; ok && h.Leader == a.Person {
				v.Lead = append(v.Lead, x)
			} else if !ok && o.Leader == a.Person && o.Ended.IsZero() && slices.Contains(o.Slots, slot.ID()) {
				v.Offers = append(v.Offers, x)
			}
		}
	}
	cat, err := s.Store.Catalogue(ctx, d)
	if err != nil {
		return err
	}
	classes, err := s.Store.Classes(ctx, d, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return err
	}
	seen := map[competency.ID]bool{}
	for _, c := range classes {
		work, err := s.classWork(ctx, d, c)
		if err != nil {
			return err
		}
		for _, id := range work.offered(s.Now(), gridMost) {
			if x := cat.Competencies[id]; !seen[id] {
				seen[id] = true
				v.Subjects = append(v.Subjects, competencyChoice{string(id), x.Label()})
			}
		}
	}
	if v.Asked, err = s.mentees(r, a, b); err != nil {
		return err
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "flexteach", v)
}

// mentees are the requests, from this week on, of students whose mentor the reader is.
func (s *Server) mentees(r *http.Request, a guard.Actor, b *book) (views []askedView, err error) {
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
	names := s.namesOf(ctx, d)
	for _, q := range requests {
		x := askedView{Request: q, Title: b.offerTitle(q.Offer), Action: recordHref(q.Student) + "/flex/requests/" + urlPath(string(q.ID))}
		if x.Name, err = names(q.Student); err != nil {
			return nil, err
		}
		views = append(views, x)
	}
	return views, nil
}

// addOffer keeps what an adult offers. Who runs flex time may offer for somebody else.
func (s *Server) addOffer(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, school, f := r.Context(), schoolID(r), r.PostForm
	form := offerForm{f.Get("title"), f.Get("purpose"), f.Get("seats"), f.Get("least"), f.Get("door"), f.Get("room"), f.Get("materials"), f.Get("competency"), f.Get("grades"), f.Get("equipment"), f.Get("possible") != ""}
	o := timetable.Offer{School: school, Title: form.Title, Purpose: flex.Purpose(form.Purpose), Door: flex.Door(form.Door), Leader: a.Person, Room: form.Room, Materials: strings.TrimSpace(form.Materials),
		Grades: commas(form.Grades), Equipment: commas(form.Equipment), Possible: form.Possible, Author: a.Person}
	o.Seats, _ = strconv.Atoi(form.Seats)
	o.Least, _ = strconv.Atoi(form.Least)
	if o.Door != flex.Asked {
		o.Door = flex.Open
	}
	for _, x := range f["slot"][:min(len(f["slot"]), slotsMost)] {
		if slices.Contains(o.Slots, timetable.SlotID(x)) {
			continue
		}
		o.Slots = append(o.Slots, timetable.SlotID(x))
	}
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
	for _, x := range chosen {
		if !slices.ContainsFunc(c.Week(timetable.Monday(x.Date().Time())), func(slot timetable.Slot) bool { return slot.ID() == x }) {
			wrong = fault.Field("slots", "There is no such block. Choose among those shown.")
		}
	}
	if form.Competency != "" {
		cat, err := s.Store.Catalogue(ctx, a.District)
		if err != nil {
			return err
		}
		if _, ok := cat.Competencies[competency.ID(form.Competency)]; !ok {
			wrong = fault.Field("competency", "Choose a competency from the list.")
		}
		o.Competencies = []competency.ID{competency.ID(form.Competency)}
	}
	if wrong == nil {
		_, wrong = s.Store.AddFlexOffer(ctx, a.District, o)
	}
	if wrong != nil && fault.KindOf(wrong) == fault.Invalid {
		return s.renderFlexTeach(w, r, a, form, chosen, wrong)
	} else if wrong != nil {
		return wrong
	}
	return seeOther(w, r, "/teach/flex?school="+url.QueryEscape(string(school))+"&week="+string(s.monday(r, "week")), "said")
}

// slotsMost is how many blocks of a week can be offered at once.
const slotsMost = 40

// endOffer takes an offer back: its own leader does, or who runs flex time.
func (s *Server) endOffer(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
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

// sessionPage is one session: who comes, who came, who may still come, who must.
type sessionPage struct {
	sessionView
	School   roster.Org
	Base     string
	Week     roster.Date
	Students []placeView
	Required []requiredView
	Others   []roster.Person // of the school, to walk in or to be required
	May      bool            // write down who came, ask students to come
	Errors   formErrors
}

type placeView struct {
	timetable.Place
	Name string
}

type requiredView struct {
	timetable.Requirement
	Name string
}

// sessionOf is the session that a request is about.
func sessionOf(r *http.Request) (timetable.OfferID, timetable.SlotID) {
	return timetable.ParseSession(cmp.Or(r.PathValue("session"), r.PostForm.Get("session")))
}

func sessionHref(school roster.OrgID, offer timetable.OfferID, slot timetable.SlotID) string {
	return flexHref(school) + "/sessions/" + urlPath(timetable.SessionID(offer, slot))
}

func (s *Server) showSession(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderSession(w, r, a, nil)
}

func (s *Server) renderSession(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	offer, slot := sessionOf(r)
	o, err := s.Store.FlexOffer(ctx, d, school, offer)
	if err != nil {
		return err
	}
	monday := timetable.Monday(slot.Date().Time())
	b, err := s.book(ctx, d, school, monday)
	if err != nil {
		return err
	}
	v := sessionPage{sessionView: b.session(o, slot), Base: flexHref(school), Week: monday}
	if v.School, err = s.Store.Org(ctx, d, school); err != nil {
		return err
	}
	if v.LeadName == "" {
		if v.LeadName, err = s.namesOf(ctx, d)(o.Leader); err != nil {
			return err
		}
	}
	rel, err := s.Store.ToSchool(ctx, a, school)
	if err != nil {
		return err
	}
	_, v.May = guard.Allowed(guard.OfferFlex, rel)
	places, err := s.Store.FlexSession(ctx, d, school, slot, offer)
	if err != nil {
		return err
	}
	people, err := s.Store.StudentsOf(ctx, d, school)
	if err != nil {
		return err
	}
	names := map[roster.PersonID]string{}
	for _, p := range people {
		names[p.ID] = p.Name()
	}
	in := map[roster.PersonID]bool{}
	for _, p := range places {
		in[p.Student] = true
		v.Students = append(v.Students, placeView{p, names[p.Student]})
	}
	slices.SortFunc(v.Students, func(x, y placeView) int { return strings.Compare(x.Name, y.Name) })
	required, err := s.Store.FlexRequired(ctx, d, school, monday)
	if err != nil {
		return err
	}
	for _, q := range required {
		if q.Offer == offer {
			v.Required = append(v.Required, requiredView{q, names[q.Student]})
		}
	}
	if v.May {
		v.Others = slices.DeleteFunc(people, func(p roster.Person) bool { return in[p.ID] })
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "flexsession", v)
}

// studentNamed finds a student of a school by the name that was chosen or typed.
func (s *Server) studentNamed(r *http.Request, a guard.Actor, field string) (roster.PersonID, error) {
	people, err := s.Store.StudentsOf(r.Context(), a.District, schoolID(r))
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(r.PostForm.Get(field))
	var found []roster.PersonID
	for _, p := range people {
		if string(p.ID) == text || strings.EqualFold(p.Name(), text) || text != "" && strings.EqualFold(p.Name()+" ("+p.Grade+")", text) {
			found = append(found, p.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fault.Field(field, "Choose a student of the school from the list.")
	}
	return "", fault.Field(field, "There are %d students of this name. Choose with the grade, from the list.", len(found))
}

// markAttendance writes down who came: one press marks one student, or all who are not marked.
func (s *Server) markAttendance(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, school, f := r.Context(), schoolID(r), r.PostForm
	offer, slot := sessionOf(r)
	marks := map[roster.PersonID]timetable.Attended{}
	if f.Get("all") != "" {
		places, err := s.Store.FlexSession(ctx, a.District, school, slot, offer)
		if err != nil {
			return err
		}
		for _, p := range places {
			if p.Attended == timetable.Unmarked {
				marks[p.Student] = timetable.Here
			}
		}
	} else {
		mark := timetable.Attended(f.Get("mark"))
		if !slices.Contains([]timetable.Attended{timetable.Here, timetable.Missed, timetable.Unmarked}, mark) {
			return fault.Field("mark", "Choose here or missed.")
		}
		marks[roster.PersonID(f.Get("student"))] = mark
	}
	if err := s.Store.MarkFlex(ctx, a.District, school, slot, offer, marks, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, sessionHref(school, offer, slot), "")
}

// walkIn lets a student in who is at the door, while there is a seat.
func (s *Server) walkIn(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, school := r.Context(), schoolID(r)
	offer, slot := sessionOf(r)
	student, err := s.studentNamed(r, a, "student")
	if err == nil {
		var seats int
		if seats, err = s.seats(r, a, school, slot, offer); err == nil {
			err = s.Store.TakeFlexPlace(ctx, a.District, school, timetable.Place{Student: student, Slot: slot, Offer: offer, How: timetable.WalkedIn, Attended: timetable.Here, MarkedBy: a.Person}, seats)
		}
	}
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Conflict) {
		return s.renderSession(w, r, a, fault.Field("student", "%s", fault.Sentence(err)))
	} else if err != nil {
		return err
	}
	return seeOther(w, r, sessionHref(school, offer, slot), "said")
}

// seats is how many can come to a session where it is held.
func (s *Server) seats(r *http.Request, a guard.Actor, school roster.OrgID, slot timetable.SlotID, offer timetable.OfferID) (int, error) {
	b, err := s.book(r.Context(), a.District, school, timetable.Monday(slot.Date().Time()))
	if err != nil {
		return 0, err
	}
	o, ok := b.offers[offer]
	if !ok {
		return 0, fault.New(fault.NotFound, "This session is not offered here.")
	}
	v := b.session(o, slot)
	if !v.Held {
		return 0, fault.New(fault.NotFound, "This session is not held.")
	}
	return v.Taken + v.Free, nil
}

// requireStudents says that students must come to an offer in a week, or need not.
func (s *Server) requireStudents(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, school, f := r.Context(), schoolID(r), r.PostForm
	offer, slot := sessionOf(r)
	monday := timetable.Monday(slot.Date().Time())
	if _, err := s.Store.FlexOffer(ctx, a.District, school, offer); err != nil {
		return err
	}
	back := sessionHref(school, offer, slot)
	if f.Get("release") != "" {
		if err := s.Store.Release(ctx, a.District, roster.PersonID(f.Get("release")), offer, monday); err != nil {
			return err
		}
		return seeOther(w, r, back, "said")
	}
	student, err := s.studentNamed(r, a, "required")
	why := strings.TrimSpace(f.Get("why"))
	if err == nil && (why == "" || utf8.RuneCountInString(why) > maxReason) {
		err = fault.Field("why", "Say in a few words why the student must come. The student reads it.")
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		return s.renderSession(w, r, a, err)
	} else if err != nil {
		return err
	}
	if err := s.Store.RequireFlex(ctx, a.District, school, monday, offer, []roster.PersonID{student}, why, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, back, "said")
}

// answerFlex is a mentor's yes or no to a request.
func (s *Server) answerFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
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
