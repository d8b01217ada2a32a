package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// options are the flags that commands share.
type options struct {
	data     string
	url      string
	district string
	json     bool
}

func (o *options) declare(fs *flag.FlagSet, e *env) {
	fs.StringVar(&o.data, "data", e.getenv("WAYMARK_DATA"), "`folder` of the embedded database; made if absent (default ./waymark-data)")
	fs.StringVar(&o.url, "database-url", e.getenv("WAYMARK_DATABASE_URL"), "`address` of a PostgreSQL database, instead of --data")
	fs.StringVar(&o.district, "district", "", "`id` of the district, needed where the store holds several")
	fs.BoolVar(&o.json, "json", false, "print the result as JSON")
}

func (o *options) open(ctx context.Context, e *env) (*store.DB, error) {
	if o.data != "" && o.url != "" && e.getenv("WAYMARK_DATA") != o.data && e.getenv("WAYMARK_DATABASE_URL") != o.url {
		return nil, usage("give --data or --database-url, not both")
	}
	dir := o.data
	if dir == "" {
		dir = "waymark-data"
	}
	return store.Open(ctx, store.Config{Dir: dir, URL: o.url, Now: e.now})
}

// theDistrict returns the district that a command is about; make says that a store
// without one gets it.
func (o *options) theDistrict(ctx context.Context, db *store.DB, make bool) (roster.DistrictID, error) {
	all, err := db.Districts(ctx)
	if err != nil {
		return "", err
	}
	if o.district != "" {
		for _, d := range all {
			if string(d.ID) == o.district {
				return d.ID, nil
			}
		}
		if !make {
			return "", fault.New(fault.NotFound, "There is no district %q.", o.district)
		}
		id := roster.DistrictID(o.district)
		return id, db.EnsureDistrict(ctx, roster.District{ID: id, Name: o.district})
	}
	switch {
	case len(all) == 1:
		return all[0].ID, nil
	case len(all) > 1:
		var ids []string
		for _, d := range all {
			ids = append(ids, string(d.ID))
		}
		return "", usage("this store holds several districts; name one with --district: %s", strings.Join(ids, ", "))
	case !make:
		return "", fault.New(fault.NotFound, "This store is empty. Begin with: waymark import oneroster FILE.zip")
	}
	return "main", db.EnsureDistrict(ctx, roster.District{ID: "main", Name: "District"})
}

// print writes a result to standard output, as JSON or as text says it. The text holds nothing
// from a file that a terminal would obey.
func (o *options) print(e *env, v any, text func(w io.Writer)) error {
	if !o.json {
		var b strings.Builder
		text(&b)
		_, err := io.WriteString(e.stdout, printable(b.String()))
		return err
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// commands is the whole command tree.
func commands(e *env) *command {
	return &command{
		name:  "waymark",
		short: "Waymark is the personalized-learning system for K–12 schools.",
		sub: []*command{
			demoCommand(e), serveCommand(e), importCommand(e), peopleCommand(e), accountCommand(e), learnerCommand(e), assessCommand(e), simulateCommand(e), proposeCommand(e), groupsCommand(), flexCommand(), studyCommand(), exportCommand(e), backupCommand(e), restoreCommand(e), auditCommand(e), inventoryCommand(e), packetCommand(e), doctorCommand(e), completionCommand(e),
			{name: "version", short: "Print the version.", run: func(_ context.Context, e *env, _ []string) error {
				fmt.Fprintln(e.stdout, version())
				return nil
			}},
		},
	}
}

func doctorCommand(e *env) *command {
	var o options
	var digest bool
	return &command{
		name: "doctor", args: "[--digest]", short: "Check the store, or print one digest of its whole state.",
		long:     "The digest is equal for equal states, also between the embedded database and PostgreSQL.",
		examples: []string{"waymark doctor --data waymark-data", "waymark doctor --digest --database-url postgres://waymark@db/waymark"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.BoolVar(&digest, "digest", false, "print only the digest of the state")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			if digest {
				d, err := db.Digest(ctx)
				if err != nil {
					return err
				}
				return o.print(e, struct {
					Digest string `json:"digest"`
				}{d}, func(w io.Writer) { fmt.Fprintln(w, d) })
			}
			found, err := db.Check(ctx)
			if err != nil {
				return err
			}
			err = o.print(e, struct {
				Problems []string `json:"problems"`
			}{append([]string{}, found...)}, func(w io.Writer) {
				if len(found) == 0 {
					fmt.Fprintln(w, "All is well.")
				}
				for _, f := range found {
					fmt.Fprintln(w, f)
				}
			})
			if err == nil && len(found) > 0 {
				err = errRefused
			}
			return err
		},
	}
}

// readable opens a file for import.
func readable(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fault.Wrap(fault.Invalid, err, "%s cannot be opened. Is the name right, and may you read it?", name)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	if st.IsDir() {
		f.Close()
		return nil, 0, fault.New(fault.Invalid, "%s is a folder; name a file.", filepath.Base(name))
	}
	return f, st.Size(), nil
}
