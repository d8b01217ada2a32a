package web

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

const (
	checksMost  = 50                  // that are looked through for a student or a class
	freshFor    = 56 * 24 * time.Hour // an item that was answered within is not asked again while there are others
	ownMost     = 12                  // questions of a check that a student asks for
	checksShown = 3                   // on the home page
)

// waitingCheck is a check that a student may begin or go on with.
type waitingCheck struct {
	Check    assess.CheckID   // to begin
	Sitting  assess.SittingID // to go on with; empty before
	Title    string           // what it is for
	About    []competency.Competency
	Most     int
	Answered int
	At       time.Time
}

// waiting returns the checks that wait for a student, latest first.
func (s *Server) waiting(ctx context.Context, d roster.DistrictID, p *pupil) ([]waitingCheck, error) {
	var classes []roster.ClassID
	for _, c := range p.Classes {
		classes = append(classes, c.ID)
	}
	given, err := s.Store.GivenChecks(ctx, d, classes, checksMost)
	if err != nil {
		return nil, err
	}
	sittings, err := s.Store.Sittings(ctx, d, p.Person.ID, checksMost)
	if err != nil {
		return nil, err
	}
	var out []waitingCheck
	sat := map[assess.CheckID]bool{}
	for _, t := range sittings {
		sat[t.Check] = true
		if t.Finished.IsZero() {
			out = append(out, waitingCheck{Sitting: t.ID, Title: t.Purpose.Words(), About: p.named(t.Form.Targets), Most: t.Form.Most, At: t.Started})
		}
	}
	for _, c := range given {
		if c.Closed.IsZero() && c.For(p.Person.ID) && !sat[c.ID] {
			out = append(out, waitingCheck{Check: c.ID, Title: c.Purpose.Words(), About: p.named(c.Competencies), Most: c.Most, At: c.At})
		}
	}
	return out, nil
}

// named returns those competencies that are in the catalogue.
func (p *pupil) named(ids []competency.ID) (out []competency.Competency) {
	for _, id := range ids {
		if c, ok := p.catalogue.Competencies[id]; ok {
			out = append(out, c)
		}
	}
	return out
}

// beginCheck begins a check that was given, or one that the student asks for on one
// competency, and goes to its first question.
func (s *Server) beginCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	p, err := s.pupil(ctx, a.District, a.Person)
	if err != nil {
		return err
	}
	t := assess.Sitting{Student: a.Person}
	wish := assess.Wish{}
	if id := assess.CheckID(r.PostForm.Get("check")); id != "" {
		c, err := s.givenTo(ctx, a, p, id)
		if err != nil {
			return err
		}
		t.Check, t.Class, t.Purpose = c.ID, c.Class, c.Purpose
		wish.Purpose, wish.Targets, wish.Most = c.Purpose, c.Competencies, c.Most
	} else {
		on := competency.ID(r.PostForm.Get("competency"))
		if c, ok := p.catalogue.Competencies[on]; !ok || !c.Assessable {
			return fault.New(fault.NotFound, "There is no such competency in the catalogue.")
		}
		going, err := s.ownCheck(ctx, a, on)
		if err != nil {
			return err
		}
		if going != "" {
			return seeOther(w, r, checkHref(going), "")
		}
		t.Purpose = assess.TestOut
		wish.Purpose, wish.Targets, wish.Most = assess.TestOut, []competency.ID{on}, ownMost
	}
	if t.Form, err = s.newForm(ctx, a, p, wish); err != nil {
		return err
	}
	if t, err = s.Store.BeginSitting(ctx, a.District, t); err != nil {
		return err
	}
	return seeOther(w, r, checkHref(t.ID), "")
}

func checkHref(id assess.SittingID) string { return "/me/checks/" + urlPath(string(id)) }

// givenTo returns a check that is open for a student.
func (s *Server) givenTo(ctx context.Context, a guard.Actor, p *pupil, id assess.CheckID) (assess.Check, error) {
	for _, class := range p.Classes {
		c, err := s.Store.GivenCheck(ctx, a.District, class.ID, id)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			continue
		case err != nil:
			return c, err
		case !c.Closed.IsZero():
			return c, fault.New(fault.Conflict, "Your teacher has closed this check.")
		case c.For(p.Person.ID):
			return c, nil
		}
	}
	return assess.Check{}, fault.New(fault.NotFound, "This check was not given to you.")
}

