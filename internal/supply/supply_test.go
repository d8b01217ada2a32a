package supply

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
)

// The licence of every module that is part of the program is known.
func TestEveryModuleHasALicence(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "waymark/cmd/waymark").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path := range strings.FieldsSeq(string(out)) {
		if path == "waymark" {
			continue
		}
		seen++
		if Licences[path] == "" {
			t.Errorf("the licence of %s is not known: add it to Licences", path)
		}
	}
	if seen < 10 {
		t.Errorf("only %d modules were found; the search is broken", seen)
	}
}

// What the program is made of has versions and licences, and is written as CycloneDX has it.
func TestTheBillIsOfThisProgram(t *testing.T) {
	t.Parallel()
	info, err := buildinfo.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(bill(info, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), "waymark test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"bomFormat":"CycloneDX","specVersion":"1.5"`, `"timestamp":"2026-11-26T00:00:00Z"`, `"purl":"pkg:golang/golang.org/x/vuln@v`, `{"expression":"OFL-1.1"}`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the bill lacks %s: %.300s", want, raw)
		}
	}
}

// A known weakness is found in the program that runs, built as it is shipped; one that was mended
// before, or is of something else, is not.
func TestKnownWeaknessesAreFound(t *testing.T) {
	t.Parallel()
	s, err := search(t.Context(), "testdata/vulndb", built(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Findings) != 1 || s.Scanner != "govulncheck" || !s.Modified.Equal(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v", s)
	}
	f := s.Findings[0]
	if !strings.HasPrefix(f.Version, "v1.") || f != (Finding{"GO-2026-9001", "A weakness made up for tests", "github.com/google/uuid", f.Version, "v99.0.0", Called}) {
		t.Errorf("%+v", f)
	}
}

// built is the program as it is shipped.
func built(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "waymark")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "waymark/cmd/waymark")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// A database that is cut off is not searched as if it knew of nothing.
func TestADatabaseThatIsNoneIsTold(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	if err := os.CopyFS(broken, os.DirFS("testdata/vulndb")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "index", "modules.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, says := range map[string]string{t.TempDir(): "vulndb.zip", "testdata/no-such-folder": "vulndb.zip", broken: "a part of one"} {
		if _, err := Search(t.Context(), folder); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Sentence(err), says) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}
