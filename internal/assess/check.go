package assess

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Purpose is what a check is for.
type Purpose string

const (
	CheckIn   Purpose = "check"     // how it goes with one to three competencies
	Placement Purpose = "placement" // where to begin: a few questions on each of several
	TestOut   Purpose = "test-out"  // a student shows that they can do one already
)

// Words says a purpose to a person.
func (p Purpose) Words() string {
	switch p {
	case Placement:
		return "Find out where to begin"
	case TestOut:
		return "Show what I can do"
	}
	return "Short check"
}

// most competencies that a check of a purpose may be about.
func (p Purpose) most() int {
	switch p {
	case Placement:
		return 8
	case TestOut:
		return 1
	}
	return 3
}

// Bounds of the length of a check, in questions, and how many the bank must hold on a
// competency before it can be checked.
const (
	LeastQuestions = 5
	MostQuestions  = 20
	EnoughItems    = 5
)

// CheckID identifies a check that was given.
type CheckID string

// Check is a check that a teacher gave to students of a class.
type Check struct {
	ID           CheckID
	Class        roster.ClassID
	Purpose      Purpose
	Competencies []competency.ID
	Students     []roster.PersonID // empty: the whole class
	Most         int               // questions, at most
	By           roster.PersonID
	At           time.Time
	Closed       time.Time // zero while students may begin it
}

// For reports whether a check was given to a student of its class.
func (c Check) For(student roster.PersonID) bool {
	return len(c.Students) == 0 || slices.Contains(c.Students, student)
}

// Validate reports, as a fault that names the field, what makes a check unusable.
func (c Check) Validate() error {
	switch n := len(c.Competencies); {
	case c.Purpose != CheckIn && c.Purpose != Placement:
		return fault.Field("purpose", "Choose what the check is for.")
	case n == 0:
		return fault.Field("competencies", "Choose what the check is about.")
	case n > c.Purpose.most():
		return fault.Field("competencies", "Choose at most %d for this kind of check.", c.Purpose.most())
	case c.Most < LeastQuestions || c.Most > MostQuestions:
		return fault.Field("most", "A check has %d to %d questions at most.", LeastQuestions, MostQuestions)
	}
	return nil
}

// SittingID identifies one student's sitting of a check.
type SittingID string

// Sitting is one student's way through a check.
type Sitting struct {
	ID       SittingID
	Student  roster.PersonID
	Check    CheckID        // empty: the student's own wish
	Class    roster.ClassID // where it was given
	Purpose  Purpose
	Form     Form
	Started  time.Time
	Finished time.Time // zero while it lasts
	Answers  []Answer  // in the order in which they were given
}

// Answer is what a student answered to an item.
type Answer struct {
	Item     ItemID    `json:"item"`
	Text     string    `json:"text"`
	Category int8      `json:"category"` // 1 is right
	At       time.Time `json:"at"`
}

// Form is what a sitting's questions are chosen from, and how. It is frozen when the
// sitting begins: the same form and answers give the same questions on every device,
// whatever becomes of the bank.
type Form struct {
	Seed    uint32          `json:"seed"`
	Targets []competency.ID `json:"targets"`
	// Before are, for a target, what comes before it and is least sure: asked about once
	// failure repeats.
	Before   map[competency.ID][]competency.ID `json:"before,omitempty"`
	Items    []FormItem                        `json:"items"`
	Mean     float64                           `json:"mean"` // of ability, before the first answer
	Variance float64                           `json:"variance"`
	Least    int                               `json:"least"`
	Most     int                               `json:"most"`
	StopSE   float64                           `json:"stop_se"`
	Among    int                               `json:"among"`
	Cut      *Cut                              `json:"cut,omitempty"`
}

// FormItem is an item that may be asked.
type FormItem struct {
	ID         ItemID        `json:"id"`
	Competency competency.ID `json:"competency"`
	Slope      float64       `json:"a"`
	Difficulty float64       `json:"b"`
	Guess      float64       `json:"c"`
	// Easier is by how many log-odds it is easier than a typical item of its competency.
	Easier float64 `json:"easier"`
}

// Belief is what the learner model knows of a student on a competency: log-odds of
// success on a typical task.
type Belief struct{ Mean, Variance float64 }

