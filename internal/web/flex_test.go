package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/roster"
	"waymark/internal/timetable"
)

const flexPath = "/schools/cedar/flex"

// offer lets the teacher offer a session in blocks of the next week.
func (s *site) offer(title string, change url.Values, slots ...string) timetable.OfferID {
	s.t.Helper()
	f := url.Values{"title": {title}, "purpose": {"workshop"}, "seats": {"2"}, "door": {"open"}, "week": {"2026-11-23"}, "slot": slots}
	for k, v := range change {
		f[k] = v
	}
	s.post("teacher", flexPath+"/offers", f).goesTo("/teach/flex?school=cedar&week=2026-11-23&done=said")
	offers, err := s.db.FlexOffers(s.t.Context(), district, cedar)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range offers {
		if o.Title == title {
			return o.ID
		}
	}
	s.t.Fatalf("%s is not offered", title)
	return ""
}

// setUpFlex gives Cedar two blocks a week and two rooms.
func (s *site) setUpFlex() {
	s.t.Helper()
	s.post("leader", flexPath+"/set-up", url.Values{"week": {"2026-11-23"}, "periods": {"Flex, Monday, 10:20, 11:00\nFlex, Wednesday, 10:20, 11:00"}, "rooms": {"Room 12, 30, step-free\nLab, 16, lab"}}).goesTo(flexPath + "?week=2026-11-23&done=said")
}

const (
	mondayFlex    = "2026-11-23/flex-monday"
	wednesdayFlex = "2026-11-25/flex-wednesday"
)

