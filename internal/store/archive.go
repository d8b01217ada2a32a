package store

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
)

const manifestName = "manifest.json"

// archived are the tables that leave with a district: all but what opens doors and what passes.
func archived() []string {
	v := heldTables()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v.Tables)), func(name string) bool {
		k := v.Tables[name].Keep
		return k == KeepAccess || k == KeepPassing || name == "migration"
	})
}

// columnsOf returns the columns of a table, in their order.
func (db *DB) columnsOf(ctx context.Context, table string) ([]string, error) {
	return db.eachRow(ctx, `SELECT * FROM `+table+` LIMIT 0`, nil, nil)
}

// WriteArchive writes all that a district holds, but for secrets, as a zip file. It is read in one
// transaction, so that it is of one moment.
func (db *DB) WriteArchive(ctx context.Context, d roster.DistrictID, w io.Writer) (a guard.Archive, err error) {
	err = db.Snapshot(ctx, func(tx *DB) error {
		a, err = tx.writeArchive(ctx, d, w)
		return err
	})
	return a, err
}

func (db *DB) writeArchive(ctx context.Context, d roster.DistrictID, w io.Writer) (guard.Archive, error) {
	a := guard.Archive{Schema: guard.ArchiveSchema, District: string(d), Written: db.now().UTC(), Migration: latestMigration()}
	var err error
	if a.Digest, err = db.digest(ctx, d); err != nil {
		return a, err
	}
	z := zip.NewWriter(w)
	for _, table := range archived() {
		t, err := db.writeTable(ctx, z, d, table, a.Written)
		if err != nil {
			return a, fmt.Errorf("archive %s: %w", table, err)
		}
		a.Tables = append(a.Tables, t)
	}
	f, err := z.CreateHeader(&zip.FileHeader{Name: manifestName, Method: zip.Deflate, Modified: a.Written})
	if err != nil {
		return a, err
	}
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	return a, errors.Join(e.Encode(a), z.Close())
}

func (db *DB) writeTable(ctx context.Context, z *zip.Writer, d roster.DistrictID, table string, at time.Time) (t guard.ArchiveTable, err error) {
	t = guard.ArchiveTable{Table: table, Purpose: heldTables().Tables[table].Purpose}
	f, err := z.CreateHeader(&zip.FileHeader{Name: table + ".ndjson", Method: zip.Deflate, Modified: at})
	if err != nil {
		return t, err
	}
	sum := sha256.New()
	out := bufio.NewWriter(io.MultiWriter(f, sum))
	t.Columns, err = db.eachRow(ctx, `SELECT * FROM `+table+` WHERE `+districtIn(table)+` = $1`+inNoOrder(table), []any{d}, func(columns []string, values []any) error {
		line, err := archiveLine(columns, values)
		if err != nil {
			return err
		}
		t.Rows++
		_, err = out.Write(line)
		return err
	})
	err = errors.Join(err, out.Flush())
	t.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return t, err
}

// inNoOrder lets answers that name nobody be written in the order of their ids, which are drawn by
// lot: in the order in which they came they would tell whose they are.
func inNoOrder(table string) string {
	if slices.Contains(nameless, table) {
		return ` ORDER BY id`
	}
	return ""
}

// archiveLine writes a row as an object, with its columns in their order.
func archiveLine(columns []string, values []any) ([]byte, error) {
	line := []byte{'{'}
	for i, c := range columns {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(strconv.AppendQuote(line, c), ':')
		switch v := values[i].(type) {
		case int64:
			if slices.Contains(booleans, c) {
				line = strconv.AppendBool(line, v != 0)
			} else {
				line = strconv.AppendInt(line, v, 10)
			}
		case bool:
			line = strconv.AppendBool(line, v)
		case float64: // always with a point or exponent, so that it stays one
			text := strconv.FormatFloat(v, 'g', -1, 64)
			if !strings.ContainsAny(text, ".eE") {
				text += ".0"
			}
			line = append(line, text...)
		case []byte:
			b, err := json.Marshal(string(v))
			if err != nil {
				return nil, err
			}
			line = append(line, b...)
		default:
			b, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			line = append(line, b...)
		}
	}
	return append(line, '}', '\n'), nil
}

