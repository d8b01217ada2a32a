package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
)

// items measures calibration and adaptive tests.
func (b *bench) items(ctx context.Context) error {
	if err := b.calibrate(ctx); err != nil {
		return err
	}
	if err := b.recover(); err != nil {
		return err
	}
	b.title("Adaptive tests: 500 items, 100 persons; catR 3.17 gives RMSE .2775, 18.67 items, 214 ms a test")
	given, answers, theta, err := givenTests()
	if err != nil {
		return err
	}
	var square, length float64
	took := make([]time.Duration, len(answers))
	for i, row := range answers {
		began := time.Now()
		t := assess.New(given, assess.Options{Most: 40, StopSE: .30})
		for {
			k, done := t.Next()
			if done {
				break
			}
			if err := t.Add(k, int8(row[k]-'0')); err != nil {
				return err
			}
		}
		took[i] = time.Since(began)
		m, _ := t.Estimate()
		square += (m - theta[i]) * (m - theta[i]) / float64(len(answers))
		length += float64(len(t.Asked())) / float64(len(answers))
	}
	rng := rand.New(rand.NewPCG(1, 1))
	bank := make([]assess.Candidate, 10_000)
	for i := range bank {
		bank[i].Item = irt.Dichotomous(.7+rng.Float64(), 1.5*rng.NormFloat64(), .2*rng.Float64())
	}
	t := assess.New(bank, assess.Options{Among: 3})
	next := median(2000, func() { t.Next() })
	return b.rows([][]string{{"RMSE", "items", "ms a test", "next of 10,000 items, us"}, {f4(math.Sqrt(square)), f2(length), f3(quantile(took, .5).Seconds() * 1000), f2(float64(next.Nanoseconds()) / 1000)}})
}

// givenTests returns the bank, the answers and the abilities that adaptive tests are
// compared with catR's on; internal/assess/testdata says where they come from.
func givenTests() (bank []assess.Candidate, answers []string, theta []float64, err error) {
	numbers := func(name string, each func([]float64)) error {
		text, err := os.ReadFile(filepath.Join("internal", "assess", "testdata", name))
		if err != nil {
			return err
		}
		lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			return err
		}
		for _, cells := range lines[1:] {
			row := make([]float64, len(cells))
			for i, c := range cells {
				if row[i], err = strconv.ParseFloat(c, 64); err != nil {
					return err
				}
			}
			each(row)
		}
		return nil
	}
	text, err := os.ReadFile(filepath.Join("internal", "assess", "testdata", "responses.txt"))
	if err != nil {
		return nil, nil, nil, err
	}
	err = cmp.Or(numbers("bank.csv", func(r []float64) { bank = append(bank, assess.Candidate{Item: irt.Dichotomous(r[0], r[1], r[2])}) }),
		numbers("theta.csv", func(r []float64) { theta = append(theta, r[len(r)-1]) }))
	return bank, strings.Fields(string(text)), theta, err
}

// calibrate fits the 2PL to given answers.
func (b *bench) calibrate(ctx context.Context) error {
	rows := [][]string{{"answers", "log-likelihood", "mirt 1.47", "CPU s, all of the program"}}
	for _, x := range [][2]string{{"lsat.csv", "-2466.653"}, {"czmatura_dich.csv", "-251065.342"}} {
		name := filepath.Join(b.data, "irt", x[0])
		if b.data == "" || !exists(name) {
			continue
		}
		var c struct {
			LogLikelihood float64 `json:"log_likelihood"`
		}
		cpu, err := b.waymark(ctx, &c, "assess", "calibrate", "--responses", name, "--model", "2pl")
		if err != nil {
			return err
		}
		rows = append(rows, []string{x[0], f3(c.LogLikelihood), x[1], f2(cpu)})
	}
	if len(rows) == 1 {
		return nil
	}
	b.title("Calibration, 2PL")
	return b.rows(rows)
}

// recover calibrates answers that were drawn from known items.
func (b *bench) recover() error {
	b.title("Calibration finds again what answers were drawn from: 20 items, root mean squared errors")
	rows := [][]string{{"model", "persons", "slope a", "difficulty b", "mean standard error of b", "true b within 95 %"}}
	for _, model := range []irt.Model{irt.OnePL, irt.TwoPL, irt.ThreePL, irt.Graded} {
		for _, persons := range []int{500, 2000, 8000} {
			rng := rand.New(rand.NewPCG(uint64(persons), 4))
			truth := make([]irt.Item, 20)
			for j := range truth {
				it := irt.Dichotomous(math.Exp(.3*rng.NormFloat64()), 1.2*rng.NormFloat64(), 0)
				switch model {
				case irt.OnePL:
					it.Slope = 1
				case irt.ThreePL:
					it.Guess = .1 + .15*rng.Float64()
				case irt.Graded:
					d := it.Difficulty[0]
					it.Difficulty = []float64{d - 1.2, d, d + 1}
				}
				truth[j] = it
			}
			answers := make([][]int8, persons)
			for i := range answers {
				theta := rng.NormFloat64()
				answers[i] = make([]int8, len(truth))
				for j, it := range truth {
					u := rng.Float64()
					for c := 0; c < len(it.Difficulty); c++ {
						if u -= it.Category(c, theta); u < 0 {
							break
						}
						answers[i][j]++
					}
				}
			}
			f, err := irt.Calibrate(answers, irt.Options{Model: model})
			if err != nil {
				return err
			}
			var a, d, se, n, within float64
			for j, it := range f.Items {
				a += math.Pow(it.Slope-truth[j].Slope, 2) / float64(len(truth))
				for x := range it.Difficulty {
					off := it.Difficulty[x] - truth[j].Difficulty[x]
					d, se, n = d+off*off, se+it.DifficultySE[x], n+1
					if math.Abs(off) <= 1.96*it.DifficultySE[x] {
						within++
					}
				}
			}
			rows = append(rows, []string{string(model), fmt.Sprint(persons), f3(math.Sqrt(a)), f3(math.Sqrt(d / n)), f3(se / n), fmt.Sprintf("%.0f %%", 100*within/n)})
		}
	}
	return b.rows(rows)
}

// median times do n times and returns the median.
func median(n int, do func()) time.Duration {
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		do()
		took[i] = time.Since(began)
	}
	return quantile(took, .5)
}
