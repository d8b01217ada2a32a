package tracing_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"waymark/internal/fault"
	"waymark/internal/stats"
	"waymark/internal/tracing"
)

// world is a simulated school: its answers, and the truth behind them.
type world struct {
	log        *tracing.Log
	skills     [][]int32
	difficulty []float64
	chance     []float64 // of each answer being right
}

// simulate draws answers of students whose ability on a skill grows with practice, to
// items of known difficulty: a Rasch model with learning.
func simulate(students, answers, skills, itemsPerSkill int, seed uint64) world {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := world{log: &tracing.Log{}}
	for k := range skills {
		w.log.Skills = append(w.log.Skills, fmt.Sprint("skill", k))
		for i := range itemsPerSkill {
			w.log.Items = append(w.log.Items, fmt.Sprint("item", k, "-", i))
			w.difficulty = append(w.difficulty, rng.NormFloat64())
			w.skills = append(w.skills, []int32{int32(k)})
		}
	}
	w.answer(students, answers, skills, itemsPerSkill, rng)
	return w
}

func (w *world) answer(students, answers, skills, itemsPerSkill int, rng *rand.Rand) {
	for s := range students {
		w.log.Students = append(w.log.Students, fmt.Sprint("student", s))
		ability, practice := .5+rng.NormFloat64(), make([]float64, skills)
		for a := range answers {
			k := (a / 5) % skills
			item := k*itemsPerSkill + rng.IntN(itemsPerSkill)
			p := 1 / (1 + math.Exp(-(ability + .15*practice[k] - w.difficulty[item])))
			practice[k]++
			right := float32(0)
			if rng.Float64() < p {
				right = 1
			}
			w.log.Student, w.log.Item, w.log.Skill = append(w.log.Student, int32(s)), append(w.log.Item, int32(item)), append(w.log.Skill, int32(k))
			w.log.Correct, w.log.At = append(w.log.Correct, right), append(w.log.At, int64(a)*3600)
			w.chance = append(w.chance, p)
		}
	}
}

// again returns other students of the same world.
func (w world) again(students, answers, skills, itemsPerSkill int, seed uint64) world {
	n := world{log: &tracing.Log{Items: w.log.Items, Skills: w.log.Skills}, difficulty: w.difficulty}
	n.answer(students, answers, skills, itemsPerSkill, rand.New(rand.NewPCG(seed, 2)))
	return n
}

