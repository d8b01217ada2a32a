package web

import (
	"context"
	"sync"
	"time"

	"waymark/internal/fault"
	"waymark/internal/live"
	"waymark/internal/roster"
)

// background is work that outlasts a request: one piece at a time in a district.
type background struct {
	mu   sync.Mutex // guards by
	by   map[roster.DistrictID]*work
	wait sync.WaitGroup
}

// work is a piece of background work, under way or the last one.
type work struct {
	What  string
	Since time.Time
	Done  bool
	Wrong string // what went wrong, for a person
}

// last returns a district's work: under way, or the last one if that failed.
func (b *background) last(d roster.DistrictID) *work {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.by[d]
	if w == nil || w.Done && w.Wrong == "" {
		return nil
	}
	is := *w
	return &is
}

// begin does some work of a district, unless other work is under way; open pages that
// show the learner model hear when it is done. It is cancelled when the server stops.
func (s *Server) begin(d roster.DistrictID, what string, do func(context.Context) error) error {
	b := &s.background
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-s.stopping:
		return fault.New(fault.Internal, "The program is stopping.")
	default:
	}
	if w := b.by[d]; w != nil && !w.Done {
		return fault.New(fault.Conflict, "Something else is under way: %s Please wait until it is done.", w.What)
	}
	if b.by == nil {
		b.by = map[roster.DistrictID]*work{}
	}
	w := &work{What: what, Since: s.Now()}
	b.by[d] = w
	ctx, cancel := context.WithCancel(context.Background())
	b.wait.Go(func() {
		defer cancel()
		go func() {
			select {
			case <-s.stopping:
				cancel()
			case <-ctx.Done():
			}
		}()
		err := do(ctx)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Internal || kind == fault.Unavailable) {
			s.Log.Error("background work failed", "what", what, "err", err)
		}
		b.mu.Lock()
		if w.Done = true; err != nil {
			w.Wrong = fault.Sentence(err)
		}
		b.mu.Unlock()
		s.Hub.Publish(live.ModelTopic(string(d)))
	})
	return nil
}
