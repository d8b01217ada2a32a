package tabular

import (
	"io"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// UseRow is one row of a product's use. Its Student is not set; Ref holds what the file says of
// them.
type UseRow struct {
	roster.Use
	Ref StudentRef
}

// names under which people know the columns of a product's use.
var useColumns = map[string][]string{
	"student": attendanceColumns["student"],
	"product": {"product", "productname", "app", "application", "program", "software", "tool", "source", "vendor"},
	"day":     {"date", "day", "week", "weekof", "weekstart", "weekstarting", "weekbeginning", "startdate", "usagedate", "activitydate"},
	"minutes": {"minutes", "min", "timeminutes", "minutesused", "timeonsystem", "timeontask", "usageminutes", "totalminutes", "time", "timespent", "duration"},
	"hours":   {"hours", "timehours", "totalhours"},
	"seconds": {"seconds", "timeseconds", "totalseconds"},
	"lessons": {"lessons", "lessonscompleted", "lessonspassed", "units", "unitscompleted", "activities", "activitiescompleted", "completed"},
}

// Uses reads how students used products, written as opt says: student, product, date (of the
// day, or of the week's first), and minutes (or hours, seconds, or 1:20:00), lessons, or both.
// each gets what can be used, with the line that it stands on; problem what cannot. The error
// is a fatal [fault.Problem], or what each returned, or an error of r.
func Uses(r io.Reader, name string, opt Options, each func(line int, u UseRow) error, problem func(fault.Problem)) error {
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return err
	}
	header := reader.Header()
	columns := columnsOf(header, useColumns)
	has := func(key string) bool { _, ok := columns[key]; return ok }
	if !has("student") || !has("product") || !has("day") || !has("minutes") && !has("hours") && !has("seconds") && !has("lessons") {
		return fault.Problem{Code: "file.columns", File: name, Line: 1, Fatal: true,
			Message: "A list of use needs the columns student, product and date, and minutes or lessons.",
			Cure:    "Name the columns so. The file has: " + quoteList(header[:min(len(header), 12)]) + "."}
	}
	by := columns.studentBy(header)
	again := repeated{"This student, product and day stand in line %d already.", "Add them up in one row."}
	parse := func(row Row) (UseRow, *fault.Problem) { return columns.use(row, by) }
	id := func(u UseRow) string { return u.Ref.Value + "\x1f" + u.Product + "\x1f" + string(u.Day) }
	return readList(reader, name, columns, parse, id, again, each, problem)
}

const dayMinutes = 24 * 60

func (t columnTable) use(row Row, by string) (UseRow, *fault.Problem) {
	u := UseRow{Ref: StudentRef{By: by, Value: t.get(row, "student")}}
	u.Product = t.get(row, "product")
	if u.Ref.Value == "" {
		return u, &fault.Problem{Code: "row.no_student", Field: "student", Message: "Nothing says which student this is.", Cure: "Fill in the student's number."}
	}
	if u.Product == "" || len(u.Product) > 120 {
		return u, &fault.Problem{Code: "row.no_product", Field: "product", Value: u.Product, Message: "Nothing says in few words which product was used.", Cure: "Fill in its name, the same in every row and at most 120 characters."}
	}
	day, bad := t.day(row)
	if bad != nil {
		return u, bad
	}
	u.Day = day
	told := false
	for _, c := range []struct {
		key     string
		minutes float64
	}{{"minutes", 1}, {"hours", 60}, {"seconds", 1. / 60}} {
		text := t.get(row, c.key)
		if text == "" || told {
			continue
		}
		m, ok := duration(text, c.minutes, c.key == "hours")
		if !ok || m > 7*dayMinutes {
			return u, &fault.Problem{Code: "row.time", Field: c.key, Value: text, Message: "This is not a time of use within a week.", Cure: "Write a number of " + c.key + ", or hours, minutes and seconds: 1:20:00."}
		}
		u.Minutes, told = m, true
	}
	if text := t.get(row, "lessons"); text != "" {
		n, ok := amount(text)
		if !ok || !(n >= 0 && n <= 10_000) {
			return u, &fault.Problem{Code: "row.lessons", Field: "lessons", Value: text, Message: "This is not a number of lessons.", Cure: "Write how many lessons were finished, from 0 to 10000."}
		}
		u.Lessons, told = n, true
	}
	if !told {
		return u, &fault.Problem{Code: "row.no_use", Field: "minutes", Message: "Nothing says how much it was used.", Cure: "Fill in minutes or lessons; 0 where it was not used."}
	}
	return u, nil
}

// duration reads minutes from a number of units of so many minutes each, or from 1:20:00 or 20:00;
// in hours, 1:30 is an hour and a half.
func duration(text string, unit float64, hours bool) (float64, bool) {
	if parts := strings.Split(text, ":"); len(parts) > 1 && len(parts) <= 3 {
		total := 0.0
		for i, p := range parts {
			n, err := strconv.ParseUint(p, 10, 16)
			if err != nil || i > 0 && n > 59 {
				return 0, false
			}
			total = total*60 + float64(n)
		}
		if hours && len(parts) == 2 {
			return total, true
		}
		return total / 60, true
	}
	n, ok := amount(text)
	return n * unit, ok && n >= 0
}

// amount reads a number: 1,250 is a thousand two hundred and fifty, 1,5 one and a half.
func amount(text string) (float64, bool) {
	if n, ok := number(text, "", false); ok {
		return n, true
	}
	return number(text, "", true)
}
