package tabular_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/tabular"
)

func shipped(t testing.TB) map[string]tabular.Mapping {
	t.Helper()
	all, err := tabular.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]tabular.Mapping{}
	for _, m := range all {
		if _, twice := out[m.Name]; twice {
			t.Fatalf("two mappings are called %q", m.Name)
		}
		out[m.Name] = m
	}
	return out
}

// drafts reads a file through a mapping and checks that each draft would be
// valid evidence once its student is known.
func drafts(t testing.TB, m tabular.Mapping, name, in string) (out []tabular.Draft, problems []fault.Problem, sum tabular.Summary) {
	t.Helper()
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	sum, err := m.Drafts(strings.NewReader(in), name, func(d tabular.Draft) error {
		p := d.Piece
		p.Student, p.Competency = "somebody", "something"
		if err := p.Validate(now); err != nil {
			t.Errorf("line %d: %v", d.Line, err)
		}
		if p.Competency == "" && p.Scale == "" || p.Key == "" || p.Source == "" || len(d.Student.Value) == 0 {
			t.Errorf("line %d: incomplete draft %+v", d.Line, d)
		}
		out = append(out, d)
		return nil
	}, func(p fault.Problem) { problems = append(problems, p) })
	if err != nil {
		t.Fatalf("Drafts(%s) = %v", name, err)
	}
	if sum.Drafts != len(out) {
		t.Errorf("Drafts(%s) counts %d drafts; gave %d", name, sum.Drafts, len(out))
	}
	return out, problems, sum
}

// brief writes what matters of a draft in one line.
func brief(d tabular.Draft) string {
	p := d.Piece
	s := fmt.Sprintf("%d %s=%s %s", d.Line, d.Student.By, d.Student.Value, p.Kind)
	if p.Scale != "" {
		s += " [" + p.Scale + "]"
	}
	if d.CompetencyRef != "" {
		s += " " + d.CompetencyBy + "=" + d.CompetencyRef
	}
	s += fmt.Sprintf(" %g/%g", p.Score, p.Max)
	if p.SE != 0 {
		s += fmt.Sprintf(" se=%.3g", p.SE)
	}
	if p.Percentile != 0 {
		s += fmt.Sprintf(" p%g", p.Percentile)
	}
	if p.Label != "" {
		s += fmt.Sprintf(" %q", p.Label)
	}
	return s + " " + p.At.Format("2006-01-02T15:04:05")
}

