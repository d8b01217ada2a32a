package mastery_test

import (
	"encoding/json"
	"slices"
	"testing"

	"waymark/internal/evidence"
	"waymark/internal/grading"
	"waymark/internal/mastery"
)

func criterion(t *testing.T, s string) mastery.Criterion {
	t.Helper()
	c, err := mastery.ParseCriterion(s)
	if err != nil || c.String() != s {
		t.Fatalf("ParseCriterion(%q) = %v, %v", s, c, err)
	}
	return c
}

func rubric(levels ...float64) []evidence.Piece {
	var ps []evidence.Piece
	for i, l := range levels {
		p := response(24*i, true)
		p.Kind, p.Score, p.Max = evidence.Rubric, l, 4
		ps = append(ps, p)
	}
	return ps
}

// A school's rule decides what is met; the estimate stays what it is.
func TestSchoolsRuleDecides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		levels []float64
		want   mastery.Status
		grade  float64
	}{
		{"highest met 3", []float64{1, 3, 1, 1}, mastery.Met, 3},
		{"average met 3", []float64{4, 4, 4, 1}, mastery.Met, 3.25},
		{"recent met 3", []float64{4, 4, 4, 1}, mastery.Nearly, 1},
		{"n-times 3 met 3", []float64{4, 4}, mastery.Unknown, 0},
	} {
		m := mastery.Builtin()
		m.Criterion = criterion(t, c.rule)
		s := m.Fold(rubric(c.levels...)).States["c"]
		e := s.At(s.Last)
		if e.Status != c.want || e.Grade.Score != c.grade {
			t.Errorf("%s of %v: %v with %g; want %v with %g", c.rule, c.levels, e.Status, e.Grade.Score, c.want, c.grade)
		}
		if plain := fold(rubric(c.levels...)); plain.Mean != s.Mean || plain.Variance != s.Variance {
			t.Errorf("%s changed the estimate", c.rule)
		}
		if old := s.At(s.Last.Add(2 * mastery.StaleAfter)); c.want == mastery.Met && old.Status != mastery.Fading {
			t.Errorf("%s, long ago: %v; want fading", c.rule, old.Status)
		}
		if m.Follows(&mastery.Learner{}, rubric(1)[0]) {
			t.Errorf("%s: a piece follows without the ones before it", c.rule)
		}
	}
}

func TestContrast(t *testing.T) {
	t.Parallel()
	ps := rubric(4, 4, 3, 1)
	lucky := rubric(1, 4, 1, 1)
	for i := range lucky {
		lucky[i].Competency, lucky[i].ID = "d", "d"+lucky[i].ID
	}
	differ, of := model.Contrast(append(ps, lucky...), criterion(t, "highest met 3"), criterion(t, "decaying 0.65 met 3"))
	if of != 2 || len(differ) != 2 {
		t.Fatalf("contrast = %+v of %d; want both competencies", differ, of)
	}
	i := slices.IndexFunc(differ, func(d mastery.Difference) bool { return d.Competency == "d" })
	if d := differ[i]; !d.A.Met || d.A.Since != 2 || d.B.Met || d.B.Since != 0 || d.Pieces != 4 {
		t.Errorf("the lucky one = %+v; want met since the second score under A, and not now under B", d)
	}
	same, _ := model.Contrast(ps, criterion(t, "own"), criterion(t, "own"))
	if len(same) != 0 {
		t.Errorf("a criterion differs from itself: %+v", same)
	}
	if d, _ := model.Contrast(rubric(4, 4, 4, 4, 1), criterion(t, "own"), criterion(t, "recent met 3")); len(d) != 1 {
		t.Errorf("own against most recent = %+v; want one difference", d)
	}
}

// On simulated learners, the model's own criterion calls fewer of them met wrongly than a
// lucky highest score does.
func TestOwnCriterionOnSimulatedLearners(t *testing.T) {
	t.Parallel()
	learners := grading.Learners(1, 2000, 8)
	mine := grading.Try(learners, model.Judge(mastery.Criterion{}))
	highest := grading.Try(learners, model.Judge(criterion(t, "highest met 3")))
	if mine.Right < 0.75 || mine.False > highest.False/2 {
		t.Errorf("own criterion %+v; highest %+v", mine, highest)
	}
}

func TestExplanationVerifies(t *testing.T) {
	t.Parallel()
	m := mastery.Builtin()
	m.Criterion = criterion(t, "last 3 met 3")
	ps := append(rubric(1, 3, 4), response(2000, true))
	ps[3].Competency = "d"
	x := m.Explain(ps, "c", day0.AddDate(0, 1, 0))
	if len(x.Moves) != 3 || len(x.Pieces) != 4 || len(x.Checks) == 0 {
		t.Fatalf("explanation = %+v", x)
	}
	moved := x.Start.Value
	for _, mv := range x.Moves {
		moved += mv.By
	}
	if last := x.Moves[2].After; moved-last.Value > 0.02 || last.Value-moved > 0.02 {
		t.Errorf("start and moves add up to %.3f; the last piece left %.3f", moved, last.Value)
	}
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (y mastery.Explanation) {
		t.Helper()
		if err := json.Unmarshal(text, &y); err != nil {
			t.Fatal(err)
		}
		return y
	}
	if err := read().Verify(); err != nil {
		t.Errorf("the export does not give the same figures: %v", err)
	}
	for what, change := range map[string]func(*mastery.Explanation){
		"a score":   func(y *mastery.Explanation) { y.Pieces[0].Score = 4 },
		"the value": func(y *mastery.Explanation) { y.Estimate.Value += 1e-12 },
		"a move":    func(y *mastery.Explanation) { y.Moves[1].By = 0 },
		"the rule":  func(y *mastery.Explanation) { y.Criterion = "n-times 9" },
		"the model": func(y *mastery.Explanation) { y.Model.Within = 2 },
	} {
		y := read()
		change(&y)
		if y.Verify() == nil {
			t.Errorf("%s was changed and the explanation still verifies", what)
		}
	}
}
