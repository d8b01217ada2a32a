package store

import (
	"context"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/team"
)

const teamColumns = `t.id, t.school, t.name, t.kind, t.grade, t.space, t.lead, t.planning, t.author, t.at, t.ended`

func scanTeam(row func(...any) error) (t team.Team, err error) {
	var at, ended int64
	err = row(&t.ID, &t.School, &t.Name, &t.Kind, &t.Grade, &t.Space, &t.Lead, &t.Planning, &t.Author, &at, &ended)
	t.At, t.Ended = moment(at), moment(ended)
	return t, err
}

// membership is who is in which team.
type membership struct {
	team   team.ID
	person roster.PersonID
}

// withMembers says of teams who is in them.
func (db *DB) withMembers(ctx context.Context, d roster.DistrictID, teams []team.Team) ([]team.Team, error) {
	if len(teams) == 0 {
		return teams, nil
	}
	at, ids := map[team.ID]int{}, make([]team.ID, len(teams))
	for i, t := range teams {
		at[t.ID], ids[i] = i, t.ID
	}
	args := []any{d}
	list, err := many(ctx, db, func(row func(...any) error) (m membership, err error) { return m, row(&m.team, &m.person) },
		`SELECT team, person FROM team_member WHERE district = $1 AND team IN (`+marks(&args, ids)+`) ORDER BY team, person`, args...)
	for _, m := range list {
		t := &teams[at[m.team]]
		t.Members = append(t.Members, m.person)
	}
	return teams, err
}

// Teams returns the teams of a school, by name.
func (db *DB) Teams(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]team.Team, error) {
	teams, err := many(ctx, db, scanTeam, `SELECT `+teamColumns+` FROM team t WHERE t.district = $1 AND t.school = $2 AND t.ended = 0 ORDER BY t.name, t.id`, d, school)
	if err != nil {
		return nil, err
	}
	return db.withMembers(ctx, d, teams)
}

// TeamsOf returns the teams in which somebody is, by name.
func (db *DB) TeamsOf(ctx context.Context, d roster.DistrictID, person roster.PersonID) ([]team.Team, error) {
	return many(ctx, db, scanTeam, `SELECT `+teamColumns+` FROM team t JOIN team_member me ON me.district = t.district AND me.team = t.id
		WHERE t.district = $2 AND me.person = $3 AND t.ended = 0 AND `+staffNow+` ORDER BY t.name, t.id`, db.today(), d, person)
}

// Team returns one team with its members.
func (db *DB) Team(ctx context.Context, d roster.DistrictID, id team.ID) (team.Team, error) {
	t, err := one(ctx, db, scanTeam, `SELECT `+teamColumns+` FROM team t WHERE t.district = $1 AND t.id = $2 AND t.ended = 0`, d, id)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = fault.New(fault.NotFound, "This team is not there any more.")
		}
		return t, err
	}
	teams, err := db.withMembers(ctx, d, []team.Team{t})
	if err != nil {
		return t, err
	}
	return teams[0], nil
}

