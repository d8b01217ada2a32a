package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/credit"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// flagsView is what somebody looks after for a student, as student, family and staff see it.
type flagsView struct {
	spoken
	Student roster.Person
	Own     bool
	Back    string
	Flags   []flagView
	Over    []flagView
	Refused string // the form that could not be taken
	Errors  formErrors
	topics  []live.Topic
}

func (v flagsView) Topics() []live.Topic { return v.topics }

type flagView struct {
	propose.Flag
	Name      string // of the student
	OwnerName string
	Due       bool
	Href      string
	Contests  string // where the reader contests it; empty if they may not
	Close     string // where staff say what came of it
	Plain     string // what kind of flag it is, in the reader's language
}

// flagKinds are those of which there are words in every language.
var flagKinds = []propose.StepKind{propose.Warning, propose.Disengaging, propose.OffPace, propose.GoalStalled}

func flagsHref(student roster.PersonID) string { return recordHref(student) + "/flags" }

func (s *Server) showFlags(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderFlags(w, r, a, nil)
}

func (s *Server) renderFlags(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	ctx, d, student := r.Context(), a.District, studentID(r)
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	v := flagsView{spoken: speech, Own: student == a.Person, Back: recordHref(student), topics: []live.Topic{live.StudentTopic(string(d), string(student))}}
	if v.Student, err = s.Store.Person(ctx, d, student); err != nil {
		return err
	}
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	if slices.Contains(rel, guard.GuardianOf) {
		v.Back = "/family"
	}
	_, contest := guard.Allowed(guard.ContestFlag, rel)
	_, raise := guard.Allowed(guard.RaiseFlag, rel)
	list, err := s.Store.Flags(ctx, d, []roster.PersonID{student})
	if err != nil {
		return err
	}
	names := s.namesOf(ctx, d)
	for _, f := range list {
		x := flagView{Flag: f, Due: f.Due(s.Now())}
		if kind, _ := f.Rule.Split(); !v.inEnglish() && slices.Contains(flagKinds, kind) {
			if x.Plain, err = v.Say("flags.kind." + string(kind)); err != nil {
				return err
			}
		}
		if x.OwnerName, err = names(f.Owner); err != nil {
			return err
		}
		if !f.Open(s.Now()) {
			v.Over = append(v.Over, x)
			continue
		}
		at := flagsHref(student) + "/" + urlPath(f.ID)
		if contest {
			x.Contests = at + "/contest"
		}
		if raise {
			x.Close = at
		}
		v.Flags = append(v.Flags, x)
	}
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	v.Errors = wrongs
	if wrong != nil {
		v.Refused = r.URL.Path
	}
	return s.render(w, r, a, code, "flags", v)
}

// ownFlags are the open flags that somebody looks after and whose students they may still see.
func (s *Server) ownFlags(ctx context.Context, a guard.Actor) (views []flagView, err error) {
	list, err := s.Store.FlagsOf(ctx, a.District, a.Person)
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx, a.District)
	for _, f := range list {
		rel, err := s.Store.ToStudent(ctx, a, f.Student)
		if err != nil {
			return nil, err
		}
		if _, ok := guard.Allowed(guard.RaiseFlag, rel); !ok {
			continue
		}
		x := flagView{Flag: f, Due: f.Due(s.Now()), Href: flagsHref(f.Student)}
		if x.Name, err = names(f.Student); err != nil {
			return nil, err
		}
		views = append(views, x)
	}
	return views, nil
}

