package group

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Broken is a rule that a solution breaks.
type Broken struct {
	Rule    string `json:"rule"`
	Where   string `json:"where"`
	Message string `json:"message"`
}

// Report is what [Verify] finds.
type Report struct {
	OK       bool       `json:"ok"`
	Broken   []Broken   `json:"broken"`
	Score    float64    `json:"score"`
	Parts    Parts      `json:"parts"`
	Fairness []Fairness `json:"fairness"`
}

// Verify recomputes the rules and the score of a solution from the instance and the groups
// that it holds, and compares what the solution says of itself. It uses nothing of what [Propose]
// works with.
func Verify(in *Instance, s *Solution) Report {
	r := Judge(in, s)
	claims(s, &r)
	return r
}

// claims notes what a solution says of itself that is not so. What it does not say is not judged; a
// score that is no number says nothing.
func claims(s *Solution, r *Report) {
	wrong := func(what, format string, args ...any) {
		r.Broken = append(r.Broken, Broken{what, what, fmt.Sprintf(format, args...)})
	}
	kept := r.OK
	switch {
	case s.Status != "" && s.Status != OK && s.Status != Conflict:
		wrong("status", "It says %q; it is ok or conflict.", s.Status)
	case s.Status == OK && !kept:
		wrong("status", "It says ok, and rules are broken.")
	case s.Status == Conflict && kept:
		wrong("status", "It says conflict, and no rule is broken.")
	}
	if !math.IsNaN(s.Score) && math.Abs(s.Score-r.Score) > near {
		wrong("score", "It says %.9f; it is %.9f.", s.Score, r.Score)
	}
	for _, p := range []struct {
		name     string
		says, is *float64
	}{
		{"need", s.Parts.Need, r.Parts.Need}, {"interest", s.Parts.Interest, r.Parts.Interest}, {"pace", s.Parts.Pace, r.Parts.Pace}, {"mixed", s.Parts.Mixed, r.Parts.Mixed},
		{"cover", s.Parts.Cover, r.Parts.Cover}, {"balance", s.Parts.Balance, r.Parts.Balance}, {"fresh", s.Parts.Fresh, r.Parts.Fresh}, {"language", s.Parts.Language, r.Parts.Language},
		{"led", s.Parts.Led, r.Parts.Led}, {"even", s.Parts.Even, r.Parts.Even},
	} {
		switch {
		case p.says == nil:
		case p.is == nil:
			wrong("parts", "It says %.9f for %s, which does not apply.", *p.says, p.name)
		case math.Abs(*p.says-*p.is) > near:
			wrong("parts", "It says %.9f for %s; it is %.9f.", *p.says, p.name, *p.is)
		}
	}
	same := func(a, b Fairness) bool {
		return a.Group == b.Group && a.Characteristic == b.Characteristic && a.Value == b.Value && a.Count == b.Count && a.Size == b.Size && math.Abs(a.Difference-b.Difference) < near
	}
	for _, f := range s.Fairness {
		if !slices.ContainsFunc(r.Fairness, func(x Fairness) bool { return same(f, x) }) {
			wrong("fairness", "It says that %s %s in %s differs by %.4f, which is not so.", f.Characteristic, f.Value, f.Group, f.Difference)
		}
	}
	if s.Fairness != nil && len(s.Fairness) < len(r.Fairness) {
		wrong("fairness", "It tells %d differences; there are %d.", len(s.Fairness), len(r.Fairness))
	}
	for _, u := range s.Unmet {
		if !slices.ContainsFunc(r.Broken, func(b Broken) bool { return b.Rule == u.Rule && b.Where == u.Where }) {
			wrong("unmet", "It says that %s of %s is not kept, which is not so.", u.Rule, u.Where)
		}
	}
	r.OK = len(r.Broken) == 0
}

// near is how far a number that a solution says may be from what it is.
const near = 1e-7

