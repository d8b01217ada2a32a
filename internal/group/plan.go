package group

import (
	"slices"
	"strings"
	"unicode/utf8"

	"waymark/internal/fault"
)

// Plan is what groups do while they last.
type Plan struct {
	Task     Task     `json:"task"`
	Rotation Rotation `json:"rotation"`
	Past     []Role   `json:"past,omitempty"` // roles that were held here before those of now
}

// Task is what makes work in a group more than sitting together (Johnson and Johnson 1999: positive
// interdependence, individual accountability, social skills, group processing).
type Task struct {
	Product string `json:"product,omitempty"` // what they make together
	Pieces  string `json:"pieces,omitempty"`  // what each has that the others need
	Alone   string `json:"alone,omitempty"`   // how each shows what they can do now
	Norms   string `json:"norms,omitempty"`   // how they work with each other
	Reflect string `json:"reflect,omitempty"` // what they ask themselves at the end
}

// taskMost is the length of one part of a task, in characters.
const taskMost = 300

// TaskPart is one question to a task, and what it says.
type TaskPart struct {
	Name, Question, Said string
}

// Parts are the questions to a task by their names in forms, in the order in which one reads them.
func (t Task) Parts() []TaskPart {
	return []TaskPart{
		{"product", "What do you make together?", t.Product},
		{"pieces", "What does each have that the others need?", t.Pieces},
		{"norms", "How do you work with each other?", t.Norms},
		{"alone", "How does each show what they can do now?", t.Alone},
		{"reflect", "What do you ask yourselves at the end?", t.Reflect},
	}
}

// TaskOf makes a task of what is said to the name of each part.
func TaskOf(said func(name string) string) Task {
	return Task{Product: said("product"), Pieces: said("pieces"), Norms: said("norms"), Alone: said("alone"), Reflect: said("reflect")}
}

// Empty reports whether nothing is said.
func (t Task) Empty() bool { return t == Task{} }

// Missing are the questions that a task leaves open.
func (t Task) Missing() (open []string) {
	for _, p := range t.Parts() {
		if p.Said == "" {
			open = append(open, p.Question)
		}
	}
	return open
}

// Validate reports, as a fault that names the field, what is too long.
func (t Task) Validate() error {
	for _, p := range t.Parts() {
		if utf8.RuneCountInString(p.Said) > taskMost {
			return fault.Field(p.Name, "Please use at most %d characters.", taskMost)
		}
	}
	return nil
}

// Template is a way of going around (Horn and Staker 2015).
type Template string

const (
	NoRotation Template = ""
	Stations   Template = "stations"  // every group is at every station once
	Lab        Template = "lab"       // one half in the room, one in the lab; then the other way around
	OwnList    Template = "own-lists" // each goes by a list of their own; one group at a time is with the adult
)

// Templates are all there are.
var Templates = []Template{Stations, Lab, OwnList}

// Company is with whom one is at a station.
type Company string

const (
	WithAdult  Company = "adult"
	WithOthers Company = "others"
	Alone      Company = "alone"
)

// Companies are all there are.
var Companies = []Company{WithAdult, WithOthers, Alone}

// Station is one place of a rotation.
type Station struct {
	Name    string  `json:"name"`
	Company Company `json:"company"`
}

// Rotation says where each group is in each turn.
type Rotation struct {
	Template Template  `json:"template,omitempty"`
	Minutes  int       `json:"minutes,omitempty"` // of one turn
	Stations []Station `json:"stations,omitempty"`
}

// Begin returns a rotation of a template, to be named by whoever leads it.
func (t Template) Begin() Rotation {
	r := Rotation{Template: t, Minutes: 15}
	switch t {
	case Stations:
		r.Stations = []Station{{"With the teacher", WithAdult}, {"Together", WithOthers}, {"On your own", Alone}}
	case Lab:
		r.Minutes, r.Stations = 25, []Station{{"In the room, with the teacher", WithAdult}, {"In the lab", Alone}}
	case OwnList:
		r.Minutes, r.Stations = 12, []Station{{"With the teacher", WithAdult}, {"Your own list", Alone}}
	default:
		return Rotation{}
	}
	return r
}

// Validate reports, as a fault that names the field, what makes a rotation unusable.
func (r Rotation) Validate() error {
	switch {
	case r.Template == NoRotation:
		return nil
	case !slices.Contains(Templates, r.Template):
		return fault.Field("template", "Choose how the groups go around.")
	case r.Minutes < 3 || r.Minutes > 120:
		return fault.Field("turn", "A turn takes from 3 to 120 minutes.")
	case len(r.Stations) < 2 || len(r.Stations) > 8:
		return fault.Field("station", "Name from 2 to 8 stations.")
	case r.Template != Stations && len(r.Stations) != 2:
		return fault.Field("station", "In this way of going around there are two places.")
	}
	for _, s := range r.Stations {
		if strings.TrimSpace(s.Name) == "" || utf8.RuneCountInString(s.Name) > 60 {
			return fault.Field("station", "Give each station a name of at most 60 characters.")
		}
		if !slices.Contains(Companies, s.Company) {
			return fault.Field("station", "Say with whom one is at each station.")
		}
	}
	return nil
}

// Turns returns the station of each group, by turn and group: every group is at every station, and
// no station has more groups in a turn than it must. By own lists the groups take turns with the
// adult, all others at the second station.
func (r Rotation) Turns(groups int) (turns [][]int) {
	n := len(r.Stations)
	if r.Template == OwnList {
		n = groups
	}
	for t := range n {
		turn := make([]int, groups)
		for g := range groups {
			if turn[g] = (g + t) % n; r.Template == OwnList {
				turn[g] = min(turn[g], 1)
			}
		}
		turns = append(turns, turn)
	}
	return turns
}

// Shares is how many minutes a group is in each company, over all turns.
func (r Rotation) Shares(groups int) map[Company]int {
	minutes := map[Company]int{}
	if groups == 0 {
		return minutes
	}
	for _, turn := range r.Turns(groups) {
		minutes[r.Stations[turn[0]].Company] += r.Minutes // each group has what the first has
	}
	return minutes
}
