package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/team"
)

// teaching lets in who teaches; what they see is their own classes only.
func teaching(s *Server, r *http.Request, a guard.Actor) error {
	return oneOf(s, r, a, roster.Teacher, roster.Aide)
}

// staff lets in who teaches or leads; what they see depends on whom and what.
func staff(s *Server, r *http.Request, a guard.Actor) error {
	return oneOf(s, r, a, roster.Teacher, roster.Aide, roster.Leader)
}

// gridMost is how many competencies a class is shown to work on at a time.
const gridMost = 40

// classWork is a class with what is known of its students.
type classWork struct {
	class    roster.Class
	learners []propose.Learner // by name
	cat      *propose.Catalogue
}

func (s *Server) classWork(ctx context.Context, d roster.DistrictID, class roster.Class) (classWork, error) {
	people, err := s.Store.People(ctx, d, class.ID, roster.Student)
	if err != nil {
		return classWork{class: class}, err
	}
	return s.workOf(ctx, d, class, people)
}

// workOf is what is known of some students, in a class.
func (s *Server) workOf(ctx context.Context, d roster.DistrictID, class roster.Class, people []roster.Person) (classWork, error) {
	w := classWork{class: class}
	var err error
	if w.cat, err = s.Store.Catalogue(ctx, d); err != nil {
		return w, err
	}
	if len(people) == 0 {
		return w, nil
	}
	ids := make([]roster.PersonID, len(people))
	at := make(map[roster.PersonID]int, len(people))
	w.learners = make([]propose.Learner, len(people))
	for i, p := range people {
		ids[i], at[p.ID] = p.ID, i
		w.learners[i] = propose.Learner{Person: p, Estimates: map[competency.ID]mastery.Estimate{}}
	}
	records, err := s.Store.Mastery(ctx, d, ids)
	if err != nil {
		return w, err
	}
	now := s.Now()
	for _, r := range records {
		l := &w.learners[at[r.Student]]
		l.Estimates[r.Competency] = r.At(now)
		if r.Seen.After(l.LastSeen) {
			l.LastSeen = r.Seen
		}
	}
	return w, nil
}

// ids are those of the students, in their order.
func (w classWork) ids() []roster.PersonID {
	ids := make([]roster.PersonID, len(w.learners))
	for i, l := range w.learners {
		ids[i] = l.Person.ID
	}
	return ids
}

// focus returns what the class works on, at most n competencies.
func (w classWork) focus(now time.Time, n int) []competency.ID {
	return propose.Focus(w.learners, w.cat, w.class.Subjects, now, n)
}

// offered returns what may be looked at or observed in the class: what it works on,
// or, in a class without evidence, what belongs to its subjects and grades.
func (w classWork) offered(now time.Time, n int) []competency.ID {
	if ids := w.focus(now, n); len(ids) > 0 {
		return ids
	}
	ids := w.curriculum(now)
	return ids[:min(n, len(ids))]
}

// curriculum returns what belongs to the class's subjects and grades, in the frameworks'
// order.
func (w classWork) curriculum(now time.Time) []competency.ID {
	// Somebody with evidence on everything works on all that the subjects hold.
	everything := propose.Learner{Estimates: make(map[competency.ID]mastery.Estimate, len(w.cat.Order))}
	for _, id := range w.cat.Order {
		everything.Estimates[id] = mastery.Estimate{}
	}
	ids := propose.Focus([]propose.Learner{everything}, w.cat, w.class.Subjects, now, len(w.cat.Order))
	return slices.DeleteFunc(ids, func(id competency.ID) bool { return !sameGrade(w.cat.Competencies[id].Grades, w.class.Grades) })
}

// sameGrade reports whether two lists of grades meet; an empty list means every grade.
func sameGrade(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return strings.TrimLeft(x, "0") == strings.TrimLeft(y, "0") })
	})
}

// stepView is one step with how it is shown.
type stepView struct {
	Key      string
	Kind     string // in words
	Icon     string
	Title    string
	Class    roster.Class
	Because  string
	Students []stepStudent // the first few
	More     []stepStudent
	Material *material.Material
	Minutes  int
	Playbook []string
	Do, Href string    // the prepared action
	Ways     []stepWay // other forms that are filled in already
	Why      string    // where it is explained
	Flag     string    // where a flag can be raised; empty where the step is about several students
	weight   float64
}

