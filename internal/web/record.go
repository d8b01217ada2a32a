package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// recordView is one student's page, the same for everybody who may read it.
type recordView struct {
	Student   roster.Person
	Own       bool
	School    string
	Grade     string // as people write it: "4", "K"
	Classes   []string
	Observe   []observeLink // for a teacher of the student
	CanDo     []neighbourView
	CanMore   int // more of them than are shown
	Working   []neighbourView
	LookBacks []neighbourView
	Goals     []goalView
	Newest    []pieceView
	Tests     []evidence.Piece
	Said      []saidView
	Promises  []commitmentView
	Mentor    mentorView
	Access    string // empty if the reader may not know
	topics    []live.Topic
}

func (v recordView) Topics() []live.Topic { return v.topics }

type observeLink struct{ Class, Href string }

// saidView is an entry of the profile in short.
type saidView struct {
	entryView
	Title string
}

// How much of each a student's page shows.
const (
	canDoMost   = 8
	workingMost = 6
	newestMost  = 8
	saidMost    = 6
)

func (s *Server) showStudent(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, student := r.Context(), a.District, studentID(r)
	p, err := s.pupil(ctx, d, student)
	if err != nil {
		return err
	}
	v := recordView{Student: p.Person, Own: student == a.Person, Goals: newGoalViews(p, true, false),
		CanDo:     p.with(mastery.Met),
		Working:   p.with(mastery.Nearly, mastery.Learning, mastery.Starting),
		LookBacks: p.with(mastery.Fading),
		topics:    []live.Topic{live.StudentTopic(string(d), string(student))}}
	v.Grade = gradeWords(p.Person)
	v.CanMore = max(0, len(v.CanDo)-canDoMost)
	v.CanDo = v.CanDo[:min(canDoMost, len(v.CanDo))]
	v.Working = v.Working[:min(workingMost, len(v.Working))]
	v.LookBacks = v.LookBacks[:min(workingMost, len(v.LookBacks))]
	for _, c := range p.Classes {
		v.Classes = append(v.Classes, c.Title)
	}
	switch o, err := s.Store.Org(ctx, d, p.Person.School); {
	case err == nil:
		v.School = o.Name
	case fault.KindOf(err) != fault.NotFound:
		return err
	}
	if v.Observe, err = s.observeLinks(ctx, a, p); err != nil {
		return err
	}
	if v.Newest, err = s.newestPieces(ctx, d, p.catalogue, student, newestMost); err != nil {
		return err
	}
	if v.Tests, err = s.Store.Tests(ctx, d, student); err != nil {
		return err
	}
	entries, who, err := s.entries(ctx, a, student)
	if err != nil {
		return err
	}
	names := s.namesOf(ctx, d)
	if v.Promises, err = s.openCommitments(ctx, a, student, who, "", names); err != nil {
		return err
	}
	if v.Mentor, err = s.mentor(r, a, student, names); err != nil {
		return err
	}
	for _, e := range profile.Holding(entries) {
		if len(v.Said) == saidMost {
			break
		}
		x, err := newEntryView(e, a, who, p.now, names)
		if err != nil {
			return err
		}
		v.Said = append(v.Said, saidView{x, kindTitle(e.Kind, v.Own)})
	}
	if err := s.mayKnowAccess(ctx, a, student, &v.Access); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "record", v)
}

// with returns the competencies of some statuses, those shown last first.
func (p *pupil) with(statuses ...mastery.Status) (views []neighbourView) {
	for id, e := range p.Estimates {
		if c, ok := p.catalogue.Competencies[id]; ok && slices.Contains(statuses, e.Status) {
			views = append(views, neighbourView{c, e, evidenceHref(p.Person.ID, id)})
		}
	}
	slices.SortFunc(views, func(a, b neighbourView) int {
		return cmp.Or(b.Estimate.Last.Compare(a.Estimate.Last), cmp.Compare(a.Competency.ID, b.Competency.ID))
	})
	return views
}

// observeLinks leads a teacher to where they write down what they saw of a student, in
// the classes that both are in.
func (s *Server) observeLinks(ctx context.Context, a guard.Actor, p *pupil) (links []observeLink, err error) {
	if !a.Has(roster.Teacher) && !a.Has(roster.Aide) {
		return nil, nil
	}
	taught, err := s.Store.Classes(ctx, a.District, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return nil, err
	}
	for _, c := range taught {
		if slices.ContainsFunc(p.Classes, func(x roster.Class) bool { return x.ID == c.ID }) {
			links = append(links, observeLink{c.Title, "/classes/" + urlPath(string(c.ID)) + "/observe?student=" + urlQuery(string(p.Person.ID))})
		}
	}
	return links, nil
}
