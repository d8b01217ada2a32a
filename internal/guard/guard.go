// Package guard decides who may do what with whose record. It is the one door:
// every read and change of a record passes through [Door], which denies by
// default, and every read of a child's record by somebody else is written down.
package guard

import (
	"context"
	"slices"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/team"
)

// Actor is the person who asks, as the sign-in established it. The zero Actor is
// nobody.
type Actor struct {
	District roster.DistrictID
	Person   roster.PersonID
	Name     string
	Roles    []roster.Role // what they are anywhere in the district, strongest first
}

// Has reports whether the actor has a role anywhere in the district.
func (a Actor) Has(r roster.Role) bool { return slices.Contains(a.Roles, r) }

// Relation is what an actor is to a student, a class, a school or the district.
type Relation string

const (
	Self            Relation = "self"
	GuardianOf      Relation = "guardian of"
	TeacherOf       Relation = "teacher of"
	LeaderOf        Relation = "leader of" // of a school the student or class belongs to, or of the district
	AdministratorOf Relation = "administrator of"
	StaffOf         Relation = "staff of"       // of a school: teachers and aides
	CounselorOf     Relation = "counselor of"   // of a school
	InTeam          Relation = "in a team with" // of a class that another of the team teaches, or of the team itself
	AuditorOf       Relation = "auditor of"     // of a district: sees what was done, no record
	SupportOf       Relation = "support of"     // of a district: helps with accounts, opens none
	BrokeGlass      Relation = "opened in an emergency by"
)

// Action is something that may be done.
type Action string

const (
	ReadRecord   Action = "read record"   // mastery, evidence, goals, choices of one student
	ReadAccess   Action = "read access"   // who has seen the record
	Choose       Action = "choose"        // take one of the offered options
	AnswerIdea   Action = "answer idea"   // say yes or no to a student's own idea
	SetGoal      Action = "set goal"      // write one's own goal
	LogOutside   Action = "log outside"   // write down what was learned outside of school, and ask who saw it
	EditPlan     Action = "edit plan"     // what is on the pathway, and who helps
	SayToPlan    Action = "say to plan"   // comment a plan, or look back in one's own
	SignPlan     Action = "sign plan"     // put one's name under it
	WriteProfile Action = "write profile" // say, confirm, dispute and end entries of the living profile
	Confer       Action = "confer"        // see whom to talk with, the brief of a student, and write down a talk
	AskTalk      Action = "ask talk"      // ask for a talk with staff
	KeepPromise  Action = "keep promise"  // mark what was agreed in a talk as kept or given up
	NameMentor   Action = "name mentor"   // say who knows a student best, and see who has nobody
	TakeCheck    Action = "take check"    // answer the questions of a check
	GiveCheck    Action = "give check"    // give a check to a class, and see how it went
	Observe      Action = "observe"       // write evidence about a student
	ReadClass    Action = "read class"    // roster, grid and steps of a class
	DecideStep   Action = "decide step"   // accept or decline a proposed step
	SeeStep      Action = "see step"      // why a step is proposed
	ShapeClass   Action = "shape class"   // say what a class is designed for, and ask its students how it is
	MakeGroups   Action = "make groups"   // propose, arrange and end groups of a class
	GroupWith    Action = "group with"    // put students of a class into groups with one's own
	SeeTime      Action = "see time"      // where the time of a school's adults goes
	SeeTeam      Action = "see team"      // what a team shares, talks about and does
	SeeTeams     Action = "see teams"     // which teams a school has
	MakeTeams    Action = "make teams"    // who is in which team
	RaiseFlag    Action = "raise flag"    // say who looks after something, and what came of it
	SeeFlags     Action = "see flags"     // who looks after what at a school, and what nobody does
	ContestFlag  Action = "contest flag"  // say what is not right about a flag
	IssueCards   Action = "issue cards"   // make sign-in codes for a class
	SeeFlex      Action = "see flex"      // what is held in a school's flex time, where, and who is there
	OfferFlex    Action = "offer flex"    // offer sessions, ask students to come, write down who came
	RunFlex      Action = "run flex"      // set flex time up, solve and publish it
	ReadSchool   Action = "read school"   // counts and means of a school, no names
	ReadDistrict Action = "read district" // the same of the district
	Import       Action = "import"        // load, apply and undo files
	ManageModel  Action = "manage model"  // fit, compare and adopt the learner model and its criterion
	RunStudies   Action = "run studies"   // ask whether a practice helped, of all students' facts
	ManageRules  Action = "manage rules"  // what is proposed to teachers, and when
	SchoolRules  Action = "school rules"  // change the rules of what is proposed at a school
	ManagePeople Action = "manage people" // ways in to accounts, who audits and who helps
	SeeAccounts  Action = "see accounts"  // find people, and sign them out
	ReadAudit    Action = "read audit"    // what was done, by whom
	KeepRecords  Action = "keep records"  // corrections, retention, taking a district away
	SeeRights    Action = "see rights"    // what was allowed, what was asked to be corrected
	TakeRecord   Action = "take record"   // all that is held, as a file
	Consents     Action = "consent"       // allow or refuse a purpose
	Correct      Action = "correct"       // say what is not right
)

