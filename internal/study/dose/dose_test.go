package dose_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/fault"
	"waymark/internal/stats"
	"waymark/internal/study/dose"
)

var trails = dose.Practice{ID: "trails", Name: "Fraction Trails", Trace: dose.Product, Product: "Trails", Unit: dose.Minutes,
	Recommended: []dose.Recommendation{{Grades: []string{"3", "4"}, Least: 30}, {Grades: []string{"05"}, Least: 45}}, Weeks: 1, From: "2026-09-07"}

var mondays = []string{"2026-08-31", "2026-09-07", "2026-09-14", "2026-09-28", "2026-10-05"}

// Weeks before a practice began, weeks without school and the running one are not held against
// anybody.
func TestPeriodsAreScheduledWeeksThatAreOver(t *testing.T) {
	t.Parallel()
	got := trails.Periods(mondays, "2026-10-09")
	want := []dose.Period{{"2026-09-07", "2026-09-14"}, {"2026-09-14", "2026-09-21"}, {"2026-09-28", "2026-10-05"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	two := trails
	two.Weeks = 2
	if diff := cmp.Diff([]dose.Period{{"2026-09-14", "2026-10-05"}}, two.Periods(mondays, "2026-10-09")); diff != "" {
		t.Error(diff)
	}
}

func TestDoseOfStudents(t *testing.T) {
	t.Parallel()
	periods := trails.Periods(mondays, "2026-10-09")
	students := []dose.Student{{ID: "a", Grade: "04"}, {ID: "b", Grade: "5"}, {ID: "c", Grade: "6"}}
	events := []dose.Event{{"a", "2026-09-07", 20}, {"a", "2026-09-13", 10}, {"a", "2026-09-14", 29.5}, {"a", "2026-10-05", 300}, {"b", "2026-09-29", 45}, {"c", "2026-09-29", 45}, {"gone", "2026-09-29", 45}}
	reasons := []dose.Reason{{Student: "a", Why: "connection", Since: "2026-09-30"}, {Student: "a", Why: "else", Since: "2026-09-01", Until: "2026-09-14", Practice: "trails"},
		{Student: "b", Why: "device", Since: "2026-09-01", Until: "2026-09-13"}, {Student: "b", Why: "device", Since: "2026-09-01", Practice: "another"}}
	missed := []dose.Event{{"b", "2026-09-14", 1}, {"b", "2026-09-15", 1}, {"b", "2026-09-16", .5}, {"a", "2026-09-07", 1}, {"a", "2026-09-14", 1}}
	got := trails.Take(students, periods, events, append(reasons, trails.Away(missed, periods)...))
	want := []dose.Student{
		{ID: "a", Grade: "04", Least: 30, Got: []float64{30, 29.5, 0}, Whys: [][]string{{"else"}, {"else"}, {"connection"}}},
		{ID: "b", Grade: "5", Least: 45, Got: []float64{0, 0, 45}, Whys: [][]string{{"device"}, {"away"}, nil}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	a, b := got[0], got[1]
	if a.Met() != 1./3 || a.Streak() != 2 || b.Streak() != 0 || a.Limited(1) || !a.Limited(2) {
		t.Errorf("met %v, streaks %d and %d, limited %v %v", a.Met(), a.Streak(), b.Streak(), a.Limited(1), a.Limited(2))
	}
	groups := dose.Summarise(got, nil, 2)
	all := dose.Group{Subgroup: stats.Subgroup{Dimension: stats.Everybody, Group: "Everybody"}, Students: 2, Bands: [4]float64{0, 1, 0, 0}, Mean: (59.5/3 + 15) / 2, Met: 1. / 3, Short: 1, Limited: 1}
	if diff := cmp.Diff([]dose.Group{all}, groups, cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-12 })); diff != "" {
		t.Error(diff)
	}
}

// An amount for some grades goes before one for all.
func TestAnAmountForAGradeGoesBeforeOneForAll(t *testing.T) {
	t.Parallel()
	p := dose.Practice{Recommended: []dose.Recommendation{{Least: 2}, {Grades: []string{"6", "07"}, Least: 4}}}
	for grade, want := range map[string]float64{"6": 4, "7": 4, "07": 4, "8": 2, "KG": 2, "": 2} {
		if got, ok := p.For(grade); !ok || got != want {
			t.Errorf("grade %q: %v, want %v", grade, got, want)
		}
	}
}

// The bands are those of requirements 3.10: nothing, below half, half to four fifths, and more.
func TestBands(t *testing.T) {
	t.Parallel()
	for met, want := range map[float64]dose.Band{0: dose.Never, .01: dose.Seldom, .49: dose.Seldom, .5: dose.Partly, .79: dose.Partly, .8: dose.AsMeant, 1: dose.AsMeant} {
		if got := dose.BandOf(met); got != want {
			t.Errorf("BandOf(%v) = %v, want %v", met, got, want)
		}
	}
}

// Few students are never shown, nor reckoned back from the whole.
func TestSmallGroupsAreHidden(t *testing.T) {
	t.Parallel()
	var students []dose.Student
	for i := range 40 {
		language := "no"
		if i < 4 {
			language = "yes"
		}
		students = append(students, dose.Student{Groups: map[string]string{"English learner": language}, Least: 1, Got: []float64{float64(i % 2)}, Whys: make([][]string, 1)})
	}
	for _, g := range dose.Summarise(students, []string{"English learner"}, 10)[1:] {
		if !g.Suppressed || g.Students != 0 || g.Met != 0 {
			t.Errorf("%+v", g)
		}
	}
	if g := dose.Summarise(students[:9], nil, 10); len(g) != 1 || !g[0].Suppressed {
		t.Errorf("nine students: %+v", g)
	}
}

func TestIndexIsHeldAgainstThePast(t *testing.T) {
	t.Parallel()
	got := dose.Index([][]float64{{.2, .4, .6}, {.8, math.NaN()}, nil})
	if diff := cmp.Diff([]float64{.2, (.4 + .8) / 2, .6}, got, cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-12 })); diff != "" {
		t.Error(diff)
	}
}

func TestWhatMakesAPracticeUnusableIsSaid(t *testing.T) {
	t.Parallel()
	if err := trails.Check(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*dose.Practice){
		"name":     func(p *dose.Practice) { p.Name = " " },
		"trace":    func(p *dose.Practice) { p.Trace = "wishes" },
		"product":  func(p *dose.Practice) { p.Product = "" },
		"unit":     func(p *dose.Practice) { p.Unit = dose.Times },
		"least":    func(p *dose.Practice) { p.Recommended = []dose.Recommendation{{Least: math.NaN()}} },
		"weeks":    func(p *dose.Practice) { p.Weeks = 0 },
		"from":     func(p *dose.Practice) { p.From = "soon" },
		"evidence": func(p *dose.Practice) { p.Evidence = "javascript:alert(1)" },
	} {
		p := trails
		change(&p)
		if err := p.Check(); fault.FieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
