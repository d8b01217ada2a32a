package language

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// category is a plural category of CLDR.
type category string

const other category = "other"

// rule is a cardinal plural rule for whole numbers of 0 or more (Unicode Technical
// Standard 35, part 3, section 5; the rules themselves are those of CLDR 48). In Haitian
// Creole, which has no rule there, a noun after a numeral stays as it is.
type rule struct {
	categories []category
	choose     func(n int) category
}

func (r rule) of(n int) category { return r.choose(max(n, 0)) }

var (
	unchanging = rule{[]category{other}, func(int) category { return other }}
	english    = rule{[]category{"one", other}, func(n int) category {
		if n == 1 {
			return "one"
		}
		return other
	}}
	spanish = rule{[]category{"one", "many", other}, func(n int) category {
		switch {
		case n == 1:
			return "one"
		case n != 0 && n%1_000_000 == 0:
			return "many"
		}
		return other
	}}
	arabic = rule{[]category{"zero", "one", "two", "few", "many", other}, func(n int) category {
		switch {
		case n <= 2:
			return [...]category{"zero", "one", "two"}[n]
		case n%100 >= 3 && n%100 <= 10:
			return "few"
		case n%100 >= 11:
			return "many"
		}
		return other
	}}
)

// order is in which a person is shown the languages.
var order = []string{"en", "es", "ar", "vi", "zh-Hans", "ht"}

// known are the languages that there are rules for.
var known = rules()

// dates are how a language writes days, from CLDR 48; for Haitian Creole, which has none
// there, as it is written in Haiti.
type dates struct {
	Months   []string `json:"months"`
	Weekdays []string `json:"weekdays"` // from Sunday
	Periods  []string `json:"periods"`  // before and after noon
	Day      string   `json:"day"`      // pattern of a day
	Moment   string   `json:"moment"`   // pattern of a day with its time
}

//go:embed cldr.json
var tables []byte

func rules() map[string]Language {
	var by map[string]dates
	if err := json.Unmarshal(tables, &by); err != nil {
		panic("language: cldr.json: " + err.Error())
	}
	all := map[string]Language{
		"en":      {Name: "English", Dir: "ltr", plural: english},
		"es":      {Name: "Español", Dir: "ltr", plural: spanish},
		"ar":      {Name: "العربية", Dir: "rtl", plural: arabic},
		"vi":      {Name: "Tiếng Việt", Dir: "ltr", plural: unchanging},
		"zh-Hans": {Name: "简体中文", Dir: "ltr", plural: unchanging},
		"ht":      {Name: "Kreyòl ayisyen", Dir: "ltr", plural: unchanging},
	}
	for tag, l := range all {
		l.Tag, l.dates = tag, by[tag]
		all[tag] = l
	}
	return all
}

// Day writes a day with month and year.
func (l *Language) Day(t time.Time) string { return l.dates.write(l.dates.Day, t) }

// Weekday names the day of a week.
func (l *Language) Weekday(t time.Time) string { return l.dates.Weekdays[t.Weekday()] }

// Moment writes a day with its weekday and time.
func (l *Language) Moment(t time.Time) string { return l.dates.write(l.dates.Moment, t) }

func (d dates) write(pattern string, t time.Time) string {
	period, hour := d.Periods[0], t.Hour()%12
	if t.Hour() >= 12 {
		period = d.Periods[1]
	}
	if hour == 0 {
		hour = 12
	}
	return strings.NewReplacer(
		"{weekday}", d.Weekdays[t.Weekday()], "{day}", strconv.Itoa(t.Day()), "{month}", d.Months[t.Month()-1], "{year}", strconv.Itoa(t.Year()),
		"{h}", strconv.Itoa(hour), "{H}", strconv.Itoa(t.Hour()), "{HH}", t.Format("15"), "{minute}", t.Format("04"), "{period}", period,
	).Replace(pattern)
}
