package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/study"
	"waymark/internal/study/dose"
	"waymark/internal/study/power"
)

const studiesHref = "/admin/studies"

func studyHref(id string) string { return studiesHref + "/" + urlPath(id) }

// studiesView is the studies of a district, and the form that declares another.
type studiesView struct {
	Studies []studyRow
	Form    studyForm
	Power   string // what a pilot as it is written could see
	Errors  formErrors
}

type studyRow struct {
	Href, Question, Practice string
	Verdict                  study.Verdict // empty before it was run
	Effect                   string        // with its interval
	Lots                     bool
	At                       time.Time
}

func newStudyRow(k study.Kept) studyRow {
	row := studyRow{Href: studyHref(k.ID), Question: k.Plan.Question, Practice: k.Plan.Practice, At: k.At, Lots: k.Plan.Lots != nil}
	if k.Result != nil {
		o := k.Result.Outcomes[0]
		row.Verdict = o.Verdict
		row.Effect = signed(float64(o.Effect.G)) + " (" + signed(float64(o.Effect.GLow)) + " to " + signed(float64(o.Effect.GHigh)) + ")"
	}
	return row
}

// signed writes a number of standard deviations.
func signed(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "?"
	}
	return strings.Replace(fmt.Sprintf("%+.2f", v), "-", "−", 1)
}

// studyForm is what was written into the form.
type studyForm struct {
	Question, Practice, PracticeID, AtLeast, Meaningful            string
	DuringFrom, DuringTo, BeforeFrom, BeforeTo, AfterFrom, AfterTo string
	Share, Later, Grades                                           string
	Pairs, ByLot                                                   bool
	Traces, Outcomes, Schools, Units, Classes                      []choiceOption
	Declared                                                       string // the declared practice that is studied, in words
}

func traceWords(t dose.Trace) string {
	return map[dose.Trace]string{dose.Talks: "Talks with an adult", dose.Choices: "Work of their own choice", dose.FlexTime: "Sessions in flex time", dose.Checks: "Adaptive checks", study.InSchools: "Being in one of the schools below", study.Unseen: "It does not show here"}[t]
}

func (s *Server) showStudies(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	today := s.Now()
	day := func(back int) []string { return []string{today.AddDate(0, 0, -back).Format(time.DateOnly)} }
	f := url.Values{"atleast": {"2"}, "meaningful": {"0.05"}, "during-from": day(84), "during-to": day(1), "before-from": day(112), "before-to": day(57), "after-from": day(28), "after-to": day(1),
		"share": {"50"}, "later": day(-112)}
	if id := r.URL.Query().Get("practice"); id != "" {
		p, err := s.declared(r, a, id)
		if err != nil {
			return err
		}
		f.Set("practice-id", id)
		f.Set("practice", p.Name)
		f.Set("question", "Does “"+p.Name+"” help?")
		f.Set("trace", traceValue(p.Trace, p.Product))
		f.Set("atleast", strconv.Itoa(int(math.Ceil(p.Recommended[0].Least*dose.Full*84/7/float64(p.Weeks)))))
		if len(p.Schools) > 0 {
			f.Set("trace", string(study.InSchools))
			for _, id := range p.Schools {
				o, err := s.Store.Org(r.Context(), a.District, roster.OrgID(id))
				if err != nil {
					return err
				}
				f.Add("school", o.Name)
			}
		}
	}
	return s.renderStudies(w, r, a, f, "", nil)
}

// declared returns a practice that the district says its schools do.
func (s *Server) declared(r *http.Request, a guard.Actor, id string) (p dose.Practice, err error) {
	all, err := s.Store.Practices(r.Context(), a.District)
	if err != nil {
		return p, err
	}
	i := slices.IndexFunc(all, func(p dose.Practice) bool { return p.ID == id })
	if i < 0 {
		return p, fault.New(fault.NotFound, "There is no such practice.")
	}
	return all[i], nil
}

