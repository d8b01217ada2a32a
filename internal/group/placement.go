package group

import (
	"math"
	"slices"

	"waymark/internal/stats"
)

// Placement is where one student was in the groups of some weeks.
type Placement struct {
	Groups map[string]string // of which subgroup, by dimension
	Sets   int               // in how many sets of groups
	// Level is the mean level of the own group in sets of like with like, in standard deviations
	// from all students of the set; of Leveled such sets.
	Level   float64
	Leveled int
	Mates   int // students met in a group, each time one was
	Again   int // of those, such as were met in an earlier set
}

// likeWithLike are the purposes that put students together who are alike in what they can do.
var likeWithLike = []Purpose{SharedNeed, Pace}

// Place tells of each student where sets of groups put them. Sets are in the order in which they
// were used.
func Place(sets []Set) map[string]Placement {
	out := map[string]Placement{}
	met := map[[2]string]bool{}
	for _, s := range sets {
		level := map[string]float64{}
		var all []float64
		for _, st := range s.Instance.Students {
			if st.Level != nil {
				level[st.ID] = *st.Level
				all = append(all, *st.Level)
			}
		}
		mean, sd := meanSD(all)
		now := [][2]string{}
		for _, g := range s.Solution.Groups {
			var own []float64
			for _, id := range g.Students {
				if x, ok := level[id]; ok {
					own = append(own, x)
				}
			}
			groupMean, _ := meanSD(own)
			for i, id := range g.Students {
				p := out[id]
				p.Sets++
				if slices.Contains(likeWithLike, s.Instance.Purpose) && len(own) > 0 && sd > 0 {
					p.Level = (p.Level*float64(p.Leveled) + (groupMean-mean)/sd) / float64(p.Leveled+1)
					p.Leveled++
				}
				for k, other := range g.Students {
					if k == i {
						continue
					}
					pair := [2]string{min(id, other), max(id, other)}
					p.Mates++
					if met[pair] {
						p.Again++
					}
					now = append(now, pair)
				}
				out[id] = p
			}
		}
		for _, pair := range now {
			met[pair] = true
		}
	}
	return out
}

func meanSD(xs []float64) (mean, sd float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		sd += (x - mean) * (x - mean) / float64(len(xs))
	}
	return mean, math.Sqrt(sd)
}

// Placed is where students of a subgroup were in groups, beside all others.
type Placed struct {
	stats.Subgroup
	Students int
	In       float64 // share who were in groups at all
	Again    float64 // share of the others in their groups whom they had been with before; NaN of fewer than least students
	Level    float64 // mean of [Placement.Level]; NaN of fewer than least students, here or among all others
	// LevelGap is how far Level is from that of all others, in standard deviations of students
	// (Hedges 1981, without its correction); 0 where either are fewer than least. Beyond [Warn]
	// groups of like with like follow the subgroup.
	LevelGap float64
}

// Placements tells how groups fall by subgroup. Subgroups of fewer than least students are
// suppressed, and with them what would give them away.
func Placements(all []Placement, dimensions []string, least int) []Placed {
	return stats.Subgroups(all, dimensions, func(p Placement) map[string]string { return p.Groups }, least, func(g stats.Subgroup, members, rest []Placement) Placed {
		if g.Suppressed {
			return Placed{Subgroup: g}
		}
		return placed(g, members, rest, least)
	})
}

func placed(g stats.Subgroup, members, rest []Placement, least int) Placed {
	x := Placed{Subgroup: g, Students: len(members)}
	mates, again, met := 0, 0, 0
	for _, p := range members {
		if p.Mates > 0 {
			met++
		}
		if p.Sets > 0 {
			x.In += 1 / float64(len(members))
		}
		mates, again = mates+p.Mates, again+p.Again
	}
	if x.Again = float64(again) / float64(mates); met < least {
		x.Again = math.NaN()
	}
	own, others := levels(members), levels(rest)
	mean, sd := meanSD(own)
	if x.Level = mean; len(own) < least || rest != nil && len(others) < least {
		x.Level = math.NaN()
	}
	if len(own) >= least && len(others) >= least {
		restMean, restSD := meanSD(others)
		if pooled := math.Sqrt((sd*sd*float64(len(own)) + restSD*restSD*float64(len(others))) / float64(len(own)+len(others))); pooled > 0 {
			x.LevelGap = (mean - restMean) / pooled
		}
	}
	return x
}

func levels(list []Placement) (out []float64) {
	for _, p := range list {
		if p.Leveled > 0 {
			out = append(out, p.Level)
		}
	}
	return out
}
