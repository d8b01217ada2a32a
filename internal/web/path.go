package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

func urlPath(s string) string { return url.PathEscape(s) }

const lastPage = 30 // of the offer, so that nobody asks for the millionth

type optionsView struct {
	Offer  offerView
	Again  bool // the offer begins again
	First  bool // it is the first page of it
	Ideas  []aboutView
	Own    string // what was typed
	Why    string
	Errors formErrors
}

// showOptions offers something else.
func (s *Server) showOptions(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderOptions(w, r, a, offerPage(r.URL.Query().Get("page")), plan.Choice{}, nil)
}

func offerPage(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > lastPage {
		return 0
	}
	return n
}

// renderOptions shows a page of the offer, with the idea that could not be taken.
func (s *Server) renderOptions(w http.ResponseWriter, r *http.Request, a guard.Actor, page int, idea plan.Choice, wrong error) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	v := optionsView{Offer: newOfferView(p, page), First: page == 0, Own: idea.Own, Why: idea.Why}
	if len(v.Offer.Options) == 0 && page > 0 {
		v.Offer, v.Again = newOfferView(p, 0), true
	}
	for _, id := range p.focus() {
		v.Ideas = append(v.Ideas, aboutView{string(id), p.catalogue.Competencies[id].Label(), id == idea.Competency})
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "options", v)
}

// choose records what a student takes, with all that was offered. The offer is made
// again from the record, so that only what was really offered can be taken.
func (s *Server) choose(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	on, taken := competency.ID(r.PostForm.Get("competency")), material.ID(r.PostForm.Get("material"))
	choice, ok := chooseFrom(p.offer(offerPage(r.PostForm.Get("page"))), on, taken)
	if r.PostForm.Get("list") != "" {
		choice, ok = p.chooseFromList(on, taken)
	}
	if !ok {
		return s.renderOptions(w, r, a, 0, plan.Choice{}, fault.New(fault.Conflict, "What you can choose has changed since you opened the page. Here is what is open now."))
	}
	choice.Student = a.Person
	if _, err := s.Store.AddChoice(r.Context(), a.District, choice); err != nil {
		return err
	}
	return seeOther(w, r, "/me", "chosen")
}

func chooseFrom(options []propose.Option, on competency.ID, taken material.ID) (c plan.Choice, ok bool) {
	for _, o := range options {
		c.Offered = append(c.Offered, o.Material.ID)
		if o.Competency.ID == on && o.Material.ID == taken {
			c.Competency, c.Material, c.Because, c.Rule, ok = on, taken, o.Because, string(o.Rule), true
		}
	}
	return c, ok
}

// listRule is the rule under which all that there is to learn a competency from is listed.
const listRule = "playlist/1"

// chooseFromList takes something from all that there is to learn a competency from.
func (p *pupil) chooseFromList(on competency.ID, taken material.ID) (c plan.Choice, ok bool) {
	for _, m := range p.catalogue.Materials[on] {
		c.Offered = append(c.Offered, m.ID)
		if m.ID == taken {
			c.Competency, c.Material, c.Because, c.Rule, ok = on, taken, "You took it from the whole list.", listRule, true
		}
	}
	return c, ok
}

// decline records that a student wants something else than what a page of the offer
// holds, and shows the next one.
func (s *Server) decline(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	page := offerPage(r.PostForm.Get("page"))
	c := plan.Choice{Student: a.Person}
	for _, o := range p.offer(page) {
		c.Offered, c.Rule = append(c.Offered, o.Material.ID), string(o.Rule)
	}
	if len(c.Offered) > 0 {
		if _, err := s.Store.AddChoice(r.Context(), a.District, c); err != nil {
			return err
		}
	}
	return seeOther(w, r, "/me/options?page="+strconv.Itoa(page+1), "")
}

// proposeOwn keeps a student's own idea; a teacher says yes or no to it.
func (s *Server) proposeOwn(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	c := plan.Choice{Student: a.Person, Own: strings.TrimSpace(r.PostForm.Get("own")), Why: strings.TrimSpace(r.PostForm.Get("why")), Competency: competency.ID(r.PostForm.Get("competency"))}
	err = c.ValidateIdea()
	if _, ok := p.catalogue.Competencies[c.Competency]; err == nil && !ok {
		err = fault.Field("competency", "Choose what you would learn by it.")
	}
	if err != nil {
		return s.renderOptions(w, r, a, 0, c, err)
	}
	for _, o := range p.offer(0) {
		c.Offered = append(c.Offered, o.Material.ID)
	}
	if _, err := s.Store.AddChoice(r.Context(), a.District, c); err != nil {
		return err
	}
	s.publishToClasses(a.District, p)
	return seeOther(w, r, "/me", "idea")
}

