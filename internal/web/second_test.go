package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
)

// sends posts a form with a session cookie.
func (s *site) sends(c *http.Cookie, path string, form url.Values) *page {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(c)
	return s.do(r, "")
}

// signsIn signs somebody in with the password and returns the answer's cookie.
func (s *site) signsIn(name string) (*page, *http.Cookie) {
	s.t.Helper()
	p := s.post("", "/sign-in", login(name, password)).is(303)
	return p, session(p)
}

// setsUp sets up an app for who holds a session, and returns its key, the codes on paper and the
// new cookie.
func (s *site) setsUp(c *http.Cookie) (key string, codes []string, next *http.Cookie) {
	s.t.Helper()
	p := s.with(c, "/sign-in/second/new?next=/account").is(200)
	key = strings.ReplaceAll(textOf(p.first("textarea", "id", "f-key")), " ", "")
	p = s.sends(c, "/sign-in/second/new", url.Values{"code": {"000000"}, "next": {"/account"}}).is(422).says("does not fit")
	if again := strings.ReplaceAll(textOf(p.first("textarea", "id", "f-key")), " ", ""); again != key {
		s.t.Fatal("the key changes while it is being set up")
	}
	p = s.sends(c, "/sign-in/second/new", url.Values{"code": {s.code(key)}, "next": {"/account"}, "name": {"My phone"}}).is(200).says("Your codes on paper")
	for _, n := range p.all("code") {
		codes = append(codes, textOf(n))
	}
	if next = session(p); next == nil || len(codes) != guard.RecoveryCodes {
		s.t.Fatalf("cookie %v, %d codes", next, len(codes))
	}
	return key, codes, next
}

func (s *site) code(key string) string {
	code, err := guard.TOTPCode(key, s.now())
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

func TestASecondProofIsAskedOfWhoHasOne(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, first := s.signsIn("okafor")
	key, codes, c := s.setsUp(first)
	s.with(first, "/teach").goesTo("/sign-in?next=%2Fteach") // the old token is worth nothing
	s.with(c, "/account").is(200).says("My phone").says("10 codes are left")

	s.later(time.Hour)
	p, waits := s.signsIn("okafor")
	p.goesTo("/sign-in/second?next=%2Fme%2Fgoals")
	for _, path := range []string{"/teach", "/account", "/classes/" + string(room12), "/students/" + string(person("student"))} {
		s.with(waits, path).goesTo("/sign-in?next=" + url.QueryEscape(path)) // one proof opens nothing
	}
	s.with(waits, "/sign-in/second/new").goesTo("/sign-in/second?next=%2Fsign-in%2Fsecond%2Fnew") // nor sets up another
	s.sends(waits, "/sign-in/second/new", url.Values{"code": {s.code(key)}}).is(303)
	s.sends(waits, "/sign-in/second", url.Values{"code": {"123456"}}).is(422).says("does not fit")
	code := s.code(key)
	p = s.sends(waits, "/sign-in/second", url.Values{"code": {code}, "next": {"/teach"}})
	p.goesTo("/teach")
	in := session(p)
	s.with(in, "/teach").is(200)
	s.with(waits, "/teach").is(303)

	// A code works once; one on paper too, and once only.
	_, waits = s.signsIn("okafor")
	s.sends(waits, "/sign-in/second", url.Values{"code": {code}}).is(422)
	s.sends(waits, "/sign-in/second", url.Values{"code": {strings.ToUpper(codes[3])}}).is(303)
	_, waits = s.signsIn("okafor")
	s.sends(waits, "/sign-in/second", url.Values{"code": {codes[3]}}).is(422)
	// Who guesses has to wait, also with the right code.
	for range 4 {
		s.sends(waits, "/sign-in/second", url.Values{"code": {"111111"}})
	}
	s.later(31 * time.Second)
	s.sends(waits, "/sign-in/second", url.Values{"code": {s.code(key)}}).is(429)
	s.later(16 * time.Minute)
	s.with(waits, "/sign-in/second").goesTo("/sign-in?next=%2Fsign-in%2Fsecond") // and it does not wait for ever
}

func TestADistrictAsksForASecondProof(t *testing.T) {
	t.Parallel()
	s := start(t)
	form := url.Values{"second": {"administrators"}}
	s.post("administrator", "/admin/second", form).is(422).says("yourself first")
	_, c := s.signsIn("admin")
	s.with(c, "/admin/people").is(200).says("4 of 4 administrators and leaders have no second proof")
	_, _, c = s.setsUp(c)
	s.get("leader", "/schools").is(200)
	s.sends(c, "/admin/second", form).goesTo("/admin/people?done=settings")
	s.get("leader", "/schools").is(303) // signed out, to set it up
	s.get("teacher", "/teach").is(200)
	s.get("student", "/me").is(200)
	s.with(c, "/admin/people").is(200).says("3 of 4 of whom it is asked")

	p, waits := s.signsIn("reyes")
	p.goesTo("/sign-in/second?next=%2Fme%2Fgoals")
	s.with(waits, "/schools").is(303)
	s.with(waits, "/sign-in/second?next=/schools").goesTo("/sign-in/second/new?next=%2Fschools")
	_, _, in := s.setsUp(waits)
	s.with(in, "/schools").is(200)
	// The last one cannot be taken away, and another needs a fresh proof.
	remove := s.with(in, "/account").is(200).all("form")
	var path string
	for _, f := range remove {
		if strings.HasSuffix(attr(f, "action"), "/remove") {
			path = attr(f, "action")
		}
	}
	s.sends(in, path, nil).is(422).says("your last one")
	s.later(16 * time.Minute)
	s.sends(in, path, nil).goesTo("/sign-in/second?next=%2Faccount")
	if deeds, err := s.db.DeedsCalled(t.Context(), district, "POST /account/factors/{factor}/remove", friday); err != nil || len(deeds) > 0 {
		t.Errorf("what was not done stands in the log: %v %v", deeds, err)
	}
}

func TestAnAdministratorTakesALostProofAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.signsIn("okafor")
	_, _, c = s.setsUp(c)
	s.get("administrator", "/admin/people/"+string(person("teacher"))).is(200).says("Take away and sign out")
	s.post("administrator", "/admin/people/"+string(person("teacher"))+"/factors", nil).is(303)
	s.with(c, "/teach").is(303)
	p, _ := s.signsIn("okafor")
	p.goesTo("/me/goals")
}

