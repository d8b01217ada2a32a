package store

import (
	"context"
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed inventory.yaml
var inventoryText []byte

// Held says what a table holds, what for, and how long.
type Held struct {
	Table   string `json:"table" yaml:"-"`
	Purpose string `json:"purpose" yaml:"purpose"`
	// About is whose data it is: student, person or nobody. By is the column that names them; where
	// Of is set, it names a row of that table, which does.
	About   string            `json:"about" yaml:"about"`
	By      string            `json:"by,omitempty" yaml:"by"`
	Of      string            `json:"of,omitempty" yaml:"of"`
	Keep    Keep              `json:"keep" yaml:"keep"`
	Columns map[string]string `json:"columns" yaml:"columns"` // purposes
}

// Keep is how long a table's rows are kept.
type Keep string

const (
	KeepRecord  Keep = "record"  // as long as the student's record
	KeepLog     Keep = "log"     // as long, and not changed before
	KeepDerived Keep = "derived" // goes with what it is reckoned from
	KeepAccess  Keep = "access"  // opens the door: taken away with the person, in no export
	KeepSchool  Keep = "school"  // until the school takes it away
	KeepPassing Keep = "passing" // for days
)

// tables are the table and, where it has one, its twin that holds rows of files.
func (h Held) tables() []string {
	if slices.ContainsFunc(twins, func(t twin) bool { return t.name == h.Table }) {
		return []string{h.Table, h.Table + "_intake"}
	}
	return []string{h.Table}
}

type inventory struct {
	Common map[string]string `yaml:"common"`
	Tables map[string]Held   `yaml:"tables"`
}

var heldTables = sync.OnceValue(func() inventory {
	var v inventory
	if err := yaml.Unmarshal(inventoryText, &v); err != nil {
		panic("inventory.yaml: " + err.Error()) // it is part of the program
	}
	for name, t := range v.Tables {
		t.Table = name
		v.Tables[name] = t
	}
	return v
})

// purposeOf is what a column of a table is for; empty where nobody has said.
func (v inventory) purposeOf(table, column string) string {
	if p := v.Tables[strings.TrimSuffix(table, "_intake")].Columns[column]; p != "" {
		return p
	}
	return v.Common[column]
}

// Inventory returns what is held, by table, with the purpose of each column that the database has.
func (db *DB) Inventory(ctx context.Context) ([]Held, error) {
	v := heldTables()
	var out []Held
	for _, name := range slices.Sorted(maps.Keys(v.Tables)) {
		t := v.Tables[name]
		columns, err := db.columnsOf(ctx, name)
		if err != nil {
			return nil, err
		}
		t.Columns = map[string]string{}
		for _, c := range columns {
			t.Columns[c] = v.purposeOf(name, c)
		}
		out = append(out, t)
	}
	return out, nil
}

// Tables returns the names of all tables that the database has.
func (db *DB) Tables(ctx context.Context) ([]string, error) {
	if db.dialect.bulk {
		return many(ctx, db, value[string], `SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() ORDER BY tablename`)
	}
	return many(ctx, db, value[string], `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
}
