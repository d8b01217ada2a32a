package mastery_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
)

var day0 = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)

func response(n int, correct bool) evidence.Piece {
	score := 0.0
	if correct {
		score = 1
	}
	return evidence.Piece{ID: evidence.ID(fmt.Sprintf("e%03d", n)), Competency: "c", Kind: evidence.Response,
		Score: score, Max: 1, At: day0.Add(time.Duration(n) * time.Hour)}
}

var model = mastery.Builtin()

func fold(ps []evidence.Piece) mastery.State { return model.Fold(ps).States["c"] }

func run(pattern string) mastery.State {
	var ps []evidence.Piece
	for i, c := range pattern {
		ps = append(ps, response(i, c == '1'))
	}
	return fold(ps)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	soon := day0.Add(48 * time.Hour)
	for _, c := range []struct {
		pattern string
		at      time.Time
		want    mastery.Status
	}{
		{"", soon, mastery.Unknown},
		{"1", soon, mastery.Unknown},
		{"00000", soon, mastery.Starting},
		{"1111111111", soon, mastery.Met},
		{"1111111111", day0.AddDate(0, 4, 0), mastery.Fading},
		{"0000011111111111111111111", soon, mastery.Met},
		{"11", soon, mastery.Nearly},
	} {
		if got := run(c.pattern).At(c.at).Status; got != c.want {
			t.Errorf("status after %q at %s = %v; want %v", c.pattern, c.at.Format("01-02"), got, c.want)
		}
	}
}

func TestRubricProficientIsMet(t *testing.T) {
	t.Parallel()
	var ps []evidence.Piece
	for i := range 4 {
		ps = append(ps, evidence.Piece{ID: evidence.ID(fmt.Sprint(i)), Competency: "c", Kind: evidence.Rubric, Score: 3, Max: 4,
			At: day0.AddDate(0, 0, i)})
	}
	if got := fold(ps).At(day0.AddDate(0, 0, 5)).Status; got != mastery.Met {
		t.Errorf("four times level 3 of 4 = %v; want met", got)
	}
}

// history is a random student: pieces of several kinds on several competencies.
func history(rng *rand.Rand, n int) []evidence.Piece {
	ps := make([]evidence.Piece, n)
	for i := range ps {
		p := response(rng.IntN(3000), rng.IntN(2) == 0)
		p.ID = evidence.ID(fmt.Sprintf("e%03d", i))
		p.Competency = competency.ID("cde"[rng.IntN(3):][:1])
		switch rng.IntN(6) {
		case 0:
			p.Kind, p.Max, p.Score = evidence.Rubric, 4, float64(rng.IntN(5))
		case 1:
			p.Kind, p.Max, p.Score = evidence.Task, 20, float64(rng.IntN(21))
		case 2:
			p.Kind, p.Competency, p.Scale, p.Score, p.Percentile = evidence.Test, "", "MAP", 200, float64(1+rng.IntN(99))
		}
		ps[i] = p
	}
	return ps
}

// Properties that a teacher would miss if they broke, over random histories.
func TestProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		ps := history(rng, 1+rng.IntN(40))
		ps[0].Competency, ps[0].Kind, ps[0].Max, ps[0].Score = "c", evidence.Response, 1, 1
		shuffled := slices.Clone(ps)
		rng.Shuffle(len(ps), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		l := model.Fold(ps)
		late, weeks := model.FoldWeekly(shuffled)
		if diff := cmp.Diff(l, late); diff != "" {
			t.Fatalf("the order of recording changed what is remembered:\n%s", diff)
		}
		s := l.States["c"]
		if last := weeks["c"][len(weeks["c"])-1].State; last != s {
			t.Fatalf("the last week ends at %+v; the fold at %+v", last, s)
		}
		at := ps[len(ps)-1].At
		prev := s.At(at)
		for d := 1; d < 400; d += 20 {
			e := s.At(at.AddDate(0, 0, d))
			if !(0 < e.Low && e.Low <= e.Value && e.Value <= e.High && e.High < 1) {
				t.Fatalf("interval out of order: %+v", e)
			}
			if lo, hi := logit(prev.High)-logit(prev.Low), logit(e.High)-logit(e.Low); hi < lo-1e-9 {
				t.Fatalf("interval shrank with idle time: %v then %v", prev, e)
			}
			prev = e
		}
		for _, k := range []struct {
			kind evidence.Kind
			most float64
		}{{evidence.Response, 1}, {evidence.Response, 5}, {evidence.Rubric, 4}, {evidence.Observation, 4}, {evidence.Task, 10}} {
			before := -1.0
			for score := 0.0; score <= k.most; score++ {
				p := response(5000, true)
				p.Kind, p.Score, p.Max = k.kind, score, k.most
				after := model.Fold(append(slices.Clone(ps), p))
				v := after.States["c"].At(p.At).Value
				if v <= before {
					t.Fatalf("%s %g of %g leaves the estimate at %.4f, %g at %.4f; want a better score to count for more", k.kind, score, k.most, v, score-1, before)
				}
				before = v
			}
		}
	}
}

