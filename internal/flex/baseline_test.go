package flex_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"waymark/internal/flex"
)

// signUp is what schools do without a solver: adults and rooms are given out in the order of the
// list, required students are put in, and the others sign up one after the other, each for what
// they wish most that still has seats, or else for anything. Sessions to which too few come are
// dropped. greedy, in place of that, always seats next whoever gains most by it.
func signUp(in *flex.Instance, seed uint64, greedy bool) flex.Report {
	out := &flex.Solution{Schema: flex.SolutionSchema}
	at, room := map[string]int{}, map[string]*flex.Room{}
	usedRoom, usedStaff := map[flex.Pair]bool{}, map[flex.Pair]bool{}
	session := map[string]*flex.Session{}
	for i := range in.Sessions {
		s := &in.Sessions[i]
		session[s.ID] = s
		if s.State == flex.Possible {
			continue
		}
		var r *flex.Room
		for k := range in.Rooms {
			x := &in.Rooms[k]
			suits := !usedRoom[flex.Pair{Student: x.ID, Session: s.Block}] && !slices.Contains(x.Closed, s.Block)
			for _, tag := range s.Equipment {
				suits = suits && slices.Contains(x.Tags, tag)
			}
			if suits && (r == nil || min(x.Seats, s.Seats) > min(r.Seats, s.Seats)) {
				r = x
			}
		}
		t := slices.IndexFunc(in.Staff, func(t flex.Staff) bool {
			return slices.Contains(s.Staff, t.ID) && !slices.Contains(t.Away, s.Block) && !usedStaff[flex.Pair{Student: t.ID, Session: s.Block}]
		})
		if r == nil || t < 0 {
			continue
		}
		usedRoom[flex.Pair{Student: r.ID, Session: s.Block}], usedStaff[flex.Pair{Student: in.Staff[t].ID, Session: s.Block}] = true, true
		at[s.ID], room[s.ID] = len(out.Sessions), r
		out.Sessions = append(out.Sessions, flex.Held{ID: s.ID, Room: r.ID, Staff: in.Staff[t].ID})
	}
	busy := map[flex.Pair]bool{}
	seat := func(st *flex.Student, id string, required bool) bool {
		k, ok := at[id]
		s := session[id]
		if !ok || busy[flex.Pair{Student: st.ID, Session: s.Block}] || len(out.Sessions[k].Students) >= min(s.Seats, room[id].Seats) ||
			len(st.Blocks) > 0 && !slices.Contains(st.Blocks, s.Block) || !required && len(s.Grades) > 0 && !slices.Contains(s.Grades, st.Grade) {
			return false
		}
		for _, tag := range st.Supports {
			adult := in.Staff[slices.IndexFunc(in.Staff, func(t flex.Staff) bool { return t.ID == out.Sessions[k].Staff })]
			if !slices.Contains(room[id].Tags, tag) && !slices.Contains(adult.Tags, tag) {
				return false
			}
		}
		busy[flex.Pair{Student: st.ID, Session: s.Block}] = true
		out.Sessions[k].Students = append(out.Sessions[k].Students, st.ID)
		return true
	}
	student, wishes := map[string]*flex.Student{}, map[string][]flex.Request{}
	for i := range in.Students {
		student[in.Students[i].ID] = &in.Students[i]
	}
	for _, r := range in.Required {
		for _, id := range r.Sessions {
			if seat(student[r.Student], id, true) {
				break
			}
		}
	}
	for _, r := range in.Requests {
		wishes[r.Student] = append(wishes[r.Student], r)
	}
	type gain struct {
		student string
		request flex.Request
		need    string
		value   float64
	}
	var order []gain
	for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(len(in.Students)) {
		st := &in.Students[i]
		for _, r := range wishes[st.ID] {
			order = append(order, gain{st.ID, r, "", 2 * math.Pow(.8, float64(r.Rank-1))})
		}
		if greedy {
			for _, n := range st.Needs {
				order = append(order, gain{st.ID, flex.Request{}, n.Competency, 3 * n.Weight})
			}
		}
	}
	if greedy {
		slices.SortStableFunc(order, func(a, b gain) int {
			if a.value > b.value {
				return -1
			} else if a.value < b.value {
				return 1
			}
			return 0
		})
	}
	for _, g := range order {
		for i := range in.Sessions {
			s := &in.Sessions[i]
			if (s.ID == g.request.Session || g.request.Offer != "" && s.Offer == g.request.Offer || g.need != "" && slices.Contains(s.Competencies, g.need)) && seat(student[g.student], s.ID, false) {
				break
			}
		}
	}
	for i := range in.Students {
		for k := range in.Sessions {
			if s := &in.Sessions[k]; s.Door == "" || s.Door == flex.Open {
				seat(&in.Students[i], s.ID, false)
			}
		}
	}
	kept := out.Sessions[:0]
	for _, h := range out.Sessions {
		s := session[h.ID]
		required := slices.ContainsFunc(in.Required, func(r flex.Requirement) bool {
			return slices.Contains(r.Sessions, h.ID) && slices.Contains(h.Students, r.Student)
		})
		if required || len(h.Students) >= max(1, s.Least) {
			kept = append(kept, h)
		}
	}
	out.Sessions = kept
	return flex.Verify(in, out)
}
