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
}

// Term is one part of a rank: a name and how much it counts.
type Term struct {
	Name  string
	Value float64
}

// How much each reason counts. A goal counts for more than anything else. The weights were
// chosen by hand on simulated learners (seed 7 of package simulate).
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
	goals, helps := l.wanted(cat), l.helps(cat, focus)
	var ready []candidate
	for _, id := range focus {
		if c, ok := cat.Competencies[id]; ok && c.Assessable && len(cat.Materials[id]) > 0 && l.ready(cat, id) {
			ready = append(ready, candidate{id, l.Estimates[id], l.chance(id), goals[id], helps[id]})
		}
	}
	past := l.past(cat)
	var bids []bid
	for i := range ready {
		r := &ready[i]
		base := 0.0
		r.rate(cat, func(_ string, v float64) { base += v })
		for k := range cat.Materials[r.id] {
			b := bid{r, &cat.Materials[r.id][k], base}
			b.suit(l, past, func(_ string, v float64) { b.score += v })
			bids = append(bids, b)
		}
	}
	var out []Option
	for _, b := range different(cat, bids, most) {
		o := Option{Competency: cat.Competencies[b.candidate.id], Material: *b.material, Because: b.because(l, cat), Rule: RuleReady}
		term := func(name string, v float64) {
			if v != 0 {
				o.Terms = append(o.Terms, Term{name, v})
			}
		}
		b.candidate.rate(cat, term)
		b.suit(l, past, term)
		out = append(out, o)
	}
	return out
}

// candidate is a competency that a student is ready for.
type candidate struct {
	id    competency.ID
	e     mastery.Estimate
	value float64 // chance of success
	goal  bool
	helps competency.ID // what is hard and builds on it
}

// bid is a candidate with something to learn it from, and its rank.
type bid struct {
	candidate *candidate
	material  *material.Material
	score     float64
}

// rate gives the terms that a competency's rank is made of.
func (r *candidate) rate(cat *Catalogue, add func(name string, v float64)) {
	switch {
	case goesWell(r.e):
		// Others first; after some days, a try shows whether it is there to stay.
		add("goes well", weighSettled+weighSpaced*math.Min(1, r.e.Age.Hours()/24/settledDays))
	case r.e.N == 0:
		add("progress", weighNew+weighLikely*r.value)
	default:
		add("progress", weighBegun+weighLikely*r.value)
		add("stuck", -weighStuck*math.Min(mostStuck, float64(r.e.N)*(1-r.e.Recent)))
	}
	if r.goal {
		add("goal", weighGoal)
	}
	if r.helps != "" {
		add("helps", weighHelps)
	}
	add("opens", weighOpens*math.Log1p(float64(len(cat.After[r.id]))))
}

// suit gives the terms that a material adds.
func (b *bid) suit(l Learner, past past, add func(name string, v float64)) {
	m, r := b.material, b.candidate
	add("tried", -weighTried*float64(past.tried[m.ID]))
	switch {
	case m.Tier == material.Core:
		add("core", weighCore)
	case m.Tier == material.Challenge && r.value < .6:
		add("challenge", -weighCore)
	}
	if l.likes(m) {
		add("interest", weighInterest)
	}
	if form := past.form[r.id]; r.e.Status == mastery.Starting && form != "" && m.Kind != form {
		add("other form", weighForm)
	}
	if r.value < .5 && shows(m.Kind) {
		add("shows", weighShow)
	}
}

func (b *bid) because(l Learner, cat *Catalogue) string {
	because := b.candidate.because(cat)
	if l.likes(b.material) {
		because += " It is about something that you like."
	}
	return because
}

// likes reports whether a material is about one of the student's interests.
func (l Learner) likes(m *material.Material) bool {
	return slices.ContainsFunc(m.Topics, func(t string) bool {
		return slices.ContainsFunc(l.Interests, func(i string) bool { return strings.EqualFold(i, t) })
	})
}

func (r *candidate) because(cat *Catalogue) string {
	because := begun[r.e.Status]
	if goesWell(r.e) {
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

// past is what a student chose before.
type past struct {
	tried map[material.ID]int
	form  map[competency.ID]string // the kind of the material last chosen; empty if it is gone
}

func (l Learner) past(cat *Catalogue) past {
	p := past{map[material.ID]int{}, map[competency.ID]string{}}
	for _, c := range l.Choices {
		p.tried[c.Material]++
		if _, seen := p.form[c.Competency]; seen {
			continue
		}
		p.form[c.Competency] = ""
		if i := slices.IndexFunc(cat.Materials[c.Competency], func(m material.Material) bool { return m.ID == c.Material }); i >= 0 {
			p.form[c.Competency] = cat.Materials[c.Competency][i].Kind
		}
	}
	return p
}

// different picks at most n bids that differ: at most two of one competency, and each
// time the best whose kind and topics have been used least.
func different(cat *Catalogue, bids []bid, n int) []*bid {
	var out []*bid
	for len(out) < n {
		var best *bid
		most := 0.0
		for i := range bids {
			b := &bids[i]
			s, free := b.beside(out)
			if free && (best == nil || cmp.Or(cmp.Compare(s, most), b.compare(best, cat)) > 0) {
				best, most = b, s
			}
		}
		if best == nil {
			break
		}
		out = append(out, best)
	}
	return out
}

// beside is what a bid is worth beside those picked: less for all that it has in common
// with them. free says whether it may be picked at all.
func (b *bid) beside(picked []*bid) (score float64, free bool) {
	same, kind, topics := 0, 0, 0
	for _, p := range picked {
		if p.material.ID == b.material.ID {
			return 0, false
		}
		if p.candidate.id == b.candidate.id {
			same++
		}
		if p.material.Kind == b.material.Kind {
			kind++
		}
		for _, t := range b.material.Topics {
			if slices.Contains(p.material.Topics, t) {
				topics++
			}
		}
	}
	return b.score - 0.5*float64(same) - 0.35*float64(kind) - 0.1*float64(topics), same < 2
}

// compare orders bids by rank; of equals, the one whose code or id comes first is greater.
func (b *bid) compare(o *bid, cat *Catalogue) int {
	return cmp.Or(cmp.Compare(b.score, o.score), strings.Compare(cat.Competencies[o.candidate.id].Code, cat.Competencies[b.candidate.id].Code),
		cmp.Compare(o.candidate.id, b.candidate.id), cmp.Compare(o.material.ID, b.material.ID))
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
