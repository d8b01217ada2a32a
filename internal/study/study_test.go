package study

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"waymark/internal/fault"
)

const pilot = `{"schema":"waymark-study/1","title":"Pilot","question":"Did it help?","practice":"small groups","unit":"class","design":"randomised",
	"student":"id","treatment":"treat","school":"school","class":"class","block":"school","baseline":"pre","covariates":["frl"],"subgroups":["baseline","grade"],
	"outcomes":[{"column":"y","name":"Score"}],"method":{"kind":"regression"},"meaningful":0.05,"seed":1}`

func students(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/students.csv")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func run(t *testing.T, spec string, extract []byte) *Result {
	t.Helper()
	s, err := Read(strings.NewReader(spec))
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadFrame(bytes.NewReader(extract), "students.csv", s.Columns())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(s, f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A pilot by class within schools is the reference's regression, with its error and degrees of
// freedom.
func TestAPilotIsTheReferencesRegression(t *testing.T) {
	t.Parallel()
	var ref struct {
		Effects struct {
			CR2 struct{ Estimate, SE, DF, P float64 }
		} `json:"effects_class"`
	}
	b, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	o := run(t, pilot, students(t)).Outcomes[0]
	for what, x := range map[string][2]float64{"difference": {float64(o.Effect.Difference), ref.Effects.CR2.Estimate}, "error": {float64(o.Effect.SE), ref.Effects.CR2.SE}, "df": {float64(o.Effect.DF), ref.Effects.CR2.DF}, "p": {float64(o.Effect.P), ref.Effects.CR2.P}} {
		if math.Abs(x[0]-x[1]) > 1e-6*math.Abs(x[1]) {
			t.Errorf("%s = %v, want %v", what, x[0], x[1])
		}
	}
	if o.Verdict != CannotTell || o.Tier != Strong || len(o.Schools) < 15 || len(o.Checks) < 3 || len(o.Subgroups) != 8 {
		t.Errorf("%s, %s, %d schools, %d checks, %d subgroups", o.Verdict, o.Tier, len(o.Schools), len(o.Checks), len(o.Subgroups))
	}
}

// Every method gives the same bytes again, finds the effect that was drawn, and writes JSON.
func TestEveryMethodFindsWhatWasDrawn(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 5))
	var b strings.Builder
	b.WriteString("id,school,treat,grade,pre,frl,place,y\n")
	for i := range 1500 {
		ability, frl := rng.NormFloat64(), rng.IntN(2)
		treat := 0
		if rng.Float64() < 1/(1+math.Exp(1.4-.7*ability)) {
			treat = 1
		}
		fmt.Fprintf(&b, "%d,%d,%d,%d,%.3f,%d,%s,%.4f\n", i, i%30, treat, 3+i%2, ability+.3*rng.NormFloat64(), frl, []string{"city", "rural"}[i%2], ability+.5*rng.NormFloat64()+.3*float64(treat)-.2*float64(frl))
	}
	for _, method := range []string{`{"kind":"regression"}`, `{"kind":"virtual","exact":["grade","frl"],"calipers":[{"column":"pre","width":0.2}],"ladder":[1,2,3],"least":5}`,
		`{"kind":"virtual","exact":["frl"],"calipers":[{"column":"pre","width":0.2}],"least":1,"alone":true,"most":3,"elsewhere":true}`, `{"kind":"nearest","calipers":[{"column":"propensity","width":0.2,"sd":true}]}`,
		`{"kind":"nearest","ratio":2,"replace":true}`, `{"kind":"nearest","errors":"CR1","unadjusted":true,"calipers":[{"column":"propensity","width":0.1,"sd":true}]}`, `{"kind":"mahalanobis","exact":["place"]}`, `{"kind":"optimal"}`, `{"kind":"full"}`, `{"kind":"coarsened","exact":["frl"],"calipers":[{"column":"pre","width":0.4}]}`, `{"kind":"exact","exact":["frl","grade"]}`} {
		spec := `{"schema":"waymark-study/1","question":"?","practice":"it","unit":"student","design":"comparison","student":"id","treatment":"treat","school":"school","baseline":"pre","covariates":["frl","place"],"subgroups":["place"],
			"outcomes":[{"column":"y","name":"Score"}],"method":` + method + `,"meaningful":0.05,"seed":3}`
		r := run(t, spec, []byte(b.String()))
		o := r.Outcomes[0]
		if math.Abs(float64(o.Effect.Difference)-.3) > 4*float64(o.Effect.SE) || !(o.Effect.SE > 0) || o.Effect.SE > .1 {
			t.Errorf("%s: %.3f ± %.3f, want .3", method, float64(o.Effect.Difference), float64(o.Effect.SE))
		}
		checkMatches(t, method, spec, b.String(), o)
		one, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		two, _ := json.Marshal(run(t, spec, []byte(b.String())))
		if !bytes.Equal(one, two) {
			t.Errorf("%s: another run says something else", method)
		}
	}
}

