package web

import (
	"net/http"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
)

// importView is one import: what it found, what it would change or has changed,
// and what may be done with it.
type importView struct {
	Run      intake.Summary
	Refused  string // why the file was refused; nothing of it is kept then
	Kind     string
	State    string
	Who      string
	Stats    []statView
	Tables   []tableView
	Problems []fault.Problem
	More     string // how many problems are not kept
	Errors   formErrors

	CanApply, CanDiscard, CanUndo bool
	Apply                         string // the button's words
}

type statView struct {
	Label, Value string
	Look         bool
}

type tableView struct {
	Name                        string
	Added, Changed, Ended, Same string
	Rows                        []changeRow
	More                        string // what the samples leave out
}

// changeRow is one field of one record that changes.
type changeRow struct {
	What, Name, ID       string
	Line                 int
	Field, Before, After string
}

func (s *Server) run(r *http.Request, a guard.Actor) (intake.Summary, error) {
	return s.Intake.Run(r.Context(), a.District, intake.RunID(r.PathValue("run")))
}

func (s *Server) showImport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderImport(w, r, a, http.StatusOK, formErrors{})
}

func (s *Server) renderImport(w http.ResponseWriter, r *http.Request, a guard.Actor, code int, errs formErrors) error {
	run, err := s.run(r, a)
	if err != nil {
		return err
	}
	v, err := s.newImportView(r, a, run)
	if err != nil {
		return err
	}
	v.Errors = errs
	return s.render(w, r, a, code, "import", v)
}

func (s *Server) newImportView(r *http.Request, a guard.Actor, run intake.Summary) (importView, error) {
	v := importView{Run: run, Kind: kindWords(run.Kind), State: stateWords(run.State), Problems: run.Problems}
	var err error
	if v.Who, err = s.namer(r, a)(run.Actor); err != nil {
		return v, err
	}
	tense := map[bool][3]string{false: {"New", "Changed", "Would end"}, true: {"New", "Changed", "Ended"}}[run.State == intake.Applied || run.State == intake.Undone]
	v.Stats = []statView{
		{"Rows we can use", count(run.Good), false}, {tense[0], count(run.Added), false}, {tense[1], count(run.Changed), false},
		{"Same as before", count(run.Same), false}, {tense[2], count(run.Ended), run.NeedsDecision != ""}, {"Left out", count(run.Skipped), false},
		{"Rows with problems", count(run.Bad), run.Bad > 0},
	}
	if run.ProblemsLeftOut > 0 {
		v.More = plainCount(run.ProblemsLeftOut, "more problem is", "more problems are") + " not listed."
	}
	changes := run.Added + run.Changed + run.Ended
	for _, t := range run.Tables {
		if t.Added+t.Changed+t.Ended+t.Same == 0 {
			continue
		}
		v.Tables = append(v.Tables, newTableView(t))
	}
	if run.Run == "" {
		return v, nil
	}
	switch run.State {
	case intake.Staged:
		v.CanDiscard, v.CanApply = true, changes > 0
		v.Apply = "Apply " + plainCount(changes, "change", "changes")
	case intake.Applied:
		last, err := s.lastApplied(r, a)
		if err != nil {
			return v, err
		}
		v.CanUndo = last == run.Run
	}
	return v, nil
}

// lastApplied returns the latest applied import, the only one that can be undone.
func (s *Server) lastApplied(r *http.Request, a guard.Actor) (intake.RunID, error) {
	runs, err := s.Intake.Runs(r.Context(), a.District, 1000)
	if err != nil {
		return "", err
	}
	var last intake.Summary
	for _, run := range runs {
		if run.State == intake.Applied && (last.Run == "" || run.Finished.After(last.Finished)) {
			last = run
		}
	}
	return last.Run, nil
}

