package group

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Generate draws a class, or a grade, to try: needs crowd on few competencies, as in a class
// that works on something; a few students must be apart or together; some have worked with
// each other before.
func Generate(purpose Purpose, students int, seed uint64) *Instance {
	rng := rand.New(rand.NewPCG(seed, 0x47454e))
	chance := func(p float64) bool { return rng.Float64() < p }
	round := func(x float64) float64 { return math.Round(100*x) / 100 }
	in := &Instance{Schema: InstanceSchema, Purpose: purpose, Until: "2026-12-11", Least: 3, Most: 5}
	in.Number = max(1, students/4, (students+in.Most-1)/in.Most)
	// Half the groups can have an adult.
	in.Minutes = 20
	for i := range max(1, students/40) {
		in.Staff = append(in.Staff, Staff{ID: fmt.Sprintf("t%d", i+1), Minutes: 20 * max(1, in.Number/2/max(1, students/40))})
	}
	if len(in.Staff) > 1 {
		in.Staff[1].Supports, in.Staff[1].Languages = []string{"signing"}, []string{"es"}
	}
	some := func(prefix string, of, most int) (out []Amount) {
		for range rng.IntN(most + 1) {
			id := fmt.Sprintf("%s%02d", prefix, 1+int(float64(of)*math.Pow(rng.Float64(), 2)))
			if !slices.ContainsFunc(out, func(a Amount) bool { return a.ID == id }) {
				out = append(out, Amount{id, round(.2 + .8*rng.Float64())})
			}
		}
		return out
	}
	for i := range students {
		ability := rng.NormFloat64()
		level, pace := round(50+12*ability), round(math.Exp(.25*rng.NormFloat64()+.1*ability))
		s := Student{
			ID: fmt.Sprintf("u%03d", i+1), Level: &level, Pace: &pace, Priority: round(rng.Float64()),
			Needs: some("c", 14, 3), Interests: some("i", 18, 3),
			Subgroups: map[string]string{"sex": []string{"female", "male"}[rng.IntN(2)], "poverty": []string{"no", "yes"}[min(1, rng.IntN(3)/2)]},
		}
		for c := range 14 {
			if chance(.12 + .12*(ability+1)*.5) {
				s.Strengths = append(s.Strengths, fmt.Sprintf("c%02d", c+1))
			}
		}
		if chance(.2) {
			s.Speaks = []string{"es"}
			if chance(.4) {
				s.With = "es"
			}
		}
		if len(in.Staff) > 1 && chance(.02) {
			s.Supports = []string{"signing"}
		}
		in.Students = append(in.Students, s)
	}
	pair := func() []string {
		a, b := rng.IntN(students), rng.IntN(students)
		return []string{in.Students[a].ID, in.Students[b].ID}
	}
	for range students / 15 {
		if p := pair(); p[0] != p[1] {
			in.Apart = append(in.Apart, p)
		}
	}
	for range students / 30 {
		if p := pair(); p[0] != p[1] && !slices.ContainsFunc(in.Apart, func(o []string) bool { return slices.Contains(o, p[0]) && slices.Contains(o, p[1]) }) {
			in.Together = append(in.Together, p)
		}
	}
	seen := map[[2]string]bool{}
	for range students * 3 {
		p := pair()
		key := [2]string{min(p[0], p[1]), max(p[0], p[1])}
		if p[0] != p[1] && !seen[key] {
			seen[key] = true
			in.Met = append(in.Met, Met{key[0], key[1], 1 + rng.IntN(3)})
		}
	}
	if purpose == Project {
		in.Roles = []string{"facilitator", "recorder", "materials"}
		for range students {
			in.Held = append(in.Held, Held{in.Students[rng.IntN(students)].ID, in.Roles[rng.IntN(3)], 1})
		}
	}
	return in
}
