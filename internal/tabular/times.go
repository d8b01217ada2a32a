package tabular

import (
	"strings"
	"time"
)

// isoLayouts are tried where a mapping names none. Seconds may carry a fraction.
var isoLayouts = [...]string{"2006-01-02", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}

// tokens of date layouts as people know them from spreadsheets, longest first.
// loose is what is understood where the neighbours are separators, so that a
// spreadsheet's loss of leading zeros does no harm.
var tokens = [...]struct{ name, strict, loose string }{
	{"YYYY", "2006", "2006"}, {"MMMM", "January", "January"}, {"MMM", "Jan", "Jan"},
	{"YY", "06", "06"}, {"MM", "01", "1"}, {"DD", "02", "2"}, {"HH", "15", "15"}, {"hh", "03", "3"}, {"mm", "04", "4"}, {"ss", "05", "5"},
	{"M", "1", "1"}, {"D", "2", "2"}, {"H", "15", "15"}, {"h", "3", "3"}, {"m", "4", "4"}, {"s", "5", "5"}, {"a", "PM", "PM"}, {"Z", "Z07:00", "Z07:00"},
}

// layout returns Go's layout for one such as M/D/YYYY h:mm a. A layout that is
// already Go's stays. ok is false without a year.
func layout(s string) (string, bool) {
	if strings.Contains(s, "2006") {
		return s, true
	}
	var out strings.Builder
	year, previous := false, false
next:
	for i := 0; i < len(s); {
		for _, t := range tokens {
			if !strings.HasPrefix(s[i:], t.name) {
				continue
			}
			i += len(t.name)
			year = year || t.name[0] == 'Y'
			if previous || i < len(s) && strings.IndexByte("YMDHhms", s[i]) >= 0 {
				out.WriteString(t.strict)
			} else {
				out.WriteString(t.loose)
			}
			previous = true
			continue next
		}
		previous = false
		out.WriteByte(s[i])
		i++
	}
	return out.String(), year
}

// parseDay reads a day, or a moment, of a mapping's start or date.
func parseDay(s string) (time.Time, bool) {
	for _, l := range isoLayouts {
		if t, err := time.ParseInLocation(l, s, time.UTC); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// clock reads times as one [Time] says.
type clock struct {
	columns   []int // -1 for an absent one
	field     string
	layouts   []string
	dayOnly   []bool
	zone      *time.Location
	unit      time.Duration
	start     time.Time
	fixed     time.Time
	order     bool
	orderWhen string
	step      time.Duration
	comma     bool
	otherwise *clock

	lastText string
	lastTime time.Time
}

func (b *binder) clock(t Time, statics map[string]string) *clock {
	c := &clock{order: t.From == "order", orderWhen: t.OrderWhen, comma: b.m.Format.Decimal == "comma"}
	c.zone, _ = time.LoadLocation(t.Zone) // checked
	c.step, _ = time.ParseDuration(t.Step)
	switch t.Unit {
	case "s":
		c.unit = time.Second
	case "ms":
		c.unit = time.Millisecond
	case "day":
		c.unit = 24 * time.Hour
	}
	c.start = time.Unix(0, 0).UTC()
	if t.Start != "" {
		c.start, _ = parseDay(t.Start)
		c.start = inZone(c.start, c.zone)
	}
	if t.Date != "" {
		day, _ := parseDay(t.Date)
		c.fixed = noon(inZone(day, c.zone))
	}
	layouts := isoLayouts[:]
	if len(t.Layouts) > 0 {
		layouts = nil
		for _, l := range t.Layouts {
			g, _ := layout(l)
			layouts = append(layouts, g)
		}
	}
	c.layouts = layouts
	for _, l := range layouts {
		c.dayOnly = append(c.dayOnly, !strings.Contains(l, "15") && !strings.Contains(l, "3") && !strings.Contains(l, "4"))
	}
	for i, name := range t.Columns {
		// Only the first column is needed: the others may hold the time of day.
		if i == 0 && t.Else == nil {
			c.columns = append(c.columns, b.need(name, statics))
		} else {
			c.columns = append(c.columns, b.find(name, statics))
		}
	}
	if len(c.columns) > 0 && c.columns[0] >= 0 {
		c.field = b.header[c.columns[0]]
	}
	if t.Else != nil {
		c.otherwise = b.clock(*t.Else, statics)
	}
	return c
}

// inZone reads the same digits in another zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// noon stands for a day without a time of day, so that the day stays the same
// in nearly every zone.
func noon(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, t.Location())
}

// at returns when a row's work was done; ordinal is the row's number among its
// student's, from 0. byOrder says that the time is made up from that order. ok
// is false for a text that is no time; text is then what was found.
func (c *clock) at(row Row, ordinal int) (t time.Time, text string, byOrder, ok bool) {
	if !c.fixed.IsZero() {
		return c.fixed, "", false, true
	}
	if len(c.columns) == 0 {
		return c.start.Add(time.Duration(ordinal) * c.step), "", true, true
	}
	text = row.At(c.columns[0])
	for _, i := range c.columns[1:] {
		if more := row.At(i); more != "" && text != "" {
			text += " " + more
		}
	}
	if text == "" && c.otherwise != nil {
		return c.otherwise.at(row, ordinal)
	}
	if c.orderWhen != "" && text == c.orderWhen {
		return c.start.Add(time.Duration(ordinal) * c.step), "", true, true
	}
	if text == c.lastText && text != "" {
		return c.lastTime, text, false, true
	}
	t, ok = c.parse(text)
	if ok {
		c.lastText, c.lastTime = strings.Clone(text), t
	}
	return t, text, false, ok
}

func (c *clock) parse(text string) (time.Time, bool) {
	if c.unit != 0 {
		n, ok := number(text, "", c.comma)
		const most = 1 << 33 // seconds: more than 250 years
		if sec := n * c.unit.Seconds(); !ok || sec > most || sec < -most {
			return time.Time{}, false
		}
		whole := time.Duration(n * float64(c.unit))
		return c.start.Add(whole), true
	}
	for i, l := range c.layouts {
		if strings.Contains(l, "PM") {
			text = strings.ToUpper(text)
		}
		t, err := time.ParseInLocation(l, text, c.zone)
		if err != nil || t.Year() < 1 {
			continue
		}
		if c.dayOnly[i] {
			t = noon(t)
		}
		return t, true
	}
	return time.Time{}, false
}
