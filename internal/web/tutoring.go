package web

import (
	"cmp"
	"net/http"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// tutoringView is who of a class can help whom with what, by their own word.
type tutoringView struct {
	Class roster.Class
	Own   bool // the reader is a student of the class
	Rows  []tutoringRow
	Can   []competencyChoice // what the reader could teach
	Need  []competencyChoice
}

type tutoringRow struct {
	Competency competency.Competency
	Can, Need  []roster.Person
	Side       string // the reader's own
	Matched    bool
}

func (s *Server) showTutoring(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	can, need, err := s.Store.Tutoring(ctx, d, class.ID)
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, d, class)
	if err != nil {
		return err
	}
	v := tutoringView{Class: class}
	by := map[roster.PersonID]int{}
	for i, l := range work.learners {
		by[l.Person.ID] = i
		v.Own = v.Own || l.Person.ID == a.Person
	}
	people := func(ids []roster.PersonID) (out []roster.Person) {
		for _, id := range ids {
			if i, ok := by[id]; ok {
				out = append(out, work.learners[i].Person)
			}
		}
		return out
	}
	focus := work.offered(s.Now(), gridMost)
	for _, c := range work.cat.Order {
		if len(can[c])+len(need[c]) == 0 {
			continue
		}
		row := tutoringRow{Competency: work.cat.Competencies[c], Can: people(can[c]), Need: people(need[c])}
		row.Matched = len(row.Can) > 0 && len(row.Need) > 0
		if slices.Contains(can[c], a.Person) {
			row.Side = "can"
		} else if slices.Contains(need[c], a.Person) {
			row.Side = "need"
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Own {
		l := work.learners[by[a.Person]]
		for _, c := range focus {
			x := competencyChoice{string(c), cmp.Or(work.cat.Competencies[c].Student, work.cat.Competencies[c].Label())}
			if l.Estimates[c].Status == mastery.Met {
				v.Can = append(v.Can, x)
			} else {
				v.Need = append(v.Need, x)
			}
		}
	}
	return s.render(w, r, a, http.StatusOK, "tutoring", v)
}

// showMyTutoring shows a student the board of one of their classes.
func (s *Server) showMyTutoring(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	classes, err := s.Store.Classes(r.Context(), a.District, a.Person, roster.Student)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(classes, func(c roster.Class) bool { return c.ID == classID(r) }) {
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	}
	return s.showTutoring(w, r, a)
}

// setTutoring keeps that a student can teach something that they have shown, or needs help.
func (s *Server) setTutoring(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, d, class)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(work.learners, func(l propose.Learner) bool { return l.Person.ID == a.Person })
	c := competency.ID(r.PostForm.Get("competency"))
	side := r.PostForm.Get("side")
	switch {
	case i < 0:
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	case work.cat.Competencies[c].ID == "":
		return fault.Field("competency", "Choose what it is about.")
	case side == "can" && work.learners[i].Estimates[c].Status != mastery.Met:
		return fault.Field("competency", "Offer to teach what you have shown already.")
	case side != "can" && side != "need" && side != "":
		return fault.Field("side", "Say whether you can teach it or need it.")
	}
	if err := s.Store.SetTutoring(ctx, d, class.ID, a.Person, c, side); err != nil {
		return err
	}
	return seeOther(w, r, "/me/tutoring/"+urlPath(string(class.ID)), "said")
}
