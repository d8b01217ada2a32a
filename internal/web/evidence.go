package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// evidenceView shows all that is known of one student on one competency.
type evidenceView struct {
	Student    roster.Person
	Own        bool // the reader is the student
	Back       string
	Goal       string // where to make a goal of it; empty if the reader may not
	Checkable  bool   // the reader may show it in a short check
	Competency competency.Competency
	Estimate   mastery.Estimate
	Sentence   string
	Criterion  string
	Missing    []string
	Until      time.Time // when a look back begins to pay; zero if it is not met
	NextCheck  string
	Check      *materialView // for the next check
	Chart      *lineChart
	Pieces     []pieceView // latest first
	Replaced   []pieceView
	Before     []neighbourView
	After      []neighbourView
	Lists      []playlist // what to learn it from
	Access     string     // where it is shown who saw this; empty if the reader may not know
	Model      string
	topics     []live.Topic
}

func (v evidenceView) Topics() []live.Topic { return v.topics }

// pieceView is one piece of evidence in words.
type pieceView struct {
	Piece     evidence.Piece
	Icon      string
	What      string // "Exit ticket: level 3 of 4"
	By        string // "recorded by Ngozi Okafor, 20 Nov 2026"
	Source    string
	Moved     string // what it did to the estimate
	Corrected bool   // it replaces an earlier piece
	On, Href  string // the competency, where it is not the page's
}

// neighbourView is a competency before or after the page's.
type neighbourView struct {
	Competency competency.Competency
	Estimate   mastery.Estimate
	Href       string
}

func (s *Server) showEvidence(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, student, on := r.Context(), a.District, studentID(r), competency.ID(r.PathValue("competency"))
	p, err := s.pupil(ctx, d, student)
	if err != nil {
		return err
	}
	c, ok := p.catalogue.Competencies[on]
	if !ok {
		return fault.New(fault.NotFound, "There is no such competency in the catalogue.")
	}
	pieces, err := s.Store.Pieces(ctx, d, student, on)
	if err != nil {
		return err
	}
	replaced, err := s.Store.Replaced(ctx, d, student, on)
	if err != nil {
		return err
	}
	model, folded, err := s.Store.Learner(ctx, d, student)
	if err != nil {
		return err
	}
	v := evidenceView{Student: p.Person, Own: student == a.Person, Back: recordHref(student), Competency: c, Estimate: p.Estimates[on], Criterion: model.Criterion.Words(),
		Model: model.Version, topics: []live.Topic{live.StudentTopic(string(d), string(student))}}
	who := v.Student.Given
	if v.Own {
		who, v.Back, v.Goal = "You", "/me/path", "/me/goals?competency="+urlQuery(string(on))
	}
	if v.Own && c.Assessable {
		counts, err := s.Store.QuestionCounts(ctx, d)
		if err != nil {
			return err
		}
		v.Checkable = counts[on] >= assess.EnoughItems
	}
	v.Sentence, v.Missing = sureness(v.Estimate, cmp.Or(who, "This student")), missing(v.Estimate)
	v.Lists = p.playlists(on)
	v.NextCheck, v.Check = nextCheck(p, on)
	if v.NextCheck != "" {
		learner := model.Fold(folded)
		v.NextCheck += " " + tellsMost(model.Checks(&learner, on, p.now))
	}
	names := s.namesOf(ctx, d)
	steps := model.Trace(folded, on)
	did := make(map[evidence.ID]mastery.Step, len(steps))
	for _, st := range steps {
		did[st.Piece.ID] = st
	}
	for _, x := range slices.Backward(pieces) {
		pv, err := newPieceView(x, names)
		if err != nil {
			return err
		}
		pv.Moved = movedWords(did[x.ID])
		v.Pieces = append(v.Pieces, pv)
	}
	for _, x := range slices.Backward(replaced) {
		pv, err := newPieceView(x, names)
		if err != nil {
			return err
		}
		v.Replaced = append(v.Replaced, pv)
	}
	if until := v.Estimate.Until; until.After(p.now) {
		v.Until = until
	}
	v.Chart = newLineChart(steps, v.Estimate, p.now)
	v.Before, v.After = neighbours(p, p.catalogue.Before[on]), neighbours(p, p.catalogue.After[on])
	if err := s.mayKnowAccess(ctx, a, student, &v.Access); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "evidence", v)
}

// playlist is a part of what there is to learn a competency from.
type playlist struct {
	Title string
	Items []listedView
}

type listedView struct {
	materialView
	Open  bool // the student has chosen it and not finished it
	Done  bool // the student has finished it
	Tried bool // the student has tried it, and it was hard or not finished
}

