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

// listenerWait is how long a listener may take to take in a message before they are cut off.
const listenerWait = 10 * time.Second

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
	r = s.unhurried(w, r)
	rc := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	sub := s.Hub.Subscribe(topics)
	defer sub.Close()
	// On every connection, also a renewed one, the page reads again.
	send := func(message string) error {
		// A writer without time limits, as in tests, needs none.
		_ = rc.SetWriteDeadline(time.Now().Add(listenerWait))
		fmt.Fprint(w, message)
		return rc.Flush()
	}
	if send("retry: 2000\nevent: sync\ndata: {}\n\n") != nil {
		return nil
	}
	alive := time.NewTicker(20 * time.Second)
	defer alive.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return nil
		case <-s.stopping:
			return nil
		case <-alive.C:
			err = send(": still here\n\n")
		case <-sub.Ready():
			var b []byte
			if b, err = json.Marshal(struct {
				Topics []live.Topic `json:"topics"`
			}{sub.Take()}); err == nil {
				err = send(fmt.Sprintf("event: change\ndata: %s\n\n", b))
			}
		}
		if err != nil {
			return nil
		}
	}
}
