package group

import (
	"slices"
	"testing"
)

// By stations every group is at each once, and no station has two more groups than another; by own
// lists every group is with the adult once, alone there; in a lab the halves change places.
func TestGroupsGoAroundFairly(t *testing.T) {
	for _, template := range Templates {
		for groups := 1; groups <= 9; groups++ {
			r := template.Begin()
			if err := r.Validate(); err != nil {
				t.Fatal(err)
			}
			turns := r.Turns(groups)
			for g := range groups {
				seen := make([]int, len(r.Stations))
				for _, turn := range turns {
					seen[turn[g]]++
				}
				if seen[0] != 1 {
					t.Errorf("%s: group %d of %d is with the adult %d times", template, g, groups, seen[0])
				}
				if template != OwnList && slices.Max(seen) != 1 {
					t.Errorf("%s: group %d of %d is at a station more than once: %v", template, g, groups, seen)
				}
			}
			for n, turn := range turns {
				there := make([]int, len(r.Stations))
				for _, station := range turn {
					there[station]++
				}
				if template == OwnList {
					if there[0] != 1 {
						t.Errorf("%d groups are with the adult in turn %d", there[0], n)
					}
				} else if slices.Max(there)-slices.Min(there) > 1 {
					t.Errorf("%s, %d groups, turn %d: %v", template, groups, n, there)
				}
			}
			minutes := 0
			for _, m := range r.Shares(groups) {
				minutes += m
			}
			if minutes != r.Minutes*len(turns) {
				t.Errorf("%s: %d minutes are shared out of %d", template, minutes, r.Minutes*len(turns))
			}
		}
	}
}

func TestARotationSaysWhatIsWrong(t *testing.T) {
	two := []Station{{"Here", WithAdult}, {"There", Alone}}
	for name, r := range map[string]Rotation{
		"no such template":       {"carousel", 15, two},
		"no time":                {Stations, 0, two},
		"one station":            {Stations, 15, two[:1]},
		"a station without name": {Stations, 15, []Station{{" ", Alone}, two[0]}},
		"with nobody known":      {Stations, 15, []Station{{"Here", "cat"}, two[0]}},
		"a third place in a lab": {Lab, 15, append([]Station{{"Hall", WithOthers}}, two...)},
	} {
		if r.Validate() == nil {
			t.Errorf("%s is valid", name)
		}
	}
}
