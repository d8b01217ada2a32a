package demo

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// piece is one row of a file of results.
type piece struct {
	student  *student
	comp     *comp
	kind     string // response, observation, rubric or task
	item     string
	score    int
	max      int
	attempt  int
	hints    int
	seconds  int
	at       time.Time
	note     string
	observer string
	late     bool // handed in after the file of tasks was written
}

// rates are how many of each a student gets in a week, by grade band.
type rates struct {
	sets         map[string]float64 // of practice, by subject
	items        int
	observe      map[string]float64
	rubric, task float64
}

func ratesOf(grade int) rates {
	switch {
	case grade <= 2:
		return rates{sets: map[string]float64{"math": 0.19, "ela": 0.19}, items: 5,
			observe: map[string]float64{"math": .95, "ela": 1.1, "sci": .35, "hab": .3}}
	case grade <= 5:
		return rates{sets: map[string]float64{"math": 0.40, "ela": 0.24, "sci": 0.10}, items: 5,
			observe: map[string]float64{"math": .12, "ela": .12, "sci": .1, "hab": .2}, rubric: .22, task: .3}
	case grade <= 8:
		return rates{sets: map[string]float64{"math": 0.40, "ela": 0.22, "sci": 0.19}, items: 5,
			observe: map[string]float64{"math": .06, "ela": .06, "sci": .06, "hab": .15}, rubric: .3, task: .45}
	}
	return rates{sets: map[string]float64{"math": 0.36, "ela": 0.20, "sci": 0.20}, items: 5,
		observe: map[string]float64{"math": .03, "ela": .04, "sci": .05, "hab": .12}, rubric: .3, task: .5}
}

// observer collects one student's pieces.
type observer struct {
	d    *district
	r    *rand.Rand
	s    *student
	out  []piece
	seen map[string]bool
}

// observe simulates the weeks up to today and returns what was written down, in the
// order of the work.
func observe(d *district) []piece {
	for _, s := range d.students {
		newLearner(stream(d.o.Seed, "learner/"+s.id), d, s)
	}
	for _, k := range d.classes {
		for _, sub := range k.taught() {
			d.plan(k, sub)
		}
	}
	var all []piece
	for _, s := range d.students {
		o := &observer{d: d, r: stream(d.o.Seed, "evidence/"+s.id), s: s, seen: map[string]bool{}}
		o.run()
		all = append(all, o.out...)
	}
	slices.SortStableFunc(all, func(a, b piece) int { return a.at.Compare(b.at) })
	return all
}

// taught returns the keys of the subjects that a class is taught in.
func (k *class) taught() []string {
	switch k.subject {
	case "":
		return nil
	case "all":
		return []string{"math", "ela", "sci"}
	}
	return []string{k.subject}
}

// classFor returns the class in which a student had a subject on a day.
func (s *student) classFor(subject string, on time.Time) *class {
	classes := s.classes
	if len(s.former) > 0 && day(on) < s.former[0].end {
		classes = nil
		for _, st := range s.former {
			classes = append(classes, st.class)
		}
	}
	for _, k := range classes {
		if k.subject == subject || k.subject == "all" {
			return k
		}
	}
	return nil
}

// dayIn returns a random school day of the week on which the student was there.
func (o *observer) dayIn(week int) (time.Time, bool) {
	for range 4 {
		t, past := o.d.schoolDay(week, o.r.IntN(5))
		if past && o.there(t) {
			return t, true
		}
	}
	return time.Time{}, false
}

func (o *observer) there(t time.Time) bool {
	d := day(t)
	return !o.s.learner.absent[d] && (o.s.joined == "" || d >= o.s.joined) && (o.s.left == "" || d < o.s.left)
}

func (o *observer) run() {
	ra := ratesOf(o.s.grade)
	forgets := chance(o.r, .3)
	for week := range weeksOfEvidence {
		for _, sub := range []string{"math", "ela", "sci"} {
			k := o.s.classFor(sub, o.d.first.AddDate(0, 0, 7*week))
			if k == nil {
				continue
			}
			p := o.d.plan(k, sub)
			if week == 0 {
				o.begin(p)
			}
			o.lesson(p, week)
			o.week(ra, k, p, sub, week)
			if forgets && week >= 10 {
				o.lookBack(p, week)
			}
		}
		o.habits(ra, week)
	}
}

