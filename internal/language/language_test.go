package language_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"waymark/internal/language"
)

// catalogs are two messages in each language, the second with every category that CLDR has
// for it; each text says its category.
func catalogs(t *testing.T, categories map[string][]string) *language.Set {
	t.Helper()
	files := fstest.MapFS{}
	for tag, cs := range categories {
		m := map[string]string{}
		for _, c := range cs {
			m[c] = c + " {n}"
		}
		b, err := json.Marshal(map[string]any{"hello": "Hello {name}!", "count": m})
		if err != nil {
			t.Fatal(err)
		}
		files[tag+".json"] = &fstest.MapFile{Data: b}
	}
	s, err := language.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var all = map[string][]string{"en": {"one", "other"}, "es": {"one", "many", "other"}, "ar": {"zero", "one", "two", "few", "many", "other"},
	"vi": {"other"}, "zh-Hans": {"other"}, "ht": {"other"}}

func TestPluralsAndDatesAsInCLDR(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/cldr48.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Plural map[string]map[string]string
		Dates  map[string][]struct {
			At          time.Time
			Day, Moment string
		}
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Plural) != 5 || len(want.Dates) != 5 {
		t.Fatalf("the reference has %d languages with plurals and %d with dates; want 5", len(want.Plural), len(want.Dates))
	}
	s := catalogs(t, all)
	for tag, by := range want.Plural {
		l, ok := s.Named(tag)
		if !ok {
			t.Fatalf("there is no %s", tag)
		}
		for number, category := range by {
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := l.Say("count", "n", n); got != category+" "+number || err != nil {
				t.Errorf("%s: %d is said %q, %v; want %s", tag, n, got, err, category)
			}
		}
	}
	for tag, list := range want.Dates {
		l, _ := s.Named(tag)
		for _, d := range list {
			if got := l.Day(d.At); got != d.Day {
				t.Errorf("%s: day %q; want %q", tag, got, d.Day)
			}
			if got := l.Moment(d.At); got != d.Moment {
				t.Errorf("%s: moment %q; want %q", tag, got, d.Moment)
			}
		}
	}
	ht, _ := s.Named("ht")
	if got := ht.Day(time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC)); got != "3 out 2026" {
		t.Errorf("ht: day %q", got)
	}
}

func TestSay(t *testing.T) {
	t.Parallel()
	en, _ := catalogs(t, all).Named("en")
	if got, err := en.Say("hello", "name", "Mía"); got != "Hello \u2068Mía\u2069!" || err != nil {
		t.Errorf("hello = %q, %v; the name must be isolated", got, err)
	}
	for name, pairs := range map[string][]any{"nothing": {}, "another": {"who", "x"}, "half": {"name"}} {
		if got, err := en.Say("hello", pairs...); err == nil {
			t.Errorf("hello with %s given = %q; want an error", name, got)
		}
	}
	if _, err := en.Say("nowhere"); err == nil {
		t.Error("a key that is in no catalog is said")
	}
}

func TestLoadFindsHoles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ es, says string }{
		"missing message":     {`{"hello": "Hola {name}"}`, `lacks "count"`},
		"extra message":       {`{"hello": "Hola {name}", "count": {"one": "una", "many": "{n} de", "other": "{n}"}, "more": "x"}`, `has "more"`},
		"missing category":    {`{"hello": "Hola {name}", "count": {"one": "una", "other": "{n}"}}`, `category "many"`},
		"strange category":    {`{"hello": "Hola {name}", "count": {"one": "una", "two": "dos", "many": "{n}", "other": "{n}"}}`, `category "two"`},
		"missing placeholder": {`{"hello": "Hola", "count": {"one": "una", "many": "{n}", "other": "{n}"}}`, `other placeholders`},
		"lost number":         {`{"hello": "Hola {name}", "count": {"one": "una", "many": "{n}", "other": "muchas"}}`, `other placeholders`},
		"empty":               {`{"hello": "{name}", "count": {"one": " ", "many": "{n}", "other": "{n}"}}`, `is empty`},
		"no JSON":             {`{`, `es.json`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := language.Load(fstest.MapFS{"en.json": {Data: []byte(`{"hello": "Hello {name}", "count": {"one": "one", "other": "{n}"}}`)}, "es.json": {Data: []byte(c.es)}})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Load = %v; want an error with %q", err, c.says)
			}
		})
	}
	if _, err := language.Load(fstest.MapFS{"en.json": {Data: []byte(`{}`)}, "tlh.json": {Data: []byte(`{}`)}}); err == nil {
		t.Error("a language without rules is loaded")
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	s := catalogs(t, all)
	for _, c := range []struct {
		reader, text string
		want         bool
	}{{"es", "es-MX", true}, {"es", "es", true}, {"zh-Hans", "zh-CN", true}, {"zh-Hans", "zh-TW", false}, {"en", "es", false}, {"ht", "ht", true}, {"es", "", false}, {"es", "??", false}} {
		if l, _ := s.Named(c.reader); l.Reads(c.text) != c.want {
			t.Errorf("%s reads %q: %v", c.reader, c.text, !c.want)
		}
	}
}

func TestAccepting(t *testing.T) {
	t.Parallel()
	s := catalogs(t, all)
	for header, want := range map[string]string{
		"": "en", "es-MX,es;q=0.9,en;q=0.5": "es", "de,ar;q=0.8": "ar", "zh-CN": "zh-Hans", "zh": "zh-Hans", "zh-HK,zh-TW;q=0.9": "en",
		"vi-VN": "vi", "ht": "ht", "fr-HT,ht;q=0.5": "ht", "x-nonsense;;;": "en", "en-GB,es;q=0.1": "en",
	} {
		if got := s.Accepting(header).Tag; got != want {
			t.Errorf("Accepting(%q) = %s; want %s", header, got, want)
		}
	}
}