// checkMatches holds what is written of a matching against the result, and each pair against the
// declaration's words, from the extract alone.
func checkMatches(t *testing.T, method, spec, extract string, o OutcomeResult) {
	t.Helper()
	s, err := Read(strings.NewReader(spec))
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadFrame(strings.NewReader(extract), "x.csv", s.Columns())
	if err != nil {
		t.Fatal(err)
	}
	all, err := Matches(s, f)
	if err != nil {
		t.Fatal(err)
	}
	matched, at := 0, map[string]int{}
	for i := range f.Rows {
		id := f.cell("id", i)
		at[id] = i
	}
	for _, m := range all {
		if m.Treated && m.Weight > 0 {
			matched++
		}
		for _, c := range m.Comparison {
			if f.cell("treat", at[c]) != "0" || !m.Treated {
				t.Errorf("%s: %s is compared with %s", method, m.Student, c)
			}
			for _, column := range s.Method.Exact {
				if f.cell(column, at[c]) != f.cell(column, at[m.Student]) {
					t.Errorf("%s: %s and %s differ in %s", method, m.Student, c, column)
				}
			}
			if s.Method.Elsewhere && f.cell("school", at[c]) == f.cell("school", at[m.Student]) {
				t.Errorf("%s: %s and %s are of one school", method, m.Student, c)
			}
		}
	}
	if matched != o.Matched {
		t.Errorf("%s: %d are matched, the result says %d", method, matched, o.Matched)
	}
}

// The effect of one school is the mean of what its students are above their own comparison, over
// the deviation of the whole, reckoned again from the matching that is written.
func TestASchoolsEffectIsThatOfItsStudents(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	var b strings.Builder
	b.WriteString("id,school,treat,pre,y\n")
	for i := range 800 {
		school, ability := i%16, 10*rng.NormFloat64()
		fmt.Fprintf(&b, "%d,s%d,%d,%.3f,%.4f\n", i, school, map[bool]int{true: 1}[school < 4], ability+3*rng.NormFloat64(), ability+3*rng.NormFloat64()+float64(school))
	}
	spec := `{"schema":"waymark-study/1","question":"?","practice":"it","unit":"school","design":"comparison","student":"id","treatment":"treat","school":"school","baseline":"pre",
		"outcomes":[{"column":"y"}],"method":{"kind":"virtual","calipers":[{"column":"pre","width":2}],"least":1,"elsewhere":true},"meaningful":0.05,"seed":3}`
	o := run(t, spec, []byte(b.String())).Outcomes[0]
	s, _ := Read(strings.NewReader(spec))
	f, _ := ReadFrame(strings.NewReader(b.String()), "x.csv", s.Columns())
	all, err := Matches(s, f)
	if err != nil {
		t.Fatal(err)
	}
	y, _ := f.numbers("y")
	pre, _ := f.numbers("pre")
	at := map[string]int{}
	for i := range f.Rows {
		id := f.cell("id", i)
		at[id] = i
	}
	sum, n := map[string]float64{}, map[string]float64{}
	for _, m := range all {
		if len(m.Comparison) == 0 {
			continue
		}
		i, mean := at[m.Student], 0.0
		for _, c := range m.Comparison {
			mean += (y[at[c]] - pre[at[c]]) / float64(len(m.Comparison))
		}
		sum[f.cell("school", i)] += y[i] - pre[i] - mean
		n[f.cell("school", i)]++
	}
	nt, nc := float64(o.Treated.Students), float64(o.Control.Students)
	sd := math.Sqrt(((nt-1)*float64(o.Treated.SD*o.Treated.SD) + (nc-1)*float64(o.Control.SD*o.Control.SD)) / (nt + nc - 2))
	if len(o.Schools) != 4 {
		t.Fatalf("%d schools", len(o.Schools))
	}
	for _, x := range o.Schools {
		if want := sum[x.School] / n[x.School] / sd; math.Abs(float64(x.Own)-want) > 1e-9 {
			t.Errorf("%s: %v, by hand %v", x.School, float64(x.Own), want)
		}
	}
}

