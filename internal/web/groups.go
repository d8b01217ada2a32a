package web

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/flex"
	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// groupsView is the groups of a class, and the form that proposes new ones.
type groupsView struct {
	Class    roster.Class
	Own      bool          // the reader teaches the class
	With     []classChoice // other classes whose students may be in the groups, too
	Held     rolesView
	Running  []setLink
	Drafts   []setLink
	Over     []setLink
	Alone    []setLink // which the reader may only end: with students of whom others know now
	Form     groupForm
	Purposes []group.Purpose
	Pulse    pulseView
	Errors   formErrors
	topics   []live.Topic
}

func (v groupsView) Topics() []live.Topic { return v.topics }

// setLink leads to a set of groups.
type setLink struct {
	group.Set
	Href string
}

// groupForm is what was asked of a proposal.
type groupForm struct {
	Title, Purpose, Least, Most, Number, Until, Roles, Together, Apart, Minutes, Have, Adults string
	With                                                                                      []string
}

func groupFormOf(f url.Values) groupForm {
	return groupForm{strings.TrimSpace(f.Get("title")), f.Get("purpose"), f.Get("least"), f.Get("most"), f.Get("number"), f.Get("until"), f.Get("roles"), f.Get("together"), f.Get("apart"), f.Get("minutes"), f.Get("have"), f.Get("adults"), f["with"]}
}

// classChoice is a class that may be chosen.
type classChoice struct {
	roster.Class
	Chosen bool
}

// groupsMost is how many students groups are proposed for at a time.
const groupsMost = 200

// roleMost is how long the name of a role may be, in characters.
const roleMost = 80

func groupsHref(class roster.ClassID) string { return classPath(class) + "/groups" }

// setsSince is how far back the groups of a class are shown, and who has met whom is counted.
const setsSince = 180 * 24 * time.Hour

func (s *Server) showGroups(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	form := groupFormOf(r.URL.Query())
	if again := r.URL.Query().Get("again"); again != "" { // as other groups were
		set, err := s.Store.GroupSet(r.Context(), a.District, classID(r), group.SetID(again))
		if err != nil {
			return err
		}
		form = groupForm{Title: set.Title, Purpose: string(set.Instance.Purpose), Least: strconv.Itoa(set.Instance.Least), Most: strconv.Itoa(set.Instance.Most), Roles: strings.Join(set.Instance.Roles, ", ")}
		for _, c := range set.Classes[1:] {
			form.With = append(form.With, string(c))
		}
	}
	for _, x := range []struct {
		to    *string
		usual string
	}{{&form.Purpose, string(group.SharedNeed)}, {&form.Least, "3"}, {&form.Most, "5"}, {&form.Until, s.Now().AddDate(0, 0, 14).Format(time.DateOnly)}} {
		*x.to = cmp.Or(*x.to, x.usual)
	}
	return s.renderGroups(w, r, a, form, nil)
}

func (s *Server) renderGroups(w http.ResponseWriter, r *http.Request, a guard.Actor, form groupForm, wrong error) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	v := groupsView{Class: class, Form: form, Purposes: group.Purposes, topics: []live.Topic{live.ClassTopic(string(d), string(class.ID))}}
	if v.With, v.Own, err = s.besides(ctx, a, class.ID); err != nil {
		return err
	}
	for i, c := range v.With {
		v.With[i].Chosen = slices.Contains(form.With, string(c.ID))
	}
	sets, err := s.Store.GroupSets(ctx, d, class.ID, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := s.mayGroup(ctx, a, set.Classes); fault.KindOf(err) == fault.NotFound && err != nil {
			if set.Class == class.ID && set.Ended.IsZero() { // of a team that is no more
				v.Alone = append(v.Alone, setLink{set, setHref(set.Class, set.ID) + "/end"})
			}
			continue
		} else if err != nil {
			return err
		}
		x := setLink{set, setHref(set.Class, set.ID)}
		switch {
		case set.Running(s.Now()):
			v.Running = append(v.Running, x)
		case set.Used.IsZero() && set.Ended.IsZero():
			v.Drafts = append(v.Drafts, x)
		case !set.Used.IsZero():
			v.Over = append(v.Over, x)
		}
	}
	pulses, err := s.Store.Pulses(ctx, d, class.ID, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	v.Pulse = groupPulse(pulses)
	if v.Held, err = s.rolesHeld(ctx, d, class.ID); err != nil {
		return err
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "groups", v)
}

