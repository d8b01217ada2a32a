package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"waymark/internal/conference"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// attentionView is how evenly talks are given in a school.
type attentionView struct {
	School  roster.Org
	Weeks   string
	Least   int
	Hidden  bool // the whole school is too small
	Tables  []groupTable[attentionRow]
	Names   bool            // the reader may know who has no mentor
	Orphans []roster.Person // students without a mentor, the first of them
	More    bool            // there are more than are listed
}

// groupTable is a report's rows on the groups of one dimension.
type groupTable[R any] struct {
	Title  string
	Rows   []R
	Hidden []string // groups that are not shown
}

// schoolByGroup reads what a report cuts: a school's students, and to which group of each dimension
// they belong.
func (s *Server) schoolByGroup(r *http.Request, d roster.DistrictID) (school roster.Org, people []roster.Person, groups map[roster.PersonID]map[string]string, dimensions []string, err error) {
	ctx := r.Context()
	if school, err = s.Store.Org(ctx, d, schoolID(r)); err != nil {
		return
	}
	if people, err = s.Store.StudentsOf(ctx, d, school.ID); err != nil {
		return
	}
	groups, dimensions, err = s.Store.StudentGroups(ctx, d)
	return
}

// tablesOf sorts figures on subgroups into a table for each dimension; hidden says that not even the
// whole can be shown.
func tablesOf[G interface{ At() stats.Subgroup }, R any](list []G, row func(g G, name string) R) (tables []groupTable[R], hidden bool) {
	for _, g := range list {
		at := g.At()
		title, name := "All students", "All"
		if at.Dimension != everybody {
			title, name = upperFirst(at.Dimension), groupName(at.Dimension, at.Group)
		}
		if n := len(tables); n == 0 || tables[n-1].Title != title {
			tables = append(tables, groupTable[R]{Title: title})
		}
		t := &tables[len(tables)-1]
		if at.Suppressed {
			t.Hidden = append(t.Hidden, name)
			hidden = hidden || at.Dimension == everybody
			continue
		}
		t.Rows = append(t.Rows, row(g, name))
	}
	return tables, hidden
}

type attentionRow struct {
	conference.Attention
	Name          string
	Gini, P90     string
	Talks, Length string
	Days          string
	Asked, Until  string // how much was asked, and days until an answer
}

// attentionWindow is the span that the report looks at.
const attentionWindow = 84 // days

// orphansMost is how many students without a mentor are listed at once.
const orphansMost = 100

func (s *Server) showAttention(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	school, err := s.Store.Org(ctx, a.District, schoolID(r))
	if err != nil {
		return err
	}
	students, dimensions, err := s.Store.Attended(ctx, a.District, school.ID, s.Now().Add(-attentionWindow*24*time.Hour))
	if err != nil {
		return err
	}
	v := newAttentionView(conference.Attend(students, dimensions, attentionWindow, s.Now()))
	v.School = school
	rel, err := s.Store.ToSchool(ctx, a, school.ID)
	if err != nil {
		return err
	}
	if _, v.Names = guard.Allowed(guard.NameMentor, rel); v.Names {
		if v.Orphans, err = s.Store.WithoutMentor(ctx, a.District, school.ID, orphansMost+1); err != nil {
			return err
		}
		v.More = len(v.Orphans) > orphansMost
		v.Orphans = v.Orphans[:min(orphansMost, len(v.Orphans))]
	}
	return s.render(w, r, a, http.StatusOK, "attention", v)
}

func newAttentionView(list []conference.Attention) attentionView {
	v := attentionView{Weeks: weekWords(attentionWindow / 7), Least: mastery.SmallCell}
	v.Tables, v.Hidden = tablesOf(list, func(g conference.Attention, name string) attentionRow {
		row := attentionRow{Attention: g, Name: name,
			Gini: fmt.Sprintf("%.2f", g.Gini), P90: fmt.Sprintf("%.0f", g.P90), Talks: fmt.Sprintf("%.1f", g.Talks), Length: fmt.Sprintf("%.0f", g.Minutes), Days: fmt.Sprintf("%.0f", g.Days)}
		if g.P90 > attentionWindow {
			row.P90 = "longer, or never"
		}
		if g.Minutes == 0 {
			row.Gini = "no minutes yet"
		}
		if g.Days == 0 && g.Talked == 0 {
			row.Days = "nobody yet"
		}
		if x := g.Answering; x.Asked > 0 {
			row.Asked, row.Until = strconv.Itoa(x.Asked), fmt.Sprintf("%.0f", x.Days)
		}
		return row
	})
	// Of which nothing is known, nothing is said.
	v.Tables = slices.DeleteFunc(v.Tables, func(t groupTable[attentionRow]) bool {
		return len(t.Rows) == 1 && len(t.Hidden) == 0 && t.Rows[0].Group == notKnown
	})
	return v
}

// setMentor names the one member of staff who knows a student best.
func (s *Server) setMentor(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	student := studentID(r)
	if err := s.Store.SetMentor(r.Context(), a.District, student, roster.PersonID(r.PostForm.Get("mentor")), a.Person); err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(student)))
	return seeOther(w, r, recordHref(student), "settings")
}

// mentorAll makes a teacher the mentor of those of a class who have none.
func (s *Server) mentorAll(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, class := r.Context(), classID(r)
	people, err := s.Store.People(ctx, a.District, class, roster.Student)
	if err != nil {
		return err
	}
	without, err := s.withoutMentor(ctx, a.District, people)
	if err != nil {
		return err
	}
	for _, p := range without {
		if err := s.Store.SetMentor(ctx, a.District, p.ID, a.Person, a.Person); err != nil {
			return err
		}
	}
	return seeOther(w, r, classPath(class)+"/talks", "settings")
}

// withoutMentor returns those of some students who have no mentor.
func (s *Server) withoutMentor(ctx context.Context, d roster.DistrictID, people []roster.Person) (without []roster.Person, err error) {
	mentors, err := s.Store.Mentors(ctx, d, idsOf(people))
	for _, p := range people {
		if mentors[p.ID] == "" {
			without = append(without, p)
		}
	}
	return without, err
}

// mentorView is the mentor of a student, and whom the reader may name instead.
type mentorView struct {
	Name    string
	Choices []choiceOption
	Action  string
}

func (s *Server) mentor(r *http.Request, a guard.Actor, student roster.PersonID, names func(roster.PersonID) (string, error)) (v mentorView, err error) {
	mentors, err := s.Store.Mentors(r.Context(), a.District, []roster.PersonID{student})
	if err != nil {
		return v, err
	}
	now := mentors[student]
	if now != "" {
		if v.Name, err = names(now); err != nil {
			return v, err
		}
	}
	rel, err := s.Store.ToStudent(r.Context(), a, student)
	if err != nil {
		return v, err
	}
	if _, ok := guard.Allowed(guard.NameMentor, rel); !ok {
		return v, nil
	}
	if now == "" {
		now = a.Person // who asks is the first guess
	}
	teachers, err := s.Store.TeachersOf(r.Context(), a.District, student)
	for _, t := range teachers {
		v.Choices = append(v.Choices, choiceOption{string(t.ID), cmp.Or(t.Name(), string(t.ID)), t.ID == now})
	}
	v.Action = recordHref(student) + "/mentor"
	return v, err
}
