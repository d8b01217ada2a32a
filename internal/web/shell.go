package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/language"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/motivation"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/tabular"
)

//go:embed templates/*.html
var templateFiles embed.FS

// shell is what the frame around each page shows.
type shell struct {
	User   roster.PersonID
	Name   string
	Nav    []navLink
	Search bool // staff may look for a student
	Notice string
	Topics string // what the page shows live, for its script
	Demo   bool
	Lang   *language.Language // of the page and the frame
	Own    *language.Language // the reader's, where the page is not in it
	// Languages are those to choose from, on pages that are in a reader's own; Here is where
	// the choice leads back to.
	Languages []*language.Language
	Here      string
	Act       profile.Settings
	Body      string // class of the body, for pages that print in their own way
	View      any
}

type navLink struct {
	Href, Icon string
	Label      string // the message that names it
	Current    bool
}

// liveView is a page that shows something live.
type liveView interface{ Topics() []live.Topic }

// bodied is a page that prints in its own way, or wants a wider frame.
type bodied interface{ BodyClass() string }

func (s *Server) shell(r *http.Request, a guard.Actor, view any) shell {
	sh := shell{User: a.Person, Name: a.Name, Demo: s.Demo, View: view}
	sh.Lang, _ = s.languages.Named(language.Source)
	if v, ok := view.(tongued); ok {
		sh.Lang, sh.Languages, sh.Here = v.Tongue(), s.languages.All(), here(r)
		if r.Method != http.MethodGet {
			sh.Here = home(a)
		}
	}
	own, _ := r.Context().Value(speechKey{}).(spoken)
	if _, ok := view.(tongued); !ok && a.Has(roster.Guardian) && own.Language != sh.Lang {
		sh.Own = own.Language
	}
	if code := r.URL.Query().Get("done"); code != "" {
		sh.Notice, _ = sh.Lang.Say("notice." + code) // an unknown code says nothing
	}
	sh.Act, _ = r.Context().Value(settingsKey{}).(profile.Settings)
	if v, ok := view.(liveView); ok {
		var names []string
		for _, t := range v.Topics() {
			names = append(names, string(t))
		}
		sh.Topics = strings.Join(names, " ")
	}
	if v, ok := view.(bodied); ok {
		sh.Body = v.BodyClass()
	}
	add := func(href, icon, label string) {
		sh.Nav = append(sh.Nav, navLink{Href: href, Icon: icon, Label: label})
	}
	// A person with several roles gets the way into each.
	if a.Has(roster.Student) {
		add("/me", "home", "nav.today")
		add("/me/path", "path", "nav.path")
		add("/me/goals", "flag", "nav.goals")
		add(profileHref(a.Person), "heart", "nav.about")
		add("/me/flex", "date", "nav.flex")
	}
	if a.Has(roster.Teacher) || a.Has(roster.Aide) {
		add("/teach", "home", "nav.today")
		add("/classes", "grid", "nav.classes")
		add("/teach/flex", "date", "nav.flex")
		sh.Search = true
	}
	if a.Has(roster.Guardian) {
		add("/family", "people", "nav.family")
	}
	if a.Has(roster.Leader) {
		sh.Search = true
		add("/schools", "chart", "nav.schools")
	}
	if a.Has(roster.Administrator) {
		if !a.Has(roster.Leader) {
			add("/schools", "chart", "nav.schools")
		}
		add("/admin/imports", "up", "nav.imports")
		add("/admin/people", "people", "nav.people")
		add("/admin/records", "lock", "nav.records")
		add("/admin/model", "tune", "nav.model")
		add("/admin/proposals", "steps", "nav.rules")
		add("/admin/bank", "list", "nav.questions")
	}
	if a.Has(roster.Auditor) {
		add("/audit", "eye", "nav.audit")
	}
	if a.Has(roster.Support) && !a.Has(roster.Administrator) {
		add("/admin/people", "people", "nav.people")
	}
	// The link with the longest path that the page lies under is where we are.
	here := -1
	for i, l := range sh.Nav {
		if (r.URL.Path == l.Href || strings.HasPrefix(r.URL.Path, l.Href+"/")) && (here < 0 || len(l.Href) > len(sh.Nav[here].Href)) {
			here = i
		}
	}
	if here >= 0 {
		sh.Nav[here].Current = true
	}
	return sh
}

