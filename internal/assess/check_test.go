package assess_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/fault"
)

var update = flag.Bool("update", false, "write the kept trails anew")

func TestNormalAndMark(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b string }{
		{" 3 / 4", "3/4"}, {"007.50", "7.5"}, {"+5", "5"}, {"-0.0", "0"}, {"-.50", "-0.5"}, {"−7", "-7"}, {"12.", "12"}, {"Paris", "paris"}, {"1,000", "1,000"},
	} {
		if got, want := assess.Normal(c.a), assess.Normal(c.b); got != want {
			t.Errorf("Normal(%q) = %q, Normal(%q) = %q", c.a, got, c.b, want)
		}
	}
	for _, s := range []string{"", ".", "-", "1.2.3", "--5"} {
		if got := assess.Normal(s); got != s {
			t.Errorf("Normal(%q) = %q; it is no number", s, got)
		}
	}
	q := assess.Question{Right: []string{"0.75", "3/4"}}
	for answer, want := range map[string]int8{".75": 1, "0.750": 1, "3 / 4": 1, "0.7": 0, "": 0} {
		if got := q.Mark(answer); got != want {
			t.Errorf("Mark(%q) = %d; want %d", answer, got, want)
		}
	}
}

func TestQuestionValidate(t *testing.T) {
	t.Parallel()
	good := assess.Question{ID: "q", Competency: "c", Text: "2 + 2?", Choices: []string{"3", "4"}, Right: []string{"4"}, Item: assess.Typical(2)}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*assess.Question){
		"question": func(q *assess.Question) { q.Text = " " },
		"choices":  func(q *assess.Question) { q.Choices = []string{"4", " 4"} },
		"answer":   func(q *assess.Question) { q.Right = []string{"5"} },
		"a":        func(q *assess.Question) { q.Item.Slope = -1 },
		"b":        func(q *assess.Question) { q.Item.Difficulty = []float64{11} },
		"c":        func(q *assess.Question) { q.Item.Guess = 1 },
	} {
		q := good
		change(&q)
		if err := q.Validate(); fault.FieldOf(err) != field {
			t.Errorf("a bad %s is reported as %v", field, err)
		}
	}
}

// bank is n questions on each of some competencies, spread over difficulty.
func bank(n int, on ...competency.ID) (qs []assess.Question) {
	for _, c := range on {
		for i := range n {
			b := -2 + 4*float64(i)/float64(max(1, n-1))
			qs = append(qs, assess.Question{ID: assess.ItemID(fmt.Sprintf("%s-%02d", c, i)), Competency: c, Text: "?", Right: []string{"1"}, Item: irt.Dichotomous(1.2, b, 0)})
		}
	}
	return qs
}

func wish(qs []assess.Question, targets ...competency.ID) assess.Wish {
	return assess.Wish{Purpose: assess.CheckIn, Targets: targets, Questions: qs, Met: .7, Most: 12, Seed: 3,
		Belief: func(competency.ID) assess.Belief { return assess.Belief{Mean: 0, Variance: 1} }}
}

