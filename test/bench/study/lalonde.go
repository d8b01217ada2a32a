package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"waymark/internal/study/linear"
	"waymark/internal/study/match"
)

// matchSpec is one specification of the reference, with its results.
type matchSpec struct {
	Code    string
	Pairs   []json.RawMessage
	Weights map[string]float64
	ATT     struct{ Estimate, SE float64 } `json:"att_unadjusted"`
	Adj     struct{ Estimate, SE float64 } `json:"att_covadj"`
	Balance []struct {
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
	sd := stdev(ps)
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
		{"nn_pslogit_caliper0.2", &match.Sample{Treated: treated, Score: log, Calipers: []match.Caliper{within(log, .2*stdev(log))}}, match.Neighbours{}},
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
		compare(t, j.name, ref.Specs[j.name], m, d["id"].text, d["re78"].number, j.o.Replace)
	}
	return nil
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
	ones, treat := make([]float64, len(ids)), make([]float64, len(ids))
	for i := range ids {
		ones[i] = 1
	}
	for _, r := range m.Treated {
		treat[r] = 1
	}
	f, err := linear.Regress(linear.Model{Y: y, X: [][]float64{treat, ones}, Weights: w})
	if err != nil {
		t.row("matching "+name, err.Error(), math.NaN(), 0, "")
		return
	}
	var cluster []int32
	if !reused {
		cluster = m.Sets(len(ids))
	}
	e := f.Errors(linear.CR1, cluster).Coef(0)
	t.row("matching "+name, "effect", relative(e.Value, want.ATT.Estimate), 1e-6, "")
	t.row("matching "+name, "its error", relative(e.SE, want.ATT.SE), 1e-6, "")
}
