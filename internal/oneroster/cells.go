package oneroster

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// isGUID reports the shape of a sourcedId. OneRoster 1.2 allows letters, digits
// and . - _ / @; real 1.1 systems use other signs too, but neither spaces nor
// control characters.
func isGUID(s string, strict bool) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z',
			c == '.', c == '-', c == '_', c == '/', c == '@':
		case strict, unicode.IsSpace(c), !unicode.IsPrint(c):
			return false
		}
	}
	return true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isDate reports a day of the calendar written YYYY-MM-DD.
func isDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !allDigits(s[:4]) || !allDigits(s[5:7]) || !allDigits(s[8:]) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// laxDate returns a date that a real system wrote with a time or without dashes.
// Dates with slashes are left alone: nothing tells 5/6 from 6/5.
func laxDate(s string) (string, bool) {
	switch {
	case len(s) > 10 && (s[10] == 'T' || s[10] == ' '):
		s = s[:10]
	case len(s) == 8 && allDigits(s):
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	return s, isDate(s)
}

// isDateTime reports a moment in UTC with milliseconds.
func isDateTime(s string) bool {
	const layout = "2006-01-02T15:04:05.000Z"
	if len(s) != len(layout) {
		return false
	}
	_, err := time.Parse(layout, s)
	return err == nil && s[19] == '.'
}

// laxYear returns the year in which a school year ends, of "2026" or "2025-2026".
func laxYear(s string) (string, bool) {
	if from, to, ok := strings.Cut(s, "-"); ok && len(from) == 4 && allDigits(from) && allDigits(to) {
		switch len(to) {
		case 4:
			s = to
		case 2:
			s = from[:2] + to
		}
	}
	return s, len(s) == 4 && allDigits(s)
}

func laxBoolean(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "true", "1", "yes":
		return "true", true
	case "false", "0", "no":
		return "false", true
	}
	return s, false
}

func isInteger(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// isFloat reports a finite decimal number, with an exponent or not.
func isFloat(s string) bool {
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return false // strconv also knows inf, nan, 0x1p-2
	}
	for i := range len(s) {
		if s[i] == '_' || s[i] == 'x' || s[i] == 'X' {
			return false
		}
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// matchWord finds s in the vocabulary.
func matchWord(s string, c column, strict bool) (string, bool) {
	for _, w := range c.words {
		if s == w || !strict && strings.EqualFold(s, w) {
			return w, true
		}
	}
	if c.ext && len(s) > 4 && s[:4] == "ext:" {
		return s, true
	}
	if !strict && c.name == "sex" {
		switch s {
		case "M", "m":
			return "male", true
		case "F", "f":
			return "female", true
		}
	}
	return s, false
}

// isPair reports {left:right} with something on both sides.
func isPair(s string) bool {
	if len(s) < 5 || s[0] != '{' || s[len(s)-1] != '}' {
		return false
	}
	left, right, ok := strings.Cut(s[1:len(s)-1], ":")
	return ok && left != "" && right != ""
}

// isScalePair is stricter: the pair must be clear to read either way.
func isScalePair(s string) bool { return isPair(s) && strings.Count(s, ":") == 1 }

// isCASE reports the URN of a CASE item.
func isCASE(s string) bool {
	id, ok := strings.CutPrefix(s, "urn:uuid:")
	return ok && isUUID(id)
}

func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}

// split cuts a list at its commas, but not at those within braces. ok is false
// if an item is empty; a lax list simply drops such items.
func split(s string, strict bool) (items []string, ok bool) {
	ok = true
	n := strings.Count(s, ",") + 1
	items = make([]string, 0, n)
	depth, from := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) {
			switch s[i] {
			case '{':
				depth++
				continue
			case '}':
				depth = max(depth-1, 0)
				continue
			case ',':
				if depth > 0 && strings.IndexByte(s[i:], '}') >= 0 {
					continue
				}
			default:
				continue
			}
		}
		item := strings.TrimSpace(s[from:i])
		from = i + 1
		if item == "" {
			ok = ok && !strict
			continue
		}
		items = append(items, item)
	}
	return items, ok
}
