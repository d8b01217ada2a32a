package web_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/roster"
)

// An estimate is what Waymark reckons: a family that says no has none, from then on and from before,
// while what was shown stays written down; and back again.
func TestAFamilyRefusesEstimates(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := person("student")
	rights := "/students/" + string(maya) + "/rights"
	estimates := func() int {
		all, err := s.db.Mastery(t.Context(), district, []roster.PersonID{maya})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := estimates()
	if before == 0 {
		t.Fatal("Maya has no estimates to begin with")
	}
	s.get("guardian", rights).is(200).says("Working out what comes next: yes", "The school does this as part of teaching")
	s.get("student", rights).is(200).says("until you are 18")
	s.post("student", rights+"/consent", url.Values{"purpose": {"estimates"}, "given": {"no"}}).is(403)
	s.post("guardian", rights+"/consent", url.Values{"purpose": {"everything"}, "given": {"no"}}).is(422)
	s.post("leader", rights+"/consent", url.Values{"purpose": {"estimates"}, "given": {"no"}}).is(422).says("how the family told you")
	s.post("guardian", rights+"/consent", url.Values{"purpose": {"estimates"}, "given": {"no"}, "note": {"We talked at home"}}).is(303)
	if n := estimates(); n != 0 {
		t.Errorf("%d estimates after the family said no", n)
	}
	s.get("guardian", rights).says("Working out what comes next: no", "We talked at home", "a parent or guardian")
	// School goes on: what is shown is written down, the day goes on without estimates.
	s.post("teacher", observePath, observation("0123456789abcdef0123456789abcdef", equal, map[string]int{"student": 4})).is(303)
	for _, page := range []string{"/me", "/me/options", "/me/path", "/me/goals"} {
		s.get("student", page).is(200)
	}
	for _, page := range []string{"/teach", "/classes/" + string(room12), "/students/" + string(maya), "/students/" + string(maya) + "/competencies/" + string(equal)} {
		s.get("teacher", page).is(200)
	}
	if n := estimates(); n != 0 {
		t.Errorf("%d estimates after something new was written down", n)
	}
	s.post("guardian", rights+"/consent", url.Values{"purpose": {"estimates"}, "given": {"yes"}}).is(303)
	if n := estimates(); n < before {
		t.Errorf("%d estimates after the family allowed it again; %d before", n, before)
	}
}

func TestSomethingIsNotRight(t *testing.T) {
	t.Parallel()
	s := start(t)
	rights := "/students/" + string(person("student")) + "/rights"
	s.post("guardian", rights+"/corrections", url.Values{"what": {"Check of October 3"}, "text": {""}}).is(422).says("Say what is not right")
	s.post("guardian", rights+"/corrections", url.Values{"what": {"Check of October 3"}, "text": {"She was sick that day."}}).is(303)
	p := s.get("administrator", "/admin/records").is(200).says("Check of October 3", "to be answered by January 4, 2027")
	var path string
	for _, a := range p.actions() {
		if strings.Contains(a, "/corrections/") {
			path = a
		}
	}
	s.post("administrator", path, url.Values{"answer": {"kept"}, "reply": {" "}}).is(422).says("Say in a sentence")
	s.post("administrator", path, url.Values{"answer": {"kept"}, "reply": {"The teacher saw her there."}}).is(303)
	s.post("administrator", path, url.Values{"answer": {"corrected"}, "reply": {"No"}}).is(409)
	p = s.get("guardian", rights).says("stays as it is", "The teacher saw her there.")
	for _, a := range p.actions() {
		if strings.Contains(a, "/corrections/") {
			path = a
		}
	}
	s.post("guardian", path, url.Values{"statement": {"We have the doctor's note."}}).is(303)
	s.get("leader", rights).says("We have the doctor's note.")
	if body := s.zip("guardian", "/students/"+string(person("student"))+"/record.zip")["record.html"]; !strings.Contains(body, "doctor&#39;s note") {
		t.Error("the statement does not go along with the record")
	}
}

// zip asks for a file and returns what is in it.
func (s *site) zip(who, path string) map[string]string {
	s.t.Helper()
	return s.unzip(s.get(who, path).is(200))
}

func (s *site) unzip(p *page) map[string]string {
	s.t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(p.Body)), int64(len(p.Body)))
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			s.t.Fatal(err)
		}
		out[f.Name] = string(raw)
	}
	return out
}

