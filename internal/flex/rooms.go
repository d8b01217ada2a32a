package flex

import (
	"slices"

	"waymark/internal/assign"
)

// arrange decides which sessions of a block are held, by whom and where, from what each is
// worth, how many would come, and what one more seat is worth.
func (s *search) arrange(b int, hold []float64, come []int, price []float64) {
	blk := &s.blocks[b]
	for c := range s.held[b] {
		s.held[b][c] = closed
	}
	freeRooms, freeStaff := slices.Repeat(one, len(s.rooms)), slices.Repeat(one, len(s.staff))
	for range 3 { // who finds no room leaves the adult free for another session
		var open []int
		for c := range blk.sessions {
			if !s.held[b][c].held {
				open = append(open, c)
			}
		}
		staffed := s.give(b, open, hold, freeStaff)
		rooms := make([][]float64, len(open))
		for k, c := range open {
			rooms[k] = slices.Repeat(never, len(s.rooms))
			x := &blk.sessions[c]
			if staffed[k] == none && len(x.Staff) > 0 {
				continue
			}
			wants := s.wants(b, c, s.adults(b, c))
			for _, r := range x.rooms {
				seats := min(x.Seats, s.rooms[r].Seats)
				v := s.net(b, c, hold[c])
				if come[c] > 0 && seats < come[c] {
					v -= hold[c] * (1 - float64(seats)/float64(come[c]))
				} else {
					v += min(max(0, price[c])*float64(seats-come[c]), s.must/4)
				}
				for _, w := range wants {
					if covers(w.tags, s.rooms[r].Tags) {
						v += w.worth
					}
				}
				if s.rooms[r].ID == x.was.Room {
					v += .01
				}
				rooms[k][r] = v - 1e-6*float64(s.rooms[r].Seats)
			}
		}
		at := assign.Best(rooms, freeRooms).Column
		changed := false
		for k, c := range open {
			x := &blk.sessions[c]
			h := setting{held: true, room: none, staff: staffed[k]}
			switch {
			case staffed[k] == none && len(x.Staff) > 0, s.net(b, c, hold[c]) <= 0:
				continue
			case len(s.rooms) > 0 && at[k] == assign.None:
				continue
			case len(s.rooms) > 0:
				h.room = at[k]
				freeRooms[h.room] = 0
			}
			if h.staff != none {
				freeStaff[h.staff] = 0
			}
			s.held[b][c], changed = h, true
		}
		if !changed {
			return
		}
	}
}

// net is what holding a session is worth beside not holding it. A fixed session comes first.
func (s *search) net(b, c int, hold float64) float64 {
	v := hold + s.base(b, c)
	if s.blocks[b].sessions[c].State == Fixed {
		v += s.fixed
	}
	return v
}

// give assigns adults to sessions.
func (s *search) give(b int, open []int, hold []float64, free []int) []int {
	value := make([][]float64, len(open))
	for k, c := range open {
		x := &s.blocks[b].sessions[c]
		value[k] = slices.Repeat(never, len(s.staff))
		wants := s.wants(b, c, nil)
		for i, t := range x.staff {
			value[k][t] = s.net(b, c, hold[c]) - .001*float64(i)
			if s.staff[t].ID == x.was.Staff {
				value[k][t] += .01
			}
			for _, w := range wants {
				if covers(w.tags, s.staff[t].Tags) {
					value[k][t] += w.worth
				}
			}
		}
	}
	return assign.Best(value, free).Column
}

// want is what a room with some tags adds for students who need them.
type want struct {
	tags  []string
	worth float64
}

// wants are what students need of the room of a session, or of its adult, that neither the
// session nor the given tags give.
func (s *search) wants(b, col int, given []string) (out []want) {
	blk := &s.blocks[b]
	for _, r := range blk.helped {
		if !blk.can[r][col] {
			continue
		}
		var tags []string
		for _, tag := range s.in.Students[blk.students[r]].Supports {
			if !slices.Contains(blk.sessions[col].Supports, tag) && !slices.Contains(given, tag) {
				tags = append(tags, tag)
			}
		}
		worth := s.w.Place / 4 // there may be other places
		if blk.keep[r] == col {
			worth += s.w.Keep
		}
		if slices.Contains(blk.only[r], col) {
			worth += s.must
		}
		for _, l := range linksOf(blk.links[r], col) {
			if s.claims[l.claim].must {
				worth += s.must / 2
			}
			worth += s.claims[l.claim].value
		}
		at := slices.IndexFunc(out, func(w want) bool { return slices.Equal(w.tags, tags) })
		if at < 0 {
			at = len(out)
			out = append(out, want{tags: tags})
		}
		out[at].worth += worth
	}
	return out
}

