package web

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

// rubricMost is the top level of the quick rubric, and maxNote the length of a note in
// characters.
const (
	rubricMost = 4
	maxNote    = 500
)

// rubricWords says a level to a teacher.
func rubricWords(level int) string {
	return [...]string{"", "just starting", "growing", "can do", "can do and explain"}[level]
}

type observeView struct {
	District roster.DistrictID
	Class    roster.Class
	Key      string // of this form: the same key is the same observation
	Fix      bool   // what was saved under the key is being corrected
	Now      []observeChoice
	Also     []observeChoice
	Other    string
	Levels   []observeLevel
	Wanted   []observeRow
	Rest     []observeRow
	Note     string
	Date     string
	Today    string
	Errors   formErrors
	FixHref  string // leads back to what was just saved
}

type observeChoice struct {
	Competency competency.Competency
	Chosen     bool
}

type observeLevel struct {
	N     int
	Words string
}

type observeRow struct {
	Person roster.Person
	Level  int // 0 for none
}

// Field is the name of a student's radio buttons.
func (o observeRow) Field() string { return "level:" + string(o.Person.ID) }

// Each returns the levels to choose from.
func (o observeRow) Each() []observeLevel { return rubric() }

func rubric() []observeLevel {
	out := make([]observeLevel, rubricMost)
	for i := range out {
		out[i] = observeLevel{i + 1, rubricWords(i + 1)}
	}
	return out
}

// observed is what an observation form says.
type observed struct {
	key        string
	fix        bool
	competency competency.ID
	other      string
	levels     map[roster.PersonID]int
	note       string
	date       string
}

// serveObserve shows the quick form: one competency, a level for each student who was
// seen. With fix it shows again what was saved under a key, to be corrected.
func (s *Server) serveObserve(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, q := r.Context(), r.URL.Query()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	o := observed{competency: competency.ID(q.Get("competency")), levels: map[roster.PersonID]int{}, date: s.Now().Format(time.DateOnly)}
	wanted := strings.Split(q.Get("students"), ",")
	saved := q.Get("saved")
	if q.Get("fix") == "1" && validKey(saved) {
		o.fix, o.key = true, saved
		if err := s.reopen(ctx, a, work, &o, wanted, strings.Split(q.Get("pieces"), ",")); err != nil {
			return err
		}
	} else if o.key, err = s.newKey(); err != nil {
		return err
	}
	v := s.observeForm(a, work, o, wanted)
	if saved != "" && !o.fix {
		// After saving, the form is fresh; the way back to what was saved is kept.
		v.FixHref = fixHref(class.ID, q)
	}
	return s.render(w, r, a, http.StatusOK, "observe", v)
}

func fixHref(class roster.ClassID, q url.Values) string {
	q = url.Values{"fix": {"1"}, "saved": q["saved"], "competency": q["competency"], "students": q["students"], "pieces": q["pieces"]}
	return classPath(class) + "/observe?" + q.Encode()
}

// reopen reads again what the actor saved: the named pieces of the class's students.
func (s *Server) reopen(ctx context.Context, a guard.Actor, work classWork, o *observed, students, ids []string) error {
	for _, l := range work.learners {
		if !slices.Contains(students, string(l.Person.ID)) {
			continue
		}
		pieces, err := s.Store.Pieces(ctx, a.District, l.Person.ID, o.competency)
		if err != nil {
			return err
		}
		for _, p := range pieces {
			if p.Actor == a.Person && p.Class == work.class.ID && p.Kind == evidence.Observation && p.Max == rubricMost && slices.Contains(ids, string(p.ID)) {
				o.levels[l.Person.ID] = int(p.Score)
				o.note, o.date = p.Note, p.At.In(s.Now().Location()).Format(time.DateOnly)
			}
		}
	}
	return nil
}

