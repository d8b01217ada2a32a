package tracing

import "math"

// Reason groups the features into what a teacher can be told.
type Reason int

// The reasons, in the order in which they are told.
const (
	Start    Reason = iota // what holds for everybody
	Material               // how hard the item and its skill are
	OnSkill                // the student's answers on this skill
	Overall                // the student's answers on all skills
	Before                 // what came just before
	Again                  // earlier answers to the same item
	Time                   // time since practice, and the pace of work
	reasons
)

// String returns the reason in words for a teacher.
func (r Reason) String() string {
	return [...]string{"what holds for everybody", "how hard this item is", "the last answers on this skill", "how the student does overall",
		"what came just before", "earlier answers to this very item", "time since practice"}[r]
}

// feature is one number that a prediction rests on.
type feature struct {
	reason Reason
	linear bool // it has a weight of its own beside what the trees ask about it
	of     func(*moment) float32
}

const featureCount = 37

// features is all that predictions rest on. Trees and weights name them by position.
var features = [featureCount]feature{
	// How hard: log-odds of a right answer to the item and on the skill, how many
	// answers these rest on, how many single skills the item asks for.
	{Material, true, func(mo *moment) float32 { return float32(mo.ease) }},
	{Material, true, func(mo *moment) float32 { return float32(mo.skillEase) }},
	{Material, false, func(mo *moment) float32 { return log1p(mo.known) }},
	{Material, false, func(mo *moment) float32 { return log1p(mo.skillKnown) }},
	{Material, false, func(mo *moment) float32 { return float32(len(mo.singles)) }},

	// Overall: ability and its variance; how the latest answers differ from what the
	// items let expect, over three lengths of time; counts; what is hard for students
	// of this ability.
	{Overall, true, func(mo *moment) float32 { return float32(mo.s.mu) }},
	{Overall, false, func(mo *moment) float32 { return float32(mo.s.v) }},
	{Overall, true, func(mo *moment) float32 { return mo.s.recent[0] }},
	{Overall, true, func(mo *moment) float32 { return mo.s.recent[1] }},
	{Overall, true, func(mo *moment) float32 { return mo.s.recent[2] }},
	{Overall, false, func(mo *moment) float32 { return log1p(mo.s.n) }},
	{Overall, true, func(mo *moment) float32 { return (mo.s.right + 2) / (mo.s.n + 3) }},
	{Overall, false, func(mo *moment) float32 { return log1p(float32(mo.s.met)) }},
	{Overall, true, func(mo *moment) float32 { return mo.forClass() }},

	// On this skill: the same, the streak, and what answers like the latest are
	// followed by; then means over the single skills of a combination.
	{OnSkill, true, func(mo *moment) float32 { return mo.k.mu }},
	{OnSkill, false, func(mo *moment) float32 { return mo.k.v }},
	{OnSkill, false, func(mo *moment) float32 { return log1p(mo.k.n) }},
	{OnSkill, false, func(mo *moment) float32 { return log1p(mo.k.n - mo.k.right) }},
	{OnSkill, true, func(mo *moment) float32 { return mo.k.recent }},
	{OnSkill, false, func(mo *moment) float32 { return float32(3*mo.k.last[0] + mo.k.last[1]) }},
	{OnSkill, false, func(mo *moment) float32 { return float32(mo.k.streak) }},
	{OnSkill, true, func(mo *moment) float32 { return mo.skillAfter() }},
	{OnSkill, true, func(mo *moment) float32 { return mo.rest.mu }},
	{OnSkill, false, func(mo *moment) float32 { return mo.rest.right }},
	{OnSkill, true, func(mo *moment) float32 { return mo.rest.recent }},

	// Just before: the latest answers, to what, and what usually follows on them.
	{Before, false, func(mo *moment) float32 { return float32(mo.s.last[0] + mo.s.last[1] + mo.s.last[2]) }},
	{Before, false, func(mo *moment) float32 { return float32(mo.s.ease) }},
	{Before, false, func(mo *moment) float32 { return mo.sameSkill() }},
	{Before, true, func(mo *moment) float32 { return mo.itemAfter() }},
	{Before, true, func(mo *moment) float32 { return mo.afterSkill() }},
	{Before, false, func(mo *moment) float32 { return mo.afterSkills() }},
	{Before, false, func(mo *moment) float32 { return mo.afterItem() }},

	// The same item: the latest answer to it, and what usually follows on that.
	{Again, false, func(mo *moment) float32 { return float32(mo.itemLast) }},
	{Again, true, func(mo *moment) float32 { return mo.again() }},

	// Time, where the log tells it.
	{Time, false, func(mo *moment) float32 { return mo.pause(mo.s.at, mo.s.n) }},
	{Time, false, func(mo *moment) float32 { return mo.pause(mo.k.at, mo.k.n) }},
	{Time, false, func(mo *moment) float32 { return mo.s.pace }},
}

