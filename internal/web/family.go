package web

import (
	"context"
	"net/http"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// familyView is a guardian's home.
type familyView struct {
	Children []childView
	topics   []live.Topic
}

func (v familyView) Topics() []live.Topic { return v.topics }

// childView tells of one child in plain sentences.
type childView struct {
	ID       string // within the page
	Child    roster.Person
	Href     string
	CanDo    []neighbourView
	Next     []neighbourView
	Ask      *competency.Competency // to ask the child about tonight
	Do       *materialView          // to do together, off screen
	Newest   []pieceView
	Promises []commitmentView
}

// family lets in who is a guardian; each child's record has its own door.
func family(s *Server, r *http.Request, a guard.Actor) error {
	return oneOf(s, r, a, roster.Guardian)
}

// nextMost is how many next things a family is told.
const nextMost = 2

func (s *Server) showFamily(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	children, err := s.Store.Children(ctx, d, a.Person)
	if err != nil {
		return err
	}
	var v familyView
	names := s.namesOf(ctx, d)
	for _, c := range children {
		err := s.door.Student(ctx, a, guard.ReadRecord, c.ID)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		child, err := s.newChildView(ctx, d, c)
		if err != nil {
			return err
		}
		if child.Promises, err = s.openCommitments(ctx, a, c.ID, profile.Family, "/family", names); err != nil {
			return err
		}
		child.ID = "c" + number(float64(len(v.Children)+1))
		v.Children = append(v.Children, child)
		v.topics = append(v.topics, live.StudentTopic(string(d), string(c.ID)))
	}
	return s.render(w, r, a, http.StatusOK, "family", v)
}

func (s *Server) newChildView(ctx context.Context, d roster.DistrictID, child roster.Person) (childView, error) {
	v := childView{Child: child, Href: recordHref(child.ID)}
	p, err := s.pupil(ctx, d, child.ID)
	if err != nil {
		return v, err
	}
	gains, err := s.gains(ctx, d, p, gainsMost)
	if err != nil {
		return v, err
	}
	for _, g := range gains {
		if g.Now.Status == mastery.Met {
			v.CanDo = append(v.CanDo, neighbourView{g.Competency, g.Now, evidenceHref(child.ID, g.Competency.ID)})
		}
	}
	for _, m := range p.with(mastery.Met) {
		if len(v.CanDo) < gainsMost && !slices.ContainsFunc(v.CanDo, func(n neighbourView) bool { return n.Competency.ID == m.Competency.ID }) {
			v.CanDo = append(v.CanDo, m)
		}
	}
	options := propose.Options(p.Learner, p.catalogue, p.focus(), 4*offerSize)
	for _, o := range options {
		if len(v.Next) < nextMost && !slices.ContainsFunc(v.Next, func(n neighbourView) bool { return n.Competency.ID == o.Competency.ID }) {
			v.Next = append(v.Next, neighbourView{o.Competency, p.Estimates[o.Competency.ID], evidenceHref(child.ID, o.Competency.ID)})
		}
		if v.Do == nil && o.Material.Location != "" && homely(o.Material.Kind) {
			m := newMaterialView(o.Material)
			v.Do = &m
		}
	}
	// Children like to show what they can: a question about it, else about what is next.
	switch {
	case len(v.CanDo) > 0:
		v.Ask = &v.CanDo[0].Competency
	case len(v.Next) > 0:
		v.Ask = &v.Next[0].Competency
	}
	v.Newest, err = s.newestPieces(ctx, d, p.catalogue, child.ID, 1)
	return v, err
}

// homely reports whether a kind of material makes sense at a kitchen table.
func homely(kind string) bool {
	return slices.Contains([]string{"paper", "game", "book", "project", "person"}, kind)
}
