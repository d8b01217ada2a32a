package web

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// groupsView is the groups of a class, and the form that proposes new ones.
type groupsView struct {
	Class    roster.Class
	Running  []setView
	Drafts   []setView
	Over     []setView
	Form     groupForm
	Purposes []group.Purpose
	Students []roster.Person
	Pulse    pulseView
	Errors   formErrors
	topics   []live.Topic
}

func (v groupsView) Topics() []live.Topic { return v.topics }

// groupForm is what was asked of a proposal.
type groupForm struct {
	Title, Purpose, Least, Most, Number, Until, Roles, Together, Apart, Minutes, Have string
}

// setView is a set of groups to be read or arranged.
type setView struct {
	group.Set
	Href     string
	Groups   []groupView
	Parts    []partView
	Fairness []string
	Unmet    []string
	Draft    bool
	Titles   []string // of the groups, to move into
}

type groupView struct {
	ID, Name, Focus string
	Members         []memberView
	Others          []otherGroup
}

type otherGroup struct{ ID, Name string }

type memberView struct {
	Person  roster.Person
	Because string
	Role    string
	Locked  bool
	Others  []otherGroup
}

type partView struct {
	Name  string
	Words string
	Value float64
}

// pulseView is what members said of group work, of groups large enough to say nothing of anybody.
type pulseView struct {
	Answers int
	Least   int
	Rows    []pulseRow
	Prompts []string
}

type pulseRow struct {
	Name                          string
	N                             int
	Relevance, Inclusion, Support float64
}

func groupsHref(class roster.ClassID) string { return classPath(class) + "/groups" }

func setHref(class roster.ClassID, id group.SetID) string {
	return groupsHref(class) + "/" + urlPath(string(id))
}

// setsSince is how far back the groups of a class are shown, and who has met whom is counted.
const setsSince = 180 * 24 * time.Hour

func (s *Server) showGroups(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	until := s.Now().AddDate(0, 0, 14)
	return s.renderGroups(w, r, a, groupForm{Purpose: string(group.SharedNeed), Least: "3", Most: "5", Until: until.Format(time.DateOnly)}, nil)
}

func (s *Server) renderGroups(w http.ResponseWriter, r *http.Request, a guard.Actor, form groupForm, wrong error) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	v := groupsView{Class: class, Form: form, Purposes: group.Purposes, topics: []live.Topic{live.ClassTopic(string(d), string(class.ID))}}
	if v.Students, err = s.Store.People(ctx, d, class.ID, roster.Student); err != nil {
		return err
	}
	sets, err := s.Store.GroupSets(ctx, d, class.ID, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	for _, set := range sets {
		x, err := s.viewSet(ctx, d, set, v.Students)
		if err != nil {
			return err
		}
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
	v.Pulse = newPulseView(pulses)
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "groups", v)
}

// gapThatAsks is the difference, on a scale of 1 to 4, from which on a teacher is asked to look.
const gapThatAsks = .5

// newPulseView cuts what was said by subgroup; nothing is shown of fewer than [mastery.SmallCell]
// answers, nor of a subgroup whose complement is smaller.
func newPulseView(pulses []group.Pulse) pulseView {
	v := pulseView{Answers: len(pulses), Least: mastery.SmallCell}
	if len(pulses) < mastery.SmallCell {
		return v
	}
	row := func(name string, list []group.Pulse) pulseRow {
		x := pulseRow{Name: name, N: len(list)}
		for _, p := range list {
			x.Relevance += float64(p.Relevance) / float64(len(list))
			x.Inclusion += float64(p.Inclusion) / float64(len(list))
			x.Support += float64(p.Support) / float64(len(list))
		}
		return x
	}
	v.Rows = append(v.Rows, row("Everybody", pulses))
	dimensions := map[string]bool{}
	for _, p := range pulses {
		for k := range p.Groups {
			dimensions[k] = true
		}
	}
	all := v.Rows[0]
	for _, dimension := range slices.Sorted(maps.Keys(dimensions)) {
		cells := stats.Cells(pulses, func(p group.Pulse) string { return p.Groups[dimension] }, mastery.SmallCell)
		for _, cell := range cells {
			if cell.Suppressed || len(cells) == 1 || cell.Name == stats.NotKnown {
				continue
			}
			x := row(upperFirst(dimension)+": "+groupName(dimension, cell.Name), cell.Members)
			v.Rows = append(v.Rows, x)
			for _, q := range []struct {
				what        string
				own, theirs float64
			}{{"the work is about something that matters", x.Relevance, all.Relevance}, {"their ideas count in the group", x.Inclusion, all.Inclusion}, {"the teacher helps when it is needed", x.Support, all.Support}} {
				if q.theirs-q.own >= gapThatAsks {
					v.Prompts = append(v.Prompts, fmt.Sprintf("%s say less than all that %s (%.1f, all %.1f of 4). Who speaks first, who writes, who decides? Give roles in turn, and ask the quiet ones first.", x.Name, q.what, q.own, q.theirs))
				}
			}
		}
	}
	return v
}

