package web_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"waymark/internal/guard"
	"waymark/internal/hostile"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/store/storetest"
	"waymark/internal/tabular"
	"waymark/internal/team"
)

// crawlers are all who crawl: everybody who comes to a door, and the roles that the
// fixture does without.
var crawlers = append(slices.Clone(everybody[:len(everybody)-1]), "counselor", "aide", "outsider")

// startStrict returns a server with the fixture over PostgreSQL, which takes no text that
// is none, with a counselor, an aide and somebody of another district.
func startStrict(t *testing.T) *site {
	t.Helper()
	filled(t)
	s := serve(t, store.Config{URL: storetest.Postgres(t) + "&synchronous_commit=off"})
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]roster.PersonID{}
	must(errors.Join(fillDistrict(ctx, s.db, ids), fillEvidence(ctx, s.db, ids), fillAccounts(ctx, s.db, ids)))
	st, err := s.db.Stage(ctx, district, intake.OneRoster, "more.zip", "")
	must(err)
	for _, role := range []string{"counselor", "aide"} {
		must(st.User(1, true, roster.User{SourcedID: "u-" + role, Enabled: true, Username: role, GivenName: "Chris", FamilyName: role, PrimaryOrg: cedar}))
		must(st.Role(1, true, roster.RoleRecord{ID: "r-" + role, User: "u-" + role, Org: cedar, Role: role, Primary: true}))
		if role == "aide" {
			must(st.Enrollment(1, true, roster.Enrollment{ID: "e-aide", Class: room12, School: cedar, User: "u-aide", Role: "aide"}))
		}
		ids[role] = st.Person("u-" + role)
	}
	must(finish(ctx, s.db, st))
	for _, role := range []string{"counselor", "aide"} {
		must(s.db.OpenSession(ctx, guard.Session{Hash: guard.TokenHash("session of " + role), Actor: guard.Actor{District: district, Person: ids[role]}, Expires: friday.AddDate(0, 0, 14)}))
	}
	s.outsider()
	return s
}

// field is what a form asks for.
type field struct {
	name, kind, value string
	values            []string // that may be chosen
}

// webForm is a form as a page has it.
type webForm struct {
	method, action string
	file           bool // takes a file
	fields         []field
}

// formsOf returns the forms of a page; each button that says something makes one.
func formsOf(p *page, at string) (forms []webForm) {
	for _, n := range p.all("form") {
		f := webForm{method: strings.ToUpper(cmp.Or(attr(n, "method"), http.MethodGet)), action: cmp.Or(attr(n, "action"), at), file: attr(n, "enctype") == "multipart/form-data"}
		var buttons []field
		radios := map[string]int{}
		for x := range n.Descendants() {
			name := attr(x, "name")
			if x.Type != html.ElementNode || name == "" {
				continue
			}
			switch x.Data {
			case "button":
				buttons = append(buttons, field{name, "button", attr(x, "value"), nil})
			case "input":
				kind := cmp.Or(attr(x, "type"), "text")
				if attr(x, "inputmode") != "" {
					kind = "number"
				}
				if i, ok := radios[name]; ok && kind == "radio" {
					f.fields[i].values = append(f.fields[i].values, attr(x, "value"))
					continue
				}
				if kind == "radio" {
					radios[name] = len(f.fields)
				}
				f.fields = append(f.fields, field{name, kind, attr(x, "value"), []string{attr(x, "value")}})
			case "textarea":
				f.fields = append(f.fields, field{name, "textarea", textOf(x), nil})
			case "select":
				s := field{name: name, kind: "select"}
				for o := range x.Descendants() {
					if v := attr(o, "value"); o.Data == "option" && v != "" {
						s.values = append(s.values, v)
					}
				}
				f.fields = append(f.fields, s)
			}
		}
		if len(buttons) == 0 {
			forms = append(forms, f)
		}
		for _, b := range buttons {
			g := f
			g.fields = append(slices.Clone(f.fields), b)
			forms = append(forms, g)
		}
	}
	return forms
}

// free reports a field into which anything may be typed.
func (f field) free() bool { return f.kind == "text" || f.kind == "textarea" || f.kind == "search" }

