package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// planRecord is a student's plan with all that it is made from.
type planRecord struct {
	Document     plan.Document
	Said         []profile.Event
	Entries      []profile.Entry // what holds of the profile, and may be read by the student
	Goals        []plan.Goal
	Items        []plan.Item
	Participants []plan.Participant
	Remarks      []plan.Remark
	Minor        bool
	Standing     plan.Standing
	Signed       map[string]plan.Document // by version
}

// plans reads the plans of some students.
func (s *Server) plans(ctx context.Context, d roster.DistrictID, students []roster.Person) (map[roster.PersonID]*planRecord, error) {
	ids := idsOf(students)
	records := make(map[roster.PersonID]*planRecord, len(students))
	schools := map[roster.OrgID]string{}
	for _, p := range students {
		if _, ok := schools[p.School]; !ok {
			o, err := s.Store.Org(ctx, d, p.School)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return nil, err
			}
			schools[p.School] = o.Name
		}
		records[p.ID] = &planRecord{Document: plan.Document{Student: p.ID, Name: p.Name(), Grade: gradeWords(p), School: schools[p.School]}}
	}
	if len(ids) == 0 {
		return records, nil
	}
	events, err := s.Store.ProfileEvents(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	goals, err := s.Store.Goals(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	items, err := s.Store.Pathway(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	people, err := s.Store.Participants(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	remarks, err := s.Store.Remarks(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	births, err := s.Store.Births(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	signatures, err := s.Store.Signatures(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	signed, err := s.Store.SignedPlans(ctx, d, ids)
	if err != nil {
		return nil, err
	}
	said := map[roster.PersonID][]profile.Event{}
	for _, e := range events {
		said[e.Student] = append(said[e.Student], e)
	}
	for _, g := range goals {
		records[g.Student].Goals = append(records[g.Student].Goals, g)
	}
	for _, i := range items {
		records[i.Student].Items = append(records[i.Student].Items, i)
	}
	for _, p := range people {
		records[p.Student].Participants = append(records[p.Student].Participants, p)
	}
	for _, r := range remarks {
		records[r.Student].Remarks = append(records[r.Student].Remarks, r)
	}
	under := map[roster.PersonID][]plan.Signature{}
	for _, x := range signatures {
		under[x.Student] = append(under[x.Student], x)
	}
	for id, rec := range records {
		rec.Entries = profile.Holding(profile.Visible(profile.Fold(said[id]), "", profile.Student, false))
		slices.SortStableFunc(rec.Entries, func(a, b profile.Entry) int {
			return cmp.Or(cmp.Compare(slices.Index(profile.Kinds, a.Kind), slices.Index(profile.Kinds, b.Kind)), a.At.Compare(b.At))
		})
		rec.write()
		rec.Minor = plan.Minor(births[id], s.Now())
		rec.Signed = map[string]plan.Document{}
		for _, x := range under[id] {
			rec.Signed[x.Version] = signed[x.Version]
		}
		rec.Standing = plan.Stand(rec.Document, rec.Signed, under[id], rec.Minor, s.Now())
		rec.Said = said[id]
	}
	return records, nil
}

// write writes the document from what it is made of.
func (r *planRecord) write() {
	d := &r.Document
	for _, e := range r.Entries {
		x := plan.Said{About: string(e.Kind), Text: e.Text, By: string(e.Voice)}
		if e.Kind == profile.Support {
			x.About = cmp.Or(e.Code, x.About)
			d.Supports = append(d.Supports, x)
			continue
		}
		d.Profile = append(d.Profile, x)
	}
	for _, g := range slices.Backward(r.Goals) {
		if g.Done.IsZero() {
			d.Goals = append(d.Goals, g.Text())
		}
	}
	for _, i := range r.Items {
		if i.State != plan.Dropped {
			d.Pathway = append(d.Pathway, i.Text())
		}
	}
	for _, p := range r.Participants {
		d.Participants = append(d.Participants, plan.Said{About: p.Part, Text: p.Name})
	}
}

// gradeWords is a grade as people write it: "4", "K".
func gradeWords(p roster.Person) string { return strings.TrimSuffix(gradeKey(p.Grade), "G") }

func planHref(student roster.PersonID) string { return recordHref(student) + "/plan" }

// planView is the plan of a student as a page.
type planView struct {
	spoken
	Student  roster.Person
	Own      bool
	Href     string // of the plan
	Back     string // the record; empty where the reader comes from elsewhere
	Grade    string
	School   string
	Mentor   string
	Profile  []planSection
	Supports []planLine
	Goals    []planGoal
	Items    []planItem
	Shown    []phrase // what the student can do, the latest
	More     int
	Outside  []outsideRow
	Helpers  []helperView
	Remarks  []wordView
	Signed   []signedView // a line for each party
	Standing plan.Standing
	Version  string
	SignAs   []plan.Party // as whom the reader may sign and has not
	Empty    bool         // there is nothing to sign yet
	MayEdit  bool
	MaySay   bool
	Kinds    []plan.ItemKind
	States   []plan.ItemState
	Typed    planForm
	Errors   formErrors
	Show     bool // on a big screen, for a talk that the student leads
	Was      time.Time
	topics   []live.Topic
}

func (v planView) Topics() []live.Topic { return v.topics }

func (v planView) BodyClass() string {
	if v.Show {
		return "present"
	}
	return "document"
}

// planForm is what was typed into one of the plan's forms.
type planForm struct{ Kind, Title, Place, Begins, Ends, State, Name, Part, Text, Sign string }

type planSection struct {
	Kind  profile.Kind
	Lines []planLine
}

// planLine is something that holds of a student.
type planLine struct {
	Text string
	Code supportCode
	By   profile.Voice
}

// supportCode is the code of a support that acts in pages.
type supportCode string

type planGoal struct {
	plan.Goal
	Day      time.Time // zero if there is none
	Finished int       // steps
	Href     string
	About    *phrase
}

type planItem struct {
	plan.Item
	From, Until time.Time
	Move        string // where to say how far it is; empty if the reader may not
}

type helperView struct {
	Name, Part string
	Role       messageKey // what names what they are; empty if Part does
	End        string     // where to take them off; empty if the reader may not
}

type wordView struct {
	plan.Remark
	Who string
}

type signedView struct {
	Party   plan.Party
	Needed  bool
	By      []plan.Signature
	Missing bool            // somebody of them has to sign
	Before  *plan.Signature // the last one for what it said before, where somebody has to sign
}

// shownMost is how much of what a student can do a plan shows.
const shownMost = 8

func (s *Server) showPlan(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderPlan(w, r, a, false, planForm{}, nil)
}

// presentPlan shows a plan on a big screen.
func (s *Server) presentPlan(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderPlan(w, r, a, true, planForm{}, nil)
}

func (s *Server) renderPlan(w http.ResponseWriter, r *http.Request, a guard.Actor, show bool, typed planForm, wrong error) error {
	ctx, student := r.Context(), studentID(r)
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	p, err := s.pupil(ctx, a.District, student)
	if err != nil {
		return err
	}
	records, err := s.plans(ctx, a.District, []roster.Person{p.Person})
	if err != nil {
		return err
	}
	rec := records[student]
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	v := planView{spoken: speech, Student: p.Person, Own: student == a.Person, Href: planHref(student), Back: recordHref(student), Grade: rec.Document.Grade, School: rec.Document.School,
		Standing: rec.Standing, Version: rec.Document.Version(), Empty: rec.Document.Empty(), Kinds: plan.ItemKinds, States: plan.ItemStates, Typed: typed, Show: show,
		topics: []live.Topic{live.StudentTopic(string(a.District), string(student))}}
	if slices.Contains(rel, guard.GuardianOf) {
		v.Back = "/family"
	}
	_, v.MayEdit = guard.Allowed(guard.EditPlan, rel)
	_, v.MaySay = guard.Allowed(guard.SayToPlan, rel)
	names := s.namesOf(ctx, a.District)
	v.Profile, v.Supports = planLines(rec.Document)
	for _, g := range rec.Goals {
		v.Goals = append(v.Goals, newPlanGoal(p, speech, g))
	}
	for _, i := range rec.Items {
		if i.State == plan.Dropped && !v.MayEdit {
			continue
		}
		v.Items = append(v.Items, newPlanItem(i, v.MayEdit))
	}
	met := p.with(mastery.Met)
	for _, m := range met[:min(shownMost, len(met))] {
		v.Shown = append(v.Shown, speech.can(p.catalogue, m.Competency))
	}
	v.More = len(met) - len(v.Shown)
	outside, err := s.Store.Outside(ctx, a.District, student)
	if err != nil {
		return err
	}
	for _, o := range outside {
		row := outsideRow{Outside: o, Waiting: o.Waits(p.now)}
		row.Date = o.Day.Time()
		v.Outside = append(v.Outside, row)
	}
	if v.Helpers, err = s.helpers(ctx, a, rec, p.Person, v.MayEdit); err != nil {
		return err
	}
	for _, h := range v.Helpers {
		if h.Role == "part.mentor" {
			v.Mentor = h.Name
		}
	}
	for _, m := range rec.Remarks {
		who, err := names(m.Author)
		if err != nil {
			return err
		}
		v.Remarks = append(v.Remarks, wordView{m, who})
	}
	for _, list := range [][]plan.Signature{rec.Standing.Signed, rec.Standing.Earlier} {
		if err := signers(list, names); err != nil {
			return err
		}
	}
	for _, party := range plan.Parties {
		x := signedView{Party: party, Needed: party != plan.ByGuardian || rec.Minor}
		for _, g := range rec.Standing.Signed {
			if g.Party == party {
				x.By = append(x.By, g)
			}
		}
		x.Missing = slices.Contains(rec.Standing.Missing, party)
		if i := slices.IndexFunc(rec.Standing.Earlier, func(g plan.Signature) bool { return g.Party == party }); x.Missing && len(x.By) == 0 && i >= 0 {
			x.Before = &rec.Standing.Earlier[i]
		}
		v.Signed = append(v.Signed, x)
		if slices.Contains(partiesOf(rel), party) && rec.maySign(a.Person, party) {
			v.SignAs = append(v.SignAs, party)
		}
	}
	code, wrongs, err := speech.refused(wrong)
	if err != nil {
		return err
	}
	v.Errors = wrongs
	return s.render(w, r, a, code, "plan", v)
}

// maySign reports whether somebody has still to sign as a party, or may beside another: a
// second guardian signs too.
func (r *planRecord) maySign(p roster.PersonID, party plan.Party) bool {
	return slices.Contains(r.Standing.Missing, party) || !slices.ContainsFunc(r.Standing.Signed, func(g plan.Signature) bool { return g.Party == party && (g.Signer == p || party != plan.ByGuardian) })
}

// signers adds to each signature whose account it was put under with, where another name was
// typed.
func signers(list []plan.Signature, names func(roster.PersonID) (string, error)) error {
	for i := range list {
		account, err := names(list[i].Signer)
		if err != nil {
			return err
		}
		if !strings.EqualFold(strings.Join(strings.Fields(list[i].Name), " "), account) {
			list[i].Name += " (" + account + ")"
		}
	}
	return nil
}

// planLines are what a plan says of a student, by kind, and the supports.
func planLines(d plan.Document) (sections []planSection, supports []planLine) {
	for _, x := range d.Profile {
		if n := len(sections); n == 0 || string(sections[n-1].Kind) != x.About {
			sections = append(sections, planSection{Kind: profile.Kind(x.About)})
		}
		at := &sections[len(sections)-1]
		at.Lines = append(at.Lines, planLine{Text: x.Text, By: profile.Voice(x.By)})
	}
	for _, x := range d.Supports {
		l := planLine{Text: x.Text, By: profile.Voice(x.By)}
		if _, ok := profile.SupportOf(x.About); ok {
			l.Code = supportCode(x.About)
		}
		supports = append(supports, l)
	}
	return sections, supports
}

func newPlanGoal(p *pupil, speech spoken, g plan.Goal) planGoal {
	x := planGoal{Goal: g, Href: roadHref(p.Person.ID, g.ID)}
	x.Day = g.By.Time()
	for _, st := range g.Steps {
		if !st.Done.IsZero() {
			x.Finished++
		}
	}
	if c, ok := p.catalogue.Competencies[g.Competency]; ok {
		about := speech.can(p.catalogue, c)
		x.About = &about
	}
	return x
}

func newPlanItem(i plan.Item, edit bool) planItem {
	x := planItem{Item: i}
	x.From = i.Begins.Time()
	x.Until = i.Ends.Time()
	if edit {
		x.Move = planHref(i.Student) + "/items/" + urlPath(string(i.ID))
	}
	return x
}

// helpers are all who help with a plan: the student, the guardians, the mentor, and others.
func (s *Server) helpers(ctx context.Context, a guard.Actor, rec *planRecord, p roster.Person, edit bool) (views []helperView, err error) {
	views = append(views, helperView{Name: p.Name(), Role: "part.student"})
	guardians, err := s.Store.Guardians(ctx, a.District, p.ID)
	if err != nil {
		return nil, err
	}
	for _, g := range guardians {
		views = append(views, helperView{Name: g.Name(), Role: "part.guardian"})
	}
	mentors, err := s.Store.Mentors(ctx, a.District, []roster.PersonID{p.ID})
	if err != nil {
		return nil, err
	}
	if m := mentors[p.ID]; m != "" {
		name, err := s.namesOf(ctx, a.District)(m)
		if err != nil {
			return nil, err
		}
		views = append(views, helperView{Name: name, Role: "part.mentor"})
	}
	for _, x := range rec.Participants {
		h := helperView{Name: x.Name, Part: x.Part}
		if edit {
			h.End = planHref(p.ID) + "/people/" + urlPath(x.ID)
		}
		views = append(views, h)
	}
	return views, nil
}

// partiesOf are as whom somebody may sign and speak.
func partiesOf(rel []guard.Relation) (parties []plan.Party) {
	for _, x := range []struct {
		relation guard.Relation
		party    plan.Party
	}{{guard.Self, plan.ByStudent}, {guard.GuardianOf, plan.ByGuardian}, {guard.TeacherOf, plan.BySchool}, {guard.LeaderOf, plan.BySchool}} {
		if slices.Contains(rel, x.relation) && !slices.Contains(parties, x.party) {
			parties = append(parties, x.party)
		}
	}
	return parties
}

// changePlan reads a form, does something with it, and shows the plan again.
func (s *Server) changePlan(w http.ResponseWriter, r *http.Request, a guard.Actor, notice string, do func(f planForm) error) error {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	f := planForm{get("kind"), get("title"), get("place"), get("begins"), get("ends"), get("state"), get("name"), get("part"), get("text"), get("sign")}
	err := do(f)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Invalid || kind == fault.Conflict) {
		return s.renderPlan(w, r, a, false, f, err)
	}
	if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(studentID(r))))
	back := planHref(studentID(r))
	if to := r.PostForm.Get("back"); to == "/family" {
		back = to
	}
	return seeOther(w, r, back, notice)
}

func (s *Server) addItem(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.changePlan(w, r, a, "said", func(f planForm) error {
		return s.Store.AddItem(r.Context(), a.District, plan.Item{Student: studentID(r), Kind: plan.ItemKind(f.Kind), Title: f.Title, Place: f.Place,
			Begins: roster.Date(f.Begins), Ends: roster.Date(f.Ends), State: cmp.Or(plan.ItemState(f.State), plan.Planned), Author: a.Person})
	})
}

func (s *Server) moveItem(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.changePlan(w, r, a, "said", func(f planForm) error {
		state := plan.ItemState(f.State)
		if !slices.Contains(plan.ItemStates, state) {
			return fault.Field("state", "Choose how far it is.")
		}
		return s.Store.MoveItem(r.Context(), a.District, studentID(r), plan.ItemID(r.PathValue("item")), state)
	})
}

func (s *Server) addHelper(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.changePlan(w, r, a, "said", func(f planForm) error {
		return s.Store.AddParticipant(r.Context(), a.District, plan.Participant{Student: studentID(r), Name: f.Name, Part: f.Part, Author: a.Person})
	})
}

func (s *Server) endHelper(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.changePlan(w, r, a, "dropped", func(planForm) error {
		return s.Store.EndParticipant(r.Context(), a.District, studentID(r), r.PathValue("helper"))
	})
}

func (s *Server) remark(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.changePlan(w, r, a, "said", func(f planForm) error {
		rel, err := s.Store.ToStudent(r.Context(), a, studentID(r))
		if err != nil {
			return err
		}
		x := plan.Remark{Student: studentID(r), Kind: plan.Comment, Text: f.Text, Author: a.Person, Party: partiesOf(rel)[0]}
		if x.Party == plan.ByStudent {
			x.Kind = plan.Reflection
		}
		return s.Store.AddRemark(r.Context(), a.District, x)
	})
}

// sign puts a name under what the plan says now, if that is what the signer has read.
func (s *Server) sign(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.changePlan(w, r, a, "signed", func(f planForm) error {
		ctx, student := r.Context(), studentID(r)
		p, err := s.Store.Person(ctx, a.District, student)
		if err != nil {
			return err
		}
		rel, err := s.Store.ToStudent(ctx, a, student)
		if err != nil {
			return err
		}
		records, err := s.plans(ctx, a.District, []roster.Person{p})
		if err != nil {
			return err
		}
		rec := records[student]
		doc := rec.Document
		x := plan.Signature{Student: student, Version: doc.Version(), Signer: a.Person, Party: plan.Party(r.PostForm.Get("party")), Name: f.Sign}
		switch {
		case !slices.Contains(partiesOf(rel), x.Party):
			return fault.New(fault.Forbidden, "You cannot sign for somebody else.")
		case x.Name == "" || utf8.RuneCountInString(x.Name) > plan.MaxWhat:
			return fault.Field("sign", "Write your full name.")
		case doc.Empty():
			return fault.Field("version", "There is nothing to sign yet.")
		case r.PostForm.Get("version") != x.Version:
			return fault.Field("version", "The plan has changed since you opened it.")
		}
		if !rec.maySign(a.Person, x.Party) {
			return nil // it is signed, and says so
		}
		since := rec.Standing.Reviewed
		if !slices.Contains(rec.Standing.Missing, x.Party) {
			since = time.Time{}
		}
		return s.Store.Sign(ctx, a.District, x, doc, since)
	})
}

// wasView is a plan as it was signed.
type wasView struct {
	spoken
	Student    roster.Person
	Back       string
	Document   plan.Document
	Profile    []planSection
	Supports   []planLine
	Signatures []plan.Signature
}

func (v wasView) BodyClass() string { return "document" }

func (s *Server) showSigned(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student, version := r.Context(), studentID(r), r.PathValue("version")
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	p, err := s.Store.Person(ctx, a.District, student)
	if err != nil {
		return err
	}
	plans, err := s.Store.SignedPlans(ctx, a.District, []roster.PersonID{student})
	if err != nil {
		return err
	}
	doc, ok := plans[version]
	if !ok {
		return fault.New(fault.NotFound, "Nobody has signed a plan like this.")
	}
	v := wasView{spoken: speech, Student: p, Back: planHref(student), Document: doc}
	v.Profile, v.Supports = planLines(doc)
	signatures, err := s.Store.Signatures(ctx, a.District, []roster.PersonID{student})
	if err != nil {
		return err
	}
	for _, x := range signatures {
		if x.Version == version {
			v.Signatures = append(v.Signatures, x)
		}
	}
	if err := signers(v.Signatures, s.namesOf(ctx, a.District)); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "signed", v)
}
