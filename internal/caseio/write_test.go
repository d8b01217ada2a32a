package caseio_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"waymark/internal/caseio"
	"waymark/internal/competency"
)

func sample() competency.Framework {
	f := competency.Framework{
		ID: competency.FrameworkID(guid(0)), Title: "Number", Creator: "Cedar Valley", Subject: "Mathematics", Language: "en", Version: "3", Licence: "CC BY 4.0", Status: "Draft",
		Items: []competency.Competency{
			{ID: id(5), Code: "N.2", Statement: "Add & subtract\nwithin 20, x < y", Short: "Add", Student: "I can add.", Kind: "Competency", Grades: []string{"01", "02"}, Subject: "Mathematics", Parent: id(1), Position: 20, Assessable: true},
			{ID: id(1), Code: "N", Statement: "Number", Kind: "Domain", Grades: []string{"01"}, Position: 7},
			{ID: id(3), Code: "N.1", Statement: "Contar «números»", Kind: "Competency", Parent: id(1), Position: 10},
			{ID: id(4), Statement: "Whole", Parent: "", Position: -1, Assessable: true},
			{ID: id(6), Statement: "Part", Parent: id(4), Assessable: true},
		},
		Edges: []competency.Edge{
			{From: id(3), To: id(5), Kind: competency.Prerequisite},
			{From: id(3), To: id(4), Kind: competency.Equivalent},
			{From: id(5), To: id(4), Kind: competency.Related},
			{From: id(6), To: id(1), Kind: competency.PartOf},
		},
	}
	for i := range f.Items {
		f.Items[i].Framework = f.ID
	}
	return f
}

func TestWriteReadsBackEqual(t *testing.T) {
	t.Parallel()
	want := sample()
	var b bytes.Buffer
	if err := caseio.Write(&b, want); err != nil {
		t.Fatal(err)
	}
	got, ps, err := caseio.Read(bytes.NewReader(b.Bytes()), "f.json")
	if err != nil || len(ps) > 0 {
		t.Fatal(err, ps)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// TestWriteFitsTheSchema checks written packages against the CASE 1.0 schema after
// taking out what 1.1 added: the version, items' subjects and extensions.
func TestWriteFitsTheSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("testdata/opensalt/case-v1p0-cfpackage-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	frameworks := []competency.Framework{sample()}
	files, err := filepath.Glob("testdata/opensalt/*Framework.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no frameworks", err)
	}
	for _, name := range files {
		r, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		f, _, err := caseio.Read(r, name)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		frameworks = append(frameworks, f)
	}
	for _, f := range frameworks {
		var b bytes.Buffer
		if err := caseio.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(b.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		delete(v["CFDocument"].(map[string]any), "caseVersion")
		for _, it := range v["CFItems"].([]any) {
			delete(it.(map[string]any), "subject")
			delete(it.(map[string]any), "extensions")
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", f.Title, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*competency.Framework){
		"framework id": func(f *competency.Framework) { f.ID = "x" },
		"item id":      func(f *competency.Framework) { f.Items[0].ID = "x" },
		"parent":       func(f *competency.Framework) { f.Items[0].Parent = id(99) },
		"edge":         func(f *competency.Framework) { f.Edges[0].To = id(99) },
		"edge kind":    func(f *competency.Framework) { f.Edges[0].Kind = "likes" },
	} {
		f := sample()
		change(&f)
		if err := caseio.Write(&bytes.Buffer{}, f); err == nil {
			t.Errorf("%s: written without an error", name)
		}
	}
}

// FuzzRead checks that nothing crashes the reader, and that what it makes of a
// file is stable: written and read again it is the same, without new problems.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/opensalt/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 5000 {
			f.Add(string(b))
		}
	}
	f.Add(pkg(items(3), assoc("precedes", 1, 2)+","+assoc("ext:hasPrerequisite", 1, 3)+","+assoc("isChildOf", 2, 3)))
	f.Add(pkg(`{"identifier":"`+guid(1)+`","fullStatement":"&lt;b&gt;&amp;amp; <p class=x>y","extensions":{"ext:assessable":false}}`, ""))
	f.Add(`{"CFPackage":` + pkg(items(1), "") + `}`)
	f.Fuzz(func(t *testing.T, in string) {
		first, _, err := caseio.Read(strings.NewReader(in), "f.json")
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := caseio.Write(&b, first); err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		second, ps, err := caseio.Read(&b, "f.json")
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		for _, p := range ps {
			if p.Code != "case.no_items" {
				t.Errorf("problem in what was written: %v", p)
			}
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("second reading differs (-first +second):\n%s", diff)
		}
	})
}
