package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/roster"
	"waymark/internal/stats"
	"waymark/internal/study"
	"waymark/internal/study/dose"
)

const (
	practicesHref = "/admin/practices"
	doseWindow    = 84 // days that pages look back
	doseMonth     = 28 // days of one step of a school's own past
)

// practicesView is what a district says its schools do, and the form that says more.
type practicesView struct {
	Practices []practiceRow
	Form      practiceForm
	Errors    formErrors
}

type practiceRow struct {
	dose.Practice
	Shows, Meant, Where string
	Stop, Ask           string // addresses
}

// practiceForm is what was written into the form.
type practiceForm struct {
	Name, Least, Grades, LeastElse, GradesElse, Weeks, From, Source, Evidence string
	Traces, Units, Schools                                                    []choiceOption
}

// doseTraces are the ways in which a practice may show: each product is one.
func (s *Server) doseTraces(ctx context.Context, d roster.DistrictID, chosen string) ([]choiceOption, error) {
	var out []choiceOption
	for _, t := range dose.Traces {
		if t != dose.Product {
			out = append(out, choiceOption{string(t), traceWords(t), string(t) == chosen})
		}
	}
	products, err := s.Store.Products(ctx, d)
	for _, p := range products {
		value := "product:" + p
		out = append(out, choiceOption{value, "Use of " + p, value == chosen})
	}
	return out, err
}

// traceOf reads what a form says of how a practice shows.
func traceOf(value string) (t dose.Trace, product string) {
	if name, ok := strings.CutPrefix(value, "product:"); ok {
		return dose.Product, name
	}
	return dose.Trace(value), ""
}

// traceValue is the same for a form.
func traceValue(t dose.Trace, product string) string {
	if t == dose.Product {
		return "product:" + product
	}
	return string(t)
}

// shows says how a practice shows.
func shows(t dose.Trace, product string) string {
	if t == dose.Product {
		return "Use of " + product
	}
	return traceWords(t)
}

// meant says how much of a practice is recommended.
func meant(p dose.Practice) string {
	var parts []string
	for _, r := range p.Recommended {
		text := amount(r.Least, p.Unit)
		if len(r.Grades) > 0 {
			text += " in " + plain(len(r.Grades), "grade", "grades") + " " + strings.Join(r.Grades, ", ")
		}
		parts = append(parts, text)
	}
	every := "a week"
	if p.Weeks > 1 {
		every = "every " + weekWords(p.Weeks)
	}
	return "At least " + strings.Join(parts, ", ") + ", " + every
}

