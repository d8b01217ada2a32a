package plan

import (
	"strconv"
	"strings"

	"waymark/internal/fault"
)

// Grades are the grades in which every student must have a signed plan. Kindergarten is 0.
type Grades struct{ From, To int }

// Usual are the grades of Vermont's personalized learning plans (16 V.S.A. § 941).
var Usual = Grades{7, 12}

// ParseGrades reads grades as people write them: "7-12", "K-5", "9".
func ParseGrades(text string) (Grades, error) {
	from, to, span := strings.Cut(strings.ReplaceAll(text, "–", "-"), "-")
	if !span {
		to = from
	}
	a, ok1 := gradeNumber(from)
	b, ok2 := gradeNumber(to)
	if !ok1 || !ok2 || a > b {
		return Grades{}, fault.New(fault.Invalid, "The grades %q are not like 7-12, K-5 or 9.", text)
	}
	return Grades{a, b}, nil
}

// Include reports whether a student of a grade must have a plan. A grade that is not a
// number (pre-kindergarten, ungraded) is not included.
func (g Grades) Include(grade string) bool {
	n, ok := gradeNumber(grade)
	return ok && g.From <= n && n <= g.To
}

func gradeNumber(text string) (int, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "K" || text == "KG" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= 13
}
