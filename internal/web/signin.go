package web

import (
	"cmp"
	"context"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// Failed sign-ins within the window before an account or an address has to wait.
const (
	signInWindow    = 15 * time.Minute
	failsPerAccount = 5
	failsPerAddress = 100
)

func (s *Server) showStart(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	to := "/sign-in"
	if a.Person != "" {
		to = home(a)
	}
	return seeOther(w, r, to, "")
}

type nothingView struct{}

// showNothing is where people start who are nothing yet to any school.
func (s *Server) showNothing(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.render(w, r, a, http.StatusOK, "nothing", nothingView{})
}

type signInView struct {
	spoken
	Next, Username string
	Errors         formErrors
	Demo           bool
	Providers      []providerView
}

// providerView is a button for a service that signs people in.
type providerView struct{ Href, Name string }

func (s *Server) providerViews(next string) (out []providerView) {
	for _, p := range s.Providers {
		out = append(out, providerView{awayPath + p.ID + "?next=" + urlQuery(next), p.Name})
	}
	return out
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	next := localPath(r.URL.Query().Get("next"))
	if a.Person != "" {
		return seeOther(w, r, next, "")
	}
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "signin", signInView{spoken: speech, Next: next, Demo: s.Demo, Providers: s.providerViews(next)})
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	v := signInView{spoken: speech, Next: localPath(r.PostForm.Get("next")), Username: strings.TrimSpace(r.PostForm.Get("username")), Demo: s.Demo}
	v.Providers = s.providerViews(v.Next)
	who, err := s.verified(r, v.Username, func(ctx context.Context) ([]guard.Account, error) {
		return s.Store.AccountsNamed(ctx, v.Username)
	}, r.PostForm.Get("password"))
	if err != nil {
		said, failed := speech.Say(map[bool]string{false: "signin.wrong", true: "signin.wait"}[fault.KindOf(err) == fault.Throttled])
		if failed != nil {
			return failed
		}
		v.Errors = formErrors{Summary: said}
		return s.refused(w, r, a, err, "signin", v)
	}
	return s.openSession(w, r, who.District, who.Person, sessionLife, false, v.Next)
}

// refused shows a sign-in form again with what was wrong; anything but a fault of the
// person goes on as it is.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, a guard.Actor, err error, page string, view any) error {
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Throttled {
		return err
	}
	return s.render(w, r, a, status(fault.KindOf(err)), page, view)
}

// verified returns the one of some accounts that a secret opens. Whether there is no
// such account or the secret is wrong, the answer and the work are the same; after
// too many failures for a name or an address nothing is tried at all.
func (s *Server) verified(r *http.Request, name string, accounts func(context.Context) ([]guard.Account, error), secret string) (guard.Account, error) {
	// What was typed as a name may be a password by mistake: only its hash is kept.
	account := "account:" + guard.TokenHash(strings.ToLower(strings.Join(strings.Fields(name), " ")))
	address := s.addressOf(r)
	// A few at a time: verifying costs memory and time, and a burst of tries must not
	// outrun the count of failures by much.
	select {
	case s.verifying <- struct{}{}:
		defer func() { <-s.verifying }()
	case <-r.Context().Done():
		return guard.Account{}, r.Context().Err()
	}
	if err := s.throttled(r.Context(), account, failsPerAccount); err != nil {
		return guard.Account{}, err
	}
	if err := s.throttled(r.Context(), address, failsPerAddress); err != nil {
		return guard.Account{}, err
	}
	found, err := accounts(r.Context())
	if err != nil {
		return guard.Account{}, err
	}
	if len(found) == 0 {
		guard.VerifySecret("", secret)
	}
	var opened []guard.Account
	for _, f := range found {
		if guard.VerifySecret(f.Hash, secret) {
			opened = append(opened, f)
		}
	}
	// The same name and secret in two districts says nothing about who this is.
	if len(opened) == 1 {
		return opened[0], nil
	}
	if err := s.Store.Failed(r.Context(), []string{account, address}); err != nil {
		return guard.Account{}, err
	}
	var whose []string // none where there is no such account: what was typed is not logged
	for _, f := range found {
		whose = append(whose, string(f.District)+"/"+string(f.Person))
	}
	s.Log.WarnContext(r.Context(), "wrong secret", "route", r.Pattern, "whose", whose)
	return guard.Account{}, fault.New(fault.Invalid, "That did not fit together. Please look at it again, letter by letter.")
}

// throttled returns a fault once a subject has failed too often of late.
func (s *Server) throttled(ctx context.Context, subject string, most int) error {
	n, err := s.Store.Failures(ctx, []string{subject}, s.Now().Add(-signInWindow))
	if err != nil {
		return err
	}
	if n >= most {
		kind, _, _ := strings.Cut(subject, ":")
		s.Log.WarnContext(ctx, "too many failures, nothing is tried", "of", kind)
		return fault.New(fault.Throttled, "That was tried a few times too often. Take a break of 15 minutes, or ask your teacher or your school for help.")
	}
	return nil
}

// addressOf names where a request comes from: the IPv4 address, or the network of an
// IPv6 address, of which one device may have many. Behind a proxy of ours, that is what
// the proxy says last; earlier entries are anybody's word.
func (s *Server) addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); s.BehindProxy && len(forwarded) > 0 {
		all := strings.Split(forwarded[len(forwarded)-1], ",")
		host = strings.TrimSpace(all[len(all)-1])
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap().WithZone("")
		if ip.Is6() {
			if p, err := ip.Prefix(64); err == nil {
				return "address:" + p.String()
			}
		}
		host = ip.String()
	}
	return "address:" + host
}