// begin sets what the student brings along from before these weeks, and checks some
// of it in the first days.
func (o *observer) begin(p *lessons) {
	var earlier []*comp
	for i, k := range p.seq {
		if i < p.low {
			earlier = append(earlier, k)
		}
		for _, b := range k.before {
			if !slices.Contains(p.seq, b) && !slices.Contains(earlier, b) {
				earlier = append(earlier, b)
			}
		}
	}
	for _, k := range earlier {
		st := o.s.known(o.r, k, true)
		if o.s.demo {
			st.m = math.Max(st.m, 1.4)
		}
	}
	if p.stuckOn != nil {
		st := o.s.known(o.r, p.stuckOn, true)
		if p.stuck[o.s] {
			st.m, st.stuck = -2.3, true
			now := o.s.known(o.r, p.weeks[weeksOfEvidence-1], false)
			now.m, now.stuck = -1.7, true
		} else {
			st.m = math.Max(st.m, .6)
		}
	}
	o.r.Shuffle(len(earlier), func(i, j int) { earlier[i], earlier[j] = earlier[j], earlier[i] })
	checked := earlier[:min(len(earlier), map[string]int{"math": 3, "ela": 2, "sci": 1}[p.seq[0].subject])]
	if p.stuckOn != nil && !slices.Contains(checked, p.stuckOn) {
		checked = append(checked, p.stuckOn)
	}
	for _, k := range checked {
		if t, ok := o.dayIn(o.r.IntN(2)); ok {
			o.practice(k, t, 4)
		}
	}
}

// lesson is what a week of class does for a student who is there.
func (o *observer) lesson(p *lessons, week int) {
	if _, ok := o.dayIn(week); ok {
		o.s.known(o.r, p.weeks[week], false).learn(.6 * o.s.learner.rate)
	}
}

// about returns how many times something happens that happens x times on average.
func (o *observer) about(x float64) int {
	n := int(x)
	if chance(o.r, x-float64(n)) {
		n++
	}
	if x > .5 && chance(o.r, .15) {
		n++
	}
	return n
}

func (o *observer) week(ra rates, k *class, p *lessons, sub string, week int) {
	sets := ra.sets[sub]
	if o.s.demo {
		sets *= 2.5 // somebody whose page shows all that a page can
	}
	for range o.about(sets) {
		if t, ok := o.dayIn(week); ok {
			o.practice(p.choose(o.r, o.s, week), t, ra.items-1+o.r.IntN(3))
		}
	}
	if p.stuck[o.s] && week >= 8 {
		for _, c := range []*comp{p.stuckOn, p.weeks[week]} {
			if t, ok := o.dayIn(week); ok && chance(o.r, .7) {
				if o.s.grade <= 2 {
					o.observation(c, k, t)
				} else {
					o.practice(c, t, 3)
				}
			}
		}
	}
	for range o.about(ra.observe[sub]) {
		if t, ok := o.dayIn(week); ok {
			o.observation(p.choose(o.r, o.s, week), k, t)
		}
	}
	if chance(o.r, ra.rubric/2) && (sub == "ela" || sub == "sci") {
		if t, ok := o.dayIn(week); ok {
			o.rubric(p, k, week, t)
		}
	}
	if chance(o.r, ra.task/2) {
		if t, ok := o.dayIn(week); ok {
			o.task(p.weeks[week], week, t)
		}
	}
}

// lookBack lets a student who forgets try something from the first weeks again, with
// what is left of it.
func (o *observer) lookBack(p *lessons, week int) {
	k := p.weeks[o.r.IntN(4)]
	st := o.s.learner.states[k]
	if st == nil || st.m < .4 || k == p.weeks[week] || !chance(o.r, .5) {
		return
	}
	st.m -= 2.6
	if t, ok := o.dayIn(week); ok {
		o.practice(k, t, 4)
	}
}

// add keeps a piece that lies in the past and is told apart from the others.
func (o *observer) add(p piece) {
	if p.at.Before(o.d.now) && !o.seen[p.key()] {
		o.seen[p.key()] = true
		p.student = o.s
		o.out = append(o.out, p)
	}
}

func (p piece) key() string {
	return p.comp.Code + "|" + p.item + "|" + strconv.Itoa(p.attempt) + "|" + p.at.Format(time.DateTime)
}

// lean is how much easier than its competency an item is; the same for everybody.
func lean(item string) float64 {
	h := fnv.New32a()
	h.Write([]byte(item))
	return float64(h.Sum32()%1000)/1000*1.4 - .7
}