func TestAFlexWeekFromOfferToDoor(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("leader", flexPath+"?week=2026-11-23").is(http.StatusOK).says("No flex time in this week")
	s.setUpFlex()
	strips := s.offer("Fraction strips", url.Values{"competency": {string(equal)}}, mondayFlex, wednesdayFlex)
	chess := s.offer("Chess", url.Values{"purpose": {"club"}, "seats": {"5"}}, mondayFlex)
	s.offer("Quiet study", url.Values{"purpose": {"study"}, "seats": {"30"}}, wednesdayFlex)

	// Maya and Sam of the other school: he sees nothing of Cedar's.
	s.get("student", "/me/flex?week=2026-11-23").is(http.StatusOK).says("Fraction strips", "Chess", "not published yet")
	other := s.get("other student", "/me/flex?week=2026-11-23").is(http.StatusOK)
	other.saysNot("Chess")
	wish := func(o timetable.OfferID) string { return "wish-" + string(o) }
	s.post("student", "/me/flex/requests", url.Values{"week": {"2026-11-23"}, wish(chess): {"1"}, wish(strips): {"1"}}).is(http.StatusUnprocessableEntity).says("two wishes with the number 1")
	s.post("student", "/me/flex/requests", url.Values{"week": {"2026-11-23"}, wish(chess): {"1"}}).goesTo("/me/flex?week=2026-11-23&done=said")

	// Nobody publishes what nobody has planned; the teacher may not plan.
	s.post("teacher", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).is(http.StatusNotFound)
	s.post("leader", flexPath+"/publish", url.Values{"week": {"2026-11-23"}, "stamp": {"1"}}).is(http.StatusConflict)
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-12-21"}}).is(http.StatusUnprocessableEntity).says("Nothing is offered")
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).goesTo(flexPath + "?week=2026-11-23#draft")
	s.get("student", "/me/flex?week=2026-11-23").says("not published yet")
	draft := s.get("leader", flexPath+"?week=2026-11-23").is(http.StatusOK)
	draft.says("A plan that is not published", "Requests granted 1; 0 not")
	s.post("leader", flexPath+"/publish", draft.form(flexPath+"/publish")).goesTo(flexPath + "?week=2026-11-23&done=said")

	// Two sessions at once by one teacher cannot be: one is held, the wish of Maya tells which.
	mine := s.get("student", "/me/flex?week=2026-11-23").is(http.StatusOK)
	mine.says("Chess · ", "granted", "Quiet study")
	places, err := s.db.FlexPlaces(t.Context(), district, cedar, "2026-11-23", "2026-11-30")
	if err != nil || len(places) != 11 { // five in Chess, six on Wednesday
		t.Errorf("%d places, %v: %v", len(places), err, places)
	}
	s.get("guardian", "/students/"+string(person("student"))+"/flex?week=2026-11-23").is(http.StatusOK).says("Chess")
	// Who reads another language reads why there is no place in it, too.
	without := person("noah")
	for _, name := range []string{"liam", "aaliyah", "minh", "emma", "noah"} {
		if !slices.ContainsFunc(places, func(p timetable.Place) bool { return p.Student == person(name) && p.Slot == mondayFlex }) {
			without = person(name)
		}
	}
	s.get("teacher", "/students/"+string(without)+"/flex?week=2026-11-23").is(http.StatusOK).says("No place. All 5 seats of “Chess, Monday 10:20” are taken")
	if err := s.db.SetLanguage(t.Context(), district, person("teacher"), "es"); err != nil {
		t.Fatal(err)
	}
	s.get("teacher", "/students/"+string(without)+"/flex?week=2026-11-23").says("Sin lugar. Todos los lugares están ocupados.", "miércoles").saysNot("seats", "No place")
	if err := s.db.SetLanguage(t.Context(), district, person("teacher"), "en"); err != nil {
		t.Fatal(err)
	}
	if ics := s.get("student", "/me/flex.ics").is(http.StatusOK); !strings.Contains(ics.Body, "SUMMARY:Chess") || !strings.Contains(ics.Body, "DTSTART:20261123T102000") {
		t.Errorf("the calendar holds %s", ics.Body)
	}
	s.get("teacher", flexPath+"/doors?week=2026-11-23&day=2026-11-23").is(http.StatusOK).says("Chess", "Maya Álvarez")
	corridor := s.get("teacher", flexPath+"/corridor?week=2026-11-23&day=2026-11-23").is(http.StatusOK)
	corridor.says("Chess", "Ngozi Okafor")
	corridor.saysNot("Maya")

	// Whoever has no place walks in where there is a seat; one press says who came.
	session := flexPath + "/sessions/" + url.PathEscape(string(chess)+"@"+mondayFlex)
	at := url.Values{"session": {string(chess) + "@" + mondayFlex}}
	with := func(pairs ...string) url.Values {
		f := url.Values{"session": at["session"]}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	s.get("teacher", session).is(http.StatusOK).says("5 students come, 0 seats are free")
	in := map[roster.PersonID]bool{}
	for _, p := range places {
		if p.Offer == chess {
			in[p.Student] = true
		}
	}
	var out string
	for _, name := range []string{"liam", "aaliyah", "minh", "noah", "emma"} {
		if !in[person(name)] {
			out = name
		}
	}
	s.post("teacher", flexPath+"/walk-in", with("student", string(person(out)))).is(http.StatusUnprocessableEntity).says("All 5 seats are taken")
	s.post("teacher", flexPath+"/walk-in", with("student", "Nobody")).is(http.StatusUnprocessableEntity).says("Choose a student of the school")
	s.post("teacher", flexPath+"/attendance", with("student", string(person("student")), "mark", "missed")).goesTo(session)
	s.post("teacher", flexPath+"/attendance", with("all", "here")).goesTo(session)
	s.post("teacher", flexPath+"/attendance", with("student", string(person(out)), "mark", "here")).is(http.StatusNotFound)
	missed, err := s.db.FlexMissed(t.Context(), district, []roster.PersonID{person("student")}, "2026-11-01")
	if err != nil || missed[person("student")] != [2]int{1, 1} {
		t.Errorf("missed %v, %v", missed, err)
	}
	s.post("other teacher", flexPath+"/attendance", with("all", "here")).is(http.StatusNotFound)
}

