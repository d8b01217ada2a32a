package study

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"waymark/internal/fault"
	"waymark/internal/stats"
	"waymark/internal/study/dose"
	"waymark/internal/study/effect"
	"waymark/internal/study/linear"
	"waymark/internal/study/match"
	"waymark/internal/study/mixed"
	"waymark/internal/study/sensitivity"
)

// SubgroupResult is the effect among some students. Hidden says that they are too few to be
// shown.
type SubgroupResult struct {
	Column    string  `json:"column"`
	Value     string  `json:"value"`
	Hidden    bool    `json:"hidden,omitempty"`
	Students  int     `json:"students,omitempty"` // with the practice
	Units     int     `json:"units,omitempty"`
	Effect    *Effect `json:"effect,omitempty"`
	PAdjusted number  `json:"pAdjusted"` // over all subgroups of the outcome
}

// DoseResult is the effect among those with the practice who had as much of it as is
// recommended. It is not causal: who had so much may differ in all that made them have it.
type DoseResult struct {
	Known    int     `json:"known"`            // students with the practice of whom the dose is known
	Students int     `json:"students"`         // of them, with four fifths of the recommended dose or more; 0 where they are too few to be shown
	Effect   *Effect `json:"effect,omitempty"` // none where they are too few
	Note     string  `json:"note"`
}

// SchoolResult is the effect in one school: as its own students say, and shrunken toward that
// in all.
type SchoolResult struct {
	School   string `json:"school"`
	Students int    `json:"students"`
	Own      number `json:"own"`
	OwnSE    number `json:"ownSE"`
	Shrunken number `json:"shrunken"`
	Low      number `json:"low"`
	High     number `json:"high"`
	// Dose is the mean share of periods in which its students had as much as is recommended.
	Dose *number `json:"dose,omitempty"`
}

// SchoolsResult is the effect across schools, in standard deviations.
type SchoolsResult struct {
	Schools int    `json:"schools"`
	Mean    number `json:"mean"`
	Low     number `json:"low"`
	High    number `json:"high"`
	Tau     number `json:"tau"` // standard deviation of true effects
	I2      number `json:"i2"`  // percent
	Method  string `json:"method"`
	// DoseRank is the rank correlation of schools' doses and effects (Spearman). Suggestive, not
	// causal; none below five schools.
	DoseRank *number `json:"doseRank,omitempty"`
}

// CheckResult is the effect again, done otherwise.
type CheckResult struct {
	Name  string `json:"name"`
	What  string `json:"what"`
	G     number `json:"g"`
	GLow  number `json:"gLow"`
	GHigh number `json:"gHigh"`
	Note  string `json:"note,omitempty"`
}

// SensitivityResult says how strong something unmeasured would have to be.
type SensitivityResult struct {
	EValue          number `json:"eValue"`
	EValueInterval  number `json:"eValueInterval"`
	Robustness      number `json:"robustnessValue"`
	RobustnessCI    number `json:"robustnessValueInterval"`
	RosenbaumBreaks number `json:"rosenbaumGamma,omitempty"` // of matched pairs
}

// among is the analysis of the students who count, with the same weights.
func (a *analysis) among(count func(i int) bool) *analysis {
	b := *a
	b.weights = slices.Clone(a.weights)
	for i := range b.weights {
		if !count(i) {
			b.weights[i] = 0
		}
	}
	return &b
}

