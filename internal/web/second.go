package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"image/png"
	"net"
	"net/http"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
)

// failsPerSecond is how many wrong second proofs within the window make a person wait.
const failsPerSecond = 5

// proofFresh is how long a second proof is fresh: long enough to change how one signs in.
const proofFresh = 15 * time.Minute

// secondView asks for a second proof.
type secondView struct {
	Next   string
	Code   bool   // an app or paper gives one
	Asked  string // what a browser needs to sign with a passkey; empty without one
	Errors formErrors
}

// secondSetUpView sets up a second proof.
type secondSetUpView struct {
	Next    string
	Must    bool         // the district asks for it, before anything else
	Picture template.URL // of the key, to scan
	Key     string       // to type, in groups
	Offered string       // what a browser needs to make a passkey
	Name    string
	Errors  formErrors
}

// codesView shows codes on paper, once.
type codesView struct {
	Codes []string
	Next  string
}

// challenge is what a session remembers while a second proof is asked for or set up.
type challenge struct {
	Key     string `json:"key,omitempty"`     // of an app that is being set up
	Passkey string `json:"passkey,omitempty"` // what a passkey is to sign
}

func (s *Server) challengeOf(session guard.Session) (c challenge) {
	if json.Unmarshal([]byte(session.Challenge), &c) != nil {
		return challenge{}
	}
	return c
}

func (s *Server) setChallenge(r *http.Request, session guard.Session, c challenge) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.Store.SetChallenge(r.Context(), session.Hash, string(raw))
}

// site is where a request's passkeys are good.
func (s *Server) site(r *http.Request) guard.Site {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return guard.Site{Host: host, Origin: s.base(r)}
}

// entering returns the request's session, which may wait for a second proof, and the second proofs
// of who holds it.
func (s *Server) entering(r *http.Request) (guard.Session, []guard.Factor, error) {
	session, err := s.session(r)
	if err != nil {
		return session, nil, err
	}
	factors, err := s.Store.Factors(r.Context(), session.Actor.District, session.Actor.Person)
	return session, factors, err
}

func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	session, factors, err := s.entering(r)
	if err != nil {
		return err
	}
	next := localPath(r.URL.Query().Get("next"))
	if !guard.Twice(factors) {
		return seeOther(w, r, "/sign-in/second/new?next="+urlQuery(next), "")
	}
	return s.askSecond(w, r, a, session, factors, secondView{Next: next}, http.StatusOK)
}

func (s *Server) askSecond(w http.ResponseWriter, r *http.Request, a guard.Actor, session guard.Session, factors []guard.Factor, v secondView, code int) error {
	var asked bool
	for _, f := range factors {
		v.Code = v.Code || f.Kind != guard.Passkey
		asked = asked || f.Kind == guard.Passkey
	}
	if asked && s.site(r).Passkeys() {
		options, remember, err := guard.AskPasskey(s.site(r), session.Actor, factors)
		if err != nil {
			return err
		}
		v.Asked = options
		if err := s.setChallenge(r, session, challenge{Passkey: remember}); err != nil {
			return err
		}
	}
	return s.render(w, r, a, code, "second", v)
}

// proveSecond takes a second proof, and lets its owner in.
func (s *Server) proveSecond(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	session, factors, err := s.entering(r)
	if err != nil {
		return err
	}
	v := secondView{Next: localPath(r.PostForm.Get("next"))}
	who := session.Actor
	subject := "second:" + guard.TokenHash(string(who.District)+"/"+string(who.Person))
	err = s.throttled(r.Context(), subject, failsPerSecond)
	if err == nil {
		var f guard.Factor
		if answer := r.PostForm.Get("passkey"); answer != "" {
			f, err = guard.ProvePasskey(s.site(r), who, factors, s.challengeOf(session).Passkey, answer, s.Now())
		} else {
			f, err = guard.Prove(factors, r.PostForm.Get("code"), s.Now())
		}
		if err == nil {
			err = s.Store.UseFactor(r.Context(), who.District, who.Person, f)
		}
		if kind := fault.KindOf(err); kind == fault.Invalid || kind == fault.Conflict {
			if failed := s.Store.Failed(r.Context(), []string{subject, s.addressOf(r)}); failed != nil {
				return failed
			}
			s.Log.WarnContext(r.Context(), "wrong second proof", "route", r.Pattern, "whose", string(who.District)+"/"+string(who.Person))
		}
	}
	if err == nil {
		if err := s.proved(w, r, session); err != nil {
			return err
		}
		return seeOther(w, r, v.Next, "")
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Throttled:
		v.Errors = faultErrors(err)
		return s.askSecond(w, r, a, session, factors, v, status(fault.KindOf(err)))
	}
	return err
}

// proved gives who proved twice a new session, in place of the one that waited.
func (s *Server) proved(w http.ResponseWriter, r *http.Request, old guard.Session) error {
	session := guard.Session{Actor: old.Actor, Expires: old.Expires, Proved: s.Now()}
	if old.Waits {
		session.Expires = s.Now().Add(sessionLife)
	}
	return s.startSession(w, r, session, "sign in, second proof")
}

// fresh reports whether a session may change how its owner signs in: with a second proof only
// shortly after it was given, so that an open browser is not enough. Who waits for the proof that
// they have may not.
func (s *Server) fresh(session guard.Session, factors []guard.Factor) bool {
	return !guard.Twice(factors) || !session.Waits && s.Now().Sub(session.Proved) < proofFresh
}

