package web

import (
	"context"
	"io"
	"time"

	"waymark/internal/assess"
	"waymark/internal/company"
	"waymark/internal/competency"
	"waymark/internal/conference"
	"waymark/internal/credit"
	"waymark/internal/evidence"
	"waymark/internal/flex"
	"waymark/internal/group"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/mastery"
	"waymark/internal/material"
	"waymark/internal/motivation"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/study"
	"waymark/internal/study/dose"
	"waymark/internal/team"
	"waymark/internal/timetable"
)

// Store is what pages read and write, by subject.
type Store interface {
	guard.Relations
	guard.Log
	Ping(ctx context.Context) error
	accountStore
	rosterStore
	learnerStore
	planStore
	overviewStore
	checkStore
	modelStore
	profileStore
	conferenceStore
	proposalStore
	flexStore
	groupStore
	teamStore
	motivationStore
	studyStore
	auditStore
	rightsStore
}

type rightsStore interface {
	Consents(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]guard.Consent, error)
	SetConsent(ctx context.Context, d roster.DistrictID, c guard.Consent) error
	Corrections(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]guard.Correction, error)
	OpenCorrections(ctx context.Context, d roster.DistrictID) ([]guard.Correction, error)
	AskCorrection(ctx context.Context, d roster.DistrictID, c guard.Correction) error
	AnswerCorrection(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string, answer guard.CorrectionAnswer, reply string, by roster.PersonID) error
	StateBeside(ctx context.Context, d roster.DistrictID, student roster.PersonID, id, statement string) error
	BreakGlass(ctx context.Context, d roster.DistrictID, x guard.Emergency) error
	Emergencies(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]guard.Emergency, error)
	EmergenciesSince(ctx context.Context, d roster.DistrictID, since time.Time) ([]guard.Emergency, error)
	Appointments(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.Role, error)
	Appoint(ctx context.Context, d roster.DistrictID, p roster.PersonID, role roster.Role, author roster.PersonID) error
	Dismiss(ctx context.Context, d roster.DistrictID, p roster.PersonID, role roster.Role) error
	ExportRequests(ctx context.Context, d roster.DistrictID, since time.Time) ([]guard.ExportRequest, error)
	ExportRequest(ctx context.Context, d roster.DistrictID, id string) (guard.ExportRequest, error)
	AskExport(ctx context.Context, d roster.DistrictID, author roster.PersonID, because string) error
	AgreeExport(ctx context.Context, d roster.DistrictID, id string, by roster.PersonID) error
	CloseExport(ctx context.Context, d roster.DistrictID, id string) error
	KeepYears(ctx context.Context, d roster.DistrictID) (int, error)
	SetKeepYears(ctx context.Context, d roster.DistrictID, years int) error
	LeftBefore(ctx context.Context, d roster.DistrictID, day time.Time) ([]roster.PersonID, error)
	Holds(ctx context.Context, d roster.DistrictID) ([]guard.Hold, error)
	RecordOf(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.RecordPart, error)
	WriteArchive(ctx context.Context, d roster.DistrictID, w io.Writer) (guard.Archive, error)
}

type auditStore interface {
	Deeds(ctx context.Context, d roster.DistrictID, from int64, most int) ([]guard.Deed, error)
	LatestDeeds(ctx context.Context, d roster.DistrictID, before int64, actor roster.PersonID, most int) ([]guard.Deed, error)
	Checkpoints(ctx context.Context, d roster.DistrictID) ([]guard.Checkpoint, error)
	VerifyAudit(ctx context.Context, d roster.DistrictID, elsewhere []guard.Checkpoint) (guard.Auditor, error)
	RecordDeed(ctx context.Context, x guard.Deed) error
	DeedsCalled(ctx context.Context, d roster.DistrictID, what string, since time.Time) ([]guard.Deed, error)
}

