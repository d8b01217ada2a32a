package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/group"
	"waymark/internal/roster"
)

// propose lets the teacher propose groups of Room 12 and returns their address.
func (s *site) proposeGroups(change url.Values) (string, group.Set) {
	s.t.Helper()
	f := url.Values{"purpose": {"shared-need"}, "title": {"Fractions"}, "least": {"2"}, "most": {"4"}, "number": {"2"}, "until": {"2026-12-04"}}
	for k, v := range change {
		f[k] = v
	}
	p := s.post("teacher", room12Path+"/groups", f)
	if p.Code != http.StatusSeeOther {
		s.t.Fatalf("status %d: %s", p.Code, p.main())
	}
	at := p.Header.Get("Location")
	set, err := s.db.GroupSet(s.t.Context(), district, room12, group.SetID(at[strings.LastIndex(at, "/")+1:]))
	if err != nil {
		s.t.Fatal(err)
	}
	return at, set
}

func TestGroupsAreProposedArrangedAndEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	for field, f := range map[string]url.Values{
		"no number of such groups": {"purpose": {"pace"}, "least": {"4"}, "most": {"5"}, "until": {"2026-12-04"}},
		"do not become tracks":     {"purpose": {"pace"}, "least": {"2"}, "most": {"4"}, "until": {"2027-06-04"}},
		"nobody here is called":    {"purpose": {"pace"}, "least": {"2"}, "most": {"4"}, "until": {"2026-12-04"}, "apart": {"Maya, Zoe"}},
	} {
		s.post("teacher", room12Path+"/groups", f).is(http.StatusUnprocessableEntity).says(field)
	}
	at, set := s.proposeGroups(url.Values{"apart": {"Liam, Noah"}, "roles": {"speaker, writer"}})
	page := s.get("teacher", at).is(http.StatusOK)
	page.says("Proposed. Nobody sees them", "Score", "Maya Álvarez", "speaker")
	s.get("student", "/me").saysNot("With others Fractions")
	s.get("leader", at).is(http.StatusNotFound)

	// Liam and Noah are apart; putting them together is told at once.
	liam, noah := string(person("liam")), string(person("noah"))
	where := func(id string) string {
		set, _ = s.db.GroupSet(t.Context(), district, room12, set.ID)
		for _, g := range set.Solution.Groups {
			for _, x := range g.Students {
				if x == id {
					return g.ID
				}
			}
		}
		return ""
	}
	if where(liam) == where(noah) {
		t.Error("Liam and Noah are together")
	}
	before := where(noah)
	s.post("teacher", at, url.Values{"do": {"move"}, "student": {noah}, "to": {where(liam)}}).goesTo(at)
	s.get("teacher", at).says("is with somebody whom you wanted apart")
	where(noah) // reads the set anew
	for _, u := range set.Solution.Unmet {
		if u.Rule != "apart" && u.Rule != "size" {
			t.Errorf("a move breaks %v", u)
		}
	}
	s.post("teacher", at, url.Values{"do": {"lock"}, "student": {liam}}).goesTo(at)
	s.post("teacher", at, url.Values{"do": {"again"}}).goesTo(at)
	if where(liam) == before && where(liam) == where(noah) || where(liam) == where(noah) {
		t.Error("Liam and Noah are together after the rest was proposed anew")
	}
	one := set.Solution.Groups[0]
	if n := len(set.Solution.Groups); n != 2 {
		t.Fatalf("%d groups", n)
	}
	if len(one.Students) > len(set.Solution.Groups[1].Students) {
		one = set.Solution.Groups[1]
	}
	for range 3 { // nobody is left alone
		for _, id := range one.Students {
			s.post("teacher", at, url.Values{"do": {"move"}, "student": {id}, "to": {map[string]string{"g1": "g2", "g2": "g1"}[one.ID]}})
		}
	}
	set, _ = s.db.GroupSet(t.Context(), district, room12, set.ID)
	for _, g := range set.Solution.Groups {
		if len(g.Students) < 2 {
			t.Errorf("%s has %d students", g.ID, len(g.Students))
		}
	}
	s.post("teacher", at, url.Values{"do": {"again"}})
	s.post("teacher", at, url.Values{"do": {"move"}, "student": {"nobody"}, "to": {"g1"}}).is(http.StatusUnprocessableEntity)

	s.post("teacher", at, url.Values{"do": {"use"}}).goesTo(at + "?done=said")
	s.get("student", "/me").says("With others", "Fractions", "until December 4")
	role := func() string { p := s.get("liam", "/me").main(); return p[strings.Index(p, "With others"):] }
	first := role()
	s.post("teacher", at, url.Values{"do": {"rotate"}}).goesTo(at + "?done=said")
	if role() == first {
		t.Log("the roles did not turn for Liam; others had them less")
	}

	// Two days before the end everybody is asked; nobody twice; after it, the groups are gone.
	pulse := "/me/groups/" + string(room12) + "/" + string(set.ID)
	answers := url.Values{"relevance": {"4"}, "inclusion": {"3"}, "support": {"4"}}
	s.post("student", pulse, answers).is(http.StatusConflict)
	s.signInAgainAfter(13 * 24 * time.Hour)
	s.get("student", "/me").says("How was it?")
	s.post("student", pulse, url.Values{"relevance": {"9"}}).is(http.StatusUnprocessableEntity)
	s.post("student", pulse, answers).goesTo("/me?done=said")
	s.get("student", "/me").saysNot("How was it?")
	s.post("student", pulse, answers).is(http.StatusConflict)
	s.post("other student", pulse, answers).is(http.StatusConflict)
	s.get("teacher", room12Path+"/groups").says("0 answers so far") // as long as somebody may still answer
	s.get("teacher", "/teach").says("A group ends")
	s.signInAgainAfter(10 * 24 * time.Hour)
	s.get("teacher", room12Path+"/groups").says("1 answer so far; shown from 10 on")
	s.get("student", "/me").saysNot("Fractions until")
	s.get("teacher", room12Path+"/groups").says("Groups that have ended")
}

