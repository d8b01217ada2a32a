package tracing_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"waymark/internal/fault"
	"waymark/internal/tracing"
)

func TestReadTSV(t *testing.T) {
	t.Parallel()
	var names tracing.Names
	l, err := tracing.ReadTSV(strings.NewReader("\ufeffuser_id\tcorrect\titem_id\tskill_id\ttimestamp\tnote\r\n"+
		"ann\t1\ti1\tk1\t20\tx\r\nbob\t0.5\ti2\tk1\t5\t\r\n\r\nann\t0\ti2\tk2\t10\t\nann\t1\ti1\tk2\t10\t\n"), "a.tsv", &names)
	if err != nil {
		t.Fatal(err)
	}
	want := &tracing.Log{
		Student: []int32{0, 0, 0, 1}, Item: []int32{1, 0, 0, 1}, Skill: []int32{1, 1, 0, 0},
		Correct: []float32{0, 1, 1, .5}, At: []int64{10, 10, 20, 5},
		Students: []string{"ann", "bob"}, Items: []string{"i1", "i2"}, Skills: []string{"k1", "k2"},
	}
	if !reflect.DeepEqual(l, want) {
		t.Errorf("ReadTSV = %+v; want %+v", l, want)
	}
	more, err := tracing.ReadTSV(strings.NewReader("user_id\titem_id\tskill_id\tcorrect\ncid\ti3\tk1\t1\n"), "b.tsv", &names)
	if err != nil || more.Student[0] != 2 || more.Item[0] != 2 || more.Skill[0] != 0 {
		t.Errorf("a second file does not go on counting: %+v, %v", more, err)
	}
}

func TestReadTSVNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const header = "user_id\titem_id\tskill_id\tcorrect\ttimestamp\n"
	for _, c := range []struct{ text, want string }{
		{"", "a.tsv is empty"},
		{"user_id\titem_id\tcorrect\n", "a.tsv, line 1: the column skill_id is missing"},
		{header + "a\tb\tc\t1\n", "a.tsv, line 2: 4 columns; the header has 5"},
		{header + "a\tb\tc\t1\t0\na\t\tc\t1\t0\n", "a.tsv, line 3, item_id: empty"},
		{header + "a\tb\tc\t2\t0\n", `a.tsv, line 2, correct: "2" is not a number from 0 to 1`},
		{header + "a\tb\tc\tNaN\t0\n", `a.tsv, line 2, correct: "NaN"`},
		{header + "a\tb\tc\t1\tnoon\n", `a.tsv, line 2, timestamp: "noon"`},
	} {
		_, err := tracing.ReadTSV(strings.NewReader(c.text), "a.tsv", &tracing.Names{})
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ReadTSV(%q) = %v; want %q", c.text, err, c.want)
		}
	}
}

func TestReadSkills(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "item_id\tskill\n"} {
		var names tracing.Names
		if _, err := tracing.ReadTSV(strings.NewReader("user_id\titem_id\tskill_id\tcorrect\na\ti1\tk\t1\na\ti2\tk\t1\n"), "a", &names); err != nil {
			t.Fatal(err)
		}
		got, err := tracing.ReadSkills(strings.NewReader(header+"i2\tadd\ni9\tfly\ni2\tcarry\ni1\tcarry\ni1\tcarry\n"), "q.tsv", &names)
		if want := [][]int32{{1}, {0, 1}}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ReadSkills = %v, %v; want %v", got, err, want)
		}
		_, err = tracing.ReadSkills(strings.NewReader("i1\tadd\ni2\n"), "q.tsv", &names)
		if fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), "q.tsv, line 2:") {
			t.Errorf("ReadSkills of a line without a skill = %v", err)
		}
	}
}

func FuzzReadTSV(f *testing.F) {
	f.Add("user_id\titem_id\tskill_id\tcorrect\ttimestamp\na\tb\tc\t1\t3\na\tb\tc\t0.5\t-1\n")
	f.Add("skill_id\tcorrect\tuser_id\titem_id\r\nk\t0\tu\ti\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := tracing.ReadTSV(strings.NewReader(text), "a.tsv", &tracing.Names{})
		if err != nil {
			return
		}
		for i, c := range l.Correct {
			if !(c >= 0 && c <= 1) || math.IsNaN(float64(c)) {
				t.Fatalf("correct = %v", c)
			}
			if int(l.Student[i]) >= len(l.Students) || int(l.Item[i]) >= len(l.Items) || int(l.Skill[i]) >= len(l.Skills) {
				t.Fatal("a position without a name")
			}
			if i > 0 && l.Student[i] == l.Student[i-1] && l.At[i] < l.At[i-1] {
				t.Fatal("not in the order of time")
			}
		}
	})
}
