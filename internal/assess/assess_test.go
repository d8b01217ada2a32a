package assess_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"waymark/internal/assess"
	"waymark/internal/assess/irt"
	"waymark/internal/competency"
)

func table(t testing.TB, name string) (rows [][]float64) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := make([]float64, len(cells))
		for i, c := range cells {
			if row[i], err = strconv.ParseFloat(c, 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func simBank(t testing.TB) (bank []assess.Candidate) {
	for _, r := range table(t, "bank.csv") {
		bank = append(bank, assess.Candidate{Item: irt.Dichotomous(r[0], r[1], r[2])})
	}
	return bank
}

// On the given bank and answers, the tests are those of catR 3.17; see testdata/README.md.
func TestLikeCatR(t *testing.T) {
	t.Parallel()
	bank, theta := simBank(t), table(t, "theta.csv")
	text, err := os.ReadFile("testdata/responses.txt")
	if err != nil {
		t.Fatal(err)
	}
	var square, bias, length float64
	for i, row := range strings.Fields(string(text)) {
		x := assess.New(bank, assess.Options{Most: 40, StopSE: .30})
		for {
			j, done := x.Next()
			if done {
				break
			}
			if err := x.Add(j, int8(row[j]-'0')); err != nil {
				t.Fatal(err)
			}
		}
		m, _ := x.Estimate()
		d := m - theta[i][0]
		square += d * d
		bias += d
		length += float64(len(x.Asked()))
	}
	if got, want := fmt.Sprintf("%.4f %.4f %.2f", math.Sqrt(square/100), bias/100, length/100), "0.2775 -0.0530 18.67"; got != want {
		t.Errorf("RMSE, bias and length = %s; catR gives %s", got, want)
	}
}

// take lets somebody of an ability take a test.
func take(rng *rand.Rand, bank []assess.Candidate, theta float64, o assess.Options) *assess.Test {
	x := assess.New(bank, o)
	for {
		j, done := x.Next()
		if done {
			return x
		}
		a := int8(0)
		if rng.Float64() < bank[j].P(theta) {
			a = 1
		}
		if err := x.Add(j, a); err != nil {
			panic(err)
		}
	}
}

func rasch(n int) (bank []assess.Candidate) {
	for i := range n {
		bank = append(bank, assess.Candidate{Item: irt.Dichotomous(1.2, -2+4*float64(i%20)/19, .15), Competency: competency.ID("abc"[i%3 : i%3+1])})
	}
	return bank
}

// A mastery decision keeps its error rates and needs at most half the items of a fixed
// test that keeps them too.
func TestDecision(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	bank := simBank(t)
	cut := assess.Cut{Theta: .2, Apart: .5, FalseMet: .05, FalseNotMet: .05}
	const learners = 1500
	errorsOf := func(theta float64, o assess.Options, wrong assess.Decision) (rate, length float64) {
		for range learners {
			x := take(rng, bank, theta, o)
			if x.Decide() == wrong {
				rate++
			}
			length += float64(len(x.Asked()))
		}
		return rate / learners, length / learners
	}
	adaptive := assess.Options{Most: 80, Cut: &cut}
	falseMet, short := errorsOf(cut.Theta-cut.Apart, adaptive, assess.Met)
	falseNot, long := errorsOf(cut.Theta+cut.Apart, adaptive, assess.NotMet)
	if falseMet > .065 || falseNot > .065 {
		t.Errorf("wrong decisions at the zone's ends: %.3f and %.3f; stated .05", falseMet, falseNot)
	}
	// A fixed test of the bank's items in order, decided by which end of the zone is likelier:
	// the shortest that keeps the error rates.
	fixed := 0
	for n := 10; n <= 200; n += 10 {
		bad := 0
		for i := range 2 * learners {
			theta := cut.Theta - cut.Apart
			if i%2 == 1 {
				theta = cut.Theta + cut.Apart
			}
			ratio := 0.0
			for _, c := range bank[:n] {
				a := 0
				if rng.Float64() < c.P(theta) {
					a = 1
				}
				ratio += math.Log(c.Category(a, cut.Theta+cut.Apart) / c.Category(a, cut.Theta-cut.Apart))
			}
			if (ratio > 0) != (i%2 == 1) {
				bad++
			}
		}
		if float64(bad)/(2*learners) <= .05 {
			fixed = n
			break
		}
	}
	if fixed == 0 || (short+long)/2 > float64(fixed)/2 {
		t.Errorf("a decision takes %.1f items; a fixed test with its error rates %d; want at most half", (short+long)/2, fixed)
	}
}

func TestBalanceAndRetired(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	bank := rasch(90)
	bank[0].Retired = true
	x := take(rng, bank, 0, assess.Options{Most: 20, Shares: map[competency.ID]float64{"a": .5, "b": .3, "c": .2}, Among: 3, Seed: 9})
	have := map[competency.ID]int{}
	for _, i := range x.Asked() {
		have[bank[i].Competency]++
	}
	if have["a"] != 10 || have["b"] != 6 || have["c"] != 4 {
		t.Errorf("items by competency = %v; want 10, 6 and 4 of 20", have)
	}
	if slices.Contains(x.Asked(), 0) {
		t.Error("a retired item was asked")
	}
}

// The same answers make the same test again; another seed draws other items, and no item
// of the best is left to everybody.
func TestResumeAndExposure(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	bank := simBank(t)
	first := map[int]int{}
	for seed := range uint64(200) {
		o := assess.Options{Rule: assess.PosteriorInformation, Most: 8, Among: 5, Seed: seed}
		x := take(rng, bank, .3, o)
		first[x.Asked()[0]]++
		again := assess.New(bank, o)
		for _, i := range x.Asked()[:4] {
			if j, _ := again.Next(); j != i {
				t.Fatalf("taken up again, the test asks %d; it asked %d", j, i)
			}
			if err := again.Add(i, 1); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if len(first) != 5 {
		t.Errorf("%d items come first; want 5", len(first))
	}
	for i, n := range first {
		if n < 20 || n > 60 {
			t.Errorf("item %d comes first %d times of 200", i, n)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	x := assess.New(rasch(4), assess.Options{})
	if err := x.Add(1, 1); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		item   int
		answer int8
	}{{1, 1}, {-1, 1}, {4, 1}, {2, 2}, {2, -1}} {
		if x.Add(c.item, c.answer) == nil {
			t.Errorf("item %d with answer %d is taken", c.item, c.answer)
		}
	}
	if len(x.Asked()) != 1 {
		t.Errorf("refused answers count: %v", x.Asked())
	}
}

// Whatever is answered, a test ends, and its numbers are numbers.
func FuzzTest(f *testing.F) {
	f.Add([]byte{1, 0, 1, 1}, uint8(3), uint8(0))
	f.Add([]byte{0, 0, 0, 0, 0, 0}, uint8(1), uint8(7))
	bank := rasch(60)
	f.Fuzz(func(t *testing.T, data []byte, among, how uint8) {
		o := assess.Options{Among: int(among % 8), Most: int(how), Seed: uint64(how), StopSE: float64(how%5) / 10}
		if how&1 == 1 {
			o.Rule, o.Cut = assess.PosteriorInformation, &assess.Cut{Theta: float64(how)/64 - 2, Apart: .4, FalseMet: .05, FalseNotMet: .1}
		}
		x := assess.New(bank, o)
		for n := 0; ; n++ {
			i, done := x.Next()
			if done {
				break
			}
			if n > len(bank) {
				t.Fatal("the test does not end")
			}
			a := int8(0)
			if n < len(data) {
				a = int8(data[n] & 1)
			}
			if err := x.Add(i, a); err != nil {
				t.Fatal(err)
			}
			m, sd := x.Estimate()
			if p := x.Passed(0); math.IsNaN(m) || math.IsNaN(sd) || !(p >= -1e-9 && p <= 1+1e-9) {
				t.Fatalf("mean %v, sd %v, passed %v", m, sd, p)
			}
		}
		x.Decide()
	})
}

func BenchmarkTest(b *testing.B) {
	bank := simBank(b)
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		take(rng, bank, rng.NormFloat64(), assess.Options{Most: 40, StopSE: .30})
	}
}

func BenchmarkSelectFrom10000(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	bank := make([]assess.Candidate, 10000)
	for i := range bank {
		bank[i].Item = irt.Dichotomous(math.Exp(.3*rng.NormFloat64()), rng.NormFloat64(), .2)
	}
	x := assess.New(bank, assess.Options{})
	for b.Loop() {
		x.Next()
	}
}