func TestShippedSamples(t *testing.T) {
	t.Parallel()
	all, err := tabular.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		file, mapping string
		sum           tabular.Summary
		has           []string // drafts that must be among them
	}{
		{"assessment-exports/map-growth.csv", "NWEA MAP Growth", tabular.Summary{Rows: 7, Drafts: 28}, []string{
			`2 identifier=604821 test [MAP Growth: Science (RIT)] 208/0 se=3.4 p57 "Avg" 2021-09-16T08:54:50`,
			`2 identifier=604821 test [MAP Growth: Science: Earth and Space (RIT)] 209/0 se=5.9 "Avg" 2021-09-16T08:54:50`,
			`7 identifier=604826 test [MAP Growth: Mathematics: Other Functions, Equations, Inequalities, and Systems (RIT)] 243/0 se=7 "Avg" 2021-09-16T14:02:45`,
			`8 identifier=604821 test [MAP Growth: Language Arts (RIT)] 165/0 se=4.2 p42 "Avg" 2021-09-20T09:15:30`,
		}},
		{"assessment-exports/iready-ela.csv", "i-Ready Diagnostic Reading", tabular.Summary{Rows: 5, Drafts: 33}, []string{
			`2 identifier=605001 test [i-Ready Reading: overall] 424/0 p10 "2 Grade Levels Below" 2026-01-13T12:00:00`,
			`2 identifier=605001 test [i-Ready Reading: Phonics] 403/0 "3 or More Grade Levels Below" 2026-01-13T12:00:00`,
			`2 identifier=605001 test [Lexile reading measure] 215/0 2026-01-13T12:00:00`,
		}},
		{"assessment-exports/iready-math.csv", "i-Ready Diagnostic Mathematics", tabular.Summary{Rows: 5, Drafts: 30}, []string{
			`2 identifier=605001 test [i-Ready Mathematics: overall] 404/0 p14 "2 Grade Levels Below" 2026-01-14T12:00:00`,
			`2 identifier=605001 test [Quantile mathematics measure] 275/0 2026-01-14T12:00:00`,
		}},
		{"assessment-exports/star-reading.csv", "Renaissance Star Reading", tabular.Summary{Rows: 5, Drafts: 20}, []string{
			`2 sourcedId=605000 test [Star Reading (scaled score)] 8/0 p1 "Urgent Intervention" 2023-08-21T17:28:05`,
			`2 sourcedId=605000 test [Star Reading (Rasch)] -8/0 se=0.396 p1 2023-08-21T17:28:05`,
			`2 sourcedId=605000 test [Lexile reading measure] -400/0 2023-08-21T17:28:05`,
			`6 sourcedId=605004 test [Star Reading (unified scale)] 1122/0 p81 2023-08-29T14:43:02`,
		}},
		{"assessment-exports/star-standards.csv", "Renaissance Star standards", tabular.Summary{Rows: 5, Drafts: 10}, []string{
			`2 sourcedId=605000 test [Star standard mastery (percent)] code=SCCCR.ELA.5.RL.MC.8.1.b 74/100 "Developing" 2023-08-23T13:07:55`,
		}},
		{"assessment-exports/star-skill-areas.csv", "Renaissance Star skill areas", tabular.Summary{Rows: 5, Drafts: 10}, []string{
			`2 sourcedId=605000 test [Star skill area mastery: Language, Craft, and Structure: Synonyms and Antonyms] 91/100 2023-09-01T15:28:02`,
		}},
		{"assessment-exports/dibels-8.csv", "mCLASS DIBELS 8 benchmark", tabular.Summary{Rows: 5, Drafts: 32}, []string{
			`2 any=605000 test [DIBELS 8: Composite] 271/0 p42 "Well Below Benchmark" 2023-10-05T12:00:00`,
			`4 any=605002 test [DIBELS 8: Letter Sounds (NWF-CLS)] 9/0 p60 "At Benchmark" 2023-10-09T12:00:00`,
			`6 any=605004 test [Lexile reading measure] -1060/0 2023-10-09T12:00:00`,
		}},
		{"assessment-exports/fastbridge.csv", "FastBridge benchmark", tabular.Summary{Rows: 13, Drafts: 120, Skipped: 3}, []string{
			`2 identifier=605000 test [FastBridge: Early Math (composite)] 11/0 p21 "someRisk" 2023-08-24T12:00:00`,
			`14 identifier=605012 test [FastBridge: Numeral Identification ONE (read correctly)] 37/38 p82 "lowRisk" 2023-08-18T12:00:00`,
		}},
		{"assessment-exports/psat-10.csv", "PSAT 10", tabular.Summary{Rows: 5, Drafts: 75}, []string{
			`2 identifier=604926 test [PSAT 10: total] 710/0 p6 2022-04-13T12:00:00`,
			`2 identifier=604926 test [PSAT 10: mathematics test] 20.5/0 p26 2022-04-13T12:00:00`,
		}},
		{"assessment-exports/psat-nmsqt.csv", "PSAT/NMSQT", tabular.Summary{Rows: 5, Drafts: 75}, []string{
			`2 identifier=604926 test [PSAT/NMSQT: total] 760/0 p15 2022-10-12T12:00:00`,
		}},
		{"assessment-exports/psat-89.csv", "PSAT 8/9", tabular.Summary{Rows: 5, Drafts: 70}, []string{
			`2 identifier=604926 test [PSAT 8/9: total] 650/0 p4 2022-09-26T12:00:00`,
		}},
		{"assessment-exports/sat.csv", "SAT", tabular.Summary{Rows: 5, Drafts: 150}, []string{
			`2 identifier=604926 test [SAT: total] 1310/0 p92 2015-10-12T12:00:00`,
			`3 identifier=604927 test [SAT: total] 930/0 p35 2015-10-12T12:00:00`, // written 2015-10-12
			`3 identifier=604927 test [SAT: total] 790/0 2022-04-13T12:00:00`,     // an earlier administration
		}},
		{"assessment-exports/access.csv", "WIDA ACCESS for ELLs", tabular.Summary{Rows: 4, Drafts: 64}, []string{
			`2 identifier=605000 test [ACCESS: Listening (scale score)] 278/0 "1.7" 2026-02-06T12:00:00`,
			`5 identifier=605003 test [ACCESS: Overall (proficiency level)] 3.8/6 2026-02-06T12:00:00`,
		}},
		{"assessment-exports/access-2021-2025.csv", "WIDA ACCESS for ELLs, 2021 to 2025", tabular.Summary{Rows: 5, Drafts: 80}, []string{
			`2 identifier=605000 test [ACCESS: Listening (scale score)] 220/0 "1.6" 2020-01-01T12:00:00`,
		}},
		{"assessment-exports/access-alternate.csv", "WIDA Alternate ACCESS", tabular.Summary{Rows: 3, Drafts: 24}, []string{
			`2 identifier=605000 test [Alternate ACCESS: Listening (scale score)] 922/0 "1" 2026-03-05T12:00:00`,
		}},
		{"assessment-exports/access-alternate-2021-2025.csv", "WIDA Alternate ACCESS, 2021 to 2025", tabular.Summary{Rows: 5, Drafts: 32, Skipped: 1}, []string{
			`3 identifier=605001 test [Alternate ACCESS: Listening (scale score)] 945/0 "P2" 2020-01-01T12:00:00`,
		}},
		{"assessment-exports/staar-interim.csv", "STAAR Interim", tabular.Summary{Rows: 5, Drafts: 120}, []string{
			`2 identifier=1111111111 test [STAAR Interim: I5C (scale score)] 3110/0 2022-12-01T12:00:00`,
			`2 identifier=1111111111 response code=5.2.3.6.B 1/1 2022-12-01T12:00:00`,
			`2 identifier=1111111111 response code=5.4.5.10.B 0/1 2022-12-01T12:00:00`,
			`2 identifier=1111111111 response code=5.1.5.5.B 2/2 2022-12-01T12:00:00`,
			`2 identifier=1111111111 response code=5.1.5.5.C 0/1 2022-12-01T12:00:00`,
		}},
		{"lms/submissions.csv", "LMS submissions", tabular.Summary{Rows: 20, Drafts: 11, Skipped: 8, Bad: 1}, []string{ // line 16 lacks a comma
			`2 name=Mary Archer task [Assignment: Algebra Foundations] 97/100 "returned" 2020-08-18T12:00:00`,
		}},
		{"matrix/simulated-20x500.csv", "Item matrix without header", tabular.Summary{Rows: 20, Drafts: 10_000}, []string{
			`1 identifier=row 1 response name=item matrix 1/1 2019-05-01T12:00:00`,
			`20 identifier=row 20 response name=item matrix 0/1 2019-05-01T12:00:00`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			m := shipped(t)[tt.mapping]
			if len(m.Match) > 0 {
				header, _, _, err := tabular.Preview(strings.NewReader(string(data)), tt.file, tabular.Options{}, 5)
				if err != nil {
					t.Fatal(err)
				}
				got, ok := tabular.Recognize(header, all)
				if !ok || got.Name != tt.mapping {
					t.Errorf("Recognize() = %q, %v; want %q", got.Name, ok, tt.mapping)
				}
			}
			out, problems, sum := drafts(t, m, tt.file, string(data))
			if sum != tt.sum {
				t.Errorf("Drafts() = %+v; want %+v; problems %v", sum, tt.sum, problems)
			}
			if len(problems) != tt.sum.Bad {
				t.Errorf("%d problems; want %d: %v", len(problems), tt.sum.Bad, problems)
			}
			got := make([]string, len(out))
			keys := map[string]string{}
			for i, d := range out {
				got[i] = brief(d)
				if other, twice := keys[d.Piece.Key]; twice {
					t.Errorf("two facts have one key: %s and %s", other, got[i])
				}
				keys[d.Piece.Key] = got[i]
			}
			for _, want := range tt.has {
				if !slices.Contains(got, want) {
					t.Errorf("no draft is\n\t%s\nthe first are\n\t%s", want, strings.Join(got[:min(len(got), 12)], "\n\t"))
				}
			}
		})
	}
}

