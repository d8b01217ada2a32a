package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"waymark/internal/stats"
	"waymark/internal/study/effect"
	"waymark/internal/study/linear"
	"waymark/internal/study/match"
	"waymark/internal/study/mixed"
)

type coefs map[string]struct{ Estimate, SE float64 }

type lmer struct {
	Fixef, SE map[string]float64
	VarCorr   []struct {
		Grp  string
		Var1 *string
		Var2 *string
		VCov float64
	}
	REML     bool
	Reml     any `json:"reml_crit"`
	Deviance any
	RanEf    []struct {
		Term    string
		Grp     string
		CondVal float64
		CondSD  float64
	}
}

type starRef struct {
	Hedges struct {
		G  float64
		SE float64 `json:"se_g"`
		II float64 `json:"improvement_index"`
	} `json:"hedges_small_vs_regular"`
	FE struct {
		Classical, HC1, HC2 coefs
		CR0                 coefs `json:"CR0_class"`
		CR1                 coefs `json:"CR1_class"`
		School              coefs `json:"CR1_school"`
		CR2                 struct {
			Beta []float64
			SE   []float64
			DF   []float64 `json:"df_Satt"`
		} `json:"CR2_class_satterthwaite"`
	} `json:"ols_schoolfe"`
	NoFE struct {
		CR1 coefs `json:"CR1_school"`
	} `json:"ols_nofe"`
	Null   lmer `json:"lmer_null"`
	School lmer `json:"lmer_school"`
	ML     lmer `json:"lmer_school_ML"`
	Class  lmer `json:"lmer_school_class"`
	Slope  lmer `json:"lmer_slope"`
	Both   lmer `json:"lmer_slope_class"`
	Meta   struct {
		REML, DL struct {
			Mu, SE, Tau2, I2 float64
		}
		Schools []struct {
			Diff, SE float64
			EB       float64 `json:"eb_reml"`
			EBSE     float64 `json:"eb_reml_se"`
		}
	} `json:"school_meta"`
}

type doseRef struct {
	Linear struct {
		Estimate float64
		SE       float64 `json:"se_CR1_school"`
	} `json:"ols_linear"`
	IV struct {
		Estimate float64
		SE       float64 `json:"se_CR1_school"`
		ITT      float64
		ITTSE    float64 `json:"itt_se_CR1_school"`
	}
}

// star compares the class-size experiment with the reference.
func star(dir string, t *table) error {
	d, err := readCSV(filepath.Join(dir, "star_full_students.csv"))
	if err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(dir, "expected", "star.json"))
	if err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for _, y := range []string{"gktreadss", "gktmathss"} {
		var ref starRef
		if err := json.Unmarshal(all[y], &ref); err != nil {
			return err
		}
		if err := kindergarten(t, y, d, ref); err != nil {
			return fmt.Errorf("%s: %w", y, err)
		}
	}
	for _, y := range []string{"g3treadss", "g3tmathss"} {
		var ref doseRef
		if err := json.Unmarshal(all[y+"_dose"], &ref); err != nil {
			return err
		}
		if err := dose(t, y, d, ref); err != nil {
			return err
		}
	}
	return nil
}

// rows keeps the rows in which all columns are known.
func rows(d map[string]*column, names ...string) (keep []int) {
next:
	for i := range d[names[0]].text {
		for _, n := range names {
			if math.IsNaN(d[n].number[i]) {
				continue next
			}
		}
		keep = append(keep, i)
	}
	return keep
}

func take(c *column, keep []int) []float64 {
	out := make([]float64, len(keep))
	for k, i := range keep {
		out[k] = c.number[i]
	}
	return out
}

func is(x []float64, v float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		if x[i] == v {
			out[i] = 1
		}
	}
	return out
}