// moment is what is known just before an answer.
type moment struct {
	s        *Student
	k        *skillState
	itemLast int8
	singles  []int32
	item     int32
	skill    int32
	at       int64

	ease, easeP           float64 // log-odds and probability of a right answer to the item
	skillEase, skillEaseP float64 // on its skill
	known, skillKnown     float32 // answers that these rest on
	hidden                bool    // the tables are not to speak for the skill and its items
	rest                  rest
}

// rest are means over the single skills of an item.
type rest struct{ mu, right, recent float32 }

// Weights of priors, in answers.
const (
	overallWeight = 10
	skillWeight   = 10
	itemWeight    = 6
	caseWeight    = 8
	usualShare    = .7 // of right answers, where nothing is known
)

// look gathers what the model knows of the item and the skill: an item is judged by
// its own answers drawn toward those on its skill, a combination of skills toward
// those on its single skills, and these toward all.
func (s *Student) look(item, skill int32, at int64) *moment {
	m, part := s.m, s.part
	mo := &s.mo
	*mo = moment{s: s, k: on(&s.skills, skill), itemLast: s.items[item], item: item, skill: skill, at: at, singles: m.singlesOf(item)}
	mo.hidden = s.hides(skill)
	ofSkill, ofItem := m.skill.without(skill, part), m.item.without(item, part)
	prior := m.overall.without(0, part).toward(usualShare, overallWeight)
	if len(mo.singles) > 0 {
		overall := prior
		prior = 0
		for _, q := range mo.singles {
			c := m.single.without(q, part)
			if mo.hidden { // what other skills tell of it
				c = c.less(ofSkill)
			}
			prior += c.toward(overall, skillWeight)
		}
		prior /= float64(len(mo.singles))
	}
	if mo.hidden {
		ofSkill, ofItem = tally{}, tally{}
	}
	if mo.k.n == 0 {
		mo.k.v = float32(skillVariance + easeVariance*skillWeight/(skillWeight+float64(ofSkill.N)))
	}
	mo.skillKnown, mo.known = ofSkill.N, ofItem.N
	mo.skillEaseP = ofSkill.toward(prior, skillWeight)
	mo.skillEase = logit(mo.skillEaseP)
	mo.easeP = ofItem.toward(mo.skillEaseP, itemWeight)
	mo.ease = logit(mo.easeP)
	return mo
}

// read fills s.x with the features of an answer to come.
func (s *Student) read(item, skill int32, at int64) {
	mo := s.look(item, skill, at)
	for _, q := range mo.singles {
		t := on(&s.singles, q)
		mo.rest.mu += t.mu
		mo.rest.right += log1p(t.right)
		mo.rest.recent += t.recent
	}
	if c := float32(len(mo.singles)); c > 0 {
		mo.rest.mu, mo.rest.right, mo.rest.recent = mo.rest.mu/c, mo.rest.right/c, mo.rest.recent/c
	}
	for i := range features {
		s.x[i] = features[i].of(mo)
	}
	s.fresh = true
}

// keyOf returns the key of case c of n for a position; −1 for what has none.
func keyOf(position, n int32, c int8) int32 {
	if position < 0 || position > math.MaxInt32/n-1 {
		return -1
	}
	return position*n + int32(c)
}

// likely returns how likely a right answer is by the answers in like cases.
func (mo *moment) likely(t *table, key int32, prior float64) float64 {
	if mo.hidden {
		return prior
	}
	return t.without(key, mo.s.part).toward(prior, caseWeight)
}

// The methods below give, in log-odds, how answers in like cases differ from what
// the item or the skill alone lets expect; they name the case.

