package study

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/stats"
	"waymark/internal/study/effect"
	"waymark/internal/study/linear"
	"waymark/internal/study/match"
)

// ResultSchema is the form of a result; Engine is what it says it was made by.
const (
	ResultSchema = "waymark-study-result/1"
	Engine       = "waymark-study-engine/1"
)

// Result is what a run found. The same declaration, extract and program give the same bytes.
type Result struct {
	Schema      string          `json:"schema"`
	Program     string          `json:"program"`
	Declaration string          `json:"declaration"` // digest
	Extract     string          `json:"extract"`     // digest of the file
	Title       string          `json:"title"`
	Question    string          `json:"question"`
	Practice    string          `json:"practice"`
	Rows        int             `json:"rows"`
	Sample      int             `json:"sample"`
	Seed        uint64          `json:"seed"`
	Outcomes    []OutcomeResult `json:"outcomes"`
	Methods     []string        `json:"methods"` // what was done, in sentences
	Threats     []string        `json:"threats"`
}

// OutcomeResult is what was found for one outcome.
type OutcomeResult struct {
	Name    string  `json:"name"`
	Domain  string  `json:"domain,omitempty"`
	Verdict Verdict `json:"verdict"`
	Because string  `json:"because"`
	Answer  string  `json:"answer"` // in a sentence
	Tier    Tier    `json:"tier"`
	TierWhy string  `json:"tierBecause"`

	Treated   Side              `json:"treated"`
	Control   Side              `json:"comparison"`
	Matched   int               `json:"matched"` // students with the practice who have a comparison
	Reused    int               `json:"reused"`  // the most that one comparison student is used
	Rungs     []int             `json:"rungs,omitempty"`
	Attrition *AttritionResult  `json:"attrition,omitempty"`
	Effect    Effect            `json:"effect"`
	Complier  *Effect           `json:"compliers,omitempty"`
	Dose      *DoseResult       `json:"doseMet,omitempty"`
	PAdjusted number            `json:"pAdjusted"` // Benjamini–Hochberg within the domain
	Balance   []BalanceRow      `json:"balance"`
	Unmatched []BalanceRow      `json:"unmatched,omitempty"` // who was left out, against who was not
	Subgroups []SubgroupResult  `json:"subgroups,omitempty"`
	Schools   []SchoolResult    `json:"schools,omitempty"`
	Pooled    *SchoolsResult    `json:"acrossSchools,omitempty"`
	Checks    []CheckResult     `json:"checks"`
	Hidden    SensitivityResult `json:"sensitivity"`
}

// Side is one of the two groups, as it counts.
type Side struct {
	Students int    `json:"students"`
	Units    int    `json:"units"` // of assignment
	Mean     number `json:"mean"`
	SD       number `json:"sd"`
}

// AttritionResult is how many of those assigned have an outcome.
type AttritionResult struct {
	Overall      float64 `json:"overall"`
	Differential float64 `json:"differential"`
	Cautious     bool    `json:"withinCautious"`
	Optimistic   bool    `json:"withinOptimistic"`
}

// Effect is an effect with its error.
type Effect struct {
	Difference  number `json:"difference"` // adjusted, in the outcome's own units
	SE          number `json:"se"`
	DF          number `json:"df"`
	P           number `json:"p"`
	Low         number `json:"low"`
	High        number `json:"high"`
	G           number `json:"g"` // Hedges' g; the Cox index for a binary outcome
	GSE         number `json:"gSE"`
	GLow        number `json:"gLow"`
	GHigh       number `json:"gHigh"`
	Improvement number `json:"improvementIndex"` // percentile points
	FromThird   number `json:"fromThirtieth"`    // from the 30th percentile
	Errors      string `json:"errors"`           // how they were reckoned
}

// number writes what is not finite as null.
type number float64

// UnmarshalJSON reads a number, or null.
func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = number(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	*n = number(v)
	return err
}

