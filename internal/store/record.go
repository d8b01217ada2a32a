package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/roster"
)

// aboutPeople are the tables that hold rows about people, those that name them by way of another
// table first.
func aboutPeople() []Held {
	var out []Held
	v := heldTables()
	for _, name := range slices.Sorted(maps.Keys(v.Tables)) {
		if t := v.Tables[name]; t.By != "" {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b Held) int { return strings.Compare(b.Of, a.Of) })
	return out
}

// whose is the condition under which a row of a table is about the person $2 of the district $1.
func (h Held) whose() string {
	if h.Of == "" {
		return `district = $1 AND ` + h.By + ` = $2`
	}
	return `district = $1 AND ` + h.By + ` IN (SELECT id FROM ` + h.Of + ` o WHERE o.district = $1 AND o.` + heldTables().Tables[h.Of].By + ` = $2)`
}

// RecordOf returns all that is held about a person, but for what opens doors.
func (db *DB) RecordOf(ctx context.Context, d roster.DistrictID, p roster.PersonID) (parts []guard.RecordPart, err error) {
	err = db.Snapshot(ctx, func(tx *DB) error {
		for _, h := range aboutPeople() {
			if h.Keep == KeepAccess || h.Keep == KeepPassing {
				continue
			}
			part, err := tx.recordPart(ctx, h, d, p)
			if err != nil {
				return fmt.Errorf("record %s: %w", h.Table, err)
			}
			if len(part.Rows) > 0 {
				parts = append(parts, part)
			}
		}
		return nil
	})
	slices.SortFunc(parts, func(a, b guard.RecordPart) int { return strings.Compare(a.Table, b.Table) })
	return parts, err
}

func (db *DB) recordPart(ctx context.Context, h Held, d roster.DistrictID, p roster.PersonID) (part guard.RecordPart, err error) {
	part = guard.RecordPart{Table: h.Table, Purpose: h.Purpose, Meaning: map[string]string{}}
	part.Columns, err = db.eachRow(ctx, `SELECT * FROM `+h.Table+` WHERE `+h.whose(), []any{d, p}, func(columns []string, values []any) error {
		row := map[string]any{}
		for i, c := range columns {
			switch v := values[i].(type) {
			case []byte:
				row[c] = string(v)
			case int64:
				row[c] = v
				if slices.Contains(booleans, c) {
					row[c] = v != 0
				}
			default:
				row[c] = v
			}
		}
		part.Rows = append(part.Rows, row)
		return nil
	})
	for _, c := range part.Columns {
		part.Meaning[c] = heldTables().purposeOf(h.Table, c)
	}
	return part, err
}

// Erased says what was erased of a person.
type Erased struct {
	District roster.DistrictID `json:"district"`
	Person   roster.PersonID   `json:"person"` // an id that names nobody any more
	At       time.Time         `json:"at"`
	Because  string            `json:"because"`
	Rows     map[string]int64  `json:"rows"` // by table
	Left     string            `json:"left"` // what stays, in words
}

const erasedLeft = "The audit log and the log of looks at records, which name people by id alone; ids in lists of past proposals and plans of flex time, and in past groups of a class, there with what they were put together by; what the person wrote in the records of others, by id; backups that are not sealed, until they are replaced by newer ones; and sealed ones, which nobody can read for this person once the key ring has been written again."

// Holds returns whose records must not be erased.
func (db *DB) Holds(ctx context.Context, d roster.DistrictID) ([]guard.Hold, error) {
	return many(ctx, db, func(row func(...any) error) (h guard.Hold, err error) {
		var at int64
		err = row(&h.Person, &h.Because, &h.Author, &at)
		h.At = moment(at)
		return h, err
	}, `SELECT person, because, author, at FROM legal_hold WHERE district = $1 AND lifted = 0 ORDER BY at, person`, d)
}

// SetHold keeps a person's record, or no longer.
func (db *DB) SetHold(ctx context.Context, d roster.DistrictID, h guard.Hold, lift bool) error {
	if lift {
		n, err := db.exec(ctx, `UPDATE legal_hold SET lifted = $3 WHERE district = $1 AND person = $2 AND lifted = 0`, d, h.Person, micros(db.now()))
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "This record is not held.")
		}
		return err
	}
	if strings.TrimSpace(h.Because) == "" {
		return fault.Field("because", "Say why the record is held.")
	}
	_, err := db.exec(ctx, `INSERT INTO legal_hold (district, person, id, because, author, at, lifted) VALUES ($1, $2, $3, $4, $5, $6, 0)`, d, h.Person, newID(), h.Because, h.Author, micros(db.now()))
	return err
}

