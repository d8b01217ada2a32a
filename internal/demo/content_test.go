package demo_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/caseio"
	"waymark/internal/competency"
	"waymark/internal/demo"
	"waymark/internal/fault"
	"waymark/internal/tabular"
)

func frameworks(t *testing.T, w written) {
	said := map[string]string{}
	for _, f := range w.frameworks(t) {
		g, err := competency.NewGraph(f.Items, f.Edges)
		if err != nil {
			t.Fatal(f.Title, err)
		}
		assessable, rootless := 0, 0
		for _, it := range f.Items {
			if it.Statement == "" || it.Code == "" || len(it.Grades) == 0 {
				t.Errorf("%s: item without statement, code or grades: %+v", f.Title, it)
			}
			for _, s := range []string{it.Statement, it.Short, it.Student} {
				if other, twice := said[s]; twice && s != "" && other != it.Code {
					t.Errorf("%s and %s say the same: %q", it.Code, other, s)
				}
				said[s] = it.Code
				if s != strings.TrimSpace(s) || strings.Contains(s, "  ") || strings.Contains(s, " ,") {
					t.Errorf("%s: stray blanks in %q", it.Code, s)
				}
			}
			if !it.Assessable {
				continue
			}
			assessable++
			if !strings.HasPrefix(it.Student, "I ") || !strings.HasSuffix(it.Student, ".") || !strings.HasSuffix(it.Statement, ".") || it.Short == "" || it.Parent == "" {
				t.Errorf("%s is not worded as the others: %+v", it.Code, it)
			}
			if len(strings.Fields(it.Student)) > 18 {
				t.Errorf("%s: too long for a child: %q", it.Code, it.Student)
			}
			if len(g.Prerequisites(it.ID)) == 0 && it.Grades[0] > "02" && it.Grades[0] != "KG" && !strings.HasPrefix(it.Code, "HAB") {
				rootless++
				t.Errorf("%s has nothing before it", it.Code)
			}
		}
		if assessable < 12 {
			t.Errorf("%s has %d competencies", f.Title, assessable)
		}
	}
}

// words checks that every competency is there in every language, in words of its own.
func words(t *testing.T, w written) {
	var codes []string
	english := map[competency.ID]string{}
	for _, f := range w.frameworks(t) {
		for _, it := range f.Items {
			if it.Assessable {
				codes = append(codes, it.Code)
				english[it.ID] = it.Student
			}
		}
	}
	slices.Sort(codes)
	languages := 0
	for _, file := range w.m.Files {
		if !strings.HasPrefix(file.Path, "words-") {
			continue
		}
		languages++
		f, problems, err := caseio.Read(bytes.NewReader(w.read(t, file.Path)), file.Path)
		if err != nil || len(problems) > 0 {
			t.Fatal(file.Path, err, problems)
		}
		var said []string
		text := map[competency.ID]string{}
		for _, it := range f.Items {
			said = append(said, it.Code)
			text[it.ID] = it.Student
			if it.Assessable || it.Short == "" || it.Student == "" || strings.TrimSpace(it.Student) != it.Student {
				t.Errorf("%s: %s is assessed, or lacks words: %+v", file.Path, it.Code, it)
			}
		}
		slices.Sort(said)
		if !slices.Equal(said, codes) {
			t.Errorf("%s says %d competencies of %d", file.Path, len(said), len(codes))
		}
		for _, e := range f.Edges {
			if e.Kind != competency.Translation || english[e.To] == "" || english[e.To] == text[e.From] {
				t.Errorf("%s: %q does not translate %q", file.Path, text[e.From], english[e.To])
			}
		}
		if len(f.Edges) != len(codes) {
			t.Errorf("%s translates %d of %d", file.Path, len(f.Edges), len(codes))
		}
	}
	if languages != 5 {
		t.Errorf("the competencies are said in %d other languages; want 5", languages)
	}
}