// A pulse names nobody: nothing in its row leads to who gave it.
func TestAPulseNamesNobody(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, set := s.proposeGroups(nil)
	set.Used = s.now()
	if err := s.db.ChangeGroupSet(t.Context(), district, set); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"student", "liam"} {
		if err := s.db.SayPulse(t.Context(), district, person(who), room12, set.ID, group.Pulse{Relevance: 1, Inclusion: 2, Support: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.SayPulse(t.Context(), district, person("liam"), room12, set.ID, group.Pulse{Relevance: 1, Inclusion: 2, Support: 3}); err == nil {
		t.Error("Liam said it twice")
	}
	if list, err := s.db.Pulses(t.Context(), district, room12, friday.Add(-time.Hour)); err != nil || len(list) != 0 {
		t.Errorf("what is said can be read while it comes in: %v, %v", list, err)
	}
	s.later(30 * 24 * time.Hour)
	if list, err := s.db.Pulses(t.Context(), district, room12, friday.Add(-time.Hour)); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestStudentsOfferHelpWithWhatTheyHaveShown(t *testing.T) {
	t.Parallel()
	s := start(t)
	board := "/me/tutoring/" + string(room12)
	s.get("student", board).is(http.StatusOK).says("Nobody has begun", "I can show others")
	s.post("student", board, url.Values{"competency": {string(area)}, "side": {"can"}}).is(http.StatusUnprocessableEntity)
	s.post("student", board, url.Values{"competency": {string(equal)}, "side": {"can"}}).goesTo(board + "?done=said")
	s.post("liam", board, url.Values{"competency": {string(equal)}, "side": {"need"}}).goesTo(board + "?done=said")
	s.get("teacher", room12Path+"/tutoring").is(http.StatusOK).says("Maya Álvarez", "Liam O’Connor", "They can sit together")
	s.get("other student", board).is(http.StatusNotFound)
	s.post("other student", board, url.Values{"competency": {string(equal)}, "side": {"need"}}).is(http.StatusNotFound)
	s.post("liam", board, url.Values{"competency": {string(equal)}, "side": {""}}).goesTo(board + "?done=said")
	can, need, err := s.db.Tutoring(t.Context(), district, room12)
	if err != nil || len(can[equal]) != 1 || can[equal][0] != roster.PersonID(person("student")) || len(need[equal]) != 0 {
		t.Errorf("can %v, need %v, %v", can, need, err)
	}
}

// An aide is with one group: who needs one is there, and so says the page.
func TestAnAideIsWithTheGroupOfThoseWhoNeedOne(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, p := range []string{"student", "noah"} {
		s.post("teacher", "/students/"+string(person(p))+"/supports", url.Values{"support": {"aide", "step-free"}})
	}
	at, set := s.proposeGroups(url.Values{"purpose": {"mixed-strengths"}})
	for _, g := range set.Solution.Groups {
		if both := strings.Contains(strings.Join(g.Students, " "), string(person("student"))); both != strings.Contains(strings.Join(g.Students, " "), string(person("noah"))) {
			t.Errorf("%s has one of the two: %v", g.ID, g.Students)
		}
	}
	s.get("teacher", at).says("An aide nearby is given here.")
}
