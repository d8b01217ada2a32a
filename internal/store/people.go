package store

import (
	"context"
	"strings"

	"waymark/internal/roster"
)

// PeopleDone matches the users of this run with known people and with each other.
// Two user records are one person if they carry the same master identifier, or
// the same identifier and one of the same names: an identifier alone may belong to
// a pupil here and a teacher there. The person keeps the id they had first, and
// with it their history.
func (s *stager) PeopleDone(ctx context.Context) error {
	if s.peopleIn || s.buffers["person"] == nil {
		s.peopleIn = true
		return nil
	}
	s.peopleIn = true
	for _, t := range []string{"person", "guardian"} {
		if err := s.flush(t); err != nil {
			return err
		}
	}
	type match struct {
		id, source, other, because string
		otherNew                   bool
	}
	// A known person first, then one of the same file with the lower id. A staged
	// person who is known under their own id is never given another.
	matches, err := many(ctx, s.db, func(row func(...any) error) (m match, err error) {
		return m, row(&m.id, &m.source, &m.other, &m.because, &m.otherNew)
	}, `SELECT i.id, i.source, b.id, CASE WHEN i.master_identifier <> '' AND i.master_identifier = b.master_identifier
			THEN 'same master identifier' ELSE 'same identifier and name' END, FALSE
		FROM person_intake i JOIN person b ON b.district = i.district AND b.id <> i.id
			AND (i.identifier <> '' AND b.identifier = i.identifier OR i.master_identifier <> '' AND b.master_identifier = i.master_identifier)
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active
			AND NOT EXISTS (SELECT 1 FROM person k WHERE k.district = i.district AND k.id = i.id)
			AND (i.master_identifier <> '' AND b.master_identifier = i.master_identifier
				OR i.given = b.given OR i.family = b.family OR i.name_fold = b.name_fold)
		UNION ALL
		SELECT i.id, i.source, b.id, CASE WHEN i.master_identifier <> '' AND i.master_identifier = b.master_identifier
			THEN 'same master identifier' ELSE 'same identifier and name' END, TRUE
		FROM person_intake i JOIN person_intake b ON b.district = i.district AND b.run = i.run AND b.side = 'new' AND b.active AND b.id < i.id
			AND i.identifier <> '' AND b.identifier = i.identifier
		WHERE i.district = $1 AND i.run = $2 AND i.side = 'new' AND i.active
			AND NOT EXISTS (SELECT 1 FROM person k WHERE k.district = i.district AND k.id = i.id)
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

// moveGuardians gives staged pairs the ids of the people that their ends are.
func (s *stager) moveGuardians(ctx context.Context, tx *DB, moved map[string]string) error {
	for from, to := range moved {
		pairs, err := many(ctx, tx, func(row func(...any) error) (p [3]string, err error) { return p, row(&p[0], &p[1], &p[2]) },
			`SELECT id, student, guardian FROM guardian_intake WHERE district = $1 AND run = $2 AND side = 'new' AND (student = $3 OR guardian = $3) ORDER BY id`,
			s.district, s.run, from)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			a, b := p[1], p[2]
			if a == from {
				a = to
			} else {
				b = to
			}
			if a > b {
				a, b = b, a
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
