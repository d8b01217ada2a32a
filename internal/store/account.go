package store

import (
	"context"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// Districts returns all districts, by id.
func (db *DB) Districts(ctx context.Context) ([]roster.District, error) {
	return many(ctx, db, func(row func(...any) error) (d roster.District, err error) {
		return d, row(&d.ID, &d.Name)
	}, `SELECT id, name FROM district ORDER BY id`)
}

// EnsureDistrict makes a district if there is none of that id. It has no estimates yet, so
// they are up to date with the running model: the next start has nothing to bring up to date.
func (db *DB) EnsureDistrict(ctx context.Context, d roster.District) error {
	return db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `INSERT INTO district (id, name, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, d.ID, d.Name, micros(db.now())); err != nil {
			return err
		}
		m, err := tx.Model(ctx, d.ID)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `INSERT INTO learner_fold (district, model) VALUES ($1, $2) ON CONFLICT DO NOTHING`, d.ID, m.Name())
		return err
	})
}

// AccountsNamed returns the accounts with a user name, of any district.
func (db *DB) AccountsNamed(ctx context.Context, username string) ([]guard.Account, error) {
	return many(ctx, db, func(row func(...any) error) (a guard.Account, err error) {
		return a, row(&a.District, &a.Person, &a.Hash)
	}, `SELECT p.district, p.id, c.hash FROM person p JOIN credential c ON c.district = p.district AND c.person = p.id AND c.kind = 'password'
		WHERE p.username_fold = $1 AND p.active AND p.enabled ORDER BY p.district, p.id LIMIT 5`, fold(username))
}

// SetSecret keeps the hash of a password or code.
func (db *DB) SetSecret(ctx context.Context, d roster.DistrictID, p roster.PersonID, kind, hash string, author roster.PersonID) error {
	_, err := db.exec(ctx, `INSERT INTO credential (district, person, kind, hash, set_at, author) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (district, person, kind) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at, author = excluded.author`,
		d, p, kind, hash, micros(db.now()), author)
	return err
}

// Secret returns the hash of a person's secret of a kind, or empty.
func (db *DB) Secret(ctx context.Context, d roster.DistrictID, p roster.PersonID, kind string) (string, error) {
	h, err := one(ctx, db, value[string], `SELECT c.hash FROM credential c JOIN person p ON p.district = c.district AND p.id = c.person
		WHERE c.district = $1 AND c.person = $2 AND c.kind = $3 AND p.active AND p.enabled`, d, p, kind)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	return h, err
}

// Secrets returns which of a class's students have which kinds of secret.
func (db *DB) Secrets(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[roster.PersonID][]string, error) {
	out := map[roster.PersonID][]string{}
	_, err := many(ctx, db, func(row func(...any) error) (struct{}, error) {
		var p roster.PersonID
		var kind string
		err := row(&p, &kind)
		out[p] = append(out[p], kind)
		return struct{}{}, err
	}, `SELECT c.person, c.kind FROM credential c JOIN enrollment e ON e.district = c.district AND e.person = c.person
		WHERE c.district = $1 AND e.class = $2 AND e.role = 'student' AND e.active ORDER BY c.person, c.kind`, d, class)
	return out, err
}

// OpenSession keeps a new session.
func (db *DB) OpenSession(ctx context.Context, s guard.Session) error {
	now := micros(db.now())
	_, err := db.exec(ctx, `INSERT INTO session (hash, district, person, created, seen, expires, device, waits, proved, challenge) VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, '')`,
		s.Hash, s.Actor.District, s.Actor.Person, now, micros(s.Expires), s.Device, s.Waits, micros(s.Proved))
	return err
}

const sessionColumns = `s.hash, s.district, s.person, s.created, s.seen, s.expires, s.device, s.waits, s.proved, s.challenge,
	CASE WHEN p.preferred_given <> '' THEN p.preferred_given ELSE p.given END || ' ' || CASE WHEN p.preferred_family <> '' THEN p.preferred_family ELSE p.family END
	FROM session s JOIN person p ON p.district = s.district AND p.id = s.person AND p.active AND p.enabled`

func scanSession(row func(...any) error) (s guard.Session, err error) {
	var created, seen, expires, proved int64
	err = row(&s.Hash, &s.Actor.District, &s.Actor.Person, &created, &seen, &expires, &s.Device, &s.Waits, &proved, &s.Challenge, &s.Actor.Name)
	s.Created, s.Seen, s.Expires, s.Proved = moment(created), moment(seen), moment(expires), moment(proved)
	return s, err
}

// Session returns a session that has not expired and was used within idle, and who holds it; a
// fault of kind Unauthenticated if there is none. One that was used much later than now is of a clock
// that was wrong.
func (db *DB) Session(ctx context.Context, hash string, idle time.Duration) (guard.Session, error) {
	now := db.now()
	s, err := one(ctx, db, scanSession, `SELECT `+sessionColumns+` WHERE s.hash = $1 AND s.expires > $2 AND s.seen > $3 AND s.seen < $4`, hash, micros(now), micros(now.Add(-idle)), micros(now.Add(idle)))
	if fault.KindOf(err) == fault.NotFound {
		return s, fault.New(fault.Unauthenticated, "Please sign in.")
	}
	if err != nil {
		return s, err
	}
	if now.Sub(s.Seen).Abs() > time.Minute {
		// Where nothing can be written, what is there can still be read.
		if _, err := db.exec(ctx, `UPDATE session SET seen = $2 WHERE hash = $1`, hash, micros(now)); err != nil && fault.KindOf(err) != fault.Unavailable {
			return s, err
		}
	}
	s.Actor.Roles, err = db.Roles(ctx, s.Actor.District, s.Actor.Person)
	return s, err
}

// Sessions returns a person's sessions that have not expired, latest used first.
func (db *DB) Sessions(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.Session, error) {
	return many(ctx, db, scanSession, `SELECT `+sessionColumns+` WHERE s.district = $1 AND s.person = $2 AND s.expires > $3 ORDER BY s.seen DESC, s.hash`, d, p, micros(db.now()))
}

// CloseSession ends a session.
func (db *DB) CloseSession(ctx context.Context, hash string) error {
	_, err := db.exec(ctx, `DELETE FROM session WHERE hash = $1 OR expires < $2`, hash, micros(db.now()))
	return err
}

// CloseSessions ends all sessions of a person but one, and makes links that were not used worth
// nothing; it returns how many sessions there were.
func (db *DB) CloseSessions(ctx context.Context, d roster.DistrictID, p roster.PersonID, but string) (n int64, err error) {
	return n, db.Tx(ctx, func(tx *DB) error {
		if n, err = tx.exec(ctx, `DELETE FROM session WHERE district = $1 AND person = $2 AND hash <> $3`, d, p, but); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM signin_link WHERE district = $1 AND person = $2 AND used_at = 0`, d, p)
		return err
	})
}

