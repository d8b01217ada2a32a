// Package company knows with whom students spend the time that a school has written down, and
// where the time of its adults goes.
package company

import (
	"math"

	"waymark/internal/flex"
	"waymark/internal/material"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// Time is what one student did in some weeks, in minutes.
type Time struct {
	Groups map[string]string // of which subgroup, by dimension
	Screen float64           // alone, on a screen
	Alone  float64           // alone, without one
	Others float64           // with other students
	Adult  float64           // with an adult

	// Planned and Held are the part of it that an adult meant to have, and had, for the student
	// alone: talks, and the student's share of conferences in flex time.
	Planned, Held float64
}

// Work is what a student chose and finished, or did in a product: minutes of one kind.
type Work struct {
	Student roster.PersonID
	Social  material.Social
	Screen  bool
	Minutes float64
}

// Work adds work; what is not told with whom, is not counted.
func (t *Time) Work(w Work) {
	switch {
	case w.Social == material.Pair || w.Social == material.Group:
		t.Others += w.Minutes
	case w.Social == material.Alone && w.Screen:
		t.Screen += w.Minutes
	case w.Social == material.Alone:
		t.Alone += w.Minutes
	}
}

// Flex adds a block of flex time in a session with so many students, which took place for the
// student or was missed.
func (t *Time) Flex(purpose flex.Purpose, students int, minutes float64, came bool) {
	if purpose == flex.Conference {
		own := minutes / float64(max(1, students))
		if t.Planned += own; came {
			t.Held += own
			t.Adult += own
			t.Alone += minutes - own
		}
		return
	}
	switch {
	case !came:
	case purpose == flex.Study:
		t.Alone += minutes
	case purpose == flex.Club:
		t.Others += minutes
	default:
		t.Adult += minutes
	}
}

// Talk adds a talk with an adult.
func (t *Time) Talk(minutes float64) {
	t.Planned, t.Held, t.Adult = t.Planned+minutes, t.Held+minutes, t.Adult+minutes
}

func (t Time) sum() float64 { return t.Screen + t.Alone + t.Others + t.Adult }

// Share is how a group of students spent their time.
type Share struct {
	stats.Subgroup
	Students                     int
	Minutes                      float64 // of a student, mean
	Screen, Alone, Others, Adult float64 // shares of all minutes of the group; NaN where there are none
	Planned, Held                float64 // minutes of a student, mean
}

// Shares tells it by subgroup. Subgroups of fewer than least students are suppressed, and with them
// what would give them away.
func Shares(all []Time, dimensions []string, least int) []Share {
	return stats.Subgroups(all, dimensions, func(t Time) map[string]string { return t.Groups }, least, func(g stats.Subgroup, members, _ []Time) Share {
		if g.Suppressed {
			return Share{Subgroup: g}
		}
		return shareOf(g, members)
	})
}

func shareOf(g stats.Subgroup, members []Time) Share {
	var t Time
	for _, m := range members {
		t.Screen, t.Alone, t.Others, t.Adult = t.Screen+m.Screen, t.Alone+m.Alone, t.Others+m.Others, t.Adult+m.Adult
		t.Planned, t.Held = t.Planned+m.Planned, t.Held+m.Held
	}
	n, all := float64(len(members)), t.sum()
	if all == 0 {
		all = math.NaN()
	}
	return Share{Subgroup: g, Students: len(members), Minutes: t.sum() / n, Screen: t.Screen / all, Alone: t.Alone / all, Others: t.Others / all, Adult: t.Adult / all,
		Planned: t.Planned / n, Held: t.Held / n}
}

// Adult is what one adult of a school does.
type Adult struct {
	Person  roster.PersonID
	Classes int // taught
	Shared  int // of those, with another teacher
	Aide    int // classes as an aide
	Mentees int
	Flags   int // looked after
	Talks   int // minutes of talks
	Flex    map[flex.Purpose]int
}

// Flexed is the sum of minutes in flex time.
func (a Adult) Flexed() (minutes int) {
	for _, n := range a.Flex {
		minutes += n
	}
	return minutes
}