func TestATeacherIsAwayAndTheWeekHolds(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	strips := s.offer("Fraction strips", url.Values{"seats": {"6"}}, mondayFlex, wednesdayFlex)
	publish := func() {
		t.Helper()
		p := s.get("leader", flexPath+"?week=2026-11-23").is(http.StatusOK)
		s.post("leader", flexPath+"/publish", p.form(flexPath+"/publish")).goesTo(flexPath + "?week=2026-11-23&done=said")
	}
	held := func() int {
		t.Helper()
		h, err := s.db.FlexHeld(t.Context(), district, cedar, "2026-11-23", "2026-11-30")
		if err != nil {
			t.Fatal(err)
		}
		return len(h)
	}
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).goesTo(flexPath + "?week=2026-11-23#draft")
	publish()
	if held() != 2 {
		t.Fatalf("%d sessions held; want 2", held())
	}
	// At 7:40 she says so herself; for somebody else she may not.
	s.post("teacher", flexPath+"/away", url.Values{"person": {string(person("leader"))}, "day": {"2026-11-23"}}).is(http.StatusNotFound)
	s.post("teacher", flexPath+"/away", url.Values{"person": {string(person("teacher"))}, "day": {"2026-11-24"}}).is(http.StatusUnprocessableEntity).says("no flex block on this day")
	s.post("teacher", flexPath+"/away", url.Values{"person": {string(person("teacher"))}, "day": {"2026-11-23"}}).goesTo("/teach/flex?school=cedar&week=2026-11-23&done=said")
	s.get("teacher", "/teach/flex?week=2026-11-23").says("You are away on November 23, 2026", "I am there after all")
	s.get("leader", flexPath+"?week=2026-11-23").says("Ngozi Okafor is away on November 23, 2026", "A plan that is not published", "Students who move")
	publish()
	if held() != 1 {
		t.Errorf("%d sessions held though the teacher is away; want 1", held())
	}
	// She comes back; the plan does too.
	s.post("leader", flexPath+"/away", url.Values{"person": {string(person("teacher"))}, "day": {"2026-11-23"}, "do": {"back"}}).goesTo(flexPath + "?week=2026-11-23#draft")
	publish()
	if held() != 2 {
		t.Errorf("%d sessions held; want 2", held())
	}
	// What has begun stays as it was, and a plan made before somebody else's is not published.
	s.signInAgainAfter(3*24*time.Hour + 3*time.Hour) // Monday noon
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).goesTo(flexPath + "?week=2026-11-23#draft")
	old := s.get("leader", flexPath+"?week=2026-11-23").form(flexPath + "/publish")
	s.later(time.Minute)
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).goesTo(flexPath + "?week=2026-11-23#draft")
	s.post("leader", flexPath+"/publish", old).is(http.StatusConflict)
	publish()
	places, err := s.db.FlexSession(t.Context(), district, cedar, mondayFlex, strips)
	if err != nil || len(places) != 6 {
		t.Errorf("%d places in the block that has begun, %v", len(places), err)
	}
}

