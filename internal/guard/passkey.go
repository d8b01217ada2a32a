package guard

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"waymark/internal/fault"
)

// Site is where a passkey is good: it signs for no other address, so that nobody can be led to
// give it to a site that only looks like this one.
type Site struct {
	Host   string // without a port
	Origin string // such as "https://waymark.example.org"
}

// Passkeys reports whether a browser makes passkeys for a site: it does for a name, not for a number.
func (s Site) Passkeys() bool {
	_, err := netip.ParseAddr(strings.Trim(s.Host, "[]"))
	return err != nil
}

// holder is a person as the library wants to see one.
type holder struct {
	actor Actor
	keys  []webauthn.Credential
}

func (h holder) WebAuthnID() []byte {
	return []byte(TokenHash(string(h.actor.District) + "/" + string(h.actor.Person)))
}
func (h holder) WebAuthnName() string                       { return h.actor.Name }
func (h holder) WebAuthnDisplayName() string                { return h.actor.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// ceremony is what making a passkey and signing with one both need: the site, and whose passkeys there
// are already.
func (s Site) ceremony(a Actor, factors []Factor) (*webauthn.WebAuthn, holder, error) {
	h := holder{actor: a}
	w, err := webauthn.New(&webauthn.Config{RPID: s.Host, RPDisplayName: "Waymark", RPOrigins: []string{s.Origin}})
	if err != nil {
		return nil, h, fmt.Errorf("passkeys for %s: %w", s.Origin, err)
	}
	for _, f := range factors {
		if f.Kind != Passkey {
			continue
		}
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(f.Secret), &c); err != nil {
			return nil, h, fmt.Errorf("read passkey %s: %w", f.ID, err)
		}
		h.keys = append(h.keys, c)
	}
	return w, h, nil
}

// OfferPasskey returns what a browser needs to make a passkey, as JSON, and what the server must
// remember until it has.
func OfferPasskey(s Site, a Actor, factors []Factor) (options, challenge string, err error) {
	w, h, err := s.ceremony(a, factors)
	if err != nil {
		return "", "", err
	}
	made, session, err := w.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return "", "", fmt.Errorf("offer a passkey: %w", err)
	}
	return both(made.Response, session)
}

// AskPasskey returns what a browser needs to sign with a passkey, as JSON, and what the server must
// remember until it has.
func AskPasskey(s Site, a Actor, factors []Factor) (options, challenge string, err error) {
	w, h, err := s.ceremony(a, factors)
	if err != nil {
		return "", "", err
	}
	asked, session, err := w.BeginLogin(h)
	if err != nil {
		return "", "", fmt.Errorf("ask for a passkey: %w", err)
	}
	return both(asked.Response, session)
}

func both(options any, session *webauthn.SessionData) (string, string, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return "", "", err
	}
	c, err := json.Marshal(session)
	return string(o), string(c), err
}

var errPasskey = fault.New(fault.Invalid, "The passkey did not work here. Try again, or use a code.")

// remembered reads what [OfferPasskey] or [AskPasskey] asked to remember.
func remembered(challenge string) (s webauthn.SessionData, err error) {
	if json.Unmarshal([]byte(challenge), &s) != nil || s.Challenge == "" {
		return s, errPasskey
	}
	return s, nil
}

// NewPasskey returns the passkey that a browser has made.
func NewPasskey(s Site, a Actor, factors []Factor, challenge, answer string) (Factor, error) {
	w, h, err := s.ceremony(a, factors)
	if err != nil {
		return Factor{}, err
	}
	session, err := remembered(challenge)
	if err != nil {
		return Factor{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Factor{}, errPasskey
	}
	c, err := w.CreateCredential(h, session, parsed)
	if err != nil {
		return Factor{}, errPasskey
	}
	secret, err := json.Marshal(c)
	return Factor{Kind: Passkey, Secret: string(secret)}, err
}

// ProvePasskey returns the passkey with which a browser has signed, as it is to be kept afterwards.
func ProvePasskey(s Site, a Actor, factors []Factor, challenge, answer string, at time.Time) (Factor, error) {
	w, h, err := s.ceremony(a, factors)
	if err != nil {
		return Factor{}, err
	}
	session, err := remembered(challenge)
	if err != nil {
		return Factor{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Factor{}, errPasskey
	}
	c, err := w.ValidateLogin(h, session, parsed)
	if err != nil || c.Authenticator.CloneWarning {
		return Factor{}, errPasskey
	}
	n := 0
	for _, f := range factors {
		if f.Kind != Passkey {
			continue
		}
		if string(h.keys[n].ID) == string(c.ID) {
			secret, err := json.Marshal(c)
			f.Secret, f.Used = string(secret), at
			return f, err
		}
		n++
	}
	return Factor{}, errPasskey
}
