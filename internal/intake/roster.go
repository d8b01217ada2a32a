package intake

import (
	"strings"
	"time"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
)

// rosterSink hands a package's records to the stager, and makes evidence of results
// that are aligned to competencies.
type rosterSink struct {
	*check
	lineItems map[string]lineItem
}

type lineItem struct {
	title        string
	class        roster.ClassID
	min, max     float64
	competencies []string
}

var _ oneroster.Sink = (*rosterSink)(nil)

// staged counts a record that the stager took.
func (k *rosterSink) staged(err error) error {
	if err != nil {
		return err
	}
	return k.good()
}

func active(s oneroster.Status) bool { return s == oneroster.Active }

func (k *rosterSink) Org(line int, s oneroster.Status, r roster.Org) error {
	return k.staged(k.st.Org(line, active(s), r))
}

func (k *rosterSink) Term(line int, s oneroster.Status, r roster.Term) error {
	return k.staged(k.st.Term(line, active(s), r))
}

func (k *rosterSink) Course(line int, s oneroster.Status, r roster.Course) error {
	return k.staged(k.st.Course(line, active(s), r))
}

func (k *rosterSink) Class(line int, s oneroster.Status, r roster.Class) error {
	return k.staged(k.st.Class(line, active(s), r))
}

func (k *rosterSink) User(line int, s oneroster.Status, r roster.User) error {
	return k.staged(k.st.User(line, active(s), r))
}

// people makes sure that people are matched before anything refers to them.
func (k *rosterSink) people() error { return k.st.PeopleDone(k.ctx) }

func (k *rosterSink) Role(line int, s oneroster.Status, r roster.RoleRecord) error {
	if err := k.people(); err != nil {
		return err
	}
	return k.staged(k.st.Role(line, active(s), r))
}

func (k *rosterSink) Enrollment(line int, s oneroster.Status, r roster.Enrollment) error {
	if err := k.people(); err != nil {
		return err
	}
	return k.staged(k.st.Enrollment(line, active(s), r))
}

func (k *rosterSink) Demographics(line int, s oneroster.Status, r roster.Demographics) error {
	if err := k.people(); err != nil {
		return err
	}
	return k.staged(k.st.Demographics(line, active(s), r))
}

func (k *rosterSink) Profile(line int, s oneroster.Status, r roster.Profile) error {
	if err := k.people(); err != nil {
		return err
	}
	return k.staged(k.st.Profile(line, active(s), r))
}

func (k *rosterSink) Category(line int, s oneroster.Status, r roster.Category) error {
	return k.staged(k.st.Category(line, active(s), r))
}

func (k *rosterSink) LineItem(line int, s oneroster.Status, r roster.LineItem) error {
	k.lineItems[strings.Clone(r.ID)] = lineItem{strings.Clone(r.Title), roster.ClassID(strings.Clone(string(r.Class))), r.Min, r.Max, r.Competencies}
	return k.staged(k.st.LineItem(line, active(s), r))
}

func (k *rosterSink) Result(line int, s oneroster.Status, r roster.Result) error {
	if err := k.people(); err != nil {
		return err
	}
	if active(s) {
		if err := k.evidence(line, r); err != nil {
			return err
		}
	}
	return k.staged(k.st.Result(line, active(s), r))
}

// evidence makes pieces of a graded result: one for each objective that it scores, or
// else its own score for each competency that its line item is aligned to.
func (k *rosterSink) evidence(line int, r roster.Result) error {
	li, ok := k.lineItems[r.LineItem]
	if !ok || r.Status != "fully graded" || li.max <= li.min || r.Date == "" {
		return nil
	}
	at, err := time.Parse(time.DateOnly, string(r.Date))
	if err != nil {
		return nil
	}
	scores := r.Competencies
	if len(scores) == 0 && r.Score != nil {
		for _, c := range li.competencies {
			scores = append(scores, roster.ObjectiveScore{Competency: c, Score: r.Score})
		}
	}
	for _, o := range scores {
		if o.Score == nil || *o.Score < li.min || *o.Score > li.max {
			continue
		}
		ids, err := k.st.FindCompetencies(k.ctx, strings.TrimPrefix(o.Competency, "urn:uuid:"))
		if err != nil {
			return err
		}
		if len(ids) != 1 {
			continue // of a framework that is not here
		}
		p := evidence.Piece{Student: k.st.Person(r.User), Competency: ids[0], Kind: evidence.Task, Score: *o.Score - li.min, Max: li.max - li.min,
			Item: li.title, Label: r.Text, At: at, Source: "oneroster", Class: li.class, Key: "oneroster|" + r.ID + "|" + string(ids[0])}
		if err := p.Validate(k.Now()); err != nil {
			k.problem(fault.Problem{Code: "row.invalid_evidence", File: "results.csv", Line: line, Field: fault.FieldOf(err), Value: r.ID,
				Message: fault.Sentence(err), Cure: "Correct the result; it is kept in the gradebook but moves no estimate."})
			continue
		}
		if err := k.st.Evidence(line, p); err != nil {
			return err
		}
	}
	return nil
}

func (k *rosterSink) Problem(p fault.Problem) error {
	k.check.problem(p)
	return nil
}
