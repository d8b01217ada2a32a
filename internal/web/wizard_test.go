package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/tabular"
)

const quiz = "stu_id,standard,qnum,rating,taken on,room\n" +
	"minh,4.NF.1,Q1,Secure,11/9/2026,12\n" +
	"emma,4.NF.1,Q1,Growing,11/19/2026,12\n" +
	"nobody,4.NF.1,Q1,Growing,11/19/2026,12\n"

// columnsOf uploads a table to the wizard and returns the path of its columns.
func (s *site) columnsOf(name, data string, fields ...string) string {
	s.t.Helper()
	return s.upload("administrator", "/admin/imports/mapping", name, []byte(data), fields...).is(http.StatusSeeOther).Header.Get("Location")
}

func TestWizardTurnsATableIntoEvidence(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("administrator", "/admin/imports/mapping").is(200).says("CSV or TSV file")
	path := s.columnsOf("quiz 7.csv", quiz)
	p := s.get("administrator", path).is(200)
	p.says("stu_id", "taken on", "Secure", "quiz 7.csv")
	form := p.form(path)
	for field, want := range map[string]string{"name": "quiz 7", "student": "stu_id", "competency": "standard", "score": "rating", "date": "taken on", "layout": "M/D/YYYY", "item": "qnum"} {
		if got := form.Get(field); got != want {
			t.Errorf("%s = %q; want it guessed as %q", field, got, want)
		}
	}

	// What is missing or wrong is said at its field, and what was typed stays.
	bad := url.Values{}
	for k, v := range form {
		bad[k] = v
	}
	bad.Set("student", "")
	bad.Set("words", "Secure is 4")
	p = s.post("administrator", path, bad).is(http.StatusUnprocessableEntity)
	p.says("Choose the column that says who the row is about.", "This line has no number: “Secure is 4”.")
	if got := p.form(path).Get("score"); got != "rating" {
		t.Errorf("the score's column is %q after a mistake", got)
	}

	// A word without a number is a problem of its row.
	form.Set("kind", "rubric")
	form.Set("maxnumber", "4")
	form.Set("words", "Secure = 4\nGrowing =")
	p = s.post("administrator", path, form).is(200)
	p.says("quiz 7.csv:3", "rating", "Growing", "This is not a number.")

	form.Set("words", "Secure = 4\nGrowing = 2")
	p = s.post("administrator", path, form).is(200)
	p.says("What the first rows become", "minh", "4 of 4", "Secure", "November 9, 2026", "2 of 4")
	p.saysNot("This is not a number.")

	yaml := s.post("administrator", path+"/mapping.yaml", form).is(200)
	m, err := tabular.ParseMapping("quiz.yaml", []byte(yaml.Body))
	if err != nil {
		t.Fatalf("the mapping cannot be read: %v\n%s", err, yaml.Body)
	}
	if m.Name != "quiz 7" {
		t.Errorf("the mapping is named %q", m.Name)
	}

	to := s.post("administrator", path+"/import", form).is(http.StatusSeeOther).Header.Get("Location")
	p = s.get("administrator", to).is(200)
	p.says("Apply 2 changes", "quiz 7.csv:4", "nobody", "Nobody here has this")
	s.post("administrator", to+"/apply", p.form(to+"/apply")).goesTo(to + "?done=applied")
	pieces, err := s.db.Pieces(t.Context(), district, person("minh"), equal)
	if err != nil || len(pieces) != 1 {
		t.Fatalf("Minh has %d pieces, %v; want 1", len(pieces), err)
	}
	if got := pieces[0]; got.Score != 4 || got.Max != 4 || got.Label != "Secure" || got.Source != "quiz 7" || got.At.Format("2006-01-02") != "2026-11-09" {
		t.Errorf("the piece is %+v", got)
	}

	// The downloaded mapping does the same with the next file.
	var r = uploadWithMapping(t, "next.csv", strings.ReplaceAll(quiz, "Q1", "Q2"), yaml.Body)
	to = s.do(r, "administrator").is(http.StatusSeeOther).Header.Get("Location")
	s.get("administrator", to).is(200).says("Apply 2 changes")
}

func uploadWithMapping(t *testing.T, name, data, yaml string) *http.Request {
	t.Helper()
	const b = "----b"
	var body strings.Builder
	for _, part := range [][3]string{{"kind", "", "results"}, {"yaml", "quiz.yaml", yaml}, {"file", name, data}} {
		body.WriteString("--" + b + "\r\nContent-Disposition: form-data; name=\"" + part[0] + "\"")
		if part[1] != "" {
			body.WriteString("; filename=\"" + part[1] + "\"")
		}
		body.WriteString("\r\n\r\n" + part[2] + "\r\n")
	}
	body.WriteString("--" + b + "--\r\n")
	r := httptest.NewRequest(http.MethodPost, "/admin/imports", strings.NewReader(body.String()))
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+b)
	return r
}

func TestWizardKnowsShippedLayouts(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.columnsOf("r.csv", "student,competency,score,max,date\nminh,4.NF.1,3,4,2026-11-10\n")
	p := s.get("administrator", path).is(200)
	p.says("We know this kind of file")
	to := s.post("administrator", path+"/import", p.form(path+"/import")).is(http.StatusSeeOther).Header.Get("Location")
	s.get("administrator", to).says("Apply 1 change", "Results, one row each")
}

func TestWizardSaysWhenDatesCanBeReadTwoWays(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.columnsOf("r.csv", "pupil,skill,points,day taken\nminh,4.NF.1,1,3/4/2026\n")
	s.get("administrator", path).is(200).says("day and month could be either way round")
}

func TestWizardKeepsFilesForTheirOwnerForAnHour(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.columnsOf("quiz.csv", quiz)
	s.outsider()
	s.getAs("outsider", path).is(http.StatusNotFound).saysNot("Growing")
	s.get("administrator", path).is(200)
	s.later(61 * time.Minute)
	s.get("administrator", path).is(http.StatusNotFound).says("upload it again")

	first := s.columnsOf("quiz.csv", quiz)
	for range 3 {
		s.later(time.Second)
		s.columnsOf("quiz.csv", quiz)
	}
	s.get("administrator", first).is(http.StatusNotFound)
}

func TestWizardRefusesWhatIsNoTable(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct{ data, header, says string }{
		{"", "", "Choose a file that is not empty."},
		{"a,b\n", "", "no row that we can read"},
		{quiz, "first", "Write the number of the line"},
		{"PK\x03\x04\x00\x00\x00", "", "quiz.csv"},
	} {
		s.upload("administrator", "/admin/imports/mapping", "quiz.csv", []byte(c.data), "header", c.header).is(http.StatusUnprocessableEntity).says(c.says)
	}
}
