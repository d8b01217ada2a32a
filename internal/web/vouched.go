package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/sso"
)

// awayCookie keeps the ticket of somebody who is away at a service that signs them in.
const (
	awayCookie = "waymark-away"
	awayLife   = 10 * time.Minute
	awayPath   = "/sign-in/with/"
)

func (s *Server) provider(r *http.Request) (*sso.Provider, error) {
	for _, p := range s.Providers {
		if p.ID == r.PathValue("provider") {
			return p, nil
		}
	}
	return nil, fault.New(fault.NotFound, "Nobody is signed in by that here.")
}

func (s *Server) goAway(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	p, err := s.provider(r)
	if err != nil {
		return err
	}
	to, ticket, err := p.Begin(r.Context(), s.base(r)+awayPath+p.ID+"/back", localPath(r.URL.Query().Get("next")), s.Random)
	if err != nil {
		s.Log.WarnContext(r.Context(), "a service that signs people in does not answer", "service", p.ID, "err", err)
		return err
	}
	raw, err := json.Marshal(ticket)
	if err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(awayCookie, base64.RawURLEncoding.EncodeToString(raw), int(awayLife.Seconds())))
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// comeBack signs somebody in for whom a service vouches. The first time the roster must know one
// person by what the service says; from then on it is the service's own name for them that counts.
func (s *Server) comeBack(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	p, err := s.provider(r)
	if err != nil {
		return err
	}
	var ticket sso.Ticket
	if c, err := r.Cookie(s.cookieName(awayCookie)); err == nil {
		raw, _ := base64.RawURLEncoding.DecodeString(c.Value)
		_ = json.Unmarshal(raw, &ticket) // an unreadable ticket is none
	}
	http.SetCookie(w, s.cookie(awayCookie, "", -1))
	v, err := p.Finish(r.Context(), s.base(r)+awayPath+p.ID+"/back", ticket, r.URL.Query(), s.Now())
	if err != nil {
		s.Log.WarnContext(r.Context(), "nobody is vouched for", "service", p.ID)
		return err
	}
	who, err := s.Store.OutsideIdentity(r.Context(), p.District, v.Issuer, v.Subject)
	switch {
	case err == nil:
		err = s.Store.UseIdentity(r.Context(), p.District, v.Issuer, v.Subject)
	case fault.KindOf(err) == fault.NotFound:
		who, err = s.linkVouched(r, p, v)
	}
	if err != nil {
		return err
	}
	life := sessionLife
	roles, err := s.Store.Roles(r.Context(), who.District, who.Person)
	if err != nil {
		return err
	}
	if (guard.Actor{Roles: roles}).Has(roster.Student) {
		life = childIdle
	}
	return s.openSession(w, r, who.District, who.Person, life, v.Twice, localPath(ticket.Next))
}

func (s *Server) linkVouched(r *http.Request, p *sso.Provider, v sso.Vouched) (guard.Account, error) {
	unknown := fault.New(fault.Forbidden, "%s knows you, but your school does not know you by %s. Ask the person who looks after the roster.", p.Name, v.Value)
	people, err := s.Store.PeopleKnownBy(r.Context(), p.District, p.Matches, v.Value)
	if err != nil {
		return guard.Account{}, err
	}
	if len(people) != 1 {
		return guard.Account{}, unknown
	}
	who := guard.Account{District: p.District, Person: people[0].ID}
	err = s.Store.LinkIdentity(r.Context(), who.District, who.Person, v.Issuer, v.Subject)
	if fault.KindOf(err) == fault.Conflict { // linked to somebody who is not active any more
		return who, unknown
	}
	if err != nil {
		return who, err
	}
	return who, s.writeDown(r.Context(), guard.Deed{District: who.District, Actor: who.Person, What: "account linked", On: string(who.Person), Detail: v.Issuer})
}
