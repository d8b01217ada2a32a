package web

import (
	"context"
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

// pulseView is what students said without names, of groups large enough to say nothing of anybody.
type pulseView struct {
	Heads   []string // of the statements, in their order
	Answers int
	Least   int
	Rows    []pulseRow
	Prompts []string
}

type pulseRow struct {
	Name  string
	N     int
	Means []float64
}

// pulseStatement is one statement as a table heads it, and what those say who say less than all.
type pulseStatement struct{ Head, Lack string }

// pulseAnswer is how far each statement holds for one student, from 1 to 4.
type pulseAnswer struct {
	Values []int
	Groups map[string]string
}

// gapThatAsks is the difference, on a scale of 1 to 4, from which on a teacher is asked to look.
const gapThatAsks = .5

// newPulseView cuts what was said by subgroup; nothing is shown of fewer than [mastery.SmallCell]
// answers, nor of a subgroup whose complement is smaller. Where a subgroup says less than all,
// advice is given.
func newPulseView(statements []pulseStatement, answers []pulseAnswer, advice string) pulseView {
	v := pulseView{Answers: len(answers), Least: mastery.SmallCell}
	for _, st := range statements {
		v.Heads = append(v.Heads, st.Head)
	}
	if len(answers) < mastery.SmallCell {
		return v
	}
	row := func(name string, list []pulseAnswer) pulseRow {
		x := pulseRow{Name: name, N: len(list), Means: make([]float64, len(statements))}
		for _, p := range list {
			for i := range statements {
				x.Means[i] += float64(p.Values[i]) / float64(len(list))
			}
		}
		return x
	}
	v.Rows = append(v.Rows, row("Everybody", answers))
	dimensions := map[string]bool{}
	for _, p := range answers {
		for k := range p.Groups {
			dimensions[k] = true
		}
	}
	all := v.Rows[0]
	for _, dimension := range slices.Sorted(maps.Keys(dimensions)) {
		cells := stats.Cells(answers, func(p pulseAnswer) string { return p.Groups[dimension] }, mastery.SmallCell)
		for _, cell := range cells {
			if cell.Suppressed || len(cells) == 1 || cell.Name == stats.NotKnown {
				continue
			}
			x := row(upperFirst(dimension)+": "+groupName(dimension, cell.Name), cell.Members)
			v.Rows = append(v.Rows, x)
			for i, st := range statements {
				if all.Means[i]-x.Means[i] >= gapThatAsks {
					v.Prompts = append(v.Prompts, fmt.Sprintf("%s say less than all that %s (%.1f, all %.1f of 4). %s", x.Name, st.Lack, x.Means[i], all.Means[i], advice))
				}
			}
		}
	}
	return v
}

// groupPulse is what members said of group work.
func groupPulse(pulses []group.Pulse) pulseView {
	answers := make([]pulseAnswer, len(pulses))
	for i, p := range pulses {
		answers[i] = pulseAnswer{[]int{p.Relevance, p.Inclusion, p.Support}, p.Groups}
	}
	return newPulseView([]pulseStatement{{"It matters to me", "the work is about something that matters"}, {"My ideas counted", "their ideas count in the group"}, {"Help came", "the teacher helps when it is needed"}},
		answers, "Who speaks first, who writes, who decides? Give roles in turn, and ask the quiet ones first.")
}

// subgroupsOf returns to which subgroups a student belongs, to keep with what they say without a name.
func (s *Server) subgroupsOf(ctx context.Context, d roster.DistrictID, student roster.PersonID) (map[string]string, error) {
	belongs, err := s.Store.SubgroupsOf(ctx, d, []roster.PersonID{student})
	if err != nil {
		return nil, err
	}
	groups := map[string]string{}
	for k, g := range belongs[student] {
		if g != "" && k != "grade" {
			groups[k] = g
		}
	}
	return groups, nil
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
	if p.Groups, err = s.subgroupsOf(ctx, d, a.Person); err != nil {
		return err
	}
	if err := s.Store.SayPulse(ctx, d, a.Person, set.Class, set.ID, p); err != nil {
		return err
	}
	return seeOther(w, r, "/me", "said")
}
