package store

import (
	"cmp"
	"context"
	"strings"

	"waymark/internal/roster"
)

// PeopleDone matches the users of this run with known people and with each other.
// A user is a known person if both carry the same master identifier, or the same
// identifier and one of the same names; two users of one file are one person if both
// carry the same identifier and name. An identifier alone may belong to a pupil here
// and a teacher there. The person keeps the id they had first, and
// with it their history.
func (s *stager) PeopleDone(ctx context.Context) error {
	if s.peopleIn || s.buffers["person"] == nil {
		s.peopleIn = true
		return nil
	}
	s.peopleIn = true
	for _, t := range []string{"person", "guardian"} {
		if err := s.settle(t); err != nil {
			return err
		}
	}
	// Without this, PostgreSQL plans for a handful of rows.
	if _, err := s.db.exec(ctx, `ANALYZE person_intake`); err != nil {
		return err
	}
	type match struct {
		id, source, other, because string
		otherNew                   bool
	}
	// A known person first, then one of the same file with the lower id. A staged
	// person who is known under their own id is never given another. CROSS JOIN and
	// side || '' keep SQLite, which knows nothing of rows just staged, on the index of
	// identifiers: any other way compares everybody with everybody.
	matches, err := many(ctx, s.db, func(row func(...any) error) (m match, err error) {
		return m, row(&m.id, &m.source, &m.other, &m.because, &m.otherNew)
	}, `WITH fresh AS MATERIALIZED (SELECT i.id, i.source, i.identifier, i.master_identifier, i.given, i.family, i.name_fold FROM person_intake i
			WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active AND (i.identifier <> '' OR i.master_identifier <> '')
			AND NOT EXISTS (SELECT 1 FROM person k WHERE k.district = i.district AND k.id = i.id))
		SELECT i.id, i.source, b.id, 'same master identifier', FALSE FROM fresh i CROSS JOIN person b
		WHERE i.master_identifier <> '' AND b.district = $1 AND b.master_identifier = i.master_identifier AND b.id <> i.id
		UNION SELECT i.id, i.source, b.id, 'same identifier and name', FALSE FROM fresh i CROSS JOIN person b
		WHERE i.identifier <> '' AND b.district = $1 AND b.identifier = i.identifier AND b.id <> i.id
			AND NOT (i.master_identifier <> '' AND b.master_identifier = i.master_identifier)
			AND (i.given = b.given OR i.family = b.family OR i.name_fold = b.name_fold)
		UNION SELECT i.id, i.source, b.id, CASE WHEN i.master_identifier <> '' AND i.master_identifier = b.master_identifier
			THEN 'same master identifier' ELSE 'same identifier and name' END, TRUE FROM fresh i CROSS JOIN person_intake b
		WHERE i.identifier IN (SELECT t.identifier FROM person_intake t WHERE t.district = $1 AND t.run = $2 AND t.side = 'new' AND t.active AND t.identifier <> ''
				GROUP BY t.identifier HAVING count(*) > 1)
			AND b.district = $1 AND b.run = $2 AND b.side || '' = 'new' AND b.active AND b.identifier = i.identifier AND b.id < i.id
			AND (i.master_identifier <> '' AND b.master_identifier = i.master_identifier OR i.name_fold = b.name_fold)
		ORDER BY 5, 1, 3`, s.district, s.run)
	if err != nil {
		return err
	}
	moved := map[string]string{} // staged id → the person it is
	for _, m := range matches {
		if _, done := moved[m.id]; done {
			continue
		}
		to := m.other
		for moved[to] != "" {
			to = moved[to]
		}
		if to == m.id {
			continue
		}
		moved[m.id] = to
		s.aliases[m.source] = roster.PersonID(to)
		if err := s.put("person_alias", m.source, 0, true, to, m.because); err != nil {
			return err
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return s.db.bulk(ctx, func(tx *DB) error {
		for from, to := range moved {
			// The person's own record in this file, if there is one, is the one that counts.
			if _, err := tx.exec(ctx, `DELETE FROM person_intake WHERE district = $1 AND run = $2 AND side = 'new' AND id = $3
				AND EXISTS (SELECT 1 FROM person_intake o WHERE o.district = $1 AND o.run = $2 AND o.side = 'new' AND o.id = $4)`,
				s.district, s.run, from, to); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, `UPDATE person_intake SET id = $4 WHERE district = $1 AND run = $2 AND side = 'new' AND id = $3`,
				s.district, s.run, from, to); err != nil {
				return err
			}
		}
		return s.moveGuardians(ctx, tx, moved)
	})
}

// moveGuardians gives staged pairs the ids of the people that their ends are. Nobody
// is moved to somebody who is moved, so that a pair which is met again stays.
func (s *stager) moveGuardians(ctx context.Context, tx *DB, moved map[string]string) error {
	const page = 5000
	for last, n := "", page; n == page; {
		pairs, err := many(ctx, tx, func(row func(...any) error) (p [3]string, err error) { return p, row(&p[0], &p[1], &p[2]) },
			`SELECT id, student, guardian FROM guardian_intake WHERE district = $1 AND run = $2 AND side = 'new' AND id > $3 ORDER BY id LIMIT $4`,
			s.district, s.run, last, page)
		if err != nil {
			return err
		}
		n = len(pairs)
		for _, p := range pairs {
			last = p[0]
			a, b := cmp.Or(moved[p[1]], p[1]), cmp.Or(moved[p[2]], p[2])
			if a > b {
				a, b = b, a
			}
			if a == p[1] && b == p[2] {
				continue
			}
			if _, err := tx.exec(ctx, `DELETE FROM guardian_intake WHERE district = $1 AND run = $2 AND side = 'new' AND id = $3`,
				s.district, s.run, strings.Join([]string{a, b}, "|")); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, `UPDATE guardian_intake SET id = $4, student = $5, guardian = $6
				WHERE district = $1 AND run = $2 AND side = 'new' AND id = $3`, s.district, s.run, p[0], a+"|"+b, a, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// orientGuardians makes the one who is a student the student of each staged pair.
func (s *stager) orientGuardians(ctx context.Context) error {
	_, err := s.db.exec(ctx, `UPDATE guardian_intake SET student = guardian, guardian = student
		WHERE district = $1 AND run = $2 AND side = 'new'
		AND EXISTS (SELECT 1 FROM role_intake r WHERE r.district = $1 AND r.run = $2 AND r.side = 'new' AND r.person = guardian_intake.guardian AND r.role = 'student'
			UNION ALL SELECT 1 FROM role r WHERE r.district = $1 AND r.person = guardian_intake.guardian AND r.role = 'student' AND r.active)
		AND NOT EXISTS (SELECT 1 FROM role_intake r WHERE r.district = $1 AND r.run = $2 AND r.side = 'new' AND r.person = guardian_intake.student AND r.role = 'student'
			UNION ALL SELECT 1 FROM role r WHERE r.district = $1 AND r.person = guardian_intake.student AND r.role = 'student' AND r.active)`,
		s.district, s.run)
	return err
}
