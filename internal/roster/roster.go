// Package roster holds districts, schools, people, roles, classes and
// enrollments, in OneRoster's terms, and who stands in what relation to whom.
// It knows nothing of files or databases.
package roster

import (
	"strings"
	"time"
)

// IDs of records that the roster system owns are that system's own sourcedId.
// A person's id is ours: one person keeps it through transfer, rename, merge and
// a changed sourcedId, so that their history stays theirs.
type (
	DistrictID   string
	OrgID        string
	TermID       string
	CourseID     string
	ClassID      string
	EnrollmentID string
	PersonID     string
)

// Date is a day without time, as "2006-01-02", or empty for none.
type Date string

// Time returns the beginning of the day in UTC; zero if it is empty or no day.
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Role is what a person is to a school.
type Role string

const (
	Student       Role = "student"
	Teacher       Role = "teacher"
	Guardian      Role = "guardian"
	Leader        Role = "leader"
	Administrator Role = "administrator"
	Aide          Role = "aide"
	// By appointment in Waymark, never by the roster.
	Auditor Role = "auditor" // sees what was done
	Support Role = "support" // helps with accounts
)

// RoleOf maps a OneRoster 1.1 or 1.2 role to ours; ok is false for one that
// gives no access of its own (a relative, a proctor).
func RoleOf(oneRoster string) (role Role, ok bool) {
	switch strings.ToLower(oneRoster) {
	case "student":
		return Student, true
	case "teacher":
		return Teacher, true
	case "aide", "proctor", "counselor":
		return Aide, true
	case "parent", "guardian":
		return Guardian, true
	case "principal", "siteadministrator":
		return Leader, true
	case "administrator", "districtadministrator", "systemadministrator":
		return Administrator, true
	}
	return "", false
}

// District is the tenant; everything below it carries its id.
type District struct {
	ID   DistrictID
	Name string
}

// Org is a district, school or other organisation.
type Org struct {
	ID         OrgID
	Name       string
	Kind       string // OneRoster's orgType: district, school, department, local, state, national
	Identifier string
	Parent     OrgID
}

// Term is a OneRoster academicSession.
type Term struct {
	ID         TermID
	Title      string
	Kind       string // gradingPeriod, semester, schoolYear, term
	Start, End Date
	Parent     TermID
	SchoolYear string // the year in which it ends, such as "2027"
}

// Course is a course of study, taught in classes.
type Course struct {
	ID       CourseID
	Title    string
	Code     string
	Year     TermID
	Grades   []string
	Org      OrgID
	Subjects []string
}

// Class is a course taught to some students by some teachers in some terms.
type Class struct {
	ID       ClassID
	Title    string
	Code     string
	Kind     string // homeroom or scheduled
	Course   CourseID
	School   OrgID
	Terms    []TermID
	Grades   []string
	Subjects []string
	Periods  []string
	Location string
}

// User is one user record of a roster system. Several may describe one person:
// OneRoster 1.1 exports may hold one for each role, and systems mint new ids.
type User struct {
	SourcedID        string
	Enabled          bool
	Username         string
	GivenName        string
	MiddleName       string
	FamilyName       string
	PreferredGiven   string
	PreferredFamily  string
	Pronouns         string
	Email            string
	Identifier       string   // the district's or state's own number
	MasterIdentifier string   // one number for a person across systems (1.2)
	UserIDs          []string // "{type:identifier}" pairs
	Grades           []string
	PrimaryOrg       OrgID
	Agents           []string // sourcedIds of guardians (or, for a guardian, of children)
}

// RoleRecord says that a user has a role at an organisation.
type RoleRecord struct {
	ID         string
	User       string // sourcedId
	Org        OrgID
	Role       string // OneRoster's own word
	Primary    bool
	Begin, End Date
}

// Enrollment places a user in a class with a role.
type Enrollment struct {
	ID         EnrollmentID
	Class      ClassID
	School     OrgID
	User       string // sourcedId
	Role       string // student, teacher, aide, proctor, administrator
	Primary    bool
	Begin, End Date
}

// Demographics are what a district reports of a student; they serve equity
// reports and are never shown beside a child's work.
type Demographics struct {
	User      string // sourcedId
	BirthDate Date
	Sex       string
	// Race holds those of americanIndianOrAlaskaNative, asian,
	// blackOrAfricanAmerican, nativeHawaiianOrOtherPacificIslander, white and
	// demographicRaceTwoOrMoreRaces that are true.
	Race     []string
	Hispanic string // "true", "false" or empty for unknown
	Country  string
	// Extra holds metadata columns that districts use for subgroups, such as
	// homeLanguage, englishLearner, disability, economicDisadvantage.
	Extra map[string]string
}

// Profile is a user's account in another system (OneRoster 1.2 userProfiles).
// Passwords in such files are never read.
type Profile struct {
	ID       string
	User     string // sourcedId
	Kind     string
	Vendor   string
	Username string
}

// Category, LineItem and Result are a gradebook's.
type Category struct {
	ID     string
	Title  string
	Weight string
}

// LineItem is one gradebook column of a class.
type LineItem struct {
	ID           string
	Title        string
	Class        ClassID
	Category     string
	Term         TermID
	Assigned     Date
	Due          Date
	Min, Max     float64
	Competencies []string // CASE item identifiers it is aligned to
}

// Result is one student's result on a line item.
type Result struct {
	ID       string
	LineItem string
	User     string // sourcedId
	Status   string
	Score    *float64
	Text     string
	Date     Date
	// Competencies holds scores on single learning objectives, where given.
	Competencies []ObjectiveScore
}

// Attendance is how much of a day, or of one period of it, a student was there.
type Attendance struct {
	Student   PersonID
	Day       Date
	Period    string  // empty for the whole day
	Missed    float64 // share of it, from 0 to 1
	Suspended bool
	Word      string // the source's own, such as "excused"
}

// Use is how much a student used a product on a day, or in the week that begins with it.
type Use struct {
	Student PersonID
	Product string
	Day     Date
	Minutes float64
	Lessons float64 // finished
}

// CourseResult is how a student's course ended.
type CourseResult struct {
	Student  PersonID
	Course   string
	Subject  string
	Term     string
	Virtual  bool
	Provider string   // what kind of it, of a virtual course
	Load     string   // full-time or part-time online
	Status   string   // in the source's words
	Points   *float64 // share of all points, from 0 to 1; nil where unknown
	Credits  *float64 // that were earned; nil where unknown
}

// Attended sums up a student's attendance over some days.
type Attended struct {
	Days      int     // that are recorded
	Missed    float64 // of them
	Suspended int     // on how many of them
}

// ObjectiveScore is a result's score on one CASE item.
type ObjectiveScore struct {
	Competency string
	Score      *float64
	Text       string
}

// Person is one human being as the school knows them today.
type Person struct {
	ID       PersonID
	Given    string // preferred over legal where given
	Family   string
	Pronouns string
	Username string
	Email    string
	Grade    string
	School   OrgID
	Active   bool
}

// Name returns the name to greet and list a person by.
func (p Person) Name() string { return strings.TrimSpace(p.Given + " " + p.Family) }
