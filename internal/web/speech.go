package web

import (
	"cmp"
	"embed"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/language"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

//go:embed catalogs/*.json
var catalogFiles embed.FS

// loadLanguages reads the catalogs of what pages say.
var loadLanguages = sync.OnceValues(func() (*language.Set, error) {
	files, err := fs.Sub(catalogFiles, "catalogs")
	if err != nil {
		return nil, err
	}
	return language.Load(files)
})

// spoken is a page in its reader's language.
type spoken struct {
	*language.Language
	now       time.Time
	languages []*language.Language
}

// inEnglish reports whether the page is in the language in which all is written.
func (s spoken) inEnglish() bool { return s.Tag == language.Source }

// tongued is a page that is in a language of its own.
type tongued interface{ Tongue() *language.Language }

func (v spoken) Tongue() *language.Language { return v.Language }

// Languages are those that a reader may choose from.
func (v spoken) Languages() []*language.Language { return v.languages }

// Ago says how long ago something was.
func (v spoken) Ago(t time.Time) (string, error) { return v.Age(v.now.Sub(t)) }

// Age says how long ago something of an age was.
func (v spoken) Age(d time.Duration) (string, error) {
	unit, n := propose.Span(d)
	return v.Say("ago."+unit, "n", n)
}

// Words says a status.
func (v spoken) Words(st mastery.Status) (string, error) { return v.Say("status." + markName(st)) }

// messageKey names a message of the catalogs.
type messageKey string

// phrase is a text with its language, empty if it is the page's.
type phrase struct{ Text, Lang string }

// can says what a competency is about, in the reader's language where it is translated.
func (v spoken) can(cat *propose.Catalogue, c competency.Competency) phrase {
	words := cat.Words[c.ID]
	for _, tag := range slices.Sorted(maps.Keys(words)) {
		if w := words[tag]; v.Reads(tag) {
			return phrase{cmp.Or(w.Student, w.Short, w.Statement), ""}
		}
	}
	p := phrase{cmp.Or(c.Student, c.Short, c.Statement), cmp.Or(c.Language, language.Source)}
	if v.Reads(p.Lang) {
		p.Lang = ""
	}
	return p
}

// piece says how something was shown, and how it went.
func (v spoken) piece(p evidence.Piece) (string, error) {
	score, most := number(p.Score), number(p.Max)
	switch {
	case p.Kind == evidence.Response && p.Max == 1 && p.Score == 1:
		return v.Say("piece.right")
	case p.Kind == evidence.Response && p.Max == 1 && p.Score == 0:
		return v.Say("piece.not-yet")
	case p.Source == outsideSource:
		return v.Say("piece.outside", "score", score, "max", most)
	case p.Kind == evidence.Test:
		return v.Say("piece.test", "score", score)
	}
	return v.Say("piece."+string(p.Kind), "score", score, "max", most)
}

// refused returns the status of a page and what it says was wrong with its form, by field and in
// the reader's language; without a wrong it is an ordinary page.
func (v spoken) refused(wrong error) (code int, e formErrors, err error) {
	if wrong == nil {
		return http.StatusOK, e, nil
	}
	e, err = v.errors(wrong)
	return status(fault.KindOf(wrong)), e, err
}

// errors says what is wrong with a form by its field, in the reader's language.
func (v spoken) errors(err error) (formErrors, error) {
	summary, failed := v.Say("error.summary")
	if failed != nil {
		return formErrors{}, failed
	}
	f := fault.FieldOf(err)
	if f == "" {
		return formErrors{Summary: fault.Sentence(err)}, nil
	}
	message, failed := v.Say("error." + f)
	return formErrors{Summary: summary, Fields: []fieldError{{f, message}}}, failed
}

const languageCookie = "waymark_language"

// speech returns the language of a request's reader: what they chose; else, for families
// and who is not signed in, what their browser asks for; else the source language.
func (s *Server) speech(r *http.Request, a guard.Actor) (spoken, error) {
	if v, ok := r.Context().Value(speechKey{}).(spoken); ok {
		return v, nil
	}
	v := spoken{now: s.Now(), languages: s.languages.All()}
	tag := ""
	if a.Person != "" {
		var err error
		if tag, err = s.Store.Language(r.Context(), a.District, a.Person); err != nil {
			return v, err
		}
	}
	if c, err := r.Cookie(s.cookieName(languageCookie)); a.Person == "" && err == nil {
		tag = c.Value
	}
	if l, ok := s.languages.Named(tag); ok {
		v.Language = l
		return v, nil
	}
	header := ""
	if a.Person == "" || a.Has(roster.Guardian) {
		header = r.Header.Get("Accept-Language")
	}
	v.Language = s.languages.Accepting(header)
	return v, nil
}

// chooseLanguage keeps in which language somebody reads: with the person, or in a cookie
// for who is not signed in.
func (s *Server) chooseLanguage(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	l, ok := s.languages.Named(r.PostForm.Get("language"))
	if !ok {
		return fault.Field("language", "Choose one of the languages.")
	}
	if a.Person != "" {
		if err := s.Store.SetLanguage(r.Context(), a.District, a.Person, l.Tag); err != nil {
			return err
		}
	} else {
		s.setLanguageCookie(w, l.Tag, 24*60*60)
	}
	return seeOther(w, r, localPath(r.PostForm.Get("back")), "")
}

// setLanguageCookie remembers the language of who is not signed in, for some seconds; less
// than 0 forgets it.
func (s *Server) setLanguageCookie(w http.ResponseWriter, tag string, seconds int) {
	http.SetCookie(w, s.cookie(languageCookie, tag, seconds))
}

// adoptLanguage makes the language that somebody chose before they signed in their own, unless
// they have one, and forgets it for the next person at this device.
func (s *Server) adoptLanguage(w http.ResponseWriter, r *http.Request, d roster.DistrictID, p roster.PersonID) error {
	c, err := r.Cookie(s.cookieName(languageCookie))
	if err != nil {
		return nil
	}
	s.setLanguageCookie(w, "", -1)
	l, ok := s.languages.Named(c.Value)
	own, err := s.Store.Language(r.Context(), d, p)
	if err != nil || own != "" || !ok {
		return err
	}
	return s.Store.SetLanguage(r.Context(), d, p, l.Tag)
}
