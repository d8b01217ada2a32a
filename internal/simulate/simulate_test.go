package simulate_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/simulate"
)

// small is a short run, the same each time.
func small(seed uint64) simulate.Options {
	return simulate.Options{Learners: 20, Weeks: 6, Seed: seed}
}

func run(t *testing.T, o simulate.Options) []simulate.Outcome {
	t.Helper()
	list, err := simulate.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The same seed gives the same outcomes on any number of processors; another one does not.
func TestRunIsDeterministic(t *testing.T) {
	first := run(t, small(3))
	before := runtime.GOMAXPROCS(1)
	again := run(t, small(3))
	runtime.GOMAXPROCS(before)
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the same seed on one processor gives something else:\n%s", d)
	}
	if cmp.Equal(first, run(t, small(4))) {
		t.Error("another seed gives the same outcomes")
	}
}

// Every policy meets every kind of learner, counts are possible, and a policy differs from
// itself by nothing.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	list := run(t, small(5))
	if want := len(simulate.Simulators) * len(simulate.Policies); len(list) != want {
		t.Fatalf("%d outcomes; want %d", len(list), want)
	}
	for _, x := range list {
		if x.Known < 0 || x.Known > 48 || x.Delayed < 0 || x.Delayed > 48 || x.FalseMet < 0 || x.FalseMet > 1 || x.Weeks < 0 || x.Weeks > 6 {
			t.Errorf("%s, %s: impossible counts %+v", x.Simulator, x.Policy, x)
		}
		if x.Policy == "fixed" && x.VersusFix != (simulate.Versus{}) || x.Policy == "bkt" && x.VersusBKT != (simulate.Versus{}) {
			t.Errorf("%s: %s differs from itself: %+v, %+v", x.Simulator, x.Policy, x.VersusFix, x.VersusBKT)
		}
		if x.VersusFix.Low > x.VersusFix.SD || x.VersusFix.High < x.VersusFix.SD {
			t.Errorf("%s, %s: the interval %+v leaves out its middle", x.Simulator, x.Policy, x.VersusFix)
		}
		if x.Simulator != "forgetting" && x.Delayed != x.Known {
			t.Errorf("%s, %s: learners who forget nothing know %v, eight weeks later %v", x.Simulator, x.Policy, x.Known, x.Delayed)
		}
		if x.Simulator == "forgetting" && x.Delayed > x.Known {
			t.Errorf("%s: known %v grows to %v with nothing done", x.Policy, x.Known, x.Delayed)
		}
	}
}

// What is offered is worth more than a fixed sequence for every kind of learner, for the
// slow as well.
func TestOfferPaysEverywhere(t *testing.T) {
	t.Parallel()
	var some []simulate.Policy
	for _, p := range simulate.Policies {
		if p.Name == "fixed" || p.Name == "waymark" {
			some = append(some, p)
		}
	}
	for _, x := range run(t, simulate.Options{Learners: 80, Seed: 11, Policies: some}) {
		if x.Policy == "waymark" && (x.VersusFix.Low < .15 || x.LowestFix.SD < 0) {
			t.Errorf("%s: what is offered gains %+v SD over a fixed sequence, the lowest fifth %+v", x.Simulator, x.VersusFix, x.LowestFix)
		}
	}
}

// With the same number of looks, what presses most keeps as much as any other schedule,
// and any keeps more than none.
func TestLookBacksKeepWhatWasLearned(t *testing.T) {
	t.Parallel()
	list, err := simulate.Retention(t.Context(), simulate.Options{Learners: 120, Weeks: 24, Seed: 21})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]simulate.Kept{}
	for _, k := range list {
		by[k.Schedule] = k
		if k.Delayed > k.End || k.End > 1 || k.Delayed < 0 {
			t.Errorf("impossible shares: %+v", k)
		}
	}
	for name, k := range by {
		if name != "none" && k.Delayed <= by["none"].Delayed {
			t.Errorf("%s keeps %.3f, no look back %.3f", name, k.Delayed, by["none"].Delayed)
		}
		if k.Delayed > by["waymark"].Delayed+.02 {
			t.Errorf("%s keeps %.3f, what presses %.3f", name, k.Delayed, by["waymark"].Delayed)
		}
	}
	again, err := simulate.Retention(t.Context(), simulate.Options{Learners: 120, Weeks: 24, Seed: 21})
	if err != nil || !cmp.Equal(list, again) {
		t.Errorf("the same seed gives something else: %v", err)
	}
}

func TestRunStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := simulate.Run(ctx, small(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped run ends with %v", err)
	}
}
