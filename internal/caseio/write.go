package caseio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"waymark/internal/competency"
	"waymark/internal/fault"
)

// unchanged stands for the time of the last change, which CASE demands and a
// framework does not carry. A constant keeps the same framework the same bytes.
const unchanged = "1970-01-01T00:00:00Z"

// The order of fields is that of the standard.
type (
	outLink struct {
		Title      string `json:"title"`
		Identifier string `json:"identifier"`
		URI        string `json:"uri"`
	}
	outDocument struct {
		Identifier     string   `json:"identifier"`
		URI            string   `json:"uri"`
		CaseVersion    string   `json:"caseVersion"`
		Creator        string   `json:"creator"`
		Title          string   `json:"title"`
		LastChange     string   `json:"lastChangeDateTime"`
		Subject        []string `json:"subject,omitempty"`
		Language       string   `json:"language,omitempty"`
		Version        string   `json:"version,omitempty"`
		AdoptionStatus string   `json:"adoptionStatus,omitempty"`
		LicenseURI     *outLink `json:"licenseURI,omitempty"`
	}
	outItem struct {
		Identifier string         `json:"identifier"`
		URI        string         `json:"uri"`
		Statement  string         `json:"fullStatement"`
		Type       string         `json:"CFItemType,omitempty"`
		TypeURI    *outLink       `json:"CFItemTypeURI,omitempty"`
		Code       string         `json:"humanCodingScheme,omitempty"`
		Short      string         `json:"abbreviatedStatement,omitempty"`
		Subject    []string       `json:"subject,omitempty"`
		Grades     []string       `json:"educationLevel,omitempty"`
		LastChange string         `json:"lastChangeDateTime"`
		Extensions map[string]any `json:"extensions,omitempty"`
	}
	outAssociation struct {
		Identifier  string  `json:"identifier"`
		URI         string  `json:"uri"`
		Type        string  `json:"associationType"`
		Sequence    *int    `json:"sequenceNumber,omitempty"`
		Origin      outLink `json:"originNodeURI"`
		Destination outLink `json:"destinationNodeURI"`
		LastChange  string  `json:"lastChangeDateTime"`
	}
	outDefinition struct {
		Identifier    string  `json:"identifier"`
		URI           string  `json:"uri"`
		Title         string  `json:"title"`
		Description   string  `json:"description,omitempty"`
		HierarchyCode string  `json:"hierarchyCode,omitempty"`
		LicenseText   *string `json:"licenseText,omitempty"`
		LastChange    string  `json:"lastChangeDateTime"`
	}
	outDefinitions struct {
		ItemTypes []outDefinition `json:"CFItemTypes,omitempty"`
		Licenses  []outDefinition `json:"CFLicenses,omitempty"`
	}
	outPackage struct {
		Document     outDocument      `json:"CFDocument"`
		Items        []outItem        `json:"CFItems"`
		Associations []outAssociation `json:"CFAssociations"`
		Definitions  *outDefinitions  `json:"CFDefinitions,omitempty"`
	}
)

