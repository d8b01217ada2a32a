// Package store keeps everything: SQL for an embedded SQLite file and for
// PostgreSQL, from one text. No other package speaks SQL, and nothing about the
// two databases leaves this one.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// Config says where the data is and what the store may not know by itself.
type Config struct {
	Dir string           // folder of the embedded database; used if URL is empty
	URL string           // of a PostgreSQL database
	Now func() time.Time // the clock
}

// FileName is the embedded database's file within its folder.
const FileName = "waymark.db"

// DB is a store. The zero DB is not usable; see [Open].
type DB struct {
	dialect *dialect
	write   *sql.DB
	read    *sql.DB
	q       querier // nil, or the transaction that this DB stands for
	now     func() time.Time
	dsn     string // of the embedded database
	exposed bool   // see [DB.Exposed]

	catalogs *catalogues
	models   *models
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// Open opens the database, creates it if the embedded one is absent, and brings its
// schema up to date.
func Open(ctx context.Context, c Config) (*DB, error) {
	db, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("bring the database up to date: %w", err)
	}
	if err := db.fence(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("fence the districts: %w", err)
	}
	if err := db.refoldStale(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// connect opens the database with the schema that it has.
func connect(ctx context.Context, c Config) (*DB, error) {
	db := &DB{now: c.Now, catalogs: &catalogues{by: map[roster.DistrictID]catalogued{}},
		models: &models{by: map[roster.DistrictID]running{}}}
	var err error
	if c.URL != "" {
		db.dialect = &postgres
		if db.write, db.exposed, err = openPostgres(ctx, c.URL); err != nil {
			return nil, err
		}
		db.read = db.write
	} else {
		db.dialect = &sqlite
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The data folder cannot be made")
		}
		dsn := "file:" + (&pathEscaper).Replace(filepath.Join(c.Dir, FileName)) +
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=temp_store(FILE)"
		db.dsn = dsn
		// What is deleted is overwritten, so that the file holds no record that was erased.
		// A page of cache costs about twice its size, and each reader has a cache of its own.
		if db.write, err = sql.Open("sqlite", dsn+"&_txlock=immediate&_pragma=cache_size(-32768)&_pragma=secure_delete(1)"); err != nil {
			return nil, fmt.Errorf("open %s: %w", c.Dir, err)
		}
		db.write.SetMaxOpenConns(1)
		if db.read, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)&_pragma=cache_size(-8192)"); err != nil {
			return nil, fmt.Errorf("open %s for reading: %w", c.Dir, err)
		}
		db.read.SetMaxOpenConns(8)
		db.read.SetMaxIdleConns(8)
	}
	return db, nil
}

var pathEscaper = *strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// Close releases the database.
func (db *DB) Close() error {
	return errors.Join(db.write.Close(), db.read.Close())
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// reader returns what to read from: the transaction, or the pool of readers.
func (db *DB) reader() querier {
	if db.q != nil {
		return db.q
	}
	return db.read
}

// exec runs one statement, in the transaction or on its own.
func (db *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var q querier = db.write
	if db.q != nil {
		q = db.q
	}
	r, err := q.ExecContext(ctx, db.dialect.numbered(query, len(args)), args...)
	if err != nil {
		return 0, db.dialect.fault(err)
	}
	return r.RowsAffected()
}

// Tx runs f in one transaction, which is rolled back on error or panic and run again
// if the database asks for it. f must do nothing but use tx.
func (db *DB) Tx(ctx context.Context, f func(tx *DB) error) error {
	if db.q != nil {
		return errors.New("store: transaction within a transaction")
	}
	return db.repeated(ctx, func() error { return db.tx(ctx, f) })
}

// repeated runs f, and again while the database asks for it: about a second for one that is being
// started, ten for a transaction that others are in the way of. How long it waits between is drawn at
// random, since two that wait for the same time meet again.
func (db *DB) repeated(ctx context.Context, f func() error) error {
	begun := time.Now()
	for try := 1; ; try++ {
		err := f()
		crowded := slices.Contains(db.dialect.again, db.dialect.code(err)) && time.Since(begun) < 10*time.Second
		if err == nil || !db.dialect.isAgain(err) || try >= 12 && !crowded {
			return db.dialect.fault(err)
		}
		wait := time.Duration(min(try*try, 100)) * 2 * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

// Snapshot reads everything in f as of one moment.
func (db *DB) Snapshot(ctx context.Context, f func(tx *DB) error) error {
	opt := &sql.TxOptions{ReadOnly: true}
	if db.dialect.bulk {
		opt.Isolation = sql.LevelRepeatableRead
	}
	var tx *sql.Tx
	if err := db.repeated(ctx, func() (err error) {
		tx, err = db.read.BeginTx(ctx, opt)
		return err
	}); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	return f(&DB{dialect: db.dialect, write: db.write, read: db.read, q: tx, now: db.now, catalogs: db.catalogs, models: db.models})
}

func (db *DB) tx(ctx context.Context, f func(tx *DB) error) (err error) {
	tx, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: db.dialect.isolation})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			tx.Rollback()
		}
	}()
	if err := f(&DB{dialect: db.dialect, write: db.write, read: db.read, q: tx, now: db.now, catalogs: db.catalogs, models: db.models}); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return commitError{err}
	}
	return nil
}