// forClass: students of like ability.
func (mo *moment) forClass() float32 {
	return float32(logit(mo.likely(mo.s.m.forClass, mo.classKey(), mo.skillEaseP)) - mo.skillEase)
}

// skillAfter: the same latest answer on this skill.
func (mo *moment) skillAfter() float32 {
	return float32(logit(mo.likely(mo.s.m.skillAfter, mo.skillAfterKey(), mo.skillEaseP)) - mo.skillEase)
}

// itemAfter: this item after the same two latest answers.
func (mo *moment) itemAfter() float32 {
	one := mo.likely(mo.s.m.itemAfter, mo.itemAfterKey(), mo.easeP)
	return float32(logit(mo.likely(mo.s.m.itemAfterTwo, mo.itemAfterTwoKey(), one)) - mo.ease)
}

// again: the same latest answer to this item.
func (mo *moment) again() float32 {
	return float32(logit(mo.likely(mo.s.m.again, mo.againKey(), mo.easeP)) - mo.ease)
}

// afterSkill: this skill after the same answer on the same skill.
func (mo *moment) afterSkill() float32 {
	return float32(logit(mo.likely(mo.s.m.afterSkill, mo.afterSkillKey(), mo.skillEaseP)) - mo.skillEase)
}

// afterSkills: this skill after the same two answers on the same two skills.
func (mo *moment) afterSkills() float32 {
	one := mo.likely(mo.s.m.afterSkill, mo.afterSkillKey(), mo.skillEaseP)
	return float32(logit(mo.likely(mo.s.m.afterSkills, mo.afterSkillsKey(), one)) - mo.skillEase)
}

// afterItem: this item after the same answer to the same item.
func (mo *moment) afterItem() float32 {
	return float32(logit(mo.likely(mo.s.m.afterItem, mo.afterItemKey(), mo.easeP)) - mo.ease)
}

func (mo *moment) classKey() int32        { return keyOf(mo.skill, 4, mo.s.class()) }
func (mo *moment) skillAfterKey() int32   { return keyOf(mo.skill, 3, mo.k.last[0]) }
func (mo *moment) itemAfterKey() int32    { return keyOf(mo.item, 3, mo.s.last[0]) }
func (mo *moment) itemAfterTwoKey() int32 { return keyOf(mo.item, 9, 3*mo.s.last[0]+mo.s.last[1]) }
func (mo *moment) againKey() int32        { return keyOf(mo.item, 3, mo.itemLast) }
func (mo *moment) afterSkillKey() int32 {
	return mo.s.m.afterSkill.hash(mo.s.skill, mo.skill, 0, mo.s.last[0])
}
func (mo *moment) afterSkillsKey() int32 {
	return mo.s.m.afterSkills.hash(mo.s.skill, mo.skill, mo.s.before, 3*mo.s.last[0]+mo.s.last[1])
}
func (mo *moment) afterItemKey() int32 {
	return mo.s.m.afterItem.hash(mo.s.item, mo.item, 0, mo.s.last[0])
}

// class is the student's ability in four classes: not known yet, low, middle, high.
func (s *Student) class() int8 {
	switch {
	case s.v > .3:
		return 0
	case s.mu < -.4:
		return 1
	case s.mu < .4:
		return 2
	}
	return 3
}

// sameSkill tells whether the latest answer was on this skill, and if so what it was.
func (mo *moment) sameSkill() float32 {
	if mo.s.skill != mo.skill {
		return 0
	}
	return float32(mo.s.last[0]) + 1
}

// soon is the time, in seconds, below which pauses count as equal: logs differ in
// whether a time is that of the question or of the answer, and how long an answer
// took must not tell what it was.
const soon = 60

// pause returns the logarithm of the time since from; −1 where nothing was answered.
func (mo *moment) pause(from int64, answers float32) float32 {
	if answers == 0 {
		return -1
	}
	return log1p(float32(max(mo.at-from, soon)))
}

// logs are logarithms of 1 + a small count.
var logs = func() (l [1024]float32) {
	for i := range l {
		l[i] = float32(math.Log1p(float64(i)))
	}
	return l
}()

func log1p(x float32) float32 {
	if i := int(x); x >= 0 && x < float32(len(logs)) && float32(i) == x {
		return logs[i]
	}
	return float32(math.Log1p(float64(max(x, 0))))
}
