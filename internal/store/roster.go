package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

const personColumns = `p.id, CASE WHEN p.preferred_given <> '' THEN p.preferred_given ELSE p.given END,
	CASE WHEN p.preferred_family <> '' THEN p.preferred_family ELSE p.family END, p.pronouns, p.username, p.email, p.grade, p.school, p.active`

func scanPerson(row func(...any) error) (p roster.Person, err error) {
	return p, row(&p.ID, &p.Given, &p.Family, &p.Pronouns, &p.Username, &p.Email, &p.Grade, &p.School, &p.Active)
}

// byName sorts people as a person lists them: by family name, accents beside the
// letters that they are on.
func byName(people []roster.Person) []roster.Person {
	order := collate.New(language.Und, collate.IgnoreCase)
	slices.SortStableFunc(people, func(a, b roster.Person) int {
		return cmp.Or(order.CompareString(a.Family, b.Family), order.CompareString(a.Given, b.Given))
	})
	return people
}

// Person returns one person, active or not.
func (db *DB) Person(ctx context.Context, d roster.DistrictID, id roster.PersonID) (roster.Person, error) {
	return one(ctx, db, scanPerson, `SELECT `+personColumns+` FROM person p WHERE p.district = $1 AND p.id = $2`, d, id)
}

// PersonBy returns the one active person with a user name, identifier or roster id.
func (db *DB) PersonBy(ctx context.Context, d roster.DistrictID, ref string) (roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT `+personColumns+` FROM person p WHERE p.district = $1 AND p.active
		AND (p.username_fold = $2 OR p.identifier = $3 OR p.source = $3) ORDER BY p.id LIMIT 2`, d, fold(ref), ref)
	switch {
	case err != nil:
		return roster.Person{}, err
	case len(people) == 0:
		return roster.Person{}, fault.New(fault.NotFound, "There is no active person %q. Use a user name, an identifier or a sourcedId.", ref)
	case len(people) > 1:
		return roster.Person{}, fault.New(fault.Conflict, "%q means more than one person. Use the sourcedId.", ref)
	}
	return people[0], nil
}

// PersonEver returns the one person of an id, user name, identifier or roster id, also if they have
// left.
func (db *DB) PersonEver(ctx context.Context, d roster.DistrictID, ref string) (roster.Person, error) {
	p, err := db.PersonBy(ctx, d, ref)
	if fault.KindOf(err) != fault.NotFound || err == nil {
		return p, err
	}
	people, err := many(ctx, db, scanPerson, `SELECT `+personColumns+` FROM person p WHERE p.district = $1 AND (p.id = $3 OR p.username_fold = $2 OR p.identifier = $3 OR p.source = $3) ORDER BY p.id LIMIT 2`, d, fold(ref), ref)
	switch {
	case err != nil:
		return roster.Person{}, err
	case len(people) == 0:
		return roster.Person{}, fault.New(fault.NotFound, "There is nobody %q, nor was there. Use a user name, an identifier, a sourcedId or an id.", ref)
	case len(people) > 1:
		return roster.Person{}, fault.New(fault.Conflict, "%q means more than one person. Use the id.", ref)
	}
	return people[0], nil
}

// FindPeople returns people whose name or user name begins with what is given.
func (db *DB) FindPeople(ctx context.Context, d roster.DistrictID, text string, most int) ([]roster.Person, error) {
	f := fold(text)
	return many(ctx, db, scanPerson, `SELECT `+personColumns+` FROM person p WHERE p.district = $1 AND p.active
		AND (p.name_fold >= $2 AND p.name_fold < $3 OR p.username_fold >= $2 AND p.username_fold < $3 OR p.identifier = $4)
		ORDER BY p.name_fold, p.id LIMIT $5`, d, f, f+"\U0010ffff", strings.TrimSpace(text), most)
}

const classColumns = `c.id, c.title, c.code, c.kind, c.course, c.school, c.terms, c.grades, c.subjects, c.periods, c.location`

func scanClass(row func(...any) error) (c roster.Class, err error) {
	var terms, grades, subjects, periods string
	err = row(&c.ID, &c.Title, &c.Code, &c.Kind, &c.Course, &c.School, &terms, &grades, &subjects, &periods, &c.Location)
	c.Terms, c.Grades, c.Subjects, c.Periods = splitList[roster.TermID](terms), splitList[string](grades), splitList[string](subjects), splitList[string](periods)
	return c, err
}

// Class returns one class.
func (db *DB) Class(ctx context.Context, d roster.DistrictID, id roster.ClassID) (roster.Class, error) {
	return one(ctx, db, scanClass, `SELECT `+classColumns+` FROM class c WHERE c.district = $1 AND c.id = $2`, d, id)
}

// Classes returns the active classes in which a person is enrolled with one of the roles, by title.
func (db *DB) Classes(ctx context.Context, d roster.DistrictID, p roster.PersonID, roles ...roster.Role) ([]roster.Class, error) {
	args := []any{db.today(), d, p}
	classes, err := many(ctx, db, scanClass, `SELECT DISTINCT `+classColumns+` FROM class c JOIN enrollment e ON e.district = c.district AND e.class = c.id
		WHERE c.district = $2 AND e.person = $3 AND c.active AND e.active AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1)
		AND e.role IN (`+marks(&args, roles)+`) ORDER BY c.title, c.id`, args...)
	return classes, err
}

// ClassesOfSchool returns a school's active classes, by title.
func (db *DB) ClassesOfSchool(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Class, error) {
	return many(ctx, db, scanClass, `SELECT `+classColumns+` FROM class c WHERE c.district = $1 AND c.school = $2 AND c.active ORDER BY c.title, c.id`, d, school)
}

// PeopleByID returns some people, by name; those who are not known any more are left out.
func (db *DB) PeopleByID(ctx context.Context, d roster.DistrictID, ids []roster.PersonID) ([]roster.Person, error) {
	args := []any{d}
	people, err := many(ctx, db, scanPerson, `SELECT `+personColumns+` FROM person p WHERE p.district = $1 AND p.active AND p.id IN (`+marks(&args, ids)+`) ORDER BY p.id`, args...)
	return byName(people), err
}

// People returns who is enrolled in a class with a role, by name.
func (db *DB) People(ctx context.Context, d roster.DistrictID, class roster.ClassID, role roster.Role) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p JOIN enrollment e ON e.district = p.district AND e.person = p.id
		WHERE p.district = $2 AND e.class = $3 AND e.role = $4 AND p.active AND e.active AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1)
		ORDER BY p.id`, db.today(), d, class, role)
	return byName(people), err
}

