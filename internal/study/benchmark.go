package study

import (
	"io"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"waymark/internal/fault"
	"waymark/internal/study/effect"
)

// Benchmark is a published share with where it comes from. None is shipped: a district brings a
// file of those that it may use, and without a source nothing is compared.
type Benchmark struct {
	Item       string `json:"item"`
	Population string `json:"population"`
	Year       string `json:"year"`
	N          number `json:"n"`
	Percent    number `json:"percent"`
	SE         number `json:"se"` // in percentage points; from n where the file tells none
	Source     string `json:"source"`
	Licence    string `json:"licence"`
	VerifiedBy string `json:"verifiedBy"`
}

// Compared is one's own share beside a benchmark.
type Compared struct {
	Item       string    `json:"item"`
	N          number    `json:"n"`
	Percent    number    `json:"percent"`
	Benchmark  Benchmark `json:"benchmark"`
	Effect     number    `json:"designEffect"`
	Difference number    `json:"difference"` // percentage points
	Low        number    `json:"low"`
	High       number    `json:"high"`
	Z          number    `json:"z"`
	P          number    `json:"p"`
	PAdjusted  number    `json:"pAdjusted"` // Benjamini–Hochberg over all items
}

var benchmarkColumns = []string{"item", "population", "year", "n", "percent", "se", "source", "licence", "verified_by"}

// Benchmarks reads a file of benchmarks: item, population, year, n, percent, se (may be empty),
// source, licence and verified_by. One without a source, a licence or somebody who verified it is
// refused.
func Benchmarks(r io.Reader, file string) ([]Benchmark, error) {
	f, err := ReadFrame(r, file, benchmarkColumns)
	if err != nil {
		return nil, err
	}
	n, percent, se, err := f.percents()
	if err != nil {
		return nil, err
	}
	var out []Benchmark
	for i := range f.Rows {
		b := Benchmark{Item: f.cell("item", i), Population: f.cell("population", i), Year: f.cell("year", i), N: number(n[i]), Percent: number(percent[i]), SE: number(se[i]),
			Source: f.cell("source", i), Licence: f.cell("licence", i), VerifiedBy: f.cell("verified_by", i)}
		for _, c := range []struct{ name, value string }{{"item", b.Item}, {"population", b.Population}, {"year", b.Year}, {"source", b.Source}, {"licence", b.Licence}, {"verified_by", b.VerifiedBy}} {
			if strings.TrimSpace(c.value) == "" {
				return nil, fault.New(fault.Invalid, "%s, line %d, %s: is empty. A benchmark without it is not compared with; fill it in or take the line away.", file, f.line(i), c.name)
			}
		}
		if math.IsNaN(se[i]) {
			b.SE = number(standardError(percent[i], n[i], 1))
		}
		out = append(out, b)
	}
	return out, nil
}

// percents are the columns of a file of shares.
func (f *Frame) percents() (n, percent, se []float64, err error) {
	if n, err = f.numbers("n"); err != nil {
		return
	}
	if percent, err = f.numbers("percent"); err != nil {
		return
	}
	se = make([]float64, f.Rows)
	for i := range se {
		se[i] = math.NaN()
	}
	if f.has("se") {
		if se, err = f.numbers("se"); err != nil {
			return
		}
	}
	for i := range f.Rows {
		if !(percent[i] >= 0 && percent[i] <= 100) || !(n[i] >= 1) && math.IsNaN(se[i]) {
			return nil, nil, nil, fault.New(fault.Invalid, "%s, line %d: percent must lie from 0 to 100, and n be at least 1.", f.File, f.line(i))
		}
	}
	return
}

// standardError of a share in percent, in percentage points.
func standardError(percent, n, design float64) float64 {
	p := percent / 100
	return 100 * math.Sqrt(p*(1-p)/n*design)
}

// Compare compares one's own shares (item, n, percent, and cluster_size with icc where students
// answered in classes or schools) with benchmarks of the same items: z = (p₁ − p₂) / √(p₁q₁/n₁ ·
// DEFF + SE₂²), DEFF = 1 + (m̄ − 1)ρ (Kish, 1965). p values are adjusted over all items.
func Compare(r io.Reader, file string, benchmarks []Benchmark) ([]Compared, error) {
	f, err := ReadFrame(r, file, []string{"item", "n", "percent", "cluster_size", "icc"})
	if err != nil {
		return nil, err
	}
	n, percent, _, err := f.percents()
	if err != nil {
		return nil, err
	}
	size, err := f.numbers("cluster_size")
	if err != nil {
		return nil, err
	}
	icc, err := f.numbers("icc")
	if err != nil {
		return nil, err
	}
	var out []Compared
	var p []float64
	wide := distuv.UnitNormal.Quantile(.975)
	for i := range f.Rows {
		design := 1.0
		if size[i] > 1 && icc[i] > 0 {
			design = 1 + (size[i]-1)*icc[i]
		}
		for _, b := range benchmarks {
			if b.Item != f.cell("item", i) {
				continue
			}
			c := Compared{Item: b.Item, N: number(n[i]), Percent: number(percent[i]), Benchmark: b, Effect: number(design)}
			difference, se := percent[i]-float64(b.Percent), math.Hypot(standardError(percent[i], n[i], design), float64(b.SE))
			z := difference / se
			c.Difference, c.Low, c.High, c.Z, c.P = number(difference), number(difference-wide*se), number(difference+wide*se), number(z), number(2*distuv.UnitNormal.Survival(math.Abs(z)))
			out, p = append(out, c), append(p, float64(c.P))
		}
	}
	for i, q := range effect.BenjaminiHochberg(p) {
		out[i].PAdjusted = number(q)
	}
	return out, nil
}
