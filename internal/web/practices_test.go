package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/conference"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/study/dose"
)

// crowd adds so many students to Cedar and Room 12, every third an English learner, and returns
// them.
func (s *site) crowd(n int) (ids []roster.PersonID) { return s.crowdOf(n, "04") }

func (s *site) crowdOf(n int, grade string) (ids []roster.PersonID) {
	s.t.Helper()
	ctx := s.t.Context()
	st, err := s.db.Stage(ctx, district, intake.OneRoster, "crowd.zip", "")
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range n {
		id := fmt.Sprintf("c%02d", i)
		learner := "false"
		if i%3 == 0 {
			learner = "true"
		}
		for _, err := range []error{
			st.User(1, true, roster.User{SourcedID: id, GivenName: "Crowd", FamilyName: fmt.Sprintf("Number %02d", i), Identifier: id, Enabled: true, Grades: []string{grade}}),
			st.Role(1, true, roster.RoleRecord{ID: "r-" + id, User: id, Org: cedar, Role: "student", Primary: true}),
			st.Enrollment(1, true, roster.Enrollment{ID: roster.EnrollmentID("e-" + id), Class: room12, School: cedar, User: id, Role: "student", Primary: true}),
			st.Demographics(1, true, roster.Demographics{User: id, Extra: map[string]string{"englishLearner": learner}}),
		} {
			if err != nil {
				s.t.Fatal(err)
			}
		}
		ids = append(ids, st.Person(id))
	}
	if err := finish(ctx, s.db, st); err != nil {
		s.t.Fatal(err)
	}
	return ids
}

