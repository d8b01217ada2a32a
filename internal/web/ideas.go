package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// ideaView is a student's own idea that waits for an answer.
type ideaView struct {
	Student string // the name
	Href    string // of the record
	Own     string
	Why     string
	On      string
	At      time.Time
	Action  string
}

// ideas returns the own ideas of some students that wait for an answer, oldest first.
func (s *Server) ideas(ctx context.Context, d roster.DistrictID, students []roster.PersonID, cat *propose.Catalogue, names func(roster.PersonID) (string, error)) (views []ideaView, err error) {
	if len(students) == 0 {
		return nil, nil
	}
	waiting, err := s.Store.Ideas(ctx, d, students)
	if err != nil {
		return nil, err
	}
	for _, c := range waiting {
		name, err := names(c.Student)
		if err != nil {
			return nil, err
		}
		views = append(views, ideaView{name, recordHref(c.Student), c.Own, c.Why, cat.Competencies[c.Competency].Label(), c.At, recordHref(c.Student) + "/ideas/" + urlPath(string(c.ID))})
	}
	return views, nil
}

// answerIdea says yes or no to a student's own idea. A no says why.
func (s *Server) answerIdea(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	c := plan.Choice{ID: plan.ChoiceID(r.PathValue("choice")), Student: studentID(r), Answer: plan.Answer(r.PostForm.Get("answer")), Reply: strings.TrimSpace(r.PostForm.Get("reply")), AnsweredBy: a.Person}
	var wrong error
	switch {
	case c.Answer != plan.Yes && c.Answer != plan.No:
		wrong = fault.Field("answer", "Say yes or no.")
	case c.Answer == plan.No && c.Reply == "":
		wrong = fault.Field("answer", "If it is a no, say why, and what could be done instead.")
	case utf8.RuneCountInString(c.Reply) > plan.MaxWhy:
		wrong = fault.Field("answer", "Please use at most %d characters.", plan.MaxWhy)
	}
	if wrong != nil {
		return s.renderTeach(w, r, a, wrong)
	}
	if err := s.Store.AnswerIdea(r.Context(), a.District, c); err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(c.Student)))
	return seeOther(w, r, "/teach", "said")
}

// choiceDays is the span that reports of choice look at.
const choiceDays = 84

// tallyView counts what became of offers, in words.
type tallyView struct {
	Name, Href string
	Students   int
	Who        string // share of students who chose
	plan.Tally
	Share, Options string
}

func newTallyView(name string, t plan.Tally) tallyView {
	v := tallyView{Name: name, Tally: t, Share: "no offer yet", Options: "–"}
	if t.Offers > 0 {
		v.Share = fmt.Sprintf("%.0f %%", 100*t.Rate())
	}
	if b := t.Breadth(); b > 0 {
		v.Options = fmt.Sprintf("%.1f", b)
	}
	return v
}

// choicesView is what the students of a class made of offers.
type choicesView struct {
	Class  roster.Class
	Weeks  string
	All    tallyView
	Rows   []tallyView
	topics []live.Topic
}

func (v choicesView) Topics() []live.Topic { return v.topics }

func (s *Server) serveChoices(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	people, err := s.Store.People(ctx, a.District, class.ID, roster.Student)
	if err != nil {
		return err
	}
	v := choicesView{Class: class, Weeks: weekWords(choiceDays / 7), topics: []live.Topic{live.ClassTopic(string(a.District), string(class.ID))}}
	by := map[roster.PersonID][]plan.Choice{}
	var all []plan.Choice
	if len(people) > 0 {
		if all, err = s.Store.Choices(ctx, a.District, idsOf(people), s.Now().AddDate(0, 0, -choiceDays)); err != nil {
			return err
		}
	}
	for _, c := range all {
		by[c.Student] = append(by[c.Student], c)
	}
	v.All = newTallyView("All", plan.Count(all))
	for _, p := range people {
		row := newTallyView(p.Name(), plan.Count(by[p.ID]))
		row.Href = recordHref(p.ID)
		v.Rows = append(v.Rows, row)
	}
	return s.render(w, r, a, http.StatusOK, "choices", v)
}

// schoolChoicesView is what the students of a school made of offers, by groups.
type schoolChoicesView struct {
	School roster.Org
	Weeks  string
	Least  int
	Hidden bool
	Tables []groupTable[tallyView]
}

func (s *Server) showSchoolChoices(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	school, err := s.Store.Org(ctx, a.District, schoolID(r))
	if err != nil {
		return err
	}
	students, dimensions, err := s.Store.Choosers(ctx, a.District, school.ID, s.Now().AddDate(0, 0, -choiceDays))
	if err != nil {
		return err
	}
	v := schoolChoicesView{School: school, Weeks: weekWords(choiceDays / 7), Least: mastery.SmallCell}
	v.Tables, v.Hidden = tablesOf(plan.Choose(students, dimensions, mastery.SmallCell), func(g plan.Choosing, name string) tallyView {
		row := newTallyView(name, g.Tally)
		row.Students, row.Who = g.Students, fmt.Sprintf("%.0f %%", 100*g.Chose)
		if g.Chose > 0 && g.Chose < .01 {
			row.Who = "fewer than 1 %"
		}
		return row
	})
	// Of which nothing is known, nothing is said.
	v.Tables = slices.DeleteFunc(v.Tables, func(t groupTable[tallyView]) bool {
		return len(t.Rows) == 1 && len(t.Hidden) == 0 && t.Rows[0].Name == groupName("", notKnown)
	})
	return s.render(w, r, a, http.StatusOK, "schoolchoices", v)
}
