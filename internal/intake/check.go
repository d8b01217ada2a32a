package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"waymark/internal/caseio"
	"waymark/internal/competency"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/oneroster"
	"waymark/internal/roster"
	"waymark/internal/tabular"
	"waymark/internal/visible"
)

// Importer brings files into a store.
type Importer struct {
	Store Store
	Now   func() time.Time
	// Progress, if set, hears now and then how many rows have been read.
	Progress func(rows int)
}

// MaxProblems is how many problems a summary keeps; the rest is counted.
const MaxProblems = 1000

// Check reads a file, stages it and returns what it would change. A file that cannot
// be used, or has bad rows where Job.Strict is set, is refused: the summary
// says why, the error is a fault of kind Invalid, and nothing is kept of it.
func (im Importer) Check(ctx context.Context, job Job) (Summary, error) {
	job.Name = visible.Text(job.Name)
	s := Summary{Kind: job.Kind, File: job.Name, Started: im.Now(), Problems: []fault.Problem{}}
	st, err := im.Store.Stage(ctx, job.District, job.Kind, job.Name, job.Actor)
	if err != nil {
		return s, err
	}
	c := &check{Importer: im, ctx: ctx, job: job, st: st, sum: &s}
	read := map[Kind]func() error{OneRoster: c.oneRoster, CASE: c.caseFile, Materials: c.materials, Items: c.items, Results: c.results, Attended: c.attendance, Used: c.uses, Courses: c.courses}[job.Kind]
	if read == nil {
		return s, errors.Join(fault.New(fault.Invalid, "There is no import of kind %q.", job.Kind), st.Abort(ctx))
	}
	s.Run = st.ID()
	if err := read(); err != nil {
		s.State = Refused
		return s, errors.Join(err, st.Abort(ctx))
	}
	if job.Strict && s.Bad > 0 {
		s.State = Refused
		return s, errors.Join(fault.New(fault.Invalid, "%s has %d bad rows, and --strict refuses a file with any. Nothing was changed.", job.Name, s.Bad), st.Abort(ctx))
	}
	sum, err := st.Finish(ctx, s, c.scope, func(s *Summary) { s.NeedsDecision = endings(*s, job.MaxEndings) })
	if err != nil {
		return sum, errors.Join(err, st.Abort(context.WithoutCancel(ctx)))
	}
	return sum, nil
}

// endings says why a person must decide about what a file ends, if one must: a file
// that was cut short looks like a school that lost half its classes.
func endings(s Summary, most float64) string {
	if most <= 0 {
		most = DefaultMaxEndings
	}
	var found []string
	for _, t := range s.Tables {
		words := map[string]string{"enrollment": "enrollments", "person": "people", "class": "classes"}[t.Name]
		before := t.Same + t.Changed + t.Ended
		if words == "" || t.Ended == 0 || float64(t.Ended) <= most*float64(before) {
			continue
		}
		found = append(found, fmt.Sprintf("%d of %d %s (%.0f %%)", t.Ended, before, words, 100*float64(t.Ended)/float64(before)))
	}
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("This file would end %s. More than %.0f %% needs a person's decision.", strings.Join(found, ", "), 100*most)
}

// check is one file on its way in.
type check struct {
	Importer
	ctx   context.Context
	job   Job
	st    Stager
	sum   *Summary
	scope Scope
	rows  int
	// The last bad row: a row with three problems is one bad row.
	badFile string
	badLine int
}

// problem takes what is wrong with a row.
func (c *check) problem(p fault.Problem) {
	if p.Line == 0 || p.File != c.badFile || p.Line != c.badLine {
		c.sum.Bad++
		c.badFile, c.badLine = p.File, p.Line
	}
	c.keep(p)
}

func (c *check) keep(p fault.Problem) {
	if len(c.sum.Problems) < MaxProblems {
		c.sum.Problems = append(c.sum.Problems, p)
	} else {
		c.sum.ProblemsLeftOut++
	}
}

// refuse takes problems of the file as a whole.
func (c *check) refuse(problems ...fault.Problem) error {
	for _, p := range problems {
		c.keep(p)
	}
	return fault.Wrap(fault.Invalid, problems[0], "%s cannot be imported: %s", c.job.Name, problems[0].Message)
}

// refused turns a fatal problem that a parser returned into a refusal.
func (c *check) refused(err error) error {
	if p, ok := errors.AsType[fault.Problem](err); ok {
		return c.refuse(p)
	}
	return err
}

func (c *check) good() error {
	c.sum.Good++
	c.rows++
	if c.rows%5000 == 0 {
		if c.Progress != nil {
			c.Progress(c.rows)
		}
		return c.ctx.Err()
	}
	return nil
}

func (c *check) reader() io.Reader { return io.NewSectionReader(c.job.File, 0, c.job.Size) }

