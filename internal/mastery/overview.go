package mastery

import (
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"waymark/internal/competency"
	"waymark/internal/stats"
)

// Overview is what a leader sees of a school: counts and means of groups of
// students, never of one. A group with fewer than [SmallCell] students is
// suppressed, and so is one from which a suppressed group could be reckoned back.
type Overview struct {
	Weeks  int // over which change is measured
	Groups []GroupOverview
}

// SmallCell is the least number of students of whom a figure is shown.
const SmallCell = 10

// GroupOverview is one group of students. Shares are in [0, 1]; a mean change is in
// probability and Low to High holds it with probability 0.95.
type GroupOverview struct {
	Dimension  string // "everybody", "grade", "English learner" …
	Group      string
	Suppressed bool // all figures below are zero
	Students   int
	Fresh      float64 // share of students with evidence in the last three weeks
	Coverage   float64 // mean number of competencies with evidence, per student
	Met        float64 // mean number of competencies met, per student
	Change     float64 // mean change of estimates of competencies with evidence before and after
	Low, High  float64
	Changed    int // students that Change is over
}

// Subject is one student as an overview counts them.
type Subject struct {
	Groups map[string]string // by dimension, such as "grade": "4"; an empty value is "not known"
	Now    []Record
	Before []Record // as they stood Weeks ago
}

// FreshWithin is how old evidence may be to count as fresh in an overview.
const FreshWithin = 21 * 24 * time.Hour

// Summarize makes an overview of some students. dimensions says which groupings to
// show, in order. Within a dimension, if any group is suppressed for its size, the
// smallest group that is not small is suppressed with it where only one small group
// would otherwise be known by subtraction from everybody.
func Summarize(students []Subject, dimensions []string, weeks int, now time.Time) Overview {
	o := Overview{Weeks: weeks, Groups: []GroupOverview{group(stats.Everybody, "Everybody", students, now)}}
	if o.Groups[0].Suppressed {
		return o
	}
	for _, d := range dimensions {
		for _, c := range stats.Cells(students, func(s Subject) string { return s.Groups[d] }, SmallCell) {
			if c.Suppressed {
				o.Groups = append(o.Groups, GroupOverview{Dimension: d, Group: c.Name, Suppressed: true})
			} else {
				o.Groups = append(o.Groups, group(d, c.Name, c.Members, now))
			}
		}
	}
	return o
}

func group(dimension, name string, students []Subject, now time.Time) GroupOverview {
	g := GroupOverview{Dimension: dimension, Group: name}
	if len(students) < SmallCell {
		g.Suppressed = true
		return g
	}
	g.Students = len(students)
	var changes []float64
	for _, s := range students {
		before := map[competency.ID]State{}
		for _, b := range s.Before {
			before[b.Competency] = b.State
		}
		fresh, met := false, 0
		sum, n := 0.0, 0
		for _, r := range s.Now {
			e := r.At(now)
			fresh = fresh || e.Age <= FreshWithin
			if e.Status == Met {
				met++
			}
			if b, ok := before[r.Competency]; ok {
				sum += r.level() - b.level()
				n++
			}
		}
		if fresh {
			g.Fresh++
		}
		g.Coverage += float64(len(s.Now))
		g.Met += float64(met)
		if n > 0 {
			changes = append(changes, sum/float64(n))
		}
	}
	n := float64(g.Students)
	g.Fresh, g.Coverage, g.Met = g.Fresh/n, g.Coverage/n, g.Met/n
	if g.Changed = len(changes); g.Changed >= SmallCell {
		mean, sd := stat.MeanStdDev(changes, nil)
		half := studentT975(g.Changed-1) * sd / math.Sqrt(float64(g.Changed))
		g.Change, g.Low, g.High = mean, mean-half, mean+half
	} else {
		g.Changed = 0
	}
	return g
}

// studentT975 is the 0.975 quantile of Student's t with df degrees of freedom, df at
// least 9.
func studentT975(df int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(df)}.Quantile(0.975)
}
