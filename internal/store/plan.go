package store

import (
	"context"
	"slices"
	"time"

	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// Goals returns the goals of some students, open ones first, latest first.
func (db *DB) Goals(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Goal, error) {
	args := []any{d}
	in := marks(&args, students)
	goals, err := many(ctx, db, scanGoal, `SELECT `+goalColumns+` FROM goal WHERE district = $1 AND student IN (`+in+`)
		ORDER BY CASE WHEN done_at = 0 THEN 0 ELSE 1 END, set_at DESC, id DESC`, args...)
	if err != nil || len(goals) == 0 {
		return goals, err
	}
	at := make(map[plan.GoalID]*plan.Goal, len(goals))
	for i := range goals {
		at[goals[i].ID] = &goals[i]
	}
	if _, err := many(ctx, db, func(row func(...any) error) (s plan.Step, err error) {
		var of plan.GoalID
		var written, done int64
		err = row(&of, &s.ID, &s.What, &s.Author, &written, &done)
		s.At, s.Done = moment(written), moment(done)
		if g := at[of]; g != nil {
			g.Steps = append(g.Steps, s)
		}
		return s, err
	}, `SELECT goal, id, what, author, at, done_at FROM goal_step WHERE district = $1 AND student IN (`+in+`) ORDER BY at, id`, args...); err != nil {
		return nil, err
	}
	_, err = many(ctx, db, func(row func(...any) error) (p plan.Passed, err error) {
		var of plan.GoalID
		var passed int64
		err = row(&of, &p.Stage, &p.Note, &p.Author, &passed)
		p.At = moment(passed)
		if g := at[of]; g != nil {
			g.Stages = append(g.Stages, p)
		}
		return p, err
	}, `SELECT goal, stage, note, author, at FROM goal_stage WHERE district = $1 AND student IN (`+in+`) ORDER BY at, id`, args...)
	return goals, err
}

const goalColumns = `id, student, what, why, proof, competency, area, term, by_day, set_at, author, done_at`

func scanGoal(row func(...any) error) (g plan.Goal, err error) {
	var set, done int64
	err = row(&g.ID, &g.Student, &g.What, &g.Why, &g.Proof, &g.Competency, &g.Area, &g.Term, &g.By, &set, &g.Author, &done)
	g.Set, g.Done = moment(set), moment(done)
	return g, err
}

// AddGoal keeps a new goal and returns it with its id.
func (db *DB) AddGoal(ctx context.Context, d roster.DistrictID, g plan.Goal) (plan.Goal, error) {
	g.ID, g.Set = plan.GoalID(newID()), db.now()
	_, err := db.exec(ctx, `INSERT INTO goal (district, id, student, what, why, proof, competency, area, term, by_day, set_at, author, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)`,
		d, g.ID, g.Student, g.What, g.Why, g.Proof, g.Competency, g.Area, g.Term, g.By, micros(g.Set), g.Author)
	return g, err
}

// ChangeGoal writes an open goal's texts, kind and day anew.
func (db *DB) ChangeGoal(ctx context.Context, d roster.DistrictID, g plan.Goal) error {
	n, err := db.exec(ctx, `UPDATE goal SET what = $4, why = $5, proof = $6, area = $7, term = $8, by_day = $9 WHERE district = $1 AND student = $2 AND id = $3 AND done_at = 0`,
		d, g.Student, g.ID, g.What, g.Why, g.Proof, g.Area, g.Term, g.By)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This goal is not open any more.")
	}
	return err
}

// AddStep keeps a step on the way to an open goal. The first one begins the planning.
func (db *DB) AddStep(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, s plan.Step) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		g, err := tx.openGoal(ctx, d, student, goal)
		if err != nil {
			return err
		}
		if len(g.Steps) >= plan.MaxSteps {
			return fault.Field("step", "A goal can have %d steps. Make it two goals, or put steps together.", plan.MaxSteps)
		}
		at := micros(tx.now())
		if _, err := tx.exec(ctx, `INSERT INTO goal_step (district, student, goal, id, what, author, at, done_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			d, student, goal, newID(), s.What, s.Author, at); err != nil {
			return err
		}
		return tx.come(ctx, d, student, g, plan.Planning, s.Author)
	})
}

// FinishStep marks a step as done. The first one says that the learning has begun.
func (db *DB) FinishStep(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, id plan.StepID, author roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		g, err := tx.openGoal(ctx, d, student, goal)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE goal_step SET done_at = $5 WHERE district = $1 AND student = $2 AND goal = $3 AND id = $4 AND done_at = 0`, d, student, goal, id, micros(tx.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "This step is done already.")
		}
		return tx.come(ctx, d, student, g, plan.Learning, author)
	})
}

