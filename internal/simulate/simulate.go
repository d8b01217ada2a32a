package simulate

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Options of a run. Zero values are filled in: 600 learners, 18 weeks, everything.
type Options struct {
	Learners, Weeks int
	Seed            uint64
	Simulators      []Simulator
	Policies        []Policy
}

const (
	activitiesPerWeek = 10 // two on each school day
	itemsPerActivity  = 3
	delayWeeks        = 8
)

// Outcome is what one policy did for one kind of learner. Counts are means over learners.
type Outcome struct {
	Simulator  string  `json:"simulator"`
	Policy     string  `json:"policy"`
	Learners   int     `json:"learners"`
	Known      float64 `json:"known"`           // skills truly known at the end of the term
	Delayed    float64 `json:"known_delayed"`   // eight weeks later
	Weeks      float64 `json:"weeks_to_known"`  // mean time until a skill was known that was not at first
	FalseMet   float64 `json:"false_met"`       // share of what the policy takes for known that is not
	Lowest     float64 `json:"lowest_quintile"` // known at the end, in the fifth that began lowest
	Gap        float64 `json:"gap"`             // highest less lowest fifth
	VersusFix  Versus  `json:"vs_fixed"`
	VersusBKT  Versus  `json:"vs_bkt"`
	LowestFix  Versus  `json:"lowest_vs_fixed"`
	LowestBKT  Versus  `json:"lowest_vs_bkt"`
	DelayedFix Versus  `json:"delayed_vs_fixed"`
}

// Versus is a difference to another policy for the same learners, in standard deviations
// between learners under the fixed sequence, with its 95 % interval (paired t).
type Versus struct {
	SD   float64 `json:"sd"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// term is what became of one learner.
type term struct{ known, delayed, weeks, learned, met, wrong, ability float64 }

// Run simulates and compares. The same options give the same outcomes, however many
// processors there are.
func Run(ctx context.Context, o Options) ([]Outcome, error) {
	o.Learners, o.Weeks = cmp.Or(o.Learners, 600), cmp.Or(o.Weeks, 18)
	if len(o.Simulators) == 0 {
		o.Simulators = Simulators
	}
	if len(o.Policies) == 0 {
		o.Policies = Policies
	}
	w := newWorld(o.Seed)
	var out []Outcome
	for k, sim := range o.Simulators {
		terms := make([][]term, len(o.Policies))
		for i, p := range o.Policies {
			terms[i] = make([]term, o.Learners)
			var wg sync.WaitGroup
			next := make(chan int)
			for range runtime.GOMAXPROCS(0) {
				wg.Go(func() {
					for n := range next {
						terms[i][n] = spend(w, sim, p, o, uint64(k), n)
					}
				})
			}
			for n := range o.Learners {
				if ctx.Err() != nil {
					break
				}
				next <- n
			}
			close(next)
			wg.Wait()
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		out = append(out, compare(sim, o.Policies, terms)...)
	}
	return out, nil
}

// spend lets one learner spend a term. A learner is the same under every policy.
func spend(w *world, sim Simulator, p Policy, o Options, kind uint64, n int) term {
	rng := rand.New(rand.NewPCG(o.Seed, kind<<32|uint64(n)))
	t := term{ability: rng.NormFloat64()}
	pupil := sim.pupil(w, t.ability, rng)
	pol := p.make(w, rand.New(rand.NewPCG(o.Seed^0x706f6c, kind<<32|uint64(n))))
	had := make([]bool, skills)
	for s := range had {
		had[s] = pupil.knows(s, 0)
	}
	for week := range o.Weeks {
		for a := range activitiesPerWeek {
			day := float64(7*week) + float64(a/2) + .3*float64(a%2)
			s := pol.next(day)
			for range itemsPerActivity {
				pol.saw(s, pupil.try(s, day), day)
			}
			if !had[s] && pupil.knows(s, day) {
				had[s] = true
				t.weeks += float64(week) + float64(a)/activitiesPerWeek
				t.learned++
			}
		}
	}
	end := float64(7 * o.Weeks)
	for s := range skills {
		known := pupil.knows(s, end)
		if known {
			t.known++
		}
		if pupil.knows(s, end+7*delayWeeks) {
			t.delayed++
		}
		if pol.met(s, end) {
			t.met++
			if !known {
				t.wrong++
			}
		}
	}
	return t
}

func compare(sim Simulator, policies []Policy, terms [][]term) (out []Outcome) {
	find := func(name string) []term {
		if i := slices.IndexFunc(policies, func(p Policy) bool { return p.Name == name }); i >= 0 {
			return terms[i]
		}
		return nil
	}
	fixed, tracing := find("fixed"), find("bkt")
	known := func(t term) float64 { return t.known }
	delayed := func(t term) float64 { return t.delayed }
	for i, p := range policies {
		low, high := fifth(terms[i], 0), fifth(terms[i], 4)
		o := Outcome{Simulator: sim.Name, Policy: p.Name, Learners: len(terms[i]), Known: mean(terms[i], known), Delayed: mean(terms[i], delayed),
			Lowest: mean(low, known)}
		o.Gap = mean(high, known) - o.Lowest
		var weeks, learned, met, wrong float64
		for _, t := range terms[i] {
			weeks += t.weeks
			learned += t.learned
			met += t.met
			wrong += t.wrong
		}
		o.Weeks, o.FalseMet = weeks/max(1, learned), wrong/max(1, met)
		if fixed != nil {
			sd := stat.StdDev(values(fixed, known), nil)
			later := stat.StdDev(values(fixed, delayed), nil)
			o.VersusFix = versus(terms[i], fixed, known, sd)
			o.DelayedFix = versus(terms[i], fixed, delayed, later)
			o.LowestFix = versus(low, fifth(fixed, 0), known, sd)
			if tracing != nil {
				o.VersusBKT = versus(terms[i], tracing, known, sd)
				o.LowestBKT = versus(low, fifth(tracing, 0), known, sd)
			}
		}
		out = append(out, o)
	}
	return out
}

// fifth returns the learners of one fifth by the ability that they began with.
func fifth(terms []term, k int) []term {
	sorted := slices.Clone(terms)
	slices.SortStableFunc(sorted, func(a, b term) int { return cmp.Compare(a.ability, b.ability) })
	return sorted[k*len(sorted)/5 : (k+1)*len(sorted)/5]
}

func values(terms []term, f func(term) float64) []float64 {
	out := make([]float64, len(terms))
	for i, t := range terms {
		out[i] = f(t)
	}
	return out
}

func mean(terms []term, f func(term) float64) float64 { return stat.Mean(values(terms, f), nil) }

func versus(a, b []term, f func(term) float64, sd float64) Versus {
	d := values(a, f)
	for i, t := range b {
		d[i] -= f(t)
	}
	m, s := stat.MeanStdDev(d, nil)
	if sd == 0 || len(d) < 2 {
		return Versus{}
	}
	half := distuv.StudentsT{Sigma: 1, Nu: float64(len(d) - 1)}.Quantile(.975) * s / math.Sqrt(float64(len(d)))
	return Versus{m / sd, (m - half) / sd, (m + half) / sd}
}
