package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"waymark/internal/guard"
	"waymark/internal/roster"
)

type findView struct {
	Query  string
	Found  []foundStudent
	More   bool // there are more than shown
	Leader bool // looked beyond own classes
}

type foundStudent struct {
	Person roster.Person
	Class  string // in which the actor teaches them, if so
}

const (
	foundMost = 20  // students shown
	triedMost = 300 // people asked for, of which the actor may know some
)

// serveFind lists students whose name holds what was typed, of those whose record the
// actor may read.
func (s *Server) serveFind(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	v := findView{Query: strings.TrimSpace(r.URL.Query().Get("q")), Leader: a.Has(roster.Leader)}
	want := searchable(v.Query)
	if want == "" {
		return s.render(w, r, a, http.StatusOK, "find", v)
	}
	candidates, err := s.candidates(ctx, a, v.Query, want)
	if err != nil {
		return err
	}
	for _, c := range candidates {
		if len(v.Found) == foundMost {
			v.More = true
			break
		}
		relations, err := s.Store.ToStudent(ctx, a, c.Person.ID)
		if err != nil {
			return err
		}
		if _, ok := guard.Allowed(guard.ReadRecord, relations); ok {
			v.Found = append(v.Found, c)
		}
	}
	return s.render(w, r, a, http.StatusOK, "find", v)
}

// candidates returns who may be meant: own students first, then, for a leader, people of
// the district, of whom the caller keeps those that the actor may see.
func (s *Server) candidates(ctx context.Context, a guard.Actor, query, want string) ([]foundStudent, error) {
	var out []foundStudent
	has := func(id roster.PersonID) bool {
		return slices.ContainsFunc(out, func(f foundStudent) bool { return f.Person.ID == id })
	}
	classes, err := s.Store.Classes(ctx, a.District, a.Person, roster.Teacher, roster.Aide)
	if err != nil {
		return nil, err
	}
	for _, c := range classes {
		people, err := s.Store.People(ctx, a.District, c.ID, roster.Student)
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			if !has(p.ID) && (strings.Contains(searchable(p.Name()), want) || strings.EqualFold(p.Username, query)) {
				out = append(out, foundStudent{p, c.Title})
			}
		}
	}
	if !a.Has(roster.Leader) {
		return out, nil
	}
	people, err := s.Store.FindPeople(ctx, a.District, query, triedMost)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if !has(p.ID) {
			out = append(out, foundStudent{Person: p})
		}
	}
	return out, nil
}

// searchable brings a name and what is typed for it into one shape: Álvarez is found by
// alvarez.
func searchable(s string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsSpace(r):
			space = b.Len() > 0
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
