package recall_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"waymark/internal/recall"
)

var day0 = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)

func day(n float64) time.Time { return day0.Add(time.Duration(n * 24 * float64(time.Hour))) }

// The first steps of FSRS-6 with its default weights, worked out by hand from the
// published equations: the first success leaves stability w2 = 2.3065 and difficulty
// w4 − e^(2·w5) + 1 = 2.1181; the first failure w0 = 0.212 and w4 = 6.4133.
func TestByHand(t *testing.T) {
	t.Parallel()
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 5e-4*max(1, want) {
			t.Errorf("%s = %.4f; want %.4f", what, got, want)
		}
	}
	m := recall.Review(recall.Memory{}, 1, day0)
	near("stability after a first success", m.Stability, 2.3065)
	near("difficulty after a first success", m.Difficulty, 2.1181)
	near("chance when a stability has passed", m.At(day(2.3065)), 0.9)
	f := recall.Review(recall.Memory{}, 0, day0)
	near("stability after a first failure", f.Stability, 0.212)
	near("difficulty after a first failure", f.Difficulty, 6.4133)

	// After 3 days: factor = 0.9^(−1/0.1542) − 1 = 0.98044; R = (1 + 0.98044·3/2.3065)^−0.1542 = 0.87959;
	// S' = 2.3065·(1 + e^1.8722·(11−2.1181)·2.3065^−0.1666·(e^(0.796·0.12041) − 1)) = 13.98.
	r := math.Pow(1+0.98044*3/2.3065, -0.1542)
	near("chance after three days", m.At(day(3)), r)
	again := recall.Review(m, 1, day(3))
	near("stability after a success at three days", again.Stability,
		2.3065*(1+math.Exp(1.8722)*(11-2.1181)*math.Pow(2.3065, -0.1666)*(math.Exp(0.796*(1-r))-1)))
	lost := recall.Review(m, 0, day(3))
	near("stability after a failure at three days", lost.Stability,
		min(1.4835*math.Pow(2.1181, -0.0614)*(math.Pow(3.3065, 0.2629)-1)*math.Exp(1.6483*(1-r)), 2.3065/math.Exp(0.5425*0.0912)))
}

func TestProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		var m recall.Memory
		at := 0.0
		for range 1 + rng.IntN(12) {
			share := float64(rng.IntN(5)) / 4
			was := m
			m = recall.Review(m, share, day(at))
			if !(m.Stability > 0 && m.Difficulty >= 1 && m.Difficulty <= 10 && !math.IsInf(m.Stability, 0)) {
				t.Fatalf("memory out of range: %+v", m)
			}
			if share == 1 && m.Stability < was.Stability {
				t.Fatalf("success made memory weaker: %+v then %+v", was, m)
			}
			if was.Stability > 0 {
				better, worse := recall.Review(was, 1, day(at)), recall.Review(was, 0, day(at))
				if better.Stability <= worse.Stability || m.Stability > better.Stability+1e-9 || m.Stability < worse.Stability-1e-9 {
					t.Fatalf("%.2f right gives %+v; right %+v, wrong %+v", share, m, better, worse)
				}
			}
			before := 1.0
			for d := 0.0; d < 1000; d += 50 {
				p := m.At(day(at + d))
				if !(p > 0 && p <= before) {
					t.Fatalf("the chance of still knowing rises with time: %+v", m)
				}
				before = p
			}
			if due := m.Due(0.85); due.Before(m.Last) || math.Abs(m.At(due)-0.85) > 1e-6 && m.Stability < 5000 {
				t.Fatalf("due %v gives %.4f; want 0.85", due, m.At(due))
			}
			if w := m.Worth(day(at + 30)); w < 0 || w > 1 {
				t.Fatalf("worth = %v", w)
			}
			at += rng.Float64() * 40
			if rng.IntN(6) == 0 {
				at -= 30 // a clock that goes backwards
			}
		}
	}
	if (recall.Memory{}).At(day0) != 0 || !(recall.Memory{}).Due(0.9).IsZero() || (recall.Memory{}).Worth(day0) != 0 {
		t.Error("something never met is remembered")
	}
}

// A look back just after practice, or long after all is lost, pays less than one between.
func TestWorthPeaksBetween(t *testing.T) {
	t.Parallel()
	m := recall.Memory{Stability: 10, Difficulty: 5, Last: day0}
	soon, between := m.Worth(day(1)), m.Worth(day(30))
	if between <= soon {
		t.Errorf("a look back after a month is worth %.3f, after a day %.3f; want more", between, soon)
	}
}

func BenchmarkReview(b *testing.B) {
	b.ReportAllocs()
	m := recall.Memory{Stability: 3, Difficulty: 5, Last: day0}
	for b.Loop() {
		recall.Review(m, 1, day(5))
	}
}
