package demo

import (
	"fmt"
	"time"

	"waymark/internal/roster"
)

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func day(t time.Time) roster.Date { return roster.Date(t.Format(time.DateOnly)) }

// weeksOfEvidence is how far back the district's evidence goes.
const weeksOfEvidence = 12

// calendar is the school year around today.
type calendar struct {
	now                time.Time // the moment of looking
	today              time.Time // midnight UTC of its day
	begin, middle, end time.Time // of the school year and the second semester
	first              time.Time // Monday of the first week of evidence
}

// newCalendar places the year: it runs from 11 August to 12 June. In summer
// it is stretched until after today, so that the district is never empty.
func newCalendar(now time.Time) calendar {
	today := date(now.Year(), now.Month(), now.Day())
	y := today.Year()
	if today.Before(date(y, 8, 11)) {
		y--
	}
	c := calendar{now: now, today: today, begin: date(y, 8, 11), middle: date(y+1, 1, 18), end: date(y+1, 6, 12)}
	if late := today.AddDate(0, 0, 14); c.end.Before(late) {
		c.end = late
	}
	c.first = monday(today).AddDate(0, 0, -7*(weeksOfEvidence-1))
	return c
}

func monday(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())+6)%7) }

// year is that in which the school year ends.
func (c calendar) year() int { return c.begin.Year() + 1 }

// schoolDay returns the nth day of the given week of evidence, and whether there
// has been such a day.
func (c calendar) schoolDay(week, n int) (time.Time, bool) {
	d := c.first.AddDate(0, 0, 7*week+n)
	return d, !d.After(c.today)
}

// testDay is that of the fall test: late September, or the week before today if that
// has not come yet.
func (c calendar) testDay() time.Time {
	d := date(c.begin.Year(), 9, 22)
	if !d.Before(c.today) {
		d = c.today.AddDate(0, 0, -7)
	}
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d = d.AddDate(0, 0, -1)
	}
	return d
}

func (c calendar) yearTitle() string { return fmt.Sprintf("%d–%02d", c.year()-1, c.year()%100) }
