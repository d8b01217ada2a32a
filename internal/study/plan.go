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
	"waymark/internal/study/dose"
)

// Plan declares a study of a practice by what the district itself has written down. It is
// frozen before it is run; [Plan.Spec] is its declaration and [Plan.Extract] its extract.
type Plan struct {
	Question string `json:"question"`
	Practice string `json:"practice"`
	// Trace is how the practice shows: in what students had at least AtLeast times in the days
	// of During, or in which schools do it.
	Trace   dose.Trace `json:"trace"`
	Product string     `json:"product,omitempty"` // of which minutes are counted, where Trace is dose.Product
	AtLeast int        `json:"atLeast,omitempty"`
	Schools []string   `json:"schools,omitempty"`
	During  Days       `json:"during"`
	// Dose is the declared practice that is studied, where it is one: it says what is recommended.
	Dose *dose.Practice `json:"dose,omitempty"`
	// Lots says that who has the practice is drawn; the trace then shows only who received it.
	Lots *Lots `json:"lots,omitempty"`
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

// InSchools is the trace of a practice that shows by being in one of some schools.
const InSchools dose.Trace = "schools"

// Lots are how a pilot draws who begins first. The lots themselves are drawn once, when the pilot
// is declared.
type Lots struct {
	Unit    Unit     `json:"unit"`
	Schools []string `json:"schools,omitempty"` // names of those that take part; all where empty
	Grades  []string `json:"grades,omitempty"`  // all where empty
	Classes string   `json:"classes,omitempty"` // subject of the classes that are drawn, or Homerooms
	Share   float64  `json:"share"`             // that begins first
	Pairs   bool     `json:"pairs,omitempty"`   // units are drawn from pairs that are alike in the baseline
	Later   string   `json:"later"`             // the day from which all others have it too
}

// Homerooms stands for classes that are homerooms.
const Homerooms = "homerooms"

// Unseen is the trace of a practice that does not show in what is written down.
const Unseen dose.Trace = ""

func (l *Lots) check(p Plan) error {
	if l == nil {
		return nil
	}
	switch later, err := time.Parse(time.DateOnly, l.Later); {
	case !slices.Contains([]Unit{ByStudent, ByClass, BySchool}, l.Unit):
		return fault.Field("unit", "Choose who draws a lot: students, classes or schools.")
	case l.Unit == ByClass && l.Classes == "":
		return fault.Field("classes", "Choose which classes draw.")
	case !(l.Share >= .1 && l.Share <= .9):
		return fault.Field("share", "Say which share begins first, from 10 to 90 percent.")
	case err != nil:
		return fault.Field("later", "Say from which day on all others have it too: nobody goes without for good.")
	case later.Format(time.DateOnly) <= p.During.From:
		return fault.Field("later", "The others begin later than the first.")
	case p.During.From <= p.Before.To:
		return fault.Field("before", "Lots are drawn before it begins: measure the baseline before %s.", p.During.From)
	case p.After.To >= l.Later:
		return fault.Field("later", "The others begin before the end is measured: let them begin after %s.", p.After.To)
	case p.Trace == InSchools:
		return fault.Field("trace", "Lots decide who has it. Choose how it shows, or that it does not show.")
	}
	return nil
}

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
	case p.Trace != InSchools && !slices.Contains(dose.Traces, p.Trace) && (p.Trace != Unseen || p.Lots == nil):
		return fault.Field("trace", "Choose how the practice shows.")
	case p.Trace == dose.Product && p.Product == "":
		return fault.Field("trace", "Choose the product.")
	case p.Trace == InSchools && len(p.Schools) == 0:
		return fault.Field("schools", "Choose the schools that do it.")
	case p.Trace != InSchools && p.Trace != Unseen && (p.AtLeast < 1 || p.AtLeast > 10_000):
		return fault.Field("atleast", "Say from how many times or minutes on it counts, from 1 to 10 000.")
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
	if p.Dose != nil {
		if err := p.Dose.Check(); err != nil {
			return err
		}
	}
	return p.Lots.check(p)
}

