package propose

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/roster"
	"waymark/internal/stats"
)

// Step is one thing that a teacher may do next, with whom and why.
type Step struct {
	Key        string // the same step has the same key as long as it is about the same thing
	Kind       StepKind
	Class      roster.ClassID
	Competency competency.Competency // zero where the step is about no single one
	Group      string                // the group that it is about, if any
	Students   []roster.Person
	Because    string
	Rule       Rule
	Playbook   []string // what one may do, in the school's words
	Minutes    int
	Material   *material.Material // a suggestion, or nil
	Inputs     []Input            // what the rule saw
	Factors    []Factor           // of which the rank is the product
	Weight     float64            // rank: expected benefit × urgency × fairness

	urgency float64 // how far over its threshold, from 1
}

// ID names a step as it was proposed: another rule, because or student gives another.
func (s Step) ID() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s", s.Class, s.Key, s.Rule, s.Because)
	for _, p := range s.Students {
		fmt.Fprintf(h, "\x00%s", p.ID)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Input is one value that a rule looked at.
type Input struct {
	Student roster.PersonID `json:"student,omitempty"`
	What    string          `json:"what"`
	Value   string          `json:"value"`
}

// Factor is one part of a rank.
type Factor struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Words string  `json:"words"`
}

// StepKind is the sort of step.
type StepKind string

const (
	SmallGroup  StepKind = "stuck"             // teach something together to those who are stuck on it
	Before      StepKind = "missing-before"    // teach what comes before what they are stuck on
	SameWrong   StepKind = "same-wrong-answer" // clear up what several got wrong alike
	MoveOn      StepKind = "move-on"           // give the next thing
	Recheck     StepKind = "forgotten"         // renew evidence that is too old to trust
	CheckIn     StepKind = "not-seen"          // see a student who was not seen for long
	OffPace     StepKind = "off-pace"          // a goal whose day comes too soon
	GoalStalled StepKind = "goal-stalled"      // a goal on which nothing moves
	ProfileOld  StepKind = "profile-stale"     // ask what is still true
	Waiting     StepKind = "waiting"           // answer who waits
	GroupEnds   StepKind = "group-ends"        // let a group end, or make new ones
	Disengaging StepKind = "disengaging"       // behaviour that has changed
	Warning     StepKind = "early-warning"     // attendance, suspensions and course performance
)

// Situation is what rules look at beside the estimates of a student.
type Situation struct {
	Minutes    int       // of adults' time in the last twelve weeks
	GoalMoved  time.Time // when anything last moved on the oldest open goal; zero without a goal
	OldProfile bool
	Waits      time.Time // since when the oldest thing waits for an answer; zero if none does
	WaitsFor   string
	Stopped    int       // pieces of work stopped in the last four weeks
	LastWork   time.Time // the latest evidence of any kind; zero if never
	Missed     int       // flex blocks of the last twelve weeks that were missed, of
	Blocks     int       // those recorded
	Absent     float64   // days of school of the same weeks that were missed, of
	Days       int       // those recorded
	Suspended  int       // on how many of them suspended
	Failed     []string  // courses not passed, in the last half year
}

// Alike is a wrong answer that several students gave.
type Alike struct {
	Question, Answer string
	Competency       competency.ID
	Students         []roster.PersonID
	Last             time.Time // when it was last given
}

// Ending is a group and its last day.
type Ending struct {
	ID, Name string
	Until    roster.Date
	Students []roster.PersonID
}

// Room is a class as its rules see it.
type Room struct {
	Class     roster.ClassID
	Students  []Learner
	Catalogue *Catalogue
	Focus     []competency.ID // what the class works on, in its order
	Alike     []Alike
	Groups    []Ending
	Now       time.Time
}

// Steps returns what a teacher may do next in one class, the highest rank first.
func Steps(rules Rules, in Room) []Step {
	p := proposer{Room: in, rules: rules, place: map[roster.PersonID]int{}}
	for i, l := range in.Students {
		p.place[l.Person.ID] = i
	}
	p.stuck()
	p.moveOn()
	p.forgotten()
	p.unseen()
	p.alike()
	p.goals()
	p.profiles()
	p.waiting()
	p.endings()
	p.disengaging()
	p.warning()
	p.rank()
	slices.SortFunc(p.steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), strings.Compare(a.Key, b.Key))
	})
	return p.steps
}

