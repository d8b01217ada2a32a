package store

import (
	"context"
	"math"
	"strconv"

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
		var points string
		err = row(&e.Student, &e.Course, &e.Subject, &e.Virtual, &e.Provider, &e.Load, &e.Status, &points)
		e.Points = math.NaN()
		if v, err := strconv.ParseFloat(points, 64); err == nil {
			e.Points = v
		}
		e.School, e.Groups = schools[e.Student], groups[roster.PersonID(e.Student)]
		return e, err
	}, `SELECT person, course, subject, virtual, provider, load, status, points FROM course_result WHERE district = $1 AND active ORDER BY person, course, term`, d)
}
