package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/intake"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// A run that has been staging for longer is taken for cut off.
const abandonedAfter = 6 * time.Hour

// pieceDiffers is true where the staged piece i is not what the latest revision e of
// the same fact says, or where that one has been voided.
const pieceDiffers = `(i.student <> e.student OR i.competency <> e.competency OR i.at <> e.at OR i.kind <> e.kind OR i.score <> e.score
	OR i.most <> e.most OR i.se <> e.se OR i.scale <> e.scale OR i.percentile <> e.percentile OR i.label <> e.label OR i.item <> e.item
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
			label, item, attempt, hints, seconds, recorded, source, actor, class, note, run)
		SELECT i.district, i.student, i.competency, i.at, i.root || '.' || CAST(COALESCE(e.revision + 1, 0) AS TEXT), i.root, COALESCE(e.revision + 1, 0),
			i.kind, i.score, i.most, i.se, i.scale, i.percentile, i.label, i.item, i.attempt, i.hints, i.seconds, $3, i.source, $4, i.class, i.note, i.run
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

// pair is one student on one competency.
type pair struct {
	student    roster.PersonID
	competency competency.ID
}

func scanPair(row func(...any) error) (p pair, err error) {
	return p, row(&p.student, &p.competency)
}

const refoldPage = 3000 // pairs folded at a time

// refoldRun folds again every pair that a run's pieces, or what they replaced, are about.
func (tx *DB) refoldRun(ctx context.Context, d roster.DistrictID, run intake.RunID) error {
	for _, query := range []string{
		`SELECT DISTINCT student, competency FROM evidence WHERE district = $1 AND run = $2 AND run <> ''
			AND (student, competency) > ($3, $4) ORDER BY student, competency LIMIT $5`,
		`SELECT DISTINCT p.student, p.competency FROM evidence n JOIN evidence p ON p.district = n.district AND p.root = n.root AND p.revision = n.revision - 1
			WHERE n.district = $1 AND n.run = $2 AND n.run <> '' AND n.revision > 0 AND (p.student <> n.student OR p.competency <> n.competency)
			AND (p.student, p.competency) > ($3, $4) ORDER BY p.student, p.competency LIMIT $5`,
	} {
		var last pair
		for {
			page, err := many(ctx, tx, scanPair, query, d, run, last.student, last.competency, refoldPage)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			if err := tx.refold(ctx, d, page); err != nil {
				return err
			}
			last = page[len(page)-1]
		}
	}
	return nil
}

// foldColumns are what the learner model needs of a piece, of e.
const foldColumns = `e.student, e.competency, e.at, e.id, e.kind, e.score, e.most, e.hints`

const notVoid = `NOT EXISTS (SELECT 1 FROM evidence_void v WHERE v.district = e.district AND v.root = e.root AND v.revision = e.revision)`

func scanFold(row func(...any) error) (p evidence.Piece, err error) {
	var at int64
	err = row(&p.Student, &p.Competency, &at, &p.ID, &p.Kind, &p.Score, &p.Max, &p.Hints)
	p.At = moment(at)
	return p, err
}

// refold replaces the stored estimates of some pairs by what the log says. Pairs must
// be sorted and without duplicates.
func (tx *DB) refold(ctx context.Context, d roster.DistrictID, pairs []pair) error {
	args := []any{d}
	var values strings.Builder
	for i, p := range pairs {
		if i > 0 {
			values.WriteString(", ")
		}
		fmt.Fprintf(&values, "($%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, p.student, p.competency)
	}
	with := `WITH pair (student, competency) AS (VALUES ` + values.String() + `) `
	pieces, err := many(ctx, tx, scanFold, with+`SELECT `+foldColumns+` FROM pair p CROSS JOIN evidence e
		WHERE e.district = $1 AND e.student = p.student AND e.competency = p.competency AND e.competency <> '' AND `+notVoid+`
		ORDER BY e.student, e.competency, e.at, e.id`, args...)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, with+`DELETE FROM mastery WHERE district = $1 AND (student, competency) IN (SELECT student, competency FROM pair)`, args...); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, with+`DELETE FROM mastery_week WHERE district = $1 AND (student, competency) IN (SELECT student, competency FROM pair)`, args...); err != nil {
		return err
	}
	var f folded
	for start := 0; start < len(pieces); {
		end := start
		for end < len(pieces) && pieces[end].Student == pieces[start].Student && pieces[end].Competency == pieces[start].Competency {
			end++
		}
		f.add(pair{pieces[start].Student, pieces[start].Competency}, pieces[start:end])
		start = end
	}
	return tx.writeFolded(ctx, d, f)
}

// folded is what folding some pairs gave.
type folded struct {
	states []mastery.Record
	weeks  []weekly
}

type weekly struct {
	pair
	mastery.Weekly
}

func (f *folded) add(p pair, pieces []evidence.Piece) {
	s, weeks := mastery.FoldWeekly(pieces)
	if s.N == 0 {
		return
	}
	f.states = append(f.states, mastery.Record{Student: p.student, Competency: p.competency, State: s})
	for _, w := range weeks {
		f.weeks = append(f.weeks, weekly{p, w})
	}
}

func (tx *DB) writeFolded(ctx context.Context, d roster.DistrictID, f folded) error {
	states := make([][]any, len(f.states))
	for i, r := range f.states {
		states[i] = []any{r.Student, r.Competency, r.Mean, r.Variance, int64(r.N), micros(r.First), micros(r.Last), micros(r.Seen)}
	}
	if err := tx.insertMany(ctx, upsertMastery, []any{d, mastery.Model}, states); err != nil {
		return err
	}
	weeks := make([][]any, len(f.weeks))
	for i, w := range f.weeks {
		weeks[i] = []any{w.student, w.competency, int64(w.Week), w.Mean, w.Variance, int64(w.N), micros(w.Last)}
	}
	return tx.insertMany(ctx, upsertWeeks, []any{d}, weeks)
}

// rowsOf writes "(head, $n, …), …" for n rows of k values after from arguments.
func rowsOf(n, k, from int, head string) string {
	var b strings.Builder
	for range n {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + head)
		for range k {
			from++
			fmt.Fprintf(&b, ", $%d", from)
		}
		b.WriteString(")")
	}
	return b.String()
}

func upsertMastery(n int) string {
	return `INSERT INTO mastery (district, model, student, competency, mean, variance, pieces, first_at, last_at, seen_at) VALUES ` +
		rowsOf(n, 8, 2, "$1, $2") + ` ON CONFLICT (district, student, competency) DO UPDATE SET model = excluded.model, mean = excluded.mean,
		variance = excluded.variance, pieces = excluded.pieces, first_at = excluded.first_at, last_at = excluded.last_at, seen_at = excluded.seen_at`
}

func upsertWeeks(n int) string {
	return `INSERT INTO mastery_week (district, student, competency, week, mean, variance, pieces, last_at) VALUES ` +
		rowsOf(n, 7, 1, "$1") + ` ON CONFLICT (district, student, competency, week) DO UPDATE SET mean = excluded.mean,
		variance = excluded.variance, pieces = excluded.pieces, last_at = excluded.last_at`
}
