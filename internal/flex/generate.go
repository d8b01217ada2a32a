package flex

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Size is how large a generated instance is.
type Size struct {
	Students, Blocks int
	Sessions         int // in each block
}

// Generate draws a school's flex time. Wishes crowd on few sessions (log-normal popularity),
// as sign-ups in schools do; a tenth of the sessions is only possible; some adults are away;
// some students are required, have supports, or are not free in every block.
func Generate(size Size, seed uint64) *Instance {
	g := generator{rng: rand.New(rand.NewPCG(seed, 0x464c4558)), size: size, in: &Instance{Schema: InstanceSchema}}
	for b := range size.Blocks {
		g.in.Blocks = append(g.in.Blocks, Block{ID: fmt.Sprintf("b%02d", b+1)})
	}
	g.places()
	g.offers()
	g.students()
	g.wishes()
	g.requirements()
	return g.in
}

type generator struct {
	rng    *rand.Rand
	size   Size
	in     *Instance
	liked  []float64 // popularity of each offer
	byName [][]int   // sessions of each offer
}

const generatedCompetencies = 60

func (g *generator) chance(p float64) bool { return g.rng.Float64() < p }

func (g *generator) places() {
	n := g.size.Sessions + max(1, g.size.Sessions/12)
	for i := range n {
		r := Room{ID: fmt.Sprintf("r%03d", i+1), Seats: []int{12, 24, 28, 30, 32, 40}[g.rng.IntN(6)]}
		if i%10 == 9 {
			r.Seats = 90
		}
		if g.chance(.8) {
			r.Tags = append(r.Tags, "step-free")
		}
		if i%6 == 0 {
			r.Tags = append(r.Tags, "lab")
		}
		g.in.Rooms = append(g.in.Rooms, r)
		t := Staff{ID: fmt.Sprintf("t%03d", i+1)}
		if g.chance(.12) {
			t.Tags = append(t.Tags, "spanish")
		}
		for _, b := range g.in.Blocks {
			if g.chance(.02) {
				t.Away = append(t.Away, b.ID)
			}
		}
		g.in.Staff = append(g.in.Staff, t)
	}
}

func (g *generator) offers() {
	for b, block := range g.in.Blocks {
		seats := 0
		for i := range g.size.Sessions {
			// Every adult has two offers, in turn.
			offer := 2*i + b%2
			kind := rand.New(rand.NewPCG(uint64(offer), 7)) // the same in each block
			s := Session{ID: fmt.Sprintf("s%02d-%03d", b+1, i+1), Block: block.ID, Offer: fmt.Sprintf("o%03d", offer+1), Staff: []string{g.in.Staff[i].ID}}
			switch p := kind.Float64(); {
			case i%8 == 7:
				s.Purpose, s.Seats = Study, 30+10*kind.IntN(5)
			case p < .3:
				s.Purpose, s.Seats, s.Least = SmallGroup, 6+kind.IntN(4), 2
			case p < .55:
				s.Purpose, s.Seats, s.Least = Workshop, 16+kind.IntN(10), 4
			case p < .65:
				s.Purpose, s.Seats, s.Equipment = Lab, 16+kind.IntN(6), []string{"lab"}
			case p < .72:
				s.Purpose, s.Seats, s.Door = Conference, 2+kind.IntN(3), Asked
			case p < .88:
				s.Purpose, s.Seats = OfficeHours, 14+kind.IntN(8)
			default:
				s.Purpose, s.Seats = Club, 20+kind.IntN(20)
			}
			if s.Purpose == SmallGroup || s.Purpose == Workshop || s.Purpose == Lab {
				for range 1 + kind.IntN(2) {
					c := fmt.Sprintf("c%02d", kind.IntN(generatedCompetencies)+1)
					if !slices.Contains(s.Competencies, c) {
						s.Competencies = append(s.Competencies, c)
					}
				}
			}
			if kind.Float64() < .12 && s.Purpose != Study {
				s.Grades = []string{fmt.Sprint(9 + kind.IntN(4)), fmt.Sprint(9 + kind.IntN(4))}
			}
			if g.chance(.1) && s.Purpose != Study {
				s.State = Possible
			}
			if g.chance(.25) {
				s.Staff = append(s.Staff, g.in.Staff[g.rng.IntN(len(g.in.Staff))].ID)
			}
			if s.State != Possible {
				seats += s.Seats
			}
			g.in.Sessions = append(g.in.Sessions, s)
			for len(g.liked) <= offer {
				g.liked, g.byName = append(g.liked, 0), append(g.byName, nil)
			}
			g.byName[offer] = append(g.byName[offer], len(g.in.Sessions)-1)
		}
		// Quiet study takes who is left, as in most schools.
		if lack := g.size.Students*21/20 - seats; lack > 0 {
			var study []int
			for k := len(g.in.Sessions) - g.size.Sessions; k < len(g.in.Sessions); k++ {
				if g.in.Sessions[k].Purpose == Study {
					study = append(study, k)
				}
			}
			for _, k := range study {
				g.in.Sessions[k].Seats += (lack + len(study) - 1) / len(study)
			}
		}
	}
	largest := 0
	for _, s := range g.in.Sessions {
		largest = max(largest, s.Seats)
	}
	for i := range g.in.Rooms {
		if i%8 == 7 {
			g.in.Rooms[i].Seats = max(g.in.Rooms[i].Seats, largest)
		}
	}
	for o := range g.liked {
		g.liked[o] = math.Exp(1.1 * g.rng.NormFloat64())
		if len(g.byName[o]) > 0 && slices.Contains([]Purpose{Study, Conference}, g.in.Sessions[g.byName[o][0]].Purpose) {
			g.liked[o] *= .2
		}
	}
}

