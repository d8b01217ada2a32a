package store

import (
	"context"
	"sync"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

func scanState(row func(...any) error) (r mastery.Record, err error) {
	var first, last, seen, practised int64
	err = row(&r.Student, &r.Competency, &r.Mean, &r.Variance, &r.Prior, &r.PriorVariance, &r.N, &r.Recent, &first, &last, &seen,
		&r.Memory.Stability, &r.Memory.Difficulty, &practised, &r.Grade.Score, &r.Grade.Verdict,
		&r.There, &r.Spent, &r.Level, &r.Spread)
	r.First, r.Last, r.Seen, r.Memory.Last = moment(first), moment(last), moment(seen), moment(practised)
	return r, err
}

const stateColumns = `m.student, m.competency, m.mean, m.variance, m.prior, m.prior_variance, m.pieces, m.recent, m.first_at, m.last_at, m.seen_at,
	m.stability, m.difficulty, m.practised_at, m.grade, m.verdict, m.there, m.spent, m.level, m.spread`

// Mastery returns the stored states of some students, on all competencies.
func (db *DB) Mastery(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]mastery.Record, error) {
	args := []any{d}
	return many(ctx, db, scanState, `SELECT `+stateColumns+` FROM mastery m
		WHERE m.district = $1 AND m.student IN (`+marks(&args, students)+`) ORDER BY m.student, m.competency`, args...)
}

// Ability returns what a student's evidence tells across competencies, and how they learn.
func (db *DB) Ability(ctx context.Context, d roster.DistrictID, student roster.PersonID) (mastery.Ability, error) {
	a, err := db.abilities(ctx, d, []roster.PersonID{student})
	return a[student], err
}

// MasteryGrid returns the stored states of some students on some competencies.
func (db *DB) MasteryGrid(ctx context.Context, d roster.DistrictID, students []roster.PersonID, on []competency.ID) ([]mastery.Record, error) {
	args := []any{d}
	in := marks(&args, students)
	return many(ctx, db, scanState, `SELECT `+stateColumns+` FROM mastery m
		WHERE m.district = $1 AND m.student IN (`+in+`) AND m.competency IN (`+marks(&args, on)+`) ORDER BY m.student, m.competency`, args...)
}

// MasteryAt returns the states of some students as they stood at the end of a week.
func (db *DB) MasteryAt(ctx context.Context, d roster.DistrictID, students []roster.PersonID, week int) ([]mastery.Record, error) {
	args := []any{d, int64(week)}
	return many(ctx, db, func(row func(...any) error) (r mastery.Record, err error) {
		var last int64
		err = row(&r.Student, &r.Competency, &r.Mean, &r.Variance, &r.Prior, &r.PriorVariance, &r.N, &last, &r.Grade.Score, &r.Grade.Verdict)
		r.Last = moment(last)
		return r, err
	}, `SELECT w.student, w.competency, w.mean, w.variance, w.prior, w.prior_variance, w.pieces, w.last_at, w.grade, w.verdict FROM mastery_week w
		WHERE w.district = $1 AND w.student IN (`+marks(&args, students)+`)
		AND w.week = (SELECT max(x.week) FROM mastery_week x WHERE x.district = w.district AND x.student = w.student AND x.competency = w.competency AND x.week <= $2)
		ORDER BY w.student, w.competency`, args...)
}

const pieceColumns = `e.student, e.competency, e.at, e.id, e.kind, e.score, e.most, e.se, e.scale, e.percentile, e.label, e.item, e.easier, e.guess,
	e.attempt, e.hints, e.seconds, e.recorded, e.source, e.actor, e.class, e.note, e.root, e.revision`

func scanPiece(row func(...any) error) (p evidence.Piece, err error) {
	var at, recorded int64
	var root string
	var revision int
	err = row(&p.Student, &p.Competency, &at, &p.ID, &p.Kind, &p.Score, &p.Max, &p.SE, &p.Scale, &p.Percentile, &p.Label, &p.Item, &p.Easier, &p.Guess,
		&p.Attempt, &p.Hints, &p.Seconds, &recorded, &p.Source, &p.Actor, &p.Class, &p.Note, &root, &revision)
	p.At, p.Recorded = moment(at), moment(recorded)
	if revision > 0 {
		p.Replaces = pieceID(root, revision-1)
	}
	return p, err
}

// Pieces returns the pieces that count of one student on one competency, in the order
// of the work.
func (db *DB) Pieces(ctx context.Context, d roster.DistrictID, student roster.PersonID, on competency.ID) ([]evidence.Piece, error) {
	return many(ctx, db, scanPiece, `SELECT `+pieceColumns+` FROM evidence e WHERE e.district = $1 AND e.student = $2 AND e.competency = $3
		AND `+notVoid+` ORDER BY e.at, e.id`, d, student, on)
}