// The verdict is a fixed function of interval, threshold, tier and units.
func TestVerdictsFollowFromTheInterval(t *testing.T) {
	t.Parallel()
	many := [2]int{20, 20}
	for _, c := range []struct {
		low, high, p float64
		tier         Tier
		units        [2]int
		want         Verdict
	}{
		{.02, .30, .01, Strong, many, Helped},
		{.02, .30, .01, Weak, many, CannotTell},
		{.02, .30, .20, Strong, many, CannotTell}, // among other outcomes
		{.02, .30, .01, Moderate, [2]int{20, 1}, CannotTell},
		{-.30, -.02, .01, Moderate, many, Harmed},
		{-.04, .04, .90, Strong, many, NoDifference},
		{.01, .04, .01, Strong, many, NoDifference}, // sure, and too small to matter
		{-.10, .30, .40, Strong, many, CannotTell},
		{math.NaN(), math.NaN(), math.NaN(), Strong, many, CannotTell},
	} {
		if got, why := judge(c.low, c.high, .05, c.p, c.tier, c.units); got != c.want || why == "" {
			t.Errorf("%+v: %s (%s)", c, got, why)
		}
	}
}

// Where nothing is, "helped" or "harmed" is said in at most about one of twenty studies; also
// with 10 students against 40.
func TestNothingIsSeldomCalledSomething(t *testing.T) {
	t.Parallel()
	const runs = 400
	spec := `{"schema":"waymark-study/1","question":"?","practice":"it","unit":"student","design":"randomised","student":"id","treatment":"treat","baseline":"pre","outcomes":[{"column":"y"}],"method":{"kind":"regression"},"meaningful":0.05,"seed":1}`
	wrong := 0
	for k := range runs {
		rng := rand.New(rand.NewPCG(uint64(k), 40))
		var b strings.Builder
		b.WriteString("id,treat,pre,y\n")
		for i := range 50 {
			ability := rng.NormFloat64()
			fmt.Fprintf(&b, "%d,%d,%.4f,%.4f\n", i, map[bool]int{true: 1}[i < 10], ability+.5*rng.NormFloat64(), ability+.5*rng.NormFloat64())
		}
		if v := run(t, spec, []byte(b.String())).Outcomes[0].Verdict; v == Helped || v == Harmed {
			wrong++
		}
	}
	if wrong > 32 { // .05 of 400 and three standard errors
		t.Errorf("%d of %d", wrong, runs)
	}
}