// PassStage keeps that a goal came to a stage of its cycle. One may look back at a goal that
// is reached; everything else needs an open one.
func (db *DB) PassStage(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, p plan.Passed) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		g, err := tx.goal(ctx, d, student, goal)
		if err != nil {
			return err
		}
		if !g.Done.IsZero() && p.Stage != plan.Reflecting {
			return fault.New(fault.Conflict, "This goal is reached. You can still look back at it.")
		}
		return tx.addStage(ctx, d, student, goal, p)
	})
}

// come brings a goal to a stage if it has not come so far.
func (db *DB) come(ctx context.Context, d roster.DistrictID, student roster.PersonID, g plan.Goal, stage plan.Stage, author roster.PersonID) error {
	if slices.Index(plan.Stages, g.Stage()) >= slices.Index(plan.Stages, stage) {
		return nil
	}
	return db.addStage(ctx, d, student, g.ID, plan.Passed{Stage: stage, Author: author})
}

func (db *DB) addStage(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, p plan.Passed) error {
	_, err := db.exec(ctx, `INSERT INTO goal_stage (district, student, goal, id, stage, note, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		d, student, goal, newID(), p.Stage, p.Note, p.Author, micros(db.now()))
	return err
}

func (db *DB) goal(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.GoalID) (plan.Goal, error) {
	goals, err := db.Goals(ctx, d, []roster.PersonID{student})
	if err != nil {
		return plan.Goal{}, err
	}
	i := slices.IndexFunc(goals, func(g plan.Goal) bool { return g.ID == id })
	if i < 0 {
		return plan.Goal{}, fault.New(fault.NotFound, "There is no such goal.")
	}
	return goals[i], nil
}

func (db *DB) openGoal(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.GoalID) (plan.Goal, error) {
	g, err := db.goal(ctx, d, student, id)
	if err == nil && !g.Done.IsZero() {
		err = fault.New(fault.NotFound, "This goal is not open any more.")
	}
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

// ReopenGoal takes back that a goal was reached.
func (db *DB) ReopenGoal(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.GoalID) error {
	n, err := db.exec(ctx, `UPDATE goal SET done_at = 0 WHERE district = $1 AND student = $2 AND id = $3 AND done_at <> 0`, d, student, id)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This goal is open.")
	}
	return err
}

// ReopenStep takes back that a step was done.
func (db *DB) ReopenStep(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, id plan.StepID) error {
	return db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.openGoal(ctx, d, student, goal); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE goal_step SET done_at = 0 WHERE district = $1 AND student = $2 AND goal = $3 AND id = $4 AND done_at <> 0`, d, student, goal, id)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "This step is not done.")
		}
		return err
	})
}

