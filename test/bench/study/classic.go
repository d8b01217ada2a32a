package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"waymark/internal/study/mixed"
)

// classic compares mixed models of data that every textbook has.
func classic(dir string, t *table) error {
	b, err := os.ReadFile(filepath.Join(dir, "expected", "methods.json"))
	if err != nil {
		return err
	}
	var ref struct {
		Models map[string]struct {
			Fixef   map[string]float64
			SE      map[string]float64
			VarCorr []struct {
				Grp  string
				Var1 *string
				Var2 *string
				VCov float64
			}
			LogLik float64
		} `json:"lmer_classic"`
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		return err
	}
	exam, err := readCSV(filepath.Join(dir, "mlmrev_exam.csv"))
	if err != nil {
		return err
	}
	hsb, err := readCSV(filepath.Join(dir, "hsb_mathachieve_students.csv"))
	if err != nil {
		return err
	}
	schools, err := readCSV(filepath.Join(dir, "hsb_mathachieve_schools.csv"))
	if err != nil {
		return err
	}
	sector := map[string]float64{}
	for i, s := range schools["School"].text {
		if schools["Sector"].text[i] == "Catholic" {
			sector[s] = 1
		}
	}
	n := len(hsb["MathAch"].number)
	ones := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = 1
		}
		return x
	}
	// As the reference has it: means of SES by school, and what is left of it.
	sum, count := map[string]float64{}, map[string]float64{}
	for i, s := range hsb["School"].text {
		sum[s] += hsb["SES"].number[i]
		count[s]++
	}
	mean, centred, catholic := make([]float64, n), make([]float64, n), make([]float64, n)
	mc, cc := make([]float64, n), make([]float64, n)
	for i, s := range hsb["School"].text {
		mean[i] = sum[s] / count[s]
		centred[i], catholic[i] = hsb["SES"].number[i]-mean[i], sector[s]
		mc[i], cc[i] = mean[i]*centred[i], centred[i]*catholic[i]
	}
	lrt := exam["standLRT"].number
	place := numbered(exam["school"].number)
	at := numberedText(hsb["School"].text)
	e := ones(len(lrt))
	models := map[string]struct {
		m     mixed.Model
		names []string
	}{
		"exam_int":      {mixed.Model{Y: exam["normexam"].number, X: [][]float64{e, lrt}, Group: place}, []string{"(Intercept)", "standLRT"}},
		"exam_slope":    {mixed.Model{Y: exam["normexam"].number, X: [][]float64{e, lrt}, Group: place, Slopes: [][]float64{lrt}}, []string{"(Intercept)", "standLRT"}},
		"exam_slope_ML": {mixed.Model{Y: exam["normexam"].number, X: [][]float64{e, lrt}, Group: place, Slopes: [][]float64{lrt}, ML: true}, []string{"(Intercept)", "standLRT"}},
		"hsb_null":      {mixed.Model{Y: hsb["MathAch"].number, X: [][]float64{ones(n)}, Group: at}, []string{"(Intercept)"}},
		"hsb_full": {mixed.Model{Y: hsb["MathAch"].number, X: [][]float64{ones(n), mean, centred, catholic, mc, cc}, Group: at, Slopes: [][]float64{centred}},
			[]string{"(Intercept)", "meanses", "cses", "catholic", "meanses:cses", "cses:catholic"}},
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		c, want := models[name], ref.Models[name]
		f, err := mixed.Estimate(c.m)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.row("classic "+name, "criterion above the reference", max(0, f.Criterion+2*want.LogLik), 1e-4, fmt.Sprintf("%.6f", f.Criterion))
		worst := 0.0
		for k, x := range c.names {
			worst = max(worst, relative(f.Coef[k], want.Fixef[x]), relative(f.SE[k], want.SE[x]))
		}
		t.row("classic "+name, "coefficients and errors", worst, 1e-4, "")
		worst = 0
		for k, v := range want.VarCorr {
			got := f.Residual
			switch {
			case v.Grp == "school" && v.Var2 != nil:
				got = f.Between[0][1]
			case v.Grp == "school":
				got = f.Between[k][k]
			}
			worst = max(worst, relative(got, v.VCov))
		}
		t.row("classic "+name, "variance components", worst, 1e-3, "")
	}
	return nil
}

// numberedText gives each text a number from 0 on.
func numberedText(x []string) []int32 {
	at := map[string]int32{}
	out := make([]int32, len(x))
	for i, v := range x {
		if _, ok := at[v]; !ok {
			at[v] = int32(len(at))
		}
		out[i] = at[v]
	}
	return out
}