// ownCheck returns the student's own check on a competency that is under way.
func (s *Server) ownCheck(ctx context.Context, a guard.Actor, on competency.ID) (assess.SittingID, error) {
	list, err := s.Store.Sittings(ctx, a.District, a.Person, checksMost)
	if err != nil {
		return "", err
	}
	for _, t := range list {
		if t.Check == "" && t.Finished.IsZero() && slices.Equal(t.Form.Targets, []competency.ID{on}) {
			return t.ID, nil
		}
	}
	return "", nil
}

// newForm puts a check together for a student: from the bank, from what the learner model
// expects of them, and without what they answered lately.
func (s *Server) newForm(ctx context.Context, a guard.Actor, p *pupil, w assess.Wish) (assess.Form, error) {
	w.Before = map[competency.ID][]competency.ID{}
	on := slices.Clone(w.Targets)
	for _, t := range w.Targets {
		w.Before[t] = p.catalogue.Before[t]
		on = append(on, w.Before[t]...)
	}
	slices.Sort(on)
	var err error
	if w.Questions, err = s.Store.Questions(ctx, a.District, slices.Compact(on)); err != nil {
		return assess.Form{}, err
	}
	if w.Answered, err = s.Store.AnsweredItems(ctx, a.District, a.Person, p.now.Add(-freshFor)); err != nil {
		return assess.Form{}, err
	}
	model, pieces, err := s.Store.Learner(ctx, a.District, a.Person)
	if err != nil {
		return assess.Form{}, err
	}
	learner := model.Fold(pieces)
	w.Belief = func(c competency.ID) (b assess.Belief) {
		b.Mean, b.Variance = model.Belief(&learner, c, p.now)
		return b
	}
	w.Met = mastery.MetValue
	var seed [4]byte
	if _, err := io.ReadFull(s.Random, seed[:]); err != nil {
		return assess.Form{}, fmt.Errorf("draw a check's seed: %w", err)
	}
	w.Seed = binary.LittleEndian.Uint32(seed[:])
	return assess.NewForm(w)
}

// questions returns items by their ids, also those that are no longer in use.
func (s *Server) questions(ctx context.Context, d roster.DistrictID, ids ...assess.ItemID) (map[assess.ItemID]assess.Question, error) {
	list, err := s.Store.QuestionsNamed(ctx, d, ids)
	out := make(map[assess.ItemID]assess.Question, len(list))
	for _, q := range list {
		out[q.ID] = q
	}
	return out, err
}

func sittingID(r *http.Request) assess.SittingID { return assess.SittingID(r.PathValue("sitting")) }

// checkView is one question of a check.
type checkView struct {
	Sitting assess.SittingID
	Title   string
	About   []competency.Competency
	Number  int
	Most    int
	Item    assess.ItemID
	Text    string
	Choices []string // empty: the answer is written
	Errors  formErrors
}

// checkedView is what a check showed.
type checkedView struct {
	Title   string
	Results []checkResult
	Answers []checkAnswer
	topics  []live.Topic
}

func (v checkedView) Topics() []live.Topic { return v.topics }

// checkResult is what a check says of one competency: the same estimate as everywhere.
type checkResult struct {
	Competency competency.Competency
	Estimate   mastery.Estimate
	Right, Of  int
	Before     bool // it was asked about because what it comes before was hard
	Href       string
}

type checkAnswer struct {
	Question, Answer string
	Right            bool
}

// showCheck shows the question that is next, or what the check showed.
func (s *Server) showCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	t, err := s.Store.Sitting(r.Context(), a.District, a.Person, sittingID(r))
	if err != nil {
		return err
	}
	return s.renderCheck(w, r, a, t, nil)
}

func (s *Server) renderCheck(w http.ResponseWriter, r *http.Request, a guard.Actor, t assess.Sitting, wrong error) error {
	ctx := r.Context()
	p, err := s.pupil(ctx, a.District, a.Person)
	if err != nil {
		return err
	}
	taking, err := t.Form.Begin(t.Answers...)
	if err != nil {
		return err
	}
	item, done := taking.Next()
	if done || !t.Finished.IsZero() {
		return s.renderChecked(w, r, a, p, t, taking)
	}
	asked, err := s.questions(ctx, a.District, item)
	if err != nil {
		return err
	}
	q := asked[item]
	v := checkView{Sitting: t.ID, Title: t.Purpose.Words(), About: p.named(t.Form.Targets), Number: taking.Asked() + 1, Most: t.Form.Most, Item: item, Text: q.Text, Choices: q.Choices}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "check", v)
}

