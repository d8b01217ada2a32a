package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"waymark/internal/intake"

	"waymark/internal/propose"
	"waymark/internal/roster"
)

// why returns the address behind "Why this?" of a step.
func why(t *testing.T, p *page, title string) string {
	t.Helper()
	for _, a := range p.all("a") {
		if strings.Contains(textOf(a), "Why this?") && strings.Contains(textOf(a), title) {
			return attr(a, "href")
		}
	}
	t.Fatalf("no step %q says why", title)
	return ""
}

func TestAStepOpensToItsBecause(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := why(t, s.get("teacher", "/teach"), "Equal fractions, together")
	p := s.get("teacher", at).is(http.StatusOK)
	p.says("The rule: stuck, version 1", "threshold: tries", "Liam O’Connor", "benefit", "urgency", "fairness", "What one may do")
	s.get("other teacher", strings.Replace(at, string(room12), string(room3), 1)).is(http.StatusNotFound)
	s.get("student", at).is(http.StatusNotFound)
	s.get("leader", at).is(http.StatusOK).saysNot("Raise a flag", "What do you do in such a case")
	kept, err := s.db.Proposal(t.Context(), district, at[strings.LastIndex(at, "/")+1:])
	if err != nil || kept.Rule != "stuck/1" || len(kept.Students) != 2 || len(kept.Inputs) == 0 || len(kept.Alternatives) == 0 {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestTheDayListFitsTheMinutes(t *testing.T) {
	t.Parallel()
	s := start(t)
	all := len(s.get("teacher", "/teach?all=1").all("li", "class", "card step"))
	few := s.get("teacher", "/teach?minutes=10").is(http.StatusOK)
	if n := len(few.all("li", "class", "card step")); n == 0 || n >= all {
		t.Errorf("%d of %d steps fit into 10 minutes", n, all)
	}
	few.says("These take about")
}

func TestAClassTurnsItsProposalsOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("leader", room12Path+"/proposals", url.Values{"do": {"off"}}).is(http.StatusNotFound)
	s.post("teacher", room12Path+"/proposals", url.Values{"do": {"off"}}).goesTo(room12Path + "?done=said")
	for path, says := range map[string]string{room12Path: "Proposals are turned off for this class", "/teach": "Proposals are turned off for"} {
		off := s.get("teacher", path).is(http.StatusOK)
		off.saysNot("Equal fractions, together")
		off.says(says)
	}
	// Its students are offered nothing on its subjects either, but what a goal of theirs is about.
	const quiet = "In Room 12 Mathematics your teacher says what comes next."
	s.get("student", "/me/options").says(quiet, "Nothing to choose right now")
	s.get("guardian", "/family").is(http.StatusOK)
	s.post("student", "/me/goals", url.Values{"what": {"Add fractions"}, "competency": {string(adding)}, "by": {"2026-12-18"}, "area": {"academic"}, "term": {"short"}}).is(http.StatusSeeOther)
	s.get("student", "/me/options").says(quiet, "Explain it to a friend").saysNot("Nothing to choose")
	s.post("teacher", room12Path+"/proposals", url.Values{"do": {"on"}}).goesTo(room12Path + "?done=said")
	s.get("teacher", "/teach").says("Equal fractions, together")
	s.get("student", "/me/options").saysNot(quiet)
}

func TestRulesAreTheSchoolsOwn(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("administrator", "/admin/proposals").is(http.StatusOK)
	p.says("Version 1 is at work")
	form := p.form("/admin/proposals")
	text := propose.ShippedRules().File
	stricter := strings.Replace(text, "thresholds: {tries: 3, together: 2} # pieces", "thresholds: {tries: 3, together: 9} # pieces", 1)
	form.Set("rules", stricter)
	form.Set("do", "try")
	tried := s.post("administrator", "/admin/proposals", form).is(http.StatusOK)
	tried.says("What would change", "Nothing is kept yet")
	s.get("administrator", "/admin/proposals").says("Version 1 is at work")

	form.Set("do", "keep")
	s.post("administrator", "/admin/proposals", form).is(http.StatusUnprocessableEntity).says("Say in a few words what you changed")
	form.Set("note", "Nine make a group.")
	s.post("administrator", "/admin/proposals", form).goesTo("/admin/proposals?done=said")
	s.get("administrator", "/admin/proposals").says("Version 2 is at work", "Nine make a group.")
	s.get("teacher", "/teach").saysNot("Equal fractions, together")

	s.post("administrator", "/admin/proposals", form).is(http.StatusConflict).says("Somebody else changed the rules")
	form.Set("rules", strings.Replace(text, "minutes: 15", "minutes: 0", 1))
	s.post("administrator", "/admin/proposals", form).is(http.StatusUnprocessableEntity).says("Rule 1 (stuck): minutes is 0")
	s.get("teacher", "/admin/proposals").is(http.StatusNotFound)
}

// A school may have rules of its own, and go by the district's again.
func TestASchoolHasRulesOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/schools/" + string(cedar) + "/rules"
	s.get("teacher", at).is(http.StatusNotFound)
	s.get("other leader", at).is(http.StatusNotFound)
	page := s.get("leader", at).is(http.StatusOK).says("The district’s version 1 is at work here")
	page.saysNot("Go by the district’s rules again")
	form := page.form(at)
	text := propose.ShippedRules().File
	form.Set("rules", strings.Replace(text, "kind: stuck\n    on: true", "kind: stuck\n    on: false", 1))
	form.Set("do", "try")
	s.post("leader", at, form).is(http.StatusOK).says("What would change")
	form.Set("do", "keep")
	form.Set("note", "we group otherwise")
	if !strings.Contains(s.get("teacher", "/teach?minutes=240").Body, "without success") {
		t.Fatal("nobody is stuck")
	}
	s.post("leader", at, form).goesTo(at + "?done=said")
	s.get("teacher", "/teach?minutes=240").saysNot("without success")
	s.get("administrator", "/admin/proposals").says("Version 1 is at work")
	// The district's next version has a number of its own, and does not reach the school.
	district2 := s.get("administrator", "/admin/proposals").form("/admin/proposals")
	district2.Set("rules", text)
	district2.Set("do", "keep")
	district2.Set("note", "as it was")
	s.post("administrator", "/admin/proposals", district2).goesTo("/admin/proposals?done=said")
	s.get("administrator", "/admin/proposals").says("Version 3 is at work")
	back := s.get("leader", at).says("Version 2 is at work", "we group otherwise").form(at)
	back.Set("do", "follow")
	s.post("leader", at, back).goesTo(at + "?done=said")
	s.get("leader", at).says("The district’s version 3 is at work here")
	s.get("teacher", "/teach?minutes=240").says("without success")
}

