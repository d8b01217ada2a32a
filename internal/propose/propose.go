// Package propose suggests: to a student what to do next, to a teacher whom to
// see. Every suggestion carries its because and the rule that made it. Nothing
// here reads a clock or a store; people accept, change or decline.
package propose

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

// Rule names the rule and version behind a suggestion.
type Rule string

const (
	RuleReady    Rule = "ready-to-learn/1"
	RuleLookBack Rule = "look-back/1"
	RuleStuck    Rule = "stuck-together/1"
	RuleMoveOn   Rule = "ready-to-move-on/1"
	RuleUnseen   Rule = "not-seen/1"
	RuleOld      Rule = "evidence-too-old/1"
)

// Learner is what is known of one student, at one moment.
type Learner struct {
	Person    roster.Person
	Estimates map[competency.ID]mastery.Estimate // what has evidence
	Goals     []plan.Goal
	Choices   []plan.Choice // latest first
	LastSeen  time.Time     // latest evidence that a person gave, zero if never
}

func (l Learner) status(c competency.ID) mastery.Status {
	return l.Estimates[c].Status
}

// holds reports whether a student can build on a competency: met now or before.
func (l Learner) holds(c competency.ID) bool {
	s := l.status(c)
	return s == mastery.Met || s == mastery.Fading || s == mastery.Nearly
}

// Catalogue is what there is to learn and to learn from.
type Catalogue struct {
	Competencies map[competency.ID]competency.Competency
	Before       map[competency.ID][]competency.ID // prerequisites
	After        map[competency.ID][]competency.ID // what a competency opens
	Materials    map[competency.ID][]material.Material
	Order        []competency.ID // all competencies, in the frameworks' order
}

// Option is one thing that a student may choose to do next.
type Option struct {
	Competency competency.Competency
	Material   material.Material
	Because    string
	Rule       Rule
	score      float64
}

// Options returns two to four things to choose from, or fewer where the catalogue
// holds no more: competencies that the student is ready for, best first, no two
// with the same material kind and topic where that can be avoided.
// focus limits the offer to what the student's classes work on; empty means all.
func Options(l Learner, cat *Catalogue, focus []competency.ID, most int) []Option {
	wanted := map[competency.ID]bool{}
	for _, g := range l.Goals {
		if g.Competency != "" && g.Done.IsZero() {
			wanted[g.Competency] = true
			for _, b := range cat.Before[g.Competency] {
				if !l.holds(b) {
					wanted[b] = true
				}
			}
		}
	}
	tried := map[material.ID]int{}
	for _, c := range l.Choices {
		tried[c.Material]++
	}
	if len(focus) == 0 {
		for id := range cat.Competencies {
			focus = append(focus, id)
		}
	}
	var options []Option
	seen := map[competency.ID]bool{}
	for _, id := range focus {
		c, ok := cat.Competencies[id]
		if !ok || !c.Assessable || seen[id] || len(cat.Materials[id]) == 0 {
			continue
		}
		seen[id] = true
		if s := l.status(id); s == mastery.Met || s == mastery.Fading {
			continue
		}
		missing := 0
		for _, b := range cat.Before[id] {
			if !l.holds(b) {
				missing++
			}
		}
		if missing > 0 {
			continue
		}
		score, because := readiness(l, cat, id, wanted[id])
		for _, m := range cat.Materials[id] {
			s := score - 0.6*float64(tried[m.ID]) // the same material never loops
			if m.Tier == material.Core {
				s += 0.1
			}
			options = append(options, Option{c, m, because, RuleReady, s})
		}
	}
	slices.SortFunc(options, func(a, b Option) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.Competency.Code, b.Competency.Code),
			cmp.Compare(a.Competency.ID, b.Competency.ID), strings.Compare(string(a.Material.ID), string(b.Material.ID)))
	})
	return different(options, most)
}

// readiness scores a competency for a student: a goal first, then what is started,
// then what opens most.
func readiness(l Learner, cat *Catalogue, id competency.ID, goal bool) (score float64, because string) {
	e := l.Estimates[id]
	switch e.Status {
	case mastery.Nearly:
		score, because = 2, "You are nearly there."
	case mastery.Learning:
		score, because = 1.6, "You have started this, and it is growing."
	case mastery.Starting:
		score, because = 1.2, "This has been hard so far. Here is another way in."
	default:
		score = 1
		if n := len(cat.Before[id]); n > 0 {
			because = fmt.Sprintf("You are ready: you can do what comes before it (%s).", labels(cat, cat.Before[id]))
		} else {
			because = "You can start this right away."
		}
	}
	if opens := len(cat.After[id]); opens > 0 {
		score += 0.15 * math.Log1p(float64(opens))
	}
	if goal {
		score += 1.5
		because = "It belongs to your goal. " + because
	}
	return score, because
}

