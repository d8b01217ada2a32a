package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/group"
	"waymark/internal/roster"
)

const setColumns = `s.class, s.id, s.title, s.instance, s.solution, s.plan, s.author, s.at, s.used, s.ended`

func scanSet(row func(...any) error) (s group.Set, err error) {
	var instance, solution, plan string
	var at, used, ended int64
	if err := row(&s.Class, &s.ID, &s.Title, &instance, &solution, &plan, &s.Author, &at, &used, &ended); err != nil {
		return s, err
	}
	s.At, s.Used, s.Ended = moment(at), moment(used), moment(ended)
	if err := json.Unmarshal([]byte(instance), &s.Instance); err != nil {
		return s, err
	}
	if plan != "" {
		if err := json.Unmarshal([]byte(plan), &s.Plan); err != nil {
			return s, err
		}
	}
	return s, json.Unmarshal([]byte(solution), &s.Solution)
}

// ofClass is a class whose students are in a set of groups.
type ofClass struct {
	set   group.SetID
	class roster.ClassID
}

// withClasses says of sets of which classes they are.
func (db *DB) withClasses(ctx context.Context, d roster.DistrictID, sets []group.Set) ([]group.Set, error) {
	if len(sets) == 0 {
		return sets, nil
	}
	at, ids := map[group.SetID]int{}, make([]group.SetID, len(sets))
	for i, s := range sets {
		at[s.ID], ids[i] = i, s.ID
		sets[i].Classes = []roster.ClassID{s.Class}
	}
	args := []any{d}
	list, err := many(ctx, db, func(row func(...any) error) (x ofClass, err error) { return x, row(&x.set, &x.class) },
		`SELECT group_set, class FROM group_class WHERE district = $1 AND group_set IN (`+marks(&args, ids)+`) ORDER BY group_set, class`, args...)
	for _, x := range list {
		if s := &sets[at[x.set]]; x.class != s.Class {
			s.Classes = append(s.Classes, x.class)
		}
	}
	return sets, err
}

// GroupSets returns the groups in which students of a class may be and that were made since a time,
// latest first.
func (db *DB) GroupSets(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]group.Set, error) {
	sets, err := many(ctx, db, scanSet, `SELECT `+setColumns+` FROM group_set s JOIN group_class c ON c.district = s.district AND c.group_set = s.id
		WHERE s.district = $1 AND c.class = $2 AND s.at >= $3 ORDER BY s.at DESC, s.id DESC`, d, class, micros(since))
	if err != nil {
		return nil, err
	}
	return db.withClasses(ctx, d, sets)
}

// GroupSet returns the groups of a class that were made together.
func (db *DB) GroupSet(ctx context.Context, d roster.DistrictID, class roster.ClassID, id group.SetID) (group.Set, error) {
	s, err := one(ctx, db, scanSet, `SELECT `+setColumns+` FROM group_set s WHERE s.district = $1 AND s.class = $2 AND s.id = $3`, d, class, id)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = fault.New(fault.NotFound, "These groups are not there any more.")
		}
		return s, err
	}
	sets, err := db.withClasses(ctx, d, []group.Set{s})
	if err != nil {
		return s, err
	}
	return sets[0], nil
}

// SetClasses returns of which classes a set that a class keeps is; none if it keeps no such set.
func (db *DB) SetClasses(ctx context.Context, d roster.DistrictID, class roster.ClassID, id group.SetID) ([]roster.ClassID, error) {
	return many(ctx, db, value[roster.ClassID], `SELECT c.class FROM group_set s JOIN group_class c ON c.district = s.district AND c.group_set = s.id
		WHERE s.district = $1 AND s.class = $2 AND s.id = $3 ORDER BY c.class`, d, class, id)
}

// SetsOf returns the groups that were put to use since a time and in which one of some students is,
// in whatever class, latest first.
func (db *DB) SetsOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]group.Set, error) {
	args := []any{d, micros(since)}
	sets, err := many(ctx, db, scanSet, `SELECT `+setColumns+` FROM group_set s WHERE s.district = $1 AND s.used > 0 AND s.at >= $2 AND EXISTS
		(SELECT 1 FROM group_member m WHERE m.district = s.district AND m.class = s.class AND m.group_set = s.id AND m.student IN (`+marks(&args, students)+`))
		ORDER BY s.at DESC, s.id DESC`, args...)
	if err != nil {
		return nil, err
	}
	return db.withClasses(ctx, d, sets)
}

// SetsAt returns the groups of a school's classes that were put to use since a time, in that order.
func (db *DB) SetsAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]group.Set, error) {
	return many(ctx, db, scanSet, `SELECT `+setColumns+` FROM group_set s JOIN class c ON c.district = s.district AND c.id = s.class
		WHERE s.district = $1 AND c.school = $2 AND s.used >= $3 ORDER BY s.used, s.id`, d, school, micros(since))
}

