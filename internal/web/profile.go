package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/study/dose"
)

// profileView is the living profile of a student, as one reader may see it.
type profileView struct {
	Student  roster.Person
	Own      bool
	Back     string // where the reader came from
	Record   string // address of the student's record
	Barriers []barrier
	Whys     []dose.Why
	Action   string // where forms go
	Sections []profileSection
	Touched  time.Time // zero if nobody has said anything
	Old      bool
	Past     []entryView // what holds no longer
	Supports []supportView
	Kinds    []choiceOption
	Readers  []choiceOption
	Text     string
	Errors   formErrors
	topics   []live.Topic
}

func (v profileView) Topics() []live.Topic { return v.topics }

// profileSection is the entries of one kind.
type profileSection struct {
	Title   string
	Entries []entryView
}

// entryView is one entry with what may be done to it.
type entryView struct {
	profile.Entry
	Words     string // the text, or a support in words
	Who       string // who said it
	Confirmer string // who confirmed it since, empty if nobody
	Readers   string // who may read it, beside its author
	Old       bool
	Questions bool // somebody sees it otherwise
	Remarks   []remarkView
	Action    string
	MayEnd    bool
}

type remarkView struct {
	profile.Event
	Who      string
	Disputes bool
}

// supportView is a support that acts in pages.
type supportView struct {
	profile.SupportKind
	On bool
}

func kindTitle(k profile.Kind, own bool) string {
	if own {
		return map[profile.Kind]string{profile.Ability: "What I am becoming good at", profile.Strength: "What I am good at", profile.Need: "What I need", profile.Motivation: "What matters to me", profile.Interest: "What I like",
			profile.HowIWork: "How I work best", profile.Language: "My languages", profile.Support: "What helps me"}[k]
	}
	return map[profile.Kind]string{profile.Ability: "Emerging abilities", profile.Strength: "Strengths", profile.Need: "Needs", profile.Motivation: "Motivations", profile.Interest: "Interests",
		profile.HowIWork: "Works best", profile.Language: "Languages", profile.Support: "Supports"}[k]
}

func voiceWords(v profile.Voice) string {
	return map[profile.Voice]string{profile.Student: "the student", profile.Family: "the family", profile.Staff: "school"}[v]
}

func readersWords(v profile.Visibility) string {
	return map[profile.Visibility]string{profile.ToStudent: "student, family and teachers", profile.ToFamily: "family and teachers", profile.ToStaff: "teachers", profile.Restricted: "the author and leaders"}[v]
}

// readersFor are whom a voice may choose to let read what they say.
func readersFor(who profile.Voice, selected string) []choiceOption {
	switch who {
	case profile.Student:
		return choices(selected, string(profile.ToStudent), "me, my family and my teachers", string(profile.ToStaff), "me and my teachers")
	case profile.Family:
		return choices(selected, string(profile.ToStudent), "our child, us and the teachers", string(profile.ToFamily), "us and the teachers", string(profile.ToStaff), "me and the teachers")
	}
	return choices(selected, string(profile.ToStudent), "the student, the family and teachers", string(profile.ToFamily), "the family and teachers", string(profile.ToStaff), "teachers",
		string(profile.Restricted), "me and leaders")
}

// voice tells with which voice an actor speaks of a student, and whether as a leader.
func (s *Server) voice(ctx context.Context, a guard.Actor, student roster.PersonID) (profile.Voice, bool, error) {
	rel, err := s.Store.ToStudent(ctx, a, student)
	leader := slices.Contains(rel, guard.LeaderOf)
	switch {
	case slices.Contains(rel, guard.Self):
		return profile.Student, false, err
	case slices.Contains(rel, guard.TeacherOf), leader:
		return profile.Staff, leader, err
	}
	return profile.Family, false, err
}

// entries returns what an actor may read of a student's profile.
func (s *Server) entries(ctx context.Context, a guard.Actor, student roster.PersonID) (seen []profile.Entry, who profile.Voice, err error) {
	who, leader, err := s.voice(ctx, a, student)
	if err != nil {
		return nil, who, err
	}
	events, err := s.Store.ProfileEvents(ctx, a.District, []roster.PersonID{student})
	return profile.Visible(profile.Fold(events), a.Person, who, leader), who, err
}

func profileHref(student roster.PersonID) string { return recordHref(student) + "/profile" }

