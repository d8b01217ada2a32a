package web

import (
	"errors"
	"net/http"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// Sessions end after a day without use, and for good after two weeks; a child's
// after two hours without use, since the device is shared.
const (
	sessionLife = 14 * 24 * time.Hour
	sessionIdle = 24 * time.Hour
	childIdle   = 2 * time.Hour
)

const sessionCookie = "waymark"

// actor returns who holds the request's session; nobody if there is none.
func (s *Server) actor(r *http.Request) (guard.Actor, error) {
	c, err := r.Cookie(sessionCookie)
	if errors.Is(err, http.ErrNoCookie) {
		return guard.Actor{}, nil
	}
	a, err := s.Store.SessionActor(r.Context(), guard.TokenHash(c.Value), sessionIdle)
	if fault.KindOf(err) == fault.Unauthenticated {
		return guard.Actor{}, nil
	}
	return a, err
}

// openSession signs a person in and sends them on.
func (s *Server) openSession(w http.ResponseWriter, r *http.Request, d roster.DistrictID, p roster.PersonID, life time.Duration, next string) error {
	token, hash, err := guard.NewToken(s.Random)
	if err != nil {
		return err
	}
	if err := s.adoptLanguage(w, r, d, p); err != nil {
		return err
	}
	if err := s.Store.OpenSession(r.Context(), hash, d, p, s.Now().Add(life)); err != nil {
		return err
	}
	if err := s.Store.RecordDeed(r.Context(), guard.Deed{District: d, Actor: p, What: "sign in"}); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: token, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if err := s.Store.CloseSession(r.Context(), guard.TokenHash(c.Value)); err != nil {
			return err
		}
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return seeOther(w, r, "/sign-in", "signedout")
}
