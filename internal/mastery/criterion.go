package mastery

import (
	"fmt"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/grading"
)

// Criterion is the rule that turns evidence into "met". The zero Criterion is the model's
// own; a school may choose a classical grading rule instead. Values, intervals and ages
// are the model's either way.
type Criterion struct {
	rule grading.Rule
}

// own is how the model's own criterion is written.
const own = "own"

// ParseCriterion reads a criterion: "own" or nothing for the model's own, or a rule as
// [grading.Parse] reads it.
func ParseCriterion(s string) (Criterion, error) {
	if s == "" || s == own {
		return Criterion{}, nil
	}
	r, err := grading.Parse(s)
	return Criterion{r}, err
}

// Own reports whether it is the model's own criterion.
func (c Criterion) Own() bool { return c.rule.Method == "" }

func (c Criterion) String() string {
	if c.Own() {
		return own
	}
	return c.rule.String()
}

// Words says the criterion in a sentence for everyone.
func (c Criterion) Words() string {
	if c.Own() {
		return fmt.Sprintf("Met when success on a typical task is at least %.0f %% likely, the lower end of the interval is at least %.0f %%, and at least %d pieces of evidence count.",
			100*MetValue, 100*MetLow, MetPieces)
	}
	return c.rule.Words()
}

// Verdict is what a school's grading rule says.
type Verdict int8

const (
	Ungraded Verdict = iota // the school uses the model's own criterion
	RuleOpen                // the rule gives no score yet
	RuleNot
	RuleMet
)

// Grade is what a school's grading rule makes of the pieces on a competency. Score is on
// the scale of [grading.Scale].
type Grade struct {
	Score   float64
	Verdict Verdict
}

// grader applies a criterion to pieces as they come.
type grader struct {
	criterion Criterion
	scores    map[competency.ID][]grading.Score
}

func (c Criterion) grader() *grader {
	return &grader{criterion: c, scores: map[competency.ID][]grading.Score{}}
}

// add takes in a piece that counts and returns the grade of its competency.
func (g *grader) add(p evidence.Piece) Grade {
	if g.criterion.Own() || p.Kind == evidence.Test {
		return Grade{}
	}
	list := append(g.scores[p.Competency], gradingScore(p))
	g.scores[p.Competency] = list
	v := g.criterion.rule.Apply(list)
	switch {
	case !v.Known:
		return Grade{Verdict: RuleOpen}
	case v.Met:
		return Grade{v.Value, RuleMet}
	}
	return Grade{v.Value, RuleNot}
}

// gradingScore lays a piece onto the scale of the classical rules.
func gradingScore(p evidence.Piece) grading.Score {
	return grading.Score{Points: grading.Scale * p.Share(), At: p.At, Hints: p.Hints, Mixed: p.Kind == evidence.Task}
}

// Difference is a student × competency that two criteria judge differently.
type Difference struct {
	Competency competency.ID
	Pieces     int
	A, B       grading.Standing
}

// Contrast replays one student's pieces under two criteria and returns where the verdicts
// at the end differ, and how many competencies have evidence.
func (m *Model) Contrast(pieces []evidence.Piece, a, b Criterion) (differ []Difference, of int) {
	slices.SortFunc(pieces, Order)
	on := map[competency.ID][]evidence.Piece{}
	var order []competency.ID
	for _, p := range pieces {
		if p.Competency == "" || p.Kind == evidence.Test || !m.Counts(p) {
			continue
		}
		if on[p.Competency] == nil {
			order = append(order, p.Competency)
		}
		on[p.Competency] = append(on[p.Competency], p)
	}
	var first, second map[competency.ID]grading.Standing
	if a.Own() || b.Own() {
		first = m.stand(pieces)
		second = first
	}
	for _, c := range order {
		var x, y grading.Standing
		scores := make([]grading.Score, len(on[c]))
		for i, p := range on[c] {
			scores[i] = gradingScore(p)
		}
		if x = first[c]; !a.Own() {
			x = grading.Stand(scores, a.rule.Apply)
		}
		if y = second[c]; !b.Own() {
			y = grading.Stand(scores, b.rule.Apply)
		}
		if x.Met != y.Met {
			differ = append(differ, Difference{c, len(scores), x, y})
		}
	}
	return differ, len(order)
}

// stand follows the model's own criterion through a student's pieces, each judged at the
// time of the work.
func (m *Model) stand(pieces []evidence.Piece) map[competency.ID]grading.Standing {
	out := map[competency.ID]grading.Standing{}
	plain := *m
	plain.Criterion = Criterion{}
	var l Learner
	count := map[competency.ID]int{}
	for _, p := range pieces {
		plain.Update(&l, p)
		if p.Competency == "" || p.Kind == evidence.Test || !plain.Counts(p) {
			continue
		}
		count[p.Competency]++
		e := l.States[p.Competency].At(p.At)
		st := out[p.Competency]
		st.Verdict = grading.Verdict{Value: grading.Scale * e.Value, Met: e.Status == Met, Known: e.Status != Unknown}
		if st.Met && st.Since == 0 {
			st.Since = count[p.Competency]
		}
		out[p.Competency] = st
	}
	return out
}

// Judge returns a criterion as a judge of scores alone, for simulated learners. Under the
// model's own criterion, scores are taken for rubric levels of a student of whom nothing
// else is known.
func (m *Model) Judge(c Criterion) grading.Judge {
	if !c.Own() {
		return c.rule.Apply
	}
	return func(s []grading.Score) grading.Verdict {
		pieces := make([]evidence.Piece, len(s))
		for i, x := range s {
			pieces[i] = evidence.Piece{ID: evidence.ID(fmt.Sprintf("%06d", i)), Competency: "c", Kind: evidence.Rubric, Score: x.Points, Max: grading.Scale, At: WeekStart(2900 + i)}
		}
		return m.stand(pieces)["c"].Verdict
	}
}