// proposeGroups makes groups from what is known now; nobody sees them before they are used.
func (s *Server) proposeGroups(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	form := groupFormOf(r.PostForm)
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	with, _, err := s.besides(ctx, a, class.ID)
	if err != nil {
		return err
	}
	with = slices.DeleteFunc(with, func(c classChoice) bool { return !slices.Contains(form.With, string(c.ID)) })
	in, wrong, err := s.groupInstance(ctx, d, a, class, with, form)
	if err != nil {
		return err
	}
	set := group.Set{Class: class.ID, Title: cmp.Or(form.Title, purposeWords(group.Purpose(form.Purpose))), Author: a.Person}
	if wrong == nil {
		set.Instance = *in
		wrong = set.Validate(s.Now())
	}
	if wrong != nil {
		return s.renderGroups(w, r, a, form, wrong)
	}
	for _, c := range with {
		set.Classes = append(set.Classes, c.ID)
	}
	set.Solution = *group.Propose(ctx, in, seedOf(string(class.ID)+in.Until))
	id, err := s.Store.AddGroupSet(ctx, d, set)
	if err != nil {
		return err
	}
	return seeOther(w, r, setHref(class.ID, id), "")
}

// seedOf makes a seed of a text, so that the same question has the same answer.
func seedOf(text string) (seed uint64) {
	for _, b := range []byte(text) {
		seed = seed*1099511628211 ^ uint64(b)
	}
	return seed
}

func purposeWords(p group.Purpose) string {
	return map[group.Purpose]string{group.SharedNeed: "Groups by shared need", group.MixedStrengths: "Groups of mixed strengths", group.Interest: "Groups by interest", group.Pace: "Groups by pace", group.Project: "Project teams"}[p]
}

// besides returns the other classes whose students an adult may put into groups with those of a
// class: their own, and those of their teams; own says that they teach the class itself.
func (s *Server) besides(ctx context.Context, a guard.Actor, class roster.ClassID) (with []classChoice, own bool, err error) {
	classes, err := s.Store.Classes(ctx, a.District, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return nil, false, err
	}
	own = slices.ContainsFunc(classes, func(c roster.Class) bool { return c.ID == class })
	shared, err := s.Store.TeamClasses(ctx, a.District, a.Person)
	if err != nil {
		return nil, false, err
	}
	seen := map[roster.ClassID]bool{class: true}
	for _, c := range slices.Concat(classes, shared) {
		if !seen[c.ID] {
			with = append(with, classChoice{Class: c})
		}
		seen[c.ID] = true
	}
	return with, own, nil
}

// together is what is known of the students of several classes.
func (s *Server) together(ctx context.Context, d roster.DistrictID, class roster.Class, with []classChoice) (classWork, error) {
	ids := []roster.ClassID{class.ID}
	for _, c := range with {
		ids = append(ids, c.ID)
		for _, x := range []struct{ to, from *[]string }{{&class.Subjects, &c.Subjects}, {&class.Grades, &c.Grades}} {
			*x.to = slices.Compact(slices.Sorted(slices.Values(slices.Concat(*x.to, *x.from))))
		}
	}
	people, err := s.studentsOf(ctx, d, ids)
	if err != nil {
		return classWork{}, err
	}
	return s.workOf(ctx, d, class, people)
}

