package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// Student, family and staff write side by side, each reads what is for them, and the
// student can see a thing differently.
func TestProfileIsWrittenTogether(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/students/" + string(person("student")) + "/profile"
	s.get("student", at).is(200).says("About me", "Nothing here yet", "Nobody has said anything yet.")
	write := func(who, kind, text, visibility string) {
		t.Helper()
		s.post(who, at, url.Values{"kind": {kind}, "text": {text}, "visibility": {visibility}}).goesTo(at + "?done=said")
		s.later(time.Minute)
	}
	write("student", "strength", "I draw well", "student")
	write("guardian", "need", "Needs breakfast before a test", "family")
	write("teacher", "need", "Loses track in long texts", "student")
	write("teacher", "need", "Talk to the nurse about glasses", "staff")
	write("leader", "need", "A matter for leaders", "restricted")

	p := s.get("student", at).is(200)
	p.says("What I am good at", "I draw well", "said by you", "Loses track in long texts", "Ngozi Okafor (school)")
	p.saysNot("breakfast", "nurse", "A matter for leaders")
	family := s.get("guardian", at).is(200)
	family.says("I draw well", "Needs breakfast before a test")
	family.saysNot("nurse", "A matter for leaders")
	s.get("teacher", at).is(200).saysNot("A matter for leaders")
	s.get("leader", at).is(200).says("nurse", "A matter for leaders")
	s.get("other teacher", at).is(404)

	// Differently, still true, no longer.
	form := func(who, text string) string {
		t.Helper()
		for _, f := range s.get(who, at).all("form", "class", "btns") {
			if strings.Contains(textOf(f), text) {
				return attr(f, "action")
			}
		}
		t.Fatalf("%s finds no form for %q", who, text)
		return ""
	}
	texts := form("student", "Loses track")
	s.post("student", texts, url.Values{"do": {"disputed"}, "text": {""}}).is(422).says("Say how you see it.")
	s.post("student", texts, url.Values{"do": {"disputed"}, "text": {"Not in comics"}}).goesTo(at + "?done=said")
	s.get("teacher", at).says("seen differently", "Not in comics", "Maya Álvarez (the student) sees it differently")
	s.post("student", texts, url.Values{"do": {"ended"}}).is(403)
	s.post("teacher", texts, url.Values{"do": {"ended"}}).goesTo(at + "?done=said")
	s.get("student", at).says("What held before (1)")
	s.post("student", at+"/none", url.Values{"do": {"still true"}}).is(404)
	// What one may not see cannot be answered either.
	nurse := form("teacher", "nurse")
	s.post("student", nurse, url.Values{"do": {"noted"}, "text": {"?"}}).is(404)

	// Freshness: after long, the class's list asks for it, and one press confirms.
	s.get("teacher", "/classes/room-12/profiles").is(200).says("1 of 6 profiles were touched in the last four months")
	s.later(time.Hour)
	s.post("guardian", form("guardian", "I draw well"), url.Values{"do": {"still true"}}).goesTo(at + "?done=said")
	s.get("student", at).says("still true, said Ana Álvarez today")
}

// A support acts in the pages of the student, on every device, until it is taken off.
func TestSupportsActInPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	me := "/students/" + string(person("student"))
	s.post("student", me+"/supports", url.Values{"support": {"text-larger", "simple", "read-aloud"}}).goesTo(me + "/profile?done=settings")
	root := s.get("student", "/me").is(200).first("html")
	if attr(root, "data-text") != "larger" || attr(root, "data-view") != "simple" {
		t.Errorf("the page begins with text %q and view %q", attr(root, "data-text"), attr(root, "data-view"))
	}
	if other := s.get("liam", "/me").is(200).first("html"); attr(other, "data-text") != "" {
		t.Error("another student's pages change too")
	}
	s.post("teacher", me+"/supports", url.Values{"support": {"simple"}}).goesTo(me + "/profile?done=settings")
	root = s.get("student", "/me").is(200).first("html")
	if attr(root, "data-text") != "" || attr(root, "data-view") != "simple" {
		t.Errorf("after the teacher's change the page begins with text %q and view %q", attr(root, "data-text"), attr(root, "data-view"))
	}
	s.get("student", me+"/profile").says("Much larger text", "said by you")
}

// What a student likes brings materials about it forward, and says so.
func TestInterestsFeedChoice(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/students/" + string(person("student")) + "/profile"
	s.get("student", "/me").is(200).saysNot("It is about something that you like.")
	s.post("student", at, url.Values{"kind": {"interest"}, "text": {"Game, project, person, video, practice, paper"}, "visibility": {"student"}}).goesTo(at + "?done=said")
	s.get("student", "/me").is(200).says("It is about something that you like.")
}