// Within returns the steps that fit into some minutes: each in its turn, if there is time left
// for it. 0 minutes are no limit. takes says how long one takes.
func Within[S any](steps []S, minutes int, takes func(S) int) []S {
	if minutes <= 0 {
		return steps
	}
	var fit []S
	for _, s := range steps {
		if n := takes(s); n <= minutes {
			fit = append(fit, s)
			minutes -= n
		}
	}
	return fit
}

type proposer struct {
	Room
	rules Rules
	place map[roster.PersonID]int
	steps []Step
}

// add keeps a step that a rule proposes. about is what it is about, for its key; urgency is
// how far the case lies over the threshold, 1 being at it.
func (p *proposer) add(rule RuleText, about string, s Step, urgency float64, words map[string]string) {
	if len(s.Students) > 0 {
		words["first"] = s.Students[0].Name()
	}
	s.Kind, s.Class, s.Key = rule.Kind, p.Class, string(rule.Kind)+"|"+string(p.Class)+"|"+about
	s.Because, s.Rule, s.Playbook, s.Minutes = rule.Say(words), p.rules.Name(rule.Kind), rule.Steps, rule.Minutes
	for _, name := range slices.Sorted(maps.Keys(rule.Thresholds)) {
		s.Inputs = append(s.Inputs, Input{What: "threshold: " + name, Value: fmt.Sprintf("%g", rule.Thresholds[name])})
	}
	if s.Competency.ID != "" {
		s.Material = helpFor(p.Catalogue, s.Competency.ID)
	}
	s.Weight = rule.Benefit
	s.urgency = math.Max(1, math.Min(2, urgency))
	p.steps = append(p.steps, s)
}

// rank weighs each step: what one of its kind is worth, more for more students and for what
// opens more, × how far over its threshold × up to half as much again for students who got
// less of adults' time than the median.
func (p *proposer) rank() {
	var minutes []float64
	for _, l := range p.Students {
		minutes = append(minutes, float64(l.Situation.Minutes))
	}
	slices.Sort(minutes)
	median := 0.0
	if len(minutes) > 0 {
		median = stats.Quantile(minutes, .5)
	}
	for i := range p.steps {
		s := &p.steps[i]
		n := len(s.Students)
		opens := min(len(p.Catalogue.After[s.Competency.ID]), 5)
		benefit := s.Weight * (1 + .2*float64(min(max(n, 1), 8)-1)) * (1 + .04*float64(opens))
		less := 0
		for _, st := range s.Students {
			if float64(p.Students[p.place[st.ID]].Situation.Minutes) < median {
				less++
			}
		}
		fair := 1.0
		if n > 0 {
			fair += .5 * float64(less) / float64(n)
		}
		s.Factors = []Factor{
			{"benefit", benefit, fmt.Sprintf("%s; it opens %d more", plural(n, "student", "students"), opens)},
			{"urgency", s.urgency, "how far over the rule’s threshold"},
			{"fairness", fair, fmt.Sprintf("%d of %d had less than the class’s median of %.1f minutes with an adult in twelve weeks", less, n, median)},
		}
		s.Weight = benefit * s.urgency * fair
	}
}

// StuckPieces is how many pieces without success make a student stuck, where no rule says so.
const StuckPieces = 3

// Stuck reports whether a student has tried something several times without success.
func Stuck(e mastery.Estimate) bool { return stuckAfter(e, StuckPieces) }

func stuckAfter(e mastery.Estimate, tries int) bool {
	return e.N >= tries && e.Status == mastery.Starting
}

