// Package web shows Waymark in a browser: routes, pages, templates and assets. It
// decides nothing about records; every request passes the door of package guard.
package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/language"
	"waymark/internal/live"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/roster"
	"waymark/internal/sso"
	"waymark/internal/visible"
)

// Config is what a server needs.
type Config struct {
	Store    Store
	Recorder Recorder
	Intake   Intake
	Hub      *live.Hub
	Now      func() time.Time
	Random   io.Reader
	Log      *slog.Logger
	Secure   bool // served over HTTPS: cookies are marked so
	// BehindProxy says that a proxy of ours adds X-Forwarded-For.
	BehindProxy bool
	Demo        bool // show the demo's hints
	// MetricsToken lets a machine that is elsewhere read the counters; empty lets none.
	MetricsToken string
	// Providers are services that sign people in.
	Providers []*sso.Provider
	// PlanGrades are those in which every student must have a signed plan.
	PlanGrades plan.Grades
	// Patience is after what time a request is given up and told so; 0 for never.
	Patience time.Duration
}

// Server answers requests.
type Server struct {
	Config
	door      guard.Door
	assets    *assets
	languages *language.Set
	pages     map[string]func() (*template.Template, error)
	metrics   *metrics
	mux       *http.ServeMux
	uploads   uploads // files between the steps of the mapping wizard

	background background

	verifying chan struct{} // a slot for each secret that is being verified
	stopping  chan struct{} // closed when the server stops, to end what never ends by itself
}

// Stop ends the streams that are open and what is done in the background, so that the
// server can come to rest, and forgets uploaded files.
func (s *Server) Stop() {
	close(s.stopping)
	s.background.wait.Wait()
	s.uploads.clear()
}

// New returns a server.
func New(c Config) (*Server, error) {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	s := &Server{Config: c, door: guard.Door{Relations: c.Store, Log: c.Store, Now: c.Now, Pace: &guard.Pace{Most: recordsMost, Others: recordsOthers, Within: time.Hour}}, assets: a, metrics: newMetrics(), mux: http.NewServeMux(), stopping: make(chan struct{}), verifying: make(chan struct{}, 4)}
	if s.languages, err = loadLanguages(); err != nil {
		return nil, err
	}
	if err = s.parsePages(); err != nil {
		return nil, err
	}
	for _, r := range s.routes() {
		s.mux.Handle(r.pattern, s.serve(r))
	}
	return s, nil
}

// Handler returns the whole server: routes, security headers, cross-origin protection.
func (s *Server) Handler() http.Handler {
	return s.secure(http.NewCrossOriginProtection().Handler(s.mux))
}

// handler answers a request of an actor, who may be nobody on public routes.
type handler func(w http.ResponseWriter, r *http.Request, a guard.Actor) error

// access says whether an actor may come to a route; it runs before the handler.
type access func(s *Server, r *http.Request, a guard.Actor) error

// deedWait is how long a deed may wait to be written down.
const deedWait = 10 * time.Second

// recordsMost is how many different children's records one person may open within an hour: more
// than a teacher of six classes has, than an aide goes with, than a leader looks through one by one.
var recordsMost = map[roster.Role]int{roster.Teacher: 250, roster.Leader: 250, roster.Aide: 120}

// recordsOthers is the same for families, and for administrators in emergencies.
const recordsOthers = 20

type route struct {
	pattern string
	access  access
	handle  handler
}

// Who may come to a route.
func public(*Server, *http.Request, guard.Actor) error { return nil }

// entering lets in who has proved once who they are, or twice.
func entering(s *Server, r *http.Request, _ guard.Actor) error {
	session, err := s.session(r)
	if err == nil && session.Hash == "" {
		err = fault.New(fault.Unauthenticated, "Please sign in first.")
	}
	return err
}

// enteringAdult is the same for all but students, who have no phone to prove more with.
func enteringAdult(s *Server, r *http.Request, a guard.Actor) error {
	session, err := s.session(r)
	if err == nil && session.Actor.Has(roster.Student) {
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	}
	return cmp.Or(err, entering(s, r, a))
}

func signedIn(_ *Server, _ *http.Request, a guard.Actor) error {
	if a.Person == "" {
		return fault.New(fault.Unauthenticated, "Please sign in first.")
	}
	return nil
}

