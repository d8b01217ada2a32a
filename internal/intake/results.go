package intake

import (
	"fmt"
	"strings"

	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/tabular"
)

func (c *check) results() error {
	m, err := c.mapping()
	if err != nil {
		return err
	}
	if c.job.Encoding != "" {
		m.Format.Encoding = c.job.Encoding
	}
	r := &resultReader{check: c, mapping: m, created: map[string]roster.PersonID{}, unknown: map[string]bool{}, items: map[string]competency.ID{}}
	s, err := m.Drafts(c.reader(), c.job.Name, r.draft, c.problem)
	if err != nil {
		return c.refused(err)
	}
	c.sum.Skipped += s.Skipped
	c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("Read with the mapping %q, version %d: %d rows.", m.Name, m.Version, s.Rows))
	if n := len(r.created); n > 0 {
		c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("The mapping asks to create students that no roster knows: %d.", n))
	}
	if n := len(r.unknown); n > 0 {
		c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("%d students in the file are not known here.", n))
	}
	return nil
}

// mapping returns the job's mapping, or recognises one by the file's header.
func (c *check) mapping() (tabular.Mapping, error) {
	if c.job.Mapping != nil {
		return *c.job.Mapping, nil
	}
	shipped, err := tabular.Shipped()
	if err != nil {
		return tabular.Mapping{}, err
	}
	header, rows, _, err := tabular.Preview(c.reader(), c.job.Name, tabular.Options{Encoding: c.job.Encoding}, 20)
	if err != nil {
		return tabular.Mapping{}, c.refused(err)
	}
	m, ok := tabular.Recognize(header, shipped)
	if !ok {
		m, ok = tabular.RecognizeMatrix(header, rows, shipped)
	}
	if !ok {
		return m, c.refuse(fault.Problem{Code: "mapping.unknown_layout", File: c.job.Name, Line: 1, Value: strings.Join(header[:min(6, len(header))], ", "), Fatal: true,
			Message: "No mapping that ships with Waymark knows this layout.",
			Cure:    "Name a mapping with --map FILE.yaml, or make one with the wizard under Imports in the browser."})
	}
	return m, nil
}

// resultReader turns drafts into pieces of known students on known competencies.
type resultReader struct {
	*check
	mapping tabular.Mapping
	created map[string]roster.PersonID
	unknown map[string]bool
	items   map[string]competency.ID // competencies that this file brings
}

func (r *resultReader) draft(d tabular.Draft) error {
	p := d.Piece
	student, ok, err := r.student(d)
	if err != nil || !ok {
		return err
	}
	p.Student = student
	if d.CompetencyRef != "" {
		if p.Competency, ok, err = r.competency(d); err != nil || !ok {
			return err
		}
	}
	if err := p.Validate(r.Now()); err != nil {
		r.problem(fault.Problem{Code: "row.invalid_" + fault.FieldOf(err), File: r.job.Name, Line: d.Line, Field: fault.FieldOf(err),
			Message: fault.Sentence(err), Cure: "Correct the row, or the mapping's column for it."})
		return nil
	}
	if err := r.st.Evidence(d.Line, p); err != nil {
		return err
	}
	return r.good()
}

func (r *resultReader) student(d tabular.Draft) (roster.PersonID, bool, error) {
	refs := append([]tabular.StudentRef{d.Student}, d.Others...)
	for _, ref := range refs {
		if id, ok := r.created[ref.Value]; ok && ref.Value != "" {
			return id, true, nil
		}
	}
	id, found, err := r.findStudent(d.Line, refs...)
	if err != nil || found > 0 {
		return id, found == 1, err
	}
	ref := d.Student
	if r.mapping.CreateMissingStudents() {
		source := strings.ToLower(r.mapping.Name) + ":" + ref.Value
		if err := r.st.User(d.Line, true, roster.User{SourcedID: source, Identifier: ref.Value, GivenName: "Student", FamilyName: ref.Value}); err != nil {
			return "", false, err
		}
		id := r.st.Person(source)
		r.created[strings.Clone(ref.Value)] = id
		return id, true, nil
	}
	r.unknown[strings.Clone(ref.Value)] = true
	r.unknownStudent(d.Line, ref)
	return "", false, nil
}

func anyID(by string) string {
	if by == "" || by == "any" {
		return "id"
	}
	return ""
}

func (r *resultReader) competency(d tabular.Draft) (competency.ID, bool, error) {
	if id, ok := r.items[d.CompetencyRef]; ok {
		return id, true, nil
	}
	ids, err := r.st.FindCompetencies(r.ctx, d.CompetencyRef)
	if err != nil {
		return "", false, err
	}
	if len(ids) == 1 {
		return ids[0], true, nil
	}
	if len(ids) == 0 && r.mapping.CreateMissingCompetencies() {
		f := frameworkOf(r.mapping)
		if len(r.items) == 0 {
			if err := r.st.Framework(f); err != nil {
				return "", false, err
			}
		}
		ref := strings.Clone(d.CompetencyRef)
		c := competency.Competency{ID: competency.ID(string(f.ID) + ":" + strings.ToLower(ref)), Framework: f.ID, Code: ref,
			Statement: orElse(strings.Clone(d.CompetencyTitle), ref), Position: len(r.items) + 1, Assessable: true}
		if err := r.st.Competency(d.Line, c); err != nil {
			return "", false, err
		}
		r.items[ref] = c.ID
		return c.ID, true, nil
	}
	r.problem(unknownCompetency(r.job.Name, d.Line, "competency", d.CompetencyRef, len(ids)))
	return "", false, nil
}
