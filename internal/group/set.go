package group

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// SetID identifies the groups of a class that were made together.
type SetID string

// Set is groups that were made together, for a purpose and until a day: of a class, or of
// several, of which one keeps them.
type Set struct {
	ID       SetID
	Class    roster.ClassID
	Classes  []roster.ClassID // all of them, the one that keeps it first
	Plan     Plan
	Title    string
	Instance Instance
	Solution Solution
	Author   roster.PersonID
	At       time.Time
	Used     time.Time // zero while nobody but its author works with it
	Ended    time.Time
}

// Until is the last day of the groups.
func (s Set) Until() roster.Date { return roster.Date(s.Instance.Until) }

// Running reports whether the groups are in use on a day.
func (s Set) Running(now time.Time) bool {
	return !s.Used.IsZero() && s.Ended.IsZero() && string(s.Until()) >= now.Format(time.DateOnly)
}

// Asks reports whether the members are asked how it was: from two days before the end to a
// week after.
func (s Set) Asks(now time.Time) bool {
	if s.Used.IsZero() {
		return false
	}
	end := s.Until().Time()
	if !s.Ended.IsZero() && s.Ended.Before(end) {
		end = s.Ended
	}
	return now.After(end.AddDate(0, 0, -2)) && now.Before(end.AddDate(0, 0, 8))
}

// Validate reports, as a fault that names the field, what makes a set unusable.
func (s Set) Validate(now time.Time) error {
	until := s.Until().Time()
	switch {
	case s.Instance.Least < 2: // alone, a child would be told on by what the score says of balance
		return fault.Field("least", "A group has two students or more.")
	case strings.TrimSpace(s.Title) == "" || utf8.RuneCountInString(s.Title) > 80:
		return fault.Field("title", "Give the groups a name of at most 80 characters.")
	case until.IsZero() || !until.After(now):
		return fault.Field("until", "Choose the last day of the groups. They end by themselves.")
	case until.After(now.AddDate(0, 0, 70)):
		return fault.Field("until", "Groups last ten weeks at most, so that they do not become tracks. Make new ones then.")
	}
	if err := s.Instance.Check(); err != nil {
		f := fault.FieldOf(err)
		if !slices.Contains([]string{"least", "number", "groups", "minutes", "students"}, f) {
			f = "least"
		}
		return fault.Field(f, "%s", fault.Sentence(err))
	}
	return nil
}

// Move puts a student into another group and works out anew what that is worth.
func (s *Set) Move(student, to string) error {
	from := -1
	target := -1
	for i, g := range s.Solution.Groups {
		if slices.Contains(g.Students, student) {
			from = i
		}
		if g.ID == to {
			target = i
		}
	}
	if from < 0 || target < 0 {
		return fault.Field("to", "Choose a group that is there.")
	}
	if from != target && len(s.Solution.Groups[from].Students) <= s.Instance.Least {
		return fault.New(fault.Conflict, "This would leave fewer than %d in the group. Move somebody there first.", s.Instance.Least)
	}
	if from != target {
		a, b := &s.Solution.Groups[from], &s.Solution.Groups[target]
		a.Students = slices.DeleteFunc(slices.Clone(a.Students), func(id string) bool { return id == student })
		b.Students = append(slices.Clone(b.Students), student)
		rng := rand.New(rand.NewPCG(s.Solution.Seed, 0x4d4f5645))
		for _, g := range []*Proposed{a, b} {
			g.Roles = roles(&s.Instance, g.Students, rng)
		}
		for i := range s.Instance.Groups { // a person's move outweighs a lock
			s.Instance.Groups[i].Locked = slices.DeleteFunc(s.Instance.Groups[i].Locked, func(id string) bool { return id == student })
		}
	}
	s.Rescore()
	return nil
}

// Rescore judges the groups as they are.
func (s *Set) Rescore() {
	r := Judge(&s.Instance, &s.Solution)
	s.Solution.Score, s.Solution.Parts, s.Solution.Fairness, s.Solution.Unmet = r.Score, r.Parts, r.Fairness, r.Broken
	s.Solution.Status = OK
	if !r.OK {
		s.Solution.Status = Conflict
	}
}

// Held are the roles that were held in these groups, before and now.
func (s Set) Held() []Role {
	held := slices.Clone(s.Plan.Past)
	for _, g := range s.Solution.Groups {
		held = append(held, g.Roles...)
	}
	return held
}

// Rotate gives every role to somebody else where it can, and keeps who had which.
func (s *Set) Rotate() {
	for _, g := range s.Solution.Groups {
		s.Plan.Past = append(s.Plan.Past, g.Roles...)
	}
	Rotate(&s.Instance, &s.Solution, s.Solution.Seed)
}

// Lock keeps a student in a group while the rest is proposed anew, or lets them go.
func (s *Set) Lock(student string) {
	s.told()
	for i, g := range s.Solution.Groups {
		if slices.Contains(g.Students, student) {
			locked := &s.Instance.Groups[i].Locked
			if at := slices.Index(*locked, student); at >= 0 {
				*locked = slices.Delete(*locked, at, at+1)
			} else {
				*locked = append(*locked, student)
			}
		}
	}
}

// told makes the groups of the solution those of the instance, so that students can be kept in
// them.
func (s *Set) told() {
	if len(s.Instance.Groups) > 0 {
		return
	}
	s.Instance.Number = 0
	for _, g := range s.Solution.Groups {
		s.Instance.Groups = append(s.Instance.Groups, Group{ID: g.ID})
	}
}

// Locked reports whether a student is kept where they are.
func (s Set) Locked(student string) bool {
	return slices.ContainsFunc(s.Instance.Groups, func(g Group) bool { return slices.Contains(g.Locked, student) })
}

// Pulse is what one member says after group work, without a name: how much of 1 to 4 each of
// three sentences holds.
type Pulse struct {
	Set       SetID
	Relevance int // it was about something that matters to me
	Inclusion int // my ideas counted
	Support   int // the teacher helped when we needed it
	Groups    map[string]string
}

// Valid reports whether all three are answered.
func (p Pulse) Valid() bool {
	for _, v := range []int{p.Relevance, p.Inclusion, p.Support} {
		if v < 1 || v > 4 {
			return false
		}
	}
	return true
}
