package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/credit"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/team"
)

func teamsHref(school roster.OrgID) string { return "/schools/" + urlPath(string(school)) + "/teams" }
func teamHref(id team.ID) string           { return "/teams/" + urlPath(string(id)) }
func teamID(r *http.Request) team.ID       { return team.ID(r.PathValue("team")) }

// toTeam lets in who may do something with a team of teachers.
func toTeam(action guard.Action) access {
	return func(s *Server, r *http.Request, a guard.Actor) error {
		return s.door.Team(r.Context(), a, action, teamID(r))
	}
}

// teamsView is the teams of a school, and the form for a new one.
type teamsView struct {
	School roster.Org
	Teams  []teamCard
	Makes  bool // the reader says who is in which team
	Form   teamForm
	Errors formErrors
}

type teamCard struct {
	team.Team
	Href    string // empty where it is not the reader's to see
	Members []roster.Person
	Form    teamForm
}

// teamForm is a team as it is written down.
type teamForm struct {
	team.Team
	Kinds   []team.Kind
	Grades  []string
	Staff   []memberChoice
	Leaders []roster.Person
	Errors  formErrors
}

type memberChoice struct {
	roster.Person
	In bool
}

func (s *Server) showTeams(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderTeams(w, r, a, team.Team{Kind: team.Grade}, nil)
}

func (s *Server) renderTeams(w http.ResponseWriter, r *http.Request, a guard.Actor, tried team.Team, wrong error) error {
	ctx, d := r.Context(), a.District
	school, err := s.Store.Org(ctx, d, schoolID(r))
	if err != nil {
		return err
	}
	v := teamsView{School: school}
	rel, err := s.Store.ToSchool(ctx, a, school.ID)
	if err != nil {
		return err
	}
	_, v.Makes = guard.Allowed(guard.MakeTeams, rel)
	staff, err := s.Store.StaffOf(ctx, d, school.ID)
	if err != nil {
		return err
	}
	leaders, err := s.Store.LeadersOf(ctx, d, school.ID)
	if err != nil {
		return err
	}
	var code int
	v.Errors, code = answerTo(wrong)
	form := func(t team.Team) teamForm {
		f := teamForm{Team: t, Kinds: team.Kinds, Grades: team.Grades, Leaders: leaders}
		for _, p := range staff {
			f.Staff = append(f.Staff, memberChoice{p, slices.Contains(t.Members, p.ID)})
		}
		if t.ID == tried.ID {
			f.Team, f.Errors = tried, v.Errors
			for i, p := range f.Staff {
				f.Staff[i].In = slices.Contains(tried.Members, p.ID)
			}
		}
		return f
	}
	teams, err := s.Store.Teams(ctx, d, school.ID)
	if err != nil {
		return err
	}
	for _, t := range teams {
		x := teamCard{Team: t, Form: form(t)}
		for _, p := range staff {
			if slices.Contains(t.Members, p.ID) {
				x.Members = append(x.Members, p)
			}
		}
		if v.Makes || slices.Contains(t.Members, a.Person) {
			x.Href = teamHref(t.ID)
		}
		v.Teams = append(v.Teams, x)
	}
	v.Form = form(team.Team{Kind: team.Grade})
	return s.render(w, r, a, code, "teams", v)
}

// saveTeam makes a team, changes it or ends it.
func (s *Server) saveTeam(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, f, school := r.Context(), a.District, r.PostForm, schoolID(r)
	if f.Get("do") == "end" {
		if err := s.Store.EndTeam(ctx, d, school, team.ID(f.Get("team"))); err != nil {
			return err
		}
		return seeOther(w, r, teamsHref(school), "said")
	}
	staff, err := s.Store.StaffOf(ctx, d, school)
	if err != nil {
		return err
	}
	leaders, err := s.Store.LeadersOf(ctx, d, school)
	if err != nil {
		return err
	}
	t := team.Team{ID: team.ID(f.Get("team")), School: school, Name: strings.TrimSpace(f.Get("name")), Kind: team.Kind(f.Get("kind")), Grade: f.Get("grade"),
		Space: strings.TrimSpace(f.Get("space")), Planning: strings.TrimSpace(f.Get("planning")), Author: a.Person}
	for _, p := range staff {
		if slices.Contains(f["member"], string(p.ID)) {
			t.Members = append(t.Members, p.ID)
		}
	}
	for _, p := range leaders {
		if string(p.ID) == f.Get("lead") {
			t.Lead = p.ID
		}
	}
	if err := t.Validate(); err != nil {
		return s.renderTeams(w, r, a, t, err)
	}
	if t.ID, err = s.Store.SaveTeam(ctx, d, t); err != nil {
		return err
	}
	return seeOther(w, r, teamHref(t.ID), "said")
}

// teamView is what a team shares: students, what to talk about, what to do.
type teamView struct {
	team.Team
	School     roster.Org
	Members    []roster.Person
	LeadName   string
	Agenda     []itemView
	Doing      []itemView
	Done       []itemView
	Students   []sharedView // those whom the reader may see
	Shared     int          // of all
	Taught     int
	Components []team.Component
	There      int
	Groups     string // where the reader makes groups over the classes of the team
	Makes      bool
	Form       team.Item
	Errors     formErrors
}