func newTableView(t intake.TableDiff) tableView {
	v := tableView{Name: tableWords(t.Name), Added: count(t.Added), Changed: count(t.Changed), Ended: count(t.Ended), Same: count(t.Same)}
	for _, c := range t.Samples {
		row := changeRow{What: c.What, Name: c.Name, ID: c.ID, Line: c.Line}
		if row.Name == row.ID {
			row.Name = "" // a record without a name of its own
		}
		if len(c.Fields) == 0 {
			v.Rows = append(v.Rows, row)
		}
		for _, f := range c.Fields {
			row.Field, row.Before, row.After = strings.ReplaceAll(f.Field, "_", " "), f.Before, f.After
			v.Rows = append(v.Rows, row)
		}
	}
	if left := t.Added + t.Changed + t.Ended - len(t.Samples); left > 0 && len(t.Samples) > 0 {
		v.More = "and " + count(left) + " more"
	}
	return v
}

// tableWords names a kind of record for people.
func tableWords(name string) string {
	words := map[string]string{"org": "Schools and offices", "term": "Terms", "course": "Courses", "class": "Classes", "person": "People",
		"person_alias": "Second ids of people", "role": "Roles", "guardian": "Guardians", "enrollment": "Enrollments", "demographics": "Demographics",
		"profile_account": "Accounts elsewhere", "category": "Gradebook categories", "line_item": "Gradebook columns", "result": "Gradebook results",
		"framework": "Frameworks", "competency": "Competencies", "competency_edge": "Links between competencies", "material": "Materials", "evidence": "Evidence"}
	if w := words[name]; w != "" {
		return w
	}
	return upperFirst(strings.ReplaceAll(name, "_", " "))
}

// downloadProblems writes the problems that a run kept, for a spreadsheet.
func (s *Server) downloadProblems(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	run, err := s.run(r, a)
	if err != nil {
		return err
	}
	rows := [][]string{{"file", "line", "field", "value", "problem", "cure", "code"}}
	for _, p := range run.Problems {
		line := ""
		if p.Line > 0 {
			line = strconv.Itoa(p.Line)
		}
		rows = append(rows, []string{p.File, line, p.Field, p.Value, p.Message, p.Cure, p.Code})
	}
	return writeCSV(w, r, "problems.csv", rows)
}

// applyImport applies a checked run. What it would end in numbers a person must have
// seen and agreed to.
func (s *Server) applyImport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	r = s.unhurried(w, r)
	_, err := s.Intake.Apply(r.Context(), a.District, intake.RunID(r.PathValue("run")), r.PostForm.Get("decided") == "yes")
	if fault.KindOf(err) == fault.Decision {
		return s.renderImport(w, r, a, http.StatusUnprocessableEntity, formErrors{Summary: "Please decide first.",
			Fields: []fieldError{{"decided", fault.Sentence(err) + " Tick the box if that is right, or discard the file."}}})
	}
	return s.acted(w, r, a, err, "applied")
}

// undoImport undoes the latest applied run, once the person has said that they mean it.
func (s *Server) undoImport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if r.PostForm.Get("sure") != "yes" {
		return s.renderImport(w, r, a, http.StatusUnprocessableEntity, formErrors{Summary: "Please say that you are sure.",
			Fields: []fieldError{{"sure", "Tick the box to undo this import."}}})
	}
	r = s.unhurried(w, r)
	_, err := s.Intake.Undo(r.Context(), a.District, intake.RunID(r.PathValue("run")))
	return s.acted(w, r, a, err, "undone")
}

func (s *Server) discardImport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	run, err := s.run(r, a)
	if err != nil {
		return err
	}
	if run.State != intake.Staged {
		return s.acted(w, r, a, fault.New(fault.Conflict, "This import is not waiting any more."), "")
	}
	if err := s.Intake.Discard(r.Context(), a.District, run.Run); err != nil {
		return s.acted(w, r, a, err, "")
	}
	return seeOther(w, r, "/admin/imports", "discarded")
}

// acted leads back to the run's page, or says there why nothing was done.
func (s *Server) acted(w http.ResponseWriter, r *http.Request, a guard.Actor, err error, notice string) error {
	if fault.KindOf(err) == fault.Conflict {
		return s.renderImport(w, r, a, http.StatusConflict, faultErrors(err))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/admin/imports/"+r.PathValue("run"), notice)
}
