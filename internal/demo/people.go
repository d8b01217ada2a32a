package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"waymark/internal/roster"
)

// human is somebody with a name.
type human struct {
	id              string // sourcedId
	number          string // the district's own number
	given, middle   string
	family          string
	prefGiven       string
	prefFamily      string
	sex             string // female, male or other
	pronouns        string
	username, email string
	heritage        string
	school          *school
}

func (h *human) shownGiven() string {
	if h.prefGiven != "" {
		return h.prefGiven
	}
	return h.given
}

func (h *human) shownFamily() string {
	if h.prefFamily != "" {
		return h.prefFamily
	}
	return h.family
}

func (h *human) name() string { return h.shownGiven() + " " + h.shownFamily() }

// student is a child with the district's facts and the simulation's.
type student struct {
	human
	grade                int
	guardians            []*guardian
	house                *household
	race                 []string
	hispanic             bool
	birth                roster.Date
	country              string
	englishLearner       bool
	disability, supports string
	gifted, section504   bool
	classes              []*class
	joined, left         roster.Date // within the year, or empty
	former               []stay      // classes left during the year
	demo                 bool        // somebody to sign in as
	learner              learner
}

// stay is a time in a class that is over.
type stay struct {
	class      *class
	begin, end roster.Date
}

type guardian struct {
	human
	children []*student
}

// household is a family: the children share guardians, language and means.
type household struct {
	heritage, other string // other is the second parent's, if it differs
	family          string
	language        string
	disadvantaged   bool
	guardians       []*guardian
	children        []*student
}

// The shares below follow what a mid-sized US district looks like; they are made
// up, not any district's figures.
var (
	heritageShares = []share[string]{
		{"white", 44}, {"hispanic", 23}, {"black", 12}, {"somali", 3.2}, {"hmong", 2.6}, {"vietnamese", 2.4}, {"arabic", 2.4},
		{"haitian", 2}, {"ukrainian", 1.5}, {"chinese", 1.5}, {"indian", 1.6}, {"filipino", 1}, {"ethiopian", 1}, {"native", .9}, {"pacific", .7}, {"korean", .6},
	}
	languages = map[string]share[string]{
		"hispanic": {"Spanish", .62}, "somali": {"Somali", .88}, "hmong": {"Hmong", .72}, "vietnamese": {"Vietnamese", .72}, "arabic": {"Arabic", .78},
		"haitian": {"Haitian Creole", .8}, "ukrainian": {"Ukrainian", .88}, "chinese": {"Mandarin Chinese", .6}, "indian": {"Gujarati", .3}, "filipino": {"Tagalog", .3},
		"ethiopian": {"Amharic", .65}, "pacific": {"Samoan", .25}, "korean": {"Korean", .45}, "white": {"Polish", .015}, "black": {"French", .02},
	}
	countries = map[string]string{
		"hispanic": "MX", "somali": "SO", "hmong": "LA", "vietnamese": "VN", "arabic": "SY", "haitian": "HT", "ukrainian": "UA", "chinese": "CN", "indian": "IN",
		"filipino": "PH", "ethiopian": "ET", "pacific": "WS", "korean": "KR",
	}
	races = map[string]string{
		"white": "white", "ukrainian": "white", "arabic": "white", "black": "blackOrAfricanAmerican", "haitian": "blackOrAfricanAmerican",
		"somali": "blackOrAfricanAmerican", "ethiopian": "blackOrAfricanAmerican", "hmong": "asian", "vietnamese": "asian", "chinese": "asian", "indian": "asian",
		"filipino": "asian", "korean": "asian", "native": "americanIndianOrAlaskaNative", "pacific": "nativeHawaiianOrOtherPacificIslander",
	}
	disabilities = []share[[2]string]{
		{[2]string{"Specific learning disability", "Extended time; text to speech; graphic organizers"}, 34},
		{[2]string{"Speech or language impairment", "Speech therapy; extra response time"}, 20},
		{[2]string{"Other health impairment", "Movement breaks; seating near the teacher; shorter tasks"}, 16},
		{[2]string{"Autism", "Visual schedule; quiet space; written directions"}, 12},
		{[2]string{"Developmental delay", "Small group; visual supports"}, 5},
		{[2]string{"Emotional disability", "Check-in and check-out; calm corner"}, 5},
		{[2]string{"Intellectual disability", "Modified tasks; aide support; hands-on materials"}, 4},
		{[2]string{"Hearing impairment", "Captions; FM system; interpreter on request"}, 1.6},
		{[2]string{"Orthopedic impairment", "Accessible seating; speech to text"}, 1.2},
		{[2]string{"Visual impairment", "Large print; screen reader; tactile graphics"}, 1.2},
	}
	nicknames = map[string]string{
		"Benjamin": "Ben", "Samuel": "Sam", "William": "Will", "Theodore": "Teddy", "Alejandra": "Ale", "Alejandro": "Alex", "Guadalupe": "Lupe", "Gabriela": "Gabi",
		"Isabella": "Bella", "Abigail": "Abby", "Margaret": "Maggie", "Josephine": "Josie", "Charlotte": "Lottie", "Elijah": "Eli", "Nathan": "Nate", "Joshua": "Josh",
		"Mohamud": "Mo", "Ibrahim": "Ibby", "Zakariya": "Zak", "Emmanuel": "Manny", "Francesca": "Frankie", "Sebastián": "Seb", "Santiago": "Santi", "Anastasia": "Nastia",
		"Kateryna": "Katya", "Maksym": "Max", "Danylo": "Dan", "Christian": "Chris", "Angelica": "Angel", "Jeremiah": "Jem", "Thomas": "Tommy", "Rafael": "Rafa", "Natalia": "Nati",
	}
)

