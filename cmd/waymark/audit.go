package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// record writes down what was done from the command line.
func record(ctx context.Context, db *store.DB, d roster.DistrictID, what, on string) error {
	return db.RecordDeed(ctx, guard.Deed{District: d, What: "waymark " + what, On: on})
}

func auditCommand(e *env) *command {
	return &command{
		name: "audit", short: "Who did what: read, sign and verify the log that nobody can change unseen.",
		long: "Each entry holds the digest of the one before. Looks at records are sealed in it every minute. A signed checkpoint that is printed or mailed shows later that nothing before it was changed or cut off.",
		sub:  []*command{auditVerifyCommand(e), auditListCommand(e), auditCheckpointCommand(e), auditCertificateCommand(), auditKeyCommand()},
	}
}

func auditVerifyCommand(e *env) *command {
	var o options
	var trusted string
	return &command{
		name: "verify", args: "[CHECKPOINT.json] [--public-key KEY]", short: "Find what was altered, taken out, moved or cut off.", operands: -1,
		long: `Exit code 1 if something is not as it was written; each finding names its entry. The checkpoints that the database holds are always compared; name one
that was kept elsewhere, since whoever can rewrite the log can rewrite those. --public-key says whose signature is trusted.`,
		examples: []string{"waymark audit verify --data waymark-data", "waymark audit verify checkpoint-november.json --public-key KEY"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&trusted, "public-key", "", "Ed25519 `key` in base64 that checkpoints must be signed with")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			var kept []guard.Checkpoint
			for _, path := range args {
				c, err := readFile(path, func(r io.Reader) (c guard.Checkpoint, err error) {
					if err = json.NewDecoder(r).Decode(&c); err != nil {
						return c, fault.New(fault.Invalid, "this is no checkpoint (%v)", err)
					}
					return c, c.Check(trusted)
				})
				if err != nil {
					return err
				}
				kept = append(kept, c)
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				for _, c := range kept {
					if c.District != d {
						return fault.New(fault.Invalid, "The checkpoint is of the district %s, not of %s.", c.District, d)
					}
				}
				v, err := db.VerifyAudit(ctx, d, kept)
				if err != nil {
					return err
				}
				for _, c := range v.Checkpoints {
					if wrong := c.Check(trusted); wrong != nil {
						v.Breaches = append(v.Breaches, guard.Breach{Number: c.Number, Kind: "checkpoint", Says: fault.Sentence(wrong)})
					}
				}
				err = o.print(e, struct {
					Entries     int64          `json:"entries"`
					Checkpoints int            `json:"checkpoints"`
					Breaches    []guard.Breach `json:"breaches"`
				}{v.Count, len(v.Checkpoints), append([]guard.Breach{}, v.Breaches...)}, func(w io.Writer) {
					for _, b := range v.Breaches {
						fmt.Fprintf(w, "entry %d: %s: %s\n", b.Number, b.Kind, b.Says)
					}
					if len(v.Breaches) == 0 {
						fmt.Fprintf(w, "%d entries are as they were written; %d checkpoints agree.\n", v.Count, len(v.Checkpoints))
					}
				})
				if err == nil && len(v.Breaches) > 0 {
					err = errRefused
				}
				return err
			})
		},
	}
}

func auditListCommand(e *env) *command {
	var o options
	var from int64
	var most int
	return &command{
		name: "list", args: "[--from NUMBER] [--most N]", short: "Print entries of the log.",
		examples: []string{"waymark audit list --from 1200 --json"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.Int64Var(&from, "from", 1, "first `number`")
			fs.IntVar(&most, "most", 1000, "at most so `many`")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				list, err := db.Deeds(ctx, d, from, most)
				if err != nil {
					return err
				}
				return o.print(e, list, func(w io.Writer) {
					for _, x := range list {
						by := string(x.Actor)
						if by == "" {
							by = "command line"
						}
						fmt.Fprintf(w, "%6d  %s  %-28s %s %s %s\n", x.Number, x.At.UTC().Format(time.RFC3339), by, x.What, x.On, x.Detail)
					}
				})
			})
		},
	}
}