func plain(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// tenths writes a number to at most one place.
func tenths(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// amount writes a dose in its unit.
func amount(v float64, u dose.Unit) string {
	return tenths(v) + " " + map[bool]string{true: strings.TrimSuffix(string(u), "s"), false: string(u)}[v == 1]
}

func (s *Server) showPractices(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	return s.renderPractices(w, r, a, url.Values{"weeks": {"1"}, "from": {s.Now().Format(time.DateOnly)}, "unit": {string(dose.Times)}}, nil)
}

func (s *Server) renderPractices(w http.ResponseWriter, r *http.Request, a guard.Actor, f url.Values, wrong error) error {
	ctx := r.Context()
	practices, err := s.Store.Practices(ctx, a.District)
	if err != nil {
		return err
	}
	schools, err := s.Store.Schools(ctx, a.District, a.Person)
	if err != nil {
		return err
	}
	names := map[string]string{}
	v := practicesView{Form: practiceForm{Name: f.Get("name"), Least: f.Get("least"), Grades: f.Get("grades"), LeastElse: f.Get("least-else"), GradesElse: f.Get("grades-else"),
		Weeks: f.Get("weeks"), From: f.Get("from"), Source: f.Get("source"), Evidence: f.Get("evidence")}}
	for _, o := range schools {
		names[string(o.ID)] = o.Name
		v.Form.Schools = append(v.Form.Schools, choiceOption{string(o.ID), o.Name, slices.Contains(f["school"], string(o.ID))})
	}
	for _, p := range practices {
		row := practiceRow{Practice: p, Shows: shows(p.Trace, p.Product), Meant: meant(p), Where: "in all schools", Stop: practicesHref + "/" + urlPath(p.ID) + "/stop", Ask: studiesHref + "?practice=" + urlQuery(p.ID)}
		if len(p.Schools) > 0 {
			var at []string
			for _, id := range p.Schools {
				at = append(at, cmp.Or(names[id], "a school that is closed"))
			}
			row.Where = "in " + strings.Join(at, ", ")
		}
		v.Practices = append(v.Practices, row)
	}
	if v.Form.Traces, err = s.doseTraces(ctx, a.District, f.Get("trace")); err != nil {
		return err
	}
	for _, u := range dose.Units {
		v.Form.Units = append(v.Form.Units, choiceOption{string(u), string(u), string(u) == f.Get("unit")})
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "practices", v)
}

// addPractice keeps a practice and how much of it is recommended.
func (s *Server) addPractice(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	f := r.PostForm
	p := dose.Practice{Name: strings.TrimSpace(f.Get("name")), Unit: dose.Unit(f.Get("unit")), Schools: f["school"], From: f.Get("from"), Source: strings.TrimSpace(f.Get("source")), Evidence: strings.TrimSpace(f.Get("evidence"))}
	p.Trace, p.Product = traceOf(f.Get("trace"))
	p.Weeks, _ = strconv.Atoi(f.Get("weeks"))
	for _, x := range [][2]string{{"least", "grades"}, {"least-else", "grades-else"}} {
		if x[0] == "least-else" && strings.TrimSpace(f.Get(x[0])) == "" {
			continue
		}
		least, _ := strconv.ParseFloat(strings.TrimSpace(f.Get(x[0])), 64)
		p.Recommended = append(p.Recommended, dose.Recommendation{Grades: gradeList(f.Get(x[1])), Least: least})
	}
	switch err := s.Store.AddPractice(r.Context(), a.District, p, a.Person); {
	case err != nil && fault.KindOf(err) == fault.Invalid:
		return s.renderPractices(w, r, a, f, err)
	case err != nil:
		return err
	}
	return seeOther(w, r, practicesHref, "said")
}

// gradeList reads grades as people write them one after the other.
func gradeList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
}

func (s *Server) stopPractice(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := s.Store.StopPractice(r.Context(), a.District, r.PathValue("practice")); err != nil {
		return err
	}
	return seeOther(w, r, practicesHref, "said")
}

// taken returns what a school's students had of all practices that it does, in the weeks that
// pages look back on.
func (s *Server) taken(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]dose.Taken, error) {
	practices, err := s.Store.Practices(ctx, d)
	if err != nil {
		return nil, err
	}
	practices = slices.DeleteFunc(practices, func(p dose.Practice) bool { return !p.In(string(school)) })
	today := s.Now()
	all, err := s.Store.Taken(ctx, d, school, practices, study.Days{From: today.AddDate(0, 0, -doseWindow-6).Format(time.DateOnly), To: today.Format(time.DateOnly)})
	// Nothing is said of what is meant for grades that the school does not have.
	return slices.DeleteFunc(all, func(t dose.Taken) bool { return len(t.Periods) > 0 && len(t.Students) == 0 }), err
}

// schoolPracticesView is how far a school does what it says, for whom.
type schoolPracticesView struct {
	School    roster.Org
	Weeks     string
	Least     int
	Practices []practiceUse
	Index     *chart
	Runs      bool // the reader may run studies
}

type practiceUse struct {
	Name, Shows, Meant, Source, Evidence string
	Since                                string // where no period is over: when it began
	Hidden                               bool
	Latest                               string // the latest period
	Students, Short                      int
	ShortHidden                          bool // too few are short, or too few are not, to say how many
	Limited                              string
	Fidelity                             string
	All                                  *groupTable[doseRow]
	Tables                               []groupTable[doseRow] // by group
	Studies                              []studyRow
}

