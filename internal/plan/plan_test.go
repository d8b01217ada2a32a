package plan_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

var day = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func signed(version string, party plan.Party, days int) plan.Signature {
	return plan.Signature{Student: "s", Version: version, Signer: roster.PersonID(party), Party: party, Name: "N", At: day.AddDate(0, 0, days)}
}

func TestStand(t *testing.T) {
	t.Parallel()
	// "now" and "same" differ in a step only; "was" has another goal.
	now, same, was := document(), document(), document()
	same.Goals[0].Steps = nil
	was.Goals[0].What = "write"
	docs := map[string]plan.Document{"now": now, "same": same, "was": was}
	const student, guardian, school = plan.ByStudent, plan.ByGuardian, plan.BySchool
	for name, c := range map[string]struct {
		signatures []plan.Signature
		adult      bool
		now        int // in days
		missing    []plan.Party
		reviewed   int // in days; 0 never
		overdue    bool
		earlier    int
	}{
		"nobody":                     {now: 1, missing: plan.Parties},
		"one":                        {signatures: []plan.Signature{signed("now", student, 1)}, now: 2, missing: []plan.Party{guardian, school}},
		"all":                        {signatures: []plan.Signature{signed("now", student, 1), signed("now", school, 2), signed("now", guardian, 3)}, now: 4, reviewed: 3},
		"of age":                     {signatures: []plan.Signature{signed("now", student, 1), signed("now", school, 2)}, adult: true, now: 4, reviewed: 2},
		"two versions are no review": {signatures: []plan.Signature{signed("was", student, 1), signed("now", school, 2), signed("was", guardian, 3)}, now: 4, missing: []plan.Party{student, guardian}, earlier: 2},
		"changed since":              {signatures: []plan.Signature{signed("was", student, 1), signed("was", school, 2), signed("was", guardian, 3)}, now: 4, missing: plan.Parties, reviewed: 3, earlier: 3},
		"still speaks":               {signatures: []plan.Signature{signed("same", student, 1), signed("now", school, 2), signed("same", guardian, 3)}, now: 4, reviewed: 3},
		"the next one is near":       {signatures: []plan.Signature{signed("now", student, 1), signed("now", school, 2), signed("now", guardian, 3)}, now: 310, missing: plan.Parties, reviewed: 3},
		"a year later":               {signatures: []plan.Signature{signed("now", student, 1), signed("now", school, 2), signed("now", guardian, 3)}, now: 370, missing: plan.Parties, reviewed: 3, overdue: true},
		"one alone renews nothing":   {signatures: []plan.Signature{signed("now", student, 1), signed("now", school, 2), signed("now", guardian, 3), signed("now", school, 350)}, now: 370, missing: []plan.Party{student, guardian}, reviewed: 3, overdue: true},
		"renewed": {signatures: []plan.Signature{signed("now", student, 1), signed("now", school, 2), signed("now", guardian, 3),
			signed("now", school, 350), signed("same", student, 351), signed("now", guardian, 352)}, now: 370, reviewed: 352},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := rand.New(rand.NewPCG(1, 2))
			for range 5 { // in whatever order they are read
				order.Shuffle(len(c.signatures), func(i, j int) { c.signatures[i], c.signatures[j] = c.signatures[j], c.signatures[i] })
				s := plan.Stand(now, docs, c.signatures, !c.adult, day.AddDate(0, 0, c.now))
				if !slices.Equal(s.Missing, c.missing) || s.Overdue != c.overdue || len(s.Earlier) != c.earlier || s.Complete() != (len(c.missing) == 0) {
					t.Errorf("missing %v, overdue %v, %d earlier; want %v, %v, %d", s.Missing, s.Overdue, len(s.Earlier), c.missing, c.overdue, c.earlier)
				}
				want := time.Time{}
				if c.reviewed > 0 {
					want = day.AddDate(0, 0, c.reviewed)
				}
				if !s.Reviewed.Equal(want) {
					t.Errorf("reviewed %v; want %v", s.Reviewed, want)
				}
			}
		})
	}
	mother, father := signed("now", guardian, 1), signed("now", guardian, 2)
	father.Signer = "father"
	if s := plan.Stand(now, docs, []plan.Signature{mother, father, signed("now", student, 3)}, true, day.AddDate(0, 0, 4)); len(s.Signed) != 3 || s.Signed[0].Party != student {
		t.Errorf("of two guardians and the student %+v are told", s.Signed)
	}
}

