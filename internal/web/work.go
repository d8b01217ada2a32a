package web

import (
	"net/http"
	"slices"

	"waymark/internal/competency"
	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// workView is what a student has shown, in the reader's language: the latest of all, or all
// of one competency.
type workView struct {
	spoken
	Name     string
	Own      bool
	Back     string
	On       *phrase // the competency; nil if it is about all
	Estimate mastery.Estimate
	More     string // the whole evidence on the competency
	All      string // the latest of all
	Pieces   []newestView
	topics   []live.Topic
}

func (v workView) Topics() []live.Topic { return v.topics }

// workMost is how many pieces are shown at once.
const workMost = 40

func workHref(student, on string) string {
	h := "/students/" + urlPath(student) + "/work"
	if on != "" {
		h += "?competency=" + urlQuery(on)
	}
	return h
}

func (s *Server) showWork(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, student, on := r.Context(), studentID(r), competency.ID(r.URL.Query().Get("competency"))
	speech, err := s.speech(r, a)
	if err != nil {
		return err
	}
	p, err := s.pupil(ctx, a.District, student)
	if err != nil {
		return err
	}
	v := workView{spoken: speech, Name: p.Person.Name(), Own: student == a.Person, Back: recordHref(student), topics: []live.Topic{live.StudentTopic(string(a.District), string(student))}}
	if a.Has(roster.Guardian) {
		v.Back = "/family"
	}
	var pieces []evidence.Piece
	if on == "" {
		pieces, err = s.Store.LatestPieces(ctx, a.District, student, workMost)
	} else {
		c, ok := p.catalogue.Competencies[on]
		if !ok {
			return fault.New(fault.NotFound, "There is no such competency in the catalogue.")
		}
		about := speech.can(p.catalogue, c)
		v.On, v.Estimate, v.More, v.All = &about, p.Estimates[on], evidenceHref(student, on), workHref(string(student), "")
		pieces, err = s.Store.Pieces(ctx, a.District, student, on)
		slices.Reverse(pieces)
		pieces = pieces[:min(workMost, len(pieces))]
	}
	if err != nil {
		return err
	}
	for _, x := range pieces {
		n, err := newNewestView(p, speech, x)
		if err != nil {
			return err
		}
		v.Pieces = append(v.Pieces, n)
	}
	return s.render(w, r, a, http.StatusOK, "work", v)
}
