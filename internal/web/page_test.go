package web_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"
)

// faultsOf finds what no page may have, whatever it shows.
func faultsOf(p *page) (faults []string) {
	ids, labelled := map[string]bool{}, map[string]bool{}
	headings := 0
	for n := range p.Doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				faults = append(faults, fmt.Sprintf("two elements have the id %q", id))
			}
			ids[id] = true
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				faults = append(faults, fmt.Sprintf("<%s> has an inline %s, which the policy blocks", n.Data, a.Key))
			}
		}
		switch n.Data {
		case "a":
			if to := attr(n, "href"); strings.HasPrefix(to, "/") && !leads(http.MethodGet, to) {
				faults = append(faults, fmt.Sprintf("a link leads nowhere: %s", to))
			}
		case "form":
			method := strings.ToUpper(cmp.Or(attr(n, "method"), http.MethodGet))
			if to := attr(n, "action"); to != "" && !leads(method, to) {
				faults = append(faults, fmt.Sprintf("a form leads nowhere: %s %s", method, to))
			}
		case "h1":
			headings++
		case "label":
			labelled[attr(n, "for")] = true
		case "style":
			faults = append(faults, "there is an inline style sheet")
		case "use":
			// Named by a path that changes with the assets: /assets/HASH/icons/icons.svg#home
			file, symbol, _ := strings.Cut(attr(n, "href"), "#")
			if _, file, _ = strings.Cut(strings.TrimPrefix(file, "/assets/"), "/"); !sprites()[file+"#"+symbol] {
				faults = append(faults, fmt.Sprintf("there is no drawing %q", attr(n, "href")))
			}
		case "script":
			if attr(n, "src") == "" {
				faults = append(faults, "there is an inline script")
			}
		}
	}
	if headings != 1 {
		faults = append(faults, fmt.Sprintf("there are %d h1 headings; want 1", headings))
	}
	for n := range p.Doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, ref := range []string{"aria-labelledby", "aria-describedby", "aria-controls"} {
			for id := range strings.FieldsSeq(attr(n, ref)) {
				if !ids[id] {
					faults = append(faults, fmt.Sprintf("%s names %q, which is not there", ref, id))
				}
			}
		}
		switch n.Data {
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" && !labelled[attr(n, "id")] && !within(n, "label") && attr(n, "aria-label") == "" {
				faults = append(faults, fmt.Sprintf("<%s name=%q> has no label", n.Data, attr(n, "name")))
			}
		case "a":
			href := attr(n, "href")
			if href == "" || textOf(n) == "" && attr(n, "aria-label") == "" {
				faults = append(faults, fmt.Sprintf("a link to %q says nothing or goes nowhere", href))
			}
			if id, ok := strings.CutPrefix(href, "#"); ok && !ids[id] {
				faults = append(faults, fmt.Sprintf("a link goes to %q, which is not on the page", href))
			}
		case "button":
			if textOf(n) == "" && attr(n, "aria-label") == "" {
				faults = append(faults, "a button says nothing")
			}
		}
	}
	return faults
}