func materials(t *testing.T, w written) {
	codes := map[string]int{}
	for _, f := range w.frameworks(t) {
		for _, it := range f.Items {
			if it.Assessable {
				codes[it.Code] = 0
			}
		}
	}
	if err := tabular.Materials(bytes.NewReader(w.read(t, "materials.csv")), "materials.csv", tabular.Options{}, func(int, tabular.MaterialRow) error { return nil },
		func(p fault.Problem) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	titles, kinds, spanish := map[string]bool{}, map[string]int{}, 0
	for _, r := range w.rows(t, "materials.csv") {
		for code := range strings.SplitSeq(r["competencies"], ";") {
			if _, ok := codes[code]; !ok {
				t.Errorf("%q is about %q, which does not exist", r["title"], code)
			}
			codes[code]++
		}
		if titles[r["title"]] || r["title"] == "" {
			t.Errorf("title %q is missing or stands twice", r["title"])
		}
		titles[r["title"]] = true
		kinds[r["kind"]]++
		if r["language"] == "es" {
			spanish++
		}
		if r["link"] == "" && r["location"] == "" || r["accessibility"] == "" || r["tier"] == "" || strings.HasSuffix(r["link"], "/") {
			t.Errorf("%q lacks a link or location, a tier or a note on access", r["title"])
		}
	}
	for code, n := range codes {
		if n < 2 {
			t.Errorf("%s has %d materials", code, n)
		}
	}
	for _, kind := range []string{"video", "text", "practice", "game", "project", "book", "paper", "place", "person", "lab", "audio", "tool"} {
		if kinds[kind] == 0 {
			t.Errorf("no material of kind %s", kind)
		}
	}
	if spanish < 10 {
		t.Errorf("%d materials in Spanish", spanish)
	}
}

// results checks that the mappings that come with the files, or that ship, read them.
func results(t *testing.T, w written) {
	s := w.town(t)
	numbers := map[string]bool{}
	for _, u := range s.users {
		numbers[u.Identifier] = true
	}
	codes := map[string]bool{}
	for _, f := range w.frameworks(t) {
		for _, it := range f.Items {
			codes[it.Code] = it.Assessable
		}
	}
	shipped, err := tabular.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.m.Files {
		if f.Kind != "results" {
			continue
		}
		rows := w.rows(t, f.Path)
		if len(rows) != f.Rows {
			t.Errorf("%s has %d rows; manifest says %d", f.Path, len(rows), f.Rows)
		}
		for _, r := range rows {
			student, code := r["student"]+r["student_id"]+r["StudentID"], r["competency"]
			if !numbers[student] || code != "" && !codes[code] {
				t.Fatalf("%s: student %q or competency %q is unknown", f.Path, student, code)
			}
			if d := r["date"]; d > today.Format(time.DateOnly) {
				t.Fatalf("%s: %s lies in the future", f.Path, d)
			}
		}
		checkMapping(t, w, f, shipped)
	}
}

// checkMapping reads a file as the importer will, and wants every row to be used and
// every fact to have a key of its own.
func checkMapping(t *testing.T, w written, f demo.File, shipped []tabular.Mapping) {
	t.Helper()
	raw := w.read(t, f.Path)
	var m tabular.Mapping
	if f.Map == "" {
		header, _, _, err := tabular.Preview(bytes.NewReader(raw), f.Path, tabular.Options{}, 1)
		var ok bool
		if m, ok = tabular.Recognize(header, shipped); err != nil || !ok {
			t.Fatalf("%s: no shipped mapping recognises it: %v", f.Path, err)
		}
	} else {
		var err error
		if m, err = tabular.ParseMapping(f.Map, w.read(t, f.Map)); err != nil {
			t.Fatal(err)
		}
	}
	keys, problems := map[string]bool{}, 0
	sum, err := m.Drafts(bytes.NewReader(raw), f.Path, func(d tabular.Draft) error {
		p := d.Piece
		p.Student, p.Competency = "known", competency.ID(d.CompetencyRef)
		if err := p.Validate(today); err != nil {
			t.Fatalf("%s:%d: %v", f.Path, d.Line, err)
		}
		if keys[p.Key] {
			t.Fatalf("%s:%d: the key %q stands twice", f.Path, d.Line, p.Key)
		}
		keys[p.Key] = true
		return nil
	}, func(p fault.Problem) {
		if problems++; problems < 4 {
			t.Error(p)
		}
	})
	if err != nil || sum.Rows != f.Rows || sum.Drafts < f.Rows || sum.Bad > 0 || sum.Skipped > 0 {
		t.Errorf("%s through %q: %+v, %v; want all of %d rows used", f.Path, m.Name, sum, err, f.Rows)
	}
}