func (g *generator) students() {
	for i := range g.size.Students {
		s := Student{ID: fmt.Sprintf("u%04d", i+1), Grade: fmt.Sprint(9 + i%4)}
		if g.chance(.03) {
			s.Supports = append(s.Supports, "step-free")
		}
		if g.chance(.02) {
			s.Supports = append(s.Supports, "spanish")
		}
		if g.chance(.04) {
			for _, b := range g.in.Blocks {
				if g.chance(.7) {
					s.Blocks = append(s.Blocks, b.ID)
				}
			}
		}
		for range g.rng.IntN(4) {
			c := fmt.Sprintf("c%02d", int(generatedCompetencies*math.Pow(g.rng.Float64(), 1.6))+1)
			if !slices.ContainsFunc(s.Needs, func(n Need) bool { return n.Competency == c }) {
				s.Needs = append(s.Needs, Need{c, math.Round(100*(.3+.7*g.rng.Float64())) / 100})
			}
		}
		s.Asked = g.rng.IntN(20)
		for range s.Asked {
			if g.chance(.7) {
				s.Granted++
			}
		}
		g.in.Students = append(g.in.Students, s)
	}
}

func (g *generator) wishes() {
	var sum []float64
	total := 0.0
	for _, v := range g.liked {
		total += v
		sum = append(sum, total)
	}
	for _, st := range g.in.Students {
		n := 0
		for g.chance(.7) && n < 2+g.size.Blocks/2 {
			n++
		}
		var had []int
		for range n {
			o, _ := slices.BinarySearch(sum, g.rng.Float64()*total)
			if o >= len(g.byName) || slices.Contains(had, o) || len(g.byName[o]) == 0 {
				continue
			}
			had = append(had, o)
			r := Request{Student: st.ID, Rank: len(had)}
			first := &g.in.Sessions[g.byName[o][0]]
			if len(first.Grades) > 0 && !slices.Contains(first.Grades, st.Grade) {
				had = had[:len(had)-1]
				continue
			}
			if g.chance(.3) {
				r.Session = g.in.Sessions[g.byName[o][g.rng.IntN(len(g.byName[o]))]].ID
			} else {
				r.Offer = first.Offer
			}
			g.in.Requests = append(g.in.Requests, r)
		}
	}
}

// requirements draws where students must be, such that all of them can be kept.
func (g *generator) requirements() {
	left := map[string]int{}
	for _, s := range g.in.Sessions {
		led := slices.ContainsFunc(g.in.Staff, func(t Staff) bool { return t.ID == s.Staff[0] && !slices.Contains(t.Away, s.Block) })
		if s.Purpose != Study && s.Purpose != Conference && s.Purpose != Lab && s.State != Possible && led {
			left[s.ID] = min(s.Seats, 12) / 3
		}
	}
	for _, st := range g.in.Students {
		if !g.chance(.15) || len(st.Supports) > 0 || len(st.Blocks) > 0 {
			continue
		}
		o := g.rng.IntN(len(g.byName))
		var ids []string
		for _, k := range g.byName[o] {
			if s := &g.in.Sessions[k]; left[s.ID] > 0 {
				ids = append(ids, s.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if g.chance(.5) {
			ids = ids[:1]
		}
		left[ids[0]]--
		g.in.Required = append(g.in.Required, Requirement{Student: st.ID, Sessions: ids, By: g.in.Sessions[g.byName[o][0]].Staff[0]})
	}
}
