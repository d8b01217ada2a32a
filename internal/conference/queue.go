package conference

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// RuleQueue names the rule that orders whom to talk with.
const RuleQueue = "fair-queue/1"

// Standing is what the queue knows of one student.
type Standing struct {
	Person     roster.Person
	Since      time.Time // the last talk, or, before the first, when the student came
	Never      bool      // there was no talk yet
	Minutes    int       // of talks in the last twelve weeks
	Asked      time.Time // the oldest open request; zero if none
	Stuck      []string  // what has been hard for long, in short
	Reached    []string  // goals reached since the last talk
	StalledFor int       // days since anything moved on the oldest open goal; 0 if none
	NoGoal     bool
	OldProfile bool
	Overdue    int // commitments that should have been kept by now
}

// Place is where a teacher wants a student in the queue.
type Place string

const (
	First      Place = "first"       // before all others
	Later      Place = "later"       // not now
	AsReckoned Place = "as reckoned" // where the queue has them
)

// holds says how long a teacher's order holds, if there is no talk before.
var holds = map[Place]time.Duration{First: 14 * 24 * time.Hour, Later: 3 * 24 * time.Hour, AsReckoned: 14 * 24 * time.Hour}

// Move is that a teacher put a student elsewhere in the queue of a class; what the queue
// said then stays beside it.
type Move struct {
	Class     roster.ClassID
	Student   roster.PersonID
	Place     Place
	Because   string
	Actor     roster.PersonID
	At, Until time.Time
}

// Put makes a move of a turn that holds from now on.
func (t Turn) Put(class roster.ClassID, place Place, actor roster.PersonID, now time.Time) (Move, error) {
	hold, ok := holds[place]
	if !ok {
		return Move{}, fault.Field("do", "Choose what to do: first, later or as reckoned.")
	}
	return Move{class, t.Person.ID, place, t.Because, actor, now, now.Add(hold)}, nil
}

// Placed returns where moves put a student, the latest move first; a talk ends them.
func (t Turn) Placed(moves []Move) Place {
	for _, m := range moves {
		if m.Student == t.Person.ID {
			if t.Never || m.At.After(t.Since) {
				return m.Place
			}
			break
		}
	}
	return AsReckoned
}

// Turn is a student's place in the queue, with its terms, which add up, and its because.
type Turn struct {
	Standing
	Score   float64
	Terms   []Term
	Because string
}

// Term is one part of a place: what it is for, and how much it counts, in days of waiting.
type Term struct {
	Words string
	Days  float64
}

// How much each reason counts, in days of waiting. All but the wait are bounded, so that
// whoever waits long enough comes first, whatever speaks for the others.
const (
	askedDays    = 14.0
	stuckDays    = 4.0 // for each thing, up to mostStuck
	mostStuck    = 3
	reachedDays  = 6.0
	stalledDays  = 5.0
	stalledAfter = 28 // days
	noGoalDays   = 4.0
	profileDays  = 4.0
	overdueDays  = 3.0 // for each commitment, up to mostOverdue
	mostOverdue  = 3
	minuteDays   = 0.2 // for each minute less than the class's median, up to mostMinutes
	mostMinutes  = 30.0
	neverDays    = 10.0
)

// LongestHeadStart is the most, in days of waiting, that all reasons but the wait can add
// up to, one way and the other.
const LongestHeadStart = askedDays + stuckDays*mostStuck + reachedDays + max(stalledDays, noGoalDays) + profileDays + overdueDays*mostOverdue + 2*minuteDays*mostMinutes + neverDays

// Queue orders students by whom to talk with next, and says why.
func Queue(students []Standing, now time.Time) []Turn {
	minutes := make([]float64, len(students))
	for i, s := range students {
		minutes[i] = float64(s.Minutes)
	}
	slices.Sort(minutes)
	median := stats.Quantile(minutes, .5)
	out := make([]Turn, 0, len(students))
	for _, s := range students {
		t := Turn{Standing: s}
		t.rate(median, now)
		for _, x := range t.Terms {
			t.Score += x.Days
		}
		t.Because = t.because()
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Turn) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out
}

func (t *Turn) rate(median float64, now time.Time) {
	add := func(days float64, words string, args ...any) {
		t.Terms = append(t.Terms, Term{fmt.Sprintf(words, args...), days})
	}
	wait := math.Floor(math.Max(0, now.Sub(t.Since).Hours()/24))
	if t.Never {
		add(wait+neverDays, "you have not talked yet")
	} else {
		add(wait, "last talk %s", daysAgo(int(wait)))
	}
	if !t.Asked.IsZero() {
		add(askedDays, "asked for a talk %s", daysAgo(int(now.Sub(t.Asked).Hours()/24)))
	}
	if n := min(mostStuck, len(t.Stuck)); n > 0 {
		add(stuckDays*float64(n), "hard for some time: %s", strings.Join(t.Stuck[:n], "; "))
	}
	if len(t.Reached) > 0 {
		add(reachedDays, "reached a goal: %s", t.Reached[0])
	}
	switch {
	case t.NoGoal:
		add(noGoalDays, "has no goal")
	case t.StalledFor >= stalledAfter:
		add(stalledDays, "nothing has moved on a goal for %d days", t.StalledFor)
	}
	if t.OldProfile {
		add(profileDays, "the profile needs a look")
	}
	if n := min(mostOverdue, t.Overdue); n > 0 {
		word := "commitments are"
		if t.Overdue == 1 {
			word = "commitment is"
		}
		add(overdueDays*float64(n), "%d %s overdue", t.Overdue, word)
	}
	if less := math.Max(-mostMinutes, math.Min(mostMinutes, median-float64(t.Minutes))); less != 0 {
		words := "had %d minutes of talks in twelve weeks, less than most"
		if less < 0 {
			words = "had %d minutes of talks in twelve weeks, more than most"
		}
		add(minuteDays*less, words, t.Minutes)
	}
}

// because says the strongest reasons in a sentence.
func (t *Turn) because() string {
	terms := slices.Clone(t.Terms)
	slices.SortStableFunc(terms, func(a, b Term) int { return cmp.Compare(b.Days, a.Days) })
	var words []string
	for _, x := range terms {
		if len(words) < 3 && x.Days >= 3 {
			words = append(words, x.Words)
		}
	}
	if len(words) == 0 {
		words = append(words, t.Terms[0].Words)
	}
	s := strings.Join(words, "; ")
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func daysAgo(n int) string {
	switch {
	case n <= 0:
		return "today"
	case n == 1:
		return "yesterday"
	}
	return fmt.Sprintf("%d days ago", n)
}
