package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"waymark/internal/caseio"
	"waymark/internal/competency"
)

func (o *output) frameworks(c *content) {
	write := func(name string, f competency.Framework) {
		var b bytes.Buffer
		if err := caseio.Write(&b, f); err != nil && o.err == nil {
			o.err = fmt.Errorf("write demo framework: %w", err)
		}
		o.load(File{Path: name, Kind: "case", Rows: len(f.Items)}, b.Bytes())
	}
	for i, f := range c.frameworks {
		write(subjects[i].file, f)
	}
	for _, f := range c.words {
		write("words-"+f.Language+".json", f)
	}
}

// sheet is a CSV file in the making.
type sheet struct {
	bytes.Buffer
	w    *csv.Writer
	rows int
}

func newSheet(header ...string) *sheet {
	s := &sheet{}
	s.w = csv.NewWriter(s)
	_ = s.w.Write(header) // a buffer takes everything
	return s
}

func (s *sheet) row(cells ...string) {
	_ = s.w.Write(cells)
	s.rows++
}

func (o *output) sheet(f File, s *sheet) {
	s.w.Flush()
	f.Rows = s.rows
	o.load(f, s.Bytes())
}

// kindWords are the catalogue's short marks for kinds of material.
var kindWords = map[string]string{
	"v": "video", "p": "practice", "g": "game", "l": "lab", "b": "book", "s": "paper", "r": "project", "t": "text", "a": "audio", "to": "tool", "o": "place", "pe": "person",
}

var (
	tierWords   = map[string]string{"c": "core", "a": "additional", "x": "challenge"}
	socialWords = map[string]string{"1": "alone", "2": "pair", "g": "group"}
	products    = []string{"a poster for the wall", "a short talk to the class", "a model that others can try", "a page for the class book", "a video of two minutes"}
	licences    = []string{"CC BY 4.0", "CC BY-SA 4.0", "CC BY-NC 4.0", "District licence"}
	access      = map[string][]string{
		"v": {"Captions in English and Spanish; transcript", "Captions; slow speed available", "Captions; audio description"},
		"p": {"Screen reader; keyboard only; no time limit", "Read aloud; large type; no time limit"},
		"g": {"Keyboard only; sound can be off; no time pressure", "Large targets; works without sound"},
		"l": {"Large pieces, easy to grip; picture directions", "Picture directions; partner can handle materials"},
		"b": {"Large print copy on request; audiobook in the library", "Audiobook in the library", "Braille copy on request"},
		"s": {"Large print version in the same tray", "Editable copy for text to speech"},
		"r": {"Choice of product: write, draw, record or build", "Checklist with pictures; checkpoints each day"},
		"t": {"Works with text to speech; three reading levels", "Works with text to speech"},
		"a": {"Transcript with pictures"}, "to": {"Keyboard only; high contrast"},
		"o": {"Step-free way; ask for a quieter time"}, "pe": {"Can meet in the sensory room or by video"},
	}
)

func hash(s string) int {
	h := fnv.New32a()
	h.Write([]byte(s))
	return int(h.Sum32() & 0xffff)
}

// place says where a thing is that is not on a screen, if it has a place of its kind.
func (m materialRow) place(k *comp) string {
	h := hash(m.title)
	colour := []string{"blue", "green", "red", "yellow", "orange", "purple"}[h%6]
	area := map[string]string{"math": "Math", "ela": "Literacy", "sci": "Science", "hab": "Advisory"}[k.subject]
	switch m.kind {
	case "l":
		return fmt.Sprintf("%s shelf, %s bin %d", area, colour, h/6%9+1)
	case "b":
		return fmt.Sprintf("Library, %s shelf, %s sticker", area, colour)
	case "s":
		return fmt.Sprintf("Paper trays, %s, drawer %d", area, h/6%12+1)
	case "r":
		return fmt.Sprintf("Project cards, %s folder %d", colour, h/6%9+1)
	}
	return ""
}

// slug makes the end of an address of a title.
func slug(title string) string {
	var words []string
	for w := range strings.FieldsSeq(strings.NewReplacer("-", " ", "/", " ", "×", " ").Replace(title)) {
		var b strings.Builder
		for _, r := range w {
			if r >= '0' && r <= '9' {
				b.WriteRune(r)
			} else {
				b.WriteString(plainName(string(r)))
			}
		}
		if b.Len() > 0 {
			words = append(words, b.String())
		}
	}
	return strings.Join(words, "-")
}

