package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"

	"waymark/internal/fault"
)

// dialect is all that differs between the two databases.
type dialect struct {
	name      string
	isolation sql.IsolationLevel
	code      func(error) string
	conflict  []string // codes of a broken unique constraint
	again     []string // codes after which a transaction is to be run once more
	gone      []string // codes of a connection that broke, or cannot be made
	troubles  []trouble
	class     func(code string) string // the kind of thing that a code says
	params    int                      // most parameters of one statement
	bulk      bool                     // has COPY
}

// trouble is something wrong with what the database lies on, and what a person reads of it.
type trouble struct {
	codes    []string // or their classes
	sentence string
}

const full = "The disk that holds the database is full. Nothing was changed, and what is there can be read. Make room on that disk; then all goes on."

var sqlite = dialect{
	name:      "sqlite",
	isolation: sql.LevelDefault,
	code: func(err error) string {
		if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
			return strconv.Itoa(e.Code())
		}
		return ""
	},
	conflict: []string{"2067", "1555"},
	again:    []string{"5", "517", "261"}, // busy; another process holds the write lock
	troubles: []trouble{
		{[]string{"11", "26"}, "The database file is damaged. Stop Waymark, keep the file, and bring back the latest backup: waymark restore BACKUP --data NEW-FOLDER"},
		{[]string{"13", "4874"}, full},
		{[]string{"8", "10", "14"}, "The database cannot be written to, or not be read. Nothing was changed. See that the data folder is there, that Waymark may write into it and to the files in it, and that the disk is whole and not read-only; then all goes on."},
	},
	class: func(code string) string {
		n, _ := strconv.Atoi(code)
		return strconv.Itoa(n & 0xff)
	},
	params: 32000,
}

var postgres = dialect{
	name:      "postgres",
	isolation: sql.LevelSerializable,
	code: func(err error) string {
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			return e.Code
		}
		if isBroken(err) {
			return "08006"
		}
		return ""
	},
	conflict: []string{"23505"},
	again:    []string{"40001", "40P01"},
	gone:     []string{"08", "57P01", "57P02", "57P03", "53300"},
	troubles: []trouble{
		{[]string{"08", "57P01", "57P02", "57P03", "53300"}, "The database does not answer. What was being saved may be saved or not: look again before you do it twice. When the database is back, all goes on."},
		{[]string{"53100"}, full},
		{[]string{"25006"}, "The database takes no changes: it is read-only, perhaps a copy of another. Nothing was changed, and what is there can be read. Lead Waymark to the database that takes them."},
		{[]string{"XX001", "XX002"}, "The database says that what it holds is damaged. Stop Waymark, keep the database's folder, and bring back the latest backup; see docs/operations.md."},
	},
	class:  func(code string) string { return code[:min(2, len(code))] },
	params: 60000,
	bulk:   true,
}

// isBroken reports whether an error is that of a connection, not of what was asked over it.
func isBroken(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return network || connecting || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// is reports whether an error is of some codes, or of a class of them.
func (d *dialect) is(err error, codes []string) bool {
	c := d.code(err)
	return c != "" && (slices.Contains(codes, c) || slices.Contains(codes, d.class(c)))
}

// isAgain reports whether a transaction is to be run once more. One whose connection broke when it
// was to be committed may have been: it is not.
func (d *dialect) isAgain(err error) bool {
	_, committing := errors.AsType[commitError](err)
	return slices.Contains(d.again, d.code(err)) || !committing && d.is(err, d.gone)
}

// commitError is what went wrong when a transaction was committed.
type commitError struct{ error }

func (e commitError) Unwrap() error { return e.error }

// fault turns a broken constraint, and what is wrong with what the database lies on, into a fault;
// other errors pass.
func (d *dialect) fault(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok || err == nil {
		return err
	}
	if d.is(err, d.conflict) {
		return fault.Wrap(fault.Conflict, err, "This exists already")
	}
	for _, t := range d.troubles {
		if d.is(err, t.codes) {
			return fault.Wrap(fault.Unavailable, err, "%s", t.sentence)
		}
	}
	return err
}

// numbered helps SQLite, to which $1 is a name that it looks up among all names so far,
// and ?1 a number: with thousands of them that is the difference between seconds and
// milliseconds. Our statements hold no other $.
func (d *dialect) numbered(query string, args int) string {
	if d.bulk || args < 40 {
		return query
	}
	return strings.ReplaceAll(query, "$", "?")
}
