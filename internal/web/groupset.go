package web

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
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
	"waymark/internal/roster"
)

// setView is a set of groups to be read or arranged.
type setView struct {
	group.Set
	Href     string
	Groups   []groupView
	Parts    []partView
	Fairness []string
	Unmet    []string
	Draft    bool
	Turns    []placesView
	Shares   []shareView
}

// placesView is one turn of a rotation: where each group is.
type placesView struct {
	N      int
	Places []group.Station
}

// shareView is how long a group is with whom, over all turns.
type shareView struct {
	Words   string
	Minutes int
	Percent int
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
}

type partView struct {
	Name  string
	Words string
	Value float64
}

func setHref(class roster.ClassID, id group.SetID) string {
	return groupsHref(class) + "/" + urlPath(string(id))
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
	called := map[string]string{}
	for i, g := range set.Solution.Groups {
		called[g.ID] = fmt.Sprintf("Group %d", i+1)
	}
	name := func(id string) string {
		if p, ok := by[id]; ok {
			return p.Given
		}
		if n, ok := called[id]; ok {
			return n
		}
		if c, ok := cat.Competencies[competency.ID(id)]; ok {
			return "“" + c.InShort() + "”"
		}
		if k, ok := profile.SupportOf(id); ok {
			return k.Words
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
			m := memberView{Person: p, Because: g.Because[k], Locked: set.Locked(id)}
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
	v.Turns, v.Shares = turnsOf(set.Plan.Rotation, len(v.Groups))
	return v, nil
}

// turnsOf lays out where each group is in each turn, and with whom that is for how long.
func turnsOf(r group.Rotation, groups int) (turns []placesView, shares []shareView) {
	if r.Template == group.NoRotation || groups == 0 {
		return nil, nil
	}
	for i, places := range r.Turns(groups) {
		t := placesView{N: i + 1}
		for _, p := range places {
			t.Places = append(t.Places, r.Stations[p])
		}
		turns = append(turns, t)
	}
	minutes, all := r.Shares(groups), r.Minutes*len(turns)
	for _, c := range group.Companies {
		if n := minutes[c]; n > 0 {
			shares = append(shares, shareView{companyWords(c), n, (100*n + all/2) / all})
		}
	}
	return turns, shares
}

func companyWords(c group.Company) string {
	return map[group.Company]string{group.WithAdult: "with an adult", group.WithOthers: "with others", group.Alone: "alone"}[c]
}

func templateWords(t group.Template) string {
	return map[group.Template]string{group.Stations: "Stations: every group is at each once", group.Lab: "Lab: one half in the room, one in the lab, then the other way around",
		group.OwnList: "Own lists: each goes by a list of their own, one group at a time is with the teacher"}[t]
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

// setPage is one set, to be arranged and used.
type setPage struct {
	setView
	Class     roster.Class
	Own       bool // the reader teaches the class
	Task      []group.TaskPart
	Missing   []string
	Templates []group.Template
	Companies []group.Company
	Rows      []group.Station // of the form: those there are, and room for more
	Errors    formErrors
}

// stationsMost is how many stations one can name.
const stationsMost = 6

// toSet lets in who may work with a set of groups: who teaches one of its classes, and may put the
// students of all others into groups with their own.
func toSet(s *Server, r *http.Request, a guard.Actor) error {
	classes, err := s.Store.SetClasses(r.Context(), a.District, classID(r), group.SetID(r.PathValue("group")))
	if err != nil {
		return err
	}
	if len(classes) == 0 {
		classes = []roster.ClassID{classID(r)} // whoever may know what is there is told that it is not
	}
	return s.mayGroup(r.Context(), a, classes)
}

// mayGroup lets in who teaches one of some classes and may group with all of them.
func (s *Server) mayGroup(ctx context.Context, a guard.Actor, classes []roster.ClassID) (err error) {
	for _, class := range classes {
		if err = s.door.Class(ctx, a, guard.MakeGroups, class); err == nil || fault.KindOf(err) != fault.NotFound {
			break
		}
	}
	if err != nil {
		return err
	}
	for _, class := range classes {
		if err := s.door.Class(ctx, a, guard.GroupWith, class); err != nil {
			return err
		}
	}
	return nil
}

// endSet ends groups of a class, also such as nobody may open any more since a team is no more.
func (s *Server) endSet(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	set, err := s.groupSet(r, a)
	if err != nil {
		return err
	}
	if set.Ended.IsZero() {
		set.Ended = s.Now()
		if err := s.Store.ChangeGroupSet(r.Context(), a.District, set); err != nil {
			return err
		}
	}
	return seeOther(w, r, groupsHref(set.Class), "said")
}

// groupSet returns the set that is asked for.
func (s *Server) groupSet(r *http.Request, a guard.Actor) (group.Set, error) {
	return s.Store.GroupSet(r.Context(), a.District, classID(r), group.SetID(r.PathValue("group")))
}

// noteGrouped writes down that somebody saw what children whom they do not teach are put together by.
func (s *Server) noteGrouped(ctx context.Context, a guard.Actor, people []roster.Person) error {
	for _, p := range people {
		rel, err := s.Store.ToStudent(ctx, a, p.ID)
		if err != nil {
			return err
		}
		if _, ok := guard.Allowed(guard.ReadRecord, rel); ok {
			continue
		}
		if err := s.Store.RecordAccess(ctx, guard.Access{At: s.Now(), District: a.District, Actor: a.Person, Relation: guard.InTeam, Student: p.ID, What: guard.GroupWith}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) showSet(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	set, err := s.groupSet(r, a)
	if err != nil {
		return err
	}
	return s.renderSet(w, r, a, set, nil)
}

// renderSet shows a set as it is, or as somebody tried to change it and what is wrong with that.
func (s *Server) renderSet(w http.ResponseWriter, r *http.Request, a guard.Actor, set group.Set, wrong error) error {
	ctx, d := r.Context(), a.District
	class, err := s.Store.Class(ctx, d, set.Class)
	if err != nil {
		return err
	}
	people, err := s.studentsOf(ctx, d, set.Classes)
	if err != nil {
		return err
	}
	if len(set.Classes) > 1 {
		if err := s.noteGrouped(ctx, a, people); err != nil {
			return err
		}
	}
	shown := set
	if wrong != nil && set.Plan.Rotation.Validate() != nil {
		shown.Plan.Rotation = group.Rotation{} // it cannot be laid out
	}
	v, err := s.viewSet(ctx, d, shown, people)
	if err != nil {
		return err
	}
	v.Plan = set.Plan
	p := setPage{setView: v, Class: class, Task: v.Plan.Task.Parts(), Missing: v.Plan.Task.Missing(), Templates: group.Templates, Companies: group.Companies}
	if _, p.Own, err = s.besides(ctx, a, class.ID); err != nil {
		return err
	}
	p.Rows = slices.Clone(v.Plan.Rotation.Stations)
	for v.Plan.Rotation.Template == group.Stations && len(p.Rows) < stationsMost {
		p.Rows = append(p.Rows, group.Station{})
	}
	var code int
	p.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "set", p)
}

// planOf reads what groups do from a form.
func planOf(do string, f url.Values, p group.Plan) (group.Plan, error) {
	switch do {
	case "task":
		p.Task = group.TaskOf(func(name string) string { return strings.TrimSpace(f.Get(name)) })
		return p, p.Task.Validate()
	case "around":
		if group.Template(f.Get("template")) == p.Rotation.Template {
			return p, nil // what is named stays
		}
		p.Rotation = group.Template(f.Get("template")).Begin()
		return p, nil
	}
	p.Rotation.Minutes, _ = strconv.Atoi(f.Get("turn"))
	p.Rotation.Stations = nil
	company := f["company"]
	for i, name := range f["station"] {
		if name = strings.TrimSpace(name); name != "" && i < len(company) {
			p.Rotation.Stations = append(p.Rotation.Stations, group.Station{Name: name, Company: group.Company(company[i])})
		}
	}
	return p, p.Rotation.Validate()
}

// changeSet moves a student, keeps one in place, proposes the rest anew, says what the groups do,
// puts them to use, or ends them. What changes is scored at once.
func (s *Server) changeSet(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, f := r.Context(), a.District, r.PostForm
	set, err := s.groupSet(r, a)
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
		set.Rotate()
		notice = "said"
	case "task", "around", "turns":
		if set.Plan, err = planOf(f.Get("do"), f, set.Plan); err != nil {
			return s.renderSet(w, r, a, set, err)
		}
		notice = "said"
	case "end":
		set.Ended = s.Now()
		notice = "said"
	default:
		return fault.Field("do", "Choose what to do with the groups.")
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
	Task    []group.TaskPart // what they do, as far as it is said
	Way     []group.Station  // where they are, turn by turn
	Minutes int              // of a turn
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
		people, err := s.studentsOf(ctx, d, set.Classes)
		if err != nil {
			return nil, err
		}
		v, err := s.viewSet(ctx, d, set, people)
		if err != nil {
			return nil, err
		}
		for n, g := range v.Groups {
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
			if x.Running {
				x.Task = slices.DeleteFunc(set.Plan.Task.Parts(), func(p group.TaskPart) bool { return p.Said == "" })
				x.Minutes = set.Plan.Rotation.Minutes
				for _, t := range v.Turns {
					x.Way = append(x.Way, t.Places[n])
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
