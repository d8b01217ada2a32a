package tabular_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/fault"
	"waymark/internal/tabular"
)

func items(t testing.TB, in string) (out []tabular.ItemRow, problems []string, err error) {
	t.Helper()
	err = tabular.Items(strings.NewReader(in), "bank.csv", tabular.Options{}, func(_ int, q tabular.ItemRow) error {
		out = append(out, q)
		return nil
	}, func(p fault.Problem) {
		if p.Message == "" || p.Cure == "" || p.Fatal || p.File != "bank.csv" {
			t.Errorf("problem %#v lacks message, cure or file, or is fatal", p)
		}
		problems = append(problems, fmt.Sprintf("%d %s %s", p.Line, p.Code, p.Field))
	})
	return out, problems, err
}

func TestItems(t *testing.T) {
	t.Parallel()
	choice := tabular.ItemRow{Code: "4.NF.A.1", Question: assess.Question{ID: "nf-1", Text: "Which is one half?", Choices: []string{"2/4", "2/3", "1/3"}, Right: []string{"2/4"},
		Item: irt.Dichotomous(1.2, -.5, .2), Calibrated: true}}
	written := tabular.ItemRow{Code: "4.NF.A.2", Question: assess.Question{ID: "nf-2", Text: "1/2 + 1/4 = ?", Right: []string{"3/4", "0.75"}, Item: assess.Typical(0)}}
	for _, in := range []string{
		"id,competency,question,choices,answer,a,b,c\nnf-1,4.NF.A.1,Which is one half?,2/4|2/3|1/3,2/4,1.2,-0.5,0.2\nnf-2,4.NF.A.2,1/2 + 1/4 = ?,,3/4|0.75,,,\n",
		"Item,Standard,Stem,Choice A,Choice B,Choice C,Choice D,Key,Discrimination,Difficulty,Guessing\nnf-1,4.NF.A.1,Which is one half?,2/4,2/3,1/3,,a,1.2,-.5,.2\nnf-2,4.NF.A.2,1/2 + 1/4 = ?,,,,,3/4 | 0.75,,,\n",
		"id;competency;question;option_a;option_b;option_c;answer;a;b;c\nnf-1;4.NF.A.1;Which is one half?;2/4;2/3;1/3;A;1.2;-0.5;0.2\nnf-2;4.NF.A.2;1/2 + 1/4 = ?;;;;3/4|0.75;;;\n",
	} {
		out, problems, err := items(t, in)
		if err != nil || len(problems) > 0 {
			t.Fatalf("Items(%.30s…) = %v, %v", in, problems, err)
		}
		if diff := cmp.Diff([]tabular.ItemRow{choice, written}, out); diff != "" {
			t.Errorf("%.30s: items differ (-want +got):\n%s", in, diff)
		}
	}
}

func TestItemsBad(t *testing.T) {
	t.Parallel()
	const head = "id,competency,question,choices,answer,a,b,c\n"
	for _, c := range []struct{ row, want string }{
		{",c,q,x|y,x,,,", "2 row.no_id id"},
		{"i,,q,x|y,x,,,", "2 row.no_competency competency"},
		{"i,c,,x|y,x,,,", "2 row.invalid_question question"},
		{"i,c,q,x,x,,,", "2 row.invalid_choices choices"},
		{"i,c,q,x|X,x,,,", "2 row.invalid_choices choices"},
		{"i,c,q,x|y,z,,,", "2 row.invalid_answer answer"},
		{"i,c,q,x|y,,,,", "2 row.invalid_answer answer"},
		{"i,c,q,x|y,x,one,,", "2 row.number a"},
		{"i,c,q,x|y,x,0,,", "2 row.invalid_a a"},
		{"i,c,q,x|y,x,NaN,,", "2 row.invalid_a a"},
		{"i,c,q,x|y,x,1,99,", "2 row.invalid_b b"},
		{"i,c,q,x|y,x,1,0,1", "2 row.invalid_c c"},
		{"i,c,q,x|y,x,,,\ni,c,q,x|y,x,,,", "3 row.duplicate id"},
	} {
		if _, problems, err := items(t, head+c.row+"\n"); err != nil || !slices.Equal(problems, []string{c.want}) {
			t.Errorf("%q: problems %v, %v; want %s", c.row, problems, err, c.want)
		}
	}
	_, _, err := items(t, "id,question,answer\n1,2,3\n")
	if p, ok := errors.AsType[fault.Problem](err); !ok || !p.Fatal || p.Field != "competency" {
		t.Errorf("without a column for the competency: %v", err)
	}
}

// FuzzItems: what comes out of any bank can be asked, and its right answers are marked as
// right.
func FuzzItems(f *testing.F) {
	f.Add([]byte("id,competency,question,choices,answer,a,b,c\nnf-1,4.NF.A.1,Half?,2/4|2/3,A,1.2,-0.5,0.2\n"))
	f.Add([]byte("item;standard;stem;key\n1;c;2+2;4\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		err := tabular.Items(strings.NewReader(string(in)), "fuzz.csv", tabular.Options{}, func(_ int, q tabular.ItemRow) error {
			if err := q.Validate(); err != nil {
				t.Errorf("an unusable item comes through: %v", err)
			}
			for _, r := range q.Right {
				if q.Mark(r) != 1 {
					t.Errorf("%q is right, and is marked wrong", r)
				}
			}
			return nil
		}, func(p fault.Problem) {
			if p.Message == "" || p.Cure == "" {
				t.Errorf("problem without words: %#v", p)
			}
		})
		if p, ok := errors.AsType[fault.Problem](err); err != nil && !(ok && p.Fatal) {
			t.Fatalf("Items() = %#v", err)
		}
	})
}
