package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// checksView is what checks a class was given, and the form for the next.
type checksView struct {
	Class    roster.Class
	Given    []givenRow
	Purposes []choiceOption
	Lengths  []choiceOption
	About    []aboutCheck
	Students []checkStudent
	All      bool // nobody is chosen: the check is for everybody
	Errors   formErrors
	topics   []live.Topic
}

func (v checksView) Topics() []live.Topic { return v.topics }

// givenRow is one check that was given.
type givenRow struct {
	ID           assess.CheckID
	Title        string
	About        []competency.Competency
	At           time.Time
	Closed       bool
	Begun, Done  int
	Of           int
	Href, Closes string
}

// aboutCheck is a competency that the bank can check.
type aboutCheck struct {
	Competency competency.Competency
	Items      int
	Chosen     bool
}

type checkStudent struct {
	Person roster.Person
	Chosen bool
}

func checksHref(class roster.ClassID) string { return classPath(class) + "/checks" }

func (s *Server) showChecks(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	wish := assess.Check{Purpose: assess.CheckIn, Most: ownMost}
	for _, c := range r.URL.Query()["competency"] {
		wish.Competencies = append(wish.Competencies, competency.ID(c))
	}
	return s.renderChecks(w, r, a, wish, nil)
}

func (s *Server) renderChecks(w http.ResponseWriter, r *http.Request, a guard.Actor, wish assess.Check, wrong error) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	counts, err := s.Store.QuestionCounts(ctx, a.District)
	if err != nil {
		return err
	}
	v := checksView{Class: class, All: len(wish.Students) == 0,
		Purposes: choices(string(wish.Purpose), string(assess.CheckIn), "How it goes: up to 3 competencies", string(assess.Placement), "Where to begin: up to 8 competencies, a few questions on each"),
		Lengths:  choices(strconv.Itoa(wish.Most), "6", "At most 6 questions", "8", "At most 8 questions", "12", "At most 12 questions", "16", "At most 16 questions", "20", "At most 20 questions")}
	listed := map[competency.ID]bool{}
	for _, id := range slices.Concat(work.offered(s.Now(), gridMost), work.curriculum(s.Now())) {
		if counts[id] >= assess.EnoughItems && !listed[id] {
			listed[id] = true
			v.About = append(v.About, aboutCheck{work.cat.Competencies[id], counts[id], slices.Contains(wish.Competencies, id)})
		}
	}
	for _, l := range work.learners {
		v.Students = append(v.Students, checkStudent{l.Person, slices.Contains(wish.Students, l.Person.ID)})
		v.topics = append(v.topics, live.StudentTopic(string(a.District), string(l.Person.ID)))
	}
	given, err := s.Store.GivenChecks(ctx, a.District, []roster.ClassID{class.ID}, checksMost)
	if err != nil {
		return err
	}
	for _, c := range given {
		row := givenRow{ID: c.ID, Title: c.Purpose.Words(), At: c.At, Closed: !c.Closed.IsZero(), Of: len(c.Students), Href: checksHref(class.ID) + "/" + urlPath(string(c.ID))}
		row.Closes = row.Href + "/close"
		if row.Of == 0 {
			row.Of = len(work.learners)
		}
		for _, id := range c.Competencies {
			row.About = append(row.About, work.cat.Competencies[id])
		}
		sittings, err := s.Store.SittingsOf(ctx, a.District, c.ID)
		if err != nil {
			return err
		}
		for _, t := range sittings {
			row.Begun++
			if !t.Finished.IsZero() {
				row.Done++
			}
		}
		v.Given = append(v.Given, row)
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "checks", v)
}

