package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// leading lets in who answers for schools.
func leading(s *Server, r *http.Request, a guard.Actor) error {
	return oneOf(s, r, a, roster.Leader, roster.Administrator)
}

type schoolsView struct {
	Schools []roster.Org
	Studies bool // the reader may ask whether practices helped
}

// showSchools lists the schools that a leader or administrator answers for.
func (s *Server) showSchools(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	schools, err := s.Store.Schools(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "schools", schoolsView{schools, a.Has(roster.Administrator)})
}

// schoolView is what a leader sees: counts and means of groups, no names.
type schoolView struct {
	School     roster.Org
	At         time.Time
	Least      int // students of whom a figure is shown
	Weeks      string
	Hidden     bool // the whole school is too small
	Everybody  everybodyView
	Dimensions []dimensionView
	Classes    bool // the reader may open classes
	Flags      bool // and see who looks after what
	Teams      bool // and say who is in which team
	Rules      bool // and change the rules of what is proposed
}

// everybodyView holds the figures of all students together.
type everybodyView struct {
	Students, Fresh, Coverage, Met string
	Changed                        string // students that the change is over; empty if too few
	Change, Low, High, Words       string
	Interval                       *interval
}

// interval is a change on a line, in shares of the width.
type interval struct{ Left, Width, Dot, Zero, Label string }

type dimensionView struct {
	ID, Name      string
	Fresh, Change *chart
	Hidden        []string // groups that are not shown
	HiddenChange  []string // groups whose change is not shown
}

// showSchool shows whether personalizing happens, for whom, and what moves.
func (s *Server) showSchool(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	school, err := s.Store.Org(r.Context(), a.District, schoolID(r))
	if err != nil {
		return err
	}
	o, err := s.Store.Overview(r.Context(), a.District, school.ID, s.Now())
	if err != nil {
		return err
	}
	v := newSchoolView(o)
	v.School, v.At = school, s.Now()
	v.Classes = a.Has(roster.Leader)
	rel, err := s.Store.ToSchool(r.Context(), a, school.ID)
	if err != nil {
		return err
	}
	_, v.Flags = guard.Allowed(guard.SeeFlags, rel)
	_, v.Teams = guard.Allowed(guard.MakeTeams, rel)
	_, v.Rules = guard.Allowed(guard.SchoolRules, rel)
	return s.render(w, r, a, http.StatusOK, "school", v)
}

// everybody names the dimension that holds the school as a whole, notKnown the group
// of those of whom nobody has said.
const (
	everybody = stats.Everybody
	notKnown  = stats.NotKnown
)

func newSchoolView(o mastery.Overview) schoolView {
	v := schoolView{Least: mastery.SmallCell, Weeks: weekWords(o.Weeks), Hidden: true}
	var order []string
	by := map[string][]named{}
	for _, g := range o.Groups {
		if g.Dimension == everybody {
			v.Hidden = g.Suppressed
			if !g.Suppressed {
				v.Everybody = newEverybody(g, o.Weeks)
			}
			continue
		}
		if by[g.Dimension] == nil {
			order = append(order, g.Dimension)
		}
		by[g.Dimension] = append(by[g.Dimension], named{groupName(g.Dimension, g.Group), g})
	}
	if v.Hidden {
		return v
	}
	for i, d := range order {
		if len(by[d]) == 1 && by[d][0].Group == notKnown {
			continue
		}
		v.Dimensions = append(v.Dimensions, newDimension(fmt.Sprintf("d%d", i+1), d, o.Weeks, by[d]))
	}
	return v
}

func newEverybody(g mastery.GroupOverview, weeks int) everybodyView {
	e := everybodyView{Students: count(g.Students), Fresh: share(g.Fresh), Coverage: fmt.Sprintf("%.1f", g.Coverage), Met: fmt.Sprintf("%.1f", g.Met)}
	if g.Changed < mastery.SmallCell {
		return e
	}
	e.Changed, e.Change, e.Low, e.High = count(g.Changed), points(g.Change), points(g.Low), points(g.High)
	switch direction(g.Low, g.High) {
	case rise:
		e.Words = "estimates went up"
	case fall:
		e.Words = "estimates went down"
	default:
		e.Words = "we can't tell whether estimates changed"
	}
	low, high := min(0, g.Low), max(0, g.High)
	pad := max(0.005, (high-low)*0.1)
	low, high = low-pad, high+pad
	at := func(x float64) float64 { return (x - low) / (high - low) }
	e.Interval = &interval{Left: place(at(g.Low)), Width: place(at(g.High) - at(g.Low)), Dot: place(at(g.Change)), Zero: place(at(0)),
		Label: fmt.Sprintf("Change over %s: %s points of 100, likely between %s and %s.", weekWords(weeks), e.Change, e.Low, e.High)}
	return e
}

func newDimension(id, dimension string, weeks int, groups []named) dimensionView {
	d := dimensionView{ID: id, Name: upperFirst(dimension)}
	by := "by " + lowerFirst(dimension)
	for _, g := range groups {
		if g.Suppressed {
			d.Hidden = append(d.Hidden, g.Name)
		}
	}
	if len(d.Hidden) == len(groups) {
		return d
	}
	fresh := freshChart(id+"-fresh", by, groups)
	d.Fresh = &fresh
	groups, d.HiddenChange = hideSmallChanges(groups)
	if change := changeChart(id+"-change", by, weeks, groups); len(change.Rows) > 0 {
		d.Change = &change
	}
	return d
}

// hideSmallChanges takes the change from groups of which too few students have one,
// and from the next larger group where a single hidden one could be reckoned back
// from the whole. It returns the names of those groups.
func hideSmallChanges(groups []named) ([]named, []string) {
	groups = slices.Clone(groups)
	var hidden []string
	small, next := 0, -1
	for i := range groups {
		g := &groups[i]
		switch {
		case g.Suppressed:
			// A group hidden as a whole takes part in hiding the others.
			small += 2
		case g.Changed < mastery.SmallCell:
			small++
			hidden = append(hidden, g.Name)
			g.Changed = 0
		case next < 0 || g.Changed < groups[next].Changed:
			next = i
		}
	}
	if small == 1 && next >= 0 {
		hidden = append(hidden, groups[next].Name)
		groups[next].Changed = 0
	}
	return groups, hidden
}

// yesNo says the two groups of a dimension that is known as yes or no.
var yesNo = map[string][2]string{
	"English learner":       {"English learners", "Not English learners"},
	"disability":            {"With a disability", "Without a disability"},
	"economic disadvantage": {"With an economic disadvantage", "Without an economic disadvantage"},
}

// groupName says a group so that it can be read alone.
func groupName(dimension, group string) string {
	name := cmp.Or(group, notKnown)
	switch {
	case name == notKnown:
		return "Not known"
	case yesNo[dimension][0] != "" && name == "yes":
		return yesNo[dimension][0]
	case yesNo[dimension][0] != "" && name == "no":
		return yesNo[dimension][1]
	case dimension == "grade":
		if n, err := strconv.Atoi(name); err == nil && n > 0 {
			return fmt.Sprintf("Grade %d", n)
		}
		if name == "KG" || name == "K" {
			return "Kindergarten"
		}
		return "Grade " + name
	}
	return upperFirst(name)
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// lowerFirst writes the first letter small, unless the word is a name such as English.
func lowerFirst(s string) string {
	if first, _, _ := strings.Cut(s, " "); first == "English" || strings.ToUpper(first) == first {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}