// doseMet is the effect among those who had the dose; nothing where no dose is declared.
func (a *analysis) doseMet() (*DoseResult, error) {
	if a.Dose == "" {
		return nil, nil
	}
	had, err := a.doses()
	if err != nil {
		return nil, err
	}
	r := &DoseResult{Note: "Not causal: who had as much as is recommended may differ in whatever made them have it. The answer is the effect on all who were given the practice."}
	for i, v := range had {
		if a.treated[i] && a.weights[i] > 0 && !math.IsNaN(v) {
			r.Known++
		}
	}
	met := func(i int) bool { return !a.treated[i] || dose.BandOf(had[i]) == dose.AsMeant }
	b := a.among(met)
	if a.m != nil { // only the comparison students of those who are left count
		m := &match.Matching{}
		for k, i := range a.m.Treated {
			if met(int(i)) {
				m.Treated, m.Controls = append(m.Treated, i), append(m.Controls, a.m.Controls[k])
			}
		}
		b.m, b.weights = m, m.Weights(len(a.y))
	}
	_, _, t, c := b.sides()
	if min(t.Students, c.Students) < a.least() || a.unit != nil && min(t.Units, c.Units) < fewClusters {
		return r, nil
	}
	e, _, words, err := b.estimate()
	if err != nil {
		return nil, err
	}
	s := b.standardised(e, words)
	r.Students, r.Effect = t.Students, &s
	return r, nil
}

// doses are the shares of periods in which each student had the dose.
func (a *analysis) doses() ([]float64, error) {
	had, err := a.frame.numbers(a.Dose)
	for i, v := range had {
		if v < 0 || v > 1 {
			return nil, fault.New(fault.Invalid, "%s, %s: student %q has %v; a dose is the share of periods in which as much as is recommended was had, from 0 to 1.", a.frame.File, a.Dose, a.frame.cell(a.Student, i), v)
		}
	}
	return had, err
}

// doseBySchool puts beside each school's effect how much of the practice its students had.
func (a *analysis) doseBySchool(schools []SchoolResult, all *SchoolsResult) error {
	if a.Dose == "" || len(schools) == 0 {
		return nil
	}
	had, err := a.doses()
	if err != nil {
		return err
	}
	_, names := a.frame.codes(a.School)
	total, n := map[string]float64{}, map[string]float64{}
	for i, v := range had {
		if a.treated[i] && a.weights[i] > 0 && !math.IsNaN(v) {
			total[names[a.school[i]]] += v
			n[names[a.school[i]]]++
		}
	}
	var x, y []float64
	for k := range schools {
		if name := schools[k].School; n[name] >= float64(a.least()) {
			mean := number(total[name] / n[name])
			schools[k].Dose = &mean
			x, y = append(x, float64(mean)), append(y, float64(schools[k].Shrunken))
		}
	}
	if len(x) >= 5 {
		if r := number(stat.Correlation(stats.Ranks(x), stats.Ranks(y), nil)); !math.IsNaN(float64(r)) {
			all.DoseRank = &r
		}
	}
	return nil
}

func (a *analysis) subgroups() ([]SubgroupResult, error) {
	var out []SubgroupResult
	var p []float64
	for _, column := range a.Subgroups {
		var codes []int32
		var values []string
		if column == "baseline" {
			if a.Baseline == "" {
				continue
			}
			everybody := make([]bool, len(a.y))
			for i := range everybody {
				everybody[i] = true
			}
			codes = match.Bins(a.x[0], match.Quantiles(a.x[0], everybody, 5))
			values = []string{"lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth"}
		} else {
			codes, values = a.frame.codes(column)
		}
		order := make([]int, len(values))
		for k := range order {
			order[k] = k
		}
		if column != "baseline" {
			slices.SortFunc(order, func(x, y int) int { return cmp.Compare(values[x], values[y]) })
		}
		if len(values) > 50 {
			continue
		}
		for _, k := range order {
			b := a.among(func(i int) bool { return int(codes[i]) == k })
			_, _, t, c := b.sides()
			r := SubgroupResult{Column: column, Value: values[k], PAdjusted: number(math.NaN())}
			if min(t.Students, c.Students) < a.least() || a.unit != nil && min(t.Units, c.Units) < fewClusters {
				r.Hidden = true
				out, p = append(out, r), append(p, math.NaN())
				continue
			}
			e, _, words, err := b.estimate()
			if err != nil {
				return nil, err
			}
			s := b.standardised(e, words)
			r.Students, r.Units, r.Effect = t.Students, t.Units, &s
			out, p = append(out, r), append(p, e.P)
		}
	}
	for i, q := range effect.BenjaminiHochberg(p) {
		out[i].PAdjusted = number(q)
	}
	return hideAlone(out), nil
}