type studyStore interface {
	Studies(ctx context.Context, d roster.DistrictID) ([]study.Kept, error)
	Study(ctx context.Context, d roster.DistrictID, id string) (study.Kept, error)
	DeclareStudy(ctx context.Context, d roster.DistrictID, p study.Plan, author roster.PersonID) (string, error)
	KeepStudy(ctx context.Context, d roster.DistrictID, id string, extract []byte, r *study.Result) error
	StudyFacts(ctx context.Context, d roster.DistrictID, id string, p study.Plan) ([]study.Fact, error)
	Scales(ctx context.Context, d roster.DistrictID) ([]string, error)
	StudySchools(ctx context.Context, d roster.DistrictID) ([]string, error)
	FrameworkTitles(ctx context.Context, d roster.DistrictID) ([][2]string, error)
	CourseResults(ctx context.Context, d roster.DistrictID) ([]credit.Enrollment, error)
	ClassSubjects(ctx context.Context, d roster.DistrictID) (subjects []string, homerooms bool, err error)
	LotUnits(ctx context.Context, d roster.DistrictID, p study.Plan) (units, blocks []string, values []float64, students int, err error)
	Lots(ctx context.Context, d roster.DistrictID, id string) ([]study.Lot, error)
	Practices(ctx context.Context, d roster.DistrictID) ([]dose.Practice, error)
	AddPractice(ctx context.Context, d roster.DistrictID, p dose.Practice, author roster.PersonID) error
	StopPractice(ctx context.Context, d roster.DistrictID, id string) error
	Products(ctx context.Context, d roster.DistrictID) ([]string, error)
	Taken(ctx context.Context, d roster.DistrictID, school roster.OrgID, practices []dose.Practice, days study.Days) ([]dose.Taken, error)
	DoseReasonsOf(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]dose.Reason, error)
	AddDoseReason(ctx context.Context, d roster.DistrictID, r dose.Reason) error
	EndDoseReason(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string) error
}

type accountStore interface {
	AccountsNamed(ctx context.Context, username string) ([]guard.Account, error)
	Secret(ctx context.Context, d roster.DistrictID, p roster.PersonID, kind string) (hash string, err error)
	SetSecret(ctx context.Context, d roster.DistrictID, p roster.PersonID, kind, hash string, author roster.PersonID) error
	Secrets(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[roster.PersonID][]string, error)
	OpenSession(ctx context.Context, session guard.Session) error
	Session(ctx context.Context, hash string, idle time.Duration) (guard.Session, error)
	Sessions(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.Session, error)
	CloseSession(ctx context.Context, hash string) error
	CloseSessions(ctx context.Context, d roster.DistrictID, p roster.PersonID, but string) (int64, error)
	EndUnproved(ctx context.Context, d roster.DistrictID, rule guard.SecondFactor) error
	SetChallenge(ctx context.Context, hash, challenge string) error
	Roles(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.Role, error)
	SecondFactor(ctx context.Context, d roster.DistrictID) (guard.SecondFactor, error)
	SetSecondFactor(ctx context.Context, d roster.DistrictID, f guard.SecondFactor) error
	Without(ctx context.Context, d roster.DistrictID, rule guard.SecondFactor) (without, all int, err error)
	Factors(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.Factor, error)
	AddFactors(ctx context.Context, d roster.DistrictID, p roster.PersonID, factors []guard.Factor) error
	UseFactor(ctx context.Context, d roster.DistrictID, p roster.PersonID, f guard.Factor) error
	RemoveFactor(ctx context.Context, d roster.DistrictID, p roster.PersonID, id string) error
	RemoveFactors(ctx context.Context, d roster.DistrictID, p roster.PersonID) error
	OutsideIdentity(ctx context.Context, d roster.DistrictID, issuer, subject string) (guard.Account, error)
	OutsideIdentities(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]guard.Identity, error)
	LinkIdentity(ctx context.Context, d roster.DistrictID, p roster.PersonID, issuer, subject string) error
	UseIdentity(ctx context.Context, d roster.DistrictID, issuer, subject string) error
	UnlinkIdentities(ctx context.Context, d roster.DistrictID, p roster.PersonID, issuer string) error
	PeopleKnownBy(ctx context.Context, d roster.DistrictID, key guard.RosterKey, value string) ([]roster.Person, error)
	AddLink(ctx context.Context, hash string, d roster.DistrictID, p roster.PersonID, expires time.Time) error
	UseLink(ctx context.Context, hash string) (guard.Account, error)
	Failures(ctx context.Context, subjects []string, since time.Time) (int, error)
	Failed(ctx context.Context, subjects []string) error
	ClassCode(ctx context.Context, d roster.DistrictID, class roster.ClassID, make func() (string, error)) (string, error)
	ClassByCode(ctx context.Context, code string) (roster.DistrictID, roster.Class, error)
	ClassTokens(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[roster.PersonID]string, error)
	SetClassToken(ctx context.Context, d roster.DistrictID, class roster.ClassID, p roster.PersonID, token string) error
	// Language returns in which language a person reads; empty if they never said so.
	Language(ctx context.Context, d roster.DistrictID, p roster.PersonID) (string, error)
	SetLanguage(ctx context.Context, d roster.DistrictID, p roster.PersonID, tag string) error
	Accesses(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]guard.Access, error)
}

