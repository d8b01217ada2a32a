package timetable

import (
	"math"

	"waymark/internal/stats"
)

// Share is what one student had of flex time.
type Share struct {
	Groups           map[string]string // by dimension, such as "grade": "4"
	Asked, Granted   int               // wishes that no mentor turned down, and those of them that came true
	Missed, Recorded int               // blocks that were missed, of those of which somebody wrote down who came
}

// Fairness is what a group of students had of flex time beside all others.
type Fairness struct {
	stats.Subgroup
	Students int
	Asked    float64 // wishes of a student, mean
	Granted  float64 // share of wishes; NaN where nobody wished
	Missed   float64 // share of blocks; NaN where none is recorded
	// How far the group is from all others together, in standard deviations of a share; 0 where
	// either has too little to say. [Unlike] and more is worth a look.
	GrantedGap, MissedGap float64
}

// Unlike is the standardized difference from which on groups are not alike (What Works
// Clearinghouse, 2022: above 0.25).
const Unlike = .25

// fewest wishes or blocks of which a share is compared.
const fewest = 20

// Fair tells what groups had of flex time. Groups of fewer than least students are suppressed, and
// with them what would give them away.
func Fair(all []Share, dimensions []string, least int) []Fairness {
	return stats.Subgroups(all, dimensions, func(s Share) map[string]string { return s.Groups }, least, func(g stats.Subgroup, members, rest []Share) Fairness {
		if g.Suppressed {
			return Fairness{Subgroup: g}
		}
		return fair(g, members, sum(rest))
	})
}

type total struct{ asked, granted, missed, recorded int }

func sum(of []Share) (t total) {
	for _, s := range of {
		t.asked, t.granted, t.missed, t.recorded = t.asked+s.Asked, t.granted+s.Granted, t.missed+s.Missed, t.recorded+s.Recorded
	}
	return t
}

func fair(g stats.Subgroup, members []Share, rest total) Fairness {
	t := sum(members)
	return Fairness{Subgroup: g, Students: len(members), Asked: float64(t.asked) / float64(max(1, len(members))),
		Granted: share(t.granted, t.asked), Missed: share(t.missed, t.recorded),
		GrantedGap: gap(t.granted, t.asked, rest.granted, rest.asked), MissedGap: gap(t.missed, t.recorded, rest.missed, rest.recorded)}
}

func share(n, of int) float64 { return float64(n) / float64(of) }

// gap is the standardized difference of two shares.
func gap(n, of, restN, restOf int) float64 {
	if of < fewest || restOf < fewest {
		return 0
	}
	p, q := share(n, of), share(restN, restOf)
	sd := math.Sqrt((p*(1-p) + q*(1-q)) / 2)
	if sd == 0 {
		return 0
	}
	return (p - q) / sd
}
