package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"waymark/internal/fault"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

// Pathway returns the items on some students' pathways, in the order in which they were
// written.
func (db *DB) Pathway(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Item, error) {
	args := []any{d}
	return many(ctx, db, func(row func(...any) error) (i plan.Item, err error) {
		var at, changed int64
		err = row(&i.ID, &i.Student, &i.Kind, &i.Title, &i.Place, &i.Begins, &i.Ends, &i.State, &i.Author, &at, &changed)
		i.At, i.Changed = moment(at), moment(changed)
		return i, err
	}, `SELECT id, student, kind, title, place, begins, ends, state, author, at, changed_at FROM pathway_item
		WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY student, at, id`, args...)
}

// AddItem keeps a new item on a student's pathway.
func (db *DB) AddItem(ctx context.Context, d roster.DistrictID, i plan.Item) error {
	if err := i.Validate(); err != nil {
		return err
	}
	at := micros(db.now())
	_, err := db.exec(ctx, `INSERT INTO pathway_item (district, student, id, kind, title, place, begins, ends, state, author, at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, d, i.Student, newID(), i.Kind, i.Title, i.Place, i.Begins, i.Ends, i.State, i.Author, at, at)
	return err
}

// MoveItem keeps how far an item of a pathway is.
func (db *DB) MoveItem(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ItemID, to plan.ItemState) error {
	n, err := db.exec(ctx, `UPDATE pathway_item SET state = $4, changed_at = $5 WHERE district = $1 AND student = $2 AND id = $3`, d, student, id, to, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This is not on the pathway any more.")
	}
	return err
}

// Remarks returns what was said of some students' plans, latest first.
func (db *DB) Remarks(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Remark, error) {
	args := []any{d}
	return many(ctx, db, func(row func(...any) error) (r plan.Remark, err error) {
		var at int64
		err = row(&r.Student, &r.Kind, &r.Text, &r.Author, &r.Party, &at)
		r.At = moment(at)
		return r, err
	}, `SELECT student, kind, body, author, party, at FROM plan_remark WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY student, at DESC, id DESC`, args...)
}

// AddRemark keeps what somebody says of a plan.
func (db *DB) AddRemark(ctx context.Context, d roster.DistrictID, r plan.Remark) error {
	if err := r.Validate(); err != nil {
		return err
	}
	_, err := db.exec(ctx, `INSERT INTO plan_remark (district, student, id, kind, body, author, party, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		d, r.Student, newID(), r.Kind, r.Text, r.Author, r.Party, micros(db.now()))
	return err
}

// Participants returns who helps with some students' plans without an account.
func (db *DB) Participants(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Participant, error) {
	args := []any{d}
	return many(ctx, db, func(row func(...any) error) (p plan.Participant, err error) {
		var at int64
		err = row(&p.ID, &p.Student, &p.Name, &p.Part, &p.Author, &at)
		p.At = moment(at)
		return p, err
	}, `SELECT id, student, name, part, author, at FROM plan_participant WHERE district = $1 AND ended_at = 0 AND student IN (`+marks(&args, students)+`) ORDER BY student, at, id`, args...)
}

// AddParticipant keeps who helps with a plan.
func (db *DB) AddParticipant(ctx context.Context, d roster.DistrictID, p plan.Participant) error {
	if err := p.Validate(); err != nil {
		return err
	}
	_, err := db.exec(ctx, `INSERT INTO plan_participant (district, student, id, name, part, author, at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		d, p.Student, newID(), p.Name, p.Part, p.Author, micros(db.now()))
	return err
}

// EndParticipant keeps that somebody helps no longer.
func (db *DB) EndParticipant(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string) error {
	n, err := db.exec(ctx, `UPDATE plan_participant SET ended_at = $4 WHERE district = $1 AND student = $2 AND id = $3 AND ended_at = 0`, d, student, id, micros(db.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "This person is not on the plan any more.")
	}
	return err
}

// Signatures returns who signed some students' plans, oldest first.
func (db *DB) Signatures(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Signature, error) {
	args := []any{d}
	return many(ctx, db, func(row func(...any) error) (s plan.Signature, err error) {
		var at int64
		err = row(&s.Student, &s.Version, &s.Signer, &s.Party, &s.Name, &at)
		s.At = moment(at)
		return s, err
	}, `SELECT student, version, signer, party, name, at FROM plan_signature WHERE district = $1 AND student IN (`+marks(&args, students)+`) ORDER BY student, at, id`, args...)
}

// Sign keeps a signature under a plan, with the plan as it was signed. Who has signed this
// version already since a time signs nothing new.
func (db *DB) Sign(ctx context.Context, d roster.DistrictID, s plan.Signature, signed plan.Document, since time.Time) error {
	body, err := json.Marshal(signed)
	if err != nil {
		return fmt.Errorf("store: plan of %s: %w", s.Student, err)
	}
	return db.Tx(ctx, func(tx *DB) error {
		at := micros(tx.now())
		n, err := one(ctx, tx, value[int], `SELECT count(*) FROM plan_signature WHERE district = $1 AND student = $2 AND version = $3 AND signer = $4 AND party = $5 AND at > $6`,
			d, s.Student, s.Version, s.Signer, s.Party, micros(since))
		if err != nil || n > 0 {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO plan_version (district, student, version, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (district, student, version) DO NOTHING`,
			d, s.Student, s.Version, string(body), at); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO plan_signature (district, student, id, version, signer, party, name, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			d, s.Student, newID(), s.Version, s.Signer, s.Party, s.Name, at)
		return err
	})
}

