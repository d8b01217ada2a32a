package propose

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// RuleRoad names the rule that lays a road to a goal.
const RuleRoad Rule = "road/1"

// Want is what a person wants of a step of a road.
type Want string

const (
	First   Want = "first"   // before other steps, as soon as what it needs is there
	Without Want = "without" // not as a step: somebody knows better
	Neither Want = ""        // where the rule puts it
)

// Wish is what a person wants of a road, whatever the rule says. The latest wish for a
// competency holds.
type Wish struct {
	Competency competency.ID
	Want       Want
	Author     roster.PersonID
	At         time.Time
}

// Leg is one step of a road: a competency that is needed and not there yet.
type Leg struct {
	Competency competency.Competency
	Status     mastery.Status
	Begin, End time.Time // days, at the student's own pace
	Wanted     bool      // somebody wanted it first
	Because    string
}

// Road is the way from what a student can do to a goal, what comes first in front. It is
// computed from the record whenever it is looked at, so that it holds what evidence says now.
type Road struct {
	Goal        competency.Competency
	Legs        []Leg
	Without     []competency.Competency // needed, and left out by a person
	Pace        Pace
	End         time.Time // expected; the zero time if the goal is reached
	Early, Late time.Time // the end is between them with a chance of 0.8
	By          time.Time // zero if there is no day
}

// Line says how a road lies to the day by which the goal is to be reached.
type Line int

const (
	NoDay Line = iota
	Reached
	Ahead    // the end is likely before the day
	OnTheWay // the day is within what is likely
	Behind   // the end is likely after the day
)

// Line compares the likely end with the wanted day. There is no seat time in it: a road
// ends when its steps are met.
func (r Road) Line() Line {
	switch {
	case len(r.Legs) == 0:
		return Reached
	case r.By.IsZero():
		return NoDay
	case r.Late.Before(r.By.AddDate(0, 0, 1)):
		return Ahead
	case r.Early.After(r.By):
		return Behind
	}
	return OnTheWay
}

// Pace is how many competencies a student comes to meet in a week.
type Pace struct {
	Gained, Weeks     int
	Slow, Rate, Quick float64 // competencies a week; the pace is between Slow and Quick with a chance of 0.8
}

// What is believed of a pace before anything is known: one competency a week, with the
// weight of two weeks.
const (
	pacePrior = 2.0
	tenPer    = 1.2815515655446004 // normal deviate of 90 %
)

// NewPace estimates a pace from what was newly met in some weeks: a Poisson count with a
// gamma prior. Its quantiles are those of Wilson & Hilferty (1931).
func NewPace(gained, weeks int) Pace {
	shape, weight := float64(max(0, gained))+pacePrior, float64(max(0, weeks))+pacePrior
	q := func(z float64) float64 {
		return shape * math.Pow(1-1/(9*shape)+z/(3*math.Sqrt(shape)), 3) / weight
	}
	return Pace{gained, weeks, q(-tenPer), shape / weight, q(tenPer)}
}

// effort is how much of a whole competency is still to be learned.
func effort(s mastery.Status) float64 {
	switch s {
	case mastery.Learning:
		return .7
	case mastery.Nearly:
		return .35
	case mastery.Fading:
		return .25
	case mastery.Met:
		return 0
	}
	return 1
}

