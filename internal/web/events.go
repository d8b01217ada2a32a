package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"waymark/internal/guard"
	"waymark/internal/live"
	"waymark/internal/roster"
)

// serveEvents streams the names of topics that changed, as Server-Sent Events. A
// listener hears only of topics that they may see.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	var topics []live.Topic
	for _, name := range strings.Fields(r.URL.Query().Get("topics")) {
		kind, rest, _ := strings.Cut(name, ":")
		_, id, ok := strings.Cut(rest, "/")
		if !ok || !strings.HasPrefix(rest, string(a.District)+"/") || len(topics) == 50 {
			continue
		}
		var rel []guard.Relation
		var err error
		action := guard.ReadClass
		switch kind {
		case "class":
			rel, err = s.Store.ToClass(r.Context(), a, roster.ClassID(id))
		case "student":
			action = guard.ReadRecord
			rel, err = s.Store.ToStudent(r.Context(), a, roster.PersonID(id))
		case "model":
			action = guard.ManageModel
			rel, err = s.Store.ToDistrict(r.Context(), a)
		}
		if err != nil {
			return err
		}
		if _, ok := guard.Allowed(action, rel); ok {
			topics = append(topics, live.Topic(name))
		}
	}
	rc := http.NewResponseController(w)
	if err := rc.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	sub := s.Hub.Subscribe(topics)
	defer sub.Close()
	// On every connection, also a renewed one, the page reads again.
	fmt.Fprint(w, "retry: 2000\nevent: sync\ndata: {}\n\n")
	if err := rc.Flush(); err != nil {
		return nil
	}
	alive := time.NewTicker(20 * time.Second)
	defer alive.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-s.stopping:
			return nil
		case <-alive.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-sub.Ready():
			b, err := json.Marshal(struct {
				Topics []live.Topic `json:"topics"`
			}{sub.Take()})
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "event: change\ndata: %s\n\n", b)
		}
		if err := rc.Flush(); err != nil {
			return nil
		}
	}
}
