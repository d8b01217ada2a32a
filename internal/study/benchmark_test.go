package study

import (
	"math"
	"strings"
	"testing"

	"waymark/internal/fault"
)

const benchmarks = "item,population,year,n,percent,se,source,licence,verified_by\nS1,made up,2025,400,50,,https://example.org/report,CC BY 4.0,a reader\nS2,made up,2025,,30,2,https://example.org/report,CC BY 4.0,a reader\n"

// By hand: 60 % of 100 in classes of 21 with a correlation of .05 (design effect 2) against 50 % of 400: the error is
// √(.24/100·2 + .25/400) = 7.3655 points, z = 1.3577.
func TestAShareIsComparedWithABenchmarkByHand(t *testing.T) {
	t.Parallel()
	all, err := Benchmarks(strings.NewReader(benchmarks), "b.csv")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Compare(strings.NewReader("item,n,percent,cluster_size,icc\nS1,100,60,21,.05\nS2,400,30,,\nS9,50,10,,\n"), "own.csv", all)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	c := got[0]
	for what, x := range map[string][2]float64{"design effect": {float64(c.Effect), 2}, "difference": {float64(c.Difference), 10}, "z": {float64(c.Z), 10 / 7.365459931328}, "low": {float64(c.Low), 10 - 1.959963984540054*7.365459931328}, "p": {float64(c.P), .17457}} {
		if math.Abs(x[0]-x[1]) > 1e-4 {
			t.Errorf("%s = %v, want %v", what, x[0], x[1])
		}
	}
	if got[1].Z != 0 || got[1].P != 1 || c.Benchmark.Source == "" || math.Abs(float64(c.PAdjusted)-2*float64(c.P)) > 1e-12 {
		t.Errorf("%+v", got)
	}
}

func TestABenchmarkWithoutASourceIsRefused(t *testing.T) {
	t.Parallel()
	for _, column := range []string{"https://example.org/report", "CC BY 4.0", "a reader"} {
		_, err := Benchmarks(strings.NewReader(strings.Replace(benchmarks, column, "", 1)), "b.csv")
		if fault.KindOf(err) != fault.Invalid || err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("without %q: %v", column, err)
		}
	}
	if _, err := Benchmarks(strings.NewReader(strings.Replace(benchmarks, ",50,", ",500,", 1)), "b.csv"); err == nil {
		t.Error("500 percent is no share")
	}
}
