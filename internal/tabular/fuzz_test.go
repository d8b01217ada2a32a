package tabular_test

import (
	"errors"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/tabular"
)

// FuzzMapping: whatever the text, a mapping is either refused with a fatal
// problem or comes back equal when it is written and read again.
func FuzzMapping(f *testing.F) {
	f.Add([]byte(small))
	files, err := filepath.Glob("mappings/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := tabular.ParseMapping("fuzz.yaml", in)
		if err != nil {
			if p, ok := errors.AsType[fault.Problem](err); !ok || !p.Fatal || p.Message == "" {
				t.Fatalf("ParseMapping() = %#v", err)
			}
			return
		}
		data, err := m.YAML()
		if err != nil {
			t.Fatalf("YAML() = %v", err)
		}
		back, err := tabular.ParseMapping("fuzz.yaml", data)
		if err != nil {
			t.Fatalf("ParseMapping(YAML()) = %v\n%s", err, data)
		}
		if diff := cmp.Diff(m, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("the mapping comes back different (-want +got):\n%s", diff)
		}
	})
}

// FuzzDrafts: whatever mapping and file, drafts are numbers that evidence can
// hold, and reading again gives the same.
func FuzzDrafts(f *testing.F) {
	f.Add([]byte(small), []byte("id,day,code,right,question\n1,2026-10-05,A,1,q1\n"))
	f.Add([]byte("name: V\nversion: 1\nstudent: {text: 's{row}', by: any}\ntime: {from: order, start: 2026-01-01, step: 1m}\nrepeats: allowed\n"+
		"observations: [{kind: response, vector: {column: m, lists: {c: {column: c, width: 2}}}, competency: {text: '{c}', by: code}, score: {values: {'+': 1 of 2}}, max: 1}, {kind: test, wide: {columns: '^(?P<q>q.)$'}, scale: 'x {q} {column}', score: {number: lexile}}]\n"),
		[]byte("m,c,q1,q2\n+1,A B,BR20L,<5\n"))
	f.Add([]byte("name: R\nversion: 1\nstudent: {column: a, by: any}\ntime: {columns: [b], unit: day, start: 1900-01-01}\n"+
		"observations: [{kind: test, repeat: {as: n, from: 1, to: 3}, scale: '{g{n}}', score: {column: 's{n}'}, percentile: '{p}', seconds: '{d}'}]\n"),
		[]byte("a,b,g1,s1,g2,s2,p,d\n1,40000.5,G,1e3,H,2,50,1:02:03\n"))
	for mapping, file := range map[string]string{
		"rubric-wide":       "student;date;rubric: A;level - B\n17;2026-10-05;developing;4\n",
		"results-tidy":      "student,competency,score,max,date\n17,A,17/20,,10/6/2026\n",
		"skill-builder-log": "user_id\titem_id\tskill_id\tcorrect\ttimestamp\n1\t90\t7\t1\t0\n1\t90\t7\t1\t5\n",
		"map-growth":        "TermName,Student_StateID,StudentID,Subject,TestName,TestStartDate,TestStartTime,TestRITScore,TestStandardError,Goal1Name,Goal1RitScore\nF,1,2,S,T,09/16/2021,08:54:50,208,3.4,G,201\nF,1,2,S\n",
		"item-matrix":       "b1,b2\n1,0\n",
	} {
		data, err := os.ReadFile("mappings/" + mapping + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, []byte(file))
	}
	f.Fuzz(func(t *testing.T, mapping, file []byte) {
		m, err := tabular.ParseMapping("fuzz.yaml", mapping)
		if err != nil {
			return
		}
		read := func() (out []tabular.Draft, problems []fault.Problem, sum tabular.Summary) {
			sum, err := m.Drafts(strings.NewReader(string(file)), "fuzz.csv", func(d tabular.Draft) error {
				if out = append(out, d); len(out) > 1000 {
					return errors.New("enough")
				}
				return nil
			}, func(p fault.Problem) { problems = append(problems, p) })
			if err != nil {
				if p, ok := errors.AsType[fault.Problem](err); ok && !p.Fatal {
					t.Fatalf("Drafts() = %#v", err)
				}
			}
			return out, problems, sum
		}
		out, problems, sum := read()
		if len(problems) < sum.Bad {
			t.Fatalf("%d problems in %d bad rows", len(problems), sum.Bad)
		}
		for _, d := range out {
			p := d.Piece
			for _, v := range []float64{p.Score, p.Max, p.SE, p.Percentile, p.Seconds} {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("a draft holds %g", v)
				}
			}
			if p.Kind != evidence.Test && (p.Max <= 0 || p.Score < 0 || p.Score > p.Max) || p.Percentile < 0 || p.Percentile > 100 || p.SE < 0 || p.Attempt < 0 {
				t.Fatalf("a draft lies out of range: %+v", p)
			}
			if d.Student.Value == "" || p.Key == "" || d.CompetencyRef == "" && p.Scale == "" || p.At.IsZero() {
				t.Fatalf("a draft is incomplete: %+v", d)
			}
		}
		again, _, _ := read()
		if diff := cmp.Diff(out, again); diff != "" {
			t.Fatalf("reading again differs:\n%s", diff)
		}
	})
}

