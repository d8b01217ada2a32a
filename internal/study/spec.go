// Package study answers whether a practice or product helped, for whom, by how much, and how
// sure that is. A study is declared as data before it is run; a run is a function of the
// declaration, the extract of students and the seed, and of nothing else.
package study

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"waymark/internal/strict"
	"waymark/internal/study/linear"
)

// Schema is the form of a declaration.
const (
	Schema = "waymark-study/1"
	docs   = "docs/study.md"
)

// Spec declares a study.
type Spec struct {
	Schema   string `json:"schema"`
	Title    string `json:"title"`
	Question string `json:"question"`
	Practice string `json:"practice"` // what is studied, in the school's words

	// Unit is at which level the practice was given: students, classes or schools. Errors are
	// clustered there.
	Unit   Unit   `json:"unit"`
	Design Design `json:"design"`
	// Columns of the extract.
	Student   string   `json:"student"`            // who each row is
	Treatment string   `json:"treatment"`          // 1 with the practice, 0 without; as assigned
	School    string   `json:"school,omitempty"`   //
	Class     string   `json:"class,omitempty"`    //
	Block     string   `json:"block,omitempty"`    // within which a randomised design assigned
	Received  string   `json:"received,omitempty"` // 1 if the practice was received, for the effect on compliers
	Dose      string   `json:"dose,omitempty"`     // share of periods, from 0 to 1, in which as much as is recommended was had
	Stayed    string   `json:"stayed,omitempty"`   // 1 for who was in the school all the time, for the check on those who stayed
	Baseline  string   `json:"baseline,omitempty"` // the outcome, measured before
	Covariate []string `json:"covariates,omitempty"`
	Subgroups []string `json:"subgroups,omitempty"` // columns; "baseline" stands for its fifths
	Sample    []Rule   `json:"sample,omitempty"`

	Outcomes []Outcome `json:"outcomes"`
	Method   Method    `json:"method"`
	// Meaningful is the smallest effect, in standard deviations, that would matter.
	Meaningful float64 `json:"meaningful"`
	Seed       uint64  `json:"seed"`
	Suppress   int     `json:"suppress,omitempty"` // groups below so many students are not shown; 10 where 0
	Placebo    string  `json:"placebo,omitempty"`  // an outcome that the practice cannot have moved
}

// Unit is a level of assignment.
type Unit string

const (
	ByStudent Unit = "student"
	ByClass   Unit = "class"
	BySchool  Unit = "school"
)

// Design is how students came to the practice.
type Design string

const (
	Randomised Design = "randomised" // by lot
	Comparison Design = "comparison" // by choice or circumstance; others are made comparable
)

// Outcome is what may have changed.
type Outcome struct {
	Column string  `json:"column"`
	Name   string  `json:"name,omitempty"`
	Domain string  `json:"domain,omitempty"` // outcomes of one domain are judged together
	Binary bool    `json:"binary,omitempty"`
	Worse  bool    `json:"lowerIsBetter,omitempty"`
	NormSD float64 `json:"normSD,omitempty"` // of a published norm, for comparison
}

// Rule keeps the rows that hold one of some values, or a number within bounds.
type Rule struct {
	Column string   `json:"column"`
	In     []string `json:"in,omitempty"`
	Least  *float64 `json:"least,omitempty"`
	Most   *float64 `json:"most,omitempty"`
}

// Kind is how comparison students are found.
type Kind string

const (
	Regression Kind = "regression" // all of them, adjusted
	Virtual    Kind = "virtual"    // virtual comparison groups
	Nearest    Kind = "nearest"    // nearest neighbours by propensity
	Space      Kind = "mahalanobis"
	Exact      Kind = "exact"
	Coarsened  Kind = "coarsened"
	Full       Kind = "full"
	Optimal    Kind = "optimal"
)

var methods = []Kind{Regression, Virtual, Nearest, Space, Exact, Coarsened, Full, Optimal}

// Method says how.
type Method struct {
	Kind      Kind      `json:"kind"`
	Exact     []string  `json:"exact,omitempty"`     // columns in which students must be the same
	Calipers  []Caliper `json:"calipers,omitempty"`  // columns in which they must be near
	Elsewhere bool      `json:"elsewhere,omitempty"` // comparison students are of other schools
	Ladder    []float64 `json:"ladder,omitempty"`    // factors by which calipers are widened, step by step
	Most      int       `json:"most,omitempty"`      // of a virtual group; 51 where 0
	Least     int       `json:"least,omitempty"`     // of a virtual group; 10 where 0
	Ratio     int       `json:"ratio,omitempty"`
	Replace   bool      `json:"replace,omitempty"`
	Order     string    `json:"order,omitempty"`
	Alone     bool      `json:"alone,omitempty"` // no comparison student for two
	// Errors and Unadjusted are for holding a run against other programs: how errors are
	// reckoned (CR2 where empty), and no adjustment beyond matching.
	Errors     linear.Kind `json:"errors,omitempty"`
	Unadjusted bool        `json:"unadjusted,omitempty"`
}

