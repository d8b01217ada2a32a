package motivation

import (
	"testing"
	"time"
)

// Every need has items and one statement; ids are unique, since ticks are kept by them.
func TestTheChecklistIsWhole(t *testing.T) {
	items, ids := map[Need]int{}, map[string]bool{}
	for _, i := range Checklist {
		if ids[i.ID] || !Known(i.ID) {
			t.Errorf("%q is there twice, or not known", i.ID)
		}
		ids[i.ID] = true
		items[i.Need]++
	}
	if len(Statements) != len(Needs) || Known("nothing") {
		t.Error("not one statement for each need")
	}
	for i, n := range Needs {
		if items[n] < 3 || Statements[i].Need != n {
			t.Errorf("%s has %d items", n, items[n])
		}
	}
}

func TestAnAnswerIsWhole(t *testing.T) {
	for values, valid := range map[[4]int]bool{{1, 2, 3, 4}: true, {0, 2, 3, 4}: false, {1, 2, 3, 5}: false} {
		if (Answer{Values: values}).Valid() != valid {
			t.Error(values)
		}
	}
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	a := Ask{At: now, Until: now.Add(AskFor)}
	if !a.Open(now) || a.Open(now.Add(AskFor)) || a.Open(now.Add(-time.Second)) {
		t.Error("a class is asked at the wrong time")
	}
}
