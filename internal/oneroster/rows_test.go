package oneroster_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// small is a small 1.2 package without problems.
func small() files {
	return files{
		"orgs.csv": orgsHeader + "d1,,,District,district,,\ns1,,,North,school,,d1\n",
		"academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n" +
			"y1,,,2026,schoolYear,2025-08-01,2026-06-01,,2026\nt1,,,Fall,semester,2025-08-01,2026-01-15,y1,2026\n",
		"courses.csv": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\n" +
			"c1,,,y1,Algebra,ALG,\"08,09\",d1,,\n",
		"classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n" +
			"k1,,,Algebra 1,08,c1,,scheduled,,s1,\"y1,t1\",,,1\n",
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n" +
			"u1,,,true,ana,{State:1},Ana,Lee,,,,555,555,g1,08,secret,,,,,s1,\ng1,,,true,kim,,Kim,Lee,,,,,,,,,,,,,,\n",
		"roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n" +
			"r1,,,u1,primary,student,,,s1,\n",
		"enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n" +
			"e1,,,k1,s1,u1,student,,2025-08-01,\n",
		"demographics.csv": "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus,metadata.homeLanguage,metadata.englishLearner\n" +
			"u1,,,2012-02-29,female,false,true,,,true,,false,US,,,,Spanish,\n",
		"categories.csv": "sourcedId,status,dateLastModified,title,weight\ncat1,,,Tests,40\n",
		"lineItems.csv": "sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,academicSessionSourcedId,resultValueMin,resultValueMax,schoolSourcedId\n" +
			"l1,,,Quiz,,2025-09-01,2025-09-02,k1,cat1,t1,0,10,s1\n",
		"results.csv": "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment,textScore,classSourcedId,inProgress,incomplete,late,missing\n" +
			"x1,,,l1,u1,fully graded,7.5,2025-09-03,,,,,,,\n",
	}
}

// edit replaces old by new in one file, which must hold it.
func (f files) edit(t testing.TB, name, old, new string) files {
	t.Helper()
	if !strings.Contains(f[name], old) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	g := maps.Clone(f)
	g[name] = strings.Replace(g[name], old, new, 1)
	return g
}

