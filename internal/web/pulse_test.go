package web

import (
	"strings"
	"testing"
)

// Of fewer than ten answers nothing is shown; a subgroup that says less is named, one that would tell
// on a smaller one is not.
func TestAPulseTellsOnNobody(t *testing.T) {
	t.Parallel()
	statements := []pulseStatement{{"It matters", "it matters"}, {"Help came", "help comes"}}
	var answers []pulseAnswer
	to := "first"
	add := func(n int, home string, values ...int) {
		for range n {
			answers = append(answers, pulseAnswer{to, values, map[string]string{"home": home}})
		}
	}
	add(9, "one", 4, 4)
	if v := newPulseView(statements, answers, "Look."); v.Rows != nil || v.Answers != 9 {
		t.Errorf("nine answers are shown: %+v", v)
	}
	add(5, "one", 4, 4)
	add(12, "two", 2, 4)
	v := newPulseView(statements, answers, "Look.")
	if len(v.Rows) != 3 || v.Rows[0].N != 26 || v.Rows[2].Means[0] != 2 {
		t.Fatalf("%+v", v.Rows)
	}
	if len(v.Prompts) != 1 || !strings.Contains(v.Prompts[0], "say less than all that it matters (2.0, all 3.1 of 4). Look.") {
		t.Error(v.Prompts)
	}
	add(3, "three", 1, 1)
	for _, row := range newPulseView(statements, answers, "").Rows[1:] {
		if strings.Contains(row.Name, "three") || strings.Contains(row.Name, "two") { // the smallest of the others goes with it
			t.Errorf("%s is shown", row.Name)
		}
	}
	// What few said another time is in nothing that is shown.
	before := newPulseView(statements, answers, "")
	to = "second"
	add(9, "one", 1, 1)
	after := newPulseView(statements, answers, "")
	if len(after.Rows) != len(before.Rows) || after.Rows[0].N != before.Rows[0].N || after.Rows[0].Means[0] != before.Rows[0].Means[0] {
		t.Errorf("nine answers of another time change %+v to %+v", before.Rows[0], after.Rows[0])
	}
	add(1, "one", 1, 1)
	if n := newPulseView(statements, answers, "").Rows[0].N; n != before.Rows[0].N+10 {
		t.Errorf("%d answers after a second time with ten", n)
	}
}
