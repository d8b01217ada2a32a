package demo

import (
	"bytes"
	"fmt"
	"strconv"

	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// extras are the metadata columns of demographics by which a district looks at
// subgroups.
var extras = []string{"disability", "economicDisadvantage", "englishLearner", "gifted", "homeLanguage", "section504", "supports"}

// rosterWriter writes the district's records and remembers the first error.
type rosterWriter struct {
	*oneroster.Writer
	d    *district
	rows int
	err  error
}

func (w *rosterWriter) did(err error) {
	if w.err == nil {
		w.err = err
	}
	w.rows++
}

func (o *output) oneRoster(d *district) {
	var b bytes.Buffer
	w := &rosterWriter{d: d, Writer: oneroster.NewWriter(&b, oneroster.WriteOptions{
		Version: "1.2", SourceSystem: "Cedar Valley Student Information System", SourceCode: "cvps", Metadata: extras})}
	w.orgs()
	w.courses()
	w.users()
	w.roles()
	w.enrollments()
	w.demographics()
	w.profiles()
	if w.err == nil {
		w.err = w.Close()
	}
	if w.err != nil && o.err == nil {
		o.err = fmt.Errorf("write demo roster: %w", w.err)
	}
	o.load(File{Path: "oneroster.zip", Kind: "oneroster", Rows: w.rows}, b.Bytes())
}

const districtOrg = roster.OrgID("org-cedar-valley")

func (w *rosterWriter) orgs() {
	w.did(w.Org(roster.Org{ID: districtOrg, Name: District, Kind: "district", Identifier: "0100"}))
	for _, s := range w.d.schools {
		w.did(w.Org(roster.Org{ID: s.id, Name: s.name, Kind: "school", Identifier: s.number, Parent: districtOrg}))
	}
	for _, t := range w.d.terms {
		w.did(w.Term(t))
	}
}

func (w *rosterWriter) courses() {
	for _, c := range w.d.courses {
		w.did(w.Course(c))
	}
	for _, k := range w.d.classes {
		terms := []roster.TermID{w.d.terms[1].ID, w.d.terms[2].ID}
		kind := "scheduled"
		var times []string
		if k.homeroom {
			kind = "homeroom"
		} else {
			times = []string{strconv.Itoa(k.period)}
		}
		var grades []string
		for _, g := range k.grades {
			grades = append(grades, gradeCode(g))
		}
		w.did(w.Class(roster.Class{ID: k.id, Title: k.title, Code: k.code, Kind: kind, Course: k.course, School: k.school.id, Terms: terms,
			Grades: grades, Subjects: k.names, Periods: times, Location: k.room}))
	}
}

func (h *human) user() roster.User {
	u := roster.User{SourcedID: h.id, Enabled: true, Username: h.username, GivenName: h.given, MiddleName: h.middle, FamilyName: h.family,
		PreferredGiven: h.prefGiven, PreferredFamily: h.prefFamily, Pronouns: h.pronouns, Email: h.email, Identifier: h.number}
	if h.school != nil {
		u.PrimaryOrg = h.school.id
	}
	return u
}

func (w *rosterWriter) users() {
	for _, s := range w.d.staff {
		u := s.user()
		if s.school == nil {
			u.PrimaryOrg = districtOrg
		}
		w.did(w.User(u))
	}
	for _, g := range w.d.guardians {
		u := g.user()
		u.PrimaryOrg = g.children[0].school.id
		w.did(w.User(u))
	}
	for _, s := range w.d.students {
		u := s.user()
		u.Enabled = s.left == ""
		u.UserIDs = []string{"{stateId:88" + s.number + "}"}
		u.Grades = []string{gradeCode(s.grade)}
		for _, g := range s.guardians {
			u.Agents = append(u.Agents, g.id)
		}
		w.did(w.User(u))
	}
}

func (w *rosterWriter) roles() {
	role := func(user string, n int, role string, org roster.OrgID, begin, end roster.Date) {
		w.did(w.Role(roster.RoleRecord{ID: fmt.Sprintf("rol-%s-%d", user, n), User: user, Org: org, Role: role, Primary: n == 1, Begin: begin, End: end}))
	}
	begin := day(w.d.begin)
	for _, s := range w.d.staff {
		org := districtOrg
		if s.school != nil {
			org = s.school.id
		}
		role(s.id, 1, s.role, org, begin, "")
		if s.also != nil {
			role(s.id, 2, s.role, s.also.id, begin, "")
		}
	}
	for _, g := range w.d.guardians {
		seen := map[roster.OrgID]bool{}
		for _, c := range g.children {
			if !seen[c.school.id] {
				seen[c.school.id] = true
				role(g.id, len(seen), "guardian", c.school.id, begin, "")
			}
		}
	}
	for _, s := range w.d.students {
		from := begin
		if s.joined != "" {
			from = s.joined
		}
		if len(s.former) > 0 && s.former[0].class.school != s.school {
			role(s.id, 2, "student", s.former[0].class.school.id, begin, s.former[0].end)
			from = s.former[0].end
		}
		role(s.id, 1, "student", s.school.id, from, s.left)
	}
}

func (w *rosterWriter) enrollments() {
	n := 0
	add := func(k *class, user, role string, primary bool, begin, end roster.Date) {
		n++
		w.did(w.Enrollment(roster.Enrollment{ID: roster.EnrollmentID(fmt.Sprintf("enr-%06d", n)), Class: k.id, School: k.school.id, User: user, Role: role,
			Primary: primary, Begin: begin, End: end}))
	}
	begin := day(w.d.begin)
	for _, k := range w.d.classes {
		add(k, k.teacher.id, "teacher", true, begin, "")
		for _, t := range k.others {
			role := "teacher"
			if t.role == "aide" {
				role = "proctor" // what OneRoster 1.2 has for an aide in a class
			}
			add(k, t.id, role, false, begin, "")
		}
	}
	for _, s := range w.d.students {
		for _, st := range s.former {
			add(st.class, s.id, "student", false, st.begin, st.end)
		}
		for _, k := range s.classes {
			add(k, s.id, "student", false, w.d.since(s), s.left)
		}
	}
}

func (w *rosterWriter) demographics() {
	for _, s := range w.d.students {
		disability := s.disability
		if disability == "" {
			disability = "none"
		}
		w.did(w.Demographics(roster.Demographics{User: s.id, BirthDate: s.birth, Sex: s.sex, Race: s.race, Hispanic: strconv.FormatBool(s.hispanic), Country: s.country,
			Extra: map[string]string{
				"homeLanguage": s.house.language, "englishLearner": strconv.FormatBool(s.englishLearner), "disability": disability,
				"economicDisadvantage": strconv.FormatBool(s.house.disadvantaged), "gifted": strconv.FormatBool(s.gifted),
				"section504": strconv.FormatBool(s.section504), "supports": s.supports,
			}}))
	}
}

func (w *rosterWriter) profiles() {
	add := func(h *human) {
		w.did(w.Profile(roster.Profile{ID: "prf-" + h.id, User: h.id, Kind: "learningPlatform", Vendor: "cedarvalley.example", Username: h.email}))
	}
	for _, s := range w.d.staff {
		add(&s.human)
	}
	for _, s := range w.d.students {
		if s.grade >= 3 {
			add(&s.human)
		}
	}
}
