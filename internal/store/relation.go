package store

import (
	"context"

	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/team"
)

var _ guard.Relations = (*DB)(nil)

// Roster words for the roles that give a relation.
const (
	guardianRoles = `('parent', 'guardian')`
	leaderRoles   = `('principal', 'siteAdministrator')`
	adminRoles    = `('administrator', 'districtAdministrator', 'systemAdministrator')`
	teacherRoles  = `('teacher', 'aide')`
)

// A role or enrollment counts from its first to its last day.
const onDay = `(begins = '' OR begins <= $1) AND (ends = '' OR ends >= $1)`

func (db *DB) today() string { return db.now().UTC().Format("2006-01-02") }

func (db *DB) relations(ctx context.Context, query string, args ...any) ([]guard.Relation, error) {
	return many(ctx, db, value[guard.Relation], query, append([]any{db.today()}, args...)...)
}

// ToStudent returns what an actor is to a student, from the roster as it is today.
func (db *DB) ToStudent(ctx context.Context, a guard.Actor, student roster.PersonID) ([]guard.Relation, error) {
	return db.relations(ctx, `SELECT 'self' FROM person p WHERE p.district = $2 AND p.id = $4 AND p.id = $3 AND p.active
			AND EXISTS (SELECT 1 FROM role r WHERE r.district = $2 AND r.person = $4 AND r.role = 'student')
		UNION SELECT 'guardian of' FROM guardian g JOIN role r ON r.district = g.district AND r.person = g.guardian AND r.active AND r.role IN `+guardianRoles+`
			WHERE g.district = $2 AND g.student = $4 AND g.guardian = $3 AND g.active AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		UNION SELECT 'teacher of' FROM enrollment t JOIN enrollment s ON s.district = t.district AND s.class = t.class
			WHERE t.district = $2 AND t.person = $3 AND t.role IN `+teacherRoles+` AND t.active AND (t.begins = '' OR t.begins <= $1) AND (t.ends = '' OR t.ends >= $1)
			AND s.person = $4 AND s.role = 'student' AND s.active AND (s.ends = '' OR s.ends >= $1)
		UNION SELECT 'leader of' FROM role r JOIN role s ON s.district = r.district AND s.org = r.org
			WHERE r.district = $2 AND r.person = $3 AND r.active AND r.role IN `+leaderRoles+` AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
			AND s.person = $4 AND s.role = 'student' AND s.active AND (s.ends = '' OR s.ends >= $1)
		UNION SELECT 'opened in an emergency by' FROM break_glass b WHERE b.district = $2 AND b.actor = $3 AND b.student = $4 AND b.until > $5
		ORDER BY 1`, a.District, a.Person, student, micros(db.now()))
}

// ToClass returns what an actor is to a class.
func (db *DB) ToClass(ctx context.Context, a guard.Actor, class roster.ClassID) ([]guard.Relation, error) {
	return db.relations(ctx, `SELECT 'teacher of' FROM enrollment WHERE district = $2 AND person = $3 AND class = $4 AND role IN `+teacherRoles+` AND active AND `+onDay+`
		UNION SELECT 'leader of' FROM role r JOIN class c ON c.district = r.district AND c.school = r.org
			WHERE r.district = $2 AND r.person = $3 AND c.id = $4 AND r.active AND r.role IN `+leaderRoles+` AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		UNION SELECT 'in a team with' FROM `+teammates+` WHERE o.district = $2 AND me.person = $3 AND e.class = $4 AND `+teaching+`
		ORDER BY 1`, a.District, a.Person, class)
}

// teammates are the members of a team (me), the members beside them (o) and what those teach (e);
// both count as long as they are staff of the team's school.
const teammates = `team t JOIN team_member me ON me.district = t.district AND me.team = t.id JOIN team_member o ON o.district = t.district AND o.team = t.id
	JOIN enrollment e ON e.district = o.district AND e.person = o.person`

const teaching = `t.ended = 0 AND e.role IN ` + teacherRoles + ` AND e.active AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1) AND ` + staffNow + ` AND ` + teachesThere + `
	AND EXISTS (SELECT 1 FROM class tc WHERE tc.district = e.district AND tc.id = e.class AND tc.active AND tc.school = t.school)`

// teachesThere says that a member beside others of a team (o) teaches at its school (t) today.
const teachesThere = `EXISTS (SELECT 1 FROM role xr WHERE xr.district = t.district AND xr.person = o.person AND xr.org = t.school AND xr.active AND xr.role IN ` + teacherRoles + `
	AND (xr.begins = '' OR xr.begins <= $1) AND (xr.ends = '' OR xr.ends >= $1))`

// staffNow says that a member of a team (me) is staff of its school (t) today.
const staffNow = `EXISTS (SELECT 1 FROM role mr WHERE mr.district = t.district AND mr.person = me.person AND mr.org = t.school AND mr.active AND mr.role IN ('teacher', 'aide', 'counselor')
	AND (mr.begins = '' OR mr.begins <= $1) AND (mr.ends = '' OR mr.ends >= $1))`