// errors is how a study's errors are reckoned.
func (m Method) errors() linear.Kind {
	if m.Errors == "" {
		return linear.CR2
	}
	return m.Errors
}

// Caliper is how near.
type Caliper struct {
	Column string  `json:"column"` // "propensity" for the score
	Width  float64 `json:"width"`
	SD     bool    `json:"sd,omitempty"` // the width is in standard deviations
}

// Read reads a declaration and checks it.
func Read(r io.Reader) (*Spec, error) {
	var s Spec
	if err := strict.Read(r, Schema, docs, &s); err != nil {
		return nil, err
	}
	return &s, s.Check()
}

// Check reports all that is wrong in a declaration, each with its place and cure, as one fault.
func (s *Spec) Check() error {
	var c strict.Checker
	for _, f := range []struct{ name, value string }{{"question", s.Question}, {"practice", s.Practice}, {"student", s.Student}, {"treatment", s.Treatment}} {
		if strings.TrimSpace(f.value) == "" {
			c.Wrong(f.name, "is empty; say it before the study is run")
		}
	}
	if !slices.Contains([]Unit{ByStudent, ByClass, BySchool}, s.Unit) {
		c.Wrong("unit", "is %q; it must be student, class or school", s.Unit)
	}
	if s.Design != Randomised && s.Design != Comparison {
		c.Wrong("design", "is %q; it must be randomised or comparison", s.Design)
	}
	if s.Unit == BySchool && s.School == "" {
		c.Wrong("school", "is empty; a practice given to schools needs the column that tells them")
	}
	if s.Unit == ByClass && s.Class == "" {
		c.Wrong("class", "is empty; a practice given to classes needs the column that tells them")
	}
	if len(s.Outcomes) == 0 {
		c.Wrong("outcomes", "is empty; name at least one")
	}
	seen := map[string]bool{}
	for i, o := range s.Outcomes {
		if o.Column == "" || seen[o.Column] {
			c.Wrong(fmt.Sprintf("outcomes[%d].column", i), "is %q; each outcome is a column of its own", o.Column)
		}
		seen[o.Column] = true
		if !(o.NormSD >= 0) {
			c.Wrong(fmt.Sprintf("outcomes[%d].normSD", i), "is %v; it must be above 0, or left out", o.NormSD)
		}
	}
	if !(s.Meaningful > 0 && s.Meaningful <= 2) {
		c.Wrong("meaningful", "is %v; say the smallest effect that would matter, in standard deviations, such as .05", s.Meaningful)
	}
	if s.Suppress < 0 {
		c.Wrong("suppress", "is %d; it must be 0 or more", s.Suppress)
	}
	s.Method.check(&c, s)
	return c.Err()
}

func (m Method) check(c *strict.Checker, s *Spec) {
	if !slices.Contains(methods, m.Kind) {
		c.Wrong("method.kind", "is %q; it must be one of %v", m.Kind, methods)
	}
	if s.Design == Comparison && s.Baseline == "" && m.Kind == Regression {
		c.Wrong("baseline", "is empty; without lots, students are comparable only by what was known before")
	}
	if m.Elsewhere && s.School == "" {
		c.Wrong("method.elsewhere", "needs the column school")
	}
	if (m.Kind == Exact || m.Kind == Coarsened) && len(m.Exact)+len(m.Calipers) == 0 {
		c.Wrong("method.exact", "is empty; name the columns in which students must be the same")
	}
	for i, k := range m.Calipers {
		if k.Column == "" || !(k.Width > 0 && k.Width <= math.MaxFloat32) {
			c.Wrong(fmt.Sprintf("method.calipers[%d]", i), "has the column %q and the width %v; it needs a column and a width above 0", k.Column, k.Width)
		}
	}
	before := 0.0
	for i, f := range m.Ladder {
		if !(f > before) {
			c.Wrong(fmt.Sprintf("method.ladder[%d]", i), "is %v; each step must be wider than the one before", f)
		}
		before = f
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"most", m.Most}, {"least", m.Least}, {"ratio", m.Ratio}} {
		if n.value < 0 || n.value > 1000 {
			c.Wrong("method."+n.name, "is %d; it must be from 0 to 1000", n.value)
		}
	}
	if !slices.Contains([]linear.Kind{"", linear.Classical, linear.CR0, linear.CR1, linear.CR2}, m.Errors) {
		c.Wrong("method.errors", "is %q; it must be classical, CR0, CR1 or CR2", m.Errors)
	}
	if !slices.Contains([]string{"", "largest", "smallest", "data", "closest", "random"}, m.Order) {
		c.Wrong("method.order", "is %q; it must be largest, smallest, data, closest or random", m.Order)
	}
}

// Digest names a declaration by what it says: the first 12 hexadecimal digits of the SHA-256 of
// its canonical form.
func (s *Spec) Digest() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a Spec holds nothing that JSON cannot
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// least is below how many students a group is not shown.
func (s *Spec) least() int {
	if s.Suppress == 0 {
		return 10
	}
	return s.Suppress
}