// SaveTeam keeps a team; one without an id is new, and gets one.
func (db *DB) SaveTeam(ctx context.Context, d roster.DistrictID, t team.Team) (team.ID, error) {
	fresh := t.ID == ""
	if fresh {
		t.ID = team.ID(newID())
	}
	return t.ID, db.Tx(ctx, func(tx *DB) error {
		if fresh {
			if _, err := tx.exec(ctx, `INSERT INTO team (district, id, school, name, kind, grade, space, lead, planning, author, at, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`,
				d, t.ID, t.School, t.Name, t.Kind, t.Grade, t.Space, t.Lead, t.Planning, t.Author, micros(db.now())); err != nil {
				return err
			}
		} else if n, err := tx.exec(ctx, `UPDATE team SET name = $4, kind = $5, grade = $6, space = $7, lead = $8, planning = $9 WHERE district = $1 AND id = $2 AND school = $3 AND ended = 0`,
			d, t.ID, t.School, t.Name, t.Kind, t.Grade, t.Space, t.Lead, t.Planning); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "This team is not there any more.")
		}
		if _, err := tx.exec(ctx, `DELETE FROM team_member WHERE district = $1 AND team = $2`, d, t.ID); err != nil {
			return err
		}
		for _, p := range t.Members {
			if _, err := tx.exec(ctx, `INSERT INTO team_member (district, team, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, d, t.ID, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndTeam ends a team; what it talked about stays in the record.
func (db *DB) EndTeam(ctx context.Context, d roster.DistrictID, school roster.OrgID, id team.ID) error {
	_, err := db.exec(ctx, `UPDATE team SET ended = $4 WHERE district = $1 AND school = $2 AND id = $3 AND ended = 0`, d, school, id, micros(db.now()))
	return err
}

// TeamClasses returns the classes that are taught by somebody in a team with a person, by title.
func (db *DB) TeamClasses(ctx context.Context, d roster.DistrictID, person roster.PersonID) ([]roster.Class, error) {
	return many(ctx, db, scanClass, `SELECT DISTINCT `+classColumns+` FROM class c WHERE c.district = $2 AND c.id IN
		(SELECT e.class FROM `+teammates+` WHERE t.district = $2 AND me.person = $3 AND `+teaching+`) ORDER BY c.title, c.id`, db.today(), d, person)
}

// Lessons returns whom the members of a team teach now at its school.
func (db *DB) Lessons(ctx context.Context, d roster.DistrictID, id team.ID) ([]team.Lesson, error) {
	return many(ctx, db, func(row func(...any) error) (l team.Lesson, err error) {
		return l, row(&l.Teacher, &l.Student, &l.Grade)
	},
		`SELECT DISTINCT o.person, s.person, p.grade FROM team t JOIN team_member o ON o.district = t.district AND o.team = t.id
		JOIN enrollment e ON e.district = o.district AND e.person = o.person AND e.role IN `+teacherRoles+` AND e.active AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1)
		JOIN class c ON c.district = e.district AND c.id = e.class AND c.active AND c.school = t.school
		JOIN enrollment s ON s.district = e.district AND s.class = e.class AND s.role = 'student' AND s.active AND (s.begins = '' OR s.begins <= $1) AND (s.ends = '' OR s.ends >= $1)
		JOIN person p ON p.district = s.district AND p.id = s.person AND p.active
		WHERE t.district = $2 AND t.id = $3 AND `+teachesThere+` ORDER BY o.person, s.person`, db.today(), d, id)
}

// TeamItems returns what a team has to talk about and to do, and what is done, latest first.
func (db *DB) TeamItems(ctx context.Context, d roster.DistrictID, id team.ID, most int) ([]team.Item, error) {
	return many(ctx, db, func(row func(...any) error) (i team.Item, err error) {
		var at, done int64
		err = row(&i.ID, &i.Team, &i.Words, &i.Student, &i.Owner, &i.Due, &i.Author, &at, &done, &i.Outcome)
		i.At, i.Done = moment(at), moment(done)
		return i, err
	}, `SELECT id, team, words, student, owner, due, author, at, done, outcome FROM team_item WHERE district = $1 AND team = $2 ORDER BY CASE WHEN done = 0 THEN 0 ELSE 1 END, at DESC, id DESC LIMIT $3`, d, id, int64(most))
}

// AddTeamItem keeps what a team is to talk about, or to do.
func (db *DB) AddTeamItem(ctx context.Context, d roster.DistrictID, i team.Item) error {
	_, err := db.exec(ctx, `INSERT INTO team_item (district, team, id, words, student, owner, due, author, at, done, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')`,
		d, i.Team, newID(), i.Words, i.Student, i.Owner, i.Due, i.Author, micros(db.now()))
	return err
}

// ChangeTeamItem keeps who looks after an item until when, or that it is done and what came of it.
func (db *DB) ChangeTeamItem(ctx context.Context, d roster.DistrictID, i team.Item) error {
	n, err := db.exec(ctx, `UPDATE team_item SET owner = $4, due = $5, done = $6, outcome = $7 WHERE district = $1 AND team = $2 AND id = $3 AND done = 0`,
		d, i.Team, i.ID, i.Owner, i.Due, micros(i.Done), i.Outcome)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "This is done already.")
	}
	return err
}

// LeadersOf returns who leads a school, by name.
func (db *DB) LeadersOf(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Person, error) {
	people, err := many(ctx, db, scanPerson, `SELECT DISTINCT `+personColumns+` FROM person p
		JOIN role r ON r.district = p.district AND r.person = p.id AND r.role IN `+leaderRoles+` AND r.active AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		WHERE p.district = $2 AND r.org = $3 AND p.active ORDER BY p.id`, db.today(), d, school)
	return byName(people), err
}
