package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/tabular"
)

// runsShown is how many imports the list goes back.
const runsShown = 50

// importsView is the list of imports with the form for the next.
type importsView struct {
	Errors    formErrors
	Kinds     []choiceOption
	Mappings  []choiceOption
	Encodings []choiceOption
	Runs      []runRow
}

// choiceOption is one entry of a form's choice.
type choiceOption struct {
	Value, Label string
	Chosen       bool
}

func choices(selected string, pairs ...string) []choiceOption {
	var out []choiceOption
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, choiceOption{pairs[i], pairs[i+1], pairs[i] == selected})
	}
	return out
}

// runRow is one import in the list.
type runRow struct {
	Run               intake.RunID
	File, Kind, State string
	Look              bool // waits for a person
	When              time.Time
	Who               string
	Counts            string
}

func (s *Server) showImports(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderImports(w, r, a, http.StatusOK, nil, formErrors{})
}

// renderImports shows the list; with a form that was wrong its choices stay.
func (s *Server) renderImports(w http.ResponseWriter, r *http.Request, a guard.Actor, code int, form *received, errs formErrors) error {
	get := func(string) string { return "" }
	if form != nil {
		get = form.values.Get
	}
	v := importsView{Errors: errs,
		Encodings: encodingOptions(get("encoding"))}
	for _, k := range intake.Kinds {
		v.Kinds = append(v.Kinds, choiceOption{string(k), kindWords(k), string(k) == get("kind")})
	}
	shipped, err := tabular.Shipped()
	if err != nil {
		return err
	}
	v.Mappings = []choiceOption{{"", "Find out from the column names", false}}
	for _, m := range shipped {
		v.Mappings = append(v.Mappings, choiceOption{m.Name, m.Name, m.Name == get("mapping")})
	}
	runs, err := s.Intake.Runs(r.Context(), a.District, runsShown)
	if err != nil {
		return err
	}
	who := s.namer(r, a)
	for _, run := range runs {
		name, err := who(run.Actor)
		if err != nil {
			return err
		}
		v.Runs = append(v.Runs, runRow{Run: run.Run, File: run.File, Kind: kindWords(run.Kind), State: stateWords(run.State),
			Look: run.State == intake.Staged, When: run.Started, Who: name, Counts: countWords(run)})
	}
	return s.render(w, r, a, code, "imports", v)
}

func encodingOptions(selected string) []choiceOption {
	return choices(selected, "", "Find out", "utf-8", "UTF-8", "windows-1252", "Windows (Western European)", "utf-16", "UTF-16")
}

// namer names people by their id, each looked up once.
func (s *Server) namer(r *http.Request, a guard.Actor) func(id string) (string, error) {
	known := map[string]string{"": "the command line"}
	return func(id string) (string, error) {
		if name, ok := known[id]; ok {
			return name, nil
		}
		p, err := s.Store.Person(r.Context(), a.District, roster.PersonID(id))
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return "", err
		}
		known[id] = p.Name()
		return known[id], nil
	}
}

// kindWords names a kind of file for people.
func kindWords(k intake.Kind) string {
	switch k {
	case intake.OneRoster:
		return "Roster (OneRoster zip)"
	case intake.CASE:
		return "Competencies (CASE JSON)"
	case intake.Materials:
		return "Materials (CSV)"
	case intake.Items:
		return "Questions for checks (CSV)"
	case intake.Results:
		return "Results (CSV or TSV)"
	case intake.Attended:
		return "Attendance (CSV)"
	case intake.Courses:
		return "How courses ended, virtual ones too (CSV)"
	case intake.Used:
		return "Use of products (CSV)"
	}
	return string(k)
}

// stateWords says how far a run has come.
func stateWords(s intake.State) string {
	switch s {
	case intake.Staged:
		return "waits for you"
	case intake.Applied:
		return "applied"
	case intake.Undone:
		return "undone"
	case intake.Refused:
		return "not applied"
	}
	return "being read"
}

