package flex_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"waymark/internal/fault"
	"waymark/internal/flex"
)

func instances(t testing.TB) map[string]*flex.Instance {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	out := map[string]*flex.Instance{}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		in, err := flex.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(p, err)
		}
		out[filepath.Base(p)] = in
	}
	return out
}

// optima were found and proved by CBC 2.10.8 on the program that oracle_test.go writes.
var optima = map[string]float64{"day-40.json": 290.616, "small.json": 22.4, "week-100.json": 992.054}

func TestNearOptimum(t *testing.T) {
	t.Parallel()
	for name, in := range instances(t) {
		s := flex.Solve(t.Context(), in, 1)
		if r := flex.Verify(in, s); !r.OK {
			t.Errorf("%s: %v", name, r.Broken)
		}
		want, ok := optima[name]
		if !ok {
			t.Errorf("%s has no optimum to compare with", name)
		}
		if s.Objective < .99*want || s.Objective > want+1e-2 || s.Bound < want-1e-2 {
			t.Errorf("%s: objective %.3f, bound %.3f, optimum %.3f", name, s.Objective, s.Bound, want)
		}
	}
}

// spoil makes an instance unlike what Generate draws: seats are few, adults and rooms fewer,
// doors closed, requirements contradict each other.
func spoil(in *flex.Instance, rng *rand.Rand) {
	in.Rooms = in.Rooms[:1+rng.IntN(len(in.Rooms))]
	if rng.IntN(4) == 0 {
		in.Rooms = nil
	}
	for i := range in.Sessions {
		s := &in.Sessions[i]
		s.Seats = rng.IntN(9)
		s.Least = rng.IntN(s.Seats + 1)
		s.State = []flex.State{"", flex.Offered, flex.Possible, flex.Fixed}[rng.IntN(4)]
		s.Door = []flex.Door{"", flex.Open, flex.Asked, flex.Invited}[rng.IntN(4)]
		if rng.IntN(3) == 0 {
			s.Staff = []string{in.Staff[rng.IntN(3)].ID}
		}
	}
	for range rng.IntN(12) {
		r := flex.Requirement{Student: in.Students[rng.IntN(len(in.Students))].ID}
		for range 1 + rng.IntN(3) {
			r.Sessions = append(r.Sessions, in.Sessions[rng.IntN(len(in.Sessions))].ID)
		}
		in.Required = append(in.Required, r)
		in.Barred = append(in.Barred, flex.Pair{Student: in.Students[rng.IntN(len(in.Students))].ID, Session: in.Sessions[rng.IntN(len(in.Sessions))].ID})
	}
}

// held reports what is wrong with the solution of a drawn instance: whatever it is, no rule is broken
// but the requirements that the solution owns up to.
func held(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	in := flex.Generate(flex.Size{Students: 1 + rng.IntN(40), Blocks: 1 + rng.IntN(4), Sessions: 3 + rng.IntN(16)}, seed)
	if seed%2 == 1 {
		spoil(in, rng)
	}
	if err := in.Check(); err != nil {
		t.Fatal(seed, err)
	}
	s := flex.Solve(t.Context(), in, seed)
	r := flex.Verify(in, s)
	unmet := 0
	for _, b := range r.Broken {
		if b.Rule == "must-attend" && s.Status == flex.Conflict {
			unmet++
		} else if b.Rule != "fixed" || seed%2 == 0 { // adults that two fixed sessions share cannot hold both
			t.Errorf("seed %d: %v", seed, b)
		}
	}
	if unmet != len(s.Unmet) || len(s.Refused) != r.Wishes-r.Granted || len(s.Unassigned) != r.Slots-r.Placed {
		t.Errorf("seed %d: %d unmet of %d, %d refused of %d, %d unassigned of %d", seed, len(s.Unmet), unmet, len(s.Refused), r.Wishes-r.Granted, len(s.Unassigned), r.Slots-r.Placed)
	}
	for _, x := range s.Refused {
		if x.Because == "" {
			t.Errorf("seed %d: no because for %v", seed, x)
		}
	}
	if s.Objective > s.Bound+1e-6 {
		t.Errorf("seed %d: objective %v above bound %v", seed, s.Objective, s.Bound)
	}
	if again := flex.Solve(t.Context(), in, seed); !reflect.DeepEqual(again, s) {
		t.Errorf("seed %d: another solution the second time", seed)
	}
}