func fitted(t testing.TB, log *tracing.Log, skills [][]int32, o tracing.Options) *tracing.Model {
	t.Helper()
	m, err := tracing.Fit(log, skills, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func artefact(t testing.TB, m *tracing.Model) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFitDependsOnSeedAndLogOnly(t *testing.T) {
	t.Parallel()
	w := simulate(150, 40, 4, 10, 1)
	for i := range w.log.Correct { // partial credit, which sums of floats feel
		if i%7 == 0 {
			w.log.Correct[i] = .3
		}
	}
	one := artefact(t, fitted(t, w.log, w.skills, tracing.Options{Seed: 3, Workers: 1}))
	for _, workers := range []int{0, 2, 3} {
		if !bytes.Equal(one, artefact(t, fitted(t, w.log, w.skills, tracing.Options{Seed: 3, Workers: workers}))) {
			t.Errorf("the model of %d workers differs from that of one", workers)
		}
	}
	if bytes.Equal(one, artefact(t, fitted(t, w.log, w.skills, tracing.Options{Seed: 4}))) {
		t.Error("the seed changes nothing")
	}
}

func TestPredictsLikeTheTruth(t *testing.T) {
	t.Parallel()
	train := simulate(600, 60, 6, 15, 7)
	test := train.again(200, 60, 6, 15, 8)
	m := fitted(t, train.log, train.skills, tracing.Options{Seed: 1, Workers: 2})
	r := tracing.Evaluate(test.log, func() tracing.Predictor { return m.NewStudent() }, tracing.Protocol{})
	y := make([]float64, test.log.Len())
	for i, c := range test.log.Correct {
		y[i] = float64(c)
	}
	// What would be reached by who knows every ability and difficulty.
	best := stats.Rank(test.chance, y, nil).AUC()
	if r.AUC < best-.03 {
		t.Errorf("AUC = %.4f; the truth has %.4f", r.AUC, best)
	}
	if r.ECE > .02 {
		t.Errorf("ECE = %.4f; want at most .02", r.ECE)
	}
	if r.Coverage < .86 || r.Coverage > .94 || r.SkillCoverage < .86 || r.SkillCoverage > .94 {
		t.Errorf("90 %% intervals held %.3f and, on a skill, %.3f of the time", r.Coverage, r.SkillCoverage)
	}
}

// only returns the answers on the skills that keep says.
func only(l *tracing.Log, keep func(skill int32) bool) *tracing.Log {
	n := &tracing.Log{Students: l.Students, Items: l.Items, Skills: l.Skills}
	for i, k := range l.Skill {
		if keep(k) {
			n.Student, n.Item, n.Skill = append(n.Student, l.Student[i]), append(n.Item, l.Item[i]), append(n.Skill, k)
			n.Correct, n.At = append(n.Correct, l.Correct[i]), append(n.At, l.At[i])
		}
	}
	return n
}

// On skills that nobody has met, of which some are harder than those known and some
// easier, predictions and intervals keep their word almost as well as on others.
func TestNewSkillsAreForeseen(t *testing.T) {
	t.Parallel()
	const skills, known = 20, 10
	w := simulate(1, 1, skills, 6, 31)
	rng := rand.New(rand.NewPCG(31, 4))
	for k := range skills {
		shift := rng.NormFloat64()
		for i := range 6 {
			w.difficulty[k*6+i] += shift
		}
	}
	train, test := w.again(400, 300, skills, 6, 33), w.again(200, 300, skills, 6, 32)
	m := fitted(t, only(train.log, func(k int32) bool { return k < known }), w.skills, tracing.Options{Seed: 1, Workers: 2})
	r := tracing.Evaluate(only(test.log, func(k int32) bool { return k >= known }), func() tracing.Predictor { return m.NewStudent() }, tracing.Protocol{})
	if r.ECE > .04 {
		t.Errorf("ECE = %.4f; want at most .04", r.ECE)
	}
	if r.SkillCoverage < .8 {
		t.Errorf("90 %% intervals on new skills held %.3f of the time", r.SkillCoverage)
	}
}

// A student who is unlike all of the log is answered for in time: predictions come to
// their share of right answers, and intervals to hold nine times out of ten.
func TestFollowsTheUnusualStudent(t *testing.T) {
	t.Parallel()
	w := simulate(300, 60, 6, 10, 35)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1})
	s := m.NewStudent()
	const windows, late = 200, 100
	var predicted, right float64
	held := 0
	for n := range windows {
		low, high := s.Foresee()
		y := float32(n % 2) // ten answers right, ten wrong
		if n >= late && float64(y) >= low && float64(y) <= high {
			held++
		}
		for i := range tracing.Ahead {
			item, at := int32((n*7+i)%60), int64(n*tracing.Ahead+i)*3600
			if p := s.Predict(item, item/10, at); n >= late {
				predicted, right = predicted+p, right+float64(y)
			}
			s.Learn(item, item/10, y, at)
		}
	}
	if d := math.Abs(predicted-right) / (windows - late) / tracing.Ahead; d > .05 {
		t.Errorf("predictions differ from the answers by %.3f on average", d)
	}
	if c := float64(held) / (windows - late); c < .8 {
		t.Errorf("90 %% intervals held %.2f of the time", c)
	}
}

func TestRecoversDifficulty(t *testing.T) {
	t.Parallel()
	w := simulate(600, 60, 6, 15, 9)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1, Workers: 2})
	var ease []float64
	for i := range w.log.Items {
		p := m.NewStudent().Predict(int32(i), w.skills[i][0], 0)
		ease = append(ease, -math.Log(p/(1-p)))
	}
	if r := stat.Correlation(ease, w.difficulty, nil); r < .9 {
		t.Errorf("correlation with the true difficulty = %.3f; want at least .9", r)
	}
}

func TestRightAnswersRaiseThePrediction(t *testing.T) {
	t.Parallel()
	w := simulate(300, 60, 6, 10, 11)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1})
	after := func(right float32) float64 {
		s := m.NewStudent()
		for a := range 6 {
			s.Learn(int32(a), 0, right, int64(a)*3600)
		}
		return s.Predict(8, 0, 7*3600)
	}
	wrong, half, right := after(0), after(.5), after(1)
	if !(wrong < half && half < right && right-wrong > .2) {
		t.Errorf("after six wrong, half right and right answers: %.3f, %.3f, %.3f; want them to rise", wrong, half, right)
	}
}

