package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/conference"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// talksView is all talks with a student, as one reader may see them.
type talksView struct {
	spoken
	Student  roster.Person
	Own      bool
	Back     string
	Brief    string // where the next talk is prepared; empty for who does not hold talks
	Open     []commitmentView
	Closed   []commitmentView // the latest
	Requests []requestView
	MayAsk   bool
	Action   string // where a request goes
	Text     string
	Wanted   string
	Held     []heldView
	Errors   formErrors
	topics   []live.Topic
}

func (v talksView) Topics() []live.Topic { return v.topics }

// heldView is a talk that was held, with what the reader may read of it.
type heldView struct {
	conference.Conference
	With  string
	Notes []conference.Note
}

// commitmentView is who does what by when.
type commitmentView struct {
	conference.Commitment
	Whose  string     // a name; empty if it is nobody with a name
	Side   messageKey // else what says whose it is
	Day    time.Time  // zero if there is none
	Late   bool
	Name   string // of the student, where those of several students are listed
	Action string // where to mark it; empty if the reader may not
	Back   string // the page that lists it, to return to
}

type requestView struct {
	conference.Request
	Who      string
	Mine     bool   // it is the reader's own
	Back     string // the page that lists it, to return to
	WithName string
	Agree    string // where staff agree on a time
	Withdraw string // where its author takes it back
}

// closedMost is how many closed commitments are listed.
const closedMost = 10

func (s *Server) commitmentViews(list []conference.Commitment, a guard.Actor, who profile.Voice, names func(roster.PersonID) (string, error)) (views []commitmentView, err error) {
	for _, c := range list {
		v := commitmentView{Commitment: c, Late: c.Overdue(s.Now())}
		v.Day = c.By.Time()
		switch {
		case c.Who == profile.Student && c.Student == a.Person, c.Who == profile.Staff && c.Person == a.Person:
			v.Side = "agreed.i"
		case c.Who == profile.Family && who == profile.Family:
			v.Side = "agreed.we"
		case c.Who == profile.Student:
			v.Whose, err = names(c.Student)
		case c.Who == profile.Staff:
			v.Whose, err = names(c.Person)
		default:
			v.Side = "agreed.family"
		}
		if err != nil {
			return nil, err
		}
		if c.Open() && (c.Who == who || who == profile.Staff) {
			v.Action = recordHref(c.Student) + "/commitments/" + urlPath(string(c.ID))
		}
		views = append(views, v)
	}
	return views, nil
}

// openCommitments returns what was agreed with a student and is open.
func (s *Server) openCommitments(ctx context.Context, a guard.Actor, student roster.PersonID, who profile.Voice, back string, names func(roster.PersonID) (string, error)) ([]commitmentView, error) {
	list, err := s.Store.Commitments(ctx, a.District, []roster.PersonID{student})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c conference.Commitment) bool { return !c.Open() })
	views, err := s.commitmentViews(list, a, who, names)
	for i := range views {
		views[i].Back = back
	}
	return views, err
}

func requestViews(list []conference.Request, a guard.Actor, holds bool, names func(roster.PersonID) (string, error)) (views []requestView, err error) {
	for _, q := range list {
		v := requestView{Request: q, Who: "Me", Mine: q.Author == a.Person}
		at := recordHref(q.Student) + "/requests/" + urlPath(string(q.ID))
		if q.Author != a.Person {
			if v.Who, err = names(q.Author); err != nil {
				return nil, err
			}
		} else {
			v.Withdraw = at + "/withdraw"
		}
		if q.With != "" {
			if v.WithName, err = names(q.With); err != nil {
				return nil, err
			}
		}
		if holds {
			v.Agree = at + "/agree"
		}
		views = append(views, v)
	}
	return views, nil
}

func (s *Server) showTalks(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderTalks(w, r, a, "", "", nil)
}

func (s *Server) renderTalks(w http.ResponseWriter, r *http.Request, a guard.Actor, text, wanted string, wrong error) error {
	ctx, d, student := r.Context(), a.District, studentID(r)
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	p, err := s.Store.Person(ctx, d, student)
	if err != nil {
		return err
	}
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	who, leader, err := s.voice(ctx, a, student)
	if err != nil {
		return err
	}
	v := talksView{spoken: speech, Student: p, Own: student == a.Person, Back: recordHref(student), Action: recordHref(student) + "/requests", Text: text, Wanted: wanted,
		topics: []live.Topic{live.StudentTopic(string(d), string(student))}}
	if slices.Contains(rel, guard.GuardianOf) {
		v.Back = "/family"
	}
	_, v.MayAsk = guard.Allowed(guard.AskTalk, rel)
	_, holds := guard.Allowed(guard.Confer, rel)
	if holds {
		v.Brief = briefHref(student)
	}
	names, one := s.namesOf(ctx, d), []roster.PersonID{student}
	commitments, err := s.Store.Commitments(ctx, d, one)
	if err != nil {
		return err
	}
	views, err := s.commitmentViews(commitments, a, who, names)
	if err != nil {
		return err
	}
	for _, c := range views {
		if c.Open() {
			v.Open = append(v.Open, c)
		} else {
			v.Closed = append(v.Closed, c)
		}
	}
	slices.SortStableFunc(v.Closed, func(a, b commitmentView) int { return b.Done.Compare(a.Done) })
	v.Closed = v.Closed[:min(closedMost, len(v.Closed))]
	requests, err := s.Store.Requests(ctx, d, one)
	if err != nil {
		return err
	}
	if v.Requests, err = requestViews(requests, a, holds, names); err != nil {
		return err
	}
	if v.Held, err = s.held(r, a, student, who, leader, names); err != nil {
		return err
	}
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	v.Errors = wrongs
	return s.render(w, r, a, code, "talks", v)
}