// rules says which relation allows which action. What is not here is denied.
var rules = map[Action][]Relation{
	ReadRecord:   {Self, GuardianOf, TeacherOf, LeaderOf, BrokeGlass},
	ReadAccess:   {Self, GuardianOf, LeaderOf},
	SeeRights:    {Self, GuardianOf, LeaderOf},
	TakeRecord:   {Self, GuardianOf, LeaderOf},
	Consents:     {Self, GuardianOf, LeaderOf},
	Correct:      {Self, GuardianOf},
	Choose:       {Self},
	AnswerIdea:   {TeacherOf},
	SetGoal:      {Self, TeacherOf},
	LogOutside:   {Self, GuardianOf, TeacherOf},
	EditPlan:     {Self, TeacherOf},
	SayToPlan:    {Self, GuardianOf, TeacherOf, LeaderOf},
	SignPlan:     {Self, GuardianOf, TeacherOf, LeaderOf},
	WriteProfile: {Self, GuardianOf, TeacherOf, LeaderOf},
	Confer:       {TeacherOf},
	AskTalk:      {Self, GuardianOf},
	KeepPromise:  {Self, GuardianOf, TeacherOf},
	NameMentor:   {TeacherOf, LeaderOf},
	TakeCheck:    {Self},
	GiveCheck:    {TeacherOf},
	Observe:      {TeacherOf},
	ReadClass:    {TeacherOf, LeaderOf},
	DecideStep:   {TeacherOf},
	SeeStep:      {TeacherOf, LeaderOf},
	ShapeClass:   {TeacherOf},
	MakeGroups:   {TeacherOf},
	GroupWith:    {TeacherOf, InTeam},
	SeeTime:      {LeaderOf},
	SeeTeam:      {InTeam, LeaderOf},
	SeeTeams:     {StaffOf, CounselorOf, LeaderOf},
	MakeTeams:    {LeaderOf},
	RaiseFlag:    {TeacherOf, LeaderOf},
	SeeFlags:     {LeaderOf},
	ContestFlag:  {Self, GuardianOf},
	IssueCards:   {TeacherOf},
	SeeFlex:      {StaffOf, CounselorOf, LeaderOf, AdministratorOf},
	OfferFlex:    {StaffOf, CounselorOf, LeaderOf},
	RunFlex:      {CounselorOf, LeaderOf, AdministratorOf},
	ReadSchool:   {LeaderOf, AdministratorOf},
	ReadDistrict: {LeaderOf, AdministratorOf},
	Import:       {AdministratorOf},
	ManageModel:  {AdministratorOf},
	RunStudies:   {AdministratorOf},
	ManageRules:  {AdministratorOf},
	SchoolRules:  {LeaderOf, AdministratorOf},
	ManagePeople: {AdministratorOf},
	SeeAccounts:  {AdministratorOf, SupportOf},
	ReadAudit:    {AdministratorOf, AuditorOf},
	KeepRecords:  {AdministratorOf},
}