// here is the address of a page without the notice that it shows.
func here(r *http.Request) string {
	q := r.URL.Query()
	q.Del("done")
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}

// home is where a person starts.
func home(a guard.Actor) string {
	switch {
	case a.Has(roster.Administrator):
		return "/admin/imports"
	case a.Has(roster.Leader):
		return "/schools"
	case a.Has(roster.Teacher), a.Has(roster.Aide):
		return "/teach"
	case a.Has(roster.Student):
		return "/me"
	case a.Has(roster.Guardian):
		return "/family"
	}
	switch {
	case a.Has(roster.Auditor):
		return "/audit"
	case a.Has(roster.Support):
		return "/admin/people"
	}
	return "/nothing-here"
}

// parsePages finds the pages. Each is put together, with the frame and the shared parts (files that
// begin with an underscore), when it is first asked for: most processes show a few of them.
func (s *Server) parsePages() error {
	shared, err := template.New("").Funcs(s.funcs()).ParseFS(templateFiles, "templates/_*.html")
	if err != nil {
		return err
	}
	files, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		return err
	}
	s.pages = map[string]func() (*template.Template, error){}
	for _, f := range files {
		s.pages[strings.TrimSuffix(path.Base(f), ".html")] = sync.OnceValues(func() (*template.Template, error) {
			t, err := shared.Clone()
			if err != nil {
				return nil, err
			}
			return t.ParseFS(templateFiles, f)
		})
	}
	return nil
}

