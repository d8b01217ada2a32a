// Package dose says how much of a practice students got, held against how much of it is
// recommended. Nothing in it says what a practice did: who got more of it chose so, or could.
package dose

import (
	"math"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/stats"
)

// Trace is how a practice shows in what a district writes down.
type Trace string

const (
	Talks    Trace = "talks"   // one-to-one talks with an adult
	Choices  Trace = "choices" // work of a student's own choice
	FlexTime Trace = "flex"    // sessions in flex time in which they were
	Checks   Trace = "checks"  // adaptive checks
	Product  Trace = "product" // use of a product, as its vendor counts it
)

// Traces are all there are.
var Traces = []Trace{Talks, Choices, FlexTime, Checks, Product}

// Unit is in what a dose is counted.
type Unit string

const (
	Times   Unit = "times"
	Minutes Unit = "minutes"
	Lessons Unit = "lessons"
)

// Units are all there are; only a product has others than times.
var Units = []Unit{Times, Minutes, Lessons}

// Practice is something that a district says its schools do, and how much of it is recommended.
type Practice struct {
	ID      string `json:"-"`
	Name    string `json:"name"`
	Trace   Trace  `json:"trace"`
	Product string `json:"product,omitempty"` // as its files name it
	Unit    Unit   `json:"unit"`
	// Recommended says how much in so many Weeks: the first entry that names a student's grade
	// counts, else one for all grades; for others the practice is not meant.
	Recommended []Recommendation `json:"recommended"`
	Weeks       int              `json:"weeks"`
	Schools     []string         `json:"schools,omitempty"` // ids of those that do it; empty: all
	From        string           `json:"from"`              // the day on which it begins
	Source      string           `json:"source,omitempty"`  // who recommends so much
	Evidence    string           `json:"evidence,omitempty"`

	Author  string    `json:"-"`
	At      time.Time `json:"-"`
	Stopped time.Time `json:"-"` // zero while it is done
}

// Recommendation is the least amount for students of some grades.
type Recommendation struct {
	Grades []string `json:"grades,omitempty"` // empty: all
	Least  float64  `json:"least"`
}

// Check reports, as a fault that names the field, what makes a practice unusable.
func (p Practice) Check() error {
	switch {
	case strings.TrimSpace(p.Name) == "" || len(p.Name) > 120:
		return fault.Field("name", "Name the practice, in at most 120 characters.")
	case !slices.Contains(Traces, p.Trace):
		return fault.Field("trace", "Choose how the practice shows.")
	case p.Trace == Product && strings.TrimSpace(p.Product) == "":
		return fault.Field("product", "Say which product, as its files name it.")
	case !slices.Contains(Units, p.Unit) || (p.Trace == Product) == (p.Unit == Times):
		return fault.Field("unit", "A product is counted in minutes or lessons, anything else in times.")
	case len(p.Recommended) == 0:
		return fault.Field("least", "Say how much is recommended.")
	case p.Weeks < 1 || p.Weeks > 12:
		return fault.Field("weeks", "Say in how many weeks, from 1 to 12.")
	case len(p.Source) > 300:
		return fault.Field("source", "Say it in at most 300 characters.")
	case p.Evidence != "" && (len(p.Evidence) > 500 || !strings.HasPrefix(p.Evidence, "https://")):
		return fault.Field("evidence", "Give the address of the study, beginning with https://.")
	}
	for _, r := range p.Recommended {
		if !(r.Least > 0 && r.Least <= 10_000) {
			return fault.Field("least", "Say how much is recommended: above 0, at most 10 000.")
		}
	}
	if _, err := time.Parse(time.DateOnly, p.From); err != nil {
		return fault.Field("from", "Say the day on which it begins.")
	}
	return nil
}

// In reports whether a school does it.
func (p Practice) In(school string) bool {
	return len(p.Schools) == 0 || slices.Contains(p.Schools, school)
}

// For is the recommended amount in one period for a grade, and whether there is one.
func (p Practice) For(grade string) (least float64, ok bool) {
	plain := func(g string) string { return strings.TrimLeft(g, "0") }
	for _, r := range p.Recommended {
		if slices.ContainsFunc(r.Grades, func(g string) bool { return plain(g) == plain(grade) }) {
			return r.Least, true
		}
	}
	for _, r := range p.Recommended {
		if len(r.Grades) == 0 {
			return r.Least, true
		}
	}
	return 0, false
}