type rosterStore interface {
	Person(ctx context.Context, d roster.DistrictID, id roster.PersonID) (roster.Person, error)
	FindPeople(ctx context.Context, d roster.DistrictID, text string, most int) ([]roster.Person, error)
	Class(ctx context.Context, d roster.DistrictID, id roster.ClassID) (roster.Class, error)
	Classes(ctx context.Context, d roster.DistrictID, p roster.PersonID, roles ...roster.Role) ([]roster.Class, error)
	ClassesOfSchool(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Class, error)
	People(ctx context.Context, d roster.DistrictID, class roster.ClassID, role roster.Role) ([]roster.Person, error)
	TeachersOf(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]roster.Person, error)
	StudentsOf(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Person, error)
	// Births returns the days of birth of some students, where they are known.
	Births(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]roster.Date, error)
	Guardians(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]roster.Person, error)
	Children(ctx context.Context, d roster.DistrictID, guardian roster.PersonID) ([]roster.Person, error)
	Org(ctx context.Context, d roster.DistrictID, id roster.OrgID) (roster.Org, error)
	Schools(ctx context.Context, d roster.DistrictID, p roster.PersonID) ([]roster.Org, error)
}

type learnerStore interface {
	Catalogue(ctx context.Context, d roster.DistrictID) (*propose.Catalogue, error)
	Model(ctx context.Context, d roster.DistrictID) (*mastery.Model, error)
	// Learner returns the running model and all of a student's pieces that it folds.
	Learner(ctx context.Context, d roster.DistrictID, student roster.PersonID) (*mastery.Model, []evidence.Piece, error)
	Mastery(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]mastery.Record, error)
	Ability(ctx context.Context, d roster.DistrictID, student roster.PersonID) (mastery.Ability, error)
	MasteryAt(ctx context.Context, d roster.DistrictID, students []roster.PersonID, week int) ([]mastery.Record, error)
	Pieces(ctx context.Context, d roster.DistrictID, student roster.PersonID, on competency.ID) ([]evidence.Piece, error)
	Replaced(ctx context.Context, d roster.DistrictID, student roster.PersonID, on competency.ID) ([]evidence.Piece, error)
	LatestPieces(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]evidence.Piece, error)
	Tests(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]evidence.Piece, error)
	Material(ctx context.Context, d roster.DistrictID, id material.ID) (material.Material, error)
}

