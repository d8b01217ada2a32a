package tabular

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/material"
)

// MaterialRow is one row of a list of materials. Its Competencies are not set;
// Codes holds what the file names: codes or GUIDs of competencies.
type MaterialRow struct {
	material.Material
	Codes []string
}

// names under which people know the columns of a list of materials, without
// case, spaces and punctuation.
var materialColumns = map[string][]string{
	"title":         {"title", "name", "material", "resource", "materialtitle", "resourcetitle"},
	"link":          {"link", "url", "href", "web", "webaddress", "website", "uri"},
	"location":      {"location", "place", "where", "shelf", "room"},
	"kind":          {"kind", "type", "format", "mediatype", "materialtype", "resourcetype"},
	"minutes":       {"minutes", "duration", "time", "timeminutes", "durationminutes", "minutesneeded", "min", "durationmin"},
	"language":      {"language", "lang", "locale"},
	"reading level": {"readinglevel", "lexile", "lexilelevel", "readability", "readinggrade"},
	"topics":        {"topics", "topic", "tags", "tag", "keywords", "interests", "interest", "subjects", "subject"},
	"competencies":  {"competencies", "competency", "standards", "standard", "codes", "code", "alignment", "alignments", "skills", "skill", "objectives"},
	"tier":          {"tier", "role", "part"},
	"licence":       {"licence", "license", "rights", "copyright"},
	"accessibility": {"accessibility", "accessibilitynotes", "accessibilitynote", "a11y", "accessnotes"},
	"social":        {"social", "socialform", "grouping", "workingform", "with"},
	"product":       {"product", "deliverable"},
	"checkpoints":   {"checkpoints", "checkpoint", "milestones", "milestone", "steps"},
	"id":            {"id", "identifier", "materialid", "resourceid", "sourcedid"},
}

var materialKinds = []string{"video", "text", "practice", "game", "project", "book", "paper", "place", "person", "lab", "audio", "tool"}

var languageShape = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

// Materials reads a list of materials, written as opt says. each gets what can be used, with the line
// that it stands on; problem what cannot. The error is a fatal [fault.Problem],
// or what each returned, or an error of r.
func Materials(r io.Reader, name string, opt Options, each func(line int, m MaterialRow) error, problem func(fault.Problem)) error {
	reader, err := NewReader(r, name, opt)
	if err != nil {
		return err
	}
	columns, err := materialHeader(reader.Header(), name)
	if err != nil {
		return err
	}
	again := repeated{"This material stands in line %d already.", "Keep one of the two lines, with all its competencies."}
	return readList(reader, name, columns, columns.material, func(m MaterialRow) string { return string(m.ID) }, again, each, problem)
}

func materialHeader(header []string, file string) (columnTable, error) {
	t := columnsOf(header, materialColumns)
	_, title := t["title"]
	_, link := t["link"]
	_, location := t["location"]
	if !title || !link && !location {
		return nil, fault.Problem{Code: "file.columns", File: file, Line: 1, Fatal: true,
			Message: "A list of materials needs a column “title” and a column “link” or “location”.",
			Cure:    "Name the columns so. The file has: " + quoteList(header[:min(len(header), 12)]) + "."}
	}
	return t, nil
}

