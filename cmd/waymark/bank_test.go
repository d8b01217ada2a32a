package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waymark/internal/assess"
	"waymark/internal/competency"
	"waymark/internal/intake"
	"waymark/internal/roster"
	"waymark/internal/store"
)

// Answers that checks gathered give the bank its parameters again, in a file that an import
// shows, applies and undoes.
func TestRecalibrate(t *testing.T) {
	t.Parallel()
	const items, persons = 8, 400
	dir := t.TempDir()
	now := func() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }
	command := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), &env{args: args, getenv: func(string) string { return "" }, stdout: &out, stderr: &out, now: now})
		return out.String(), err
	}
	db, err := store.Open(t.Context(), store.Config{Dir: dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	const d = roster.DistrictID("d")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.EnsureDistrict(t.Context(), roster.District{ID: d, Name: "D"}))
	st, err := db.Stage(t.Context(), d, intake.Items, "bank.csv", "")
	must(err)
	must(st.Framework(competency.Framework{ID: "f", Title: "F"}))
	must(st.Competency(1, competency.Competency{ID: "k", Framework: "f", Code: "K.1", Statement: "K", Assessable: true}))
	form := assess.Form{Least: 1, Most: items}
	for i := range items {
		id := assess.ItemID(fmt.Sprintf("q%d", i))
		must(st.Item(i, assess.Question{ID: id, Competency: "k", Text: "?, \"quoted\"", Right: []string{"1"}, Item: assess.Typical(0)}))
		form.Items = append(form.Items, assess.FormItem{ID: id, Competency: "k"})
	}
	sum, err := st.Finish(t.Context(), intake.Summary{}, intake.Scope{}, nil)
	must(err)
	_, err = db.Apply(t.Context(), d, sum.Run)
	must(err)
	rng := rand.New(rand.NewPCG(1, 1))
	for p := range persons {
		s, err := db.BeginSitting(t.Context(), d, assess.Sitting{Student: roster.PersonID(fmt.Sprintf("p%03d", p)), Purpose: assess.TestOut, Form: form})
		must(err)
		theta := rng.NormFloat64()
		for i := range items {
			b := float64(i)/2 - 1.75
			a := assess.Answer{Item: form.Items[i].ID, Text: "1", At: now()}
			if rng.Float64() < 1/(1+math.Exp(b-theta)) {
				a.Category = 1
			}
			_, err := db.Answer(t.Context(), d, s.Student, s.ID, a)
			must(err)
		}
	}
	must(db.Close())

	file := filepath.Join(t.TempDir(), "items.csv")
	out, err := command("assess", "recalibrate", "--data", dir, "--out", file, "--model", "1pl", "--json")
	must(err)
	var r recalibrated
	must(json.Unmarshal([]byte(out), &r))
	if r.Persons != persons || r.Estimated != items || r.Items != items {
		t.Errorf("estimated %d of %d items by %d persons", r.Estimated, r.Items, r.Persons)
	}
	for i, row := range r.Rows {
		if want := float64(i)/2 - 1.75; math.Abs(row.B[0]-want) > 4*row.BSE[0] || row.BSE[0] > .25 {
			t.Errorf("%s: difficulty %.2f (%.2f); drawn with %.2f", row.Item, row.B[0], row.BSE[0], want)
		}
	}
	out, err = command("import", "items", file, "--data", dir, "--strict")
	must(err)
	if !strings.Contains(out, "Applied: 0 added, 8 changed") {
		t.Errorf("the import of what was estimated says:\n%s", out)
	}
	if out, err := command("assess", "recalibrate", "--data", dir, "--out", file, "--least", "500"); exitCode(err, &bytes.Buffer{}) != exitRefused {
		t.Errorf("with too few answers: %v %s", err, out)
	}
}
