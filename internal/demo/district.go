package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"waymark/internal/roster"
)

// district is everything that the files tell, and what lies behind it.
type district struct {
	calendar
	o         Options
	c         *content
	schools   []*school
	terms     []roster.Term
	courses   []roster.Course
	classes   []*class
	staff     []*staff
	houses    []*household
	students  []*student
	guardians []*guardian
	plans     map[planKey]*lessons

	leader, administrator *staff
	second                *staff // an administrator for what needs two
	teacher               *staff // the one to sign in as
	family                *guardian
}

type school struct {
	id         roster.OrgID
	name       string
	from, to   int // grades
	number     string
	sections   [13]int
	roomNumber int
}

// staff is a grown-up who works for the district. role is OneRoster's word.
type staff struct {
	human
	role    string
	also    *school // a second school
	room    string
	classes []*class
}

// class is a homeroom or one subject in one period.
type class struct {
	id       roster.ClassID
	title    string
	code     string
	course   roster.CourseID
	school   *school
	grades   []int
	subject  string // math, ela, sci; "all" in a homeroom; empty for others
	names    []string
	period   int
	room     string
	homeroom bool
	teacher  *staff
	others   []*staff // co-teachers and aides
	students []*student
}

func newDistrict(o Options, c *content) *district {
	d := &district{o: o, c: c, calendar: newCalendar(o.Today), plans: map[planKey]*lessons{}}
	d.schools = []*school{
		{id: "org-juniper", name: "Juniper Elementary School", from: 0, to: 5, number: "101"},
		{id: "org-larkspur", name: "Larkspur Middle School", from: 6, to: 8, number: "201"},
		{id: "org-cvhs", name: "Cedar Valley High School", from: 9, to: 12, number: "301"},
	}
	want := make([]int, 13)
	r := stream(o.Seed, "grades")
	rest := o.Students
	for g := range want {
		want[g] = rest / (13 - g)
		if g < 12 {
			want[g] += r.IntN(2*max(1, o.Students/260)+1) - max(1, o.Students/260)
		}
		rest -= want[g]
	}
	for _, s := range d.schools {
		for g := s.from; g <= s.to; g++ {
			s.sections[g] = max(1, (want[g]+12)/24)
		}
	}
	people := stream(o.Seed, "people")
	n := &naming{r: people, c: c, full: map[string]bool{}, users: map[string]bool{}, last: 204100}
	d.makeTerms()
	d.makeStaffAndClasses(n, want)
	d.houses = families(n, want, d.begin.Year())
	for _, h := range d.houses {
		d.guardians = append(d.guardians, h.guardians...)
		d.students = append(d.students, h.children...)
	}
	slices.SortStableFunc(d.students, func(a, b *student) int { return a.grade - b.grade })
	d.place(stream(o.Seed, "sections"))
	d.support()
	d.chooseTeacher()
	d.move(stream(o.Seed, "moves"))
	d.choosePeople()
	for _, s := range d.staff {
		n.account(&s.human, "cedarvalley.example")
	}
	for _, s := range d.students {
		n.account(&s.human, "students.cedarvalley.example")
	}
	for _, g := range d.guardians {
		n.account(&g.human, "mail.example")
	}
	return d
}

func (d *district) schoolOf(grade int) *school {
	for _, s := range d.schools {
		if grade >= s.from && grade <= s.to {
			return s
		}
	}
	return nil
}

func (d *district) makeTerms() {
	y := strconv.Itoa(d.year())
	d.terms = []roster.Term{
		{ID: "year-" + roster.TermID(y), Title: d.yearTitle() + " School Year", Kind: "schoolYear", Start: day(d.begin), End: day(d.end), SchoolYear: y},
		{ID: "fall-" + roster.TermID(y), Title: "Fall Semester", Kind: "semester", Start: day(d.begin), End: day(d.middle.AddDate(0, 0, -3)), Parent: "year-" + roster.TermID(y), SchoolYear: y},
		{ID: "spring-" + roster.TermID(y), Title: "Spring Semester", Kind: "semester", Start: day(d.middle), End: day(d.end), Parent: "year-" + roster.TermID(y), SchoolYear: y},
	}
}

// coreSubjects are taught in every section of grades 6–12, each in its period.
var coreSubjects = []struct {
	key, subject, code string
	middle             string
	high               [4]string
}{
	{"math", "Mathematics", "MA", "Math", [4]string{"Algebra 1", "Geometry", "Algebra 2", "Precalculus"}},
	{"ela", "English Language Arts", "EN", "English", [4]string{"English 9", "English 10", "English 11", "English 12"}},
	{"sci", "Science", "SC", "Science", [4]string{"Biology", "Chemistry", "Physics", "Earth and Environment"}},
	{"", "Social Studies", "SS", "Social Studies", [4]string{"World Geography", "World History", "U.S. History", "Government and Economics"}},
}

