// Package conference holds one-to-one talks: whom to talk with next and why, the brief that
// is ready before a talk, its notes and commitments, and how evenly attention is given.
package conference

import (
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// ID identifies a talk within a district.
type ID string

// Kind is what a talk was.
type Kind string

const (
	Talk    Kind = "talk"     // a conference about progress and goals
	CheckIn Kind = "check-in" // a word in passing
)

// Conference is a talk that was held.
type Conference struct {
	ID      ID
	Student roster.PersonID
	With    roster.PersonID // who held it with the student
	Kind    Kind
	At      time.Time
	Minutes int
	Notes   []Note
}

// Note is something that was written down of a talk.
type Note struct {
	Text       string
	Visibility profile.Visibility
	Author     roster.PersonID
	At         time.Time
}

// CommitmentID identifies a commitment within a district.
type CommitmentID string

// Commitment is who does what by when, from a talk.
type Commitment struct {
	ID         CommitmentID
	Student    roster.PersonID
	Conference ID
	Who        profile.Voice   // the student, the family, or school
	Person     roster.PersonID // of school; empty for the student and the family
	What       string
	By         roster.Date // empty: no day
	Made       time.Time
	Author     roster.PersonID
	Done       time.Time // zero while it is open
	Dropped    bool      // it was given up, at Done
}

// Open reports whether a commitment is still to be kept.
func (c Commitment) Open() bool { return c.Done.IsZero() }

// Overdue reports whether a commitment should have been kept by now.
func (c Commitment) Overdue(now time.Time) bool {
	return c.Open() && c.By != "" && string(c.By) < now.Format(time.DateOnly)
}

// RequestID identifies a request within a district.
type RequestID string

// Request is that a student or their family asks for a talk, with what it is to be about.
type Request struct {
	ID      RequestID
	Student roster.PersonID
	Author  roster.PersonID
	Voice   profile.Voice
	Text    string    // what they want to talk about; what they prepared
	Wanted  time.Time // when they would like it; zero if any time
	At      time.Time
	Agreed  time.Time       // when the talk is to be; zero if nothing is agreed yet
	With    roster.PersonID // who agreed to it
	Closed  time.Time       // when the talk was held or the request taken back; zero while it is open
}

// Longest texts, in characters, and the longest talk.
const (
	MaxNote    = 4000
	MaxWhat    = 300
	MaxRequest = 500
	MaxMinutes = 240
)

// Validate reports, as a fault that names the field, what makes a talk unusable.
func (c Conference) Validate() error {
	switch {
	case c.Minutes < 0 || c.Minutes > MaxMinutes:
		return fault.Field("minutes", "A talk takes 0 to %d minutes.", MaxMinutes)
	case c.Kind != Talk && c.Kind != CheckIn:
		return fault.Field("kind", "Say what kind of talk it was.")
	}
	for _, n := range c.Notes {
		if utf8.RuneCountInString(n.Text) > MaxNote {
			return fault.Field("notes", "Please use at most %d characters.", MaxNote)
		}
		if strings.TrimSpace(n.Text) == "" {
			return fault.Field("notes", "A note is empty.")
		}
		switch n.Visibility {
		case profile.ToStudent, profile.ToFamily, profile.ToStaff, profile.Restricted:
		default:
			return fault.Field("visibility", "Choose who may read the note.")
		}
	}
	return nil
}

// Validate reports, as a fault that names the field, what makes a commitment unusable.
func (c Commitment) Validate() error {
	switch {
	case strings.TrimSpace(c.What) == "":
		return fault.Field("what", "Write what is to be done.")
	case utf8.RuneCountInString(c.What) > MaxWhat:
		return fault.Field("what", "Please use at most %d characters.", MaxWhat)
	case c.Who != profile.Student && c.Who != profile.Family && c.Who != profile.Staff:
		return fault.Field("who", "Choose who does it.")
	}
	if c.By != "" {
		if _, err := time.Parse(time.DateOnly, string(c.By)); err != nil {
			return fault.Field("by", "Choose a date, like 2027-01-31.")
		}
	}
	return nil
}

// Validate reports, as a fault that names the field, what makes a request unusable.
func (r Request) Validate() error {
	switch {
	case strings.TrimSpace(r.Text) == "":
		return fault.Field("text", "Write in a few words what you want to talk about.")
	case utf8.RuneCountInString(r.Text) > MaxRequest:
		return fault.Field("text", "Please use at most %d characters.", MaxRequest)
	}
	return nil
}
