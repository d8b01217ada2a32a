package web

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// accountView is how somebody signs in, and where they are signed in.
type accountView struct {
	Name     string
	Sessions []sessionRow
	Others   bool // there is more than this one
	Adult    bool // may have a second proof
	Twice    bool
	Asked    bool // the district asks for a second proof
	Factors  []factorRow
	Codes    int // on paper, that were not used
	Outside  []identityRow
	Password bool // has one, and may change it
	Errors   formErrors
}

type sessionRow struct {
	ID      string
	Device  string
	Created time.Time
	Seen    time.Time
	Here    bool
}

type factorRow struct {
	ID, Name, Icon string
	Made, Used     time.Time
}

type identityRow struct {
	Issuer, Name string
	Linked       time.Time
}

// sessionRows shows sessions; here is the hash of the one in which they are looked at.
func sessionRows(all []guard.Session, here string) []sessionRow {
	var out []sessionRow
	for _, x := range all {
		if !x.Waits {
			out = append(out, sessionRow{x.Hash, cmp.Or(x.Device, "a device"), x.Created, x.Seen, x.Hash == here})
		}
	}
	return out
}

// factorRows shows second proofs, and counts the codes on paper that were not used.
func factorRows(all []guard.Factor) (rows []factorRow, codes int) {
	for _, f := range all {
		switch {
		case f.Kind == guard.Recovery && f.Used.IsZero():
			codes++
		case f.Kind == guard.TOTP:
			rows = append(rows, factorRow{f.ID, f.Name, "lock", f.Made, f.Used})
		case f.Kind == guard.Passkey:
			rows = append(rows, factorRow{f.ID, f.Name, "key", f.Made, f.Used})
		}
	}
	return rows, codes
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.answerAccount(w, r, a, nil)
}

func (s *Server) answerAccount(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	session, factors, err := s.entering(r)
	if err != nil {
		return err
	}
	v := accountView{Name: a.Name, Adult: !a.Has(roster.Student), Twice: guard.Twice(factors)}
	v.Factors, v.Codes = factorRows(factors)
	sessions, err := s.Store.Sessions(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	v.Sessions = sessionRows(sessions, session.Hash)
	v.Others = len(v.Sessions) > 1
	rule, err := s.Store.SecondFactor(r.Context(), a.District)
	if err != nil {
		return err
	}
	v.Asked = rule.Asks(a)
	outside, err := s.Store.OutsideIdentities(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	for _, o := range outside {
		row := identityRow{o.Issuer, o.Issuer, o.Linked}
		for _, p := range s.Providers {
			if p.Issuer == o.Issuer {
				row.Name = p.Name
			}
		}
		v.Outside = append(v.Outside, row)
	}
	hash, err := s.Store.Secret(r.Context(), a.District, a.Person, "password")
	if err != nil {
		return err
	}
	v.Password = hash != ""
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "account", v)
}

// changePassword gives somebody a new password who knows the one that holds, and signs them out
// everywhere else.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	session, _, err := s.changing(r, "/account")
	if err != nil {
		return err
	}
	p, err := s.Store.Person(r.Context(), a.District, a.Person)
	if err != nil {
		return err
	}
	_, err = s.verified(r, "own "+string(a.District)+"/"+string(a.Person), func(ctx context.Context) ([]guard.Account, error) {
		hash, err := s.Store.Secret(ctx, a.District, a.Person, "password")
		return []guard.Account{{District: a.District, Person: a.Person, Hash: hash}}, err
	}, r.PostForm.Get("current"))
	password := r.PostForm.Get("password")
	switch {
	case fault.KindOf(err) == fault.Invalid:
		err = fault.Field("current", "This is not your password.")
	case err != nil:
	case password != r.PostForm.Get("again"):
		err = fault.Field("again", "The two passwords are not the same.")
	default:
		err = guard.CheckPassword(password, p.Username, p.Given, p.Family)
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Throttled:
		return s.answerAccount(w, r, a, err)
	}
	if err != nil {
		return err
	}
	if err := s.keepPassword(r, a, a.Person, password, session); err != nil {
		return err
	}
	return seeOther(w, r, "/account", "account")
}

// endSessions ends one of somebody's own sessions, or all others.
func (s *Server) endSessions(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	here, err := s.session(r)
	if err != nil {
		return err
	}
	switch id := r.PostForm.Get("session"); id {
	case "":
		if _, err := s.Store.CloseSessions(r.Context(), a.District, a.Person, here.Hash); err != nil {
			return err
		}
	default:
		mine, err := s.Store.Sessions(r.Context(), a.District, a.Person)
		if err != nil {
			return err
		}
		for _, x := range mine { // nobody ends another's session by its id
			if x.Hash == id {
				err = s.Store.CloseSession(r.Context(), id)
			}
		}
		if err != nil {
			return err
		}
	}
	return seeOther(w, r, "/account", "ended")
}

// newCodes gives new codes on paper; the old ones are worth nothing from then on.
func (s *Server) newCodes(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	_, factors, err := s.changing(r, "/account")
	if err != nil {
		return err
	}
	if !guard.Twice(factors) {
		return fault.New(fault.Invalid, "Set up a second proof first: codes on paper are for when it is lost.")
	}
	codes, err := guard.NewRecoveryCodes(s.Random)
	if err != nil {
		return err
	}
	if err := s.Store.AddFactors(r.Context(), a.District, a.Person, onPaper(codes)); err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "codes", codesView{codes, "/account"})
}

// removeFactor takes a second proof away, unless it is the last and the district asks for one.
func (s *Server) removeFactor(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	_, factors, err := s.changing(r, "/account")
	if err != nil {
		return err
	}
	rule, err := s.Store.SecondFactor(r.Context(), a.District)
	if err != nil {
		return err
	}
	id := r.PathValue("factor")
	var left []guard.Factor
	for _, f := range factors {
		if f.ID != id {
			left = append(left, f)
		}
	}
	if rule.Asks(a) && !guard.Twice(left) {
		return fault.New(fault.Invalid, "Your district asks for a second proof, and this is your last one. Set up another one first.")
	}
	if err := s.Store.RemoveFactor(r.Context(), a.District, a.Person, id); err != nil {
		return err
	}
	return seeOther(w, r, "/account", "account")
}

// unlink makes another service sign somebody in no longer, until they are known to it again.
func (s *Server) unlink(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if _, _, err := s.changing(r, "/account"); err != nil {
		return err
	}
	if err := s.Store.UnlinkIdentities(r.Context(), a.District, a.Person, r.PostForm.Get("issuer")); err != nil {
		return err
	}
	return seeOther(w, r, "/account", "account")
}