// Allowed reports whether one of the relations allows the action, and which.
func Allowed(action Action, relations []Relation) (Relation, bool) {
	for _, r := range rules[action] {
		if slices.Contains(relations, r) {
			return r, true
		}
	}
	return "", false
}

// Relations tells what an actor is to others, from the roster as it is now. An
// unknown id gives no relations.
type Relations interface {
	ToStudent(ctx context.Context, a Actor, student roster.PersonID) ([]Relation, error)
	ToClass(ctx context.Context, a Actor, class roster.ClassID) ([]Relation, error)
	ToSchool(ctx context.Context, a Actor, school roster.OrgID) ([]Relation, error)
	ToTeam(ctx context.Context, a Actor, t team.ID) ([]Relation, error)
	ToDistrict(ctx context.Context, a Actor) ([]Relation, error)
}

// Access is one look into a child's record by somebody else.
type Access struct {
	At       time.Time
	District roster.DistrictID
	Actor    roster.PersonID
	Name     string // of the actor, when shown
	Relation Relation
	Student  roster.PersonID
	What     Action
}

// Log keeps who looked at whose record.
type Log interface {
	RecordAccess(ctx context.Context, a Access) error
	RecordDeed(ctx context.Context, d Deed) error
}

// Door is the one way to a record.
type Door struct {
	Relations Relations
	Log       Log
	Now       func() time.Time
	Pace      *Pace // how many records one person may open; nil for any number
}

// denied hides whether the record exists at all.
func denied() error {
	return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
}

var errSignIn = fault.New(fault.Unauthenticated, "Please sign in first.")

// Student lets the actor do something with one student's record, or says why not.
// It writes the access down unless the record is the actor's own.
func (d Door) Student(ctx context.Context, a Actor, action Action, student roster.PersonID) error {
	if a.Person == "" {
		return errSignIn
	}
	rel, err := d.Relations.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	by, ok := Allowed(action, rel)
	if !ok {
		return denied()
	}
	if by == Self {
		return nil
	}
	if ok, first := d.Pace.take(a, student, d.Now()); !ok {
		if first {
			if err := d.Log.RecordDeed(context.WithoutCancel(ctx), Deed{District: a.District, Actor: a.Person, What: ManyRecords, On: string(a.Person)}); err != nil {
				return err
			}
		}
		return d.Pace.refusal(a)
	}
	return d.Log.RecordAccess(ctx, Access{At: d.Now(), District: a.District, Actor: a.Person, Relation: by, Student: student, What: action})
}

// Class lets the actor do something with a class, or says why not.
func (d Door) Class(ctx context.Context, a Actor, action Action, class roster.ClassID) error {
	return pass(a, action, func() ([]Relation, error) { return d.Relations.ToClass(ctx, a, class) })
}

// School lets the actor do something with a school, or says why not.
func (d Door) School(ctx context.Context, a Actor, action Action, school roster.OrgID) error {
	return pass(a, action, func() ([]Relation, error) { return d.Relations.ToSchool(ctx, a, school) })
}

// Team lets the actor do something with a team of teachers, or says why not.
func (d Door) Team(ctx context.Context, a Actor, action Action, t team.ID) error {
	return pass(a, action, func() ([]Relation, error) { return d.Relations.ToTeam(ctx, a, t) })
}

// District lets the actor do something with the district as a whole, or says why not.
func (d Door) District(ctx context.Context, a Actor, action Action) error {
	return pass(a, action, func() ([]Relation, error) { return d.Relations.ToDistrict(ctx, a) })
}

// pass denies an action that no relation allows.
func pass(a Actor, action Action, relations func() ([]Relation, error)) error {
	if a.Person == "" {
		return errSignIn
	}
	rel, err := relations()
	if err != nil {
		return err
	}
	if _, ok := Allowed(action, rel); !ok {
		return denied()
	}
	return nil
}

// Account is a person who may sign in.
type Account struct {
	District roster.DistrictID
	Person   roster.PersonID
	Hash     string // of the secret, where asked for
}
