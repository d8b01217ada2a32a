package mastery_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// simulated is a sample of students whose parameters are known. Students of group
// "b" do better on everything than their earlier work tells, by unfair log-odds.
type simulated struct {
	sample       mastery.Sample
	easy         map[competency.ID]float64
	items        map[string]float64
	spread, with float64
}

func simulate(seed uint64, students int, unfair float64) *simulated {
	rng := rand.New(rand.NewPCG(seed, 9))
	s := &simulated{easy: map[competency.ID]float64{}, items: map[string]float64{}, spread: 1.2, with: 0.5}
	for c := range 8 {
		s.easy[competency.ID(fmt.Sprint("c", c))] = -1 + 0.3*float64(c)
	}
	for i := range 80 {
		s.items[fmt.Sprint("i", i)] = rng.NormFloat64() * 0.8
	}
	for n := range students {
		ability := rng.NormFloat64() * math.Sqrt(s.spread)
		var ps []evidence.Piece
		for c := range 8 {
			id := competency.ID(fmt.Sprint("c", c))
			own := ability + rng.NormFloat64()*math.Sqrt(s.with)
			for k := range 10 {
				item := fmt.Sprint("i", 10*c+(k+n)%10)
				z := s.easy[id] + own + s.items[item]
				if n%2 == 1 {
					z += unfair * float64(k%2)
				}
				p := response(20*c+k, rng.Float64() < 0.03+0.95/(1+math.Exp(-z)))
				p.Competency, p.Item = id, item
				ps = append(ps, p)
			}
		}
		s.sample.Add(roster.PersonID(fmt.Sprintf("s%05d", n)), ps)
	}
	return s
}

func TestFitRecovers(t *testing.T) {
	t.Parallel()
	s := simulate(1, 1500, 0)
	fit, compare := s.sample.Split(1)
	m := s.sample.Fit(fit, nil, 1)
	var want, got []float64
	worst := 0.0
	for c, easy := range s.easy {
		for item, offset := range m.Competencies[c].Items {
			want, got = append(want, easy+s.items[item]), append(got, m.Competencies[c].Easiness+offset)
			worst = max(worst, math.Abs(want[len(want)-1]-got[len(got)-1]))
		}
	}
	if r := stat.Correlation(want, got, nil); r < 0.97 || worst > 0.7 || len(got) != 80 {
		t.Errorf("easiness of %d items correlates with the simulated one by %.3f, and is off by %.2f at most; want .97 and .7", len(got), r, worst)
	}
	if d := stat.Mean(got, nil) - stat.Mean(want, nil); math.Abs(d) > 0.12 {
		t.Errorf("items are %.2f easier than simulated on average", d)
	}
	if m.Spread < 0.7*s.spread || m.Spread > 1.5*s.spread || m.Within < 0.4*s.with || m.Within > 2*s.with {
		t.Errorf("spread %.2f and within %.2f; simulated with %.2f and %.2f", m.Spread, m.Within, s.spread, s.with)
	}
	report := s.sample.Compare(m, mastery.Builtin(), compare, func(i int) map[string]string {
		return map[string]string{"half": []string{"a", "b"}[i%2]}
	}, []string{"half"}, 1)
	if f, r := report.Fitted, report.Running; !(f.LogLoss < r.LogLoss && f.AUC > r.AUC && f.AUCLow < f.AUC && f.AUC < f.AUCHigh) {
		t.Errorf("fitted %+v is no better than the built-in %+v", f, r)
	}
	if c := report.Fitted.Coverage; c < 0.86 || c > 0.94 || report.Fitted.Intervals < 2000 {
		t.Errorf("90 %% intervals held %.3f of %d; want 0.86 to 0.94", c, report.Fitted.Intervals)
	}
	if report.Fitted.ECE > 0.02 {
		t.Errorf("calibration error %.3f; want at most 0.02", report.Fitted.ECE)
	}
	for _, g := range report.Groups {
		if g.Flagged {
			t.Errorf("a group that is like the others is flagged: %+v", g)
		}
	}
}

func TestFitIsRepeatable(t *testing.T) {
	t.Parallel()
	text := func(seed uint64) string {
		s := simulate(2, 120, 0)
		fit, _ := s.sample.Split(seed)
		b, err := json.Marshal(s.sample.Fit(fit, map[competency.ID][]competency.ID{"c3": {"c1"}}, seed))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	one := text(4)
	if again := text(4); again != one {
		t.Errorf("the same seed gave another model:\n%s\n%s", one, again)
	}
	if other := text(5); other == one {
		t.Error("another seed gave the same model")
	}
	var m mastery.Model
	if err := json.Unmarshal([]byte(one), &m); err != nil || len(m.Competencies["c3"].Before) != 1 || m.Version == mastery.Builtin().Version {
		t.Errorf("read back: %v, %+v", err, m.Competencies["c3"])
	}
}

func TestUnfairGapIsFlagged(t *testing.T) {
	t.Parallel()
	s := simulate(3, 1200, 1.5)
	fit, compare := s.sample.Split(1)
	report := s.sample.Compare(s.sample.Fit(fit, nil, 1), mastery.Builtin(), compare, func(i int) map[string]string {
		return map[string]string{"half": []string{"a", "b"}[i%2], "few": map[bool]string{true: "x"}[i < 9]}
	}, []string{"half", "few"}, 1)
	for _, g := range report.Groups {
		switch g.Name {
		case "b":
			if !g.Flagged || g.Gap <= 0 {
				t.Errorf("a group that does better than foretold is not flagged: %+v", g)
			}
		case "x":
			if !g.Suppressed || g.Pieces != 0 {
				t.Errorf("a group of fewer than %d students is shown: %+v", mastery.SmallCell, g)
			}
		}
	}
}

// Nothing that a log can hold makes a number that is none.
func FuzzFold(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte{255, 0, 255, 0, 16, 32, 64, 128})
	kinds := []evidence.Kind{evidence.Response, evidence.Rubric, evidence.Observation, evidence.Task, evidence.Self, evidence.Test, "unheard of"}
	f.Fuzz(func(t *testing.T, data []byte) {
		var ps []evidence.Piece
		for i := 0; i+3 < len(data) && i < 4000; i += 4 {
			most := float64(data[i+1]%9) / 2
			ps = append(ps, evidence.Piece{ID: evidence.ID(fmt.Sprintf("%05d", i)), Competency: competency.ID([]string{"", "c", "d"}[data[i]%3]), Kind: kinds[int(data[i]/3)%len(kinds)],
				Max: most, Score: most * float64(data[i+2]) / 200, Percentile: float64(data[i+2]), Scale: "S", SE: float64(data[i+1]),
				Hints: int(data[i+2]), At: day0.Add(time.Duration(data[i+3]) * 97 * time.Hour)})
		}
		l := model.Fold(ps)
		now := day0.AddDate(5, 0, 0)
		for _, c := range []competency.ID{"c", "d", "none"} {
			for _, at := range []time.Time{day0.AddDate(-1, 0, 0), day0, now} {
				e := model.Expect(&l, c, at)
				if !(0 <= e.Low && e.Low <= e.Value && e.Value <= e.High && e.High <= 1) {
					t.Fatalf("estimate on %s: %+v of %+v", c, e, l.States[c])
				}
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	l := mastery.Learner{}
	ps := history(rng, 1000)
	for i := range ps {
		ps[i].At = day0.Add(time.Duration(i) * time.Hour)
		model.Update(&l, ps[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		model.Update(&l, ps[i%len(ps)])
	}
}
