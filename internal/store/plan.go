package store

import (
	"context"

	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// Goals returns the goals of some students, open ones first, latest first.
func (db *DB) Goals(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Goal, error) {
	args := []any{d}
	return many(ctx, db, scanGoal, `SELECT `+goalColumns+` FROM goal WHERE district = $1 AND student IN (`+marks(&args, students)+`)
		ORDER BY CASE WHEN done_at = 0 THEN 0 ELSE 1 END, set_at DESC, id DESC`, args...)
}

const goalColumns = `id, student, what, why, competency, by_day, set_at, author, done_at`

func scanGoal(row func(...any) error) (g plan.Goal, err error) {
	var set, done int64
	err = row(&g.ID, &g.Student, &g.What, &g.Why, &g.Competency, &g.By, &set, &g.Author, &done)
	g.Set, g.Done = moment(set), moment(done)
	return g, err
}

// AddGoal keeps a new goal and returns it with its id.
func (db *DB) AddGoal(ctx context.Context, d roster.DistrictID, g plan.Goal) (plan.Goal, error) {
	g.ID, g.Set = plan.GoalID(newID()), db.now()
	_, err := db.exec(ctx, `INSERT INTO goal (district, id, student, what, why, competency, by_day, set_at, author, done_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
		d, g.ID, g.Student, g.What, g.Why, g.Competency, g.By, micros(g.Set), g.Author)
	return g, err
}

// FinishGoal marks a student's goal as reached.
func (db *DB) FinishGoal(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.GoalID) error {
	n, err := db.exec(ctx, `UPDATE goal SET done_at = $4 WHERE district = $1 AND student = $2 AND id = $3 AND done_at = 0`, d, student, id, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This goal is not open any more.")
	}
	return err
}

// Choices returns a student's choices, latest first.
func (db *DB) Choices(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Choice, error) {
	args := []any{d}
	return many(ctx, db, func(row func(...any) error) (c plan.Choice, err error) {
		var at, done int64
		var offered string
		err = row(&c.ID, &c.Student, &c.Competency, &c.Material, &c.Because, &c.Rule, &offered, &at, &done)
		c.Offered, c.At, c.Done = splitList[material.ID](offered), moment(at), moment(done)
		return c, err
	}, `SELECT id, student, competency, material, because, rule, offered, at, done_at FROM choice
		WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY at DESC, id DESC`, args...)
}

// AddChoice keeps what a student took out of what was offered.
func (db *DB) AddChoice(ctx context.Context, d roster.DistrictID, c plan.Choice) (plan.Choice, error) {
	c.ID, c.At = plan.ChoiceID(newID()), db.now()
	_, err := db.exec(ctx, `INSERT INTO choice (district, id, student, competency, material, because, rule, offered, at, done_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
		d, c.ID, c.Student, c.Competency, c.Material, c.Because, c.Rule, joinList(c.Offered), micros(c.At))
	return c, err
}

// FinishChoice marks a student's choice as done with.
func (db *DB) FinishChoice(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ChoiceID) error {
	n, err := db.exec(ctx, `UPDATE choice SET done_at = $4 WHERE district = $1 AND student = $2 AND id = $3 AND done_at = 0`, d, student, id, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This is finished already.")
	}
	return err
}

// RoadWishes returns what people want of the roads to a student's goals, in the order in
// which they said so.
func (db *DB) RoadWishes(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]propose.Wish, error) {
	return many(ctx, db, func(row func(...any) error) (w propose.Wish, err error) {
		var at int64
		err = row(&w.Competency, &w.Want, &w.Author, &at)
		w.At = moment(at)
		return w, err
	}, `SELECT competency, want, author, at FROM road_wish WHERE district = $1 AND student = $2 ORDER BY at, id`, d, student)
}

// WishRoad keeps what somebody wants of the roads to a student's goals.
func (db *DB) WishRoad(ctx context.Context, d roster.DistrictID, student roster.PersonID, w propose.Wish) error {
	_, err := db.exec(ctx, `INSERT INTO road_wish (district, student, id, competency, want, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d, student, newID(), w.Competency, w.Want, w.Author, micros(db.now()))
	return err
}

// Decide keeps what a teacher made of a proposed step.
func (db *DB) Decide(ctx context.Context, d roster.DistrictID, s propose.Decision) error {
	_, err := db.exec(ctx, `INSERT INTO step_decision (district, id, class, step, rule, because, students, decision, reason, actor, at, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d, newID(), s.Class, s.Step, s.Rule, s.Because, joinList(s.Students), s.What, s.Reason, s.Actor, micros(s.At), micros(s.Until))
	return err
}

// Decisions returns the decisions on a class's steps that still hold, latest first.
func (db *DB) Decisions(ctx context.Context, d roster.DistrictID, class roster.ClassID) ([]propose.Decision, error) {
	return many(ctx, db, func(row func(...any) error) (s propose.Decision, err error) {
		var at, until int64
		var students string
		err = row(&s.Class, &s.Step, &s.Rule, &s.Because, &students, &s.What, &s.Reason, &s.Actor, &at, &until)
		s.Students, s.At, s.Until = splitList[roster.PersonID](students), moment(at), moment(until)
		return s, err
	}, `SELECT class, step, rule, because, students, decision, reason, actor, at, until FROM step_decision
		WHERE district = $1 AND class = $2 AND until > $3 ORDER BY at DESC, id DESC`, d, class, micros(db.now()))
}