func (c *check) oneRoster() error {
	pkg, err := oneroster.Open(c.job.File, c.job.Size, c.job.Name, oneroster.Limits{})
	if err != nil {
		if ps, ok := errors.AsType[oneroster.Problems](err); ok {
			return c.refuse(ps...)
		}
		return err
	}
	pkg.Known = c.st.Known
	c.scope.Complete = map[string]bool{}
	for file, mode := range pkg.Modes {
		if mode == oneroster.Bulk {
			for _, table := range tablesOf[file] {
				c.scope.Complete[table] = true
			}
		}
	}
	if pkg.Version == "1.1" && pkg.Modes["users"] == oneroster.Bulk {
		c.scope.Complete["role"] = true
	}
	files, err := pkg.Each(c.ctx, &rosterSink{check: c, lineItems: map[string]lineItem{}})
	if ps, ok := errors.AsType[oneroster.Problems](err); ok {
		return fault.Wrap(fault.Invalid, ps, "%s cannot be imported", c.job.Name) // the sink has kept them
	}
	if err != nil {
		return c.refused(err)
	}
	for _, f := range files {
		c.sum.Skipped += f.Skipped + f.Orphaned
		c.spare(strings.TrimSuffix(f.File, ".csv"), f.Refused+f.Orphaned)
	}
	if len(pkg.Ignored) > 0 {
		c.sum.Notes = append(c.sum.Notes, "Left out, since OneRoster does not know them: "+strings.Join(pkg.Ignored, ", ")+".")
	}
	c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("OneRoster %s from %s.", pkg.Version, orElse(pkg.SourceSystem, "an unnamed system")))
	return nil
}

// spare keeps a file with unusable rows from ending anything: what such a row was about
// is not gone, only unreadable.
func (c *check) spare(file string, unusable int) {
	ends := false
	for _, table := range tablesOf[file] {
		ends = ends || c.scope.Complete[table]
		if unusable > 0 {
			c.scope.Complete[table] = false
		}
	}
	if unusable > 0 && file == "users" {
		c.scope.Complete["role"] = false
	}
	if unusable > 0 && ends {
		c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("Nothing that %s.csv leaves out is ended, since %d of its rows cannot be used.", file, unusable))
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// tablesOf says which tables a file lists completely when it is in bulk mode.
var tablesOf = map[string][]string{
	"orgs": {"org"}, "academicSessions": {"term"}, "courses": {"course"}, "classes": {"class"}, "users": {"person", "guardian"},
	"roles": {"role"}, "enrollments": {"enrollment"}, "demographics": {"demographics"}, "userProfiles": {"profile_account"},
	"categories": {"category"}, "lineItems": {"line_item"}, "results": {"result"},
}

func (c *check) caseFile() error {
	f, problems, err := caseio.Read(c.reader(), c.job.Name)
	if err != nil {
		if p, ok := errors.AsType[fault.Problem](err); ok {
			for _, q := range problems {
				if q != p {
					c.keep(q)
				}
			}
			return c.refuse(p)
		}
		return err
	}
	for _, p := range problems {
		c.problem(p)
	}
	c.scope = Scope{Framework: string(f.ID), Complete: map[string]bool{"competency": true, "competency_edge": true}}
	if err := c.st.Framework(f); err != nil {
		return err
	}
	for i, it := range f.Items {
		if err := c.st.Competency(i+1, it); err != nil {
			return err
		}
		if err := c.good(); err != nil {
			return err
		}
	}
	for _, e := range f.Edges {
		if err := c.st.Edge(f.ID, e); err != nil {
			return err
		}
	}
	c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("Framework %q with %d items and %d relations.", f.Title, len(f.Items), len(f.Edges)))
	return nil
}

func (c *check) materials() error {
	err := tabular.Materials(c.reader(), c.job.Name, tabular.Options{Encoding: c.job.Encoding}, func(line int, m tabular.MaterialRow) error {
		for _, code := range m.Codes {
			ids, err := c.st.FindCompetencies(c.ctx, code)
			if err != nil {
				return err
			}
			switch len(ids) {
			case 1:
				m.Material.Competencies = append(m.Material.Competencies, ids[0])
			default:
				c.problem(unknownCompetency(c.job.Name, line, "competencies", code, len(ids)))
				return nil
			}
		}
		if err := c.st.Material(line, m.Material); err != nil {
			return err
		}
		return c.good()
	}, c.problem)
	return c.refused(err)
}

func (c *check) items() error {
	err := tabular.Items(c.reader(), c.job.Name, tabular.Options{Encoding: c.job.Encoding}, func(line int, q tabular.ItemRow) error {
		ids, err := c.st.FindCompetencies(c.ctx, q.Code)
		if err != nil {
			return err
		}
		if len(ids) != 1 {
			c.problem(unknownCompetency(c.job.Name, line, "competency", q.Code, len(ids)))
			return nil
		}
		q.Competency = ids[0]
		if err := c.st.Item(line, q.Question); err != nil {
			return err
		}
		return c.good()
	}, c.problem)
	return c.refused(err)
}