func (s *Server) renderStudies(w http.ResponseWriter, r *http.Request, a guard.Actor, f url.Values, power string, wrong error) error {
	ctx, d := r.Context(), a.District
	kept, err := s.Store.Studies(ctx, d)
	if err != nil {
		return err
	}
	v := studiesView{Power: power}
	for _, k := range kept {
		v.Studies = append(v.Studies, newStudyRow(k))
	}
	v.Form = studyForm{Question: f.Get("question"), Practice: f.Get("practice"), PracticeID: f.Get("practice-id"), AtLeast: f.Get("atleast"), Meaningful: f.Get("meaningful"), DuringFrom: f.Get("during-from"), DuringTo: f.Get("during-to"),
		BeforeFrom: f.Get("before-from"), BeforeTo: f.Get("before-to"), AfterFrom: f.Get("after-from"), AfterTo: f.Get("after-to"),
		Share: f.Get("share"), Later: f.Get("later"), Grades: f.Get("grades"), Pairs: f.Get("pairs") != "", ByLot: f.Get("lots") != ""}
	if v.Form.PracticeID != "" {
		p, err := s.declared(r, a, v.Form.PracticeID)
		if err != nil {
			return err
		}
		v.Form.Declared = meant(p)
	}
	if v.Form.Traces, err = s.doseTraces(ctx, d, f.Get("trace")); err != nil {
		return err
	}
	v.Form.Traces = append(v.Form.Traces, choiceOption{string(study.InSchools), traceWords(study.InSchools), f.Get("trace") == string(study.InSchools)})
	if v.Form.Outcomes, err = s.studyOutcomes(r, d, f.Get("outcome")); err != nil {
		return err
	}
	schools, err := s.Store.StudySchools(ctx, d)
	if err != nil {
		return err
	}
	for _, name := range schools {
		v.Form.Schools = append(v.Form.Schools, choiceOption{name, name, slices.Contains(f["school"], name)})
	}
	v.Form.Units = choices(f.Get("unit"), string(study.ByStudent), "each student", string(study.ByClass), "classes as wholes", string(study.BySchool), "schools as wholes")
	subjects, homerooms, err := s.Store.ClassSubjects(ctx, d)
	if err != nil {
		return err
	}
	if homerooms {
		v.Form.Classes = append(v.Form.Classes, choiceOption{study.Homerooms, "homerooms", f.Get("classes") == study.Homerooms})
	}
	for _, x := range subjects {
		v.Form.Classes = append(v.Form.Classes, choiceOption{x, x, f.Get("classes") == x})
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "studies", v)
}

// studyOutcomes are the measures that the district has: scales of tests, and work on each
// framework.
func (s *Server) studyOutcomes(r *http.Request, d roster.DistrictID, chosen string) (all []choiceOption, err error) {
	frameworks, err := s.Store.FrameworkTitles(r.Context(), d)
	if err != nil {
		return nil, err
	}
	for _, f := range frameworks {
		value := "work:" + f[0]
		all = append(all, choiceOption{value, "work on " + f[1], value == chosen})
	}
	scales, err := s.Store.Scales(r.Context(), d)
	for _, x := range scales {
		value := "test:" + x
		all = append(all, choiceOption{value, x, value == chosen})
	}
	return all, err
}

// declareStudy keeps a plan, and runs it at once where its last day is over; or says only what a
// pilot as it is written could see.
func (s *Server) declareStudy(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	f := r.PostForm
	p, err := s.writtenPlan(r, a, f)
	if err != nil {
		return err
	}
	power := ""
	id := ""
	if f.Get("do") == "look" {
		power, err = s.couldSee(r, a, p)
	} else {
		id, err = s.Store.DeclareStudy(r.Context(), a.District, p, a.Person)
	}
	if fault.KindOf(err) == fault.Invalid && err != nil || power != "" {
		return s.renderStudies(w, r, a, f, power, err)
	}
	if err != nil {
		return err
	}
	if _, end := p.After.Times(); s.Now().After(end) {
		if err := s.answer(r, a, id, p); err != nil {
			return s.refuseStudy(w, r, a, id, err)
		}
	}
	return seeOther(w, r, studyHref(id), "")
}

