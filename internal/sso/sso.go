// Package sso lets other services vouch for who signs in, by OpenID Connect: Google, Microsoft,
// Clever and any other. It tells only what the service says; whom the roster knows by that is for
// others to find.
package sso

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/strict"
)

// Schema names the form of a file of providers.
const Schema = "waymark-sign-in/1"

// Provider is a service that signs people in, as the file of providers says it.
type Provider struct {
	ID       string            `json:"id"`   // in addresses of pages, such as "google"
	Name     string            `json:"name"` // on the button
	Issuer   string            `json:"issuer"`
	Client   string            `json:"client"` // our id there
	Secret   string            `json:"secret"`
	District roster.DistrictID `json:"district"`
	// Claim is the claim that says who somebody is, and Matches by what the roster knows the same.
	Claim   string          `json:"claim"`
	Matches guard.RosterKey `json:"matches"`
	// Domains are those of e-mail addresses that are taken; any, where there are none.
	Domains []string `json:"domains"`
	// Verified says that all e-mail addresses of this service are its own, also where it does not
	// say so of each.
	Verified bool `json:"emailsAreVerified"`
	// Twice says that this service asks everybody for a second proof.
	Twice bool `json:"asksTwice"`

	mu    sync.Mutex
	found *oidc.Provider
}

// Read reads a file of providers.
func Read(r io.Reader) ([]*Provider, error) {
	var file struct {
		Schema    string      `json:"schema"`
		Providers []*Provider `json:"providers"`
	}
	if err := strict.Read(r, Schema, "docs/operations.md", &file); err != nil {
		return nil, err
	}
	var c strict.Checker
	seen := map[string]bool{}
	for i, p := range file.Providers {
		at := fmt.Sprintf("providers[%d].", i)
		if p == nil {
			c.Wrong(fmt.Sprintf("providers[%d]", i), "is empty")
			continue
		}
		for name, v := range map[string]string{"id": p.ID, "name": p.Name, "client": p.Client, "secret": p.Secret, "claim": p.Claim} {
			if v == "" {
				c.Wrong(at+name, "is missing")
			}
		}
		if p.ID != url.PathEscape(p.ID) || seen[p.ID] {
			c.Wrong(at+"id", "is %q; it stands in addresses: use letters and digits, each once", p.ID)
		}
		seen[p.ID] = true
		if u, err := url.Parse(p.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && !local(u.Hostname()) {
			c.Wrong(at+"issuer", "is %q; it must be an https address", p.Issuer)
		}
		if !slices.Contains([]guard.RosterKey{guard.ByEmail, guard.ByUsername, guard.ByIdentifier, guard.BySourcedID}, p.Matches) {
			c.Wrong(at+"matches", "is %q; it must be email, username, identifier or sourcedId", p.Matches)
		}
	}
	return file.Providers, c.Err()
}

func local(host string) bool { return host == "127.0.0.1" || host == "localhost" || host == "::1" }

// client asks services; one that does not answer holds nobody up for long, and one that sends us
// elsewhere is not followed.
var client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// config returns how to speak with a provider, as it says itself; that is asked once.
func (p *Provider) config(ctx context.Context, back string) (*oauth2.Config, *oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// The keys of the provider are fetched later, under this context.
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), client), p.Issuer)
		if err != nil {
			return nil, nil, fault.Wrap(fault.Invalid, err, "%s does not answer just now. Try again in a minute, or sign in another way", p.Name)
		}
		p.found = found
	}
	return &oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, RedirectURL: back, Endpoint: p.found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}, p.found, nil
}

// Ticket is what a browser keeps while somebody is away at a provider.
type Ticket struct {
	Provider string `json:"provider"`
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // RFC 7636
	Next     string `json:"next"`
}

// Begin returns where to send somebody to sign in, and the ticket with which they come back. back
// is the address to which they do.
func (p *Provider) Begin(ctx context.Context, back, next string, random io.Reader) (to string, t Ticket, err error) {
	c, _, err := p.config(ctx, back)
	if err != nil {
		return "", t, err
	}
	t = Ticket{Provider: p.ID, Next: next}
	for _, secret := range []*string{&t.State, &t.Nonce, &t.Verifier} {
		if *secret, _, err = guard.NewToken(random); err != nil {
			return "", t, err
		}
	}
	return c.AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)), t, nil
}

// Vouched is what a provider says of somebody.
type Vouched struct {
	Issuer, Subject string
	Value           string // of the claim by which the roster knows them
	Twice           bool   // they gave two proofs there
}

// Finish returns who came back; a fault if the answer is not one to what [Provider.Begin] asked, or
// if the provider vouches for nothing that this school takes.
func (p *Provider) Finish(ctx context.Context, back string, t Ticket, answer url.Values, now time.Time) (v Vouched, err error) {
	if t.Provider != p.ID || t.State == "" || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(t.State)) != 1 {
		return v, fault.New(fault.Invalid, "This sign-in was begun in another window or too long ago. Please begin again.")
	}
	if answer.Get("error") != "" {
		return v, fault.New(fault.Invalid, "%s did not sign you in. Please try again, or sign in another way.", p.Name)
	}
	c, provider, err := p.config(ctx, back)
	if err != nil {
		return v, err
	}
	ctx = oidc.ClientContext(ctx, client)
	token, err := c.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return v, p.refused(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: p.Client, Now: func() time.Time { return now }}).Verify(ctx, raw)
	if err != nil {
		return v, p.refused(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(t.Nonce)) != 1 {
		return v, p.refused(fmt.Errorf("the nonce is another"))
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return v, p.refused(err)
	}
	return p.vouched(id, claims)
}

func (p *Provider) refused(err error) error {
	return fault.Wrap(fault.Invalid, err, "What %s sent back does not hold. Please begin again", p.Name)
}

func (p *Provider) vouched(id *oidc.IDToken, claims map[string]any) (v Vouched, err error) {
	v = Vouched{Issuer: id.Issuer, Subject: id.Subject, Twice: p.Twice}
	v.Value, _ = claims[p.Claim].(string)
	v.Value = strings.TrimSpace(v.Value)
	if amr, ok := claims["amr"].([]any); ok { // RFC 8176
		v.Twice = v.Twice || slices.Contains(amr, any("mfa"))
	}
	if p.Claim == "email" || p.Matches == guard.ByEmail || len(p.Domains) > 0 {
		email, _ := claims["email"].(string)
		if p.Claim != "email" && p.Matches == guard.ByEmail {
			email = v.Value
		}
		_, domain, _ := strings.Cut(email, "@")
		verified := claims["email_verified"] == true || claims["email_verified"] == "true"
		switch {
		case !verified && !p.Verified:
			return v, fault.New(fault.Forbidden, "%s does not say that the address %s is yours. Confirm it there first.", p.Name, email)
		case len(p.Domains) > 0 && !slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) }):
			return v, fault.New(fault.Forbidden, "Use the account of your school: %s is not one.", email)
		}
	}
	if v.Value == "" {
		return v, fault.New(fault.Forbidden, "%s does not say by what your school knows you. Ask the person who looks after Waymark at your school.", p.Name)
	}
	return v, nil
}
