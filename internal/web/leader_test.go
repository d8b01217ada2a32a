package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"waymark/internal/evidence"
	"waymark/internal/intake"
	"waymark/internal/roster"
)

func TestLeaderSeesOwnSchoolsOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("leader", "/schools").is(200)
	p.says("Cedar Elementary")
	p.saysNot("Juniper")
	s.get("administrator", "/schools").is(200).says("Cedar Elementary", "Juniper Elementary")
	s.get("administrator", "/schools/cedar").is(200)
	s.get("leader", "/schools/juniper").is(http.StatusNotFound)
	for _, role := range []string{"teacher", "student", "guardian"} {
		s.get(role, "/schools").is(http.StatusNotFound)
		s.get(role, "/schools/cedar").is(http.StatusNotFound)
	}
	s.outsider()
	s.getAs("outsider", "/schools/cedar").is(http.StatusNotFound)
}

func TestSmallSchoolIsHidden(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("leader", "/schools/cedar").is(200)
	p.says("fewer than 10 students: not shown")
	p.saysNot("counted, not estimated", "Maya")
}

// TestSmallGroupsAreHidden gives Cedar 24 students of grade 4, 12 of grade 5 and 3 of
// grade 6; the fixture has 6 more of grade 4.
func TestSmallGroupsAreHidden(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx := t.Context()
	st, err := s.db.Stage(ctx, district, intake.OneRoster, "more.zip", "")
	if err != nil {
		t.Fatal(err)
	}
	var pieces []evidence.Piece
	for grade, n := range map[string]int{"04": 24, "05": 12, "06": 3} {
		for i := range n {
			id := fmt.Sprintf("x-%s-%d", grade, i)
			if err := st.User(1, true, roster.User{SourcedID: id, Enabled: true, GivenName: "Child" + id, FamilyName: "Name", Grades: []string{grade}, PrimaryOrg: cedar}); err != nil {
				t.Fatal(err)
			}
			if err := st.Role(1, true, roster.RoleRecord{ID: "r-" + id, User: id, Org: cedar, Role: "student", Primary: true}); err != nil {
				t.Fatal(err)
			}
			for k, days := range []int{70, 60, 10, 3} {
				level := 1.0 + float64(i%2)
				if grade == "04" && k > 1 {
					level = 4
				}
				pieces = append(pieces, evidence.Piece{Student: st.Person(id), Competency: equal, Kind: evidence.Rubric, Score: level, Max: 4,
					At: friday.AddDate(0, 0, -days), Source: "observation", Key: fmt.Sprintf("%s-%d", id, k)})
			}
		}
	}
	if err := finish(ctx, s.db, st); err != nil {
		t.Fatal(err)
	}
	if _, err := s.recorder.Record(ctx, district, pieces); err != nil {
		t.Fatal(err)
	}
	p := s.get("leader", "/schools/cedar").is(200)
	p.says("Students with evidence in the last three weeks", "of 45", "estimates went up", "likely between", "Grade 4", "Not shown: Grade 5", "Grade 6", "subtract")
	p.saysNot("Childx")
	for _, row := range p.all("th", "scope", "row") {
		if text := textOf(row); text == "Grade 5" || text == "Grade 6" {
			t.Errorf("%s is in a table", text)
		}
	}
}
