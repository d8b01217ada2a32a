package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"time"

	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/store"
)

func peopleCommand(e *env) *command {
	return &command{
		name: "people", short: "People: merge two records, keep one from being erased, erase what is held of somebody.",
		sub: []*command{mergeCommand(e), holdCommand(e), eraseCommand(e), purgeCommand(e)},
	}
}

func mergeCommand(e *env) *command {
	var o options
	return &command{
		name: "merge", args: "KEEP GONE", short: "Make one person of two records of the same human being.", operands: 2,
		long: `KEEP and GONE are user names, identifiers or sourcedIds. What GONE showed, is enrolled in and is related to becomes KEEP's,
and later rosters may go on sending both. waymark import undo takes it back.`,
		examples: []string{"waymark people merge 604863 704863"},
		flags:    func(fs *flag.FlagSet) { o.declare(fs, e) },
		run: func(ctx context.Context, e *env, args []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				var people [2]roster.Person
				var err error
				for i, ref := range args {
					if people[i], err = db.PersonBy(ctx, d, ref); err != nil {
						return err
					}
				}
				s, err := db.Merge(ctx, d, people[0].ID, people[1].ID, "")
				if err != nil {
					return err
				}
				if err := record(ctx, db, d, "people merge", string(people[0].ID)+" "+string(people[1].ID)); err != nil {
					return err
				}
				return o.print(e, s, func(w io.Writer) { writeSummary(w, s, false) })
			})
		},
	}
}

func holdCommand(e *env) *command {
	var o options
	var because string
	var lift bool
	return &command{
		name: "hold", args: "PERSON --because TEXT | PERSON --lift", short: "Keep a record from being erased, or no longer.", operands: 1,
		examples: []string{"waymark people hold 604863 --because \"an open request for correction\"", "waymark people hold 604863 --lift"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&because, "because", "", "why, in `words` without names")
			fs.BoolVar(&lift, "lift", false, "hold it no longer")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				p, err := db.PersonEver(ctx, d, args[0])
				if err != nil {
					return err
				}
				if err := db.SetHold(ctx, d, guard.Hold{Person: p.ID, Because: because}, lift); err != nil {
					return err
				}
				what := "people hold"
				if lift {
					what = "people hold --lift"
				}
				if err := record(ctx, db, d, what, string(p.ID)); err != nil {
					return err
				}
				holds, err := db.Holds(ctx, d)
				if err != nil {
					return err
				}
				return o.print(e, holds, func(w io.Writer) { fmt.Fprintf(w, "Records that are held: %d\n", len(holds)) })
			})
		},
	}
}

func eraseCommand(e *env) *command {
	var o options
	var because, key, certificate, keys string
	return &command{
		name: "erase", args: "PERSON --because TEXT --key FILE --certificate FILE", short: "Take away all that is held of somebody, with a signed certificate.", operands: 1,
		long: `What past imports would bring back goes too. The audit log stays, which names people by id alone; and backups hold the record until they are replaced, or, where they are sealed (waymark backup --keys), until the key ring is written anew, which --keys does.
There is no way back: export the record first (waymark export student).`,
		examples: []string{"waymark people erase 604863 --because \"asked by the family\" --key audit-key.pem --certificate erased.json"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&because, "because", "", "why, in `words` without names")
			fs.StringVar(&key, "key", "", "`file` of the key to sign with, as waymark audit key makes it")
			fs.StringVar(&keys, "keys", "", "`file` of the key ring of sealed backups, to write anew at once")
			fs.StringVar(&certificate, "certificate", "", "`file` to write; must not be there yet")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if key == "" || certificate == "" {
				return usage("--key and --certificate are needed: whoever asked gets a signed statement")
			}
			private, err := signingKey(key)
			if err != nil {
				return err
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				p, err := db.PersonEver(ctx, d, args[0])
				if err != nil {
					return err
				}
				var erased store.Erased
				err = writeNew(certificate, func(w io.Writer) error {
					var err error
					if erased, err = db.Erase(ctx, d, p.ID, because); err != nil {
						return err
					}
					if keys != "" {
						if err := db.WriteKeys(ctx, keys); err != nil {
							return err
						}
					}
					c, err := guard.Certify(erased, private)
					if err != nil {
						return err
					}
					return json.NewEncoder(w).Encode(c)
				})
				if err != nil {
					return err
				}
				return o.print(e, erased, func(w io.Writer) { writeErased(w, erased) })
			})
		},
	}
}

func writeErased(w io.Writer, x store.Erased) {
	n := int64(0)
	for _, rows := range x.Rows {
		n += rows
	}
	fmt.Fprintf(w, "%d rows of %d tables are erased. What stays: %s\n", n, len(x.Rows), x.Left)
}

func purgeCommand(e *env) *command {
	var o options
	var before string
	var dryRun bool
	return &command{
		name: "purge", args: "--left-before DAY [--dry-run]", short: "Erase the records of students who left before a day.",
		long:     "Records that are held stay. Run it each year with the day that your retention schedule says; --dry-run only counts.",
		examples: []string{"waymark people purge --left-before 2020-07-01 --dry-run"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&before, "left-before", "", "`day`, as 2020-07-01")
			fs.BoolVar(&dryRun, "dry-run", false, "only say how many")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			day, err := time.Parse(time.DateOnly, before)
			if err != nil {
				return usage("--left-before is a day, such as 2020-07-01")
			}
			if !day.Before(e.now()) {
				return usage("--left-before must lie in the past")
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				gone, err := db.LeftBefore(ctx, d, day)
				if err != nil {
					return err
				}
				if !dryRun {
					for _, p := range gone {
						if _, err := db.Erase(ctx, d, p, "left before "+before); err != nil {
							return err
						}
					}
				}
				return o.print(e, struct {
					Students int  `json:"students"`
					DryRun   bool `json:"dryRun"`
				}{len(gone), dryRun}, func(w io.Writer) {
					what := "are erased"
					if dryRun {
						what = "would be erased"
					}
					fmt.Fprintf(w, "The records of %d students %s.\n", len(gone), what)
				})
			})
		},
	}
}

func exportStudentCommand(e *env) *command {
	var o options
	var out string
	return &command{
		name: "student", args: "PERSON --out FILE.zip", short: "Write all that is held of one child: as data, and to read.", operands: 1,
		long:     "The file holds record.json, with what each field is for, and record.html, which any browser shows and prints. It holds what staff wrote too: decide who may have it before you hand it on.",
		examples: []string{"waymark export student 604863 --out 604863.zip"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&out, "out", "", "`file` to write; must not be there yet")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if out == "" {
				return usage("--out is missing")
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				p, err := db.PersonEver(ctx, d, args[0])
				if err != nil {
					return err
				}
				var parts []guard.RecordPart
				err = writeNew(out, func(w io.Writer) error {
					err := record(ctx, db, d, "export student", string(p.ID))
					if err == nil {
						parts, err = db.RecordOf(ctx, d, p.ID)
					}
					if err == nil {
						err = guard.WriteRecord(w, p, parts, e.now())
					}
					return err
				})
				if err != nil {
					return err
				}
				return o.print(e, struct {
					Tables int    `json:"tables"`
					File   string `json:"file"`
				}{len(parts), out}, func(w io.Writer) {
					fmt.Fprintf(w, "%s holds what %d tables know of %s.\n", out, len(parts), p.Name())
				})
			})
		},
	}
}
