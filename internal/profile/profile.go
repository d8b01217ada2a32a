// Package profile is the living profile: what a student, their family and staff say side by
// side of strengths, needs, motivations, interests and supports. Nothing is overwritten:
// what is said, confirmed, disputed and ended are events, and a profile is what they add
// up to.
package profile

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/roster"
)

// EntryID identifies an entry of a profile within a district.
type EntryID string

// Kind is what an entry is about.
type Kind string

const (
	Ability    Kind = "ability" // an emerging ability or aptitude
	Strength   Kind = "strength"
	Need       Kind = "need"
	Motivation Kind = "motivation"
	Interest   Kind = "interest"
	HowIWork   Kind = "how-i-work"
	Language   Kind = "language"
	Support    Kind = "support"
)

// Kinds are all kinds, in the order in which a profile shows them.
var Kinds = []Kind{Ability, Strength, Need, Motivation, Interest, HowIWork, Language, Support}

// Voice is who speaks: the student, the family, or staff.
type Voice string

const (
	Student Voice = "student"
	Family  Voice = "family"
	Staff   Voice = "staff"
)

// Visibility is who may read an entry beside its author. Each level holds those after it:
// what a student may read, their family and staff may read too.
type Visibility string

const (
	ToStudent  Visibility = "student"    // the student, the family and staff
	ToFamily   Visibility = "family"     // the family and staff
	ToStaff    Visibility = "staff"      // teachers and leaders
	Restricted Visibility = "restricted" // the author and leaders
)

// Sees reports whether a voice may read entries of a visibility. A leader speaks with the
// voice of staff and reads what is restricted too.
func (v Visibility) Sees(who Voice, leader bool) bool {
	switch v {
	case ToStudent:
		return true
	case ToFamily:
		return who != Student
	case ToStaff:
		return who == Staff
	}
	return leader
}

// Settings are how pages act for a person. The zero Settings change nothing.
type Settings struct {
	Text      string // "large", "larger"
	Spacing   bool   // wide
	Theme     string // "light", "dark", "contrast"; empty is the device's
	Still     bool   // no motion
	Simple    bool   // pictures and one thing at a time
	ReadAloud bool
	Extended  bool // more time: nothing that is timed runs out
	Language  string
}

// Supports are the supports that Waymark acts on, by their code: in pages, or where the
// student is placed.
var Supports = []SupportKind{
	{"text-large", "Larger text", func(s *Settings) { s.Text = "large" }},
	{"text-larger", "Much larger text", func(s *Settings) { s.Text = "larger" }},
	{"spacing", "Wide spacing of letters and lines", func(s *Settings) { s.Spacing = true }},
	{"contrast", "Strong contrast", func(s *Settings) { s.Theme = "contrast" }},
	{"dark", "Dark pages", func(s *Settings) { s.Theme = "dark" }},
	{"light", "Light pages", func(s *Settings) { s.Theme = "light" }},
	{"still", "No motion", func(s *Settings) { s.Still = true }},
	{"simple", "Pictures, one thing at a time", func(s *Settings) { s.Simple = true }},
	{"read-aloud", "Read aloud", func(s *Settings) { s.ReadAloud = true }},
	{"extended-time", "More time", func(s *Settings) { s.Extended = true }},
	{"step-free", "A room without steps", nil},
	{"quiet", "A quiet room", nil},
	{"aide", "An aide nearby", nil},
	{"signing", "Somebody who signs", nil},
}

// SupportKind is a support that Waymark acts on.
type SupportKind struct {
	Code, Words string
	act         func(*Settings) // in pages; nil for a support that a place must give
}

// Place reports whether a room, a session or an adult must give it.
func (k SupportKind) Place() bool { return k.act == nil }

// SupportOf returns the support of a code.
func SupportOf(code string) (SupportKind, bool) {
	i := slices.IndexFunc(Supports, func(s SupportKind) bool { return s.Code == code })
	if i < 0 {
		return SupportKind{}, false
	}
	return Supports[i], true
}

// Doing is what an event does to an entry.
type Doing string

const (
	Said      Doing = "said"       // a new entry
	StillTrue Doing = "still true" // confirmed as it is
	Disputed  Doing = "disputed"   // somebody sees it otherwise
	Noted     Doing = "noted"      // something to add
	Ended     Doing = "ended"      // it holds no longer
)

// Event is one thing that was said about a student. Events are never changed.
type Event struct {
	Entry      EntryID
	Student    roster.PersonID
	Do         Doing
	Kind       Kind // of what is said, and so are the next three
	Text       string
	Code       string // of a support that is acted on
	Visibility Visibility
	Evidence   []evidence.ID // what it rests on
	Author     roster.PersonID
	Voice      Voice
	At         time.Time
}

// MaxText is the longest text of an event, in characters.
const MaxText = 500

