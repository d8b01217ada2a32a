package tabular_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/roster"
	"waymark/internal/tabular"
)

func TestHowCoursesEnded(t *testing.T) {
	t.Parallel()
	share := func(v float64) *float64 { return &v }
	for name, c := range map[string]struct {
		file string
		want []roster.CourseResult
		bad  []string
	}{
		"all virtual where nothing says so": {"student,course,status,percent\n1,Algebra,CP,72 %\n2,Algebra,CF,\n3,Algebra,W,0.4\n4,Algebra,CP,1.05\n", []roster.CourseResult{{Course: "Algebra", Virtual: true, Status: "CP", Points: share(.72)}, {Course: "Algebra", Virtual: true, Status: "CF"}, {Course: "Algebra", Virtual: true, Status: "W", Points: share(.4)}, {Course: "Algebra", Virtual: true, Status: "CP", Points: share(1.05)}}, nil},
		"points of so many":                 {"Student ID;Course Name;Term;Online;Completion Status;Points;Points Possible\n1;Art;Fall;no;Passed;45;60\n1;Art;Spring;yes;Passed;60;60\n", []roster.CourseResult{{Course: "Art", Term: "Fall", Status: "Passed", Points: share(.75)}, {Course: "Art", Term: "Spring", Virtual: true, Status: "Passed", Points: share(1)}}, nil},
		"credits":                           {"student,course,status,online,Credits Earned\n1,Art,Passed,no,\"0,5\"\n2,Art,F,no,0\n3,Art,P,no,many\n", []roster.CourseResult{{Course: "Art", Status: "Passed", Credits: share(.5)}, {Course: "Art", Status: "F", Credits: share(0)}}, []string{"row.credits"}},
		"what cannot be":                    {"student,course,status,virtual,points\n,A,CP,yes,1\n1,,CP,yes,1\n1,A,,yes,1\n1,A,CP,perhaps,1\n1,A,CP,yes,many\n1,B,CP,yes,900\n1,C,CP,yes,1\n1,C,CF,yes,1\n", []roster.CourseResult{{Course: "C", Virtual: true, Status: "CP", Points: share(1)}}, []string{"row.no_student", "row.no_course", "row.no_status", "row.virtual", "row.points", "row.points", "row.duplicate"}},
	} {
		readsList(t, name, c.file, tabular.Courses, func(c tabular.CourseRow) roster.CourseResult { return c.CourseResult }, c.want, c.bad)
	}
	var groups map[string]string
	if err := tabular.Courses(strings.NewReader("student,course,status,Grade Level,FRL,School\n1,A,CP,9,yes,North\n"), "c.csv", tabular.Options{}, func(_ int, r tabular.CourseRow) error { groups = r.Groups; return nil }, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"grade": "9", "economic disadvantage": "yes"}, groups); diff != "" {
		t.Error(diff)
	}
	lacksColumns(t, "student,status\n1,2\n", tabular.Courses)
}