// Wish is what a form is to be made for.
type Wish struct {
	Purpose   Purpose
	Targets   []competency.ID
	Before    map[competency.ID][]competency.ID // prerequisites of the targets
	Questions []Question                        // of the targets and of what comes before them
	Answered  []ItemID                          // lately, by this student: asked again only if nothing else is left
	Belief    func(competency.ID) Belief
	Met       float64 // success on a typical task from which on a competency counts as met
	Most      int
	Seed      uint32
}

// How a check is put together: how many items of a competency it holds, how surely it is
// to end, how far from the criterion either decision is right and how often it may be
// wrong beyond that, and how many questions on each prerequisite follow repeated failure.
const (
	itemsMost   = 40
	stopSE      = 0.35
	exposure    = 3 // the next item is drawn from as many
	apart       = 0.75
	errorRate   = 0.1
	probeMost   = 2 // prerequisites
	probeItems  = 3
	placedItems = 2 // least questions on each competency of a placement
)

// NewForm puts a check together. A target with fewer than [EnoughItems] items is a fault.
func NewForm(w Wish) (Form, error) {
	f := Form{Seed: w.Seed, Targets: w.Targets, Most: max(LeastQuestions, min(MostQuestions, w.Most)), Least: LeastQuestions, Among: exposure, StopSE: stopSE,
		Before: map[competency.ID][]competency.ID{}}
	by := map[competency.ID][]Question{}
	for _, q := range w.Questions {
		by[q.Competency] = append(by[q.Competency], q)
	}
	var mean, variance, slope, difficulty float64
	add := func(on competency.ID) (a, b float64) {
		list := by[on]
		for _, q := range list {
			a += q.Item.Slope / float64(len(list))
			b += q.Item.Difficulty[0] / float64(len(list))
		}
		for _, q := range f.pick(list, w.Answered) {
			f.Items = append(f.Items, FormItem{q.ID, on, q.Item.Slope, q.Item.Difficulty[0], q.Item.Guess, -q.Item.Slope * (q.Item.Difficulty[0] - b)})
		}
		return a, b
	}
	n := float64(len(w.Targets))
	for _, on := range w.Targets {
		if len(by[on]) < EnoughItems {
			return Form{}, fault.Field("competencies", "The bank holds too few questions on one of these to check it: %d of at least %d.", len(by[on]), EnoughItems)
		}
		a, b := add(on)
		belief := w.Belief(on)
		// A typical item of the bank is a typical task of the competency.
		mean += (b + belief.Mean/a) / n
		variance += belief.Variance / (a * a) / n
		slope, difficulty = slope+a/n, difficulty+b/n
	}
	done := map[competency.ID]bool{}
	for _, on := range w.Targets {
		var before []competency.ID
		for _, b := range w.Before[on] {
			if len(by[b]) >= probeItems && !slices.Contains(w.Targets, b) {
				before = append(before, b)
			}
		}
		slices.SortStableFunc(before, func(a, b competency.ID) int {
			return cmp.Or(cmp.Compare(w.Belief(a).Mean, w.Belief(b).Mean), cmp.Compare(a, b))
		})
		before = before[:min(probeMost, len(before))]
		for _, b := range before {
			if !done[b] {
				done[b] = true
				add(b)
			}
		}
		f.Before[on] = before
	}
	f.Mean, f.Variance = max(-3, min(3, mean)), max(.25, min(4, variance))
	switch {
	case w.Purpose == Placement:
		f.Least = min(f.Most, max(f.Least, placedItems*len(w.Targets)))
	case len(w.Targets) == 1:
		f.Cut = &Cut{Theta: difficulty + math.Log(w.Met/(1-w.Met))/slope, Apart: apart / slope, FalseMet: errorRate, FalseNotMet: errorRate}
	default:
		f.Least = min(f.Most, max(f.Least, 3*len(w.Targets)))
	}
	return f, nil
}

