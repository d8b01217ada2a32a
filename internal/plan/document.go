package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// ItemKind is a kind of learning opportunity (Vermont State Board of Education Rule 2120.2,
// flexible pathways).
type ItemKind string

const (
	Course           ItemKind = "course"
	Virtual          ItemKind = "virtual" // online or blended
	Technical        ItemKind = "cte"     // career and technical education
	WorkBased        ItemKind = "work-based"
	Internship       ItemKind = "internship"
	Service          ItemKind = "service"
	DualEnrolment    ItemKind = "dual-enrolment"
	EarlyCollege     ItemKind = "early-college"
	IndependentStudy ItemKind = "independent-study"
	Community        ItemKind = "community"
)

// ItemKinds are all kinds, in the order in which a form offers them.
var ItemKinds = []ItemKind{Course, Virtual, Technical, WorkBased, Internship, Service, DualEnrolment, EarlyCollege, IndependentStudy, Community}

// ItemState is how far an item of a pathway is.
type ItemState string

const (
	Planned ItemState = "planned"
	Going   ItemState = "going"
	Through ItemState = "done"
	Dropped ItemState = "dropped"
)

// ItemStates are all states, in their order.
var ItemStates = []ItemState{Planned, Going, Through, Dropped}

// ItemID identifies an item of a pathway within a district.
type ItemID string

// Item is one learning opportunity on a student's pathway.
type Item struct {
	ID           ItemID
	Student      roster.PersonID
	Kind         ItemKind
	Title        string
	Place        string // with whom or where; may be empty
	Begins, Ends roster.Date
	State        ItemState
	Author       roster.PersonID
	At, Changed  time.Time
}

// Validate reports, as a fault that names the field, what is missing or not allowed.
func (i Item) Validate() error {
	switch {
	case !slices.Contains(ItemKinds, i.Kind):
		return fault.Field("kind", "Choose what kind of learning it is.")
	case strings.TrimSpace(i.Title) == "":
		return fault.Field("title", "Write what it is.")
	case utf8.RuneCountInString(i.Title) > MaxWhat:
		return fault.Field("title", "Please use at most %d characters.", MaxWhat)
	case utf8.RuneCountInString(i.Place) > MaxWhat:
		return fault.Field("place", "Please use at most %d characters.", MaxWhat)
	case !slices.Contains(ItemStates, i.State):
		return fault.Field("state", "Choose how far it is.")
	}
	for field, day := range map[string]roster.Date{"begins": i.Begins, "ends": i.Ends} {
		if _, err := time.Parse(time.DateOnly, string(day)); day != "" && err != nil {
			return fault.Field(field, "Choose a date, like 2027-01-31.")
		}
	}
	if i.Begins != "" && i.Ends != "" && i.Ends < i.Begins {
		return fault.Field("ends", "Choose a last day that is not before the first.")
	}
	return nil
}

// RemarkKind says what a remark is.
type RemarkKind string

const (
	Comment    RemarkKind = "comment"
	Reflection RemarkKind = "reflection" // the student's own look back
)

// Party is one of those who sign a plan, and who speak in it.
type Party string

const (
	ByStudent  Party = "student"
	BySchool   Party = "school"
	ByGuardian Party = "guardian"
)

// Parties are all parties, in the order in which they sign.
var Parties = []Party{ByStudent, ByGuardian, BySchool}

// Remark is what somebody says of a plan. It is read by the student, the family and staff.
type Remark struct {
	Student roster.PersonID
	Kind    RemarkKind
	Text    string
	Author  roster.PersonID
	Party   Party
	At      time.Time
}

// Validate reports, as a fault that names the field, what is missing or not allowed.
func (r Remark) Validate() error {
	switch {
	case strings.TrimSpace(r.Text) == "":
		return fault.Field("text", "Write what you want to say.")
	case utf8.RuneCountInString(r.Text) > MaxWhy:
		return fault.Field("text", "Please use at most %d characters.", MaxWhy)
	case r.Kind == Reflection && r.Party != ByStudent:
		return fault.Field("kind", "Only the student looks back here; others comment.")
	case r.Kind != Comment && r.Kind != Reflection:
		return fault.Field("kind", "Choose what this is.")
	}
	return nil
}