func TestMinor(t *testing.T) {
	t.Parallel()
	for born, want := range map[roster.Date]bool{"": true, "no day": true, "2008-11-21": true, "2008-11-20": false, "2000-01-01": false, "2019-05-05": true} {
		if got := plan.Minor(born, day); got != want {
			t.Errorf("Minor(%q) = %v", born, got)
		}
	}
}

func document() plan.Document {
	return plan.Document{Student: "s", Name: "Maya", Profile: []plan.Said{{About: "strength", Text: "kind"}},
		Goals:    []plan.GoalText{{What: "read", By: "2027-01-01", Steps: []string{"one"}}, {What: "swim", Area: plan.Personal}},
		Pathway:  []plan.ItemText{{Kind: plan.Course, Title: "Art"}, {Kind: plan.Service, Title: "Library"}},
		Supports: []plan.Said{{About: "support", Text: "breaks"}}, Participants: []plan.Said{{About: "coach", Text: "Lee"}}}
}

// TestSignatureHolds says what needs a new signature: any other decision, and nothing else.
func TestSignatureHolds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(d *plan.Document)
		holds  bool
	}{
		"nothing":               {func(*plan.Document) {}, true},
		"goal reached":          {func(d *plan.Document) { d.Goals = d.Goals[1:] }, true},
		"new step":              {func(d *plan.Document) { d.Goals[0].Steps = append(d.Goals[0].Steps, "two") }, true},
		"reason in other words": {func(d *plan.Document) { d.Goals[0].Why = "fun" }, true},
		"profile":               {func(d *plan.Document) { d.Profile = nil }, true},
		"helper":                {func(d *plan.Document) { d.Participants = nil }, true},
		"order":                 {func(d *plan.Document) { slices.Reverse(d.Goals); slices.Reverse(d.Pathway) }, true},
		"new goal":              {func(d *plan.Document) { d.Goals = append(d.Goals, plan.GoalText{What: "fly"}) }, false},
		"other goal":            {func(d *plan.Document) { d.Goals[0].What = "write" }, false},
		"other day":             {func(d *plan.Document) { d.Goals[0].By = "2027-06-01" }, false},
		"new item": {func(d *plan.Document) {
			d.Pathway = append(d.Pathway, plan.ItemText{Kind: plan.Virtual, Title: "Latin"})
		}, false},
		"item gone":              {func(d *plan.Document) { d.Pathway = d.Pathway[1:] }, false},
		"item twice":             {func(d *plan.Document) { d.Pathway = append(d.Pathway, d.Pathway[0]) }, false},
		"support gone":           {func(d *plan.Document) { d.Supports = nil }, false},
		"support in other words": {func(d *plan.Document) { d.Supports[0].Text = "long breaks" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := document()
			c.change(&now)
			if got := document().Holds(now); got != c.holds {
				t.Errorf("holds = %v; want %v", got, c.holds)
			}
			if same := reflect.DeepEqual(document(), now); same != (document().Version() == now.Version()) {
				t.Errorf("equal documents: %v, equal versions: %v", same, !same)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 501)
	item := plan.Item{Kind: plan.Course, Title: "Art", State: plan.Planned}
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"goal":            {plan.Goal{What: "read", Area: plan.Career, Term: plan.Long}.Validate(), ""},
		"goal, old":       {plan.Goal{What: "read"}.Validate(), ""},
		"goal, area":      {plan.Goal{What: "read", Area: "sports"}.Validate(), "area"},
		"goal, term":      {plan.Goal{What: "read", Term: "soon"}.Validate(), "term"},
		"goal, proof":     {plan.Goal{What: "read", Proof: long}.Validate(), "proof"},
		"step":            {plan.Step{What: "  "}.Validate(), "step"},
		"item":            {item.Validate(), ""},
		"item, kind":      {plan.Item{Kind: "magic", Title: "Art", State: plan.Planned}.Validate(), "kind"},
		"item, title":     {plan.Item{Kind: plan.Course, State: plan.Planned}.Validate(), "title"},
		"item, state":     {plan.Item{Kind: plan.Course, Title: "Art", State: "lost"}.Validate(), "state"},
		"item, day":       {plan.Item{Kind: plan.Course, Title: "Art", State: plan.Planned, Begins: "tomorrow"}.Validate(), "begins"},
		"item, backward":  {plan.Item{Kind: plan.Course, Title: "Art", State: plan.Planned, Begins: "2027-02-01", Ends: "2027-01-01"}.Validate(), "ends"},
		"remark":          {plan.Remark{Kind: plan.Comment, Text: "yes", Party: plan.ByGuardian}.Validate(), ""},
		"remark, empty":   {plan.Remark{Kind: plan.Comment, Party: plan.ByGuardian}.Validate(), "text"},
		"remark, not own": {plan.Remark{Kind: plan.Reflection, Text: "x", Party: plan.BySchool}.Validate(), "kind"},
		"helper":          {plan.Participant{Name: " "}.Validate(), "name"},
		"helper, part":    {plan.Participant{Name: "Lee", Part: long}.Validate(), "part"},
		"shown":           {plan.Passed{Stage: plan.Showing}.Validate(), "note"},
		"stage":           {plan.Passed{Stage: "later"}.Validate(), "stage"},
	} {
		if got := fault.FieldOf(c.err); got != c.field || (c.err == nil) != (c.field == "") {
			t.Errorf("%s: %v; want field %q", name, c.err, c.field)
		}
	}
}

func TestGrades(t *testing.T) {
	t.Parallel()
	for text, in := range map[string]map[string]bool{
		"7-12": {"07": true, "12": true, "6": false, "KG": false, "PK": false, "": false},
		"K–5":  {"KG": true, "K": true, "05": true, "06": false},
		"9":    {"09": true, "10": false},
	} {
		g, err := plan.ParseGrades(text)
		if err != nil {
			t.Fatal(err)
		}
		for grade, want := range in {
			if g.Include(grade) != want {
				t.Errorf("%s includes %q: %v", text, grade, !want)
			}
		}
	}
	for _, text := range []string{"", "12-7", "seven", "7-", "-3", "7-99"} {
		if g, err := plan.ParseGrades(text); err == nil {
			t.Errorf("ParseGrades(%q) = %v", text, g)
		}
	}
}

func TestCountAndChoose(t *testing.T) {
	t.Parallel()
	two := []material.ID{"a", "b"} // an idea keeps what was offered beside it
	choices := []plan.Choice{
		{Material: "a", Offered: two, Done: day, Outcome: plan.Well}, {Material: "b", Offered: two}, {Offered: []material.ID{"a", "b", "c", "d"}, Done: day},
		{Own: "x", Answer: plan.Yes, Done: day, Outcome: plan.Stopped, Offered: two}, {Own: "y", Answer: plan.No, Done: day}, {Own: "z", Done: day},
	}
	c := plan.Count(choices)
	if want := (plan.Tally{Offers: 6, Options: 8, Taken: 2, Declined: 1, Ideas: 3, Agreed: 1, Refused: 1, Finished: 2, Well: 1, Stopped: 1}); c != want {
		t.Errorf("Count = %+v; want %+v", c, want)
	}
	if c.Rate() != .5 || math.Abs(c.Breadth()-8./3) > 1e-12 || (plan.Tally{}).Rate() != 0 || (plan.Tally{}).Breadth() != 0 {
		t.Errorf("rate %g, breadth %g", c.Rate(), c.Breadth())
	}
	var students []plan.Chooser
	for i := range 30 {
		s := plan.Chooser{Groups: map[string]string{"grade": []string{"4", "5", "10"}[i%3]}}
		s.Choices = choices[i%2*2 : i%2*2+1] // taken, or something else wanted
		students = append(students, s)
	}
	students[0].Groups["grade"] = "K" // alone, so that one other grade hides with it
	out := plan.Choose(students, []string{"grade"}, 10)
	if out[0].Students != 30 || out[0].Chose != .5 || out[0].Taken != 15 {
		t.Errorf("everybody: %+v", out[0])
	}
	hidden := 0
	for _, g := range out[1:] {
		if g.Suppressed {
			hidden++
			if g.Students != 0 || g.Offers != 0 {
				t.Errorf("a hidden group tells %+v", g)
			}
		}
	}
	if hidden != 2 { // K has one and 4 has nine: together ten, which hides both
		t.Errorf("%d groups are hidden", hidden)
	}
	// Of groups where few have been offered anything, nothing is told either.
	for i := 5; i < 30; i++ {
		students[i].Choices = nil
	}
	for _, g := range plan.Choose(students, []string{"grade"}, 10)[1:] {
		if !g.Suppressed {
			t.Errorf("five students were offered something, and %s tells of them", g.Group)
		}
	}
	if out := plan.Choose(students[:9], []string{"grade"}, 10); len(out) != 1 || !out[0].Suppressed {
		t.Errorf("nine students: %+v", out)
	}
}
