package propose

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/material"
)

// Option is one thing that a student may choose to do next.
type Option struct {
	Competency competency.Competency
	Material   material.Material
	Because    string
	Rule       Rule
	Terms      []Term // what its rank is made of; they add up to it
	score      float64
}

// Term is one part of a rank: a name and how much it counts.
type Term struct {
	Name  string
	Value float64
}

// How much each reason counts. A goal counts for more than anything else. The weights were
// chosen on simulated learners (seeds 7 and 8 of package simulate).
const (
	weighGoal     = 1.5
	weighNew      = 1.0
	weighBegun    = 1.2  // what is begun is finished first
	weighLikely   = 0.3  // for the chance that it goes well
	weighSettled  = 0.1  // what goes well lately can wait
	weighSpaced   = 0.2  // less so from day to day: spaced practice holds
	settledDays   = 21.0 // until it waits no less
	weighStuck    = 0.05 // taken away for each piece that did not go well
	mostStuck     = 8.0
	weighHelps    = 0.9  // it is what something hard is missing
	weighOpens    = 0.15 // for each doubling, about, of what it opens
	weighCore     = 0.1
	weighInterest = 0.25
	weighTried    = 0.6  // taken away for each time the material was chosen: it never loops
	weighForm     = 0.3  // after failure the form of help changes
	weighShow     = 0.15 // what shows goes before what practises while success is unlikely
)

var begun = map[mastery.Status]string{
	mastery.Nearly:   "You are nearly there.",
	mastery.Learning: "You have started this, and it is growing.",
	mastery.Starting: "This has been hard so far. Here is another way in.",
}

// hardAfter is how many pieces without success make a competency hard, so that what comes
// before it is looked at again.
const hardAfter = 3

// Options returns two to four things to choose from, or fewer where the catalogue
// holds no more: competencies that the student is ready for, best first, no two
// with the same material kind and topic where that can be avoided.
// focus limits the offer to what the student's classes work on; empty means all.
func Options(l Learner, cat *Catalogue, focus []competency.ID, most int) []Option {
	if len(focus) == 0 {
		focus = cat.Order
	}
	goals := l.wanted(cat)
	helps := l.helps(cat, focus)
	ready := make([]candidate, 0, len(focus))
	for _, id := range focus {
		c, ok := cat.Competencies[id]
		if !ok || !c.Assessable || len(cat.Materials[id]) == 0 || !l.ready(cat, id) ||
			slices.ContainsFunc(ready, func(r candidate) bool { return r.id == id }) {
			continue
		}
		r := candidate{id: id, code: c.Code, goal: goals[id], helps: helps[id]}
		r.rate(l, cat)
		ready = append(ready, r)
	}
	slices.SortFunc(ready, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.code, b.code), cmp.Compare(a.id, b.id))
	})
	// Each competency gives at most two options, and no material brings one past the best
	// by more than this: the rest need not be looked at.
	ready = ready[:min(len(ready), 2*most+2)]
	return different(l.expand(cat, ready), most)
}

// candidate is a competency that a student is ready for, with its rank.
type candidate struct {
	id    competency.ID
	code  string
	goal  bool
	helps competency.ID // what is hard and builds on it
	score float64
	terms [6]Term
	n     int
}

func (r *candidate) add(name string, v float64) {
	if v != 0 {
		r.terms[r.n] = Term{name, v}
		r.n++
		r.score += v
	}
}

func (r *candidate) rate(l Learner, cat *Catalogue) {
	e := l.Estimates[r.id]
	value := l.chance(r.id)
	switch {
	case goesWell(e):
		// Others first; after some days, a try shows whether it is there to stay.
		r.add("goes well", weighSettled+weighSpaced*math.Min(1, e.Age.Hours()/24/settledDays))
	case e.N == 0:
		r.add("progress", weighNew+weighLikely*value)
	default:
		r.add("progress", weighBegun+weighLikely*value)
		r.add("stuck", -weighStuck*math.Min(mostStuck, float64(e.N)*(1-e.Recent)))
	}
	if r.goal {
		r.add("goal", weighGoal)
	}
	if r.helps != "" {
		r.add("helps", weighHelps)
	}
	r.add("opens", weighOpens*math.Log1p(float64(len(cat.After[r.id]))))
}

func (r candidate) because(l Learner, cat *Catalogue) string {
	e := l.Estimates[r.id]
	because := begun[e.Status]
	if goesWell(e) {
		because = "It has gone well lately. One more time makes it sure."
	}
	if because == "" {
		if before := cat.Before[r.id]; len(before) > 0 {
			because = fmt.Sprintf("You are ready: you can do what comes before it (%s).", labels(cat, before))
		} else {
			because = "You can start this right away."
		}
	}
	if r.helps != "" {
		c := cat.Competencies[r.helps]
		because = fmt.Sprintf("It helps with what has been hard so far: %s.", cmp.Or(c.Short, c.Label()))
	}
	if r.goal {
		because = "It belongs to your goal. " + because
	}
	return because
}

// wanted are what the student's goals are about, and what these still need.
func (l Learner) wanted(cat *Catalogue) map[competency.ID]bool {
	var wanted map[competency.ID]bool
	for _, g := range l.Goals {
		if g.Competency == "" || !g.Done.IsZero() {
			continue
		}
		if wanted == nil {
			wanted = map[competency.ID]bool{}
		}
		wanted[g.Competency] = true
		for _, b := range cat.Before[g.Competency] {
			if !l.holds(b) {
				wanted[b] = true
			}
		}
	}
	return wanted
}

