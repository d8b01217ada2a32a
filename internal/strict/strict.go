// Package strict reads the JSON documents that people and other programs write. A field that
// nobody knows, a wrong type or another schema is a fault that names the line, and all that
// is wrong inside a document is told at once, each with its place and cure.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"waymark/internal/fault"
	"waymark/internal/visible"
)

// Read reads one document into v. Its field "schema" must be schema; docs is the page that
// tells its form.
func Read(r io.Reader, schema, docs string, v any) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // some editors put it before UTF-8
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return fault.New(fault.Invalid, "Line 1: this is UTF-16. Save it as UTF-8.")
	}
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && size == 1 {
			return fault.New(fault.Invalid, "Line %d: this is no UTF-8. Save it as UTF-8.", line(text, int64(at)))
		}
		at += size
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		at := dec.InputOffset()
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = syntax.Offset
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			at = int64(len(text))
		}
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && kind.Field == "" {
			return fault.New(fault.Invalid, "Line %d: the document holds a value of the kind %s; it must be an object, in braces. See %s.", line(text, kind.Offset), kind.Value, docs)
		} else if ok {
			return fault.Field(kind.Field, "Line %d: %s holds a value of the kind %s; see %s for what belongs there.", line(text, kind.Offset), kind.Field, kind.Value, docs)
		}
		return fault.New(fault.Invalid, "Line %d: this is not JSON of the form %s: %s.", line(text, at), schema, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "Line %d: something follows the document. Take it away.", line(text, dec.InputOffset()))
	}
	var head struct{ Schema string }
	if err := json.Unmarshal(text, &head); err != nil || head.Schema != schema {
		return fault.Field("schema", "schema is %q; it must be %q.", head.Schema, schema)
	}
	return each(text)
}

// each looks at the names and texts of a document that can be decoded: a name stands once in an
// object, and texts hold nothing that nobody sees.
func each(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value func() error
	value = func() error {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'):
			seen := map[string]bool{}
			for dec.More() {
				name, err := dec.Token()
				if err != nil {
					return err
				}
				key, _ := name.(string)
				if seen[key] {
					return fault.Field(key, "Line %d: %q is there twice. Take one away.", line(text, dec.InputOffset()), key)
				}
				seen[key] = true
				if err := value(); err != nil {
					return err
				}
			}
			_, err = dec.Token()
			return err
		case json.Delim('['):
			for dec.More() {
				if err := value(); err != nil {
					return err
				}
			}
			_, err = dec.Token()
			return err
		}
		if s, ok := t.(string); ok && visible.Text(s) != s {
			return fault.New(fault.Invalid, "Line %d: %q holds characters that nobody sees. Take them out.", line(text, dec.InputOffset()), s)
		}
		return nil
	}
	return value()
}

func line(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// Checker collects what is wrong inside a document.
type Checker struct {
	all   []string
	field string
}

// Wrong notes what is wrong with one field, as a part of a sentence that begins with its name.
func (c *Checker) Wrong(field, format string, args ...any) {
	if len(c.all) == 0 {
		c.field = field
	}
	c.all = append(c.all, field+" "+fmt.Sprintf(format, args...))
}

// IDs returns the ids of a list; each must be there and only once.
func (c *Checker) IDs(list string, n int, id func(int) string) map[string]bool {
	seen := map[string]bool{}
	for i := range n {
		switch v := id(i); {
		case v == "":
			c.Wrong(fmt.Sprintf("%s[%d].id", list, i), "is empty")
		case strings.ContainsAny(v, "\n\t"):
			c.Wrong(fmt.Sprintf("%s[%d].id", list, i), "%q holds a line break or a tab", v)
		case seen[v]:
			c.Wrong(fmt.Sprintf("%s[%d].id", list, i), "%q is there twice", v)
		default:
			seen[v] = true
		}
	}
	return seen
}

// Known checks that every id is in the list that holds what is meant.
func (c *Checker) Known(field string, ids []string, in map[string]bool, what string) {
	for _, id := range ids {
		if !in[id] {
			c.Wrong(field, "%q is no %s of this instance", id, what)
		}
	}
}

// most is how many problems a fault tells at once.
const most = 10

// Err returns all that is wrong as one fault, or nil.
func (c *Checker) Err() error {
	if len(c.all) == 0 {
		return nil
	}
	text := strings.Join(c.all[:min(most, len(c.all))], "; ")
	if n := len(c.all) - most; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return fault.Field(c.field, "%s.", text)
}
