package caseio_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/caseio"
	"waymark/internal/competency"
	"waymark/internal/fault"
)

// guid makes short test ids: guid(7) ends in 7.
func guid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func id(n int) competency.ID { return competency.ID(guid(n)) }

// pkg is a package with the given items and associations.
func pkg(items, associations string) string {
	return `{"CFDocument":{"identifier":"` + guid(0) + `","title":"T","creator":"C"},"CFItems":[` + items + `],"CFAssociations":[` + associations + `]}`
}

func item(n int) string {
	return fmt.Sprintf(`{"identifier":%q,"fullStatement":"Item %d","humanCodingScheme":"I.%d"}`, guid(n), n, n)
}

func items(n int) string {
	var all []string
	for i := range n {
		all = append(all, item(i+1))
	}
	return strings.Join(all, ",")
}

func assoc(kind string, from, to int) string {
	return fmt.Sprintf(`{"associationType":%q,"originNodeURI":{"identifier":%q},"destinationNodeURI":{"identifier":%q}}`, kind, guid(from), guid(to))
}

func codes(ps []fault.Problem) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Code+" "+p.Field)
	}
	return out
}

func read(t *testing.T, s string) (competency.Framework, []fault.Problem) {
	t.Helper()
	f, ps, err := caseio.Read(strings.NewReader(s), "f.json")
	if err != nil {
		t.Fatal(err)
	}
	return f, ps
}

