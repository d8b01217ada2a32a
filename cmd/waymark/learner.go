package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/fit"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
)

func learnerCommand(e *env) *command {
	return &command{
		name: "learner", short: "The learner model: replay, fit, compare, adopt, explain, rules, evaluate.",
		sub: []*command{replayCommand(e), fitCommand(e), versionsCommand(e), adoptCommand(e), explainCommand(e), rulesCommand(e), evaluateCommand(e)},
	}
}

// inDistrict opens the store and calls f with the district that a command is about.
func (o *options) inDistrict(ctx context.Context, e *env, f func(db *store.DB, d roster.DistrictID) error) error {
	db, err := o.open(ctx, e)
	if err != nil {
		return err
	}
	defer db.Close()
	d, err := o.theDistrict(ctx, db, false)
	if err != nil {
		return err
	}
	return f(db, d)
}

func replayCommand(e *env) *command {
	var o options
	var check, repair bool
	return &command{
		name: "replay", args: "[--check | --repair]", short: "Fold the evidence log again and compare it with the stored estimates.",
		long:     "The estimates are a cache of the log. --check compares them bit by bit and changes nothing; --repair replaces those that differ.",
		examples: []string{"waymark learner replay --check --data waymark-data"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.BoolVar(&check, "check", false, "compare only (the default)")
			fs.BoolVar(&repair, "repair", false, "replace estimates that differ")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if check && repair {
				return usage("give --check or --repair, not both")
			}
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			districts, err := db.Districts(ctx)
			if err != nil {
				return err
			}
			var total store.Replay
			for _, d := range districts {
				if o.district != "" && string(d.ID) != o.district {
					continue
				}
				r, err := db.CheckReplay(ctx, d.ID, repair)
				if err != nil {
					return err
				}
				total.Students += r.Students
				total.Pieces += r.Pieces
				total.Pairs += r.Pairs
				total.Wrong += r.Wrong
				total.Examples = append(total.Examples, r.Examples...)
			}
			err = o.print(e, total, func(w io.Writer) {
				fmt.Fprintf(w, "%d pieces of %d students folded into %d estimates; %d differ from what is stored.\n", total.Pieces, total.Students, total.Pairs, total.Wrong)
				for _, x := range total.Examples {
					fmt.Fprintf(w, "  %s\n", x)
				}
			})
			if err == nil && total.Wrong > 0 && !repair {
				err = errRefused
			}
			return err
		},
	}
}

func fitCommand(e *env) *command {
	var o options
	var seed uint64
	return &command{
		name: "fit", args: "[--seed N]", short: "Fit a new version of the learner model to the evidence log, and keep it with its report.",
		long: `How easy competencies and items are, and how much students differ, is estimated from the log. The report says how well the version
foretells the work of one student in five that it was not fitted to, next to the version that runs, and for which groups it does worse.
Nothing changes until a person adopts it: waymark learner adopt.`,
		examples: []string{"waymark learner fit --data waymark-data", "waymark learner fit --seed 7 --json"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws the students for the comparison")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				v, err := fit.Run(ctx, db, d, seed, "", e.now())
				if err != nil {
					return err
				}
				return o.print(e, newVersionRow(v, false), func(w io.Writer) {
					fmt.Fprintf(w, "Version %s, fitted to %d pieces of %d students.\n\n", v.Model.Version, v.Pieces, v.Students)
					writeReport(w, v.Report)
					fmt.Fprintf(w, "\nAdopt it with: waymark learner adopt %s --because \"…\"\n", v.Model.Version)
				})
			})
		},
	}
}

func writeReport(w io.Writer, r mastery.Report) {
	fmt.Fprintf(w, "Foretelling %d pieces of %d other students:\n", r.Fitted.Pieces, r.Students)
	fmt.Fprintf(w, "  %-16s %8s %8s %8s %-17s %8s %9s\n", "version", "logloss", "rmse", "auc", "(95 %)", "ece", "coverage")
	for _, s := range []mastery.Score{r.Fitted, r.Running} {
		fmt.Fprintf(w, "  %-16s %8.4f %8.4f %8.4f (%.4f-%.4f)   %8.4f %9.3f\n", s.Version, s.LogLoss, s.RMSE, s.AUC, s.AUCLow, s.AUCHigh, s.ECE, s.Coverage)
	}
	if len(r.Groups) > 0 {
		fmt.Fprintf(w, "Groups:\n  %-24s %-36s %8s %8s %8s %-20s\n", "", "", "students", "ece", "gap", "(95 %)")
	}
	for _, g := range r.Groups {
		if g.Suppressed {
			fmt.Fprintf(w, "  %-24s %-36s fewer than %d students\n", g.Dimension, g.Name, mastery.SmallCell)
			continue
		}
		flag := ""
		if g.Flagged {
			flag = "  look at this"
		}
		fmt.Fprintf(w, "  %-24s %-36s %8d %8.4f %+8.4f (%+.4f to %+.4f)%s\n", g.Dimension, g.Name, g.Students, g.ECE, g.Gap, g.Low, g.High, flag)
	}
}

