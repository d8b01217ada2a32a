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