// What is not known is judged by what is nearest.
func TestUnknownItemsAndSkills(t *testing.T) {
	t.Parallel()
	w := simulate(300, 60, 4, 10, 13)
	rng := rand.New(rand.NewPCG(13, 3))
	for i, k := range w.log.Skill { // the first skill is easy, the last is hard
		if w.log.Correct[i] = 1; k >= 2 {
			w.log.Correct[i] = 0
		}
		if rng.IntN(5) == 0 {
			w.log.Correct[i] = 1 - w.log.Correct[i]
		}
	}
	// Two items that nobody has met, of a combination that nobody has met.
	skills := append(slices.Clone(w.skills), []int32{0, 1}, []int32{2, 3})
	m := fitted(t, w.log, skills, tracing.Options{Seed: 1})
	for _, c := range []struct {
		name        string
		item, skill int32
		low, high   float64
	}{
		{"unknown item of an easy skill", 900, 0, .6, .95},
		{"unknown item of a hard skill", 900, 3, .05, .4},
		{"unknown combination of easy skills", 40, 77, .55, .95},
		{"unknown combination of hard skills", 41, 77, .05, .45},
		{"nothing known", 900, 77, .3, .7},
		{"no position", -1, -1, .3, .7},
	} {
		s := m.NewStudent()
		if p := s.Predict(c.item, c.skill, 0); p < c.low || p > c.high {
			t.Errorf("%s: %.3f; want %.2f to %.2f", c.name, p, c.low, c.high)
		}
		s.Learn(c.item, c.skill, 1, 0)
		if low, high := s.ForeseeOn(c.skill, 1); !(low >= 0 && low <= high && high <= 1) {
			t.Errorf("%s: interval %v to %v", c.name, low, high)
		}
	}
}

func TestExplanationAddsUp(t *testing.T) {
	t.Parallel()
	w := simulate(200, 60, 4, 10, 15)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1})
	s := m.NewStudent()
	told := map[tracing.Reason]bool{}
	for i := range 60 {
		item, skill, at := w.log.Item[i], w.log.Skill[i], w.log.At[i]
		p := s.Predict(item, skill, at)
		var sum float64
		for _, term := range s.Explain(item, skill, at) {
			sum += term.LogOdds
			if term.LogOdds != 0 {
				told[term.Reason] = true
			}
			if term.Reason.String() == "" {
				t.Errorf("reason %d has no words", term.Reason)
			}
		}
		if want := math.Log(p / (1 - p)); math.Abs(sum-want) > 1e-5 {
			t.Fatalf("answer %d: terms add up to %v; the prediction is %v", i, sum, want)
		}
		s.Learn(item, skill, w.log.Correct[i], at)
	}
	for _, r := range []tracing.Reason{tracing.Start, tracing.Material, tracing.Overall, tracing.OnSkill} {
		if !told[r] {
			t.Errorf("%q is never a reason", r)
		}
	}
}

// Without times in the log, time is no reason.
func TestLogWithoutTimes(t *testing.T) {
	t.Parallel()
	w := simulate(200, 60, 4, 10, 17)
	clear(w.log.At)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1})
	a, b := m.NewStudent(), m.NewStudent()
	for i := range 20 {
		item, skill := w.log.Item[i], w.log.Skill[i]
		if p, q := a.Predict(item, skill, 0), b.Predict(item, skill, int64(i)*1e6); p != q {
			t.Fatalf("answer %d: %v with no time, %v with one", i, p, q)
		}
		a.Learn(item, skill, w.log.Correct[i], 0)
		b.Learn(item, skill, w.log.Correct[i], int64(i)*1e6)
	}
}

func TestStoredModelIsTheSame(t *testing.T) {
	t.Parallel()
	w := simulate(200, 60, 4, 10, 19)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1})
	data := artefact(t, m)
	var again tracing.Model
	if err := again.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Names().Items, w.log.Items) || !slices.Equal(again.Names().Skills, w.log.Skills) {
		t.Error("the stored model has lost its names")
	}
	a, b := m.NewStudent(), again.NewStudent()
	for i := range 60 {
		item, skill, at := w.log.Item[i], w.log.Skill[i], w.log.At[i]
		if p, q := a.Predict(item, skill, at), b.Predict(item, skill, at); p != q {
			t.Fatalf("answer %d: %v before, %v after", i, p, q)
		}
		a.Learn(item, skill, w.log.Correct[i], at)
		b.Learn(item, skill, w.log.Correct[i], at)
		al, ah := a.Foresee()
		if bl, bh := b.Foresee(); al != bl || ah != bh {
			t.Fatalf("answer %d: interval %v–%v before, %v–%v after", i, al, ah, bl, bh)
		}
	}
	for _, bad := range [][]byte{nil, []byte("model"), data[:len(data)/2]} {
		if err := new(tracing.Model).UnmarshalBinary(bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("UnmarshalBinary(%d bytes) = %v; want a fault", len(bad), err)
		}
	}
}

