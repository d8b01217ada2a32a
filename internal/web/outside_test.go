package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestOutsideIsWrittenSeenAndCounted walks what was learned in a club to a coach without an
// account and back to a teacher.
func TestOutsideIsWrittenSeenAndCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/students/" + string(person("student")) + "/outside"
	entry := url.Values{"what": {"Built a bird house"}, "kind": {"club"}, "place": {"4-H club"}, "day": {"2026-11-07"}, "hours": {"6"}, "competency": {string(area)}}
	for field, bad := range map[string]string{"what": "", "kind": "space", "day": "2027-01-01", "hours": "many", "competency": "no-such"} {
		f := url.Values{}
		for k, v := range entry {
			f[k] = v
		}
		f.Set(field, bad)
		s.post("student", at, f).is(422)
	}
	s.get("student", at).is(200).says("Nothing is written down yet.")
	s.post("student", at, entry).goesTo(at + "?done=said")
	p := s.get("student", at).is(200)
	p.says("Built a bird house", "in a club or team", "6 hours", "nobody has been asked yet")
	ask := ""
	for _, a := range p.actions() {
		if strings.HasSuffix(a, "/link") {
			ask = a
		}
	}
	link := func(p *page) string {
		v := attr(p.first("input", "id", "link"), "value")
		return v[strings.Index(v, "/verify/"):]
	}
	first := link(s.post("student", ask, nil).is(200))
	second := link(s.post("guardian", ask, nil).is(200))
	// The first link ended with the second; neither says more than the given name.
	s.get("", first).is(404).says("This link has been used, or it is too old.")
	p = s.get("", second).is(200)
	p.says("Maya", "Built a bird house", "4-H club", "November 7, 2026")
	if strings.Contains(p.main(), "Álvarez") {
		t.Error("the link tells the family name")
	}
	count := strings.TrimSuffix(ask, "link") + "count"
	s.post("teacher", count, url.Values{"competency": {string(area)}, "level": {"3"}}).is(409)
	// Nobody is their own witness, and nothing is said without a word.
	for _, who := range []string{"student", "guardian"} {
		s.post(who, second, url.Values{"seen": {"yes"}, "name": {"Coach Lee"}}).is(403)
	}
	s.post("", second, url.Values{"name": {"Coach Lee"}}).is(422).says("Say yes or no.")
	s.post("", second, url.Values{"seen": {"yes"}, "name": {" "}}).is(422).says("Write the name")
	s.post("", second, url.Values{"seen": {"yes"}, "name": {"Coach Lee"}, "remark": {"All by herself"}}).is(200).says("Thank you.")
	s.post("", second, url.Values{"seen": {"no"}, "name": {"Somebody"}}).is(404)
	s.post("student", ask, nil).is(409)
	s.get("student", at).is(200).says("Coach Lee says: I saw it “All by herself”")
	s.get("guardian", "/students/"+string(person("student"))+"/plan").is(200).says("Built a bird house", "Coach Lee says: I saw it")

	s.post("teacher", count, url.Values{"competency": {string(equal)}, "level": {"3"}}).is(422)
	s.post("teacher", count, url.Values{"competency": {string(area)}, "level": {"5"}}).is(422)
	s.post("student", count, url.Values{"competency": {string(area)}, "level": {"4"}}).is(404)
	s.post("teacher", count, url.Values{"competency": {string(area)}, "level": {"3"}}).goesTo(at + "?done=observed")
	s.get("teacher", "/students/"+string(person("student"))+"/competencies/"+string(area)).is(200).says("Built a bird house (seen by Coach Lee)", "Learned outside of school: can do (3 of 4)", "source: outside")
	s.get("student", at).is(200).says("It counts as evidence since November 20, 2026.")

	// A link that nobody used ends by itself.
	entry.Set("what", "Cooked for ten")
	s.post("guardian", at, entry).is(303)
	for _, a := range s.get("guardian", at).actions() {
		if strings.HasSuffix(a, "/link") {
			ask = a
		}
	}
	old := link(s.post("guardian", ask, nil).is(200))
	s.later(31 * 24 * time.Hour)
	s.get("", old).is(404)
	s.post("", old, url.Values{"seen": {"yes"}, "name": {"Late"}}).is(404)
}
