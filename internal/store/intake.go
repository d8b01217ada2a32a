package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/intake"
	"waymark/internal/roster"
)

var _ intake.Store = (*DB)(nil)

const sampleRows = 12 // changes of each kind that a diff shows

// diff compares a run's rows with the store.
func (db *DB) diff(ctx context.Context, d roster.DistrictID, sum intake.Summary, scope intake.Scope) (intake.Summary, error) {
	sum.Tables, sum.Added, sum.Changed, sum.Same, sum.Ended = nil, 0, 0, 0, 0
	add := func(t intake.TableDiff) {
		if t.Added+t.Changed+t.Ended+t.Same == 0 {
			return
		}
		sum.Tables = append(sum.Tables, t)
		sum.Added += t.Added
		sum.Changed += t.Changed
		sum.Same += t.Same
		sum.Ended += t.Ended
	}
	for _, t := range twins {
		td, err := db.diffTwin(ctx, d, sum.Run, &t, scope)
		if err != nil {
			return sum, fmt.Errorf("compare %s: %w", t.name, err)
		}
		add(td)
	}
	ev, err := db.diffEvidence(ctx, d, sum.Run)
	if err != nil {
		return sum, fmt.Errorf("compare evidence: %w", err)
	}
	add(ev)
	return sum, nil
}

// tally counts what a run would do to a table. It looks each row up once: what a
// complete file ends is all that is active but not in it.
func (db *DB) tally(ctx context.Context, d roster.DistrictID, run intake.RunID, t *twin, scope intake.Scope) (intake.TableDiff, error) {
	td := intake.TableDiff{Name: t.name}
	all, active := 0, 0
	_, err := one(ctx, db, func(row func(...any) error) (struct{}, error) {
		return struct{}{}, row(&td.Added, &td.Changed, &all, &active)
	}, t.counts(), d, run, scope.Framework)
	if err != nil {
		return td, err
	}
	td.Same = all - td.Added - td.Changed
	if scope.Complete[t.name] {
		td.Ended, err = one(ctx, db, value[int], t.countActive(), d, scope.Framework)
		td.Ended = max(0, td.Ended-active)
	} else {
		td.Ended, err = one(ctx, db, value[int], t.countDeleted(), d, run, scope.Framework)
	}
	return td, err
}

func (db *DB) diffTwin(ctx context.Context, d roster.DistrictID, run intake.RunID, t *twin, scope intake.Scope) (intake.TableDiff, error) {
	td, err := db.tally(ctx, d, run, t, scope)
	if err != nil {
		return td, err
	}
	ending := []any{d, run, scope.Complete[t.name], scope.Framework}
	sample := func(what, query string, args ...any) error {
		changes, err := many(ctx, db, func(row func(...any) error) (c intake.Change, err error) {
			c.What = what
			return c, row(&c.ID, &c.Line, &c.Name)
		}, query, args...)
		td.Samples = append(td.Samples, changes...)
		return err
	}
	if td.Added > 0 {
		if err := sample("added", t.sampleAdded(), d, run, sampleRows); err != nil {
			return td, err
		}
	}
	if td.Changed > 0 {
		changes, err := many(ctx, db, t.scanChanged, t.sampleChanged(), d, run, sampleRows)
		if err != nil {
			return td, err
		}
		td.Samples = append(td.Samples, changes...)
	}
	if td.Ended > 0 {
		if err := sample("ended", t.sampleEnding(), append(ending, sampleRows)...); err != nil {
			return td, err
		}
	}
	return td, nil
}

// scanChanged reads a row of sampleChanged.
func (t *twin) scanChanged(row func(...any) error) (intake.Change, error) {
	c := intake.Change{What: "changed"}
	n := len(t.columns)
	values := make([]string, 2*n)
	var active string
	dest := []any{&c.ID, &c.Line, &c.Name, &active}
	for i := range values {
		dest = append(dest, &values[i])
	}
	if err := row(dest...); err != nil {
		return c, err
	}
	if active == "false" || active == "0" {
		c.Fields = append(c.Fields, intake.FieldChange{Field: "status", Before: "ended", After: "active"})
	}
	readable := func(s string) string { return strings.ReplaceAll(s, listSeparator, ", ") }
	for i, name := range t.columns {
		if values[i] != values[n+i] && !strings.HasSuffix(name, "_fold") {
			c.Fields = append(c.Fields, intake.FieldChange{Field: name, Before: readable(values[i]), After: readable(values[n+i])})
		}
	}
	return c, nil
}

func scanRun(row func(...any) error) (intake.Summary, error) {
	var id, kind, file, actor, state, text string
	var started, finished int64
	var s intake.Summary
	if err := row(&id, &kind, &file, &actor, &started, &finished, &state, &text); err != nil {
		return s, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return s, fmt.Errorf("read summary of run %s: %w", id, err)
		}
	}
	s.Run, s.Kind, s.File, s.State = intake.RunID(id), intake.Kind(kind), file, intake.State(state)
	s.Started, s.Finished, s.Actor = moment(started), moment(finished), actor
	return s, nil
}