// Judge recomputes the rules and the score of groups, whatever is said of them.
func Judge(in *Instance, s *Solution) Report {
	v := verifier{in: in, groups: s.Groups, student: map[string]*Student{}, at: map[string]int{}, adult: map[string]*Staff{}}
	for i := range in.Students {
		v.student[in.Students[i].ID] = &in.Students[i]
	}
	for i := range in.Staff {
		v.adult[in.Staff[i].ID] = &in.Staff[i]
	}
	v.members()
	v.sizes()
	v.company()
	v.adults()
	v.roles()
	r := Report{Broken: []Broken{}}
	r.Parts = v.parts()
	r.Score = mean(in.weights(), r.Parts)
	r.Fairness = v.fairness()
	if s.Until != in.Until && (s.Until != "" || in.Until == "") {
		v.broke("until", "until", "It says %q; the groups end on %q.", s.Until, in.Until)
	}
	r.Broken = append(r.Broken, v.broken...)
	r.OK = len(r.Broken) == 0
	return r
}

type verifier struct {
	in      *Instance
	groups  []Proposed
	student map[string]*Student
	adult   map[string]*Staff
	at      map[string]int // group of a student
	broken  []Broken
}

func (v *verifier) broke(rule, where, format string, args ...any) {
	v.broken = append(v.broken, Broken{rule, where, fmt.Sprintf(format, args...)})
}

// told is the group of the instance with an id, nil where groups are not told.
func (v *verifier) told(id string) *Group {
	for i := range v.in.Groups {
		if v.in.Groups[i].ID == id {
			return &v.in.Groups[i]
		}
	}
	return nil
}

func (v *verifier) members() {
	seen := map[string]bool{}
	for i, g := range v.groups {
		if g.ID == "" || seen[g.ID] || len(v.in.Groups) > 0 && v.told(g.ID) == nil {
			v.broke("group", g.ID, "The group is there twice, has no id, or is not one of the instance's.")
		}
		seen[g.ID] = true
		for _, id := range g.Students {
			if v.student[id] == nil {
				v.broke("unknown", id, "There is no such student.")
			} else if other, ok := v.at[id]; ok {
				v.broke("one-group", id, "Is in %s and in %s.", v.groups[other].ID, g.ID)
			} else {
				v.at[id] = i
			}
		}
	}
	for _, s := range v.in.Students {
		if _, ok := v.at[s.ID]; !ok {
			v.broke("one-group", s.ID, "Is in no group.")
		}
	}
	for _, g := range v.in.Groups {
		if !seen[g.ID] {
			v.broke("number", g.ID, "The group is missing.")
		}
		for _, id := range g.Locked {
			if at, ok := v.at[id]; !ok || v.groups[at].ID != g.ID {
				v.broke("locked", id, "Is to stay in %s and does not.", g.ID)
			}
		}
	}
	if v.in.Number != 0 && len(v.groups) != v.in.Number {
		v.broke("number", "groups", "There are %d groups; there must be %d.", len(v.groups), v.in.Number)
	}
}

func (v *verifier) sizes() {
	for _, g := range v.groups {
		least, most := v.in.Least, v.in.Most
		if t := v.told(g.ID); t != nil {
			least, most = cmp.Or(t.Least, least), cmp.Or(t.Most, most)
		}
		if n := len(g.Students); n < least || n > most {
			v.broke("size", g.ID, "It has %d students; it must have %d to %d.", n, least, most)
		}
	}
}

func (v *verifier) company() {
	for _, ids := range v.in.Together {
		for _, id := range ids[min(1, len(ids)):] {
			if v.at[id] != v.at[ids[0]] {
				v.broke("together", id, "Must be with %s.", ids[0])
			}
		}
	}
	told := map[[2]string]bool{} // a pair may be in two lists
	for _, ids := range v.in.Apart {
		for i, a := range ids {
			for _, b := range ids[:i] {
				pair := [2]string{min(a, b), max(a, b)}
				if a != b && v.at[a] == v.at[b] && !told[pair] {
					told[pair] = true
					v.broke("apart", a, "Must not be with %s.", b)
				}
			}
		}
	}
}

