package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/store"
)

func exportCommand(e *env) *command {
	var o options
	var out string
	return &command{
		name: "export", short: "Take all that a district holds out, in open formats.",
		sub: []*command{exportStudentCommand(e), {
			name: "district", args: "--out FILE.zip", short: "Write all of a district as one file.",
			long: `A zip file of one NDJSON file for each table, with manifest.json: columns, what they are for, counts, digests. Passwords, links and sessions are not in it.
waymark import district brings it into an empty database as the same state. Whoever has the file has the records of all children: keep it so.`,
			examples: []string{"waymark export district --out valley.zip --data waymark-data"},
			flags: func(fs *flag.FlagSet) {
				o.declare(fs, e)
				fs.StringVar(&out, "out", "", "`file` to write; must not be there yet")
			},
			run: func(ctx context.Context, e *env, _ []string) error {
				if out == "" {
					return usage("--out is missing")
				}
				return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
					var a guard.Archive
					err := writeNew(out, func(w io.Writer) error {
						err := errors.Join(record(ctx, db, d, "export district", filepath.Base(out)), db.SealReads(ctx, d))
						if err == nil {
							a, err = db.WriteArchive(ctx, d, w)
						}
						return err
					})
					if err != nil {
						return err
					}
					return o.print(e, a, func(w io.Writer) {
						rows := 0
						for _, t := range a.Tables {
							rows += t.Rows
						}
						fmt.Fprintf(w, "%s holds %d rows of %d tables. Digest of the state: %s\n", out, rows, len(a.Tables), a.Digest)
					})
				})
			},
		}},
	}
}

func importDistrictCommand(e *env) *command {
	var o options
	return &command{
		name: "district", args: "FILE.zip", short: "Bring a whole district, as waymark export district wrote it, into an empty database.", operands: 1,
		long:     "All of it comes in, or nothing. What was changed in the file since it was written is found. Everybody needs a new link or password afterwards: those do not leave a district.",
		examples: []string{"waymark import district valley.zip --data new-data", "waymark doctor --digest --data new-data"},
		flags:    func(fs *flag.FlagSet) { o.declare(fs, e) },
		run: func(ctx context.Context, e *env, args []string) error {
			f, size, err := readable(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			a, err := db.ReadArchive(ctx, f, size, filepath.Base(args[0]))
			if err != nil {
				return err
			}
			return o.print(e, a, func(w io.Writer) {
				fmt.Fprintf(w, "The district is here. Digest of the state: %s, as it was written.\n", a.Digest)
			})
		},
	}
}

func inventoryCommand(e *env) *command {
	var o options
	return &command{
		name: "inventory", short: "Print what is held, of whom, what for, and how long.",
		examples: []string{"waymark inventory --json"},
		flags:    func(fs *flag.FlagSet) { o.declare(fs, e) },
		run: func(ctx context.Context, e *env, _ []string) error {
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			held, err := db.Inventory(ctx)
			if err != nil {
				return err
			}
			return o.print(e, held, func(w io.Writer) {
				for _, h := range held {
					fmt.Fprintf(w, "%s: %s (about %s, kept as %s)\n", h.Table, h.Purpose, h.About, h.Keep)
					for _, c := range slices.Sorted(maps.Keys(h.Columns)) {
						fmt.Fprintf(w, "  %-18s %s\n", c, h.Columns[c])
					}
				}
			})
		},
	}
}

func backupCommand(e *env) *command {
	var o options
	var out, keys string
	return &command{
		name: "backup", args: "--out FOLDER [--keys FILE]", short: "Copy the embedded database into a new folder while it is used.",
		long: `The copy is of one moment, checked, and described in backup.json. Keep it on another machine. With --keys, all that is about people is sealed under a
key for each person, and the keys are written to FILE, in the place of the last ones: keep that apart from the backups. Who is erased cannot be read in any sealed backup any more. A PostgreSQL database is backed up by its own tools:
docs/operations.md.`,
		examples: []string{"waymark backup --out backups/2026-11-23 --data waymark-data"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&out, "out", "", "`folder` to make")
			fs.StringVar(&keys, "keys", "", "`file` of the key ring, to seal what is about people")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if out == "" {
				return usage("--out is missing")
			}
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			b, err := db.Backup(ctx, out, keys)
			if err != nil {
				return err
			}
			return o.print(e, b, func(w io.Writer) {
				fmt.Fprintf(w, "%s holds %d bytes. Digest of the state: %s\n", out, b.Bytes, b.Digest)
			})
		},
	}
}

func restoreCommand(e *env) *command {
	var o options
	var check bool
	var keys string
	return &command{
		name: "restore", args: "BACKUP [--check] [--keys FILE]", short: "Bring a backup back into a new data folder, or prove that it could be.", operands: 1,
		long:     "The file is held against what was written of it, opened, checked, and its state compared. --check does so beside and keeps nothing. A folder that holds a database is left alone.",
		examples: []string{"waymark restore backups/2026-11-23 --check", "waymark restore backups/2026-11-23 --data new-data"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.BoolVar(&check, "check", false, "only prove that it can be restored")
			fs.StringVar(&keys, "keys", "", "`file` of the key ring of a sealed backup")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			var ring *store.KeyRing
			if keys != "" {
				r, err := store.ReadKeys(keys)
				if err != nil {
					return err
				}
				ring = &r
			}
			if check {
				b, err := store.CheckBackup(ctx, args[0], ring, e.now)
				if err != nil {
					return err
				}
				return o.print(e, b, func(w io.Writer) {
					fmt.Fprintf(w, "It can be restored: the state of %s, digest %s.\n", b.At.Format("2006-01-02 15:04 MST"), b.Digest)
					writeGone(w, b)
				})
			}
			if o.data == "" {
				return usage("--data is missing: it names the new folder")
			}
			b, err := store.Restore(ctx, args[0], o.data, ring, e.now)
			if err != nil {
				return err
			}
			return o.print(e, b, func(w io.Writer) {
				fmt.Fprintf(w, "%s holds the state of %s, digest %s.\n", o.data, b.At.Format("2006-01-02 15:04 MST"), b.Digest)
				writeGone(w, b)
			})
		},
	}
}

func writeGone(w io.Writer, b store.Backup) {
	if b.Gone > 0 {
		fmt.Fprintf(w, "The keys of %d people are gone: they were erased since, and nothing of them came back.\n", b.Gone)
	}
}
