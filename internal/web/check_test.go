package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
)

const roomChecks = "/classes/room-12/checks"

// give gives Room 12 a check on some competencies and returns where it is shown.
func give(t *testing.T, s *site, form url.Values) string {
	t.Helper()
	s.post("teacher", roomChecks, form).goesTo(roomChecks + "?done=given")
	for _, href := range s.get("teacher", roomChecks).is(200).links() {
		if strings.HasPrefix(href, roomChecks+"/") {
			return href
		}
	}
	t.Fatal("the check is not listed")
	return ""
}

// begin begins the check that waits on a student's home and returns where it is sat.
func begin(t *testing.T, s *site, who string) string {
	t.Helper()
	p := s.post(who, "/me/checks", s.get(who, "/me").is(200).form("/me/checks"))
	at := p.Header.Get("Location")
	if p.Code != 303 || !strings.HasPrefix(at, "/me/checks/") {
		t.Fatalf("beginning goes to %q (%d): %s", at, p.Code, p.main())
	}
	return at
}

// solve returns the answer to the question that a page asks.
func solve(t *testing.T, p *page, right bool) url.Values {
	t.Helper()
	form := p.form(attr(p.first("form", "class", "form card ask"), "action"))
	text := p.main()
	var a, b int
	if _, err := fmt.Sscanf(text[strings.Index(text, "What is"):], "What is %d + %d?", &a, &b); err != nil {
		t.Fatalf("no question: %s", text)
	}
	form.Del("answer")
	answer := strconv.Itoa(a + b)
	if !right {
		answer = "0"
	}
	if len(p.all("input", "type", "radio")) > 0 {
		answer = map[bool]string{true: "1", false: "2"}[right] // the fixture's choices
	}
	form.Set("answer", answer)
	return form
}

// sitThrough answers all questions and returns the last page and how many there were.
func sitThrough(t *testing.T, s *site, who, at string, right bool) (*page, int) {
	t.Helper()
	for n := 0; ; n++ {
		p := s.get(who, at).is(200)
		if p.first("form", "class", "form card ask") == nil {
			return p, n
		}
		if n > 20 {
			t.Fatal("the check does not end")
		}
		s.post(who, at+"/answers", solve(t, p, right)).goesTo(at)
		s.later(20 * time.Second)
	}
}

func pieces(t *testing.T, s *site, who string, on competency.ID) (of []evidence.Piece) {
	t.Helper()
	all, err := s.db.Pieces(t.Context(), district, person(who), on)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Source == "check" {
			of = append(of, p)
		}
	}
	return of
}

// A teacher gives a check, a student takes it without a script, it becomes evidence, and
// both see what it showed in the same words.
func TestCheckIsGivenTakenAndCounts(t *testing.T) {
	t.Parallel()
	s := start(t)
	given := give(t, s, url.Values{"purpose": {"check"}, "most": {"8"}, "competency": {string(compare)}})
	s.get("student", "/me").says("A check waits for me", "I can compare two fractions", "at most 8 questions")
	s.get("other student", "/me").is(200).saysNot("A check waits for me")

	at := begin(t, s, "student")
	first := s.get("student", at).is(200)
	first.says("Question 1, at most 8")
	first.saysNot("theta", "difficulty")
	if again := begin(t, s, "liam"); again == at {
		t.Error("two students sit the same sitting")
	}
	s.get("liam", at).is(404)
	s.get("other student", at).is(404)

	// An answer that is none is not lost silently, and the same answer twice counts once.
	form := solve(t, first, true)
	empty := url.Values{"item": form["item"], "answer": {" "}}
	s.post("student", at+"/answers", empty).is(422).says("take your best guess")
	s.post("student", at+"/answers", form).goesTo(at)
	s.post("student", at+"/answers", form).goesTo(at)
	s.get("student", at).says("Question 2, at most 8")
	if n := len(pieces(t, s, "student", compare)); n != 1 {
		t.Errorf("one answer made %d pieces of evidence", n)
	}
	s.get("student", "/me").says("Go on")

	last, n := sitThrough(t, s, "student", at, true)
	last.says("This is what the check showed", "I can compare two fractions", "questions went well", "right")
	got := pieces(t, s, "student", compare)
	if len(got) != n+1 {
		t.Errorf("%d answers made %d pieces of evidence", n+1, len(got))
	}
	for _, p := range got {
		if p.Kind != evidence.Response || p.Score != 1 || p.Actor != person("student") || p.Class != room12 || p.At.After(s.now()) {
			t.Errorf("evidence of a check: %+v", p)
		}
	}
	s.post("student", at+"/answers", form).goesTo(at) // late again: still nothing
	s.get("student", "/me").saysNot("A check waits for me")
	if r, err := s.db.CheckReplay(t.Context(), district, false); err != nil || r.Wrong != 0 {
		t.Errorf("replay finds %+v, %v", r, err)
	}
	s.get("teacher", given).is(200).says("Maya Álvarez", "done:", "Liam O’Connor", "under way", "Noah Begay", "not begun")
	s.get("other teacher", given).is(404)
	evidencePage := "/students/" + string(person("student")) + "/competencies/" + string(compare)
	s.get("teacher", evidencePage).is(200).says("Question of a check: right")
}

