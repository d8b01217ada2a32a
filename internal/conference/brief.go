package conference

import (
	"fmt"
	"time"

	"waymark/internal/plan"
	"waymark/internal/profile"
)

// Brief is what is good to know before a talk: one page, read in a minute.
type Brief struct {
	Since       time.Time // the last talk; zero if there was none
	Gains       []string  // what went up since
	Stuck       []string  // what has been hard for long
	LookBacks   []string  // what could be done and was not shown for long
	Chosen      []Chosen  // what the student took since
	Kept        []Commitment
	Open        []Commitment
	Prepared    []Request // what the student and the family want to talk about
	Goals       []plan.Goal
	Unconfirmed []profile.Entry // entries that need a look
	Disputed    []profile.Entry
	Questions   []string // suggested
}

// Chosen is something that a student took, and whether it is finished.
type Chosen struct {
	Title    string
	Finished bool
}

// most questions that are suggested.
const mostQuestions = 4

// Ask suggests questions by what the brief holds, the most pressing first; each asks the
// student, not about them.
func (b *Brief) Ask(now time.Time) {
	var q []string
	add := func(format string, args ...any) { q = append(q, fmt.Sprintf(format, args...)) }
	if len(b.Prepared) > 0 {
		add("You wanted to talk about “%s”. Where shall we begin?", b.Prepared[0].Text)
	}
	for _, c := range b.Open {
		if c.Overdue(now) && c.Who == profile.Student {
			add("You meant to “%s”. What got in the way, and what would help?", c.What)
			break
		}
	}
	if len(b.Gains) > 0 {
		add("“%s” goes better now. What did you do that worked?", b.Gains[0])
	}
	if len(b.Stuck) > 0 {
		add("“%s” has been hard. Which part is clear, and where does it stop making sense?", b.Stuck[0])
	}
	for _, g := range b.Goals {
		if g.Done.IsZero() {
			add("How is your goal “%s” going? What is the next small step?", g.What)
			break
		}
	}
	if len(b.Disputed) > 0 {
		add("Somebody sees “%s” differently. How do you see it today?", b.Disputed[0].Text)
	} else if len(b.Unconfirmed) > 0 {
		add("Your profile says “%s”. Is that still true?", b.Unconfirmed[0].Text)
	}
	if len(b.Goals) == 0 {
		add("What would you like to be able to do by the end of the term?")
	}
	add("What should I know that the numbers do not show?")
	b.Questions = q[:min(mostQuestions, len(q))]
}
