package flex

import (
	"fmt"
	"io"
	"slices"

	"waymark/internal/strict"
)

// Read reads an instance and checks it. Every error is a fault that names the place.
func Read(r io.Reader) (*Instance, error) {
	var in Instance
	if err := strict.Read(r, InstanceSchema, "docs/flex.md", &in); err != nil {
		return nil, err
	}
	return &in, in.Check()
}

// ReadSolution reads a solution; [Verify] judges it.
func ReadSolution(r io.Reader) (*Solution, error) {
	var s Solution
	return &s, strict.Read(r, SolutionSchema, "docs/flex.md", &s)
}

// Check reports all that is wrong in an instance, each with its place and cure, as one fault.
func (in *Instance) Check() error {
	var c strict.Checker
	blocks := c.IDs("blocks", len(in.Blocks), func(i int) string { return in.Blocks[i].ID })
	rooms := c.IDs("rooms", len(in.Rooms), func(i int) string { return in.Rooms[i].ID })
	staff := c.IDs("staff", len(in.Staff), func(i int) string { return in.Staff[i].ID })
	sessions := c.IDs("sessions", len(in.Sessions), func(i int) string { return in.Sessions[i].ID })
	students := c.IDs("students", len(in.Students), func(i int) string { return in.Students[i].ID })
	offers := map[string]bool{}
	for i, r := range in.Rooms {
		at := fmt.Sprintf("rooms[%d]", i)
		if r.Seats < 0 {
			c.Wrong(at+".seats", "is %d; a room has 0 seats or more", r.Seats)
		}
		c.Known(at+".closed", r.Closed, blocks, "block")
	}
	for i, s := range in.Staff {
		c.Known(fmt.Sprintf("staff[%d].away", i), s.Away, blocks, "block")
	}
	for i, s := range in.Sessions {
		at := fmt.Sprintf("sessions[%d]", i)
		c.Known(at+".block", []string{s.Block}, blocks, "block")
		c.Known(at+".staff", s.Staff, staff, "member of staff")
		c.Known(at+".rooms", s.Rooms, rooms, "room")
		c.Known(at+".invited", s.Invited, students, "student")
		if s.Seats < 0 {
			c.Wrong(at+".seats", "is %d; a session has 0 seats or more", s.Seats)
		}
		if s.Least < 0 {
			c.Wrong(at+".least", "is %d; it must be 0 or more", s.Least)
		}
		if s.Least > s.Seats {
			c.Wrong(at+".least", "is %d, more than its %d seats", s.Least, s.Seats)
		}
		if !slices.Contains(Purposes, s.Purpose) {
			c.Wrong(at+".purpose", "is %q; it must be one of %v", s.Purpose, Purposes)
		}
		if !slices.Contains([]State{"", Offered, Possible, Fixed}, s.State) {
			c.Wrong(at+".state", "is %q; it must be offered, possible or fixed", s.State)
		}
		if !slices.Contains([]Door{"", Open, Asked, Invited}, s.Door) {
			c.Wrong(at+".door", "is %q; it must be open, asked or invited", s.Door)
		}
		if s.Offer != "" {
			offers[s.Offer] = true
		}
	}
	for i, s := range in.Students {
		at := fmt.Sprintf("students[%d]", i)
		c.Known(at+".blocks", s.Blocks, blocks, "block")
		seen := map[string]bool{}
		for j, n := range s.Needs {
			if !(n.Weight > 0 && n.Weight <= 1) {
				c.Wrong(fmt.Sprintf("%s.needs[%d].weight", at, j), "is %v; it must be above 0 and at most 1", n.Weight)
			}
			if seen[n.Competency] {
				c.Wrong(fmt.Sprintf("%s.needs[%d].competency", at, j), "%q is there twice", n.Competency)
			}
			seen[n.Competency] = true
		}
		if s.Asked < 0 || s.Granted < 0 || s.Granted > s.Asked {
			c.Wrong(at+".granted", "is %d of %d asked; both must be 0 or more, and granted at most asked", s.Granted, s.Asked)
		}
	}
	asked := map[Request]bool{}
	for i, r := range in.Requests {
		at := fmt.Sprintf("requests[%d]", i)
		c.Known(at+".student", []string{r.Student}, students, "student")
		switch {
		case (r.Session == "") == (r.Offer == ""):
			c.Wrong(at, "must name either a session or an offer")
		case r.Session != "":
			c.Known(at+".session", []string{r.Session}, sessions, "session")
		case !offers[r.Offer]:
			c.Wrong(at+".offer", "%q is the offer of no session", r.Offer)
		}
		if r.Rank < 1 {
			c.Wrong(at+".rank", "is %d; the first wish is 1", r.Rank)
		}
		what := Request{Student: r.Student, Session: r.Session, Offer: r.Offer}
		if asked[what] {
			c.Wrong(at, "%q has asked for this before in the list", r.Student)
		}
		asked[what] = true
	}
	for i, r := range in.Required {
		at := fmt.Sprintf("required[%d]", i)
		c.Known(at+".student", []string{r.Student}, students, "student")
		c.Known(at+".sessions", r.Sessions, sessions, "session")
		if len(r.Sessions) == 0 {
			c.Wrong(at+".sessions", "is empty; name one session or more")
		}
	}
	for i, p := range in.Barred {
		at := fmt.Sprintf("barred[%d]", i)
		c.Known(at+".student", []string{p.Student}, students, "student")
		c.Known(at+".session", []string{p.Session}, sessions, "session")
	}
	block := map[string]string{}
	for _, s := range in.Sessions {
		block[s.ID] = s.Block
	}
	placed := map[[2]string]bool{}
	for i, h := range in.Published {
		at := fmt.Sprintf("published[%d]", i)
		c.Known(at+".id", []string{h.ID}, sessions, "session")
		c.Known(at+".students", h.Students, students, "student")
		for _, id := range h.Students {
			if placed[[2]string{id, block[h.ID]}] {
				c.Wrong(at+".students", "%q is published in two sessions of block %s; one place at a time", id, block[h.ID])
			}
			placed[[2]string{id, block[h.ID]}] = true
		}
	}
	if w := in.Weights; w != nil {
		for _, v := range []struct {
			name  string
			value float64
		}{
			{"place", w.Place}, {"need", w.Need}, {"request", w.Request}, {"later", w.Later}, {"first", w.First}, {"fairness", w.Fairness},
			{"variety", w.Variety}, {"keep", w.Keep}, {"opening", w.Opening}, {"closing", w.Closing},
		} {
			if !(v.value >= 0 && v.value <= 1e4) {
				c.Wrong("weights."+v.name, "is %v; it must be from 0 to 10000", v.value)
			}
		}
		if w.Later > 1 {
			c.Wrong("weights.later", "is %v; a later wish counts at most as much as the one before, so at most 1", w.Later)
		}
	}
	return c.Err()
}