// MarshalJSON writes a number, or null.
func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return []byte(fmt.Sprintf("%.10g", float64(n))), nil
}

// BalanceRow is how alike the two sides are in one column, before and after.
type BalanceRow struct {
	Column  string         `json:"column"`
	Treated number         `json:"treated"`
	Control number         `json:"comparison"`
	Before  number         `json:"before"`
	After   number         `json:"after"`
	Ratio   number         `json:"varianceRatio"`
	ECDF    number         `json:"eCDFMax"`
	Class   effect.Balance `json:"class"`
}

// analysis is one outcome being studied.
type analysis struct {
	*Spec
	frame   *Frame // rows that count
	outcome Outcome
	y       []float64
	treated []bool
	// practice is 1 for those with the practice, one is 1 for all.
	practice, one []float64
	names         []string // of x
	x             [][]float64
	school        []int32
	unit          []int32 // of assignment; nil for students
	block         []int32
	score         []float64

	weights []float64
	sets    []int32 // matched sets, where no student is in two; nil else
	m       *match.Matching
	groups  []match.Group
}

// Run runs a declared study on an extract.
func Run(s *Spec, f *Frame) (*Result, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	in, err := s.rows(f)
	if err != nil {
		return nil, err
	}
	r := &Result{Schema: ResultSchema, Program: Engine, Declaration: s.Digest(), Extract: f.Digest, Title: s.Title, Question: s.Question, Practice: s.Practice,
		Rows: f.Rows, Sample: in.Rows, Seed: s.Seed}
	for _, o := range s.Outcomes {
		a, err := s.analyse(in, o)
		if err != nil {
			return nil, err
		}
		result, err := a.result(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Column, err)
		}
		r.Outcomes = append(r.Outcomes, *result)
	}
	s.judgeAll(r.Outcomes)
	r.Methods, r.Threats = s.methods(), s.threats()
	return r, nil
}

// Match is how one student counts in a study's first outcome.
type Match struct {
	Student    string
	Treated    bool
	Weight     float64  // 0 for who is left out
	Set        int32    // −1 for none
	Comparison []string // whom a student with the practice is compared with, one by one
	Eligible   int      // of a virtual group
	Rung       int
}

// Matches says how each student counts, so that the matching can be held against its rules.
func Matches(s *Spec, f *Frame) ([]Match, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	in, err := s.rows(f)
	if err != nil {
		return nil, err
	}
	a, err := s.analyse(in, s.Outcomes[0])
	if err != nil {
		return nil, err
	}
	out := make([]Match, a.frame.Rows)
	for i := range out {
		out[i] = Match{Student: a.frame.cell(s.Student, i), Treated: a.treated[i], Weight: a.weights[i], Set: -1, Rung: -1}
		if a.sets != nil {
			out[i].Set = a.sets[i]
		}
	}
	if a.m != nil {
		for k, i := range a.m.Treated {
			for _, c := range a.m.Controls[k] {
				out[i].Comparison = append(out[i].Comparison, out[c].Student)
			}
			if a.groups != nil {
				out[i].Eligible, out[i].Rung = a.groups[k].Eligible, a.groups[k].Rung
			}
		}
	}
	return out, nil
}

