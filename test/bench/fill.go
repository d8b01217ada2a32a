package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"waymark/internal/evidence"
	"waymark/internal/store"
)

// history loads a roster and gives every student a history and estimates.
func (b *bench) history(ctx context.Context, of string, p place, db *store.DB, d district, skills, pieces int) error {
	if err := load(ctx, db, d, skills, filepath.Join(b.dir, of+".zip")); err != nil {
		return err
	}
	start := time.Now()
	if err := fill(ctx, p, skills, pieces); err != nil {
		return err
	}
	if _, err := db.CheckReplay(ctx, districtID, true); err != nil {
		return err
	}
	n, err := db.EvidenceCount(ctx, districtID)
	if err != nil {
		return err
	}
	b.add(of, p, "store", "%d students, %d pieces of evidence, %d estimates, filled in %.0f s", d.students, n, d.students*skills, time.Since(start).Seconds())
	return nil
}

// fill gives every student a history on some competencies: pieces each, spread over
// ten weeks before now; the estimates are left to make.
func fill(ctx context.Context, p place, skills, pieces int) (err error) {
	db, err := p.straight()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	history := make([]evidence.Piece, pieces)
	begin := time.Now().UTC().Truncate(time.Hour).AddDate(0, 0, -70)
	for i := range history {
		history[i] = evidence.Piece{ID: evidence.ID(fmt.Sprint(i)), Competency: "any", Kind: evidence.Response, Score: float64(i % 2), Max: 1,
			At: begin.Add(time.Duration(i) * 70 * 24 * time.Hour / time.Duration(pieces))}
	}
	// Whom a statement is for: students and competencies by number, in the tables' order.
	const of = `'main', p.id, c.id`
	const page = 2000
	for from := 0; ; from += page {
		who := []any{fmt.Sprintf("s%08d", from), fmt.Sprintf("s%08d", from+page), skills}
		n, err := inOne(ctx, db, func(tx *sql.Tx) (int64, error) {
			var rows []string
			for i, h := range history {
				rows = append(rows, fmt.Sprintf("(%d, %d, %g)", i, h.At.UnixMicro(), h.Score))
			}
			r, err := tx.ExecContext(ctx, `INSERT INTO evidence (district, student, competency, at, id, root, revision, kind, score, most, se, scale, percentile,
				label, item, attempt, hints, seconds, recorded, source, actor, class, note, run)
				SELECT `+of+`, h.at, p.id || c.id || h.n || '.0', p.id || c.id || h.n, 0, 'response', h.score, 1, 0, '', 0, '', 'An item', 1, 0, 30, h.at, 'practice', '', '', '', ''
				FROM person p CROSS JOIN competency c CROSS JOIN (SELECT column1 AS n, column2 AS at, column3 AS score FROM (VALUES `+strings.Join(rows, ", ")+`) v) h
				WHERE p.district = 'main' AND p.identifier >= $1 AND p.identifier < $2 AND c.district = 'main' AND c.position < $3`, who...)
			if err != nil {
				return 0, err
			}
			return r.RowsAffected()
		})
		if err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		if n == 0 {
			break
		}
	}
	_, err = db.ExecContext(ctx, "ANALYZE evidence")
	return err
}

func inOne(ctx context.Context, db *sql.DB, f func(*sql.Tx) (int64, error)) (int64, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	n, err := f(tx)
	if err != nil {
		return 0, err
	}
	return n, tx.Commit()
}
