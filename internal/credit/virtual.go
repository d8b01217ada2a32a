// Package credit reports on courses and what they came to.
package credit

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"waymark/internal/stats"
)

// Enrollment is one student in one course, with how it ended.
type Enrollment struct {
	Student, School, District string
	Course, Subject           string
	Virtual                   bool
	Provider                  string  // kind of it, such as "local", "another district", "vendor"
	Load                      string  // whether the student learns full-time or part-time online
	Status                    string  // as the source writes it
	Points                    float64 // share of all points, from 0 to 1; NaN where unknown
	Credits                   float64 // earned; NaN where unknown
	Groups                    map[string]string
}

// Passing is the share of a course's points from which on it counts as passed where the share
// of points decides (Michigan, section 21f of the State School Aid Act).
const Passing = .6

// PassedStatuses are the statuses that say that a course was completed and passed, without case
// and signs.
var PassedStatuses = []string{"cp", "completedpassed", "passed", "pass", "p"}

// Passed reports whether a status says that a course was completed and passed; also holds more
// such statuses of a district's own.
func Passed(status string, also []string) bool {
	s := plain(status)
	return slices.Contains(PassedStatuses, s) || slices.ContainsFunc(also, func(x string) bool { return plain(x) == s })
}

// failedStatuses are those that say that a course was not passed. Who withdrew has not failed.
var failedStatuses = []string{"f", "fail", "failed", "cf", "completedfailed", "notpassed", "completednotpassed", "np", "nopass", "nocredit", "nc", "u", "unsatisfactory"}

// Failed reports whether a status says that a course was not passed.
func Failed(status string) bool { return slices.Contains(failedStatuses, plain(status)) }

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// Virtual is the effectiveness report on virtual courses, after the one that Michigan publishes
// each year. The pass rate is the share of all virtual enrollments whose status is completed and
// passed, whatever became of the others.
type Virtual struct {
	Enrollments int      `json:"enrollments"`
	Students    int      `json:"students"`
	Schools     int      `json:"schools"`
	Districts   int      `json:"districts,omitempty"`
	Passed      int      `json:"passed"`
	PassRate    float64  `json:"passRate"`
	Statuses    []Count  `json:"statuses"`
	All         Share    `json:"passedAll"`  // students who passed all of their virtual courses
	Some        Share    `json:"passedSome"` // some of them
	None        Share    `json:"passedNone"` // none of them
	Tables      []Table  `json:"tables"`
	Courses     []Course `json:"courses"`
	// Of all enrollments, where the file holds others than virtual ones.
	VirtualShare   *Share `json:"virtualShare,omitempty"`
	VirtualSchools *Share `json:"schoolsWithVirtual,omitempty"`
	Both           *Both  `json:"sameStudents,omitempty"`
	Suppress       int    `json:"suppressBelow"`
}

// Count is how many enrollments have a status.
type Count struct {
	Status      string `json:"status"`
	Enrollments int    `json:"enrollments"`
	Passed      bool   `json:"countsAsPassed"`
	Suppressed  bool   `json:"suppressed,omitempty"`
}

// Share is so many of so many.
type Share struct {
	Count      int     `json:"count"`
	Of         int     `json:"of"`
	Share      float64 `json:"share"`
	Suppressed bool    `json:"suppressed,omitempty"` // too few to be shown, or it would give others away
}

func newShare(n, of int) Share {
	s := Share{Count: n, Of: of}
	if of > 0 {
		s.Share = float64(n) / float64(of)
	}
	return s
}

// Table is the report by one characteristic.
type Table struct {
	By   string `json:"by"`
	Rows []Row  `json:"rows"`
}

// Row is one group. Suppressed says that it holds too few students, or would give another away.
type Row struct {
	Value       string  `json:"value"`
	Suppressed  bool    `json:"suppressed,omitempty"`
	Enrollments int     `json:"enrollments"`
	Students    int     `json:"students"`
	Passed      int     `json:"passed"`
	PassRate    float64 `json:"passRate"`
}

// Course is what must be published of a course (21f): enrollments, and how many earned
// [Passing] of its points or more.
type Course struct {
	Course      string `json:"course"`
	Suppressed  bool   `json:"suppressed,omitempty"`
	Enrollments int    `json:"enrollments"`
	Known       int    `json:"withPoints"` // enrollments of which points are known
	Earned      int    `json:"earnedSixtyPercent"`
}

// Both compares the courses of students who take virtual and other ones.
type Both struct {
	Students     int     `json:"students"`
	Virtual      float64 `json:"virtualPassRate"`
	Others       float64 `json:"otherPassRate"`
	Enrollments  int     `json:"virtualEnrollments"`
	OtherCourses int     `json:"otherEnrollments"`
}

// pupil is one student's courses.
type pupil struct{ virtual, passed, others, othersPassed int }

