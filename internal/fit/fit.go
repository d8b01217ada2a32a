// Package fit makes a new version of the learner model out of a district's evidence
// log: it fits, compares with the model that runs, and keeps the version with its
// report. It adopts nothing: a person does.
package fit

import (
	"context"
	"fmt"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// Store is what a fit reads and keeps.
type Store interface {
	EachStudent(ctx context.Context, d roster.DistrictID, f func(roster.PersonID, []evidence.Piece) error) error
	Catalogue(ctx context.Context, d roster.DistrictID) (*propose.Catalogue, error)
	StudentGroups(ctx context.Context, d roster.DistrictID) (map[roster.PersonID]map[string]string, []string, error)
	Model(ctx context.Context, d roster.DistrictID) (*mastery.Model, error)
	SaveVersion(ctx context.Context, d roster.DistrictID, v mastery.Version) error
}

// Least evidence of which a fit is made: with less, the built-in model knows better.
const (
	LeastStudents = 20
	LeastPieces   = 500
)

// Run fits a version to all that counts in a district's log and keeps it. The same log
// and seed give the same version.
func Run(ctx context.Context, db Store, d roster.DistrictID, seed uint64, by roster.PersonID, now time.Time) (mastery.Version, error) {
	var sample mastery.Sample
	err := db.EachStudent(ctx, d, func(student roster.PersonID, pieces []evidence.Piece) error {
		sample.Add(student, pieces)
		return ctx.Err()
	})
	if err != nil {
		return mastery.Version{}, err
	}
	if len(sample.Students) < LeastStudents || sample.Pieces() < LeastPieces {
		return mastery.Version{}, fault.New(fault.Invalid, "A fit needs at least %d students with %d pieces of evidence; there are %d with %d. Until then the built-in model serves.",
			LeastStudents, LeastPieces, len(sample.Students), sample.Pieces())
	}
	before, err := prerequisites(ctx, db, d)
	if err != nil {
		return mastery.Version{}, err
	}
	running, err := db.Model(ctx, d)
	if err != nil {
		return mastery.Version{}, err
	}
	groups, dimensions, err := db.StudentGroups(ctx, d)
	if err != nil {
		return mastery.Version{}, err
	}
	most, fifth := sample.Split(seed)
	trial := sample.Fit(most, before, seed)
	v := mastery.Version{Made: now, By: by, Seed: seed, Students: len(sample.Students), Pieces: sample.Pieces()}
	v.Report = sample.Compare(trial, running, fifth, func(i int) map[string]string { return groups[sample.Students[i]] }, dimensions, seed)
	all := make([]int, len(sample.Students))
	for i := range all {
		all[i] = i
	}
	v.Model = sample.Fit(all, before, seed)
	v.Report.Fitted.Version = v.Model.Version
	if err := db.SaveVersion(ctx, d, v); err != nil {
		return v, fmt.Errorf("keep version %s: %w", v.Model.Version, err)
	}
	return v, nil
}

func prerequisites(ctx context.Context, db Store, d roster.DistrictID) (map[competency.ID][]competency.ID, error) {
	c, err := db.Catalogue(ctx, d)
	if err != nil {
		return nil, err
	}
	return c.Before, nil
}
