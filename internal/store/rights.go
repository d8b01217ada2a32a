package store

import (
	"context"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// The student of the evidence e, or the person p, has not refused a purpose.
const (
	allowsEstimates = `NOT EXISTS (SELECT 1 FROM consent k WHERE k.district = e.district AND k.purpose = 'estimates' AND k.student = e.student AND NOT k.given AND k.ended = 0)`
	allowsStudies   = `NOT EXISTS (SELECT 1 FROM consent k WHERE k.district = p.district AND k.purpose = 'studies' AND k.student = p.id AND NOT k.given AND k.ended = 0)`
)

// Consents returns what was said about a student's record, by purpose, latest first.
func (db *DB) Consents(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]guard.Consent, error) {
	return many(ctx, db, func(row func(...any) error) (c guard.Consent, err error) {
		var at, ended int64
		err = row(&c.Student, &c.Purpose, &c.Given, &c.Author, &c.Party, &c.Note, &at, &ended)
		c.At, c.Ended = moment(at), moment(ended)
		return c, err
	}, `SELECT student, purpose, given, author, party, note, at, ended FROM consent WHERE district = $1 AND student = $2 ORDER BY at DESC, id DESC`, d, student)
}

// SetConsent keeps what is said about one purpose from now on. Estimates are taken away, or made
// anew, at once; what products told is taken away, also where undoing an import would bring it back.
func (db *DB) SetConsent(ctx context.Context, d roster.DistrictID, c guard.Consent) error {
	return db.Tx(ctx, func(tx *DB) error {
		now := micros(tx.now())
		if _, err := tx.exec(ctx, `UPDATE consent SET ended = $4 WHERE district = $1 AND student = $2 AND purpose = $3 AND ended = 0`, d, c.Student, c.Purpose, now); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO consent (district, student, id, purpose, given, author, party, note, at, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
			d, c.Student, newID(), c.Purpose, c.Given, c.Author, c.Party, c.Note, now); err != nil {
			return err
		}
		switch {
		case c.Purpose == guard.Estimates:
			return tx.refold(ctx, d, []roster.PersonID{c.Student})
		case c.Purpose == guard.Products && !c.Given:
			_, err := tx.exec(ctx, `DELETE FROM product_use WHERE district = $1 AND person = $2`, d, c.Student)
			if err == nil {
				_, err = tx.exec(ctx, `DELETE FROM product_use_intake WHERE district = $1 AND person = $2`, d, c.Student)
			}
			return err
		}
		return nil
	})
}

// Refusing returns which students of a district refuse a purpose.
func (db *DB) Refusing(ctx context.Context, d roster.DistrictID, p guard.Purpose) (map[roster.PersonID]bool, error) {
	all, err := many(ctx, db, value[roster.PersonID], `SELECT student FROM consent WHERE district = $1 AND purpose = $2 AND NOT given AND ended = 0 ORDER BY student`, d, p)
	out := make(map[roster.PersonID]bool, len(all))
	for _, s := range all {
		out[s] = true
	}
	return out, err
}

const correctionColumns = `id, student, what, body, author, party, at, answer, reply, answered_by, answered_at, statement`

func scanCorrection(row func(...any) error) (c guard.Correction, err error) {
	var at, answered int64
	err = row(&c.ID, &c.Student, &c.What, &c.Text, &c.Author, &c.Party, &at, &c.Answer, &c.Reply, &c.AnsweredBy, &answered, &c.Statement)
	c.At, c.AnsweredAt = moment(at), moment(answered)
	return c, err
}

// Corrections returns what was said not to be right in a student's record, latest first.
func (db *DB) Corrections(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]guard.Correction, error) {
	return many(ctx, db, scanCorrection, `SELECT `+correctionColumns+` FROM correction WHERE district = $1 AND student = $2 ORDER BY at DESC, id DESC`, d, student)
}

// OpenCorrections returns what is to be answered in a district, longest waiting first.
func (db *DB) OpenCorrections(ctx context.Context, d roster.DistrictID) ([]guard.Correction, error) {
	return many(ctx, db, scanCorrection, `SELECT `+correctionColumns+` FROM correction WHERE district = $1 AND answer = '' ORDER BY at, id`, d)
}

