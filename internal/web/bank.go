package web

import (
	"net/http"
	"slices"
	"strings"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/guard"
)

// bankView is the bank of questions, by competency, or those on one of them.
type bankView struct {
	Competencies []bankRow
	On           *competency.Competency // whose questions are shown
	Items        []bankItem
}

type bankRow struct {
	Competency                 competency.Competency
	Items, Calibrated, Answers int
	Enough                     bool
	Href                       string
}

// bankItem is one question with what is known of it.
type bankItem struct {
	ID, Text, Right string
	A, B, C         string
	Calibrated      bool
	Answers         int
	Share           string // answered right
}

// showBank publishes what is asked in checks and how it went: nothing is scored behind a
// veil.
func (s *Server) showBank(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	cat, err := s.Store.Catalogue(r.Context(), a.District)
	if err != nil {
		return err
	}
	bank, err := s.Store.Bank(r.Context(), a.District)
	if err != nil {
		return err
	}
	var v bankView
	on := competency.ID(r.URL.Query().Get("competency"))
	if c, ok := cat.Competencies[on]; ok {
		v.On = &c
	}
	at := map[competency.ID]int{}
	for _, q := range bank {
		if v.On != nil {
			if q.Competency == on {
				v.Items = append(v.Items, newBankItem(q))
			}
			continue
		}
		i, ok := at[q.Competency]
		if !ok {
			i = len(v.Competencies)
			at[q.Competency] = i
			v.Competencies = append(v.Competencies, bankRow{Competency: cat.Competencies[q.Competency], Href: "/admin/bank?competency=" + urlQuery(string(q.Competency))})
		}
		row := &v.Competencies[i]
		row.Items++
		row.Answers += q.Answers
		if q.Calibrated {
			row.Calibrated++
		}
		row.Enough = row.Items >= assess.EnoughItems
	}
	slices.SortFunc(v.Competencies, func(a, b bankRow) int { return strings.Compare(a.Competency.Code, b.Competency.Code) })
	return s.render(w, r, a, http.StatusOK, "bank", v)
}

func newBankItem(q assess.Record) bankItem {
	x := bankItem{ID: string(q.ID), Text: q.Text, Right: strings.Join(q.Right, " or "), A: decimals(q.Item.Slope, 2), B: decimals(q.Item.Difficulty[0], 2), C: decimals(q.Item.Guess, 2),
		Calibrated: q.Calibrated, Answers: q.Answers}
	if q.Answers > 0 {
		x.Share = share(float64(q.AnsweredRight) / float64(q.Answers))
	}
	return x
}
