// Package hostile holds what somebody might send who means harm, or whose program is
// broken: texts for every field and files for every place that reads one. Tests send all
// of it through all entry points; nothing else may import this package.
package hostile

import "strings"

// Text is a value for a form field, a query, a path, a header or a cell.
type Text struct{ What, Value string }

// Mark is in all texts that try to become part of a page: an element and an attribute of
// this name must never be found in one.
const Mark = "waymark-mark"

// Markup closes whatever it stands in and opens an element of its own.
const Markup = `"'><` + Mark + ` ` + Mark + `="1" onclick=alert(1)>&amp;{{.}}</` + Mark + `>`

// Texts returns all hostile texts.
func Texts() []Text {
	return append([]Text{
		{"an element", Markup},
		{"a script", `</textarea></title></script><script>` + Mark + `(1)</script>`},
		{"a drawing with a script", `<svg xmlns="http://www.w3.org/2000/svg" onload="` + Mark + `()"><` + Mark + `/></svg>`},
		{"a comment that does not end", `<!--<![CDATA[<` + Mark + `>`},
		{"a template", "${7*7}{{.}}{{template \"shell\"}}<%= 7*7 %>"},
		{"a formula", `=HYPERLINK("http://169.254.169.254/","look")`},
		{"a formula after a tab", "\t=1+1"},
		{"a formula with a plus", "+1+cmd|' /C calc'!A0"},
		{"a formula with an at", "@SUM(1+1)*cmd|' /C calc'!A0"},
		{"a formula with a minus", "-2+3+cmd|' /C calc'!A0"},
		{"a path", "../../../../../../etc/passwd"},
		{"a path of another system", `..\..\..\windows\win.ini`},
		{"a path that is encoded", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"},
		{"a line for the header", "x\r\nSet-Cookie: waymark=stolen\r\nLocation: https://evil.example/\r\n\r\n<" + Mark + ">"},
		{"an address elsewhere", "https://evil.example/"},
		{"an address elsewhere without a scheme", "//evil.example/"},
		{"an address elsewhere with a backslash", `/\evil.example/`},
		{"an address in the cloud's inside", "http://169.254.169.254/latest/meta-data/"},
		{"an address of this machine", "http://localhost:1/"},
		{"a file", "file:///etc/passwd"},
		{"a script as address", "javascript:alert(1)"},
		{"a script as address, disguised", "\x01 jAvA\tscript:alert(1)"},
		{"a page as address", "data:text/html,<" + Mark + ">"},
		{"a statement", `'; DROP TABLE person; -- " OR 1=1`},
		{"a pattern", `%_\%[a-z]*(?:a+)+$`},
		{"a NUL", "a\x00b"},
		{"invalid UTF-8", "a\xff\xfe\xc0\xafb"},
		{"half of a character", "\xf0\x9f\x98"},
		{"a surrogate", "\xed\xa0\x80"},
		{"control characters", "a\x01\x08\x1b[31m\x1f\x7f\u0085b"},
		{"a mark of byte order", "\ufeffname"},
		{"letters turned around", "Maya\u202ezeravl\u202d"},
		{"an isolate that does not end", "\u2066\u2067\u2068Maya"},
		{"characters without width", "Ma\u200by\u2060a\u00ad \ufeff\u200d"},
		{"letters that look alike", "Μауа Álvаrez"},
		{"marks upon marks", "Z" + strings.Repeat("\u0351\u0489", 300)},
		{"from right to left", "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd"},
		{"a long text", strings.Repeat("long ", 40_000)},
		{"a long word", strings.Repeat("a", 9_000)},
		{"nothing but spaces", " \t \u00a0\u3000 "},
	}, Numbers()...)
}

// Numbers returns the hostile texts that are nearly numbers or days.
func Numbers() []Text {
	return []Text{
		{"not a number", "NaN"},
		{"no end", "-Inf"},
		{"a huge number", "1e309"},
		{"a huge whole number", "99999999999999999999999999999"},
		{"the largest whole number", "9223372036854775807"},
		{"a negative number", "-1"},
		{"a number in other digits", "٣"},
		{"a number with a base", "0x1p-2"},
		{"a number of nearly nothing", "1e-320"},
		{"a day that is none", "2026-02-30"},
		{"a day before all days", "0000-00-00"},
		{"a day after all days", "99999-12-31"},
		{"the last day", "9999-12-31"},
	}
}
