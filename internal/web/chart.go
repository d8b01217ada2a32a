package web

import (
	"fmt"
	"math"
	"strings"

	"waymark/internal/mastery"
)

// chart is a drawing of groups with its sentence and its table: what the drawing
// says is never only drawn. Places are shares of the width, as SVG writes them.
type chart struct {
	ID     string // unique on the page
	Title  string
	Lead   string // the sentence computed from the data
	Text   string // what is shown
	Height int
	Rows   []chartRow
	Zero   string // place of the line of no change, or empty
	Head   []string
	Table  []chartLine
	Legend bool // explain the shapes of a change
}

// chartRow is one group: a bar, or a mark with its interval.
type chartRow struct {
	Label, Value   string
	TextY, MidY    int
	BarY           int
	Bar            string // width of the bar, or empty
	Low, High, Dot string
	Shape          string // rise, fall or cannot tell
}

type chartLine struct {
	Label string
	Cells []string
}

const (
	rise       = "rise"
	fall       = "fall"
	cannotTell = "cannot tell"
)

// direction says what an interval allows to say.
func direction(low, high float64) string {
	switch {
	case low > 0:
		return rise
	case high < 0:
		return fall
	}
	return cannotTell
}

const rowHeight = 52

// points writes a change of probability in points of 100, with its sign.
func points(v float64) string {
	s := fmt.Sprintf("%+.1f", 100*v)
	if s == "+0.0" || s == "-0.0" {
		return "0.0"
	}
	return strings.Replace(s, "-", "−", 1)
}

// share is a share in words; – where there is none.
func share(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

func place(v float64) string { return fmt.Sprintf("%.2f%%", 100*v) }

// named is a group with the name that people read.
type named struct {
	Name string
	mastery.GroupOverview
}

// changeChart draws the change of each group that may be shown, as a mark within
// its interval.
func changeChart(id, by string, weeks int, groups []named) chart {
	c := chart{ID: id, Title: "Change over " + weekWords(weeks) + ", " + by, Text: fmt.Sprintf("Mean change of estimates over %s, in points of 100.", weekWords(weeks)),
		Head: []string{"Group", "Change", "Likely between", "Students"}, Legend: true}
	low, high := 0.0, 0.0
	var shown []named
	for _, g := range groups {
		if g.Suppressed || g.Changed == 0 {
			continue
		}
		shown = append(shown, g)
		low, high = min(low, g.Low), max(high, g.High)
	}
	if len(shown) == 0 {
		return c
	}
	pad := max(0.005, (high-low)*0.06)
	low, high = low-pad, high+pad
	at := func(v float64) string { return place((v - low) / (high - low)) }
	for i, g := range shown {
		top := i * rowHeight
		c.Rows = append(c.Rows, chartRow{Label: g.Name, Value: points(g.Change), TextY: top + 14, MidY: top + 31,
			Low: at(g.Low), High: at(g.High), Dot: at(g.Change), Shape: direction(g.Low, g.High)})
		c.Table = append(c.Table, chartLine{g.Name, []string{points(g.Change), points(g.Low) + " to " + points(g.High), count(g.Changed)}})
	}
	c.Height = len(shown) * rowHeight
	c.Zero = at(0)
	c.Lead = compareChanges(shown)
	return c
}

// compareChanges says what the groups' intervals allow to say about them.
func compareChanges(groups []named) string {
	if len(groups) == 1 {
		return changeSentence(groups[0].Name, groups[0].GroupOverview)
	}
	top, bottom := groups[0], groups[0]
	for _, g := range groups[1:] {
		if g.Low > top.Low {
			top = g
		}
		if g.High < bottom.High {
			bottom = g
		}
	}
	if top.Low > bottom.High {
		return fmt.Sprintf("%s changed by %s, %s by %s, and their ranges do not overlap.", top.Name, points(top.Change), bottom.Name, points(bottom.Change))
	}
	return "We can't tell these groups apart: their ranges overlap."
}

// changeSentence says one group's change, or that nobody can tell.
func changeSentence(name string, g mastery.GroupOverview) string {
	switch direction(g.Low, g.High) {
	case rise:
		return fmt.Sprintf("%s: estimates went up by %s points.", name, points(g.Change))
	case fall:
		return fmt.Sprintf("%s: estimates went down by %s points.", name, points(math.Abs(g.Change))[1:])
	}
	return name + ": we can't tell whether estimates changed."
}

// freshChart draws the share of each group that has fresh evidence. It is counted,
// not estimated, so it has no interval.
func freshChart(id, by string, groups []named) chart {
	c := chart{ID: id, Title: "Students with fresh evidence, " + by, Text: "Share of students with evidence in the last three weeks. Counted, not estimated.",
		Head: []string{"Group", "With fresh evidence", "Competencies with evidence", "Competencies met", "Students"}}
	var least, most *named
	for _, g := range groups {
		if g.Suppressed {
			continue
		}
		top := len(c.Rows) * rowHeight
		c.Rows = append(c.Rows, chartRow{Label: g.Name, Value: share(g.Fresh), TextY: top + 14, BarY: top + 22, Bar: place(min(1, max(0, g.Fresh)))})
		c.Table = append(c.Table, chartLine{g.Name, []string{share(g.Fresh), fmt.Sprintf("%.1f", g.Coverage), fmt.Sprintf("%.1f", g.Met), count(g.Students)}})
		if least == nil || g.Fresh < least.Fresh {
			least = &g
		}
		if most == nil || g.Fresh > most.Fresh {
			most = &g
		}
	}
	c.Height = len(c.Rows) * rowHeight
	switch {
	case least == nil:
	case len(c.Rows) == 1 || least.Fresh == most.Fresh:
		c.Lead = fmt.Sprintf("%s of students have fresh evidence.", share(least.Fresh))
	default:
		c.Lead = fmt.Sprintf("%s is highest with %s, %s is lowest with %s.", most.Name, share(most.Fresh), least.Name, share(least.Fresh))
	}
	return c
}

func weekWords(n int) string {
	if n == 1 {
		return "one week"
	}
	return fmt.Sprintf("%d weeks", n)
}

// count writes a number with commas.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
