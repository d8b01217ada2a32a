package tabular

import (
	"bytes"

	"go.yaml.in/yaml/v3"

	"waymark/internal/evidence"
)

// Mapping declares how the rows of a file of results become evidence. It is
// written as YAML, so that a school's data person can read, change and keep it.
//
// Wherever a [Value] is expected, a plain text stands for itself and {Name}
// within it for the row's cell in column Name ({{ is a brace). A column may also
// be named by itself: {column: Name}. The columns named by student, time, where,
// key, competency, scale and score must be in the file; others may be absent.
type Mapping struct {
	Name    string `yaml:"name"`
	Version int    `yaml:"version"`
	// Source is what evidence names as its origin; empty for Name. Layouts of
	// one test that differ by year share it, so that their facts do too.
	Source string `yaml:"source,omitempty"`
	About  string `yaml:"about,omitempty"` // for people: what the file is, where it comes from
	Format Format `yaml:"format,omitempty"`
	// Match lists columns by which a file of this layout is recognised. Without
	// it the mapping is never chosen by itself.
	Match []string `yaml:"match,omitempty,flow"`
	// Empty lists words that mean that there is no value, such as NA.
	Empty   []string    `yaml:"empty,omitempty,flow"`
	Student Student     `yaml:"student"`
	Time    Time        `yaml:"time,omitempty"`
	Where   []Condition `yaml:"where,omitempty"` // all must hold for a row to be used
	// MissingStudents and MissingCompetencies are "refuse" (also if empty) or
	// "create", which is for research data about people whom no roster knows.
	MissingStudents     string `yaml:"missing_students,omitempty"`
	MissingCompetencies string `yaml:"missing_competencies,omitempty"`
	// Repeats is "allowed" if a file may hold the same student and item more
	// than once without telling them apart; they are then numbered in order.
	Repeats string `yaml:"repeats,omitempty"`
	// Key lists the columns that, with student, scale, competency and item,
	// identify a fact whatever its score; empty for time and attempt.
	Key          []string      `yaml:"key,omitempty,flow"`
	Observations []Observation `yaml:"observations"`
}

// Format says how the file is written; see [Options]. Empty fields are detected.
type Format struct {
	Encoding   string `yaml:"encoding,omitempty"`
	Delimiter  string `yaml:"delimiter,omitempty"` // one character, or "tab"
	HeaderRow  int    `yaml:"header_row,omitempty"`
	HeaderRows int    `yaml:"header_rows,omitempty"`
	NoHeader   bool   `yaml:"no_header,omitempty"`
	Ragged     bool   `yaml:"ragged,omitempty"`
	Decimal    string `yaml:"decimal,omitempty"` // "comma" for 2,5; empty for 2.5
}

// Student says who a row is about. {row} stands for the number of the row.
type Student struct {
	Column string    `yaml:"column,omitempty"`
	Text   string    `yaml:"text,omitempty"`
	By     string    `yaml:"by"` // any, identifier, sourcedId, username, email, userId or name
	Also   []Student `yaml:"also,omitempty"`
}

// Time says when the work was done: in columns (joined by a space), at a fixed
// date, or, where the file only keeps the order, by that order.
type Time struct {
	Columns []string `yaml:"columns,omitempty,flow"`
	// Layouts are tried in turn: YYYY-MM-DD HH:mm:ss, M/D/YYYY h:mm a, MMM D
	// YYYY; empty for ISO 8601. A day without a time of day counts as noon.
	Layouts []string `yaml:"layouts,omitempty,flow"`
	Zone    string   `yaml:"zone,omitempty"` // IANA name; empty for UTC
	Unit    string   `yaml:"unit,omitempty"` // s, ms or day: the column counts these since Start
	Start   string   `yaml:"start,omitempty"`
	Date    string   `yaml:"date,omitempty"` // a fixed day, YYYY-MM-DD
	// From "order" puts each student's rows Step apart, from Start on. With
	// OrderWhen this holds only where the column has that value.
	From      string `yaml:"from,omitempty"`
	Step      string `yaml:"step,omitempty"` // such as 1m, 24h
	OrderWhen string `yaml:"order_when,omitempty"`
	Else      *Time  `yaml:"else,omitempty"` // used where the columns are empty
}

// Condition is one thing that must hold.
type Condition struct {
	Column   string   `yaml:"column"`
	NotEmpty bool     `yaml:"not_empty,omitempty"`
	Is       []string `yaml:"is,omitempty,flow"`  // one of these, case aside
	Not      []string `yaml:"not,omitempty,flow"` // none of these, case aside
	Matches  string   `yaml:"matches,omitempty"`  // a regular expression
}

// Observation says how one row becomes one piece of evidence, or one for each
// repetition, matching column or item of a vector.
type Observation struct {
	Kind   evidence.Kind `yaml:"kind"`
	Repeat []Repeat      `yaml:"repeat,omitempty"` // all combinations, at most one of Wide and Vector besides
	Wide   *Wide         `yaml:"wide,omitempty"`
	Vector *Vector       `yaml:"vector,omitempty"`
	Where  []Condition   `yaml:"where,omitempty"`
	// Optional says that the file may lack the columns that this needs.
	Optional   bool        `yaml:"optional,omitempty"`
	Competency *Competency `yaml:"competency,omitempty"`
	Scale      Value       `yaml:"scale,omitempty"`
	// Score gives the number. Where it is empty there is nothing to record. In
	// a wide or vector observation its column may be left out. A cell such as
	// "17/20" or "3 of 4" gives the maximum too.
	Score      Value `yaml:"score,omitempty"`
	Max        Value `yaml:"max,omitempty"`
	SE         Value `yaml:"se,omitempty"`
	Percentile Value `yaml:"percentile,omitempty"`
	Label      Value `yaml:"label,omitempty"`
	Item       Value `yaml:"item,omitempty"`
	Attempt    Value `yaml:"attempt,omitempty"`
	Hints      Value `yaml:"hints,omitempty"`
	Seconds    Value `yaml:"seconds,omitempty"`
	Note       Value `yaml:"note,omitempty"`
	Time       *Time `yaml:"time,omitempty"` // instead of the mapping's
}