// numbered gives each value a number from 0 on.
func numbered(x []float64) []int32 {
	at := map[float64]int32{}
	out := make([]int32, len(x))
	for i, v := range x {
		if _, ok := at[v]; !ok {
			at[v] = int32(len(at))
		}
		out[i] = at[v]
	}
	return out
}

func group(y, in []float64) effect.Group {
	var x []float64
	sum := 0.0
	for i, v := range y {
		if in[i] == 1 {
			x = append(x, v)
			sum += v
		}
	}
	return effect.Group{N: float64(len(x)), Mean: sum / float64(len(x)), SD: stats.SD(x)}
}

func kindergarten(t *table, name string, d map[string]*column, ref starRef) error {
	keep := rows(d, name, "gkclasstype")
	y, kind := take(d[name], keep), take(d["gkclasstype"], keep)
	small, aide := is(kind, 1), is(kind, 3)
	schoolID := take(d["gkschid"], keep)
	school, class := numbered(schoolID), numbered(take(d["gktchid"], keep))
	what := "STAR " + name
	s := effect.Hedges(group(y, small), group(y, is(kind, 2)))
	t.row(what, "Hedges' g and error", max(relative(s.G, ref.Hedges.G), relative(s.SE, ref.Hedges.SE), relative(effect.Improvement(s.G), ref.Hedges.II)), 1e-6, "")
	f, err := linear.Regress(linear.Model{Y: y, X: [][]float64{small, aide}, Absorb: school})
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name    string
		kind    linear.Kind
		cluster []int32
		want    coefs
	}{{"classical", linear.Classical, nil, ref.FE.Classical}, {"HC1", linear.CR1, nil, ref.FE.HC1}, {"HC2", linear.CR2, nil, ref.FE.HC2}, {"CR0 by class", linear.CR0, class, ref.FE.CR0},
		{"CR1 by class", linear.CR1, class, ref.FE.CR1}, {"CR1 by school", linear.CR1, school, ref.FE.School}} {
		e := f.Errors(c.kind, c.cluster)
		t.row(what, "small and aide within schools, "+c.name, max(relative(e.Coef(0).Value, c.want["small"].Estimate), relative(e.Coef(0).SE, c.want["small"].SE), relative(e.Coef(1).SE, c.want["aide"].SE)), 1e-6, "")
	}
	e := f.Errors(linear.CR2, class).Coef(0)
	t.row(what, "CR2 by class and its degrees of freedom", max(relative(e.SE, ref.FE.CR2.SE[0]), relative(e.DF, ref.FE.CR2.DF[0])), 1e-6, "")
	ones := is(kind, 99)
	for i := range ones {
		ones[i] = 1
	}
	x := [][]float64{ones, small, aide}
	for _, m := range []struct {
		name string
		m    mixed.Model
		want lmer
	}{{"null", mixed.Model{X: x[:1]}, ref.Null}, {"school", mixed.Model{X: x}, ref.School}, {"school, ML", mixed.Model{X: x, ML: true}, ref.ML}, {"school and class", mixed.Model{X: x, Nested: class}, ref.Class},
		{"slopes", mixed.Model{X: x, Slopes: x[1:2]}, ref.Slope}, {"slopes and class", mixed.Model{X: x, Slopes: x[1:2], Nested: class}, ref.Both}} {
		m.m.Y, m.m.Group = y, school
		f, err := mixed.Estimate(m.m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		mixedRows(t, what+", mixed model "+m.name, f, m.want, schoolID, school)
	}
	var yi, vi []float64
	for _, s := range ref.Meta.Schools {
		yi, vi = append(yi, s.Diff), append(vi, s.SE*s.SE)
	}
	sum := effect.Meta(yi, vi, effect.REML, false)
	t.row(what, "effects by school pooled (REML)", max(relative(sum.Mean, ref.Meta.REML.Mu), relative(sum.SE, ref.Meta.REML.SE), relative(sum.Tau2, ref.Meta.REML.Tau2), relative(sum.I2, ref.Meta.REML.I2)), 1e-4, "")
	eb, ebse := effect.Shrink(yi, vi, sum)
	worst := 0.0
	for i, s := range ref.Meta.Schools {
		worst = max(worst, math.Abs(eb[i]-s.EB), math.Abs(ebse[i]-s.EBSE))
	}
	t.row(what, "shrunken effects by school", worst, 1e-4, "in points")
	return nil
}

