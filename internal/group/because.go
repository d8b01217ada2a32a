package group

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Explain writes what each group shares, and for each student why here. It reads nothing but
// the instance and who is where, so it explains what a person arranged as well. name says an
// id of a student, a competency, a topic, a language or a support as a reader knows it.
func Explain(in *Instance, s *Solution, name func(id string) string) {
	t := teller{in: in, student: map[string]*Student{}, name: name}
	for i := range in.Students {
		t.student[in.Students[i].ID] = &in.Students[i]
	}
	sum, n := 0.0, 0.0
	for _, st := range in.Students {
		if st.Level != nil {
			sum, n = sum+*st.Level, n+1
		}
	}
	if n > 0 {
		t.level = sum / n
	}
	for g := range s.Groups {
		t.tell(&s.Groups[g])
	}
}

type teller struct {
	in      *Instance
	student map[string]*Student
	name    func(id string) string
	level   float64 // mean of all
}

func (t *teller) tell(p *Proposed) {
	amounts := t.shared()
	p.Focus = ""
	if amounts != nil {
		sum := map[string]float64{}
		for _, id := range p.Students {
			if st := t.student[id]; st != nil {
				for _, a := range amounts(st) {
					sum[a.ID] += a.Weight
				}
			}
		}
		best := 0.0
		for _, c := range slices.Sorted(maps.Keys(sum)) {
			if sum[c] > best+1e-12 {
				p.Focus, best = c, sum[c]
			}
		}
	}
	p.Because = make([]string, 0, len(p.Students))
	for _, id := range p.Students {
		p.Because = append(p.Because, strings.Join(t.because(p, id, amounts), " "))
	}
}

// shared is what groups of this purpose share, nil where nothing.
func (t *teller) shared() func(*Student) []Amount {
	switch w := t.in.weights(); {
	case w.Need > 0 && w.Need >= w.Interest:
		return func(s *Student) []Amount { return s.Needs }
	case w.Interest > 0:
		return func(s *Student) []Amount { return s.Interests }
	}
	return nil
}

func (t *teller) because(p *Proposed, id string, amounts func(*Student) []Amount) []string {
	st := t.student[id]
	if st == nil {
		return nil
	}
	var out []string
	for _, g := range t.in.Groups {
		if g.ID == p.ID && slices.Contains(g.Locked, id) {
			out = append(out, "Stays here, as you decided.")
		}
	}
	for _, ids := range t.in.Together {
		if slices.Contains(ids, id) {
			var mates []string
			for _, o := range ids {
				if o != id && slices.Contains(p.Students, o) {
					mates = append(mates, t.name(o))
				}
			}
			if len(mates) > 0 {
				out = append(out, "Is with "+strings.Join(mates, " and ")+", as you decided.")
			}
		}
	}
	if amounts != nil {
		out = append(out, t.focus(p, st, amounts)...)
	}
	w := t.in.weights()
	if w.Pace > 0 && st.Pace != nil {
		sum, n := 0.0, 0.0
		for _, o := range p.Students {
			if x := t.student[o]; x != nil && x.Pace != nil {
				sum, n = sum+*x.Pace, n+1
			}
		}
		out = append(out, fmt.Sprintf("Pace %.2g, the group's is %.2g.", *st.Pace, sum/n))
	}
	if w.Cover > 0 {
		if only := t.brings(p, st); len(only) > 0 {
			out = append(out, "Can show the others "+strings.Join(only[:min(3, len(only))], ", ")+".")
		}
	}
	if st.With != "" {
		for _, o := range p.Students {
			if x := t.student[o]; o != id && x != nil && slices.Contains(x.Speaks, st.With) {
				out = append(out, fmt.Sprintf("%s speaks %s too.", t.name(o), t.name(st.With)))
				break
			}
		}
	}
	for _, want := range st.Supports {
		if t.gives(p, want) {
			out = append(out, fmt.Sprintf("%s is given here.", t.name(want)))
		}
	}
	if w.Mixed > 0 && st.Level != nil {
		sum, n := 0.0, 0.0
		for _, o := range p.Students {
			if x := t.student[o]; x != nil && x.Level != nil {
				sum, n = sum+*x.Level, n+1
			}
		}
		out = append(out, fmt.Sprintf("Level %.2f; the group’s mean is %.2f and that of all %.2f.", *st.Level, sum/n, t.level))
	}
	if len(out) == 0 {
		out = append(out, "Here the sizes and the balance of all groups come out best.")
	}
	return out
}

// gives reports whether a group or its adult gives a support.
func (t *teller) gives(p *Proposed, want string) bool {
	return slices.ContainsFunc(t.in.Groups, func(g Group) bool { return g.ID == p.ID && slices.Contains(g.Supports, want) }) ||
		slices.ContainsFunc(t.in.Staff, func(a Staff) bool { return a.ID == p.Staff && slices.Contains(a.Supports, want) })
}

func (t *teller) focus(p *Proposed, st *Student, amounts func(*Student) []Amount) []string {
	verb := "Needs"
	if t.in.weights().Interest > t.in.weights().Need {
		verb = "Likes"
	}
	all := slices.Clone(amounts(st))
	if len(all) == 0 || p.Focus == "" {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Amount) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.ID, b.ID)) })
	for _, a := range all {
		if a.ID != p.Focus {
			continue
		}
		if a.Weight >= all[0].Weight {
			return []string{fmt.Sprintf("%s %s (%.2g), which this group shares.", verb, t.name(a.ID), a.Weight)}
		}
		return []string{fmt.Sprintf("%s %s (%.2g), which this group shares; more so %s (%.2g), for which there was no better place.", verb, t.name(a.ID), a.Weight, t.name(all[0].ID), all[0].Weight)}
	}
	return []string{fmt.Sprintf("%s %s (%.2g), not %s: no better place was free.", verb, t.name(all[0].ID), all[0].Weight, t.name(p.Focus))}
}

// brings is what nobody else in the group could show.
func (t *teller) brings(p *Proposed, st *Student) []string {
	var only []string
	for _, c := range st.Strengths {
		if !slices.ContainsFunc(p.Students, func(o string) bool {
			x := t.student[o]
			return x != nil && x != st && slices.Contains(x.Strengths, c)
		}) {
			only = append(only, t.name(c))
		}
	}
	slices.Sort(only)
	return only
}