// hideAlone hides a second group where one alone is hidden of a column, since it would follow
// from the others and the whole.
func hideAlone(all []SubgroupResult) []SubgroupResult {
	by := map[string][]int{}
	for i, r := range all {
		by[r.Column] = append(by[r.Column], i)
	}
	for _, at := range by {
		hidden, smallest := 0, -1
		for _, i := range at {
			if all[i].Hidden {
				hidden++
			} else if smallest < 0 || all[i].Students < all[smallest].Students {
				smallest = i
			}
		}
		if hidden == 1 && smallest >= 0 {
			r := &all[smallest]
			*r = SubgroupResult{Column: r.Column, Value: r.Value, Hidden: true, PAdjusted: number(math.NaN())}
		}
	}
	return all
}

// schools are effects by school. Where a school has students on both sides, a mixed model lets
// the effect differ between schools; where schools as wholes have the practice, each student
// is held against their own comparison, and the means of schools are pooled.
func (a *analysis) schools() ([]SchoolResult, *SchoolsResult) {
	if a.school == nil {
		return nil, nil
	}
	_, names := a.frame.codes(a.School)
	t, c, _, _ := a.sides()
	sd := effect.Pooled(t, c)
	if a.m == nil && a.Unit != BySchool {
		return a.schoolSlopes(names, sd)
	}
	if a.m == nil {
		return nil, nil
	}
	gain := a.gains()
	by := make([][]float64, len(names))
	for k, i := range a.m.Treated {
		if len(a.m.Controls[k]) == 0 {
			continue
		}
		mean := 0.0
		for _, j := range a.m.Controls[k] {
			mean += gain[j]
		}
		at := a.school[i]
		by[at] = append(by[at], (gain[i]-mean/float64(len(a.m.Controls[k])))/sd)
	}
	var out []SchoolResult
	var y, v []float64
	for k, differences := range by {
		n := float64(len(differences))
		if len(differences) < max(2, a.least()) {
			continue
		}
		mean := 0.0
		for _, d := range differences {
			mean += d / n
		}
		se := stats.SD(differences) / math.Sqrt(n)
		if !(se > 0) {
			continue
		}
		y, v = append(y, mean), append(v, se*se)
		out = append(out, SchoolResult{School: names[k], Students: len(differences), Own: number(mean), OwnSE: number(se)})
	}
	if len(out) < 2 {
		return nil, nil
	}
	all := effect.Meta(y, v, effect.REML, true)
	shrunken, se := effect.Shrink(y, v, all)
	q := effect.Quantile(.975, float64(len(out)-1))
	for i := range out {
		out[i].Shrunken, out[i].Low, out[i].High = number(shrunken[i]), number(shrunken[i]-q*se[i]), number(shrunken[i]+q*se[i])
	}
	return out, &SchoolsResult{len(out), number(all.Mean), number(all.Low), number(all.High), number(math.Sqrt(all.Tau2)), number(all.I2),
		"means of matched differences by school, pooled by REML with Knapp and Hartung's interval", nil}
}

// gains are the outcome less the baseline, where both are on one scale.
func (a *analysis) gains() []float64 {
	if a.Baseline == "" || !a.oneScale() {
		return a.y
	}
	out := make([]float64, len(a.y))
	for i := range out {
		out[i] = a.y[i] - a.x[0][i]
	}
	return out
}

// oneScale reports whether outcome and baseline look like one scale: their spreads differ by
// less than half.
func (a *analysis) oneScale() bool {
	sy, sx := stats.SD(a.y), stats.SD(a.x[0])
	return !a.outcome.Binary && sy < 1.5*sx && sx < 1.5*sy
}

