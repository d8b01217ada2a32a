package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/company"
	"waymark/internal/flex"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// timeView is with whom students of a school spend their time, and where that of its adults goes.
type timeView struct {
	School roster.Org
	Weeks  string
	Least  int
	Hidden bool // the whole school is too small
	Tables []groupTable[timeRow]
	Adults []adultRow
}

type timeRow struct {
	Name                                                  string
	Students                                              int
	Minutes, Screen, Alone, Others, Adult, Planned, Heard string
}

type adultRow struct {
	Name  string
	Roles string
	company.Adult
	Flex string // by purpose
}

func (s *Server) showTime(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	v := timeView{Weeks: weekWords(attentionWindow / 7), Least: mastery.SmallCell}
	org, people, belongs, dimensions, err := s.schoolByGroup(r, d)
	if err != nil {
		return err
	}
	v.School = org
	since := s.Now().Add(-attentionWindow * 24 * time.Hour)
	spent := map[roster.PersonID]*company.Time{}
	all := make([]company.Time, len(people))
	for i, p := range people {
		all[i].Groups = belongs[p.ID]
		spent[p.ID] = &all[i]
	}
	work, err := s.Store.WorkAt(ctx, d, school, since)
	if err != nil {
		return err
	}
	for _, x := range work {
		if t := spent[x.Student]; t != nil {
			t.Work(x)
		}
	}
	talks, err := s.Store.TalkMinutes(ctx, d, school, since)
	if err != nil {
		return err
	}
	for id, n := range talks {
		if t := spent[id]; t != nil {
			t.Talk(float64(n))
		}
	}
	led, err := s.flexSpent(r, a, since, spent)
	if err != nil {
		return err
	}
	minutes := func(m float64) string { return fmt.Sprintf("%.0f", m) }
	v.Tables, v.Hidden = tablesOf(company.Shares(all, dimensions, mastery.SmallCell), func(g company.Share, name string) timeRow {
		return timeRow{name, g.Students, minutes(g.Minutes), share(g.Screen), share(g.Alone), share(g.Others), share(g.Adult), minutes(g.Planned), minutes(g.Held)}
	})
	if v.Adults, err = s.adultRows(r, a, since, led); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "time", v)
}

// flexSpent adds the flex time that students had, and returns how many minutes of which purpose
// adults led.
func (s *Server) flexSpent(r *http.Request, a guard.Actor, since time.Time, spent map[roster.PersonID]*company.Time) (map[roster.PersonID]map[flex.Purpose]int, error) {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	calendar, err := s.Store.FlexCalendar(ctx, d, school)
	if err != nil {
		return nil, err
	}
	from, before := roster.Date(since.Format(time.DateOnly)), roster.Date(s.Now().AddDate(0, 0, 1).Format(time.DateOnly))
	places, err := s.Store.FlexSpentAt(ctx, d, school, from, before)
	if err != nil {
		return nil, err
	}
	minutes := map[timetable.SlotID]int{}
	length := func(slot timetable.SlotID) int {
		if _, ok := minutes[slot]; !ok {
			minutes[slot] = calendar.Minutes(slot)
		}
		return minutes[slot]
	}
	students, purpose := map[string]int{}, map[string]flex.Purpose{} // by session
	for _, p := range places {
		purpose[timetable.SessionID(p.Offer, p.Slot)] = p.Purpose
		if p.Attended == timetable.Here {
			students[timetable.SessionID(p.Offer, p.Slot)]++
		}
	}
	for _, p := range places {
		if t := spent[p.Student]; t != nil {
			t.Flex(p.Purpose, students[timetable.SessionID(p.Offer, p.Slot)], float64(length(p.Slot)), p.Attended == timetable.Here)
		}
	}
	held, err := s.Store.FlexHeld(ctx, d, school, from, before)
	if err != nil {
		return nil, err
	}
	led := map[roster.PersonID]map[flex.Purpose]int{}
	for _, h := range held {
		kind, known := purpose[timetable.SessionID(h.Offer, h.Slot)]
		if !known {
			continue // nobody wrote down who came
		}
		if led[h.Leader] == nil {
			led[h.Leader] = map[flex.Purpose]int{}
		}
		led[h.Leader][kind] += length(h.Slot)
	}
	return led, nil
}

// adultRows lists the adults of a school, those with most written down first.
func (s *Server) adultRows(r *http.Request, a guard.Actor, since time.Time, led map[roster.PersonID]map[flex.Purpose]int) (rows []adultRow, err error) {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	adults, err := s.Store.Adults(ctx, d, school, since)
	if err != nil {
		return nil, err
	}
	staff, err := s.Store.StaffOf(ctx, d, school)
	if err != nil {
		return nil, err
	}
	for _, p := range staff {
		x := adults[p.ID]
		x.Person, x.Flex = p.ID, led[p.ID]
		row := adultRow{Name: p.Name(), Adult: x}
		var roles []string
		for _, role := range []struct {
			n           int
			one, number string
		}{
			{x.Classes - x.Shared, "teaches 1 class", "teaches %d classes"}, {x.Shared, "teaches 1 class with another", "teaches %d classes with another"}, {x.Aide, "aide in 1 class", "aide in %d classes"},
			{x.Mentees, "mentor of 1", "mentor of %d"}, {x.Flags, "looks after 1 flag", "looks after %d flags"},
		} {
			if role.n == 1 {
				roles = append(roles, role.one)
			} else if role.n > 1 {
				roles = append(roles, fmt.Sprintf(role.number, role.n))
			}
		}
		var kinds []string
		for _, purpose := range flex.Purposes {
			if n := x.Flex[purpose]; n > 0 {
				kinds = append(kinds, fmt.Sprintf("%s %d", purpose, n))
			}
		}
		row.Roles, row.Flex = strings.Join(roles, ", "), strings.Join(kinds, ", ")
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b adultRow) int {
		return cmp.Compare(b.Talks+b.Flexed(), a.Talks+a.Flexed())
	})
	return rows, nil
}
