package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"waymark/internal/fault"
	"waymark/internal/tracing"
	"waymark/internal/tracing/bkt"
)

// evaluated is what evaluate prints. The names of the fields are relied upon.
type evaluated struct {
	Model   string `json:"model"`
	Version string `json:"model_version"`
	Seed    uint64 `json:"seed"`
	tracing.Report
	NTrain  int               `json:"n_train"`
	FitCPU  float64           `json:"fit_cpu_seconds"` // user and system time of the process during the fit, all workers and the garbage collector; not the reading of the files
	FitWall float64           `json:"fit_wall_seconds"`
	Overlap int               `json:"overlap_students"`
	SHA256  map[string]string `json:"sha256"`
}

// models are those that evaluate fits, by name.
var models = []string{"logistic", "bkt", "bkt-forgets", "shown"}

func evaluateCommand(e *env) *command {
	var o options
	var train, test, skills, groups, model string
	var seed uint64
	var workers int
	return &command{
		name: "evaluate", args: "--train T.tsv --test T.tsv [--skills Q.tsv] [--model NAME]", short: "Fit a model to one log of answers and measure its predictions on another.",
		long: `The logs are tab-separated with the columns user_id, item_id, skill_id, correct and, if known, timestamp (seconds). Every student of
the test log is followed from nothing: each answer is predicted from the earlier ones only. --skills lists the single skills of each
item, one a line: item, tab, skill. --groups lists students, tab, group. Nothing is stored.
Models: logistic (the prediction model), bkt, bkt-forgets (Bayesian knowledge tracing), shown (the estimates that people see).`,
		examples: []string{"waymark learner evaluate --train train.tsv --test test.tsv --skills q.tsv --json"},
		flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&o.json, "json", false, "print the result as JSON")
			fs.StringVar(&train, "train", "", "`file` of answers to fit to")
			fs.StringVar(&test, "test", "", "`file` of answers to predict, of other students")
			fs.StringVar(&skills, "skills", "", "`file` of the single skills of items")
			fs.StringVar(&groups, "groups", "", "`file` of the groups of students, to measure each")
			fs.StringVar(&model, "model", models[0], "`name` of the model: "+strings.Join(models, ", "))
			fs.Uint64Var(&seed, "seed", 1, "`number` that every random choice follows from")
			fs.IntVar(&workers, "workers", runtime.NumCPU(), "`number` of processors to use; the result does not depend on it")
		},
		run: func(_ context.Context, e *env, _ []string) error {
			if train == "" || test == "" {
				return usage("name both files: --train T.tsv --test T.tsv")
			}
			if !slices.Contains(models, model) {
				return usage("there is no model %q; there are: %s", model, strings.Join(models, ", "))
			}
			if workers < 1 {
				return usage("--workers is at least 1")
			}
			r := evaluated{Model: model, Seed: seed, SHA256: map[string]string{}}
			var names tracing.Names
			read := func(kind, file string, with func(r io.Reader, name string) error) error {
				sum, err := digested(file, with)
				r.SHA256[kind] = sum
				return err
			}
			var from, to *tracing.Log
			err := read("train", train, func(r io.Reader, name string) (err error) {
				from, err = tracing.ReadTSV(r, name, &names)
				return err
			})
			if err != nil {
				return err
			}
			known := len(names.Students)
			if err = read("test", test, func(r io.Reader, name string) (err error) {
				to, err = tracing.ReadTSV(r, name, &names)
				return err
			}); err != nil {
				return err
			}
			if from.Len() == 0 || to.Len() == 0 {
				return fault.New(fault.Invalid, "A log without answers cannot be evaluated: %d to fit to, %d to predict.", from.Len(), to.Len())
			}
			for at := range to.ByStudent() {
				if int(to.Student[at]) < known {
					r.Overlap++
				}
			}
			var single [][]int32
			if skills != "" {
				if err = read("skills", skills, func(r io.Reader, name string) (err error) {
					single, err = tracing.ReadSkills(r, name, &names)
					return err
				}); err != nil {
					return err
				}
			}
			p := tracing.Protocol{Seed: seed, Clock: func() time.Duration { return time.Since(began) }}
			if groups != "" {
				if err = read("groups", groups, func(r io.Reader, name string) (err error) {
					p.Groups, err = readGroups(r, name, names.Students)
					return err
				}); err != nil {
					return err
				}
			}
			r.NTrain = from.Len()
			runtime.GC()
			wall, cpu := time.Now(), processTime()
			follow, err := r.fit(model, from, to, single, seed, workers)
			if err != nil {
				return err
			}
			r.FitCPU, r.FitWall = (processTime() - cpu).Seconds(), time.Since(wall).Seconds()
			r.Report = tracing.Evaluate(to, follow, p)
			return o.print(e, &r, r.table)
		},
	}
}

// began is where the clock of an evaluation starts.
var began = time.Now()

