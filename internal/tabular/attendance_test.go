package tabular_test

import (
	"slices"
	"strings"
	"testing"

	"waymark/internal/fault"
	"waymark/internal/tabular"
)

func TestAttendanceIsReadAsSystemsWriteIt(t *testing.T) {
	t.Parallel()
	type day struct {
		student, by, day, period string
		missed                   float64
		suspended                bool
	}
	for name, c := range map[string]struct {
		text  string
		rows  []day
		codes []string
	}{
		"words":             {"Student ID,Date,Status\n17,2026-11-02,Present\n17,2026-11-03,Absent (Excused)\n17,2026-11-04,OSS\n", []day{{"17", "", "2026-11-02", "", 0, false}, {"17", "", "2026-11-03", "", 1, false}, {"17", "", "2026-11-04", "", 1, true}}, nil},
		"letters, American": {"email;attendance date;code\na@x.org;11/2/2026;T\na@x.org;11/3/26;UA\n", []day{{"a@x.org", "email", "2026-11-02", "", 0, false}, {"a@x.org", "email", "2026-11-03", "", 1, false}}, nil},
		"shares by period":  {"student,day,period,missed\n4,2026-11-02,1,.5\n4,2026-11-02,2,1\n", []day{{"4", "", "2026-11-02", "1", .5, false}, {"4", "", "2026-11-02", "2", 1, false}}, nil},
		"what cannot be": {"student,date,status\n,2026-11-02,P\n1,31/12/2026,P\n1,2026-11-02,sick of it\n1,2026-11-03,\n1,2026-11-04,P\n1,2026-11-04,A\n", []day{{"1", "", "2026-11-04", "", 0, false}},
			[]string{"row.no_student", "row.day", "row.status", "row.no_status", "row.duplicate"}},
	} {
		var got []day
		var codes []string
		err := tabular.Attendance(strings.NewReader(c.text), "a.csv", tabular.Options{}, func(_ int, a tabular.AttendanceRow) error {
			got = append(got, day{a.Ref.Value, a.Ref.By, string(a.Day), a.Period, a.Missed, a.Suspended})
			return nil
		}, func(p fault.Problem) { codes = append(codes, p.Code) })
		if err != nil || !slices.Equal(got, c.rows) || !slices.Equal(codes, c.codes) {
			t.Errorf("%s: %v, %v, %v", name, got, codes, err)
		}
	}
	if err := tabular.Attendance(strings.NewReader("student,when\n"), "a.csv", tabular.Options{}, nil, nil); err == nil {
		t.Error("a list without days is read")
	}
}
