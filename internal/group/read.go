package group

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"waymark/internal/strict"
)

// Read reads an instance and checks it. Every error is a fault that names the place.
func Read(r io.Reader) (*Instance, error) {
	var in Instance
	if err := strict.Read(r, InstanceSchema, docs, &in); err != nil {
		return nil, err
	}
	return &in, in.Check()
}

// ReadSolution reads a solution; [Verify] judges it.
func ReadSolution(r io.Reader) (*Solution, error) {
	s := Solution{Score: math.NaN()} // as long as nothing is said of it
	return &s, strict.Read(r, SolutionSchema, docs, &s)
}

// Check reports all that is wrong in an instance, each with its place and cure, as one fault.
func (in *Instance) Check() error {
	var c strict.Checker
	if !slices.Contains(Purposes, in.Purpose) {
		c.Wrong("purpose", "is %q; it must be one of %v", in.Purpose, Purposes)
	}
	if _, err := time.Parse(time.DateOnly, in.Until); in.Until != "" && err != nil {
		c.Wrong("until", "is %q; it must be a day such as 2026-12-04", in.Until)
	}
	students := c.IDs("students", len(in.Students), func(i int) string { return in.Students[i].ID })
	c.IDs("groups", len(in.Groups), func(i int) string { return in.Groups[i].ID })
	staff := c.IDs("staff", len(in.Staff), func(i int) string { return in.Staff[i].ID })
	for i, s := range in.Students {
		at := fmt.Sprintf("students[%d]", i)
		amounts(&c, at+".needs", s.Needs)
		amounts(&c, at+".interests", s.Interests)
		if !(s.Priority >= 0 && s.Priority <= 1) {
			c.Wrong(at+".priority", "is %v; it must be from 0 to 1", s.Priority)
		}
		for _, v := range []struct {
			name  string
			value *float64
		}{{"level", s.Level}, {"pace", s.Pace}} {
			if v.value != nil && !(math.Abs(*v.value) <= 1e9) {
				c.Wrong(at+"."+v.name, "is %v; it must be from -1000000000 to 1000000000", *v.value)
			}
		}
	}
	in.checkSizes(&c)
	locked := map[string]bool{}
	for i, g := range in.Groups {
		at := fmt.Sprintf("groups[%d]", i)
		c.Known(at+".locked", g.Locked, students, "student")
		if g.Staff != "" {
			c.Known(at+".staff", []string{g.Staff}, staff, "member of staff")
		}
		for _, id := range g.Locked {
			if locked[id] {
				c.Wrong(at+".locked", "%q is locked twice", id)
			}
			locked[id] = true
		}
	}
	if in.Minutes < 0 || in.Minutes > often {
		c.Wrong("minutes", "is %d; it must be from 0 to %d", in.Minutes, often)
	}
	for i, s := range in.Staff {
		if s.Minutes < 0 {
			c.Wrong(fmt.Sprintf("staff[%d].minutes", i), "is %d; it must be 0 or more", s.Minutes)
		}
	}
	for i, ids := range in.Together {
		c.Known(fmt.Sprintf("together[%d]", i), ids, students, "student")
	}
	for i, ids := range in.Apart {
		c.Known(fmt.Sprintf("apart[%d]", i), ids, students, "student")
	}
	for i, m := range in.Met {
		at := fmt.Sprintf("met[%d]", i)
		c.Known(at, []string{m.A, m.B}, students, "student")
		if m.Times < 0 || m.Times > often || m.A == m.B {
			c.Wrong(at, "must be two students and 0 to %d times", often)
		}
	}
	roles := map[string]bool{}
	for i, r := range in.Roles {
		if r == "" || roles[r] {
			c.Wrong(fmt.Sprintf("roles[%d]", i), "%q is empty or there twice", r)
		}
		roles[r] = true
	}
	for i, h := range in.Held {
		at := fmt.Sprintf("held[%d]", i)
		c.Known(at+".student", []string{h.Student}, students, "student")
		if h.Times < 0 || h.Times > often {
			c.Wrong(at+".times", "is %d; it must be from 0 to %d", h.Times, often)
		}
	}
	if w := in.Weights; w != nil {
		sum := 0.0
		for _, v := range []struct {
			name  string
			value float64
		}{
			{"need", w.Need}, {"interest", w.Interest}, {"pace", w.Pace}, {"mixed", w.Mixed}, {"cover", w.Cover}, {"balance", w.Balance},
			{"fresh", w.Fresh}, {"language", w.Language}, {"led", w.Led}, {"even", w.Even},
		} {
			if !(v.value >= 0 && v.value <= 1e6) {
				c.Wrong("weights."+v.name, "is %v; it must be from 0 to 1000000", v.value)
			}
			sum += v.value
		}
		if sum == 0 {
			c.Wrong("weights", "are all 0; let something count, or leave them out")
		}
	}
	return c.Err()
}

