package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"waymark/internal/study"
)

// world is a design whose truth is known.
type world struct {
	name string
	spec string // the part of the declaration that is its own
	draw func(rng *rand.Rand, effect float64) string
}

const specHead = `{"schema":"waymark-study/1","question":"Did it help?","practice":"it","student":"id","treatment":"treat","baseline":"pre","outcomes":[{"column":"y"}],"meaningful":0.05,"seed":1,"school":"school",`

// district draws students in classes in schools: abilities, school and class levels, and who has
// the practice.
func district(rng *rand.Rand, schools, classes, size int, effect float64, by func(school, class int) bool, levels float64) string {
	var b strings.Builder
	b.WriteString("id,school,class,treat,pre,y\n")
	id := 0
	for s := range schools {
		us := levels * rng.NormFloat64()
		for c := range classes {
			uc := .5 * levels * rng.NormFloat64()
			for range size {
				id++
				t := 0.0
				if by(s, c) {
					t = 1
				}
				ability := rng.NormFloat64()
				pre := .8*ability + .6*rng.NormFloat64() + .5*us
				fmt.Fprintf(&b, "%d,%d,%d,%.0f,%.5f,%.5f\n", id, s, s*classes+c, t, pre, .8*ability+.6*rng.NormFloat64()+us+uc+effect*t)
			}
		}
	}
	return b.String()
}

func worlds() []world {
	lots := func(rng *rand.Rand, n, treated int) []bool {
		out := make([]bool, n)
		for i := range treated {
			out[i] = true
		}
		rng.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out
	}
	students := func(n, treated int) func(*rand.Rand, float64) string {
		return func(rng *rand.Rand, effect float64) string {
			on := lots(rng, n, treated)
			i := -1
			return district(rng, 1, 1, n, effect, func(int, int) bool { i++; return on[i] }, 0)
		}
	}
	schools := func(n, treated, size int) func(*rand.Rand, float64) string {
		return func(rng *rand.Rand, effect float64) string {
			on := lots(rng, n, treated)
			return district(rng, n, 1, size, effect, func(s, _ int) bool { return on[s] }, .3)
		}
	}
	return []world{
		{"students by lot, 40 and 10", specHead + `"unit":"student","design":"randomised","method":{"kind":"regression"}}`, students(50, 10)},
		{"students by lot, 150 and 150", specHead + `"unit":"student","design":"randomised","method":{"kind":"regression"}}`, students(300, 150)},
		{"10 and 10 schools of 25 by lot", specHead + `"unit":"school","design":"randomised","method":{"kind":"regression"}}`, schools(20, 10, 25)},
		{"4 and 16 schools of 40 by lot", specHead + `"unit":"school","design":"randomised","method":{"kind":"regression"}}`, schools(20, 4, 40)},
		{"classes by lot within 12 schools", specHead + `"unit":"class","class":"class","block":"school","design":"randomised","method":{"kind":"regression"}}`, func(rng *rand.Rand, effect float64) string {
			return district(rng, 12, 4, 20, effect, func(_, c int) bool { return c < 2 }, .3)
		}},
		{"15 of 60 schools, virtual groups", specHead + `"unit":"school","design":"comparison","method":{"kind":"virtual","calipers":[{"column":"pre","width":0.2}],"least":5,"elsewhere":true}}`, schools(60, 15, 25)},
		{"15 of 60 schools, nearest neighbours", specHead + `"unit":"school","design":"comparison","method":{"kind":"nearest","calipers":[{"column":"pre","width":0.2}]}}`, schools(60, 15, 25)},
		{"15 of 60 schools, full matching", specHead + `"unit":"school","design":"comparison","method":{"kind":"full"}}`, schools(60, 15, 25)},
	}
}

// simulate counts how often intervals hold the truth, and how often verdicts are false.
func simulate(runs int) error {
	fmt.Printf("\n%d runs of each; effects in standard deviations of students; meaningful is .05\n\n", runs)
	fmt.Println("| design | 95 % intervals hold the truth (0 / .2) | bias at .2 | called helped or harmed where nothing is | called harmed or none where .2 is | helped at .2 |\n|---|---|---|---|---|---|")
	for _, w := range worlds() {
		s, err := study.Read(strings.NewReader(w.spec))
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		var covered, wrong [2]int
		helped, bias := 0, 0.0
		n := 0
		for k := range runs {
			for at, effect := range []float64{0, .2} {
				rng := rand.New(rand.NewPCG(uint64(k)+1, uint64(at)))
				f, err := study.ReadFrame(bytes.NewReader([]byte(w.draw(rng, effect))), "drawn", s.Columns())
				if err != nil {
					return err
				}
				r, err := study.Run(s, f)
				if err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				o := r.Outcomes[0]
				if float64(o.Effect.Low) <= effect && effect <= float64(o.Effect.High) {
					covered[at]++
				}
				switch o.Verdict {
				case study.Helped:
					if effect == 0 {
						wrong[0]++
					} else {
						helped++
					}
				case study.Harmed:
					wrong[at]++
				case study.NoDifference:
					if effect > 0 {
						wrong[1]++
					}
				}
				if at == 1 {
					bias += float64(o.Effect.Difference) - effect
				}
			}
			n++
		}
		of := func(k int) float64 { return 100 * float64(k) / float64(n) }
		fmt.Printf("| %s | %.1f %% / %.1f %% | %+.4f | %.1f %% | %.1f %% | %.1f %% |\n", w.name, of(covered[0]), of(covered[1]), bias/float64(n), of(wrong[0]), of(wrong[1]), of(helped))
	}
	return nil
}