// What a student shows on other competencies is expected of a new one too, and no more.
func TestPooling(t *testing.T) {
	t.Parallel()
	elsewhere := func(right bool, n int) *mastery.Learner {
		var ps []evidence.Piece
		for i := range n {
			p := response(i, right)
			p.Competency = competency.ID(fmt.Sprintf("other%d", i%4))
			ps = append(ps, p)
		}
		l := model.Fold(ps)
		return &l
	}
	now := day0.AddDate(0, 0, 7)
	nothing := model.Expect(&mastery.Learner{}, "c", now)
	able, unable := model.Expect(elsewhere(true, 24), "c", now), model.Expect(elsewhere(false, 24), "c", now)
	if !(unable.Value < nothing.Value-0.1 && nothing.Value+0.1 < able.Value) {
		t.Errorf("expected success on a new competency = %.2f after failure elsewhere, %.2f knowing nothing, %.2f after success elsewhere; want them apart",
			unable.Value, nothing.Value, able.Value)
	}
	if able.Status != mastery.Unknown || able.N != 0 {
		t.Errorf("a competency without evidence is %v with %d pieces; want unknown", able.Status, able.N)
	}
	if nothing.High-nothing.Low < able.High-able.Low {
		t.Errorf("knowing nothing is surer (%.2f to %.2f) than knowing the student (%.2f to %.2f)", nothing.Low, nothing.High, able.Low, able.High)
	}
}

// Competencies that come before lift or lower what is expected of the next one.
func TestPrerequisitesCarry(t *testing.T) {
	t.Parallel()
	m := mastery.Builtin()
	m.Competencies = map[competency.ID]mastery.Difficulty{"next": {Before: []competency.ID{"c"}}, "alone": {}, "c": {}, "d": {}}
	var ps []evidence.Piece
	for i := range 20 {
		p, q := response(2*i, true), response(2*i+1, false)
		q.Competency = "d"
		ps = append(ps, p, q)
	}
	l := m.Fold(ps)
	now := day0.AddDate(0, 0, 7)
	if next, alone := m.Expect(&l, "next", now).Value, m.Expect(&l, "alone", now).Value; next <= alone+0.05 {
		t.Errorf("expected success on what follows a met competency = %.2f, on what does not %.2f; want more", next, alone)
	}
}

// A harder item counts for more when it is right and for less when it is wrong.
func TestItemDifficulty(t *testing.T) {
	t.Parallel()
	m := mastery.Builtin()
	m.Competencies = map[competency.ID]mastery.Difficulty{"c": {Items: map[string]float64{"easy": 1.5, "hard": -1.5}}}
	value := func(item string, right bool) float64 {
		p := response(1, right)
		p.Item = item
		return m.Fold([]evidence.Piece{p}).States["c"].At(p.At).Value
	}
	if !(value("hard", true) > value("other", true) && value("other", true) > value("easy", true)) {
		t.Errorf("right on hard %.3f, unknown %.3f, easy %.3f; want falling", value("hard", true), value("other", true), value("easy", true))
	}
	if !(value("hard", false) > value("other", false) && value("other", false) > value("easy", false)) {
		t.Errorf("wrong on hard %.3f, unknown %.3f, easy %.3f; want falling", value("hard", false), value("other", false), value("easy", false))
	}
}

// An external test counts by its standard error and its scale's norms.
func TestExternalTest(t *testing.T) {
	t.Parallel()
	m := mastery.Builtin()
	m.Scales = map[string]mastery.Scale{"RIT": {Mean: 200, SD: 15}}
	after := func(score, se float64) mastery.Estimate {
		l := m.Fold([]evidence.Piece{{ID: "t", Kind: evidence.Test, Scale: "RIT", Score: score, SE: se, At: day0}})
		return m.Expect(&l, "c", day0)
	}
	exact, vague := after(230, 3), after(230, 30)
	if none := m.Expect(&mastery.Learner{}, "c", day0); !(exact.Value > vague.Value && vague.Value > none.Value) {
		t.Errorf("expected success after a high score: exact %.3f, vague %.3f, none %.3f; want falling", exact.Value, vague.Value, none.Value)
	}
	if low := after(170, 3); low.Value >= after(200, 3).Value {
		t.Errorf("a low score leaves %.3f; want less than a middling one", low.Value)
	}
}

