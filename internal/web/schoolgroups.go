package web

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// schoolGroups is whom a school's groups serve, and whether they become tracks.
type schoolGroups struct {
	School roster.Org
	Weeks  string
	Least  int
	Sets   int
	Hidden bool // the whole school is too small
	Tables []groupTable[placedRow]
	Pulse  pulseView
}

type placedRow struct {
	Name             string
	Students         int
	In, Again, Level string
	Track            bool // groups of like with like follow who the students are
}

func (s *Server) showSchoolGroups(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, school := r.Context(), a.District, schoolID(r)
	v := schoolGroups{Weeks: weekWords(attentionWindow / 7), Least: mastery.SmallCell}
	org, people, belongs, dimensions, err := s.schoolByGroup(r, d)
	if err != nil {
		return err
	}
	v.School = org
	since := s.Now().Add(-attentionWindow * 24 * time.Hour)
	sets, err := s.Store.SetsAt(ctx, d, school, since)
	if err != nil {
		return err
	}
	pulses, err := s.Store.PulsesAt(ctx, d, school, since)
	if err != nil {
		return err
	}
	v.Sets, v.Pulse = len(sets), groupPulse(pulses)
	where := group.Place(sets)
	all := make([]group.Placement, len(people))
	for i, p := range people {
		all[i] = where[string(p.ID)]
		all[i].Groups = belongs[p.ID]
	}
	v.Tables, v.Hidden = tablesOf(group.Placements(all, dimensions, mastery.SmallCell), func(g group.Placed, name string) placedRow {
		row := placedRow{name, g.Students, share(g.In), share(g.Again), "–", math.Abs(g.LevelGap) > group.Warn}
		if !math.IsNaN(g.Level) {
			row.Level = strings.Replace(fmt.Sprintf("%+.2f", g.Level), "-", "−", 1)
		}
		return row
	})
	return s.render(w, r, a, http.StatusOK, "schoolgroups", v)
}