// AddGroupSet keeps groups that are not in use yet.
func (db *DB) AddGroupSet(ctx context.Context, d roster.DistrictID, s group.Set) (group.SetID, error) {
	s.ID = group.SetID(newID())
	instance, solution, plan, err := setTexts(s)
	if err != nil {
		return "", err
	}
	return s.ID, db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `INSERT INTO group_set (district, class, id, title, until, instance, solution, plan, author, at, used, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0)`,
			d, s.Class, s.ID, s.Title, s.Until(), instance, solution, plan, s.Author, micros(db.now())); err != nil {
			return err
		}
		for _, class := range append([]roster.ClassID{s.Class}, s.Classes...) {
			if _, err := tx.exec(ctx, `INSERT INTO group_class (district, group_set, class) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, d, s.ID, class); err != nil {
				return err
			}
		}
		return nil
	})
}

func setTexts(s group.Set) (instance, solution, plan string, err error) {
	a, err := json.Marshal(s.Instance)
	if err != nil {
		return "", "", "", err
	}
	b, err := json.Marshal(s.Solution)
	if err != nil {
		return "", "", "", err
	}
	c, err := json.Marshal(s.Plan)
	return string(a), string(b), string(c), err
}

// ChangeGroupSet keeps groups that were arranged anew; those in use have their members changed.
func (db *DB) ChangeGroupSet(ctx context.Context, d roster.DistrictID, s group.Set) error {
	instance, solution, plan, err := setTexts(s)
	if err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `UPDATE group_set SET instance = $4, solution = $5, plan = $6, used = $7, ended = $8 WHERE district = $1 AND class = $2 AND id = $3`,
			d, s.Class, s.ID, instance, solution, plan, micros(s.Used), micros(s.Ended))
		if err != nil || n == 0 || s.Used.IsZero() {
			return err
		}
		for _, g := range s.Solution.Groups {
			for i, p := range g.Students {
				role, because := "", ""
				for _, r := range g.Roles {
					if r.Student == p {
						role = r.Role
					}
				}
				if i < len(g.Because) {
					because = g.Because[i]
				}
				if _, err := tx.exec(ctx, `INSERT INTO group_member (district, student, class, group_set, place, because, role, answered) VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE)
					ON CONFLICT (district, student, class, group_set) DO UPDATE SET place = excluded.place, because = excluded.because, role = excluded.role`,
					d, p, s.Class, s.ID, g.ID, because, role); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// member is where a student is in groups.
type member struct {
	class roster.ClassID
	set   group.SetID
}

// GroupsOf returns the sets in which a student is, latest first, and in which of them they have
// said how it was.
func (db *DB) GroupsOf(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) (sets []group.Set, answered map[group.SetID]bool, err error) {
	answered = map[group.SetID]bool{}
	list, err := many(ctx, db, func(row func(...any) error) (m member, err error) {
		var done bool
		err = row(&m.class, &m.set, &done)
		answered[m.set] = done
		return m, err
	}, `SELECT m.class, m.group_set, m.answered FROM group_member m JOIN group_set s ON s.district = m.district AND s.class = m.class AND s.id = m.group_set
		WHERE m.district = $1 AND m.student = $2 ORDER BY s.used DESC, s.id DESC LIMIT $3`, d, student, int64(most))
	if err != nil {
		return nil, nil, err
	}
	for _, m := range list {
		s, err := db.GroupSet(ctx, d, m.class, m.set)
		if err != nil {
			return nil, nil, err
		}
		sets = append(sets, s)
	}
	return sets, answered, nil
}

// SayPulse keeps what a member says of their groups. What is kept names nobody, and nothing of it
// tells when it was said.
func (db *DB) SayPulse(ctx context.Context, d roster.DistrictID, student roster.PersonID, class roster.ClassID, set group.SetID, p group.Pulse) error {
	belongs, err := json.Marshal(p.Groups)
	if err != nil {
		return err
	}
	return db.Tx(ctx, func(tx *DB) error {
		n, err := tx.exec(ctx, `UPDATE group_member SET answered = TRUE WHERE district = $1 AND student = $2 AND class = $3 AND group_set = $4 AND answered = FALSE`, d, student, class, set)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "You have said so already. Thank you.")
		}
		if _, err = tx.exec(ctx, `INSERT INTO group_pulse (district, class, group_set, id, relevance, inclusion, support, belongs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			d, class, set, rand.Text(), int64(p.Relevance), int64(p.Inclusion), int64(p.Support), string(belongs)); err != nil {
			return err
		}
		return tx.shuffle(ctx, "group_pulse", `district = $1 AND class = $2 AND group_set = $3`, d, class, set)
	})
}

const pulsesOf = `SELECT p.group_set, p.relevance, p.inclusion, p.support, p.belongs FROM group_pulse p JOIN group_set s ON s.district = p.district AND s.class = p.class AND s.id = p.group_set
	WHERE p.district = $1 AND s.at >= $2 AND (s.until < $3 OR s.ended > 0 AND s.ended < $4)`

func scanPulse(row func(...any) error) (p group.Pulse, err error) {
	var belongs string
	if err := row(&p.Set, &p.Relevance, &p.Inclusion, &p.Support, &belongs); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(belongs), &p.Groups)
}

// pulseArgs are a district, since when groups count, and until when those ended of which nobody is
// asked any more: what comes in while somebody looks would tell on who said it.
func (db *DB) pulseArgs(d roster.DistrictID, since time.Time, more ...any) []any {
	week := db.now().AddDate(0, 0, -8)
	return append([]any{d, micros(since), week.Format(time.DateOnly), micros(week)}, more...)
}

// Pulses returns what members of a class said of groups that were made since a time and of
// which nobody is asked any more.
func (db *DB) Pulses(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]group.Pulse, error) {
	return many(ctx, db, scanPulse, pulsesOf+` AND p.class = $5 ORDER BY p.id`, db.pulseArgs(d, since, class)...)
}

// PulsesAt returns the same of a school.
func (db *DB) PulsesAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]group.Pulse, error) {
	return many(ctx, db, scanPulse, pulsesOf+` AND p.class IN (SELECT id FROM class WHERE district = $1 AND school = $5) ORDER BY p.id`, db.pulseArgs(d, since, school)...)
}

// SubgroupsOf returns to which group of each dimension some students belong.
func (db *DB) SubgroupsOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]map[string]string, error) {
	args := []any{d}
	list, err := many(ctx, db, scanGrouped, `SELECT `+groupedColumns+`
		FROM person p LEFT JOIN demographics g ON g.district = p.district AND g.id = p.id AND g.active WHERE p.district = $1 AND p.id IN (`+marks(&args, students)+`)`, args...)
	out := make(map[roster.PersonID]map[string]string, len(list))
	for _, s := range list {
		out[s.id] = s.groups
	}
	return out, err
}

// spoken is which language a student speaks at home.
type spoken struct {
	id       roster.PersonID
	language string
}

// HomeLanguages returns which language each of some students speaks at home, where the roster
// says it.
func (db *DB) HomeLanguages(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]string, error) {
	args := []any{d}
	list, err := many(ctx, db, func(row func(...any) error) (s spoken, err error) {
		var extra string
		err = row(&s.id, &extra)
		for _, pair := range splitList[string](extra) {
			if key, v, _ := strings.Cut(pair, "="); strings.EqualFold(strings.ReplaceAll(key, "_", ""), "homeLanguage") {
				s.language = strings.TrimSpace(v)
			}
		}
		return s, err
	}, `SELECT id, extra FROM demographics WHERE district = $1 AND active AND id IN (`+marks(&args, students)+`)`, args...)
	out := map[roster.PersonID]string{}
	for _, s := range list {
		if s.language != "" {
			out[s.id] = s.language
		}
	}
	return out, err
}

// tutoring is that a student can teach something, or needs help with it.
type tutoring struct {
	student    roster.PersonID
	competency competency.ID
	side       string
}

// Tutoring returns who of a class can teach what, and who needs help with what.
func (db *DB) Tutoring(ctx context.Context, d roster.DistrictID, class roster.ClassID) (can, need map[competency.ID][]roster.PersonID, err error) {
	can, need = map[competency.ID][]roster.PersonID{}, map[competency.ID][]roster.PersonID{}
	list, err := many(ctx, db, func(row func(...any) error) (t tutoring, err error) {
		return t, row(&t.student, &t.competency, &t.side)
	},
		`SELECT student, competency, side FROM tutoring WHERE district = $1 AND class = $2 ORDER BY at, student`, d, class)
	for _, t := range list {
		side := need
		if t.side == "can" {
			side = can
		}
		side[t.competency] = append(side[t.competency], t.student)
	}
	return can, need, err
}

// SetTutoring keeps that a student can teach something ("can") or needs help with it ("need"),
// or takes it back (empty).
func (db *DB) SetTutoring(ctx context.Context, d roster.DistrictID, class roster.ClassID, student roster.PersonID, c competency.ID, side string) error {
	if side == "" {
		_, err := db.exec(ctx, `DELETE FROM tutoring WHERE district = $1 AND student = $2 AND competency = $3`, d, student, c)
		return err
	}
	_, err := db.exec(ctx, `INSERT INTO tutoring (district, student, competency, side, class, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (district, student, competency) DO UPDATE SET side = excluded.side, class = excluded.class, at = excluded.at`, d, student, c, side, class, micros(db.now()))
	return err
}
