package store

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

// A sealed backup holds the rows about each person under a key of that person's own. The keys live in
// the database, which erases them with the person, and in one key ring outside of the backups, which is
// written anew each time: the backups may be many and old, the key ring is one and of today. Who was
// erased cannot be read in any backup once the key ring has been written again.

// KeyRing are the keys of a database's people.
type KeyRing struct {
	Schema string            `json:"schema"`
	At     time.Time         `json:"at"`
	Keys   map[string]string `json:"keys"` // by district and person; AES-256, in base64
}

const keyRingSchema = "waymark-keys/1"

// Rows that are about nobody whom the roster knows are sealed under a key of nobody; what imports said,
// which may name anybody, under one that changes whenever somebody is erased.
const (
	keyOfNobody  = roster.PersonID("")
	keyOfImports = roster.PersonID("(imports)")
)

func keyName(d roster.DistrictID, p roster.PersonID) string { return string(d) + "/" + string(p) }

// allKeys makes a key for everybody who has none, and returns the key ring.
func (db *DB) allKeys(ctx context.Context) (KeyRing, error) {
	if err := db.ensureKeys(ctx); err != nil {
		return KeyRing{}, err
	}
	return db.Keys(ctx)
}

func (db *DB) ensureKeys(ctx context.Context) error {
	type whose struct {
		d roster.DistrictID
		p roster.PersonID
	}
	scan := func(row func(...any) error) (w whose, err error) { return w, row(&w.d, &w.p) }
	return db.Tx(ctx, func(tx *DB) error {
		without, err := many(ctx, tx, scan, `SELECT p.district, p.id FROM person p WHERE NOT EXISTS (SELECT 1 FROM person_key k WHERE k.district = p.district AND k.person = p.id) ORDER BY p.district, p.id`)
		if err != nil {
			return err
		}
		for _, p := range []roster.PersonID{keyOfNobody, keyOfImports} {
			more, err := many(ctx, tx, scan, `SELECT d.id, $1 FROM district d WHERE NOT EXISTS (SELECT 1 FROM person_key k WHERE k.district = d.id AND k.person = $1) ORDER BY d.id`, p)
			if err != nil {
				return err
			}
			without = append(without, more...)
		}
		rows := make([][]any, len(without))
		for i, w := range without {
			key := make([]byte, 32)
			rand.Read(key)
			rows[i] = []any{w.d, w.p, base64.StdEncoding.EncodeToString(key)}
		}
		return tx.putRows(ctx, "person_key", []string{"district", "person", "secret"}, rows)
	})
}

// Keys returns the key ring of a database.
func (db *DB) Keys(ctx context.Context) (KeyRing, error) {
	r := KeyRing{Schema: keyRingSchema, At: db.now().UTC(), Keys: map[string]string{}}
	_, err := many(ctx, db, func(row func(...any) error) (struct{}, error) {
		var d roster.DistrictID
		var p roster.PersonID
		var secret string
		err := row(&d, &p, &secret)
		r.Keys[keyName(d, p)] = secret
		return struct{}{}, err
	}, `SELECT district, person, secret FROM person_key ORDER BY district, person`)
	return r, err
}

// WriteKeys writes the key ring to a file, in the place of an older one, which is overwritten.
func (db *DB) WriteKeys(ctx context.Context, path string) error {
	ring, err := db.Keys(ctx)
	if err != nil {
		return err
	}
	return ring.write(path)
}

func (r KeyRing) write(path string) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".waymark-keys-")
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The key ring cannot be written")
	}
	defer os.Remove(f.Name())
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), overwrite(path)); err != nil {
		return fault.Wrap(fault.Invalid, err, "The key ring cannot be written")
	}
	return os.Rename(f.Name(), path)
}

// overwrite fills a file that is about to be replaced with zeros, so that its keys do not stay on the
// disk, as far as the disk does what it is told.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, zeros{}, info.Size())
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// lacks reports whether somebody's key is gone that another ring of the same database still had.
func (r KeyRing) lacks(before KeyRing) bool {
	for name := range before.Keys {
		if _, ok := r.Keys[name]; !ok {
			return true
		}
	}
	return false
}

// ReadKeys reads a key ring.
func ReadKeys(path string) (KeyRing, error) {
	var r KeyRing
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil || r.Schema != keyRingSchema {
		return r, fault.New(fault.Invalid, "%s is no key ring: it is missing or cannot be read.", path)
	}
	return r, nil
}

