package tabular_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"waymark/internal/fault"
	"waymark/internal/tabular"
)

// readAll returns the rows as "line: cell|cell" and the problems as "line: code".
func readAll(t *testing.T, r *tabular.Reader) (rows, problems []string) {
	t.Helper()
	for {
		row, err := r.Read()
		if err == io.EOF {
			return rows, problems
		}
		if p, ok := errors.AsType[fault.Problem](err); ok {
			if p.Fatal || p.Cure == "" || p.Message == "" {
				t.Fatalf("Read() = %v; want a problem of one row with message and cure", p)
			}
			problems = append(problems, fmt.Sprintf("%d: %s %s", p.Line, p.Code, p.Field))
			continue
		}
		if err != nil {
			t.Fatalf("Read() = %v", err)
		}
		cells := make([]string, row.Len())
		for i := range cells {
			cells[i] = row.At(i)
		}
		rows = append(rows, fmt.Sprintf("%d: %s", row.Line, strings.Join(cells, "|")))
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("name\tn\r\nZoë\t1\r\n")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		in       string
		opt      tabular.Options
		header   []string
		rows     []string
		problems []string
	}{
		{name: "plain", in: "a,b\n1,2\n3,4\n", header: []string{"a", "b"}, rows: []string{"2: 1|2", "3: 3|4"}},
		{name: "no line break at the end", in: "a,b\n1,2", header: []string{"a", "b"}, rows: []string{"2: 1|2"}},
		{name: "byte order mark and CRLF", in: "\ufeffa,b\r\n1,2\r\n", header: []string{"a", "b"}, rows: []string{"2: 1|2"}},
		{name: "lone CR", in: "a,b\r1,2\r3,4\r", header: []string{"a", "b"}, rows: []string{"2: 1|2", "3: 3|4"}},
		{name: "lone CR without the last", in: "a,b\r1,\r", header: []string{"a", "b"}, rows: []string{"2: 1|"}},
		{name: "quoted line breaks count", in: "a,b\n\"x\r\ny\",1\nz,2\n", header: []string{"a", "b"}, rows: []string{"2: x\ny|1", "4: z|2"}},
		{name: "quotes within quotes", in: "a,b\n\"say \"\"hi\"\"\",\"\"\n", header: []string{"a", "b"}, rows: []string{`2: say "hi"|`}},
		{name: "spaces around quotes", in: "a, b\n \"1,5\" , 2 \n", header: []string{"a", "b"}, rows: []string{"2: 1,5|2"}},
		{name: "empty lines and lines of separators", in: "a,b\n\n1,2\n,\n\n,,,,\n", header: []string{"a", "b"}, rows: []string{"3: 1|2"}},
		{name: "separators after the last cell", in: "a,b,,\n1,2,,\n", header: []string{"a", "b"}, rows: []string{"2: 1|2"}},
		{name: "semicolon", in: "a;b\n1,5;2,5\n", header: []string{"a", "b"}, rows: []string{"2: 1,5|2,5"}},
		{name: "semicolon after empty lines", in: "\n\na;b\n1,5;2,5\n", header: []string{"a", "b"}, rows: []string{"4: 1,5|2,5"}},
		{name: "tab keeps quotes within a cell", in: "a\tb\n5\" pipe\t2\n", header: []string{"a", "b"}, rows: []string{`2: 5" pipe|2`}},
		{name: "bar", in: "a|b\n1|2\n", header: []string{"a", "b"}, rows: []string{"2: 1|2"}},
		{name: "separator said in the first line", in: "sep=;\r\na;b,c;d\r\n1;2;3\r\n", header: []string{"a", "b,c", "d"}, rows: []string{"3: 1|2|3"}},
		{name: "one column", in: "a\n1\n", header: []string{"a"}, rows: []string{"2: 1"}},
		{name: "repeated and missing names", in: "Name,Name,,Name#2,Name\n1,2,3,4,5\n",
			header: []string{"Name", "Name#2", "c3", "Name#2#2", "Name#3"}, rows: []string{"2: 1|2|3|4|5"}},
		{name: "header further down", in: "Report of 1 May\n\"a \"\"b\"\n\na,b\n1,2\n", opt: tabular.Options{HeaderRow: 4},
			header: []string{"a", "b"}, rows: []string{"5: 1|2"}},
		{name: "header of two rows", in: ",Fractions,,Ratios\nStudent,Q1,Q2,Q1\ns1,1,0,1\n", opt: tabular.Options{HeaderRows: 2},
			header: []string{"Student", "Fractions Q1", "Fractions Q2", "Ratios Q1"}, rows: []string{"3: s1|1|0|1"}},
		{name: "no header", in: "1,2\n3,4\n", opt: tabular.Options{NoHeader: true}, header: []string{"c1", "c2"}, rows: []string{"1: 1|2", "2: 3|4"}},
		{name: "windows-1252", in: "name,n\nZo\xeb \x96,1\n", header: []string{"name", "n"}, rows: []string{"2: Zoë –|1"}},
		{name: "windows-1252 said", in: "name,n\nZ\xc3\xab,1\n", opt: tabular.Options{Encoding: "windows-1252"}, header: []string{"name", "n"}, rows: []string{"2: ZÃ«|1"}},
		{name: "one damaged name in UTF-8", in: "name,n\nZoë é è ü ö,1\nZo\xeb,2\nok,3\n", header: []string{"name", "n"},
			rows: []string{"2: Zoë é è ü ö|1", "4: ok|3"}, problems: []string{"3: csv.encoding name"}},
		{name: "utf-16 with mark", in: utf16, header: []string{"name", "n"}, rows: []string{"2: Zoë|1"}},
		{name: "formula-like cells stay", in: "a,b\n=1+1,@x\n-3,+4\n", header: []string{"a", "b"}, rows: []string{"2: =1+1|@x", "3: -3|+4"}},
		{name: "too few and too many cells", in: "a,b\n1\n1,2,3\n1,2\n", header: []string{"a", "b"},
			rows: []string{"4: 1|2"}, problems: []string{"2: csv.cells ", "3: csv.cells "}},
		{name: "quote within a bare cell", in: "a,b\n1,ba\"d\n3,4\n", header: []string{"a", "b"},
			rows: []string{"3: 3|4"}, problems: []string{"2: csv.unescaped_quote b"}},
		{name: "text after a closing quote", in: "a,b\n1,\"ba\"d\n3,4\n", header: []string{"a", "b"},
			rows: []string{"3: 3|4"}, problems: []string{"2: csv.unescaped_quote b"}},
		{name: "an open quote costs one row", in: "a,b\n1,\"oops\n3,4\n5,6\n7,\"x\"\n", header: []string{"a", "b"},
			rows: []string{"3: 3|4", "4: 5|6", "5: 7|x"}, problems: []string{"2: csv.unescaped_quote b"}},
		{name: "an open quote without another", in: "a,b\n1,\"oops\n3,4\n", header: []string{"a", "b"},
			rows: []string{"3: 3|4"}, problems: []string{"2: csv.unclosed_quote b"}},
		{name: "cell too long", in: "a,b\n1," + strings.Repeat("x", 11) + "\n3,4\n", opt: tabular.Options{MaxCell: 10}, header: []string{"a", "b"},
			rows: []string{"3: 3|4"}, problems: []string{"2: csv.cell_too_long b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []io.Reader{strings.NewReader(tt.in), iotest.HalfReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in))} {
				r, err := tabular.NewReader(in, "file.csv", tt.opt)
				if err != nil {
					t.Fatalf("NewReader() = %v", err)
				}
				if diff := cmp.Diff(tt.header, r.Header()); diff != "" {
					t.Errorf("Header() differs (-want +got):\n%s", diff)
				}
				rows, problems := readAll(t, r)
				if diff := cmp.Diff(tt.rows, rows); diff != "" {
					t.Errorf("rows differ (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.problems, problems); diff != "" {
					t.Errorf("problems differ (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// What lies beyond the first look at a file must still be read rightly.
func TestReaderFarDown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, end string
		opt       tabular.Options
		row       string // the last one
		problem   string // the only one
		rows      int
	}{
		{name: "windows-1252", end: "Zo\xeb,1\n", rows: 100_001, row: "100002: Zoë|1"},
		{name: "utf-8", end: "Zoë,1\n", rows: 100_001, row: "100002: Zoë|1"},
		{name: "zero byte", end: "\x00,1\nend,2", rows: 100_001, row: "100003: end|2", problem: "100002: csv.nul a"},
		{name: "quote that never closes", end: "1,\"" + strings.Repeat("x,y\n", 100_000), opt: tabular.Options{MaxCell: 100},
			rows: 199_999, row: "200001: x|y", problem: "100002: csv.row_too_long b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := tabular.NewReader(strings.NewReader("a,b\n"+strings.Repeat("x,1\n", 100_000)+tt.end), "file.csv", tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			rows, problems := readAll(t, r)
			if len(rows) != tt.rows || rows[len(rows)-1] != tt.row || strings.Join(problems, "; ") != tt.problem {
				t.Errorf("%d rows, last %q, problems %q; want %d, %q, %q", len(rows), rows[len(rows)-1], problems, tt.rows, tt.row, tt.problem)
			}
		})
	}
}

func TestReaderRefusesWhatIsNoTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, code string
		opt            tabular.Options
	}{
		{name: "empty", in: "", code: "file.empty"},
		{name: "only a byte order mark", in: "\ufeff\r\n", code: "file.empty"},
		{name: "workbook", in: "PK\x03\x04rest", code: "file.not_text"},
		{name: "old workbook", in: "\xD0\xCF\x11\xE0rest", code: "file.not_text"},
		{name: "binary", in: "a,b\n\x00\x01\x02\xff\x10", code: "file.not_text"},
		{name: "header line beyond the end", in: "a,b\n1,2\n", code: "file.no_header", opt: tabular.Options{HeaderRow: 9}},
		{name: "header with a stray quote", in: "a,b\"c\n1,2\n", code: "csv.unescaped_quote"},
		{name: "unknown encoding", in: "a\n", code: "file.encoding", opt: tabular.Options{Encoding: "ebcdic"}},
		{name: "impossible delimiter", in: "a\n", code: "file.delimiter", opt: tabular.Options{Comma: '"'}},
		{name: "too many columns", in: "a,b,c\n", code: "csv.columns", opt: tabular.Options{MaxColumns: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tabular.NewReader(strings.NewReader(tt.in), "file.csv", tt.opt)
			p, ok := errors.AsType[fault.Problem](err)
			if !ok || !p.Fatal || p.Code != tt.code || p.File != "file.csv" || p.Cure == "" {
				t.Errorf("NewReader() = %#v; want a fatal problem %s with a cure", err, tt.code)
			}
		})
	}
	broken := io.MultiReader(strings.NewReader("a,b\n1,2\n"), iotest.ErrReader(errors.New("disk gone")))
	_, err := tabular.NewReader(broken, "file.csv", tabular.Options{})
	if p, ok := errors.AsType[fault.Problem](err); !ok || p.Code != "file.unreadable" {
		t.Errorf("NewReader(broken disk) = %v; want that it could not be read to the end", err)
	}
}

func TestReaderHoldsOneRowOnly(t *testing.T) { // alone, as it measures memory
	line := strings.Repeat("0123456789,", 9) + "x\n"
	in := io.MultiReader(strings.NewReader("a,b,c,d,e,f,g,h,i,j\n"), io.LimitReader(&repeat{text: line}, 64<<20))
	r, err := tabular.NewReader(in, "big.csv", tabular.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var most uint64
	for n := 0; ; n++ {
		if _, err := r.Read(); err == io.EOF {
			break
		}
		if n%50_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if most > 24<<20 {
		t.Errorf("reading 64 MB held %d MB", most>>20)
	}
}

// repeat is an endless file of one line.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], r.text[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.text)
	}
	return n, nil
}

func TestSafe(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":           "",
		"Ada":        "Ada",
		"=1+1":       "'=1+1",
		"@SUM(A1)":   "'@SUM(A1)",
		"+cmd|' /C":  "'+cmd|' /C",
		"-2+3":       "'-2+3",
		"-":          "'-",
		"-1.5":       "-1.5",
		"+3":         "+3",
		"-.5e-3":     "-.5e-3",
		"-0x1p-2":    "'-0x1p-2",
		"\t=1":       "'\t=1",
		"a=b":        "a=b",
		"-1e":        "'-1e",
		"2026-01-01": "2026-01-01",
	} {
		if got := tabular.Safe(in); got != want {
			t.Errorf("Safe(%q) = %q; want %q", in, got, want)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	const rows = 100_000
	in := "c1,c2,c3,c4,c5,c6,c7,c8,c9,c10\n" + strings.Repeat("s12345,abc,2026-09-01,1,0,math,G4.NF.1,12,true,x\n", rows)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := tabular.NewReader(strings.NewReader(in), "bench.csv", tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			}
			n++
		}
		if n != rows {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\r\"x\"\"\r\n\";2", "a\tb\n\"\"\"\t\xe9\n", "sep=|\na|b\n", "\xff\xfea\x00,\x00b\x00\n\x00", "a,b\n\"x\n1,2\n"} {
		f.Add([]byte(s), uint8(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, row, mode uint8) {
		opt := tabular.Options{HeaderRow: int(row % 5), HeaderRows: int(mode % 3), NoHeader: mode&4 != 0, MaxCell: 1 + int(mode)*4}
		read := func(src io.Reader) (rows, problems []string) {
			r, err := tabular.NewReader(src, "fuzz.csv", opt)
			if err != nil {
				if p, ok := errors.AsType[fault.Problem](err); !ok || !p.Fatal {
					t.Fatalf("NewReader() = %#v", err)
				}
				return nil, []string{err.Error()}
			}
			rows, problems = readAll(t, r)
			if len(rows)+len(problems) > len(in)+1 {
				t.Fatalf("%d rows and %d problems from %d bytes", len(rows), len(problems), len(in))
			}
			last := 0
			for _, row := range rows {
				var line int
				fmt.Sscanf(row, "%d:", &line)
				if line <= last || line > len(in)+1 {
					t.Fatalf("line %d after %d", line, last)
				}
				last = line
			}
			return rows, problems
		}
		rows, problems := read(strings.NewReader(string(in)))
		rows2, problems2 := read(iotest.OneByteReader(strings.NewReader(string(in))))
		if diff := cmp.Diff(rows, rows2) + cmp.Diff(problems, problems2); diff != "" {
			t.Fatalf("reading byte by byte differs:\n%s", diff)
		}
	})
}
