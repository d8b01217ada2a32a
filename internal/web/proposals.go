package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/credit"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// How far back rules look.
const (
	alikeWindow = 28 * 24 * time.Hour
	behaveSince = 28 * 24 * time.Hour
)

// room gathers what the rules look at in a class.
func (s *Server) room(ctx context.Context, d roster.DistrictID, w classWork, now time.Time) (propose.Room, error) {
	room := propose.Room{Class: w.class.ID, Students: w.learners, Catalogue: w.cat, Focus: w.focus(now, gridMost), Now: now}
	if len(w.learners) == 0 {
		return room, nil
	}
	ids := w.ids()
	at := make(map[roster.PersonID]*propose.Learner, len(ids))
	for i := range w.learners {
		at[ids[i]] = &w.learners[i]
		for _, e := range w.learners[i].Estimates {
			if x := &w.learners[i].Situation; e.Last.After(x.LastWork) {
				x.LastWork = e.Last
			}
		}
	}
	minutes, err := s.adultMinutes(ctx, d, ids, now)
	if err != nil {
		return room, err
	}
	for id, n := range minutes {
		at[id].Situation.Minutes = n
	}
	goals, err := s.Store.Goals(ctx, d, ids)
	if err != nil {
		return room, err
	}
	for _, g := range goals {
		if g.Set.Before(now) {
			at[g.Student].Goals = append(at[g.Student].Goals, g)
		}
	}
	choices, err := s.Store.Choices(ctx, d, ids, now.Add(-behaveSince))
	if err != nil {
		return room, err
	}
	for _, c := range choices {
		if c.Outcome == plan.Stopped && c.Done.Before(now) {
			at[c.Student].Situation.Stopped++
		}
	}
	wait := func(student roster.PersonID, since time.Time, what string) {
		if x := &at[student].Situation; since.Before(now) && (x.Waits.IsZero() || since.Before(x.Waits)) {
			x.Waits, x.WaitsFor = since, what
		}
	}
	ideas, err := s.Store.Ideas(ctx, d, ids)
	if err != nil {
		return room, err
	}
	for _, c := range ideas {
		wait(c.Student, c.At, "an idea of their own")
	}
	requests, err := s.Store.Requests(ctx, d, ids)
	if err != nil {
		return room, err
	}
	for _, q := range requests {
		if q.Agreed.IsZero() {
			wait(q.Student, q.At, "a talk")
		}
	}
	said, err := s.saidOf(ctx, d, ids)
	if err != nil {
		return room, err
	}
	for _, id := range ids {
		if events := profile.Visible(profile.Fold(said[id]), "", profile.Staff, false); len(events) > 0 {
			at[id].Situation.OldProfile = profile.Fresh(events, now).Old(now)
		}
	}
	missed, err := s.Store.FlexMissed(ctx, d, ids, roster.Date(now.Add(-minutesWindow).Format(time.DateOnly)))
	if err != nil {
		return room, err
	}
	for id, n := range missed {
		at[id].Situation.Missed, at[id].Situation.Blocks = n[0], n[1]
	}
	attended, err := s.Store.AttendanceOf(ctx, d, ids, roster.Date(now.Add(-minutesWindow).Format(time.DateOnly)), roster.Date(now.Format(time.DateOnly)))
	if err != nil {
		return room, err
	}
	for id, n := range attended {
		x := &at[id].Situation
		x.Days, x.Absent, x.Suspended = n.Days, n.Missed, n.Suspended
	}
	courses, err := s.Store.CoursesOf(ctx, d, ids, now.Add(-coursesSince))
	if err != nil {
		return room, err
	}
	for id, list := range courses {
		for _, c := range list {
			if credit.Failed(c.Status) {
				at[id].Situation.Failed = append(at[id].Situation.Failed, c.Course)
			}
		}
	}
	sets, err := s.Store.GroupSets(ctx, d, w.class.ID, now.Add(-setsSince))
	if err != nil {
		return room, err
	}
	for _, set := range sets {
		if set.Class != w.class.ID || set.Used.IsZero() || !set.Ended.IsZero() || set.Until().Time().Before(now.AddDate(0, 0, -7)) {
			continue
		}
		x := propose.Ending{ID: string(set.ID), Name: set.Title, Until: set.Until()}
		for _, g := range set.Solution.Groups {
			for _, id := range g.Students {
				if at[roster.PersonID(id)] != nil {
					x.Students = append(x.Students, roster.PersonID(id))
				}
			}
		}
		room.Groups = append(room.Groups, x)
	}
	room.Alike, err = s.Store.Alike(ctx, d, ids, now.Add(-alikeWindow))
	return room, err
}

