package store

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/study"
	"waymark/internal/study/dose"
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

// DeclareStudy keeps a plan before it is run; it is never changed. Where lots are to be drawn they
// are drawn now, once, and kept with it.
func (db *DB) DeclareStudy(ctx context.Context, d roster.DistrictID, p study.Plan, author roster.PersonID) (string, error) {
	if err := p.Check(); err != nil {
		return "", err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	var lots []study.Lot
	if p.Lots != nil {
		if p.During.From <= db.today() {
			return "", fault.Field("during", "Lots are drawn before the practice begins: let it begin tomorrow or later.")
		}
		units, blocks, values, _, err := db.LotUnits(ctx, d, p)
		if err != nil {
			return "", err
		}
		if lots, err = p.Draw(units, blocks, values); err != nil {
			return "", err
		}
	}
	id := newID()
	return id, db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `INSERT INTO study (district, id, plan, author, at, extract, result, ran_at) VALUES ($1, $2, $3, $4, $5, '', '', 0)`, d, id, string(body), author, micros(tx.now())); err != nil {
			return err
		}
		for _, l := range lots {
			if _, err := tx.exec(ctx, `INSERT INTO study_lot (district, study, unit, block, treated, wave) VALUES ($1, $2, $3, $4, $5, $6)`, d, id, l.Unit, l.Block, l.Treated, int64(l.Wave)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Lots returns what was drawn for a study, by unit.
func (db *DB) Lots(ctx context.Context, d roster.DistrictID, id string) ([]study.Lot, error) {
	return many(ctx, db, func(row func(...any) error) (l study.Lot, err error) {
		return l, row(&l.Unit, &l.Block, &l.Treated, &l.Wave)
	},
		`SELECT unit, block, treated, wave FROM study_lot WHERE district = $1 AND study = $2 ORDER BY unit`, d, id)
}

// LotUnits returns the units among which a pilot draws as the roster has them now: ids of
// students, classes or schools, the blocks within which they draw, the baseline of each (its
// mean; NaN where nothing is known), and how many students they hold together.
func (db *DB) LotUnits(ctx context.Context, d roster.DistrictID, p study.Plan) (units, blocks []string, values []float64, students int, err error) {
	all, err := db.roll(ctx, d)
	if err != nil {
		return nil, nil, nil, 0, err
	}
	before, err := db.measures(ctx, d, p, p.Before)
	if err != nil {
		return nil, nil, nil, 0, err
	}
	class := map[roster.PersonID]string{}
	if p.Lots.Unit == study.ByClass {
		in, err := db.oneClass(ctx, d, p.Lots.Classes, roster.Date(db.today()))
		if err != nil {
			return nil, nil, nil, 0, err
		}
		for id, x := range in {
			class[id] = x.class
		}
	}
	at := map[string]int{}
	var known []float64
	for _, s := range all {
		if len(p.Lots.Schools) > 0 && !slices.Contains(p.Lots.Schools, s.name) || len(p.Lots.Grades) > 0 && !slices.Contains(p.Lots.Grades, s.grade) {
			continue
		}
		unit, block := string(s.id), s.name+", grade "+s.grade
		switch p.Lots.Unit {
		case study.ByClass:
			unit, block = class[s.id], s.name
		case study.BySchool:
			unit, block = s.school, "all schools"
		}
		if unit == "" {
			continue
		}
		students++
		k, ok := at[unit]
		if !ok {
			k = len(units)
			at[unit] = k
			units, blocks, values, known = append(units, unit), append(blocks, block), append(values, 0), append(known, 0)
		}
		if v, ok := before[s.id]; ok {
			values[k] += v
			known[k]++
		}
	}
	if len(units) < 4 {
		return nil, nil, nil, 0, fault.Field("unit", "Only %d of these could draw a lot; at least 4 are needed. Let more schools or grades take part.", len(units))
	}
	for k := range values {
		values[k] /= known[k] // 0/0 is NaN
	}
	return units, blocks, values, students, nil
}

// onRoll is a student on the roll of a school.
type onRoll struct {
	id           roster.PersonID
	grade        string
	school, name string
}

// roll returns the active students who have a school, each once: in two schools at once, the
// first by name counts. Who refuses to be in studies is on no roll of one.
func (db *DB) roll(ctx context.Context, d roster.DistrictID) ([]onRoll, error) {
	all, err := many(ctx, db, func(row func(...any) error) (s onRoll, err error) {
		return s, row(&s.id, &s.grade, &s.school, &s.name)
	}, `SELECT DISTINCT p.id, p.grade, o.id, o.name FROM person p JOIN role r ON r.district = p.district AND r.person = p.id AND r.role = 'student' AND r.active
		JOIN org o ON o.district = p.district AND o.id = r.org AND o.kind = 'school' WHERE p.district = $1 AND p.active AND (p.school = '' OR p.school = o.id)
		AND `+allowsStudies+` ORDER BY p.id, o.name, o.id`, d)
	return slices.CompactFunc(all, func(a, b onRoll) bool { return a.id == b.id }), err
}

// inClass is a student in a class on some day.
type inClass struct {
	student  roster.PersonID
	grade    string
	class    string
	kind     string
	subjects string
}

// oneClass returns the class of a subject, or the homeroom, of those who were in exactly one on a
// day, also where the class or the student has ended since.
func (db *DB) oneClass(ctx context.Context, d roster.DistrictID, subject string, day roster.Date) (map[roster.PersonID]inClass, error) {
	all, err := many(ctx, db, func(row func(...any) error) (x inClass, err error) {
		return x, row(&x.student, &x.grade, &x.class, &x.kind, &x.subjects)
	}, `SELECT DISTINCT e.person, p.grade, c.id, c.kind, c.subjects FROM enrollment e JOIN class c ON c.district = e.district AND c.id = e.class JOIN person p ON p.district = e.district AND p.id = e.person
		WHERE e.district = $2 AND e.role = 'student' AND (e.begins = '' OR e.begins <= $1) AND (e.ends = '' OR e.ends >= $1) AND (e.active OR e.ended > $3) ORDER BY e.person, c.id`, day, d, micros(day.Time()))
	out, twice := map[roster.PersonID]inClass{}, map[roster.PersonID]bool{}
	for _, x := range all {
		if subject == study.Homerooms && x.kind != "homeroom" || subject != study.Homerooms && !slices.Contains(splitList[string](x.subjects), subject) {
			continue
		}
		twice[x.student] = out[x.student].class != ""
		out[x.student] = x
	}
	for id, more := range twice {
		if more {
			delete(out, id)
		}
	}
	return out, err
}

// ClassSubjects returns the subjects of a district's active classes, and whether there are homerooms.
func (db *DB) ClassSubjects(ctx context.Context, d roster.DistrictID) (subjects []string, homerooms bool, err error) {
	_, err = many(ctx, db, func(row func(...any) error) (_ struct{}, err error) {
		var kind, list string
		err = row(&kind, &list)
		homerooms = homerooms || kind == "homeroom"
		subjects = append(subjects, splitList[string](list)...)
		return struct{}{}, err
	}, `SELECT DISTINCT kind, subjects FROM class WHERE district = $1 AND active`, d)
	slices.Sort(subjects)
	return slices.Compact(subjects), homerooms, err
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

// StudyFacts reads what a study asks for of every active student who has a school; of a pilot, of
// all whose unit drew a lot, and of students who drew one themselves also if they have left since.
// Only facts are read: no estimate is in a study.
func (db *DB) StudyFacts(ctx context.Context, d roster.DistrictID, id string, p study.Plan) ([]study.Fact, error) {
	all, err := db.roll(ctx, d)
	if err != nil {
		return nil, err
	}
	lots, err := db.lotsOf(ctx, d, id, p, &all)
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
	met, err := db.met(ctx, d, p, all)
	if err != nil {
		return nil, err
	}
	known := func(m map[roster.PersonID]float64, id roster.PersonID) float64 {
		if v, ok := m[id]; ok {
			return v
		}
		return math.NaN()
	}
	var out []study.Fact
	for _, s := range all {
		f := study.Fact{Student: string(s.id), School: s.name, Grade: s.grade, Groups: groups[s.id], Before: known(before, s.id), After: known(after, s.id), Dose: int(doses[s.id] + 1e-9), Met: known(met, s.id)}
		if p.Lots != nil {
			lot, ok := lots[s.id]
			if !ok {
				continue
			}
			f.Lot = &lot
		}
		out = append(out, f)
	}
	return out, nil
}

// lotsOf returns the lot of each student of a pilot, and adds to the roll those who drew one
// and have left.
func (db *DB) lotsOf(ctx context.Context, d roster.DistrictID, id string, p study.Plan, all *[]onRoll) (map[roster.PersonID]study.Lot, error) {
	if p.Lots == nil {
		return nil, nil
	}
	drawn, err := db.Lots(ctx, d, id)
	if err != nil {
		return nil, err
	}
	by := map[string]study.Lot{}
	for _, l := range drawn {
		by[l.Unit] = l
	}
	class := map[roster.PersonID]inClass{}
	if p.Lots.Unit == study.ByClass { // as they were when it began
		if class, err = db.oneClass(ctx, d, p.Lots.Classes, roster.Date(p.During.From)); err != nil {
			return nil, err
		}
	}
	refuses, err := db.Refusing(ctx, d, guard.Studies)
	if err != nil {
		return nil, err
	}
	out := map[roster.PersonID]study.Lot{}
	for _, s := range *all {
		unit := map[study.Unit]string{study.ByStudent: string(s.id), study.ByClass: class[s.id].class, study.BySchool: s.school}[p.Lots.Unit]
		if l, ok := by[unit]; ok && (p.Lots.Unit == study.ByStudent || len(p.Lots.Grades) == 0 || slices.Contains(p.Lots.Grades, s.grade)) {
			out[s.id] = l
		}
	}
	for who, x := range class { // who has left since is lost, not forgotten
		if l, ok := by[x.class]; ok && !refuses[who] && out[who].Unit == "" && (len(p.Lots.Grades) == 0 || slices.Contains(p.Lots.Grades, x.grade)) {
			out[who] = l
			*all = append(*all, onRoll{id: who, name: l.Block, grade: x.grade})
		}
	}
	if p.Lots.Unit == study.ByStudent {
		for _, l := range drawn {
			if who := roster.PersonID(l.Unit); !refuses[who] && out[who].Unit == "" {
				out[who] = l
				school, grade, _ := strings.Cut(l.Block, ", grade ")
				*all = append(*all, onRoll{id: who, name: school, grade: grade})
			}
		}
	}
	return out, nil
}

// met returns in which share of periods each student had as much of the studied practice as is
// recommended, where it is a declared one.
func (db *DB) met(ctx context.Context, d roster.DistrictID, p study.Plan, all []onRoll) (map[roster.PersonID]float64, error) {
	out := map[roster.PersonID]float64{}
	if p.Dose == nil {
		return out, nil
	}
	seen := map[string]bool{}
	for _, s := range all {
		if s.school == "" || seen[s.school] || p.Trace == study.InSchools && !slices.Contains(p.Schools, s.name) {
			continue
		}
		seen[s.school] = true
		took, err := db.Taken(ctx, d, roster.OrgID(s.school), []dose.Practice{*p.Dose}, p.During)
		if err != nil {
			return nil, err
		}
		for _, x := range took[0].Students {
			if m := x.Met(); !math.IsNaN(m) {
				out[roster.PersonID(x.ID)] = m
			}
		}
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
	case dose.Talks:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM conference WHERE district = $1 AND at >= $2 AND at < $3 GROUP BY student`, d, micros(from), micros(to)))
	case dose.Choices:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM choice WHERE district = $1 AND at >= $2 AND at < $3 GROUP BY student`, d, micros(from), micros(to)))
	case dose.Checks:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM sitting WHERE district = $1 AND finished_at >= $2 AND finished_at < $3 GROUP BY student`, d, micros(from), micros(to)))
	case dose.FlexTime:
		return byStudent(many(ctx, db, scanMeasured, `SELECT student, count(*) FROM flex_place WHERE district = $1 AND slot >= $2 AND slot < $3 AND attended = 'here' GROUP BY student`, d, p.During.From, to.Format(time.DateOnly)))
	case dose.Product:
		if p.Dose != nil && p.Dose.Unit == dose.Lessons {
			return byStudent(many(ctx, db, scanMeasured, `SELECT person, sum(lessons) FROM product_use WHERE district = $1 AND product = $2 AND day >= $3 AND day <= $4 AND active GROUP BY person`, d, p.Product, p.During.From, p.During.To))
		}
		return byStudent(many(ctx, db, scanMeasured, `SELECT person, sum(minutes) FROM product_use WHERE district = $1 AND product = $2 AND day >= $3 AND day <= $4 AND active GROUP BY person`, d, p.Product, p.During.From, p.During.To))
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
