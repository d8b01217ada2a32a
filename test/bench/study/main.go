// Command study holds the evidence engine against reference results and against the clock.
//
//	go run ./test/bench/study -data DIR          agreement with the reference results in DIR
//	go run ./test/bench/study -speed FILE.csv    time and memory on a pool of students
//	go run ./test/bench/study -simulate 2000     how often intervals and verdicts are true
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
)

func main() {
	data := flag.String("data", "", "folder of reference data and results")
	speed := flag.String("speed", "", "file of a pool of students")
	only := flag.String("only", "", "one job of the speed table, alone")
	runs := flag.Int("simulate", 0, "runs of drawn districts whose truth is known")
	flag.Parse()
	var err error
	if *data != "" {
		t := &table{}
		if err = agree(*data, t); err == nil {
			t.print()
			err = recovery(*data)
		}
	}
	if *speed != "" && err == nil {
		err = measure(*speed, *only)
	}
	if *runs > 0 && err == nil {
		err = simulate(*runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func agree(dir string, t *table) error {
	if err := lalonde(dir, t); err != nil {
		return err
	}
	if err := star(dir, t); err != nil {
		return err
	}
	return classic(dir, t)
}

// table is what was compared.
type table struct{ rows []line }

type line struct {
	what, part       string
	residual, within float64
	note             string
}

func (t *table) row(what, part string, residual, within float64, note string) {
	t.rows = append(t.rows, line{what, part, residual, within, note})
}

func (t *table) print() {
	fmt.Println("| what | number | residual | within | |\n|---|---|---|---|---|")
	bad := 0
	for _, r := range t.rows {
		mark := ""
		if !(r.residual <= r.within) {
			mark = "**"
			bad++
		}
		fmt.Printf("| %s | %s | %s%.1e%s | %.0e | %s |\n", r.what, r.part, mark, r.residual, mark, r.within, r.note)
	}
	fmt.Printf("\n%d of %d numbers agree.\n", len(t.rows)-bad, len(t.rows))
}

func relative(got, want float64) float64 {
	return math.Abs(got-want) / math.Max(1e-12, math.Abs(want))
}

// column is one column of a file, as text and as numbers; what is none is NaN.
type column struct {
	text   []string
	number []float64
}

func readCSV(file string) (map[string]*column, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	out := map[string]*column{}
	for k, name := range rows[0] {
		c := &column{}
		for _, row := range rows[1:] {
			v, err := strconv.ParseFloat(row[k], 64)
			if err != nil {
				v = math.NaN()
			}
			c.text, c.number = append(c.text, row[k]), append(c.number, v)
		}
		out[name] = c
	}
	return out, nil
}
