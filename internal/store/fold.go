package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/intake"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// pair is one student on one competency.
type pair struct {
	student    roster.PersonID
	competency competency.ID
}

const refoldPage = 200 // students folded at a time

// refoldRun folds again every student that a run's pieces, or what they replaced, are
// about.
func (tx *DB) refoldRun(ctx context.Context, d roster.DistrictID, run intake.RunID) error {
	for _, query := range []string{
		`SELECT DISTINCT student FROM evidence WHERE district = $1 AND run = $2 AND run <> '' AND student > $3 ORDER BY student LIMIT $4`,
		`SELECT DISTINCT p.student FROM evidence n JOIN evidence p ON p.district = n.district AND p.root = n.root AND p.revision = n.revision - 1
			WHERE n.district = $1 AND n.run = $2 AND n.run <> '' AND n.revision > 0 AND p.student <> n.student
			AND p.student > $3 ORDER BY p.student LIMIT $4`,
	} {
		var last roster.PersonID
		for {
			page, err := many(ctx, tx, value[roster.PersonID], query, d, run, last, refoldPage)
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

// refoldAll replaces all estimates of a district by what the log says under the running
// model.
func (tx *DB) refoldAll(ctx context.Context, d roster.DistrictID) error {
	m, err := tx.Model(ctx, d)
	if err != nil {
		return err
	}
	var last roster.PersonID
	for {
		page, err := tx.studentsAfter(ctx, d, last)
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
	_, err = tx.exec(ctx, `INSERT INTO learner_fold (district, model) VALUES ($1, $2) ON CONFLICT (district) DO UPDATE SET model = excluded.model`, d, m.Name())
	return err
}

// studentsAfter returns the next students who have evidence or estimates.
func (db *DB) studentsAfter(ctx context.Context, d roster.DistrictID, last roster.PersonID) ([]roster.PersonID, error) {
	return many(ctx, db, value[roster.PersonID], `SELECT student FROM (SELECT student FROM evidence WHERE district = $1 AND student > $2
		UNION SELECT student FROM mastery WHERE district = $1 AND student > $2) s ORDER BY student LIMIT $3`, d, last, refoldPage)
}

// refoldStale makes the estimates of every district anew whose running model is not the
// one they were made with: after an upgrade of the program.
func (db *DB) refoldStale(ctx context.Context) error {
	type folded struct {
		id   roster.DistrictID
		with string
	}
	all, err := many(ctx, db, func(row func(...any) error) (f folded, err error) {
		return f, row(&f.id, &f.with)
	}, `SELECT d.id, COALESCE(f.model, '') FROM district d LEFT JOIN learner_fold f ON f.district = d.id ORDER BY d.id`)
	if err != nil {
		return err
	}
	for _, f := range all {
		m, err := db.Model(ctx, f.id)
		if err != nil {
			return err
		}
		if m.Name() == f.with {
			continue
		}
		if err := db.Tx(ctx, func(tx *DB) error { return tx.refoldAll(ctx, f.id) }); err != nil {
			return fmt.Errorf("bring the estimates of %s up to date: %w", f.id, err)
		}
	}
	return nil
}

// foldColumns are what the learner model needs of a piece, of e.
const foldColumns = `e.student, e.competency, e.at, e.id, e.kind, e.score, e.most, e.hints, e.se, e.scale, e.percentile, e.item, e.easier, e.guess, e.seconds, e.recorded`

const notVoid = `NOT EXISTS (SELECT 1 FROM evidence_void v WHERE v.district = e.district AND v.root = e.root AND v.revision = e.revision)`

func scanFold(row func(...any) error) (p evidence.Piece, err error) {
	var at, recorded int64
	err = row(&p.Student, &p.Competency, &at, &p.ID, &p.Kind, &p.Score, &p.Max, &p.Hints, &p.SE, &p.Scale, &p.Percentile, &p.Item, &p.Easier, &p.Guess, &p.Seconds, &recorded)
	p.At, p.Recorded = moment(at), moment(recorded)
	return p, err
}

// foldPieces returns what the learner model needs of the pieces of some students; nothing of who
// refuses that estimates are made.
func (db *DB) foldPieces(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID][]evidence.Piece, error) {
	args := []any{d}
	pieces, err := many(ctx, db, scanFold, `SELECT `+foldColumns+` FROM evidence e WHERE e.district = $1 AND e.student IN (`+marks(&args, students)+`)
		AND `+notVoid+` AND `+allowsEstimates+` ORDER BY e.student, e.at, e.id`, args...)
	by := make(map[roster.PersonID][]evidence.Piece, len(students))
	for start := 0; start < len(pieces); {
		end := start
		for end < len(pieces) && pieces[end].Student == pieces[start].Student {
			end++
		}
		by[pieces[start].Student] = pieces[start:end:end]
		start = end
	}
	return by, err
}

// refold replaces the stored estimates of some students by what the log says.
func (tx *DB) refold(ctx context.Context, d roster.DistrictID, students []roster.PersonID) error {
	m, err := tx.Model(ctx, d)
	if err != nil {
		return err
	}
	pieces, err := tx.foldPieces(ctx, d, students)
	if err != nil {
		return err
	}
	args := []any{d}
	in := marks(&args, students)
	if _, err := tx.exec(ctx, `DELETE FROM mastery WHERE district = $1 AND student IN (`+in+`)`, args...); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM mastery_week WHERE district = $1 AND student IN (`+in+`)`, args...); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM ability WHERE district = $1 AND student IN (`+in+`)`, args...); err != nil {
		return err
	}
	var f folded
	for _, s := range students {
		l, weeks := m.FoldWeekly(pieces[s])
		f.add(s, l, weeks)
	}
	return tx.writeFolded(ctx, d, m, f)
}

// folded is what folding some students' pieces gave.
type folded struct {
	abilities map[roster.PersonID]mastery.Ability
	states    []mastery.Record
	weeks     []weekly
}

type weekly struct {
	pair
	mastery.Weekly
}

func (f *folded) add(student roster.PersonID, l mastery.Learner, weeks map[competency.ID][]mastery.Weekly) {
	if l.Ability.N == 0 {
		return
	}
	if f.abilities == nil {
		f.abilities = map[roster.PersonID]mastery.Ability{}
	}
	f.abilities[student] = l.Ability
	for _, c := range slices.Sorted(maps.Keys(l.States)) {
		f.states = append(f.states, mastery.Record{Student: student, Competency: c, State: l.States[c]})
		for _, w := range weeks[c] {
			f.weeks = append(f.weeks, weekly{pair{student, c}, w})
		}
	}
}

func (tx *DB) writeFolded(ctx context.Context, d roster.DistrictID, m *mastery.Model, f folded) error {
	abilities := make([][]any, 0, len(f.abilities))
	for _, s := range slices.Sorted(maps.Keys(f.abilities)) {
		a := f.abilities[s]
		abilities = append(abilities, []any{s, a.Precision, a.Weighted, int64(a.N), micros(a.Last), a.Sudden, a.Success, a.First, a.Held, a.Foreseen})
	}
	if err := tx.insertMany(ctx, upsertAbility, []any{d}, abilities); err != nil {
		return err
	}
	states := make([][]any, len(f.states))
	for i, r := range f.states {
		states[i] = []any{r.Student, r.Competency, r.Mean, r.Variance, r.Prior, r.PriorVariance, int64(r.N), r.Recent, micros(r.First), micros(r.Last), micros(r.Seen),
			r.Memory.Stability, r.Memory.Difficulty, micros(r.Memory.Last), r.Grade.Score, int64(r.Grade.Verdict),
			r.There, r.Spent, r.Level, r.Spread}
	}
	if err := tx.insertMany(ctx, upsertMastery, []any{d, m.Name()}, states); err != nil {
		return err
	}
	weeks := make([][]any, len(f.weeks))
	for i, w := range f.weeks {
		weeks[i] = []any{w.student, w.competency, int64(w.Week), w.Mean, w.Variance, w.Prior, w.PriorVariance, int64(w.N), micros(w.Last), w.Grade.Score, int64(w.Grade.Verdict)}
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
		for i := range k {
			from++
			if i > 0 || head != "" {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", from)
		}
		b.WriteString(")")
	}
	return b.String()
}

func upsertAbility(n int) string {
	return `INSERT INTO ability (district, student, precision_sum, weighted_sum, pieces, last_at, sudden, success, first_pieces, held, foreseen) VALUES ` + rowsOf(n, 10, 1, "$1") +
		` ON CONFLICT (district, student) DO UPDATE SET precision_sum = excluded.precision_sum, weighted_sum = excluded.weighted_sum,
		pieces = excluded.pieces, last_at = excluded.last_at, sudden = excluded.sudden, success = excluded.success, first_pieces = excluded.first_pieces,
		held = excluded.held, foreseen = excluded.foreseen`
}

func upsertMastery(n int) string {
	return `INSERT INTO mastery (district, model, student, competency, mean, variance, prior, prior_variance, pieces, recent, first_at, last_at, seen_at,
		stability, difficulty, practised_at, grade, verdict, there, spent, level, spread) VALUES ` + rowsOf(n, 20, 2, "$1, $2") + ` ON CONFLICT (district, student, competency) DO UPDATE SET
		model = excluded.model, mean = excluded.mean, variance = excluded.variance, prior = excluded.prior, prior_variance = excluded.prior_variance,
		pieces = excluded.pieces, recent = excluded.recent, first_at = excluded.first_at, last_at = excluded.last_at, seen_at = excluded.seen_at, stability = excluded.stability,
		difficulty = excluded.difficulty, practised_at = excluded.practised_at, grade = excluded.grade, verdict = excluded.verdict,
		there = excluded.there, spent = excluded.spent, level = excluded.level, spread = excluded.spread`
}

func upsertWeeks(n int) string {
	return `INSERT INTO mastery_week (district, student, competency, week, mean, variance, prior, prior_variance, pieces, last_at, grade, verdict) VALUES ` +
		rowsOf(n, 11, 1, "$1") + ` ON CONFLICT (district, student, competency, week) DO UPDATE SET mean = excluded.mean, variance = excluded.variance,
		prior = excluded.prior, prior_variance = excluded.prior_variance, pieces = excluded.pieces, last_at = excluded.last_at,
		grade = excluded.grade, verdict = excluded.verdict`
}