func (c *check) attendance() error {
	err := tabular.Attendance(c.reader(), c.job.Name, tabular.Options{Encoding: c.job.Encoding}, func(line int, a tabular.AttendanceRow) error {
		return c.ofDay(line, a.Ref, a.Day, func(id roster.PersonID) error {
			a.Student = id
			return c.st.Attendance(line, a.Attendance)
		})
	}, c.problem)
	return c.refused(err)
}

func (c *check) uses() error {
	refuse, err := c.Store.Refusing(c.ctx, c.job.District, guard.Products)
	if err != nil {
		return err
	}
	left := 0
	err = tabular.Uses(c.reader(), c.job.Name, tabular.Options{Encoding: c.job.Encoding}, func(line int, u tabular.UseRow) error {
		return c.ofDay(line, u.Ref, u.Day, func(id roster.PersonID) error {
			if refuse[id] {
				left++
				return nil
			}
			u.Student = id
			return c.st.Use(line, u.Use)
		})
	}, c.problem)
	switch {
	case left == 1:
		c.sum.Notes = append(c.sum.Notes, "1 row is left out: the family does not want that it is kept. Ask the product's company to tell nothing of this student.")
	case left > 1:
		c.sum.Notes = append(c.sum.Notes, fmt.Sprintf("%d rows are left out: the families do not want that they are kept. Ask the product's company to tell nothing of these students.", left))
	}
	return c.refused(err)
}

func (c *check) courses() error {
	err := tabular.Courses(c.reader(), c.job.Name, tabular.Options{Encoding: c.job.Encoding}, func(line int, r tabular.CourseRow) error {
		return c.ofDay(line, r.Ref, "", func(id roster.PersonID) error {
			r.Student = id
			return c.st.CourseResult(line, r.CourseResult)
		})
	}, c.problem)
	return c.refused(err)
}

// ofDay puts a row about a student and a day where it belongs, unless nobody here is meant or
// the day is still to come; there may be none.
func (c *check) ofDay(line int, ref tabular.StudentRef, day roster.Date, put func(roster.PersonID) error) error {
	id, found, err := c.findStudent(line, ref)
	if err != nil {
		return err
	}
	if found != 1 {
		if found == 0 {
			c.unknownStudent(line, ref)
		}
		return nil
	}
	if day.Time().After(c.Now().Add(24 * time.Hour)) {
		c.problem(fault.Problem{Code: "row.future", File: c.job.Name, Line: line, Field: "date", Value: string(day), Message: "This day is still to come.", Cure: "Correct the date."})
		return nil
	}
	if err := put(id); err != nil {
		return err
	}
	return c.good()
}

// findStudent finds who one of some references to the same student means, and how many people
// it may mean; that it means several is told.
func (c *check) findStudent(line int, refs ...tabular.StudentRef) (roster.PersonID, int, error) {
	for _, ref := range refs {
		if ref.Value == "" {
			continue
		}
		ids, err := c.st.FindStudents(c.ctx, ref.By, ref.Value)
		switch {
		case err != nil:
			return "", 0, err
		case len(ids) == 1:
			return ids[0], 1, nil
		case len(ids) > 1:
			c.problem(fault.Problem{Code: "reference.ambiguous_student", File: c.job.Name, Line: line, Field: "student", Value: ref.Value,
				Message: fmt.Sprintf("%d people have this %s.", len(ids), orElse(ref.By, "id")), Cure: "Use a column that names each student once, such as the district's student number."})
			return "", len(ids), nil
		}
	}
	return "", 0, nil
}

func (c *check) unknownStudent(line int, ref tabular.StudentRef) {
	c.problem(fault.Problem{Code: "reference.unknown_student", File: c.job.Name, Line: line, Field: "student", Value: ref.Value,
		Message: fmt.Sprintf("Nobody here has this %s.", map[string]string{"identifier": "student number", "sourcedId": "sourcedId", "username": "user name", "email": "e-mail address", "userId": "user id", "name": "name"}[ref.By]+anyID(ref.By)),
		Cure:    "Import the roster that this student is in first, or let the file use another column."})
}

func unknownCompetency(file string, line int, field, code string, found int) fault.Problem {
	p := fault.Problem{Code: "reference.unknown_competency", File: file, Line: line, Field: field, Value: code,
		Message: "No framework here has a competency of this code.",
		Cure:    "Import the framework first, or correct the code."}
	if found > 1 {
		p.Code = "reference.ambiguous_competency"
		p.Message = fmt.Sprintf("%d competencies have this code.", found)
		p.Cure = "Use the competency's GUID instead of its code."
	}
	return p
}

func frameworkOf(m tabular.Mapping) competency.Framework {
	return competency.Framework{ID: competency.FrameworkID("imported:" + strings.ToLower(m.Name)), Title: "Imported: " + m.Name,
		Creator: "Waymark", Status: "Private Draft"}
}