// load brings in a file.
func (s *site) load(kind intake.Kind, file string) intake.Summary {
	s.t.Helper()
	im := intake.Importer{Store: s.db, Now: s.now}
	sum, err := im.Check(s.t.Context(), intake.Job{District: district, Kind: kind, Name: "file.csv", File: strings.NewReader(file), Size: int64(len(file))})
	if err == nil {
		sum, err = im.Apply(s.t.Context(), district, sum.Run, false)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return sum
}

// A district says what its schools do and how much is recommended; each school sees how much of
// it its students had, by group, and a teacher who had less, with what stood in the way apart from
// what was a choice.
func TestPracticesAreCountedAgainstWhatIsRecommended(t *testing.T) {
	t.Parallel()
	s := start(t)
	crowd := s.crowd(30)
	s.get("administrator", "/admin/practices").is(http.StatusOK).says("No practice yet", "Talks with an adult").saysNot("Use of Trails")

	// Weeks of 9 and 16 November are over or running; the first half had enough in the first.
	var rows strings.Builder
	for i := range crowd {
		if i < 15 {
			fmt.Fprintf(&rows, "c%02d,Trails,2026-11-09,45\n", i)
		} else {
			fmt.Fprintf(&rows, "c%02d,Trails,2026-11-10,10\n", i)
		}
	}
	if sum := s.load(intake.Used, "student,product,date,minutes\n"+rows.String()); sum.Added != 30 || sum.Bad != 0 {
		t.Fatalf("%+v", sum)
	}
	form := url.Values{"name": {"Fraction Trails"}, "trace": {"product:Trails"}, "unit": {"minutes"}, "least": {"30"}, "grades": {"3, 4"}, "weeks": {"1"}, "from": {"2026-11-02"}, "school": {"cedar"}, "source": {"its vendor"}, "evidence": {"https://example.org/trails"}}
	for what, change := range map[string]url.Values{"Name the practice": {"name": {""}}, "Say how much is recommended": {"least": {"some"}}, "A product is counted in minutes": {"unit": {"times"}}, "beginning with https": {"evidence": {"javascript:x"}}, "in how many weeks": {"weeks": {"0"}}} {
		f := url.Values{}
		for k, v := range form {
			f[k] = v
		}
		for k, v := range change {
			f[k] = v
		}
		s.post("administrator", "/admin/practices", f).is(http.StatusUnprocessableEntity).says(what)
	}
	s.post("administrator", "/admin/practices", form).goesTo("/admin/practices?done=said")
	s.get("administrator", "/admin/practices").says("Fraction Trails", "At least 30 minutes in grades 3, 4, a week, in Cedar Elementary, since November 2, 2026", "Recommended by", "its vendor")

	// Counts for the school: 36 of grade 4, of whom 15 had enough in one of the two weeks that are over.
	school := s.get("leader", "/schools/cedar/practices").is(http.StatusOK)
	school.says("Had less, November 9 to November 15", "21 of 36", "Half to 4 of 5", "English learner", "In the latest four weeks", "Nobody has asked yet").saysNot("Crowd")
	s.get("other leader", "/schools/juniper/practices").is(http.StatusOK).says("The district has not said")

	// The teacher sees names, and writes down why.
	const class = "/classes/room-12/practices"
	s.get("teacher", class).is(http.StatusOK).says("21 of 36 students had less", "Crowd Number 15", "10 of 30 minutes, 2 times in a row").saysNot("Crowd Number 14")
	practices, err := s.db.Practices(t.Context(), district)
	if err != nil || len(practices) != 1 {
		t.Fatal(practices, err)
	}
	why := func(who roster.PersonID, code, until string) {
		t.Helper()
		s.post("teacher", "/students/"+string(who)+"/barriers", url.Values{"class": {"room-12"}, "practice": {practices[0].ID}, "why": {code}, "since": {"2026-11-09"}, "until": {until}}).goesTo(class + "?done=said")
	}
	for _, id := range crowd[15:26] {
		why(id, "connection", "")
	}
	why(crowd[26], "else", "2026-11-15")
	s.post("teacher", "/students/"+string(crowd[26])+"/barriers", url.Values{"why": {"moon"}}).is(http.StatusUnprocessableEntity)
	s.get("teacher", class).says("No internet connection", "Chose something else")
	s.get("leader", "/schools/cedar/practices").says("For 11 of them it is known that something stood in the way")

	// The student reads it, may say it, and may say that it is over.
	maya := "/students/" + string(person("student"))
	s.get("student", maya+"/profile").says("What gets in the way", "Nothing is written down")
	s.post("student", maya+"/barriers", url.Values{"why": {"device"}}).goesTo(maya + "/profile?done=said")
	s.get("guardian", maya+"/profile").says("No device to work on", "It is over")
	reasons, err := s.db.DoseReasonsOf(t.Context(), district, person("student"))
	if err != nil || len(reasons) != 1 {
		t.Fatal(reasons, err)
	}
	s.post("guardian", maya+"/barriers/"+reasons[0].ID+"/end", nil).goesTo(maya + "/profile?done=said")
	s.get("student", maya+"/profile").says("until November 20, 2026").saysNot("It is over")
	s.post("student", "/students/"+string(crowd[0])+"/barriers", url.Values{"why": {"device"}}).is(http.StatusNotFound)

	s.post("administrator", "/admin/practices/"+practices[0].ID+"/stop", nil).goesTo("/admin/practices?done=said")
	s.get("leader", "/schools/cedar/practices").says("The district has not said").saysNot("Fraction Trails")
}

// What is done in Waymark itself is counted by its traces, in weeks with school only.
func TestTalksAreADoseToo(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, p := range []dose.Practice{{Name: "A talk with everybody", Trace: dose.Talks, Unit: dose.Times, Recommended: []dose.Recommendation{{Least: 1}}, Weeks: 2, From: "2026-10-01"}} {
		if err := s.db.AddPractice(t.Context(), district, p, person("administrator")); err != nil {
			t.Fatal(err)
		}
	}
	s.get("teacher", "/classes/room-12/practices").says("6 of 6 students had less", "0 of 1 time")
	if _, err := s.db.HoldConference(t.Context(), district, conference.Conference{Student: person("student"), With: person("teacher"), Kind: conference.Talk, Minutes: 6}, nil, nil); err != nil {
		t.Fatal(err)
	}
	s.signInAgainAfter(10 * 24 * time.Hour)
	s.get("teacher", "/classes/room-12/practices").says("5 of 6 students had less")
	// Fewer than ten are never counted for a leader.
	s.get("leader", "/schools/cedar/practices").says("fewer than 10 students: not shown").saysNot("5 of 6")
}

// Lots are drawn once, when a pilot is declared, and the list says who begins when; before, it says
// what they could see.
func TestAPilotDrawsItsLotsOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	crowd := s.crowd(30)
	const at = "/admin/studies"
	lot := func(change url.Values) url.Values {
		f := studyQuestion(url.Values{"lots": {"yes"}, "unit": {"student"}, "share": {"50"}, "later": {"2027-03-01"}, "school": {"Cedar Elementary"}, "grades": {"04"}, "trace": {"talks"},
			"before-from": {"2026-09-01"}, "before-to": {"2026-11-20"}, "during-from": {"2026-11-23"}, "during-to": {"2027-02-26"}, "after-from": {"2027-02-01"}, "after-to": {"2027-02-26"}})
		for k, v := range change {
			f[k] = v
		}
		return f
	}
	for what, change := range map[string]url.Values{"nobody goes without for good": {"later": {""}}, "The others begin later": {"later": {"2026-11-01"}}, "which share begins first": {"share": {"99"}}, "Choose which classes draw": {"unit": {"class"}}, "at least 4 are needed": {"unit": {"school"}}, "measure the baseline before": {"during-from": {"2026-11-01"}}} {
		s.post("administrator", at, lot(change)).is(http.StatusUnprocessableEntity).says(what)
	}
	s.post("administrator", at, lot(url.Values{"do": {"look"}})).is(http.StatusOK).says("36 students draw", "would be found four times of five", "You said that 0.05 would matter", "Nothing was asked yet")
	s.post("administrator", at, studyQuestion(url.Values{"do": {"look"}})).is(http.StatusUnprocessableEntity).says("Tick that lots are drawn")

	page := s.post("administrator", at, lot(nil)).is(http.StatusSeeOther)
	href := page.Header.Get("Location")
	s.get("administrator", href).is(http.StatusOK).says("first place to 18 students", "The other 18 have it from March 1, 2027 on", "It waits for its last day")
	list := s.get("administrator", href+"/lots.csv").is(http.StatusOK).Body
	if n := strings.Count(list, "2026-11-23"); n != 18 || strings.Count(list, "2027-03-01") != 18 || !strings.Contains(list, "Crowd Number 07") {
		t.Errorf("%d begin first:\n%s", n, list)
	}
	if again := s.get("administrator", href+"/lots.csv").Body; again != list {
		t.Error("the lots changed")
	}
	kept, err := s.db.Studies(t.Context(), district)
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	// Who leaves stays in the study, as lost; who comes later is not in it.
	st, err := s.db.Stage(t.Context(), district, intake.OneRoster, "gone.zip", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.User(1, false, roster.User{SourcedID: "c03", GivenName: "Crowd", FamilyName: "Number 03", Identifier: "c03", Grades: []string{"04"}}); err != nil {
		t.Fatal(err)
	}
	if err := finish(t.Context(), s.db, st); err != nil {
		t.Fatal(err)
	}
	facts, err := s.db.StudyFacts(t.Context(), district, kept[0].ID, kept[0].Plan)
	if err != nil || len(facts) != 36 {
		t.Fatalf("%d facts, %v", len(facts), err)
	}
	first := 0
	for _, f := range facts {
		if f.Lot.Treated {
			first++
		}
		if f.Student == string(crowd[3]) && f.School != "Cedar Elementary" {
			t.Errorf("who left is of no school: %+v", f)
		}
	}
	if first != 18 {
		t.Errorf("%d of the facts begin first", first)
	}
	claims := s.get("administrator", at+"/claims.csv").is(http.StatusOK).Body
	if !strings.Contains(claims, "Do talks help?") || !strings.Contains(claims, "not run yet") || !strings.Contains(claims, kept[0].Plan.Spec().Digest()) {
		t.Errorf("the register: %s", claims)
	}
	s.get("teacher", at+"/claims.csv").is(http.StatusNotFound)
}

// The report on virtual courses counts every enrollment, by hand; the list for publication has
// 60 percent of points as the law has it.
func TestVirtualCoursesAreReported(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.crowd(30)
	s.get("administrator", "/admin/virtual").is(http.StatusOK).says("Nothing is known of virtual courses yet")
	var rows strings.Builder
	for i := range 30 {
		status := "CP,75"
		if i >= 20 {
			status = "Withdrawn,10"
		}
		fmt.Fprintf(&rows, "c%02d,Spanish,yes,%s\n", i, status)
	}
	rows.WriteString("c00,Choir,no,CP,\nc00,Art,yes,CP,61 %\n")
	s.load(intake.Courses, "student,course,virtual,status,points\n"+rows.String())
	s.get("administrator", "/admin/virtual").says("68 %", "21 of 31 enrollments", "in 1 school", "English learner").saysNot("Crowd")
	list := s.get("administrator", "/admin/virtual/courses.csv").is(http.StatusOK).Body
	if !strings.Contains(list, "Art,not shown") {
		t.Errorf("one student is shown:\n%s", list)
	}
	s.get("teacher", "/admin/virtual").is(http.StatusNotFound)
}
