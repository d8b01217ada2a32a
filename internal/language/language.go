// Package language lets pages speak with people in their own language: messages with the
// plural rules of CLDR, dates as they are written, and which of the languages to take.
package language

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	bcp47 "golang.org/x/text/language"
)

// Source is the language that all others are translated from.
const Source = "en"

// Language is one language with its messages. It is safe for use by many at once.
type Language struct {
	Tag      string // BCP 47, such as "zh-Hans"
	Name     string // in the language itself
	Dir      string // "ltr" or "rtl"
	dates    dates
	plural   rule
	messages map[string]message
}

// message is one text, or one for each plural category that the language has.
type message map[category]string

// UnmarshalJSON reads a text alone, or texts by plural category.
func (m *message) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*m = message{other: text}
		return nil
	}
	return json.Unmarshal(b, (*map[category]string)(m))
}

// Isolates keep what is put into a sentence from changing the direction of its rest
// (Unicode Standard Annex 9, section 2.4).
const (
	isolate    = "\u2068"
	isolateEnd = "\u2069"
)

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// Say returns a message with values for its placeholders, given as pairs of name and value.
// The value of "n" is an int and decides the plural. A text is isolated from the
// sentence around it. A key that is in no catalog is an error.
func (l *Language) Say(key string, pairs ...any) (string, error) {
	m, ok := l.messages[key]
	if !ok {
		return "", fmt.Errorf("language: there is no message %q", key)
	}
	text, n := m[other], 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if v, ok := pairs[i+1].(int); ok && pairs[i] == "n" {
			n = v
			if t, ok := m[l.plural.of(v)]; ok {
				text = t
			}
		}
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("language: message %q: a placeholder has no value", key)
	}
	var failed error
	text = placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := p[1 : len(p)-1]
		if name == "n" {
			return strconv.Itoa(n)
		}
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] != name {
				continue
			}
			switch v := pairs[i+1].(type) {
			case int:
				return strconv.Itoa(v)
			case string:
				return isolate + v + isolateEnd
			default:
				return isolate + fmt.Sprint(v) + isolateEnd
			}
		}
		failed = fmt.Errorf("language: message %q: no value for %s", key, p)
		return p
	})
	return text, failed
}

// Keys returns the keys of all messages in order.
func (l *Language) Keys() []string { return slices.Sorted(maps.Keys(l.messages)) }

// Texts returns all texts of a message, by plural category.
func (l *Language) Texts(key string) map[string]string {
	texts := map[string]string{}
	for c, t := range l.messages[key] {
		texts[string(c)] = t
	}
	return texts
}

// Set is the languages that pages speak.
type Set struct{ all []*Language }

// Load reads a catalog for each file "TAG.json" and checks that none lacks a message, a
// placeholder or a plural category that another language's catalog or the rules ask for.
func Load(files fs.FS) (*Set, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	var s Set
	for _, name := range names {
		tag := strings.TrimSuffix(path.Base(name), ".json")
		l, ok := known[tag]
		if !ok {
			return nil, fmt.Errorf("language: %s: there are no plural and date rules for %q", name, tag)
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("language: %w", err)
		}
		if err := json.Unmarshal(b, &l.messages); err != nil {
			return nil, fmt.Errorf("language: %s: %w", name, err)
		}
		s.all = append(s.all, &l)
	}
	source, ok := s.Named(Source)
	if !ok {
		return nil, fmt.Errorf("language: there is no catalog %s.json", Source)
	}
	slices.SortStableFunc(s.all, func(a, b *Language) int { return slices.Index(order, a.Tag) - slices.Index(order, b.Tag) })
	for _, l := range s.all {
		if err := l.check(source); err != nil {
			return nil, err
		}
	}
	return &s, nil
}

// check holds a catalog against the one that it is translated from.
func (l *Language) check(source *Language) error {
	for key := range l.messages {
		if _, ok := source.messages[key]; !ok {
			return fmt.Errorf("language: %s.json has %q, which %s.json has not", l.Tag, key, source.Tag)
		}
	}
	for key, want := range source.messages {
		m, ok := l.messages[key]
		if !ok {
			return fmt.Errorf("language: %s.json lacks %q", l.Tag, key)
		}
		counted := len(want) > 1
		for _, c := range l.plural.categories {
			if _, ok := m[c]; counted && !ok {
				return fmt.Errorf("language: %s.json: %q lacks the plural category %q", l.Tag, key, c)
			}
		}
		for c, text := range m {
			if c != other && !(counted && slices.Contains(l.plural.categories, c)) {
				return fmt.Errorf("language: %s.json: %q has the plural category %q, which is never asked for", l.Tag, key, c)
			}
			if strings.TrimSpace(text) == "" {
				return fmt.Errorf("language: %s.json: %q is empty", l.Tag, key)
			}
			have, need := marks(text), marks(want[other])
			// "One child" needs no numeral; every other placeholder is said.
			if exact := c == "zero" || c == "one" || c == "two"; exact {
				delete(have, "{n}")
				delete(need, "{n}")
			}
			if !maps.Equal(have, need) {
				return fmt.Errorf("language: %s.json: %q has other placeholders than %s.json: %q", l.Tag, key, source.Tag, text)
			}
		}
	}
	return nil
}

// marks are the placeholders of a text.
func marks(text string) map[string]bool {
	found := map[string]bool{}
	for _, p := range placeholder.FindAllString(text, -1) {
		found[p] = true
	}
	return found
}

// All returns the languages in the order in which a person is shown them.
func (s *Set) All() []*Language { return s.all }

// Named returns a language by its tag.
func (s *Set) Named(tag string) (*Language, bool) {
	i := slices.IndexFunc(s.all, func(l *Language) bool { return l.Tag == tag })
	if i < 0 {
		return nil, false
	}
	return s.all[i], true
}

// Accepting returns the language that an Accept-Language header asks for first, the source
// if it asks for none that there is. A script that a person does not read is no match:
// Traditional Chinese does not get Simplified.
func (s *Set) Accepting(header string) *Language {
	source, _ := s.Named(Source)
	tags, _, err := bcp47.ParseAcceptLanguage(header)
	if err != nil {
		return source
	}
	for _, t := range tags {
		for _, l := range s.all {
			if l.reads(t) {
				return l
			}
		}
	}
	return source
}

// Reads reports whether who reads this language reads a text with a BCP 47 tag: "es" reads
// "es-MX", and "zh-Hans" reads "zh-CN" but not "zh-TW".
func (l *Language) Reads(tag string) bool {
	t, err := bcp47.Parse(tag)
	return err == nil && l.reads(t)
}

func (l *Language) reads(t bcp47.Tag) bool {
	own := bcp47.Make(l.Tag)
	base, _ := t.Base()
	script, _ := t.Script()
	b, _ := own.Base()
	s, _ := own.Script()
	return b == base && s == script
}
