package web

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/plan"
	"waymark/internal/roster"
)

// rightsView is what a family may see, allow, take away and ask to be corrected.
type rightsView struct {
	Student     roster.Person
	Own         bool
	Back        string
	Purposes    []purposeView
	MayDecide   bool // about purposes; a student may once grown
	MayCorrect  bool
	Corrections []correctionView
	Emergencies []emergencyView
	Errors      formErrors
	What, Text  string
}

// purposeView is one purpose that may be refused.
type purposeView struct {
	Purpose guard.Purpose
	Title   string
	Says    string // what is done
	Without string // what is there instead
	Given   bool
	By      string // who said so, if anybody has
	At      time.Time
	Note    string
}

type correctionView struct {
	guard.Correction
	By, AnsweredByName string
	Mine               bool
	Href               string
	Student            string // whose record, where that is not plain
}

type emergencyView struct {
	guard.Emergency
	By, Student string
}

// consentWords are what purposes are called, what is done for them and what is there without them.
var consentWords = map[guard.Purpose][3]string{
	guard.Estimates: {"Working out what comes next", "From what was shown so far, Waymark works out what a student can do and may be ready for, and proposes next steps to the student and to teachers by it.",
		"Nothing is worked out, and what was is taken away. The path, choices, goals, talks, checks and what teachers write down stay; teachers say what comes next."},
	guard.Studies: {"Studies of what helps", "The district asks whether something that schools do helps, and compares groups of students by what they showed. Nobody is named in it.",
		"The record is left out of every question that is asked from now on."},
	guard.Products: {"What other companies' programs tell", "Some schools learn with programs of other companies, and these tell how long a student used them and how many lessons were done. The school keeps that, to see whether they help.",
		"What they told is taken away, and nothing they tell is kept. The programs themselves are not ours: talk with the school if a student should not use one."},
}

func (s *Server) showRights(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.answerRights(w, r, a, rightsView{}, nil)
}

func (s *Server) answerRights(w http.ResponseWriter, r *http.Request, a guard.Actor, v rightsView, wrong error) error {
	ctx, d, student := r.Context(), a.District, studentID(r)
	var err error
	if v.Student, err = s.Store.Person(ctx, d, student); err != nil {
		return err
	}
	v.Own, v.Back = student == a.Person, recordHref(student)
	if !v.Own && a.Has(roster.Guardian) {
		v.Back = "/family"
	}
	rel, err := s.Store.ToStudent(ctx, a, student)
	if err != nil {
		return err
	}
	if _, v.MayDecide, err = s.mayConsent(r, a, student, rel); err != nil {
		return err
	}
	_, v.MayCorrect = guard.Allowed(guard.Correct, rel)
	names := s.namesOf(ctx, d)
	said, err := s.Store.Consents(ctx, d, student)
	if err != nil {
		return err
	}
	for _, p := range guard.Purposes {
		words := consentWords[p]
		x := purposeView{Purpose: p, Title: words[0], Says: words[1], Without: words[2], Given: !guard.Refused(said, p)}
		if i := slices.IndexFunc(said, func(c guard.Consent) bool { return c.Purpose == p && c.Ended.IsZero() }); i >= 0 {
			if x.By, err = names(said[i].Author); err != nil {
				return err
			}
			x.By, x.At, x.Note = x.By+", "+relationWords(said[i].Party), said[i].At, said[i].Note
		}
		v.Purposes = append(v.Purposes, x)
	}
	all, err := s.Store.Corrections(ctx, d, student)
	if err != nil {
		return err
	}
	if v.Corrections, err = correctionViews(all, a, names); err != nil {
		return err
	}
	opened, err := s.Store.Emergencies(ctx, d, student)
	if err != nil {
		return err
	}
	if v.Emergencies, err = emergencyViews(opened, names); err != nil {
		return err
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "rights", v)
}

func correctionViews(all []guard.Correction, a guard.Actor, names func(roster.PersonID) (string, error)) (out []correctionView, err error) {
	for _, c := range all {
		x := correctionView{Correction: c, Mine: c.Author == a.Person, Href: recordHref(c.Student) + "/rights/corrections/" + urlPath(c.ID)}
		if x.By, err = names(c.Author); err != nil {
			return nil, err
		}
		if x.Student, err = names(c.Student); err != nil {
			return nil, err
		}
		if x.AnsweredBy != "" {
			if x.AnsweredByName, err = names(c.AnsweredBy); err != nil {
				return nil, err
			}
		}
		out = append(out, x)
	}
	return out, nil
}

