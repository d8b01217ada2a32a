package study

import (
	"fmt"

	"waymark/internal/study/effect"
)

// Verdict is the answer in a word. It follows from an interval, the smallest effect that would
// matter and the design, never from an estimate alone.
type Verdict string

const (
	Helped       Verdict = "helped"
	Harmed       Verdict = "harmed"
	NoDifference Verdict = "no meaningful difference"
	CannotTell   Verdict = "can't tell"
)

// Tier is how far a design can bear an answer, after the Clearinghouse's standards.
type Tier string

const (
	Strong   Tier = "randomised, low attrition"
	Moderate Tier = "comparable at the start"
	Weak     Tier = "not comparable"
)

// fewClusters is below how many schools or classes on either side one of them alone could be
// the reason.
const fewClusters = 2

// judge gives the verdict for an interval of an effect in standard deviations, where more is
// better:
//
//	can't tell    if the two sides are not comparable, or a side has fewer than two of the units
//	              to which the practice was given, or its p value, counted together with those of
//	              other outcomes of the domain, is .05 or more, and the interval reaches beyond
//	              what matters
//	no meaningful difference    if the whole interval lies within ± the smallest that matters
//	helped, harmed              if the whole interval lies on one side of nothing
func judge(low, high, meaningful, p float64, tier Tier, units [2]int) (Verdict, string) {
	switch {
	case tier == Weak:
		return CannotTell, "The two groups were too different at the start."
	case min(units[0], units[1]) < fewClusters:
		return CannotTell, fmt.Sprintf("With %d and %d units on the two sides, one of them alone could be the reason.", units[1], units[0])
	case !(low <= high):
		return CannotTell, "There are too few students to reckon how sure this is."
	case low > -meaningful && high < meaningful:
		return NoDifference, fmt.Sprintf("Any effect is smaller than %.2g standard deviations, which was declared to be the least that matters.", meaningful)
	case low > 0 && p < .05:
		return Helped, "The whole interval lies above nothing."
	case high < 0 && p < .05:
		return Harmed, "The whole interval lies below nothing."
	}
	return CannotTell, "The interval holds both nothing and effects that would matter."
}

// tierOf says how far the design bears an answer, and which rule decided it.
func tierOf(d Design, a *effect.Attrition, baseline *effect.Balance, adjusted bool) (Tier, string) {
	if d == Randomised && a != nil && a.Cautious {
		return Strong, fmt.Sprintf("Assigned by lot; %.1f %% are lost in all and %.1f points more on one side, within the cautious boundary.", 100*a.Overall, 100*a.Differential)
	}
	lost := ""
	if d == Randomised && a != nil {
		lost = fmt.Sprintf("Assigned by lot, but %.1f %% are lost and %.1f points more on one side; so it is judged by how alike the two are. ", 100*a.Overall, 100*a.Differential)
	}
	switch {
	case baseline == nil:
		return Weak, lost + "Nothing was measured before."
	case *baseline == effect.Satisfied:
		return Moderate, lost + "The baseline differs by at most .05 standard deviations."
	case *baseline == effect.Adjust && adjusted:
		return Moderate, lost + "The baseline differs by at most .25 standard deviations and is adjusted for."
	}
	return Weak, lost + "The baseline differs by more than .25 standard deviations, or is not adjusted for."
}