func (v *verifier) adults() {
	leads := map[string]int{}
	for _, g := range v.groups {
		gives := slices.Clone(v.supportsOf(g))
		if t := v.told(g.ID); t != nil && t.Staff != "" && t.Staff != g.Staff {
			v.broke("staff", g.ID, "%s is to lead it; it says %q.", t.Staff, g.Staff)
		}
		if g.Staff != "" {
			leads[g.Staff]++
			if v.adult[g.Staff] == nil {
				v.broke("staff", g.ID, "There is no %q.", g.Staff)
			}
		}
		for _, id := range g.Students {
			s := v.student[id]
			if s == nil {
				continue
			}
			for _, want := range s.Supports {
				if !slices.Contains(gives, want) {
					v.broke("supports", id, "%s is not given in %s.", want, g.ID)
				}
			}
		}
	}
	for _, s := range v.in.Staff {
		if n := leads[s.ID]; v.in.Minutes > 0 && n*v.in.Minutes > s.Minutes {
			v.broke("minutes", s.ID, "Leads %d groups of %d minutes and has %d.", n, v.in.Minutes, s.Minutes)
		}
	}
}

func (v *verifier) supportsOf(g Proposed) (all []string) {
	if t := v.told(g.ID); t != nil {
		all = append(all, t.Supports...)
	}
	if a := v.adult[g.Staff]; a != nil {
		all = append(all, a.Supports...)
	}
	return all
}

func (v *verifier) roles() {
	if !slices.ContainsFunc(v.groups, func(g Proposed) bool { return len(g.Roles) > 0 }) {
		return // a solution without roles is judged without them
	}
	for _, g := range v.groups {
		had := map[string]bool{}
		load := map[string]int{}
		for _, r := range g.Roles {
			if !slices.Contains(v.in.Roles, r.Role) || had[r.Role] || !slices.Contains(g.Students, r.Student) {
				v.broke("roles", g.ID, "%q for %q: the role is there twice or unknown, or the student is not in the group.", r.Role, r.Student)
			}
			had[r.Role] = true
			load[r.Student]++
		}
		if len(g.Students) == 0 {
			continue
		}
		for _, r := range v.in.Roles {
			if !had[r] {
				v.broke("roles", g.ID, "Nobody is %s.", r)
			}
		}
		for id, n := range load {
			if most := (len(v.in.Roles) + len(g.Students) - 1) / len(g.Students); n > most {
				v.broke("roles", id, "Has %d roles; %d are enough.", n, most)
			}
		}
	}
}

// of returns the known students of a group.
func (v *verifier) of(g Proposed) (all []*Student) {
	for _, id := range g.Students {
		if s := v.student[id]; s != nil {
			all = append(all, s)
		}
	}
	return all
}

func term(x float64) *float64 { return &x }

func (v *verifier) parts() Parts {
	w := v.in.weights()
	var p Parts
	if w.Need > 0 {
		p.Need = v.focus(func(s *Student) []Amount { return s.Needs })
	}
	if w.Interest > 0 {
		p.Interest = v.focus(func(s *Student) []Amount { return s.Interests })
	}
	if w.Pace > 0 {
		if between, total := v.variance(func(s *Student) *float64 { return s.Pace }); total > 0 {
			p.Pace = term(between / total)
		}
	}
	if w.Mixed > 0 {
		if between, total := v.variance(func(s *Student) *float64 { return s.Level }); total > 0 {
			p.Mixed = term(1 - between/total)
		}
	}
	if w.Cover > 0 {
		p.Cover = v.cover()
	}
	if w.Balance > 0 {
		p.Balance = v.balance()
	}
	if w.Fresh > 0 && len(v.in.Met) > 0 {
		p.Fresh = v.fresh()
	}
	if w.Language > 0 {
		p.Language = v.language()
	}
	if w.Led > 0 {
		p.Led = v.led()
	}
	if w.Even > 0 {
		p.Even = v.even()
	}
	return p
}

