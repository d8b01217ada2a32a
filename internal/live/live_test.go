package live_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"waymark/internal/live"
)

func TestListenersHearTheirTopicsOnce(t *testing.T) {
	t.Parallel()
	var h live.Hub
	s := h.Subscribe([]live.Topic{"class:d/1", "student:d/x"})
	h.Publish("class:d/2")
	select {
	case <-s.Ready():
		t.Fatal("heard of a topic that it did not ask for")
	default:
	}
	h.Publish("class:d/1", "student:d/x")
	h.Publish("class:d/1")
	<-s.Ready()
	if got := s.Take(); !slices.Equal(got, []live.Topic{"class:d/1", "student:d/x"}) {
		t.Errorf("heard %v; want each topic once", got)
	}
	s.Close()
	h.Publish("class:d/1")
	if got := s.Take(); len(got) != 0 || h.Listeners() != 0 {
		t.Errorf("after closing heard %v, %d listeners", got, h.Listeners())
	}
}

func TestPublishingNeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h live.Hub
		var wg sync.WaitGroup
		for range 10 {
			s := h.Subscribe([]live.Topic{"t"}) // nobody reads it
			defer s.Close()
		}
		start := time.Now()
		for range 100 {
			wg.Go(func() { h.Publish("t") })
		}
		wg.Wait()
		if d := time.Since(start); d != 0 {
			t.Errorf("publishing waited %v", d)
		}
	})
}
