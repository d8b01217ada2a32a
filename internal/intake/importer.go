package intake

import (
	"context"
	"io"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/tabular"
)

// Job is one file to be checked.
type Job struct {
	District   roster.DistrictID
	Actor      roster.PersonID // empty for the command line
	Kind       Kind
	Name       string // of the file, for messages
	File       io.ReaderAt
	Size       int64
	Mapping    *tabular.Mapping // for Results; nil to recognise one by the file's header
	Encoding   string           // "" to detect
	Strict     bool             // refuse the file if any row is bad
	MaxEndings float64          // share of enrollments that may end without a person's decision; 0 means the default
}

// DefaultMaxEndings is the share of enrollments that a file may end without a person's decision.
const DefaultMaxEndings = 0.10

// decision says, before a run is applied, whether a person must decide.
func decision(s Summary) error {
	if s.NeedsDecision == "" {
		return nil
	}
	return fault.New(fault.Decision, "%s", s.NeedsDecision)
}

// Apply applies a checked run; decided says that a person has seen what it ends.
func (im Importer) Apply(ctx context.Context, d roster.DistrictID, run RunID, decided bool) (Summary, error) {
	s, err := im.Store.Run(ctx, d, run)
	if err != nil {
		return s, err
	}
	if err := decision(s); err != nil && !decided {
		return s, err
	}
	return im.Store.Apply(ctx, d, run)
}

// Undo undoes a run, which must be the latest applied one; an empty id means that one.
func (im Importer) Undo(ctx context.Context, d roster.DistrictID, run RunID) (Summary, error) {
	if run == "" {
		last, err := im.Store.LastApplied(ctx, d)
		if err != nil {
			return last, err
		}
		run = last.Run
	}
	return im.Store.Undo(ctx, d, run)
}

// Discard closes a checked run without applying it.
func (im Importer) Discard(ctx context.Context, d roster.DistrictID, run RunID) error {
	return im.Store.Discard(ctx, d, run, Refused)
}

// Run returns a stored run.
func (im Importer) Run(ctx context.Context, d roster.DistrictID, run RunID) (Summary, error) {
	return im.Store.Run(ctx, d, run)
}

// Runs returns the latest runs.
func (im Importer) Runs(ctx context.Context, d roster.DistrictID, most int) ([]Summary, error) {
	return im.Store.Runs(ctx, d, most)
}
