package tracing

import (
	"slices"
	"time"

	"waymark/internal/stats"
)

// Predictor follows one student. [Student] is one; other models are evaluated beside it.
type Predictor interface {
	// Predict returns the probability that the student's answer to item, given at at, is right.
	Predict(item, skill int32, at int64) float64
	// Learn takes in the answer: the share of it, in [0, 1], that was right.
	Learn(item, skill int32, correct float32, at int64)
}

// Foreseer is a [Predictor] that also says how sure it is of answers further ahead.
type Foreseer interface {
	Predictor
	// Foresee returns the interval in which the share of right answers among the
	// student's next [Ahead] ones lies nine times out of ten.
	Foresee() (low, high float64)
	// ForeseeOn is Foresee for the next [Ahead] answers on one skill.
	ForeseeOn(skill int32, at int64) (low, high float64)
}

// Ahead is the number of answers that an interval is about.
const Ahead = 10

// Protocol says how [Evaluate] measures beyond the predictions themselves. Its zero
// value measures no time and knows no groups.
type Protocol struct {
	Seed   uint64               // of the bootstrap
	Clock  func() time.Duration // a steady clock; nil measures no time
	Groups map[int32]string     // group of a student, by position; may be nil
}

// Report is how well a model predicted answers that it had not seen.
type Report struct {
	N                int         `json:"n_test"`
	Students         int         `json:"students_test"`
	AUC              float64     `json:"auc"`
	AUCLow           float64     `json:"auc_low"` // 95 % bootstrap over students
	AUCHigh          float64     `json:"auc_high"`
	RMSE             float64     `json:"rmse"`
	LogLoss          float64     `json:"logloss"` // nats for an answer
	ECE              float64     `json:"ece"`
	Chance           float64     `json:"ece_by_chance"`       // that perfectly calibrated predictions would be expected to have
	FirstAUC         float64     `json:"first_encounter_auc"` // of each student's first answer on a skill
	FirstN           int         `json:"first_encounter_n"`
	Opportunities    []Part      `json:"ece_by_opportunity"`
	WorstOpportunity float64     `json:"ece_opportunity_worst"`
	Groups           []Part      `json:"ece_by_group,omitempty"`
	WorstGroup       float64     `json:"ece_group_worst,omitempty"`
	Coverage         float64     `json:"interval_coverage,omitzero"` // of the 90 % intervals for the next 10 answers
	Windows          int         `json:"interval_windows,omitzero"`
	Width            float64     `json:"interval_width,omitzero"` // mean
	SkillCoverage    float64     `json:"interval_skill_coverage,omitzero"`
	SkillWindows     int         `json:"interval_skill_windows,omitzero"`
	MedianUS         float64     `json:"update_median_us"` // prediction and update together
	P99US            float64     `json:"update_p99_us"`
	TimerUS          float64     `json:"timer_overhead_us"` // contained in the two above
	Calibration      []stats.Bin `json:"calibration"`
}

// Part is the calibration of the predictions of one kind.
type Part struct {
	Name string  `json:"name"`
	N    int     `json:"n"`
	AUC  float64 `json:"auc"`
	ECE  float64 `json:"ece"`
	// Chance is the ECE that perfectly calibrated predictions would be expected to have on so
	// few answers.
	Chance float64 `json:"ece_by_chance"`
}

// bands are the opportunities (how often a student has met a skill) that are told apart.
var bands = []struct {
	name string
	to   int32
}{{"1", 1}, {"2", 2}, {"3-5", 5}, {"6-10", 10}, {"11-20", 20}, {"21+", 1 << 30}}

const bins = 10 // of calibration

// outcome is what one run over a test log leaves.
type outcome struct {
	p, y        []float64
	opportunity []int32
	took        []time.Duration
	all, skill  windows
}

// windows counts intervals and how many of them held what came.
type windows struct {
	n, held int
	width   float64
}

func (w *windows) add(low, high, share float64) {
	w.n++
	w.width += high - low
	if share >= low && share <= high {
		w.held++
	}
}

func (w windows) coverage() float64 { return float64(w.held) / float64(max(w.n, 1)) }