// The largest instance, and the largest count in it, that are accepted.
const (
	largest = 2000
	often   = 1_000_000
)

func (in *Instance) checkSizes(c *strict.Checker) {
	n := len(in.Students)
	if n == 0 || n > largest {
		c.Wrong("students", "are %d; there must be 1 to %d", n, largest)
	}
	if in.Least < 1 || in.Most < in.Least || in.Most > largest {
		c.Wrong("least", "is %d and most is %d; a group has 1 to %d students, and most is not below least", in.Least, in.Most, largest)
		return
	}
	if in.Number < 0 || in.Number > largest {
		c.Wrong("number", "is %d; it must be from 0 to %d", in.Number, largest)
		return
	}
	if len(in.Groups) > 0 && in.Number != 0 && in.Number != len(in.Groups) {
		c.Wrong("number", "is %d; it must be 0, or how many groups there are (%d)", in.Number, len(in.Groups))
		return
	}
	if len(in.Groups) == 0 {
		if in.Number == 0 {
			if (n+in.Most-1)/in.Most > n/in.Least {
				c.Wrong("least", "is %d and most is %d; no number of such groups holds %d students. Widen the range", in.Least, in.Most, n)
			}
			return
		}
		if n < in.Number*in.Least || n > in.Number*in.Most {
			c.Wrong("number", "is %d; groups of %d to %d students would hold %d to %d of them, and there are %d. Change the number or the sizes", in.Number, in.Least, in.Most, in.Number*in.Least, in.Number*in.Most, n)
		}
		return
	}
	least, most := 0, 0
	for i := range in.Groups {
		a, b := in.sizes(i)
		if a < 0 || b < a || b > largest {
			c.Wrong(fmt.Sprintf("groups[%d].least", i), "is %d, and most is %d; they go from 0 to %d, and most must not be below least", a, b, largest)
			return
		}
		least, most = least+a, most+b
	}
	if n < least || n > most {
		c.Wrong("groups", "hold %d to %d students; there are %d. Change their number or sizes", least, most, n)
	}
}

// sizes are how few and how many students a told group may have.
func (in *Instance) sizes(group int) (least, most int) {
	least, most = in.Least, in.Most
	if group < len(in.Groups) {
		if g := in.Groups[group]; g.Least != 0 {
			least = g.Least
		}
		if g := in.Groups[group]; g.Most != 0 {
			most = g.Most
		}
	}
	return least, most
}

func amounts(c *strict.Checker, at string, all []Amount) {
	seen := map[string]bool{}
	for i, a := range all {
		if a.ID == "" || seen[a.ID] {
			c.Wrong(fmt.Sprintf("%s[%d].id", at, i), "%q is empty or there twice", a.ID)
		}
		seen[a.ID] = true
		if !(a.Weight > 0 && a.Weight <= 1) {
			c.Wrong(fmt.Sprintf("%s[%d].weight", at, i), "is %v; it must be above 0 and at most 1", a.Weight)
		}
	}
}
