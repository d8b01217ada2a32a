package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"

	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
)

func proposeCommand(e *env) *command {
	return &command{
		name: "propose", short: "Explain what was proposed to teachers, and read or change the rules behind it.",
		sub: []*command{proposeExplainCommand(e), proposeRulesCommand(e)},
	}
}

// explained is a proposal with the rule as it stood and what became of it.
type explained struct {
	propose.Proposal
	Version   int              `json:"version"`
	Text      propose.RuleText `json:"rule_text"`
	Names     []string         `json:"names"`
	Decisions []decided        `json:"decisions"`
}

type decided struct {
	What   string `json:"what"`
	Reason string `json:"reason,omitempty"`
	Actor  string `json:"actor"`
	At     string `json:"at"`
}

func proposeExplainCommand(e *env) *command {
	var o options
	return &command{
		name: "explain", args: "ID", operands: 1, short: "Print one proposal: its rule and version, what the rule saw, what else there was, what was decided.",
		long:     "The ID stands behind “Why this?” of each step in a browser. What is printed is what was stored when the step was first proposed.",
		examples: []string{"waymark propose explain 3fa94c01d2b7", "waymark propose explain 3fa94c01d2b7 --json"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
		},
		run: func(ctx context.Context, e *env, args []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				x, err := explainProposal(ctx, db, d, args[0])
				if err != nil {
					return err
				}
				return o.print(e, x, func(w io.Writer) { writeExplained(w, x) })
			})
		},
	}
}

func explainProposal(ctx context.Context, db *store.DB, d roster.DistrictID, id string) (x explained, err error) {
	if x.Proposal, err = db.Proposal(ctx, d, id); err != nil {
		return x, err
	}
	if x.Text, x.Version, err = db.RuleOf(ctx, d, x.Rule); err != nil {
		return x, err
	}
	for _, id := range x.Students {
		p, err := db.Person(ctx, d, id)
		if err != nil {
			return x, err
		}
		x.Names = append(x.Names, p.Name())
	}
	list, err := db.DecisionsOn(ctx, d, x.Class, x.Step)
	if err != nil {
		return x, err
	}
	for _, l := range list {
		x.Decisions = append(x.Decisions, decided{l.What, l.Reason, string(l.Actor), l.At.Format("2006-01-02 15:04")})
	}
	return x, nil
}

func writeExplained(w io.Writer, x explained) {
	fmt.Fprintf(w, "proposal   %s, made %s for class %s\n", x.ID, x.At.Format("2006-01-02 15:04"), x.Class)
	fmt.Fprintf(w, "because    %s\n", x.Proposal.Because)
	fmt.Fprintf(w, "rule       %s, version %d: %q\n", x.Kind, x.Version, x.Text.Because)
	for i, id := range x.Students {
		fmt.Fprintf(w, "student    %s  %s\n", id, x.Names[i])
	}
	for _, in := range x.Inputs {
		fmt.Fprintf(w, "input      %-14s %s = %s\n", cmp.Or(string(in.Student), "(rule)"), in.What, in.Value)
	}
	for _, f := range x.Factors {
		fmt.Fprintf(w, "rank       %-10s %.3f  %s\n", f.Name, f.Value, f.Words)
	}
	fmt.Fprintf(w, "rank       %-10s %.3f\n", "product", x.Weight)
	for _, s := range x.Playbook {
		fmt.Fprintf(w, "playbook   %s\n", s)
	}
	for _, a := range x.Alternatives {
		fmt.Fprintf(w, "instead    %.3f  %s\n", a.Weight, a.Because)
	}
	for _, d := range x.Decisions {
		fmt.Fprintf(w, "decided    %s by %s on %s %s\n", d.What, d.Actor, d.At, d.Reason)
	}
}

func proposeRulesCommand(e *env) *command {
	var o options
	var set, note, school string
	return &command{
		name: "rules", args: "[--school ID] [--set FILE.yaml --note TEXT]", short: "Print the rules at work, or put a changed file to work.",
		examples: []string{"waymark propose rules > rules.yaml", `waymark propose rules --set rules.yaml --note "see students every ten days"`},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&set, "set", "", "`file` of the rules to put to work")
			fs.StringVar(&school, "school", "", "`id` of a school that has, or is to have, rules of its own; without it, the district's")
			fs.StringVar(&note, "note", "", "what was changed and why, kept with the version")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if set != "" && note == "" {
				return usage("say with --note what was changed and why")
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				if school != "" {
					if _, err := db.Org(ctx, d, roster.OrgID(school)); err != nil {
						return err
					}
				}
				now, err := db.Rules(ctx, d, roster.OrgID(school))
				if err != nil {
					return err
				}
				if set == "" {
					_, err := io.WriteString(e.stdout, now.File)
					return err
				}
				rules, err := readFile(set, propose.ReadRules)
				if err != nil {
					return err
				}
				version, err := db.SetRules(ctx, d, roster.OrgID(school), rules, now.Version, note, "")
				if err == nil {
					err = record(ctx, db, d, "propose rules", strconv.Itoa(version))
				}
				if err == nil {
					fmt.Fprintf(e.stdout, "version %d is at work\n", version)
				}
				return err
			})
		},
	}
}