// playlists are what there is to learn a competency from: what everybody begins with, more
// of it, and what stretches.
func (p *pupil) playlists(on competency.ID) (lists []playlist) {
	for _, x := range []struct {
		tier  material.Tier
		title string
	}{{material.Core, "To begin with"}, {material.Additional, "More of it"}, {material.Challenge, "A challenge"}} {
		l := playlist{Title: x.title}
		for _, m := range p.catalogue.Materials[on] {
			if m.Tier != x.tier {
				continue
			}
			v := listedView{materialView: newMaterialView(m)}
			for _, c := range p.Choices {
				if c.Material == m.ID {
					failed := c.Outcome == plan.Hard || c.Outcome == plan.Stopped
					v.Open, v.Done, v.Tried = v.Open || c.Open(), v.Done || !c.Done.IsZero() && !failed, v.Tried || failed
				}
			}
			l.Items = append(l.Items, v)
		}
		if len(l.Items) > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

// mayKnowAccess sets href to where it is shown who saw a record, if the actor may know.
func (s *Server) mayKnowAccess(ctx context.Context, a guard.Actor, student roster.PersonID, href *string) error {
	rel, err := s.Store.ToStudent(ctx, a, student)
	if _, ok := guard.Allowed(guard.ReadAccess, rel); ok {
		*href = recordHref(student) + "/access"
	}
	return err
}

func recordHref(student roster.PersonID) string { return "/students/" + urlPath(string(student)) }

func neighbours(p *pupil, ids []competency.ID) (views []neighbourView) {
	for _, id := range ids {
		views = append(views, neighbourView{p.catalogue.Competencies[id], p.Estimates[id], evidenceHref(p.Person.ID, id)})
	}
	return views
}

// nextCheck says what would tell most about a competency that is not known to be met.
func nextCheck(p *pupil, on competency.ID) (string, *materialView) {
	e := p.Estimates[on]
	if e.Status == mastery.Met {
		return "", nil
	}
	why := "One more look by a person would tell more."
	switch {
	case e.Status == mastery.Fading:
		why = "A short look back would tell whether it is still there."
	case e.N == 0:
		for _, b := range p.catalogue.Before[on] {
			if st := p.Estimates[b].Status; st != mastery.Met && st != mastery.Nearly && st != mastery.Fading {
				c := p.catalogue.Competencies[b]
				return "First look at what comes before it: " + cmp.Or(c.Short, c.Label()) + ".", nil
			}
		}
		why = "One short try that a person looks at would tell most."
	}
	if m := shortest(p.catalogue.Materials[on]); m != nil {
		mv := newMaterialView(*m)
		return why, &mv
	}
	return why + " A question or a short task is enough.", nil
}

// tellsMost says what would narrow the interval most.
func tellsMost(checks []mastery.Check) string {
	best := checks[0]
	what := map[evidence.Kind]string{evidence.Rubric: "One look at the work against a rubric", evidence.Task: "One marked task"}[best.Kind]
	if what == "" {
		what = fmt.Sprintf("A short check of %d questions", best.Pieces)
	}
	return fmt.Sprintf("%s tells most: if it goes as expected, the estimate is then likely between %d and %d.", what, hundredths(best.Low), hundredths(best.High))
}

// namesOf returns how to name whom, asking the store once for each person.
func (s *Server) namesOf(ctx context.Context, d roster.DistrictID) func(roster.PersonID) (string, error) {
	known := map[roster.PersonID]string{}
	return func(id roster.PersonID) (string, error) {
		if name, ok := known[id]; ok {
			return name, nil
		}
		p, err := s.Store.Person(ctx, d, id)
		if fault.KindOf(err) == fault.NotFound {
			known[id] = "somebody who is no longer known"
			return known[id], nil
		}
		known[id] = p.Name()
		return known[id], err
	}
}

// pieceIcon is the icon of how something was shown.
func pieceIcon(p evidence.Piece) string {
	switch {
	case p.Kind == evidence.Response && p.Source == "check":
		return "check"
	case p.Kind == evidence.Response:
		return "write"
	case p.Kind == evidence.Rubric:
		return "steps"
	case p.Kind == evidence.Observation:
		return "eye"
	case p.Kind == evidence.Self:
		return "person"
	case p.Kind == evidence.Test:
		return "chart"
	}
	return "task"
}

func newPieceView(p evidence.Piece, names func(roster.PersonID) (string, error)) (pieceView, error) {
	v := pieceView{Piece: p, Icon: pieceIcon(p), Source: p.Source, Corrected: p.Replaces != ""}
	how := ""
	score := number(p.Score) + " of " + number(p.Max)
	switch p.Kind {
	case evidence.Response:
		how = "Answer"
		if p.Source == "check" {
			how, p.Item = "Question of a check", ""
		}
		switch {
		case p.Max == 1 && p.Score == 1:
			score = "right"
		case p.Max == 1 && p.Score == 0:
			score = "not right yet"
		}
	case evidence.Rubric:
		how, score = "Rubric", "level "+score
	case evidence.Observation:
		how = "Seen in class"
		if p.Source == outsideSource {
			how, p.Item = "Learned outside of school", ""
		}
	case evidence.Task:
		how = "Marked work"
	case evidence.Self:
		how = "Own judgement"
	case evidence.Test:
		how, score = cmp.Or(p.Scale, "Test"), number(p.Score)
		if p.SE > 0 {
			score += " ± " + number(p.SE)
		}
	}
	if p.Label != "" {
		score = p.Label + " (" + score + ")"
	}
	if p.Hints > 0 {
		score += ", with " + plural(p.Hints, "hint", "hints")
	}
	v.What = cmp.Or(p.Item, how) + ": " + score
	if p.Item != "" && how != "" && p.Kind != evidence.Rubric {
		v.What = how + " · " + v.What
	}
	day := p.Recorded.Format("Jan 2, 2006")
	if p.Actor == "" {
		v.By = "came in with an import, " + day
		return v, nil
	}
	name, err := names(p.Actor)
	v.By = "recorded by " + name + ", " + day
	return v, err
}

// number writes a score without needless zeros.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// movedWords says what a piece did to the estimate.
func movedWords(st mastery.Step) string {
	if !st.Counts {
		return "It does not count towards the estimate."
	}
	after := fmt.Sprintf("%d, likely between %d and %d", hundredths(st.After.Value), hundredths(st.After.Low), hundredths(st.After.High))
	switch d := hundredths(st.After.Value) - hundredths(st.Before.Value); {
	case d > 0:
		return fmt.Sprintf("It moved the estimate up by %d, to %s.", d, after)
	case d < 0:
		return fmt.Sprintf("It moved the estimate down by %d, to %s.", -d, after)
	}
	return "It left the estimate at " + after + ", and made it surer."
}

// accessView says who has looked at a student's record.
type accessView struct {
	Student  roster.Person
	Own      bool
	Back     string
	Accesses []accessRow
	Most     int // rows that are shown at most
}

type accessRow struct {
	Access guard.Access
	As     string
	What   string
}

const accessesMost = 200

func (s *Server) showAccess(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	student := studentID(r)
	p, err := s.Store.Person(r.Context(), a.District, student)
	if err != nil {
		return err
	}
	list, err := s.Store.Accesses(r.Context(), a.District, student, accessesMost)
	if err != nil {
		return err
	}
	v := accessView{Student: p, Own: student == a.Person, Back: recordHref(student), Most: accessesMost}
	for _, x := range list {
		v.Accesses = append(v.Accesses, accessRow{x, relationWords(x.Relation), actionWords(x.What)})
	}
	return s.render(w, r, a, http.StatusOK, "access", v)
}

func relationWords(rel guard.Relation) string {
	switch rel {
	case guard.Self:
		return "the student"
	case guard.GuardianOf:
		return "a parent or guardian"
	case guard.TeacherOf:
		return "a teacher of the student"
	case guard.LeaderOf:
		return "a leader of the school"
	case guard.AdministratorOf:
		return "an administrator of the district"
	case guard.BrokeGlass:
		return "an administrator, in an emergency"
	}
	return string(rel)
}

func actionWords(x guard.Action) string {
	switch x {
	case guard.ReadRecord:
		return "looked at the record"
	case guard.ReadAccess:
		return "looked at who has seen the record"
	case guard.Choose:
		return "chose a next step"
	case guard.SetGoal:
		return "wrote a goal"
	case guard.WriteProfile:
		return "wrote in the profile"
	case guard.Observe:
		return "wrote down an observation"
	}
	return string(x)
}

// newestPieces returns what was last shown, with the competency it is about.
func (s *Server) newestPieces(ctx context.Context, d roster.DistrictID, cat *propose.Catalogue, student roster.PersonID, most int) (views []pieceView, err error) {
	pieces, err := s.Store.LatestPieces(ctx, d, student, most)
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx, d)
	for _, p := range pieces {
		v, err := newPieceView(p, names)
		if err != nil {
			return nil, err
		}
		if c, ok := cat.Competencies[p.Competency]; ok {
			v.On, v.Href = cmp.Or(c.Short, c.Label()), evidenceHref(student, c.ID)
		}
		views = append(views, v)
	}
	return views, nil
}