func (a *analysis) schoolSlopes(names []string, sd float64) ([]SchoolResult, *SchoolsResult) {
	m := a.model(a.y, true)
	treat := m.X[0]
	m.X = append([][]float64{a.one, treat}, a.x...)
	fit, err := mixed.Estimate(mixed.Model{Y: a.y, X: m.X, Group: a.school, Slopes: [][]float64{treat}})
	if err != nil {
		return nil, nil
	}
	n := make([]int, len(names))
	for i, t := range a.treated {
		if t {
			n[a.school[i]]++
		}
	}
	var out []SchoolResult
	values, errors := fit.OwnAll(1)
	q := effect.Quantile(.975, float64(len(fit.Groups)-1))
	for place, g := range fit.Groups {
		if n[g] < a.least() {
			continue
		}
		v, se := values[place], errors[place]
		out = append(out, SchoolResult{School: names[g], Students: n[g], Own: number(math.NaN()), OwnSE: number(math.NaN()), Shrunken: number(v / sd), Low: number((v - q*se) / sd), High: number((v + q*se) / sd)})
	}
	if len(out) < 2 {
		return nil, nil
	}
	slices.SortFunc(out, func(x, y SchoolResult) int { return cmp.Compare(x.School, y.School) })
	e := linear.NewEstimate(fit.Coef[1], fit.SE[1], float64(len(fit.Groups)-1))
	return out, &SchoolsResult{len(out), number(e.Value / sd), number(e.Low / sd), number(e.High / sd), number(math.Sqrt(fit.Between[1][1]) / sd), number(math.NaN()),
		"mixed model with a random intercept and effect of each school (REML)", nil}
}

// redraws is how often virtual groups are drawn again; so many at once bound the memory.
const (
	redraws       = 20
	redrawsAtOnce = 10
)