// naming gives people names and accounts that nobody else has.
type naming struct {
	r     *rand.Rand
	c     *content
	full  map[string]bool
	users map[string]bool
	last  int
}

func (n *naming) givenFor(heritage, sex string) string {
	h := n.c.names[heritage]
	switch {
	case sex == "other" && len(h.x) > 0:
		return pick(n.r, h.x)
	case sex == "female" || sex == "other" && chance(n.r, .5):
		return pick(n.r, h.f)
	}
	if len(h.x) > 0 && chance(n.r, .03) {
		return pick(n.r, h.x)
	}
	return pick(n.r, h.m)
}

// person fills in a human of that heritage and family name; no two have the same
// first and last name.
func (n *naming) person(h *human, heritage, family string) {
	h.heritage, h.family = heritage, family
	for try := 0; ; try++ {
		h.given = n.givenFor(heritage, h.sex)
		if try > 40 {
			h.given = n.givenFor("white", h.sex)
		}
		if try > 200 {
			h.family = family + "-" + pick(n.r, n.c.names["white"].family)
		}
		if !n.full[h.given+" "+h.family] && h.given != h.family {
			break
		}
	}
	n.full[h.given+" "+h.family] = true
	if chance(n.r, .3) {
		if h.middle = n.givenFor(heritage, h.sex); h.middle == h.given {
			h.middle = ""
		}
	}
	if short := nicknames[h.given]; short != "" && chance(n.r, .4) {
		h.prefGiven = short
	}
}

// account gives a username: given name, first letters of the family name, number if
// need be.
func (n *naming) account(h *human, domain string) {
	base := plainName(h.given) + "." + plainName(h.family)
	if len(base) > 18 {
		base = base[:18]
	}
	name := strings.TrimRight(base, ".")
	for i := 2; n.users[name]; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	n.users[name] = true
	h.username = name
	h.email = name + "@" + domain
}

// number returns the next district number; they grow by uneven steps.
func (n *naming) number() string {
	n.last += 1 + n.r.IntN(7)
	return fmt.Sprint(n.last)
}

func pronouns(r *rand.Rand, sex string) string {
	switch {
	case sex == "other":
		return "they/them"
	case !chance(r, .12):
		return ""
	case sex == "female":
		return pick(r, []string{"she/her", "she/her", "she/her", "she/they"})
	}
	return pick(r, []string{"he/him", "he/him", "he/him", "he/they"})
}

func sexOf(r *rand.Rand) string {
	return weighted(r, []share[string]{{"female", 49}, {"male", 50}, {"other", 1}})
}

// families makes households until every grade has its students. want is how many
// students each grade still needs; year is that in which the school year begins.
func families(n *naming, want []int, year int) (houses []*household) {
	r, c := n.r, n.c
	open := func() (grades []share[int]) {
		for g, k := range want {
			if k > 0 {
				grades = append(grades, share[int]{g, float64(k)})
			}
		}
		return grades
	}
	for grades := open(); len(grades) > 0; grades = open() {
		h := newHousehold(r, n, c)
		kids := weighted(r, []share[int]{{1, 58}, {2, 31}, {3, 9}, {4, 2}})
		var taken []int
		for range kids {
			free := slices.DeleteFunc(open(), func(s share[int]) bool { return slices.Contains(taken, s.v) })
			if len(free) == 0 {
				break
			}
			g := weighted(r, free)
			want[g]--
			taken = append(taken, g)
			newChild(r, n, h, g, year)
		}
		houses = append(houses, h)
	}
	for _, h := range houses {
		newGuardians(r, n, h)
	}
	return houses
}