// stuck finds competencies on which several students have tried and not succeeded.
// Where they miss the same prerequisite, the step is about that.
func (p *proposer) stuck() {
	direct, isDirect := p.rules.Of(SmallGroup)
	before, isBefore := p.rules.Of(Before)
	if !isDirect && !isBefore {
		return
	}
	tries := StuckPieces
	if t, ok := p.rules.Text(SmallGroup); ok {
		tries = int(t.Thresholds["tries"])
	}
	type need struct {
		students []roster.Person
		inputs   []Input
		on       map[competency.ID]int // what they are stuck on
		most     int
	}
	needs := map[competency.ID]*need{}
	for _, l := range p.Students {
		for _, id := range p.Focus {
			e := l.Estimates[id]
			if !stuckAfter(e, tries) {
				continue
			}
			root := id
			if isBefore {
				root = deepestGap(l, p.Catalogue, id, 3)
			}
			n := needs[root]
			if n == nil {
				n = &need{on: map[competency.ID]int{}}
				needs[root] = n
			}
			n.on[id]++
			n.most = max(n.most, e.N)
			n.inputs = append(n.inputs, Input{l.Person.ID, title(p.Catalogue.Competencies[id]), fmt.Sprintf("%d pieces, estimate %.2f (%.2f to %.2f)", e.N, e.Value, e.Low, e.High)})
			if !slices.ContainsFunc(n.students, func(o roster.Person) bool { return o.ID == l.Person.ID }) {
				n.students = append(n.students, l.Person)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(needs)) {
		n := needs[id]
		c := p.Catalogue.Competencies[id]
		var on []string
		for o := range n.on {
			if o != id {
				on = append(on, title(p.Catalogue.Competencies[o]))
			}
		}
		slices.Sort(on)
		rule, ok := direct, isDirect
		if _, itself := n.on[id]; !itself || len(n.on) > 1 {
			rule, ok = before, isBefore
		}
		if !ok || len(n.students) < int(rule.Thresholds["together"]) {
			continue
		}
		students := plural(len(n.students), "student has", "students have")
		if rule.Kind == Before {
			students = plural(len(n.students), "student is", "students are")
		}
		p.add(rule, string(id), Step{Competency: c, Students: n.students, Inputs: n.inputs}, float64(n.most)/float64(max(tries, 1)), map[string]string{
			"students": students, "what": title(c), "tries": fmt.Sprint(tries), "on": strings.Join(on[:min(2, len(on))], "; "),
		})
	}
}

// deepestGap follows missing prerequisites down and returns the first one that a
// student does not hold although all before it are held.
func deepestGap(l Learner, cat *Catalogue, id competency.ID, depth int) competency.ID {
	if depth == 0 {
		return id
	}
	for _, b := range cat.Before[id] {
		if e := l.Estimates[b]; e.N > 0 && (e.Status == mastery.Starting || e.Status == mastery.Learning) {
			return deepestGap(l, cat, b, depth-1)
		}
	}
	return id
}

// moveOn finds students who meet all that the class works on up to something that
// they have not begun.
func (p *proposer) moveOn() {
	rule, ok := p.rules.Of(MoveOn)
	if !ok {
		return
	}
	ready := map[competency.ID][]roster.Person{}
	inputs := map[competency.ID][]Input{}
	for _, l := range p.Students {
		met := 0
		var next competency.ID
		for _, id := range p.Focus {
			if l.status(id) == mastery.Met {
				met++
			} else if next == "" && l.Estimates[id].N == 0 && len(p.Catalogue.Before[id]) > 0 && held(l, p.Catalogue.Before[id]) {
				next = id
			}
		}
		if next != "" && met >= int(rule.Thresholds["met"]) {
			ready[next] = append(ready[next], l.Person)
			inputs[next] = append(inputs[next], Input{l.Person.ID, "met of what the class works on", fmt.Sprint(met)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ready)) {
		people, c := ready[id], p.Catalogue.Competencies[id]
		p.add(rule, string(id), Step{Competency: c, Students: people, Inputs: inputs[id]}, 1,
			map[string]string{"students": plural(len(people), "student is", "students are"), "what": title(c)})
	}
}

func held(l Learner, ids []competency.ID) bool {
	for _, id := range ids {
		if s := l.status(id); s != mastery.Met {
			return false
		}
	}
	return true
}

// unseen lists the students whom nobody has observed for long, longest first.
func (p *proposer) unseen() {
	rule, ok := p.rules.Of(CheckIn)
	if !ok {
		return
	}
	days := rule.Thresholds["days"]
	after := time.Duration(days * float64(24*time.Hour))
	var late []Learner
	for _, l := range p.Students {
		if l.LastSeen.IsZero() || p.Now.Sub(l.LastSeen) >= after {
			late = append(late, l)
		}
	}
	if len(late) == 0 {
		return
	}
	slices.SortFunc(late, func(a, b Learner) int {
		return cmp.Or(a.LastSeen.Compare(b.LastSeen), strings.Compare(string(a.Person.ID), string(b.Person.ID)))
	})
	s, urgency := Step{}, 2.0
	when := "has no evidence from a person yet"
	if t := late[0].LastSeen; !t.IsZero() {
		when = "was last seen " + Ago(p.Now.Sub(t))
		urgency = float64(p.Now.Sub(t)) / float64(max(after, 1))
	}
	for _, l := range late {
		s.Students = append(s.Students, l.Person)
		seen := "never"
		if !l.LastSeen.IsZero() {
			seen = l.LastSeen.Format(time.DateOnly)
		}
		s.Inputs = append(s.Inputs, Input{l.Person.ID, "last seen by a person", seen})
	}
	p.add(rule, "", s, urgency, map[string]string{"students": plural(len(late), "student", "students"), "days": fmt.Sprintf("%g", days), "when": when})
}

// forgotten finds what the class has met once and not shown for too long to rely on.
func (p *proposer) forgotten() {
	rule, ok := p.rules.Of(Recheck)
	if !ok {
		return
	}
	for _, id := range p.Focus {
		s := Step{Competency: p.Catalogue.Competencies[id]}
		for _, l := range p.Students {
			if e := l.Estimates[id]; e.Status == mastery.Fading {
				s.Students = append(s.Students, l.Person)
				s.Inputs = append(s.Inputs, Input{l.Person.ID, "last evidence", e.Last.Format(time.DateOnly)})
			}
		}
		if len(s.Students) < max(1, int(rule.Thresholds["together"])) {
			continue
		}
		p.add(rule, string(id), s, 1, map[string]string{"students": plural(len(s.Students), "student", "students"), "what": title(s.Competency), "weeks": fmt.Sprint(int(mastery.StaleAfter.Hours() / 24 / 7))})
	}
}

func (p *proposer) alike() {
	rule, ok := p.rules.Of(SameWrong)
	if !ok {
		return
	}
	for _, a := range p.Alike {
		if p.Now.Sub(a.Last) > time.Duration(rule.Thresholds["days"]*float64(24*time.Hour)) {
			continue
		}
		s := Step{Competency: p.Catalogue.Competencies[a.Competency]}
		for _, id := range a.Students {
			if at, here := p.place[id]; here {
				s.Students = append(s.Students, p.Students[at].Person)
				s.Inputs = append(s.Inputs, Input{id, a.Question, a.Answer})
			}
		}
		together := max(2, int(rule.Thresholds["together"]))
		if len(s.Students) >= together {
			p.add(rule, a.Question+"="+a.Answer, s, float64(len(s.Students))/float64(together),
				map[string]string{"students": plural(len(s.Students), "student", "students"), "question": a.Question, "answer": a.Answer})
		}
	}
}

// goals finds goals whose day is near though they are not, and goals on which nothing moves.
func (p *proposer) goals() {
	pace, isPace := p.rules.Of(OffPace)
	stalled, isStalled := p.rules.Of(GoalStalled)
	for _, l := range p.Students {
		for _, g := range l.Goals {
			if !g.Done.IsZero() {
				continue
			}
			e := l.Estimates[g.Competency]
			if by := g.By.Time(); isPace && !by.IsZero() && g.Competency != "" {
				left := by.Sub(p.Now).Hours() / 24
				if left <= pace.Thresholds["days"] && e.Status != mastery.Met && e.Status != mastery.Nearly {
					p.add(pace, string(g.ID), Step{Competency: p.Catalogue.Competencies[g.Competency], Students: []roster.Person{l.Person},
						Inputs: []Input{{l.Person.ID, "days left", fmt.Sprintf("%.0f", left)}, {l.Person.ID, "estimate", fmt.Sprintf("%.2f from %d pieces", e.Value, e.N)}}},
						1+(pace.Thresholds["days"]-left)/28, map[string]string{"goal": g.What, "what": title(p.Catalogue.Competencies[g.Competency]), "day": g.By.Time().Format("January 2")})
					continue
				}
			}
			moved := g.Set
			if e.Last.After(moved) {
				moved = e.Last
			}
			if days := p.Now.Sub(moved).Hours() / 24; isStalled && days >= stalled.Thresholds["days"] && stalled.Thresholds["days"] > 0 {
				p.add(stalled, string(g.ID), Step{Competency: p.Catalogue.Competencies[g.Competency], Students: []roster.Person{l.Person},
					Inputs: []Input{{l.Person.ID, "last moved", moved.Format(time.DateOnly)}}},
					days/stalled.Thresholds["days"], map[string]string{"goal": g.What, "days": fmt.Sprintf("%.0f", days)})
			}
		}
	}
}

func (p *proposer) profiles() {
	rule, ok := p.rules.Of(ProfileOld)
	if !ok {
		return
	}
	var s Step
	for _, l := range p.Students {
		if l.Situation.OldProfile {
			s.Students = append(s.Students, l.Person)
		}
	}
	if n := len(s.Students); n > 0 && n >= int(rule.Thresholds["together"]) {
		p.add(rule, "", s, 1, map[string]string{"students": plural(n, "student", "students")})
	}
}

func (p *proposer) waiting() {
	rule, ok := p.rules.Of(Waiting)
	if !ok {
		return
	}
	var s Step
	longest, what := 0.0, ""
	for _, l := range p.Students {
		if l.Situation.Waits.IsZero() {
			continue
		}
		days := p.Now.Sub(l.Situation.Waits).Hours() / 24
		if days < rule.Thresholds["days"] {
			continue
		}
		s.Students = append(s.Students, l.Person)
		s.Inputs = append(s.Inputs, Input{l.Person.ID, l.Situation.WaitsFor, "since " + l.Situation.Waits.Format(time.DateOnly)})
		if days > longest || what == "" {
			longest, what = days, l.Situation.WaitsFor
		}
	}
	if len(s.Students) > 0 {
		p.add(rule, "", s, longest/max(1, rule.Thresholds["days"]), map[string]string{"students": plural(len(s.Students), "student is", "students are"), "days": fmt.Sprintf("%.0f", longest), "what": what})
	}
}

func (p *proposer) endings() {
	rule, ok := p.rules.Of(GroupEnds)
	if !ok {
		return
	}
	for _, g := range p.Groups {
		left := g.Until.Time().Sub(p.Now).Hours() / 24
		if left > rule.Thresholds["days"] {
			continue
		}
		s := Step{Group: g.ID, Inputs: []Input{{What: "last day", Value: string(g.Until)}}}
		for _, id := range g.Students {
			if at, here := p.place[id]; here {
				s.Students = append(s.Students, p.Students[at].Person)
			}
		}
		p.add(rule, g.ID, s, 1-left/14, map[string]string{"group": g.Name, "day": g.Until.Time().Format("January 2")})
	}
}

// disengaging looks at what students do, and at nothing else.
func (p *proposer) disengaging() {
	rule, ok := p.rules.Of(Disengaging)
	if !ok {
		return
	}
	for _, l := range p.Students {
		x := l.Situation
		var signs []string
		var inputs []Input
		sign := func(holds bool, what, value string) {
			if holds {
				signs = append(signs, value+" "+what)
				inputs = append(inputs, Input{l.Person.ID, what, value})
			}
		}
		sign(float64(x.Stopped) >= rule.Thresholds["stopped"], "pieces of chosen work were stopped", fmt.Sprint(x.Stopped))
		if !x.LastWork.IsZero() {
			days := p.Now.Sub(x.LastWork).Hours() / 24
			sign(days >= rule.Thresholds["quiet"], "days without any work", fmt.Sprintf("%.0f", days))
		}
		sign(x.Blocks >= 4 && float64(x.Missed) >= rule.Thresholds["missed"]*float64(x.Blocks) && x.Missed > 0, fmt.Sprintf("of %d flex blocks were missed", x.Blocks), fmt.Sprint(x.Missed))
		if len(signs) >= 2 { // one sign alone is a day like others
			p.add(rule, string(l.Person.ID), Step{Students: []roster.Person{l.Person}, Inputs: inputs}, float64(len(signs))/2, map[string]string{"signs": strings.Join(signs, "; ")})
		}
	}
}

// warning looks at attendance, behaviour and course performance.
func (p *proposer) warning() {
	rule, ok := p.rules.Of(Warning)
	if !ok {
		return
	}
	for _, l := range p.Students {
		var signs []string
		var inputs []Input
		x, urgency := l.Situation, 1.0
		if missed := rule.Thresholds["missed"]; float64(x.Blocks) >= rule.Thresholds["blocks"] && x.Missed > 0 && float64(x.Missed) >= missed*float64(x.Blocks) {
			signs = append(signs, fmt.Sprintf("missed %d of %d flex blocks", x.Missed, x.Blocks))
			inputs = append(inputs, Input{l.Person.ID, "flex blocks missed", fmt.Sprintf("%d of %d", x.Missed, x.Blocks)})
			urgency = max(urgency, float64(x.Missed)/float64(x.Blocks)/max(missed, .01))
		}
		if missed := rule.Thresholds["missed"]; float64(x.Days) >= rule.Thresholds["days"] && x.Absent > 0 && x.Absent >= missed*float64(x.Days) {
			of := fmt.Sprintf("%s of %d", strconv.FormatFloat(math.Round(x.Absent*10)/10, 'g', -1, 64), x.Days)
			signs = append(signs, "missed "+of+" days of school")
			inputs = append(inputs, Input{l.Person.ID, "days of school missed", of})
			urgency = max(urgency, x.Absent/float64(x.Days)/max(missed, .01))
		}
		if n := rule.Thresholds["suspended"]; x.Suspended > 0 && float64(x.Suspended) >= n {
			days := fmt.Sprintf("%d days", x.Suspended)
			if x.Suspended == 1 {
				days = "1 day"
			}
			signs = append(signs, "was suspended on "+days)
			inputs = append(inputs, Input{l.Person.ID, "days suspended", strconv.Itoa(x.Suspended)})
		}
		if n, ok := rule.Thresholds["failed"]; ok && len(x.Failed) > 0 && float64(len(x.Failed)) >= n {
			names := strings.Join(x.Failed[:min(3, len(x.Failed))], ", ")
			if more := len(x.Failed) - 3; more > 0 {
				names += fmt.Sprintf(" and %d more", more)
			}
			signs = append(signs, "did not pass "+names)
			inputs = append(inputs, Input{l.Person.ID, "courses not passed", strings.Join(x.Failed, ", ")})
			urgency = max(urgency, float64(len(x.Failed))/max(n, 1))
		}
		tried, starting := 0, 0
		for _, id := range p.Focus {
			if e := l.Estimates[id]; e.N > 0 {
				tried++
				if e.Status == mastery.Starting {
					starting++
				}
			}
		}
		if share := rule.Thresholds["starting"]; tried >= 4 && float64(starting) >= share*float64(tried) {
			signs = append(signs, fmt.Sprintf("is just starting on %d of %d things that were tried", starting, tried))
			inputs = append(inputs, Input{l.Person.ID, "just starting", fmt.Sprintf("%d of %d tried", starting, tried)})
		}
		if len(signs) > 0 {
			p.add(rule, string(l.Person.ID), Step{Students: []roster.Person{l.Person}, Inputs: inputs}, urgency, map[string]string{"signs": strings.Join(signs, " and ")})
		}
	}
}

// helpFor suggests the material that suits a group best: core before others, off
// screen before on screen, shorter before longer.
func helpFor(cat *Catalogue, id competency.ID) *material.Material {
	ms := slices.Clone(cat.Materials[id])
	if len(ms) == 0 {
		return nil
	}
	rank := func(m material.Material) int {
		r := 0
		if m.Tier != material.Core {
			r += 2
		}
		if m.Location == "" {
			r++
		}
		return r
	}
	slices.SortFunc(ms, func(a, b material.Material) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Minutes, b.Minutes), cmp.Compare(a.ID, b.ID))
	})
	return &ms[0]
}

func title(c competency.Competency) string { return cmp.Or(c.Short, c.Statement, string(c.ID)) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Alternative is a step that was there at the same time and came after.
type Alternative struct {
	Step    string  `json:"step"`
	Because string  `json:"because"`
	Weight  float64 `json:"weight"`
}

// Proposal is a step as it was proposed, with all that explains it.
type Proposal struct {
	ID           string            `json:"id"`
	Class        roster.ClassID    `json:"class"`
	Step         string            `json:"step"`
	Kind         StepKind          `json:"kind"`
	Rule         Rule              `json:"rule"`
	Because      string            `json:"because"`
	Students     []roster.PersonID `json:"students"`
	Inputs       []Input           `json:"inputs"`
	Factors      []Factor          `json:"factors"`
	Alternatives []Alternative     `json:"alternatives"`
	Playbook     []string          `json:"playbook"`
	Weight       float64           `json:"weight"`
	At           time.Time         `json:"at"` // when it was first proposed
}

// Proposals are steps as they are kept: each with the next three as its alternatives.
func Proposals(steps []Step, now time.Time) []Proposal {
	var out []Proposal
	for i, s := range steps {
		p := Proposal{ID: s.ID(), Class: s.Class, Step: s.Key, Kind: s.Kind, Rule: s.Rule, Because: s.Because, Inputs: s.Inputs, Factors: s.Factors, Playbook: s.Playbook, Weight: s.Weight, At: now}
		for _, o := range s.Students {
			p.Students = append(p.Students, o.ID)
		}
		for _, o := range steps[i+1 : min(i+4, len(steps))] {
			p.Alternatives = append(p.Alternatives, Alternative{o.Key, o.Because, o.Weight})
		}
		out = append(out, p)
	}
	return out
}
