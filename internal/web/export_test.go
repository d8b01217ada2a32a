package web

import (
	"context"
	"net/http"

	"waymark/internal/guard"
)

// Route is a route as tests see it.
type Route struct {
	Pattern string
	Access  func(r *http.Request, a guard.Actor) error
	// Answer passes the door and then answers.
	Answer func(w http.ResponseWriter, r *http.Request, a guard.Actor) error
}

// Routes returns the whole map of the site.
func (s *Server) Routes() []Route {
	var out []Route
	for _, rt := range s.routes() {
		signed := func(r *http.Request, a guard.Actor) *http.Request {
			session := guard.Session{Actor: a, Hash: string(a.Person)}
			return r.WithContext(context.WithValue(r.Context(), sessionKey{}, session))
		}
		door := func(r *http.Request, a guard.Actor) error { return rt.access(s, signed(r, a), a) }
		out = append(out, Route{rt.pattern, door, func(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
			if err := door(r, a); err != nil {
				return err
			}
			return rt.handle(w, signed(r, a), a)
		}})
	}
	return out
}

// DeedWords are what the log says of deeds.
var DeedWords = deedWords
