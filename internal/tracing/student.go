package tracing

import "math"

// Student is what the answers so far tell about one student. It is small, follows
// one answer after the other, and takes no memory for skills and items met before.
// One goroutine may use it at a time.
type Student struct {
	m    *Model
	part int    // of the log that must not speak for the student; everyone but in a fit
	veil uint64 // by which skills are hidden; 0 hides none

	mu, v    float64    // ability across all skills: mean and variance, log-odds
	n, right float32    // answers, and how much of them was right
	recent   [3]float32 // moving means of answer minus what the item lets expect, by recentKeep
	ease     float64    // of the latest item, log-odds
	usual    float64    // moving mean of that
	last     [3]int8    // the latest answers, the newest first: 0 none, 1 wrong, 2 right
	item     int32      // the latest
	skill    int32      // the latest
	before   int32      // the skill before it
	met      int32      // skills
	at       int64      // of the latest answer
	pace     float32    // moving mean of the logarithm of the time between answers

	skills  []skillState // by position + 1: 0 stands for skills without a position
	singles []skillState
	items   map[int32]int8 // the latest answer to each item

	lean, leanV     float64 // how far all answers are from what was predicted: mean and variance, log-odds
	ahead           stretch
	tail, skillTail float64 // of intervals, as multiples of the usual ones

	mo        moment
	fresh     bool // mo is what the next answer will be learned from, if it is about that
	x         [featureCount]float32
	by        [featureCount]float64
	predicted float64 // log-odds
}

// skillState is what the answers on one skill tell.
type skillState struct {
	met      bool
	last     [2]int8
	streak   int8 // right answers in a row; wrong ones below 0
	n, right float32
	mu, v    float32 // how far the ability on this skill is from that across skills
	recent   float32 // moving mean of answer minus what the item lets expect
	at       int64   // of the latest answer
	ahead    stretch
}

// Settings of the state. They were chosen by held-out likelihood and are the same
// for every log.
const (
	abilityVariance = 1.0   // of students, log-odds²
	abilityDrift    = 0.003 // variance gained with each answer
	skillVariance   = 0.6   // of a student's skills around the student's ability
	skillDrift      = 0.04
	easeVariance    = 1.0 // of how hard skills are around what is expected of an unknown one
	leanVariance    = 0.01
	watchRate       = 0.2 // of correcting intervals by whether they hold
	leastVariance   = 1e-3
	skillKeep       = .75 // share of a moving mean kept at each answer on a skill
	usualKeep       = .9
	paceKeep        = .8
	longestStreak   = 100
	hideOne         = 12 // skill of so many, for each student, is hidden in a fit
)

var recentKeep = [...]float32{.8, .9, .98}

// NewStudent returns a student of whom nothing is known.
func (m *Model) NewStudent() *Student {
	s := &Student{m: m, items: map[int32]int8{}}
	s.forget(everyone)
	return s
}

// forget makes s a new student and keeps the memory.
func (s *Student) forget(part int) {
	clear(s.items)
	clear(s.skills)
	clear(s.singles)
	*s = Student{m: s.m, part: part, skills: s.skills, singles: s.singles, items: s.items,
		v: abilityVariance, leanV: leanVariance, tail: 1, skillTail: 1, item: -1, skill: -1, before: -1, usual: s.m.usual}
}

// hides says whether the tables must not speak for a skill: so a fit learns what to make
// of answers on skills that nobody has met before.
func (s *Student) hides(skill int32) bool {
	return s.veil != 0 && mix(s.veil+uint64(uint32(skill)))%hideOne == 0
}

// on returns the state of a skill, made when it is first met.
func on(states *[]skillState, skill int32) *skillState {
	i := int(max(skill, -1)) + 1
	if n := len(*states); i >= n {
		*states = append(*states, make([]skillState, i+1-n)...)
	}
	k := &(*states)[i]
	if !k.met {
		k.met, k.v = true, skillVariance
	}
	return k
}

// mark codes an answer for the sequences of them.
func mark(correct float32) int8 {
	if correct > .5 {
		return 2
	}
	return 1
}

// Learn takes in an answer: the share of it, in [0, 1], that was right, given at at
// (seconds). The abilities are Gaussian and updated by assumed-density filtering
// (Glickman, 1999, eq. 9–13; Murphy, 2012, §18.5.3), and so is what remains between the
// answers and the predictions.
func (s *Student) Learn(item, skill int32, correct float32, at int64) {
	mo := &s.mo
	stale := !s.fresh || mo.item != item || mo.skill != skill || mo.at != at
	switch {
	case s.part == everyone: // in a fit there are no predictions yet
		if stale {
			s.predict(item, skill, at)
		}
		s.m.overall10.watch(&s.ahead, s.prospect, &s.tail, correct)
		s.m.skill10.watch(&mo.k.ahead, mo.prospect, &s.skillTail, correct)
		g, h := pull(float64(correct), logistic(s.predicted), s.leanV)
		s.lean += s.leanV * g
		s.leanV -= s.leanV * s.leanV * h
	case stale:
		s.look(item, skill, at)
	}
	s.fresh = false
	residual := correct - float32(mo.easeP)
	k := mo.k
	s.v += abilityDrift
	k.v += skillDrift
	mu, v := s.mu+float64(k.mu), s.v+float64(k.v)
	share := 1 / float64(max(len(mo.singles), 1))
	for _, q := range mo.singles {
		t := on(&s.singles, q)
		t.v += skillDrift
		mu += float64(t.mu) * share
		v += float64(t.v) * share * share
	}
	g, h := pull(float64(correct), expect(mo.ease+mu, v), v)
	s.mu += s.v * g
	s.v = max(s.v-s.v*s.v*h, leastVariance)
	k.learn(g, h, 1, correct, residual, at)
	for _, q := range mo.singles {
		on(&s.singles, q).learn(g, h, share, correct, residual, at)
	}
	if k.n == 1 {
		s.met++
	}
	s.items[item] = mark(correct)
	if s.n > 0 {
		s.pace += (1 - paceKeep) * (log1p(float32(max(at-s.at, 0))) - s.pace)
	}
	for i, keep := range recentKeep {
		s.recent[i] = keep*s.recent[i] + (1-keep)*residual
	}
	s.n++
	s.right += correct
	s.usual += (1 - usualKeep) * (mo.ease - s.usual)
	s.last = [3]int8{mark(correct), s.last[0], s.last[1]}
	s.item, s.before, s.skill, s.at, s.ease = item, s.skill, skill, at, mo.ease
}

// pull returns the gradient and the curvature of an answer's log-likelihood where p was
// expected and the log-odds have variance v.
func pull(correct, p, v float64) (g, h float64) {
	q := p * (1 - p)
	return (correct - p) / (1 + q*v), q / (1 + q*v)
}

func (k *skillState) learn(g, h, share float64, correct, residual float32, at int64) {
	v := float64(k.v)
	k.mu += float32(v * share * g)
	k.v = float32(max(v-v*share*v*share*h, leastVariance))
	k.recent = skillKeep*k.recent + (1-skillKeep)*residual
	if mark(correct) == 2 {
		k.streak = min(max(k.streak, 0)+1, longestStreak)
	} else {
		k.streak = max(min(k.streak, 0)-1, -longestStreak)
	}
	k.n++
	k.right += correct
	k.last = [2]int8{mark(correct), k.last[0]}
	k.at = at
}

// expect returns the probability of a right answer where its log-odds are Gaussian
// with mean mu and variance v (MacKay, 1992, eq. 12).
func expect(mu, v float64) float64 { return logistic(mu / math.Sqrt(1+math.Pi*v/8)) }
