package web

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/tabular"
)

// mappingForm is what a person says about the columns of their file. Columns are
// named as in the header; an empty one means that there is none.
type mappingForm struct {
	Name, Kind               string
	Student, By              string
	Competency, CompetencyBy string
	Code                     string // one competency for all rows
	Scale                    string // the test's scale, for tests
	Item, Score              string
	Max, MaxNumber           string
	Date, Layout, Day        string
	Words                    string // "Developing = 2", one in a line
	Empty                    string // words that mean nothing, with commas
	Comma, Repeats           bool
}

func readMappingForm(v url.Values) mappingForm {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return mappingForm{Name: get("name"), Kind: get("kind"), Student: get("student"), By: get("by"), Competency: get("competency"),
		CompetencyBy: get("competencyby"), Code: get("code"), Scale: get("scale"), Item: get("item"), Score: get("score"), Max: get("max"), MaxNumber: get("maxnumber"),
		Date: get("date"), Layout: get("layout"), Day: get("day"), Words: get("words"), Empty: get("empty"),
		Comma: get("comma") != "", Repeats: get("repeats") != ""}
}

// mapping builds the declaration, or says by field what is missing. What it
// returns has been read back as a file of mappings would be.
func (f mappingForm) mapping(opt tabular.Options) (tabular.Mapping, formErrors) {
	errs := formErrors{}
	bad := func(field, message string) { errs.Fields = append(errs.Fields, fieldError{field, message}) }
	if f.Name == "" {
		bad("name", "Give the mapping a name, such as “Spring reading check”.")
	}
	if f.Student == "" {
		bad("student", "Choose the column that says who the row is about.")
	}
	if f.Score == "" {
		bad("score", "Choose the column that holds the score.")
	}
	if f.Date == "" && f.Day == "" {
		bad("date", "Choose the column with the day of the work, or give one day for all rows.")
	}
	kind := evidence.Kind(f.Kind)
	switch kind {
	case evidence.Test:
		if f.Scale == "" {
			bad("scale", "Name the scale that the test reports on, such as “Reading (RIT)”.")
		}
	case evidence.Response, evidence.Rubric, evidence.Task:
		if f.Competency == "" && f.Code == "" {
			bad("competency", "Choose the column that names the competency, or give one code for all rows.")
		}
		if f.Max == "" && f.MaxNumber == "" {
			bad("max", "Say how high the score can be: in a column, or one number for all rows.")
		}
	default:
		bad("kind", "Choose what the scores are.")
	}
	if f.MaxNumber != "" {
		if n, err := strconv.ParseFloat(f.MaxNumber, 64); err != nil || !(n > 0) {
			bad("maxnumber", "Write a number above 0, such as 4.")
		}
	}
	words, wrong := f.words()
	if wrong != "" {
		bad("words", "This line has no number: “"+wrong+"”. Write it like “Developing = 2”.")
	}
	if len(errs.Fields) > 0 {
		errs.Summary = "Please look at this again."
		return tabular.Mapping{}, errs
	}
	m := f.build(opt, kind, words)
	data, err := m.YAML()
	if err == nil {
		m, err = tabular.ParseMapping(f.Name+".yaml", data)
	}
	if err != nil {
		return m, formErrors{Summary: "Please look at this again.", Fields: []fieldError{{mappingField(err), problemSentence(err)}}}
	}
	return m, errs
}

func (f mappingForm) build(opt tabular.Options, kind evidence.Kind, words map[string]string) tabular.Mapping {
	o := tabular.Observation{Kind: kind, Score: tabular.Value{Column: f.Score, Values: words}}
	if len(words) > 0 {
		o.Label = tabular.Value{Column: f.Score}
	}
	switch {
	case f.Max != "":
		o.Max = tabular.Value{Column: f.Max, Default: f.MaxNumber}
	case f.MaxNumber != "":
		o.Max = tabular.Value{Text: f.MaxNumber}
	}
	if f.Item != "" {
		o.Item = tabular.Value{Column: f.Item}
	}
	if kind == evidence.Test {
		o.Scale = tabular.Value{Text: brace(f.Scale)}
	}
	if f.Competency != "" || f.Code != "" {
		c := tabular.Competency{Column: f.Competency, By: cmp.Or(f.CompetencyBy, "code")}
		if f.Competency == "" {
			c.Text = brace(f.Code)
		}
		o.Competency = &c
	}
	when := tabular.Time{Date: f.Day}
	if f.Date != "" {
		when = tabular.Time{Columns: []string{f.Date}}
		if f.Layout != "" {
			when.Layouts = []string{f.Layout}
		}
	}
	m := tabular.Mapping{Name: f.Name, Version: 1, Format: writtenFormat(opt), Student: tabular.Student{Column: f.Student, By: cmp.Or(f.By, "any")},
		Time: when, Observations: []tabular.Observation{o}}
	if f.Comma {
		m.Format.Decimal = "comma"
	}
	if f.Repeats {
		m.Repeats = "allowed"
	}
	for w := range strings.SplitSeq(f.Empty, ",") {
		if w = strings.TrimSpace(w); w != "" {
			m.Empty = append(m.Empty, w)
		}
	}
	return m
}

