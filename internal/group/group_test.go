package group_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"waymark/internal/fault"
	"waymark/internal/group"
)

func instances(t testing.TB) map[string]*group.Instance {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) < 3 {
		t.Fatal(err, paths)
	}
	out := map[string]*group.Instance{}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		in, err := group.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(p, err)
		}
		out[filepath.Base(p)] = in
	}
	return out
}

// small draws an instance of few students with everything that an instance can have.
func small(seed uint64) *group.Instance {
	rng := rand.New(rand.NewPCG(seed, 3))
	in := group.Generate(group.Purposes[seed%5], 6+rng.IntN(3), seed)
	in.Number = 2 + rng.IntN(2)
	in.Least, in.Most = 1+rng.IntN(2), 3+rng.IntN(3)
	if in.Number*in.Most < len(in.Students) {
		in.Most = len(in.Students)
	}
	in.Staff = []group.Staff{{ID: "t1", Minutes: 20, Languages: []string{"es"}, Supports: []string{"signing"}}, {ID: "t2", Minutes: 20 * rng.IntN(2)}}
	if rng.IntN(3) == 0 {
		in.Students[0].Supports = []string{"signing"}
	}
	if rng.IntN(2) == 0 {
		in.Apart = append(in.Apart, []string{"u001", "u002"})
	}
	if rng.IntN(2) == 0 {
		in.Together = append(in.Together, []string{"u003", "u004"})
	}
	if rng.IntN(2) == 0 {
		in.Number = 0
		in.Least, in.Most = 2, 4
	}
	if rng.IntN(3) == 0 {
		w := group.Weights{Need: 1, Interest: 2, Pace: 1, Mixed: 1, Cover: 1, Balance: 1, Fresh: 1, Language: 1, Led: 1, Even: 1}
		in.Weights = &w
	}
	return in
}

// optimum tries every division of the students into the groups of a solution's shape.
func optimum(in *group.Instance, shape *group.Solution) float64 {
	best := math.Inf(-1)
	try := &group.Solution{Schema: group.SolutionSchema, Until: in.Until}
	for _, g := range shape.Groups {
		try.Groups = append(try.Groups, group.Proposed{ID: g.ID, Staff: g.Staff})
	}
	var place func(i int)
	place = func(i int) {
		if i == len(in.Students) {
			if r := group.Judge(in, try); r.OK {
				best = max(best, r.Score)
			}
			return
		}
		for g := range try.Groups {
			if len(try.Groups[g].Students) < in.Most {
				try.Groups[g].Students = append(try.Groups[g].Students, in.Students[i].ID)
				place(i + 1)
				try.Groups[g].Students = try.Groups[g].Students[:len(try.Groups[g].Students)-1]
			}
		}
	}
	place(0)
	return best
}

// On instances small enough to try everything, the proposal is the best there is.
func TestOptimum(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		in := small(seed)
		if err := in.Check(); err != nil {
			t.Fatal(seed, err)
		}
		s := group.Propose(t.Context(), in, seed)
		want := optimum(in, s)
		if math.IsInf(want, -1) != (s.Status == group.Conflict) {
			t.Errorf("seed %d: status %s, optimum %v, unmet %v", seed, s.Status, want, s.Unmet)
		}
		if s.Status == group.OK && math.Abs(s.Score-want) > 1e-9 {
			t.Errorf("seed %d (%s): score %.6f, optimum %.6f", seed, in.Purpose, s.Score, want)
		}
	}
}