// Erase takes away all that is held about a person, in one piece; what a file once said of them
// too, so that undoing an import does not bring them back. A record that is held is refused.
func (db *DB) Erase(ctx context.Context, d roster.DistrictID, p roster.PersonID, because string) (e Erased, err error) {
	if strings.TrimSpace(because) == "" {
		return e, fault.Field("because", "Say why the record is erased.")
	}
	e = Erased{District: d, Person: p, At: db.now().UTC(), Because: because, Rows: map[string]int64{}, Left: erasedLeft}
	return e, db.appending(ctx, d, func(tx *DB) error {
		if _, err := tx.Person(ctx, d, p); err != nil {
			return err
		}
		holds, err := tx.Holds(ctx, d)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(holds, func(h guard.Hold) bool { return h.Person == p }); i >= 0 {
			return fault.New(fault.Forbidden, "This record is held since %s: %s. It cannot be erased until that is lifted.", holds[i].At.Format(time.DateOnly), holds[i].Because)
		}
		ids, err := tx.mergedInto(ctx, d, p)
		if err != nil {
			return err
		}
		for _, id := range append(ids, p) {
			if err := tx.eraseID(ctx, &e, id); err != nil {
				return err
			}
		}
		if err := tx.forgetSamples(ctx, d); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM person_key WHERE district = $1 AND person = $2`, d, keyOfImports); err != nil {
			return err
		}
		return tx.recordDeed(ctx, guard.Deed{District: d, What: "erase", On: string(p), Detail: because})
	})
}

// mergedInto returns the ids of records that were made one with a person's: they hold the same
// human being.
func (db *DB) mergedInto(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.PersonID, error) {
	return many(ctx, db, value[roster.PersonID], `SELECT p.id FROM person p WHERE p.district = $1 AND p.id <> $2 AND p.source IN (SELECT a.id FROM person_alias a WHERE a.district = $1 AND a.person = $2) ORDER BY p.id`, d, p)
}

// eraseID takes away what one id names. Logs stay: they name by id alone, and verify themselves.
func (db *DB) eraseID(ctx context.Context, e *Erased, id roster.PersonID) error {
	for _, h := range aboutPeople() {
		if h.Keep == KeepLog {
			continue
		}
		for _, name := range h.tables() {
			n, err := db.exec(ctx, `DELETE FROM `+name+` WHERE `+h.whose(), e.District, id)
			if err != nil {
				return fmt.Errorf("erase %s: %w", name, err)
			}
			if n > 0 {
				e.Rows[name] += n
			}
		}
	}
	for name, query := range map[string]string{
		"evidence_intake": `DELETE FROM evidence_intake WHERE district = $1 AND student = $2`,
		"guardian":        `DELETE FROM guardian WHERE district = $1 AND guardian = $2`,
		"guardian_intake": `DELETE FROM guardian_intake WHERE district = $1 AND guardian = $2`,
		"mentor":          `DELETE FROM mentor WHERE district = $1 AND person = $2`,
		"plan_signature":  `UPDATE plan_signature SET name = '' WHERE district = $1 AND signer = $2`,
	} {
		n, err := db.exec(ctx, query, e.District, id)
		if err != nil {
			return err
		}
		if n > 0 {
			e.Rows[name] += n
		}
	}
	return nil
}

// forgetSamples takes the samples and problems out of what past imports said: they may name anybody.
// The counts stay.
func (db *DB) forgetSamples(ctx context.Context, d roster.DistrictID) error {
	runs, err := many(ctx, db, func(row func(...any) error) (r [2]string, err error) { return r, row(&r[0], &r[1]) }, `SELECT id, summary FROM intake_run WHERE district = $1 AND summary <> ''`, d)
	if err != nil {
		return err
	}
	for _, r := range runs {
		var sum intake.Summary
		if err := json.Unmarshal([]byte(r[1]), &sum); err != nil {
			return err
		}
		for i := range sum.Tables {
			sum.Tables[i].Samples = nil
		}
		sum.ProblemsLeftOut += len(sum.Problems)
		sum.Problems = []fault.Problem{}
		text, err := json.Marshal(sum)
		if err != nil {
			return err
		}
		if _, err := db.exec(ctx, `UPDATE intake_run SET summary = $3 WHERE district = $1 AND id = $2`, d, r[0], string(text)); err != nil {
			return err
		}
	}
	return nil
}

// LeftBefore returns the students who are on no roster any more since before a day, and whose
// records nobody holds.
func (db *DB) LeftBefore(ctx context.Context, d roster.DistrictID, day time.Time) ([]roster.PersonID, error) {
	return many(ctx, db, value[roster.PersonID], `SELECT p.id FROM person p WHERE p.district = $1 AND NOT p.active AND p.ended > 0 AND p.ended < $2
		AND EXISTS (SELECT 1 FROM role r WHERE r.district = $1 AND r.person = p.id AND r.role = 'student')
		AND NOT EXISTS (SELECT 1 FROM role r WHERE r.district = $1 AND r.person = p.id AND r.role <> 'student' AND r.active)
		AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.district = $1 AND h.person = p.id AND h.lifted = 0) ORDER BY p.id`, d, micros(day))
}