// Choices returns some students' choices since a time, latest first.
func (db *DB) Choices(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]plan.Choice, error) {
	args := []any{d, micros(since)}
	in := marks(&args, students)
	list, err := many(ctx, db, scanChoice, `SELECT `+choiceColumns+` FROM choice WHERE district = $1 AND at >= $2 AND student IN (`+in+`) ORDER BY at DESC, id DESC`, args...)
	if err != nil || len(list) == 0 {
		return list, err
	}
	at := make(map[plan.ChoiceID]*plan.Choice, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	_, err = many(ctx, db, func(row func(...any) error) (n int, err error) {
		var of plan.ChoiceID
		err = row(&of, &n)
		if c := at[of]; c != nil {
			c.Passed = append(c.Passed, n)
		}
		return n, err
	}, `SELECT choice, number FROM choice_checkpoint WHERE district = $1 AND at >= $2 AND student IN (`+in+`) ORDER BY choice, number`, args...)
	return list, err
}

const choiceColumns = `id, student, competency, material, own, why, because, rule, offered, at, answer, reply, answered_by, answered_at, done_at, outcome`

func scanChoice(row func(...any) error) (c plan.Choice, err error) {
	var at, answered, done int64
	var offered string
	err = row(&c.ID, &c.Student, &c.Competency, &c.Material, &c.Own, &c.Why, &c.Because, &c.Rule, &offered, &at, &c.Answer, &c.Reply, &c.AnsweredBy, &answered, &done, &c.Outcome)
	c.Offered, c.At, c.Answered, c.Done = splitList[material.ID](offered), moment(at), moment(answered), moment(done)
	return c, err
}

// AddChoice keeps what a student made of an offer. What was declined is done with.
func (db *DB) AddChoice(ctx context.Context, d roster.DistrictID, c plan.Choice) (plan.Choice, error) {
	c.ID, c.At = plan.ChoiceID(newID()), db.now()
	if c.Declined() {
		c.Done = c.At
	}
	_, err := db.exec(ctx, `INSERT INTO choice (district, id, student, competency, material, own, why, because, rule, offered, at, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d, c.ID, c.Student, c.Competency, c.Material, c.Own, c.Why, c.Because, c.Rule, joinList(c.Offered), micros(c.At), micros(c.Done))
	return c, err
}

// FinishChoice marks a student's choice as done with, and keeps how it went.
func (db *DB) FinishChoice(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ChoiceID, o plan.Outcome) error {
	n, err := db.exec(ctx, `UPDATE choice SET done_at = $4, outcome = $5 WHERE district = $1 AND student = $2 AND id = $3 AND done_at = 0`, d, student, id, micros(db.now()), o)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This is finished already.")
	}
	return err
}

// PassCheckpoint keeps that a student passed a checkpoint of what they chose.
func (db *DB) PassCheckpoint(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ChoiceID, number int) error {
	return db.Tx(ctx, func(tx *DB) error {
		n, err := one(ctx, tx, value[int], `SELECT count(*) FROM choice WHERE district = $1 AND student = $2 AND id = $3 AND done_at = 0`, d, student, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "This is finished already.")
		}
		_, err = tx.exec(ctx, `INSERT INTO choice_checkpoint (district, student, choice, number, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (district, student, choice, number) DO NOTHING`, d, student, id, number, micros(tx.now()))
		return err
	})
}

// AnswerIdea keeps what staff say to a student's own idea, once. It stays open until the
// student has done it, or has read why not.
func (db *DB) AnswerIdea(ctx context.Context, d roster.DistrictID, c plan.Choice) error {
	n, err := db.exec(ctx, `UPDATE choice SET answer = $4, reply = $5, answered_by = $6, answered_at = $7 WHERE district = $1 AND student = $2 AND id = $3 AND own <> '' AND answer = ''`,
		d, c.Student, c.ID, c.Answer, c.Reply, c.AnsweredBy, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Somebody has answered this already.")
	}
	return err
}

// Ideas returns the own ideas of some students that wait for an answer, oldest first.
func (db *DB) Ideas(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Choice, error) {
	args := []any{d}
	return many(ctx, db, scanChoice, `SELECT `+choiceColumns+` FROM choice WHERE district = $1 AND own <> '' AND answer = '' AND done_at = 0
		AND student IN (`+marks(&args, students)+`) ORDER BY at, id`, args...)
}

// Choosers returns what each active student of a school chose since a time, and the
// dimensions of groups in order.
func (db *DB) Choosers(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]plan.Chooser, []string, error) {
	enrolled, err := db.enrolled(ctx, d, school)
	if err != nil {
		return nil, nil, err
	}
	out := make([]plan.Chooser, len(enrolled))
	at := make(map[roster.PersonID]*plan.Chooser, len(enrolled))
	for i, s := range enrolled {
		out[i].Groups, at[s.id] = s.groups, &out[i]
	}
	for chunk := range slices.Chunk(ids(enrolled), 2000) {
		args := []any{d, micros(since)}
		list, err := many(ctx, db, scanChoice, `SELECT `+choiceColumns+` FROM choice WHERE district = $1 AND at >= $2 AND student IN (`+marks(&args, chunk)+`)`, args...)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range list {
			at[c.Student].Choices = append(at[c.Student].Choices, c)
		}
	}
	return out, dimensions, nil
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
