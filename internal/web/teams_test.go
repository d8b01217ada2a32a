package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/team"
)

const room14 = roster.ClassID("room-14")

// room14 adds a second class to Cedar: Jo Green teaches it, Zoe is in it, and so is Maya.
func (s *site) room14() (green, zoe roster.PersonID) {
	s.t.Helper()
	st, err := s.db.Stage(s.t.Context(), district, intake.OneRoster, "more.zip", "")
	if err != nil {
		s.t.Fatal(err)
	}
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	must(st.Class(1, true, roster.Class{ID: room14, Title: "Room 14 Mathematics", School: cedar, Kind: "homeroom", Grades: []string{"04"}, Subjects: []string{"Mathematics"}}))
	add := func(id, given, family, role string) roster.PersonID {
		u := roster.User{SourcedID: id, Enabled: true, Username: id, GivenName: given, FamilyName: family, PrimaryOrg: cedar}
		if role == "student" {
			u.Grades = []string{"04"}
		}
		must(st.User(1, true, u))
		must(st.Role(1, true, roster.RoleRecord{ID: "r-" + id, User: id, Org: cedar, Role: role, Primary: true}))
		must(st.Enrollment(1, true, roster.Enrollment{ID: roster.EnrollmentID("e-" + id), Class: room14, School: cedar, User: id, Role: role, Primary: true}))
		return st.Person(id)
	}
	green, zoe = add("u-green", "Jo", "Green", "teacher"), add("u-zoe", "Zoe", "Quinn", "student")
	add("u-ivan", "Ivan", "Petrov", "student")
	must(st.Enrollment(1, true, roster.Enrollment{ID: "e-maya-14", Class: room14, School: cedar, User: "u-maya", Role: "student"}))
	must(finish(s.t.Context(), s.db, st))
	s.guests = map[string]roster.PersonID{"green": green, "zoe": zoe}
	for name, id := range s.guests {
		s.signIn(name, id)
	}
	return green, zoe
}

func (s *site) makeTeam(members ...roster.PersonID) string {
	s.t.Helper()
	f := url.Values{"name": {"Fourth grade"}, "kind": {"academy"}, "grade": {"04"}, "planning": {"Tuesdays at noon"}}
	for _, m := range members {
		f.Add("member", string(m))
	}
	p := s.post("leader", "/schools/"+string(cedar)+"/teams", f)
	if p.Code != http.StatusSeeOther {
		s.t.Fatalf("status %d: %s", p.Code, p.main())
	}
	at, _, _ := strings.Cut(p.Header.Get("Location"), "?")
	return at
}

func TestATeamPutsStudentsOfAllItsClassesIntoGroups(t *testing.T) {
	t.Parallel()
	s := start(t)
	green, zoe := s.room14()
	room14Path := "/classes/" + string(room14)
	form := url.Values{"purpose": {"mixed-strengths"}, "title": {"Across"}, "least": {"2"}, "most": {"4"}, "until": {"2026-12-04"}, "with": {string(room14)}, "apart": {"Zoe Quinn, Liam"}, "roles": {"speaker"}}
	s.get("teacher", room14Path+"/groups").is(http.StatusNotFound)
	s.get("teacher", room12Path+"/groups").saysNot("Room 14")
	s.post("teacher", room12Path+"/groups", form).is(http.StatusUnprocessableEntity).says("nobody here is called")

	s.makeTeam(person("teacher"), green)
	s.get("teacher", room12Path+"/groups").says("With students of other classes", "Room 14 Mathematics")
	at := s.post("teacher", room12Path+"/groups", form).is(http.StatusSeeOther).Header.Get("Location")
	s.get("teacher", at).is(http.StatusOK).says("Zoe Quinn", "Liam O’Connor")
	s.get("green", at).is(http.StatusOK).says("Zoe Quinn")
	seen, err := s.db.Accesses(t.Context(), district, person("liam"), 10)
	if err != nil || !slices.ContainsFunc(seen, func(x guard.Access) bool { return x.Actor == green && x.Relation == guard.InTeam }) {
		t.Errorf("that a colleague saw what Liam is grouped by is not written down: %v, %v", seen, err)
	}
	s.get("green", room14Path+"/groups").says("Across")
	set, err := s.db.GroupSet(t.Context(), district, room12, group.SetID(at[strings.LastIndex(at, "/")+1:]))
	if err != nil || !slices.Equal(set.Classes, []roster.ClassID{room12, room14}) {
		t.Fatalf("%v, %v", set.Classes, err)
	}
	n := 0
	for _, g := range set.Solution.Groups {
		n += len(g.Students)
		if slices.Contains(g.Students, string(zoe)) && slices.Contains(g.Students, string(person("liam"))) {
			t.Error("Zoe and Liam are together")
		}
	}
	if n != 8 { // Maya, who is in both classes, once
		t.Errorf("%d students are in groups", n)
	}
	s.post("green", at, url.Values{"do": {"use"}}).goesTo(at + "?done=said")
	s.get("zoe", "/me").says("Across", "until December 4")

	// Who worked together counts in the other class, too.
	if sets, err := s.db.SetsOf(t.Context(), district, []roster.PersonID{zoe}, friday.Add(-time.Hour)); err != nil || len(sets) != 1 {
		t.Errorf("%d sets of Zoe, %v", len(sets), err)
	}
	s.get("green", room14Path+"/groups").says("Who had which role", "speaker")

	// Without the team, its classes are closed again.
	team := s.makeTeam(person("teacher"), green)
	id := team[strings.LastIndex(team, "/")+1:]
	teams, _ := s.db.Teams(t.Context(), district, cedar)
	for _, x := range teams {
		s.post("leader", "/schools/"+string(cedar)+"/teams", url.Values{"do": {"end"}, "team": {string(x.ID)}})
	}
	s.get("teacher", "/teams/"+id).is(http.StatusNotFound)
	s.get("teacher", room14Path+"/groups").is(http.StatusNotFound)
	s.get("teacher", at).is(http.StatusNotFound)
	s.get("teacher", room12Path+"/groups").says("With students of a team that is no more", "Across")
	s.post("green", at+"/end", nil).is(http.StatusNotFound)
	s.post("teacher", at+"/end", nil).goesTo(room12Path + "/groups?done=said")
	s.get("zoe", "/me").saysNot("until December 4")
}

