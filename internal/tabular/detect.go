package tabular

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// signatures of files that people take for CSV.
var signatures = []struct{ magic, what string }{
	{"PK\x03\x04", "an Excel workbook or a zip archive"},
	{"PK\x05\x06", "an empty zip archive"},
	{"\xD0\xCF\x11\xE0", "an old Excel workbook"},
	{"\x1f\x8b", "a compressed (gzip) file"},
	{"%PDF-", "a PDF document"},
	{"SQLite format 3\x00", "a database"},
	{"\x89PNG", "a picture"},
	{"\xFF\xD8\xFF", "a picture"},
}

// decide settles the encoding, and refuses what is no text.
func (r *Reader) decide(opt Options) error {
	b := r.buf
	for _, s := range signatures {
		if bytes.HasPrefix(b, []byte(s.magic)) {
			return r.fatal("file.not_text", "This is "+s.what+", not a CSV file.",
				"Open it in the program that made it and save it as “CSV UTF-8”.")
		}
	}
	utf16 := func(e unicode.Endianness) error {
		dec := unicode.UTF16(e, unicode.UseBOM).NewDecoder()
		r.in = dec.Reader(io.MultiReader(bytes.NewReader(bytes.Clone(b)), failing(r.in, r.ended)))
		r.buf, r.ended, r.enc = make([]byte, 0, 2*window), false, utf8Text
		for len(r.buf) < window && !r.ended {
			r.fill()
		}
		if r.err != nil {
			return r.fatal("file.unreadable", "The file could not be read as UTF-16 text.", "Save it as “CSV UTF-8”.")
		}
		return nil
	}
	var err error
	switch enc := strings.ToLower(opt.Encoding); {
	case enc == "utf-16" || enc == "utf-16le" || enc == "utf16":
		err = utf16(unicode.LittleEndian)
	case enc == "utf-16be":
		err = utf16(unicode.BigEndian)
	case enc == "windows-1252" || enc == "cp1252" || enc == "latin1" || enc == "iso-8859-1":
		r.enc = windows1252
	case enc == "utf-8" || enc == "utf8":
		r.enc = utf8Text
	case enc != "":
		return r.fatal("file.encoding", "The encoding “"+opt.Encoding+"” is not known.",
			"Say utf-8, windows-1252 or utf-16, or leave it out.")
	case bytes.HasPrefix(b, []byte("\xFF\xFE")) || bytes.HasPrefix(b, []byte("\xFE\xFF")):
		err = utf16(unicode.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		r.enc = utf8Text
	default:
		if e, ok := looksUTF16(b); ok {
			err = utf16(e)
		} else {
			r.enc = guess(b)
		}
	}
	if err != nil {
		return err
	}
	r.buf = bytes.TrimPrefix(r.buf, []byte("\xEF\xBB\xBF"))
	if len(bytes.TrimSpace(r.buf)) == 0 && r.ended {
		return r.fatal("file.empty", "The file is empty.", "Export it again and check that it has a row of column names.")
	}
	if bytes.IndexByte(r.buf, 0) >= 0 {
		return r.fatal("file.not_text", "The file holds bytes that no text has.",
			"Open it in the program that made it and save it as “CSV UTF-8”.")
	}
	return nil
}

func failing(in io.Reader, ended bool) io.Reader {
	if ended {
		return bytes.NewReader(nil)
	}
	return in
}

// looksUTF16 reports UTF-16 text without a byte order mark: nearly every other
// byte of Latin text is then 0.
func looksUTF16(b []byte) (unicode.Endianness, bool) {
	b = b[:min(len(b), 512)]
	if len(b) < 4 {
		return unicode.LittleEndian, false
	}
	var zero [2]int
	for i, c := range b {
		if c == 0 {
			zero[i%2]++
		}
	}
	half := len(b) / 2
	switch {
	case zero[0] == 0 && zero[1]*10 >= half*8:
		return unicode.LittleEndian, true
	case zero[1] == 0 && zero[0]*10 >= half*8:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// guess tells UTF-8 from Windows-1252. Words in Windows-1252 hardly ever form a
// valid UTF-8 sequence, so a few valid ones outweigh some damage.
func guess(b []byte) encoding {
	valid, invalid := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		if !utf8.FullRune(b) {
			break // cut off by the window
		}
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			invalid++
		} else {
			valid++
		}
		b = b[n:]
	}
	switch {
	case valid == 0 && invalid == 0:
		return undecided
	case valid > 4*invalid:
		return utf8Text
	}
	return windows1252
}

// delimiter settles the cell separator.
func (r *Reader) delimiter(opt Options) error {
	if opt.Comma >= utf8.RuneSelf || opt.Comma == '"' || opt.Comma == '\r' || opt.Comma == '\n' || opt.Comma < 0 {
		return r.fatal("file.delimiter", "“"+string(opt.Comma)+"” cannot separate cells.", "Use comma, semicolon, tab or bar.")
	}
	r.comma = byte(opt.Comma)
	// Spreadsheets write and obey a first line such as "sep=;".
	head := r.buf
	if len(head) >= 5 && bytes.EqualFold(head[:4], []byte("sep=")) && (len(head) == 5 || head[5] == '\r' || head[5] == '\n') &&
		head[4] != '"' && head[4] < utf8.RuneSelf && head[4] != '\r' && head[4] != '\n' {
		if r.comma == 0 {
			r.comma = head[4]
		}
		r.pos, _ = lineEnd(head, 0, r.ended)
		r.line++
	}
	if r.comma == 0 {
		r.comma = sniff(r.buf[r.pos:], max(opt.HeaderRow-r.line, 0), r.name)
	}
	r.quoting = r.comma != '\t'
	for _, c := range []byte{r.comma, '"', '\r', '\n', 0} {
		r.special[c] = true
	}
	return nil
}

// sniff returns the separator that splits the header and the rows after it into
// the most, and the most even, number of cells.
func sniff(b []byte, skip int, name string) byte {
	for range skip {
		i, ok := lineEnd(b, 0, true)
		if !ok {
			break
		}
		b = b[i:]
	}
	const candidates = ",;\t|"
	var counts [len(candidates)][]int
	var now [len(candidates)]int
	quoted, blank := false, true
	for _, c := range b {
		switch {
		case c == '"':
			quoted, blank = !quoted, false
		case quoted:
		case c == '\n' || c == '\r':
			if !blank {
				for i := range now {
					counts[i] = append(counts[i], now[i])
				}
			}
			now, blank = [len(candidates)]int{}, true
		default:
			blank = false
			if i := strings.IndexByte(candidates, c); i >= 0 {
				now[i]++
			}
		}
		if len(counts[0]) == 20 {
			break
		}
	}
	if len(counts[0]) == 0 {
		for i := range now {
			counts[i] = append(counts[i], now[i])
		}
	}
	best, bestScore := byte(','), 0.0
	if strings.HasSuffix(strings.ToLower(name), ".tsv") {
		best = '\t'
	}
	for i := range candidates {
		same := 0
		for _, n := range counts[i] {
			if n == counts[i][0] {
				same++
			}
		}
		score := float64(counts[i][0]) * float64(same) / float64(len(counts[i]))
		if score > bestScore {
			best, bestScore = candidates[i], score
		}
	}
	return best
}

// lineEnd returns the offset after the first line break at or after from. ok is
// false if there is none, or if a final CR may yet be followed by LF.
func lineEnd(b []byte, from int, ended bool) (int, bool) {
	i := bytes.IndexAny(b[from:], "\r\n")
	if i < 0 {
		return len(b), false
	}
	i += from
	if b[i] == '\n' {
		return i + 1, true
	}
	if i+1 == len(b) {
		return i + 1, ended
	}
	if b[i+1] == '\n' {
		return i + 2, true
	}
	return i + 1, true
}

var decode1252 = func() (t [256]rune) {
	for i := range t {
		t[i] = charmap.Windows1252.DecodeByte(byte(i))
	}
	return t
}()
