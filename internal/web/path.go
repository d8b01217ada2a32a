package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
)

func urlPath(s string) string { return url.PathEscape(s) }

const lastPage = 30 // of the offer, so that nobody asks for the millionth

type optionsView struct {
	Offer  offerView
	Next   int  // page with other options
	Again  bool // the offer begins again
	Errors formErrors
}

// showOptions offers something else.
func (s *Server) showOptions(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderOptions(w, r, a, offerPage(r.URL.Query().Get("page")), nil)
}

func offerPage(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > lastPage {
		return 0
	}
	return n
}

func (s *Server) renderOptions(w http.ResponseWriter, r *http.Request, a guard.Actor, page int, wrong error) error {
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	v := optionsView{Offer: newOfferView(p, page), Next: page + 1}
	if len(v.Offer.Options) == 0 && page > 0 {
		v.Offer, v.Next, v.Again = newOfferView(p, 0), 1, true
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "options", v)
}

// choose records what a student takes, with all that was offered. The offer is made
// again from the record, so that only what was really offered can be taken.
func (s *Server) choose(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	p, err := s.pupil(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	page := offerPage(r.PostForm.Get("page"))
	on, taken := competency.ID(r.PostForm.Get("competency")), material.ID(r.PostForm.Get("material"))
	choice, ok := chooseFrom(p.offer(page), on, taken)
	if !ok {
		return s.renderOptions(w, r, a, 0, fault.New(fault.Conflict, "What you can choose has changed since you opened the page. Here is what is open now."))
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

func (s *Server) finishChoice(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.Store.FinishChoice(r.Context(), a.District, a.Person, plan.ChoiceID(r.PathValue("choice"))); err != nil {
		return err
	}
	return seeOther(w, r, "/me", "finished")
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
		title = cmp.Or(parent.Short, parent.Statement)
	}
	if c.Subject != "" && c.Subject != title {
		title = c.Subject + ": " + title
	}
	return title
}