type planStore interface {
	Goals(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Goal, error)
	AddGoal(ctx context.Context, d roster.DistrictID, g plan.Goal) (plan.Goal, error)
	ChangeGoal(ctx context.Context, d roster.DistrictID, g plan.Goal) error
	FinishGoal(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.GoalID) error
	AddStep(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, s plan.Step) error
	FinishStep(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, id plan.StepID, author roster.PersonID) error
	ReopenGoal(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.GoalID) error
	ReopenStep(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, id plan.StepID) error
	// PassStage keeps that a goal came to a stage of its cycle.
	PassStage(ctx context.Context, d roster.DistrictID, student roster.PersonID, goal plan.GoalID, p plan.Passed) error
	Choices(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]plan.Choice, error)
	AddChoice(ctx context.Context, d roster.DistrictID, c plan.Choice) (plan.Choice, error)
	FinishChoice(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ChoiceID, o plan.Outcome) error
	PassCheckpoint(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ChoiceID, number int) error
	Ideas(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Choice, error)
	AnswerIdea(ctx context.Context, d roster.DistrictID, c plan.Choice) error
	// Choosers returns what each student of a school chose since a time, and the dimensions of groups.
	Choosers(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]plan.Chooser, []string, error)
	RoadWishes(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]propose.Wish, error)
	WishRoad(ctx context.Context, d roster.DistrictID, student roster.PersonID, w propose.Wish) error
	Pathway(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Item, error)
	AddItem(ctx context.Context, d roster.DistrictID, i plan.Item) error
	MoveItem(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.ItemID, to plan.ItemState) error
	Remarks(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Remark, error)
	AddRemark(ctx context.Context, d roster.DistrictID, r plan.Remark) error
	Participants(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Participant, error)
	AddParticipant(ctx context.Context, d roster.DistrictID, p plan.Participant) error
	EndParticipant(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string) error
	Signatures(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]plan.Signature, error)
	Sign(ctx context.Context, d roster.DistrictID, s plan.Signature, signed plan.Document, since time.Time) error
	SignedPlans(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[string]plan.Document, error)
	Outside(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]plan.Outside, error)
	AddOutside(ctx context.Context, d roster.DistrictID, o plan.Outside) error
	AskWhoSaw(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.OutsideID, hash string, by roster.PersonID, expires time.Time) error
	// AskedOutside returns what a link is about; not found if it has been used or is too old.
	AskedOutside(ctx context.Context, hash string) (roster.DistrictID, plan.Outside, error)
	SaySeen(ctx context.Context, hash string, seen plan.Answer, verifier, remark string) error
	CountOutside(ctx context.Context, d roster.DistrictID, student roster.PersonID, id plan.OutsideID, by roster.PersonID) error
}

type proposalStore interface {
	Rules(ctx context.Context, d roster.DistrictID, school roster.OrgID) (propose.Rules, error)
	RuleOf(ctx context.Context, d roster.DistrictID, name propose.Rule) (t propose.RuleText, version int, err error)
	RuleVersions(ctx context.Context, d roster.DistrictID, school roster.OrgID, most int) ([]propose.RuleVersion, error)
	SetRules(ctx context.Context, d roster.DistrictID, school roster.OrgID, r propose.Rules, was int, note string, author roster.PersonID) (version int, err error)
	Propose(ctx context.Context, d roster.DistrictID, list []propose.Proposal) error
	Proposal(ctx context.Context, d roster.DistrictID, id string) (propose.Proposal, error)
	Decide(ctx context.Context, d roster.DistrictID, x propose.Decision) error
	Decisions(ctx context.Context, d roster.DistrictID, class roster.ClassID) ([]propose.Decision, error)
	DecisionsOn(ctx context.Context, d roster.DistrictID, class roster.ClassID, step string) ([]propose.Decision, error)
	ProposalsOff(ctx context.Context, d roster.DistrictID, class roster.ClassID) (bool, error)
	TurnProposals(ctx context.Context, d roster.DistrictID, class roster.ClassID, off bool, author roster.PersonID) error
	Alike(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]propose.Alike, error)
	Flags(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]propose.Flag, error)
	FlagsOf(ctx context.Context, d roster.DistrictID, owner roster.PersonID) ([]propose.Flag, error)
	Asked(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]conference.Asked, error)
	Playbook(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]propose.Play, error)
	AddPlay(ctx context.Context, d roster.DistrictID, l propose.Play) error
	EndPlay(ctx context.Context, d roster.DistrictID, school roster.OrgID, id string, author roster.PersonID) error
	CoursesOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) (map[roster.PersonID][]credit.Enrollment, error)
	NinthGraders(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]credit.Ninth, []string, error)
	FlagsAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]propose.Flag, error)
	Unattended(ctx context.Context, d roster.DistrictID, school roster.OrgID, kinds []propose.StepKind, since time.Time) ([]propose.Proposal, error)
	RaiseFlag(ctx context.Context, d roster.DistrictID, f propose.Flag) error
	CloseFlag(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string, o propose.Outcome, note string, by roster.PersonID) error
	AnswerContest(ctx context.Context, d roster.DistrictID, student roster.PersonID, id string, contested time.Time, words string, by roster.PersonID) error
	ContestFlag(ctx context.Context, d roster.DistrictID, student roster.PersonID, id, words string, by roster.PersonID) error
}