// brace writes a text so that a mapping takes it as it is.
func brace(s string) string { return strings.ReplaceAll(s, "{", "{{") }

// writtenFormat says how a file is written, as far as the person said so; the rest
// is found out anew in each file.
func writtenFormat(o tabular.Options) tabular.Format {
	return tabular.Format{Encoding: o.Encoding, HeaderRow: o.HeaderRow, NoHeader: o.NoHeader}
}

// words reads the lines of word = number; wrong is the first line that is neither
// empty nor that. A line whose number is still missing does not count.
func (f mappingForm) words() (words map[string]string, wrong string) {
	for line := range strings.Lines(f.Words) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		i := strings.LastIndex(line, "=")
		if i < 0 {
			return nil, line
		}
		word, number := strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		if number == "" {
			continue
		}
		if _, err := strconv.ParseFloat(number, 64); err != nil || word == "" {
			return nil, line
		}
		if words == nil {
			words = map[string]string{}
		}
		words[word] = number
	}
	return words, ""
}

// mappingField says in which field of the form a problem of a mapping lies.
func mappingField(err error) string {
	p, ok := errors.AsType[fault.Problem](err)
	if !ok {
		return "name"
	}
	for _, pair := range [...][2]string{{"student", "student"}, {"time.date", "day"}, {"time.layouts", "layout"}, {"time", "date"}, {"observations[0].score.values", "words"},
		{"observations[0].score", "score"}, {"observations[0].max", "max"}, {"observations[0].competency", "competency"}, {"observations[0].scale", "scale"},
		{"observations[0].item", "item"}, {"empty", "empty"}} {
		if strings.HasPrefix(p.Field, pair[0]) {
			return pair[1]
		}
	}
	return "name"
}

// problemSentence is what went wrong and its cure, without the place in a file that
// the person has never seen.
func problemSentence(err error) string {
	p, ok := errors.AsType[fault.Problem](err)
	if !ok {
		return fault.Sentence(err)
	}
	return strings.TrimSpace(p.Message + " " + p.Cure)
}

// guessMapping fills the form from the column names and the first rows, so that
// often nothing is left to choose.
func guessMapping(name string, header []string, rows [][]string) mappingForm {
	f := mappingForm{Name: strings.TrimSpace(name), Kind: string(evidence.Task), By: "any", CompetencyBy: "code", Empty: "NA, N/A"}
	taken := map[string]bool{}
	find := func(names ...string) string {
		for _, n := range names {
			for _, h := range header {
				if !taken[h] && strings.Contains(lettersOf(h), n) {
					taken[h] = true
					return h
				}
			}
		}
		return ""
	}
	f.Student = find("studentid", "stuid", "studentnumber", "sourcedid", "pupilid", "studentidentifier", "localid", "username", "email", "student", "pupil", "learner")
	f.Competency = find("competency", "standard", "skill", "objective")
	f.Max = find("maxscore", "maxpoints", "possible", "outof", "max")
	f.Score = find("score", "points", "pts", "level", "rating", "result", "grade", "mark", "correct")
	f.Date = find("date", "taken", "completed", "submitted", "time")
	f.Item = find("question", "item", "qnum", "assignment", "assessment", "task", "test")
	switch s := lettersOf(f.Student); {
	case strings.Contains(s, "email"):
		f.By = "email"
	case strings.Contains(s, "username"):
		f.By = "username"
	case strings.Contains(s, "sourcedid"):
		f.By = "sourcedId"
	}
	if f.Max == "" {
		f.MaxNumber = "1"
	}
	if all := column(header, rows, f.Date); len(all) > 0 {
		if fits := layoutsThatFit(all); len(fits) > 0 {
			f.Layout = fits[0]
		}
	}
	f.Words = wordsToFill(column(header, rows, f.Score))
	return f
}

