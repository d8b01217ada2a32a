// Package plan holds what a student means to do: goals, and the choices that they
// were offered and took on their path.
package plan

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/roster"
)

// GoalID identifies a goal within a district.
type GoalID string

// Area is the part of a life that a goal belongs to.
type Area string

const (
	Academic Area = "academic"
	Personal Area = "personal"
	Career   Area = "career"
)

// Areas are all areas, in the order in which a plan shows them.
var Areas = []Area{Academic, Personal, Career}

// Term is how far away a goal is.
type Term string

const (
	Short Term = "short" // within this school year
	Long  Term = "long"  // beyond it
)

// Goal is something that a student means to reach, in their own words.
type Goal struct {
	ID         GoalID
	Student    roster.PersonID
	What       string
	Why        string        // why it matters to me
	Proof      string        // how I will know that I have reached it
	Competency competency.ID // empty if it is not about one
	Area       Area
	Term       Term
	By         roster.Date
	Set        time.Time
	Author     roster.PersonID
	Done       time.Time // zero while it is open
	Steps      []Step    // in the order in which they were written
	Stages     []Passed  // of the cycle, oldest first; that it was set is not among them
}

// StepID identifies a step within a goal.
type StepID string

// Step is a small thing to do on the way to a goal.
type Step struct {
	ID     StepID
	What   string
	Author roster.PersonID
	At     time.Time
	Done   time.Time // zero while it is to do
}

// Stage is a part of the cycle of working towards a goal.
type Stage string

const (
	Setting    Stage = "set"
	Planning   Stage = "plan"
	Learning   Stage = "learn"
	Showing    Stage = "show"
	Reflecting Stage = "reflect"
)

// Stages are the cycle in its order.
var Stages = []Stage{Setting, Planning, Learning, Showing, Reflecting}

// Passed is when a goal came to a stage, with what was said of it.
type Passed struct {
	Stage  Stage
	Note   string
	Author roster.PersonID
	At     time.Time
}

// Stage returns the stage that a goal came to last.
func (g Goal) Stage() Stage {
	if n := len(g.Stages); n > 0 {
		return g.Stages[n-1].Stage
	}
	return Setting
}

// Longest texts of a goal, in characters.
const (
	MaxWhat  = 200
	MaxWhy   = 500
	MaxSteps = 20
)

// Validate reports, as a fault that names the field, what is missing or too long.
func (g Goal) Validate() error {
	switch {
	case strings.TrimSpace(g.What) == "":
		return fault.Field("what", "Write what you want to reach.")
	case utf8.RuneCountInString(g.What) > MaxWhat:
		return fault.Field("what", "Please use at most %d characters.", MaxWhat)
	case utf8.RuneCountInString(g.Why) > MaxWhy:
		return fault.Field("why", "Please use at most %d characters.", MaxWhy)
	case utf8.RuneCountInString(g.Proof) > MaxWhy:
		return fault.Field("proof", "Please use at most %d characters.", MaxWhy)
	case g.Area != "" && !slices.Contains(Areas, g.Area):
		return fault.Field("area", "Choose what kind of goal it is.")
	case g.Term != "" && g.Term != Short && g.Term != Long:
		return fault.Field("term", "Choose whether it is for this year or for later.")
	}
	if g.By != "" {
		if _, err := time.Parse(time.DateOnly, string(g.By)); err != nil {
			return fault.Field("by", "Choose a date, like 2027-01-31.")
		}
	}
	return nil
}

// Validate reports, as a fault that names the field, what is missing or too long.
func (s Step) Validate() error {
	switch {
	case strings.TrimSpace(s.What) == "":
		return fault.Field("step", "Write the step.")
	case utf8.RuneCountInString(s.What) > MaxWhat:
		return fault.Field("step", "Please use at most %d characters.", MaxWhat)
	}
	return nil
}

// Validate reports, as a fault that names the field, what a stage lacks. Who shows or looks
// back says how.
func (p Passed) Validate() error {
	switch {
	case p.Stage == Setting || !slices.Contains(Stages, p.Stage):
		return fault.Field("stage", "Choose where you are on the way to your goal.")
	case utf8.RuneCountInString(p.Note) > MaxWhy:
		return fault.Field("note", "Please use at most %d characters.", MaxWhy)
	case p.Stage == Showing && strings.TrimSpace(p.Note) == "":
		return fault.Field("note", "Say how you showed it.")
	case p.Stage == Reflecting && strings.TrimSpace(p.Note) == "":
		return fault.Field("note", "Say what you learned on the way.")
	}
	return nil
}
