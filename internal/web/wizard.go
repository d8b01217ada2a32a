package web

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/tabular"
)

// mappingStartView is the wizard's first page.
type mappingStartView struct {
	Errors    formErrors
	Encodings []choiceOption
	HeaderRow string
	NoHeader  bool
}

func (s *Server) showMappingStart(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.render(w, r, a, http.StatusOK, "mapping", mappingStartView{Encodings: encodingOptions("")})
}

// keepForMapping takes the file and leads to its columns.
func (s *Server) keepForMapping(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	dir, err := s.uploads.folder()
	if err != nil {
		return err
	}
	r = s.unhurried(w, r)
	form, err := receive(w, r, dir)
	defer form.close()
	var opt tabular.Options
	if err == nil {
		opt, err = checkTable(form)
	}
	if err != nil {
		errs, ok := formFault("file", err)
		if !ok {
			return err
		}
		return s.render(w, r, a, http.StatusUnprocessableEntity, "mapping", mappingStartView{Errors: errs,
			Encodings: encodingOptions(form.values.Get("encoding")), HeaderRow: form.values.Get("header"), NoHeader: form.values.Get("noheader") != ""})
	}
	token, err := s.uploads.keep(s.Now(), s.Random, a, form, opt)
	if err != nil {
		return err
	}
	return seeOther(w, r, "/admin/imports/mapping/files/"+token, "")
}

// checkTable reports whether the file is a table that can be read at all.
func checkTable(form *received) (tabular.Options, error) {
	opt := tabular.Options{Encoding: form.values.Get("encoding"), NoHeader: form.values.Get("noheader") != ""}
	if text := strings.TrimSpace(form.values.Get("header")); text != "" && !opt.NoHeader {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return opt, fault.Field("header", "Write the number of the line with the column names, such as 1.")
		}
		opt.HeaderRow = n
	}
	if form.file == nil || form.size == 0 {
		return opt, fault.Field("file", "Choose a file that is not empty.")
	}
	if form.size > maxFile {
		return opt, fault.Field("file", "The file is larger than %d MB. Split it and import the parts one after the other.", maxFile>>20)
	}
	if _, err := form.file.Seek(0, 0); err != nil {
		return opt, err
	}
	_, rows, _, err := tabular.Preview(form.file, form.name, opt, 1)
	if err == nil && len(rows) == 0 {
		return opt, fault.Field("file", "The file has column names, but no row that we can read.")
	}
	return opt, err
}

// columnsView is the wizard's second page: what each column means, and what comes of it.
type columnsView struct {
	Token, File string
	Known       *knownMapping
	Header      []string
	Rows        [][]string
	Form        mappingForm
	Errors      formErrors
	Twice       string // said where dates can be read in two ways

	Kinds, Bys, CompetencyBys, Layouts            []choiceOption
	Students, Competencies, Items, Scores, Maxima []choiceOption
	Dates                                         []choiceOption

	Tried    bool
	Pieces   []pieceRow
	Problems []fault.Problem
}

// knownMapping is the mapping that comes with Waymark for files like this one.
type knownMapping struct{ Name, About string }

// pieceRow is a piece of evidence before it is one.
type pieceRow struct {
	Line                                 int
	Student, On, Item, Score, Label, Day string
}

// kept returns the path's file with its first rows.
func (s *Server) kept(r *http.Request, a guard.Actor) (upload, columnsView, error) {
	v := columnsView{Token: r.PathValue("upload")}
	up, err := s.uploads.find(s.Now(), v.Token, a)
	if err != nil {
		return up, v, err
	}
	v.File = up.name
	file, err := up.open()
	if err != nil {
		return up, v, err
	}
	defer file.Close()
	v.Header, v.Rows, _, err = tabular.Preview(file, up.name, up.options, trialRows)
	return up, v, err
}

func (s *Server) showColumns(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	_, v, err := s.kept(r, a)
	if err != nil {
		return err
	}
	v.Form = guessMapping(strings.TrimSuffix(v.File, filepath.Ext(v.File)), v.Header, v.Rows)
	return s.renderColumns(w, r, a, http.StatusOK, v)
}

