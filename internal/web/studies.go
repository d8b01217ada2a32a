package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
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
)

const studiesHref = "/admin/studies"

func studyHref(id string) string { return studiesHref + "/" + urlPath(id) }

// studiesView is the studies of a district, and the form that declares another.
type studiesView struct {
	Studies []studyRow
	Form    studyForm
	Errors  formErrors
}

type studyRow struct {
	Href, Question, Practice string
	Verdict                  study.Verdict // empty before it was run
	At                       time.Time
}

// studyForm is what was written into the form.
type studyForm struct {
	Question, Practice, AtLeast, Meaningful                        string
	DuringFrom, DuringTo, BeforeFrom, BeforeTo, AfterFrom, AfterTo string
	Traces, Outcomes, Schools                                      []choiceOption
}

func traceWords(t study.Trace) string {
	return map[study.Trace]string{study.Talks: "Talks with an adult", study.Choices: "Work of their own choice", study.FlexTime: "Sessions in flex time", study.Checks: "Adaptive checks", study.InSchools: "Being in one of the schools below"}[t]
}

func (s *Server) showStudies(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	today := s.Now()
	day := func(back int) []string { return []string{today.AddDate(0, 0, -back).Format(time.DateOnly)} }
	f := map[string][]string{"atleast": {"2"}, "meaningful": {"0.05"}, "during-from": day(84), "during-to": day(1), "before-from": day(112), "before-to": day(57), "after-from": day(28), "after-to": day(1)}
	return s.renderStudies(w, r, a, f, nil)
}

func (s *Server) renderStudies(w http.ResponseWriter, r *http.Request, a guard.Actor, f map[string][]string, wrong error) error {
	ctx, d := r.Context(), a.District
	kept, err := s.Store.Studies(ctx, d)
	if err != nil {
		return err
	}
	v := studiesView{}
	for _, k := range kept {
		row := studyRow{Href: studyHref(k.ID), Question: k.Plan.Question, Practice: k.Plan.Practice, At: k.At}
		if k.Result != nil {
			row.Verdict = k.Result.Outcomes[0].Verdict
		}
		v.Studies = append(v.Studies, row)
	}
	get := func(name string) string {
		if len(f[name]) == 0 {
			return ""
		}
		return f[name][0]
	}
	v.Form = studyForm{Question: get("question"), Practice: get("practice"), AtLeast: get("atleast"), Meaningful: get("meaningful"), DuringFrom: get("during-from"), DuringTo: get("during-to"),
		BeforeFrom: get("before-from"), BeforeTo: get("before-to"), AfterFrom: get("after-from"), AfterTo: get("after-to")}
	for _, t := range study.Traces {
		v.Form.Traces = append(v.Form.Traces, choiceOption{string(t), traceWords(t), string(t) == get("trace")})
	}
	if v.Form.Outcomes, err = s.studyOutcomes(r, d, get("outcome")); err != nil {
		return err
	}
	schools, err := s.Store.StudySchools(ctx, d)
	if err != nil {
		return err
	}
	for _, name := range schools {
		v.Form.Schools = append(v.Form.Schools, choiceOption{name, name, slices.Contains(f["school"], name)})
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
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

// declareStudy keeps a plan, and runs it at once where its last day is over.
func (s *Server) declareStudy(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	f := r.PostForm
	p := study.Plan{Question: strings.TrimSpace(f.Get("question")), Practice: strings.TrimSpace(f.Get("practice")), Trace: study.Trace(f.Get("trace")), During: study.Days{From: f.Get("during-from"), To: f.Get("during-to")},
		Before: study.Days{From: f.Get("before-from"), To: f.Get("before-to")}, After: study.Days{From: f.Get("after-from"), To: f.Get("after-to")}}
	if p.Trace == study.InSchools {
		p.Schools = f["school"]
	} else {
		p.AtLeast, _ = strconv.Atoi(f.Get("atleast"))
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
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Value == f.Get("outcome") {
			p.Measure = o.Label
		}
	}
	id, err := s.Store.DeclareStudy(r.Context(), a.District, p, a.Person)
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return s.renderStudies(w, r, a, f, err)
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

func (s *Server) answer(r *http.Request, a guard.Actor, id string, p study.Plan) error {
	facts, err := s.Store.StudyFacts(r.Context(), a.District, p)
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
	Waits    bool // its last day is to come
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
	v := studyView{Kept: k, Trace: traceWords(k.Plan.Trace), Digest: k.Plan.Spec().Digest(), Again: studyHref(k.ID) + "/run", Bundle: studyHref(k.ID) + "/bundle"}
	names := s.namesOf(r.Context(), a.District)
	var err error
	if v.Who, err = names(roster.PersonID(k.Author)); err != nil {
		return err
	}
	_, v.End = k.Plan.After.Times()
	v.Waits = s.Now().Before(v.End)
	if k.Result != nil {
		o := &k.Result.Outcomes[0]
		v.O = o
		v.Head, v.Design = sentence(string(o.Verdict)), sentence(string(o.Tier))
		v.Percent = fmt.Sprintf("%+.0f", float64(o.Effect.Improvement))
		v.draw()
		v.Changing = changing(k.Plan, o)
	}
	code := http.StatusOK
	if wrong != nil {
		v.Errors, code = faultErrors(wrong), status(fault.KindOf(wrong))
	}
	return s.render(w, r, a, code, "study", v)
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
	signed := func(v float64) string { return strings.Replace(fmt.Sprintf("%+.2f", v), "-", "−", 1) }
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
	return append(out, "Lots: drawing by lot who begins first, and comparing then, would answer it without what matching cannot see.")
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
