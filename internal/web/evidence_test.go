package web_test

import (
	"slices"
	"strings"
	"testing"
)

func evidencePath(who, on string) string {
	return "/students/" + string(person(who)) + "/competencies/" + on
}

func TestEvidencePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, reader := range []string{"student", "guardian", "teacher", "leader"} {
		p := s.get(reader, evidencePath("student", "nf-2")).is(200)
		// Everybody reads the same number: value, interval, age, pieces, rule.
		p.says("can do", "seen 2 days ago", "3 pieces of evidence", "likely between", "Met when success on a typical task is at least 70 % likely",
			"Exit ticket: level 3 of 4", "Work of November 18, 2026", "recorded by Ngozi Okafor, Nov 20, 2026", "source: observation", "It moved the estimate up by",
			"What comes before", "I can find fractions that are equal", "To learn it from", "Which pizza is bigger?")
		// The correction stands beside what it corrects.
		p.says("corrected", "What was corrected (1)", "level 1 of 4", "mixed up two papers", "it does not count any more")
		bar := p.first("svg", "class", "ibar")
		if bar == nil || !strings.Contains(attr(bar, "aria-label"), "likely between") {
			t.Errorf("%s: the interval is not drawn with words", reader)
		}
		if own := slices.Contains(p.links(), "/me/goals?competency=nf-2"); own != (reader == "student") {
			t.Errorf("%s: a goal can be made: %v", reader, own)
		}
		if may := slices.Contains(p.links(), "/students/"+string(person("student"))+"/access"); may != (reader != "teacher") {
			t.Errorf("%s: leads to who has looked: %v", reader, may)
		}
	}
}

func TestEvidenceOverTime(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("student", evidencePath("student", "nf-1")).is(200)
	p.says("You can do this.", "with 6 pieces of evidence", "Show as a table", "I can add fractions")
	chart := p.first("svg", "class", "plot")
	if chart == nil || attr(chart, "role") != "img" {
		t.Fatal("there is no drawing of the estimate over time")
	}
	rows := 0
	for n := range p.first("table").Descendants() {
		if n.Data == "tr" {
			rows++
		}
	}
	if want := 1 + 6 + 1; rows != want {
		t.Errorf("the table has %d rows; want %d: a head, one for each piece, one for today", rows, want)
	}
	p.saysNot("Still missing", "next best check")
}

func TestEvidencePageOfWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	s := start(t)
	// Nothing at all, and what comes before it is not there either.
	p := s.get("student", evidencePath("student", "nf-4")).is(200)
	p.says("We don’t know yet. There is no evidence.", "The next best check.", "First look at what comes before it: Add fractions.", "at least 3 more pieces of evidence", "There is no evidence yet.")
	if bar := p.first("svg", "class", "ibar"); bar == nil || attr(bar, "aria-label") != "No estimate yet. The goal is at 70 of 100." {
		t.Errorf("the bar says %q", attr(bar, "aria-label"))
	}
	// One piece is too few.
	s.get("teacher", evidencePath("student", "nf-3")).is(200).says("There is one piece of evidence, and one is too few to say.", "likely between", "at least 2 more pieces")
	// It was met long ago.
	s.get("student", evidencePath("student", "nbt-1")).is(200).says("You could do this, but the evidence is too old to be sure.", "A short look back", "Digit cards", "the newest is older than 8 weeks")
	s.get("student", evidencePath("student", "no-such-thing")).is(404)
}