func (s *Server) renderColumns(w http.ResponseWriter, r *http.Request, a guard.Actor, code int, v columnsView) error {
	shipped, err := tabular.Shipped()
	if err != nil {
		return err
	}
	if m, ok := tabular.Recognize(v.Header, shipped); ok {
		v.Known = &knownMapping{m.Name, m.About}
	}
	f := v.Form
	v.Kinds = choices(f.Kind, string(evidence.Task), "Marked work: a score for a task or quiz", string(evidence.Response), "Answers: one row for each question",
		string(evidence.Rubric), "Rubric levels", string(evidence.Test), "A test with its own scale")
	v.Bys = choices(f.By, "any", "whatever fits", "identifier", "the district's number", "username", "the user name", "email", "the e-mail address", "sourcedId", "the roster's sourcedId")
	v.CompetencyBys = choices(f.CompetencyBy, "code", "its code, such as 4.NF.1", "guid", "its CASE identifier", "name", "its name")
	for _, l := range dateLayouts {
		v.Layouts = append(v.Layouts, choiceOption{l[0], l[1], l[0] == f.Layout})
	}
	columns := func(none, selected string) []choiceOption {
		out := []choiceOption{{"", none, selected == ""}}
		for _, h := range v.Header {
			out = append(out, choiceOption{h, h, h == selected})
		}
		return out
	}
	v.Students = columns("Choose a column", f.Student)
	v.Competencies = columns("No column", f.Competency)
	v.Items = columns("No column", f.Item)
	v.Scores = columns("Choose a column", f.Score)
	v.Maxima = columns("No column", f.Max)
	v.Dates = columns("No column", f.Date)
	if fits := layoutsThatFit(column(v.Header, v.Rows, f.Date)); f.Date != "" && slices.Contains(fits, f.Layout) {
		for _, pair := range [][2]string{{"M/D/YYYY", "D/M/YYYY"}} {
			if slices.Contains(fits, pair[0]) && slices.Contains(fits, pair[1]) {
				v.Twice = "In the first rows, day and month could be either way round. Please make sure that the right one is chosen."
			}
		}
	}
	return s.render(w, r, a, code, "columns", v)
}

// mapped reads the form and tries its mapping on the first rows. The page says
// what is wrong if ok is false.
func (s *Server) mapped(w http.ResponseWriter, r *http.Request, a guard.Actor) (up upload, v columnsView, m tabular.Mapping, ok bool, err error) {
	if up, v, err = s.kept(r, a); err != nil {
		return up, v, m, false, err
	}
	v.Form = readMappingForm(r.PostForm)
	if m, v.Errors = v.Form.mapping(up.options); len(v.Errors.Fields) > 0 {
		return up, v, m, false, nil
	}
	file, err := up.open()
	if err != nil {
		return up, v, m, false, err
	}
	defer file.Close()
	t, err := try(m, file, up.name)
	if err != nil {
		errs, isFault := formFault("name", err)
		v.Errors = errs
		if !isFault {
			return up, v, m, false, err
		}
		return up, v, m, false, nil
	}
	v.Tried, v.Problems = true, t.Problems
	for _, d := range t.Drafts {
		v.Pieces = append(v.Pieces, newPieceRow(d))
	}
	return up, v, m, true, nil
}

func newPieceRow(d tabular.Draft) pieceRow {
	p := d.Piece
	row := pieceRow{Line: d.Line, Student: d.Student.Value, On: d.CompetencyRef, Item: p.Item, Label: p.Label, Day: p.At.Format("January 2, 2006")}
	if p.Scale != "" {
		row.On = strings.TrimSpace(p.Scale + " " + d.CompetencyRef)
	}
	row.Score = fmt.Sprintf("%g", p.Score)
	if p.Max > 0 {
		row.Score += fmt.Sprintf(" of %g", p.Max)
	}
	return row
}

// tryColumns shows what the first rows become.
func (s *Server) tryColumns(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	_, v, _, ok, err := s.mapped(w, r, a)
	if err != nil {
		return err
	}
	code := http.StatusOK
	if !ok {
		code = http.StatusUnprocessableEntity
	}
	return s.renderColumns(w, r, a, code, v)
}

// downloadMapping hands the mapping over as a file that the next import can use.
func (s *Server) downloadMapping(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	_, v, m, ok, err := s.mapped(w, r, a)
	if err != nil {
		return err
	}
	if !ok {
		return s.renderColumns(w, r, a, http.StatusUnprocessableEntity, v)
	}
	data, err := m.YAML()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(fileName(m.Name)))
	_, err = w.Write(data)
	return err
}

// fileName makes a name that every system can store a file under.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name)
	return strings.Trim(name, ". ") + ".yaml"
}

// importColumns checks the whole file with the mapping, or with the shipped one that
// the person chose instead.
func (s *Server) importColumns(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	r = s.unhurried(w, r)
	var up upload
	var v columnsView
	var m *tabular.Mapping
	var err error
	if name := r.PostFormValue("known"); name != "" {
		if up, v, err = s.kept(r, a); err != nil {
			return err
		}
		if m, err = chosenMapping(name, "", nil); err != nil {
			return err
		}
		v.Form = guessMapping(strings.TrimSuffix(v.File, filepath.Ext(v.File)), v.Header, v.Rows)
	} else {
		var own tabular.Mapping
		var ok bool
		if up, v, own, ok, err = s.mapped(w, r, a); err != nil {
			return err
		}
		if !ok {
			return s.renderColumns(w, r, a, http.StatusUnprocessableEntity, v)
		}
		m = &own
	}
	file, err := up.open()
	if err != nil {
		return err
	}
	defer file.Close()
	return s.check(w, r, a, intake.Job{District: a.District, Actor: a.Person, Kind: intake.Results, Name: up.name, File: file, Size: up.size, Mapping: m, Encoding: up.options.Encoding},
		func(err error) error {
			errs, ok := formFault("name", err)
			if !ok {
				return err
			}
			v.Errors = errs
			return s.renderColumns(w, r, a, http.StatusUnprocessableEntity, v)
		})
}
