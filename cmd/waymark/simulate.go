package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"waymark/internal/simulate"
)

func simulateCommand(e *env) *command {
	var o options
	var opts simulate.Options
	var simulator, policy string
	var simulators, policies []string
	var lookBacks bool
	for _, s := range simulate.Simulators {
		simulators = append(simulators, s.Name)
	}
	for _, p := range simulate.Policies {
		policies = append(policies, p.Name)
	}
	return &command{
		name: "simulate", args: "[--learners N] [--simulator NAME] [--policy NAME]", short: "Let simulated learners spend a term under different policies of what to do next.",
		long: `The learners are of four kinds that have nothing to do with the learner model. Every policy gets the same learners and the same time.
Differences are in standard deviations between learners under the fixed sequence, with 95 % intervals.
With --look-backs, learners who forget look back at what they had learned by different schedules, with the same number of looks.`,
		examples: []string{"waymark simulate", "waymark simulate --look-backs --weeks 12", "waymark simulate --learners 2000 --simulator forgetting --json"},
		flags: func(fs *flag.FlagSet) {
			fs.IntVar(&opts.Learners, "learners", 600, "`number` of learners of each kind")
			fs.IntVar(&opts.Weeks, "weeks", 18, "`weeks` of a term")
			fs.Uint64Var(&opts.Seed, "seed", 1, "`number` that draws skills and learners")
			fs.StringVar(&simulator, "simulator", "all", strings.Join(simulators, ", ")+" or all")
			fs.StringVar(&policy, "policy", "all", "policies to compare, separated by commas, of "+strings.Join(policies, ", ")+"; or all")
			fs.BoolVar(&lookBacks, "look-backs", false, "compare schedules of look-backs instead")
			fs.BoolVar(&o.json, "json", false, "print the result as JSON")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if opts.Learners < 10 || opts.Learners > 100000 || opts.Weeks < 1 || opts.Weeks > 60 {
				return usage("take 10 to 100000 learners and 1 to 60 weeks")
			}
			if simulator != "all" {
				i := slices.Index(simulators, simulator)
				if i < 0 {
					return usage("there is no simulator %q; there are %s", simulator, strings.Join(simulators, ", "))
				}
				opts.Simulators = simulate.Simulators[i : i+1]
			}
			if policy != "all" {
				for name := range strings.SplitSeq(policy, ",") {
					i := slices.Index(policies, name)
					if i < 0 {
						return usage("there is no policy %q; there are %s", name, strings.Join(policies, ", "))
					}
					opts.Policies = append(opts.Policies, simulate.Policies[i])
				}
			}
			if lookBacks {
				return compareLookBacks(ctx, e, &o, opts)
			}
			list, err := simulate.Run(ctx, opts)
			if err != nil {
				return err
			}
			return o.print(e, struct {
				Seed     uint64             `json:"seed"`
				Outcomes []simulate.Outcome `json:"outcomes"`
			}{opts.Seed, list}, func(w io.Writer) {
				fmt.Fprintf(w, "%-11s %-8s %6s %8s %6s %6s %6s %6s   %-22s %-22s %s\n", "learners", "policy", "known", "8 weeks", "weeks", "false", "lowest", "gap", "SD vs fixed", "SD vs BKT", "lowest fifth vs fixed, vs BKT")
				between := func(v simulate.Versus) string { return fmt.Sprintf("%+.2f (%+.2f to %+.2f)", v.SD, v.Low, v.High) }
				for _, x := range list {
					fmt.Fprintf(w, "%-11s %-8s %6.2f %8.2f %6.1f %6.3f %6.2f %6.2f   %-22s %-22s %s, %s\n", x.Simulator, x.Policy, x.Known, x.Delayed, x.Weeks, x.FalseMet, x.Lowest, x.Gap,
						between(x.VersusFix), between(x.VersusBKT), between(x.LowestFix), between(x.LowestBKT))
				}
			})
		},
	}
}

func compareLookBacks(ctx context.Context, e *env, o *options, opts simulate.Options) error {
	list, err := simulate.Retention(ctx, opts)
	if err != nil {
		return err
	}
	return o.print(e, struct {
		Seed      uint64          `json:"seed"`
		Schedules []simulate.Kept `json:"schedules"`
	}{opts.Seed, list}, func(w io.Writer) {
		fmt.Fprintf(w, "%-9s %12s %13s   %-24s %s\n", "schedule", "known at end", "8 weeks later", "SD vs oldest first", "")
		for _, k := range list {
			fmt.Fprintf(w, "%-9s %11.1f%% %12.1f%%   %-24s %s\n", k.Schedule, 100*k.End, 100*k.Delayed, fmt.Sprintf("%+.2f (%+.2f to %+.2f)", k.Versus.SD, k.Versus.Low, k.Versus.High), k.Says)
		}
	})
}