func TestSwapsRequirementsAndMentors(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	strips := s.offer("Fraction strips", url.Values{"seats": {"6"}}, mondayFlex)
	maya := person("student")
	session := string(strips) + "@" + mondayFlex
	s.post("teacher", flexPath+"/require", url.Values{"session": {session}, "required": {"Maya Álvarez (04)"}}).is(http.StatusUnprocessableEntity).says("Say in a few words why")
	s.post("teacher", flexPath+"/require", url.Values{"session": {session}, "required": {"Maya Álvarez (04)"}, "why": {"We finish the wall."}}).goesTo(flexPath + "/sessions/" + url.PathEscape(session) + "?done=said")
	s.get("student", "/me/flex?week=2026-11-23").says("We finish the wall.")
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}})
	p := s.get("leader", flexPath+"?week=2026-11-23")
	s.post("leader", flexPath+"/publish", p.form(flexPath+"/publish"))
	s.post("student", "/me/flex/swap", url.Values{"session": {session}}).is(http.StatusUnprocessableEntity).says("Your teacher asked you to be in Fraction strips")
	s.post("liam", "/me/flex/swap", url.Values{"session": {"nothing@" + mondayFlex}}).is(http.StatusUnprocessableEntity)

	if err := s.db.SetMentor(t.Context(), district, maya, person("teacher"), person("teacher")); err != nil {
		t.Fatal(err)
	}
	s.offer("Chess", nil, wednesdayFlex)
	offers, _ := s.db.FlexOffers(t.Context(), district, cedar)
	s.post("student", "/me/flex/requests", url.Values{"week": {"2026-11-23"}, "wish-" + string(offers[0].ID): {"1"}}).goesTo("/me/flex?week=2026-11-23&done=said")
	asked := s.get("teacher", "/teach/flex?week=2026-11-23").is(http.StatusOK)
	asked.says("What my mentees ask for", "Maya Álvarez: Chess")
	list, _ := s.db.FlexRequestsOf(t.Context(), district, []roster.PersonID{maya}, "2026-11-23")
	answer := "/students/" + string(maya) + "/flex/requests/" + string(list[0].ID)
	s.post("other teacher", answer, url.Values{"answer": {"no"}, "why": {"x"}}).is(http.StatusNotFound)
	s.post("teacher", answer, url.Values{"answer": {"no"}, "why": {"The wall first."}}).goesTo("/teach/flex?done=said")
	s.get("student", "/me/flex?week=2026-11-23").says("Not this time. The wall first.")
}

// Leaders see by group whose wishes come true; of few students nothing is shown.
func TestFlexForWhom(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	s.get("leader", flexPath+"/for-whom").is(http.StatusOK).says("fewer than 10 students: not shown")
	s.crowd(30)
	chess := s.offer("Chess", url.Values{"seats": {"10"}}, mondayFlex)
	people, err := s.db.StudentsOf(t.Context(), district, cedar)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if err := s.db.AskForFlex(t.Context(), district, cedar, p.ID, "2026-11-23", []timetable.OfferID{chess}); err != nil {
			t.Fatal(err)
		}
	}
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}})
	draft := s.get("leader", flexPath+"?week=2026-11-23").is(http.StatusOK).says("For whom")
	s.post("leader", flexPath+"/publish", draft.form(flexPath+"/publish")).goesTo(flexPath + "?week=2026-11-23&done=said")
	s.signInAgainAfter(10 * 24 * time.Hour)
	s.get("leader", flexPath+"/for-whom").is(http.StatusOK).says("Wishes each", fmt.Sprintf("All %d 1.0 28 %%", len(people)), "English learner")
	s.get("teacher", flexPath+"/for-whom").is(http.StatusNotFound)
}

// Who runs flex time offers for others, and finds who is free to lead a session instead.
func TestOffersForOthersAndWhoIsFree(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	s.offer("Chess", url.Values{"seats": {"30"}}, mondayFlex)
	teacher := string(person("teacher"))
	form := s.get("leader", "/teach/flex?school=cedar&week=2026-11-23").is(http.StatusOK).says("Who leads it", "Ngozi Okafor").form(flexPath + "/offers")
	for k, v := range map[string]string{"title": "Board games", "purpose": "club", "seats": "9", "slot": string(wednesdayFlex)} {
		form.Set(k, v)
	}
	form.Set("leader", "nobody")
	s.post("leader", flexPath+"/offers", form).is(http.StatusUnprocessableEntity).says("Choose who leads it")
	form.Set("leader", teacher)
	s.post("leader", flexPath+"/offers", form).goesTo("/teach/flex?school=cedar&week=2026-11-23&done=said")
	s.get("teacher", "/teach/flex?week=2026-11-23").says("Board games").saysNot("Who leads it")
	form.Set("leader", string(person("leader")))
	s.post("teacher", flexPath+"/offers", form).is(http.StatusNotFound)

	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}})
	draft := s.get("leader", flexPath+"?week=2026-11-23").is(http.StatusOK)
	s.post("leader", flexPath+"/publish", draft.form(flexPath+"/publish")).goesTo(flexPath + "?week=2026-11-23&done=said")
	held, err := s.db.FlexHeld(t.Context(), district, cedar, "2026-11-23", "2026-11-30")
	if err != nil || len(held) != 2 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	session := flexPath + "/sessions/" + url.PathEscape(timetable.SessionID(held[0].Offer, held[0].Slot))
	s.get("leader", session).is(http.StatusOK).says("Nobody else is free to lead it then")
	s.get("teacher", session).is(http.StatusOK).saysNot("free to lead it")
}

