package web

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// keepingView is what a district does with its records: what it corrects, how long it keeps them, who
// took them away.
type keepingView struct {
	Corrections []correctionView
	Years       int
	Due         int // students whose record would be erased by the rule that holds
	Held        int
	Exports     []exportView
	Emergencies []emergencyView
	Because     string
	Errors      formErrors
}

type exportView struct {
	guard.ExportRequest
	By, AgreedByName     string
	Mine, Waits, MayTake bool
}

// mostYears bounds for how long a record may be kept after a student has left.
const mostYears = 99

// exportsShown is for how long a district's being taken away stays on the page.
const exportsShown = 365 * 24 * time.Hour

func (s *Server) showKeeping(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.answerKeeping(w, r, a, keepingView{}, nil)
}

func (s *Server) answerKeeping(w http.ResponseWriter, r *http.Request, a guard.Actor, v keepingView, wrong error) error {
	ctx, d := r.Context(), a.District
	names := s.namesOf(ctx, d)
	open, err := s.Store.OpenCorrections(ctx, d)
	if err != nil {
		return err
	}
	if v.Corrections, err = correctionViews(open, a, names); err != nil {
		return err
	}
	if v.Years, err = s.Store.KeepYears(ctx, d); err != nil {
		return err
	}
	if v.Years > 0 {
		gone, err := s.Store.LeftBefore(ctx, d, s.Now().AddDate(-v.Years, 0, 0))
		if err != nil {
			return err
		}
		v.Due = len(gone)
	}
	holds, err := s.Store.Holds(ctx, d)
	if err != nil {
		return err
	}
	v.Held = len(holds)
	asked, err := s.Store.ExportRequests(ctx, d, s.Now().Add(-exportsShown))
	if err != nil {
		return err
	}
	for _, x := range asked {
		e := exportView{ExportRequest: x, Mine: x.Author == a.Person, Waits: x.Open(s.Now()), MayTake: x.Takes(a.Person, s.Now()) == nil}
		if e.By, err = names(x.Author); err != nil {
			return err
		}
		if x.AgreedBy != "" {
			if e.AgreedByName, err = names(x.AgreedBy); err != nil {
				return err
			}
		}
		v.Exports = append(v.Exports, e)
	}
	opened, err := s.Store.EmergenciesSince(ctx, d, s.Now().Add(-exportsShown))
	if err != nil {
		return err
	}
	if v.Emergencies, err = emergencyViews(opened, names); err != nil {
		return err
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "keeping", v)
}

func (s *Server) answerCorrection(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	answer, reply := guard.CorrectionAnswer(r.PostForm.Get("answer")), strings.TrimSpace(r.PostForm.Get("reply"))
	err := guard.CheckText("reply-"+r.PathValue("correction"), reply, "Say in a sentence what you did, or why the record stays as it is.")
	if !slices.Contains([]guard.CorrectionAnswer{guard.Corrected, guard.KeptAsIs}, answer) {
		err = fault.New(fault.Invalid, "Say whether it is corrected or stays as it is.")
	}
	if err != nil {
		return s.answerKeeping(w, r, a, keepingView{}, err)
	}
	if err := s.Store.AnswerCorrection(r.Context(), a.District, studentID(r), r.PathValue("correction"), answer, reply, a.Person); err != nil {
		return err
	}
	return seeOther(w, r, "/admin/records", "decided")
}

func (s *Server) setKeepYears(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if _, _, err := s.changing(r, "/admin/records"); err != nil {
		return err
	}
	years, err := strconv.Atoi(strings.TrimSpace(r.PostForm.Get("years")))
	if err != nil || years < 0 || years > mostYears {
		return s.answerKeeping(w, r, a, keepingView{}, fault.Field("years", "Write a number of years from 1 to %d, or 0 to keep records for ever.", mostYears))
	}
	gone := []roster.PersonID(nil)
	if years > 0 {
		if gone, err = s.Store.LeftBefore(r.Context(), a.District, s.Now().AddDate(-years, 0, 0)); err != nil {
			return err
		}
	}
	if n := strconv.Itoa(len(gone)); len(gone) > 0 && r.PostForm.Get("erases") != n {
		return s.answerKeeping(w, r, a, keepingView{}, fault.Field("erases", "Within a day the records of %s students would be erased, for good. If that is meant, write %s here.", n, n))
	}
	if err := s.Store.SetKeepYears(r.Context(), a.District, years); err != nil {
		return err
	}
	return seeOther(w, r, "/admin/records", "settings")
}

