package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/plain"
	"waymark/internal/propose"
	"waymark/internal/roster"
	"waymark/internal/store"
	"waymark/internal/study"
	"waymark/internal/supply"
)

func packetCommand(e *env) *command {
	var o options
	var out, known string
	return &command{
		name: "review-packet", args: "--out FOLDER [--vulnerabilities FOLDER]", short: "All that an outside reviewer needs, in one folder.",
		long: `Which rules propose what, how often people follow them, for whom; what is held and what for; every claim of an effect; what the program is made of, with licences;
how to reckon any number again. JSON for programs and index.html to read. Nothing is asked of the network, and no child is named.
--vulnerabilities searches the program for known weaknesses of its parts, in the Go vulnerability database: unpack https://vuln.go.dev/vulndb.zip and name the folder.`,
		examples: []string{"waymark review-packet --out packet --data waymark-data"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			fs.StringVar(&out, "out", "", "`folder` to make")
			fs.StringVar(&known, "vulnerabilities", "", "`folder` with the Go vulnerability database, as vulndb.zip holds it")
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			if out == "" {
				return usage("--out is missing")
			}
			var scan *supply.Scan
			if known != "" {
				s, err := supply.Search(ctx, known)
				if err != nil {
					return err
				}
				scan = &s
			}
			return o.inDistrict(ctx, e, func(db *store.DB, d roster.DistrictID) error {
				p, err := newPacket(ctx, db, d, scan, e.now())
				if err != nil {
					return err
				}
				if err := os.Mkdir(out, 0o755); err != nil {
					if errors.Is(err, os.ErrExist) {
						return fault.New(fault.Conflict, "%s is there already. Name a new folder.", out)
					}
					return fault.Wrap(fault.Invalid, err, "The folder %s cannot be made", out)
				}
				for _, part := range p.parts {
					raw, err := json.MarshalIndent(part.data, "", "  ")
					if err != nil {
						return err
					}
					if err := os.WriteFile(filepath.Join(out, part.file), append(raw, '\n'), 0o644); err != nil {
						return err
					}
				}
				if err := os.WriteFile(filepath.Join(out, "index.html"), []byte(p.page()), 0o644); err != nil {
					return err
				}
				if err := record(ctx, db, d, "review-packet", filepath.Base(out)); err != nil {
					return err
				}
				return o.print(e, struct {
					Folder string `json:"folder"`
					Files  int    `json:"files"`
				}{out, len(p.parts) + 1}, func(w io.Writer) { fmt.Fprintf(w, "%s holds %d files; begin with index.html.\n", out, len(p.parts)+1) })
			})
		},
	}
}

// packet is what a reviewer gets.
type packet struct {
	district string
	at       time.Time
	parts    []packetPart
}

type packetPart struct {
	file, title, about string
	data               any
	rows               [][]string // what the page shows, the head first
}

// claim is one claim of an effect.
type claim struct {
	Study    string        `json:"study"`
	Question string        `json:"question"`
	Practice string        `json:"practice"`
	Declared time.Time     `json:"declared"`
	Plan     study.Plan    `json:"plan"`
	Result   *study.Result `json:"result,omitempty"`
}

