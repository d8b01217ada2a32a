package mastery_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

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

func run(pattern string) mastery.State {
	var ps []evidence.Piece
	for i, c := range pattern {
		ps = append(ps, response(i, c == '1'))
	}
	return mastery.Fold(ps)
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
	if got := mastery.Fold(ps).At(day0.AddDate(0, 0, 5)).Status; got != mastery.Met {
		t.Errorf("four times level 3 of 4 = %v; want met", got)
	}
}

// Properties that a teacher would miss if they broke, over random histories.
func TestProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 300 {
		n := 1 + rng.IntN(20)
		var ps []evidence.Piece
		for i := range n {
			p := response(i*rng.IntN(30), rng.IntN(2) == 0)
			p.ID = evidence.ID(fmt.Sprintf("e%d-%d", trial, i))
			ps = append(ps, p)
		}
		shuffled := slices.Clone(ps)
		rng.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		s := mastery.Fold(ps)
		if s != mastery.Fold(shuffled) {
			t.Fatalf("the order of recording changed the state: %+v", s)
		}
		if ws, weeks := mastery.FoldWeekly(shuffled); ws != s || weeks[len(weeks)-1].State != s {
			t.Fatalf("weekly fold differs: %+v, %+v", ws, s)
		}
		last := ps[len(ps)-1].At
		prev := s.At(last)
		for d := 1; d < 400; d += 20 {
			e := s.At(last.AddDate(0, 0, d))
			if !(0 < e.Low && e.Low <= e.Value && e.Value <= e.High && e.High < 1) {
				t.Fatalf("interval out of order: %+v", e)
			}
			if lo, hi := logit(prev.High)-logit(prev.Low), logit(e.High)-logit(e.Low); hi < lo-1e-9 {
				t.Fatalf("interval shrank with idle time: %v then %v", prev, e)
			}
			prev = e
		}
		better := mastery.Update(s, response(5000, true))
		worse := mastery.Update(s, response(5000, false))
		if at := last.AddDate(1, 0, 0); better.At(at).Value <= worse.At(at).Value {
			t.Fatalf("a right answer must count for more than a wrong one: %v, %v", better, worse)
		}
	}
}

// The interval must hold the true probability about as often as it says.
func TestCoverage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	inside, total := 0, 0
	for range 4000 {
		theta := -0.4 + 1.5*rng.NormFloat64()
		p := 1 / (1 + math.Exp(-theta))
		var s mastery.State
		for i := range 12 {
			s = mastery.Update(s, response(i, rng.Float64() < p))
		}
		e := s.At(s.Last)
		total++
		if e.Low <= p && p <= e.High {
			inside++
		}
	}
	if c := float64(inside) / float64(total); c < 0.86 || c > 0.95 {
		t.Errorf("the 90 %% interval covered %.3f of simulated students; want 0.86 to 0.95", c)
	}
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func TestSelfJudgementMovesNothing(t *testing.T) {
	t.Parallel()
	s := run("101")
	p := response(50, true)
	p.Kind = evidence.Self
	if got := mastery.Update(s, p); got != s {
		t.Errorf("a student's own judgement changed the estimate: %+v", got)
	}
}

func TestTraceEndsWhereFoldEnds(t *testing.T) {
	t.Parallel()
	ps := []evidence.Piece{response(3, true), response(1, false), response(2, true)}
	steps := mastery.Trace(slices.Clone(ps))
	s := mastery.Fold(ps)
	if got, want := steps[len(steps)-1].After, s.At(ps[len(ps)-1].At); got != want {
		t.Errorf("trace ends at %+v; fold at %+v", got, want)
	}
	if steps[0].Piece.At.After(steps[1].Piece.At) || steps[0].Moved() >= 0 {
		t.Errorf("trace is not in the order of the work: %+v", steps)
	}
}

func TestWeek(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	if got := mastery.WeekStart(mastery.Week(monday.Add(6*24*time.Hour + time.Hour))); !got.Equal(monday) {
		t.Errorf("week start = %v; want %v", got, monday)
	}
}
