package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/roster"
)

const questionColumns = `id, competency, question, choices, right_answers, slope, difficulty, guess, calibrated`

func scanQuestion(row func(...any) error) (q assess.Question, err error) {
	var choices, right string
	var a, b, c float64
	err = row(&q.ID, &q.Competency, &q.Text, &choices, &right, &a, &b, &c, &q.Calibrated)
	q.Choices, q.Right, q.Item = splitList[string](choices), splitList[string](right), irt.Dichotomous(a, b, c)
	return q, err
}

// Questions returns the items in use on some competencies.
func (db *DB) Questions(ctx context.Context, d roster.DistrictID, on []competency.ID) ([]assess.Question, error) {
	args := []any{d}
	return many(ctx, db, scanQuestion, `SELECT `+questionColumns+` FROM item WHERE district = $1 AND active AND competency IN (`+marks(&args, on)+`) ORDER BY competency, id`, args...)
}

// QuestionsNamed returns items by their ids, also those that are no longer in use.
func (db *DB) QuestionsNamed(ctx context.Context, d roster.DistrictID, ids []assess.ItemID) ([]assess.Question, error) {
	args := []any{d}
	return many(ctx, db, scanQuestion, `SELECT `+questionColumns+` FROM item WHERE district = $1 AND id IN (`+marks(&args, ids)+`) ORDER BY id`, args...)
}

// QuestionCounts returns how many items are in use on each competency.
func (db *DB) QuestionCounts(ctx context.Context, d roster.DistrictID) (map[competency.ID]int, error) {
	type count struct {
		on competency.ID
		n  int
	}
	list, err := many(ctx, db, func(row func(...any) error) (c count, err error) { return c, row(&c.on, &c.n) },
		`SELECT competency, count(*) FROM item WHERE district = $1 AND active GROUP BY competency ORDER BY competency`, d)
	out := make(map[competency.ID]int, len(list))
	for _, c := range list {
		out[c.on] = c.n
	}
	return out, err
}

// AnsweredItems returns the items that a student has answered in checks since a moment.
func (db *DB) AnsweredItems(ctx context.Context, d roster.DistrictID, student roster.PersonID, since time.Time) ([]assess.ItemID, error) {
	return many(ctx, db, value[assess.ItemID], `SELECT DISTINCT a.item FROM sitting s JOIN sitting_answer a ON a.district = s.district AND a.sitting = s.id
		WHERE s.district = $1 AND s.student = $2 AND a.at >= $3 ORDER BY a.item`, d, student, micros(since))
}

const checkColumns = `id, class, purpose, competencies, students, most, actor, at, closed_at`

func scanCheck(row func(...any) error) (c assess.Check, err error) {
	var competencies, students string
	var at, closed int64
	err = row(&c.ID, &c.Class, &c.Purpose, &competencies, &students, &c.Most, &c.By, &at, &closed)
	c.Competencies, c.Students = splitList[competency.ID](competencies), splitList[roster.PersonID](students)
	c.At, c.Closed = moment(at), moment(closed)
	return c, err
}

// GiveCheck keeps a check that a teacher gives, and returns it with its id.
func (db *DB) GiveCheck(ctx context.Context, d roster.DistrictID, c assess.Check) (assess.Check, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	c.ID, c.At = assess.CheckID(newID()), moment(micros(db.now()))
	_, err := db.exec(ctx, `INSERT INTO check_given (district, id, class, purpose, competencies, students, most, actor, at, closed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`, d, c.ID, c.Class, c.Purpose, joinList(c.Competencies), joinList(c.Students), int64(c.Most), c.By, micros(c.At))
	return c, err
}

// CloseCheck ends a check: nobody begins it any more.
func (db *DB) CloseCheck(ctx context.Context, d roster.DistrictID, class roster.ClassID, id assess.CheckID) error {
	_, err := db.exec(ctx, `UPDATE check_given SET closed_at = $4 WHERE district = $1 AND class = $2 AND id = $3 AND closed_at = 0`, d, class, id, micros(db.now()))
	return err
}

