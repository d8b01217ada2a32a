package store

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"time"

	"waymark/internal/guard"
	"waymark/internal/roster"
)

const deedColumns = `number, at, actor, what, on_whom, detail, previous, digest`

func scanDeed(row func(...any) error) (d guard.Deed, err error) {
	var at int64
	err = row(&d.Number, &at, &d.Actor, &d.What, &d.On, &d.Detail, &d.Previous, &d.Digest)
	d.At = moment(at)
	return d, err
}

// lastDeed returns the latest entry of a district's audit log; the zero Deed where there is none.
func (db *DB) lastDeed(ctx context.Context, d roster.DistrictID) (guard.Deed, error) {
	list, err := many(ctx, db, scanDeed, `SELECT `+deedColumns+` FROM audit WHERE district = $1 ORDER BY number DESC LIMIT 1`, d)
	if err != nil || len(list) == 0 {
		return guard.Deed{}, err
	}
	return list[0], nil
}

// RecordDeed appends to a district's audit log: who did what, with what, now.
func (db *DB) RecordDeed(ctx context.Context, x guard.Deed) error {
	return db.appending(ctx, x.District, func(tx *DB) error { return tx.recordDeed(ctx, x) })
}

// appending runs what appends to a district's log: one after the other, so that the next number is
// free. The embedded database has one writer anyway.
func (db *DB) appending(ctx context.Context, d roster.DistrictID, f func(tx *DB) error) error {
	return db.bulk(ctx, func(tx *DB) error {
		if tx.dialect.bulk {
			if _, err := tx.exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('audit ' || $1))`, d); err != nil {
				return err
			}
		}
		return f(tx)
	})
}

func (db *DB) recordDeed(ctx context.Context, x guard.Deed) error {
	last, err := db.lastDeed(ctx, x.District)
	if err != nil {
		return err
	}
	x.Number, x.Previous, x.At = last.Number+1, last.Digest, moment(micros(db.now()))
	x = x.Sealed()
	_, err = db.exec(ctx, `INSERT INTO audit (district, number, at, actor, what, on_whom, detail, previous, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		x.District, x.Number, micros(x.At), x.Actor, x.What, x.On, x.Detail, x.Previous, x.Digest)
	return err
}

// readsSealed digests the looks at records that an entry seals.
func (db *DB) readsSealed(ctx context.Context, d roster.DistrictID, number int64) (guard.Reads, error) {
	var sum guard.DigestReads
	_, err := many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var id string
		var at int64
		a := guard.Access{District: d}
		err = row(&id, &at, &a.Student, &a.Actor, &a.Relation, &a.What)
		a.At = moment(at)
		sum.Add(id, a)
		return struct{}{}, err
	}, `SELECT id, at, student, actor, relation, what FROM access_log WHERE district = $1 AND sealed = $2 ORDER BY at, id`, d, number)
	return sum.Sum(), err
}

// SealReads seals the looks at records that were written down since the last time, so that none
// of them can be changed or taken out unseen.
func (db *DB) SealReads(ctx context.Context, d roster.DistrictID) error {
	return db.appending(ctx, d, func(tx *DB) error {
		last, err := tx.lastDeed(ctx, d)
		if err != nil {
			return err
		}
		// Marked first and digested then, so that what comes in meanwhile waits for the next time.
		n, err := tx.exec(ctx, `UPDATE access_log SET sealed = $2 WHERE district = $1 AND sealed = 0`, d, last.Number+1)
		if err != nil || n == 0 {
			return err
		}
		reads, err := tx.readsSealed(ctx, d, last.Number+1)
		if err != nil {
			return err
		}
		detail, err := json.Marshal(reads)
		if err != nil {
			return err
		}
		return tx.recordDeed(ctx, guard.Deed{District: d, What: guard.SealReads, Detail: string(detail)})
	})
}

