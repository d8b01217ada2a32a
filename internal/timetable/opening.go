package timetable

import (
	"cmp"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/roster"
)

// Lack is what students need in a week and for which there are too few seats.
type Lack struct {
	Competency competency.ID
	Students   []roster.PersonID
	Seats      int // that are offered
}

// Unmet is how many of them find no seat.
func (l Lack) Unmet() int { return max(0, len(l.Students)-l.Seats) }

// Lead is an adult who could lead a session on a competency.
type Lead struct {
	Person     roster.PersonID
	Competency competency.ID
	Teaches    map[roster.PersonID]bool // whom they know from class
}

// Opening is a session that nobody offers yet: on what, who could lead it, and when.
type Opening struct {
	Lack
	Leader roster.PersonID // empty where nobody is free
	Slot   SlotID
	Known  int // how many of the students the leader teaches
}

// Openings proposes sessions for what lacks most, each with the free adult who teaches most of those
// who need it; nobody leads two in one block. Busy says in which blocks an adult leads something or
// is away.
func Openings(lacks []Lack, leads []Lead, slots []SlotID, busy map[Away]bool, most int) []Opening {
	lacks = slices.DeleteFunc(slices.Clone(lacks), func(l Lack) bool { return l.Unmet() == 0 })
	slices.SortFunc(lacks, func(a, b Lack) int {
		return cmp.Or(cmp.Compare(b.Unmet(), a.Unmet()), cmp.Compare(a.Competency, b.Competency))
	})
	taken, load := map[Away]bool{}, map[roster.PersonID]int{}
	var out []Opening
	for _, l := range lacks[:min(len(lacks), most)] {
		best := Opening{Lack: l}
		for _, x := range leads {
			if x.Competency != l.Competency {
				continue
			}
			known := 0
			for _, s := range l.Students {
				if x.Teaches[s] {
					known++
				}
			}
			if known < best.Known || known == 0 || known == best.Known && best.Leader != "" && cmp.Or(cmp.Compare(load[x.Person], load[best.Leader]), cmp.Compare(x.Person, best.Leader)) >= 0 {
				continue
			}
			for _, slot := range slots {
				if at := (Away{x.Person, slot}); !busy[at] && !taken[at] {
					best.Leader, best.Slot, best.Known = x.Person, slot, known
					break
				}
			}
		}
		if best.Leader != "" {
			taken[Away{best.Leader, best.Slot}] = true
			load[best.Leader]++
		}
		out = append(out, best)
	}
	return out
}