// adultMinutes is how long adults have talked with students in the last twelve weeks.
func (s *Server) adultMinutes(ctx context.Context, d roster.DistrictID, students []roster.PersonID, now time.Time) (map[roster.PersonID]int, error) {
	held, err := s.Store.Conferences(ctx, d, students)
	if err != nil {
		return nil, err
	}
	minutes := map[roster.PersonID]int{}
	for _, c := range held {
		if c.At.Before(now) && now.Sub(c.At) < minutesWindow {
			minutes[c.Student] += c.Minutes
		}
	}
	return minutes, nil
}

// proposed returns all steps of a class under the district's rules.
func (s *Server) proposed(ctx context.Context, d roster.DistrictID, w classWork) ([]propose.Step, error) {
	rules, err := s.Store.Rules(ctx, d, w.class.School)
	if err != nil {
		return nil, err
	}
	room, err := s.room(ctx, d, w, s.Now())
	if err != nil {
		return nil, err
	}
	lines, err := s.Store.Playbook(ctx, d, w.class.School)
	if err != nil {
		return nil, err
	}
	steps := propose.Steps(rules, room)
	for i := range steps {
		steps[i].Playbook = slices.Concat(steps[i].Playbook, propose.Plays(lines, steps[i].Kind))
	}
	return steps, nil
}

