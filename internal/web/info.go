package web

import (
	"net/http"

	"waymark/internal/guard"
	"waymark/internal/mastery"
)

// helpView explains the words that all pages use.
type helpView struct {
	Statuses  []statusHelp
	Criterion string
	Weeks     int // after which evidence is too old
	Example   mastery.Estimate
}

type statusHelp struct {
	Status mastery.Status
	Means  string
}

func (s *Server) showHelp(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	model, err := s.Store.Model(r.Context(), a.District)
	if err != nil {
		return err
	}
	return s.render(w, r, a, http.StatusOK, "help", helpView{
		Statuses: []statusHelp{
			{mastery.Met, "The work has shown it, more than once, and we are sure enough."},
			{mastery.Nearly, "It goes well most times. One or two more good tries."},
			{mastery.Learning, "It has begun to work. It needs practice."},
			{mastery.Starting, "It is hard so far. That is where learning starts. Somebody should help."},
			{mastery.Fading, "It worked before, but that is a long time ago. A short try tells whether it is still there."},
			{mastery.Unknown, "There is no evidence, or too little to say anything. It does not mean “cannot”."},
		},
		Criterion: model.Criterion.Words(), Weeks: int(mastery.StaleAfter.Hours() / 24 / 7),
		Example: mastery.Estimate{Value: 0.62, Low: 0.45, High: 0.77, N: 4, Status: mastery.Nearly},
	})
}

type plainView struct{}

func (s *Server) showAccessibility(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.render(w, r, a, http.StatusOK, "accessibility", plainView{})
}

func (s *Server) showOffline(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	// The page is kept on the device for whoever uses it next: nobody's name is on it.
	return s.render(w, r, guard.Actor{}, http.StatusOK, "offline", plainView{})
}

// privacyView says who may do what with a student's record. It is read off the rules
// that the door itself uses.
type privacyView struct {
	Relations []relationRights
}

type relationRights struct {
	Who    string
	Record []string // what they may do with one student's record
	Other  []string // what else they may do
}

func (s *Server) showPrivacy(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	var v privacyView
	for _, rel := range []guard.Relation{guard.Self, guard.GuardianOf, guard.TeacherOf, guard.InTeam, guard.LeaderOf, guard.StaffOf, guard.CounselorOf, guard.AdministratorOf, guard.BrokeGlass, guard.AuditorOf, guard.SupportOf} {
		rights := relationRights{Who: rightsOf(rel)}
		for _, x := range []struct {
			action guard.Action
			words  string
			record bool
		}{
			{guard.ReadRecord, "read the record: evidence, estimates, goals and choices", true},
			{guard.ReadAccess, "see who has looked at the record", true},
			{guard.TakeRecord, "take the whole record with them", true},
			{guard.Consents, "say what the record may be used for", true},
			{guard.Correct, "ask to correct what is not right", true},
			{guard.Choose, "choose the next step", true},
			{guard.AnswerIdea, "say yes or no to an idea of the student’s own", true},
			{guard.SetGoal, "write goals", true},
			{guard.LogOutside, "write down what was learned outside of school, and ask who saw it", true},
			{guard.EditPlan, "write what is on the pathway and who helps", true},
			{guard.SayToPlan, "comment the plan", true},
			{guard.SignPlan, "sign the plan", true},
			{guard.WriteProfile, "say something in the profile, and see otherwise what is said there", true},
			{guard.Confer, "prepare a talk and write down what came of it", true},
			{guard.NameMentor, "name the student's mentor", true},
			{guard.AskTalk, "ask for a talk", true},
			{guard.KeepPromise, "say that something agreed on is done", true},
			{guard.TakeCheck, "answer the questions of a check", true},
			{guard.Observe, "write down what they saw", true},
			{guard.ReadClass, "see the class together", false},
			{guard.GiveCheck, "give checks and see how they went", false},
			{guard.DecideStep, "decide on proposed steps", false},
			{guard.ShapeClass, "say what a class is designed for, and ask its students how it is, without names", false},
			{guard.MakeGroups, "make groups of the class", false},
			{guard.GroupWith, "put students of the class into groups with their own", false},
			{guard.RaiseFlag, "say who looks after something, and what came of it", true},
			{guard.SeeFlags, "see who looks after what at the school, and what nobody does", false},
			{guard.ContestFlag, "say that a flag is not right", true},
			{guard.SeeTime, "see where the time of a school’s adults goes", false},
			{guard.SeeTeam, "see what the team talks about and does", false},
			{guard.SeeTeams, "see which teams of teachers the school has", false},
			{guard.MakeTeams, "say who is in which team", false},
			{guard.IssueCards, "print sign-in cards", false},
			{guard.SeeFlex, "see what is held in the school’s flex time, where, and who is there", false},
			{guard.OfferFlex, "offer sessions in flex time, ask students to come, and write down who came", false},
			{guard.RunFlex, "plan and publish the school’s flex time", false},
			{guard.ReadSchool, "see counts and averages of a school, without names, never of fewer than " + number(mastery.SmallCell) + " students", false},
			{guard.Import, "load files from the school's other systems and undo that", false},
			{guard.ManagePeople, "manage accounts", false},
			{guard.SeeAccounts, "find people and sign them out", false},
			{guard.KeepRecords, "answer what families ask to be corrected, say how long records are kept, and, with another administrator, take the district away as a file", false},
			{guard.ReadAudit, "see what was done, and by whom", false},
			{guard.RunStudies, "ask of all students’ facts together whether a practice helped; nobody is named in it", false},
			{guard.ManageRules, "change the district’s rules of what is proposed", false},
			{guard.SchoolRules, "change the rules of what is proposed at the school", false},
			{guard.ManageModel, "decide how evidence becomes estimates, and see the questions of checks", false},
		} {
			if _, ok := guard.Allowed(x.action, []guard.Relation{rel}); !ok {
				continue
			}
			if x.record {
				rights.Record = append(rights.Record, x.words)
			} else {
				rights.Other = append(rights.Other, x.words)
			}
		}
		v.Relations = append(v.Relations, rights)
	}
	return s.render(w, r, a, http.StatusOK, "privacy", v)
}

func rightsOf(rel guard.Relation) string {
	switch rel {
	case guard.Self:
		return "The student"
	case guard.GuardianOf:
		return "A parent or guardian, of their own child"
	case guard.TeacherOf:
		return "A teacher, of students in their classes"
	case guard.LeaderOf:
		return "A leader, of students in their school"
	case guard.StaffOf:
		return "A teacher or aide, of the school where they work"
	case guard.CounselorOf:
		return "A counselor, of their school"
	case guard.AdministratorOf:
		return "An administrator of the district"
	case guard.BrokeGlass:
		return "An administrator who opened a record in an emergency, for an hour; the family sees who, when and why"
	case guard.AuditorOf:
		return "An auditor, whom the district has named"
	case guard.InTeam:
		return "A teacher, of classes that others of their team teach"
	case guard.SupportOf:
		return "A helper with accounts, whom the district has named"
	}
	return string(rel)
}
