package propose

import (
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Flag says that an adult looks after something that a rule saw. It has an owner, what the
// owner does, and a day to look again; it ends by itself, the student and the family see it
// and may contest it, and it is part of no transcript.
type Flag struct {
	ID       string
	Student  roster.PersonID
	Proposal string // that it was raised from
	Because  string
	Rule     Rule
	Owner    roster.PersonID
	Action   string
	Review   roster.Date
	Expires  roster.Date
	Author   roster.PersonID
	At       time.Time

	Outcome     Outcome
	OutcomeNote string
	ClosedBy    roster.PersonID
	Closed      time.Time

	Contest     string // what the student or the family says against it
	ContestedBy roster.PersonID
	Contested   time.Time

	Reply     string // what the school says to that
	RepliedBy roster.PersonID
	Replied   time.Time
}

// Unanswered reports whether somebody says that the flag is not right, and nobody has answered.
func (f Flag) Unanswered() bool { return f.Contest != "" && f.Replied.IsZero() }

// Outcome is what came of a flag.
type Outcome string

const (
	Better    Outcome = "better"
	Same      Outcome = "same"
	Mistaken  Outcome = "mistaken" // it should not have been raised
	Otherwise Outcome = "otherwise"
)

// Outcomes are all there are.
var Outcomes = []Outcome{Better, Same, Mistaken, Otherwise}

// Open reports whether a flag still stands: nobody has closed it and its time is not over.
func (f Flag) Open(now time.Time) bool {
	return f.Closed.IsZero() && string(f.Expires) >= now.Format(time.DateOnly)
}

// Due reports whether the day to look again has come.
func (f Flag) Due(now time.Time) bool {
	return f.Open(now) && string(f.Review) <= now.Format(time.DateOnly)
}

const flagMost = 500 // characters

// Validate reports, as a fault that names the field, what makes a flag unusable.
func (f Flag) Validate(now time.Time) error {
	today := now.Format(time.DateOnly)
	switch {
	case f.Owner == "":
		return fault.Field("owner", "Say who looks after it. There is no flag without somebody who does.")
	case strings.TrimSpace(f.Action) == "":
		return fault.Field("action", "Say what you will do first.")
	case utf8.RuneCountInString(f.Action) > flagMost:
		return fault.Field("action", "Please use at most %d characters.", flagMost)
	case f.Review.Time().IsZero() || string(f.Review) <= today:
		return fault.Field("review", "Choose a day after today on which you look again.")
	case f.Review > f.Expires:
		return fault.Field("review", "Choose a day before %s: then the flag ends by itself.", f.Expires)
	}
	return nil
}
