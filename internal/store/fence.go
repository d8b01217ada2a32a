package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"waymark/internal/fault"
	"waymark/internal/guard"
)

// PostgreSQL is a second wall between districts: a row is seen and written only by a connection that
// is set to its district, or to all of them. A connection is set whenever it is taken from the pool,
// by what the context says, so that a statement that forgot its district, or was made to, finds
// nothing of another. The role that Waymark connects as must not be a superuser, whom no such rule
// holds.

const (
	fenceSetting = "waymark.district"
	allDistricts = "*"
	poolSize     = 16
)

// openPostgres opens a pool whose connections are set to a district when they are taken.
func openPostgres(ctx context.Context, url string) (db *sql.DB, exposed bool, err error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, false, fault.Wrap(fault.Invalid, err, "The database address cannot be read")
	}
	c.MaxConns = poolSize
	c.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		want := allDistricts
		if d, ok := guard.Fenced(ctx); ok {
			want = string(d)
		}
		data := conn.PgConn().CustomData()
		if data[fenceSetting] == want {
			return true, nil
		}
		delete(data, fenceSetting)
		if _, err := conn.Exec(ctx, `SELECT set_config($1, $2, false)`, fenceSetting, want); err != nil {
			return false, err
		}
		data[fenceSetting] = want
		return true, nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, false, fault.Wrap(fault.Invalid, err, "The database cannot be reached")
	}
	return stdlib.OpenDBFromPool(pool), mayBeRead(&c.ConnConfig.Config), nil
}

// mayBeRead reports whether a connection, or one that is made instead when it fails, goes to another
// machine without being encrypted, or without its certificate being held against the machine's name.
func mayBeRead(c *pgconn.Config) bool {
	open := func(host string, t *tls.Config) bool {
		ip := net.ParseIP(host)
		return !strings.HasPrefix(host, "/") && host != "localhost" && !ip.IsLoopback() && (t == nil || t.InsecureSkipVerify)
	}
	return open(c.Host, c.TLSConfig) || slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return open(f.Host, f.TLSConfig) })
}

// Exposed reports whether what is said to PostgreSQL may be read or answered by somebody else.
func (db *DB) Exposed() bool { return db.exposed }

// fence makes the rule hold for every table that has none yet.
func (db *DB) fence(ctx context.Context) error {
	if !db.dialect.bulk {
		return nil
	}
	type open struct{ table, column string }
	query := `SELECT c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relforcerowsecurity AND a.attname = CASE c.relname WHEN 'district' THEN 'id' ELSE 'district' END ORDER BY 1`
	tables := func(db *DB) ([]open, error) {
		return many(ctx, db, func(row func(...any) error) (o open, err error) { return o, row(&o.table, &o.column) }, query)
	}
	if left, err := tables(db); err != nil || len(left) == 0 {
		return err
	}
	return db.bulk(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('waymark fence'))`); err != nil {
			return err
		}
		left, err := tables(tx) // another process may have been first
		if err != nil {
			return err
		}
		for _, o := range left {
			name, column := pgx.Identifier{o.table}.Sanitize(), pgx.Identifier{o.column}.Sanitize()
			rule := `((SELECT current_setting('` + fenceSetting + `', true)) = '` + allDistricts + `' OR ` + column + ` = (SELECT current_setting('` + fenceSetting + `', true)))`
			for _, ddl := range []string{"CREATE POLICY fence ON " + name + " USING " + rule + " WITH CHECK " + rule, "ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY", "ALTER TABLE " + name + " FORCE ROW LEVEL SECURITY"} {
				if _, err := tx.q.ExecContext(ctx, ddl); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Unfenced reports whether this is a PostgreSQL that does not keep districts apart, since Waymark
// connects as a role that no rule holds.
func (db *DB) Unfenced(ctx context.Context) (bool, error) {
	if !db.dialect.bulk {
		return false, nil
	}
	return one(ctx, db, value[bool], `SELECT NOT row_security_active('person')`)
}