// NewVirtual reports on enrollments. also holds statuses that count as passed beside
// [PassedStatuses]. Groups of fewer than least students are not shown.
func NewVirtual(all []Enrollment, also []string, least int) Virtual {
	v := Virtual{Suppress: least}
	pupils, schools, withVirtual, districts := map[string]*pupil{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	var virtual []Enrollment
	for _, e := range all {
		p := pupils[e.Student]
		if p == nil {
			p = &pupil{}
			pupils[e.Student] = p
		}
		passed := 0
		if Passed(e.Status, also) {
			passed = 1
		}
		schools[e.School] = true
		if !e.Virtual {
			p.others++
			p.othersPassed += passed
			continue
		}
		virtual = append(virtual, e)
		withVirtual[e.School], districts[e.District] = true, true
		p.virtual++
		p.passed += passed
		v.Passed += passed
	}
	for _, m := range []map[string]bool{districts, schools, withVirtual} {
		delete(m, "") // which one it is, nobody says
	}
	v.Enrollments, v.Schools, v.Districts = len(virtual), len(withVirtual), len(districts)
	v.PassRate = newShare(v.Passed, v.Enrollments).Share
	v.students(pupils, least)
	v.Statuses = statuses(virtual, also, least)
	v.Courses = courses(virtual, least)
	by := map[string]func(Enrollment) string{
		"course": func(e Enrollment) string { return e.Course }, "subject": func(e Enrollment) string { return e.Subject }, "provider": func(e Enrollment) string { return e.Provider },
		"load": func(e Enrollment) string { return e.Load }, "school": func(e Enrollment) string { return e.School },
	}
	for _, e := range virtual {
		for dimension := range e.Groups {
			by[dimension] = func(e Enrollment) string { return e.Groups[dimension] }
		}
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		if t := newTable(name, virtual, by[name], also, least); len(t.Rows) > 1 || len(t.Rows) == 1 && t.Rows[0].Value != stats.NotKnown {
			v.Tables = append(v.Tables, t)
		}
	}
	if others := len(all) - len(virtual); others > 0 {
		share, have := newShare(len(virtual), len(all)), newShare(len(withVirtual), len(schools))
		v.VirtualShare, v.VirtualSchools = &share, &have
		v.Both = both(pupils, least)
	}
	return v
}

// students counts students by whether they passed all, some or none of their virtual courses.
func (v *Virtual) students(pupils map[string]*pupil, least int) {
	var all, some, none int
	for _, p := range pupils {
		switch {
		case p.virtual == 0:
		case p.passed == p.virtual:
			all++
		case p.passed == 0:
			none++
		default:
			some++
		}
	}
	v.Students = all + some + none
	shares := []*Share{&v.All, &v.Some, &v.None}
	counts := []int{all, some, none}
	for i, hide := range stats.SuppressedCounts(counts, least) {
		*shares[i] = newShare(counts[i], v.Students)
		if hide {
			*shares[i] = Share{Suppressed: true}
		}
	}
}

// both compares the courses of those who take both kinds; nil where they are too few.
func both(pupils map[string]*pupil, least int) *Both {
	b := Both{}
	var passed, othersPassed int
	for _, p := range pupils {
		if p.virtual > 0 && p.others > 0 {
			b.Students++
			b.Enrollments += p.virtual
			b.OtherCourses += p.others
			passed += p.passed
			othersPassed += p.othersPassed
		}
	}
	if b.Students < least {
		return nil
	}
	b.Virtual, b.Others = newShare(passed, b.Enrollments).Share, newShare(othersPassed, b.OtherCourses).Share
	return &b
}

// hidden says which groups hold too few students to be shown.
func hidden(cells []stats.Cell[Enrollment], least int) []bool {
	sizes := make([]int, len(cells))
	for i, c := range cells {
		sizes[i] = people(c.Members)
	}
	return stats.Suppressed(sizes, least)
}

func people(list []Enrollment) int {
	seen := map[string]bool{}
	for _, e := range list {
		seen[e.Student] = true
	}
	return len(seen)
}

// statuses counts enrollments by how they ended. How many passed is shown as a whole, so few are
// hidden among the passed and among the others, each for themselves.
func statuses(virtual []Enrollment, also []string, least int) (out []Count) {
	for _, passed := range []bool{true, false} {
		var side []Enrollment
		for _, e := range virtual {
			if Passed(e.Status, also) == passed {
				side = append(side, e)
			}
		}
		cells := stats.Cells(side, func(e Enrollment) string { return e.Status }, 0)
		hide := hidden(cells, least)
		for i, c := range cells {
			row := Count{Status: c.Name, Passed: passed, Suppressed: hide[i]}
			if !hide[i] {
				row.Enrollments = len(c.Members)
			}
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b Count) int { return cmp.Compare(b.Enrollments, a.Enrollments) })
	return out
}

func newTable(by string, virtual []Enrollment, value func(Enrollment) string, also []string, least int) Table {
	t := Table{By: by}
	cells := stats.Cells(virtual, value, 0)
	hide := hidden(cells, least)
	for i, c := range cells {
		r := Row{Value: c.Name, Suppressed: hide[i]}
		if !hide[i] {
			r.Enrollments, r.Students = len(c.Members), people(c.Members)
			for _, e := range c.Members {
				if Passed(e.Status, also) {
					r.Passed++
				}
			}
			r.PassRate = newShare(r.Passed, r.Enrollments).Share
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

func courses(virtual []Enrollment, least int) (out []Course) {
	cells := stats.Cells(virtual, func(e Enrollment) string { return e.Course }, 0)
	hide := hidden(cells, least)
	for i, cell := range cells {
		c := Course{Course: cell.Name, Suppressed: hide[i]}
		if !hide[i] {
			c.Enrollments = len(cell.Members)
			for _, e := range cell.Members {
				if math.IsNaN(e.Points) {
					continue
				}
				c.Known++
				if e.Points >= Passing-1e-9 {
					c.Earned++
				}
			}
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Course) int { return strings.Compare(a.Course, b.Course) })
	return out
}
