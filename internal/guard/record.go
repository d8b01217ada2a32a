package guard

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"time"

	"waymark/internal/plain"
	"waymark/internal/profile"
	"waymark/internal/roster"
)

// RecordPart is what one table holds about a person.
type RecordPart struct {
	Table   string            `json:"table"`
	Purpose string            `json:"purpose"`
	Meaning map[string]string `json:"columns"` // what each column is for
	Columns []string          `json:"-"`
	Rows    []map[string]any  `json:"rows"`
}

// WriteRecord writes what is held of a person as a ZIP file: record.json, as data with what each field
// is for, and record.html, to read and print.
func WriteRecord(w io.Writer, p roster.Person, parts []RecordPart, at time.Time) error {
	z := zip.NewWriter(w)
	f, err := z.CreateHeader(&zip.FileHeader{Name: "record.json", Method: zip.Deflate, Modified: at})
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	if err := enc.Encode(parts); err != nil {
		return err
	}
	if f, err = z.CreateHeader(&zip.FileHeader{Name: "record.html", Method: zip.Deflate, Modified: at}); err != nil {
		return err
	}
	if _, err := io.WriteString(f, recordBook(p, parts, at)); err != nil {
		return err
	}
	return z.Close()
}

// recordBook is a record to read: a chapter for each table, with what it is for, and a table of
// its rows. Moments are written as days and times.
func recordBook(p roster.Person, parts []RecordPart, at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<h1>What is held of <bdi>%s</bdi></h1><p>As of %s. Each part says what it is for.</p>\n", html.EscapeString(p.Name()), at.UTC().Format("January 2, 2006, 15:04 MST"))
	for _, part := range parts {
		var head []plain.Heading
		for _, c := range part.Columns {
			switch c {
			case "district", "run_created", "run_changed", "name_fold", "username_fold":
			default:
				head = append(head, plain.Heading{Name: c, Meaning: part.Meaning[c]})
			}
		}
		var rows [][]string
		for _, row := range part.Rows {
			var cells []string
			for _, h := range head {
				cells = append(cells, recordCell(h.Name, row[h.Name]))
			}
			rows = append(rows, cells)
		}
		fmt.Fprintf(&b, "<section><h2>%s</h2>%s</section>\n", html.EscapeString(strings.ToUpper(part.Purpose[:1])+part.Purpose[1:]), plain.Table(fmt.Sprintf("%s, %d rows", part.Table, len(rows)), head, rows))
	}
	return plain.Page("What is held of "+p.Name(), b.String())
}

func recordCell(column string, v any) string {
	if n, ok := v.(int64); ok && (column == "at" || column == "ended" || strings.HasSuffix(column, "_at") || column == "expires" || column == "recorded") {
		if n == 0 {
			return ""
		}
		return time.UnixMicro(n).UTC().Format("2006-01-02 15:04")
	}
	return strings.ReplaceAll(fmt.Sprint(v), "\x1f", ", ")
}

// Readable returns what of a record somebody may read: entries that were written for others only, and
// what was said to them, stay out.
func Readable(parts []RecordPart, reader roster.PersonID, who profile.Voice, leader bool) []RecordPart {
	out := slices.Clone(parts)
	for i, part := range out {
		hidden := map[any]bool{}
		for _, row := range part.Rows {
			v, has := row["visibility"].(string)
			if has && v != "" && row["author"] != string(reader) && !profile.Visibility(v).Sees(who, leader) {
				hidden[row["id"]] = true
				if e, ok := row["entry"].(string); ok && e != "" {
					hidden[e] = true
				}
				if n, ok := row["number"]; ok { // notes of a talk have no id of their own
					hidden[fmt.Sprint(row["conference"], n)] = true
				}
			}
		}
		if len(hidden) == 0 {
			continue
		}
		out[i].Rows = slices.DeleteFunc(slices.Clone(part.Rows), func(row map[string]any) bool {
			_, numbered := row["number"]
			return row["id"] != nil && hidden[row["id"]] || hidden[row["entry"]] && row["entry"] != "" || numbered && hidden[fmt.Sprint(row["conference"], row["number"])]
		})
	}
	return out
}