// oneOf lets in who has one of the roles anywhere in the district; what they see there
// depends on whom and what.
func oneOf(s *Server, r *http.Request, a guard.Actor, roles ...roster.Role) error {
	if err := signedIn(s, r, a); err != nil {
		return err
	}
	if !slices.ContainsFunc(roles, a.Has) {
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	}
	return nil
}

func toStudent(action guard.Action) access {
	return func(s *Server, r *http.Request, a guard.Actor) error {
		return s.door.Student(r.Context(), a, action, studentID(r))
	}
}

func toClass(action guard.Action) access {
	return func(s *Server, r *http.Request, a guard.Actor) error {
		return s.door.Class(r.Context(), a, action, classID(r))
	}
}

func toSchool(action guard.Action) access {
	return func(s *Server, r *http.Request, a guard.Actor) error {
		return s.door.School(r.Context(), a, action, schoolID(r))
	}
}

func toDistrict(action guard.Action) access {
	return func(s *Server, r *http.Request, a guard.Actor) error {
		return s.door.District(r.Context(), a, action)
	}
}

type actorKey struct{}

// settingsKey is under which a request carries how pages act for its student.
type settingsKey struct{}

// speechKey is under which a guardian's request carries their language.
type speechKey struct{}

// audit writes down what somebody changed, or took away as a file. What students do for themselves
// stands in their own record, with its day.
func (s *Server) audit(rt route, r *http.Request, a guard.Actor, code int) error {
	_, path, _ := strings.Cut(rt.pattern, " ")
	takes := strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".zip") || strings.HasSuffix(path, "/bundle")
	if a.Person == "" || code >= http.StatusBadRequest || r.Method == http.MethodGet && !takes || strings.HasPrefix(path, "/me/") {
		return nil
	}
	var on []string
	for _, part := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			on = append(on, r.PathValue(strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")))
		}
	}
	// It was done, also if who did it is gone by now.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), deedWait)
	defer cancel()
	return s.writeDown(ctx, guard.Deed{District: a.District, Actor: a.Person, What: rt.pattern, On: strings.Join(on, " ")})
}

// writeDown keeps a deed in the audit log, and beside it where whoever keeps this program's log
// elsewhere has it too.
func (s *Server) writeDown(ctx context.Context, x guard.Deed) error {
	if err := s.Store.RecordDeed(ctx, x); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "deed", "district", x.District, "actor", x.Actor, "what", x.What, "on", x.On, "detail", x.Detail)
	return nil
}

// serve wraps a route: who is it, may they, do it, and say what went wrong.
func (s *Server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		cw := &countingWriter{ResponseWriter: w, status: http.StatusOK}
		r, cancel := s.hurried(r)
		defer cancel()
		var a guard.Actor
		err := func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				}
			}()
			if !isText(r.URL) {
				return fault.New(fault.NotFound, "This page does not exist: its address is not text.")
			}
			session, err := s.session(r)
			if err != nil {
				return err
			}
			if !session.Waits {
				a = session.Actor
			}
			r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, session))
			// Whoever is signed in stays within their district; where nobody need be, they may be about to
			// sign in elsewhere.
			if rt.access(s, r, guard.Actor{}) != nil {
				r = r.WithContext(guard.Within(r.Context(), session.Actor.District))
			}
			r = r.WithContext(context.WithValue(r.Context(), actorKey{}, a))
			if a.Has(roster.Student) && r.Method == http.MethodGet {
				supports, err := s.Store.Supports(r.Context(), a.District, []roster.PersonID{a.Person})
				if err != nil {
					return err
				}
				r = r.WithContext(context.WithValue(r.Context(), settingsKey{}, profile.Act(profile.Fold(supports))))
			}
			if a.Has(roster.Guardian) && r.Method == http.MethodGet {
				own, err := s.speech(r, a)
				if err != nil {
					return err
				}
				r = r.WithContext(context.WithValue(r.Context(), speechKey{}, own))
			}
			if err := rt.access(s, r, a); err != nil {
				if a.Person != "" && fault.KindOf(err) == fault.NotFound {
					s.Log.WarnContext(r.Context(), "refused at the door", "route", r.Pattern, "district", a.District, "person", a.Person)
				}
				return err
			}
			if r.Method == http.MethodPost {
				if err := parseForm(cw, r); err != nil {
					return err
				}
			}
			if err := rt.handle(cw, r, a); err != nil {
				return err
			}
			return s.audit(rt, r, a, cw.status)
		}()
		if err != nil {
			s.fail(cw, r, a, err)
		}
		s.metrics.observe(rt.pattern, cw.status, s.Now().Sub(start))
	})
}

