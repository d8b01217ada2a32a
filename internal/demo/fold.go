package demo

import "strings"

// folded are the letters with marks that occur in names, by the plain letter.
var folded = map[string]string{
	"a": "àáâãäåảạăắằẳẵặâấầẩẫậ", "e": "èéêëẻẽẹếềểễệ", "i": "ìíîïỉĩị", "o": "òóôõöøỏọốồổỗộơớờởỡợ",
	"u": "ùúûüủũụưứừửữự", "y": "ýỳỷỹỵ", "d": "đð", "n": "ñ", "c": "ç",
}

// plainName returns a name in lower-case ASCII letters, for accounts and addresses.
func plainName(s string) string {
	var b strings.Builder
next:
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' {
			b.WriteRune(r)
			continue
		}
		for plain, marked := range folded {
			if strings.ContainsRune(marked, r) {
				b.WriteString(plain)
				continue next
			}
		}
	}
	return b.String()
}
