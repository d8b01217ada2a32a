// Package live tells open pages that something changed. It carries the names of
// topics, never their content: a page that hears of a topic reads again, through
// the same door as always.
package live

import (
	"slices"
	"sync"
)

// Topic names something that a page may show, such as "class:42".
type Topic string

// ClassTopic and StudentTopic name what changes when evidence comes in.
func ClassTopic(district, class string) Topic { return Topic("class:" + district + "/" + class) }
func StudentTopic(district, student string) Topic {
	return Topic("student:" + district + "/" + student)
}

// ModelTopic names what changes when a learner model is fitted or adopted.
func ModelTopic(district string) Topic { return Topic("model:" + district + "/") }

// Hub passes topics from those who change things to those who show them. The zero
// Hub is ready to use.
type Hub struct {
	mu   sync.Mutex // guards subs
	subs map[*Subscription]struct{}
}

// Subscription hears of some topics.
type Subscription struct {
	hub    *Hub
	topics []Topic
	ready  chan struct{}

	mu    sync.Mutex // guards heard
	heard []Topic
}

// Subscribe starts to listen for topics.
func (h *Hub) Subscribe(topics []Topic) *Subscription {
	s := &Subscription{hub: h, topics: topics, ready: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = map[*Subscription]struct{}{}
	}
	h.subs[s] = struct{}{}
	return s
}

// Close stops listening.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.subs, s)
}

// Ready receives after something was heard; [Subscription.Take] says what.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take returns what was heard since the last call, each topic once.
func (s *Subscription) Take() []Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = nil
	return heard
}

// Publish says that topics changed. It never waits for a listener.
func (h *Hub) Publish(topics ...Topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		s.tell(topics)
	}
}

func (s *Subscription) tell(topics []Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := false
	for _, t := range topics {
		if slices.Contains(s.topics, t) {
			told = true
			if !slices.Contains(s.heard, t) {
				s.heard = append(s.heard, t)
			}
		}
	}
	if told {
		select {
		case s.ready <- struct{}{}:
		default:
		}
	}
}

// Listeners returns how many subscriptions are open.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}
