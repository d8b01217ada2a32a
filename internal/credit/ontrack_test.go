package credit_test

import (
	"math"
	"testing"

	"waymark/internal/credit"
)

func course(name, status string, credits float64) credit.Enrollment {
	return credit.Enrollment{Course: name, Status: status, Credits: credits}
}

func TestStandingOf(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, c := range map[string]struct {
		courses []credit.Enrollment
		want    credit.Standing
	}{
		"nothing told":                {nil, credit.Unknown},
		"a year's credits":            {[]credit.Enrollment{course("Algebra I", "Passed", 2), course("English 9", "CP", 3)}, credit.OnTrack},
		"just short of them":          {[]credit.Enrollment{course("Algebra I", "Passed", 2), course("English 9", "CP", 2.5)}, credit.SoFar},
		"one semester of core":        {[]credit.Enrollment{course("Algebra I", "F", 0), course("English 9", "CP", 5)}, credit.OnTrack},
		"two semesters of core":       {[]credit.Enrollment{course("Algebra I", "Completed/Failed", 0), course("U.S. History", "fail", 0), course("English 9", "CP", 5)}, credit.Off},
		"two that are not core":       {[]credit.Enrollment{course("Choir", "F", 0), course("Relaxation", "F", 0), course("English 9", "CP", 5)}, credit.OnTrack},
		"withdrawn is not failed":     {[]credit.Enrollment{course("Biology", "Withdrawn", nan), course("Geometry", "Withdrawn", nan)}, credit.SoFar},
		"credits are not told":        {[]credit.Enrollment{course("Biology", "Passed", nan)}, credit.SoFar},
		"a failed course brings none": {[]credit.Enrollment{course("Choir", "F", 5)}, credit.SoFar},
	} {
		if got := credit.StandingOf(c.courses); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNinthGradeHidesFew(t *testing.T) {
	t.Parallel()
	var all []credit.Ninth
	for i := range 24 {
		n := credit.Ninth{Groups: map[string]string{"sex": "female"}}
		if i < 3 {
			n.Groups["sex"] = "male"
		}
		if i < 8 {
			n.Courses = []credit.Enrollment{course("Algebra I", "F", 0), course("Biology", "F", 0)}
		}
		all = append(all, n)
	}
	rows := credit.NinthGrade(all, []string{"sex"}, 10)
	if rows[0].Students != 24 || rows[0].Count[credit.Off] != 8 || rows[0].Count[credit.Unknown] != 16 {
		t.Errorf("everybody: %+v", rows[0])
	}
	for _, r := range rows[1:] {
		if !r.Suppressed || r.Students != 0 {
			t.Errorf("%+v is shown: three students could be told from the rest", r)
		}
	}
	if rows := credit.NinthGrade(all[:9], []string{"sex"}, 10); len(rows) != 1 || !rows[0].Suppressed {
		t.Errorf("nine students: %+v", rows)
	}
}