func newPacket(ctx context.Context, db *store.DB, d roster.DistrictID, scan *supply.Scan, at time.Time) (*packet, error) {
	p := &packet{district: string(d), at: at.UTC()}
	uses, err := db.Register(ctx, d)
	if err != nil {
		return nil, err
	}
	rules, err := db.Rules(ctx, d, "")
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"Rule and version", "Decided by", "Proposed", "Decided"}}
	for _, u := range uses {
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(u.Decisions)) {
			parts = append(parts, fmt.Sprintf("%s %d", k, u.Decisions[k]))
		}
		rows = append(rows, []string{u.Rule, u.For, fmt.Sprint(u.Proposed), strings.Join(parts, ", ")})
	}
	for _, r := range rules.List {
		name := string(rules.Name(r.Kind))
		if !slices.ContainsFunc(uses, func(u store.RuleUse) bool { return u.Rule == name }) {
			state := "at work"
			if !r.On {
				state = "off"
			}
			rows = append(rows, []string{name, "teachers", "0", state})
		}
	}
	p.parts = append(p.parts, packetPart{"algorithm-register.json", "What is proposed by rule", "Each version of each rule, how often it proposed something, and what people made of it, by group of students; groups of fewer than ten are hidden. Nothing is decided without a person.",
		struct {
			Rules propose.Rules   `json:"rules"`
			Uses  []store.RuleUse `json:"uses"`
		}{rules, uses}, rows})

	held, err := db.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	rows = [][]string{{"Table", "What for", "About", "Kept as", "Columns"}}
	for _, h := range held {
		rows = append(rows, []string{h.Table, h.Purpose, h.About, string(h.Keep), fmt.Sprint(len(h.Columns))})
	}
	p.parts = append(p.parts, packetPart{"data-inventory.json", "What is held, and what for", "Every table with the purpose of each column. A column without a purpose fails the program's tests.", held, rows})

	kept, err := db.Studies(ctx, d)
	if err != nil {
		return nil, err
	}
	claims := []claim{}
	rows = [][]string{{"Question", "Practice", "Verdict", "Effect (g)", "Design"}}
	for _, k := range kept {
		claims = append(claims, claim{k.ID, k.Plan.Question, k.Plan.Practice, k.At, k.Plan, k.Result})
		row := []string{k.Plan.Question, k.Plan.Practice, "not run yet", "", ""}
		if k.Result != nil {
			x := k.Result.Outcomes[0]
			row[2], row[3], row[4] = string(x.Verdict), fmt.Sprintf("%.2f (%.2f to %.2f)", float64(x.Effect.G), float64(x.Effect.GLow), float64(x.Effect.GHigh)), string(x.Tier)
		}
		rows = append(rows, row)
	}
	p.parts = append(p.parts, packetPart{"evidence-claims.json", "Every claim of an effect", "Declared before it was run, also those that were not run or say “can't tell”. waymark study run on a study's bundle says the same again.", claims, rows})

	v, err := db.VerifyAudit(ctx, d, nil)
	if err != nil {
		return nil, err
	}
	security := []statement{
		{"Authorization", "One door decides every read and change of a record (internal/guard); a test asks every route as everybody (TestEveryRouteDeniesByDefault in internal/web)."},
		{"Audit", fmt.Sprintf("The log has %d entries and %d signed checkpoints; verifying it now found %d breaches.", v.Count, len(v.Checkpoints), len(v.Breaches))},
		{"Pages", "No inline script or style, nothing from elsewhere: tests watch the content security policy and every request of every page."},
		{"Signing in", "Passwords (Argon2id), links that work once, cards for children, services that speak OpenID Connect; a second proof (codes of an app, passkeys) for whom the district asks it."},
		{"Districts", "On PostgreSQL row-level security keeps them apart in the database itself (TestTheDatabaseKeepsDistrictsApart in internal/store); waymark serve says where it does not."},
		{"Known weaknesses", scanned(scan)},
		{"Item by item", "docs/asvs.md goes through OWASP ASVS 5.0, levels 1 and 2, with the test that shows each item, or what is missing; docs/security.md has the threats."},
	}
	p.parts = append(p.parts, packetPart{"security.json", "Security", "What holds, and what is not met.", security, statementRows(security)})

	if scan != nil {
		rows = [][]string{{"Weakness", "What", "Module", "Here", "Mended in", "Used"}}
		for _, f := range scan.Findings {
			rows = append(rows, []string{f.ID, f.Summary, f.Module, f.Version, cmp.Or(f.Fixed, "nothing yet"), f.Used.String()})
		}
		p.parts = append(p.parts, packetPart{"vulnerabilities.json", "Known weaknesses of what the program is made of", scanned(scan), scan, rows})
	}

	bom := supply.Bill(at, version())
	rows = [][]string{{"Module", "Version", "Licence"}}
	for _, c := range bom.Components {
		rows = append(rows, []string{c.Name, c.Version, c.Licence()})
	}
	p.parts = append(p.parts, packetPart{"sbom.cdx.json", "What the program is made of", "CycloneDX 1.5, with licences.", bom, rows})

	access := []statement{
		{"Aim", "WCAG 2.2 at level AA."},
		{"How it is checked", "With every change, axe-core on every page in light, dark, 320 pixels wide and forced colours; text at 200 %, wide spacing and right to left; journeys by keyboard alone (test/browser)."},
		{"What that cannot show", "Programs find a part of what can be wrong. No test with disabled people has been made yet."},
	}
	p.parts = append(p.parts, packetPart{"accessibility.json", "Accessibility", "The aim, how it is checked, and what is not known.", access, statementRows(access)})

	again := []statement{
		{"What a student can do", "Open it and press “Why?”: each piece of evidence, and how the estimate follows. waymark learner replay --check folds the whole log again and compares every estimate, bit by bit."},
		{"Why something is proposed", "“Why this?” or waymark propose explain ID: the rule and its version, what it saw, how its rank came about."},
		{"A plan of flex time, groups", "waymark flex verify and waymark groups verify reckon rules and objective from scratch."},
		{"A claim of an effect", "Download a study's bundle; waymark study run BUNDLE.zip gives the same bytes."},
		{"The state as a whole", "waymark doctor --digest: equal before and after a move, a restore, and between databases."},
		{"Who did what", "waymark audit verify CHECKPOINT.json."},
	}
	p.parts = append(p.parts, packetPart{"recompute.json", "How to reckon any number again", "For each kind of number, the page and the command.", again, statementRows(again)})
	return p, nil
}

