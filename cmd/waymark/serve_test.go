package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waymark/internal/store/storetest"
)

// Who serves in the open is told so.
func TestPlainHTTPForOthersIsTold(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, time.Now)
	for _, c := range []struct {
		serving
		told bool
	}{
		{serving{listen: "127.0.0.1:8080"}, false}, {serving{listen: "localhost:8080"}, false}, {serving{listen: ":8080"}, true}, {serving{listen: "192.0.2.1:80"}, true},
		{serving{listen: ":443", cert: "c", key: "k"}, false}, {serving{listen: ":8080", behindHTTPS: true}, false},
	} {
		var b bytes.Buffer
		if err := c.warn(t.Context(), db, slog.New(slog.NewTextHandler(&b, nil))); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(b.String(), "--tls-cert"); told != c.told {
			t.Errorf("%+v: %q", c.serving, b.String())
		}
	}
}

func TestATokenForCountersIsNotGuessed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	for text, fine := range map[string]bool{"": false, "\n": false, "short": false, "0123456789abcdef\n": true} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if token, err := (&serving{metrics: file}).metricsToken(); (err == nil) != fine || fine && token != strings.TrimSpace(text) {
			t.Errorf("%q: %q, %v", text, token, err)
		}
	}
}
