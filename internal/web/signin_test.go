package web_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
)

// session returns the session cookie that an answer sets, or nil.
func session(p *page) *http.Cookie {
	for _, c := range (&http.Response{Header: p.Header}).Cookies() {
		if c.Name == sessionName {
			return c
		}
	}
	return nil
}

func login(name, password string) url.Values {
	return url.Values{"username": {name}, "password": {password}, "next": {"/me/goals"}}
}

// with asks for a path with a session cookie.
func (s *site) with(c *http.Cookie, path string) *page {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.AddCookie(c)
	return s.do(r, "")
}

func TestSignInWithPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("", "/me/goals").goesTo("/sign-in?next=%2Fme%2Fgoals")
	p := s.get("", "/sign-in?next=%2Fme%2Fgoals").is(200)
	if got := p.form("/sign-in").Get("next"); got != "/me/goals" {
		t.Errorf("the form goes on to %q; want /me/goals", got)
	}
	p = s.post("", "/sign-in", login("maya", password))
	p.goesTo("/me/goals")
	c := session(p)
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
		t.Fatalf("session cookie = %+v", c)
	}
	s.with(c, "/me").is(200).says("Hello, Maya")
	s.with(c, "/sign-in").goesTo("/")
	s.with(c, "/").goesTo("/me")
	// Signed out, the session is worth nothing, also with the old cookie.
	r := httptest.NewRequest(http.MethodPost, "/sign-out", nil)
	r.AddCookie(c)
	s.do(r, "").goesTo("/sign-in?done=signedout")
	s.with(c, "/me").goesTo("/sign-in?next=%2Fme")
}

func TestSignInTellsNothingAboutWhoExists(t *testing.T) {
	t.Parallel()
	s := start(t)
	wrong := s.post("", "/sign-in", login("maya", "wrong"))
	nobody := s.post("", "/sign-in", login("may0", "wrong"))
	if wrong.Code != 422 || session(wrong) != nil {
		t.Fatalf("a wrong password: %d, cookie %v", wrong.Code, session(wrong))
	}
	if got := strings.ReplaceAll(nobody.Body, "may0", "maya"); nobody.Code != wrong.Code || got != wrong.Body {
		t.Error("an unknown name and a wrong password give different answers")
	}
	wrong.says("did not fit together")
	if got := wrong.form("/sign-in"); got.Get("username") != "maya" || got.Get("password") != "" {
		t.Errorf("the form that comes back holds %v", got)
	}
}

func TestSignInMakesAnAccountWait(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, name := range []string{"maya", "nobody-of-that-name"} {
		for range 5 {
			s.post("", "/sign-in", login(name, "wrong")).is(422)
		}
		// The right password does not help now, in any spelling of the name.
		p := s.post("", "/sign-in", login(" "+strings.ToUpper(name), password)).is(429)
		p.says("wait 15 minutes")
	}
	s.post("", "/sign-in", login("okafor", password)).is(303)
	s.later(16 * time.Minute)
	s.post("", "/sign-in", login("maya", password)).is(303)
}

