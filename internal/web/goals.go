package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

// goalView is a goal on a page.
type goalView struct {
	ID         string
	What, Why  string
	Competency *competency.Competency // nil if it is about none
	By         time.Time              // zero if it has no day
	Done       time.Time              // zero while it is open
	Finish     bool                   // the reader may mark it as reached
	Road       string                 // its own page
	Stage      string                 // of the cycle, in words
	Steps      int
	Finished   int // steps that are done
}

// newGoalViews returns the goals that are open, or those that are reached.
func newGoalViews(p *pupil, open, finish bool) (views []goalView) {
	for _, g := range p.Goals {
		if g.Done.IsZero() != open {
			continue
		}
		v := newGoalView(p, g)
		v.Finish = finish && open
		views = append(views, v)
	}
	return views
}

func newGoalView(p *pupil, g plan.Goal) goalView {
	v := goalView{ID: string(g.ID), What: g.What, Why: g.Why, Done: g.Done, Road: roadHref(p.Person.ID, g.ID), Stage: stageWords(g.Stage()), Steps: len(g.Steps)}
	for _, st := range g.Steps {
		if !st.Done.IsZero() {
			v.Finished++
		}
	}
	v.By = g.By.Time()
	if c, ok := p.catalogue.Competencies[g.Competency]; ok {
		v.Competency = &c
	}
	return v
}

type goalsView struct {
	Open, Reached []goalView
	Plan          string
	// What was typed, or was asked for.
	Form   goalForm
	About  []aboutView
	Chosen bool // one of About is chosen
	Errors formErrors
}

// goalForm is what was typed of a goal.
type goalForm struct {
	What, Why, Proof, By string
	Areas, Terms         []choiceOption
}

func newGoalForm(g plan.Goal) goalForm {
	return goalForm{g.What, g.Why, g.Proof, string(g.By),
		choices(string(g.Area), string(plan.Academic), "School", string(plan.Personal), "Personal", string(plan.Career), "Work and life later"),
		choices(string(g.Term), string(plan.Short), "this school year", string(plan.Long), "later than this school year")}
}

// typedGoal reads a goal from a form.
func typedGoal(r *http.Request, g plan.Goal) plan.Goal {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	g.What, g.Why, g.Proof, g.By = strings.Join(strings.Fields(get("what")), " "), get("why"), get("proof"), roster.Date(get("by"))
	g.Area, g.Term = plan.Area(get("area")), plan.Term(get("term"))
	return g
}

// stageWords says to which stage of the cycle a goal has come.
func stageWords(s plan.Stage) string {
	return map[plan.Stage]string{plan.Setting: "It is set", plan.Planning: "The steps are planned", plan.Learning: "Learning", plan.Showing: "Shown", plan.Reflecting: "Looked back"}[s]
}

// aboutView is a competency that a goal may be about.
type aboutView struct {
	ID, Label string
	Chosen    bool
}

func (s *Server) showGoals(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	g := plan.Goal{Competency: competency.ID(r.URL.Query().Get("competency"))}
	return s.renderGoals(w, r, a, p, g, nil)
}

func (s *Server) renderGoals(w http.ResponseWriter, r *http.Request, a guard.Actor, p *pupil, g plan.Goal, wrong error) error {
	v := goalsView{Plan: planHref(a.Person), Open: newGoalViews(p, true, true), Reached: newGoalViews(p, false, false), Form: newGoalForm(g)}
	about := p.focus()
	if c, ok := p.catalogue.Competencies[g.Competency]; ok && c.Assessable && !slices.Contains(about, g.Competency) {
		about = append([]competency.ID{g.Competency}, about...)
	}
	for _, id := range about {
		c := p.catalogue.Competencies[id]
		chosen := id == g.Competency
		v.About = append(v.About, aboutView{string(id), c.Label(), chosen})
		if chosen {
			v.Chosen = true
			if v.Form.What == "" && wrong == nil {
				v.Form.What = c.Student
			}
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "goals", v)
}

func (s *Server) addGoal(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	g := typedGoal(r, plan.Goal{Student: a.Person, Author: a.Person, Competency: competency.ID(r.PostForm.Get("competency"))})
	if err := checkGoal(p, g); err != nil {
		return s.renderGoals(w, r, a, p, g, err)
	}
	if _, err := s.Store.AddGoal(r.Context(), a.District, g); err != nil {
		return err
	}
	return seeOther(w, r, "/me/goals", "goal")
}

// checkGoal reports what the goal itself cannot know: the catalogue and the day.
func checkGoal(p *pupil, g plan.Goal) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if c, ok := p.catalogue.Competencies[g.Competency]; g.Competency != "" && (!ok || !c.Assessable) {
		return fault.Field("competency", "Choose what it is about from the list, or leave it open.")
	}
	if g.By != "" && string(g.By) < p.now.Format(time.DateOnly) {
		return fault.Field("by", "Choose a day that is still to come.")
	}
	if g.Term == plan.Short && string(g.By) > p.now.AddDate(1, 0, 0).Format(time.DateOnly) {
		return fault.Field("by", "This day is more than a year away. Choose a nearer one, or make it a goal for later.")
	}
	return nil
}

func (s *Server) finishGoal(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.Store.FinishGoal(r.Context(), a.District, a.Person, plan.GoalID(r.PathValue("goal"))); err != nil {
		return err
	}
	return seeOther(w, r, "/me/goals", "reached")
}
