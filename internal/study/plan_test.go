package study

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"waymark/internal/fault"
	"waymark/internal/study/dose"
)

var trails = dose.Practice{Name: "Trails", Trace: dose.Product, Product: "Trails", Unit: dose.Minutes, Recommended: []dose.Recommendation{{Least: 30}}, Weeks: 1, From: "2026-09-01"}

func planned() Plan {
	return Plan{Question: "Does it help?", Practice: "Trails", Trace: dose.Product, Product: "Trails", AtLeast: 100, Dose: &trails, Scale: "MAP", Before: Days{"2026-08-15", "2026-08-31"}, During: Days{"2026-09-01", "2026-12-18"},
		After: Days{"2027-01-04", "2027-01-15"}, Meaningful: .05, Seed: 11}
}

// A pilot's answer is the effect on all who drew the first place; beside it, and labelled, stands
// what came of those who took it up, and of those who had as much as is recommended.
func TestAPilotSaysWhatWasMeantBesideWhatWasHad(t *testing.T) {
	t.Parallel()
	p := planned()
	p.Lots = &Lots{Unit: ByStudent, Share: .5, Later: "2027-01-18"}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 3))
	var units, blocks []string
	for i := range 1200 {
		units, blocks = append(units, fmt.Sprint("student ", i)), append(blocks, fmt.Sprint("school ", i%6))
	}
	lots, err := p.Draw(units, blocks, nil)
	if err != nil {
		t.Fatal(err)
	}
	var facts []Fact
	for i, l := range lots {
		f := Fact{Student: l.Unit, School: l.Block, Grade: "4", Before: 200 + 10*rng.NormFloat64(), Met: math.NaN(), Lot: &lots[i], Groups: map[string]string{"English learner": []string{"no", "yes"}[i%2]}}
		keen := rng.Float64() < .6 // takes it up, if it may
		f.After = f.Before + 5*rng.NormFloat64()
		if l.Treated {
			f.Met = 0
			if keen {
				f.Dose, f.Met = 400, 1
				f.After += 6
			}
		}
		facts = append(facts, f)
	}
	r, extract, err := p.Run(facts)
	if err != nil {
		t.Fatal(err)
	}
	o := r.Outcomes[0]
	if o.Verdict != Helped || o.Tier != Strong {
		t.Errorf("%s, %s", o.Verdict, o.Tier)
	}
	near := func(what string, e *Effect, want float64) {
		t.Helper()
		if e == nil || math.Abs(float64(e.Difference)-want) > 3*float64(e.SE) {
			t.Errorf("%s: %+v, want %v", what, e, want)
		}
	}
	near("all", &o.Effect, .6*6)
	near("compliers", o.Complier, 6)
	near("with the dose", o.Dose.Effect, 6)
	if o.Dose.Known != 600 || o.Dose.Students < 300 || o.Dose.Students > 420 || !strings.Contains(o.Dose.Note, "Not causal") {
		t.Errorf("%+v", o.Dose)
	}
	for _, name := range []string{"student 7", "school 3, grade"} {
		if bytes.Contains(extract, []byte(name)) {
			t.Errorf("the extract names %q", name)
		}
	}
}

// Where schools do it, what each did stands beside its effect, as a suggestion.
func TestWhatSchoolsDidStandsBesideTheirEffects(t *testing.T) {
	t.Parallel()
	p := planned()
	p.Trace, p.Product, p.AtLeast = InSchools, "", 0
	rng := rand.New(rand.NewPCG(5, 3))
	var facts []Fact
	for k := range 20 {
		name := fmt.Sprint("School ", k)
		if k < 8 {
			p.Schools = append(p.Schools, name)
		}
		for i := range 60 {
			f := Fact{Student: fmt.Sprint(k, "-", i), School: name, Grade: "5", Before: 200 + 10*rng.NormFloat64(), Met: math.NaN()}
			f.After = f.Before + 3*rng.NormFloat64()
			if k < 8 {
				f.Met = math.Round(10*min(1, max(0, float64(k)/8+.1*rng.NormFloat64()))) / 10
				f.After += 8 * float64(k) / 8
			}
			facts = append(facts, f)
		}
	}
	r, _, err := p.Run(facts)
	if err != nil {
		t.Fatal(err)
	}
	o := r.Outcomes[0]
	if o.Pooled == nil || o.Pooled.DoseRank == nil || *o.Pooled.DoseRank < .9 {
		t.Errorf("rank correlation: %+v", o.Pooled)
	}
	for _, x := range o.Schools {
		if x.Dose == nil || *x.Dose < 0 || *x.Dose > 1 {
			t.Errorf("%+v", x)
		}
	}
	// Who has half of the times enough is not who has it as it is meant.
	if o.Dose.Students == 0 || o.Dose.Students >= o.Dose.Known/2 {
		t.Errorf("%+v", o.Dose)
	}
}

func TestADoseIsAShare(t *testing.T) {
	t.Parallel()
	spec := strings.Replace(pilot, `"block":"school"`, `"block":"school","dose":"frl"`, 1)
	run(t, spec, students(t)) // zeros and ones are shares
	s, err := Read(strings.NewReader(strings.Replace(pilot, `"block":"school"`, `"block":"school","dose":"pre"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadFrame(bytes.NewReader(students(t)), "students.csv", s.Columns())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Run(s, f); fault.KindOf(err) != fault.Invalid || err == nil || !strings.Contains(err.Error(), "from 0 to 1") {
		t.Errorf("a dose that is no share: %v", err)
	}
}

// Those who stayed are looked at alone, where a column tells who did.
func TestThoseWhoStayedAreACheck(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("id,treat,pre,y,stayed\n")
	rng := rand.New(rand.NewPCG(9, 9))
	for i := range 400 {
		pre := rng.NormFloat64()
		stayed := rng.IntN(4) / 3 // one of four
		fmt.Fprintf(&b, "%d,%d,%.3f,%.3f,%d\n", i, i%2, pre, pre+float64(i%2*stayed)+.3*rng.NormFloat64(), stayed)
	}
	o := run(t, `{"schema":"waymark-study/1","question":"?","practice":"it","unit":"student","design":"randomised","student":"id","treatment":"treat","baseline":"pre","stayed":"stayed",
		"outcomes":[{"column":"y"}],"method":{"kind":"regression"},"meaningful":0.05,"seed":3}`, []byte(b.String())).Outcomes[0]
	for _, c := range o.Checks {
		if c.Name == "stayers" {
			if c.G < 2*o.Effect.G || c.G < .5 {
				t.Errorf("stayers %v, all %v", c.G, o.Effect.G)
			}
			return
		}
	}
	t.Errorf("no such check: %+v", o.Checks)
}
