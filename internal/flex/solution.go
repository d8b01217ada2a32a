package flex

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// unmet returns the requirements that are not kept, by index.
func (s *search) unmet() (out []int) {
	for k, r := range s.in.Required {
		if !s.inOne(s.studentAt[r.Student], s.choices(r)) {
			out = append(out, k)
		}
	}
	return out
}

// inOne reports whether a student is in one of some sessions.
func (s *search) inOne(student int, sessions []int) bool {
	return slices.ContainsFunc(sessions, func(k int) bool {
		b := s.blockOf[k]
		row := s.blocks[b].rowOf[student]
		return row != none && s.at[b][row] == s.colOf[k]
	})
}

// solution writes down what was found.
func (s *search) solution(seed uint64, bound float64, stopped string) *Solution {
	out := &Solution{Schema: SolutionSchema, Status: OK, Seed: seed, Stopped: stopped,
		Sessions: []Held{}, Closed: []Closed{}, Opened: []string{}, Unmet: []Unmet{}, Refused: []Refused{}, Unassigned: []Unassigned{}}
	for i := range s.in.Sessions {
		b, c := s.blockOf[i], s.colOf[i]
		x, h := &s.blocks[b].sessions[c], s.held[b][c]
		if !h.held {
			if x.State != Possible {
				out.Closed = append(out.Closed, Closed{x.ID, s.whyClosed(b, c)})
			}
			continue
		}
		held := Held{ID: x.ID, Students: []string{}}
		if h.room != none {
			held.Room = s.rooms[h.room].ID
		}
		if h.staff != none {
			held.Staff = s.staff[h.staff].ID
		}
		for r, at := range s.at[b] {
			if at == c {
				held.Students = append(held.Students, s.in.Students[s.blocks[b].students[r]].ID)
			}
		}
		slices.Sort(held.Students)
		out.Sessions = append(out.Sessions, held)
		if x.State == Possible {
			out.Opened = append(out.Opened, x.ID)
		}
	}
	t := newTeller(s)
	for _, k := range s.unmet() {
		out.Status = Conflict
		r := s.in.Required[k]
		reason, because := t.why(s.studentAt[r.Student], s.choices(r))
		out.Unmet = append(out.Unmet, Unmet{r, reason, because})
	}
	for _, r := range s.in.Requests {
		if i, at := s.studentAt[r.Student], s.targets(r); !s.inOne(i, at) {
			reason, because := t.why(i, at)
			out.Refused = append(out.Refused, Refused{r, reason, because})
		}
	}
	for b := range s.blocks {
		var all []int
		for c := range s.blocks[b].sessions {
			all = append(all, s.blocks[b].sessions[c].index)
		}
		for r, c := range s.at[b] {
			if c == none {
				i := s.blocks[b].students[r]
				reason, because := t.why(i, all)
				out.Unassigned = append(out.Unassigned, Unassigned{s.in.Students[i].ID, s.in.Blocks[b].ID, reason, because})
			}
		}
	}
	slices.SortFunc(out.Unassigned, func(a, b Unassigned) int {
		return cmp.Or(strings.Compare(a.Block, b.Block), strings.Compare(a.Student, b.Student))
	})
	report := Verify(s.in, out)
	out.Parts, out.Objective, out.Moved, out.Published = report.Parts, report.Objective, report.Moved, report.Published
	out.Bound = max(bound, out.Objective)
	if most := max(math.Abs(out.Bound), math.Abs(out.Objective)); most > 0 {
		out.Gap = (out.Bound - out.Objective) / most
	}
	return out
}

func (s *search) whyClosed(b, c int) string {
	x := &s.blocks[b].sessions[c]
	taken := func(used func(setting) bool) bool {
		return slices.ContainsFunc(s.held[b], func(h setting) bool { return h.held && used(h) })
	}
	switch {
	case len(x.Staff) > 0 && len(x.staff) == 0:
		return "Nobody who could lead it is here."
	case len(s.rooms) > 0 && len(x.rooms) == 0:
		return "No room has what it needs."
	case len(x.Staff) > 0 && !slices.ContainsFunc(x.staff, func(t int) bool { return !taken(func(h setting) bool { return h.staff == t }) }):
		return "Everybody who could lead it leads another session that serves more."
	case len(s.rooms) > 0 && !slices.ContainsFunc(x.rooms, func(r int) bool { return !taken(func(h setting) bool { return h.room == r }) }):
		return "Every room that suits it is used by another session that serves more."
	case x.Least > 1:
		return fmt.Sprintf("Fewer than %d students would come.", x.Least)
	}
	return "Nobody would come."
}