func mixedRows(t *table, what string, f *mixed.Fit, want lmer, schoolID []float64, school []int32) {
	criterion, ok := want.Reml.(float64)
	if !ok {
		criterion, _ = want.Deviance.(float64)
	}
	t.row(what, "criterion above the reference", max(0, f.Criterion-criterion), 1e-4, fmt.Sprintf("%.6f", f.Criterion))
	worst := 0.0
	for k, name := range []string{"(Intercept)", "small", "aide"} {
		if k < len(f.Coef) {
			worst = max(worst, relative(f.Coef[k], want.Fixef[name]), relative(f.SE[k], want.SE[name]))
		}
	}
	t.row(what, "coefficients and errors", worst, 1e-4, "")
	worst = 0
	for _, v := range want.VarCorr {
		got := f.Residual
		switch {
		case v.Grp == "class":
			got = f.Nested
		case v.Grp == "school" && v.Var2 != nil:
			got = f.Between[0][1]
		case v.Grp == "school" && *v.Var1 == "small":
			got = f.Between[1][1]
		case v.Grp == "school":
			got = f.Between[0][0]
		}
		worst = max(worst, relative(got, v.VCov))
	}
	t.row(what, "variance components", worst, 1e-3, "")
	place := map[string]int{}
	id := map[int32]string{}
	for i, s := range school {
		id[s] = fmt.Sprintf("%.0f", schoolID[i])
	}
	for i, g := range f.Groups {
		place[id[g]] = i
	}
	worst = 0
	for _, r := range want.RanEf {
		term := 0
		if r.Term == "small" {
			term = 1
		}
		worst = max(worst, math.Abs(f.Effects[place[r.Grp]][term]-r.CondVal), math.Abs(f.SD[place[r.Grp]][term]-r.CondSD))
	}
	if len(want.RanEf) > 0 {
		t.row(what, "effects of schools (BLUP)", worst, 1e-2, "in points")
	}
}

func dose(t *table, name string, d map[string]*column, ref doseRef) error {
	keep := rows(d, name, "yearssmall", "g3schid")
	y, years, school := take(d[name], keep), take(d["yearssmall"], keep), numbered(take(d["g3schid"], keep))
	f, err := linear.Regress(linear.Model{Y: y, X: [][]float64{years}, Absorb: school})
	if err != nil {
		return err
	}
	e := f.Errors(linear.CR1, school).Coef(0)
	t.row("STAR "+name, "years in a small class, as received", max(relative(e.Value, ref.Linear.Estimate), relative(e.SE, ref.Linear.SE)), 1e-6, "")
	z, entry := make([]float64, len(y)), make([][]float64, 3)
	for k := range entry {
		entry[k] = make([]float64, len(y))
	}
	for i, r := range keep {
		for k, c := range []string{"gkclasstype", "g1classtype", "g2classtype", "g3classtype"} {
			if v := d[c].number[r]; !math.IsNaN(v) {
				if v == 1 {
					z[i] = 1
				}
				if k > 0 {
					entry[k-1][i] = 1
				}
				break
			}
		}
	}
	if f, err = linear.Regress(linear.Model{Y: y, X: append([][]float64{years}, entry...), Absorb: school, Instrumented: []int{0}, Instruments: [][]float64{z}}); err != nil {
		return err
	}
	e = f.Errors(linear.CR1, school).Coef(0)
	t.row("STAR "+name, "years by first assignment (2SLS)", max(relative(e.Value, ref.IV.Estimate), relative(e.SE, ref.IV.SE)), 1e-6, "")
	if f, err = linear.Regress(linear.Model{Y: y, X: append([][]float64{z}, entry...), Absorb: school}); err != nil {
		return err
	}
	e = f.Errors(linear.CR1, school).Coef(0)
	t.row("STAR "+name, "first assignment (ITT)", max(relative(e.Value, ref.IV.ITT), relative(e.SE, ref.IV.ITTSE)), 1e-6, "")
	return nil
}