// fit fits the named model and returns what makes its predictor of a student.
func (r *evaluated) fit(model string, train, test *tracing.Log, skills [][]int32, seed uint64, workers int) (func() tracing.Predictor, error) {
	switch model {
	case "logistic":
		m, err := tracing.Fit(train, skills, tracing.Options{Seed: seed, Workers: workers})
		if err != nil {
			return nil, err
		}
		r.Version = tracing.Version
		return func() tracing.Predictor { return m.NewStudent() }, nil
	case "shown":
		m := fitShown(train, seed)
		r.Version = m.Version
		return func() tracing.Predictor { return &shown{model: m, log: test} }, nil
	default:
		m := bkt.Fit(train, bkt.Options{Forgets: model == "bkt-forgets", Seed: seed, Workers: workers})
		r.Version = model
		return func() tracing.Predictor { return m.Follow() }, nil
	}
}

// digested reads a file and returns the SHA-256 of its bytes.
func digested(file string, with func(r io.Reader, name string) error) (string, error) {
	f, _, err := readable(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	err = with(io.TeeReader(bufio.NewReaderSize(f, 1<<20), h), filepath.Base(file))
	if errors.Is(err, bufio.ErrTooLong) {
		return "", fault.Wrap(fault.Invalid, err, "%s has a line that is too long for a log of answers", file)
	}
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// readGroups reads lines of student, tab, group; a header user_id, group is passed over.
func readGroups(r io.Reader, file string, students []string) (map[int32]string, error) {
	at := make(map[string]int32, len(students))
	for i, s := range students {
		at[s] = int32(i)
	}
	groups := map[int32]string{}
	sc := bufio.NewScanner(r)
	for line := 1; sc.Scan(); line++ {
		text := strings.TrimPrefix(strings.TrimRight(sc.Text(), "\r"), "\ufeff")
		if text == "" || line == 1 && strings.HasPrefix(text, "user_id\t") {
			continue
		}
		student, group, ok := strings.Cut(text, "\t")
		if !ok || student == "" || group == "" || strings.Contains(group, "\t") {
			return nil, fault.New(fault.Invalid, "%s, line %d: a student and one group are needed, separated by a tab.", file, line)
		}
		if i, ok := at[student]; ok {
			groups[i] = group
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fault.New(fault.Invalid, "%s: %v", file, err)
	}
	return groups, nil
}

// processTime is the processor time that this process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// table writes the result for people.
func (r *evaluated) table(w io.Writer) {
	fmt.Fprintf(w, "%s (%s), fitted to %d answers, tested on %d of %d students\n", r.Model, r.Version, r.NTrain, r.N, r.Students)
	if r.Overlap > 0 {
		fmt.Fprintf(w, "Warning: %d students are in both files; the figures flatter the model.\n", r.Overlap)
	}
	fmt.Fprintf(w, "\n  %-38s %.4f  (95 %%: %.4f to %.4f)\n", "AUC", r.AUC, r.AUCLow, r.AUCHigh)
	for _, x := range []struct {
		name string
		v    float64
	}{{"AUC of first answers on a skill", r.FirstAUC}, {"RMSE", r.RMSE}, {"log-loss", r.LogLoss}, {"calibration error", r.ECE}, {"  that chance alone would give", r.Chance}} {
		fmt.Fprintf(w, "  %-38s %.4f\n", x.name, x.v)
	}
	if r.Windows > 0 {
		fmt.Fprintf(w, "  %-38s %.3f  (%d windows, mean width %.2f)\n", "90 % intervals that held, next 10", r.Coverage, r.Windows, r.Width)
		fmt.Fprintf(w, "  %-38s %.3f  (%d windows)\n", "the same, next 10 on a skill", r.SkillCoverage, r.SkillWindows)
	}
	fmt.Fprintf(w, "  %-38s %.2f  (elapsed: %.2f)\n", "fit, processor seconds", r.FitCPU, r.FitWall)
	fmt.Fprintf(w, "  %-38s %.2f  (99 %%: %.2f; the clock's part: %.2f)\n", "predict and update, µs, median", r.MedianUS, r.P99US, r.TimerUS)
	for _, t := range []struct {
		title string
		parts []tracing.Part
	}{{"opportunity", r.Opportunities}, {"group", r.Groups}} {
		if len(t.parts) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n  %-18s %9s %9s %12s %10s\n", t.title, "answers", "AUC", "calibration", "by chance")
		for _, p := range t.parts {
			if p.N == 0 {
				continue
			}
			fmt.Fprintf(w, "  %-18s %9d %9.4f %12.4f %10.4f\n", p.Name, p.N, p.AUC, p.ECE, p.Chance)
		}
	}
	fmt.Fprintf(w, "\n  %-18s %9s %9s %12s\n", "predicted", "answers", "mean", "observed")
	for _, b := range r.Calibration {
		if b.N == 0 {
			continue
		}
		fmt.Fprintf(w, "  %.1f to %-11.1f %9d %9.4f %12.4f\n", b.Low, b.High, b.N, b.Predicted, b.Observed)
	}
}

var _ tracing.Predictor = (*shown)(nil)
