package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"

	"waymark/internal/fault"
	"waymark/internal/guard"
)

//go:embed assets
var assetFiles embed.FS

// assets are served under a prefix that changes with their content, so that browsers
// keep them for ever.
type assets struct {
	prefix string
	files  map[string]asset
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s*([{};])\s*`)
)

type asset struct {
	kind   string
	plain  []byte
	zipped []byte // nil where it would not help
}

// loadAssets makes the assets ready to be sent.
var loadAssets = sync.OnceValues(func() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(assetFiles, "assets", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := assetFiles.ReadFile(p)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(p, "assets/")
		if path.Ext(name) == ".css" {
			// Comments and indents are for us, not for a slow line.
			b = cssSpace.ReplaceAll(cssComment.ReplaceAll(b, nil), []byte("$1"))
		}
		sum.Write([]byte(name))
		sum.Write(b)
		f := asset{kind: contentType(name), plain: b}
		if !strings.HasSuffix(name, ".woff2") {
			var z bytes.Buffer
			w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
			if err != nil {
				return err
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			f.zipped = z.Bytes()
		}
		a.files[name] = f
		return nil
	})
	a.prefix = "/assets/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return a, err
})

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func (a *assets) url(name string) string { return a.prefix + name }

func (a *assets) write(w http.ResponseWriter, r *http.Request, name, cache string) error {
	f, ok := a.files[name]
	if !ok {
		return fault.New(fault.NotFound, "There is no such file.")
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	_, err := w.Write(body)
	return err
}

func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	return s.assets.write(w, r, r.PathValue("name"), "public, max-age=31536000, immutable")
}

// serveWorker serves the service worker at the root, whose scope is the whole site.
func (s *Server) serveWorker(w http.ResponseWriter, r *http.Request, _ guard.Actor) error {
	return s.assets.write(w, r, "js/sw.js", "no-cache")
}
