package flex

import (
	"fmt"
	"math"
	"slices"
)

// Broken is a rule that a solution breaks.
type Broken struct {
	Rule    string `json:"rule"`
	Where   string `json:"where"`
	Message string `json:"message"`
}

// Report is what [Verify] finds.
type Report struct {
	OK        bool     `json:"ok"`
	Broken    []Broken `json:"broken"`
	Objective float64  `json:"objective"`
	Parts     Parts    `json:"parts"`
	Moved     int      `json:"moved"`
	Published int      `json:"published"`
	Placed    int      `json:"placed"` // student-blocks with a session
	Slots     int      `json:"slots"`  // student-blocks
	Wishes    int      `json:"wishes"` // requests
	Granted   int      `json:"granted"`
}

// Verify recomputes the rules and the objective of a solution from the instance and the
// sessions that it holds. It uses nothing of what [Solve] works with.
func Verify(in *Instance, s *Solution) Report {
	v := verifier{in: in, report: Report{Broken: []Broken{}}}
	v.index()
	v.sessions(s)
	v.score()
	v.told(s)
	v.report.OK = len(v.report.Broken) == 0
	return v.report
}

type verifier struct {
	in       *Instance
	weights  Weights
	session  map[string]*Session
	student  map[string]*Student
	room     map[string]*Room
	adult    map[string]*Staff
	required map[Pair]bool
	barred   map[Pair]bool
	asked    map[Pair]bool
	offers   map[string][]string // sessions
	was      map[Pair]bool
	held     map[string]bool
	place    map[string]map[string]string // student, block: session
	report   Report
}

func (v *verifier) broken(rule, where, format string, args ...any) {
	v.report.Broken = append(v.report.Broken, Broken{rule, where, fmt.Sprintf(format, args...)})
}

func (v *verifier) index() {
	v.weights = DefaultWeights
	if v.in.Weights != nil {
		v.weights = *v.in.Weights
	}
	v.session, v.student, v.room, v.adult = map[string]*Session{}, map[string]*Student{}, map[string]*Room{}, map[string]*Staff{}
	v.required, v.asked, v.was, v.offers = map[Pair]bool{}, map[Pair]bool{}, map[Pair]bool{}, map[string][]string{}
	v.held, v.place = map[string]bool{}, map[string]map[string]string{}
	for i := range v.in.Sessions {
		s := &v.in.Sessions[i]
		v.session[s.ID] = s
		v.offers[s.Offer] = append(v.offers[s.Offer], s.ID)
	}
	for i := range v.in.Students {
		v.student[v.in.Students[i].ID] = &v.in.Students[i]
	}
	for i := range v.in.Rooms {
		v.room[v.in.Rooms[i].ID] = &v.in.Rooms[i]
	}
	for i := range v.in.Staff {
		v.adult[v.in.Staff[i].ID] = &v.in.Staff[i]
	}
	v.barred = map[Pair]bool{}
	for _, p := range v.in.Barred {
		v.barred[p] = true
	}
	for _, r := range v.in.Required {
		for _, id := range r.Sessions {
			v.required[Pair{r.Student, id}] = true
		}
	}
	for _, r := range v.in.Requests {
		for _, id := range v.targets(r) {
			v.asked[Pair{r.Student, id}] = true
		}
	}
	for _, h := range v.in.Published {
		for _, id := range h.Students {
			v.was[Pair{id, h.ID}] = true
		}
	}
}

// targets are the sessions that would grant a request.
func (v *verifier) targets(r Request) []string {
	if r.Session != "" {
		return []string{r.Session}
	}
	return v.offers[r.Offer]
}

