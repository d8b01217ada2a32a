package web

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/competency"
	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// classStepsMost is how many steps a class page shows above the grid.
const classStepsMost = 3

type classPage struct {
	District roster.DistrictID
	Class    roster.Class
	Off      bool // its proposals are turned off
	Own      bool // the actor teaches it: may decide, observe, make cards
	Students int
	List     stepList
	Steps    int // how many there are; List holds the first
	Grid     gridView
}

func (v classPage) Topics() []live.Topic {
	return []live.Topic{live.ClassTopic(string(v.District), string(v.Class.ID))}
}

// gridView is the mastery grid of a class: students by competencies.
type gridView struct {
	Class    roster.Class
	Own      bool
	Columns  []gridColumn
	Rows     []gridRow
	Subjects []gridOption
	Strands  []gridOption
	All      bool // every competency with evidence, not only what the class works on now
	Total    int  // competencies that the filters leave
	From, To int  // of these, those shown
	Pages    []gridPage
	CSV      string
	Now      time.Time
}

type gridColumn struct {
	Competency competency.Competency
	Code       string // as short as the column's head
}

type gridRow struct {
	Person roster.Person
	Cells  []mastery.Estimate // one for each column
	Counts []gridCount
}

type gridCount struct {
	Status mastery.Status
	N      int
}

// gridOption is one choice of a list to choose from.
type gridOption struct {
	Value, Label string
	Chosen       bool
}

type gridPage struct {
	Href    string
	N       int
	Current bool
}

func (s *Server) serveClass(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	relations, err := s.Store.ToClass(ctx, a, class.ID)
	if err != nil {
		return err
	}
	_, own := guard.Allowed(guard.Observe, relations)
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	g := work.grid(r.URL.Query(), s.Now(), own)
	if r.URL.Query().Get("fragment") == "grid" {
		b, err := s.execute("grid", "teach-grid", g)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return writeCompressed(w, r, http.StatusOK, b)
	}
	v := classPage{District: a.District, Class: class, Own: own, Students: len(work.learners), Grid: g, List: stepList{Back: "class"}}
	if own {
		if v.List.Steps, v.Off, err = s.openSteps(ctx, a.District, work); err != nil {
			return err
		}
		// The grid is what the page is for; the first few steps lead to the others.
		v.Steps = len(v.List.Steps)
		v.List.Steps = v.List.Steps[:min(classStepsMost, v.Steps)]
	}
	return s.render(w, r, a, http.StatusOK, "grid", v)
}

// allMost bounds what is listed of a class's competencies.
const allMost = 2000

// columns returns the competencies that a query asks for, and the lists to choose from.
func (w classWork) columns(q url.Values, now time.Time) (on []competency.ID, subjects, strands []gridOption, all bool) {
	subject, strand := q.Get("subject"), q.Get("strand")
	all = q.Get("show") == "all" || subject != "" || strand != ""
	every := w.offered(now, allMost)
	has := func(list []gridOption, value string) bool {
		return slices.ContainsFunc(list, func(o gridOption) bool { return o.Value == value })
	}
	for _, id := range every {
		c := w.cat.Competencies[id]
		if c.Subject != "" && !has(subjects, c.Subject) {
			subjects = append(subjects, gridOption{c.Subject, c.Subject, c.Subject == subject})
		}
		if subject != "" && c.Subject != subject {
			continue
		}
		if p, ok := w.cat.Competencies[c.Parent]; ok && !has(strands, string(p.ID)) {
			strands = append(strands, gridOption{string(p.ID), p.InShort(), string(p.ID) == strand})
		}
		if strand == "" || string(c.Parent) == strand {
			on = append(on, id)
		}
	}
	if !all {
		on = w.offered(now, gridMost)
	}
	return on, subjects, strands, all
}