// observeForm arranges the form; students who are wanted, or have a level, come first.
func (s *Server) observeForm(a guard.Actor, work classWork, o observed, wanted []string) observeView {
	v := observeView{District: a.District, Class: work.class, Key: o.key, Fix: o.fix, Other: o.other, Note: o.note, Date: o.date, Today: s.Now().Format(time.DateOnly), Levels: rubric()}
	now := work.offered(s.Now(), gridMost)
	if c, ok := work.cat.Competencies[o.competency]; ok && c.Assessable && !slices.Contains(now, c.ID) {
		now = append([]competency.ID{c.ID}, now...)
	}
	listed := map[competency.ID]bool{}
	for _, id := range now {
		v.Now = append(v.Now, observeChoice{work.cat.Competencies[id], id == o.competency})
		listed[id] = true
	}
	for _, id := range slices.Concat(work.offered(s.Now(), allMost), work.curriculum(s.Now())) {
		if !listed[id] {
			v.Also = append(v.Also, observeChoice{Competency: work.cat.Competencies[id]})
			listed[id] = true
		}
	}
	for _, l := range work.learners {
		row := observeRow{l.Person, o.levels[l.Person.ID]}
		if row.Level > 0 || slices.Contains(wanted, string(l.Person.ID)) {
			v.Wanted = append(v.Wanted, row)
		} else {
			v.Rest = append(v.Rest, row)
		}
	}
	if len(v.Wanted) == 0 {
		v.Wanted, v.Rest = v.Rest, nil
	}
	return v
}

// choiceText is how a competency is written in the list to search in.
func choiceText(c competency.Competency) string {
	return strings.TrimSpace(c.Code + " " + c.InShort())
}

func (c observeChoice) Text() string { return choiceText(c.Competency) }

// newKey makes the key of a form.
func (s *Server) newKey() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "", fmt.Errorf("draw key: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// validKey reports whether a key is one that a form of ours may carry.
func validKey(key string) bool {
	return len(key) >= 16 && len(key) <= 64 && !strings.ContainsFunc(key, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
	})
}

// readObserved reads a sent form. What it returns is usable for showing the form again
// also if there is an error.
func (s *Server) readObserved(r *http.Request, work classWork) (observed, error) {
	o := observed{key: r.PostForm.Get("key"), fix: r.PostForm.Get("fix") == "1", competency: competency.ID(r.PostForm.Get("competency")),
		other: strings.TrimSpace(r.PostForm.Get("other")), levels: map[roster.PersonID]int{}, note: strings.TrimSpace(r.PostForm.Get("note")),
		date: cmp.Or(r.PostForm.Get("date"), s.Now().Format(time.DateOnly))}
	enrolled := map[roster.PersonID]bool{}
	for _, l := range work.learners {
		enrolled[l.Person.ID] = true
	}
	for name, values := range r.PostForm {
		id, ok := strings.CutPrefix(name, "level:")
		if !ok || values[0] == "" {
			continue
		}
		if !enrolled[roster.PersonID(id)] {
			return o, fault.Field("students", "One of these students is not in this class any more. Nothing was saved.")
		}
		n, err := strconv.Atoi(values[0])
		if err != nil || n < 1 || n > rubricMost {
			return o, fault.Field("students", "A level is a number from 1 to %d.", rubricMost)
		}
		o.levels[roster.PersonID(id)] = n
	}
	switch {
	case !validKey(o.key):
		return o, fault.Field("key", "This form cannot be saved. Please open it again.")
	case len(o.levels) == 0:
		return o, fault.Field("students", "Choose a level for at least one student.")
	case utf8.RuneCountInString(o.note) > maxNote:
		return o, fault.Field("note", "Please use at most %d characters.", maxNote)
	}
	if o.other != "" {
		o.competency = ""
		for _, id := range work.cat.Order {
			c := work.cat.Competencies[id]
			if c.Assessable && (strings.EqualFold(o.other, choiceText(c)) || strings.EqualFold(o.other, c.Code)) {
				o.competency = id
				break
			}
		}
		if o.competency == "" {
			return o, fault.Field("other", "No competency is called %q. Choose one from the list, or write its code.", o.other)
		}
	}
	if c, ok := work.cat.Competencies[o.competency]; !ok || !c.Assessable {
		return o, fault.Field("competency", "Choose what you saw.")
	}
	return o, nil
}

