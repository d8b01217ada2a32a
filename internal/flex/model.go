package flex

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// none stands for no column, room or member of staff.
const none = -1

// model is an instance by index, made for searching. A row is a student in one block, a
// column one session of that block.
type model struct {
	in *Instance
	w  Weights
	// must outweighs everything else, so that a requirement is only left where it cannot be kept;
	// fixed outweighs that.
	must, fixed float64
	left        map[int]bool // requirements set aside, by index

	blocks         []block
	rooms          []Room
	staff          []Staff
	claims         []claim
	blockOf, colOf []int // of each session: its block, and its column there

	sessionAt, studentAt map[string]int // places in the instance
	byOffer              map[string][]int
}

// block is one block with who and what is in it.
type block struct {
	sessions []session
	students []int    // of each row, in the order of the lottery
	rowOf    []int    // of each student, or none
	can      [][]bool // row, column: may be, if room and adult give what the student needs
	links    [][]link // of each row: which claims a column meets, by column
	keep     []int    // of each row: the column in which it was published, or none
	only     [][]int  // of each row: the columns that are required, as often as they are; nil if none is
	helped   []int    // rows of students with supports
}

// session is one session, with what it can have.
type session struct {
	*Session
	index   int   // in the instance
	rooms   []int // that it could be in
	staff   []int // who could lead it
	seats   int   // at most, in the largest of those rooms
	least   int   // nobody may hold it for fewer, whoever is required
	purpose int
	was     Held // as published
}

// link says that a row in a column meets a claim.
type link struct{ col, claim int }

// claim is something that counts once for a student, in whichever session it is met.
type claim struct {
	value float64
	must  bool
	many  bool // it can be met in more than one block
}

// compile arranges an instance for search. left are requirements set aside, by index; those that
// nothing can keep are set aside, too. The
// order of rows is drawn, so that no student is always first among equals.
func compile(in *Instance, seed uint64, left map[int]bool) *model {
	m := &model{in: in, w: DefaultWeights, rooms: in.Rooms, staff: in.Staff, left: map[int]bool{}}
	maps.Copy(m.left, left)
	if in.Weights != nil {
		m.w = *in.Weights
	}
	m.must = max(1e6, 2*m.most())
	m.fixed = 100 * m.must
	blockAt := index(len(in.Blocks), func(i int) string { return in.Blocks[i].ID })
	staffAt := index(len(in.Staff), func(i int) string { return in.Staff[i].ID })
	m.sessionAt = index(len(in.Sessions), func(i int) string { return in.Sessions[i].ID })
	m.studentAt = index(len(in.Students), func(i int) string { return in.Students[i].ID })
	m.byOffer = map[string][]int{}

	required := map[string]bool{}
	for _, r := range in.Required {
		for _, id := range r.Sessions {
			required[id] = true
		}
	}
	m.blocks = make([]block, len(in.Blocks))
	m.blockOf, m.colOf = make([]int, len(in.Sessions)), make([]int, len(in.Sessions))
	for i := range in.Sessions {
		s := &in.Sessions[i]
		b := blockAt[s.Block]
		m.blockOf[i], m.colOf[i] = b, len(m.blocks[b].sessions)
		x := session{Session: s, index: i, seats: s.Seats, purpose: slices.Index(Purposes, s.Purpose)}
		switch {
		case s.State == Fixed:
		case required[s.ID]:
			x.least = 1
		default:
			x.least = max(1, s.Least)
		}
		for _, id := range s.Staff {
			if t := staffAt[id]; !slices.Contains(in.Staff[t].Away, s.Block) {
				x.staff = append(x.staff, t)
			}
		}
		if len(in.Rooms) > 0 {
			x.seats = 0
			for r, room := range in.Rooms {
				if fits(s, &room) {
					x.rooms = append(x.rooms, r)
					x.seats = max(x.seats, min(s.Seats, room.Seats))
				}
			}
		}
		m.blocks[b].sessions = append(m.blocks[b].sessions, x)
		if s.Offer != "" {
			m.byOffer[s.Offer] = append(m.byOffer[s.Offer], i)
		}
	}
	for _, h := range in.Published {
		i := m.sessionAt[h.ID]
		m.blocks[m.blockOf[i]].sessions[m.colOf[i]].was = h
	}
	m.fillRows(seed)
	m.fillClaims()
	return m
}

