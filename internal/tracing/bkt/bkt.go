// Package bkt is Bayesian knowledge tracing (Corbett & Anderson 1995): a skill is known
// or not; what is not known may be learned with each answer, and, in the variant that
// forgets, what is known may be lost. It is kept beside the models of packages mastery and
// tracing because teachers and researchers know it, and to compare with.
package bkt

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"waymark/internal/tracing"
)

// Mastered is the probability of knowing from which on a skill is usually called mastered.
const Mastered = 0.95

// Parameters are those of one skill, all probabilities.
type Parameters struct {
	Known  float64 `json:"known"`  // before the first answer: L0
	Learn  float64 `json:"learn"`  // becoming known with an answer: T
	Forget float64 `json:"forget"` // becoming unknown with an answer: F, 0 in the standard model
	Guess  float64 `json:"guess"`  // right though not known: G
	Slip   float64 `json:"slip"`   // wrong though known: S
}

// Predict returns the probability of a right answer where the skill is known with
// probability p.
func (m Parameters) Predict(p float64) float64 { return p*(1-m.Slip) + (1-p)*m.Guess }

// After returns the probability of knowing after an answer, and after what was learned
// or forgotten with it (Corbett & Anderson 1995, eqs. 1-3).
func (m Parameters) After(p float64, right bool) float64 {
	known, not := p*(1-m.Slip), (1-p)*m.Guess
	if !right {
		known, not = p*m.Slip, (1-p)*(1-m.Guess)
	}
	if all := known + not; all > 0 {
		p = known / all
	}
	return p*(1-m.Forget) + (1-p)*m.Learn
}

// Skill is what was fitted to one skill.
type Skill struct {
	Parameters
	Answers       int     `json:"answers"`
	LogLikelihood float64 `json:"log_likelihood"`
}

// Model is BKT fitted to a log.
type Model struct {
	Forgets bool    `json:"forgets"`
	Skills  []Skill `json:"skills"`
	// Other serves skills that the log did not have: the mean of all, by their answers.
	Other Parameters `json:"other"`
}

// Options of a fit. The zero Options are the standard model with five starts of seed 0.
type Options struct {
	Forgets bool
	Starts  int // random starts of each skill, of which the likeliest is kept; 0 means 5
	Seed    uint64
	Workers int // 0 means one for each processor; the result does not depend on it
}

// How long EM goes on: every start for a few rounds, the best of them until a round gains
// less than a part of the log-likelihood, and bounds that keep "known" meaning known.
const (
	firstRounds = 10
	mostRounds  = 100
	enough      = 1e-6
	mostError   = 0.5 // of guess and slip
	least       = 1e-4
)

