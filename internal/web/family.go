package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// familyView is a guardian's home, in their language.
type familyView struct {
	spoken
	Children []childView
	Statuses []mastery.Status
	// What was typed of a request for a talk that could not be taken.
	Asking       roster.PersonID
	Text, Wanted string
	Errors       formErrors
	topics       []live.Topic
}

func (v familyView) Topics() []live.Topic { return v.topics }

// Means says what a status means.
func (v familyView) Means(st mastery.Status) (string, error) { return v.Say("means." + markName(st)) }

// childView tells of one child in plain sentences.
type childView struct {
	ID       string // within the page
	Child    roster.Person
	Name     string // to call the child by
	Href     string
	Plan     string
	Work     string
	CanDo    []abilityView
	Next     []abilityView
	Ask      *phrase       // to ask the child about tonight
	Do       *materialView // to do together, off screen
	Newest   *newestView
	Goals    []planGoal
	Sign     bool             // the plan waits for the reader's name
	Signed   time.Time        // when the reader signed what it says now; zero if they did not
	Others   []plan.Signature // of other guardians
	Requests []requestView
	Promises []commitmentView
}

// abilityView is a competency in the reader's language, with how far it is.
type abilityView struct {
	Phrase   phrase
	Estimate mastery.Estimate
	Href     string
}

// newestView is the latest piece of evidence in words.
type newestView struct {
	Icon, Words string
	Note        string // in the words of who wrote it
	On          phrase // the competency; empty if it is about none
	Href        string
	At          time.Time
}

// family lets in who is a guardian; each child's record has its own door.
func family(s *Server, r *http.Request, a guard.Actor) error {
	return oneOf(s, r, a, roster.Guardian)
}

// nextMost is how many next things a family is told.
const nextMost = 2

func (s *Server) showFamily(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderFamily(w, r, a, "", conference.Request{}, "", nil)
}

// renderFamily shows the children of a guardian, with what was asked about one of them if
// it could not be taken.
func (s *Server) renderFamily(w http.ResponseWriter, r *http.Request, a guard.Actor, asking roster.PersonID, asked conference.Request, wanted string, wrong error) error {
	ctx, d := r.Context(), a.District
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	children, err := s.Store.Children(ctx, d, a.Person)
	if err != nil {
		return err
	}
	v := familyView{spoken: speech, Asking: asking, Text: asked.Text, Wanted: wanted,
		Statuses: []mastery.Status{mastery.Met, mastery.Nearly, mastery.Learning, mastery.Starting, mastery.Fading, mastery.Unknown}}
	var open []roster.Person
	for _, c := range children {
		err := s.door.Student(ctx, a, guard.ReadRecord, c.ID)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		open = append(open, c)
	}
	plans, err := s.plans(ctx, d, open)
	if err != nil {
		return err
	}
	names := s.namesOf(ctx, d)
	for _, c := range open {
		child, err := s.newChildView(ctx, a, speech, c, plans[c.ID])
		if err != nil {
			return err
		}
		if child.Promises, err = s.openCommitments(ctx, a, c.ID, profile.Family, "/family", names); err != nil {
			return err
		}
		requests, err := s.Store.Requests(ctx, d, []roster.PersonID{c.ID})
		if err != nil {
			return err
		}
		requests = slices.DeleteFunc(requests, func(q conference.Request) bool { return q.Author != a.Person })
		if child.Requests, err = requestViews(requests, a, false, names); err != nil {
			return err
		}
		for i := range child.Requests {
			child.Requests[i].Back = "/family"
		}
		child.ID = "c" + number(float64(len(v.Children)+1))
		v.Children = append(v.Children, child)
		v.topics = append(v.topics, live.StudentTopic(string(d), string(c.ID)))
	}
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	v.Errors = wrongs
	return s.render(w, r, a, code, "family", v)
}

func (s *Server) newChildView(ctx context.Context, a guard.Actor, speech spoken, child roster.Person, rec *planRecord) (childView, error) {
	d := a.District
	unnamed, err := speech.Say("family.child")
	if err != nil {
		return childView{}, err
	}
	v := childView{Child: child, Name: cmp.Or(child.Given, child.Name(), unnamed), Href: recordHref(child.ID), Plan: planHref(child.ID), Work: workHref(string(child.ID), "")}
	p, err := s.pupil(ctx, d, child.ID)
	if err != nil {
		return v, err
	}
	gains, err := s.gains(ctx, d, p, gainsMost)
	if err != nil {
		return v, err
	}
	told := map[competency.ID]bool{}
	tell := func(c competency.Competency) abilityView {
		told[c.ID] = true
		return abilityView{speech.can(p.catalogue, c), p.Estimates[c.ID], workHref(string(child.ID), string(c.ID))}
	}
	for _, g := range gains {
		if g.Now.Status == mastery.Met {
			v.CanDo = append(v.CanDo, tell(g.Competency))
		}
	}
	for _, m := range p.with(mastery.Met) {
		if len(v.CanDo) < gainsMost && !told[m.Competency.ID] {
			v.CanDo = append(v.CanDo, tell(m.Competency))
		}
	}
	var options []propose.Option
	if focus := p.heard(p.focus()); len(focus) > 0 {
		options = propose.Options(p.Learner, p.catalogue, focus, 4*offerSize)
	}
	for _, o := range options {
		if len(v.Next) < nextMost && !told[o.Competency.ID] {
			v.Next = append(v.Next, tell(o.Competency))
		}
		if v.Do == nil && o.Material.Location != "" && homely(o.Material.Kind) {
			m := newMaterialView(o.Material)
			v.Do = &m
		}
	}
	// Children like to show what they can: a question about it, else about what is next.
	switch {
	case len(v.CanDo) > 0:
		v.Ask = &v.CanDo[0].Phrase
	case len(v.Next) > 0:
		v.Ask = &v.Next[0].Phrase
	}
	for _, g := range rec.Goals {
		if g.Done.IsZero() {
			v.Goals = append(v.Goals, newPlanGoal(p, speech, g))
		}
	}
	v.Sign = rec.Minor && !rec.Document.Empty() && slices.Contains(rec.Standing.Missing, plan.ByGuardian)
	for _, x := range rec.Standing.Signed {
		if x.Party == plan.ByGuardian && x.Signer == a.Person {
			v.Signed = x.At
		} else if x.Party == plan.ByGuardian {
			v.Others = append(v.Others, x)
		}
	}
	v.Newest, err = s.newest(ctx, d, p, speech)
	return v, err
}

// newest returns the latest piece of evidence in the reader's language, nil if there is none.
func (s *Server) newest(ctx context.Context, d roster.DistrictID, p *pupil, speech spoken) (*newestView, error) {
	pieces, err := s.Store.LatestPieces(ctx, d, p.Person.ID, 1)
	if err != nil || len(pieces) == 0 {
		return nil, err
	}
	v, err := newNewestView(p, speech, pieces[0])
	return &v, err
}

// newNewestView tells a piece of evidence in the reader's language.
func newNewestView(p *pupil, speech spoken, x evidence.Piece) (v newestView, err error) {
	v = newestView{Icon: pieceIcon(x), Note: x.Note, At: x.At}
	if c, ok := p.catalogue.Competencies[x.Competency]; ok {
		v.On, v.Href = speech.can(p.catalogue, c), workHref(string(p.Person.ID), string(c.ID))
	}
	v.Words, err = speech.piece(x)
	return v, err
}

// homely reports whether a kind of material makes sense at a kitchen table.
func homely(kind string) bool {
	return slices.Contains([]string{"paper", "game", "book", "project", "person"}, kind)
}