// clock returns a time of the school day.
func (o *observer) clock(on time.Time) time.Time {
	return on.Add(8*time.Hour + 10*time.Minute + time.Duration(o.r.IntN(380))*time.Minute)
}

// practice is a set of items on one competency, answered right or wrong.
func (o *observer) practice(k *comp, on time.Time, items int) {
	st := o.s.known(o.r, k, false)
	at := o.clock(on)
	first := o.r.IntN(12)
	for i := range items {
		item := fmt.Sprintf("%s, question %d", k.Short, (first+i)%12+1)
		pace := 25 + 4*float64(min(o.s.grade, 10)) + 10*o.r.Float64()
		for try := 0; try < 2; try++ {
			st.tries[item]++
			right := chance(o.r, .08+.9*sigmoid(st.m+lean(item)+.4*float64(try)))
			p := piece{comp: k, kind: "response", item: item, max: 1, attempt: st.tries[item], at: at,
				seconds: int(pace * math.Exp(o.r.NormFloat64()*.4))}
			if right {
				p.score = 1
			}
			if !right && chance(o.r, .35) || right && st.m < 0 && chance(o.r, .25) {
				p.hints = 1 + o.r.IntN(2)
			}
			o.add(p)
			st.learn(.17 * o.s.learner.rate)
			at = at.Add(time.Duration(1+p.seconds/60) * time.Minute)
			if right || !chance(o.r, .3) {
				break
			}
		}
	}
}

// level turns log-odds into a level of 1 to 4 as a person would judge it.
func (o *observer) level(m float64) int {
	x := m + o.r.NormFloat64()*.55
	switch {
	case x < -.9:
		return 1
	case x < .5:
		return 2
	case x < 2.1:
		return 3
	}
	return 4
}

func (o *observer) observation(k *comp, c *class, on time.Time) {
	st := o.s.known(o.r, k, false)
	p := piece{comp: k, kind: "observation", score: o.level(st.m), max: 4, at: o.clock(on), observer: c.teacher.number}
	if notes := o.d.c.notes[k.subject+strconv.Itoa(p.score)]; len(notes) > 0 && chance(o.r, .35) {
		p.note = pick(o.r, notes)
	}
	o.add(p)
	st.learn(.3 * o.s.learner.rate)
}

// rubric is a piece of writing or a project, judged on levels.
func (o *observer) rubric(p *lessons, c *class, week int, on time.Time) {
	k := p.weeks[week]
	for _, w := range p.weeks[:week+1] {
		if w.subject == "ela" && chance(o.r, .6) && w.writing() {
			k = w
		}
	}
	o.add(piece{comp: k, kind: "rubric", item: o.d.c.work(k), score: o.level(o.s.known(o.r, k, false).m), max: 4, at: o.clock(on), observer: c.teacher.number})
}

func (k *comp) writing() bool {
	return len(k.Parent) > 0 && len(k.Code) > 6 && k.Code[len(k.Code)-4:len(k.Code)-2] == "WR"
}

// work names a piece of work on a competency after a project or sheet in the catalogue.
func (c *content) work(k *comp) string {
	for _, kind := range []string{"r", "l", "s"} {
		for _, m := range c.materials {
			if m.code == k.Code && m.kind == kind && m.language == "en" {
				return m.title
			}
		}
	}
	return "Portfolio piece: " + k.Short
}

// task is a quiz, marked in points; some come in late.
func (o *observer) task(k *comp, week int, on time.Time) {
	st := o.s.known(o.r, k, false)
	out := pick(o.r, []int{5, 10, 10, 12, 20})
	right := 0
	for range out {
		if chance(o.r, .08+.9*sigmoid(st.m+.3)) {
			right++
		}
	}
	name := "Quiz: " + k.Short
	if out == 5 {
		name = "Exit ticket: " + k.Short
	}
	o.add(piece{comp: k, kind: "task", item: name, score: right, max: out, at: o.clock(on), late: week < 11 && chance(o.r, .12)})
}

func (o *observer) habits(ra rates, week int) {
	t, ok := o.dayIn(week)
	k := o.s.classFor("ela", t)
	if !ok || k == nil || !chance(o.r, ra.observe["hab"]) {
		return
	}
	band := -1
	if o.s.grade > 5 {
		band = -2
	}
	all := o.d.c.ofGrade("hab", band)
	o.observation(all[(week/2+int(o.s.id[len(o.s.id)-1]))%len(all)], k, t)
}