// pick draws the items of a competency that a form holds; what was answered lately comes
// in only where little else is left.
func (f *Form) pick(list []Question, answered []ItemID) []Question {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Question) int { return cmp.Compare(a.ID, b.ID) })
	var fresh, old []Question
	for len(list) > 0 {
		k := Draw(uint64(f.Seed), len(list), len(list))
		q := list[k]
		list = slices.Delete(list, k, k+1)
		if slices.Contains(answered, q.ID) {
			old = append(old, q)
		} else {
			fresh = append(fresh, q)
		}
	}
	if need := EnoughItems - len(fresh); need > 0 {
		fresh = append(fresh, old[:min(need, len(old))]...)
	}
	return fresh[:min(itemsMost, len(fresh))]
}

// Item returns an item of the form.
func (f Form) Item(id ItemID) (FormItem, bool) {
	i := slices.IndexFunc(f.Items, func(x FormItem) bool { return x.ID == id })
	if i < 0 {
		return FormItem{}, false
	}
	return f.Items[i], true
}

// Taking is a check under way: the adaptive test of its form, with questions on what
// comes before once failure repeats.
type Taking struct {
	form    Form
	test    *Test
	answers map[competency.ID][]int8
	probed  map[competency.ID]bool
	probes  []competency.ID // still to be asked about, one entry a question
}

// Begin starts the check, or takes it up again after some answers.
func (f Form) Begin(answers ...Answer) (*Taking, error) {
	bank := make([]Candidate, len(f.Items))
	for i, x := range f.Items {
		bank[i] = Candidate{Item: irt.Dichotomous(x.Slope, x.Difficulty, x.Guess), Competency: x.Competency}
	}
	shares := map[competency.ID]float64{}
	for _, t := range f.Targets {
		shares[t] = 1 / float64(len(f.Targets))
	}
	k := &Taking{form: f, answers: map[competency.ID][]int8{}, probed: map[competency.ID]bool{},
		test: New(bank, Options{Mean: f.Mean, Variance: f.Variance, Least: f.Least, Most: f.Most, StopSE: f.StopSE, Cut: f.Cut, Among: f.Among, Seed: uint64(f.Seed), Shares: shares})}
	for _, a := range answers {
		if err := k.Add(a.Item, a.Category); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Next returns the question to ask next; done says that the check is over.
func (k *Taking) Next() (id ItemID, done bool) {
	if len(k.test.asked) < k.form.Most {
		for _, on := range k.probes {
			if i, ok := k.test.best(on); ok {
				return k.form.Items[i].ID, false
			}
		}
	}
	i, done := k.test.Next()
	if done {
		return "", true
	}
	return k.form.Items[i].ID, false
}

// Add takes in the answer to an item: 1 for right, 0 for not right.
func (k *Taking) Add(id ItemID, category int8) error {
	i := slices.IndexFunc(k.form.Items, func(x FormItem) bool { return x.ID == id })
	if err := k.test.Add(i, category); err != nil {
		return err
	}
	on := k.form.Items[i].Competency
	k.answers[on] = append(k.answers[on], category)
	if p := slices.Index(k.probes, on); p >= 0 {
		k.probes = slices.Delete(k.probes, p, p+1)
	}
	if slices.Contains(k.form.Targets, on) && !k.probed[on] && failing(k.answers[on]) {
		k.probed[on] = true
		for _, b := range k.form.Before[on] {
			for range probeItems {
				k.probes = append(k.probes, b)
			}
		}
	}
	return nil
}

// failing reports whether failure repeats: two answers in a row, and more than half of
// all, went wrong.
func failing(answers []int8) bool {
	n, wrong := len(answers), 0
	for _, a := range answers {
		if a == 0 {
			wrong++
		}
	}
	return n >= 2 && answers[n-1] == 0 && answers[n-2] == 0 && 2*wrong > n
}

// Asked returns how many questions were answered.
func (k *Taking) Asked() int { return len(k.test.asked) }

// Tally is how answers on one competency went.
type Tally struct {
	Competency competency.ID
	Right, Of  int
}

// Tallies returns how the answers went, targets first, then what came before them.
func (k *Taking) Tallies() []Tally {
	order := slices.Clone(k.form.Targets)
	for _, c := range slices.Sorted(maps.Keys(k.answers)) {
		if !slices.Contains(order, c) {
			order = append(order, c)
		}
	}
	var out []Tally
	for _, c := range order {
		t := Tally{Competency: c, Of: len(k.answers[c])}
		for _, a := range k.answers[c] {
			t.Right += int(a)
		}
		out = append(out, t)
	}
	return out
}
