package main

import (
	"strconv"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/tracing"
)

// shown predicts answers by the estimates that people are shown, so that they can be
// measured like the models that only predict.
type shown struct {
	model   *mastery.Model
	log     *tracing.Log // names its students, items and skills
	learner mastery.Learner
}

// fitShown fits the model behind the estimates to a log of answers.
func fitShown(log *tracing.Log, seed uint64) *mastery.Model {
	var sample mastery.Sample
	var all []int
	var pieces []evidence.Piece
	for from, to := range log.ByStudent() {
		pieces = pieces[:0]
		for i := from; i < to; i++ {
			p := answer(log, log.Item[i], log.Skill[i], log.Correct[i], log.At[i])
			p.ID = evidence.ID(strconv.FormatInt(int64(1e9)+int64(i), 10)) // answers of one second stay in order
			pieces = append(pieces, p)
		}
		all = append(all, len(all))
		sample.Add(roster.PersonID(log.Students[log.Student[from]]), pieces)
	}
	return sample.Fit(all, nil, seed)
}

func answer(log *tracing.Log, item, skill int32, correct float32, at int64) evidence.Piece {
	return evidence.Piece{Competency: name[competency.ID](log.Skills, skill), Item: name[string](log.Items, item), Kind: evidence.Response,
		Score: float64(correct), Max: 1, At: time.Unix(at, 0).UTC()}
}

func name[T ~string](names []string, i int32) T {
	if int(i) < len(names) {
		return T(names[i])
	}
	return ""
}

func (s *shown) Predict(item, skill int32, at int64) float64 {
	return s.model.Chance(&s.learner, name[competency.ID](s.log.Skills, skill), name[string](s.log.Items, item), time.Unix(at, 0).UTC())
}

func (s *shown) Learn(item, skill int32, correct float32, at int64) {
	s.model.Update(&s.learner, answer(s.log, item, skill, correct, at))
}
