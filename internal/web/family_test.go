package web_test

import (
	"net/url"
	"testing"
)

func TestFamily(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.get("guardian", "/family").is(200)
	p.says("Maya", "Can do now", "I can find fractions that are equal", "What is next", "How to help tonight", "Can you show me this?", "Do this together, without a screen", "The newest work", "likely 62 to 93 of 100")
	p.saysNot("Liam", "Sam")
	s.get("other guardian", "/family").is(200).says("Sam")

	maya := "/students/" + string(person("student"))
	s.get("guardian", maya).is(200)
	s.get("other guardian", maya).is(404)
	s.get("other guardian", maya+"/competencies/nf-1").is(404)
	s.get("guardian", "/students/"+string(person("liam"))).is(404)
	s.get("teacher", "/family").is(404)
	// What the child has shown is told in the family's language, piece by piece.
	s.post("guardian", "/language", url.Values{"language": {"es"}}).is(303)
	s.get("guardian", maya+"/work").is(200).says("Lo que Maya Álvarez ha mostrado", "I can find fractions that are equal", "noviembre de 2026")
	s.get("guardian", maya+"/work?competency=nf-1").is(200).says("probablemente entre 91 y 99 de 100")
	s.get("guardian", maya+"/work?competency=none").is(404)
	s.get("other guardian", maya+"/work").is(404)
	s.get("guardian", maya+"/talks").is(200).says("Conversaciones con Maya Álvarez", "Pedir una conversación", "Todavía no han hablado.")
	// That the guardian has looked is written down, too.
	s.get("student", maya+"/access").is(200).says("Ana Álvarez", "a parent or guardian")
}

func TestInformation(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, role := range []string{"", "student", "administrator"} {
		s.get(role, "/help").is(200).says("can do", "nearly there", "growing", "just starting", "time for a look back", "we don't know yet", "at least 3 pieces of evidence", "nine times in ten")
		s.get(role, "/accessibility").is(200).says("WCAG", "level AA", "Please tell your school")
		p := s.get(role, "/privacy").is(200)
		p.says("A teacher, of students in their classes", "write down what they saw", "An administrator of the district", "Cannot open any student’s record.", "never of fewer than 10 students")
		// The offline page is kept on the device: nobody's name may be on it.
		s.get(role, "/offline").is(200).saysNot("Maya", "Sign out")
	}
}
