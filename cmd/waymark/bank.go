package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// recalibrated is what estimating a bank from the answers to its own checks found.
type recalibrated struct {
	Model     irt.Model `json:"model"`
	Persons   int       `json:"persons"`
	Items     int       `json:"items"`
	Estimated int       `json:"estimated"` // items with answers enough
	Rows      []itemRow `json:"parameters"`
	File      string    `json:"file"`
}

func recalibrateCommand(e *env) *command {
	var o options
	var model, out string
	var least int
	return &command{
		name: "recalibrate", args: "--out ITEMS.csv [--least 50]", short: "Estimate the bank's items from the answers that checks have gathered.",
		long: `The bank is written to a file as waymark import items reads it: with new parameters where an item has answers enough, as it is elsewhere.
Nothing changes until that file is imported, and the import shows what would change and can be undone.`,
		examples: []string{"waymark assess recalibrate --out items.csv", "waymark import items items.csv --dry-run"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&model, "model", "2pl", "1pl, 2pl or 3pl")
			fs.StringVar(&out, "out", "", "`file` to write the bank to")
			fs.IntVar(&least, "least", 50, "`number` of answers that an item needs")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			m, err := irt.ParseModel(model)
			switch {
			case err != nil || m == irt.Graded:
				return usage("--model is 1pl, 2pl or 3pl")
			case out == "":
				return usage("say where to write the bank: --out ITEMS.csv")
			case least < 10:
				return usage("--least is at least 10")
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				bank, err := db.Bank(ctx, d)
				if err != nil {
					return err
				}
				r := recalibrated{Model: m, Items: len(bank), File: out}
				if err := r.estimate(ctx, db, d, bank, least); err != nil {
					return err
				}
				if err := writeItems(out, bank); err != nil {
					return err
				}
				return o.print(e, r, func(w io.Writer) {
					fmt.Fprintf(w, "%s of %d of %d items by %d persons, written to %s.\nLook at what would change: waymark import items %s --dry-run\n", r.Model, r.Estimated, r.Items, r.Persons, out, out)
				})
			})
		},
	}
}

// estimate calibrates the items with answers enough, and puts the parameters into bank.
func (r *recalibrated) estimate(ctx context.Context, db *store.DB, d roster.DistrictID, bank []assess.Record, least int) error {
	column := map[assess.ItemID]int{}
	for _, q := range bank {
		if q.Answers >= least && q.AnsweredRight > 0 && q.AnsweredRight < q.Answers {
			column[q.ID] = len(column)
		}
	}
	if len(column) < 2 {
		return fault.New(fault.Invalid, "Only %d items of the bank have %d answers of which some are right and some are not; two are needed.", len(column), least)
	}
	at := map[roster.PersonID]int{}
	var answers [][]int8
	err := db.EachAnswer(ctx, d, func(student roster.PersonID, a assess.Answer) error {
		j, ok := column[a.Item]
		if !ok {
			return nil
		}
		i, known := at[student]
		if !known {
			i = len(answers)
			at[student] = i
			answers = append(answers, slices.Repeat([]int8{irt.Missing}, len(column)))
		}
		if answers[i][j] == irt.Missing { // the first answer to an item counts
			answers[i][j] = a.Category
		}
		return nil
	})
	if err != nil {
		return err
	}
	f, err := irt.Calibrate(answers, irt.Options{Model: r.Model})
	if err != nil {
		return err
	}
	r.Persons, r.Estimated = f.Persons, len(column)
	for i := range bank {
		j, ok := column[bank[i].ID]
		if !ok {
			continue
		}
		it := f.Items[j]
		bank[i].Item, bank[i].Calibrated = it.Item, true
		r.Rows = append(r.Rows, itemRow{Item: string(bank[i].ID), A: it.Slope, ASE: it.SlopeSE, B: it.Difficulty, BSE: it.DifficultySE, C: it.Guess, CSE: it.GuessSE, Answers: it.Answers, Right: it.Right})
	}
	return nil
}

// writeItems writes a bank as an import reads it.
func writeItems(name string, bank []assess.Record) error {
	num := func(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
	lines := [][]string{{"id", "competency", "question", "choices", "answer", "a", "b", "c"}}
	for _, q := range bank {
		row := []string{string(q.ID), string(q.Competency), q.Text, strings.Join(q.Choices, "|"), strings.Join(q.Right, "|"), "", "", ""}
		if q.Calibrated {
			row[5], row[6], row[7] = num(q.Item.Slope), num(q.Item.Difficulty[0]), num(q.Item.Guess)
		}
		lines = append(lines, row)
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