// sessions checks every rule of every session that is held.
func (v *verifier) sessions(s *Solution) {
	inRoom, byAdult := map[Pair]string{}, map[Pair]string{}
	for _, h := range s.Sessions {
		x := v.session[h.ID]
		switch {
		case x == nil:
			v.broken("unknown", h.ID, "There is no such session.")
			continue
		case v.held[h.ID]:
			v.broken("held-once", h.ID, "The session is there twice.")
			continue
		}
		v.held[h.ID] = true
		v.roomOf(x, h, inRoom)
		v.adultOf(x, h, byAdult)
		if len(h.Students) > x.Seats {
			v.broken("seats", h.ID, "%d students, %d seats.", len(h.Students), x.Seats)
		}
		required := false
		for _, id := range h.Students {
			v.studentIn(x, h, id)
			required = required || v.required[Pair{id, h.ID}]
		}
		if n := len(h.Students); x.State != Fixed && !required && n < max(1, x.Least) {
			v.broken("least", h.ID, "%d students come; it needs %d to be held.", n, max(1, x.Least))
		}
	}
	for i := range v.in.Sessions {
		if x := &v.in.Sessions[i]; x.State == Fixed && !v.held[x.ID] && v.couldHold(x, inRoom, byAdult) {
			v.broken("fixed", x.ID, "It must be held and is not.")
		}
	}
	for _, r := range v.in.Required {
		if !slices.ContainsFunc(r.Sessions, func(id string) bool { return v.place[r.Student][v.session[id].Block] == id }) {
			v.broken("must-attend", r.Student, "Must be in one of %v and is not.", r.Sessions)
		}
	}
}

func (v *verifier) roomOf(x *Session, h Held, taken map[Pair]string) {
	if len(v.in.Rooms) == 0 && h.Room == "" {
		return
	}
	r := v.room[h.Room]
	switch {
	case r == nil:
		v.broken("room", h.ID, "It has no room, or one that there is not: %q.", h.Room)
		return
	case slices.Contains(r.Closed, x.Block):
		v.broken("room-closed", h.ID, "%s is closed in %s.", r.ID, x.Block)
	case len(x.Rooms) > 0 && !slices.Contains(x.Rooms, r.ID):
		v.broken("room-suits", h.ID, "It cannot be in %s.", r.ID)
	}
	for _, tag := range x.Equipment {
		if !slices.Contains(r.Tags, tag) {
			v.broken("room-suits", h.ID, "%s has no %s.", r.ID, tag)
		}
	}
	if len(h.Students) > r.Seats {
		v.broken("room-size", h.ID, "%d students in %s, which has %d seats.", len(h.Students), r.ID, r.Seats)
	}
	if other := taken[Pair{r.ID, x.Block}]; other != "" {
		v.broken("room-once", h.ID, "%s is used by %s in %s.", r.ID, other, x.Block)
	}
	taken[Pair{r.ID, x.Block}] = h.ID
}

func (v *verifier) adultOf(x *Session, h Held, taken map[Pair]string) {
	if len(x.Staff) == 0 && h.Staff == "" {
		return
	}
	t := v.adult[h.Staff]
	switch {
	case t == nil || !slices.Contains(x.Staff, h.Staff):
		v.broken("staff", h.ID, "%q cannot lead it; %v can.", h.Staff, x.Staff)
		return
	case slices.Contains(t.Away, x.Block):
		v.broken("staff-away", h.ID, "%s is away in %s.", t.ID, x.Block)
	}
	if other := taken[Pair{t.ID, x.Block}]; other != "" {
		v.broken("staff-once", h.ID, "%s leads %s in %s.", t.ID, other, x.Block)
	}
	taken[Pair{t.ID, x.Block}] = h.ID
}

func (v *verifier) studentIn(x *Session, h Held, id string) {
	where := id + " in " + x.ID
	st := v.student[id]
	if st == nil {
		v.broken("unknown", where, "There is no such student.")
		return
	}
	if other := v.place[id][x.Block]; other != "" {
		v.broken("one-place", where, "Is in %s in the same block.", other)
		return
	}
	if v.place[id] == nil {
		v.place[id] = map[string]string{}
	}
	v.place[id][x.Block] = x.ID
	if len(st.Blocks) > 0 && !slices.Contains(st.Blocks, x.Block) {
		v.broken("no-flex-time", where, "Has no flex time in %s.", x.Block)
	}
	if v.barred[Pair{id, x.ID}] {
		v.broken("barred", where, "Must not be there.")
	}
	var gives []string
	gives = append(gives, x.Supports...)
	if r := v.room[h.Room]; r != nil {
		gives = append(gives, r.Tags...)
	}
	if t := v.adult[h.Staff]; t != nil {
		gives = append(gives, t.Tags...)
	}
	for _, want := range st.Supports {
		if !slices.Contains(gives, want) {
			v.broken("accommodation", where, "%s is not given.", want)
		}
	}
	if v.required[Pair{id, x.ID}] {
		return // a requirement opens the door
	}
	if len(x.Grades) > 0 && !slices.Contains(x.Grades, st.Grade) {
		v.broken("grades", where, "It is for %v.", x.Grades)
	}
	invited := slices.Contains(x.Invited, id)
	needs := slices.ContainsFunc(st.Needs, func(n Need) bool { return slices.Contains(x.Competencies, n.Competency) })
	if x.Door == Invited && !invited || x.Door == Asked && !invited && !needs && !v.asked[Pair{id, x.ID}] && !v.was[Pair{id, x.ID}] {
		v.broken("door", where, "Its door is %s.", x.Door)
	}
}

