package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// Moment is something that was said, agreed or written by people, with no system to export
// it: exactly one of its parts is set.
type Moment struct {
	At      time.Time
	Student roster.PersonID
	Mentor  roster.PersonID
	Said    *profile.Event
	Goal    *plan.Goal // with its steps; those with a Done are done
	Talk    *conference.Conference
	Agreed  []conference.Commitment // in the talk
	Keeps   bool                    // what was agreed on longest ago is kept
	Asks    *conference.Request
	Item    *plan.Item
	Remark  *plan.Remark
	Outside *plan.Outside
}

// Member is a student with who stands around them.
type Member struct {
	Student  roster.Person
	Teacher  roster.PersonID
	Guardian roster.PersonID // empty if there is none
	// Working is what the student works on, with its words.
	Working []competency.Competency
}

var (
	strengths = []string{"Explains her thinking so that others get it", "Keeps trying another way when stuck", "Sees patterns quickly", "Asks good questions", "Helps others without giving the answer away",
		"Draws what a problem says before solving it", "Works with care", "Notices when something cannot be right"}
	hopes   = []string{"I want to understand why it works", "I want to be faster and still right", "I want to build things", "I want my little brother to ask me for help", "I want to work with animals"}
	likes   = []string{"soccer, drawing", "music, cooking", "space, robots", "animals, trains", "basketball, video games", "fashion, art", "gardening, weather", "cars, money"}
	ways    = []string{"I need quiet to begin", "I like to talk it through first", "Short breaks help me", "I learn best when I see an example", "I like to work with one other person"}
	needs   = []string{"Reading long word problems takes time", "Speaking up in a big group is hard", "Remembering steps when there are many"}
	goals   = []string{"Get sure of %s", "Be able to show %s to somebody else", "Finish %s without help"}
	reasons = []string{"Then the next unit is easier", "I want to help at the store", "I was afraid of it last year", "My sister can do it", "I need it for the robot club"}
	steps   = [][]string{{"Try three every day", "Show one to a friend", "Take the short check"}, {"Watch the example again", "Do the hard one with a partner", "Explain it at the board"}}
	talked  = []string{"Went through the last check together. The idea is clear, the signs are not.", "Chose the next step together and looked at the way to the goal.", "Talked about how homework goes on busy days.",
		"Looked at what helped last time. A drawing first, then numbers.", "Celebrated the goal that was reached. A new one is set."}
	promises = []string{"Draw the problem before solving it", "Bring one question on Monday", "Try the practice on two evenings", "Explain one problem to a partner"}
	helps    = []string{"Find a second example for this", "Make a card with the steps", "Sit together for ten minutes on Thursday"}
	asks     = []string{"I do not get when to turn the sign around", "Can I do a project instead of the worksheet?", "I want to move on to the next unit"}
)

// Life makes what people of a class said to each other in the weeks before a day, oldest
// first. The same members give the same life.
func Life(seed uint64, today time.Time, class []Member) []Moment {
	var all []Moment
	for _, m := range class {
		r := stream(seed, "life/"+string(m.Student.ID))
		all = append(all, m.life(r, today)...)
	}
	slices.SortStableFunc(all, func(a, b Moment) int { return a.At.Compare(b.At) })
	return all
}

// schoolHour is a time on a school day some days before another.
func schoolHour(r *rand.Rand, today time.Time, ago int) time.Time {
	t := today.AddDate(0, 0, -ago)
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, -1)
	}
	return t.Add(time.Duration(8*60+r.IntN(6*60)) * time.Minute)
}

