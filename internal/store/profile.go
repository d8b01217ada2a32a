package store

import (
	"context"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

const profileColumns = `student, entry, doing, kind, body, code, visibility, evidence, author, voice, at`

func scanProfileEvent(row func(...any) error) (e profile.Event, err error) {
	var on string
	var at int64
	err = row(&e.Student, &e.Entry, &e.Do, &e.Kind, &e.Text, &e.Code, &e.Visibility, &on, &e.Author, &e.Voice, &at)
	e.Evidence, e.At = splitList[evidence.ID](on), moment(at)
	return e, err
}

// ProfileEvents returns all that was said of some students, in the order in which it was
// said.
func (db *DB) ProfileEvents(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]profile.Event, error) {
	args := []any{d}
	return many(ctx, db, scanProfileEvent, `SELECT `+profileColumns+` FROM profile_event WHERE district = $1 AND student IN (`+marks(&args, students)+`)
		ORDER BY student, at, id`, args...)
}

// Supports returns what was said of some students' supports that are acted on, in the order in
// which it was said.
func (db *DB) Supports(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]profile.Event, error) {
	args := []any{d}
	return many(ctx, db, scanProfileEvent, `SELECT `+profileColumns+` FROM profile_event WHERE district = $1 AND student IN (`+marks(&args, students)+`)
		AND entry IN (SELECT s.entry FROM profile_event s WHERE s.district = $1 AND s.student IN (`+marks(&args, students)+`) AND s.code <> '') ORDER BY student, at, id`, args...)
}

// Say keeps what somebody says of a student: a new entry, which gets its id, or something
// to an entry that is there.
func (db *DB) Say(ctx context.Context, d roster.DistrictID, e profile.Event) (profile.Event, error) {
	if err := e.Validate(); err != nil {
		return e, err
	}
	err := db.Tx(ctx, func(tx *DB) error {
		e.At = moment(micros(tx.now()))
		id := newID()
		if e.Do == profile.Said {
			e.Entry = profile.EntryID(id)
		} else {
			n, err := one(ctx, tx, value[int], `SELECT count(*) FROM profile_event WHERE district = $1 AND student = $2 AND entry = $3`, d, e.Student, e.Entry)
			if err != nil {
				return err
			}
			if n == 0 {
				return fault.New(fault.NotFound, "This entry is not there any more.")
			}
		}
		_, err := tx.exec(ctx, `INSERT INTO profile_event (district, id, `+profileColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			d, id, e.Student, e.Entry, e.Do, e.Kind, e.Text, e.Code, e.Visibility, joinList(e.Evidence), e.Author, e.Voice, micros(e.At))
		return err
	})
	return e, err
}
