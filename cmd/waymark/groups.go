package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/group"
)

func groupsCommand() *command {
	return &command{
		name: "groups", short: "Propose groups for a purpose, under what must hold.",
		long: "Instances and solutions are JSON files; docs/groups.md tells their form, the rules and what counts how much.",
		sub:  []*command{groupsProposeCommand(), groupsVerifyCommand(), groupsGenerateCommand()},
	}
}

func groupsProposeCommand() *command {
	var o options
	var seed uint64
	var instance string
	return &command{
		name: "propose", args: "--instance FILE.json [--seed S] [--json]", short: "Propose groups for an instance.",
		long: `Prints the groups, with the because of each student, the score and the fairness check. The same seed gives the same groups. Where rules contradict each
other it ends with 3 and says which could not be kept; all others are.`,
		examples: []string{"waymark groups propose --instance class.json --json > groups.json"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&instance, "instance", "", "`file` of the instance")
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws")
			fs.BoolVar(&o.json, "json", false, "print the solution as JSON")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if instance == "" {
				return usage("name an instance with --instance FILE")
			}
			in, err := readFile(instance, group.Read)
			if err != nil {
				return err
			}
			s := group.Propose(ctx, in, seed)
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := o.print(e, s, func(w io.Writer) { writeGroups(w, s) }); err != nil {
				return err
			}
			if s.Status == group.Conflict {
				return fault.New(fault.Decision, "no groups were found that keep every rule; %d of them (%s) could not be kept with the others. Take some back, or change sizes.", len(s.Unmet), unmetRules(s))
			}
			return nil
		},
	}
}

// unmetRules names the rules that are not kept, each once.
func unmetRules(s *group.Solution) string {
	var rules []string
	for _, u := range s.Unmet {
		if !slices.Contains(rules, u.Rule) {
			rules = append(rules, u.Rule)
		}
	}
	return strings.Join(rules, ", ")
}

func writeGroups(w io.Writer, s *group.Solution) {
	for _, g := range s.Groups {
		fmt.Fprintf(w, "%s", g.ID)
		for _, x := range []string{g.Focus, g.Staff} {
			if x != "" {
				fmt.Fprintf(w, "  %s", x)
			}
		}
		fmt.Fprintln(w)
		for i, id := range g.Students {
			var roles []string
			for _, r := range g.Roles {
				if r.Student == id {
					roles = append(roles, r.Role)
				}
			}
			fmt.Fprintf(w, "  %-14s %-14s %s\n", id, strings.Join(roles, ", "), g.Because[i])
		}
	}
	for _, u := range s.Unmet {
		fmt.Fprintf(w, "%s: %s: %s\n", u.Rule, u.Where, u.Message)
	}
	far := 0
	for _, f := range s.Fairness {
		if !f.Nearest {
			far++
		}
	}
	fmt.Fprintf(w, "\nscore %.4f; %d shares of subgroups differ by more than %.2f of a standard deviation, %d of them further than whole students need", s.Score, len(s.Fairness), group.Warn, far)
	fmt.Fprintln(w, "; --json prints all")
}

func groupsVerifyCommand() *command {
	c := verifyCommand(group.Read, group.ReadSolution, func(in *group.Instance, s *group.Solution) (any, bool, func(io.Writer)) {
		r := group.Verify(in, s)
		return r, r.OK, func(w io.Writer) {
			for _, b := range r.Broken {
				fmt.Fprintf(w, "%s: %s: %s\n", b.Rule, b.Where, b.Message)
			}
			fmt.Fprintf(w, "score %.9f; %d rules broken\n", r.Score, len(r.Broken))
		}
	})
	c.short = "Judge groups: their rules and their score, from scratch."
	c.long = "Shares nothing with the search. Ends with 1 where a rule is broken or the score is not what the solution says."
	c.examples = []string{"waymark groups verify --instance class.json --solution groups.json"}
	return c
}

func groupsGenerateCommand() *command {
	var purpose string
	var students int
	var seed uint64
	return &command{
		name: "generate", args: "[--purpose P] [--students N] [--seed S]", short: "Draw an instance to try.",
		examples: []string{"waymark groups generate --purpose project --students 28 > class.json"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&purpose, "purpose", string(group.SharedNeed), "`purpose`: shared-need, mixed-strengths, interest, pace or project")
			fs.IntVar(&students, "students", 28, "`number` of students")
			fs.Uint64Var(&seed, "seed", 1, "`number` that draws it")
		},
		run: func(_ context.Context, e *env, _ []string) error {
			if students < 3 || students > 1000 || !slices.Contains(group.Purposes, group.Purpose(purpose)) {
				return usage("take 3 to 1000 students and one of the purposes %v", group.Purposes)
			}
			return json.NewEncoder(e.stdout).Encode(group.Generate(group.Purpose(purpose), students, seed))
		},
	}
}