func readingLevel(k *comp) string {
	switch g := k.grade; {
	case g == 0:
		return "Read aloud"
	case g == -1:
		return "Grades K–5"
	case g == -2:
		return "Grades 6–12"
	case g <= 8:
		return "Grade " + strconv.Itoa(g)
	case g <= 10:
		return "Grades 9–10"
	}
	return "Grades 11–12"
}

func (o *output) materials(c *content) {
	s := newSheet("id", "title", "link", "location", "kind", "minutes", "language", "reading_level", "topics", "competencies", "tier", "licence", "accessibility", "social", "product", "checkpoints")
	for i, m := range c.materials {
		k := c.byCode[m.code]
		location := m.location
		if location == "" {
			location = m.place(k)
		}
		link := ""
		kind := kindWords[m.kind]
		if location == "" || m.kind == "r" {
			link = "https://example.org/" + path.Join(kind, slug(m.title))
		}
		codes := m.code
		// A project or a book often serves what comes next as well.
		if (m.kind == "r" || m.kind == "b" || m.kind == "g") && len(k.after) > 0 && k.after[0].grade == k.grade {
			codes += ";" + k.after[0].Code
		}
		licence := licences[hash(m.title)/7%len(licences)]
		if m.kind == "b" || m.kind == "pe" || m.kind == "o" {
			licence = ""
		}
		product, checkpoints := "", ""
		if m.kind == "r" {
			product = products[hash(m.title)%len(products)]
			checkpoints = "My plan is shown;Half-way: what works and what does not;Finished and shared"
		}
		s.row(fmt.Sprintf("mat-%04d", i+1), m.title, link, location, kind, strconv.Itoa(m.minutes), m.language, readingLevel(k),
			m.topic, codes, tierWords[m.tier], licence, access[m.kind][hash(m.title)%len(access[m.kind])], socialWords[m.social], product, checkpoints)
	}
	o.sheet(File{Path: "materials.csv", Kind: "materials"}, s)
}

var levelNames = []string{"", "Not yet", "Getting there", "Got it", "Goes beyond"}

// results writes the evidence as the systems of a district would: practice by subject
// from a learning platform, what teachers noted, and quizzes in a plain list, of which some came late.
func (o *output) results(all []piece) int {
	practice := map[string]*sheet{}
	for _, s := range subjects[:3] {
		practice[s.key] = newSheet("student_id", "competency", "item", "attempt", "correct", "hints", "seconds", "date", "time")
	}
	class := newSheet("student_id", "competency", "kind", "level", "level_name", "work", "date", "time", "staff_id", "note")
	tidy := []string{"student", "competency", "item", "score", "max", "date", "time"}
	tasks, late := newSheet(tidy...), newSheet(tidy...)
	for _, p := range all {
		d, t := p.at.Format(time.DateOnly), p.at.Format("15:04")
		id, code := p.student.number, p.comp.Code
		switch p.kind {
		case "response":
			practice[p.comp.subject].row(id, code, p.item, strconv.Itoa(p.attempt), strconv.Itoa(p.score), strconv.Itoa(p.hints), strconv.Itoa(p.seconds), d, t)
		case "task":
			s := tasks
			if p.late {
				s = late
			}
			s.row(id, code, p.item, strconv.Itoa(p.score), strconv.Itoa(p.max), d, t)
		default:
			class.row(id, code, p.kind, strconv.Itoa(p.score), levelNames[p.score], p.item, d, t, p.observer, p.note)
		}
	}
	for _, m := range []string{"results-practice.yaml", "results-classroom.yaml"} {
		raw, err := dataFiles.ReadFile("data/" + m)
		if err != nil && o.err == nil {
			o.err = fmt.Errorf("read demo content: %w", err)
		}
		o.write(m, raw)
	}
	for i, name := range []string{"results-practice-mathematics.csv", "results-practice-reading-writing.csv", "results-practice-science.csv"} {
		o.sheet(File{Path: name, Kind: "results", Map: "results-practice.yaml"}, practice[subjects[i].key])
	}
	o.sheet(File{Path: "results-classroom.csv", Kind: "results", Map: "results-classroom.yaml"}, class)
	o.sheet(File{Path: "results-quizzes.csv", Kind: "results"}, tasks)
	o.sheet(File{Path: "results-quizzes-late.csv", Kind: "results"}, late)
	return len(all)
}