func auditCheckpointCommand(e *env) *command {
	var o options
	var keyFile string
	return &command{
		name: "checkpoint", args: "--key FILE [--json]", short: "Sign the state of the log, to be kept elsewhere.",
		examples: []string{"waymark audit checkpoint --key audit-key.pem --json > checkpoint-november.json"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&keyFile, "key", "", "`file` of the Ed25519 key (PEM, PKCS 8), as waymark audit key makes it")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if keyFile == "" {
				return usage("--key is missing: it names the file of the key to sign with")
			}
			key, err := signingKey(keyFile)
			if err != nil {
				return err
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				c, err := db.SignCheckpoint(ctx, d, key)
				if err != nil {
					return err
				}
				return o.print(e, c, func(w io.Writer) {
					fmt.Fprintf(w, "Audit log of district %s up to entry %d\n  digest     %s\n  signed     %s\n  public key %s\n  signature  %s\n", c.District, c.Number, c.Digest, c.At.UTC().Format(time.RFC3339), c.Key, c.Signature)
				})
			})
		},
	}
}

func auditCertificateCommand() *command {
	var o options
	var trusted string
	return &command{
		name: "certificate", args: "FILE [--public-key KEY]", short: "Check a certificate that somebody was erased, and print what it says.", operands: 1,
		long:     "Needs no database: whoever was given the file checks it. Exit code 1 if it is not as it was signed, or signed by another key than the school's.",
		examples: []string{"waymark audit certificate erased.json --public-key KEY"},
		flags: func(fs *flag.FlagSet) {
			fs.StringVar(&trusted, "public-key", "", "Ed25519 `key` in base64 that it must be signed with")
			fs.BoolVar(&o.json, "json", false, "print what it says as JSON")
		},
		run: func(_ context.Context, e *env, args []string) error {
			var says store.Erased
			c, err := readFile(args[0], func(r io.Reader) (c guard.Certificate, err error) {
				if err = json.NewDecoder(io.LimitReader(r, mostCertificate)).Decode(&c); err == nil && len(c.Says) == 0 {
					err = errors.New("it says nothing")
				}
				if err == nil {
					err = json.Unmarshal(c.Says, &says)
				}
				if err != nil {
					return c, fault.New(fault.Invalid, "this is no certificate (%v)", err)
				}
				return c, c.Check(trusted)
			})
			if err != nil {
				return err
			}
			return o.print(e, says, func(w io.Writer) {
				fmt.Fprintf(w, "As it was signed, with the key %s. In the district %s, on %s, %s was erased: %s\n", c.Key, says.District, says.At.UTC().Format(time.RFC3339), says.Person, says.Because)
				writeErased(w, says)
			})
		},
	}
}

// mostCertificate bounds how much is read of a certificate; one is a few kB.
const mostCertificate = 1 << 20

func signingKey(path string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s cannot be read: %v.", path, errors.Unwrap(err))
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fault.New(fault.Invalid, "%s holds no key. Make one with waymark audit key --out FILE.", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fault.New(fault.Invalid, "%s holds no Ed25519 key. Make one with waymark audit key --out FILE.", path)
	}
	return private, nil
}

func auditKeyCommand() *command {
	var out string
	return &command{
		name: "key", args: "--out FILE", short: "Make a key to sign checkpoints with.",
		long:     "Keep the file where the server cannot read it; give the public key, which is printed, to whoever verifies.",
		examples: []string{"waymark audit key --out audit-key.pem"},
		flags:    func(fs *flag.FlagSet) { fs.StringVar(&out, "out", "", "`file` to write; must not be there yet") },
		run: func(_ context.Context, e *env, _ []string) error {
			if out == "" {
				return usage("--out is missing")
			}
			public, private, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				return err
			}
			raw, err := x509.MarshalPKCS8PrivateKey(private)
			if err != nil {
				return err
			}
			if err := writeNew(out, func(w io.Writer) error { return pem.Encode(w, &pem.Block{Type: "PRIVATE KEY", Bytes: raw}) }); err != nil {
				return err
			}
			fmt.Fprintln(e.stdout, base64.StdEncoding.EncodeToString(public))
			return nil
		},
	}
}