// Research files that may not be passed on: their layout with made-up rows.
func TestShippedResearchLayouts(t *testing.T) {
	t.Parallel()
	all, err := tabular.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	// row makes a CSV row with values in some of the header's columns.
	row := func(header string, values map[string]string) string {
		names := strings.Split(header, ",")
		cells := make([]string, len(names))
		for i, n := range names {
			cells[i] = values[strings.Trim(n, `"`)]
		}
		return strings.Join(cells, ",") + "\n"
	}
	study := `"stdntid","gender","race","flagg1","gkclasstype","g1classtype","g2classtype","g3classtype","gktreadss","gktmathss","gktlistss","gkwordskillss",` +
		`"g1treadss","g1tmathss","g1tlistss","g1wordskillss","g2treadss","g2tmathss","g2tlistss","g2wordskillss","g3treadss","g3tmathss","g3tlistss","g3wordskillss","g4treadss","g4tmathss"`
	comparison := `"stdntid","gender","flagg1c","flagg2c","flagg3c","g1schid","g1treadss","g1tmathss","g1tlistss","g1wordskillss","g1readbsraw",` +
		`"g2treadss","g2tmathss","g2tlistss","g2wordskillss","g3treadss","g3tmathss","g3tlangss","g3tlistss","g3socialsciss","g3spellss","g3vocabss","g3mathcomputss","g3mathnumconcss","g3mathapplss","g3wordskillss"`
	tests := []struct {
		mapping, in string
		byName      bool // not recognised: chosen by name
		want        []string
	}{
		{"Skill builder log", "user_id\titem_id\tskill_id\tcorrect\ttimestamp\n1\t90\t7\t1\t60\n1\t91\t7\t0\t3600\n", false, []string{
			"2 identifier=log 1 response code=skill 7 1/1 2009-09-01T00:01:00",
			"3 identifier=log 1 response code=skill 7 0/1 2009-09-01T01:00:00",
		}},
		{"Skill builder log", "user_id\titem_id\tskill_id\tcorrect\ttimestamp\n1\t90\t7\t1\t0\n2\t90\t7\t1\t0\n1\t90\t7\t0\t0\n", false, []string{
			"2 identifier=log 1 response code=skill 7 1/1 2009-09-01T00:00:00",
			"3 identifier=log 2 response code=skill 7 1/1 2009-09-01T00:00:00",
			"4 identifier=log 1 response code=skill 7 0/1 2009-09-01T00:01:00",
		}},
		{"Item matrix", "b1,b2,b3.1\n1,0,1\n0,NA,0\n", true, []string{
			"2 identifier=row 1 response name=item matrix 1/1 2019-05-01T12:00:00",
			"2 identifier=row 1 response name=item matrix 0/1 2019-05-01T12:00:00",
			"2 identifier=row 1 response name=item matrix 1/1 2019-05-01T12:00:00",
			"3 identifier=row 2 response name=item matrix 0/1 2019-05-01T12:00:00",
			"3 identifier=row 2 response name=item matrix 0/1 2019-05-01T12:00:00",
		}},
		{"Item matrix", "Item 1,Item 2\n1,0\n", true, []string{
			"2 identifier=row 1 response name=item matrix 1/1 2019-05-01T12:00:00",
			"2 identifier=row 1 response name=item matrix 0/1 2019-05-01T12:00:00",
		}},
		{"Class size study", study + "\n" + row(study, map[string]string{"stdntid": "5", "gktreadss": "447", "g3tmathss": "601"}), false, []string{
			"2 identifier=study 5 test [Stanford Achievement Test: reading] 447/0 1986-04-15T12:00:00",
			"2 identifier=study 5 test [Stanford Achievement Test: mathematics] 601/0 1989-04-15T12:00:00",
		}},
		{"Class size study, comparison schools", comparison + "\n" + row(comparison, map[string]string{"stdntid": "6", "g1treadss": "500", "g3spellss": "610"}), false, []string{
			"2 identifier=study 6 test [Stanford Achievement Test: reading] 500/0 1987-04-15T12:00:00",
			"2 identifier=study 6 test [Stanford Achievement Test: spelling] 610/0 1989-04-15T12:00:00",
		}},
		{"Exam scores at two ages", `"school","normexam","schgend","schavg","vr","intake","standLRT","sex","type","student"` + "\n" +
			`"9",-0.5,"mixed",0.1,"mid 50%","mid 50%",0.25,"M","Mxd","3"` + "\n", false, []string{
			"2 identifier=exam 9-3-1 test [London reading test at 11 (standardised)] 0.25/0 1982-09-15T12:00:00",
			"2 identifier=exam 9-3-1 test [Examination score at 16 (normalised)] -0.5/0 1987-06-15T12:00:00",
		}},
		{"Mathematics achievement survey", `"School","Minority","Sex","SES","MathAch","MEANSES"` + "\n" + `"7","No","Male",0.5,12.5,0.1` + "\n", false, []string{
			"2 identifier=survey 1 test [Mathematics achievement] 12.5/0 1982-04-15T12:00:00",
		}},
		{"Synthetic district pool", "id,district,school,treat,z,dose,grade,gender,ethnicity,frl,ell,sped,locale,school_frl,days,prior,pretest,posttest\n" +
			"1,2,3,0,1,0,4,F,other,0,0,0,town,40,220,201,210,214.5\n", false, []string{
			"2 identifier=pool 1 test [Pool test] 201/0 2024-09-15T12:00:00",
			"2 identifier=pool 1 test [Pool test] 210/0 2025-09-15T12:00:00",
			"2 identifier=pool 1 test [Pool test] 214.5/0 2026-05-01T12:00:00",
		}},
		{"Results, one row each", "Student,Competency,Score,Max,Date,Label\n17,4.NF.A.1,3,4,2026-10-05,Good\n17,4.NF.A.2,17/20,,10/6/2026,\n17,4.NF.A.3,1,,2026-10-07,\n", false, []string{
			`2 any=17 task code=4.NF.A.1 3/4 "Good" 2026-10-05T12:00:00`,
			"3 any=17 task code=4.NF.A.2 17/20 2026-10-06T12:00:00",
			"4 any=17 task code=4.NF.A.3 1/1 2026-10-07T12:00:00",
		}},
		{"Rubric levels, one column each", "student;date;Rubric: 4.NF.A.1;level - W.4.2;remarks\n17;2026-10-05;developing;4;x\n18;2026-10-05;;NA;\n", false, []string{
			`2 any=17 rubric code=4.NF.A.1 2/4 "developing" 2026-10-05T12:00:00`,
			"2 any=17 rubric code=W.4.2 4/4 2026-10-05T12:00:00",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.mapping, func(t *testing.T) {
			t.Parallel()
			m := shipped(t)[tt.mapping]
			header, _, _, err := tabular.Preview(strings.NewReader(tt.in), "file", tabular.Options{}, 1)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := tabular.Recognize(header, all)
			if ok == tt.byName || ok && got.Name != tt.mapping {
				t.Errorf("Recognize() = %q, %v", got.Name, ok)
			}
			out, problems, _ := drafts(t, m, "file", tt.in)
			lines := make([]string, len(out))
			for i, d := range out {
				lines[i] = brief(d)
			}
			if diff := cmp.Diff(tt.want, lines); diff != "" {
				t.Errorf("drafts differ (-want +got):\n%s\nproblems %v", diff, problems)
			}
		})
	}
}

func TestRecognizeLeavesUnknownFilesAlone(t *testing.T) {
	t.Parallel()
	all, err := tabular.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range [][]string{
		nil,
		{"student", "date", "remarks"}, // the wide rubric's columns without a rubric
		{"b1", "b2"},                   // only fit for a mapping that is chosen by name
		{"sourcedId", "username"},
	} {
		if m, ok := tabular.Recognize(header, all); ok {
			t.Errorf("Recognize(%v) = %q", header, m.Name)
		}
	}
}

func TestOnlyResearchMappingsCreate(t *testing.T) {
	t.Parallel()
	for name, m := range shipped(t) {
		if m.CreateMissingStudents() != strings.ContainsAny(m.Student.Text, "{") {
			t.Errorf("%s: creates students: %v", name, m.CreateMissingStudents())
		}
		if m.About == "" {
			t.Errorf("%s says nothing about its file", name)
		}
		if m.CreateMissingCompetencies() && !m.CreateMissingStudents() {
			t.Errorf("%s creates competencies in a school", name)
		}
		if slices.ContainsFunc(m.Observations, func(o tabular.Observation) bool { return o.Kind == evidence.Self }) {
			t.Errorf("%s imports students' own judgements", name)
		}
	}
}
