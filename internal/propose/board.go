package propose

import (
	"waymark/internal/competency"
	"waymark/internal/mastery"
)

// board is a student's record laid over the catalogue: what stands at a place is looked
// up, and reckoned, once.
type board struct {
	l         *Learner
	cat       *Catalogue
	see       mastery.Foresight
	squares   []square // by place in the catalogue
	estimates []mastery.Estimate
	none      mastery.Estimate // of what has no evidence
}

type square struct {
	estimate *mastery.Estimate // nil if it was not looked up
	doubt    float64           // what speaks against it elsewhere, in log-odds
	there    float64           // the chance that it is there
	reckoned bool              // there is
	listed   bool
}

func newBoard(l *Learner, cat *Catalogue) *board {
	return &board{l: l, cat: cat, see: l.Manner.Foresight(), squares: make([]square, len(cat.nodes)), estimates: make([]mastery.Estimate, 0, len(l.Estimates))}
}

// places returns where some competencies stand, each once; those that are not in the
// catalogue are left out. An empty list means all.
func (b *board) places(ids []competency.ID) []int32 {
	if len(ids) == 0 {
		places := make([]int32, len(b.cat.nodes))
		for i := range places {
			places[i] = int32(i)
		}
		return places
	}
	places := make([]int32, 0, len(ids))
	for _, id := range ids {
		if i, ok := b.cat.place[id]; ok && !b.squares[i].listed {
			b.squares[i].listed = true
			places = append(places, i)
		}
	}
	return places
}

// estimate returns what is known of the competency at a place.
func (b *board) estimate(i int32) *mastery.Estimate {
	s := &b.squares[i]
	if s.estimate == nil {
		s.estimate = &b.none
		if e, ok := b.l.Estimates[b.cat.nodes[i].id]; ok {
			b.estimates = append(b.estimates, e) // never more than there are: none moves
			s.estimate = &b.estimates[len(b.estimates)-1]
		}
	}
	return s.estimate
}

// doubt lets what did not come so far speak against what comes before it.
func (b *board) doubt(i int32) {
	if e := b.estimate(i); e.Spent > 0 {
		for _, p := range b.cat.nodes[i].before {
			b.squares[p].doubt += weighDoubt * e.Spent * (1 - e.There)
		}
	}
}

// sure is the chance that what stands at a place is there; 0 if it cannot be built on.
func (b *board) sure(i int32) float64 {
	s := &b.squares[i]
	if !s.reckoned {
		s.reckoned = true
		e, id := b.estimate(i), b.cat.nodes[i].id
		if e.Spread > 0 {
			s.there = b.see.Sure(e, s.doubt)
		}
		switch {
		case s.there >= .5:
		case !b.l.buildsOn(e, id):
			s.there = 0
		case e.Spread == 0:
			s.there = b.l.chanceAt(e, id)
		}
	}
	return s.there
}

// ready is the chance that all that comes before a place is there.
func (b *board) ready(i int32) float64 {
	all := 1.0
	for _, p := range b.cat.nodes[i].before {
		if all *= b.sure(p); all == 0 {
			break
		}
	}
	return all
}