type profileStore interface {
	ProfileEvents(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]profile.Event, error)
	// Supports returns what was said of a student's supports that act in pages.
	Supports(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]profile.Event, error)
	Say(ctx context.Context, d roster.DistrictID, e profile.Event) (profile.Event, error)
}

type conferenceStore interface {
	Conferences(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]conference.Conference, error)
	ConferenceNotes(ctx context.Context, d roster.DistrictID, student roster.PersonID) (map[conference.ID][]conference.Note, error)
	HoldConference(ctx context.Context, d roster.DistrictID, c conference.Conference, agreed []conference.Commitment, goals []plan.Goal) (conference.Conference, error)
	Commitments(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]conference.Commitment, error)
	// CommitmentsOf returns what a member of staff has still to do for students.
	CommitmentsOf(ctx context.Context, d roster.DistrictID, person roster.PersonID) ([]conference.Commitment, error)
	CloseCommitment(ctx context.Context, d roster.DistrictID, student roster.PersonID, id conference.CommitmentID, dropped bool) error
	Requests(ctx context.Context, d roster.DistrictID, students []roster.PersonID) ([]conference.Request, error)
	AgreedTalks(ctx context.Context, d roster.DistrictID, with roster.PersonID) ([]conference.Request, error)
	SetCalendarLink(ctx context.Context, d roster.DistrictID, p roster.PersonID, hash string) error
	CalendarOwner(ctx context.Context, hash string) (guard.Account, error)
	AskForTalk(ctx context.Context, d roster.DistrictID, r conference.Request) (conference.Request, error)
	AgreeOnTalk(ctx context.Context, d roster.DistrictID, student roster.PersonID, id conference.RequestID, with roster.PersonID, at time.Time) error
	WithdrawRequest(ctx context.Context, d roster.DistrictID, student roster.PersonID, id conference.RequestID, author roster.PersonID) error
	// Attended returns how much attention each student of a school got since a time, and the
	// dimensions of groups.
	Attended(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]conference.Attended, []string, error)
	MentorsNow(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]roster.PersonID, error)
	Mentors(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]roster.PersonID, error)
	SetMentor(ctx context.Context, d roster.DistrictID, student, mentor, author roster.PersonID) error
	WithoutMentor(ctx context.Context, d roster.DistrictID, school roster.OrgID, most int) ([]roster.Person, error)
	MoveInQueue(ctx context.Context, d roster.DistrictID, m conference.Move) error
	QueueMoves(ctx context.Context, d roster.DistrictID, class roster.ClassID) ([]conference.Move, error)
	// Joined returns since when students are in a class, where that is known.
	Joined(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[roster.PersonID]roster.Date, error)
}

