package demo

import (
	"fmt"
	"math"
	"time"
)

// Trails is the product of which the demo district knows the use, by grades 3 to 8.
const Trails = "Fraction Trails"

// use writes the weekly minutes of a product, as its vendor would send them: about one student of
// eight has what is recommended, which is what studies of such products find.
func (o *output) use(d *district) {
	s := newSheet("Student ID", "Product", "Week of", "Minutes", "Lessons")
	for _, st := range d.students {
		if st.grade < 3 || st.grade > 8 {
			continue
		}
		r := stream(d.o.Seed, "use/"+st.id)
		habit := 12 + 40*math.Pow(r.Float64(), 1.6)
		for week := range weeksOfEvidence {
			from := d.first.AddDate(0, 0, 7*week)
			if from.AddDate(0, 0, 7).After(d.today) || st.joined > day(from) || st.left != "" && st.left < day(from) {
				continue
			}
			minutes := math.Round(max(0, habit+9*r.NormFloat64()))
			if chance(r, .12) || minutes == 0 {
				continue
			}
			s.row(st.number, Trails, from.Format(time.DateOnly), fmt.Sprint(minutes), fmt.Sprint(int(minutes/18)))
		}
	}
	o.sheet(File{Path: "use-fraction-trails.csv", Kind: "use"}, s)
}

// virtualCourses are courses that students of the high school may take online.
var virtualCourses = [][2]string{{"Algebra I (credit recovery)", "Mathematics"}, {"Geometry", "Mathematics"}, {"Spanish II", "World Languages"}, {"Computer Science Principles", "Computer Science"}, {"Health", "Health"}, {"English 10", "Language Arts"}}

// courses writes how the courses of last spring's virtual offer ended; and one other course of each student.
func (o *output) courses(d *district) {
	s := newSheet("Student ID", "Course", "Subject", "Term", "Virtual", "Provider Type", "Load", "Completion Status", "Percent")
	term := fmt.Sprintf("Spring %d", d.begin.Year())
	for _, st := range d.students {
		if st.grade < 10 || st.joined != "" {
			continue
		}
		r := stream(d.o.Seed, "courses/"+st.id)
		end := func(z float64) (status, percent string) {
			if points := math.Round(72 + 11*z); chance(r, .12) {
				return "W", ""
			} else if points < 60 {
				return "CF", fmt.Sprint(points)
			} else {
				return "CP", fmt.Sprint(min(100, points))
			}
		}
		z := st.learner.ability["math"]
		status, percent := end(z + .9 + .6*r.NormFloat64())
		s.row(st.number, "Advisory project", "Electives", term, "no", "", "", status, percent)
		if !chance(r, .35) {
			continue
		}
		load := "part-time"
		if chance(r, .1) {
			load = "full-time"
		}
		for _, k := range r.Perm(len(virtualCourses))[:1+r.IntN(2)] {
			status, percent := end(z - .3 + .8*r.NormFloat64())
			s.row(st.number, virtualCourses[k][0], virtualCourses[k][1], term, "yes", pick(r, []string{"vendor", "vendor", "another district", "our own"}), load, status, percent)
		}
	}
	o.sheet(File{Path: "courses.csv", Kind: "courses"}, s)
}