// most is more than any solution can be worth.
func (m *model) most() float64 {
	in := m.in
	sum := float64(len(in.Students)*len(in.Blocks))*(m.w.Place+m.w.Keep+m.w.Variety) + float64(len(in.Sessions))*(m.w.Opening+m.w.Closing)
	wish := (m.w.Request + m.w.First) * (1 + m.w.Fairness)
	for _, s := range in.Students {
		sum += m.w.Need * float64(len(s.Needs))
	}
	return sum + wish*float64(len(in.Requests))
}

func index(n int, id func(int) string) map[string]int {
	at := make(map[string]int, n)
	for i := range n {
		at[id(i)] = i
	}
	return at
}

// fits reports whether a session can be in a room at all.
func fits(s *Session, r *Room) bool {
	if slices.Contains(r.Closed, s.Block) || len(s.Rooms) > 0 && !slices.Contains(s.Rooms, r.ID) {
		return false
	}
	return covers(s.Equipment, r.Tags)
}

// covers reports whether every tag of want is in one of the lists.
func covers(want []string, lists ...[]string) bool {
	for _, tag := range want {
		if !slices.ContainsFunc(lists, func(l []string) bool { return slices.Contains(l, tag) }) {
			return false
		}
	}
	return true
}

func (m *model) fillRows(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0x5745454b))
	order := rng.Perm(len(m.in.Students))
	for b := range m.blocks {
		m.blocks[b].rowOf = slices.Repeat([]int{none}, len(m.in.Students))
	}
	for _, i := range order {
		in := m.in.Students[i].Blocks
		for b := range m.blocks {
			blk := &m.blocks[b]
			if len(in) > 0 && !slices.Contains(in, m.in.Blocks[b].ID) {
				continue
			}
			blk.rowOf[i] = len(blk.students)
			blk.students = append(blk.students, i)
			if len(m.in.Students[i].Supports) > 0 {
				blk.helped = append(blk.helped, blk.rowOf[i])
			}
		}
	}
	for b := range m.blocks {
		blk := &m.blocks[b]
		n := len(blk.students)
		blk.can, blk.links, blk.keep, blk.only = make([][]bool, n), make([][]link, n), slices.Repeat([]int{none}, n), make([][]int, n)
	}
}

// fillClaims turns needs, requests, requirements and variety into claims, and says who may
// come where.
func (m *model) fillClaims() {
	in, sessionAt, studentAt := m.in, m.sessionAt, m.studentAt
	byCompetency := map[string][]int{}
	for i := range in.Sessions {
		for _, c := range in.Sessions[i].Competencies {
			byCompetency[c] = append(byCompetency[c], i)
		}
	}
	requests, required := make([][]Request, len(in.Students)), make([][]int, len(in.Students))
	for _, r := range in.Requests {
		i := studentAt[r.Student]
		requests[i] = append(requests[i], r)
	}
	for k, r := range in.Required {
		i := studentAt[r.Student]
		required[i] = append(required[i], k)
	}
	barred := map[[2]int]bool{}
	for _, p := range in.Barred {
		barred[[2]int{studentAt[p.Student], sessionAt[p.Session]}] = true
	}
	published := map[int][]int{}
	for _, h := range in.Published {
		for _, id := range h.Students {
			published[studentAt[id]] = append(published[studentAt[id]], sessionAt[h.ID])
		}
	}
	invited := map[[2]int]bool{}
	for i := range in.Sessions {
		for _, id := range in.Sessions[i].Invited {
			invited[[2]int{studentAt[id], i}] = true
		}
	}

	// The first claims are those to variety: one of each student for each purpose. They have no
	// links, for every column has one.
	for range len(in.Students) * len(Purposes) {
		m.claims = append(m.claims, claim{value: m.w.Variety, many: len(m.blocks) > 1})
	}
	for i := range in.Students {
		st := &in.Students[i]
		var wanted, forced []int // sessions
		for _, n := range st.Needs {
			wanted = append(wanted, byCompetency[n.Competency]...)
		}
		for _, r := range requests[i] {
			wanted = append(wanted, m.targets(r)...)
		}
		wanted = append(wanted, published[i]...)
		for _, k := range required[i] {
			forced = append(forced, m.choices(in.Required[k])...)
		}
		for b := range m.blocks {
			blk := &m.blocks[b]
			row := blk.rowOf[i]
			if row == none {
				continue
			}
			blk.can[row] = make([]bool, len(blk.sessions))
			for c := range blk.sessions {
				s := &blk.sessions[c]
				ok := !barred[[2]int{i, s.index}] && m.couldSupport(st, s)
				if ok && !slices.Contains(forced, s.index) {
					ok = (len(s.Grades) == 0 || slices.Contains(s.Grades, st.Grade)) && (s.Door == "" || s.Door == Open ||
						invited[[2]int{i, s.index}] || s.Door == Asked && slices.Contains(wanted, s.index))
				}
				blk.can[row][c] = ok
			}
		}
		for _, k := range published[i] {
			blk := &m.blocks[m.blockOf[k]]
			if row := blk.rowOf[i]; row != none && blk.can[row][m.colOf[k]] {
				blk.keep[row] = m.colOf[k]
			}
		}
		for _, n := range st.Needs {
			m.add(i, claim{value: m.w.Need * n.Weight}, byCompetency[n.Competency])
		}
		fair := m.w.fairness(*st)
		var any []int
		for _, r := range requests[i] {
			at := m.targets(r)
			any = append(any, at...)
			m.add(i, claim{value: m.w.Request * rankValue(m.w.Later, r.Rank) * fair}, at)
		}
		m.add(i, claim{value: m.w.First * fair}, any)
		for _, k := range required[i] { // one that is set aside opens doors all the same
			if !m.left[k] && !slices.ContainsFunc(m.choices(in.Required[k]), func(at int) bool { return m.may(i, at) }) {
				m.left[k] = true
			}
			if !m.left[k] {
				m.require(i, k)
			}
		}
	}
	for b := range m.blocks {
		for _, l := range m.blocks[b].links {
			slices.SortFunc(l, func(a, b link) int { return a.col - b.col })
		}
	}
}