func TestATeamTalksAndActs(t *testing.T) {
	t.Parallel()
	s := start(t)
	green, zoe := s.room14()
	s.post("leader", "/schools/"+string(cedar)+"/teams", url.Values{"name": {"Fourth"}, "kind": {"grade"}, "member": {string(green)}}).is(http.StatusUnprocessableEntity).says("two members or more")
	at := s.makeTeam(person("teacher"), green)
	s.get("green", at).is(http.StatusOK).says("1 of the 8 students", "Maya Álvarez", "Taught by", "of four parts of an academy", "2 of 2 teach this grade only", "Tuesdays at noon").saysNot("Liam")
	s.get("leader", at).is(http.StatusOK)
	s.get("teacher", "/teach").says("Fourth grade")

	items := at + "/items"
	s.post("teacher", items, url.Values{"words": {""}}).is(http.StatusUnprocessableEntity).says("Say what it is about")
	s.post("teacher", items, url.Values{"words": {"Call home"}, "owner": {string(green)}}).is(http.StatusUnprocessableEntity).says("Say until when")
	s.post("teacher", items, url.Values{"words": {"Liam is quiet"}, "student": {string(person("liam"))}, "owner": {string(green)}, "due": {"2026-12-01"}}).is(http.StatusUnprocessableEntity).says("who teaches this student")
	s.post("teacher", items, url.Values{"words": {"About Zoe"}, "student": {string(zoe)}}).is(http.StatusNotFound) // whom she does not teach
	s.post("teacher", items, url.Values{"words": {"Liam is quiet"}, "student": {string(person("liam"))}}).goesTo(at + "?done=said")
	s.post("teacher", items, url.Values{"words": {"Field trip in May"}}).goesTo(at + "?done=said")
	s.get("teacher", at).says("Liam is quiet", "Field trip in May")
	s.get("green", at).says("Field trip in May").saysNot("Liam is quiet")

	x, err := s.db.TeamItems(t.Context(), district, team.ID(at[strings.LastIndex(at, "/")+1:]), 10)
	if err != nil || len(x) != 2 {
		t.Fatal(x, err)
	}
	trip := x[slices.IndexFunc(x, func(i team.Item) bool { return i.Student == "" })]
	quiet := x[slices.IndexFunc(x, func(i team.Item) bool { return i.Student != "" })]
	s.post("green", items+"/"+string(quiet.ID), url.Values{"do": {"done"}}).is(http.StatusNotFound)
	one := items + "/" + string(trip.ID)
	s.post("green", one, url.Values{"owner": {string(zoe)}, "due": {"2026-12-01"}}).is(http.StatusUnprocessableEntity).says("Choose somebody of the team")
	s.post("green", one, url.Values{"owner": {string(green)}, "due": {"2026-12-01"}}).goesTo(at + "?done=said")
	s.get("teacher", at).says("Jo Green, until December 1")
	s.signInAgainAfter(12 * 24 * time.Hour)
	s.get("teacher", at).says("late")
	s.post("teacher", one, url.Values{"do": {"done"}, "outcome": {"The zoo has room"}}).goesTo(at + "?done=said")
	s.post("teacher", one, url.Values{"do": {"done"}}).is(http.StatusConflict)
	s.get("teacher", at).says("The zoo has room")
	s.get("other teacher", at).is(http.StatusNotFound)
	s.get("other leader", at).is(http.StatusNotFound)
}

func TestGroupsHaveATaskAndGoAround(t *testing.T) {
	t.Parallel()
	s := start(t)
	at, _ := s.proposeGroups(nil)
	s.post("teacher", at, url.Values{"do": {"task"}, "product": {strings.Repeat("x", 301)}}).is(http.StatusUnprocessableEntity).says("at most 300 characters")
	s.post("teacher", at, url.Values{"do": {"task"}, "product": {"A fraction wall"}, "pieces": {"Each has one fraction"}}).goesTo(at + "?done=said")
	s.get("teacher", at).says("A fraction wall", "Still open: How do you work with each other?")
	s.post("teacher", at, url.Values{"do": {"around"}, "template": {"stations"}}).goesTo(at + "?done=said")
	s.get("teacher", at).says("With the teacher", "15 min with an adult (33 %)")
	s.post("teacher", at, url.Values{"do": {"turns"}, "turn": {"15"}, "station": {"Blue table"}, "company": {"adult"}}).is(http.StatusUnprocessableEntity).says("from 2 to 8 stations")
	s.post("teacher", at, url.Values{"do": {"turns"}, "turn": {"20"}, "station": {"Blue table", "Maths corner"}, "company": {"adult", "others"}}).goesTo(at + "?done=said")
	s.post("teacher", at, url.Values{"do": {"use"}})
	s.get("student", "/me").says("What do you make together?", "A fraction wall", "Blue table", "20 minutes each")
	s.get("other student", "/me").saysNot("A fraction wall")
	s.post("teacher", at, url.Values{"do": {"around"}, "template": {""}}).goesTo(at + "?done=said")
	s.get("student", "/me").saysNot("Blue table")
}
