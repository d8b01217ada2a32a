package web

import (
	"regexp"
	"strings"
	"testing"

	"waymark/internal/language"
	"waymark/internal/mastery"
	"waymark/internal/profile"
)

// TestCatalogs holds the catalogs against each other (Load refuses any hole), against the
// words that the rest of the program says, and against what a ten-year-old reads.
func TestCatalogs(t *testing.T) {
	t.Parallel()
	set, err := loadLanguages()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"en", "es", "ar", "vi", "zh-Hans", "ht"} {
		if _, ok := set.Named(tag); !ok {
			t.Errorf("there is no catalog for %s", tag)
		}
	}
	en, _ := set.Named(language.Source)
	for st := mastery.Unknown; st <= mastery.Fading; st++ {
		if got, err := en.Say("status." + markName(st)); got != statusWords(st) || err != nil {
			t.Errorf("status %d is %q to families and %q to everybody else (%v)", st, got, statusWords(st), err)
		}
	}
	for _, k := range profile.Supports {
		if got, err := en.Say("support." + k.Code); got != k.Words || err != nil {
			t.Errorf("support %s is %q in plans and %q in profiles (%v)", k.Code, got, k.Words, err)
		}
	}
	for _, l := range set.All() {
		if l != en {
			same := 0
			for _, key := range l.Keys() {
				if l.Texts(key)["other"] == en.Texts(key)["other"] && len(en.Texts(key)["other"]) > 12 {
					same++
				}
			}
			if same > 3 {
				t.Errorf("%s says %d messages as in English", l.Tag, same)
			}
		}
	}
	var said []string
	for _, key := range en.Keys() {
		if group, _, _ := strings.Cut(key, "."); strings.Contains("family means agreed talk goals plan notice work outside verify", group) {
			for _, text := range en.Texts(key) {
				said = append(said, text)
			}
		}
	}
	if g := readingGrade(strings.Join(said, ". ")); g > 5 {
		t.Errorf("families read sentences of grade %.1f; a ten-year-old reads up to 5", g)
	}
}

var (
	sentenceEnd = regexp.MustCompile(`[.!?:]+`)
	aWord       = regexp.MustCompile(`[A-Za-z’']+`)
	vowels      = regexp.MustCompile(`[aeiouy]+`)
)

// readingGrade is the grade level of an English text (Kincaid et al. 1975: 0.39 words per
// sentence + 11.8 syllables per word − 15.59), with syllables counted as groups of vowels
// without a silent final e.
func readingGrade(text string) float64 {
	sentences, words, syllables := 0, 0, 0
	for _, s := range sentenceEnd.Split(text, -1) {
		n := aWord.FindAllString(s, -1)
		if len(n) == 0 {
			continue
		}
		sentences++
		words += len(n)
		for _, w := range n {
			w = strings.TrimSuffix(strings.ToLower(w), "e")
			syllables += max(1, len(vowels.FindAllString(w, -1)))
		}
	}
	return 0.39*float64(words)/float64(sentences) + 11.8*float64(syllables)/float64(words) - 15.59
}
