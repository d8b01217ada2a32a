package demo

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"waymark/internal/roster"
)

// chooseTeacher finds the teacher to sign in as: mathematics in grade 7.
func (d *district) chooseTeacher() {
	for _, t := range d.staff {
		if t.role == "teacher" && len(t.classes) > 0 && t.classes[0].subject == "math" && t.classes[0].grades[0] == 7 {
			d.teacher = t
			return
		}
	}
}

// choosePeople finds the students and the family to sign in as: a child of the
// teacher's whose family has another child in elementary school and speaks another
// language at home, if there is one, and one child at each of the other schools.
func (d *district) choosePeople() {
	best, most := (*student)(nil), -1
	for _, k := range d.teacher.classes {
		for _, s := range k.students {
			score := 0
			if slices.ContainsFunc(s.house.children, func(o *student) bool { return o.grade <= 5 && o.settled() }) {
				score += 4
			}
			if s.house.language == "Spanish" {
				score += 2
			}
			if len(s.guardians) > 1 {
				score++
			}
			if s.settled() && s.disability == "" && score > most {
				best, most = s, score
			}
		}
	}
	best.demo = true
	d.family = best.guardians[0]
	for _, s := range d.family.children {
		s.demo = s.demo || s.grade <= 5
	}
	for _, grade := range []int{2, 4, 9} {
		for _, s := range d.students {
			if s.grade == grade && s.settled() && s.house != best.house && s.prefGiven == "" && s.disability == "" {
				s.demo = true
				break
			}
		}
	}
}

// settled says that a student has been in the same classes all year.
func (s *student) settled() bool { return s.joined == "" && s.left == "" && len(s.former) == 0 }

// spokenAtHome are the languages of homes that pages speak, by BCP 47 tag.
var spokenAtHome = map[string]string{"Spanish": "es", "Arabic": "ar", "Vietnamese": "vi", "Mandarin Chinese": "zh-Hans", "Haitian Creole": "ht"}

// people lists whom to sign in as.
func (d *district) people() []Person {
	var out []Person
	add := func(role string, h *human, grade, about string) {
		p := Person{Role: role, Username: h.username, SourcedID: h.id, Name: h.name(), School: District, Grade: grade, About: about}
		if h.school != nil {
			p.School = h.school.name
		}
		out = append(out, p)
	}
	for _, sch := range d.schools {
		for _, s := range d.students {
			if s.demo && s.school == sch && (s.grade == 4 || s.grade == 7 || s.grade == 9) && !slices.Contains(d.family.children, s) == (s.grade != 7) {
				add("student", &s.human, gradeCode(s.grade), "A student in "+strings.ToLower(gradeName(s.grade))+" with twelve weeks of evidence.")
				break
			}
		}
	}
	for _, s := range d.students {
		if s.demo && s.grade == 2 {
			add("student", &s.human, gradeCode(s.grade), "A student in grade 2, with pictures and one thing at a time.")
			break
		}
	}
	add("teacher", &d.teacher.human, "", "Teaches Math 7 to four sections; some students are stuck on the same thing.")
	school := d.family.children[0].school
	d.family.school = school
	add("guardian", &d.family.human, "", "Has children at more than one school.")
	out[len(out)-1].Language = spokenAtHome[d.family.children[0].house.language]
	add("leader", &d.leader.human, "", "Principal.")
	add("administrator", &d.administrator.human, "", "Runs the district's systems.")
	add("administrator", &d.second.human, "", "Has a say where two administrators must agree.")
	return out
}

// move makes the year's comings and goings. The teacher's students move too.
func (d *district) move(r *rand.Rand) {
	ago := func(from, to int) time.Time {
		t := d.today.AddDate(0, 0, -from-r.IntN(to-from))
		for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
			t = t.AddDate(0, 0, -1)
		}
		if t.Before(d.begin) {
			t = d.begin
		}
		return t
	}
	jumped := map[int]int{}
	renamed := 0
	for _, s := range d.students {
		switch x := r.Float64(); {
		case x < .04:
			s.joined = day(ago(14, 75))
		case x < .068:
			s.left = day(ago(8, 70))
		case x < .086:
			d.changeSection(s, ago(10, 60))
		case x < .096 && (s.grade == 5 || s.grade == 8) && jumped[s.grade] < 2:
			jumped[s.grade]++
			d.jump(s, ago(12, 50))
		case x < .12 && renamed < 1+len(d.students)/150:
			renamed++
			s.prefFamily = s.family + "-" + pick(r, d.c.names["white"].family)
			for _, g := range s.guardians {
				if g.family != s.family && !strings.Contains(s.family, "-") {
					s.prefFamily = g.family
				}
			}
		}
	}
}

// changeSection moves a student to another section of the grade.
func (d *district) changeSection(s *student, on time.Time) {
	n := s.school.sections[s.grade]
	if n < 2 {
		return
	}
	var old int
	for _, k := range s.classes {
		if len(k.grades) == 1 {
			old = int(k.code[len(k.code)-1] - '1')
		}
	}
	d.leaveAll(s, on)
	d.enroll(s, s.grade, (old+1)%n)
}

// jump moves a student to the next grade at the next school, as happens to a child
// who is far ahead.
func (d *district) jump(s *student, on time.Time) {
	d.leaveAll(s, on)
	s.grade++
	s.school = d.schoolOf(s.grade)
	s.gifted = true
	d.enroll(s, s.grade, 0)
}

func (d *district) leaveAll(s *student, on time.Time) {
	for _, k := range s.classes {
		s.former = append(s.former, stay{class: k, begin: day(d.begin), end: day(on)})
		k.students = slices.DeleteFunc(k.students, func(o *student) bool { return o == s })
	}
	s.classes = nil
}

// since is when a student's present classes began.
func (d *district) since(s *student) roster.Date {
	if s.joined != "" {
		return s.joined
	}
	if len(s.former) > 0 {
		return s.former[0].end
	}
	return day(d.begin)
}
