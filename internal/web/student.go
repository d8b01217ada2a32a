package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// self lets students do something with their own record.
func self(action guard.Action) access {
	return func(s *Server, r *http.Request, a guard.Actor) error {
		return s.door.Student(r.Context(), a, action, a.Person)
	}
}

// pupil is what pages know of one student: the record and what it is measured by.
type pupil struct {
	began time.Time // of the first evidence; zero if there is none
	propose.Learner
	Classes   []roster.Class
	Off       []roster.Class // of them, those that have proposals turned off
	catalogue *propose.Catalogue
	now       time.Time
}

// Horizons of what is looked at.
const (
	focusMost = 60 // competencies that the offer is made from
	gainWeeks = 4  // over which gains are told
	offerSize = 3  // options that are shown at a time
	gainsMost = 3
	lookBacks = 3
	ideasMost = 4 // own ideas on the home page
)

// pupil reads a student's record. The caller has passed the door.
func (s *Server) pupil(ctx context.Context, d roster.DistrictID, student roster.PersonID) (*pupil, error) {
	p := &pupil{now: s.Now()}
	var err error
	if p.Person, err = s.Store.Person(ctx, d, student); err != nil {
		return nil, err
	}
	if p.catalogue, err = s.Store.Catalogue(ctx, d); err != nil {
		return nil, err
	}
	records, err := s.Store.Mastery(ctx, d, []roster.PersonID{student})
	if err != nil {
		return nil, err
	}
	model, err := s.Store.Model(ctx, d)
	if err != nil {
		return nil, err
	}
	learner := mastery.Learner{States: make(map[competency.ID]mastery.State, len(records))}
	if learner.Ability, err = s.Store.Ability(ctx, d, student); err != nil {
		return nil, err
	}
	p.Manner = learner.Ability.Manner
	p.Expect = func(c competency.ID) mastery.Estimate { return model.Expect(&learner, c, p.now) }
	p.Estimates = make(map[competency.ID]mastery.Estimate, len(records))
	for _, r := range records {
		if p.began.IsZero() || r.First.Before(p.began) {
			p.began = r.First
		}
		learner.States[r.Competency] = r.State
		p.Estimates[r.Competency] = r.At(p.now)
		if r.Seen.After(p.LastSeen) {
			p.LastSeen = r.Seen
		}
	}
	said, err := s.Store.ProfileEvents(ctx, d, []roster.PersonID{student})
	if err != nil {
		return nil, err
	}
	p.Interests = profile.Topics(profile.Visible(profile.Fold(said), student, profile.Student, false))
	if p.Goals, err = s.Store.Goals(ctx, d, []roster.PersonID{student}); err != nil {
		return nil, err
	}
	if p.Choices, err = s.Store.Choices(ctx, d, []roster.PersonID{student}, time.Time{}); err != nil {
		return nil, err
	}
	if p.Classes, err = s.Store.Classes(ctx, d, student, roster.Student); err != nil {
		return nil, err
	}
	for _, c := range p.Classes {
		off, err := s.Store.ProposalsOff(ctx, d, c.ID)
		if err != nil {
			return nil, err
		}
		if off {
			p.Off = append(p.Off, c)
		}
	}
	return p, nil
}

// quiet reports whether the program proposes nothing on a subject: a class on it has proposals turned
// off, and no other class on it has them on.
func (p *pupil) quiet(subject string) bool {
	off := false
	for _, c := range p.Classes {
		on := !slices.ContainsFunc(p.Off, func(x roster.Class) bool { return x.ID == c.ID })
		if about := slices.Contains(c.Subjects, subject); about && on {
			return false
		} else if !on && (about || len(c.Subjects) == 0) {
			off = true
		}
	}
	return off
}

// heard leaves out of some competencies those on which nothing is proposed.
func (p *pupil) heard(ids []competency.ID) []competency.ID {
	return slices.DeleteFunc(slices.Clone(ids), func(id competency.ID) bool { return p.quiet(p.catalogue.Competencies[id].Subject) })
}

// gains returns the strongest gains of the last weeks.
func (s *Server) gains(ctx context.Context, d roster.DistrictID, p *pupil, most int) ([]propose.Gain, error) {
	return s.gainsSince(ctx, d, p, mastery.Week(p.now)-gainWeeks, most)
}

// gainsSince returns the strongest gains since the end of a week.
func (s *Server) gainsSince(ctx context.Context, d roster.DistrictID, p *pupil, week, most int) ([]propose.Gain, error) {
	records, err := s.Store.MasteryAt(ctx, d, []roster.PersonID{p.Person.ID}, week)
	if err != nil {
		return nil, err
	}
	before := make(map[competency.ID]mastery.Estimate, len(records))
	for _, r := range records {
		before[r.Competency] = r.At(mastery.WeekStart(week + 1))
	}
	return propose.Gains(p.Learner, p.catalogue, before, most), nil
}

