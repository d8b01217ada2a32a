package plan

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// ChoiceID identifies a choice within a district.
type ChoiceID string

// Choice is what a student made of an offer: took something out of it, asked for something
// else, or proposed an own idea. What was offered stays on record, so that a school can see
// whether real choice was given.
type Choice struct {
	ID         ChoiceID
	Student    roster.PersonID
	Competency competency.ID
	Material   material.ID // what was taken; empty if nothing was
	Own        string      // the student's own idea; empty if it is none
	Why        string      // why the own idea fits
	Because    string      // the reason that was shown
	Rule       string      // the rule and version that proposed it
	Offered    []material.ID
	At         time.Time
	Answer     Answer // of staff to an own idea
	Reply      string // what they said with it
	AnsweredBy roster.PersonID
	Answered   time.Time
	Done       time.Time // zero while it is open
	Outcome    Outcome   // how it went; empty if nobody said
	Passed     []int     // checkpoints of the material that are passed, from 0
}

// Answer is what staff say to an own idea.
type Answer string

const (
	Waiting Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

// Outcome is how a student says that it went.
type Outcome string

const (
	Well    Outcome = "well"
	Hard    Outcome = "hard"
	Stopped Outcome = "stopped" // not finished
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Well, Hard, Stopped}

// Taken reports whether something was taken out of what was offered.
func (c Choice) Taken() bool { return c.Material != "" }

// Idea reports whether it is an own idea.
func (c Choice) Idea() bool { return c.Own != "" }

// Declined reports whether the student asked for something else than what was offered.
func (c Choice) Declined() bool { return !c.Taken() && !c.Idea() }

// Open reports whether there is something to do about it.
func (c Choice) Open() bool { return c.Done.IsZero() && !c.Declined() }

// ValidateIdea reports, as a fault that names the field, what an own idea lacks.
func (c Choice) ValidateIdea() error {
	switch {
	case strings.TrimSpace(c.Own) == "":
		return fault.Field("own", "Write what you would like to do.")
	case utf8.RuneCountInString(c.Own) > MaxWhat:
		return fault.Field("own", "Please use at most %d characters.", MaxWhat)
	case utf8.RuneCountInString(c.Why) > MaxWhy:
		return fault.Field("why", "Please use at most %d characters.", MaxWhy)
	}
	return nil
}

// Tally counts what became of offers.
type Tally struct {
	Offers   int // times that somebody chose, asked for something else, or proposed
	Options  int // in these offers together, without those beside which an own idea stands
	Taken    int
	Declined int
	Ideas    int
	Agreed   int // of the ideas
	Refused  int
	Finished int // of what was taken and agreed
	Well     int
	Hard     int
	Stopped  int
}

// Count tallies choices.
func Count(choices []Choice) (t Tally) {
	for _, c := range choices {
		t.Offers++
		if !c.Idea() {
			t.Options += len(c.Offered)
		}
		switch {
		case c.Taken():
			t.Taken++
		case c.Idea():
			t.Ideas++
			switch c.Answer {
			case Yes:
				t.Agreed++
			case No:
				t.Refused++
			}
		default:
			t.Declined++
			continue
		}
		if c.Done.IsZero() || c.Idea() && c.Answer != Yes {
			continue
		}
		t.Finished++
		switch c.Outcome {
		case Well:
			t.Well++
		case Hard:
			t.Hard++
		case Stopped:
			t.Stopped++
		}
	}
	return t
}

// Rate is the share of offers out of which something was taken, or an own idea agreed; 0
// if there was no offer.
func (t Tally) Rate() float64 { return share(t.Taken+t.Agreed, t.Offers) }

// Breadth is how many options an offer held, on average.
func (t Tally) Breadth() float64 {
	if t.Offers == t.Ideas {
		return 0
	}
	return float64(t.Options) / float64(t.Offers-t.Ideas)
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Chooser is one student with their choices and groups, such as "grade": "4".
type Chooser struct {
	Groups  map[string]string
	Choices []Choice
}

// Choosing is what a group of students made of offers: counts and means, never of one.
type Choosing struct {
	stats.Subgroup
	Students int
	Chose    float64 // share of students who took something or had an idea agreed
	Tally
}

// Choose summarises choices for everybody and by dimensions; a group of fewer than least
// students, or of whom fewer have been offered anything, is suppressed, and what would give
// it away with it.
func Choose(students []Chooser, dimensions []string, least int) []Choosing {
	if len(students) < least {
		return []Choosing{{Subgroup: stats.Subgroup{Dimension: stats.Everybody, Suppressed: true}}}
	}
	out := []Choosing{choosing(stats.Subgroup{Dimension: stats.Everybody}, students)}
	for _, d := range dimensions {
		cells := stats.Cells(students, func(s Chooser) string { return s.Groups[d] }, least)
		offered := make([]int, len(cells))
		for i, c := range cells {
			for _, s := range c.Members {
				if len(s.Choices) > 0 {
					offered[i]++
				}
			}
		}
		few := stats.Suppressed(offered, least)
		for i, c := range cells {
			g := stats.Subgroup{Dimension: d, Group: c.Name, Suppressed: c.Suppressed || few[i]}
			if g.Suppressed {
				out = append(out, Choosing{Subgroup: g})
			} else {
				out = append(out, choosing(g, c.Members))
			}
		}
	}
	return out
}

func choosing(g stats.Subgroup, students []Chooser) Choosing {
	var all []Choice
	chose := 0
	for _, s := range students {
		all = append(all, s.Choices...)
		if slices.ContainsFunc(s.Choices, func(c Choice) bool { return c.Taken() || c.Answer == Yes }) {
			chose++
		}
	}
	return Choosing{Subgroup: g, Students: len(students), Chose: share(chose, len(students)), Tally: Count(all)}
}