// Who needs an aide is placed where one is, and nowhere else; a student cannot set that.
func TestASupportIsGivenWhereAStudentIsPlaced(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	chess := s.offer("Chess", url.Values{"seats": {"30"}}, mondayFlex)
	helped := s.offer("Reading circle", url.Values{"seats": {"30"}, "support": {"aide", "magic"}}, wednesdayFlex)
	s.post("student", "/me/flex/requests", url.Values{"week": {"2026-11-23"}, "wish-" + string(chess): {"1"}}).goesTo("/me/flex?week=2026-11-23&done=said")
	maya := "/students/" + string(person("student"))
	supports := maya + "/supports"
	s.post("student", supports, url.Values{"support": {"aide", "simple"}})
	s.get("teacher", maya+"/profile").is(http.StatusOK).saysNot("An aide nearby said by")
	s.post("teacher", supports, url.Values{"support": {"aide", "simple"}}).goesTo(maya + "/profile?done=settings")
	s.get("student", maya+"/profile").says("An aide nearby")
	s.post("student", supports, url.Values{"support": {"simple"}}) // and does not take it away
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}}).goesTo(flexPath + "?week=2026-11-23#draft")
	draft := s.get("leader", flexPath+"?week=2026-11-23").is(http.StatusOK)
	s.post("leader", flexPath+"/publish", draft.form(flexPath+"/publish")).goesTo(flexPath + "?week=2026-11-23&done=said")
	places, err := s.db.FlexPlaces(t.Context(), district, cedar, "2026-11-23", "2026-11-30")
	if err != nil {
		t.Fatal(err)
	}
	var here []timetable.OfferID
	for _, p := range places {
		if p.Student == person("student") {
			here = append(here, p.Offer)
		}
	}
	if len(here) != 1 || here[0] != helped {
		t.Errorf("Maya is in %v; the aide is in %s only", here, helped)
	}
}

// A school that wants it so lets a wish count once the mentor has said yes.
func TestAWishWaitsForTheMentorWhereTheSchoolWantsIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.post("leader", flexPath+"/set-up", url.Values{"week": {"2026-11-23"}, "periods": {"Flex, Monday, 10:20, 11:00"}, "rooms": {"Room 12, 30"}, "approve": {"1"}})
	s.get("leader", flexPath+"?week=2026-11-23").says("A wish counts once the student’s mentor has said yes to it")
	s.post("teacher", "/students/"+string(person("student"))+"/mentor", url.Values{"mentor": {string(person("teacher"))}})
	chess := s.offer("Chess", url.Values{"purpose": {"club"}, "seats": {"5"}}, mondayFlex)
	ask := func(who string) {
		s.post(who, "/me/flex/requests", url.Values{"week": {"2026-11-23"}, "wish-" + string(chess): {"1"}}).goesTo("/me/flex?week=2026-11-23&done=said")
	}
	ask("student")
	ask("liam") // nobody is his mentor
	wishes := func() (n int) {
		s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}})
		week, err := s.db.FlexWeek(t.Context(), district, cedar, "2026-11-23")
		if err != nil {
			t.Fatal(err)
		}
		return int(week.Draft.Parts.Request*10 + .5)
	}
	s.get("student", "/me/flex?week=2026-11-23").says("waits for your mentor’s yes")
	s.get("liam", "/me/flex?week=2026-11-23").says("waits for the plan")
	one := wishes()
	s.get("teacher", "/teach/flex?week=2026-11-23").says("counts once you have said yes", "Yes to all 1 without an answer")
	s.post("teacher", "/teach/flex/yes", nil).goesTo("/teach/flex?done=said")
	s.get("student", "/me/flex?week=2026-11-23").says("waits for the plan")
	s.get("teacher", "/teach/flex?week=2026-11-23").says("you said yes").saysNot("Yes to all")
	if two := wishes(); one == 0 || two <= one {
		t.Errorf("wishes are worth %d tenths before the mentor’s yes, %d after", one, two)
	}
}