// filled returns what a browser would send that fills in everything; turn says which of
// some choices is taken, and text is typed where anything may be.
func (f webForm) filled(turn int, text string) url.Values {
	v := url.Values{}
	for _, x := range f.fields {
		value := x.value
		switch {
		case x.free() && (turn%2 == 0 || value == "" || f.method == http.MethodGet):
			value = text
		case x.kind == "radio" || x.kind == "select":
			if len(x.values) == 0 {
				continue
			}
			value = x.values[turn%len(x.values)]
		case x.kind == "date":
			value = cmp.Or(value, []string{"2026-12-02", "2026-11-18"}[turn%2])
		case x.kind == "time":
			value = cmp.Or(value, "10:00")
		case x.kind == "number":
			value = cmp.Or(value, []string{"1", "4"}[turn%2])
		case x.kind == "email":
			value = "somebody@example.org"
		case x.kind == "password":
			value = "eight small boats"
		case x.kind == "checkbox" && (turn%3 == 2 || x.name == "sure"): // what ends the whole roster is not done
			continue
		}
		v.Add(x.name, value)
	}
	return v
}

// crawler goes through the site as one of those who may come.
type crawler struct {
	*site
	role    string
	asked   map[string]bool   // addresses, and forms with their names
	often   map[string]int    // how often a route was asked
	sends   bool              // forms too
	again   bool              // only forms that nobody has sent yet
	samples map[string]string // an address for each route that was answered
	queue   []string
	*journal
}

// journal is what all crawlers of a test have done.
type journal struct {
	mu      sync.Mutex // guards asks, reached, done and counted; the rest is written by one crawler at a time
	asks    int
	reached map[string]map[string]bool // roles by route
	done    map[string]bool            // routes of which a page was shown, or a form taken or refused for what was in it
	counted map[string]bool            // routes that were asked for with numbers

	forms  map[string]map[string]sentForm // by route and by names of their fields
	handed []string                       // addresses that somebody was given to hand on
}

func newJournal() *journal {
	return &journal{reached: map[string]map[string]bool{}, done: map[string]bool{}, counted: map[string]bool{}, forms: map[string]map[string]sentForm{}}
}

func (j *journal) note(pattern, role string, done bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asks++
	if pattern == "" {
		return
	}
	if j.reached[pattern] == nil {
		j.reached[pattern] = map[string]bool{}
	}
	j.reached[pattern][role] = true
	if done {
		j.done[pattern] = true
	}
}

// first reports whether nobody has asked for a route with numbers yet.
func (j *journal) first(pattern string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	was := j.counted[pattern]
	j.counted[pattern] = true
	return !was
}

// crawler returns one who goes through what a role finds, and may send forms.
func (j *journal) crawler(s *site, role string, sends bool) *crawler {
	return &crawler{site: s, role: role, sends: sends, asked: map[string]bool{}, often: map[string]int{}, samples: map[string]string{}, queue: append(doors(), j.handed...), journal: j}
}

const (
	eachPage = 2 // so many addresses of a route are asked by one role
	eachForm = 3 // so often is a form sent, each time with other choices
)

func get(at string) *http.Request { return httptest.NewRequest(http.MethodGet, at, nil) }

// ask sends a request and looks at the answer.
func (c *crawler) ask(r *http.Request) *page {
	c.t.Helper()
	if r.URL.Path == "/events" { // which does not end by itself
		ctx, stop := context.WithCancel(r.Context())
		stop()
		r = r.WithContext(ctx)
	}
	_, pattern := sitemap().Handler(r)
	what := r.Method + " " + r.URL.String()
	var p *page
	if c.role == "" {
		p = c.do(r, "")
	} else {
		p = c.doAs(r, c.role)
	}
	c.note(pattern, c.role, p.Code < 400 && !strings.HasPrefix(p.Header.Get("Location"), "/sign-in?next=") || p.Code == http.StatusUnprocessableEntity)
	for _, bad := range harms(p, r.URL.Path) {
		c.t.Errorf("%.200s as %q: %s", what, c.role, bad)
	}
	return p
}