// held returns the talks with a student, each with the notes that the reader may read.
func (s *Server) held(r *http.Request, a guard.Actor, student roster.PersonID, who profile.Voice, leader bool, names func(roster.PersonID) (string, error)) (views []heldView, err error) {
	list, err := s.Store.Conferences(r.Context(), a.District, []roster.PersonID{student})
	if err != nil {
		return nil, err
	}
	notes, err := s.Store.ConferenceNotes(r.Context(), a.District, student)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		v := heldView{Conference: c}
		if v.With, err = names(c.With); err != nil {
			return nil, err
		}
		for _, n := range notes[c.ID] {
			if n.Author == a.Person || n.Visibility.Sees(who, leader) {
				v.Notes = append(v.Notes, n)
			}
		}
		views = append(views, v)
	}
	return views, nil
}

// dayTime is how browsers send a day with its time.
const dayTime = "2006-01-02T15:04"

// comingTime reads a day with its time that is still to come; empty is no time.
func (s *Server) comingTime(text, field string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(dayTime, text)
	if err != nil {
		return at, fault.Field(field, "Choose a day and a time, like 2027-01-31T09:30.")
	}
	if at.Format(time.DateOnly) < s.Now().Format(time.DateOnly) {
		return at, fault.Field(field, "Choose a day that is still to come.")
	}
	return at, nil
}

func (s *Server) askForTalk(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student := r.Context(), studentID(r)
	who, _, err := s.voice(ctx, a, student)
	if err != nil {
		return err
	}
	q := conference.Request{Student: student, Author: a.Person, Voice: who, Text: strings.TrimSpace(r.PostForm.Get("text"))}
	wanted := r.PostForm.Get("wanted")
	if q.Wanted, err = s.comingTime(wanted, "wanted"); err == nil {
		_, err = s.Store.AskForTalk(ctx, a.District, q)
	}
	fromHome := r.PostForm.Get("back") == "/family" && who == profile.Family
	switch {
	case err != nil && fault.KindOf(err) == fault.Invalid && fromHome:
		return s.renderFamily(w, r, a, student, q, wanted, err)
	case err != nil && fault.KindOf(err) == fault.Invalid:
		return s.renderTalks(w, r, a, q.Text, wanted, err)
	case err != nil:
		return err
	}
	back := talksHref(student)
	if fromHome {
		back = "/family"
	}
	return s.afterTalk(w, r, a, back, "asked")
}

func (s *Server) agreeOnTalk(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	at, err := s.comingTime(r.PostForm.Get("at"), "at")
	if err == nil && at.IsZero() {
		err = fault.Field("at", "Choose a day and a time.")
	}
	if err != nil {
		return err
	}
	if err := s.Store.AgreeOnTalk(r.Context(), a.District, studentID(r), conference.RequestID(r.PathValue("request")), a.Person, at); err != nil {
		return err
	}
	return s.afterTalk(w, r, a, talksHref(studentID(r)), "said")
}

func (s *Server) withdrawRequest(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.Store.WithdrawRequest(r.Context(), a.District, studentID(r), conference.RequestID(r.PathValue("request")), a.Person); err != nil {
		return err
	}
	back := talksHref(studentID(r))
	if r.FormValue("back") == "/family" {
		back = "/family"
	}
	return s.afterTalk(w, r, a, back, "dropped")
}

// closeCommitment marks what was agreed as kept or given up. Student and family mark their
// own; staff mark anybody's.
func (s *Server) closeCommitment(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student, id := r.Context(), studentID(r), conference.CommitmentID(r.PathValue("commitment"))
	do := r.PostForm.Get("do")
	if do != "kept" && do != "dropped" {
		return fault.Field("do", "Choose whether it is done or off the list.")
	}
	who, _, err := s.voice(ctx, a, student)
	if err != nil {
		return err
	}
	list, err := s.Store.Commitments(ctx, a.District, []roster.PersonID{student})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(c conference.Commitment) bool { return c.ID == id })
	if i < 0 {
		return fault.New(fault.NotFound, "This is not open any more.")
	}
	if who != profile.Staff && list[i].Who != who {
		return fault.New(fault.Forbidden, "Only who promised this can say that it is done.")
	}
	if err := s.Store.CloseCommitment(ctx, a.District, student, id, do == "dropped"); err != nil {
		return err
	}
	back := talksHref(student)
	if to := r.PostForm.Get("back"); slices.Contains([]string{"/me", "/teach", "/family", briefHref(student)}, to) {
		back = to
	}
	return s.afterTalk(w, r, a, back, do)
}

func (s *Server) afterTalk(w http.ResponseWriter, r *http.Request, a guard.Actor, to, notice string) error {
	s.Hub.Publish(live.StudentTopic(string(a.District), string(studentID(r))))
	return seeOther(w, r, to, notice)
}
