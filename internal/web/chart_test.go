package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/mastery"
)

func groupOf(name string, n, changed int, low, mid, high float64) named {
	return named{name, mastery.GroupOverview{Dimension: "grade", Group: name, Students: n, Fresh: float64(n) / 100, Changed: changed, Low: low, Change: mid, High: high}}
}

func TestChangeChartSaysOnlyWhatIntervalsAllow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		groups []named
		lead   string
		shapes []string
	}{
		{"one that rose", []named{groupOf("A", 20, 20, .01, .03, .05)}, "A: estimates went up by +3.0 points.", []string{rise}},
		{"one that fell", []named{groupOf("A", 20, 20, -.05, -.03, -.01)}, "A: estimates went down by 3.0 points.", []string{fall}},
		{"one across zero", []named{groupOf("A", 20, 20, -.01, .03, .05)}, "A: we can't tell whether estimates changed.", []string{cannotTell}},
		{"two that overlap", []named{groupOf("A", 20, 20, .01, .03, .05), groupOf("B", 20, 20, .04, .06, .08)}, "We can't tell these groups apart: their ranges overlap.", []string{rise, rise}},
		{"two apart", []named{groupOf("A", 20, 20, -.05, -.03, -.01), groupOf("B", 20, 20, .04, .06, .08)}, "B changed by +6.0, A by −3.0, and their ranges do not overlap.", []string{fall, rise}},
	} {
		got := changeChart("x", "by grade", 6, c.groups)
		var shapes []string
		for _, r := range got.Rows {
			shapes = append(shapes, r.Shape)
		}
		if got.Lead != c.lead {
			t.Errorf("%s: lead = %q; want %q", c.name, got.Lead, c.lead)
		}
		if diff := cmp.Diff(c.shapes, shapes); diff != "" {
			t.Errorf("%s: shapes: %s", c.name, diff)
		}
	}
}

func TestSmallChangesAreHiddenWithTheNextLarger(t *testing.T) {
	t.Parallel()
	groups := []named{groupOf("A", 30, 30, 0, 0, 0), groupOf("B", 20, 9, 0, 0, 0), groupOf("C", 20, 15, 0, 0, 0)}
	got, hidden := hideSmallChanges(groups)
	if diff := cmp.Diff([]string{"B", "C"}, hidden); diff != "" {
		t.Errorf("hidden: %s", diff)
	}
	if got[0].Changed != 30 || got[1].Changed != 0 || got[2].Changed != 0 {
		t.Errorf("changes = %d %d %d; want 30 0 0", got[0].Changed, got[1].Changed, got[2].Changed)
	}
	if groups[1].Changed != 9 {
		t.Error("the caller's groups were changed")
	}
}

func TestFreshChartNamesHighestAndLowest(t *testing.T) {
	t.Parallel()
	hidden := groupOf("D", 0, 0, 0, 0, 0)
	hidden.Suppressed = true
	c := freshChart("x", "by grade", []named{groupOf("A", 30, 0, 0, 0, 0), hidden, groupOf("B", 70, 0, 0, 0, 0)})
	if want := "B is highest with 70 %, A is lowest with 30 %."; c.Lead != want {
		t.Errorf("lead = %q; want %q", c.Lead, want)
	}
	if len(c.Rows) != 2 || len(c.Table) != 2 {
		t.Errorf("%d rows and %d lines; want the hidden group in neither", len(c.Rows), len(c.Table))
	}
}

func TestGroupsAreNamedSoThatTheyStandAlone(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"grade", "04", "Grade 4"}, {"grade", "KG", "Kindergarten"}, {"grade", "not known", "Not known"},
		{"English learner", "yes", "English learners"}, {"disability", "no", "Without a disability"}, {"sex", "female", "Female"}} {
		if got := groupName(c[0], c[1]); got != c[2] {
			t.Errorf("groupName(%s, %s) = %q; want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q; want %q", n, got, want)
		}
	}
}
