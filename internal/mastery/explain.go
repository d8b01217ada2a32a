package mastery

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
)

// Explanation is everything that one student's estimate on one competency follows from,
// so that anybody can work it out again: the model's numbers that matter to it, all
// pieces of the student that it folds, and what each did.
type Explanation struct {
	Model      *Model        `json:"model"`
	Criterion  string        `json:"criterion"`
	Competency competency.ID `json:"competency"`
	Now        time.Time     `json:"now"`
	Pieces     []Fact        `json:"pieces"`
	Start      Belief        `json:"start"` // before the first piece on the competency
	Moves      []Move        `json:"moves"`
	Estimate   Belief        `json:"estimate"`
	Status     string        `json:"status"`
	Checks     []Check       `json:"checks"` // what would tell most, best first
}

// Fact is what the model uses of a piece of evidence.
type Fact struct {
	ID         evidence.ID   `json:"id"`
	Competency competency.ID `json:"competency,omitempty"`
	Kind       evidence.Kind `json:"kind"`
	Score      float64       `json:"score"`
	Max        float64       `json:"max"`
	SE         float64       `json:"se,omitempty"`
	Scale      string        `json:"scale,omitempty"`
	Percentile float64       `json:"percentile,omitempty"`
	Item       string        `json:"item,omitempty"`
	Easier     float64       `json:"easier,omitempty"`
	Guess      float64       `json:"guess,omitempty"`
	Hints      int           `json:"hints,omitempty"`
	Seconds    float64       `json:"seconds,omitempty"`
	At         time.Time     `json:"at"`
}

// Belief is an estimate in figures.
type Belief struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Move is what one piece did.
type Move struct {
	Piece evidence.ID `json:"piece"`
	By    float64     `json:"by"` // change of the value, in probability
	After Belief      `json:"after"`
}

func belief(e Estimate) Belief { return Belief{e.Value, e.Low, e.High} }

// Explain opens an estimate. pieces are all of the student's that count.
func (m *Model) Explain(pieces []evidence.Piece, on competency.ID, now time.Time) Explanation {
	x := Explanation{Criterion: m.Criterion.String(), Competency: on, Now: now}
	used := map[competency.ID]bool{on: true}
	for _, p := range pieces {
		used[p.Competency] = true
		x.Pieces = append(x.Pieces, Fact{p.ID, p.Competency, p.Kind, p.Score, p.Max, p.SE, p.Scale, p.Percentile, p.Item, p.Easier, p.Guess, p.Hints, p.Seconds, p.At})
	}
	slim := *m
	slim.Competencies = map[competency.ID]Difficulty{}
	for c := range used {
		if d, ok := m.Competencies[c]; ok {
			slim.Competencies[c] = d
			for _, b := range d.Before {
				if d, ok := m.Competencies[b]; ok {
					slim.Competencies[b] = d
				}
			}
		}
	}
	x.Model = &slim
	x.work(pieces)
	return x
}

func (x *Explanation) work(pieces []evidence.Piece) {
	steps := x.Model.Trace(pieces, x.Competency)
	l := x.Model.Fold(pieces)
	e := x.Model.Expect(&l, x.Competency, x.Now)
	x.Start, x.Moves = belief(e), nil
	if len(steps) > 0 {
		x.Start = belief(steps[0].Before)
	}
	for _, s := range steps {
		x.Moves = append(x.Moves, Move{s.Piece.ID, s.Moved(), belief(s.After)})
	}
	x.Estimate, x.Status = belief(e), e.Status.String()
	x.Checks = x.Model.Checks(&l, x.Competency, x.Now)
}

// Verify works an explanation out again from its own pieces and model. A fault names the
// first figure that is another one.
func (x Explanation) Verify() error {
	if x.Model == nil {
		return fault.Field("model", "The file holds no model.")
	}
	again := x
	m := *x.Model
	criterion, err := ParseCriterion(x.Criterion)
	if err != nil {
		return err
	}
	m.Criterion = criterion
	again.Model = &m
	pieces := make([]evidence.Piece, len(x.Pieces))
	for i, f := range x.Pieces {
		pieces[i] = evidence.Piece{ID: f.ID, Competency: f.Competency, Kind: f.Kind, Score: f.Score, Max: f.Max, SE: f.SE, Scale: f.Scale,
			Percentile: f.Percentile, Item: f.Item, Easier: f.Easier, Guess: f.Guess, Hints: f.Hints, Seconds: f.Seconds, At: f.At.UTC()}
	}
	again.work(pieces)
	differ := func(field string, is, want any) error {
		return fault.Field(field, "%s: the file says %v; worked out again it is %v.", field, is, want)
	}
	switch {
	case again.Start != x.Start:
		return differ("start", x.Start, again.Start)
	case len(again.Moves) != len(x.Moves):
		return differ("moves", len(x.Moves), len(again.Moves))
	case again.Estimate != x.Estimate:
		return differ("estimate", x.Estimate, again.Estimate)
	case again.Status != x.Status:
		return differ("status", x.Status, again.Status)
	}
	for i := range x.Moves {
		if x.Moves[i] != again.Moves[i] {
			return differ(fmt.Sprintf("moves[%d]", i), x.Moves[i], again.Moves[i])
		}
	}
	return nil
}

// Check is something that could be looked at next: so many pieces of a kind, and the
// interval to be expected after them if they go as foretold.
type Check struct {
	Kind   evidence.Kind `json:"kind"`
	Pieces int           `json:"pieces"`
	Low    float64       `json:"low"`
	High   float64       `json:"high"`
}

// Checks returns what would narrow a student's estimate on a competency most, best
// first: a person's look against a rubric, a short check, a marked task.
func (m *Model) Checks(l *Learner, on competency.ID, now time.Time) []Check {
	g := m.belief(l, on, now)
	var out []Check
	for _, c := range []struct {
		p evidence.Piece
		n int
	}{
		{evidence.Piece{Kind: evidence.Rubric, Score: 3, Max: 4}, 1},
		{evidence.Piece{Kind: evidence.Response, Score: 1, Max: 1}, 6},
		{evidence.Piece{Kind: evidence.Task, Score: 1, Max: 1}, 1},
	} {
		after := g
		for range c.n {
			_, information := signal(c.p, after.mean*after.soften())
			after.variance /= 1 + information*after.variance
		}
		low, high := after.interval()
		out = append(out, Check{c.p.Kind, c.n, low, high})
	}
	slices.SortStableFunc(out, func(a, b Check) int { return cmp.Compare(a.High-a.Low, b.High-b.Low) })
	return out
}
