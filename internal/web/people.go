package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

const (
	peopleShown = 50
	// linkLife is how long a sign-in link works, if nobody has used it.
	linkLife = 48 * time.Hour
)

type peopleView struct {
	Query  string
	Asked  bool
	Full   bool // there may be more
	People []personRow
	// Unusual is who opened unusually many children's records of late.
	Unusual []unusual
	Second  secondRule
	Helper  bool // who looks helps with accounts and opens none
	Errors  formErrors
}

// secondRule is of whom a second proof is asked.
type secondRule struct {
	Rule         guard.SecondFactor
	Without, All int // of administrators and leaders
}

type unusual struct {
	Name string
	At   time.Time
}

type personRow struct {
	Person roster.Person
	School string
}

// showPeople finds people by name, user name or number.
func (s *Server) showPeople(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.answerPeople(w, r, a, nil)
}

func (s *Server) answerPeople(w http.ResponseWriter, r *http.Request, a guard.Actor, wrong error) error {
	v := peopleView{Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	if v.Query != "" {
		people, err := s.Store.FindPeople(r.Context(), a.District, v.Query, peopleShown)
		if err != nil {
			return err
		}
		v.Asked, v.Full = true, len(people) == peopleShown
		schools := map[roster.OrgID]string{}
		for _, p := range people {
			if _, ok := schools[p.School]; !ok {
				if schools[p.School], err = s.schoolName(r, a, p.School); err != nil {
					return err
				}
			}
			v.People = append(v.People, personRow{p, schools[p.School]})
		}
	}
	many, err := s.Store.DeedsCalled(r.Context(), a.District, guard.ManyRecords, s.Now().AddDate(0, 0, -30))
	if err != nil {
		return err
	}
	names := s.namesOf(r.Context(), a.District)
	for _, x := range many {
		name, err := names(x.Actor)
		if err != nil {
			return err
		}
		v.Unusual = append(v.Unusual, unusual{name, x.At})
	}
	if v.Second.Rule, err = s.Store.SecondFactor(r.Context(), a.District); err != nil {
		return err
	}
	rule := v.Second.Rule
	if rule == guard.NobodyTwice {
		rule = guard.AdministratorsTwice
	}
	if v.Second.Without, v.Second.All, err = s.Store.Without(r.Context(), a.District, rule); err != nil {
		return err
	}
	v.Helper = !a.Has(roster.Administrator)
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "people", v)
}

// setSecondFactor says of whom a second proof is asked. Who says so must have one, so that nobody
// shuts themself out; whom it is asked of and who gave none has to sign in again.
func (s *Server) setSecondFactor(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	_, factors, err := s.changing(r, "/admin/people")
	if err != nil {
		return err
	}
	rule := guard.SecondFactor(r.PostForm.Get("second"))
	switch {
	case !slices.Contains([]guard.SecondFactor{guard.NobodyTwice, guard.AdministratorsTwice, guard.StaffTwice}, rule):
		return s.answerPeople(w, r, a, fault.Field("second", "Choose of whom a second proof is asked."))
	case rule != guard.NobodyTwice && !guard.Twice(factors):
		return s.answerPeople(w, r, a, fault.Field("second", "Set up a second proof for yourself first, under your name at the top: otherwise you would be shut out."))
	}
	if err := s.Store.SetSecondFactor(r.Context(), a.District, rule); err != nil {
		return err
	}
	if err := s.Store.EndUnproved(r.Context(), a.District, rule); err != nil {
		return err
	}
	return seeOther(w, r, "/admin/people", "settings")
}

func (s *Server) schoolName(r *http.Request, a guard.Actor, id roster.OrgID) (string, error) {
	if id == "" {
		return "", nil
	}
	o, err := s.Store.Org(r.Context(), a.District, id)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	return o.Name, err
}

// personView is one person's account. It never holds a secret, but for a link that
// has just been made.
type personView struct {
	Person      roster.Person
	School      string
	Student     bool
	HasPassword bool
	Sessions    []sessionRow
	Factors     []factorRow
	Appointed   []roster.Role
	Helper      bool // who looks helps with accounts and opens none
	Errors      formErrors
	Link        string
	LinkUntil   time.Time
}

func (s *Server) showPerson(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, err := s.person(r, a)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "person", v)
}

// person reads the path's person, who must be active and of the actor's district.
func (s *Server) person(r *http.Request, a guard.Actor) (personView, error) {
	var v personView
	var err error
	if v.Person, err = s.Store.Person(r.Context(), a.District, roster.PersonID(r.PathValue("person"))); err != nil {
		return v, err
	}
	if !v.Person.Active {
		return v, fault.New(fault.NotFound, "This person is not active any more.")
	}
	if v.School, err = s.schoolName(r, a, v.Person.School); err != nil {
		return v, err
	}
	self, err := s.Store.ToStudent(r.Context(), guard.Actor{District: a.District, Person: v.Person.ID}, v.Person.ID)
	if err != nil {
		return v, err
	}
	v.Student = slices.Contains(self, guard.Self)
	hash, err := s.Store.Secret(r.Context(), a.District, v.Person.ID, "password")
	v.HasPassword = hash != ""
	if err != nil {
		return v, err
	}
	sessions, err := s.Store.Sessions(r.Context(), a.District, v.Person.ID)
	if err != nil {
		return v, err
	}
	v.Sessions = sessionRows(sessions, "")
	factors, err := s.Store.Factors(r.Context(), a.District, v.Person.ID)
	v.Factors, _ = factorRows(factors)
	if err != nil {
		return v, err
	}
	v.Helper = !a.Has(roster.Administrator)
	v.Appointed, err = s.Store.Appointments(r.Context(), a.District, v.Person.ID)
	return v, err
}