var electives = map[roster.OrgID][]string{
	"org-larkspur": {"Art", "Band", "Physical Education", "Spanish", "Computer Science", "Theater"},
	"org-cvhs":     {"Spanish", "Studio Art", "Physical Education and Health", "Computer Science", "Choir", "Theater", "Ceramics", "Journalism"},
}

const periods = 6

func (d *district) newStaff(n *naming, role string, s *school) *staff {
	t := &staff{role: role}
	t.school = s
	t.sex = weighted(n.r, []share[string]{{"female", 72}, {"male", 27}, {"other", 1}})
	heritage := weighted(n.r, heritageShares)
	if heritage != "white" && chance(n.r, .35) {
		heritage = "white"
	}
	family := pick(n.r, n.c.names[heritage].family)
	for try := 0; try < 60 && slices.ContainsFunc(d.staff, func(o *staff) bool { return o.family == family }); try++ {
		family = pick(n.r, n.c.names[heritage].family)
	}
	n.person(&t.human, heritage, family)
	if t.pronouns = pronouns(n.r, t.sex); t.pronouns == "" && chance(n.r, .3) {
		t.pronouns = map[string]string{"female": "she/her", "male": "he/him"}[t.sex]
	}
	t.number = strconv.Itoa(4000 + len(d.staff) + 1)
	t.id = "stf-" + t.number
	d.staff = append(d.staff, t)
	return t
}

// title is how a class names its teacher.
func (t *staff) title() string {
	switch t.sex {
	case "female":
		return "Ms. " + t.family
	case "male":
		return "Mr. " + t.family
	}
	return "Mx. " + t.family
}

func (d *district) makeStaffAndClasses(n *naming, want []int) {
	d.administrator = d.newStaff(n, "districtAdministrator", nil)
	for _, s := range d.schools {
		p := d.newStaff(n, "principal", s)
		if s.from == 6 {
			d.leader = p
		}
		for g := s.from; g <= s.to; g++ {
			if s.from == 0 {
				d.homerooms(n, s, g)
			} else {
				d.subjects(n, s, g)
			}
		}
		if s.from > 0 {
			d.electives(n, s, want)
		}
	}
}

func (d *district) course(id, title, code string, grades []string, s *school, subjects ...string) roster.CourseID {
	d.courses = append(d.courses, roster.Course{ID: roster.CourseID(id), Title: title, Code: code, Year: d.terms[0].ID, Grades: grades, Org: s.id, Subjects: subjects})
	return roster.CourseID(id)
}

func gradeName(g int) string {
	if g == 0 {
		return "Kindergarten"
	}
	return "Grade " + strconv.Itoa(g)
}

func (s *school) room() string {
	s.roomNumber++
	return strconv.Itoa(100 + s.roomNumber)
}

func (d *district) homerooms(n *naming, s *school, g int) {
	names := []string{"English Language Arts", "Mathematics", "Science", "Social Studies"}
	course := d.course("crs-hr-"+gradeCode(g), gradeName(g), "HR"+gradeCode(g), []string{gradeCode(g)}, s, names...)
	for i := range s.sections[g] {
		t := d.newStaff(n, "teacher", s)
		t.room = s.room()
		k := &class{
			id: roster.ClassID(fmt.Sprintf("cls-hr-%s-%d", gradeCode(g), i+1)), title: gradeName(g) + " – " + t.title(), code: fmt.Sprintf("HR%s-%d", gradeCode(g), i+1),
			course: course, school: s, grades: []int{g}, subject: "all", names: names, room: "Room " + t.room, homeroom: true,
		}
		d.teach(t, k)
	}
}

func (d *district) teach(t *staff, k *class) {
	k.teacher = t
	t.classes = append(t.classes, k)
	d.classes = append(d.classes, k)
}

// subjects makes the sections of a grade: section i has core subject j in period
// i+j, counted round from one that differs by grade, so that nobody has to be in two places.
func (d *district) subjects(n *naming, s *school, g int) {
	for j, sub := range coreSubjects {
		title := fmt.Sprintf("%s %d", sub.middle, g)
		if g >= 9 {
			title = sub.high[g-9]
		}
		code := fmt.Sprintf("%s%02d", sub.code, g)
		course := d.course("crs-"+code, title, code, []string{gradeCode(g)}, s, sub.subject)
		var t *staff
		for i := range s.sections[g] {
			if i%5 == 0 {
				t = d.newStaff(n, "teacher", s)
				t.room = s.room()
			}
			p := (i+j+2*g)%periods + 1
			k := &class{
				id: roster.ClassID(fmt.Sprintf("cls-%s-%d", code, i+1)), title: fmt.Sprintf("%s – Period %d", title, p), code: fmt.Sprintf("%s-%d", code, i+1),
				course: course, school: s, grades: []int{g}, subject: sub.key, names: []string{sub.subject}, period: p, room: "Room " + t.room,
			}
			d.teach(t, k)
		}
	}
}

