package guard_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
	"waymark/internal/roster"
)

// A child's record is data for programs and a book for people; whatever stands in it is shown as text.
func TestARecordIsDataAndABook(t *testing.T) {
	t.Parallel()
	parts := []guard.RecordPart{{Table: "goal", Purpose: "what a student wants to reach", Meaning: map[string]string{"what": "what", "at": "when"}, Columns: []string{"what", "at"},
		Rows: []map[string]any{{"what": "<script>alert(1)</script> & “fractions”", "at": int64(1_760_000_000_000_000)}}}}
	var b bytes.Buffer
	if err := guard.WriteRecord(&b, roster.Person{Given: "Maya", Family: "<Lopez>"}, parts, time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		raw, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	book := read("record.html")
	for _, want := range []string{"What is held of <bdi>Maya &lt;Lopez&gt;</bdi>", "What a student wants to reach", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “fractions”", "2025-10-09 08:53"} {
		if !strings.Contains(book, want) {
			t.Errorf("the book lacks %q:\n%s", want, book)
		}
	}
	if strings.Contains(book, "<script>") {
		t.Error("a record runs as a script")
	}
	var again []guard.RecordPart
	if err := json.Unmarshal([]byte(read("record.json")), &again); err != nil || len(again) != 1 || again[0].Rows[0]["what"] != parts[0].Rows[0]["what"] {
		t.Errorf("%+v %v", again, err)
	}
}