// rows keeps the sample: who fits its rules and is known to have the practice or not.
func (s *Spec) rows(f *Frame) (*Frame, error) {
	numeric := map[string][]float64{}
	for _, r := range s.Sample {
		if r.Least != nil || r.Most != nil {
			x, err := f.numbers(r.Column)
			if err != nil {
				return nil, err
			}
			numeric[r.Column] = x
		}
	}
	rows := make([]int32, 0, f.Rows)
next:
	for i := range f.Rows {
		for _, r := range s.Sample {
			if len(r.In) > 0 && !slices.Contains(r.In, f.cell(r.Column, i)) {
				continue next
			}
			if x := numeric[r.Column]; x != nil && (math.IsNaN(x[i]) || r.Least != nil && x[i] < *r.Least || r.Most != nil && x[i] > *r.Most) {
				continue next
			}
		}
		switch cell := string(f.bytes(s.Treatment, i)); {
		case missing(cell):
			continue next
		case cell != "0" && cell != "1":
			return nil, fault.New(fault.Invalid, "%s, line %d, %s: %q says neither that a student has the practice (1) nor that they do not (0).", f.File, f.line(i), s.Treatment, cell)
		}
		rows = append(rows, int32(i))
	}
	in := f.keep(rows)
	if first, second, twice := in.twice(s.Student); twice {
		return nil, fault.New(fault.Invalid, "%s, line %d, %s: the student %q stands in line %d already. Give each student one row.", f.File, in.line(second), s.Student, in.cell(s.Student, second), in.line(first))
	}
	return in, nil
}

// analyse prepares one outcome: rows in which it and all that is adjusted for are known.
func (s *Spec) analyse(in *Frame, o Outcome) (*analysis, error) {
	columns := s.Covariate
	if s.Baseline != "" {
		columns = append([]string{s.Baseline}, columns...)
	}
	needed := append([]string{o.Column}, columns...)
	for _, c := range []string{s.School, s.Class, s.Block} {
		if c != "" {
			needed = append(needed, c)
		}
	}
	rows := make([]int32, 0, in.Rows)
next:
	for i := range in.Rows {
		for _, c := range needed {
			if in.missing(c, i) {
				continue next
			}
		}
		rows = append(rows, int32(i))
	}
	a := &analysis{Spec: s, frame: in.keep(rows), outcome: o}
	var err error
	if a.y, err = a.frame.numbers(o.Column); err != nil {
		return nil, err
	}
	if o.Binary {
		for i, v := range a.y {
			if v != 0 && v != 1 {
				return nil, fault.New(fault.Invalid, "%s, %s: student %q has %v; a binary outcome is 0 or 1.", in.File, o.Column, a.frame.cell(s.Student, i), v)
			}
		}
	}
	for _, c := range columns {
		if err := a.add(c); err != nil {
			return nil, err
		}
	}
	a.treated, a.practice, a.one = make([]bool, a.frame.Rows), make([]float64, a.frame.Rows), make([]float64, a.frame.Rows)
	var n [2]int
	for i := range a.treated {
		a.one[i] = 1
		if a.treated[i] = string(a.frame.bytes(s.Treatment, i)) == "1"; a.treated[i] {
			a.practice[i] = 1
			n[1]++
		} else {
			n[0]++
		}
	}
	if min(n[0], n[1]) < 2 {
		return nil, fault.New(fault.Invalid, "%s: %d students with the practice and %d without have all that the declaration asks for; at least 2 of each are needed.", o.Column, n[1], n[0])
	}
	if s.School != "" {
		a.school, _ = a.frame.codes(s.School)
	}
	if s.Block != "" {
		a.block, _ = a.frame.codes(s.Block)
	}
	switch s.Unit {
	case BySchool:
		a.unit = a.school
	case ByClass:
		a.unit, _ = a.frame.codes(s.Class)
	}
	return a, a.compare()
}

// add takes a column as a number, or as one column for each value but the first.
func (a *analysis) add(column string) error {
	if a.frame.numeric(column) {
		x, err := a.frame.numbers(column)
		if err != nil {
			return err
		}
		a.names, a.x = append(a.names, column), append(a.x, x)
		return nil
	}
	codes, values := a.frame.codes(column)
	if len(values) > 200 {
		return fault.New(fault.Invalid, "%s: the column %s has %d different texts. Leave it out of the covariates, or group its values.", a.frame.File, column, len(values))
	}
	for k := 1; k < len(values); k++ {
		x := make([]float64, len(codes))
		for i, c := range codes {
			if int(c) == k {
				x[i] = 1
			}
		}
		a.names, a.x = append(a.names, column+" "+values[k]), append(a.x, x)
	}
	return nil
}

