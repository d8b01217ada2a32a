// Package internal holds the rules that span packages.
package internal

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers is who may import whom: a package imports only packages of lines above its
// own. It is a statement of policy; do not change it to make a build pass.
const layers = `
hostile fault plain stats visible language assign motivation study/effect study/mixed
strict study/linear study/power study/sensitivity study/match
study/rollout study/dose
study
roster competency tracing grading recall flex credit
tracing/bkt assess/irt
evidence material team
mastery plan assess profile group
propose guard conference timetable company
simulate sso
tabular
oneroster caseio
intake fit
store live demo supply
store/storetest web
`

// only names what some packages alone may use, tests aside.
var only = map[string][]string{
	"database/sql":             {"store", "store/storetest"},
	"html/template":            {"web"},
	"waymark/internal/hostile": {},
	"net/http":                 {"web", "sso"},
	"math/rand/v2":             {"demo", "stats", "grading", "mastery", "tracing/bkt", "simulate", "flex", "group", "study", "study/match", "store"}, // seeded; but for how long store waits for others
}

func TestLayers(t *testing.T) {
	t.Parallel()
	level := map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(layers), "\n") {
		for p := range strings.FieldsSeq(line) {
			level[p] = i
		}
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, "waymark/internal/")
		if name == "waymark/internal" {
			continue
		}
		at, ok := level[name]
		if !ok {
			t.Errorf("%s has no place in the layers", name)
			continue
		}
		seen++
		for _, imp := range p.Imports {
			if users, limited := only[imp]; limited && !slices.Contains(users, name) {
				t.Errorf("%s imports %s, which is only for %s", name, imp, strings.Join(users, ", "))
			}
			if imp == "testing" && name != "store/storetest" {
				t.Errorf("%s imports testing outside tests", name)
			}
			other, inside := strings.CutPrefix(imp, "waymark/internal/")
			if inside && level[other] >= at {
				t.Errorf("%s imports %s, which is not below it", name, other)
			}
		}
	}
	if seen != len(level) {
		t.Errorf("%d packages found; %d have a place: take away what is gone", seen, len(level))
	}
}