// raiseFlag makes a flag of a proposal: with an owner, a first action and a day to look again.
func (s *Server) raiseFlag(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, student := r.Context(), a.District, studentID(r)
	p, err := s.Store.Proposal(ctx, d, r.PostForm.Get("proposal"))
	if err != nil {
		return err
	}
	if !slices.Equal(p.Students, []roster.PersonID{student}) {
		return fault.Field("proposal", "This proposal is not about this student.")
	}
	rule, _, err := s.Store.RuleOf(ctx, d, p.Rule)
	if err != nil {
		return err
	}
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	leads := leadsOn(rel, rule)
	if !leads {
		if err := s.door.Class(ctx, a, guard.DecideStep, p.Class); err != nil {
			return err
		}
	}
	if !leads && !slices.Contains(rule.Who, "teacher") {
		mentors, err := s.Store.Mentors(ctx, d, []roster.PersonID{student})
		if err != nil {
			return err
		}
		if mentors[student] != a.Person {
			return fault.New(fault.Forbidden, "By your school’s rules, only the student’s mentor acts on this.")
		}
	}
	f := propose.Flag{Student: student, Proposal: p.ID, Because: p.Because, Rule: p.Rule, Owner: roster.PersonID(r.PostForm.Get("owner")),
		Action: strings.TrimSpace(r.PostForm.Get("action")), Review: roster.Date(r.PostForm.Get("review")), Author: a.Person,
		Expires: roster.Date(s.Now().AddDate(0, 0, max(8, rule.Expires)).Format(time.DateOnly))}
	owners, err := s.flagOwners(ctx, a, student, leads)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(owners, func(o roster.Person) bool { return o.ID == f.Owner }) {
		f.Owner = ""
	}
	standing, err := s.Store.Flags(ctx, d, []roster.PersonID{student})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(standing, func(x propose.Flag) bool { return x.Open(s.Now()) && x.Rule == f.Rule && x.Because == f.Because }) {
		return seeOther(w, r, flagsHref(student), "said") // pressed twice, or a colleague was faster
	}
	if err := s.Store.RaiseFlag(ctx, d, f); fault.KindOf(err) == fault.Invalid && err != nil {
		return s.renderProposal(w, r, a, p.ID, err)
	} else if err != nil {
		return err
	}
	return s.afterTalk(w, r, a, flagsHref(student), "said")
}

// leadsOn reports whether somebody acts on what a rule proposes as a leader of the student's school.
func leadsOn(rel []guard.Relation, rule propose.RuleText) bool {
	return slices.Contains(rel, guard.LeaderOf) && slices.Contains(rule.Who, "leader")
}

// flagOwners are who may look after something: the student's teachers, and the leader who asks.
func (s *Server) flagOwners(ctx context.Context, a guard.Actor, student roster.PersonID, leads bool) ([]roster.Person, error) {
	owners, err := s.Store.TeachersOf(ctx, a.District, student)
	if err != nil || !leads {
		return owners, err
	}
	self, err := s.Store.Person(ctx, a.District, a.Person)
	return append([]roster.Person{self}, owners...), err
}

// schoolFlags is who looks after what at a school, and what nobody looks after.
type schoolFlags struct {
	School roster.Org
	Open   []flagView
	Due    int
	Nobody []unattendedView
	Weeks  string
	Came   []cameRow // of those that were closed
	Closed int
	Least  int
	Ninth  []groupTable[ninthRow] // where ninth-graders stand
}

// ninthRow is where the ninth-graders of a group stand.
type ninthRow struct {
	Name  string
	All   int
	Count []int // of each standing
}

type unattendedView struct {
	propose.Proposal
	Name, Href string
}

type cameRow struct {
	Outcome propose.Outcome
	Flags   int
}

const (
	flagsSince      = 84 * 24 * time.Hour
	coursesSince    = 182 * 24 * time.Hour
	yearSince       = 365 * 24 * time.Hour
	unattendedSince = 21 * 24 * time.Hour
)

