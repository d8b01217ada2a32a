package company

import (
	"math"
	"testing"

	"waymark/internal/flex"
	"waymark/internal/material"
)

func TestMinutesGoWhereTheyBelong(t *testing.T) {
	var x Time
	x.Work(Work{Social: material.Alone, Screen: true, Minutes: 20})
	x.Work(Work{Social: material.Alone, Screen: false, Minutes: 10})
	x.Work(Work{Social: material.Pair, Screen: true, Minutes: 15})
	x.Work(Work{Social: material.Group, Screen: false, Minutes: 5})
	x.Work(Work{Social: "", Screen: true, Minutes: 99}) // nobody says with whom
	x.Flex(flex.Study, 30, 40, true)
	x.Flex(flex.Club, 20, 40, true)
	x.Flex(flex.Workshop, 12, 40, true)
	x.Flex(flex.Workshop, 12, 40, false)  // missed
	x.Flex(flex.Conference, 4, 40, true)  // ten minutes each
	x.Flex(flex.Conference, 4, 40, false) // planned, missed
	x.Talk(8)
	want := Time{Screen: 20, Alone: 10 + 40 + 30, Others: 15 + 5 + 40, Adult: 40 + 10 + 8, Planned: 10 + 10 + 8, Held: 10 + 8}
	if x.Screen != want.Screen || x.Alone != want.Alone || x.Others != want.Others || x.Adult != want.Adult || x.Planned != want.Planned || x.Held != want.Held {
		t.Errorf("%+v; want %+v", x, want)
	}
}

func TestSharesOfAllMinutesAddUp(t *testing.T) {
	var all []Time
	for i := range 24 {
		x := Time{Groups: map[string]string{"sex": "f"}, Screen: float64(i), Adult: 10, Held: 10, Planned: 20}
		if i >= 12 {
			x.Groups["sex"] = "m"
		}
		all = append(all, x)
	}
	for _, s := range Shares(all, []string{"sex"}, 10) {
		if sum := s.Screen + s.Alone + s.Others + s.Adult; math.Abs(sum-1) > 1e-12 || s.Planned != 20 || s.Held != 10 || s.Suppressed {
			t.Errorf("%+v", s)
		}
	}
	if s := Shares(all[:9], nil, 10); !s[0].Suppressed {
		t.Error("nine students are shown")
	}
	if s := Shares(make([]Time, 12), nil, 10)[0]; !math.IsNaN(s.Adult) || s.Minutes != 0 {
		t.Errorf("nothing known: %+v", s)
	}
	one := append([]Time{{Groups: map[string]string{"sex": "x"}}}, all...)
	hidden := 0
	for _, s := range Shares(one, []string{"sex"}, 10) {
		if s.Suppressed {
			hidden++
		}
	}
	if hidden != 2 { // the one, and a second group, by which one could tell
		t.Errorf("%d groups are hidden", hidden)
	}
}
