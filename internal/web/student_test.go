package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/evidence"
	"waymark/internal/roster"
)

func TestStudentHome(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("student", "/me").is(200)
	// What I can do now, in words, never as a bare number.
	p.says("What I can do now", "I can find fractions that are equal", "Four weeks ago: nearly there. Now: can do.", "6 pieces of evidence, newest 3 days ago",
		"Four weeks ago: we don't know yet. Now: can do.")
	p.saysNot("%")
	// What is due for a look back, with something to try.
	p.says("Time for a look back", "I can say what each digit is worth", "You could do this 14 weeks ago", "Digit cards (Shelf 2)")
	p.says("You have no goal right now.")
	if !slices.Contains(p.links(), "/students/"+string(person("student"))+"/competencies/nf-1") {
		t.Error("a gain does not open to its evidence")
	}
	// Each option has its reason and says where to find the material.
	options := p.all("form", "action", "/me/choices")
	if len(options) < 2 || len(options) > 4 {
		t.Fatalf("there are %d options; want 2 to 4", len(options))
	}
	for _, because := range p.all("p", "class", "because") {
		if textOf(because) == "" {
			t.Error("an option has no reason")
		}
	}
	if n := len(p.all("p", "class", "because")); n != len(options) {
		t.Errorf("%d options have %d reasons", len(options), n)
	}
	if main := p.first("main"); attr(main, "data-live") != "student:d1/"+string(person("student")) {
		t.Errorf("the page listens for %q", attr(main, "data-live"))
	}
}

func TestStudentHomeWithoutEvidence(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("minh", "/me").is(200)
	p.says("Nothing new in the last four weeks", "You can start this right away.")
	if n := len(p.all("form", "action", "/me/choices")); n < 2 {
		t.Errorf("a new student has %d options; want 2 or more", n)
	}
}

func TestChoosing(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("student", "/me").is(200)
	var offered []string
	for _, n := range p.all("input", "name", "material") {
		offered = append(offered, attr(n, "value"))
	}
	form := p.form("/me/choices")
	s.post("student", "/me/choices", form).goesTo("/me?done=chosen")
	choices, err := s.db.Choices(t.Context(), district, []roster.PersonID{person("student")}, time.Time{})
	if err != nil || len(choices) != 1 {
		t.Fatalf("choices = %v, %v", choices, err)
	}
	c := choices[0]
	var recorded []string
	for _, m := range c.Offered {
		recorded = append(recorded, string(m))
	}
	if diff := cmp.Diff(offered, recorded); diff != "" {
		t.Errorf("what was offered (-page +record):\n%s", diff)
	}
	if string(c.Material) != form.Get("material") || string(c.Competency) != form.Get("competency") || c.Because == "" || c.Rule != "ready-to-learn/3" || !c.At.Equal(s.now()) {
		t.Errorf("the choice is %+v", c)
	}

	p = s.get("student", "/me?done=chosen").is(200)
	p.says("Chosen. Have a good time with it!", "What I have chosen", "chosen today")
	for _, n := range p.all("input", "name", "material") {
		if attr(n, "value") == string(c.Material) {
			t.Error("what is chosen and not finished is offered again")
		}
	}
	// Only what is offered can be taken, and nobody else can finish it.
	s.post("student", "/me/choices", form).is(409).says("has changed since you opened the page")
	s.post("student", "/me/choices", url.Values{"competency": {string(times)}, "material": {"m-times"}, "page": {"0"}}).is(409)
	s.post("liam", "/me/choices/"+string(c.ID)+"/done", nil).is(404)
	s.post("student", "/me/choices/"+string(c.ID)+"/done", nil).goesTo("/me?done=finished")
	s.post("student", "/me/choices/"+string(c.ID)+"/done", nil).is(404)
	s.get("student", "/me").saysNot("What I have chosen")
}

func TestSomethingElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	seen := map[string]bool{}
	first := ""
	for path, n := "/me", 0; ; n++ {
		p := s.get("student", path).is(200)
		if strings.Contains(p.main(), "Here it begins again") {
			break
		}
		if n > 20 {
			t.Fatal("the offer never begins again")
		}
		for _, f := range p.all("form", "action", "/me/choices") {
			key := ""
			for d := range f.Descendants() {
				if d.Data == "input" && attr(d, "name") != "page" {
					key += attr(d, "value") + " "
				}
			}
			if seen[key] {
				t.Errorf("%s is offered twice", key)
			}
			seen[key] = true
			if first == "" {
				first = key
			}
		}
		path = s.post("student", "/me/options", p.form("/me/options")).is(303).Header.Get("Location")
	}
	// Each time that something else was wanted is on record, with what was offered.
	declined, err := s.db.Choices(t.Context(), district, []roster.PersonID{person("student")}, time.Time{})
	if err != nil || len(declined) == 0 {
		t.Fatalf("nothing was declined: %v", err)
	}
	for _, c := range declined {
		if !c.Declined() || len(c.Offered) == 0 || c.Done.IsZero() {
			t.Errorf("declined: %+v", c)
		}
	}
	if len(seen) < 4 {
		t.Errorf("in all %d options were offered; want more than one page", len(seen))
	}
	// A choice from the second page is recorded with that page's offer.
	p := s.get("student", "/me/options?page=1").is(200)
	s.post("student", "/me/choices", p.form("/me/choices")).goesTo("/me?done=chosen")
}

