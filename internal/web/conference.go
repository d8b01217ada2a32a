package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/conference"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// queueView is whom of a class to talk with next.
type queueView struct {
	Class   roster.Class
	Turns   []turnView
	Later   []turnView // put off by the teacher
	Talks   int        // held in the last four weeks
	Orphans int        // students without a mentor
	Weeks   string
	Answers conference.Answering // in these weeks
	topics  []live.Topic
}

func (v queueView) Topics() []live.Topic { return v.topics }

type turnView struct {
	conference.Turn
	First bool // the teacher put the student first
	Moved bool // the teacher's order holds, not the queue's
	Href  string
	Back  string
}

func briefHref(student roster.PersonID) string { return recordHref(student) + "/brief" }
func talksHref(student roster.PersonID) string { return recordHref(student) + "/talks" }

func (s *Server) showQueue(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	standings, held, err := s.standings(ctx, a, class)
	if err != nil {
		return err
	}
	moves, err := s.Store.QueueMoves(ctx, a.District, class.ID)
	if err != nil {
		return err
	}
	people := make([]roster.Person, len(standings))
	for i, x := range standings {
		people[i] = x.Person
	}
	without, err := s.withoutMentor(ctx, a.District, people)
	if err != nil {
		return err
	}
	v := queueView{Class: class, Talks: held, Orphans: len(without), Weeks: weekWords(attentionWindow / 7)}
	asked, err := s.Store.Asked(ctx, a.District, idsOf(people), s.Now().Add(-attentionWindow*24*time.Hour))
	if err != nil {
		return err
	}
	v.Answers = conference.Answer(asked, s.Now())
	var first []turnView
	for _, t := range conference.Queue(standings, s.Now()) {
		x := turnView{Turn: t, Href: briefHref(t.Person.ID), Back: classPath(class.ID) + "/talks"}
		place := t.Placed(moves)
		x.First, x.Moved = place == conference.First, place != conference.AsReckoned
		switch place {
		case conference.First:
			first = append(first, x)
		case conference.Later:
			v.Later = append(v.Later, x)
		default:
			v.Turns = append(v.Turns, x)
		}
		v.topics = append(v.topics, live.StudentTopic(string(a.District), string(t.Person.ID)))
	}
	v.Turns = append(first, v.Turns...)
	return s.render(w, r, a, http.StatusOK, "queue", v)
}

// moveInQueue puts a student first, or off for some days, or back to where the queue has
// them; that the teacher did stays on record with what the queue said.
func (s *Server) moveInQueue(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student := r.Context(), roster.PersonID(r.PostForm.Get("student"))
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	standings, _, err := s.standings(ctx, a, class)
	if err != nil {
		return err
	}
	turns := conference.Queue(standings, s.Now())
	i := slices.IndexFunc(turns, func(t conference.Turn) bool { return t.Person.ID == student })
	if i < 0 {
		return fault.New(fault.NotFound, "This student is not in the class.")
	}
	m, err := turns[i].Put(class.ID, conference.Place(r.PostForm.Get("do")), a.Person, s.Now())
	if err != nil {
		return err
	}
	if err := s.Store.MoveInQueue(ctx, a.District, m); err != nil {
		return err
	}
	return seeOther(w, r, classPath(class.ID)+"/talks", "decided")
}

// How far back the queue looks.
const (
	minutesWindow = 84 * 24 * time.Hour
	recentTalks   = 28 * 24 * time.Hour
	unknownSince  = 28 * 24 * time.Hour // a student of whom nothing says since when they are here
)

// standings gathers what the queue knows of a class, and how many talks there were lately.
func (s *Server) standings(ctx context.Context, a guard.Actor, class roster.Class) (list []conference.Standing, recent int, err error) {
	d := a.District
	work, err := s.classWork(ctx, d, class)
	if err != nil || len(work.learners) == 0 {
		return nil, 0, err
	}
	joined, err := s.Store.Joined(ctx, d, class.ID)
	if err != nil {
		return nil, 0, err
	}
	if list, recent, err = s.standingsOf(ctx, a, work); err != nil {
		return nil, 0, err
	}
	for i, x := range list {
		if day, err := time.Parse(time.DateOnly, string(joined[x.Person.ID])); err == nil && x.Never {
			list[i].Since = day
		}
	}
	return list, recent, nil
}

