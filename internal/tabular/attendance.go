package tabular

import (
	"io"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// AttendanceRow is one row of a list of attendance. Its Student is not set; Ref holds what the
// file says of them.
type AttendanceRow struct {
	roster.Attendance
	Ref StudentRef
}

// names under which people know the columns of a list of attendance.
var attendanceColumns = map[string][]string{
	"student": {"student", "studentid", "studentnumber", "studentidentifier", "usersourcedid", "sourcedid", "sisid", "localid", "id", "email", "username"},
	"day":     {"date", "day", "attendancedate", "eventdate", "schooldate"},
	"period":  {"period", "section", "block", "class", "course"},
	"status":  {"status", "code", "attendance", "attendancecode", "attendancestatus", "mark", "event", "category"},
	"missed":  {"missed", "sharemissed", "absent", "absence", "portionmissed", "daysabsent", "daysmissed"},
}

// attendanceWords say how much of a day was missed, in the words and letters that systems use.
var attendanceWords = map[string]struct {
	missed    float64
	suspended bool
}{
	"present": {}, "p": {}, "here": {}, "attended": {}, "tardy": {}, "late": {}, "t": {}, "l": {}, "inattendance": {}, "fieldtrip": {}, "remote": {},
	"absent": {missed: 1}, "a": {missed: 1}, "absence": {missed: 1}, "excused": {missed: 1}, "excusedabsence": {missed: 1}, "absentexcused": {missed: 1}, "e": {missed: 1}, "ea": {missed: 1}, "ex": {missed: 1},
	"unexcused": {missed: 1}, "unexcusedabsence": {missed: 1}, "absentunexcused": {missed: 1}, "u": {missed: 1}, "ua": {missed: 1}, "un": {missed: 1}, "truant": {missed: 1},
	"half": {missed: .5}, "halfday": {missed: .5}, "h": {missed: .5}, "partial": {missed: .5}, "earlydeparture": {}, "leftearly": {},
	"suspended": {1, true}, "suspension": {1, true}, "oss": {1, true}, "iss": {1, true}, "s": {1, true}, "outofschoolsuspension": {1, true}, "inschoolsuspension": {1, true}, "expelled": {1, true},
}

// Attendance reads a list of attendance, written as opt says: student, date, and a status (a
// word or letter such as present, absent, excused, tardy, half day, suspended) or the share of
// the day that was missed, from 0 to 1; and a period, where it is taken by period. each gets
// what can be used, with the line that it stands on; problem what cannot. The error is a fatal
// [fault.Problem], or what each returned, or an error of r.
func Attendance(r io.Reader, name string, opt Options, each func(line int, a AttendanceRow) error, problem func(fault.Problem)) error {
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return err
	}
	header := reader.Header()
	columns := columnsOf(header, attendanceColumns)
	has := func(key string) bool { _, ok := columns[key]; return ok }
	if !has("student") || !has("day") || !has("status") && !has("missed") {
		return fault.Problem{Code: "file.columns", File: name, Line: 1, Fatal: true,
			Message: "A list of attendance needs the columns student and date, and status or missed.",
			Cure:    "Name the columns so. The file has: " + quoteList(header[:min(len(header), 12)]) + "."}
	}
	by := columns.studentBy(header)
	again := repeated{"This student, day and period stand in line %d already.", "Keep the line that is right."}
	parse := func(row Row) (AttendanceRow, *fault.Problem) { return columns.attendance(row, by) }
	id := func(a AttendanceRow) string { return a.Ref.Value + "\x1f" + string(a.Day) + "\x1f" + a.Period }
	return readList(reader, name, columns, parse, id, again, each, problem)
}

func (t columnTable) attendance(row Row, by string) (AttendanceRow, *fault.Problem) {
	a := AttendanceRow{Ref: StudentRef{By: by, Value: t.get(row, "student")}}
	a.Period, a.Word = t.get(row, "period"), t.get(row, "status")
	if a.Ref.Value == "" {
		return a, &fault.Problem{Code: "row.no_student", Field: "student", Message: "Nothing says which student this is.", Cure: "Fill in the student's number."}
	}
	day, bad := t.day(row)
	if bad != nil {
		return a, bad
	}
	a.Day = day
	told := false
	if a.Word != "" {
		w, ok := attendanceWords[bare(a.Word)]
		if !ok {
			return a, &fault.Problem{Code: "row.status", Field: "status", Value: a.Word, Message: "This word for attendance is not known.",
				Cure: "Write present, absent, excused, unexcused, tardy, half day or suspended, or give the share that was missed in a column “missed”."}
		}
		a.Missed, a.Suspended, told = w.missed, w.suspended, true
	}
	if share := t.get(row, "missed"); share != "" {
		f, err := strconv.ParseFloat(strings.Replace(share, ",", ".", 1), 64)
		if err != nil || !(f >= 0 && f <= 1) {
			return a, &fault.Problem{Code: "row.missed", Field: "missed", Value: share, Message: "This is not a share of the day.", Cure: "Write 0 for there all day, 1 for absent all day, .5 for half of it."}
		}
		a.Missed, told = f, true
	}
	if !told {
		return a, &fault.Problem{Code: "row.no_status", Field: "status", Message: "Nothing says whether the student was there.", Cure: "Fill in present or absent."}
	}
	return a, nil
}

// day is the day of a row, in one of the ways in which Americans write it.
func (t columnTable) day(row Row) (roster.Date, *fault.Problem) {
	text := t.get(row, "day")
	day, ok := parseDay(text)
	for _, american := range []string{"1/2/2006", "1/2/06"} {
		if t, err := time.Parse(american, text); !ok && err == nil {
			day, ok = t, true
		}
	}
	if !ok || day.Year() < 1900 {
		return "", &fault.Problem{Code: "row.day", Field: "day", Value: text, Message: "This is not a day.", Cure: "Write it as 2026-11-23, or with the month first: 11/23/2026."}
	}
	return roster.Date(day.Format(time.DateOnly)), nil
}

// studentBy is what a list's column of students holds, by the column's name.
func (t columnTable) studentBy(header []string) string {
	return map[string]string{"email": "email", "username": "username", "usersourcedid": "sourcedId", "sourcedid": "sourcedId"}[bare(header[t["student"]])]
}
