package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/grading"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// ruled is what one criterion makes of simulated learners.
type ruled struct {
	Rule  string `json:"rule"`
	Words string `json:"words"`
	grading.Trial
}

// changed is one estimate whose status depends on the rule.
type changed struct {
	Student    roster.PersonID `json:"student"`
	Competency competency.ID   `json:"competency"`
	Code       string          `json:"code"`
	Pieces     int             `json:"pieces"`
	MetA       bool            `json:"met_a"`
	MetB       bool            `json:"met_b"`
	SinceA     int             `json:"since_a,omitempty"` // after how many pieces first met
	SinceB     int             `json:"since_b,omitempty"`
}

// contrast is what would change if a district used rule B in place of rule A.
type contrast struct {
	Rules    [2]ruled  `json:"rules"`
	Seed     uint64    `json:"seed"`
	Students int       `json:"students"`
	Judged   int       `json:"judged"` // students × competencies with evidence
	Differ   []changed `json:"differ"`
}

func rulesCommand(e *env) *command {
	var o options
	var a, b string
	var seed uint64
	var learners, pieces, most int
	return &command{
		name: "rules", args: "--b RULE [--a RULE]", short: "Compare two rules of what is met: on the district's evidence, and on simulated learners.",
		long: `All evidence is judged under rule A and rule B, and every student and competency whose status differs is listed. Simulated learners, whose
level is known, show how often each rule calls something met that is not there (false mastery) and misses what is. A RULE is "own" for the
model's own criterion, or a method with its numbers and cut: "decaying 0.65 met 3". Left out, A is the criterion in force. Nothing changes.`,
		examples: []string{`waymark learner rules --b "decaying 0.65 met 3"`, `waymark learner rules --a "highest met 3" --b "average met 3" --json`},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&a, "a", "", "`rule` A; left out, the one in force")
			fs.StringVar(&b, "b", "", "`rule` B")
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws the simulated learners")
			fs.IntVar(&learners, "learners", 2000, "`number` of simulated learners")
			fs.IntVar(&pieces, "pieces", 6, "`number` of scores of each simulated learner")
			fs.IntVar(&most, "show", 20, "`number` of differences to print; with --json all are")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			switch {
			case b == "":
				return usage("say which rule to compare with: --b RULE")
			case learners < 10 || learners > 100000 || pieces < 1 || pieces > 100:
				return usage("take 10 to 100000 learners with 1 to 100 scores each")
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				m, err := db.Model(ctx, d)
				if err != nil {
					return err
				}
				first, second := m.Criterion, mastery.Criterion{}
				if a != "" {
					if first, err = mastery.ParseCriterion(a); err != nil {
						return err
					}
				}
				if second, err = mastery.ParseCriterion(b); err != nil {
					return err
				}
				cat, err := db.Catalogue(ctx, d)
				if err != nil {
					return err
				}
				x := contrast{Seed: seed, Differ: []changed{}}
				drawn := grading.Learners(seed, learners, pieces)
				for i, c := range []mastery.Criterion{first, second} {
					x.Rules[i] = ruled{c.String(), c.Words(), grading.Try(drawn, m.Judge(c))}
				}
				err = db.EachStudent(ctx, d, func(student roster.PersonID, ps []evidence.Piece) error {
					differ, of := m.Contrast(ps, first, second)
					x.Students++
					x.Judged += of
					for _, y := range differ {
						x.Differ = append(x.Differ, changed{student, y.Competency, cat.Competencies[y.Competency].Code, y.Pieces, y.A.Met, y.B.Met, y.A.Since, y.B.Since})
					}
					return ctx.Err()
				})
				if err != nil {
					return err
				}
				return o.print(e, x, func(w io.Writer) { x.write(w, most) })
			})
		},
	}
}

func (x contrast) write(w io.Writer, most int) {
	for i, r := range x.Rules {
		fmt.Fprintf(w, "%c  %s\n   %s\n", 'A'+i, r.Rule, r.Words)
	}
	fmt.Fprintf(w, "\n%d simulated learners, seed %d (95 %% intervals):\n", x.Rules[0].Learners, x.Seed)
	for i, r := range x.Rules {
		fmt.Fprintf(w, "%c  right %.1f %% (± %.1f)   false mastery %.1f %% (± %.1f)   missed mastery %.1f %% (± %.1f)\n", 'A'+i,
			100*r.Right, 100*r.RightOff, 100*r.False, 100*r.FalseOff, 100*r.Missed, 100*r.MissedOff)
	}
	gained := 0
	for _, c := range x.Differ {
		if c.MetB {
			gained++
		}
	}
	fmt.Fprintf(w, "\n%d of %d estimates of %d students would differ: %d met only under B, %d only under A.\n", len(x.Differ), x.Judged, x.Students, gained, len(x.Differ)-gained)
	for i, c := range x.Differ {
		if i == most {
			fmt.Fprintf(w, "… and %d more; --json prints all\n", len(x.Differ)-most)
			break
		}
		only, since := "A", c.SinceA
		if c.MetB {
			only, since = "B", c.SinceB
		}
		fmt.Fprintf(w, "  %s  %-16s met only under %s, first after %d of %d\n", c.Student, cmp.Or(c.Code, string(c.Competency)), only, since, c.Pieces)
	}
}