// studentsOf returns the students of some classes, each once.
func (s *Server) studentsOf(ctx context.Context, d roster.DistrictID, classes []roster.ClassID) (people []roster.Person, err error) {
	seen := map[roster.PersonID]bool{}
	for _, class := range classes {
		here, err := s.Store.People(ctx, d, class, roster.Student)
		if err != nil {
			return nil, err
		}
		for _, p := range here {
			if !seen[p.ID] {
				people = append(people, p)
			}
			seen[p.ID] = true
		}
	}
	return people, nil
}

// purposeIn is what groups, or a session of flex time, are for, in few words.
func purposeIn(p any) string {
	words := map[string]string{string(group.SharedNeed): "a shared need", string(group.MixedStrengths): "mixed strengths", string(group.Interest): "an interest", string(group.Pace): "a pace", string(group.Project): "a project",
		string(flex.SmallGroup): "small group", string(flex.Conference): "talk", string(flex.OfficeHours): "time for questions", string(flex.Study): "quiet work"}
	return cmp.Or(words[fmt.Sprint(p)], fmt.Sprint(p))
}

// groupInstance asks for groups of a class, with others, in the terms of package group.
func (s *Server) groupInstance(ctx context.Context, d roster.DistrictID, a guard.Actor, class roster.Class, with []classChoice, form groupForm) (in *group.Instance, wrong, err error) {
	work, err := s.together(ctx, d, class, with)
	if err != nil {
		return nil, nil, err
	}
	if n := len(work.learners); n > groupsMost {
		return nil, fault.Field("with", "These are %d students. Groups are proposed for up to %d at a time: choose fewer classes.", n, groupsMost), nil
	}
	in = &group.Instance{Schema: group.InstanceSchema, Purpose: group.Purpose(form.Purpose), Until: form.Until}
	for _, role := range commas(form.Roles) {
		if utf8.RuneCountInString(role) > roleMost {
			return nil, fault.Field("roles", "Give each role a name of at most %d characters.", roleMost), nil
		}
		if !slices.Contains(in.Roles, role) {
			in.Roles = append(in.Roles, role)
		}
	}
	if !slices.Contains(group.Purposes, in.Purpose) {
		return nil, fault.Field("purpose", "Choose what the groups are for."), nil
	}
	in.Least, _ = strconv.Atoi(form.Least)
	in.Most, _ = strconv.Atoi(form.Most)
	in.Number, _ = strconv.Atoi(form.Number)
	if in.Minutes, _ = strconv.Atoi(form.Minutes); in.Minutes > 0 {
		have, _ := strconv.Atoi(form.Have)
		in.Staff = []group.Staff{{ID: string(a.Person), Minutes: have}}
	}
	if len(work.learners) == 0 {
		return nil, fault.Field("students", "There are no students in this class yet."), nil
	}
	if in.Number < 0 || in.Number > len(work.learners) {
		return nil, fault.Field("number", "There are %d students: choose from 1 to so many groups, or leave it empty.", len(work.learners)), nil
	}
	if err := s.groupStudents(ctx, d, work, in); err != nil {
		return nil, nil, err
	}
	adults, _ := strconv.Atoi(form.Adults)
	giveSupports(in, map[string]int{"aide": max(1, adults), "signing": max(1, adults)})
	for field, x := range map[string]struct {
		text string
		to   *[][]string
	}{"together": {form.Together, &in.Together}, "apart": {form.Apart, &in.Apart}} {
		for i, l := range lines(x.text) {
			var ids []string
			for _, name := range commas(l) {
				id, ok := work.named(name)
				if !ok {
					return nil, fault.Field(field, "Line %d: nobody here is called %q, or more than one is. Write names as in the list, with commas between.", i+1, name), nil
				}
				ids = append(ids, id)
			}
			if len(ids) < 2 {
				return nil, fault.Field(field, "Line %d: name two students or more, with commas between.", i+1), nil
			}
			*x.to = append(*x.to, ids)
		}
	}
	return in, nil, nil
}

