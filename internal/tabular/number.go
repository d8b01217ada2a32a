package tabular

import (
	"math"
	"strconv"
	"strings"
)

// number reads a number as people write it; mode is [Value.Number].
func number(s, mode string, decimalComma bool) (float64, bool) {
	s = strings.TrimSpace(s)
	sign := 1.0
	switch mode {
	case "strip", "lexile":
		if mode == "lexile" {
			if rest, ok := cutPrefixFold(s, "BR"); ok {
				sign, s = -1, rest
			} else if rest, ok := cutPrefixFold(s, "EM"); ok {
				sign, s = -1, rest
			}
		}
		s = core(s)
	}
	if decimalComma {
		s = strings.ReplaceAll(s, ".", "")
		s = strings.Replace(s, ",", ".", 1)
	} else if strings.Contains(s, ",") {
		if !thousands(s) {
			return 0, false
		}
		s = strings.ReplaceAll(s, ",", "")
	}
	if !plainNumber(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	return sign * f, true
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// core cuts what is not part of a number off both ends: "<100" is 100, "275Q"
// is 275, "83 %" is 83. A text with two numbers is not one.
func core(s string) string {
	from := strings.IndexAny(s, "0123456789")
	if from < 0 {
		return s
	}
	to := strings.LastIndexAny(s, "0123456789") + 1
	if from > 0 && s[from-1] == '.' {
		from--
	}
	if from > 0 && (s[from-1] == '-' || s[from-1] == '+') {
		from--
	}
	return s[from:to]
}

// thousands reports commas that group digits in threes, as in 12,345.6.
func thousands(s string) bool {
	whole, _, _ := strings.Cut(strings.TrimLeft(s, "+-"), ".")
	for i, g := range strings.Split(whole, ",") {
		if !digits(g) || i > 0 && len(g) != 3 || i == 0 && len(g) > 3 {
			return false
		}
	}
	return true
}

// fraction reads "17/20" or "3 of 4".
func fraction(s, mode string, decimalComma bool) (score, most float64, ok bool) {
	a, b, found := strings.Cut(s, "/")
	if !found {
		if a, b, found = strings.Cut(s, " of "); !found {
			return 0, 0, false
		}
	}
	score, ok1 := number(a, mode, decimalComma)
	most, ok2 := number(b, mode, decimalComma)
	return score, most, ok1 && ok2 && most > 0
}
