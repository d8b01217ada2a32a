package hostile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// File is a file to upload or to name on the command line.
type File struct {
	What, Name string
	Data       []byte
}

// Files returns all hostile files. Each is small; what some of them unpack to is not.
func Files() []File {
	var all []File
	add := func(what, name string, data []byte) { all = append(all, File{what, name, data}) }
	text := func(what, name, data string) { add(what, name, []byte(data)) }

	// Archives.
	const roster = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\n"
	flat := entry{name: "orgs.csv", size: 128 << 20}
	add("a bomb", "bomb.zip", archive(entry{name: "manifest.csv", text: roster}, flat))
	add("a bomb that looks like a study", "bomb-study.zip", archive(entry{name: "spec.json", size: 128 << 20}, entry{name: "extract.csv", size: 128 << 20}))
	add("a bomb that looks like a district", "bomb-district.zip", archive(entry{name: "manifest.json", size: 128 << 20}))
	add("a bomb in a bomb", "nested.zip", archive(entry{name: "manifest.csv", text: roster}, entry{name: "orgs.csv", text: string(archive(flat))}))
	many := []entry{{name: "manifest.csv", text: roster}}
	for i := range 5000 {
		many = append(many, entry{name: fmt.Sprintf("%d.csv", i)})
	}
	add("very many entries", "many.zip", archive(many...))
	add("entries that share their bytes", "overlap.zip", overlap(60))
	for i, name := range []string{"../../orgs.csv", "/etc/orgs.csv", `..\..\orgs.csv`, "C:orgs.csv", "orgs.csv\x00.txt", "a\r\nb.csv", Markup + ".csv", "\u202evsc.sgro", strings.Repeat("a/", 2000) + "orgs.csv", "\xff.csv", ""} {
		add("an entry with a bad name", fmt.Sprintf("path-%d.zip", i), archive(entry{name: "manifest.csv", text: roster}, entry{name: name, text: "sourcedId,name,type\n1,x,school\n"}))
	}
	add("two entries of one name", "twice.zip", archive(entry{name: "manifest.csv", text: roster}, entry{name: "orgs.csv", text: "x"}, entry{name: "ORGS.csv", text: "y"}, entry{name: "orgs.csv", text: "z"}))
	whole := archive(entry{name: "manifest.csv", text: roster}, entry{name: "orgs.csv", text: "sourcedId,name,type\n1,x,school\n"})
	add("an archive cut off", "cut.zip", whole[:len(whole)-30])
	add("an archive that lies about sizes", "lies.zip", lies(whole))
	add("an archive with a broken entry", "broken.zip", bytes.Replace(whole, []byte("oneroster"), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 1))
	text("an archive by its first bytes alone", "magic.zip", "PK\x03\x04"+strings.Repeat("\x00", 100))
	text("a gzip archive", "roster.gz", "\x1f\x8b\x08\x00"+strings.Repeat("\xff", 100))

	// XML, which nothing here reads: an entity from a file, and entities of entities.
	text("an entity from a file", "entity.xml", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY h SYSTEM "http://169.254.169.254/">]><a>&e;&h;</a>`)
	laughs := `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">`
	for i := range 10 {
		laughs += fmt.Sprintf(`<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	text("entities of entities", "laughs.xml", laughs+`]><a>&l10;</a>`)
	text("a drawing with a script", "drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>`)
	text("a page", "page.html", "<!doctype html><script>alert(1)</script>"+Markup)
	text("a question in QTI", "question.xml", `<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="x" title="x"><itemBody><script>alert(1)</script></itemBody></assessmentItem>`)

	// JSON.
	text("lists in lists", "deep.json", strings.Repeat("[", 200_000))
	text("objects in objects", "deeper.json", strings.Repeat(`{"CFDocument":`, 50_000)+"1"+strings.Repeat("}", 50_000))
	text("numbers beyond numbers", "numbers.json", `{"schema": 1e400, "seed": 99999999999999999999999, "students": -1, "CFDocument": {"identifier": 1e999}}`)
	text("not even a number", "nan.json", `{"schema": NaN, "students": [Infinity, -Infinity]}`)
	text("a name twice", "twice.json", `{"schema": "waymark-flex-instance/1", "schema": "x", "blocks": [], "blocks": [{"id": "a"}]}`)
	text("escapes of what is no text", "escapes.json", `{"CFDocument": {"identifier": "\u0000", "title": "\ud800\u202e\u0000", "uri": "javascript:alert(1)"}, "CFItems": [{"identifier": "\u0000", "fullStatement": "\ud83d"}]}`)
	text("bytes that are no text", "bytes.json", "{\"schema\": \"\xff\xfe\", \"CFDocument\": {\"title\": \"\xc0\xaf\"}}")
	text("a long name", "long.json", `{"`+strings.Repeat("a", 1<<20)+`": 1}`)
	text("null", "null.json", "null")
	text("another kind of value", "string.json", `"x"`)
	text("nulls everywhere", "nulls.json", `{"schema": null, "CFDocument": null, "CFItems": [null], "CFAssociations": [null, 1, "x", {}], "students": [null], "blocks": null}`)
	add("hostile texts in a framework", "framework.json", Framework())
	for _, schema := range []string{"waymark-flex-instance/1", "waymark-flex-solution/1", "waymark-groups-instance/1", "waymark-groups-solution/1", "waymark-study/1"} {
		name := strings.TrimSuffix(strings.TrimPrefix(schema, "waymark-"), "/1") + ".json"
		text("extremes", "huge-"+name, fmt.Sprintf(`{"schema": %q, "purpose": "pace", "least": -9223372036854775808, "most": 9223372036854775807, "number": 2147483647, "seconds": 1e308,
			"blocks": [{"id": "a"}], "sessions": [{"id": "s", "block": "a", "purpose": "club", "seats": -5}], "students": [{"id": "x"}, {"id": "x"}, {"id": ""}], "groups": [{"id": "g", "students": ["x", "x", "nobody"]}]}`, schema))
		text("one field of none", "field-"+name, fmt.Sprintf(`{"schema": %q, "question": %q, "unit": "class", "design": "randomised", "outcomes": [{}], "method": {"kind": "x"}, "meaningful": 1e308, "seed": 18446744073709551615, "students": []}`, schema, Mark))
	}

	// YAML.
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 8), i)
	}
	text("anchors of anchors", "anchors.yaml", bomb)
	text("an anchor of itself", "itself.yaml", "a: &a [*a, *a]\nname: *a\n")
	text("merges of merges", "merges.yaml", "a: &a {x: 1}\nb: &b {<<: [*a,*a,*a]}\n<<: [*b,*b,*b]\n")
	text("lists in lists", "deep.yaml", "name: "+strings.Repeat("[", 20_000))
	text("indents in indents", "indents.yaml", indents(2_000))
	text("tags", "tags.yaml", "name: !!python/object/apply:os.system [id]\nversion: !!binary AAAA\nformat: !!float .nan\n")
	text("extremes", "huge.yaml", "name: x\nversion: 99999999999999999999\nformat: {header_row: -1, header_rows: 2147483647, delimiter: \"\\0\"}\nstudent: {column: x, by: any}\nobservations:\n- kind: task\n  score: {column: .inf}\n")
	text("bytes that are no text", "bytes.yaml", "name: \xff\xfe\nversion: 1\n")
	text("a slow pattern", "pattern.yaml", "name: x\nversion: 1\nstudent: {column: a, by: any}\nwhere: [{column: a, matches: '("+strings.Repeat("(a*)*", 300)+")$'}]\nobservations: [{kind: task, score: {column: b}}]\n")
	text("documents one after the other", "documents.yaml", strings.Repeat("---\nname: x\n", 10_000))

	// Tables.
	text("a table with a NUL", "nul.csv", "id,name,score\n1,a\x00b,3\n")
	text("a table that is no text", "bytes.csv", "id,name,score\n1,a\xff\xfe\xc0\xaf,3\n")
	text("a table with a mark of byte order", "bom.csv", "\ufeff\ufeffid,name,score\n1,a,3\n")
	add("a table in UTF-16", "utf16.csv", utf16le("id,name,score\r\n1,Ма\u202eуа,3\r\n"))
	add("half of a UTF-16 character", "utf16-half.csv", append(utf16le("id,name\r\n1,x"), 0x00, 0xd8, 0x41))
	text("columns of one name", "twice.csv", "id,id,name,NAME,student,student,username,username,date,date,status,status,title,title,link,link\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n")
	text("a quote that does not end", "quote.csv", "id,name,score\n1,\""+strings.Repeat("x\n", 1<<19))
	text("a line that does not end", "line.csv", strings.Repeat("x", 3<<19))
	text("a cell without end", "cell.csv", "student,date,status\n"+strings.Repeat("y", 1<<20)+",2026-11-02,OSS\n")
	text("very many columns", "columns.csv", strings.Repeat("a,", 100_000)+"b\n"+strings.Repeat("1,", 100_000)+"2\n")
	text("very many empty lines", "empty.csv", strings.Repeat("\r\n", 1<<18))
	text("very many separators", "separators.csv", strings.Repeat(",;\t|", 3<<17)+"\n")
	text("no line", "nothing.csv", "")
	text("only names of columns", "header.csv", "username,date,status,title,link,product,minutes,course\n")
	text("rows longer and shorter than the header", "ragged.csv", "username,date,status\nmaya\nmaya,2026-11-02,OSS,x,y,z\n,,\n")
	text("old ends of lines", "cr.csv", "username,date,status\rmaya,2026-11-02,OSS\r")
	text("quotes in the midst", "quotes.csv", "username,date,status\nma\"ya,\"2026-11-02\"x,\"\"\"\n")
	text("names of columns with markup", "markup.csv", strings.Join([]string{"username", "=1+1", "\u202eeman", `"` + strings.ReplaceAll(Markup, `"`, `""`) + `"`}, ",")+"\nmaya,1,2,3\n")
	text("a key that is none", "key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	text("another program", "program.exe", "MZ\x90\x00"+strings.Repeat("\x00\xff", 500))
	for _, t := range Tables() {
		add("hostile cells", t.Name, t.Data)
	}
	return all
}

