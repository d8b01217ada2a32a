package store

import (
	"context"
	"maps"
	"slices"
	"strings"

	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// RuleUse is how often something was proposed by one version of a rule, and what people made of it.
type RuleUse struct {
	Rule      string         `json:"rule"` // with its version
	For       string         `json:"for"`  // who decides
	Proposed  int            `json:"proposed"`
	Decisions map[string]int `json:"decisions"` // how often, by what was decided
	Groups    []RuleGroup    `json:"groups"`
}

// RuleGroup is what was decided for one group of students.
type RuleGroup struct {
	Dimension  string         `json:"dimension"`
	Group      string         `json:"group"`
	Suppressed bool           `json:"suppressed,omitempty"` // too few students, or it would give others away
	Students   int            `json:"students"`
	Decisions  map[string]int `json:"decisions,omitempty"`
}

// decided is one decision on what a rule proposed, for one student.
type decided struct {
	rule, what string
	student    roster.PersonID
}

// Register is the register of what is proposed by rule: each version of each rule, how often it
// proposed something and what people made of it, by group of students. Nothing here is decided
// without a person.
func (db *DB) Register(ctx context.Context, d roster.DistrictID) ([]RuleUse, error) {
	uses := map[string]*RuleUse{}
	use := func(rule, who string) *RuleUse {
		if uses[rule] == nil {
			uses[rule] = &RuleUse{Rule: rule, For: who, Decisions: map[string]int{}}
		}
		return uses[rule]
	}
	var all []decided
	if _, err := many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var rule string
		var n int
		err = row(&rule, &n)
		use(rule, "teachers").Proposed = n
		return struct{}{}, err
	}, `SELECT rule, count(*) FROM proposal WHERE district = $1 GROUP BY rule`, d); err != nil {
		return nil, err
	}
	if _, err := many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var rule, what, students string
		err = row(&rule, &what, &students)
		use(rule, "teachers").Decisions[what]++
		for _, s := range splitList[roster.PersonID](students) {
			all = append(all, decided{rule, what, s})
		}
		return struct{}{}, err
	}, `SELECT rule, decision, students FROM step_decision WHERE district = $1`, d); err != nil {
		return nil, err
	}
	if _, err := many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var rule, material, own string
		var student roster.PersonID
		err = row(&rule, &student, &material, &own)
		what := "took one"
		switch {
		case own != "":
			what = "own idea"
		case material == "":
			what = "asked for something else"
		}
		u := use(rule, "students")
		u.Proposed++
		u.Decisions[what]++
		all = append(all, decided{rule, what, student})
		return struct{}{}, err
	}, `SELECT rule, student, material, own FROM choice WHERE district = $1 AND rule <> ''`, d); err != nil {
		return nil, err
	}
	if _, err := many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var rule, outcome, contest string
		var student roster.PersonID
		err = row(&rule, &student, &outcome, &contest)
		what := "looked after"
		switch {
		case contest != "":
			what = "contested"
		case outcome != "":
			what = outcome
		}
		u := use(rule, "teachers")
		u.Decisions["flag: "+what]++
		all = append(all, decided{rule, "flag: " + what, student})
		return struct{}{}, err
	}, `SELECT rule, student, outcome, contest FROM flag WHERE district = $1`, d); err != nil {
		return nil, err
	}
	groups, _, err := db.StudentGroups(ctx, d)
	if err != nil {
		return nil, err
	}
	by := map[string][]decided{}
	for _, x := range all {
		by[x.rule] = append(by[x.rule], x)
	}
	out := []RuleUse{}
	for _, rule := range slices.Sorted(maps.Keys(uses)) {
		u := *uses[rule]
		for _, dimension := range dimensions {
			u.Groups = append(u.Groups, ruleGroups(by[rule], dimension, func(p roster.PersonID) string { return groups[p][dimension] })...)
		}
		out = append(out, u)
	}
	return out, nil
}

func ruleGroups(all []decided, dimension string, group func(roster.PersonID) string) (out []RuleGroup) {
	cells := stats.Cells(all, func(x decided) string { return group(x.student) }, 0)
	if len(cells) == 0 || len(cells) == 1 && cells[0].Name == stats.NotKnown {
		return nil
	}
	sizes := make([]int, len(cells))
	for i, c := range cells {
		people := map[roster.PersonID]bool{}
		for _, x := range c.Members {
			people[x.student] = true
		}
		sizes[i] = len(people)
	}
	for i, hide := range stats.Suppressed(sizes, mastery.SmallCell) {
		g := RuleGroup{Dimension: dimension, Group: cells[i].Name, Suppressed: hide}
		if !hide {
			g.Students, g.Decisions = sizes[i], map[string]int{}
			for _, x := range cells[i].Members {
				g.Decisions[x.what]++
			}
		}
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(a, b RuleGroup) int { return strings.Compare(a.Dimension, b.Dimension) })
	return out
}
