package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/plan"
	"waymark/internal/roster"
)

// TestOwnIdeaIsAnsweredAndDone walks an idea from the student to the teacher and back.
func TestOwnIdeaIsAnsweredAndDone(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := person("student")
	s.post("student", "/me/ideas", url.Values{"own": {" "}, "competency": {string(adding)}}).is(422).says("Write what you would like to do.")
	s.post("student", "/me/ideas", url.Values{"own": {"Bake"}, "competency": {"no-such"}}).is(422).says("Choose what you would learn by it.")
	for _, own := range []string{"Bake bread in thirds", "Play video games"} {
		s.post("student", "/me/ideas", url.Values{"own": {own}, "why": {"I like it"}, "competency": {string(adding)}}).goesTo("/me?done=idea")
	}
	s.get("student", "/me").is(200).says("Bake bread in thirds", "It waits for your teacher.")
	p := s.get("teacher", "/teach").is(200)
	p.says("Ideas of their own that wait for you", "Bake bread in thirds", "I can add fractions")
	s.get("other teacher", "/teach").saysNot("Bake bread")
	var at []string
	for _, a := range p.actions() {
		if strings.Contains(a, "/ideas/") {
			at = append(at, a)
		}
	}
	if len(at) != 2 {
		t.Fatalf("forms to answer: %v", at)
	}
	s.post("other teacher", at[0], url.Values{"answer": {"yes"}}).is(404)
	s.post("teacher", at[1], url.Values{"answer": {"no"}}).is(422)
	s.post("teacher", at[0], url.Values{"answer": {"yes"}, "reply": {"Bring some"}}).goesTo("/teach?done=said")
	s.post("teacher", at[0], url.Values{"answer": {"no"}, "reply": {"late"}}).is(409)
	s.post("teacher", at[1], url.Values{"answer": {"no"}, "reply": {"Try a board game"}}).goesTo("/teach?done=said")
	p = s.get("student", "/me").is(200)
	p.says("Your teacher says yes. “Bring some”", "Your teacher says: not like this. “Try a board game”")

	choices, err := s.db.Choices(t.Context(), district, []roster.PersonID{maya}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range choices {
		outcome := url.Values{"outcome": {"well"}}
		if c.Answer == plan.No {
			outcome = nil
		}
		s.post("student", "/me/choices/"+string(c.ID)+"/done", outcome).is(303)
	}
	s.post("student", "/me/choices", s.get("student", "/me").form("/me/choices")).is(303)
	s.post("student", "/me/options", s.get("student", "/me").form("/me/options")).is(303)
	p = s.get("teacher", "/classes/"+string(room12)+"/choices").is(200)
	for _, row := range p.all("tr") {
		if text := textOf(row); strings.Contains(text, "Maya") && !strings.Contains(text, "Maya Álvarez 4") {
			t.Errorf("the row says %q", text)
		}
	}
	p.says("50 %") // one taken and one idea agreed, of four offers
	s.get("leader", "/schools/"+string(cedar)+"/choices").is(200).says("fewer than 10 students")
}

func TestWhatWasHardComesBackInAnotherForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.get("student", "/me").is(200).form("/me/choices")
	s.post("student", "/me/choices", f).is(303)
	choices, err := s.db.Choices(t.Context(), district, []roster.PersonID{person("student")}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	at := "/me/choices/" + string(choices[0].ID)
	s.post("student", at+"/done", url.Values{"outcome": {"fun"}}).is(422)
	s.post("student", at+"/checkpoints/7", nil).is(404)
	s.post("student", at+"/done", url.Values{"outcome": {"hard"}}).goesTo("/me?done=other")
	for _, page := range []string{"/me", "/me/options?page=1", "/me/options?page=2"} {
		for _, n := range s.get("student", page).is(200).all("input", "name", "material") {
			if attr(n, "value") == f.Get("material") {
				t.Errorf("%s offers what was too hard", page)
			}
		}
	}
	// It can still be taken from the whole list, on purpose.
	list := "/students/" + string(person("student")) + "/competencies/" + f.Get("competency")
	s.get("student", list).is(200).says("tried before")
	s.post("student", "/me/choices", url.Values{"list": {"1"}, "competency": {f.Get("competency")}, "material": {f.Get("material")}}).is(303)
	s.post("student", "/me/choices", url.Values{"list": {"1"}, "competency": {f.Get("competency")}, "material": {"m-nothing"}}).is(409)
}