func (c *crawler) visit(at string) {
	c.t.Helper()
	u, err := url.Parse(at)
	if err != nil || u.IsAbs() || !strings.HasPrefix(u.Path, "/") {
		return
	}
	u.Fragment = ""
	_, pattern := sitemap().Handler(&http.Request{Method: http.MethodGet, URL: u})
	if pattern == "" || c.asked[u.String()] || c.often[pattern] >= eachPage && u.RawQuery != "" || c.often[pattern] >= 2*eachPage {
		return
	}
	c.asked[u.String()] = true
	c.often[pattern]++
	p := c.ask(get(u.String()))
	if p.Code < 300 && c.samples[pattern] == "" {
		c.samples[pattern] = u.String()
	}
	c.follow(p, u)
}

// follow puts what a page leads to in the queue, and sends its forms.
func (c *crawler) follow(p *page, from *url.URL) {
	c.t.Helper()
	if to := p.Header.Get("Location"); to != "" { // now it may show what it did not before
		if u, err := from.Parse(to); err == nil && !c.asked[to+" after"] {
			c.asked[to+" after"] = true
			c.follow(c.ask(get(u.String())), u)
		}
		return
	}
	next := p.links()
	for _, x := range p.all("input", "type", "") { // an address to hand on, shown once
		if u, err := url.Parse(attr(x, "value")); err == nil && u.Host != "" {
			if c.sends {
				c.handed = append(c.handed, u.Path)
			}
			next = append(next, u.Path)
		}
	}
	for _, to := range next {
		if u, err := from.Parse(to); err == nil {
			c.queue = append(c.queue, u.String())
		}
	}
	for _, f := range formsOf(p, from.String()) {
		c.send(f, from)
	}
}

// send sends a form, until one like it was sent often enough.
func (c *crawler) send(f webForm, from *url.URL) {
	c.t.Helper()
	u, err := from.Parse(f.action)
	if err != nil {
		c.t.Errorf("a form goes to %q", f.action)
		return
	}
	_, pattern := sitemap().Handler(&http.Request{Method: f.method, URL: u})
	if pattern == "POST /sign-out" || !c.sends {
		return
	}
	key := pattern
	for _, x := range f.fields {
		key += " " + x.name
		if x.kind == "button" {
			key += "=" + x.value
		}
	}
	turn := c.often[key]
	if turn >= eachForm || c.again && c.forms[pattern][key].action != "" {
		return
	}
	c.often[key]++
	f.action = u.String()
	if f.method == http.MethodGet {
		u.RawQuery = f.filled(turn, []string{hostile.Markup, "ma"}[turn%2]).Encode()
		c.follow(c.ask(get(u.String())), u)
		return
	}
	if c.forms[pattern] == nil {
		c.forms[pattern] = map[string]sentForm{}
	}
	if _, ok := c.forms[pattern][key]; !ok {
		c.forms[pattern][key] = sentForm{f, c.role, 0}
		all := url.Values{}
		for _, x := range f.fields {
			all.Add(x.name, hostile.Markup)
		}
		c.ask(f.request(all))
	}
	p := c.ask(f.request(f.filled(turn, hostile.Markup)))
	if p.Code == http.StatusSeeOther {
		c.forms[pattern][key] = sentForm{f, c.role, turn}
	}
	c.follow(p, u)
}

// sentForm is a form with who found it, and the turn of its choices that was taken.
type sentForm struct {
	webForm
	role string
	turn int
}