// recovery draws comparison students for small classes from other schools, and compares what
// they say with the experiment: does a virtual comparison group find what randomisation found?
func recovery(dir string) error {
	d, err := readCSV(filepath.Join(dir, "star_full_students.csv"))
	if err != nil {
		return err
	}
	fmt.Println("\n| outcome | arm | experiment | virtual comparison | error by school | within its interval |\n|---|---|---|---|---|---|")
	for _, c := range []struct {
		name string
		kind float64
		arm  string
	}{{"gktreadss", 1, "small"}, {"gktmathss", 1, "small"}, {"gktreadss", 3, "aide (placebo)"}, {"gktmathss", 3, "aide (placebo)"}} {
		keep := rows(d, c.name, "gkclasstype", "race", "gender", "gkfreelunch", "birthyear", "birthmonth", "gksurban")
		y, kind := take(d[c.name], keep), take(d["gkclasstype"], keep)
		regular := group(y, is(kind, 2))
		school := numbered(take(d["gkschid"], keep))
		// The experiment: within schools, over the regular arm's deviation.
		f, err := linear.Regress(linear.Model{Y: y, X: [][]float64{is(kind, 1), is(kind, 3)}, Absorb: school})
		if err != nil {
			return err
		}
		coef := 0
		if c.kind == 3 {
			coef = 1
		}
		truth := f.Coef[coef] / regular.SD
		// The virtual groups: students of the arm, and regular ones of other schools.
		var rowsOf []int
		for i, k := range kind {
			if k == c.kind || k == 2 {
				rowsOf = append(rowsOf, i)
			}
		}
		pick := func(x []float64) []float64 {
			out := make([]float64, len(rowsOf))
			for k, i := range rowsOf {
				out[k] = x[i]
			}
			return out
		}
		treated := make([]bool, len(rowsOf))
		for k, i := range rowsOf {
			treated[k] = kind[i] == c.kind
		}
		col := func(n string) []int32 { return numbered(pick(take(d[n], keep))) }
		age := pick(take(d["birthyear"], keep))
		for i, m := range pick(take(d["birthmonth"], keep)) {
			age[i] = 12*age[i] + m
		}
		s := &match.Sample{Treated: treated, Stratum: match.Cross(col("race"), col("gender"), col("gkfreelunch"), col("gksurban")), Apart: numbered(pick(take(d["gkschid"], keep))),
			Calipers: []match.Caliper{{X: age, Width: 3}}}
		m, _, err := match.VirtualGroups(s, match.Virtual{Most: 51, Least: 1, Seed: 1})
		if err != nil {
			return err
		}
		yy := pick(y)
		var diff, ones []float64
		var at []int32
		for k, r := range m.Treated {
			if len(m.Controls[k]) == 0 {
				continue
			}
			mean := 0.0
			for _, x := range m.Controls[k] {
				mean += yy[x]
			}
			diff, ones, at = append(diff, (yy[r]-mean/float64(len(m.Controls[k])))/regular.SD), append(ones, 1), append(at, s.Apart[r])
		}
		if f, err = linear.Regress(linear.Model{Y: diff, X: [][]float64{ones}}); err != nil {
			return err
		}
		e := f.Errors(linear.CR2, at).Coef(0)
		fmt.Printf("| %s | %s | %.4f | %.4f | %.4f | %v |\n", c.name, c.arm, truth, e.Value, e.SE, e.Low <= truth && truth <= e.High)
	}
	return nil
}
