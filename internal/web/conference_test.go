package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// actionOf returns where the form goes that has a button of some words, among those whose
// row says some text.
func actionOf(t *testing.T, p *page, row, button string) string {
	t.Helper()
	for _, f := range p.all("form") {
		if !strings.Contains(textOf(f), button) {
			continue
		}
		for n := f; n != nil; n = n.Parent {
			if n.Type == html.ElementNode && n.Data == "li" && strings.Contains(textOf(n), row) {
				return attr(f, "action")
			}
		}
	}
	t.Fatalf("no form with %q for %q", button, row)
	return ""
}

// From the queue through the brief and the talk to what was agreed, as teacher, student and
// family see it.
func TestTalkIsPreparedHeldAndKept(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/students/" + string(person("student"))
	queue := room12Path + "/talks"

	// Maya asks, and comes first; the because says so.
	s.post("student", maya+"/requests", url.Values{"text": {""}}).is(422).says("Write what you want to say, in at most 500 characters.")
	s.post("student", maya+"/requests", url.Values{"text": {"My map project"}, "wanted": {"2026-11-19T09:00"}}).is(422).says("Choose a day that is still to come.", "My map project")
	s.post("student", maya+"/requests", url.Values{"text": {"My map project"}, "wanted": {"2026-11-24T09:00"}}).goesTo(maya + "/talks?done=asked")
	p := s.get("teacher", queue).is(200)
	if names := rowNames(p); len(names) != 6 || !strings.Contains(names[0], "Maya") {
		t.Errorf("the queue is %q; want Maya, who asked, first", names)
	}
	p.says("You have not talked yet", "sked for a talk today", "How this was worked out")
	s.get("teacher", "/teach").says("They ask for a talk", "My map project")

	// A time is agreed on, and the student sees it.
	brief := s.get("teacher", maya+"/brief?back="+queue).is(200)
	brief.says("You have not talked yet.", "They want to talk about", "My map project", "You wanted to talk about “My map project”")
	agree := actionOf(t, brief, "My map project", "Agree")
	s.post("student", agree, url.Values{"at": {"2026-11-24T10:30"}}).is(404)
	s.post("teacher", agree, url.Values{"at": {""}}).is(422)
	s.post("teacher", agree, url.Values{"at": {"2026-11-24T10:30"}}).goesTo(maya + "/talks?done=said")
	s.get("student", "/me").says("A talk with", "Ngozi Okafor", "November 24, 2026 at 10:30 AM")

	// The talk. What is wrong is said, and nothing that was typed is lost.
	talk := url.Values{"kind": {"talk"}, "back": {queue}, "note": {"Maya explained the legend of her map."}, "visibility": {"student"}, "private": {"Ask about glasses."}, "minutes": {"twelve"},
		"who-1": {"student"}, "what-1": {"Finish the legend"}, "by-1": {"2026-11-27"}, "who-2": {"staff"}, "what-2": {"Bring the atlas"}, "by-2": {"2026-11-23"},
		"who-3": {"family"}, "what-3": {"Look at the map together"}, "by-3": {""}, "goal": {"Show my map to the class"}, "goal-by": {""}}
	bad := s.post("teacher", maya+"/talks", talk).is(422)
	bad.says("Write how many minutes it took", "Maya explained the legend", "Ask about glasses.")
	if got := attr(bad.first("input", "id", "f-what-1"), "value"); got != "Finish the legend" {
		t.Errorf("after an error the commitment is %q", got)
	}
	talk.Set("minutes", "12")
	talk.Set("by-1", "soon")
	s.post("teacher", maya+"/talks", talk).is(422).says("Choose a date")
	s.get("student", maya+"/talks").says("You have not talked yet.")
	talk.Set("by-1", "2026-11-27")
	s.post("teacher", maya+"/talks", talk).goesTo(queue + "?done=talk")

	// Each sees what is for them.
	s.later(time.Hour)
	mine := s.get("student", maya+"/talks").is(200)
	mine.says("Maya explained the legend", "12 minutes", "Finish the legend", "Bring the atlas")
	mine.saysNot("glasses", "Take it back")
	s.get("guardian", maya+"/talks").is(200).saysNot("glasses")
	s.get("leader", maya+"/talks").is(200).says("Ask about glasses.")
	s.get("student", "/me").says("Finish the legend", "Show my map to the class")
	s.get("guardian", "/family").says("Look at the map together")
	home := s.get("teacher", "/teach").is(200)
	home.says("What I promised", "Bring the atlas")
	home.saysNot("They ask for a talk")
	if names := rowNames(s.get("teacher", queue).is(200)); !strings.Contains(names[len(names)-1], "Maya") {
		t.Errorf("after the talk the queue is %q; want Maya last", names)
	}

	// Who promised says that it is done; nobody says it for them but staff.
	me := s.get("student", "/me")
	legend := actionOf(t, me, "Finish the legend", "Done")
	atlas := actionOf(t, s.get("teacher", "/teach"), "Bring the atlas", "Done")
	s.post("student", atlas, url.Values{"do": {"kept"}}).is(403)
	s.post("guardian", legend, url.Values{"do": {"kept"}}).is(403)
	s.post("student", legend, url.Values{"do": {"kept"}, "back": {"/me"}}).goesTo("/me?done=kept")
	s.post("student", legend, url.Values{"do": {"kept"}}).is(404)
	for range 5 { // sessions end after a day without a page
		s.later(24*time.Hour - time.Second)
		s.get("teacher", "/teach").is(200)
	}
	next := s.get("teacher", maya+"/brief").is(200)
	next.says("Last talk 5 days ago", "Agreed and open", "Bring the atlas", "overdue", "Finish the legend", "done 4 days ago")
	s.post("teacher", atlas, url.Values{"do": {"dropped"}, "back": {"https://elsewhere.example"}}).goesTo(maya + "/talks?done=dropped")
}

