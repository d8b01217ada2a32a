package propose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/roster"
)

// Step is one thing that a teacher may do next, with whom and why.
type Step struct {
	Key        string // the same step has the same key as long as it is about the same thing
	Kind       StepKind
	Class      roster.ClassID
	Competency competency.Competency // zero where the step is about no single one
	Students   []roster.Person
	Because    string
	Rule       Rule
	Material   *material.Material // a suggestion, or nil
	Weight     float64            // rank: expected benefit times urgency
}

// StepKind is the sort of step.
type StepKind string

const (
	SmallGroup StepKind = "small-group" // teach a shared missing piece together
	MoveOn     StepKind = "move-on"     // give the next thing
	CheckIn    StepKind = "check-in"    // see a student who was not seen for long
	Recheck    StepKind = "recheck"     // renew evidence that is too old to trust
)

// Thresholds of the teacher's steps.
const (
	StuckPieces   = 3                   // pieces without success before a student counts as stuck
	StuckTogether = 2                   // students that make a small group
	UnseenAfter   = 14 * 24 * time.Hour // without evidence from a person
)

// Steps returns what a teacher may do next in one class, most useful first.
// focus is what the class works on, in its order.
func Steps(class roster.ClassID, students []Learner, cat *Catalogue, focus []competency.ID, now time.Time) []Step {
	steps := slices.Concat(
		stuck(class, students, cat, focus),
		moveOn(class, students, cat, focus),
		unseen(class, students, now),
		tooOld(class, students, cat, focus),
	)
	slices.SortFunc(steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), strings.Compare(a.Key, b.Key))
	})
	return steps
}

// Stuck reports whether a student has tried something several times without success.
func Stuck(e mastery.Estimate) bool { return e.N >= StuckPieces && e.Status == mastery.Starting }

// stuck finds competencies on which several students have tried and not succeeded.
// Where most of them miss the same prerequisite, the step is about that.
func stuck(class roster.ClassID, students []Learner, cat *Catalogue, focus []competency.ID) []Step {
	type need struct {
		students []roster.Person
		on       map[competency.ID]int // what they are stuck on
	}
	needs := map[competency.ID]*need{}
	for _, l := range students {
		for _, id := range focus {
			if !Stuck(l.Estimates[id]) {
				continue
			}
			root := deepestGap(l, cat, id, 3)
			n := needs[root]
			if n == nil {
				n = &need{on: map[competency.ID]int{}}
				needs[root] = n
			}
			n.on[id]++
			if !slices.ContainsFunc(n.students, func(p roster.Person) bool { return p.ID == l.Person.ID }) {
				n.students = append(n.students, l.Person)
			}
		}
	}
	var steps []Step
	for id, n := range needs {
		if len(n.students) < StuckTogether {
			continue
		}
		c := cat.Competencies[id]
		because := fmt.Sprintf("%d students have tried %q at least %d times without success.", len(n.students), title(c), StuckPieces)
		if _, direct := n.on[id]; !direct || len(n.on) > 1 {
			var on []string
			for o := range n.on {
				if o != id {
					on = append(on, title(cat.Competencies[o]))
				}
			}
			slices.Sort(on)
			because = fmt.Sprintf("%d students are stuck, and %q comes before what they are stuck on (%s). They have not shown it yet.",
				len(n.students), title(c), strings.Join(on[:min(2, len(on))], "; "))
		}
		steps = append(steps, Step{
			Key: "stuck|" + string(class) + "|" + string(id), Kind: SmallGroup, Class: class, Competency: c, Students: n.students,
			Because: because, Rule: RuleStuck, Material: helpFor(cat, id),
			Weight: 2 + 0.5*float64(min(len(n.students), 8)) + 0.1*float64(min(len(cat.After[id]), 5)),
		})
	}
	return steps
}

// deepestGap follows missing prerequisites down and returns the first one that a
// student does not hold although all before it are held.
func deepestGap(l Learner, cat *Catalogue, id competency.ID, depth int) competency.ID {
	if depth == 0 {
		return id
	}
	for _, b := range cat.Before[id] {
		if e := l.Estimates[b]; e.N > 0 && (e.Status == mastery.Starting || e.Status == mastery.Learning) {
			return deepestGap(l, cat, b, depth-1)
		}
	}
	return id
}