type checkStore interface {
	Questions(ctx context.Context, d roster.DistrictID, on []competency.ID) ([]assess.Question, error)
	// QuestionsNamed returns items by their ids, also those that are no longer in use.
	QuestionsNamed(ctx context.Context, d roster.DistrictID, ids []assess.ItemID) ([]assess.Question, error)
	QuestionCounts(ctx context.Context, d roster.DistrictID) (map[competency.ID]int, error)
	AnsweredItems(ctx context.Context, d roster.DistrictID, student roster.PersonID, since time.Time) ([]assess.ItemID, error)
	Bank(ctx context.Context, d roster.DistrictID) ([]assess.Record, error)
	GiveCheck(ctx context.Context, d roster.DistrictID, c assess.Check) (assess.Check, error)
	CloseCheck(ctx context.Context, d roster.DistrictID, class roster.ClassID, id assess.CheckID) error
	GivenCheck(ctx context.Context, d roster.DistrictID, class roster.ClassID, id assess.CheckID) (assess.Check, error)
	GivenChecks(ctx context.Context, d roster.DistrictID, classes []roster.ClassID, most int) ([]assess.Check, error)
	BeginSitting(ctx context.Context, d roster.DistrictID, s assess.Sitting) (assess.Sitting, error)
	Sitting(ctx context.Context, d roster.DistrictID, student roster.PersonID, id assess.SittingID) (assess.Sitting, error)
	Sittings(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]assess.Sitting, error)
	SittingsOf(ctx context.Context, d roster.DistrictID, check assess.CheckID) ([]assess.Sitting, error)
	// Answer adds an answer to a sitting; an item that was answered before keeps its first answer.
	Answer(ctx context.Context, d roster.DistrictID, student roster.PersonID, id assess.SittingID, a assess.Answer) (assess.Sitting, error)
	FinishSitting(ctx context.Context, d roster.DistrictID, student roster.PersonID, id assess.SittingID) error
}

type modelStore interface {
	Versions(ctx context.Context, d roster.DistrictID) ([]mastery.Version, error)
	Version(ctx context.Context, d roster.DistrictID, id string) (mastery.Version, error)
	LearnerChoices(ctx context.Context, d roster.DistrictID) ([]mastery.Choice, error)
	// Choose makes a version and a criterion the district's own; all estimates are made anew.
	Choose(ctx context.Context, d roster.DistrictID, c mastery.Choice) error
	// What a fit reads and keeps.
	EachStudent(ctx context.Context, d roster.DistrictID, f func(roster.PersonID, []evidence.Piece) error) error
	StudentGroups(ctx context.Context, d roster.DistrictID) (map[roster.PersonID]map[string]string, []string, error)
	SaveVersion(ctx context.Context, d roster.DistrictID, v mastery.Version) error
}

type overviewStore interface {
	// Overview returns what a leader sees of a school's active students.
	Overview(ctx context.Context, d roster.DistrictID, school roster.OrgID, now time.Time) (mastery.Overview, error)
}

// Recorder writes observations; what it has answered is on disk.
type Recorder interface {
	Record(ctx context.Context, d roster.DistrictID, pieces []evidence.Piece) ([]mastery.Recorded, error)
}

// Intake brings files in.
type Intake interface {
	// Check reads a file, stages it and returns what it would change.
	Check(ctx context.Context, job intake.Job) (intake.Summary, error)
	// Apply applies a checked run; decided says that a person has seen what it ends.
	Apply(ctx context.Context, d roster.DistrictID, run intake.RunID, decided bool) (intake.Summary, error)
	Undo(ctx context.Context, d roster.DistrictID, run intake.RunID) (intake.Summary, error)
	Discard(ctx context.Context, d roster.DistrictID, run intake.RunID) error
	Run(ctx context.Context, d roster.DistrictID, run intake.RunID) (intake.Summary, error)
	Runs(ctx context.Context, d roster.DistrictID, most int) ([]intake.Summary, error)
}

