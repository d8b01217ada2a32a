package caseio

import (
	"html"
	"regexp"
	"strings"

	"waymark/internal/visible"
)

// Only tags of known names are taken as markup, so that "x<y and y>z" stays. An
// attribute needs a value for the same reason.
var (
	hidden = regexp.MustCompile(`(?is)<(script|style|head|template|iframe|noscript)\b[^>]*>.*?(</(?:script|style|head|template|iframe|noscript)\s*>|$)|<!--.*?(-->|$)`)
	breaks = regexp.MustCompile(`(?i)<(?:br|/?(?:p|div|ul|ol|li|tr|table|h[1-6]|blockquote|pre|section|article|hr))(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))*\s*/?>`)
	inline = regexp.MustCompile(`(?i)</?(?:a|abbr|acronym|b|bdi|bdo|big|body|center|cite|code|col|colgroup|dd|del|dfn|dl|dt|em|embed|figcaption|figure|font|form|html|i|img|input|ins|kbd|label|link|mark|math|meta|mfrac|mi|mn|mo|mrow|msqrt|msub|msup|mtext|object|q|s|samp|small|span|strike|strong|sub|sup|svg|tbody|td|tfoot|th|thead|tt|u|var|audio|video|source|button|select|option|textarea|iframe|script|style)(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))*\s*/?>`)
	blanks = regexp.MustCompile(`\n{3,}`)
)

// clean returns a statement as plain text: markup and control characters are taken
// out and entities resolved, until nothing is left to do. Markdown is text and
// stays. Pages escape what they show, so this is for reading, not for safety.
func clean(s string) string {
	for range 8 {
		before := s
		if strings.ContainsRune(s, '<') {
			s = hidden.ReplaceAllString(s, "")
			s = breaks.ReplaceAllString(s, "\n")
			s = inline.ReplaceAllString(s, "")
		}
		if strings.ContainsRune(s, '&') {
			s = html.UnescapeString(s)
		}
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = visible.Text(strings.NewReplacer("\r", "\n", "\u00a0", " ").Replace(s))
		s = strings.TrimSpace(blanks.ReplaceAllString(s, "\n\n"))
		if s == before {
			return s
		}
	}
	// Something was encoded many times over to hide it.
	return strings.TrimSpace(strings.NewReplacer("<", "", "&", "").Replace(s))
}

// cleanLine is clean for texts of one line: codes, titles, kinds.
func cleanLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