// sprites are the drawings that pages may use, as "icons/icons.svg#home".
var sprites = sync.OnceValue(func() map[string]bool {
	found := map[string]bool{}
	for _, file := range []string{"icons/icons.svg", "icons/tokens.svg"} {
		text, err := os.ReadFile(filepath.Join("assets", file))
		if err != nil {
			panic(err)
		}
		for _, m := range regexp.MustCompile(`<symbol id="([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			found[file+"#"+m[1]] = true
		}
	}
	return found
})

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func within(n *html.Node, tag string) bool {
	for a := range n.Ancestors() {
		if a.Data == tag {
			return true
		}
	}
	return false
}

// textOf is what a person reads of a node, with single spaces.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case !slices.Contains([]string{"b", "bdi", "span", "a", "i", "code", "del", "ins", "small"}, c.Data):
			b.WriteString(" ") // what stands in a box of its own
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// main is the text of the page's main part.
func (p *page) main() string {
	if m := p.first("main"); m != nil {
		return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(textOf(m)) // isolates are not seen
	}
	return ""
}

// sitemap knows the routes, to see whether links and forms lead to one.
var sitemap = sync.OnceValue(func() *http.ServeMux {
	m := http.NewServeMux()
	for route := range allowed {
		m.HandleFunc(route, func(http.ResponseWriter, *http.Request) {})
	}
	return m
})

// leads reports whether somebody answers at an address.
func leads(method, to string) bool {
	at, err := url.Parse(to)
	if err != nil {
		return false
	}
	_, pattern := sitemap().Handler(&http.Request{Method: method, URL: at})
	return pattern != ""
}

// says fails the test unless the main part holds all of some texts.
func (p *page) says(texts ...string) *page {
	p.t.Helper()
	m := p.main()
	for _, want := range texts {
		if !strings.Contains(m, want) {
			p.t.Errorf("the page does not say %q:\n%s", want, m)
		}
	}
	return p
}

// saysNot fails the test if the whole page holds one of some texts.
func (p *page) saysNot(texts ...string) {
	p.t.Helper()
	for _, bad := range texts {
		if strings.Contains(p.Body, bad) || p.Doc != nil && strings.Contains(textOf(p.Doc), bad) {
			p.t.Errorf("the page says %q", bad)
		}
	}
}

// is fails the test unless the answer has a status.
func (p *page) is(code int) *page {
	p.t.Helper()
	if p.Code != code {
		p.t.Fatalf("status = %d; want %d: %s", p.Code, code, p.main())
	}
	return p
}

// goesTo fails the test unless the answer sends the browser to a path.
func (p *page) goesTo(path string) {
	p.t.Helper()
	if got := p.Header.Get("Location"); p.Code != 303 || got != path {
		p.t.Fatalf("answer = %d to %q; want 303 to %q: %s", p.Code, got, path, p.main())
	}
}

// all returns the elements of a tag, or of any if it is empty, with an attribute of a value where given as
// pairs.
func (p *page) all(tag string, pairs ...string) (found []*html.Node) {
	if p.Doc == nil {
		return nil
	}
	for n := range p.Doc.Descendants() {
		if n.Type != html.ElementNode || tag != "" && n.Data != tag {
			continue
		}
		ok := true
		for pair := range slices.Chunk(pairs, 2) {
			ok = ok && attr(n, pair[0]) == pair[1]
		}
		if ok {
			found = append(found, n)
		}
	}
	return found
}

// first returns the first element that [page.all] would, or nil.
func (p *page) first(tag string, pairs ...string) *html.Node {
	if all := p.all(tag, pairs...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// links returns where the page's links go.
func (p *page) links() (hrefs []string) {
	for _, a := range p.all("a") {
		hrefs = append(hrefs, attr(a, "href"))
	}
	return hrefs
}

// actions returns where the forms of the main part go.
func (p *page) actions() (to []string) {
	for _, f := range p.all("form") {
		if a := attr(f, "action"); a != "/language" && a != "/sign-out" && a != "/find" {
			to = append(to, a)
		}
	}
	return to
}

// form returns what a browser would send of the first form that goes to a path,
// without buttons: values as they stand in the page.
func (p *page) form(action string) url.Values {
	p.t.Helper()
	f := p.first("form", "action", action)
	if f == nil {
		p.t.Fatalf("there is no form to %q", action)
	}
	v := url.Values{}
	for n := range f.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "input":
			if t := attr(n, "type"); (t == "radio" || t == "checkbox") && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" }) {
				continue
			}
			v.Add(attr(n, "name"), attr(n, "value"))
		case "textarea":
			v.Add(attr(n, "name"), textOf(n))
		case "select":
			for o := range n.Descendants() {
				if o.Data == "option" && slices.ContainsFunc(o.Attr, func(a html.Attribute) bool { return a.Key == "selected" }) {
					v.Add(attr(n, "name"), attr(o, "value"))
				}
			}
		}
	}
	return v
}
