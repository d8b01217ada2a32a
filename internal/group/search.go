package group

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"waymark/internal/assign"
)

// Propose returns the best groups that it finds: the same for one seed each time. Where rules
// contradict each other, those that it could not keep are told as unmet, and all others hold.
// When ctx ends, it returns the best so far.
//
// From several beginnings it hands out the adults, mends what is broken by tabu search (Glover 1989),
// anneals (Kirkpatrick, Gelatt and Vecchi 1983) over moves of one student, or of students
// who stay together, swaps of two, and adults, and ends with a descent over
// all moves and swaps. A move is scored by the two groups that it changes.
func Propose(ctx context.Context, in *Instance, seed uint64) *Solution {
	rng := rand.New(rand.NewPCG(seed, 0x47524f55))
	numbers, moves := in.numbers(), effort(in)
	var tried []*search
	try := func(n, moves int) {
		s := newSearch(in, n, rng)
		s.run(ctx, moves)
		tried = append(tried, s)
	}
	first := moves
	if len(numbers) > 1 { // a look at each, then the rest for those that promise most
		first = moves / 6
	}
	for _, n := range numbers {
		if len(tried) == 0 || ctx.Err() == nil {
			try(n, first)
		}
	}
	better := func(a, b *search) int {
		switch {
		case a.bestIs.above(b.bestIs):
			return -1
		case b.bestIs.above(a.bestIs):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(tried, better)
	if len(tried) > 1 {
		for _, s := range tried[:2] {
			s.run(ctx, moves/2)
		}
	}
	// Where no number that was tried keeps every rule, another may.
	if in.Number == 0 && len(in.Groups) == 0 {
		low, high := in.counts()
		for n := low; n <= high && slices.MinFunc(tried, better).bestIs.broken > 0 && ctx.Err() == nil; n++ {
			if !slices.Contains(numbers, n) {
				try(n, moves/3)
			}
		}
	}
	return slices.MinFunc(tried, better).solution(seed, rng)
}

// numbers are the numbers of groups to try: what the instance says, else up to seven that
// are spread over what the sizes allow.
func (in *Instance) numbers() []int {
	if n := max(in.Number, len(in.Groups)); n > 0 {
		return []int{n}
	}
	low, high := in.counts()
	const tries = 7
	if high-low < tries {
		var all []int
		for k := low; k <= high; k++ {
			all = append(all, k)
		}
		return all
	}
	var some []int
	for i := range tries {
		some = append(some, low+(high-low)*i/(tries-1))
	}
	return some
}

// counts is how few and how many groups the sizes allow.
func (in *Instance) counts() (low, high int) {
	n := len(in.Students)
	return (n + in.Most - 1) / in.Most, n / in.Least
}

// effort is how many moves a search tries in all.
func effort(in *Instance) int {
	n := len(in.Students)
	return min(3000+1500*n+25*n*n, 1_200_000)
}

// search is a division of students into groups and all that its score is made of.
type search struct {
	in    *Instance
	rng   *rand.Rand
	place map[string]int // of each student, by id
	n, k  int            // students, groups
	w     Weights
	all   float64 // of the weights that apply

	least, most []int
	staff       []int // of each group; -1
	unled       []int // groups whose adult the instance does not tell
	spare       []int // groups that each adult can lead beside those that the instance tells
	left        []int // of those, now
	gives       []map[string]bool
	languages   []map[string]bool
	units       []unit
	free        []int // units that may move

	needs, interests [][]amount
	needAll, likeAll float64
	level, pace      scale
	strengths        [][]int
	coverable        float64
	values           [][]value // of each student: place of the value
	share            []float64 // of each value among those who have its characteristic
	kind             []int     // characteristic of each value
	dissimilar       []float64 // 2·size·interaction·characteristics, of each characteristic
	met              []float64 // n×n, times/(1+times); nil if nobody has met or it does not count
	apart            [][]int
	parting          []bool // n×n: must not be in one group; nil if all may
	with             []int  // language of each student, -1
	speaks           [][]int
	tongues          []string
	withAll          float64
	priorityAll      float64
	far              float64
	needN, likeN     int // different needs, interests
	strongN          int

	bestStaff []int
	group     []int // of each unit
	cells     []cell
	rough     float64 // rules broken
	pairs     float64
	known     float64 // met over all pairs
	value     float64 // sum over cells
	best      []int
	bestIs    state
}

type state struct{ broken, score float64 }

func (a state) above(b state) bool {
	return a.broken < b.broken || a.broken == b.broken && a.score > b.score+1e-12
}

// unit is students who move as one.
type unit struct {
	students []int
	locked   int // group, or -1
}

type amount struct {
	id     int
	weight float64
}

type value int

// scale is a number that some students have.
type scale struct {
	x     []float64
	known []bool
	mean  float64
	total float64 // sum of squares about the mean
}

// cell is one group.
type cell struct {
	students   []int
	need, like []float64
	strong     []int
	values     []int
	of         []int // how many have each characteristic
	level      moment
	pace       moment
	speak      []int
	with       []int
	both       []int // speak the language and want help in it
	priority   float64
	value      float64
	broken     float64
}

type moment struct{ n, sum float64 }

func newSearch(in *Instance, k int, rng *rand.Rand) *search {
	s := &search{in: in, rng: rng, place: map[string]int{}, n: len(in.Students), k: k, w: in.weights()}
	for i, st := range in.Students {
		s.place[st.ID] = i
	}
	s.places()
	s.people()
	s.together()
	return s
}

// places lays out the groups: their sizes, their adults and what they give.
func (s *search) places() {
	in := s.in
	left := make([]int, len(in.Staff))
	for i, a := range in.Staff {
		left[i] = in.slots(a)
	}
	for g := range s.k {
		least, most := in.sizes(g)
		s.least, s.most = append(s.least, least), append(s.most, most)
		s.staff = append(s.staff, -1)
		s.gives, s.languages = append(s.gives, nil), append(s.languages, nil)
		s.provide(g)
		if g >= len(in.Groups) {
			continue
		}
		told := in.Groups[g]
		if a := slices.IndexFunc(in.Staff, func(a Staff) bool { return a.ID == told.Staff }); a >= 0 {
			s.lead(g, a)
			left[a]--
		}
	}
	for g := range s.k {
		if s.staff[g] < 0 {
			s.unled = append(s.unled, g)
		}
	}
	s.spare = left
	least, most := in.Least, in.Most
	for g := range in.Groups {
		a, b := in.sizes(g)
		least, most = min(least, a), max(most, b)
	}
	m := float64(s.n) / float64(s.k)
	s.far = max(m-float64(least), float64(most)-m)
}

// hand lets adults lead the groups whose adult the instance does not tell, anew. Who is locked in a
// group has what they need there if it can be; then an adult goes where more students still wait for
// what that adult gives, in the groups' order the first time and by chance from then on.
func (s *search) hand(first bool) {
	in := s.in
	s.left = slices.Clone(s.spare)
	for _, g := range s.unled {
		s.staff[g] = -1
		s.provide(g)
	}
	if len(in.Staff) == 0 {
		return
	}
	s.handToLocked()
	rest := slices.DeleteFunc(slices.Clone(s.unled), func(g int) bool { return s.staff[g] >= 0 })
	if !first {
		s.rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	}
	for _, g := range rest {
		chosen, most := -1, -1.
		for a := range in.Staff {
			if s.left[a] <= 0 {
				continue
			}
			x := s.lack(in.Staff[a])
			if !first {
				x += s.rng.Float64()
			}
			if x > most {
				chosen, most = a, x
			}
		}
		if chosen >= 0 {
			s.lead(g, chosen)
			s.left[chosen]--
		}
	}
}

// handToLocked gives the groups whose locked students lack something the adults who give most of
// it, by one best assignment.
func (s *search) handToLocked() {
	var groups []int
	var missing [][]string
	for _, g := range s.unled {
		var lacks []string
		for _, u := range s.units {
			if u.locked != g {
				continue
			}
			for _, i := range u.students {
				for _, want := range s.in.Students[i].Supports {
					if !s.gives[g][want] {
						lacks = append(lacks, want)
					}
				}
			}
		}
		if len(lacks) > 0 {
			groups, missing = append(groups, g), append(missing, lacks)
		}
	}
	if len(groups) == 0 {
		return
	}
	value := make([][]float64, len(groups)) // how much of it an adult gives
	for r, lacks := range missing {
		value[r] = make([]float64, len(s.in.Staff))
		for a, adult := range s.in.Staff {
			for _, want := range lacks {
				if slices.Contains(adult.Supports, want) {
					value[r][a]++
				}
			}
		}
	}
	for r, a := range assign.Best(value, s.left).Column {
		if a >= 0 && value[r][a] > 0 {
			s.lead(groups[r], a)
			s.left[a]--
		}
	}
}

// provide is what a group gives without an adult.
func (s *search) provide(g int) {
	s.gives[g], s.languages[g] = map[string]bool{}, map[string]bool{}
	if g >= len(s.in.Groups) {
		return
	}
	for _, x := range s.in.Groups[g].Supports {
		s.gives[g][x] = true
	}
	for _, x := range s.in.Groups[g].Languages {
		s.languages[g][x] = true
	}
}

func (s *search) lead(g, adult int) {
	s.staff[g] = adult
	for _, x := range s.in.Staff[adult].Supports {
		s.gives[g][x] = true
	}
	for _, x := range s.in.Staff[adult].Languages {
		s.languages[g][x] = true
	}
}

// swapLead lets an adult lead a group; the one before leads another, or has time again.
func (s *search) swapLead(g, adult, other, was int) {
	if other < 0 {
		if adult >= 0 {
			s.left[adult]--
		}
		if was >= 0 {
			s.left[was]++
		}
	} else {
		s.relead(other, was)
	}
	s.relead(g, adult)
}

func (s *search) relead(g, adult int) {
	s.staff[g] = adult
	s.provide(g)
	if adult >= 0 {
		s.lead(g, adult)
	}
	s.reweigh(g)
}

// reweigh weighs a group that has changed.
func (s *search) reweigh(g int) {
	c := &s.cells[g]
	s.rough -= c.broken
	s.value -= c.value
	s.weigh(g)
	s.rough += c.broken
	s.value += c.value
}

// rehand tries another adult in some group: one who has time, or that of another group, which
// takes the group's own instead. It is kept as a move is at a temperature.
func (s *search) rehand(t float64) {
	g := s.unled[s.rng.IntN(len(s.unled))]
	adult := s.rng.IntN(len(s.in.Staff))
	if adult == s.staff[g] {
		return
	}
	was, other := s.staff[g], -1
	if s.left[adult] <= 0 {
		seen := 0
		for _, h := range s.unled {
			if s.staff[h] != adult {
				continue
			}
			if seen++; s.rng.IntN(seen) == 0 {
				other = h
			}
		}
		if other < 0 {
			return
		}
	}
	before := s.energy()
	s.swapLead(g, adult, other, was)
	if d := s.energy() - before; d > 0 && s.rng.Float64() >= math.Exp(-d/t) {
		s.swapLead(g, was, other, adult)
	}
}

// lack is how many students have no place yet in groups that give what an adult gives.
func (s *search) lack(a Staff) float64 {
	sum := 0.0
	for _, x := range a.Supports {
		sum += 100 * s.waiting(s.gives, x, func(st Student) bool { return slices.Contains(st.Supports, x) })
	}
	for _, x := range a.Languages {
		sum += s.waiting(s.languages, x, func(st Student) bool { return st.With == x })
	}
	return sum
}

func (s *search) waiting(given []map[string]bool, what string, wants func(Student) bool) float64 {
	n := 0
	for _, st := range s.in.Students {
		if wants(st) {
			n++
		}
	}
	for g := range given {
		if given[g][what] {
			n -= s.most[g]
		}
	}
	return float64(max(n, 0))
}

// people reads what the score needs to know of each student.
func (s *search) people() {
	in := s.in
	var skills, topics, tongues, strengths index
	s.level, s.pace = scaleOf(in, func(st Student) *float64 { return st.Level }), scaleOf(in, func(st Student) *float64 { return st.Pace })
	for _, st := range in.Students {
		s.needs = append(s.needs, listed(&skills, st.Needs, &s.needAll))
		s.interests = append(s.interests, listed(&topics, st.Interests, &s.likeAll))
		var strong []int
		for _, c := range st.Strengths {
			if at := strengths.of(c); !slices.Contains(strong, at) {
				strong = append(strong, at)
			}
		}
		s.strengths = append(s.strengths, strong)
		with := -1
		if st.With != "" {
			with = tongues.of(st.With)
			s.withAll++
		}
		s.with = append(s.with, with)
		var speaks []int
		for _, l := range st.Speaks {
			if at := tongues.of(l); !slices.Contains(speaks, at) {
				speaks = append(speaks, at)
			}
		}
		s.speaks = append(s.speaks, speaks)
		s.priorityAll += st.Priority
	}
	s.needN, s.likeN, s.strongN, s.tongues = len(skills.names), len(topics.names), len(strengths.names), tongues.names
	strong := make([]int, s.strongN)
	for _, all := range s.strengths {
		for _, c := range all {
			strong[c]++
		}
	}
	for _, n := range strong {
		s.coverable += float64(min(n, s.k))
	}
	s.subgroups()
	s.company()
	for _, t := range []struct {
		weight  *float64
		applies bool
	}{
		{&s.w.Need, s.needAll > 0}, {&s.w.Interest, s.likeAll > 0}, {&s.w.Pace, s.pace.total > 0}, {&s.w.Mixed, s.level.total > 0},
		{&s.w.Cover, s.coverable > 0}, {&s.w.Balance, len(s.dissimilar) > 0}, {&s.w.Fresh, len(in.Met) > 0}, {&s.w.Language, s.withAll > 0},
		{&s.w.Led, s.priorityAll > 0 && len(in.Staff) > 0}, {&s.w.Even, s.far > 0},
	} {
		if !t.applies {
			*t.weight = 0
		}
		s.all += *t.weight
	}
	if s.all == 0 {
		s.all = 1
	}
}

// index gives names places.
type index struct {
	names []string
	place map[string]int
}

func (x *index) of(name string) int {
	if x.place == nil {
		x.place = map[string]int{}
	}
	at, ok := x.place[name]
	if !ok {
		at = len(x.names)
		x.names, x.place[name] = append(x.names, name), at
	}
	return at
}

func listed(x *index, all []Amount, greatest *float64) (out []amount) {
	best := 0.0
	for _, a := range all {
		out = append(out, amount{x.of(a.ID), a.Weight})
		best = max(best, a.Weight)
	}
	*greatest += best
	return out
}

func scaleOf(in *Instance, of func(Student) *float64) scale {
	sc := scale{x: make([]float64, len(in.Students)), known: make([]bool, len(in.Students))}
	n, squares := 0.0, 0.0
	for i, st := range in.Students {
		if x := of(st); x != nil {
			sc.x[i], sc.known[i] = *x, true
			sc.mean += *x
			squares += *x * *x
			n++
		}
	}
	if n > 0 {
		sc.mean /= n
	}
	for i := range sc.x {
		if sc.known[i] {
			sc.x[i] -= sc.mean
			sc.total += sc.x[i] * sc.x[i]
		}
	}
	if sc.total <= alike*squares {
		sc.total = 0
	}
	return sc
}

// subgroups gives each value of each characteristic that has more than one a place.
func (s *search) subgroups() {
	in := s.in
	s.values = make([][]value, s.n)
	var names index
	count := map[string]map[string]int{}
	for _, st := range in.Students {
		for k, v := range st.Subgroups {
			if count[k] == nil {
				count[k] = map[string]int{}
			}
			count[k][v]++
		}
	}
	var kinds []string
	for k, c := range count {
		if len(c) > 1 {
			kinds = append(kinds, k)
		}
	}
	slices.Sort(kinds)
	for at, k := range kinds {
		size, interaction := 0.0, 0.0
		for _, c := range count[k] {
			size += float64(c)
		}
		for i, st := range in.Students {
			if v, ok := st.Subgroups[k]; ok {
				place := names.of(k + "\x00" + v)
				if place == len(s.share) {
					p := float64(count[k][v]) / size
					s.share, s.kind = append(s.share, p), append(s.kind, at)
					interaction += p * (1 - p)
				}
				s.values[i] = append(s.values[i], value(place))
			}
		}
		s.dissimilar = append(s.dissimilar, 2*size*interaction*float64(len(kinds)))
	}
}

// company reads who has worked with whom, and who must not.
func (s *search) company() {
	place := s.place
	if len(s.in.Met) > 0 && s.w.Fresh > 0 {
		times := make([]float64, s.n*s.n)
		for _, m := range s.in.Met {
			a, b := place[m.A], place[m.B]
			times[a*s.n+b] += float64(m.Times)
			times[b*s.n+a] += float64(m.Times)
		}
		for i, t := range times {
			times[i] = t / (1 + t)
		}
		s.met = times
	}
	s.apart = make([][]int, s.n)
	for _, ids := range s.in.Apart {
		for i, a := range ids {
			for _, b := range ids[:i] {
				x, y := place[a], place[b]
				if s.parting == nil {
					s.parting = make([]bool, s.n*s.n)
				}
				if x != y && !s.parted(x, y) {
					s.parting[x*s.n+y], s.parting[y*s.n+x] = true, true
					s.apart[x], s.apart[y] = append(s.apart[x], y), append(s.apart[y], x)
				}
			}
		}
	}
}

// together makes units of students who move as one.
func (s *search) together() {
	place, root := s.place, make([]int, s.n)
	for i := range root {
		root[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if root[i] != i {
			root[i] = find(root[i])
		}
		return root[i]
	}
	for _, ids := range s.in.Together {
		for _, id := range ids[min(1, len(ids)):] {
			root[find(place[id])] = find(place[ids[0]])
		}
	}
	locked := make([]int, s.n)
	for i := range locked {
		locked[i] = -1
	}
	for g, told := range s.in.Groups {
		for _, id := range told.Locked {
			locked[place[id]] = g
		}
	}
	// Students locked in different groups cannot stay together; the lock holds.
	at := map[[2]int]int{}
	lock := map[int]int{}
	for i := range s.n {
		if locked[i] >= 0 {
			if _, had := lock[find(i)]; !had {
				lock[find(i)] = locked[i]
			}
		}
	}
	for i := range s.n {
		g := locked[i]
		if first, ok := lock[find(i)]; ok && g < 0 {
			g = first
		}
		key := [2]int{find(i), g}
		u, had := at[key]
		if !had {
			u = len(s.units)
			at[key] = u
			s.units = append(s.units, unit{locked: g})
		}
		s.units[u].students = append(s.units[u].students, i)
	}
	for u := range s.units {
		if s.units[u].locked < 0 {
			s.free = append(s.free, u)
		}
	}
	s.group = make([]int, len(s.units))
}

// suits reports whether a group gives all that students of a unit need.
func (s *search) suits(u, g int) bool { return s.lacks(u, g) == 0 }

// begin fills the groups anew: locked units first, then the largest and most bound ones, each
// where it breaks least, with room by chance.
func (s *search) begin() {
	s.cells = make([]cell, s.k)
	for g := range s.cells {
		s.cells[g] = cell{
			need: make([]float64, s.needN), like: make([]float64, s.likeN), strong: make([]int, s.strongN),
			values: make([]int, len(s.share)), of: make([]int, len(s.dissimilar)),
			speak: make([]int, len(s.tongues)), with: make([]int, len(s.tongues)), both: make([]int, len(s.tongues)),
		}
	}
	s.pairs, s.known = 0, 0
	for u := range s.units {
		if g := s.units[u].locked; g >= 0 {
			s.put(u, g)
		}
	}
	order := slices.Clone(s.free)
	s.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	bound := func(u int) int {
		n := 100 * len(s.units[u].students)
		for _, i := range s.units[u].students {
			n += 10 * len(s.apart[i])
		}
		for g := range s.k {
			if !s.suits(u, g) {
				n += 5
			}
		}
		return n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(bound(b), bound(a)) })
	for _, u := range order {
		best, least := 0, math.Inf(1)
		for g := range s.k {
			cost := 0.0
			size := len(s.cells[g].students) + len(s.units[u].students)
			if !s.suits(u, g) {
				cost += 100
			}
			cost += 100 * float64(max(0, size-s.most[g]))
			cost += 50 * s.clashes(u, g)
			if size <= s.least[g] {
				cost -= 5
			}
			cost += float64(size)/float64(s.most[g]) + s.rng.Float64()
			if cost < least {
				best, least = g, cost
			}
		}
		s.put(u, best)
	}
	s.weighAll()
}

func (s *search) weighAll() {
	s.rough, s.value = 0, 0
	for g := range s.cells {
		s.weigh(g)
		s.rough += s.cells[g].broken
		s.value += s.cells[g].value
	}
}

func (s *search) clashes(u, g int) float64 {
	n := 0
	for _, i := range s.units[u].students {
		if len(s.apart[i]) > 0 {
			for _, j := range s.cells[g].students {
				if s.parted(i, j) {
					n++
				}
			}
		}
	}
	return float64(n)
}

func (s *search) put(u, g int) {
	s.group[u] = g
	c := &s.cells[g]
	for _, i := range s.units[u].students {
		s.change(c, i, 1)
		c.students = append(c.students, i)
	}
}

func (s *search) take(u int) {
	c := &s.cells[s.group[u]]
	for _, i := range s.units[u].students {
		at := slices.Index(c.students, i)
		c.students = slices.Delete(c.students, at, at+1)
		s.change(c, i, -1)
	}
}

// change adds a student to the sums of a group, or takes one from them; the student is not
// in its list.
func (s *search) change(c *cell, i int, by int) {
	f := float64(by)
	for _, a := range s.needs[i] {
		c.need[a.id] += f * a.weight
	}
	for _, a := range s.interests[i] {
		c.like[a.id] += f * a.weight
	}
	for _, x := range s.strengths[i] {
		c.strong[x] += by
	}
	for _, v := range s.values[i] {
		c.values[v] += by
		c.of[s.kind[v]] += by
	}
	if s.level.known[i] {
		c.level.n, c.level.sum = c.level.n+f, c.level.sum+f*s.level.x[i]
	}
	if s.pace.known[i] {
		c.pace.n, c.pace.sum = c.pace.n+f, c.pace.sum+f*s.pace.x[i]
	}
	for _, l := range s.speaks[i] {
		c.speak[l] += by
		if l == s.with[i] {
			c.both[l] += by
		}
	}
	if l := s.with[i]; l >= 0 {
		c.with[l] += by
	}
	c.priority += f * s.in.Students[i].Priority
	s.pairs += f * float64(len(c.students))
	if s.met != nil {
		row := s.met[i*s.n:]
		for _, j := range c.students {
			s.known += f * row[j]
		}
	}
}

// weigh computes what a group adds to the score, and how many rules it breaks.
func (s *search) weigh(g int) {
	c := &s.cells[g]
	w := &s.w
	v := 0.0
	if w.Need > 0 {
		v += w.Need * greatest(c.need) / s.needAll
	}
	if w.Interest > 0 {
		v += w.Interest * greatest(c.like) / s.likeAll
	}
	if w.Pace > 0 && c.pace.n > 0 {
		v += w.Pace * c.pace.sum * c.pace.sum / c.pace.n / s.pace.total
	}
	if w.Mixed > 0 && c.level.n > 0 {
		v -= w.Mixed * c.level.sum * c.level.sum / c.level.n / s.level.total
	}
	if w.Cover > 0 {
		n := 0
		for _, x := range c.strong {
			if x > 0 {
				n++
			}
		}
		v += w.Cover * float64(n) / s.coverable
	}
	if w.Balance > 0 {
		for at, n := range c.values {
			k := s.kind[at]
			v -= w.Balance * math.Abs(float64(n)-s.share[at]*float64(c.of[k])) / s.dissimilar[k]
		}
	}
	if w.Language > 0 {
		have := 0
		for l, n := range c.with {
			switch {
			case n == 0:
			case s.languages[g][s.tongues[l]] || c.speak[l] > 1:
				have += n
			case c.speak[l] == 1:
				have += n - c.both[l]
			}
		}
		v += w.Language * float64(have) / s.withAll
	}
	if w.Led > 0 && s.staff[g] >= 0 {
		v += w.Led * c.priority / s.priorityAll
	}
	n := len(c.students)
	if w.Even > 0 {
		d := float64(n) - float64(s.n)/float64(s.k)
		v -= w.Even * d * d / (float64(s.k) * s.far * s.far)
	}
	c.value = v
	c.broken = float64(max(0, n-s.most[g]) + max(0, s.least[g]-n))
	for at, i := range c.students {
		if len(s.apart[i]) > 0 {
			for _, j := range c.students[:at] {
				if s.parted(i, j) {
					c.broken++
				}
			}
		}
		for _, want := range s.in.Students[i].Supports {
			if !s.gives[g][want] {
				c.broken++
			}
		}
	}
}

func greatest(all []float64) float64 {
	best := 0.0
	for _, x := range all {
		if x > best {
			best = x
		}
	}
	return best
}

// score is the weighted mean of all terms.
func (s *search) score() float64 {
	v := s.value + s.w.Mixed + s.w.Balance + s.w.Even
	if s.w.Fresh > 0 {
		v += s.w.Fresh
		if s.pairs > 0 {
			v -= s.w.Fresh * s.known / s.pairs
		}
	}
	return v / s.all
}

func (s *search) state() state { return state{math.Round(s.rough), s.score()} }

// breach is what one broken rule costs while annealing; the score is at most 1.
const breach = 1

// energy is what annealing makes small.
func (s *search) energy() float64 { return breach*s.rough - s.score() }

// move puts units into other groups and weighs the two groups again.
func (s *search) move(us []int, to []int, g, h int) {
	for _, u := range us {
		s.take(u)
	}
	for i, u := range us {
		s.put(u, to[i])
	}
	s.reweigh(g)
	s.reweigh(h)
}

// run searches with so many moves in all.
func (s *search) run(ctx context.Context, moves int) {
	starts := max(2, min(40, 9000/(s.n*s.n))) // few students are soon settled, each time elsewhere
	for start := range starts {
		s.hand(start == 0)
		s.begin()
		s.mend(ctx, 20*s.n)
		s.record()
		if s.k > 1 && len(s.free) > 0 {
			s.anneal(ctx, moves/starts)
			s.descend(ctx)
		}
		s.record()
		if ctx.Err() != nil || s.k == 1 {
			break
		}
	}
	s.restore()
	for range max(1, min(8, 200/s.n)) {
		if s.bestIs.broken < .5 || ctx.Err() != nil {
			break
		}
		s.mend(ctx, 400*s.n)
		s.record()
		s.hand(false)
		s.begin()
	}
	s.restore()
	if s.k > 1 && len(s.free) > 0 {
		s.descend(ctx)
	}
	s.record()
	s.restore()
}

func (s *search) record() {
	if now := s.state(); s.best == nil || now.above(s.bestIs) {
		s.best, s.bestIs, s.bestStaff = slices.Clone(s.group), now, slices.Clone(s.staff)
	}
}

// restore lays out the best division anew, which also takes away what rounding left.
func (s *search) restore() {
	s.lay(s.best, s.bestStaff)
	s.bestIs = s.state()
}

// lay lays out a division.
func (s *search) lay(group, staff []int) {
	copy(s.left, s.spare)
	for _, g := range s.unled {
		if staff[g] >= 0 {
			s.left[staff[g]]--
		}
	}
	for g := range s.cells {
		if s.staff[g] != staff[g] {
			s.relead(g, staff[g])
		}
		c := &s.cells[g]
		c.students = c.students[:0]
		clear(c.need)
		clear(c.like)
		clear(c.strong)
		clear(c.values)
		clear(c.of)
		clear(c.speak)
		clear(c.with)
		clear(c.both)
		c.level, c.pace, c.priority = moment{}, moment{}, 0
	}
	s.pairs, s.known = 0, 0
	for u, g := range slices.Clone(group) {
		s.put(u, g)
	}
	s.weighAll()
}

// draw proposes a move: a unit elsewhere, or for a unit there.
func (s *search) draw(us, to []int) ([]int, []int, int, int) {
	u := s.free[s.rng.IntN(len(s.free))]
	g := s.group[u]
	if s.rng.IntN(4) == 0 {
		h := s.rng.IntN(s.k - 1)
		if h >= g {
			h++
		}
		return append(us, u), append(to, h), g, h
	}
	for range 8 {
		o := s.free[s.rng.IntN(len(s.free))]
		if h := s.group[o]; h != g {
			us, to = s.evenOut(append(us, u, o), append(to, h, g), g, h)
			return us, to, g, h
		}
	}
	h := (g + 1) % s.k
	return append(us, u), append(to, h), g, h
}

// evenOut adds to a swap of units of unlike size more of the smaller side, so that no group grows.
func (s *search) evenOut(us, to []int, g, h int) ([]int, []int) {
	d := len(s.units[us[0]].students) - len(s.units[us[1]].students) // that h gets more than it gives
	for tries := 0; d != 0 && tries < 3*len(s.free); tries++ {
		from, where := h, g
		if d < 0 {
			from, where = g, h
		}
		o := s.free[s.rng.IntN(len(s.free))]
		if n := len(s.units[o].students); s.group[o] == from && n <= max(d, -d) && !slices.Contains(us, o) {
			us, to = append(us, o), append(to, where)
			if d > 0 {
				d -= n
			} else {
				d += n
			}
		}
	}
	return us, to
}

func (s *search) anneal(ctx context.Context, moves int) {
	var us, to, back []int
	try := func() (float64, []int, []int, int, int) {
		us, to, back = us[:0], to[:0], back[:0]
		before := s.energy()
		var g, h int
		us, to, g, h = s.draw(us, to)
		for _, u := range us {
			back = append(back, s.group[u])
		}
		s.move(us, to, g, h)
		return s.energy() - before, us, back, g, h
	}
	// The first temperature is the mean step among those that break no rule.
	sum, n := 0.0, 0.0
	for range 200 {
		d, us, back, g, h := try()
		s.move(us, back, g, h)
		if math.Abs(d) < breach/2 && d != 0 {
			sum, n = sum+math.Abs(d), n+1
		}
	}
	hot := .02
	if n > 0 {
		hot = sum / n
	}
	const cold = 300. // the last temperature is the first over this
	t := hot
	cool := math.Pow(1/cold, 1/float64(max(moves, 1)))
	for i := range moves {
		if i%4096 == 0 && ctx.Err() != nil {
			return
		}
		if len(s.in.Staff) > 0 && len(s.unled) > 0 && i%16 == 0 {
			s.rehand(t)
		}
		d, us, back, g, h := try()
		if d > 0 && s.rng.Float64() >= math.Exp(-d/t) {
			s.move(us, back, g, h)
		}
		t *= cool
	}
}

// mend looks for a division that breaks no rule, whatever its score: a unit that breaks one goes where
// fewest are broken, and not back soon (Glover 1989).
func (s *search) mend(ctx context.Context, steps int) {
	if s.k < 2 || len(s.free) == 0 {
		return
	}
	stays := make([]int, len(s.units)*s.k) // the step until which a unit does not go back to a group
	least := s.rough
	best, staff := slices.Clone(s.group), slices.Clone(s.staff)
	for step := 1; step <= steps && s.rough > .5; step++ {
		if step%256 == 0 && ctx.Err() != nil {
			break
		}
		if len(s.in.Staff) > 0 && len(s.unled) > 0 && step%4 == 0 {
			s.rehand(.3)
		}
		u := s.inTheWay()
		if u < 0 {
			continue
		}
		g := s.group[u]
		h, with, found, ties := -1, -1, math.Inf(1), 0
		consider := func(o, x int) {
			rough := s.rough + s.rougher(u, o, x)
			tabu := stays[u*s.k+x] >= step || o >= 0 && stays[o*s.k+g] >= step
			switch {
			case tabu && rough >= least-.5:
			case rough < found-.5:
				h, with, found, ties = x, o, rough, 1
			case rough < found+.5:
				if ties++; s.rng.IntN(ties) == 0 {
					h, with = x, o
				}
			}
		}
		for x := range s.k {
			if x != g {
				consider(-1, x)
			}
		}
		for _, o := range s.free {
			if s.group[o] != g {
				consider(o, s.group[o])
			}
		}
		if h < 0 {
			continue
		}
		us, to := []int{u}, []int{h}
		if with >= 0 {
			us, to = append(us, with), append(to, g)
		}
		for _, v := range us {
			stays[v*s.k+s.group[v]] = step + 7 + s.rng.IntN(8)
		}
		s.move(us, to, g, h)
		if s.rough < least-.5 {
			least = s.rough
			best, staff = slices.Clone(s.group), slices.Clone(s.staff)
		}
	}
	if s.rough > least+.5 {
		s.lay(best, staff)
	}
}

// rougher is how many more rules are broken when a unit goes to another group and, if o is not -1, a
// unit of that group takes its place.
func (s *search) rougher(u, o, x int) float64 {
	g := s.group[u]
	size := len(s.units[u].students)
	d := s.clashes(u, x) - s.clashes(u, g) + s.lacks(u, x) - s.lacks(u, g)
	if o >= 0 {
		size -= len(s.units[o].students)
		d += s.clashes(o, g) - s.clashes(o, x) + s.lacks(o, g) - s.lacks(o, x)
		for _, i := range s.units[u].students {
			for _, j := range s.units[o].students {
				if s.parted(i, j) {
					d -= 2
				}
			}
		}
	}
	off := func(g, n int) int { return max(0, n-s.most[g]) + max(0, s.least[g]-n) }
	here, there := len(s.cells[g].students), len(s.cells[x].students)
	return d + float64(off(g, here-size)-off(g, here)+off(x, there+size)-off(x, there))
}

// lacks is how many supports of a unit's students a group does not give.
func (s *search) lacks(u, g int) (n float64) {
	for _, i := range s.units[u].students {
		for _, want := range s.in.Students[i].Supports {
			if !s.gives[g][want] {
				n++
			}
		}
	}
	return n
}

// parted reports whether two students must not be in one group.
func (s *search) parted(i, j int) bool { return s.parting != nil && s.parting[i*s.n+j] }

// inTheWay draws a unit that may move and because of which a rule is broken; -1 if there is none.
func (s *search) inTheWay() int {
	chosen, seen := -1, 0
	for _, u := range s.free {
		g := s.group[u]
		n := len(s.cells[g].students)
		if s.cells[g].broken < .5 && !s.short() {
			continue
		}
		if n > s.most[g] || s.clashes(u, g) > 0 || !s.suits(u, g) || s.short() && n > s.least[g] {
			if seen++; s.rng.IntN(seen) == 0 {
				chosen = u
			}
		}
	}
	return chosen
}

// short reports whether some group has too few students.
func (s *search) short() bool {
	for g := range s.cells {
		if len(s.cells[g].students) < s.least[g] {
			return true
		}
	}
	return false
}

// descend tries every move and every swap until none is better.
func (s *search) descend(ctx context.Context) {
	budget := 2_000_000 // tries; enough for a few hundred students
	for better := true; better && ctx.Err() == nil && budget > 0; {
		better = s.descendStaff()
		for at, u := range s.free {
			if budget -= s.k + at; budget < 0 {
				return
			}
			for h := range s.k {
				if g := s.group[u]; g != h {
					better = s.keep([]int{u}, []int{h}, g, h) || better
				}
			}
			for _, o := range s.free[:at] {
				if g, h := s.group[u], s.group[o]; g != h {
					better = s.keep([]int{u, o}, []int{h, g}, g, h) || better
				}
			}
		}
	}
}

// descendStaff lets every adult who has time, or leads another such group, lead every group whose
// adult the instance does not tell, where that is better.
func (s *search) descendStaff() (better bool) {
	try := func(g, adult, other int) {
		before, was := s.energy(), s.staff[g]
		s.swapLead(g, adult, other, was)
		if s.energy() < before-1e-10 {
			better = true
		} else {
			s.swapLead(g, was, other, adult)
		}
	}
	for at, g := range s.unled {
		for a := range s.in.Staff {
			if s.left[a] > 0 && s.staff[g] != a {
				try(g, a, -1)
			}
		}
		for _, h := range s.unled[:at] {
			if s.staff[h] != s.staff[g] {
				try(g, s.staff[h], h)
			}
		}
	}
	return better
}

// keep makes a move if it is better.
func (s *search) keep(us, to []int, g, h int) bool {
	before := s.energy()
	back := make([]int, len(us), 2)
	for i, u := range us {
		back[i] = s.group[u]
	}
	s.move(us, to, g, h)
	if s.energy() < before-1e-10 {
		return true
	}
	s.move(us, back, g, h)
	return false
}

// name is the id of a group.
func (s *search) name(g int) string {
	if g < len(s.in.Groups) {
		return s.in.Groups[g].ID
	}
	return fmt.Sprintf("g%d", g+1)
}

// solution tells what was found.
func (s *search) solution(seed uint64, rng *rand.Rand) *Solution {
	out := &Solution{Schema: SolutionSchema, Status: OK, Seed: seed, Until: s.in.Until}
	for g := range s.cells {
		c := &s.cells[g]
		slices.Sort(c.students)
		p := Proposed{ID: s.name(g), Students: make([]string, 0, len(c.students))}
		if a := s.staff[g]; a >= 0 {
			p.Staff = s.in.Staff[a].ID
		}
		for _, i := range c.students {
			p.Students = append(p.Students, s.in.Students[i].ID)
		}
		p.Roles = roles(s.in, p.Students, rng)
		out.Groups = append(out.Groups, p)
	}
	Explain(s.in, out, func(id string) string { return id })
	r := Judge(s.in, out)
	out.Parts, out.Fairness, out.Unmet = r.Parts, r.Fairness, r.Broken
	out.Score = s.score()
	if len(out.Unmet) > 0 {
		out.Status = Conflict
	}
	return out
}

// roles gives each role to who has had it least, by one best assignment; equals draw.
func roles(in *Instance, students []string, rng *rand.Rand) []Role {
	if len(in.Roles) == 0 || len(students) == 0 {
		return nil
	}
	had := map[Role]int{}
	most := 0
	for _, h := range in.Held {
		had[Role{h.Role, h.Student}] += h.Times
		most = max(most, had[Role{h.Role, h.Student}])
	}
	value := make([][]float64, len(in.Roles))
	seats := make([]int, len(students))
	for i := range seats {
		seats[i] = (len(in.Roles) + len(students) - 1) / len(students)
	}
	for r, role := range in.Roles {
		for _, id := range students {
			value[r] = append(value[r], float64(1+most-had[Role{role, id}])+.01*rng.Float64())
		}
	}
	var out []Role
	for r, c := range assign.Best(value, seats).Column {
		out = append(out, Role{in.Roles[r], students[c]})
	}
	return out
}

// Rotate gives every role to somebody else where it can: those that are held now count as had.
func Rotate(in *Instance, s *Solution, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0x524f4c45))
	for g := range s.Groups {
		for _, r := range s.Groups[g].Roles {
			in.Held = append(in.Held, Held{r.Student, r.Role, 1})
		}
		s.Groups[g].Roles = roles(in, s.Groups[g].Students, rng)
	}
}
