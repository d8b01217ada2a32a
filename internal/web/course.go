package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/motivation"
	"waymark/internal/roster"
)

// courseView is what a class is designed for, and how it is for its students.
type courseView struct {
	Class  roster.Class
	Needs  []needView
	Held   int // items that hold, of
	All    int
	Open   *motivation.Ask // students are asked now
	Again  time.Time       // before then the class is not asked again; zero if it can be
	Asks   []askView
	Pulse  pulseView
	Errors formErrors
}

type needView struct {
	Name  string
	Means string
	Items []itemTick
}

type itemTick struct {
	motivation.Item
	On    bool
	Since time.Time
}

// askView is what a class said when it was asked once.
type askView struct {
	At    time.Time
	N     int
	Means []float64 // nil where too few answered
}

func courseHref(class roster.ClassID) string { return classPath(class) + "/course" }

var needWords = map[motivation.Need][2]string{
	motivation.Autonomy:    {"Autonomy", "Students have a say in what they do."},
	motivation.Competence:  {"Competence", "Students see that effort gets them on."},
	motivation.Relatedness: {"Relatedness", "Students belong, and somebody cares."},
	motivation.Relevance:   {"Relevance", "Students see what it is for."},
}

func (s *Server) showCourse(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderCourse(w, r, a, nil)
}

func (s *Server) renderCourse(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	v := courseView{Class: class, All: len(motivation.Checklist)}
	ticked, err := s.Store.CourseDesign(ctx, d, class.ID)
	if err != nil {
		return err
	}
	for _, need := range motivation.Needs {
		x := needView{Name: needWords[need][0], Means: needWords[need][1]}
		for _, item := range motivation.Checklist {
			if item.Need != need {
				continue
			}
			since, on := ticked[item.ID]
			x.Items = append(x.Items, itemTick{item, on, since})
			if on {
				v.Held++
			}
		}
		v.Needs = append(v.Needs, x)
	}
	asks, err := s.Store.Asks(ctx, d, class.ID, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	said, err := s.Store.SaidOfClass(ctx, d, class.ID, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	v.Pulse = coursePulse(said)
	for _, ask := range asks {
		if ask.Open(s.Now()) {
			v.Open = &ask
			continue
		}
		one := coursePulse(slices.DeleteFunc(slices.Clone(said), func(x motivation.Answer) bool { return x.Ask != ask.ID }))
		x := askView{At: ask.At, N: one.Answers}
		if len(one.Rows) > 0 {
			x.Means = one.Rows[0].Means
		}
		v.Asks = append(v.Asks, x)
	}
	if len(asks) > 0 {
		if again := asks[0].At.Add(motivation.AskAgain); again.After(s.Now()) {
			v.Again = again
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "course", v)
}

// coursePulse is what students said of a class.
func coursePulse(said []motivation.Answer) pulseView {
	statements, answers := make([]pulseStatement, len(motivation.Statements)), make([]pulseAnswer, len(said))
	for i, st := range motivation.Statements {
		statements[i] = pulseStatement{st.Short, st.Lack}
	}
	for i, x := range said {
		answers[i] = pulseAnswer{x.Ask, x.Values[:], x.Groups}
	}
	return newPulseView(statements, answers, "The checklist above names what can be changed; ask some of them what they would change first.")
}

// changeCourse keeps what a class is designed for, or asks its students.
func (s *Server) changeCourse(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, class := r.Context(), a.District, classID(r)
	if r.PostForm.Get("do") == "ask" {
		if err := s.Store.AskClass(ctx, d, class, a.Person); fault.KindOf(err) == fault.Conflict && err != nil {
			return s.renderCourse(w, r, a, err)
		} else if err != nil {
			return err
		}
		s.Hub.Publish(live.ClassTopic(string(d), string(class)))
		return seeOther(w, r, courseHref(class), "said")
	}
	var items []string
	for _, id := range r.PostForm["item"] {
		if !motivation.Known(id) {
			return s.renderCourse(w, r, a, fault.Field("item", "Choose from the list."))
		}
		items = append(items, id)
	}
	if err := s.Store.SetCourseDesign(ctx, d, class, items, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, courseHref(class), "said")
}

// classAsk is a class that asks a student how it is.
type classAsk struct {
	Title, Action string
}

// askedOf are the classes that ask a student how it is, and have no answer yet.
func (s *Server) askedOf(ctx context.Context, d roster.DistrictID, student roster.PersonID, classes []roster.Class) (open []classAsk, err error) {
	for _, c := range classes {
		ask, asked, err := s.Store.AskedOf(ctx, d, c.ID, student)
		if err != nil {
			return nil, err
		}
		if asked {
			open = append(open, classAsk{c.Title, "/me/course/" + urlPath(string(c.ID)) + "/" + urlPath(ask.ID)})
		}
	}
	return open, nil
}

// sayOfClass keeps what a student says of a class, without a name.
func (s *Server) sayOfClass(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, class := r.Context(), a.District, classID(r)
	mine, err := s.Store.Classes(ctx, d, a.Person, roster.Student)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(mine, func(c roster.Class) bool { return c.ID == class }) {
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	}
	answer := motivation.Answer{Ask: r.PathValue("ask")}
	for i, st := range motivation.Statements {
		answer.Values[i], _ = strconv.Atoi(r.PostForm.Get(string(st.Need)))
	}
	if !answer.Valid() {
		return fault.Field("autonomy", "Choose an answer to each of the four sentences.")
	}
	people, err := s.Store.People(ctx, d, class, roster.Student)
	if err != nil {
		return err
	}
	if answer.Groups, err = s.subgroupsOf(ctx, d, a.Person, idsOf(people)); err != nil {
		return err
	}
	if err := s.Store.SayOfClass(ctx, d, class, a.Person, answer); err != nil {
		return err
	}
	return seeOther(w, r, "/me", "said")
}
