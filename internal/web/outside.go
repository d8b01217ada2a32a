package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

// verifyLife is how long a link waits for who saw something.
const verifyLife = 30 * 24 * time.Hour

// outsideSource is the source of evidence of what was learned outside of school.
const outsideSource = "outside"

// outsideView is what a student learned outside of school.
type outsideView struct {
	spoken
	Student roster.Person
	Own     bool
	Back    string
	Action  string // where an entry goes; empty if the reader may not add one
	Rows    []outsideRow
	Link    string // to who saw something, shown once
	LinkFor string
	Kinds   []plan.OutsideKind
	Kind    plan.OutsideKind // as typed
	About   []onView
	Typed   outsideForm
	Errors  formErrors
	topics  []live.Topic
}

func (v outsideView) Topics() []live.Topic { return v.topics }

type outsideForm struct{ What, Place, Day, Hours string }

type outsideRow struct {
	plan.Outside
	Date    time.Time
	On      []onView
	Waiting bool
	Ask     string // where a link is made; empty if the reader may not, or it is answered
	Count   string // where a teacher counts it; empty if not
}

func outsideHref(student roster.PersonID) string { return recordHref(student) + "/outside" }

// onView is a competency that something may have to do with.
type onView struct {
	ID     string
	Phrase phrase
	Chosen bool
}

func (s *Server) showOutside(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderOutside(w, r, a, plan.Outside{}, outsideForm{}, "", "", nil)
}

func (s *Server) renderOutside(w http.ResponseWriter, r *http.Request, a guard.Actor, typed plan.Outside, form outsideForm, link, linkFor string, wrong error) error {
	ctx, student := r.Context(), studentID(r)
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	p, err := s.pupil(ctx, a.District, student)
	if err != nil {
		return err
	}
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	list, err := s.Store.Outside(ctx, a.District, student)
	if err != nil {
		return err
	}
	v := outsideView{spoken: speech, Kinds: plan.OutsideKinds, Kind: typed.Kind, Student: p.Person, Own: student == a.Person, Back: planHref(student), Link: link, LinkFor: linkFor, Typed: form,
		topics: []live.Topic{live.StudentTopic(string(a.District), string(student))}}
	_, may := guard.Allowed(guard.LogOutside, rel)
	_, counts := guard.Allowed(guard.Observe, rel)
	if may {
		v.Action = outsideHref(student)
	}
	for _, id := range p.focus() {
		v.About = append(v.About, onView{string(id), speech.can(p.catalogue, p.catalogue.Competencies[id]), slices.Contains(typed.Competencies, id)})
	}
	for _, o := range list {
		row := outsideRow{Outside: o, Waiting: o.Waits(p.now)}
		row.Date = o.Day.Time()
		for _, id := range o.Competencies {
			if c, ok := p.catalogue.Competencies[id]; ok {
				row.On = append(row.On, onView{string(id), speech.can(p.catalogue, c), true})
			}
		}
		at := outsideHref(student) + "/" + urlPath(string(o.ID))
		if may && o.Seen == plan.Waiting {
			row.Ask = at + "/link"
		}
		if counts && o.Seen == plan.Yes && o.Counted.IsZero() && len(row.On) > 0 {
			row.Count = at + "/count"
		}
		v.Rows = append(v.Rows, row)
	}
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	v.Errors = wrongs
	return s.render(w, r, a, code, "outside", v)
}

func (s *Server) addOutside(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	f := outsideForm{get("what"), get("place"), get("day"), get("hours")}
	o := plan.Outside{Student: studentID(r), What: f.What, Place: f.Place, Kind: plan.OutsideKind(get("kind")), Day: roster.Date(f.Day), Author: a.Person}
	var err error
	if f.Hours != "" {
		if o.Hours, err = strconv.Atoi(f.Hours); err != nil {
			err = fault.Field("hours", "Write whole hours, like 12.")
		}
	}
	cat, failed := s.Store.Catalogue(r.Context(), a.District)
	if failed != nil {
		return failed
	}
	for _, id := range r.PostForm["competency"] {
		c, ok := cat.Competencies[competency.ID(id)]
		switch {
		case id == "":
		case !ok || !c.Assessable:
			err = cmp.Or(err, error(fault.Field("competency", "Choose what it has to do with from the list.")))
		default:
			o.Competencies = append(o.Competencies, c.ID)
		}
	}
	if err == nil {
		err = s.Store.AddOutside(r.Context(), a.District, o)
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		return s.renderOutside(w, r, a, o, f, "", "", err)
	}
	if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(o.Student)))
	return seeOther(w, r, outsideHref(o.Student), "said")
}

// outsideEntry returns the entry that a route is about.
func (s *Server) outsideEntry(r *http.Request, a guard.Actor) (plan.Outside, error) {
	list, err := s.Store.Outside(r.Context(), a.District, studentID(r))
	if err != nil {
		return plan.Outside{}, err
	}
	i := slices.IndexFunc(list, func(o plan.Outside) bool { return string(o.ID) == r.PathValue("outside") })
	if i < 0 {
		return plan.Outside{}, fault.New(fault.NotFound, "This is not here any more.")
	}
	return list[i], nil
}