// aead returns the cipher of a person; that of nobody for who has no key; nil if there is none either.
func (r KeyRing) aead(d roster.DistrictID, p roster.PersonID) (cipher.AEAD, error) {
	secret, ok := r.Keys[keyName(d, p)]
	if !ok {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// sealedRow is the rows of one table about one person.
type sealedRow struct {
	table    string
	district roster.DistrictID
	person   roster.PersonID // whose key it is under
	body     []byte
}

func (s sealedRow) label() []byte {
	return []byte(s.table + "\x00" + string(s.district) + "\x00" + string(s.person))
}

// Making one of these takes longer than packing what is about one person.
var (
	packers = sync.Pool{New: func() any {
		z, _ := flate.NewWriter(nil, flate.BestSpeed) // fails for levels that there are not
		return z
	}}
	unpackers = sync.Pool{New: func() any { return flate.NewReader(nil) }}
)

// seal puts lines under a person's key, or that of nobody for who has none.
func (r KeyRing) seal(table string, d roster.DistrictID, p roster.PersonID, lines []byte) (sealedRow, error) {
	s := sealedRow{table: table, district: d, person: p}
	a, err := r.aead(d, p)
	if err == nil && a == nil {
		s.person = keyOfNobody
		a, err = r.aead(d, keyOfNobody)
	}
	if err != nil || a == nil {
		return s, errors.Join(err, fmt.Errorf("no key for rows of %s", table))
	}
	var packed bytes.Buffer
	z := packers.Get().(*flate.Writer)
	defer packers.Put(z)
	z.Reset(&packed)
	if _, err := z.Write(lines); err != nil {
		return s, err
	}
	if err := z.Close(); err != nil {
		return s, err
	}
	nonce := make([]byte, a.NonceSize(), a.NonceSize()+packed.Len()+a.Overhead())
	rand.Read(nonce)
	s.body = a.Seal(nonce, nonce, packed.Bytes(), s.label())
	return s, nil
}

// open returns the lines of sealed rows; ok is false if their key is gone.
func (r KeyRing) open(s sealedRow) (lines []byte, ok bool, err error) {
	a, err := r.aead(s.district, s.person)
	if err != nil || a == nil {
		return nil, false, err
	}
	if len(s.body) < a.NonceSize() {
		return nil, false, fault.New(fault.Invalid, "Sealed rows of %s are cut off.", s.table)
	}
	packed, err := a.Open(nil, s.body[:a.NonceSize()], s.body[a.NonceSize():], s.label())
	if err != nil {
		// A key that was made anew since opens nothing that was sealed before.
		return nil, false, nil
	}
	z := unpackers.Get().(io.ReadCloser)
	defer unpackers.Put(z)
	if err := z.(flate.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
		return nil, true, err
	}
	lines, err = io.ReadAll(z)
	return lines, true, err
}

// sealing are the tables whose rows are sealed, and by which expression over the rows t each names the
// person; those that name them by way of another table first.
func sealing() (out []struct{ table, by string }) {
	add := func(table, by string) { out = append(out, struct{ table, by string }{table, by}) }
	for _, h := range aboutPeople() {
		if h.Keep == KeepLog || h.Table == "person_key" {
			continue
		}
		by := "t." + h.By
		if h.Of != "" {
			by = `coalesce((SELECT o.` + heldTables().Tables[h.Of].By + ` FROM ` + h.Of + ` o WHERE o.district = t.district AND o.id = t.` + h.By + `), '')`
		}
		for _, name := range h.tables() {
			add(name, by)
		}
	}
	add("evidence_intake", "t.student")
	add("intake_run", "'"+string(keyOfImports)+"'")
	return out
}

const sealedTable = `CREATE TABLE sealed (tbl TEXT NOT NULL, district TEXT NOT NULL, person TEXT NOT NULL, number BIGINT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tbl, district, person, number))`

// sealFile seals the rows about people in a copy of a database.
func sealFile(ctx context.Context, dir string, ring KeyRing, now func() time.Time) error {
	db, err := Open(ctx, Config{Dir: dir, Now: now})
	if err != nil {
		return err
	}
	err = db.sealAll(ctx, ring)
	if err == nil { // nothing of what was taken out stays in the file
		_, err = db.write.ExecContext(ctx, `VACUUM`)
	}
	return errors.Join(err, db.Close())
}

func (db *DB) sealAll(ctx context.Context, ring KeyRing) error {
	return db.bulk(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, sealedTable); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM person_key`); err != nil {
			return err
		}
		for _, s := range sealing() {
			// Read as it was before, on another connection, so that no table has to fit into memory.
			if err := tx.sealTable(ctx, db, ring, s.table, s.by); err != nil {
				return fmt.Errorf("seal %s: %w", s.table, err)
			}
			if _, err := tx.q.ExecContext(ctx, `DELETE FROM `+s.table); err != nil {
				return err
			}
		}
		return nil
	})
}

// sealTable seals a table's rows, person by person, as from holds them.
func (tx *DB) sealTable(ctx context.Context, from *DB, ring KeyRing, table, by string) error {
	var rows [][]any
	var lines []byte
	var d roster.DistrictID
	var p roster.PersonID
	number := int64(0)
	write := func() error {
		err := tx.putRows(ctx, "sealed", []string{"tbl", "district", "person", "number", "body"}, rows)
		rows = rows[:0]
		return err
	}
	put := func() error {
		if len(lines) == 0 {
			return nil
		}
		s, err := ring.seal(table, d, p, lines)
		if err != nil {
			return err
		}
		number++
		rows, lines = append(rows, []any{s.table, s.district, s.person, number, s.body}), lines[:0]
		if len(rows) < sealedRows {
			return nil
		}
		return write()
	}
	at := -1
	if _, err := from.eachRow(ctx, `SELECT `+by+` AS sealed_for, t.* FROM `+table+` t ORDER BY t.district, 1`, nil, func(columns []string, values []any) error {
		if at < 0 {
			at = slices.Index(columns, "district")
		}
		nd, np := roster.DistrictID(fmt.Sprint(values[at])), roster.PersonID(fmt.Sprint(values[0]))
		if nd != d || np != p || len(lines) > maxSealed {
			if err := put(); err != nil {
				return err
			}
			d, p = nd, np
		}
		line, err := archiveLine(columns[1:], values[1:])
		lines = append(lines, line...)
		return err
	}); err != nil {
		return err
	}
	return errors.Join(put(), write())
}

// sealedRows is how many pieces are written at once.
const sealedRows = 200

// maxSealed bounds how much of one person is sealed in one piece, in bytes.
const maxSealed = 4 << 20

// unseal puts the rows of a sealed database back, as far as their keys are there, and returns of how
// many people the keys are gone.
func (db *DB) unseal(ctx context.Context, ring KeyRing) (gone int, err error) {
	lost := map[string]bool{}
	columns := map[string][]string{} // of the tables that are sealed
	for _, s := range sealing() {
		if columns[s.table], err = db.columnsOf(ctx, s.table); err != nil {
			return 0, err
		}
	}
	err = db.bulk(ctx, func(tx *DB) error {
		// Read on another connection, so that not all has to fit into memory.
		if _, err := db.eachRow(ctx, `SELECT tbl, district, person, body FROM sealed ORDER BY tbl, district, person, number`, nil, func(_ []string, v []any) error {
			s := sealedRow{table: fmt.Sprint(v[0]), district: roster.DistrictID(fmt.Sprint(v[1])), person: roster.PersonID(fmt.Sprint(v[2]))}
			s.body, _ = v[3].([]byte)
			if columns[s.table] == nil {
				return fault.New(fault.Invalid, "There is no table %q.", s.table)
			}
			lines, ok, err := ring.open(s)
			switch {
			case err != nil:
				return err
			case ok:
				return tx.putLines(ctx, s.table, columns[s.table], lines)
			case s.person != keyOfImports:
				lost[keyName(s.district, s.person)] = true
			}
			return nil
		}); err != nil {
			return fmt.Errorf("unseal: %w", err)
		}
		keys := make([][]any, 0, len(ring.Keys))
		for _, name := range slices.Sorted(maps.Keys(ring.Keys)) {
			d, p, _ := strings.Cut(name, "/")
			keys = append(keys, []any{d, p, ring.Keys[name]})
		}
		if err := tx.insertMany(ctx, func(n int) string {
			return `INSERT INTO person_key (district, person, secret) VALUES ` + rowsOf(n, 3, 0, "") + ` ON CONFLICT DO NOTHING`
		}, nil, keys); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DROP TABLE sealed`)
		return err
	})
	return len(lost), err
}

func (db *DB) putLines(ctx context.Context, table string, columns []string, lines []byte) error {
	var rows [][]any
	for line := range bytes.Lines(lines) {
		row, err := archiveRow(line, columns)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return db.putRows(ctx, table, columns, rows)
}

// sealedIn reports whether a database is one whose rows are sealed.
func (db *DB) sealedIn(ctx context.Context) (bool, error) {
	tables, err := db.Tables(ctx)
	return slices.Contains(tables, "sealed"), err
}
