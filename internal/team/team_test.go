package team

import (
	"testing"

	"waymark/internal/roster"
)

func TestAnAcademyIsOneWithAllFourParts(t *testing.T) {
	whole := Team{Name: "Ninth", Kind: Academy, Grade: "09", Space: "East wing", Lead: "lee", Planning: "Tuesdays, period 3", Members: []roster.PersonID{"ann", "bob"}}
	lessons := []Lesson{{"ann", "s1", "09"}, {"bob", "s1", "09"}, {"ann", "s2", "09"}, {"bob", "s2", "09"}, {"ann", "s3", "09"}, {"bob", "s3", "09"}, {"ann", "s4", "09"}}
	for _, c := range []struct {
		name    string
		team    func(*Team)
		lessons []Lesson
		there   [4]bool
	}{
		{"all four", func(*Team) {}, lessons, [4]bool{true, true, true, true}},
		{"no room", func(t *Team) { t.Space = "" }, lessons, [4]bool{false, true, true, true}},
		{"nobody for it alone", func(t *Team) { t.Lead = "" }, lessons, [4]bool{true, false, true, true}},
		{"one teaches grade ten, too", func(*Team) {}, append([]Lesson{{"bob", "s9", "10"}}, lessons...), [4]bool{true, true, false, true}},
		{"no time to plan", func(t *Team) { t.Planning = "" }, lessons, [4]bool{true, true, true, false}},
		{"two of four are shared", func(*Team) {}, append([]Lesson{{"ann", "s4", "09"}}, lessons[:5]...), [4]bool{true, true, true, false}},
		{"nobody is taught", func(*Team) {}, nil, [4]bool{true, true, false, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := whole
			c.team(&x)
			for i, part := range x.Components(c.lessons) {
				if part.There != c.there[i] {
					t.Errorf("%s: %v, %s", part.Name, part.There, part.Because)
				}
			}
		})
	}
}

func TestStudentsOfOneTeacherAreNotShared(t *testing.T) {
	shared := Shared([]Lesson{{"ann", "s1", "09"}, {"ann", "s1", "09"}, {"ann", "s2", "09"}, {"bob", "s2", "09"}})
	if len(shared) != 1 || shared["s2"] != 2 {
		t.Error(shared)
	}
}

func TestATeamSaysWhatIsWrong(t *testing.T) {
	if err := (Team{Name: "Ninth", Kind: Academy, Members: []roster.PersonID{"ann", "bob"}}).Validate(); err == nil {
		t.Error("an academy of no grade")
	}
	if err := (Team{Name: "Ninth", Kind: Grade, Members: []roster.PersonID{"ann"}}).Validate(); err == nil {
		t.Error("a team of one")
	}
	if err := (Item{Words: "Call", Owner: "ann"}).Validate(); err == nil {
		t.Error("something to do without a day")
	}
}
