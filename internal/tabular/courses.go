package tabular

import (
	"io"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// CourseRow is one row of how courses ended. Its Student is not set; Ref holds what the file says
// of them. School, District and Groups are what a file without a roster says beside.
type CourseRow struct {
	roster.CourseResult
	Ref              StudentRef
	School, District string
	Groups           map[string]string // by dimension, such as "grade"
}

// names under which people know the columns of how courses ended.
var courseColumns = map[string][]string{
	"student":  attendanceColumns["student"],
	"course":   {"course", "coursename", "coursetitle", "title", "coursecode", "class", "section"},
	"subject":  {"subject", "subjectarea", "department", "area"},
	"term":     {"term", "semester", "session", "year", "schoolyear"},
	"virtual":  {"virtual", "online", "isvirtual", "delivery", "deliverymethod", "virtualdelivery"},
	"provider": {"provider", "providertype", "vendor", "operator"},
	"load":     {"load", "fulltime", "fullorparttime", "parttime", "virtualload", "pattern"},
	"status":   {"status", "completionstatus", "completion", "outcome", "result"},
	"points":   {"points", "percent", "percentage", "share", "gradepercent", "score"},
	"credits":  {"credits", "creditsearned", "creditearned", "earnedcredits", "creditsawarded", "credit", "unitsearned"},
	"possible": {"possible", "pointspossible", "maxpoints", "totalpoints", "outof"},
	"school":   {"school", "schoolname", "schoolid", "building"},
	"district": {"district", "districtname", "districtid", "lea"},
}

// courseGroups are the characteristics by which a report without a roster is cut, by the names of
// columns.
var courseGroups = map[string][]string{
	"grade": {"grade", "gradelevel"}, "sex": {"sex", "gender"}, "race or ethnicity": {"race", "raceethnicity", "ethnicity", "raceorethnicity"},
	"economic disadvantage": {"economicdisadvantage", "economicallydisadvantaged", "poverty", "frl", "freereducedlunch"},
	"disability":            {"disability", "specialeducation", "sped", "iep"}, "English learner": {"englishlearner", "el", "ell"},
}

// Courses reads how courses ended: student, course and status (such as CP or completed/passed);
// and as far as they are there whether it was virtual (where no column says so, all were), term,
// subject, provider, load, credits, points (a share, a percentage, or points with how many were possible),
// school, district and groups. each gets what can be used, with the line that it stands on;
// problem what cannot. The error is a fatal [fault.Problem], or what each returned, or an error
// of r.
func Courses(r io.Reader, name string, opt Options, each func(line int, c CourseRow) error, problem func(fault.Problem)) error {
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return err
	}
	header := reader.Header()
	columns, groups := columnsOf(header, courseColumns), columnsOf(header, courseGroups)
	has := func(key string) bool { _, ok := columns[key]; return ok }
	if !has("student") || !has("course") || !has("status") {
		return fault.Problem{Code: "file.columns", File: name, Line: 1, Fatal: true,
			Message: "A list of how courses ended needs the columns student, course and status.",
			Cure:    "Name the columns so. The file has: " + quoteList(header[:min(len(header), 12)]) + "."}
	}
	by := columns.studentBy(header)
	again := repeated{"This student, course and term stand in line %d already.", "Keep the line that is right, or say the term."}
	parse := func(row Row) (CourseRow, *fault.Problem) { return columns.course(row, by, has("virtual"), groups) }
	id := func(c CourseRow) string { return c.Ref.Value + "\x1f" + c.Course + "\x1f" + c.Term }
	return readList(reader, name, columns, parse, id, again, each, problem)
}

func (t columnTable) course(row Row, by string, saysVirtual bool, groups columnTable) (CourseRow, *fault.Problem) {
	c := CourseRow{Ref: StudentRef{By: by, Value: t.get(row, "student")}, School: t.get(row, "school"), District: t.get(row, "district"), Groups: map[string]string{}}
	c.Course, c.Subject, c.Term, c.Provider, c.Load, c.Status = t.get(row, "course"), t.get(row, "subject"), t.get(row, "term"), t.get(row, "provider"), t.get(row, "load"), t.get(row, "status")
	for dimension := range groups {
		c.Groups[dimension] = groups.get(row, dimension)
	}
	switch {
	case c.Ref.Value == "":
		return c, &fault.Problem{Code: "row.no_student", Field: "student", Message: "Nothing says which student this is.", Cure: "Fill in the student's number."}
	case c.Course == "" || len(c.Course) > 200:
		return c, &fault.Problem{Code: "row.no_course", Field: "course", Value: c.Course, Message: "Nothing says in few words which course this is.", Cure: "Fill in its name or code, at most 200 characters."}
	case c.Status == "":
		return c, &fault.Problem{Code: "row.no_status", Field: "status", Message: "Nothing says how the course ended.", Cure: "Fill in a status, such as CP, completed/failed or withdrawn."}
	}
	c.Virtual = true
	if saysVirtual {
		switch text := bare(t.get(row, "virtual")); text {
		case "yes", "y", "1", "true", "t", "virtual", "online", "v", "digital", "hybrid", "blended", "cyber":
		case "", "no", "n", "0", "false", "f", "facetoface", "inperson", "traditional", "none", "regular":
			c.Virtual = false
		default:
			return c, &fault.Problem{Code: "row.virtual", Field: "virtual", Value: t.get(row, "virtual"), Message: "This does not say whether the course was virtual.", Cure: "Write yes or no."}
		}
	}
	if text := t.get(row, "points"); text != "" {
		share, ok := t.share(text, t.get(row, "possible"))
		if !ok {
			return c, &fault.Problem{Code: "row.points", Field: "points", Value: text, Message: "This is not a share of the course's points.", Cure: "Write a percentage such as 72 %, a share such as 0.72, or points with a column “points possible”."}
		}
		c.Points = &share
	}
	if text := t.get(row, "credits"); text != "" {
		n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err != nil || !(n >= 0 && n <= 50) {
			return c, &fault.Problem{Code: "row.credits", Field: "credits", Value: text, Message: "This is not a number of credits.", Cure: "Write how many credits the course brought, such as 0.5, or nothing."}
		}
		c.Credits = &n
	}
	return c, nil
}

// share reads a share of points: points of so many possible, a percentage, or a share up to 1.
func (t columnTable) share(text, possible string) (float64, bool) {
	number := func(s string) (float64, error) {
		return strconv.ParseFloat(strings.Replace(strings.TrimSpace(s), ",", ".", 1), 64)
	}
	bareText, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	n, err := number(bareText)
	if err != nil {
		return 0, false
	}
	switch {
	case possible != "":
		most, err := number(possible)
		if err != nil || most <= 0 {
			return 0, false
		}
		n /= most
	case percent || n > 1.5: // up to one and a half it is a share, with extra credit
		n /= 100
	}
	return n, n >= 0 && n <= 1.5 // extra credit
}