func TestFollowingTakesNoMemory(t *testing.T) {
	w := simulate(200, 60, 4, 10, 21)
	m := fitted(t, w.log, w.skills, tracing.Options{Seed: 1})
	s := m.NewStudent()
	i := 0
	next := func() {
		item, skill, at := w.log.Item[i%60], w.log.Skill[i%60], int64(i)*3600
		s.Predict(item, skill, at)
		s.Learn(item, skill, w.log.Correct[i%60], at)
		i++
	}
	for range 60 {
		next()
	}
	if n := testing.AllocsPerRun(200, next); n != 0 {
		t.Errorf("%v allocations for an answer; want none", n)
	}
}

func TestSmallAndOneSidedLogs(t *testing.T) {
	t.Parallel()
	if _, err := tracing.Fit(&tracing.Log{}, nil, tracing.Options{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Fit of nothing = %v; want a fault", err)
	}
	for _, students := range []int{1, 2, 9} {
		for _, right := range []float32{0, .5, 1} {
			w := simulate(students, 7, 2, 3, 23)
			for i := range w.log.Correct {
				w.log.Correct[i] = right
			}
			m := fitted(t, w.log, nil, tracing.Options{Workers: 2})
			if p := m.NewStudent().Predict(0, 0, 0); !(p > 0 && p < 1) {
				t.Errorf("%d students, all answers %v: %v", students, right, p)
			}
		}
	}
}

// Any stream of answers gives probabilities, and each student's do not depend on
// whom else the model follows.
func FuzzFollow(f *testing.F) {
	w := simulate(60, 30, 3, 6, 25)
	m := fitted(f, w.log, w.skills, tracing.Options{Seed: 1})
	f.Add([]byte{0, 0, 255, 0, 1, 1, 0, 9, 200, 200, 128, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b, other := m.NewStudent(), m.NewStudent(), m.NewStudent()
		at := int64(0)
		for ; len(data) >= 4; data = data[4:] {
			item, skill, right := int32(data[0])-2, int32(data[1])-2, float32(data[2])/255
			at += (int64(data[3]) - 20) * int64(data[3]) * int64(data[3]) * int64(data[3])
			p := a.Predict(item, skill, at)
			if !(p > 0 && p < 1) {
				t.Fatalf("Predict(%d, %d, %d) = %v", item, skill, at, p)
			}
			other.Learn(skill, item, 1-right, -at)
			if q := b.Predict(item, skill, at); q != p {
				t.Fatalf("%v and %v for two students of the same answers", p, q)
			}
			a.Learn(item, skill, right, at)
			b.Learn(item, skill, right, at)
			if low, high := a.Foresee(); !(low >= 0 && low <= high && high <= 1) {
				t.Fatalf("Foresee() = %v, %v", low, high)
			}
			if low, high := a.ForeseeOn(skill, at); !(low >= 0 && low <= high && high <= 1) {
				t.Fatalf("ForeseeOn(%d, %d) = %v, %v", skill, at, low, high)
			}
		}
	})
}

func BenchmarkLearn(b *testing.B) {
	w := simulate(500, 100, 20, 50, 27)
	m := fitted(b, w.log, w.skills, tracing.Options{Seed: 1, Workers: 2})
	s := m.NewStudent()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.Predict(w.log.Item[i], w.log.Skill[i], w.log.At[i])
		s.Learn(w.log.Item[i], w.log.Skill[i], w.log.Correct[i], w.log.At[i])
		i = (i + 1) % w.log.Len()
	}
}

func BenchmarkFit(b *testing.B) {
	for _, answers := range []int{100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(answers), func(b *testing.B) {
			w := simulate(answers/100, 100, 100, 50, 29)
			for b.Loop() {
				fitted(b, w.log, w.skills, tracing.Options{Seed: 1, Workers: 2})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(answers), "ns/answer")
		})
	}
}
