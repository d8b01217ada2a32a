// Package plan holds what a student means to do: goals, and the choices that they
// were offered and took on their path.
package plan

import (
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/roster"
)

// GoalID identifies a goal within a district.
type GoalID string

// Goal is something that a student means to reach, in their own words.
type Goal struct {
	ID         GoalID
	Student    roster.PersonID
	What       string
	Why        string        // why it matters to me
	Competency competency.ID // empty if it is not about one
	By         roster.Date
	Set        time.Time
	Author     roster.PersonID
	Done       time.Time // zero while it is open
}

// Longest texts of a goal, in characters.
const (
	MaxWhat = 200
	MaxWhy  = 500
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
	}
	if g.By != "" {
		if _, err := time.Parse(time.DateOnly, string(g.By)); err != nil {
			return fault.Field("by", "Choose a date, like 2027-01-31.")
		}
	}
	return nil
}

// ChoiceID identifies a choice within a district.
type ChoiceID string

// Choice is what a student took out of what was offered. What was offered stays
// on record, so that a school can see whether real choice was given.
type Choice struct {
	ID         ChoiceID
	Student    roster.PersonID
	Competency competency.ID
	Material   material.ID
	Because    string // the reason that was shown
	Rule       string // the rule and version that proposed it
	Offered    []material.ID
	At         time.Time
	Done       time.Time // zero while it is open
}