// Run returns a stored run.
func (db *DB) Run(ctx context.Context, d roster.DistrictID, id intake.RunID) (intake.Summary, error) {
	s, err := one(ctx, db, scanRun, `SELECT id, kind, file, actor, started, finished, state, summary FROM intake_run
		WHERE district = $1 AND id = $2`, d, id)
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.NotFound, "There is no such import.")
	}
	return s, err
}

// Runs returns the latest runs, latest first.
func (db *DB) Runs(ctx context.Context, d roster.DistrictID, most int) ([]intake.Summary, error) {
	return many(ctx, db, scanRun, `SELECT id, kind, file, actor, started, finished, state, summary FROM intake_run
		WHERE district = $1 AND state <> 'staging' ORDER BY started DESC, id DESC LIMIT $2`, d, most)
}

// LastApplied returns the latest applied run that is not undone.
func (db *DB) LastApplied(ctx context.Context, d roster.DistrictID) (intake.Summary, error) {
	s, err := one(ctx, db, scanRun, `SELECT id, kind, file, actor, started, finished, state, summary FROM intake_run
		WHERE district = $1 AND state = 'applied' ORDER BY finished DESC, id DESC LIMIT 1`, d)
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.NotFound, "There is no import to undo.")
	}
	return s, err
}

// claim moves a run from one state to another, so that only one caller does the work.
func (tx *DB) claim(ctx context.Context, d roster.DistrictID, id intake.RunID, from, to intake.State) error {
	// Runs are undone from the latest to the first: one that is finished later is later, also if the
	// clock was set back meanwhile.
	last, err := one(ctx, tx, value[int64], `SELECT COALESCE(max(finished), 0) FROM intake_run WHERE district = $1`, d)
	if err != nil {
		return err
	}
	n, err := tx.exec(ctx, `UPDATE intake_run SET state = $4, finished = $5 WHERE district = $1 AND id = $2 AND state = $3`,
		d, id, from, to, max(micros(tx.now()), last+1))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "This import is not %s any more. Load the list again.", from)
	}
	return err
}

// Apply applies a staged run in one transaction.
func (db *DB) Apply(ctx context.Context, d roster.DistrictID, id intake.RunID) (intake.Summary, error) {
	var sum intake.Summary
	err := db.bulk(ctx, func(tx *DB) error {
		if err := tx.lockIntake(ctx); err != nil {
			return err
		}
		if err := tx.claim(ctx, d, id, intake.Staged, intake.Applied); err != nil {
			return err
		}
		scopeText, err := one(ctx, tx, value[string], `SELECT scope FROM intake_run WHERE district = $1 AND id = $2`, d, id)
		if err != nil {
			return err
		}
		var scope intake.Scope
		if err := json.Unmarshal([]byte(scopeText), &scope); err != nil {
			return err
		}
		sum, err = tx.Run(ctx, d, id)
		if err != nil {
			return err
		}
		now := micros(tx.now())
		for i := range twins {
			t := &twins[i]
			td, err := tx.tally(ctx, d, id, t, scope)
			if err != nil {
				return fmt.Errorf("apply %s: %w", t.name, err)
			}
			ending := []any{d, id, scope.Complete[t.name], scope.Framework}
			for _, s := range []struct {
				needed bool
				query  string
				args   []any
			}{
				{td.Changed > 0, t.keepChanged(), []any{d, id}},
				{td.Ended > 0, t.keepEnding(), ending},
				{td.Ended > 0, t.end(), append(ending, now)},
				{td.Added+td.Changed > 0, t.upsert(), []any{d, id}},
			} {
				if !s.needed {
					continue
				}
				if _, err := tx.exec(ctx, s.query, s.args...); err != nil {
					return fmt.Errorf("apply %s: %w", t.name, err)
				}
			}
		}
		if err := tx.nameDistrict(ctx, d); err != nil {
			return err
		}
		return tx.applyEvidence(ctx, d, id, sum.Actor, now)
	})
	if err != nil {
		return sum, err
	}
	sum.State = intake.Applied
	return sum, errors.Join(db.clearNew(ctx, d, id), db.analyze(ctx, sum))
}