// publishToClasses tells the pages of a student's classes that something changed.
func (s *Server) publishToClasses(d roster.DistrictID, p *pupil) {
	topics := []live.Topic{live.StudentTopic(string(d), string(p.Person.ID))}
	for _, c := range p.Classes {
		topics = append(topics, live.ClassTopic(string(d), string(c.ID)))
	}
	s.Hub.Publish(topics...)
}

func (s *Server) finishChoice(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	o := plan.Outcome(r.PostForm.Get("outcome"))
	if o != "" && !slices.Contains(plan.Outcomes, o) {
		return fault.Field("outcome", "Say how it went.")
	}
	if err := s.Store.FinishChoice(r.Context(), a.District, a.Person, plan.ChoiceID(r.PathValue("choice")), o); err != nil {
		return err
	}
	notice := "finished"
	if o == plan.Hard || o == plan.Stopped {
		notice = "other"
	}
	return seeOther(w, r, "/me", notice)
}

// passCheckpoint keeps that a student passed a checkpoint of what they chose.
func (s *Server) passCheckpoint(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	id := plan.ChoiceID(r.PathValue("choice"))
	n, err := strconv.Atoi(r.PathValue("checkpoint"))
	i := slices.IndexFunc(p.Choices, func(c plan.Choice) bool { return c.ID == id })
	if err != nil || i < 0 {
		return fault.New(fault.NotFound, "There is no such checkpoint.")
	}
	m, err := p.material(r.Context(), s, a.District, p.Choices[i])
	if err != nil {
		return err
	}
	if n < 0 || n >= len(m.Checkpoints) {
		return fault.New(fault.NotFound, "There is no such checkpoint.")
	}
	if err := s.Store.PassCheckpoint(r.Context(), a.District, a.Person, id, n); err != nil {
		return err
	}
	s.publishToClasses(a.District, p)
	return seeOther(w, r, "/me", "said")
}

// pathView lists what a student has shown, works on and has ahead.
type pathView struct {
	Domains []domainView
	Counts  []statusCount
	topics  []live.Topic
}

func (v pathView) Topics() []live.Topic { return v.topics }

type domainView struct {
	ID    string // within the page
	Title string
	Items []pathItem
}

type pathItem struct {
	Competency competency.Competency
	Estimate   mastery.Estimate
	Href, Goal string // to the evidence, and to a new goal
}

type statusCount struct {
	Status mastery.Status
	N      int
}

// showPath shows a student's competencies by domain: all with evidence, all of what
// the classes work on, all of the grade.
func (s *Server) showPath(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	on := map[competency.ID]bool{}
	for id := range p.Estimates {
		on[id] = true
	}
	for _, id := range p.focus() {
		on[id] = true
	}
	for _, id := range p.grade() {
		on[id] = true
	}
	v := pathView{topics: []live.Topic{live.StudentTopic(string(a.District), string(a.Person))}}
	place := map[competency.ID]int{} // of a domain in the view
	counts := map[mastery.Status]int{}
	for _, id := range p.catalogue.Order {
		c := p.catalogue.Competencies[id]
		if !on[id] || !c.Assessable {
			continue
		}
		i, ok := place[c.Parent]
		if !ok {
			i = len(v.Domains)
			place[c.Parent] = i
			v.Domains = append(v.Domains, domainView{ID: "d" + strconv.Itoa(i+1), Title: domainTitle(p.catalogue, c)})
		}
		e := p.Estimates[id]
		counts[e.Status]++
		v.Domains[i].Items = append(v.Domains[i].Items, pathItem{c, e, evidenceHref(a.Person, id), "/me/goals?competency=" + urlQuery(string(id))})
	}
	for _, st := range []mastery.Status{mastery.Met, mastery.Nearly, mastery.Learning, mastery.Starting, mastery.Fading, mastery.Unknown} {
		if counts[st] > 0 {
			v.Counts = append(v.Counts, statusCount{st, counts[st]})
		}
	}
	return s.render(w, r, a, http.StatusOK, "path", v)
}

// domainTitle names what groups a competency.
func domainTitle(cat *propose.Catalogue, c competency.Competency) string {
	title := "More"
	if parent, ok := cat.Competencies[c.Parent]; ok {
		title = parent.InShort()
	}
	if c.Subject != "" && c.Subject != title {
		title = c.Subject + ": " + title
	}
	return title
}
