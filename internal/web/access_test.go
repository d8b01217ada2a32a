package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/team"
)

// everybody are all who may come to a door: nobody, each of the cast, and somebody of
// another district with the id of Maya's teacher.
var everybody = []string{"", "student", "other student", "guardian", "other guardian", "teacher", "other teacher", "leader", "other leader", "administrator", "stranger"}

// Whom a route lets in, where its path is about Maya, Room 12 and Cedar.
const (
	anybody   = "anybody"
	nobody    = "" // but machines: TestCountersAreReadFromHere
	members   = "student,other student,guardian,other guardian,teacher,other teacher,leader,other leader,administrator,stranger"
	adults    = "guardian,other guardian,teacher,other teacher,leader,other leader,administrator,stranger"
	students  = "student,other student"
	guardians = "guardian,other guardian"
	readers   = "student,guardian,teacher,leader"
	teachers  = "teacher,other teacher"
	staff     = "teacher,other teacher,leader,other leader"
	leaders   = "leader,other leader,administrator"
)

// allowed says whom each route lets in. A route that is not here fails the test, and so
// does a line without a route.
var allowed = map[string]string{
	"GET /healthz":          anybody,
	"GET /metrics":          nobody,
	"GET /sw.js":            anybody,
	"GET /assets/{name...}": anybody,
	"GET /events":           members,
	"POST /sign-out":        anybody,
	"POST /language":        anybody,

	"GET /{$}":                                                 anybody,
	"GET /nothing-here":                                        members,
	"GET /sign-in":                                             anybody,
	"POST /sign-in":                                            anybody,
	"GET /sign-in/class":                                       anybody,
	"POST /sign-in/class":                                      anybody,
	"GET /link/{token}":                                        anybody,
	"POST /link/{token}":                                       anybody,
	"GET /verify/{asked}":                                      anybody,
	"POST /verify/{asked}":                                     anybody,
	"GET /sign-in/with/{provider}":                             anybody,
	"GET /sign-in/with/{provider}/back":                        anybody,
	"GET /sign-in/second":                                      members,
	"POST /sign-in/second":                                     members,
	"GET /sign-in/second/new":                                  adults,
	"POST /sign-in/second/new":                                 adults,
	"GET /account":                                             members,
	"POST /account/sessions":                                   members,
	"POST /account/password":                                   members,
	"POST /account/codes":                                      adults,
	"POST /account/factors/{factor}/remove":                    adults,
	"POST /account/unlink":                                     adults,
	"POST /admin/people/{person}/sign-out":                     "administrator",
	"POST /admin/people/{person}/factors":                      "administrator",
	"GET /students/{student}/rights":                           "student,guardian,leader",
	"POST /students/{student}/rights/consent":                  "student,guardian,leader",
	"POST /students/{student}/rights/corrections":              "student,guardian",
	"POST /students/{student}/rights/corrections/{correction}": "student,guardian",
	"GET /students/{student}/record.zip":                       "student,guardian,leader",
	"POST /admin/people/{person}/emergency":                    "administrator",
	"POST /admin/people/{person}/appoint":                      "administrator",
	"GET /admin/records":                                       "administrator",
	"POST /admin/records/corrections/{student}/{correction}":   "administrator",
	"POST /admin/records/keep":                                 "administrator",
	"POST /admin/records/exports":                              "administrator",
	"POST /admin/records/exports/{export}":                     "administrator",
	"POST /admin/records/exports/{export}/district.zip":        "administrator",
	"GET /audit":                                               "administrator",
	"GET /audit/log.csv":                                       "administrator",
	"POST /admin/second":                                       "administrator",
	"GET /help":                                                anybody,
	"GET /accessibility":                                       anybody,
	"GET /privacy":                                             anybody,
	"GET /offline":                                             anybody,

	"GET /me":          students,
	"GET /me/options":  students,
	"POST /me/options": students,
	"POST /me/ideas":   students,
	"POST /me/choices/{choice}/checkpoints/{checkpoint}": students,
	"POST /me/choices":               students,
	"POST /me/choices/{choice}/done": students,
	"GET /me/path":                   students,
	"GET /me/goals":                  students,
	"POST /me/goals":                 students,
	"POST /me/goals/{goal}/done":     students,

	"POST /me/checks":                   students,
	"GET /me/checks/{sitting}":          students,
	"GET /me/checks/{sitting}/carry":    students,
	"POST /me/checks/{sitting}/answers": students,
	"POST /me/checks/{sitting}/stop":    students,

	"GET /students/{student}":                                   readers,
	"GET /students/{student}/access":                            "student,guardian,leader",
	"GET /students/{student}/competencies/{competency}":         readers,
	"GET /students/{student}/profile":                           readers,
	"POST /students/{student}/profile":                          readers,
	"POST /students/{student}/profile/{entry}":                  readers,
	"POST /students/{student}/supports":                         readers,
	"GET /students/{student}/goals/{goal}":                      readers,
	"POST /students/{student}/goals/{goal}":                     "student,teacher",
	"POST /students/{student}/goals/{goal}/steps":               "student,teacher",
	"POST /students/{student}/goals/{goal}/steps/{step}":        "student,teacher",
	"POST /students/{student}/goals/{goal}/steps/{step}/reopen": "student,teacher",
	"POST /students/{student}/goals/{goal}/reopen":              "student,teacher",
	"POST /students/{student}/goals/{goal}/stages":              "student,teacher",
	"POST /students/{student}/goals/{goal}/wishes":              "student,teacher",
	"GET /students/{student}/plan":                              readers,
	"GET /students/{student}/plan/present":                      readers,
	"GET /students/{student}/plan/signed/{version}":             readers,
	"GET /students/{student}/work":                              readers,
	"GET /students/{student}/outside":                           readers,
	"POST /students/{student}/outside":                          "student,guardian,teacher",
	"POST /students/{student}/outside/{outside}/link":           "student,guardian,teacher",
	"POST /students/{student}/outside/{outside}/count":          "teacher",
	"POST /students/{student}/ideas/{choice}":                   "teacher",
	"POST /students/{student}/plan/items":                       "student,teacher",
	"POST /students/{student}/plan/items/{item}":                "student,teacher",
	"POST /students/{student}/plan/people":                      "student,teacher",
	"POST /students/{student}/plan/people/{helper}":             "student,teacher",
	"POST /students/{student}/plan/remarks":                     readers,
	"POST /students/{student}/plan/signatures":                  readers,
	"GET /students/{student}/talks":                             readers,
	"POST /students/{student}/talks":                            "teacher",
	"POST /students/{student}/mentor":                           "teacher,leader",
	"GET /students/{student}/brief":                             "teacher",
	"POST /students/{student}/requests":                         "student,guardian",
	"POST /students/{student}/requests/{request}/agree":         "teacher",
	"POST /students/{student}/requests/{request}/withdraw":      "student,guardian",
	"POST /students/{student}/commitments/{commitment}":         "student,guardian,teacher",
	"GET /classes/{class}/groups":                               "teacher",
	"POST /classes/{class}/groups":                              "teacher",
	"GET /classes/{class}/groups/{group}":                       "teacher",
	"POST /classes/{class}/groups/{group}":                      "teacher",
	"POST /classes/{class}/groups/{group}/end":                  "teacher",
	"GET /classes/{class}/tutoring":                             "teacher,leader",
	"GET /classes/{class}/course":                               "teacher",
	"POST /classes/{class}/course":                              "teacher",
	"POST /me/course/{class}/{ask}":                             students,
	"POST /me/groups/{class}/{group}":                           students,
	"GET /me/tutoring/{class}":                                  "student",
	"POST /me/tutoring/{class}":                                 students,
	"GET /me/flex":                                              students,
	"GET /me/flex.ics":                                          students,
	"POST /me/flex/requests":                                    students,
	"POST /me/flex/swap":                                        students,
	"GET /students/{student}/flex":                              readers,
	"POST /students/{student}/flex/requests/{request}":          "teacher",
	"POST /teach/flex/yes":                                      staff,
	"GET /schools/{school}/flex/needs":                          "leader,administrator",
	"GET /teach/flex":                                           staff,
	"GET /schools/{school}/flex":                                "teacher,leader,administrator",
	"POST /schools/{school}/flex/set-up":                        "leader,administrator",
	"POST /schools/{school}/flex/solve":                         "leader,administrator",
	"POST /schools/{school}/flex/publish":                       "leader,administrator",
	"POST /schools/{school}/flex/away":                          "teacher,leader,administrator", // teachers for themselves
	"POST /schools/{school}/flex/substitute":                    "leader,administrator",
	"POST /schools/{school}/flex/offers":                        "teacher,leader",
	"POST /schools/{school}/flex/offers/{offer}/end":            "teacher,leader",
	"GET /schools/{school}/flex/sessions/{session}":             "teacher,leader,administrator",
	"POST /schools/{school}/flex/attendance":                    "teacher,leader",
	"POST /schools/{school}/flex/walk-in":                       "teacher,leader",
	"POST /schools/{school}/flex/require":                       "teacher,leader",
	"GET /schools/{school}/flex/for-whom":                       "leader,administrator",
	"GET /schools/{school}/flex/corridor":                       "teacher,leader,administrator",
	"GET /schools/{school}/flex/doors":                          "teacher,leader,administrator",
	"GET /students/{student}/flags":                             readers,
	"POST /students/{student}/flags":                            "teacher,leader",
	"POST /students/{student}/flags/{flag}":                     "teacher,leader",
	"GET /schools/{school}/rules":                               "leader,administrator",
	"POST /schools/{school}/rules":                              "leader,administrator",
	"GET /schools/{school}/flags":                               "leader",
	"POST /students/{student}/flags/{flag}/contest":             "student,guardian",
	"GET /family": guardians,

	"GET /teach":                                teachers,
	"GET /teach/calendar":                       teachers,
	"POST /teach/calendar":                      teachers,
	"GET /calendar/{calendar}":                  anybody,
	"GET /find":                                 staff,
	"GET /classes":                              staff,
	"GET /classes/{class}":                      "teacher,leader",
	"GET /classes/{class}/grid.csv":             "teacher,leader",
	"GET /classes/{class}/observe":              "teacher",
	"POST /classes/{class}/observe":             "teacher",
	"POST /classes/{class}/steps":               "teacher",
	"POST /classes/{class}/playbook":            "teacher",
	"GET /classes/{class}/proposals/{proposal}": "teacher,leader",
	"POST /classes/{class}/proposals":           "teacher",
	"GET /admin/proposals":                      "administrator",
	"POST /admin/proposals":                     "administrator",
	"GET /classes/{class}/cards":                "teacher",
	"POST /classes/{class}/cards":               "teacher",

	"GET /classes/{class}/talks":                 "teacher",
	"POST /classes/{class}/talks":                "teacher",
	"POST /classes/{class}/mentor":               "teacher",
	"GET /classes/{class}/profiles":              "teacher,leader",
	"GET /classes/{class}/choices":               "teacher,leader",
	"GET /classes/{class}/plans":                 "teacher,leader",
	"GET /classes/{class}/checks":                "teacher",
	"POST /classes/{class}/checks":               "teacher",
	"GET /classes/{class}/checks/{check}":        "teacher",
	"POST /classes/{class}/checks/{check}/close": "teacher",

	"GET /teams/{team}":               "teacher,leader",
	"POST /teams/{team}/items":        "teacher,leader",
	"POST /teams/{team}/items/{item}": "teacher,leader",
	"GET /schools/{school}/teams":     "teacher,leader",
	"POST /schools/{school}/teams":    "leader",

	"GET /schools":                    leaders,
	"GET /schools/{school}/attention": "leader,administrator",
	"GET /schools/{school}/groups":    "leader,administrator",
	"GET /schools/{school}/time":      "leader",
	"GET /schools/{school}/choices":   "leader,administrator",
	"GET /schools/{school}/plans":     "leader,administrator",
	"GET /schools/{school}":           "leader,administrator",

	"GET /admin/imports":                                      "administrator",
	"POST /admin/imports":                                     "administrator",
	"GET /admin/imports/{run}":                                "administrator",
	"GET /admin/imports/{run}/problems.csv":                   "administrator",
	"POST /admin/imports/{run}/apply":                         "administrator",
	"POST /admin/imports/{run}/undo":                          "administrator",
	"POST /admin/imports/{run}/discard":                       "administrator",
	"GET /admin/imports/mapping":                              "administrator",
	"POST /admin/imports/mapping":                             "administrator",
	"GET /admin/imports/mapping/files/{upload}":               "administrator",
	"POST /admin/imports/mapping/files/{upload}":              "administrator",
	"POST /admin/imports/mapping/files/{upload}/import":       "administrator",
	"POST /admin/imports/mapping/files/{upload}/mapping.yaml": "administrator",
	"GET /admin/virtual":                                      "administrator",
	"GET /admin/virtual/courses.csv":                          "administrator",
	"GET /admin/practices":                                    "administrator",
	"POST /admin/practices":                                   "administrator",
	"POST /admin/practices/{practice}/stop":                   "administrator",
	"GET /admin/studies/claims.csv":                           "administrator",
	"GET /admin/studies/{study}/lots.csv":                     "administrator",
	"GET /schools/{school}/practices":                         "leader,administrator",
	"GET /classes/{class}/practices":                          "teacher,leader",
	"POST /students/{student}/barriers":                       readers,
	"POST /students/{student}/barriers/{barrier}/end":         readers,
	"GET /admin/studies":                                      "administrator",
	"POST /admin/studies":                                     "administrator",
	"GET /admin/studies/{study}":                              "administrator",
	"POST /admin/studies/{study}/run":                         "administrator",
	"GET /admin/studies/{study}/bundle":                       "administrator",
	"GET /admin/model":                                        "administrator",
	"POST /admin/model/fit":                                   "administrator",
	"POST /admin/model/adopt":                                 "administrator",
	"GET /admin/model/versions/{version}":                     "administrator",
	"GET /admin/model/rules":                                  "administrator",
	"GET /admin/bank":                                         "administrator",
	"GET /admin/people":                                       "administrator",
	"GET /admin/people/{person}":                              "administrator",
	"POST /admin/people/{person}/link":                        "administrator",
	"POST /admin/people/{person}/password":                    "administrator",
}

