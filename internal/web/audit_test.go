package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"waymark/internal/guard"
	"waymark/internal/web"
)

// What staff change and take away, and who signs in, stands in a log that verifies; what a student
// chooses stands in their own record alone. Who opens the records of very many children is told of.
func TestWhatIsDoneStandsInTheLog(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/students/" + string(person("student"))
	s.post("teacher", maya+"/barriers", url.Values{"why": {"device"}}).is(http.StatusSeeOther)
	s.post("teacher", maya+"/barriers", url.Values{"why": {"moon"}}).is(http.StatusUnprocessableEntity)
	s.get("teacher", "/classes/room-12/grid.csv").is(http.StatusOK)
	s.get("teacher", "/classes/room-12").is(http.StatusOK)
	s.post("student", "/me/goals", url.Values{"what": {"Read a thick book"}, "term": {"short"}})
	deeds, err := s.db.Deeds(t.Context(), district, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range deeds {
		said = append(said, string(d.Actor)+" "+d.What+" "+d.On)
	}
	teacher := string(person("teacher"))
	want := []string{teacher + " POST /students/{student}/barriers " + string(person("student")), teacher + " GET /classes/{class}/grid.csv room-12"}
	if !slices.Equal(said, want) {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	if v, err := s.db.VerifyAudit(t.Context(), district, nil); err != nil || len(v.Breaches) > 0 {
		t.Errorf("%v %v", v.Breaches, err)
	}
	s.get("administrator", "/admin/people").saysNot("Unusually many")
	if err := s.db.RecordDeed(t.Context(), guard.Deed{District: district, Actor: person("teacher"), What: guard.ManyRecords, On: teacher}); err != nil {
		t.Fatal(err)
	}
	s.get("administrator", "/admin/people").says("Unusually many records were opened", "Okafor", "November 20, 2026")
}

// A page of somebody else cannot make a signed-in person change anything.
func TestAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/students/" + string(person("student"))
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		r := httptest.NewRequest(http.MethodPost, maya+"/barriers", strings.NewReader("why=device"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		s.do(r, "teacher").is(http.StatusForbidden)
	}
	if reasons, err := s.db.DoseReasonsOf(t.Context(), district, person("student")); err != nil || len(reasons) > 0 {
		t.Errorf("%v %v", reasons, err)
	}
}

// What has words of its own in the log is something that can be done, and reads as something that was.
func TestWordsOfTheLogAreOfRoutes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("administrator", "/admin/records/keep", url.Values{"years": {"5"}}).is(303)
	s.get("administrator", "/audit").says("said for how long records are kept")
	for pattern := range web.DeedWords {
		if _, ok := allowed[pattern]; !ok {
			t.Errorf("there is no route %s", pattern)
		}
	}
}