// What a teacher does in such a case stands beside what the rule suggests, for all of the school.
func TestThePlaybookIsTheTeachers(t *testing.T) {
	t.Parallel()
	s := start(t)
	day := s.get("teacher", "/teach?minutes=240").is(http.StatusOK)
	why := regexp.MustCompile(`/classes/[^"/]+/proposals/[^"]+`).FindString(day.Body)
	page := s.get("teacher", why).is(http.StatusOK)
	form := page.form(room12Path + "/playbook")
	form.Set("line", " ")
	s.post("teacher", room12Path+"/playbook", form).is(http.StatusUnprocessableEntity).says("Write down what one may do")
	form.Set("line", "Play the fraction game in pairs.")
	s.post("other teacher", room12Path+"/playbook", form).is(http.StatusNotFound)
	s.post("teacher", room12Path+"/playbook", form).goesTo(why + "?done=said")
	s.get("leader", why).is(http.StatusOK).says("What teachers here do", "Play the fraction game in pairs. Ngozi Okafor").saysNot("What do you do in such a case")
	s.get("teacher", "/teach?minutes=240").says("Play the fraction game in pairs.")
	lines, err := s.db.Playbook(t.Context(), district, cedar)
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	s.post("teacher", room12Path+"/playbook", url.Values{"proposal": {form.Get("proposal")}, "end": {"none"}}).is(http.StatusNotFound)
	s.post("teacher", room12Path+"/playbook", url.Values{"proposal": {form.Get("proposal")}, "end": {lines[0].ID}}).goesTo(why + "?done=said")
	s.get("teacher", "/teach?minutes=240").saysNot("fraction game")
}

// Courses that were not passed are a sign, and leaders see how many ninth-graders are on track.
func TestCoursesNotPassed(t *testing.T) {
	t.Parallel()
	s := start(t)
	flags := "/schools/" + string(cedar) + "/flags"
	s.get("leader", flags).is(http.StatusOK).saysNot("Ninth grade")
	s.crowdOf(30, "09")
	var rows strings.Builder
	for i := range 20 {
		if i < 8 {
			fmt.Fprintf(&rows, "c%02d,Algebra I,F,0\nc%02d,Biology,Completed/Failed,0\n", i, i)
		} else {
			fmt.Fprintf(&rows, "c%02d,Algebra I,Passed,2.5\nc%02d,English 9,P,2.5\n", i, i)
		}
	}
	s.load(intake.Courses, "student,course,status,credits\n"+rows.String())
	s.get("leader", flags).says("On track so far", "All 30 12 0 8 10", "Off track")
	s.get("teacher", room12Path+"?minutes=240").is(http.StatusOK).says("did not pass Algebra I, Biology")
}