// openSteps returns a class's steps on which no decision holds, and keeps them as proposed;
// off reports that the class has its proposals turned off.
func (s *Server) openSteps(ctx context.Context, d roster.DistrictID, w classWork) (views []stepView, off bool, err error) {
	if off, err = s.Store.ProposalsOff(ctx, d, w.class.ID); err != nil || off {
		return nil, off, err
	}
	decisions, err := s.Store.Decisions(ctx, d, w.class.ID)
	if err != nil {
		return nil, false, err
	}
	steps, err := s.proposed(ctx, d, w)
	if err != nil {
		return nil, false, err
	}
	steps = propose.Open(steps, decisions)
	if err := s.Store.Propose(ctx, d, propose.Proposals(steps, s.Now())); fault.KindOf(err) == fault.Unavailable {
		// What cannot be kept is not proposed; the rest of the page can be read.
		s.Log.ErrorContext(ctx, "proposals cannot be kept", "err", err)
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	for _, st := range steps {
		views = append(views, w.view(st))
	}
	return views, false, nil
}

const maxReason = 300 // characters

// holds says how long a decision keeps a step away.
func holds(what string) (time.Duration, bool) {
	const day = 24 * time.Hour
	switch what {
	case "later":
		return 7 * day, true
	case "tomorrow":
		return day, true
	case "three":
		return 3 * day, true
	case "done":
		return 14 * day, true
	case "declined":
		return 28 * day, true
	}
	return 0, false
}

// decideStep keeps what a teacher made of a step. The step is computed again, so that
// its because and its students are stored as they are true now.
func (s *Server) decideStep(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	what, key, reason := r.PostFormValue("do"), r.PostFormValue("step"), ""
	hold, ok := holds(what)
	if !ok {
		return fault.Field("do", "Choose what to do with this step: done, later or not useful.")
	}
	switch what {
	case "declined":
		if reason = strings.TrimSpace(r.PostFormValue("reason")); reason == "" {
			return fault.Field("reason", "Say in a few words why this step is not useful.")
		}
	case "done":
		reason = strings.TrimSpace(r.PostFormValue("changed")) // what was done instead, if anything
	}
	if what == "tomorrow" || what == "three" {
		what = "later"
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return fault.Field("reason", "Please use at most %d characters for the reason.", maxReason)
	}
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	back := classPath(class.ID)
	if r.PostFormValue("back") == "teach" {
		q := url.Values{}
		if in := r.PostFormValue("in"); in != "" {
			q.Set("class", in)
		}
		if n, err := strconv.Atoi(r.PostFormValue("minutes")); err == nil && n > 0 {
			q.Set("minutes", strconv.Itoa(n))
		}
		if back = "/teach"; len(q) > 0 {
			back += "?" + q.Encode()
		}
	}
	decisions, err := s.Store.Decisions(ctx, a.District, class.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(decisions, func(d propose.Decision) bool { return d.Step == key }) {
		return seeOther(w, r, back, "decided") // a second press, or a colleague was faster
	}
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	steps, err := s.proposed(ctx, a.District, work)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(steps, func(st propose.Step) bool { return st.Key == key })
	if i < 0 {
		return fault.New(fault.Conflict, "This step is not proposed any more: something has changed since you opened the page.")
	}
	st := steps[i]
	x := propose.Decision{Class: class.ID, Step: key, Rule: st.Rule, Because: st.Because, What: what, Reason: reason, Actor: a.Person, At: s.Now(), Until: s.Now().Add(hold)}
	for _, p := range st.Students {
		x.Students = append(x.Students, p.ID)
	}
	if err := s.Store.Decide(ctx, a.District, x); err != nil {
		return fmt.Errorf("keep decision: %w", err)
	}
	return seeOther(w, r, back, "decided")
}

// turnProposals turns the proposals of a class off or on: one press each way.
func (s *Server) turnProposals(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.Store.TurnProposals(r.Context(), a.District, classID(r), r.PostForm.Get("do") == "off", a.Person); err != nil {
		return err
	}
	return seeOther(w, r, classPath(classID(r)), "said")
}

// proposalView explains one proposal as it was made.
type proposalView struct {
	propose.Proposal
	Class     roster.Class
	Rule      propose.RuleText
	Version   int
	Students  []roster.Person
	Inputs    []inputView
	Decisions []decisionView
	Lines     []playView // what teachers of the school added
	Adds      bool       // the reader may, too
	May       bool       // raise a flag
	Owners    []roster.Person
	Action    string                                 // of the flag's form
	Review    string                                 // the day that is proposed
	Typed     struct{ Owner, Action, Review string } // into the flag's form, where it was refused
	Expires   string
	Errors    formErrors
}

type inputView struct {
	propose.Input
	Name string
}

type decisionView struct {
	propose.Decision
	Who string
}

func (s *Server) showProposal(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderProposal(w, r, a, r.PathValue("proposal"), nil)
}

func (s *Server) renderProposal(w http.ResponseWriter, r *http.Request, a guard.Actor, id string, wrong error) error {
	ctx, d := r.Context(), a.District
	p, err := s.Store.Proposal(ctx, d, id)
	if err != nil {
		return err
	}
	if err := s.door.Class(ctx, a, guard.SeeStep, p.Class); err != nil {
		return err
	}
	v := proposalView{Proposal: p}
	if v.Class, err = s.Store.Class(ctx, d, p.Class); err != nil {
		return err
	}
	if v.Rule, v.Version, err = s.Store.RuleOf(ctx, d, p.Rule); err != nil {
		return err
	}
	names := map[roster.PersonID]string{}
	for _, id := range p.Students {
		x, err := s.Store.Person(ctx, d, id)
		if err != nil {
			return err
		}
		v.Students, names[id] = append(v.Students, x), x.Name()
	}
	for _, in := range p.Inputs {
		v.Inputs = append(v.Inputs, inputView{in, names[in.Student]})
	}
	decisions, err := s.Store.DecisionsOn(ctx, d, p.Class, p.Step)
	if err != nil {
		return err
	}
	by := s.namesOf(ctx, d)
	lines, err := s.Store.Playbook(ctx, d, v.Class.School)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Kind != p.Kind {
			continue
		}
		v.Playbook = slices.DeleteFunc(slices.Clone(v.Playbook), func(w string) bool { return w == l.Words })
		x := playView{Play: l, Own: l.Author == a.Person}
		if x.Who, err = by(l.Author); err != nil {
			return err
		}
		v.Lines = append(v.Lines, x)
	}
	toClass, err := s.Store.ToClass(ctx, a, p.Class)
	if err != nil {
		return err
	}
	_, v.Adds = guard.Allowed(guard.DecideStep, toClass)
	for _, x := range decisions {
		who, err := by(x.Actor)
		if err != nil {
			return err
		}
		v.Decisions = append(v.Decisions, decisionView{x, who})
	}
	if len(v.Students) == 1 {
		rel, err := s.Store.ToStudent(ctx, a, v.Students[0].ID)
		if err != nil {
			return err
		}
		leads := leadsOn(rel, v.Rule)
		v.May, v.Action = leads || slices.Contains(rel, guard.TeacherOf), recordHref(v.Students[0].ID)+"/flags"
		if v.Owners, err = s.flagOwners(ctx, a, v.Students[0].ID, leads); err != nil {
			return err
		}
		if wrong != nil {
			v.Typed.Owner, v.Typed.Action, v.Typed.Review = r.PostForm.Get("owner"), r.PostForm.Get("action"), r.PostForm.Get("review")
		}
		v.Review = s.Now().AddDate(0, 0, 7).Format(time.DateOnly)
		v.Expires = s.Now().AddDate(0, 0, max(8, v.Rule.Expires)).Format(time.DateOnly)
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "proposal", v)
}

// playView is a line of the school's playbook.
type playView struct {
	propose.Play
	Who string
	Own bool
}

// changePlaybook adds a line to what teachers of the school do where something is proposed, or takes
// one's own away.
func (s *Server) changePlaybook(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, f := r.Context(), a.District, r.PostForm
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	p, err := s.Store.Proposal(ctx, d, f.Get("proposal"))
	if err != nil {
		return err
	}
	if p.Class != class.ID {
		return fault.New(fault.NotFound, "This proposal is of another class.")
	}
	if id := f.Get("end"); id != "" {
		err = s.Store.EndPlay(ctx, d, class.School, id, a.Person)
	} else {
		err = s.Store.AddPlay(ctx, d, propose.Play{School: class.School, Kind: p.Kind, Words: f.Get("line"), Author: a.Person})
	}
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return s.renderProposal(w, r, a, p.ID, err)
	} else if err != nil {
		return err
	}
	return seeOther(w, r, classPath(class.ID)+"/proposals/"+urlPath(p.ID), "said")
}

