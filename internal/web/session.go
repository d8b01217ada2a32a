package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// Sessions end after a day without use, and for good after two weeks; a child's
// after two hours without use, since the device is shared. One that waits for a second
// proof does not wait long.
const (
	sessionLife = 14 * 24 * time.Hour
	sessionIdle = 24 * time.Hour
	childIdle   = 2 * time.Hour
	waitLife    = 15 * time.Minute
)

const sessionCookie = "waymark"

// cookie is how a cookie is kept: out of reach of scripts, other sites and, over HTTPS, of whoever
// serves another name of the same domain (the prefix makes browsers refuse theirs). Without seconds
// it goes with the browser; less than 0 forgets it.
func (s *Server) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
}

func (s *Server) cookieName(name string) string {
	if s.Secure {
		return "__Host-" + name
	}
	return name
}

type sessionKey struct{}

// session returns the request's session; the zero one if there is none.
func (s *Server) session(r *http.Request) (guard.Session, error) {
	if known, ok := r.Context().Value(sessionKey{}).(guard.Session); ok {
		return known, nil
	}
	c, err := r.Cookie(s.cookieName(sessionCookie))
	if errors.Is(err, http.ErrNoCookie) {
		return guard.Session{}, nil
	}
	session, err := s.Store.Session(r.Context(), guard.TokenHash(c.Value), sessionIdle)
	if fault.KindOf(err) == fault.Unauthenticated {
		return guard.Session{}, nil
	}
	return session, err
}

// openSession signs a person in and sends them on: to the second proof first, where they have one
// or must have one. twice says that whoever vouches for them has asked for two proofs already.
func (s *Server) openSession(w http.ResponseWriter, r *http.Request, d roster.DistrictID, p roster.PersonID, life time.Duration, twice bool, next string) error {
	if err := s.adoptLanguage(w, r, d, p); err != nil {
		return err
	}
	session, what := guard.Session{Actor: guard.Actor{District: d, Person: p}, Expires: s.Now().Add(life)}, "sign in"
	if twice {
		session.Proved = s.Now()
	} else {
		var err error
		if session.Waits, err = s.mustProve(r, d, p); err != nil {
			return err
		}
	}
	if session.Waits {
		session.Expires, what, next = s.Now().Add(waitLife), "sign in, first proof", secondPath(next)
	}
	if err := s.startSession(w, r, session, what); err != nil {
		return err
	}
	return seeOther(w, r, next, "")
}

// startSession begins a session under a token of its own. Who was signed in in this browser until now
// is not any longer.
func (s *Server) startSession(w http.ResponseWriter, r *http.Request, session guard.Session, what string) error {
	token, hash, err := guard.NewToken(s.Random)
	if err != nil {
		return err
	}
	session.Hash, session.Device = hash, device(r)
	old, err := s.session(r)
	if err == nil && old.Hash != "" {
		err = s.Store.CloseSession(r.Context(), old.Hash)
	}
	if err != nil {
		return err
	}
	if err := s.Store.OpenSession(r.Context(), session); err != nil {
		return err
	}
	if err := s.writeDown(r.Context(), guard.Deed{District: session.Actor.District, Actor: session.Actor.Person, What: what, Detail: session.Device}); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(sessionCookie, token, 0))
	return nil
}

// secondPath is where somebody gives their second proof and then goes on.
func secondPath(next string) string { return "/sign-in/second?next=" + urlQuery(next) }

// mustProve reports whether somebody has to prove a second time who they are.
func (s *Server) mustProve(r *http.Request, d roster.DistrictID, p roster.PersonID) (bool, error) {
	factors, err := s.Store.Factors(r.Context(), d, p)
	if err != nil || guard.Twice(factors) {
		return err == nil, err
	}
	rule, err := s.Store.SecondFactor(r.Context(), d)
	if err != nil || rule == guard.NobodyTwice {
		return false, err
	}
	roles, err := s.Store.Roles(r.Context(), d, p)
	return rule.Asks(guard.Actor{Roles: roles}), err
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	if c, err := r.Cookie(s.cookieName(sessionCookie)); err == nil {
		if err := s.Store.CloseSession(r.Context(), guard.TokenHash(c.Value)); err != nil {
			return err
		}
	}
	http.SetCookie(w, s.cookie(sessionCookie, "", -1))
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return seeOther(w, r, "/sign-in", "signedout")
}

// device says in a few words in what somebody signs in, so that they know it again: the system and
// the browser, as the browser tells them. Order matters: most browsers name others beside themselves.
func device(r *http.Request) string {
	agent := r.UserAgent()
	first := func(names ...[2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	browser := first([2]string{"Edg/", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := first([2]string{"CrOS", "a Chromebook"}, [2]string{"iPad", "an iPad"}, [2]string{"iPhone", "an iPhone"}, [2]string{"Android", "an Android device"}, [2]string{"Windows", "Windows"}, [2]string{"Mac OS", "a Mac"}, [2]string{"Linux", "Linux"})
	switch {
	case browser == "" && system == "":
		return "a device that does not say what it is"
	case system == "":
		return browser
	case browser == "":
		return system
	}
	return browser + " on " + system
}