// Replaced returns the pieces of one student on one competency that were corrected or
// undone since, in the order of the work.
func (db *DB) Replaced(ctx context.Context, d roster.DistrictID, student roster.PersonID, on competency.ID) ([]evidence.Piece, error) {
	return many(ctx, db, scanPiece, `SELECT `+pieceColumns+` FROM evidence e WHERE e.district = $1 AND e.student = $2 AND e.competency = $3
		AND NOT `+notVoid+` ORDER BY e.at, e.id`, d, student, on)
}

// Tests returns a student's external test scores, latest first.
func (db *DB) Tests(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]evidence.Piece, error) {
	return many(ctx, db, scanPiece, `SELECT `+pieceColumns+` FROM evidence e WHERE e.district = $1 AND e.student = $2 AND e.competency = ''
		AND `+notVoid+` ORDER BY e.at DESC, e.id LIMIT 200`, d, student)
}

// LatestPieces returns the pieces that were last recorded for a student.
func (db *DB) LatestPieces(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]evidence.Piece, error) {
	return many(ctx, db, scanPiece, `SELECT `+pieceColumns+` FROM evidence e WHERE e.district = $1 AND e.student = $2
		AND `+notVoid+` ORDER BY e.at DESC, e.id DESC LIMIT $3`, d, student, most)
}

// catalogues keeps each district's catalogue until an import changes it.
type catalogues struct {
	mu sync.Mutex // guards by
	by map[roster.DistrictID]catalogued
}

type catalogued struct {
	version string
	catalog *propose.Catalogue
}

// Catalogue returns what there is to learn and to learn from. It is shared: do not change it.
func (db *DB) Catalogue(ctx context.Context, d roster.DistrictID) (*propose.Catalogue, error) {
	version, err := one(ctx, db, value[string], `SELECT COALESCE(max(CAST(finished AS TEXT) || state || id), '') FROM intake_run WHERE district = $1 AND state IN ('applied', 'undone')`, d)
	if err != nil {
		return nil, err
	}
	db.catalogs.mu.Lock()
	have, ok := db.catalogs.by[d]
	db.catalogs.mu.Unlock()
	if ok && have.version == version {
		return have.catalog, nil
	}
	c, err := db.loadCatalogue(ctx, d)
	if err != nil {
		return nil, err
	}
	db.catalogs.mu.Lock()
	db.catalogs.by[d] = catalogued{version, c}
	db.catalogs.mu.Unlock()
	return c, nil
}

func (db *DB) loadCatalogue(ctx context.Context, d roster.DistrictID) (*propose.Catalogue, error) {
	items, err := many(ctx, db, func(row func(...any) error) (c competency.Competency, err error) {
		var grades string
		err = row(&c.ID, &c.Framework, &c.Code, &c.Statement, &c.Short, &c.Student, &c.Kind, &grades, &c.Subject, &c.Parent, &c.Position, &c.Assessable, &c.Language)
		c.Grades = splitList[string](grades)
		return c, err
	}, `SELECT c.id, c.framework, c.code, c.statement, c.short, c.student, c.kind, c.grades, CASE WHEN c.subject <> '' THEN c.subject ELSE f.subject END, c.parent, c.position, c.assessable, COALESCE(f.language, '')
		FROM competency c LEFT JOIN framework f ON f.district = c.district AND f.id = c.framework WHERE c.district = $1 AND c.active ORDER BY c.framework, c.position, c.code, c.id`, d)
	if err != nil {
		return nil, err
	}
	edges, err := many(ctx, db, func(row func(...any) error) (e competency.Edge, err error) {
		return e, row(&e.From, &e.To, &e.Kind)
	}, `SELECT origin, destination, kind FROM competency_edge WHERE district = $1 AND active ORDER BY origin, destination, kind`, d)
	if err != nil {
		return nil, err
	}
	materials, err := many(ctx, db, scanMaterial, `SELECT `+materialColumns+` FROM material WHERE district = $1 AND active ORDER BY id`, d)
	if err != nil {
		return nil, err
	}
	return propose.NewCatalogue(items, edges, materials), nil
}

const materialColumns = `id, title, link, location, kind, minutes, language, reading_level, topics, competencies, tier, licence, accessibility, social, product, checkpoints`

func scanMaterial(row func(...any) error) (m material.Material, err error) {
	var topics, on, checkpoints string
	err = row(&m.ID, &m.Title, &m.Link, &m.Location, &m.Kind, &m.Minutes, &m.Language, &m.ReadingLevel, &topics, &on, &m.Tier, &m.Licence, &m.Accessibility, &m.Social, &m.Product, &checkpoints)
	m.Topics, m.Competencies = splitList[string](topics), splitList[competency.ID](on)
	m.Checkpoints = splitList[string](checkpoints)
	return m, err
}

// Material returns one material, also one that is no longer in use.
func (db *DB) Material(ctx context.Context, d roster.DistrictID, id material.ID) (material.Material, error) {
	return one(ctx, db, scanMaterial, `SELECT `+materialColumns+` FROM material WHERE district = $1 AND id = $2`, d, id)
}