// standingsOf is the same of some students, whose first day nothing says.
func (s *Server) standingsOf(ctx context.Context, a guard.Actor, work classWork) (list []conference.Standing, recent int, err error) {
	d, now := a.District, s.Now()
	ids := work.ids()
	at := make(map[roster.PersonID]*conference.Standing, len(ids))
	learners := make(map[roster.PersonID]propose.Learner, len(ids))
	list = make([]conference.Standing, len(ids))
	for i, l := range work.learners {
		at[l.Person.ID], learners[l.Person.ID] = &list[i], l
		list[i] = conference.Standing{Person: l.Person, Never: true, NoGoal: true, Since: now.Add(-unknownSince), Stuck: stuckOn(l, work.cat)}
	}
	held, err := s.Store.Conferences(ctx, d, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range held {
		x := at[c.Student]
		if now.Sub(c.At) < minutesWindow {
			x.Minutes += c.Minutes
		}
		if c.Kind != conference.Talk {
			continue
		}
		if now.Sub(c.At) < recentTalks {
			recent++
		}
		if x.Never || c.At.After(x.Since) {
			x.Never, x.Since = false, c.At
		}
	}
	commitments, err := s.Store.Commitments(ctx, d, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range commitments {
		if c.Overdue(now) {
			at[c.Student].Overdue++
		}
	}
	requests, err := s.Store.Requests(ctx, d, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, q := range requests {
		if x := at[q.Student]; x.Asked.IsZero() {
			x.Asked = q.At
		}
	}
	goals, err := s.Store.Goals(ctx, d, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, g := range goals {
		x := at[g.Student]
		if !g.Done.IsZero() {
			if x.Never || g.Done.After(x.Since) {
				x.Reached = append(x.Reached, g.What)
			}
			continue
		}
		x.NoGoal = false
		moved := g.Set
		if e := learners[g.Student].Estimates[g.Competency]; e.Last.After(moved) {
			moved = e.Last
		}
		x.StalledFor = max(x.StalledFor, int(now.Sub(moved).Hours()/24))
	}
	said, err := s.saidOf(ctx, d, ids)
	if err != nil {
		return nil, 0, err
	}
	for id, x := range at {
		x.OldProfile = profile.Fresh(profile.Visible(profile.Fold(said[id]), a.Person, profile.Staff, false), now).Old(now)
	}
	return list, recent, nil
}

// stuckOn names what a student has tried several times without success, most tried first.
func stuckOn(l propose.Learner, cat *propose.Catalogue) (names []string) {
	type hard struct {
		name  string
		tries int
	}
	var list []hard
	for id, e := range l.Estimates {
		if c, ok := cat.Competencies[id]; ok && propose.Stuck(e) {
			list = append(list, hard{c.InShort(), e.N})
		}
	}
	slices.SortFunc(list, func(a, b hard) int { return cmp.Or(cmp.Compare(b.tries, a.tries), strings.Compare(a.name, b.name)) })
	for _, h := range list {
		names = append(names, h.name)
	}
	return names
}

// briefMost is how many things of a kind a brief names: it is read in a minute.
const briefMost = 3

// brief gathers what is good to know before a talk with a student.
func (s *Server) brief(ctx context.Context, a guard.Actor, p *pupil) (b conference.Brief, err error) {
	d, student := a.District, []roster.PersonID{p.Person.ID}
	held, err := s.Store.Conferences(ctx, d, student)
	if err != nil {
		return b, err
	}
	if i := slices.IndexFunc(held, func(c conference.Conference) bool { return c.Kind == conference.Talk }); i >= 0 {
		b.Since = held[i].At
	}
	week := mastery.Week(p.now) - gainWeeks
	if !b.Since.IsZero() {
		week = mastery.Week(b.Since) - 1
	}
	gains, err := s.gainsSince(ctx, d, p, week, briefMost)
	if err != nil {
		return b, err
	}
	for _, g := range gains {
		if g.Rose() {
			b.Gains = append(b.Gains, g.Competency.InShort())
		}
	}
	b.Stuck = stuckOn(p.Learner, p.catalogue)
	b.Stuck = b.Stuck[:min(briefMost, len(b.Stuck))]
	for _, l := range propose.LookBacks(p.Learner, p.catalogue, briefMost) {
		b.LookBacks = append(b.LookBacks, l.Competency.InShort())
	}
	for _, c := range p.Choices {
		if c.At.Before(b.Since) && c.Done.Before(b.Since) || len(b.Chosen) == briefMost || c.Declined() {
			continue
		}
		if c.Idea() && c.Answer != plan.Yes {
			continue
		}
		if c.Idea() {
			b.Chosen = append(b.Chosen, conference.Chosen{Title: c.Own, Finished: !c.Done.IsZero()})
			continue
		}
		m, err := p.material(ctx, s, d, c)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return b, err
		}
		b.Chosen = append(b.Chosen, conference.Chosen{Title: m.Title, Finished: !c.Done.IsZero()})
	}
	commitments, err := s.Store.Commitments(ctx, d, student)
	if err != nil {
		return b, err
	}
	for _, c := range commitments {
		switch {
		case c.Open():
			b.Open = append(b.Open, c)
		case !c.Dropped && c.Done.After(b.Since):
			b.Kept = append(b.Kept, c)
		}
	}
	if b.Prepared, err = s.Store.Requests(ctx, d, student); err != nil {
		return b, err
	}
	for _, g := range p.Goals {
		if g.Done.IsZero() || g.Done.After(b.Since) {
			b.Goals = append(b.Goals, g)
		}
	}
	entries, _, err := s.entries(ctx, a, p.Person.ID)
	if err != nil {
		return b, err
	}
	for _, e := range profile.Holding(entries) {
		switch {
		case e.Disputed():
			b.Disputed = append(b.Disputed, e)
		case e.Stale(p.now) && e.Text != "":
			b.Unconfirmed = append(b.Unconfirmed, e)
		}
	}
	b.Ask(p.now)
	return b, nil
}

// briefView is the brief and where the talk is written down.
type briefView struct {
	Student roster.Person
	conference.Brief
	Open, Kept []commitmentView
	Prepared   []requestView
	Talk       talkForm
	Whos       []choiceOption
	Readers    []choiceOption
	Back       string // the queue it was opened from
	Action     string
	Errors     formErrors
}

// talkForm is what is typed of a talk.
type talkForm struct {
	Minutes       string
	Note, Private string
	Visibility    string
	Agreed        []agreedForm
	Goal, GoalBy  string
}

type agreedForm struct {
	Number        int
	Who, What, By string
}

// agreedMost is how many commitments one form takes.
const agreedMost = 3

// dueAfter is when a commitment is to be kept if nothing else is said.
const dueAfter = 7 * 24 * time.Hour

func (s *Server) showBrief(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	f := talkForm{Visibility: string(profile.ToStudent)}
	for i := range agreedMost {
		f.Agreed = append(f.Agreed, agreedForm{i + 1, string(profile.Student), "", s.Now().Add(dueAfter).Format(time.DateOnly)})
	}
	return s.renderBrief(w, r, a, f, r.URL.Query().Get("back"), nil)
}

func (s *Server) renderBrief(w http.ResponseWriter, r *http.Request, a guard.Actor, f talkForm, back string, wrong error) error {
	p, err := s.pupil(r.Context(), a.District, studentID(r))
	if err != nil {
		return err
	}
	b, err := s.brief(r.Context(), a, p)
	if err != nil {
		return err
	}
	v := briefView{Student: p.Person, Brief: b, Talk: f, Back: queuePath(back), Action: talksHref(p.Person.ID), Readers: readersFor(profile.Staff, f.Visibility),
		Whos: choices("", string(profile.Student), cmp.Or(p.Person.Given, "the student"), string(profile.Staff), "me", string(profile.Family), "the family")}
	names := s.namesOf(r.Context(), a.District)
	if v.Open, err = s.commitmentViews(b.Open, a, profile.Staff, names); err != nil {
		return err
	}
	for i := range v.Open {
		v.Open[i].Back = briefHref(p.Person.ID)
	}
	if v.Kept, err = s.commitmentViews(b.Kept, a, profile.Staff, names); err != nil {
		return err
	}
	if v.Prepared, err = requestViews(b.Prepared, a, true, names); err != nil {
		return err
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "brief", v)
}

// queuePath returns the queue of a class that a form came from; nothing else is followed.
func queuePath(back string) string {
	if strings.HasPrefix(back, "/classes/") && strings.HasSuffix(back, "/talks") {
		return back
	}
	return ""
}

// holdTalk keeps a talk with its notes, what was agreed, and a goal that was set in it.
func (s *Server) holdTalk(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student, form := r.Context(), studentID(r), r.PostForm
	get := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	back := queuePath(form.Get("back"))
	f := talkForm{Minutes: get("minutes"), Note: get("note"), Private: get("private"), Visibility: get("visibility"), Goal: get("goal"), GoalBy: get("goal-by")}
	c := conference.Conference{Student: student, With: a.Person, Kind: conference.Kind(cmp.Or(form.Get("kind"), string(conference.Talk)))}
	if err := c.Validate(); err != nil {
		return err // the form itself is not ours
	}
	var agreed []conference.Commitment
	for i := range agreedMost {
		n := strconv.Itoa(i + 1)
		x := agreedForm{i + 1, get("who-" + n), get("what-" + n), get("by-" + n)}
		f.Agreed = append(f.Agreed, x)
		if x.What == "" {
			continue
		}
		m := conference.Commitment{Student: student, Who: profile.Voice(x.Who), What: x.What, By: roster.Date(x.By)}
		if m.Who == profile.Staff {
			m.Person = a.Person
		}
		if err := m.Validate(); err != nil {
			return s.renderBrief(w, r, a, f, back, fault.Field(fault.FieldOf(err)+"-"+n, "%s", fault.Sentence(err)))
		}
		agreed = append(agreed, m)
	}
	if f.Minutes != "" {
		n, err := strconv.Atoi(f.Minutes)
		if err != nil {
			return s.renderBrief(w, r, a, f, back, fault.Field("minutes", "Write how many minutes it took as a whole number, such as 10."))
		}
		c.Minutes = n
	}
	if f.Note != "" {
		c.Notes = append(c.Notes, conference.Note{Text: f.Note, Visibility: profile.Visibility(f.Visibility)})
	}
	if f.Private != "" {
		c.Notes = append(c.Notes, conference.Note{Text: f.Private, Visibility: profile.ToStaff})
	}
	var goals []plan.Goal
	if f.Goal != "" {
		g := plan.Goal{Student: student, Author: a.Person, What: f.Goal, By: roster.Date(f.GoalBy)}
		if err := g.Validate(); err != nil {
			field := "goal"
			if fault.FieldOf(err) == "by" {
				field = "goal-by"
			}
			return s.renderBrief(w, r, a, f, back, fault.Field(field, "%s", fault.Sentence(err)))
		}
		goals = append(goals, g)
	}
	if c.Kind == conference.Talk && len(c.Notes)+len(agreed)+len(goals)+c.Minutes == 0 {
		return s.renderBrief(w, r, a, f, back, fault.Field("note", "Write a few words of what came of it, what you agreed on, or how many minutes it took."))
	}
	if _, err := s.Store.HoldConference(ctx, a.District, c, agreed, goals); fault.KindOf(err) == fault.Invalid && err != nil {
		return s.renderBrief(w, r, a, f, back, err)
	} else if err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(student)))
	notice := "talk"
	if c.Kind == conference.CheckIn {
		notice = "checkin"
	}
	return seeOther(w, r, cmp.Or(back, talksHref(student)), notice)
}