type stepStudent struct {
	Person roster.Person
	Status mastery.Status // on the step's competency
	Marked bool           // there is one
}

// stepList is some steps with where to return to after a decision.
type stepList struct {
	Steps     []stepView
	ShowClass bool
	Back      string // what the decision's form sends: teach or class
	In        roster.ClassID
	Minutes   int // that the list was fitted to
}

const chipsMost = 8

// view arranges a step to be shown.
func (w classWork) view(st propose.Step) stepView {
	name := st.Competency.InShort()
	v := stepView{Key: st.Key, Class: w.class, Because: st.Because, Material: st.Material, Minutes: st.Minutes, Playbook: st.Playbook, weight: st.Weight,
		Why: classPath(w.class.ID) + "/proposals/" + st.ID()}
	first, talk := "", ""
	if len(st.Students) > 0 {
		first, talk = st.Students[0].Name(), briefHref(st.Students[0].ID)
	}
	observe := true
	switch st.Kind {
	case propose.SmallGroup, propose.Before:
		v.Kind, v.Icon, v.Title, v.Do = "Small group", "people", name+", together", "Teach and write down"
	case propose.SameWrong:
		v.Kind, v.Icon, v.Title, v.Do = "Same wrong answer", "people", "Clear up: "+cmp.Or(name, "a wrong answer"), "Clear it up and write down"
	case propose.MoveOn:
		v.Kind, v.Icon, v.Title, v.Do = "Ready to move on", "climb", "On to: "+name, "Start and write down"
	case propose.CheckIn:
		v.Kind, v.Icon, v.Title, v.Do = "Check in", "talk", "Look at what they do now", "Check in now"
	case propose.OffPace:
		v.Kind, v.Icon, v.Title, v.Do = "Goal", "flag", "The goal of "+first+" comes too soon", "Open the brief"
	case propose.GoalStalled:
		v.Kind, v.Icon, v.Title, v.Do = "Goal", "flag", "The goal of "+first+" stands still", "Open the brief"
	case propose.ProfileOld:
		v.Kind, v.Icon, v.Title, v.Do, v.Href, observe = "Profile", "heart", "Ask what is still true", "Open the profiles", classPath(w.class.ID)+"/profiles", false
	case propose.Waiting:
		v.Kind, v.Icon, v.Title, v.Do, v.Href, observe = "Feedback", "write", "Answer who waits", "Open what waits", "/teach#ideas", false
		if st.Students != nil {
			v.Href = talksHref(st.Students[0].ID)
		}
	case propose.GroupEnds:
		v.Kind, v.Icon, v.Title, v.Do, v.Href, observe = "Group", "people", "A group ends", "Open the groups", classPath(w.class.ID)+"/groups", false
	case propose.Disengaging:
		v.Kind, v.Icon, v.Title, v.Do = "What they do has changed", "eye", "See "+first, "Open the brief"
	case propose.Warning:
		v.Kind, v.Icon, v.Title, v.Do = "Early warning", "eye", "See "+first, "Open the brief"
	default:
		v.Kind, v.Icon, v.Title, v.Do = "Look again", "eye", "Look again at: "+name, "Check it now"
	}
	switch st.Kind {
	case propose.OffPace, propose.GoalStalled, propose.Disengaging, propose.Warning:
		v.Href, observe = talk, false
		v.Flag = v.Why + "#flag"
	}
	ids, names := make([]string, 0, len(st.Students)), make([]string, 0, len(st.Students))
	for _, p := range st.Students {
		ids, names = append(ids, string(p.ID)), append(names, p.Name())
		x := stepStudent{Person: p}
		if st.Competency.ID != "" {
			i := slices.IndexFunc(w.learners, func(l propose.Learner) bool { return l.Person.ID == p.ID })
			x.Status, x.Marked = w.learners[i].Estimates[st.Competency.ID].Status, true
		}
		if len(v.Students) < chipsMost {
			v.Students = append(v.Students, x)
		} else {
			v.More = append(v.More, x)
		}
	}
	switch st.Kind {
	case propose.SmallGroup, propose.Before, propose.SameWrong, propose.MoveOn, propose.Recheck:
		v.Ways = []stepWay{
			{"Make groups", groupsHref(w.class.ID) + "?" + url.Values{"purpose": {string(group.SharedNeed)}, "title": {clipText(name, 80)}, "together": {strings.Join(names, ", ")}, "most": {strconv.Itoa(max(5, len(names)))}}.Encode() + "#new"},
			{"Offer in flex time", "/teach/flex?" + url.Values{"school": {string(w.class.School)}, "title": {clipText(name, 120)}, "purpose": {string(flex.SmallGroup)}, "competency": {string(st.Competency.ID)}, "student": ids}.Encode() + "#new"},
		}
	case propose.GroupEnds:
		v.Ways = []stepWay{{"Make new groups", groupsHref(w.class.ID) + "?" + url.Values{"again": {st.Group}}.Encode() + "#new"}}
	}
	if !observe {
		return v
	}
	q := url.Values{"students": {strings.Join(ids, ",")}}
	if st.Competency.ID != "" {
		q.Set("competency", string(st.Competency.ID))
	}
	v.Href = classPath(w.class.ID) + "/observe?" + q.Encode()
	return v
}

