package tabular

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/evidence"
)

// maxVariants bounds how many observations one row may become by repetition.
const maxVariants = 10_000

// check reports the first thing that makes a mapping unusable whatever the file.
func (m Mapping) check(d *decoder) error {
	switch {
	case strings.TrimSpace(m.Name) == "":
		return d.refuse("name", "", "The mapping has no name.", "Give it one, such as “name: NWEA MAP Growth”.")
	case m.Version < 1:
		return d.refuse("version", strconv.Itoa(m.Version), "The version must be 1 or more.", "Write “version: 1”.")
	case !oneOf(m.MissingStudents, "", "refuse", "create"):
		return d.refuse("missing_students", m.MissingStudents, "This is neither refuse nor create.", "Write refuse or create.")
	case !oneOf(m.MissingCompetencies, "", "refuse", "create"):
		return d.refuse("missing_competencies", m.MissingCompetencies, "This is neither refuse nor create.", "Write refuse or create.")
	case !oneOf(m.Repeats, "", "refused", "allowed"):
		return d.refuse("repeats", m.Repeats, "This is not known.", "Write “repeats: allowed”, or leave it out.")
	case len(m.Observations) == 0:
		return d.refuse("observations", "", "The mapping says nothing about observations.", "Add at least one under “observations:”.")
	}
	for _, step := range []func() error{
		func() error { return m.Format.check(d) },
		func() error { return m.Student.check(d, "student") },
		func() error { return checkWhere(d, "where", m.Where) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if !m.Time.isZero() {
		if err := m.Time.check(d, "time"); err != nil {
			return err
		}
	}
	variants := 0
	for i, o := range m.Observations {
		path := fmt.Sprintf("observations[%d]", i)
		if m.Time.isZero() && o.Time == nil {
			return d.refuse("time", "", "Nothing says when the work was done.", "Add “time:” with columns or a date.")
		}
		if err := o.check(d, path); err != nil {
			return err
		}
		n := 1
		for _, r := range o.Repeat {
			if n *= r.len(); n > maxVariants {
				break
			}
		}
		if variants += n; variants > maxVariants {
			return d.refuse(path, "", fmt.Sprintf("The repetitions make more than %d observations of one row.", maxVariants), "Repeat over fewer values.")
		}
	}
	return nil
}

func oneOf(s string, words ...string) bool { return slices.Contains(words, s) }

func (f Format) check(d *decoder) error {
	switch {
	case !oneOf(strings.ToLower(f.Encoding), "", "utf-8", "utf8", "windows-1252", "cp1252", "latin1", "iso-8859-1", "utf-16", "utf16", "utf-16le", "utf-16be"):
		return d.refuse("format.encoding", f.Encoding, "This encoding is not known.", "Write utf-8, windows-1252 or utf-16, or leave it out.")
	case !oneOf(f.Delimiter, "", "tab", `\t`) && len([]rune(f.Delimiter)) != 1:
		return d.refuse("format.delimiter", f.Delimiter, "This is not a single character.", "Write \",\", \";\", \"|\" or tab.")
	case f.HeaderRow < 0 || f.HeaderRows < 0 || f.HeaderRows > 10:
		return d.refuse("format.header_row", "", "The header's place is not possible.", "Lines count from 1; a header spans at most 10 rows.")
	case !oneOf(f.Decimal, "", "point", "comma"):
		return d.refuse("format.decimal", f.Decimal, "This is neither point nor comma.", "Write “decimal: comma”, or leave it out.")
	}
	return nil
}

var studentKinds = []string{"any", "identifier", "sourcedId", "username", "email", "userId", "name"}

func (s Student) check(d *decoder, path string) error {
	switch {
	case (s.Column == "") == (s.Text == ""):
		return d.refuse(path, "", "Say in which column the student stands.", "Write {column: …, by: identifier}.")
	case !slices.Contains(studentKinds, s.By):
		return d.refuse(path+".by", s.By, "This is no way to know a student.", "Use one of: "+strings.Join(studentKinds, ", ")+".")
	}
	if err := checkText(d, path+".text", s.Text, nil); err != nil {
		return err
	}
	for i, a := range s.Also {
		sub := fmt.Sprintf("%s.also[%d]", path, i)
		if len(a.Also) > 0 {
			return d.refuse(sub+".also", "", "Alternatives have no alternatives of their own.", "List them all under the first “also:”.")
		}
		if err := a.check(d, sub); err != nil {
			return err
		}
	}
	return nil
}

func checkText(d *decoder, path, text string, statics map[string]string) error {
	if _, err := template(fillIn(text, statics)); err != nil {
		return d.refuse(path, text, "This text cannot be filled in: "+err.Error()+".", "Write {Column} for a cell, and {{ for a brace.")
	}
	return nil
}

func checkWhere(d *decoder, path string, where []Condition) error {
	for i, c := range where {
		sub := fmt.Sprintf("%s[%d]", path, i)
		if c.Column == "" {
			return d.refuse(sub+".column", "", "The condition names no column.", "Write {column: …, not_empty: true}.")
		}
		if !c.NotEmpty && len(c.Is) == 0 && len(c.Not) == 0 && c.Matches == "" {
			return d.refuse(sub, c.Column, "The condition demands nothing.", "Add not_empty, is, not or matches.")
		}
		if _, err := regexp.Compile(c.Matches); err != nil {
			return d.refuse(sub+".matches", c.Matches, "This is not a regular expression.", "Check brackets and backslashes.")
		}
	}
	return nil
}

func (t Time) check(d *decoder, path string) error {
	given := 0
	for _, b := range []bool{len(t.Columns) > 0, t.Date != "", t.From != "" && len(t.Columns) == 0} {
		if b {
			given++
		}
	}
	ordered := t.From != "" || t.OrderWhen != ""
	switch {
	case given != 1:
		return d.refuse(path, "", "Say when the work was done in exactly one way.", "Give columns, or a date, or from: order.")
	case !oneOf(t.From, "", "order"):
		return d.refuse(path+".from", t.From, "This is not known.", "Write “from: order”, or leave it out.")
	case !oneOf(t.Unit, "", "s", "ms", "day"):
		return d.refuse(path+".unit", t.Unit, "This unit is not known.", "Write s, ms or day.")
	case t.Unit != "" && len(t.Layouts) > 0:
		return d.refuse(path+".unit", t.Unit, "A time is either counted in a unit or written in a layout.", "Keep one of the two.")
	case t.OrderWhen != "" && len(t.Columns) != 1:
		return d.refuse(path+".order_when", t.OrderWhen, "This needs exactly one column.", "Give the column of the time stamp.")
	case ordered && t.Start == "":
		return d.refuse(path+".start", "", "Times that are counted need a start.", "Add “start: YYYY-MM-DD”.")
	case ordered && t.Step == "":
		return d.refuse(path+".step", "", "Times by order need a step.", "Add “step: 1m”.")
	}
	if _, err := time.LoadLocation(t.Zone); err != nil {
		return d.refuse(path+".zone", t.Zone, "This time zone is not known.", "Write it as in America/Chicago.")
	}
	if t.Step != "" {
		if step, err := time.ParseDuration(t.Step); err != nil || step <= 0 {
			return d.refuse(path+".step", t.Step, "This is not a duration above 0.", "Write it as in 1m, 90s or 24h.")
		}
	}
	for _, f := range []struct{ key, value string }{{"start", t.Start}, {"date", t.Date}} {
		if _, ok := parseDay(f.value); f.value != "" && !ok {
			return d.refuse(path+"."+f.key, f.value, "This is not a date.", "Write it as YYYY-MM-DD.")
		}
	}
	for i, l := range t.Layouts {
		if _, ok := layout(l); !ok {
			return d.refuse(fmt.Sprintf("%s.layouts[%d]", path, i), l, "This is not a date layout.", "Write it as in M/D/YYYY h:mm a or YYYY-MM-DD HH:mm:ss.")
		}
	}
	if t.Else != nil {
		return t.Else.check(d, path+".else")
	}
	return nil
}

var kinds = []evidence.Kind{evidence.Response, evidence.Rubric, evidence.Observation, evidence.Task, evidence.Self, evidence.Test}

func (o Observation) check(d *decoder, path string) error {
	spread := o.Wide != nil || o.Vector != nil
	switch {
	case !slices.Contains(kinds, o.Kind):
		return d.refuse(path+".kind", string(o.Kind), "This kind of observation is not known.", "Use one of: response, rubric, observation, task, self, test.")
	case o.Wide != nil && o.Vector != nil:
		return d.refuse(path+".vector", "", "An observation is either wide or a vector.", "Make two observations.")
	case o.Competency == nil && o.Scale.IsZero():
		return d.refuse(path, "", "The observation is about no competency and no scale.", "Add “competency:” or “scale:”.")
	case !spread && o.Score.Column == "" && o.Score.Text == "":
		return d.refuse(path+".score", "", "The observation has no score.", "Add “score: {column: …}”.")
	}
	if err := checkWhere(d, path+".where", o.Where); err != nil {
		return err
	}
	for i, r := range o.Repeat {
		sub := fmt.Sprintf("%s.repeat[%d]", path, i)
		switch {
		case (r.As == "") == (len(r.Each) == 0):
			return d.refuse(sub, "", "A repetition needs either as, from, to or each.", "Write {as: n, from: 1, to: 8}.")
		case r.As != "" && (r.To < r.From || r.To-r.From >= maxVariants):
			return d.refuse(sub, "", "The repetition's range is empty or too long.", "Check from and to.")
		}
	}
	if w := o.Wide; w != nil {
		for key, expr := range map[string]string{"columns": w.Columns, "except": w.Except} {
			if _, err := regexp.Compile(expr); err != nil || key == "columns" && expr == "" {
				return d.refuse(path+".wide."+key, expr, "This is not a regular expression.", "Write it as in \"^q[0-9]+$\".")
			}
		}
	}
	if v := o.Vector; v != nil {
		if v.Column == "" || v.Width < 0 || v.Width > 0 && v.Separator != "" {
			return d.refuse(path+".vector", v.Column, "A vector needs a column, and a width or a separator.", "Write {column: …, width: 1}.")
		}
		for name, l := range v.Lists {
			if l.Column == "" || l.Width < 0 || (l.Width == 0) == (l.Separator == "") {
				return d.refuse(path+".vector.lists."+name, l.Column, "A list needs a column, and either a width or a separator.", "Write {column: …, width: 15}.")
			}
		}
	}
	statics := o.variables()
	if c := o.Competency; c != nil {
		switch {
		case (c.Column == "") == (c.Text == ""):
			return d.refuse(path+".competency", "", "Say in which column the competency stands.", "Write {column: …, by: code}.")
		case !oneOf(c.By, "code", "guid", "name"):
			return d.refuse(path+".competency.by", c.By, "This is no way to know a competency.", "Write code, guid or name.")
		}
		if err := checkText(d, path+".competency.text", c.Text, statics); err != nil {
			return err
		}
		if err := c.Title.check(d, path+".competency.title", statics); err != nil {
			return err
		}
	}
	for _, f := range o.values() {
		if err := f.v.check(d, path+"."+f.key, statics); err != nil {
			return err
		}
	}
	if o.Kind != evidence.Test && o.Max.IsZero() && !fractions(o.Score) {
		return d.refuse(path+".max", "", "The observation has no highest possible score.", "Add “max:”, such as “max: 1” for right or wrong.")
	}
	if o.Time != nil {
		return o.Time.check(d, path+".time")
	}
	return nil
}

// variables returns the names that repetitions define, with the texts of the
// first one.
func (o Observation) variables() map[string]string {
	out := map[string]string{}
	for _, r := range o.Repeat {
		if all := r.each(); len(all) > 0 {
			maps.Copy(out, all[0])
		}
	}
	if o.Wide != nil {
		for _, name := range regexp.MustCompile(o.Wide.Columns).SubexpNames() { // checked
			out[name] = name
		}
		delete(out, "")
		out["column"] = "column"
	}
	return out
}

// fractions reports whether each translated score gives its maximum itself.
func fractions(v Value) bool {
	for _, s := range v.Values {
		if _, _, ok := fraction(s, "", false); !ok {
			return false
		}
	}
	return len(v.Values) > 0
}

type namedValue struct {
	key string
	v   Value
}

// values lists an observation's values by their keys.
func (o Observation) values() []namedValue {
	return []namedValue{{"scale", o.Scale}, {"score", o.Score}, {"max", o.Max}, {"se", o.SE}, {"percentile", o.Percentile}, {"label", o.Label},
		{"item", o.Item}, {"attempt", o.Attempt}, {"hints", o.Hints}, {"seconds", o.Seconds}, {"note", o.Note}}
}

func (v Value) check(d *decoder, path string, statics map[string]string) error {
	switch {
	case v.Column != "" && v.Text != "":
		return d.refuse(path, "", "A value comes from a column or a text, not both.", "Keep one of the two.")
	case !oneOf(v.Number, "", "strip", "lexile"):
		return d.refuse(path+".number", v.Number, "This way of writing numbers is not known.", "Write strip or lexile, or leave it out.")
	case v.Times < 0:
		return d.refuse(path+".times", "", "A factor must be above 0.", "Leave it out, or write one such as 60.")
	}
	return checkText(d, path, v.Text, statics)
}

func (r Repeat) len() int {
	if r.As != "" {
		return max(r.To-r.From+1, 0)
	}
	return len(r.Each)
}

// each returns the names and texts of each repetition.
func (r Repeat) each() []map[string]string {
	if r.As == "" {
		return r.Each
	}
	out := make([]map[string]string, 0, r.len())
	for n := r.From; n <= r.To; n++ {
		out = append(out, map[string]string{r.As: strconv.Itoa(n)})
	}
	return out
}