// Lay lays the road to a competency: all that is needed and not met, found by going back
// from the goal along prerequisites until something is met; what was met and is fading is
// looked back at, and what is before it is not asked again. A step never comes before one
// that it needs, unless a person left that one out. The wanted ones come as early as that
// allows, in the order in which they were wished; otherwise one strand is finished before
// the next, nearest first. The same record gives the same road.
func Lay(goal competency.ID, l Learner, cat *Catalogue, wishes []Wish, pace Pace, by, now time.Time) Road {
	r := Road{Goal: cat.Competencies[goal], Pace: pace, By: by}
	want := map[competency.ID]Wish{}
	for _, w := range wishes {
		if old, ok := want[w.Competency]; !ok || !w.At.Before(old.At) {
			want[w.Competency] = w
		}
	}
	place := func(id competency.ID) int32 { return cat.place[id] }
	status := func(id competency.ID) mastery.Status { return l.Estimates[id].Status }

	// What is needed, and for which of them there is a step after it.
	needed := map[competency.ID]bool{}
	opens := map[competency.ID]competency.ID{}
	var collect func(id competency.ID)
	collect = func(id competency.ID) {
		c, ok := cat.Competencies[id]
		if !ok || needed[id] || status(id) == mastery.Met {
			return
		}
		if want[id].Want == Without {
			if !slices.ContainsFunc(r.Without, func(x competency.Competency) bool { return x.ID == id }) {
				r.Without = append(r.Without, c)
			}
			return
		}
		needed[id] = true
		if status(id) == mastery.Fading {
			return
		}
		for _, b := range cat.Before[id] {
			if _, ok := opens[b]; !ok {
				opens[b] = id
			}
			collect(b)
		}
	}
	collect(goal)

	var order []competency.ID
	done := map[competency.ID]bool{}
	var emit func(id competency.ID)
	emit = func(id competency.ID) {
		if done[id] || !needed[id] {
			return
		}
		done[id] = true
		if status(id) != mastery.Fading {
			before := slices.Clone(cat.Before[id])
			slices.SortFunc(before, func(a, b competency.ID) int {
				return cmp.Or(cmp.Compare(effort(status(a)), effort(status(b))), cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
			})
			for _, b := range before {
				emit(b)
			}
		}
		if cat.Competencies[id].Assessable {
			order = append(order, id)
		}
	}
	var first []Wish
	for _, w := range want {
		if w.Want == First {
			first = append(first, w)
		}
	}
	slices.SortFunc(first, func(a, b Wish) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Competency, b.Competency)) })
	for _, w := range first {
		emit(w.Competency)
	}
	emit(goal)

	total := 0.0
	for _, id := range order {
		leg := Leg{Competency: cat.Competencies[id], Status: status(id), Wanted: want[id].Want == First, Begin: after(now, total/pace.Rate)}
		total += effort(leg.Status)
		leg.End = after(now, total/pace.Rate)
		switch next, ok := cat.Competencies[opens[id]]; {
		case leg.Wanted:
			leg.Because = "You wanted this first."
		case leg.Status == mastery.Fading:
			leg.Because = "You could do this, and have not shown it for long."
		case id == goal || !ok:
			leg.Because = "This is the goal."
		default:
			leg.Because = "It comes before “" + title(next) + "”."
		}
		r.Legs = append(r.Legs, leg)
	}
	if len(order) > 0 {
		r.End, r.Early, r.Late = after(now, total/pace.Rate), after(now, total/pace.Quick), after(now, total/pace.Slow)
	}
	return r
}

// after returns the day some weeks from now.
func after(now time.Time, weeks float64) time.Time {
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	return day.AddDate(0, 0, int(math.Ceil(7*weeks)))
}

// Moves says to the student what changed between two roads to the same goal, and why; now
// is what the student can do.
func Moves(was, is Road, now Learner) (out []string) {
	has := func(r Road, id competency.ID) bool {
		return slices.ContainsFunc(r.Legs, func(l Leg) bool { return l.Competency.ID == id })
	}
	for _, l := range was.Legs {
		if has(is, l.Competency.ID) {
			continue
		}
		why := "You can do “%s” now."
		if slices.ContainsFunc(is.Without, func(c competency.Competency) bool { return c.ID == l.Competency.ID }) {
			why = "“%s” is left out: somebody at school says that you can do without it."
		} else if now.Estimates[l.Competency.ID].Status != mastery.Met {
			why = "“%s” is not needed on the way any more."
		}
		out = append(out, fmt.Sprintf(why, title(l.Competency)))
	}
	for _, l := range is.Legs {
		if has(was, l.Competency.ID) {
			continue
		}
		why := "New evidence shows that “%s” is not there yet. It is on the way now."
		if l.Status == mastery.Fading {
			why = "You have not shown “%s” for long. A look back is on the way now."
		}
		out = append(out, fmt.Sprintf(why, title(l.Competency)))
	}
	if was.End.IsZero() || is.End.IsZero() {
		return out
	}
	switch days := int(math.Round(is.End.Sub(was.End).Hours() / 24)); {
	case days >= 2:
		out = append(out, fmt.Sprintf("The end of the way moved %d days later.", days))
	case days <= -2:
		out = append(out, fmt.Sprintf("The end of the way moved %d days earlier.", -days))
	}
	return out
}
