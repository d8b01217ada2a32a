package propose

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

//go:embed rules.yaml
var shipped []byte

// RulesSchema names the form of a file of rules.
const RulesSchema = "waymark-rules/1"

// Rules are what a school's proposals follow: its own file, of one version.
type Rules struct {
	Schema string     `yaml:"schema"`
	List   []RuleText `yaml:"rules"`
	// Version counts the school's versions; 1 is what the program brings along.
	Version int    `yaml:"-"`
	File    string `yaml:"-"` // as it was written
}

// RuleText is one rule as its file has it.
type RuleText struct {
	Kind       StepKind           `yaml:"kind"`
	On         bool               `yaml:"on"`
	Because    string             `yaml:"because"`
	Thresholds map[string]float64 `yaml:"thresholds"`
	Steps      []string           `yaml:"steps"`
	Who        []string           `yaml:"who"`
	Minutes    int                `yaml:"minutes"`
	Benefit    float64            `yaml:"benefit"`
	Expires    int                `yaml:"expires"` // days
}

// Name is what a proposal keeps of the rule that made it: the kind and the version.
func (r Rules) Name(k StepKind) Rule { return Rule(fmt.Sprintf("%s/%d", k, r.Version)) }

// Split takes a school's rule apart; version is 0 for a rule of the program.
func (r Rule) Split() (kind StepKind, version int) {
	name, number, _ := strings.Cut(string(r), "/")
	version, err := strconv.Atoi(number)
	if err != nil {
		return "", 0
	}
	return StepKind(name), version
}

// Of returns the rule of a kind; ok is false where it is off or gone.
func (r Rules) Of(k StepKind) (RuleText, bool) {
	t, ok := r.Text(k)
	return t, ok && t.On
}

// Text returns the rule of a kind, on or off; ok is false where it is gone.
func (r Rules) Text(k StepKind) (t RuleText, ok bool) {
	i := slices.IndexFunc(r.List, func(t RuleText) bool { return t.Kind == k })
	if i < 0 {
		return t, false
	}
	return r.List[i], true
}

// Say fills in a because.
func (t RuleText) Say(words map[string]string) string {
	return braces.ReplaceAllStringFunc(t.Because, func(s string) string { return words[s[1:len(s)-1]] })
}

var braces = regexp.MustCompile(`\{[a-z]+\}`)

// optional are numbers that a rule may leave out: it does not look at them then.
var optional = map[StepKind][]string{Warning: {"failed"}}

// known is what a rule of each kind can say and which numbers it needs.
var known = map[StepKind]struct{ words, numbers []string }{
	SmallGroup:  {[]string{"students", "what", "tries"}, []string{"tries", "together"}},
	Before:      {[]string{"students", "what", "on"}, []string{"together"}},
	SameWrong:   {[]string{"students", "question", "answer"}, []string{"together", "days"}},
	MoveOn:      {[]string{"students", "what"}, []string{"met"}},
	Recheck:     {[]string{"students", "what", "weeks"}, []string{"together"}},
	CheckIn:     {[]string{"students", "days", "first", "when"}, []string{"days"}},
	OffPace:     {[]string{"first", "goal", "what", "day"}, []string{"days"}},
	GoalStalled: {[]string{"first", "goal", "days"}, []string{"days"}},
	ProfileOld:  {[]string{"students"}, []string{"together"}},
	Waiting:     {[]string{"students", "days", "what"}, []string{"days"}},
	GroupEnds:   {[]string{"group", "day"}, []string{"days"}},
	Disengaging: {[]string{"first", "signs"}, []string{"stopped", "quiet", "missed"}},
	Warning:     {[]string{"first", "signs"}, []string{"missed", "blocks", "days", "suspended", "starting"}},
}

// Play is what a school's teachers found to help where a rule of a kind proposes something.
type Play struct {
	ID     string
	School roster.OrgID
	Kind   StepKind
	Words  string
	Author roster.PersonID
}

const (
	playMost  = 200 // characters
	PlaysMost = 12  // of one kind at a school
)

// Validate reports, as a fault that names the field, what makes it unusable.
func (p Play) Validate() error {
	_, ok := known[p.Kind]
	switch n := utf8.RuneCountInString(p.Words); {
	case !ok:
		return fault.Field("kind", "There is no such kind of proposal.")
	case strings.TrimSpace(p.Words) == "":
		return fault.Field("line", "Write down what one may do.")
	case n > playMost:
		return fault.Field("line", "Please use at most %d characters.", playMost)
	}
	return nil
}

// Plays are the words of those of a kind.
func Plays(all []Play, k StepKind) (words []string) {
	for _, l := range all {
		if l.Kind == k {
			words = append(words, l.Words)
		}
	}
	return words
}

// ShippedRules are those that the program brings along.
func ShippedRules() Rules {
	r, err := ReadRules(bytes.NewReader(shipped))
	if err != nil {
		panic("the rules that the program brings along: " + err.Error())
	}
	r.Version = 1
	return r
}