// TeachersOf returns who teaches a student in a class that both are in, by name.
func (db *DB) TeachersOf(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p JOIN enrollment e ON e.district = p.district AND e.person = p.id
		JOIN enrollment s ON s.district = e.district AND s.class = e.class AND s.person = $3 AND s.role = 'student' AND s.active AND (s.begins = '' OR s.begins <= $1) AND (s.ends = '' OR s.ends >= $1)
		WHERE p.district = $2 AND e.role IN ('teacher', 'aide') AND p.active AND e.active AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1)
		ORDER BY p.id`, db.today(), d, student)
	return byName(people), err
}

// Children returns the students whose guardian a person is, by name.
func (db *DB) Children(ctx context.Context, d roster.DistrictID, guardian roster.PersonID) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p JOIN guardian g ON g.district = p.district AND g.student = p.id
		WHERE p.district = $1 AND g.guardian = $2 AND g.active AND p.active
		AND EXISTS (SELECT 1 FROM role r WHERE r.district = $1 AND r.person = $2 AND r.active AND r.role IN `+guardianRoles+`)
		ORDER BY p.id`, d, guardian)
	return byName(people), err
}

// Guardians returns who is a guardian of a student, by name.
func (db *DB) Guardians(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p JOIN guardian g ON g.district = p.district AND g.guardian = p.id
		WHERE p.district = $1 AND g.student = $2 AND g.active AND p.active
		AND EXISTS (SELECT 1 FROM role r WHERE r.district = $1 AND r.person = p.id AND r.active AND r.role IN `+guardianRoles+`)
		ORDER BY p.id`, d, student)
	return byName(people), err
}

func scanOrg(row func(...any) error) (o roster.Org, err error) {
	return o, row(&o.ID, &o.Name, &o.Kind, &o.Identifier, &o.Parent)
}

// Org returns one organisation.
func (db *DB) Org(ctx context.Context, d roster.DistrictID, id roster.OrgID) (roster.Org, error) {
	return one(ctx, db, scanOrg, `SELECT id, name, kind, identifier, parent FROM org WHERE district = $1 AND id = $2`, d, id)
}

// Schools returns the active schools that a person leads, or all of the district's for
// its administrators, by name.
func (db *DB) Schools(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.Org, error) {
	return many(ctx, db, scanOrg, `WITH RECURSIVE led (id) AS (
			SELECT org FROM role WHERE district = $2 AND person = $3 AND active AND `+onDay+` AND (role IN `+leaderRoles+` OR role IN `+adminRoles+`)
			UNION SELECT o.id FROM org o JOIN led l ON o.parent = l.id WHERE o.district = $2)
		SELECT o.id, o.name, o.kind, o.identifier, o.parent FROM org o WHERE o.district = $2 AND o.active AND o.kind = 'school' AND o.id IN (SELECT id FROM led)
		ORDER BY o.name, o.id`, db.today(), d, p)
}

// AttendanceOf sums up the attendance of some students over days, the last one included; a day
// taken by period is missed as far as its periods were.
func (db *DB) AttendanceOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, from, to roster.Date) (map[roster.PersonID]roster.Attended, error) {
	out := map[roster.PersonID]roster.Attended{}
	args := []any{d, from, to}
	_, err := many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var p roster.PersonID
		var a roster.Attended
		err = row(&p, &a.Days, &a.Missed, &a.Suspended)
		out[p] = a
		return struct{}{}, err
	}, `SELECT person, count(*), sum(missed), sum(suspended) FROM (
			SELECT person, day, avg(missed) AS missed, max(CASE WHEN suspended THEN 1 ELSE 0 END) AS suspended
			FROM attendance WHERE district = $1 AND day >= $2 AND day <= $3 AND active AND person IN (`+marks(&args, students)+`) GROUP BY person, day) AS days
		GROUP BY person`, args...)
	return out, err
}
