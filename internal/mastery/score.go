package mastery

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"waymark/internal/evidence"
	"waymark/internal/stats"
)

// Report says what a fitted model is worth: how well it, and the one that runs now,
// foretell the pieces of students that it was not fitted to, each from the pieces
// before it.
type Report struct {
	Students int     `json:"students"` // one in five, drawn by the version's seed
	Fitted   Score   `json:"fitted"`
	Running  Score   `json:"running"`
	Groups   []Group `json:"groups,omitempty"` // of the fitted model
}

// Score says how well a model foretells pieces that it has not seen.
type Score struct {
	Version string  `json:"version"`
	Pieces  int     `json:"pieces"`
	LogLoss float64 `json:"logloss"` // mean negative log-likelihood of what was observed, by its kind
	RMSE    float64 `json:"rmse"`    // of the expected share of success
	AUC     float64 `json:"auc"`     // of telling more from less successful work
	AUCLow  float64 `json:"auc_low"` // 95 % interval, by students
	AUCHigh float64 `json:"auc_high"`
	ECE     float64 `json:"ece"` // expected calibration error
	// Coverage is how often the success on a student's next ten pieces on a competency lay
	// in the estimate's 90 % interval, widened by the chance of ten draws; of Intervals.
	Coverage    float64     `json:"coverage"`
	Intervals   int         `json:"intervals"`
	Calibration []stats.Bin `json:"calibration"`
}

// Group says how a model does for one group of students. Gap is by how much more than
// foretold its students succeed, compared with the rest, in probability; the intervals
// Low to High of a dimension's groups hold them together with probability 0.95, students
// drawn as wholes. A gap whose interval leaves out zero is flagged. Groups of fewer than [SmallCell] students are suppressed.
type Group struct {
	Dimension  string  `json:"dimension"`
	Name       string  `json:"group"`
	Suppressed bool    `json:"suppressed,omitempty"`
	Students   int     `json:"students,omitempty"`
	Pieces     int     `json:"pieces,omitempty"`
	ECE        float64 `json:"ece"`
	RMSE       float64 `json:"rmse"`
	Gap        float64 `json:"gap"`
	Low        float64 `json:"gap_low"`
	High       float64 `json:"gap_high"`
	Flagged    bool    `json:"flagged"`
}

// foretold is what a model expected of each piece of some students and what came.
type foretold struct {
	expected, came    []float64
	who               []int32 // position among the students
	loss              float64
	inside, intervals int
}

const (
	ahead      = 10 // pieces over which an interval is checked
	replicates = 400
)

func (s *Sample) foretell(m *Model, students []int) foretold {
	var all foretold
	inParts(students, func(part []int) (f foretold) {
		for _, student := range part {
			who, _ := slices.BinarySearch(students, student)
			type spot struct{ at, variance float64 }
			open := map[int32][]spot{} // by competency, the beliefs before its pieces
			from := len(f.came)
			var on []int32
			s.each(m, student, func(r row, p evidence.Piece, g gauss) {
				soft := g.soften()
				z := (g.mean + m.easier(p)) * soft
				e := expectedShare(p, z)
				f.expected, f.came, f.who = append(f.expected, e), append(f.came, p.Share()), append(f.who, int32(who))
				f.loss -= likelihood(p, z)
				c := s.items[r.item].competency
				on = append(on, c)
				open[c] = append(open[c], spot{e, g.variance})
			})
			came := map[int32][]float64{}
			for i, c := range on {
				came[c] = append(came[c], f.came[from+i])
			}
			for _, c := range slices.Sorted(maps.Keys(open)) {
				for i := 0; i+ahead <= len(open[c]); i += ahead {
					b := open[c][i]
					slope := b.at * (1 - b.at)
					sd := math.Sqrt(slope*slope*b.variance + slope/ahead)
					f.intervals++
					if math.Abs(stat.Mean(came[c][i:i+ahead], nil)-b.at) <= z90*sd {
						f.inside++
					}
				}
			}
		}
		return f
	}, func(f foretold) {
		all.expected, all.came, all.who = append(all.expected, f.expected...), append(all.came, f.came...), append(all.who, f.who...)
		all.loss += f.loss
		all.inside += f.inside
		all.intervals += f.intervals
	})
	return all
}

// logLoss returns the mean negative log-likelihood of the pieces of some students.
func (s *Sample) logLoss(m *Model, students []int) float64 {
	sum, n := 0.0, 0
	type part struct {
		sum float64
		n   int
	}
	inParts(students, func(list []int) (t part) {
		for _, student := range list {
			s.each(m, student, func(_ row, p evidence.Piece, g gauss) {
				t.sum -= likelihood(p, (g.mean+m.easier(p))*g.soften())
				t.n++
			})
		}
		return t
	}, func(t part) {
		sum += t.sum
		n += t.n
	})
	return sum / float64(max(1, n))
}