func (m Member) life(r *rand.Rand, today time.Time) (out []Moment) {
	s := m.Student.ID
	add := func(ago int, x Moment) {
		x.At, x.Student = schoolHour(r, today, ago), s
		out = append(out, x)
	}
	say := func(ago int, voice profile.Voice, author roster.PersonID, kind profile.Kind, text string) {
		add(ago, Moment{Said: &profile.Event{Student: s, Do: profile.Said, Kind: kind, Text: text, Visibility: profile.ToStudent, Author: author, Voice: voice}})
	}
	if chance(r, .9) {
		add(75, Moment{Mentor: m.Teacher})
	}
	if chance(r, .8) {
		say(20+r.IntN(150), profile.Staff, m.Teacher, profile.Strength, pick(r, strengths))
	}
	if chance(r, .7) {
		say(5+r.IntN(80), profile.Student, s, profile.Interest, pick(r, likes))
	}
	if chance(r, .4) {
		say(5+r.IntN(160), profile.Student, s, profile.HowIWork, pick(r, ways))
	}
	if chance(r, .3) {
		say(5+r.IntN(60), profile.Student, s, profile.Motivation, pick(r, hopes))
	}
	if chance(r, .2) {
		say(5+r.IntN(100), profile.Staff, m.Teacher, profile.Need, pick(r, needs))
	}
	if m.Guardian != "" && chance(r, .25) {
		say(5+r.IntN(90), profile.Family, m.Guardian, profile.Strength, "At home they build and repair things for hours")
	}
	if len(m.Working) > 0 && chance(r, .55) {
		out = append(out, m.goal(r, today))
	}
	// Who is loud gets more talks, as everywhere; the queue is there to even it out.
	for range int(4 * r.Float64() * r.Float64()) {
		ago := 3 + r.IntN(70)
		talk := &conference.Conference{Student: s, With: m.Teacher, Kind: conference.Talk, Minutes: 6 + r.IntN(12),
			Notes: []conference.Note{{Text: pick(r, talked), Visibility: profile.ToStudent}}}
		agreed := []conference.Commitment{{Student: s, Who: profile.Student, What: pick(r, promises), By: roster.Date(today.AddDate(0, 0, 7-ago).Format(time.DateOnly))}}
		if chance(r, .5) {
			agreed = append(agreed, conference.Commitment{Student: s, Who: profile.Staff, Person: m.Teacher, What: pick(r, helps), By: roster.Date(today.AddDate(0, 0, 10-ago).Format(time.DateOnly))})
		}
		add(ago, Moment{Talk: talk, Agreed: agreed})
		for range agreed {
			if chance(r, .75) {
				add(max(1, ago-5), Moment{Keeps: true})
			}
		}
	}
	if chance(r, .5) {
		add(2+r.IntN(20), Moment{Talk: &conference.Conference{Student: s, With: m.Teacher, Kind: conference.CheckIn, Minutes: 1}})
	}
	if chance(r, .08) {
		add(1+r.IntN(4), Moment{Asks: &conference.Request{Student: s, Author: s, Voice: profile.Student, Text: pick(r, asks)}})
	}
	return out
}

func (m Member) goal(r *rand.Rand, today time.Time) Moment {
	ago := 6 + r.IntN(40)
	c := pick(r, m.Working)
	what := c.Short
	if what == "" {
		what = c.Statement
	}
	g := &plan.Goal{Student: m.Student.ID, Author: m.Student.ID, What: fmt.Sprintf(pick(r, goals), what), Why: pick(r, reasons), Proof: "I can do five in a row and say how",
		Competency: c.ID, Area: plan.Academic, Term: plan.Short, By: roster.Date(today.AddDate(0, 0, 10+r.IntN(60)).Format(time.DateOnly))}
	at := schoolHour(r, today, ago)
	for i, step := range pick(r, steps) {
		x := plan.Step{What: step, Author: m.Student.ID}
		if chance(r, .5-.2*float64(i)) {
			x.Done = at
		}
		g.Steps = append(g.Steps, x)
	}
	return Moment{At: at, Student: m.Student.ID, Goal: g}
}

// Pathway is what stands in the plan of an older student of the demo: what they mean to do,
// what they did outside of school, and what they think of it.
func Pathway(m Member, today time.Time) []Moment {
	s := m.Student.ID
	at := func(ago int) time.Time { return today.AddDate(0, 0, -ago).Add(10 * time.Hour) }
	day := func(days int) roster.Date { return roster.Date(today.AddDate(0, 0, days).Format(time.DateOnly)) }
	var about []competency.ID
	if len(m.Working) > 0 {
		about = []competency.ID{m.Working[0].ID}
	}
	return []Moment{
		{At: at(40), Student: s, Goal: &plan.Goal{Student: s, Author: s, What: "Find out whether I want to work with animals", Why: "I have three rabbits and like the vet", Proof: "I can say yes or no, and why",
			Area: plan.Career, Term: plan.Long, Steps: []plan.Step{{What: "Ask the vet for a day", Author: s, Done: at(30)}, {What: "Help at the shelter for a month", Author: s}}}},
		{At: at(38), Student: s, Item: &plan.Item{Student: s, Kind: plan.Service, Title: "Help at the animal shelter", Place: "Cedar Valley shelter", Begins: day(-30), Ends: day(30), State: plan.Going, Author: s}},
		{At: at(36), Student: s, Item: &plan.Item{Student: s, Kind: plan.Virtual, Title: "Spanish for heritage speakers", Place: "State virtual school", Begins: day(40), Ends: day(150), State: plan.Planned, Author: m.Teacher}},
		{At: at(20), Student: s, Said: &profile.Event{Student: s, Do: profile.Said, Kind: profile.Ability, Text: "Calm with animals and small children", Visibility: profile.ToStudent, Author: m.Teacher, Voice: profile.Staff}},
		{At: at(12), Student: s, Outside: &plan.Outside{Student: s, What: "Weighed and fed the rabbits at the shelter and wrote the table", Place: "Cedar Valley shelter", Kind: plan.AsService, Day: day(-14), Hours: 6, Competencies: about, Author: s}},
		{At: at(10), Student: s, Remark: &plan.Remark{Student: s, Kind: plan.Reflection, Text: "I found out that I like to plan my own week.", Author: s, Party: plan.ByStudent}},
	}
}
