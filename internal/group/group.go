// Package group proposes groups of students for a purpose, for a time. [Propose] searches,
// [Verify] judges what it or anybody else found from nothing but the instance. Both follow
// docs/groups.md.
//
// Nothing here reads a clock, or draws but from a seed.
package group

// Schema names the form of an [Instance] and a [Solution].
const (
	InstanceSchema = "waymark-groups-instance/1"
	SolutionSchema = "waymark-groups-solution/1"
	docs           = "docs/groups.md"
)

// Instance is one thing to propose: the students, what the groups are for, and what must hold.
type Instance struct {
	Schema  string  `json:"schema"`
	Purpose Purpose `json:"purpose"`
	// Until is the day after which the groups end, as 2026-12-04. Groups are no tracks.
	Until    string    `json:"until,omitempty"`
	Students []Student `json:"students"`
	// Number of groups; 0 leaves it to the search, where Groups is empty.
	Number int `json:"number,omitempty"`
	Least  int `json:"least"` // students in a group
	Most   int `json:"most"`
	// Groups are told where they differ from each other; else there are Number like ones,
	// called g1, g2 and so on.
	Groups []Group `json:"groups,omitempty"`
	Staff  []Staff `json:"staff,omitempty"`
	// Minutes is what one group takes of an adult's time; 0 stands for any adult leading
	// any number of groups.
	Minutes  int        `json:"minutes,omitempty"`
	Together [][]string `json:"together,omitempty"` // students who must be in one group
	Apart    [][]string `json:"apart,omitempty"`    // students no two of whom may be in one group
	Met      []Met      `json:"met,omitempty"`
	Roles    []string   `json:"roles,omitempty"` // one of each in every group
	Held     []Held     `json:"held,omitempty"`
	Weights  *Weights   `json:"weights,omitempty"` // the purpose's [Defaults] where nil
}

// Purpose is what groups are for.
type Purpose string

const (
	SharedNeed     Purpose = "shared-need"     // those who need the same, with each other
	MixedStrengths Purpose = "mixed-strengths" // each group holds what the whole holds
	Interest       Purpose = "interest"        // those whom the same interests
	Pace           Purpose = "pace"            // those who are about as fast
	Project        Purpose = "project"         // teams of mixed strengths around an interest
)

// Purposes are all there are.
var Purposes = []Purpose{SharedNeed, MixedStrengths, Interest, Pace, Project}

// Student is one student. What is not known is left out and counts for nothing.
type Student struct {
	ID        string   `json:"id"`
	Needs     []Amount `json:"needs,omitempty"`     // competencies, and how much each is needed
	Interests []Amount `json:"interests,omitempty"` // topics, and how much each is liked
	Strengths []string `json:"strengths,omitempty"` // competencies that the student could show others
	Level     *float64 `json:"level,omitempty"`     // how far the student is, on any one scale
	Pace      *float64 `json:"pace,omitempty"`      // how fast, on any one scale
	Priority  float64  `json:"priority,omitempty"`  // how much an adult's time matters, from 0 to 1
	Speaks    []string `json:"speaks,omitempty"`    // languages
	With      string   `json:"with,omitempty"`      // a language in which somebody in the group should help
	Supports  []string `json:"supports,omitempty"`  // must be given by the group or its adult
	// Subgroups are the values of characteristics over which groups should be balanced, such
	// as "sex": "female".
	Subgroups map[string]string `json:"subgroups,omitempty"`
}

// Amount is a competency or topic and how much it counts, in (0, 1].
type Amount struct {
	ID     string  `json:"id"`
	Weight float64 `json:"weight"`
}

// Group is one group to be filled.
type Group struct {
	ID        string   `json:"id"`
	Staff     string   `json:"staff,omitempty"` // who leads it; the proposal says where empty
	Supports  []string `json:"supports,omitempty"`
	Languages []string `json:"languages,omitempty"`
	Least     int      `json:"least,omitempty"` // the instance's where 0
	Most      int      `json:"most,omitempty"`
	Locked    []string `json:"locked,omitempty"` // students who stay in it
}

// Staff is an adult who can lead groups.
type Staff struct {
	ID        string   `json:"id"`
	Supports  []string `json:"supports,omitempty"`
	Languages []string `json:"languages,omitempty"`
	Minutes   int      `json:"minutes,omitempty"` // that the adult has
}

// slots is how many groups an adult can lead.
func (in *Instance) slots(s Staff) int {
	if in.Minutes == 0 {
		return len(in.Students)
	}
	return s.Minutes / in.Minutes
}

