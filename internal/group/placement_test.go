package group

import (
	"fmt"
	"math"
	"testing"
)

func levelled(purpose Purpose, groups ...[]string) Set {
	s := Set{Instance: Instance{Purpose: purpose}}
	for g, ids := range groups {
		s.Solution.Groups = append(s.Solution.Groups, Proposed{ID: fmt.Sprint(g), Students: ids})
		for _, id := range ids {
			level := float64(g)
			s.Instance.Students = append(s.Instance.Students, Student{ID: id, Level: &level})
		}
	}
	return s
}

func TestWhereStudentsAreInGroups(t *testing.T) {
	low, high := []string{"a", "b"}, []string{"c", "d"}
	got := Place([]Set{levelled(SharedNeed, low, high), levelled(Project, []string{"a", "c"}, []string{"b", "d"}), levelled(Pace, low, high)})
	a := got["a"]
	// Two of three sets are of like with like; the low group is one standard deviation below.
	if a.Sets != 3 || a.Leveled != 2 || math.Abs(a.Level+1) > 1e-12 {
		t.Errorf("a: %+v", a)
	}
	if a.Mates != 3 || a.Again != 1 { // b twice, the second time again; c once
		t.Errorf("a met %d, %d again", a.Mates, a.Again)
	}
	if math.Abs(got["d"].Level-1) > 1e-12 {
		t.Errorf("d: %+v", got["d"])
	}
}

// Where groups of like with like follow a subgroup, its gap says so; where they do not, it does not.
func TestTracksAreSeen(t *testing.T) {
	var all []Placement
	for i := range 40 {
		p := Placement{Groups: map[string]string{"home": "one", "sex": "f"}, Sets: 1, Level: -.5 + float64(i%4)/10, Leveled: 1, Mates: 3}
		if i >= 20 {
			p.Groups["home"], p.Level = "two", p.Level+1
		}
		if i%2 == 0 {
			p.Groups["sex"] = "m"
		}
		all = append(all, p)
	}
	by := map[string]Placed{}
	for _, x := range Placements(all, []string{"home", "sex"}, 10) {
		by[x.Group] = x
	}
	if by["Everybody"].Students != 40 || by["Everybody"].In < .999 || by["Everybody"].LevelGap != 0 {
		t.Errorf("everybody: %+v", by["Everybody"])
	}
	if by["one"].LevelGap > -Warn || by["two"].LevelGap < Warn {
		t.Errorf("home: %+v, %+v", by["one"], by["two"])
	}
	if math.Abs(by["f"].LevelGap) > Warn {
		t.Errorf("sex: %+v", by["f"])
	}
	if x := Placements(all[:9], nil, 10); len(x) != 1 || !x[0].Suppressed {
		t.Errorf("nine students: %+v", x)
	}
	small := append([]Placement{{Groups: map[string]string{"home": "three"}, Sets: 1}}, all...)
	for _, x := range Placements(small, []string{"home"}, 10) {
		if x.Group == "three" && (!x.Suppressed || x.Students != 0) {
			t.Errorf("one student is shown: %+v", x)
		}
	}
}
