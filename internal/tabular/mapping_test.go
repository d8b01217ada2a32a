package tabular_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/tabular"
)

const small = `name: Quiz
version: 1
student: {column: id, by: identifier}
time: {columns: [day]}
observations:
  - kind: response
    competency: {column: code, by: code}
    score: {column: right}
    max: 1
    item: "{question}"
`

func parse(t testing.TB, text string) tabular.Mapping {
	t.Helper()
	m, err := tabular.ParseMapping("map.yaml", []byte(text))
	if err != nil {
		t.Fatalf("ParseMapping() = %v", err)
	}
	return m
}

func TestParseMappingNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, to string
		code, field    string
		line           int
	}{
		{"unknown key", "by: identifier}", "by: identifier, columm: x}", "mapping.unknown_key", "student.columm", 3},
		{"unknown key at the top", "time:", "times:", "mapping.unknown_key", "times", 4},
		{"repeated key", "version: 1", "version: 1\nname: Again", "mapping.repeated_key", "name", 3},
		{"no name", "name: Quiz", "name: ''", "mapping.invalid", "name", 1},
		{"version", "version: 1", "version: soon", "mapping.type", "version", 2},
		{"no version", "version: 1\n", "", "mapping.invalid", "version", 1},
		{"kind", "kind: response", "kind: guess", "mapping.invalid", "observations[0].kind", 6},
		{"student's way", "by: identifier", "by: phone", "mapping.invalid", "student.by", 3},
		{"competency's way", "by: code", "by: id", "mapping.invalid", "observations[0].competency.by", 7},
		{"no maximum", "    max: 1\n", "", "mapping.invalid", "observations[0].max", 6},
		{"no score", "    score: {column: right}\n", "", "mapping.invalid", "observations[0].score", 6},
		{"stray brace", `"{question}"`, `"{question"`, "mapping.invalid", "observations[0].item", 10},
		{"layout", "{columns: [day]}", "{columns: [day], layouts: [MM/DD]}", "mapping.invalid", "time.layouts[0]", 4},
		{"zone", "{columns: [day]}", "{columns: [day], zone: Mars/Olympus}", "mapping.invalid", "time.zone", 4},
		{"no time", "time: {columns: [day]}\n", "", "mapping.invalid", "time", 1},
		{"two times", "{columns: [day]}", "{columns: [day], date: 2026-01-01}", "mapping.invalid", "time", 4},
		{"anchor", "student: {", "student: &s {", "mapping.anchor", "student", 3},
		{"list for text", "name: Quiz", "name: [a, b]", "mapping.type", "name", 1},
		{"text for keys", "student: {column: id, by: identifier}", "student: id", "mapping.type", "student", 3},
		{"not YAML", "student: {column", "student: {{column", "mapping.syntax", "", 3},
		{"broken YAML", "time: {columns: [day]}", "time: {columns: [day", "mapping.syntax", "", 4},
		{"tab", "time:", "\ttime:", "mapping.syntax", "", 4},
		{"empty condition", "time:", "where: [{column: a}]\ntime:", "mapping.invalid", "where[0]", 4},
		{"bad expression", "time:", "where: [{column: a, matches: '('}]\ntime:", "mapping.invalid", "where[0].matches", 4},
		{"endless repetition", "    max: 1", "    max: 1\n    repeat: {as: n, from: 1, to: 99999999}", "mapping.invalid", "observations[0].repeat[0]", 10},
		{"too many combinations", "    max: 1", "    max: 1\n    repeat: [{as: n, from: 1, to: 200}, {as: k, from: 1, to: 200}]", "mapping.invalid", "observations[0]", 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(small, tt.from, tt.to, 1)
			_, err := tabular.ParseMapping("map.yaml", []byte(text))
			p, ok := errors.AsType[fault.Problem](err)
			if !ok || !p.Fatal || p.File != "map.yaml" || p.Message == "" || p.Cure == "" {
				t.Fatalf("ParseMapping() = %#v; want a fatal problem", err)
			}
			if p.Code != tt.code || p.Line != tt.line || p.Field != tt.field {
				t.Errorf("ParseMapping() = %s in line %d at %q; want %s in line %d at %q (%v)", p.Code, p.Line, p.Field, tt.code, tt.line, tt.field, p)
			}
		})
	}
	for _, in := range []string{"", "# nothing\n", "- a\n", "name: x\n---\nname: y\n", strings.Repeat("#", 1<<20+1)} {
		if _, err := tabular.ParseMapping("map.yaml", []byte(in)); err == nil {
			t.Errorf("ParseMapping(%.20q) = nil; want an error", in)
		}
	}
}

