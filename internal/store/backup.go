package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"waymark/internal/fault"
)

// Backup says what a backup holds. It stands beside the copy of the database in the backup's folder.
type Backup struct {
	Schema string    `json:"schema"`
	At     time.Time `json:"at"`
	Digest string    `json:"digest"` // of the whole state, as waymark doctor --digest prints it
	SHA256 string    `json:"sha256"` // of the file
	Bytes  int64     `json:"bytes"`
	// Migration is the latest change of the schema. A newer program changes the copy further, so that
	// its digest is another; then the file's own digest and the database's checks have to do.
	Migration string `json:"migration"`
	// Sealed says that what is about people is under their keys, which stand elsewhere.
	Sealed bool `json:"sealed"`
	// Gone is of how many people the keys were gone when it was restored or checked: they were erased
	// since, and nothing of them came back.
	Gone int `json:"gone,omitempty"`
}

const (
	backupSchema = "waymark-backup/1"
	backupName   = "backup.json"
)

// Backup copies the embedded database into a new folder while it is used, as of one moment. Where a
// file for the key ring is named, what is about people is sealed under a key for each, and the key ring
// written there.
func (db *DB) Backup(ctx context.Context, dir, keys string) (b Backup, err error) {
	if db.dialect.bulk {
		return b, fault.New(fault.Invalid, "A PostgreSQL database is backed up by its own tools, such as pg_dump or continuous archiving; see docs/operations.md.")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return b, fault.New(fault.Conflict, "%s is there already. Name a new folder for each backup.", dir)
		}
		return b, fault.Wrap(fault.Invalid, err, "The folder %s cannot be made", dir)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	var before KeyRing
	if keys != "" {
		if before, err = db.allKeys(ctx); err != nil {
			return b, err
		}
	}
	file := filepath.Join(dir, FileName)
	b = Backup{Sealed: keys != "", Schema: backupSchema, At: db.now().UTC(), Migration: latestMigration()}
	// On a connection of its own, so that others go on writing.
	own, err := sql.Open("sqlite", db.dsn)
	if err != nil {
		return b, err
	}
	defer own.Close()
	if _, err := own.ExecContext(ctx, `VACUUM INTO $1`, file); err != nil {
		return b, fault.Wrap(fault.Invalid, db.dialect.fault(err), "The backup could not be written. Is there room on the disk?")
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return b, err
	}
	if b.Digest, _, err = copyDigest(ctx, file, nil, db.now); err != nil {
		return b, err
	}
	if b.Sealed {
		// Who came in meanwhile may be in the copy, and needs a key; who was erased must not be in it.
		ring, err := db.allKeys(ctx)
		if err == nil && ring.lacks(before) {
			err = fault.New(fault.Conflict, "Somebody was erased while the backup was made. Make it anew.")
		}
		if err == nil {
			err = errors.Join(sealFile(ctx, dir, ring, db.now), ring.write(keys))
		}
		if err != nil {
			return b, err
		}
	}
	if b.SHA256, b.Bytes, err = fileDigest(file); err != nil {
		return b, err
	}
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return b, err
	}
	return b, os.WriteFile(filepath.Join(dir, backupName), append(raw, '\n'), 0o600)
}

func fileDigest(path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), n, err
}

// copyDigest opens a copy of a database file elsewhere, checks it and digests its state; the file
// itself is only read. With a key ring, what is sealed in the copy is put back first; gone is of how
// many people the keys are gone.
func copyDigest(ctx context.Context, file string, ring *KeyRing, now func() time.Time) (digest string, gone int, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(filepath.Dir(file)), ".waymark-check-")
	if err != nil {
		return "", 0, err
	}
	defer os.RemoveAll(dir)
	if err := copyFile(file, filepath.Join(dir, FileName)); err != nil {
		return "", 0, err
	}
	return digestOf(ctx, dir, ring, now)
}

func digestOf(ctx context.Context, dir string, ring *KeyRing, now func() time.Time) (digest string, gone int, err error) {
	db, err := Open(ctx, Config{Dir: dir, Now: now})
	if err != nil {
		return "", 0, err
	}
	defer db.Close()
	sealed, err := db.sealedIn(ctx)
	if err != nil {
		return "", 0, err
	}
	if sealed {
		if ring == nil {
			return "", 0, fault.New(fault.Invalid, "This backup is sealed: name the key ring with --keys FILE.")
		}
		if gone, err = db.unseal(ctx, *ring); err != nil {
			return "", 0, err
		}
	}
	found, err := db.Check(ctx)
	if err != nil {
		return "", 0, err
	}
	if len(found) > 0 && gone == 0 {
		return "", 0, fault.New(fault.Invalid, "The database is damaged: %s.", strings.Join(found[:min(len(found), 3)], "; "))
	}
	digest, err = db.Digest(ctx)
	return digest, gone, err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// readBackup reads what a backup says of itself and holds the file against it.
func readBackup(dir string) (b Backup, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, backupName))
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	if err != nil || b.Schema != backupSchema {
		return b, fault.New(fault.Invalid, "%s is no backup: its %s is missing or cannot be read.", dir, backupName)
	}
	sum, n, err := fileDigest(filepath.Join(dir, FileName))
	if err != nil {
		return b, fault.Wrap(fault.Invalid, err, "%s: %s cannot be read", dir, FileName)
	}
	if sum != b.SHA256 || n != b.Bytes {
		return b, fault.New(fault.Invalid, "%s: %s is not the file that was written (%d bytes, sha256 %s). Use another backup.", dir, FileName, n, sum)
	}
	return b, nil
}

// comparable reports whether the state of a restored backup must be the one that was written: not where
// a newer program has changed it further, or where people were erased since.
func (b Backup) comparable() bool { return b.Migration == latestMigration() && b.Gone == 0 }

// CheckBackup proves a backup: it is restored beside, checked, and its state compared with the one
// that was written.
func CheckBackup(ctx context.Context, dir string, ring *KeyRing, now func() time.Time) (Backup, error) {
	b, err := readBackup(dir)
	if err != nil {
		return b, err
	}
	digest, gone, err := copyDigest(ctx, filepath.Join(dir, FileName), ring, now)
	b.Gone = gone
	if err == nil && digest != b.Digest && b.comparable() {
		err = fault.New(fault.Invalid, "%s can be opened, but holds another state than was written (%s; written was %s). Use another backup.", dir, digest, b.Digest)
	}
	return b, err
}

// Restore puts a backup into a data folder that holds no database yet, and proves it there.
func Restore(ctx context.Context, dir, to string, ring *KeyRing, now func() time.Time) (Backup, error) {
	b, err := readBackup(dir)
	if err != nil {
		return b, err
	}
	file := filepath.Join(to, FileName)
	if _, err := os.Stat(file); err == nil {
		return b, fault.New(fault.Conflict, "%s holds a database already. Restore into a new folder, and keep the old one until all is well.", to)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return b, fault.Wrap(fault.Invalid, err, "The folder %s cannot be made", to)
	}
	err = copyFile(filepath.Join(dir, FileName), file)
	if err == nil {
		var digest string
		if digest, b.Gone, err = digestOf(ctx, to, ring, now); err == nil && digest != b.Digest && b.comparable() {
			err = fault.New(fault.Invalid, "%s holds another state than was written. Use another backup.", dir)
		}
	}
	if err != nil {
		return b, errors.Join(err, os.Remove(file))
	}
	return b, nil
}