// proposalRulesView is the school's own file of rules, to read, try and change.
type proposalRulesView struct {
	School   roster.Org // whose they are; none for the district's
	Own      bool       // the school has rules of its own
	Action   string
	Rules    propose.Rules
	Text     string
	Note     string
	Versions []versionOf
	Tried    []triedRow // what would change
	Classes  int        // that were looked at
	Asked    bool
	Errors   formErrors
}

type versionOf struct {
	propose.RuleVersion
	Who string
}

// triedRow is how often a rule proposed something in the last month, before and after.
type triedRow struct {
	Kind          propose.StepKind
	Before, After int
}

func (s *Server) showProposalRules(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderProposalRules(w, r, a, "", "", nil, nil)
}

func (s *Server) renderProposalRules(w http.ResponseWriter, r *http.Request, a guard.Actor, text, note string, tried *propose.Rules, wrong error) error {
	ctx := r.Context()
	v := proposalRulesView{Text: text, Note: note, Action: "/admin/proposals"}
	school := schoolID(r)
	var err error
	if school != "" {
		if v.School, err = s.Store.Org(ctx, a.District, school); err != nil {
			return err
		}
		v.Action = "/schools/" + urlPath(string(school)) + "/rules"
	}
	if v.Rules, err = s.Store.Rules(ctx, a.District, school); err != nil {
		return err
	}
	if v.Text == "" {
		v.Text = v.Rules.File
	}
	versions, err := s.Store.RuleVersions(ctx, a.District, school, 20)
	if err != nil {
		return err
	}
	v.Own = school != "" && len(versions) > 0 && versions[0].Text != ""
	names := s.namesOf(ctx, a.District)
	for _, x := range versions {
		who, err := names(x.Author)
		if err != nil {
			return err
		}
		v.Versions = append(v.Versions, versionOf{x, who})
	}
	if tried != nil {
		v.Asked = true
		if v.Tried, v.Classes, err = s.tryRules(ctx, a, v.School, v.Rules, *tried); err != nil {
			return err
		}
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "proposalrules", v)
}

