package main

import (
	"fmt"
	"html"
	"strings"
)

// plainStyle is how pages look that stand alone in a file.
const plainStyle = `body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%;margin-block:.5rem 2rem}th,td{border:1px solid #999;padding:.25rem .5rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}caption{text-align:start;color:#444}@media print{tr{break-inside:avoid}}`

// plainPage is a page that stands alone in a file; title is text, body HTML.
func plainPage(title, body string) string {
	return fmt.Sprintf(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title>
<style>%s</style></head>
<body>%s</body></html>
`, html.EscapeString(title), plainStyle, body)
}

// heading is a column's name, and what it means where that is not plain.
type heading struct{ name, meaning string }

// plainTable is a table of texts.
func plainTable(caption string, head []heading, rows [][]string) string {
	var b strings.Builder
	b.WriteString("<table>")
	if caption != "" {
		fmt.Fprintf(&b, "<caption>%s</caption>", html.EscapeString(caption))
	}
	b.WriteString("<thead><tr>")
	for _, h := range head {
		fmt.Fprintf(&b, `<th scope="col">%s`, html.EscapeString(h.name))
		if h.meaning != "" {
			fmt.Fprintf(&b, "<br><small>%s</small>", html.EscapeString(h.meaning))
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