// ReadArchive brings a district from an archive into a database that holds none, and says whether
// the state is the one that was written. Nothing is kept unless all of it can be read and is as
// the manifest says.
func (db *DB) ReadArchive(ctx context.Context, r io.ReaderAt, size int64, name string) (guard.Archive, error) {
	var a guard.Archive
	z, err := zip.NewReader(r, size)
	if err != nil {
		return a, fault.New(fault.Invalid, "%s is no archive of a district (%v).", name, err)
	}
	m, err := z.Open(manifestName)
	if err != nil {
		return a, fault.New(fault.Invalid, "%s has no %s: it is no archive that waymark export district wrote.", name, manifestName)
	}
	err = json.NewDecoder(io.LimitReader(m, maxManifest)).Decode(&a)
	m.Close()
	if err != nil || a.Schema != guard.ArchiveSchema {
		return a, fault.New(fault.Invalid, "%s: the manifest cannot be read. Write the archive anew.", name)
	}
	if latest := latestMigration(); a.Migration != latest {
		return a, fault.New(fault.Conflict, "%s was written by another version of Waymark (schema %s; here it is %s). Write it anew with this version, or read it with that one.", name, a.Migration, latest)
	}
	known := archived()
	err = db.bulk(ctx, func(tx *DB) error {
		if err := tx.lockIntake(ctx); err != nil {
			return err
		}
		for _, table := range known {
			n, err := one(ctx, tx, value[int64], `SELECT count(*) FROM `+table)
			if err != nil {
				return err
			}
			if n > 0 {
				return fault.New(fault.Conflict, "This database holds a district already (%d rows of %s). Bring an archive into an empty one.", n, table)
			}
		}
		for _, t := range a.Tables {
			if !slices.Contains(known, t.Table) {
				return fault.New(fault.Invalid, "%s: there is no table %q.", name, t.Table)
			}
			if err := tx.readTable(ctx, z, a.District, t, name); err != nil {
				return err
			}
		}
		// What those imports replaced stayed behind, so they cannot be undone here.
		if _, err := tx.exec(ctx, `UPDATE intake_run SET state = 'undone' WHERE state = 'applied'`); err != nil {
			return err
		}
		digest, err := tx.digest(ctx, roster.DistrictID(a.District))
		if err == nil && digest != a.Digest {
			err = fault.New(fault.Conflict, "%s can be read, but gives another state than the one that was written (%s; written was %s). Nothing was changed.", name, digest, a.Digest)
		}
		return err
	})
	return a, err
}

const (
	maxManifest    = 1 << 20
	maxArchiveLine = 256 << 20
	archiveRows    = 500 // written at once
)

func (db *DB) readTable(ctx context.Context, z *zip.Reader, district string, t guard.ArchiveTable, name string) error {
	file := t.Table + ".ndjson"
	wrong := func(line int, format string, args ...any) error {
		return fault.New(fault.Invalid, "%s, %s, line %d: %s", name, file, line, fmt.Sprintf(format, args...))
	}
	columns, err := db.columnsOf(ctx, t.Table)
	if err != nil {
		return err
	}
	if !slices.Equal(columns, t.Columns) {
		return wrong(0, "the columns are %v; here they are %v.", t.Columns, columns)
	}
	f, err := z.Open(file)
	if err != nil {
		return fault.New(fault.Invalid, "%s: %s is missing.", name, file)
	}
	defer f.Close()
	sum := sha256.New()
	in := bufio.NewScanner(io.TeeReader(f, sum))
	in.Buffer(make([]byte, 1<<16), maxArchiveLine)
	var rows [][]any
	write := func() error {
		err := db.putRows(ctx, t.Table, columns, rows)
		rows = rows[:0]
		return err
	}
	line := 0
	for in.Scan() {
		line++
		row, err := archiveRow(in.Bytes(), columns)
		if err != nil {
			return wrong(line, "%v", err)
		}
		if key := slices.Index(columns, districtIn(t.Table)); key >= 0 && row[key] != district {
			return wrong(line, "the row is of the district %v.", row[key])
		}
		if rows = append(rows, row); len(rows) == archiveRows {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := in.Err(); err != nil {
		return wrong(line+1, "cannot be read (%v).", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); line != t.Rows || got != t.SHA256 {
		return fault.New(fault.Invalid, "%s: %s is not as the manifest says (%d rows, sha256 %s). The archive was changed or cut off.", name, file, line, got)
	}
	return write()
}

// putRows writes rows of a table as they are.
func (db *DB) putRows(ctx context.Context, table string, columns []string, rows [][]any) error {
	return db.insertMany(ctx, func(n int) string {
		return `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES ` + rowsOf(n, len(columns), 0, "")
	}, nil, rows)
}

// archiveRow reads the values of a row in the order of columns.
func archiveRow(line []byte, columns []string) ([]any, error) {
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, errors.New("this is no row")
	}
	out := make([]any, len(columns))
	for i, c := range columns {
		switch v := object[c].(type) {
		case string, bool:
			out[i] = v
		case json.Number:
			if n, err := v.Int64(); err == nil {
				out[i] = n
			} else if out[i], err = v.Float64(); err != nil {
				return nil, fmt.Errorf("%s is no number", c)
			}
		default:
			return nil, fmt.Errorf("%s is missing", c)
		}
	}
	return out, nil
}
