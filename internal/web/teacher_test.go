package web_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/live"
	"waymark/internal/roster"
)

const (
	room12Path  = "/classes/room-12"
	observePath = room12Path + "/observe"
)

func TestTeacherPagesAreTheirTeachersOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{room12Path, room12Path + "/grid.csv", observePath, room12Path + "/cards"} {
		s.get("teacher", path).is(http.StatusOK)
		for _, role := range []string{"other teacher", "other leader", "student", "guardian", "administrator"} {
			s.get(role, path).is(http.StatusNotFound)
		}
	}
	for _, path := range []string{"/teach", "/classes", "/find?q=maya"} {
		s.get("teacher", path).is(http.StatusOK)
		for _, role := range []string{"student", "guardian", "administrator"} {
			s.get(role, path).is(http.StatusNotFound)
		}
	}
	// A leader reads the class and does nothing in it.
	p := s.get("leader", room12Path).is(http.StatusOK)
	p.saysNot("Not useful", "Write down", "Sign-in cards", observePath)
	s.get("leader", observePath).is(http.StatusNotFound)
	s.get("leader", room12Path+"/cards").is(http.StatusNotFound)
	s.post("leader", room12Path+"/steps", url.Values{"do": {"done"}}).is(http.StatusNotFound)
	if got := s.get("leader", "/classes").is(http.StatusOK).links(); !slices.Contains(got, room12Path) || slices.Contains(got, "/classes/room-3") {
		t.Errorf("a leader's classes are %q; want Room 12 without Room 3", got)
	}
}

func TestTeacherHomeSaysWhomToSeeAndWhy(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("teacher", "/teach").is(http.StatusOK)
	p.says("Equal fractions, together", "2 students have tried", "Liam O’Connor", "Noah Begay", "Fraction strips", "Maths corner, blue box", "Look at what they do now")
	if got := attr(p.first("main"), "data-live"); got != string(live.ClassTopic(string(district), string(room12))) {
		t.Errorf("the home listens for %q", got)
	}
	var do string
	for _, l := range p.links() {
		if strings.HasPrefix(l, observePath+"?") && strings.Contains(l, "competency="+string(equal)) {
			do = l
		}
	}
	if do == "" {
		t.Fatalf("no step leads to the form: %q", p.links())
	}
	form := s.get("teacher", do).is(http.StatusOK)
	if got := form.form(observePath).Get("competency"); got != string(equal) {
		t.Errorf("the form is about %q; want %q", got, equal)
	}
	rows := form.all("th", "scope", "row")
	if len(rows) != 6 || textOf(rows[0]) != "Noah Begay" || textOf(rows[1]) != "Liam O’Connor" {
		t.Errorf("the step's students do not come first: %v", texts(rows))
	}
}

func texts(nodes []*html.Node) (out []string) {
	for _, n := range nodes {
		out = append(out, textOf(n))
	}
	return out
}

// stepForm returns what the form of the step with a title sends.
func stepForm(t *testing.T, p *page, title string) url.Values {
	t.Helper()
	for _, f := range p.all("form", "action", room12Path+"/steps") {
		if strings.Contains(textOf(f), title) {
			v := url.Values{}
			for n := range f.Descendants() {
				if n.Data == "input" {
					v.Set(attr(n, "name"), attr(n, "value"))
				}
			}
			return v
		}
	}
	t.Fatalf("no step %q", title)
	return nil
}

