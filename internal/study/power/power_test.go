package power_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"waymark/internal/study/power"
)

func TestPlanningIsThatOfTheReference(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../testdata/methods.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		PowerUp map[string]struct {
			MDES  any `json:"mdes"`
			Power any `json:"power"`
			Parms struct {
				J0 float64 `json:"J0"`
			} `json:"parms"`
		} `json:"powerup"`
		Pwr []struct {
			N    float64 `json:"n_per_group"`
			D    float64 `json:"d"`
			Need float64 `json:"n"`
		} `json:"pwr"`
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	schools := power.Design{Unit: power.Clusters, Students: 60, Clusters: 40, ICC: .2, R2: .5, R2Cluster: .6, Covariates: 1}
	for name, d := range map[string]power.Design{
		"mdes.ira1r1":       {Unit: power.Students, Students: 400, R2: .5, Covariates: 1},
		"mdes.cra2r2":       schools,
		"mdes.cra2r2_nocov": {Unit: power.Clusters, Students: 60, Clusters: 40, ICC: .2},
		"mdes.bira2r1":      {Unit: power.WithinRandom, Students: 50, Clusters: 30, ICC: .2, Vary: .3, R2: .5},
		"mdes.bira2c1":      {Unit: power.WithinFixed, Students: 50, Clusters: 30, R2: .5, Covariates: 1},
		"mdes.cra3r3":       {Unit: power.SchoolsAndClasses, Students: 20, Clusters: 3, Schools: 40, ICC: .1, ICC3: .15, R2: .5, R2Cluster: .5, R2School: .6, Covariates: 1},
	} {
		got, err := power.Detectable(d, .8)
		if want := ref.PowerUp[name].MDES.([]any)[0].(float64); err != nil || math.Abs(got-want) > 1e-7 {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if got, err := power.Of(schools, .2); err != nil || math.Abs(got-ref.PowerUp["power.cra2r2"].Power.(float64)) > 1e-5 {
		t.Errorf("power %v, %v; want %v", got, err, ref.PowerUp["power.cra2r2"].Power)
	}
	if got, err := power.Needed(schools, .2, .8); err != nil || math.Abs(got-ref.PowerUp["mrss.cra2r2"].Parms.J0) > .1 { // to which the reference looks
		t.Errorf("schools %v, %v; want %v", got, err, ref.PowerUp["mrss.cra2r2"].Parms.J0)
	}
	// Two groups of students: pwr finds the size at which the noncentral t has the power.
	for _, c := range ref.Pwr {
		n := c.N
		if n == 0 {
			n = c.Need
		}
		got, err := power.Of(power.Design{Unit: power.Students, Students: 2 * n}, c.D)
		if err != nil || math.Abs(got-.8) > 1e-4 {
			t.Errorf("two groups of %v, d %v: power %v, %v; want .8", n, c.D, got, err)
		}
	}
	if _, err := power.Detectable(power.Design{Unit: power.Clusters, Students: 30, Clusters: 2, ICC: .2}, .8); err == nil {
		t.Error("two schools find an effect")
	}
}
