package web

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/fit"
	"waymark/internal/grading"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

const modelHref = "/admin/model"

// modelView is the learner model that a district runs, and its versions.
type modelView struct {
	Running   string
	Builtin   bool
	Criterion string
	Choices   []modelChoice
	Versions  []versionRow
	Work      *work
	Errors    formErrors
	topics    []live.Topic
}

func (v modelView) Topics() []live.Topic { return v.topics }

// modelChoice is that somebody adopted a version or a criterion.
type modelChoice struct {
	Version, Criterion, Who, Because string
	At                               time.Time
}

// versionRow is a fitted version in the list.
type versionRow struct {
	Version          string
	Href             string
	Made             time.Time
	Students, Pieces string
	Better           string // what the comparison says, in words
	Running          bool
}

func modelTopics(d roster.DistrictID) []live.Topic {
	return []live.Topic{live.ModelTopic(string(d))}
}

func (s *Server) showModel(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderModel(w, r, a, nil)
}

func (s *Server) renderModel(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	ctx := r.Context()
	m, err := s.Store.Model(ctx, a.District)
	if err != nil {
		return err
	}
	choices, err := s.Store.LearnerChoices(ctx, a.District)
	if err != nil {
		return err
	}
	versions, err := s.Store.Versions(ctx, a.District)
	if err != nil {
		return err
	}
	v := modelView{Running: m.Version, Builtin: m.Version == mastery.Builtin().Version, Criterion: m.Criterion.Words(), Work: s.background.last(a.District), topics: modelTopics(a.District)}
	who := s.namer(r, a)
	for _, c := range choices {
		name, err := who(string(c.Actor))
		if err != nil {
			return err
		}
		v.Choices = append(v.Choices, modelChoice{c.Version, c.Criterion.Words(), name, c.Because, c.At})
	}
	for _, x := range versions {
		v.Versions = append(v.Versions, versionRow{x.Model.Version, modelHref + "/versions/" + urlPath(x.Model.Version), x.Made, count(x.Students), count(x.Pieces),
			comparison(x.Report), x.Model.Version == m.Version})
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = formErrors{Summary: fault.Sentence(wrong)}, status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "model", v)
}

// comparison says what a fit report says of the fitted version and the one that ran.
func comparison(r mastery.Report) string {
	if r.Fitted.Pieces == 0 {
		return "It was not compared: there was too little evidence."
	}
	switch d := r.Running.LogLoss - r.Fitted.LogLoss; {
	case d > .005:
		return "It foretold what other students did better than the version that ran."
	case d < -.005:
		return "It foretold what other students did worse than the version that ran."
	}
	return "It foretold what other students did about as well as the version that ran."
}

// fitModel fits a new version in the background.
func (s *Server) fitModel(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	var b [4]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return fmt.Errorf("draw the seed of a fit: %w", err)
	}
	seed, now := uint64(binary.LittleEndian.Uint32(b[:])), s.Now()
	err := s.begin(a.District, "a new version is fitted to all evidence.", func(ctx context.Context) error {
		_, err := fit.Run(ctx, s.Store, a.District, seed, a.Person, now)
		return err
	})
	if err != nil {
		return s.renderModel(w, r, a, err)
	}
	return seeOther(w, r, modelHref, "")
}

// adoptModel makes a version or a criterion the district's own, in the background: all
// estimates are made anew.
func (s *Server) adoptModel(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	m, err := s.Store.Model(r.Context(), a.District)
	if err != nil {
		return err
	}
	c := mastery.Choice{Version: cmp.Or(r.PostForm.Get("version"), m.Version), Criterion: m.Criterion, Actor: a.Person, Because: strings.TrimSpace(r.PostForm.Get("because")), At: s.Now()}
	if rule := r.PostForm.Get("criterion"); rule != "" {
		if c.Criterion, err = mastery.ParseCriterion(rule); err != nil {
			return s.renderModel(w, r, a, err)
		}
	}
	if c.Version != mastery.Builtin().Version {
		if _, err := s.Store.Version(r.Context(), a.District, c.Version); err != nil {
			return err
		}
	}
	if err := c.Validate(); err != nil {
		return s.renderModel(w, r, a, err)
	}
	err = s.begin(a.District, "all estimates are made anew.", func(ctx context.Context) error { return s.Store.Choose(ctx, a.District, c) })
	if err != nil {
		return s.renderModel(w, r, a, err)
	}
	return seeOther(w, r, modelHref, "")
}

