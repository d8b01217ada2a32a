package web

import (
	"context"
	"io"
	"net/http"
	"time"
)

// hurriedKey is under which a hurried request carries the context that it had before.
type hurriedKey struct{}

// hurried gives a request up after a while.
func (s *Server) hurried(r *http.Request) (*http.Request, context.CancelFunc) {
	if s.Patience == 0 {
		return r, func() {}
	}
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), hurriedKey{}, r.Context()), s.Patience)
	return r.WithContext(ctx), cancel
}

// unhurried takes the time limits off a request that may take minutes. Who sends a body must go on
// sending it.
func (s *Server) unhurried(w http.ResponseWriter, r *http.Request) *http.Request {
	before, ok := r.Context().Value(hurriedKey{}).(context.Context)
	if !ok {
		return r
	}
	rc := http.NewResponseController(w)
	// A writer without time limits, as in tests, has none to take off.
	_ = rc.SetWriteDeadline(time.Time{})
	_ = rc.SetReadDeadline(time.Time{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	context.AfterFunc(before, cancel)
	r = r.WithContext(ctx)
	r.Body = &steady{r.Body, rc, s.Patience}
	return r
}

// steady is a body of which some must come within each while.
type steady struct {
	io.ReadCloser
	rc    *http.ResponseController
	while time.Duration
}

func (b *steady) Read(p []byte) (int, error) {
	_ = b.rc.SetReadDeadline(time.Now().Add(b.while))
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}