func TestRulesHold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		held(t, seed)
	}
}

func FuzzSolve(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(100 + seed)
	}
	f.Fuzz(held)
}

// Two come to what needs two, though each alone would be as well off elsewhere.
func TestClosesOneToFillAnother(t *testing.T) {
	t.Parallel()
	in, err := flex.Read(strings.NewReader(`{"schema":"waymark-flex-instance/1","blocks":[{"id":"b"}],"students":[{"id":"p"},{"id":"q"},{"id":"r"}],
		"sessions":[{"id":"lab","block":"b","purpose":"lab","seats":3,"least":3},{"id":"study","block":"b","purpose":"study","seats":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if s := flex.Solve(t.Context(), in, 1); s.Objective != 2.75 {
		t.Errorf("objective %v; all three in the lab are worth 2.75", s.Objective)
	}
}

// Where there are many sessions for few students, as many are held as can be filled.
func TestManySessions(t *testing.T) {
	t.Parallel()
	in := flex.Generate(flex.Size{Students: 60, Blocks: 4, Sessions: 30}, 3)
	if s := flex.Solve(t.Context(), in, 1); s.Objective < .95*s.Bound || !flex.Verify(in, s).OK {
		t.Errorf("objective %.1f of at most %.1f, %d closed", s.Objective, s.Bound, len(s.Closed))
	}
}

// A requirement that comes after publishing moves the student.
func TestRequiredAfterPublishing(t *testing.T) {
	t.Parallel()
	in := &flex.Instance{
		Schema: flex.InstanceSchema, Blocks: []flex.Block{{ID: "a"}},
		Sessions:  []flex.Session{{ID: "first", Block: "a", Purpose: flex.Lab, Seats: 4}, {ID: "second", Block: "a", Purpose: flex.Study, Seats: 4}},
		Students:  []flex.Student{{ID: "x"}, {ID: "y"}},
		Required:  []flex.Requirement{{Student: "x", Sessions: []string{"second"}}},
		Published: []flex.Held{{ID: "first", Students: []string{"x"}}, {ID: "second", Students: []string{"y"}}},
	}
	s := flex.Solve(t.Context(), in, 1)
	if r := flex.Verify(in, s); !r.OK || s.Status != flex.OK || s.Moved != 1 {
		t.Errorf("%s, %d moved, %v", s.Status, s.Moved, r.Broken)
	}
}

// What is listed twice counts once, and for nobody else's session.
func TestListedTwice(t *testing.T) {
	t.Parallel()
	in := &flex.Instance{
		Schema: flex.InstanceSchema,
		Blocks: []flex.Block{{ID: "a"}},
		Sessions: []flex.Session{
			{ID: "first", Block: "a", Purpose: flex.Lab, Seats: 4, Door: flex.Asked},
			{ID: "second", Block: "a", Purpose: flex.Lab, Seats: 1, Door: flex.Asked, Competencies: []string{"c", "c"}},
		},
	}
	for _, id := range []string{"x", "y", "z"} {
		in.Students = append(in.Students, flex.Student{ID: id, Needs: []flex.Need{{Competency: "c", Weight: 1}}})
	}
	s := flex.Solve(t.Context(), in, 1)
	if r := flex.Verify(in, s); !r.OK || r.Parts.Need != 3 {
		t.Errorf("%v, needs %v", r.Broken, r.Parts.Need)
	}
}

func TestOneAbsence(t *testing.T) {
	t.Parallel()
	in := flex.Generate(flex.Size{Students: 200, Blocks: 5, Sessions: 14}, 3)
	s := flex.Solve(t.Context(), in, 1)
	gone := in.Sessions[2].Staff[0]
	for i := range in.Staff {
		if in.Staff[i].ID == gone {
			in.Staff[i].Away = []string{in.Blocks[0].ID}
		}
	}
	in.Published = s.Sessions
	led := 0
	for _, h := range s.Sessions {
		if h.Staff == gone {
			led = max(led, len(h.Students))
		}
	}
	after := flex.Solve(t.Context(), in, 1)
	if r := flex.Verify(in, after); !r.OK {
		t.Error(r.Broken)
	}
	if after.Moved > led+len(in.Students)/20 {
		t.Errorf("%d students moved; %d were in the largest session of who is away", after.Moved, led)
	}
}

// A broken solution is found out, whichever rule it breaks.
func TestVerify(t *testing.T) {
	t.Parallel()
	in := instances(t)["small.json"]
	good := flex.Solve(t.Context(), in, 1)
	tests := map[string]func(s *flex.Solution){
		"one-place":     func(s *flex.Solution) { s.Sessions[1].Students = append(s.Sessions[1].Students, "cai") },
		"accommodation": func(s *flex.Solution) { s.Sessions = s.Sessions[1:2]; s.Sessions[0].Students = []string{"cai"} },
		"room-size":     func(s *flex.Solution) { s.Sessions[1].Students = []string{"ana", "ben", "dee"} },
		"seats":         func(s *flex.Solution) { s.Sessions[0].Students = []string{"ana", "ben", "cai", "dee"} },
		"least":         func(s *flex.Solution) { s.Sessions[2].Students = []string{"ana"} },
		"must-attend":   func(s *flex.Solution) { s.Sessions = s.Sessions[1:2] },
		"staff":         func(s *flex.Solution) { s.Sessions[0].Staff = "kim" },
		"staff-away":    func(s *flex.Solution) { s.Sessions[2].Staff = "kim" },
		"room-closed":   func(s *flex.Solution) { s.Sessions[2].Room = "lab" },
		"room-suits":    func(s *flex.Solution) { s.Sessions[1].Room = "101" },
		"room-once":     func(s *flex.Solution) { s.Sessions[1].Room = "101" },
		"no-flex-time":  func(s *flex.Solution) { s.Sessions[2].Students = []string{"cai", "dee"} },
		"door": func(s *flex.Solution) {
			s.Sessions = append(s.Sessions[:0], flex.Held{ID: "talks-tue", Room: "101", Staff: "kim", Students: []string{"ben"}})
		},
		"unknown":   func(s *flex.Solution) { s.Sessions[0].ID = "nowhere" },
		"held-once": func(s *flex.Solution) { s.Sessions = append(s.Sessions, s.Sessions[0]) },
		"objective": func(s *flex.Solution) { s.Objective++ },
		"bound":     func(s *flex.Solution) { s.Bound = 1 },
	}
	for rule, harm := range tests {
		text, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		s, err := flex.ReadSolution(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		harm(s)
		r := flex.Verify(in, s)
		if r.OK || !slices.ContainsFunc(r.Broken, func(b flex.Broken) bool { return b.Rule == rule }) {
			t.Errorf("%s was not found: %v", rule, r.Broken)
		}
	}
}

func TestReadSaysWhere(t *testing.T) {
	t.Parallel()
	head := `{"schema": "waymark-flex-instance/1", "blocks": [{"id": "a"}], "sessions": [{"id": "s", "block": "a", "purpose": "club", "seats": 3}], "students": [{"id": "x"}], `
	for _, test := range []struct{ text, field, says string }{
		{`{"schema": "other/1"}`, "schema", "waymark-flex-instance/1"},
		{head + `"requests": [{"student": "y", "session": "s", "rank": 1}]}`, "requests[0].student", `"y" is no student`},
		{head + `"requests": [{"student": "x", "offer": "o", "rank": 1}]}`, "requests[0].offer", "offer of no session"},
		{head + `"requests": [{"student": "x", "session": "s", "rank": 0}]}`, "requests[0].rank", "first wish is 1"},
		{head + `"weights": {"later": 2}}`, "weights.later", "at most 1"},
		{head + `"typo": 1}`, "", "typo"},
		{"{\n\n", "", "Line 3"},
	} {
		_, err := flex.Read(strings.NewReader(test.text))
		if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != test.field || !strings.Contains(fault.Sentence(err), test.says) {
			t.Errorf("%s: %v (field %q)", test.text, err, fault.FieldOf(err))
		}
	}
}

func FuzzRead(f *testing.F) {
	small, err := os.ReadFile("testdata/small.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(small))
	f.Fuzz(func(t *testing.T, text string) {
		in, err := flex.Read(strings.NewReader(text))
		if err != nil || len(in.Students)*len(in.Sessions) > 2000 {
			return
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		s := flex.Solve(ctx, in, 1)
		for _, b := range flex.Verify(in, s).Broken {
			if b.Rule != "must-attend" && b.Rule != "fixed" {
				t.Errorf("%v", b)
			}
		}
	})
}

// What is read and written is of the documented form.
func TestSchemas(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	instance, solution := c.MustCompile("../../docs/flex-instance.schema.json"), c.MustCompile("../../docs/flex-solution.schema.json")
	hold := func(name string, schema *jsonschema.Schema, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	list := instances(t)
	drawn := flex.Generate(flex.Size{Students: 60, Blocks: 2, Sessions: 8}, 4)
	drawn.Weights = &flex.DefaultWeights
	drawn.Required = append(drawn.Required, flex.Requirement{Student: "u0001", Sessions: []string{"s01-001"}}, flex.Requirement{Student: "u0001", Sessions: []string{"s01-002"}})
	drawn.Published = flex.Solve(t.Context(), drawn, 2).Sessions
	list["drawn"] = drawn
	for name, in := range list {
		hold(name, instance, in)
		hold(name, solution, flex.Solve(t.Context(), in, 1))
	}
}

// BenchmarkSolve prints what is found within 30 seconds, and what two simple ways find.
func BenchmarkSolve(b *testing.B) {
	for _, size := range []flex.Size{{Students: 300, Blocks: 10, Sessions: 20}, {Students: 1200, Blocks: 10, Sessions: 60}, {Students: 3000, Blocks: 10, Sessions: 150}, {Students: 300, Blocks: 10, Sessions: 150}} {
		b.Run(fmt.Sprintf("%dx%d", size.Students, size.Sessions), func(b *testing.B) {
			in := flex.Generate(size, 1)
			for b.Loop() {
				ctx, stop := context.WithTimeout(b.Context(), 30*time.Second)
				s := flex.Solve(ctx, in, 1)
				stop()
				b.ReportMetric(100*s.Gap, "%gap")
				b.ReportMetric(math.Round(s.Objective), "objective")
			}
			for name, greedy := range map[string]bool{"sign-up": false, "greedy": true} {
				r := signUp(in, 1, greedy)
				b.ReportMetric(math.Round(r.Objective), name)
				for _, x := range r.Broken {
					if x.Rule != "must-attend" {
						b.Error(name, x)
					}
				}
			}
		})
	}
}

// Instances on which an earlier solver went wrong.
func TestFoundByOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		unmet int
	}{
		"the adult who signs leads": {`"staff":[{"id":"t0","tags":["sign"]},{"id":"t1"}],"sessions":[{"id":"x","block":"b1","purpose":"lab","seats":3,"staff":["t1","t0"]}],
			"students":[{"id":"s","supports":["sign"]}],"required":[{"student":"s","sessions":["x"]}]`, 0},
		"two fixed sessions share the only adult": {`"staff":[{"id":"t"}],"sessions":[{"id":"x","block":"b1","purpose":"lab","seats":5,"state":"fixed","staff":["t"]},{"id":"y","block":"b1","purpose":"lab","seats":5,"state":"fixed","staff":["t"]}],
			"students":[{"id":"a"}]`, 0},
		"a fixed session whose room closes takes another's": {`"rooms":[{"id":"r0","seats":2,"closed":["b1"]},{"id":"r1","seats":2}],"sessions":[{"id":"exam","block":"b1","purpose":"lab","seats":2,"state":"fixed"},{"id":"club","block":"b1","purpose":"club","seats":2}],
			"students":[{"id":"a"},{"id":"b"}],"published":[{"id":"exam","room":"r0","students":["a"]},{"id":"club","room":"r1","students":["b"]}]`, 0},
		"who needs the room that is free": {`"rooms":[{"id":"r0","seats":3},{"id":"r1","seats":1,"tags":["y"]}],"sessions":[{"id":"x","block":"b1","purpose":"lab","seats":3}],
			"students":[{"id":"a","supports":["y"]}],"required":[{"student":"a","sessions":["x"]}],"published":[{"id":"x","room":"r0","students":[]}]`, 0},
		"requirements that outweigh large wishes": {`"staff":[{"id":"t"}],"sessions":[{"id":"x","block":"b1","purpose":"lab","seats":1,"staff":["t"]},{"id":"y","block":"b1","purpose":"club","seats":30,"staff":["t"]}],
			"students":[{"id":"a"},{"id":"b"},{"id":"c"}],"requests":[{"student":"b","session":"y","rank":1},{"student":"c","session":"y","rank":1}],"required":[{"student":"a","sessions":["x"]}],
			"weights":{"place":1,"need":3,"request":10000,"later":1,"first":10000,"fairness":10000,"variety":1,"keep":2,"opening":4,"closing":1}`, 0},
		"what is set aside opens its door": {`"sessions":[{"id":"x","block":"b1","purpose":"lab","seats":1,"door":"invited"}],"students":[{"id":"a"},{"id":"b"}],
			"required":[{"student":"a","sessions":["x"]},{"student":"b","sessions":["x"]}]`, 1},
		"as many requirements as can be": {`"staff":[{"id":"t"}],"sessions":[{"id":"x","block":"b1","purpose":"club","seats":4,"grades":["9"],"staff":["t"]},{"id":"y","block":"b1","purpose":"club","seats":3,"staff":["t"]}],
			"students":[{"id":"a"},{"id":"b"}],"required":[{"student":"b","sessions":["x"]},{"student":"a","sessions":["y"]},{"student":"a","sessions":["x"]}]`, 1},
	} {
		in, err := flex.Read(strings.NewReader(`{"schema":"waymark-flex-instance/1","blocks":[{"id":"b1"}],` + c.text + `}`))
		if err != nil {
			t.Fatal(name, err)
		}
		s := flex.Solve(t.Context(), in, 1)
		broken := 0
		for _, b := range flex.Verify(in, s).Broken {
			if b.Rule != "must-attend" {
				t.Errorf("%s: %v", name, b)
			}
			broken++
		}
		if len(s.Unmet) != c.unmet || broken != c.unmet {
			t.Errorf("%s: %d unmet, want %d: %v", name, len(s.Unmet), c.unmet, s.Unmet)
		}
	}
	// Where the time is up at once, the rules hold all the same.
	in, err := flex.Read(strings.NewReader(`{"schema":"waymark-flex-instance/1","blocks":[{"id":"b1"}],"sessions":[{"id":"x","block":"b1","purpose":"lab","seats":5,"least":3}],"students":[{"id":"a"}],"published":[{"id":"x","students":["a"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if r := flex.Verify(in, flex.Solve(ctx, in, 1)); !r.OK {
		t.Error(r.Broken)
	}
}