// propensity is the chance of the practice given all covariates.
func (a *analysis) propensity() ([]float64, error) {
	if a.score != nil {
		return a.score, nil
	}
	l, err := linear.Logistic(append([][]float64{a.one}, a.x...), a.practice)
	if err != nil {
		return nil, err
	}
	a.score = l.Fitted
	return a.score, nil
}

// sample is who could be compared with whom; wide multiplies calipers.
func (a *analysis) sample(wide float64) (*match.Sample, error) {
	m := &match.Sample{Treated: a.treated}
	var codes [][]int32
	for _, c := range a.Method.Exact {
		k, _ := a.frame.codes(c)
		codes = append(codes, k)
	}
	m.Stratum = match.Cross(codes...)
	if a.Method.Elsewhere {
		m.Apart = a.school
	}
	for _, c := range a.Method.Calipers {
		var x []float64
		var err error
		if c.Column == "propensity" {
			x, err = a.propensity()
		} else {
			x, err = a.frame.numbers(c.Column)
		}
		if err != nil {
			return nil, err
		}
		width := c.Width * wide
		if c.SD {
			width *= stats.SD(x)
		}
		m.Calipers = append(m.Calipers, match.Caliper{X: x, Width: width})
	}
	return m, nil
}

// compare finds the comparison students and what each student counts.
func (a *analysis) compare() error { return a.compareAs(1, a.Seed) }

func (a *analysis) compareAs(wide float64, seed uint64) error {
	n := len(a.y)
	a.m, a.groups, a.sets, a.weights = nil, nil, nil, nil
	if a.Method.Kind == Regression {
		a.weights = a.one
		return nil
	}
	s, err := a.sample(wide)
	if err != nil {
		return err
	}
	strata := func(k []int32) {
		a.weights, _ = match.Stratified(a.treated, k, match.ATT)
	}
	pairs := func(m *match.Matching, reused bool) {
		a.m, a.weights = m, m.Weights(n)
		if !reused {
			a.sets = m.Sets(n)
		}
	}
	switch a.Method.Kind {
	case Exact:
		strata(s.Stratum)
	case Coarsened:
		codes := [][]int32{}
		if s.Stratum != nil {
			codes = append(codes, s.Stratum)
		}
		for _, c := range s.Calipers { // a caliper is the width of a bin
			codes = append(codes, match.Bins(c.X, every(c.X, c.Width)))
		}
		strata(match.Cross(codes...))
	case Virtual:
		v := a.Method.virtual(s, seed)
		m, groups, err := match.VirtualGroups(s, v)
		if err != nil {
			return err
		}
		pairs(m, !v.Alone)
		a.groups = groups
	case Nearest, Space, Optimal, Full:
		if a.Method.Kind == Space {
			if s.Space, err = match.Mahalanobis(a.x, a.treated); err != nil {
				return err
			}
		}
		if s.Score, err = a.propensity(); err != nil {
			return err
		}
		switch a.Method.Kind {
		case Optimal:
			m, err := match.Optimal(s, a.Method.Ratio)
			if err != nil {
				return err
			}
			pairs(m, false)
		case Full:
			sets, _, err := match.Full(s)
			if err != nil {
				return err
			}
			strata(sets)
			a.sets = sets
		default:
			o := match.Neighbours{Ratio: a.Method.Ratio, Replace: a.Method.Replace, Order: match.Order(a.Method.Order), Seed: seed}
			m, err := match.Nearest(s, o)
			if err != nil {
				return err
			}
			if broken := match.Check(s, o, m); len(broken) > 0 {
				return fmt.Errorf("the matching breaks its rules: %s", broken[0])
			}
			pairs(m, o.Replace)
		}
	}
	var used [2]int
	for i, w := range a.weights {
		if w > 0 {
			if a.treated[i] {
				used[1]++
			} else {
				used[0]++
			}
		}
	}
	if min(used[0], used[1]) < 2 {
		return fault.New(fault.Invalid, "%s: under these rules %d students with the practice have a comparison. Widen the calipers, or ask for less to be the same.", a.outcome.Column, used[1])
	}
	return nil
}

