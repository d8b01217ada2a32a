package web

import "waymark/internal/guard"

// routes is the whole map of the site: what is asked for, who may ask, who answers.
// There is no other way in.
func (s *Server) routes() []route {
	return []route{
		{"GET /healthz", public, s.serveHealth},
		{"GET /metrics", public, s.serveMetrics},
		{"GET /sw.js", public, s.serveWorker},
		{"GET " + s.assets.prefix + "{name...}", public, s.serveAsset},
		{"GET /events", signedIn, s.serveEvents},
		{"POST /sign-out", public, s.signOut},

		// Signing in.
		{"GET /{$}", public, s.showStart},
		{"GET /nothing-here", signedIn, s.showNothing},
		{"GET /sign-in", public, s.showSignIn},
		{"POST /sign-in", public, s.signIn},
		{"GET /sign-in/class", public, s.showClassSignIn},
		{"POST /sign-in/class", public, s.classSignIn},
		{"GET /link/{token}", public, s.showLink},
		{"POST /link/{token}", public, s.useLink},

		// For everybody.
		{"GET /help", public, s.showHelp},
		{"GET /accessibility", public, s.showAccessibility},
		{"GET /privacy", public, s.showPrivacy},
		{"GET /offline", public, s.showOffline},

		// A student, and who looks after them.
		{"GET /me", self(guard.ReadRecord), s.showMe},
		{"GET /me/options", self(guard.ReadRecord), s.showOptions},
		{"POST /me/choices", self(guard.Choose), s.choose},
		{"POST /me/choices/{choice}/done", self(guard.Choose), s.finishChoice},
		{"GET /me/path", self(guard.ReadRecord), s.showPath},
		{"GET /me/goals", self(guard.ReadRecord), s.showGoals},
		{"POST /me/goals", self(guard.SetGoal), s.addGoal},
		{"POST /me/goals/{goal}/done", self(guard.SetGoal), s.finishGoal},
		{"POST /me/checks", self(guard.TakeCheck), s.beginCheck},
		{"GET /me/checks/{sitting}", self(guard.TakeCheck), s.showCheck},
		{"GET /me/checks/{sitting}/carry", self(guard.TakeCheck), s.carryCheck},
		{"POST /me/checks/{sitting}/answers", self(guard.TakeCheck), s.answerCheck},
		{"POST /me/checks/{sitting}/stop", self(guard.TakeCheck), s.stopCheck},
		{"GET /students/{student}", toStudent(guard.ReadRecord), s.showStudent},
		{"GET /students/{student}/access", toStudent(guard.ReadAccess), s.showAccess},
		{"GET /students/{student}/competencies/{competency}", toStudent(guard.ReadRecord), s.showEvidence},
		{"GET /students/{student}/profile", toStudent(guard.ReadRecord), s.showProfile},
		{"POST /students/{student}/profile", toStudent(guard.WriteProfile), s.say},
		{"POST /students/{student}/profile/{entry}", toStudent(guard.WriteProfile), s.respond},
		{"POST /students/{student}/supports", toStudent(guard.WriteProfile), s.setSupports},
		{"GET /students/{student}/goals/{goal}", toStudent(guard.ReadRecord), s.showRoad},
		{"POST /students/{student}/goals/{goal}/wishes", toStudent(guard.SetGoal), s.wishRoad},
		{"GET /students/{student}/talks", toStudent(guard.ReadRecord), s.showTalks},
		{"POST /students/{student}/talks", toStudent(guard.Confer), s.holdTalk},
		{"POST /students/{student}/mentor", toStudent(guard.NameMentor), s.setMentor},
		{"GET /students/{student}/brief", toStudent(guard.Confer), s.showBrief},
		{"POST /students/{student}/requests", toStudent(guard.AskTalk), s.askForTalk},
		{"POST /students/{student}/requests/{request}/agree", toStudent(guard.Confer), s.agreeOnTalk},
		{"POST /students/{student}/requests/{request}/withdraw", toStudent(guard.AskTalk), s.withdrawRequest},
		{"POST /students/{student}/commitments/{commitment}", toStudent(guard.KeepPromise), s.closeCommitment},
		{"GET /family", family, s.showFamily},

		// Teachers.
		{"GET /teach", teaching, s.serveTeach},
		{"GET /teach/calendar", teaching, s.showCalendar},
		{"POST /teach/calendar", teaching, s.makeCalendar},
		{"GET /calendar/{calendar}", public, s.serveCalendar},
		{"GET /classes", staff, s.serveClasses},
		{"GET /classes/{class}", toClass(guard.ReadClass), s.serveClass},
		{"GET /classes/{class}/grid.csv", toClass(guard.ReadClass), s.serveGridCSV},
		{"POST /classes/{class}/steps", toClass(guard.DecideStep), s.decideStep},
		{"GET /classes/{class}/observe", toClass(guard.Observe), s.serveObserve},
		{"POST /classes/{class}/observe", toClass(guard.Observe), s.saveObservation},
		{"GET /classes/{class}/cards", toClass(guard.IssueCards), s.serveCards},
		{"POST /classes/{class}/cards", toClass(guard.IssueCards), s.makeCards},
		{"GET /classes/{class}/talks", toClass(guard.Confer), s.showQueue},
		{"POST /classes/{class}/talks", toClass(guard.Confer), s.moveInQueue},
		{"POST /classes/{class}/mentor", toClass(guard.Confer), s.mentorAll},
		{"GET /classes/{class}/profiles", toClass(guard.ReadClass), s.showProfiles},
		{"GET /classes/{class}/checks", toClass(guard.GiveCheck), s.showChecks},
		{"POST /classes/{class}/checks", toClass(guard.GiveCheck), s.giveCheck},
		{"GET /classes/{class}/checks/{check}", toClass(guard.GiveCheck), s.showGiven},
		{"POST /classes/{class}/checks/{check}/close", toClass(guard.GiveCheck), s.closeCheck},
		{"GET /find", staff, s.serveFind},

		// Leaders.
		{"GET /schools", leading, s.showSchools},
		{"GET /schools/{school}", toSchool(guard.ReadSchool), s.showSchool},
		{"GET /schools/{school}/attention", toSchool(guard.ReadSchool), s.showAttention},

		// Administrators: files in.
		{"GET /admin/imports", toDistrict(guard.Import), s.showImports},
		{"POST /admin/imports", toDistrict(guard.Import), s.checkImport},
		{"GET /admin/imports/{run}", toDistrict(guard.Import), s.showImport},
		{"GET /admin/imports/{run}/problems.csv", toDistrict(guard.Import), s.downloadProblems},
		{"POST /admin/imports/{run}/apply", toDistrict(guard.Import), s.applyImport},
		{"POST /admin/imports/{run}/discard", toDistrict(guard.Import), s.discardImport},
		{"POST /admin/imports/{run}/undo", toDistrict(guard.Import), s.undoImport},
		{"GET /admin/imports/mapping", toDistrict(guard.Import), s.showMappingStart},
		{"POST /admin/imports/mapping", toDistrict(guard.Import), s.keepForMapping},
		{"GET /admin/imports/mapping/files/{upload}", toDistrict(guard.Import), s.showColumns},
		{"POST /admin/imports/mapping/files/{upload}", toDistrict(guard.Import), s.tryColumns},
		{"POST /admin/imports/mapping/files/{upload}/mapping.yaml", toDistrict(guard.Import), s.downloadMapping},
		{"POST /admin/imports/mapping/files/{upload}/import", toDistrict(guard.Import), s.importColumns},

		// Administrators: the learner model and the bank of questions.
		{"GET /admin/model", toDistrict(guard.ManageModel), s.showModel},
		{"POST /admin/model/fit", toDistrict(guard.ManageModel), s.fitModel},
		{"POST /admin/model/adopt", toDistrict(guard.ManageModel), s.adoptModel},
		{"GET /admin/model/versions/{version}", toDistrict(guard.ManageModel), s.showVersion},
		{"GET /admin/model/rules", toDistrict(guard.ManageModel), s.showRules},
		{"GET /admin/bank", toDistrict(guard.ManageModel), s.showBank},

		// Administrators: people.
		{"GET /admin/people", toDistrict(guard.ManagePeople), s.showPeople},
		{"GET /admin/people/{person}", toDistrict(guard.ManagePeople), s.showPerson},
		{"POST /admin/people/{person}/password", toDistrict(guard.ManagePeople), s.setPassword},
		{"POST /admin/people/{person}/link", toDistrict(guard.ManagePeople), s.makeLink},
	}
}