// Whatever the instance, every rule holds or is owned up to, and the same seed says the same.
func TestRulesHold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 8))
		in := group.Generate(group.Purposes[seed%5], 8+rng.IntN(60), seed)
		if seed%4 == 3 { // contradictions
			in.Together = append(in.Together, []string{"u001", "u002", "u003", "u004", "u005", "u006"})
			in.Apart = append(in.Apart, []string{"u001", "u007"}, []string{"u001", "u002"})
		}
		if err := in.Check(); err != nil {
			t.Fatal(seed, err)
		}
		s := group.Propose(t.Context(), in, seed)
		r := group.Verify(in, s)
		if len(r.Broken) != len(s.Unmet) || (len(s.Unmet) > 0) != (s.Status == group.Conflict) || seed%4 != 3 && len(s.Unmet) > 0 {
			t.Errorf("seed %d: %s, broken %v, unmet %v", seed, s.Status, r.Broken, s.Unmet)
		}
		if math.Abs(r.Score-s.Score) > 1e-9 {
			t.Errorf("seed %d: score %v, verified %v", seed, s.Score, r.Score)
		}
		for _, g := range s.Groups {
			if len(g.Because) != len(g.Students) || len(g.Roles) != len(in.Roles) {
				t.Errorf("seed %d: %d because and %d roles for %d students", seed, len(g.Because), len(g.Roles), len(g.Students))
			}
			for _, b := range g.Because {
				if b == "" {
					t.Errorf("seed %d: no because in %s", seed, g.ID)
				}
			}
		}
		if again := group.Propose(t.Context(), in, seed); !reflect.DeepEqual(again, s) {
			t.Errorf("seed %d: other groups the second time", seed)
		}
	}
}

// Who is locked stays, and the rest is proposed anew around them.
func TestLocked(t *testing.T) {
	t.Parallel()
	in := instances(t)["class-28.json"]
	first := group.Propose(t.Context(), in, 1)
	in.Groups = nil
	for _, g := range first.Groups {
		in.Groups = append(in.Groups, group.Group{ID: g.ID, Staff: g.Staff})
	}
	in.Groups[0].Locked = first.Groups[1].Students
	in.Groups[1].Locked = first.Groups[0].Students[:1]
	s := group.Propose(t.Context(), in, 2)
	if r := group.Verify(in, s); !r.OK {
		t.Fatal(r.Broken)
	}
}

func TestVerifyFindsBrokenRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule  string
		spoil func(*group.Instance, *group.Solution)
	}{
		{"unknown", func(_ *group.Instance, s *group.Solution) { s.Groups[0].Students[0] = "nobody" }},
		{"one-group", func(_ *group.Instance, s *group.Solution) {
			s.Groups[0].Students = append(s.Groups[0].Students, s.Groups[1].Students[0])
		}},
		{"one-group", func(_ *group.Instance, s *group.Solution) { s.Groups[0].Students = s.Groups[0].Students[1:] }},
		{"group", func(_ *group.Instance, s *group.Solution) { s.Groups[0].ID = s.Groups[1].ID }},
		{"number", func(in *group.Instance, _ *group.Solution) { in.Number++ }},
		{"size", func(in *group.Instance, _ *group.Solution) { in.Most = 2; in.Least = 2 }},
		{"together", func(in *group.Instance, s *group.Solution) {
			in.Together = append(in.Together, []string{s.Groups[0].Students[0], s.Groups[1].Students[0]})
		}},
		{"apart", func(in *group.Instance, s *group.Solution) {
			in.Apart = append(in.Apart, []string{s.Groups[0].Students[0], s.Groups[0].Students[1]})
		}},
		{"locked", func(in *group.Instance, s *group.Solution) {
			in.Groups = []group.Group{{ID: s.Groups[0].ID, Locked: s.Groups[1].Students[:1]}}
		}},
		{"supports", func(in *group.Instance, _ *group.Solution) { in.Students[0].Supports = []string{"nowhere"} }},
		{"staff", func(_ *group.Instance, s *group.Solution) { s.Groups[0].Staff = "nobody" }},
		{"minutes", func(in *group.Instance, _ *group.Solution) { in.Staff[0].Minutes = 10 }},
		{"roles", func(_ *group.Instance, s *group.Solution) { s.Groups[0].Roles[0].Student = s.Groups[1].Students[0] }},
		{"roles", func(_ *group.Instance, s *group.Solution) { s.Groups[0].Roles = s.Groups[0].Roles[1:] }},
		{"score", func(_ *group.Instance, s *group.Solution) { s.Score += .01 }},
		{"until", func(_ *group.Instance, s *group.Solution) { s.Until = "2030-01-01" }},
	} {
		in := group.Generate(group.Project, 24, 4)
		s := group.Propose(t.Context(), in, 1)
		if r := group.Verify(in, s); !r.OK {
			t.Fatal(r.Broken)
		}
		c.spoil(in, s)
		found := false
		for _, b := range group.Verify(in, s).Broken {
			found = found || b.Rule == c.rule
		}
		if !found {
			t.Errorf("%s is not found", c.rule)
		}
	}
}