// bare strips a column name down to its letters and digits; what stands in
// brackets, such as a unit, does not count.
func bare(h string) string {
	h, _, _ = strings.Cut(h, "(")
	var b strings.Builder
	for _, c := range strings.ToLower(h) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (t columnTable) material(row Row) (MaterialRow, *fault.Problem) {
	m := MaterialRow{Material: material.Material{
		Title: t.get(row, "title"), Link: t.get(row, "link"), Location: t.get(row, "location"),
		Kind: strings.ToLower(t.get(row, "kind")), Language: strings.ReplaceAll(t.get(row, "language"), "_", "-"),
		ReadingLevel: t.get(row, "reading level"), Topics: list(t.get(row, "topics")), Tier: material.Tier(strings.ToLower(t.get(row, "tier"))),
		Licence: t.get(row, "licence"), Accessibility: t.get(row, "accessibility"),
		Social: material.Social(strings.ToLower(t.get(row, "social"))), Product: t.get(row, "product"), Checkpoints: list(t.get(row, "checkpoints")),
	}, Codes: list(t.get(row, "competencies"))}
	if m.Title == "" {
		return m, &fault.Problem{Code: "row.no_title", Field: "title", Message: "The material has no title.", Cure: "Fill in its title."}
	}
	if m.Link == "" && m.Location == "" {
		return m, &fault.Problem{Code: "row.no_place", Field: "link", Message: "Nothing says where the material is.",
			Cure: "Fill in a link, or a location such as “shelf 3” or “Ms. Ortiz, room 12”."}
	}
	if p := checkLink(m.Link); p != nil {
		return m, p
	}
	if m.Kind != "" && !slices.Contains(materialKinds, m.Kind) {
		return m, &fault.Problem{Code: "row.kind", Field: "kind", Value: m.Kind, Message: "This kind of material is not known.",
			Cure: "Use one of: " + strings.Join(materialKinds, ", ") + "."}
	}
	if text := t.get(row, "minutes"); text != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(text, "+"))
		if err != nil || n < 0 || n > 10_000 || !digits(strings.TrimPrefix(text, "+")) {
			return m, &fault.Problem{Code: "row.minutes", Field: "minutes", Value: text, Message: "This is not a number of minutes from 0 to 10000.",
				Cure: "Write whole minutes, such as 15, or leave the cell empty."}
		}
		m.Minutes = n
	}
	if m.Language != "" && !languageShape.MatchString(m.Language) {
		return m, &fault.Problem{Code: "row.language", Field: "language", Value: m.Language, Message: "This is not a language code.",
			Cure: "Write en for English, es for Spanish, zh-Hant for Chinese in traditional script."}
	}
	switch m.Tier {
	case "":
		m.Tier = material.Core
	case material.Core, material.Additional, material.Challenge:
	default:
		return m, &fault.Problem{Code: "row.tier", Field: "tier", Value: string(m.Tier), Message: "This tier is not known.",
			Cure: "Write core, additional or challenge, or leave the cell empty for core."}
	}
	if p := socialForm(&m.Social); p != nil {
		return m, p
	}
	m.ID = material.ID(t.get(row, "id"))
	if m.ID == "" {
		sum := sha256.Sum256([]byte(m.Title + "\x1f" + m.Link + "\x1f" + m.Location))
		m.ID = material.ID("m-" + hex.EncodeToString(sum[:12]))
	}
	return m, nil
}

// socialForm reads with whom one works, in the words that people use.
func socialForm(s *material.Social) *fault.Problem {
	switch *s {
	case "", material.Alone, material.Pair, material.Group:
	case "individual", "individually", "single", "1":
		*s = material.Alone
	case "partner", "with a partner", "partners", "2":
		*s = material.Pair
	case "team", "in a group", "groups", "class":
		*s = material.Group
	default:
		return &fault.Problem{Code: "row.social", Field: "social", Value: string(*s), Message: "It is not clear with whom one works on this.",
			Cure: "Write alone, pair or group, or leave the cell empty."}
	}
	return nil
}

func checkLink(link string) *fault.Problem {
	if link == "" {
		return nil
	}
	p := &fault.Problem{Code: "row.link", Field: "link", Value: link, Message: "This is not a web link.",
		Cure: "Write the whole address, starting with https://, or put it under location if it is no web page."}
	u, err := url.Parse(link)
	switch {
	case len(link) > 2048:
		p.Message, p.Cure = "The link is longer than 2048 characters.", "Use a shorter address."
		return p
	case err == nil && u.Scheme != "" && !oneOf(strings.ToLower(u.Scheme), "http", "https"):
		p.Message = "Only http and https links can be opened safely; this one is “" + u.Scheme + ":”."
		return p
	case err != nil, u.Scheme == "", u.Hostname() == "", strings.ContainsFunc(link, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return p
	case u.User != nil:
		p.Message, p.Cure = "The link holds a user name or password.", "Leave out what stands before the @."
		return p
	}
	return nil
}

// list splits a cell at ; and | and drops what is empty or repeated.
func list(cell string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(cell, func(c rune) bool { return c == ';' || c == '|' || c == '\n' }) {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out
}