// different picks at most n options that differ: at most two of one competency, and
// each time the best whose kind and topics have been used least.
func different(options []Option, n int) []Option {
	var out []Option
	used := map[string]int{}
	perCompetency := map[competency.ID]int{}
	for len(out) < n {
		best, bestScore := -1, math.Inf(-1)
		for i, o := range options {
			if perCompetency[o.Competency.ID] >= 2 || slices.ContainsFunc(out, func(p Option) bool { return p.Material.ID == o.Material.ID }) {
				continue
			}
			s := o.score - 0.5*float64(perCompetency[o.Competency.ID]) - 0.35*float64(used["kind:"+o.Material.Kind])
			for _, t := range o.Material.Topics {
				s -= 0.1 * float64(used["topic:"+t])
			}
			if s > bestScore {
				best, bestScore = i, s
			}
		}
		if best < 0 {
			break
		}
		o := options[best]
		out = append(out, o)
		perCompetency[o.Competency.ID]++
		used["kind:"+o.Material.Kind]++
		for _, t := range o.Material.Topics {
			used["topic:"+t]++
		}
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
}

// LookBacks returns what is worth a short look back, the one that opens most first.
func LookBacks(l Learner, cat *Catalogue, most int) []LookBack {
	var out []LookBack
	for id, e := range l.Estimates {
		c, ok := cat.Competencies[id]
		if !ok || e.Status != mastery.Fading {
			continue
		}
		out = append(out, LookBack{c, e, fmt.Sprintf("You could do this %s. A short try shows whether it is still there.", Ago(e.Age)), RuleLookBack})
	}
	slices.SortFunc(out, func(a, b LookBack) int {
		return cmp.Or(cmp.Compare(len(cat.After[b.Competency.ID]), len(cat.After[a.Competency.ID])),
			b.Estimate.Last.Compare(a.Estimate.Last), cmp.Compare(a.Competency.ID, b.Competency.ID))
	})
	return out[:min(most, len(out))]
}

// Gain is how far a student has come on one competency in some weeks.
type Gain struct {
	Competency competency.Competency
	Before     mastery.Estimate
	Now        mastery.Estimate
}

// Rose reports whether there is new evidence and the estimate stands noticeably higher.
func (g Gain) Rose() bool { return g.Now.N > g.Before.N && g.Now.Value-g.Before.Value >= 0.08 }

// Gains returns the strongest gains, strongest first: what has new evidence and stands
// noticeably higher than before. Where these are few, what is met and was shown
// most recently fills the list: it is something that the student can do now.
// before holds the estimates as they stood some weeks ago.
func Gains(l Learner, cat *Catalogue, before map[competency.ID]mastery.Estimate, most int) []Gain {
	var out []Gain
	for id, now := range l.Estimates {
		c, ok := cat.Competencies[id]
		if !ok || now.Status < mastery.Learning || now.Status == mastery.Fading {
			continue
		}
		was, had := before[id]
		if !had {
			was = mastery.State{}.At(now.Last)
		}
		if g := (Gain{c, was, now}); g.Rose() {
			out = append(out, g)
		}
	}
	step := func(g Gain) float64 {
		s := g.Now.Value - g.Before.Value
		if g.Now.Status == mastery.Met {
			s += 0.3
		}
		return s
	}
	slices.SortFunc(out, func(a, b Gain) int {
		return cmp.Or(cmp.Compare(step(b), step(a)), cmp.Compare(a.Competency.ID, b.Competency.ID))
	})
	if len(out) < most {
		var met []Gain
		for id, now := range l.Estimates {
			if c, ok := cat.Competencies[id]; ok && now.Status == mastery.Met && !slices.ContainsFunc(out, func(g Gain) bool { return g.Competency.ID == id }) {
				met = append(met, Gain{c, before[id], now})
			}
		}
		slices.SortFunc(met, func(a, b Gain) int {
			return cmp.Or(b.Now.Last.Compare(a.Now.Last), cmp.Compare(a.Competency.ID, b.Competency.ID))
		})
		out = append(out, met...)
	}
	return out[:min(most, len(out))]
}

// Ago says a length of time in words: "today", "3 days ago", "7 weeks ago".
func Ago(d time.Duration) string {
	days := int(d.Hours() / 24)
	switch {
	case days <= 0:
		return "today"
	case days == 1:
		return "yesterday"
	case days < 21:
		return fmt.Sprintf("%d days ago", days)
	case days < 120:
		return fmt.Sprintf("%d weeks ago", (days+3)/7)
	case days < 700:
		return fmt.Sprintf("%d months ago", (days+15)/30)
	}
	return fmt.Sprintf("%d years ago", (days+182)/365)
}

// NewCatalogue arranges what there is to learn. Prerequisites of items that are not in
// it are left out.
func NewCatalogue(items []competency.Competency, edges []competency.Edge, materials []material.Material) *Catalogue {
	c := &Catalogue{
		Competencies: make(map[competency.ID]competency.Competency, len(items)),
		Before:       map[competency.ID][]competency.ID{},
		After:        map[competency.ID][]competency.ID{},
		Materials:    map[competency.ID][]material.Material{},
	}
	for _, it := range items {
		c.Competencies[it.ID] = it
		c.Order = append(c.Order, it.ID)
	}
	for _, e := range edges {
		_, from := c.Competencies[e.From]
		_, to := c.Competencies[e.To]
		if e.Kind == competency.Prerequisite && from && to {
			c.Before[e.To] = append(c.Before[e.To], e.From)
			c.After[e.From] = append(c.After[e.From], e.To)
		}
	}
	for _, m := range materials {
		for _, id := range m.Competencies {
			c.Materials[id] = append(c.Materials[id], m)
		}
	}
	return c
}

// Focus returns what a class works on, at most n competencies in the frameworks' order:
// those of its subjects on which its students have the most recent evidence, and
// what these open next. An empty subjects list means every subject.
func Focus(students []Learner, cat *Catalogue, subjects []string, now time.Time, n int) []competency.ID {
	const recent = 70 * 24 * time.Hour
	weight := map[competency.ID]float64{}
	for _, l := range students {
		for id, e := range l.Estimates {
			if c := cat.Competencies[id]; c.Assessable && inSubjects(c, subjects) {
				w := 0.2
				if now.Sub(e.Last) <= recent {
					w = 1
				}
				weight[id] += w
			}
		}
	}
	started := len(weight)
	for id, w := range maps.Clone(weight) {
		for _, next := range cat.After[id] {
			if _, has := weight[next]; !has && inSubjects(cat.Competencies[next], subjects) && cat.Competencies[next].Assessable {
				weight[next] = max(weight[next], 0.25*w)
			}
		}
	}
	if started == 0 {
		return nil
	}
	ids := slices.SortedFunc(maps.Keys(weight), func(a, b competency.ID) int {
		return cmp.Or(cmp.Compare(weight[b], weight[a]), cmp.Compare(a, b))
	})
	ids = ids[:min(n, len(ids))]
	keep := map[competency.ID]bool{}
	for _, id := range ids {
		keep[id] = true
	}
	out := make([]competency.ID, 0, len(ids))
	for _, id := range cat.Order {
		if keep[id] {
			out = append(out, id)
		}
	}
	return out
}

// inSubjects reports whether a competency belongs to one of the subjects, compared by
// their first word: "Math" is "Mathematics", "English Language Arts" is "English".
func inSubjects(c competency.Competency, subjects []string) bool {
	if len(subjects) == 0 || c.Subject == "" {
		return true
	}
	own := subjectKey(c.Subject)
	return slices.ContainsFunc(subjects, func(s string) bool { return subjectKey(s) == own })
}

func subjectKey(s string) string {
	s = strings.ToLower(s)
	for key, words := range map[string][]string{
		"math":    {"math", "algebra", "geometry", "calculus", "statistics"},
		"english": {"english", "reading", "writing", "language arts", "literacy", "ela"},
		"science": {"science", "biology", "chemistry", "physics"},
		"social":  {"social", "history", "civics", "geography", "economics"},
	} {
		for _, w := range words {
			if strings.Contains(s, w) {
				return key
			}
		}
	}
	first, _, _ := strings.Cut(s, " ")
	return first
}

// Decision is what a teacher made of a step.
type Decision struct {
	Class    roster.ClassID
	Step     string // the step's key
	Rule     Rule
	Because  string
	Students []roster.PersonID
	What     string // done, declined, later
	Reason   string
	Actor    roster.PersonID
	At       time.Time
	Until    time.Time // the step does not come back before
}

// Open leaves out the steps on which a decision holds.
func Open(steps []Step, decisions []Decision) []Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool {
		return slices.ContainsFunc(decisions, func(d Decision) bool { return d.Step == s.Key })
	})
}