// writtenPlan reads a plan from its form.
func (s *Server) writtenPlan(r *http.Request, a guard.Actor, f url.Values) (p study.Plan, err error) {
	p = study.Plan{Question: strings.TrimSpace(f.Get("question")), Practice: strings.TrimSpace(f.Get("practice")), During: study.Days{From: f.Get("during-from"), To: f.Get("during-to")},
		Before: study.Days{From: f.Get("before-from"), To: f.Get("before-to")}, After: study.Days{From: f.Get("after-from"), To: f.Get("after-to")}}
	p.Trace, p.Product = traceOf(f.Get("trace"))
	if f.Get("lots") != "" {
		percent, _ := strconv.ParseFloat(strings.TrimSpace(f.Get("share")), 64)
		p.Lots = &study.Lots{Unit: study.Unit(f.Get("unit")), Schools: f["school"], Share: percent / 100, Pairs: f.Get("pairs") != "", Later: f.Get("later"),
			Grades: gradeList(f.Get("grades"))}
		if p.Lots.Unit == study.ByClass {
			p.Lots.Classes = f.Get("classes")
		}
		if p.Trace == study.InSchools {
			p.Trace = study.Unseen
		}
	} else if p.Trace == study.InSchools {
		p.Schools = f["school"]
	}
	if p.Trace != study.InSchools && p.Trace != study.Unseen {
		p.AtLeast, _ = strconv.Atoi(f.Get("atleast"))
	}
	if id := f.Get("practice-id"); id != "" {
		practice, err := s.declared(r, a, id)
		if err != nil {
			return p, err
		}
		p.Dose, p.Practice = &practice, practice.Name
	}
	p.Meaningful, _ = strconv.ParseFloat(f.Get("meaningful"), 64)
	p.Seed = seedOf(p.Question+p.After.To)%1_000_000 + 1
	if scale, ok := strings.CutPrefix(f.Get("outcome"), "test:"); ok {
		p.Scale = scale
	}
	if framework, ok := strings.CutPrefix(f.Get("outcome"), "work:"); ok {
		p.Framework = framework
	}
	outcomes, err := s.studyOutcomes(r, a.District, "")
	for _, o := range outcomes {
		if o.Value == f.Get("outcome") {
			p.Measure = o.Label
		}
	}
	return p, err
}

// What a pilot could see is reckoned as if between classes or schools lay a fifth of the variance,
// which is the Clearinghouse's default for achievement, and the baseline explained half of it.
const (
	assumedICC = .2
	assumedR2  = .5
)

// couldSee says how small an effect a pilot would find four times of five.
func (s *Server) couldSee(r *http.Request, a guard.Actor, p study.Plan) (string, error) {
	if err := p.Check(); err != nil {
		return "", err
	}
	if p.Lots == nil {
		return "", fault.Field("lots", "Tick that lots are drawn: only then it is known beforehand what can be seen.")
	}
	units, _, _, students, err := s.Store.LotUnits(r.Context(), a.District, p)
	if err != nil {
		return "", err
	}
	d := power.Design{Unit: power.Students, Students: float64(students), Share: p.Lots.Share, R2: assumedR2, Covariates: 1}
	who := fmt.Sprintf("%d students draw.", students)
	if p.Lots.Unit != study.ByStudent {
		d.Unit, d.Clusters, d.Students, d.ICC, d.R2Cluster = power.Clusters, float64(len(units)), float64(students)/float64(len(units)), assumedICC, assumedR2
		who = fmt.Sprintf("%d %s with %d students draw.", len(units), map[study.Unit]string{study.ByClass: "classes", study.BySchool: "schools"}[p.Lots.Unit], students)
	}
	least, err := power.Detectable(d, .8)
	if err != nil || math.IsNaN(least) || math.IsInf(least, 0) {
		return "", fault.Field("unit", "%s That is too few to see anything.", who)
	}
	text := fmt.Sprintf("%s With all of them measured before and after, an effect of %.2f standard deviations or more would be found four times of five", who, least)
	if p.Lots.Unit != study.ByStudent {
		text += fmt.Sprintf(", if a fifth of the variance lies between %s and the baseline explains half of it", map[study.Unit]string{study.ByClass: "classes", study.BySchool: "schools"}[p.Lots.Unit])
	} else {
		text += ", if the baseline explains half of the variance"
	}
	if least > p.Meaningful {
		text += fmt.Sprintf(". You said that %.2g would matter: an effect between the two would most likely end in “can't tell”. Let more take part, or longer", p.Meaningful)
	}
	return text + ".", nil
}

