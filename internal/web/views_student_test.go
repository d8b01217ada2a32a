package web

// studentViews are the pages of sign-in, students, families and information.
var studentViews = map[string]any{
	"nothing":       nothingView{},
	"signin":        signInView{},
	"class":         classView{},
	"link":          linkView{},
	"me":            meView{},
	"options":       optionsView{},
	"check":         checkView{},
	"profile":       profileView{},
	"talks":         talksView{},
	"road":          roadView{},
	"checked":       checkedView{},
	"path":          pathView{},
	"goals":         goalsView{},
	"evidence":      evidenceView{},
	"access":        accessView{},
	"record":        recordView{},
	"family":        familyView{},
	"help":          helpView{},
	"accessibility": plainView{},
	"privacy":       privacyView{},
	"offline":       plainView{},
}