// electives makes one class for each elective teacher and period. There are as
// many teachers as the fullest period needs at 25 students each.
func (d *district) electives(n *naming, s *school, want []int) {
	need := make([]int, periods)
	for g := s.from; g <= s.to; g++ {
		for i := range s.sections[g] {
			for j := range 2 {
				need[(i+len(coreSubjects)+j+2*g)%periods] += want[g] / s.sections[g]
			}
		}
	}
	offered := electives[s.id]
	teachers := min(len(offered), max(2, (slices.Max(need)+24)/25))
	for e := range teachers {
		t := d.newStaff(n, "teacher", s)
		t.room = s.room()
		code := fmt.Sprintf("EL%s%d", s.number[:1], e+1)
		course := d.course("crs-"+code, offered[e], code, gradeCodes(s.from, s.to), s, offered[e])
		for p := 1; p <= periods; p++ {
			if e > 0 && e >= (need[p-1]+27)/28 || need[p-1] == 0 {
				continue
			}
			k := &class{
				id: roster.ClassID(fmt.Sprintf("cls-%s-%d", code, p)), title: fmt.Sprintf("%s – Period %d", offered[e], p), code: fmt.Sprintf("%s-%d", code, p),
				course: course, school: s, names: []string{offered[e]}, period: p, room: "Room " + t.room,
			}
			for g := s.from; g <= s.to; g++ {
				k.grades = append(k.grades, g)
			}
			d.teach(t, k)
		}
	}
}

// place puts students into sections and electives.
func (d *district) place(r *rand.Rand) {
	byGrade := map[int][]*student{}
	for _, s := range d.students {
		s.school = d.schoolOf(s.grade)
		byGrade[s.grade] = append(byGrade[s.grade], s)
	}
	for g := range 13 {
		list := byGrade[g]
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		sch := d.schoolOf(g)
		for i, s := range list {
			d.enroll(s, g, i%sch.sections[g])
		}
	}
	for _, k := range d.classes {
		slices.SortFunc(k.students, func(a, b *student) int { return compare(a.id, b.id) })
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// enroll puts a student into a section of a grade and into the emptiest elective in
// each free period, no elective twice.
func (d *district) enroll(s *student, grade, section int) {
	busy := map[int]bool{}
	add := func(k *class) {
		s.classes = append(s.classes, k)
		k.students = append(k.students, s)
		busy[k.period] = true
	}
	tail := fmt.Sprintf("-%d", section+1)
	for _, k := range d.classes {
		if len(k.grades) == 1 && k.grades[0] == grade && k.code[len(k.code)-len(tail):] == tail {
			add(k)
		}
	}
	if grade < 6 {
		return
	}
	for p := 1; p <= periods; p++ {
		if busy[p] {
			continue
		}
		var best *class
		for _, k := range d.classes {
			if k.school != s.school || len(k.grades) == 1 || k.period != p || slices.ContainsFunc(s.classes, func(o *class) bool { return o.course == k.course }) {
				continue
			}
			if best == nil || len(k.students) < len(best.students) {
				best = k
			}
		}
		if best != nil {
			add(best)
		}
	}
}

// support adds special educators, teachers of English learners, specialists and
// aides to the classes with most students who need them.
func (d *district) support() {
	n := &naming{r: stream(d.o.Seed, "support"), c: d.c, full: map[string]bool{}, users: map[string]bool{}}
	for _, s := range d.staff {
		n.full[s.given+" "+s.family] = true
	}
	for _, s := range d.students {
		n.full[s.given+" "+s.family] = true
	}
	for _, g := range d.guardians {
		n.full[g.given+" "+g.family] = true
	}
	learner := func(s *student) bool { return s.englishLearner }
	disabled := func(s *student) bool { return s.disability != "" }
	for _, sch := range d.schools {
		size := 0
		for _, s := range d.students {
			if s.school == sch {
				size++
			}
		}
		for _, w := range []struct {
			role  string
			per   int
			who   func(*student) bool
			count int // classes each
		}{
			{"teacher", 220, disabled, 4}, {"teacher", 400, learner, 4}, {"aide", 150, disabled, 3},
		} {
			classes := slices.DeleteFunc(slices.Clone(d.classes), func(k *class) bool { return k.school != sch || k.subject == "" })
			slices.SortStableFunc(classes, func(a, b *class) int { return countOf(b.students, w.who) - countOf(a.students, w.who) })
			for i := range max(1, size/w.per) {
				t := d.newStaff(n, w.role, sch)
				t.room = sch.room()
				for j := range w.count {
					k := classes[(i*w.count+j)%len(classes)]
					k.others = append(k.others, t)
					t.classes = append(t.classes, k)
				}
			}
		}
	}
	d.second = d.newStaff(n, "districtAdministrator", nil)
	// One teacher of English learners works at two schools.
	for _, t := range slices.Backward(d.staff) {
		if t.role == "teacher" && t.school == d.schools[2] {
			t.also = d.schools[1]
			break
		}
	}
}

func countOf(list []*student, ok func(*student) bool) (n int) {
	for _, s := range list {
		if ok(s) {
			n++
		}
	}
	return n
}