// query begins to read; outside of a transaction, again if the connection is found broken.
func (db *DB) query(ctx context.Context, query string, args []any) (rows *sql.Rows, err error) {
	ask := func() error {
		rows, err = db.reader().QueryContext(ctx, db.dialect.numbered(query, len(args)), args...)
		return err
	}
	if db.q != nil || db.dialect.gone == nil {
		err = db.dialect.fault(ask())
	} else {
		err = db.repeated(ctx, ask)
	}
	return rows, err
}

// many returns all rows of a query.
func many[T any](ctx context.Context, db *DB, scan func(row func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, db.dialect.fault(rows.Err())
}

// one returns the first row of a query; a fault of kind NotFound if there is none.
func one[T any](ctx context.Context, db *DB, scan func(row func(...any) error) (T, error), query string, args ...any) (T, error) {
	all, err := many(ctx, db, scan, query, args...)
	if err != nil || len(all) == 0 {
		var zero T
		if err == nil {
			err = fault.New(fault.NotFound, "There is no such record.")
		}
		return zero, err
	}
	return all[0], nil
}

// value scans a row of one column.
func value[T any](row func(...any) error) (T, error) {
	var v T
	err := row(&v)
	return v, err
}

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the migrations that the database has not had, each in a
// transaction of its own.
func (db *DB) migrate(ctx context.Context) error {
	if err := db.Tx(ctx, func(tx *DB) error {
		_, err := tx.exec(ctx, `CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, at BIGINT NOT NULL)`)
		return err
	}); err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	known := make([]string, len(names))
	for i, path := range names {
		known[i] = migrationName(path)
	}
	have, err := many(ctx, db, value[string], `SELECT name FROM migration ORDER BY name`)
	if err != nil {
		return err
	}
	for _, name := range have {
		if !slices.Contains(known, name) {
			return fault.New(fault.Conflict, "This database was used by a newer version of Waymark (it has the change %s, which this one does not know). Use that version or a newer one, or restore a backup from before. Nothing was changed.", name)
		}
	}
	for _, path := range names {
		if err := db.apply(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// apply applies a migration, unless it is applied already.
func (db *DB) apply(ctx context.Context, path string) error {
	text, err := migrations.ReadFile(path)
	if err != nil {
		return err
	}
	name := migrationName(path)
	return db.Tx(ctx, func(tx *DB) error {
		// Inserting first makes a second process wait here, then see it done.
		n, err := tx.exec(ctx, `INSERT INTO migration (name, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, micros(db.now()))
		if err != nil || n == 0 {
			return err
		}
		for stmt := range strings.SplitSeq(string(text), ";\n") {
			if strings.TrimSpace(stmt) == "" {
				continue
			}
			if _, err := tx.exec(ctx, stmt); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}

func migrationName(path string) string {
	return strings.TrimSuffix(strings.TrimPrefix(path, "migrations/"), ".sql")
}

// latestMigration is the latest change of the schema that this program makes.
func latestMigration() string {
	names, _ := fs.Glob(migrations, "migrations/*.sql") // the pattern is fine
	return migrationName(names[len(names)-1])
}

// micros is how times are stored: microseconds since 1970 UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the inverse of [micros].
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

const listSeparator = "\x1f"

func joinList[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = string(s)
	}
	return strings.Join(parts, listSeparator)
}

func splitList[T ~string](s string) []T {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, listSeparator)
	out := make([]T, len(parts))
	for i, p := range parts {
		out[i] = T(p)
	}
	return out
}

// marks returns "$from, …" for n arguments, and appends the values to args.
func marks[T any](args *[]any, values []T) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		*args = append(*args, v)
		fmt.Fprintf(&b, "$%d", len(*args))
	}
	if len(values) == 0 {
		return "NULL"
	}
	return b.String()
}

// bulk runs f in one transaction for a large load: not serializable, since a load
// touches more than can be checked, and run once.
func (db *DB) bulk(ctx context.Context, f func(tx *DB) error) error {
	level := *db.dialect
	level.isolation = sql.LevelDefault
	b := &DB{dialect: &level, write: db.write, read: db.read, now: db.now, catalogs: db.catalogs, models: db.models}
	return db.dialect.fault(b.tx(ctx, f))
}
