package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/group"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// What adults did is told by name to who leads the school; of students nothing is, below ten.
func TestWhereAdultsTimeGoes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	s.post("teacher", "/students/"+string(person("student"))+"/mentor", url.Values{"mentor": {string(person("teacher"))}})
	s.post("teacher", "/students/"+string(person("student"))+"/talks", url.Values{"kind": {"talk"}, "minutes": {"12"}})
	s.offer("Fraction workshop", nil, mondayFlex)
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}})
	s.post("leader", flexPath+"/publish", s.get("leader", flexPath+"?week=2026-11-23").form(flexPath+"/publish"))
	s.signInAgainAfter(4 * 24 * time.Hour)
	const at = "/schools/cedar/time"
	s.get("leader", at).is(http.StatusOK).says("fewer than 10 students: not shown").saysNot("Maya")
	places, err := s.db.FlexPlaces(t.Context(), district, cedar, "2026-11-23", "2026-11-30")
	if err != nil || len(places) == 0 {
		t.Fatal(places, err)
	}
	for _, p := range places {
		if err := s.db.MarkFlex(t.Context(), district, cedar, p.Slot, p.Offer, map[roster.PersonID]timetable.Attended{p.Student: timetable.Here}, person("teacher")); err != nil {
			t.Fatal(err)
		}
	}
	spent, err := s.db.FlexSpentAt(t.Context(), district, cedar, "2026-11-23", "2026-11-30")
	if err != nil || len(spent) != len(places) || spent[0].Purpose != "workshop" {
		t.Error(spent, err)
	}
	work, err := s.db.WorkAt(t.Context(), district, cedar, friday.AddDate(0, 0, -80))
	if err != nil {
		t.Error(work, err)
	}
	adults, err := s.db.Adults(t.Context(), district, cedar, friday.AddDate(0, 0, -80))
	if x := adults[person("teacher")]; err != nil || x.Classes != 1 || x.Shared != 0 || x.Mentees != 1 || x.Talks != 12 {
		t.Errorf("%+v, %v", x, err)
	}
	s.get("administrator", at).is(http.StatusNotFound)
}

// A school sees whom its groups serve; six students are too few to say anything of.
func TestGroupsOfASchoolAreToldWithoutNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	at, set := s.proposeGroups(nil)
	s.post("teacher", at, url.Values{"do": {"use"}})
	const page = "/schools/cedar/groups"
	p := s.get("leader", page).is(http.StatusOK).says("1 set of groups was used", "fewer than 10 students: not shown")
	if strings.Contains(p.main(), "Maya") {
		t.Error("a student is named")
	}
	sets, err := s.db.SetsAt(t.Context(), district, cedar, friday.Add(-time.Hour))
	if err != nil || len(sets) != 1 || sets[0].ID != set.ID {
		t.Errorf("%d sets, %v", len(sets), err)
	}
	if err := s.db.SayPulse(t.Context(), district, person("student"), room12, set.ID, group.Pulse{Relevance: 1, Inclusion: 2, Support: 3}); err != nil {
		t.Fatal(err)
	}
	s.later(40 * 24 * time.Hour)
	if list, err := s.db.PulsesAt(t.Context(), district, cedar, friday.Add(-time.Hour)); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
	if list, err := s.db.PulsesAt(t.Context(), district, juniper, friday.Add(-time.Hour)); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}
