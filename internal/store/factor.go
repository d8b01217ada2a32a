package store

import (
	"context"
	"slices"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// SecondFactor returns of whom of a district a second proof is asked.
func (db *DB) SecondFactor(ctx context.Context, d roster.DistrictID) (guard.SecondFactor, error) {
	return one(ctx, db, value[guard.SecondFactor], `SELECT coalesce(max(second_factor), '') FROM district WHERE id = $1`, d)
}

// SetSecondFactor keeps of whom of a district a second proof is asked.
func (db *DB) SetSecondFactor(ctx context.Context, d roster.DistrictID, f guard.SecondFactor) error {
	_, err := db.exec(ctx, `UPDATE district SET second_factor = $2 WHERE id = $1`, d, f)
	return err
}

// Factors returns a person's second proofs, oldest first.
func (db *DB) Factors(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.Factor, error) {
	return many(ctx, db, func(row func(...any) error) (f guard.Factor, err error) {
		var made, used int64
		err = row(&f.ID, &f.Kind, &f.Name, &f.Secret, &made, &used, &f.Step)
		f.Made, f.Used = moment(made), moment(used)
		return f, err
	}, `SELECT id, kind, name, secret, made, used, step FROM second_factor WHERE district = $1 AND person = $2 ORDER BY made, id`, d, p)
}

// AddFactors keeps new second proofs; codes on paper take the place of older ones.
func (db *DB) AddFactors(ctx context.Context, d roster.DistrictID, p roster.PersonID, factors []guard.Factor) error {
	return db.Tx(ctx, func(tx *DB) error {
		for _, f := range factors {
			if f.Kind != guard.Recovery {
				continue
			}
			if _, err := tx.exec(ctx, `DELETE FROM second_factor WHERE district = $1 AND person = $2 AND kind = 'recovery'`, d, p); err != nil {
				return err
			}
			break
		}
		for _, f := range factors {
			if _, err := tx.exec(ctx, `INSERT INTO second_factor (district, person, id, kind, name, secret, made, used, step) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				d, p, newID(), f.Kind, f.Name, f.Secret, micros(tx.now()), micros(f.Used), f.Step); err != nil {
				return err
			}
		}
		return nil
	})
}

// UseFactor keeps that a second proof was given, as guard returned it; a fault of kind Conflict if
// the same was used meanwhile: of two who type one code, one is let in.
func (db *DB) UseFactor(ctx context.Context, d roster.DistrictID, p roster.PersonID, f guard.Factor) error {
	n, err := db.exec(ctx, `UPDATE second_factor SET used = $4, step = $5, secret = $6 WHERE district = $1 AND person = $2 AND id = $3
		AND (kind = 'passkey' OR kind = 'totp' AND step < $5 OR kind = 'recovery' AND used = 0)`, d, p, f.ID, micros(f.Used), f.Step, f.Secret)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "This code was used already. Wait for the next one.")
	}
	return err
}

// RemoveFactor takes one second proof away, and codes on paper with the last of the others.
func (db *DB) RemoveFactor(ctx context.Context, d roster.DistrictID, p roster.PersonID, id string) error {
	return db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `DELETE FROM second_factor WHERE district = $1 AND person = $2 AND id = $3`, d, p, id)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "This is not there any more.")
		}
		if err != nil {
			return err
		}
		left, err := tx.Factors(ctx, d, p)
		if err == nil && !guard.Twice(left) {
			err = tx.RemoveFactors(ctx, d, p)
		}
		return err
	})
}

// RemoveFactors takes all second proofs of a person away.
func (db *DB) RemoveFactors(ctx context.Context, d roster.DistrictID, p roster.PersonID) error {
	_, err := db.exec(ctx, `DELETE FROM second_factor WHERE district = $1 AND person = $2`, d, p)
	return err
}

// Without returns how many adults of a district of whom a rule would ask a second proof have none.
func (db *DB) Without(ctx context.Context, d roster.DistrictID, rule guard.SecondFactor) (without, all int, err error) {
	roles := map[roster.PersonID][]roster.Role{}
	if _, err := many(ctx, db, func(row func(...any) error) (struct{}, error) {
		var p roster.PersonID
		var word string
		err := row(&p, &word)
		if r, ok := roster.RoleOf(word); ok {
			roles[p] = append(roles[p], r)
		}
		return struct{}{}, err
	}, `SELECT person, role FROM role WHERE district = $2 AND active AND `+onDay+` UNION SELECT person, role FROM enrollment WHERE district = $2 AND active AND `+onDay+` AND role <> 'student' ORDER BY 1, 2`, db.today(), d); err != nil {
		return 0, 0, err
	}
	proves, err := many(ctx, db, value[roster.PersonID], `SELECT DISTINCT person FROM second_factor WHERE district = $1 AND kind <> 'recovery'`, d)
	for p, has := range roles {
		if rule.Asks(guard.Actor{Roles: has}) {
			all++
			if !slices.Contains(proves, p) {
				without++
			}
		}
	}
	return without, all, err
}

// EndUnproved ends the sessions of those of whom a rule asks a second proof and who have given none.
func (db *DB) EndUnproved(ctx context.Context, d roster.DistrictID, rule guard.SecondFactor) error {
	people, err := many(ctx, db, value[roster.PersonID], `SELECT DISTINCT person FROM session WHERE district = $1 AND proved = 0 ORDER BY 1`, d)
	for _, p := range people {
		roles, err := db.Roles(ctx, d, p)
		if err != nil {
			return err
		}
		if !rule.Asks(guard.Actor{Roles: roles}) {
			continue
		}
		if _, err := db.exec(ctx, `DELETE FROM session WHERE district = $1 AND person = $2 AND proved = 0`, d, p); err != nil {
			return err
		}
	}
	return err
}

// OutsideIdentity returns who somebody is whom another service has signed in; a fault of kind
// NotFound if that was never said.
func (db *DB) OutsideIdentity(ctx context.Context, d roster.DistrictID, issuer, subject string) (guard.Account, error) {
	return one(ctx, db, func(row func(...any) error) (a guard.Account, err error) { return a, row(&a.District, &a.Person) },
		`SELECT o.district, o.person FROM outside_identity o JOIN person p ON p.district = o.district AND p.id = o.person AND p.active AND p.enabled
		WHERE o.district = $1 AND o.issuer = $2 AND o.subject = $3`, d, issuer, subject)
}

// OutsideIdentities returns by which other services a person signs in: issuers, and since when.
func (db *DB) OutsideIdentities(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.Identity, error) {
	return many(ctx, db, func(row func(...any) error) (i guard.Identity, err error) {
		var linked, used int64
		err = row(&i.Issuer, &i.Subject, &linked, &used)
		i.Linked, i.Used = moment(linked), moment(used)
		return i, err
	}, `SELECT issuer, subject, linked, used FROM outside_identity WHERE district = $1 AND person = $2 ORDER BY linked, issuer, subject`, d, p)
}

// LinkIdentity keeps who somebody is to another service.
func (db *DB) LinkIdentity(ctx context.Context, d roster.DistrictID, p roster.PersonID, issuer, subject string) error {
	now := micros(db.now())
	_, err := db.exec(ctx, `INSERT INTO outside_identity (district, person, issuer, subject, linked, used) VALUES ($1, $2, $3, $4, $5, $5)`, d, p, issuer, subject, now)
	return err
}

// UseIdentity keeps that somebody signed in by another service.
func (db *DB) UseIdentity(ctx context.Context, d roster.DistrictID, issuer, subject string) error {
	_, err := db.exec(ctx, `UPDATE outside_identity SET used = $4 WHERE district = $1 AND issuer = $2 AND subject = $3`, d, issuer, subject, micros(db.now()))
	return err
}

// UnlinkIdentities forgets who a person is to a service.
func (db *DB) UnlinkIdentities(ctx context.Context, d roster.DistrictID, p roster.PersonID, issuer string) error {
	_, err := db.exec(ctx, `DELETE FROM outside_identity WHERE district = $1 AND person = $2 AND issuer = $3`, d, p, issuer)
	return err
}

// PeopleKnownBy returns the people of a district whom the roster knows by an e-mail address, user
// name, identifier or sourced id, at most two: more than one is nobody in particular.
func (db *DB) PeopleKnownBy(ctx context.Context, d roster.DistrictID, key guard.RosterKey, value string) ([]roster.Person, error) {
	return many(ctx, db, scanPerson, `SELECT `+personColumns+` FROM person p WHERE p.district = $1 AND p.active AND p.enabled AND $2 <> '' AND CASE $3
		WHEN 'email' THEN lower(p.email) = lower($2) WHEN 'username' THEN p.username_fold = $4 WHEN 'identifier' THEN p.identifier = $2
		WHEN 'sourcedId' THEN p.source = $2 OR EXISTS (SELECT 1 FROM person_alias a WHERE a.district = p.district AND a.id = $2 AND a.person = p.id)
		ELSE FALSE END ORDER BY p.id LIMIT 2`, d, value, key, fold(value))
}
