package store

import (
	"context"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

const outsideColumns = `id, student, what, place, kind, day, hours, competencies, author, at, asked_by, asked_at, expires, seen, verifier, remark, seen_at, counted_by, counted_at`

func scanOutside(row func(...any) error) (o plan.Outside, err error) {
	var on string
	var at, asked, expires, seen, counted int64
	err = row(&o.ID, &o.Student, &o.What, &o.Place, &o.Kind, &o.Day, &o.Hours, &on, &o.Author, &at, &o.AskedBy, &asked, &expires, &o.Seen, &o.Verifier, &o.Remark, &seen, &o.CountedBy, &counted)
	o.Competencies = splitList[competency.ID](on)
	o.At, o.Asked, o.Expires, o.SeenAt, o.Counted = moment(at), moment(asked), moment(expires), moment(seen), moment(counted)
	return o, err
}

// Outside returns what a student learned outside of school, latest first.
func (db *DB) Outside(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]plan.Outside, error) {
	return many(ctx, db, scanOutside, `SELECT `+outsideColumns+` FROM outside WHERE district = $1 AND student = $2 ORDER BY day DESC, id DESC`, d, student)
}

// AddOutside keeps something that a student learned outside of school.
func (db *DB) AddOutside(ctx context.Context, d roster.DistrictID, o plan.Outside) error {
	if err := o.Validate(db.now()); err != nil {
		return err
	}
	_, err := db.exec(ctx, `INSERT INTO outside (district, student, id, what, place, kind, day, hours, competencies, author, at, link, asked_by, asked_at, expires, seen, verifier, remark, seen_at, counted_by, counted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', 0, 0, '', '', '', 0, '', 0)`,
		d, o.Student, newID(), o.What, o.Place, o.Kind, o.Day, o.Hours, joinList(o.Competencies), o.Author, micros(db.now()))
	return err
}

// AskWhoSaw makes a link the only one by which somebody may say that they saw something; hash
// is that of its secret.
func (db *DB) AskWhoSaw(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.OutsideID, hash string, by roster.PersonID, expires time.Time) error {
	n, err := db.exec(ctx, `UPDATE outside SET link = $4, asked_by = $5, asked_at = $6, expires = $7 WHERE district = $1 AND student = $2 AND id = $3 AND seen = ''`,
		d, student, id, hash, by, micros(db.now()), micros(expires))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Somebody has answered already.")
	}
	return err
}

// AskedOutside returns what a link is about, and in which district; not found if it has been
// used or is too old.
func (db *DB) AskedOutside(ctx context.Context, hash string) (roster.DistrictID, plan.Outside, error) {
	var d roster.DistrictID
	o, err := one(ctx, db, func(row func(...any) error) (plan.Outside, error) {
		return scanOutside(func(dest ...any) error { return row(append([]any{&d}, dest...)...) })
	}, `SELECT district, `+outsideColumns+` FROM outside WHERE link = $1 AND link <> '' AND seen = '' AND expires > $2`, hash, micros(db.now()))
	return d, o, err
}

// SaySeen keeps what somebody says by a link, once.
func (db *DB) SaySeen(ctx context.Context, hash string, seen plan.Answer, verifier, remark string) error {
	n, err := db.exec(ctx, `UPDATE outside SET seen = $2, verifier = $3, remark = $4, seen_at = $5, link = '' WHERE link = $1 AND link <> '' AND seen = '' AND expires > $5`,
		hash, seen, verifier, remark, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This link has been used, or it is too old.")
	}
	return err
}

// CountOutside keeps that a teacher counted something as evidence.
func (db *DB) CountOutside(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.OutsideID, by roster.PersonID) error {
	_, err := db.exec(ctx, `UPDATE outside SET counted_by = $4, counted_at = $5 WHERE district = $1 AND student = $2 AND id = $3`, d, student, id, by, micros(db.now()))
	return err
}