type doseRow struct {
	Name     string
	Students int
	Bands    [4]string // from the most on
	Mean     string
}

func (s *Server) showSchoolPractices(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	school, err := s.Store.Org(ctx, a.District, schoolID(r))
	if err != nil {
		return err
	}
	all, err := s.taken(ctx, a.District, school.ID)
	if err != nil {
		return err
	}
	studies, err := s.Store.Studies(ctx, a.District)
	if err != nil {
		return err
	}
	v := schoolPracticesView{School: school, Weeks: weekWords(doseWindow / 7), Least: mastery.SmallCell, Runs: a.Has(roster.Administrator)}
	var index [][]float64
	for _, t := range all {
		u := newPracticeUse(t)
		for _, k := range studies {
			if k.Plan.Practice == t.Practice.Name {
				u.Studies = append(u.Studies, newStudyRow(k))
			}
		}
		v.Practices = append(v.Practices, u)
		if !u.Hidden {
			index = append(index, months(t, s.Now()))
		}
	}
	v.Index = indexChart(dose.Index(index), len(index))
	return s.render(w, r, a, http.StatusOK, "schoolpractices", v)
}

// periodWords says a period by its first and last day.
func periodWords(p dose.Period) string {
	from, _ := time.Parse(time.DateOnly, p.From)
	before, _ := time.Parse(time.DateOnly, p.Before)
	return from.Format("January 2") + " to " + before.AddDate(0, 0, -1).Format("January 2")
}

func newPracticeUse(t dose.Taken) practiceUse {
	p := t.Practice
	u := practiceUse{Name: p.Name, Shows: shows(p.Trace, p.Product), Meant: meant(p), Source: p.Source, Evidence: p.Evidence}
	if len(t.Periods) == 0 {
		u.Since, u.Hidden = p.From, true
		return u
	}
	u.Latest = periodWords(t.Periods[len(t.Periods)-1])
	groups := dose.Summarise(t.Students, t.Dimensions, mastery.SmallCell)
	if len(groups) == 0 || groups[0].Suppressed {
		u.Hidden = true
		return u
	}
	all := groups[0]
	u.Students, u.Short = all.Students, all.Short
	few := func(n int) bool { return n > 0 && n < mastery.SmallCell }
	u.ShortHidden = few(all.Short) || few(all.Students-all.Short)
	if !u.ShortHidden && all.Short > 0 {
		switch {
		case all.Limited == 0:
			u.Limited = "For nobody of them it is known that something stood in the way."
		case all.Limited < mastery.SmallCell:
			u.Limited = fmt.Sprintf("For fewer than %d of them it is known that something stood in the way: no device, no connection, no time, being away.", mastery.SmallCell)
		default:
			u.Limited = fmt.Sprintf("For %d of them it is known that something stood in the way: no device, no connection, no time, being away. That is not a want of will.", all.Limited)
		}
	}
	u.Tables, _ = tablesOf(groups, func(g dose.Group, name string) doseRow {
		row := doseRow{Name: name, Students: g.Students, Mean: amount(g.Mean, p.Unit)}
		counts := make([]int, len(g.Bands))
		for b := range counts {
			counts[b] = int(math.Round(g.Bands[len(g.Bands)-1-b] * float64(g.Students)))
		}
		for b, hide := range stats.SuppressedCounts(counts, mastery.SmallCell) {
			row.Bands[b] = share(float64(counts[b]) / float64(g.Students))
			if hide {
				row.Bands[b] = "few"
			}
		}
		if g.Dimension == stats.Everybody {
			u.Fidelity = row.Bands[0]
		}
		return row
	})
	u.Tables = slices.DeleteFunc(u.Tables, func(t groupTable[doseRow]) bool {
		return len(t.Rows) == 1 && len(t.Hidden) == 0 && t.Rows[0].Name == groupName("", "")
	})
	if len(u.Tables) > 0 {
		u.All, u.Tables = &u.Tables[0], u.Tables[1:]
	}
	return u
}