// versionRow is a version as a command prints it.
type versionRow struct {
	Version  string         `json:"version"`
	Running  bool           `json:"running"`
	Made     time.Time      `json:"made"`
	Seed     uint64         `json:"seed"`
	Students int            `json:"students"`
	Pieces   int            `json:"pieces"`
	Report   mastery.Report `json:"report"`
}

func newVersionRow(v mastery.Version, running bool) versionRow {
	return versionRow{v.Model.Version, running, v.Made, v.Seed, v.Students, v.Pieces, v.Report}
}

func versionsCommand(e *env) *command {
	var o options
	return &command{
		name: "versions", short: "List the fitted versions of the learner model, and which one runs.",
		examples: []string{"waymark learner versions"},
		flags:    func(fs *flag.FlagSet) { o.declare(fs, e) },
		run: func(ctx context.Context, e *env, _ []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				m, err := db.Model(ctx, d)
				if err != nil {
					return err
				}
				list, err := db.Versions(ctx, d)
				if err != nil {
					return err
				}
				rows := []versionRow{}
				for _, v := range list {
					rows = append(rows, newVersionRow(v, v.Model.Version == m.Version))
				}
				return o.print(e, struct {
					Running   string       `json:"running"`
					Criterion string       `json:"criterion"`
					Versions  []versionRow `json:"versions"`
				}{m.Version, m.Criterion.String(), rows}, func(w io.Writer) {
					fmt.Fprintf(w, "Running: %s. %s\n", m.Version, m.Criterion.Words())
					for _, r := range rows {
						fmt.Fprintf(w, "%-16s %s  %d pieces of %d students, auc %.4f, ece %.4f\n", r.Version, r.Made.Format(time.DateOnly), r.Pieces, r.Students,
							r.Report.Fitted.AUC, r.Report.Fitted.ECE)
					}
				})
			})
		},
	}
}

func adoptCommand(e *env) *command {
	var o options
	var because, criterion string
	return &command{
		name: "adopt", args: "VERSION --because TEXT [--criterion RULE]", short: "Make a version of the learner model, or a criterion, the district's own.", operands: 1,
		long: `All estimates are made anew, in one transaction. VERSION is one of waymark learner versions, "running" for the one that runs, or
"builtin" for the one that needs no data. RULE is a grading rule that decides what is met, or "own" for the model's own criterion.`,
		examples: []string{`waymark learner adopt fit-0a1b2c3d4e --because "It foretells our tests better."`, `waymark learner adopt running --criterion "decaying .65 met 3" --because "Board decision of 3 March."`},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&because, "because", "", "`reason`, for everybody to read")
			fs.StringVar(&criterion, "criterion", "", "grading `rule` that decides what is met; left out, it stays")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				m, err := db.Model(ctx, d)
				if err != nil {
					return err
				}
				c := mastery.Choice{Version: args[0], Criterion: m.Criterion, Because: because, At: e.now()}
				switch c.Version {
				case "running":
					c.Version = m.Version
				case "builtin":
					c.Version = mastery.Builtin().Version
				}
				if criterion != "" {
					if c.Criterion, err = mastery.ParseCriterion(criterion); err != nil {
						return err
					}
				}
				if err := db.Choose(ctx, d, c); err != nil {
					return err
				}
				if m, err = db.Model(ctx, d); err != nil {
					return err
				}
				return o.print(e, struct {
					Running   string `json:"running"`
					Criterion string `json:"criterion"`
				}{m.Version, m.Criterion.String()}, func(w io.Writer) {
					fmt.Fprintf(w, "Running: %s. %s\n", m.Version, m.Criterion.Words())
				})
			})
		},
	}
}