func emergencyViews(all []guard.Emergency, names func(roster.PersonID) (string, error)) (out []emergencyView, err error) {
	for _, e := range all {
		x := emergencyView{Emergency: e}
		if x.By, err = names(e.Actor); err != nil {
			return nil, err
		}
		if x.Student, err = names(e.Student); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// mayConsent reports whether an actor decides about purposes, and as what: the family, the school for a
// paper that the family has signed, and a student of age.
func (s *Server) mayConsent(r *http.Request, a guard.Actor, student roster.PersonID, rel []guard.Relation) (by guard.Relation, ok bool, err error) {
	if by, ok = guard.Allowed(guard.Consents, rel); by != guard.Self {
		return by, ok, nil
	}
	births, err := s.Store.Births(r.Context(), a.District, []roster.PersonID{student})
	born := births[student].Time()
	return by, err == nil && !born.IsZero() && !born.AddDate(plan.Adult, 0, 0).After(s.Now()), err
}

func (s *Server) setConsent(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	student := studentID(r)
	rel, err := s.Store.ToStudent(r.Context(), a, student)
	if err != nil {
		return err
	}
	party, ok, err := s.mayConsent(r, a, student, rel)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "Your parents or guardians decide about this until you are %d.", plan.Adult)
	}
	if err != nil {
		return err
	}
	c := guard.Consent{Student: student, Purpose: guard.Purpose(r.PostForm.Get("purpose")), Given: r.PostForm.Get("given") == "yes", Author: a.Person, Party: party, Note: strings.TrimSpace(r.PostForm.Get("note"))}
	switch {
	case !slices.Contains(guard.Purposes, c.Purpose):
		return s.answerRights(w, r, a, rightsView{}, fault.New(fault.Invalid, "Choose what this is about."))
	case c.Party == guard.LeaderOf && c.Note == "":
		return s.answerRights(w, r, a, rightsView{}, fault.Field("note-"+string(c.Purpose), "Say how the family told you, such as: paper of October 3, signed by the mother."))
	case len(c.Note) > 200:
		return s.answerRights(w, r, a, rightsView{}, fault.Field("note-"+string(c.Purpose), "Use at most 200 letters."))
	}
	if err := s.Store.SetConsent(r.Context(), a.District, c); err != nil {
		return err
	}
	return seeOther(w, r, recordHref(student)+"/rights", "settings")
}

func (s *Server) askCorrection(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v := rightsView{What: strings.TrimSpace(r.PostForm.Get("what")), Text: strings.TrimSpace(r.PostForm.Get("text"))}
	err := guard.CheckText("what", v.What, "Say which part of the record it is, such as: the check of October 3.")
	if err == nil {
		err = guard.CheckText("text", v.Text, "Say what is not right, and how it should be.")
	}
	if err != nil {
		return s.answerRights(w, r, a, v, err)
	}
	rel, err := s.Store.ToStudent(r.Context(), a, studentID(r))
	if err != nil {
		return err
	}
	party, _ := guard.Allowed(guard.Correct, rel)
	if err := s.Store.AskCorrection(r.Context(), a.District, guard.Correction{Student: studentID(r), What: v.What, Text: v.Text, Author: a.Person, Party: party}); err != nil {
		return err
	}
	return seeOther(w, r, recordHref(studentID(r))+"/rights", "said")
}

// closeCorrection takes back what was asked, or puts a statement beside what was kept as it is.
func (s *Server) closeCorrection(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	var err error
	if statement := strings.TrimSpace(r.PostForm.Get("statement")); statement != "" {
		if err := guard.CheckText("statement", statement, ""); err != nil {
			return s.answerRights(w, r, a, rightsView{}, err)
		}
		err = s.Store.StateBeside(r.Context(), a.District, studentID(r), r.PathValue("correction"), statement)
	} else {
		err = s.Store.AnswerCorrection(r.Context(), a.District, studentID(r), r.PathValue("correction"), guard.Withdrawn, "", a.Person)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, recordHref(studentID(r))+"/rights", "said")
}

// takeRecord gives all that is held of a student as a file, to whoever may have it.
func (s *Server) takeRecord(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	p, err := s.Store.Person(r.Context(), a.District, studentID(r))
	if err != nil {
		return err
	}
	parts, err := s.Store.RecordOf(r.Context(), a.District, p.ID)
	if err != nil {
		return err
	}
	voice, leader, err := s.voice(r.Context(), a, p.ID)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := guard.WriteRecord(&b, p, guard.Readable(parts, a.Person, voice, leader), s.Now()); err != nil {
		return err
	}
	return sendFile(w, "record.zip", &b)
}

func sendFile(w http.ResponseWriter, name string, file io.Reader) error {
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := io.Copy(w, file)
	return err
}