func TestReadOpenSALT(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file          string
		title         string
		items, nested int
		problems      []string
	}{
		{file: "AdoptedTestFramework.json", title: "Adopted Test", items: 1},
		{file: "ItemTypeTestFramework.json", title: "Item Type Test", items: 1},
		{file: "MarkdownFramework.json", title: "Test Markdown Framework", items: 2},
		{file: "Ordering.json", title: "ACT Holistic Framework, Math", items: 28, nested: 27},
		{file: "SequenceNumberFramework.json", title: "Sequence Number Test", items: 2},
		{file: "SmartLevelFramework.json", title: "SmartLevel Test", items: 14, nested: 12},
		{file: "Utf8TestFramework.json", title: "UTF8 𝑑 Test", items: 1},
		{file: "EmptyExternalFramework.json", title: "Test Framework External Empty", problems: []string{"case.no_items CFItems"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			r, err := os.Open(filepath.Join("testdata/opensalt", c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			f, ps, err := caseio.Read(r, c.file)
			if err != nil {
				t.Fatal(err)
			}
			nested := 0
			for _, it := range f.Items {
				if it.Parent != "" {
					nested++
				}
			}
			if f.Title != c.title || len(f.Items) != c.items || nested != c.nested {
				t.Errorf("title %q, %d items, %d below another; want %q, %d, %d", f.Title, len(f.Items), nested, c.title, c.items, c.nested)
			}
			if diff := cmp.Diff(c.problems, codes(ps)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadFields(t *testing.T) {
	t.Parallel()
	f, ps := read(t, "\ufeff"+`{
	"CFDocument": {"identifier": "`+strings.ToUpper(guid(0))+`", "title": "Maths &amp; more", "creator": "Us", "subject": "Mathematics",
		"language": "en", "version": 2, "adoptionStatus": "Draft", "licenseURI": {"identifier": "`+guid(90)+`"}},
	"CFItems": [
		{"identifier": "`+guid(1)+`", "fullStatement": "Fractions", "CFItemType": "Domain", "educationLevel": "03, 04"},
		{"identifier": "`+guid(2)+`", "fullStatement": "<p>Add <b>fractions</b>: 1 < 2, x<y and y>z<script>alert(1)</script></p>",
		 "abbreviatedStatement": "Adding", "CFItemTypeURI": {"identifier": "`+guid(91)+`"}, "educationLevel": ["04"], "subject": ["Mathematics"],
		 "extensions": {"ext:studentStatement": "I can add fractions."}},
		{"identifier": "`+guid(3)+`", "fullStatement": "Halves", "CFItemType": null, "humanCodingScheme": "F.1", "educationLevel": null}
	],
	"CFAssociations": [
		{"associationType": "isChildOf", "sequenceNumber": "2", "originNodeURI": "https://x.example/ims/case/v1p0/CFItems/`+guid(2)+`", "destinationNodeURI": {"identifier": "`+guid(1)+`"}},
		{"associationType": "isChildOf", "sequenceNumber": 1, "originNodeURI": {"uri": "https://x.example/CFItems/`+guid(3)+`?v=1"}, "destinationNodeURI": {"identifier": "`+guid(1)+`"}},
		{"associationType": "isChildOf", "originNodeURI": {"identifier": "`+guid(1)+`"}, "destinationNodeURI": {"identifier": "`+guid(0)+`"}}
	],
	"CFDefinitions": {"CFItemTypes": [{"identifier": "`+guid(91)+`", "title": "Standard"}], "CFLicenses": [{"identifier": "`+guid(90)+`", "title": "CC BY 4.0"}]}
	}`)
	want := competency.Framework{
		ID: competency.FrameworkID(guid(0)), Title: "Maths & more", Creator: "Us", Subject: "Mathematics", Language: "en", Version: "2", Licence: "CC BY 4.0", Status: "Draft",
		Items: []competency.Competency{
			{ID: id(1), Statement: "Fractions", Kind: "Domain", Grades: []string{"03", "04"}, Position: 1},
			{ID: id(2), Statement: "Add fractions: 1 < 2, x<y and y>z", Short: "Adding", Student: "I can add fractions.", Kind: "Standard", Grades: []string{"04"},
				Subject: "Mathematics", Parent: id(1), Position: 2, Assessable: true},
			{ID: id(3), Code: "F.1", Statement: "Halves", Parent: id(1), Position: 1, Assessable: true},
		},
	}
	for i := range want.Items {
		want.Items[i].Framework = want.ID
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("framework (-want +got):\n%s", diff)
	}
	if len(ps) > 0 {
		t.Errorf("problems: %v", ps)
	}
}

func TestReadEdges(t *testing.T) {
	t.Parallel()
	f, ps := read(t, pkg(items(3), strings.Join([]string{
		assoc("precedes", 1, 2), assoc("ext:isPrerequisiteOf", 1, 2), assoc("ext:requires", 3, 2), assoc("ext:prerequisite", 1, 3),
		assoc("exactMatchOf", 1, 2), assoc("isRelatedTo", 2, 3), assoc("isPartOf", 3, 1), assoc("replacedBy", 1, 3), assoc("ext:likes", 1, 3),
	}, ",")))
	want := []competency.Edge{
		{From: id(1), To: id(2), Kind: competency.Prerequisite},
		{From: id(2), To: id(3), Kind: competency.Prerequisite},
		{From: id(1), To: id(3), Kind: competency.Prerequisite},
		{From: id(1), To: id(2), Kind: competency.Equivalent},
		{From: id(2), To: id(3), Kind: competency.Related},
		{From: id(3), To: id(1), Kind: competency.PartOf},
	}
	if diff := cmp.Diff(want, f.Edges); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"case.direction_assumed CFAssociations[3].associationType", "case.unknown_association CFAssociations[8].associationType"}, codes(ps)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestReadRefusesCycles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, associations, want string }{
		{"prerequisites", assoc("precedes", 4, 1) + "," + assoc("precedes", 2, 3) + "," + assoc("ext:hasPrerequisite", 2, 1) + "," + assoc("precedes", 3, 4), "I.1 → I.2 → I.3 → I.4 → I.1"},
		{"hierarchy", assoc("isChildOf", 1, 3) + "," + assoc("isChildOf", 3, 2) + "," + assoc("isChildOf", 2, 1) + "," + assoc("isChildOf", 4, 1), "I.1 → I.3 → I.2 → I.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, ps, err := caseio.Read(strings.NewReader(pkg(items(4), c.associations)), "f.json")
			p, ok := errors.AsType[fault.Problem](err)
			if !ok || p.Code != "case.cycle" || !p.Fatal || !strings.Contains(p.Message, c.want) {
				t.Errorf("err = %v; want case.cycle naming %s", err, c.want)
			}
			if len(ps) != 1 || ps[0] != p || len(f.Items) != 0 {
				t.Errorf("problems %v and %d items; want the error alone", ps, len(f.Items))
			}
		})
	}
}

func TestReadGoesOnAfterProblems(t *testing.T) {
	t.Parallel()
	f, ps := read(t, pkg(strings.Join([]string{
		item(1), item(1), `{"identifier":"seven","fullStatement":"x"}`, `{"identifier":"` + guid(2) + `","fullStatement":"<b> </b>","humanCodingScheme":"C2"}`,
		`{"identifier":"` + guid(3) + `"}`, `7`, item(4),
	}, ","), strings.Join([]string{
		assoc("isChildOf", 4, 1), assoc("isChildOf", 4, 2), assoc("isChildOf", 2, 77), assoc("precedes", 1, 88), assoc("precedes", 1, 1), assoc("precedes", 1, 4), `null`,
	}, ",")))
	want := []string{
		"case.duplicate_identifier CFItems[1].identifier",
		"case.invalid_guid CFItems[2].identifier",
		"case.no_statement CFItems[3].fullStatement",
		"case.no_statement CFItems[4].fullStatement",
		"case.bad_item CFItems[5]",
		"case.second_parent CFAssociations[1]",
		"case.unknown_item CFAssociations[2].destinationNodeURI",
		"case.unknown_item CFAssociations[3].destinationNodeURI",
		"case.self_association CFAssociations[4]",
		"case.bad_association CFAssociations[6]",
	}
	if diff := cmp.Diff(want, codes(ps)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, p := range ps {
		if p.Cure == "" || p.Message == "" || p.File != "f.json" || p.Fatal {
			t.Errorf("problem without message, cure or file, or fatal: %+v", p)
		}
	}
	if len(f.Items) != 3 || f.Items[1].Statement != "C2" || f.Items[2].Parent != id(1) {
		t.Errorf("items = %+v", f.Items)
	}
	if diff := cmp.Diff([]competency.Edge{{From: id(4), To: id(2), Kind: competency.PartOf}, {From: id(1), To: id(4), Kind: competency.Prerequisite}}, f.Edges); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, code string }{
		{"empty", ``, "case.not_json"},
		{"not JSON", "a,b\n1,2", "case.not_json"},
		{"a list", `[]`, "case.bad_shape"},
		{"items not a list", `{"CFDocument":{},"CFItems":{}}`, "case.bad_shape"},
		{"no document", `{"CFItems":[]}`, "case.no_document"},
		{"document without GUID", `{"CFDocument":{"title":"x"}}`, "case.invalid_guid"},
		{"deep", strings.Repeat(`[`, 100), "case.too_deep"},
		{"Windows-1252", "{\"CFDocument\":{\"title\":\"Espa\xf1ol\"}}", "case.not_utf8"},
		{"too many", pkg(strings.Repeat("0,", caseio.MaxItems)+"0", ""), "case.too_many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := caseio.Read(strings.NewReader(c.in), "f.json")
			if p, ok := errors.AsType[fault.Problem](err); !ok || p.Code != c.code || !p.Fatal {
				t.Errorf("err = %v; want %s", err, c.code)
			}
		})
	}
}

func TestReadTellsManyProblemsInOneLine(t *testing.T) {
	t.Parallel()
	var as []string
	for i := range 500 {
		as = append(as, assoc("exactMatchOf", 1, 1000+i))
	}
	_, ps := read(t, pkg(item(1), strings.Join(as, ",")))
	if len(ps) != 101 || !strings.Contains(ps[100].Message, "400 more") {
		t.Errorf("%d problems, last %v; want 100 and a line for 400 more", len(ps), ps[len(ps)-1])
	}
}

func TestAssessable(t *testing.T) {
	t.Parallel()
	typed := func(n int, kind string) string {
		return fmt.Sprintf(`{"identifier":%q,"fullStatement":"s","CFItemType":%q}`, guid(n), kind)
	}
	f, _ := read(t, pkg(strings.Join([]string{typed(1, "Domain"), typed(2, "Standard"), typed(3, "Component"), typed(4, ""), item(5)}, ","),
		assoc("isChildOf", 2, 1)+","+assoc("isChildOf", 3, 2)+","+assoc("isChildOf", 5, 4)))
	var got []bool
	for _, it := range f.Items {
		got = append(got, it.Assessable)
	}
	if diff := cmp.Diff([]bool{false, true, true, false, true}, got); diff != "" {
		t.Errorf("assessable (-want +got):\n%s", diff)
	}
}