// Evaluate follows every student of a log from nothing, predicting each answer from
// the earlier ones only, and reports how that went. follow makes the predictor of one
// student. One response counts once, whatever the number of its skills: counting it
// once per skill would leak the answer.
func Evaluate(log *Log, follow func() Predictor, o Protocol) Report {
	out := run(log, follow, o.Clock)
	bars := stats.Calibration(out.p, out.y, bins)
	rank := stats.Rank(out.p, out.y, log.Student)
	r := Report{
		N: log.Len(), AUC: rank.AUC(), RMSE: stats.RMSE(out.p, out.y), LogLoss: stats.LogLoss(out.p, out.y),
		ECE: stats.ECE(bars), Chance: stats.ECEByChance(out.p, bins), Calibration: bars,
		Coverage: out.all.coverage(), Windows: out.all.n, Width: out.all.width / float64(max(out.all.n, 1)),
		SkillCoverage: out.skill.coverage(), SkillWindows: out.skill.n,
	}
	for range log.ByStudent() {
		r.Students++
	}
	const replicates = 1000
	r.AUCLow, r.AUCHigh = rank.AUCInterval(.95, replicates, o.Seed)
	part := func(name string, in func(i int) bool) Part {
		var p, y []float64
		for i := range out.p {
			if in(i) {
				p, y = append(p, out.p[i]), append(y, out.y[i])
			}
		}
		return Part{Name: name, N: len(p), AUC: stats.Rank(p, y, nil).AUC(), ECE: stats.ECE(stats.Calibration(p, y, bins)), Chance: stats.ECEByChance(p, bins)}
	}
	from := int32(0)
	for _, b := range bands {
		p := part(b.name, func(i int) bool { return out.opportunity[i] > from && out.opportunity[i] <= b.to })
		from = b.to
		r.Opportunities = append(r.Opportunities, p)
		r.WorstOpportunity = max(r.WorstOpportunity, p.ECE)
	}
	r.FirstAUC, r.FirstN = r.Opportunities[0].AUC, r.Opportunities[0].N
	r.groups(log, o.Groups, part)
	if o.Clock != nil && len(out.took) > 0 {
		r.times(out.took, o.Clock)
	}
	return r
}

func (r *Report) groups(log *Log, groups map[int32]string, part func(string, func(int) bool) Part) {
	var names []string
	for _, g := range groups {
		if !slices.Contains(names, g) {
			names = append(names, g)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p := part(name, func(i int) bool { return groups[log.Student[i]] == name })
		r.Groups = append(r.Groups, p)
		r.WorstGroup = max(r.WorstGroup, p.ECE)
	}
}

func (r *Report) times(took []time.Duration, clock func() time.Duration) {
	us := func(of []time.Duration, q float64) float64 {
		slices.Sort(of)
		return float64(of[int(q*float64(len(of)-1))].Nanoseconds()) / 1e3
	}
	idle := make([]time.Duration, 10_000)
	for i := range idle {
		began := clock()
		idle[i] = clock() - began
	}
	r.MedianUS, r.P99US, r.TimerUS = us(took, .5), us(took, .99), us(idle, .5)
}

func run(log *Log, follow func() Predictor, clock func() time.Duration) outcome {
	n := log.Len()
	out := outcome{p: make([]float64, n), y: make([]float64, n), opportunity: make([]int32, n)}
	if clock != nil {
		out.took = make([]time.Duration, n)
	}
	onSkill := make([]window, len(log.Skills))
	for from, to := range log.ByStudent() {
		student := follow()
		foreseer, _ := student.(Foreseer)
		var overall window
		for i := from; i < to; i++ {
			item, skill, at, y := log.Item[i], log.Skill[i], log.At[i], log.Correct[i]
			on := &onSkill[skill]
			if foreseer != nil {
				if overall.n%Ahead == 0 {
					overall.low, overall.high = foreseer.Foresee()
				}
				if on.n%Ahead == 0 {
					on.low, on.high = foreseer.ForeseeOn(skill, at)
				}
			}
			var began time.Duration
			if clock != nil {
				began = clock()
			}
			p := student.Predict(item, skill, at)
			student.Learn(item, skill, y, at)
			if clock != nil {
				out.took[i] = clock() - began
			}
			if foreseer != nil {
				overall.add(y, &out.all)
				on.add(y, &out.skill)
			} else {
				on.n++
			}
			out.p[i], out.y[i], out.opportunity[i] = p, float64(y), int32(on.n)
		}
		for _, s := range log.Skill[from:to] {
			onSkill[s] = window{}
		}
	}
	return out
}

// window is the run of answers that an interval is about, within a count of all.
type window struct {
	n         int
	right     float64 // in this window
	low, high float64
}

func (w *window) add(y float32, to *windows) {
	w.n++
	w.right += float64(y)
	if w.n%Ahead == 0 {
		to.add(w.low, w.high, w.right/Ahead)
		w.right = 0
	}
}