// adults are the tags of who could lead a session.
func (s *search) adults(b, col int) (tags []string) {
	for _, t := range s.blocks[b].sessions[col].staff {
		tags = append(tags, s.staff[t].Tags...)
	}
	return tags
}

// What tables for [assign.Best] begin with.
var (
	never = []float64{assign.Never}
	one   = []int{1}
)

// come counts who is in each column.
func (s *search) come(b int) []int {
	n := make([]int, len(s.held[b]))
	for _, c := range s.at[b] {
		if c != none {
			n[c]++
		}
	}
	return n
}

// loosen holds every session that could be, as large as it could be and without room or
// adult: what it is worth there says which to hold.
func (s *search) loosen(b int) (lift []float64) {
	lift = make([]float64, len(s.held[b]))
	for c := range s.held[b] {
		x := &s.blocks[b].sessions[c]
		s.held[b][c] = setting{held: s.could(x), room: none, staff: none}
		if x.State == Possible && x.seats > 0 {
			lift[c] = -s.w.Opening / float64(x.seats)
		}
	}
	return lift
}

// warm makes a first solution: what was published, as far as it still can be, or what pleases
// most, block by block.
func (s *search) warm() {
	if len(s.in.Published) == 0 {
		for b := range s.blocks {
			s.fresh(b, s.now)
		}
		return
	}
	broken := make([]bool, len(s.blocks))
	for b := range s.blocks {
		broken[b] = s.republish(b)
	}
	for b := range s.blocks {
		if broken[b] {
			s.repair(b)
		}
	}
}

// follow makes a solution that follows the prices: every student plans a week at them, and a claim
// waits for the block in which it is planned.
func (s *search) follow(d *dual) {
	planned := make([]int, len(s.claims))
	for i := range s.in.Students {
		d.week.plan(i, d.seat, d.price, planned)
	}
	for b := range s.blocks {
		s.fresh(b, func(c int) float64 {
			if planned[c] > b {
				return 0
			}
			return s.now(c)
		})
	}
}

// fresh decides one block from nothing: as if rooms and adults were no limit first, to see
// what is worth how much, then with those that there are.
func (s *search) fresh(b int, value func(claim int) float64) {
	lift := s.loosen(b)
	s.loose = true
	f := s.best(b, value, lift)
	s.loose = false
	s.arrange(b, s.holding(b, f), s.come(b), f.price)
	s.settle(b, s.best(b, value, nil))
}

// republish holds a block as it was published, as far as that can be, and reports whether
// something of it cannot.
func (s *search) republish(b int) (broken bool) {
	blk := &s.blocks[b]
	seats := make([]int, len(blk.sessions))
	usedRoom, usedStaff := map[int]bool{}, map[int]bool{}
	for c := range blk.sessions {
		x := &blk.sessions[c]
		s.held[b][c] = closed
		if x.was.ID == "" {
			broken = broken || x.State == Fixed
			continue
		}
		h := setting{held: true, room: none, staff: none}
		for _, r := range x.rooms {
			if s.rooms[r].ID == x.was.Room && !usedRoom[r] {
				h.room = r
			}
		}
		for _, t := range x.staff {
			if s.staff[t].ID == x.was.Staff && !usedStaff[t] {
				h.staff = t
			}
		}
		if h.room == none && len(s.rooms) > 0 || h.staff == none && len(x.Staff) > 0 {
			broken = true
			continue
		}
		usedRoom[h.room], usedStaff[h.staff] = true, true
		s.held[b][c] = h
		seats[c] = s.seatsOf(b, c)
	}
	for r, c := range blk.keep {
		if c != none && s.held[b][c].held && seats[c] > 0 && s.supports(b, r, c) && (blk.only[r] == nil || slices.Contains(blk.only[r], c)) {
			seats[c]--
			s.set(b, r, c)
		} else if c != none || blk.only[r] != nil {
			broken = true
		}
	}
	return broken
}

// repair finds other adults and rooms for sessions of a published block that lost theirs, and
// opens what serves the students who have no place.
func (s *search) repair(b int) {
	for c := range s.blocks[b].sessions {
		if x := &s.blocks[b].sessions[c]; !s.held[b][c].held && (x.was.ID != "" || x.State == Fixed) {
			if h, ok := s.free(b, c); ok {
				s.held[b][c] = h
			}
		}
	}
	f := s.best(b, s.now, nil)
	for c := range s.held[b] {
		if x := &s.blocks[b].sessions[c]; x.State == Fixed && !s.held[b][c].held && s.could(x) {
			s.arrange(b, s.holding(b, f), s.come(b), f.price) // others make room for it
			f = s.best(b, s.now, nil)
			break
		}
	}
	s.settle(b, f)
}
