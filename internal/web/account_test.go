package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
	"waymark/internal/sso"
)

// Who knows their password changes it themself, and nobody else does in their open browser.
func TestSomebodyChangesTheirPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, here := s.signsIn("okafor")
	_, elsewhere := s.signsIn("okafor")
	s.with(here, "/account").is(200).says("Your password")
	change := func(current, new, again string) *page {
		return s.sends(here, "/account/password", url.Values{"current": {current}, "password": {new}, "again": {again}})
	}
	for _, c := range []struct{ current, new, again, says string }{
		{"not the password", "six loud mountains", "six loud mountains", "This is not your password"},
		{password, "six loud mountains", "six loud mountain", "not the same"},
		{password, "short", "short", "at least 10 characters"},
		{password, "Password2026", "Password2026", "Many people use this password"},
		{password, "my name is okafor", "my name is okafor", "Leave out the user name"},
	} {
		p := change(c.current, c.new, c.again).is(422).says(c.says)
		p.saysNot(c.new + `"`)
	}
	s.with(elsewhere, "/teach").is(200)
	change(password, "six loud mountains", "six loud mountains").goesTo("/account?done=account")
	s.with(here, "/teach").is(200)
	s.with(elsewhere, "/teach").is(303)
	s.post("", "/sign-in", login("okafor", password)).is(422)
	s.post("", "/sign-in", login("okafor", "six loud mountains")).is(303)
	// Who guesses has to wait, also with the right one.
	for range 4 {
		change("guessed", "nine blue windows", "nine blue windows").is(422)
	}
	change("six loud mountains", "nine blue windows", "nine blue windows").is(429).says("tried a few times too often")
	if said := s.log.String(); !strings.Contains(said, "wrong secret") || !strings.Contains(said, string(person("teacher"))) || strings.Contains(said, "guessed") {
		t.Errorf("the log says %s", said)
	}
}

func TestSigningInAgainEndsTheSessionBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, before := s.signsIn("maya")
	next := session(s.sends(before, "/sign-in", login("okafor", password)).is(303))
	s.with(before, "/me").goesTo("/sign-in?next=%2Fme")
	s.with(next, "/teach").is(200)
}

// A session that is used every day ends all the same.
func TestASessionEndsInAnyCase(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.signsIn("okafor")
	for range 27 {
		s.later(12 * time.Hour)
		s.with(c, "/account").is(200)
	}
	s.later(12 * time.Hour)
	s.with(c, "/account").is(303)
}

// What is refused at the door is logged with who was refused, and nothing else of anybody.
func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("other teacher", "/students/"+string(person("student"))).is(404)
	said := s.log.String()
	if !strings.Contains(said, "refused at the door") || !strings.Contains(said, string(person("other teacher"))) || strings.Contains(said, "Brown") || strings.Contains(said, string(person("student"))) {
		t.Errorf("the log says %s", said)
	}
}

// What stands in the audit log goes to the program's log too, which can be kept on another machine.
func TestDeedsLeaveTheMachine(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("administrator", "/admin/records/keep", url.Values{"years": {"5"}}).is(303)
	s.post("", "/sign-in", login("maya", password)).is(303)
	deeds, err := s.db.Deeds(t.Context(), district, 1, 100)
	if err != nil || len(deeds) < 2 {
		t.Fatal(deeds, err)
	}
	said := s.log.String()
	for _, d := range deeds {
		if !strings.Contains(said, fmt.Sprintf("what=%q", d.What)) && !strings.Contains(said, "what="+d.What) || !strings.Contains(said, "actor="+string(d.Actor)) {
			t.Errorf("%+v is not in %s", d, said)
		}
	}
	if strings.Contains(said, "Maya") || strings.Contains(said, password) {
		t.Errorf("the log says %s", said)
	}
}

// Over HTTPS cookies are this host's alone, and answers of every kind tell browsers what not to do
// with them.
func TestBrowsersAreToldToBeStrict(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.server.Secure = true
	p := s.post("", "/sign-in", login("maya", password)).is(303)
	cookies := (&http.Response{Header: p.Header}).Cookies()
	p = s.post("", "/language", url.Values{"language": {"es"}, "back": {"/sign-in"}})
	cookies = append(cookies, (&http.Response{Header: p.Header}).Cookies()...)
	if len(cookies) < 2 {
		t.Fatalf("cookies: %v", cookies)
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %v", c)
		}
	}
	s.with(cookies[0], "/me").is(200)
	// The name without a prefix, which another host of the domain could set, is nobody's.
	s.get("student", "/me").is(303)
	for _, at := range []string{"GET /sign-in", "GET /me", "GET /no-such-page", "GET /healthz", "GET /sw.js", "GET /metrics", "POST /sign-in", "DELETE /sign-in", "TRACE /sign-in"} {
		method, path, _ := strings.Cut(at, " ")
		p := s.do(httptest.NewRequest(method, path, nil), "")
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'",
		} {
			if got := p.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q; want %q", at, name, got, want)
			}
		}
		if method == http.MethodTrace || method == http.MethodDelete {
			p.is(http.StatusMethodNotAllowed)
		}
		if kind := p.Header.Get("Content-Type"); p.Body != "" && !strings.Contains(kind, "charset=utf-8") {
			t.Errorf("%s: what is in the answer is %q", at, kind)
		}
		if cache := p.Header.Get("Cache-Control"); cache != "no-store" && path != "/sw.js" {
			t.Errorf("%s may be kept: %q", at, cache)
		}
	}
}

