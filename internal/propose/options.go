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
	"waymark/internal/plan"
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

// How much each reason counts, where what a sitting may bring counts as the chance that it
// does. A goal counts for more than anything else. These weights, and those of
// [mastery.Manner], were chosen on simulated learners (seeds 7 to 14 of package simulate).
const (
	weighGoal     = 2.5
	weighOpens    = 1.5  // of that chance, for each doubling, about, of what it opens
	weighDoubt    = 0.10 // for each piece that did not bring what builds on it, in log-odds
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
// holds no more: competencies that the student is ready for, and met ones where what is
// learned does not stay, best first, no two with the same material kind and topic where
// that can be avoided.
// focus limits the offer to what the student's classes work on; empty means all.
func Options(l Learner, cat *Catalogue, focus []competency.ID, most int) []Option {
	b := newBoard(&l, cat)
	places := b.places(focus)
	for _, i := range places {
		b.doubt(i)
	}
	goals := l.wanted(cat)
	ready := make([]candidate, 0, len(places))
	for _, i := range places {
		n := &cat.nodes[i]
		if !n.offered {
			continue
		}
		e := b.estimate(i)
		r := candidate{node: n, e: e, Outlook: b.see.Outlook(e, b.squares[i].doubt)}
		if r.back() {
			r.Learn = 0 // it comes back only as far as it may be lost
		} else {
			r.Learn *= b.ready(i)
			r.goal = goals[n.id]
		}
		if r.Learn+r.Keep > 0 {
			r.value = l.chanceAt(e, n.id)
			ready = append(ready, r)
		}
	}
	past := l.past(cat)
	bids := make([]bid, 0, 3*len(ready))
	for i := range ready {
		r := &ready[i]
		base := 0.0
		r.rate(func(_ string, v float64) { base += v })
		for k := range r.materials {
			if past.failed[r.materials[k].ID] {
				continue // the same material never loops
			}
			b := bid{r, &r.materials[k], base}
			b.suit(&l, &past, func(_ string, v float64) { b.score += v })
			bids = append(bids, b)
		}
	}
	picked := different(cat, bids, most)
	if len(picked) == 0 {
		return nil
	}
	helps := l.helps(b, places, past.last)
	out := make([]Option, 0, len(picked))
	for _, p := range picked {
		o := Option{Competency: cat.Competencies[p.candidate.id], Material: *p.material, Because: p.because(&l, cat, &past, helps), Rule: RuleReady}
		if p.candidate.back() {
			o.Rule = RuleLookBack
		}
		term := func(name string, v float64) {
			if v != 0 {
				o.Terms = append(o.Terms, Term{name, v})
			}
		}
		p.candidate.rate(term)
		p.suit(&l, &past, term)
		out = append(out, o)
	}
	return out
}

// candidate is a competency that a student may do next.
type candidate struct {
	*node
	e *mastery.Estimate
	mastery.Outlook
	value float64 // chance of success
	goal  bool
}

// bid is a candidate with something to learn it from, and its rank.
type bid struct {
	candidate *candidate
	material  *material.Material
	score     float64
}

// rate gives the terms that a competency's rank is made of.
func (r *candidate) rate(add func(name string, v float64)) {
	add("progress", r.Learn)
	add("opens", weighOpens*r.Learn*r.opens)
	add("keeps", r.Keep)
	if r.goal {
		add("goal", weighGoal)
	}
}

// suit gives the terms that a material adds.
func (b *bid) suit(l *Learner, past *past, add func(name string, v float64)) {
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
	if r.e.Status == mastery.Starting || past.last[r.id] != "" {
		if form := past.form[r.id]; form != "" && m.Kind != form {
			add("other form", weighForm)
		}
	}
	if r.value < .5 && shows(m.Kind) {
		add("shows", weighShow)
	}
}

func (b *bid) because(l *Learner, cat *Catalogue, past *past, helps map[competency.ID]competency.ID) string {
	because := b.candidate.because(l, cat, helps[b.candidate.id])
	if b.candidate.back() {
		return because + b.liked(l)
	}
	switch past.last[b.candidate.id] {
	case plan.Hard:
		because = "The last try was hard for you. This is another way in."
	case plan.Stopped:
		because = "You stopped the last try. This is another way in."
	}
	return because + b.liked(l)
}

// liked says if the material is about what the student likes.
func (b *bid) liked(l *Learner) string {
	if l.likes(b.material) {
		return " It is about something that you like."
	}
	return ""
}

// likes reports whether a material is about one of the student's interests.
func (l *Learner) likes(m *material.Material) bool {
	return slices.ContainsFunc(m.Topics, func(t string) bool {
		return slices.ContainsFunc(l.Interests, func(i string) bool { return strings.EqualFold(i, t) })
	})
}

// back reports whether a competency was met: it is something to look back at.
func (r *candidate) back() bool { return r.e.Status == mastery.Met || r.e.Status == mastery.Fading }

// because says why something is offered; helps is what has been hard and builds on it.
func (r *candidate) because(l *Learner, cat *Catalogue, helps competency.ID) string {
	because := begun[r.e.Status]
	switch {
	case r.back():
		because = stillThere(*r.e)
	case goesWell(*r.e):
		because = "It has gone well lately. One more time makes it sure."
	}
	if because == "" {
		before := cat.Before[r.id]
		switch {
		case len(before) == 0:
			because = "You can start this right away."
		case slices.ContainsFunc(before, func(b competency.ID) bool { return !l.holds(b) }):
			because = fmt.Sprintf("What comes before it is coming along (%s). Try whether this works now.", labels(cat, before))
		default:
			because = fmt.Sprintf("You are ready: you can do what comes before it (%s).", labels(cat, before))
		}
	}
	if helps != "" && !r.back() {
		c := cat.Competencies[helps]
		because = fmt.Sprintf("It helps with what has been hard so far: %s.", cmp.Or(c.Short, c.Label()))
	}
	if r.goal {
		because = "It belongs to your goal. " + because
	}
	return because
}

// wanted are what the student's goals are about, and what these still need.
func (l *Learner) wanted(cat *Catalogue) map[competency.ID]bool {
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
// what is missing. hard is what the student says was hard at the last try.
func (l *Learner) helps(b *board, places []int32, failed map[competency.ID]plan.Outcome) map[competency.ID]competency.ID {
	helps := map[competency.ID]competency.ID{}
	for _, i := range places {
		if e := b.estimate(i); (e.Status != mastery.Starting || e.N < hardAfter) && failed[b.cat.nodes[i].id] == "" {
			continue
		}
		weakest, least := competency.ID(""), likely
		for _, p := range b.cat.nodes[i].before {
			e, id := b.estimate(p), b.cat.nodes[p].id
			if v := l.chanceAt(e, id); v < least && e.Status != mastery.Met && !goesWell(*e) {
				weakest, least = id, v
			}
		}
		if weakest != "" {
			helps[weakest] = b.cat.nodes[i].id
		}
	}
	return helps
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
	tried  map[material.ID]int
	form   map[competency.ID]string       // the kind of the material last chosen; empty if it is gone
	failed map[material.ID]bool           // the student said that it was too hard, or stopped
	last   map[competency.ID]plan.Outcome // what the student said of the last try at it, if it failed
}

func (l *Learner) past(cat *Catalogue) past {
	p := past{map[material.ID]int{}, map[competency.ID]string{}, map[material.ID]bool{}, map[competency.ID]plan.Outcome{}}
	for _, c := range l.Choices {
		if !c.Taken() {
			continue
		}
		p.tried[c.Material]++
		failed := c.Outcome == plan.Hard || c.Outcome == plan.Stopped
		if failed {
			p.failed[c.Material] = true
		}
		if _, seen := p.form[c.Competency]; seen {
			continue
		}
		p.form[c.Competency] = ""
		if failed {
			p.last[c.Competency] = c.Outcome
		}
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
			if best != nil && b.score < most {
				continue // beside others it is worth no more
			}
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
	same, kind, topics, way := 0, 0, 0, 0
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
		if b.material.Social != "" && b.material.Social == p.material.Social {
			way++
		}
		if b.material.Product != "" && b.material.Product == p.material.Product {
			way++
		}
		for _, t := range b.material.Topics {
			if slices.Contains(p.material.Topics, t) {
				topics++
			}
		}
	}
	return b.score - 0.5*float64(same) - 0.35*float64(kind) - 0.1*float64(topics+way), same < 2
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

func stillThere(e mastery.Estimate) string {
	return fmt.Sprintf("You could do this %s. A short try shows whether it is still there.", Ago(e.Age))
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
		out = append(out, LookBack{c, e, stillThere(e), RuleLookBack, worth})
	}
	slices.SortFunc(out, func(a, b LookBack) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(len(cat.After[b.Competency.ID]), len(cat.After[a.Competency.ID])),
			b.Estimate.Last.Compare(a.Estimate.Last), cmp.Compare(a.Competency.ID, b.Competency.ID))
	})
	return out[:min(most, len(out))]
}