// SetChallenge keeps what a passkey is to sign in a session.
func (db *DB) SetChallenge(ctx context.Context, hash, challenge string) error {
	_, err := db.exec(ctx, `UPDATE session SET challenge = $2 WHERE hash = $1`, hash, challenge)
	return err
}

// AddLink keeps a single-use sign-in link.
func (db *DB) AddLink(ctx context.Context, hash string, d roster.DistrictID, p roster.PersonID, expires time.Time) error {
	_, err := db.exec(ctx, `INSERT INTO signin_link (hash, district, person, expires, used_at) VALUES ($1, $2, $3, $4, 0)`, hash, d, p, micros(expires))
	return err
}

// UseLink returns whose link it is, once.
func (db *DB) UseLink(ctx context.Context, hash string) (guard.Account, error) {
	var a guard.Account
	err := db.Tx(ctx, func(tx *DB) error {
		now := micros(tx.now())
		n, err := tx.exec(ctx, `UPDATE signin_link SET used_at = $2 WHERE hash = $1 AND used_at = 0 AND expires > $2`, hash, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Unauthenticated, "This sign-in link has been used or is too old. Ask for a new one.")
		}
		a, err = one(ctx, tx, func(row func(...any) error) (a guard.Account, err error) {
			return a, row(&a.District, &a.Person)
		}, `SELECT l.district, l.person FROM signin_link l JOIN person p ON p.district = l.district AND p.id = l.person AND p.active AND p.enabled WHERE l.hash = $1`, hash)
		return err
	})
	return a, err
}