// Period is some days in which the recommended amount is due: From is the first, Before the
// day after the last, both as 2006-01-02.
type Period struct{ From, Before string }

// Periods cuts scheduled weeks, given by their Mondays in order, into periods of so many of
// them each. Only periods that are over before a day, and begin on or after the practice's
// first day, are there; the latest ends with the latest week that is over.
func (p Practice) Periods(mondays []string, today string) []Period {
	var over []string
	for _, m := range mondays {
		if m >= p.From && weekAfter(m) <= today {
			over = append(over, m)
		}
	}
	var out []Period
	for end := len(over); end >= p.Weeks; end -= p.Weeks {
		out = append(out, Period{over[end-p.Weeks], weekAfter(over[end-1])})
	}
	slices.Reverse(out)
	return out
}

func weekAfter(monday string) string {
	t, _ := time.Parse(time.DateOnly, monday)
	return t.AddDate(0, 0, 7).Format(time.DateOnly)
}

// Event is an amount that a student had on a day.
type Event struct {
	Student string
	Day     string
	Amount  float64
}

// Why is a kind of reason for which a student had less than is recommended.
type Why struct {
	Code, Words string
	Access      bool // it lies with what the student could reach, not with what they wanted
}

// Whys are all there are.
var Whys = []Why{
	{"device", "No device to work on", true},
	{"connection", "No internet connection", true},
	{"place", "No place or quiet to work", true},
	{"time", "No time was scheduled, or no seat was left", true},
	{"technical", "It did not work", true},
	{"away", "Was away or ill", true},
	{"other-work", "Had other work to do first", false},
	{"else", "Chose something else", false},
}

// WhyOf returns the kind of reason of a code.
func WhyOf(code string) (Why, bool) {
	i := slices.IndexFunc(Whys, func(w Why) bool { return w.Code == code })
	if i < 0 {
		return Why{}, false
	}
	return Whys[i], true
}

// Reason is what stood in a student's way, from a day on.
type Reason struct {
	ID       string
	Student  string
	Practice string // empty: whichever
	Why      string // code
	Since    string // day
	Until    string // the last day; empty while it lasts
	Author   string
	At       time.Time
}

// holds reports whether it stood in the way of a practice in a period.
func (r Reason) holds(practice string, p Period) bool {
	return (r.Practice == "" || r.Practice == practice) && r.Since < p.Before && (r.Until == "" || r.Until >= p.From)
}

// Away makes reasons of missed days, whose amounts are shares of the day: who missed half of a
// period's days, at five a week, or more was away.
func (p Practice) Away(missed []Event, periods []Period) (out []Reason) {
	total := map[string][]float64{}
	for _, e := range missed {
		for k, d := range periods {
			if e.Day >= d.From && e.Day < d.Before {
				if total[e.Student] == nil {
					total[e.Student] = make([]float64, len(periods))
				}
				total[e.Student][k] += e.Amount
			}
		}
	}
	for student, days := range total {
		for k, n := range days {
			if n >= 2.5*float64(p.Weeks)-rounding {
				out = append(out, Reason{Student: student, Why: "away", Since: periods[k].From, Until: periods[k].From})
			}
		}
	}
	return out
}

// Student is what one student got of a practice.
type Student struct {
	ID     string
	Grade  string
	Groups map[string]string // by dimension
	Least  float64           // recommended in a period
	Got    []float64         // in each period
	Whys   [][]string        // in each period, codes of reasons
}

// Taken is what the students for whom a practice is meant had of it in one school.
type Taken struct {
	Practice   Practice
	Periods    []Period
	Students   []Student
	Dimensions []string // of their groups
}

