// Package team knows teams of teachers who share students: what they agree on, and whether a
// ninth-grade academy is one in more than name.
package team

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// ID identifies a team of a district.
type ID string

// Kind is what binds a team.
type Kind string

const (
	Grade   Kind = "grade"   // the teachers of a grade
	Subject Kind = "subject" // the teachers of a subject
	Academy Kind = "academy" // a school within the school, for one grade
)

// Kinds are all there are.
var Kinds = []Kind{Grade, Subject, Academy}

// Grades are those for which an academy may be, as CEDS codes.
var Grades = []string{"KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"}

// Team is teachers of a school who share students.
type Team struct {
	ID       ID
	School   roster.OrgID
	Name     string
	Kind     Kind
	Grade    string          // CEDS code; that of an academy
	Space    string          // rooms that are theirs alone
	Lead     roster.PersonID // an administrator who is there for them alone
	Planning string          // when they plan together
	Members  []roster.PersonID
	Author   roster.PersonID
	At       time.Time
	Ended    time.Time
}

// Validate reports, as a fault that names the field, what makes a team unusable.
func (t Team) Validate() error {
	short := func(s string) bool { return utf8.RuneCountInString(s) <= 80 }
	switch {
	case strings.TrimSpace(t.Name) == "" || !short(t.Name):
		return fault.Field("name", "Give the team a name of at most 80 characters.")
	case !slices.Contains(Kinds, t.Kind):
		return fault.Field("kind", "Choose what the team is.")
	case len(t.Members) < 2:
		return fault.Field("member", "A team has two members or more.")
	case t.Kind == Academy && !slices.Contains(Grades, t.Grade):
		return fault.Field("grade", "Say for which grade the academy is.")
	case !short(t.Space):
		return fault.Field("space", "Please use at most 80 characters.")
	case !short(t.Planning):
		return fault.Field("planning", "Please use at most 80 characters.")
	}
	return nil
}

// ItemID identifies an item of a team.
type ItemID string

// Item is something to talk about when the team meets next or, where somebody looks after it until
// a day, to do.
type Item struct {
	ID      ItemID
	Team    ID
	Words   string
	Student roster.PersonID // whom it is about; empty where it is about nobody
	Owner   roster.PersonID // empty as long as it is to be talked about
	Due     roster.Date
	Author  roster.PersonID
	At      time.Time
	Done    time.Time
	Outcome string
}

// Validate reports, as a fault that names the field, what makes an item unusable.
func (i Item) Validate() error {
	switch {
	case strings.TrimSpace(i.Words) == "" || utf8.RuneCountInString(i.Words) > 300:
		return fault.Field("words", "Say what it is about, in at most 300 characters.")
	case i.Owner != "" && i.Due.Time().IsZero():
		return fault.Field("due", "Say until when.")
	case utf8.RuneCountInString(i.Outcome) > 300:
		return fault.Field("outcome", "Please use at most 300 characters.")
	}
	return nil
}

// GiveTo lets one of the team, or who is there for it alone, look after an item; empty lets nobody.
func (i *Item) GiveTo(owner roster.PersonID, t Team) error {
	if owner != "" && owner != t.Lead && !slices.Contains(t.Members, owner) {
		return fault.Field("owner", "Choose somebody of the team.")
	}
	i.Owner = owner
	return nil
}

// Lesson says that a member of a team teaches a student of a grade.
type Lesson struct {
	Teacher, Student roster.PersonID
	Grade            string
}

// Shared returns by how many of the team each student is taught, of those whom two or more teach.
func Shared(lessons []Lesson) map[roster.PersonID]int {
	by := map[roster.PersonID]map[roster.PersonID]bool{}
	for _, l := range lessons {
		if by[l.Student] == nil {
			by[l.Student] = map[roster.PersonID]bool{}
		}
		by[l.Student][l.Teacher] = true
	}
	shared := map[roster.PersonID]int{}
	for s, teachers := range by {
		if len(teachers) > 1 {
			shared[s] = len(teachers)
		}
	}
	return shared
}

// Component is one of the four parts of a ninth-grade academy.
type Component struct {
	Name    string
	There   bool
	Because string
}

// sharedLeast is the share of a grade's students whom two or more of the team teach from which on
// students count as shared.
const sharedLeast = .75

// Components judges the four parts of a ninth-grade academy (Somers and Garcia, MDRC 2016): a space
// of its own, an administrator for it alone, teachers of this grade only, and teams who share both
// students and time to plan. Half of 27 academies had all four after three years, and on average
// they had no effect: this is a measure of fidelity, and promises nothing.
func (t Team) Components(lessons []Lesson) []Component {
	grades := map[roster.PersonID]map[string]bool{}
	own := map[roster.PersonID]bool{}
	for _, l := range lessons {
		if grades[l.Teacher] == nil {
			grades[l.Teacher] = map[string]bool{}
		}
		grades[l.Teacher][l.Grade] = true
		if l.Grade == t.Grade {
			own[l.Student] = true
		}
	}
	only := 0
	for _, m := range t.Members {
		if len(grades[m]) == 1 && grades[m][t.Grade] {
			only++
		}
	}
	shared := 0
	for s := range Shared(lessons) {
		if own[s] {
			shared++
		}
	}
	enough := len(own) > 0 && float64(shared) >= sharedLeast*float64(len(own))
	return []Component{
		{"A space of its own", t.Space != "", cmp.Or(t.Space, "no rooms are named that are theirs alone")},
		{"An administrator for it alone", t.Lead != "", map[bool]string{true: "is named", false: "nobody is named"}[t.Lead != ""]},
		{"Teachers of this grade only", len(t.Members) > 0 && only == len(t.Members), fmt.Sprintf("%d of %d teach this grade only", only, len(t.Members))},
		{"Shared students and time to plan", enough && t.Planning != "", fmt.Sprintf("%d of %d students are taught by two or more of the team; %s", shared, len(own), cmp.Or(t.Planning, "no time to plan together is named"))},
	}
}