// fuzzList reads a list and fails the test where it yields a row that cannot be, a problem without
// cure, or an error that is no fatal problem. wrong says what is wrong with a row; nothing where it
// is empty.
func fuzzList[Row any](t *testing.T, in []byte, read list[Row], wrong func(Row) string) {
	t.Helper()
	err := read(strings.NewReader(string(in)), "fuzz.csv", tabular.Options{}, func(_ int, r Row) error {
		if w := wrong(r); w != "" {
			t.Fatalf("%s: %+v", w, r)
		}
		return nil
	}, func(p fault.Problem) {
		if p.Fatal || p.Cure == "" || p.Message == "" || p.Line < 1 {
			t.Fatalf("problem %#v", p)
		}
	})
	if p, ok := errors.AsType[fault.Problem](err); err != nil && (!ok || !p.Fatal) {
		t.Fatalf("error %#v", err)
	}
}

// FuzzAttendance: no list of attendance yields more than a day in a day, or a day that is none.
func FuzzAttendance(f *testing.F) {
	f.Add([]byte("student,date,status\n1,2026-11-02,P\n"))
	f.Add([]byte("Email;Day;Period;Missed\na@b.c;11/2/2026;1;,5\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		fuzzList(t, in, tabular.Attendance, func(a tabular.AttendanceRow) string {
			if a.Ref.Value == "" || a.Day.Time().IsZero() || !(a.Missed >= 0 && a.Missed <= 1) {
				return "attendance"
			}
			return ""
		})
	})
}

// FuzzUses: no list of use yields less than nothing, more than a week in a week, or a day that
// is none.
func FuzzUses(f *testing.F) {
	f.Add([]byte("student,product,date,minutes,lessons\n1,Trails,2026-11-02,45,2\n"))
	f.Add([]byte("Email;App;Week of;Time on task\na@b.c;T;11/2/2026;1:20:00\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		fuzzList(t, in, tabular.Uses, func(u tabular.UseRow) string {
			if u.Ref.Value == "" || u.Product == "" || u.Day.Time().IsZero() || !(u.Minutes >= 0 && u.Minutes <= 7*24*60) || !(u.Lessons >= 0 && u.Lessons <= 10_000) {
				return "use"
			}
			return ""
		})
	})
}

// FuzzCourses: no list yields a course without student, name or status, or more points than extra
// credit gives.
func FuzzCourses(f *testing.F) {
	f.Add([]byte("student,course,status,virtual,percent,grade\n1,Algebra,CP,yes,72 %,9\n"))
	f.Add([]byte("Email;Course Title;Completion Status;Points;Points Possible\na@b.c;Art;W;45;60\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		fuzzList(t, in, tabular.Courses, func(c tabular.CourseRow) string {
			if c.Ref.Value == "" || c.Course == "" || c.Status == "" || c.Points != nil && !(*c.Points >= 0 && *c.Points <= 1.5) {
				return "course"
			}
			return ""
		})
	})
}

// FuzzMaterials: no list of materials yields a link that a browser should not
// open, or a material that cannot be found.
func FuzzMaterials(f *testing.F) {
	f.Add([]byte("title,link,minutes\nA,https://example.org,5\n"))
	f.Add([]byte("Name;URL;Tier\nB;javascript:alert(1);core\n"))
	f.Add([]byte("title\tlocation\tlanguage\tcompetencies\nC\troom 3\tzh_Hant\ta;b|c\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		ids := map[string]bool{}
		fuzzList(t, in, tabular.Materials, func(m tabular.MaterialRow) string {
			if m.Title == "" || m.ID == "" || m.Link == "" && m.Location == "" || m.Minutes < 0 || m.Minutes > 10_000 {
				return "incomplete material"
			}
			if u, err := url.Parse(m.Link); m.Link != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
				return "link"
			}
			if ids[string(m.ID)] {
				return "id twice"
			}
			ids[string(m.ID)] = true
			return ""
		})
	})
}