// couldHold reports whether some room and some adult are there for a session that no other
// fixed session has.
func (v *verifier) couldHold(x *Session, inRoom, byAdult map[Pair]string) bool {
	free := func(other string) bool { return other == "" || v.session[other].State != Fixed }
	adult := len(x.Staff) == 0 || slices.ContainsFunc(x.Staff, func(id string) bool {
		return !slices.Contains(v.adult[id].Away, x.Block) && free(byAdult[Pair{id, x.Block}])
	})
	room := len(v.in.Rooms) == 0
	for _, r := range v.in.Rooms {
		fits := free(inRoom[Pair{r.ID, x.Block}]) && !slices.Contains(r.Closed, x.Block) && (len(x.Rooms) == 0 || slices.Contains(x.Rooms, r.ID))
		for _, tag := range x.Equipment {
			fits = fits && slices.Contains(r.Tags, tag)
		}
		room = room || fits
	}
	return adult && room
}

// score recomputes the objective.
func (v *verifier) score() {
	p, w := &v.report.Parts, v.weights
	requests := map[string][]Request{}
	for _, r := range v.in.Requests {
		requests[r.Student] = append(requests[r.Student], r)
	}
	v.report.Wishes = len(v.in.Requests)
	for i := range v.in.Students {
		st := &v.in.Students[i]
		place := v.place[st.ID]
		v.report.Slots += len(st.Blocks)
		if len(st.Blocks) == 0 {
			v.report.Slots += len(v.in.Blocks)
		}
		v.report.Placed += len(place)
		p.Place += w.Place * float64(len(place))
		purposes, offers, meets := map[Purpose]bool{}, map[string]bool{}, map[string]bool{}
		for _, id := range place {
			x := v.session[id]
			purposes[x.Purpose] = true
			offers[x.Offer] = x.Offer != ""
			for _, c := range x.Competencies {
				meets[c] = true
			}
			if v.was[Pair{st.ID, id}] {
				p.Keep += w.Keep
			}
		}
		p.Variety += w.Variety * float64(len(purposes))
		for _, n := range st.Needs {
			if meets[n.Competency] {
				p.Need += w.Need * n.Weight
			}
		}
		fair := 1 + w.Fairness*(1-float64(st.Granted+1)/float64(st.Asked+1))
		any := false
		for _, r := range requests[st.ID] {
			if r.Session != "" && place[v.session[r.Session].Block] == r.Session || r.Offer != "" && offers[r.Offer] {
				p.Request += w.Request * math.Pow(w.Later, float64(r.Rank-1)) * fair
				v.report.Granted++
				any = true
			}
		}
		if any {
			p.First += w.First * fair
		}
	}
	for i := range v.in.Sessions {
		switch x := &v.in.Sessions[i]; {
		case v.held[x.ID] && x.State == Possible:
			p.Opening -= w.Opening
		case !v.held[x.ID] && (x.State == Offered || x.State == ""):
			p.Closing -= w.Closing
		}
	}
	v.report.Objective = p.Sum()
	moved, published := map[string]bool{}, map[string]bool{}
	for pair := range v.was {
		published[pair.Student] = true
		if x := v.session[pair.Session]; v.place[pair.Student][x.Block] != pair.Session {
			moved[pair.Student] = true
		}
	}
	v.report.Moved, v.report.Published = len(moved), len(published)
}

// told checks what a solution says of itself.
func (v *verifier) told(s *Solution) {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a), math.Abs(b)) }
	if s.Objective != 0 && !near(s.Objective, v.report.Objective) {
		v.broken("objective", "objective", "It says %.6f; it is %.6f.", s.Objective, v.report.Objective)
	}
	if s.Bound != 0 && s.Bound < v.report.Objective && !near(s.Bound, v.report.Objective) {
		v.broken("bound", "bound", "It is %.6f, below the objective %.6f.", s.Bound, v.report.Objective)
	}
}
