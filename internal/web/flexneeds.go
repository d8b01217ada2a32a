package web

import (
	"net/http"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// flexNeeds is what students of a school need in a week and nobody offers, with who could.
type flexNeeds struct {
	School roster.Org
	Base   string
	Monday roster.Date
	Rows   []needRow
	Slots  int
	Offers bool // the reader may add sessions
}

type needRow struct {
	timetable.Opening
	Title, LeadName, When string
}

// openingsMost is how many sessions are proposed at a time.
const openingsMost = 12

// showFlexNeeds proposes sessions for what is needed and not offered: on what, led by whom, when.
func (s *Server) showFlexNeeds(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	v := flexNeeds{Base: flexHref(school), Monday: s.monday(r, "week")}
	var err error
	if v.School, err = s.Store.Org(ctx, d, school); err != nil {
		return err
	}
	rel, err := s.Store.ToSchool(ctx, a, school)
	if err != nil {
		return err
	}
	_, v.Offers = guard.Allowed(guard.OfferFlex, rel)
	b, err := s.book(ctx, d, school, v.Monday)
	if err != nil {
		return err
	}
	cat, err := s.Store.Catalogue(ctx, d)
	if err != nil {
		return err
	}
	var slots []timetable.SlotID
	for _, slot := range b.slots {
		if s.toCome(slot) {
			slots = append(slots, slot.ID())
		}
	}
	v.Slots = len(slots)
	seats, busy := map[competency.ID]int{}, map[timetable.Away]bool{}
	for _, o := range b.offers {
		if !o.Ended.IsZero() {
			continue
		}
		for _, slot := range o.Slots {
			if !slices.Contains(slots, slot) {
				continue
			}
			busy[timetable.Away{Person: o.Leader, Slot: slot}] = true
			for _, c := range o.Competencies {
				seats[c] += o.Seats
			}
		}
	}
	for _, h := range b.held { // who stands in leads something, too
		busy[timetable.Away{Person: h.Leader, Slot: h.Slot}] = true
	}
	away, err := s.Store.FlexAway(ctx, d, school, v.Monday)
	if err != nil {
		return err
	}
	for _, x := range away {
		busy[x] = true
	}
	people, err := s.Store.StudentsOf(ctx, d, school)
	if err != nil {
		return err
	}
	needed := map[competency.ID][]roster.PersonID{}
	for part := range slices.Chunk(idsOf(people), 1000) {
		records, err := s.Store.Mastery(ctx, d, part)
		if err != nil {
			return err
		}
		for _, x := range records {
			if st := x.At(s.Now()).Status; st == mastery.Starting || st == mastery.Learning {
				needed[x.Competency] = append(needed[x.Competency], x.Student)
			}
		}
	}
	var lacks []timetable.Lack
	for c, students := range needed {
		if cat.Competencies[c].ID != "" && len(slots) > 0 && len(students) > 1 { // for one, a talk is enough
			lacks = append(lacks, timetable.Lack{Competency: c, Students: students, Seats: seats[c]})
		}
	}
	leads, err := s.leadsOf(r, a, cat.Competencies, needed)
	if err != nil {
		return err
	}
	names := s.namesOf(ctx, d)
	for _, o := range timetable.Openings(lacks, leads, slots, busy, openingsMost) {
		row := needRow{Opening: o, Title: clipText(cat.Competencies[o.Competency].InShort(), 120)}
		if o.Leader != "" {
			if row.LeadName, err = names(o.Leader); err != nil {
				return err
			}
			row.When = b.slotWords(o.Slot)
		}
		v.Rows = append(v.Rows, row)
	}
	return s.render(w, r, a, http.StatusOK, "flexneeds", v)
}

// leadsOf are the teachers of a school who could lead a session on what is needed: whose class is on
// its subject, or on none in particular.
func (s *Server) leadsOf(r *http.Request, a guard.Actor, competencies map[competency.ID]competency.Competency, needed map[competency.ID][]roster.PersonID) ([]timetable.Lead, error) {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	classes, err := s.Store.ClassesOfSchool(ctx, d, school)
	if err != nil {
		return nil, err
	}
	type key struct {
		person  roster.PersonID
		subject string
	}
	knows := map[key]map[roster.PersonID]bool{}
	var order []key
	for _, c := range classes {
		teachers, err := s.Store.People(ctx, d, c.ID, roster.Teacher)
		if err != nil {
			return nil, err
		}
		students, err := s.Store.People(ctx, d, c.ID, roster.Student)
		if err != nil {
			return nil, err
		}
		subjects := c.Subjects
		if len(subjects) == 0 {
			subjects = []string{""}
		}
		for _, t := range teachers {
			for _, subject := range subjects {
				k := key{t.ID, subject}
				if knows[k] == nil {
					knows[k] = map[roster.PersonID]bool{}
					order = append(order, k)
				}
				for _, st := range students {
					knows[k][st.ID] = true
				}
			}
		}
	}
	var leads []timetable.Lead
	for id := range needed {
		for _, k := range order {
			if k.subject == "" || k.subject == competencies[id].Subject {
				leads = append(leads, timetable.Lead{Person: k.person, Competency: id, Teaches: knows[k]})
			}
		}
	}
	return leads, nil
}
