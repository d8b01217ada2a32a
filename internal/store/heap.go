package store

import (
	"strings"

	"waymark/internal/fault"
)

// On SQLite, staged rows first go to a heap, a temporary table without keys, and from
// there to their table in the order of their ids. A roster's ids are in no order, and
// each of millions of rows would else land on another page of the index, to be
// written once for every row.

// heap is the name of a table's heap in this run.
func (s *stager) heap(table string) string {
	return `temp."` + string(s.run) + " " + table + `"`
}

// pile puts rows on a table's heap.
func (s *stager) pile(t *twin, rows [][]any) error {
	columns := "id, line, active, " + t.list("")
	return s.db.bulk(s.ctx, func(tx *DB) error {
		if !s.piled[t.name] {
			if _, err := tx.exec(s.ctx, `CREATE TABLE `+s.heap(t.name)+` (`+columns+`)`); err != nil {
				return err
			}
			s.piled[t.name] = true
		}
		return tx.insertMany(s.ctx, func(int) string {
			return `INSERT INTO ` + s.heap(t.name) + ` VALUES (?` + strings.Repeat(", ?", strings.Count(columns, ",")) + `)`
		}, nil, rows)
	})
}

// settlePage is how many rows are settled at a time, each time in a transaction of its
// own, so that nobody waits long.
const settlePage = 100_000

// settle brings a table's rows from its heap to where they belong.
func (s *stager) settle(table string) error {
	if err := s.flush(table); err != nil || !s.piled[table] {
		return err
	}
	t, heap := twinOf(table), s.heap(table)
	schema, name, _ := strings.Cut(heap, ".")
	if _, err := s.db.exec(s.ctx, `CREATE INDEX `+schema+`.`+strings.TrimSuffix(name, `"`)+` id" ON `+name+` (id)`); err != nil {
		return err
	}
	for last, more := "", true; more; {
		upper := "\U0010ffff"
		err := s.db.bulk(s.ctx, func(tx *DB) error {
			id, err := one(s.ctx, tx, value[string], `SELECT id FROM `+heap+` WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2`, last, settlePage)
			if more = err == nil; more {
				upper = id
			} else if fault.KindOf(err) != fault.NotFound {
				return err
			}
			_, err = tx.exec(s.ctx, t.settled(heap), s.district, s.run, last, upper)
			return err
		})
		if err != nil {
			return err
		}
		last = upper
	}
	delete(s.piled, table)
	_, err := s.db.exec(s.ctx, `DROP TABLE `+heap)
	return err
}