func TestRows12(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, old, new string
		code, field          string // the only problem, or none
		line                 int
		refused, orphaned    int // rows of all files
	}{
		{name: "nothing", file: "orgs.csv", old: "d1", new: "d1"},
		{"extension word", "orgs.csv", "school,", "ext:campus,", "", "", 0, 0, 0},
		{"empty extension", "orgs.csv", "school,", "ext:,", "row.invalid_enum", "type", 3, 1, 5},
		{"word in capitals", "orgs.csv", "school,", "School,", "row.invalid_enum", "type", 3, 1, 5},
		{"no extension of role types", "roles.csv", "primary", "ext:x", "row.invalid_enum", "roleType", 2, 1, 0},
		{"boolean in capitals", "users.csv", "g1,,,true", "g1,,,True", "row.invalid_boolean", "enabledUser", 3, 1, 0},
		{"no leap year", "demographics.csv", "2012-02-29", "2013-02-29", "row.invalid_date", "birthDate", 2, 1, 0},
		{"date with slashes", "enrollments.csv", "2025-08-01", "8/1/2025", "row.invalid_date", "beginDate", 2, 1, 0},
		{"space in id", "enrollments.csv", "e1", "e 1", "row.invalid_guid", "sourcedId", 2, 1, 0},
		{"sign in id", "enrollments.csv", "e1", "e#1", "row.invalid_guid", "sourcedId", 2, 1, 0},
		{"long id", "enrollments.csv", "e1", strings.Repeat("e", 256), "row.invalid_guid", "sourcedId", 2, 1, 0},
		{"longest id", "enrollments.csv", "e1", strings.Repeat("e", 255), "", "", 0, 0, 0},
		{"id in list", "classes.csv", `"y1,t1"`, `"y1,t 1"`, "row.invalid_guid", "termSourcedIds", 2, 1, 3},
		{"empty item", "courses.csv", `"08,09"`, `"08,,09"`, "row.invalid_list", "grades", 2, 1, 4},
		{"subjects without codes", "courses.csv", "d1,,", "d1,Math,", "", "", 0, 0, 0},
		{"more subjects than codes", "courses.csv", "d1,,", `d1,"Math,Algebra",MA`, "row.invalid_list", "subjectCodes", 2, 1, 4},
		{"user id without kind", "users.csv", "{State:1}", "12", "row.invalid_list", "userIds", 2, 1, 4},
		{"user id with commas", "users.csv", "{State:1}", `"{LDAP:cn=a,dc=b},{X:1}"`, "", "", 0, 0, 0},
		{"weight", "categories.csv", "40", "40.5", "row.invalid_integer", "weight", 2, 1, 2},
		{"score", "results.csv", "7.5", "NaN", "row.invalid_float", "score", 2, 1, 0},
		{"year", "academicSessions.csv", ",y1,2026", ",y1,2025-2026", "row.invalid_year", "schoolYear", 3, 1, 2},
		{"missing name", "users.csv", "g1,,,true,kim", "g1,,,true,", "row.missing_required_value", "username", 3, 1, 0},
		{"status in bulk", "roles.csv", "r1,", "r1,active", "row.field_forbidden_in_bulk", "status", 2, 1, 0},
		{"too few cells", "roles.csv", ",s1,", ",s1", "table.row_width_mismatch", "", 2, 1, 0},
		{"duplicate", "orgs.csv", "s1,,", "d1,,,Again,school,,\ns1,,", "reference.duplicate_sourced_id", "sourcedId", 3, 1, 0},
		{"no such class", "enrollments.csv", "k1", "k2", "reference.missing_target_record", "classSourcedId", 2, 1, 0},
		{"no such user of demographics", "demographics.csv", "u1", "u2", "reference.missing_target_record", "sourcedId", 2, 1, 0},
		{"no such guardian: user stays", "users.csv", ",g1,", ",g2,", "reference.missing_target_record", "agentSourcedIds", 2, 0, 0},
		{"one of two terms: class stays", "classes.csv", "y1,t1", "y1,t2", "reference.missing_target_record", "termSourcedIds", 2, 0, 0},
		{"no term at all", "classes.csv", `"y1,t1"`, "t2", "reference.missing_target_record", "termSourcedIds", 2, 1, 3},
		{"no such profile: role stays", "roles.csv", ",s1,", ",s1,p1", "reference.missing_target_file", "userProfileSourcedId", 2, 0, 0},
		{"range reversed: item stays", "lineItems.csv", "0,10", "10,0", "semantic.invalid_score_range", "resultValueMin", 2, 0, 0},
		{"quoted line break", "orgs.csv", "North", "\"North\nSchool\"", "", "", 0, 0, 0},
		{"quote within a cell", "orgs.csv", "North", `No"rth`, "csv.unescaped_quote", "name", 3, 1, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g, sum := read(t, small().edit(t, tc.file, tc.old, tc.new).with("1.2", "bulk").zip(t), nil)
			var mine oneroster.Problems
			for _, p := range g.problems {
				if tc.name != "quote within a cell" || p.File == tc.file { // its id is unreadable: others miss it
					mine = append(mine, p)
				}
			}
			if tc.code == "" {
				if len(mine) > 0 {
					t.Errorf("problems: %v", mine)
				}
			} else if len(mine) != 1 || mine[0].Code != tc.code || mine[0].Field != tc.field || mine[0].Line != tc.line || mine[0].File != tc.file {
				t.Errorf("problems = %+v, want one %s in %s:%d, field %s", mine, tc.code, tc.file, tc.line, tc.field)
			}
			refused, orphaned := 0, 0
			for _, f := range sum {
				refused, orphaned = refused+f.Refused, orphaned+f.Orphaned
				if f.Rows != f.Accepted+f.Refused+f.Orphaned {
					t.Errorf("%s: %+v does not add up", f.File, f)
				}
			}
			if tc.name != "quote within a cell" && (refused != tc.refused || orphaned != tc.orphaned) {
				t.Errorf("refused %d, orphaned %d, want %d, %d", refused, orphaned, tc.refused, tc.orphaned)
			}
		})
	}
}

