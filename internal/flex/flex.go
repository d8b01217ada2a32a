// Package flex assigns students to sessions, and sessions to rooms and staff, for the flex
// blocks of a week in one solve. [Solve] searches, [Verify] judges what it or anybody else
// found from nothing but the instance. Both follow docs/flex.md.
//
// Nothing here reads a clock but through a deadline, or draws but from a seed.
package flex

// Schema names the form of an [Instance] and a [Solution].
const (
	InstanceSchema = "waymark-flex-instance/1"
	SolutionSchema = "waymark-flex-solution/1"
)

// Instance is one thing to solve: the blocks of a day, a week or several, and all that is
// asked of them.
type Instance struct {
	Schema   string    `json:"schema"`
	Blocks   []Block   `json:"blocks"`
	Rooms    []Room    `json:"rooms,omitempty"`
	Staff    []Staff   `json:"staff,omitempty"`
	Sessions []Session `json:"sessions"`
	Students []Student `json:"students"`
	// Requests are what students ask for and mentors did not turn down.
	Requests []Request `json:"requests,omitempty"`
	// Required is where students must be, by a teacher's word.
	Required []Requirement `json:"required,omitempty"`
	// Barred pairs must not be.
	Barred []Pair `json:"barred,omitempty"`
	// Published is what was told before, as the sessions of a solution; a student's place is
	// kept where little speaks against it, rooms and staff where nothing does.
	Published []Held   `json:"published,omitempty"`
	Weights   *Weights `json:"weights,omitempty"` // [DefaultWeights] where nil
}

// Block is one flex time. Blocks do not overlap.
type Block struct {
	ID string `json:"id"`
}

// Room is a place with seats.
type Room struct {
	ID     string   `json:"id"`
	Seats  int      `json:"seats"`
	Tags   []string `json:"tags,omitempty"`   // such as lab, step-free
	Closed []string `json:"closed,omitempty"` // blocks in which it cannot be used
}

// Staff is an adult who leads sessions.
type Staff struct {
	ID   string   `json:"id"`
	Tags []string `json:"tags,omitempty"` // such as spanish, reading-specialist
	Away []string `json:"away,omitempty"` // blocks
}

// Purpose is what a session is for.
type Purpose string

const (
	SmallGroup  Purpose = "small-group"
	Workshop    Purpose = "workshop"
	Lab         Purpose = "lab"
	Conference  Purpose = "conference"
	OfficeHours Purpose = "office-hours"
	Club        Purpose = "club"
	Study       Purpose = "study" // quiet work with an adult in the room
)

// Purposes are all there are.
var Purposes = []Purpose{SmallGroup, Workshop, Lab, Conference, OfficeHours, Club, Study}

// State says whether a session is held.
type State string

const (
	Offered  State = "offered"  // a teacher offers it; held unless too few come
	Possible State = "possible" // could be opened where that serves enough students
	Fixed    State = "fixed"    // is held, whoever comes
)

// Door says who may come without being required.
type Door string

const (
	Open    Door = "open"    // anybody whom it suits
	Asked   Door = "asked"   // who asked for it, needs what it is about, or was published in it
	Invited Door = "invited" // who is invited
)

// Session is one offering in one block.
type Session struct {
	ID    string `json:"id"`
	Block string `json:"block"`
	// Offer is the same for sessions that offer the same thing in different blocks.
	Offer        string   `json:"offer,omitempty"`
	Purpose      Purpose  `json:"purpose"`
	Competencies []string `json:"competencies,omitempty"`
	Seats        int      `json:"seats"`
	// Least is how many must come for it to be held; 0 stands for 1. A fixed session and one
	// with a required student is held for fewer.
	Least   int      `json:"least,omitempty"`
	State   State    `json:"state,omitempty"`   // offered where empty
	Door    Door     `json:"door,omitempty"`    // open where empty
	Invited []string `json:"invited,omitempty"` // students
	Grades  []string `json:"grades,omitempty"`  // all where empty
	// Staff are who could lead it, one of whom does, the first by preference; where empty
	// it needs nobody.
	Staff []string `json:"staff,omitempty"`
	// Rooms are where it could be; where empty, any that has all of Equipment.
	Rooms     []string `json:"rooms,omitempty"`
	Equipment []string `json:"equipment,omitempty"` // tags that its room must have
	Supports  []string `json:"supports,omitempty"`  // supports that the session itself gives
}

// Student is one student.
type Student struct {
	ID     string   `json:"id"`
	Grade  string   `json:"grade,omitempty"`
	Blocks []string `json:"blocks,omitempty"` // in which the student has flex time; all where empty
	// Supports must each be given by the session, its room or its adult.
	Supports []string `json:"supports,omitempty"`
	Needs    []Need   `json:"needs,omitempty"`
	// Asked and Granted count requests of the weeks before.
	Asked   int `json:"asked,omitempty"`
	Granted int `json:"granted,omitempty"`
}

// Need is a competency that a student should work on with somebody, and how much, in (0, 1].
type Need struct {
	Competency string  `json:"competency"`
	Weight     float64 `json:"weight"`
}

// Request asks for one session, or for an offer in whichever block.
type Request struct {
	Student string `json:"student"`
	Session string `json:"session,omitempty"`
	Offer   string `json:"offer,omitempty"`
	Rank    int    `json:"rank"` // 1 is wished most
}