func (s *Server) answer(r *http.Request, a guard.Actor, id string, p study.Plan) error {
	facts, err := s.Store.StudyFacts(r.Context(), a.District, id, p)
	if err != nil {
		return err
	}
	result, extract, err := p.Run(facts)
	if err != nil {
		return err
	}
	return s.Store.KeepStudy(r.Context(), a.District, id, extract, result)
}

// runStudy runs a study again, or for the first time; its declaration stays as it was.
func (s *Server) runStudy(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	k, err := s.Store.Study(r.Context(), a.District, r.PathValue("study"))
	if err != nil {
		return err
	}
	if err := s.answer(r, a, k.ID, k.Plan); err != nil {
		return s.refuseStudy(w, r, a, k.ID, err)
	}
	return seeOther(w, r, studyHref(k.ID), "")
}

// refuseStudy shows a study with what keeps it from being run.
func (s *Server) refuseStudy(w http.ResponseWriter, r *http.Request, a guard.Actor, id string, wrong error) error {
	if fault.KindOf(wrong) != fault.Invalid {
		return wrong
	}
	k, err := s.Store.Study(r.Context(), a.District, id)
	if err != nil {
		return err
	}
	return s.renderStudy(w, r, a, k, wrong)
}

// studyView is one study as a principal reads it.
type studyView struct {
	study.Kept
	Who      string
	Trace    string
	Drawn    *drawn // of a pilot
	Dose     *doseView
	Declared string // what is recommended
	Waits    bool   // its last day is to come
	End      time.Time
	Digest   string
	O        *study.OutcomeResult
	Percent  string
	Head     string // the verdict
	Design   string // the tier
	Groups   chart
	Schools  chart
	Checks   chart
	Balance  chart
	Changing []string
	Again    string
	Bundle   string
	Errors   formErrors
}

func (s *Server) showStudy(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	k, err := s.Store.Study(r.Context(), a.District, r.PathValue("study"))
	if err != nil {
		return err
	}
	return s.renderStudy(w, r, a, k, nil)
}

func (s *Server) renderStudy(w http.ResponseWriter, r *http.Request, a guard.Actor, k study.Kept, wrong error) error {
	v := studyView{Kept: k, Trace: shows(k.Plan.Trace, k.Plan.Product), Digest: k.Plan.Spec().Digest(), Again: studyHref(k.ID) + "/run", Bundle: studyHref(k.ID) + "/bundle"}
	names := s.namesOf(r.Context(), a.District)
	var err error
	if v.Who, err = names(roster.PersonID(k.Author)); err != nil {
		return err
	}
	if k.Plan.Lots != nil {
		if v.Drawn, err = s.drawnFor(r, a, k); err != nil {
			return err
		}
	}
	if k.Plan.Dose != nil {
		v.Declared = meant(*k.Plan.Dose)
	}
	_, v.End = k.Plan.After.Times()
	v.Waits = s.Now().Before(v.End)
	if k.Result != nil {
		o := &k.Result.Outcomes[0]
		v.O = o
		v.Head, v.Design = sentence(string(o.Verdict)), sentence(string(o.Tier))
		v.Percent = fmt.Sprintf("%+.0f", float64(o.Effect.Improvement))
		v.draw()
		v.Dose = newDoseView(o)
		v.Changing = changing(k.Plan, o)
	}
	var code int
	v.Errors, code = answerTo(wrong)
	return s.render(w, r, a, code, "study", v)
}

// doseView is the effect on all who were given a practice beside that among those who had enough.
type doseView struct {
	Rows    []chartLine
	Note    string
	Schools []chartLine
	Rank    string
}

