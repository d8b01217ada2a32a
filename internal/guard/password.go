package guard

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"waymark/internal/fault"
)

// MinPassword and maxPassword bound the length of a password, in characters.
const (
	MinPassword = 10
	maxPassword = 256
)

// shortestOwn is how long a person's own word must be so that a password may not hold it: shorter
// ones, such as Li, stand in many others by chance.
const shortestOwn = 4

// CheckPassword reports, as a fault, why a password cannot be used. own are words that whoever
// guesses tries first: the person's user name and names.
func CheckPassword(password string, own ...string) error {
	folded := strings.ToLower(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return fault.Field("password", "Use at least %d characters. A few words in a row are easy to remember.", MinPassword)
	case n > maxPassword:
		return fault.Field("password", "Use at most %d characters.", maxPassword)
	case commonPasswords()[folded], commonPasswords()[strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })]:
		return fault.Field("password", "Many people use this password, so it is tried first. A few words in a row are better.")
	}
	for _, word := range append(own, "waymark") {
		if word = strings.ToLower(word); utf8.RuneCountInString(word) >= shortestOwn && strings.Contains(folded, word) {
			return fault.Field("password", "Leave out the user name, the person’s name and “Waymark”: they are tried first.")
		}
	}
	return nil
}

// Passwords that many people use, one a line, from zxcvbn's list (MIT, github.com/zxcvbn-ts/zxcvbn):
// all 1,557 of at least ten characters, and the 3,000 most common words of five to nine letters,
// which are common with digits around them too. It is compressed to keep coarse words out of sight.
//
//go:embed common.txt.gz
var commonText []byte

var commonPasswords = sync.OnceValue(func() map[string]bool {
	z, err := gzip.NewReader(bytes.NewReader(commonText))
	if err != nil {
		panic("common.txt.gz: " + err.Error()) // it is part of the program
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic("common.txt.gz: " + err.Error())
	}
	out := map[string]bool{}
	for word := range strings.Lines(string(text)) {
		out[strings.TrimSpace(word)] = true
	}
	return out
})