// Take puts together what students for whom a practice is meant got of it. Students have their
// id, grade and groups; those of grades for which nothing is recommended are left out.
func (p Practice) Take(students []Student, periods []Period, events []Event, reasons []Reason) []Student {
	var out []Student
	at := map[string]int{}
	for _, s := range students {
		least, ok := p.For(s.Grade)
		if !ok {
			continue
		}
		s.Least, s.Got, s.Whys = least, make([]float64, len(periods)), make([][]string, len(periods))
		at[s.ID] = len(out)
		out = append(out, s)
	}
	for _, e := range events {
		i, ok := at[e.Student]
		if !ok {
			continue
		}
		for k, d := range periods {
			if e.Day >= d.From && e.Day < d.Before {
				out[i].Got[k] += e.Amount
			}
		}
	}
	for _, r := range reasons {
		i, ok := at[r.Student]
		if !ok {
			continue
		}
		for k, d := range periods {
			if r.holds(p.ID, d) && !slices.Contains(out[i].Whys[k], r.Why) {
				out[i].Whys[k] = append(out[i].Whys[k], r.Why)
			}
		}
	}
	return out
}

// Met is the share of periods in which the student got at least what is recommended; NaN where
// no period is over.
func (s Student) Met() float64 {
	met := 0
	for k := range s.Got {
		if !s.Short(k) {
			met++
		}
	}
	return float64(met) / float64(len(s.Got)) // 0/0 is NaN
}

// rounding is what sums of minutes may be off by.
const rounding = 1e-9

// Short reports whether a period had less than is recommended.
func (s Student) Short(period int) bool { return s.Got[period] < s.Least-rounding }

// Limited reports whether what the student could reach stood in the way in a period.
func (s Student) Limited(period int) bool {
	return slices.ContainsFunc(s.Whys[period], func(code string) bool { w, _ := WhyOf(code); return w.Access })
}

// Streak is in how many periods in a row, the latest of them, they had less than is recommended.
func (s Student) Streak() (n int) {
	for k := len(s.Got) - 1; k >= 0 && s.Short(k); k-- {
		n++
	}
	return n
}

// Band is how much of what is recommended was met.
type Band int

const (
	Never   Band = iota // in no period
	Seldom              // in less than half of them
	Partly              // in half to below four fifths
	AsMeant             // in four fifths or more
)

// BandWords say the bands, from the least on.
var BandWords = [4]string{"never", "below half", "half to four fifths", "four fifths or more"}

// Full is the share of periods from which on a student counts as having a practice as it is meant.
const Full = .8

// BandOf returns the band of a share of periods.
func BandOf(met float64) Band {
	switch {
	case met >= Full-rounding:
		return AsMeant
	case met >= .5-rounding:
		return Partly
	case met > 0:
		return Seldom
	}
	return Never
}

// Group is how much of a practice a group of students got: counts and means, never of one.
type Group struct {
	stats.Subgroup
	Students int
	Bands    [4]float64 // share of students in each
	Mean     float64    // amount in a period
	Met      float64    // mean share of periods
	Short    int        // of them in the latest period
	Limited  int        // of those, by what they could reach
}

// Summarise sums up students, for all of them and by dimensions. A group below least students
// is suppressed, and with it the next smallest where a single one could be reckoned back. It is
// empty where no period is over.
func Summarise(students []Student, dimensions []string, least int) []Group {
	if len(students) == 0 || len(students[0].Got) == 0 {
		return nil
	}
	return stats.Subgroups(students, dimensions, func(s Student) map[string]string { return s.Groups }, least, func(g stats.Subgroup, members, _ []Student) Group {
		return sum(g, members)
	})
}

func sum(of stats.Subgroup, students []Student) Group {
	g := Group{Subgroup: of}
	if g.Suppressed {
		return g
	}
	g.Students = len(students)
	n := float64(len(students))
	for _, s := range students {
		met := s.Met()
		g.Bands[BandOf(met)] += 1 / n
		g.Met += met / n
		for _, a := range s.Got {
			g.Mean += a / n / float64(len(s.Got))
		}
		if last := len(s.Got) - 1; s.Short(last) {
			g.Short++
			if s.Limited(last) {
				g.Limited++
			}
		}
	}
	return g
}

// Index is how far a school does what it says, period by period: the mean over its practices of
// the share of students who got at least what is recommended. met holds, for each practice,
// that share in each period, the latest last; NaN where there is none.
func Index(met [][]float64) []float64 {
	most := 0
	for _, m := range met {
		most = max(most, len(m))
	}
	out := make([]float64, most)
	for k := range out {
		n := 0.0
		for _, m := range met {
			if i := len(m) - most + k; i >= 0 && !math.IsNaN(m[i]) {
				out[k] += m[i]
				n++
			}
		}
		out[k] /= n // 0/0 is NaN
	}
	return out
}