// ritMeans are made-up means of a fall test by grade, kindergarten first, of which
// one standard deviation is about 14 points; they only look like real ones.
var ritMeans = map[string][]float64{
	"Mathematics":   {140, 161, 176, 189, 200, 210, 215, 221, 225, 227, 229},
	"Language Arts": {137, 157, 173, 187, 197, 205, 211, 215, 218, 219, 222},
}

var ritGoals = map[string][]string{
	"Mathematics":   {"Operations and Algebraic Thinking", "Number and Operations", "Measurement and Data", "Geometry"},
	"Language Arts": {"Literary Text", "Informational Text", "Vocabulary"},
}

// mapGrowth writes the fall test of grades K–10 in the layout of MAP Growth exports.
func (o *output) mapGrowth(d *district) {
	s := newSheet(d.c.mapHeader...)
	on := d.testDay()
	for _, st := range d.students {
		if st.grade > 10 || st.joined > day(on) {
			continue
		}
		r := stream(d.o.Seed, "map/"+st.id)
		for _, course := range []struct{ subject, name, key string }{{"Mathematics", "Math K-12", "math"}, {"Language Arts", "Reading", "ela"}} {
			if chance(r, .06) {
				continue
			}
			mean, sd := ritMeans[course.subject][st.grade], 11+.6*float64(st.grade)
			z := .85*st.learner.ability[course.key] + .35*r.NormFloat64()
			rit := math.Round(mean + sd*z)
			se := 2.9 + .7*r.Float64() + .3*math.Abs(z)
			percentile := max(1, min(99, int(math.Round(100*.5*math.Erfc(-z/math.Sqrt2)))))
			cells := map[string]string{
				"TermName": fmt.Sprintf("Fall %d-%d", d.begin.Year(), d.year()), "DistrictName": District, "District_StateID": "0100",
				"SchoolName": st.school.name, "School_StateID": st.school.number, "StudentID": st.number, "Student_StateID": "88" + st.number,
				"Subject": course.subject, "Course": course.name, "GrowthMeasureYN": "TRUE", "NormsReferenceData": "2020", "WISelectedAYFall": "5",
				"TestType": "Survey With Goals", "TestName": "Growth: " + course.name, "TestID": strconv.Itoa(700000000 + hash(st.id+course.key)*37),
				"TestStartDate": on.AddDate(0, 0, r.IntN(4)).Format("01/02/2006"), "TestStartTime": fmt.Sprintf("%02d:%02d:%02d", 8+r.IntN(6), r.IntN(60), r.IntN(60)),
				"TestDurationMinutes": strconv.Itoa(28 + r.IntN(45)), "TestRITScore": strconv.Itoa(int(rit)), "TestStandardError": strconv.FormatFloat(se, 'f', 1, 64),
				"TestPercentile": strconv.Itoa(percentile), "AchievementQuintile": []string{"Low", "LoAvg", "Avg", "HiAvg", "High"}[min(4, percentile/20)],
				"PercentCorrect": strconv.Itoa(45 + r.IntN(12)), "RapidGuessingPercentage": strconv.Itoa(r.IntN(6)),
			}
			for i, goal := range ritGoals[course.subject] {
				score := int(math.Round(rit + 4*r.NormFloat64()))
				gse := 5.5 + r.Float64()
				g := fmt.Sprintf("Goal%d", i+1)
				cells[g+"Name"], cells[g+"RitScore"], cells[g+"StdErr"] = goal, strconv.Itoa(score), strconv.FormatFloat(gse, 'f', 1, 64)
				cells[g+"Range"] = fmt.Sprintf("%d-%d", score-int(gse), score+int(gse))
			}
			row := make([]string, len(d.c.mapHeader))
			for i, h := range d.c.mapHeader {
				row[i] = cells[h]
			}
			s.row(row...)
		}
	}
	o.sheet(File{Path: "results-map-growth-fall.csv", Kind: "results"}, s)
}