type flexStore interface {
	FlexCalendar(ctx context.Context, d roster.DistrictID, school roster.OrgID) (timetable.Calendar, error)
	SetFlexCalendar(ctx context.Context, d roster.DistrictID, school roster.OrgID, c timetable.Calendar, author roster.PersonID) error
	FlexRooms(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]timetable.Room, error)
	SetFlexRooms(ctx context.Context, d roster.DistrictID, school roster.OrgID, rooms []timetable.Room) error
	FlexOffers(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]timetable.Offer, error)
	FlexOffer(ctx context.Context, d roster.DistrictID, school roster.OrgID, id timetable.OfferID) (timetable.Offer, error)
	AddFlexOffer(ctx context.Context, d roster.DistrictID, o timetable.Offer) (timetable.OfferID, error)
	EndFlexOffer(ctx context.Context, d roster.DistrictID, school roster.OrgID, id timetable.OfferID) error
	FlexRequests(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Request, error)
	FlexRequestsOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, from roster.Date) ([]timetable.Request, error)
	AskForFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, student roster.PersonID, week roster.Date, offers []timetable.OfferID) error
	AnswerFlex(ctx context.Context, d roster.DistrictID, student roster.PersonID, id timetable.RequestID, answer, why string, by roster.PersonID) error
	FlexRequired(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Requirement, error)
	RequireFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date, offer timetable.OfferID, students []roster.PersonID, why string, by roster.PersonID) error
	Release(ctx context.Context, d roster.DistrictID, student roster.PersonID, offer timetable.OfferID, week roster.Date) error
	FlexAway(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Away, error)
	SetFlexAway(ctx context.Context, d roster.DistrictID, school roster.OrgID, person roster.PersonID, day roster.Date, slots []timetable.SlotID, author roster.PersonID) error
	FlexInstead(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) ([]timetable.Substitute, error)
	AddFlexInstead(ctx context.Context, d roster.DistrictID, school roster.OrgID, x timetable.Substitute, author roster.PersonID) error
	FlexHeld(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) ([]timetable.Held, error)
	FlexLed(ctx context.Context, d roster.DistrictID, leader roster.PersonID, from roster.Date) ([]timetable.Held, []roster.OrgID, error)
	FlexPlaces(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) ([]timetable.Place, error)
	FlexTaken(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) (map[string]int, error)
	FlexPlacesOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, from, before roster.Date) ([]timetable.Place, error)
	FlexSession(ctx context.Context, d roster.DistrictID, school roster.OrgID, slot timetable.SlotID, offer timetable.OfferID) ([]timetable.Place, error)
	FlexAsked(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) (map[roster.PersonID][2]int, error)
	FlexMissed(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since roster.Date) (map[roster.PersonID][2]int, error)
	FlexWeek(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date) (timetable.Solved, error)
	DraftFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date, s *flex.Solution, by roster.PersonID) error
	PublishFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, week roster.Date, solved time.Time, open []timetable.SlotID, by roster.PersonID) error
	TakeFlexPlace(ctx context.Context, d roster.DistrictID, school roster.OrgID, p timetable.Place, seats int) error
	MarkFlex(ctx context.Context, d roster.DistrictID, school roster.OrgID, slot timetable.SlotID, offer timetable.OfferID, marks map[roster.PersonID]timetable.Attended, by roster.PersonID) error
	StaffOf(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Person, error)
	SchoolsOf(ctx context.Context, d roster.DistrictID, p roster.PersonID, roles ...string) ([]roster.Org, error)
	MasteryGrid(ctx context.Context, d roster.DistrictID, students []roster.PersonID, on []competency.ID) ([]mastery.Record, error)
}

