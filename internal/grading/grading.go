// Package grading holds the classical rules that make one score out of several: highest,
// most recent, averages and decaying averages, power law, runs and counts, Khan's
// levels, BKT. A school may choose one of them to decide what is met, and the simulator
// shows beforehand what that would change and how often the rule is wrong.
//
// Scores are on the scale from 0 to [Scale], oldest first. The formulas are those of the
// products that use them, as written beside each.
package grading

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
)

// Scale is the highest score: a rubric of four levels. A share of points is laid onto it.
const Scale = 4.0

// Score is one score of one learner.
type Score struct {
	Points float64 // 0 to Scale
	Weight float64 // for weighted averages; 0 counts as 1
	At     time.Time
	Hints  int
	Mixed  bool // asked in a mixed quiz or test, rather than in an exercise on one thing
}

// Scores makes scores out of bare points, oldest first.
func Scores(points ...float64) []Score {
	out := make([]Score, len(points))
	for i, p := range points {
		out[i].Points = p
	}
	return out
}

// Rule is a method with its parameters, and from which score on something is met.
type Rule struct {
	Method string
	Args   []float64 // as the method's parameters are listed
	Cut    float64   // 0 to Scale
}

// Method is a way to make one score out of several.
type Method struct {
	Name       string
	Says       string // what it does, in a sentence
	Parameters []Parameter
	// score returns the value; met says whether the rule is met where that does not follow
	// from the cut. ok is false where the rule gives no score yet.
	score func(s []Score, a []float64, cut float64) (value float64, met, ok bool)
}

// Parameter is a number that a method takes.
type Parameter struct {
	Name         string
	Default      float64
	Least, Most  float64
	WholeNumbers bool
}

// DefaultCut is the third of four levels.
const DefaultCut = 3.0

// Default returns the method's rule with its usual parameters.
func (m Method) Default() Rule {
	r := Rule{Method: m.Name, Cut: DefaultCut}
	for _, p := range m.Parameters {
		r.Args = append(r.Args, p.Default)
	}
	return r
}

// String writes a rule as [Parse] reads it: "decaying 0.65 met 3".
func (r Rule) String() string {
	words := []string{r.Method}
	for _, a := range r.Args {
		words = append(words, number(a))
	}
	return strings.Join(append(words, "met", number(r.Cut)), " ")
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Parse reads a rule: a method's name, its parameters (left out, the usual ones), and
// "met" with the score from which on it is met (left out, 3).
func Parse(s string) (Rule, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return Rule{}, fault.Field("rule", "Name a rule, such as: decaying 0.65 met 3.")
	}
	m, err := method(words[0])
	if err != nil {
		return Rule{}, err
	}
	r := m.Default()
	words = words[1:]
	if i := slices.Index(words, "met"); i >= 0 {
		if len(words) != i+2 {
			return Rule{}, fault.Field("rule", `After "met" comes one score, such as 3.`)
		}
		if r.Cut, err = strconv.ParseFloat(words[i+1], 64); err != nil {
			return Rule{}, fault.Field("rule", "%q is not a score.", words[i+1])
		}
		words = words[:i]
	}
	if len(words) > len(r.Args) {
		return Rule{}, fault.Field("rule", "%s takes %d numbers; there are %d.", m.Name, len(r.Args), len(words))
	}
	for i, w := range words {
		if r.Args[i], err = strconv.ParseFloat(w, 64); err != nil {
			return Rule{}, fault.Field("rule", "%s: %q is not a number.", m.Parameters[i].Name, w)
		}
	}
	return r, r.Validate()
}

func method(name string) (Method, error) {
	i := slices.IndexFunc(Methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		var names []string
		for _, m := range Methods {
			names = append(names, m.Name)
		}
		return Method{}, fault.Field("rule", "There is no rule %q. There are: %s.", name, strings.Join(names, ", "))
	}
	return Methods[i], nil
}

// Validate reports, as a fault, what makes a rule unusable.
func (r Rule) Validate() error {
	m, err := method(r.Method)
	if err != nil {
		return err
	}
	if len(r.Args) != len(m.Parameters) {
		return fault.Field("rule", "%s takes %d numbers; there are %d.", m.Name, len(m.Parameters), len(r.Args))
	}
	for i, p := range m.Parameters {
		if a := r.Args[i]; !(a >= p.Least && a <= p.Most) || p.WholeNumbers && a != math.Trunc(a) {
			kind := "a number"
			if p.WholeNumbers {
				kind = "a whole number"
			}
			return fault.Field("rule", "%s: %s must be %s from %s to %s; it is %s.", m.Name, p.Name, kind, number(p.Least), number(p.Most), number(a))
		}
	}
	if !(r.Cut > 0 && r.Cut <= Scale) {
		return fault.Field("rule", "What is met must be a score above 0 and up to %g; it is %s.", Scale, number(r.Cut))
	}
	return nil
}

// Words says a rule in a sentence for everybody.
func (r Rule) Words() string {
	m, err := method(r.Method)
	if err != nil {
		return r.String()
	}
	says := m.Says
	for i, p := range m.Parameters {
		says = strings.ReplaceAll(says, "{"+p.Name+"}", number(r.Args[i]))
	}
	return fmt.Sprintf("%s Met from %s of %g on.", strings.ReplaceAll(says, "{cut}", number(r.Cut)), number(r.Cut), Scale)
}

// Verdict is what a rule makes of scores.
type Verdict struct {
	Value float64 // 0 to about Scale
	Met   bool
	Known bool // false: the rule gives no score yet
}

// near forgives rounding where a score equals the cut.
const near = 1e-9

// Apply applies a valid rule to scores, oldest first.
func (r Rule) Apply(s []Score) Verdict {
	m, err := method(r.Method)
	if err != nil || len(s) == 0 {
		return Verdict{}
	}
	v, met, ok := m.score(s, r.Args, r.Cut)
	return Verdict{v, met && ok, ok}
}
