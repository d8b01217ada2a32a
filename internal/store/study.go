package store

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/study"
)

const studyColumns = `id, plan, author, at, extract, result, ran_at`

func scanStudy(row func(...any) error) (s study.Kept, err error) {
	var plan, extract, result string
	var at, ran int64
	if err := row(&s.ID, &plan, &s.Author, &at, &extract, &result, &ran); err != nil {
		return s, err
	}
	s.At, s.Ran, s.Extract = moment(at), moment(ran), []byte(extract)
	if err := json.Unmarshal([]byte(plan), &s.Plan); err != nil {
		return s, err
	}
	if result != "" {
		s.Result = &study.Result{}
		err = json.Unmarshal([]byte(result), s.Result)
	}
	return s, err
}

// Studies returns the studies of a district, the latest first, without their extracts.
func (db *DB) Studies(ctx context.Context, d roster.DistrictID) ([]study.Kept, error) {
	return many(ctx, db, scanStudy, `SELECT id, plan, author, at, '', result, ran_at FROM study WHERE district = $1 ORDER BY at DESC, id`, d)
}

// Study returns one study.
func (db *DB) Study(ctx context.Context, d roster.DistrictID, id string) (study.Kept, error) {
	s, err := one(ctx, db, scanStudy, `SELECT `+studyColumns+` FROM study WHERE district = $1 AND id = $2`, d, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		err = fault.New(fault.NotFound, "There is no such study.")
	}
	return s, err
}

// DeclareStudy keeps a plan before it is run; it is never changed.
func (db *DB) DeclareStudy(ctx context.Context, d roster.DistrictID, p study.Plan, author roster.PersonID) (string, error) {
	if err := p.Check(); err != nil {
		return "", err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	id := newID()
	_, err = db.exec(ctx, `INSERT INTO study (district, id, plan, author, at, extract, result, ran_at) VALUES ($1, $2, $3, $4, $5, '', '', 0)`, d, id, string(body), author, micros(db.now()))
	return id, err
}

// KeepStudy keeps what a study found, with the extract that it was found from.
func (db *DB) KeepStudy(ctx context.Context, d roster.DistrictID, id string, extract []byte, r *study.Result) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `UPDATE study SET extract = $3, result = $4, ran_at = $5 WHERE district = $1 AND id = $2`, d, id, string(extract), string(body), micros(db.now()))
	return err
}

// StudySchools returns the names of a district's schools.
func (db *DB) StudySchools(ctx context.Context, d roster.DistrictID) ([]string, error) {
	return many(ctx, db, value[string], `SELECT name FROM org WHERE district = $1 AND kind = 'school' AND active ORDER BY name, id`, d)
}

// FrameworkTitles returns the ids and titles of the frameworks on which there is work, by title.
func (db *DB) FrameworkTitles(ctx context.Context, d roster.DistrictID) ([][2]string, error) {
	return many(ctx, db, func(row func(...any) error) (f [2]string, err error) { return f, row(&f[0], &f[1]) },
		`SELECT f.id, f.title FROM framework f WHERE f.district = $1 AND f.active AND f.id IN (SELECT c.framework FROM competency c JOIN evidence e ON e.district = c.district AND e.competency = c.id
			WHERE c.district = $1 AND e.kind IN ('response', 'rubric', 'observation', 'task')) ORDER BY f.title, f.id`, d)
}

// Scales returns the scales of external tests that have results, by name.
func (db *DB) Scales(ctx context.Context, d roster.DistrictID) ([]string, error) {
	return many(ctx, db, value[string], `SELECT DISTINCT scale FROM evidence WHERE district = $1 AND kind = 'test' AND scale <> '' ORDER BY scale`, d)
}

// measured is one number of a student.
type measured struct {
	student roster.PersonID
	value   float64
}

func scanMeasured(row func(...any) error) (m measured, err error) {
	return m, row(&m.student, &m.value)
}

