package web_test

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// straight listens for the one connection that it hands over, which holds nothing on the way.
type straight struct {
	net.Listener
	conn chan net.Conn
}

func (l straight) Accept() (net.Conn, error) {
	c, ok := <-l.conn
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l straight) Close() error {
	close(l.conn)
	return l.Listener.Close()
}

// A listener who takes in nothing is cut off, and does not keep others from being told.
func TestADeafListenerIsCutOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, conn := net.Pipe()
	defer client.Close()
	l := straight{ln, make(chan net.Conn, 1)}
	l.conn <- conn
	server := &http.Server{Handler: s.handler}
	go server.Serve(l)
	defer server.Close()
	if _, err := io.WriteString(client, "GET /events HTTP/1.1\r\nHost: x\r\nCookie: "+sessionName+"=session of teacher\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	heard := false
	begin := time.Now()
	for time.Since(begin) < 30*time.Second {
		n := s.hub.Listeners()
		heard = heard || n == 1
		if heard && n == 0 {
			t.Logf("cut off after %v", time.Since(begin).Round(time.Second))
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("a listener who takes in nothing stays (it was heard: %t)", heard)
}
