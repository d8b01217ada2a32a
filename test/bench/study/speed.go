package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"waymark/internal/stats"
	"waymark/internal/study/linear"
	"waymark/internal/study/match"
	"waymark/internal/study/mixed"
)

// pool is a file of students with the columns that the jobs need.
type pool struct {
	treated []bool
	number  map[string][]float64
	code    map[string][]int32
}

// readPool reads a file by lines, since a million rows of text would fill the memory that is
// measured.
func readPool(file string) (*pool, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	head, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	numbers := map[string]bool{"z": true, "frl": true, "ell": true, "sped": true, "school_frl": true, "days": true, "prior": true, "pretest": true, "posttest": true, "grade": true}
	codes := map[string]bool{"school": true, "grade": true, "gender": true, "locale": true, "frl": true, "ethnicity": true}
	p := &pool{number: map[string][]float64{}, code: map[string][]int32{}}
	names := strings.Split(strings.TrimSpace(head), ",")
	index := make([]map[string]int32, len(names))
	for {
		row, err := in.ReadSlice('\n')
		if len(row) == 0 && err != nil {
			return p, nil
		}
		for k, cell := range bytes.Split(bytes.TrimRight(row, "\r\n"), []byte{','}) {
			name := names[k]
			if name == "treat" {
				p.treated = append(p.treated, string(cell) == "1")
				continue
			}
			if numbers[name] {
				v, err := strconv.ParseFloat(string(cell), 64)
				if err != nil {
					return nil, err
				}
				p.number[name] = append(p.number[name], v)
			}
			if codes[name] {
				if index[k] == nil {
					index[k] = map[string]int32{}
				}
				c, ok := index[k][string(cell)]
				if !ok {
					c = int32(len(index[k]))
					index[k][string(cell)] = c
				}
				p.code[name] = append(p.code[name], c)
			}
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the most memory that the process has held, in MB.
func peak() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return math.NaN()
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kb / 1024
		}
	}
	return math.NaN()
}

// measure times the jobs of the reference's speed table, each alone in a process of its own
// where only one is named, so that memory is its own.
func measure(file, only string) error {
	start := cpu()
	p, err := readPool(file)
	if err != nil {
		return err
	}
	n := len(p.treated)
	fmt.Printf("\n%d students; reading %.2f s CPU\n\n| job | CPU s | peak MB | result |\n|---|---|---|---|\n", n, (cpu() - start).Seconds())
	run := func(name string, job func() string) {
		if only != "" && only != name {
			return
		}
		start := cpu()
		result := job()
		fmt.Printf("| %s | %.2f | %.0f | %s |\n", name, (cpu() - start).Seconds(), peak(), result)
	}
	y := p.number["posttest"]
	att := func(m *match.Matching) string {
		sum, t, pairs := 0.0, 0, 0
		for i, r := range m.Treated {
			if len(m.Controls[i]) == 0 {
				continue
			}
			mean := 0.0
			for _, c := range m.Controls[i] {
				mean += y[c]
			}
			sum += y[r] - mean/float64(len(m.Controls[i]))
			pairs += len(m.Controls[i])
			t++
		}
		return fmt.Sprintf("%d of %d matched, %d pairs, ATT %.6f", t, len(m.Treated), pairs, sum/float64(t))
	}
	virtual := func() *match.Sample {
		return &match.Sample{Treated: p.treated, Stratum: match.Cross(p.code["grade"], p.code["gender"], p.code["locale"], p.code["frl"]),
			Calipers: []match.Caliper{{X: p.number["pretest"], Width: 3}, {X: p.number["school_frl"], Width: 10}, {X: p.number["days"], Width: 18}}}
	}
	run("virtual groups, 51 drawn", func() string {
		m, _, err := match.VirtualGroups(virtual(), match.Virtual{Seed: 1})
		if err != nil {
			return err.Error()
		}
		return att(m)
	})
	run("virtual groups, 51 drawn, none shared", func() string {
		m, _, err := match.VirtualGroups(virtual(), match.Virtual{Seed: 1, Alone: true})
		if err != nil {
			return err.Error()
		}
		return att(m)
	})
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	dummies := func(name string) (cols [][]float64) {
		most := int32(0)
		for _, c := range p.code[name] {
			most = max(most, c)
		}
		for k := int32(1); k <= most; k++ {
			col := make([]float64, n)
			for i, c := range p.code[name] {
				if c == k {
					col[i] = 1
				}
			}
			cols = append(cols, col)
		}
		return cols
	}
	var ps []float64
	propensity := func() []float64 {
		if ps != nil {
			return ps
		}
		x := [][]float64{ones}
		for _, c := range []string{"pretest", "prior", "grade", "frl", "ell", "sped", "school_frl", "days"} {
			x = append(x, p.number[c])
		}
		for _, c := range []string{"gender", "ethnicity", "locale"} {
			x = append(x, dummies(c)...)
		}
		t := make([]float64, n)
		for i, v := range p.treated {
			if v {
				t[i] = 1
			}
		}
		l, err := linear.Logistic(x, t)
		if err != nil {
			return nil
		}
		ps = l.Fitted
		return ps
	}
	run("nearest 1:1, exact and caliper .1", func() string {
		ps := propensity()
		m, err := match.Nearest(&match.Sample{Treated: p.treated, Score: ps, Stratum: match.Cross(p.code["grade"], p.code["gender"], p.code["locale"]),
			Calipers: []match.Caliper{{X: ps, Width: .1 * stats.SD(ps)}}}, match.Neighbours{})
		if err != nil {
			return err.Error()
		}
		return "propensity included; " + att(m)
	})
	run("full matching, exact", func() string {
		ps := propensity()
		sets, sum, err := match.Full(&match.Sample{Treated: p.treated, Score: ps, Stratum: match.Cross(p.code["grade"], p.code["gender"], p.code["locale"])})
		if err != nil {
			return err.Error()
		}
		most := int32(0)
		for _, s := range sets {
			most = max(most, s)
		}
		return fmt.Sprintf("propensity included; %d sets, distance %.6f", most+1, sum)
	})
	standard := func(x []float64) []float64 {
		mean, sd := 0.0, stats.SD(x)
		for _, v := range x {
			mean += v / float64(n)
		}
		out := make([]float64, n)
		for i, v := range x {
			out[i] = (v - mean) / sd
		}
		return out
	}
	model := func() mixed.Model {
		t := make([]float64, n)
		for i, v := range p.treated {
			if v {
				t[i] = 1
			}
		}
		x := [][]float64{ones, standard(p.number["pretest"])}
		x = append(x, dummies("grade")...)
		return mixed.Model{Y: standard(y), X: append(x, p.number["z"], t, p.number["frl"]), Group: p.code["school"]}
	}
	describe := func(m mixed.Model) string {
		f, err := mixed.Estimate(m)
		if err != nil {
			return err.Error()
		}
		k := len(f.Coef) - 2
		return fmt.Sprintf("treat %.8f (%.8f), schools %.9f, residual %.9f, REML %.6f, %d evaluations", f.Coef[k], f.SE[k], f.Between[0][0], f.Residual, f.Criterion, f.Steps)
	}
	run("random intercept", func() string { return describe(model()) })
	run("random intercept and slope", func() string {
		m := model()
		m.Slopes = [][]float64{p.number["z"]}
		return describe(m)
	})
	return nil
}