// helps finds, for what has been hard, the prerequisite that is least sure: it may be
// what is missing.
func (l Learner) helps(cat *Catalogue, focus []competency.ID) map[competency.ID]competency.ID {
	var helps map[competency.ID]competency.ID
	for _, id := range focus {
		if e := l.Estimates[id]; e.Status != mastery.Starting || e.N < hardAfter {
			continue
		}
		weakest, least := competency.ID(""), likely
		for _, b := range cat.Before[id] {
			if v := l.chance(b); v < least && l.status(b) != mastery.Met && !goesWell(l.Estimates[b]) {
				weakest, least = b, v
			}
		}
		if weakest != "" {
			if helps == nil {
				helps = map[competency.ID]competency.ID{}
			}
			helps[weakest] = id
		}
	}
	return helps
}

// ready reports whether a competency is still to be learned and can be built on what is
// there.
func (l Learner) ready(cat *Catalogue, id competency.ID) bool {
	if s := l.status(id); s == mastery.Met || s == mastery.Fading {
		return false
	}
	for _, b := range cat.Before[id] {
		if !l.holds(b) {
			return false
		}
	}
	return true
}

// shows says of a kind of material whether it shows how something is done.
func shows(kind string) bool {
	switch kind {
	case "video", "text", "book", "audio", "person":
		return true
	}
	return false
}

// expand turns competencies into options, one for each of their materials.
func (l Learner) expand(cat *Catalogue, ready []candidate) []Option {
	tried := map[material.ID]int{}
	form := map[competency.ID]string{} // the kind of material last chosen
	for _, c := range l.Choices {
		tried[c.Material]++
		if _, seen := form[c.Competency]; !seen {
			form[c.Competency] = ""
			for _, m := range cat.Materials[c.Competency] {
				if m.ID == c.Material {
					form[c.Competency] = m.Kind
				}
			}
		}
	}
	var options []Option
	for _, r := range ready {
		because := r.because(l, cat)
		value := l.chance(r.id)
		hard := l.status(r.id) == mastery.Starting
		for _, m := range cat.Materials[r.id] {
			o := Option{cat.Competencies[r.id], m, because, RuleReady, slices.Clone(r.terms[:r.n]), r.score}
			add := func(name string, v float64) {
				if v != 0 {
					o.Terms = append(o.Terms, Term{name, v})
					o.score += v
				}
			}
			add("tried", -weighTried*float64(tried[m.ID]))
			switch {
			case m.Tier == material.Core:
				add("core", weighCore)
			case m.Tier == material.Challenge && value < .6:
				add("challenge", -weighCore)
			}
			if slices.ContainsFunc(m.Topics, func(t string) bool {
				return slices.ContainsFunc(l.Interests, func(i string) bool { return strings.EqualFold(i, t) })
			}) {
				add("interest", weighInterest)
				o.Because += " It is about something that you like."
			}
			if hard && form[r.id] != "" && m.Kind != form[r.id] {
				add("other form", weighForm)
			}
			if value < .5 && shows(m.Kind) {
				add("shows", weighShow)
			}
			options = append(options, o)
		}
	}
	slices.SortStableFunc(options, func(a, b Option) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.Competency.Code, b.Competency.Code),
			cmp.Compare(a.Competency.ID, b.Competency.ID), strings.Compare(string(a.Material.ID), string(b.Material.ID)))
	})
	return options
}

// different picks at most n options that differ: at most two of one competency, and
// each time the best whose kind and topics have been used least.
func different(options []Option, n int) []Option {
	var out []Option
	for len(out) < n {
		best, bestScore := -1, math.Inf(-1)
		for i, o := range options {
			same, kind, topics := 0, 0, 0
			taken := false
			for _, p := range out {
				taken = taken || p.Material.ID == o.Material.ID
				if p.Competency.ID == o.Competency.ID {
					same++
				}
				if p.Material.Kind == o.Material.Kind {
					kind++
				}
				for _, t := range o.Material.Topics {
					if slices.Contains(p.Material.Topics, t) {
						topics++
					}
				}
			}
			if taken || same >= 2 {
				continue
			}
			if s := o.score - 0.5*float64(same) - 0.35*float64(kind) - 0.1*float64(topics); s > bestScore {
				best, bestScore = i, s
			}
		}
		if best < 0 {
			break
		}
		out = append(out, options[best])
	}
	return out
}

func labels(cat *Catalogue, ids []competency.ID) string {
	var names []string
	for _, id := range ids {
		c := cat.Competencies[id]
		names = append(names, cmp.Or(c.Short, c.Label()))
		if len(names) == 2 {
			break
		}
	}
	return strings.Join(names, "; ")
}

// LookBack is something that a student could do and has not shown for a while.
type LookBack struct {
	Competency competency.Competency
	Estimate   mastery.Estimate
	Because    string
	Rule       Rule
	worth      float64
}

// LookBacks returns what is worth a short look back, best first: what is likeliest to be
// made firmer by it, and what opens most.
func LookBacks(l Learner, cat *Catalogue, most int) []LookBack {
	var out []LookBack
	for id, e := range l.Estimates {
		c, ok := cat.Competencies[id]
		if !ok || e.Status != mastery.Fading {
			continue
		}
		worth := e.Refresh * (1 + 0.5*math.Log1p(float64(len(cat.After[id]))))
		out = append(out, LookBack{c, e, fmt.Sprintf("You could do this %s. A short try shows whether it is still there.", Ago(e.Age)), RuleLookBack, worth})
	}
	slices.SortFunc(out, func(a, b LookBack) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(len(cat.After[b.Competency.ID]), len(cat.After[a.Competency.ID])),
			b.Estimate.Last.Compare(a.Estimate.Last), cmp.Compare(a.Competency.ID, b.Competency.ID))
	})
	return out[:min(most, len(out))]
}