// execute puts what a template of a page makes of a view into memory, so that nobody sees half of it.
func (s *Server) execute(page, name string, view any) ([]byte, error) {
	whole, ok := s.pages[page]
	if !ok {
		return nil, fmt.Errorf("no page %q", page)
	}
	t, err := whole()
	if err != nil {
		return nil, fmt.Errorf("read page %s: %w", page, err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, view); err != nil {
		return nil, fmt.Errorf("render %s: %w", page, err)
	}
	return b.Bytes(), nil
}

// funcs are what templates may call.
func (s *Server) funcs() template.FuncMap {
	english, _ := s.languages.Named(language.Source)
	return template.FuncMap{
		"asset": s.assets.url,
		"icon": func(name string) template.HTML {
			return template.HTML(`<svg class="i" aria-hidden="true"><use href="` + s.assets.url("icons/icons.svg") + `#` + template.HTMLEscapeString(name) + `"/></svg>`)
		},
		"mark": func(st mastery.Status) template.HTML {
			return template.HTML(fmt.Sprintf(`<svg class="mk mk-%[1]s" aria-hidden="true"><use href="%[2]s#m-%[1]s"/></svg>`, markName(st), s.assets.url("icons/icons.svg")))
		},
		"token": func(name string) template.HTML {
			return template.HTML(`<svg class="tok" aria-hidden="true"><use href="` + s.assets.url("icons/tokens.svg") + `#` + template.HTMLEscapeString(name) + `"/></svg>`)
		},
		"words": statusWords,
		"ago":   func(t time.Time) string { return propose.Ago(s.Now().Sub(t)) },
		"age":   propose.Ago,
		"say":   english.Say,
		"day":   english.Day,
		"on": func(date string) string { // a day that is kept as 2006-01-02
			if t, err := time.Parse(time.DateOnly, date); err == nil {
				return english.Day(t)
			}
			return date
		},
		"shortly": english.Moment,
		"round":   func(v float64) int { return int(math.Round(v)) },
		"percent": func(v float64) string { return fmt.Sprintf("%.0f", 100*v) },
		"title":   func(c competency.Competency) string { return c.InShort() },
		"can":     func(c competency.Competency) string { return cmp.Or(c.Student, c.Short, c.Statement) },
		"bar":     estimateBar,
		"plural": func(n int, one, many string) string {
			if n == 1 {
				return "1 " + one
			}
			return fmt.Sprintf("%d %s", n, many)
		},
		"upper":      upperFirst,
		"urlpath":    urlPath,
		"minutes":    func() []int { return []int{10, 20, 30, 45, 60, 90} },
		"outcomes":   func() []propose.Outcome { return propose.Outcomes },
		"pair":       func(a, b any) struct{ A, B any } { return struct{ A, B any }{a, b} },
		"purpose":    purposeIn,
		"around":     templateWords,
		"company":    companyWords,
		"ranks":      func() []int { return []int{1, 2, 3, 4} },
		"statements": func() []motivation.Statement { return motivation.Statements },
		"pulse": func() []struct{ Name, Words string } {
			return []struct{ Name, Words string }{{"relevance", "The work was about something that matters to me."}, {"inclusion", "My ideas counted in the group."}, {"support", "The teacher helped when we needed it."}}
		},
		"times": func(a, b float64) float64 { return a * b },
		"sum":   func(a, b float64) float64 { return a + b },
		"add":   func(a, b int) int { return a + b },
	}
}

// markName is the name of a status in the sprite and the style sheet.
func markName(st mastery.Status) string {
	return [...]string{"unknown", "starting", "learning", "nearly", "met", "old"}[st]
}

// statusWords says a status to everybody in the same words.
func statusWords(st mastery.Status) string {
	return [...]string{"we don't know yet", "just starting", "growing", "nearly there", "can do", "time for a look back"}[st]
}

func studentID(r *http.Request) roster.PersonID { return roster.PersonID(r.PathValue("student")) }
func classID(r *http.Request) roster.ClassID    { return roster.ClassID(r.PathValue("class")) }
func schoolID(r *http.Request) roster.OrgID     { return roster.OrgID(r.PathValue("school")) }

func urlQuery(s string) string { return url.QueryEscape(s) }

// wantsFragment reports whether a script asks, which can do nothing with a redirect.
func wantsFragment(r *http.Request) bool { return r.Header.Get("X-Waymark") != "" }

// writeCSV sends a table as a file that spreadsheets read as UTF-8 and in which no cell is a formula.
func writeCSV(w http.ResponseWriter, r *http.Request, name string, rows [][]string) error {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	for _, row := range rows {
		for i := range row {
			row[i] = tabular.Safe(row[i])
		}
	}
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return writeCompressed(w, r, http.StatusOK, b.Bytes())
}

// seeOther sends the browser on after a form, with a notice.
func seeOther(w http.ResponseWriter, r *http.Request, to, notice string) error {
	if notice != "" {
		sep := "?"
		if strings.Contains(to, "?") {
			sep = "&"
		}
		to += sep + "done=" + notice
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func writeCompressed(w http.ResponseWriter, r *http.Request, code int, body []byte) error {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(body) < 1000 || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(code)
		_, err := w.Write(body)
		return err
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(code)
	z, err := gzip.NewWriterLevel(w, 5)
	if err != nil {
		return err
	}
	if _, err := z.Write(body); err != nil {
		return err
	}
	return z.Close()
}

// formErrors carries a form back to its page: what was typed stays, what was wrong is said.
type formErrors struct {
	Summary string
	Fields  []fieldError
}

type fieldError struct{ Field, Message string }

// answerTo is what a page with a form says, and with which status: that all is well, or what was
// wrong with what was sent.
func answerTo(wrong error) (formErrors, int) {
	if wrong == nil {
		return formErrors{}, http.StatusOK
	}
	return faultErrors(wrong), status(fault.KindOf(wrong))
}

func faultErrors(err error) formErrors {
	f := fault.FieldOf(err)
	if f == "" {
		return formErrors{Summary: fault.Sentence(err)}
	}
	return formErrors{Summary: "Please look at this again.", Fields: []fieldError{{f, fault.Sentence(err)}}}
}

// For returns what is wrong with one field.
func (e formErrors) For(field string) string {
	for _, f := range e.Fields {
		if f.Field == field {
			return f.Message
		}
	}
	return ""
}
