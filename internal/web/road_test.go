package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"waymark/internal/evidence"
	"waymark/internal/roster"
)

// The way to a goal goes along prerequisites, keeps what the student wanted first, changes
// with a late result and says so; only staff leave a step out.
func TestRoadToAGoal(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := person("student")
	s.post("student", "/me/goals", url.Values{"what": {"Bake for the class"}, "competency": {string(times)}, "by": {"2027-03-01"}}).goesTo("/me/goals?done=goal")
	s.post("student", "/me/goals", url.Values{"what": {"Read a book"}}).goesTo("/me/goals?done=goal")
	goals, err := s.db.Goals(t.Context(), district, []roster.PersonID{maya})
	if err != nil || len(goals) != 2 {
		t.Fatalf("goals %v, %v", goals, err)
	}
	bake, read := goals[0], goals[1]
	if bake.Competency == "" {
		bake, read = read, bake
	}
	at := "/students/" + string(maya) + "/goals/" + string(bake.ID)
	if !slices.Contains(s.get("student", "/me/goals").links(), at) {
		t.Error("the goals do not lead to the way there")
	}
	// A goal that is about no competency has a page, with its own steps and no road.
	s.get("student", "/students/"+string(maya)+"/goals/"+string(read.ID)).is(200).saysNot("steps on the way")

	steps := func(p *page) (out []string) {
		for _, li := range p.all("ol", "class", "rows") {
			for a := range li.Descendants() {
				if a.Type == html.ElementNode && a.Data == "a" && strings.Contains(attr(a, "href"), "/competencies/") {
					out = append(out, textOf(a))
				}
			}
		}
		return out
	}
	p := s.get("student", at).is(200)
	if got := steps(p); !slices.Equal(got, []string{"I can add fractions", "I can multiply a fraction by a whole number"}) {
		t.Errorf("the way is %q", got)
	}
	p.says("It comes before “Multiply a fraction”.", "This is the goal.", "likely done between")
	p.saysNot("What moved since last week", "Leave it out")
	s.get("guardian", at).is(200).saysNot("Put it first")

	// A late result: equal fractions are not there after all.
	for range 9 {
		s.later(24*time.Hour - time.Second)
		s.get("student", "/me").is(200)
		s.get("teacher", "/teach").is(200)
	}
	var late []evidence.Piece
	for i := range 6 {
		late = append(late, evidence.Piece{Student: maya, Competency: equal, Kind: evidence.Rubric, Score: 1, Max: 4, Item: "Unit test", At: s.now().Add(-time.Duration(i+1) * time.Hour),
			Source: "observation", Actor: person("teacher"), Class: room12, Key: fmt.Sprintf("late-%d", i)})
	}
	if _, err := s.recorder.Record(t.Context(), district, late); err != nil {
		t.Fatal(err)
	}
	p = s.get("student", at).is(200)
	if got := steps(p); len(got) != 3 || got[0] != "I can find fractions that are equal" {
		t.Errorf("after the late result the way is %q", got)
	}
	p.says("What moved since last week", "New evidence shows that “Equal fractions” is not there yet. It is on the way now.")

	// What the student wants first stays first; what it needs comes along.
	wish := at + "/wishes"
	s.post("student", wish, url.Values{"competency": {string(adding)}, "want": {"first"}}).goesTo(at + "?done=moved")
	s.get("student", at).says("You wanted this first.", "Not first any more")
	s.post("student", wish, url.Values{"competency": {string(equal)}, "want": {"without"}}).is(403)
	s.post("teacher", wish, url.Values{"competency": {string(times)}, "want": {"without"}}).is(422)
	s.post("teacher", wish, url.Values{"competency": {string(equal)}, "want": {"away"}}).is(422)
	s.post("teacher", wish, url.Values{"competency": {string(equal)}, "want": {"without"}}).goesTo(at + "?done=moved")
	p = s.get("student", at).is(200)
	p.says("Left out", "somebody at school says that it is not needed", "You wanted this first.")
	if got := steps(p); !slices.Equal(got, []string{"I can add fractions", "I can multiply a fraction by a whole number"}) {
		t.Errorf("with a step left out the way is %q", got)
	}
	s.post("teacher", wish, url.Values{"competency": {string(equal)}, "want": {"neither"}}).goesTo(at + "?done=moved")
	s.get("student", at).saysNot("Left out")
}
