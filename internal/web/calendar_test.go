package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
)

// A calendar program reads when the talks are, and nothing that tells who the student is;
// a new address ends the one before, and so does no longer teaching the student.
func TestCalendarOfTalks(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/students/" + string(person("student"))
	s.post("student", maya+"/requests", url.Values{"text": {"About my glasses"}}).goesTo(maya + "/talks?done=asked")
	agree := actionOf(t, s.get("teacher", maya+"/brief"), "About my glasses", "Agree")
	s.post("teacher", agree, url.Values{"at": {"2026-11-24T10:30"}}).goesTo(maya + "/talks?done=said")
	s.get("teacher", "/teach/calendar").is(200).says("November 24, 2026 at 10:30 AM", "About my glasses")

	address := func(who string) string {
		t.Helper()
		link := attr(s.post(who, "/teach/calendar", nil).is(200).first("input", "id", "f-link"), "value")
		u, err := url.Parse(link)
		if err != nil || !strings.HasPrefix(u.Path, "/calendar/") {
			t.Fatalf("the address is %q", link)
		}
		return u.Path
	}
	read := func(path string) (string, []*ics.VEvent) {
		t.Helper()
		p := s.get("", path).is(200)
		cal, err := ics.ParseCalendar(strings.NewReader(p.Body))
		if err != nil {
			t.Fatalf("no calendar: %v\n%s", err, p.Body)
		}
		return p.Body, cal.Events()
	}
	mine := address("teacher")
	text, events := read(mine)
	if len(events) != 1 {
		t.Fatalf("%d events:\n%s", len(events), text)
	}
	for _, want := range []string{"DTSTART:20261124T103000\r\n", "DTEND:20261124T105000\r\n", "SUMMARY:Talk with M. Á."} {
		if !strings.Contains(text, want) {
			t.Errorf("the calendar has no %q:\n%s", want, text)
		}
	}
	for _, secret := range []string{"Maya", "glasses", "Álvarez"} {
		if strings.Contains(text, secret) {
			t.Errorf("the calendar tells %q", secret)
		}
	}
	if _, events := read(address("other teacher")); len(events) != 0 {
		t.Error("a talk is in somebody else's calendar")
	}
	if again := address("teacher"); again == mine {
		t.Error("the address does not change")
	}
	s.get("", mine).is(404)
	s.get("", "/calendar/none").is(404)
	s.later(time.Minute)
	s.post("teacher", maya+"/talks", url.Values{"kind": {"talk"}, "minutes": {"10"}}).goesTo(maya + "/talks?done=talk")
	s.get("teacher", "/teach/calendar").is(200).saysNot("About my glasses")
}