// stepWay is another way to do a step: a form that is filled in already.
type stepWay struct{ Do, Href string }

func classPath(id roster.ClassID) string { return "/classes/" + url.PathEscape(string(id)) }

// stepsMost is how many steps the home shows unasked: what fits a day.
const stepsMost = 7

type teachView struct {
	District  roster.DistrictID
	Classes   []classCard
	Chosen    roster.ClassID // only this class's steps; empty for all
	List      stepList
	All       bool
	Total     int            // steps in all
	Minutes   int            // that the teacher has; 0 for a list of usual length
	Takes     int            // minutes that the steps shown take
	Off       []roster.Class // classes whose proposals are turned off
	Flags     []flagView     // that the teacher looks after
	AllHref   string         // shows all of them
	Asked     []requestView
	Ideas     []ideaView
	Answering string // the form of the idea that could not be answered like this
	Errors    formErrors
	Promises  []commitmentView // the teacher's own
	Teams     []team.Team
}

type classCard struct {
	Class    roster.Class
	School   string // where several schools are listed
	Students int
	Steps    int
	Own      bool // the actor teaches it
}

func (v teachView) Topics() []live.Topic {
	var out []live.Topic
	for _, c := range v.Classes {
		out = append(out, live.ClassTopic(string(v.District), string(c.Class.ID)))
	}
	return out
}

func (s *Server) serveTeach(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderTeach(w, r, a, nil)
}

// renderTeach shows a teacher's day, with what was wrong with an answer to an idea.
func (s *Server) renderTeach(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	ctx := r.Context()
	classes, err := s.Store.Classes(ctx, a.District, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return err
	}
	v := teachView{District: a.District, Chosen: roster.ClassID(r.URL.Query().Get("class")), All: r.URL.Query().Get("all") == "1"}
	if !slices.ContainsFunc(classes, func(c roster.Class) bool { return c.ID == v.Chosen }) {
		v.Chosen = ""
	}
	v.List = stepList{ShowClass: len(classes) > 1, Back: "teach", In: v.Chosen}
	if v.Teams, err = s.Store.TeamsOf(ctx, a.District, a.Person); err != nil {
		return err
	}
	var students []roster.PersonID
	for _, c := range classes {
		work, err := s.classWork(ctx, a.District, c)
		if err != nil {
			return err
		}
		steps, off, err := s.openSteps(ctx, a.District, work)
		if err != nil {
			return err
		}
		if off {
			v.Off = append(v.Off, c)
		}
		v.Classes = append(v.Classes, classCard{Class: c, Students: len(work.learners), Steps: len(steps), Own: true})
		for _, l := range work.learners {
			if !slices.Contains(students, l.Person.ID) {
				students = append(students, l.Person.ID)
			}
		}
		if v.Chosen == "" || v.Chosen == c.ID {
			v.List.Steps = append(v.List.Steps, steps...)
		}
	}
	slices.SortFunc(v.List.Steps, func(x, y stepView) int {
		return cmp.Or(cmp.Compare(y.weight, x.weight), strings.Compare(x.Key, y.Key))
	})
	if err := s.talksOf(ctx, a, students, &v); err != nil {
		return err
	}
	cat, err := s.Store.Catalogue(ctx, a.District)
	if err != nil {
		return err
	}
	if v.Ideas, err = s.ideas(ctx, a.District, students, cat, s.namesOf(ctx, a.District)); err != nil {
		return err
	}
	v.Total = len(v.List.Steps)
	v.Minutes, _ = strconv.Atoi(r.URL.Query().Get("minutes"))
	v.Minutes = max(0, min(480, v.Minutes))
	switch {
	case v.All:
	case v.Minutes > 0:
		v.List.Steps = propose.Within(v.List.Steps, v.Minutes, func(x stepView) int { return x.Minutes })
	default:
		v.List.Steps = v.List.Steps[:min(stepsMost, v.Total)]
	}
	v.List.Minutes = v.Minutes
	for _, x := range v.List.Steps {
		v.Takes += x.Minutes
	}
	if v.Flags, err = s.ownFlags(ctx, a); err != nil {
		return err
	}
	q := url.Values{"all": {"1"}}
	if v.Chosen != "" {
		q.Set("class", string(v.Chosen))
	}
	v.AllHref = "/teach?" + q.Encode()
	code := http.StatusOK
	if wrong != nil {
		v.Errors, v.Answering, code = faultErrors(wrong), r.URL.Path, status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "teach", v)
}