// rowNames are the names of a queue, in its order.
func rowNames(p *page) (names []string) {
	for _, li := range p.all("li", "class", "card step") {
		for n := range li.Descendants() {
			if n.Type == html.ElementNode && n.Data == "h2" {
				names = append(names, textOf(n))
			}
		}
	}
	return names
}

// The teacher's own order holds until the next talk, and a word in passing is noted in one
// press without ending the wait for a talk.
func TestTeacherOrdersTheQueue(t *testing.T) {
	t.Parallel()
	s := start(t)
	queue := room12Path + "/talks"
	before := rowNames(s.get("teacher", queue).is(200))
	noah := string(person("noah"))
	s.post("teacher", queue, url.Values{"student": {noah}, "do": {"first"}}).goesTo(queue + "?done=decided")
	if got := rowNames(s.get("teacher", queue)); !strings.Contains(got[0], "Noah") || len(got) != len(before) {
		t.Errorf("put first, Noah is not: %q", got)
	}
	s.later(time.Minute)
	s.post("teacher", queue, url.Values{"student": {noah}, "do": {"later"}}).goesTo(queue + "?done=decided")
	p := s.get("teacher", queue)
	p.says("Put off for some days")
	if got := rowNames(p); slices.ContainsFunc(got, func(n string) bool { return strings.Contains(n, "Noah") }) {
		t.Errorf("put off, Noah still waits: %q", got)
	}
	s.later(time.Minute)
	s.post("teacher", queue, url.Values{"student": {noah}, "do": {"as reckoned"}}).goesTo(queue + "?done=decided")
	if got := rowNames(s.get("teacher", queue)); !slices.Equal(got, before) {
		t.Errorf("as reckoned, the queue is %q; want %q", got, before)
	}
	s.post("teacher", queue, url.Values{"student": {noah}, "do": {"away"}}).is(422)
	s.post("teacher", queue, url.Values{"student": {string(person("other student"))}, "do": {"first"}}).is(404)

	s.post("teacher", "/students/"+noah+"/talks", url.Values{"kind": {"check-in"}, "minutes": {"2"}, "back": {queue}}).goesTo(queue + "?done=checkin")
	s.get("teacher", queue).says("0 talks in the last four weeks")
	s.get("teacher", "/students/"+noah+"/talks").says("A short word", "2 minutes")
	s.post("teacher", "/students/"+noah+"/talks", url.Values{"kind": {"party"}, "minutes": {"2"}}).is(422)
}

// A leader sees how evenly talks are given, and who has no mentor; an administrator sees
// figures only.
func TestAttentionAndMentors(t *testing.T) {
	t.Parallel()
	s := start(t)
	school := "/schools/" + string(cedar) + "/attention"
	maya := "/students/" + string(person("student"))
	p := s.get("leader", school).is(200)
	p.says("Students without a mentor", "Maya Álvarez", "Noah")
	s.get("administrator", school).is(200).saysNot("Maya Álvarez")

	s.post("leader", maya+"/mentor", url.Values{"mentor": {string(person("other teacher"))}}).is(422)
	s.post("leader", maya+"/mentor", url.Values{"mentor": {string(person("teacher"))}}).goesTo(maya + "?done=settings")
	s.get("student", maya).says("Mentor:", "Ngozi Okafor")
	s.get("student", maya).saysNot("Name as mentor")
	s.get("leader", school).saysNot("Maya Álvarez")
	s.get("teacher", room12Path+"/talks").says("Be the mentor of the 5 students who have none")
	s.post("teacher", room12Path+"/mentor", nil).goesTo(room12Path + "/talks?done=settings")
	s.get("teacher", room12Path+"/talks").saysNot("Be the mentor")
	s.get("leader", school).says("Everybody has one.")

	// How soon what students ask is answered is counted, and what waits with it.
	s.get("teacher", room12Path+"/talks").saysNot("asked of adults")
	s.post("student", maya+"/requests", url.Values{"text": {"May I show you my wall?"}})
	s.signInAgainAfter(72 * time.Hour)
	s.get("teacher", room12Path+"/talks").says("1 thing was asked of adults", "1 waits, the oldest for 3 days")
}
