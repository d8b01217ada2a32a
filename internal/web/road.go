package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// roadView is the way to a goal.
type roadView struct {
	Student roster.Person
	Own     bool
	Back    string
	Goal    goalView
	propose.Road
	Legs   []legView
	Line   string // how it lies to the wanted day, in words
	Icon   string
	Pace   string
	Slow   bool // it lies behind
	Moves  []string
	Action string // where wishes go; empty if the reader has none
	Staff  bool   // the reader may leave a step out
	topics []live.Topic
}

func (v roadView) Topics() []live.Topic { return v.topics }

type legView struct {
	propose.Leg
	Number int
	Href   string
}

// paceWeeks is over how many weeks a student's pace is measured, at most.
const paceWeeks = 12

func roadHref(student roster.PersonID, goal plan.GoalID) string {
	return recordHref(student) + "/goals/" + urlPath(string(goal))
}

// goal returns an open or reached goal of a student that is about a competency.
func (p *pupil) goal(id plan.GoalID) (plan.Goal, error) {
	i := slices.IndexFunc(p.Goals, func(g plan.Goal) bool { return g.ID == id })
	if i < 0 || p.catalogue.Competencies[p.Goals[i].Competency].ID == "" {
		return plan.Goal{}, fault.New(fault.NotFound, "There is no way to this goal: it is gone, or it is not about a competency.")
	}
	return p.Goals[i], nil
}

// then returns what the student could do at the end of a week, by today's catalogue.
func (s *Server) then(ctx context.Context, d roster.DistrictID, p *pupil, week int) (propose.Learner, error) {
	l := propose.Learner{Person: p.Person, Estimates: map[competency.ID]mastery.Estimate{}}
	records, err := s.Store.MasteryAt(ctx, d, []roster.PersonID{p.Person.ID}, week)
	for _, r := range records {
		l.Estimates[r.Competency] = r.At(mastery.WeekStart(week + 1))
	}
	return l, err
}

// pace measures how fast a student comes to meet competencies of a subject, over the weeks
// that end with a given one.
func (s *Server) pace(ctx context.Context, d roster.DistrictID, p *pupil, subject string, now propose.Learner, week int) (propose.Pace, error) {
	weeks := paceWeeks
	if !p.began.IsZero() {
		weeks = min(weeks, max(0, week-mastery.Week(p.began)))
	} else {
		weeks = 0
	}
	before, err := s.then(ctx, d, p, week-weeks)
	if err != nil {
		return propose.Pace{}, err
	}
	gained := 0
	for id, e := range now.Estimates {
		if e.Status == mastery.Met && before.Estimates[id].Status != mastery.Met && before.Estimates[id].Status != mastery.Fading && p.catalogue.Competencies[id].Subject == subject {
			gained++
		}
	}
	return propose.NewPace(gained, weeks), nil
}

func (s *Server) showRoad(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student := r.Context(), studentID(r)
	p, err := s.pupil(ctx, a.District, student)
	if err != nil {
		return err
	}
	g, err := p.goal(plan.GoalID(r.PathValue("goal")))
	if err != nil {
		return err
	}
	wishes, err := s.Store.RoadWishes(ctx, a.District, student)
	if err != nil {
		return err
	}
	goal := newGoalView(p, g)
	by := goal.By
	subject := p.catalogue.Competencies[g.Competency].Subject
	pace, err := s.pace(ctx, a.District, p, subject, p.Learner, mastery.Week(p.now))
	if err != nil {
		return err
	}
	v := roadView{Goal: goal, Student: p.Person, Own: student == a.Person, Back: recordHref(student), Road: propose.Lay(g.Competency, p.Learner, p.catalogue, wishes, pace, by, p.now),
		topics: []live.Topic{live.StudentTopic(string(a.District), string(student))}}
	if v.Own {
		v.Back = "/me/goals"
	}
	for i, leg := range v.Road.Legs {
		v.Legs = append(v.Legs, legView{leg, i + 1, evidenceHref(student, leg.Competency.ID)})
	}
	v.Line, v.Icon, v.Slow = lineWords(v.Road.Line())
	v.Pace = paceWords(pace)

	// What moved since the end of last week.
	last := mastery.Week(p.now) - 1
	then, err := s.then(ctx, a.District, p, last)
	if err != nil {
		return err
	}
	end := mastery.WeekStart(last + 1)
	if g.Set.Before(end) && len(then.Estimates) > 0 {
		was, err := s.pace(ctx, a.District, p, subject, then, last)
		if err != nil {
			return err
		}
		earlier := slices.DeleteFunc(slices.Clone(wishes), func(w propose.Wish) bool { return !w.At.Before(end) })
		v.Moves = propose.Moves(propose.Lay(g.Competency, then, p.catalogue, earlier, was, by, end), v.Road, p.Learner)
	}

	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	if by, ok := guard.Allowed(guard.SetGoal, rel); ok && g.Done.IsZero() {
		v.Action, v.Staff = roadHref(student, g.ID)+"/wishes", by == guard.TeacherOf
	}
	return s.render(w, r, a, http.StatusOK, "road", v)
}

func lineWords(l propose.Line) (words, icon string, slow bool) {
	switch l {
	case propose.Reached:
		return "Everything on the way is there.", "check", false
	case propose.Ahead:
		return "Ahead: the end is likely before the day.", "climb", false
	case propose.OnTheWay:
		return "On the way: the day is within what is likely.", "path", false
	case propose.Behind:
		return "The end is likely after the day. A later day or a smaller goal is fine; so is some help.", "time", true
	}
	return "No day is set, so there is no hurry.", "path", false
}

func paceWords(p propose.Pace) string {
	if p.Weeks < 2 {
		return "We don’t know your pace yet; one thing a week is assumed."
	}
	words := number(float64(p.Gained)) + " things"
	if p.Gained == 1 {
		words = "1 thing"
	}
	return "In the last " + strconv.Itoa(p.Weeks) + " weeks, " + words + " of this subject came to be sure. At this pace:"
}

// wishRoad keeps that somebody wants a step first, or does without it, or takes that back.
// Only staff leave a step out.
func (s *Server) wishRoad(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, student := r.Context(), studentID(r)
	p, err := s.pupil(ctx, a.District, student)
	if err != nil {
		return err
	}
	g, err := p.goal(plan.GoalID(r.PathValue("goal")))
	if err != nil {
		return err
	}
	x := propose.Wish{Competency: competency.ID(r.PostForm.Get("competency")), Author: a.Person}
	switch r.PostForm.Get("want") {
	case "first":
		x.Want = propose.First
	case "without":
		if student == a.Person {
			return fault.New(fault.Forbidden, "Only your teachers can leave a step out. Ask them, or show that you can do it already.")
		}
		x.Want = propose.Without
	case "neither":
	default:
		return fault.Field("want", "Choose what to do with this step.")
	}
	if _, ok := p.catalogue.Competencies[x.Competency]; !ok || x.Want == propose.Without && x.Competency == g.Competency {
		return fault.Field("competency", "Choose a step on the way.")
	}
	if err := s.Store.WishRoad(ctx, a.District, student, x); err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(student)))
	return seeOther(w, r, roadHref(student, g.ID), "moved")
}
