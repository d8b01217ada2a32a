package web

import (
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
		door := func(r *http.Request, a guard.Actor) error { return rt.access(s, r, a) }
		out = append(out, Route{rt.pattern, door, func(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
			if err := door(r, a); err != nil {
				return err
			}
			return rt.handle(w, r, a)
		}})
	}
	return out
}