func mean(w Weights, p Parts) float64 {
	sum, all := 0.0, 0.0
	for _, t := range []struct {
		weight float64
		value  *float64
	}{
		{w.Need, p.Need}, {w.Interest, p.Interest}, {w.Pace, p.Pace}, {w.Mixed, p.Mixed}, {w.Cover, p.Cover}, {w.Balance, p.Balance},
		{w.Fresh, p.Fresh}, {w.Language, p.Language}, {w.Led, p.Led}, {w.Even, p.Even},
	} {
		if t.value != nil {
			sum += t.weight * *t.value
			all += t.weight
		}
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

// focus is how much of the greatest amounts of all is served by what each group shares.
func (v *verifier) focus(amounts func(*Student) []Amount) *float64 {
	served, all := 0.0, 0.0
	for i := range v.in.Students {
		best := 0.0
		for _, a := range amounts(&v.in.Students[i]) {
			best = max(best, a.Weight)
		}
		all += best
	}
	if all == 0 {
		return nil
	}
	for _, g := range v.groups {
		sum := map[string]float64{}
		for _, s := range v.of(g) {
			for _, a := range amounts(s) {
				sum[a.ID] += a.Weight
			}
		}
		best := 0.0
		for _, x := range sum {
			best = max(best, x)
		}
		served += best
	}
	return term(served / all)
}

// variance splits the sum of squares of a value: between groups, and in total.
func (v *verifier) variance(value func(*Student) *float64) (between, total float64) {
	n, sum, squares := 0.0, 0.0, 0.0
	for i := range v.in.Students {
		if x := value(&v.in.Students[i]); x != nil {
			n, sum, squares = n+1, sum+*x, squares+*x**x
		}
	}
	if n == 0 {
		return 0, 0
	}
	all := sum / n
	for i := range v.in.Students {
		if x := value(&v.in.Students[i]); x != nil {
			total += (*x - all) * (*x - all)
		}
	}
	if total <= alike*squares {
		return 0, 0
	}
	for _, g := range v.groups {
		k, own := 0.0, 0.0
		for _, s := range v.of(g) {
			if x := value(s); x != nil {
				k, own = k+1, own+*x
			}
		}
		if k > 0 {
			between += k * (own/k - all) * (own/k - all)
		}
	}
	return between, total
}

// alike is the share of the sum of squares below which values count as all the same.
const alike = 1e-12

// cover is the share of strengths that groups hold, of all that they could hold.
func (v *verifier) cover() *float64 {
	strong := map[string]int{}
	for _, s := range v.in.Students {
		for _, c := range unique(s.Strengths) {
			strong[c]++
		}
	}
	could, does := 0, 0
	for _, n := range strong {
		could += min(n, len(v.groups))
	}
	if could == 0 {
		return nil
	}
	for _, g := range v.groups {
		has := map[string]bool{}
		for _, s := range v.of(g) {
			for _, c := range s.Strengths {
				has[c] = true
			}
		}
		does += len(has)
	}
	return term(float64(does) / float64(could))
}

func unique(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}

func (v *verifier) characteristics() []string {
	all := map[string]bool{}
	for _, s := range v.in.Students {
		for k := range s.Subgroups {
			all[k] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// shares counts the values of a characteristic among students.
func shares(students []*Student, characteristic string) (map[string]int, int) {
	count, n := map[string]int{}, 0
	for _, s := range students {
		if value, ok := s.Subgroups[characteristic]; ok {
			count[value]++
			n++
		}
	}
	return count, n
}

func (v *verifier) all() []*Student {
	return v.of(Proposed{Students: slices.Collect(maps.Keys(v.student))})
}

// balance is 1 less the multigroup dissimilarity index (Reardon and Firebaugh 2002, table 2),
// as the mean over characteristics.
func (v *verifier) balance() *float64 {
	sum, n := 0.0, 0
	for _, k := range v.characteristics() {
		whole, size := shares(v.all(), k)
		interaction := 0.0
		values := slices.Sorted(maps.Keys(whole))
		for _, value := range values {
			p := float64(whole[value]) / float64(size)
			interaction += p * (1 - p)
		}
		if interaction == 0 {
			continue
		}
		d := 0.0
		for _, g := range v.groups {
			own, t := shares(v.of(g), k)
			for _, value := range values {
				d += math.Abs(float64(own[value]) - float64(t)*float64(whole[value])/float64(size))
			}
		}
		sum += 1 - d/(2*float64(size)*interaction)
		n++
	}
	if n == 0 {
		return nil
	}
	return term(sum / float64(n))
}

// fresh is 1 less the mean of times/(1+times) over the pairs within groups.
func (v *verifier) fresh() *float64 {
	times := map[[2]string]int{}
	for _, m := range v.in.Met {
		times[[2]string{min(m.A, m.B), max(m.A, m.B)}] += m.Times
	}
	sum, n := 0.0, 0
	for _, g := range v.groups {
		for i, a := range g.Students {
			for _, b := range g.Students[:i] {
				t := float64(times[[2]string{min(a, b), max(a, b)}])
				sum += t / (1 + t)
				n++
			}
		}
	}
	if n == 0 {
		return term(1)
	}
	return term(1 - sum/float64(n))
}

// language is the share of those who should have help in a language who have it.
func (v *verifier) language() *float64 {
	want, have := 0, 0
	for _, s := range v.in.Students {
		if s.With != "" {
			want++
		}
	}
	if want == 0 {
		return nil
	}
	for _, g := range v.groups {
		var gives []string
		if t := v.told(g.ID); t != nil {
			gives = append(gives, t.Languages...)
		}
		if a := v.adult[g.Staff]; a != nil {
			gives = append(gives, a.Languages...)
		}
		members := v.of(g)
		for _, s := range members {
			if s.With != "" && (slices.Contains(gives, s.With) || slices.ContainsFunc(members, func(o *Student) bool { return o != s && slices.Contains(o.Speaks, s.With) })) {
				have++
			}
		}
	}
	return term(float64(have) / float64(want))
}

// led is the share of all priority that is in groups with an adult.
func (v *verifier) led() *float64 {
	sum, all := 0.0, 0.0
	for _, s := range v.in.Students {
		all += s.Priority
	}
	if all == 0 || len(v.in.Staff) == 0 {
		return nil
	}
	for _, g := range v.groups {
		if g.Staff != "" {
			for _, s := range v.of(g) {
				sum += s.Priority
			}
		}
	}
	return term(sum / all)
}

// even is 1 less the variance of sizes over the greatest that the range allows.
func (v *verifier) even() *float64 {
	k := float64(len(v.groups))
	if k == 0 {
		return nil
	}
	m := float64(len(v.in.Students)) / k
	least, most := v.in.Least, v.in.Most
	for _, g := range v.in.Groups {
		least, most = min(least, cmp.Or(g.Least, least)), max(most, cmp.Or(g.Most, most))
	}
	far := max(m-float64(least), float64(most)-m)
	if far <= 0 {
		return nil
	}
	sum := 0.0
	for _, g := range v.groups {
		d := float64(len(g.Students)) - m
		sum += d * d
	}
	return term(1 - sum/(k*far*far))
}

func (v *verifier) fairness() []Fairness {
	out := []Fairness{}
	for _, k := range v.characteristics() {
		whole, size := shares(v.all(), k)
		for value, c := range whole {
			p := float64(c) / float64(size)
			if p == 0 || p == 1 {
				continue
			}
			for _, g := range v.groups {
				own, t := shares(v.of(g), k)
				if t == 0 {
					continue
				}
				f := Fairness{Group: g.ID, Characteristic: k, Value: value, Count: own[value], Size: t, Share: float64(own[value]) / float64(t), Whole: p}
				f.Difference = (f.Share - p) / math.Sqrt(p*(1-p))
				f.Nearest = math.Abs(float64(f.Count)-p*float64(t)) <= .5+1e-9
				if math.Abs(f.Difference) > Warn {
					out = append(out, f)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Fairness) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Difference), math.Abs(a.Difference)), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Characteristic, b.Characteristic), cmp.Compare(a.Value, b.Value))
	})
	return out
}
