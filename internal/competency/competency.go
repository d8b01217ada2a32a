// Package competency holds frameworks of competencies, their levels and their
// prerequisite graph. A competency stands on its own, outside courses, years
// and schools.
package competency

import "cmp"

// ID is the CASE identifier of an item: a GUID.
type ID string

// FrameworkID is the CASE identifier of a document.
type FrameworkID string

// Framework is a CASE document with its items, hierarchy and prerequisites.
type Framework struct {
	ID       FrameworkID
	Title    string
	Creator  string
	Subject  string
	Language string
	Version  string
	Licence  string
	Status   string // CASE adoptionStatus
	Items    []Competency
	Edges    []Edge
}

// Competency is one item of a framework.
type Competency struct {
	ID        ID
	Framework FrameworkID
	Code      string // humanCodingScheme
	Statement string // fullStatement
	Short     string // abbreviatedStatement, or empty
	Student   string // the statement in a student's words ("I can …"), or empty
	Language  string // BCP 47, that of its framework; empty if it is not told
	Kind      string // CFItemType
	Grades    []string
	Subject   string
	Parent    ID  // empty at the top
	Position  int // order among its siblings
	// Assessable is false for items that only group others (a domain, a cluster).
	Assessable bool
}

// InShort is the competency as adults say it: in few words where the framework has them.
func (c Competency) InShort() string { return cmp.Or(c.Short, c.Statement) }

// Label returns the shortest text that names a competency to a person.
func (c Competency) Label() string {
	switch {
	case c.Student != "":
		return c.Student
	case c.Short != "":
		return c.Short
	}
	return c.Statement
}

// EdgeKind says how two items are related.
type EdgeKind string

const (
	Prerequisite EdgeKind = "prerequisite" // From comes before To
	Related      EdgeKind = "related"
	Equivalent   EdgeKind = "equivalent"
	PartOf       EdgeKind = "partOf"
	Translation  EdgeKind = "translation" // From says To in another language
)

// Edge relates two items.
type Edge struct {
	From, To ID
	Kind     EdgeKind
}
