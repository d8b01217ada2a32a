package store

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"waymark/internal/fault"
)

// copyIn writes rows, each after the values of head, by PostgreSQL's COPY: all of
// them, or, if one is there already, none, which is a fault of kind Conflict. It is
// a transaction of its own.
func (db *DB) copyIn(ctx context.Context, table, columns string, head []any, rows [][]any) error {
	c, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return db.dialect.fault(c.Raw(func(driver any) error {
		conn, names := driver.(*stdlib.Conn).Conn(), strings.Split(columns, ", ")
		values := make([]any, 0, len(head)+len(rows[0]))
		source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			values = append(append(values[:0], head...), rows[i]...)
			return values, nil
		})
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			var fenced bool
			if err := tx.QueryRow(ctx, `SELECT row_security_active($1::text::regclass)`, table).Scan(&fenced); err != nil {
				return err
			}
			if !fenced {
				_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, names, source)
				return err
			}
			// COPY knows no row-level security: rows go by a table of the connection's own.
			if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE copied (LIKE `+table+` INCLUDING DEFAULTS) ON COMMIT DROP`); err != nil {
				return err
			}
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"pg_temp", "copied"}, names, source); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO `+table+` (`+columns+`) SELECT `+columns+` FROM copied`)
			return err
		})
	}))
}

// putMany writes staged rows, of which later ones replace earlier ones of the same
// key; text is the statement that does so. COPY is several times as fast, and rows
// seldom come twice.
func (db *DB) putMany(ctx context.Context, table, columns string, copyHead []any, text func(n int) string, head []any, rows [][]any) error {
	if db.dialect.bulk {
		if err := db.copyIn(ctx, table, columns, copyHead, rows); fault.KindOf(err) != fault.Conflict {
			return err
		}
	}
	return db.bulk(ctx, func(tx *DB) error { return tx.insertMany(ctx, text, head, rows) })
}

// insertMany writes rows by a statement that text makes for n rows; head comes before
// the rows' values. PostgreSQL takes many rows at a time, since each statement is a
// round trip; SQLite takes one at a time by a prepared statement, since it parses
// long ones slowly.
func (db *DB) insertMany(ctx context.Context, text func(n int) string, head []any, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if !db.dialect.bulk {
		stmt, err := db.q.PrepareContext(ctx, text(1))
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, r := range rows {
			if _, err := stmt.ExecContext(ctx, append(head[:len(head):len(head)], r...)...); err != nil {
				return db.dialect.fault(err)
			}
		}
		return nil
	}
	per := min(len(rows), max(1, (db.dialect.params-len(head))/len(rows[0])), 500)
	full := text(per)
	args := make([]any, 0, len(head)+per*len(rows[0]))
	for chunk := range slices.Chunk(rows, per) {
		q := full
		if len(chunk) < per {
			q = text(len(chunk))
		}
		args = append(args[:0], head...)
		for _, r := range chunk {
			args = append(args, r...)
		}
		if _, err := db.exec(ctx, q, args...); err != nil {
			return err
		}
	}
	return nil
}