// Write writes a framework as a CASE 1.1 package. The same framework gives the same
// bytes. Reading it back gives an equal framework if identifiers are lower-case
// GUIDs, texts are plain (see the package comment and [Read] on markup) and trimmed,
// siblings differ in Position, and edges join items of the framework without repeats.
func Write(w io.Writer, f competency.Framework) error {
	doc, ok := canonicalGUID(string(f.ID))
	if !ok {
		return fault.Field("id", "The framework's identifier %q is not a GUID.", f.ID)
	}
	docLink := linkTo(doc, cmp.Or(f.Title, doc))
	pkg := outPackage{
		Document: outDocument{
			Identifier: doc, URI: urn(doc), CaseVersion: "1.1", Creator: f.Creator, Title: f.Title, LastChange: unchanged,
			Language: f.Language, Version: f.Version, AdoptionStatus: f.Status, Subject: one(f.Subject),
		},
		Items:        make([]outItem, 0, len(f.Items)),
		Associations: make([]outAssociation, 0, len(f.Items)+len(f.Edges)),
	}
	var defs outDefinitions
	if f.Licence != "" {
		id := deriveGUID(doc, "licence", f.Licence)
		pkg.Document.LicenseURI = new(linkTo(id, f.Licence))
		defs.Licenses = []outDefinition{{Identifier: id, URI: urn(id), Title: f.Licence, LicenseText: &f.Licence, LastChange: unchanged}}
	}
	parents := map[competency.ID]bool{}
	names := map[competency.ID]outLink{}
	for _, c := range f.Items {
		id, ok := canonicalGUID(string(c.ID))
		if !ok {
			return fault.Field("items", "The identifier %q of item %q is not a GUID.", c.ID, c.Code)
		}
		parents[c.Parent] = true
		names[c.ID] = linkTo(id, cmp.Or(c.Code, c.Short, c.Statement))
	}
	kinds := map[string]bool{}
	for _, c := range f.Items {
		self := names[c.ID]
		it := outItem{
			Identifier: self.Identifier, URI: self.URI, Statement: c.Statement, Code: c.Code, Short: c.Short,
			Subject: one(c.Subject), Grades: c.Grades, LastChange: unchanged,
		}
		if c.Kind != "" {
			id := deriveGUID(doc, "type", c.Kind)
			it.Type, it.TypeURI = c.Kind, new(linkTo(id, c.Kind))
			if !kinds[c.Kind] {
				kinds[c.Kind] = true
				defs.ItemTypes = append(defs.ItemTypes, outDefinition{Identifier: id, URI: urn(id), Title: c.Kind, Description: c.Kind,
					HierarchyCode: strconv.Itoa(len(kinds)), LastChange: unchanged})
			}
		}
		if c.Student != "" {
			it.Extensions = map[string]any{extStudent: c.Student}
		}
		if c.Assessable != assessable(c.Kind, parents[c.ID]) {
			if it.Extensions == nil {
				it.Extensions = map[string]any{}
			}
			it.Extensions[extAssessable] = c.Assessable
		}
		pkg.Items = append(pkg.Items, it)
	}
	for _, c := range f.Items {
		parent := docLink
		if c.Parent != "" {
			if parent, ok = names[c.Parent]; !ok {
				return fault.Field("items", "The parent %q of item %q is not in the framework.", c.Parent, c.Code)
			}
		}
		a := associate(doc, "isChildOf", names[c.ID], parent)
		a.Sequence = &c.Position
		pkg.Associations = append(pkg.Associations, a)
	}
	for _, e := range f.Edges {
		from, ok1 := names[e.From]
		to, ok2 := names[e.To]
		kind, ok3 := edgeTypes[e.Kind]
		if e.Kind == competency.Translation && !ok2 { // of an item of another framework
			var id string
			id, ok2 = canonicalGUID(string(e.To))
			to = linkTo(id, id)
		}
		if !ok1 || !ok2 || !ok3 {
			return fault.Field("edges", "The edge %s %s %s does not join two items of the framework.", e.From, e.Kind, e.To)
		}
		pkg.Associations = append(pkg.Associations, associate(doc, kind, from, to))
	}
	if defs.ItemTypes != nil || defs.Licenses != nil {
		pkg.Definitions = &defs
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(pkg); err != nil {
		return fmt.Errorf("write CASE package: %w", err)
	}
	return nil
}

var edgeTypes = map[competency.EdgeKind]string{
	competency.Prerequisite: "precedes",
	competency.Related:      "isRelatedTo",
	competency.Equivalent:   "exactMatchOf",
	competency.Translation:  "isTranslationOf",
	competency.PartOf:       "isPartOf",
}

func associate(doc, kind string, from, to outLink) outAssociation {
	id := deriveGUID(doc, kind, from.Identifier, to.Identifier)
	return outAssociation{Identifier: id, URI: urn(id), Type: kind, Origin: from, Destination: to, LastChange: unchanged}
}

func linkTo(id, title string) outLink { return outLink{Title: title, Identifier: id, URI: urn(id)} }

func urn(id string) string { return "urn:uuid:" + id }

// one returns a list of one text, or none.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
