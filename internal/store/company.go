package store

import (
	"context"
	"time"

	"waymark/internal/company"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// WorkAt returns what students of a school chose and finished, and how long they used products,
// since a time.
func (db *DB) WorkAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]company.Work, error) {
	scan := func(row func(...any) error) (w company.Work, err error) {
		return w, row(&w.Student, &w.Social, &w.Screen, &w.Minutes)
	}
	chosen, err := many(ctx, db, scan, `SELECT c.student, m.social, m.link <> '', CAST(SUM(m.minutes) AS DOUBLE PRECISION) FROM choice c JOIN material m ON m.district = c.district AND m.id = c.material
		WHERE c.district = $2 AND c.done_at >= $4 AND c.outcome <> 'stopped' AND c.student IN `+ofSchool+` GROUP BY c.student, m.social, m.link <> ''`, db.today(), d, school, micros(since))
	if err != nil {
		return nil, err
	}
	used, err := many(ctx, db, scan, `SELECT person, 'alone', TRUE, SUM(minutes) FROM product_use
		WHERE district = $2 AND day >= $4 AND active AND person IN `+ofSchool+` GROUP BY person`, db.today(), d, school, since.Format(time.DateOnly))
	return append(chosen, used...), err
}

// FlexSpentAt returns the places of a school's students of which somebody wrote down who came.
func (db *DB) FlexSpentAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) ([]timetable.Spent, error) {
	return many(ctx, db, func(row func(...any) error) (x timetable.Spent, err error) {
		return x, row(&x.Student, &x.Slot, &x.Offer, &x.Purpose, &x.Attended)
	}, `SELECT p.student, p.slot, p.offer, o.purpose, p.attended FROM flex_place p JOIN flex_offer o ON o.district = p.district AND o.id = p.offer
		WHERE p.district = $1 AND p.school = $2 AND p.slot >= $3 AND p.slot < $4 AND p.attended <> '' ORDER BY p.slot, p.offer, p.student`, d, school, from, before)
}

// counted is how much of something a person has.
type counted struct {
	person roster.PersonID
	what   string
	n      int
}

func scanCounted(row func(...any) error) (c counted, err error) {
	return c, row(&c.person, &c.what, &c.n)
}

// TalkMinutes returns the minutes of talks since a time, of students of a school.
func (db *DB) TalkMinutes(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) (map[roster.PersonID]int, error) {
	list, err := many(ctx, db, scanCounted, `SELECT student, '', SUM(minutes) FROM conference WHERE district = $2 AND at >= $4 AND student IN `+ofSchool+` GROUP BY student`,
		db.today(), d, school, micros(since))
	minutes := map[roster.PersonID]int{}
	for _, c := range list {
		minutes[c.person] = c.n
	}
	return minutes, err
}

// Adults returns what the staff of a school teach, whom they mentor, what they look after, and for
// how long they talked since a time; flex time is not in it.
func (db *DB) Adults(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) (map[roster.PersonID]company.Adult, error) {
	const taught = `enrollment e JOIN class c ON c.district = e.district AND c.id = e.class AND c.active AND c.school = $3
		WHERE e.district = $2 AND e.active AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1)`
	list, err := many(ctx, db, scanCounted, `SELECT e.person, 'classes', count(DISTINCT e.class) FROM `+taught+` AND e.role = 'teacher' GROUP BY e.person
		UNION ALL SELECT e.person, 'aide', count(DISTINCT e.class) FROM `+taught+` AND e.role = 'aide' GROUP BY e.person
		UNION ALL SELECT e.person, 'shared', count(DISTINCT e.class) FROM `+taught+` AND e.role = 'teacher' AND EXISTS (SELECT 1 FROM enrollment x
			WHERE x.district = e.district AND x.class = e.class AND x.person <> e.person AND x.role = 'teacher' AND x.active AND (x.begins = '' OR x.begins <= $1) AND (x.ends = '' OR x.ends >= $1)) GROUP BY e.person
		UNION ALL SELECT person, 'mentees', count(*) FROM mentor WHERE district = $2 AND student IN `+ofSchool+` GROUP BY person
		UNION ALL SELECT owner, 'flags', count(*) FROM flag WHERE district = $2 AND closed_at = 0 AND expires >= $1 AND student IN `+ofSchool+` GROUP BY owner
		UNION ALL SELECT held_with, 'talks', SUM(minutes) FROM conference WHERE district = $2 AND at >= $4 AND student IN `+ofSchool+` GROUP BY held_with
		ORDER BY 1, 2`, db.today(), d, school, micros(since))
	adults := map[roster.PersonID]company.Adult{}
	for _, c := range list {
		a := adults[c.person]
		a.Person = c.person
		switch c.what {
		case "classes":
			a.Classes = c.n
		case "aide":
			a.Aide = c.n
		case "shared":
			a.Shared = c.n
		case "mentees":
			a.Mentees = c.n
		case "flags":
			a.Flags = c.n
		case "talks":
			a.Talks = c.n
		}
		adults[c.person] = a
	}
	return adults, err
}
