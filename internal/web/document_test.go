package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/roster"
)

// TestPlanIsWrittenSignedAndChanged walks a plan from its first goal to three signatures, and
// to what happens when it changes.
func TestPlanIsWrittenSignedAndChanged(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := person("student")
	at := "/students/" + string(maya) + "/plan"
	s.get("student", at).is(200).says("My plan", "There is nothing to sign yet")
	s.post("guardian", at+"/signatures", url.Values{"party": {"guardian"}, "sign": {"Ana"}}).is(422)

	s.post("student", "/me/goals", url.Values{"what": {"Run a mile"}, "area": {"personal"}, "proof": {"One lap without a stop"}}).is(303)
	s.post("student", at+"/items", url.Values{"kind": {"service"}, "title": {""}}).is(422).says("Write what it is")
	s.post("student", at+"/items", url.Values{"kind": {"service"}, "title": {"Help in the library"}, "place": {"City library"}, "begins": {"2027-01-10"}}).goesTo(at + "?done=said")
	s.post("guardian", at+"/items", url.Values{"kind": {"service"}, "title": {"Chores"}}).is(404)
	s.post("teacher", at+"/people", url.Values{"name": {"Coach Lee"}, "part": {"Running"}}).goesTo(at + "?done=said")
	s.post("student", at+"/remarks", url.Values{"text": {"I like mornings"}}).goesTo(at + "?done=said")
	s.post("guardian", at+"/remarks", url.Values{"text": {"We run together"}, "back": {"/family"}}).goesTo("/family?done=said")
	p := s.get("teacher", at).is(200)
	p.says("Run a mile", "One lap without a stop", "Help in the library", "City library", "from January 10, 2027", "Coach Lee", "I like mornings", "looking back", "We run together", "Parent or guardian not signed yet")

	sign := func(who, party, name string) *page {
		f := s.get(who, at).is(200).form(at + "/signatures")
		f.Set("sign", name)
		if party != "" {
			f.Set("party", party)
		}
		return s.post(who, at+"/signatures", f)
	}
	s.get("guardian", "/family").is(200).says("It waits for your signature.")
	sign("student", "", " ").is(422).says("Write your full name")
	sign("student", "guardian", "Ana Álvarez").is(403)
	stale := s.get("guardian", at).form(at + "/signatures")
	sign("student", "", "Maya Álvarez").goesTo(at + "?done=signed")
	sign("teacher", "", "Ngozi Okafor").goesTo(at + "?done=signed")
	s.post("student", at+"/items", url.Values{"kind": {"course"}, "title": {"Art"}}).is(303)
	// Nobody signs what they have not read.
	stale.Set("sign", "Ana Álvarez")
	s.post("guardian", at+"/signatures", stale).is(422).says("The plan has changed since you opened it.")
	s.get("student", at).is(200).says("The plan has changed since it was last signed.", "Maya Álvarez signed on November 20, 2026.", "Read what was signed")
	for _, who := range []string{"student", "teacher", "guardian"} {
		sign(who, "", "Name of "+who).goesTo(at + "?done=signed")
	}
	s.get("leader", at).is(200).says("All have signed. The next look is due by November 20, 2027.", "Name of guardian (Ana Álvarez) signed on November 20, 2026.")
	s.get("guardian", "/family").is(200).says("You signed it on November 20, 2026.")

	// What was signed stays as it was.
	was := ""
	for _, l := range s.get("student", at).links() {
		if strings.HasPrefix(l, at+"/signed/") {
			was = l
		}
	}
	s.get("guardian", was).is(200).says("The plan as it was signed", "Help in the library", "Maya Álvarez signed on")
	if strings.Contains(s.get("guardian", was).main(), "Art") {
		t.Error("what was signed has changed")
	}
	s.get("other guardian", was).is(404)

	// Before a year is over, all sign again; the old names stay and renew nothing by themselves.
	s.signInAgainAfter(310 * 24 * time.Hour)
	s.get("student", at).is(200).says("Student Name of student (Maya Álvarez) signed on November 20, 2026. not signed yet")
	for _, who := range []string{"student", "teacher", "guardian"} {
		sign(who, "", "Again "+who).goesTo(at + "?done=signed")
	}
	s.get("leader", at).is(200).says("All have signed. The next look is due by September 26, 2028.")

	// A goal that is reached needs no new signature.
	goals, err := s.db.Goals(t.Context(), district, []roster.PersonID{maya})
	if err != nil {
		t.Fatal(err)
	}
	s.post("student", "/me/goals/"+string(goals[0].ID)+"/done", nil).is(303)
	s.get("teacher", at).is(200).says("All have signed.", "reached on September 26, 2027")
	s.get("teacher", at+"/present").is(200).says("Help in the library")
}

func TestFamilyPageSpeaksTheFamilysLanguage(t *testing.T) {
	t.Parallel()
	s := start(t)
	lang := func(p *page) string { return attr(p.first("html"), "lang") + " " + attr(p.first("html"), "dir") }
	if got := lang(s.get("guardian", "/family").is(200)); got != "en ltr" {
		t.Errorf("without a choice the page is %q", got)
	}
	s.post("guardian", "/language", url.Values{"language": {"tlh"}}).is(422)
	for tag, want := range map[string]struct{ html, says string }{
		"es": {"es ltr", "Mi familia"}, "ar": {"ar rtl", "عائلتي"}, "vi": {"vi ltr", "Gia đình"}, "zh-Hans": {"zh-Hans ltr", "家"}, "ht": {"ht ltr", "Fanmi"},
	} {
		s.post("guardian", "/language", url.Values{"language": {tag}, "back": {"/family"}}).goesTo("/family")
		p := s.get("guardian", "/family").is(200)
		if got := lang(p); got != want.html {
			t.Errorf("%s: the page is %q", tag, got)
		}
		p.says(want.says, "Maya")
		// What nobody has translated says in which language it is.
		if got := p.all("bdi", "lang", "en"); len(got) == 0 {
			t.Errorf("%s: English words are not marked", tag)
		}
		s.get("guardian", "/students/"+string(person("student"))+"/plan").is(200)
	}
	// A page that nobody has translated says so, in the family's language.
	s.post("guardian", "/language", url.Values{"language": {"ht"}}).is(303)
	s.get("guardian", "/students/"+string(person("student"))).is(200).says("Paj sa a ann anglè sèlman.")
	// The choice is the person's own; the teacher's pages stay as they were.
	if got := lang(s.get("teacher", "/students/"+string(person("student"))+"/plan").is(200)); got != "en ltr" {
		t.Errorf("the teacher's page is %q", got)
	}
}