// sharedMost is how many shared students are shown unasked, those with most to talk about.
const sharedMost = 15

func (v teamView) First() []sharedView { return v.Students[:min(len(v.Students), sharedMost)] }
func (v teamView) Rest() []sharedView  { return v.Students[min(len(v.Students), sharedMost):] }

type itemView struct {
	team.Item
	Href           string
	About, OwnedBy string
	Late           bool
}

// sharedView is one student whom several of a team teach.
type sharedView struct {
	Person   roster.Person
	Teachers int
	Flags    int
	Absent   string
	Failed   []string
	Talked   time.Time
	missed   float64 // share of days
}

func (s *Server) showTeam(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderTeam(w, r, a, team.Item{}, nil)
}

// teamItemsMost is how many items a team's page shows.
const teamItemsMost = 100

func (s *Server) renderTeam(w http.ResponseWriter, r *http.Request, a guard.Actor, form team.Item, wrong error) error {
	ctx, d := r.Context(), a.District
	t, err := s.Store.Team(ctx, d, teamID(r))
	if err != nil {
		return err
	}
	v := teamView{Team: t, Form: form}
	if v.School, err = s.Store.Org(ctx, d, t.School); err != nil {
		return err
	}
	staff, err := s.Store.StaffOf(ctx, d, t.School)
	if err != nil {
		return err
	}
	for _, p := range staff {
		if slices.Contains(t.Members, p.ID) {
			v.Members = append(v.Members, p)
		}
	}
	names := s.namesOf(ctx, d)
	if t.Lead != "" {
		if v.LeadName, err = names(t.Lead); err != nil {
			return err
		}
	}
	lessons, err := s.Store.Lessons(ctx, d, t.ID)
	if err != nil {
		return err
	}
	rel, err := s.Store.ToTeam(ctx, a, t.ID)
	if err != nil {
		return err
	}
	v.Makes = slices.Contains(rel, guard.LeaderOf)
	taught, own := map[roster.PersonID]bool{}, map[roster.PersonID]bool{}
	for _, l := range lessons {
		taught[l.Student] = true
		own[l.Student] = own[l.Student] || v.Makes || l.Teacher == a.Person
	}
	shared := team.Shared(lessons)
	v.Taught, v.Shared = len(taught), len(shared)
	if v.Students, err = s.sharedStudents(r, a, shared, own); err != nil {
		return err
	}
	if t.Kind == team.Academy {
		v.Components = t.Components(lessons)
		for _, c := range v.Components {
			if c.There {
				v.There++
			}
		}
	}
	if classes, err := s.Store.Classes(ctx, d, a.Person, roster.Teacher, roster.Aide); err != nil {
		return err
	} else if i := slices.IndexFunc(classes, func(c roster.Class) bool { return c.School == t.School }); i >= 0 {
		v.Groups = groupsHref(classes[i].ID)
	}
	items, err := s.Store.TeamItems(ctx, d, t.ID, teamItemsMost)
	if err != nil {
		return err
	}
	today := s.Now().Format(time.DateOnly)
	for _, i := range items {
		x := itemView{Item: i, Href: teamHref(t.ID) + "/items/" + urlPath(string(i.ID)), Late: i.Done.IsZero() && i.Owner != "" && string(i.Due) < today}
		if i.Student != "" {
			if !own[i.Student] && i.Owner != a.Person && i.Author != a.Person {
				continue // what is said of a child is for those who teach them, and who said it or does something
			}
			if x.About, err = names(i.Student); err != nil {
				return err
			}
		}
		if i.Owner != "" {
			if x.OwnedBy, err = names(i.Owner); err != nil {
				return err
			}
		}
		switch {
		case !i.Done.IsZero():
			v.Done = append(v.Done, x)
		case i.Owner == "":
			v.Agenda = append(v.Agenda, x)
		default:
			v.Doing = append(v.Doing, x)
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "team", v)
}

// sharedStudents says of the students of a team, as far as the reader may see them, what several
// teachers should know.
func (s *Server) sharedStudents(r *http.Request, a guard.Actor, shared map[roster.PersonID]int, own map[roster.PersonID]bool) ([]sharedView, error) {
	ctx, d := r.Context(), a.District
	var ids []roster.PersonID
	for id := range shared {
		if own[id] {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	people, err := s.Store.PeopleByID(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	flags, err := s.Store.Flags(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	from, to := roster.Date(s.Now().Add(-minutesWindow).Format(time.DateOnly)), roster.Date(s.Now().Format(time.DateOnly))
	attended, err := s.Store.AttendanceOf(ctx, d, ids, from, to)
	if err != nil {
		return nil, err
	}
	courses, err := s.Store.CoursesOf(ctx, d, ids, s.Now().Add(-coursesSince))
	if err != nil {
		return nil, err
	}
	held, err := s.Store.Conferences(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	views := make([]sharedView, 0, len(people))
	at := map[roster.PersonID]int{}
	for _, p := range people {
		x := sharedView{Person: p, Teachers: shared[p.ID]}
		if n := attended[p.ID]; n.Days > 0 {
			x.missed = n.Missed / float64(n.Days)
			x.Absent = share(x.missed)
		}
		for _, c := range courses[p.ID] {
			if credit.Failed(c.Status) {
				x.Failed = append(x.Failed, c.Course)
			}
		}
		at[p.ID] = len(views)
		views = append(views, x)
	}
	for _, f := range flags {
		if i, ok := at[f.Student]; ok && f.Open(s.Now()) {
			views[i].Flags++
		}
	}
	for _, c := range held {
		if i, ok := at[c.Student]; ok && c.At.After(views[i].Talked) {
			views[i].Talked = c.At
		}
	}
	slices.SortStableFunc(views, func(a, b sharedView) int {
		return cmp.Or(cmp.Compare(b.Flags, a.Flags), cmp.Compare(len(b.Failed), len(a.Failed)), cmp.Compare(b.missed, a.missed), a.Talked.Compare(b.Talked))
	})
	return views, nil
}

// addTeamItem writes down what a team is to talk about, or what somebody does until a day.
func (s *Server) addTeamItem(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, f := r.Context(), a.District, r.PostForm
	t, err := s.Store.Team(ctx, d, teamID(r))
	if err != nil {
		return err
	}
	i := team.Item{Team: t.ID, Words: strings.TrimSpace(f.Get("words")), Student: roster.PersonID(f.Get("student")), Due: roster.Date(f.Get("due")), Author: a.Person}
	if err := i.GiveTo(roster.PersonID(f.Get("owner")), t); err != nil {
		return s.renderTeam(w, r, a, i, err)
	}
	if i.Student != "" {
		if err := s.door.Student(ctx, a, guard.ReadRecord, i.Student); err != nil {
			return err
		}
	}
	err = i.Validate()
	if err == nil {
		err = s.mayOwn(ctx, d, i, t)
	}
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return s.renderTeam(w, r, a, i, err)
	} else if err != nil {
		return err
	}
	if err := s.Store.AddTeamItem(ctx, d, i); err != nil {
		return err
	}
	return seeOther(w, r, teamHref(t.ID), "said")
}

// changeTeamItem says who looks after an item, or that it is done.
func (s *Server) changeTeamItem(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, f := r.Context(), a.District, r.PostForm
	t, err := s.Store.Team(ctx, d, teamID(r))
	if err != nil {
		return err
	}
	items, err := s.Store.TeamItems(ctx, d, t.ID, teamItemsMost)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(items, func(i team.Item) bool { return string(i.ID) == r.PathValue("item") })
	if at < 0 {
		return fault.New(fault.NotFound, "This is not there any more.")
	}
	i := items[at]
	if i.Student != "" && i.Owner != a.Person && i.Author != a.Person {
		if err := s.door.Student(ctx, a, guard.ReadRecord, i.Student); err != nil {
			return err
		}
	}
	if f.Get("do") == "done" {
		i.Done, i.Outcome = s.Now(), strings.TrimSpace(f.Get("outcome"))
	} else {
		i.Due = roster.Date(f.Get("due"))
		if err := i.GiveTo(roster.PersonID(f.Get("owner")), t); err != nil {
			return s.renderTeam(w, r, a, team.Item{}, err)
		}
		if i.Owner == "" {
			return s.renderTeam(w, r, a, team.Item{}, fault.Field("owner", "Say who looks after it."))
		}
	}
	err = i.Validate()
	if err == nil && i.Done.IsZero() {
		err = s.mayOwn(ctx, d, i, t)
	}
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return s.renderTeam(w, r, a, team.Item{}, err)
	} else if err != nil {
		return err
	}
	if err := s.Store.ChangeTeamItem(ctx, d, i); err != nil {
		return err
	}
	return seeOther(w, r, teamHref(t.ID), "said")
}

// mayOwn reports, as a fault that names the field, where an item is for a day that is over, about a student whom the team does
// not teach, or for somebody who does not teach them.
func (s *Server) mayOwn(ctx context.Context, d roster.DistrictID, i team.Item, t team.Team) error {
	if today := s.Now().Format(time.DateOnly); i.Owner != "" && string(i.Due) < today {
		return fault.Field("due", "Choose today or a day after it.")
	}
	if i.Student == "" {
		return nil
	}
	lessons, err := s.Store.Lessons(ctx, d, t.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(lessons, func(l team.Lesson) bool { return l.Student == i.Student }) {
		return fault.Field("student", "Choose a student whom the team teaches.")
	}
	if i.Owner != "" && i.Owner != t.Lead && !slices.ContainsFunc(lessons, func(l team.Lesson) bool { return l.Student == i.Student && l.Teacher == i.Owner }) {
		return fault.Field("owner", "Choose somebody who teaches this student.")
	}
	return nil
}
