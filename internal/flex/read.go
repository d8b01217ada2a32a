package flex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"waymark/internal/fault"
)

// Read reads an instance and checks it. Every error is a fault that names the place.
func Read(r io.Reader) (*Instance, error) {
	var in Instance
	if err := decode(r, InstanceSchema, &in); err != nil {
		return nil, err
	}
	return &in, in.Check()
}

// ReadSolution reads a solution; [Verify] judges it.
func ReadSolution(r io.Reader) (*Solution, error) {
	var s Solution
	return &s, decode(r, SolutionSchema, &s)
}

func decode(r io.Reader, schema string, v any) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
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
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fault.Field(kind.Field, "Line %d: %s holds a %s; see docs/flex.md for what belongs there.", line(text, kind.Offset), kind.Field, kind.Value)
		}
		return fault.New(fault.Invalid, "Line %d: this is not JSON of the form %s: %s.", line(text, at), schema, strings.TrimPrefix(err.Error(), "json: "))
	}
	var head struct{ Schema string }
	if err := json.Unmarshal(text, &head); err != nil || head.Schema != schema {
		return fault.Field("schema", "schema is %q; it must be %q.", head.Schema, schema)
	}
	return nil
}

func line(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// Check reports all that is wrong in an instance, each with its place and cure, as one fault.
func (in *Instance) Check() error {
	c := checker{}
	blocks := c.ids("blocks", len(in.Blocks), func(i int) string { return in.Blocks[i].ID })
	rooms := c.ids("rooms", len(in.Rooms), func(i int) string { return in.Rooms[i].ID })
	staff := c.ids("staff", len(in.Staff), func(i int) string { return in.Staff[i].ID })
	sessions := c.ids("sessions", len(in.Sessions), func(i int) string { return in.Sessions[i].ID })
	students := c.ids("students", len(in.Students), func(i int) string { return in.Students[i].ID })
	offers := map[string]bool{}
	for i, r := range in.Rooms {
		at := fmt.Sprintf("rooms[%d]", i)
		if r.Seats < 0 {
			c.wrong(at+".seats", "is %d; a room has 0 seats or more", r.Seats)
		}
		c.known(at+".closed", r.Closed, blocks, "block")
	}
	for i, s := range in.Staff {
		c.known(fmt.Sprintf("staff[%d].away", i), s.Away, blocks, "block")
	}
	for i, s := range in.Sessions {
		at := fmt.Sprintf("sessions[%d]", i)
		c.known(at+".block", []string{s.Block}, blocks, "block")
		c.known(at+".staff", s.Staff, staff, "member of staff")
		c.known(at+".rooms", s.Rooms, rooms, "room")
		c.known(at+".invited", s.Invited, students, "student")
		if s.Seats < 0 {
			c.wrong(at+".seats", "is %d; a session has 0 seats or more", s.Seats)
		}
		if s.Least < 0 {
			c.wrong(at+".least", "is %d; it must be 0 or more", s.Least)
		}
		if s.Least > s.Seats {
			c.wrong(at+".least", "is %d, more than its %d seats", s.Least, s.Seats)
		}
		if !slices.Contains(Purposes, s.Purpose) {
			c.wrong(at+".purpose", "is %q; it must be one of %v", s.Purpose, Purposes)
		}
		if !slices.Contains([]State{"", Offered, Possible, Fixed}, s.State) {
			c.wrong(at+".state", "is %q; it must be offered, possible or fixed", s.State)
		}
		if !slices.Contains([]Door{"", Open, Asked, Invited}, s.Door) {
			c.wrong(at+".door", "is %q; it must be open, asked or invited", s.Door)
		}
		if s.Offer != "" {
			offers[s.Offer] = true
		}
	}
	for i, s := range in.Students {
		at := fmt.Sprintf("students[%d]", i)
		c.known(at+".blocks", s.Blocks, blocks, "block")
		seen := map[string]bool{}
		for j, n := range s.Needs {
			if !(n.Weight > 0 && n.Weight <= 1) {
				c.wrong(fmt.Sprintf("%s.needs[%d].weight", at, j), "is %v; it must be above 0 and at most 1", n.Weight)
			}
			if seen[n.Competency] {
				c.wrong(fmt.Sprintf("%s.needs[%d].competency", at, j), "%q is there twice", n.Competency)
			}
			seen[n.Competency] = true
		}
		if s.Asked < 0 || s.Granted < 0 || s.Granted > s.Asked {
			c.wrong(at+".granted", "is %d of %d asked; both must be 0 or more, and granted at most asked", s.Granted, s.Asked)
		}
	}
	asked := map[Request]bool{}
	for i, r := range in.Requests {
		at := fmt.Sprintf("requests[%d]", i)
		c.known(at+".student", []string{r.Student}, students, "student")
		switch {
		case (r.Session == "") == (r.Offer == ""):
			c.wrong(at, "must name either a session or an offer")
		case r.Session != "":
			c.known(at+".session", []string{r.Session}, sessions, "session")
		case !offers[r.Offer]:
			c.wrong(at+".offer", "%q is the offer of no session", r.Offer)
		}
		if r.Rank < 1 {
			c.wrong(at+".rank", "is %d; the first wish is 1", r.Rank)
		}
		what := Request{Student: r.Student, Session: r.Session, Offer: r.Offer}
		if asked[what] {
			c.wrong(at, "%q has asked for this before in the list", r.Student)
		}
		asked[what] = true
	}
	for i, r := range in.Required {
		at := fmt.Sprintf("required[%d]", i)
		c.known(at+".student", []string{r.Student}, students, "student")
		c.known(at+".sessions", r.Sessions, sessions, "session")
		if len(r.Sessions) == 0 {
			c.wrong(at+".sessions", "is empty; name one session or more")
		}
	}
	for i, p := range in.Barred {
		at := fmt.Sprintf("barred[%d]", i)
		c.known(at+".student", []string{p.Student}, students, "student")
		c.known(at+".session", []string{p.Session}, sessions, "session")
	}
	for i, h := range in.Published {
		at := fmt.Sprintf("published[%d]", i)
		c.known(at+".id", []string{h.ID}, sessions, "session")
		c.known(at+".students", h.Students, students, "student")
	}
	if w := in.Weights; w != nil {
		for _, v := range []struct {
			name  string
			value float64
		}{
			{"place", w.Place}, {"need", w.Need}, {"request", w.Request}, {"later", w.Later}, {"first", w.First}, {"fairness", w.Fairness},
			{"variety", w.Variety}, {"keep", w.Keep}, {"opening", w.Opening}, {"closing", w.Closing},
		} {
			if !(v.value >= 0 && v.value <= 1e6) {
				c.wrong("weights."+v.name, "is %v; it must be from 0 to 1000000", v.value)
			}
		}
		if w.Later > 1 {
			c.wrong("weights.later", "is %v; a later wish counts at most as much as the one before, so at most 1", w.Later)
		}
	}
	return c.err()
}

type checker struct {
	all   []string
	field string
}

func (c *checker) wrong(field, format string, args ...any) {
	if len(c.all) == 0 {
		c.field = field
	}
	c.all = append(c.all, field+" "+fmt.Sprintf(format, args...))
}

func (c *checker) ids(name string, n int, id func(int) string) map[string]bool {
	seen := map[string]bool{}
	for i := range n {
		switch v := id(i); {
		case v == "":
			c.wrong(fmt.Sprintf("%s[%d].id", name, i), "is empty")
		case seen[v]:
			c.wrong(fmt.Sprintf("%s[%d].id", name, i), "%q is there twice", v)
		default:
			seen[v] = true
		}
	}
	return seen
}

func (c *checker) known(field string, ids []string, in map[string]bool, what string) {
	for _, id := range ids {
		if !in[id] {
			c.wrong(field, "%q is no %s of this instance", id, what)
		}
	}
}

// most is how many problems a fault tells at once.
const most = 10

func (c *checker) err() error {
	if len(c.all) == 0 {
		return nil
	}
	text := strings.Join(c.all[:min(most, len(c.all))], "; ")
	if n := len(c.all) - most; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return fault.Field(c.field, "%s.", text)
}