// checks does the analysis otherwise, beside its estimate e and effect s: the answer should not
// hang on one choice.
func (a *analysis) checks(e linear.Estimate, s Effect, matched int) []CheckResult {
	var out []CheckResult
	add := func(name, what, note string, b *analysis, err error) {
		if err != nil {
			return
		}
		e, _, words, err := b.estimate()
		if err != nil {
			return
		}
		s := b.standardised(e, words)
		out = append(out, CheckResult{name, what, s.G, s.GLow, s.GHigh, note})
	}
	copyOf := func() *analysis { b := *a; return &b }
	if a.Method.Kind != Regression && len(a.Method.Calipers) > 0 {
		for _, w := range []struct {
			name   string
			factor float64
		}{{"tighter", .5}, {"looser", 2}} {
			b := copyOf()
			err := b.compareAs(w.factor, a.Seed)
			add(w.name+" calipers", fmt.Sprintf("calipers times %g", w.factor), "", b, err)
		}
	}
	if a.groups != nil && len(a.Method.Ladder) > 1 {
		b := copyOf()
		b.Spec = a.with(func(s *Spec) { s.Method.Ladder = s.Method.Ladder[:1] })
		add("tightest rung only", "students with enough comparison students on the first rung", "", b, b.compareAs(1, a.Seed))
	}
	if a.school != nil && a.Unit != ByStudent {
		low, high, n, from, to := math.Inf(1), math.Inf(-1), 0, "", ""
		_, names := a.frame.codes(a.School)
		treated := map[int32]bool{}
		for i, t := range a.treated {
			if t && a.weights[i] > 0 {
				treated[a.school[i]] = true
			}
		}
		if len(treated) > 2 && len(treated) <= 200 {
			for k := range int32(len(names)) {
				if !treated[k] {
					continue
				}
				b := a.among(func(i int) bool { return a.school[i] != k })
				fit, err := linear.Regress(b.model(b.y, true))
				if err != nil {
					continue
				}
				g := float64(b.standardised(linear.Estimate{Value: fit.Coef[0]}, "").G)
				if n++; g < low {
					low, from = g, names[k]
				}
				if g > high {
					high, to = g, names[k]
				}
			}
		}
		if n > 0 {
			out = append(out, CheckResult{"leave one school out", "the lowest and highest estimate without one school", number(math.NaN()), number(low), number(high), fmt.Sprintf("lowest without %s, highest without %s", from, to)})
		}
	}
	if a.Baseline != "" {
		if fit, err := linear.Regress(a.model(a.y, false)); err == nil {
			cluster, words := a.cluster()
			s := a.standardised(fit.Errors(linear.CR2, cluster).Coef(0), words)
			out = append(out, CheckResult{"outcome only", "not adjusted", s.G, s.GLow, s.GHigh, ""})
		}
		if a.oneScale() {
			if fit, err := linear.Regress(a.model(a.gains(), false)); err == nil {
				cluster, words := a.cluster()
				s := a.standardised(fit.Errors(linear.CR2, cluster).Coef(0), words)
				out = append(out, CheckResult{"gain", "outcome less baseline, not adjusted", s.G, s.GLow, s.GHigh, ""})
			}
		}
	}
	if norm := a.outcome.NormSD; norm > 0 {
		out = append(out, CheckResult{"norm's deviation", "over the standard deviation of the norm", number(e.Value / norm), number(e.Low / norm), number(e.High / norm), ""})
	}
	if a.Stayed != "" {
		stayed := a.among(func(i int) bool { return a.frame.cell(a.Stayed, i) == "1" })
		if _, _, t, c := stayed.sides(); min(t.Students, c.Students) >= a.least() {
			add("stayers", "only students who stayed in their school", fmt.Sprintf("%d of %d with the practice stayed", t.Students, matched), stayed, nil)
		}
	}
	if a.Placebo != "" {
		b := copyOf()
		if y, err := a.frame.numbers(a.Placebo); err == nil {
			b.y = y
			c := b.among(func(i int) bool { return !math.IsNaN(y[i]) })
			for i, v := range c.y {
				if math.IsNaN(v) {
					c.y[i] = 0
				}
			}
			add("placebo", "an outcome that the practice cannot have moved: it should be none", "", c, nil)
		}
	}
	if a.Method.Kind == Virtual {
		g := a.drawnAgain()
		if len(g) > 0 {
			out = append(out, CheckResult{"drawn again", fmt.Sprintf("lowest and highest of %d other draws", len(g)), number(math.NaN()), number(slices.Min(g)), number(slices.Max(g)), ""})
		}
	}
	total := 0
	for _, t := range a.treated {
		if t {
			total++
		}
	}
	if matched > 0 && matched < total {
		share := float64(matched) / float64(total)
		out = append(out, CheckResult{"those left out", "if the effect on students without a comparison were −.25 or +.25", number(math.NaN()),
			number(float64(s.G)*share - .25*(1-share)), number(float64(s.G)*share + .25*(1-share)), fmt.Sprintf("%d of %d have none", total-matched, total)})
	}
	return out
}

// drawnAgain estimates the effect with other draws of the comparison groups.
func (a *analysis) drawnAgain() (g []float64) {
	s, err := a.sample(1)
	if err != nil {
		return nil
	}
	seeds := make([]uint64, redraws)
	for k := range seeds {
		seeds[k] = a.Seed + uint64(k) + 1
	}
	b := *a
	for some := range slices.Chunk(seeds, redrawsAtOnce) {
		weights, err := match.Redraws(s, a.Method.virtual(s, a.Seed), some)
		if err != nil {
			return nil
		}
		for _, w := range weights {
			b.weights = w
			if fit, err := linear.Regress(b.model(b.y, true)); err == nil {
				g = append(g, float64(b.standardised(linear.Estimate{Value: fit.Coef[0]}, "").G))
			}
		}
	}
	return g
}