// named finds one student of a class by full or given name.
func (work classWork) named(name string) (id string, ok bool) {
	n := 0
	for _, l := range work.learners {
		if strings.EqualFold(l.Person.Name(), name) {
			return string(l.Person.ID), true
		}
		if strings.EqualFold(l.Person.Given, name) {
			id = string(l.Person.ID)
			n++
		}
	}
	return id, n == 1
}

// withSomebody are the supports that an adult gives to one group of a class; a room gives the
// others to all of them.
var withSomebody = []string{"aide", "signing"}

// giveSupports lets adults who give supports that somebody needs be with so many groups.
func giveSupports(in *group.Instance, groups map[string]int) {
	for code := range groups {
		needed := slices.ContainsFunc(in.Students, func(st group.Student) bool { return slices.Contains(st.Supports, code) })
		if !needed {
			delete(groups, code)
		}
	}
	if len(groups) == 0 {
		return
	}
	if in.Number == 0 {
		n, most := len(in.Students), max(1, in.Most)
		in.Number = max((n+most-1)/most, n/max(1, (in.Least+most+1)/2))
	}
	for i := range in.Number {
		g := group.Group{ID: "g" + strconv.Itoa(i+1)}
		for _, code := range withSomebody {
			if i < groups[code] {
				g.Supports = append(g.Supports, code)
			}
		}
		in.Groups = append(in.Groups, g)
	}
}

// memberWeeks is how far back a pace looks.
const memberWeeks = 4

// groupStudents says of each student what groups are made of: needs, strengths, interests, level,
// pace, who had least of adults' time, and with whom they were in groups before.
func (s *Server) groupStudents(ctx context.Context, d roster.DistrictID, work classWork, in *group.Instance) error {
	now := s.Now()
	focus := work.focus(now, gridMost)
	ids := work.ids()
	minutes, err := s.adultMinutes(ctx, d, ids, now)
	if err != nil {
		return err
	}
	said, err := s.saidOf(ctx, d, ids)
	if err != nil {
		return err
	}
	belongs, err := s.Store.SubgroupsOf(ctx, d, ids)
	if err != nil {
		return err
	}
	tongues, err := s.Store.HomeLanguages(ctx, d, ids)
	if err != nil {
		return err
	}
	supports, err := s.placeSupports(ctx, d, ids)
	if err != nil {
		return err
	}
	before, err := s.Store.MasteryAt(ctx, d, ids, mastery.Week(now)-memberWeeks)
	if err != nil {
		return err
	}
	then := map[roster.PersonID]float64{}
	for _, r := range before {
		if slices.Contains(focus, r.Competency) {
			then[r.Student] += r.At(now.AddDate(0, 0, -7*memberWeeks)).Value
		}
	}
	longest := 1
	for _, n := range minutes {
		longest = max(longest, n)
	}
	for _, l := range work.learners {
		st := group.Student{ID: string(l.Person.ID), Subgroups: map[string]string{}, Priority: 1 - float64(minutes[l.Person.ID])/float64(longest)}
		sum, n := 0.0, 0
		for _, c := range focus {
			e := l.Estimates[c]
			if e.N == 0 {
				continue
			}
			sum, n = sum+e.Value, n+1
			if w := needOf[e.Status]; w > 0 {
				st.Needs = append(st.Needs, group.Amount{ID: string(c), Weight: w})
			}
			if e.Status == mastery.Met {
				st.Strengths = append(st.Strengths, string(c))
			}
		}
		if n > 0 {
			level, pace := sum/float64(n), sum-then[l.Person.ID]
			st.Level, st.Pace = &level, &pace
		}
		seen := map[string]bool{}
		for _, topic := range profile.Topics(profile.Visible(profile.Fold(said[l.Person.ID]), "", profile.Staff, false)) {
			if topic = strings.ToLower(strings.TrimSpace(topic)); topic != "" && !seen[topic] {
				seen[topic] = true
				st.Interests = append(st.Interests, group.Amount{ID: topic, Weight: 1})
			}
		}
		for k, g := range belongs[l.Person.ID] {
			if g != "" && k != "grade" {
				st.Subgroups[k] = g
			}
		}
		if tongue := tongues[l.Person.ID]; tongue != "" {
			st.Speaks = []string{tongue}
			if belongs[l.Person.ID]["English learner"] == "yes" {
				st.With = tongue
			}
		}
		for _, code := range supports[l.Person.ID] {
			if slices.Contains(withSomebody, code) {
				st.Supports = append(st.Supports, code)
			}
		}
		in.Students = append(in.Students, st)
	}
	return s.groupHistory(ctx, d, ids, in)
}