// AskCorrection keeps that something is said not to be right.
func (db *DB) AskCorrection(ctx context.Context, d roster.DistrictID, c guard.Correction) error {
	_, err := db.exec(ctx, `INSERT INTO correction (district, student, id, what, body, author, party, at, answer, reply, answered_by, answered_at, statement) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', 0, '')`,
		d, c.Student, newID(), c.What, c.Text, c.Author, c.Party, micros(db.now()))
	return err
}

// AnswerCorrection keeps what became of what was asked. It is answered once.
func (db *DB) AnswerCorrection(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string, answer guard.CorrectionAnswer, reply string, by roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE correction SET answer = $4, reply = $5, answered_by = $6, answered_at = $7 WHERE district = $1 AND student = $2 AND id = $3 AND answer = ''`, d, student, id, answer, reply, by, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "This was answered meanwhile.")
	}
	return err
}

// StateBeside keeps the statement of who asked, beside a record that was kept as it is.
func (db *DB) StateBeside(ctx context.Context, d roster.DistrictID, student roster.PersonID, id, statement string) error {
	n, err := db.exec(ctx, `UPDATE correction SET statement = $4 WHERE district = $1 AND student = $2 AND id = $3 AND answer = 'kept'`, d, student, id, statement)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "A statement stands beside what was kept as it is.")
	}
	return err
}

// BreakGlass opens a student's record to somebody who may not read it otherwise, for a while.
func (db *DB) BreakGlass(ctx context.Context, d roster.DistrictID, x guard.Emergency) error {
	_, err := db.exec(ctx, `INSERT INTO break_glass (district, student, id, actor, because, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d, x.Student, newID(), x.Actor, x.Because, micros(x.At), micros(x.Until))
	return err
}

func scanEmergency(row func(...any) error) (x guard.Emergency, err error) {
	var at, until int64
	err = row(&x.Student, &x.Actor, &x.Because, &at, &until)
	x.At, x.Until = moment(at), moment(until)
	return x, err
}

// Emergencies returns in which a student's record was opened, latest first.
func (db *DB) Emergencies(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]guard.Emergency, error) {
	return many(ctx, db, scanEmergency, `SELECT student, actor, because, at, until FROM break_glass WHERE district = $1 AND student = $2 ORDER BY at DESC, id DESC`, d, student)
}

// EmergenciesSince returns all of a district since a moment, latest first.
func (db *DB) EmergenciesSince(ctx context.Context, d roster.DistrictID, since time.Time) ([]guard.Emergency, error) {
	return many(ctx, db, scanEmergency, `SELECT student, actor, because, at, until FROM break_glass WHERE district = $1 AND at >= $2 ORDER BY at DESC, id DESC`, d, micros(since))
}

// Appointments returns to which roles a person was appointed and is still.
func (db *DB) Appointments(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.Role, error) {
	return many(ctx, db, value[roster.Role], `SELECT DISTINCT role FROM appointment WHERE district = $1 AND person = $2 AND ended = 0 ORDER BY role`, d, p)
}

// Appoint makes a person an auditor or a helper with accounts.
func (db *DB) Appoint(ctx context.Context, d roster.DistrictID, p roster.PersonID, role roster.Role, author roster.PersonID) error {
	_, err := db.exec(ctx, `INSERT INTO appointment (district, person, id, role, author, at, ended) VALUES ($1, $2, $3, $4, $5, $6, 0)`, d, p, newID(), role, author, micros(db.now()))
	return err
}

// Dismiss ends an appointment.
func (db *DB) Dismiss(ctx context.Context, d roster.DistrictID, p roster.PersonID, role roster.Role) error {
	_, err := db.exec(ctx, `UPDATE appointment SET ended = $4 WHERE district = $1 AND person = $2 AND role = $3 AND ended = 0`, d, p, role, micros(db.now()))
	return err
}