// Fit estimates the parameters of each skill by expectation maximisation (Baum et al.
// 1970). An answer counts as right if more than half of it is.
func Fit(log *tracing.Log, o Options) *Model {
	if o.Starts <= 0 {
		o.Starts = 5
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	by := sequences(log)
	m := &Model{Forgets: o.Forgets, Skills: make([]Skill, len(by))}
	var wg sync.WaitGroup
	next := make(chan int)
	for range o.Workers {
		wg.Go(func() {
			for k := range next {
				m.Skills[k] = fit(by[k], o, uint64(k))
			}
		})
	}
	for k := range by {
		next <- k
	}
	close(next)
	wg.Wait()
	var all float64
	for _, s := range m.Skills {
		n := float64(s.Answers)
		all += n
		m.Other.Known += n * s.Known
		m.Other.Learn += n * s.Learn
		m.Other.Forget += n * s.Forget
		m.Other.Guess += n * s.Guess
		m.Other.Slip += n * s.Slip
	}
	if all == 0 {
		m.Other = Parameters{Known: .5, Learn: .1, Guess: .2, Slip: .1}
		return m
	}
	for _, p := range []*float64{&m.Other.Known, &m.Other.Learn, &m.Other.Forget, &m.Other.Guess, &m.Other.Slip} {
		*p /= all
	}
	return m
}

// sequence is answers to one skill, oldest first, of times students alike.
type sequence struct {
	right []bool
	times float64
}

// sequences gathers what each student answered on each skill. Equal sequences are
// counted, not repeated.
func sequences(log *tracing.Log) [][]sequence {
	texts := make([]map[string]int, len(log.Skills))
	own := map[int32][]byte{}
	for from, to := range log.ByStudent() {
		clear(own)
		for i := from; i < to; i++ {
			c := byte('0')
			if log.Correct[i] > .5 {
				c = '1'
			}
			own[log.Skill[i]] = append(own[log.Skill[i]], c)
		}
		for k, text := range own {
			if texts[k] == nil {
				texts[k] = map[string]int{}
			}
			texts[k][string(text)]++
		}
	}
	out := make([][]sequence, len(texts))
	for k, counts := range texts {
		list := make([]string, 0, len(counts))
		for text := range counts {
			list = append(list, text)
		}
		slices.Sort(list)
		for _, text := range list {
			s := sequence{make([]bool, len(text)), float64(counts[text])}
			for i := range text {
				s.right[i] = text[i] == '1'
			}
			out[k] = append(out[k], s)
		}
	}
	return out
}

func fit(list []sequence, o Options, skill uint64) Skill {
	var out Skill
	longest := 0
	for _, s := range list {
		out.Answers += len(s.right) * int(s.times)
		longest = max(longest, len(s.right))
	}
	if out.Answers == 0 {
		return out
	}
	e := estimator{list: list, forgets: o.Forgets, filtered: make([]float64, longest), expected: make([]float64, longest)}
	rng := rand.New(rand.NewPCG(o.Seed, skill))
	var best Parameters
	reached := math.Inf(-1)
	for range o.Starts {
		p := Parameters{Known: rng.Float64(), Learn: .5 * rng.Float64(), Guess: .4 * rng.Float64(), Slip: .4 * rng.Float64()}
		if o.Forgets {
			p.Forget = .2 * rng.Float64()
		}
		p, l := e.climb(bounded(p, o.Forgets), firstRounds)
		if l > reached {
			best, reached = p, l
		}
	}
	out.Parameters, out.LogLikelihood = e.climb(best, mostRounds)
	return out
}

// estimator runs EM on the sequences of one skill.
type estimator struct {
	list               []sequence
	forgets            bool
	filtered, expected []float64 // probability of knowing after, and before, each answer
}

// climb improves parameters round by round and returns them with the log-likelihood that
// the last round started from.
func (e *estimator) climb(p Parameters, rounds int) (Parameters, float64) {
	was := math.Inf(-1)
	for range rounds {
		next, l := e.round(p)
		if l-was < enough*math.Abs(l) {
			return p, l
		}
		p, was = next, l
	}
	_, l := e.round(p)
	return p, l
}

func bounded(p Parameters, forgets bool) Parameters {
	in := func(x, most float64) float64 { return max(least, min(most, x)) }
	p = Parameters{in(p.Known, 1-least), in(p.Learn, 1-least), in(p.Forget, 1-least), in(p.Guess, mostError), in(p.Slip, mostError)}
	if !forgets {
		p.Forget = 0
	}
	return p
}

// round is one expectation and maximisation: the parameters that follow from p, and the
// log-likelihood of p.
func (e *estimator) round(p Parameters) (next Parameters, logLikelihood float64) {
	var students, first, known, unknown, knownBefore, unknownBefore, learned, forgot, slips, guesses float64
	for _, s := range e.list {
		n := len(s.right)
		f, q := e.filtered[:n], e.expected[:n]
		k := p.Known
		likelihood := 1.0
		l := 0.0
		for t, right := range s.right {
			q[t] = k
			a, b := k*(1-p.Slip), (1-k)*p.Guess
			if !right {
				a, b = k*p.Slip, (1-k)*(1-p.Guess)
			}
			likelihood *= a + b
			if likelihood < 1e-200 {
				l += math.Log(likelihood)
				likelihood = 1
			}
			f[t] = a / (a + b)
			k = f[t]*(1-p.Forget) + (1-f[t])*p.Learn
		}
		logLikelihood += s.times * (l + math.Log(likelihood))
		// Smoothing backwards: k is now the probability of knowing given all answers.
		k = f[n-1]
		w := s.times
		for t := n - 1; ; t-- {
			known += w * k
			unknown += w * (1 - k)
			if s.right[t] {
				guesses += w * (1 - k)
			} else {
				slips += w * k
			}
			if t == 0 {
				break
			}
			stay, gain := f[t-1]*(1-p.Forget)*k/q[t], (1-f[t-1])*p.Learn*k/q[t]
			lose := 0.0
			if p.Forget > 0 {
				lose = f[t-1] * p.Forget * (1 - k) / (1 - q[t])
			}
			k = stay + lose
			knownBefore += w * k
			unknownBefore += w * (1 - k)
			learned += w * gain
			forgot += w * lose
		}
		students += w
		first += w * k
	}
	ratio := func(a, b, otherwise float64) float64 {
		if b <= 0 {
			return otherwise
		}
		return a / b
	}
	return bounded(Parameters{first / students, ratio(learned, unknownBefore, p.Learn), ratio(forgot, knownBefore, p.Forget),
		ratio(guesses, unknown, p.Guess), ratio(slips, known, p.Slip)}, e.forgets), logLikelihood
}

// Student follows one student through a model. The zero value is of no use: see
// [Model.Follow].
type Student struct {
	model *Model
	known []float64 // by skill; -1 before the first answer
}

// Follow returns a student of whom nothing is known.
func (m *Model) Follow() *Student {
	s := &Student{model: m}
	s.grow(len(m.Skills))
	return s
}

func (s *Student) grow(n int) {
	for len(s.known) < n {
		s.known = append(s.known, -1)
	}
}

func (m *Model) parameters(skill int32) Parameters {
	if int(skill) < len(m.Skills) && m.Skills[skill].Answers > 0 {
		return m.Skills[skill].Parameters
	}
	return m.Other
}

// Known returns the probability that the student knows a skill.
func (s *Student) Known(skill int32) float64 {
	if int(skill) < len(s.known) && s.known[skill] >= 0 {
		return s.known[skill]
	}
	return s.model.parameters(skill).Known
}

// Predict returns the probability that the student's next answer on a skill is right;
// neither the item nor the time matters to BKT.
func (s *Student) Predict(_, skill int32, _ int64) float64 {
	return s.model.parameters(skill).Predict(s.Known(skill))
}

// Learn takes in an answer; more than half right counts as right.
func (s *Student) Learn(_, skill int32, correct float32, _ int64) {
	p := s.Known(skill)
	s.grow(int(skill) + 1)
	s.known[skill] = s.model.parameters(skill).After(p, correct > .5)
}

var _ tracing.Predictor = (*Student)(nil)