// Fact is what is known of one student.
type Fact struct {
	Student       string
	School, Grade string
	Groups        map[string]string // by dimension, such as "English learner": "yes"
	Before, After float64           // NaN where nothing is known
	Dose          int               // how often they had what is traced
	Met           float64           // share of periods in which as much as is recommended was had; NaN where nothing is known
	Lot           *Lot              // of a pilot, what their unit drew
}

// planGroups are the characteristics that are adjusted for and by which effects are shown, by
// the names of columns.
var planGroups = [][2]string{{"sex", "sex"}, {"race_or_ethnicity", "race or ethnicity"}, {"english_learner", "English learner"}, {"disability", "disability"}, {"economic_disadvantage", "economic disadvantage"}}

// Spec is the declaration that a plan stands for. Where lots were drawn, those who begin first
// are held against those who begin later. Else there are virtual comparison groups of the same
// grade and of about the same baseline, in the same school where students differ in what they
// had, and in other schools where schools as wholes do.
func (p Plan) Spec() *Spec {
	s := &Spec{Schema: Schema, Title: p.Practice, Question: p.Question, Practice: p.Practice, Unit: ByStudent, Design: Comparison, Student: "student", Treatment: "practice", School: "school", Baseline: "before",
		Outcomes: []Outcome{{Column: "after", Name: cmp.Or(p.Measure, p.Scale, "the outcome")}}, Meaningful: p.Meaningful, Seed: p.Seed,
		Method: Method{Kind: Virtual, Exact: []string{"grade", "school"}, Calipers: []Caliper{{Column: "before", Width: .25, SD: true}}, Ladder: []float64{1, 2, 3}, Least: 5}}
	switch {
	case p.Lots != nil:
		s.Unit, s.Design, s.Block, s.Method = p.Lots.Unit, Randomised, "block", Method{Kind: Regression}
		if s.Unit == ByClass {
			s.Class = "unit"
		}
		if p.Trace != Unseen {
			s.Received = "received"
		}
	case p.Trace == InSchools:
		s.Unit, s.Method.Exact, s.Method.Elsewhere = BySchool, []string{"grade"}, true
	}
	if p.Dose != nil && (p.Lots != nil || p.Trace == InSchools) {
		s.Dose = "dose"
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
	lots, met := p.Lots != nil, p.Spec().Dose != ""
	if lots {
		head = append(head, "unit", "block", "received")
	}
	if met {
		head = append(head, "dose")
	}
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
	yes := func(v bool) string { return map[bool]string{true: "1", false: "0"}[v] }
	unit := p.unitNames(facts)
	for i, f := range facts {
		had := f.Dose >= p.AtLeast
		has := yes(p.Trace == InSchools && slices.Contains(p.Schools, f.School) || p.Trace != InSchools && had)
		if f.Lot != nil {
			has = yes(f.Lot.Treated)
		}
		row := []string{"s" + strconv.Itoa(i+1), f.School, cmp.Or(f.Grade, "unknown"), has, strconv.Itoa(f.Dose), number(f.Before), number(f.After)}
		if lots {
			row = append(row, unit[f.Lot.Unit], f.Lot.Block, yes(had && p.Trace != Unseen))
		}
		if met {
			row = append(row, number(f.Met))
		}
		for _, g := range planGroups {
			row = append(row, cmp.Or(f.Groups[g[1]], "unknown"))
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

// unitNames numbers the units of a pilot, so that no class or student is named.
func (p Plan) unitNames(facts []Fact) map[string]string {
	out := map[string]string{}
	for _, f := range facts {
		if f.Lot != nil && out[f.Lot.Unit] == "" {
			out[f.Lot.Unit] = "u" + strconv.Itoa(len(out)+1)
		}
	}
	return out
}

// Draw draws the lots of a pilot among units: within blocks, and where pairs are wanted from
// pairs that are alike in values. The seed is the plan's.
func (p Plan) Draw(units, blocks []string, values []float64) ([]Lot, error) {
	return Assign(units, blocks, values, Draw{Share: p.Lots.Share, Pairs: p.Lots.Pairs, Seed: p.Seed})
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
