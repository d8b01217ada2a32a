package web_test

import (
	"net/url"
	"strings"
	"testing"

	"waymark/internal/roster"
)

// TestGoalGoesRoundItsCycle walks one goal from its setting to the look back, with the
// student and the teacher at the same page.
func TestGoalGoesRoundItsCycle(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := person("student")
	form := url.Values{"what": {"Present my rocks"}, "why": {"I like rocks"}, "proof": {"The class can name three rocks"}, "area": {"personal"}, "term": {"long"}}
	s.post("student", "/me/goals", form).goesTo("/me/goals?done=goal")
	goals, err := s.db.Goals(t.Context(), district, []roster.PersonID{maya})
	if err != nil || len(goals) != 1 {
		t.Fatalf("goals %v, %v", goals, err)
	}
	at := "/students/" + string(maya) + "/goals/" + string(goals[0].ID)
	s.get("student", at).is(200).says("A personal goal, beyond this school year", "The class can name three rocks", "No step yet")

	s.post("student", at+"/steps", url.Values{"step": {""}}).is(422).says("Write the step.")
	s.post("student", at+"/steps", url.Values{"step": {"Find ten rocks"}}).goesTo(at + "?done=said")
	s.post("teacher", at+"/steps", url.Values{"step": {"Make labels"}}).goesTo(at + "?done=said")
	p := s.get("guardian", at).is(200)
	p.says("Find ten rocks", "Make labels")
	if f := p.actions(); len(f) > 0 {
		t.Errorf("a guardian is offered forms to %v", f)
	}
	step := ""
	for _, a := range s.get("student", at).actions() {
		if strings.HasPrefix(a, at+"/steps/") {
			step = a
			break
		}
	}
	s.post("student", step, nil).goesTo(at + "?done=said")
	s.post("student", step, nil).is(404)
	s.post("student", step+"/reopen", nil).goesTo(at + "?done=said")
	s.post("student", step+"/reopen", nil).is(404)
	s.post("teacher", step, nil).goesTo(at + "?done=said")

	goals, err = s.db.Goals(t.Context(), district, []roster.PersonID{maya})
	if err != nil {
		t.Fatal(err)
	}
	var went []string
	for _, x := range goals[0].Stages {
		went = append(went, string(x.Stage))
	}
	if got := strings.Join(went, " "); got != "plan learn" {
		t.Errorf("the goal went through %q; want that planning and learning begin by themselves", got)
	}
	p = s.post("student", at+"/stages", url.Values{"stage": {"show"}}).is(422)
	p.says("Say how you showed it.")
	if got := p.form(at + "/stages").Get("stage"); got != "show" {
		t.Errorf("after the error the form says %q", got)
	}
	s.post("student", at+"/stages", url.Values{"stage": {"set"}}).is(422)
	s.post("student", at+"/stages", url.Values{"stage": {"show"}, "note": {"I showed them to Room 12"}}).goesTo(at + "?done=said")
	s.post("teacher", at, url.Values{"what": {"Present my rocks and shells"}, "area": {"personal"}, "term": {"short"}, "by": {"2027-02-01"}}).goesTo(at + "?done=said")
	s.get("student", at).is(200).says("Present my rocks and shells", "A personal goal, by February 1, 2027", "I showed them to Room 12")
	s.post("student", at, url.Values{"what": {" "}, "area": {"personal"}}).is(422).says("Write what you want to reach.")
	s.post("student", "/me/goals/"+string(goals[0].ID)+"/done", nil).goesTo("/me/goals?done=reached")
	s.post("student", at+"/stages", url.Values{"stage": {"reflect"}, "note": {"Labels take long"}}).goesTo(at + "?done=said")
	s.post("student", at+"/steps", url.Values{"step": {"One more"}}).is(404)
	s.get("student", at).is(200).says("Labels take long", "reached on November 20, 2026", "It is not reached yet")
	s.post("guardian", at+"/reopen", nil).is(404)
	s.post("student", at+"/reopen", nil).goesTo(at + "?done=said")
	s.post("student", at+"/reopen", nil).is(404)
	s.get("student", at).is(200).says("The next small step")
	s.post("student", at, url.Values{"what": {"Soon"}, "area": {"personal"}, "term": {"short"}, "by": {"2099-01-01"}}).is(422).says("more than a year away")
}