// localPath returns a path of this site to go on to, or the start page's. A browser
// reads a backslash as a slash and drops line breaks, so that neither may be in it.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return "/"
	}
	return next
}

// classView is a class's sign-in: tokens instead of names.
type classView struct {
	Code     string // of the class, as it was typed; empty to ask for it
	Known    bool   // the class is found
	Tokens   []tokenView
	Pictures []pictureStep
	Words    string
	Errors   formErrors
}

// tokenView is a picture by which a child finds themself.
type tokenView struct {
	Value   string // what the form sends
	Picture string // its drawing
	Label   string // its name
	Chosen  bool
}

// pictureStep is one of the pictures of a picture code.
type pictureStep struct {
	Name, Title string
	Choices     []tokenView
}

func (s *Server) showClassSignIn(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v := classView{Code: strings.TrimSpace(r.URL.Query().Get("code"))}
	if v.Code == "" {
		return s.render(w, r, a, http.StatusOK, "class", v)
	}
	_, _, err := s.classTokens(r, &v, "")
	if err != nil {
		v.Errors = formErrors{Summary: fault.Sentence(err), Fields: []fieldError{{"code", fault.Sentence(err)}}}
		return s.refused(w, r, a, err, "class", v)
	}
	return s.render(w, r, a, http.StatusOK, "class", v)
}

// classTokens fills a view with a class's tokens and returns whose they are.
func (s *Server) classTokens(r *http.Request, v *classView, chosen string) (roster.DistrictID, map[string]roster.PersonID, error) {
	ctx, address := r.Context(), s.addressOf(r)
	if err := s.throttled(ctx, address, failsPerAddress); err != nil {
		return "", nil, err
	}
	d, class, err := s.Store.ClassByCode(ctx, strings.ReplaceAll(guard.FoldCode(v.Code), " ", "-"))
	if fault.KindOf(err) == fault.NotFound {
		if err := s.Store.Failed(ctx, []string{address}); err != nil {
			return "", nil, err
		}
		return "", nil, fault.New(fault.Invalid, "There is no class with this code. It is on your card: a word and a number.")
	}
	if err != nil {
		return "", nil, err
	}
	tokens, err := s.Store.ClassTokens(ctx, d, class.ID)
	if err != nil {
		return "", nil, err
	}
	whose := make(map[string]roster.PersonID, len(tokens))
	for p, t := range tokens {
		whose[t] = p
	}
	v.Known = true
	for _, t := range slices.Sorted(maps.Keys(whose)) {
		v.Tokens = append(v.Tokens, newToken(t, chosen))
	}
	for i, title := range []string{"First picture", "Second picture", "Third picture", "Fourth picture"} {
		step := pictureStep{Name: "p" + string(rune('1'+i)), Title: title}
		for _, p := range guard.Pictures {
			step.Choices = append(step.Choices, newToken(p, ""))
		}
		v.Pictures = append(v.Pictures, step)
	}
	return d, whose, nil
}

// newToken shows a token: "fox", or "fox-2" where a class has more children than there
// are drawings.
func newToken(value, chosen string) tokenView {
	picture, _, _ := strings.Cut(value, "-")
	label := strings.ReplaceAll(value, "-", " ")
	return tokenView{Value: value, Picture: picture, Label: strings.ToUpper(label[:min(1, len(label))]) + label[min(1, len(label)):], Chosen: value == chosen && value != ""}
}

// classSignIn signs a child in by token and code. Which kind of code a child has is
// not told: both are offered, and what was filled in is compared.
func (s *Server) classSignIn(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	form := r.PostForm
	v := classView{Code: strings.TrimSpace(form.Get("code")), Words: form.Get("words")}
	d, whose, err := s.classTokens(r, &v, form.Get("who"))
	if err == nil {
		kind, secret := guard.WordCode, v.Words
		if strings.TrimSpace(secret) == "" {
			kind, secret = guard.PictureCode, strings.Join([]string{form.Get("p1"), form.Get("p2"), form.Get("p3"), form.Get("p4")}, " ")
		}
		var who guard.Account
		child, known := whose[form.Get("who")]
		who, err = s.verified(r, "child "+cmp.Or(string(d)+"/"+string(child), "nobody"), func(ctx context.Context) ([]guard.Account, error) {
			if !known {
				return nil, nil
			}
			hash, err := s.Store.Secret(ctx, d, child, string(kind))
			return []guard.Account{{District: d, Person: child, Hash: hash}}, err
		}, guard.FoldCode(secret))
		if err == nil {
			return s.openSession(w, r, who.District, who.Person, childIdle, false, "/")
		}
	}
	v.Words = ""
	v.Errors = formErrors{Summary: fault.Sentence(err)}
	switch {
	case fault.KindOf(err) != fault.Invalid:
	case !v.Known:
		v.Errors.Fields = []fieldError{{"code", fault.Sentence(err)}}
	case form.Get("who") == "":
		v.Errors.Fields = []fieldError{{"who", "Choose the picture that is you."}}
	default:
		v.Errors.Fields = []fieldError{{"secret", "That was not the secret. Look at your card and try again."}}
	}
	return s.refused(w, r, a, err, "class", v)
}

type linkView struct {
	spoken
	Token string
}

// showLink asks for one press: programs that look at links in messages must not use
// them up.
func (s *Server) showLink(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "link", linkView{speech, r.PathValue("token")})
}

func (s *Server) useLink(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	who, err := s.Store.UseLink(r.Context(), guard.TokenHash(r.PathValue("token")))
	if err != nil {
		s.Log.WarnContext(r.Context(), "a sign-in link was used up, too old or made up", "route", r.Pattern)
		return err
	}
	return s.openSession(w, r, who.District, who.Person, sessionLife, false, "/")
}
