package oneroster

import (
	"fmt"
	"strings"
	"unicode"

	"waymark/internal/fault"
)

// Problems are why a package as a whole cannot be used.
type Problems []fault.Problem

// Error says the first problem and how many more there are.
func (p Problems) Error() string {
	switch len(p) {
	case 0:
		return "no problem"
	case 1:
		return p[0].Error()
	}
	return fmt.Sprintf("%s (and %d more)", p[0].Error(), len(p)-1)
}

// Codes returns the code of each problem once, in order.
func (p Problems) Codes() []string {
	var codes []string
	seen := make(map[string]bool)
	for _, q := range p {
		if !seen[q.Code] {
			seen[q.Code] = true
			codes = append(codes, q.Code)
		}
	}
	return codes
}

func (p *Problems) fatal(code, file, message, cure string) {
	*p = append(*p, fault.Problem{Code: code, File: file, Message: message, Cure: cure, Fatal: true})
}

// clip keeps a problem small and harmless to print, whatever the cell or the
// name that it lies in.
func clip(s string) string {
	const most = 120
	n, plain := 0, true
	for i, c := range s {
		if n == most {
			s = s[:i] + "…"
			break
		}
		n++
		plain = plain && unicode.IsPrint(c)
	}
	if plain {
		return s
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '\uFFFD'
	}, s)
}

// shown is clip for the name of a file.
func shown(name string) string {
	if name == "" {
		return "(file without a name)"
	}
	return clip(name)
}

// among lists words for a person: "a, b or c".
func among(list []string, ext bool) string {
	all := list
	if ext {
		all = append(list[:len(list):len(list)], "a word of your own that begins with ext:")
	}
	if len(all) == 1 {
		return all[0]
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}