// Requirement puts a student into one of several sessions.
type Requirement struct {
	Student  string   `json:"student"`
	Sessions []string `json:"sessions"`
	By       string   `json:"by,omitempty"` // who requires it
}

// Pair is a student in a session.
type Pair struct {
	Student string `json:"student"`
	Session string `json:"session"`
}

// Weights say what counts how much. The objective is their sum over what is reached.
type Weights struct {
	Place    float64 `json:"place"`    // a student has a session in a block
	Need     float64 `json:"need"`     // a need of weight 1 is met, once
	Request  float64 `json:"request"`  // a first wish is granted, once
	Later    float64 `json:"later"`    // each further rank counts this share of the one before
	First    float64 `json:"first"`    // a student is granted any wish at all
	Fairness float64 `json:"fairness"` // how much more wishes count of who was granted none so far
	Variety  float64 `json:"variety"`  // each different purpose that a student comes to
	Keep     float64 `json:"keep"`     // a published place stays
	Opening  float64 `json:"opening"`  // is taken off for each possible session that is held
	Closing  float64 `json:"closing"`  // is taken off for each offered session that is not
}

// DefaultWeights are used where an instance brings none.
var DefaultWeights = Weights{
	Place: 1, Need: 3, Request: 2, Later: .8, First: 1, Fairness: 1, Variety: .25, Keep: 2, Opening: 4, Closing: 1,
}

// fairness is the factor on a student's wishes: 1 for who was granted all wishes so far or never
// had one, up to 1 + fairness for who was granted none of many. The share granted is
// (granted + 1) / (asked + 1), so that one bad week does not outweigh all.
func (w Weights) fairness(s Student) float64 {
	return 1 + w.Fairness*(1-float64(s.Granted+1)/float64(s.Asked+1))
}

// Solution says which sessions are held, where, by whom and for whom.
type Solution struct {
	Schema   string   `json:"schema"`
	Status   Status   `json:"status"`
	Seed     uint64   `json:"seed"`
	Sessions []Held   `json:"sessions"`
	Closed   []Closed `json:"closed"` // offered, but not held
	Opened   []string `json:"opened"` // possible before, held now
	// Objective is the sum of Parts; no solution has more than Bound.
	Objective float64 `json:"objective"`
	Parts     Parts   `json:"parts"`
	Bound     float64 `json:"bound"`
	Gap       float64 `json:"gap"` // (bound − objective) / bound, or / |objective| where that is greater
	// Moved counts published students who are elsewhere now; Published all that were.
	Moved     int `json:"moved"`
	Published int `json:"published"`

	Unmet      []Unmet      `json:"unmet"`      // requirements that could not be kept
	Refused    []Refused    `json:"refused"`    // requests not granted, each with its because
	Unassigned []Unassigned `json:"unassigned"` // students without a session in a block
	Stopped    string       `json:"stopped"`    // "done", or "time" where the time was up
}

// Status of a solution.
type Status string

const (
	OK       Status = "ok"
	Conflict Status = "conflict" // some requirement could not be kept: a person must decide
)

// Held is one session that takes place.
type Held struct {
	ID       string   `json:"id"`
	Room     string   `json:"room,omitempty"`
	Staff    string   `json:"staff,omitempty"`
	Students []string `json:"students"`
}

// Closed is an offered session that does not take place.
type Closed struct {
	ID      string `json:"id"`
	Because string `json:"because"`
}

// Unmet is a requirement that could not be kept.
type Unmet struct {
	Requirement
	Reason  Reason `json:"reason,omitempty"`
	Because string `json:"because"`
}

// Refused is a request that was not granted.
type Refused struct {
	Request
	Reason  Reason `json:"reason,omitempty"`
	Because string `json:"because"`
}

// Unassigned is a student without a session in a block.
type Unassigned struct {
	Student string `json:"student"`
	Block   string `json:"block"`
	Reason  Reason `json:"reason,omitempty"`
	Because string `json:"because"`
}

// Reason is a because in a word, for programs and for other languages.
type Reason string

const (
	NotOffered Reason = "not-offered" // no session is
	NoTime     Reason = "no-time"     // the student has no flex time then
	NoSupport  Reason = "support"     // what the student needs is not given there
	ForOthers  Reason = "door"        // it is for other students
	NotHeld    Reason = "closed"
	MustElse   Reason = "required" // somewhere else at that time
	Elsewhere  Reason = "elsewhere"
	Counts     Reason = "other" // it counts more for somebody else
	Full       Reason = "full"
)

// Reasons are all there are.
var Reasons = []Reason{NotOffered, NoTime, NoSupport, ForOthers, NotHeld, MustElse, Elsewhere, Counts, Full}

// Parts are the objective, taken apart.
type Parts struct {
	Place   float64 `json:"place"`
	Need    float64 `json:"need"`
	Request float64 `json:"request"`
	First   float64 `json:"first"`
	Variety float64 `json:"variety"`
	Keep    float64 `json:"keep"`
	Opening float64 `json:"opening"` // negative
	Closing float64 `json:"closing"` // negative
}

// Sum is the objective.
func (p Parts) Sum() float64 {
	return p.Place + p.Need + p.Request + p.First + p.Variety + p.Keep + p.Opening + p.Closing
}