// Score scores a model on some students of a sample, in ascending order.
func (s *Sample) Score(m *Model, students []int, seed uint64) Score {
	return s.foretell(m, students).score(m.Version, seed)
}

func (f foretold) score(version string, seed uint64) Score {
	sc := Score{Version: version, Pieces: len(f.came), Intervals: f.intervals}
	if len(f.came) == 0 {
		return sc
	}
	sc.LogLoss = f.loss / float64(len(f.came))
	sc.RMSE = stats.RMSE(f.expected, f.came)
	r := stats.Rank(f.expected, f.came, f.who)
	sc.AUC = r.AUC()
	sc.AUCLow, sc.AUCHigh = r.AUCInterval(.95, replicates, seed)
	sc.Calibration = stats.Calibration(f.expected, f.came, 10)
	sc.ECE = stats.ECE(sc.Calibration)
	if f.intervals > 0 {
		sc.Coverage = float64(f.inside) / float64(f.intervals)
	}
	return sc
}

// Compare fits a model without one student in five and reports how well it foretells
// what these did, next to the model that runs. groups tells a student's groups by
// dimension; dimensions are those to report, in order.
func (s *Sample) Compare(fitted, running *Model, students []int, groups func(student int) map[string]string, dimensions []string, seed uint64) Report {
	f := s.foretell(fitted, students)
	return Report{Students: len(students), Fitted: f.score(fitted.Version, seed), Running: s.Score(running, students, seed),
		Groups: f.groups(students, groups, dimensions)}
}

func (f foretold) groups(students []int, groups func(int) map[string]string, dimensions []string) (out []Group) {
	for _, d := range dimensions {
		from := len(out)
		of := make([]string, len(students))
		names := map[string]int{}
		for i, s := range students {
			of[i] = cmp.Or(groups(s)[d], "not known")
			names[of[i]]++
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			g := Group{Dimension: d, Name: name, Students: names[name]}
			if g.Students < SmallCell {
				out = append(out, Group{Dimension: d, Name: name, Suppressed: true})
				continue
			}
			out = append(out, f.group(g, func(who int32) bool { return of[who] == name }))
		}
		bound(out[from:])
	}
	return out
}

func (f foretold) group(g Group, in func(who int32) bool) Group {
	var expected, came []float64
	var own, rest residuals
	own.by, rest.by = map[int32]residual{}, map[int32]residual{}
	for i, who := range f.who {
		if in(who) {
			expected, came = append(expected, f.expected[i]), append(came, f.came[i])
			own.add(who, f.came[i]-f.expected[i])
		} else {
			rest.add(who, f.came[i]-f.expected[i])
		}
	}
	g.Pieces = len(came)
	g.RMSE, g.ECE = stats.RMSE(expected, came), stats.ECE(stats.Calibration(expected, came, 10))
	if own.all.n == 0 || rest.all.n == 0 {
		return g
	}
	a, va := own.mean()
	b, vb := rest.mean()
	g.Gap, g.High = a-b, math.Sqrt(va+vb)
	return g
}

// bound turns the standard errors of a dimension's gaps into intervals that hold all of
// them together with probability 0.95 (Bonferroni), and flags.
func bound(groups []Group) {
	k := 0
	for _, g := range groups {
		if g.High > 0 {
			k++
		}
	}
	if k == 2 {
		k = 1 // each of two groups is the other's rest: one comparison
	}
	for i := range groups {
		if g := &groups[i]; g.High > 0 {
			half := probit(1-.025/float64(k)) * g.High
			g.Low, g.High = g.Gap-half, g.Gap+half
			g.Flagged = g.Low > 0 || g.High < 0
		}
	}
}

// residuals are differences between what came and what was expected, by student.
type residuals struct {
	by  map[int32]residual
	all residual
}

type residual struct {
	sum float64
	n   float64
}

func (r *residuals) add(who int32, d float64) {
	o := r.by[who]
	r.by[who] = residual{o.sum + d, o.n + 1}
	r.all.sum += d
	r.all.n++
}

// mean returns the mean residual and its variance, robust to the pieces of one student
// hanging together (Liang & Zeger 1986).
func (r *residuals) mean() (mean, variance float64) {
	mean = r.all.sum / r.all.n
	squares := 0.0
	for _, who := range slices.Sorted(maps.Keys(r.by)) {
		d := r.by[who].sum - mean*r.by[who].n
		squares += d * d
	}
	return mean, squares / (r.all.n * r.all.n)
}