// viewSet lays a set out with names.
func (s *Server) viewSet(ctx context.Context, d roster.DistrictID, set group.Set, people []roster.Person) (setView, error) {
	cat, err := s.Store.Catalogue(ctx, d)
	if err != nil {
		return setView{}, err
	}
	by := map[string]roster.Person{}
	for _, p := range people {
		by[string(p.ID)] = p
	}
	name := func(id string) string {
		if p, ok := by[id]; ok {
			return p.Given
		}
		if c, ok := cat.Competencies[competency.ID(id)]; ok {
			return "“" + cmp.Or(c.Short, c.Statement) + "”"
		}
		return id
	}
	solution := set.Solution
	solution.Groups = slices.Clone(solution.Groups)
	group.Explain(&set.Instance, &solution, name)
	v := setView{Set: set, Href: setHref(set.Class, set.ID), Draft: set.Used.IsZero() && set.Ended.IsZero()}
	var names []otherGroup
	for i, g := range solution.Groups {
		n := fmt.Sprintf("Group %d", i+1)
		names = append(names, otherGroup{g.ID, n})
	}
	for i, g := range solution.Groups {
		x := groupView{ID: g.ID, Name: names[i].Name}
		if g.Focus != "" {
			x.Focus = strings.Trim(name(g.Focus), "“”")
		}
		for _, o := range names {
			if o.ID != g.ID {
				x.Others = append(x.Others, o)
			}
		}
		for k, id := range g.Students {
			p, ok := by[id]
			if !ok {
				p = roster.Person{ID: roster.PersonID(id), Given: "Somebody", Family: "who left"}
			}
			m := memberView{Person: p, Because: g.Because[k], Locked: set.Locked(id), Others: x.Others}
			for _, r := range g.Roles {
				if r.Student == id {
					m.Role = strings.TrimPrefix(m.Role+", "+r.Role, ", ")
				}
			}
			x.Members = append(x.Members, m)
		}
		v.Groups = append(v.Groups, x)
	}
	v.Parts = partsOf(set.Solution.Parts)
	v.Fairness = fairnessWords(set.Solution.Fairness)
	for _, u := range set.Solution.Unmet {
		v.Unmet = append(v.Unmet, name(u.Where)+": "+unmetWords(u))
	}
	return v, nil
}

func unmetWords(b group.Broken) string {
	switch b.Rule {
	case "apart":
		return "is with somebody whom you wanted apart."
	case "together":
		return "is not with somebody whom you wanted together."
	}
	return b.Message
}

func partsOf(p group.Parts) (views []partView) {
	for _, x := range []struct {
		name, words string
		value       *float64
	}{
		{"Need", "of what each student needs most is what the group works on", p.Need},
		{"Interest", "of what each student likes most is what the group shares", p.Interest},
		{"Pace", "of the differences in pace lie between groups", p.Pace},
		{"Even levels", "of the differences in level lie within groups", p.Mixed},
		{"Strengths", "of the strengths that each group could have are there", p.Cover},
		{"New company", "of the pairs are new to each other", p.Fresh},
		{"Language", "of those who want help in a language have it", p.Language},
		{"Adults", "of those who need an adult have one", p.Led},
		{"Sizes", "groups are of one size", p.Even},
	} {
		if x.value != nil {
			views = append(views, partView{x.name, x.words, *x.value})
		}
	}
	return views
}

