package mastery_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
)

// tried folds answers on one competency, one letter each: + right, - not; days apart.
func tried(l *mastery.Learner, on string, pattern string, start time.Time, days float64) time.Time {
	at := start
	for _, c := range pattern {
		score := 0.0
		if c == '+' {
			score = 1
		}
		model.Update(l, evidence.Piece{Competency: competency.ID("c-" + on), Kind: evidence.Response, Score: score, Max: 1, At: at})
		at = at.Add(time.Duration(days * 24 * float64(time.Hour)))
	}
	return at
}

// Whatever is observed, both views stay what they are: chances, and a variance above zero;
// and success leaves more than failure.
func TestProgressProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		ps := history(rng, 60)
		var l mastery.Learner
		for _, p := range ps {
			model.Update(&l, p)
		}
		m := l.Ability.Manner
		if math.IsNaN(m.Sudden) || m.Success < 0 || m.Success > m.First || m.Held < 0 {
			t.Fatalf("manner %+v", m)
		}
		see := m.Foresight()
		for c, s := range l.States {
			if !(s.There >= 0 && s.There <= 1 && s.Spent >= 0 && s.Spread > 0 && !math.IsNaN(s.Level)) {
				t.Fatalf("%s: progress %+v", c, s.Progress)
			}
			for _, doubt := range []float64{0, 3} {
				e := s.At(day0.AddDate(0, 3, 0))
				o := see.Outlook(&e, doubt)
				if sure := see.Sure(&e, doubt); !(sure >= 0 && sure <= 1 && o.Learn >= 0 && o.Learn <= 1 && o.Keep >= 0 && o.Keep <= 1) {
					t.Fatalf("%s: sure %v, outlook %+v of %+v", c, sure, o, e.Progress)
				}
			}
		}
	}
	for _, before := range []string{"", "+", "-+-", "+++", "----"} {
		var good, bad mastery.Learner
		tried(&good, "a", before+"+", day0, 1)
		tried(&bad, "a", before+"-", day0, 1)
		g, b := good.States["c-a"], bad.States["c-a"]
		if g.There <= b.There || g.Level <= b.Level {
			t.Errorf("after %q success leaves %+v and failure %+v", before, g.Progress, b.Progress)
		}
	}
}

// What goes well lately is there and gains little from another sitting; what does not come
// gains less with every piece that goes by; what was lost often comes back.
func TestOutlook(t *testing.T) {
	t.Parallel()
	outlook := func(l *mastery.Learner, at time.Time) (sure float64, o mastery.Outlook) {
		see := l.Ability.Foresight()
		e := l.States["c-a"].At(at)
		return see.Sure(&e, 0), see.Outlook(&e, 0)
	}
	var there, stuck, new mastery.Learner
	end := tried(&there, "a", "-+++++", day0, .1)
	tried(&stuck, "a", "------------", day0, .1)
	see := new.Ability.Foresight()
	fresh := see.Outlook(&mastery.Estimate{}, 0)
	sure, o := outlook(&there, end)
	if sure < .9 || o.Learn > .1 {
		t.Errorf("after five right answers sure %.2f, learn %.2f", sure, o.Learn)
	}
	if sure, o := outlook(&stuck, end); sure > .4 || o.Learn >= fresh.Learn {
		t.Errorf("after twelve wrong answers sure %.2f, learn %.2f; something new %.2f", sure, o.Learn, fresh.Learn)
	}
	// Of two students who could do this, the one who has lost other things is asked again.
	keeps, loses := mastery.Learner{}, mastery.Learner{}
	for i := range 12 {
		on := string(rune('b' + i))
		tried(&keeps, on, "+", tried(&keeps, on, "--++++++", day0, .01).AddDate(0, 0, 20), 1)
		tried(&loses, on, "+-"[i%2:i%2+1], tried(&loses, on, "--++++++", day0, .01).AddDate(0, 0, 20), 1)
	}
	later := day0.AddDate(0, 0, 30)
	tried(&keeps, "a", "++++", later, .01)
	tried(&loses, "a", "++++", later, .01)
	_, a := outlook(&keeps, later.AddDate(0, 0, 20))
	_, b := outlook(&loses, later.AddDate(0, 0, 20))
	if a.Keep != 0 || b.Keep < .1 {
		t.Errorf("a look back brings %.3f to who keeps and %.3f to who loses", a.Keep, b.Keep)
	}
}
