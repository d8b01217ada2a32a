package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/propose"
	"waymark/internal/tracing/bkt"
)

// policy says what one learner does next. It sees answers only.
type policy interface {
	next(day float64) (skill int)
	saw(skill int, right bool, day float64)
	// met says what the policy takes for known at the end of the term.
	met(skill int, day float64) bool
}

// Policies are what is compared, by name.
var Policies = []Policy{
	{"fixed", "Every skill in order, equally long; then again.", newFixed},
	{"random", "Any skill whose prerequisites count as mastered, by chance.", newRandom},
	{"bkt", "The first skill in order that is below 0.95 by Bayesian knowledge tracing, all parameters 0.1 (OATutor).", newThreshold},
	{"greedy", "Of what is ready, the skill with the best chance of success.", newGreedy},
	{"waymark", "What Waymark offers first.", newOffered(false)},
	{"choice", "Any of what Waymark offers, as a student might choose.", newOffered(true)},
}

// Policy is a way to choose what is next.
type Policy struct {
	Name, Says string
	make       func(w *world, rng *rand.Rand) policy
}

// fixed goes through all skills, so many activities each.
type fixed struct{ n int }

const fixedActivities = 3

func newFixed(*world, *rand.Rand) policy       { return &fixed{} }
func (p *fixed) next(float64) int              { s := p.n / fixedActivities % skills; p.n++; return s }
func (p *fixed) saw(int, bool, float64)        {}
func (p *fixed) met(skill int, _ float64) bool { return p.n/fixedActivities > skill }

// threshold follows Bayesian knowledge tracing with OATutor's parameters.
type threshold struct {
	w     *world
	rng   *rand.Rand
	known []float64
}

var oatutor = bkt.Parameters{Known: .1, Learn: .1, Guess: .1, Slip: .1}

func newTracer(w *world, rng *rand.Rand) *threshold {
	p := &threshold{w, rng, make([]float64, skills)}
	for s := range p.known {
		p.known[s] = oatutor.Known
	}
	return p
}

func newThreshold(w *world, rng *rand.Rand) policy { return newTracer(w, rng) }

func (p *threshold) next(float64) int {
	least := 0
	for s, k := range p.known {
		if k < bkt.Mastered {
			return s
		}
		if k < p.known[least] {
			least = s
		}
	}
	return least
}

func (p *threshold) saw(s int, right bool, _ float64) { p.known[s] = oatutor.After(p.known[s], right) }
func (p *threshold) met(skill int, _ float64) bool    { return p.known[skill] >= bkt.Mastered }

// random takes anything that is ready.
type random struct{ *threshold }

func newRandom(w *world, rng *rand.Rand) policy { return &random{newTracer(w, rng)} }

func (p *random) next(float64) int {
	var ready []int
	for s, k := range p.known {
		ok := k < bkt.Mastered
		for _, b := range p.w.before[s] {
			ok = ok && p.known[b] >= bkt.Mastered
		}
		if ok {
			ready = append(ready, s)
		}
	}
	if len(ready) == 0 {
		return p.rng.IntN(skills)
	}
	return ready[p.rng.IntN(len(ready))]
}

// engine is the product's learner model and catalogue, fed with answers.
type engine struct {
	w       *world
	rng     *rand.Rand
	model   *mastery.Model
	memory  mastery.Learner
	learner propose.Learner
	cat     *propose.Catalogue
	now     time.Time
	pieces  int
	last    []float64
}

var start = time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)

func at(day float64) time.Time { return start.Add(time.Duration(day * 24 * float64(time.Hour))) }

// names of skills, in the order of the curriculum.
var names = func() (out [skills]competency.ID) {
	for s := range out {
		out[s] = competency.ID(fmt.Sprintf("s%02d", s))
	}
	return out
}()