func explainCommand(e *env) *command {
	var o options
	var student, on, from string
	return &command{
		name: "explain", args: "--student WHO --competency CODE | --from FILE.json", short: "Open an estimate to every piece that moved it, or work an exported one out again.",
		long: `With --json the explanation holds all that the estimate follows from: the model's numbers and the pieces. Kept in a file, anybody can work
it out again with --from, without the store; any figure that is another one ends with exit code 1.`,
		examples: []string{"waymark learner explain --student 604863 --competency 4.NF.2", "waymark learner explain --student 604863 --competency 4.NF.2 --json > why.json", "waymark learner explain --from why.json"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&student, "student", "", "user name, identifier or roster `id`")
			fs.StringVar(&on, "competency", "", "`code` or id of the competency")
			fs.StringVar(&from, "from", "", "`file` of an exported explanation")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			switch {
			case from != "" && (student != "" || on != ""):
				return usage("give --from, or --student and --competency")
			case from != "":
				return verify(e, &o, from)
			case student == "" || on == "":
				return usage("say whose estimate on what: --student and --competency")
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				who, err := db.PersonBy(ctx, d, student)
				if err != nil {
					return err
				}
				cat, err := db.Catalogue(ctx, d)
				if err != nil {
					return err
				}
				c, err := competencyBy(cat, on)
				if err != nil {
					return err
				}
				m, pieces, err := db.Learner(ctx, d, who.ID)
				if err != nil {
					return err
				}
				x := m.Explain(pieces, c.ID, e.now().UTC())
				return o.print(e, x, func(w io.Writer) { writeExplanation(w, x, c, m) })
			})
		},
	}
}

// verify works an exported explanation out again.
func verify(e *env, o *options, name string) error {
	f, _, err := readable(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var x mastery.Explanation
	if err := json.NewDecoder(f).Decode(&x); err != nil {
		return fault.Wrap(fault.Invalid, err, "%s is not an explanation as waymark learner explain --json writes it", name)
	}
	if err := x.Verify(); err != nil {
		return err
	}
	return o.print(e, struct {
		Same   bool `json:"same"`
		Pieces int  `json:"pieces"`
	}{true, len(x.Pieces)}, func(w io.Writer) {
		fmt.Fprintf(w, "Worked out again from %d pieces: every figure is the same.\n", len(x.Pieces))
	})
}

// competencyBy finds a competency by its id or code.
func competencyBy(cat *propose.Catalogue, ref string) (competency.Competency, error) {
	if c, ok := cat.Competencies[competency.ID(ref)]; ok {
		return c, nil
	}
	var found []competency.Competency
	for _, id := range cat.Order {
		if c := cat.Competencies[id]; c.Code == ref {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return competency.Competency{}, fault.New(fault.NotFound, "There is no competency with the code or id %q.", ref)
	case 1:
		return found[0], nil
	}
	return competency.Competency{}, fault.New(fault.Invalid, "%d competencies have the code %q; name one by its id, such as %s.", len(found), ref, found[0].ID)
}

func writeExplanation(w io.Writer, x mastery.Explanation, c competency.Competency, m *mastery.Model) {
	fmt.Fprintf(w, "%s\n", cmp.Or(c.Label(), c.Statement))
	fmt.Fprintf(w, "Model %s. %s\n\n", m.Version, m.Criterion.Words())
	range100 := func(b mastery.Belief) string {
		return fmt.Sprintf("%3.0f of 100 (%2.0f to %2.0f)", 100*b.Value, 100*b.Low, 100*b.High)
	}
	fmt.Fprintf(w, "%-12s %-28s         %s\n", "before", "what else is known lets expect", range100(x.Start))
	for _, mv := range x.Moves {
		i := slices.IndexFunc(x.Pieces, func(f mastery.Fact) bool { return f.ID == mv.Piece })
		f := x.Pieces[i]
		fmt.Fprintf(w, "%-12s %-28s  %+5.0f  %s\n", f.At.Format(time.DateOnly), fmt.Sprintf("%s %g of %g %s", f.Kind, f.Score, f.Max, f.Item), 100*mv.By, range100(mv.After))
	}
	fmt.Fprintf(w, "%-12s %-28s         %s\n", "now", x.Status, range100(x.Estimate))
	for i, k := range x.Checks {
		lead := "What would tell most:"
		if i > 0 {
			lead = "or"
		}
		fmt.Fprintf(w, "%-22s %d × %s: then %.0f to %.0f\n", lead, k.Pieces, k.Kind, 100*k.Low, 100*k.High)
	}
}
