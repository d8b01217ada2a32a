package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// roadView is a goal's own page: its cycle, its steps, and the way to it.
type roadView struct {
	Student roster.Person
	Own     bool
	Back    string
	Goal    goalView
	Proof   string
	Kind    string      // of the goal, in words
	Cycle   []stageView // all stages in their order
	Steps   []ownStepView
	Change  string // where the goal itself is changed; empty if the reader may not
	Note    string // where one says how far it is; empty if the reader may not
	Typed   goalForm
	Said    passedForm
	Errors  formErrors
	HasRoad bool // it is about a competency
	propose.Road
	Legs   []legView
	Line   string // how it lies to the wanted day, in words
	Icon   string
	Pace   string
	Slow   bool // it lies behind
	Moves  []string
	Young  bool   // what moved is told since the goal was set
	Action string // where wishes go; empty if the reader has none
	Staff  bool   // the reader may leave a step out
	topics []live.Topic
}

func (v roadView) Topics() []live.Topic { return v.topics }

// stageView is a stage of the cycle, with what was said when the goal came to it.
type stageView struct {
	Words string
	At    time.Time // when it came to it last; zero if it has not
	Notes []string
	Here  bool // the goal is at this stage
}

type ownStepView struct {
	What string
	Done time.Time
	Do   string // where to say that it is done; empty if the reader may not
	Undo string // where to take that back
}

// passedForm is what was typed of a step or a stage.
type passedForm struct {
	Step, Note string
	Stage      plan.Stage
	Stages     []choiceOption
}

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