// changeProposalRules tries a changed file on last month's data, or keeps it.
func (s *Server) changeProposalRules(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	text, note, do := strings.ReplaceAll(r.PostForm.Get("rules"), "\r\n", "\n"), strings.TrimSpace(r.PostForm.Get("note")), r.PostForm.Get("do")
	var rules propose.Rules
	var err error
	if do == "follow" && schoolID(r) != "" { // the district's rules, without any of the school's own
		do, note = "keep", "the district’s rules again"
	} else {
		rules, err = propose.ReadRules(strings.NewReader(text))
	}
	if err == nil && do == "keep" {
		was, _ := strconv.Atoi(r.PostForm.Get("version"))
		if note == "" {
			err = fault.Field("note", "Say in a few words what you changed and why. It is kept with the version.")
		} else if _, err = s.Store.SetRules(r.Context(), a.District, schoolID(r), rules, was, note, a.Person); err == nil {
			return seeOther(w, r, r.URL.Path, "said")
		}
	}
	if err != nil {
		if k := fault.KindOf(err); k != fault.Invalid && k != fault.Conflict {
			return err
		}
		return s.renderProposalRules(w, r, a, text, note, nil, err)
	}
	return s.renderProposalRules(w, r, a, text, note, &rules, nil)
}

// triedClasses is how many classes a try looks at; it is a preview.
const triedClasses = 20

// tryRules counts what two versions of the rules propose in the classes of a school, or of the
// district, at the ends of the last four weeks.
func (s *Server) tryRules(ctx context.Context, a guard.Actor, school roster.Org, before, after propose.Rules) (rows []triedRow, classes int, err error) {
	schools := []roster.Org{school}
	if school.ID == "" {
		if schools, err = s.Store.Schools(ctx, a.District, a.Person); err != nil {
			return nil, 0, err
		}
	}
	counts := map[propose.StepKind]*triedRow{}
	count := func(rules propose.Rules, room propose.Room, to func(*triedRow)) {
		for _, st := range propose.Steps(rules, room) {
			if counts[st.Kind] == nil {
				counts[st.Kind] = &triedRow{Kind: st.Kind}
			}
			to(counts[st.Kind])
		}
	}
	for _, school := range schools {
		list, err := s.Store.ClassesOfSchool(ctx, a.District, school.ID)
		if err != nil {
			return nil, 0, err
		}
		for _, class := range list[:min(len(list), max(1, triedClasses/max(1, len(schools))))] {
			classes++
			for back := range 4 {
				week := mastery.Week(s.Now()) - 1 - back
				work, err := s.classWorkAt(ctx, a.District, class, week)
				if err != nil {
					return nil, 0, err
				}
				room, err := s.room(ctx, a.District, work, mastery.WeekStart(week+1))
				if err != nil {
					return nil, 0, err
				}
				count(before, room, func(t *triedRow) { t.Before++ })
				count(after, room, func(t *triedRow) { t.After++ })
			}
		}
	}
	for _, t := range counts {
		rows = append(rows, *t)
	}
	slices.SortFunc(rows, func(x, y triedRow) int { return cmp.Compare(x.Kind, y.Kind) })
	return rows, classes, nil
}

// classWorkAt is a class as it was known at the end of a week.
func (s *Server) classWorkAt(ctx context.Context, d roster.DistrictID, class roster.Class, week int) (classWork, error) {
	w, err := s.classWork(ctx, d, class)
	if err != nil || len(w.learners) == 0 {
		return w, err
	}
	end := mastery.WeekStart(week + 1)
	at := map[roster.PersonID]*propose.Learner{}
	for i := range w.learners {
		l := &w.learners[i]
		at[l.Person.ID] = l
		l.Estimates = map[competency.ID]mastery.Estimate{}
		if l.LastSeen.After(end) { // when a person last saw them before is not kept
			l.LastSeen = end
		}
	}
	records, err := s.Store.MasteryAt(ctx, d, w.ids(), week)
	if err != nil {
		return w, err
	}
	for _, r := range records {
		at[r.Student].Estimates[r.Competency] = r.At(end)
	}
	return w, nil
}