func TestMappingRoundTrip(t *testing.T) {
	t.Parallel()
	all := shipped(t)
	all["wizard"] = tabular.Mapping{
		Name: "From the wizard: 5% #1", Version: 3, Format: tabular.Format{Delimiter: "tab", HeaderRow: 3, Decimal: "comma"},
		Empty:   []string{"NA", "null", "~", "-"},
		Match:   []string{"Schüler", "no"},
		Student: tabular.Student{Column: "Schüler", By: "name", Also: []tabular.Student{{Text: "{a}-{b}", By: "any"}}},
		Time:    tabular.Time{Columns: []string{"Tag"}, Layouts: []string{"D.M.YYYY"}, Zone: "Europe/Berlin"},
		Where:   []tabular.Condition{{Column: "no", Is: []string{"yes", "1"}}},
		Observations: []tabular.Observation{{
			Kind:       evidence.Rubric,
			Competency: &tabular.Competency{Column: "Ziel", By: "name", Values: map[string]string{"Brüche": "4.NF"}, Title: tabular.Value{Text: "{Ziel}"}},
			Score:      tabular.Value{Column: "Stufe", Values: map[string]string{"+": "1", "-": "0", "yes": "skip"}},
			Max:        tabular.Value{Text: "4"},
			Item:       tabular.Value{Column: "Aufgabe", Default: "Heft"},
		}},
	}
	for name, m := range all {
		data, err := m.YAML()
		if err != nil {
			t.Fatalf("%s: YAML() = %v", name, err)
		}
		back, err := tabular.ParseMapping(name, data)
		if err != nil {
			t.Errorf("%s: ParseMapping(YAML()) = %v\n%s", name, err, data)
			continue
		}
		if diff := cmp.Diff(m, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s comes back different (-want +got):\n%s\n%s", name, diff, data)
		}
	}
}