// askWhoSaw makes a link by which somebody without an account may say, once, that they saw
// something. It is shown here only.
func (s *Server) askWhoSaw(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	o, err := s.outsideEntry(r, a)
	if err != nil {
		return err
	}
	token, hash, err := guard.NewToken(s.Random)
	if err != nil {
		return err
	}
	if err := s.Store.AskWhoSaw(r.Context(), a.District, o.Student, o.ID, hash, a.Person, s.Now().Add(verifyLife)); err != nil {
		return err
	}
	return s.renderOutside(w, r, a, plan.Outside{}, outsideForm{}, s.base(r)+"/verify/"+token, o.What, nil)
}

// countOutside makes evidence of what somebody saw, at the level that a teacher gives it.
func (s *Server) countOutside(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	o, err := s.outsideEntry(r, a)
	if err != nil {
		return err
	}
	level, err := strconv.Atoi(r.PostForm.Get("level"))
	on := competency.ID(r.PostForm.Get("competency"))
	switch {
	case o.Seen != plan.Yes:
		return fault.New(fault.Conflict, "Nobody who was there has said so yet.")
	case err != nil || level < 1 || level > rubricMost:
		return fault.Field("level", "Choose a level from 1 to %d.", rubricMost)
	case !slices.Contains(o.Competencies, on):
		return fault.Field("competency", "Choose what it shows.")
	}
	day, err := time.Parse(time.DateOnly, string(o.Day))
	if err != nil {
		return err
	}
	note := []rune(o.What + " (seen by " + o.Verifier + ")")
	piece := evidence.Piece{Student: o.Student, Competency: on, Kind: evidence.Observation, Score: float64(level), Max: rubricMost, Label: rubricWords(level), Item: "Learned outside of school",
		At: day, Source: outsideSource, Actor: a.Person, Note: string(note[:min(len(note), plan.MaxWhy)]), Key: "outside/" + string(o.ID) + "/" + string(on)}
	if _, err := s.Recorder.Record(ctx, a.District, []evidence.Piece{piece}); err != nil {
		return err
	}
	if err := s.Store.CountOutside(ctx, a.District, o.Student, o.ID, a.Person); err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(o.Student)))
	return seeOther(w, r, outsideHref(o.Student), "observed")
}

// verifyView asks somebody without an account whether they saw something.
type verifyView struct {
	spoken
	Token  string
	Given  string // the student's given name, and no other
	What   string
	Place  string
	Date   time.Time
	Hours  int
	About  []phrase
	Typed  struct{ Name, Remark string }
	Errors formErrors
	State  verifyState
}

type verifyState int

const (
	verifyAsks verifyState = iota
	verifyThanks
	verifyGone
)

// Asks and Thanks say in which state the page is; else the link is gone.
func (v verifyView) Asks() bool   { return v.State == verifyAsks }
func (v verifyView) Thanks() bool { return v.State == verifyThanks }

func (s *Server) showVerify(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderVerify(w, r, a, "", "", nil)
}

func (s *Server) renderVerify(w http.ResponseWriter, r *http.Request, a guard.Actor, name, remark string, wrong error) error {
	ctx := r.Context()
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	v := verifyView{spoken: speech, Token: r.PathValue("asked")}
	d, o, err := s.Store.AskedOutside(ctx, guard.TokenHash(v.Token))
	if fault.KindOf(err) == fault.NotFound && err != nil {
		v.State = verifyGone
		return s.render(w, r, a, http.StatusNotFound, "verify", v)
	}
	if err != nil {
		return err
	}
	p, err := s.Store.Person(ctx, d, o.Student)
	if err != nil {
		return err
	}
	cat, err := s.Store.Catalogue(ctx, d)
	if err != nil {
		return err
	}
	v.Given, v.What, v.Place, v.Hours = cmp.Or(p.Given, initials(p)), o.What, o.Place, o.Hours
	v.Date = o.Day.Time()
	for _, id := range o.Competencies {
		if c, ok := cat.Competencies[id]; ok {
			v.About = append(v.About, speech.can(cat, c))
		}
	}
	v.Typed.Name, v.Typed.Remark = name, remark
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	v.Errors = wrongs
	return s.render(w, r, a, code, "verify", v)
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	name, remark := strings.TrimSpace(r.PostForm.Get("name")), strings.TrimSpace(r.PostForm.Get("remark"))
	seen := plan.Answer(r.PostForm.Get("seen"))
	var wrong error
	switch {
	case seen != plan.Yes && seen != plan.No:
		wrong = fault.Field("seen", "Say yes or no.")
	case name == "" || utf8.RuneCountInString(name) > plan.MaxWhat:
		wrong = fault.Field("name", "Write your name.")
	case utf8.RuneCountInString(remark) > plan.MaxWhy:
		wrong = fault.Field("remark", "Please use at most %d characters.", plan.MaxWhy)
	}
	if wrong != nil {
		return s.renderVerify(w, r, a, name, remark, wrong)
	}
	ctx, hash := r.Context(), guard.TokenHash(r.PathValue("asked"))
	d, o, err := s.Store.AskedOutside(ctx, hash)
	if err == nil && a.Person != "" && (a.Person == o.Student || a.Person == o.AskedBy) {
		return fault.New(fault.Forbidden, "This link is for somebody else who was there. Send it to them.")
	}
	if err == nil {
		err = s.Store.SaySeen(ctx, hash, seen, name, remark)
	}
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return s.renderVerify(w, r, a, "", "", nil) // it says that the link is used
	}
	if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(d), string(o.Student)))
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "verify", verifyView{spoken: speech, State: verifyThanks})
}