// changing returns the session of somebody who may change how they sign in, or other things that an
// open browser is not enough for, and their second proofs. Who has to prove first who they are is led
// there by the error, and back to a page of theirs.
func (s *Server) changing(r *http.Request, back string) (guard.Session, []guard.Factor, error) {
	session, factors, err := s.entering(r)
	if err == nil && !s.fresh(session, factors) {
		err = proveFirst{back}
	}
	return session, factors, err
}

// enrolling is the same for who sets up a second proof. Who has none yet must have signed in shortly
// before: whoever finds an open browser would else shut its owner out.
func (s *Server) enrolling(r *http.Request, back string) (guard.Session, []guard.Factor, error) {
	session, factors, err := s.changing(r, back)
	if err == nil && !guard.Twice(factors) && s.Now().Sub(session.Created) >= proofFresh {
		err = fault.New(fault.Forbidden, "You signed in a while ago, and anybody might sit here by now. Sign out and in again; then you have 15 minutes to set this up.")
	}
	return session, factors, err
}

// proveFirst is that somebody has to give their second proof anew before they go on.
type proveFirst struct{ back string }

func (p proveFirst) Error() string { return "the second proof is not fresh" }

func (s *Server) showSetUp(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	next := localPath(r.URL.Query().Get("next"))
	session, factors, err := s.enrolling(r, r.URL.RequestURI())
	if err != nil {
		return err
	}
	return s.offerSecond(w, r, a, session, factors, secondSetUpView{Next: next}, http.StatusOK)
}

// offerSecond shows what somebody needs to set up a second proof: a key for an app, and what a
// browser needs to make a passkey. The key stays the same while the page is tried again.
func (s *Server) offerSecond(w http.ResponseWriter, r *http.Request, a guard.Actor, session guard.Session, factors []guard.Factor, v secondSetUpView, code int) error {
	c := s.challengeOf(session)
	var err error
	if c.Key == "" {
		if c.Key, err = guard.NewTOTPSecret(s.Random); err != nil {
			return err
		}
	}
	if s.site(r).Passkeys() {
		if v.Offered, c.Passkey, err = guard.OfferPasskey(s.site(r), session.Actor, factors); err != nil {
			return err
		}
	}
	if err := s.setChallenge(r, session, c); err != nil {
		return err
	}
	v.Must = session.Waits
	for i := 0; i < len(c.Key); i += 4 {
		v.Key += " " + c.Key[i:min(i+4, len(c.Key))]
	}
	v.Key = strings.TrimSpace(v.Key)
	picture, err := guard.TOTPPicture(c.Key, session.Actor.Name, 240)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return err
	}
	v.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
	return s.render(w, r, a, code, "setup", v)
}

// setUpSecond keeps a second proof once it was given for the first time. Who had none gets codes on
// paper too, for when the device is lost.
func (s *Server) setUpSecond(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v := secondSetUpView{Next: localPath(r.PostForm.Get("next")), Name: strings.TrimSpace(r.PostForm.Get("name"))}
	session, factors, err := s.enrolling(r, "/sign-in/second/new?next="+urlQuery(v.Next))
	if err != nil {
		return err
	}
	made, err := s.newFactor(r, session, factors, v.Name)
	if fault.KindOf(err) == fault.Invalid {
		v.Errors = faultErrors(err)
		return s.offerSecond(w, r, a, session, factors, v, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	who := session.Actor
	added := []guard.Factor{made}
	var codes []string
	if !guard.Twice(factors) {
		if codes, err = guard.NewRecoveryCodes(s.Random); err != nil {
			return err
		}
		added = append(added, onPaper(codes)...)
	}
	if err := s.Store.AddFactors(r.Context(), who.District, who.Person, added); err != nil {
		return err
	}
	if err := s.writeDown(r.Context(), guard.Deed{District: who.District, Actor: who.Person, What: "second proof set up", Detail: string(made.Kind)}); err != nil {
		return err
	}
	if err := s.proved(w, r, session); err != nil {
		return err
	}
	if codes == nil {
		return seeOther(w, r, v.Next, "account")
	}
	return s.render(w, r, who, http.StatusOK, "codes", codesView{codes, v.Next})
}

// newFactor reads the first proof of an app or a passkey that is being set up.
func (s *Server) newFactor(r *http.Request, session guard.Session, factors []guard.Factor, name string) (guard.Factor, error) {
	if len(name) > 60 {
		return guard.Factor{}, fault.Field("name", "Use at most 60 letters.")
	}
	c := s.challengeOf(session)
	if answer := r.PostForm.Get("passkey"); answer != "" {
		f, err := guard.NewPasskey(s.site(r), session.Actor, factors, c.Passkey, answer)
		if f.Name = name; name == "" {
			f.Name = "Passkey of " + device(r)
		}
		f.Used = s.Now()
		return f, err
	}
	f, err := guard.Prove([]guard.Factor{{Kind: guard.TOTP, Secret: c.Key, Name: name}}, r.PostForm.Get("code"), s.Now())
	if c.Key == "" {
		err = fault.Field("code", "This took too long. Scan the picture again.")
	}
	if f.Name == "" {
		f.Name = "App with codes"
	}
	return f, err
}

func onPaper(codes []string) []guard.Factor {
	out := make([]guard.Factor, len(codes))
	for i, c := range codes {
		out[i] = guard.Factor{Kind: guard.Recovery, Secret: guard.RecoveryHash(c)}
	}
	return out
}
