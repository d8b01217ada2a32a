package flex_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"waymark/internal/flex"
)

// program writes an instance as a mixed-integer program in CPLEX LP format, straight from
// docs/flex.md and with nothing of the solver, for CBC or any other program to solve. relaxed
// leaves out that variables are whole.
func program(in *flex.Instance, relaxed bool) []byte {
	w := flex.DefaultWeights
	if in.Weights != nil {
		w = *in.Weights
	}
	var objective, rules, bounds, binary bytes.Buffer
	constant := 0.0
	term := func(c float64, name string) { fmt.Fprintf(&objective, " %+.9f %s\n", c, name) }
	rule := func(terms []string, sense string, rhs float64) {
		if len(terms) > 0 {
			fmt.Fprintf(&rules, " %s %s %g\n", strings.Join(terms, " "), sense, rhs)
		}
	}
	covers := func(want []string, have ...[]string) bool {
		all := slices.Concat(have...)
		return !slices.ContainsFunc(want, func(t string) bool { return !slices.Contains(all, t) })
	}
	var seatTerms = map[int][]string{} // by session: its students
	held := map[int]string{}
	roomUse, staffUse := map[string][]string{}, map[string][]string{}
	seats := map[int][]string{}
	for k, s := range in.Sessions {
		h := fmt.Sprintf("h%d", k)
		held[k] = h
		binary.WriteString(" " + h + "\n")
		switch s.State {
		case flex.Possible:
			term(-w.Opening, h)
		case flex.Fixed:
			rule([]string{"+ " + h}, "=", 1)
		default:
			term(w.Closing, h)
			constant -= w.Closing
		}
		if len(in.Rooms) > 0 {
			one := []string{"- " + h}
			for r, room := range in.Rooms {
				if slices.Contains(room.Closed, s.Block) || len(s.Rooms) > 0 && !slices.Contains(s.Rooms, room.ID) || !covers(s.Equipment, room.Tags) {
					continue
				}
				u := fmt.Sprintf("u%d_%d", k, r)
				binary.WriteString(" " + u + "\n")
				one = append(one, "+ "+u)
				roomUse[room.ID+"|"+s.Block] = append(roomUse[room.ID+"|"+s.Block], "+ "+u)
				seats[k] = append(seats[k], fmt.Sprintf("- %d %s", min(s.Seats, room.Seats), u))
			}
			rule(one, "=", 0)
		} else {
			seats[k] = []string{fmt.Sprintf("- %d %s", s.Seats, h)}
		}
		if len(s.Staff) > 0 {
			one := []string{"- " + h}
			for t, adult := range in.Staff {
				if !slices.Contains(s.Staff, adult.ID) || slices.Contains(adult.Away, s.Block) {
					continue
				}
				a := fmt.Sprintf("a%d_%d", k, t)
				binary.WriteString(" " + a + "\n")
				one = append(one, "+ "+a)
				staffUse[adult.ID+"|"+s.Block] = append(staffUse[adult.ID+"|"+s.Block], "+ "+a)
			}
			rule(one, "=", 0)
		}
	}
	for _, use := range []map[string][]string{roomUse, staffUse} {
		for _, k := range slices.Sorted(func(yield func(string) bool) {
			for k := range use {
				if !yield(k) {
					return
				}
			}
		}) {
			rule(use[k], "<=", 1)
		}
	}
	lower := map[int][]string{}
	for i, st := range in.Students {
		var required, wanted []string
		for _, r := range in.Required {
			if r.Student == st.ID {
				required = append(required, r.Sessions...)
			}
		}
		grants := func(r flex.Request, s flex.Session) bool {
			return r.Student == st.ID && (r.Session == s.ID || r.Offer != "" && r.Offer == s.Offer)
		}
		for _, h := range in.Published {
			if slices.Contains(h.Students, st.ID) {
				wanted = append(wanted, h.ID)
			}
		}
		x := map[int]string{}
		inBlock := map[string][]string{}
		needs := func(s flex.Session) bool {
			return slices.ContainsFunc(st.Needs, func(n flex.Need) bool { return slices.Contains(s.Competencies, n.Competency) })
		}
		for k, s := range in.Sessions {
			if len(st.Blocks) > 0 && !slices.Contains(st.Blocks, s.Block) || slices.Contains(in.Barred, flex.Pair{Student: st.ID, Session: s.ID}) {
				continue
			}
			must := slices.Contains(required, s.ID)
			invited := slices.Contains(s.Invited, st.ID)
			asked := slices.ContainsFunc(in.Requests, func(r flex.Request) bool { return grants(r, s) })
			if !must && (len(s.Grades) > 0 && !slices.Contains(s.Grades, st.Grade) || s.Door == flex.Invited && !invited ||
				s.Door == flex.Asked && !invited && !asked && !needs(s) && !slices.Contains(wanted, s.ID)) {
				continue
			}
			v := fmt.Sprintf("x%d_%d", i, k)
			x[k] = v
			binary.WriteString(" " + v + "\n")
			value := w.Place
			if slices.Contains(wanted, s.ID) {
				value += w.Keep
			}
			term(value, v)
			inBlock[s.Block] = append(inBlock[s.Block], "+ "+v)
			seatTerms[k] = append(seatTerms[k], "+ "+v)
			lower[k] = append(lower[k], "+ "+v)
			for _, tag := range st.Supports {
				if slices.Contains(s.Supports, tag) {
					continue
				}
				terms := []string{"+ " + v}
				for r, room := range in.Rooms {
					if slices.Contains(room.Tags, tag) && !slices.Contains(room.Closed, s.Block) && (len(s.Rooms) == 0 || slices.Contains(s.Rooms, room.ID)) && covers(s.Equipment, room.Tags) {
						terms = append(terms, fmt.Sprintf("- u%d_%d", k, r))
					}
				}
				for t, adult := range in.Staff {
					if slices.Contains(adult.Tags, tag) && slices.Contains(s.Staff, adult.ID) && !slices.Contains(adult.Away, s.Block) {
						terms = append(terms, fmt.Sprintf("- a%d_%d", k, t))
					}
				}
				rule(terms, "<=", 0)
			}
		}
		for _, b := range in.Blocks {
			rule(inBlock[b.ID], "<=", 1)
		}
		n := 0
		once := func(value float64, meets func(flex.Session) bool) {
			y := fmt.Sprintf("y%d_%d", i, n)
			terms := []string{"+ " + y}
			for k := range in.Sessions {
				if x[k] != "" && meets(in.Sessions[k]) {
					terms = append(terms, "- "+x[k])
				}
			}
			if len(terms) == 1 || value == 0 {
				return
			}
			n++
			term(value, y)
			fmt.Fprintf(&bounds, " 0 <= %s <= 1\n", y)
			rule(terms, "<=", 0)
		}
		for _, need := range st.Needs {
			once(w.Need*need.Weight, func(s flex.Session) bool { return slices.Contains(s.Competencies, need.Competency) })
		}
		fair := 1 + w.Fairness*(1-(float64(st.Granted)+1)/(float64(st.Asked)+1))
		for _, r := range in.Requests {
			if r.Student == st.ID {
				once(w.Request*math.Pow(w.Later, float64(r.Rank-1))*fair, func(s flex.Session) bool { return grants(r, s) })
			}
		}
		once(w.First*fair, func(s flex.Session) bool {
			return slices.ContainsFunc(in.Requests, func(r flex.Request) bool { return grants(r, s) })
		})
		for _, p := range flex.Purposes {
			once(w.Variety, func(s flex.Session) bool { return s.Purpose == p })
		}
		for _, r := range in.Required {
			if r.Student != st.ID {
				continue
			}
			var terms []string
			for k, s := range in.Sessions {
				if slices.Contains(r.Sessions, s.ID) && x[k] != "" {
					terms = append(terms, "+ "+x[k])
				}
			}
			rule(terms, ">=", 1)
		}
	}
	for k, s := range in.Sessions {
		rule(append(seatTerms[k], seats[k]...), "<=", 0)
		required := slices.ContainsFunc(in.Required, func(r flex.Requirement) bool { return slices.Contains(r.Sessions, s.ID) })
		if s.State != flex.Fixed && !required {
			rule(append(lower[k], fmt.Sprintf("- %d %s", max(1, s.Least), held[k])), ">=", 0)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "Maximize\n obj: %+.9f one\n%sSubject To\n%s", constant, objective.String(), rules.String())
	fmt.Fprintf(&out, "Bounds\n one = 1\n%s", bounds.String())
	if relaxed {
		for name := range strings.FieldsSeq(binary.String()) {
			fmt.Fprintf(&out, " 0 <= %s <= 1\n", name)
		}
	} else {
		fmt.Fprintf(&out, "Binary\n%s", binary.String())
	}
	out.WriteString("End\n")
	return out.Bytes()
}

// cbc solves a program and returns its optimum.
func cbc(t testing.TB, text []byte, seconds int) float64 {
	t.Helper()
	dir := t.TempDir()
	lp, sol := filepath.Join(dir, "a.lp"), filepath.Join(dir, "a.sol")
	if err := os.WriteFile(lp, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("cbc", lp, "-sec", strconv.Itoa(seconds), "-ratio", "0", "-solve", "-solu", sol).CombinedOutput()
	if err != nil {
		t.Fatalf("cbc: %v\n%s", err, out)
	}
	head, err := os.ReadFile(sol)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	first, _, _ := strings.Cut(string(head), "\n")
	fields := strings.Fields(first)
	v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
	if err != nil || !strings.HasPrefix(first, "Optimal") {
		t.Fatalf("cbc says %q\n%s", first, out)
	}
	return math.Abs(v)
}

// BenchmarkOracle compares the instances of testdata with CBC, and one of 300 students with
// the optimum of its linear relaxation. It needs cbc (Debian: coinor-cbc).
func BenchmarkOracle(b *testing.B) {
	list := instances(b)
	list["300 students"] = flex.Generate(flex.Size{Students: 300, Blocks: 10, Sessions: 20}, 1)
	for b.Loop() {
		for name, in := range list {
			s := flex.Solve(b.Context(), in, 1)
			whole := math.NaN()
			if len(in.Students) <= 100 {
				whole = cbc(b, program(in, false), 100)
			}
			b.Logf("%s: found %.3f, own bound %.3f, CBC: optimum %.3f, of the linear relaxation %.3f", name, s.Objective, s.Bound, whole, cbc(b, program(in, true), 100))
		}
	}
}
