package simulate

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat"

	"waymark/internal/recall"
)

// schedule says which of the skills that a learner had learned is looked back at. It sees
// how the looks went only.
type schedule interface {
	next(day float64) (skill int)
	saw(skill int, right bool, day float64)
}

// schedules are what is compared, by name; the first looks back at nothing.
var schedules = []struct {
	name, says string
	make       func() schedule
}{
	{"none", "No look back.", nil},
	{"oldest", "What was not seen for longest.", func() schedule { return &oldest{} }},
	{"leitner", "Boxes: each success doubles the days, a failure begins again (Leitner 1972).", func() schedule { return newLeitner() }},
	{"sm-2", "SuperMemo 2 (Wozniak 1990): one day, six, then times an ease that follows the answers.", func() schedule { return newSM2() }},
	{"fsrs", "What is likeliest to be forgotten, by FSRS-6 with its default weights.", func() schedule { return newKept(func(m recall.Memory, t time.Time) float64 { return 1 - m.At(t) }) }},
	{"worth", "Where a look back gains most in the chance of still knowing in eight weeks.", func() schedule { return newKept(recall.Memory.Worth) }},
	{"waymark", "That gain, and what was not seen for long.", func() schedule { return newKept(recall.Memory.Pressing) }},
}

// Kept is what one schedule of look-backs did for learners who forget. Shares are means
// over learners of the skills that were known at the beginning.
type Kept struct {
	Schedule string  `json:"schedule"`
	Says     string  `json:"says"`
	Learners int     `json:"learners"`
	End      float64 `json:"known_at_end"`
	Delayed  float64 `json:"known_delayed"` // eight weeks after the last look
	Versus   Versus  `json:"vs_oldest"`     // of Delayed
}

const looksPerDay = 2 // on each of five days a week

// Retention lets learners who forget look back at what they had learned, by different
// schedules with the same number of looks. Zero values of the options are filled in: 600
// learners, 12 weeks.
func Retention(ctx context.Context, o Options) ([]Kept, error) {
	o.Learners, o.Weeks = cmp.Or(o.Learners, 600), cmp.Or(o.Weeks, 12)
	w := newWorld(o.Seed)
	terms := make([][]term, len(schedules))
	for i, s := range schedules {
		for n := range o.Learners {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			terms[i] = append(terms[i], keep(w, s.make, o, n))
		}
	}
	delayed := func(t term) float64 { return t.delayed }
	sd := stat.StdDev(values(terms[1], delayed), nil)
	var out []Kept
	for i, s := range schedules {
		out = append(out, Kept{s.name, s.says, o.Learners, mean(terms[i], func(t term) float64 { return t.known }) / skills, mean(terms[i], delayed) / skills,
			versus(terms[i], terms[1], delayed, sd)})
	}
	return out, nil
}

// keep lets one learner, who knows everything at first, look back for some weeks.
func keep(w *world, make func() schedule, o Options, n int) (t term) {
	rng := rand.New(rand.NewPCG(o.Seed, 0x6b657074<<32|uint64(n)))
	p := newForgetter(w, rng.NormFloat64(), rng).(*forgetter)
	for s := range skills {
		if !p.known[s] {
			p.known[s] = true
		} else {
			p.lasts[s] /= 4
		}
		p.last[s] = -1
	}
	if make != nil {
		plan := make()
		for s := range skills {
			plan.saw(s, true, -1)
		}
		for day := range 7 * o.Weeks {
			if day%7 > 4 {
				continue
			}
			for range looksPerDay {
				s := plan.next(float64(day))
				plan.saw(s, p.try(s, float64(day)), float64(day))
			}
		}
	}
	end := float64(7 * o.Weeks)
	for s := range skills {
		if p.knows(s, end) {
			t.known++
		}
		if p.knows(s, end+7*delayWeeks) {
			t.delayed++
		}
	}
	return t
}

// foremost returns the skill of the highest value; of equals, the first.
func foremost(value func(skill int) float64) int {
	best, most := 0, value(0)
	for s := 1; s < skills; s++ {
		if v := value(s); v > most {
			best, most = s, v
		}
	}
	return best
}

type oldest struct{ last [skills]float64 }

func (o *oldest) next(float64) int               { return foremost(func(s int) float64 { return -o.last[s] }) }
func (o *oldest) saw(s int, _ bool, day float64) { o.last[s] = day }

// leitner and sm2 take what is overdue by the largest part of its interval.
type leitner struct{ last, every [skills]float64 }

func newLeitner() *leitner { return &leitner{} }

func (l *leitner) next(day float64) int {
	return foremost(func(s int) float64 { return (day - l.last[s]) / l.every[s] })
}

func (l *leitner) saw(s int, right bool, day float64) {
	l.last[s] = day
	if !right || l.every[s] == 0 {
		l.every[s] = 1
	} else {
		l.every[s] *= 2
	}
}

type sm2 struct {
	leitner
	ease [skills]float64
	runs [skills]int
}

func newSM2() *sm2 {
	m := &sm2{}
	for s := range skills {
		m.ease[s] = 2.5
	}
	return m
}

func (m *sm2) saw(s int, right bool, day float64) {
	m.last[s] = day
	q := 4.0
	if !right {
		q = 1
		m.runs[s] = 0
	}
	m.ease[s] = max(1.3, m.ease[s]+.1-(5-q)*(.08+(5-q)*.02))
	if right {
		m.runs[s]++
	}
	switch m.runs[s] {
	case 0, 1:
		m.every[s] = 1
	case 2:
		m.every[s] = 6
	default:
		m.every[s] *= m.ease[s]
	}
}

// kept follows the product's memory of each skill and takes what is worth most by it.
type kept struct {
	memory [skills]recall.Memory
	worth  func(recall.Memory, time.Time) float64
}

func newKept(worth func(recall.Memory, time.Time) float64) *kept { return &kept{worth: worth} }

func (k *kept) next(day float64) int {
	now := at(day)
	return foremost(func(s int) float64 { return k.worth(k.memory[s], now) })
}

func (k *kept) saw(s int, right bool, day float64) {
	share := 0.0
	if right {
		share = 1
	}
	k.memory[s] = recall.Review(k.memory[s], share, at(day))
}