// A service that sends us elsewhere is not followed: it could lead into the school's own network.
func TestServicesLeadNowhereElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	asked := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer inside.Close()
	outside := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	defer outside.Close()
	s.server.Providers = []*sso.Provider{{ID: "cedar", Name: "Cedar ID", Issuer: outside.URL, Client: "waymark", Secret: "hush", District: district, Claim: "sub", Matches: guard.ByUsername}}
	s.get("", "/sign-in/with/cedar").is(422)
	if asked {
		t.Error("the server was led elsewhere")
	}
}

// What a service says counts only if its own key signed it.
func TestAServiceMustSign(t *testing.T) {
	t.Parallel()
	s := start(t)
	idp := newIdentityProvider(t)
	s.server.Providers = []*sso.Provider{{ID: "cedar", Name: "Cedar ID", Issuer: idp.URL, Client: "waymark", Secret: "hush", District: district, Claim: "preferred_username", Matches: guard.ByUsername}}
	idp.claims = map[string]any{"preferred_username": "maya"}
	s.visit(t, "/me").goesTo("/me")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	idp.key = other
	if p := s.visit(t, "/me"); p.Code != 422 || session(p) != nil {
		t.Errorf("signed by another key: %d, cookie %v", p.Code, session(p))
	}
	if !strings.Contains(s.log.String(), "nobody is vouched for") {
		t.Errorf("the log says %s", s.log)
	}
}

// Where a request comes from is what our own proxy says last, and without one what the connection
// says: nobody passes for another address, nor for a new one with each try.
func TestOnlyOurProxySaysWhoAsks(t *testing.T) {
	t.Parallel()
	s := start(t)
	from := func(forwarded string) *page {
		r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(login("maya", password).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", forwarded)
		return s.do(r, "")
	}
	for range 100 {
		if err := s.db.Failed(t.Context(), []string{"address:192.0.2.1", "address:203.0.113.7"}); err != nil {
			t.Fatal(err)
		}
	}
	from("198.51.100.1").is(429) // what the connection says, from 192.0.2.1
	s.server.BehindProxy = true
	from("198.51.100.1").is(303)
	from("198.51.100.1, 203.0.113.7").is(429)
	from("203.0.113.7, 198.51.100.1").is(303)
}

// What signs people in by a service is theirs to take away shortly after a second proof only.
func TestALinkToAServiceIsTakenAwayFresh(t *testing.T) {
	t.Parallel()
	s := start(t)
	if err := s.db.LinkIdentity(t.Context(), district, person("teacher"), "https://id.example", "7"); err != nil {
		t.Fatal(err)
	}
	_, c := s.signsIn("okafor")
	_, _, c = s.setsUp(c)
	s.later(16 * time.Minute)
	unlink := url.Values{"issuer": {"https://id.example"}}
	s.sends(c, "/account/unlink", unlink).goesTo("/sign-in/second?next=%2Faccount")
	if left, err := s.db.OutsideIdentities(t.Context(), district, person("teacher")); err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
}

// What a server has counted is read on its own machine, past any proxy, or with the operator's token.
func TestCountersAreReadFromHere(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.server.MetricsToken = "a token of the operator"
	for _, c := range []struct {
		from, forwarded, token string
		code                   int
	}{
		{"127.0.0.1:999", "", "", 200}, {"[::1]:999", "", "", 200}, {"192.0.2.1:999", "", "", 404}, {"127.0.0.1:999", "203.0.113.9", "", 404},
		{"192.0.2.1:999", "", "Bearer a token of the operator", 200}, {"192.0.2.1:999", "", "Bearer another", 404}, {"192.0.2.1:999", "", "Bearer ", 404},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = c.from
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		r.Header.Set("Authorization", c.token)
		p := s.do(r, "").is(c.code)
		if c.code == 200 && !strings.Contains(p.Body, "waymark_requests_total") {
			t.Errorf("%+v: %s", c, p.Body)
		}
	}
}