// Tables returns a table for each kind of list that Waymark reads, in which each cell was each
// of the hostile texts once, and in one row all cells were.
func Tables() []File {
	var all []File
	for _, t := range []struct{ name, header, row string }{
		{"cells-materials.csv", "id,title,link,location,kind,minutes,language,competencies,tier,licence,accessibility,topics,social,product,checkpoints", "m,Film,https://example.org/f,Shelf 2,video,10,en,4.NF.1,core,CC BY,captions,film,alone,,"},
		{"cells-items.csv", "id,competency,text,answer,choices,a,b,c", "q,4.NF.1,What is 1 + 1?,2,1;2;3,1,0,0"},
		{"cells-attendance.csv", "username,date,status", "maya,2026-11-02,OSS"},
		{"cells-use.csv", "username,product,date,minutes,lessons", "maya,Reader,2026-11-02,20,1"},
		{"cells-courses.csv", "username,course,virtual,status,points,of,percent,provider,subject", "maya,Algebra,yes,CP,72,100,72,Somebody,Mathematics"},
		{"cells-results.csv", "student,competency,item,score,max,date,id,class,treat,pre,post,n_t,n_c,g,q1,unit,outcome,begins,term", "maya,4.NF.1,Q1,3,4,2026-11-02,1,a,1,3,5,30,30,.2,1,a,1,1,1"},
		{"cells-answers.csv", "user,item,score", "a,x,1"},
		{"cells-log.tsv", "user_id\titem_id\tskill_id\tcorrect\ttimestamp", "a\tb\tc\t1\t0"},
	} {
		sep := ","
		if strings.HasSuffix(t.name, ".tsv") {
			sep = "\t"
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = rune(sep[0])
		row := strings.Split(t.row, sep)
		_ = w.Write(strings.Split(t.header, sep))
		for _, x := range Texts() {
			for i := range row {
				one := append([]string(nil), row...)
				one[i] = x.Value
				_ = w.Write(one)
			}
			every := make([]string, len(row))
			for i := range every {
				every[i] = x.Value
			}
			_ = w.Write(every)
		}
		w.Flush()
		all = append(all, File{"hostile cells", t.name, b.Bytes()})
	}
	return all
}

// Framework is a CASE package that can be read, with a hostile text in every field.
func Framework() []byte {
	doc := map[string]any{"identifier": "4f4f4f4f-0000-4000-8000-000000000001", "title": Markup, "creator": Markup, "uri": "javascript:alert(1)", "officialSourceURL": "http://169.254.169.254/",
		"lastChangeDateTime": "99999-12-31", "language": "en", "notes": Markup, "adoptionStatus": "Private Draft"}
	var items []any
	for i, x := range Texts() {
		items = append(items, map[string]any{"identifier": fmt.Sprintf("4f4f4f4f-0000-4000-8001-%012d", i), "fullStatement": x.Value + " is known", "humanCodingScheme": fmt.Sprintf("H.%d%s", i, x.Value[:min(len(x.Value), 20)]),
			"abbreviatedStatement": x.Value, "uri": x.Value, "educationLevel": []string{x.Value}, "subject": []string{x.Value}, "CFItemType": x.Value, "language": x.Value})
	}
	data, err := json.Marshal(map[string]any{"CFDocument": doc, "CFItems": items, "CFAssociations": []any{}})
	if err != nil {
		panic(err)
	}
	return data
}

// entry is a file in an archive: a text, or so many zeros.
type entry struct {
	name, text string
	size       int
}

func archive(entries ...entry) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil {
			_, err = io.WriteString(w, e.text)
		}
		zeros := make([]byte, 1<<20)
		for n := e.size; n > 0 && err == nil; n -= len(zeros) {
			_, err = w.Write(zeros)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// overlap is an archive whose n entries are the same bytes, each of which unpacks to many.
func overlap(n int) []byte {
	one := archive(entry{name: "00.csv", size: 32 << 20})
	at := bytes.LastIndex(one, []byte("PK\x01\x02"))
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	out := append([]byte(nil), one[:at]...)
	for i := range n {
		record := append([]byte(nil), one[at:end]...)
		copy(record[46:], fmt.Sprintf("%02d", i))
		out = append(out, record...)
	}
	tail := append([]byte(nil), one[end:]...)
	binary.LittleEndian.PutUint16(tail[8:], uint16(n))
	binary.LittleEndian.PutUint16(tail[10:], uint16(n))
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*(end-at)))
	return append(out, tail...)
}

// lies changes what an archive says of the sizes of its entries.
func lies(whole []byte) []byte {
	out := append([]byte(nil), whole...)
	for at := 0; ; {
		i := bytes.Index(out[at:], []byte("PK\x01\x02"))
		if i < 0 {
			return out
		}
		at += i + 4
		binary.LittleEndian.PutUint32(out[at+16:], 0xfffffff0) // compressed
		binary.LittleEndian.PutUint32(out[at+20:], 1)
	}
}

func indents(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func utf16le(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}
