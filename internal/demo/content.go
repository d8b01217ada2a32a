package demo

import (
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/competency"
)

//go:embed data
var dataFiles embed.FS

// content is what is written by hand in data: frameworks, materials, names, notes.
type content struct {
	frameworks []competency.Framework
	words      []competency.Framework // the competencies in other languages
	byCode     map[string]*comp
	materials  []materialRow
	names      map[string]*heritageNames
	heritages  []string            // in the order of names.tsv
	notes      map[string][]string // by subject and level, such as "math3"
	mapHeader  []string
	sequences  map[string][]*comp // of each subject and grade, such as "math4", in teaching order
}

// comp is a competency with what the simulation needs of it.
type comp struct {
	competency.Competency
	subject string // math, ela, sci, hab
	grade   int    // 0 for kindergarten; -1 for the habits of grades K–5, -2 of 6–12
	before  []*comp
	after   []*comp
}

type heritageNames struct{ f, m, x, family []string }

type materialRow struct {
	code, kind, title   string
	minutes             int
	topic, social, tier string
	language, location  string
}

var subjects = []struct{ key, file, title, subject string }{
	{"math", "framework-mathematics.json", "Cedar Valley Mathematics K–12", "Mathematics"},
	{"ela", "framework-reading-writing.json", "Cedar Valley Reading and Writing K–12", "English Language Arts"},
	{"sci", "framework-science.json", "Cedar Valley Science K–12", "Science"},
	{"hab", "framework-habits.json", "Cedar Valley Habits of Learning", "Habits of Learning"},
}

// tongues are those that the competencies are translated into for families.
var tongues = []struct{ tag, name string }{{"es", "Español"}, {"ar", "العربية"}, {"vi", "Tiếng Việt"}, {"zh-Hans", "简体中文"}, {"ht", "Kreyòl ayisyen"}}

func loadContent() (*content, error) {
	c := &content{byCode: map[string]*comp{}, names: map[string]*heritageNames{}, notes: map[string][]string{}}
	for _, s := range subjects {
		rows, err := table("data/" + s.key + ".tsv")
		if err != nil {
			return nil, err
		}
		f, err := c.framework(s.key, s.title, s.subject, rows)
		if err != nil {
			return nil, err
		}
		c.frameworks = append(c.frameworks, f)
	}
	for _, l := range tongues {
		f, err := c.translation(l.tag, l.name)
		if err != nil {
			return nil, err
		}
		c.words = append(c.words, f)
	}
	c.sequence()
	if err := c.loadMaterials(); err != nil {
		return nil, err
	}
	return c, c.loadPeople()
}

// translation reads what the competencies are called in another language: code, short
// title, student's words.
func (c *content) translation(tag, name string) (competency.Framework, error) {
	f := competency.Framework{
		ID: competency.FrameworkID(guid("framework/words/" + tag)), Title: "Cedar Valley competencies: " + name, Creator: District,
		Language: tag, Version: "1", Licence: "Apache-2.0", Status: "Adopted",
	}
	rows, err := table("data/words-" + tag + ".tsv")
	if err != nil {
		return f, err
	}
	for i, row := range rows {
		if len(row) != 3 || c.byCode[row[0]] == nil {
			return f, fmt.Errorf("demo content words-%s: line %d is not about a competency", tag, i+1)
		}
		of := c.byCode[row[0]]
		id := competency.ID(guid("words/" + tag + "/" + row[0]))
		f.Items = append(f.Items, competency.Competency{ID: id, Framework: f.ID, Code: row[0], Short: row[1], Statement: row[2], Student: row[2],
			Kind: "Competency", Subject: of.Subject, Grades: of.Grades, Position: i + 1})
		f.Edges = append(f.Edges, competency.Edge{From: id, To: of.ID, Kind: competency.Translation})
	}
	return f, nil
}

// table reads a file of data: one record a line, tabs between fields.
func table(name string) ([][]string, error) {
	raw, err := dataFiles.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read demo content: %w", err)
	}
	var rows [][]string
	for line := range strings.Lines(string(raw)) {
		rows = append(rows, strings.Split(strings.TrimRight(line, "\r\n"), "\t"))
	}
	return rows, nil
}

