package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/study"
	"waymark/internal/study/dose"
	"waymark/internal/timetable"
)

func scanPractice(row func(...any) error) (p dose.Practice, err error) {
	var body string
	var at, stopped int64
	var id string
	if err := row(&id, &body, &p.Author, &at, &stopped); err != nil {
		return p, err
	}
	author := p.Author
	err = json.Unmarshal([]byte(body), &p)
	p.ID, p.Author, p.At, p.Stopped = id, author, moment(at), moment(stopped)
	return p, err
}

// Practices returns what a district says its schools do and has not stopped, by when it was said.
func (db *DB) Practices(ctx context.Context, d roster.DistrictID) ([]dose.Practice, error) {
	return many(ctx, db, scanPractice, `SELECT id, body, author, at, stopped FROM practice WHERE district = $1 AND stopped = 0 ORDER BY at, id`, d)
}

// AddPractice keeps a practice; it is not changed afterwards, only stopped.
func (db *DB) AddPractice(ctx context.Context, d roster.DistrictID, p dose.Practice, author roster.PersonID) error {
	if err := p.Check(); err != nil {
		return err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO practice (district, id, body, author, at, stopped) VALUES ($1, $2, $3, $4, $5, 0)`, d, newID(), string(body), author, micros(db.now()))
	return err
}

// StopPractice says that a practice is no longer done. What was had of it stays.
func (db *DB) StopPractice(ctx context.Context, d roster.DistrictID, id string) error {
	_, err := db.exec(ctx, `UPDATE practice SET stopped = $3 WHERE district = $1 AND id = $2 AND stopped = 0`, d, id, micros(db.now()))
	return err
}

// Products returns the names of the products of which there is use.
func (db *DB) Products(ctx context.Context, d roster.DistrictID) ([]string, error) {
	return many(ctx, db, value[string], `SELECT DISTINCT product FROM product_use WHERE district = $1 AND active ORDER BY product`, d)
}

// Taken returns what the students of a school had of each of some practices in the weeks with
// school that lie within some days and are over.
func (db *DB) Taken(ctx context.Context, d roster.DistrictID, school roster.OrgID, practices []dose.Practice, days study.Days) ([]dose.Taken, error) {
	c, err := db.FlexCalendar(ctx, d, school)
	if err != nil {
		return nil, err
	}
	from, before := days.Times()
	if now := db.now(); before.After(now) {
		before = now
	}
	var mondays []string
	for m := timetable.Monday(from.AddDate(0, 0, 6)); m.Time().Before(before); m = timetable.WeeksAfter(m, 1) {
		if c.Open(m) {
			mondays = append(mondays, string(m))
		}
	}
	enrolled, err := db.enrolled(ctx, d, school)
	if err != nil {
		return nil, err
	}
	students := make([]dose.Student, len(enrolled))
	for i, s := range enrolled {
		students[i] = dose.Student{ID: string(s.id), Grade: s.groups["grade"], Groups: s.groups}
	}
	reasons, err := db.doseReasons(ctx, d, school, days.From)
	if err != nil {
		return nil, err
	}
	missed, err := db.missedDays(ctx, d, school, days.From)
	if err != nil {
		return nil, err
	}
	out := make([]dose.Taken, len(practices))
	for i, p := range practices {
		t := dose.Taken{Practice: p, Periods: p.Periods(mondays, before.Format(time.DateOnly)), Dimensions: dimensions}
		if len(t.Periods) > 0 {
			events, err := db.doseEvents(ctx, d, school, p, study.Days{From: t.Periods[0].From, To: days.To})
			if err != nil {
				return nil, err
			}
			t.Students = p.Take(students, t.Periods, events, slices.Concat(reasons, p.Away(missed, t.Periods)))
		}
		out[i] = t
	}
	return out, nil
}

// doseEvents returns how much the students of a school had of a practice in some days, day by day.
func (db *DB) doseEvents(ctx context.Context, d roster.DistrictID, school roster.OrgID, p dose.Practice, days study.Days) ([]dose.Event, error) {
	from, before := days.Times()
	moments := func(row func(...any) error) (e dose.Event, err error) {
		var at int64
		err = row(&e.Student, &at, &e.Amount)
		e.Day = moment(at).Format(time.DateOnly)
		return e, err
	}
	dated := func(row func(...any) error) (e dose.Event, err error) { return e, row(&e.Student, &e.Day, &e.Amount) }
	switch p.Trace {
	case dose.Talks:
		return many(ctx, db, moments, `SELECT c.student, c.at, 1.0 FROM conference c WHERE c.district = $1 AND c.at >= $3 AND c.at < $4
			AND c.student IN (SELECT person FROM role WHERE district = $1 AND org = $2 AND role = 'student' AND active)`, d, school, micros(from), micros(before))
	case dose.Choices:
		return many(ctx, db, moments, `SELECT c.student, c.at, 1.0 FROM choice c WHERE c.district = $1 AND c.at >= $3 AND c.at < $4
			AND c.student IN (SELECT person FROM role WHERE district = $1 AND org = $2 AND role = 'student' AND active)`, d, school, micros(from), micros(before))
	case dose.Checks:
		return many(ctx, db, moments, `SELECT s.student, s.finished_at, 1.0 FROM sitting s WHERE s.district = $1 AND s.finished_at >= $3 AND s.finished_at < $4
			AND s.student IN (SELECT person FROM role WHERE district = $1 AND org = $2 AND role = 'student' AND active)`, d, school, micros(from), micros(before))
	case dose.FlexTime:
		return many(ctx, db, dated, `SELECT student, substr(slot, 1, 10), 1.0 FROM flex_place WHERE district = $1 AND school = $2 AND slot >= $3 AND slot < $4 AND attended = 'here'`,
			d, school, days.From, before.Format(time.DateOnly))
	case dose.Product:
		return many(ctx, db, dated, `SELECT u.person, u.day, CASE WHEN $6 = 'lessons' THEN u.lessons ELSE u.minutes END FROM product_use u WHERE u.district = $1 AND u.day >= $3 AND u.day <= $4 AND u.product = $5 AND u.active
			AND u.person IN (SELECT person FROM role WHERE district = $1 AND org = $2 AND role = 'student' AND active)`, d, school, days.From, days.To, p.Product, string(p.Unit))
	}
	return nil, fault.New(fault.Invalid, "Nobody knows how %q shows.", p.Trace)
}

func scanReason(row func(...any) error) (r dose.Reason, err error) {
	var at int64
	err = row(&r.ID, &r.Student, &r.Practice, &r.Why, &r.Since, &r.Until, &r.Author, &at)
	r.At = moment(at)
	return r, err
}

// doseReasons returns what stood in the way of the students of a school on some day from one on.
func (db *DB) doseReasons(ctx context.Context, d roster.DistrictID, school roster.OrgID, from string) ([]dose.Reason, error) {
	return many(ctx, db, scanReason, `SELECT r.id, r.student, r.practice, r.why, r.since, r.until, r.author, r.at FROM dose_reason r WHERE r.district = $1 AND (r.until = '' OR r.until >= $3)
		AND r.student IN (SELECT person FROM role WHERE district = $1 AND org = $2 AND role = 'student' AND active) ORDER BY r.student, r.since, r.id`, d, school, from)
}

// DoseReasonsOf returns what stood or stands in one student's way, the latest first.
func (db *DB) DoseReasonsOf(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]dose.Reason, error) {
	return many(ctx, db, scanReason, `SELECT id, student, practice, why, since, until, author, at FROM dose_reason WHERE district = $1 AND student = $2 ORDER BY since DESC, id`, d, student)
}

// AddDoseReason keeps what stands in a student's way.
func (db *DB) AddDoseReason(ctx context.Context, d roster.DistrictID, r dose.Reason) error {
	if _, ok := dose.WhyOf(r.Why); !ok {
		return fault.Field("why", "Choose what stood in the way.")
	}
	_, err := db.exec(ctx, `INSERT INTO dose_reason (district, student, id, practice, why, since, until, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		d, r.Student, newID(), r.Practice, r.Why, r.Since, r.Until, r.Author, micros(db.now()))
	return err
}

// EndDoseReason says that something no longer stands in a student's way.
func (db *DB) EndDoseReason(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string) error {
	_, err := db.exec(ctx, `UPDATE dose_reason SET until = $4 WHERE district = $1 AND student = $2 AND id = $3 AND until = ''`, d, student, id, string(db.today()))
	return err
}

// missedDays returns the shares of days that students of a school missed, from a day on.
func (db *DB) missedDays(ctx context.Context, d roster.DistrictID, school roster.OrgID, from string) ([]dose.Event, error) {
	return many(ctx, db, func(row func(...any) error) (e dose.Event, err error) { return e, row(&e.Student, &e.Day, &e.Amount) },
		`SELECT a.person, a.day, avg(a.missed) FROM attendance a WHERE a.district = $1 AND a.day >= $3 AND a.active
		AND a.person IN (SELECT person FROM role WHERE district = $1 AND org = $2 AND role = 'student' AND active) GROUP BY a.person, a.day HAVING avg(a.missed) > 0`, d, school, from)
}
