package demo

import "time"

// weeksOfAttendance is how far back attendance goes.
const weeksOfAttendance = 6

// attendance writes who was there on the school days of the last weeks: most are nearly always, one
// of twelve misses a tenth of the days or more, and very few are suspended.
func (o *output) attendance(d *district) {
	s := newSheet("Student ID", "Date", "Status")
	for _, st := range d.students {
		r := stream(d.o.Seed, "attendance/"+st.id)
		misses := .01 + .05*r.Float64()*r.Float64()
		if chance(r, .08) {
			misses = .12 + .2*r.Float64()
		}
		suspended := st.grade >= 6 && chance(r, .01)
		for week := weeksOfEvidence - weeksOfAttendance; week < weeksOfEvidence; week++ {
			for n := range 5 {
				at, been := d.schoolDay(week, n)
				if !been || !at.Before(d.today) || st.joined > day(at) || st.left != "" && st.left < day(at) {
					continue
				}
				word := "present"
				switch {
				case suspended && week == weeksOfEvidence-4 && n == 3:
					word = "suspended"
				case chance(r, misses):
					word = pick(r, []string{"excused", "excused", "unexcused", "half day"})
				case chance(r, .03):
					word = "tardy"
				}
				s.row(st.number, at.Format(time.DateOnly), word)
			}
		}
	}
	o.sheet(File{Path: "attendance.csv", Kind: "attendance"}, s)
}