// scanned says what a search for known weaknesses found, if there was one.
func scanned(s *supply.Scan) string {
	if s == nil {
		return "Not searched: that needs a database of them. Unpack https://vuln.go.dev/vulndb.zip and name the folder with --vulnerabilities."
	}
	used := 0
	for _, f := range s.Findings {
		if f.Used == supply.Called {
			used++
		}
	}
	return fmt.Sprintf("Of the Go vulnerability database of %s, %d are in modules of this program, and %d of them in functions that are part of it (%s).", s.Modified.UTC().Format(time.DateOnly), len(s.Findings), used, s.Scanner)
}

type statement struct {
	About string `json:"about"`
	Says  string `json:"says"`
}

func statementRows(all []statement) [][]string {
	rows := [][]string{{"About", ""}}
	for _, s := range all {
		rows = append(rows, []string{s.About, s.Says})
	}
	return rows
}

func (p *packet) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<h1>Review packet of district %s</h1><p>Written %s by %s. Each part is a table here and a JSON file beside.</p><ul>\n", html.EscapeString(p.district), p.at.Format("January 2, 2006, 15:04 MST"), html.EscapeString(version()))
	for _, part := range p.parts {
		fmt.Fprintf(&b, `<li><a href="#%[1]s">%[2]s</a> (<a href="%[1]s">%[1]s</a>)</li>`+"\n", part.file, html.EscapeString(part.title))
	}
	b.WriteString("</ul>\n")
	for _, part := range p.parts {
		var head []plain.Heading
		for _, name := range part.rows[0] {
			head = append(head, plain.Heading{Name: name})
		}
		fmt.Fprintf(&b, `<section id="%s"><h2>%s</h2><p>%s</p>%s`, part.file, html.EscapeString(part.title), html.EscapeString(part.about), plain.Table("", head, part.rows[1:]))
		if len(part.rows) == 1 {
			b.WriteString("<p>Nothing yet.</p>")
		}
		b.WriteString("</section>\n")
	}
	return plain.Page("Review packet", b.String())
}