func TestPath(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("student", "/me/path").is(200)
	p.says("Mathematics: Fractions", "Mathematics: Measurement", "can do", "time for a look back", "just starting", "we don't know yet", "3 pieces of evidence, newest 6 days ago")
	goal := "/me/goals?competency=md-3"
	if !slices.Contains(p.links(), goal) {
		t.Fatalf("no way to make a goal of area: %v", p.links())
	}
	g := s.get("student", goal).is(200).form("/me/goals")
	if g.Get("what") != "I can find the area of a rectangle" || g.Get("competency") != "md-3" {
		t.Errorf("the goal's form is filled with %v", g)
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	s := start(t)
	form := url.Values{"what": {"Read <b>one</b> book"}, "why": {"I like dragons"}, "competency": {"nbt-2"}, "by": {"2026-12-18"}}
	s.post("student", "/me/goals", form).goesTo("/me/goals?done=goal")
	p := s.get("student", "/me/goals?done=goal").is(200)
	p.says("Your goal is saved.", "Read <b>one</b> book", "by December 18, 2026", "I like dragons", "It is about: I can read and write large numbers")
	// It counts on the home page, and first among what may be chosen.
	s.get("student", "/me").says("Read <b>one</b> book", "It belongs to your goal.")
	s.get("teacher", "/students/"+string(person("student"))).says("Read <b>one</b> book")

	goals, err := s.db.Goals(t.Context(), district, []roster.PersonID{person("student")})
	if err != nil || len(goals) != 1 {
		t.Fatalf("goals = %v, %v", goals, err)
	}
	done := "/me/goals/" + string(goals[0].ID) + "/done"
	s.post("liam", done, nil).is(404)
	s.post("student", done, nil).goesTo("/me/goals?done=reached")
	s.get("student", "/me/goals").says("What I have reached", "reached on November 20, 2026")
}

func TestGoalThatNeedsAnotherLook(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		name, field, value, message string
	}{
		{"no text", "what", "  ", "Write what you want to reach."},
		{"too long", "why", strings.Repeat("x", 501), "at most 500 characters"},
		{"no date", "by", "soon", "Choose a date"},
		{"in the past", "by", "2026-11-19", "still to come"},
		{"no such competency", "competency", "nothing", "from the list"},
		{"a domain", "competency", "nf", "from the list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := url.Values{"what": {"Swim 50 metres"}, "why": {"For the summer"}, "competency": {string(equal)}, "by": {"2026-12-18"}}
			form.Set(c.field, c.value)
			p := s.post("student", "/me/goals", form).is(422)
			p.t = t
			p.says(c.message)
			if n := p.first("a", "href", "#f-"+c.field); n == nil || !strings.Contains(textOf(n), c.message) {
				t.Errorf("the summary has no link to %q", c.field)
			}
			if n := p.first("", "id", "f-"+c.field); n != nil && attr(n, "aria-invalid") != "true" {
				t.Errorf("%q is not marked", c.field)
			}
			back := p.form("/me/goals")
			for _, f := range []string{"what", "why", "by"} {
				if back.Get(f) != strings.TrimSpace(form.Get(f)) {
					t.Errorf("%s came back as %q; want %q", f, back.Get(f), form.Get(f))
				}
			}
		})
	}
	if kept, err := s.db.Goals(t.Context(), district, []roster.PersonID{person("student")}); err != nil || len(kept) != 0 {
		t.Errorf("a goal that was refused is kept: %v, %v", kept, err)
	}
}

func TestStudentSeesOnlyThemself(t *testing.T) {
	t.Parallel()
	s := start(t)
	own := "/students/" + string(person("student"))
	s.get("student", own).is(200).says("Maya Álvarez", "Room 12 Mathematics", "Cedar Elementary")
	for _, path := range []string{"", "/access", "/competencies/nf-1"} {
		for _, other := range []string{"liam", "other student", "teacher"} {
			s.get("student", "/students/"+string(person(other))+path).is(404).saysNot("Liam", "Sam")
		}
	}
	s.get("student", "/students/nobody").is(404)
	s.get("teacher", "/me").is(404)
	s.get("student", "/family").is(404)
	s.get("student", "/nothing-here").is(200)
}

func TestStudentPageOfTeacher(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := "/students/" + string(person("student"))
	p := s.get("teacher", path).is(200)
	p.says("Can do now", "Is working on", "Time for a look back", "Newest evidence", "recorded by Ngozi Okafor",
		"MAP Growth: Mathematics (RIT)", "208", "± 3.1", "62", "September 26, 2026")
	if !slices.Contains(p.links(), "/classes/room-12/observe?student="+string(person("student"))) {
		t.Errorf("the teacher cannot observe from here: %v", p.links())
	}
	// A teacher may not know who else has looked; a leader may, and sees no observe button.
	if slices.Contains(p.links(), path+"/access") {
		t.Error("the teacher is led to a page that is closed to them")
	}
	p = s.get("leader", path).is(200)
	p.saysNot("Write down what you saw")
	p = s.get("student", path+"/access").is(200)
	p.says("Ngozi Okafor", "a teacher of the student", "Rosa Reyes", "a leader of the school", "looked at the record", "November 20, 2026 at 9:00 AM")
	p.saysNot("Pat Brown")
}

func TestNewEvidenceShowsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.later(time.Minute)
	_, err := s.recorder.Record(t.Context(), district, []evidence.Piece{{Student: person("minh"), Competency: sums, Kind: evidence.Observation, Score: 1, Max: 1,
		Label: "Got it", Note: "explained <i>why</i>", At: s.now(), Source: "observation", Actor: person("teacher"), Class: room12, Key: "k1"}})
	if err != nil {
		t.Fatal(err)
	}
	s.get("minh", "/students/"+string(person("minh"))).is(200).says("Seen in class: Got it (1 of 1)", "explained <i>why</i>")
}
