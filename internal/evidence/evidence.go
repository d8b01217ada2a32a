// Package evidence holds the append-only log of observations: who showed what,
// on which competency, when, how, and seen by whom.
package evidence

import (
	"math"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/roster"
)

// ID identifies a piece of evidence within a district. It is derived from the
// piece's idempotency key, so that the same fact gets the same id everywhere.
type ID string

// Kind is how something was observed.
type Kind string

const (
	Response    Kind = "response"    // one answer to one item
	Rubric      Kind = "rubric"      // a level on a rubric
	Observation Kind = "observation" // what a teacher saw or heard
	Task        Kind = "task"        // a marked task, project or line item
	Self        Kind = "self"        // a student's own judgement; never moves mastery
	Test        Kind = "test"        // an external test's score on its own scale
)

// Piece is one observation of one student. Pieces are never changed: a correction
// is a new piece that replaces the old one, which stays in history.
type Piece struct {
	ID         ID
	Student    roster.PersonID
	Competency competency.ID // empty for a test score on no competency
	Kind       Kind
	// Score is in [0, Max]; Max is positive. A right answer is 1 of 1, a rubric
	// level 3 of 4 is 3 of 4. For Kind Test both are on Scale and Max may be 0.
	Score, Max float64
	SE         float64 // standard error of Score on its own scale, 0 if unknown
	Scale      string  // name of an external test's scale, such as "MAP Growth: Mathematics (RIT)"
	Percentile float64 // national percentile of a test score, 0 if unknown
	Label      string  // the source's own word for the result ("Developing", "B+"), if any
	Item       string  // the item, task or test, in the source's words
	// Of an item from a calibrated bank: by how many log-odds it is easier than a typical task
	// of the competency, and the chance of a right answer without knowing. 0 if unknown.
	Easier, Guess float64
	Attempt       int
	Hints         int
	Seconds       float64         // time spent, 0 if unknown
	At            time.Time       // when the work was done
	Recorded      time.Time       // when it was written down here
	Source        string          // where it comes from: "observation", a mapping's name, "oneroster"
	Actor         roster.PersonID // who recorded or scored it; empty for an import
	Class         roster.ClassID  // where, if known
	Note          string
	Key           string // idempotency key: the same key and content is the same fact
	Replaces      ID     // the piece that this one corrects
}

// Share returns the score as a share of what could be reached, in [0, 1].
func (p Piece) Share() float64 {
	if p.Max <= 0 {
		return 0
	}
	return math.Min(1, math.Max(0, p.Score/p.Max))
}

// Validate reports, as a fault that names the field, what makes a piece unusable.
func (p Piece) Validate(now time.Time) error {
	switch {
	case p.Student == "":
		return fault.Field("student", "Say which student this is about.")
	case p.Competency == "" && p.Scale == "":
		return fault.Field("competency", "Say which competency or scale this is about.")
	case math.IsNaN(p.Score) || math.IsInf(p.Score, 0):
		return fault.Field("score", "The score must be a number.")
	case p.Kind != Test && !(p.Max > 0):
		return fault.Field("max", "The highest possible score must be above 0.")
	case p.Kind != Test && (p.Score < 0 || p.Score > p.Max):
		return fault.Field("score", "The score %g lies outside 0 to %g.", p.Score, p.Max)
	case p.SE < 0 || math.IsNaN(p.SE) || math.IsInf(p.SE, 0):
		return fault.Field("se", "The standard error must be a number of 0 or more.")
	case math.IsNaN(p.Easier) || math.Abs(p.Easier) > 20:
		return fault.Field("easier", "How much easier the item is must be a number from -20 to 20.")
	case !(p.Guess >= 0 && p.Guess < 1):
		return fault.Field("guess", "The chance of guessing right must be from 0 to below 1.")
	case p.At.IsZero():
		return fault.Field("at", "Say when the work was done.")
	case p.At.After(now.Add(24 * time.Hour)):
		return fault.Field("at", "The work lies in the future (%s).", p.At.Format("2006-01-02"))
	case p.At.Year() < 1900:
		return fault.Field("at", "The date %s is too long ago.", p.At.Format("2006-01-02"))
	}
	return nil
}