func newDoseView(o *study.OutcomeResult) *doseView {
	if o.Dose == nil {
		return nil
	}
	cells := func(n int, e *study.Effect) []string {
		if e == nil {
			return []string{count(n), "too few", ""}
		}
		return []string{count(n), signed(float64(e.G)), signed(float64(e.GLow)) + " to " + signed(float64(e.GHigh))}
	}
	v := &doseView{Note: o.Dose.Note, Rows: []chartLine{{"All who were given it (this is the answer)", cells(o.Treated.Students, &o.Effect)}}}
	if o.Complier != nil {
		v.Rows = append(v.Rows, chartLine{"Those who took it up because of their lot", append([]string{""}, cells(0, o.Complier)[1:]...)})
	}
	v.Rows = append(v.Rows, chartLine{"Only those who had as much as is recommended", cells(o.Dose.Students, o.Dose.Effect)})
	for _, x := range o.Schools {
		if x.Dose != nil {
			v.Schools = append(v.Schools, chartLine{x.School, []string{share(float64(*x.Dose)), signed(float64(x.Shrunken))}})
		}
	}
	if o.Pooled != nil && o.Pooled.DoseRank != nil {
		v.Rank = fmt.Sprintf("Rank correlation %s. ", signed(float64(*o.Pooled.DoseRank)))
	}
	return v
}

// sentence begins with a capital.
func sentence(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:]
}

// draw makes the study's pictures, each with its table.
func (v *studyView) draw() {
	o := v.O
	whole := forestRow{"All", float64(o.Effect.G), float64(o.Effect.GLow), float64(o.Effect.GHigh), count(o.Treated.Students)}
	groups, schools, checks := []forestRow{whole}, []forestRow{}, []forestRow{whole}
	for _, g := range o.Subgroups {
		if !g.Hidden {
			groups = append(groups, forestRow{columnWords(g.Column) + ": " + g.Value, float64(g.Effect.G), float64(g.Effect.GLow), float64(g.Effect.GHigh), count(g.Students)})
		}
	}
	for _, x := range o.Schools {
		schools = append(schools, forestRow{x.School, float64(x.Shrunken), float64(x.Low), float64(x.High), count(x.Students)})
	}
	for _, c := range o.Checks {
		checks = append(checks, forestRow{c.Name, float64(c.G), float64(c.GLow), float64(c.GHigh), c.What})
	}
	v.Groups = forest("groups", "For whom", "Effect in standard deviations, with 95 % intervals, by group of students.", "Students", groups)
	v.Schools = forest("schools", "School by school", "Effects of single schools, drawn toward the mean of all. No ranking follows from them.", "Students", schools)
	v.Checks = forest("checks", "Done otherwise", "The same question, analysed in other ways.", "How", checks)
	var love []forestRow
	for _, b := range o.Balance {
		love = append(love, forestRow{columnWords(b.Column), float64(b.After), min(float64(b.Before), float64(b.After)), max(float64(b.Before), float64(b.After)), string(b.Class)})
	}
	v.Balance = forest("balance", "How alike the groups were at the start", "Differences in standard deviations: the mark is after matching, the line reaches to what it was before. Up to 0.05 is well; above 0.25 nothing follows.", "", love)
	v.Balance.Legend = false
	for i := range v.Balance.Rows {
		v.Balance.Rows[i].Shape = cannotTell // no direction is better
	}
}

