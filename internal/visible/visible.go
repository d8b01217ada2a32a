// Package visible keeps texts to what a person can see, so that two names that differ look
// different, and none changes how what stands beside it is shown.
package visible

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// marks is how many marks one letter may carry: more than any language puts on one.
const marks = 8

// Text returns s without bytes that are no text, without control characters, without characters that have no width and
// without those that turn the direction of what follows. Tabs and line breaks stay, and
// so do the joiners that Persian, the languages of India and emoji are written with.
func Text(s string) string {
	if !hides(s) {
		return s
	}
	carried := 0
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			carried++
		} else {
			carried = 0
		}
		switch {
		case r == '\u2028' || r == '\u2029':
			return '\n'
		case r == utf8.RuneError || unseen(r) || carried > marks:
			return -1
		}
		return r
	}, s)
}

// hides reports whether there may be something to take out of s; plain ASCII is settled fast.
func hides(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x7f || c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return true
		}
	}
	return false
}

func unseen(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return false
	case unicode.IsControl(r), r == '\u00ad', r == '\u180e', r == '\u200b', r == '\ufeff',
		r >= '\u202a' && r <= '\u202e',                             // embeddings and overrides
		r >= '\u2060' && r <= '\u206f',                             // word joiner, isolates and the like
		r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', // fillers
		r >= '\ufff9' && r <= '\ufffb', r >= 0xe0000 && r <= 0xe007f: // annotations and tags
		return true
	}
	return false
}