// GivenCheck returns one check that was given in a class.
func (db *DB) GivenCheck(ctx context.Context, d roster.DistrictID, class roster.ClassID, id assess.CheckID) (assess.Check, error) {
	return one(ctx, db, scanCheck, `SELECT `+checkColumns+` FROM check_given WHERE district = $1 AND class = $2 AND id = $3`, d, class, id)
}

// GivenChecks returns the checks that were given in some classes, latest first.
func (db *DB) GivenChecks(ctx context.Context, d roster.DistrictID, classes []roster.ClassID, most int) ([]assess.Check, error) {
	args := []any{d, int64(most)}
	return many(ctx, db, scanCheck, `SELECT `+checkColumns+` FROM check_given WHERE district = $1 AND class IN (`+marks(&args, classes)+`) ORDER BY at DESC, id DESC LIMIT $2`, args...)
}

// BeginSitting keeps a sitting that begins, and returns it with its id. A student who
// sits the same check already goes on with that.
func (db *DB) BeginSitting(ctx context.Context, d roster.DistrictID, s assess.Sitting) (assess.Sitting, error) {
	form, err := json.Marshal(s.Form)
	if err != nil {
		return s, fmt.Errorf("write form of a check: %w", err)
	}
	err = db.Tx(ctx, func(tx *DB) error {
		if s.Check != "" {
			have, err := many(ctx, tx, scanSitting, `SELECT `+sittingColumns+` FROM sitting WHERE district = $1 AND student = $2 AND given = $3 ORDER BY started_at, id LIMIT 1`, d, s.Student, s.Check)
			if err != nil {
				return err
			}
			if len(have) > 0 {
				s = have[0]
				return nil
			}
		}
		s.ID, s.Started = assess.SittingID(newID()), moment(micros(tx.now()))
		_, err := tx.exec(ctx, `INSERT INTO sitting (district, id, student, given, class, purpose, form, started_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
			d, s.ID, s.Student, s.Check, s.Class, s.Purpose, string(form), micros(s.Started))
		return err
	})
	return s, err
}

const sittingColumns = `id, student, given, class, purpose, form, started_at, finished_at`

func scanSitting(row func(...any) error) (s assess.Sitting, err error) {
	var form string
	var started, finished int64
	if err := row(&s.ID, &s.Student, &s.Check, &s.Class, &s.Purpose, &form, &started, &finished); err != nil {
		return s, err
	}
	s.Started, s.Finished = moment(started), moment(finished)
	return s, json.Unmarshal([]byte(form), &s.Form)
}

// Sitting returns one sitting of a student, with its answers.
func (db *DB) Sitting(ctx context.Context, d roster.DistrictID, student roster.PersonID, id assess.SittingID) (assess.Sitting, error) {
	s, err := one(ctx, db, scanSitting, `SELECT `+sittingColumns+` FROM sitting WHERE district = $1 AND student = $2 AND id = $3`, d, student, id)
	if err != nil {
		return s, err
	}
	s.Answers, err = db.answers(ctx, d, id)
	return s, err
}

// Sittings returns a student's sittings, latest first, without their answers.
func (db *DB) Sittings(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]assess.Sitting, error) {
	return many(ctx, db, scanSitting, `SELECT `+sittingColumns+` FROM sitting WHERE district = $1 AND student = $2 ORDER BY started_at DESC, id DESC LIMIT $3`, d, student, int64(most))
}

// SittingsOf returns the sittings of a check that was given, with their answers.
func (db *DB) SittingsOf(ctx context.Context, d roster.DistrictID, check assess.CheckID) ([]assess.Sitting, error) {
	list, err := many(ctx, db, scanSitting, `SELECT `+sittingColumns+` FROM sitting WHERE district = $1 AND given = $2 ORDER BY student, id`, d, check)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Answers, err = db.answers(ctx, d, list[i].ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (db *DB) answers(ctx context.Context, d roster.DistrictID, id assess.SittingID) ([]assess.Answer, error) {
	return many(ctx, db, func(row func(...any) error) (a assess.Answer, err error) {
		var at int64
		err = row(&a.Item, &a.Text, &a.Category, &at)
		a.At = moment(at)
		return a, err
	}, `SELECT item, answer, category, at FROM sitting_answer WHERE district = $1 AND sitting = $2 ORDER BY number`, d, id)
}

// Answer adds an answer to a sitting and returns it as it then stands. An item that was
// answered before keeps its first answer.
func (db *DB) Answer(ctx context.Context, d roster.DistrictID, student roster.PersonID, id assess.SittingID, a assess.Answer) (s assess.Sitting, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if s, err = tx.Sitting(ctx, d, student, id); err != nil {
			return err
		}
		for _, x := range s.Answers {
			if x.Item == a.Item {
				return nil
			}
		}
		if !s.Finished.IsZero() {
			return fault.New(fault.Conflict, "This check is over. What you answered before counts.")
		}
		a.At = moment(micros(a.At))
		if _, err := tx.exec(ctx, `INSERT INTO sitting_answer (district, sitting, number, item, answer, category, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			d, id, int64(len(s.Answers)), a.Item, a.Text, int64(a.Category), micros(a.At)); err != nil {
			return err
		}
		s.Answers = append(s.Answers, a)
		return nil
	})
	return s, err
}

// FinishSitting ends a sitting; what was answered counts.
func (db *DB) FinishSitting(ctx context.Context, d roster.DistrictID, student roster.PersonID, id assess.SittingID) error {
	_, err := db.exec(ctx, `UPDATE sitting SET finished_at = $4 WHERE district = $1 AND student = $2 AND id = $3 AND finished_at = 0`, d, student, id, micros(db.now()))
	return err
}

// EachAnswer calls f with every answer that was given in checks, by student and in the
// order in which they were given.
func (db *DB) EachAnswer(ctx context.Context, d roster.DistrictID, f func(roster.PersonID, assess.Answer) error) error {
	const page = 10_000
	type answered struct {
		student roster.PersonID
		sitting assess.SittingID
		number  int
		assess.Answer
	}
	var last answered
	last.number = -1
	for {
		list, err := many(ctx, db, func(row func(...any) error) (a answered, err error) {
			return a, row(&a.student, &a.sitting, &a.number, &a.Item, &a.Category)
		}, `SELECT s.student, s.id, a.number, a.item, a.category FROM sitting s JOIN sitting_answer a ON a.district = s.district AND a.sitting = s.id
			WHERE s.district = $1 AND (s.student, s.id, a.number) > ($2, $3, $4) ORDER BY s.student, s.id, a.number LIMIT $5`,
			d, last.student, last.sitting, int64(last.number), int64(page))
		if err != nil {
			return err
		}
		for _, a := range list {
			if err := f(a.student, a.Answer); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
		last = list[len(list)-1]
	}
}

// Bank returns the items in use with how often they were answered and answered right.
func (db *DB) Bank(ctx context.Context, d roster.DistrictID) ([]assess.Record, error) {
	return many(ctx, db, func(row func(...any) error) (r assess.Record, err error) {
		r.Question, err = scanQuestion(func(dest ...any) error { return row(append(dest, &r.Answers, &r.AnsweredRight)...) })
		return r, err
	}, `SELECT i.id, i.competency, i.question, i.choices, i.right_answers, i.slope, i.difficulty, i.guess, i.calibrated, count(a.item), CAST(COALESCE(sum(a.category), 0) AS BIGINT)
		FROM item i LEFT JOIN sitting_answer a ON a.district = i.district AND a.item = i.id WHERE i.district = $1 AND i.active
		GROUP BY i.district, i.id, i.competency, i.question, i.choices, i.right_answers, i.slope, i.difficulty, i.guess, i.calibrated ORDER BY i.competency, i.id`, d)
}