// goal returns an open or reached goal of a student.
func (p *pupil) goal(id plan.GoalID) (plan.Goal, error) {
	i := slices.IndexFunc(p.Goals, func(g plan.Goal) bool { return g.ID == id })
	if i < 0 {
		return plan.Goal{}, fault.New(fault.NotFound, "There is no such goal.")
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

// known returns what was known of the student at a time: by what had been recorded until
// then, whatever came since about work that is older.
func (s *Server) known(ctx context.Context, d roster.DistrictID, p *pupil, at time.Time) (propose.Learner, error) {
	l := propose.Learner{Person: p.Person, Estimates: map[competency.ID]mastery.Estimate{}}
	model, pieces, err := s.Store.Learner(ctx, d, p.Person.ID)
	if err != nil {
		return l, err
	}
	folded := model.Fold(slices.DeleteFunc(pieces, func(x evidence.Piece) bool { return x.Recorded.After(at) }))
	for id, state := range folded.States {
		l.Estimates[id] = state.At(at)
	}
	return l, nil
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

func (s *Server) showGoal(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderGoal(w, r, a, plan.Goal{}, passedForm{}, nil)
}

// renderGoal shows a goal, with what was typed of it if that could not be taken.
func (s *Server) renderGoal(w http.ResponseWriter, r *http.Request, a guard.Actor, typed plan.Goal, said passedForm, wrong error) error {
	ctx, student := r.Context(), studentID(r)
	p, err := s.pupil(ctx, a.District, student)
	if err != nil {
		return err
	}
	g, err := p.goal(plan.GoalID(r.PathValue("goal")))
	if err != nil {
		return err
	}
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	by, may := guard.Allowed(guard.SetGoal, rel)
	v := roadView{Goal: newGoalView(p, g), Student: p.Person, Own: student == a.Person, Back: recordHref(student), Proof: g.Proof, Said: said,
		topics: []live.Topic{live.StudentTopic(string(a.District), string(student))}}
	if v.Own {
		v.Back = "/me/goals"
	}
	if typed.ID == "" {
		typed = g
	}
	v.Typed = newGoalForm(typed)
	v.Kind = map[plan.Area]string{plan.Academic: "a goal at school", plan.Personal: "a personal goal", plan.Career: "a goal for work and life later"}[cmp.Or(g.Area, plan.Academic)]
	if g.Term == plan.Long {
		v.Kind += ", beyond this school year"
	}
	v.Cycle = cycle(g)
	v.Said.Stages = stageChoices(g, said.Stage)
	if may {
		v.Note = roadHref(student, g.ID)
		if g.Done.IsZero() {
			v.Change = v.Note
		}
	}
	for _, st := range g.Steps {
		x := ownStepView{What: st.What, Done: st.Done}
		at := v.Change + "/steps/" + urlPath(string(st.ID))
		switch {
		case v.Change == "":
		case st.Done.IsZero():
			x.Do = at
		default:
			x.Undo = at + "/reopen"
		}
		v.Steps = append(v.Steps, x)
	}
	if _, v.HasRoad = p.catalogue.Competencies[g.Competency]; v.HasRoad {
		if err := s.layRoad(ctx, a.District, p, g, &v); err != nil {
			return err
		}
		if v.Change != "" {
			v.Action, v.Staff = v.Change+"/wishes", by == guard.TeacherOf
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "road", v)
}

// cycle is how a goal went round its cycle.
func cycle(g plan.Goal) (stages []stageView) {
	for _, st := range plan.Stages {
		v := stageView{Words: stageWords(st), Here: st == g.Stage()}
		if st == plan.Setting {
			v.At = g.Set
		}
		for _, x := range g.Stages {
			if x.Stage == st {
				v.At = x.At
				if x.Note != "" {
					v.Notes = append(v.Notes, x.Note)
				}
			}
		}
		stages = append(stages, v)
	}
	return stages
}

// stageChoices are the stages that one may say that a goal has come to.
func stageChoices(g plan.Goal, typed plan.Stage) []choiceOption {
	if !g.Done.IsZero() {
		return choices("", string(plan.Reflecting), "I look back")
	}
	next := plan.Stages[min(slices.Index(plan.Stages, g.Stage())+1, len(plan.Stages)-1)]
	return choices(string(cmp.Or(typed, next)), string(plan.Planning), "I have planned", string(plan.Learning), "I am learning", string(plan.Showing), "I have shown it", string(plan.Reflecting), "I look back")
}

// layRoad lays the way to a goal that is about a competency, and says what moved since last
// week.
func (s *Server) layRoad(ctx context.Context, d roster.DistrictID, p *pupil, g plan.Goal, v *roadView) error {
	student := p.Person.ID
	wishes, err := s.Store.RoadWishes(ctx, d, student)
	if err != nil {
		return err
	}
	by, subject := v.Goal.By, p.catalogue.Competencies[g.Competency].Subject
	pace, err := s.pace(ctx, d, p, subject, p.Learner, mastery.Week(p.now))
	if err != nil {
		return err
	}
	v.Road = propose.Lay(g.Competency, p.Learner, p.catalogue, wishes, pace, by, p.now)
	for i, leg := range v.Road.Legs {
		v.Legs = append(v.Legs, legView{leg, i + 1, evidenceHref(student, leg.Competency.ID)})
	}
	v.Line, v.Icon, v.Slow = lineWords(v.Road.Line())
	v.Pace = paceWords(pace)

	// What moved is told since last week, or since the goal was set if that is later: against
	// what was known then, so that a result that comes late is told too.
	since := mastery.WeekStart(mastery.Week(p.now))
	if v.Young = g.Set.After(since); v.Young {
		since = g.Set
	}
	then, err := s.known(ctx, d, p, since)
	if err != nil || len(then.Estimates) == 0 {
		return err
	}
	was, err := s.pace(ctx, d, p, subject, then, mastery.Week(since))
	if err != nil {
		return err
	}
	earlier := slices.DeleteFunc(slices.Clone(wishes), func(w propose.Wish) bool { return w.At.After(since) })
	v.Moves = propose.Moves(propose.Lay(g.Competency, then, p.catalogue, earlier, was, by, since), v.Road, p.Learner)
	return nil
}

// changed does something to a goal and shows it again.
func (s *Server) changed(w http.ResponseWriter, r *http.Request, a guard.Actor, typed plan.Goal, said passedForm, err error) error {
	if err != nil && fault.KindOf(err) == fault.Invalid {
		return s.renderGoal(w, r, a, typed, said, err)
	}
	if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(studentID(r))))
	return seeOther(w, r, roadHref(studentID(r), plan.GoalID(r.PathValue("goal"))), "said")
}

func (s *Server) changeGoal(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, studentID(r))
	if err != nil {
		return err
	}
	was, err := p.goal(plan.GoalID(r.PathValue("goal")))
	if err != nil {
		return err
	}
	g := typedGoal(r, was)
	same := g.By == was.By // a day that has passed may stay as it is
	if same {
		g.By = ""
	}
	err = checkGoal(p, g)
	if same {
		g.By = was.By
	}
	if err == nil {
		err = s.Store.ChangeGoal(r.Context(), a.District, g)
	}
	return s.changed(w, r, a, g, passedForm{}, err)
}

func (s *Server) addStep(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	what := strings.TrimSpace(r.PostForm.Get("step"))
	err := s.Store.AddStep(r.Context(), a.District, studentID(r), plan.GoalID(r.PathValue("goal")), plan.Step{What: what, Author: a.Person})
	return s.changed(w, r, a, plan.Goal{}, passedForm{Step: what}, err)
}

func (s *Server) finishStep(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	err := s.Store.FinishStep(r.Context(), a.District, studentID(r), plan.GoalID(r.PathValue("goal")), plan.StepID(r.PathValue("step")), a.Person)
	return s.changed(w, r, a, plan.Goal{}, passedForm{}, err)
}

func (s *Server) reopenStep(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	err := s.Store.ReopenStep(r.Context(), a.District, studentID(r), plan.GoalID(r.PathValue("goal")), plan.StepID(r.PathValue("step")))
	return s.changed(w, r, a, plan.Goal{}, passedForm{}, err)
}

func (s *Server) reopenGoal(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	err := s.Store.ReopenGoal(r.Context(), a.District, studentID(r), plan.GoalID(r.PathValue("goal")))
	return s.changed(w, r, a, plan.Goal{}, passedForm{}, err)
}

func (s *Server) passStage(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	x := plan.Passed{Stage: plan.Stage(r.PostForm.Get("stage")), Note: strings.TrimSpace(r.PostForm.Get("note")), Author: a.Person}
	err := s.Store.PassStage(r.Context(), a.District, studentID(r), plan.GoalID(r.PathValue("goal")), x)
	return s.changed(w, r, a, plan.Goal{}, passedForm{Note: x.Note, Stage: x.Stage}, err)
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