func (s *Server) renderChecked(w http.ResponseWriter, r *http.Request, a guard.Actor, p *pupil, t assess.Sitting, taking *assess.Taking) error {
	v := checkedView{Title: t.Purpose.Words(), topics: []live.Topic{live.StudentTopic(string(a.District), string(a.Person))}}
	for _, x := range taking.Tallies() {
		c, ok := p.catalogue.Competencies[x.Competency]
		if !ok {
			continue
		}
		v.Results = append(v.Results, checkResult{c, p.Estimates[c.ID], x.Right, x.Of, !slices.Contains(t.Form.Targets, c.ID), evidenceHref(a.Person, c.ID)})
	}
	var items []assess.ItemID
	for _, x := range t.Answers {
		items = append(items, x.Item)
	}
	asked, err := s.questions(r.Context(), a.District, items...)
	if err != nil {
		return err
	}
	for _, x := range t.Answers {
		v.Answers = append(v.Answers, checkAnswer{asked[x.Item].Text, x.Text, x.Category > 0})
	}
	return s.render(w, r, a, http.StatusOK, "checked", v)
}

// answerCheck takes an answer. Sent again, it counts once. A script, which may send it
// long after it was given, is answered in JSON with its key in X-Saved.
func (s *Server) answerCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, key := r.Context(), r.PostForm.Get("key")
	script := strings.Contains(r.Header.Get("Accept"), "application/json")
	if u := r.Header.Get("X-User"); u != "" && u != string(a.Person) {
		return fault.New(fault.Conflict, "Somebody else is signed in here now. Sign in again to save this.")
	}
	t, err := s.Store.Sitting(ctx, a.District, a.Person, sittingID(r))
	if err != nil {
		return err
	}
	answer, err := s.readAnswer(ctx, a, t, r)
	if err == nil {
		err = s.saveAnswer(ctx, a, &t, answer)
	}
	refused := fault.KindOf(err) == fault.Invalid || fault.KindOf(err) == fault.Conflict
	switch {
	case err != nil && !refused:
		return err
	case err != nil && script:
		return writeJSON(w, http.StatusUnprocessableEntity, struct {
			Message string `json:"message"`
		}{fault.Sentence(err)})
	case err != nil:
		return s.renderCheck(w, r, a, t, err)
	case script && validKey(key):
		w.Header().Set("X-Saved", key)
		return writeJSON(w, http.StatusOK, struct {
			Saved string `json:"saved"`
		}{key})
	}
	return seeOther(w, r, checkHref(t.ID), "")
}

// readAnswer reads what was answered to which item, and judges it.
func (s *Server) readAnswer(ctx context.Context, a guard.Actor, t assess.Sitting, r *http.Request) (assess.Answer, error) {
	x := assess.Answer{Item: assess.ItemID(r.PostForm.Get("item")), Text: strings.TrimSpace(r.PostForm.Get("answer")), At: s.Now()}
	if _, ok := t.Form.Item(x.Item); !ok {
		return x, fault.Field("answer", "This question does not belong to the check. Please open it again.")
	}
	asked, err := s.questions(ctx, a.District, x.Item)
	if err != nil {
		return x, err
	}
	q := asked[x.Item]
	switch {
	case x.Text == "":
		return x, fault.Field("answer", "Choose or write an answer. If you are not sure, take your best guess.")
	case len(x.Text) > assess.MaxAnswer:
		return x, fault.Field("answer", "Please write a shorter answer.")
	}
	if len(q.Choices) > 0 {
		k, err := strconv.Atoi(x.Text)
		if err != nil || k < 0 || k >= len(q.Choices) {
			return x, fault.Field("answer", "Choose one of the answers.")
		}
		x.Text = q.Choices[k]
	}
	x.Category = q.Mark(x.Text)
	// An answer that waited on a device was given when it says so, but not before the check
	// began nor after now.
	if ms, err := strconv.ParseInt(r.PostForm.Get("at"), 10, 64); err == nil {
		if at := time.UnixMilli(ms); at.After(t.Started) && at.Before(x.At) {
			x.At = at
		}
	}
	return x, nil
}