// Terms against values worked out by hand.
func TestTerms(t *testing.T) {
	t.Parallel()
	x := func(v float64) *float64 { return &v }
	in := &group.Instance{
		Schema: group.InstanceSchema, Purpose: group.MixedStrengths, Least: 1, Most: 3,
		Weights: &group.Weights{Need: 1, Pace: 1, Mixed: 1, Cover: 1, Balance: 1, Fresh: 1, Language: 1, Even: 1},
		Students: []group.Student{
			{ID: "a", Level: x(1), Pace: x(1), Strengths: []string{"s"}, Subgroups: map[string]string{"k": "p"}, Needs: []group.Amount{{ID: "c", Weight: 1}}},
			{ID: "b", Level: x(2), Pace: x(1), Strengths: []string{"s"}, Subgroups: map[string]string{"k": "p"}, Needs: []group.Amount{{ID: "c", Weight: .5}, {ID: "d", Weight: .25}}},
			{ID: "c", Level: x(3), Pace: x(3), With: "es", Subgroups: map[string]string{"k": "q"}, Needs: []group.Amount{{ID: "d", Weight: .5}}},
			{ID: "d", Level: x(4), Pace: x(3), Speaks: []string{"es"}, Subgroups: map[string]string{"k": "q"}},
		},
		Met: []group.Met{{A: "a", B: "b", Times: 3}},
	}
	r := group.Verify(in, &group.Solution{Groups: []group.Proposed{{ID: "1", Students: []string{"a", "b"}}, {ID: "2", Students: []string{"c", "d"}}}})
	for name, c := range map[string]struct {
		got  *float64
		want float64
	}{
		"need":     {r.Parts.Need, 1},          // (1.5 + .5) / (1 + .5 + .5)
		"pace":     {r.Parts.Pace, 1},          // all variance is between
		"mixed":    {r.Parts.Mixed, .2},        // between 4 of 5
		"cover":    {r.Parts.Cover, .5},        // one group of the two that could
		"balance":  {r.Parts.Balance, 0},       // wholly apart
		"fresh":    {r.Parts.Fresh, 1 - .75/2}, // one of two pairs has met three times
		"language": {r.Parts.Language, 1},      // d speaks it
		"even":     {r.Parts.Even, 1},
	} {
		if c.got == nil || math.Abs(*c.got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if len(r.Fairness) != 4 || r.Fairness[0].Difference != 1 && r.Fairness[0].Difference != -1 {
		t.Errorf("fairness %+v", r.Fairness)
	}
}

func TestReadNamesThePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"schema":"waymark-groups-instance/1","purpose":"tracks","students":[{"id":"a"}],"least":1,"most":1}`:                                        "purpose",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"},{"id":"a"}],"least":1,"most":2}`:                               "students[1].id",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"}],"least":2,"most":2}`:                                          "least",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"}],"least":1,"most":1,"number":2}`:                               "number",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"}],"least":1,"most":1,"apart":[["a","b"]]}`:                      "apart[0]",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a","needs":[{"id":"c","weight":2}]}],"least":1,"most":1}`:          "students[0].needs[0].weight",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"}],"least":1,"most":1,"until":"soon"}`:                           "until",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"}],"least":1,"most":1,"weights":{}}`:                             "weights",
		`{"schema":"waymark-groups-instance/1","purpose":"pace","students":[{"id":"a"}],"least":1,"most":1,"groups":[{"id":"g","locked":["a","a"]}]}`: "groups[0].locked",
		`{"schema":"waymark-flex-instance/1"}`: "schema",
	} {
		_, err := group.Read(strings.NewReader(text))
		if got := fault.FieldOf(err); got != want {
			t.Errorf("%s: field %q (%v), want %q", text, got, err, want)
		}
	}
}