func TestDecidedStepsAreStoredAndDisappear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do, reason string
		days       int
	}{{"tomorrow", "", 1}, {"three", "", 3}, {"later", "", 7}, {"done", "", 14}, {"declined", "We did this already", 28}} {
		t.Run(c.do, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			form := stepForm(t, s.get("teacher", "/teach"), "Equal fractions, together")
			form.Set("do", c.do)
			form.Set("reason", c.reason)
			s.post("teacher", room12Path+"/steps", form).goesTo("/teach?done=decided")
			s.post("teacher", room12Path+"/steps", form).goesTo("/teach?done=decided") // pressed twice
			s.get("teacher", "/teach").saysNot("Equal fractions, together")
			s.get("teacher", room12Path).saysNot("Equal fractions, together")
			got, err := s.db.Decisions(t.Context(), district, room12)
			if err != nil || len(got) != 1 {
				t.Fatalf("%d decisions, %v; want 1", len(got), err)
			}
			d := got[0]
			if what := map[bool]string{true: "later", false: c.do}[c.do == "tomorrow" || c.do == "three"]; d.What != what || d.Reason != c.reason || d.Rule != "stuck/1" || d.Because == "" || len(d.Students) != 2 || d.Actor != person("teacher") {
				t.Errorf("decision = %+v", d)
			}
			s.later(time.Duration(c.days)*24*time.Hour - time.Minute)
			for _, want := range []int{1, 0} { // shortly before its end, and after
				if got, err := s.db.Decisions(t.Context(), district, room12); err != nil || len(got) != want {
					t.Errorf("about %d days later %d decisions hold, %v; want %d", c.days, len(got), err, want)
				}
				s.later(2 * time.Minute)
			}
		})
	}
}

func TestStepDecisionsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := start(t)
	form := stepForm(t, s.get("teacher", room12Path), "Equal fractions, together")
	for name, change := range map[string]url.Values{
		"no such answer": {"do": {"explode"}},
		"no reason":      {"do": {"declined"}, "reason": {" "}},
		"long reason":    {"do": {"declined"}, "reason": {strings.Repeat("x", 301)}},
	} {
		v := url.Values{"step": form["step"]}
		for k, x := range change {
			v[k] = x
		}
		if p := s.post("teacher", room12Path+"/steps", v); p.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d; want 422", name, p.Code)
		}
	}
	s.post("teacher", room12Path+"/steps", url.Values{"step": {"stuck|room-12|gone"}, "do": {"done"}}).is(http.StatusConflict)
	s.post("teacher", "/classes/room-3/steps", url.Values{"step": form["step"], "do": {"done"}}).is(http.StatusNotFound)
}

func TestGridSaysEachCellInWords(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("teacher", room12Path).is(http.StatusOK)
	cells := map[string]string{}
	for _, a := range p.all("a") {
		if strings.HasPrefix(attr(a, "class"), "c ") {
			cells[attr(a, "href")] = attr(a, "aria-label")
		}
	}
	cell := func(who string, on competency.ID) string {
		return cells[fmt.Sprintf("/students/%s/competencies/%s", person(who), on)]
	}
	for _, c := range []struct {
		who  string
		on   competency.ID
		want []string
	}{
		{"student", equal, []string{"Maya Álvarez, Equal fractions: can do, ", " to ", "), 3 days ago, 6 pieces"}},
		{"student", place, []string{"Maya Álvarez, Place value: time for a look back, ", "14 weeks ago, 4 pieces"}},
		{"student", adding, []string{"Add fractions: we don't know yet, ", "1 piece"}},
		{"minh", equal, []string{"Minh Nguyễn, Equal fractions: we don&#39;t know yet, no evidence"}},
		{"liam", equal, []string{"Liam O’Connor, Equal fractions: just starting, ", "4 days ago, 3 pieces"}},
	} {
		got := cell(c.who, c.on)
		for _, want := range c.want {
			if !strings.Contains(got, html.UnescapeString(want)) {
				t.Errorf("cell of %s on %s = %q; want it to hold %q", c.who, c.on, got, want)
			}
		}
	}
	if len(cells)%6 != 0 || len(cells) == 0 {
		t.Errorf("%d cells for 6 students", len(cells))
	}
	p.says("can do", "we don't know yet", "time for a look back", "seen 3 weeks ago")
	// The value and the age are on the cell, not only in its colour.
	if !strings.Contains(p.Body, " · 3d</a>") {
		t.Error("no cell shows its age")
	}
}