// From a step on the day list the offer is filled in: about what, and who is asked to come.
func TestAnOfferIsPreparedForThoseWhoNeedIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	var prepared, groups string
	for _, link := range s.get("teacher", "/teach?all=1").links() {
		if strings.HasPrefix(link, "/teach/flex?") && strings.Contains(link, string(equal)) {
			prepared = link
		}
		if strings.HasPrefix(link, room12Path+"/groups?") && strings.Contains(link, "Noah") {
			groups = link
		}
	}
	if prepared == "" || groups == "" {
		t.Fatal("no step leads to a prepared offer, or to prepared groups")
	}
	prepared = strings.Replace(prepared, "#new", "&week=2026-11-23", 1)
	p := s.get("teacher", prepared).is(http.StatusOK).says("are asked to come", "Liam O’Connor", "Noah Begay")
	f := p.form(flexPath + "/offers")
	if !slices.Contains(f["competency"], string(equal)) || len(f["student"]) < 2 {
		t.Errorf("the form says %v", f)
	}
	f["competency"] = []string{string(equal), string(adding)}
	f["slot"], f["purpose"] = []string{mondayFlex}, []string{"small-group"}
	s.post("teacher", flexPath+"/offers", f).goesTo("/teach/flex?school=cedar&week=2026-11-23&done=said")
	offers, err := s.db.FlexOffers(t.Context(), district, cedar)
	if err != nil || len(offers) != 1 || len(offers[0].Competencies) != 2 {
		t.Fatal(offers, err)
	}
	s.get("liam", "/me/flex?week=2026-11-23").says("You work on “")
	// Nobody is asked to come from a school where one does not teach.
	f["student"] = []string{string(person("other student"))}
	s.post("teacher", flexPath+"/offers", f)
	if required, err := s.db.FlexRequired(t.Context(), district, cedar, "2026-11-23"); err != nil || slices.ContainsFunc(required, func(q timetable.Requirement) bool { return q.Student == person("other student") }) {
		t.Error(required, err)
	}
	f["competency"] = []string{"none"}
	s.post("teacher", flexPath+"/offers", f).is(http.StatusUnprocessableEntity).says("Choose competencies from the list")
	s.get("teacher", strings.TrimSuffix(groups, "#new")).is(http.StatusOK).says("Noah Begay, Liam O’Connor")
}

// What is hard for students and offered by nobody is proposed, with who could lead it, and becomes a
// session where enough would come.
func TestWhatIsNeededIsProposedAsASession(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.setUpFlex()
	s.get("teacher", flexPath+"/needs?week=2026-11-23").is(http.StatusNotFound)
	p := s.get("leader", flexPath+"/needs?week=2026-11-23").is(http.StatusOK).says("Equal fractions", "Ngozi Okafor teaches", "is free on Monday 10:20")
	f := p.form(flexPath + "/offers")
	f.Set("least", "2")
	f.Set("title", "Equal fractions, needed")
	f.Set("competency", string(equal))
	s.post("leader", flexPath+"/offers", f).goesTo(flexPath + "/needs?week=2026-11-23&done=said")
	s.post("leader", flexPath+"/solve", url.Values{"week": {"2026-11-23"}})
	s.get("leader", flexPath+"?week=2026-11-23").says("Proposed to open: 1", "Equal fractions, needed")
	s.get("leader", flexPath+"/needs?week=2026-12-21").is(http.StatusOK)
	s.get("leader", flexPath+"/needs?week=2025-12-22").is(http.StatusOK).says("No block is left in this week")
}
