package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

type cardsView struct {
	Class    roster.Class
	Students []cardStudent
	Kind     guard.CodeKind // preselected
	Errors   formErrors

	// After codes were made, and only then:
	Cards []card
	Site  string // where to go
	Code  string // the class's
}

type cardStudent struct {
	Person  roster.Person
	Kinds   []string // codes that they have
	Checked bool
}

// card is one printed card. The secret is nowhere else: only its hash is stored.
type card struct {
	Person  roster.Person
	Token   string
	Picture string   // of the token
	Secret  string   // in words
	Shown   []string // the secret's pictures
}

// serveCards offers to make sign-in codes for a class.
func (s *Server) serveCards(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, err := s.cardsForm(r.Context(), a, classID(r))
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "cards", v)
}

func (s *Server) cardsForm(ctx context.Context, a guard.Actor, id roster.ClassID) (cardsView, error) {
	var v cardsView
	var err error
	if v.Class, err = s.Store.Class(ctx, a.District, id); err != nil {
		return v, err
	}
	people, err := s.Store.People(ctx, a.District, id, roster.Student)
	if err != nil {
		return v, err
	}
	secrets, err := s.Store.Secrets(ctx, a.District, id)
	if err != nil {
		return v, err
	}
	v.Kind = guard.WordCode
	if slices.ContainsFunc(v.Class.Grades, young) {
		v.Kind = guard.PictureCode
	}
	for _, p := range people {
		// Who has no code yet needs one; who has one keeps it unless chosen.
		x := cardStudent{Person: p}
		for _, k := range secrets[p.ID] {
			if k == string(guard.WordCode) || k == string(guard.PictureCode) {
				x.Kinds = append(x.Kinds, k)
			}
		}
		x.Checked = len(x.Kinds) == 0
		v.Students = append(v.Students, x)
	}
	return v, nil
}

// young reports whether children of a grade do not read yet.
func young(grade string) bool {
	return slices.Contains([]string{"IT", "PR", "PK", "TK", "KG", "01", "1"}, strings.ToUpper(grade))
}

// makeCards draws new codes for the chosen students and shows them once, to be printed.
func (s *Server) makeCards(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	v, err := s.cardsForm(ctx, a, classID(r))
	if err != nil {
		return err
	}
	chosen := r.PostForm["student"]
	kind := guard.CodeKind(r.PostForm.Get("kind"))
	for i := range v.Students {
		v.Students[i].Checked = slices.Contains(chosen, string(v.Students[i].Person.ID))
	}
	known := slices.DeleteFunc(slices.Clone(v.Students), func(x cardStudent) bool { return !x.Checked })
	switch {
	case kind != guard.WordCode && kind != guard.PictureCode:
		err = fault.Field("kind", "Choose words or pictures.")
	case len(chosen) == 0:
		err = fault.Field("students", "Choose at least one student.")
	case slices.ContainsFunc(chosen, func(id string) bool {
		return !slices.ContainsFunc(known, func(x cardStudent) bool { return string(x.Person.ID) == id })
	}):
		err = fault.Field("students", "One of these students is not in this class any more. No code was made.")
	}
	if err != nil {
		v.Errors = faultErrors(err)
		return s.render(w, r, a, http.StatusUnprocessableEntity, "cards", v)
	}
	v.Kind, v.Site = kind, r.Host
	v.Code, err = s.Store.ClassCode(ctx, a.District, v.Class.ID, func() (string, error) {
		code, err := guard.NewCode(guard.WordCode, s.Random)
		return strings.ReplaceAll(guard.FoldCode(code), " ", "-"), err
	})
	if err != nil {
		return fmt.Errorf("class code: %w", err)
	}
	tokens, err := s.tokens(ctx, a, v.Class.ID, known)
	if err != nil {
		return err
	}
	for _, x := range known {
		secret, err := guard.NewCode(kind, s.Random)
		if err != nil {
			return err
		}
		hash, err := guard.HashSecret(guard.FoldCode(secret), s.Random)
		if err != nil {
			return err
		}
		if err := s.Store.SetSecret(ctx, a.District, x.Person.ID, string(kind), hash, a.Person); err != nil {
			return err
		}
		c := card{Person: x.Person, Token: strings.ReplaceAll(tokens[x.Person.ID], "-", " "), Secret: secret}
		c.Picture, _, _ = strings.Cut(c.Token, " ")
		if kind == guard.PictureCode {
			c.Shown = strings.Fields(secret)
		}
		v.Cards = append(v.Cards, c)
	}
	return s.render(w, r, a, http.StatusOK, "cards", v)
}

// tokens gives each of some students a token that nobody else in the class has; who
// has one keeps it.
func (s *Server) tokens(ctx context.Context, a guard.Actor, class roster.ClassID, students []cardStudent) (map[roster.PersonID]string, error) {
	have, err := s.Store.ClassTokens(ctx, a.District, class)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, t := range have {
		used[t] = true
	}
	for _, x := range students {
		if have[x.Person.ID] != "" {
			continue
		}
		t := freeToken(used)
		if err := s.Store.SetClassToken(ctx, a.District, class, x.Person.ID, t); err != nil {
			return nil, err
		}
		have[x.Person.ID], used[t] = t, true
	}
	return have, nil
}

// freeToken returns the first token that is not used: a picture, or a picture and a
// number in a class that has more students than there are pictures.
func freeToken(used map[string]bool) string {
	for n := 1; ; n++ {
		for _, p := range guard.Pictures {
			t := p
			if n > 1 {
				t += "-" + strconv.Itoa(n)
			}
			if !used[t] {
				return t
			}
		}
	}
}

// BodyClass lets the cards print eight to a page.
func (cardsView) BodyClass() string { return "print-cards" }
