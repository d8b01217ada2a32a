package oneroster_test

import (
	"slices"
	"strings"
	"testing"

	"waymark/internal/oneroster"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	good := oneOrg.with("1.2", "bulk")["manifest.csv"]
	old := oneOrg.with("1.1", "bulk")["manifest.csv"]
	for _, tc := range []struct {
		name, manifest string
		want           []string
	}{
		{"good", good, nil},
		{"with source", good + "source.systemName,PowerSchool\nsource.systemCode,ps\n", nil},
		{"with byte order mark and CRLF", "\ufeff" + strings.ReplaceAll(good, "\n", "\r\n"), nil},
		{"empty", "", []string{"manifest.missing_header"}},
		{"other header", strings.Replace(good, "propertyName", "property", 1), []string{"manifest.invalid_header"}},
		{"no version", strings.Replace(good, "oneroster.version,1.2\n", "", 1), []string{"manifest.missing_property"}},
		{"version 2", strings.Replace(good, "version,1.2", "version,2.0", 1), []string{"manifest.invalid_oneroster_version"}},
		{"manifest version", strings.Replace(good, "version,1.0", "version,1", 1), []string{"manifest.invalid_manifest_version"}},
		{"mode in capitals", strings.Replace(good, "orgs,bulk", "orgs,Bulk", 1), []string{"manifest.invalid_file_mode"}},
		{"twice", good + "file.orgs,bulk\n", []string{"manifest.duplicate_property"}},
		{"unknown", good + "file.things,absent\n", []string{"manifest.unknown_property"}},
		{"incomplete", strings.Replace(good, "file.users,absent\n", "", 1), []string{"manifest.missing_property"}},
		{"three cells", strings.Replace(good, "file.users,absent\n", "file.users,absent,x\n", 1),
			[]string{"manifest.row_width_mismatch", "manifest.missing_property"}},
		{"1.1", old, nil},
		{"1.1 as vendors write it", strings.NewReplacer("propertyName", "PropertyName", "bulk", "Bulk", "version,1.0", "version,1").Replace(old) + "vendor.note,x\n", nil},
		{"1.1 incomplete", strings.Replace(old, "file.users,absent\n", "", 1), nil},
		{"1.1 silent on a file that is there", strings.Replace(old, "file.orgs,bulk\n", "", 1), []string{"manifest.missing_property"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := files{"orgs.csv": oneOrg["orgs.csv"], "manifest.csv": tc.manifest}
			if _, got := open(f.zip(t), oneroster.Limits{}); !slices.Equal(got, tc.want) {
				t.Errorf("codes = %v, want %v", got, tc.want)
			}
		})
	}
	p, _ := open(files{"manifest.csv": good + "source.systemName,PowerSchool\n", "orgs.csv": oneOrg["orgs.csv"]}.zip(t), oneroster.Limits{})
	if p.SourceSystem != "PowerSchool" || p.Version != "1.2" {
		t.Errorf("package = %+v", p)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	header := strings.TrimSuffix(orgsHeader, "\n")
	for _, tc := range []struct {
		name, version, header string
		want                  []string
	}{
		{"exact", "1.2", header, nil},
		{"metadata at the end", "1.2", header + ",metadata.b,metadata.a", nil},
		{"two exchanged", "1.2", "status,sourcedId,dateLastModified,name,type,identifier,parentSourcedId", []string{"schema.header_order_mismatch"}},
		{"case", "1.2", strings.Replace(header, "parentSourcedId", "parentsourcedid", 1),
			[]string{"schema.invalid_metadata_header", "schema.header_order_mismatch", "schema.missing_header"}},
		{"last missing", "1.2", strings.TrimSuffix(header, ",parentSourcedId"), []string{"schema.missing_header"}},
		{"unknown at the end", "1.2", header + ",phone", []string{"schema.invalid_metadata_header"}},
		{"metadata between", "1.2", strings.Replace(header, ",name", ",metadata.x,name", 1), []string{"schema.metadata_column_position"}},
		{"metadata without a name", "1.2", header + ",metadata.", []string{"schema.invalid_metadata_header"}},
		{"twice", "1.2", header + ",metadata.x,metadata.x", []string{"table.duplicate_header"}},
		{"without a name", "1.2", header + ",,metadata.x", []string{"table.empty_header_name"}},
		{"1.1 any order, any case, extra columns", "1.1", "NAME,Phone,sourcedid,type", nil},
		{"1.1 required missing", "1.1", "sourcedId,name", []string{"schema.missing_header"}},
		{"1.1 twice", "1.1", "sourcedId,name,type,name", []string{"table.duplicate_header"}},
		{"1.1 extra twice", "1.1", "sourcedId,name,type,x,x", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := files{"orgs.csv": tc.header + "\n" + strings.Repeat("x,", strings.Count(tc.header, ",")) + "x\n"}.with(tc.version, "bulk")
			if _, got := open(f.zip(t), oneroster.Limits{}); !slices.Equal(got, tc.want) {
				t.Errorf("codes = %v, want %v", got, tc.want)
			}
		})
	}
}

// Real 1.1 archives have other letter case in file names, and extra files.
func TestNamesOf11(t *testing.T) {
	t.Parallel()
	f := oneOrg.with("1.1", "bulk")
	f["Orgs.CSV"] = f["orgs.csv"]
	f["readme.txt"] = "hello"
	delete(f, "orgs.csv")
	p, codes := open(f.zip(t), oneroster.Limits{})
	if codes != nil || !slices.Equal(p.Ignored, []string{"readme.txt"}) {
		t.Errorf("Open: %v, ignored %v", codes, p)
	}
	f = oneOrg.with("1.2", "bulk")
	f["Orgs.csv"] = f["orgs.csv"]
	delete(f, "orgs.csv")
	if _, codes := open(f.zip(t), oneroster.Limits{}); !slices.Equal(codes, []string{"package.unknown_file", "manifest.file_missing"}) {
		t.Errorf("1.2 with Orgs.csv: %v", codes)
	}
}

func TestFilesWithoutRows(t *testing.T) {
	t.Parallel()
	empty := files{"orgs.csv": orgsHeader}
	light := files{"categories.csv": "sourcedId,status,dateLastModified,title,weight\n"}
	for _, tc := range []struct {
		name string
		f    files
		bad  bool
	}{
		{"1.2 bulk", empty.with("1.2", "bulk"), true},
		{"1.2 delta", empty.with("1.2", "delta"), true},
		{"1.1 bulk, of weight", empty.with("1.1", "bulk"), true},
		{"1.1 bulk, of little weight", light.with("1.1", "bulk"), false},
		{"1.1 delta", empty.with("1.1", "delta"), false},
	} {
		_, codes := open(tc.f.zip(t), oneroster.Limits{})
		if want := []string{"table.missing_data_rows"}; tc.bad != slices.Equal(codes, want) || !tc.bad && codes != nil {
			t.Errorf("%s: %v", tc.name, codes)
		}
	}
}
