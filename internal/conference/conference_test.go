package conference_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/conference"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

var day0 = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)

func student(n int) roster.Person {
	return roster.Person{ID: roster.PersonID(fmt.Sprintf("s%02d", n))}
}

func TestQueueSaysWhy(t *testing.T) {
	t.Parallel()
	now := day0.AddDate(0, 0, 60)
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	list := conference.Queue([]conference.Standing{
		{Person: student(1), Since: days(3), Minutes: 40},
		{Person: student(2), Since: days(20), Minutes: 20, Stuck: []string{"Equal fractions", "Area"}, OldProfile: true},
		{Person: student(3), Since: days(9), Minutes: 20, Asked: days(2), Reached: []string{"Read a book"}},
		{Person: student(4), Since: days(60), Never: true, NoGoal: true},
	}, now)
	var order []string
	for _, x := range list {
		order = append(order, string(x.Person.ID))
		sum := 0.0
		for _, term := range x.Terms {
			sum += term.Days
		}
		if sum != x.Score || !strings.HasSuffix(x.Because, ".") {
			t.Errorf("%s: terms add up to %v, the score is %v; because %q", x.Person.ID, sum, x.Score, x.Because)
		}
	}
	if want := []string{"s04", "s02", "s03", "s01"}; !slices.Equal(order, want) {
		t.Errorf("the order is %v; want %v", order, want)
	}
	for i, want := range []string{"You have not talked yet", "Last talk 20 days ago; hard for some time: Equal fractions; Area", "Asked for a talk 2 days ago", "Last talk 3 days ago"} {
		if !strings.Contains(list[i].Because, want) {
			t.Errorf("because %q; want %q", list[i].Because, want)
		}
	}
}

// year lets a teacher of 28 hold two talks on each school day of a year, with whom pick
// says, and returns the longest wait and the Gini coefficient of minutes. Some students ask
// often, some are often stuck, and some never draw attention.
func year(pick func([]conference.Standing, time.Time) int) (longest int, gini float64) {
	const students, talks = 28, 2
	rng := rand.New(rand.NewPCG(3, 3))
	all := make([]conference.Standing, students)
	type talk struct {
		at      int
		minutes int
	}
	held := make([][]talk, students)
	for i := range all {
		all[i] = conference.Standing{Person: student(i), Since: day0, Never: true}
	}
	for day := range 280 {
		if day%7 > 4 {
			continue
		}
		now := day0.AddDate(0, 0, day)
		for i := range all {
			s := &all[i]
			if loud := i < 8; loud && s.Asked.IsZero() && rng.Float64() < .25 {
				s.Asked = now
			}
			if i%5 == 0 && len(s.Stuck) < 3 && rng.Float64() < .1 {
				s.Stuck = append(s.Stuck, "something")
			}
			s.NoGoal, s.OldProfile = i%7 == 0, i%9 == 0
			s.Minutes = 0
			for _, x := range held[i] {
				if x.at > day-84 {
					s.Minutes += x.minutes
				}
			}
			longest = max(longest, int(now.Sub(s.Since).Hours()/24))
		}
		for range talks {
			i := pick(all, now)
			minutes := 8 + rng.IntN(8)
			held[i] = append(held[i], talk{day, minutes})
			all[i].Since, all[i].Never, all[i].Asked, all[i].Stuck = now, false, time.Time{}, nil
		}
	}
	var minutes []float64
	for _, list := range held {
		sum := 0.0
		for _, x := range list {
			sum += float64(x.minutes)
		}
		minutes = append(minutes, sum)
	}
	return longest, stats.Gini(minutes)
}

// The queue starves nobody in a year: with 28 students and two talks a day nobody waits
// longer than a round and the most that reasons can count; first come, first served leaves
// those who never ask without a talk.
func TestQueueStarvesNobody(t *testing.T) {
	t.Parallel()
	at := func(s []conference.Standing, id roster.PersonID) int {
		return slices.IndexFunc(s, func(x conference.Standing) bool { return x.Person.ID == id })
	}
	longest, gini := year(func(s []conference.Standing, now time.Time) int { return at(s, conference.Queue(s, now)[0].Person.ID) })
	served, unfair := year(func(s []conference.Standing, now time.Time) int {
		best := -1
		for i, x := range s {
			if !x.Asked.IsZero() && (best < 0 || x.Asked.Before(s[best].Asked)) {
				best = i
			}
		}
		if best < 0 {
			return int(now.Unix()/86400) % 8 // nobody asks: whoever is near
		}
		return best
	})
	t.Logf("fair queue: longest wait %d days, Gini %.2f; first come, first served: %d days, Gini %.2f", longest, gini, served, unfair)
	if round := 28 / 2 * 7 / 5; longest > round+int(conference.LongestHeadStart) || longest > 60 {
		t.Errorf("somebody waited %d days", longest)
	}
	if gini > .25 || gini > unfair/2 {
		t.Errorf("Gini %.2f; first come, first served %.2f", gini, unfair)
	}
}

