package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"waymark/internal/stats"
	"waymark/internal/study/linear"
	"waymark/internal/study/match"
	"waymark/internal/study/sensitivity"
)

// matchSpec is one specification of the reference, with its results.
type matchSpec struct {
	Code     string
	Pairs    []json.RawMessage
	Weights  map[string]float64
	Subclass map[string]json.RawMessage
	ATT      struct{ Estimate, SE float64 } `json:"att_unadjusted"`
	Adj      struct{ Estimate, SE float64 } `json:"att_covadj"`
	Balance  []struct {
		Variable string   `json:"variable"`
		SMD      *float64 `json:"Std. Mean Diff."`
		Ratio    *float64 `json:"Var. Ratio"`
		ECDFMean *float64 `json:"eCDF Mean"`
		ECDFMax  *float64 `json:"eCDF Max"`
	} `json:"balance_matched"`
}

// lalonde compares matchings of the job-training data with those of the reference.
func lalonde(dir string, t *table) error {
	d, err := readCSV(filepath.Join(dir, "lalonde_matchit.csv"))
	if err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(dir, "expected", "lalonde_matchit_4.7.2.json"))
	if err != nil {
		return err
	}
	var ref struct {
		Specs  map[string]matchSpec
		Fitted map[string]float64 `json:"ps_fitted"`
		PS     struct {
			Coef     map[string]float64
			SE       map[string]float64
			Deviance float64
		} `json:"ps_model"`
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		return err
	}
	n := len(d["treat"].text)
	treated := make([]bool, n)
	for i, v := range d["treat"].number {
		treated[i] = v == 1
	}
	race := func(of string) []float64 {
		out := make([]float64, n)
		for i, r := range d["race"].text {
			if r == of {
				out[i] = 1
			}
		}
		return out
	}
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	num := func(name string) []float64 { return d[name].number }
	x := [][]float64{ones, num("age"), num("educ"), race("hispan"), race("white"), num("married"), num("nodegree"), num("re74"), num("re75")}
	logit, err := linear.Logistic(x, d["treat"].number)
	if err != nil {
		return err
	}
	worst := 0.0
	for k, name := range []string{"(Intercept)", "age", "educ", "racehispan", "racewhite", "married", "nodegree", "re74", "re75"} {
		worst = max(worst, relative(logit.Coef[k], ref.PS.Coef[name]))
	}
	t.row("propensity (logit)", "coefficients", worst, 1e-6, "")
	ps := logit.Fitted
	sd := stats.SD(ps)
	log := make([]float64, n)
	for i, p := range ps {
		log[i] = math.Log(p / (1 - p))
	}
	strata := func(names ...string) []int32 {
		at := map[string]int32{}
		out := make([]int32, n)
		for i := range out {
			key := ""
			for _, v := range names {
				key += d[v].text[i] + "|"
			}
			if _, ok := at[key]; !ok {
				at[key] = int32(len(at))
			}
			out[i] = at[key]
		}
		return out
	}
	within := func(x []float64, w float64) match.Caliper { return match.Caliper{X: x, Width: w} }
	full := [][]float64{num("age"), num("educ"), race("black"), race("hispan"), race("white"), num("married"), num("nodegree"), num("re74"), num("re75")}
	maha, err := match.Mahalanobis(full, treated)
	if err != nil {
		return err
	}
	robust, err := match.RobustMahalanobis(full, treated)
	if err != nil {
		return err
	}
	part, err := match.Mahalanobis([][]float64{num("age"), num("educ"), num("re74"), num("re75")}, treated)
	if err != nil {
		return err
	}
	base := match.Sample{Treated: treated, Score: ps}
	with := func(change func(*match.Sample)) *match.Sample { s := base; change(&s); return &s }
	cal := func(k float64) []match.Caliper { return []match.Caliper{within(ps, k*sd)} }
	type job struct {
		name string
		s    *match.Sample
		o    match.Neighbours
	}
	plain := &base
	for _, j := range []job{
		{"nn_ps_largest", plain, match.Neighbours{}},
		{"nn_ps_smallest", plain, match.Neighbours{Order: match.Smallest}},
		{"nn_ps_data", plain, match.Neighbours{Order: match.InData}},
		{"nn_ps_closest", plain, match.Neighbours{Order: match.Closest}},
		{"nn_ps_caliper0.2", with(func(s *match.Sample) { s.Calipers = cal(.2) }), match.Neighbours{}},
		{"nn_ps_caliper0.05", with(func(s *match.Sample) { s.Calipers = cal(.05) }), match.Neighbours{}},
		{"nn_pslogit_caliper0.2", &match.Sample{Treated: treated, Score: log, Calipers: []match.Caliper{within(log, .2*stats.SD(log))}}, match.Neighbours{}},
		{"nn_ps_caliper_cov", with(func(s *match.Sample) { s.Calipers = append(cal(.25), within(num("age"), 3), within(num("educ"), 1)) }), match.Neighbours{}},
		{"nn_ps_exact_race", with(func(s *match.Sample) { s.Stratum = strata("race") }), match.Neighbours{}},
		{"nn_ps_exact_race_married_caliper", with(func(s *match.Sample) { s.Stratum, s.Calipers = strata("race", "married"), cal(.2) }), match.Neighbours{}},
		{"nn_ps_ratio2", plain, match.Neighbours{Ratio: 2}},
		{"nn_ps_ratio5_caliper0.2_exact_race", with(func(s *match.Sample) { s.Stratum, s.Calipers = strata("race"), cal(.2) }), match.Neighbours{Ratio: 5}},
		{"nn_ps_replace", plain, match.Neighbours{Replace: true}},
		{"nn_ps_replace_ratio3_caliper", with(func(s *match.Sample) { s.Calipers = cal(.2) }), match.Neighbours{Replace: true, Ratio: 3}},
		{"vcg_like_replace_ratio51_exact", with(func(s *match.Sample) {
			s.Stratum, s.Calipers = strata("race", "married", "nodegree"), []match.Caliper{within(num("age"), 5)}
		}), match.Neighbours{Replace: true, Ratio: 51}},
		{"nn_mahalanobis", &match.Sample{Treated: treated, Space: maha}, match.Neighbours{Order: match.InData}},
		{"nn_mahalanobis_exact_race", &match.Sample{Treated: treated, Space: maha, Stratum: strata("race")}, match.Neighbours{Order: match.InData}},
		{"nn_ps_caliper_mahvars", with(func(s *match.Sample) { s.Space, s.Calipers = part, cal(.25) }), match.Neighbours{}},
		{"nn_robust_mahalanobis", &match.Sample{Treated: treated, Space: robust}, match.Neighbours{Order: match.InData}},
	} {
		m, err := match.Nearest(j.s, j.o)
		if err != nil {
			return fmt.Errorf("%s: %w", j.name, err)
		}
		if broken := match.Check(j.s, j.o, m); len(broken) > 0 {
			return fmt.Errorf("%s breaks rules: %v", j.name, broken[:min(3, len(broken))])
		}
		if len(j.s.Space) > 0 || j.o.Order == match.Closest { // ties between equal students
			distances(t, j.name, ref.Specs[j.name], j.s, m, d["id"].text)
			continue
		}
		compare(t, j.name, ref.Specs[j.name], m, d["id"].text, d["re78"].number, j.o.Replace)
		if j.name == "nn_ps_caliper0.2" {
			hidden(t, m, d["re78"].number)
		}
		balance(t, j.name, ref.Specs[j.name], m.Weights(n), treated, map[string][]float64{"distance": j.s.Score, "age": num("age"), "educ": num("educ"), "raceblack": race("black"), "racehispan": race("hispan"),
			"racewhite": race("white"), "married": num("married"), "nodegree": num("nodegree"), "re74": num("re74"), "re75": num("re75")})
	}
	bins := func(name string, cuts ...float64) []int32 { return match.Bins(num(name), cuts) }
	coarse := match.Cross(bins("age", 20, 25, 30, 35, 40), bins("educ", 8.5, 11.5, 12.5), bins("re74", 1, 5000, 10000), bins("re75", 1, 5000, 10000), strata("married"), strata("nodegree"))
	sturges := []([]int32){strata("race"), strata("married"), strata("nodegree")}
	for _, name := range []string{"age", "educ", "re74", "re75"} {
		sturges = append(sturges, match.Bins(num(name), match.Sturges(num(name))))
	}
	everybody := make([]bool, n)
	for i := range everybody {
		everybody[i] = true
	}
	for _, j := range []struct {
		name     string
		strata   []int32
		estimand match.Estimand
	}{{"exact_race_married_nodegree", strata("race", "married", "nodegree"), match.ATT}, {"cem_default", match.Cross(sturges...), match.ATT}, {"cem_cutpoints", match.Cross(coarse, strata("race")), match.ATT},
		{"subclass6", match.Bins(ps, match.Quantiles(ps, treated, 6)), match.ATT}, {"subclass10_ate", match.Bins(ps, match.Quantiles(ps, everybody, 10)), match.ATE}} {
		w, _ := match.Stratified(treated, j.strata, j.estimand)
		far := 0.0
		for i, id := range d["id"].text {
			far = max(far, math.Abs(w[i]-ref.Specs[j.name].Weights[id]))
		}
		t.row("matching "+j.name, "weights", far, 1e-9, "")
		cluster := j.strata
		effectOf(t, j.name, ref.Specs[j.name], w, treated, d["re78"].number, cluster)
	}
	for _, j := range []struct {
		name  string
		s     *match.Sample
		ratio int
	}{{"optimal_ps", plain, 1}, {"optimal_ps_ratio2", plain, 2}, {"optimal_mahalanobis", &match.Sample{Treated: treated, Space: maha}, 1}} {
		m, err := match.Optimal(j.s, j.ratio)
		if err != nil {
			return err
		}
		distances(t, j.name, ref.Specs[j.name], j.s, m, d["id"].text)
	}
	for _, j := range []struct {
		name string
		s    *match.Sample
	}{{"full_ps", plain}, {"full_ps_caliper0.1", with(func(s *match.Sample) { s.Calipers = cal(.1) })}} {
		_, sum, err := match.Full(j.s)
		if err != nil {
			return err
		}
		want := setDistances(ref.Specs[j.name].Subclass, d["id"].text, treated, ps)
		t.row("matching "+j.name, "sum of distances above the reference", max(0, sum/want-1), 1e-6, fmt.Sprintf("%.6f; the reference has %.6f", sum, want))
	}
	return nil
}