// Deeds returns entries of a district's audit log from a number on.
func (db *DB) Deeds(ctx context.Context, d roster.DistrictID, from int64, most int) ([]guard.Deed, error) {
	list, err := many(ctx, db, scanDeed, `SELECT `+deedColumns+` FROM audit WHERE district = $1 AND number >= $2 ORDER BY number LIMIT $3`, d, from, int64(most))
	for i := range list {
		list[i].District = d
	}
	return list, err
}

// LatestDeeds returns entries of a district's audit log before a number, or the last ones where that is
// 0; only those of one person, where one is named; latest first.
func (db *DB) LatestDeeds(ctx context.Context, d roster.DistrictID, before int64, actor roster.PersonID, most int) ([]guard.Deed, error) {
	return many(ctx, db, scanDeed, `SELECT `+deedColumns+` FROM audit WHERE district = $1 AND ($2 = CAST(0 AS BIGINT) OR number < $2) AND ($3 = '' OR actor = $3) ORDER BY number DESC LIMIT $4`, d, before, string(actor), int64(most))
}

// DeedsCalled returns the entries of one kind since a moment, the latest first.
func (db *DB) DeedsCalled(ctx context.Context, d roster.DistrictID, what string, since time.Time) ([]guard.Deed, error) {
	return many(ctx, db, scanDeed, `SELECT `+deedColumns+` FROM audit WHERE district = $1 AND what = $2 AND at >= $3 ORDER BY number DESC`, d, what, micros(since))
}

// SignCheckpoint seals the looks at records and signs the state of a district's audit log.
func (db *DB) SignCheckpoint(ctx context.Context, d roster.DistrictID, key ed25519.PrivateKey) (guard.Checkpoint, error) {
	if err := db.SealReads(ctx, d); err != nil {
		return guard.Checkpoint{}, err
	}
	last, err := db.lastDeed(ctx, d)
	if err != nil {
		return guard.Checkpoint{}, err
	}
	c := guard.Checkpoint{District: d, Number: last.Number, Digest: last.Digest, At: moment(micros(db.now()))}.Sign(key)
	_, err = db.exec(ctx, `INSERT INTO audit_checkpoint (district, number, digest, at, key, signature) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (district, number, key) DO NOTHING`,
		d, c.Number, c.Digest, micros(c.At), c.Key, c.Signature)
	return c, err
}

// Checkpoints returns the signed states that the database holds itself.
func (db *DB) Checkpoints(ctx context.Context, d roster.DistrictID) ([]guard.Checkpoint, error) {
	return many(ctx, db, func(row func(...any) error) (c guard.Checkpoint, err error) {
		var at int64
		err = row(&c.Number, &c.Digest, &at, &c.Key, &c.Signature)
		c.District, c.At = d, moment(at)
		return c, err
	}, `SELECT number, digest, at, key, signature FROM audit_checkpoint WHERE district = $1 ORDER BY number, key`, d)
}

const deedsAtOnce = 5000

// VerifyAudit holds a district's audit log against itself, against the looks at records, and
// against checkpoints: those that the database holds, and others that were kept elsewhere.
func (db *DB) VerifyAudit(ctx context.Context, d roster.DistrictID, elsewhere []guard.Checkpoint) (v guard.Auditor, err error) {
	return v, db.Snapshot(ctx, func(tx *DB) error {
		own, err := tx.Checkpoints(ctx, d)
		if err != nil {
			return err
		}
		v.Checkpoints = append(own, elsewhere...)
		v.Reads = func(number int64) (guard.Reads, error) { return tx.readsSealed(ctx, d, number) }
		for from := int64(0); ; {
			list, err := tx.Deeds(ctx, d, from, deedsAtOnce)
			if err != nil {
				return err
			}
			for _, x := range list {
				if err := v.Next(x); err != nil {
					return err
				}
				from = x.Number + 1
			}
			if len(list) < deedsAtOnce {
				break
			}
		}
		v.Done()
		return nil
	})
}