// giveCheck gives a check to a class or some of its students.
func (s *Server) giveCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	people, err := s.Store.People(ctx, a.District, class.ID, roster.Student)
	if err != nil {
		return err
	}
	counts, err := s.Store.QuestionCounts(ctx, a.District)
	if err != nil {
		return err
	}
	c := assess.Check{Class: class.ID, Purpose: assess.Purpose(r.PostForm.Get("purpose")), By: a.Person}
	c.Most, _ = strconv.Atoi(r.PostForm.Get("most")) // what is no number is refused as too short
	for _, id := range r.PostForm["competency"] {
		if on := competency.ID(id); counts[on] >= assess.EnoughItems && !slices.Contains(c.Competencies, on) {
			c.Competencies = append(c.Competencies, on)
		}
	}
	for _, p := range people {
		if slices.Contains(r.PostForm["student"], string(p.ID)) {
			c.Students = append(c.Students, p.ID)
		}
	}
	if len(r.PostForm["student"]) > len(c.Students) {
		return s.renderChecks(w, r, a, c, fault.Field("students", "One of these students is not in this class any more. Nothing was given."))
	}
	if _, err := s.Store.GiveCheck(ctx, a.District, c); fault.KindOf(err) == fault.Invalid {
		return s.renderChecks(w, r, a, c, err)
	} else if err != nil {
		return err
	}
	return seeOther(w, r, checksHref(class.ID), "given")
}

func (s *Server) closeCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.Store.CloseCheck(r.Context(), a.District, classID(r), assess.CheckID(r.PathValue("check"))); err != nil {
		return err
	}
	return seeOther(w, r, checksHref(classID(r)), "closed")
}

// givenView is how a check went with a class.
type givenView struct {
	Class  roster.Class
	Title  string
	At     time.Time
	About  []competency.Competency
	Rows   []givenStudent
	topics []live.Topic
}

func (v givenView) Topics() []live.Topic { return v.topics }

// givenStudent is one student's way through a check.
type givenStudent struct {
	Person roster.Person
	State  string
	Right  int
	Of     int
	Now    []givenEstimate // of each competency of the check
	Before []string        // what they were asked about since what builds on it was hard
}

type givenEstimate struct {
	Estimate mastery.Estimate
	Name     string
	Href     string
}

func (s *Server) showGiven(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	c, err := s.Store.GivenCheck(ctx, a.District, class.ID, assess.CheckID(r.PathValue("check")))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	sittings, err := s.Store.SittingsOf(ctx, a.District, c.ID)
	if err != nil {
		return err
	}
	by := map[roster.PersonID]assess.Sitting{}
	for _, t := range sittings {
		by[t.Student] = t
	}
	v := givenView{Class: class, Title: c.Purpose.Words(), At: c.At}
	for _, id := range c.Competencies {
		v.About = append(v.About, work.cat.Competencies[id])
	}
	for _, l := range work.learners {
		t, begun := by[l.Person.ID]
		if !begun && !c.For(l.Person.ID) {
			continue
		}
		row := givenStudent{Person: l.Person, State: "not begun", Of: len(t.Answers)}
		switch {
		case begun && !t.Finished.IsZero():
			row.State = "done"
		case begun:
			row.State = "under way"
		}
		for _, x := range t.Answers {
			row.Right += int(x.Category)
			it, _ := t.Form.Item(x.Item)
			if name := labelOf(work.cat.Competencies[it.Competency]); !slices.Contains(c.Competencies, it.Competency) && !slices.Contains(row.Before, name) {
				row.Before = append(row.Before, name)
			}
		}
		for _, on := range v.About {
			row.Now = append(row.Now, givenEstimate{l.Estimates[on.ID], labelOf(on), evidenceHref(l.Person.ID, on.ID)})
		}
		v.Rows = append(v.Rows, row)
		v.topics = append(v.topics, live.StudentTopic(string(a.District), string(l.Person.ID)))
	}
	return s.render(w, r, a, http.StatusOK, "given", v)
}

// labelOf names a competency in a few words.
func labelOf(c competency.Competency) string {
	return strings.TrimSpace(c.Code + " " + c.Short)
}