func TestContent12(t *testing.T) {
	t.Parallel()
	g, _ := read(t, small().with("1.2", "bulk").zip(t), nil)
	score := 7.5
	want := &got{
		Orgs:  []roster.Org{{ID: "d1", Name: "District", Kind: "district"}, {ID: "s1", Name: "North", Kind: "school", Parent: "d1"}},
		Users: []roster.User{{SourcedID: "u1", Enabled: true, Username: "ana", UserIDs: []string{"{State:1}"}, GivenName: "Ana", FamilyName: "Lee", Agents: []string{"g1"}, Grades: []string{"08"}, PrimaryOrg: "s1"}, {SourcedID: "g1", Enabled: true, Username: "kim", GivenName: "Kim", FamilyName: "Lee"}},
		Demographics: []roster.Demographics{{User: "u1", BirthDate: "2012-02-29", Sex: "female", Race: []string{"asian", "white"},
			Hispanic: "false", Country: "US", Extra: map[string]string{"homeLanguage": "Spanish"}}},
		Classes:   []roster.Class{{ID: "k1", Title: "Algebra 1", Kind: "scheduled", Course: "c1", School: "s1", Terms: []roster.TermID{"y1", "t1"}, Grades: []string{"08"}, Periods: []string{"1"}}},
		LineItems: []roster.LineItem{{ID: "l1", Title: "Quiz", Class: "k1", Category: "cat1", Term: "t1", Assigned: "2025-09-01", Due: "2025-09-02", Max: 10}},
		Results:   []roster.Result{{ID: "x1", LineItem: "l1", User: "u1", Status: "fully graded", Score: &score, Date: "2025-09-03"}},
	}
	for _, d := range []string{cmp.Diff(want.Orgs, g.Orgs), cmp.Diff(want.Users, g.Users), cmp.Diff(want.Demographics, g.Demographics),
		cmp.Diff(want.Classes, g.Classes), cmp.Diff(want.LineItems, g.LineItems), cmp.Diff(want.Results, g.Results)} {
		if d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestDelta12(t *testing.T) {
	t.Parallel()
	const at = ",2026-01-02T03:04:05.006Z"
	f := files{
		"enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n" +
			"e1,active" + at + ",k1,s1,u1,student,,,\ne2,tobedeleted" + at + ",k9,s1,u9,student,,,\n",
	}
	g, _ := read(t, f.with("1.2", "delta").zip(t), nil)
	if len(g.problems) > 0 || len(g.Enrollments) != 2 || !slices.Equal(g.deleted, []string{"enrollment e2"}) {
		t.Errorf("without Known: problems %v, %d enrollments, deleted %v", g.problems, len(g.Enrollments), g.deleted)
	}
	all := func(_, _ string) bool { return true }
	if g, _ := read(t, f.with("1.2", "delta").zip(t), all); len(g.problems) > 0 || len(g.Enrollments) != 2 {
		t.Errorf("all known: problems %v", g.problems)
	}
	noUsers := func(file, id string) bool { return file != "users" && id != "u9" }
	if g, _ := read(t, f.with("1.2", "delta").zip(t), noUsers); len(g.Enrollments) != 1 ||
		!slices.Equal(g.problems.Codes(), []string{"reference.missing_target_record"}) {
		t.Errorf("no users known: problems %v, %d enrollments", g.problems, len(g.Enrollments))
	}
	for old, code := range map[string]string{
		"e1,active,": "row.field_required_in_delta", "5.006Z": "row.invalid_datetime", "e2,tobedeleted": "row.invalid_enum",
	} {
		bad := f.edit(t, "enrollments.csv", old, map[string]string{
			"e1,active,": "e1,,", "5.006Z": "5.006+02:00", "e2,tobedeleted": "e2,inactive"}[old])
		if g, _ := read(t, bad.with("1.2", "delta").zip(t), nil); !slices.Equal(g.problems.Codes(), []string{code}) {
			t.Errorf("%q: %v, want %s", old, g.problems, code)
		}
	}
}

// A bulk file may refer to what an earlier package brought.
func TestKnownInBulk(t *testing.T) {
	t.Parallel()
	f := files{"enrollments.csv": small()["enrollments.csv"]}.with("1.2", "bulk").zip(t)
	if g, _ := read(t, f, nil); !slices.Equal(g.problems.Codes(), []string{"reference.missing_target_file"}) {
		t.Errorf("nothing known: %v", g.problems)
	}
	if g, _ := read(t, f, func(_, _ string) bool { return true }); len(g.problems) > 0 || len(g.Enrollments) != 1 {
		t.Errorf("all known: %v", g.problems)
	}
}

func TestRows11(t *testing.T) {
	t.Parallel()
	f := files{
		"orgs.csv":             "name,sourcedId,TYPE\nDistrict,d1,District\nNorth,s1,school\nSouth,s2,School\n",
		"academicSessions.csv": "sourcedId,title,type,startDate,endDate,schoolYear\nt1,Fall,Semester,20250801,2026-01-15T00:00:00Z,2025-2026\n",
		"courses.csv":          "sourcedId,title,orgSourcedId\nc1,Algebra,d1\n",
		"classes.csv":          "sourcedId,title,courseSourcedId,classType,schoolSourcedId,termSourcedIds,grades\nk1,Algebra 1,c1,Scheduled,s1,\"t1,\",\"08, 09\"\n",
		"users.csv": "sourcedId,status,enabledUser,orgSourcedIds,role,username,givenName,familyName,password\n" +
			"u1,active,TRUE,\"s1,s2,s9\",Student,ana,Ana,Lee,secret\nu2,inactive,1,s1,teacher,bo,Bo,Ray,secret\nu1,,true,s1,teacher,x,X,Y,\n",
		"enrollments.csv":  "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,primary\ne1,k1,s1,u1,Student,No\ne2,k1,s1,u2,aide,\n",
		"demographics.csv": "sourcedId,userSourcedId,sex,asian,metadata.disability\ndemo-7,u1,F,True,Speech\n",
	}
	g, _ := read(t, f.with("1.1", "bulk").zip(t), nil)
	if diff := cmp.Diff([]string{"reference.missing_target_record", "reference.duplicate_sourced_id"}, g.problems.Codes()); diff != "" {
		t.Errorf("codes (-want +got):\n%s\n%v", diff, g.problems)
	}
	for i := range g.Roles {
		g.Roles[i].ID = ""
	}
	if diff := cmp.Diff([]roster.RoleRecord{
		{User: "u1", Org: "s1", Role: "student", Primary: true}, {User: "u1", Org: "s2", Role: "student"},
		{User: "u2", Org: "s1", Role: "teacher", Primary: true},
	}, g.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"org", "term", "course", "class", "user", "role", "enrollment", "demographics"}, g.order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if tm := g.Terms[0]; tm.Start != "2025-08-01" || tm.End != "2026-01-15" || tm.SchoolYear != "2026" || tm.Kind != "semester" {
		t.Errorf("term = %+v", tm)
	}
	if k := g.Classes[0]; !slices.Equal(k.Grades, []string{"08", "09"}) || len(k.Terms) != 1 || k.Kind != "scheduled" {
		t.Errorf("class = %+v", k)
	}
	if d := g.Demographics[0]; d.User != "u1" || d.Sex != "female" || !slices.Equal(d.Race, []string{"asian"}) || d.Extra["disability"] != "Speech" {
		t.Errorf("demographics = %+v", d)
	}
	if !slices.Equal(g.deleted, []string{"user u2", "role " + roleOf(t, f, "u2")}) {
		t.Errorf("deleted = %v", g.deleted)
	}
}

// roleOf returns the id of the first role of a user.
func roleOf(t *testing.T, f files, user string) string {
	g, _ := read(t, f.with("1.1", "bulk").zip(t), nil)
	for _, r := range g.Roles {
		if r.User == user {
			return r.ID
		}
	}
	t.Fatalf("%s has no role", user)
	return ""
}

// A district in 1.1 deletes a record by its id alone.
func TestDelta11(t *testing.T) {
	t.Parallel()
	f := files{"enrollments.csv": "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role\ne1,ToBeDeleted,,,,\ne2,,k1,s1,u1,student\n"}
	g, _ := read(t, f.with("1.1", "delta").zip(t), nil)
	if !slices.Equal(g.deleted, []string{"enrollment e1"}) || !slices.Equal(g.problems.Codes(), []string{"row.field_required_in_delta"}) {
		t.Errorf("deleted %v, problems %v", g.deleted, g.problems)
	}
}

// Windows-1252 is what old 1.1 systems write; 1.2 must be UTF-8.
func TestEncodings(t *testing.T) {
	t.Parallel()
	f := files{"orgs.csv": orgsHeader + "o1,,,Peña,school,,\n"}
	latin := f.edit(t, "orgs.csv", "ñ", "\xf1")
	if g, _ := read(t, latin.with("1.1", "bulk").zip(t), nil); len(g.problems) > 0 || g.Orgs[0].Name != "Peña" {
		t.Errorf("1.1 in Windows-1252: %v %v", g.problems, g.Orgs)
	}
	if g, _ := read(t, latin.with("1.2", "bulk").zip(t), nil); !slices.Equal(g.problems.Codes(), []string{"csv.encoding"}) {
		t.Errorf("1.2 in Windows-1252: %v", g.problems)
	}
	if g, _ := read(t, f.edit(t, "orgs.csv", "source", "\ufeffsource").with("1.2", "bulk").zip(t), nil); len(g.problems) > 0 || len(g.Orgs) != 1 {
		t.Errorf("1.2 with byte order mark: %v", g.problems)
	}
}

// Passwords and telephone numbers must not come out anywhere, problems included.
func TestSecretsStayUnread(t *testing.T) {
	t.Parallel()
	f := small().edit(t, "users.csv", "u1,,,true", "u1,,,maybe").with("1.2", "bulk")
	g, _ := read(t, f.zip(t), nil)
	if s := fmt.Sprintf("%+v", *g); strings.Contains(s, "secret") || strings.Contains(s, "555") {
		t.Errorf("a secret came out: %s", s)
	}
}