func (s *Server) showProfile(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderProfile(w, r, a, profile.Event{Kind: profile.Kind(r.URL.Query().Get("kind"))}, nil)
}

func (s *Server) renderProfile(w http.ResponseWriter, r *http.Request, a guard.Actor, typed profile.Event, wrong error) error {
	ctx, student := r.Context(), studentID(r)
	p, err := s.Store.Person(ctx, a.District, student)
	if err != nil {
		return err
	}
	entries, who, err := s.entries(ctx, a, student)
	if err != nil {
		return err
	}
	own := student == a.Person
	now := s.Now()
	fresh := profile.Fresh(entries, now)
	v := profileView{Student: p, Own: own, Back: recordHref(student), Record: recordHref(student), Whys: dose.Whys, Action: profileHref(student), Touched: fresh.Touched, Old: fresh.Old(now),
		Readers: readersFor(who, string(typed.Visibility)), Text: typed.Text, topics: []live.Topic{live.StudentTopic(string(a.District), string(student))}}
	if own {
		v.Back = "/me"
	}
	if v.Barriers, err = s.barriers(ctx, a.District, student); err != nil {
		return err
	}
	names := s.namesOf(ctx, a.District)
	sections := map[profile.Kind][]entryView{}
	for _, e := range entries {
		x, err := newEntryView(e, a, who, now, names)
		if err != nil {
			return err
		}
		if e.Over.IsZero() {
			sections[e.Kind] = append(sections[e.Kind], x)
		} else {
			v.Past = append(v.Past, x)
		}
	}
	for _, k := range profile.Kinds {
		v.Kinds = append(v.Kinds, choiceOption{string(k), kindTitle(k, own), k == typed.Kind})
		if len(sections[k]) > 0 {
			v.Sections = append(v.Sections, profileSection{kindTitle(k, own), sections[k]})
		}
	}
	for _, k := range profile.Supports {
		v.Supports = append(v.Supports, supportView{k, slices.ContainsFunc(profile.Holding(entries), func(e profile.Entry) bool { return e.Code == k.Code })})
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "profile", v)
}

func newEntryView(e profile.Entry, a guard.Actor, who profile.Voice, now time.Time, names func(roster.PersonID) (string, error)) (entryView, error) {
	v := entryView{Entry: e, Words: e.Text, Readers: readersWords(e.Visibility), Old: e.Stale(now), Questions: e.Disputed(), Action: profileHref(e.Student) + "/" + urlPath(string(e.Event.Entry)),
		MayEnd: e.Author == a.Person || e.Voice == who}
	if k, ok := profile.SupportOf(e.Code); ok {
		v.Words = strings.TrimSpace(k.Words + ". " + e.Text)
	}
	said := func(id roster.PersonID, voice profile.Voice) (string, error) {
		if id == a.Person {
			return "you", nil
		}
		name, err := names(id)
		return name + " (" + voiceWords(voice) + ")", err
	}
	var err error
	if v.Who, err = said(e.Author, e.Voice); err != nil {
		return v, err
	}
	if e.Confirmed.After(e.At) {
		if v.Confirmer, err = names(e.By); err != nil {
			return v, err
		}
	}
	v.Remarks = nil
	for _, x := range e.Remarks {
		by, err := said(x.Author, x.Voice)
		if err != nil {
			return v, err
		}
		v.Remarks = append(v.Remarks, remarkView{x, by, x.Do == profile.Disputed})
	}
	return v, nil
}

// say keeps a new entry.
func (s *Server) say(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	who, _, err := s.voice(r.Context(), a, studentID(r))
	if err != nil {
		return err
	}
	e := profile.Event{Student: studentID(r), Do: profile.Said, Kind: profile.Kind(r.PostForm.Get("kind")), Text: strings.TrimSpace(r.PostForm.Get("text")),
		Visibility: profile.Visibility(r.PostForm.Get("visibility")), Author: a.Person, Voice: who}
	if _, err := s.Store.Say(r.Context(), a.District, e); fault.KindOf(err) == fault.Invalid {
		return s.renderProfile(w, r, a, e, err)
	} else if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(e.Student)))
	return seeOther(w, r, profileHref(e.Student), "said")
}