func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// column returns the distinct values of a column that are not empty.
func column(header []string, rows [][]string, name string) []string {
	i := slices.Index(header, name)
	if i < 0 || name == "" {
		return nil
	}
	var out []string
	for _, row := range rows {
		if i < len(row) && row[i] != "" && !slices.Contains(out, row[i]) {
			out = append(out, row[i])
		}
	}
	return out
}

// wordsToFill lists the scores that are words, ready to be given numbers.
func wordsToFill(values []string) string {
	var lines []string
	for _, v := range values {
		first := strings.TrimLeft(v, "+-. ")
		if first == "" || first[0] >= '0' && first[0] <= '9' || slices.Contains([]string{"NA", "N/A"}, strings.ToUpper(v)) || len(lines) == 12 {
			continue
		}
		lines = append(lines, v+" =")
	}
	return strings.Join(lines, "\n")
}

// dateLayouts are offered for the date column, with an example of each.
var dateLayouts = [...][2]string{
	{"", "2026-11-19, also with a time"},
	{"M/D/YYYY", "11/19/2026: month, day, year"},
	{"D/M/YYYY", "19/11/2026: day, month, year"},
	{"M/D/YYYY H:mm", "11/19/2026 14:30"},
	{"M/D/YYYY h:mm a", "11/19/2026 2:30 PM"},
	{"M/D/YY", "11/19/26: month, day, year"},
	{"D.M.YYYY", "19.11.2026"},
	{"D-M-YYYY", "19-11-2026: day, month, year"},
	{"YYYY/M/D", "2026/11/19"},
	{"YYYYMMDD", "20261119"},
	{"MMM D, YYYY", "Nov 19, 2026"},
	{"D MMM YYYY", "19 Nov 2026"},
}

// layoutsThatFit returns the layouts in which all values are dates, by reading them
// as an import would.
func layoutsThatFit(values []string) []string {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{"day", "row"}}
	for i, v := range values {
		rows = append(rows, []string{v, strconv.Itoa(i + 1)})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil
	}
	var out []string
	for _, l := range dateLayouts {
		m := tabular.Mapping{Name: "dates", Version: 1, Format: tabular.Format{Encoding: "utf-8", Delimiter: ","}, Student: tabular.Student{Column: "row", By: "any"},
			Time:         tabular.Time{Columns: []string{"day"}},
			Observations: []tabular.Observation{{Kind: evidence.Task, Competency: &tabular.Competency{Text: "any", By: "code"}, Score: tabular.Value{Text: "1"}, Max: tabular.Value{Text: "1"}}}}
		if l[0] != "" {
			m.Time.Layouts = []string{l[0]}
		}
		sum, err := m.Drafts(bytes.NewReader(file.Bytes()), "dates", func(tabular.Draft) error { return nil }, func(fault.Problem) {})
		if err == nil && sum.Drafts == len(values) {
			out = append(out, l[0])
		}
	}
	return out
}

// trialRows is how many rows of a file are tried before an import, trialBytes how much
// of it is read for that at most.
const (
	trialRows  = 20
	trialBytes = 4 << 20
)

// trial is what a mapping makes of the first rows.
type trial struct {
	Drafts   []tabular.Draft
	Problems []fault.Problem
}

var errTried = errors.New("enough rows tried")

// try reads the first rows of a file through a mapping. The error is a problem of
// the file or mapping as a whole.
func try(m tabular.Mapping, r io.Reader, name string) (trial, error) {
	var t trial
	lines := map[int]bool{}
	in := &leash{r: r, left: trialBytes}
	_, err := m.Drafts(in, name, func(d tabular.Draft) error {
		if lines[d.Line] = true; len(lines) > trialRows {
			return errTried
		}
		d.Piece.Note = ""
		t.Drafts = append(t.Drafts, d)
		return nil
	}, func(p fault.Problem) {
		if in.ended() {
			return // perhaps only cut off by us
		}
		if lines[p.Line] = true; len(lines) > trialRows {
			in.left = 0
			return
		}
		t.Problems = append(t.Problems, p)
	})
	if errors.Is(err, errTried) || in.ended() {
		err = nil
	}
	return t, err
}

// leash lets only so much of a reader be read.
type leash struct {
	r    io.Reader
	left int
}

func (l *leash) ended() bool { return l.left <= 0 }

func (l *leash) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