// months is, for each four weeks of the window, the mean share of students who had as much as
// is recommended; NaN where no period ended in them.
func months(t dose.Taken, now time.Time) []float64 {
	out := make([]float64, doseWindow/doseMonth)
	for m := range out {
		until := now.AddDate(0, 0, -doseMonth*(len(out)-1-m)).Format(time.DateOnly)
		from := now.AddDate(0, 0, -doseMonth*(len(out)-m)).Format(time.DateOnly)
		n := 0.0
		for k, p := range t.Periods {
			if p.Before <= from || p.Before > until {
				continue
			}
			for i := range t.Students {
				if !t.Students[i].Short(k) {
					out[m]++
				}
				n++
			}
		}
		out[m] /= n // 0/0 is NaN
	}
	return out
}

// indexChart draws how far a school does what it says, against its own past.
func indexChart(index []float64, practices int) *chart {
	c := chart{ID: "index", Title: "How far the school does what it says", Head: []string{"", "Share"}}
	var known []float64
	for i, v := range index {
		if math.IsNaN(v) {
			continue
		}
		known = append(known, v)
		label := "the latest four weeks"
		if back := len(index) - 1 - i; back > 0 {
			label = fmt.Sprintf("%d to %d weeks ago", 4*back, 4*back+4)
		}
		top := len(c.Rows) * rowHeight
		c.Rows = append(c.Rows, chartRow{Label: upperFirst(label), Value: share(v), TextY: top + 14, BarY: top + 21, Bar: place(v)})
		c.Table = append(c.Table, chartLine{upperFirst(label), []string{share(v)}})
	}
	if len(known) == 0 {
		return nil
	}
	c.Height = len(c.Rows) * rowHeight
	now, past := known[len(known)-1], known[:len(known)-1]
	c.Lead = fmt.Sprintf("In the latest four weeks %s.", share(now))
	if len(past) > 0 {
		mean := 0.0
		for _, v := range past {
			mean += v / float64(len(past))
		}
		c.Lead = fmt.Sprintf("In the latest four weeks %s, before that %s.", share(now), share(mean))
	}
	c.Text = fmt.Sprintf("Of %s that the school says it does: the share of students who had as much as is recommended, held against the school's own past only. It says what was done, not whether it helped.", plural(practices, "practice", "practices"))
	return &c
}

// classPracticesView is who in a class had less of a practice than is recommended.
type classPracticesView struct {
	Class     roster.Class
	Practices []classPractice
	Whys      []dose.Why
}

type classPractice struct {
	ID, Name, Meant, Latest string
	Since, Until            string // first and last day of the latest period
	Students                int
	Short                   []shortRow
}

type shortRow struct {
	Person             roster.Person
	Had, Least, Streak string
	Access, Other      []string // words of the reasons, by whether they lie with what the student could reach
	Href, Action       string
}