// saveAnswer keeps an answer, makes evidence of it, and ends the sitting if it was the last.
func (s *Server) saveAnswer(ctx context.Context, a guard.Actor, t *assess.Sitting, x assess.Answer) (err error) {
	if *t, err = s.Store.Answer(ctx, a.District, a.Person, t.ID, x); err != nil {
		return err
	}
	taking, err := t.Form.Begin(t.Answers...)
	if err != nil {
		return err
	}
	_, done := taking.Next()
	pieces := piecesOf(*t)
	if !done {
		// The earlier ones are in the log; at the end all are written again, in case the
		// program was stopped between an answer and its evidence.
		pieces = pieces[len(pieces)-1:]
	}
	if _, err := s.Recorder.Record(ctx, a.District, pieces); err != nil {
		return err
	}
	if done {
		return s.Store.FinishSitting(ctx, a.District, a.Person, t.ID)
	}
	return nil
}

// piecesOf returns the answers of a sitting as evidence.
func piecesOf(t assess.Sitting) (pieces []evidence.Piece) {
	for i, x := range t.Answers {
		it, _ := t.Form.Item(x.Item)
		pieces = append(pieces, evidence.Piece{Student: t.Student, Competency: it.Competency, Kind: evidence.Response, Score: float64(x.Category), Max: 1,
			Item: string(x.Item), Easier: it.Easier, Guess: it.Guess, At: x.At, Source: "check", Actor: t.Student, Class: t.Class,
			Key: "check|" + string(t.ID) + "|" + strconv.Itoa(i)})
	}
	return pieces
}

// stopCheck ends a check early; what was answered counts.
func (s *Server) stopCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	t, err := s.Store.Sitting(r.Context(), a.District, a.Person, sittingID(r))
	if err != nil {
		return err
	}
	if len(t.Answers) > 0 {
		if _, err := s.Recorder.Record(r.Context(), a.District, piecesOf(t)); err != nil {
			return err
		}
	}
	if err := s.Store.FinishSitting(r.Context(), a.District, a.Person, t.ID); err != nil {
		return err
	}
	return seeOther(w, r, checkHref(t.ID), "")
}

// carried is a check as a script takes it along, to go on where there is no connection.
type carried struct {
	Form      assess.Form                       `json:"form"`
	Questions map[assess.ItemID]carriedQuestion `json:"questions"`
	Answers   []assess.Answer                   `json:"answers"`
}

// carriedQuestion is a question with the marks of its right answers. They tell a script
// which question comes next; what counts is judged here.
type carriedQuestion struct {
	Text    string   `json:"text"`
	Choices []string `json:"choices,omitempty"`
	Marks   []uint32 `json:"marks"`
}

// carryCheck hands out a check under way.
func (s *Server) carryCheck(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	t, err := s.Store.Sitting(r.Context(), a.District, a.Person, sittingID(r))
	if err != nil {
		return err
	}
	if !t.Finished.IsZero() {
		return fault.New(fault.NotFound, "This check is over.")
	}
	c := carried{Form: t.Form, Questions: map[assess.ItemID]carriedQuestion{}, Answers: t.Answers}
	var items []assess.ItemID
	for _, x := range t.Form.Items {
		items = append(items, x.ID)
	}
	asked, err := s.questions(r.Context(), a.District, items...)
	if err != nil {
		return err
	}
	for _, x := range t.Form.Items {
		q := asked[x.ID]
		k := carriedQuestion{Text: q.Text, Choices: q.Choices}
		for _, right := range q.Right {
			answer := assess.Normal(right)
			if len(q.Choices) > 0 {
				answer = strconv.Itoa(slices.Index(q.Choices, right))
			}
			k.Marks = append(k.Marks, markOf(t.ID, x.ID, answer))
		}
		c.Questions[x.ID] = k
	}
	return writeJSON(w, http.StatusOK, c)
}

// markOf hides a right answer from a curious look (FNV-1a on 32 bits, other for each
// sitting); it is no secret to who tries all answers.
func markOf(sitting assess.SittingID, item assess.ItemID, answer string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, string(sitting)+"|"+string(item)+"|"+answer)
	return h.Sum32()
}
