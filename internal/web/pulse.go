package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"waymark/internal/fault"
	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

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

// sayPulse keeps what a member says of their groups, without their name.
func (s *Server) sayPulse(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
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