// groupHistory counts who worked with whom, and who had which role, in whatever class.
func (s *Server) groupHistory(ctx context.Context, d roster.DistrictID, students []roster.PersonID, in *group.Instance) error {
	sets, err := s.Store.SetsOf(ctx, d, students, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, st := range in.Students {
		here[st.ID] = true
	}
	met, held := map[[2]string]int{}, map[[2]string]int{}
	for _, set := range sets {
		for _, x := range set.Held() {
			if here[x.Student] {
				held[[2]string{x.Student, x.Role}]++
			}
		}
		for _, g := range set.Solution.Groups {
			for i, p := range g.Students {
				for _, o := range g.Students[:i] {
					if here[p] && here[o] {
						met[[2]string{min(p, o), max(p, o)}]++
					}
				}
			}
		}
	}
	order := func(x, y [2]string) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) }
	for _, k := range slices.SortedFunc(maps.Keys(met), order) {
		in.Met = append(in.Met, group.Met{A: k[0], B: k[1], Times: met[k]})
	}
	for _, k := range slices.SortedFunc(maps.Keys(held), order) {
		in.Held = append(in.Held, group.Held{Student: k[0], Role: k[1], Times: held[k]})
	}
	return nil
}

// rolesView is who had which role in groups, so that everybody has each in time.
type rolesView struct {
	Roles  []string
	Rows   []rolesRow
	Prompt string
}

type rolesRow struct {
	Person roster.Person
	Times  []int
	All    int
}

// rolesHeld counts who of a class had which role in the groups of the last half year.
func (s *Server) rolesHeld(ctx context.Context, d roster.DistrictID, class roster.ClassID) (v rolesView, err error) {
	people, err := s.Store.People(ctx, d, class, roster.Student)
	if err != nil || len(people) == 0 {
		return v, err
	}
	ids := make([]roster.PersonID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	sets, err := s.Store.SetsOf(ctx, d, ids, s.Now().Add(-setsSince))
	if err != nil {
		return v, err
	}
	held := map[group.Role]int{}
	for _, set := range sets {
		for _, r := range set.Held() {
			held[r]++
			if !slices.Contains(v.Roles, r.Role) {
				v.Roles = append(v.Roles, r.Role)
			}
		}
	}
	if len(v.Roles) == 0 {
		return v, nil
	}
	slices.Sort(v.Roles)
	var never []string
	for _, p := range people {
		row := rolesRow{Person: p}
		for _, role := range v.Roles {
			n := held[group.Role{Role: role, Student: string(p.ID)}]
			row.Times, row.All = append(row.Times, n), row.All+n
		}
		if row.All == 0 {
			never = append(never, p.Name())
		}
		v.Rows = append(v.Rows, row)
	}
	slices.SortStableFunc(v.Rows, func(a, b rolesRow) int { return cmp.Compare(a.All, b.All) })
	if len(never) > 0 && len(never) < len(people) {
		names := strings.Join(never[:min(len(never), 6)], ", ")
		if more := len(never) - 6; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		v.Prompt = names + " had no role yet. The next groups ask them first."
	}
	return v, nil
}