// columnWords says the name of an extract's column.
func columnWords(name string) string {
	if name == "before" {
		return "measured before"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// forestRow is an estimate with its interval.
type forestRow struct {
	label         string
	at, low, high float64
	note          string
}

// forest draws estimates with intervals about nothing.
func forest(id, title, text, noteHead string, rows []forestRow) chart {
	c := chart{ID: id, Title: title, Lead: title + ".", Text: text, Head: []string{"", "Estimate", "Between", cmp.Or(noteHead, "Judged")}, Legend: true}
	low, high := 0.0, 0.0
	var shown []forestRow
	for _, r := range rows {
		if math.IsNaN(r.low) || math.IsNaN(r.high) || math.IsInf(r.low, 0) || math.IsInf(r.high, 0) {
			continue
		}
		if math.IsNaN(r.at) {
			r.at = (r.low + r.high) / 2
		}
		shown = append(shown, r)
		low, high = min(low, r.low), max(high, r.high)
	}
	if len(shown) == 0 {
		return c
	}
	pad := max(.02, (high-low)*.06)
	low, high = low-pad, high+pad
	at := func(v float64) string { return place((v - low) / (high - low)) }
	for i, r := range shown {
		top := i * rowHeight
		c.Rows = append(c.Rows, chartRow{Label: r.label, Value: signed(r.at), TextY: top + 14, MidY: top + 31, Low: at(r.low), High: at(r.high), Dot: at(r.at), Shape: direction(r.low, r.high)})
		c.Table = append(c.Table, chartLine{r.label, []string{signed(r.at), signed(r.low) + " to " + signed(r.high), r.note}})
	}
	c.Height = len(shown) * rowHeight
	c.Zero = at(0)
	return c
}

// changing says what would change our mind.
func changing(p study.Plan, o *study.OutcomeResult) []string {
	var out []string
	half := (float64(o.Effect.GHigh) - float64(o.Effect.GLow)) / 2
	if o.Verdict == study.CannotTell && half > p.Meaningful && !math.IsInf(half, 0) {
		times := (half / p.Meaningful) * (half / p.Meaningful)
		what := "students"
		if p.Trace == study.InSchools {
			what = "schools"
		}
		out = append(out, fmt.Sprintf("To see effects as small as %.2g, it would take about %.0f times as many %s.", p.Meaningful, math.Ceil(times), what))
	}
	if v := float64(o.Hidden.EValueInterval); v > 1 {
		out = append(out, fmt.Sprintf("Something unmeasured that goes with both the practice and the outcome by a risk ratio of %.2f each would explain it away.", v))
	}
	for _, c := range o.Checks {
		if g := float64(c.G); !math.IsNaN(g) && g*float64(o.Effect.G) < 0 {
			out = append(out, fmt.Sprintf("Done otherwise (%s), the estimate has the other sign.", c.Name))
		}
	}
	if p.Lots != nil {
		return out
	}
	return append(out, "Lots: drawing by lot who begins first, and comparing then, would answer it without what matching cannot see.")
}

// drawn is what lots gave.
type drawn struct {
	Unit         string // in the plural
	First, Later int
	From, Until  string // when the first begin, and all others
	List         string // address of the list
	Names        []drawnUnit
}

type drawnUnit struct {
	Name, School string
	First        bool
}

// namesMost is how many units a page names; the list has all of them.
const namesMost = 60

func (s *Server) drawnFor(r *http.Request, a guard.Actor, k study.Kept) (*drawn, error) {
	lots, err := s.Store.Lots(r.Context(), a.District, k.ID)
	if err != nil {
		return nil, err
	}
	d := &drawn{Unit: map[study.Unit]string{study.ByStudent: "students", study.ByClass: "classes", study.BySchool: "schools"}[k.Plan.Lots.Unit], From: k.Plan.During.From, Until: k.Plan.Lots.Later, List: studyHref(k.ID) + "/lots.csv"}
	for _, l := range lots {
		if l.Treated {
			d.First++
		} else {
			d.Later++
		}
	}
	if k.Plan.Lots.Unit != study.ByStudent && len(lots) <= namesMost {
		if d.Names, err = s.unitNames(r, a, k.Plan.Lots.Unit, lots); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// unitNames says who drew what, those who begin first before the others.
func (s *Server) unitNames(r *http.Request, a guard.Actor, unit study.Unit, lots []study.Lot) ([]drawnUnit, error) {
	ctx, names := r.Context(), s.namesOf(r.Context(), a.District)
	var out []drawnUnit
	for _, l := range lots {
		u := drawnUnit{Name: l.Unit, School: l.Block, First: l.Treated}
		switch unit {
		case study.ByStudent:
			name, err := names(roster.PersonID(l.Unit))
			if err != nil {
				return nil, err
			}
			u.Name = name
		case study.ByClass:
			c, err := s.Store.Class(ctx, a.District, roster.ClassID(l.Unit))
			if err != nil {
				return nil, err
			}
			u.Name = c.Title
		case study.BySchool:
			o, err := s.Store.Org(ctx, a.District, roster.OrgID(l.Unit))
			if err != nil {
				return nil, err
			}
			u.Name, u.School = o.Name, ""
		}
		out = append(out, u)
	}
	slices.SortFunc(out, func(x, y drawnUnit) int {
		if x.First != y.First {
			return map[bool]int{true: -1, false: 1}[x.First]
		}
		return cmp.Or(strings.Compare(x.School, y.School), strings.Compare(x.Name, y.Name))
	})
	return out, nil
}

// studyLots sends who begins first and who later, so that schools can act on it.
func (s *Server) studyLots(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	k, err := s.Store.Study(r.Context(), a.District, r.PathValue("study"))
	if err != nil {
		return err
	}
	if k.Plan.Lots == nil {
		return fault.New(fault.NotFound, "Nobody drew a lot in this study.")
	}
	lots, err := s.Store.Lots(r.Context(), a.District, k.ID)
	if err != nil {
		return err
	}
	units, err := s.unitNames(r, a, k.Plan.Lots.Unit, lots)
	if err != nil {
		return err
	}
	rows := [][]string{{string(k.Plan.Lots.Unit), "within", "begins"}}
	for _, u := range units {
		begins := k.Plan.Lots.Later
		if u.First {
			begins = k.Plan.During.From
		}
		rows = append(rows, []string{u.Name, u.School, begins})
	}
	return writeCSV(w, r, "lots.csv", rows)
}

// studyClaims is the register of all that studies claim: one row for each outcome, also of those
// that were not run.
func (s *Server) studyClaims(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	kept, err := s.Store.Studies(r.Context(), a.District)
	if err != nil {
		return err
	}
	rows := [][]string{{"study", "practice", "question", "declared", "run", "outcome", "verdict", "because", "design", "effect (g)", "from", "to", "p", "p adjusted", "students with", "students without", "smallest that matters", "declaration", "extract", "seed", "program"}}
	number := func(v float64) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	for _, k := range kept {
		head := []string{k.ID, k.Plan.Practice, k.Plan.Question, k.At.UTC().Format(time.RFC3339)}
		if k.Result == nil {
			row := append(head, "", k.Plan.Measure, "not run yet", "", "", "", "", "", "", "", "", "", number(k.Plan.Meaningful), k.Plan.Spec().Digest(), "", strconv.FormatUint(k.Plan.Seed, 10), "")
			rows = append(rows, row)
			continue
		}
		for _, o := range k.Result.Outcomes {
			rows = append(rows, append(slices.Clone(head), k.Ran.UTC().Format(time.RFC3339), o.Name, string(o.Verdict), o.Because, string(o.Tier), number(float64(o.Effect.G)), number(float64(o.Effect.GLow)), number(float64(o.Effect.GHigh)),
				number(float64(o.Effect.P)), number(float64(o.PAdjusted)), strconv.Itoa(o.Treated.Students), strconv.Itoa(o.Control.Students), number(k.Plan.Meaningful), k.Result.Declaration, k.Result.Extract, strconv.FormatUint(k.Result.Seed, 10), k.Result.Program))
		}
	}
	return writeCSV(w, r, "effect-claims.csv", rows)
}

// studyBundle sends declaration, extract and result, so that anybody can run it again. Nobody
// is named in it.
func (s *Server) studyBundle(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	k, err := s.Store.Study(r.Context(), a.District, r.PathValue("study"))
	if err != nil {
		return err
	}
	if k.Result == nil {
		return fault.New(fault.NotFound, "This study was not run yet.")
	}
	spec, err := json.MarshalIndent(k.Plan.Spec(), "", " ")
	if err != nil {
		return err
	}
	result, err := json.MarshalIndent(k.Result, "", "  ")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := study.WriteBundle(&b, spec, k.Extract, result, k.Ran); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="study-`+k.Plan.Spec().Digest()+`.zip"`)
	_, err = io.Copy(w, &b)
	return err
}
