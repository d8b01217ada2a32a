package credit

import (
	"math"
	"slices"
	"strings"

	"waymark/internal/stats"
)

// Standing says whether a ninth-grader is on the way to finish high school in time.
type Standing string

const (
	OnTrack Standing = "on track"        // has the credits of a year, and failed one core course at most
	SoFar   Standing = "on track so far" // failed one core course at most; the credits of the year are not there yet
	Off     Standing = "off track"       // failed more core courses than that
	Unknown Standing = "nothing known"   // of no course is it told how it ended
)

// Standings are all there are.
var Standings = []Standing{OnTrack, SoFar, Off, Unknown}

// The freshman on-track indicator of Chicago's schools (Allensworth and Easton, 2005): five
// full-year credits by the end of ninth grade, and not more than one semester of a core course
// failed.
const (
	YearCredits = 5
	CoreFailed  = 1
)

// coreSubjects are words by which core subjects are known, in titles of subjects or courses.
var coreSubjects = []string{"english", "language arts", "ela", "literature", "math", "algebra", "geometry", "calculus", "science", "biology", "chemistry", "physics", "social", "history", "civics", "geography"}

// Core reports whether a course is English, mathematics, science or social studies.
func Core(e Enrollment) bool {
	words := strings.FieldsFunc(strings.ToLower(e.Subject+" "+e.Course), func(r rune) bool { return r < 'a' || r > 'z' })
	text := " " + strings.Join(words, " ") + " "
	return slices.ContainsFunc(coreSubjects, func(w string) bool {
		return strings.Contains(text, " "+w+" ") || len(w) > 3 && strings.Contains(text, " "+w)
	})
}

// StandingOf tells where one ninth-grader stands by the courses that have ended.
func StandingOf(courses []Enrollment) Standing {
	if len(courses) == 0 {
		return Unknown
	}
	failed, credits := 0, 0.0
	for _, c := range courses {
		if Failed(c.Status) && Core(c) {
			failed++
		}
		if !Failed(c.Status) && !math.IsNaN(c.Credits) {
			credits += c.Credits
		}
	}
	switch {
	case failed > CoreFailed:
		return Off
	case credits >= YearCredits:
		return OnTrack
	}
	return SoFar
}

// Ninth is a ninth-grader with the courses that have ended.
type Ninth struct {
	Groups  map[string]string
	Courses []Enrollment
}

// NinthRow counts standings in one group of one dimension.
type NinthRow struct {
	stats.Subgroup
	Students int
	Count    map[Standing]int
}

// NinthGrade counts where ninth-graders stand, as a whole and by groups. Groups of fewer than
// least students are suppressed, and with them what would give them away.
func NinthGrade(all []Ninth, dimensions []string, least int) []NinthRow {
	return stats.Subgroups(all, dimensions, func(n Ninth) map[string]string { return n.Groups }, least, func(g stats.Subgroup, members, _ []Ninth) NinthRow {
		r := NinthRow{Subgroup: g}
		if g.Suppressed {
			return r
		}
		r.Students, r.Count = len(members), map[Standing]int{}
		for _, m := range members {
			r.Count[StandingOf(m.Courses)]++
		}
		return r
	})
}
