package mastery

import (
	"encoding/json"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Version is a fitted model with how it came about and what it is worth.
type Version struct {
	Model            *Model
	Made             time.Time
	By               roster.PersonID // empty for a command
	Seed             uint64
	Students, Pieces int
	Forecast         json.RawMessage // the model of package tracing fitted to the same log
	Report           Report
}

// Choice is that a person made a version and a criterion a district's own.
type Choice struct {
	Version   string
	Criterion Criterion
	Actor     roster.PersonID // empty for a command
	Because   string
	At        time.Time
}

// Validate reports what is missing of a choice.
func (c Choice) Validate() error {
	switch {
	case c.Version == "":
		return fault.Field("version", "Say which version of the learner model.")
	case strings.TrimSpace(c.Because) == "":
		return fault.Field("because", "Say why: everybody's estimates change, and people will ask.")
	}
	return nil
}
