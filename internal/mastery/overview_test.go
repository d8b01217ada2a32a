package mastery_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/mastery"
)

// students are n students of a group, who moved from state a to state b on one competency.
func students(n int, group string, a, b mastery.State) (out []mastery.Subject) {
	for range n {
		out = append(out, mastery.Subject{Groups: map[string]string{"language": group},
			Now: []mastery.Record{{Competency: "c", State: b}}, Before: []mastery.Record{{Competency: "c", State: a}}})
	}
	return out
}

func TestSmallGroupsAreNotShown(t *testing.T) {
	t.Parallel()
	at := day0.Add(24 * time.Hour)
	low, high := run("000"), run("00011111")
	for _, c := range []struct {
		sizes map[string]int
		want  map[string]bool // shown?
	}{
		{map[string]int{"en": 30, "es": 12}, map[string]bool{"en": true, "es": true}},
		// One small group alone could be reckoned from the others.
		{map[string]int{"en": 30, "es": 12, "so": 3}, map[string]bool{"en": true, "es": false, "so": false}},
		// Two small groups that together are not small hide each other.
		{map[string]int{"en": 30, "es": 6, "so": 7}, map[string]bool{"en": true, "es": false, "so": false}},
	} {
		var all []mastery.Subject
		total := 0
		for g, n := range c.sizes {
			all = append(all, students(n, g, low, high)...)
			total += n
		}
		o := mastery.Summarize(all, []string{"language"}, 6, at)
		if o.Groups[0].Students != total {
			t.Errorf("%v: everybody = %d; want %d", c.sizes, o.Groups[0].Students, total)
		}
		got := map[string]bool{}
		for _, g := range o.Groups[1:] {
			got[g.Group] = !g.Suppressed
			if g.Suppressed && g != (mastery.GroupOverview{Dimension: g.Dimension, Group: g.Group, Suppressed: true}) {
				t.Errorf("%v: a group that is not shown still carries figures: %+v", c.sizes, g)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v shown (-want +got):\n%s", c.sizes, diff)
		}
	}
	if o := mastery.Summarize(students(9, "en", low, high), []string{"language"}, 6, at); len(o.Groups) != 1 || !o.Groups[0].Suppressed {
		t.Errorf("nine students = %+v; want nothing shown", o)
	}
}

// The interval of the mean change, against R: x <- c(0,.1,.2,.3,.4,.5,.6,.7,.8,.9);
// t.test(x)$conf.int gives 0.2334149 0.6665851.
func TestChangeInterval(t *testing.T) {
	t.Parallel()
	// States whose expected success differs by exactly such steps are made by search.
	state := func(p float64) mastery.State {
		lo, hi := -9.0, 9.0
		for range 200 {
			mid := (lo + hi) / 2
			if (mastery.State{Mean: mid, Variance: 0, N: 1, Last: day0}).At(day0).Value < p {
				lo = mid
			} else {
				hi = mid
			}
		}
		return mastery.State{Mean: lo, Variance: 0, N: 1, Last: day0}
	}
	var all []mastery.Subject
	for i := range 10 {
		all = append(all, mastery.Subject{Groups: map[string]string{"x": fmt.Sprint(i)},
			Before: []mastery.Record{{Competency: "c", State: state(.05)}}, Now: []mastery.Record{{Competency: "c", State: state(.05 + .1*float64(i))}}})
	}
	g := mastery.Summarize(all, nil, 6, day0).Groups[0]
	const tol = 1e-6
	if abs(g.Change-.45) > tol || abs(g.Low-0.2334149) > tol || abs(g.High-0.6665851) > tol || g.Changed != 10 {
		t.Errorf("change = %.7f (%.7f to %.7f) over %d; want 0.45 (0.2334149 to 0.6665851) over 10", g.Change, g.Low, g.High, g.Changed)
	}
}

func abs(x float64) float64 { return max(x, -x) }