func form(t *testing.T, w assess.Wish) assess.Form {
	t.Helper()
	f, err := assess.NewForm(w)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sit answers every question of a form as answer says, and returns the items in order.
func sit(t *testing.T, f assess.Form, answer func(assess.FormItem) int8) (answers []assess.Answer) {
	t.Helper()
	k, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for {
		id, done := k.Next()
		if done {
			return answers
		}
		if len(answers) > assess.MostQuestions {
			t.Fatal("the check does not end")
		}
		x, ok := f.Item(id)
		if !ok {
			t.Fatalf("the form holds no item %q", id)
		}
		a := assess.Answer{Item: id, Category: answer(x)}
		answers = append(answers, a)
		if err := k.Add(id, a.Category); err != nil {
			t.Fatal(err)
		}
	}
}

// A check taken up again anywhere, from its form as it is kept, goes on the same.
func TestTakingResumes(t *testing.T) {
	t.Parallel()
	w := wish(bank(20, "a", "b", "p"), "a", "b")
	w.Before = map[competency.ID][]competency.ID{"a": {"p"}}
	f := form(t, w)
	answers := sit(t, f, func(x assess.FormItem) int8 { return int8(len(x.ID+assess.ItemID(x.Competency)) % 2) })
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var kept assess.Form
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	for n := range answers {
		k, err := kept.Begin(answers[:n]...)
		if err != nil {
			t.Fatal(err)
		}
		if id, done := k.Next(); done || id != answers[n].Item {
			t.Errorf("after %d answers the question is %q (%v); it was %q", n, id, done, answers[n].Item)
		}
	}
}

// Repeated failure asks about what comes before, least sure first, and no more than two.
func TestTakingProbes(t *testing.T) {
	t.Parallel()
	w := wish(bank(20, "a", "p", "q", "r"), "a")
	w.Before = map[competency.ID][]competency.ID{"a": {"p", "q", "r"}}
	w.Belief = func(c competency.ID) assess.Belief {
		return assess.Belief{Mean: map[competency.ID]float64{"p": 2, "q": -1, "r": .5}[c], Variance: 1}
	}
	w.Most = 16
	f := form(t, w)
	count := map[competency.ID]int{}
	for i, a := range sit(t, f, func(assess.FormItem) int8 { return 0 }) {
		x, _ := f.Item(a.Item)
		count[x.Competency]++
		want := competency.ID("a")
		switch {
		case i >= 2 && i < 5:
			want = "q"
		case i >= 5 && i < 8:
			want = "r"
		}
		if x.Competency != want {
			t.Errorf("question %d is on %q; want %q", i+1, x.Competency, want)
		}
	}
	if count["q"] != 3 || count["r"] != 3 || count["p"] != 0 {
		t.Errorf("questions by competency: %v", count)
	}
	right := sit(t, f, func(assess.FormItem) int8 { return 1 })
	if slices.ContainsFunc(right, func(a assess.Answer) bool { return !strings.HasPrefix(string(a.Item), "a-") }) {
		t.Error("nothing failed, and still what comes before is asked about")
	}
}

// What was answered lately is not asked again while there is something else.
func TestFormLeavesOutWhatWasAnswered(t *testing.T) {
	t.Parallel()
	w := wish(bank(12, "a"), "a")
	for _, q := range w.Questions[:6] {
		w.Answered = append(w.Answered, q.ID)
	}
	f := form(t, w)
	if len(f.Items) != 6 {
		t.Errorf("%d items are left; want 6", len(f.Items))
	}
	for _, q := range w.Questions[:11] {
		w.Answered = append(w.Answered, q.ID)
	}
	if f := form(t, w); len(f.Items) != assess.EnoughItems {
		t.Errorf("with nearly all answered the form holds %d items; want %d", len(f.Items), assess.EnoughItems)
	}
	if _, err := assess.NewForm(wish(bank(4, "a"), "a")); fault.FieldOf(err) != "competencies" {
		t.Errorf("four items make a form: %v", err)
	}
}

// Each competency of a placement gets its share of the questions.
func TestPlacementIsBalanced(t *testing.T) {
	t.Parallel()
	w := wish(bank(10, "a", "b", "c", "d"), "a", "b", "c", "d")
	w.Purpose, w.Most = assess.Placement, 20
	f := form(t, w)
	rng := rand.New(rand.NewPCG(1, 2))
	count := map[competency.ID]int{}
	n := 0
	for _, a := range sit(t, f, func(assess.FormItem) int8 { return int8(rng.IntN(2)) }) {
		x, _ := f.Item(a.Item)
		count[x.Competency]++
		n++
	}
	for c, k := range count {
		if k < 2 || k > n/4+1 {
			t.Errorf("%d of %d questions are on %q", k, n, c)
		}
	}
	if len(count) != 4 {
		t.Errorf("questions on %d of 4 competencies", len(count))
	}
}

// trail is a form with answers and the questions that they lead to.
type trail struct {
	Form    assess.Form     `json:"form"`
	Answers []int8          `json:"answers"`
	Asked   []assess.ItemID `json:"asked"`
}

// The script that carries a check where there is no connection asks the same questions:
// test/browser/check.test.mjs follows the trails that are kept here.
func TestTrailsAreThoseOfTheScript(t *testing.T) {
	t.Parallel()
	var trails []trail
	for seed := range uint32(9) {
		w := wish(bank(12, "a", "b", "p", "q"), "a", "b")
		if seed%3 == 0 {
			w.Targets = []competency.ID{"a"}
		}
		w.Seed, w.Most = seed*2654435761+7, 8+int(seed)
		w.Before = map[competency.ID][]competency.ID{"a": {"p", "q"}, "b": {"q"}}
		w.Belief = func(c competency.ID) assess.Belief { return assess.Belief{Mean: float64(seed%5)/2 - 1, Variance: .8} }
		f := form(t, w)
		rng := rand.New(rand.NewPCG(uint64(seed), 5))
		x := trail{Form: f}
		for _, a := range sit(t, f, func(assess.FormItem) int8 { return int8(rng.IntN(2)) }) {
			x.Answers, x.Asked = append(x.Answers, a.Category), append(x.Asked, a.Item)
		}
		trails = append(trails, x)
	}
	text, err := json.Marshal(trails)
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/trails.json"
	if *update {
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(kept)) != string(text) {
		t.Errorf("the trails are others than in %s; if that is meant, run go test ./internal/assess -update and the browser's tests", file)
	}
}