// Met says how often two students have worked together.
type Met struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Times int    `json:"times"`
}

// Held says how often a student has had a role.
type Held struct {
	Student string `json:"student"`
	Role    string `json:"role"`
	Times   int    `json:"times"`
}

// Weights say what counts how much. The score is the mean of the terms that apply, by weight.
type Weights struct {
	Need     float64 `json:"need,omitempty"`
	Interest float64 `json:"interest,omitempty"`
	Pace     float64 `json:"pace,omitempty"`
	Mixed    float64 `json:"mixed,omitempty"`
	Cover    float64 `json:"cover,omitempty"`
	Balance  float64 `json:"balance,omitempty"`
	Fresh    float64 `json:"fresh,omitempty"`
	Language float64 `json:"language,omitempty"`
	Led      float64 `json:"led,omitempty"`
	Even     float64 `json:"even,omitempty"`
}

// Defaults are the weights of a purpose.
var Defaults = map[Purpose]Weights{
	SharedNeed:     {Need: 6, Balance: 1, Fresh: 1, Language: 1, Led: 2, Even: .5},
	MixedStrengths: {Mixed: 3, Cover: 2, Balance: 3, Fresh: 1, Language: 1, Even: .5},
	Interest:       {Interest: 6, Balance: 1, Fresh: 1, Language: 1, Even: .5},
	Pace:           {Pace: 6, Balance: 1, Fresh: 1, Language: 1, Even: .5},
	Project:        {Interest: 3, Mixed: 2, Cover: 2, Balance: 2, Fresh: 1, Language: 1, Even: .5},
}

func (in *Instance) weights() Weights {
	if in.Weights != nil {
		return *in.Weights
	}
	return Defaults[in.Purpose]
}

// Parts are the terms of a score, each from 0 to 1; a term that does not apply is nil.
type Parts struct {
	Need     *float64 `json:"need,omitempty"`
	Interest *float64 `json:"interest,omitempty"`
	Pace     *float64 `json:"pace,omitempty"`
	Mixed    *float64 `json:"mixed,omitempty"`
	Cover    *float64 `json:"cover,omitempty"`
	Balance  *float64 `json:"balance,omitempty"`
	Fresh    *float64 `json:"fresh,omitempty"`
	Language *float64 `json:"language,omitempty"`
	Led      *float64 `json:"led,omitempty"`
	Even     *float64 `json:"even,omitempty"`
}

// Solution is a proposal of groups.
type Solution struct {
	Schema   string     `json:"schema"`
	Status   Status     `json:"status"`
	Seed     uint64     `json:"seed"`
	Until    string     `json:"until,omitempty"`
	Groups   []Proposed `json:"groups"`
	Score    float64    `json:"score"`
	Parts    Parts      `json:"parts"`
	Fairness []Fairness `json:"fairness"` // all that differ by more than [Warn], most first
	Unmet    []Broken   `json:"unmet"`    // rules that could not be kept
}

// Status of a solution.
type Status string

const (
	OK       Status = "ok"
	Conflict Status = "conflict" // some rule could not be kept: a person must decide
)

// Proposed is one group with its members.
type Proposed struct {
	ID    string `json:"id"`
	Staff string `json:"staff,omitempty"`
	// Focus is the competency, or the topic, that the group shares; empty where the purpose
	// knows none.
	Focus    string   `json:"focus,omitempty"`
	Students []string `json:"students"`
	Roles    []Role   `json:"roles,omitempty"`
	// Because says for each student, in their order, why here.
	Because []string `json:"because,omitempty"`
}

// Role is who has which role.
type Role struct {
	Role    string `json:"role"`
	Student string `json:"student"`
}

// Warn is the standardised difference from which on a group's share of a subgroup is worth
// a person's look (Rubin 2001; What Works Clearinghouse: above 0.25 groups are not alike).
const Warn = 0.25

// Fairness compares a subgroup's share of one group with its share of all: their difference,
// divided by √(p(1−p)) of all.
type Fairness struct {
	Group          string  `json:"group"`
	Characteristic string  `json:"characteristic"`
	Value          string  `json:"value"`
	Count          int     `json:"count"`
	Size           int     `json:"size"`
	Share          float64 `json:"share"`
	Whole          float64 `json:"whole"`
	Difference     float64 `json:"difference"`
	// Nearest says that no other whole number of students would be nearer.
	Nearest bool `json:"nearest"`
}