// After repeated failure the check looks at what comes before, and both are told.
func TestCheckLooksAtWhatComesBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	given := give(t, s, url.Values{"purpose": {"check"}, "most": {"12"}, "competency": {string(adding)}, "student": {string(person("noah"))}})
	s.get("emma", "/me").is(200).saysNot("A check waits for me")
	last, _ := sitThrough(t, s, "noah", begin(t, s, "noah"), false)
	last.says("I can add fractions", "I can find fractions that are equal", "We asked about this because what builds on it was hard.", "not right yet")
	if n := len(pieces(t, s, "noah", equal)); n != 3 {
		t.Errorf("%d questions on what comes before; want 3", n)
	}
	s.get("teacher", given).says("Noah Begay", "Also asked, since it was hard: 4.NF.1 Equal fractions.")
}

// A student may show what they can do already, stop early, and what was answered counts.
func TestOwnCheck(t *testing.T) {
	t.Parallel()
	s := start(t)
	own := "/students/" + string(person("minh")) + "/competencies/" + string(equal)
	form := s.get("minh", own).is(200).form("/me/checks")
	at := s.post("minh", "/me/checks", form).Header.Get("Location")
	s.post("minh", "/me/checks", form).goesTo(at) // the same one goes on
	s.post("minh", at+"/answers", solve(t, s.get("minh", at), true)).goesTo(at)
	s.post("minh", at+"/stop", nil).goesTo(at)
	s.get("minh", at).is(200).says("1 of 1 question went well")
	if n := len(pieces(t, s, "minh", equal)); n != 1 {
		t.Errorf("one answer made %d pieces", n)
	}
	// Without enough questions there is nothing to show.
	s.get("minh", "/students/"+string(person("minh"))+"/competencies/"+string(area)).is(200).saysNot("Show it in a short check")
	s.post("minh", "/me/checks", url.Values{"competency": {string(area)}}).is(422)
	s.get("teacher", own).is(200).saysNot("Show it in a short check")
}

func TestGivingAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := start(t)
	good := url.Values{"purpose": {"check"}, "most": {"8"}, "competency": {string(equal)}}
	for name, change := range map[string]func(url.Values){
		"Choose what the check is about.": func(v url.Values) { v.Set("competency", string(area)) },
		"Choose what the check is for.":   func(v url.Values) { v.Set("purpose", "test-out") },
		"A check has 5 to 20 questions":   func(v url.Values) { v.Set("most", "400") },
		"is not in this class any more":   func(v url.Values) { v.Set("student", string(person("other student"))) },
	} {
		v := url.Values{}
		for k, x := range good {
			v[k] = append([]string{}, x...)
		}
		change(v)
		s.post("teacher", roomChecks, v).is(422).says(name)
	}
	closing := give(t, s, good)
	waits := s.get("student", "/me").form("/me/checks")
	s.post("teacher", closing+"/close", nil).goesTo(roomChecks + "?done=closed")
	s.get("student", "/me").saysNot("A check waits for me")
	s.post("student", "/me/checks", waits).is(409)
}

// A script takes the check along, and sends answers later with the time of the work.
func TestCheckGoesOnWithoutConnection(t *testing.T) {
	t.Parallel()
	s := start(t)
	give(t, s, url.Values{"purpose": {"check"}, "most": {"6"}, "competency": {string(equal)}})
	at := begin(t, s, "student")
	p := s.get("student", at+"/carry").is(200)
	var c struct {
		Form struct {
			Items []struct{ ID string } `json:"items"`
		} `json:"form"`
		Questions map[string]struct {
			Text    string   `json:"text"`
			Choices []string `json:"choices"`
			Marks   []uint32 `json:"marks"`
		} `json:"questions"`
	}
	if err := json.Unmarshal([]byte(p.Body), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Form.Items) != 9 || len(c.Questions) != 9 {
		t.Errorf("%d items with %d questions go along; want 9", len(c.Form.Items), len(c.Questions))
	}
	for id, q := range c.Questions {
		if len(q.Marks) != 1 || q.Text == "" {
			t.Errorf("question %s goes along as %+v", id, q)
		}
	}
	if strings.Contains(p.Body, `"right"`) {
		t.Error("right answers go along in the open")
	}
	began := s.now()
	s.later(3 * time.Hour)
	send := func(form url.Values) *page {
		r := httptest.NewRequest(http.MethodPost, at+"/answers", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		r.Header.Set("X-User", string(person("student")))
		return s.do(r, "student")
	}
	form := solve(t, s.get("student", at), true)
	form.Set("key", "check-0123456789abcdef")
	form.Set("at", strconv.FormatInt(began.Add(5*time.Minute).UnixMilli(), 10))
	if p := send(form); p.Code != 200 || p.Header.Get("X-Saved") != "check-0123456789abcdef" {
		t.Errorf("the answer is taken with %d, saved %q", p.Code, p.Header.Get("X-Saved"))
	}
	if got := pieces(t, s, "student", equal); len(got) != 1 || !got[0].At.Equal(began.Add(5*time.Minute)) {
		t.Errorf("evidence %+v; want the time of the work", got)
	}
	form.Set("item", "no-such-item")
	if p := send(form); p.Code != 422 || !strings.Contains(p.Body, "does not belong") {
		t.Errorf("an answer to a foreign question: %d %s", p.Code, p.Body)
	}
}
