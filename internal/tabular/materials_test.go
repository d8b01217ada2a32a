package tabular_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waymark/internal/fault"
	"waymark/internal/material"
	"waymark/internal/tabular"
)

func materials(t testing.TB, in string) (out []tabular.MaterialRow, problems []string, err error) {
	t.Helper()
	err = tabular.Materials(strings.NewReader(in), "m.csv", tabular.Options{}, func(_ int, m tabular.MaterialRow) error {
		out = append(out, m)
		return nil
	}, func(p fault.Problem) {
		if p.Message == "" || p.Cure == "" || p.Fatal || p.File != "m.csv" {
			t.Errorf("problem %#v lacks message, cure or file, or is fatal", p)
		}
		problems = append(problems, fmt.Sprintf("%d %s %s %q", p.Line, p.Code, p.Field, p.Value))
	})
	return out, problems, err
}

func TestMaterials(t *testing.T) {
	t.Parallel()
	full := tabular.MaterialRow{Material: material.Material{ID: "lib-7", Title: "Fractions, \"by hand\"", Link: "https://example.org/f?x=1", Location: "shelf 3", Kind: "book",
		Minutes: 25, Language: "es-MX", ReadingLevel: "480L", Topics: []string{"cooking", "music"}, Tier: material.Challenge, Licence: "CC BY 4.0",
		Accessibility: "large print"}, Codes: []string{"4.NF.A.1", "4.NF.A.2"}}
	heads := []string{
		"id,title,link,location,kind,minutes,language,reading level,topics,competencies,tier,licence,accessibility notes\n",
		"Resource ID,Name,URL,Place,Type,Duration (min),Lang,Lexile,Tags,Standards,Role,License,Accessibility\n",
		"ID,Title,Link,LOCATION,Kind,Minutes,Language,Reading_Level,Topic,Alignment,Tier,Rights,AccessibilityNotes\n",
	}
	row := `lib-7,"Fractions, ""by hand""",https://example.org/f?x=1,shelf 3,Book,25,es_MX,480L,cooking; music;cooking,4.NF.A.1|4.NF.A.2,CHALLENGE,CC BY 4.0,large print` + "\n"
	for _, head := range heads {
		out, problems, err := materials(t, head+row)
		if err != nil || len(problems) > 0 {
			t.Fatalf("Materials(%.20s…) = %v, %v", head, problems, err)
		}
		if diff := cmp.Diff([]tabular.MaterialRow{full}, out); diff != "" {
			t.Errorf("%s materials differ (-want +got):\n%s", head, diff)
		}
	}
}

func TestMaterialsWithoutMuch(t *testing.T) {
	t.Parallel()
	a, problems, err := materials(t, "title,location\nAsk Ms. Ortiz,room 12\nThe garden,behind the gym\n")
	if err != nil || len(problems) > 0 || len(a) != 2 {
		t.Fatalf("Materials() = %v, %v, %v", a, problems, err)
	}
	if a[0].Tier != material.Core || a[0].ID == "" || a[0].ID == a[1].ID {
		t.Errorf("Materials() = %+v; want tier core and ids of their own", a)
	}
	b, _, _ := materials(t, "location,title,minutes\nroom 12,Ask Ms. Ortiz,5\n")
	if a[0].ID != b[0].ID {
		t.Error("the same material gets another id from another file")
	}
}

func TestMaterialsRefuse(t *testing.T) {
	t.Parallel()
	in := "Title,URL,Minutes,Lang,Tier,Kind\n" +
		"A,javascript:alert(1),,,,\n" +
		"B,data:text/html;base64,,,,\n" +
		"C,file:///etc/passwd,,,,\n" +
		"D,www.example.org,,,,\n" +
		"E,https://user:pw@example.org/,,,,\n" +
		"F,https://,,,,\n" +
		"G,,,,,\n" +
		",https://example.org/,,,,\n" +
		"I,https://example.org/i,-5,,,\n" +
		"J,https://example.org/j,10001,,,\n" +
		"K,https://example.org/k,1.5,,,\n" +
		"L,https://example.org/l,,English,,\n" +
		"M,https://example.org/m,,,bonus,\n" +
		"N,https://example.org/n,,,,hologram\n" +
		"O,https://example.org/o,0,zh-Hant,Additional,VIDEO\n" +
		"O,https://example.org/o,0,,,\n" +
		"P,\"java\nscript:alert(1)\",,,,\n" +
		"Q,JAVASCRIPT://example.org/%0aalert(1),,,,\n"
	out, problems, err := materials(t, in)
	if err != nil || len(out) != 1 || out[0].Title != "O" {
		t.Errorf("Materials() = %v, %v; want only O", out, err)
	}
	want := []string{
		`2 row.link URL "javascript:alert(1)"`,
		`3 row.link URL "data:text/html;base64"`,
		`4 row.link URL "file:///etc/passwd"`,
		`5 row.link URL "www.example.org"`,
		`6 row.link URL "https://user:pw@example.org/"`,
		`7 row.link URL "https://"`,
		`8 row.no_place URL ""`,
		`9 row.no_title Title ""`,
		`10 row.minutes Minutes "-5"`,
		`11 row.minutes Minutes "10001"`,
		`12 row.minutes Minutes "1.5"`,
		`13 row.language Lang "English"`,
		`14 row.tier Tier "bonus"`,
		`15 row.kind Kind "hologram"`,
		`17 row.duplicate id "` + string(out[0].ID) + `"`,
		`18 row.link URL "java\nscript:alert(1)"`,
		`20 row.link URL "JAVASCRIPT://example.org/%0aalert(1)"`,
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
	for _, head := range []string{"name\nA\n", "link\nhttps://example.org\n", ""} {
		if _, _, err := materials(t, head); err == nil {
			t.Errorf("Materials(%q) = nil; want a fatal problem", head)
		} else if p, ok := errors.AsType[fault.Problem](err); !ok || !p.Fatal {
			t.Errorf("Materials(%q) = %v; want a fatal problem", head, err)
		}
	}
}