func TestSmallGroupsAreNotShown(t *testing.T) {
	t.Parallel()
	all := hideAlone([]SubgroupResult{{Column: "a", Value: "x", Students: 40}, {Column: "a", Value: "y", Students: 20}, {Column: "a", Value: "z", Hidden: true}, {Column: "b", Value: "x", Students: 30}})
	var hidden []string
	for _, g := range all {
		if g.Hidden {
			hidden = append(hidden, g.Column+g.Value)
		}
	}
	if !slices.Equal(hidden, []string{"ay", "az"}) {
		t.Errorf("hidden: %v; one alone would follow from the rest", hidden)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ from, to, says string }{
		"an unknown field":  {`"unit":`, `"level":1,"unit":`, "level"},
		"no threshold":      {`"meaningful":0.05`, `"meaningful":0`, "smallest effect"},
		"no such method":    {`"kind":"regression"`, `"kind":"magic"`, "method.kind"},
		"no class":          {`"class":"class",`, ``, "class is empty"},
		"a missing column":  {`"baseline":"pre"`, `"baseline":"before"`, `no column "before"`},
		"text for a number": {`"column":"y"`, `"column":"word"`, "is not a number"},
		"a caliper of 0":    {`"kind":"regression"`, `"kind":"virtual","calipers":[{"column":"pre","width":0}]`, "width above 0"},
	} {
		text := strings.Replace(pilot, c.from, c.to, 1)
		if text == pilot {
			t.Fatalf("%s: nothing was changed", what)
		}
		extract := bytes.Replace(students(t), []byte("id,"), []byte("id,"), 1)
		lines := strings.Split(string(extract), "\n")
		for i := range lines {
			switch {
			case i == 0:
				lines[i] += ",word"
			case lines[i] != "":
				lines[i] += ",x"
			}
		}
		err := func() error {
			s, err := Read(strings.NewReader(text))
			if err != nil {
				return err
			}
			f, err := ReadFrame(strings.NewReader(strings.Join(lines, "\n")), "students.csv", s.Columns())
			if err != nil {
				return err
			}
			_, err = Run(s, f)
			return err
		}()
		if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Sentence(err), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s, _ := Read(strings.NewReader(pilot))
	for what, text := range map[string]string{"the same student twice": "1,", "neither": ",7,"} {
		rows := strings.Split(strings.TrimSpace(string(students(t))), "\n")
		if text == "1," {
			rows = append(rows, rows[1])
		} else {
			cells := strings.Split(rows[5], ",")
			cells[3] = "7"
			rows[5] = strings.Join(cells, ",")
		}
		f, err := ReadFrame(strings.NewReader(strings.Join(rows, "\n")), "students.csv", s.Columns())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(s, f); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What is read as a declaration is one by the schema, and what the schema refuses is not read.
func TestTheSchemaIsThatOfTheReader(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler().MustCompile("../../docs/study.schema.json")
	for text, good := range map[string]bool{pilot: true, strings.Replace(pilot, `"kind":"regression"`, `"kind":"virtual","calipers":[{"column":"pre","width":0.2,"sd":true}],"ladder":[1,2],"elsewhere":true`, 1): true,
		strings.Replace(pilot, `"unit":"class"`, `"unit":"district"`, 1): false, strings.Replace(pilot, `"meaningful":0.05`, `"meaningful":0`, 1): false, strings.Replace(pilot, `"seed":1`, `"sed":1`, 1): false} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, read := Read(strings.NewReader(text))
		if err := c.Validate(doc); (err == nil) != good || (read == nil) != good {
			t.Errorf("%s: schema %v, reader %v", text, err, read)
		}
	}
}

// A declaration's digest changes with what it says, and with nothing else.
func TestADigestNamesADeclaration(t *testing.T) {
	t.Parallel()
	one, _ := Read(strings.NewReader(pilot))
	two, _ := Read(strings.NewReader(strings.ReplaceAll(pilot, "\n", " ")))
	three, _ := Read(strings.NewReader(strings.Replace(pilot, "0.05", "0.06", 1)))
	if one.Digest() != two.Digest() || one.Digest() == three.Digest() {
		t.Errorf("%s, %s, %s", one.Digest(), two.Digest(), three.Digest())
	}
}

func TestLotsAreFairAndTheirSeeds(t *testing.T) {
	t.Parallel()
	var units, blocks []string
	var values []float64
	for i := range 101 {
		units, blocks, values = append(units, fmt.Sprintf("u%03d", i)), append(blocks, fmt.Sprint(i%4)), append(values, float64((i*37)%101))
	}
	count := func(lots []Lot, by func(Lot) string) map[string][2]int {
		n := map[string][2]int{}
		for _, l := range lots {
			c := n[by(l)]
			if l.Treated {
				c[1]++
			} else {
				c[0]++
			}
			n[by(l)] = c
		}
		return n
	}
	lots, err := Assign(units, blocks, nil, Draw{Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	for b, c := range count(lots, func(l Lot) string { return l.Block }) {
		if d := c[0] - c[1]; d > 1 || d < -1 {
			t.Errorf("block %s: %v", b, c)
		}
	}
	// In any order the same lots.
	order := rand.New(rand.NewPCG(1, 1)).Perm(len(units))
	var u2, b2 []string
	for _, i := range order {
		u2, b2 = append(u2, units[i]), append(b2, blocks[i])
	}
	again, _ := Assign(u2, b2, nil, Draw{Seed: 9})
	for k, i := range order {
		if again[k] != lots[i] {
			t.Fatalf("%v, in another order %v", lots[i], again[k])
		}
	}
	pairs, err := Assign(units, blocks, values, Draw{Seed: 9, Pairs: true})
	if err != nil {
		t.Fatal(err)
	}
	for b, c := range count(pairs, func(l Lot) string { return l.Block }) {
		if c[0]+c[1] == 2 && c[1] != 1 || c[0]+c[1] == 1 {
			t.Errorf("%s: %v", b, c)
		}
	}
	waves, _ := Assign(units, nil, nil, Draw{Seed: 2, Waves: 4})
	n := map[int]int{}
	for _, l := range waves {
		n[l.Wave]++
	}
	if len(n) != 4 || n[1] < 25 || n[2] < 25 || n[3] < 25 || n[4] < 25 {
		t.Errorf("waves %v", n)
	}
	// Over seeds every unit has the practice about half of the time.
	on := map[string]int{}
	for seed := range uint64(2000) {
		lots, _ := Assign(units[:9], nil, nil, Draw{Seed: seed + 1})
		for _, l := range lots {
			if l.Treated {
				on[l.Unit]++
			}
		}
	}
	for u, n := range on {
		if n < 880 || n > 1120 {
			t.Errorf("%s has the practice in %d of 2000 draws", u, n)
		}
	}
	if _, err := Assign([]string{"a", "a"}, nil, nil, Draw{Seed: 1}); err == nil {
		t.Error("a unit is there twice")
	}
}

func TestFindingsAreReckoned(t *testing.T) {
	t.Parallel()
	table := "Finding ID,Intervention_Sample_Size,Comparison_Sample_Size,Intervention_Mean,Comparison_Mean,Intervention_Standard_Deviation,Comparison_Standard_Deviation,Clusters,ICC,Domain\n" +
		"a,300,300,10.25,10,1,1,20,,Mathematics\nb,300,300,10.25,10,1,1,20,,Student behavior\nc,60,60,,,,,,,Reading\nd,\"1,000\",1000,5,x,1,1,,,Reading\n"
	all, err := Findings(strings.NewReader(table), "f.csv", 0)
	if err != nil || len(all) != 4 {
		t.Fatal(all, err)
	}
	if math.Abs(float64(all[0].G)-.25*(1-3./(4*600-9))) > 1e-12 || float64(all[0].ICC) != .2 || float64(all[1].ICC) != .1 || math.Abs(float64(all[0].Improvement)-9.86) > .02 || !(all[0].ClusterP > all[0].P) {
		t.Errorf("%+v", all[:2])
	}
	if all[2].Note == "" || !math.IsNaN(float64(all[2].G)) || !strings.Contains(all[3].Note, "not a number") {
		t.Errorf("%+v", all[2:])
	}
	if _, err := Findings(strings.NewReader("a,b\n1,2\n"), "f.csv", 0); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if b, err := json.Marshal(all); err != nil || !strings.Contains(string(b), `"g":null`) {
		t.Errorf("%s, %v", b, err)
	}
}

// No table of findings and no extract brings the program down.
func FuzzFindings(f *testing.F) {
	f.Add("n_t,n_c,g\n10,20,.3\n")
	f.Add("n,p_t,p_c,clusters\n100,0,1,1e9\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Findings(strings.NewReader(text), "f.csv", 0)
		if err != nil {
			return
		}
		if _, err := json.Marshal(all); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRun(f *testing.F) {
	f.Add("id,treat,pre,y,school\n1,1,2,3,a\n2,0,2,4,a\n3,1,1,1,b\n4,0,5,5,b\n", `{"kind":"regression"}`)
	f.Add("id,treat,pre,y,school\n1,1,2,3,a\n2,0,2,4,a\n3,1,1,1,b\n4,0,5,5,b\n", `{"kind":"full"}`)
	f.Fuzz(func(t *testing.T, extract, method string) {
		spec := `{"schema":"waymark-study/1","question":"?","practice":"it","unit":"school","design":"comparison","student":"id","treatment":"treat","school":"school","baseline":"pre","subgroups":["school"],"outcomes":[{"column":"y"}],"method":` + method + `,"meaningful":0.05,"seed":1}`
		if n := strings.Count(extract, "\n"); n > 200 {
			return
		}
		s, err := Read(strings.NewReader(spec))
		if err != nil {
			return
		}
		if _, err := csv.NewReader(strings.NewReader(extract)).ReadAll(); err != nil {
			return
		}
		fr, err := ReadFrame(strings.NewReader(extract), "x.csv", s.Columns())
		if err != nil {
			return
		}
		r, err := Run(s, fr)
		if err != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}

// A row that is no row is told with its line; what programs write for nothing is nothing.
func TestWhatIsNoRowIsTold(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]string{"id,treat,y\n1,1,2\nx\"y,0,3\n": "3", "id,treat,y\n1,1\n": "2", "id,treat,y\n\"1,1,2\n": "2"} {
		_, err := ReadFrame(strings.NewReader(text), "f.csv", []string{"id", "treat", "y"})
		if p, ok := errors.AsType[fault.Problem](err); !ok || fmt.Sprint(p.Line) != line {
			t.Errorf("%q: %v", text, err)
		}
	}
	f, err := ReadFrame(strings.NewReader("id,y\n1,nan\n2,NaN\n3,4\n"), "f.csv", []string{"id", "y"})
	if err != nil || !f.missing("y", 0) || !f.missing("y", 1) || f.missing("y", 2) || !f.numeric("y") {
		t.Errorf("nothing is taken as something: %v", err)
	}
}
