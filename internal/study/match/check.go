package match

import (
	"fmt"
	"math"
)

// Check judges a matching of nearest neighbours from the sample alone, and names each rule that
// it breaks: who is compared with whom, strata, calipers, who must stay apart, reuse, ratio.
func Check(s *Sample, o Neighbours, m *Matching) (broken []string) {
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	if len(m.Treated) != len(m.Controls) {
		say("%d students with the practice have %d lists", len(m.Treated), len(m.Controls))
		return broken
	}
	with := map[int32]int32{}
	for k, t := range m.Treated {
		if !s.Treated[t] {
			say("student %d does not have the practice", t)
		}
		if len(m.Controls[k]) > max(1, o.Ratio) {
			say("student %d has %d comparison students; at most %d are allowed", t, len(m.Controls[k]), max(1, o.Ratio))
		}
		seen := map[int32]bool{}
		for _, c := range m.Controls[k] {
			if s.Treated[c] {
				say("student %d is compared with %d, who has the practice too", t, c)
			}
			if seen[c] {
				say("student %d is compared with %d twice", t, c)
			}
			seen[c] = true
			if other, ok := with[c]; ok && !o.Replace {
				say("student %d is compared with %d and with %d", c, other, t)
			}
			with[c] = t
			if s.Stratum != nil && (s.Stratum[t] != s.Stratum[c] || s.Stratum[t] < 0) {
				say("students %d and %d are of different strata", t, c)
			}
			if s.Apart != nil && s.Apart[t] == s.Apart[c] {
				say("students %d and %d must stay apart", t, c)
			}
			for j, caliper := range s.Calipers {
				a, b := caliper.X[t], caliper.X[c]
				if d := math.Max(a, b) - math.Min(a, b); !(d <= caliper.Width) {
					say("students %d and %d are %v apart in caliper %d; %v are allowed", t, c, d, j, caliper.Width)
				}
			}
		}
	}
	return broken
}