func TestSessionsAreSeenAndEnded(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, one := s.signsIn("maya")
	_, two := s.signsIn("maya")
	_, other := s.signsIn("okafor")
	p := s.with(one, "/account").is(200)
	p.saysNot("second proof")
	var others []string
	for _, n := range p.all("input", "name", "session") {
		others = append(others, attr(n, "value"))
	}
	if len(others) != 2 { // the fixture's own, and two
		t.Fatalf("%d other sessions; want 2", len(others))
	}
	// Another's session is nobody's to end.
	s.sends(other, "/account/sessions", url.Values{"session": others[:1]})
	s.with(two, "/me").is(200)
	s.sends(one, "/account/sessions", nil).goesTo("/account?done=ended")
	s.with(two, "/me").is(303)
	s.get("student", "/me").is(303)
	s.with(one, "/me").is(200)
	// A new password ends all, and so does an administrator.
	s.post("administrator", "/admin/people/"+string(person("student"))+"/password", url.Values{"password": {"four blue lamps here"}, "again": {"four blue lamps here"}}).is(303)
	s.with(one, "/me").is(303)
	s.post("administrator", "/admin/people/"+string(person("teacher"))+"/sign-out", nil).is(303)
	s.with(other, "/teach").is(303)
}

// A server without a name, as on a school's own network, offers no passkey, and codes all the same.
func TestAServerWithoutANameOffersCodes(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.signsIn("okafor")
	for host, passkey := range map[string]bool{"127.0.0.1:8080": false, "[::1]:8080": false, "192.168.1.4": false, "waymark.example.org": true, "localhost:8080": true} {
		r := httptest.NewRequest(http.MethodGet, "/sign-in/second/new", nil)
		r.Host = host
		r.AddCookie(c)
		p := s.do(r, "").is(200).says("Scan this picture")
		if got := len(p.all("form", "data-passkey", "create")) == 1; got != passkey {
			t.Errorf("%s: a passkey is offered: %v", host, got)
		}
	}
}

// Who finds an open browser does not shut its owner out with a second proof of their own.
func TestAnOpenBrowserSetsUpNoProof(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.signsIn("okafor")
	s.with(c, "/sign-in/second/new").is(200)
	s.later(16 * time.Minute)
	s.with(c, "/sign-in/second/new").is(403).says("Sign out and in again")
	s.sends(c, "/sign-in/second/new", url.Values{"code": {"000000"}}).is(403)
}
