package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/group"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/team"
)

// together lets the students of a teacher work in groups: one set has ended and its members said how
// it was, one is in use, over two classes.
func together(ctx context.Context, db *store.DB, c *clock, d roster.DistrictID, cat *propose.Catalogue, teacher roster.Person, classes []roster.Class, seed uint64, today time.Time) error {
	if len(classes) < 2 {
		return nil
	}
	defer func() { c.at = time.Time{} }()
	rng := rand.New(rand.NewPCG(seed, 0x47525550))
	over := group.Set{Class: classes[0].ID, Title: "Build a bridge of paper", Author: teacher.ID}
	over.Plan.Task = group.Task{Product: "A bridge of paper that holds a book", Pieces: "Each has one rule of bridges on a card", Norms: "Everybody tries before anybody decides",
		Alone: "Each draws the forces in the bridge alone, at the end", Reflect: "What did somebody else see that you did not?"}
	now := group.Set{Class: classes[0].ID, Classes: []roster.ClassID{classes[1].ID}, Title: "What we need now", Author: teacher.ID}
	now.Plan.Task = group.Task{Product: "Three problems with the way to the answer", Norms: "One explains, one asks, one writes; then you change"}
	now.Plan.Rotation = group.Stations.Begin()
	for _, x := range []struct {
		set     group.Set
		purpose group.Purpose
		classes []roster.Class
		from    int
		days    int
		roles   []string
	}{
		{over, group.Project, classes[:1], 45, 18, []string{"builder", "speaker", "writer"}},
		{now, group.SharedNeed, classes[:2], 4, 17, []string{"asker", "writer"}},
	} {
		c.at = today.AddDate(0, 0, -x.from).Add(9 * time.Hour)
		in, err := groupsOf(ctx, db, d, cat, x.classes, c.at)
		if err != nil {
			return err
		}
		in.Purpose, in.Roles, in.Until = x.purpose, x.roles, today.AddDate(0, 0, x.days-x.from).Format(time.DateOnly)
		set := x.set
		set.Instance = *in
		set.Solution = *group.Propose(ctx, in, seed)
		group.Explain(&set.Instance, &set.Solution, func(id string) string { return id })
		if set.ID, err = db.AddGroupSet(ctx, d, set); err != nil {
			return err
		}
		set.Used = c.at
		if x.from > x.days { // over, with its roles turned once
			set.Rotate()
		}
		if err := db.ChangeGroupSet(ctx, d, set); err != nil {
			return err
		}
		if x.from <= x.days {
			continue
		}
		c.at = today.AddDate(0, 0, x.days-x.from).Add(10 * time.Hour)
		for _, st := range in.Students {
			if rng.IntN(8) == 0 {
				continue
			}
			answer := func(usual int) int { return max(1, min(4, usual-rng.IntN(2)+rng.IntN(2))) }
			if err := db.SayPulse(ctx, d, roster.PersonID(st.ID), set.Class, set.ID, group.Pulse{Relevance: answer(3), Inclusion: answer(3), Support: answer(4), Groups: st.Subgroups}); err != nil {
				return err
			}
		}
	}
	c.at = today.AddDate(0, 0, -3)
	return tutoring(ctx, db, d, classes[0], today)
}

// groupsOf says of the students of some classes what groups are made of.
func groupsOf(ctx context.Context, db *store.DB, d roster.DistrictID, cat *propose.Catalogue, classes []roster.Class, at time.Time) (*group.Instance, error) {
	in := &group.Instance{Schema: group.InstanceSchema, Least: 3, Most: 5}
	for _, class := range classes {
		people, err := db.People(ctx, d, class.ID, roster.Student)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			belongs, err := db.SubgroupsOf(ctx, d, []roster.PersonID{p.ID})
			if err != nil {
				return nil, err
			}
			st := group.Student{ID: string(p.ID), Subgroups: map[string]string{}}
			for k, g := range belongs[p.ID] {
				if g != "" && k != "grade" {
					st.Subgroups[k] = g
				}
			}
			records, err := db.Mastery(ctx, d, []roster.PersonID{p.ID})
			if err != nil {
				return nil, err
			}
			sum, n := 0.0, 0.0
			for _, r := range records {
				if c := cat.Competencies[r.Competency]; !slices.Contains(class.Subjects, c.Subject) {
					continue
				}
				e := r.At(at)
				sum, n = sum+e.Value, n+1
				switch e.Status {
				case mastery.Starting, mastery.Learning:
					st.Needs = append(st.Needs, group.Amount{ID: string(r.Competency), Weight: 1 - e.Value})
				case mastery.Met:
					st.Strengths = append(st.Strengths, string(r.Competency))
				}
			}
			if n > 0 {
				level := sum / n
				st.Level = &level
			}
			in.Students = append(in.Students, st)
		}
	}
	return in, nil
}

// tutoring lets some students say what they can show others, or need.
func tutoring(ctx context.Context, db *store.DB, d roster.DistrictID, class roster.Class, today time.Time) error {
	people, err := db.People(ctx, d, class.ID, roster.Student)
	if err != nil {
		return err
	}
	for i, p := range people {
		if i%3 != 0 {
			continue
		}
		records, err := db.Mastery(ctx, d, []roster.PersonID{p.ID})
		if err != nil {
			return err
		}
		said := map[string]bool{}
		for _, r := range records {
			side := "need"
			switch r.At(today).Status {
			case mastery.Met:
				side = "can"
			case mastery.Learning, mastery.Starting:
			default:
				continue
			}
			if said[side] {
				continue
			}
			said[side] = true
			if err := db.SetTutoring(ctx, d, class.ID, p.ID, r.Competency, side); err != nil {
				return err
			}
		}
	}
	return nil
}

// flagsMost is how many flags are raised in one class of the demo district.
const flagsMost = 3

// lookAfter raises flags of early warnings in a class: one is looked after, one is contested, one is
// over.
func lookAfter(ctx context.Context, db *store.DB, c *clock, d roster.DistrictID, cat *propose.Catalogue, teacher roster.PersonID, class roster.Class, today time.Time) error {
	defer func() { c.at = time.Time{} }()
	people, err := db.People(ctx, d, class.ID, roster.Student)
	if err != nil || len(people) == 0 {
		return err
	}
	now := today.AddDate(0, 0, -6).Add(8 * time.Hour)
	c.at = now
	room := propose.Room{Class: class.ID, Catalogue: cat, Now: now}
	var ids []roster.PersonID
	for _, p := range people {
		ids = append(ids, p.ID)
		room.Students = append(room.Students, propose.Learner{Person: p, LastSeen: now, Estimates: map[competency.ID]mastery.Estimate{}})
	}
	attended, err := db.AttendanceOf(ctx, d, ids, roster.Date(now.AddDate(0, 0, -84).Format(time.DateOnly)), roster.Date(now.Format(time.DateOnly)))
	if err != nil {
		return err
	}
	for i, p := range people {
		n := attended[p.ID]
		room.Students[i].Situation = propose.Situation{Days: n.Days, Absent: n.Missed, Suspended: n.Suspended}
	}
	rules, err := db.Rules(ctx, d, class.School)
	if err != nil {
		return err
	}
	steps := slices.DeleteFunc(propose.Steps(rules, room), func(s propose.Step) bool { return s.Kind != propose.Warning })
	steps = steps[:min(len(steps), flagsMost)]
	if err := db.Propose(ctx, d, propose.Proposals(steps, now)); err != nil {
		return err
	}
	for i, s := range steps {
		student := s.Students[0].ID
		f := propose.Flag{Student: student, Proposal: s.ID(), Because: s.Because, Rule: s.Rule, Owner: teacher, Action: "Ask how it is going, then call home",
			Review: roster.Date(today.AddDate(0, 0, 4).Format(time.DateOnly)), Expires: roster.Date(now.AddDate(0, 0, 42).Format(time.DateOnly)), Author: teacher}
		if err := db.RaiseFlag(ctx, d, f); err != nil {
			return err
		}
		kept, err := db.Flags(ctx, d, []roster.PersonID{student})
		if err != nil || len(kept) == 0 {
			return err
		}
		switch i {
		case 1:
			err = db.ContestFlag(ctx, d, student, kept[0].ID, "That was one day, and it was talked about. The school has the note.", student)
		case 2:
			c.at = today.AddDate(0, 0, -1)
			err = db.CloseFlag(ctx, d, student, kept[0].ID, propose.Better, "The bus comes earlier now.", teacher)
			c.at = now
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// teamUp makes a team of those who teach a student: they share them.
func teamUp(ctx context.Context, db *store.DB, c *clock, d roster.DistrictID, student roster.Person, t team.Team, today time.Time) error {
	defer func() { c.at = time.Time{} }()
	teachers, err := db.TeachersOf(ctx, d, student.ID)
	if err != nil || len(teachers) < 2 {
		return err
	}
	t.School, t.Author = student.School, teachers[0].ID
	for _, p := range teachers {
		t.Members = append(t.Members, p.ID)
	}
	c.at = today.AddDate(0, 0, -20)
	if t.ID, err = db.SaveTeam(ctx, d, t); err != nil {
		return err
	}
	for _, i := range []team.Item{
		{Words: "Which students did nobody of us talk with this month?"},
		{Words: student.Given + " works well in pairs. Could we seat them so in all classes?", Student: student.ID},
		{Words: "Ask the library for the quiet room on Thursdays", Owner: teachers[1].ID, Due: roster.Date(today.AddDate(0, 0, 5).Format(time.DateOnly))},
	} {
		c.at = c.at.AddDate(0, 0, 4)
		i.Team, i.Author = t.ID, teachers[0].ID
		if err := db.AddTeamItem(ctx, d, i); err != nil {
			return err
		}
	}
	return nil
}

// gradeTeam is the team of a student's grade.
func gradeTeam(p roster.Person) team.Team {
	return team.Team{Name: "Grade " + strings.TrimLeft(p.Grade, "0"), Kind: team.Grade, Planning: "Wednesdays at 14:30"}
}