func TestGridFiltersAndFragment(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("teacher", room12Path+"?strand=nbt").is(http.StatusOK)
	if heads := texts(p.all("th", "scope", "col")); slices.Contains(heads, "4.NF.1") || !slices.Contains(heads, "4.NBT.1") {
		t.Errorf("columns of one strand = %q", heads)
	}
	if p.first("option", "value", "nbt", "selected", "") == nil {
		t.Error("the chosen strand is not chosen in the list")
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", room12Path+"?fragment=grid", nil)
	r.AddCookie(&http.Cookie{Name: sessionName, Value: "session of teacher"})
	s.handler.ServeHTTP(w, r)
	if body := w.Body.String(); w.Code != 200 || !strings.HasPrefix(strings.TrimSpace(body), `<div id="grid-region"`) || strings.Contains(body, "<h1") {
		t.Errorf("the fragment is %d %.80q", w.Code, body)
	}
	s.get("teacher", room12Path+"?strand=nothing&page=99").is(http.StatusOK).says("Nothing to show here")
}

func TestGridCSVIsSafeToOpen(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.rename(t, "liam", "=cmd|' /C calc'!A0", "+O’Connor")
	p := s.get("teacher", room12Path+"/grid.csv").is(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.Body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "@") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
		found = found || row[0] == "'=cmd|' /C calc'!A0 +O’Connor"
	}
	if !found {
		t.Error("the student with the odd name is missing")
	}
	if i := slices.IndexFunc(rows, func(r []string) bool { return r[0] == "Maya Álvarez" && r[1] == "4.NF.1" }); i < 0 || rows[i][3] != "can do" || rows[i][7] != "6" || rows[i][8] != "2026-11-17" {
		t.Errorf("Maya's row on equal fractions: %q", rows[max(i, 0)])
	}
	grid := s.get("teacher", room12Path)
	grid.says("=cmd|' /C calc'!A0 +O’Connor")
}

// observation is a sent form about some students.
func observation(key string, on competency.ID, levels map[string]int) url.Values {
	v := url.Values{"key": {key}, "competency": {string(on)}, "date": {"2026-11-20"}, "note": {"explained with a drawing"}}
	for who, n := range levels {
		v.Set("level:"+string(person(who)), fmt.Sprint(n))
	}
	return v
}

func (s *site) pieces(who string, on competency.ID) []evidence.Piece {
	s.t.Helper()
	pieces, err := s.db.Pieces(s.t.Context(), district, person(who), on)
	if err != nil {
		s.t.Fatal(err)
	}
	return pieces
}

