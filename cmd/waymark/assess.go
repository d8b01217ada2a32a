package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/fault"
)

func assessCommand(e *env) *command {
	return &command{
		name: "assess", short: "Item banks: calibrate items, try adaptive tests.",
		sub: []*command{calibrateCommand(e), recalibrateCommand(e), catCommand(e)},
	}
}

// cells reads a CSV file whole; header says what a first line is like that is no data.
func cells(name string, header func([]string) bool) (head []string, rows [][]string, err error) {
	f, _, err := readable(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err = r.ReadAll()
	if err != nil {
		var p *csv.ParseError
		if errors.As(err, &p) {
			return nil, nil, fault.New(fault.Invalid, "%s, line %d: %v.", name, p.Line, p.Err)
		}
		return nil, nil, err
	}
	if len(rows) == 0 {
		return nil, nil, fault.New(fault.Invalid, "%s is empty.", name)
	}
	rows[0][0] = strings.TrimPrefix(rows[0][0], "\ufeff")
	if header(rows[0]) {
		if len(rows) == 1 {
			return nil, nil, fault.New(fault.Invalid, "%s has names of columns and nothing below them.", name)
		}
		return rows[0], rows[1:], nil
	}
	return nil, rows, nil
}

func wordy(row []string) bool {
	return slices.ContainsFunc(row, func(c string) bool {
		_, err := strconv.ParseFloat(strings.TrimSpace(c), 64)
		return err != nil && !missing(c)
	})
}

func missing(c string) bool {
	switch strings.ToUpper(strings.TrimSpace(c)) {
	case "", "NA", "N/A", ".":
		return true
	}
	return false
}

// responses reads answers: wide, one line for each person and one column for each item,
// or long, with columns user, item and score.
func responses(name string) (items []string, answers [][]int8, err error) {
	head, rows, err := cells(name, wordy)
	if err != nil {
		return nil, nil, err
	}
	line := 1
	if head != nil {
		line = 2
	}
	category := func(row int, field, c string) (int8, error) {
		if missing(c) {
			return irt.Missing, nil
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(c), 64)
		if err != nil || f != math.Trunc(f) || f < 0 || f > 20 {
			return 0, fault.New(fault.Invalid, "%s, line %d, %s: %q is no score. Scores are whole numbers from 0; leave empty what was not answered.", name, line+row, field, c)
		}
		return int8(f), nil
	}
	column := func(names ...string) int {
		return slices.IndexFunc(head, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	user, item, score := column("user", "user_id", "person", "student"), column("item", "item_id"), column("score", "correct", "answer")
	if user < 0 || item < 0 || score < 0 {
		width := len(rows[0])
		for i, row := range rows {
			if len(row) != width {
				return nil, nil, fault.New(fault.Invalid, "%s, line %d: %d columns; the first line has %d.", name, line+i, len(row), width)
			}
			list := make([]int8, width)
			for j, c := range row {
				field := fmt.Sprintf("column %d", j+1)
				if head != nil {
					field = head[j]
				}
				if list[j], err = category(i, field, c); err != nil {
					return nil, nil, err
				}
			}
			answers = append(answers, list)
		}
		for j := range width {
			if head != nil {
				items = append(items, strings.TrimSpace(head[j]))
			} else {
				items = append(items, strconv.Itoa(j+1))
			}
		}
		return items, answers, nil
	}
	people, at := map[string]int{}, map[string]int{}
	type one struct {
		person, item int
		x            int8
	}
	var all []one
	for i, row := range rows {
		if len(row) != len(head) {
			return nil, nil, fault.New(fault.Invalid, "%s, line %d: %d columns; the first line has %d.", name, line+i, len(row), len(head))
		}
		x, err := category(i, head[score], row[score])
		if err != nil {
			return nil, nil, err
		}
		if _, ok := people[row[user]]; !ok {
			people[row[user]] = len(people)
		}
		if _, ok := at[row[item]]; !ok {
			at[row[item]] = len(at)
			items = append(items, row[item])
		}
		all = append(all, one{people[row[user]], at[row[item]], x})
	}
	answers = make([][]int8, len(people))
	for i := range answers {
		answers[i] = slices.Repeat([]int8{irt.Missing}, len(items))
	}
	for _, o := range all {
		answers[o.person][o.item] = o.x
	}
	return items, answers, nil
}

// itemRow is a calibrated item as a command prints it.
type itemRow struct {
	Item    string    `json:"item"`
	A       float64   `json:"a"`
	ASE     float64   `json:"a_se"`
	B       []float64 `json:"b"`
	BSE     []float64 `json:"b_se"`
	C       float64   `json:"c"`
	CSE     float64   `json:"c_se"`
	Answers int       `json:"answers"`
	Right   float64   `json:"right"`
	Infit   float64   `json:"infit"`
	Outfit  float64   `json:"outfit"`
	SX2     float64   `json:"s_x2"`
	DF      int       `json:"s_x2_df"`
	P       float64   `json:"s_x2_p"`
}

func calibrateCommand(e *env) *command {
	var o options
	var file, model, out string
	return &command{
		name: "calibrate", args: "--responses FILE.csv [--model 2pl]", short: "Estimate items from answers: 1pl, 2pl, 3pl or graded.",
		long: `FILE.csv has one line for each person and one column for each item (0, 1, or a category; empty where there is no answer), or the
columns user, item and score. Marginal maximum likelihood by EM on 61 points from -6 to 6; standard errors from the cross-products of the
persons' scores; infit, outfit and S-X2 say which items do not keep to the model.`,
		examples: []string{"waymark assess calibrate --responses answers.csv --model 2pl --out bank.csv"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&file, "responses", "", "`file` of answers")
			fs.StringVar(&model, "model", "2pl", "1pl, 2pl, 3pl or grm")
			fs.StringVar(&out, "out", "", "`file` to write the item bank to")
			fs.BoolVar(&o.json, "json", false, "print the result as JSON")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if file == "" {
				return usage("say where the answers are: --responses FILE.csv")
			}
			m, err := irt.ParseModel(model)
			if err != nil {
				return usage("%s", err)
			}
			names, answers, err := responses(file)
			if err != nil {
				return err
			}
			start := time.Now()
			f, err := irt.Calibrate(answers, irt.Options{Model: m})
			if err != nil && fault.KindOf(err) == fault.Invalid {
				return fault.New(fault.Invalid, "%s: %s", file, fault.Sentence(err))
			}
			if err != nil {
				return err
			}
			took := time.Since(start)
			items := make([]irt.Item, len(f.Items))
			for j, it := range f.Items {
				items[j] = it.Item
			}
			fits := irt.Check(items, answers, f.Variance)
			rows := make([]itemRow, len(items))
			for j, it := range f.Items {
				rows[j] = itemRow{names[j], it.Slope, it.SlopeSE, it.Difficulty, it.DifficultySE, it.Guess, it.GuessSE, it.Answers, it.Right,
					fits[j].Infit, fits[j].Outfit, fits[j].S, fits[j].DF, fits[j].P}
			}
			if out != "" {
				if err := writeBank(out, rows); err != nil {
					return err
				}
			}
			return o.print(e, struct {
				Model         irt.Model `json:"model"`
				Persons       int       `json:"persons"`
				LogLikelihood float64   `json:"log_likelihood"`
				Variance      float64   `json:"variance"`
				Rounds        int       `json:"rounds"`
				Converged     bool      `json:"converged"`
				Seconds       float64   `json:"seconds"`
				Items         []itemRow `json:"items"`
			}{f.Model, f.Persons, f.LogLikelihood, f.Variance, f.Rounds, f.Converged, took.Seconds(), rows}, func(w io.Writer) {
				fmt.Fprintf(w, "%s of %d items by %d persons: log-likelihood %.3f, %d rounds\n", f.Model, len(rows), f.Persons, f.LogLikelihood, f.Rounds)
				if !f.Converged {
					fmt.Fprintln(w, "It had not settled when it was stopped: take the figures with care.")
				}
				fmt.Fprintf(w, "%-16s %7s %7s  %-18s %7s %6s %6s %6s %8s\n", "item", "a", "(se)", "b (se)", "c", "right", "infit", "outfit", "S-X2 p")
				for _, r := range rows {
					var b []string
					for i := range r.B {
						b = append(b, fmt.Sprintf("%.3f (%.3f)", r.B[i], r.BSE[i]))
					}
					fmt.Fprintf(w, "%-16s %7.3f %7.3f  %-18s %7.3f %6.3f %6.2f %6.2f %8.4f\n", r.Item, r.A, r.ASE, strings.Join(b, " "), r.C, r.Right, r.Infit, r.Outfit, r.P)
				}
			})
		},
	}
}

func writeBank(name string, rows []itemRow) error {
	most := 1
	for _, r := range rows {
		most = max(most, len(r.B))
	}
	head := []string{"item", "a"}
	for i := range most {
		if most == 1 {
			head = append(head, "b")
		} else {
			head = append(head, fmt.Sprintf("b%d", i+1))
		}
	}
	lines := [][]string{append(head, "c")}
	num := func(f float64) string { return strconv.FormatFloat(f, 'g', 9, 64) }
	for _, r := range rows {
		l := []string{r.Item, num(r.A)}
		for i := range most {
			if i < len(r.B) {
				l = append(l, num(r.B[i]))
			} else {
				l = append(l, "")
			}
		}
		lines = append(lines, append(l, num(r.C)))
	}
	var b strings.Builder
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		return err
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		return fault.Wrap(fault.Invalid, err, "%s cannot be written", name)
	}
	return nil
}

// itemBank reads calibrated items: columns a (or a1), b (or d for an intercept, or b1, b2
// … for categories), and if wanted c or g for guessing and u for the upper end.
func itemBank(name string) ([]irt.Item, error) {
	head, rows, err := cells(name, wordy)
	if err != nil {
		return nil, err
	}
	if head == nil {
		return nil, fault.New(fault.Invalid, "%s, line 1: the columns have no names. Needed: a and b; if wanted c.", name)
	}
	column := func(names ...string) int {
		return slices.IndexFunc(head, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	a, b, d, c, u := column("a", "a1"), column("b"), column("d"), column("c", "g"), column("u")
	var steps []int
	for i := 1; ; i++ {
		k := column(fmt.Sprintf("b%d", i))
		if k < 0 {
			break
		}
		steps = append(steps, k)
	}
	if b < 0 && len(steps) > 0 {
		b = steps[0]
	}
	if a < 0 || b < 0 && d < 0 {
		return nil, fault.New(fault.Invalid, "%s, line 1: the columns a and b are needed; there are %s.", name, strings.Join(head, ", "))
	}
	var bank []irt.Item
	for i, row := range rows {
		get := func(k int, otherwise float64) (float64, error) {
			if k < 0 || k >= len(row) || missing(row[k]) {
				return otherwise, nil
			}
			f, err := strconv.ParseFloat(strings.TrimSpace(row[k]), 64)
			if err != nil {
				return 0, fault.New(fault.Invalid, "%s, line %d, %s: %q is not a number.", name, i+2, head[k], row[k])
			}
			return f, nil
		}
		var it irt.Item
		var upper, x float64
		if it.Slope, err = get(a, math.NaN()); err == nil {
			if it.Guess, err = get(c, 0); err == nil {
				upper, err = get(u, 1)
			}
		}
		if err != nil {
			return nil, err
		}
		it.Careless = 1 - upper
		for _, k := range append([]int{b}, steps...) {
			if k < 0 || k == b && len(it.Difficulty) > 0 {
				continue
			}
			if x, err = get(k, math.NaN()); err != nil {
				return nil, err
			}
			if !math.IsNaN(x) {
				it.Difficulty = append(it.Difficulty, x)
			}
		}
		if b < 0 {
			if x, err = get(d, math.NaN()); err != nil {
				return nil, err
			}
			it.Difficulty = []float64{-x / it.Slope}
		}
		if err := it.Validate(); err != nil {
			return nil, fault.New(fault.Invalid, "%s, line %d, %s: %v", name, i+2, fault.FieldOf(err), err)
		}
		bank = append(bank, it)
	}
	if len(bank) == 0 {
		return nil, fault.New(fault.Invalid, "%s holds no items.", name)
	}
	return bank, nil
}

func catCommand(e *env) *command {
	var o options
	var bankFile, answersFile, abilities, rule string
	var first, most, least, among int
	var stop float64
	var seed uint64
	return &command{
		name: "simulate", args: "--bank BANK.csv [--responses R.csv] [--abilities T.csv]", short: "Let persons take adaptive tests from an item bank and say how well they are measured.",
		long: `With --responses, each line holds one person's answers to all items, without a header line; with --abilities, the true abilities to compare with.
Without --responses, persons are drawn and answer by the bank's own model.`,
		examples: []string{"waymark assess simulate --bank bank.csv --stop-se .3 --max 40 --json"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&bankFile, "bank", "", "`file` of calibrated items")
			fs.StringVar(&answersFile, "responses", "", "`file` of answers")
			fs.StringVar(&abilities, "abilities", "", "`file` of true abilities, one a line")
			fs.StringVar(&rule, "rule", string(assess.MaxInformation), "max-information or posterior-information")
			fs.IntVar(&first, "first", 0, "only the first `number` of persons")
			fs.IntVar(&most, "max", 40, "most items of a test")
			fs.IntVar(&least, "min", 0, "least items of a test")
			fs.IntVar(&among, "among", 1, "draw each item from the best `number`, so that not everybody sees the same")
			fs.Float64Var(&stop, "stop-se", .3, "standard `error` at which a test ends")
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws persons and items")
			fs.BoolVar(&o.json, "json", false, "print the result as JSON")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if bankFile == "" {
				return usage("say where the items are: --bank BANK.csv")
			}
			if r := assess.Rule(rule); r != assess.MaxInformation && r != assess.PosteriorInformation {
				return usage("there is no rule %q; there are max-information and posterior-information", rule)
			}
			items, err := itemBank(bankFile)
			if err != nil {
				return err
			}
			bank := make([]assess.Candidate, len(items))
			for i, it := range items {
				bank[i].Item = it
			}
			truth, answers, err := persons(items, answersFile, abilities, seed)
			if err != nil {
				return err
			}
			if first > 0 && first < len(answers) {
				answers = answers[:first]
			}
			var square, bias, length, spent float64
			var took time.Duration
			for i, row := range answers {
				if err := ctx.Err(); err != nil {
					return err
				}
				start := time.Now()
				t := assess.New(bank, assess.Options{Rule: assess.Rule(rule), Least: least, Most: most, StopSE: stop, Among: among, Seed: seed + uint64(i)})
				for {
					j, done := t.Next()
					if done {
						break
					}
					if err := t.Add(j, max(0, row[j])); err != nil {
						return err
					}
				}
				took += time.Since(start)
				m, sd := t.Estimate()
				length += float64(len(t.Asked()))
				spent += sd
				if truth != nil {
					square += (m - truth[i]) * (m - truth[i])
					bias += m - truth[i]
				}
			}
			n := float64(len(answers))
			result := struct {
				Tests int     `json:"tests"`
				RMSE  float64 `json:"rmse"`
				Bias  float64 `json:"bias"`
				Mean  float64 `json:"mean_length"`
				SE    float64 `json:"mean_se"`
				MS    float64 `json:"ms_per_test"`
			}{len(answers), math.Sqrt(square / n), bias / n, length / n, spent / n, float64(took.Microseconds()) / 1000 / n}
			return o.print(e, result, func(w io.Writer) {
				fmt.Fprintf(w, "%d tests of %.2f items on average, standard error %.3f, %.3f ms each\n", result.Tests, result.Mean, result.SE, result.MS)
				if truth != nil {
					fmt.Fprintf(w, "against the true abilities: RMSE %.4f, bias %+.4f\n", result.RMSE, result.Bias)
				}
			})
		},
	}
}

// persons returns the true abilities of persons, if known, and their answers to all items.
func persons(items []irt.Item, answersFile, abilities string, seed uint64) (truth []float64, answers [][]int8, err error) {
	if abilities != "" {
		_, rows, err := cells(abilities, wordy)
		if err != nil {
			return nil, nil, err
		}
		for i, r := range rows {
			x, err := strconv.ParseFloat(strings.TrimSpace(r[len(r)-1]), 64)
			if err != nil {
				return nil, nil, fault.New(fault.Invalid, "%s, line %d: %q is not a number.", abilities, i+1, r[len(r)-1])
			}
			truth = append(truth, x)
		}
	}
	if answersFile != "" {
		if _, answers, err = responses(answersFile); err != nil {
			return nil, nil, err
		}
		if len(answers[0]) != len(items) {
			return nil, nil, fault.New(fault.Invalid, "%s has answers to %d items; the bank has %d.", answersFile, len(answers[0]), len(items))
		}
		if truth != nil && len(truth) < len(answers) {
			return nil, nil, fault.New(fault.Invalid, "%s has %d abilities; there are answers of %d persons.", abilities, len(truth), len(answers))
		}
		return truth, answers, nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x636174))
	if truth == nil {
		for range 500 {
			truth = append(truth, rng.NormFloat64())
		}
	}
	for _, theta := range truth {
		row := make([]int8, len(items))
		for j, it := range items {
			u := rng.Float64()
			for x := range it.Difficulty {
				if u -= it.Category(x, theta); u < 0 {
					break
				}
				row[j]++
			}
		}
		answers = append(answers, row)
	}
	return truth, answers, nil
}
