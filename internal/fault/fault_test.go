package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"waymark/internal/fault"
)

func TestWhatAPersonReads(t *testing.T) {
	t.Parallel()
	problem := fault.Problem{Code: "x", File: "users.csv", Line: 7, Field: "grade", Value: "K\n1", Message: "This is no grade.", Cure: "Write K or 01."}
	for _, c := range []struct {
		err      error
		kind     fault.Kind
		field    string
		sentence string
	}{
		{errors.New("disk /dev/sda1 broke"), fault.Internal, "", "Something went wrong on our side. Nothing was changed."},
		{fault.New(fault.NotFound, "There is no class %q.", "7b"), fault.NotFound, "", `There is no class "7b".`},
		{fmt.Errorf("load page: %w", fault.Field("date", "Choose a day.")), fault.Invalid, "date", "Choose a day."},
		{fault.Wrap(fault.Conflict, errors.New("code 23505"), "This exists already."), fault.Conflict, "", "This exists already."},
		{problem, fault.Invalid, "", `users.csv:7: grade "K\n1": This is no grade. Cure: Write K or 01.`},
	} {
		if k := fault.KindOf(c.err); k != c.kind {
			t.Errorf("KindOf(%v) = %v; want %v", c.err, k, c.kind)
		}
		if f := fault.FieldOf(c.err); f != c.field {
			t.Errorf("FieldOf(%v) = %q; want %q", c.err, f, c.field)
		}
		if s := fault.Sentence(c.err); s != c.sentence {
			t.Errorf("Sentence(%v) = %q; want %q", c.err, s, c.sentence)
		}
	}
}
