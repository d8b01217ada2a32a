// Package plain writes pages that stand alone in a file: no script, nothing from elsewhere, and every
// text escaped.
package plain

import (
	"fmt"
	"html"
	"strings"
)

// style is how pages look that stand alone in a file.
const style = `body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%;margin-block:.5rem 2rem}th,td{border:1px solid #999;padding:.25rem .5rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}caption{text-align:start;color:#444}@media print{tr{break-inside:avoid}}`

// Page is a page that stands alone in a file; title is text, body HTML.
func Page(title, body string) string {
	return fmt.Sprintf(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title>
<style>%s</style></head>
<body>%s</body></html>
`, html.EscapeString(title), style, body)
}

// Heading is a column's name, and what it means where that is not plain.
type Heading struct{ Name, Meaning string }

// Table is a table of texts.
func Table(caption string, head []Heading, rows [][]string) string {
	var b strings.Builder
	b.WriteString("<table>")
	if caption != "" {
		fmt.Fprintf(&b, "<caption>%s</caption>", html.EscapeString(caption))
	}
	b.WriteString("<thead><tr>")
	for _, h := range head {
		fmt.Fprintf(&b, `<th scope="col">%s`, html.EscapeString(h.Name))
		if h.Meaning != "" {
			fmt.Fprintf(&b, "<br><small>%s</small>", html.EscapeString(h.Meaning))
		}
		b.WriteString("</th>")
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, row := range rows {
		b.WriteString("<tr>")
		for _, c := range row {
			fmt.Fprintf(&b, "<td>%s</td>", html.EscapeString(c))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}