func TestDraftsReportProblems(t *testing.T) {
	t.Parallel()
	in := "id,day,code,right,question\n" +
		"1,2026-10-05,A,1,q1\n" + // good
		",2026-10-05,A,1,q1\n" + // no student
		"2,yesterday,A,1,q1\n" +
		"3,,A,1,q1\n" +
		"4,2026-10-05,,1,q1\n" + // no competency
		"5,2026-10-05,A,maybe,q1\n" +
		"6,2026-10-05,A,2,q1\n" + // above the maximum
		"7,2026-10-05,A,,q1\n" + // nothing to record
		"8,2026-10-05,A,1\n" + // too few cells
		"9,2026-10-05,A,1,q1\n"
	out, problems, sum := drafts(t, parse(t, small), "quiz.csv", in)
	if want := (tabular.Summary{Rows: 10, Drafts: 2, Skipped: 1, Bad: 7}); sum != want || len(out) != 2 {
		t.Errorf("Drafts() = %+v; want %+v", sum, want)
	}
	var got []string
	for _, p := range problems {
		if p.File != "quiz.csv" || p.Message == "" || p.Cure == "" || p.Fatal {
			t.Errorf("problem %#v lacks file, message or cure, or is fatal", p)
		}
		got = append(got, fmt.Sprintf("%d %s %s %q", p.Line, p.Code, p.Field, p.Value))
	}
	want := []string{
		`3 row.no_student id ""`,
		`4 row.time day "yesterday"`,
		`5 row.time day ""`,
		`6 row.no_competency code ""`,
		`7 row.number right "maybe"`,
		`8 row.score_range right "2"`,
		`10 csv.cells  ""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
}

func TestDraftsOneWrongDateIsOneProblem(t *testing.T) {
	t.Parallel()
	m := shipped(t)["Rubric levels, one column each"]
	_, problems, sum := drafts(t, m, "r.csv", "student,date,rubric: A,rubric: B\n1,soon,3,4\n2,2026-10-01,3,nonsense\n")
	if len(problems) != 2 || sum != (tabular.Summary{Rows: 2, Drafts: 1, Bad: 2}) {
		t.Errorf("Drafts() = %+v with %v; want one problem for each row and one draft", sum, problems)
	}
}

func TestDraftsNameMissingColumns(t *testing.T) {
	t.Parallel()
	_, err := parse(t, small).Drafts(strings.NewReader("ID,day,points\n1,2026-10-05,1\n"), "quiz.csv", nil, nil)
	p, ok := errors.AsType[fault.Problem](err)
	if !ok || !p.Fatal || p.Code != "file.columns" || !strings.Contains(p.Message, "“code”, “right”") || !strings.Contains(p.Cure, "“points”") {
		t.Errorf("Drafts() = %v; want a fatal problem that names code and right, and what there is", err)
	}
}

func TestDraftsStopWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	_, err := parse(t, small).Drafts(strings.NewReader("id,day,code,right,question\n1,2026-10-05,A,1,q1\n2,2026-10-05,A,1,q1\n"), "quiz.csv",
		func(tabular.Draft) error { return stop }, nil)
	if !errors.Is(err, stop) {
		t.Errorf("Drafts() = %v; want the caller's error", err)
	}
}

func TestKeysKnowFactsAgain(t *testing.T) {
	t.Parallel()
	m := parse(t, small)
	head := "id,day,code,right,question\n"
	key := func(m tabular.Mapping, in string) string {
		t.Helper()
		out, problems, _ := drafts(t, m, "quiz.csv", in)
		if len(out) != 1 {
			t.Fatalf("%d drafts, %v; want 1", len(out), problems)
		}
		return out[0].Piece.Key
	}
	first := key(m, head+"1,2026-10-05,A,1,q1\n")
	same := map[string]string{
		"again":                head + "1,2026-10-05,A,1,q1\n",
		"corrected score":      head + "1,2026-10-05,A,0,q1\n",
		"further down":         head + "\n\n9,2026-10-05,A,,q1\n1,2026-10-05,A,1,q1\n",
		"columns moved":        "question,right,code,day,id\nq1,1,A,2026-10-05,1\n",
		"another column added": "id,day,code,right,question,x\n1,2026-10-05,A,1,q1,5\n",
	}
	for name, in := range same {
		if got := key(m, in); got != first {
			t.Errorf("%s: another key", name)
		}
	}
	other := map[string]string{
		"student":    head + "2,2026-10-05,A,1,q1\n",
		"day":        head + "1,2026-10-06,A,1,q1\n",
		"competency": head + "1,2026-10-05,B,1,q1\n",
		"item":       head + "1,2026-10-05,A,1,q2\n",
	}
	for name, in := range other {
		if got := key(m, in); got == first {
			t.Errorf("another %s, but the same key", name)
		}
	}
	renamed := m
	renamed.Name = "Other quiz"
	if key(renamed, head+"1,2026-10-05,A,1,q1\n") == first {
		t.Error("two sources share a key")
	}
	if key(m.InZone("America/Chicago"), head+"1,2026-10-05,A,1,q1\n") != first {
		t.Error("a corrected time zone changes the key")
	}

	declared := parse(t, strings.Replace(small, "observations:", "key: [test]\nobservations:", 1))
	a := key(declared, "id,day,code,right,question,test\n1,2026-10-05,A,1,q1,T1\n")
	if b := key(declared, "id,day,code,right,question,test\n1,2026-10-06,A,0,q1,T1\n"); a != b {
		t.Error("with a declared key, a corrected date makes another fact")
	}
	if b := key(declared, "id,day,code,right,question,test\n1,2026-10-05,A,1,q1,T2\n"); a == b {
		t.Error("the declared key does not count")
	}
}

func TestRepeatsAreNumbered(t *testing.T) {
	t.Parallel()
	m := shipped(t)["Skill builder log"]
	head := "user_id\titem_id\tskill_id\tcorrect\ttimestamp\n"
	keys := func(in string) (out []string) {
		ds, _, _ := drafts(t, m, "log.tsv", head+in)
		for _, d := range ds {
			out = append(out, d.Piece.Key)
		}
		return out
	}
	a := keys("1\t5\t7\t0\t0\n1\t5\t7\t1\t0\n1\t6\t7\t1\t0\n")
	if a[1] != a[0]+"#2" || strings.Contains(a[2], "#") {
		t.Errorf("keys %v; want the second answer to an item numbered", a)
	}
	// Another student's rows in between change nothing; nor does a correction.
	b := keys("1\t5\t7\t0\t0\n2\t5\t7\t1\t0\n1\t5\t7\t0\t0\n1\t6\t7\t1\t0\n")
	if a[0] != b[0] || a[1] != b[2] || a[2] != b[3] || b[1] == b[0] {
		t.Errorf("keys %v and %v; want the same for the same answers", a, b)
	}
}

func TestMappingForms(t *testing.T) {
	t.Parallel()
	head := "name: Forms\nversion: 1\nstudent: {column: id, by: any}\ntime: {date: 2026-10-05}\n"
	tests := []struct {
		name, mapping, in string
		want              []string
	}{
		{"words for levels, constants and a factor",
			"observations: [{kind: rubric, competency: {text: 4.NF, by: code}, score: {column: level, values: {Developing: 2, Secure: 3}}, max: 4, label: \"{level}\", seconds: {column: min, times: 60}}]",
			"id,level,min\n1,developing,2\n2,1,\n3,skip,\n",
			[]string{`2 any=1 rubric code=4.NF 2/4 "developing" 2026-10-05T12:00:00`, `3 any=2 rubric code=4.NF 1/4 "1" 2026-10-05T12:00:00`}},
		{"decimal comma and groups",
			"format: {decimal: comma}\nobservations: [{kind: test, scale: T, score: {column: s}, se: \"{se}\"}]",
			"id;s;se\n1;1.234,5;0,25\n",
			[]string{"2 any=1 test [T] 1234.5/0 se=0.25 2026-10-05T12:00:00"}},
		{"competencies translated, rows chosen",
			"where: [{column: state, is: [Returned, graded]}, {column: s, not: [draft]}]\nobservations: [{kind: task, competency: {column: task, by: code, values: {Essay: W.4.1}}, score: {column: s, number: strip}, max: 100}]",
			"id,task,state,s\n1,essay,returned,83 %\n2,Essay,late,90\n3,Essay,graded,draft\n",
			[]string{"2 any=1 task code=W.4.1 83/100 2026-10-05T12:00:00"}},
		{"header further down, in two rows",
			"format: {header_row: 3, header_rows: 2}\nobservations: [{kind: response, wide: {columns: '^(?P<topic>.+) (?P<q>Q[0-9]+)$'}, competency: {text: '{topic}', by: name}, score: {values: {'+': 1, '-': 0}}, max: 1, item: '{q}'}]",
			"Unit test\n\n,Fractions,,Ratios\nid,Q1,Q2,Q1\n1,+,-,+\n",
			[]string{"5 any=1 response name=Fractions 1/1 2026-10-05T12:00:00", "5 any=1 response name=Fractions 0/1 2026-10-05T12:00:00", "5 any=1 response name=Ratios 1/1 2026-10-05T12:00:00"}},
		{"a vector with separators",
			"observations: [{kind: response, vector: {column: marks, separator: ',', lists: {code: {column: codes, separator: ' '}}}, competency: {text: '{code}', by: code}, max: 1}]",
			"id,marks,codes\n1,\"1,,0\",A B C\n",
			[]string{"2 any=1 response code=A 1/1 2026-10-05T12:00:00", "2 any=1 response code=C 0/1 2026-10-05T12:00:00"}},
		{"a vector with blanks at both ends",
			"observations: [{kind: response, vector: {column: marks, lists: {code: {column: codes, width: 2}}}, competency: {text: '{code}', by: code}, score: {values: {'+': 1, '-': 0}}, max: 1}]",
			"id,marks,codes\n1, +- ,A B C D \n",
			[]string{"2 any=1 response code=B 1/1 2026-10-05T12:00:00", "2 any=1 response code=C 0/1 2026-10-05T12:00:00"}},
		{"students known in several ways",
			"observations: [{kind: test, scale: T, score: {column: s}}]",
			"id,s\n1,<5\n2,5\n",
			[]string{"3 any=2 test [T] 5/0 2026-10-05T12:00:00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, problems, _ := drafts(t, parse(t, head+tt.mapping), "f.csv", tt.in)
			var got []string
			for _, d := range out {
				got = append(got, brief(d))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("drafts differ (-want +got):\n%s\n%v", diff, problems)
			}
		})
	}
}

func TestVectorOfAnotherLength(t *testing.T) {
	t.Parallel()
	m := parse(t, "name: V\nversion: 1\nstudent: {column: id, by: any}\ntime: {date: 2026-10-05}\n"+
		"observations: [{kind: response, vector: {column: marks, lists: {code: {column: codes, separator: ' '}}}, competency: {text: '{code}', by: code}, max: 1}]\n")
	_, problems, sum := drafts(t, m, "v.csv", "id,marks,codes\n1,110,A B\n")
	if len(problems) != 1 || problems[0].Code != "row.vector_length" || sum.Drafts != 0 || problems[0].Line != 2 {
		t.Errorf("Drafts() = %+v, %v; want a problem with the vector's length", sum, problems)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, time, cells, want string }{
		{"day", "columns: [d]", "2026-10-05,", "2026-10-05T12:00:00Z"},
		{"zoned", "columns: [d]", "2026-10-05T08:30:00-05:00,", "2026-10-05T08:30:00-05:00"},
		{"two columns", "columns: [d, t], layouts: [\"M/D/YYYY h:mm a\"]", "10/5/2026,2:05 pm", "2026-10-05T14:05:00Z"},
		{"padded though not said", "columns: [d], layouts: [M/D/YYYY]", "09/05/2026,", "2026-09-05T12:00:00Z"},
		{"unpadded though said", "columns: [d], layouts: [MM/DD/YYYY]", "9/5/2026,", "2026-09-05T12:00:00Z"},
		{"without separators", "columns: [d], layouts: [MMDDYYYY]", "09052026,", "2026-09-05T12:00:00Z"},
		{"month's name", "columns: [d], layouts: [D MMM YYYY]", "5 Sep 2026,", "2026-09-05T12:00:00Z"},
		{"second layout", "columns: [d], layouts: [YYYY-MM-DD, D.M.YYYY]", "5.9.2026,", "2026-09-05T12:00:00Z"},
		{"Go's layout", "columns: [d], layouts: [\"02/01/2006\"]", "05/09/2026,", "2026-09-05T12:00:00Z"},
		{"zone", "columns: [d], zone: America/Chicago", "2026-10-05 08:00,", "2026-10-05T08:00:00-05:00"},
		{"seconds since 1970", "columns: [d], unit: s", "1790000000,", "2026-09-21T14:13:20Z"},
		{"milliseconds since a start", "columns: [d], unit: ms, start: 2026-10-05", "1500,", "2026-10-05T00:00:01Z"},
		{"spreadsheet's days", "columns: [d], unit: day, start: 1899-12-30", "46300.5,", "2026-10-05T12:00:00Z"},
		{"fixed", "date: 2026-10-05", ",", "2026-10-05T12:00:00Z"},
		{"else", "columns: [d], else: {columns: [t]}", ",2026-10-06", "2026-10-06T12:00:00Z"},
		{"no such day", "columns: [d]", "2026-02-30,", "row.time"},
		{"day and month swapped", "columns: [d], layouts: [M/D/YYYY]", "31/12/2026,", "row.time"},
		{"beyond time", "columns: [d], unit: day, start: 2026-01-01", "99999999999999,", "row.time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := parse(t, "name: T\nversion: 1\nstudent: {column: id, by: any}\ntime: {"+tt.time+"}\nobservations: [{kind: test, scale: S, score: '5'}]\n")
			var got string
			_, err := m.Drafts(strings.NewReader("id,d,t\n1,"+tt.cells+"\n"), "t.csv",
				func(d tabular.Draft) error { got = d.Piece.At.Format("2006-01-02T15:04:05Z07:00"); return nil },
				func(p fault.Problem) { got = p.Code })
			if err != nil || got != tt.want {
				t.Errorf("At = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	in := "Report\nid;Größe\n" + strings.Repeat("1;2,5\n", 50) + "bad\n"
	header, rows, guessed, err := tabular.Preview(strings.NewReader(in), "f.csv", tabular.Options{HeaderRow: 2}, 20)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id", "Größe"}, header); diff != "" || len(rows) != 20 || rows[19][1] != "2,5" {
		t.Errorf("Preview() = %v, %d rows", header, len(rows))
	}
	if guessed.Comma != ';' || guessed.HeaderRow != 2 || guessed.Encoding != "utf-8" {
		t.Errorf("Preview() guesses %+v", guessed)
	}
	if _, _, _, err := tabular.Preview(strings.NewReader("PK\x03\x04"), "f.xlsx", tabular.Options{}, 20); err == nil {
		t.Error("Preview(workbook) = nil; want a problem")
	}
}

func BenchmarkDrafts(b *testing.B) {
	const rows = 50_000
	var in strings.Builder
	in.WriteString("student,competency,score,max,date\n")
	for i := range rows {
		fmt.Fprintf(&in, "s%d,4.NF.A.%d,%d,4,2026-10-%02d\n", i%900, i%7, i%5, 1+i%28)
	}
	m := shipped(b)["Results, one row each"]
	b.ReportAllocs()
	for b.Loop() {
		sum, err := m.Drafts(strings.NewReader(in.String()), "bench.csv", func(tabular.Draft) error { return nil }, func(p fault.Problem) { b.Fatal(p) })
		if err != nil || sum.Drafts != rows {
			b.Fatal(sum, err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
