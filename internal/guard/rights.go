package guard

import (
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Purpose is what a family may refuse that a record is used for. All else that is done with it is
// what the school is there for.
type Purpose string

const (
	Estimates Purpose = "estimates" // reckoning what a student may be ready for, and proposing by it
	Studies   Purpose = "studies"   // asking whether a practice helped
	Products  Purpose = "products"  // keeping what programs of other companies tell of a student
)

// Purposes are all of them.
var Purposes = []Purpose{Estimates, Studies, Products}

// Consent is what was said about one purpose.
type Consent struct {
	Student roster.PersonID
	Purpose Purpose
	Given   bool
	Author  roster.PersonID
	Party   Relation // what the author is to the student
	Note    string   // such as that a paper was signed
	At      time.Time
	Ended   time.Time // zero while it holds
}

// Refused reports whether the consents that hold refuse a purpose.
func Refused(all []Consent, p Purpose) bool {
	for _, c := range all {
		if c.Purpose == p && c.Ended.IsZero() {
			return !c.Given
		}
	}
	return false
}

// CorrectionAnswer is what became of what somebody said is not right.
type CorrectionAnswer string

const (
	Unanswered CorrectionAnswer = ""
	Corrected  CorrectionAnswer = "corrected"
	KeptAsIs   CorrectionAnswer = "kept" // and a statement of who asked may stand beside it
	Withdrawn  CorrectionAnswer = "withdrawn"
)

// CorrectionDays is within how many days a school answers; 34 CFR 99.10 and 99.20 say "reasonable",
// and at most 45 days for looking at a record.
const CorrectionDays = 45

// Correction is what somebody says is not right in a student's record.
type Correction struct {
	ID         string
	Student    roster.PersonID
	What       string // which part of the record
	Text       string
	Author     roster.PersonID
	Party      Relation
	At         time.Time
	Answer     CorrectionAnswer
	Reply      string
	AnsweredBy roster.PersonID
	AnsweredAt time.Time
	Statement  string // of who asked, where the record was kept as it is (34 CFR 99.21)
}

// Due is the day until which it is to be answered.
func (c Correction) Due() time.Time { return c.At.AddDate(0, 0, CorrectionDays) }

const textMost = 2000

// CheckText reports, as a fault, whether a text is missing or too long.
func CheckText(field, text, missing string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fault.Field(field, "%s", missing)
	case len(text) > textMost:
		return fault.Field(field, "Use at most %d letters.", textMost)
	}
	return nil
}

// Emergency is that somebody opened a record which they may not read otherwise.
type Emergency struct {
	Student roster.PersonID
	Actor   roster.PersonID
	Because string
	At      time.Time
	Until   time.Time
}

// EmergencyFor is how long a record stays open that was opened in an emergency.
const EmergencyFor = time.Hour

// ExportRequest is that somebody wants to take a whole district away as a file. Another
// administrator must agree, and then it may be taken until a day later.
type ExportRequest struct {
	ID       string
	Author   roster.PersonID
	Because  string
	At       time.Time
	AgreedBy roster.PersonID
	AgreedAt time.Time
	Closed   time.Time
}

// exportOpen is how long a request waits for a second person, and then for being taken.
const exportOpen = 24 * time.Hour

// Open reports whether a request still waits for a second person.
func (x ExportRequest) Open(now time.Time) bool {
	return x.Closed.IsZero() && x.AgreedBy == "" && now.Sub(x.At) < exportOpen
}

// Takes reports, as a fault, whether a person may take the district away now.
func (x ExportRequest) Takes(who roster.PersonID, now time.Time) error {
	switch {
	case x.Author != who:
		return fault.New(fault.Forbidden, "Only who asked for the file takes it.")
	case x.AgreedBy == "" || x.AgreedBy == x.Author:
		return fault.New(fault.Forbidden, "A second administrator has to agree first.")
	case !x.Closed.IsZero() || now.Sub(x.AgreedAt) >= exportOpen:
		return fault.New(fault.Forbidden, "This was agreed on too long ago, or the file was taken already. Ask again.")
	}
	return nil
}

// Hold keeps a person's record from being erased, as a court or an open request may ask.
type Hold struct {
	Person  roster.PersonID
	Because string
	Author  roster.PersonID
	At      time.Time
}
