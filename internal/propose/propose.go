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

// Rule names the rule and version behind a suggestion: of the program, or, as [Rules.Name]
// says, of the school.
type Rule string

const (
	RuleReady    Rule = "ready-to-learn/3"
	RuleLookBack Rule = "look-back/2"
)

// Learner is what is known of one student, at one moment.
type Learner struct {
	Person    roster.Person
	Estimates map[competency.ID]mastery.Estimate // what has evidence
	// Expect is what is expected of a competency without evidence, from what the student
	// shows elsewhere; nil where nothing is.
	Expect    func(competency.ID) mastery.Estimate
	Manner    mastery.Manner // how the student learns
	Interests []string       // topics that the student likes
	Goals     []plan.Goal
	Choices   []plan.Choice // latest first
	LastSeen  time.Time     // latest evidence that a person gave, zero if never
	Situation Situation
}

func (l Learner) status(c competency.ID) mastery.Status {
	return l.Estimates[c].Status
}

// likely is the chance of success from which on a competency without evidence is taken
// for something that the student can build on.
const likely = 0.75

// goesWell reports whether the latest pieces went well enough to go on to what comes next,
// though the estimate is not yet sure.
func goesWell(e mastery.Estimate) bool { return e.N >= 3 && e.Recent >= 0.75 }

// holds reports whether a student can build on a competency: met now or before, or
// likely from what they show elsewhere.
func (l *Learner) holds(c competency.ID) bool {
	e := l.Estimates[c]
	return l.buildsOn(&e, c)
}

func (l *Learner) buildsOn(e *mastery.Estimate, c competency.ID) bool {
	switch e.Status {
	case mastery.Met, mastery.Fading, mastery.Nearly:
		return true
	case mastery.Starting, mastery.Learning:
		return goesWell(*e)
	case mastery.Unknown:
		return e.N == 0 && l.Expect != nil && l.Expect(c).Value >= likely
	}
	return false
}

// chanceAt is the expected success on a typical task of a competency, of which e is known.
func (l *Learner) chanceAt(e *mastery.Estimate, c competency.ID) float64 {
	switch {
	case e.N > 0:
		return e.Value
	case l.Expect == nil:
		return 0.45
	}
	return l.Expect(c).Value
}

// Catalogue is what there is to learn and to learn from.
type Catalogue struct {
	Competencies map[competency.ID]competency.Competency
	Before       map[competency.ID][]competency.ID // prerequisites
	After        map[competency.ID][]competency.ID // what a competency opens
	Materials    map[competency.ID][]material.Material
	Order        []competency.ID // all competencies, in the frameworks' order
	// Words are how competencies are said in other languages, by BCP 47 tag.
	Words map[competency.ID]map[string]competency.Competency

	nodes []node // in that order
	place map[competency.ID]int32
}

// node is a competency with what stands around it, by place.
type node struct {
	id        competency.ID
	before    []int32
	opens     float64 // log of 1 + how many it opens
	materials []material.Material
	offered   bool // it can be learned here
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
	unit, n := Span(d)
	if n == 0 {
		return unit
	}
	return fmt.Sprintf("%d %s ago", n, unit)
}

// Span tells a time that has passed in the unit in which a person would: "today" and
// "yesterday" without a number, else a number of "days", "weeks", "months" or "years".
func Span(d time.Duration) (unit string, n int) {
	days := int(d.Hours() / 24)
	switch {
	case days <= 0:
		return "today", 0
	case days == 1:
		return "yesterday", 0
	case days < 21:
		return "days", days
	case days < 120:
		return "weeks", (days + 3) / 7
	case days < 700:
		return "months", (days + 15) / 30
	}
	return "years", (days + 182) / 365
}

// NewCatalogue arranges what there is to learn. Prerequisites of items that are not in
// it are left out.
func NewCatalogue(items []competency.Competency, edges []competency.Edge, materials []material.Material) *Catalogue {
	c := &Catalogue{
		Competencies: make(map[competency.ID]competency.Competency, len(items)),
		Before:       map[competency.ID][]competency.ID{},
		After:        map[competency.ID][]competency.ID{},
		Materials:    map[competency.ID][]material.Material{},
		Words:        map[competency.ID]map[string]competency.Competency{},
	}
	translates := map[competency.ID]competency.ID{}
	for _, e := range edges {
		if e.Kind == competency.Translation {
			translates[e.From] = e.To
		}
	}
	for _, it := range items {
		c.Competencies[it.ID] = it
	}
	for _, it := range items {
		of, ok := translates[it.ID]
		if _, here := c.Competencies[of]; !ok || !here {
			c.Order = append(c.Order, it.ID)
			continue
		}
		delete(c.Competencies, it.ID)
		if c.Words[of] == nil {
			c.Words[of] = map[string]competency.Competency{}
		}
		c.Words[of][it.Language] = it
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
	c.nodes, c.place = make([]node, len(c.Order)), make(map[competency.ID]int32, len(c.Order))
	for i, id := range c.Order {
		c.place[id] = int32(i)
	}
	for i, id := range c.Order {
		n := node{id: id, opens: math.Log1p(float64(len(c.After[id]))), materials: c.Materials[id]}
		n.offered = c.Competencies[id].Assessable && len(n.materials) > 0
		for _, b := range c.Before[id] {
			n.before = append(n.before, c.place[b])
		}
		c.nodes[i] = n
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