// request is the form as a browser sends it; a file is a list of materials.
func (f webForm) request(values url.Values) *http.Request {
	if !f.file {
		r := httptest.NewRequest(http.MethodPost, f.action, strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, x := range f.fields {
		for _, v := range values[x.name] {
			if x.kind == "file" && x.name == "file" {
				part, _ := w.CreateFormFile("file", hostile.Markup+".csv")
				fmt.Fprintf(part, "id,title,location,kind,competencies,licence\nm-%d,%q,%q,game,4.NF.1,%[3]q\n", len(values), strings.ReplaceAll(hostile.Markup, `"`, "'"), strings.ReplaceAll(hostile.Markup, `"`, "'"))
			} else if x.kind != "file" {
				_ = w.WriteField(x.name, v)
			}
		}
	}
	w.Close()
	r := httptest.NewRequest(http.MethodPost, f.action, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// crawl goes through all that the role finds.
func (c *crawler) crawl() {
	c.t.Helper()
	for len(c.queue) > 0 {
		at := c.queue[0]
		c.queue = c.queue[1:]
		c.visit(at)
	}
}

// doors are where everybody tries to come in, found or not.
func doors() (paths []string) {
	for _, pattern := range slices.Sorted(maps.Keys(allowed)) {
		method, path, _ := strings.Cut(pattern, " ")
		if method == http.MethodGet && !strings.Contains(path, "{") {
			paths = append(paths, path)
		}
	}
	return append(paths, "/", "/students/"+string(person("student")), "/classes/"+string(room12), "/schools/"+string(cedar))
}

// Where a page leads and what it shows.
var (
	addresses = map[string]bool{"href": true, "src": true, "action": true, "formaction": true, "srcset": true, "poster": true, "data": true, "xlink:href": true}
	scheme    = regexp.MustCompile(`^[\x00-\x20]*([a-zA-Z][a-zA-Z0-9+.\-]*)[\x00-\x20]*:`)
	// turning are characters that change the direction of what stands after them.
	turning = "\u202a\u202b\u202d\u202e\u2066\u2067"
)

// harms finds what no answer may have, whatever was sent before.
func harms(p *page, path string) (bad []string) {
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	if p.Code >= 500 {
		say("answers %d", p.Code)
	}
	h := p.Header
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !slices.Contains(strings.Split(csp, "; "), want) {
			say("the policy %q lacks %s", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
		say("the policy %q lets too much in", csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := h.Get(name); got != want {
			say("%s is %q", name, got)
		}
	}
	if cache := h.Get("Cache-Control"); !strings.Contains(cache, "no-store") && !strings.HasPrefix(path, "/assets/") && path != "/sw.js" {
		say("Cache-Control is %q", cache)
	}
	for name, values := range h {
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				say("the header %s has a line break: %q", name, v)
			}
		}
	}
	if to := h.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
		say("leads away, to %q", to)
	}
	for _, c := range (&http.Response{Header: h}).Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode {
			say("the cookie %s is not HttpOnly and SameSite", c.Name)
		}
		if c.Value == "stolen" {
			say("a header was smuggled in")
		}
	}
	switch kind, _, _ := strings.Cut(h.Get("Content-Type"), ";"); {
	case kind == "text/csv":
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.Body, "\ufeff"))).ReadAll()
		if err != nil {
			say("a CSV file that is none: %v", err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if tabular.Safe(cell) != cell {
					say("the cell %q is a formula", cell)
				}
			}
		}
	case p.Doc != nil:
		bad = append(bad, marksOf(p)...)
		if !utf8.ValidString(p.Body) || strings.ContainsRune(p.Body, 0) {
			say("a page that is not text as a whole")
		}
	case kind == "" && p.Body != "":
		say("says not what it is")
	}
	return bad
}