// The interval must hold the true probability about as often as it says, for students and
// competencies drawn from what the model takes them to be.
func TestCoverage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	inside, total := 0, 0
	for range 1500 {
		ability := rng.NormFloat64() * math.Sqrt(model.Spread)
		var ps []evidence.Piece
		truth := map[competency.ID]float64{}
		for c := range 4 {
			id := competency.ID(fmt.Sprint("c", c))
			z := model.Base + ability + rng.NormFloat64()*math.Sqrt(model.Within)
			truth[id] = 1 / (1 + math.Exp(-z))
			for i := range 9 {
				p := response(20*c+i, rng.Float64() < 0.03+0.95*truth[id])
				p.Competency = id
				ps = append(ps, p)
			}
		}
		l := model.Fold(ps)
		for id, p := range truth {
			e := l.States[id].At(l.States[id].Last)
			total++
			if e.Low <= p && p <= e.High {
				inside++
			}
		}
	}
	if c := float64(inside) / float64(total); c < 0.87 || c > 0.93 {
		t.Errorf("the 90 %% interval covered %.3f of simulated students; want 0.87 to 0.93", c)
	}
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func TestWhatMovesNothing(t *testing.T) {
	t.Parallel()
	ps := []evidence.Piece{response(1, true), response(2, false)}
	self, bare := response(50, true), response(51, true)
	self.Kind = evidence.Self
	bare.Kind, bare.Competency, bare.Scale = evidence.Test, "", "A scale without norms"
	if diff := cmp.Diff(model.Fold(slices.Clone(ps)), model.Fold(append(ps, self, bare))); diff != "" {
		t.Errorf("a student's own judgement or a test without norms changed what is remembered:\n%s", diff)
	}
}

// Folding one piece on top of what is stored is the same as folding all of them, or the
// model says that it is not.
func TestFollows(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		ps := history(rng, 30)
		slices.SortFunc(ps, mastery.Order)
		known := model.Fold(slices.Clone(ps[:29]))
		p := ps[29]
		on := &mastery.Learner{Ability: known.Ability, States: map[competency.ID]mastery.State{}}
		if s, ok := known.States[p.Competency]; ok {
			on.States[p.Competency] = s
		}
		if !model.Follows(on, p) {
			if p.At.After(known.Ability.Last) {
				t.Fatalf("a piece later than all others does not follow: %+v", p)
			}
			continue
		}
		model.Update(on, p)
		all := model.Fold(slices.Clone(ps))
		if on.Ability != all.Ability || on.States[p.Competency] != all.States[p.Competency] {
			t.Fatalf("one piece on top gives %+v, %+v; the whole fold %+v, %+v", on.Ability, on.States[p.Competency], all.Ability, all.States[p.Competency])
		}
	}
}

func TestTraceEndsWhereFoldEnds(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	ps := append(history(rng, 30), response(1, false), response(3100, true))
	steps := model.Trace(slices.Clone(ps), "c")
	s := fold(slices.Clone(ps))
	if got, want := steps[len(steps)-1].After, s.At(s.Last); got != want {
		t.Errorf("trace ends at %+v; fold at %+v", got, want)
	}
	for i, st := range steps {
		if i > 0 && st.Piece.At.Before(steps[i-1].Piece.At) {
			t.Errorf("trace is not in the order of the work at %d", i)
		}
		if st.Piece.Kind == evidence.Response && st.Piece.Max == 1 && (st.Piece.Score == 1) != (st.Moved() > 0) {
			t.Errorf("a response with score %g moved the estimate by %.3f", st.Piece.Score, st.Moved())
		}
	}
}

func TestWeek(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	if got := mastery.WeekStart(mastery.Week(monday.Add(6*24*time.Hour + time.Hour))); !got.Equal(monday) {
		t.Errorf("week start = %v; want %v", got, monday)
	}
}

// An answer given too fast to have read the question tells little, right or wrong; one with
// hints tells less than one without.
func TestRapidAndHintedAnswersTellLittle(t *testing.T) {
	t.Parallel()
	moved := func(change func(*evidence.Piece)) float64 {
		p := response(0, true)
		change(&p)
		var l mastery.Learner
		before := model.Expect(&l, p.Competency, p.At).Value
		model.Update(&l, p)
		return l.States[p.Competency].At(p.At).Value - before
	}
	plain := moved(func(*evidence.Piece) {})
	for name, got := range map[string]float64{
		"after a second":  moved(func(p *evidence.Piece) { p.Seconds = 1 }),
		"with two hints":  moved(func(p *evidence.Piece) { p.Hints = 2 }),
		"by a lucky pick": moved(func(p *evidence.Piece) { p.Guess = .5 }),
		"to an easy item": moved(func(p *evidence.Piece) { p.Easier = 2 }),
	} {
		if got <= 0 || got > .8*plain {
			t.Errorf("a right answer %s moves by %.3f; a plain one by %.3f", name, got, plain)
		}
	}
	if got := moved(func(p *evidence.Piece) { p.Seconds = 30 }); got != plain {
		t.Errorf("an answer in its time moves by %.3f; one without a time by %.3f", got, plain)
	}
}
