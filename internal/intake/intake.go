// Package intake brings a school's files in: it reads them, checks them against
// what is known, stages them, shows what would change, applies that in one piece,
// and can undo the latest apply. Files are read by the protocol packages, kept by a
// store; this package knows what an import is.
package intake

import (
	"context"
	"time"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/material"
	"waymark/internal/roster"
)

// Kind is a kind of file.
type Kind string

const (
	OneRoster Kind = "oneroster"
	CASE      Kind = "case"
	Materials Kind = "materials"
	Items     Kind = "items"
	Results   Kind = "results"
	Attended  Kind = "attendance"
	Used      Kind = "use"
	Courses   Kind = "courses"
)

// Kinds are all kinds of files.
var Kinds = []Kind{OneRoster, CASE, Materials, Items, Results, Attended, Used, Courses}

// RunID identifies one load of a file.
type RunID string

// State is how far a run has come.
type State string

const (
	Staging State = "staging" // being read, or abandoned while it was
	Staged  State = "staged"  // checked, waiting for a person
	Applied State = "applied"
	Undone  State = "undone"
	Refused State = "refused"
)

// Summary is what a run found and would do, or did.
type Summary struct {
	Run      RunID     `json:"run"`
	Kind     Kind      `json:"kind"`
	File     string    `json:"file"`
	State    State     `json:"state"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	Actor    string    `json:"actor,omitempty"`
	// Good counts rows that can be used; of these Added, Changed and Same say what
	// they mean for the store. Ended counts what the file ends. Skipped counts
	// rows that the file asks or allows to leave out, Bad rows that cannot be used.
	Good    int `json:"good"`
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
	Ended   int `json:"ended"`
	Skipped int `json:"skipped"`
	Bad     int `json:"bad"`

	Tables          []TableDiff     `json:"tables"`
	Problems        []fault.Problem `json:"problems"`        // the first of them
	ProblemsLeftOut int             `json:"problemsLeftOut"` // how many more there are
	Notes           []string        `json:"notes,omitempty"`

	// NeedsDecision says why a person must decide before this is applied.
	NeedsDecision string `json:"needsDecision,omitempty"`
}

// Wrong reports whether anything in the file could not be used.
func (s Summary) Wrong() bool { return s.Bad > 0 }

// TableDiff is what a run changes in one kind of record.
type TableDiff struct {
	Name    string   `json:"name"`
	Added   int      `json:"added"`
	Changed int      `json:"changed"`
	Same    int      `json:"same"`
	Ended   int      `json:"ended"`
	Samples []Change `json:"samples,omitempty"` // the first few changes
}

// Change is one record that is added, changed or ended.
type Change struct {
	What   string        `json:"what"` // added, changed, ended
	ID     string        `json:"id"`
	Name   string        `json:"name"`
	Line   int           `json:"line,omitempty"`
	Fields []FieldChange `json:"fields,omitempty"`
}

// FieldChange is one field before and after.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Scope says which records a run may end: those of kinds that the file lists
// completely, and of frameworks only those of the file's own.
type Scope struct {
	Complete  map[string]bool `json:"complete"` // by table name
	Framework string          `json:"framework,omitempty"`
}

// Store keeps runs. [Store.Stage] opens one.
type Store interface {
	Stage(ctx context.Context, district roster.DistrictID, kind Kind, file string, actor roster.PersonID) (Stager, error)
	// Run returns a stored run.
	Run(ctx context.Context, district roster.DistrictID, id RunID) (Summary, error)
	// Runs returns the latest runs, latest first.
	Runs(ctx context.Context, district roster.DistrictID, most int) ([]Summary, error)
	// Apply applies a staged run in one transaction. It fails with a fault of kind
	// Conflict if the run is not staged.
	Apply(ctx context.Context, district roster.DistrictID, id RunID) (Summary, error)
	// Undo undoes a run, which must be the latest applied one.
	Undo(ctx context.Context, district roster.DistrictID, id RunID) (Summary, error)
	// Discard forgets a staged run's rows and closes it.
	Discard(ctx context.Context, district roster.DistrictID, id RunID, state State) error
	// Refusing returns which students of a district refuse that their record is used for a purpose.
	Refusing(ctx context.Context, district roster.DistrictID, p guard.Purpose) (map[roster.PersonID]bool, error)
	// LastApplied returns the latest applied run that is not undone.
	LastApplied(ctx context.Context, district roster.DistrictID) (Summary, error)
}

// Stager takes the rows of one run. Rows are buffered; [Stager.Finish] writes
// the rest, compares with the store and returns the diff.
type Stager interface {
	ID() RunID
	Org(line int, active bool, o roster.Org) error
	Term(line int, active bool, t roster.Term) error
	Course(line int, active bool, c roster.Course) error
	Class(line int, active bool, c roster.Class) error
	// User takes a user record; Person below knows it after [Stager.PeopleDone].
	User(line int, active bool, u roster.User) error
	// PeopleDone matches staged users with known people and with each other.
	PeopleDone(ctx context.Context) error
	// Person returns whose a roster id is.
	Person(sourcedID string) roster.PersonID
	Role(line int, active bool, r roster.RoleRecord) error
	Enrollment(line int, active bool, e roster.Enrollment) error
	Demographics(line int, active bool, d roster.Demographics) error
	Profile(line int, active bool, p roster.Profile) error
	Category(line int, active bool, c roster.Category) error
	LineItem(line int, active bool, l roster.LineItem) error
	Result(line int, active bool, r roster.Result) error

	Framework(f competency.Framework) error
	Competency(line int, c competency.Competency) error
	Edge(framework competency.FrameworkID, e competency.Edge) error
	Material(line int, m material.Material) error
	Item(line int, q assess.Question) error
	Attendance(line int, a roster.Attendance) error
	Use(line int, u roster.Use) error
	CourseResult(line int, c roster.CourseResult) error
	// Evidence takes a piece without id; its Key is its identity.
	Evidence(line int, p evidence.Piece) error

	// Known reports whether a record of a OneRoster kind is in the store.
	Known(kind, id string) bool
	// FindStudents returns who a reference may mean: by identifier, sourcedId,
	// username, email, userId, name, or any of these.
	FindStudents(ctx context.Context, by, value string) ([]roster.PersonID, error)
	// FindCompetencies returns what a code, a GUID or a name may mean.
	FindCompetencies(ctx context.Context, ref string) ([]competency.ID, error)

	// Finish writes the rest and compares; judge may complete the summary before
	// it is kept.
	Finish(ctx context.Context, s Summary, scope Scope, judge func(*Summary)) (Summary, error)
	Abort(ctx context.Context) error
}
