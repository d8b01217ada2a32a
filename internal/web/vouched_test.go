package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"waymark/internal/guard"
	"waymark/internal/sso"
)

// identityProvider is a service that signs people in by OpenID Connect: it vouches for whom claims
// says.
type identityProvider struct {
	*httptest.Server
	claims map[string]any
	key    *rsa.PrivateKey
	codes  map[string]url.Values // what was asked, by code
}

func newIdentityProvider(t *testing.T) *identityProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &identityProvider{key: key, claims: map[string]any{}, codes: map[string]url.Values{}}
	known := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k1", Algorithm: oidc.RS256}}}
	mux := http.NewServeMux()
	mux.Handle("/", known)
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code := rand.Text()
		p.codes[code] = q
		http.Redirect(w, r, q.Get("redirect_uri")+"?code="+code+"&state="+url.QueryEscape(q.Get("state")), http.StatusFound)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		asked, ok := p.codes[r.FormValue("code")]
		delete(p.codes, r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		id, secret, _ := r.BasicAuth()
		if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") || id != "waymark" || secret != "hush" || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		claims := map[string]any{"iss": p.URL, "aud": "waymark", "sub": "subject-1", "exp": friday.Add(time.Hour).Unix(), "iat": friday.Unix(), "nonce": asked.Get("nonce")}
		maps.Copy(claims, p.claims)
		raw, _ := json.Marshal(claims)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"a","token_type":"Bearer","id_token":%q}`, oidctest.SignIDToken(p.key, "k1", oidc.RS256, string(raw)))
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	known.SetIssuer(p.URL)
	return p
}

// visit goes to a provider and comes back, as a browser does, and returns the last answer.
func (s *site) visit(t *testing.T, next string) *page {
	t.Helper()
	p := s.get("", "/sign-in/with/cedar?next="+next).is(303)
	away := (&http.Response{Header: p.Header}).Cookies()[0]
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(p.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, back.RequestURI(), nil)
	r.Host = back.Host
	r.AddCookie(away)
	return s.do(r, "")
}

func TestAnotherServiceSignsIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	idp := newIdentityProvider(t)
	cedarID := &sso.Provider{ID: "cedar", Name: "Cedar ID", Issuer: idp.URL, Client: "waymark", Secret: "hush", District: district, Claim: "preferred_username", Matches: guard.ByUsername}
	s.server.Providers = []*sso.Provider{cedarID}
	s.get("", "/sign-in").is(200).says("Sign in with Cedar ID")

	idp.claims = map[string]any{"preferred_username": "okafor"}
	p := s.visit(t, "/teach")
	p.goesTo("/teach")
	c := session(p)
	s.with(c, "/teach").is(200)
	s.with(c, "/account").says("Others who sign you in")
	// Linked, it is the service's name for them that counts, whatever they are called there now.
	idp.claims = map[string]any{"preferred_username": "reyes"}
	s.with(session(s.visit(t, "/")), "/teach").is(200)

	for name, claims := range map[string]map[string]any{
		"nobody of the roster":      {"sub": "2", "preferred_username": "nobody"},
		"no claim":                  {"sub": "3"},
		"for another site":          {"sub": "4", "preferred_username": "maya", "aud": "another"},
		"of another issuer":         {"sub": "5", "preferred_username": "maya", "iss": "https://evil.example"},
		"too old":                   {"sub": "6", "preferred_username": "maya", "exp": friday.Add(-time.Hour).Unix()},
		"an answer asked by others": {"sub": "7", "preferred_username": "maya", "nonce": "another"},
	} {
		idp.claims = claims
		p := s.visit(t, "/")
		if p.Code < 400 || session(p) != nil {
			t.Errorf("%s: %d, cookie %v", name, p.Code, session(p))
		}
	}
	idp.claims = map[string]any{"sub": "8", "preferred_username": "maya"}
	// Come back without having gone, or with another's answer.
	s.get("", "/sign-in/with/cedar/back?code=x&state=y").is(422).says("begun in another window")
	s.get("", "/sign-in/with/nobody").is(404)
	good := s.visit(t, "/me")
	good.goesTo("/me")
}

func TestAServiceMustVouchForAnAddress(t *testing.T) {
	t.Parallel()
	s := start(t)
	idp := newIdentityProvider(t)
	p := &sso.Provider{ID: "cedar", Name: "Cedar ID", Issuer: idp.URL, Client: "waymark", Secret: "hush", District: district, Claim: "email", Matches: guard.ByEmail, Domains: []string{"school.example"}}
	s.server.Providers = []*sso.Provider{p}
	for claims, want := range map[string]string{
		`{"email":"x@school.example"}`:                                               "Confirm it there first",
		`{"email":"x@evil.example","email_verified":true}`:                           "Use the account of your school",
		`{"email":"x@school.example","email_verified":true}`:                         "does not know you by",
		`{"email":"x@school.example.evil.example","email_verified":true}`:            "Use the account of your school",
		`{"email":"x@evil.example@SCHOOL.example","email_verified":true}`:            "Use the account of your school",
		`{"email":"","email_verified":true}`:                                         "Use the account of your school",
		`{"email":"<script>alert(1)</script>@school.example","email_verified":true}`: "does not know you by",
	} {
		idp.claims = map[string]any{}
		if err := json.Unmarshal([]byte(claims), &idp.claims); err != nil {
			t.Fatal(err)
		}
		if got := s.visit(t, "/"); got.Code != 403 || !strings.Contains(textOf(got.first("main")), want) || strings.Contains(got.Body, "<script>alert") {
			t.Errorf("%s: %d, %s; want %q", claims, got.Code, got.main(), want)
		}
	}
}

// The second proof is asked also of whom a service vouches for, unless it asked for two itself.
func TestASecondProofAfterAnotherService(t *testing.T) {
	t.Parallel()
	s := start(t)
	idp := newIdentityProvider(t)
	p := &sso.Provider{ID: "cedar", Name: "Cedar ID", Issuer: idp.URL, Client: "waymark", Secret: "hush", District: district, Claim: "preferred_username", Matches: guard.ByUsername}
	s.server.Providers = []*sso.Provider{p}
	_, c := s.signsIn("okafor")
	s.setsUp(c)
	idp.claims = map[string]any{"preferred_username": "okafor"}
	s.visit(t, "/teach").goesTo("/sign-in/second?next=%2Fteach")
	idp.claims["amr"] = []string{"pwd", "mfa"}
	s.visit(t, "/teach").goesTo("/teach")
	// The service does not answer any more.
	idp.Close()
	q := &sso.Provider{ID: "cedar", Name: "Cedar ID", Issuer: idp.URL, Client: "waymark", Secret: "hush", District: district, Claim: "preferred_username", Matches: guard.ByUsername}
	s.server.Providers = []*sso.Provider{q}
	s.get("", "/sign-in/with/cedar").is(422).says("does not answer just now")
}