// A record that is taken away holds what its reader may read on pages: not what was written for others
// only.
func TestARecordIsTakenByWhoMayReadIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/students/" + string(person("student"))
	s.post("teacher", maya+"/profile", url.Values{"kind": {"strength"}, "text": {"SECRET-OF-STAFF"}, "visibility": {"staff"}}).is(303)
	s.post("guardian", maya+"/profile", url.Values{"kind": {"strength"}, "text": {"FOR-THE-FAMILY"}, "visibility": {"family"}}).is(303)
	for who, want := range map[string][2]bool{"student": {false, false}, "guardian": {false, true}, "leader": {true, true}} {
		body := s.zip(who, maya+"/record.zip")["record.json"]
		if got := [2]bool{strings.Contains(body, "SECRET-OF-STAFF"), strings.Contains(body, "FOR-THE-FAMILY")}; got != want {
			t.Errorf("%s: staff's, family's in it: %v; want %v", who, got, want)
		}
	}
}

// An administrator reads no record, but in an emergency, for an hour, and the family sees it.
func TestARecordIsOpenedInAnEmergency(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/students/" + string(person("student"))
	s.get("administrator", maya).is(404)
	glass := "/admin/people/" + string(person("student")) + "/emergency"
	s.post("administrator", glass, nil).is(422).says("The family reads it")
	s.post("administrator", glass, url.Values{"because": {"She did not come home."}}).goesTo(maya)
	s.get("administrator", maya).is(200)
	s.get("administrator", maya+"/record.zip").is(404)
	s.post("administrator", maya+"/profile", url.Values{"kind": {"strength"}, "text": {"x"}}).is(404)
	s.get("administrator", "/students/"+string(person("other student"))).is(404)
	s.get("guardian", maya+"/rights").says("Opened in an emergency", "She did not come home.")
	s.get("guardian", maya+"/access").says("an administrator, in an emergency")
	s.later(61 * time.Minute)
	s.get("administrator", maya).is(404)
}

// A whole district leaves with two people only, once, and within a day.
func TestADistrictIsTakenByTwo(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("administrator", "/admin/records/exports", url.Values{"because": {""}}).is(422)
	s.post("administrator", "/admin/records/exports", url.Values{"because": {"We move to another server"}}).is(303)
	all, err := s.db.ExportRequests(t.Context(), district, friday.Add(-time.Hour))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	request := "/admin/records/exports/" + all[0].ID
	s.post("administrator", request+"/district.zip", nil).is(403).says("A second administrator has to agree first")
	s.post("administrator", request, url.Values{"agree": {"yes"}}).is(409).says("Somebody else")
	s.get("other administrator", "/admin/records").says("We move to another server", "I agree")
	s.post("other administrator", request, url.Values{"agree": {"yes"}}).is(303)
	s.post("other administrator", request+"/district.zip", nil).is(403)
	s.get("administrator", request+"/district.zip").is(405) // a link of another site would use it up
	if files := s.unzip(s.post("administrator", request+"/district.zip", nil).is(200)); files["manifest.json"] == "" || files["person.ndjson"] == "" {
		t.Errorf("%d files", len(files))
	}
	s.post("administrator", request+"/district.zip", nil).is(403).says("taken already")

	// What nobody agreed on in time is not agreed on later.
	s.post("administrator", "/admin/records/exports", url.Values{"because": {"Again"}}).is(303)
	s.signInAgainAfter(25 * time.Hour)
	all, _ = s.db.ExportRequests(t.Context(), district, friday.Add(-time.Hour))
	s.post("other administrator", "/admin/records/exports/"+all[0].ID, url.Values{"agree": {"yes"}}).is(409)
}

func TestRecordsAreKeptForSoLong(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("administrator", "/admin/records/keep", url.Values{"years": {"soon"}}).is(422).says("Write a number of years")
	s.post("administrator", "/admin/records/keep", url.Values{"years": {"5"}}).is(303)
	s.get("administrator", "/admin/records").says("erased 5 years later")
	if n, err := s.db.Tidy(t.Context(), district); err != nil || n != 0 {
		t.Errorf("erased %d, %v: all are still at school", n, err)
	}
}

