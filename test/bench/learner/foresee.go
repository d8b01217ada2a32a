package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"waymark/internal/tracing"
)

// anchors are AUCs of other tools on two logs, their given splits: pyBKT 1.4.2 (best of
// its kinds), PFA, Elo tuned on the test log, Best-LR (scikit-learn), Best-LR with time
// windows; measured when this project was planned.
var anchors = map[string]string{
	"assistments09":  "pyBKT .722, PFA .709, Elo .757, Best-LR .767",
	"algebra05_test": "pyBKT .759, PFA .752, Elo .808, Best-LR .803, Best-LR with time windows .816",
}

// evaluated is what the program prints of an evaluation, as far as it is shown.
type evaluated struct {
	AUC        float64 `json:"auc"`
	AUCLow     float64 `json:"auc_low"`
	AUCHigh    float64 `json:"auc_high"`
	RMSE       float64 `json:"rmse"`
	LogLoss    float64 `json:"logloss"`
	ECE        float64 `json:"ece"`
	First      float64 `json:"first_encounter_auc"`
	Worst      float64 `json:"ece_opportunity_worst"`
	Coverage   float64 `json:"interval_coverage"`
	OnSkill    float64 `json:"interval_skill_coverage"`
	FitCPU     float64 `json:"fit_cpu_seconds"`
	MedianUS   float64 `json:"update_median_us"`
	P99US      float64 `json:"update_p99_us"`
	TrainCount int     `json:"n_train"`
	TestCount  int     `json:"n_test"`
}

// foresee evaluates every model on every log there is, or on a drawn one.
func (b *bench) foresee(ctx context.Context) error {
	logs, err := filepath.Glob(filepath.Join(b.data, "*", "train.tsv"))
	if err != nil {
		return err
	}
	if b.data == "" || len(logs) == 0 {
		dir := filepath.Join(b.dir, "drawn")
		if err := errors.Join(os.Mkdir(dir, 0o700), writeDrawn(filepath.Join(dir, "train.tsv"), "a", 400, 1), writeDrawn(filepath.Join(dir, "test.tsv"), "b", 100, 2)); err != nil {
			return err
		}
		logs = []string{filepath.Join(dir, "train.tsv")}
	}
	for _, train := range logs {
		dir := filepath.Dir(train)
		rows := [][]string{{"model", "AUC", "95 %", "RMSE", "log-loss", "ECE", "first AUC", "worst opportunity", "90 % held, overall, on a skill", "fit CPU s", "update us, median, p99"}}
		var n evaluated
		for _, model := range []string{"logistic", "shown", "bkt", "bkt-forgets"} {
			args := []string{"learner", "evaluate", "--train", train, "--test", filepath.Join(dir, "test.tsv"), "--model", model}
			if q := filepath.Join(dir, "q.tsv"); exists(q) {
				args = append(args, "--skills", q)
			}
			var e evaluated
			if _, err := b.waymark(ctx, &e, args...); err != nil {
				return err
			}
			rows = append(rows, []string{model, f4(e.AUC), f4(e.AUCLow) + "-" + f4(e.AUCHigh), f4(e.RMSE), f4(e.LogLoss), f4(e.ECE), f4(e.First), f4(e.Worst), f3(e.Coverage) + ", " + f3(e.OnSkill),
				f2(e.FitCPU), f2(e.MedianUS) + ", " + f2(e.P99US)})
			n = e
		}
		b.title("Foreseeing answers: %s, fitted to %d, tested on %d", filepath.Base(dir), n.TrainCount, n.TestCount)
		if err := b.rows(rows); err != nil {
			return err
		}
		if a := anchors[filepath.Base(dir)]; a != "" {
			fmt.Fprintln(b.out, "AUC of other tools on this split:", a)
		}
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

const (
	drawnSkills = 60
	drawnItems  = 20 // of each skill
	drawnEach   = 250
)

// draw makes the answers of students whose ability on a skill grows with practice, to
// items of known difficulty.
func draw(students int, seed uint64, each func(student, item, skill int, right bool, at int64)) {
	world := rand.New(rand.NewPCG(9, 9))
	hard := make([]float64, drawnSkills*drawnItems)
	for i := range hard {
		hard[i] = world.NormFloat64()
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	practice := make([]float64, drawnSkills)
	for s := range students {
		ability := .5 + rng.NormFloat64()
		clear(practice)
		for a := range drawnEach {
			k := (a / 5) % drawnSkills
			item := k*drawnItems + rng.IntN(drawnItems)
			p := 1 / (1 + math.Exp(-(ability + .15*practice[k] - hard[item])))
			practice[k]++
			each(s, item, k, rng.Float64() < p, int64(a)*3600)
		}
	}
}

func writeDrawn(name, prefix string, students int, seed uint64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "user_id\titem_id\tskill_id\tcorrect\ttimestamp")
	draw(students, seed, func(student, item, skill int, right bool, at int64) {
		y := 0
		if right {
			y = 1
		}
		fmt.Fprintf(w, "%s%d\t%d\t%d\t%d\t%d\n", prefix, student, item, skill, y, at)
	})
	return errors.Join(w.Flush(), f.Close())
}

// grow fits to drawn logs of growing size, each in a process of its own.
func (b *bench) grow(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.title("A fit to drawn answers, %d processors", runtime.NumCPU())
	rows := [][]string{{"answers", "fit s", "CPU s", "peak MiB"}}
	sizes := []int{1_000_000, 3_000_000, 10_000_000}
	if b.quick {
		sizes = []int{100_000, 300_000, 1_000_000}
	}
	for _, n := range sizes {
		c := exec.CommandContext(ctx, self, "-fit", fmt.Sprint(n))
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			return fmt.Errorf("fit to %d: %w", n, err)
		}
		var wall, cpu float64
		if _, err := fmt.Sscan(string(out), &wall, &cpu); err != nil {
			return err
		}
		peak := float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
		rows = append(rows, []string{fmt.Sprint(n), f2(wall), f2(cpu), fmt.Sprintf("%.0f", peak)})
	}
	return b.rows(rows)
}

// fitDrawn fits to a drawn log and prints elapsed and processor seconds.
func fitDrawn(n int, out io.Writer) error {
	log := &tracing.Log{}
	for k := range drawnSkills {
		log.Skills = append(log.Skills, fmt.Sprint("skill", k))
	}
	for i := range drawnSkills * drawnItems {
		log.Items = append(log.Items, fmt.Sprint("item", i))
	}
	students := n / drawnEach
	for s := range students {
		log.Students = append(log.Students, fmt.Sprint("student", s))
	}
	log.Student, log.Item, log.Skill = make([]int32, 0, n), make([]int32, 0, n), make([]int32, 0, n)
	log.Correct, log.At = make([]float32, 0, n), make([]int64, 0, n)
	draw(students, 3, func(student, item, skill int, right bool, at int64) {
		y := float32(0)
		if right {
			y = 1
		}
		log.Student, log.Item, log.Skill = append(log.Student, int32(student)), append(log.Item, int32(item)), append(log.Skill, int32(skill))
		log.Correct, log.At = append(log.Correct, y), append(log.At, at)
	})
	runtime.GC()
	wall, cpu := time.Now(), processTime()
	if _, err := tracing.Fit(log, nil, tracing.Options{Seed: 1, Workers: runtime.NumCPU()}); err != nil {
		return err
	}
	fmt.Fprintln(out, time.Since(wall).Seconds(), (processTime() - cpu).Seconds())
	return nil
}

func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
