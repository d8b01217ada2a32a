package web

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
)

// metrics counts requests by route and status, for Prometheus.
type metrics struct {
	mu sync.Mutex // guards by
	by map[metricKey]*metric
}

type metricKey struct {
	route string
	code  int
}

type metric struct {
	n       uint64
	seconds float64
}

func newMetrics() *metrics { return &metrics{by: map[metricKey]*metric{}} }

func (m *metrics) observe(route string, code int, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := metricKey{route, code}
	x := m.by[k]
	if x == nil {
		x = &metric{}
		m.by[k] = x
	}
	x.n++
	x.seconds += d.Seconds()
}

// monitoring lets in who asks from this machine, past any proxy, or has the operator's token.
func monitoring(s *Server, r *http.Request, _ guard.Actor) error {
	given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.MetricsToken != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.MetricsToken)) == 1 {
		return nil
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() || len(r.Header.Values("X-Forwarded-For")) > 0 || len(r.Header.Values("Forwarded")) > 0 {
		return fault.New(fault.NotFound, "This page does not exist, or it is not yours to see.")
	}
	return nil
}

// serveMetrics writes the counters in Prometheus' text format. They hold no personal data.
func (s *Server) serveMetrics(w http.ResponseWriter, _ *http.Request, _ guard.Actor) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.metrics.mu.Lock()
	defer s.metrics.mu.Unlock()
	keys := make([]metricKey, 0, len(s.metrics.by))
	for k := range s.metrics.by {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b metricKey) int { return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.code, b.code)) })
	fmt.Fprintln(w, "# HELP waymark_requests_total Requests answered.\n# TYPE waymark_requests_total counter")
	for _, k := range keys {
		fmt.Fprintf(w, "waymark_requests_total{route=%q,code=\"%d\"} %d\n", k.route, k.code, s.metrics.by[k].n)
	}
	fmt.Fprintln(w, "# HELP waymark_request_seconds_total Time spent answering.\n# TYPE waymark_request_seconds_total counter")
	for _, k := range keys {
		fmt.Fprintf(w, "waymark_request_seconds_total{route=%q,code=\"%d\"} %g\n", k.route, k.code, s.metrics.by[k].seconds)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Fprintf(w, "# HELP waymark_live_listeners Open pages that listen for changes.\n# TYPE waymark_live_listeners gauge\nwaymark_live_listeners %d\n", s.Hub.Listeners())
	fmt.Fprintf(w, "# HELP waymark_heap_bytes Memory in use.\n# TYPE waymark_heap_bytes gauge\nwaymark_heap_bytes %d\n", mem.HeapAlloc)
	return nil
}

func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.Store.Ping(r.Context()); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "the database does not answer")
		return nil
	}
	fmt.Fprintln(w, "ok")
	return nil
}