// distances compares the sum of distances with that of the reference's pairs.
func distances(t *table, name string, want matchSpec, s *match.Sample, m *match.Matching, ids []string) {
	at := map[string]int{}
	for i, id := range ids {
		at[id] = i
	}
	far := func(a, b int) float64 {
		if len(s.Space) == 0 {
			return math.Abs(s.Score[a] - s.Score[b])
		}
		d := 0.0
		for _, x := range s.Space {
			d += (x[a] - x[b]) * (x[a] - x[b])
		}
		return math.Sqrt(d)
	}
	mine, theirs := 0.0, 0.0
	for i, r := range m.Treated {
		for _, c := range m.Controls[i] {
			mine += far(int(r), int(c))
		}
	}
	for _, raw := range want.Pairs {
		var many []string
		if json.Unmarshal(raw, &many) == nil {
			for _, c := range many[1:] {
				theirs += far(at[many[0]], at[c])
			}
		}
	}
	t.row("matching "+name, "sum of distances above the reference", max(0, mine/theirs-1), 1e-9, fmt.Sprintf("%.6f; the reference has %.6f", mine, theirs))
}

// setDistances is the sum of distances within matched sets of the reference.
func setDistances(subclass map[string]json.RawMessage, ids []string, treated []bool, x []float64) (sum float64) {
	sets := map[string][][]int{}
	for i, id := range ids {
		k := string(subclass[id])
		if k == "null" || k == "" {
			continue
		}
		if sets[k] == nil {
			sets[k] = make([][]int, 2)
		}
		side := 0
		if treated[i] {
			side = 1
		}
		sets[k][side] = append(sets[k][side], i)
	}
	for _, s := range sets {
		for _, a := range s[0] {
			for _, b := range s[1] {
				sum += math.Abs(x[a] - x[b])
			}
		}
	}
	return sum
}