// focus is what a student works on: what their classes' subjects have evidence of and
// what that opens; without evidence, their grade.
func (p *pupil) focus() []competency.ID {
	var subjects []string
	for _, c := range p.Classes {
		subjects = append(subjects, c.Subjects...)
	}
	if f := propose.Focus([]propose.Learner{p.Learner}, p.catalogue, subjects, p.now, focusMost); len(f) > 0 {
		return f
	}
	return p.grade()
}

// grade returns the competencies of the student's grade, in the catalogue's order.
func (p *pupil) grade() (ids []competency.ID) {
	own := gradeKey(p.Person.Grade)
	if own == "" {
		return nil
	}
	for _, id := range p.catalogue.Order {
		c := p.catalogue.Competencies[id]
		if c.Assessable && slices.ContainsFunc(c.Grades, func(g string) bool { return gradeKey(g) == own }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// gradeKey brings "4", "04" and "K", "KG" together.
func gradeKey(g string) string {
	g = strings.ToUpper(strings.TrimLeft(strings.TrimSpace(g), "0"))
	if g == "K" {
		return "KG"
	}
	return g
}

// offer returns the options of one page of the offer, three at a time, without what
// is chosen and not finished; an empty page after the last one begins again.
func (p *pupil) offer(page int) []propose.Option {
	open := map[material.ID]bool{}
	for _, c := range p.Choices {
		open[c.Material] = open[c.Material] || c.Open()
	}
	// The goals' competencies are offered whatever the classes do.
	var wanted []competency.ID
	for _, g := range p.Goals {
		if g.Competency != "" && g.Done.IsZero() {
			wanted = append(append(wanted, g.Competency), p.catalogue.Before[g.Competency]...)
		}
	}
	most := (page+1)*offerSize + len(open)
	among := func(focus []competency.ID) []propose.Option {
		if len(focus) == 0 {
			return nil
		}
		options := propose.Options(p.Learner, p.catalogue, focus, most)
		return slices.DeleteFunc(options, func(o propose.Option) bool { return open[o.Material.ID] })
	}
	focus := append(p.heard(p.focus()), wanted...)
	options := among(focus)
	if len(options) < 2 {
		options = among(append(focus, p.heard(p.grade())...))
	}
	first := min(page*offerSize, len(options))
	return options[first:min(first+offerSize, len(options))]
}

// offerView is some options to choose from.
type offerView struct {
	Options []optionView
	Off     []roster.Class // in which the teacher says what comes next
	Page    int
}

type optionView struct {
	materialView
	Competency competency.Competency
	Because    string
	Href       string // to the evidence on the competency
}

// materialView is a material with what to do with it.
type materialView struct {
	Material   material.Material
	Icon, Verb string
	With       string // with whom, in words; empty if it is not told
}

func newMaterialView(m material.Material) materialView {
	icon, verb := "task", "Try"
	switch m.Kind {
	case "video":
		icon, verb = "watch", "Watch"
	case "text", "book":
		icon, verb = "read", "Read"
	case "practice", "paper":
		icon, verb = "write", "Practice"
	case "game":
		icon, verb = "again", "Play"
	case "project", "lab":
		icon, verb = "make", "Make"
	case "place":
		icon, verb = "place", "Go and see"
	case "person":
		icon, verb = "talk", "Talk"
	case "audio":
		icon, verb = "listen", "Listen"
	}
	with := map[material.Social]string{material.Alone: "on your own", material.Pair: "with a partner", material.Group: "in a group"}[m.Social]
	return materialView{m, icon, verb, with}
}

func newOfferView(p *pupil, page int) offerView {
	v := offerView{Page: page, Off: p.Off}
	for _, o := range p.offer(page) {
		v.Options = append(v.Options, optionView{newMaterialView(o.Material), o.Competency, o.Because, evidenceHref(p.Person.ID, o.Competency.ID)})
	}
	return v
}

// evidenceHref is where a student's evidence on a competency is shown.
func evidenceHref(student roster.PersonID, on competency.ID) string {
	return "/students/" + urlPath(string(student)) + "/competencies/" + urlPath(string(on))
}

type meView struct {
	Name      string // the given name
	Gains     []gainView
	Rose      int // how many of them rose of late
	Offer     offerView
	Checks    []waitingCheck
	Chosen    []chosenView
	ToFinish  int  // of them
	Simple    bool // what there is to do comes first
	LookBacks []lookBackView
	Goals     []goalView
	InGroups  []myGroup
	HowIsIt   []classAsk     // classes that ask how they are
	Boards    []roster.Class // whose board of who helps whom there is
	FlagsHref string         // what is looked after
	Talks     string         // all talks
	Plan      string
	Agreed    *requestView // the next talk that a time is agreed for
	Promises  []commitmentView
	topics    []live.Topic
}

func (v meView) Topics() []live.Topic { return v.topics }

type gainView struct {
	propose.Gain
	Href string
}

type lookBackView struct {
	propose.LookBack
	Href     string
	Material *materialView
}

// chosenView is a choice that is not finished.
type chosenView struct {
	ID string
	materialView
	Title       string
	Competency  *competency.Competency // nil if it is no longer in the catalogue, or there is none
	At          time.Time
	Checkpoints []checkpointView
	Idea        bool // the student's own
	Answer      plan.Answer
	Reply       string
}

// checkpointView is something to show on the way.
type checkpointView struct {
	Number int
	What   string
	Passed bool
}

func (s *Server) showMe(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	gains, err := s.gains(r.Context(), a.District, p, gainsMost)
	if err != nil {
		return err
	}
	v := meView{Name: cmp.Or(p.Person.Given, p.Person.Name()), Offer: newOfferView(p, 0), LookBacks: newLookBacks(p, lookBacks), Goals: newGoalViews(p, true, true), Talks: talksHref(a.Person), FlagsHref: flagsHref(a.Person), Plan: planHref(a.Person),
		topics: []live.Topic{live.StudentTopic(string(a.District), string(a.Person))}}
	act, _ := r.Context().Value(settingsKey{}).(profile.Settings)
	v.Simple = act.Simple
	for _, g := range gains {
		v.Gains = append(v.Gains, gainView{g, evidenceHref(a.Person, g.Competency.ID)})
		if g.Rose() {
			v.Rose++
		}
	}
	checks, err := s.waiting(r.Context(), a.District, p)
	if err != nil {
		return err
	}
	v.Checks = checks[:min(checksShown, len(checks))]
	if v.Chosen, err = s.chosen(r.Context(), a.District, p, ideasMost); err != nil {
		return err
	}
	for _, c := range v.Chosen {
		if !c.Idea || c.Answer == plan.Yes {
			v.ToFinish++
		}
	}
	names := s.namesOf(r.Context(), a.District)
	if v.Promises, err = s.openCommitments(r.Context(), a, a.Person, profile.Student, "/me", names); err != nil {
		return err
	}
	requests, err := s.Store.Requests(r.Context(), a.District, []roster.PersonID{a.Person})
	if err != nil {
		return err
	}
	asked, err := requestViews(requests, a, false, names)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(asked, func(q requestView) bool { return !q.Agreed.IsZero() }); i >= 0 {
		v.Agreed = &asked[i]
	}
	if v.InGroups, err = s.myGroups(r.Context(), a.District, a.Person); err != nil {
		return err
	}
	v.Boards = p.Classes
	if v.HowIsIt, err = s.askedOf(r.Context(), a.District, a.Person, p.Classes); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "me", v)
}

func newLookBacks(p *pupil, most int) (views []lookBackView) {
	for _, l := range propose.LookBacks(p.Learner, p.catalogue, most) {
		v := lookBackView{LookBack: l, Href: evidenceHref(p.Person.ID, l.Competency.ID)}
		if m := shortest(p.catalogue.Materials[l.Competency.ID]); m != nil {
			mv := newMaterialView(*m)
			v.Material = &mv
		}
		views = append(views, v)
	}
	return views
}

// shortest returns the material for a quick try: off screen before on screen, then the
// one of the fewest minutes; nil if there is none.
func shortest(ms []material.Material) *material.Material {
	if len(ms) == 0 {
		return nil
	}
	minutes := func(m material.Material) int {
		if m.Minutes == 0 {
			return 30
		}
		return m.Minutes
	}
	m := slices.MinFunc(ms, func(a, b material.Material) int {
		off := func(m material.Material) int {
			if m.Location != "" {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(off(a), off(b)), cmp.Compare(minutes(a), minutes(b)), cmp.Compare(a.ID, b.ID))
	})
	return &m
}

// chosen returns the choices that are open, latest first, and of own ideas at most some.
func (s *Server) chosen(ctx context.Context, d roster.DistrictID, p *pupil, most int) (views []chosenView, err error) {
	ideas := 0
	for _, c := range p.Choices {
		if !c.Open() || c.Idea() && ideas == most {
			continue
		}
		v := chosenView{ID: string(c.ID), At: c.At}
		if c.Idea() {
			ideas++
			v.materialView, v.Title, v.Idea, v.Answer, v.Reply = materialView{Icon: "make", Verb: "My idea"}, c.Own, true, c.Answer, c.Reply
		} else {
			m, err := p.material(ctx, s, d, c)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			v.materialView, v.Title = newMaterialView(m), m.Title
			for i, what := range m.Checkpoints {
				v.Checkpoints = append(v.Checkpoints, checkpointView{i, what, slices.Contains(c.Passed, i)})
			}
		}
		if on, ok := p.catalogue.Competencies[c.Competency]; ok {
			v.Competency = &on
		}
		views = append(views, v)
	}
	return views, nil
}

// material finds a choice's material, first in the catalogue, then among those that
// are no longer in use.
func (p *pupil) material(ctx context.Context, s *Server, d roster.DistrictID, c plan.Choice) (material.Material, error) {
	for _, m := range p.catalogue.Materials[c.Competency] {
		if m.ID == c.Material {
			return m, nil
		}
	}
	return s.Store.Material(ctx, d, c.Material)
}
