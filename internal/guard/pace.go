package guard

import (
	"fmt"
	"sync"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Pace bounds how many children's records one person opens within a while: a stolen account must
// not read a whole school.
type Pace struct {
	Most   map[roster.Role]int // different records; of several roles the one with most counts
	Others int                 // for roles that are not in Most
	Within time.Duration

	mu   sync.Mutex
	seen map[roster.PersonID]*opened
}

// opened is what one person opened since a moment.
type opened struct {
	since   time.Time
	records map[roster.PersonID]bool
	told    bool
}

// ManyRecords is what a deed that tells of many opened records is called.
const ManyRecords = "many records opened"

// take counts one more record, and reports whether it may be opened, and whether this is the first
// one that may not.
func (p *Pace) take(a Actor, student roster.PersonID, now time.Time) (ok, first bool) {
	if p == nil {
		return true, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen = map[roster.PersonID]*opened{}
	}
	o := p.seen[a.Person]
	if o == nil || now.Sub(o.since) >= p.Within || now.Before(o.since) {
		for id, x := range p.seen { // who is done is forgotten
			if now.Sub(x.since) >= p.Within {
				delete(p.seen, id)
			}
		}
		o = &opened{since: now, records: map[roster.PersonID]bool{}}
		p.seen[a.Person] = o
	}
	if o.records[student] {
		return true, false
	}
	if len(o.records) >= p.most(a) {
		first = !o.told
		o.told = true
		return false, first
	}
	o.records[student] = true
	return true, false
}

// most is how many different records an actor may open within the time.
func (p *Pace) most(a Actor) int {
	most := p.Others
	for _, r := range a.Roles {
		most = max(most, p.Most[r])
	}
	return most
}

// refusal says that it was too many.
func (p *Pace) refusal(a Actor) error {
	return fault.New(fault.Throttled, "You have opened the records of %d different students within %s. That is unusual, so it was written down, and no more are opened for a while. If your work needs it, tell your administrator.", p.most(a), words(p.Within))
}

func words(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