// marksOf finds what came into a page from outside and became part of it.
func marksOf(p *page) (bad []string) {
	for n := range p.Doc.Descendants() {
		if n.Type == html.TextNode && strings.ContainsAny(n.Data, turning) && !isolated(n) {
			bad = append(bad, fmt.Sprintf("%q turns what stands beside it around", n.Data))
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == hostile.Mark {
			bad = append(bad, "an element came in from outside")
		}
		for _, a := range n.Attr {
			if a.Key == hostile.Mark {
				bad = append(bad, fmt.Sprintf("an attribute of <%s> came in from outside", n.Data))
			}
			if m := scheme.FindStringSubmatch(a.Val); addresses[a.Key] && m != nil && !strings.HasPrefix(a.Val, "data:image/png;base64,") && !slices.Contains([]string{"http", "https", "mailto"}, strings.ToLower(m[1])) {
				bad = append(bad, fmt.Sprintf("<%s %s=%q>", n.Data, a.Key, a.Val))
			}
			if n.Data != "a" && addresses[a.Key] && (strings.Contains(a.Val, "://") || strings.HasPrefix(a.Val, "//")) {
				bad = append(bad, fmt.Sprintf("<%s %s=%q> is fetched from elsewhere", n.Data, a.Key, a.Val))
			}
		}
	}
	return bad
}

// isolated reports whether a text stands in an element that keeps its direction to itself.
func isolated(n *html.Node) bool {
	for a := range n.Ancestors() {
		switch {
		case a.Data == "html":
			return false
		case a.Data == "bdi", a.Data == "textarea", a.Data == "option", a.Data == "title", attr(a, "dir") != "":
			return true
		}
	}
	return false
}

// asks are the names of all that pages may be asked by: ?name=…
func asks(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:Get\(|asked\(r, )"([a-z]+)"\)`).FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// spoiled returns a form that would be taken, with a text in its free fields, or in one of the others.
func (f sentForm) spoiled(text string, other int) url.Values {
	v := f.filled(f.turn, text)
	var free, rest []string
	for _, x := range f.fields {
		if x.free() {
			free = append(free, x.name)
		} else if x.kind != "file" {
			rest = append(rest, x.name)
		}
	}
	if other < 0 {
		rest = free
	} else if len(rest) > 0 {
		rest = []string{rest[other%len(rest)]}
	}
	for _, name := range rest {
		v.Set(name, text)
	}
	return v
}

// prepare begins what a form alone does not: flex time, groups, learning outside of school,
// files that wait and files with problems. What it is called is hostile already.
func (s *site) prepare(j *journal) {
	s.t.Helper()
	s.setUpFlex()
	offer := s.offer(hostile.Markup, nil, mondayFlex, wednesdayFlex)
	s.post("student", "/me/flex/requests", url.Values{"week": {"2026-11-23"}, "wish-" + string(offer): {"1"}}).is(http.StatusSeeOther)
	// Liam does not crawl, so that his wish stays.
	s.post("liam", "/me/flex/requests", url.Values{"week": {"2026-11-23"}, "wish-" + string(offer): {"1"}}).is(http.StatusSeeOther)
	s.post("teacher", "/students/"+string(person("liam"))+"/mentor", url.Values{"mentor": {string(person("teacher"))}}).is(http.StatusSeeOther)
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).is(http.StatusSeeOther)
	s.post("administrator", "/admin/studies", studyQuestion(url.Values{"question": {hostile.Markup}})).says("at least 2 of each")
	set, _ := s.proposeGroups(url.Values{"title": {hostile.Markup}, "roles": {hostile.Markup + ", writer"}})
	teachers, err := s.db.SaveTeam(s.t.Context(), district, team.Team{School: cedar, Name: hostile.Markup, Kind: team.Academy, Grade: "04", Space: hostile.Markup, Planning: hostile.Markup, Lead: person("leader"), Members: []roster.PersonID{person("teacher")}})
	if err != nil {
		s.t.Fatal(err)
	}
	atTeam := "/teams/" + string(teachers)
	s.post("teacher", atTeam+"/items", url.Values{"words": {hostile.Markup}}).is(http.StatusSeeOther)
	s.post("teacher", room12Path+"/course", url.Values{"do": {"ask"}}).is(http.StatusSeeOther)
	outside := "/students/" + string(person("student")) + "/outside"
	s.post("student", outside, url.Values{"what": {hostile.Markup}, "kind": {"club"}, "place": {hostile.Markup}, "day": {"2026-11-07"}, "hours": {"6"}, "competency": {string(area)}}).is(http.StatusSeeOther)
	quoted := `"` + strings.ReplaceAll(hostile.Markup, `"`, `""`) + `"`
	waiting := s.checked("materials", hostile.Markup, []byte("title,location,kind,competencies\n"+quoted+",Shelf,game,4.NF.1\n=1+1,Shelf,"+quoted+",4.NF.1\n"+quoted+",Shelf,,"+quoted+"\n"))
	columns := s.columnsOf(hostile.Markup+".csv", quoted+",username,score,date\n"+quoted+",maya,3,2026-11-02\n")
	j.handed = append(j.handed, flexPath+"?week=2026-11-23", "/teach/flex?school=cedar&week=2026-11-23", "/me/flex?week=2026-11-23", set, atTeam, outside, waiting, waiting+"/problems.csv", columns)
}

// TestTheWholeSiteBearsWhatIsSent goes through the site as everybody, sends every form that
// it finds with an element in every field, then with every hostile text; asks for every page
// with them in every parameter; and goes through all pages again to see what became of it.
func TestTheWholeSiteBearsWhatIsSent(t *testing.T) {
	t.Parallel()
	s := startStrict(t)
	j := newJournal()
	s.prepare(j)
	for _, again := range []bool{false, true} { // what one wrote, others find
		for _, role := range crawlers {
			c := j.crawler(s, role, true)
			c.again = again
			c.crawl()
		}
	}
	fields := j.spoil(s)
	names := asks(t)
	var jobs []func()
	for i, role := range crawlers {
		jobs = append(jobs, func() { j.read(s, role, i, names) })
	}
	atOnce(jobs)
	if most := len(allowed) - 25; len(j.done) < most {
		t.Errorf("forms and pages of %d routes were answered; want %d: what is no more found by links and forms belongs into prepare", len(j.done), most)
	}
	pairs := 0
	for _, roles := range j.reached {
		pairs += len(roles)
	}
	t.Logf("routes × roles: %d (%d of %d routes were answered with a page or for what was in the form); %d requests", pairs, len(j.done), len(allowed), j.asks)
	t.Logf("hostile inputs tried: %d through %d entry points", len(hostile.Texts()), fields)
}

// spoil sends the forms of each route with every hostile text in their free fields, and with
// some of them in one of the others; it returns how many fields there are.
func (j *journal) spoil(s *site) int {
	s.t.Helper()
	fields := map[string]bool{}
	var jobs []func()
	s.later(time.Hour) // so that signing in is not refused for trying too often
	for _, pattern := range slices.Sorted(maps.Keys(j.forms)) {
		var forms []sentForm
		for _, key := range slices.Sorted(maps.Keys(j.forms[pattern])) {
			forms = append(forms, j.forms[pattern][key])
			for _, x := range j.forms[pattern][key].fields {
				fields[pattern+" "+x.name] = true
			}
		}
		jobs = append(jobs, func() {
			for i, text := range hostile.Texts() {
				f := forms[i%len(forms)]
				free := slices.ContainsFunc(f.fields, field.free)
				if free {
					j.crawler(s, f.role, false).ask(f.request(f.spoiled(text.Value, -1)))
				}
				if !free && i%3 == 0 || i%6 == 0 {
					j.crawler(s, f.role, false).ask(f.request(f.spoiled(text.Value, i)))
				}
			}
		})
	}
	atOnce(jobs)
	return len(fields)
}

// atOnce does jobs, a few at a time.
func atOnce(jobs []func()) {
	var all sync.WaitGroup
	next := make(chan func())
	for range 3 {
		all.Go(func() {
			for job := range next {
				job()
			}
		})
	}
	for _, job := range jobs {
		next <- job
	}
	close(next)
	all.Wait()
}

// read goes through all that a role finds, then asks for each page with a hostile text in every
// parameter, and once with each of those that are nearly numbers or days, and for every route with one in each place of its path.
func (j *journal) read(s *site, role string, turn int, names []string) {
	s.t.Helper()
	c := j.crawler(s, role, false)
	c.crawl()
	texts := hostile.Texts()
	for _, pattern := range slices.Sorted(maps.Keys(c.samples)) {
		turn += 7
		some := []hostile.Text{texts[turn%len(texts)]}
		if j.first(pattern) {
			some = append(some, hostile.Numbers()...)
		}
		for _, text := range some {
			query := url.Values{}
			for _, name := range names {
				query.Set(name, text.Value[:min(len(text.Value), 2000)])
			}
			u, _ := url.Parse(c.samples[pattern])
			u.RawQuery = query.Encode()
			c.ask(get(u.String()))
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(allowed)) {
		method, path, _ := strings.Cut(pattern, " ")
		if path == "/sign-out" {
			continue
		}
		turn += 7
		to := placeholder.ReplaceAllStringFunc(strings.TrimSuffix(path, "{$}"), func(string) string { return url.PathEscape(texts[turn%len(texts)].Value) })
		c.ask(httptest.NewRequest(method, to, nil))
	}
}