func TestObservationIsSavedOnceAndCanBeCorrected(t *testing.T) {
	t.Parallel()
	s := start(t)
	sub := s.hub.Subscribe([]live.Topic{live.ClassTopic(string(district), string(room12)), live.StudentTopic(string(district), string(person("minh")))})
	defer sub.Close()

	key := s.get("teacher", observePath).is(http.StatusOK).form(observePath).Get("key")
	if again := s.get("teacher", observePath).form(observePath).Get("key"); again == key || len(key) < 16 {
		t.Fatalf("keys of two forms: %q, %q", key, again)
	}
	form := observation(key, area, map[string]int{"minh": 3, "emma": 2})
	first := s.post("teacher", observePath, form).is(http.StatusSeeOther)
	if got := first.Header.Get("X-Saved"); got != key {
		t.Errorf("X-Saved = %q; want %q", got, key)
	}
	select {
	case <-sub.Ready():
		if got := sub.Take(); len(got) != 2 {
			t.Errorf("open pages hear of %q", got)
		}
	case <-time.After(5 * time.Second):
		t.Error("open pages hear nothing")
	}
	s.post("teacher", observePath, form).is(http.StatusSeeOther)
	got := s.pieces("minh", area)
	if len(got) != 1 {
		t.Fatalf("the same form twice made %d pieces; want 1", len(got))
	}
	p := got[0]
	if p.Kind != evidence.Observation || p.Score != 3 || p.Max != 4 || p.Source != "observation" || p.Actor != person("teacher") || p.Class != room12 ||
		p.Note != "explained with a drawing" || p.At.Format(time.DateOnly) != "2026-11-20" {
		t.Errorf("piece = %+v", p)
	}

	// Back to the form with the same key, the levels as they were saved.
	saved := s.get("teacher", first.Header.Get("Location")).is(http.StatusOK)
	var fix string
	for _, l := range saved.links() {
		if strings.Contains(l, "fix=1") {
			fix = l
		}
	}
	again := s.get("teacher", fix).is(http.StatusOK)
	sent := again.form(observePath)
	minh := "level:" + string(person("minh"))
	if sent.Get("key") != key || sent.Get(minh) != "3" || sent.Get("competency") != string(area) || sent.Get("note") != "explained with a drawing" {
		t.Fatalf("the form to correct = %v", sent)
	}
	sent.Set(minh, "1")
	s.post("teacher", observePath, sent).is(http.StatusSeeOther)
	now := s.pieces("minh", area)
	if len(now) != 1 || now[0].Score != 1 || now[0].Replaces != p.ID {
		t.Errorf("after the correction: %+v; want one piece of level 1 that replaces %s", now, p.ID)
	}
	if was, err := s.db.Replaced(t.Context(), district, person("minh"), area); err != nil || len(was) != 1 || was[0].Score != 3 {
		t.Errorf("history holds %+v, %v; want the first level", was, err)
	}
	if emma := s.pieces("emma", area); len(emma) != 1 || emma[0].Replaces != "" {
		t.Errorf("the other student's piece changed: %+v", emma)
	}
}

func TestObservationThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	s := start(t)
	const key = "0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		name   string
		change func(url.Values)
		field  string
	}{
		{"a student of another class", func(v url.Values) { v.Set("level:"+string(person("other student")), "4") }, "students"},
		{"nobody", func(v url.Values) { v.Del("level:" + string(person("minh"))) }, "students"},
		{"a level beyond the rubric", func(v url.Values) { v.Set("level:"+string(person("minh")), "5") }, "students"},
		{"no competency", func(v url.Values) { v.Del("competency") }, "competency"},
		{"a group of competencies", func(v url.Values) { v.Set("competency", "nf") }, "competency"},
		{"an unknown other", func(v url.Values) { v.Set("other", "Dancing") }, "other"},
		{"a long note", func(v url.Values) { v.Set("note", strings.Repeat("ä", 501)) }, "note"},
		{"tomorrow", func(v url.Values) { v.Set("date", "2026-11-21") }, "date"},
		{"no date at all", func(v url.Values) { v.Set("date", "soon") }, "date"},
	} {
		form := observation(key, area, map[string]int{"minh": 3})
		c.change(form)
		p := s.post("teacher", observePath, form)
		if p.Code != http.StatusUnprocessableEntity || p.first("a", "href", "#f-"+c.field) == nil {
			t.Errorf("%s: status %d, no link to %s: %s", c.name, p.Code, c.field, p.main())
		}
	}
	if got := s.pieces("minh", area); len(got) != 0 {
		t.Errorf("%d pieces were written", len(got))
	}
	if got := s.pieces("other student", area); len(got) != 0 {
		t.Errorf("%d pieces were written about a student of another class", len(got))
	}
	s.post("other teacher", observePath, observation(key, area, map[string]int{"minh": 3})).is(http.StatusNotFound)
}