func TestSignInMakesAnAddressWait(t *testing.T) {
	t.Parallel()
	s := start(t)
	from := func(address, name, password string) *page {
		r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(login(name, password).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = address
		return s.do(r, "")
	}
	// A device changes its IPv6 address at will, within its network.
	for range 97 {
		if err := s.db.Failed(t.Context(), []string{"address:2001:db8::/64"}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		from("[2001:db8::"+string(rune('a'+i))+"]:4000", "user"+string(rune('a'+i)), "wrong").is(422)
	}
	from("[2001:db8::9]:4000", "maya", password).is(429)
	from("[2001:db8:0:1::9]:4000", "maya", password).is(303)
}

func TestSignInGoesOnWithinTheSite(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct{ next, want string }{
		{"/me/path?x=1", "/me/path?x=1"},
		{"", "/"},
		{"https://evil.example/", "/"},
		{"//evil.example/", "/"},
		{`/\evil.example/`, "/"},
		{"/\t/evil.example/", "/"},
		{"javascript:alert(1)", "/"},
	} {
		form := login("maya", password)
		form.Set("next", c.next)
		if got := s.post("", "/sign-in", form).Header.Get("Location"); got != c.want {
			t.Errorf("next %q leads to %q; want %q", c.next, got, c.want)
		}
	}
}

func TestClassSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("", "/sign-in/class?code=River%2058").is(200)
	p.says("Which one is you?")
	p.saysNot("Maya", "Álvarez", "Liam", "Okafor")
	var tokens []string
	for _, n := range p.all("input", "name", "who") {
		tokens = append(tokens, attr(n, "value"))
	}
	if want := []string{mayasToken, liamsToken}; !slices.Equal(tokens, want) {
		t.Errorf("tokens = %v; want %v", tokens, want)
	}
	for _, step := range []string{"p1", "p2", "p3", "p4"} {
		if n := len(p.all("input", "name", step)); n != len(guard.Pictures) {
			t.Errorf("%s offers %d pictures; want %d", step, n, len(guard.Pictures))
		}
	}
	s.get("", "/sign-in/class?code=river-59").is(422).says("no class with this code")

	words := url.Values{"code": {classCode}, "who": {mayasToken}, "words": {"Otter, maple 47"}}
	p = s.post("", "/sign-in/class", words)
	p.goesTo("/")
	c := session(p)
	s.with(c, "/me").is(200).says("Hello, Maya")
	// The device is shared: the session of a child ends after two hours.
	s.later(2*time.Hour + time.Minute)
	s.with(c, "/me").goesTo("/sign-in?next=%2Fme")

	code := liamsCode()
	pictures := url.Values{"code": {classCode}, "who": {liamsToken}, "p1": {code[0]}, "p2": {code[1]}, "p3": {code[2]}, "p4": {code[3]}}
	p = s.post("", "/sign-in/class", pictures)
	p.goesTo("/")
	s.with(session(p), "/me").is(200).says("Hello, Liam")

	// A wrong secret, the other kind of secret and an unknown token look the same.
	pictures.Set("p1", code[3])
	wrong := s.post("", "/sign-in/class", pictures).is(422)
	wrong.says("That was not the secret.")
	if session(wrong) != nil {
		t.Error("a wrong secret opens a session")
	}
	words.Set("who", liamsToken)
	if other := s.post("", "/sign-in/class", words).is(422); other.Body != wrong.Body {
		t.Error("one can tell which kind of secret a child has")
	}
	words.Set("who", "no-such-token")
	s.post("", "/sign-in/class", words).is(422).says("That was not the secret.")
	words.Del("who")
	s.post("", "/sign-in/class", words).is(422).says("Choose the picture that is you.")
}

func TestClassSignInMakesAChildWait(t *testing.T) {
	t.Parallel()
	s := start(t)
	form := url.Values{"code": {classCode}, "who": {mayasToken}, "words": {"wrong 11"}}
	for range 5 {
		s.post("", "/sign-in/class", form).is(422)
	}
	form.Set("words", wordCode)
	s.post("", "/sign-in/class", form).is(429).says("break of 15 minutes")
	// Nobody else has to wait.
	code := liamsCode()
	s.post("", "/sign-in/class", url.Values{"code": {classCode}, "who": {liamsToken}, "p1": {code[0]}, "p2": {code[1]}, "p3": {code[2]}, "p4": {code[3]}}).is(303)
}

func TestLinkSignsInOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, hash, err := guard.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.AddLink(t.Context(), hash, district, person("guardian"), s.now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	// Looking at it, as a mail program does, does not use it up.
	for range 3 {
		s.get("", "/link/"+token).is(200).says("This link signs you in")
	}
	p := s.post("", "/link/"+token, nil)
	p.goesTo("/")
	s.with(session(p), "/").goesTo("/family")
	again := s.post("", "/link/"+token, nil).is(401)
	again.says("has been used or is too old")
	if session(again) != nil {
		t.Error("a used link opens a session")
	}
}