// targets are the sessions that would grant a request.
func (m *model) targets(r Request) []int {
	if r.Session != "" {
		return []int{m.sessionAt[r.Session]}
	}
	return m.byOffer[r.Offer]
}

// choices are the sessions of which a requirement asks one.
func (m *model) choices(r Requirement) (at []int) {
	for _, id := range r.Sessions {
		at = append(at, m.sessionAt[id])
	}
	return at
}

// couldSupport reports whether a student's supports could be met in some room and by some
// adult that the session could have.
func (m *model) couldSupport(st *Student, s *session) bool {
	for _, tag := range st.Supports {
		if slices.Contains(s.Supports, tag) ||
			slices.ContainsFunc(s.rooms, func(r int) bool { return slices.Contains(m.rooms[r].Tags, tag) }) ||
			slices.ContainsFunc(s.staff, func(t int) bool { return slices.Contains(m.staff[t].Tags, tag) }) {
			continue
		}
		return false
	}
	return true
}

// may reports whether a student may come to a session at all.
func (m *model) may(student, session int) bool {
	blk := &m.blocks[m.blockOf[session]]
	row := blk.rowOf[student]
	return row != none && blk.can[row][m.colOf[session]] && m.could(&blk.sessions[m.colOf[session]])
}

// could reports whether a session could be held at all.
func (m *model) could(x *session) bool {
	return (len(x.Staff) == 0 || len(x.staff) > 0) && (len(m.rooms) == 0 || len(x.rooms) > 0) && x.seats > 0
}

// add gives a student a claim that each of some sessions meets.
func (m *model) add(student int, c claim, sessions []int) {
	if c.value <= 0 && !c.must {
		return
	}
	first := none
	for _, k := range slices.Compact(slices.Sorted(slices.Values(sessions))) { // the list itself is shared
		b := m.blockOf[k]
		blk := &m.blocks[b]
		row := blk.rowOf[student]
		if row == none || !blk.can[row][m.colOf[k]] {
			continue
		}
		blk.links[row] = append(blk.links[row], link{m.colOf[k], len(m.claims)})
		if first == none {
			first = b
		}
		c.many = c.many || b != first
	}
	if first != none {
		m.claims = append(m.claims, c)
	}
}

// require makes a requirement: where all its sessions are in one block, the row has no other
// choice there; where they are in several, it is a claim above all others.
func (m *model) require(student, k int) {
	at := m.choices(m.in.Required[k])
	b := m.blockOf[at[0]]
	if slices.ContainsFunc(at, func(k int) bool { return m.blockOf[k] != b }) {
		m.add(student, claim{must: true}, at)
		return
	}
	blk := &m.blocks[b]
	row := blk.rowOf[student]
	if row == none {
		return
	}
	for _, k := range at {
		if blk.can[row][m.colOf[k]] {
			blk.only[row] = append(blk.only[row], m.colOf[k])
		}
	}
}

// variety is a student's claim to a purpose.
func (m *model) variety(student, purpose int) int { return student*len(Purposes) + purpose }

// rankValue is what a wish of a rank counts beside a first wish.
func rankValue(later float64, rank int) float64 { return math.Pow(later, float64(rank-1)) }