func newEngine(w *world, rng *rand.Rand) *engine {
	e := &engine{w: w, rng: rng, model: mastery.Builtin(), last: make([]float64, skills), now: start}
	var items []competency.Competency
	var edges []competency.Edge
	var materials []material.Material
	for s, id := range names {
		items = append(items, competency.Competency{ID: id, Code: string(id), Short: string(id), Assessable: true})
		materials = append(materials, material.Material{ID: material.ID(id), Kind: "practice", Competencies: []competency.ID{id}})
		for _, b := range w.before[s] {
			edges = append(edges, competency.Edge{From: names[b], To: id, Kind: competency.Prerequisite})
		}
	}
	e.cat = propose.NewCatalogue(items, edges, materials)
	// What comes before is frozen into a version when it is fitted; here it is given.
	e.model.Competencies = map[competency.ID]mastery.Difficulty{}
	for _, id := range names {
		e.model.Competencies[id] = mastery.Difficulty{Easiness: e.model.Base, Before: e.cat.Before[id]}
	}
	e.learner = propose.Learner{Estimates: map[competency.ID]mastery.Estimate{}}
	e.learner.Expect = func(c competency.ID) mastery.Estimate { return e.model.Expect(&e.memory, c, e.now) }
	return e
}

// look brings the estimates to a day.
func (e *engine) look(day float64) {
	e.now = at(day)
	e.learner.Manner = e.memory.Ability.Manner
	for id, s := range e.memory.States {
		e.learner.Estimates[id] = s.At(e.now)
	}
}

func (e *engine) saw(s int, right bool, day float64) {
	e.pieces++
	score := 0.0
	if right {
		score = 1
	}
	e.model.Update(&e.memory, evidence.Piece{Competency: names[s], Kind: evidence.Response, Score: score, Max: 1, At: at(day).Add(time.Duration(e.pieces) * time.Second)})
	e.last[s] = day
}

func (e *engine) met(s int, day float64) bool {
	st := e.memory.States[names[s]]
	x := st.At(at(day)).Status
	return x == mastery.Met || x == mastery.Fading
}

func (e *engine) number(id competency.ID) int { return slices.Index(names[:], id) }

// oldest is the skill that was not tried for longest.
func (e *engine) oldest() int {
	s := 0
	for k := range e.last {
		if e.last[k] < e.last[s] {
			s = k
		}
	}
	return s
}

// offered takes what Waymark offers.
type offered struct {
	*engine
	chooses bool
	n       int
}

func newOffered(chooses bool) func(*world, *rand.Rand) policy {
	return func(w *world, rng *rand.Rand) policy { return &offered{engine: newEngine(w, rng), chooses: chooses} }
}

// Every so many activities a look back is taken, if one waits, as on a student's home.
const lookBackEvery = 8

func (p *offered) next(day float64) int {
	p.look(day)
	p.n++
	back := propose.LookBacks(p.learner, p.cat, 1)
	var options []propose.Option
	if len(back) == 0 || p.n%lookBackEvery != 0 {
		options = propose.Options(p.learner, p.cat, nil, 3)
	}
	switch {
	case len(options) > 0 && p.chooses:
		return p.number(options[p.rng.IntN(len(options))].Competency.ID)
	case len(options) > 0:
		return p.number(options[0].Competency.ID)
	case len(back) > 0:
		return p.number(back[0].Competency.ID)
	}
	return p.oldest()
}

// greedy takes, of what is ready by the same estimates, what is likeliest to go well.
type greedy struct{ *engine }

func newGreedy(w *world, rng *rand.Rand) policy { return &greedy{newEngine(w, rng)} }

func (p *greedy) next(day float64) int {
	p.look(day)
	best, most := -1, math.Inf(-1)
	for s, id := range names {
		x := p.learner.Expect(id)
		if x.Status == mastery.Met || x.Value <= most {
			continue
		}
		ready := true
		for _, b := range p.w.before[s] {
			ready = ready && p.learner.Expect(names[b]).Status >= mastery.Nearly
		}
		if ready {
			best, most = s, x.Value
		}
	}
	if best < 0 {
		return p.oldest()
	}
	return best
}
