package tabular_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/fault"
	"waymark/internal/tabular"
)

// list is how a kind of list is read.
type list[Row any] func(r io.Reader, name string, opt tabular.Options, each func(line int, r Row) error, problem func(fault.Problem)) error

// readsList fails the test unless a list yields some rows, and refuses others by some codes.
func readsList[Row, T any](t *testing.T, name, file string, read list[Row], of func(Row) T, want []T, bad []string) {
	t.Helper()
	var got []T
	var codes []string
	err := read(strings.NewReader(file), "list.csv", tabular.Options{}, func(_ int, r Row) error { got = append(got, of(r)); return nil }, func(p fault.Problem) { codes = append(codes, p.Code) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
	if diff := cmp.Diff(bad, codes); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// lacksColumns fails the test unless a list is refused for want of columns.
func lacksColumns[Row any](t *testing.T, file string, read list[Row]) {
	t.Helper()
	err := read(strings.NewReader(file), "list.csv", tabular.Options{}, nil, nil)
	if p, ok := errors.AsType[fault.Problem](err); !ok || p.Code != "file.columns" {
		t.Errorf("%q: %v", file, err)
	}
}
