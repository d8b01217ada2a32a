package web_test

import (
	"bytes"
	"encoding/csv"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// upload sends a form with a file as one of the cast; fields come before the file, as
// pairs.
func (s *site) upload(role, path, name string, data []byte, fields ...string) *page {
	s.t.Helper()
	return s.do(uploadRequest(s.t, path, name, data, fields...), role)
}

func uploadRequest(t *testing.T, path, name string, data []byte, fields ...string) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// checked uploads a file that can be used and returns its page's path.
func (s *site) checked(kind, name string, data []byte) string {
	s.t.Helper()
	p := s.upload("administrator", "/admin/imports", name, data, "kind", kind).is(http.StatusSeeOther)
	return p.Header.Get("Location")
}

const bingo = "id,title,link,kind,minutes,competencies\nm-bingo,Fraction bingo,https://example.org/bingo,game,10,4.NF.1\n"

func (s *site) hasMaterial(id material.ID) bool {
	s.t.Helper()
	_, err := s.db.Material(s.t.Context(), district, id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		s.t.Fatal(err)
	}
	return err == nil
}

func TestImportIsCheckedAppliedAndUndone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get("administrator", "/admin/imports").is(200).says("Upload", "fixture.zip", "the command line")
	path := s.checked("materials", "materials.csv", []byte(bingo))
	p := s.get("administrator", path).is(200)
	p.says("materials.csv", "waits for you", "Fraction bingo", "Apply 1 change", "1 new")
	if s.hasMaterial("m-bingo") {
		t.Error("the material is there before the import was applied")
	}
	if p.first("form", "action", path+"/undo") != nil {
		t.Error("an import that was not applied offers to be undone")
	}
	s.get("administrator", "/admin/imports").says("waits for you")
	s.post("administrator", path+"/apply", p.form(path+"/apply")).goesTo(path + "?done=applied")
	if !s.hasMaterial("m-bingo") {
		t.Error("the material is not there after the import was applied")
	}
	s.get("administrator", "/admin/imports").says("Ada Minh", "1 new")
	p = s.get("administrator", path+"?done=applied").is(200)
	p.says("The import is applied.", "Undo this import")

	// A second press does nothing and says so.
	s.post("administrator", path+"/apply", nil).is(http.StatusConflict).says("not staged any more")
	s.post("administrator", path+"/discard", nil).is(http.StatusConflict)

	s.post("administrator", path+"/undo", nil).is(http.StatusUnprocessableEntity).says("Tick the box")
	if !s.hasMaterial("m-bingo") {
		t.Error("the import was undone without a tick")
	}
	s.post("administrator", path+"/undo", url.Values{"sure": {"yes"}}).goesTo(path + "?done=undone")
	if s.hasMaterial("m-bingo") {
		t.Error("the material is still there after the import was undone")
	}
	s.get("administrator", path).says("undone")
	s.get("administrator", path).saysNot("Undo this import")
}

func TestOnlyTheLatestImportOffersUndo(t *testing.T) {
	t.Parallel()
	s := start(t)
	first := s.checked("materials", "first.csv", []byte(bingo))
	s.later(1e9)
	s.post("administrator", first+"/apply", nil).goesTo(first + "?done=applied")
	s.later(1e9)
	second := s.checked("materials", "second.csv", []byte(strings.ReplaceAll(bingo, "bingo", "memory")))
	s.later(1e9)
	s.post("administrator", second+"/apply", nil).goesTo(second + "?done=applied")
	s.get("administrator", first).saysNot("Undo this import")
	s.get("administrator", second).says("Undo this import")
	s.post("administrator", first+"/undo", url.Values{"sure": {"yes"}}).is(http.StatusConflict).says("Only the latest import can be undone")
}

func TestImportShowsProblemsAndLeavesBadRowsOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.checked("materials", "materials.csv", []byte(bingo+"m-2,Film,https://example.org/f,cinema,10,4.NF.1\nm-3,=1+1,https://example.org/g,video,10,9.Z.9\n"))
	p := s.get("administrator", path).is(200)
	p.says("materials.csv:3", "kind", "cinema", "This kind of material is not known.", "Use one of:", "materials.csv:4", "9.Z.9", "Import the framework first")
	csvPage := s.get("administrator", path+"/problems.csv").is(200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(csvPage.Body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || cmp.Diff([]string{"materials.csv", "3", "kind", "cinema"}, rows[1][:4]) != "" {
		t.Errorf("problems.csv = %q", rows)
	}
	s.post("administrator", path+"/discard", nil).goesTo("/admin/imports?done=discarded")
	s.get("administrator", path).says("not applied")
	s.post("administrator", path+"/apply", nil).is(http.StatusConflict)
	if s.hasMaterial("m-bingo") {
		t.Error("a discarded import has changed something")
	}
}

func TestUnusableFileIsRefusedWithItsProblem(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		kind, name, data string
		says             []string
	}{
		{"oneroster", "roster.zip", "this is no zip", []string{"roster.zip", "Nothing was changed"}},
		{"materials", "m.csv", "colour,size\nred,4\n", []string{"m.csv:1", "needs a column “title”"}},
		{"results", "r.csv", "colour,size\nred,4\n", []string{"No mapping that ships with Waymark knows this layout", "wizard"}},
		{"case", "c.json", "{", []string{"c.json"}},
		{"materials", "m.csv", "", []string{"Choose a file that is not empty."}},
		{"pictures", "m.csv", bingo, []string{"Choose what the file holds."}},
	} {
		p := s.upload("administrator", "/admin/imports", c.name, []byte(c.data), "kind", c.kind).is(http.StatusUnprocessableEntity)
		p.says(c.says...)
		if p.first("form", "action", "/admin/imports/apply") != nil || strings.Contains(p.Body, "/apply\"") {
			t.Errorf("%s: a refused file offers to be applied", c.name)
		}
	}
	p := s.upload("administrator", "/admin/imports", "r.csv", []byte("a,b\n"), "kind", "results", "mapping", "nobody's").is(http.StatusUnprocessableEntity)
	p.says("There is no mapping named")
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "waymark-upload-*"))
	if err != nil || len(left) > 20 {
		t.Errorf("uploads are left behind: %v, %v", left, err)
	}
}

