package store

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"waymark/internal/credit"
	"waymark/internal/roster"
)

// CourseResults returns how courses ended of the students of a district, each with the school
// and groups that the roster says.
func (db *DB) CourseResults(ctx context.Context, d roster.DistrictID) ([]credit.Enrollment, error) {
	roll, err := db.roll(ctx, d)
	if err != nil {
		return nil, err
	}
	schools := map[string]string{}
	for _, s := range roll {
		schools[string(s.id)] = s.name
	}
	groups, _, err := db.StudentGroups(ctx, d)
	if err != nil {
		return nil, err
	}
	return many(ctx, db, func(row func(...any) error) (e credit.Enrollment, err error) {
		e, err = scanCourse(row)
		e.School, e.Groups = schools[e.Student], groups[roster.PersonID(e.Student)]
		return e, err
	}, `SELECT `+courseColumns+` FROM course_result WHERE district = $1 AND active ORDER BY person, course, term`, d)
}

const courseColumns = `person, course, subject, virtual, provider, load, status, points, credits`

func scanCourse(row func(...any) error) (e credit.Enrollment, err error) {
	var points, credits string
	err = row(&e.Student, &e.Course, &e.Subject, &e.Virtual, &e.Provider, &e.Load, &e.Status, &points, &credits)
	e.Points, e.Credits = math.NaN(), math.NaN()
	if v, err := strconv.ParseFloat(points, 64); err == nil {
		e.Points = v
	}
	if v, err := strconv.ParseFloat(credits, 64); err == nil {
		e.Credits = v
	}
	return e, err
}

// CoursesOf returns how courses of some students ended that files told since a moment.
func (db *DB) CoursesOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) (map[roster.PersonID][]credit.Enrollment, error) {
	if len(students) == 0 {
		return nil, nil
	}
	args := []any{d, micros(since)}
	list, err := many(ctx, db, scanCourse, `SELECT `+courseColumns+` FROM course_result WHERE district = $1 AND active
		AND run_created IN (SELECT id FROM intake_run WHERE district = $1 AND finished >= $2) AND person IN (`+marks(&args, students)+`) ORDER BY person, course, term`, args...)
	if err != nil {
		return nil, err
	}
	out := map[roster.PersonID][]credit.Enrollment{}
	for _, e := range list {
		out[roster.PersonID(e.Student)] = append(out[roster.PersonID(e.Student)], e)
	}
	return out, nil
}

// NinthGraders returns the ninth-graders of a school with the courses that files told since a
// moment, and the dimensions by which a report is cut.
func (db *DB) NinthGraders(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) (all []credit.Ninth, dimensions []string, err error) {
	people, err := db.StudentsOf(ctx, d, school)
	if err != nil {
		return nil, nil, err
	}
	var ids []roster.PersonID
	for _, p := range people {
		if strings.TrimLeft(p.Grade, "0") == "9" {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	courses, err := db.CoursesOf(ctx, d, ids, since)
	if err != nil {
		return nil, nil, err
	}
	groups, dimensions, err := db.StudentGroups(ctx, d)
	for _, id := range ids {
		all = append(all, credit.Ninth{Groups: groups[id], Courses: courses[id]})
	}
	return all, dimensions, err
}