// talksOf adds who of some students asks for a talk, and what the teacher promised.
func (s *Server) talksOf(ctx context.Context, a guard.Actor, students []roster.PersonID, v *teachView) error {
	names := s.namesOf(ctx, a.District)
	requests, err := s.Store.Requests(ctx, a.District, students)
	if err != nil {
		return err
	}
	if v.Asked, err = requestViews(requests, a, false, names); err != nil {
		return err
	}
	promised, err := s.Store.CommitmentsOf(ctx, a.District, a.Person)
	if err != nil {
		return err
	}
	promised = slices.DeleteFunc(promised, func(c conference.Commitment) bool { return !slices.Contains(students, c.Student) })
	if v.Promises, err = s.commitmentViews(promised, a, profile.Staff, names); err != nil {
		return err
	}
	for i := range v.Promises {
		c := &v.Promises[i]
		c.Back = "/teach"
		if c.Name, err = names(c.Student); err != nil {
			return err
		}
	}
	return nil
}

type classesView struct {
	Classes []classCard
}

func (s *Server) serveClasses(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	var v classesView
	own, err := s.Store.Classes(ctx, a.District, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return err
	}
	for _, c := range own {
		people, err := s.Store.People(ctx, a.District, c.ID, roster.Student)
		if err != nil {
			return err
		}
		v.Classes = append(v.Classes, classCard{Class: c, Students: len(people), Own: true})
	}
	if a.Has(roster.Leader) {
		led, err := s.ledClasses(ctx, a)
		if err != nil {
			return err
		}
		for _, c := range led {
			if !slices.ContainsFunc(own, func(o roster.Class) bool { return o.ID == c.Class.ID }) {
				v.Classes = append(v.Classes, c)
			}
		}
	}
	return s.render(w, r, a, http.StatusOK, "classes", v)
}

// ledClasses returns the classes of the schools that an actor leads. A school whose
// classes they may not open is left out.
func (s *Server) ledClasses(ctx context.Context, a guard.Actor) ([]classCard, error) {
	schools, err := s.Store.Schools(ctx, a.District, a.Person)
	if err != nil {
		return nil, err
	}
	var out []classCard
	for _, school := range schools {
		classes, err := s.Store.ClassesOfSchool(ctx, a.District, school.ID)
		if err != nil {
			return nil, err
		}
		if len(classes) == 0 {
			continue
		}
		if err := s.door.Class(ctx, a, guard.ReadClass, classes[0].ID); fault.KindOf(err) == fault.NotFound && err != nil {
			continue
		} else if err != nil {
			return nil, err
		}
		for _, c := range classes {
			out = append(out, classCard{Class: c, School: school.Name})
		}
	}
	return out, nil
}