// versionView is one fitted version with its report.
type versionView struct {
	Version          string
	Made             time.Time
	Who              string
	Seed             uint64
	Students, Pieces string
	Held             string // students that it was compared on
	Running          bool
	Words            string
	Scores           []scoreRow
	Plot             calibrationPlot
	Groups           []groupRow
	Flagged          int
	Least            int
}

// scoreRow is how well a version foretold pieces that it had not seen.
type scoreRow struct {
	Name                                    string
	LogLoss, RMSE, AUC, Interval, ECE, Held string
}

// groupRow is how a version does for one group of students.
type groupRow struct {
	Name, Students, ECE, Gap, Interval string
	Hidden, Flagged                    bool
}

// calibrationPlot is what was foretold and what came, in tenths: a drawing of 240 by 240
// with its table.
type calibrationPlot struct {
	Summary string
	Line    string
	Dots    []dot
	Rows    []calibrationRow
}

type calibrationRow struct{ Foretold, Came, Pieces string }

func (s *Server) showVersion(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	x, err := s.Store.Version(ctx, a.District, r.PathValue("version"))
	if err != nil {
		return err
	}
	m, err := s.Store.Model(ctx, a.District)
	if err != nil {
		return err
	}
	who, err := s.namer(r, a)(string(x.By))
	if err != nil {
		return err
	}
	v := versionView{Version: x.Model.Version, Made: x.Made, Who: who, Seed: x.Seed, Students: count(x.Students), Pieces: count(x.Pieces), Held: count(x.Report.Students),
		Running: m.Version == x.Model.Version, Words: comparison(x.Report), Plot: newCalibrationPlot(x.Report.Fitted), Least: mastery.SmallCell}
	for _, sc := range []mastery.Score{x.Report.Fitted, x.Report.Running} {
		name := "this version"
		if sc.Version != x.Model.Version {
			name = sc.Version + " (ran then)"
		}
		v.Scores = append(v.Scores, scoreRow{name, decimals(sc.LogLoss, 4), decimals(sc.RMSE, 4), decimals(sc.AUC, 3),
			decimals(sc.AUCLow, 3) + " to " + decimals(sc.AUCHigh, 3), decimals(sc.ECE, 3), share(sc.Coverage)})
	}
	for _, g := range x.Report.Groups {
		row := groupRow{Name: upperFirst(g.Dimension) + ": " + cmp.Or(g.Name, notKnown), Hidden: g.Suppressed, Flagged: g.Flagged}
		if !g.Suppressed {
			row.Students, row.ECE, row.Gap, row.Interval = count(g.Students), decimals(g.ECE, 3), points(g.Gap), points(g.Low)+" to "+points(g.High)
		}
		if g.Flagged {
			v.Flagged++
		}
		v.Groups = append(v.Groups, row)
	}
	return s.render(w, r, a, http.StatusOK, "version", v)
}

func decimals(x float64, n int) string { return fmt.Sprintf("%.*f", n, x) }

// drawnPieces is of how many pieces a tenth is drawn; with fewer, chance would draw it.
const drawnPieces = 20