// at returns the moment of work on a day: noon, which is the same day everywhere that
// the school can be read from.
func (s *Server) at(day string) (time.Time, error) {
	here := s.Now().Location()
	t, err := time.ParseInLocation(time.DateOnly, day, here)
	if err != nil {
		return t, fault.Field("date", "Choose a date, like %s.", s.Now().Format(time.DateOnly))
	}
	if day > s.Now().Format(time.DateOnly) {
		return t, fault.Field("date", "This day lies in the future.")
	}
	return t.Add(12 * time.Hour), nil
}

// saveObservation writes a level for each chosen student. The same key again writes
// nothing if it says the same, and a correction if it does not. A script is answered
// in JSON, with the key in X-Saved or, if the form can never be saved, in X-Refused.
func (s *Server) saveObservation(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	if u := r.Header.Get("X-User"); u != "" && u != string(a.Person) {
		return fault.New(fault.Conflict, "Somebody else is signed in here now. Sign in again to save this.")
	}
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	script := wantsFragment(r) || strings.Contains(r.Header.Get("Accept"), "application/json")
	o, err := s.readObserved(r, work)
	var recorded []savedPiece
	if err == nil {
		recorded, err = s.record(ctx, a, work, o)
	}
	switch {
	case err != nil && fault.KindOf(err) != fault.Invalid:
		return err
	case err != nil && script:
		if validKey(o.key) {
			w.Header().Set("X-Refused", o.key)
		}
		return writeJSON(w, http.StatusUnprocessableEntity, observeAnswer{Message: fault.Sentence(err), Field: fault.FieldOf(err)})
	case err != nil:
		v := s.observeForm(a, work, o, nil)
		v.Errors = faultErrors(err)
		return s.render(w, r, a, http.StatusUnprocessableEntity, "observe", v)
	}
	q := url.Values{"saved": {o.key}, "competency": {string(o.competency)}, "students": {""}, "pieces": {""}}
	var students, pieces []string
	for _, p := range recorded {
		students, pieces = append(students, string(p.student)), append(pieces, string(p.id))
	}
	q.Set("students", strings.Join(students, ","))
	q.Set("pieces", strings.Join(pieces, ","))
	w.Header().Set("X-Saved", o.key)
	if script {
		return writeJSON(w, http.StatusOK, observeAnswer{Saved: o.key, Students: len(recorded), Fix: fixHref(class.ID, q)})
	}
	return seeOther(w, r, classPath(class.ID)+"/observe?"+q.Encode(), "observed")
}

// observeAnswer is what a script hears.
type observeAnswer struct {
	Saved    string `json:"saved,omitempty"` // the form's key
	Students int    `json:"students,omitempty"`
	Fix      string `json:"fix,omitempty"` // where what was saved can be corrected
	Message  string `json:"message,omitempty"`
	Field    string `json:"field,omitempty"`
}

func writeJSON(w http.ResponseWriter, code int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, err = w.Write(b)
	return err
}

type savedPiece struct {
	student roster.PersonID
	id      evidence.ID
}

// record writes the pieces of a form. Their keys hold the actor and the class, so that
// nobody can correct what somebody else saw.
func (s *Server) record(ctx context.Context, a guard.Actor, work classWork, o observed) ([]savedPiece, error) {
	at, err := s.at(o.date)
	if err != nil {
		return nil, err
	}
	var pieces []evidence.Piece
	for _, l := range work.learners {
		n := o.levels[l.Person.ID]
		if n == 0 {
			continue
		}
		pieces = append(pieces, evidence.Piece{Student: l.Person.ID, Competency: o.competency, Kind: evidence.Observation, Score: float64(n), Max: rubricMost,
			Label: rubricWords(n), At: at, Source: "observation", Actor: a.Person, Class: work.class.ID, Note: o.note,
			Key: strings.Join([]string{"observation", string(a.Person), string(work.class.ID), o.key, string(l.Person.ID)}, "|")})
	}
	recorded, err := s.Recorder.Record(ctx, a.District, pieces)
	if err != nil {
		return nil, err
	}
	out := make([]savedPiece, len(recorded))
	for i, x := range recorded {
		out[i] = savedPiece{x.Piece.Student, x.Piece.ID}
	}
	return out, nil
}
