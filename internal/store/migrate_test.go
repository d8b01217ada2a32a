package store

import (
	"database/sql"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What was written under each schema that there ever was is still there, in every column, when the
// schema is today's; only what is reckoned from the rest may be made anew.
func TestEverySchemaKeepsItsData(t *testing.T) {
	t.Parallel()
	paths, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for kind, config := range map[string]Config{"sqlite": {Dir: t.TempDir(), Now: time.Now}, "postgres": {URL: testSchema(t), Now: time.Now}} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			db, err := connect(ctx, config)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.exec(ctx, `CREATE TABLE migration (name TEXT PRIMARY KEY, at BIGINT NOT NULL)`); err != nil {
				t.Fatal(err)
			}
			var written []writtenRow
			for i, path := range paths {
				if err := db.apply(ctx, path); err != nil {
					t.Fatal(err)
				}
				if err := db.fence(ctx); err != nil {
					t.Fatal(err)
				}
				tables, err := db.Tables(ctx)
				if err != nil {
					t.Fatal(err)
				}
				for _, table := range tables {
					if table != "migration" {
						written = append(written, db.writeAny(t, table, i+1))
					}
				}
			}
			held, err := db.Inventory(ctx)
			if err != nil {
				t.Fatal(err)
			}
			derived := map[string]bool{}
			for _, h := range held {
				derived[h.Table] = h.Keep == KeepDerived
			}
			for _, w := range written {
				if derived[strings.TrimSuffix(w.table, "_intake")] {
					continue
				}
				if got, err := db.readAny(w); err != nil || !reflect.DeepEqual(got, w.values) {
					t.Errorf("%s, written under schema %d: %v, %v; want %v", w.table, w.schema, got, err, w.values)
				}
			}
			t.Logf("%d rows written under %d schemas", len(written), len(paths))
		})
	}
}

// checked are values that the database itself takes for columns which do not take any.
var checked = map[string]string{"intake_run.state": "applied", "step_decision.decision": "done", "credential.kind": "password", "second_factor.kind": "totp",
	"consent.purpose": "studies", "correction.answer": "kept", "appointment.role": "auditor"}

// writtenRow is a row with a value of its own in every column.
type writtenRow struct {
	table, key string // the column that the row is found by
	schema     int
	columns    []string
	values     []any
}

func (db *DB) writeAny(t *testing.T, table string, schema int) writtenRow {
	t.Helper()
	// A statement of its own for each schema: a prepared one must not change what it gives.
	rows, err := db.write.Query(fmt.Sprintf(`SELECT * FROM %s AS under%d LIMIT 0`, table, schema))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	w := writtenRow{table: table, schema: schema}
	var places []string
	for i, c := range types {
		w.columns = append(w.columns, c.Name())
		places = append(places, fmt.Sprintf("$%d", i+1))
		switch kind := c.DatabaseTypeName(); kind {
		case "TEXT":
			if allowed := checked[table+"."+c.Name()]; allowed != "" {
				w.values = append(w.values, allowed)
				continue
			}
			if w.key == "" {
				w.key = c.Name()
			}
			w.values = append(w.values, anyKey(schema))
		case "BIGINT", "INT8", "INTEGER":
			w.values = append(w.values, int64(1000+schema))
		case "DOUBLE PRECISION", "FLOAT8":
			w.values = append(w.values, float64(schema)+0.5)
		case "BOOLEAN", "BOOL":
			w.values = append(w.values, true)
		case "BLOB", "BYTEA":
			w.values = append(w.values, []byte{0, byte(schema), 255})
		default:
			t.Fatalf("%s.%s is of the type %q", table, c.Name(), kind)
		}
	}
	rows.Close()
	if _, err := db.write.Exec(`INSERT INTO `+table+` (`+strings.Join(w.columns, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, w.values...); err != nil {
		t.Fatalf("%s under schema %d: %v", table, schema, err)
	}
	return w
}

func anyKey(schema int) string { return fmt.Sprintf("written under %d", schema) }

func (db *DB) readAny(w writtenRow) ([]any, error) {
	got := make([]any, len(w.values))
	into := make([]any, len(got))
	for i, v := range w.values {
		into[i] = reflect.New(reflect.TypeOf(v)).Interface()
	}
	err := db.write.QueryRow(`SELECT `+strings.Join(w.columns, ", ")+` FROM `+w.table+` WHERE `+w.key+` = $1`, anyKey(w.schema)).Scan(into...)
	if err == sql.ErrNoRows {
		return nil, fmt.Errorf("it is gone")
	}
	for i := range into {
		got[i] = reflect.ValueOf(into[i]).Elem().Interface()
	}
	return got, err
}