// smallRoster is the fixture's roster as a OneRoster zip with fewer students.
func smallRoster(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := oneroster.NewWriter(&b, oneroster.WriteOptions{SourceSystem: "test"})
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(w.Org(roster.Org{ID: "valley", Name: "Valley District", Kind: "district"}))
	do(w.Org(roster.Org{ID: cedar, Name: "Cedar Elementary", Kind: "school", Parent: "valley"}))
	do(w.Org(roster.Org{ID: juniper, Name: "Juniper Elementary", Kind: "school", Parent: "valley"}))
	do(w.Term(roster.Term{ID: "y", Title: "2026-27", Kind: "schoolYear", Start: "2026-08-01", End: "2027-06-30", SchoolYear: "2027"}))
	do(w.Course(roster.Course{ID: "m4", Title: "Mathematics 4", Org: "valley", Year: "y"}))
	do(w.Class(roster.Class{ID: room12, Title: "Room 12 Mathematics", School: cedar, Kind: "homeroom", Course: "m4", Terms: []roster.TermID{"y"}}))
	people := []struct {
		name, role string
		org        roster.OrgID
	}{{"student", "student", cedar}, {"teacher", "teacher", cedar}, {"administrator", "districtAdministrator", "valley"}}
	for _, p := range people {
		do(w.User(roster.User{SourcedID: cast[p.name], Enabled: true, Username: strings.TrimPrefix(cast[p.name], "u-"), GivenName: "Any", FamilyName: "Body", PrimaryOrg: p.org}))
	}
	for _, p := range people {
		do(w.Role(roster.RoleRecord{ID: "r-" + cast[p.name], User: cast[p.name], Org: p.org, Role: p.role, Primary: true}))
	}
	do(w.Enrollment(roster.Enrollment{ID: "e-u-maya", Class: room12, School: cedar, User: cast["student"], Role: "student", Primary: true}))
	do(w.Enrollment(roster.Enrollment{ID: "e-u-okafor", Class: room12, School: cedar, User: cast["teacher"], Role: "teacher", Primary: true}))
	do(w.Close())
	return b.Bytes()
}

func TestManyEndingsNeedAPersonsDecision(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.checked("oneroster", "roster.zip", smallRoster(t))
	p := s.get("administrator", path).is(200)
	p.says("This file would end", "Please look before you apply.", "Yes, end them")
	if p.first("input", "name", "decided", "type", "checkbox") == nil {
		t.Fatal("there is no box to tick")
	}
	again := s.post("administrator", path+"/apply", nil).is(http.StatusUnprocessableEntity)
	again.says("Tick the box if that is right")
	liam := func() bool {
		t.Helper()
		got, err := s.db.Person(t.Context(), district, person("liam"))
		if err != nil {
			t.Fatal(err)
		}
		return got.Active
	}
	if !liam() {
		t.Fatal("Liam was ended before anybody decided")
	}
	s.post("administrator", path+"/apply", url.Values{"decided": {"yes"}}).goesTo(path + "?done=applied")
	if liam() {
		t.Error("Liam is still active after the decision")
	}
	s.post("administrator", path+"/undo", url.Values{"sure": {"yes"}}).goesTo(path + "?done=undone")
	if !liam() {
		t.Error("Liam is not back after the undo")
	}
}

func TestOthersCannotImport(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.checked("materials", "materials.csv", []byte(bingo))
	s.outsider()
	for _, role := range []string{"teacher", "leader", "student", "guardian", "outsider"} {
		for _, get := range []string{path, path + "/problems.csv"} {
			s.getAs(role, get).is(http.StatusNotFound).saysNot("Fraction bingo")
		}
		for _, post := range []string{"/apply", "/discard", "/undo"} {
			s.postAs(role, path+post, url.Values{"sure": {"yes"}, "decided": {"yes"}}).is(http.StatusNotFound)
		}
	}
	for _, role := range []string{"teacher", "leader", "student", "guardian"} {
		for _, get := range []string{"/admin/imports", "/admin/imports/mapping", "/admin/people?q=maya", "/admin/people/" + string(person("liam"))} {
			s.get(role, get).is(http.StatusNotFound)
		}
		s.upload(role, "/admin/imports", "m.csv", []byte(bingo), "kind", "materials").is(http.StatusNotFound)
	}
	s.getAs("outsider", "/admin/imports").is(200).saysNot("materials.csv", "fixture.zip")
	s.post("administrator", path+"/apply", nil).goesTo(path + "?done=applied")
}
