package demo

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"waymark/internal/roster"
)

// The simulation behind the evidence. It has no part in the product's learner model
// and is deliberately of another kind, so that the model has something to find out.

// learner is what a student is like behind the evidence.
type learner struct {
	ability map[string]float64 // by subject, in standard deviations
	rate    float64            // how fast practice helps, around 1
	absent  map[roster.Date]bool
	states  map[*comp]*state
}

// state is how far a student is with a competency: the log-odds of doing right.
type state struct {
	m     float64
	stuck bool
	tries map[string]int // by item
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func newLearner(r *rand.Rand, d *district, s *student) {
	l := learner{ability: map[string]float64{}, absent: map[roster.Date]bool{}, states: map[*comp]*state{}}
	general := r.NormFloat64() * .85
	l.rate = math.Exp(r.NormFloat64() * .3)
	if s.house.disadvantaged {
		general -= .2
	}
	if s.disability != "" {
		general -= .3
	}
	if s.gifted {
		general = math.Max(general, .4) + .6
	}
	if s.demo {
		general, l.rate = .25, 1.5
	}
	for _, sub := range subjects {
		l.ability[sub.key] = general + r.NormFloat64()*.4
	}
	if s.englishLearner {
		l.ability["ela"] -= .5
	}
	l.misses(r, d, s)
	s.learner = l
}

// misses chooses the days on which a student is away: single days, for some an
// illness of one or two weeks, and for a few the last weeks up to today.
func (l *learner) misses(r *rand.Rand, d *district, s *student) {
	spell := func(from time.Time, days int) {
		for i := range days {
			l.absent[day(from.AddDate(0, 0, i))] = true
		}
	}
	for i := range 7 * weeksOfEvidence {
		if chance(r, .045) {
			spell(d.first.AddDate(0, 0, i), 1)
		}
	}
	long, gone := chance(r, .12), chance(r, .04)
	if long {
		spell(d.first.AddDate(0, 0, r.IntN(7*(weeksOfEvidence-3))), 5+r.IntN(9))
	}
	if gone && !s.demo {
		days := 22 + r.IntN(20)
		spell(d.today.AddDate(0, 0, -days), days+1)
	}
	if s.demo {
		clear(l.absent)
	}
}

// known returns a student's state, which begins where ability and what came before
// put it. Earlier says that the competency was taught before these weeks.
func (s *student) known(r *rand.Rand, k *comp, earlier bool) *state {
	if st := s.learner.states[k]; st != nil {
		return st
	}
	m := s.learner.ability[k.subject] - .6 + r.NormFloat64()*.6
	if earlier {
		m = s.learner.ability[k.subject]*.9 + 1.3 + r.NormFloat64()*.7
	}
	for _, p := range k.before {
		if st := s.learner.states[p]; st != nil {
			m += .15 * math.Max(-2, math.Min(2, st.m))
		}
	}
	st := &state{m: m, tries: map[string]int{}}
	s.learner.states[k] = st
	return st
}

// learn moves a state up; being stuck lets little through.
func (st *state) learn(gain float64) {
	if st.stuck {
		gain *= .04
	}
	// Nobody gets better without end.
	st.m += gain * sigmoid(3.2-st.m)
}

type planKey struct {
	class   *class
	subject string
}

// lessons is what a class does in a subject week by week, and who in it is stuck.
type lessons struct {
	seq   []*comp // all the grade's competencies in teaching order
	low   int     // how many of them came before these weeks
	weeks [weeksOfEvidence]*comp
	// stuckOn is a prerequisite of what the class does now that some students miss.
	stuckOn *comp
	stuck   map[*student]bool
}

// plan returns the lessons of a class in a subject, nil if it has none.
func (d *district) plan(k *class, subject string) *lessons {
	key := planKey{k, subject}
	if p, ok := d.plans[key]; ok {
		return p
	}
	r := stream(d.o.Seed, "plan/"+string(k.id)+"/"+subject)
	p := &lessons{seq: d.c.ofGrade(subject, k.grades[0]), stuck: map[*student]bool{}}
	d.plans[key] = p
	n := max(min(2, len(p.seq)), int(math.Round(.65*float64(len(p.seq)))))
	through := d.today.Sub(d.begin).Hours() / d.end.Sub(d.begin).Hours()
	p.low = int(math.Round(float64(len(p.seq)-n) * math.Max(0, math.Min(1, through))))
	pace := 1 + .06*r.NormFloat64()
	for w := range p.weeks {
		i := int(float64(w) * float64(n) / weeksOfEvidence * pace)
		p.weeks[w] = p.seq[min(p.low+i, p.low+n-1)]
	}
	p.chooseStuck(r, d, k, subject)
	return p
}

// chooseStuck finds three to six students who miss one prerequisite of what the class
// does now. Most mathematics classes and some others have such students.
func (p *lessons) chooseStuck(r *rand.Rand, d *district, k *class, subject string) {
	likely := map[string]float64{"math": .75, "ela": .4, "sci": .15}[subject]
	ours := k.teacher == d.teacher
	now := p.weeks[weeksOfEvidence-1]
	if !chance(r, likely) && !ours || len(now.before) == 0 {
		return
	}
	p.stuckOn = now.before[0]
	for _, b := range now.before {
		if b.grade < now.grade {
			p.stuckOn = b
			break
		}
	}
	var can []*student
	for _, s := range k.students {
		if s.settled() && !s.demo && !s.gifted {
			can = append(can, s)
		}
	}
	r.Shuffle(len(can), func(i, j int) { can[i], can[j] = can[j], can[i] })
	for _, s := range can[:min(len(can), 4+r.IntN(3))] {
		p.stuck[s] = true
	}
}

// choose says what a student works on: mostly what the class does, else a weak
// prerequisite, something to keep fresh, or, who is ready, what comes next.
func (p *lessons) choose(r *rand.Rand, s *student, week int) *comp {
	now := p.weeks[week]
	if chance(r, .3) {
		for _, b := range now.before {
			if st := s.learner.states[b]; st != nil && st.m < -.3 {
				return b
			}
		}
	}
	if s.known(r, now, false).m > 1.7 && chance(r, .55) {
		for i := slices.Index(p.seq, now) + 1; i < len(p.seq); i++ {
			if s.known(r, p.seq[i], false).m < 1.7 {
				return p.seq[i]
			}
		}
	}
	if week > 1 && chance(r, .2) {
		return p.weeks[r.IntN(week)]
	}
	return now
}
