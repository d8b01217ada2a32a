package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/roster"
)

// outsider makes another district with an administrator, who has a session.
func (s *site) outsider() roster.PersonID {
	s.t.Helper()
	const other = roster.DistrictID("d2")
	ctx := s.t.Context()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	must(s.db.EnsureDistrict(ctx, roster.District{ID: other, Name: "Hill District"}))
	st, err := s.db.Stage(ctx, other, intake.OneRoster, "hill.zip", "")
	must(err)
	must(st.Org(1, true, roster.Org{ID: "hill", Name: "Hill District", Kind: "district"}))
	must(st.User(1, true, roster.User{SourcedID: "u-out", Enabled: true, Username: "out", GivenName: "Olga", FamilyName: "Out", PrimaryOrg: "hill"}))
	id := st.Person("u-out")
	must(st.Role(1, true, roster.RoleRecord{ID: "r-out", User: "u-out", Org: "hill", Role: "districtAdministrator", Primary: true}))
	_, err = st.Finish(ctx, intake.Summary{}, intake.Scope{}, func(*intake.Summary) {})
	must(err)
	_, err = s.db.Apply(ctx, other, st.ID())
	must(err)
	must(s.db.OpenSession(ctx, guard.Session{Hash: guard.TokenHash("session of outsider"), Actor: guard.Actor{District: other, Person: id}, Expires: friday.AddDate(0, 0, 14)}))
	return id
}

// getAs and postAs are like get and post, also for the outsider.
func (s *site) getAs(role, path string) *page {
	s.t.Helper()
	return s.doAs(httptest.NewRequest(http.MethodGet, path, nil), role)
}

func (s *site) postAs(role, path string, form url.Values) *page {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.doAs(r, role)
}

func (s *site) doAs(r *http.Request, role string) *page {
	s.t.Helper()
	r.AddCookie(&http.Cookie{Name: sessionName, Value: "session of " + role})
	return s.do(r, "")
}

func TestPeopleAreFoundByName(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("administrator", "/admin/people").is(200).says("Find")
	p := s.get("administrator", "/admin/people?q=may").is(200)
	p.says("1 person", "Maya Álvarez", "maya", "Cedar Elementary")
	p.saysNot("Liam")
	s.get("administrator", "/admin/people?q=zzz").is(200).says("Nobody found")
	s.outsider()
	s.getAs("outsider", "/admin/people?q=may").is(200).says("Nobody found")
}

func (s *site) noted(student roster.PersonID, what guard.Action) int {
	s.t.Helper()
	all, err := s.db.Accesses(context.WithoutCancel(s.t.Context()), district, student, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, a := range all {
		if a.What == what && a.Actor == person("administrator") {
			n++
		}
	}
	return n
}

func TestAdministratorSetsAPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := "/admin/people/" + string(person("teacher"))
	s.get("administrator", path).is(200).says("Ngozi Okafor", "okafor", "has a password")
	for _, c := range []struct{ password, again, says string }{
		{"short", "short", "at least 10 characters"},
		{"a long enough one", "another long one", "not the same"},
	} {
		p := s.post("administrator", path+"/password", url.Values{"password": {c.password}, "again": {c.again}}).is(http.StatusUnprocessableEntity)
		p.says(c.says)
		p.saysNot(c.password + `"`)
	}
	s.post("administrator", path+"/password", url.Values{"password": {"six loud mountains"}, "again": {"six loud mountains"}}).goesTo(path + "?done=account")
	if p := s.post("", "/sign-in", url.Values{"username": {"okafor"}, "password": {"six loud mountains"}}); p.Code != http.StatusSeeOther {
		t.Errorf("sign-in with the new password = %d", p.Code)
	}
	if p := s.post("", "/sign-in", url.Values{"username": {"okafor"}, "password": {password}}); p.Code == http.StatusSeeOther {
		t.Error("the old password still works")
	}
	s.outsider()
	s.getAs("outsider", path).is(http.StatusNotFound)
	s.postAs("outsider", path+"/password", url.Values{"password": {"nine blue windows"}, "again": {"nine blue windows"}}).is(http.StatusNotFound)
	s.postAs("outsider", path+"/link", nil).is(http.StatusNotFound)
}

func TestSignInLinkWorksOnceForTwoDays(t *testing.T) {
	t.Parallel()
	s := start(t)
	make := func(name string) string {
		t.Helper()
		p := s.post("administrator", "/admin/people/"+string(person(name))+"/link", nil).is(200)
		p.says("works once")
		u, err := url.Parse(attr(p.first("input", "id", "f-link"), "value"))
		if err != nil || u.Host == "" {
			t.Fatalf("link = %v, %v", u, err)
		}
		return u.Path
	}
	link := make("guardian")
	s.get("", link).is(200)
	if p := s.post("", link, nil); p.Code != http.StatusSeeOther || !strings.Contains(p.Header.Get("Set-Cookie"), sessionName+"=") {
		t.Errorf("the link answers %d, %v", p.Code, p.Header)
	}
	if p := s.post("", link, nil); strings.Contains(p.Header.Get("Set-Cookie"), sessionName+"=") {
		t.Error("the link works twice")
	}
	link = make("guardian")
	s.later(49 * time.Hour)
	if p := s.post("", link, nil); strings.Contains(p.Header.Get("Set-Cookie"), sessionName+"=") {
		t.Error("the link works after two days")
	}
}

func TestAWayIntoAChildsRecordIsWrittenDown(t *testing.T) {
	t.Parallel()
	s := start(t)
	maya := "/admin/people/" + string(person("student"))
	s.get("administrator", maya).is(200).says("it is written down")
	s.post("administrator", maya+"/link", nil).is(200)
	s.post("administrator", maya+"/password", url.Values{"password": {"six loud mountains"}, "again": {"six loud mountains"}}).goesTo(maya + "?done=account")
	if n := s.noted(person("student"), guard.ManagePeople); n != 2 {
		t.Errorf("%d accesses are written down; want 2", n)
	}
	teacher := "/admin/people/" + string(person("teacher"))
	s.get("administrator", teacher).saysNot("it is written down")
}