// Failures counts failed sign-ins for any of some subjects from a moment until now, the most of any
// one. What a clock that was wrong wrote for later locks nobody out.
func (db *DB) Failures(ctx context.Context, subjects []string, since time.Time) (int, error) {
	args := []any{micros(since), micros(db.now())}
	counts, err := many(ctx, db, value[int], `SELECT count(*) FROM signin_failure WHERE at > $1 AND at <= $2 AND subject IN (`+marks(&args, subjects)+`)
		GROUP BY subject ORDER BY 1 DESC`, args...)
	if err != nil || len(counts) == 0 {
		return 0, err
	}
	return counts[0], nil
}

// Failed writes down a failed sign-in for each subject, and forgets old ones.
func (db *DB) Failed(ctx context.Context, subjects []string) error {
	return db.Tx(ctx, func(tx *DB) error {
		now := tx.now()
		if _, err := tx.exec(ctx, `DELETE FROM signin_failure WHERE at < $1`, micros(now.Add(-24*time.Hour))); err != nil {
			return err
		}
		for _, s := range subjects {
			if _, err := tx.exec(ctx, `INSERT INTO signin_failure (subject, at, id) VALUES ($1, $2, $3)`, s, micros(now), newID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClassCode returns a class's sign-in code, which make sets if there is none yet.
func (db *DB) ClassCode(ctx context.Context, d roster.DistrictID, class roster.ClassID, make func() (string, error)) (string, error) {
	for try := 0; ; try++ {
		code, err := one(ctx, db, value[string], `SELECT code FROM class_code WHERE district = $1 AND class = $2`, d, class)
		if fault.KindOf(err) != fault.NotFound {
			return code, err
		}
		if code, err = make(); err != nil {
			return "", err
		}
		_, err = db.exec(ctx, `INSERT INTO class_code (district, class, code) VALUES ($1, $2, $3)`, d, class, code)
		if err != nil && (fault.KindOf(err) != fault.Conflict || try == 9) {
			return "", err
		}
	}
}

// ClassByCode returns the class of a sign-in code.
func (db *DB) ClassByCode(ctx context.Context, code string) (roster.DistrictID, roster.Class, error) {
	var d roster.DistrictID
	var id roster.ClassID
	_, err := one(ctx, db, func(row func(...any) error) (struct{}, error) { return struct{}{}, row(&d, &id) },
		`SELECT k.district, k.class FROM class_code k JOIN class c ON c.district = k.district AND c.id = k.class AND c.active WHERE k.code = $1`, code)
	if err != nil {
		return "", roster.Class{}, err
	}
	c, err := db.Class(ctx, d, id)
	return d, c, err
}

// ClassTokens returns the token by which each student finds themself in a class
// without a name on the screen.
func (db *DB) ClassTokens(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[roster.PersonID]string, error) {
	out := map[roster.PersonID]string{}
	_, err := many(ctx, db, func(row func(...any) error) (struct{}, error) {
		var p roster.PersonID
		var t string
		err := row(&p, &t)
		out[p] = t
		return struct{}{}, err
	}, `SELECT t.person, t.token FROM class_token t JOIN enrollment e ON e.district = t.district AND e.class = t.class AND e.person = t.person AND e.active
		WHERE t.district = $1 AND t.class = $2 ORDER BY t.person`, d, class)
	return out, err
}

// SetClassToken gives a student a token within a class.
func (db *DB) SetClassToken(ctx context.Context, d roster.DistrictID, class roster.ClassID, p roster.PersonID, token string) error {
	_, err := db.exec(ctx, `INSERT INTO class_token (district, class, person, token) VALUES ($1, $2, $3, $4)
		ON CONFLICT (district, class, person) DO UPDATE SET token = excluded.token`, d, class, p, token)
	return err
}
