package timetable_test

import (
	"math"
	"testing"

	"waymark/internal/timetable"
)

func TestFair(t *testing.T) {
	t.Parallel()
	var all []timetable.Share
	for i := range 60 {
		s := timetable.Share{Groups: map[string]string{"grade": "6", "sex": "female"}, Asked: 2, Granted: 1, Recorded: 2}
		if i >= 30 {
			s.Groups["grade"], s.Granted = "7", 2
		}
		if i >= 57 {
			s.Groups["sex"] = "male"
		}
		if i%2 == 0 {
			s.Missed = 1
		}
		all = append(all, s)
	}
	rows := timetable.Fair(all, []string{"grade", "sex"}, 10)
	if r := rows[0]; r.Students != 60 || r.Asked != 2 || r.Granted != .75 || r.Missed != .25 || r.GrantedGap != 0 {
		t.Errorf("everybody: %+v", r)
	}
	// A half beside the whole: (.5 − 1) / √((.25 + 0) / 2).
	if r := rows[1]; r.Group != "6" || math.Abs(r.GrantedGap+math.Sqrt2) > 1e-12 || r.MissedGap != 0 {
		t.Errorf("grade 6: %+v", r)
	}
	for _, r := range rows[3:] {
		if !r.Suppressed || r.Students != 0 {
			t.Errorf("%s of 57 and 3 is shown: %+v", r.Group, r)
		}
	}
	if rows := timetable.Fair(all[:9], nil, 10); len(rows) != 1 || !rows[0].Suppressed {
		t.Errorf("nine students: %+v", rows)
	}
	if rows := timetable.Fair(all[:12], []string{"grade"}, 10); rows[1].GrantedGap != 0 {
		t.Errorf("nobody is beside them: %+v", rows[1])
	}
}
