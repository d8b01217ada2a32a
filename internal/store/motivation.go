package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/motivation"
	"waymark/internal/roster"
)

// CourseDesign returns the items of the checklist that teachers of a class have ticked, and when.
func (db *DB) CourseDesign(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[string]time.Time, error) {
	ticked := map[string]time.Time{}
	_, err := many(ctx, db, func(row func(...any) error) (item string, err error) {
		var at int64
		err = row(&item, &at)
		ticked[item] = moment(at)
		return item, err
	}, `SELECT item, at FROM course_design WHERE district = $1 AND class = $2`, d, class)
	return ticked, err
}

// SetCourseDesign keeps which items hold; those that held already keep their day.
func (db *DB) SetCourseDesign(ctx context.Context, d roster.DistrictID, class roster.ClassID, items []string, by roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		args := []any{d, class}
		keep := ""
		if len(items) > 0 {
			keep = ` AND item NOT IN (` + marks(&args, items) + `)`
		}
		if _, err := tx.exec(ctx, `DELETE FROM course_design WHERE district = $1 AND class = $2`+keep, args...); err != nil {
			return err
		}
		for _, item := range items {
			if _, err := tx.exec(ctx, `INSERT INTO course_design (district, class, item, author, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, d, class, item, by, micros(db.now())); err != nil {
				return err
			}
		}
		return nil
	})
}

func scanAsk(row func(...any) error) (a motivation.Ask, err error) {
	var at, until int64
	err = row(&a.ID, &at, &until)
	a.At, a.Until = moment(at), moment(until)
	return a, err
}

// Asks returns when a class was asked since a time, latest first.
func (db *DB) Asks(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]motivation.Ask, error) {
	return many(ctx, db, scanAsk, `SELECT id, at, until FROM class_ask WHERE district = $1 AND class = $2 AND at >= $3 ORDER BY at DESC, id`, d, class, micros(since))
}

// AskClass asks a class from now on; a class that was asked lately is left alone.
func (db *DB) AskClass(ctx context.Context, d roster.DistrictID, class roster.ClassID, by roster.PersonID) error {
	return db.Tx(ctx, func(tx *DB) error {
		lately, err := tx.Asks(ctx, d, class, db.now().Add(-motivation.AskAgain))
		if err != nil {
			return err
		}
		if len(lately) > 0 {
			return fault.New(fault.Conflict, "This class was asked on %s. Leave it three weeks.", lately[0].At.Format("January 2"))
		}
		_, err = tx.exec(ctx, `INSERT INTO class_ask (district, class, id, author, at, until) VALUES ($1, $2, $3, $4, $5, $6)`,
			d, class, newID(), by, micros(db.now()), micros(db.now().Add(motivation.AskFor)))
		return err
	})
}

// AskedOf returns the open ask of a class to which a student has not answered; false if there is none.
func (db *DB) AskedOf(ctx context.Context, d roster.DistrictID, class roster.ClassID, student roster.PersonID) (motivation.Ask, bool, error) {
	list, err := many(ctx, db, scanAsk, `SELECT id, at, until FROM class_ask a WHERE district = $1 AND class = $2 AND at <= $4 AND until > $4
		AND NOT EXISTS (SELECT 1 FROM class_said s WHERE s.district = a.district AND s.student = $3 AND s.class = a.class AND s.ask = a.id) ORDER BY at DESC LIMIT 1`,
		d, class, student, micros(db.now()))
	if err != nil || len(list) == 0 {
		return motivation.Ask{}, false, err
	}
	return list[0], true, nil
}

// SayOfClass keeps what a student says of a class. What is kept names nobody, and nothing of it
// tells when it was said.
func (db *DB) SayOfClass(ctx context.Context, d roster.DistrictID, class roster.ClassID, student roster.PersonID, a motivation.Answer) error {
	belongs, err := json.Marshal(a.Groups)
	if err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `INSERT INTO class_said (district, student, class, ask) SELECT $1, $2, $3, id FROM class_ask WHERE district = $1 AND class = $3 AND id = $4 AND until > $5 ON CONFLICT DO NOTHING`,
			d, student, class, a.Ask, micros(db.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "Nobody asks any more, or you have said it already. Thank you.")
		}
		if _, err = tx.exec(ctx, `INSERT INTO class_answer (district, class, ask, id, autonomy, competence, relatedness, relevance, belongs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			d, class, a.Ask, rand.Text(), int64(a.Values[0]), int64(a.Values[1]), int64(a.Values[2]), int64(a.Values[3]), string(belongs)); err != nil {
			return err
		}
		return tx.shuffle(ctx, "class_answer", `district = $1 AND class = $2 AND ask = $3`, d, class, a.Ask)
	})
}

// SaidOfClass returns what was said of a class when it was asked since a time and is not asked any
// more: what comes in while somebody looks would tell on who said it.
func (db *DB) SaidOfClass(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]motivation.Answer, error) {
	return many(ctx, db, func(row func(...any) error) (a motivation.Answer, err error) {
		var belongs string
		if err := row(&a.Ask, &a.Values[0], &a.Values[1], &a.Values[2], &a.Values[3], &belongs); err != nil {
			return a, err
		}
		return a, json.Unmarshal([]byte(belongs), &a.Groups)
	}, `SELECT r.ask, r.autonomy, r.competence, r.relatedness, r.relevance, r.belongs FROM class_answer r JOIN class_ask a ON a.district = r.district AND a.class = r.class AND a.id = r.ask
		WHERE r.district = $1 AND r.class = $2 AND a.at >= $3 AND a.until <= $4 ORDER BY r.id`, d, class, micros(since), micros(db.now()))
}

// nameless are the tables of answers that must not be told by when they came: with the order of the
// rows that say who has answered, it would name who said what.
var nameless = []string{"class_answer", "group_pulse"}

// shuffle writes the answers to one question anew in the order of their ids, which are drawn by lot, so
// that neither their places in the file nor the transactions that wrote them tell one from another.
func (db *DB) shuffle(ctx context.Context, table, where string, args ...any) error {
	var columns []string
	var rows [][]any
	var err error
	columns, err = db.eachRow(ctx, `SELECT * FROM `+table+` WHERE `+where+` ORDER BY id`, args, func(_ []string, values []any) error {
		rows = append(rows, slices.Clone(values))
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := db.exec(ctx, `DELETE FROM `+table+` WHERE `+where, args...); err != nil {
		return err
	}
	places := make([]string, len(columns))
	for i := range columns {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	for _, row := range rows {
		if _, err := db.exec(ctx, `INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, row...); err != nil {
			return err
		}
	}
	return nil
}