func personHref(id roster.PersonID) string { return "/admin/people/" + urlPath(string(id)) }

// changingPerson is the path's person, whose ways in, or whose record, the actor is about to open or to
// shut: that takes a fresh second proof of the actor.
func (s *Server) changingPerson(r *http.Request, a guard.Actor) (personView, guard.Session, error) {
	v, err := s.person(r, a)
	if err != nil {
		return v, guard.Session{}, err
	}
	session, _, err := s.changing(r, personHref(v.Person.ID))
	return v, session, err
}

// signOutPerson ends all sessions of somebody, and links that they did not use.
func (s *Server) signOutPerson(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, err := s.person(r, a)
	if err != nil {
		return err
	}
	if _, err := s.Store.CloseSessions(r.Context(), a.District, v.Person.ID, ""); err != nil {
		return err
	}
	return seeOther(w, r, personHref(v.Person.ID), "ended")
}

// forgetFactors takes the second proofs of somebody away who lost theirs. They are signed out, so
// that nobody who is signed in as them sets up their own.
func (s *Server) forgetFactors(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, _, err := s.changingPerson(r, a)
	if err != nil {
		return err
	}
	if v.Person.ID == a.Person {
		return fault.New(fault.Invalid, "Your own second proofs are under your name at the top.")
	}
	if err := s.Store.RemoveFactors(r.Context(), a.District, v.Person.ID); err != nil {
		return err
	}
	if _, err := s.Store.CloseSessions(r.Context(), a.District, v.Person.ID, ""); err != nil {
		return err
	}
	return seeOther(w, r, personHref(v.Person.ID), "account")
}

// setPassword gives a person a first password, or a new one. It is never shown.
func (s *Server) setPassword(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, session, err := s.changingPerson(r, a)
	if err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	err = guard.CheckPassword(password, v.Person.Username, v.Person.Given, v.Person.Family)
	switch {
	case err == nil && v.Person.Username == "":
		err = fault.Field("password", "This person has no user name, so a password does not help. Add one in the roster system, or make a sign-in link.")
	case err == nil && password != r.PostForm.Get("again"):
		err = fault.Field("again", "The two passwords are not the same.")
	}
	if err != nil {
		v.Errors = faultErrors(err)
		return s.render(w, r, a, http.StatusUnprocessableEntity, "person", v)
	}
	if err := s.noteAccess(r, a, v); err != nil {
		return err
	}
	if err := s.keepPassword(r, a, v.Person.ID, password, session); err != nil {
		return err
	}
	return seeOther(w, r, personHref(v.Person.ID), "account")
}

// keepPassword keeps a person's new password, and signs out whoever knew the old one; where it is the
// actor's own, not here.
func (s *Server) keepPassword(r *http.Request, a guard.Actor, p roster.PersonID, password string, here guard.Session) error {
	hash, err := guard.HashSecret(password, s.Random)
	if err != nil {
		return err
	}
	if err := s.Store.SetSecret(r.Context(), a.District, p, "password", hash, a.Person); err != nil {
		return err
	}
	_, err = s.Store.CloseSessions(r.Context(), a.District, p, here.Hash)
	return err
}

// makeLink makes a link with which a person signs in once. It is shown on this page
// and nowhere else.
func (s *Server) makeLink(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, _, err := s.changingPerson(r, a)
	if err != nil {
		return err
	}
	token, hash, err := guard.NewToken(s.Random)
	if err != nil {
		return err
	}
	if err := s.noteAccess(r, a, v); err != nil {
		return err
	}
	v.LinkUntil = s.Now().Add(linkLife)
	if err := s.Store.AddLink(r.Context(), hash, a.District, v.Person.ID, v.LinkUntil); err != nil {
		return err
	}
	v.Link = s.base(r) + linkPath + token
	return s.render(w, r, a, http.StatusOK, "person", v)
}

// linkPath is where sign-in links lead.
const linkPath = "/link/"

// noteAccess writes down that an administrator opened a way into a child's record:
// whoever holds the password or link can read it.
func (s *Server) noteAccess(r *http.Request, a guard.Actor, v personView) error {
	if !v.Student {
		return nil
	}
	return s.Store.RecordAccess(r.Context(), guard.Access{At: s.Now(), District: a.District, Actor: a.Person, Relation: guard.AdministratorOf, Student: v.Person.ID, What: guard.ManagePeople})
}