// ToTeam returns what an actor is to a team of teachers: in it, or a leader of its school itself.
func (db *DB) ToTeam(ctx context.Context, a guard.Actor, id team.ID) ([]guard.Relation, error) {
	return db.relations(ctx, `SELECT 'in a team with' FROM team t JOIN team_member me ON me.district = t.district AND me.team = t.id
			WHERE t.district = $2 AND me.person = $3 AND t.id = $4 AND t.ended = 0 AND `+staffNow+`
		UNION SELECT 'leader of' FROM role r JOIN team t ON t.district = r.district AND t.school = r.org AND t.id = $4 AND t.ended = 0
			WHERE r.district = $2 AND r.person = $3 AND r.active AND r.role IN `+leaderRoles+` AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		ORDER BY 1`, a.District, a.Person, id)
}

// ToSchool returns what an actor is to a school. A leader of an organisation leads
// the schools below it too.
func (db *DB) ToSchool(ctx context.Context, a guard.Actor, school roster.OrgID) ([]guard.Relation, error) {
	return db.relations(ctx, `WITH RECURSIVE above (id) AS (
			SELECT id FROM org WHERE district = $2 AND id = $4
			UNION SELECT o.parent FROM org o JOIN above a ON o.id = a.id WHERE o.district = $2 AND o.parent <> '')
		SELECT DISTINCT CASE WHEN role IN `+leaderRoles+` THEN 'leader of' ELSE 'administrator of' END FROM role
		WHERE district = $2 AND person = $3 AND active AND `+onDay+` AND org IN (SELECT id FROM above)
			AND (role IN `+leaderRoles+` OR role IN `+adminRoles+`)
		UNION SELECT CASE WHEN role = 'counselor' THEN 'counselor of' ELSE 'staff of' END FROM role
		WHERE district = $2 AND person = $3 AND active AND `+onDay+` AND org = $4 AND role IN ('teacher', 'aide', 'counselor') ORDER BY 1`, a.District, a.Person, school)
}

// ToDistrict returns what an actor is to the district as a whole.
func (db *DB) ToDistrict(ctx context.Context, a guard.Actor) ([]guard.Relation, error) {
	return db.relations(ctx, `SELECT DISTINCT 'administrator of' FROM role WHERE district = $2 AND person = $3 AND active AND `+onDay+`
		AND role IN `+adminRoles+`
		UNION SELECT role || ' of' FROM appointment WHERE district = $2 AND person = $3 AND ended = 0 ORDER BY 1`, a.District, a.Person)
}

// Roles returns what a person is anywhere in the district, strongest first: what the roster says, and
// to what they were appointed here.
func (db *DB) Roles(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.Role, error) {
	has := map[roster.Role]bool{}
	if _, err := many(ctx, db, func(row func(...any) error) (struct{}, error) {
		var word string
		var here bool
		err := row(&word, &here)
		r, ok := roster.RoleOf(word)
		if here {
			r, ok = roster.Role(word), true
		}
		if ok {
			has[r] = true
		}
		return struct{}{}, err
	}, `SELECT role, FALSE FROM role WHERE district = $2 AND person = $3 AND active AND `+onDay+`
		UNION SELECT role, FALSE FROM enrollment WHERE district = $2 AND person = $3 AND active AND `+onDay+`
		UNION SELECT role, TRUE FROM appointment WHERE district = $2 AND person = $3 AND ended = 0 ORDER BY 1`, db.today(), d, p); err != nil {
		return nil, err
	}
	var out []roster.Role
	for _, r := range []roster.Role{roster.Administrator, roster.Leader, roster.Teacher, roster.Aide, roster.Student, roster.Guardian, roster.Auditor, roster.Support} {
		if has[r] {
			out = append(out, r)
		}
	}
	return out, nil
}

// RecordAccess writes down that somebody looked at a student's record.
func (db *DB) RecordAccess(ctx context.Context, a guard.Access) error {
	_, err := db.exec(ctx, `INSERT INTO access_log (district, student, at, id, actor, relation, what) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.District, a.Student, micros(a.At), newID(), a.Actor, a.Relation, a.What)
	return err
}

// Accesses returns who looked at a student's record, latest first.
func (db *DB) Accesses(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]guard.Access, error) {
	return many(ctx, db, func(row func(...any) error) (a guard.Access, err error) {
		var at int64
		err = row(&at, &a.Actor, &a.Name, &a.Relation, &a.What)
		a.At, a.District, a.Student = moment(at), d, student
		return a, err
	}, `SELECT l.at, l.actor, COALESCE(CASE WHEN p.preferred_given <> '' THEN p.preferred_given ELSE p.given END || ' ' || CASE WHEN p.preferred_family <> '' THEN p.preferred_family ELSE p.family END, ''), l.relation, l.what
		FROM access_log l LEFT JOIN person p ON p.district = l.district AND p.id = l.actor
		WHERE l.district = $1 AND l.student = $2 ORDER BY l.at DESC, l.id DESC LIMIT $3`, d, student, most)
}
