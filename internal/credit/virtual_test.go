package credit_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/credit"
)

// The report is counted by hand on a small district: twelve students take a virtual course each,
// six of them a second one, and ten something else too.
func TestTheVirtualReportIsCountedByHand(t *testing.T) {
	t.Parallel()
	var all []credit.Enrollment
	add := func(i int, course, status string, points float64, virtual bool) {
		all = append(all, credit.Enrollment{Student: fmt.Sprint("s", i), School: fmt.Sprint("school ", i%2), District: "d", Course: course, Subject: "Mathematics", Virtual: virtual, Status: status, Points: points,
			Groups: map[string]string{"grade": "9", "sex": []string{"female", "male"}[i%2]}})
	}
	for i := range 12 {
		status, points := "CP", .8
		if i >= 8 {
			status, points = "Withdrawn", .3
		}
		add(i, "Algebra", status, points, true)
	}
	for i := range 6 {
		status := "Completed/Passed"
		if i < 2 {
			status = "CF"
		}
		add(i, "Biology", status, math.NaN(), true)
	}
	for i := range 10 {
		add(i, "Choir", "P", math.NaN(), false)
	}
	add(99, "Choir", "P", math.NaN(), false) // a student of no virtual course, in a school of one
	v := credit.NewVirtual(all, nil, 5)
	if v.Enrollments != 18 || v.Students != 12 || v.Schools != 2 || v.Districts != 1 || v.Passed != 12 || math.Abs(v.PassRate-12./18) > 1e-12 {
		t.Errorf("%+v", v)
	}
	if v.All.Count != 6 || !v.Some.Suppressed || !v.None.Suppressed || v.All.Of != 12 {
		t.Errorf("all %+v, some %+v, none %+v", v.All, v.Some, v.None)
	}
	want := []credit.Course{{Course: "Algebra", Enrollments: 12, Known: 12, Earned: 8}, {Course: "Biology", Enrollments: 6}}
	if diff := cmp.Diff(want, v.Courses); diff != "" {
		t.Error(diff)
	}
	if v.VirtualShare == nil || v.VirtualShare.Count != 18 || v.VirtualShare.Of != 29 || v.Both == nil || v.Both.Students != 10 || v.Both.Others != 1 {
		t.Errorf("%+v %+v", v.VirtualShare, v.Both)
	}
	statuses := map[string]credit.Count{}
	for _, c := range v.Statuses {
		statuses[c.Status] = c
	}
	// Two failed and four were withdrawn: too few each, and together enough. Four passed in other words:
	// too few, and the whole of those who passed is shown, so CP is hidden too.
	if c := statuses["CP"]; !c.Suppressed || !c.Passed || !statuses["CF"].Suppressed || !statuses["Withdrawn"].Suppressed || !statuses["Completed/Passed"].Suppressed {
		t.Errorf("%+v", v.Statuses)
	}
	for _, table := range v.Tables {
		if table.By == "sex" && (len(table.Rows) != 2 || table.Rows[0].Students != 6) {
			t.Errorf("%+v", table)
		}
		if table.By == "provider" || table.By == "load" {
			t.Errorf("nothing is known of %s", table.By)
		}
	}
	if also := credit.NewVirtual(all, []string{"withdrawn"}, 5); also.Passed != 16 {
		t.Errorf("with a status of its own: %d", also.Passed)
	}
}

// No group of few is shown, and none can be reckoned from the whole.
func TestSmallGroupsOfTheReportAreHidden(t *testing.T) {
	t.Parallel()
	var all []credit.Enrollment
	for i := range 60 {
		grade := "9"
		switch {
		case i < 3:
			grade = "12"
		case i < 20:
			grade = "10"
		}
		all = append(all, credit.Enrollment{Student: fmt.Sprint(i), Virtual: true, Course: "A", Status: "CP", Points: 1, Groups: map[string]string{"grade": grade}})
	}
	for _, table := range credit.NewVirtual(all, nil, 10).Tables {
		for _, r := range table.Rows {
			if table.By == "grade" && r.Suppressed != (r.Value != "9") {
				t.Errorf("%+v", r)
			}
		}
	}
}