type motivationStore interface {
	CourseDesign(ctx context.Context, d roster.DistrictID, class roster.ClassID) (map[string]time.Time, error)
	SetCourseDesign(ctx context.Context, d roster.DistrictID, class roster.ClassID, items []string, by roster.PersonID) error
	Asks(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]motivation.Ask, error)
	AskClass(ctx context.Context, d roster.DistrictID, class roster.ClassID, by roster.PersonID) error
	AskedOf(ctx context.Context, d roster.DistrictID, class roster.ClassID, student roster.PersonID) (motivation.Ask, bool, error)
	SayOfClass(ctx context.Context, d roster.DistrictID, class roster.ClassID, student roster.PersonID, a motivation.Answer) error
	SaidOfClass(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]motivation.Answer, error)
}

type teamStore interface {
	Teams(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]team.Team, error)
	TeamsOf(ctx context.Context, d roster.DistrictID, person roster.PersonID) ([]team.Team, error)
	Team(ctx context.Context, d roster.DistrictID, id team.ID) (team.Team, error)
	SaveTeam(ctx context.Context, d roster.DistrictID, t team.Team) (team.ID, error)
	EndTeam(ctx context.Context, d roster.DistrictID, school roster.OrgID, id team.ID) error
	TeamClasses(ctx context.Context, d roster.DistrictID, person roster.PersonID) ([]roster.Class, error)
	Lessons(ctx context.Context, d roster.DistrictID, id team.ID) ([]team.Lesson, error)
	TeamItems(ctx context.Context, d roster.DistrictID, id team.ID, most int) ([]team.Item, error)
	AddTeamItem(ctx context.Context, d roster.DistrictID, i team.Item) error
	ChangeTeamItem(ctx context.Context, d roster.DistrictID, i team.Item) error
	WorkAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]company.Work, error)
	FlexSpentAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, from, before roster.Date) ([]timetable.Spent, error)
	TalkMinutes(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) (map[roster.PersonID]int, error)
	Adults(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) (map[roster.PersonID]company.Adult, error)
	LeadersOf(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]roster.Person, error)
	PeopleByID(ctx context.Context, d roster.DistrictID, ids []roster.PersonID) ([]roster.Person, error)
}

type groupStore interface {
	GroupSets(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]group.Set, error)
	GroupSet(ctx context.Context, d roster.DistrictID, class roster.ClassID, id group.SetID) (group.Set, error)
	SetClasses(ctx context.Context, d roster.DistrictID, class roster.ClassID, id group.SetID) ([]roster.ClassID, error)
	SetsOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, since time.Time) ([]group.Set, error)
	SetsAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]group.Set, error)
	PulsesAt(ctx context.Context, d roster.DistrictID, school roster.OrgID, since time.Time) ([]group.Pulse, error)
	AddGroupSet(ctx context.Context, d roster.DistrictID, s group.Set) (group.SetID, error)
	ChangeGroupSet(ctx context.Context, d roster.DistrictID, s group.Set) error
	GroupsOf(ctx context.Context, d roster.DistrictID, student roster.PersonID, most int) ([]group.Set, map[group.SetID]bool, error)
	SayPulse(ctx context.Context, d roster.DistrictID, student roster.PersonID, class roster.ClassID, set group.SetID, p group.Pulse) error
	Pulses(ctx context.Context, d roster.DistrictID, class roster.ClassID, since time.Time) ([]group.Pulse, error)
	// SubgroupsOf returns to which group of each dimension some students belong.
	SubgroupsOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]map[string]string, error)
	AttendanceOf(ctx context.Context, d roster.DistrictID, students []roster.PersonID, from, to roster.Date) (map[roster.PersonID]roster.Attended, error)
	HomeLanguages(ctx context.Context, d roster.DistrictID, students []roster.PersonID) (map[roster.PersonID]string, error)
	Tutoring(ctx context.Context, d roster.DistrictID, class roster.ClassID) (can, need map[competency.ID][]roster.PersonID, err error)
	SetTutoring(ctx context.Context, d roster.DistrictID, class roster.ClassID, student roster.PersonID, c competency.ID, side string) error
}
