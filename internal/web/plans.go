package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// planState is how far a plan is with its signatures and its yearly review.
type planState int

const (
	planNone    planState = iota // nobody has signed anything
	planOverdue                  // the yearly review is over time
	planMissing                  // somebody has still to sign
	planSigned                   // all have signed what it says now
)

func (s planState) words() string {
	return [...]string{"no plan signed yet", "yearly review overdue", "signatures missing", "signed by all"}[s]
}

func (r *planRecord) state() planState {
	st := r.Standing
	switch {
	case len(st.Signed)+len(st.Earlier) == 0:
		return planNone
	case st.Overdue:
		return planOverdue
	case !st.Complete():
		return planMissing
	}
	return planSigned
}

// participated reports whether the family has taken part since a time: signed, written to
// the plan, or said something in the profile.
func (r *planRecord) participated(since time.Time) bool {
	signed := func(x plan.Signature) bool { return x.Party == plan.ByGuardian && !x.At.Before(since) }
	return slices.ContainsFunc(r.Standing.Signed, signed) || slices.ContainsFunc(r.Standing.Earlier, signed) ||
		slices.ContainsFunc(r.Remarks, func(x plan.Remark) bool { return x.Party == plan.ByGuardian && !x.At.Before(since) }) ||
		slices.ContainsFunc(r.Said, func(e profile.Event) bool { return e.Voice == profile.Family && !e.At.Before(since) })
}

// planRow is one student's plan in a list.
type planRow struct {
	Name, Href string
	State      string
	Good       bool
	Missing    []string // who has still to sign
	Due        time.Time
	Family     bool // the family took part in the last year
	rank       planState
}

func (s *Server) newPlanRow(p roster.Person, r *planRecord) planRow {
	row := planRow{Name: cmp.Or(p.Name(), "Student"), Href: planHref(p.ID), rank: r.state(), Due: r.Standing.Due, Family: r.participated(s.yearAgo())}
	row.State, row.Good = row.rank.words(), row.rank == planSigned
	for _, x := range r.Standing.Missing {
		row.Missing = append(row.Missing, partyWords(x))
	}
	return row
}

func partyWords(p plan.Party) string {
	return map[plan.Party]string{plan.ByStudent: "the student", plan.ByGuardian: "a parent or guardian", plan.BySchool: "the school"}[p]
}

func (s *Server) yearAgo() time.Time { return s.Now().AddDate(-1, 0, 0) }

// plansView is the plans of a class, those that need somebody first.
type plansView struct {
	Class  roster.Class
	Rows   []planRow
	Grades string // in which a plan is a must
}

func (s *Server) servePlans(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, class := r.Context(), classID(r)
	c, err := s.Store.Class(ctx, a.District, class)
	if err != nil {
		return err
	}
	people, err := s.Store.People(ctx, a.District, class, roster.Student)
	if err != nil {
		return err
	}
	plans, err := s.plans(ctx, a.District, people)
	if err != nil {
		return err
	}
	v := plansView{Class: c, Rows: s.planRows(people, plans), Grades: gradesWords(s.PlanGrades)}
	return s.render(w, r, a, http.StatusOK, "plans", v)
}

// planRows lists plans, those that need somebody first.
func (s *Server) planRows(people []roster.Person, plans map[roster.PersonID]*planRecord) (rows []planRow) {
	for _, p := range people {
		rows = append(rows, s.newPlanRow(p, plans[p.ID]))
	}
	slices.SortStableFunc(rows, func(a, b planRow) int { return cmp.Compare(a.rank, b.rank) })
	return rows
}

func gradesWords(g plan.Grades) string {
	name := func(n int) string {
		if n == 0 {
			return "K"
		}
		return number(float64(n))
	}
	if g.From == g.To {
		return name(g.From)
	}
	return name(g.From) + " to " + name(g.To)
}

// schoolPlansView is how a school stands with plans: counts for everybody who may see the
// school, names for its leaders.
type schoolPlansView struct {
	School roster.Org
	Grades string
	Least  int
	Hidden bool // too few students to show
	Rows   []planCount
	Small  []string // grades that are not shown
	Names  bool
	List   []planRow // who needs somebody, the first of them
	More   bool
}

// planCount counts the plans of some students.
type planCount struct {
	Name                           string
	Students                       int
	Signed, Missing, Overdue, None int
	Family                         float64 // share whose family took part in the last year
}

// plansMost is how many names are listed at once.
const plansMost = 100

func (s *Server) showSchoolPlans(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	school, err := s.Store.Org(ctx, a.District, schoolID(r))
	if err != nil {
		return err
	}
	people, err := s.Store.StudentsOf(ctx, a.District, school.ID)
	if err != nil {
		return err
	}
	people = slices.DeleteFunc(people, func(p roster.Person) bool { return !s.PlanGrades.Include(p.Grade) })
	plans, err := s.plans(ctx, a.District, people)
	if err != nil {
		return err
	}
	v := schoolPlansView{School: school, Grades: gradesWords(s.PlanGrades), Least: mastery.SmallCell, Hidden: len(people) < mastery.SmallCell}
	v.Rows, v.Small = countPlans(people, plans, s.yearAgo())
	rel, err := s.Store.ToSchool(ctx, a, school.ID)
	if err != nil {
		return err
	}
	if _, v.Names = guard.Allowed(guard.NameMentor, rel); v.Names {
		rows := slices.DeleteFunc(s.planRows(people, plans), func(x planRow) bool { return x.Good })
		v.More = len(rows) > plansMost
		v.List = rows[:min(plansMost, len(rows))]
	}
	return s.render(w, r, a, http.StatusOK, "schoolplans", v)
}

// countPlans counts plans in all and by grade.
func countPlans(people []roster.Person, plans map[roster.PersonID]*planRecord, since time.Time) (rows []planCount, small []string) {
	rows = append(rows, countPlan("All", people, plans, since))
	for _, c := range stats.Cells(people, gradeWords, mastery.SmallCell) {
		if c.Suppressed {
			small = append(small, c.Name)
		} else {
			rows = append(rows, countPlan("Grade "+c.Name, c.Members, plans, since))
		}
	}
	return rows, small
}

func countPlan(name string, people []roster.Person, plans map[roster.PersonID]*planRecord, since time.Time) planCount {
	c := planCount{Name: name, Students: len(people)}
	took := 0
	for _, p := range people {
		r := plans[p.ID]
		switch r.state() {
		case planNone:
			c.None++
		case planOverdue:
			c.Overdue++
		case planMissing:
			c.Missing++
		case planSigned:
			c.Signed++
		}
		if r.participated(since) {
			took++
		}
	}
	c.Family = float64(took) / float64(max(1, len(people)))
	return c
}