func TestObservationOfAnythingElseAndOfAnEarlierDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	form := observation("0123456789abcdef-other", equal, map[string]int{"minh": 4})
	form.Set("other", "4.md.3 area and perimeter")
	form.Set("date", "2026-11-18")
	s.post("teacher", observePath, form).is(http.StatusSeeOther)
	if got := s.pieces("minh", area); len(got) != 1 || got[0].At.Format(time.DateOnly) != "2026-11-18" {
		t.Errorf("pieces = %+v", got)
	}
	if got := s.pieces("minh", equal); len(got) != 0 {
		t.Errorf("the list's choice was written too: %+v", got)
	}
}

// TestObservationByScript is what assets/js/outbox.js relies on.
func TestObservationByScript(t *testing.T) {
	t.Parallel()
	s := start(t)
	send := func(form url.Values, user roster.PersonID) *page {
		r := httptest.NewRequest(http.MethodPost, observePath, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		r.Header.Set("X-User", string(user))
		return s.do(r, "teacher")
	}
	const key = "0123456789abcdef0123456789abcdef"
	form := observation(key, area, map[string]int{"minh": 3})
	p := send(form, person("teacher")).is(http.StatusOK)
	var answer struct{ Saved, Fix, Message string }
	if err := json.Unmarshal([]byte(p.Body), &answer); err != nil || answer.Saved != key || p.Header.Get("X-Saved") != key {
		t.Errorf("answer = %s, X-Saved %q, %v", p.Body, p.Header.Get("X-Saved"), err)
	}
	s.get("teacher", answer.Fix).is(http.StatusOK).says("Correct what you wrote down")
	send(form, person("teacher")).is(http.StatusOK)
	if got := s.pieces("minh", area); len(got) != 1 {
		t.Errorf("sent twice: %d pieces; want 1", len(got))
	}

	form.Set("key", "another0123456789")
	form.Set("date", "2030-01-01")
	p = send(form, person("teacher")).is(http.StatusUnprocessableEntity)
	if p.Header.Get("X-Refused") != "another0123456789" || !strings.Contains(p.Body, "future") {
		t.Errorf("refusal = %s, X-Refused %q", p.Body, p.Header.Get("X-Refused"))
	}
	// What somebody else wrote on this device is neither saved nor refused.
	p = send(form, person("other teacher")).is(http.StatusConflict)
	if p.Header.Get("X-Saved")+p.Header.Get("X-Refused") != "" {
		t.Error("another person's entry was answered")
	}
}

// A teacher cannot correct what another teacher saw by guessing the form's key.
func TestObservationKeysBelongToTheirActor(t *testing.T) {
	t.Parallel()
	s := start(t)
	const key = "0123456789abcdef0123456789abcdef"
	s.post("teacher", observePath, observation(key, area, map[string]int{"minh": 3})).is(http.StatusSeeOther)
	v := url.Values{"key": {key}, "competency": {string(area)}, "level:" + string(person("other student")): {"4"}}
	s.post("other teacher", "/classes/room-3/observe", v).is(http.StatusSeeOther)
	if got := s.pieces("minh", area); len(got) != 1 || got[0].Replaces != "" {
		t.Errorf("pieces = %+v", got)
	}
}

func TestCardsSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("teacher", room12Path+"/cards").is(http.StatusOK)
	p.says("Maya Álvarez", "has a code (word)", "no code yet")
	for _, kind := range []guard.CodeKind{guard.WordCode, guard.PictureCode} {
		form := url.Values{"kind": {string(kind)}}
		for _, who := range []string{"student", "minh", "emma", "noah"} {
			form.Add("student", string(person(who)))
		}
		cards := s.post("teacher", room12Path+"/cards", form).is(http.StatusOK)
		cards.says("shown only once", "Class code: "+classCode, "Go to example.com")
		tokens, secrets := map[string]bool{}, map[string]bool{}
		for _, li := range cards.all("li", "class", "scard") {
			var bold []string
			for n := range li.Descendants() {
				if n.Data == "b" {
					bold = append(bold, textOf(n))
				}
			}
			token, secret := bold[len(bold)-2], bold[len(bold)-1]
			tokens[token], secrets[secret] = true, true
			if name := textOf(li); strings.Contains(name, "Minh") {
				hash, err := s.db.Secret(t.Context(), district, person("minh"), string(kind))
				if err != nil || !guard.VerifySecret(hash, guard.FoldCode(strings.ToUpper(secret))) {
					t.Errorf("the printed secret %q does not open the account: %v", secret, err)
				}
				in := url.Values{"code": {classCode}, "who": {strings.ReplaceAll(token, " ", "-")}, "words": {secret}}
				if kind == guard.PictureCode {
					in.Del("words")
					for i, picture := range strings.Fields(secret) {
						in.Set(fmt.Sprintf("p%d", i+1), picture)
					}
				}
				s.post("", "/sign-in/class", in).goesTo("/")
				if strings.Contains(hash, secret) {
					t.Error("the secret is stored readable")
				}
			}
			if strings.Contains(textOf(li), "Maya") && token != mayasToken {
				t.Errorf("Maya's token changed to %q", token)
			}
		}
		if len(tokens) != 4 || len(secrets) != 4 {
			t.Errorf("%d tokens and %d secrets for 4 students", len(tokens), len(secrets))
		}
	}
	hash, err := s.db.Secret(t.Context(), district, person("student"), string(guard.WordCode))
	if err != nil || guard.VerifySecret(hash, guard.FoldCode(wordCode)) {
		t.Errorf("the old code still works: %v", err)
	}
	stored, err := s.db.ClassTokens(t.Context(), district, room12)
	if err != nil || stored[person("minh")] == "" {
		t.Errorf("tokens = %v, %v", stored, err)
	}
}

func TestCardsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, form := range map[string]url.Values{
		"nobody":                     {"kind": {"word"}},
		"no kind":                    {"student": {string(person("minh"))}},
		"a password":                 {"kind": {"password"}, "student": {string(person("minh"))}},
		"a student of another class": {"kind": {"word"}, "student": {string(person("minh")), string(person("other student"))}},
		"a teacher":                  {"kind": {"word"}, "student": {string(person("teacher"))}},
	} {
		if p := s.post("teacher", room12Path+"/cards", form); p.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d; want 422", name, p.Code)
		}
	}
	if hash, err := s.db.Secret(t.Context(), district, person("minh"), "word"); err != nil || hash != "" {
		t.Errorf("a code was made all the same: %v", err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		role, q string
		want    []string
	}{
		{"teacher", "alvar", []string{"student"}},
		{"teacher", "NGUYEN", []string{"minh"}},
		{"teacher", "sam", nil}, // another school's
		{"teacher", "ana", nil}, // a guardian
		{"leader", "Maya", []string{"student"}},
		{"leader", "Sam", nil},
		{"teacher", "", nil},
	} {
		var want []string
		for _, who := range c.want {
			want = append(want, "/students/"+string(person(who)))
		}
		var got []string
		for _, l := range s.get(c.role, "/find?q="+url.QueryEscape(c.q)).is(http.StatusOK).links() {
			if strings.HasPrefix(l, "/students/") {
				got = append(got, l)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %q for %q; want %q", c.role, got, c.q, want)
		}
	}
}

// rename gives one of the cast another name, as the roster's next file would.
func (s *site) rename(t *testing.T, who, given, family string) {
	t.Helper()
	st, err := s.db.Stage(t.Context(), district, intake.OneRoster, "names.zip", "")
	if err != nil {
		t.Fatal(err)
	}
	u := roster.User{SourcedID: cast[who], Enabled: true, Username: who, GivenName: given, FamilyName: family, PrimaryOrg: cedar, Grades: []string{"04"}}
	if err := errors.Join(st.User(1, true, u), finish(t.Context(), s.db, st)); err != nil {
		t.Fatal(err)
	}
}
