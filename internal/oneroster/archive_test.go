package oneroster_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"waymark/internal/oneroster"
)

const orgsHeader = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"

var oneOrg = files{"orgs.csv": orgsHeader + "o1,,,North,school,,\n"}

func open(data []byte, lim oneroster.Limits) (*oneroster.Package, []string) {
	p, err := oneroster.Open(bytes.NewReader(data), int64(len(data)), "package.zip", lim)
	if bad, ok := errors.AsType[oneroster.Problems](err); ok {
		return nil, bad.Codes()
	}
	return p, nil
}

func renamed(prefix string, f files) files {
	g := make(files)
	for name, text := range f {
		g[prefix+name] = text
	}
	return g
}

func TestOpenRefusesHostileArchives(t *testing.T) {
	t.Parallel()
	good := oneOrg.with("1.2", "bulk")
	add := func(name string) files {
		g := oneOrg.with("1.2", "bulk")
		g[name] = "x"
		return g
	}
	many := oneOrg.with("1.2", "bulk")
	for i := range 70 {
		many[fmt.Sprintf("f%d.csv", i)] = "x"
	}
	encrypted := good.zip(t)
	for i := range encrypted[:len(encrypted)-4] { // set the flag in the directory
		if string(encrypted[i:i+4]) == "PK\x01\x02" {
			encrypted[i+8] |= 1
		}
	}
	cut := good.zip(t)
	cut = cut[:len(cut)/2]
	for _, tc := range []struct {
		name string
		data []byte
		want []string
	}{
		{"good", good.zip(t), nil},
		{"in one folder", renamed("export 2026/", good).zip(t), nil},
		{"with litter of a Mac", func() []byte {
			g := renamed("export/", good)
			g["__MACOSX/export/._orgs.csv"], g["export/.DS_Store"] = "x", "x"
			return g.zip(t)
		}(), nil},
		{"empty file", nil, []string{"package.not_zip"}},
		{"a CSV file", []byte(good["orgs.csv"]), []string{"package.not_zip"}},
		{"a sign-in page", []byte("<!doctype html><title>Sign in"), []string{"package.not_zip"}},
		{"gzip", []byte("\x1f\x8b\x08\x00"), []string{"package.not_zip"}},
		{"a workbook", files{"[Content_Types].xml": "x", "xl/workbook.xml": "x"}.zip(t), []string{"package.not_zip"}},
		{"torn", cut, []string{"package.damaged"}},
		{"no archive but PK", []byte("PK\x03\x04 and nothing else"), []string{"package.damaged"}},
		{"out of the archive", add("../orgs.csv").zip(t), []string{"package.unsafe_path"}},
		{"absolute", add("/etc/orgs.csv").zip(t), []string{"package.unsafe_path"}},
		{"drive letter", add(`C:\orgs.csv`).zip(t), []string{"package.unsafe_path"}},
		{"nested", add("more/orgs.csv").zip(t), []string{"package.nested_directory"}},
		{"two of a name", add("Orgs.csv").zip(t), []string{"package.duplicate_file"}},
		{"too many", many.zip(t), []string{"package.too_many_entries"}},
		{"encrypted", encrypted, []string{"package.encrypted"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, got := open(tc.data, oneroster.Limits{}); !slices.Equal(got, tc.want) {
				t.Errorf("codes = %v, want %v", got, tc.want)
			}
		})
	}
}

// An archive of a hundred thousand names is refused before they fill the memory.
func TestOpenRefusesLongDirectory(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	const n = 100_000
	for range n {
		h := make([]byte, 46+8)
		copy(h, "PK\x01\x02")
		binary.LittleEndian.PutUint16(h[28:], 8)
		copy(h[46:], "orgs.csv")
		b.Write(h)
	}
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	low := n & 0xffff
	binary.LittleEndian.PutUint16(end[8:], uint16(low))
	binary.LittleEndian.PutUint16(end[10:], uint16(low))
	binary.LittleEndian.PutUint32(end[12:], uint32(b.Len()))
	b.Write(end)
	if _, got := open(b.Bytes(), oneroster.Limits{}); !slices.Equal(got, []string{"package.too_many_entries"}) {
		t.Errorf("codes = %v", got)
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	zeros := files{"orgs.csv": orgsHeader + strings.Repeat("o1,,,North,school,,\n", 200_000)}.with("1.2", "bulk").zip(t)
	for _, tc := range []struct {
		name string
		lim  oneroster.Limits
		bad  bool
	}{
		{"within the limits", oneroster.Limits{Ratio: 1000}, false},
		{"ratio", oneroster.Limits{Ratio: 20, Free: 1 << 18}, true},
		{"total", oneroster.Limits{Ratio: 1000, Total: 2 << 20}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, codes := open(zeros, tc.lim)
			if codes != nil {
				t.Fatalf("Open: %v", codes)
			}
			g := &got{}
			_, err := p.Each(t.Context(), sink{g})
			if bad, ok := errors.AsType[oneroster.Problems](err); ok != tc.bad || ok && bad[0].Code != "package.too_large" {
				t.Errorf("Each: %v, want a problem: %v", err, tc.bad)
			}
		})
	}
}

// An archive that understates the size of a file must not get through.
func TestFalseSize(t *testing.T) {
	t.Parallel()
	data := oneOrg.with("1.2", "bulk").zip(t)
	for i := range data[:len(data)-46] {
		if string(data[i:i+4]) == "PK\x01\x02" && strings.HasPrefix(string(data[i+46:]), "orgs.csv") {
			binary.LittleEndian.PutUint32(data[i+24:], 5)
		}
	}
	if _, got := open(data, oneroster.Limits{}); !slices.Equal(got, []string{"package.damaged"}) {
		t.Errorf("codes = %v, want package.damaged", got)
	}
}

func TestDamageMidway(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f := files{"orgs.csv": orgsHeader + strings.Repeat("o1,,,North,school,,\n", 50_000)}.with("1.2", "bulk")
	for _, name := range []string{"manifest.csv", "orgs.csv"} {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		w.Write([]byte(f[name]))
	}
	z.Close()
	data := b.Bytes()
	data[len(data)/2] ^= 0x20 // the checksum no longer fits
	p, codes := open(data, oneroster.Limits{})
	if codes != nil {
		t.Fatalf("Open: %v", codes)
	}
	g := &got{}
	_, err := p.Each(t.Context(), sink{g})
	if bad, ok := errors.AsType[oneroster.Problems](err); !ok || bad[0].Code != "package.damaged" || !bad[0].Fatal {
		t.Errorf("Each: %v, want a fatal package.damaged", err)
	}
	if n := len(g.problems); n == 0 || !g.problems[n-1].Fatal {
		t.Error("the sink was not told")
	}
}

func TestEachStops(t *testing.T) {
	t.Parallel()
	p, _ := open(oneOrg.with("1.2", "bulk").zip(t), oneroster.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Each(ctx, sink{&got{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Each: %v, want context.Canceled", err)
	}
}