// Participant is an adult who helps with a plan and has no account: a coach, an employer, an
// interpreter.
type Participant struct {
	ID      string
	Student roster.PersonID
	Name    string
	Part    string // what they do in it
	Author  roster.PersonID
	At      time.Time
}

// Validate reports, as a fault that names the field, what is missing or too long.
func (p Participant) Validate() error {
	switch {
	case strings.TrimSpace(p.Name) == "":
		return fault.Field("name", "Write the name.")
	case utf8.RuneCountInString(p.Name) > MaxWhat:
		return fault.Field("name", "Please use at most %d characters.", MaxWhat)
	case utf8.RuneCountInString(p.Part) > MaxWhat:
		return fault.Field("part", "Please use at most %d characters.", MaxWhat)
	}
	return nil
}

// Document is what a plan says, and what people sign: all that was decided, nothing that
// changes by itself.
type Document struct {
	Student      roster.PersonID `json:"student"`
	Name         string          `json:"name"`
	Grade        string          `json:"grade,omitempty"`
	School       string          `json:"school,omitempty"`
	Profile      []Said          `json:"profile,omitempty"`
	Goals        []GoalText      `json:"goals,omitempty"`
	Pathway      []ItemText      `json:"pathway,omitempty"`
	Supports     []Said          `json:"supports,omitempty"`
	Participants []Said          `json:"participants,omitempty"`
}

// Said is a text in a plan with what it is about and who said it.
type Said struct {
	About string `json:"about"`
	Text  string `json:"text"`
	By    string `json:"by,omitempty"`
}

// GoalText is a goal in a plan.
type GoalText struct {
	What  string      `json:"what"`
	Why   string      `json:"why,omitempty"`
	Proof string      `json:"proof,omitempty"`
	Area  Area        `json:"area,omitempty"`
	Term  Term        `json:"term,omitempty"`
	By    roster.Date `json:"by,omitempty"`
	Steps []string    `json:"steps,omitempty"`
}

// ItemText is an item of the pathway in a plan. How far it is, is no part of what is signed.
type ItemText struct {
	Kind   ItemKind    `json:"kind"`
	Title  string      `json:"title"`
	Place  string      `json:"place,omitempty"`
	Begins roster.Date `json:"begins,omitempty"`
	Ends   roster.Date `json:"ends,omitempty"`
}

// Text returns a goal as a plan has it.
func (g Goal) Text() GoalText {
	t := GoalText{What: g.What, Why: g.Why, Proof: g.Proof, Area: g.Area, Term: g.Term, By: g.By}
	for _, s := range g.Steps {
		t.Steps = append(t.Steps, s.What)
	}
	return t
}

// Text returns an item as a plan has it.
func (i Item) Text() ItemText { return ItemText{i.Kind, i.Title, i.Place, i.Begins, i.Ends} }