// ReadRules reads a file of rules; what is wrong is a fault with its line or rule and its cure.
func ReadRules(in io.Reader) (Rules, error) {
	var r Rules
	text, err := io.ReadAll(in)
	if err != nil {
		return r, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&r); err != nil {
		words := strings.TrimPrefix(strings.ToValidUTF8(err.Error(), ""), "yaml: ") // which cuts letters in halves
		if errors.Is(err, io.EOF) {
			words = "it is empty"
		}
		words = strings.TrimPrefix(strings.ReplaceAll(words, "unmarshal errors:\n  ", ""), "unmarshal errors:")
		return r, fault.Field("rules", "The file cannot be read: %s. Take what it had before at this place, or write it like the others.", strings.TrimSpace(strings.ReplaceAll(words, " in type propose.RuleText", "")))
	}
	r.File = string(text)
	for i := range r.List {
		r.List[i].complete()
	}
	return r, r.check()
}

// later are thresholds that rules did not have from the first, and what they are where a file
// does not tell them.
var later = map[StepKind]map[string]float64{Warning: {"days": 20, "suspended": 1}}

func (t *RuleText) complete() {
	for name, v := range later[t.Kind] {
		if _, ok := t.Thresholds[name]; !ok && t.Thresholds != nil {
			t.Thresholds[name] = v
		}
	}
}

// RuleVersion is one version of a school's rules, as it was kept.
type RuleVersion struct {
	School  roster.OrgID // whose it is; empty for the district
	Version int
	Text    string
	Note    string // what was changed, and why
	Author  roster.PersonID
	At      time.Time
}

// Read reads the rules of a version.
func (v RuleVersion) Read() (Rules, error) {
	r, err := ReadRules(strings.NewReader(v.Text))
	r.Version = v.Version
	return r, err
}

// For are the kinds of the rules that let somebody act: teacher, mentor or leader.
func (r Rules) For(who string) (kinds []StepKind) {
	for _, t := range r.List {
		if t.On && slices.Contains(t.Who, who) {
			kinds = append(kinds, t.Kind)
		}
	}
	return kinds
}

func (r Rules) check() error {
	if r.Schema != RulesSchema {
		return fault.Field("rules", "schema is %q; it must be %s.", r.Schema, RulesSchema)
	}
	seen := map[StepKind]bool{}
	for i, t := range r.List {
		at := fmt.Sprintf("Rule %d (%s)", i+1, t.Kind)
		k, ok := known[t.Kind]
		switch {
		case !ok:
			return fault.Field("rules", "%s: there is no such kind. Kinds are %s.", at, kinds())
		case seen[t.Kind]:
			return fault.Field("rules", "%s: this kind is there twice. Keep one of them.", at)
		case strings.TrimSpace(t.Because) == "":
			return fault.Field("rules", "%s: because is empty. Say why, in a sentence.", at)
		case len(t.Steps) == 0:
			return fault.Field("rules", "%s: steps is empty. Say at least one thing that a teacher may do.", at)
		case t.Minutes < 1 || t.Minutes > 240:
			return fault.Field("rules", "%s: minutes is %d; it must be from 1 to 240.", at, t.Minutes)
		case !(t.Benefit >= 0 && t.Benefit <= 10):
			return fault.Field("rules", "%s: benefit is %v; it must be from 0 to 10.", at, t.Benefit)
		case t.Expires < 1 || t.Expires > 366:
			return fault.Field("rules", "%s: expires is %d; a flag ends after 1 to 366 days.", at, t.Expires)
		case len(t.Who) == 0 || slices.ContainsFunc(t.Who, func(w string) bool { return !slices.Contains([]string{"teacher", "mentor", "leader"}, w) }):
			return fault.Field("rules", "%s: who is %v; it must name teacher, mentor or leader.", at, t.Who)
		}
		seen[t.Kind] = true
		for _, word := range braces.FindAllString(t.Because, -1) {
			if !slices.Contains(k.words, word[1:len(word)-1]) {
				return fault.Field("rules", "%s: because has %s, which is not known here. It may have {%s}.", at, word, strings.Join(k.words, "}, {"))
			}
		}
		for _, name := range k.numbers {
			if v, ok := t.Thresholds[name]; !ok || !(v >= 0 && v <= 1000) {
				return fault.Field("rules", "%s: thresholds must have %s, from 0 to 1000.", at, name)
			}
		}
		for name, v := range t.Thresholds {
			all := slices.Concat(k.numbers, optional[t.Kind])
			if !slices.Contains(all, name) {
				return fault.Field("rules", "%s: thresholds has %s, which is not known here. It has %s.", at, name, strings.Join(all, ", "))
			}
			if !(v >= 0 && v <= 1000) {
				return fault.Field("rules", "%s: thresholds must have %s from 0 to 1000.", at, name)
			}
		}
	}
	return nil
}

func kinds() string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(known)) {
		all = append(all, string(k))
	}
	return strings.Join(all, ", ")
}
