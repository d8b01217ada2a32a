// Package fault holds errors that a person may read: what went wrong, where,
// and what to do about it. Every other error is for the log.
package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind says how the program, not the person, should react to a fault.
type Kind int

const (
	Internal        Kind = iota // a fault of the program; never shown in detail
	Invalid                     // the input cannot be accepted as it is
	NotFound                    // no such record, or none that this person may know of
	Forbidden                   // the person may not do this
	Unauthenticated             // nobody is signed in
	Conflict                    // somebody else changed the record, or it exists already
	Decision                    // a person must decide before the work goes on
	Throttled                   // too many tries; wait
	Unavailable                 // what the program runs on fails: the disk, the database
)

// Error is a fault: a kind for the program, a sentence for a person, and, where
// the fault lies in one input, the name of that field.
type Error struct {
	Kind    Kind
	Field   string
	Message string
	err     error
}

// New returns a fault of the given kind with a sentence for a person.
func New(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Field returns an [Invalid] fault that names the input it lies in.
func Field(field, format string, args ...any) error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns a fault of the given kind that keeps err for the log.
func Wrap(kind Kind, err error, format string, args ...any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), err: err}
}

func (e *Error) Error() string {
	if e.err != nil {
		return e.Message + ": " + e.err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.err }

// KindOf returns the kind of the first fault in err's chain; [Invalid] for a
// [Problem] with a file; otherwise [Internal].
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if _, ok := errors.AsType[Problem](err); ok {
		return Invalid
	}
	return Internal
}

// Sentence returns what a person may read of err: the fault's own sentence, or
// a general one for an error that is not a fault.
func Sentence(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != Internal {
		return e.Message
	}
	if p, ok := errors.AsType[Problem](err); ok {
		return p.Error()
	}
	return "Something went wrong on our side. Nothing was changed."
}

// FieldOf returns the name of the input that the fault in err lies in, if any.
func FieldOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Field
	}
	return ""
}

// Problem is one thing wrong in a file: where it is, what was found there, why
// it cannot be used, and how to cure it. Line counts from 1 and includes the
// header; 0 means the file as a whole.
type Problem struct {
	Code    string `json:"code"` // stable and machine-readable, such as "row.invalid_date"
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Field   string `json:"field,omitempty"`
	Value   string `json:"value,omitempty"`
	Message string `json:"message"`
	Cure    string `json:"cure"`
	// Fatal says that the file or package as a whole cannot be used; without
	// it only the row is left out.
	Fatal bool `json:"fatal,omitempty"`
}

// Error makes a problem usable as an error; it is one line that a person can act on.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		b.WriteString(":" + strconv.Itoa(p.Line))
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	if p.Value != "" {
		b.WriteString(" " + strconv.Quote(clip(p.Value, 80)))
	}
	b.WriteString(": " + p.Message)
	if p.Cure != "" {
		b.WriteString(" Cure: " + p.Cure)
	}
	return b.String()
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