// Version returns the document's name: the SHA-256 of its JSON in hexadecimal. The same
// content has the same version.
func (d Document) Version() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic("plan: a document of plain texts does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Empty reports whether there is nothing to sign yet.
func (d Document) Empty() bool { return len(d.Goals) == 0 && len(d.Pathway) == 0 }

// Signature is that somebody signed a version of a plan. It is never changed or taken back.
type Signature struct {
	Student roster.PersonID
	Version string
	Signer  roster.PersonID
	Party   Party
	Name    string // as typed by who signed
	At      time.Time
}

// Standing is how a plan stands: who has signed what it says now, who is missing, and
// when it must be looked at again.
type Standing struct {
	Signed   []Signature // for what it says now, the latest of each signer, in the order of parties
	Earlier  []Signature // for what it said before, latest first
	Missing  []Party     // who has to sign what it says now, or again for the yearly review
	Reviewed time.Time   // when the last review was through; zero if there was none yet
	Due      time.Time   // when the next review must be through; zero if there was none yet
	Overdue  bool        // the yearly review is over time
}

// Complete reports whether nobody has to sign.
func (s Standing) Complete() bool { return len(s.Missing) == 0 }

// Adult is the age from which a student signs without a guardian, in years.
const Adult = 18

// Minor reports whether a student born on a day needs a guardian's signature. Who has no
// day of birth on record counts as a minor.
func Minor(born roster.Date, now time.Time) bool {
	b, err := time.Parse(time.DateOnly, string(born))
	return err != nil || b.AddDate(Adult, 0, 0).After(now)
}

// Holds reports whether what was signed still speaks for what a plan says now: no goal,
// support or item of the pathway is new or other than it was, and no support or item that
// was agreed on is gone. A goal that is reached, a new step, and what people say of
// themselves need no new signature.
func (d Document) Holds(now Document) bool {
	type agreed struct {
		what string
		area Area
		term Term
		by   roster.Date
	}
	had := map[agreed]bool{}
	for _, g := range d.Goals {
		had[agreed{g.What, g.Area, g.Term, g.By}] = true
	}
	for _, g := range now.Goals {
		if !had[agreed{g.What, g.Area, g.Term, g.By}] {
			return false
		}
	}
	return sameSet(d.Pathway, now.Pathway) && sameSet(d.Supports, now.Supports)
}

func sameSet[T comparable](a, b []T) bool {
	n := map[T]int{}
	for _, x := range a {
		n[x]++
	}
	for _, x := range b {
		n[x]--
	}
	for _, c := range n {
		if c != 0 {
			return false
		}
	}
	return true
}

// RenewWithin is how long before the next review is due everybody may sign for it, in days.
const RenewWithin = 60

// Stand works out how a plan stands from all its signatures and what was signed, by version.
// A review is through when the student, the school and, for a minor, a guardian have
// signed, each for what still holds in what the last of them signed; it is good for a year,
// and the next one needs all of them anew.
func Stand(current Document, signed map[string]Document, signatures []Signature, minor bool, now time.Time) Standing {
	signatures = slices.Clone(signatures)
	slices.SortStableFunc(signatures, func(a, b Signature) int { return a.At.Compare(b.At) })
	needed := func(p Party) bool { return p != ByGuardian || minor }
	without := func(have map[Party]Signature) (missing []Party) {
		for _, p := range Parties {
			if _, ok := have[p]; needed(p) && !ok {
				missing = append(missing, p)
			}
		}
		return missing
	}
	var s Standing
	review, holding := map[Party]Signature{}, map[Party]Signature{} // since the last review, and for what it says now
	for _, x := range signatures {
		maps.DeleteFunc(review, func(_ Party, y Signature) bool { return !signed[y.Version].Holds(signed[x.Version]) })
		review[x.Party] = x
		if len(without(review)) == 0 {
			s.Reviewed = x.At
			clear(review)
		}
		if !signed[x.Version].Holds(current) {
			s.Earlier = append(s.Earlier, x)
			continue
		}
		holding[x.Party] = x
		s.Signed = slices.DeleteFunc(s.Signed, func(y Signature) bool { return y.Party == x.Party && y.Signer == x.Signer })
		s.Signed = append(s.Signed, x)
	}
	slices.Reverse(s.Earlier)
	slices.SortStableFunc(s.Signed, func(a, b Signature) int { return slices.Index(Parties, a.Party) - slices.Index(Parties, b.Party) })
	s.Missing = without(holding)
	if !s.Reviewed.IsZero() {
		s.Due = s.Reviewed.AddDate(1, 0, 0)
		s.Overdue = now.After(s.Due)
		if len(s.Missing) == 0 && now.After(s.Due.AddDate(0, 0, -RenewWithin)) {
			s.Missing = without(review)
		}
	}
	return s
}
