// Package material holds the catalogue of what a student can learn from,
// digital or not, and what it is aligned to.
package material

import "waymark/internal/competency"

// ID identifies a material within a district.
type ID string

// Tier is the part a material plays in a playlist.
type Tier string

const (
	Core       Tier = "core"
	Additional Tier = "additional"
	Challenge  Tier = "challenge"
)

// Material is anything a student can learn from. It has a link, a location, or both:
// paper, a book, a place and a person are materials too.
type Material struct {
	ID            ID
	Title         string
	Link          string // http or https, or empty
	Location      string // where to find it off screen, or empty
	Kind          string // video, text, practice, game, project, book, paper, place, person, lab, audio, tool
	Minutes       int    // 0 if unknown
	Language      string // BCP 47, such as "en"
	ReadingLevel  string
	Topics        []string
	Competencies  []competency.ID
	Tier          Tier
	Licence       string
	Accessibility string
	Social        Social
	Product       string   // what comes of it: "a poster", "a talk"; may be empty
	Checkpoints   []string // what to show on the way, in order
}

// Social is with whom one works on something. Empty is not told.
type Social string

const (
	Alone Social = "alone"
	Pair  Social = "pair"
	Group Social = "group"
)
