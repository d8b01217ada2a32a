package timetable

import (
	"testing"

	"waymark/internal/roster"
)

func TestOpeningsAreLedByWhoIsFreeAndKnowsTheStudents(t *testing.T) {
	students := func(ids ...roster.PersonID) []roster.PersonID { return ids }
	knows := func(ids ...roster.PersonID) map[roster.PersonID]bool {
		m := map[roster.PersonID]bool{}
		for _, id := range ids {
			m[id] = true
		}
		return m
	}
	lacks := []Lack{
		{"area", students("a", "b"), 0},
		{"fractions", students("a", "b", "c", "d"), 1},
		{"angles", students("a", "b"), 2}, // has its seats
	}
	leads := []Lead{
		{"ann", "fractions", knows("a", "b", "c")}, {"bob", "fractions", knows("d")},
		{"ann", "area", knows("a", "b")}, {"cat", "area", nil},
	}
	got := Openings(lacks, leads, []SlotID{"mon", "tue"}, map[Away]bool{{"ann", "mon"}: true}, 5)
	if len(got) != 2 {
		t.Fatalf("%d openings: %v", len(got), got)
	}
	if x := got[0]; x.Competency != "fractions" || x.Leader != "ann" || x.Slot != "tue" || x.Known != 3 || x.Unmet() != 3 {
		t.Errorf("first %+v", x)
	}
	if x := got[1]; x.Competency != "area" || x.Leader != "" { // Ann is taken, Cat knows nobody
		t.Errorf("second %+v", x)
	}
	if got := Openings(lacks, leads, []SlotID{"mon", "tue"}, nil, 1); len(got) != 1 || got[0].Slot != "mon" {
		t.Errorf("%+v", got)
	}
}