// StudyFacts reads what a plan asks for of every active student who has a school. Only facts are
// read: no estimate is in a study.
func (db *DB) StudyFacts(ctx context.Context, d roster.DistrictID, p study.Plan) ([]study.Fact, error) {
	students, err := many(ctx, db, func(row func(...any) error) (f study.Fact, err error) {
		return f, row(&f.Student, &f.Grade, &f.School)
	}, `SELECT DISTINCT p.id, p.grade, o.name FROM person p JOIN role r ON r.district = p.district AND r.person = p.id AND r.role = 'student' AND r.active
		JOIN org o ON o.district = p.district AND o.id = r.org AND o.kind = 'school' WHERE p.district = $1 AND p.active AND (p.school = '' OR p.school = o.id) ORDER BY p.id, o.name`, d)
	if err != nil {
		return nil, err
	}
	groups, _, err := db.StudentGroups(ctx, d)
	if err != nil {
		return nil, err
	}
	before, err := db.measures(ctx, d, p, p.Before)
	if err != nil {
		return nil, err
	}
	after, err := db.measures(ctx, d, p, p.After)
	if err != nil {
		return nil, err
	}
	doses, err := db.doses(ctx, d, p)
	if err != nil {
		return nil, err
	}
	out := students[:0]
	last := ""
	for _, f := range students {
		if f.Student == last { // in two schools at once: the first counts
			continue
		}
		last = f.Student
		id := roster.PersonID(f.Student)
		f.Before, f.After = math.NaN(), math.NaN()
		if v, ok := before[id]; ok {
			f.Before = v
		}
		if v, ok := after[id]; ok {
			f.After = v
		}
		f.Groups, f.Dose = groups[id], int(doses[id])
		out = append(out, f)
	}
	return out, nil
}

// measures returns each student's mean on a plan's outcome in some days.
func (db *DB) measures(ctx context.Context, d roster.DistrictID, p study.Plan, days study.Days) (map[roster.PersonID]float64, error) {
	from, to := days.Times()
	if p.Scale != "" {
		return byStudent(many(ctx, db, scanMeasured, `SELECT e.student, avg(e.score) FROM evidence e WHERE e.district = $1 AND e.kind = 'test' AND e.scale = $2 AND e.at >= $3 AND e.at < $4 AND `+notVoid+` GROUP BY e.student`,
			d, p.Scale, micros(from), micros(to)))
	}
	return byStudent(many(ctx, db, scanMeasured, `SELECT e.student, avg(e.score / e.most) FROM evidence e JOIN competency c ON c.district = e.district AND c.id = e.competency AND c.framework = $2
		WHERE e.district = $1 AND e.kind IN ('response', 'rubric', 'observation', 'task') AND e.most > 0 AND e.at >= $3 AND e.at < $4 AND `+notVoid+` GROUP BY e.student`,
		d, p.Framework, micros(from), micros(to)))
}

// doses returns how often each student had what a plan traces.
func (db *DB) doses(ctx context.Context, d roster.DistrictID, p study.Plan) (map[roster.PersonID]float64, error) {
	from, to := p.During.Times()
	switch p.Trace {
	case study.Talks:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM conference WHERE district = $1 AND at >= $2 AND at < $3 GROUP BY student`, d, micros(from), micros(to)))
	case study.Choices:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM choice WHERE district = $1 AND at >= $2 AND at < $3 GROUP BY student`, d, micros(from), micros(to)))
	case study.Checks:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM sitting WHERE district = $1 AND finished_at >= $2 AND finished_at < $3 GROUP BY student`, d, micros(from), micros(to)))
	case study.FlexTime:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM flex_place WHERE district = $1 AND slot >= $2 AND slot < $3 AND attended = 'here' GROUP BY student`, d, p.During.From, to.Format(time.DateOnly)))
	}
	return map[roster.PersonID]float64{}, nil
}

func byStudent(list []measured, err error) (map[roster.PersonID]float64, error) {
	out := make(map[roster.PersonID]float64, len(list))
	for _, m := range list {
		out[m.student] = m.value
	}
	return out, err
}