// countWords says in short what a run found.
func countWords(s intake.Summary) string {
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{s.Added, "new"}, {s.Changed, "changed"}, {s.Ended, "ended"}, {s.Bad, "bad"}} {
		if c.n > 0 {
			parts = append(parts, count(c.n)+" "+c.word)
		}
	}
	if len(parts) == 0 {
		return "nothing new"
	}
	return strings.Join(parts, ", ")
}

// checkImport takes a file, checks it and shows what it would change.
func (s *Server) checkImport(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	r = s.unhurried(w, r)
	form, err := receive(w, r, "")
	defer form.close()
	if err != nil {
		return s.refuseForm(w, r, a, form, err)
	}
	job := intake.Job{District: a.District, Actor: a.Person, Kind: intake.Kind(form.values.Get("kind")), Name: form.name, Size: form.size, Encoding: form.values.Get("encoding")}
	if !slices.Contains(intake.Kinds, job.Kind) {
		return s.refuseForm(w, r, a, form, fault.Field("kind", "Choose what the file holds."))
	}
	switch {
	case form.file == nil || form.size == 0:
		return s.refuseForm(w, r, a, form, fault.Field("file", "Choose a file that is not empty."))
	case form.size > maxUpload(job.Kind):
		return s.refuseForm(w, r, a, form, fault.Field("file", "The file is larger than %d MB. Split it and import the parts one after the other.", maxUpload(job.Kind)>>20))
	}
	if job.Kind == intake.Results {
		if job.Mapping, err = chosenMapping(form.values.Get("mapping"), form.mapName, form.mapping); err != nil {
			return s.refuseForm(w, r, a, form, err)
		}
	}
	job.File = form.file
	return s.check(w, r, a, job, func(err error) error { return s.refuseForm(w, r, a, form, err) })
}

// check runs a job and leads to its page; a file that is refused is shown at once,
// since nothing is kept of it.
func (s *Server) check(w http.ResponseWriter, r *http.Request, a guard.Actor, job intake.Job, again func(error) error) error {
	sum, err := s.Intake.Check(r.Context(), job)
	switch {
	case err == nil:
		return seeOther(w, r, "/admin/imports/"+string(sum.Run), "")
	case fault.KindOf(err) == fault.Internal, fault.KindOf(err) == fault.Unavailable:
		return err
	case sum.State == intake.Refused:
		v, viewErr := s.newImportView(r, a, sum)
		if viewErr != nil {
			return viewErr
		}
		v.Run.Run, v.Refused = "", fault.Sentence(err)
		return s.render(w, r, a, http.StatusUnprocessableEntity, "import", v)
	}
	return again(err)
}

func (s *Server) refuseForm(w http.ResponseWriter, r *http.Request, a guard.Actor, form *received, err error) error {
	errs, ok := formFault("mapping", err)
	if !ok {
		return err
	}
	return s.renderImports(w, r, a, http.StatusUnprocessableEntity, form, errs)
}

// formFault turns what a person can put right into a form's errors; problems of a
// file come under the given field. ok is false for other errors.
func formFault(field string, err error) (_ formErrors, ok bool) {
	if p, is := errors.AsType[fault.Problem](err); is && fault.KindOf(err) == fault.Internal {
		return formErrors{Summary: "Please look at this again.", Fields: []fieldError{{field, p.Error()}}}, true
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Decision:
		return faultErrors(err), true
	}
	return formErrors{}, false
}

// chosenMapping returns an uploaded mapping, or a shipped one by name, or nil to find
// one by the file's header.
func chosenMapping(name, file string, yaml []byte) (*tabular.Mapping, error) {
	if len(yaml) > 0 {
		m, err := tabular.ParseMapping(file, yaml)
		return &m, err
	}
	if name == "" {
		return nil, nil
	}
	shipped, err := tabular.Shipped()
	if err != nil {
		return nil, err
	}
	for _, m := range shipped {
		if m.Name == name {
			return &m, nil
		}
	}
	return nil, fault.Field("mapping", "There is no mapping named %q.", name)
}

// plainCount is "1 row" or "2,345 rows".
func plainCount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", count(n), many)
}