func scanExport(row func(...any) error) (x guard.ExportRequest, err error) {
	var at, agreed, closed int64
	err = row(&x.ID, &x.Author, &x.Because, &at, &x.AgreedBy, &agreed, &closed)
	x.At, x.AgreedAt, x.Closed = moment(at), moment(agreed), moment(closed)
	return x, err
}

const exportColumns = `id, author, because, at, agreed_by, agreed_at, closed`

// ExportRequests returns who asked to take the district away since a moment, latest first.
func (db *DB) ExportRequests(ctx context.Context, d roster.DistrictID, since time.Time) ([]guard.ExportRequest, error) {
	return many(ctx, db, scanExport, `SELECT `+exportColumns+` FROM export_request WHERE district = $1 AND at >= $2 ORDER BY at DESC, id DESC`, d, micros(since))
}

// ExportRequest returns one.
func (db *DB) ExportRequest(ctx context.Context, d roster.DistrictID, id string) (guard.ExportRequest, error) {
	return one(ctx, db, scanExport, `SELECT `+exportColumns+` FROM export_request WHERE district = $1 AND id = $2`, d, id)
}

// AskExport keeps that somebody wants to take the district away.
func (db *DB) AskExport(ctx context.Context, d roster.DistrictID, author roster.PersonID, because string) error {
	_, err := db.exec(ctx, `INSERT INTO export_request (district, id, author, because, at, agreed_by, agreed_at, closed) VALUES ($1, $2, $3, $4, $5, '', 0, 0)`, d, newID(), author, because, micros(db.now()))
	return err
}

// AgreeExport keeps that a second person agrees; a fault if it is the one who asked, or if another
// was first.
func (db *DB) AgreeExport(ctx context.Context, d roster.DistrictID, id string, by roster.PersonID) error {
	n, err := db.exec(ctx, `UPDATE export_request SET agreed_by = $3, agreed_at = $4 WHERE district = $1 AND id = $2 AND agreed_by = '' AND author <> $3 AND closed = 0`, d, id, by, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Somebody else than who asked has to agree, once.")
	}
	return err
}

// CloseExport ends a request: it was taken, or refused.
func (db *DB) CloseExport(ctx context.Context, d roster.DistrictID, id string) error {
	n, err := db.exec(ctx, `UPDATE export_request SET closed = $3 WHERE district = $1 AND id = $2 AND closed = 0`, d, id, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "This is closed already.")
	}
	return err
}

// KeepYears returns for how many years after a student has left their record is kept; 0 for always.
func (db *DB) KeepYears(ctx context.Context, d roster.DistrictID) (int, error) {
	return one(ctx, db, value[int], `SELECT coalesce(max(keep_years), 0) FROM district WHERE id = $1`, d)
}

// SetKeepYears keeps for how many years.
func (db *DB) SetKeepYears(ctx context.Context, d roster.DistrictID, years int) error {
	_, err := db.exec(ctx, `UPDATE district SET keep_years = $2 WHERE id = $1`, d, years)
	return err
}

// Tidy takes away what is kept for days only, and erases the records of students who left longer ago
// than their district keeps them; records that are held stay. It returns how many were erased.
func (db *DB) Tidy(ctx context.Context, d roster.DistrictID) (erased int, err error) {
	now := db.now()
	if err := db.Tx(ctx, func(tx *DB) error {
		for _, query := range []string{`DELETE FROM session WHERE district = $1 AND expires < $2`, `DELETE FROM signin_link WHERE district = $1 AND expires < $2`} {
			if _, err := tx.exec(ctx, query, d, micros(now)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return 0, err
	}
	years, err := db.KeepYears(ctx, d)
	if err != nil || years == 0 {
		return 0, err
	}
	day := now.AddDate(-years, 0, 0)
	gone, err := db.LeftBefore(ctx, d, day)
	if err != nil {
		return 0, err
	}
	for _, p := range gone {
		if _, err := db.Erase(ctx, d, p, "left before "+day.Format(time.DateOnly)); err != nil {
			return erased, err
		}
		erased++
	}
	return erased, nil
}
