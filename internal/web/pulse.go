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

// pulseAnswer is how far each statement holds for one student, from 1 to 4, of those that were given
// to one question.
type pulseAnswer struct {
	To     string
	Values []int
	Groups map[string]string
}

// gapThatAsks is the difference, on a scale of 1 to 4, from which on a teacher is asked to look.
const gapThatAsks = .5

// newPulseView cuts what was said by subgroup. Each time that students were asked is cut by itself:
// nothing of it is used of fewer than [mastery.SmallCell] answers, nor of a subgroup that is smaller or
// whose complement is. So neither what is shown at two times nor two rows of it can be subtracted to
// know what few said. Where a subgroup says less than all, advice is given.
func newPulseView(statements []pulseStatement, answers []pulseAnswer, advice string) pulseView {
	v := pulseView{Answers: len(answers), Least: mastery.SmallCell}
	for _, st := range statements {
		v.Heads = append(v.Heads, st.Head)
	}
	by := map[string][]pulseAnswer{}
	dimensions := map[string]bool{}
	for _, p := range answers {
		by[p.To] = append(by[p.To], p)
		for k := range p.Groups {
			dimensions[k] = true
		}
	}
	rows := map[string]*pulseRow{}
	var order []string
	add := func(name string, list []pulseAnswer) {
		x := rows[name]
		if x == nil {
			x = &pulseRow{Name: name, Means: make([]float64, len(statements))}
			rows[name] = x
			order = append(order, name)
		}
		n := float64(x.N + len(list))
		for i := range statements {
			sum := x.Means[i] * float64(x.N)
			for _, p := range list {
				sum += float64(p.Values[i])
			}
			x.Means[i] = sum / n
		}
		x.N += len(list)
	}
	const everyone = "Everybody"
	for _, to := range slices.Sorted(maps.Keys(by)) {
		if len(by[to]) >= mastery.SmallCell {
			add(everyone, by[to])
		}
	}
	for _, dimension := range slices.Sorted(maps.Keys(dimensions)) {
		for _, to := range slices.Sorted(maps.Keys(by)) {
			cells := stats.Cells(by[to], func(p pulseAnswer) string { return p.Groups[dimension] }, mastery.SmallCell)
			for _, cell := range cells {
				if !cell.Suppressed && len(cells) > 1 && cell.Name != stats.NotKnown {
					add(upperFirst(dimension)+": "+groupName(dimension, cell.Name), cell.Members)
				}
			}
		}
	}
	for _, name := range order {
		x := rows[name]
		v.Rows = append(v.Rows, *x)
		for i, st := range statements {
			if all := rows[everyone].Means[i]; all-x.Means[i] >= gapThatAsks {
				v.Prompts = append(v.Prompts, fmt.Sprintf("%s say less than all that %s (%.1f, all %.1f of 4). %s", x.Name, st.Lack, x.Means[i], all, advice))
			}
		}
	}
	return v
}

// groupPulse is what members said of group work.
func groupPulse(pulses []group.Pulse) pulseView {
	answers := make([]pulseAnswer, len(pulses))
	for i, p := range pulses {
		answers[i] = pulseAnswer{string(p.Set), []int{p.Relevance, p.Inclusion, p.Support}, p.Groups}
	}
	return newPulseView([]pulseStatement{{"It matters to me", "the work is about something that matters"}, {"My ideas counted", "their ideas count in the group"}, {"Help came", "the teacher helps when it is needed"}},
		answers, "Who speaks first, who writes, who decides? Give roles in turn, and ask the quiet ones first.")
}

// subgroupsOf returns to which subgroups a student belongs, to keep with what they say without a name:
// those only to which [mastery.SmallCell] or more of those who are asked belong.
func (s *Server) subgroupsOf(ctx context.Context, d roster.DistrictID, student roster.PersonID, asked []roster.PersonID) (map[string]string, error) {
	belongs, err := s.Store.SubgroupsOf(ctx, d, asked)
	if err != nil {
		return nil, err
	}
	groups := map[string]string{}
	for k, g := range belongs[student] {
		n := 0
		for _, other := range belongs {
			if other[k] == g {
				n++
			}
		}
		if g != "" && k != "grade" && n >= mastery.SmallCell {
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
	var members []roster.PersonID
	for _, g := range set.Solution.Groups {
		for _, id := range g.Students {
			members = append(members, roster.PersonID(id))
		}
	}
	if p.Groups, err = s.subgroupsOf(ctx, d, a.Person, members); err != nil {
		return err
	}
	if err := s.Store.SayPulse(ctx, d, a.Person, set.Class, set.ID, p); err != nil {
		return err
	}
	return seeOther(w, r, "/me", "said")
}
