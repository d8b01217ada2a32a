package bkt

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"waymark/internal/tracing"
)

// simulated is a log of students on one skill with known parameters.
func simulated(seed uint64, students, answers int, p Parameters) *tracing.Log {
	rng := rand.New(rand.NewPCG(seed, 1))
	l := &tracing.Log{Skills: []string{"a", "never"}, Items: []string{"i"}}
	for s := range students {
		known := rng.Float64() < p.Known
		for range answers {
			right := rng.Float64() < p.Guess
			if known {
				right = rng.Float64() >= p.Slip
			}
			y := float32(0)
			if right {
				y = 1
			}
			l.Student, l.Item, l.Skill, l.Correct, l.At = append(l.Student, int32(s)), append(l.Item, 0), append(l.Skill, 0), append(l.Correct, y), append(l.At, 0)
			if known {
				known = rng.Float64() >= p.Forget
			} else {
				known = rng.Float64() < p.Learn
			}
		}
		l.Students = append(l.Students, "")
	}
	return l
}

func TestFitRecovers(t *testing.T) {
	t.Parallel()
	for _, want := range []Parameters{
		{Known: .3, Learn: .2, Guess: .2, Slip: .1},
		{Known: .6, Learn: .1, Forget: .08, Guess: .15, Slip: .05},
	} {
		m := Fit(simulated(1, 4000, 10, want), Options{Forgets: want.Forget > 0})
		got := m.Skills[0].Parameters
		for _, c := range []struct {
			name      string
			got, want float64
		}{{"known", got.Known, want.Known}, {"learn", got.Learn, want.Learn}, {"forget", got.Forget, want.Forget}, {"guess", got.Guess, want.Guess}, {"slip", got.Slip, want.Slip}} {
			if math.Abs(c.got-c.want) > .05 {
				t.Errorf("%s = %.3f; simulated with %.3f", c.name, c.got, c.want)
			}
		}
		if m.Skills[1].Answers != 0 || m.Follow().Predict(0, 1, 0) != m.Other.Predict(m.Other.Known) {
			t.Error("a skill without answers is not served by the others' parameters")
		}
	}
}

// The likelihood of a sequence is the sum over all ways in which the skill may have been
// known or not, and what EM counts are the averages over these ways.
func TestAgainstEnumeration(t *testing.T) {
	t.Parallel()
	p := Parameters{Known: .3, Learn: .25, Forget: .1, Guess: .2, Slip: .15}
	for _, text := range []string{"1", "0", "10", "0110", "110100"} {
		right := make([]bool, len(text))
		for i := range text {
			right[i] = text[i] == '1'
		}
		var all, first, learnedOf, unknownBefore float64
		for way := range 1 << len(text) {
			w := 1.0
			learned, before := 0.0, 0.0
			for i := range right {
				known := way>>i&1 == 1
				switch {
				case i == 0 && known:
					w *= p.Known
				case i == 0:
					w *= 1 - p.Known
				case way>>(i-1)&1 == 1 && known:
					w *= 1 - p.Forget
				case way>>(i-1)&1 == 1:
					w *= p.Forget
				case known:
					w *= p.Learn
					learned++
				default:
					w *= 1 - p.Learn
				}
				if i > 0 && way>>(i-1)&1 == 0 {
					before++
				}
				switch {
				case known && right[i]:
					w *= 1 - p.Slip
				case known:
					w *= p.Slip
				case right[i]:
					w *= p.Guess
				default:
					w *= 1 - p.Guess
				}
			}
			all += w
			if way&1 == 1 {
				first += w
			}
			learnedOf += w * learned
			unknownBefore += w * before
		}
		e := estimator{list: []sequence{{right, 1}}, forgets: true, filtered: make([]float64, len(text)), expected: make([]float64, len(text))}
		next, l := e.round(p)
		if math.Abs(l-math.Log(all)) > 1e-12 {
			t.Errorf("%s: log-likelihood %.12f; enumerated %.12f", text, l, math.Log(all))
		}
		if math.Abs(next.Known-first/all) > 1e-12 {
			t.Errorf("%s: known at first %.12f; enumerated %.12f", text, next.Known, first/all)
		}
		if len(text) > 1 {
			if want := learnedOf / unknownBefore; math.Abs(next.Learn-want) > 1e-9 {
				t.Errorf("%s: learned %.9f; enumerated %.9f", text, next.Learn, want)
			}
		}
	}
}

func TestEMNeverFalls(t *testing.T) {
	t.Parallel()
	list := sequences(simulated(2, 300, 8, Parameters{Known: .4, Learn: .15, Guess: .2, Slip: .1}))[0]
	e := estimator{list: list, filtered: make([]float64, 8), expected: make([]float64, 8)}
	p := Parameters{Known: .1, Learn: .4, Guess: .45, Slip: .4}
	was := math.Inf(-1)
	for range 60 {
		next, l := e.round(p)
		if l < was-1e-9 {
			t.Fatalf("log-likelihood fell from %.9f to %.9f", was, l)
		}
		p, was = next, l
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	// OATutor's parameters, all 0.1: .09/(.09+.09) = .5, then .5 + .5·.1 = .55.
	p := Parameters{Known: .1, Learn: .1, Guess: .1, Slip: .1}
	if got := p.After(.1, true); math.Abs(got-.55) > 1e-12 {
		t.Errorf("known after a right answer = %.6f; want .55", got)
	}
	if got := p.After(.1, false); math.Abs(got-(.01/.82*.9+.1)) > 1e-12 {
		t.Errorf("known after a wrong answer = %.6f; want %.6f", got, .01/.82*.9+.1)
	}
	m := &Model{Skills: []Skill{{Parameters: p, Answers: 1}}}
	s := m.Follow()
	before := s.Known(0)
	for range 4 {
		s.Learn(0, 0, 1, 0)
		if s.Known(0) <= before {
			t.Fatal("a right answer lowered the probability of knowing")
		}
		before = s.Known(0)
	}
	if before < Mastered {
		t.Errorf("known after four right answers = %.4f; want mastered", before)
	}
}

func TestAnAnswerAllocatesNothing(t *testing.T) {
	s := (&Model{Skills: []Skill{{Parameters{Known: .1, Learn: .1, Guess: .1, Slip: .1}, 1, 0}}}).Follow()
	if n := testing.AllocsPerRun(100, func() { s.Predict(0, 0, 0); s.Learn(0, 0, 1, 0) }); n != 0 {
		t.Errorf("%g allocations for an answer; want none", n)
	}
}

func TestRepeatable(t *testing.T) {
	t.Parallel()
	log := simulated(3, 200, 6, Parameters{Known: .3, Learn: .2, Guess: .2, Slip: .1})
	one, two := Fit(log, Options{Seed: 1, Workers: 1}), Fit(log, Options{Seed: 1, Workers: 3})
	if !reflect.DeepEqual(one, two) {
		t.Errorf("the number of workers changed the fit: %+v, %+v", one, two)
	}
}

func BenchmarkFit(b *testing.B) {
	log := simulated(4, 5000, 12, Parameters{Known: .3, Learn: .2, Guess: .2, Slip: .1})
	for b.Loop() {
		Fit(log, Options{})
	}
}