func (s *Server) askExport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if _, _, err := s.changing(r, "/admin/records"); err != nil {
		return err
	}
	because := strings.TrimSpace(r.PostForm.Get("because"))
	if err := guard.CheckText("because", because, "Say what the file is for. Whoever has to agree reads it."); err != nil {
		return s.answerKeeping(w, r, a, keepingView{Because: because}, err)
	}
	if err := s.Store.AskExport(r.Context(), a.District, a.Person, because); err != nil {
		return err
	}
	return seeOther(w, r, "/admin/records", "said")
}

// decideExport agrees that a district is taken away, or refuses it.
func (s *Server) decideExport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if _, _, err := s.changing(r, "/admin/records"); err != nil {
		return err
	}
	id := r.PathValue("export")
	x, err := s.Store.ExportRequest(r.Context(), a.District, id)
	if err != nil {
		return err
	}
	switch {
	case r.PostForm.Get("agree") == "no":
		err = s.Store.CloseExport(r.Context(), a.District, id)
	case !x.Open(s.Now()):
		err = fault.New(fault.Conflict, "This was asked for too long ago, or is decided.")
	default:
		err = s.Store.AgreeExport(r.Context(), a.District, id, a.Person)
	}
	if err != nil {
		return s.answerKeeping(w, r, a, keepingView{}, err)
	}
	return seeOther(w, r, "/admin/records", "decided")
}

// takeDistrict gives the whole district as a file, once, to who asked for it and with whom another
// administrator agreed.
func (s *Server) takeDistrict(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if _, _, err := s.changing(r, "/admin/records"); err != nil {
		return err
	}
	x, err := s.Store.ExportRequest(r.Context(), a.District, r.PathValue("export"))
	if err != nil {
		return err
	}
	if err := x.Takes(a.Person, s.Now()); err != nil {
		return err
	}
	// It is written first, so that what could not be written may be asked for again, and not into
	// memory, which a large district would fill.
	file, err := os.CreateTemp("", "waymark-district-*.zip")
	if err != nil {
		return fmt.Errorf("write a district: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := s.Store.WriteArchive(r.Context(), a.District, file); err != nil {
		return err
	}
	if err := s.Store.CloseExport(r.Context(), a.District, x.ID); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read a district: %w", err)
	}
	return sendFile(w, "district.zip", file)
}

// openInEmergency opens a student's record to an administrator for an hour. The family sees who, when
// and why.
func (s *Server) openInEmergency(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, _, err := s.changingPerson(r, a)
	if err != nil {
		return err
	}
	because := strings.TrimSpace(r.PostForm.Get("because"))
	err = guard.CheckText("because", because, "Say why you must see this record now. The family reads it.")
	if !v.Student {
		err = fault.New(fault.Invalid, "This is no student.")
	}
	if err != nil {
		v.Errors = faultErrors(err)
		return s.render(w, r, a, http.StatusUnprocessableEntity, "person", v)
	}
	now := s.Now()
	if err := s.Store.BreakGlass(r.Context(), a.District, guard.Emergency{Student: v.Person.ID, Actor: a.Person, Because: because, At: now, Until: now.Add(guard.EmergencyFor)}); err != nil {
		return err
	}
	return seeOther(w, r, recordHref(v.Person.ID), "")
}

// appoint makes somebody an auditor or a helper with accounts, or no longer.
func (s *Server) appoint(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	v, _, err := s.changingPerson(r, a)
	if err != nil {
		return err
	}
	role := roster.Role(r.PostForm.Get("role"))
	switch {
	case role != roster.Auditor && role != roster.Support:
		err = fault.New(fault.Invalid, "Choose what this person is to do.")
	case v.Student:
		err = fault.New(fault.Invalid, "A student cannot be appointed to this.")
	case r.PostForm.Get("end") != "":
		err = s.Store.Dismiss(r.Context(), a.District, v.Person.ID, role)
	case !slices.Contains(v.Appointed, role):
		err = s.Store.Appoint(r.Context(), a.District, v.Person.ID, role, a.Person)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, personHref(v.Person.ID), "account")
}
