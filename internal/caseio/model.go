package caseio

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// The types below take what packages hold in practice: a text where the standard
// wants a list, an object where it wants a text, a number as text, null anywhere.
// None of them refuses a value, so that one odd field does not cost an item.

// text is a string; of an object it is the title.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case '{':
		var l link
		if err := json.Unmarshal(b, &l); err != nil {
			return err
		}
		*t = text(l.Title)
	case 'n', '[':
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

// texts is a list of strings; a single string is a list of one.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	*t = nil
	if b[0] != '[' {
		b = append(append([]byte{'['}, b...), ']')
	}
	var list []text
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	for _, s := range list {
		if s := cleanLine(string(s)); s != "" {
			*t = append(*t, s)
		}
	}
	return nil
}

// link is a reference: {title, identifier, uri}, or only an address or identifier.
type link struct{ Title, Identifier, URI string }

func (l *link) UnmarshalJSON(b []byte) error {
	*l = link{}
	switch b[0] {
	case '{':
		var v struct{ Title, Identifier, URI any }
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		l.Title, _ = v.Title.(string)
		l.Identifier, _ = v.Identifier.(string)
		l.URI, _ = v.URI.(string)
	case '"':
		if err := json.Unmarshal(b, &l.URI); err != nil {
			return err
		}
	}
	return nil
}

// id returns the identifier that a link points to, in canonical form if it is a
// GUID. The last part of the address serves where the identifier is missing.
func (l link) id() string {
	for _, s := range []string{l.Identifier, lastPart(l.URI)} {
		if id, ok := canonicalGUID(s); ok {
			return id
		}
	}
	if l.Identifier != "" {
		return l.Identifier
	}
	return l.URI
}

func lastPart(uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	uri = strings.TrimRight(uri, "/")
	return uri[strings.LastIndexByte(uri, '/')+1:]
}

// links is a list of references; a single one is a list of one.
type links []link

func (l *links) UnmarshalJSON(b []byte) error {
	if b[0] != '[' {
		b = append(append([]byte{'['}, b...), ']')
	}
	return json.Unmarshal(b, (*[]link)(l))
}

// number is a whole number that may be given as text; ok is false for none.
type number struct {
	n  int
	ok bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(bytes.Trim(b, `" `)), 64)
	*n = number{int(f), err == nil && f > -1e9 && f < 1e9}
	return nil
}

type packageFile struct {
	CFDocument     json.RawMessage
	CFItems        []json.RawMessage
	CFAssociations []json.RawMessage
	CFDefinitions  json.RawMessage
	CFPackage      json.RawMessage // some systems wrap the package
}

type document struct {
	Identifier     text
	URI            text `json:"uri"`
	Title          text
	Creator        text
	Publisher      text
	Subject        texts
	SubjectURI     links
	Language       text
	Version        text
	AdoptionStatus text
	LicenseURI     link
}

type item struct {
	Identifier           text
	URI                  text `json:"uri"`
	FullStatement        text
	AlternativeLabel     text
	AbbreviatedStatement text
	HumanCodingScheme    text
	CFItemType           text
	CFItemTypeURI        link
	EducationLevel       texts
	Subject              texts
	SubjectURI           links
	Extensions           json.RawMessage `json:"extensions"`
}

type association struct {
	AssociationType    text
	SequenceNumber     number
	OriginNodeURI      link
	DestinationNodeURI link
}

type definitions struct {
	CFSubjects, CFItemTypes, CFLicenses []definition
}

type definition struct {
	Identifier text
	Title      text
}

// titles maps identifiers to titles.
func titles(defs []definition) map[string]string {
	m := make(map[string]string, len(defs))
	for _, d := range defs {
		if id, ok := canonicalGUID(string(d.Identifier)); ok {
			m[id] = cleanLine(string(d.Title))
		}
	}
	return m
}