// respond confirms, disputes, adds to or ends an entry that the actor may read.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student := r.Context(), studentID(r)
	entries, who, err := s.entries(ctx, a, student)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(entries, func(e profile.Entry) bool { return string(e.Event.Entry) == r.PathValue("entry") })
	if i < 0 {
		return fault.New(fault.NotFound, "This entry does not exist, or it is not yours to see.")
	}
	e := profile.Event{Entry: entries[i].Event.Entry, Student: student, Do: profile.Doing(r.PostForm.Get("do")), Text: strings.TrimSpace(r.PostForm.Get("text")), Author: a.Person, Voice: who}
	switch e.Do {
	case profile.StillTrue, profile.Disputed, profile.Noted:
	case profile.Ended:
		if entries[i].Author != a.Person && entries[i].Voice != who {
			return fault.New(fault.Forbidden, "Only who said this can take it back. You can say that you see it differently.")
		}
	default:
		return fault.New(fault.Invalid, "This form cannot be saved. Please open it again.")
	}
	if _, err := s.Store.Say(ctx, a.District, e); fault.KindOf(err) == fault.Invalid {
		return s.renderProfile(w, r, a, profile.Event{}, err)
	} else if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(student)))
	back := profileHref(student)
	if to := r.PostForm.Get("back"); strings.HasPrefix(to, "/classes/") {
		back = to
	}
	return seeOther(w, r, back, "said")
}

// setSupports turns supports that are acted on on and off, as entries of the profile.
func (s *Server) setSupports(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student := r.Context(), studentID(r)
	entries, who, err := s.entries(ctx, a, student)
	if err != nil {
		return err
	}
	wanted := r.PostForm["support"]
	for _, k := range profile.Supports {
		if k.Place() && who == profile.Student { // an accommodation is not a setting
			continue
		}
		i := slices.IndexFunc(entries, func(e profile.Entry) bool { return e.Code == k.Code && e.Over.IsZero() })
		e := profile.Event{Student: student, Author: a.Person, Voice: who}
		switch on := slices.Contains(wanted, k.Code); {
		case on && i < 0:
			e.Do, e.Kind, e.Code, e.Visibility = profile.Said, profile.Support, k.Code, profile.ToStudent
		case !on && i >= 0:
			e.Do, e.Entry = profile.Ended, entries[i].Event.Entry
		default:
			continue
		}
		if _, err := s.Store.Say(ctx, a.District, e); err != nil {
			return err
		}
	}
	return seeOther(w, r, profileHref(student), "settings")
}

// saidOf returns what was said of each of some students.
func (s *Server) saidOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID][]profile.Event, error) {
	events, err := s.Store.ProfileEvents(ctx, d, students)
	return byStudent(events), err
}

func byStudent(events []profile.Event) map[roster.PersonID][]profile.Event {
	by := map[roster.PersonID][]profile.Event{}
	for _, e := range events {
		by[e.Student] = append(by[e.Student], e)
	}
	return by
}

func idsOf(people []roster.Person) []roster.PersonID {
	ids := make([]roster.PersonID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	return ids
}

// profilesView is how alive the profiles of a class are, those that need a look first.
type profilesView struct {
	Class  roster.Class
	Rows   []freshRow
	Fresh  int
	topics []live.Topic
}

func (v profilesView) Topics() []live.Topic { return v.topics }

type freshRow struct {
	Person roster.Person
	profile.Freshness
	Old  bool
	Href string
}

func (s *Server) showProfiles(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	people, err := s.Store.People(ctx, a.District, class.ID, roster.Student)
	if err != nil {
		return err
	}
	said, err := s.saidOf(ctx, a.District, idsOf(people))
	if err != nil {
		return err
	}
	v := profilesView{Class: class}
	for _, p := range people {
		f := profile.Fresh(profile.Visible(profile.Fold(said[p.ID]), a.Person, profile.Staff, a.Has(roster.Leader)), s.Now())
		old := f.Old(s.Now())
		if !old {
			v.Fresh++
		}
		v.Rows = append(v.Rows, freshRow{p, f, old, profileHref(p.ID)})
		v.topics = append(v.topics, live.StudentTopic(string(a.District), string(p.ID)))
	}
	slices.SortStableFunc(v.Rows, func(a, b freshRow) int { return a.Touched.Compare(b.Touched) })
	return s.render(w, r, a, http.StatusOK, "profiles", v)
}