func (s *Server) showClassPractices(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	people, err := s.Store.People(ctx, a.District, class.ID, roster.Student)
	if err != nil {
		return err
	}
	all, err := s.taken(ctx, a.District, class.School)
	if err != nil {
		return err
	}
	v := classPracticesView{Class: class, Whys: dose.Whys}
	in := map[string]roster.Person{}
	for _, p := range people {
		in[string(p.ID)] = p
	}
	for _, t := range all {
		c := classPractice{ID: t.Practice.ID, Name: t.Practice.Name, Meant: meant(t.Practice)}
		if n := len(t.Periods); n > 0 {
			p := t.Periods[n-1]
			before, _ := time.Parse(time.DateOnly, p.Before)
			c.Latest, c.Since, c.Until = periodWords(p), p.From, before.AddDate(0, 0, -1).Format(time.DateOnly)
		}
		for _, x := range t.Students {
			p, ok := in[x.ID]
			if !ok || len(x.Got) == 0 {
				continue
			}
			c.Students++
			if last := len(x.Got) - 1; x.Short(last) {
				row := shortRow{Person: p, Had: tenths(x.Got[last]), Least: amount(x.Least, t.Practice.Unit), Href: recordHref(p.ID), Action: barriersHref(p.ID)}
				if n := x.Streak(); n > 1 {
					row.Streak = fmt.Sprintf("%d times in a row", n)
				}
				for _, code := range x.Whys[last] {
					if why, ok := dose.WhyOf(code); ok && why.Access {
						row.Access = append(row.Access, why.Words)
					} else if ok {
						row.Other = append(row.Other, why.Words)
					}
				}
				c.Short = append(c.Short, row)
			}
		}
		// Those whom nothing is known to have kept from it come first, by name: they can be asked.
		slices.SortStableFunc(c.Short, func(x, y shortRow) int {
			return cmp.Or(cmp.Compare(len(x.Access), len(y.Access)), strings.Compare(x.Person.Name(), y.Person.Name()))
		})
		v.Practices = append(v.Practices, c)
	}
	return s.render(w, r, a, http.StatusOK, "classpractices", v)
}

func barriersHref(student roster.PersonID) string { return recordHref(student) + "/barriers" }

// barrier is something that stands in a student's way, or stood there.
type barrier struct {
	Words, Practice, Who, Since, Until string
	End                                string // address; empty once it has ended
}

// barriers are what stands in a student's way, the latest first.
func (s *Server) barriers(ctx context.Context, d roster.DistrictID, student roster.PersonID) ([]barrier, error) {
	reasons, err := s.Store.DoseReasonsOf(ctx, d, student)
	if err != nil {
		return nil, err
	}
	practices, err := s.Store.Practices(ctx, d)
	if err != nil {
		return nil, err
	}
	names := s.namesOf(ctx, d)
	var out []barrier
	for _, x := range reasons {
		why, ok := dose.WhyOf(x.Why)
		if !ok {
			continue
		}
		b := barrier{Words: why.Words, Since: x.Since, Until: x.Until}
		if b.Who, err = names(roster.PersonID(x.Author)); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(practices, func(p dose.Practice) bool { return p.ID == x.Practice }); i >= 0 {
			b.Practice = practices[i].Name
		}
		if x.Until == "" {
			b.End = barriersHref(student) + "/" + urlPath(x.ID) + "/end"
		}
		out = append(out, b)
	}
	return out, nil
}

// addBarrier keeps what stands in a student's way: for some days, or until it is over.
func (s *Server) addBarrier(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	student := studentID(r)
	reason := dose.Reason{Student: string(student), Practice: r.PostForm.Get("practice"), Why: r.PostForm.Get("why"), Author: string(a.Person), Since: s.Now().Format(time.DateOnly)}
	for field, day := range map[string]*string{"since": &reason.Since, "until": &reason.Until} {
		text := r.PostForm.Get(field)
		if text == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return fault.Field(field, "This is not a day.")
		}
		*day = text
	}
	if err := s.Store.AddDoseReason(r.Context(), a.District, reason); err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(student)))
	return seeOther(w, r, s.barrierBack(r, student), "said")
}

func (s *Server) endBarrier(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	student := studentID(r)
	if err := s.Store.EndDoseReason(r.Context(), a.District, student, r.PathValue("barrier")); err != nil {
		return err
	}
	s.Hub.Publish(live.StudentTopic(string(a.District), string(student)))
	return seeOther(w, r, s.barrierBack(r, student), "said")
}

// barrierBack is where somebody came from: a class's list, or the profile.
func (s *Server) barrierBack(r *http.Request, student roster.PersonID) string {
	if class := r.PostFormValue("class"); class != "" {
		return classPath(roster.ClassID(class)) + "/practices"
	}
	return profileHref(student)
}