// Validate reports, as a fault that names the field, what is missing or not allowed.
func (e Event) Validate() error {
	switch {
	case utf8.RuneCountInString(e.Text) > MaxText:
		return fault.Field("text", "Please use at most %d characters.", MaxText)
	case e.Do == Disputed && strings.TrimSpace(e.Text) == "":
		return fault.Field("text", "Say how you see it.")
	case e.Do == Noted && strings.TrimSpace(e.Text) == "":
		return fault.Field("text", "Write what you want to add.")
	case e.Do != Said:
		return nil
	case !slices.Contains(Kinds, e.Kind):
		return fault.Field("kind", "Choose what it is about.")
	case e.Code != "" && e.Kind != Support:
		return fault.Field("kind", "Only a support is acted on.")
	case strings.TrimSpace(e.Text) == "" && e.Code == "":
		return fault.Field("text", "Write what you want to say.")
	}
	if _, ok := SupportOf(e.Code); e.Code != "" && !ok {
		return fault.Field("code", "There is no such support.")
	}
	switch e.Visibility {
	case ToStudent, ToStaff:
		return nil
	case ToFamily:
		if e.Voice != Student {
			return nil
		}
	case Restricted:
		if e.Voice == Staff {
			return nil
		}
	}
	return fault.Field("visibility", "Choose who may read it.")
}

// Entry is something that holds of a student, with what was said to it.
type Entry struct {
	Event               // as it was said
	Confirmed time.Time // when it was last said or confirmed
	By        roster.PersonID
	Remarks   []Event // disputes and notes, oldest first
	Over      time.Time
}

// StaleAfter is how long an entry is fresh without being confirmed.
const StaleAfter = 120 * 24 * time.Hour

// Stale reports whether nobody has said or confirmed an entry for long.
func (e Entry) Stale(now time.Time) bool { return now.Sub(e.Confirmed) > StaleAfter }

// Disputed reports whether somebody sees an entry otherwise, and nobody has confirmed it since.
func (e Entry) Disputed() bool {
	return slices.ContainsFunc(e.Remarks, func(r Event) bool { return r.Do == Disputed && r.At.After(e.Confirmed) })
}

// Fold returns the entries that events add up to, in the order of kinds, latest first.
func Fold(events []Event) []Entry {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	at := map[EntryID]int{}
	var out []Entry
	for _, e := range events {
		i, ok := at[e.Entry]
		if e.Do == Said {
			if !ok {
				at[e.Entry] = len(out)
				out = append(out, Entry{Event: e, Confirmed: e.At, By: e.Author})
			}
			continue
		}
		if !ok {
			continue
		}
		switch x := &out[i]; e.Do {
		case StillTrue:
			x.Confirmed, x.By, x.Over = e.At, e.Author, time.Time{}
		case Ended:
			x.Over = e.At
		default:
			x.Remarks = append(x.Remarks, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), b.Confirmed.Compare(a.Confirmed))
	})
	return out
}

// Visible returns the entries that somebody may read: their own, and by visibility.
// Remarks are as visible as what they are about.
func Visible(entries []Entry, reader roster.PersonID, who Voice, leader bool) []Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Author != reader && !e.Visibility.Sees(who, leader) })
}

// Holding returns the entries that hold now.
func Holding(entries []Entry) []Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !e.Over.IsZero() })
}

// Act returns how the supports among some entries let pages act.
func Act(entries []Entry) Settings {
	var s Settings
	for _, e := range slices.Backward(Holding(entries)) { // what was said last decides
		if k, ok := SupportOf(e.Code); ok && !k.Place() {
			k.act(&s)
		}
	}
	return s
}

// PlaceSupports returns the codes of the supports among some entries that a place must give.
func PlaceSupports(entries []Entry) (codes []string) {
	for _, e := range Holding(entries) {
		if k, ok := SupportOf(e.Code); ok && k.Place() && !slices.Contains(codes, k.Code) {
			codes = append(codes, k.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

// Topics returns the interests among some entries as topics, to be matched with those of
// materials.
func Topics(entries []Entry) (topics []string) {
	for _, e := range Holding(entries) {
		if e.Kind != Interest {
			continue
		}
		for t := range strings.FieldsFuncSeq(e.Text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
			if t = strings.TrimSpace(t); t != "" {
				topics = append(topics, t)
			}
		}
	}
	return topics
}

// Freshness is how alive a profile is.
type Freshness struct {
	Entries, Stale int
	Touched        time.Time // when somebody last said or confirmed something; zero if never
}

// Fresh measures a profile.
func Fresh(entries []Entry, now time.Time) (f Freshness) {
	for _, e := range Holding(entries) {
		f.Entries++
		if e.Stale(now) {
			f.Stale++
		}
		if e.Confirmed.After(f.Touched) {
			f.Touched = e.Confirmed
		}
	}
	return f
}

// Old reports whether a profile needs to be looked at: it holds nothing, or nobody has
// touched it for long.
func (f Freshness) Old(now time.Time) bool { return f.Entries == 0 || now.Sub(f.Touched) > StaleAfter }