// A flag has an owner, is seen by student and family, can be contested, and ends by itself.
func TestAFlagAndItsEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := person("student")
	proposal := propose.Proposal{ID: "abc123abc123", Class: room12, Step: "early-warning|x", Kind: propose.Warning, Rule: "early-warning/1", Because: "Maya missed 3 of 20 flex blocks.",
		Students: []roster.PersonID{maya}, At: s.now()}
	if err := s.db.Propose(t.Context(), district, []propose.Proposal{proposal}); err != nil {
		t.Fatal(err)
	}
	at := "/students/" + string(maya) + "/flags"
	form := s.get("teacher", room12Path+"/proposals/abc123abc123").is(http.StatusOK).form(at)
	form.Set("action", "Ask how the mornings are.")
	s.post("teacher", at, form).is(http.StatusUnprocessableEntity).says("no flag without somebody who does")
	form.Set("owner", string(person("teacher")))
	s.post("other teacher", at, form).is(http.StatusNotFound)
	s.post("teacher", at, form).goesTo(at + "?done=said")
	s.get("teacher", "/teach").says("What I look after", "Ask how the mornings are.")
	for _, role := range []string{"student", "guardian", "leader"} {
		s.get(role, at).is(http.StatusOK).says("Maya missed 3 of 20 flex blocks.", "Ask how the mornings are.")
	}
	flags, err := s.db.Flags(t.Context(), district, []roster.PersonID{maya})
	if err != nil || len(flags) != 1 {
		t.Fatal(flags, err)
	}
	one := at + "/" + flags[0].ID
	s.post("teacher", one+"/contest", url.Values{"words": {"no"}}).is(http.StatusNotFound)
	s.post("student", one+"/contest", url.Values{}).is(http.StatusUnprocessableEntity)
	s.post("teacher", one, url.Values{"do": {"answer"}, "reply": {"To nobody"}}).is(http.StatusConflict)
	s.post("guardian", one+"/contest", url.Values{"words": {"She was ill."}}).goesTo(at + "?done=said")
	s.get("teacher", "/teach").says("waits for your answer")
	s.get("leader", "/schools/"+string(cedar)+"/flags").says("contested, no answer yet")
	s.post("guardian", one, url.Values{"do": {"answer"}, "reply": {"Me"}}).is(http.StatusNotFound)
	s.post("teacher", one, url.Values{"do": {"answer"}, "reply": {""}}).is(http.StatusUnprocessableEntity).says("Write an answer")
	answer := url.Values{"do": {"answer"}, "reply": {"We have the notes now."}, "contested": s.get("teacher", at).form(one)["contested"]}
	s.later(time.Minute)
	s.post("guardian", one+"/contest", url.Values{"words": {"She was ill, and the bus was late."}}).goesTo(at + "?done=said")
	s.post("teacher", one, answer).is(http.StatusConflict).says("said in other words since")
	answer["contested"] = s.get("teacher", at).form(one)["contested"]
	s.post("teacher", one, answer).goesTo(at + "?done=said")
	s.get("student", at).says("The school says: We have the notes now.")
	if err := s.db.SetLanguage(t.Context(), district, person("guardian"), "es"); err != nil {
		t.Fatal(err)
	}
	s.get("guardian", at).says("La escuela dice: We have the notes now.", "La escuela mira los días de ausencia")
	s.get("teacher", at).says("She was ill, and")
	s.post("teacher", one, url.Values{"outcome": {"none"}}).is(http.StatusUnprocessableEntity)

	// A leader sees what is looked after and what is not, and looks after that.
	wanting := proposal
	wanting.ID, wanting.Step, wanting.Because, wanting.Students = "def456def456", "early-warning|y", "Noah was suspended on 1 day.", []roster.PersonID{person("noah")}
	others := wanting
	others.ID, others.Kind, others.Rule, others.Because = "123456123456", propose.Recheck, "forgotten/1", "Noah has not been seen."
	if err := s.db.Propose(t.Context(), district, []propose.Proposal{wanting, others}); err != nil {
		t.Fatal(err)
	}
	school := "/schools/" + string(cedar) + "/flags"
	s.get("leader", school).is(http.StatusOK).says("Noah Begay: Noah was suspended on 1 day.", "Maya Álvarez: Maya missed 3 of 20 flex blocks.", "contested").saysNot("Noah has not been seen")
	s.get("teacher", school).is(http.StatusNotFound)
	s.get("other leader", school).is(http.StatusNotFound)
	noah := "/students/" + string(person("noah")) + "/flags"
	form = s.get("leader", room12Path+"/proposals/def456def456").is(http.StatusOK).form(noah)
	form.Set("owner", string(person("leader")))
	form.Set("action", "Talk with him, then with his family.")
	s.post("leader", noah, form).goesTo(noah + "?done=said")
	s.get("leader", school).says("Nothing waits for somebody", "Talk with him, then with his family.")
	mine, err := s.db.FlagsOf(t.Context(), district, person("leader"))
	if err != nil || len(mine) != 1 {
		t.Fatal(mine, err)
	}
	s.post("leader", noah+"/"+mine[0].ID, url.Values{"outcome": {"better"}}).goesTo(noah + "?done=said")
	s.get("leader", school).says("It is better 1")
	s.get("leader", room12Path+"/proposals/123456123456").is(http.StatusOK).saysNot("Raise a flag")

	s.signInAgainAfter(50 * 24 * time.Hour)
	s.get("teacher", "/teach").saysNot("What I look after")
	s.get("student", at).says("It ended by itself")
}
