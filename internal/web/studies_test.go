package web_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"waymark/internal/study"
	"waymark/internal/study/dose"
)

func studyQuestion(change url.Values) url.Values {
	f := url.Values{"question": {"Do talks help?"}, "practice": {"Talks"}, "trace": {"talks"}, "atleast": {"1"}, "outcome": {"test:MAP"}, "meaningful": {"0.05"},
		"before-from": {"2026-08-01"}, "before-to": {"2026-09-30"}, "during-from": {"2026-10-01"}, "during-to": {"2026-11-01"}, "after-from": {"2026-11-01"}, "after-to": {"2026-11-10"}}
	for k, v := range change {
		f[k] = v
	}
	return f
}

// A study is declared, and what is missing is said; where nobody can be compared it says so and
// finds nothing. Who does not run studies sees none.
func TestAStudyIsDeclaredBeforeItIsRun(t *testing.T) {
	t.Parallel()
	s := start(t)
	const at = "/admin/studies"
	s.get("administrator", at).is(http.StatusOK).says("Nothing was asked yet", "Talks with an adult")
	for what, change := range map[string]url.Values{"Ask one question": {"question": {" "}}, "Choose what may have changed": {"outcome": {"x"}}, "Say from how many times": {"atleast": {"0"}},
		"Choose the schools": {"trace": {"schools"}}, "smallest effect": {"meaningful": {"much"}}, "in this order": {"during-to": {"2026-01-01"}}, "is measured after the baseline": {"after-from": {"2026-09-30"}}} {
		s.post("administrator", at, studyQuestion(change)).is(http.StatusUnprocessableEntity).says(what)
	}
	s.post("administrator", at, studyQuestion(nil)).is(http.StatusUnprocessableEntity).says("at least 2 of each are needed", "It was not run yet")
	// What is still to come waits for its day.
	p := s.post("administrator", at, studyQuestion(url.Values{"question": {"And later?"}, "after-to": {"2027-01-10"}})).is(http.StatusSeeOther)
	s.get("administrator", p.Header.Get("Location")).is(http.StatusOK).says("And later?", "It waits for its last day, January 10, 2027")
	s.get("administrator", p.Header.Get("Location")+"/bundle").is(http.StatusNotFound)
	s.get("administrator", at).says("not run yet")
	kept, err := s.db.Studies(t.Context(), district)
	if err != nil || len(kept) != 2 || kept[0].Plan.Practice != "Talks" {
		t.Errorf("%+v, %v", kept, err)
	}
}

// What was found can be taken away, without names, and says the same again.
func TestAStudysBundleSaysTheSameAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	plan := study.Plan{Question: "Do talks help?", Practice: "Talks", Trace: dose.Talks, AtLeast: 1, Scale: "MAP", Before: study.Days{From: "2026-08-01", To: "2026-09-30"},
		During: study.Days{From: "2026-10-01", To: "2026-11-01"}, After: study.Days{From: "2026-11-02", To: "2026-11-10"}, Meaningful: .05, Seed: 7}
	var facts []study.Fact
	for i := range 300 {
		f := study.Fact{Student: "secret-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26)), School: "Cedar", Grade: []string{"04", "05"}[i%2], Before: float64((i * 37) % 50), Dose: i % 3}
		f.After = f.Before + float64((i*11)%7)
		if f.Dose > 0 {
			f.After += 9
		}
		facts = append(facts, f)
	}
	id, err := s.db.DeclareStudy(t.Context(), district, plan, person("administrator"))
	if err != nil {
		t.Fatal(err)
	}
	result, extract, err := plan.Run(facts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.KeepStudy(t.Context(), district, id, extract, result); err != nil {
		t.Fatal(err)
	}
	page := s.get("administrator", "/admin/studies/"+id).is(http.StatusOK)
	page.says("Helped", "Yes: MAP got better with “Talks”", "Who was compared", "What would change our mind", "For whom", "Done otherwise", "Hedges’ g")
	b := []byte(s.get("administrator", "/admin/studies/"+id+"/bundle").is(http.StatusOK).Body)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	part := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		part[f.Name], _ = io.ReadAll(r)
	}
	if bytes.Contains(part["extract.csv"], []byte("secret")) {
		t.Error("the extract names students")
	}
	spec, err := study.Read(bytes.NewReader(part["study.json"]))
	if err != nil {
		t.Fatal(err)
	}
	frame, err := study.ReadFrame(bytes.NewReader(part["extract.csv"]), "extract.csv", spec.Columns())
	if err != nil {
		t.Fatal(err)
	}
	again, err := study.Run(spec, frame)
	if err != nil || again.Outcomes[0].Answer != result.Outcomes[0].Answer || again.Extract != result.Extract {
		t.Errorf("again: %+v, %v", again, err)
	}
}
