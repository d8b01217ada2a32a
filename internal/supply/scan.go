package supply

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/vuln/scan"

	"waymark/internal/fault"
)

// Use is how far a program uses what has a weakness.
type Use int

// From a module that is required, to a function that is part of the program.
const (
	Required Use = iota
	Imported
	Called
)

func (u Use) String() string {
	return [...]string{"the module alone", "the package", "functions"}[u]
}

// MarshalText writes a use as it is said.
func (u Use) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// Finding is a known weakness of something that the program is made of.
type Finding struct {
	ID      string `json:"id"`
	Summary string `json:"summary"`
	Module  string `json:"module"`
	Version string `json:"version"`
	Fixed   string `json:"fixed,omitempty"` // the version that mends it
	Used    Use    `json:"used"`
}

// Scan is what a search for known weaknesses found.
type Scan struct {
	Scanner  string    `json:"scanner"`
	Modified time.Time `json:"databaseOf"`
	Findings []Finding `json:"findings"`
}

// Search looks for known weaknesses of the running program, in a folder that holds the Go vulnerability
// database as https://vuln.go.dev/vulndb.zip does. It asks nothing of the network.
func Search(ctx context.Context, folder string) (Scan, error) {
	self, err := os.Executable()
	if err != nil {
		return Scan{}, fmt.Errorf("find this program: %w", err)
	}
	return search(ctx, folder, self)
}

func search(ctx context.Context, folder, program string) (Scan, error) {
	at, err := filepath.Abs(folder)
	if err != nil {
		return Scan{}, fmt.Errorf("find %s: %w", folder, err)
	}
	// The scanner finds nothing where the list of modules is cut off, and does not say so.
	var modules []struct{ Path string }
	if raw, err := os.ReadFile(filepath.Join(at, "index", "modules.json")); err != nil || json.Unmarshal(raw, &modules) != nil || len(modules) == 0 {
		return Scan{}, fault.New(fault.Invalid, "%s holds no Go vulnerability database, or a part of one. Unpack https://vuln.go.dev/vulndb.zip there: the folder then has index/modules.json.", folder)
	}
	var out, problems bytes.Buffer
	c := scan.Command(ctx, "-mode=binary", "-json", "-db=file://"+filepath.ToSlash(at), program)
	c.Stdout, c.Stderr = &out, &problems
	if err := errors.Join(c.Start(), c.Wait()); err != nil {
		return Scan{}, fault.Wrap(fault.Invalid, err, "The database of weaknesses in %s cannot be used: %s", folder, strings.TrimSpace(problems.String()))
	}
	return found(&out)
}

// found reads what the scanner writes: a run of messages, each with one field.
func found(r io.Reader) (Scan, error) {
	s := Scan{Findings: []Finding{}}
	summaries := map[string]string{}
	by := map[[2]string]*Finding{}
	for d := json.NewDecoder(r); ; {
		var m struct {
			Config *struct {
				Modified time.Time `json:"db_last_modified"`
			} `json:"config"`
			OSV *struct {
				ID      string `json:"id"`
				Summary string `json:"summary"`
			} `json:"osv"`
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct {
					Module   string `json:"module"`
					Version  string `json:"version"`
					Package  string `json:"package"`
					Function string `json:"function"`
				} `json:"trace"`
			} `json:"finding"`
		}
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return s, fmt.Errorf("read what the scanner found: %w", err)
		}
		switch {
		case m.Config != nil:
			s.Scanner, s.Modified = "govulncheck", m.Config.Modified
		case m.OSV != nil:
			summaries[m.OSV.ID] = m.OSV.Summary
		case m.Finding != nil && len(m.Finding.Trace) > 0:
			x := m.Finding.Trace[0]
			key := [2]string{m.Finding.OSV, x.Module}
			f := by[key]
			if f == nil {
				f = &Finding{ID: m.Finding.OSV, Module: x.Module, Version: x.Version, Fixed: m.Finding.Fixed}
				by[key] = f
			}
			switch {
			case x.Function != "":
				f.Used = Called
			case x.Package != "":
				f.Used = max(f.Used, Imported)
			}
		}
	}
	for _, f := range by {
		f.Summary = summaries[f.ID]
		s.Findings = append(s.Findings, *f)
	}
	slices.SortFunc(s.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Module, b.Module))
	})
	return s, nil
}