// guid derives an identifier from a name, the same in every seed, so that two demo
// districts speak of the same competencies.
func guid(name string) string {
	sum := sha1.Sum([]byte("cedar valley public schools/" + name))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// gradeOf reads the grade of a code such as MATH.4.FR.2 or HAB.E.PL.1.
func gradeOf(code string) int {
	switch g := strings.Split(code, ".")[1]; g {
	case "K":
		return 0
	case "E":
		return -1
	case "S":
		return -2
	default:
		n, _ := strconv.Atoi(g)
		return n
	}
}

// gradeCode writes a grade as rosters do: KG, 01 … 12.
func gradeCode(g int) string {
	if g == 0 {
		return "KG"
	}
	return fmt.Sprintf("%02d", g)
}

func gradeCodes(from, to int) []string {
	var out []string
	for g := from; g <= to; g++ {
		out = append(out, gradeCode(g))
	}
	return out
}

func (c *comp) grades() []string {
	switch c.grade {
	case -1:
		return gradeCodes(0, 5)
	case -2:
		return gradeCodes(6, 12)
	}
	return []string{gradeCode(c.grade)}
}

// framework reads the lines of a framework: "#code title" for a domain, and code,
// short title, statement, student's words and prerequisites for a competency.
func (c *content) framework(key, title, subject string, rows [][]string) (competency.Framework, error) {
	f := competency.Framework{
		ID: competency.FrameworkID(guid("framework/" + key)), Title: title, Creator: District, Subject: subject,
		Language: "en", Version: "1", Licence: "Apache-2.0", Status: "Adopted",
	}
	var domains []competency.Competency
	members := map[string][]*comp{}
	for _, row := range rows {
		if code, ok := strings.CutPrefix(row[0], "#"); ok {
			domains = append(domains, competency.Competency{
				ID: competency.ID(guid(code)), Framework: f.ID, Code: code, Statement: row[1], Kind: "Domain", Subject: subject, Position: len(domains) + 1,
			})
			continue
		}
		if len(row) != 5 {
			return f, fmt.Errorf("demo content %s: %q has %d fields", key, row[0], len(row))
		}
		parts := strings.Split(row[0], ".")
		domain := parts[0] + "." + parts[2]
		k := &comp{subject: key, grade: gradeOf(row[0])}
		k.Competency = competency.Competency{
			ID: competency.ID(guid(row[0])), Framework: f.ID, Code: row[0], Short: row[1], Statement: row[2], Student: row[3],
			Kind: "Competency", Subject: subject, Parent: competency.ID(guid(domain)), Grades: k.grades(), Position: len(members[domain]) + 1, Assessable: true,
		}
		if c.byCode[row[0]] != nil {
			return f, fmt.Errorf("demo content %s: %q stands twice", key, row[0])
		}
		c.byCode[row[0]] = k
		members[domain] = append(members[domain], k)
	}
	for _, row := range rows {
		if strings.HasPrefix(row[0], "#") {
			continue
		}
		k := c.byCode[row[0]]
		for code := range strings.SplitSeq(row[4], ",") {
			if code == "" {
				continue
			}
			p := c.byCode[code]
			if p == nil {
				return f, fmt.Errorf("demo content %s: %s needs %s, which is not there", key, row[0], code)
			}
			k.before = append(k.before, p)
			p.after = append(p.after, k)
			f.Edges = append(f.Edges, competency.Edge{From: p.ID, To: k.ID, Kind: competency.Prerequisite})
		}
	}
	for _, d := range domains {
		for _, k := range members[d.Code] {
			for _, g := range k.Grades {
				if !slices.Contains(d.Grades, g) {
					d.Grades = append(d.Grades, g)
				}
			}
		}
		f.Items = append(f.Items, d)
		for _, k := range members[d.Code] {
			f.Items = append(f.Items, k.Competency)
		}
	}
	return f, nil
}

// ofGrade returns a subject's competencies of a grade in teaching order.
func (c *content) ofGrade(subject string, grade int) []*comp {
	return c.sequences[subject+strconv.Itoa(grade)]
}

// sequence puts each grade's competencies in teaching order.
func (c *content) sequence() {
	c.sequences = map[string][]*comp{}
	for _, f := range c.frameworks {
		for _, it := range f.Items {
			if k := c.byCode[it.Code]; k != nil {
				key := k.subject + strconv.Itoa(k.grade)
				c.sequences[key] = append(c.sequences[key], k)
			}
		}
	}
	for key, comps := range c.sequences {
		c.sequences[key] = teachingOrder(comps)
	}
}

// teachingOrder puts prerequisites first and otherwise goes through the domains in
// turns, as a school year does.
func teachingOrder(comps []*comp) []*comp {
	last := func(k *comp) int {
		n, _ := strconv.Atoi(k.Code[strings.LastIndexByte(k.Code, '.')+1:])
		return n
	}
	rest := slices.Clone(comps)
	slices.SortStableFunc(rest, func(a, b *comp) int { return last(a) - last(b) })
	var out []*comp
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(k *comp) bool {
			return !slices.ContainsFunc(k.before, func(p *comp) bool { return slices.Contains(rest, p) })
		})
		out = append(out, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return out
}

func (c *content) loadMaterials() error {
	rows, err := table("data/materials.tsv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		for len(r) < 9 {
			r = append(r, "")
		}
		m := materialRow{code: r[0], kind: r[1], title: r[2], topic: r[4], social: r[5], tier: r[6], language: r[7], location: r[8]}
		if m.minutes, err = strconv.Atoi(r[3]); err != nil || c.byCode[m.code] == nil {
			return fmt.Errorf("demo content: material %q has no minutes or no competency", m.title)
		}
		if m.language == "" {
			m.language = "en"
		}
		c.materials = append(c.materials, m)
	}
	return nil
}

func (c *content) loadPeople() error {
	rows, err := table("data/names.tsv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		h := c.names[r[0]]
		if h == nil {
			h = &heritageNames{}
			c.names[r[0]] = h
			c.heritages = append(c.heritages, r[0])
		}
		list := strings.Fields(r[2])
		switch r[1] {
		case "f":
			h.f = list
		case "m":
			h.m = list
		case "x":
			h.x = list
		case "family":
			h.family = list
		}
	}
	rows, err = table("data/notes.tsv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		c.notes[r[0]+r[1]] = append(c.notes[r[0]+r[1]], r[2])
	}
	header, err := dataFiles.ReadFile("data/map-growth-header.csv")
	if err != nil {
		return fmt.Errorf("read demo content: %w", err)
	}
	c.mapHeader = strings.Split(strings.TrimSpace(string(header)), ",")
	return nil
}

// stream returns the random numbers for one purpose, so that a change in one part of
// the district leaves the others as they are.
func stream(seed uint64, purpose string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// share is a value with its weight.
type share[T any] struct {
	v T
	w float64
}

func weighted[T any](r *rand.Rand, from []share[T]) T {
	total := 0.0
	for _, s := range from {
		total += s.w
	}
	x := r.Float64() * total
	for _, s := range from {
		if x -= s.w; x < 0 {
			return s.v
		}
	}
	return from[len(from)-1].v
}

func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }
