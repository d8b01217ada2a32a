package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/demo"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/study/dose"
	"waymark/internal/team"
)

// clock is a time that can be turned back, so that what happened is kept as of its day.
type clock struct {
	now func() time.Time
	at  time.Time // zero: now
}

func (c *clock) time() time.Time {
	if c.at.IsZero() {
		return c.now()
	}
	return c.at
}

// letLive lets the people of the demo district talk, set goals and write their plans, which no
// file of a school's systems holds. It does nothing where somebody has said something.
func letLive(ctx context.Context, db *store.DB, c *clock, d roster.DistrictID, people []demo.Person, seed uint64, today time.Time) error {
	cat, err := db.Catalogue(ctx, d)
	if err != nil {
		return err
	}
	named := map[string]roster.Person{}
	var teacher roster.Person
	languages := map[roster.PersonID]string{}
	for _, p := range people {
		x, err := db.PersonBy(ctx, d, p.SourcedID)
		if err != nil {
			return err
		}
		if p.Language != "" {
			languages[x.ID] = p.Language
		}
		switch p.Role {
		case "teacher":
			teacher = x
		case "student":
			named[strings.TrimLeft(p.Grade, "0")] = x
		}
	}
	classes, err := db.Classes(ctx, d, teacher.ID, roster.Teacher)
	if err != nil {
		return err
	}
	members := map[roster.PersonID]demo.Member{}
	add := func(p roster.Person, teacher roster.PersonID, subjects []string) error {
		if _, ok := members[p.ID]; ok {
			return nil
		}
		m, err := member(ctx, db, d, cat, p, teacher, subjects, today)
		members[p.ID] = m
		return err
	}
	for _, class := range classes {
		students, err := db.People(ctx, d, class.ID, roster.Student)
		if err != nil {
			return err
		}
		for _, p := range students {
			if err := add(p, teacher.ID, class.Subjects); err != nil {
				return err
			}
		}
	}
	for _, p := range named {
		teachers, err := db.TeachersOf(ctx, d, p.ID)
		if err != nil {
			return err
		}
		if len(teachers) > 0 {
			if err := add(p, teachers[0].ID, nil); err != nil {
				return err
			}
		}
	}
	var list []demo.Member
	for _, m := range members {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b demo.Member) int { return strings.Compare(string(a.Student.ID), string(b.Student.ID)) })
	said, err := db.ProfileEvents(ctx, d, idsOf(list))
	if err != nil || len(said) > 0 {
		return err
	}
	moments := demo.Life(seed, today, list)
	for _, grade := range []string{"7", "9"} {
		if m, ok := members[named[grade].ID]; ok {
			moments = append(moments, demo.Pathway(m, today)...)
		}
	}
	if young, ok := named["2"]; ok {
		for _, code := range []string{"simple", "read-aloud"} {
			moments = append(moments, demo.Moment{At: today.AddDate(0, 0, -30), Student: young.ID, Said: &profile.Event{Student: young.ID, Do: profile.Said, Kind: profile.Support, Code: code,
				Visibility: profile.ToStudent, Author: members[young.ID].Teacher, Voice: profile.Staff}})
		}
	}
	slices.SortStableFunc(moments, func(a, b demo.Moment) int { return a.At.Compare(b.At) })
	defer func() { c.at = time.Time{} }()
	for _, m := range moments {
		c.at = m.At
		if m.Mentor != "" {
			c.at = today // who teaches whom is asked of the roster as it is now
		}
		if err := happen(ctx, db, d, m); err != nil {
			return err
		}
	}
	c.at = time.Time{}
	schools := []roster.OrgID{teacher.School}
	if p := named["9"]; p.School != "" && p.School != teacher.School {
		schools = append(schools, p.School)
	}
	for _, school := range schools {
		if err := flexTime(ctx, db, c, d, cat, school, seed, today); err != nil {
			return err
		}
	}
	if err := together(ctx, db, c, d, cat, teacher, classes, seed, today); err != nil {
		return err
	}
	for _, class := range classes[:min(len(classes), 2)] {
		if err := lookAfter(ctx, db, c, d, cat, teacher.ID, class, today); err != nil {
			return err
		}
	}
	if p, ok := named["7"]; ok {
		if err := teamUp(ctx, db, c, d, p, gradeTeam(p), today); err != nil {
			return err
		}
	}
	if p, ok := named["9"]; ok {
		if err := teamUp(ctx, db, c, d, p, team.Team{Name: "Ninth-grade academy", Kind: team.Academy, Grade: "09", Space: "East wing", Planning: "Tuesdays and Thursdays, fourth period"}, today); err != nil {
			return err
		}
	}
	if err := practices(ctx, db, c, d, teacher, list, today); err != nil {
		return err
	}
	for p, tag := range languages {
		if err := db.SetLanguage(ctx, d, p, tag); err != nil {
			return err
		}
	}
	return nil
}

// practices says what the district's schools do, and what stands in the way of two students.
func practices(ctx context.Context, db *store.DB, c *clock, d roster.DistrictID, by roster.Person, members []demo.Member, today time.Time) error {
	since := today.AddDate(0, 0, -80)
	c.at = since
	day := since.Format(time.DateOnly)
	for _, p := range []dose.Practice{
		{Name: "A talk with every student", Trace: dose.Talks, Unit: dose.Times, Recommended: []dose.Recommendation{{Least: 1}}, Weeks: 4, From: day, Source: "our own model"},
		{Name: demo.Trails, Trace: dose.Product, Product: demo.Trails, Unit: dose.Minutes, Recommended: []dose.Recommendation{{Grades: []string{"3", "4", "5"}, Least: 30}, {Grades: []string{"6", "7", "8"}, Least: 40}}, Weeks: 1, From: day, Source: "its vendor"},
	} {
		if err := db.AddPractice(ctx, d, p, by.ID); err != nil {
			return err
		}
	}
	kept, err := db.Practices(ctx, d)
	if err != nil {
		return err
	}
	for i, m := range members {
		if i%9 == 4 && m.Teacher == by.ID {
			c.at = today.AddDate(0, 0, -20)
			if err := db.AddDoseReason(ctx, d, dose.Reason{Student: string(m.Student.ID), Practice: kept[1].ID, Why: "connection", Since: c.at.Format(time.DateOnly), Author: string(by.ID)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func idsOf(members []demo.Member) (ids []roster.PersonID) {
	for _, m := range members {
		ids = append(ids, m.Student.ID)
	}
	return ids
}

// member finds who stands around a student, and what they work on.
func member(ctx context.Context, db *store.DB, d roster.DistrictID, cat *propose.Catalogue, p roster.Person, teacher roster.PersonID, subjects []string, today time.Time) (demo.Member, error) {
	m := demo.Member{Student: p, Teacher: teacher}
	guardians, err := db.Guardians(ctx, d, p.ID)
	if err != nil {
		return m, err
	}
	if len(guardians) > 0 {
		m.Guardian = guardians[0].ID
	}
	records, err := db.Mastery(ctx, d, []roster.PersonID{p.ID})
	if err != nil {
		return m, err
	}
	for _, r := range records {
		on, ok := cat.Competencies[r.Competency]
		if e := r.At(today); ok && e.Value < .7 && e.N > 1 && (len(subjects) == 0 || slices.Contains(subjects, on.Subject)) {
			m.Working = append(m.Working, on)
		}
	}
	slices.SortFunc(m.Working, func(a, b competency.Competency) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return m, nil
}

// happen writes down one moment, at the store's time.
func happen(ctx context.Context, db *store.DB, d roster.DistrictID, m demo.Moment) error {
	var err error
	switch {
	case m.Mentor != "":
		err = db.SetMentor(ctx, d, m.Student, m.Mentor, m.Mentor)
	case m.Said != nil:
		_, err = db.Say(ctx, d, *m.Said)
	case m.Goal != nil:
		g, err := db.AddGoal(ctx, d, *m.Goal)
		if err != nil {
			return err
		}
		for _, s := range m.Goal.Steps {
			if err := db.AddStep(ctx, d, m.Student, g.ID, s); err != nil {
				return err
			}
		}
		kept, err := db.Goals(ctx, d, []roster.PersonID{m.Student})
		if err != nil {
			return err
		}
		for _, k := range kept {
			for i, s := range k.Steps {
				if k.ID == g.ID && !m.Goal.Steps[i].Done.IsZero() {
					if err := db.FinishStep(ctx, d, m.Student, g.ID, s.ID, m.Student); err != nil {
						return err
					}
				}
			}
		}
	case m.Talk != nil:
		_, err = db.HoldConference(ctx, d, *m.Talk, m.Agreed, nil)
	case m.Keeps:
		list, err := db.Commitments(ctx, d, []roster.PersonID{m.Student})
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(list, conference.Commitment.Open); i >= 0 {
			return db.CloseCommitment(ctx, d, m.Student, list[i].ID, false)
		}
	case m.Asks != nil:
		_, err = db.AskForTalk(ctx, d, *m.Asks)
	case m.Item != nil:
		err = db.AddItem(ctx, d, *m.Item)
	case m.Remark != nil:
		err = db.AddRemark(ctx, d, *m.Remark)
	case m.Outside != nil:
		err = db.AddOutside(ctx, d, *m.Outside)
	}
	return err
}
