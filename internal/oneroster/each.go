package oneroster

import (
	"context"
	"io"
	"slices"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/tabular"
)

// Sink takes what [Package.Each] reads. Line is where the record stands in its
// file. The first error that a method returns ends the reading.
//
// A record's texts may share memory with the whole row; a sink that keeps many
// of them should clone what it keeps.
type Sink interface {
	Org(line int, status Status, r roster.Org) error
	Term(line int, status Status, r roster.Term) error
	Course(line int, status Status, r roster.Course) error
	Class(line int, status Status, r roster.Class) error
	User(line int, status Status, r roster.User) error
	// Role comes after all users. Of a 1.1 package, line is the user's.
	Role(line int, status Status, r roster.RoleRecord) error
	Enrollment(line int, status Status, r roster.Enrollment) error
	Demographics(line int, status Status, r roster.Demographics) error
	Profile(line int, status Status, r roster.Profile) error
	Category(line int, status Status, r roster.Category) error
	LineItem(line int, status Status, r roster.LineItem) error
	Result(line int, status Status, r roster.Result) error
	// Problem takes what is wrong with a row. Unless the problem is fatal, only
	// that row is left out, or, where the message says so, only a part of it.
	Problem(fault.Problem) error
}

// Summary says what Each made of a package, file by file.
type Summary []FileSummary

// FileSummary counts the rows of one file.
type FileSummary struct {
	File     string `json:"file"` // such as "users.csv"
	Mode     Mode   `json:"mode"`
	Rows     int    `json:"rows"`     // that were read, good or bad
	Accepted int    `json:"accepted"` // sound; handed to the sink unless Skipped
	Refused  int    `json:"refused"`  // left out, each with a problem
	// Orphaned rows are sound but refer to a row that was refused; they are left
	// out without a problem of their own, since its problem says what to cure.
	Orphaned int `json:"orphaned"`
	// Skipped rows are sound but nothing that Waymark keeps, such as resources and
	// score scales, or learning objectives of a record that the package lacks.
	Skipped int `json:"skipped"`
}

// run is one Each.
type run struct {
	p        *Package
	ctx      context.Context
	sink     Sink
	ids      map[string]*idSet // of files that others refer to
	scanned  map[string]bool   // files whose ids are complete
	onItems  *objectives       // of line items
	onResult *objectives       // of results
	rec      record
}