func (s *Server) showSchoolFlags(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, now := r.Context(), a.District, s.Now()
	v := schoolFlags{Weeks: weekWords(int(flagsSince.Hours()) / 24 / 7)}
	var err error
	if v.School, err = s.Store.Org(ctx, d, schoolID(r)); err != nil {
		return err
	}
	names := s.namesOf(ctx, d)
	flags, err := s.Store.FlagsAt(ctx, d, v.School.ID, now.Add(-flagsSince))
	if err != nil {
		return err
	}
	came := map[propose.Outcome]int{}
	for _, f := range flags {
		if !f.Closed.IsZero() {
			came[f.Outcome]++
			v.Closed++
			continue
		}
		x := flagView{Flag: f, Due: f.Due(now), Href: flagsHref(f.Student)}
		if x.Name, err = names(f.Student); err != nil {
			return err
		}
		if x.OwnerName, err = names(f.Owner); err != nil {
			return err
		}
		if x.Due {
			v.Due++
		}
		v.Open = append(v.Open, x)
	}
	for _, o := range propose.Outcomes {
		v.Came = append(v.Came, cameRow{o, came[o]})
	}
	rules, err := s.Store.Rules(ctx, d, v.School.ID)
	if err != nil {
		return err
	}
	waiting, err := s.Store.Unattended(ctx, d, v.School.ID, rules.For("leader"), now.Add(-unattendedSince))
	if err != nil {
		return err
	}
	for _, p := range waiting {
		x := unattendedView{Proposal: p, Href: classPath(p.Class) + "/proposals/" + urlPath(p.ID)}
		if x.Name, err = names(p.Students[0]); err != nil {
			return err
		}
		v.Nobody = append(v.Nobody, x)
	}
	ninth, dimensions, err := s.Store.NinthGraders(ctx, d, v.School.ID, now.Add(-yearSince))
	if err != nil {
		return err
	}
	if len(ninth) > 0 {
		v.Ninth = ninthTables(credit.NinthGrade(ninth, dimensions, mastery.SmallCell))
	}
	v.Least = mastery.SmallCell
	return s.render(w, r, a, http.StatusOK, "schoolflags", v)
}

func ninthTables(rows []credit.NinthRow) []groupTable[ninthRow] {
	tables, _ := tablesOf(rows, func(r credit.NinthRow, name string) ninthRow {
		row := ninthRow{Name: name, All: r.Students}
		for _, st := range credit.Standings {
			row.Count = append(row.Count, r.Count[st])
		}
		return row
	})
	return tables
}

func (s *Server) closeFlag(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if r.PostForm.Get("do") == "answer" {
		return s.answerContest(w, r, a)
	}
	o, note := propose.Outcome(r.PostForm.Get("outcome")), strings.TrimSpace(r.PostForm.Get("note"))
	var wrong error
	switch {
	case !slices.Contains(propose.Outcomes, o):
		wrong = fault.Field("outcome", "Say what came of it.")
	case utf8.RuneCountInString(note) > maxReason:
		wrong = fault.Field("note", "Please use at most %d characters.", maxReason)
	}
	if wrong != nil {
		return s.renderFlags(w, r, a, wrong)
	}
	if err := s.Store.CloseFlag(r.Context(), a.District, studentID(r), r.PathValue("flag"), o, note, a.Person); err != nil {
		return err
	}
	return s.afterTalk(w, r, a, flagsHref(studentID(r)), "said")
}

// answerContest keeps what the school says to somebody who said that a flag is not right.
func (s *Server) answerContest(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	words := strings.TrimSpace(r.PostForm.Get("reply"))
	if words == "" || utf8.RuneCountInString(words) > maxReason {
		return s.renderFlags(w, r, a, fault.Field("reply", "Write an answer of at most %d characters. The student and the family read it.", maxReason))
	}
	stamp, _ := strconv.ParseInt(r.PostForm.Get("contested"), 10, 64)
	if err := s.Store.AnswerContest(r.Context(), a.District, studentID(r), r.PathValue("flag"), time.UnixMicro(stamp).UTC(), words, a.Person); err != nil {
		return err
	}
	return s.afterTalk(w, r, a, flagsHref(studentID(r)), "said")
}

func (s *Server) contestFlag(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	words := strings.TrimSpace(r.PostForm.Get("words"))
	if words == "" || utf8.RuneCountInString(words) > maxReason {
		return s.renderFlags(w, r, a, fault.Field("words", "Write down what is not right, in at most %d characters.", maxReason))
	}
	if err := s.Store.ContestFlag(r.Context(), a.District, studentID(r), r.PathValue("flag"), words, a.Person); err != nil {
		return err
	}
	return s.afterTalk(w, r, a, flagsHref(studentID(r)), "said")
}