// What is written has the form that docs/ states.
func TestSchemas(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	is := func(name string, v any) {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.MustCompile("../../docs/" + name).Validate(doc); err != nil {
			t.Error(err)
		}
	}
	for name, in := range instances(t) {
		is("groups-instance.schema.json", in)
		s := group.Propose(t.Context(), in, 1)
		is("groups-solution.schema.json", s)
		if r := group.Verify(in, s); !r.OK {
			t.Errorf("%s: %v", name, r.Broken)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"waymark-groups-instance/1","purpose":"project","students":[{"id":"a","level":1},{"id":"b","supports":["x"]}],"least":1,"most":2,"groups":[{"id":"g","locked":["a"]}],"together":[["a","b"]],"apart":[["a","b"]],"roles":["r","s","t"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := group.Read(bytes.NewReader(text))
		if err != nil || len(in.Students) > 20 {
			return
		}
		s := group.Propose(t.Context(), in, 1)
		if r := group.Verify(in, s); r.OK != (s.Status == group.OK) {
			t.Errorf("%s, but %v", s.Status, r.Broken)
		}
	})
}

// restarts is swap search from chance beginnings: to the first better swap, until none is.
func restarts(in *group.Instance, n int, seed uint64) float64 {
	rng := rand.New(rand.NewPCG(seed, 5))
	best := 0.0
	for range n {
		best = max(best, group.SwapSearch(in, rng))
	}
	return best
}

// BenchmarkBalance compares with 1,000 restarts of swap search: score and time.
func BenchmarkBalance(b *testing.B) {
	for _, students := range []int{30, 150} {
		in := group.Generate(group.MixedStrengths, students, 1)
		in.Weights = &group.Weights{Balance: 1, Mixed: 1}
		in.Met, in.Apart, in.Together = nil, nil, nil
		b.Run(strconv.Itoa(students)+"/propose", func(b *testing.B) {
			for i := range b.N {
				b.ReportMetric(group.Propose(b.Context(), in, uint64(i)).Score, "score")
			}
		})
		b.Run(strconv.Itoa(students)+"/1000-restarts", func(b *testing.B) {
			for i := range b.N {
				b.ReportMetric(restarts(in, 1000, uint64(i)), "score")
			}
		})
	}
}

func BenchmarkPropose(b *testing.B) {
	for _, p := range group.Purposes {
		in := group.Generate(p, 150, 1)
		b.Run(string(p), func(b *testing.B) {
			for i := range b.N {
				s := group.Propose(b.Context(), in, uint64(i))
				b.ReportMetric(s.Score, "score")
				if s.Status != group.OK {
					b.Error(s.Unmet)
				}
			}
		})
	}
}

// Instances on which an earlier search or verifier went wrong, with the best score there is.
func TestFoundByOthers(t *testing.T) {
	t.Parallel()
	sign := `"supports":["sign"]`
	for name, c := range map[string]struct {
		text  string
		score float64
	}{
		"the only adult leads where the student is kept": {`"purpose":"project","least":1,"most":2,"minutes":20,"staff":[{"id":"t",` + sign + `,"minutes":20}],
			"groups":[{"id":"g1"},{"id":"g2","locked":["a"]}],"students":[{"id":"a",` + sign + `},{"id":"b"}]`, -1},
		"one adult leads both": {`"purpose":"project","least":1,"most":2,"number":2,"staff":[{"id":"t1"},{"id":"t2",` + sign + `}],"apart":[["a","b"]],"students":[{"id":"a",` + sign + `},{"id":"b",` + sign + `}]`, -1},
		"the adult goes where it matters": {`"purpose":"project","least":1,"most":1,"minutes":20,"staff":[{"id":"t","minutes":20}],"weights":{"led":1},
			"groups":[{"id":"g1"},{"id":"g2","locked":["a"]}],"students":[{"id":"a","priority":1},{"id":"b","priority":0.1}]`, 1 / 1.1},
		"equal levels say nothing": {`"purpose":"mixed-strengths","least":1,"most":6,"number":2,"weights":{"mixed":1,"even":1},
			"students":[{"id":"a","level":0.7},{"id":"b","level":0.7},{"id":"c","level":0.7},{"id":"d","level":0.7},{"id":"e","level":0.7},{"id":"f","level":0.7}]`, 1},
		"only four groups keep all apart": {`"purpose":"pace","least":1,"most":9,"minutes":20,"staff":[{"id":"t",` + sign + `,"minutes":80}],"apart":[["a","b","c","d"]],
			"students":[{"id":"a",` + sign + `},{"id":"b",` + sign + `},{"id":"c",` + sign + `},{"id":"d",` + sign + `},{"id":"e",` + sign + `},{"id":"f",` + sign + `},{"id":"g",` + sign + `},{"id":"h",` + sign + `},{"id":"i",` + sign + `}]`, -1},
		"an adult of two groups leaves the first":          {`"purpose":"pace","least":1,"most":1,"students":[{"id":"s2","supports":["a11y"]},{"id":"s7","supports":["a11y"]},{"id":"s5"}],"minutes":20,"staff":[{"id":"t0","minutes":45,"supports":["a11y"]}],"groups":[{"id":"G0","locked":["s5"]},{"id":"G1"},{"id":"G2"}]`, -1},
		"adults are handed out to those who are locked":    {`"purpose":"shared-need","least":1,"most":2,"students":[{"id":"s3","supports":["lift"]},{"id":"s2","supports":["lift","a11y"]},{"id":"s4"}],"minutes":20,"staff":[{"id":"t0","minutes":39,"supports":["lift","a11y"]}],"groups":[{"id":"G0"},{"id":"G1","locked":["s3"]}]`, -1},
		"adults and supports of nine":                      {`"purpose":"interest","least":1,"most":3,"students":[{"id":"s0"},{"id":"s1","supports":["lift"]},{"id":"s2"},{"id":"s5"},{"id":"s8"},{"id":"s6"},{"id":"s7"},{"id":"s4"},{"id":"s3","supports":["quiet"]}],"minutes":20,"staff":[{"id":"t0","minutes":45,"supports":["lift"]}],"together":[["s0","s5","s4"],["s6","s1"]],"groups":[{"id":"G0"},{"id":"G1","supports":["quiet"],"most":2},{"id":"G2","most":2},{"id":"G3","most":2}]`, -1},
		"adults and supports of five":                      {`"purpose":"interest","least":1,"most":2,"students":[{"id":"s2"},{"id":"s0","supports":["lift","calm"]},{"id":"s8","supports":["lift"]},{"id":"s5","supports":["lift","calm"]},{"id":"s1"}],"minutes":20,"staff":[{"id":"t0","minutes":40,"supports":["calm","lift"]}],"apart":[["s2","s1"],["s2","s5","s0"]],"groups":[{"id":"G0"},{"id":"G1"},{"id":"G2","locked":["s1"]}]`, -1},
		"adults and supports of eight":                     {`"purpose":"project","least":1,"most":6,"students":[{"id":"s7"},{"id":"s4"},{"id":"s6"},{"id":"s3","supports":["lift"]},{"id":"s5"},{"id":"s0"},{"id":"s9"},{"id":"s2"}],"minutes":20,"staff":[{"id":"t0","minutes":25,"supports":["lift"]}],"together":[["s5","s7","s4"],["s0","s3"]],"apart":[["s7","s0"]],"groups":[{"id":"G0","least":6},{"id":"G1"}]`, -1},
		"only one adult gives what a locked student needs": {`"purpose":"shared-need","students":[{"id":"s5","supports":["p0"]},{"id":"s7"},{"id":"s9","supports":["p0"]},{"id":"s10","supports":["p0"]}],"least":1,"most":3,"minutes":20,"staff":[{"id":"t0","minutes":20,"supports":["p0"]}],"groups":[{"id":"A2"},{"id":"A3","locked":["s5"]}]`, -1},
		"adults change places for the score":               {`"purpose":"shared-need","least":1,"most":2,"students":[{"id":"s6","supports":["a11y"]},{"id":"s3","supports":["calm"]},{"id":"s1","priority":0.5}],"minutes":20,"staff":[{"id":"t0","minutes":20,"supports":["calm"]}],"groups":[{"id":"G0","supports":["a11y"]},{"id":"G2"}]`, 0.8},
		"an adult with two groups changes one":             {`"purpose":"pace","least":1,"most":1,"students":[{"id":"s0","supports":["el"]},{"id":"s2"},{"id":"s4","with":"ar"}],"minutes":20,"staff":[{"id":"t0","minutes":45,"supports":["el"],"languages":["ar"]}],"groups":[{"id":"G0","locked":["s2"]},{"id":"G1"},{"id":"G2"}]`, 1},
		"the best hands an adult over":                     {`"purpose":"interest","least":1,"most":2,"students":[{"id":"s2","supports":["quiet"]},{"id":"s1","supports":["calm"]},{"id":"s8","interests":[{"id":"i2","weight":0.63}]},{"id":"s3","interests":[{"id":"i1","weight":0.97}]}],"minutes":20,"staff":[{"id":"t0","minutes":25,"supports":["calm"]}],"groups":[{"id":"G0","supports":["quiet"]},{"id":"G1"}]`, 1},
		"groups' own sizes count for even":                 {`"purpose":"project","least":3,"most":3,"students":[{"id":"s0","level":0},{"id":"s1","level":1},{"id":"s2","level":2},{"id":"s3","level":3},{"id":"s4","level":4},{"id":"s5","level":5},{"id":"s6","level":6}],"groups":[{"id":"A"},{"id":"B","most":4}]`, -1},
	} {
		in, err := group.Read(strings.NewReader(`{"schema":"waymark-groups-instance/1",` + c.text + `}`))
		if err != nil {
			t.Fatal(name, err)
		}
		s := group.Propose(t.Context(), in, 1)
		if r := group.Verify(in, s); !r.OK || c.score >= 0 && math.Abs(r.Score-c.score) > 1e-9 {
			t.Errorf("%s: score %v, want %v; %v", name, r.Score, c.score, r.Broken)
		}
	}
	in := &group.Instance{Schema: group.InstanceSchema, Purpose: group.Project, Roles: []string{"r"}, Least: 1, Most: 2, Number: 2, Students: []group.Student{{ID: "a"}, {ID: "b"}}}
	r := group.Verify(in, &group.Solution{Schema: group.SolutionSchema, Status: "banana", Groups: []group.Proposed{{ID: "g1", Students: []string{"a", "b"}}, {ID: "g2", Roles: []group.Role{{Role: "r", Student: "a"}}}}})
	if r.OK {
		t.Error("an empty group with a role is accepted")
	}
}

// What a solution says of itself is compared with what is so; what it leaves out is not.
func TestVerifyComparesWhatIsSaid(t *testing.T) {
	t.Parallel()
	in, err := group.Read(strings.NewReader(`{"schema":"waymark-groups-instance/1","purpose":"mixed-strengths","least":2,"most":2,"number":2,"weights":{"mixed":1},
		"students":[{"id":"a","level":1,"subgroups":{"sex":"f"}},{"id":"b","level":2,"subgroups":{"sex":"m"}},{"id":"c","level":1,"subgroups":{"sex":"f"}},{"id":"d","level":2,"subgroups":{"sex":"m"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	const groups = `"groups":[{"id":"g1","students":["a","b"]},{"id":"g2","students":["c","d"]}]`
	for says, wrong := range map[string]string{
		``:                       "",
		`,"score":1`:             "",
		`,"score":0`:             "score",
		`,"score":0.999999`:      "score",
		`,"status":"conflict"`:   "status",
		`,"parts":{"mixed":0.1}`: "parts",
		`,"parts":{"need":1}`:    "parts",
		`,"unmet":[{"rule":"apart","where":"a","message":""}]`: "unmet",
		`,"fairness":[{"group":"g9","characteristic":"sex","value":"f","count":2,"size":2,"share":1,"whole":0.5,"difference":1,"nearest":false}]`: "fairness",
	} {
		s, err := group.ReadSolution(strings.NewReader(`{"schema":"waymark-groups-solution/1",` + groups + says + `}`))
		if err != nil {
			t.Fatal(says, err)
		}
		r := group.Verify(in, s)
		if r.OK != (wrong == "") || !r.OK && r.Broken[0].Rule != wrong {
			t.Errorf("%s: %v", says, r.Broken)
		}
	}
}

// Rules that can be kept, but hardly: five groups of twelve, everybody apart from about eleven others.
func TestManyWhoMustBeApart(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	in := &group.Instance{Schema: group.InstanceSchema, Purpose: group.Project, Least: 12, Most: 12, Number: 5}
	for i := range 60 {
		in.Students = append(in.Students, group.Student{ID: fmt.Sprintf("s%02d", i)})
	}
	for range 240 { // none of which are in one group of the division by i%5
		if a, b := rng.IntN(60), rng.IntN(60); a%5 != b%5 {
			in.Apart = append(in.Apart, []string{in.Students[a].ID, in.Students[b].ID})
		}
	}
	if s := group.Propose(t.Context(), in, 1); s.Status != group.OK {
		t.Errorf("%d are not apart", len(s.Unmet))
	}
}
