package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// models keeps the running model of each district.
type models struct {
	mu sync.Mutex // guards by
	by map[roster.DistrictID]running
}

type running struct {
	version, criterion string // a version's name is a digest of its numbers
	model              *mastery.Model
}

// Model returns the learner model that a district runs: the adopted version under the
// school's criterion, or the built-in one. It is shared: do not change it.
func (db *DB) Model(ctx context.Context, d roster.DistrictID) (*mastery.Model, error) {
	list, err := many(ctx, db, func(row func(...any) error) (r running, err error) {
		return r, row(&r.version, &r.criterion)
	}, `SELECT version, criterion FROM learner_choice WHERE district = $1 ORDER BY number DESC LIMIT 1`, d)
	if err != nil {
		return nil, err
	}
	c := running{version: mastery.Builtin().Version}
	if len(list) > 0 {
		c = list[0]
	}
	db.models.mu.Lock()
	have, ok := db.models.by[d]
	db.models.mu.Unlock()
	if ok && have.version == c.version && have.criterion == c.criterion {
		return have.model, nil
	}
	m := mastery.Builtin()
	if c.version != m.Version {
		text, err := one(ctx, db, value[string], `SELECT model FROM learner_version WHERE district = $1 AND id = $2`, d, c.version)
		if err != nil {
			return nil, err
		}
		m = &mastery.Model{}
		if err := json.Unmarshal([]byte(text), m); err != nil {
			return nil, fmt.Errorf("read learner model %s: %w", c.version, err)
		}
	}
	if m.Criterion, err = mastery.ParseCriterion(c.criterion); err != nil {
		return nil, fmt.Errorf("read the chosen criterion %q: %w", c.criterion, err)
	}
	c.model = m
	db.models.mu.Lock()
	db.models.by[d] = c
	db.models.mu.Unlock()
	return m, nil
}

// SaveVersion keeps a fitted version of the learner model, to be compared and adopted.
// The same version again changes nothing.
func (db *DB) SaveVersion(ctx context.Context, d roster.DistrictID, v mastery.Version) error {
	model, err := json.Marshal(v.Model)
	if err != nil {
		return fmt.Errorf("write learner model: %w", err)
	}
	report, err := json.Marshal(v.Report)
	if err != nil {
		return fmt.Errorf("write fit report: %w", err)
	}
	_, err = db.exec(ctx, `INSERT INTO learner_version (district, id, made_at, made_by, seed, students, pieces, model, forecast, report)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (district, id) DO NOTHING`,
		d, v.Model.Version, micros(v.Made), v.By, int64(v.Seed), int64(v.Students), int64(v.Pieces), string(model), string(v.Forecast), string(report))
	return err
}

const versionColumns = `id, made_at, made_by, seed, students, pieces, report`

func scanVersion(row func(...any) error) (v mastery.Version, err error) {
	var made, seed int64
	var report string
	v.Model = &mastery.Model{}
	if err := row(&v.Model.Version, &made, &v.By, &seed, &v.Students, &v.Pieces, &report); err != nil {
		return v, err
	}
	v.Made, v.Seed = moment(made), uint64(seed)
	return v, json.Unmarshal([]byte(report), &v.Report)
}

// Versions returns the fitted versions of a district's learner model, latest first,
// without their numbers.
func (db *DB) Versions(ctx context.Context, d roster.DistrictID) ([]mastery.Version, error) {
	return many(ctx, db, scanVersion, `SELECT `+versionColumns+` FROM learner_version WHERE district = $1 ORDER BY made_at DESC, id`, d)
}

// Version returns one fitted version with its numbers.
func (db *DB) Version(ctx context.Context, d roster.DistrictID, id string) (mastery.Version, error) {
	return one(ctx, db, func(row func(...any) error) (mastery.Version, error) {
		var model, forecast string
		v, err := scanVersion(func(dest ...any) error { return row(append(dest, &model, &forecast)...) })
		if err != nil {
			return v, err
		}
		v.Forecast = json.RawMessage(forecast)
		return v, json.Unmarshal([]byte(model), v.Model)
	}, `SELECT `+versionColumns+`, model, forecast FROM learner_version WHERE district = $1 AND id = $2`, d, id)
}

// LearnerChoices returns what model and criterion a district chose, latest first.
func (db *DB) LearnerChoices(ctx context.Context, d roster.DistrictID) ([]mastery.Choice, error) {
	return many(ctx, db, func(row func(...any) error) (c mastery.Choice, err error) {
		var criterion string
		var at int64
		if err := row(&c.Version, &criterion, &c.Actor, &c.Because, &at); err != nil {
			return c, err
		}
		c.At = moment(at)
		c.Criterion, err = mastery.ParseCriterion(criterion)
		return c, err
	}, `SELECT version, criterion, actor, because, at FROM learner_choice WHERE district = $1 ORDER BY number DESC`, d)
}

// Choose makes a version and a criterion the district's own and brings all estimates up
// to date with them, in one transaction.
func (db *DB) Choose(ctx context.Context, d roster.DistrictID, c mastery.Choice) error {
	if err := c.Validate(); err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		if c.Version != mastery.Builtin().Version {
			known, err := one(ctx, tx, value[int], `SELECT count(*) FROM learner_version WHERE district = $1 AND id = $2`, d, c.Version)
			if err != nil {
				return err
			}
			if known == 0 {
				return fault.New(fault.NotFound, "There is no version %q of the learner model. See: waymark learner versions", c.Version)
			}
		}
		if _, err := tx.exec(ctx, `INSERT INTO learner_choice (district, number, version, criterion, actor, because, at)
			SELECT $1, COALESCE(max(number), 0) + 1, $2, $3, $4, $5, $6 FROM learner_choice WHERE district = $1`,
			d, c.Version, c.Criterion.String(), c.Actor, c.Because, micros(c.At)); err != nil {
			return err
		}
		return tx.refoldAll(ctx, d)
	})
}

// EachStudent calls f with the pieces that count of each student of a district, in the
// order of the work, with what the learner model needs of them.
func (db *DB) EachStudent(ctx context.Context, d roster.DistrictID, f func(student roster.PersonID, pieces []evidence.Piece) error) error {
	var last roster.PersonID
	for {
		page, err := db.studentsAfter(ctx, d, last)
		if err != nil || len(page) == 0 {
			return err
		}
		pieces, err := db.foldPieces(ctx, d, page)
		if err != nil {
			return err
		}
		for _, s := range page {
			if err := f(s, pieces[s]); err != nil {
				return err
			}
		}
		last = page[len(page)-1]
	}
}

// Learner returns what the running model makes of all pieces of one student, with the
// pieces themselves in the order of the work.
func (db *DB) Learner(ctx context.Context, d roster.DistrictID, student roster.PersonID) (*mastery.Model, []evidence.Piece, error) {
	m, err := db.Model(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	pieces, err := db.foldPieces(ctx, d, []roster.PersonID{student})
	return m, pieces[student], err
}