// virtual is how a sample's virtual comparison groups are made.
func (m Method) virtual(s *match.Sample, seed uint64) match.Virtual {
	v := match.Virtual{Most: m.Most, Least: cmp.Or(m.Least, 10), Alone: m.Alone, Seed: seed}
	for _, f := range m.Ladder {
		rung := match.Rung{}
		for _, c := range s.Calipers {
			rung = append(rung, f*c.Width)
		}
		v.Ladder = append(v.Ladder, rung)
	}
	return v
}

// every returns cut points so far apart, from 0.
func every(x []float64, width float64) (cuts []float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range x {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	for k := math.Floor(low/width) + 1; k*width <= high && len(cuts) < 100_000; k++ {
		cuts = append(cuts, k*width)
	}
	return cuts
}

// model is the regression of an outcome on the practice and what is adjusted for.
func (a *analysis) model(y []float64, adjust bool) linear.Model {
	m := linear.Model{Y: y, X: [][]float64{a.practice}, Weights: a.weights}
	if a.block != nil {
		m.Absorb = a.block
	} else {
		m.X = append(m.X, a.one)
	}
	if adjust {
		m.X = append(m.X, a.x...)
	}
	return m
}

// cluster is at which level errors are alike: that of assignment; matched sets where students
// were matched one by one.
func (a *analysis) cluster() ([]int32, string) {
	kind := string(a.Method.errors())
	words := kind
	if kind == string(linear.CR2) {
		words = "CR2 with Satterthwaite's degrees of freedom"
	}
	switch {
	case a.Method.errors() == linear.Classical:
		return nil, kind
	case a.unit != nil:
		return a.unit, "clustered by " + string(a.Unit) + ", " + words
	case a.sets != nil:
		return a.sets, "clustered by matched set, " + words
	}
	return nil, strings.Replace(kind, "CR", "HC", 1)
}

// estimate is the effect of the practice, adjusted.
func (a *analysis) estimate() (linear.Estimate, *linear.Fit, string, error) {
	fit, err := linear.Regress(a.model(a.y, !a.Method.Unadjusted))
	if err != nil {
		return linear.Estimate{}, nil, "", err
	}
	cluster, words := a.cluster()
	return fit.Errors(a.Method.errors(), cluster).Coef(0), fit, words, nil
}

// sides are the two groups as they count.
func (a *analysis) sides() (t, c effect.Group, nt, nc Side) {
	var sum, sum2, mean, ss [2]float64
	var n [2]int
	units := [2]map[int32]bool{{}, {}}
	for i, w := range a.weights {
		if w <= 0 {
			continue
		}
		k := 0
		if a.treated[i] {
			k = 1
		}
		n[k]++
		sum[k] += w
		sum2[k] += w * w
		mean[k] += w * a.y[i]
		u := int32(i)
		if a.unit != nil {
			u = a.unit[i]
		}
		units[k][u] = true
	}
	for k := range mean {
		mean[k] /= sum[k]
	}
	for i, w := range a.weights {
		k := 0
		if a.treated[i] {
			k = 1
		}
		ss[k] += w * (a.y[i] - mean[k]) * (a.y[i] - mean[k])
	}
	side := func(k int) (effect.Group, Side) {
		sd := math.Sqrt(ss[k] * sum[k] / (sum[k]*sum[k] - sum2[k]))
		return effect.Group{N: float64(n[k]), Mean: mean[k], SD: sd}, Side{n[k], len(units[k]), number(mean[k]), number(sd)}
	}
	t, nt = side(1)
	c, nc = side(0)
	return t, c, nt, nc
}

// standardised makes an effect of an estimate.
func (a *analysis) standardised(e linear.Estimate, words string) Effect {
	t, c, _, _ := a.sides()
	out := Effect{Difference: number(e.Value), SE: number(e.SE), DF: number(e.DF), P: number(e.P), Low: number(e.Low), High: number(e.High), Errors: words}
	g, scale := 0.0, 0.0
	if a.outcome.Binary {
		// The adjusted difference of shares, as a Cox index about the comparison's share.
		p := min(max(c.Mean+e.Value, 0), 1)
		g = effect.Cox(p, c.Mean, t.N, c.N)
		if e.Value != 0 {
			scale = g / e.Value
		}
	} else {
		s := effect.Adjusted(e.Value, t, c)
		g, scale = s.G, s.Omega/s.SD
	}
	out.G, out.GSE, out.GLow, out.GHigh = number(g), number(e.SE*scale), number(e.Low*scale), number(e.High*scale)
	out.Improvement, out.FromThird = number(effect.Improvement(g)), number(effect.ImprovementFrom(.3, g))
	return out
}

// balance compares columns of the two sides before and after.
func (a *analysis) balance() []BalanceRow {
	var out []BalanceRow
	for k, name := range a.names {
		sd := match.TreatedSD(a.x[k], a.treated)
		before := match.BalanceOf(a.x[k], a.treated, nil, sd)
		after := match.BalanceOf(a.x[k], a.treated, a.weights, sd)
		out = append(out, BalanceRow{name, number(after.MeanTreated), number(after.MeanControl), number(before.SMD), number(after.SMD), number(after.VarianceRatio), number(after.ECDFMax), after.Class})
	}
	return out
}

// unmatched compares students with the practice who have no comparison with those who have.
func (a *analysis) unmatched() (rows []BalanceRow, matched int) {
	left := make([]bool, len(a.y))
	weights := make([]float64, len(a.y))
	n := 0
	for i, t := range a.treated {
		if !t {
			continue
		}
		weights[i] = 1
		if left[i] = a.weights[i] <= 0; left[i] {
			n++
		} else {
			matched++
		}
	}
	if n < a.least() {
		return nil, matched
	}
	for k, name := range a.names {
		b := match.BalanceOf(a.x[k], left, weights, match.TreatedSD(a.x[k], a.treated))
		rows = append(rows, BalanceRow{name, number(b.MeanTreated), number(b.MeanControl), number(b.SMD), number(b.SMD), number(b.VarianceRatio), number(b.ECDFMax), b.Class})
	}
	return rows, matched
}

// result says what was found for an outcome; the verdict comes when all outcomes are known.
func (a *analysis) result(assigned *Frame) (*OutcomeResult, error) {
	e, fit, words, err := a.estimate()
	if err != nil {
		return nil, err
	}
	o := a.outcome
	r := &OutcomeResult{Name: o.Name, Domain: o.Domain, Effect: a.standardised(e, words), Balance: a.balance()}
	if r.Name == "" {
		r.Name = o.Column
	}
	_, _, r.Treated, r.Control = a.sides()
	r.Unmatched, r.Matched = a.unmatched()
	if a.m != nil {
		used := map[int32]int{}
		for _, list := range a.m.Controls {
			for _, c := range list {
				used[c]++
				r.Reused = max(r.Reused, used[c])
			}
		}
	}
	if a.groups != nil {
		r.Rungs = make([]int, max(1, len(a.Method.Ladder)))
		for _, g := range a.groups {
			if g.Rung >= 0 {
				r.Rungs[g.Rung]++
			}
		}
	}
	var lost *effect.Attrition
	if a.Design == Randomised {
		if lost, err = a.attrition(assigned); err != nil {
			return nil, err
		}
		r.Attrition = &AttritionResult{lost.Overall, lost.Differential, lost.Cautious, lost.Optimistic}
	}
	var baseline *effect.Balance
	if a.Baseline != "" {
		baseline = &r.Balance[0].Class
	}
	r.Tier, r.TierWhy = tierOf(a.Design, lost, baseline, !a.Method.Unadjusted)
	if a.Received != "" {
		if r.Complier, err = a.compliers(); err != nil {
			return nil, err
		}
	}
	if r.Dose, err = a.doseMet(); err != nil {
		return nil, err
	}
	if r.Subgroups, err = a.subgroups(); err != nil {
		return nil, err
	}
	r.Schools, r.Pooled = a.schools()
	if err := a.doseBySchool(r.Schools, r.Pooled); err != nil {
		return nil, err
	}
	r.Checks = a.checks(e, r.Effect, r.Matched)
	r.Hidden = a.hidden(e, fit, r.Effect)
	return r, nil
}

// attrition counts who of those assigned has an outcome.
func (a *analysis) attrition(assigned *Frame) (*effect.Attrition, error) {
	var all, have [2]int
	for i := range assigned.Rows {
		k := 0
		if string(assigned.bytes(a.Treatment, i)) == "1" {
			k = 1
		}
		all[k]++
		if !assigned.missing(a.outcome.Column, i) {
			have[k]++
		}
	}
	out, err := effect.AttritionOf(all[1], have[1], all[0], have[0])
	return &out, err
}

// compliers is the effect on those who received the practice because they were assigned to it
// (Angrist, Imbens & Rubin, 1996), by two-stage least squares.
func (a *analysis) compliers() (*Effect, error) {
	received, err := a.frame.numbers(a.Received)
	if err != nil {
		return nil, err
	}
	for i, v := range received {
		if math.IsNaN(v) {
			received[i] = 0
		}
	}
	m := a.model(a.y, true)
	m.Instruments, m.Instrumented = [][]float64{m.X[0]}, []int{0}
	m.X = append([][]float64{received}, m.X[1:]...)
	fit, err := linear.Regress(m)
	if err != nil {
		return nil, err
	}
	cluster, words := a.cluster()
	e := a.standardised(fit.Errors(a.Method.errors(), cluster).Coef(0), words+", two-stage least squares")
	return &e, nil
}

// judgeAll counts outcomes of one domain together, and says each verdict.
func (s *Spec) judgeAll(all []OutcomeResult) {
	domains := map[string][]int{}
	for i, o := range all {
		domains[o.Domain] = append(domains[o.Domain], i)
	}
	for _, at := range domains {
		var p []float64
		for _, i := range at {
			p = append(p, float64(all[i].Effect.P))
		}
		for k, q := range effect.BenjaminiHochberg(p) {
			all[at[k]].PAdjusted = number(q)
		}
	}
	for i := range all {
		o := &all[i]
		low, high := float64(o.Effect.GLow), float64(o.Effect.GHigh)
		if s.Outcomes[i].Worse {
			low, high = -high, -low
		}
		o.Verdict, o.Because = judge(low, high, s.Meaningful, float64(o.PAdjusted), o.Tier, [2]int{o.Control.Units, o.Treated.Units})
		o.Answer = o.answer(s)
	}
}

// answer says the verdict in a sentence.
func (o *OutcomeResult) answer(s *Spec) string {
	what := o.Name
	var head string
	switch o.Verdict {
	case Helped:
		head = fmt.Sprintf("Yes: %s got better with “%s”", what, s.Practice)
	case Harmed:
		head = fmt.Sprintf("No: %s got worse with “%s”", what, s.Practice)
	case NoDifference:
		head = fmt.Sprintf("No: %s is about the same with and without “%s”", what, s.Practice)
	default:
		head = fmt.Sprintf("We can't tell whether “%s” changed %s", s.Practice, what)
	}
	return fmt.Sprintf("%s. The estimate is %+.2f standard deviations, and the interval that holds the truth 95 times of 100 goes from %+.2f to %+.2f.", head, float64(o.Effect.G), float64(o.Effect.GLow), float64(o.Effect.GHigh))
}
