package web

import (
	"fmt"
	"html/template"
	"math"

	"waymark/internal/mastery"
)

// estimateBar draws an estimate from 0 to 100: a dot for the value, a band for the
// interval, a flag where the criterion begins.
func estimateBar(e mastery.Estimate) template.HTML {
	flag := fmt.Sprintf(`<svg class="ib-f" x="%d%%" y="0"><path d="M0 24V1h9l-3 3.5 3 3.5H0"/></svg>`, hundredths(mastery.MetValue))
	track := `<line class="ib-t" x1="0" x2="100%" y1="16" y2="16"/>`
	label, marks := fmt.Sprintf("No estimate yet. The goal is at %d of 100.", hundredths(mastery.MetValue)), track+flag
	if e.N > 0 {
		v, low, high := hundredths(e.Value), hundredths(e.Low), hundredths(e.High)
		label = fmt.Sprintf("%d of 100, likely between %d and %d. The goal is at %d.", v, low, high, hundredths(mastery.MetValue))
		marks = track + fmt.Sprintf(`<rect class="ib-b" x="%d%%" y="11" width="%d%%" height="10" rx="5"/>`, low, max(1, high-low)) + flag +
			fmt.Sprintf(`<circle class="ib-v" cx="%d%%" cy="16" r="5"/>`, v)
	}
	return template.HTML(`<svg class="ibar" role="img" aria-label="` + label + `" width="100%" height="24">` + marks + `</svg>`)
}

// hundredths is a probability as a whole number of 100.
func hundredths(v float64) int { return int(math.Round(100 * v)) }

// sureness says an estimate in a sentence. who is "You" or a name.
func sureness(e mastery.Estimate, who string) string {
	switch e.N {
	case 0:
		return "We don’t know yet. There is no evidence."
	case 1:
		if e.Status == mastery.Unknown {
			return "We don’t know yet. There is one piece of evidence, and one is too few to say."
		}
	}
	likely := fmt.Sprintf("Of 100 tasks like this, we expect about %d to go well today; it is likely between %d and %d.", hundredths(e.Value), hundredths(e.Low), hundredths(e.High))
	switch e.Status {
	case mastery.Met:
		return who + " can do this. " + likely
	case mastery.Fading:
		return who + " could do this, but the evidence is too old to be sure. " + likely
	case mastery.Nearly:
		return who + " " + isAre(who) + " nearly there. " + likely
	case mastery.Learning:
		return "This is growing. " + likely
	}
	return "This is just starting. " + likely
}

func isAre(who string) string {
	if who == "You" {
		return "are"
	}
	return "is"
}

// missing says what an estimate still needs to meet the criterion.
func missing(e mastery.Estimate) (what []string) {
	if e.Status == mastery.Met {
		return nil
	}
	if n := mastery.MetPieces - e.N; n > 0 {
		what = append(what, fmt.Sprintf("at least %s of evidence", plural(n, "more piece", "more pieces")))
	}
	if e.N > 0 && e.Age > mastery.StaleAfter {
		what = append(what, fmt.Sprintf("fresh evidence: the newest is older than %d weeks", int(mastery.StaleAfter.Hours()/24/7)))
	}
	if e.N > 0 && e.Value < mastery.MetValue {
		what = append(what, fmt.Sprintf("an estimate of %d or more; it is %d, likely between %d and %d", hundredths(mastery.MetValue), hundredths(e.Value), hundredths(e.Low), hundredths(e.High)))
	} else if e.N > 0 && e.Low < mastery.MetLow {
		what = append(what, fmt.Sprintf("more certainty: the lower end of the interval is %d and must be %d", hundredths(e.Low), hundredths(mastery.MetLow)))
	}
	return what
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