// analyze renews what the database knows of tables of which much has changed; without
// it, it guesses, and guesses wrong after the first load.
func (db *DB) analyze(ctx context.Context, sum intake.Summary) error {
	for _, t := range sum.Tables {
		if t.Added+t.Changed+t.Ended < 500 {
			continue
		}
		tables := []string{t.Name}
		if t.Name == "evidence" {
			tables = append(tables, "mastery", "mastery_week", "ability")
		}
		for _, name := range tables {
			if _, err := db.exec(ctx, `ANALYZE `+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockIntake lets one import at a time be applied or undone.
func (tx *DB) lockIntake(ctx context.Context) error {
	if !tx.dialect.bulk {
		return nil // SQLite has one writer anyway
	}
	_, err := tx.exec(ctx, `LOCK TABLE intake_run IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// nameDistrict gives the district the name that its roster says.
func (tx *DB) nameDistrict(ctx context.Context, d roster.DistrictID) error {
	_, err := tx.exec(ctx, `UPDATE district SET name = (SELECT o.name FROM org o WHERE o.district = $1 AND o.kind = 'district' AND o.active ORDER BY o.id LIMIT 1)
		WHERE id = $1 AND EXISTS (SELECT 1 FROM org o WHERE o.district = $1 AND o.kind = 'district' AND o.active)`, d)
	return err
}

// Undo undoes a run, which must be the latest applied one. What it created and has
// been used since (a student with evidence from elsewhere) is ended, not removed.
func (db *DB) Undo(ctx context.Context, d roster.DistrictID, id intake.RunID) (intake.Summary, error) {
	var sum intake.Summary
	err := db.bulk(ctx, func(tx *DB) error {
		if err := tx.lockIntake(ctx); err != nil {
			return err
		}
		last, err := tx.LastApplied(ctx, d)
		if err != nil {
			return err
		}
		if last.Run != id {
			return fault.New(fault.Conflict, "Only the latest import can be undone; that is %s (%s).", last.File, last.Kind)
		}
		sum = last
		if err := tx.claim(ctx, d, id, intake.Applied, intake.Undone); err != nil {
			return err
		}
		now := micros(tx.now())
		if err := tx.undoEvidence(ctx, d, id, now); err != nil {
			return err
		}
		for i := range twins {
			t := &twins[len(twins)-1-i]
			if _, err := tx.exec(ctx, t.restore(), d, id); err != nil {
				return fmt.Errorf("undo %s: %w", t.name, err)
			}
			if _, err := tx.exec(ctx, t.uncreate(), d, id); err != nil {
				return fmt.Errorf("undo %s: %w", t.name, err)
			}
			if t.kept != "" {
				if _, err := tx.exec(ctx, t.retire(), d, id, now); err != nil {
					return fmt.Errorf("undo %s: %w", t.name, err)
				}
			}
			if _, err := tx.exec(ctx, t.clear(), d, id, "old"); err != nil {
				return err
			}
		}
		return tx.nameDistrict(ctx, d)
	})
	sum.State = intake.Undone
	return sum, err
}

// Discard forgets a staged run's rows and closes it.
func (db *DB) Discard(ctx context.Context, d roster.DistrictID, id intake.RunID, state intake.State) error {
	if _, err := db.exec(ctx, `UPDATE intake_run SET state = $3, finished = $4 WHERE district = $1 AND id = $2 AND state IN ('staging', 'staged')`,
		d, id, state, micros(db.now())); err != nil {
		return err
	}
	return db.clearNew(ctx, d, id)
}

// clearNew removes the staged rows of a run. Where a table holds nothing else, all of
// it goes at once, which takes no time even after millions of rows.
func (db *DB) clearNew(ctx context.Context, d roster.DistrictID, id intake.RunID) error {
	return db.bulk(ctx, func(tx *DB) error {
		for i := range twins {
			if err := tx.clearTable(ctx, twins[i].name+"_intake", `district = $1 AND run = $2 AND side = 'new'`, d, id); err != nil {
				return err
			}
		}
		return tx.clearTable(ctx, "evidence_intake", `district = $1 AND run = $2`, d, id)
	})
}

func (tx *DB) clearTable(ctx context.Context, table, where string, d roster.DistrictID, id intake.RunID) error {
	n, err := one(ctx, tx, value[int], `SELECT count(*) FROM (SELECT 1 FROM `+table+` WHERE `+where+` LIMIT 1) x`, d, id)
	if err != nil || n == 0 {
		return err
	}
	others, err := one(ctx, tx, value[int], `SELECT count(*) FROM (SELECT 1 FROM `+table+` WHERE NOT (`+where+`) LIMIT 1) x`, d, id)
	if err != nil {
		return err
	}
	if others == 0 && !tx.dialect.bulk {
		_, err = tx.exec(ctx, `DELETE FROM `+table)
		return err
	}
	_, err = tx.exec(ctx, `DELETE FROM `+table+` WHERE `+where, d, id)
	return err
}

// sweep removes what an import that was cut off has left.
func (db *DB) sweep(ctx context.Context, d roster.DistrictID) error {
	stale := micros(db.now().Add(-abandonedAfter))
	ids, err := many(ctx, db, value[intake.RunID], `SELECT id FROM intake_run WHERE district = $1 AND state = 'staging' AND started < $2 ORDER BY id`, d, stale)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		errs = append(errs, db.Discard(ctx, d, id, intake.Refused))
	}
	return errors.Join(errs...)
}
