package store

import (
	"database/sql"
	"errors"
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
	damaged   []string // codes of a file that cannot be read as what it is
	params    int      // most parameters of one statement
	bulk      bool     // has COPY
}

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
	damaged:  []string{"11", "267", "779", "26"},
	params:   32000,
}

var postgres = dialect{
	name:      "postgres",
	isolation: sql.LevelSerializable,
	code: func(err error) string {
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			return e.Code
		}
		return ""
	},
	conflict: []string{"23505"},
	again:    []string{"40001", "40P01"},
	params:   60000,
	bulk:     true,
}

func (d *dialect) isAgain(err error) bool {
	c := d.code(err)
	return c != "" && slices.Contains(d.again, c)
}

// fault turns a broken constraint into a fault; other errors pass.
func (d *dialect) fault(err error) error {
	if err == nil {
		return nil
	}
	if c := d.code(err); c != "" && slices.Contains(d.conflict, c) {
		return fault.Wrap(fault.Conflict, err, "This exists already")
	}
	if c := d.code(err); c != "" && slices.Contains(d.damaged, c) {
		return fault.Wrap(fault.Internal, err, "The database file is damaged. Stop Waymark, keep the file, and bring back the latest backup: waymark restore BACKUP --data NEW-FOLDER")
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