// Whoever waits longer than all other reasons together comes first.
func TestWaitingDecidesInTheEnd(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	now := day0.AddDate(1, 0, 0)
	for range 300 {
		all := []conference.Standing{{Person: student(0), Since: now.AddDate(0, 0, -int(conference.LongestHeadStart)-41), Minutes: 200}}
		for i := range 10 {
			s := conference.Standing{Person: student(i + 1), Since: now.AddDate(0, 0, -rng.IntN(40)), Minutes: rng.IntN(90), Overdue: rng.IntN(5), OldProfile: rng.IntN(2) == 0, NoGoal: rng.IntN(2) == 0, Never: rng.IntN(2) == 0}
			if rng.IntN(2) == 0 {
				s.Asked = now
			}
			for range rng.IntN(5) {
				s.Stuck = append(s.Stuck, "x")
			}
			all = append(all, s)
		}
		if first := conference.Queue(all, now)[0]; first.Person.ID != "s00" {
			t.Fatalf("%s comes before who waited longest: %+v", first.Person.ID, first.Terms)
		}
	}
}

func TestBriefAsks(t *testing.T) {
	t.Parallel()
	b := conference.Brief{Gains: []string{"Add fractions"}, Stuck: []string{"Area"}, Goals: []plan.Goal{{What: "Read a book"}},
		Open:     []conference.Commitment{{What: "bring the book", Who: profile.Student, By: "2026-08-01"}},
		Prepared: []conference.Request{{Text: "my project"}}}
	b.Ask(day0)
	want := []string{"my project", "bring the book", "Add fractions", "Area"}
	if len(b.Questions) != len(want) {
		t.Fatalf("questions %q", b.Questions)
	}
	for i, w := range want {
		if !strings.Contains(b.Questions[i], w) {
			t.Errorf("question %d is %q; want one about %q", i+1, b.Questions[i], w)
		}
	}
	empty := conference.Brief{}
	empty.Ask(day0)
	if len(empty.Questions) < 2 {
		t.Errorf("of nothing known, only %q is asked", empty.Questions)
	}
}

func TestAttend(t *testing.T) {
	t.Parallel()
	now := day0.AddDate(0, 0, 90)
	var all []conference.Attended
	for i := range 24 {
		a := conference.Attended{Groups: map[string]string{"grade": "4"}, Mentor: i%2 == 0}
		if i >= 18 {
			a.Groups["grade"] = "5"
		}
		if i < 12 {
			a.Talks, a.Minutes, a.Last = 2, 20, now.AddDate(0, 0, -10)
		}
		if i < 3 { // answered after 2 days, after 4, and not yet after 9
			a.Asked = []conference.Asked{{At: now.AddDate(0, 0, -9), Answered: now.AddDate(0, 0, -9+2*(i+1))}}
			if i == 2 {
				a.Asked[0].Answered = time.Time{}
			}
		}
		all = append(all, a)
	}
	list := conference.Attend(all, []string{"grade"}, 84, now)
	everybody := list[0]
	if everybody.Students != 24 || everybody.Talked != .5 || everybody.Talks != 1 || everybody.Days != 10 || everybody.P90 != 85 || everybody.Gini != .5 || everybody.Mentored != .5 {
		t.Errorf("everybody: %+v", everybody)
	}
	if a := everybody.Answering; a.Asked != 3 || a.Waiting != 1 || a.Days != 4 || a.Oldest != 9 {
		t.Errorf("answers: %+v", a)
	}
	for _, g := range list[1:] {
		if !g.Suppressed || g.Students != 0 {
			t.Errorf("grade %s of 18 and 6 students is shown: %+v", g.Group, g)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, bad := range []interface{ Validate() error }{
		conference.Conference{Kind: conference.Talk, Minutes: -1}, conference.Conference{Kind: "party"},
		conference.Conference{Kind: conference.Talk, Notes: []conference.Note{{Text: " ", Visibility: profile.ToStudent}}},
		conference.Conference{Kind: conference.Talk, Notes: []conference.Note{{Text: "x", Visibility: "everybody"}}},
		conference.Commitment{What: "", Who: profile.Student}, conference.Commitment{What: "x", Who: "dog"}, conference.Commitment{What: "x", Who: profile.Family, By: "soon"},
		conference.Request{Text: ""}, conference.Request{Text: strings.Repeat("x", conference.MaxRequest+1)},
	} {
		if bad.Validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