// teller says why somebody is not where they, or somebody else, wanted them to be.
type teller struct {
	*search
	come  [][]int // block, column: how many are there
	asked map[[2]int]bool
	taken map[int]string // of each full session: by whom
}

func newTeller(s *search) *teller {
	t := &teller{search: s, asked: map[[2]int]bool{}, taken: map[int]string{}}
	for b := range s.blocks {
		t.come = append(t.come, s.come(b))
	}
	for _, r := range s.in.Requests {
		for _, k := range s.targets(r) {
			t.asked[[2]int{s.studentAt[r.Student], k}] = true
		}
	}
	return t
}

// why says why a student is in none of some sessions: of all reasons the one nearest to yes.
func (t *teller) why(i int, sessions []int) (Reason, string) {
	st := &t.in.Students[i]
	near, reason, text := -1, NotOffered, "No session is offered."
	say := func(n int, why Reason, format string, args ...any) {
		if n > near {
			near, reason, text = n, why, fmt.Sprintf(format, args...)
		}
	}
	for _, k := range sessions {
		b, c := t.blockOf[k], t.colOf[k]
		blk := &t.blocks[b]
		x, r := &blk.sessions[c], blk.rowOf[i]
		switch {
		case r == none:
			say(1, NoTime, "The student has no flex time then.")
			continue
		case blk.can[r][c]:
		case !t.couldSupport(st, x):
			say(2, NoSupport, "Neither %s nor any room or adult for it gives %s.", x.ID, strings.Join(st.Supports, ", "))
			continue
		case len(x.Grades) > 0 && !slices.Contains(x.Grades, st.Grade):
			say(3, ForOthers, "%s is for grade %s.", x.ID, strings.Join(x.Grades, ", "))
			continue
		case x.Door == Invited:
			say(3, ForOthers, "%s is for students who are invited.", x.ID)
			continue
		case x.Door == Asked:
			say(3, ForOthers, "%s is for students who asked for it or need it.", x.ID)
			continue
		default:
			say(3, ForOthers, "The student may not come to %s.", x.ID)
			continue
		}
		at := t.at[b][r]
		switch {
		case !t.held[b][c].held:
			say(4, NotHeld, "%s is not held: %s", x.ID, t.whyClosed(b, c))
		case !t.supports(b, r, c):
			say(5, NoSupport, "Where and by whom %s is held, %s is not given.", x.ID, strings.Join(st.Supports, ", "))
		case blk.only[r] != nil && !slices.Contains(blk.only[r], c):
			say(6, MustElse, "The student is required in %s at that time.", t.names(b, slices.Compact(slices.Sorted(slices.Values(blk.only[r])))))
		case t.come[b][c] >= t.seatsOf(b, c):
			say(8, Full, "%s", t.full(b, c))
		case at != none:
			say(7, Elsewhere, "At that time the student is in %s, %s.", blk.sessions[at].ID, t.merit(b, r, at))
		default:
			say(7, Counts, "It would take a place from somebody for whom it counts more.")
		}
	}
	return reason, text
}

func (t *teller) names(b int, cols []int) string {
	var names []string
	for _, c := range cols {
		names = append(names, t.blocks[b].sessions[c].ID)
	}
	return strings.Join(names, " or ")
}

// full says who has the seats of a session.
func (t *teller) full(b, c int) string {
	blk := &t.blocks[b]
	k := blk.sessions[c].index
	if text, ok := t.taken[k]; ok {
		return text
	}
	n := map[string]int{}
	for r, at := range t.at[b] {
		if at == c {
			n[t.merit(b, r, c)]++
		}
	}
	var parts []string
	for _, m := range []string{meritRequired, meritNeed, meritWish, meritKept, meritPlace} {
		if n[m] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[m], m))
		}
	}
	t.taken[k] = fmt.Sprintf("All %d seats of %s are taken: %s.", t.come[b][c], blk.sessions[c].ID, strings.Join(parts, ", "))
	return t.taken[k]
}

// What brings a student to a session, strongest first.
const (
	meritRequired = "required there"
	meritNeed     = "needing it"
	meritWish     = "having asked for it"
	meritKept     = "published there before"
	meritPlace    = "having no other place"
)

func (t *teller) merit(b, r, c int) string {
	blk := &t.blocks[b]
	x, st := &blk.sessions[c], &t.in.Students[blk.students[r]]
	switch {
	case t.required(b, r, c):
		return meritRequired
	case slices.ContainsFunc(st.Needs, func(n Need) bool { return slices.Contains(x.Competencies, n.Competency) }):
		return meritNeed
	case t.asked[[2]int{blk.students[r], x.index}]:
		return meritWish
	case blk.keep[r] == c:
		return meritKept
	}
	return meritPlace
}
