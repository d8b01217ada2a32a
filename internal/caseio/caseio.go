// Package caseio reads and writes 1EdTech CASE packages (CFPackage JSON, 1.0 and
// 1.1) as frameworks of competencies. It is not a CASE server: it knows files,
// not addresses, and keeps of a package what the product uses.
//
// What goes where:
//
//	humanCodingScheme      Competency.Code
//	fullStatement          Competency.Statement
//	abbreviatedStatement   Competency.Short
//	CFItemType             Competency.Kind
//	educationLevel         Competency.Grades
//	subject (1.1)          Competency.Subject
//	isChildOf              Competency.Parent, with sequenceNumber as Position
//	precedes               Edge Prerequisite, origin first
//	exactMatchOf           Edge Equivalent
//	isRelatedTo, isPeerOf  Edge Related
//	isPartOf               Edge PartOf
//
// CASE has no place for a statement in a student's words and none for whether an
// item can be assessed. Both stand in the item's extensions, which CASE 1.1 allows:
// "ext:studentStatement" (text) and, only where it differs from what the package's
// structure says, "ext:assessable" (true or false).
package caseio

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// Limits on what is read: a package beyond them is refused as a whole.
const (
	MaxBytes = 256 << 20
	MaxItems = 200_000
	MaxLinks = 5 * MaxItems // associations
	MaxDepth = 64           // of JSON values in one another
)

const (
	extStudent    = "ext:studentStatement"
	extAssessable = "ext:assessable"
)

// canonicalGUID returns a GUID in lower case without decoration.
func canonicalGUID(s string) (id string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "urn:uuid:")
	if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
		s = s[1 : len(s)-1]
	}
	if len(s) != 36 {
		return "", false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return "", false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return "", false
		}
	}
	return s, true
}

// deriveGUID returns the same name-based GUID (RFC 9562, version 5) for the same
// parts, so that a framework is written to the same bytes each time. The parts
// stand under the framework's own identifier in place of a registered namespace.
func deriveGUID(parts ...string) string {
	sum := sha1.Sum([]byte(strings.Join(parts, "\x00")))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// groups are item types that gather others, in lower case. An item of any other
// type, or of none, is assessable if it has no children; leaves is the list of types
// that are assessable even with children below them.
var (
	groups = []string{"domain", "cluster", "strand", "category", "topic", "unit", "heading", "section",
		"grade", "course", "area", "theme", "dimension", "concept"}
	leaves = []string{"standard", "competency", "skill", "objective", "learning target", "performance expectation",
		"benchmark", "outcome"}
)

// assessable says whether evidence can be about an item of that type.
func assessable(kind string, hasChildren bool) bool {
	if !hasChildren {
		return true
	}
	kind = strings.ToLower(kind)
	for _, g := range groups {
		if strings.Contains(kind, g) {
			return false
		}
	}
	for _, l := range leaves {
		if strings.Contains(kind, l) {
			return true
		}
	}
	return false
}