// grid arranges what a query asks to see of a class.
func (w classWork) grid(q url.Values, now time.Time, own bool) gridView {
	g := gridView{Class: w.class, Own: own, Now: now}
	var on []competency.ID
	on, g.Subjects, g.Strands, g.All = w.columns(q, now)
	g.Total = len(on)
	pages := (len(on) + gridMost - 1) / gridMost
	page, err := strconv.Atoi(q.Get("page"))
	if err != nil || page < 1 || page > pages {
		page = 1
	}
	keep := url.Values{}
	for _, name := range []string{"subject", "strand", "show"} {
		if v := q.Get(name); v != "" {
			keep.Set(name, v)
		}
	}
	g.CSV = classPath(w.class.ID) + "/grid.csv"
	if len(keep) > 0 {
		g.CSV += "?" + keep.Encode()
	}
	for n := 1; n <= pages && pages > 1; n++ {
		keep.Set("page", strconv.Itoa(n))
		g.Pages = append(g.Pages, gridPage{classPath(w.class.ID) + "?" + keep.Encode() + "#grid", n, n == page})
	}
	from := (page - 1) * gridMost
	on = on[min(from, len(on)):min(from+gridMost, len(on))]
	g.From, g.To = from+1, from+len(on)

	codes := make([]string, len(on))
	for i, id := range on {
		c := w.cat.Competencies[id]
		codes[i] = c.Code
		g.Columns = append(g.Columns, gridColumn{Competency: c})
	}
	for i, code := range shortCodes(codes) {
		c := g.Columns[i].Competency
		g.Columns[i].Code = clipText(cmp.Or(code, c.Short, c.Statement), codeRoom+3)
	}
	unknown := mastery.State{}.At(now)
	for _, l := range w.learners {
		row := gridRow{Person: l.Person, Cells: make([]mastery.Estimate, len(on))}
		var counts [mastery.Fading + 1]int
		for i, id := range on {
			e, ok := l.Estimates[id]
			if !ok {
				e = unknown
			}
			row.Cells[i] = e
			counts[e.Status]++
		}
		for _, st := range []mastery.Status{mastery.Met, mastery.Nearly, mastery.Learning, mastery.Starting, mastery.Fading, mastery.Unknown} {
			if counts[st] > 0 {
				row.Counts = append(row.Counts, gridCount{st, counts[st]})
			}
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// codeRoom is how many characters of a code the head of a column has room for.
const codeRoom = 9

// shortCodes leaves out first parts that all codes share, as long as one is too long
// to be read in the head of a column: CCSS.Math.4.NF.1 is 4.NF.1 among its like.
func shortCodes(codes []string) []string {
	out := slices.Clone(codes)
	long := func(c string) bool { return len(c) > codeRoom }
	for len(out) > 1 && slices.ContainsFunc(out, long) {
		part := out[0][:strings.IndexAny(out[0]+".", ".-: ")]
		n := len(part) + 1
		if slices.ContainsFunc(out, func(c string) bool { return len(c) <= n || c[:n] != out[0][:min(n, len(out[0]))] }) {
			break
		}
		for i := range out {
			out[i] = out[i][n:]
		}
	}
	return out
}

func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// Table writes the grid. A template takes ten times as long for its 1,200 links; so
// this writes them itself and escapes each text once.
func (g gridView) Table() template.HTML {
	var b strings.Builder
	b.Grow(len(g.Rows)*len(g.Columns)*260 + 8192)
	caption := fmt.Sprintf("%s: %d students, %d competencies. With the arrow keys you move from cell to cell.", g.Class.Title, len(g.Rows), len(g.Columns))
	b.WriteString(`<table class="grid" data-grid><caption id="grid-cap" dir="auto">`)
	b.WriteString(html.EscapeString(caption))
	b.WriteString(`</caption><thead><tr><th scope="col">Student</th>`)
	titles := make([]string, len(g.Columns))
	paths := make([]string, len(g.Columns))
	for i, c := range g.Columns {
		titles[i] = html.EscapeString(c.Competency.InShort())
		paths[i] = html.EscapeString("/competencies/" + url.PathEscape(string(c.Competency.ID)))
		full := strings.TrimSpace(html.EscapeString(c.Competency.Code) + " " + titles[i])
		b.WriteString(`<th scope="col">`)
		if g.Own {
			b.WriteString(`<a href="` + html.EscapeString(classPath(g.Class.ID)+"/observe?competency="+url.QueryEscape(string(c.Competency.ID))) + `" title="` + full + `" aria-label="` + full + `"><span>` + html.EscapeString(c.Code) + `</span></a>`)
		} else {
			b.WriteString(`<span title="` + full + `">` + html.EscapeString(c.Code) + `</span>`)
		}
		b.WriteString(`</th>`)
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, r := range g.Rows {
		name := html.EscapeString(r.Person.Name())
		student := html.EscapeString("/students/" + url.PathEscape(string(r.Person.ID)))
		b.WriteString(`<tr><th scope="row"><a href="` + student + `" dir="auto">` + name + `</a></th>`)
		for i, e := range r.Cells[:min(len(r.Cells), len(titles))] {
			b.WriteString(`<td><a class="c c-`)
			b.WriteString(markName(e.Status))
			if e.Status != mastery.Unknown {
				b.WriteString(" ")
				b.WriteString(widthClass(e))
			}
			b.WriteString(`" href="`)
			b.WriteString(student)
			b.WriteString(paths[i])
			b.WriteString(`" aria-label="`)
			b.WriteString(name)
			b.WriteString(", ")
			b.WriteString(titles[i])
			b.WriteString(": ")
			writeEstimate(&b, e)
			if e.Status == mastery.Unknown {
				b.WriteString(`"></a></td>`)
				continue
			}
			// The name ends with what is seen, so that it can be spoken to a computer.
			seen := strconv.Itoa(outOf100(e.Value)) + " · " + ageMark(e.Age)
			b.WriteString("; " + seen + `">` + seen + `</a></td>`)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString(`</tbody></table>`)
	return template.HTML(b.String())
}

// writeEstimate says an estimate in words, such as "nearly there, 68 (54 to 80), 12
// days ago, 5 pieces".
func writeEstimate(b *strings.Builder, e mastery.Estimate) {
	b.WriteString(statusWords(e.Status))
	if e.N == 0 {
		b.WriteString(", no evidence")
		return
	}
	b.WriteString(", ")
	b.WriteString(strconv.Itoa(outOf100(e.Value)))
	b.WriteString(" (")
	b.WriteString(strconv.Itoa(outOf100(e.Low)))
	b.WriteString(" to ")
	b.WriteString(strconv.Itoa(outOf100(e.High)))
	b.WriteString("), ")
	b.WriteString(propose.Ago(e.Age))
	b.WriteString(", ")
	b.WriteString(strconv.Itoa(e.N))
	if e.N == 1 {
		b.WriteString(" piece")
	} else {
		b.WriteString(" pieces")
	}
}

// outOf100 is a probability as a whole number of a hundred; nothing is quite sure.
func outOf100(v float64) int { return max(1, min(99, int(v*100+0.5))) }

// ageMark is an age in two or three characters: 5d, 3w, 4m, 2y.
func ageMark(d time.Duration) string {
	days := int(d.Hours() / 24)
	switch {
	case days < 21:
		return strconv.Itoa(days) + "d"
	case days < 120:
		return strconv.Itoa((days+3)/7) + "w"
	case days < 700:
		return strconv.Itoa((days+15)/30) + "m"
	}
	return strconv.Itoa((days+182)/365) + "y"
}

// widthClass sorts the width of an interval into four; the style sheet draws it as a
// line under the cell.
func widthClass(e mastery.Estimate) string {
	switch w := e.High - e.Low; {
	case w <= 0.2:
		return "w1"
	case w <= 0.35:
		return "w2"
	case w <= 0.5:
		return "w3"
	}
	return "w4"
}

// serveGridCSV writes what the filters leave, one row for each student and competency.
func (s *Server) serveGridCSV(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx := r.Context()
	class, err := s.Store.Class(ctx, a.District, classID(r))
	if err != nil {
		return err
	}
	work, err := s.classWork(ctx, a.District, class)
	if err != nil {
		return err
	}
	on, _, _, _ := work.columns(r.URL.Query(), s.Now())
	rows := [][]string{{"Student", "Code", "Competency", "Status", "Value of 100", "Low", "High", "Pieces", "Latest work"}}
	for _, l := range work.learners {
		for _, id := range on {
			c, e := work.cat.Competencies[id], l.Estimates[id]
			cells := []string{l.Person.Name(), c.Code, c.InShort(), statusWords(e.Status), "", "", "", strconv.Itoa(e.N), ""}
			if e.N > 0 {
				cells[4], cells[5], cells[6] = strconv.Itoa(outOf100(e.Value)), strconv.Itoa(outOf100(e.Low)), strconv.Itoa(outOf100(e.High))
				cells[8] = e.Last.Format(time.DateOnly)
			}
			rows = append(rows, cells)
		}
	}
	return writeCSV(w, r, "mastery-"+s.Now().Format(time.DateOnly)+".csv", rows)
}

// BodyClass lets the grid print on paper that lies on its side.
func (classPage) BodyClass() string { return "print-grid" }
