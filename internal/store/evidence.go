package store

import (
	"context"
	"fmt"
	"time"

	"waymark/internal/intake"
	"waymark/internal/roster"
)

// A run that has been staging for longer is taken for cut off.
const abandonedAfter = 6 * time.Hour

// pieceDiffers is true where the staged piece i is not what the latest revision e of
// the same fact says, or where that one has been voided.
const pieceDiffers = `(i.student <> e.student OR i.competency <> e.competency OR i.at <> e.at OR i.kind <> e.kind OR i.score <> e.score
	OR i.most <> e.most OR i.se <> e.se OR i.scale <> e.scale OR i.percentile <> e.percentile OR i.label <> e.label OR i.item <> e.item OR i.easier <> e.easier OR i.guess <> e.guess
	OR i.attempt <> e.attempt OR i.hints <> e.hints OR i.seconds <> e.seconds OR i.note <> e.note
	OR EXISTS (SELECT 1 FROM evidence_void v WHERE v.district = e.district AND v.root = e.root AND v.revision = e.revision))`

const stagedAndLatest = `FROM evidence_intake i LEFT JOIN evidence e ON e.district = i.district AND e.root = i.root
	AND e.revision = (SELECT max(x.revision) FROM evidence x WHERE x.district = i.district AND x.root = i.root)
	WHERE i.district = $1 AND i.run = $2`

func (db *DB) diffEvidence(ctx context.Context, d roster.DistrictID, run intake.RunID) (intake.TableDiff, error) {
	td := intake.TableDiff{Name: "evidence"}
	all := 0
	_, err := one(ctx, db, func(row func(...any) error) (struct{}, error) {
		return struct{}{}, row(&td.Added, &td.Changed, &all)
	}, `SELECT count(*) FILTER (WHERE e.root IS NULL), count(*) FILTER (WHERE e.root IS NOT NULL AND `+pieceDiffers+`), count(*) `+stagedAndLatest, d, run)
	if err != nil {
		return td, err
	}
	td.Same = all - td.Added - td.Changed
	if td.Changed > 0 {
		td.Samples, err = many(ctx, db, func(row func(...any) error) (intake.Change, error) {
			c := intake.Change{What: "changed"}
			var was, is, wasMost, isMost float64
			err := row(&c.ID, &c.Line, &c.Name, &was, &wasMost, &is, &isMost)
			c.Fields = []intake.FieldChange{{Field: "score", Before: fmt.Sprintf("%g of %g", was, wasMost), After: fmt.Sprintf("%g of %g", is, isMost)}}
			return c, err
		}, `SELECT i.root, i.line, i.item, e.score, e.most, i.score, i.most `+stagedAndLatest+` AND e.root IS NOT NULL AND `+pieceDiffers+` ORDER BY i.line, i.root LIMIT $3`,
			d, run, sampleRows)
	}
	return td, err
}

// applyEvidence writes a run's staged pieces to the log, voids what they correct and
// brings the estimates up to date.
func (tx *DB) applyEvidence(ctx context.Context, d roster.DistrictID, run intake.RunID, actor string, now int64) error {
	n, err := tx.exec(ctx, `INSERT INTO evidence (district, student, competency, at, id, root, revision, kind, score, most, se, scale, percentile,
			label, item, easier, guess, attempt, hints, seconds, recorded, source, actor, class, note, run)
		SELECT i.district, i.student, i.competency, i.at, i.root || '.' || CAST(COALESCE(e.revision + 1, 0) AS TEXT), i.root, COALESCE(e.revision + 1, 0),
			i.kind, i.score, i.most, i.se, i.scale, i.percentile, i.label, i.item, i.easier, i.guess, i.attempt, i.hints, i.seconds, $3, i.source, $4, i.class, i.note, i.run
		`+stagedAndLatest+` AND (e.root IS NULL OR `+pieceDiffers+`)`, d, run, now, actor)
	if err != nil || n == 0 {
		return err
	}
	if _, err := tx.exec(ctx, `INSERT INTO evidence_void (district, root, revision, run, reason, actor, at)
		SELECT p.district, p.root, p.revision, n.run, 'replaced', $3, $4 FROM evidence n
		JOIN evidence p ON p.district = n.district AND p.root = n.root AND p.revision = n.revision - 1
		WHERE n.district = $1 AND n.run = $2 AND n.run <> '' AND n.revision > 0
		ON CONFLICT DO NOTHING`, d, run, actor, now); err != nil {
		return err
	}
	return tx.refoldRun(ctx, d, run)
}

// undoEvidence voids a run's pieces and brings back what they had replaced.
func (tx *DB) undoEvidence(ctx context.Context, d roster.DistrictID, run intake.RunID, now int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM evidence_void WHERE district = $1 AND run = $2`, d, run); err != nil {
		return err
	}
	n, err := tx.exec(ctx, `INSERT INTO evidence_void (district, root, revision, run, reason, actor, at)
		SELECT district, root, revision, 'undo of ' || run, 'import undone', '', $3 FROM evidence
		WHERE district = $1 AND run = $2 AND run <> '' ON CONFLICT DO NOTHING`, d, run, now)
	if err != nil || n == 0 {
		return err
	}
	return tx.refoldRun(ctx, d, run)
}