// moveOn finds students who meet all that the class works on up to something that
// they have not begun.
func moveOn(class roster.ClassID, students []Learner, cat *Catalogue, focus []competency.ID) []Step {
	ready := map[competency.ID][]roster.Person{}
	for _, l := range students {
		met := 0
		var next competency.ID
		for _, id := range focus {
			if l.status(id) == mastery.Met {
				met++
			} else if next == "" && l.Estimates[id].N == 0 && len(cat.Before[id]) > 0 && held(l, cat.Before[id]) {
				next = id
			}
		}
		if next != "" && met >= 3 {
			ready[next] = append(ready[next], l.Person)
		}
	}
	var steps []Step
	for id, people := range ready {
		c := cat.Competencies[id]
		steps = append(steps, Step{
			Key: "move|" + string(class) + "|" + string(id), Kind: MoveOn, Class: class, Competency: c, Students: people,
			Because: fmt.Sprintf("%s what comes before %q and %s not started it.", plural(len(people), "student meets", "students meet"), title(c), haveHas(len(people))),
			Rule:    RuleMoveOn, Material: helpFor(cat, id),
			Weight: 1.6 + 0.25*float64(min(len(people), 8)),
		})
	}
	return steps
}

func held(l Learner, ids []competency.ID) bool {
	for _, id := range ids {
		if s := l.status(id); s != mastery.Met {
			return false
		}
	}
	return true
}

// unseen lists the students whom nobody has observed for long, longest first.
func unseen(class roster.ClassID, students []Learner, now time.Time) []Step {
	var late []Learner
	for _, l := range students {
		if l.LastSeen.IsZero() || now.Sub(l.LastSeen) >= UnseenAfter {
			late = append(late, l)
		}
	}
	if len(late) == 0 {
		return nil
	}
	slices.SortFunc(late, func(a, b Learner) int {
		return cmp.Or(a.LastSeen.Compare(b.LastSeen), strings.Compare(string(a.Person.ID), string(b.Person.ID)))
	})
	longest := "has no evidence from a person yet"
	if t := late[0].LastSeen; !t.IsZero() {
		longest = "was last seen " + Ago(now.Sub(t))
	}
	s := Step{Key: "unseen|" + string(class), Kind: CheckIn, Class: class, Rule: RuleUnseen,
		Because: fmt.Sprintf("Nobody has written down anything about %s for %d days or more. %s %s.",
			plural(len(late), "student", "students"), int(UnseenAfter.Hours()/24), late[0].Person.Name(), longest),
		Weight: 1.8 + 0.2*float64(min(len(late), 8))}
	for _, l := range late {
		s.Students = append(s.Students, l.Person)
	}
	return []Step{s}
}

// tooOld finds what the class has met once and not shown for too long to rely on.
func tooOld(class roster.ClassID, students []Learner, cat *Catalogue, focus []competency.ID) []Step {
	var steps []Step
	for _, id := range focus {
		var people []roster.Person
		for _, l := range students {
			if l.status(id) == mastery.Fading {
				people = append(people, l.Person)
			}
		}
		if len(people) < 2 {
			continue
		}
		c := cat.Competencies[id]
		steps = append(steps, Step{
			Key: "old|" + string(class) + "|" + string(id), Kind: Recheck, Class: class, Competency: c, Students: people,
			Because: fmt.Sprintf("%s %q once, but the evidence is older than %d weeks.", plural(len(people), "student met", "students met"), title(c), int(mastery.StaleAfter.Hours()/24/7)),
			Rule:    RuleOld, Material: helpFor(cat, id),
			Weight: 0.8 + 0.1*float64(min(len(people), 10)) + 0.1*float64(min(len(cat.After[id]), 5)),
		})
	}
	return steps
}

// helpFor suggests the material that suits a group best: core before others, off
// screen before on screen, shorter before longer.
func helpFor(cat *Catalogue, id competency.ID) *material.Material {
	ms := slices.Clone(cat.Materials[id])
	if len(ms) == 0 {
		return nil
	}
	rank := func(m material.Material) int {
		r := 0
		if m.Tier != material.Core {
			r += 2
		}
		if m.Location == "" {
			r++
		}
		return r
	}
	slices.SortFunc(ms, func(a, b material.Material) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Minutes, b.Minutes), cmp.Compare(a.ID, b.ID))
	})
	return &ms[0]
}

func title(c competency.Competency) string { return cmp.Or(c.Short, c.Statement, string(c.ID)) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func haveHas(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
