package web

// leaderViews are the pages of leaders and administrators.
var leaderViews = map[string]any{
	"schoolflags": schoolFlags{}, "teams": teamsView{}, "flexneeds": flexNeeds{}, "time": timeView{}, "schoolgroups": schoolGroups{}, "flexfair": flexFair{},
	"schools": schoolsView{}, "attention": attentionView{}, "school": schoolView{}, "imports": importsView{}, "import": importView{},
	"mapping": mappingStartView{}, "columns": columnsView{}, "people": peopleView{}, "person": personView{},
	"second": secondView{}, "setup": secondSetUpView{}, "codes": codesView{}, "account": accountView{}, "rights": rightsView{}, "keeping": keepingView{}, "audit": auditView{},
	"model": modelView{}, "version": versionView{}, "rules": rulesView{}, "bank": bankView{}, "proposalrules": proposalRulesView{}, "flexboard": flexBoard{}, "corridor": corridorView{},
	"studies": studiesView{}, "study": studyView{}, "virtual": virtualView{}, "practices": practicesView{}, "schoolpractices": schoolPracticesView{},
}