// An auditor sees what was done and no record; a helper signs people out and opens nothing.
func TestWhoLooksOverTheShoulder(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := "/admin/people/" + string(person("other guardian"))
	s.post("administrator", "/admin/people/"+string(person("student"))+"/appoint", url.Values{"role": {"auditor"}}).is(422)
	s.post("administrator", at+"/appoint", url.Values{"role": {"administrator"}}).is(422)
	s.get("other guardian", "/audit").is(404)
	s.post("administrator", at+"/appoint", url.Values{"role": {"auditor"}}).is(303)
	s.post("teacher", "/students/"+string(person("student"))+"/barriers", url.Values{"why": {"device"}}).is(303)
	s.get("other guardian", "/audit?verify=1").is(200).says("entries are as they were written", "/students/{student}/barriers")
	s.get("other guardian", "/audit/log.csv").is(200)
	s.get("other guardian", "/students/"+string(person("student"))).is(404)
	s.get("other guardian", "/admin/people").is(404)
	s.post("administrator", at+"/appoint", url.Values{"role": {"auditor"}, "end": {"1"}}).is(303)
	s.get("other guardian", "/audit").is(404)

	s.post("administrator", at+"/appoint", url.Values{"role": {"support"}}).is(303)
	p := s.get("other guardian", "/admin/people/"+string(person("teacher"))).is(200)
	p.saysNot("Make a link", "Save the password")
	s.post("other guardian", "/admin/people/"+string(person("teacher"))+"/link", nil).is(404)
	s.post("other guardian", "/admin/people/"+string(person("teacher"))+"/sign-out", nil).is(303)
	s.get("teacher", "/teach").is(303)
	s.get("other guardian", "/admin/records").is(404)
}

// What a program of another company tells of a child is taken away when the family refuses it, comes back
// by no undo, and is not taken in any more; others' stays.
func TestAFamilyRefusesWhatProductsTell(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya, other := person("student"), person("other student")
	rights := "/students/" + string(maya) + "/rights"
	uses := func(p roster.PersonID) int {
		t.Helper()
		parts, err := s.db.RecordOf(t.Context(), district, p)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, part := range parts {
			if part.Table == "product_use" {
				n += len(part.Rows)
			}
		}
		return n
	}
	names := map[roster.PersonID]string{}
	for _, p := range []roster.PersonID{maya, other} {
		x, err := s.db.Person(t.Context(), district, p)
		if err != nil {
			t.Fatal(err)
		}
		names[p] = x.Username
	}
	took := func(day string) string {
		t.Helper()
		path := s.checked("use", "use.csv", []byte("username,product,date,minutes\n"+names[maya]+",Reader,"+day+",20\n"+names[other]+",Reader,"+day+",30\n"))
		p := s.get("administrator", path).is(200)
		s.post("administrator", path+"/apply", nil).is(303)
		s.later(time.Second)
		return p.main()
	}
	took("2026-11-02")
	took("2026-11-03")
	if uses(maya) != 2 || uses(other) != 2 {
		t.Fatalf("%d and %d rows to begin with", uses(maya), uses(other))
	}
	s.get("guardian", rights).says("What other companies' programs tell: yes")
	s.post("guardian", rights+"/consent", url.Values{"purpose": {"products"}, "given": {"no"}}).is(303)
	s.get("guardian", rights).says("What other companies' programs tell: no")
	if uses(maya) != 0 || uses(other) != 2 {
		t.Errorf("%d and %d rows after the family said no", uses(maya), uses(other))
	}
	if says := took("2026-11-04"); !strings.Contains(says, "1 row is left out: the family does not want") {
		t.Errorf("the import says %s", says)
	}
	if uses(maya) != 0 || uses(other) != 3 {
		t.Errorf("%d and %d rows after one more import", uses(maya), uses(other))
	}
	for range 3 {
		last, err := s.db.LastApplied(t.Context(), district)
		if err != nil {
			t.Fatal(err)
		}
		s.post("administrator", "/admin/imports/"+string(last.Run)+"/undo", url.Values{"sure": {"yes"}}).is(303)
		s.later(time.Second)
		if uses(maya) != 0 {
			t.Fatalf("undoing %s brought %d rows back", last.Run, uses(maya))
		}
	}
	s.post("guardian", rights+"/consent", url.Values{"purpose": {"products"}, "given": {"yes"}}).is(303)
	took("2026-11-05")
	if uses(maya) != 1 || uses(other) != 1 {
		t.Errorf("%d and %d rows after the family allowed it again", uses(maya), uses(other))
	}
}
