package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

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
	Runs     bool            // flex time: let somebody else lead it
	Idle     []roster.Person // who is free to do so
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
	if _, v.Runs = guard.Allowed(guard.RunFlex, rel); v.Runs && v.Held {
		if v.Idle, err = s.freeThen(ctx, d, school, b, slot); err != nil {
			return err
		}
	}
	places, err := s.Store.FlexSession(ctx, d, school, slot, offer)
	if err != nil {
		return err
	}
	people, err := s.Store.StudentsOf(ctx, d, school)
	if err != nil {
		return err
	}
	names := namesIn(people)
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
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "flexsession", v)
}

// freeThen are the adults of a school who lead nothing in a block and are not away.
func (s *Server) freeThen(ctx context.Context, d roster.DistrictID, school roster.OrgID, b *book, slot timetable.SlotID) ([]roster.Person, error) {
	staff, err := s.Store.StaffOf(ctx, d, school)
	if err != nil {
		return nil, err
	}
	away, err := s.Store.FlexAway(ctx, d, school, timetable.Monday(slot.Date().Time()))
	if err != nil {
		return nil, err
	}
	busy := map[roster.PersonID]bool{}
	for _, h := range b.held {
		if h.Slot == slot {
			busy[h.Leader] = true
		}
	}
	for _, x := range away {
		if x.Slot == slot {
			busy[x.Person] = true
		}
	}
	return slices.DeleteFunc(staff, func(p roster.Person) bool { return busy[p.ID] }), nil
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
