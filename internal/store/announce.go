package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const channel = "waymark"

// Announce tells all processes on the same PostgreSQL, this one too, that something
// changed. The embedded database has one process, which knows.
func (db *DB) Announce(ctx context.Context, news string) error {
	if !db.dialect.bulk {
		return nil
	}
	_, err := db.exec(ctx, `SELECT pg_notify($1, $2)`, channel, news)
	return err
}

// Listen calls heard with whatever a process announces, until the context ends
// or the connection breaks. On the embedded database it returns at once.
func (db *DB) Listen(ctx context.Context, heard func(news string)) error {
	if !db.dialect.bulk {
		return nil
	}
	c, err := db.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return err
		}
		for {
			n, err := conn.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			heard(n.Payload)
		}
	})
}
