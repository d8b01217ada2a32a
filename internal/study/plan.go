package study

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
)

// Plan declares a study of a practice by what the district itself has written down. It is
// frozen before it is run; [Plan.Spec] is its declaration and [Plan.Extract] its extract.
type Plan struct {
	Question string `json:"question"`
	Practice string `json:"practice"`
	// Trace is how the practice shows: in what students had at least AtLeast times in the days
	// of During, or in which schools do it.
	Trace   Trace    `json:"trace"`
	AtLeast int      `json:"atLeast,omitempty"`
	Schools []string `json:"schools,omitempty"`
	During  Days     `json:"during"`
	// The outcome is the mean of an external test's scores on a scale, or of the shares of
	// points in work on a framework's competencies, in the days of After; and the baseline the
	// same in those of Before.
	Scale      string  `json:"scale,omitempty"`
	Framework  string  `json:"framework,omitempty"`
	Measure    string  `json:"measure,omitempty"` // the outcome in words
	Before     Days    `json:"before"`
	After      Days    `json:"after"`
	Meaningful float64 `json:"meaningful"`
	Seed       uint64  `json:"seed"`
}

// Trace is something that students had.
type Trace string

const (
	Talks     Trace = "talks"   // one-to-one talks with an adult
	Choices   Trace = "choices" // work of their own choice
	FlexTime  Trace = "flex"    // sessions in flex time in which they were
	Checks    Trace = "checks"  // adaptive checks
	InSchools Trace = "schools" // being in one of some schools
)

// Traces are all there are.
var Traces = []Trace{Talks, Choices, FlexTime, Checks, InSchools}

// Days are from one day to another, both included.
type Days struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Times are the first moment of the days and the first after them.
func (d Days) Times() (from, to time.Time) {
	from, _ = time.Parse(time.DateOnly, d.From)
	to, _ = time.Parse(time.DateOnly, d.To)
	return from, to.AddDate(0, 0, 1)
}

func (d Days) check(field string) error {
	a, errA := time.Parse(time.DateOnly, d.From)
	b, errB := time.Parse(time.DateOnly, d.To)
	if errA != nil || errB != nil || b.Before(a) {
		return fault.Field(field, "Say a first and a last day, in this order.")
	}
	return nil
}

// Check reports, as a fault that names the field, what makes a plan unusable.
func (p Plan) Check() error {
	if strings.TrimSpace(p.Question) == "" || len(p.Question) > 300 {
		return fault.Field("question", "Ask one question, in at most 300 characters.")
	}
	if strings.TrimSpace(p.Practice) == "" || len(p.Practice) > 120 {
		return fault.Field("practice", "Name the practice, in at most 120 characters.")
	}
	switch {
	case !slices.Contains(Traces, p.Trace):
		return fault.Field("trace", "Choose how the practice shows.")
	case p.Trace == InSchools && len(p.Schools) == 0:
		return fault.Field("schools", "Choose the schools that do it.")
	case p.Trace != InSchools && (p.AtLeast < 1 || p.AtLeast > 1000):
		return fault.Field("atleast", "Say from how many times on it counts, from 1 to 1000.")
	case (p.Scale == "") == (p.Framework == ""):
		return fault.Field("outcome", "Choose what may have changed.")
	case !(p.Meaningful > 0 && p.Meaningful <= 2):
		return fault.Field("meaningful", "Say the smallest effect that would matter, above 0 and up to 2 standard deviations.")
	}
	for _, d := range []struct {
		field string
		days  Days
	}{{"before", p.Before}, {"during", p.During}, {"after", p.After}} {
		if err := d.days.check(d.field); err != nil {
			return err
		}
	}
	if p.After.From <= p.Before.To {
		return fault.Field("after", "What may have changed is measured after the baseline: begin it after %s.", p.Before.To)
	}
	if p.After.To < p.During.From {
		return fault.Field("after", "It ends before the practice begins.")
	}
	return nil
}

// Fact is what is known of one student.
type Fact struct {
	Student       string
	School, Grade string
	Groups        map[string]string // by dimension, such as "English learner": "yes"
	Before, After float64           // NaN where nothing is known
	Dose          int               // how often they had what is traced
}

// planGroups are the characteristics that are adjusted for and by which effects are shown, by
// the names of columns.
var planGroups = [][2]string{{"sex", "sex"}, {"race_or_ethnicity", "race or ethnicity"}, {"english_learner", "English learner"}, {"disability", "disability"}, {"economic_disadvantage", "economic disadvantage"}}

// Spec is the declaration that a plan stands for: virtual comparison groups of the same grade
// and of about the same baseline, in the same school where students differ in what they had,
// and in other schools where schools as wholes do.
func (p Plan) Spec() *Spec {
	s := &Spec{Schema: Schema, Title: p.Practice, Question: p.Question, Practice: p.Practice, Unit: ByStudent, Design: Comparison, Student: "student", Treatment: "practice", School: "school", Baseline: "before",
		Outcomes: []Outcome{{Column: "after", Name: cmp.Or(p.Measure, p.Scale, "the outcome")}}, Meaningful: p.Meaningful, Seed: p.Seed,
		Method: Method{Kind: Virtual, Exact: []string{"grade", "school"}, Calipers: []Caliper{{Column: "before", Width: .25, SD: true}}, Ladder: []float64{1, 2, 3}, Least: 5}}
	if p.Trace == InSchools {
		s.Unit, s.Method.Exact, s.Method.Elsewhere = BySchool, []string{"grade"}, true
	}
	s.Subgroups = []string{"baseline"}
	for _, g := range planGroups {
		s.Covariate, s.Subgroups = append(s.Covariate, g[0]), append(s.Subgroups, g[0])
	}
	return s
}

// Extract writes facts as the extract of a plan's declaration. Nobody is named: students are
// numbered in an order that the seed draws.
func (p Plan) Extract(facts []Fact) []byte {
	key := func(f Fact) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%d|%s", p.Seed, f.Student)) }
	facts = slices.Clone(facts)
	slices.SortFunc(facts, func(a, b Fact) int { x, y := key(a), key(b); return bytes.Compare(x[:], y[:]) })
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	head := []string{"student", "school", "grade", "practice", "times", "before", "after"}
	for _, g := range planGroups {
		head = append(head, g[0])
	}
	_ = w.Write(head)
	number := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', 8, 64)
	}
	for i, f := range facts {
		has := "0"
		if p.Trace == InSchools && slices.Contains(p.Schools, f.School) || p.Trace != InSchools && f.Dose >= p.AtLeast {
			has = "1"
		}
		row := []string{"s" + strconv.Itoa(i+1), f.School, cmp.Or(f.Grade, "unknown"), has, strconv.Itoa(f.Dose), number(f.Before), number(f.After)}
		for _, g := range planGroups {
			row = append(row, cmp.Or(f.Groups[g[1]], "unknown"))
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

// Run runs a plan on facts, and returns the extract that it ran on.
func (p Plan) Run(facts []Fact) (*Result, []byte, error) {
	spec, extract := p.Spec(), p.Extract(facts)
	f, err := ReadFrame(bytes.NewReader(extract), "extract.csv", spec.Columns())
	if err != nil {
		return nil, nil, err
	}
	r, err := Run(spec, f)
	return r, extract, err
}

// Kept is a plan that was declared, and what it found once it was run.
type Kept struct {
	ID      string
	Plan    Plan
	Author  string
	At      time.Time
	Extract []byte // empty before it was run
	Result  *Result
	Ran     time.Time
}