// hidden compares Rosenbaum's bounds on the pairs.
func hidden(t *table, m *match.Matching, y []float64) {
	var d []float64
	for i, r := range m.Treated {
		if len(m.Controls[i]) == 1 {
			d = append(d, y[r]-y[m.Controls[i][0]])
		}
	}
	want := []float64{.0786, .1596, .2689, .3944, .5217, .6385, .7375, .816, .875, .9175, .9468}
	worst := 0.0
	for i, w := range want {
		b := sensitivity.SignedRank(d, []float64{1 + float64(i)/10})
		worst = max(worst, math.Abs(b[0].Upper-w))
	}
	t.row("Rosenbaum bounds", "upper p values, Γ 1 to 2", worst, 5.1e-5, "the reference prints four places")
}

// balance compares measures of balance of each covariate.
func balance(t *table, name string, want matchSpec, w []float64, treated []bool, x map[string][]float64) {
	var smd, ratio, mean, most float64
	for _, b := range want.Balance {
		got := match.BalanceOf(x[b.Variable], treated, w, match.TreatedSD(x[b.Variable], treated))
		if b.SMD != nil {
			smd = max(smd, math.Abs(got.SMD-*b.SMD))
		}
		if b.Ratio != nil {
			ratio = max(ratio, math.Abs(got.VarianceRatio-*b.Ratio))
		}
		if b.ECDFMean != nil {
			mean = max(mean, math.Abs(got.ECDFMean-*b.ECDFMean))
		}
		if b.ECDFMax != nil {
			most = max(most, math.Abs(got.ECDFMax-*b.ECDFMax))
		}
	}
	t.row("matching "+name, "standardised differences", smd, 1e-6, "")
	t.row("matching "+name, "variance ratios", ratio, 1e-6, "")
	t.row("matching "+name, "eCDF, mean and most", max(mean, most), 1e-6, "")
}

