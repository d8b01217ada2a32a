package assess

import (
	"math"
	"slices"
	"strings"

	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/fault"
)

// ItemID identifies an item within a district.
type ItemID string

// Question is an item of the bank: what is asked, what counts as right, and how hard it is.
type Question struct {
	ID         ItemID
	Competency competency.ID
	Text       string
	Choices    []string // to choose from; empty asks for a written answer
	Right      []string // what counts as right: some of the choices, or written answers
	Item       irt.Item // of one difficulty; what is not known of it is typical
	Calibrated bool     // its parameters were estimated from answers
}

// Record is what became of a question in checks.
type Record struct {
	Question
	Answers, AnsweredRight int
}

// Most choices and longest texts of a question, in bytes.
const (
	MaxChoices  = 8
	MaxQuestion = 2000
	MaxAnswer   = 200
)

// Typical returns the parameters of an item of which nothing is known but from how many
// choices an answer is taken (0: it is written).
func Typical(choices int) irt.Item {
	if choices < 2 {
		return irt.Dichotomous(1, 0, 0)
	}
	return irt.Dichotomous(1, 0, 1/float64(choices))
}

// Validate reports, as a fault that names the field, what makes a question unusable.
func (q Question) Validate() error {
	switch {
	case strings.TrimSpace(q.Text) == "":
		return fault.Field("question", "The question has no text.")
	case len(q.Text) > MaxQuestion:
		return fault.Field("question", "The question is longer than %d bytes.", MaxQuestion)
	case len(q.Choices) == 1 || len(q.Choices) > MaxChoices:
		return fault.Field("choices", "A question has 2 to %d choices, or none where the answer is written.", MaxChoices)
	case len(q.Right) == 0:
		return fault.Field("answer", "Nothing says which answer is right.")
	case len(q.Choices) > 0 && len(q.Right) == len(q.Choices):
		return fault.Field("answer", "Every choice would be right.")
	}
	seen := map[string]bool{}
	for _, c := range q.Choices {
		if n := Normal(c); n == "" || seen[n] {
			return fault.Field("choices", "A choice is empty or stands there twice: %q.", c)
		} else {
			seen[n] = true
		}
	}
	for _, r := range q.Right {
		if len(r) > MaxAnswer || Normal(r) == "" {
			return fault.Field("answer", "A right answer is empty or longer than %d bytes.", MaxAnswer)
		}
		if len(q.Choices) > 0 && !slices.Contains(q.Choices, r) {
			return fault.Field("answer", "The right answer %q is none of the choices.", r)
		}
	}
	if len(q.Item.Difficulty) != 1 {
		return fault.Field("b", "An item of a bank has one difficulty.")
	}
	if b := q.Item.Difficulty[0]; math.Abs(b) > 10 || q.Item.Slope > 10 {
		return fault.Field("b", "A slope of %g and a difficulty of %g lie outside of what items have: up to 10.", q.Item.Slope, b)
	}
	return q.Item.Validate()
}

// Mark judges an answer: 1 for right, 0 for not right.
func (q Question) Mark(answer string) int8 {
	n := Normal(answer)
	if slices.ContainsFunc(q.Right, func(r string) bool { return Normal(r) == n }) {
		return 1
	}
	return 0
}

// Normal brings an answer into the shape in which answers are compared: without case,
// spaces, and the zeros that make no difference to a number ("007.50" is "7.5"), and with
// the minus that a keyboard has.
func Normal(answer string) string {
	s := strings.ReplaceAll(strings.ToLower(strings.Join(strings.Fields(answer), "")), "−", "-")
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 || digits == "." {
		return s
	}
	whole, part, _ := strings.Cut(digits, ".")
	whole, part = strings.TrimLeft(whole, "0"), strings.TrimRight(part, "0")
	if whole == "" {
		whole = "0"
	}
	if part != "" {
		whole += "." + part
	}
	if s[0] == '-' && whole != "0" {
		return "-" + whole
	}
	return whole
}
