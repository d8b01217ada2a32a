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

// OutsideID identifies something learned outside of school within a district.
type OutsideID string

// OutsideKind is where something was learned.
type OutsideKind string

const (
	AtWork    OutsideKind = "work"
	InAClub   OutsideKind = "club"
	AtHome    OutsideKind = "family"
	AsService OutsideKind = "service"
	InACourse OutsideKind = "course"
	Elsewhere OutsideKind = "other"
)

// OutsideKinds are all kinds, in the order in which a form offers them.
var OutsideKinds = []OutsideKind{InAClub, AtHome, AtWork, AsService, InACourse, Elsewhere}

// Outside is something that a student learned outside of school, what it has to do with,
// and whether somebody who was there says so.
type Outside struct {
	ID           OutsideID
	Student      roster.PersonID
	What, Place  string
	Kind         OutsideKind
	Day          roster.Date
	Hours        int // 0 if not told
	Competencies []competency.ID
	Author       roster.PersonID
	At           time.Time
	// Who saw it is asked by a link that works once.
	AskedBy  roster.PersonID
	Asked    time.Time // zero if nobody has been asked
	Expires  time.Time
	Seen     Answer
	Verifier string // their name, as typed
	Remark   string
	SeenAt   time.Time
	// A teacher may count it as evidence.
	CountedBy roster.PersonID
	Counted   time.Time
}

// MaxHours is the most hours that one entry holds: ten a week for a school year.
const MaxHours = 400

// Validate reports, as a fault that names the field, what is missing or not allowed.
func (o Outside) Validate(now time.Time) error {
	switch {
	case strings.TrimSpace(o.What) == "":
		return fault.Field("what", "Write what was learned or done.")
	case utf8.RuneCountInString(o.What) > MaxWhy:
		return fault.Field("what", "Please use at most %d characters.", MaxWhy)
	case utf8.RuneCountInString(o.Place) > MaxWhat:
		return fault.Field("place", "Please use at most %d characters.", MaxWhat)
	case !slices.Contains(OutsideKinds, o.Kind):
		return fault.Field("kind", "Choose where it was.")
	case o.Hours < 0 || o.Hours > MaxHours:
		return fault.Field("hours", "Write whole hours from 0 to %d.", MaxHours)
	}
	day, err := time.Parse(time.DateOnly, string(o.Day))
	if err != nil {
		return fault.Field("day", "Choose the day, like 2026-10-31.")
	}
	if day.After(now) {
		return fault.Field("day", "Choose a day that has been.")
	}
	return nil
}

// Waits reports whether somebody has been asked who has not answered and still can.
func (o Outside) Waits(now time.Time) bool {
	return !o.Asked.IsZero() && o.Seen == Waiting && now.Before(o.Expires)
}