func newHousehold(r *rand.Rand, n *naming, c *content) *household {
	h := &household{heritage: weighted(r, heritageShares)}
	if chance(r, .07) {
		if h.other = weighted(r, heritageShares); h.other == h.heritage {
			h.other = ""
		}
	}
	h.family = pick(r, c.names[h.heritage].family)
	if h.other != "" && chance(r, .3) {
		h.family += "-" + pick(r, c.names[h.other].family)
	}
	h.language = "English"
	if l := languages[h.heritage]; chance(r, l.w) {
		h.language = l.v
		if h.heritage == "indian" {
			h.language = pick(r, []string{"Gujarati", "Hindi", "Telugu", "Punjabi"})
		}
	}
	p := .40
	if h.language != "English" {
		p = .68
	}
	h.disadvantaged = chance(r, p)
	return h
}

func newChild(r *rand.Rand, n *naming, h *household, grade, year int) {
	s := &student{grade: grade, house: h}
	s.sex = sexOf(r)
	n.person(&s.human, h.heritage, h.family)
	s.pronouns = pronouns(r, s.sex)
	for _, her := range []string{h.heritage, h.other} {
		if race := races[her]; race != "" && !slices.Contains(s.race, race) {
			s.race = append(s.race, race)
		}
		s.hispanic = s.hispanic || her == "hispanic"
	}
	if s.hispanic && len(s.race) == 0 && chance(r, .6) {
		s.race = []string{"white"}
	}
	if len(s.race) > 1 {
		s.race = append(s.race, "demographicRaceTwoOrMoreRaces")
	}
	// Children are five before September of the year they start kindergarten; a few are a year older.
	age := 5 + grade
	if chance(r, .03) {
		age++
	}
	born := date(year-age, 9, 1).AddDate(0, 0, -r.IntN(365)-1)
	s.birth = day(born)
	s.country = "US"
	if from := countries[h.heritage]; from != "" && h.language != "English" && chance(r, .35) {
		s.country = from
	}
	if h.language != "English" {
		p := []float64{.78, .78, .75, .68, .62, .56, .48, .44, .4, .38, .36, .32, .28}[grade]
		s.englishLearner = chance(r, p)
	}
	if chance(r, .15) {
		d := weighted(r, disabilities)
		for d[0] == "Developmental delay" && grade > 3 {
			d = weighted(r, disabilities)
		}
		s.disability, s.supports = d[0], d[1]
	} else if chance(r, .045) {
		s.section504 = true
		s.supports = pick(r, []string{"Extended time", "Preferential seating", "Movement breaks", "Allergy plan", "Diabetes care plan"})
	}
	s.gifted = chance(r, .07)
	s.number = n.number()
	s.id = "stu-" + s.number
	h.children = append(h.children, s)
}

// newGuardians gives a household one to three guardians; the second may live
// elsewhere and bear another name.
func newGuardians(r *rand.Rand, n *naming, h *household) {
	count := weighted(r, []share[int]{{1, 27}, {2, 65}, {3, 8}})
	sexes := []string{"female", "male"}
	if chance(r, .25) {
		sexes = []string{sexOf(r), sexOf(r)}
	}
	sexes = append(sexes, sexOf(r))
	for i := range count {
		g := &guardian{children: h.children}
		g.sex = sexes[i]
		heritage := h.heritage
		if i == 1 && h.other != "" {
			heritage = h.other
		}
		family := h.family
		if i == 1 && (h.other != "" || chance(r, .25)) || i == 2 && chance(r, .6) {
			family = pick(r, n.c.names[heritage].family)
		} else if before, _, ok := strings.Cut(h.family, "-"); ok && h.other != "" {
			family = before
		}
		n.person(&g.human, heritage, family)
		g.number = n.number()
		g.id = "gdn-" + g.number
		h.guardians = append(h.guardians, g)
	}
	for _, s := range h.children {
		s.guardians = h.guardians
		// In some families the third guardian has to do with one child only.
		if len(h.guardians) == 3 && len(h.children) > 1 && s == h.children[0] {
			s.guardians = h.guardians[:2]
		}
	}
	if len(h.guardians) == 3 && len(h.children) > 1 {
		h.guardians[2].children = h.children[1:]
	}
}
