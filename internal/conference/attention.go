package conference

import (
	"slices"
	"time"

	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// Attended is how much attention one student got.
type Attended struct {
	Groups  map[string]string // by dimension, such as "grade": "4"
	Mentor  bool              // there is a named mentor
	Talks   int               // in the window
	Minutes int
	Last    time.Time // the latest talk; zero if never
	Asked   []Asked   // in the window
}

// Asked is something that a student asked an adult: for a talk, what becomes of an own idea, that
// learning outside of school counts.
type Asked struct {
	Student  roster.PersonID
	At       time.Time
	Answered time.Time // zero while it waits
}

// Answering is how soon students were answered. Days are the median over all that was asked; what
// still waits counts as long as it has waited so far, so nobody looks quick by leaving out the slow.
type Answering struct {
	Asked, Waiting int
	Days           float64
	Oldest         float64 // days that the oldest has waited; 0 if nothing waits
}

// Answer summarises how soon things were answered.
func Answer(asked []Asked, now time.Time) (a Answering) {
	var days []float64
	for _, x := range asked {
		end := x.Answered
		if end.IsZero() || end.After(now) {
			end = now
			a.Waiting++
			a.Oldest = max(a.Oldest, now.Sub(x.At).Hours()/24)
		}
		days = append(days, max(0, end.Sub(x.At).Hours()/24))
	}
	slices.Sort(days)
	a.Asked, a.Days = len(asked), stats.Quantile(days, .5)
	return a
}

// Attention is how talks were given to a group of students: counts and means, never of one.
type Attention struct {
	stats.Subgroup
	Students  int
	Talked    float64 // share with a talk in the window
	Talks     float64 // mean number
	Minutes   float64 // mean
	Days      float64 // mean days since the last talk, of those who had one
	P90       float64 // 90th percentile of these days; who never talked counts as the window and one day
	Gini      float64 // of minutes: 0 if all got the same, near 1 if one got all
	Mentored  float64 // share with a named mentor
	Answering Answering
}

// Attend summarises attention over a window of days, for everybody and by dimensions; a
// group with fewer than [mastery.SmallCell] students is suppressed, and with it the smallest
// other one where a single small one could be reckoned back.
func Attend(students []Attended, dimensions []string, window int, now time.Time) []Attention {
	return stats.Subgroups(students, dimensions, func(s Attended) map[string]string { return s.Groups }, mastery.SmallCell, func(g stats.Subgroup, members, _ []Attended) Attention {
		return attend(g, members, window, now)
	})
}

func attend(g stats.Subgroup, students []Attended, window int, now time.Time) Attention {
	a := Attention{Subgroup: g}
	if g.Suppressed {
		return a
	}
	a.Students = len(students)
	n := float64(len(students))
	var days, minutes []float64
	had := 0.0
	var asked []Asked
	for _, s := range students {
		asked = append(asked, s.Asked...)
		a.Talks += float64(s.Talks) / n
		a.Minutes += float64(s.Minutes) / n
		minutes = append(minutes, float64(s.Minutes))
		if s.Talks > 0 {
			a.Talked += 1 / n
		}
		if s.Mentor {
			a.Mentored += 1 / n
		}
		since := float64(window + 1)
		if !s.Last.IsZero() {
			since = now.Sub(s.Last).Hours() / 24
			a.Days += since
			had++
		}
		days = append(days, since)
	}
	a.Days /= max(1, had)
	slices.Sort(days)
	a.Answering = Answer(asked, now)
	a.P90, a.Gini = stats.Quantile(days, .9), stats.Gini(minutes)
	return a
}