// with is a declaration with a change.
func (a *analysis) with(change func(*Spec)) *Spec {
	s := *a.Spec
	change(&s)
	return &s
}

// hidden says how strong something unmeasured would have to be to explain the effect away.
func (a *analysis) hidden(e linear.Estimate, fit *linear.Fit, s Effect) SensitivityResult {
	point, interval := sensitivity.EValue(float64(s.G), float64(s.GSE))
	r := sensitivity.RobustnessOf(e.T, fit.DF, .05)
	out := SensitivityResult{number(point), number(interval), number(r.Value), number(r.ValueCI), number(math.NaN())}
	if a.m != nil && a.sets != nil {
		var d []float64
		for k, i := range a.m.Treated {
			if len(a.m.Controls[k]) == 1 {
				d = append(d, a.y[i]-a.y[a.m.Controls[k][0]])
			}
		}
		if len(d) > 10 {
			if float64(s.G) < 0 {
				for i := range d {
					d[i] = -d[i]
				}
			}
			out.RosenbaumBreaks = number(sensitivity.Breaking(d, .05, 10))
		}
	}
	return out
}

// methods says what was done, so that somebody else could do it.
func (s *Spec) methods() []string {
	m := s.Method
	var out []string
	switch m.Kind {
	case Regression:
		out = append(out, "All students with a known outcome were compared.")
	case Virtual:
		out = append(out, fmt.Sprintf("Each student with the practice got a virtual comparison group of up to %d students, drawn by seed %d from all who suit%s; at least %d had to.",
			cmp.Or(m.Most, 51), s.Seed, map[bool]string{true: " in other schools"}[m.Elsewhere], cmp.Or(m.Least, 10)))
	case Nearest, Space:
		out = append(out, fmt.Sprintf("Each student with the practice got the %d nearest comparison students that were left, by %s.", max(1, m.Ratio),
			map[Kind]string{Nearest: "propensity score (logistic regression on the baseline and all covariates)", Space: "Mahalanobis distance over the baseline and all covariates"}[m.Kind]))
	case Optimal:
		out = append(out, "Students were paired so that the sum of differences in propensity is least.")
	case Full:
		out = append(out, "Students were put into sets by optimal full matching on the propensity score.")
	case Exact, Coarsened:
		out = append(out, "Students were compared within groups that are the same in what the declaration names.")
	}
	for _, c := range m.Exact {
		out = append(out, fmt.Sprintf("%s is the same.", c))
	}
	for _, c := range m.Calipers {
		unit := ""
		if c.SD {
			unit = " standard deviations"
		}
		out = append(out, fmt.Sprintf("%s differs by at most %g%s.", c.Column, c.Width, unit))
	}
	if len(m.Ladder) > 0 {
		out = append(out, fmt.Sprintf("Where too few suit, these widths are multiplied by %s in turn.", strings.Trim(strings.ReplaceAll(fmt.Sprint(m.Ladder), " ", ", "), "[]")))
	}
	out = append(out, "The effect is the coefficient of the practice in a weighted regression of the outcome on the practice, the baseline and the covariates; Hedges’ g is that over the pooled standard deviation of the outcome, with the small-sample factor 1 − 3/(4N − 9).",
		"p values are adjusted within domains after Benjamini and Hochberg.")
	return out
}

// threats names what the numbers cannot rule out.
func (s *Spec) threats() []string {
	var out []string
	if s.Design == Comparison {
		out = append(out, "Students were matched on what was measured. Whatever else made them, their teachers or their schools take up the practice may be the reason for a difference.")
	}
	if s.Unit == BySchool {
		out = append(out, "Schools that have the practice may differ from others in more than the practice: another kind of school, more money, other teachers.")
	}
	if s.Unit != ByStudent {
		out = append(out, "Effects of single schools are uncertain; they are shrunken, and no ranking follows from them.")
	}
	return append(out, "What a test does not measure is not in the answer.")
}