// fairnessWords warns where groups differ from the class by more than [group.Warn] and more than
// whole students need. A characteristic is named only for groups of [mastery.SmallCell] or more:
// of smaller ones, which one it is would tell on a child.
func fairnessWords(list []group.Fairness) (words []string) {
	most := map[string]float64{}
	small := false
	for _, f := range list {
		switch {
		case f.Nearest:
		case f.Size >= mastery.SmallCell:
			most[f.Characteristic] = max(most[f.Characteristic], math.Abs(f.Difference))
		default:
			small = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(most)) {
		words = append(words, fmt.Sprintf("By %s, a group differs from the class by %.1f standard deviations; more than %.2f is worth a look.", k, most[k], group.Warn))
	}
	if small {
		words = append(words, fmt.Sprintf("Some groups hold more or fewer of a subgroup than they need to, by over %.2f of a standard deviation. Look at who is with whom.", group.Warn))
	}
	return words
}

// proposeGroups makes groups from what is known now; nobody sees them before they are used.
func (s *Server) proposeGroups(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, d, f := r.Context(), a.District, r.PostForm
	form := groupForm{strings.TrimSpace(f.Get("title")), f.Get("purpose"), f.Get("least"), f.Get("most"), f.Get("number"), f.Get("until"), f.Get("roles"), f.Get("together"), f.Get("apart"), f.Get("minutes"), f.Get("have")}
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	in, wrong, err := s.groupInstance(ctx, d, a, class, form)
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

// groupInstance asks for groups of a class in the terms of package group.
func (s *Server) groupInstance(ctx context.Context, d roster.DistrictID, a guard.Actor, class roster.Class, form groupForm) (in *group.Instance, wrong, err error) {
	work, err := s.classWork(ctx, d, class)
	if err != nil {
		return nil, nil, err
	}
	in = &group.Instance{Schema: group.InstanceSchema, Purpose: group.Purpose(form.Purpose), Until: form.Until, Roles: commas(form.Roles)}
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
	if err := s.groupStudents(ctx, d, work, in); err != nil {
		return nil, nil, err
	}
	for field, x := range map[string]struct {
		text string
		to   *[][]string
	}{"together": {form.Together, &in.Together}, "apart": {form.Apart, &in.Apart}} {
		for i, l := range lines(x.text) {
			var ids []string
			for _, name := range commas(l) {
				id, ok := work.named(name)
				if !ok {
					return nil, fault.Field(field, "Line %d: nobody in this class is called %q, or more than one is. Write names as in the list, with commas between.", i+1, name), nil
				}
				ids = append(ids, id)
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

// memberWeeks is how far back a pace looks.
const memberWeeks = 4

// groupStudents says of each student what groups are made of: needs, strengths, interests, level,
// pace, who had least of adults' time, and with whom they were in groups before.
func (s *Server) groupStudents(ctx context.Context, d roster.DistrictID, work classWork, in *group.Instance) error {
	now := s.Now()
	focus := work.focus(now, gridMost)
	ids := make([]roster.PersonID, len(work.learners))
	for i, l := range work.learners {
		ids[i] = l.Person.ID
	}
	room, err := s.room(ctx, d, work, now)
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
	for _, l := range room.Students {
		longest = max(longest, l.Situation.Minutes)
	}
	for _, l := range room.Students {
		st := group.Student{ID: string(l.Person.ID), Subgroups: map[string]string{}, Priority: 1 - float64(l.Situation.Minutes)/float64(longest)}
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
		in.Students = append(in.Students, st)
	}
	return s.groupHistory(ctx, d, work.class.ID, in)
}

// groupHistory counts who worked with whom, and who had which role.
func (s *Server) groupHistory(ctx context.Context, d roster.DistrictID, class roster.ClassID, in *group.Instance) error {
	sets, err := s.Store.GroupSets(ctx, d, class, s.Now().Add(-setsSince))
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, st := range in.Students {
		here[st.ID] = true
	}
	met, held := map[[2]string]int{}, map[[2]string]int{}
	for _, set := range sets {
		if set.Used.IsZero() {
			continue
		}
		for _, g := range set.Solution.Groups {
			for i, p := range g.Students {
				for _, o := range g.Students[:i] {
					if here[p] && here[o] {
						met[[2]string{min(p, o), max(p, o)}]++
					}
				}
			}
			for _, x := range g.Roles {
				if here[x.Student] {
					held[[2]string{x.Student, x.Role}]++
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

// setPage is one set, to be arranged and used.
type setPage struct {
	setView
	Class roster.Class
}

func (s *Server) showSet(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	set, err := s.Store.GroupSet(ctx, d, class.ID, group.SetID(r.PathValue("group")))
	if err != nil {
		return err
	}
	people, err := s.Store.People(ctx, d, class.ID, roster.Student)
	if err != nil {
		return err
	}
	v, err := s.viewSet(ctx, d, set, people)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "set", setPage{v, class})
}

// changeSet moves a student, keeps one in place, proposes the rest anew, puts the groups to use,
// or ends them. What changes is scored at once.
func (s *Server) changeSet(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, d, f := r.Context(), a.District, r.PostForm
	set, err := s.Store.GroupSet(ctx, d, classID(r), group.SetID(r.PathValue("group")))
	if err != nil {
		return err
	}
	if !set.Ended.IsZero() {
		return fault.New(fault.Conflict, "These groups have ended.")
	}
	notice := ""
	switch f.Get("do") {
	case "move":
		if err := set.Move(f.Get("student"), f.Get("to")); err != nil {
			return err
		}
	case "lock":
		set.Lock(f.Get("student"))
	case "again":
		set.Solution = *group.Propose(ctx, &set.Instance, set.Solution.Seed+1)
	case "use":
		if set.Used.IsZero() {
			set.Used = s.Now()
		}
		notice = "said"
	case "rotate":
		group.Rotate(&set.Instance, &set.Solution, set.Solution.Seed)
		notice = "said"
	case "end":
		set.Ended = s.Now()
		notice = "said"
	default:
		return fault.Field("do", "Choose what to do with the groups.")
	}
	if !set.Used.IsZero() && len(set.Instance.Roles) > 0 && slices.ContainsFunc(set.Solution.Groups, func(g group.Proposed) bool { return len(g.Roles) == 0 && len(g.Students) > 0 }) {
		group.Rotate(&set.Instance, &set.Solution, set.Solution.Seed)
	}
	group.Explain(&set.Instance, &set.Solution, func(id string) string { return id })
	if err := s.Store.ChangeGroupSet(ctx, d, set); err != nil {
		return err
	}
	s.Hub.Publish(live.ClassTopic(string(d), string(set.Class)))
	if wantsFragment(r) {
		return s.showSet(w, r, a)
	}
	to := setHref(set.Class, set.ID)
	if f.Get("do") == "end" {
		to = groupsHref(set.Class)
	}
	return seeOther(w, r, to, notice)
}

// myGroups are the groups of a student, with what they are asked.
type myGroup struct {
	Title   string
	Until   time.Time
	Focus   string
	Because string
	Role    string
	Mates   []string
	Ask     string // where they say how it was; empty where they are not asked or have said so
	Running bool
}

// myGroups returns the groups in which a student is, or was until lately.
func (s *Server) myGroups(ctx context.Context, d roster.DistrictID, student roster.PersonID) (views []myGroup, err error) {
	sets, answered, err := s.Store.GroupsOf(ctx, d, student, 4)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		ask := set.Asks(s.Now()) && !answered[set.ID]
		if !set.Running(s.Now()) && !ask {
			continue
		}
		people, err := s.Store.People(ctx, d, set.Class, roster.Student)
		if err != nil {
			return nil, err
		}
		v, err := s.viewSet(ctx, d, set, people)
		if err != nil {
			return nil, err
		}
		for _, g := range v.Groups {
			i := slices.IndexFunc(g.Members, func(m memberView) bool { return m.Person.ID == student })
			if i < 0 {
				continue
			}
			x := myGroup{Title: set.Title, Until: set.Until().Time(), Focus: g.Focus, Because: togetherWords(set.Instance.Purpose), Role: g.Members[i].Role, Running: set.Running(s.Now())}
			for _, m := range g.Members {
				if m.Person.ID != student {
					x.Mates = append(x.Mates, m.Person.Given)
				}
			}
			if ask {
				x.Ask = "/me/groups/" + urlPath(string(set.Class)) + "/" + urlPath(string(set.ID))
			}
			views = append(views, x)
		}
	}
	return views, nil
}

// togetherWords says to a member why the group is: without numbers, which would tell of the others.
func togetherWords(p group.Purpose) string {
	switch p {
	case group.SharedNeed:
		return "You all can use some work on this right now."
	case group.Interest:
		return "You all like this."
	case group.Pace:
		return "You can go on together without waiting for each other."
	}
	return "Each of you brings something that the others can use."
}

// sayPulse keeps what a member says of their groups, without their name.
func (s *Server) sayPulse(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, d := r.Context(), a.District
	set, err := s.Store.GroupSet(ctx, d, classID(r), group.SetID(r.PathValue("group")))
	if err != nil {
		return err
	}
	if !set.Asks(s.Now()) {
		return fault.New(fault.Conflict, "Nobody asks about these groups now.")
	}
	number := func(field string) int { n, _ := strconv.Atoi(r.PostForm.Get(field)); return n }
	p := group.Pulse{Relevance: number("relevance"), Inclusion: number("inclusion"), Support: number("support")}
	if !p.Valid() {
		return fault.Field("relevance", "Choose an answer to each of the three sentences.")
	}
	belongs, err := s.Store.SubgroupsOf(ctx, d, []roster.PersonID{a.Person})
	if err != nil {
		return err
	}
	p.Groups = map[string]string{}
	for k, g := range belongs[a.Person] {
		if g != "" && k != "grade" {
			p.Groups[k] = g
		}
	}
	if err := s.Store.SayPulse(ctx, d, a.Person, set.Class, set.ID, p); err != nil {
		return err
	}
	return seeOther(w, r, "/me", "said")
}

// tutoringView is who of a class can help whom with what, by their own word.
type tutoringView struct {
	Class roster.Class
	Own   bool // the reader is a student of the class
	Rows  []tutoringRow
	Can   []competencyChoice // what the reader could teach
	Need  []competencyChoice
}

type tutoringRow struct {
	Competency competency.Competency
	Can, Need  []roster.Person
	Side       string // the reader's own
	Matched    bool
}

func (s *Server) showTutoring(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	can, need, err := s.Store.Tutoring(ctx, d, class.ID)
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, d, class)
	if err != nil {
		return err
	}
	v := tutoringView{Class: class}
	by := map[roster.PersonID]int{}
	for i, l := range work.learners {
		by[l.Person.ID] = i
		v.Own = v.Own || l.Person.ID == a.Person
	}
	people := func(ids []roster.PersonID) (out []roster.Person) {
		for _, id := range ids {
			if i, ok := by[id]; ok {
				out = append(out, work.learners[i].Person)
			}
		}
		return out
	}
	focus := work.offered(s.Now(), gridMost)
	for _, c := range work.cat.Order {
		if len(can[c])+len(need[c]) == 0 {
			continue
		}
		row := tutoringRow{Competency: work.cat.Competencies[c], Can: people(can[c]), Need: people(need[c])}
		row.Matched = len(row.Can) > 0 && len(row.Need) > 0
		if slices.Contains(can[c], a.Person) {
			row.Side = "can"
		} else if slices.Contains(need[c], a.Person) {
			row.Side = "need"
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Own {
		l := work.learners[by[a.Person]]
		for _, c := range focus {
			x := competencyChoice{string(c), cmp.Or(work.cat.Competencies[c].Student, work.cat.Competencies[c].Label())}
			if l.Estimates[c].Status == mastery.Met {
				v.Can = append(v.Can, x)
			} else {
				v.Need = append(v.Need, x)
			}
		}
	}
	return s.render(w, r, a, http.StatusOK, "tutoring", v)
}

// showMyTutoring shows a student the board of one of their classes.
func (s *Server) showMyTutoring(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	classes, err := s.Store.Classes(r.Context(), a.District, a.Person, roster.Student)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(classes, func(c roster.Class) bool { return c.ID == classID(r) }) {
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	}
	return s.showTutoring(w, r, a)
}

// setTutoring keeps that a student can teach something that they have shown, or needs help.
func (s *Server) setTutoring(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, classID(r))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, d, class)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(work.learners, func(l propose.Learner) bool { return l.Person.ID == a.Person })
	c := competency.ID(r.PostForm.Get("competency"))
	side := r.PostForm.Get("side")
	switch {
	case i < 0:
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	case work.cat.Competencies[c].ID == "":
		return fault.Field("competency", "Choose what it is about.")
	case side == "can" && work.learners[i].Estimates[c].Status != mastery.Met:
		return fault.Field("competency", "Offer to teach what you have shown already.")
	case side != "can" && side != "need" && side != "":
		return fault.Field("side", "Say whether you can teach it or need it.")
	}
	if err := s.Store.SetTutoring(ctx, d, class.ID, a.Person, c, side); err != nil {
		return err
	}
	return seeOther(w, r, "/me/tutoring/"+urlPath(string(class.ID)), "said")
}
