package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"waymark/internal/store"
)

// place is an empty database in which something is measured.
type place struct {
	name   string
	config store.Config
	flags  []string // that tell the program of it
}

// each runs a measurement in a place of each database, and takes the place away.
func (b *bench) each(ctx context.Context, f func(context.Context, place) error) error {
	dir, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return err
	}
	err = f(ctx, place{"SQLite", store.Config{Dir: dir, Now: time.Now}, []string{"--data", dir}})
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil || b.url == "" {
		return err
	}
	admin, err := sql.Open("pgx", b.url)
	if err != nil {
		return err
	}
	defer admin.Close()
	name := make([]byte, 8)
	rand.Read(name)
	schema := "bench" + hex.EncodeToString(name)
	if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return fmt.Errorf("make a schema: %w", err)
	}
	u, err := url.Parse(b.url)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	err = f(ctx, place{"PostgreSQL", store.Config{URL: u.String(), Now: time.Now}, []string{"--database-url", u.String()}})
	_, derr := admin.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")
	return errors.Join(err, derr)
}

// straight opens the database itself, to fill it with a history that is too long to
// come in through the front door. The store must have been opened before.
func (p place) straight() (*sql.DB, error) {
	if p.config.URL != "" {
		return sql.Open("pgx", p.config.URL)
	}
	return sql.Open("sqlite", "file:"+filepath.Join(p.config.Dir, store.FileName)+"?_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)&_pragma=cache_size(-400000)")
}