// Repeat makes an observation count for several columns: As takes the numbers
// From to To, or each entry of Each gives names their texts. {As} and the names
// may stand in column names and texts.
type Repeat struct {
	As   string              `yaml:"as,omitempty"`
	From int                 `yaml:"from,omitempty"`
	To   int                 `yaml:"to,omitempty"`
	Each []map[string]string `yaml:"each,omitempty"`
}

// Wide makes one observation of each column whose name matches the regular
// expression Columns and not Except. {column} is the name; named groups
// (?P<skill>…) may stand in column names and texts.
type Wide struct {
	Columns string `yaml:"columns"`
	Except  string `yaml:"except,omitempty"`
}

// Vector makes one observation of each item in a cell that holds many. {value}
// is the item's part, {position} its number from 1; Lists name further cells
// that are split likewise and run in parallel.
type Vector struct {
	Column    string          `yaml:"column"`
	Width     int             `yaml:"width,omitempty"` // characters for each item; 0 with Separator, else 1
	Separator string          `yaml:"separator,omitempty"`
	Lists     map[string]List `yaml:"lists,omitempty"`
}

// List is a cell that runs in parallel to a vector.
type List struct {
	Column    string `yaml:"column"`
	Width     int    `yaml:"width,omitempty"`
	Separator string `yaml:"separator,omitempty"`
}

// Competency says which competency an observation is about.
type Competency struct {
	Column string            `yaml:"column,omitempty"`
	Text   string            `yaml:"text,omitempty"`
	By     string            `yaml:"by"`               // code, guid or name
	Values map[string]string `yaml:"values,omitempty"` // the file's words for our codes
	Title  Value             `yaml:"title,omitempty"`  // its statement, where it may be created
}

// Value is where one value comes from. Written as plain text it is Text.
type Value struct {
	Column string `yaml:"column,omitempty"`
	Text   string `yaml:"text,omitempty"`
	// Values translates words, case aside; the word skip leaves the value out.
	// Where a number is wanted, a word that is not listed must be one.
	Values  map[string]string `yaml:"values,omitempty"`
	Default string            `yaml:"default,omitempty"` // used where the cell is empty or the column absent
	// Number says how a number is written: empty for a plain one; "strip" for
	// one with marks around it (275Q, <100, 83%); "lexile" also for BR400L and
	// EM120Q, which lie below zero.
	Number string   `yaml:"number,omitempty"`
	Times  float64  `yaml:"times,omitempty"` // multiplies it, such as 60 for minutes to seconds
	Empty  []string `yaml:"empty,omitempty,flow"`
}

// plain has Value's fields without its methods.
type plain Value

// MarshalYAML writes a value that is only text as that text.
func (v Value) MarshalYAML() (any, error) {
	if v.justText() {
		return v.Text, nil
	}
	return plain(v), nil
}

func (v Value) justText() bool {
	return v.Text != "" && v.Column == "" && v.Values == nil && v.Default == "" && v.Number == "" && v.Times == 0 && v.Empty == nil
}

// IsZero reports a value that is not given.
func (v Value) IsZero() bool {
	return v.Column == "" && v.Text == "" && v.Values == nil && v.Default == "" && v.Number == "" && v.Times == 0 && v.Empty == nil
}

// YAML writes the mapping so that [ParseMapping] reads an equal one.
func (m Mapping) YAML() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// CreateMissingStudents reports whether students whom nobody knows are to be
// created rather than refused.
func (m Mapping) CreateMissingStudents() bool { return m.MissingStudents == "create" }

// CreateMissingCompetencies reports whether competencies that no framework has
// are to be created rather than refused.
func (m Mapping) CreateMissingCompetencies() bool { return m.MissingCompetencies == "create" }

// Origin returns what evidence names as its source.
func (m Mapping) Origin() string {
	if m.Source != "" {
		return m.Source
	}
	return m.Name
}

// InZone returns the mapping with its times read in the named zone wherever it
// names none itself.
func (m Mapping) InZone(zone string) Mapping {
	m.Time = m.Time.inZone(zone)
	obs := make([]Observation, len(m.Observations))
	for i, o := range m.Observations {
		if o.Time != nil {
			t := o.Time.inZone(zone)
			o.Time = &t
		}
		obs[i] = o
	}
	m.Observations = obs
	return m
}

func (t Time) inZone(zone string) Time {
	if t.Zone == "" {
		t.Zone = zone
	}
	if t.Else != nil {
		e := t.Else.inZone(zone)
		t.Else = &e
	}
	return t
}

func (t Time) isZero() bool {
	return len(t.Columns) == 0 && t.Date == "" && t.From == ""
}

// Options returns how to read the file.
func (f Format) Options() Options {
	o := Options{Encoding: f.Encoding, HeaderRow: f.HeaderRow, HeaderRows: f.HeaderRows, NoHeader: f.NoHeader, Ragged: f.Ragged}
	switch f.Delimiter {
	case "":
	case "tab", `\t`:
		o.Comma = '\t'
	default:
		o.Comma = []rune(f.Delimiter)[0]
	}
	return o
}
