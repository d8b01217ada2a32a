package web

import (
	"fmt"
	"net/http"
	"time"

	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// flexFair is what groups of students had of a school's flex time.
type flexFair struct {
	School roster.Org
	Weeks  string
	Least  int
	Hidden bool // the whole school is too small
	Tables []groupTable[fairRow]
}

type fairRow struct {
	Name                    string
	Students                int
	Asked, Granted, Missed  string
	LessGranted, MoreMissed bool // than all others, beyond what is alike
}

func (s *Server) showFlexFair(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	v := flexFair{Weeks: weekWords(attentionWindow / 7), Least: mastery.SmallCell}
	org, people, groups, dimensions, err := s.schoolByGroup(r, d)
	if err != nil {
		return err
	}
	v.School = org
	now := timetable.Clock(s.Now())
	from := timetable.Monday(now.AddDate(0, 0, -attentionWindow))
	asked, err := s.Store.FlexAsked(ctx, d, school, from, timetable.Monday(now))
	if err != nil {
		return err
	}
	missed, err := s.Store.FlexMissed(ctx, d, idsOf(people), roster.Date(from.Time().Format(time.DateOnly)))
	if err != nil {
		return err
	}
	all := make([]timetable.Share, len(people))
	for i, p := range people {
		all[i] = timetable.Share{Groups: groups[p.ID], Asked: asked[p.ID][0], Granted: asked[p.ID][1], Missed: missed[p.ID][0], Recorded: missed[p.ID][1]}
	}
	v.Tables, v.Hidden = tablesOf(timetable.Fair(all, dimensions, mastery.SmallCell), func(g timetable.Fairness, name string) fairRow {
		return fairRow{name, g.Students, fmt.Sprintf("%.1f", g.Asked), share(g.Granted), share(g.Missed), g.GrantedGap < -timetable.Unlike, g.MissedGap > timetable.Unlike}
	})
	return s.render(w, r, a, http.StatusOK, "flexfair", v)
}