// compare puts a matching beside that of the reference: pairs, weights, effect and its error.
func compare(t *table, name string, want matchSpec, m *match.Matching, ids []string, y []float64, reused bool) {
	pairs := map[string]string{}
	for _, raw := range want.Pairs {
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			pairs[one] = ""
			continue
		}
		if json.Unmarshal(raw, &many) == nil {
			slices.Sort(many[1:])
			pairs[many[0]] = strings.Join(many[1:], " ")
		}
	}
	same := 0
	for i, r := range m.Treated {
		var mine []string
		for _, c := range m.Controls[i] {
			mine = append(mine, ids[c])
		}
		slices.Sort(mine)
		if strings.Join(mine, " ") == pairs[ids[r]] {
			same++
		}
	}
	w := m.Weights(len(ids))
	far := 0.0
	for i, id := range ids {
		far = max(far, math.Abs(w[i]-want.Weights[id]))
	}
	t.row("matching "+name, "weights", far, 1e-9, fmt.Sprintf("%d of %d sets are the same", same, len(m.Treated)))
	treated := make([]bool, len(ids))
	for _, r := range m.Treated {
		treated[r] = true
	}
	var cluster []int32
	if !reused {
		cluster = m.Sets(len(ids))
	}
	effectOf(t, name, want, w, treated, y, cluster)
}

// effectOf compares the weighted difference and its error.
func effectOf(t *table, name string, want matchSpec, w []float64, treated []bool, y []float64, cluster []int32) {
	ones, treat := make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		ones[i] = 1
		if treated[i] {
			treat[i] = 1
		}
	}
	f, err := linear.Regress(linear.Model{Y: y, X: [][]float64{treat, ones}, Weights: w})
	if err != nil {
		t.row("matching "+name, err.Error(), math.NaN(), 0, "")
		return
	}
	e := f.Errors(linear.CR1, cluster).Coef(0)
	t.row("matching "+name, "effect", relative(e.Value, want.ATT.Estimate), 1e-6, "")
	t.row("matching "+name, "its error", relative(e.SE, want.ATT.SE), 1e-6, "")
}