// Each streams all records to sink in this order: orgs, terms, courses, classes,
// users, roles, enrollments, demographics, profiles, categories, line items,
// results. Each record refers only to records that were passed on or that may
// exist from earlier imports; within one file (parents of orgs and terms, agents
// of users) a record may come before those that it refers to.
//
// A reference to nothing is a problem. Where the record can do without it (a
// parent, an agent, a profile) the record is passed on without it; else the row
// is left out.
//
// The error is that of the sink, of ctx, or [Problems] if the package turns out
// unreadable midway; what sink has taken by then must not be kept.
func (p *Package) Each(ctx context.Context, sink Sink) (Summary, error) {
	u := &run{p: p, ctx: ctx, sink: sink, ids: make(map[string]*idSet), scanned: make(map[string]bool)}
	var all Summary
	for _, t := range p.edition.tables {
		if p.Modes[t.name] == Absent {
			continue
		}
		if err := u.prepare(t); err != nil {
			return all, err
		}
		sum := FileSummary{File: t.file(), Mode: p.Modes[t.name]}
		err := u.pass(t, &sum)
		all = append(all, sum)
		if err != nil {
			return all, err
		}
		if t.name == "users" && t.index["role"] > 0 {
			if err := u.roles(t); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// referred reports whether some file in the package refers to t.
func (u *run) referred(t *table) bool {
	for _, other := range u.p.edition.tables {
		if u.p.Modes[other.name] == Absent {
			continue
		}
		for _, r := range other.refs {
			if other.columns[r].target == t.name {
				return true
			}
		}
	}
	return false
}

// prepare reads the ids of those files that t refers to and that have not been
// read yet: t itself, or one that comes later.
func (u *run) prepare(t *table) error {
	for _, r := range t.refs {
		name := t.columns[r].target
		target := u.p.edition.table(name)
		if target == nil || u.p.Modes[name] == Absent || u.scanned[name] {
			continue
		}
		u.scanned[name] = true
		set := &idSet{}
		u.ids[name] = set
		ru := u.rules(target)
		err := u.rows(target, func(row tabular.Row, err error) error {
			if err != nil {
				return nil // told when the file is passed on
			}
			ru.check(&u.rec, row)
			if id := u.rec.id(); isGUID(id, ru.strict) {
				if slot, had := set.at(id); !had && len(u.rec.bad) == 0 {
					*slot |= sound
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if u.ids[t.name] == nil && (u.referred(t) || t.name == "users") {
		u.ids[t.name] = &idSet{}
	}
	return nil
}

func (u *run) rules(t *table) *rules {
	return &rules{t: t, mode: u.p.Modes[t.name], strict: u.p.edition.strict, layout: u.p.layouts[t.name]}
}

// rows calls f for each row of t, or with the problem of one that is unreadable.
func (u *run) rows(t *table, f func(tabular.Row, error) error) error {
	o, err := u.p.open(t)
	if err != nil {
		return u.fatal(err, t)
	}
	defer o.close()
	for n := 0; ; n++ {
		if n%256 == 0 {
			if err := u.ctx.Err(); err != nil {
				return err
			}
		}
		row, err := o.read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if q := asProblem(err, t.file()); q.Fatal {
				return u.fatal(q, t)
			}
		}
		if err := f(row, err); err != nil {
			return err
		}
	}
}

// fatal tells the sink and returns the error of Each.
func (u *run) fatal(err error, t *table) error {
	p := asProblem(err, t.file())
	p.Fatal = true
	if err := u.sink.Problem(p); err != nil {
		return err
	}
	return Problems{p}
}

// pass checks all rows of t and hands over the good ones.
func (u *run) pass(t *table, sum *FileSummary) error {
	ru := u.rules(t)
	set := u.ids[t.name]
	if set == nil {
		set = &idSet{}
	}
	known := u.scanned[t.name]
	err := u.rows(t, func(row tabular.Row, err error) error {
		sum.Rows++
		if err != nil {
			sum.Refused++
			return u.sink.Problem(asProblem(err, t.file()))
		}
		r := &u.rec
		ru.check(r, row)
		var slot *uint64
		if id := r.id(); isGUID(id, ru.strict) {
			var had bool
			if slot, had = set.at(id); had && *slot&seen != 0 {
				r.problem("sourcedId", "reference.duplicate_sourced_id", id, "An earlier row of this file has the same sourcedId.",
					"Keep one of the rows. The first is used.")
				slot = nil // the first row's mark stays
			} else {
				*slot |= seen
			}
		}
		verdict, soft := accepted, []fault.Problem(nil)
		if len(r.bad) > 0 {
			verdict, soft = refused, r.bad
		} else {
			verdict, soft = u.references(ru, r)
			soft = append(soft, ru.soft(r)...)
		}
		if slot != nil {
			if verdict != accepted {
				*slot &^= sound
			} else if !known {
				*slot |= sound
			}
		}
		for _, p := range soft {
			if err := u.sink.Problem(p); err != nil {
				return err
			}
		}
		switch verdict {
		case refused:
			sum.Refused++
			return nil
		case orphaned:
			sum.Orphaned++
			return nil
		}
		sum.Accepted++
		kept, err := u.hand(r)
		if !kept {
			sum.Skipped++
		}
		return err
	})
	u.scanned[t.name] = true
	return err
}

type verdict int

const (
	accepted verdict = iota
	refused
	orphaned
)

// references checks that what r refers to exists, and takes out what does not
// and can be done without.
func (u *run) references(ru *rules, r *record) (v verdict, bad []fault.Problem) {
	if r.status == ToBeDeleted {
		return accepted, nil
	}
	for _, i := range ru.t.refs {
		c := &ru.t.columns[i]
		if c.kind == guidList {
			w, more := u.listed(ru, r, i, c)
			bad = append(bad, more...)
			v = worse(v, w)
			continue
		}
		id := r.cells[i]
		if id == "" {
			continue
		}
		switch found := u.resolve(ru.mode, c.target, id); {
		case found == there:
		case found == spoilt && c.required:
			v = worse(v, orphaned)
		case found == spoilt:
			r.drop(i, id)
		default:
			bad = append(bad, dangling(r, c, id, found, !c.required))
			if c.required {
				v = refused
			} else {
				r.drop(i, id)
			}
		}
	}
	return v, bad
}

// listed is references for one column that holds a list: items that do not exist
// are taken out, and the record is left out only if a required list ends empty.
func (u *run) listed(ru *rules, r *record, i int, c *column) (v verdict, bad []fault.Problem) {
	var gone, missing []string
	var why []finding
	for _, id := range r.lists[i] {
		switch found := u.resolve(ru.mode, c.target, id); found {
		case there:
		case spoilt:
			gone = append(gone, id)
		default:
			missing, why = append(missing, id), append(why, found)
		}
	}
	if len(gone)+len(missing) == 0 {
		return accepted, nil
	}
	for _, id := range slices.Concat(gone, missing) {
		r.drop(i, id)
	}
	kept := !c.required || len(r.lists[i]) > 0
	for k, id := range missing {
		bad = append(bad, dangling(r, c, id, why[k], kept))
	}
	switch {
	case kept:
		return accepted, bad
	case len(bad) > 0:
		return refused, bad
	}
	return orphaned, bad
}

func worse(a, b verdict) verdict {
	if a == refused || b == accepted {
		return a
	}
	return b
}

// finding is what became of a reference.
type finding int

const (
	there      finding = iota
	spoilt             // its row was refused
	noRecord           // the file does not have it
	noFile             // the file is not in the package
	noneBefore         // neither this package nor an earlier one has it
)

func (u *run) resolve(from Mode, target, id string) finding {
	mode := u.p.Modes[target]
	if mode != Absent && mode != "" {
		if marked, ok := u.ids[target].marked(id); ok {
			if marked&sound != 0 {
				return there
			}
			return spoilt
		}
		if mode == Bulk {
			return noRecord
		}
	}
	switch {
	case u.p.Known != nil && u.p.Known(target, id):
		return there
	case mode == Delta || from == Delta:
		if u.p.Known == nil {
			return there
		}
		return noneBefore
	}
	return noFile
}

func dangling(r *record, c *column, id string, found finding, kept bool) fault.Problem {
	file := c.target + ".csv"
	p := fault.Problem{Code: "reference.missing_target_record", File: r.t.file(), Line: r.line, Field: c.name, Value: clip(id)}
	switch found {
	case noFile:
		p.Code = "reference.missing_target_file"
		p.Message = "This refers to " + file + ", which is not in the package, and to nothing imported before."
		p.Cure = "Export " + file + " too, or import it first."
	case noneBefore:
		p.Message = "Neither " + file + " in this package nor an earlier import has this record."
		p.Cure = "Export it too, or import a bulk package first."
	default:
		p.Message = "There is no such record in " + file + "."
		p.Cure = "Add it to " + file + ", or correct the reference."
	}
	if kept {
		p.Message += " The rest of the row is used."
	}
	return p
}