func lets(rule, role string) bool {
	return rule == anybody || role != "" && slices.Contains(strings.Split(rule, ","), role)
}

var (
	placeholder = regexp.MustCompile(`\{([a-z]+)(\.\.\.)?\}`)
	assetHash   = regexp.MustCompile(`/assets/[0-9a-f]+/`)
)

// TestEveryRouteDeniesByDefault walks every route as everybody.
func TestEveryRouteDeniesByDefault(t *testing.T) {
	t.Parallel()
	s := start(t)
	alone, err := s.db.SaveTeam(t.Context(), district, team.Team{School: cedar, Name: "Fourth", Kind: team.Grade, Members: []roster.PersonID{person("teacher")}})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"team": string(alone), "student": string(person("student")), "person": string(person("student")), "class": string(room12), "school": string(cedar),
		"competency": string(equal), "token": "no-such-token", "name": "css/app.css", "choice": "none", "flag": "none", "proposal": "none", "block": "none", "session": "none", "group": "none", "ask": "none", "offer": "none", "sitting": "none", "version": "none", "study": "none", "practice": "none", "barrier": "none", "entry": "none", "request": "none", "calendar": "none", "commitment": "none", "check": "none", "goal": "none", "item": "none", "helper": "none", "outside": "none", "asked": "none", "checkpoint": "none", "step": "none", "run": "none", "upload": "none", "factor": "none", "provider": "none", "correction": "none", "export": "none"}
	actors := map[string]guard.Actor{"": {}, "stranger": {District: "d2", Person: person("teacher"), Name: "Stranger"}}
	for _, role := range everybody {
		if _, ok := actors[role]; ok {
			continue
		}
		session, err := s.db.Session(t.Context(), guard.TokenHash("session of "+role), 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		actors[role] = session.Actor
	}
	seen := map[string]bool{}
	for _, rt := range s.server.Routes() {
		pattern := assetHash.ReplaceAllString(rt.Pattern, "/assets/")
		seen[pattern] = true
		rule, ok := allowed[pattern]
		if !ok {
			t.Errorf("%s: the table of this test does not say whom it lets in", pattern)
			continue
		}
		method, path, _ := strings.Cut(rt.Pattern, " ")
		path = strings.TrimSuffix(path, "{$}")
		for _, m := range placeholder.FindAllStringSubmatch(path, -1) {
			v, ok := values[m[1]]
			if !ok {
				t.Errorf("%s: the test has no value for {%s}", pattern, m[1])
			}
			path = strings.Replace(path, m[0], v, 1)
		}
		for _, role := range everybody {
			request := func() *http.Request {
				r := httptest.NewRequest(method, path, nil)
				for name, v := range values {
					r.SetPathValue(name, v)
				}
				return r
			}
			want := lets(rule, role)
			err := rt.Access(request(), actors[role])
			switch fault.KindOf(err) {
			case fault.NotFound, fault.Unauthenticated, fault.Forbidden:
			default:
				if err != nil {
					t.Errorf("%s as %q: the door says %v", pattern, role, err)
				}
			}
			if err != nil && want {
				t.Errorf("%s as %q: not let in: %v", pattern, role, err)
			}
			// A form may be refused for what is in it, a stream does not end, what is about nothing is
			// not found, and some pages want a young session: there the door alone decides.
			if method == http.MethodPost || path == "/events" || path == "/sign-in/second/new" || strings.Contains(path, "/none") {
				if err == nil && !want {
					t.Errorf("%s as %q: the door is open", pattern, role)
				}
			} else if role == "stranger" {
				if err := rt.Answer(httptest.NewRecorder(), request(), actors[role]); (err == nil) != want {
					t.Errorf("%s as %q: let in = %v; want %v", pattern, role, err == nil, want)
				}
				continue
			}
			if role == "stranger" || want && (method == http.MethodPost || path == "/events" || strings.Contains(path, "/none")) {
				continue
			}
			// The same through the whole server.
			p := s.do(httptest.NewRequest(method, path, nil), role)
			toSignIn := p.Code == 303 && strings.HasPrefix(p.Header.Get("Location"), "/sign-in?next=")
			denied := p.Code == 404 || p.Code == 401 || p.Code == 403 || toSignIn
			if denied == want {
				t.Errorf("%s as %q answers %d; let in should be %v", pattern, role, p.Code, want)
			}
			if denied && !toSignIn && strings.Contains(p.main(), "Maya") {
				t.Errorf("%s as %q: the refusal names the student", pattern, role)
			}
		}
	}
	for pattern := range allowed {
		if !seen[pattern] {
			t.Errorf("there is no route %s", pattern)
		}
	}
}