// status maps a fault's kind to HTTP.
func status(k fault.Kind) int {
	switch k {
	case fault.Invalid, fault.Decision:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Conflict:
		return http.StatusConflict
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// fail answers with a page that says what went wrong; only faults of the program are
// logged, without anything of a person in them.
func (s *Server) fail(w *countingWriter, r *http.Request, a guard.Actor, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) || w.wrote && errors.Is(err, os.ErrDeadlineExceeded) {
		return // who asked is gone, or takes in the answer too slowly
	}
	if first, ok := errors.AsType[proveFirst](err); ok && !w.wrote {
		http.Redirect(w, r, secondPath(first.back), http.StatusSeeOther)
		return
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fault.Wrap(fault.Unavailable, err, "That took too long; something large may be under way. What was being saved may be saved or not: look again before you do it twice.")
	}
	kind := fault.KindOf(err)
	if kind == fault.Internal || kind == fault.Unavailable {
		s.Log.ErrorContext(r.Context(), "request failed", "route", r.Pattern, "err", err)
	}
	if w.wrote {
		return
	}
	if kind == fault.Unauthenticated && r.Method == http.MethodGet && !wantsFragment(r) {
		http.Redirect(w, r, "/sign-in?next="+urlQuery(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	v := problemView{Status: status(kind), Sentence: fault.Sentence(err)}
	if err := s.render(w, r, a, v.Status, "problem", v); err != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "err", err)
		http.Error(w, v.Sentence, v.Status)
	}
}

type problemView struct {
	Status   int
	Sentence string
}

// countingWriter knows what was written, for metrics and for errors after the fact.
type countingWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (w *countingWriter) WriteHeader(code int) {
	if !w.wrote {
		w.status, w.wrote = code, true
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *countingWriter) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// secure sets the headers that every answer carries.
func (s *Server) secure(next http.Handler) http.Handler {
	csp := strings.Join([]string{"default-src 'none'", "object-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
		"connect-src 'self'", "form-action 'self'", "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		select {
		case <-s.stopping: // who asks again asks another connection
			h.Set("Connection", "close")
		default:
		}
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// maxForm bounds what a form may send; uploads have their own limit.
const maxForm = 1 << 20

// parseForm reads a form, before who handles it sees it. Its texts are valid and hold what can be
// seen; only secrets stay as they were typed. What comes with files is left to [receive].
func parseForm(w http.ResponseWriter, r *http.Request) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	}
	err := r.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.Wrap(fault.Invalid, err, "This is more than a form may hold (%d MB). Please shorten what you wrote", maxForm>>20)
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The form could not be read. Please try again")
	}
	for _, form := range []url.Values{r.Form, r.PostForm} {
		for name, values := range form {
			if name == "password" || name == "again" {
				continue
			}
			for i := range values {
				values[i] = visible.Text(values[i])
			}
		}
	}
	return nil
}

// isText reports whether an address is valid text as a whole.
func isText(u *url.URL) bool {
	query, err := url.QueryUnescape(u.RawQuery)
	return err == nil && utf8.ValidString(u.Path) && utf8.ValidString(query) && !strings.ContainsRune(u.Path+query, 0)
}

// render answers with a page in its frame.
func (s *Server) render(w http.ResponseWriter, r *http.Request, a guard.Actor, code int, page string, view any) error {
	body, err := s.execute(page, "shell", s.shell(r, a, view))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if code >= http.StatusBadRequest {
		body = landed(body)
	}
	return writeCompressed(w, r, code, body)
}

var toField = regexp.MustCompile(`<a href="#(f-[^"]*)">`)

// landed leads what says that a field is wrong to the main part, where the page does not
// have that field any more.
func landed(page []byte) []byte {
	return toField.ReplaceAllFunc(page, func(link []byte) []byte {
		if id := toField.FindSubmatch(link)[1]; bytes.Contains(page, slices.Concat([]byte(`id="`), id, []byte(`"`))) {
			return link
		}
		return []byte(`<a href="#main">`)
	})
}
