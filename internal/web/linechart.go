package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"waymark/internal/mastery"
)

// lineChart is an estimate over time: a line for the value, a band for the interval,
// and the same as a table.
type lineChart struct {
	Summary    string // what the drawing shows, in a sentence
	Line, Band string // points of SVG shapes
	Dots       []dot
	Flag       string // height at which the criterion begins
	Label      string // height of its words
	From, To   string // first and last day
	Rows       []lineRow
}

type dot struct{ X, Y string }

// lineRow is the estimate after one piece of evidence.
type lineRow struct {
	At       time.Time
	Estimate mastery.Estimate
}

// The drawing's inner edges, in units of its view box of 360 by 200.
const (
	chartLeft, chartRight = 32.0, 350.0
	chartTop, chartBottom = 30.0, 180.0
)

// newLineChart draws what the pieces did, with the fading in between, up to now; nil
// if fewer than two pieces count.
func newLineChart(steps []mastery.Step, now mastery.Estimate, at time.Time) *lineChart {
	steps = slices.DeleteFunc(slices.Clone(steps), func(s mastery.Step) bool { return !s.Counts })
	if len(steps) < 2 {
		return nil
	}
	first := steps[0].Piece.At
	span := at.Sub(first).Hours()
	if span < 24 {
		return nil
	}
	x := func(t time.Time) float64 {
		return chartLeft + (chartRight-chartLeft)*min(1, t.Sub(first).Hours()/span)
	}
	y := func(v float64) float64 { return chartBottom - (chartBottom-chartTop)*v }
	var line, high, low []string
	add := func(t time.Time, e mastery.Estimate) {
		line = append(line, point(x(t), y(e.Value)))
		high = append(high, point(x(t), y(e.High)))
		low = append(low, point(x(t), y(e.Low)))
	}
	c := &lineChart{Flag: fmt.Sprintf("%.1f", y(mastery.MetValue)), Label: fmt.Sprintf("%.1f", y(mastery.MetValue)-5),
		From: first.Format("Jan 2, 2006"), To: "today"}
	for i, s := range steps {
		if i > 0 {
			add(s.Piece.At, s.Before)
		}
		add(s.Piece.At, s.After)
		c.Dots = append(c.Dots, dot{fmt.Sprintf("%.1f", x(s.Piece.At)), fmt.Sprintf("%.1f", y(s.After.Value))})
		c.Rows = append(c.Rows, lineRow{s.Piece.At, s.After})
	}
	add(at, now)
	c.Rows = append(c.Rows, lineRow{at, now})
	slices.Reverse(low)
	c.Line, c.Band = strings.Join(line, " "), strings.Join(slices.Concat(high, low), " ")
	start := steps[0].After
	c.Summary = fmt.Sprintf("From %d (likely between %d and %d) on %s to %d (likely between %d and %d) today, with %s. The goal is at %d.",
		hundredths(start.Value), hundredths(start.Low), hundredths(start.High), c.From,
		hundredths(now.Value), hundredths(now.Low), hundredths(now.High), plural(len(steps), "piece of evidence", "pieces of evidence"), hundredths(mastery.MetValue))
	return c
}

func point(x, y float64) string { return fmt.Sprintf("%.1f,%.1f", x, y) }