// SignedPlans returns some students' plans as they were signed, by version.
func (db *DB) SignedPlans(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[string]plan.Document, error) {
	args := []any{d}
	plans := map[string]plan.Document{}
	_, err := many(ctx, db, func(row func(...any) error) (doc plan.Document, err error) {
		var version, body string
		if err := row(&version, &body); err != nil {
			return doc, err
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			return doc, fmt.Errorf("store: signed plan %s: %w", version, err)
		}
		plans[version] = doc
		return doc, nil
	}, `SELECT version, body FROM plan_version WHERE district = $1 AND student IN (`+marks(&args, students)+`)`, args...)
	return plans, err
}

// Births returns the days of birth of some students, where they are known.
func (db *DB) Births(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]roster.Date, error) {
	args := []any{d}
	births := map[roster.PersonID]roster.Date{}
	_, err := many(ctx, db, func(row func(...any) error) (day roster.Date, err error) {
		var p roster.PersonID
		err = row(&p, &day)
		births[p] = day
		return day, err
	}, `SELECT id, birth_date FROM demographics WHERE district = $1 AND active AND id IN (`+marks(&args, students)+`)`, args...)
	return births, err
}

// StudentsOf returns the active students of a school, by name.
func (db *DB) StudentsOf(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p
		JOIN role r ON r.district = p.district AND r.person = p.id AND r.role = 'student' AND r.active AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		WHERE p.district = $2 AND r.org = $3 AND p.active ORDER BY p.id`, db.today(), d, school)
	return byName(people), err
}

// Language returns in which language a person reads; empty if they never said so.
func (db *DB) Language(ctx context.Context, d roster.DistrictID, p roster.PersonID) (string, error) {
	tag, err := one(ctx, db, value[string], `SELECT language FROM person_language WHERE district = $1 AND person = $2`, d, p)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	return tag, err
}

// SetLanguage keeps in which language a person reads.
func (db *DB) SetLanguage(ctx context.Context, d roster.DistrictID, p roster.PersonID, tag string) error {
	_, err := db.exec(ctx, `INSERT INTO person_language (district, person, language, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, person) DO UPDATE SET language = excluded.language, at = excluded.at`, d, p, tag, micros(db.now()))
	return err
}
