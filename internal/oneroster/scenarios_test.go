package oneroster_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/oneroster"
)

type scenario struct {
	File          string
	Expect        string
	Mode          string
	Codes         []string
	SuppliedFiles []string
}

func scenarios(t testing.TB) []scenario {
	t.Helper()
	data, err := os.ReadFile("testdata/scenarios/index.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []scenario
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 20 {
		t.Fatalf("index.json lists %d scenarios, want 20 or more", len(list))
	}
	return list
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	// Two packages hold, besides what their names say, a role of a user who is
	// not in users.csv. It is told too.
	also := map[string][]string{
		"invalid/field-parser-failures.zip":       {"reference.missing_target_record"},
		"invalid/duplicate-sourcedid-failure.zip": {"reference.missing_target_record"},
	}
	for _, s := range scenarios(t) {
		t.Run(s.File, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("testdata/scenarios", s.File))
			if err != nil {
				t.Fatal(err)
			}
			g, _ := read(t, data, nil)
			want := slices.Sorted(slices.Values(append(s.Codes, also[s.File]...)))
			if s.Expect == "accept" && len(want) > 0 {
				t.Fatal("index.json accepts and names codes")
			}
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(g.problems.Codes()))); diff != "" {
				t.Errorf("codes (-want +got):\n%s\n%v", diff, g.problems)
			}
			for _, p := range g.problems {
				if p.File == "" || p.Message == "" || p.Cure == "" || strings.HasPrefix(p.Code, "row.") && (p.Line == 0 || p.Field == "") {
					t.Errorf("problem does not say enough: %+v", p)
				}
			}
			if s.Expect != "accept" {
				return
			}
			p, err := oneroster.Open(bytes.NewReader(data), int64(len(data)), s.File, oneroster.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var supplied []string
			for name, mode := range p.Modes {
				if mode != oneroster.Absent {
					supplied = append(supplied, name+".csv")
					if s.Mode != "" && string(mode) != s.Mode {
						t.Errorf("Modes[%s] = %s, want %s", name, mode, s.Mode)
					}
				}
			}
			if s.SuppliedFiles != nil && !slices.Equal(slices.Sorted(slices.Values(s.SuppliedFiles)), slices.Sorted(slices.Values(supplied))) {
				t.Errorf("supplied files = %v, want %v", supplied, s.SuppliedFiles)
			}
		})
	}
}

// What a package of all files says must arrive, each record once and in the
// order of dependence.
func TestScenarioContent(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/scenarios/valid/full-bulk-package.zip")
	if err != nil {
		t.Fatal(err)
	}
	g, sum := read(t, data, nil)
	want := []string{"org", "term", "course", "class", "user", "role", "enrollment", "demographics", "profile", "category", "line item", "result"}
	if diff := cmp.Diff(want, g.order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"11111111-1111-1111-1111-111111111111"}, g.LineItems[0].Competencies); diff != "" {
		t.Errorf("competencies of the line item (-want +got):\n%s", diff)
	}
	if o := g.Results[0].Competencies; len(o) != 1 || o[0].Competency != "objective-1" || *o[0].Score != 1 || o[0].Text != "mastered" {
		t.Errorf("competencies of the result = %+v", o)
	}
	if r := g.Results[0]; *r.Score != 95.5 || r.Text != "A" || r.Status != "fully graded" || r.Date != "2024-09-09" {
		t.Errorf("result = %+v", r)
	}
	skipped := make(map[string]int)
	for _, f := range sum {
		if f.Rows != f.Accepted {
			t.Errorf("%s: %d of %d rows accepted", f.File, f.Accepted, f.Rows)
		}
		if f.Skipped > 0 {
			skipped[f.File] = f.Skipped
		}
	}
	if diff := cmp.Diff([]string{"classResources.csv", "courseResources.csv", "lineItemScoreScales.csv", "resources.csv",
		"resultScoreScales.csv", "scoreScales.csv", "userResources.csv"}, slices.Sorted(maps.Keys(skipped))); diff != "" {
		t.Errorf("skipped files (-want +got):\n%s", diff)
	}
}

func edfi(t testing.TB) files {
	t.Helper()
	paths, err := filepath.Glob("testdata/edfi/*.csv")
	if err != nil || len(paths) != 8 {
		t.Fatalf("testdata/edfi holds %d CSV files (%v), want 8", len(paths), err)
	}
	f := make(files)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f[filepath.Base(path)] = string(data)
	}
	return f
}

func TestEdFiSample(t *testing.T) {
	t.Parallel()
	g, _ := read(t, edfi(t).zip(t), nil)
	if len(g.problems) > 0 {
		t.Errorf("problems: %v", g.problems)
	}
	if got, want := []int{len(g.Orgs), len(g.Terms), len(g.Courses), len(g.Classes), len(g.Users), len(g.Roles), len(g.Enrollments), len(g.Demographics)},
		[]int{2, 3, 2, 2, 10, 10, 24, 8}; !slices.Equal(got, want) {
		t.Errorf("orgs, terms, courses, classes, users, roles, enrollments, demographics = %v, want %v", got, want)
	}
	if u := g.Users[0]; u.PrimaryOrg != "255901001" || len(u.UserIDs) != 1 || u.UserIDs[0] != "{Local:863}" || !u.Enabled {
		t.Errorf("first user = %+v", u)
	}
	if r := g.Roles[0]; r.User != "604863" || r.Role != "student" || r.Org != "255901001" || !r.Primary || r.ID == "" {
		t.Errorf("first role = %+v", r)
	}
	if c := g.Classes[0]; len(c.Terms) != 2 || c.Kind != "scheduled" {
		t.Errorf("first class = %+v", c)
	}
}