func newCalibrationPlot(sc mastery.Score) calibrationPlot {
	const left, top, size = 32.0, 8.0, 200.0
	p := calibrationPlot{Summary: fmt.Sprintf("What was foretold differs from what came by %.1f points of 100 on average.", 100*sc.ECE)}
	var line []string
	for _, b := range sc.Calibration {
		if b.N == 0 {
			continue
		}
		if b.N >= drawnPieces {
			x, y := left+size*b.Predicted, top+size*(1-b.Observed)
			line = append(line, point(x, y))
			p.Dots = append(p.Dots, dot{fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", y)})
		}
		p.Rows = append(p.Rows, calibrationRow{decimals(100*b.Predicted, 1), decimals(100*b.Observed, 1), count(b.N)})
	}
	p.Line = strings.Join(line, " ")
	return p
}

// rulesView compares two rules of what is met.
type rulesView struct {
	A, B     string
	Rules    []choiceOption
	Tried    []ruleRow
	Seed     uint64
	Learners string
	Sentence string
	Changes  []ruleChange
	Errors   formErrors
	Adopt    bool // B is another rule than the one in force
}

// ruleRow is what a rule makes of simulated learners.
type ruleRow struct {
	Rule, Words          string
	Right, Wrong, Missed string
}

// ruleChange is how many students' status on one competency depends on the rule.
type ruleChange struct {
	Competency           competency.Competency
	OnlyA, OnlyB, Judged int
}

// How the rule simulator draws, and how many of the district's students it looks at: ids
// are digests, so that the first ones are a random draw.
const (
	ruleLearners = 2000
	rulePieces   = 6
	ruleStudents = 2000
	ruleSeed     = 1
	changesShown = 20
)

func people(n int) string {
	if n == 1 {
		return "1 student"
	}
	return count(n) + " students"
}

var errEnough = errors.New("enough students")

// showRules replays a district's evidence under two rules, and tries both on simulated
// learners. Nothing changes.
func (s *Server) showRules(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, q := r.Context(), r.URL.Query()
	m, err := s.Store.Model(ctx, a.District)
	if err != nil {
		return err
	}
	v := rulesView{A: cmp.Or(strings.TrimSpace(q.Get("a")), m.Criterion.String()), B: strings.TrimSpace(q.Get("b")), Seed: ruleSeed, Learners: count(ruleLearners)}
	v.Rules = append(v.Rules, choiceOption{Value: "own", Label: "the model's own criterion"})
	for _, x := range grading.Methods {
		v.Rules = append(v.Rules, choiceOption{Value: x.Default().String(), Label: x.Default().Words()})
	}
	if v.B == "" {
		return s.render(w, r, a, http.StatusOK, "rules", v)
	}
	rules := [2]mastery.Criterion{}
	for i, text := range []string{v.A, v.B} {
		if rules[i], err = mastery.ParseCriterion(text); err != nil {
			v.Errors = formErrors{Summary: "Please look at this again.", Fields: []fieldError{{[]string{"a", "b"}[i], fault.Sentence(err)}}}
			return s.render(w, r, a, http.StatusUnprocessableEntity, "rules", v)
		}
	}
	v.A, v.B = rules[0].String(), rules[1].String()
	v.Adopt = v.B != m.Criterion.String()
	drawn := grading.Learners(ruleSeed, ruleLearners, rulePieces)
	for _, c := range rules {
		t := grading.Try(drawn, m.Judge(c))
		within := func(p, off float64) string { return fmt.Sprintf("%.1f %% (± %.1f)", 100*p, 100*off) }
		v.Tried = append(v.Tried, ruleRow{c.String(), c.Words(), within(t.Right, t.RightOff), within(t.False, t.FalseOff), within(t.Missed, t.MissedOff)})
	}
	cat, err := s.Store.Catalogue(ctx, a.District)
	if err != nil {
		return err
	}
	by := map[competency.ID]*ruleChange{}
	students, judged, differ := 0, 0, 0
	err = s.Store.EachStudent(ctx, a.District, func(_ roster.PersonID, pieces []evidence.Piece) error {
		changed, of := m.Contrast(pieces, rules[0], rules[1])
		students, judged, differ = students+1, judged+of, differ+len(changed)
		for _, d := range changed {
			x := by[d.Competency]
			if x == nil {
				x = &ruleChange{Competency: cat.Competencies[d.Competency]}
				by[d.Competency] = x
			}
			if d.B.Met {
				x.OnlyB++
			} else {
				x.OnlyA++
			}
		}
		if students == ruleStudents {
			return errEnough
		}
		return ctx.Err()
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	v.Sentence = fmt.Sprintf("Of %s estimates of %s, the status of %s would differ.", count(judged), people(students), count(differ))
	if errors.Is(err, errEnough) {
		v.Sentence += " These students were drawn by chance; the command waymark learner rules looks at all."
	}
	for _, x := range by {
		v.Changes = append(v.Changes, *x)
	}
	slices.SortFunc(v.Changes, func(a, b ruleChange) int {
		return cmp.Or(cmp.Compare(b.OnlyA+b.OnlyB, a.OnlyA+a.OnlyB), cmp.Compare(a.Competency.ID, b.Competency.ID))
	})
	v.Changes = v.Changes[:min(changesShown, len(v.Changes))]
	return s.render(w, r, a, http.StatusOK, "rules", v)
}
