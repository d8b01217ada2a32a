package store

import (
	"context"
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
		values := make([]any, 0, len(head)+len(rows[0]))
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, strings.Split(columns, ", "),
			pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
				values = append(append(values[:0], head...), rows[i]...)
				return values, nil
			}))
		return err
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
