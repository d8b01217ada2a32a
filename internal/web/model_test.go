package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/intake"
	"waymark/internal/roster"
)

// crowd adds students enough to fit a model to.
func crowd(t *testing.T, s *site) {
	t.Helper()
	st, err := s.db.Stage(t.Context(), district, intake.OneRoster, "crowd.zip", "")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(4, 2))
	var pieces []evidence.Piece
	for i := range 60 {
		id := fmt.Sprintf("c-%02d", i)
		if err := st.User(1, true, roster.User{SourcedID: id, Enabled: true, GivenName: "Child", FamilyName: id, Grades: []string{"04"}, PrimaryOrg: cedar}); err != nil {
			t.Fatal(err)
		}
		able := rng.Float64()
		for k, on := range []competency.ID{equal, compare, adding, place} {
			for n := range 5 {
				score := 0.0
				if rng.Float64() < .2+.6*able {
					score = 1
				}
				pieces = append(pieces, evidence.Piece{Student: st.Person(id), Competency: on, Kind: evidence.Response, Score: score, Max: 1,
					At: friday.AddDate(0, 0, -40+5*n+k), Source: "practice", Key: fmt.Sprintf("%s-%d-%d", id, k, n)})
			}
		}
	}
	if err := finish(t.Context(), s.db, st); err != nil {
		t.Fatal(err)
	}
	if _, err := s.recorder.Record(t.Context(), district, pieces); err != nil {
		t.Fatal(err)
	}
}

// settled waits until no work is under way, and returns the model page.
func settled(t *testing.T, s *site) *page {
	t.Helper()
	for range 600 {
		if p := s.get("administrator", "/admin/model").is(200); !strings.Contains(p.main(), "This page says when it is done") {
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the work does not end")
	return nil
}

// An administrator fits a version, reads its report, adopts it with a reason, and goes
// back; everybody's estimates follow.
func TestModelIsFittedAndAdopted(t *testing.T) {
	t.Parallel()
	s := start(t)
	crowd(t, s)
	s.get("administrator", "/admin/model").is(200).says("waymark-2, which needs no data of your own", "No version of your own yet", "at least 70 % likely")
	s.post("administrator", "/admin/model/fit", nil).goesTo("/admin/model")
	p := settled(t, s)
	p.says("fit-", "fitted on November 20, 2026", "It foretold what other students did")
	version := ""
	for _, href := range p.links() {
		if strings.HasPrefix(href, "/admin/model/versions/") {
			version = href
		}
	}
	v := s.get("administrator", version).is(200)
	v.says("Log-loss", "waymark-2 (ran then)", "When it says 70 of 100, is it 70?", "Foretold, of 100", "Adopt it")
	if len(v.all("circle")) < 2 {
		t.Errorf("the calibration plot has %d points", len(v.all("circle")))
	}
	name := strings.TrimPrefix(version, "/admin/model/versions/")
	s.post("administrator", "/admin/model/adopt", url.Values{"version": {name}, "because": {" "}}).is(422).says("Say why")
	s.post("administrator", "/admin/model/adopt", url.Values{"version": {"fit-none"}, "because": {"x"}}).is(404)
	form := v.form("/admin/model/adopt")
	form.Set("because", "It foretells our practice better.")
	s.post("administrator", "/admin/model/adopt", form).goesTo("/admin/model")
	settled(t, s).says("runs", "Ada Minh", "“It foretells our practice better.”")
	s.get("teacher", "/students/"+string(person("student"))+"/competencies/nf-1").is(200).says("The model is called " + name)
	if r, err := s.db.CheckReplay(t.Context(), district, false); err != nil || r.Wrong != 0 {
		t.Errorf("replay finds %+v, %v", r, err)
	}
}

// With too little evidence a fit says so and changes nothing.
func TestModelNeedsEvidence(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("administrator", "/admin/model/fit", nil).goesTo("/admin/model")
	settled(t, s).says("It did not work", "A fit needs at least 20 students", "Nothing was changed.")
}

// The rule simulator says what another rule would change, on the district's evidence and
// on simulated learners, and a rule is adopted with a reason.
func TestRulesAreComparedAndAdopted(t *testing.T) {
	t.Parallel()
	s := start(t)
	crowd(t, s)
	first := s.get("administrator", "/admin/model/rules").is(200)
	first.says("the model's own criterion")
	first.saysNot("What would change here")
	p := s.get("administrator", "/admin/model/rules?b=highest+met+3").is(200)
	p.says("2,000 simulated learners", "False mastery", "The highest score counts.", "would differ", "Met only under B", "4.NF.1 Equal fractions")
	s.get("administrator", "/admin/model/rules?b=luckiest").is(422).says("There is no rule")
	s.get("administrator", "/admin/model/rules?a=recent&b=highest").is(200).says("recent met 3")
	form := p.form("/admin/model/adopt")
	form.Set("because", "Board decision.")
	s.post("administrator", "/admin/model/adopt", form).goesTo("/admin/model")
	settled(t, s).says("The highest score counts. Met from 3 of 4 on.", "Board decision.")
	s.get("student", "/students/"+string(person("student"))+"/competencies/nf-1").is(200).says("The highest score counts.")
}

// What checks ask is published with its statistics.
func TestBankIsPublished(t *testing.T) {
	t.Parallel()
	s := start(t)
	give(t, s, url.Values{"purpose": {"check"}, "most": {"6"}, "competency": {string(equal)}})
	_, n := sitThrough(t, s, "student", begin(t, s, "student"), true)
	s.get("administrator", "/admin/bank").is(200).says("4.NF.1 Equal fractions 9 9 " + fmt.Sprint(n))
	s.get("administrator", "/admin/bank?competency=nf-1").is(200).says("What is 2 + 3?", "1.10", "100 %")
}
